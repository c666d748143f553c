//! The terms of one agreement as they stand, and what led to them.

use super::commands::Changes;
use super::events::{
    AmendmentEnd, AmendmentProposed, AmendmentTookEffect, NewOutcome, OutcomeEvidenced, Purchase,
    SiblingDiscount, UpliftCorrected, UpliftDecided,
};
use super::uplift::key_of;
use crate::frameworks::UpliftAmount;
use care::published::{
    AbsenceRecorded, AbsenceRule, AbsenceRulesFrom, AgreementIssued, AgreementTermsSet, CallOffCheck,
    FundersFrom, NoticeBy, TermLine,
};
use care::{Date, Pence, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The TERMS_CAUSE code of what the award agreed on.
pub(super) const ISSUED: &str = "ISSUED";

/// What an agreement costs, over dates, who pays, and all else that was agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The version: 1 as it was issued.
    pub version: u32,
    /// The lines, past ones included, in order of their numbers.
    pub lines: Vec<TermLine>,
    /// Who pays, in order of dates.
    pub funders: Vec<FundersFrom>,
    /// What is paid while the child is away on nights before the first day of `absence_rules_from`: as it was told before rules had a date.
    /// Where there is no rule for it, all is.
    pub absence_rules: Vec<AbsenceRule>,
    /// What is paid while the child is away from a day on, in order of dates.
    pub absence_rules_from: Vec<AbsenceRulesFrom>,
    /// What is paid for besides nights.
    pub outcomes: Vec<Outcome>,
    /// How many days notice runs for that is given from a day on, where that was agreed.
    pub notice_days: BTreeMap<Date, u16>,
    /// The day by which the placement is expected to end.
    pub expected_end: Option<Date>,
    /// The day on which the agreement is to be reviewed.
    pub review_on: Option<Date>,
    /// Who signed the agreement as it was issued: at most one for each side.
    pub signatures: Vec<Signature>,
    /// Amendments, in the order they were proposed.
    pub amendments: Vec<Amendment>,
    /// Absences, by their numbers, each as it was told last.
    pub absences: BTreeMap<u32, AbsenceRecorded>,
    /// The lines that hold while siblings are there, by number.
    pub sibling_discounts: BTreeMap<u32, SiblingDiscount>,
    /// The uplifts that are applied, by what they are known by.
    pub uplifts: BTreeMap<String, AppliedUplift>,
    /// From when the price schedules hold that core fees were agreed under, by the first nights of those; as far as that was told.
    pub schedules: BTreeMap<Date, Date>,
    /// Payments for outcomes, in the order they were evidenced.
    pub payments: Vec<OutcomePayment>,
    /// How the place came to be bought, where that is recorded.
    pub purchase: Option<Purchase>,
    /// Which bed that stands by for emergencies it is, beside how it was bought.
    pub emergency_bed: Option<Purchase>,
}

/// An uplift that is applied to an agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedUplift {
    /// What it is called, as it was told.
    pub reference: String,
    /// The number of the decision in the council's log.
    pub decision: u32,
    /// By how much, as it was put right last.
    pub amount: UpliftAmount,
    /// The first night, as it was put right last.
    pub from: Date,
    /// The version of the terms that it made: of uplifts the later is of the fee with the earlier.
    pub terms: u32,
}

/// What a council decided of an uplift, and how it put that right since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpliftDecision {
    /// As it was decided.
    pub decided: UpliftDecided,
    /// Corrections, in the order they were told.
    pub corrections: Vec<UpliftCorrected>,
}

/// A side's recorded consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Which side.
    pub by: NoticeBy,
    /// The post of who signed.
    pub post: String,
    /// The day of signing.
    pub on: Date,
    /// When it was recorded.
    pub at: Timestamp,
}

/// An amendment, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amendment {
    /// Its number.
    pub number: u32,
    /// Which side proposed it.
    pub by: NoticeBy,
    /// What it changes.
    pub changes: Changes,
    /// What the framework says of its core fee.
    pub checks: Vec<CallOffCheck>,
    /// When it was proposed.
    pub proposed_at: Timestamp,
    /// Who signed it: at most one for each side.
    pub signatures: Vec<Signature>,
    /// The version of the terms that it made, once it held.
    pub terms: Option<u32>,
    /// How it came to nothing, if it did.
    pub closed: Option<ClosedAmendment>,
}

/// How an amendment came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedAmendment {
    /// How.
    pub end: AmendmentEnd,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

impl Amendment {
    /// Whether it can still be signed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.terms.is_none() && self.closed.is_none()
    }
}

/// An outcome that is paid for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Its number, from 1.
    pub number: u32,
    /// What was agreed.
    pub agreed: NewOutcome,
    /// The first day on which it counts.
    pub from: Date,
    /// The day from which it counts no longer.
    pub until: Option<Date>,
}

/// Evidence of an outcome, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomePayment {
    /// The evidence.
    pub evidenced: OutcomeEvidenced,
    /// What is paid, once it was accepted.
    pub paid: Option<Pence>,
    /// Why it is not, once it was refused.
    pub refused: Option<String>,
    /// The post that decided.
    pub approver: Option<String>,
}

