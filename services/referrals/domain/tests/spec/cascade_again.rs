//! Given/when/then for steps that came to nothing by themselves and are open again: a late offer, an amended referral, an award that failed.

use crate::support::{
    at, award, by_itself, cascade, day, decided, decline, framework, invited, late, offer, posted, propose,
    provider, referral, requirements, submit, submitted, sweep, terms,
};
use care::Timestamp;
use care::spec::given;
use referrals_domain::{
    AmendReferral, DeclineReferral, FailAward, ReferralEvent, ReferralReleased, Referrals, ReleaseReferral,
    ReleaseStage, SubmitOffer, WithdrawOffer,
};

/// What `command` leads to after `events`, with them.
fn then(mut events: Vec<ReferralEvent>, command: impl Into<referrals_domain::Command>) -> Vec<ReferralEvent> {
    events.extend(decided(&events, command));
    events
}

#[test]
fn a_late_offer_opens_its_step_again_until_it_ends() {
    let mut terms = terms(framework());
    terms.valid_until = day("2026-06-19");
    let events = vec![posted(requirements()), invited("oak", "FRAMEWORK")];
    let events = then(then(events, sweep(late())), SubmitOffer { at: late(), ..submit(terms) });
    let back =
        WithdrawOffer { referral: referral(1), offer: offer(1), provider: provider("oak"), at: late() };
    given::<Referrals>(events)
        .then_state(|state| assert!(state.referrals[&referral(1)].steps.is_empty(), "an offer stands"))
        .when(back)
        .then_events(|events| assert_eq!(events[1..], [by_itself("FRAMEWORK", "NO_OFFER", late())]));
}

/// Of a referral on which oak has an award on its way and elm was asked and has not answered.
fn in_flight() -> Vec<ReferralEvent> {
    let mut events = vec![posted(requirements()), invited("elm", "FRAMEWORK"), invited("oak", "FRAMEWORK")];
    events.push(submitted(framework(), false));
    events.extend(cascade());
    then(events, propose())
}

#[test]
fn no_time_passes_while_an_award_is_on_its_way_and_then_there_is_a_whole_window() {
    let events = in_flight();
    given::<Referrals>(events.clone())
        .then_state(|state| {
            assert_eq!(state.next_evidence(), None);
            assert!(!state.invitation_expired(&state.referrals[&referral(1)], &provider("elm"), late()));
        })
        .when(sweep(late()))
        .then_nothing();
    let (reason, detail) = ("PLACE_TAKEN".to_owned(), "taken".to_owned());
    // On Tuesday 9 June, a day after elm was to answer: it has until the end of Tuesday 16 June.
    let failed = FailAward { award: award(1), reason, detail, at: at(8 * 24 * 60) };
    let until: Timestamp = "2026-06-16T23:00:00Z".parse().unwrap();
    let after = until + jiff::SignedDuration::from_micros(1);
    given::<Referrals>(then(events, failed))
        .then_state(|state| {
            assert_eq!(state.referrals[&referral(1)].releases[&provider("elm")].answer_by, until);
            assert_eq!(state.next_evidence(), Some(until));
        })
        .when(sweep(until))
        .then_nothing()
        .when(sweep(after))
        .then_events(|events| assert_eq!(events.len(), 2, "elm let it pass, and oak's offer has ended"));
}

fn amend() -> AmendReferral {
    AmendReferral {
        referral: referral(1),
        expected_version: 1,
        requirements: requirements(),
        identity: None,
        narrative: None,
        background: None,
        envelopes: std::collections::BTreeMap::new(),
        at: at(4),
    }
}

#[test]
fn an_offer_of_before_that_is_taken_back_is_no_answer_to_what_was_asked_since() {
    let events = vec![posted(requirements()), invited("oak", "FRAMEWORK"), submitted(framework(), false)];
    let events = then(then(events, amend()), release_at(&["oak"], 5));
    let back = WithdrawOffer { referral: referral(1), offer: offer(1), provider: provider("oak"), at: at(6) };
    given::<Referrals>(events)
        .when(back)
        .then_events(|events| assert!(matches!(events, [ReferralEvent::OfferWithdrawn(_)])));
}

#[test]
fn what_was_said_of_an_older_version_is_not_said_of_the_new_one() {
    let events = vec![posted(requirements()), invited("oak", "FRAMEWORK"), invited("elm", "FRAMEWORK")];
    let events = then(then(then(events, decline("oak")), decline("elm")), amend());
    let asked_again = |who: &str| match invited(who, "FRAMEWORK") {
        ReferralEvent::ReferralReleased(it) => {
            ReferralReleased { referral_version: 2, at: at(5), ..it }.into()
        }
        other => other,
    };
    let no = DeclineReferral { at: at(6), ..decline("oak") };
    given::<Referrals>(events)
        .then_state(|state| {
            assert!(state.referrals[&referral(1)].steps.is_empty(), "nothing is said of version 2");
            assert_eq!(state.next_evidence(), None);
        })
        .when(release_at(&["oak"], 5))
        .then([asked_again("oak")])
        .when(release_at(&["oak"], 5))
        .then_nothing()
        // Elm's no was to what was asked for before.
        .when(no)
        .then_events(|events| assert_eq!(events[1..], [by_itself("FRAMEWORK", "DECLINED", at(6))]));
}

fn release_at(to: &[&str], minute: i64) -> ReleaseReferral {
    ReleaseReferral {
        referral: referral(1),
        providers: to.iter().map(|name| provider(name)).collect(),
        stage: ReleaseStage::Broadcast,
        homes: std::collections::BTreeMap::new(),
        step: None,
        at: at(minute),
    }
}

#[test]
fn who_let_the_time_pass_or_is_asked_under_another_step_is_asked_again() {
    let events = || vec![posted(requirements()), invited("oak", "FRAMEWORK")];
    let later = release_at(&["oak"], 9 * 24 * 60);
    let under = ReleaseReferral { step: Some("SPECIALIST".to_owned()), ..later.clone() };
    given::<Referrals>(events()).when(later.clone()).then_nothing();
    for (events, command) in [(then(events(), sweep(late())), later), (events(), under)] {
        given::<Referrals>(events).when(command).then_events(|events| {
            assert!(matches!(events, [ReferralEvent::ReferralReleased(it), ..] if it.at == at(9 * 24 * 60)));
        });
    }
    let offered = then(events(), submit(terms(framework())));
    let under = ReleaseReferral { step: Some("SPECIALIST".to_owned()), ..release_at(&["oak"], 5) };
    given::<Referrals>(offered).when(under).then_nothing();
}

#[test]
fn an_offer_that_cannot_be_taken_holds_no_step_open() {
    // It would be valid for long, and begins on 20 June.
    let long = referrals_domain::OfferTerms { valid_until: day("2027-01-01"), ..terms(framework()) };
    let events = vec![posted(requirements()), invited("oak", "FRAMEWORK")];
    let start: Timestamp = "2026-06-20T23:00:00Z".parse().unwrap();
    given::<Referrals>(then(events.clone(), submit(long)))
        .then_state(|state| assert_eq!(state.next_evidence(), Some(start)));
    let endless = referrals_domain::OfferTerms { valid_until: day("2027-06-03"), ..terms(framework()) };
    given::<Referrals>(events).when(submit(endless)).then_refused("FIELD_INVALID");
}
