use super::*;
use care::published::FunderShare;
use care::{Date, code_sets};
use proptest::prelude::*;

fn asked(needs: &[&str], outcode: &str, siblings: Option<u8>) -> Requirements {
    Requirements {
        provisions: vec!["RESIDENTIAL".to_owned()],
        age_years: 14,
        age_assessed: false,
        sex: "F".to_owned(),
        needs: needs.iter().map(|need| (*need).to_owned()).collect(),
        category_of_need: None,
        legal_status: None,
        urgency: "PLANNED".to_owned(),
        needed_from: Date::constant(2026, 6, 1),
        expected_weeks: None,
        anchor: Some(outcode.to_owned()).filter(|outcode| !outcode.is_empty()),
        max_distance_miles: None,
        solo: false,
        sibling_group_size: siblings,
        uasc: false,
        budget_code: None,
        funders: vec![FunderShare { funder: "SOCIAL_CARE".to_owned(), basis_points: 10_000 }],
        profile: Profile::default(),
    }
}

fn recognition(own: &Requirements, others: &[Requirements]) -> Recognition {
    let mut comparison = Comparison::of(own);
    others.iter().for_each(|other| comparison.add(other));
    comparison.recognition()
}

#[test]
fn a_child_like_many_is_not_easily_recognised() {
    let own = asked(&["TRAUMA"], "DL1", None);
    // They have more than is shown of the child.
    let others = vec![asked(&["TRAUMA", "AUTISM"], "DL1", Some(2)); 4];
    assert_eq!(recognition(&own, &others), Recognition { alike: 5, compared: 5, blurs: Vec::new() });
}

#[test]
fn what_is_rare_is_named_and_what_helps_nothing_is_not() {
    let own = asked(&["TRAUMA"], "DL1", Some(6));
    let found = recognition(&own, &vec![asked(&["TRAUMA"], "DL1", Some(2)); 7]);
    assert_eq!((found.alike, found.compared), (1, 8));
    assert_eq!(found.blurs, [Blur { less: Trait::SiblingGroupSize(6), alike: 8 }]);
}

#[test]
fn two_rare_things_are_both_named_though_neither_helps_alone() {
    let own = asked(&["TRAUMA", "OFFENDING"], "DL1", Some(6));
    let found = recognition(&own, &vec![asked(&["TRAUMA"], "DL1", None); 9]);
    let less: Vec<_> = found.blurs.iter().map(|blur| (blur.less.field(), blur.alike)).collect();
    assert_eq!(less, [("sibling_group_size", 1), ("needs", 10)]);
}

#[test]
fn what_is_not_known_of_others_makes_nobody_alike() {
    let own = asked(&[], "DL1", None);
    let unknown = Requirements { sex: "U".to_owned(), anchor: None, ..own.clone() };
    assert_eq!(recognition(&own, &vec![unknown.clone(); 9]).alike, 1);
    // And what is not known of the child is not shown, so that it fits anybody.
    assert_eq!(recognition(&unknown, &vec![asked(&[], "NE1", Some(3)); 9]).alike, 10);
}

#[test]
fn the_age_is_never_blurred_and_one_of_a_kind_stays_so() {
    let own = asked(&["TRAUMA"], "DL1", None);
    let younger = Requirements { age_years: 4, ..own.clone() };
    let found = recognition(&own, &vec![younger; 9]);
    assert_eq!((found.alike, found.blurs), (1, Vec::new()));
}

#[test]
fn a_rare_code_of_the_wider_form_is_named_and_that_there_is_none_is_not_shown() {
    let own = asked(&[], "DL1", None);
    let form = |siblings: &str| Profile {
        risks: vec!["FIRE".to_owned()],
        deprivation_of_liberty: Some("NO".to_owned()),
        siblings: Some(siblings.to_owned()),
        ..Profile::default()
    };
    let fire = Trait::Told { field: "risks", code: "FIRE".to_owned() };
    let rare = Requirements { profile: form("NO_SIBLINGS"), ..own.clone() };
    let told = |asked: &Requirements| {
        shown(asked).into_iter().filter(|it| matches!(it, Trait::Told { .. })).collect::<Vec<_>>()
    };
    assert_eq!(told(&rare), std::slice::from_ref(&fire));
    let found = recognition(&rare, &vec![own.clone(); 7]);
    assert_eq!((found.alike, found.blurs), (1, vec![Blur { less: fire, alike: 8 }]));
    let apart = Requirements { profile: form("APART"), ..own };
    assert!(told(&apart).contains(&Trait::Told { field: "siblings", code: "APART".to_owned() }));
}

