//! A payment run as a BACS Standard 18 submission of direct credits: [`write`], and [`read`] for whoever wants to check one.
//!
//! A file is VOL1, HDR1, HDR2 and UHL1 of 80 characters; a record of 100 characters for each payment (106 where each has a processing day of
//! its own), and for each day a contra record that debits the council's account with their sum; EOF1, EOF2 and UTL1 with the totals.
//!
//! The layout is PN5011 of Bacs as other implementers publish it: FinDock's "Bacs Direct Debit collection file" (docs.findock.com) and Bank of
//! Ireland's "BACS File Specification", both read in part, Access Group's "BACS Standard 18", and an open implementation that cites Bacs' "ISO
//! 20022/Bacs Translation Guide". PN5011 itself is not public, there is no validator that runs without
//! a bank, and nothing here was sent to one. Not done: modulus checks of account numbers, whose table Vocalink changes and licenses; direct debits;
//! submissions for several service users.

mod fields;
mod read;
mod write;

pub use fields::text_of;
pub use read::read;
pub use write::write;

use care::{Date, Pence};

/// The largest amount of one record: eleven digits of pence.
pub const RECORD_MAX: Pence = Pence(99_999_999_999);
/// Payments of one file at most, as UTL1 can count.
pub const PAYMENTS_MAX: usize = 9_999_999;
/// How many days ahead a processing day may be.
pub const DAYS_AHEAD_MAX: i32 = 30;

/// An account. Its details are the caller's: nothing of them is kept here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Six digits.
    pub sort_code: String,
    /// Eight digits.
    pub number: String,
    /// In whose name, in the characters of BACS, 18 at most; see [`text_of`].
    pub name: String,
}

/// When payments are processed: the second of the three days of BACS, a working day after the file was submitted. The money reaches the accounts
/// on the working day after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Processing {
    /// All on this day.
    Single(Date),
    /// Each payment on its own day.
    Multi,
}

/// A payment to a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The provider's account.
    pub to: Account,
    /// How much; above zero.
    pub amount: Pence,
    /// What the provider sees it by, in the characters of BACS, 18 at most.
    pub reference: String,
    /// Its processing day, in a submission of several days alone.
    pub on: Option<Date>,
}

/// A submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The council's service user number, six digits.
    pub service_user: String,
    /// What the council tells its submissions apart by: six letters or digits, not all zeros.
    pub serial: String,
    /// The file's number, 1 to 999.
    pub file_number: u16,
    /// The day it was made.
    pub created_on: Date,
    /// When it is processed.
    pub processing: Processing,
    /// The account that is debited.
    pub from: Account,
    /// The payments.
    pub payments: Vec<Payment>,
}

impl Submission {
    /// The day on which a payment is processed.
    fn day_of(&self, payment: &Payment) -> Option<Date> {
        match self.processing {
            Processing::Single(day) => Some(day),
            Processing::Multi => payment.on,
        }
    }
}
