//! What changes what nights cost: terms, absences, Staying Put, nights that were agreed beforehand, and the commitments of them all.

use crate::agreement::Subject;
use crate::journal::JournalEntry;
use care::published::{AbsenceRule, AbsenceRulesFrom, FundersFrom, PriceLine, TermLine};
use care::{
    AgreementId, CouncilId, Date, EstablishmentUrn, EventBody, Pence, PlaceId, ProviderId, StreamId,
    Timestamp,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The price of an agreement is this now. What was charged otherwise is corrected after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermsChanged {
    /// The agreement.
    pub agreement: AgreementId,
    /// The council.
    pub council: CouncilId,
    /// The version of the terms, from 2.
    pub terms: u32,
    /// Every line, past ones included.
    pub lines: Vec<TermLine>,
    /// Who pays, in order of dates.
    pub funders: Vec<FundersFrom>,
    /// What is paid while the child is away, before the first day of `absence_rules_from`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absence_rules: Vec<AbsenceRule>,
    /// What is paid while the child is away from a day on, in order of dates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absence_rules_from: Vec<AbsenceRulesFrom>,
    /// The first night whose price is another than before.
    pub from: Date,
    /// Why, a code of `code_sets::TERMS_CAUSE`.
    pub cause: String,
    /// When they were set.
    pub at: Timestamp,
}

/// The child was away, or is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbsenceNoted {
    /// The agreement.
    pub agreement: AgreementId,
    /// The council.
    pub council: CouncilId,
    /// Its number among the agreement's absences, from 1.
    pub absence: u32,
    /// How often it was told, from 1.
    pub revision: u32,
    /// Why, a code of `code_sets::ABSENCE`.
    pub kind: String,
    /// The first night away.
    pub from: Date,
    /// The day of return, whose night is spent there again; none while that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A young person stays put: the nights after the placement are charged at a price of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StayingPutOpened {
    /// The agreement.
    pub agreement: AgreementId,
    /// The council.
    pub council: CouncilId,
    /// The 18th birthday, its first night.
    pub from: Date,
    /// The weekly price by line.
    pub lines: Vec<PriceLine>,
    /// When it was recorded.
    pub at: Timestamp,
}

/// Staying Put ended: no night from here on is charged. A later one replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StayingPutClosed {
    /// The agreement.
    pub agreement: AgreementId,
    /// The council.
    pub council: CouncilId,
    /// The day of departure, which is not paid.
    pub on: Date,
    /// When it was recorded.
    pub at: Timestamp,
}

/// The council pays for nights, or is paid for them, that were agreed before any child was to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NightsAgreed {
    /// The id under which they are charged, see [`Subject::id`].
    pub agreement: AgreementId,
    /// The council.
    pub council: CouncilId,
    /// What was agreed.
    pub subject: Subject,
    /// The place.
    pub place: PlaceId,
    /// The home, whose registration VAT goes by; none where nothing is supplied to the council, and in records from before it was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urn: Option<EstablishmentUrn>,
    /// The number that the market gave them among the tokens of the place.
    pub token: u64,
    /// Of sold nights, the reservation or block that they are of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sold_of: Option<AgreementId>,
    /// Who is paid; of nights bought or sold the other council, as `council-{gss}`.
    pub provider: ProviderId,
    /// The other council, where nights are bought or sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_council: Option<CouncilId>,
    /// The first night.
    pub from: Date,
    /// The day after the last night.
    pub until: Date,
    /// Pence a week.
    pub weekly: Pence,
    /// When it was agreed.
    pub at: Timestamp,
}

/// Nights agreed beforehand end sooner than was agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NightsAgreedEnded {
    /// The id under which they are charged.
    pub agreement: AgreementId,
    /// The council.
    pub council: CouncilId,
    /// The day after the last night that is paid.
    pub on: Date,
    /// Why, such as `OCCUPIED`.
    pub reason: String,
    /// When it was recorded.
    pub at: Timestamp,
}

/// Nights agreed beforehand are not paid after all: the market gave them up to a child of the council who stayed longer than was recorded. They
/// come back no more, also where that stay turns out shorter again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NightsYielded {
    /// The id under which they are charged.
    pub agreement: AgreementId,
    /// The council.
    pub council: CouncilId,
    /// The first night that is given up.
    pub from: Date,
    /// The day after the last one.
    pub until: Date,
    /// When it was recorded.
    pub at: Timestamp,
}

/// What is to come of an agreement was committed anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitmentPosted {
    /// The agreement.
    pub agreement: AgreementId,
    /// The council.
    pub council: CouncilId,
    /// What is committed from now on.
    pub committed: Pence,
    /// It counts nights before this date: the day after the financial year.
    pub before: Date,
    /// The difference to what was committed.
    pub entry: Arc<JournalEntry>,
    /// When.
    pub at: Timestamp,
}

body!(TermsChanged, "agreement", |event| event.agreement, event.from);
body!(AbsenceNoted, "agreement", |event| event.agreement, event.from);
body!(StayingPutOpened, "agreement", |event| event.agreement, event.from);
body!(StayingPutClosed, "agreement", |event| event.agreement, event.on);
body!(NightsAgreed, "agreement", |event| event.agreement, event.from);
body!(NightsAgreedEnded, "agreement", |event| event.agreement, event.on);
body!(NightsYielded, "agreement", |event| event.agreement, event.from);
body!(CommitmentPosted, "agreement", |event| event.agreement);
