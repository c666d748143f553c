//! How invoices that come in are matched, as a page: `docs/invoice-matching.md` has the reasons that the ledger gives.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

use care::code_sets::{INVOICE_QUERY, MATCH_REASON};
use invoicing_domain::{QueryOutcome, limits};
use std::fmt::Write as _;
use std::path::PathBuf;

fn page() -> String {
    let mut page = format!(
        "# How invoices that come in are matched\n\nGenerated from `crates/care/src/codes/money.rs`; `UPDATE_DOCS=1 cargo test -p invoicing-domain --test \
         match_page` writes it anew.\n\nWhere council and provider arranged so (`ArrangeBilling`), the provider sends the invoices of nights from a \
         day on, as fields, UBL 2.1 or [CSV](invoice-csv.md); elsewhere the council makes them itself. What comes in is matched three ways when it is received: what the \
         agreement's lines cost, the nights that the council has confirmed by charging them, and the invoice's line.\n\n\
         - What was agreed for confirmed nights that nobody has invoiced yet is **payable**, by the {days}th day after receipt (Procurement Act 2023, section 68).\n\
         - What a line asks for above that is **in query**, for the reasons below. It is not payable, and does not keep the rest from being paid.\n\
         - What a line asks for below that is accepted as it is; the rest may be invoiced later.\n\
         - A line of CORE stands for uplift, discounts and what absences take off as well, as far as these have no line of their own on the invoice.\n\
         - A line of OUTCOME is matched with the payments that are due of outcomes on its days and are charged, less what is invoiced of them; it confirms no night, and its \
         days may lie after the departure.\n\
         - Where price alone differs, by no more than the council tolerates (`SetMatchTolerance`: so many pence *and* so many basis points, of a line and of all \
         differences of an invoice together), the line is accepted as it was sent, and the difference is posted to `expense:differences`.\n\
         - VAT is taken as sent where it is within a penny of what goes with the line.\n\
         - A credit note takes from lines of the invoice that it names: from what is in query first, then from what is payable; never more than is left. What \
         was paid already is then owed by the provider.\n\
         - Late news, such as of a departure, has the lines that claim its nights matched again: what is not charged any more is **in query**, and nothing \
         becomes payable by it. What was paid already is taken off what is paid next, and a credit note is awaited.\n\
         - Numbers are compared by their letters and digits alone, in any case. One that was received is taken for good, unless the council rejects that \
         invoice as no valid one; what is refused at the door was never received.\n\
         - At once come at most {invoices} invoices with {lines} lines, {each} on one; all of them are taken, or none.\n\n## Reasons\n\n| reason | meaning |\n|---|---|\n",
        days = limits::PAYMENT_DAYS,
        invoices = limits::SUBMISSION_INVOICES_MAX,
        lines = limits::SUBMISSION_LINES_MAX,
        each = limits::SUPPLIER_LINES_MAX,
    );
    for code in MATCH_REASON.codes {
        writeln!(page, "| {} | {} |", code.code, code.label).unwrap();
    }
    page.push_str(
        "\n## Queries\n\nA council disputes lines that it had accepted (`QueryInvoice`) as long as they are not paid; the provider answers (`AnswerInvoiceQuery`); the \
         council ends the query of some lines or all (`ResolveInvoiceQuery`).\n\n| reason | meaning |\n|---|---|\n",
    );
    for code in INVOICE_QUERY.codes {
        writeln!(page, "| {} | {} |", code.code, code.label).unwrap();
    }
    page.push_str("\n| outcome | what becomes of the lines |\n|---|---|\n");
    for (outcome, meaning) in [
        (
            QueryOutcome::AcceptedAsAgreed,
            "what is agreed by now is payable; the provider is to credit the rest",
        ),
        (QueryOutcome::ProviderCredits, "the provider is to credit all that is in query"),
        (
            QueryOutcome::Withdrawn,
            "matched anew by what is known now; what still does not match stays in query",
        ),
        (QueryOutcome::RejectedAsInvalid, "nothing of the invoice is payable, and its number is free again"),
    ] {
        writeln!(page, "| {} | {meaning} |", outcome.as_str()).unwrap();
    }
    page
}

#[test]
fn the_page_is_what_invoices_are_matched_by() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../docs/invoice-matching.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page(),
        "docs/invoice-matching.md is not current: run this test with UPDATE_DOCS=1 and commit it"
    );
}
