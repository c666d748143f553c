//! Payment runs: who is paid what and who is left out, what stands in the log, and that two people stand behind each.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail here")]

mod cases;
mod common;

use care::{Domain, InvoiceId, PaymentRunId, Pence, Refusal, RefusalKind};
use cases::Books;
use common::{by, day, derby, noon};
use invoicing_domain::{
    Ask, BankAccount, Cause, Command, Invoicing, InvoicingEvent, LeftOutReason, PaymentRunStatus,
    PaymentStep, ProposePaymentRun, Rejection, limits, prompt_payment,
};
use uuid::Uuid;

/// Two providers with an invoice of January each, £3,100 and £310, and only the first with an account that is verified.
fn owing() -> Books {
    let mut books = Books::new();
    for (on, what) in [
        ("2026-01-01", "agree A acme RESIDENTIAL: CORE 700"),
        ("2026-01-01", "arrive A"),
        ("2026-01-01", "agree B beacon RESIDENTIAL: CORE 70"),
        ("2026-01-01", "arrive B"),
        ("2026-02-01", "charge all before 2026-02-01"),
        ("2026-02-01", "invoice acme before 2026-02-01"),
        ("2026-02-01", "invoice beacon before 2026-02-01"),
        ("2026-02-02", "pay from 12345678 four-weekly from 2026-02-27 by ann"),
        ("2026-02-02", "account acme 87654321 by ann"),
        ("2026-02-02", "verify acme 1 by ben"),
    ] {
        books.take(day(on), what).unwrap();
    }
    books
}

fn after(rows: &[(&str, &str)]) -> Books {
    let mut books = owing();
    for (on, what) in rows {
        books.take(day(on), what).unwrap_or_else(|reason| panic!("{what}: {reason}"));
    }
    books
}

fn left_out(books: &Books, nth: usize) -> Vec<(String, LeftOutReason, i64)> {
    let run = &books.state.payments.runs[&books.state.payments.run_numbers[nth - 1]];
    run.proposed.left_out.iter().map(|it| (it.provider.to_string(), it.reason, it.amount.0)).collect()
}

fn refused(books: &Books, today: &str, person: &str, step: PaymentStep) -> Rejection {
    let command = Command {
        council: derby(),
        cause: Cause::request("test", "x"),
        at: noon(day(today)),
        ask: by(person, step),
    };
    Invoicing::decide(&books.state, &command).expect_err("it was to be refused")
}

#[test]
fn a_proposal_says_who_is_left_out_and_why() {
    let books = after(&[("2026-02-20", "propose by ann")]);
    assert_eq!(left_out(&books, 1), [("beacon".to_owned(), LeftOutReason::NoBankDetails, 31_000)]);
    let run = books.state.payments.runs.values().next().unwrap();
    assert_eq!((run.status(), run.proposed.number), (PaymentRunStatus::Proposed, 1));
    assert_eq!((run.proposed.pay_on, run.proposed.total), (day("2026-02-27"), Pence(310_000)));
    assert_eq!(
        run.proposed.due_by,
        day("2026-03-26"),
        "what would be late at the next run, on 27 March, is due"
    );
    let books = after(&[
        ("2026-02-19", "account beacon 11112222 by ann"),
        ("2026-02-20", "propose by ann"),
        ("2026-02-20", "verify beacon 1 by ben"),
        ("2026-02-20", "propose by ann"),
    ]);
    assert_eq!(left_out(&books, 1), [("beacon".to_owned(), LeftOutReason::BankDetailsNotVerified, 31_000)]);
    assert_eq!(left_out(&books, 2), [("acme".to_owned(), LeftOutReason::InAnotherRun, 310_000)]);
    let books = after(&[
        ("2026-02-20", "propose for acme by ann"),
        ("2026-02-20", "approve 1 by ben"),
        ("2026-02-20", "approve 1 by cat"),
        ("2026-03-02", "returned 1 acme by ann"),
        ("2026-03-02", "account beacon 11112222 by ann"),
        ("2026-03-02", "verify beacon 1 by ben"),
        ("2026-03-02", "propose by ann"),
    ]);
    assert_eq!(left_out(&books, 1), []);
    assert_eq!(left_out(&books, 2), [("acme".to_owned(), LeftOutReason::PaymentReturned, 310_000)]);
}

#[test]
fn a_provider_in_net_credit_and_one_to_whom_nothing_is_due_are_left_out() {
    let books = after(&[
        ("2026-02-10", "pay 2"),
        ("2026-02-10", "leave B 2026-01-02"),
        ("2026-02-11", "invoice beacon before 2026-02-11"),
        ("2026-02-20", "propose by ann"),
    ]);
    assert_eq!(left_out(&books, 1), [("beacon".to_owned(), LeftOutReason::NetCredit, -30_000)]);
    let providers = ["acme".parse().unwrap(), "nobody".parse().unwrap()].into();
    let wanted = ProposePaymentRun { due_by: Some(day("2026-02-27")), providers, pay_on: None };
    let no = refused(&books, "2026-02-20", "ann", PaymentStep::Propose(wanted));
    assert_eq!(no.reason(), "NOTHING_TO_PAY");
    assert!(no.to_string().contains("IN_ANOTHER_RUN") || no.to_string().contains("NOTHING_DUE"), "{no}");
}

