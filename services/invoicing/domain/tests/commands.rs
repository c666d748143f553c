//! Every command of the ledger: what it leads to, and every refusal.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod common;

use care::published::PlacementEnded;
use care::spec::{Given, given};
use care::{Date, Pence};
use common::{
    accrue, agreement, close, command, day, derby, ended, history, invoice, pay, placed, started, usual,
};
use invoicing_domain::{
    Account, Ask, Command, EntryCode, InvoiceKind, Invoicing, InvoicingEvent, RunId, RunKind, State,
};
use uuid::Uuid;

fn after(commands: &[Command]) -> Given<Invoicing> {
    given::<Invoicing>(history(commands))
}

/// Placed on 10 January and charged through 1 February.
fn charged() -> Vec<Command> {
    let mut commands = placed(1);
    commands.push(command(1, day("2026-02-01"), accrue(1, day("2026-02-01"))));
    commands
}

fn charged_and_invoiced() -> Vec<Command> {
    let mut commands = charged();
    commands.push(command(2, day("2026-02-02"), invoice("acme", day("2026-02-01"))));
    commands
}

fn postings(event: &InvoicingEvent) -> Vec<(String, i64)> {
    let entry = match event {
        InvoicingEvent::ChargePosted(e) => &e.entry,
        InvoicingEvent::ChargeReversed(e) => &e.entry,
        InvoicingEvent::InvoiceIssued(e) => &e.entry,
        InvoicingEvent::PaymentRecorded(e) => &e.entry,
        other => panic!("no entry in {other:?}"),
    };
    entry.postings.iter().map(|p| (p.account.to_string(), p.amount.0)).collect()
}

fn expect_postings(event: &InvoicingEvent, expected: &[(&str, i64)]) {
    let expected: Vec<(String, i64)> =
        expected.iter().map(|(name, pence)| ((*name).to_owned(), *pence)).collect();
    assert_eq!(postings(event), expected);
}

fn the_invoice(state: &State, number: usize) -> care::InvoiceId {
    state.invoice_numbers[number - 1]
}

fn fact_refused(reason: &'static str) -> impl FnOnce(&[InvoicingEvent]) {
    move |events| match events {
        [InvoicingEvent::ContractFactRefused(refused)] => {
            assert_eq!(refused.reason, reason, "{}", refused.detail);
        }
        other => panic!("expected one refused fact, not {other:?}"),
    }
}

#[test]
fn nights_are_charged_by_month_line_and_funder() {
    after(&placed(1)).when(command(1, day("2026-02-08"), accrue(1, day("2026-02-08")))).then_events(
        |events| {
            let [InvoicingEvent::ChargePosted(january), InvoicingEvent::ChargePosted(february)] = events
            else {
                panic!("expected two charges, not {events:?}");
            };
            assert_eq!(january.charge.nights.count(), 22);
            assert_eq!(january.entry.dates.posted_on, day("2026-01-31"));
            assert_eq!(february.charge.nights.count(), 7);
            assert_eq!(february.entry.dates.posted_on, day("2026-02-07"));
            // 22 nights at 453,400 and 10,001 a week: 1,424,971.43 and 31,431.71 pence.
            let amounts: Vec<i64> = january.charge.lines.iter().map(|line| line.amount.0).collect();
            assert_eq!(amounts, [1_424_971, 31_432]);
            let parts: Vec<i64> = january
                .charge
                .lines
                .iter()
                .flat_map(|line| &line.shares)
                .map(|share| share.amount.0)
                .collect();
            assert_eq!(parts, [997_480, 427_491, 22_002, 9_430]);
            expect_postings(
                &events[0],
                &[
                    ("expense:placements:RESIDENTIAL", 1_019_482),
                    ("liability:accrued:acme", -1_456_403),
                    ("receivable:health", 436_921),
                ],
            );
            // 29 nights in all: a week more.
            assert_eq!(january.charge.total + february.charge.total, Pence(1_878_371 + 41_433));
        },
    );
}

