//! Given/when/then for awards, invariant 6 (evidence and approver) above all.

use crate::support::{
    agreement, approval, at, award, cascade, council, day, decided, emergency, framework, offer, offered,
    place, posted, propose, proposed, provider, referral, released, requirements, spot, step, submit,
    submitted, terms, the_proposal,
};
use care::published::{Approval, Route};
use care::spec::given;
use care::{Date, Refusal, RefusalKind};
use jiff::SignedDuration;
use referrals_domain::{
    AmendReferral, AwardFailed, ConfirmAward, FailAward, GiveRetrospectiveApproval, IdentityGranted,
    OfferTerms, Outcome, ProposeAward, ReferralAwarded, ReferralEvent, Referrals, Requirements,
    RetrospectiveApprovalGiven, Stage, SubmitOffer, WithdrawOffer,
};
use std::collections::BTreeMap;

/// The attributes that the award of a price by `priced_by` says the referral shows.
fn shown(alter: impl FnOnce(&mut Requirements), priced_by: &[&str]) -> Option<Vec<String>> {
    let mut asked = requirements();
    alter(&mut asked);
    let mut route = framework();
    if let Route::Framework { attributes, .. } = &mut route {
        attributes.extend(priced_by.iter().map(|attribute| (*attribute).to_owned()));
    }
    let proposed = decided(&ready(asked, route), propose());
    the_proposal(&proposed).attributes_shown.clone().map(|shown| shown.into_iter().collect())
}

#[test]
fn an_award_tells_which_attributes_of_its_price_the_referral_shows() {
    let none = Some(Vec::new());
    let just = |attribute: &str| Some(vec![attribute.to_owned()]);
    // Nothing is told of what the price does not go by, and nothing where it goes by nothing of the child.
    assert_eq!(shown(|it| it.uasc = true, &[]), None);
    assert_eq!(shown(|it| it.uasc = true, &["SOLO", "EMERGENCY"]), None);
    assert_eq!(shown(|it| it.uasc = true, &["CWD", "UASC"]), just("UASC"));
    let plain = |it: &mut Requirements| {
        (it.needs, it.category_of_need) = (Vec::new(), None);
        (it.sibling_group_size, it.uasc, it.profile) = (None, false, Default::default());
    };
    assert_eq!(shown(plain, &["CWD", "PARENT_AND_CHILD", "SIBLING", "UASC"]), none);
    for need in ["LEARNING_DISABILITY", "PHYSICAL_DISABILITY", "AUTISM"] {
        assert_eq!(shown(|it| (plain(it), it.needs = vec![need.to_owned()]).1, &["CWD"]), just("CWD"));
    }
    let category = |code: &str| {
        let code = Some(code.to_owned());
        shown(move |it| (plain(it), it.category_of_need = code).1, &["CWD"])
    };
    assert_eq!((category("N2"), category("N3")), (just("CWD"), none.clone()));
    let size = |size| shown(move |it| (plain(it), it.sibling_group_size = Some(size)).1, &["SIBLING"]);
    assert_eq!((size(2), size(1)), (just("SIBLING"), none.clone()));
    let siblings = |code: &str| {
        let code = Some(code.to_owned());
        let alter = move |it: &mut Requirements| {
            plain(it);
            (it.sibling_group_size, it.profile.siblings) = (Some(2), code);
        };
        shown(alter, &["SIBLING"])
    };
    assert_eq!((siblings("REQUIRED"), siblings("APART")), (just("SIBLING"), none));
    let parent = |it: &mut Requirements| (plain(it), it.needs = vec!["PARENT_CHILD".to_owned()]).1;
    assert_eq!(shown(parent, &["PARENT_AND_CHILD"]), just("PARENT_AND_CHILD"));
}

/// Released, offered by this route, and all steps of the default policy exhausted.
fn ready(requirements: Requirements, route: Route) -> Vec<ReferralEvent> {
    let mut events = offered(requirements, route);
    events.extend(cascade());
    events
}