#[test]
fn the_second_approval_pays_every_document_on_the_pay_day_in_one_decision() {
    let mut books = after(&[("2026-02-20", "propose by ann"), ("2026-02-20", "approve 1 by ben")]);
    let before = books.events.len();
    books.take(day("2026-02-23"), "approve 1 by cat").unwrap();
    let [
        InvoicingEvent::PaymentRunApproved(approved),
        InvoicingEvent::PaymentRunReleased(released),
        InvoicingEvent::PaymentRecorded(paid),
    ] = &books.events[before..]
    else {
        panic!("expected an approval, a release and a payment, not {:?}", &books.events[before..]);
    };
    assert_eq!(approved.by, "cat");
    assert_eq!((released.created_on, released.file_number, released.policy), (day("2026-02-23"), 1, 1));
    assert_eq!(
        (paid.paid_on, paid.amount, paid.run),
        (day("2026-02-27"), Pence(310_000), Some(released.run))
    );
    assert_eq!(paid.entry.dates.posted_on, day("2026-02-27"));
    let run = &books.state.payments.runs[&released.run];
    assert_eq!(run.status(), PaymentRunStatus::Released);
    assert!(books.state.payments.held.is_empty());
}

#[test]
fn what_a_person_cannot_do_is_forbidden_and_what_is_wrong_names_its_field() {
    let books = after(&[("2026-02-20", "propose by ann")]);
    let run = books.state.payments.run_numbers[0];
    let no = refused(&books, "2026-02-20", "ann", PaymentStep::Approve(run));
    assert_eq!((no.reason(), no.kind()), ("SAME_PERSON", RefusalKind::Forbidden));
    let unknown = PaymentRunId(Uuid::nil());
    let no = refused(&books, "2026-02-20", "ben", PaymentStep::Approve(unknown));
    assert_eq!((no.reason(), no.kind()), ("PAYMENT_RUN_UNKNOWN", RefusalKind::NotFound));
    for reason in ["", "   ", "two\nlines", &"x".repeat(501)] {
        let step = PaymentStep::Reject { run, reason: reason.to_owned() };
        let no = refused(&books, "2026-02-20", "ben", step);
        assert_eq!((no.reason(), no.violations()[0].field.as_str()), ("FIELD_INVALID", "reason"));
    }
    let pay_on = Some(day("2026-02-21"));
    let step = PaymentStep::Propose(ProposePaymentRun { pay_on, ..Default::default() });
    let no = refused(&books, "2026-02-20", "ann", step);
    assert_eq!((no.reason(), no.violations()[0].field.as_str()), ("PAY_DAY_INVALID", "pay_on"));
    let verify = |provider: &str| PaymentStep::VerifyBankDetails {
        provider: provider.parse().unwrap(),
        revision: 1,
        how: "called".to_owned(),
    };
    assert_eq!(refused(&books, "2026-02-20", "ben", verify("beacon")).reason(), "BANK_DETAILS_UNKNOWN");
    assert_eq!(refused(&books, "2026-02-20", "ann", verify("acme")).reason(), "SAME_PERSON");
    let empty = Books::new();
    let propose = PaymentStep::Propose(ProposePaymentRun::default());
    assert_eq!(refused(&empty, "2026-02-20", "ann", propose).reason(), "PAYMENT_POLICY_MISSING");
}

#[test]
fn a_policy_without_a_calendar_asks_for_the_day_and_the_same_details_are_no_news() {
    let mut books = owing();
    let mut policy = books.state.payments.policy().unwrap().policy.clone();
    policy.first_run_on = None;
    let command = |step| Command {
        council: derby(),
        cause: Cause::request("test", "y"),
        at: noon(day("2026-02-20")),
        ask: by("ann", step),
    };
    for event in Invoicing::decide(&books.state, &command(PaymentStep::SetPolicy(policy.clone()))).unwrap() {
        Invoicing::evolve(&mut books.state, &event);
    }
    assert_eq!(Invoicing::decide(&books.state, &command(PaymentStep::SetPolicy(policy))).unwrap(), []);
    let propose = PaymentStep::Propose(ProposePaymentRun::default());
    assert_eq!(refused(&books, "2026-02-20", "ann", propose).reason(), "PAY_DAY_MISSING");
    let account = BankAccount::new("301234", "87654321", "PROVIDER LTD").unwrap();
    let again = PaymentStep::RecordBankDetails { provider: "acme".parse().unwrap(), account };
    assert_eq!(Invoicing::decide(&books.state, &command(again)).unwrap(), []);
    let step = PaymentStep::VerifyBankDetails {
        provider: "acme".parse().unwrap(),
        revision: 1,
        how: "called again".to_owned(),
    };
    let command = Command { ask: by("cat", step.clone()), ..command(step) };
    assert_eq!(Invoicing::decide(&books.state, &command).unwrap(), [], "it is verified");
}

