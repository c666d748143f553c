//! What a child's coming may mean for the children who live in a home, and theirs for the child: a score that ranks places.
//!
//! It is a prompt and no assessment. It knows what a provider stated of the group and what the referral says of the child, weighs pairs of
//! them after the table below, and says so in words. The registered person's impact risk assessment decides; a place without a concern
//! here may still be wrong, and one with several right.

use crate::needs::NeedSet;
use std::fmt;
use std::sync::LazyLock;

/// The version of the table and of the two rules on ages.
pub const IMPACT_VERSION: u16 = 1;

/// A pair of needs that weigh against each other, whichever of the two the child brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// One need, a code of `code_sets::NEED`.
    pub one: &'static str,
    /// The other; the same one where two such children weigh on each other.
    pub other: &'static str,
    /// How much it weighs, 1 to 3.
    pub weight: u8,
    /// Why.
    pub why: &'static str,
}

const fn pair(one: &'static str, other: &'static str, weight: u8, why: &'static str) -> Pair {
    Pair { one, other, weight, why }
}

/// The pairs that weigh. Practice, as providers' impact risk assessments ask; no law and no statistics set these weights.
pub const PAIRS: [Pair; 12] = [
    pair(
        "HARMFUL_SEXUAL_BEHAVIOUR",
        "LEARNING_DISABILITY",
        3,
        "a child who may be harmed and less able to tell",
    ),
    pair("HARMFUL_SEXUAL_BEHAVIOUR", "EXPLOITATION", 3, "a child who has been exploited may be harmed again"),
    pair("EXPLOITATION", "EXPLOITATION", 2, "those who exploit one child reach the other"),
    pair("EXPLOITATION", "LEARNING_DISABILITY", 2, "a child who is drawn in more easily"),
    pair("EXPLOITATION", "MISSING", 2, "children who go missing together go to whom one of them knows"),
    pair("EXPLOITATION", "OFFENDING", 2, "one child is drawn into what the other is used for"),
    pair("MISSING", "MISSING", 2, "children who go missing together"),
    pair("OFFENDING", "OFFENDING", 2, "children who offend together"),
    pair("SELF_HARM", "SELF_HARM", 2, "one child's self-harm sets off the other's"),
    pair("SUBSTANCE_MISUSE", "SUBSTANCE_MISUSE", 2, "children who use together"),
    pair("SUBSTANCE_MISUSE", "MENTAL_HEALTH", 1, "drugs in the home beside a child who is ill"),
    pair("SUBSTANCE_MISUSE", "SELF_HARM", 1, "drugs in the home beside a child who harms itself"),
];

/// From how many years between the child and the youngest or oldest in the home a gap weighs.
pub const AGE_GAP_YEARS: u8 = 5;
/// What it weighs.
pub const AGE_GAP_WEIGHT: u8 = 1;
/// From how many years between a child with harmful sexual behaviour and a younger one that weighs.
pub const YOUNGER_YEARS: u8 = 2;
/// What it weighs.
pub const YOUNGER_WEIGHT: u8 = 3;

/// The codes of each pair as sets, looked up once.
static PAIR_SETS: LazyLock<[[NeedSet; 2]; PAIRS.len()]> =
    LazyLock::new(|| PAIRS.map(|pair| [pair.one, pair.other].map(NeedSet::code)));

const HARMFUL: &str = "HARMFUL_SEXUAL_BEHAVIOUR";

/// One thing that weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// A pair of needs.
    Pair {
        /// The child's.
        child: &'static str,
        /// One that is present in the home.
        home: &'static str,
        /// The pair in the table.
        pair: &'static Pair,
    },
    /// The child is much younger or older than another.
    AgeGap {
        /// How many years.
        years: u8,
    },
    /// A child with harmful sexual behaviour beside a younger one.
    Younger {
        /// Whether it is the child that comes who is the younger one.
        child: bool,
        /// How many years.
        years: u8,
    },
}

impl Concern {
    /// How much it weighs.
    #[must_use]
    pub fn weight(&self) -> u8 {
        match self {
            Self::Pair { pair, .. } => pair.weight,
            Self::AgeGap { .. } => AGE_GAP_WEIGHT,
            Self::Younger { .. } => YOUNGER_WEIGHT,
        }
    }
}

impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pair { child, home, pair } => {
                write!(f, "{child} beside {home}: {}", pair.why)
            }
            Self::AgeGap { years } => write!(f, "{years} years between the child and another"),
            Self::Younger { child: true, years } => {
                write!(f, "{HARMFUL} in the home, where another may be {years} years older than the child")
            }
            Self::Younger { child: false, years } => {
                write!(f, "{HARMFUL}, and another child is {years} years younger")
            }
        }
    }
}

/// Who lives in a home, as the index keeps it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) children: u16,
    pub(crate) age_from: u8,
    pub(crate) age_to: u8,
    pub(crate) needs: NeedSet,
}

/// What weighs for one child, worked out once for all homes.
pub(crate) struct Child {
    age: Option<u8>,
    harmful: bool,
    harmful_code: NeedSet,
    /// The pairs that the child's needs are in: the child's, the home's as code and set.
    pairs: Vec<(&'static str, &'static str, NeedSet, &'static Pair)>,
}

impl Child {
    pub(crate) fn of(needs: NeedSet, age: Option<u8>) -> Self {
        let has = |set: NeedSet| !set.and(needs).is_empty();
        let mut pairs = Vec::new();
        for (pair, [one, other]) in PAIRS.iter().zip(&*PAIR_SETS) {
            if has(*one) {
                pairs.push((pair.one, pair.other, *other, pair));
            }
            if pair.one != pair.other && has(*other) {
                pairs.push((pair.other, pair.one, *one, pair));
            }
        }
        let harmful_code = NeedSet::code(HARMFUL);
        Self { age, harmful: has(harmful_code), harmful_code, pairs }
    }