#[test]
fn nights_are_charged_once_and_only_while_the_child_is_there() {
    let later = day("2026-02-01");
    after(&charged()).when(command(2, later, accrue(1, later))).then_nothing();
    after(&charged()).when(command(2, later, accrue(1, day("2026-01-20")))).then_nothing();
    after(&placed(1)).when(command(2, later, accrue(1, day("2026-01-10")))).then_nothing();
    after(&placed(1)[..1]).when(command(2, later, accrue(1, later))).then_nothing();
    let mut left = placed(1);
    left.push(command(3, later, Ask::CloseCharges(ended(1, day("2026-01-12"), common::noon(later)))));
    after(&left).when(command(4, later, accrue(1, later))).then_events(|events| {
        let [InvoicingEvent::ChargePosted(charged)] = events else { panic!("expected one charge") };
        assert_eq!(charged.charge.nights.to_string(), "[2026-01-10, 2026-01-12)");
    });
}

#[test]
fn accruals_are_refused_for_unknown_agreements_and_nights_to_come() {
    let today = day("2026-02-01");
    after(&placed(1)).when(command(2, today, accrue(9, today))).then_refused("AGREEMENT_UNKNOWN");
    let tomorrow = day("2026-02-02");
    let tonight = after(&placed(1)).when(command(2, today, accrue(1, tomorrow)));
    assert!(tonight.then_refused("THROUGH_OUT_OF_RANGE").to_string().contains("2026-02-01 at most"));
    for kind in [RunKind::Accrual, RunKind::Invoicing] {
        let run = |through| Ask::StartRun { run: RunId(Uuid::nil()), kind, through };
        after(&placed(1)).when(command(2, today, run(tomorrow))).then_refused("THROUGH_OUT_OF_RANGE");
        after(&placed(1))
            .when(command(2, today, run(today)))
            .then_events(|events| assert_eq!(events.len(), 1));
    }
}

/// The day is London's: in summer it begins an hour before the UTC day, and a planned end changes nothing before it comes.
#[test]
fn the_night_that_has_just_passed_is_charged_and_no_other() {
    let planned = Ask::CloseCharges(ended(1, day("2026-12-31"), common::noon(day("2026-06-30"))));
    let mut commands = placed(1);
    commands.push(command(2, day("2026-06-30"), planned));
    commands.push(command(3, day("2026-06-30"), accrue(1, day("2026-06-30"))));
    let at = |instant: &str, through: &str| {
        let at = instant.parse().unwrap();
        Command { at, ..command(4, day(through), accrue(1, day(through))) }
    };
    after(&commands).when(at("2026-06-30T22:59:59Z", "2026-07-01")).then_refused("THROUGH_OUT_OF_RANGE");
    after(&commands).when(at("2026-06-30T23:00:00Z", "2026-07-01")).then_events(|events| {
        let [InvoicingEvent::ChargePosted(charged)] = events else { panic!("expected one charge") };
        assert_eq!(charged.charge.nights.to_string(), "[2026-06-30, 2026-07-01)");
    });
}

#[test]
fn a_foreign_council_never_posts_here() {
    let today = day("2026-02-01");
    let mut foreign = command(2, today, accrue(1, today));
    foreign.council = "E06000005".parse().unwrap();
    after(&placed(1)).when(foreign).then_refused("LEDGER_FOREIGN");
    let mut other = usual(2);
    other.council = "E06000005".parse().unwrap();
    after(&placed(1))
        .when(command(3, today, Ask::OpenAgreement(other)))
        .then_events(fact_refused("LEDGER_FOREIGN"));
}

#[test]
fn a_late_end_takes_back_exactly_what_was_charged_too_much() {
    let today = day("2026-02-01");
    let end =
        |cause| command(cause, today, Ask::CloseCharges(ended(1, day("2026-01-17"), common::noon(today))));
    let events = |events: &[InvoicingEvent]| {
        let [
            InvoicingEvent::ChargesClosed(_),
            InvoicingEvent::ChargeReversed(back),
            InvoicingEvent::ChargePosted(rest),
            InvoicingEvent::CommitmentPosted(_),
        ] = events
        else {
            panic!("expected an end, a reversal, the rest and the commitment, not {events:?}");
        };
        assert_eq!(back.charge.total, Pence(-1_456_403));
        assert_eq!((back.charge.reason.as_deref(), back.entry.code), (Some("CARPL"), EntryCode::Reversal));
        expect_postings(
            &events[1],
            &[
                ("expense:placements:RESIDENTIAL", -1_019_482),
                ("liability:accrued:acme", 1_456_403),
                ("receivable:health", -436_921),
            ],
        );
        assert_eq!(rest.charge.total, Pence(463_401), "seven nights cost the weekly fee");
        assert_eq!(rest.entry.code, EntryCode::Recharge);
        assert_eq!(rest.entry.dates.posted_on, day("2026-01-31"));
        assert_eq!(rest.entry.dates.adjusts, None);
    };
    after(&charged())
        .when(end(5))
        .then_events(events)
        .then_state(|state| assert_eq!(state.nights_charged, 7))
        .when(end(5))
        .then_nothing()
        .when(end(6))
        .then_nothing();
}

