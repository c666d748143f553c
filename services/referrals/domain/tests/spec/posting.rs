//! Given/when/then for the council's side: policy, referrals, cascade steps, withdrawal.

use crate::support::{
    agreement, at, award, by_itself, cascade, council, decided, emergency, post, posted, proposed, referral,
    requirements, sealed, step,
};
use care::spec::given;
use care::{Refusal, RefusalKind};
use referrals_domain::{
    AmendReferral, CascadeMode, CascadePolicy, CascadePolicySet, RecordCascadeStep, ReferralAmended,
    ReferralWithdrawn, Referrals, Rejection, Requirements, SetCascadePolicy, WithdrawReferral,
};
use std::collections::BTreeMap;

fn parallel() -> CascadePolicy {
    CascadePolicy { mode: CascadeMode::Parallel, ..CascadePolicy::default() }
}

fn set(expected_version: u32, policy: CascadePolicy) -> SetCascadePolicy {
    SetCascadePolicy { council: council(), expected_version, policy, at: at(0) }
}

fn policy_set(version: u32, policy: CascadePolicy) -> CascadePolicySet {
    CascadePolicySet { council: council(), version, policy, at: at(0) }
}

fn record(step: &str, outcome: &str) -> RecordCascadeStep {
    RecordCascadeStep { referral: referral(1), step: step.to_owned(), outcome: outcome.to_owned(), at: at(1) }
}

fn amend(expected_version: u32, requirements: Requirements) -> AmendReferral {
    AmendReferral {
        referral: referral(1),
        expected_version,
        requirements,
        identity: None,
        narrative: Some(sealed("new")),
        background: None,
        envelopes: BTreeMap::new(),
        at: at(9),
    }
}

fn withdraw(reason: &str) -> WithdrawReferral {
    WithdrawReferral { referral: referral(1), reason: reason.to_owned(), at: at(9) }
}

fn fields(rejection: &Rejection) -> Vec<String> {
    rejection.violations().into_iter().map(|violation| violation.field).collect()
}

#[test]
fn a_policy_is_versioned_from_the_default() {
    given::<Referrals>([])
        .then_state(|state| {
            assert_eq!(state.policy_version, 0);
            assert_eq!(
                state.policy.required["RESIDENTIAL"],
                ["CONNECTED_CARE", "IN_HOUSE_FOSTERING", "IN_HOUSE_RESIDENTIAL"]
            );
        })
        .when(set(0, parallel()))
        .then([policy_set(1, parallel()).into()])
        .when(set(1, CascadePolicy::default()))
        .then([policy_set(2, CascadePolicy::default()).into()])
        .then_state(|state| assert_eq!(state.policy, CascadePolicy::default()));
}

#[test]
fn a_policy_read_before_another_change_is_refused() {
    let refused = given::<Referrals>([policy_set(1, parallel()).into()])
        .when(set(0, CascadePolicy::default()))
        .then_refused("VERSION_CHANGED");
    assert_eq!(refused.kind(), RefusalKind::Conflict);
}

#[test]
fn a_policy_by_which_nobody_could_approve_is_refused() {
    let mut policy = CascadePolicy::default();
    policy.approver_roles.clear();
    policy.emergency_approval_hours = 0;
    policy
        .required
        .insert("CASTLE".to_owned(), vec!["CONNECTED_CARE".to_owned(), "CONNECTED_CARE".to_owned()]);
    let refused = given::<Referrals>([]).when(set(0, policy)).then_refused("FIELD_INVALID");
    assert_eq!(
        fields(&refused),
        ["required.provision", "required.steps", "approver_roles", "emergency_approval_hours"]
    );
}

#[test]
fn a_referral_is_posted_once() {
    given::<Referrals>([])
        .when(post(requirements()))
        .then([posted(requirements())])
        .then_state(|state| assert_eq!(state.referrals[&referral(1)].version, 1))
        .when(post(requirements()))
        .then_refused("REFERRAL_EXISTS");
}

