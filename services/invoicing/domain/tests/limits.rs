//! What one decision does at most, and how the rest follows.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod common;

use care::spec::{Given, given};
use common::{accrue, command, day, ended, history, placed};
use invoicing_domain::{Ask, Command, Invoicing, InvoicingEvent};

fn after(commands: &[Command]) -> Given<Invoicing> {
    given::<Invoicing>(history(commands))
}

#[test]
fn more_than_one_decision_can_take_back_is_taken_back_by_the_next_accruals() {
    let mut commands = placed(1);
    for n in 1..=450_i32 {
        let through = day("2026-01-10") + jiff::Span::new().days(n);
        commands.push(command(u64::from(n.unsigned_abs()), through, accrue(1, through)));
    }
    let today = day("2027-04-05");
    let end = Ask::CloseCharges(ended(1, day("2026-01-12"), common::noon(today)));
    let _ = after(&commands)
        .when(command(1_001, today, end))
        .then_events(|events| assert_eq!(events.len(), 1 + 400 + 1, "and the commitment"))
        .then_state(|state| assert_eq!((state.nights_charged, state.to_accrue(today).len()), (50, 1)))
        .when(command(1_002, today, accrue(1, today)))
        .then_events(|events| assert_eq!(events.len(), 48 + 1))
        .when(command(1_003, today, accrue(1, today)))
        .then_nothing()
        .then_state(|state| assert_eq!((state.nights_charged, state.to_accrue(today).len()), (2, 0)));
}

#[test]
fn a_long_invoice_goes_on_in_another() {
    let mut commands = placed(1);
    for n in 1..=501_i32 {
        let through = day("2026-01-10") + jiff::Span::new().days(n);
        commands.push(command(u64::from(n.unsigned_abs()), through, accrue(1, through)));
    }
    let today = day("2027-06-05");
    let count = |expected: usize| {
        move |events: &[InvoicingEvent]| {
            let [InvoicingEvent::InvoiceIssued(issued)] = events else { panic!("expected one invoice") };
            assert_eq!(issued.lines.len(), expected);
        }
    };
    let part = |part| {
        let provider = "acme".parse().unwrap();
        Ask::IssueInvoice(invoicing_domain::IssueInvoice { provider, part, through: today, run: None })
    };
    let _ = after(&commands)
        .when(command(1_001, today, part(0)))
        .then_events(count(1_000))
        .when(command(1_001, today, part(0)))
        .then_nothing()
        .when(command(1_001, today, part(1)))
        .then_events(count(2))
        .when(command(1_001, today, part(2)))
        .then_nothing();
}