#[test]
fn a_closed_period_is_changed_only_by_a_dated_adjustment_in_the_first_open_one() {
    let today = day("2026-03-05");
    let mut commands = charged();
    commands.push(command(6, today, close(day("2026-01-15"))));
    let end = Ask::CloseCharges(ended(1, day("2026-01-17"), common::noon(today)));
    after(&commands).when(command(7, today, end)).then_events(|events| {
        for event in &events[1..3] {
            let entry = match event {
                InvoicingEvent::ChargeReversed(e) => &e.entry,
                InvoicingEvent::ChargePosted(e) => &e.entry,
                other => panic!("unexpected {other:?}"),
            };
            assert_eq!(entry.dates.posted_on, day("2026-02-01"));
            assert_eq!(entry.dates.adjusts, Some(day("2026-01-31")));
            assert_eq!(entry.dates.effective.start(), day("2026-01-10"), "the original effective dates");
        }
        assert_eq!(events.len(), 4, "and the commitment of what is to come");
    });
}

#[test]
fn what_corrects_an_adjustment_is_an_adjustment_of_the_same_day() {
    let (march, april) = (day("2026-03-05"), day("2026-04-02"));
    let end = |today: Date, on: &str| Ask::CloseCharges(ended(1, day(on), common::noon(today)));
    let mut commands = charged();
    commands.push(command(6, march, close(day("2026-01-15"))));
    commands.push(command(7, march, end(march, "2026-01-17")));
    let dates = |events: &[InvoicingEvent]| -> Vec<_> {
        let dates = events.iter().filter_map(|event| match event {
            InvoicingEvent::ChargeReversed(e) => Some((e.entry.dates.posted_on, e.entry.dates.adjusts)),
            InvoicingEvent::ChargePosted(e) => Some((e.entry.dates.posted_on, e.entry.dates.adjusts)),
            _ => None,
        });
        dates.collect()
    };
    let adjusted = |on: &str| vec![(day(on), Some(day("2026-01-31"))); 2];
    after(&commands)
        .when(command(8, day("2026-03-10"), end(day("2026-03-10"), "2026-01-15")))
        .then_events(|events| assert_eq!(dates(events), adjusted("2026-02-01")));
    commands.push(command(9, april, close(day("2026-02-15"))));
    after(&commands)
        .when(command(10, april, end(april, "2026-01-15")))
        .then_events(|events| assert_eq!(dates(events), adjusted("2026-03-01"), "February is closed too"));
}

#[test]
fn a_departure_can_be_corrected_both_ways_and_an_older_record_is_not_news() {
    let (first, second) = (day("2026-02-01"), day("2026-02-02"));
    let end = |on: &str, at: Date| Ask::CloseCharges(ended(1, day(on), common::noon(at)));
    // It comes after what it corrects, whatever the clocks of those who told both said.
    let corrected = PlacementEnded {
        correction: Some("the 12th, not the 20th".to_owned()),
        ..ended(1, day("2026-01-12"), common::noon(first))
    };
    let _ = after(&charged())
        .when(command(5, first, end("2026-01-17", first)))
        .then_events(|events| assert_eq!(events.len(), 4))
        .when(command(6, second, end("2026-01-20", second)))
        .then_events(|events| assert_eq!(events.len(), 2, "nothing to take back, more is committed"))
        .when(command(7, second, end("2026-01-12", first)))
        .then_nothing()
        .when(command(8, second, accrue(1, second)))
        .then_events(|events| {
            let [InvoicingEvent::ChargePosted(more)] = events else { panic!("expected one charge") };
            assert_eq!(more.charge.nights.to_string(), "[2026-01-17, 2026-01-20)");
        })
        .then_state(|state| {
            assert_eq!(state.nights_charged, 10);
            assert!(state.open.is_empty());
        })
        .when(command(9, second, Ask::CloseCharges(corrected)))
        .then_events(|events| {
            assert_eq!(events.len(), 5, "two charges taken back, the rest of one charged again")
        })
        .then_state(|state| assert_eq!(state.nights_charged, 2));
}