#[test]
fn a_referral_may_know_very_little() {
    let unknown = Requirements {
        age_years: 16,
        age_assessed: true,
        sex: "U".to_owned(),
        needs: vec!["UASC".to_owned()],
        category_of_need: None,
        legal_status: None,
        expected_weeks: None,
        anchor: None,
        max_distance_miles: None,
        budget_code: None,
        uasc: true,
        ..requirements()
    };
    let mut command = post(unknown);
    command.identity = None;
    command.narrative = None;
    given::<Referrals>([]).when(command).then_events(|events| assert_eq!(events.len(), 1));
}

#[test]
fn everything_wrong_with_a_referral_is_said_at_once() {
    let mut wrong = Requirements {
        provisions: vec!["CASTLE".to_owned(), "UNREGISTERED".to_owned()],
        age_years: 18,
        sex: "X".to_owned(),
        needs: vec!["TRAUMA".to_owned(), "TRAUMA".to_owned()],
        category_of_need: Some("N9".to_owned()),
        legal_status: Some("C9".to_owned()),
        urgency: "SOON".to_owned(),
        expected_weeks: Some(0),
        max_distance_miles: Some(401),
        sibling_group_size: Some(13),
        anchor: Some("DL1 5AB".to_owned()),
        budget_code: Some("cla 100".to_owned()),
        ..requirements()
    };
    wrong.funders[0].basis_points = 9_999;
    let refused = given::<Referrals>([]).when(post(wrong)).then_refused("FIELD_INVALID");
    let expected = [
        "provisions",
        "provisions",
        "age_years",
        "sex",
        "needs",
        "category_of_need",
        "legal_status",
        "urgency",
        "expected_weeks",
        "max_distance_miles",
        "sibling_group_size",
        "anchor",
        "budget_code",
        "funders",
    ];
    assert_eq!(fields(&refused), expected);
}

#[test]
fn no_whole_postcode_is_an_anchor() {
    for (anchor, right) in
        [("DL1 5", true), ("DL1", true), ("SW1A", true), ("DL15AB", false), ("DL1 55", false), ("DL", false)]
    {
        let mut asked = requirements();
        asked.anchor = Some(anchor.to_owned());
        assert_eq!(asked.violations(crate::support::day("2026-06-01")).is_empty(), right, "{anchor}");
    }
}

#[test]
fn an_amendment_is_a_new_version_and_keeps_what_it_does_not_name() {
    given::<Referrals>([posted(requirements())])
        .when(amend(1, emergency()))
        .then([ReferralAmended {
            council: council(),
            referral: referral(1),
            version: 2,
            requirements: emergency(),
            identity: None,
            narrative: Some(sealed("new")),
            background: None,
            at: at(9),
        }
        .into()])
        .then_state(|state| {
            let referral = &state.referrals[&referral(1)];
            assert_eq!((referral.version, referral.changed_at), (2, at(9)));
            assert_eq!(referral.identity, Some(sealed("who")));
            assert_eq!(referral.narrative, Some(sealed("new")));
        })
        .when(amend(1, emergency()))
        .then_refused("VERSION_CHANGED");
}

#[test]
fn an_amendment_is_refused_like_a_post_and_during_an_award() {
    given::<Referrals>([]).when(amend(1, requirements())).then_refused("REFERRAL_UNKNOWN");
    given::<Referrals>(proposed()).when(amend(1, requirements())).then_refused("AWARD_IN_PROGRESS");
    let wrong = Requirements { age_years: 30, ..requirements() };
    given::<Referrals>([posted(requirements())]).when(amend(1, wrong)).then_refused("FIELD_INVALID");
}