fn unapproved() -> ProposeAward {
    ProposeAward { approval: None, ..propose() }
}

fn in_emergency() -> ProposeAward {
    ProposeAward { emergency: true, ..unapproved() }
}

fn in_flight_emergency() -> Vec<ReferralEvent> {
    let mut events = ready(emergency(), framework());
    events.extend(decided(&events, in_emergency()));
    events
}

fn confirm() -> ConfirmAward {
    ConfirmAward { award: award(1), agreement: agreement(), at: at(6) }
}

fn fail() -> FailAward {
    FailAward {
        award: award(1),
        reason: "PLACE_TAKEN".to_owned(),
        detail: "another council has it".to_owned(),
        at: at(6),
    }
}

fn approve(minute: i64) -> GiveRetrospectiveApproval {
    GiveRetrospectiveApproval { award: award(1), approval: Approval { at: at(minute), ..approval() } }
}

#[test]
fn an_award_carries_the_offer_and_the_evidence() {
    given::<Referrals>(ready(requirements(), framework()))
        .when(propose())
        .then_events(|events| {
            let proposed = the_proposal(events);
            assert!(
                matches!(events, [ReferralEvent::AwardProposed(event)] if event.sex == requirements().sex)
            );
            assert_eq!(
                (proposed.award, proposed.referral, proposed.referral_version),
                (award(1), referral(1), 1)
            );
            assert_eq!((&proposed.place, &proposed.provider), (&place(), &provider("oak")));
            assert_eq!((proposed.start, proposed.hold_token), (day("2026-06-20"), Some(7)));
            assert_eq!((proposed.age_years, proposed.solo), (13, false));
            assert_eq!(proposed.terms.offer, offer(1));
            assert_eq!(proposed.terms.lines, terms(framework()).lines);
            assert_eq!(proposed.terms.funders, requirements().funders);
            assert_eq!(proposed.evidence.policy_version, 0);
            assert_eq!(proposed.evidence.approval, Some(approval()));
            assert_eq!(proposed.evidence.approval_due, None);
            let steps: Vec<_> = proposed.evidence.steps.iter().map(|step| step.step.as_str()).collect();
            assert_eq!(steps, ["CONNECTED_CARE", "IN_HOUSE_FOSTERING", "IN_HOUSE_RESIDENTIAL"]);
        })
        .then_state(|state| {
            assert_eq!(state.referrals[&referral(1)].stage, Stage::AwardInFlight { award: award(1) });
            assert!(state.approvals_due.is_empty());
        })
        .when(ProposeAward { award: award(2), ..propose() })
        .then_refused("AWARD_IN_PROGRESS");
}

#[test]
fn an_award_needs_its_referral_and_its_offer() {
    given::<Referrals>([]).when(propose()).then_refused("REFERRAL_UNKNOWN");
    given::<Referrals>([posted(requirements())]).when(propose()).then_refused("OFFER_UNKNOWN");
    given::<Referrals>(proposed()).when(propose()).then_refused("AWARD_EXISTS");
}

#[test]
fn an_offer_is_taken_until_the_end_of_its_last_day_in_england() {
    let taken = |instant: &str| ProposeAward { at: instant.parse().unwrap(), ..propose() };
    given::<Referrals>(ready(requirements(), framework()))
        .when(taken("2026-06-10T22:59:59Z"))
        .then_events(|events| assert_eq!(events.len(), 1));
    given::<Referrals>(ready(requirements(), framework()))
        .when(taken("2026-06-10T23:00:00Z"))
        .then_refused("OFFER_EXPIRED");
}

