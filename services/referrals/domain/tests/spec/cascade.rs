//! Given/when/then for the cascade that acts by itself: under which step providers are asked and until when, what is recorded of it, the
//! steps that come to nothing, and those that are waived.

use crate::support::{
    answer_by, approval, at, by_itself, cascade, council, decided, decline, declined, emergency, expired,
    framework, invited, late, offer, offered, posted, propose, provider, referral, released, requirements,
    spot, step, submit, submitted, sweep, terms,
};
use care::Timestamp;
use care::published::Approval;
use care::spec::given;
use jiff::SignedDuration;
use referrals_domain::{
    CascadeMode, CascadePolicy, CascadePolicySet, CascadeStepRecorded, CascadeStepWaived, Homes,
    InvitationViewed, OfferWithdrawn, RecordCascadeStep, ReferralEvent, Referrals, ReleaseReferral,
    ReleaseStage, Requirements, StepPolicy, SweepInvitations, ViewInvitation, WaiveCascadeStep,
    WithdrawOffer,
};
use std::collections::{BTreeMap, BTreeSet};

fn release(to: &str, under: Option<&str>) -> ReleaseReferral {
    ReleaseReferral {
        referral: referral(1),
        providers: BTreeSet::from([provider(to)]),
        stage: ReleaseStage::Broadcast,
        homes: BTreeMap::new(),
        step: under.map(str::to_owned),
        at: at(2),
    }
}

fn own(to: &str, provisions: &[&str]) -> ReleaseReferral {
    let own = provisions.iter().map(|it| (*it).to_owned()).collect();
    let homes = BTreeMap::from([(provider(to), Homes { own, others: BTreeSet::new() })]);
    ReleaseReferral { homes, ..release(to, None) }
}

fn waive(step: &str, role: &str) -> WaiveCascadeStep {
    let approval = Approval { role: role.to_owned(), ..approval() };
    let (step, reason) = (step.to_owned(), "FAMILY_DECLINED".to_owned());
    WaiveCascadeStep { referral: referral(1), step, reason, approval }
}

fn waived(step: &str) -> ReferralEvent {
    let WaiveCascadeStep { referral, step, reason, approval } = waive(step, "HEAD_OF_SERVICE");
    CascadeStepWaived { council: council(), referral, step, reason, approval }.into()
}

fn policy(mode: CascadeMode, steps: StepPolicy) -> ReferralEvent {
    let policy = CascadePolicy { mode, steps, ..CascadePolicy::default() };
    CascadePolicySet { council: council(), version: 1, policy, at: at(0) }.into()
}

fn in_order() -> ReferralEvent {
    policy(CascadeMode::Sequential, StepPolicy { release_in_order: true, ..StepPolicy::default() })
}

#[test]
fn a_release_says_until_when_by_the_policy_of_then_and_under_which_step() {
    let step_and_due =
        |asked: Requirements, command: ReleaseReferral| match &decided(&[posted(asked)], command)[..] {
            [ReferralEvent::ReferralReleased(event)] => {
                (event.step.clone().unwrap(), event.answer_by.unwrap().to_string())
            }
            other => panic!("{other:?}"),
        };
    let fostering = Requirements { provisions: vec!["FOSTERING".to_owned()], ..emergency() };
    let planned = "2026-06-08T23:00:00Z".to_owned();
    let soon = "2026-06-01T16:02:00Z".to_owned();
    assert_eq!(step_and_due(requirements(), release("oak", None)), ("FRAMEWORK".to_owned(), planned.clone()));
    assert_eq!(
        step_and_due(requirements(), own("oak", &["RESIDENTIAL"])),
        ("IN_HOUSE_RESIDENTIAL".to_owned(), planned)
    );
    assert_eq!(
        step_and_due(fostering, own("oak", &["FOSTERING"])),
        ("IN_HOUSE_FOSTERING".to_owned(), soon.clone())
    );
    let named = release("oak", Some("SPECIALIST"));
    assert_eq!(step_and_due(emergency(), named), ("SPECIALIST".to_owned(), soon));
    let wrong = release("oak", Some("SOMEWHERE"));
    given::<Referrals>([posted(requirements())]).when(wrong).then_refused("FIELD_INVALID");
}

#[test]
fn what_the_policy_says_later_moves_no_release() {
    let clocks = referrals_domain::ClockPolicy { response_planned_working_days: 1, ..Default::default() };
    let set = |clocks| CascadePolicySet {
        council: council(),
        version: 1,
        policy: CascadePolicy { clocks, ..CascadePolicy::default() },
        at: at(3),
    };
    for told in [invited("oak", "FRAMEWORK"), released("oak")] {
        given::<Referrals>([posted(requirements()), told, set(clocks.clone()).into()]).then_state(|state| {
            assert_eq!(state.referrals[&referral(1)].releases[&provider("oak")].answer_by, answer_by());
        });
    }
}

