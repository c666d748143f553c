//! Given/when/then for who sees the child's identity, invariant 7.

use crate::support::{
    agreement, at, award, council, day, decided, framework, offer, post, posted, propose, proposed, provider,
    referral, requirements, submit, terms,
};
use care::spec::given;
use care::{Refusal, RefusalKind};
use referrals_domain::{
    AwardLapsed, ChildArrived, Command, ConfirmAward, EraseIdentity, IdentityGrantEnded,
    IdentityKeyDestroyed, IdentityRevealed, KeyPurpose, OfferTerms, ProposeAward, RecordArrival,
    RecordDeparture, ReferralEvent, Referrals, ReleaseReferral, ReleaseStage, RevealIdentity, Stage,
    SubmitOffer, Viewer, WithdrawOffer, WithdrawReferral,
};
use std::collections::{BTreeMap, BTreeSet};

fn reveal(viewer: Viewer) -> RevealIdentity {
    let (purpose, envelopes) = ("PLACEMENT_PLANNING".to_owned(), BTreeMap::new());
    RevealIdentity { referral: referral(1), viewer, purpose, envelopes, at: at(8) }
}

fn to(name: &str) -> Viewer {
    Viewer::Provider(provider(name))
}

fn revealed(to: Option<&str>) -> ReferralEvent {
    IdentityRevealed {
        council: council(),
        referral: referral(1),
        provider: to.map(provider),
        purpose: "PLACEMENT_PLANNING".to_owned(),
        at: at(8),
    }
    .into()
}

fn erase(purposes: &[KeyPurpose]) -> EraseIdentity {
    EraseIdentity { referral: referral(1), purposes: purposes.iter().copied().collect(), at: at(9) }
}

fn destroyed(purpose: KeyPurpose) -> ReferralEvent {
    IdentityKeyDestroyed { council: council(), referral: referral(1), purpose, at: at(9) }.into()
}

fn awarded() -> Vec<ReferralEvent> {
    let mut events = proposed();
    let confirm = ConfirmAward { award: award(1), agreement: agreement(), at: at(6) };
    events.extend(decided(&events, confirm));
    events
}

#[test]
fn the_council_sees_its_own_child_and_each_time_is_recorded() {
    given::<Referrals>([posted(requirements())])
        .when(reveal(Viewer::Council))
        .then([revealed(None)])
        .when(reveal(Viewer::Council))
        .then([revealed(None)]);
}

#[test]
fn a_provider_sees_nothing_before_its_award() {
    let refused = given::<Referrals>(proposed()).when(reveal(to("oak"))).then_refused("IDENTITY_NOT_GRANTED");
    assert_eq!(refused.kind(), RefusalKind::Forbidden);
    given::<Referrals>(proposed()).when(reveal(to("elm"))).then_refused("REFERRAL_UNKNOWN");
}

#[test]
fn the_awarded_provider_sees_the_child_and_nobody_else_does() {
    let mut events = awarded();
    events.push(crate::support::released("elm"));
    given::<Referrals>(events.clone()).when(reveal(to("elm"))).then_refused("IDENTITY_NOT_GRANTED");
    given::<Referrals>(events).when(reveal(to("oak"))).then([revealed(Some("oak"))]);
}

fn arrive() -> RecordArrival {
    RecordArrival { award: award(1), on: day("2026-06-20"), corrected: false, at: at(7) }
}

/// The departure of oak's child, told on 1 June.
fn depart(on: &str) -> RecordDeparture {
    RecordDeparture { award: award(1), on: day(on), reason: "CREQO".to_owned(), ending: None, at: at(7) }
}

fn grant_ended(from: &str) -> ReferralEvent {
    IdentityGrantEnded {
        council: council(),
        referral: referral(1),
        provider: provider("oak"),
        award: award(1),
        from: day(from),
        at: at(7),
    }
    .into()
}

fn placed() -> Vec<ReferralEvent> {
    let mut events = awarded();
    events.extend(decided(&events, arrive()));
    events
}

#[test]
fn an_arrival_is_recorded_once_and_only_of_an_award_that_holds() {
    let arrived = ChildArrived {
        council: council(),
        award: award(1),
        referral: referral(1),
        on: day("2026-06-20"),
        at: at(7),
    };
    given::<Referrals>(awarded()).when(arrive()).then([arrived.into()]).when(arrive()).then_nothing();
    given::<Referrals>(proposed()).when(arrive()).then_nothing();
    given::<Referrals>([]).when(arrive()).then_nothing().when(depart("2026-06-20")).then_nothing();
    given::<Referrals>(proposed()).when(depart("2026-06-20")).then_nothing();
}

