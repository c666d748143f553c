//! Balances, aged payables and the forecast: as of a date, and as known at an instant.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail here")]

mod cases;
mod common;

use care::{Date, Pence, Timestamp};
use cases::Books;
use common::{day, noon};
use invoicing_domain::{Account, Extract, InvoicingEvent, State, aged_payables, forecast, known_at};

fn books(rows: &[(&str, &str)]) -> Books {
    let mut books = Books::new();
    for (date, what) in rows {
        books.take(day(date), what).unwrap_or_else(|why| panic!("{date} {what}: {why}"));
    }
    books
}

/// £100 a night from 1 January; January and February charged; told on 5 March that the child left on 11 February, with January closed.
fn left_late() -> Books {
    books(&[
        ("2026-01-01", "agree A acme RESIDENTIAL: CORE 700"),
        ("2026-01-01", "arrive A"),
        ("2026-02-01", "charge A before 2026-02-01"),
        ("2026-02-01", "invoice acme before 2026-02-01"),
        ("2026-03-01", "charge A before 2026-03-01"),
        ("2026-03-05", "leave A 2026-02-11"),
    ])
}

/// The ledger as it was known at an instant. A case records everything at noon of its day, which its events say.
fn then(books: &Books, instant: Timestamp) -> State {
    let at = |event: &InvoicingEvent| match event {
        InvoicingEvent::AgreementOpened(e) => e.at,
        InvoicingEvent::ChargesOpened(e) => e.at,
        InvoicingEvent::ChargesClosed(e) => e.at,
        InvoicingEvent::ChargePosted(e) => e.at,
        InvoicingEvent::ChargeReversed(e) => e.at,
        InvoicingEvent::CommitmentPosted(e) => e.at,
        InvoicingEvent::InvoiceIssued(e) => e.at,
        InvoicingEvent::PaymentRecorded(e) => e.at,
        other => panic!("unexpected {other:?}"),
    };
    known_at(books.events.iter().map(|event| (at(event), event)), instant)
}

fn spent(state: &State, as_of: Option<Date>) -> Pence {
    let account = Account::of_funder("SOCIAL_CARE", "RESIDENTIAL").unwrap();
    let balances = state.ledger.balances(as_of);
    let sum: Pence = balances.values().map(|balance| balance.net()).sum();
    assert_eq!(sum, Pence::ZERO, "the books balance as of any date and as known at any time");
    balances.get(&account).map_or(Pence::ZERO, |balance| balance.net())
}

#[test]
fn a_balance_is_as_of_a_date_and_as_known_at_an_instant() {
    let books = left_late();
    let (now, february) = (&books.state, Some(day("2026-02-28")));
    let march = then(&books, noon(day("2026-03-04")));
    assert_eq!(spent(now, None), Pence(310_000 + 100_000));
    assert_eq!(spent(now, Some(day("2026-01-30"))), Pence::ZERO, "January's charge is dated its last night");
    assert_eq!(spent(now, Some(day("2026-01-31"))), Pence(310_000));
    assert_eq!(spent(now, february), Pence(410_000), "as of February, as it is known now");
    assert_eq!(spent(&march, february), Pence(590_000), "as of February, as it was known on 4 March");
    assert_eq!(spent(&then(&books, noon(day("2026-01-15"))), None), Pence::ZERO);
}

#[test]
fn what_is_read_without_dates_is_what_was_kept() {
    let books = left_late();
    let ledger = &books.state.ledger;
    let mut kept = ledger.accounts().clone();
    kept.extend(ledger.memoranda().iter().map(|(account, balance)| (account.clone(), *balance)));
    assert_eq!(ledger.balances(None), kept);
}

#[test]
fn every_figure_of_an_extract_is_of_the_same_entries() {
    let mut books = left_late();
    books.take(day("2026-03-06"), "reserve P1#3 acme 2026-02-01 to 2026-02-08 at 350").unwrap();
    books.take(day("2026-03-06"), "charge all before 2026-03-06").unwrap();
    books.take(day("2026-03-07"), "invoice acme before 2026-03-07").unwrap();
    let figures = |as_of: Option<&str>| {
        let extract = Extract::of(&books.state, as_of.map(day));
        assert_eq!(extract.balances(), books.state.ledger.balances(as_of.map(day)));
        (extract.nights(), extract.invoices(), extract.invoiced().0)
    };
    let state = &books.state;
    let now = (state.nights_charged, state.invoice_numbers.len(), state.invoiced.0);
    assert_eq!((figures(None), now), ((41, 2, 445_000), (41, 2, 445_000)));
    assert_eq!(figures(Some("2026-01-31")), (31, 0, 0), "the invoice is of February");
    assert_eq!(figures(Some("2026-02-28")), (41, 1, 310_000), "the second invoice is of March");
}

