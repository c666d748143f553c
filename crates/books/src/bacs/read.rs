//! A file as a submission: every record in its place, every total added again.

use super::fields::{CONTRA, check, contras, of_julian};
use super::write::labels;
use super::{Account, Payment, Processing, Submission};
use crate::amount::Pounds;
use crate::fault::{Fault, Faults, quoted};
use care::{Date, Pence};
use std::collections::BTreeMap;

/// A file at most: some 100,000 payments.
const BYTES_MAX: usize = 16 * 1024 * 1024;

/// Reads a file of direct credits.
///
/// # Errors
/// The first thing that is wrong with its structure, with its line; totals and contra records that are not what the payments come to; and
/// what [`super::write`] would refuse.
pub fn read(text: &str) -> Result<Submission, Faults> {
    let (submission, file) = parse(text).map_err(Faults::one)?;
    check(&submission)?;
    let faults = compare(&submission, &file);
    faults.or(submission)
}

/// A line of the file and its number.
type Numbered<'a> = (u64, &'a str);

/// What is compared with the payments.
struct File<'a> {
    labels: [Numbered<'a>; 7],
    contras: Vec<(u64, Date, Pence)>,
}

fn fault(line: u64, field: &str, wrong: impl Into<String>, remedy: &str) -> Fault {
    Fault::new(field, wrong, remedy).at_line(line)
}

/// Characters from one position to another, both counted from 1 and both in it.
fn cut<'a>((line, record): Numbered<'a>, from: usize, to: usize, field: &str) -> Result<&'a str, Fault> {
    record.get(from - 1..to).ok_or_else(|| {
        fault(
            line,
            field,
            format!("positions {from} to {to} are not there"),
            "send the record in its whole length",
        )
    })
}

fn parse(text: &str) -> Result<(Submission, File<'_>), Fault> {
    if text.len() > BYTES_MAX || !text.is_ascii() {
        return Err(fault(
            1,
            "file",
            "it is too long or has other characters than BACS",
            "send a file of BACS",
        ));
    }
    let lines: Vec<Numbered<'_>> =
        (1..).zip(text.strip_suffix("\r\n").unwrap_or(text).split("\r\n")).collect();
    let [volume, header, second, user, details @ .., end, end2, trailer] = lines.as_slice() else {
        let remedy = "send VOL1, HDR1, HDR2, UHL1, records, EOF1, EOF2 and UTL1";
        return Err(fault(1, "file", "it has no place for all labels", remedy));
    };
    let labels = [*volume, *header, *second, *user, *end, *end2, *trailer];
    for (label, name) in labels.into_iter().zip(["VOL1", "HDR1", "HDR2", "UHL1", "EOF1", "EOF2", "UTL1"]) {
        if !label.1.starts_with(name) || label.1.len() != 80 {
            let begins = quoted(label.1.get(..4).unwrap_or(label.1));
            let wrong = format!("the line begins with {begins} and has {} characters", label.1.len());
            return Err(fault(label.0, name, wrong, "it begins with its label and has 80 characters"));
        }
    }
    let single = match cut(*second, 11, 15, "HDR2 record length")? {
        "00100" => true,
        "00106" => false,
        other => {
            let wrong = format!("{} is neither", quoted(other));
            return Err(fault(second.0, "HDR2 record length", wrong, "use 00100, or 00106 for several days"));
        }
    };
    let first = day(*user, 5, "UHL1 processing day")?;
    let number = cut(*user, 38, 40, "UHL1 file number")?;
    let not_a_number =
        |_| fault(user.0, "UHL1 file number", format!("{} is no number", quoted(number)), "use 001 to 999");
    let Records { from, payments, contras } = records(details, single, first)?;
    let Some(from) = from else {
        return Err(fault(user.0, "record", "there is no payment", "give at least one"));
    };
    let submission = Submission {
        service_user: cut(*header, 6, 11, "HDR1 service user number")?.to_owned(),
        serial: cut(*volume, 5, 10, "VOL1 serial number")?.to_owned(),
        file_number: number.parse().map_err(not_a_number)?,
        created_on: day(*header, 42, "HDR1 creation date")?,
        processing: if single { Processing::Single(first) } else { Processing::Multi },
        from,
        payments,
    };
    Ok((submission, File { labels, contras }))
}

/// The date at a position.
fn day(record: Numbered<'_>, from: usize, field: &str) -> Result<Date, Fault> {
    let text = cut(record, from, from + 5, field)?;
    of_julian(text).ok_or_else(|| {
        let wrong = format!("{} is not a date", quoted(text));
        fault(record.0, field, wrong, "write a space, the year's two digits and the day of the year")
    })
}

/// The records between the labels.
struct Records {
    from: Option<Account>,
    payments: Vec<Payment>,
    contras: Vec<(u64, Date, Pence)>,
}