#[test]
fn a_provider_sees_the_child_until_the_day_of_departure() {
    let on = |instant: &str| RevealIdentity { at: instant.parse().unwrap(), ..reveal(to("oak")) };
    // It is told ahead. Midnight in London is 23:00 in UTC.
    let told = given::<Referrals>(placed()).when(depart("2026-07-03")).then([grant_ended("2026-07-03")]);
    let refused = told
        .when(depart("2026-07-03"))
        .then_nothing()
        .when(on("2026-07-02T22:59:59Z"))
        .then_events(|events| assert_eq!(events.len(), 1))
        .when(on("2026-07-02T23:00:00Z"))
        .then_refused("IDENTITY_GRANT_ENDED");
    assert_eq!(refused.kind(), RefusalKind::Forbidden);
    let left = || given::<Referrals>(placed()).when(depart("2026-06-20")).then([grant_ended("2026-06-20")]);
    let _ = left().then_state(|state| {
        let stage = &state.referrals[&referral(1)].stage;
        assert!(matches!(stage, Stage::Awarded { .. }), "the child came, if for no night: {stage:?}");
    });
    // A departure that was told wrong is put right, either way.
    left()
        .when(depart("2026-07-03"))
        .then([grant_ended("2026-07-03")])
        .when(depart("2026-07-03"))
        .then_nothing();
    let mut council = reveal(Viewer::Council);
    council.at = "2026-07-02T23:00:00Z".parse().unwrap();
    let _ = left().when(council).then_events(|events| assert_eq!(events.len(), 1));
}

#[test]
fn a_child_who_never_came_is_hidden_at_once_and_still_needs_a_home() {
    let lapsed = AwardLapsed {
        council: council(),
        award: award(1),
        referral: referral(1),
        agreement: agreement(),
        reason: "CREQO".to_owned(),
        at: at(7),
    };
    let never_came = || {
        given::<Referrals>(awarded())
            .when(depart("2026-06-20"))
            .then([grant_ended("2026-06-01"), lapsed.clone().into()])
    };
    let _ = never_came()
        .then_state(|state| assert_eq!(state.referrals[&referral(1)].stage, Stage::Open))
        .when(depart("2026-06-20"))
        .then_nothing()
        .when(arrive())
        .then_nothing()
        .when(reveal(to("oak")))
        .then_refused("IDENTITY_GRANT_ENDED");
    let withdraw =
        WithdrawOffer { referral: referral(1), offer: offer(1), provider: provider("oak"), at: at(8) };
    let _ = never_came().when(withdraw).then_events(|events| assert_eq!(events.len(), 1));
    // The same offer may be taken again, and then is a grant again.
    let again = ProposeAward { award: award(2), ..propose() };
    let _ = never_came()
        .when(again)
        .then_events(|events| assert_eq!(events.len(), 1))
        .when(ConfirmAward { award: award(2), agreement: agreement(), at: at(9) })
        .then_events(|events| assert_eq!(events.len(), 2))
        .when(reveal(to("oak")))
        .then([revealed(Some("oak"))])
        .when(depart("2026-06-20"))
        .then_nothing();
}

#[test]
fn a_reveal_has_a_coded_purpose_and_something_to_show() {
    let mut curious = reveal(Viewer::Council);
    curious.purpose = "CURIOSITY".to_owned();
    given::<Referrals>([posted(requirements())]).when(curious).then_refused("FIELD_INVALID");
    given::<Referrals>([]).when(reveal(Viewer::Council)).then_refused("REFERRAL_UNKNOWN");
    let mut unknown = post(requirements());
    (unknown.identity, unknown.narrative) = (None, None);
    let events = decided(&[], unknown);
    given::<Referrals>(events).when(reveal(Viewer::Council)).then_refused("IDENTITY_UNKNOWN");
}

/// A child who came, and left on the first day.
fn left() -> Vec<ReferralEvent> {
    let mut events = placed();
    events.extend(decided(&events, depart("2026-05-31")));
    events
}

