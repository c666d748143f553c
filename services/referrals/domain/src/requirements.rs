//! What a referral asks for, as far as it may stand in clear in the council's log, and the limits of each field.

use crate::profile::Profile;
use care::market::UNREGISTERED;
#[cfg(feature = "planted-defects")]
use care::planted::{Planted, is_planted};
use care::published::FunderShare;
use care::{Code, CodeSet, CodeUnknown, Date, Violation, code_sets};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Personal data sealed under a key of its own (see [`KeyPurpose`]), as the sealing crate writes it: opaque here, and
/// hexadecimal throughout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The name of the key.
    pub key_id: String,
    /// The nonce.
    pub nonce: String,
    /// The ciphertext.
    pub ciphertext: String,
    /// The commitment to the key.
    pub key_commit: String,
}

impl Sealed {
    /// Nothing, where only the rest of a command is looked at.
    #[must_use]
    pub const fn nothing() -> Self {
        Self {
            key_id: String::new(),
            nonce: String::new(),
            ciphertext: String::new(),
            key_commit: String::new(),
        }
    }
}

/// What a sealing key of a referral is for; each can be destroyed on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPurpose {
    /// Names, date of birth, home postcode and case reference.
    Identity,
    /// The account of the child's needs in words, and what is read with it: the sealed codes of the form, questions and answers.
    Narrative,
}

impl KeyPurpose {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Identity, Self::Narrative];

    /// The purpose as the key store names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Narrative => "narrative",
        }
    }
}

/// An age to the depth that a provider sees before award.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgeBand {
    /// 0 to 4 years.
    From0To4,
    /// 5 to 9 years.
    From5To9,
    /// 10 to 12 years.
    From10To12,
    /// 13 to 15 years.
    From13To15,
    /// 16 and 17 years.
    From16To17,
    /// 18 to 24 years, of care leavers.
    From18To24,
}

impl AgeBand {
    /// The band of an age in whole years; a referral's is at most 24.
    #[must_use]
    pub fn of(age_years: u8) -> Self {
        match age_years {
            0..=4 => Self::From0To4,
            5..=9 => Self::From5To9,
            10..=12 => Self::From10To12,
            13..=15 => Self::From13To15,
            16..=17 => Self::From16To17,
            18.. => Self::From18To24,
        }
    }
}

/// The oldest that a child is, in whole years.
const CHILD_AGE_MAX: u8 = 17;

/// The oldest that a care leaver is who can be referred, in whole years: a council advises and helps a former relevant child up to its 25th
/// birthday (Children Act 1989, sections 23C and 23CZB).
const CARE_LEAVER_AGE_MAX: u8 = 24;

/// The provision that takes nobody who is of age: its order is about a child (Children Act 1989, section 25). Whom any other takes, each
/// place says itself: its registration, approval and advertisement bound the ages, and search, hold and award read them.
const CHILDREN_ONLY: &str = "SECURE";

/// What is asked for. There is no free text in it: words that may hold an identifier belong into the sealed part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirements {
    /// The kinds of provision sought, PROVISION codes, at least one.
    pub provisions: Vec<String>,
    /// The child's age when this version was written, 0 to 17 whole years, or a care leaver's, up to 24.
    pub age_years: u8,
    /// Whether the age was assessed, since no date of birth is known.
    pub age_assessed: bool,
    /// A SEX code; `U` is unknown.
    pub sex: String,
    /// NEED codes, at most 15.
    pub needs: Vec<String>,
    /// A CIN code, if known.
    pub category_of_need: Option<String>,
    /// An LS code, if known.
    pub legal_status: Option<String>,
    /// An URGENCY code.
    pub urgency: String,
    /// The first night for which a home is needed.
    pub needed_from: Date,
    /// For how many weeks, 1 to 940 (eighteen years), if known.
    pub expected_weeks: Option<u16>,
    /// The point to measure from: a postcode sector (`DE1 2`) or outcode (`DE1`), never a whole postcode. If known.
    pub anchor: Option<String>,
    /// How far away a home may be, 1 to 400 miles; no value is no limit.
    pub max_distance_miles: Option<u16>,
    /// Whether the child must be alone in the establishment.
    pub solo: bool,
    /// How many siblings seek a home together, this child included, 1 to 12, if known.
    pub sibling_group_size: Option<u8>,
    /// Whether the child is an unaccompanied asylum-seeking child.
    pub uasc: bool,
    /// The council's budget code: 1 to 20 of `A-Z`, `0-9`, `-`, `/`.
    pub budget_code: Option<String>,
    /// Who pays which share; each FUNDER code at most once, 10,000 basis points together.
    pub funders: Vec<FunderShare>,
    /// The wider form: what else is told of the child, in codes.
    #[serde(default, skip_serializing_if = "Profile::is_unknown")]
    pub profile: Profile,
}