fn records(details: &[Numbered<'_>], single: bool, first: Date) -> Result<Records, Fault> {
    let mut all = Records { from: None, payments: Vec::new(), contras: Vec::new() };
    for record in details {
        let detail = detail(*record, single)?;
        let from = all.from.get_or_insert_with(|| detail.from.clone());
        if detail.from != *from {
            let wrong = "it is another than in the first record";
            return Err(fault(record.0, "originating account", wrong, "make a submission for each account"));
        }
        match (detail.code, detail.payment.reference.as_str()) {
            ("99", _) if !all.contras.is_empty() => {
                let wrong = "a payment stands after a contra record";
                return Err(fault(record.0, "record", wrong, "put contra records last"));
            }
            ("99", _) => all.payments.push(detail.payment),
            ("17", CONTRA) if detail.payment.to == *from => {
                all.contras.push((record.0, detail.payment.on.unwrap_or(first), detail.payment.amount));
            }
            _ => {
                let wrong = "it is neither a credit nor a contra record";
                let remedy = "use 99, and 17 with CONTRA for the council's own account";
                return Err(fault(record.0, "transaction code", wrong, remedy));
            }
        }
    }
    Ok(all)
}

struct Read<'a> {
    payment: Payment,
    code: &'a str,
    from: Account,
}

fn detail<'a>(record: Numbered<'a>, single: bool) -> Result<Read<'a>, Fault> {
    let length = if single { 100 } else { 106 };
    if record.1.len() != length {
        let wrong = format!("it has {} characters", record.1.len());
        return Err(fault(
            record.0,
            "record",
            wrong,
            if single { "records of one day have 100" } else { "records of several days have 106" },
        ));
    }
    let text =
        |from, to, field| cut(record, from, to, field).map(|text| text.trim_end_matches(' ').to_owned());
    for (from, to, must, field) in [(15, 15, "0", "account type"), (32, 35, "    ", "free positions")] {
        let found = cut(record, from, to, field)?;
        if found != must {
            return Err(fault(
                record.0,
                field,
                format!("{} stands in {from} to {to}", quoted(found)),
                "leave it as the layout has it",
            ));
        }
    }
    let pence = cut(record, 36, 46, "amount")?;
    let digits = pence.bytes().all(|byte| byte.is_ascii_digit());
    let amount = pence.parse().ok().filter(|_| digits).map(Pence);
    let amount = amount.ok_or_else(|| {
        fault(record.0, "amount", format!("{} is not pence", quoted(pence)), "write eleven digits")
    })?;
    let on = if single { None } else { Some(day(record, 101, "processing day")?) };
    let to = Account {
        sort_code: text(1, 6, "sort code")?,
        number: text(7, 14, "account number")?,
        name: text(83, 100, "account name")?,
    };
    let from = Account {
        sort_code: text(18, 23, "originating sort code")?,
        number: text(24, 31, "originating account number")?,
        name: text(47, 64, "service user's name")?,
    };
    let reference = text(65, 82, "reference")?;
    Ok(Read {
        payment: Payment { to, amount, reference, on },
        code: cut(record, 16, 17, "transaction code")?,
        from,
    })
}

/// What stands in labels, contra records and totals against what the payments say.
fn compare(submission: &Submission, file: &File<'_>) -> Faults {
    let mut faults = Faults::new();
    let expected = contras(submission);
    let mut stated: BTreeMap<Date, (u64, Pence)> = BTreeMap::new();
    for (line, day, amount) in &file.contras {
        if stated.insert(*day, (*line, *amount)).is_some() {
            faults.push(fault(
                *line,
                "contra",
                format!("there are several for {day}"),
                "give one for each day",
            ));
        }
    }
    let days = expected.keys().chain(stated.keys()).collect::<std::collections::BTreeSet<_>>();
    for day in days {
        let wanted = expected.get(day).copied().unwrap_or(0);
        let (line, amount) = stated.get(day).copied().unwrap_or((file.labels[4].0, Pence::ZERO));
        if i128::from(amount.0) != wanted {
            let wrong =
                format!("for {day} it is {}, but the payments come to {wanted} pence", Pounds(amount));
            faults.push(fault(line, "contra", wrong, "debit the sum of the payments"));
        }
    }
    let (Some((first, _)), Some((last, _))) = (expected.first_key_value(), expected.last_key_value()) else {
        return faults;
    };
    let [volume, header, second, user] = labels(submission, *first, *last);
    let total: i128 = expected.values().sum();
    let trailer =
        format!("{total:013}{total:013}{:07}{:07}{:36}", expected.len(), submission.payments.len(), "");
    let wanted = [&volume, &header, &second, &user, &header, &second, &trailer];
    for ((line, found), wanted) in file.labels.into_iter().zip(wanted) {
        let (name, found) = found.split_at(4);
        if found != wanted {
            let at =
                found.bytes().zip(wanted.bytes()).position(|(found, wanted)| found != wanted).unwrap_or(0)
                    + 5;
            let wrong =
                format!("from position {at} it is not what the payments and the other labels come to");
            let remedy = format!("from there it is {}", quoted(wanted.get(at - 5..).unwrap_or_default()));
            faults.push(fault(line, name, wrong, &remedy));
        }
    }
    faults
}
