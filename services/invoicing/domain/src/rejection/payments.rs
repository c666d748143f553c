//! Why a payment is refused before any money moves.

use crate::bacs_days::last_submission;
use crate::events::{LeftOut, LeftOutReason};
use crate::state::PaymentRunStatus;
use care::{Date, PaymentRunId, Pence, ProviderId, RefusalKind, Violation};
use std::collections::BTreeMap;

/// A refusal of something about payments.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaymentRejection {
    /// Fields that are wrong by themselves.
    #[error("{}", told(.0))]
    FieldsInvalid(Vec<Violation>),
    /// Nobody has said how the council pays.
    #[error(
        "this council has not said how it pays: set its payment policy, with its account and service user number"
    )]
    PolicyMissing,
    /// An approver who would change what they may approve themselves.
    #[error("{person} would set their own limit: somebody else sets it")]
    OwnLimit {
        /// The person.
        person: String,
    },
    /// It was recorded more often than anything is.
    #[error("{what} was recorded {max} times already: that is the most, so talk to whoever runs the region")]
    LimitReached {
        /// What.
        what: &'static str,
        /// How often at most.
        max: u32,
    },
    /// A provider without a bank account here.
    #[error("no bank details of provider {0} are recorded: record them first")]
    BankDetailsUnknown(ProviderId),
    /// A record of bank details that is not the last one.
    #[error(
        "revision {revision} of the bank details of {provider} is not the last one, {last}: read them again, and verify what stands now"
    )]
    BankDetailsOutdated {
        /// The provider.
        provider: ProviderId,
        /// Which was asked for.
        revision: u32,
        /// The last one.
        last: u32,
    },
    /// A provider of which nobody has recorded what it is for VAT.
    #[error("no tax details of provider {0} are recorded: record them first")]
    TaxDetailsUnknown(ProviderId),
    /// A record of tax details that is not the last one.
    #[error(
        "revision {revision} of the tax details of {provider} is not the last one, {last}: read them again, and verify what stands now"
    )]
    TaxDetailsOutdated {
        /// The provider.
        provider: ProviderId,
        /// Which was asked for.
        revision: u32,
        /// The last one.
        last: u32,
    },
    /// One person where two are needed.
    #[error("{person} {did} this already: it takes another person, with a token of their own")]
    SamePerson {
        /// The person.
        person: String,
        /// What they did.
        did: &'static str,
    },
    /// A person who may not approve so much.
    #[error(
        "{person} may approve {}, and the run comes to {total}: let somebody approve it whose limit is not below that",
        limit.map_or_else(|| "no run".to_owned(), |limit| format!("runs up to {limit}"))
    )]
    ApproverLimit {
        /// The person.
        person: String,
        /// Up to how much they may approve; none where the policy does not name them.
        limit: Option<Pence>,
        /// What the run comes to.
        total: Pence,
    },
    /// A day on which BACS does not pay.
    #[error("{pay_on} is no pay day: {wrong}; choose a working day from {earliest} to {latest}")]
    PayDayInvalid {
        /// The day asked for.
        pay_on: Date,
        /// What is wrong with it.
        wrong: &'static str,
        /// The first day that it may be.
        earliest: Date,
        /// The last day that it may be.
        latest: Date,
    },
    /// No day was given, and there is no calendar.
    #[error("the council's payment policy has no calendar: say on which day the run pays, as pay_on")]
    PayDayMissing,
    /// Nothing can be paid.
    #[error("nothing can be paid that is payable by {due_by}{}", reasons(left_out))]
    NothingToPay {
        /// Documents that are payable by this day were looked at.
        due_by: Date,
        /// Who is left out.
        left_out: Vec<LeftOut>,
    },
    /// No such run.
    #[error("payment run {0} is not in this council's ledger: check the id")]
    RunUnknown(PaymentRunId),
    /// A run of which nothing can be decided any more, or not yet.
    #[error("payment run {number} is {}: {remedy}", status.as_str())]
    RunStatus {
        /// Its number.
        number: u32,
        /// Where it stands.
        status: PaymentRunStatus,
        /// What to do.
        remedy: &'static str,
    },
    /// A run whose pay day cannot be reached any more.
    #[error(
        "payment run {number} pays on {pay_on}, for which the bank needs its file by {}, and today is {today}: reject it, and propose another",
        last_submission(*pay_on)
    )]
    PayDayPassed {
        /// Its number.
        number: u32,
        /// Its pay day.
        pay_on: Date,
        /// Today.
        today: Date,
    },
    /// A run that is not what stands in the books any more.
    #[error("payment run {number} is not what is payable any more ({what}): reject it, and propose another")]
    RunOutdated {
        /// Its number.
        number: u32,
        /// What changed.
        what: String,
    },
    /// A document that waits in a run.
    #[error("{invoice} waits in payment run {run}, which pays it: approve that, or reject it first")]
    InvoiceInRun {
        /// The document's number.
        invoice: String,
        /// The run's number.
        run: u32,
    },
    /// A provider that the run did not pay.
    #[error("payment run {number} pays nothing to {provider}: check the provider")]
    PayeeUnknown {
        /// The run's number.
        number: u32,
        /// The provider.
        provider: ProviderId,
    },
    /// A day on which the payment cannot have come back.
    #[error("this payment comes back from {since} up to today, {today}, not on {returned_on}")]
    ReturnDateInvalid {
        /// The day asked for.
        returned_on: Date,
        /// The first day: that of the payment, or of a run's file for the bank, which may refuse it before the pay day.
        since: Date,
        /// Today.
        today: Date,
    },
    /// A payment that came back already, or that nobody made.
    #[error("{what} has no payment that could come back: it was not paid, or came back already")]
    NothingToReturn {
        /// The payment.
        what: String,
    },
    /// A payment of a run that is told as one of an invoice.
    #[error("the last payment of {invoice} is of a payment run: say which run and provider came back")]
    PaidByRun {
        /// The invoice's number.
        invoice: String,
    },
}