    /// What weighs between the child and a group.
    pub(crate) fn concerns(&self, group: &Group) -> impl Iterator<Item = Concern> {
        let (group, lived_in) = (*group, group.children > 0);
        let pairs = self.pairs.iter().filter(move |(_, _, home, _)| !home.and(group.needs).is_empty());
        let pairs = pairs.map(|(child, home, _, pair)| Concern::Pair { child, home, pair });
        let ages = self.age.map(|age| {
            let (younger, older) = (age.saturating_sub(group.age_from), group.age_to.saturating_sub(age));
            let gap = younger.max(older);
            let harmful_home = !self.harmful_code.and(group.needs).is_empty();
            [
                (gap >= AGE_GAP_YEARS).then_some(Concern::AgeGap { years: gap }),
                (self.harmful && younger >= YOUNGER_YEARS)
                    .then_some(Concern::Younger { child: false, years: younger }),
                (harmful_home && older >= YOUNGER_YEARS)
                    .then_some(Concern::Younger { child: true, years: older }),
            ]
        });
        let all = pairs.chain(ages.into_iter().flatten().flatten());
        all.filter(move |_| lived_in)
    }

    /// The place in the order, 0 for the best: nothing found, nothing stated, then by what weighs. A home of which nothing is stated stands
    /// behind those where nothing was found and before those where something was: nothing is known against it, and nothing for it.
    pub(crate) fn rank(&self, group: Option<&Group>) -> u8 {
        group.map_or(1, |group| match self.score(group) {
            0 => 0,
            score => score.saturating_add(1),
        })
    }

    /// The sum of what weighs, up to 255.
    pub(crate) fn score(&self, group: &Group) -> u8 {
        self.concerns(group).fold(0, |sum: u8, concern| sum.saturating_add(concern.weight()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Child, Group, NeedSet, PAIRS};
    use care::code_sets;

    fn set(codes: &[&str]) -> NeedSet {
        NeedSet::of(&codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>())
    }

    fn group(children: u16, age_from: u8, age_to: u8, needs: &[&str]) -> Group {
        Group { children, age_from, age_to, needs: set(needs) }
    }

    #[test]
    fn pairs_name_codes_once_and_weigh_either_way_round() {
        for (index, pair) in PAIRS.iter().enumerate() {
            assert!(code_sets::NEED.label(pair.one).is_some() && code_sets::NEED.label(pair.other).is_some());
            assert!((1..=3).contains(&pair.weight));
            let same = |it: &&super::Pair| {
                (it.one, it.other) == (pair.one, pair.other) || (it.one, it.other) == (pair.other, pair.one)
            };
            assert_eq!(PAIRS.iter().position(|it| same(&it)), Some(index));
            for (child, home) in [(pair.one, pair.other), (pair.other, pair.one)] {
                let child = Child::of(set(&[child]), None);
                assert_eq!(child.score(&group(2, 0, 0, &[home])), pair.weight, "{pair:?}");
            }
        }
    }

    #[test]
    fn ages_weigh_from_so_many_years_on_and_an_empty_home_has_nobody_to_weigh() {
        let child = |needs: &[&str]| Child::of(set(needs), Some(14));
        assert_eq!(child(&[]).score(&group(3, 10, 18, &[])), 0);
        assert_eq!(child(&[]).score(&group(3, 9, 14, &[])), 1);
        assert_eq!(child(&[]).score(&group(3, 14, 19, &[])), 1);
        assert_eq!(child(&["HARMFUL_SEXUAL_BEHAVIOUR"]).score(&group(1, 13, 17, &[])), 0);
        assert_eq!(child(&["HARMFUL_SEXUAL_BEHAVIOUR"]).score(&group(1, 12, 17, &[])), 3);
        assert_eq!(child(&[]).score(&group(2, 14, 16, &["HARMFUL_SEXUAL_BEHAVIOUR"])), 3);
        assert_eq!(child(&[]).score(&group(2, 14, 15, &["HARMFUL_SEXUAL_BEHAVIOUR"])), 0);
        assert_eq!(child(&["SELF_HARM"]).score(&group(0, 0, 0, &["SELF_HARM"])), 0);
    }

    #[test]
    fn what_is_not_stated_stands_between_nothing_and_something() {
        let child = Child::of(set(&["SELF_HARM"]), None);
        let ranks = [
            child.rank(Some(&group(2, 12, 14, &[]))),
            child.rank(None),
            child.rank(Some(&group(2, 12, 14, &["SUBSTANCE_MISUSE"]))),
            child.rank(Some(&group(2, 12, 14, &["SELF_HARM"]))),
        ];
        assert_eq!(ranks, [0, 1, 2, 3]);
        let said: Vec<String> =
            child.concerns(&group(2, 12, 14, &["SELF_HARM"])).map(|concern| concern.to_string()).collect();
        assert_eq!(said, ["SELF_HARM beside SELF_HARM: one child's self-harm sets off the other's"]);
    }
}
