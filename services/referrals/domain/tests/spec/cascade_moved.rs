//! Given/when/then for the step under which a provider's homes are asked, and for what is said of a step that somebody leaves for another.

use crate::support::{
    at, by_itself, declined, expired, framework, invited, late, posted, provider, referral, requirements,
    submitted, sweep,
};
use care::Refusal;
use care::spec::given;
use referrals_domain::{
    AmendReferral, CascadePolicy, CascadePolicySet, CascadeStepWaived, DeclineReferral, Homes, ReferralEvent,
    Referrals, ReleaseReferral, ReleaseStage, Requirements,
};
use std::collections::BTreeMap;

fn release(to: &str, step: Option<&str>) -> ReleaseReferral {
    ReleaseReferral {
        referral: referral(1),
        providers: [provider(to)].into(),
        stage: ReleaseStage::Broadcast,
        homes: BTreeMap::new(),
        step: step.map(str::to_owned),
        at: at(4),
    }
}

fn with(own: &[&str], others: &[&str], step: Option<&str>) -> ReleaseReferral {
    let codes = |codes: &[&str]| codes.iter().map(|it| (*it).to_owned()).collect();
    let homes = [(provider("oak"), Homes { own: codes(own), others: codes(others) })].into();
    ReleaseReferral { homes, ..release("oak", step) }
}

fn seeking(provisions: &[&str]) -> Vec<ReferralEvent> {
    let provisions = provisions.iter().map(|it| (*it).to_owned()).collect();
    vec![posted(Requirements { provisions, ..requirements() })]
}

/// Under which step it is asked.
fn step(events: Vec<ReferralEvent>, command: ReleaseReferral) -> String {
    let events = crate::support::decided(&events, command);
    let [ReferralEvent::ReferralReleased(event)] = &events[..] else { panic!("{events:?}") };
    event.step.clone().unwrap()
}

#[test]
fn the_step_is_that_of_the_kind_of_home_that_the_council_operates() {
    let (home, carers) = ("RESIDENTIAL", "FOSTERING");
    for (sought, own, others, expected) in [
        // Whatever else is sought: carers are asked as carers, and homes as homes.
        (vec![home, carers], vec![carers], vec![], "IN_HOUSE_FOSTERING"),
        (vec![home, carers], vec![home], vec![], "IN_HOUSE_RESIDENTIAL"),
        (vec![home, carers], vec![home, carers], vec![], "IN_HOUSE_FOSTERING"),
        (vec![home], vec![home, carers], vec![], "IN_HOUSE_RESIDENTIAL"),
        // Of what is sought it has the council's own alone, and others of which nothing is asked.
        (vec![home], vec![home], vec![carers], "IN_HOUSE_RESIDENTIAL"),
        (vec![home], vec![home], vec![home], "FRAMEWORK"),
        (vec![home], vec![carers], vec![home], "FRAMEWORK"),
        // Nothing of what is sought.
        (vec![home], vec![carers], vec![], "IN_HOUSE_FOSTERING"),
        (vec![home], vec![], vec![], "FRAMEWORK"),
    ] {
        assert_eq!(
            step(seeking(&sought), with(&own, &others, None)),
            expected,
            "{sought:?} {own:?} {others:?}"
        );
    }
}

#[test]
fn an_in_house_step_is_named_for_homes_of_its_kind() {
    let events = || seeking(&["RESIDENTIAL", "FOSTERING"]);
    let named = Some("IN_HOUSE_RESIDENTIAL");
    assert_eq!(step(events(), with(&["RESIDENTIAL", "FOSTERING"], &[], named)), "IN_HOUSE_RESIDENTIAL");
    for wrong in [
        with(&["FOSTERING"], &[], named),
        with(&["RESIDENTIAL"], &["RESIDENTIAL"], named),
        with(&[], &["RESIDENTIAL"], named),
        release("elm", named),
    ] {
        let refused = given::<Referrals>(events()).when(wrong).then_refused("FIELD_INVALID");
        assert_eq!(refused.violations()[0].field, "step");
    }
}

fn asked(who: &str, under: &str) -> ReferralEvent {
    let ReferralEvent::ReferralReleased(mut event) = invited(who, under) else { panic!("a release") };
    event.at = at(4);
    event.into()
}

fn no(who: &str) -> DeclineReferral {
    DeclineReferral { referral: referral(1), provider: provider(who), reason: "NEED".to_owned(), at: at(5) }
}

#[test]
fn a_step_that_its_last_provider_leaves_came_to_moved() {
    let events = || vec![posted(requirements()), invited("oak", "FRAMEWORK")];
    given::<Referrals>(events())
        .when(release("oak", Some("SPECIALIST")))
        .then([asked("oak", "SPECIALIST"), by_itself("FRAMEWORK", "MOVED", at(4))])
        // And it is open again when oak comes back.
        .when(ReleaseReferral { at: at(5), ..release("oak", Some("FRAMEWORK")) })
        .then_events(|events| assert_eq!(events[1..], [by_itself("SPECIALIST", "MOVED", at(5))]))
        .then_state(|state| {
            let found = &state.referrals[&referral(1)];
            assert!(!found.steps.contains_key("FRAMEWORK"));
        });
}

