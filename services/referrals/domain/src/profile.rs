//! The wider referral form: what is told of a child beside what a referral must have.
//!
//! Two parts, by who may read them. A [`Profile`] stands in clear, for it is codes that homes answer to before anybody is
//! shortlisted. [`Background`] is sealed: health, ethnicity, religion and language are special categories of personal data or tell one (UK GDPR,
//! article 9), and no fact of the market is matched against them, so that nobody needs them in clear. They are shown with the narrative, to the
//! shortlisted, and are sealed under its key.
//!
//! Unknown is a value: an empty list or no code says that it is not known; that something was looked for and is not so has a code (`NONE`, `NO`).

use crate::requirements::{Found, Sealed, in_range};
use care::{CodeSet, CouncilId, code_sets};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How many areas a referral can name that a home must not be in.
pub const AVOID_AREAS_MAX: usize = 20;

/// Where and how a child learns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Education {
    /// An EDUCATION_PHASE code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// An EHCP code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ehcp: Option<String>,
    /// SEND codes, `NONE` alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub send: Vec<String>,
}

/// How a child sees its family.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyTime {
    /// A FAMILY_TIME_FREQUENCY code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency: Option<String>,
    /// How far it may be to there, 1 to 400 miles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_miles: Option<u16>,
}

/// What is told of a child in codes that stand in clear. What is not known is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// RISK codes, `NONE` alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub risks: Vec<String>,
    /// STRENGTH codes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strengths: Vec<String>,
    /// Education.
    #[serde(default, skip_serializing_if = "is_default")]
    pub education: Education,
    /// Family time.
    #[serde(default, skip_serializing_if = "is_default")]
    pub family_time: FamilyTime,
    /// A SIBLINGS code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub siblings: Option<String>,
    /// Why, a SIBLING_REASON code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sibling_reason: Option<String>,
    /// A PARENT_AND_CHILD code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_and_child: Option<String>,
    /// A DOL code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprivation_of_liberty: Option<String>,
    /// An NTS code; another than `NO` is for an unaccompanied child.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub national_transfer: Option<String>,
    /// A ROUTE_INTO_CARE code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_into_care: Option<String>,
    /// EXCLUSION codes, `NONE` alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclusions: Vec<String>,
    /// The upper-tier authorities that a home must not lie in, since the child was exploited there or is known there; at most
    /// [`AVOID_AREAS_MAX`].
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub avoid_areas: BTreeSet<CouncilId>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Profile {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        is_default(self)
    }

    /// Whether risks are named and not one strength: not the balanced account that Durham asks for.
    #[must_use]
    pub fn is_one_sided(&self) -> bool {
        self.strengths.is_empty() && self.risks.iter().any(|risk| risk != "NONE")
    }

    /// Everything that is wrong with it, of a child of this age who is or is not unaccompanied.
    pub(crate) fn check(&self, found: &mut Found, age_years: u8, uasc: bool) {
        found.codes_or_none("risks", code_sets::RISK, &self.risks);
        found.codes("strengths", code_sets::STRENGTH, &self.strengths);
        found.codes("education.phase", code_sets::EDUCATION_PHASE, self.education.phase.as_slice());
        found.codes("education.ehcp", code_sets::EHCP, self.education.ehcp.as_slice());
        found.codes_or_none("education.send", code_sets::SEND, &self.education.send);
        found.codes("family_time.frequency", code_sets::FAMILY_TIME, self.family_time.frequency.as_slice());
        found.unless(
            in_range(self.family_time.max_miles, 1, 400),
            "family_time.max_miles",
            "expected 1 to 400 miles",
        );
        found.codes("siblings", code_sets::SIBLINGS, self.siblings.as_slice());
        found.codes("sibling_reason", code_sets::SIBLING_REASON, self.sibling_reason.as_slice());
        let has_reason = matches!(self.siblings.as_deref(), Some("REQUIRED" | "PREFERRED" | "APART"));
        found.unless(
            self.sibling_reason.is_none() || has_reason,
            "sibling_reason",
            "say in siblings whether they are to live together or apart, or leave the reason out",
        );
        found.codes("parent_and_child", code_sets::PARENT_AND_CHILD, self.parent_and_child.as_slice());
        let liberty = self.deprivation_of_liberty.as_slice();
        found.codes("deprivation_of_liberty", code_sets::DEPRIVATION_OF_LIBERTY, liberty);
        found.codes("national_transfer", code_sets::NATIONAL_TRANSFER, self.national_transfer.as_slice());
        found.unless(
            uasc || self.national_transfer.as_deref().is_none_or(|code| code == "NO"),
            "national_transfer",
            "the scheme is for unaccompanied children: set uasc, or send NO or nothing",
        );
        found.codes("route_into_care", code_sets::ROUTE_INTO_CARE, self.route_into_care.as_slice());
        let late = matches!(self.route_into_care.as_deref(), Some("HOMELESS_16_17" | "CARE_LEAVER"));
        found.unless(
            age_years >= 16 || !late,
            "route_into_care",
            "HOMELESS_16_17 is for young people of 16 and 17, CARE_LEAVER for those of 16 to 24",
        );
        found.codes_or_none("exclusions", code_sets::EXCLUSION, &self.exclusions);
        found.unless(
            self.avoid_areas.len() <= AVOID_AREAS_MAX,
            "avoid_areas",
            &format!("at most {AVOID_AREAS_MAX} areas"),
        );
    }
}

impl Found {
    /// As [`Found::codes`], where `NONE` says that there are none and stands alone.
    fn codes_or_none(&mut self, field: &str, set: CodeSet, codes: &[String]) {
        self.codes(field, set, codes);
        let alone = codes.len() < 2 || codes.iter().all(|code| code != "NONE");
        self.unless(alone, field, "NONE stands alone: send it or the other codes");
    }
}

/// A part of the sealed [`Background`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BackgroundPart {
    /// HEALTH codes.
    Health,
    /// An ETHNIC code.
    Ethnicity,
    /// A RELIGION code.
    Religion,
    /// A LANGUAGE code.
    Language,
}

impl BackgroundPart {
    /// All.
    pub const ALL: [Self; 4] = [Self::Health, Self::Ethnicity, Self::Religion, Self::Language];
}

/// The sealed codes of a child, and which are among them: that something is known may be told, so that a form can be seen to be complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Background {
    /// The codes, under the narrative's key.
    pub sealed: Sealed,
    /// Which parts are known.
    pub known: BTreeSet<BackgroundPart>,
}
