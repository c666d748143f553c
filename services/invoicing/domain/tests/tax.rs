//! What VAT goes by, beside the money cases: logs from before suppliers' VAT numbers were kept.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail here")]

mod cases;
mod common;

use care::{Domain, Pence};
use cases::Books;
use common::day;
use invoicing_domain::{Charge, Invoicing, InvoicingEvent};
use std::sync::Arc;

/// The ledger as an older program left it: January and half of February charged with VAT, and nothing told of the supplier.
fn old_books() -> Books {
    let mut made = Books::new();
    for (today, what) in [
        ("2026-01-01", "tax acme GB220430231 from 2026-01-01 by ann"),
        ("2026-01-01", "verify tax acme 1 by ben"),
        ("2026-01-01", "agree A acme UNREGISTERED: CORE 700"),
        ("2026-01-01", "arrive A"),
        ("2026-01-20", "outcome A 1 100 2026-01-15"),
        ("2026-02-15", "charge A before 2026-02-15"),
    ] {
        made.take(day(today), what).unwrap_or_else(|no| panic!("{what}: {no}"));
    }
    let told = |event: &InvoicingEvent| {
        matches!(event, InvoicingEvent::TaxDetailsRecorded(_) | InvoicingEvent::TaxDetailsVerified(_))
    };
    let mut old = Books::new();
    for event in made.events.iter().filter(|event| !told(event)) {
        Invoicing::evolve(&mut old.state, event);
    }
    old
}

/// Takes a step, and gives the charges that it posted or took back, with their reasons.
fn posted(books: &mut Books, today: &str, what: &str) -> Vec<Arc<Charge>> {
    let before = books.events.len();
    books.take(day(today), what).unwrap_or_else(|no| panic!("{what}: {no}"));
    let charge = |event: &InvoicingEvent| match event {
        InvoicingEvent::ChargePosted(e) => Some(Arc::clone(&e.charge)),
        InvoicingEvent::ChargeReversed(e) => Some(Arc::clone(&e.charge)),
        InvoicingEvent::OutcomeCharged(e) => Some(Arc::clone(&e.charge)),
        _ => None,
    };
    books.events[before..].iter().filter_map(charge).collect()
}

fn vat_of(charges: &[Arc<Charge>]) -> Pence {
    charges.iter().map(|charge| charge.vat()).sum()
}

fn treatments(charges: &[Arc<Charge>]) -> Vec<&str> {
    charges.iter().flat_map(|charge| &charge.lines).filter_map(|line| line.vat.as_deref()).collect()
}

#[test]
fn vat_that_was_charged_before_numbers_were_kept_stays_until_something_is_told_of_the_supplier() {
    let mut books = old_books();
    let later = posted(&mut books, "2026-03-01", "charge A before 2026-03-01");
    assert_eq!((treatments(&later), vat_of(&later)), (vec!["NO_VAT_NUMBER"], Pence(0)), "nights to come");
    assert_eq!(later[0].reason, None, "nothing that stands is corrected");

    let left = posted(&mut books, "2026-03-02", "leave A 2026-02-10");
    assert!(left.iter().all(|charge| charge.reason.as_deref() == Some("CARPL")), "{left:?}");
    // Five nights of the first fortnight of February at £100.00, and of the second all, which bore none.
    assert_eq!(vat_of(&left), Pence(-10_000), "what is charged anew bears VAT as it did");
    let anew: Vec<_> = left.into_iter().filter(|charge| charge.reverses.is_none()).collect();
    assert_eq!(treatments(&anew), ["STANDARD"]);
}

#[test]
fn it_is_corrected_with_its_reason_once_the_council_says_that_there_is_no_number() {
    let mut books = old_books();
    posted(&mut books, "2026-03-02", "tax acme nothing from 2026-02-01 by ann");
    let told = posted(&mut books, "2026-03-02", "verify tax acme 1 by ben");
    assert!(told.iter().all(|charge| charge.reason.as_deref() == Some("VAT_NUMBER")), "{told:?}");
    assert_eq!(vat_of(&told), Pence(-28_000), "fourteen nights of February, and January stands");
    assert!(posted(&mut books, "2026-03-03", "charge A before 2026-02-15").is_empty());

    posted(&mut books, "2026-03-04", "tax acme nothing from 2026-01-01 by ann");
    let told = posted(&mut books, "2026-03-04", "verify tax acme 2 by ben");
    assert_eq!(vat_of(&told), Pence(-62_000 - 2_000), "January and the outcome");
}
