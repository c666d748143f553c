//! What contracts publishes of an agreement's price as it changes: its lines over dates, who pays them, and the nights that the child is
//! away. Each event states all that holds now, so that nothing depends on what came before: the one with the highest number counts.

use super::FunderShare;
use crate::domain::{EventBody, StreamId};
use crate::ids::{AgreementId, AwardId, CouncilId};
use crate::money::Pence;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// What the terms of an agreement have at most. Contracts agrees on no more, because a ledger refuses terms that have more, as a whole.
pub mod limits {
    /// How many lines, past ones included.
    pub const TERM_LINES_MAX: usize = 200;
    /// From how many dates on funders pay other shares, the first included.
    pub const FUNDER_CHANGES_MAX: usize = 50;
    /// From how many dates on other absence rules hold.
    pub const ABSENCE_RULE_CHANGES_MAX: usize = 50;
    /// The years that dates lie in: a childhood before and after now, so that a mistyped year cannot make thousands of charges.
    pub const YEARS: std::ops::RangeInclusive<i16> = 2000..=2100;
}

/// One line of what an agreement costs, for some of its nights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermLine {
    /// Its number among the agreement's lines, from 1. A line that is told again keeps it.
    pub line: u32,
    /// A code of `code_sets::CHARGE_LINE`.
    pub kind: String,
    /// Pence a week; negative for what is taken off.
    pub weekly: Pence,
    /// The first night it holds for.
    pub from: Date,
    /// The day after the last night; none where it holds as long as the placement does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// What brought it, a code of `code_sets::TERMS_CAUSE`.
    pub cause: String,
    /// What it is for, such as the number of hours, in words without personal data.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// Who pays the nights from a day on, until a later one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FundersFrom {
    /// The first night.
    pub from: Date,
    /// Who pays; the shares sum to 10,000 basis points.
    pub funders: Vec<FunderShare>,
}

/// What is paid while the child is away for one reason. Where an agreement has no rule for it, all is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbsenceRule {
    /// A code of `code_sets::ABSENCE`.
    pub absence: String,
    /// How many nights of one absence are paid in full, from its first.
    pub full_nights: u16,
    /// What is paid of the core fee, its uplift and its discounts after those, in basis points.
    pub core_basis_points: u32,
    /// What is paid of the other lines after those, in basis points.
    pub other_basis_points: u32,
    /// After how many nights nothing at all is paid; none where that never is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nothing_after: Option<u16>,
}

/// What is paid while the child is away on the nights from a day on, until a later one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbsenceRulesFrom {
    /// The first night. Of an absence that began before, the nights are counted from its own first all the same.
    pub from: Date,
    /// All rules that hold then; where there is none for an absence, all is paid.
    pub rules: Vec<AbsenceRule>,
}

/// The price of an agreement is this now. In the council's contracts log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementTermsSet {
    /// The agreement.
    pub agreement: AgreementId,
    /// The award it came from.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The version of its terms; those it was issued with are version 1, so this is 2 or more.
    pub terms: u32,
    /// Every line, past ones included.
    pub lines: Vec<TermLine>,
    /// Who pays, in order of dates.
    pub funders: Vec<FundersFrom>,
    /// What is paid while the child is away on nights before the first day of `absence_rules_from`. Events of before that was told have
    /// nothing else: the rules were those of every night.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absence_rules: Vec<AbsenceRule>,
    /// What is paid while the child is away from a day on, in order of dates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absence_rules_from: Vec<AbsenceRulesFrom>,
    /// The first night whose price is another than before.
    pub from: Date,
    /// Why, a code of `code_sets::TERMS_CAUSE`.
    pub cause: String,
    /// Why, in words without personal data.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// The child was away, or is. Told again with the same number when the end is known or something was wrong. In the council's contracts log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbsenceRecorded {
    /// The agreement.
    pub agreement: AgreementId,
    /// The award it came from.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// Its number among the agreement's absences, from 1.
    pub absence: u32,
    /// How often this absence was told, from 1: the highest counts.
    pub revision: u32,
    /// Why, a code of `code_sets::ABSENCE`.
    pub kind: String,
    /// The first night away.
    pub from: Date,
    /// The day on which the child is back, whose night is spent there again; none while that is not known. The same day as `from` says that
    /// there was no absence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// When it was recorded.
    pub at: Timestamp,
}

macro_rules! body {
    ($name:ident) => {
        impl EventBody for $name {
            const TYPE: &'static str = stringify!($name);
            fn stream(&self) -> StreamId {
                StreamId::new("agreement", self.agreement)
            }
            fn council(&self) -> Option<CouncilId> {
                Some(self.council)
            }
            fn effective(&self) -> Option<Date> {
                Some(self.from)
            }
        }
    };
}

body!(AgreementTermsSet);
body!(AbsenceRecorded);
