//! Given/when/then for the wider form: risks and strengths, education, family time, siblings, routes and exclusions; and how much of it is
//! known.

use crate::support::{post, posted, referral, requirements, sealed};
use care::spec::given;
use care::{CouncilId, Refusal};
use referrals_domain::{
    AVOID_AREAS_MAX, Background, BackgroundPart, Completeness, Education, FamilyTime, PostReferral, Profile,
    Referrals, Requirements,
};

fn codes(list: &[&str]) -> Vec<String> {
    list.iter().map(|code| (*code).to_owned()).collect()
}

fn code(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Everything of it known.
pub(crate) fn whole() -> Profile {
    Profile {
        risks: codes(&["MISSING", "CRIMINAL_EXPLOITATION"]),
        strengths: codes(&["HUMOUR", "SPORT"]),
        education: Education { phase: code("SECONDARY"), ehcp: code("YES"), send: codes(&["SEMH"]) },
        family_time: FamilyTime { frequency: code("WEEKLY"), max_miles: Some(15) },
        siblings: code("PREFERRED"),
        sibling_reason: code("BOND"),
        parent_and_child: code("NO"),
        deprivation_of_liberty: code("SOUGHT"),
        national_transfer: code("NO"),
        route_into_care: code("CHILD_IN_CARE"),
        exclusions: codes(&["PETS", "MALE_CARERS"]),
        avoid_areas: ["E06000002".parse().unwrap()].into(),
    }
}

fn asking(profile: Profile) -> Requirements {
    Requirements { profile, ..requirements() }
}

fn refused_fields(asked: Requirements) -> Vec<String> {
    let refused = given::<Referrals>([]).when(post(asked)).then_refused("FIELD_INVALID");
    refused.violations().into_iter().map(|violation| violation.field).collect()
}

#[test]
fn a_whole_form_is_posted_as_it_is() {
    given::<Referrals>([])
        .when(post(asking(whole())))
        .then([posted(asking(whole()))])
        .then_state(|state| assert_eq!(state.referrals[&referral(1)].requirements.profile, whole()));
}

#[test]
fn everything_wrong_with_a_form_is_said_at_once() {
    let wrong = Profile {
        risks: codes(&["NONE", "FIRE"]),
        strengths: codes(&["LUCK"]),
        education: Education {
            phase: code("UNIVERSITY"),
            ehcp: code("MAYBE"),
            send: codes(&["NONE", "MLD"]),
        },
        family_time: FamilyTime { frequency: code("YEARLY"), max_miles: Some(401) },
        siblings: code("SOMETIMES"),
        sibling_reason: code("BOND"),
        parent_and_child: code("TWINS"),
        deprivation_of_liberty: code("SOON"),
        national_transfer: code("REFERRED"),
        route_into_care: code("CARE_LEAVER"),
        exclusions: codes(&["PETS", "PETS"]),
        avoid_areas: (1..=60)
            .filter_map(|n| format!("E0600{n:04}").parse::<CouncilId>().ok())
            .take(AVOID_AREAS_MAX + 1)
            .collect(),
    };
    let expected = [
        "risks",
        "strengths",
        "education.phase",
        "education.ehcp",
        "education.send",
        "family_time.frequency",
        "family_time.max_miles",
        "siblings",
        "sibling_reason",
        "parent_and_child",
        "deprivation_of_liberty",
        "national_transfer",
        "route_into_care",
        "exclusions",
        "avoid_areas",
    ];
    assert_eq!(refused_fields(asking(wrong)), expected);
}

#[test]
fn the_transfer_scheme_is_for_unaccompanied_children() {
    let scheme = Profile { national_transfer: code("TRANSFERRED"), ..Profile::default() };
    assert_eq!(refused_fields(asking(scheme.clone())), ["national_transfer"]);
    let alone = Requirements { uasc: true, ..asking(scheme) };
    given::<Referrals>([]).when(post(alone.clone())).then([posted(alone)]);
}

#[test]
fn the_homeless_and_care_leavers_are_16_or_17() {
    for route in ["HOMELESS_16_17", "CARE_LEAVER"] {
        let asked = asking(Profile { route_into_care: code(route), ..Profile::default() });
        let younger = Requirements { age_years: 15, ..asked.clone() };
        assert_eq!(refused_fields(younger), ["route_into_care"]);
        let older = Requirements { age_years: 16, ..asked };
        given::<Referrals>([]).when(post(older.clone())).then([posted(older)]);
    }
}

#[test]
fn a_reason_is_given_for_siblings_who_are_there() {
    let reason = Profile { sibling_reason: code("SAFETY"), ..Profile::default() };
    assert_eq!(refused_fields(asking(reason.clone())), ["sibling_reason"]);
    let none = Profile { siblings: code("NO_SIBLINGS"), ..reason.clone() };
    assert_eq!(refused_fields(asking(none)), ["sibling_reason"]);
    let apart = asking(Profile { siblings: code("APART"), ..reason });
    given::<Referrals>([]).when(post(apart.clone())).then([posted(apart)]);
}

#[test]
fn risks_without_a_strength_are_one_sided() {
    let told = |risks: &[&str], strengths: &[&str]| {
        Profile { risks: codes(risks), strengths: codes(strengths), ..Profile::default() }.is_one_sided()
    };
    assert!(told(&["FIRE"], &[]));
    assert!(!told(&["FIRE"], &["HUMOUR"]));
    assert!(!told(&["NONE"], &[]), "no risk is known");
    assert!(!told(&[], &[]), "nothing is known");
}

fn completeness(command: PostReferral) -> Completeness {
    let mut found = None;
    given::<Referrals>([])
        .when(command)
        .then_events(|events| assert_eq!(events.len(), 1))
        .then_state(|state| found = Some(Completeness::of(&state.referrals[&referral(1)])));
    found.unwrap()
}

#[test]
fn what_is_not_known_is_counted() {
    let background = Background {
        sealed: sealed("codes"),
        known: [BackgroundPart::Health, BackgroundPart::Language].into(),
    };
    let known = completeness(PostReferral { background: Some(background), ..post(asking(whole())) });
    assert_eq!(known.unknown, ["identity.ethnicity", "identity.religion"]);
    assert_eq!((known.of, known.thousandths()), (23, 913));
    let nothing = Requirements {
        sex: "U".to_owned(),
        needs: Vec::new(),
        category_of_need: None,
        legal_status: None,
        expected_weeks: None,
        anchor: None,
        ..requirements()
    };
    let command = PostReferral { identity: None, narrative: None, ..post(nothing) };
    let nothing = completeness(command);
    assert_eq!((nothing.unknown.len(), nothing.thousandths()), (23, 0));
}
