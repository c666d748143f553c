//! What a document sums to, by category of VAT and together.

use super::{Document, Vat};
use crate::amount::basis_points_of;
use care::Pence;
use std::collections::BTreeMap;

/// What all lines of one category and rate come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CategoryTotal {
    /// Category and rate.
    pub vat: Vat,
    /// Their net amounts together.
    pub taxable: Pence,
    /// The VAT on that, rounded once.
    pub tax: Pence,
}

/// What a document sums to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// One for each category and rate, in order.
    pub by_category: Vec<CategoryTotal>,
    /// The lines' net amounts.
    pub net: Pence,
    /// VAT.
    pub tax: Pence,
    /// Both.
    pub with_vat: Pence,
    /// What is to be paid: both, and the document's rounding.
    pub payable: Pence,
}

impl Document {
    /// What it sums to. None where that leaves an `i64`.
    #[must_use]
    pub fn totals(&self) -> Option<Totals> {
        let mut taxable: BTreeMap<Vat, i64> = BTreeMap::new();
        for line in &self.lines {
            let sum = taxable.entry(line.vat).or_default();
            *sum = sum.checked_add(line.net.0)?;
        }
        let by_category: Vec<CategoryTotal> = taxable
            .into_iter()
            .map(|(vat, taxable)| {
                let taxable = Pence(taxable);
                CategoryTotal { vat, taxable, tax: basis_points_of(taxable, vat.rate) }
            })
            .collect();
        let sum = |of: fn(&CategoryTotal) -> Pence| {
            by_category.iter().try_fold(0_i64, |sum, total| sum.checked_add(of(total).0)).map(Pence)
        };
        let (net, tax) = (sum(|total| total.taxable)?, sum(|total| total.tax)?);
        let with_vat = Pence(net.0.checked_add(tax.0)?);
        let payable = Pence(with_vat.0.checked_add(self.rounding.0)?);
        Some(Totals { by_category, net, tax, with_vat, payable })
    }
}