#[test]
fn a_sequential_cascade_is_recorded_in_order() {
    let refused = given::<Referrals>([posted(requirements())])
        .when(record("IN_HOUSE_RESIDENTIAL", "NO_PLACE"))
        .then_refused("CASCADE_OUT_OF_ORDER");
    assert!(refused.to_string().contains("record CONNECTED_CARE, IN_HOUSE_FOSTERING before"), "{refused}");

    given::<Referrals>([posted(requirements())])
        .when(record("CONNECTED_CARE", "NOT_APPLICABLE"))
        .then([step("CONNECTED_CARE", "NOT_APPLICABLE")])
        .when(record("IN_HOUSE_FOSTERING", "NO_PLACE"))
        .then([step("IN_HOUSE_FOSTERING", "NO_PLACE")])
        .when(record("IN_HOUSE_RESIDENTIAL", "NO_PLACE"))
        .then([step("IN_HOUSE_RESIDENTIAL", "NO_PLACE")])
        .then_state(|state| assert_eq!(state.referrals[&referral(1)].steps.len(), 3));
}

#[test]
fn a_step_that_was_left_is_not_recorded() {
    let left = by_itself("IN_HOUSE_FOSTERING", "MOVED", at(1));
    let events = [posted(requirements()), step("CONNECTED_CARE", "NOT_APPLICABLE"), left];
    let refused = given::<Referrals>(events)
        .when(record("IN_HOUSE_RESIDENTIAL", "NO_PLACE"))
        .then_refused("CASCADE_OUT_OF_ORDER");
    assert!(refused.to_string().contains("record IN_HOUSE_FOSTERING before"), "{refused}");
}

#[test]
fn a_parallel_cascade_is_recorded_in_any_order() {
    given::<Referrals>([policy_set(1, parallel()).into(), posted(requirements())])
        .when(record("IN_HOUSE_RESIDENTIAL", "NO_PLACE"))
        .then([step("IN_HOUSE_RESIDENTIAL", "NO_PLACE")]);
}

#[test]
fn a_step_has_codes_and_an_open_referral() {
    let refused = given::<Referrals>([posted(requirements())])
        .when(record("PRAYER", "Mrs Smith said no"))
        .then_refused("FIELD_INVALID");
    assert_eq!(fields(&refused), ["step", "outcome"]);
    given::<Referrals>([]).when(record("CONNECTED_CARE", "NO_PLACE")).then_refused("REFERRAL_UNKNOWN");
    // That somebody was asked under another step instead is for the log to notice.
    let refused = given::<Referrals>([posted(requirements())])
        .when(record("CONNECTED_CARE", "MOVED"))
        .then_refused("FIELD_INVALID");
    assert_eq!(fields(&refused), ["outcome"]);
    given::<Referrals>(proposed()).when(record("FRAMEWORK", "NO_PLACE")).then_refused("AWARD_IN_PROGRESS");
}

#[test]
fn a_referral_is_withdrawn_once_and_takes_no_more() {
    given::<Referrals>([posted(requirements())])
        .when(withdraw("RETURNED_HOME"))
        .then([ReferralWithdrawn {
            council: council(),
            referral: referral(1),
            reason: "RETURNED_HOME".to_owned(),
            at: at(9),
        }
        .into()])
        .when(withdraw("RETURNED_HOME"))
        .then_refused("REFERRAL_NOT_OPEN");
}

#[test]
fn a_referral_is_not_withdrawn_during_or_after_an_award() {
    given::<Referrals>([]).when(withdraw("OTHER")).then_refused("REFERRAL_UNKNOWN");
    given::<Referrals>([posted(requirements())]).when(withdraw("BORED")).then_refused("FIELD_INVALID");
    given::<Referrals>(proposed()).when(withdraw("OTHER")).then_refused("AWARD_IN_PROGRESS");
    let confirm = referrals_domain::ConfirmAward { award: award(1), agreement: agreement(), at: at(6) };
    let mut events = proposed();
    events.extend(decided(&events, confirm));
    given::<Referrals>(events).when(withdraw("OTHER")).then_refused("REFERRAL_NOT_OPEN");
    assert_eq!(cascade().len(), 3);
}