#[test]
fn a_child_that_never_came_costs_nothing() {
    let today = day("2026-01-10");
    let mut commands = placed(1);
    commands.truncate(1);
    after(&commands)
        .when(command(5, today, Ask::CloseCharges(ended(1, today, common::noon(today)))))
        .then_events(|events| assert_eq!(events.len(), 2, "nothing is committed any more"))
        .when(command(6, day("2026-03-01"), accrue(1, day("2026-03-01"))))
        .then_nothing()
        .when(command(7, today, Ask::OpenCharges(started(1, today))))
        .then_events(fact_refused("PLACEMENT_ENDED"));
}

#[test]
fn facts_that_cannot_be_taken_are_recorded_once_and_repeated_ones_change_nothing() {
    let today = day("2026-01-10");
    let end_too_early = || Ask::CloseCharges(ended(1, day("2026-01-09"), common::noon(today)));
    after(&placed(1))
        .when(command(5, today, Ask::OpenAgreement(usual(1))))
        .then_nothing()
        .when(command(6, today, Ask::OpenCharges(started(1, today))))
        .then_nothing()
        .when(command(7, today, Ask::OpenCharges(started(1, day("2026-01-11")))))
        .then_events(fact_refused("PLACEMENT_STARTED_ALREADY"))
        .when(command(8, today, end_too_early()))
        .then_events(fact_refused("END_BEFORE_START"))
        .when(command(8, today, end_too_early()))
        .then_nothing()
        .when(command(9, today, Ask::OpenCharges(started(3, today))))
        .then_events(fact_refused("AGREEMENT_UNKNOWN"))
        .when(command(10, today, Ask::CloseCharges(ended(3, today, common::noon(today)))))
        .then_events(fact_refused("AGREEMENT_UNKNOWN"))
        .when(command(11, today, Ask::OpenCharges(started(1, day("1926-01-11")))))
        .then_events(fact_refused("DATE_OUT_OF_RANGE"));
}

#[test]
fn terms_that_cannot_be_charged_are_refused() {
    let today = day("2026-01-10");
    let wrong: [fn(&mut care::published::AgreementIssued); 7] = [
        |a| a.terms.lines.clear(),
        |a| a.terms.lines[0].weekly = Pence(-1),
        |a| a.terms.lines[0].weekly = Pence(Pence::MAX_INPUT.0 + 1),
        |a| a.terms.funders.clear(),
        |a| a.terms.funders[0].basis_points = 6_999,
        |a| a.terms.funders[0].funder = "LOTTERY".to_owned(),
        |a| a.provision = "a:b".to_owned(),
    ];
    for spoil in wrong {
        let mut issued = usual(1);
        spoil(&mut issued);
        given::<Invoicing>([])
            .when(command(1, today, Ask::OpenAgreement(issued)))
            .then_events(fact_refused("TERMS_INVALID"));
    }
}

#[test]
fn an_invoice_holds_what_is_due_once_and_numbers_are_dense() {
    let today = day("2026-02-02");
    let mut commands = charged();
    commands.extend(placed(2));
    commands.push(command(20, today, accrue(2, day("2026-01-11"))));
    after(&commands)
        .when(command(2, today, invoice("acme", day("2026-01-09"))))
        .then_nothing()
        .when(command(3, today, invoice("nobody", today)))
        .then_nothing()
        .when(command(4, today, invoice("acme", day("2026-02-01"))))
        .then_events(|events| {
            let [InvoicingEvent::InvoiceIssued(issued)] = events else { panic!("expected one invoice") };
            assert_eq!((issued.number.as_str(), issued.kind), ("E06000015-000001", InvoiceKind::Invoice));
            assert_eq!(issued.net, Pence(1_456_403 + 66_200));
            assert_eq!(issued.nights_count, 23);
            assert_eq!(issued.lines.len(), 4);
            assert_eq!(issued.payable_by, day("2026-03-04"));
            expect_postings(
                &events[0],
                &[("liability:accrued:acme", 1_522_603), ("payable:acme", -1_522_603)],
            );
        })
        .when(command(4, today, invoice("acme", day("2026-02-01"))))
        .then_nothing()
        .when(command(5, today, invoice("acme", day("2026-02-01"))))
        .then_nothing()
        .when(command(6, today, accrue(1, day("2026-02-02"))))
        .then_events(|events| assert_eq!(events.len(), 1))
        .when(command(7, today, invoice("acme", day("2026-02-02"))))
        .then_events(|events| {
            let [InvoicingEvent::InvoiceIssued(issued)] = events else { panic!("expected one invoice") };
            assert_eq!(issued.number, "E06000015-000002");
        });
}