impl Terms {
    /// As the agreement was issued.
    #[must_use]
    pub fn as_issued(issued: &AgreementIssued) -> Self {
        let line = |(n, line): (usize, &care::published::PriceLine)| TermLine {
            line: number_after(n),
            kind: line.kind.clone(),
            weekly: line.weekly,
            from: issued.start,
            until: line.until,
            cause: ISSUED.to_owned(),
            note: String::new(),
            worked_out: String::new(),
        };
        Self {
            version: 1,
            lines: issued.terms.lines.iter().enumerate().map(line).collect(),
            funders: vec![FundersFrom { from: issued.start, funders: issued.terms.funders.clone() }],
            absence_rules: Vec::new(),
            absence_rules_from: Vec::new(),
            outcomes: Vec::new(),
            notice_days: BTreeMap::new(),
            expected_end: None,
            review_on: None,
            signatures: Vec::new(),
            amendments: Vec::new(),
            absences: BTreeMap::new(),
            sibling_discounts: BTreeMap::new(),
            uplifts: BTreeMap::new(),
            schedules: issued.schedule_from.map(|schedule| (issued.start, schedule)).into_iter().collect(),
            payments: Vec::new(),
            purchase: None,
            emergency_bed: None,
        }
    }

    /// Whether both sides have signed the agreement as it was issued.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        both(&self.signatures)
    }

    /// The amendment of this number.
    #[must_use]
    pub fn amendment(&self, number: u32) -> Option<&Amendment> {
        self.amendments.iter().find(|amendment| amendment.number == number)
    }

    pub(crate) fn amendment_mut(&mut self, number: u32) -> Option<&mut Amendment> {
        self.amendments.iter_mut().find(|amendment| amendment.number == number)
    }

    /// What has been accepted for an outcome so far.
    #[must_use]
    pub fn paid_for(&self, outcome: u32) -> Pence {
        let of = self.payments.iter().filter(|payment| payment.evidenced.outcome == outcome);
        of.filter_map(|payment| payment.paid).sum()
    }

    pub(crate) fn propose(&mut self, e: &AmendmentProposed) {
        self.amendments.push(Amendment {
            number: e.amendment,
            by: e.by,
            changes: e.changes.clone(),
            checks: e.checks.clone(),
            proposed_at: e.at,
            signatures: Vec::new(),
            terms: None,
            closed: None,
        });
    }

    /// What an amendment changes besides the price, which is told apart.
    pub(crate) fn take_effect(&mut self, e: &AmendmentTookEffect) {
        let Some(amendment) = self.amendment_mut(e.amendment) else { return };
        amendment.terms = Some(e.terms);
        let changes = amendment.changes.clone();
        for ended in self.outcomes.iter_mut().filter(|it| changes.outcomes_ended.contains(&it.number)) {
            ended.until = Some(changes.from);
        }
        for agreed in changes.outcomes {
            let number = number_after(self.outcomes.len());
            self.outcomes.push(Outcome { number, agreed, from: changes.from, until: None });
        }
        if let Some(days) = changes.notice_days {
            // The last to be signed holds from its day on.
            self.notice_days.retain(|from, _| *from < changes.from);
            self.notice_days.insert(changes.from, days);
        }
        self.schedules.extend(e.schedule_from.map(|schedule| (changes.from, schedule)));
        self.expected_end = changes.expected_end.or(self.expected_end);
        self.review_on = changes.review_on.or(self.review_on);
        self.sibling_discounts.extend(e.siblings.iter().map(|(line, discount)| (*line, discount.clone())));
    }

    pub(crate) fn decide_payment(&mut self, number: u32, decide: impl FnOnce(&mut OutcomePayment)) {
        if let Some(payment) = self.payments.iter_mut().find(|it| it.evidenced.payment == number) {
            decide(payment);
        }
    }

    /// An uplift was decided; the terms that it makes follow.
    pub(crate) fn uplift(&mut self, decision: u32, e: &UpliftDecided) {
        if let (Some(amount), Some(from)) = (e.amount(), e.from) {
            let (reference, terms) = (e.reference.clone(), self.version.saturating_add(1));
            let applied = AppliedUplift { reference, decision, amount, from, terms };
            self.uplifts.insert(key_of(&e.reference), applied);
        }
    }

    /// An uplift was put right; the terms that it makes follow.
    pub(crate) fn correct_uplift(&mut self, e: &UpliftCorrected) {
        let key = key_of(&e.reference);
        match (&e.accepted, e.from) {
            (Some(amount), Some(from)) => {
                if let Some(applied) = self.uplifts.get_mut(&key) {
                    (applied.amount, applied.from) = (amount.clone(), from);
                }
            }
            _ => {
                self.uplifts.remove(&key);
            }
        }
    }

    pub(crate) fn set(&mut self, e: &AgreementTermsSet) {
        self.version = e.terms;
        self.lines.clone_from(&e.lines);
        self.funders.clone_from(&e.funders);
        self.absence_rules.clone_from(&e.absence_rules);
        self.absence_rules_from.clone_from(&e.absence_rules_from);
    }
}

/// Whether a side has signed.
pub(super) fn signed_by(signatures: &[Signature], by: NoticeBy) -> Option<&Signature> {
    signatures.iter().find(|signature| signature.by == by)
}

/// Whether both sides have.
pub(super) fn both(signatures: &[Signature]) -> bool {
    [NoticeBy::Council, NoticeBy::Provider].iter().all(|by| signed_by(signatures, *by).is_some())
}

/// The number of what comes after so many.
pub(super) fn number_after(count: usize) -> u32 {
    u32::try_from(count.saturating_add(1)).unwrap_or(u32::MAX)
}