#[test]
fn a_payment_of_a_run_comes_back_by_its_run_alone() {
    let books = after(&[
        ("2026-02-20", "propose by ann"),
        ("2026-02-20", "approve 1 by ben"),
        ("2026-02-20", "approve 1 by cat"),
    ]);
    let mut books = books;
    assert_eq!(books.take(day("2026-03-02"), "invoice 1 returned by ann"), Err("PAID_BY_RUN".to_owned()));
    books.take(day("2026-03-02"), "close 2026-02 uncharged").unwrap();
    books.take(day("2026-03-02"), "returned 1 acme by ann").unwrap();
    let Some(InvoicingEvent::PaymentReturned(back)) = books.events.last() else {
        panic!("expected a return")
    };
    let paid = books.state.ledger.entry(back.payment).unwrap();
    let mirrored: Vec<_> = back.entry.postings.iter().map(|it| (it.account.clone(), -it.amount)).collect();
    let posted: Vec<_> = paid.postings.iter().map(|it| (it.account.clone(), it.amount)).collect();
    assert_eq!((mirrored, back.entry.code.as_str()), (posted, "PAYMENT_RETURN"));
    let invoice: &InvoiceId = &back.invoice;
    assert_eq!(books.state.invoices[invoice].settled_on, None);
}

#[test]
fn a_run_holds_so_many_documents_and_the_rest_waits_in_order_of_their_days() {
    let mut books = Books::new();
    books.take(day("2024-01-01"), "agree A acme RESIDENTIAL: CORE 700").unwrap();
    books.take(day("2024-01-01"), "arrive A").unwrap();
    let first = day("2024-01-01");
    for n in 1..=i64::try_from(limits::RUN_ITEMS_MAX + 2).unwrap() {
        let on = first + jiff::Span::new().days(n);
        books.take(on, &format!("charge A before {on}")).unwrap();
        books.take(on, &format!("invoice acme before {on}")).unwrap();
    }
    books.take(day("2025-03-01"), "pay from 12345678 four-weekly from 2025-03-07 by ann").unwrap();
    books.take(day("2025-03-01"), "account acme 87654321 by ann").unwrap();
    books.take(day("2025-03-01"), "verify acme 1 by ben").unwrap();
    books.take(day("2025-03-01"), "propose by ann").unwrap();
    assert_eq!(left_out(&books, 1), [("acme".to_owned(), LeftOutReason::RunFull, 20_000)]);
    books.take(day("2025-03-01"), "approve 1 by ben").unwrap();
    assert_eq!(books.take(day("2025-03-01"), "approve 1 by cat"), Ok(limits::RUN_ITEMS_MAX + 2));
    let open: Vec<_> = books.state.payables().map(|it| it.number).collect();
    assert_eq!(open.len(), 2);
    assert!(open.contains(&"E06000015-000401".to_owned()) && open.contains(&"E06000015-000402".to_owned()));
}

#[test]
fn prompt_payment_counts_from_the_day_after_receipt_and_not_what_came_back() {
    // Both invoices are of 1 February and payable by 3 March.
    let mut books = after(&[
        ("2026-02-02", "account beacon 11112222 by ann"),
        ("2026-02-02", "verify beacon 1 by ben"),
        ("2026-02-20", "propose on 2026-03-03 for acme by ann"),
        ("2026-02-20", "approve 1 by ben"),
        ("2026-02-20", "approve 1 by cat"),
        ("2026-03-05", "pay 2 in part 10 2026-03-04"),
    ]);
    let figures = prompt_payment(&books.state, day("2025-10-01"), day("2026-03-31"));
    assert_eq!(
        (figures.payments, figures.within_30_days, figures.days_31_to_60),
        (2, 1, 1),
        "day 30 and day 31"
    );
    assert_eq!(figures.average_days_hundredths(), Some(3_050));
    assert_eq!((figures.paid, figures.paid_late), (Pence(311_000), Pence(1_000)));
    assert_eq!((figures.became_payable, figures.not_paid, figures.not_paid_sum), (2, 1, Pence(30_000)));
    assert_eq!(figures.share_of_payments(figures.within_30_days), Some(5_000));
    let later = prompt_payment(&books.state, day("2026-04-01"), day("2026-09-30"));
    assert_eq!(later, invoicing_domain::PromptPayment::default());
    books.take(day("2026-03-06"), "returned 1 acme by ann").unwrap();
    let figures = prompt_payment(&books.state, day("2025-10-01"), day("2026-03-31"));
    assert_eq!((figures.payments, figures.not_paid, figures.within_30_days), (1, 2, 0));
}

/// Nothing of a bank account is in what a defect report or a trace would show of a command, an event or a refusal.
#[test]
fn bank_details_are_in_no_debug_output() {
    let books = after(&[("2026-02-20", "propose by ann")]);
    let ask: Ask = by(
        "ann",
        PaymentStep::RecordBankDetails {
            provider: "acme".parse().unwrap(),
            account: BankAccount::new("301234", "87654321", "PROVIDER LTD").unwrap(),
        },
    );
    let shown = format!("{ask:?} {:?} {:?}", books.events, books.state.payments);
    assert!(!shown.contains("87654321") && !shown.contains("12345678") && !shown.contains("301234"));
}