#[test]
fn what_was_invoiced_and_taken_back_becomes_a_credit_note() {
    let today = day("2026-02-05");
    let end = Ask::CloseCharges(ended(1, day("2026-01-17"), common::noon(today)));
    let credited = after(&charged_and_invoiced())
        .when(command(5, today, end))
        .then_events(|events| assert_eq!(events.len(), 4))
        .when(command(6, today, invoice("acme", day("2026-01-17"))))
        .then_events(|events| {
            let [InvoicingEvent::InvoiceIssued(issued)] = events else { panic!("expected a credit note") };
            assert_eq!(
                (issued.kind, issued.net, issued.nights_count),
                (InvoiceKind::CreditNote, Pence(-993_002), -15)
            );
            assert_eq!(issued.number, "E06000015-000002", "one series for both");
            expect_postings(&events[0], &[("liability:accrued:acme", -993_002), ("payable:acme", 993_002)]);
        });
    let note = credited.into_state();
    let id = the_invoice(&note, 2);
    let mut commands = charged_and_invoiced();
    commands.push(command(5, today, Ask::CloseCharges(ended(1, day("2026-01-17"), common::noon(today)))));
    commands.push(command(6, today, invoice("acme", day("2026-01-17"))));
    after(&commands).when(command(7, today, pay(id, None))).then_events(|events| {
        let [InvoicingEvent::PaymentRecorded(refund)] = events else { panic!("expected a refund") };
        assert_eq!((refund.amount, refund.entry.code), (Pence(-993_002), EntryCode::Refund));
        expect_postings(&events[0], &[("bank", 993_002), ("payable:acme", -993_002)]);
    });
}

#[test]
fn a_charge_taken_back_before_it_was_invoiced_makes_a_nil_invoice() {
    let today = day("2026-02-05");
    let end = Ask::CloseCharges(ended(1, day("2026-01-10"), common::noon(today)));
    let state = after(&charged())
        .when(command(5, today, end))
        .then_events(|events| assert_eq!(events.len(), 3, "no night remains"))
        .when(command(6, today, invoice("acme", day("2026-01-10"))))
        .then_events(|events| {
            let [InvoicingEvent::InvoiceIssued(issued)] = events else { panic!("expected one invoice") };
            assert_eq!((issued.net, issued.kind, issued.lines.len()), (Pence::ZERO, InvoiceKind::Invoice, 4));
            expect_postings(&events[0], &[]);
        })
        .into_state();
    assert_eq!(state.invoices[&the_invoice(&state, 1)].settled_on, Some(today), "nothing to pay");
}

#[test]
fn an_invoice_is_paid_once_in_full_and_on_a_possible_day() {
    let today = day("2026-02-10");
    let state = after(&charged_and_invoiced()).into_state();
    let id = the_invoice(&state, 1);
    let paid_on = |text: &str| command(9, today, pay(id, Some(day(text))));
    let refuse = |text: &str, reason: &str| {
        let _ = after(&charged_and_invoiced()).when(paid_on(text)).then_refused(reason);
    };
    refuse("2026-02-01", "PAYMENT_DATE_INVALID");
    refuse("2026-02-11", "PAYMENT_DATE_INVALID");
    after(&charged_and_invoiced())
        .when(command(9, today, pay(care::InvoiceId(Uuid::nil()), None)))
        .then_refused("INVOICE_UNKNOWN");
    let paid = || {
        after(&charged_and_invoiced()).when(paid_on("2026-02-09")).then_events(|events| {
            expect_postings(&events[0], &[("bank", -1_456_403), ("payable:acme", 1_456_403)]);
        })
    };
    paid().when(paid_on("2026-02-09")).then_nothing();
    paid().when(command(10, today, pay(id, None))).then_refused("INVOICE_SETTLED");
    let provider = "acme".parse().unwrap();
    let _ = paid().then_state(|state| {
        assert_eq!(state.ledger.balance(&Account::accrued(&provider)).net(), Pence::ZERO);
        assert_eq!(state.ledger.balance(&Account::payable(&provider)).net(), Pence::ZERO);
        assert!(state.ledger.balanced());
    });
    let in_march = day("2026-03-02");
    let mut commands = charged_and_invoiced();
    commands.push(command(11, in_march, close(day("2026-02-01"))));
    after(&commands)
        .when(command(12, in_march, pay(id, Some(day("2026-02-20")))))
        .then_refused("PERIOD_CLOSED");
}

