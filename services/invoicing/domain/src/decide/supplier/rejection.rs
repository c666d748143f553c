//! Why an invoice that a provider sends is not taken, and why a query of one cannot be made or ended.

use crate::decide::limits;
use care::{AgreementId, CouncilId, Date, Nights, Pence, ProviderId, RefusalKind, Violation};

/// What of a submission is wrong, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {trouble}", self.place())]
pub struct InvoiceRejected {
    /// Which invoice of the submission, from 0.
    pub invoice: usize,
    /// Its number.
    pub number: String,
    /// Which line of it, from 0; none for what is wrong with the whole.
    pub line: Option<usize>,
    /// What is wrong.
    pub trouble: InvoiceTrouble,
}

impl InvoiceRejected {
    fn place(&self) -> String {
        let number: String = self.number.chars().take(40).collect();
        match self.line {
            Some(line) => format!("{number:?}, line {}", line + 1),
            None => format!("{number:?}"),
        }
    }

    pub(crate) fn violation(&self) -> Violation {
        let field = match self.line {
            Some(line) => format!("invoices[{}].lines[{line}].{}", self.invoice, self.trouble.field()),
            None => format!("invoices[{}].{}", self.invoice, self.trouble.field()),
        };
        Violation { field, description: self.to_string() }
    }
}

/// What can be wrong with an invoice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvoiceTrouble {
    /// It is addressed to another council.
    #[error("it is addressed to {buyer}, and this is {council}'s ledger: send it to whom it is addressed")]
    Foreign {
        /// To whom.
        buyer: CouncilId,
        /// Whose ledger it is.
        council: CouncilId,
    },
    /// The provider has used the number before.
    #[error(
        "the number stands for a document that was received on {received_on}: if it is another one, number it anew"
    )]
    NumberTaken {
        /// When.
        received_on: Date,
    },
    /// A number without a letter or a digit.
    #[error("it has neither a letter nor a digit: give the number that stands on the document")]
    NumberEmpty,
    /// It is dated after today, or after the day on which it is said to have been received.
    #[error("it is dated {date}, which is after {latest}: correct the date")]
    DateInFuture {
        /// The date.
        date: Date,
        /// The latest that it may have.
        latest: Date,
    },
    /// Nights that have not passed.
    #[error("{nights} has nights that have not passed on {today}: a night is invoiced when it has")]
    NightsInFuture {
        /// The nights.
        nights: Nights,
        /// Today.
        today: Date,
    },
    /// No night.
    #[error("it has no night: end it a day after its last night")]
    NoNights,
    /// The council makes the invoices of these nights.
    #[error(
        "the council makes {provider}'s invoices of {night} itself (self-billing): agree on another arrangement first, or leave the line out"
    )]
    SelfBilled {
        /// The provider.
        provider: ProviderId,
        /// The first such night.
        night: Date,
    },
    /// No such agreement of this provider in this ledger.
    #[error("agreement {agreement} is none of {provider} with this council: check the id")]
    AgreementUnknown {
        /// The agreement.
        agreement: AgreementId,
        /// The provider.
        provider: ProviderId,
    },
    /// All nights are before the agreement or after its end.
    #[error("{nights} lies outside the agreement's nights, {agreed}: correct the nights or the agreement")]
    OutsideAgreement {
        /// The nights.
        nights: Nights,
        /// The agreement's.
        agreed: Nights,
    },
    /// A negative quantity of what is not taken off.
    #[error(
        "{quantity} is negative: only what is taken off ({kinds}) is, and what was invoiced is taken back by a credit note"
    )]
    QuantityNegative {
        /// The quantity.
        quantity: i64,
        /// The kinds that are taken off.
        kinds: &'static str,
    },
    /// The quantity is not the number of nights.
    #[error("quantity {quantity} is not the number of nights, {nights}: correct one of them")]
    QuantityDiffers {
        /// The quantity.
        quantity: i64,
        /// The nights.
        nights: i64,
    },
    /// An amount whose sign is not that of its quantity.
    #[error("amount {net} has another sign than quantity {quantity}: correct one of them")]
    SignDiffers {
        /// The amount.
        net: Pence,
        /// The quantity.
        quantity: i64,
    },
    /// An amount that is not what the weekly price comes to.
    #[error(
        "{quantity} nights at {weekly} a week come to {expected}, not {net}: correct the amount or the price"
    )]
    AmountDiffers {
        /// The quantity.
        quantity: i64,
        /// The weekly price.
        weekly: Pence,
        /// What they come to.
        expected: Pence,
        /// The amount.
        net: Pence,
    },
    /// The lines do not sum to what is stated.
    #[error("it states {stated}, and the lines come to {computed}: correct the sum or the lines")]
    SumDiffers {
        /// Which sum.
        field: &'static str,
        /// As stated.
        stated: Pence,
        /// As computed.
        computed: Pence,
    },
    /// An invoice that takes back more than it charges.
    #[error("it comes to {gross}: what is taken back on balance is a credit note")]
    Negative {
        /// The sum.
        gross: Pence,
    },
    /// A credit note that does not say what it takes back, or something unknown.
    #[error(
        "the invoice {of:?} that it takes back is none that was received of this provider and stands: name it as it was numbered"
    )]
    CreditedUnknown {
        /// The number that was given.
        of: String,
    },
    /// A credit of what the invoice does not have.
    #[error("the invoice has no such line of these nights: take back what it has, line by line")]
    CreditLineUnknown,
    /// A credit of more than the invoice.
    #[error(
        "{asked} is more than the {left} that the invoice has there and no credit note took yet: credit no more than that"
    )]
    CreditAboveInvoice {
        /// What was to be credited.
        asked: Pence,
        /// What could be.
        left: Pence,
    },
    /// Too few or too many.
    #[error("{count} {what}: expected 1 to {max}")]
    Count {
        /// How many.
        count: usize,
        /// Of what.
        what: &'static str,
        /// At most.
        max: usize,
    },
}