#[test]
fn an_offer_is_taken_until_its_first_night_in_england() {
    let mut events = ready(requirements(), framework());
    for event in &mut events {
        if let ReferralEvent::OfferSubmitted(offer) = event {
            offer.terms.valid_until = day("2026-12-31");
        }
    }
    let taken = |instant: &str| {
        let command = ProposeAward { at: instant.parse().unwrap(), ..propose() };
        given::<Referrals>(events.clone()).when(command)
    };
    taken("2026-06-20T22:59:59Z").then_events(|events| assert_eq!(events.len(), 1));
    let refused = taken("2026-06-20T23:00:00Z").then_refused("OFFER_STARTS_IN_PAST");
    assert!(refused.to_string().contains("starts on 2026-06-20, which has passed"), "{refused}");
    assert_eq!(refused.kind(), RefusalKind::Precondition);
}

#[test]
fn an_offer_on_an_older_version_is_stale() {
    let mut events = ready(requirements(), framework());
    let amend = AmendReferral {
        referral: referral(1),
        expected_version: 1,
        requirements: emergency(),
        identity: None,
        narrative: None,
        background: None,
        envelopes: BTreeMap::new(),
        at: at(4),
    };
    events.extend(decided(&events, amend));
    let refused = given::<Referrals>(events).when(propose()).then_refused("OFFER_STALE");
    assert!(refused.to_string().contains("answers version 1, the referral is at version 2"), "{refused}");
}

#[test]
fn a_withdrawn_offer_is_gone() {
    let mut events = ready(requirements(), framework());
    events.extend(decided(
        &events,
        WithdrawOffer { referral: referral(1), offer: offer(1), provider: provider("oak"), at: at(4) },
    ));
    given::<Referrals>(events).when(propose()).then_refused("OFFER_WITHDRAWN");
}

#[test]
fn each_missing_step_is_named() {
    let mut events = offered(requirements(), framework());
    events.push(step("CONNECTED_CARE", "NOT_APPLICABLE"));
    events.push(step("IN_HOUSE_FOSTERING", "PLACE_FOUND"));
    let refused = given::<Referrals>(events).when(propose()).then_refused("CASCADE_EVIDENCE_MISSING");
    assert!(
        refused.to_string().contains("version 0 asks that IN_HOUSE_FOSTERING, IN_HOUSE_RESIDENTIAL be"),
        "{refused}"
    );
}

#[test]
fn a_spot_purchase_needs_the_framework_exhausted_and_the_councils_reason() {
    let mut events = ready(requirements(), spot("the seller says so"));
    let spot_award =
        ProposeAward { spot_justification: Some("  nobody within 20 miles ".to_owned()), ..propose() };
    let refused =
        given::<Referrals>(events.clone()).when(spot_award.clone()).then_refused("CASCADE_EVIDENCE_MISSING");
    assert!(refused.to_string().contains("FRAMEWORK"), "{refused}");
    events.push(step("FRAMEWORK", "NO_PLACE"));
    given::<Referrals>(events.clone()).when(propose()).then_refused("SPOT_JUSTIFICATION_MISSING");
    given::<Referrals>(events).when(spot_award).then_events(|events| {
        assert_eq!(the_proposal(events).terms.route, spot("nobody within 20 miles"));
    });
}

#[test]
fn an_external_award_needs_an_accepted_approver() {
    let events = ready(requirements(), framework());
    given::<Referrals>(events.clone()).when(unapproved()).then_refused("APPROVER_MISSING");
    let by = |approver: &str, role: &str| ProposeAward {
        approval: Some(Approval { approver: approver.to_owned(), role: role.to_owned(), at: at(4) }),
        ..propose()
    };
    let refused = given::<Referrals>(events.clone())
        .when(by("post-1", "TEA_LADY"))
        .then_refused("APPROVER_ROLE_NOT_ACCEPTED");
    assert!(refused.to_string().contains("PLACEMENT_PANEL"), "it says who may: {refused}");
    given::<Referrals>(events.clone()).when(by("  ", "HEAD_OF_SERVICE")).then_refused("FIELD_INVALID");
    given::<Referrals>(events).when(by("post-1", "Head of service")).then_refused("FIELD_INVALID");
}

