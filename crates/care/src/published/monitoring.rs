//! What monitoring reads of other services' events: who was asked and answered what, and what was invoiced and paid. Each shape has only the
//! fields that figures need, so that an event may gain others. Whose an event is, says the log that it stands in.

use crate::domain::{DecodeError, decode_part};
use crate::ids::{InvoiceId, OfferId, ProviderId, ReferralId};
use crate::money::Pence;
use jiff::{Timestamp, civil::Date};
use serde::Deserialize;

/// A referral was shown to a provider, which is asked for an offer. In the council's referrals log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InvitationSent {
    /// The referral.
    pub referral: ReferralId,
    /// Who is asked.
    pub provider: ProviderId,
    /// When.
    pub at: Timestamp,
}

/// A provider offered a place. In the council's referrals log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OfferMade {
    /// The offer.
    pub offer: OfferId,
    /// The referral.
    pub referral: ReferralId,
    /// Who offers.
    pub provider: ProviderId,
    /// When.
    pub at: Timestamp,
}

/// A provider took an offer back, or put another of the same place in its stead. In the council's referrals log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OfferTakenBack {
    /// The offer.
    pub offer: OfferId,
    /// The referral.
    pub referral: ReferralId,
    /// Whose it was.
    pub provider: ProviderId,
}

/// A provider answered "no". In the council's referrals log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InvitationDeclined {
    /// The referral.
    pub referral: ReferralId,
    /// Who declined.
    pub provider: ProviderId,
    /// Why, a code of `code_sets::DECLINE`.
    pub reason: String,
}

/// Where a home is sought, as the referral says it last. In the council's referrals log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HomeSought {
    /// The referral.
    pub referral: ReferralId,
    /// What of the requirements is read.
    pub requirements: HomeSoughtAt,
}

/// The place in the requirements of a referral.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HomeSoughtAt {
    /// A postcode sector or outcode to measure from, if it is known.
    #[serde(default)]
    pub anchor: Option<String>,
}

/// An invoice or credit note was issued. In the council's invoicing log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InvoiceTold {
    /// The document.
    pub invoice: InvoiceId,
    /// Who is paid, or pays back.
    pub provider: ProviderId,
    /// Which of both: [`InvoiceTold::CREDIT_NOTE`], or an invoice.
    pub kind: String,
    /// The day of issue.
    pub issued_on: Date,
    /// What is billed, and what is taken back.
    pub lines: Vec<InvoiceToldLine>,
}

impl InvoiceTold {
    /// The kind of a document by which the provider pays back.
    pub const CREDIT_NOTE: &'static str = "CREDIT_NOTE";
}

/// One line of an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InvoiceToldLine {
    /// How many nights; negative where a charge is taken back.
    pub nights_count: i64,
    /// The amount without VAT, in pence.
    pub amount: Pence,
}

/// An invoice was paid in full, or a credit note settled. In the council's invoicing log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InvoicePaid {
    /// The document.
    pub invoice: InvoiceId,
    /// The day.
    pub paid_on: Date,
}

parts!(InvitationSent, ["ReferralReleased"]);
parts!(OfferMade, ["OfferSubmitted"]);
parts!(OfferTakenBack, ["OfferWithdrawn"]);
parts!(InvitationDeclined, ["ReferralDeclined"]);
parts!(HomeSought, ["ReferralPosted", "ReferralAmended"]);
parts!(InvoiceTold, ["InvoiceIssued"]);
parts!(InvoicePaid, ["PaymentRecorded"]);
