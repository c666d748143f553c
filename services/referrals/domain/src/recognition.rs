//! How easily a child could be recognised by what providers would be shown, and what to blur.
//!
//! No name is shown before an award, but a rare combination can be one: a group of six siblings, or four needs in a small town. What is
//! shown of a child fits some of the region's children; the fewer, the more it says. Somebody who recognises a child knows more of it than
//! was shown, so that a child fits who has everything that is shown, and perhaps more.

use crate::profile::Profile;
use crate::requirements::{AgeBand, Requirements};
use std::collections::BTreeSet;
use std::fmt;

/// A combination that fits fewer children than this is rare. Five is the smallest number of children that DfE's statistics of looked-after
/// children have long shown, and what Darlington rounds up to.
pub const ALIKE_MIN: usize = 5;

/// What a provider is shown before an award that says something about who the child is. What is not known is not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traits {
    age_band: AgeBand,
    sex: Option<String>,
    needs: BTreeSet<String>,
    outcode: Option<String>,
    sibling_group_size: Option<u8>,
    /// The codes of the wider form, by field.
    told: BTreeSet<(&'static str, String)>,
}

/// One thing that is shown of a child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trait {
    /// How many siblings seek a home together.
    SiblingGroupSize(u8),
    /// The outcode that distances are measured from.
    Outcode(String),
    /// A need, a code of `code_sets::NEED`.
    Need(String),
    /// A code of the wider form.
    Told {
        /// The field.
        field: &'static str,
        /// The code.
        code: String,
    },
    /// The sex, M or F.
    Sex(String),
    /// The age band.
    AgeBand(AgeBand),
}

impl Trait {
    /// The field of the referral's requirements that it is shown from.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::SiblingGroupSize(_) => "sibling_group_size",
            Self::Outcode(_) => "anchor",
            Self::Need(_) => "needs",
            Self::Told { field, .. } => field,
            Self::Sex(_) => "sex",
            Self::AgeBand(_) => "age_years",
        }
    }

    /// Its value: a code, an outcode, a number.
    #[must_use]
    pub fn value(&self) -> String {
        match self {
            Self::SiblingGroupSize(size) => size.to_string(),
            Self::Outcode(text) | Self::Need(text) | Self::Sex(text) => text.clone(),
            Self::Told { code, .. } => code.clone(),
            Self::AgeBand(band) => format!("{band:?}"),
        }
    }

    /// Whether the council may leave it out of what it asks for: a home is found for an age.
    fn may_be_blurred(&self) -> bool {
        !matches!(self, Self::AgeBand(_))
    }

    fn fits(&self, other: &Traits) -> bool {
        match self {
            Self::SiblingGroupSize(size) => other.sibling_group_size == Some(*size),
            Self::Outcode(outcode) => other.outcode.as_ref() == Some(outcode),
            Self::Need(need) => other.needs.contains(need),
            Self::Told { field, code } => other.told.contains(&(*field, code.clone())),
            Self::Sex(sex) => other.sex.as_ref() == Some(sex),
            Self::AgeBand(band) => other.age_band == *band,
        }
    }
}

/// What it would take to say less, in words for the council.
impl fmt::Display for Trait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SiblingGroupSize(size) => {
                write!(
                    f,
                    "leave out that {size} siblings seek a home together, and tell it to those who are shortlisted"
                )
            }
            Self::Outcode(outcode) => {
                write!(f, "measure from an outcode that more children come from than {outcode}, or from none")
            }
            Self::Need(need) => {
                write!(f, "leave out the need {need}, and tell it to those who are shortlisted")
            }
            Self::Told { field, code } => {
                write!(f, "leave {code} out of {field}, and tell it to those who are shortlisted")
            }
            Self::Sex(sex) => write!(f, "leave out the sex {sex}"),
            Self::AgeBand(_) => f.write_str("leave out the age"),
        }
    }
}

impl Traits {
    /// Those of a referral.
    #[must_use]
    pub fn of(asked: &Requirements) -> Self {
        Self {
            age_band: AgeBand::of(asked.age_years),
            sex: Some(asked.sex.clone()).filter(|sex| sex != "U"),
            needs: asked.needs.iter().cloned().collect(),
            outcode: asked.outcode().map(str::to_owned),
            sibling_group_size: asked.sibling_group_size,
            told: told(&asked.profile),
        }
    }

