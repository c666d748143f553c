//! How easily a child could be recognised by what providers would be shown, and what to blur.
//!
//! No name is shown before an award, but a rare combination can be one: a group of six siblings, or four needs in a small town. What is
//! shown of a child fits some of the region's children; the fewer, the more it says. Somebody who recognises a child knows more of it than
//! was shown, so that a child fits who has everything that is shown, and perhaps more.

use crate::profile::Profile;
use crate::requirements::{AgeBand, Requirements};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A combination that fits fewer children than this is rare. Five is the smallest number of children that DfE's statistics of looked-after
/// children have long shown, and what Darlington rounds up to.
pub const ALIKE_MIN: usize = 5;

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

    /// Whether another referral says the same of its child.
    fn fits(&self, other: &Requirements) -> bool {
        match self {
            Self::SiblingGroupSize(size) => other.sibling_group_size == Some(*size),
            Self::Outcode(outcode) => other.outcode() == Some(outcode),
            Self::Need(need) => other.needs.contains(need),
            Self::Told { field, code } => {
                let same = told(&other.profile).into_iter().filter(|(other_field, _)| other_field == field);
                same.flat_map(|(_, codes)| codes).any(|other_code| other_code == code)
            }
            Self::Sex(sex) => other.sex == *sex,
            Self::AgeBand(band) => AgeBand::of(other.age_years) == *band,
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

/// What a provider is shown before an award that says something about who the child is, those first that are given up first where several
/// would do as well. What is not known is not shown.
fn shown(asked: &Requirements) -> Vec<Trait> {
    let siblings = asked.sibling_group_size.map(Trait::SiblingGroupSize);
    let outcode = asked.outcode().map(|outcode| Trait::Outcode(outcode.to_owned()));
    let needs: BTreeSet<_> = asked.needs.iter().cloned().collect();
    let codes = told(&asked.profile).into_iter().flat_map(|(field, codes)| {
        // That there is none of something is like most children and tells nobody who it is.
        let telling = codes.iter().filter(|code| !matches!(code.as_str(), "NONE" | "NO" | "NO_SIBLINGS"));
        telling.map(move |code| (field, code.clone()))
    });
    let codes: BTreeSet<_> = codes.collect();
    let sex = Some(asked.sex.clone()).filter(|sex| sex != "U").map(Trait::Sex);
    let each = siblings.into_iter().chain(outcode).chain(needs.into_iter().map(Trait::Need));
    let each = each.chain(codes.into_iter().map(|(field, code)| Trait::Told { field, code }));
    each.chain(sex).chain([Trait::AgeBand(AgeBand::of(asked.age_years))]).take(TRAITS_MAX).collect()
}

/// The codes of the wider form that every provider to whom a referral is released sees, by field.
fn told(from: &Profile) -> [(&'static str, &[String]); 7] {
    [
        ("risks", from.risks.as_slice()),
        ("strengths", from.strengths.as_slice()),
        ("education.phase", from.education.phase.as_slice()),
        ("siblings", from.siblings.as_slice()),
        ("parent_and_child", from.parent_and_child.as_slice()),
        ("deprivation_of_liberty", from.deprivation_of_liberty.as_slice()),
        ("exclusions", from.exclusions.as_slice()),
    ]
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

/// Some of a child's traits: a bit for each in the order in which they are shown.
type Bits = u128;

/// How many traits a comparison tells apart: more than all codes that a referral can have.
const TRAITS_MAX: usize = Bits::BITS as usize;

/// A child among the referrals that it is compared with. Of each of them it is kept which of the child's traits it has, so that to ask how many
/// would fit less is to look at bits.
#[derive(Debug, Clone)]
pub struct Comparison {
    own: Vec<Trait>,
    /// How many have these traits and no other of the child's.
    others: BTreeMap<Bits, usize>,
    compared: usize,
}

impl Comparison {
    /// Of the child of this referral, with nobody yet.
    #[must_use]
    pub fn of(own: &Requirements) -> Self {
        Self { own: shown(own), others: BTreeMap::new(), compared: 1 }
    }

    /// Compares it with the child of another referral.
    pub fn add(&mut self, other: &Requirements) {
        let fitting = (0..).zip(&self.own).filter(|(_, one)| one.fits(other));
        let has = fitting.fold(0, |has, (index, _)| has | bit(index));
        *self.others.entry(has).or_default() += 1;
        self.compared += 1;
    }

    /// How easily the child could be recognised among them.
    #[must_use]
    pub fn recognition(&self) -> Recognition {
        let all = (0..).zip(&self.own).fold(0, |all, (index, _)| all | bit(index));
        let alike = self.alike(all);
        let (mut steps, mut left, mut now) = (Vec::new(), all, alike);
        while now < ALIKE_MIN {
            // The first of those that help most; what helps nobody alone may help once something else is left out.
            let may = (0..).zip(&self.own).filter(|(_, one)| one.may_be_blurred()).map(|(index, _)| index);
            let may = may.filter(|index| left & bit(*index) != 0);
            let best = may
                .map(|index: u32| (self.alike(left & !bit(index)), index))
                .max_by_key(|(alike, index)| (*alike, Reverse(*index)));
            let Some((alike, index)) = best else { break };
            steps.push(index);
            left &= !bit(index);
            now = alike;
        }
        self.drop_idle_steps(all, &mut steps, now);
        let mut left = all;
        let blurs = steps.iter().filter_map(|index| {
            left &= !bit(*index);
            let less = self.own.get(usize::try_from(*index).ok()?)?.clone();
            Some(Blur { less, alike: self.alike(left) })
        });
        Recognition { alike, compared: self.compared, blurs: blurs.collect() }
    }

    /// Leaves out steps without which as many would fit in the end, so that nothing is kept from providers for nothing.
    fn drop_idle_steps(&self, all: Bits, steps: &mut Vec<u32>, reached: usize) {
        let mut index = 0;
        while index < steps.len() {
            let mut fewer = steps.clone();
            fewer.remove(index);
            let left = fewer.iter().fold(all, |left, step| left & !bit(*step));
            if self.alike(left) >= reached.min(ALIKE_MIN) {
                *steps = fewer;
            } else {
                index += 1;
            }
        }
    }

    /// How many fit all of these, the child itself among them.
    fn alike(&self, shown: Bits) -> usize {
        let fitting = self.others.iter().filter(|(has, _)| **has & shown == shown);
        1 + fitting.map(|(_, count)| count).sum::<usize>()
    }
}

/// The bit of the trait that is shown at that place.
fn bit(index: u32) -> Bits {
    1_u128.checked_shl(index).unwrap_or(0)
}

#[cfg(test)]
mod tests;
