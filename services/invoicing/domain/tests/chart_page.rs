//! The chart of accounts as a page: `docs/chart-of-accounts.md` is what the ledger posts by.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail here")]

use care::code_sets;
use invoicing_domain::{Account, CHART, INDEPENDENT_SCHOOLS, SCHOOLS_TAXED_FROM, STANDARD_RATES};
use std::fmt::Write as _;
use std::path::PathBuf;

fn page() -> String {
    let mut page = "# Chart of accounts\n\nGenerated from `services/invoicing/domain/src/accounts.rs` and `vat.rs`; `UPDATE_DOCS=1 cargo test -p \
         invoicing-domain --test chart_page` writes it anew.\n\nEach council's ledger has these accounts, each with its own balances. Debits are \
         positive. Where there is one account per something, its name is followed by `:` and that.\n\n| account | one per | class | what is posted \
         to it |\n|---|---|---|---|\n"
        .to_owned();
    for row in CHART {
        let per = row.per.unwrap_or("");
        writeln!(page, "| `{}` | {per} | {} | {} |", row.name, row.class.as_str(), row.meaning).unwrap();
    }
    page.push_str(
        "\nMEMORANDUM accounts stand beside the books: they balance among themselves and are in none of the books' totals.\n\n## Where a \
         funder's share of a placement goes\n\nBy the kind of provision and by who pays.\n\n| provision |",
    );
    for funder in code_sets::FUNDER.codes {
        write!(page, " {} |", funder.code).unwrap();
    }
    page.push_str("\n|---|");
    page.push_str(&"---|".repeat(code_sets::FUNDER.codes.len()));
    page.push('\n');
    for provision in code_sets::PROVISION.codes {
        write!(page, "| {} |", provision.code).unwrap();
        for funder in code_sets::FUNDER.codes {
            let account = Account::of_funder(funder.code, provision.code).expect("an account of the chart");
            write!(page, " `{account}` |").unwrap();
        }
        page.push('\n');
    }
    page.push_str(
        "\n## The way of an amount\n\n| what happens | debit | credit |\n|---|---|---|\n| nights are charged | each funder's account | \
         `liability:accrued` |\n| nights agreed beforehand are charged | `expense:beforehand` | `liability:accrued` |\n| nights that were sold are \
         charged | `receivable:council` | `income:resale` |\n| an invoice is issued | `liability:accrued`, and `receivable:vat` for its VAT | `payable` \
         |\n| a provider's invoice is accepted | `liability:accrued`, `receivable:vat`, and `expense:differences` for what is tolerated | `payable` |\n| it is queried, or \
         credited | `payable` | what it was accepted from |\n| an invoice is paid | `payable` | `bank` |\n| nights are agreed | `commitment:outstanding` | `commitment:control` |\n| nights are charged, \
         or will not be | `commitment:control` | `commitment:outstanding` |\n\nA reversal is the mirror of what was posted.\n\n## VAT\n\nFees are booked \
         without VAT; what there is of it is posted with the invoice, whose date is its tax point, and is recovered. How a line is treated follows from \
         the night:\n\n| line | treatment |\n|---|---|\n| the council's own provision, and nights bought or sold between councils | OUTSIDE_SCOPE \
         |\n| any line of UNREGISTERED provision, or of a home from the day on which its registration ended, unless its supplier is a charity or a public body | \
         STANDARD |\n",
    );
    writeln!(
        page,
        "| EDUCATION of {}, from {SCHOOLS_TAXED_FROM} on | STANDARD |",
        INDEPENDENT_SCHOOLS.join(", ")
    )
    .unwrap();
    page.push_str(
        "| the same of a supplier that the council has verified no VAT number of | NO_VAT_NUMBER, and nothing is added |\n| everything else | EXEMPT |\n\n| standard rate from | basis points |\n|---|---|\n");
    for (from, rate) in STANDARD_RATES {
        writeln!(page, "| {from} | {rate} |").unwrap();
    }
    page
}

#[test]
fn the_page_is_what_the_ledger_posts_by() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../docs/chart-of-accounts.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page(),
        "docs/chart-of-accounts.md is not current: run this test with UPDATE_DOCS=1 and commit it"
    );
}