#[test]
fn the_first_look_at_each_version_is_recorded_of_those_who_were_asked() {
    let view = ViewInvitation { referral: referral(1), provider: provider("oak"), at: at(3) };
    let viewed = InvitationViewed {
        council: council(),
        referral: referral(1),
        referral_version: 1,
        provider: provider("oak"),
        at: at(3),
    };
    given::<Referrals>([posted(requirements()), invited("oak", "FRAMEWORK")])
        .when(view.clone())
        .then([viewed.clone().into()])
        .when(view.clone())
        .then_nothing();
    let mut amended = vec![posted(requirements()), invited("oak", "FRAMEWORK"), viewed.clone().into()];
    amended.extend(decided(
        &amended,
        referrals_domain::AmendReferral {
            referral: referral(1),
            expected_version: 1,
            requirements: requirements(),
            identity: None,
            narrative: None,
            background: None,
            envelopes: std::collections::BTreeMap::new(),
            at: at(4),
        },
    ));
    let again = InvitationViewed { referral_version: 2, ..viewed };
    given::<Referrals>(amended).when(view.clone()).then([again.into()]);
    let stranger = ViewInvitation { provider: provider("elm"), ..view.clone() };
    given::<Referrals>([posted(requirements()), invited("oak", "FRAMEWORK")])
        .when(stranger)
        .then_refused("REFERRAL_UNKNOWN");
    let withdrawn =
        referrals_domain::WithdrawReferral { referral: referral(1), reason: "OTHER".to_owned(), at: at(3) };
    let mut ended = vec![posted(requirements()), invited("oak", "FRAMEWORK")];
    ended.extend(decided(&ended, withdrawn));
    given::<Referrals>(ended).when(view).then_nothing();
}

#[test]
fn who_lets_the_time_pass_expires_once_and_the_step_with_the_last_of_them() {
    let both = [posted(requirements()), invited("elm", "FRAMEWORK"), invited("oak", "FRAMEWORK")];
    given::<Referrals>(both.clone())
        .then_state(|state| assert_eq!(state.next_evidence(), Some(answer_by())))
        .when(sweep(answer_by()))
        .then_nothing()
        .when(sweep(late()))
        .then([expired("elm", late()), expired("oak", late()), by_itself("FRAMEWORK", "NO_OFFER", late())])
        .then_state(|state| assert_eq!(state.next_evidence(), None))
        .when(sweep(late()))
        .then_nothing();
    // One has declined, and one has offered: the other expires alone, and the step is open.
    given::<Referrals>(both.clone())
        .and([declined("elm")])
        .when(sweep(late()))
        .then([expired("oak", late()), by_itself("FRAMEWORK", "NO_OFFER", late())]);
    given::<Referrals>(both.clone())
        .and([submitted(framework(), false)])
        .when(sweep(late()))
        .then([expired("elm", late())]);
    // Whom nobody told under which step belongs to none.
    given::<Referrals>([posted(requirements()), released("oak")]).when(sweep(late())).then_events(|events| {
        assert!(matches!(events, [ReferralEvent::InvitationExpired(event)] if event.step.is_none()));
    });
}

#[test]
fn when_all_of_a_step_decline_it_is_recorded_with_the_last_no() {
    let events = [posted(requirements()), invited("elm", "FRAMEWORK"), invited("oak", "FRAMEWORK")];
    given::<Referrals>(events)
        .when(decline("elm"))
        .then([declined("elm")])
        .when(decline("oak"))
        .then([declined("oak"), by_itself("FRAMEWORK", "DECLINED", at(3))]);
    // What people recorded of the step after they asked stands.
    let recorded = CascadeStepRecorded {
        council: council(),
        referral: referral(1),
        step: "FRAMEWORK".to_owned(),
        outcome: "NOT_SUITABLE".to_owned(),
        by_itself: false,
        at: at(3),
    };
    given::<Referrals>([posted(requirements()), invited("oak", "FRAMEWORK"), recorded.into()])
        .when(decline("oak"))
        .then([declined("oak")]);
}

