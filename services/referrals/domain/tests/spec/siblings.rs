//! Given/when/then for sibling groups: who belongs to one, whether they live together, and why they part.

use crate::support::{
    agreement, at, award, cascade, council, day, decided, framework, offer, post, propose, provider,
    referral, requirements, submit, terms, the_proposal,
};
use care::spec::given;
use care::{Refusal, RefusalKind};
use referrals_domain::{
    ConfirmAward, Follows, IdentityGrantEnded, LinkSiblings, OfferTerms, PostReferral, Profile, ProposeAward,
    ReferralEvent, ReferralLinked, Referrals, ReleaseReferral, ReleaseStage, Requirements, SIBLINGS_MAX,
    SiblingOutcome, SiblingsLinked, State, SubmitOffer, WithdrawReferral,
};
use std::collections::BTreeSet;

fn asking(siblings: &str) -> Requirements {
    let profile = Profile { siblings: Some(siblings.to_owned()), ..Profile::default() };
    Requirements { profile, ..requirements() }
}

fn link(n: u128, others: &[u128]) -> LinkSiblings {
    LinkSiblings { referral: referral(n), siblings: others.iter().map(|n| referral(*n)).collect(), at: at(1) }
}

fn linked(n: u128, others: &[u128]) -> ReferralEvent {
    let LinkSiblings { referral, siblings, at } = link(n, others);
    SiblingsLinked { council: council(), referral, siblings, at }.into()
}

/// Referrals 1 to 3, posted with their cascade and released to oak.
fn three(requirements: &Requirements) -> Vec<ReferralEvent> {
    let mut events = Vec::new();
    for n in 1..=3 {
        let id = referral(n);
        events.extend(decided(&events, PostReferral { referral: id, ..post(requirements.clone()) }));
        let release = ReleaseReferral {
            referral: id,
            providers: [provider("oak")].into(),
            stage: ReleaseStage::Broadcast,
            homes: std::collections::BTreeMap::new(),
            step: None,
            at: at(1),
        };
        events.extend(decided(&events, release));
        events.extend(cascade().into_iter().map(|event| match event {
            ReferralEvent::CascadeStepRecorded(mut step) => {
                step.referral = id;
                step.into()
            }
            other => other,
        }));
    }
    events
}

/// And `n` has an offer of this home, of oak.
fn with_offer(events: &mut Vec<ReferralEvent>, n: u128, urn: &str) {
    let terms = OfferTerms {
        urn: urn.parse().unwrap(),
        place: format!("{urn}-0{n}").parse().unwrap(),
        ..terms(framework())
    };
    events.extend(decided(events, SubmitOffer { offer: offer(n), referral: referral(n), ..submit(terms) }));
}

fn taking(n: u128) -> ProposeAward {
    ProposeAward { award: award(n), referral: referral(n), offer: offer(n), ..propose() }
}

/// And is awarded it.
fn awarded(events: &mut Vec<ReferralEvent>, n: u128, urn: &str, split: Option<&str>) {
    with_offer(events, n, urn);
    let command = ProposeAward { sibling_split_reason: split.map(str::to_owned), ..taking(n) };
    events.extend(decided(events, command));
    events.extend(decided(events, ConfirmAward { award: award(n), agreement: agreement(), at: at(6) }));
}

fn outcome(events: &[ReferralEvent], n: u128) -> Option<SiblingOutcome> {
    let state: State = given::<Referrals>(events.to_vec()).into_state();
    state.sibling_outcome(&state.referrals[&referral(n)], day("2026-06-20"))
}

fn group(state: &State, n: u128) -> BTreeSet<u128> {
    (1..=3).filter(|other| state.referrals[&referral(n)].siblings.contains(&referral(*other))).collect()
}

#[test]
fn siblings_are_linked_all_with_all_and_leave_their_old_group() {
    given::<Referrals>(three(&requirements()))
        .when(link(1, &[2, 3]))
        .then([linked(1, &[2, 3])])
        .then_state(|state| {
            assert_eq!([1, 2, 3].map(|n| group(state, n)), [[2, 3].into(), [1, 3].into(), [1, 2].into()])
        })
        .when(link(2, &[1, 3]))
        .then_nothing()
        .when(link(3, &[2]))
        .then([linked(3, &[2])])
        .then_state(|state| {
            assert_eq!([1, 2, 3].map(|n| group(state, n)), [[].into(), [3].into(), [2].into()])
        })
        .when(link(3, &[]))
        .then([linked(3, &[])])
        .then_state(|state| {
            assert_eq!([1, 2, 3].map(|n| group(state, n)), [[].into(), [].into(), [].into()])
        });
}

