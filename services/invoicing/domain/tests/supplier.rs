//! What holds of invoices that providers send, whatever they send in whatever order, and what councils and time make of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail here")]

mod cases;
mod common;

use care::{Date, Pence, days_after};
use cases::Books;
use common::day;
use invoicing_domain::{Account, InvoiceKind, aged_payables};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

/// A placement of acme at £1,000.01 a week and £99.99 of therapy from 1 January on, which acme bills itself, charged up to a day.
fn books(charged: &str) -> Books {
    let mut books = Books::new();
    for (on, what) in [
        ("2026-01-01", "agree A acme RESIDENTIAL: CORE 1000.01, THERAPY 99.99 / SOCIAL_CARE 70 HEALTH 30"),
        ("2026-01-01", "arrive A"),
        ("2026-01-01", "arrange acme SUPPLIER_INVOICES from 2026-01-01"),
        (charged, &format!("charge A before {charged}")),
    ] {
        books.take(day(on), what).unwrap();
    }
    books
}

fn net(books: &Books, account: &Account) -> Pence {
    books.state.ledger.balance(account).net()
}

/// What holds at any time.
fn sound(books: &Books) -> Result<(), TestCaseError> {
    let (state, acme) = (&books.state, "acme".parse().unwrap());
    let invoices = || state.supplier.invoices.values().filter(|it| it.received.kind == InvoiceKind::Invoice);
    let due: Pence = invoices().map(|it| it.due()).sum();
    prop_assert_eq!(net(books, &Account::payable(&acme)), -due, "what is payable is in the ledger");
    let listed: Pence = state.payables().map(|it| it.due).sum();
    prop_assert_eq!(listed, due, "and in the list of payables");
    let aged: Pence = aged_payables(state, day("2027-01-01")).values().map(|it| it.total).sum();
    prop_assert_eq!(aged, due, "and among the aged ones");
    let charged: Pence = state.charges.values().map(|charge| charge.total).sum();
    let mut claimed = Pence::ZERO;
    for invoice in invoices() {
        for (n, sent, now) in invoice.standing_lines() {
            let claims: Pence = now.matched.claims.iter().map(|claim| claim.amount).sum();
            let accepted = now.matched.accepted - now.matched.difference;
            prop_assert_eq!(claims, accepted, "line {} of {}", n, &invoice.received.number);
            prop_assert!(now.credited.0.abs() <= sent.net.0.abs());
            claimed += claims;
        }
        prop_assert!(invoice.in_query() >= Pence::ZERO, "{:?}", invoice);
        prop_assert!(invoice.accepted() >= Pence::ZERO, "{:?}", invoice);
    }
    prop_assert_eq!(
        net(books, &Account::accrued(&acme)),
        claimed - charged,
        "what is accrued is charged and not invoiced"
    );
    prop_assert!(state.ledger.balanced());
    Ok(())
}

/// What is charged once is accepted once at most, as long as nobody takes charges back.
fn nothing_twice(books: &Books) -> Result<(), TestCaseError> {
    let acme = "acme".parse().unwrap();
    prop_assert!(net(books, &Account::accrued(&acme)) <= Pence::ZERO);
    Ok(())
}

/// What late news takes back is accepted no more, but for a penny a line: parts of a night that several lines share are rounded each by itself.
fn in_query_after_late_news(books: &Books) -> Result<(), TestCaseError> {
    let acme = "acme".parse().unwrap();
    let lines: usize = books.state.supplier.invoices.values().map(|it| it.lines.len()).sum();
    let over = net(books, &Account::accrued(&acme));
    prop_assert!(over <= Pence(i64::try_from(lines).unwrap()), "{over} of {lines} lines");
    Ok(())
}

/// One step: a kind of step, which invoice, from which night, how many nights, and how far the amount is off.
type Step = (u8, usize, u16, u16, i64);

fn step() -> impl Strategy<Value = Step> {
    (0_u8..14, 0_usize..8, 0_u16..50, 1_u16..30, prop_oneof![Just(0), -300_i64..300])
}