#[test]
fn a_step_is_open_while_an_offer_is_and_again_when_others_are_asked() {
    let offer_back =
        WithdrawOffer { referral: referral(1), offer: offer(1), provider: provider("oak"), at: at(4) };
    let taken_back = OfferWithdrawn {
        council: council(),
        offer: offer(1),
        referral: referral(1),
        provider: provider("oak"),
        at: at(4),
    };
    let events = [posted(requirements()), invited("oak", "FRAMEWORK"), submitted(framework(), false)];
    given::<Referrals>(events.clone())
        .when(offer_back)
        .then([taken_back.into(), by_itself("FRAMEWORK", "NO_OFFER", at(4))])
        .when(release("ash", None))
        .then([invited("ash", "FRAMEWORK")])
        .then_state(|state| {
            assert!(
                state.referrals[&referral(1)].steps.is_empty(),
                "nothing is exhausted while ash is asked"
            );
        });
    // An offer that can be taken no more ends it too; it was valid until 10 June.
    let ends: Timestamp = "2026-06-10T23:00:00Z".parse().unwrap();
    let after = ends + SignedDuration::from_micros(1);
    given::<Referrals>(events)
        .then_state(|state| assert_eq!(state.next_evidence(), Some(ends)))
        .when(sweep(ends))
        .then_nothing()
        .when(sweep(after))
        .then([by_itself("FRAMEWORK", "NO_OFFER", after)]);
}

#[test]
fn a_late_answer_is_still_taken() {
    let events = [posted(requirements()), invited("oak", "FRAMEWORK")];
    let swept = |events: &[ReferralEvent]| {
        let mut all = events.to_vec();
        all.extend(decided(events, sweep(late())));
        all
    };
    let mut terms = terms(framework());
    terms.valid_until = crate::support::day("2026-06-20");
    let offered = referrals_domain::SubmitOffer { at: late(), ..submit(terms) };
    given::<Referrals>(swept(&events)).when(offered).then_events(|events| {
        assert!(matches!(events, [ReferralEvent::OfferSubmitted(_)]));
    });
    given::<Referrals>(swept(&events)).when(decline("oak")).then([declined("oak")]);
}

#[test]
fn a_sweep_takes_whole_referrals_up_to_its_limit() {
    let many: Vec<_> = (0..5).map(|n| invited(&format!("p{n}"), "FRAMEWORK")).collect();
    let mut events = vec![posted(requirements())];
    events.extend(many);
    let one = SweepInvitations { limit: 1, at: late() };
    assert_eq!(decided(&events, one).len(), 6, "five and the step");
    assert!(decided(&events, SweepInvitations { limit: 0, at: late() }).is_empty());
}

#[test]
fn nothing_expires_once_the_search_has_ended() {
    let mut events = vec![posted(requirements()), invited("elm", "FRAMEWORK"), invited("oak", "FRAMEWORK")];
    events.push(submitted(framework(), false));
    events.extend(cascade());
    events.extend(decided(&events, propose()));
    let confirm = referrals_domain::ConfirmAward {
        award: crate::support::award(1),
        agreement: crate::support::agreement(),
        at: at(6),
    };
    // While the award is on its way nobody can answer, and no time passes.
    assert!(decided(&events, sweep(late())).is_empty());
    events.extend(decided(&events, confirm));
    assert!(decided(&events, sweep(late())).is_empty());
}

#[test]
fn where_the_policy_says_so_providers_are_asked_in_order() {
    let events = |asked| vec![in_order(), posted(asked)];
    let refused = given::<Referrals>(events(requirements()))
        .when(release("oak", None))
        .then_refused("CASCADE_STEP_NOT_REACHED");
    let told = refused.to_string();
    assert!(told.contains("CONNECTED_CARE, IN_HOUSE_FOSTERING, IN_HOUSE_RESIDENTIAL"), "{told}");
    // Its own carers are asked first, and once all that comes before is exhausted or waived, the others.
    given::<Referrals>(events(requirements()))
        .and([step("CONNECTED_CARE", "NOT_APPLICABLE")])
        .when(ReleaseReferral { step: Some("IN_HOUSE_FOSTERING".to_owned()), ..own("kin", &["FOSTERING"]) })
        .then([invited("kin", "IN_HOUSE_FOSTERING")])
        .when(own("home", &["RESIDENTIAL"]))
        .then_refused("CASCADE_STEP_NOT_REACHED");
    let mut waived_one = events(requirements());
    waived_one.extend([step("CONNECTED_CARE", "NO_PLACE"), waived("IN_HOUSE_FOSTERING")]);
    given::<Referrals>(waived_one.clone())
        .when(own("home", &["RESIDENTIAL"]))
        .then([invited("home", "IN_HOUSE_RESIDENTIAL")]);
    given::<Referrals>(waived_one)
        .and([step("IN_HOUSE_RESIDENTIAL", "PLACE_FOUND")])
        .when(release("oak", None))
        .then_refused("CASCADE_STEP_NOT_REACHED");
    given::<Referrals>(events(requirements()))
        .and(cascade())
        .when(release("ash", Some("OFF_FRAMEWORK")))
        .then_refused("CASCADE_STEP_NOT_REACHED");
    given::<Referrals>(events(requirements()))
        .and(cascade())
        .when(release("oak", None))
        .then([invited("oak", "FRAMEWORK")])
        .when(decline("oak"))
        .then([declined("oak"), by_itself("FRAMEWORK", "DECLINED", at(3))])
        .when(release("ash", Some("OFF_FRAMEWORK")))
        .then([invited("ash", "OFF_FRAMEWORK")]);
}