#[test]
fn only_other_known_referrals_of_those_who_seek_a_home_are_linked() {
    let mut events = three(&requirements());
    given::<Referrals>(events.clone()).when(link(1, &[9])).then_refused("REFERRAL_UNKNOWN");
    given::<Referrals>(events.clone()).when(link(9, &[1])).then_refused("REFERRAL_UNKNOWN");
    let own = given::<Referrals>(events.clone()).when(link(1, &[1, 2])).then_refused("FIELD_INVALID");
    assert_eq!(own.violations()[0].field, "siblings");
    let many: Vec<u128> = (2..=u128::try_from(SIBLINGS_MAX).unwrap() + 1).collect();
    given::<Referrals>(events.clone()).when(link(1, &many)).then_refused("FIELD_INVALID");
    let withdraw = WithdrawReferral { referral: referral(2), reason: "OTHER".to_owned(), at: at(2) };
    events.extend(decided(&events, withdraw));
    given::<Referrals>(events).when(link(1, &[2])).then_refused("REFERRAL_NOT_OPEN");
}

#[test]
fn whether_they_live_together_follows_from_their_awards() {
    let mut events = three(&requirements());
    assert_eq!(outcome(&events, 1), None);
    events.push(linked(1, &[2, 3]));
    assert_eq!(outcome(&events, 1), Some(SiblingOutcome::Undecided));
    awarded(&mut events, 1, "SC045099", None);
    awarded(&mut events, 2, "SC045099", None);
    assert_eq!(outcome(&events, 3), Some(SiblingOutcome::Undecided), "the third seeks one still");
    let mut without = events.clone();
    let withdraw = WithdrawReferral { referral: referral(3), reason: "RETURNED_HOME".to_owned(), at: at(7) };
    without.extend(decided(&without, withdraw));
    assert_eq!(outcome(&without, 1), Some(SiblingOutcome::Together), "who seeks no home does not count");
    let mut together = events.clone();
    awarded(&mut together, 3, "SC045099", None);
    assert_eq!(outcome(&together, 3), Some(SiblingOutcome::Together));
    awarded(&mut events, 3, "SC040001", None);
    assert_eq!(outcome(&events, 1), Some(SiblingOutcome::Split));
}

#[test]
fn one_fostering_agency_may_be_two_households() {
    let fostering = Requirements { provisions: vec!["FOSTERING".to_owned()], ..requirements() };
    let mut events = three(&fostering);
    events.push(linked(1, &[2]));
    for n in [1, 2] {
        let terms = OfferTerms { provision: "FOSTERING".to_owned(), ..terms(framework()) };
        events.extend(decided(
            &events,
            SubmitOffer { offer: offer(n), referral: referral(n), ..submit(terms) },
        ));
        events.extend(decided(&events, taking(n)));
        events.extend(decided(&events, ConfirmAward { award: award(n), agreement: agreement(), at: at(6) }));
    }
    assert_eq!(outcome(&events, 1), Some(SiblingOutcome::SameAgency));
}

/// Referrals 1 and 2 are siblings who are to live together; 1 is fostered in the household that is given.
fn fostered(household: Option<&str>) -> Vec<ReferralEvent> {
    let fostering = Requirements { provisions: vec!["FOSTERING".to_owned()], ..asking("REQUIRED") };
    let mut events = three(&fostering);
    events.push(linked(1, &[2]));
    for n in [1, 2] {
        let place = format!("SC045099-0{n}").parse().unwrap();
        let terms = OfferTerms { provision: "FOSTERING".to_owned(), place, ..terms(framework()) };
        let asked = SubmitOffer { offer: offer(n), referral: referral(n), ..submit(terms) };
        events.extend(decided(&events, asked));
    }
    events.extend(decided(&events, taking_in(1, household)));
    events.extend(decided(&events, ConfirmAward { award: award(1), agreement: agreement(), at: at(6) }));
    events
}

fn taking_in(n: u128, household: Option<&str>) -> ProposeAward {
    ProposeAward { household: household.map(|it| it.parse().unwrap()), ..taking(n) }
}

#[test]
fn siblings_of_one_agency_live_together_in_one_household_and_are_split_in_two() {
    let (one, other) = (Some("SC045099-h01"), Some("SC045099-h02"));
    for (first, second, expected) in [
        (one, one, SiblingOutcome::Together),
        (one, None, SiblingOutcome::SameAgency),
        (None, None, SiblingOutcome::SameAgency),
    ] {
        let mut events = fostered(first);
        events.extend(decided(&events, taking_in(2, second)));
        events.extend(decided(&events, ConfirmAward { award: award(2), agreement: agreement(), at: at(6) }));
        assert_eq!(outcome(&events, 1), Some(expected), "{first:?} and {second:?}");
    }
    let mut events = fostered(one);
    given::<Referrals>(events.clone()).when(taking_in(2, other)).then_refused("SIBLING_SPLIT_REASON_MISSING");
    let reason = Some("NO_HOME_FOR_ALL".to_owned());
    let apart = ProposeAward { sibling_split_reason: reason, ..taking_in(2, other) };
    events.extend(decided(&events, apart));
    events.extend(decided(&events, ConfirmAward { award: award(2), agreement: agreement(), at: at(6) }));
    assert_eq!(outcome(&events, 2), Some(SiblingOutcome::Split));
}