#[test]
fn there_is_a_bit_for_everything_that_can_be_shown() {
    let lists = [code_sets::NEED, code_sets::RISK, code_sets::STRENGTH, code_sets::EXCLUSION];
    let codes: usize = lists.iter().map(|set| set.codes.len()).sum();
    // One of each of siblings, parent and child, liberty, phase, group size, outcode, sex and age band.
    assert!(codes + 8 <= TRAITS_MAX, "{codes} codes");
}

/// The same without bits: every trait that is left is held against every referral, for each step anew.
fn plainly(own: &Requirements, others: &[Requirements]) -> Recognition {
    let alike =
        |shown: &[Trait]| 1 + others.iter().filter(|other| shown.iter().all(|one| one.fits(other))).count();
    let all = shown(own);
    let (mut left, mut blurs) = (all.clone(), Vec::new());
    let mut now = alike(&left);
    let mut found = Recognition { alike: now, compared: others.len() + 1, blurs: Vec::new() };
    while now < ALIKE_MIN {
        let without = |index: usize| {
            let mut less = left.clone();
            less.remove(index);
            alike(&less)
        };
        let may = (0..left.len()).filter(|index| left[*index].may_be_blurred());
        let best =
            may.map(|index| (without(index), index)).max_by_key(|(alike, index)| (*alike, Reverse(*index)));
        let Some((alike, index)) = best else { break };
        blurs.push(left.remove(index));
        now = alike;
    }
    let after = |steps: &[Trait]| {
        let kept: Vec<_> = all.iter().filter(|one| !steps.contains(one)).cloned().collect();
        alike(&kept)
    };
    let mut index = 0;
    while index < blurs.len() {
        let mut fewer = blurs.clone();
        fewer.remove(index);
        if after(&fewer) >= now.min(ALIKE_MIN) {
            blurs = fewer;
        } else {
            index += 1;
        }
    }
    let step = |n: usize| Blur { less: blurs[n].clone(), alike: after(&blurs[..=n]) };
    found.blurs = (0..blurs.len()).map(step).collect();
    found
}

fn some(codes: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    let all: Vec<String> = codes.iter().map(|code| (*code).to_owned()).collect();
    proptest::sample::subsequence(all, 0..=codes.len())
}

/// Of few values, so that some fit and some do not.
fn referrals() -> impl Strategy<Value = Requirements> {
    let siblings = prop::option::weighted(0.3, 2..4_u8);
    let outcode = prop::sample::select(vec!["", "DL1", "DL1", "DL3"]);
    let sex = prop::sample::select(vec!["F", "F", "M", "U"]);
    let parent = prop::option::of(prop::sample::select(vec!["NO".to_owned(), "MOTHER".to_owned()]));
    let form = (some(&["FIRE", "SELF_HARM", "NONE"]), some(&["SPORT", "HUMOUR"]), parent);
    (some(&["TRAUMA", "AUTISM", "OFFENDING"]), outcode, siblings, sex, 11..15_u8, form).prop_map(
        |(needs, outcode, siblings, sex, age_years, (risks, strengths, parent_and_child))| {
            let mut one = asked(&[], outcode, siblings);
            (one.needs, one.sex, one.age_years) = (needs, sex.to_owned(), age_years);
            one.profile = Profile { risks, strengths, parent_and_child, ..Profile::default() };
            one
        },
    )
}

proptest! {
    #[test]
    fn bits_say_what_the_plain_way_says(own in referrals(), others in prop::collection::vec(referrals(), 0..40)) {
        prop_assert_eq!(recognition(&own, &others), plainly(&own, &others));
    }
}