#[test]
fn a_month_is_closed_when_it_is_over_and_with_all_before_it() {
    let today = day("2026-03-01");
    let open_from = |first: &'static str| move |state: &State| assert_eq!(state.open_from, Some(day(first)));
    after(&charged()).when(command(5, today, close(day("2026-03-31")))).then_refused("PERIOD_NOT_OVER");
    after(&charged())
        .when(command(5, day("2026-02-28"), close(day("2026-02-01"))))
        .then_refused("PERIOD_NOT_OVER");
    let _ = after(&charged())
        .when(command(6, today, close(day("2026-02-14"))))
        .then_events(|events| assert_eq!(events.len(), 1))
        .then_state(open_from("2026-03-01"))
        .when(command(7, today, close(day("2026-01-14"))))
        .then_nothing()
        .then_state(open_from("2026-03-01"));
}

#[test]
fn a_month_with_nights_to_charge_is_closed_only_where_that_is_meant() {
    let today = day("2026-03-01");
    let ask = |leave_uncharged| {
        Ask::ClosePeriod(invoicing_domain::ClosePeriod { month: day("2026-02-01"), leave_uncharged })
    };
    let closed = |left: u64| {
        move |events: &[InvoicingEvent]| {
            let [InvoicingEvent::PeriodClosed(closed)] = events else { panic!("unexpected {events:?}") };
            assert_eq!(closed.left_uncharged, left, "the record says what it was closed in spite of");
        }
    };
    after(&charged()).when(command(5, today, ask(false))).then_refused("NIGHTS_UNCHARGED");
    after(&charged()).when(command(5, today, ask(true))).then_events(closed(1));
    let mut commands = charged();
    commands.push(command(6, today, accrue(1, today)));
    after(&commands).when(command(7, today, ask(false))).then_events(closed(0));
    after(&commands)
        .when(command(
            8,
            day("2026-04-01"),
            Ask::ClosePeriod(invoicing_domain::ClosePeriod {
                month: day("2026-03-01"),
                leave_uncharged: false,
            }),
        ))
        .then_refused("NIGHTS_UNCHARGED");
}

#[test]
fn a_run_sums_up_what_was_done_in_it() {
    let today = day("2026-02-01");
    let run = RunId(Uuid::from_u128(7));
    let start = || Ask::StartRun { run, kind: RunKind::Accrual, through: today };
    let mut commands = placed(1);
    commands.extend(placed(2));
    commands.push(command(1, today, start()));
    for n in [1, 2] {
        let mut ask = accrue(n, today);
        if let Ask::AccrueNights(accrue) = &mut ask {
            accrue.run = Some(run);
        }
        commands.push(command(1, today, ask));
    }
    after(&commands)
        .when(command(1, today, start()))
        .then_nothing()
        .when(command(1, today, Ask::FinishRun { run }))
        .then_events(|events| {
            let [InvoicingEvent::RunFinished(finished)] = events else { panic!("expected the end of a run") };
            assert_eq!((finished.items, finished.nights, finished.amount), (2, 44, Pence(2 * 1_456_403)));
            assert_eq!(finished.council, derby());
        })
        .when(command(1, today, Ask::FinishRun { run }))
        .then_nothing()
        .when(command(1, today, Ask::FinishRun { run: RunId(Uuid::nil()) }))
        .then_refused("RUN_UNKNOWN");
}

#[test]
fn commitment_counts_live_placements() {
    let state = after(&charged()).into_state();
    assert_eq!(state.weekly_commitment(day("2026-01-09")), Pence::ZERO);
    assert_eq!(state.weekly_commitment(day("2026-01-10")), Pence(463_401));
    assert_eq!(state.live_placements(day("2026-01-10")), 1);
    assert_eq!(state.to_accrue(day("2026-02-01")), []);
    assert_eq!(state.to_accrue(day("2026-02-02")), [agreement(1)]);
}