#[test]
fn an_emergency_is_approved_afterwards_within_the_policys_hours() {
    let due = at(5) + SignedDuration::from_hours(72);
    given::<Referrals>(ready(emergency(), framework()))
        .when(in_emergency())
        .then_events(|events| assert_eq!(the_proposal(events).evidence.approval_due, Some(due)))
        .then_state(|state| assert!(state.approvals_due.contains(&(due, award(1)))))
        .when(approve(60))
        .then([RetrospectiveApprovalGiven {
            council: council(),
            award: award(1),
            referral: referral(1),
            approval: Approval { at: at(60), ..approval() },
            due,
            late: false,
        }
        .into()])
        .then_state(|state| {
            assert!(state.approvals_due.is_empty());
            assert!(state.awards[&award(1)].retrospective.is_some());
        })
        .when(approve(61))
        .then_refused("APPROVAL_NOT_DUE");
}

#[test]
fn an_emergency_still_needs_evidence_and_urgency() {
    given::<Referrals>(offered(emergency(), framework()))
        .when(in_emergency())
        .then_refused("CASCADE_EVIDENCE_MISSING");
    given::<Referrals>(ready(requirements(), framework()))
        .when(in_emergency())
        .then_refused("NOT_AN_EMERGENCY");
    given::<Referrals>(ready(emergency(), framework()))
        .when(ProposeAward { emergency: true, ..propose() })
        .then_events(|events| {
            assert_eq!(the_proposal(events).evidence.approval_due, None, "it was approved before");
        });
}

#[test]
fn a_late_approval_is_recorded_as_late() {
    given::<Referrals>(in_flight_emergency()).when(approve(5 + 72 * 60 + 1)).then_events(
        |events| match events {
            [ReferralEvent::RetrospectiveApprovalGiven(given)] => assert!(given.late),
            other => panic!("{other:?}"),
        },
    );
}

#[test]
fn an_approval_afterwards_needs_an_accepted_role_and_a_waiting_award() {
    let mut by_nobody = approve(60);
    by_nobody.approval.role = "TEA_LADY".to_owned();
    given::<Referrals>(in_flight_emergency()).when(by_nobody).then_refused("APPROVER_ROLE_NOT_ACCEPTED");
    given::<Referrals>([]).when(approve(60)).then_refused("AWARD_UNKNOWN");
    given::<Referrals>(proposed()).when(approve(60)).then_refused("APPROVAL_NOT_DUE");
}

#[test]
fn in_house_needs_neither_cascade_nor_approver() {
    let events = [posted(requirements()), released("oak"), submitted(Route::InHouse, true)];
    given::<Referrals>(events)
        .when(unapproved())
        .then_events(|events| assert_eq!(the_proposal(events).evidence.approval_due, None));
}

#[test]
fn in_house_by_word_alone_is_external() {
    // No decision makes such an offer; an award would still not go through on it.
    let events = [posted(requirements()), released("oak"), submitted(Route::InHouse, false)];
    given::<Referrals>(events).when(unapproved()).then_refused("CASCADE_EVIDENCE_MISSING");
}

#[test]
fn nobody_under_16_goes_to_supported_accommodation() {
    let asked = Requirements {
        provisions: vec!["SUPPORTED_ACCOMMODATION".to_owned()],
        age_years: 15,
        ..requirements()
    };
    let mut offer = terms(framework());
    offer.provision = "SUPPORTED_ACCOMMODATION".to_owned();
    let mut events = vec![posted(asked), released("oak"), step("CONNECTED_CARE", "NOT_APPLICABLE")];
    events.extend(decided(&events, submit(offer)));
    let at_age = |age_years| ProposeAward { age_years, ..propose() };
    given::<Referrals>(events.clone()).when(at_age(15)).then_refused("UNDER_16_SUPPORTED_ACCOMMODATION");
    given::<Referrals>(events).when(at_age(16)).then_events(|events| assert_eq!(events.len(), 1));
}