#[test]
fn what_is_known_of_a_child_is_kept_while_the_child_lives_somewhere() {
    let refused =
        given::<Referrals>(placed()).when(erase(&KeyPurpose::ALL)).then_refused("IDENTITY_STILL_GRANTED");
    assert!(refused.to_string().contains(": record the departure, and erase"), "{refused}");
    let later = |on: &str| EraseIdentity { at: on.parse().unwrap(), ..erase(&KeyPurpose::ALL) };
    let told = given::<Referrals>(placed()).when(depart("2026-07-03")).then([grant_ended("2026-07-03")]);
    // The child lives there until the day of departure, and on that day may still be there. Midnight in London is 23:00 in UTC.
    let refused = told.when(later("2026-07-03T22:59:59Z")).then_refused("IDENTITY_STILL_GRANTED");
    let words = refused.to_string();
    assert!(
        words.contains("until 2026-07-03, the day of departure: erase") && words.contains("oak"),
        "{words}"
    );
    assert!(!words.contains("record the departure"), "it is recorded: {words}");
    let told = given::<Referrals>(placed()).when(depart("2026-07-03")).then([grant_ended("2026-07-03")]);
    let _ = told.when(later("2026-07-03T23:00:00Z")).then_events(|events| assert_eq!(events.len(), 2));
}

/// Oak's child never came, which ended oak's right today; elm's came and has left before.
#[test]
fn who_saw_a_child_that_never_came_keeps_nobody_waiting() {
    let mut events = awarded();
    let mut then = |command: Command| events.extend(decided(&events.clone(), command));
    then(depart("2026-06-20").into());
    then(ReleaseReferral { providers: [provider("elm")].into(), ..release() }.into());
    let elsewhere = "SC045099-03".parse().unwrap();
    let terms = OfferTerms { place: elsewhere, ..terms(framework()) };
    then(SubmitOffer { offer: offer(2), provider: provider("elm"), ..submit(terms) }.into());
    let second = award(2);
    then(ProposeAward { award: second, offer: offer(2), ..propose() }.into());
    then(ConfirmAward { award: second, agreement: agreement(), at: at(6) }.into());
    then(RecordArrival { award: second, ..arrive() }.into());
    then(RecordDeparture { award: second, ..depart("2026-05-31") }.into());
    given::<Referrals>(events)
        .when(erase(&KeyPurpose::ALL))
        .then_events(|events| assert!(events.contains(&destroyed(KeyPurpose::Identity)), "{events:?}"));
}

fn release() -> ReleaseReferral {
    ReleaseReferral {
        referral: referral(1),
        providers: BTreeSet::new(),
        stage: ReleaseStage::Broadcast,
        homes: BTreeMap::new(),
        step: None,
        at: at(7),
    }
}

#[test]
fn a_key_is_destroyed_once_and_what_it_sealed_is_gone() {
    given::<Referrals>(left())
        .when(erase(&[KeyPurpose::Identity]))
        .then([destroyed(KeyPurpose::Identity)])
        .then_state(|state| {
            assert_eq!(state.destroyed_keys, BTreeSet::from([(referral(1), KeyPurpose::Identity)]));
        })
        .when(reveal(Viewer::Council))
        .then([revealed(None)])
        .when(erase(&KeyPurpose::ALL))
        .then([destroyed(KeyPurpose::Narrative)])
        .when(erase(&KeyPurpose::ALL))
        .then_nothing()
        .when(reveal(Viewer::Council))
        .then_refused("IDENTITY_DESTROYED");
}

#[test]
fn an_open_referral_keeps_its_identity() {
    given::<Referrals>([posted(requirements())])
        .when(erase(&KeyPurpose::ALL))
        .then_refused("REFERRAL_STILL_OPEN");
    given::<Referrals>(proposed()).when(erase(&KeyPurpose::ALL)).then_refused("REFERRAL_STILL_OPEN");
    // Should the child not come, the referral is open again.
    given::<Referrals>(awarded()).when(erase(&KeyPurpose::ALL)).then_refused("REFERRAL_STILL_OPEN");
    given::<Referrals>(awarded()).when(erase(&[])).then_refused("FIELD_INVALID");
    given::<Referrals>([]).when(erase(&KeyPurpose::ALL)).then_refused("REFERRAL_UNKNOWN");
    let mut events = vec![posted(requirements())];
    let withdraw = WithdrawReferral { referral: referral(1), reason: "OTHER".to_owned(), at: at(7) };
    events.extend(decided(&events, withdraw));
    given::<Referrals>(events)
        .when(erase(&KeyPurpose::ALL))
        .then_events(|events| assert_eq!(events.len(), 2));
}
