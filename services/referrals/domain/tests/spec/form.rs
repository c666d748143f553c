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
        route_into_care: code("HOMELESS_16_17"),
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

fn by_route(route: &str, age_years: u8) -> Requirements {
    Requirements { age_years, ..asking(Profile { route_into_care: code(route), ..Profile::default() }) }
}

#[test]
fn the_homeless_are_16_or_17_and_care_leavers_16_to_24() {
    for (route, oldest) in [("HOMELESS_16_17", 17), ("CARE_LEAVER", 24)] {
        assert_eq!(refused_fields(by_route(route, 15)), ["route_into_care"]);
        for age in [16, oldest] {
            let asked = by_route(route, age);
            given::<Referrals>([]).when(post(asked.clone())).then([posted(asked)]);
        }
        assert_eq!(refused_fields(by_route(route, oldest + 1)), ["age_years"]);
    }
    for route in ["CHILD_IN_CARE", "CHILD_IN_NEED"] {
        assert_eq!(refused_fields(by_route(route, 18)), ["age_years"]);
    }
}

#[test]
fn a_care_leaver_of_age_is_sought_any_provision_but_what_takes_children_only() {
    let secure = vec!["SECURE".to_owned()];
    let asked = |age| Requirements { provisions: secure.clone(), ..by_route("CARE_LEAVER", age) };
    assert_eq!(refused_fields(asked(18)), ["provisions"]);
    given::<Referrals>([]).when(post(asked(17))).then([posted(asked(17))]);
    for sought in ["SUPPORTED_ACCOMMODATION", "FOSTERING", "RESIDENTIAL"] {
        let asked = Requirements { provisions: vec![sought.to_owned()], ..by_route("CARE_LEAVER", 19) };
        given::<Referrals>([]).when(post(asked.clone())).then([posted(asked)]);
    }
}

#[test]
fn a_radius_is_measured_from_somewhere() {
    let nowhere = Requirements { anchor: None, ..requirements() };
    assert_eq!(refused_fields(nowhere.clone()), ["max_distance_miles"]);
    let anywhere = Requirements { max_distance_miles: None, ..nowhere };
    given::<Referrals>([]).when(post(anywhere.clone())).then([posted(anywhere)]);
}

#[test]
fn a_form_that_contradicts_itself_is_refused_where_it_does() {
    let form =
        |siblings: Option<&str>, size: Option<u8>, needs: &[&str], parent: Option<&str>| Requirements {
            sibling_group_size: size,
            needs: codes(needs),
            ..asking(Profile {
                siblings: siblings.and_then(code),
                parent_and_child: parent.and_then(code),
                ..Profile::default()
            })
        };
    for (wrong, fields) in [
        (form(Some("REQUIRED"), Some(1), &[], None), vec!["sibling_group_size"]),
        (form(Some("NO_SIBLINGS"), Some(3), &[], None), vec!["sibling_group_size"]),
        (form(Some("APART"), Some(2), &[], None), vec!["sibling_group_size"]),
        (form(Some("NO_SIBLINGS"), None, &["SIBLINGS"], None), vec!["needs"]),
        (form(None, Some(1), &["SIBLINGS"], None), vec!["needs"]),
        (form(None, None, &["PARENT_CHILD"], Some("NO")), vec!["needs"]),
        (
            form(Some("APART"), Some(3), &["SIBLINGS", "PARENT_CHILD"], Some("NO")),
            vec!["sibling_group_size", "needs", "needs"],
        ),
    ] {
        assert_eq!(refused_fields(wrong.clone()), fields, "{wrong:?}");
    }
    for right in [
        form(Some("REQUIRED"), Some(2), &["SIBLINGS"], None),
        form(Some("REQUIRED"), None, &[], None),
        form(Some("PREFERRED"), Some(1), &[], None),
        form(Some("NO_SIBLINGS"), Some(1), &[], Some("NO")),
        form(Some("APART"), None, &[], None),
        form(None, Some(3), &["SIBLINGS", "PARENT_CHILD"], Some("PARENT")),
        form(None, None, &["SIBLINGS", "PARENT_CHILD"], None),
    ] {
        given::<Referrals>([]).when(post(right.clone())).then([posted(right)]);
    }
}

#[test]
fn a_code_that_stands_twice_is_named_once_and_none_is_offered_that_cannot_be_sought() {
    let told = |asked: Requirements| {
        let refused = given::<Referrals>([]).when(post(asked)).then_refused("FIELD_INVALID");
        refused.violations().into_iter().map(|it| it.description).collect::<Vec<_>>()
    };
    let thrice = Requirements { needs: codes(&["TRAUMA", "AUTISM", "TRAUMA", "TRAUMA"]), ..requirements() };
    assert_eq!(told(thrice), ["TRAUMA stands more than once: send it once"]);
    let castle = Requirements { provisions: codes(&["CASTLE", "CASTLE"]), ..requirements() };
    let castle = told(castle);
    assert_eq!(castle.len(), 1, "{castle:?}");
    assert!(castle[0].contains("RESIDENTIAL") && !castle[0].contains("UNREGISTERED"), "{castle:?}");
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
        max_distance_miles: None,
        ..requirements()
    };
    let command = PostReferral { identity: None, narrative: None, ..post(nothing) };
    let nothing = completeness(command);
    assert_eq!((nothing.unknown.len(), nothing.thousandths()), (23, 0));
}