/// The sentence of a step; `sent` are the numbers so far.
fn sentence((what, which, from, nights, off): Step, sent: &[String], next: usize) -> String {
    let start = days_after(day("2026-01-01"), from);
    let end: Date = days_after(start, nights);
    let pounds = |weekly: i64| {
        let pence = (weekly * i64::from(nights) / 7 + off).max(0);
        format!("{}.{:02}", pence / 100, pence % 100)
    };
    let of = sent.get(which % sent.len().max(1)).cloned().unwrap_or_else(|| "N0".to_owned());
    match what {
        0..=4 => format!("send acme N{next}: A CORE {start} to {end} {}", pounds(100_001)),
        5 => format!(
            "send acme N{next}: A CORE {start} to {end} {}; A THERAPY {start} to {end} {}",
            pounds(100_001),
            pounds(9_999)
        ),
        6 | 7 => format!("credit acme N{next} of {of}: A CORE {start} to {end} {}", pounds(20_000)),
        8 => format!("query {of} PRICE"),
        9 => format!("resolve {of} WITHDRAWN"),
        10 => format!("resolve {of} ACCEPTED_AS_AGREED"),
        11 => format!("resolve {of} REJECTED_AS_INVALID"),
        12 => format!("charge A before {}", days_after(day("2026-02-01"), nights)),
        _ => format!("pay {of}"),
    }
}

/// Plays steps, refused ones too, and looks after each; gives how many were not refused.
fn play(steps: Vec<Step>, tolerance: bool, departure: Option<u16>) -> Result<usize, TestCaseError> {
    let mut books = books("2026-02-01");
    if tolerance {
        books.take(day("2026-02-01"), "tolerate line 1 1 invoice 2 1 from 2026-02-01").unwrap();
    }
    let (mut sent, mut done) = (Vec::new(), 0);
    let half = steps.len() / 2;
    for (n, step) in steps.into_iter().enumerate() {
        let today = day("2026-04-01");
        if n == half
            && let Some(nights) = departure
        {
            let _ = books.take(today, &format!("leave A {}", days_after(day("2026-01-01"), nights)));
            sound(&books)?;
            in_query_after_late_news(&books)?;
        }
        let text = sentence(step, &sent, n);
        if books.take(today, &text).is_ok() {
            done += 1;
            if text.starts_with("send") {
                sent.push(format!("N{n}"));
            }
        }
        sound(&books)?;
        if departure.is_none() {
            nothing_twice(&books)?;
        } else {
            in_query_after_late_news(&books)?;
        }
    }
    Ok(done)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_comes_in_no_night_is_accepted_twice(steps in prop::collection::vec(step(), 1..40), tolerance: bool) {
        play(steps, tolerance, None)?;
    }

    #[test]
    fn late_news_leaves_the_books_of_what_came_in_in_order(steps in prop::collection::vec(step(), 1..40), departure in 1_u16..60) {
        play(steps, false, Some(departure))?;
    }

    /// However a provider cuts January, its lines at the charged price come to the charge, and all of them are payable.
    #[test]
    fn any_split_of_nights_is_accepted_to_the_penny(cuts in prop::collection::btree_set(1_u16..31, 0..8)) {
        let mut books = books("2026-02-01");
        let first = day("2026-01-01");
        let ends: Vec<u16> = cuts.into_iter().chain([31]).collect();
        let (mut before, mut start) = (0, 0);
        for (n, end) in ends.into_iter().enumerate() {
            // What a provider comes to that rounds the sum so far, as the ledger does.
            let sum = (100_001 * i64::from(end) * 2 + 7) / 14;
            let pence = sum - before;
            let (from, to) = (days_after(first, start), days_after(first, end));
            books.take(day("2026-02-02"), &format!("send acme N{n}: A CORE {from} to {to} {}.{:02}", pence / 100, pence % 100)).unwrap();
            (before, start) = (sum, end);
        }
        let in_query: Pence = books.state.supplier.invoices.values().map(|it| it.in_query()).sum();
        prop_assert_eq!(in_query, Pence::ZERO);
        sound(&books)?;
        let acme = "acme".parse().unwrap();
        prop_assert_eq!(net(&books, &Account::payable(&acme)), Pence(-before));
    }
}

/// So that the properties look at something: most kinds of steps are taken in some history.
#[test]
fn histories_have_steps_that_are_taken() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut done = 0;
    for _ in 0..20 {
        let steps = prop::collection::vec(step(), 40).new_tree(&mut runner).unwrap().current();
        done += play(steps, true, None).unwrap();
    }
    assert!(done > 200, "{done} of 800 steps were taken");
}