impl InvoiceTrouble {
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Foreign { .. } => "INVOICE_FOREIGN",
            Self::NumberTaken { .. } => "INVOICE_NUMBER_TAKEN",
            Self::NumberEmpty => "INVOICE_NUMBER_INVALID",
            Self::DateInFuture { .. } => "INVOICE_DATE_INVALID",
            Self::NightsInFuture { .. } => "NIGHTS_IN_FUTURE",
            Self::NoNights => "NIGHTS_INVALID",
            Self::SelfBilled { .. } => "PROVIDER_SELF_BILLED",
            Self::AgreementUnknown { .. } => "AGREEMENT_UNKNOWN",
            Self::OutsideAgreement { .. } => "LINE_OUTSIDE_AGREEMENT",
            Self::QuantityNegative { .. } => "QUANTITY_NEGATIVE",
            Self::QuantityDiffers { .. } => "QUANTITY_DIFFERS",
            Self::SignDiffers { .. } | Self::AmountDiffers { .. } => "AMOUNT_DIFFERS",
            Self::SumDiffers { .. } => "SUM_DIFFERS",
            Self::Negative { .. } => "INVOICE_NEGATIVE",
            Self::CreditedUnknown { .. } => "CREDITED_INVOICE_UNKNOWN",
            Self::CreditLineUnknown => "CREDIT_LINE_UNKNOWN",
            Self::CreditAboveInvoice { .. } => "CREDIT_ABOVE_INVOICE",
            Self::Count { .. } => "INVOICE_SIZE",
        }
    }

    pub(crate) fn kind(&self) -> RefusalKind {
        match self {
            Self::NumberTaken { .. } => RefusalKind::AlreadyExists,
            Self::AgreementUnknown { .. } => RefusalKind::NotFound,
            Self::SelfBilled { .. }
            | Self::CreditedUnknown { .. }
            | Self::CreditLineUnknown
            | Self::CreditAboveInvoice { .. } => RefusalKind::Precondition,
            _ => RefusalKind::Invalid,
        }
    }

    fn field(&self) -> &'static str {
        match self {
            Self::Foreign { .. } => "buyer",
            Self::NumberTaken { .. } | Self::NumberEmpty => "number",
            Self::DateInFuture { .. } => "issued_on",
            Self::NightsInFuture { .. } | Self::NoNights | Self::SelfBilled { .. } => "end",
            Self::AgreementUnknown { .. } => "agreement",
            Self::OutsideAgreement { .. } => "start",
            Self::QuantityNegative { .. } | Self::QuantityDiffers { .. } => "quantity",
            Self::SignDiffers { .. } | Self::AmountDiffers { .. } => "net_pence",
            Self::SumDiffers { field, .. } => field,
            Self::Negative { .. } => "net_pence",
            Self::CreditedUnknown { .. } => "credits",
            Self::CreditLineUnknown => "kind",
            Self::CreditAboveInvoice { .. } => "net_pence",
            Self::Count { .. } => "lines",
        }
    }
}