impl Requirements {
    /// Everything that is wrong with it, by field; codes are judged for the collection year of `today`.
    #[must_use]
    pub fn violations(&self, today: Date) -> Vec<Violation> {
        let mut found = Found { year: code_sets::collection_year(today), list: Vec::new() };
        found.codes("provisions", code_sets::PROVISION, &self.provisions);
        found.unless(
            !self.provisions.is_empty(),
            "provisions",
            "name at least one kind of provision that is sought",
        );
        let unregistered = self.provisions.iter().any(|provision| provision == UNREGISTERED);
        #[cfg(feature = "planted-defects")]
        let unregistered = unregistered && !is_planted(Planted::UnregisteredAwarded);
        found.unless(!unregistered, "provisions", "UNREGISTERED cannot be sought or awarded by a referral");
        found.age(self);
        found.codes("sex", code_sets::SEX, std::slice::from_ref(&self.sex));
        found.codes("needs", code_sets::NEED, &self.needs);
        found.codes("category_of_need", code_sets::CATEGORY_OF_NEED, self.category_of_need.as_slice());
        found.codes("legal_status", code_sets::LEGAL_STATUS, self.legal_status.as_slice());
        found.codes("urgency", code_sets::URGENCY, std::slice::from_ref(&self.urgency));
        found.unless(in_range(self.expected_weeks, 1, 940), "expected_weeks", "expected 1 to 940 weeks");
        found.unless(
            in_range(self.max_distance_miles, 1, 400),
            "max_distance_miles",
            "expected 1 to 400 miles",
        );
        found.unless(
            self.max_distance_miles.is_none() || self.anchor.is_some(),
            "max_distance_miles",
            RADIUS_WITHOUT_ANCHOR,
        );
        found.unless(
            in_range(self.sibling_group_size.map(u16::from), 1, 12),
            "sibling_group_size",
            "expected 1 to 12, this child included",
        );
        found.unless(
            self.anchor.as_deref().is_none_or(is_sector_or_outcode),
            "anchor",
            "expected a postcode sector such as \"DE1 2\" or an outcode such as \"DE1\", not a whole postcode",
        );
        found.unless(
            self.budget_code.as_deref().is_none_or(is_budget_code),
            "budget_code",
            "expected 1 to 20 of A-Z, 0-9, '-' and '/'",
        );
        found.funders(&self.funders);
        self.profile.check(&mut found, self.age_years, self.uasc);
        found.contradictions(self);
        found.list
    }

    /// The outcode of the anchor: as much as a provider sees of where the child is from.
    #[must_use]
    pub fn outcode(&self) -> Option<&str> {
        self.anchor.as_deref().and_then(|anchor| anchor.split(' ').next())
    }
}

/// Collects what is wrong.
pub(crate) struct Found {
    pub(crate) year: i16,
    pub(crate) list: Vec<Violation>,
}

impl Found {
    pub(crate) fn unless(&mut self, right: bool, field: &str, description: &str) {
        if !right {
            self.list.push(Violation { field: field.to_owned(), description: description.to_owned() });
        }
    }

    /// Each must be a code of the set, and none twice.
    pub(crate) fn codes(&mut self, field: &str, set: CodeSet, codes: &[String]) {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for code in codes.iter().take(set.codes.len()) {
            let times = seen.entry(code).or_default();
            *times += 1;
            let checked: Result<&Code, CodeUnknown> = set.check(code, self.year);
            match checked {
                Ok(known) if *times == 2 => {
                    self.unless(false, field, &format!("{} stands more than once: send it once", known.code));
                }
                Err(mut unknown) if *times == 1 => {
                    // It is a code, and nothing that can be sought.
                    unknown.expected.retain(|code| *code != UNREGISTERED);
                    self.unless(false, field, &unknown.to_string());
                }
                Ok(_) | Err(_) => {}
            }
        }
        self.unless(codes.len() <= set.codes.len(), field, "more codes than the set holds");
    }