#[test]
fn those_who_were_to_live_together_part_with_a_coded_reason_alone() {
    for asked in ["REQUIRED", "PREFERRED"] {
        let mut events = three(&asking(asked));
        events.push(linked(1, &[2]));
        awarded(&mut events, 1, "SC045099", None);
        let mut same = events.clone();
        with_offer(&mut same, 2, "SC045099");
        given::<Referrals>(same)
            .when(taking(2))
            .then_events(|events| assert_eq!(the_proposal(events).evidence.choice, None));
        with_offer(&mut events, 2, "SC040001");
        let refused =
            given::<Referrals>(events.clone()).when(taking(2)).then_refused("SIBLING_SPLIT_REASON_MISSING");
        assert_eq!(refused.kind(), RefusalKind::Precondition);
        let because =
            |reason: &str| ProposeAward { sibling_split_reason: Some(reason.to_owned()), ..taking(2) };
        given::<Referrals>(events.clone()).when(because("MONEY")).then_refused("FIELD_INVALID");
        given::<Referrals>(events).when(because("NO_HOME_FOR_ALL")).then_events(|events| {
            let choice = the_proposal(events).evidence.choice.clone().unwrap();
            assert_eq!(choice.sibling_split_reason.as_deref(), Some("NO_HOME_FOR_ALL"));
        });
    }
}

#[test]
fn others_part_without_one() {
    for events in [three(&asking("APART")), three(&requirements())] {
        let mut events = events;
        events.push(linked(1, &[2]));
        awarded(&mut events, 1, "SC045099", None);
        with_offer(&mut events, 2, "SC040001");
        given::<Referrals>(events)
            .when(taking(2))
            .then_events(|events| assert_eq!(the_proposal(events).evidence.choice, None));
    }
    let mut strangers = three(&asking("REQUIRED"));
    awarded(&mut strangers, 1, "SC045099", None);
    with_offer(&mut strangers, 2, "SC040001");
    given::<Referrals>(strangers).when(taking(2)).then_events(|events| assert_eq!(events.len(), 1));
}

fn followed(n: u128, kind: &str) -> ReferralEvent {
    let respite = (kind == "RESPITE").then(|| "CARER_BREAK".to_owned());
    let follows = Some(Follows { award: award(1), kind: kind.to_owned(), respite });
    ReferralLinked { council: council(), referral: referral(n), follows, at: at(6) }.into()
}

#[test]
fn a_home_is_where_the_sibling_lives_now() {
    let mut events = three(&asking("REQUIRED"));
    events.push(linked(1, &[2]));
    awarded(&mut events, 1, "SC045099", None);
    with_offer(&mut events, 2, "SC040001");
    // Who has left lives there no more, and part nobody does.
    let mut left = events.clone();
    let (council, referral, award) = (council(), referral(1), award(1));
    let (provider, from, at) = (provider("oak"), day("2026-06-01"), at(6));
    left.push(IdentityGrantEnded { council, referral, provider, award, from, at }.into());
    assert_eq!(decided(&left, taking(2)).len(), 1);
    // Who has moved lives where the newer referral found a home; who is away for a while does not.
    for (kind, moved) in [("MOVE", true), ("RESPITE", false)] {
        let mut events = events.clone();
        events.push(followed(3, kind));
        awarded(&mut events, 3, "SC040001", None);
        let given = given::<Referrals>(events).when(taking(2));
        if moved {
            given.then_events(|events| assert_eq!(events.len(), 1));
        } else {
            given.then_refused("SIBLING_SPLIT_REASON_MISSING");
        }
    }
}

#[test]
fn what_the_other_ones_form_says_counts_too() {
    let mut events = three(&requirements());
    for event in &mut events {
        match event {
            ReferralEvent::ReferralPosted(it) if it.referral == referral(1) => {
                it.requirements = asking("REQUIRED");
            }
            _ => {}
        }
    }
    events.push(linked(1, &[2]));
    awarded(&mut events, 1, "SC045099", None);
    with_offer(&mut events, 2, "SC040001");
    given::<Referrals>(events).when(taking(2)).then_refused("SIBLING_SPLIT_REASON_MISSING");
}