#[test]
fn others_of_the_step_are_waited_for_and_then_it_says_that_one_has_left() {
    let events = vec![posted(requirements()), invited("oak", "FRAMEWORK"), invited("elm", "FRAMEWORK")];
    let left = given::<Referrals>(events)
        .when(release("oak", Some("SPECIALIST")))
        .then([asked("oak", "SPECIALIST")]);
    // All that elm says of the framework is its own no.
    left.when(no("elm"))
        .then_events(|events| assert_eq!(events[1..], [by_itself("FRAMEWORK", "MOVED", at(5))]));
    // Who had answered before it was asked elsewhere has answered.
    let events = vec![
        posted(requirements()),
        invited("oak", "FRAMEWORK"),
        invited("elm", "FRAMEWORK"),
        declined("oak"),
    ];
    given::<Referrals>(events)
        .when(release("oak", Some("SPECIALIST")))
        .then([asked("oak", "SPECIALIST")])
        .when(no("elm"))
        .then_events(|events| assert_eq!(events[1..], [by_itself("FRAMEWORK", "DECLINED", at(5))]));
}

#[test]
fn who_let_the_time_pass_leaves_what_was_recorded_of_it() {
    let swept = vec![
        posted(requirements()),
        invited("oak", "FRAMEWORK"),
        expired("oak", late()),
        by_itself("FRAMEWORK", "NO_OFFER", late()),
    ];
    let again = ReleaseReferral { at: late(), ..release("oak", Some("SPECIALIST")) };
    given::<Referrals>(swept).when(again).then_events(|events| assert_eq!(events.len(), 1)).then_state(
        |state| {
            assert_eq!(state.referrals[&referral(1)].steps["FRAMEWORK"].0, "NO_OFFER");
        },
    );
    // And where that is not recorded yet, its time has passed all the same.
    let again = ReleaseReferral { at: late(), ..release("oak", Some("SPECIALIST")) };
    given::<Referrals>(vec![posted(requirements()), invited("oak", "FRAMEWORK")])
        .when(again)
        .then_events(|events| assert_eq!(events[1..], [by_itself("FRAMEWORK", "NO_OFFER", late())]));
    given::<Referrals>(vec![posted(requirements()), invited("oak", "FRAMEWORK")])
        .when(sweep(late()))
        .then([expired("oak", late()), by_itself("FRAMEWORK", "NO_OFFER", late())]);
}

#[test]
fn an_offer_that_could_be_taken_no_more_leaves_a_step_without_one() {
    // Nobody was there to see the offer end, so that it is seen when oak is asked elsewhere.
    let at = late() + jiff::SignedDuration::from_hours(60 * 24);
    let again = ReleaseReferral { at, ..release("oak", Some("SPECIALIST")) };
    given::<Referrals>(vec![
        posted(requirements()),
        invited("oak", "FRAMEWORK"),
        submitted(framework(), false),
    ])
    .when(again)
    .then_events(|events| assert_eq!(events[1..], [by_itself("FRAMEWORK", "NO_OFFER", at)]));
}

#[test]
fn who_might_have_answered_what_is_asked_now_has_moved_whatever_was_released_to_it() {
    let amended = AmendReferral {
        referral: referral(1),
        expected_version: 1,
        requirements: Requirements { needs: Vec::new(), ..requirements() },
        identity: None,
        narrative: None,
        background: None,
        envelopes: BTreeMap::new(),
        at: at(4),
    };
    // Elm was asked before something else was sought, and may answer that still; what oak says of it is oak's own no.
    given::<Referrals>(vec![
        posted(requirements()),
        invited("oak", "FRAMEWORK"),
        invited("elm", "FRAMEWORK"),
    ])
    .when(amended)
    .then_events(|events| assert_eq!(events.len(), 1))
    .when(no("oak"))
    .then_events(|events| assert_eq!(events.len(), 1, "elm is waited for"))
    .when(ReleaseReferral { at: at(6), ..release("elm", Some("SPECIALIST")) })
    .then_events(|events| assert_eq!(events[1..], [by_itself("FRAMEWORK", "MOVED", at(6))]));
}

#[test]
fn a_step_that_was_left_is_not_exhausted() {
    let policy = CascadePolicy {
        required: [("RESIDENTIAL".to_owned(), vec!["SPECIALIST".to_owned()])].into(),
        ..CascadePolicy::default()
    };
    let council = crate::support::council();
    let mut events = vec![CascadePolicySet { council, version: 1, policy, at: at(0) }.into()];
    events.extend([posted(requirements()), invited("oak", "SPECIALIST")]);
    events.extend(crate::support::decided(
        &events,
        ReleaseReferral { at: at(3), ..release("oak", Some("FRAMEWORK")) },
    ));
    events.push(submitted(framework(), false));
    let refused = given::<Referrals>(events.clone())
        .when(crate::support::propose())
        .then_refused("CASCADE_EVIDENCE_MISSING");
    assert!(refused.to_string().contains("SPECIALIST"), "{refused}");
    let shown = |events: &[ReferralEvent]| -> Vec<String> {
        let proposed = crate::support::decided(events, crate::support::propose());
        let steps = &crate::support::the_proposal(&proposed).evidence.steps;
        steps.iter().map(|it| it.outcome.clone()).collect()
    };
    // Waived, it is evidence as that, and nobody says that it was tried.
    let approval = crate::support::approval();
    let (step, reason) = ("SPECIALIST".to_owned(), "NO_SUCH_PROVISION".to_owned());
    let mut waived = events.clone();
    waived.push(CascadeStepWaived { council, referral: referral(1), step, reason, approval }.into());
    assert_eq!(shown(&waived), ["NO_SUCH_PROVISION"]);
    events.push(crate::support::step("SPECIALIST", "NOT_SUITABLE"));
    assert_eq!(shown(&events), ["NOT_SUITABLE"]);
}
