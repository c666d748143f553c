//! What a file states compared with what it comes to.

use super::cursor::Cursor;
use super::parts;
use crate::amount::Pounds;
use crate::document::{CategoryTotal, Document, Totals, Vat};
use care::Pence;

/// Says every stated sum that is not what the lines come to.
pub(super) fn compare(document: &Document, lines: &[Cursor<'_>], tax: &Cursor<'_>, total: &Cursor<'_>) {
    for (line, cursor) in document.lines.iter().zip(lines).filter(|(line, _)| !line.adds_up()) {
        let cost =
            line.cost().map_or_else(|| "more than can be counted".into(), |cost| Pounds(cost).to_string());
        cursor.say(
            format!(
                "it states {}, but {} at {} for {} come to {cost}",
                Pounds(line.net),
                line.quantity,
                line.price.pounds,
                line.price.per
            ),
            "correct the line's amount, quantity or price",
        );
    }
    let Some(totals) = document.totals() else {
        total.say("the lines sum to more than can be counted", "check the amounts");
        return;
    };
    compare_tax(&totals, tax);
    for (name, expected) in [
        ("LineExtensionAmount", totals.net),
        ("TaxExclusiveAmount", totals.net),
        ("TaxInclusiveAmount", totals.with_vat),
        ("PayableAmount", totals.payable),
    ] {
        amount(total, name, expected);
    }
    // A sum of none may be stated as such.
    for name in ["AllowanceTotalAmount", "ChargeTotalAmount", "PrepaidAmount"] {
        if let Some(stated) = total.maybe_value(name) {
            is(&stated, Pence::ZERO);
        }
    }
    total.nothing_else(&["PayableRoundingAmount"]);
}

fn compare_tax(totals: &Totals, tax: &Cursor<'_>) {
    amount(tax, "TaxAmount", totals.tax);
    let mut left: Vec<&CategoryTotal> = totals.by_category.iter().collect();
    for subtotal in tax.all("TaxSubtotal") {
        let vat = subtotal.part("TaxCategory").and_then(|category| {
            let vat = parts::vat(&category);
            let _reasons =
                ["TaxExemptionReasonCode", "TaxExemptionReason"].map(|name| category.maybe_value(name));
            category.nothing_else(&[]);
            vat
        });
        let expected = vat.and_then(|vat| {
            let at = left.iter().position(|total| total.vat == vat)?;
            Some(*left.remove(at))
        });
        match (expected, vat) {
            (Some(expected), _) => {
                amount(&subtotal, "TaxableAmount", expected.taxable);
                amount(&subtotal, "TaxAmount", expected.tax);
            }
            (None, Some(vat)) => {
                subtotal.say(
                    format!("{} comes twice, or no line is of it", name(vat)),
                    "give one subtotal for each category and rate of the lines",
                );
                let _amounts = ["TaxableAmount", "TaxAmount"].map(|name| subtotal.maybe_value(name));
            }
            (None, None) => {
                let _amounts = ["TaxableAmount", "TaxAmount"].map(|name| subtotal.maybe_value(name));
            }
        }
        subtotal.nothing_else(&[]);
    }
    for missing in left {
        tax.say(
            format!("there is no cac:TaxSubtotal for {}", name(missing.vat)),
            "give one, even where no VAT is due",
        );
    }
    tax.nothing_else(&[]);
}

fn name(vat: Vat) -> String {
    format!("category {} at {}.{:02} %", vat.category.code(), vat.rate / 100, vat.rate % 100)
}

fn amount(parent: &Cursor<'_>, name: &'static str, expected: Pence) {
    if let Some(stated) = parent.value(name) {
        is(&stated, expected);
    }
}

fn is(stated: &Cursor<'_>, expected: Pence) {
    if let Some(found) = stated.amount().filter(|found| *found != expected) {
        stated.say(
            format!("it states {}, but the lines come to {}", Pounds(found), Pounds(expected)),
            format!("state {}", Pounds(expected)),
        );
    }
}