fn told(violations: &[Violation]) -> String {
    let told: Vec<String> = violations.iter().map(|it| format!("{}: {}", it.field, it.description)).collect();
    told.join("; ")
}

fn reasons(left_out: &[LeftOut]) -> String {
    let mut counts: BTreeMap<LeftOutReason, usize> = BTreeMap::new();
    for one in left_out {
        *counts.entry(one.reason).or_default() += 1;
    }
    let counts: Vec<String> =
        counts.into_iter().map(|(reason, count)| format!("{count} {}", reason.as_str())).collect();
    if counts.is_empty() {
        ": choose a later day, or wait until something is due".to_owned()
    } else {
        format!(": providers are left out ({}); settle that first", counts.join(", "))
    }
}

impl PaymentRejection {
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::FieldsInvalid(_) => "FIELD_INVALID",
            Self::PolicyMissing => "PAYMENT_POLICY_MISSING",
            Self::OwnLimit { .. } => "OWN_LIMIT",
            Self::LimitReached { .. } => "LIMIT_REACHED",
            Self::BankDetailsUnknown(_) => "BANK_DETAILS_UNKNOWN",
            Self::BankDetailsOutdated { .. } => "BANK_DETAILS_OUTDATED",
            Self::TaxDetailsUnknown(_) => "TAX_DETAILS_UNKNOWN",
            Self::TaxDetailsOutdated { .. } => "TAX_DETAILS_OUTDATED",
            Self::SamePerson { .. } => "SAME_PERSON",
            Self::ApproverLimit { .. } => "APPROVER_LIMIT",
            Self::PayDayInvalid { .. } => "PAY_DAY_INVALID",
            Self::PayDayMissing => "PAY_DAY_MISSING",
            Self::NothingToPay { .. } => "NOTHING_TO_PAY",
            Self::RunUnknown(_) => "PAYMENT_RUN_UNKNOWN",
            Self::RunStatus { .. } => "PAYMENT_RUN_STATUS",
            Self::PayDayPassed { .. } => "PAY_DAY_PASSED",
            Self::RunOutdated { .. } => "PAYMENT_RUN_OUTDATED",
            Self::InvoiceInRun { .. } => "INVOICE_IN_RUN",
            Self::PayeeUnknown { .. } => "PAYEE_UNKNOWN",
            Self::ReturnDateInvalid { .. } => "RETURN_DATE_INVALID",
            Self::NothingToReturn { .. } => "NOTHING_TO_RETURN",
            Self::PaidByRun { .. } => "PAID_BY_RUN",
        }
    }

    pub(super) fn kind(&self) -> RefusalKind {
        match self {
            Self::FieldsInvalid(_)
            | Self::PayDayInvalid { .. }
            | Self::PayDayMissing
            | Self::ReturnDateInvalid { .. } => RefusalKind::Invalid,
            Self::BankDetailsUnknown(_)
            | Self::TaxDetailsUnknown(_)
            | Self::RunUnknown(_)
            | Self::PayeeUnknown { .. } => RefusalKind::NotFound,
            Self::OwnLimit { .. } | Self::SamePerson { .. } | Self::ApproverLimit { .. } => {
                RefusalKind::Forbidden
            }
            Self::BankDetailsOutdated { .. } | Self::TaxDetailsOutdated { .. } => RefusalKind::Conflict,
            _ => RefusalKind::Precondition,
        }
    }

    pub(super) fn violations(&self) -> Vec<Violation> {
        match self {
            Self::FieldsInvalid(violations) => violations.clone(),
            Self::PayDayInvalid { .. } | Self::PayDayMissing => {
                vec![Violation { field: "pay_on".to_owned(), description: self.to_string() }]
            }
            Self::ReturnDateInvalid { .. } => {
                vec![Violation { field: "returned_on".to_owned(), description: self.to_string() }]
            }
            _ => Vec::new(),
        }
    }
}
