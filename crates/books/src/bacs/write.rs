//! A submission as a file.

use super::fields::{CONTRA, TEXT, check, contras, julian};
use super::{Account, Processing, Submission};
use crate::fault::{Fault, Faults};
use care::{Date, Pence};

/// Days after the last processing day on which the file may be overwritten.
const KEPT_DAYS: u16 = 7;

/// One record in the order of its fields.
pub(super) struct Detail<'a> {
    pub(super) to: &'a Account,
    pub(super) code: &'a str,
    pub(super) from: &'a Account,
    pub(super) amount: Pence,
    pub(super) reference: &'a str,
    pub(super) on: Option<Date>,
}

impl Detail<'_> {
    /// Positions from 1: 1–6 and 7–14 the account that it is for, 15 its type, 16–17 the transaction, 18–23 and 24–31 the account that it
    /// is from, 32–35 free, 36–46 pence, 47–64 the service user's name, 65–82 the reference, 83–100 the name of the account, 101–106 the
    /// processing day.
    fn record(&self) -> String {
        let Self { to, code, from, amount, reference, on } = self;
        let day = on.map(julian).unwrap_or_default();
        format!(
            "{}{}0{code}{}{}    {:011}{:<TEXT$}{reference:<TEXT$}{:<TEXT$}{day}",
            to.sort_code, to.number, from.sort_code, from.number, amount.0, from.name, to.name
        )
    }
}

/// The labels of a file but for their first four characters: volume, header 1, header 2, user header.
pub(super) fn labels(submission: &Submission, first: Date, last: Date) -> [String; 4] {
    let Submission { service_user, serial, .. } = submission;
    // Blocks of twenty records.
    let (block, length, work) = match submission.processing {
        Processing::Single(_) => ("02000", "00100", "1 DAILY  "),
        Processing::Multi => ("02120", "00106", "4 MULTI  "),
    };
    let expires = care::days_after(last, KEPT_DAYS);
    // The submitter's number stands in 42–47 of VOL1 and in 6–11 and 16–21 of HDR1.
    let volume = format!("{serial}{:27}{:4}{service_user}{:4}{:28}1", "", "", "", "");
    let header = format!(
        "A{service_user}S{:3}{service_user}{serial}00010001{:6}{}{}{:1}000000{:20}",
        "",
        "",
        julian(submission.created_on),
        julian(expires),
        "",
        ""
    );
    let second = format!("F{block}{length}{:35}00{:28}", "", "");
    let user = format!(
        "{}999999{:4}00000000{work}{:03}{:7}{:7}{:26}",
        julian(first),
        "",
        submission.file_number,
        "",
        "",
        ""
    );
    [volume, header, second, user]
}

/// The file, with lines ended by CRLF.
///
/// # Errors
/// All that is wrong with the submission: numbers that are not so many digits, text that BACS cannot carry, amounts and days out of range, days that
/// are not working days, a sum that a contra record cannot hold.
pub fn write(submission: &Submission) -> Result<String, Faults> {
    check(submission)?;
    let contras = contras(submission);
    let (Some((first, _)), Some((last, _))) = (contras.first_key_value(), contras.last_key_value()) else {
        return Err(Faults::one(Fault::new("payments", "there is none", "give at least one")));
    };
    let [volume, header, second, user] = labels(submission, *first, *last);
    let mut records = vec![
        format!("VOL1{volume}"),
        format!("HDR1{header}"),
        format!("HDR2{second}"),
        format!("UHL1{user}"),
    ];
    let mut total: i128 = 0;
    for payment in &submission.payments {
        total += i128::from(payment.amount.0);
        let detail = Detail {
            to: &payment.to,
            code: "99",
            from: &submission.from,
            amount: payment.amount,
            reference: &payment.reference,
            on: payment.on,
        };
        records.push(detail.record());
    }
    for (day, sum) in &contras {
        let on = (submission.processing == Processing::Multi).then_some(*day);
        // At most what a record holds, as was checked.
        let amount = Pence(i64::try_from(*sum).unwrap_or(i64::MAX));
        let from = &submission.from;
        records.push(Detail { to: from, code: "17", from, amount, reference: CONTRA, on }.record());
    }
    records.extend([format!("EOF1{header}"), format!("EOF2{second}")]);
    records.push(format!(
        "UTL1{total:013}{total:013}{:07}{:07}{:36}",
        contras.len(),
        submission.payments.len(),
        ""
    ));
    Ok(records.into_iter().flat_map(|record| [record, "\r\n".to_owned()]).collect())
}
