//! A payment run as finance staff open it: what is paid of each document, and who is left out.

use super::cells::{Sheet, guarded};
use crate::amount::Pounds;
use care::{Date, Pence};

/// A document that a run pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaidRow {
    /// The provider.
    pub provider: String,
    /// The document's number.
    pub document: String,
    /// What it is, such as `Self-billed invoice`.
    pub kind: String,
    /// The day of its date.
    pub issued_on: Date,
    /// Until when it is to be paid.
    pub payable_by: Date,
    /// The whole document with VAT; negative for a credit note.
    pub gross: Pence,
    /// What is paid of it.
    pub paid: Pence,
}

/// A provider that a run leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOutRow {
    /// The provider.
    pub provider: String,
    /// Why.
    pub reason: String,
    /// What would have been paid.
    pub amount: Pence,
}

/// A payment run as CSV: a row for each document, one for each provider that is left out, with nothing paid and the reason, and the total.
#[must_use]
pub fn payment_run(
    run: &str,
    pay_on: Date,
    paid: &[PaidRow],
    left_out: &[LeftOutRow],
    total: Pence,
) -> String {
    let mut sheet = Sheet::new([
        "run",
        "pay_on",
        "provider",
        "document",
        "kind",
        "issued_on",
        "payable_by",
        "amount",
        "paid",
        "left_out",
    ]);
    let head = [guarded(run), pay_on.to_string()];
    let (money, blank) = (|amount: Pence| Pounds(amount).to_string(), String::new);
    for row in paid {
        let cells = [
            guarded(&row.provider),
            guarded(&row.document),
            guarded(&row.kind),
            row.issued_on.to_string(),
            row.payable_by.to_string(),
            money(row.gross),
            money(row.paid),
            blank(),
        ];
        sheet.row(head.iter().cloned().chain(cells));
    }
    for row in left_out {
        let nothing = money(Pence::ZERO);
        let reason = guarded(&row.reason);
        let cells =
            [guarded(&row.provider), blank(), blank(), blank(), blank(), money(row.amount), nothing, reason];
        sheet.row(head.iter().cloned().chain(cells));
    }
    let cells = ["TOTAL".to_owned(), blank(), blank(), blank(), blank(), blank(), money(total), blank()];
    sheet.row(head.into_iter().chain(cells));
    sheet.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_rows_of_documents_of_who_is_left_out_and_a_total() {
        let day = Date::constant(2026, 2, 27);
        let row = PaidRow {
            provider: "=acme".to_owned(),
            document: "1".to_owned(),
            kind: "Invoice".to_owned(),
            issued_on: day,
            payable_by: day,
            gross: Pence(310_000),
            paid: Pence(300_000),
        };
        let left = LeftOutRow {
            provider: "beacon".to_owned(),
            reason: "NO_BANK_DETAILS".to_owned(),
            amount: Pence(-1),
        };
        let text = payment_run("run 1", day, &[row], &[left], Pence(300_000));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], "run 1,2026-02-27,'=acme,1,Invoice,2026-02-27,2026-02-27,3100.00,3000.00,");
        assert_eq!(lines[2], "run 1,2026-02-27,beacon,,,,,-0.01,0.00,NO_BANK_DETAILS");
        assert_eq!(lines[3], "run 1,2026-02-27,TOTAL,,,,,,3000.00,");
    }
}