#[test]
fn payables_age_from_the_day_they_are_due() {
    let mut books = left_late();
    // Issued on 1 February, due on 3 March.
    let of = |state: &State, as_of: &str| {
        aged_payables(state, day(as_of)).values().next().map(|aged| aged.buckets.map(|it| it.0))
    };
    let aged = |books: &Books, as_of: &str| of(&books.state, as_of);
    assert_eq!(aged(&books, "2026-01-31"), None, "not issued yet");
    assert_eq!(aged(&books, "2026-03-03"), Some([310_000, 0, 0, 0, 0]));
    assert_eq!(aged(&books, "2026-03-04"), Some([0, 310_000, 0, 0, 0]));
    assert_eq!(aged(&books, "2026-04-02"), Some([0, 310_000, 0, 0, 0]));
    assert_eq!(aged(&books, "2026-04-03"), Some([0, 0, 310_000, 0, 0]));
    assert_eq!(aged(&books, "2026-05-03"), Some([0, 0, 0, 310_000, 0]));
    assert_eq!(aged(&books, "2026-06-02"), Some([0, 0, 0, 0, 310_000]));
    books.take(day("2026-03-20"), "pay 1 2026-03-10").unwrap();
    assert_eq!(aged(&books, "2026-03-10"), None, "paid that day");
    assert_eq!(aged(&books, "2026-03-09"), Some([0, 310_000, 0, 0, 0]));
    let before = then(&books, noon(day("2026-03-19")));
    assert_eq!(of(&before, "2026-03-10"), Some([0, 310_000, 0, 0, 0]), "nobody knew of the payment yet");
}

#[test]
fn what_is_paid_in_part_is_owed_in_part_from_that_day_on() {
    let mut books = left_late();
    books.take(day("2026-03-20"), "pay 1 in part 1000 2026-03-10").unwrap();
    let total = |books: &Books, as_of: &str| {
        aged_payables(&books.state, day(as_of)).values().next().map(|aged| aged.total.0)
    };
    assert_eq!(total(&books, "2026-03-09"), Some(310_000));
    assert_eq!(total(&books, "2026-03-10"), Some(210_000));
    let invoice = books.state.invoices.values().next().unwrap();
    assert_eq!((invoice.paid(), invoice.open(), invoice.settled_on), (Pence(100_000), Pence(210_000), None));
    let payable = books.state.payables().next().unwrap();
    assert_eq!((payable.due, payable.payable_by), (Pence(210_000), day("2026-03-03")));
    assert_eq!(books.state.payable(payable.invoice), Some(payable));
    books.take(day("2026-03-21"), "pay 1").unwrap();
    assert_eq!(total(&books, "2026-03-21"), None);
    assert_eq!(books.state.payables().count(), 0);
    assert_eq!(books.state.invoices.values().next().unwrap().settled_on, Some(day("2026-03-21")));
}

fn months(books: &Books, day: Date) -> Vec<(i64, i64)> {
    forecast(&books.state, day).iter().map(|row| (row.charged.0, row.expected.0)).collect()
}

#[test]
fn a_forecast_is_what_stands_charged_and_what_is_to_come_by_month() {
    let rows = [
        ("2026-01-01", "agree A acme RESIDENTIAL: CORE 700"),
        ("2026-01-01", "arrive A"),
        ("2026-01-02", "reserve P1#3 beacon 2026-03-01 to 2026-03-15 at 350"),
        ("2026-02-08", "charge all before 2026-02-08"),
        ("2026-02-09", "agree B acme RESIDENTIAL from 2026-03-25: CORE 70"),
    ];
    let books = books(&rows);
    let year = months(&books, day("2026-02-08"));
    assert_eq!(year.len(), 12);
    assert_eq!(forecast(&books.state, day("2026-02-08"))[0].month, day("2025-04-01"));
    assert_eq!(year[8], (0, 0));
    assert_eq!(year[9..], [(310_000, 0), (70_000, 210_000), (0, 310_000 + 70_000 + 7_000)]);
    let next = months(&books, day("2026-04-01"));
    assert_eq!(next[0], (0, 300_000 + 30_000), "the next financial year");
    let committed = books.state.agreements.values().map(|it| it.committed).sum::<Pence>();
    let to_come: i64 = year.iter().map(|(_, expected)| expected).sum();
    assert_eq!(committed, Pence(to_come), "what is to come this year is what is committed");
}

#[test]
fn a_bed_that_waits_for_a_child_is_expected_once() {
    let books = books(&[
        ("2026-01-01", "reserve P1#3 acme 2026-01-01 to 2026-02-01 at 350"),
        ("2026-01-02", "agree A acme RESIDENTIAL at P1 from 2026-01-10: CORE 700"),
    ]);
    let year = months(&books, day("2026-01-02"));
    assert_eq!(year[9..], [(0, 9 * 5_000 + 22 * 10_000), (0, 280_000), (0, 310_000)]);
}

#[test]
fn a_forecast_as_known_at_an_instant_is_read_from_the_log_up_to_it() {
    let books = left_late();
    let then = then(&books, noon(day("2026-03-04")));
    let row = |state, n: usize| forecast(state, day("2026-03-04"))[n];
    assert_eq!((row(&then, 10).charged, row(&then, 11).expected), (Pence(280_000), Pence(310_000)));
    assert_eq!(
        (row(&books.state, 10).charged, row(&books.state, 11).expected),
        (Pence(100_000), Pence::ZERO)
    );
}