#[test]
fn side_by_side_in_an_emergency_or_where_the_policy_says_nothing_there_is_no_order() {
    let all = StepPolicy { release_in_order: true, ..StepPolicy::default() };
    let strict = StepPolicy { emergency_may_skip: false, ..all.clone() };
    for (mode, steps, asked, taken) in [
        (CascadeMode::Parallel, all.clone(), requirements(), true),
        (CascadeMode::Sequential, StepPolicy::default(), requirements(), true),
        (CascadeMode::Sequential, all.clone(), emergency(), true),
        (CascadeMode::Sequential, all, requirements(), false),
        (CascadeMode::Sequential, strict, emergency(), false),
    ] {
        let given = given::<Referrals>([policy(mode, steps), posted(asked)]).when(release("oak", None));
        if taken {
            given.then_events(|events| assert_eq!(events.len(), 1));
        } else {
            given.then_refused("CASCADE_STEP_NOT_REACHED");
        }
    }
}

#[test]
fn a_waiver_counts_as_evidence_and_is_told_apart() {
    let mut events = offered(requirements(), framework());
    events.extend([step("CONNECTED_CARE", "NO_PLACE"), step("IN_HOUSE_RESIDENTIAL", "NO_PLACE")]);
    given::<Referrals>(events.clone()).when(propose()).then_refused("CASCADE_EVIDENCE_MISSING");
    events.push(waived("IN_HOUSE_FOSTERING"));
    let proposed = decided(&events, propose());
    let steps = &crate::support::the_proposal(&proposed).evidence.steps;
    let told: Vec<_> =
        steps.iter().map(|it| (it.step.as_str(), it.outcome.as_str(), it.waived_by.is_some())).collect();
    assert_eq!(
        told,
        [
            ("CONNECTED_CARE", "NO_PLACE", false),
            ("IN_HOUSE_RESIDENTIAL", "NO_PLACE", false),
            ("IN_HOUSE_FOSTERING", "FAMILY_DECLINED", true),
        ]
    );
    // Off the framework too: what is waived is behind.
    let mut spot_offer = offered(requirements(), spot(""));
    spot_offer.extend(cascade());
    let justified = || referrals_domain::ProposeAward {
        spot_justification: Some("directed by the court".to_owned()),
        ..propose()
    };
    given::<Referrals>(spot_offer.clone()).when(justified()).then_refused("CASCADE_EVIDENCE_MISSING");
    spot_offer.push(waived("FRAMEWORK"));
    assert_eq!(decided(&spot_offer, justified()).len(), 1);
}