    /// Each by itself, those first that are given up first where several would do as well.
    fn shown(&self) -> Vec<Trait> {
        let siblings = self.sibling_group_size.map(Trait::SiblingGroupSize);
        let outcode = self.outcode.clone().map(Trait::Outcode);
        let needs = self.needs.iter().cloned().map(Trait::Need);
        let told = self.told.iter().cloned().map(|(field, code)| Trait::Told { field, code });
        let sex = self.sex.clone().map(Trait::Sex);
        siblings
            .into_iter()
            .chain(outcode)
            .chain(needs)
            .chain(told)
            .chain(sex)
            .chain([Trait::AgeBand(self.age_band)])
            .collect()
    }
}

/// The codes of the wider form that every provider to whom a referral is released sees. That there is none of something is like most
/// children and tells nobody who it is.
fn told(from: &Profile) -> BTreeSet<(&'static str, String)> {
    let lists = [
        ("risks", from.risks.as_slice()),
        ("strengths", from.strengths.as_slice()),
        ("education.phase", from.education.phase.as_slice()),
        ("siblings", from.siblings.as_slice()),
        ("parent_and_child", from.parent_and_child.as_slice()),
        ("deprivation_of_liberty", from.deprivation_of_liberty.as_slice()),
        ("exclusions", from.exclusions.as_slice()),
    ];
    let each =
        lists.into_iter().flat_map(|(field, codes)| codes.iter().map(move |code| (field, code.clone())));
    each.filter(|(_, code)| !matches!(code.as_str(), "NONE" | "NO" | "NO_SIBLINGS")).collect()
}

/// One step of saying less.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blur {
    /// What would not be shown any more.
    pub less: Trait,
    /// How many children would fit then, after the steps before it too.
    pub alike: usize,
}

/// How easily a child could be recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognition {
    /// How many of the referrals compared with fit all that would be shown, the child's own among them: 1 is one of a kind.
    pub alike: usize,
    /// How many there are to compare with, the child's own among them.
    pub compared: usize,
    /// What to blur, one after the other, until [`ALIKE_MIN`] fit or nothing helps any more; empty where enough do.
    pub blurs: Vec<Blur>,
}

impl Recognition {
    /// Of a child with these traits among `others`, which are all referrals to compare with but its own.
    #[must_use]
    pub fn of(own: &Traits, others: &[Traits]) -> Self {
        let mut shown = own.shown();
        let alike = alike(&shown, others);
        let mut recognition = Self { alike, compared: others.len() + 1, blurs: Vec::new() };
        let mut now = alike;
        while now < ALIKE_MIN {
            // The first of those that help most; what helps nobody alone may help once something else is left out.
            let without = |index: usize| {
                let mut less = shown.clone();
                less.remove(index);
                self::alike(&less, others)
            };
            let may = (0..shown.len()).filter(|index| shown[*index].may_be_blurred());
            let best = may
                .map(|index| (without(index), index))
                .max_by_key(|(alike, index)| (*alike, std::cmp::Reverse(*index)));
            let Some((alike, index)) = best else { break };
            recognition.blurs.push(Blur { less: shown.remove(index), alike });
            now = alike;
        }
        recognition.drop_idle_steps(own, others);
        recognition
    }

    /// Leaves out steps without which as many would fit in the end, so that nothing is kept from providers for nothing.
    fn drop_idle_steps(&mut self, own: &Traits, others: &[Traits]) {
        let Some(reached) = self.blurs.last().map(|last| last.alike) else { return };
        let after = |steps: &[Blur]| {
            let kept = own.shown().into_iter().filter(|one| steps.iter().all(|step| step.less != *one));
            alike(&kept.collect::<Vec<_>>(), others)
        };
        let mut index = 0;
        while index < self.blurs.len() {
            let mut fewer = self.blurs.clone();
            fewer.remove(index);
            if after(&fewer) >= reached.min(ALIKE_MIN) {
                self.blurs = fewer;
            } else {
                index += 1;
            }
        }
        for steps in 1..=self.blurs.len() {
            self.blurs[steps - 1].alike = after(&self.blurs[..steps]);
        }
    }
}

