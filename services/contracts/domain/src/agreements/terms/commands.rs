//! What may be asked of an agreement's terms.

use super::events::{NewOutcome, Purchase};
use crate::frameworks::UpliftAmount;
use care::published::{AbsenceRule, FunderShare};
use care::{AgreementId, Date, FrameworkId, Pence, ProviderId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What happens to the terms of one agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TermsStep {
    /// A side signs the agreement as it was issued.
    Sign(Consent),
    /// A side proposes an amendment.
    Propose(Changes),
    /// A side signs an amendment; it holds once both have.
    SignAmendment {
        /// Its number on the agreement, from 1.
        amendment: u32,
        /// The consent.
        consent: Consent,
    },
    /// The side that did not propose an amendment says no to it.
    DeclineAmendment {
        /// Its number on the agreement, from 1.
        amendment: u32,
        /// Why, in words without personal data.
        reason: String,
    },
    /// The side that proposed an amendment takes it back.
    WithdrawAmendment {
        /// Its number on the agreement, from 1.
        amendment: u32,
        /// Why, in words without personal data.
        reason: String,
    },
    /// The child is away, or was.
    RecordAbsence(TellAbsence),
    /// How the place came to be bought, where it was not called off from a framework. The council's to tell.
    RecordPurchase(Purchase),
    /// An outcome was achieved. The provider's to tell.
    EvidenceOutcome(OutcomeEvidence),
    /// Whether the evidence of an outcome is accepted. The council's to tell.
    DecideOutcome {
        /// The payment's number on the agreement, from 1.
        payment: u32,
        /// The decision.
        decision: OutcomeDecision,
        /// The post that decides.
        approver: String,
    },
}

/// A side's recorded consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The post of who signs, never a private person's name.
    pub post: String,
    /// The day of signing.
    pub on: Date,
}

/// What an amendment changes, from one day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// The first night it holds for.
    pub from: Date,
    /// Lines of the price.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<LineChange>,
    /// Who pays from then on; empty where that stays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub funders: Vec<FunderShare>,
    /// What is paid while the child is away from then on, in place of all rules before; none where they stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absence_rules: Option<Vec<AbsenceRule>>,
    /// Outcomes that are paid for as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outcomes: Vec<NewOutcome>,
    /// Outcomes, by number, that are not paid for where they are achieved on that day or later.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outcomes_ended: Vec<u32>,
    /// How many days notice runs for that is given from then on; none where that stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice_days: Option<u16>,
    /// The day by which the placement is expected to end; none where that stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_end: Option<Date>,
    /// The day on which the agreement is to be reviewed; none where that stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_on: Option<Date>,
    /// Why, in words without personal data.
    pub reason: String,
}

impl Changes {
    /// Changes of nothing yet.
    #[must_use]
    pub fn new(from: Date, reason: &str) -> Self {
        Self {
            from,
            lines: Vec::new(),
            funders: Vec::new(),
            absence_rules: None,
            outcomes: Vec::new(),
            outcomes_ended: Vec::new(),
            notice_days: None,
            expected_end: None,
            review_on: None,
            reason: reason.to_owned(),
        }
    }
}

/// What an amendment does to a line of the price, from its day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LineChange {
    /// One more line.
    Add {
        /// A code of `care::code_sets::PRICE_LINE`, or a discount of `care::code_sets::CHARGE_LINE`.
        kind: String,
        /// What it costs, or takes off.
        price: LinePrice,
        /// The day after the last night; none where it holds as long as the placement does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Date>,
        /// What it is for, in words without personal data.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
        /// For a sibling discount: the agreements of the others, the last of whom to leave ends it.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        siblings: BTreeSet<AgreementId>,
    },
    /// A line costs something else; its end stays, unless another is given.
    Change {
        /// The line's number.
        line: u32,
        /// What it costs, or takes off.
        price: LinePrice,
        /// The day after the last night, where that is another.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Date>,
        /// What it is for, in words without personal data.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        note: String,
    },
    /// A line is over.
    End {
        /// The line's number.
        line: u32,
    },
}

/// What a line costs a week. Never negative: what a discount takes off is given as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LinePrice {
    /// So many pence.
    Weekly {
        /// Pence a week.
        pence: Pence,
    },
    /// So much a week of something that has a price, such as ten hours at £35.
    Quantity {
        /// How much of it, in hundredths.
        hundredths: u32,
        /// Of what, such as `hours`.
        unit: String,
        /// Pence for one.
        rate: Pence,
    },
    /// A part of the core fee of the first night, its uplifts included.
    OfCore {
        /// In basis points.
        basis_points: u32,
    },
}

/// An absence as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TellAbsence {
    /// Its number on the agreement, where it was told before.
    pub absence: Option<u32>,
    /// Why, a code of `care::code_sets::ABSENCE`.
    pub kind: String,
    /// The first night away.
    pub from: Date,
    /// The day on which the child is back; none while that is not known. The same day as `from`: there was no absence.
    pub until: Option<Date>,
}

/// That an outcome was achieved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeEvidence {
    /// The outcome's number on the agreement.
    pub outcome: u32,
    /// The day on which it was achieved; where it must hold for some weeks, the day from which it held.
    pub achieved_on: Date,
    /// What shows it, in words without personal data.
    pub evidence: String,
}

/// What the council says to the evidence of an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutcomeDecision {
    /// It is paid, as was agreed or, of what is left below the cap, in part.
    Accepted,
    /// It is not.
    Refused {
        /// Why, in words without personal data.
        reason: String,
    },
}

/// The council decides an uplift of the core fee of its agreements with a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecideUplift {
    /// The provider that asked for it.
    pub provider: ProviderId,
    /// Which uplift. It is applied to an agreement once.
    pub subject: UpliftSubject,
    /// The answer.
    pub answer: UpliftAnswer,
    /// Why, in words without personal data; a refusal and a part of what was asked need it.
    pub reason: String,
    /// The post that decides.
    pub approver: String,
    /// When it was told.
    pub at: Timestamp,
}

/// Which uplift a council decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpliftSubject {
    /// One that the provider asked for under a framework: what it asked and what was negotiated are the framework's to tell.
    Framework {
        /// The framework.
        framework: FrameworkId,
        /// Its number there.
        number: u32,
    },
    /// One that was asked of the council alone, for spot purchases or its own provision.
    Apart {
        /// What it is called, without a colon.
        reference: String,
        /// What was asked for, in basis points of the core fee.
        asked_basis_points: u32,
    },
}

/// What the council says to an uplift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpliftAnswer {
    /// The core fee rises.
    Accepted {
        /// By how much, of the core fee and its uplifts before.
        amount: UpliftAmount,
        /// From which night; it must be given.
        from: Option<Date>,
        /// Of which agreements; empty for all that were called off from the framework and lot and go on then, except where their price was
        /// agreed under a schedule of the same day or later.
        agreements: BTreeSet<AgreementId>,
    },
    /// It does not.
    Refused,
}

/// The council decided an uplift wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectUplift {
    /// The number of the decision in the council's log, from 1.
    pub decision: u32,
    /// By how much and from which night it should have been; nothing where it should not have been at all.
    pub right: Option<(UpliftAmount, Date)>,
    /// Of which agreements; empty for all of the decision.
    pub agreements: BTreeSet<AgreementId>,
    /// Why it was wrong, in words without personal data.
    pub reason: String,
    /// The post that decides.
    pub approver: String,
    /// When it was told.
    pub at: Timestamp,
}