#[test]
fn a_waiver_is_given_by_a_role_that_may_for_a_coded_reason() {
    let events = || vec![posted(requirements())];
    given::<Referrals>(events())
        .when(waive("CONNECTED_CARE", "HEAD_OF_SERVICE"))
        .then([waived("CONNECTED_CARE")])
        .when(waive("CONNECTED_CARE", "HEAD_OF_SERVICE"))
        .then_nothing()
        // What comes after it is recorded as if it had been tried.
        .when(RecordCascadeStep {
            referral: referral(1),
            step: "IN_HOUSE_FOSTERING".to_owned(),
            outcome: "NO_PLACE".to_owned(),
            at: at(1),
        })
        .then([step("IN_HOUSE_FOSTERING", "NO_PLACE")]);
    given::<Referrals>(events())
        .when(waive("CONNECTED_CARE", "TEAM_MANAGER"))
        .then_refused("WAIVER_ROLE_NOT_ACCEPTED");
    // The policy's own roles, and no others.
    let named =
        StepPolicy { waiver_roles: BTreeSet::from(["TEAM_MANAGER".to_owned()]), ..StepPolicy::default() };
    let with_roles = || vec![policy(CascadeMode::Parallel, named.clone()), posted(requirements())];
    assert_eq!(decided(&with_roles(), waive("CONNECTED_CARE", "TEAM_MANAGER")).len(), 1);
    given::<Referrals>(with_roles())
        .when(waive("CONNECTED_CARE", "HEAD_OF_SERVICE"))
        .then_refused("WAIVER_ROLE_NOT_ACCEPTED");
    for wrong in [
        WaiveCascadeStep { reason: "BECAUSE".to_owned(), ..waive("CONNECTED_CARE", "HEAD_OF_SERVICE") },
        waive("SOMEWHERE", "HEAD_OF_SERVICE"),
        waive("CONNECTED_CARE", "the head"),
        WaiveCascadeStep {
            approval: Approval { approver: "  ".to_owned(), ..approval() },
            ..waive("CONNECTED_CARE", "HEAD_OF_SERVICE")
        },
    ] {
        given::<Referrals>(events()).when(wrong).then_refused("FIELD_INVALID");
    }
    let nobody = Approval { approver: " ".to_owned(), ..approval() };
    for wrong in [
        WaiveCascadeStep { approval: nobody, ..waive("CONNECTED_CARE", "HEAD_OF_SERVICE") },
        waive("CONNECTED_CARE", "the head"),
    ] {
        let refused = given::<Referrals>(events()).when(wrong).then_refused("FIELD_INVALID");
        assert!(refused.to_string().contains("approval."), "{refused}");
    }
    given::<Referrals>([]).when(waive("CONNECTED_CARE", "HEAD_OF_SERVICE")).then_refused("REFERRAL_UNKNOWN");
    given::<Referrals>(crate::support::proposed())
        .when(waive("CONNECTED_CARE", "HEAD_OF_SERVICE"))
        .then_refused("AWARD_IN_PROGRESS");
}

/// What no policy can give, no waiver can.
#[test]
fn no_waiver_opens_supported_accommodation_to_a_child_under_16() {
    let asked = Requirements { provisions: vec!["SUPPORTED_ACCOMMODATION".to_owned()], ..requirements() };
    let mut events = vec![posted(asked), released("oak")];
    let terms = referrals_domain::OfferTerms {
        provision: "SUPPORTED_ACCOMMODATION".to_owned(),
        ..terms(framework())
    };
    events.extend(decided(&events, submit(terms)));
    for waived_step in care::code_sets::CASCADE_STEP.codes {
        events.push(waived(waived_step.code));
    }
    let young = referrals_domain::ProposeAward { age_years: 15, ..propose() };
    given::<Referrals>(events.clone()).when(young).then_refused("UNDER_16_SUPPORTED_ACCOMMODATION");
    let old = referrals_domain::ProposeAward { age_years: 16, ..propose() };
    assert_eq!(decided(&events, old).len(), 1);
}

/// Families are asked by people, and what one home says is no answer of the council's own.
#[test]
fn a_no_exhausts_no_step_that_people_answer_for() {
    for people in ["FAMILY_GROUP_CONFERENCE", "CONNECTED_CARE"] {
        given::<Referrals>([posted(requirements()), invited("oak", people)])
            .when(decline("oak"))
            .then([declined("oak")])
            .then_state(|state| assert_eq!(state.next_evidence(), None));
    }
    for in_house in ["IN_HOUSE_FOSTERING", "IN_HOUSE_RESIDENTIAL"] {
        let refused = given::<Referrals>([posted(requirements())])
            .when(release("oak", Some(in_house)))
            .then_refused("FIELD_INVALID");
        assert!(refused.to_string().contains("step"), "{refused}");
    }
    given::<Referrals>([posted(requirements()), invited("home", "IN_HOUSE_RESIDENTIAL")])
        .when(decline("home"))
        .then([declined("home"), by_itself("IN_HOUSE_RESIDENTIAL", "DECLINED", at(3))]);
}

#[test]
fn off_the_framework_somebody_has_said_that_it_is_exhausted() {
    let mut events = offered(requirements(), spot(""));
    events.extend(cascade());
    events.push(by_itself("FRAMEWORK", "DECLINED", at(3)));
    let justified = || referrals_domain::ProposeAward {
        spot_justification: Some("nobody on it".to_owned()),
        ..propose()
    };
    given::<Referrals>(events.clone()).when(justified()).then_refused("CASCADE_EVIDENCE_MISSING");
    events.push(step("FRAMEWORK", "DECLINED"));
    assert_eq!(decided(&events, justified()).len(), 1);
}