/// How many fit, the child itself among them.
fn alike(shown: &[Trait], others: &[Traits]) -> usize {
    1 + others.iter().filter(|other| shown.iter().all(|one| one.fits(other))).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traits(needs: &[&str], outcode: &str, siblings: Option<u8>) -> Traits {
        Traits {
            age_band: AgeBand::From13To15,
            sex: Some("F".into()),
            needs: needs.iter().map(|need| (*need).to_owned()).collect(),
            outcode: Some(outcode.into()),
            sibling_group_size: siblings,
            told: BTreeSet::new(),
        }
    }

    #[test]
    fn a_child_like_many_is_not_easily_recognised() {
        let own = traits(&["TRAUMA"], "DL1", None);
        // They have more than is shown of the child.
        let others = vec![traits(&["TRAUMA", "AUTISM"], "DL1", Some(2)); 4];
        let found = Recognition::of(&own, &others);
        assert_eq!(found, Recognition { alike: 5, compared: 5, blurs: Vec::new() });
    }

    #[test]
    fn what_is_rare_is_named_and_what_helps_nothing_is_not() {
        let own = traits(&["TRAUMA"], "DL1", Some(6));
        let others = vec![traits(&["TRAUMA"], "DL1", Some(2)); 7];
        let found = Recognition::of(&own, &others);
        assert_eq!((found.alike, found.compared), (1, 8));
        assert_eq!(found.blurs, [Blur { less: Trait::SiblingGroupSize(6), alike: 8 }]);
    }

    #[test]
    fn two_rare_things_are_both_named_though_neither_helps_alone() {
        let own = traits(&["TRAUMA", "OFFENDING"], "DL1", Some(6));
        let others = vec![traits(&["TRAUMA"], "DL1", None); 9];
        let found = Recognition::of(&own, &others);
        let less: Vec<_> = found.blurs.iter().map(|blur| (blur.less.field(), blur.alike)).collect();
        assert_eq!(less, [("sibling_group_size", 1), ("needs", 10)]);
    }

    #[test]
    fn what_is_not_known_of_others_makes_nobody_alike() {
        let own = traits(&[], "DL1", None);
        let unknown = Traits { sex: None, outcode: None, ..own.clone() };
        let found = Recognition::of(&own, &vec![unknown; 9]);
        assert_eq!(found.alike, 1);
        // And what is not known of the child is not shown, so that it fits anybody.
        let own = Traits { sex: None, outcode: None, ..own };
        assert_eq!(Recognition::of(&own, &vec![traits(&[], "NE1", Some(3)); 9]).alike, 10);
    }

    #[test]
    fn the_age_is_never_blurred_and_one_of_a_kind_stays_so() {
        let own = traits(&["TRAUMA"], "DL1", None);
        let younger = Traits { age_band: AgeBand::From0To4, ..own.clone() };
        let found = Recognition::of(&own, &vec![younger; 9]);
        assert_eq!((found.alike, found.blurs), (1, Vec::new()));
    }

    #[test]
    fn a_rare_code_of_the_wider_form_is_named_and_that_there_is_none_is_not_shown() {
        let own = traits(&[], "DL1", None);
        let mut rare = own.clone();
        let form = |siblings: &str| Profile {
            risks: vec!["FIRE".to_owned()],
            deprivation_of_liberty: Some("NO".to_owned()),
            siblings: Some(siblings.to_owned()),
            ..Profile::default()
        };
        rare.told = told(&form("NO_SIBLINGS"));
        assert_eq!(rare.told, BTreeSet::from([("risks", "FIRE".to_owned())]));
        let found = Recognition::of(&rare, &vec![own; 7]);
        let less = Trait::Told { field: "risks", code: "FIRE".to_owned() };
        assert_eq!((found.alike, found.blurs), (1, vec![Blur { less, alike: 8 }]));
        assert!(told(&form("APART")).contains(&("siblings", "APART".to_owned())));
    }
}