/// Why a query cannot be made, answered or ended, and why an arrangement or a tolerance cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryRejected {
    /// A line that the invoice does not have.
    #[error("{number} has no line {line}: it has {lines}, counted from 1")]
    LineUnknown {
        /// The invoice's number.
        number: String,
        /// The line asked about.
        line: u32,
        /// How many it has.
        lines: usize,
    },
    /// Nothing of these lines is payable any more.
    #[error(
        "nothing of these lines of {number} is accepted, so there is nothing to dispute: it is in query, credited or rejected already"
    )]
    NothingAccepted {
        /// The invoice's number.
        number: String,
    },
    /// It is paid already.
    #[error(
        "{accepted} of these lines of {number} was accepted, and only {due} of it is not paid: ask the provider for a credit note"
    )]
    PaidAlready {
        /// The invoice's number.
        number: String,
        /// What would be in query.
        accepted: Pence,
        /// What is not paid.
        due: Pence,
    },
    /// Nothing is in query.
    #[error("nothing of these lines of {number} is in query")]
    NothingInQuery {
        /// The invoice's number.
        number: String,
    },
    /// Part of the lines only, where it is about the whole invoice.
    #[error("an invoice is rejected as a whole: name no lines")]
    RejectedInPart,
    /// It was paid or credited, and is rejected no more.
    #[error("{number} was paid or credited in part already: it cannot be rejected any more")]
    BeyondRejection {
        /// The invoice's number.
        number: String,
    },
    /// No line of a credit note is ever in query.
    #[error("{number} is a credit note: query the invoice that it takes back")]
    IsCreditNote {
        /// Its number.
        number: String,
    },
    /// A day within a charge.
    #[error(
        "nights {charged} are charged as one, so one way of billing cannot end and another begin on {from}: arrange it from where a charge begins"
    )]
    ArrangementWithinCharge {
        /// The day.
        from: Date,
        /// The nights of the charge.
        charged: Nights,
    },
    /// Nights from there on are invoiced already.
    #[error(
        "nights of {provider} before {billed_to} are invoiced already: arrange it from that day on or later"
    )]
    ArrangementTooEarly {
        /// The provider.
        provider: ProviderId,
        /// The day after the last invoiced night.
        billed_to: Date,
    },
    /// A day that no ledger has.
    #[error(
        "{from} is not in the years {} to {}: give the first night that it is for",
        limits::YEARS.start(),
        limits::YEARS.end()
    )]
    ArrangementOutOfRange {
        /// The day.
        from: Date,
    },
    /// Agreed after today.
    #[error("{agreed_on} is after today, {today}: record it when both have agreed")]
    AgreedInFuture {
        /// The day.
        agreed_on: Date,
        /// Today.
        today: Date,
    },
    /// A tolerance for days that have passed.
    #[error(
        "a tolerance is for invoices received from today on, {today}, not from {from}: what came before was matched already"
    )]
    ToleranceInPast {
        /// The day.
        from: Date,
        /// Today.
        today: Date,
    },
}

impl QueryRejected {
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::LineUnknown { .. } => "INVOICE_LINE_UNKNOWN",
            Self::NothingAccepted { .. } => "NOTHING_ACCEPTED",
            Self::PaidAlready { .. } => "INVOICE_PAID",
            Self::NothingInQuery { .. } => "NOTHING_IN_QUERY",
            Self::RejectedInPart => "REJECTED_IN_PART",
            Self::BeyondRejection { .. } => "INVOICE_BEYOND_REJECTION",
            Self::IsCreditNote { .. } => "INVOICE_IS_CREDIT_NOTE",
            Self::ArrangementWithinCharge { .. } => "ARRANGEMENT_DATE_INVALID",
            Self::ArrangementTooEarly { .. } => "ARRANGEMENT_TOO_EARLY",
            Self::ArrangementOutOfRange { .. } => "DATE_OUT_OF_RANGE",
            Self::AgreedInFuture { .. } => "AGREED_IN_FUTURE",
            Self::ToleranceInPast { .. } => "TOLERANCE_IN_PAST",
        }
    }

    pub(crate) fn kind(&self) -> RefusalKind {
        match self {
            Self::LineUnknown { .. }
            | Self::RejectedInPart
            | Self::ArrangementOutOfRange { .. }
            | Self::AgreedInFuture { .. }
            | Self::ToleranceInPast { .. } => RefusalKind::Invalid,
            _ => RefusalKind::Precondition,
        }
    }

    pub(crate) fn field(&self) -> Option<&'static str> {
        match self {
            Self::LineUnknown { .. } | Self::RejectedInPart => Some("lines"),
            Self::ArrangementWithinCharge { .. }
            | Self::ArrangementTooEarly { .. }
            | Self::ArrangementOutOfRange { .. }
            | Self::ToleranceInPast { .. } => Some("from"),
            Self::AgreedInFuture { .. } => Some("agreed_on"),
            _ => None,
        }
    }
}