#[test]
fn an_agreement_confirms_and_grants_the_identity_to_that_provider() {
    let awarded = ReferralAwarded {
        council: council(),
        award: award(1),
        referral: referral(1),
        provider: provider("oak"),
        agreement: agreement(),
        at: at(6),
    };
    let granted = IdentityGranted {
        council: council(),
        referral: referral(1),
        provider: provider("oak"),
        award: award(1),
        at: at(6),
    };
    given::<Referrals>(proposed())
        .when(confirm())
        .then([awarded.into(), granted.into()])
        .then_state(|state| {
            assert!(state.referrals[&referral(1)].grants(&provider("oak"), day("9999-12-31")));
            assert_eq!(
                state.awards[&award(1)].outcome,
                Outcome::Confirmed { agreement: agreement(), at: at(6) }
            );
        })
        .when(confirm())
        .then_nothing()
        .when(fail())
        .then_nothing();
}

#[test]
fn a_refusal_opens_the_referral_again() {
    given::<Referrals>(in_flight_emergency())
        .when(fail())
        .then([AwardFailed {
            council: council(),
            award: award(1),
            referral: referral(1),
            place: place(),
            reason: "PLACE_TAKEN".to_owned(),
            detail: "another council has it".to_owned(),
            at: at(6),
        }
        .into()])
        .then_state(|state| {
            assert_eq!(state.referrals[&referral(1)].stage, Stage::Open);
            assert!(state.approvals_due.is_empty(), "what failed needs no approval");
        })
        .when(fail())
        .then_nothing()
        .when(confirm())
        .then_nothing()
        .when(ProposeAward { award: award(2), ..propose() })
        .then_events(|events| assert_eq!(the_proposal(events).award, award(2)));
}

#[test]
fn a_reaction_to_an_unknown_award_is_none_of_this_log() {
    given::<Referrals>([]).when(confirm()).then_nothing().when(fail()).then_nothing();
}

#[test]
fn a_deadline_beyond_the_calendar_is_due_at_once() {
    let last: care::Timestamp = care::Timestamp::MAX;
    let mut events = offered(emergency(), framework());
    if let Some(ReferralEvent::OfferSubmitted(offer)) = events.last_mut() {
        (offer.terms.start, offer.terms.valid_until) = (Date::MAX, Date::MAX);
    }
    events.extend(cascade());
    let refusal_or_due = given::<Referrals>(events).when(ProposeAward { at: last, ..in_emergency() });
    refusal_or_due.then_events(|events| {
        assert_eq!(the_proposal(events).evidence.approval_due, Some(last));
    });
}

#[test]
fn refusals_about_the_state_are_preconditions() {
    let refused = given::<Referrals>(ready(requirements(), framework()))
        .when(unapproved())
        .then_refused("APPROVER_MISSING");
    assert_eq!(refused.kind(), RefusalKind::Precondition);
}

