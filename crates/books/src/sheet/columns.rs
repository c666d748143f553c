//! The columns of the template for invoices: what stands in each, and what it is of.

/// What a column tells something of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// The document: the same in each of its rows.
    Document,
    /// The line.
    Line,
}

/// A column of the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its heading.
    pub name: &'static str,
    /// Whether it must be in a file; the others may be left out when nothing stands in them.
    pub needed: bool,
    /// What stands in it.
    pub meaning: &'static str,
    pub(super) of: Of,
}

const fn document(name: &'static str, needed: bool, meaning: &'static str) -> Column {
    Column { name, needed, meaning, of: Of::Document }
}

const fn line(name: &'static str, needed: bool, meaning: &'static str) -> Column {
    Column { name, needed, meaning, of: Of::Line }
}

/// The columns, in the order in which they are written; a file may have them in any. One row is one line of a document, and the rows of a
/// document stand together. Dates are `2026-04-30`, amounts `1234.57`.
pub const COLUMNS: &[Column] = &[
    document("kind", true, "INVOICE, CREDIT_NOTE, SELF_BILLED_INVOICE or SELF_BILLED_CREDIT_NOTE"),
    document("number", true, "The document's number, the seller's own"),
    document("issued_on", true, "The day it was issued"),
    document("seller", true, "The provider's id"),
    document("buyer", true, "The council's GSS code"),
    document("net_total", true, "What its lines come to without VAT; compared"),
    document("vat_total", true, "VAT; compared"),
    document("payable_total", true, "Both, and the rounding where there is one; compared"),
    document("profile", false, "EN16931, which is meant where it is empty, or PEPPOL_BIS_3"),
    document(
        "due_on",
        false,
        "The day by which it is to be paid; every invoice has it or terms, and a credit note leaves it out",
    ),
    document("tax_point", false, "The day on which VAT falls due, where it is another than the standard's"),
    document("note", false, "A note to all of it"),
    document("buyer_reference", false, "What the council wants to find it by"),
    document("first_night", false, "The first night that it is about"),
    document("last_night", false, "The last night that it is about"),
    document("order", false, "The council's order"),
    document("contract", false, "The framework contract or agreement"),
    document("preceding", false, "The invoice that a credit note takes back: every credit note has it"),
    document("preceding_on", false, "The day that was issued"),
    document("payment_means", false, "30 for a bank transfer"),
    document("payment_account", false, "The account to pay to"),
    document("payment_name", false, "In whose name it is"),
    document("payment_reference", false, "What to quote"),
    document(
        "rounding",
        false,
        "What is added to what is to be paid where VAT was rounded by line: a penny a line at most",
    ),
    document(
        "terms",
        false,
        "On what terms, in words; of a credit note with neither `due_on` nor terms that it is taken off what is to be paid",
    ),
    document("exempt_code", false, "Why its exempt lines are exempt, as a code of VATEX"),
    document("exempt_reason", false, "The same in words"),
    document("outside_scope_code", false, "Why its lines outside the scope of VAT are, as a code of VATEX"),
    document("outside_scope_reason", false, "The same in words"),
    line("line", true, "The line's number in the document"),
    line("name", true, "What it is"),
    line("quantity", true, "How many; negative for what is taken off"),
    line("unit", true, "NIGHT, WEEK, HOUR or ONE"),
    line("price", true, "Pounds; never negative"),
    line("price_per", false, "For how many units the price is; 1 where it is empty"),
    line("net", true, "quantity × price ÷ price_per, to the penny; compared"),
    line("vat", true, "EXEMPT, STANDARD or OUTSIDE_SCOPE"),
    line("vat_rate", false, "Per cent, where the treatment is STANDARD"),
    line("charge", false, "Which line of a charge it is, such as CORE"),
    line("agreement", false, "The agreement that it is charged under"),
    line("line_first_night", false, "Its first night"),
    line("line_last_night", false, "Its last night"),
    line("description", false, "More about it"),
    line("line_note", false, "A note to it"),
];