    /// How old somebody is who is referred, and what is sought for who is of age.
    fn age(&mut self, asked: &Requirements) {
        let oldest = age_max(asked.profile.route_into_care.as_deref());
        self.unless(asked.age_years <= oldest, "age_years", AGES);
        let children_only = asked.provisions.iter().any(|code| code == CHILDREN_ONLY);
        self.unless(
            asked.age_years <= CHILD_AGE_MAX || oldest <= CHILD_AGE_MAX || !children_only,
            "provisions",
            "SECURE takes nobody of 18 or more: leave it out for this care leaver",
        );
    }

    /// What one field says and another denies. Which of them is wrong nobody but the council knows: a home would be sought, and paid for, by
    /// either.
    fn contradictions(&mut self, asked: &Requirements) {
        let (siblings, size) = (asked.profile.siblings.as_deref(), asked.sibling_group_size);
        let needs = |code: &str| asked.needs.iter().any(|need| need == code);
        self.unless(
            siblings != Some("REQUIRED") || size != Some(1),
            "sibling_group_size",
            "siblings is REQUIRED, and 1 is this child alone: give how many seek a home together, or send another siblings code",
        );
        let apart = siblings.filter(|code| matches!(*code, "APART" | "NO_SIBLINGS"));
        if let Some(code) = apart {
            self.unless(
                size.is_none_or(|size| size < 2),
                "sibling_group_size",
                &format!("siblings is {code}, so nobody seeks a home with this child: send 1 or nothing, or another siblings code"),
            );
        }
        let alone = apart.map(|code| format!("siblings is {code}"));
        let alone = alone.or_else(|| (size == Some(1)).then(|| "sibling_group_size is 1".to_owned()));
        if let Some(alone) = alone.filter(|_| needs("SIBLINGS")) {
            self.unless(
                false,
                "needs",
                &format!("{alone}, and SIBLINGS asks for a home together: leave out one of them"),
            );
        }
        self.unless(
            asked.profile.parent_and_child.as_deref() != Some("NO") || !needs("PARENT_CHILD"),
            "needs",
            "parent_and_child is NO, and PARENT_CHILD asks for parent and child together: leave out one of them",
        );
    }

    fn funders(&mut self, funders: &[FunderShare]) {
        let names: Vec<String> = funders.iter().map(|share| share.funder.clone()).collect();
        self.codes("funders", code_sets::FUNDER, &names);
        let whole: u64 = funders.iter().map(|share| u64::from(share.basis_points)).sum();
        let each = funders.iter().all(|share| share.basis_points > 0);
        self.unless(
            whole == 10_000 && each,
            "funders",
            "the shares must each be at least 1 and sum to 10,000 basis points",
        );
    }
}

/// What is said of an age out of range.
const AGES: &str = "expected 0 to 17 years, or up to 24 with route_into_care CARE_LEAVER";

/// What is said of a radius that nothing is measured from.
pub const RADIUS_WITHOUT_ANCHOR: &str = "it is measured from the referral's anchor, and there is none: give the anchor or the home postcode, or leave the radius out";

/// The oldest, in whole years, that somebody is who comes by a ROUTE_INTO_CARE code.
#[must_use]
pub fn age_max(route_into_care: Option<&str>) -> u8 {
    if route_into_care == Some("CARE_LEAVER") { CARE_LEAVER_AGE_MAX } else { CHILD_AGE_MAX }
}

pub(crate) fn in_range(value: Option<u16>, least: u16, most: u16) -> bool {
    value.is_none_or(|value| (least..=most).contains(&value))
}

/// An outcode (2 to 4 letters and digits, a letter first), or one with a space and the sector's digit.
fn is_sector_or_outcode(text: &str) -> bool {
    let (outcode, sector) = text.split_once(' ').map_or((text, None), |(out, rest)| (out, Some(rest)));
    let upper = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    (2..=4).contains(&outcode.len())
        && outcode.as_bytes()[0].is_ascii_uppercase()
        && outcode.bytes().all(upper)
        && outcode.bytes().any(|byte| byte.is_ascii_digit())
        && sector.is_none_or(|digit| digit.len() == 1 && digit.as_bytes()[0].is_ascii_digit())
}

fn is_budget_code(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || b"-/".contains(&byte);
    (1..=20).contains(&text.len()) && text.bytes().all(allowed)
}