#[test]
fn everything_in_the_way_of_an_award_is_told_at_once() {
    // No step is exhausted, nobody approved, and a spot purchase is not justified.
    let events = offered(requirements(), spot(""));
    let refused = given::<Referrals>(events).when(unapproved()).then_refused("SPOT_JUSTIFICATION_MISSING");
    let words = refused.to_string();
    assert!(words.contains("CASCADE_EVIDENCE_MISSING") && words.contains("APPROVER_MISSING"), "{words}");
    let told = refused.violations();
    let fields: Vec<_> = told.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(fields, ["name", "name", "name", "name", "approval"]);
    for (step, it) in
        ["CONNECTED_CARE", "FRAMEWORK", "IN_HOUSE_FOSTERING", "IN_HOUSE_RESIDENTIAL"].iter().zip(&told)
    {
        let right = it.description.starts_with("CASCADE_EVIDENCE_MISSING: ");
        assert!(right && it.description.contains(&format!("that {step} be exhausted")), "{told:?}");
    }
    assert_eq!(refused.kind(), RefusalKind::Precondition);
    // Once: an emergency that is none is in the way of the approval and of gates alike.
    let alone = given::<Referrals>(ready(requirements(), framework())).when(in_emergency());
    let refused = alone.then_refused("NOT_AN_EMERGENCY");
    assert!(refused.violations().is_empty(), "it is told as before where it is alone: {refused:?}");
    // Of an offer that cannot be taken nothing more is said, and of the referral all.
    let gone = ProposeAward { at: at(60 * 24 * 30), ..unapproved() };
    let refused =
        given::<Referrals>(offered(requirements(), framework())).when(gone).then_refused("OFFER_EXPIRED");
    let mut told = reasons(&refused);
    told.dedup();
    assert_eq!(told, ["OFFER_STARTS_IN_PAST", "CASCADE_EVIDENCE_MISSING", "APPROVER_MISSING"]);
    // A field that is wrong is told like all else that is beside the first.
    let approval = Some(Approval { role: "the head".to_owned(), ..approval() });
    let wrong = ProposeAward { approval, at: at(60 * 24 * 30), ..propose() };
    let refused =
        given::<Referrals>(ready(requirements(), framework())).when(wrong).then_refused("OFFER_EXPIRED");
    assert_eq!(reasons(&refused), ["OFFER_STARTS_IN_PAST", "FIELD_INVALID"]);
}

/// The reason of each that is told beside the first.
fn reasons(refused: &referrals_domain::Rejection) -> Vec<String> {
    let told = refused.violations();
    let each: Vec<String> =
        told.iter().filter_map(|it| it.description.split(':').next()).map(str::to_owned).collect();
    assert!(told.iter().all(|it| it.description.len() <= 384), "an answer cuts it off: {told:?}");
    each
}

/// Twenty offers and three gates in the way are each told, whatever one text holds.
#[test]
fn what_is_missing_of_many_is_told_of_each() {
    use referrals_domain::{CascadePolicy, CascadePolicySet, Gate, GateCondition, StepPolicy};
    let codes = ["DIRECTOR", "NOMINATED_OFFICER", "RESIDENTIAL_PANEL"];
    let gates = codes.map(|code| Gate {
        gate: code.to_owned(),
        roles: ["PLACEMENT_PANEL".to_owned()].into(),
        when: GateCondition::default(),
    });
    let steps = StepPolicy { gates: gates.to_vec(), ..StepPolicy::default() };
    let policy = CascadePolicy { evaluation_required: true, steps, ..CascadePolicy::default() };
    let mut events: Vec<ReferralEvent> =
        vec![CascadePolicySet { council: council(), version: 1, policy, at: at(0) }.into()];
    events.extend([posted(requirements()), released("oak")]);
    for n in 1..=20 {
        let terms = OfferTerms { place: format!("SC045099-{n:02}").parse().unwrap(), ..terms(framework()) };
        events.extend(decided(&events, SubmitOffer { offer: offer(n), ..submit(terms) }));
    }
    let refused = given::<Referrals>(events).when(unapproved()).then_refused("CASCADE_EVIDENCE_MISSING");
    let told = reasons(&refused);
    let count = |reason: &str| told.iter().filter(|it| *it == reason).count();
    assert_eq!(
        [count("APPROVER_MISSING"), count("GATE_NOT_PASSED"), count("EVALUATION_MISSING")],
        [1, 3, 20]
    );
    let all: String = refused.violations().into_iter().map(|it| it.description).collect();
    assert!(codes.iter().all(|code| all.contains(&format!(": {code};"))), "{all}");
    assert!((1..=20).all(|n| all.contains(&offer(n).to_string())), "{all}");
}
