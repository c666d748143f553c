//! Facts that change a price: what they lead to beside the money cases, and every refusal of theirs that those do not show.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail here")]

mod cases;
mod common;

use care::Event;
use care::market::{OccupancyEnded, Yielded};
use care::published::Route;
use care::published::{
    AbsenceRecorded, AbsenceRule, AbsenceRulesFrom, AgreementTermsSet, FundersFrom, StayingPutStarted,
    TermLine,
};
use care::spec::{Given, given};
use care::{AwardId, Date, Pence};
use cases::steps::Step;
use common::{
    accrue, agreement, command, day, derby, funders, history, invoice, lines, noon, placed, started, usual,
};
use invoicing_domain::{Ask, Command, Invoicing, InvoicingEvent, State};
use uuid::Uuid;

fn after(commands: &[Command]) -> Given<Invoicing> {
    given::<Invoicing>(history(commands))
}

fn line(number: u32, kind: &str, weekly: i64, from: &str, until: Option<&str>) -> TermLine {
    TermLine {
        line: number,
        kind: kind.to_owned(),
        weekly: Pence(weekly),
        from: day(from),
        until: until.map(day),
        cause: "AMENDMENT".to_owned(),
        note: String::new(),
    }
}

/// The usual price of the first agreement as version 2, with these lines more.
fn terms(more: Vec<TermLine>) -> AgreementTermsSet {
    let usual =
        [line(1, "CORE", 453_400, "2026-01-10", None), line(2, "THERAPY", 10_001, "2026-01-10", None)];
    let shares = funders(&[("SOCIAL_CARE", 7_000), ("HEALTH", 3_000)]);
    let dated = |from: &str| FundersFrom { from: day(from), funders: shares.clone() };
    AgreementTermsSet {
        agreement: agreement(1),
        award: AwardId(Uuid::from_u128(1)),
        council: derby(),
        terms: 2,
        lines: usual.into_iter().chain(more).collect(),
        funders: vec![dated("2026-01-10"), dated("2026-01-12")],
        absence_rules: vec![],
        absence_rules_from: vec![],
        from: day("2026-01-10"),
        cause: "AMENDMENT".to_owned(),
        reason: "agreed".to_owned(),
        at: noon(day("2026-02-03")),
    }
}

fn away(absence: u32, from: &str, until: Option<&str>) -> AbsenceRecorded {
    AbsenceRecorded {
        agreement: agreement(1),
        award: AwardId(Uuid::from_u128(1)),
        council: derby(),
        absence,
        revision: 1,
        kind: "MISSING".to_owned(),
        from: day(from),
        until: until.map(day),
        at: noon(day("2026-02-03")),
    }
}

fn types(events: &[InvoicingEvent]) -> Vec<&'static str> {
    events.iter().map(Event::event_type).collect()
}

fn fact_refused(reason: &'static str) -> impl FnOnce(&[InvoicingEvent]) {
    move |events| match events {
        [InvoicingEvent::ContractFactRefused(refused)] => {
            assert_eq!(refused.reason, reason, "{}", refused.detail);
        }
        other => panic!("expected one refused fact, not {other:?}"),
    }
}

/// Records from before lines had numbers, VAT and a place are read as they are; news that changes no price leaves them alone.
#[test]
fn a_charge_of_an_older_program_stands_while_it_says_what_its_nights_cost() {
    let stored = [
        ("AgreementOpened", include_str!("../golden/AgreementOpened.v1.json")),
        ("ChargesOpened", include_str!("../golden/ChargesOpened.v1.json")),
        ("ChargePosted", include_str!("../golden/ChargePosted.v1.json")),
    ];
    let read = |(kind, text): &(&str, &str)| InvoicingEvent::decode(kind, 1, text.as_bytes()).unwrap();
    let today = day("2026-02-03");
    let _ = given::<Invoicing>(stored.iter().map(read))
        .when(command(1, today, Ask::SetTerms(terms(vec![]))))
        .then_events(|events| assert_eq!(types(events), ["TermsChanged", "CommitmentPosted"]))
        .when(command(
            2,
            today,
            Ask::SetTerms(AgreementTermsSet {
                terms: 3,
                ..terms(vec![line(3, "UPLIFT", 700, "2026-01-10", None)])
            }),
        ))
        .then_events(|events| {
            let expected = ["TermsChanged", "ChargeReversed", "ChargePosted", "CommitmentPosted"];
            assert_eq!(types(events), expected);
            let [_, InvoicingEvent::ChargeReversed(back), InvoicingEvent::ChargePosted(anew), _] = events
            else {
                panic!("unexpected {events:?}")
            };
            assert_eq!((back.charge.total, anew.charge.total), (Pence(-463_401), Pence(464_101)));
            assert_eq!((back.charge.reason.as_deref(), anew.run), (Some("AMENDMENT"), None));
        });
}

#[test]
fn a_decision_corrects_only_so_much_and_the_next_accruals_the_rest() {
    let mut commands = placed(1);
    for n in 1..=450_i32 {
        let through = day("2026-01-10") + jiff::Span::new().days(n);
        commands.push(command(u64::from(n.unsigned_abs()), through, accrue(1, through)));
    }
    let (today, last) = (day("2027-04-05"), |state: &State| state.agreements[&agreement(1)].stale.len());
    let uplift = Ask::SetTerms(terms(vec![line(3, "UPLIFT", 700, "2026-01-10", None)]));
    let posted = |events: &[InvoicingEvent]| {
        events.iter().filter(|event| event.event_type() == "ChargePosted").count()
    };
    let _ = after(&commands)
        .when(command(1_001, today, uplift))
        .then_events(|events| assert_eq!(posted(events), 400))
        .then_state(|state| assert_eq!((last(state), state.to_accrue(today).len()), (50, 1)))
        .when(command(1_002, today, accrue(1, today)))
        .then_events(|events| assert_eq!(posted(events), 50))
        .then_state(|state| assert_eq!((last(state), state.to_accrue(today).len()), (0, 0)))
        .when(command(1_003, today, accrue(1, today)))
        .then_nothing();
}

#[test]
fn facts_of_another_council_or_of_impossible_days_are_refused() {
    let today = day("2026-02-03");
    let nottingham = "E06000018".parse().unwrap();
    let ask = |sentence: &str| match Step::read(sentence, today, &State::default()) {
        Ok(Step::Asks(mut asks)) => asks.remove(0),
        _ => panic!("{sentence} is a step"),
    };
    let refuse = |asked: Ask, reason| {
        let _ = after(&placed(1)).when(command(5, today, asked)).then_events(fact_refused(reason));
    };
    refuse(Ask::SetTerms(AgreementTermsSet { council: nottingham, ..terms(vec![]) }), "LEDGER_FOREIGN");
    refuse(
        Ask::NoteAbsence(AbsenceRecorded { council: nottingham, ..away(1, "2026-01-20", None) }),
        "LEDGER_FOREIGN",
    );
    refuse(Ask::NoteAbsence(away(1, "2026-01-20", Some("2026-01-19"))), "ABSENCE_INVALID");
    refuse(Ask::NoteAbsence(away(1, "1926-01-20", None)), "DATE_OUT_OF_RANGE");
    refuse(
        Ask::NoteAbsence(AbsenceRecorded { agreement: agreement(9), ..away(1, "2026-01-20", None) }),
        "AGREEMENT_UNKNOWN",
    );
    let stays = |weekly: i64, from: Date| StayingPutStarted {
        agreement: agreement(1),
        award: AwardId(Uuid::from_u128(1)),
        council: derby(),
        provider: "acme".parse().unwrap(),
        from,
        lines: lines(&[("CORE", weekly)]),
        at: noon(today),
    };
    refuse(Ask::OpenStayingPut(stays(-1, today)), "TERMS_INVALID");
    refuse(Ask::OpenStayingPut(stays(1, day("2126-01-01"))), "DATE_OUT_OF_RANGE");
    refuse(Ask::OpenStayingPut(StayingPutStarted { lines: vec![], ..stays(1, today) }), "TERMS_INVALID");
    refuse(ask("reserve P1#3 acme 2026-01-15 to 2026-01-01 at 350"), "NIGHTS_INVALID");
    refuse(ask("reserve P1#3 acme 2026-01-01 to 2026-01-15 at -1"), "TERMS_INVALID");
    refuse(ask("block P1#3 acme 1926-01-01 to 2026-01-15 at 350"), "DATE_OUT_OF_RANGE");
    refuse(ask("yield P1#3 2026-01-15 to 2026-01-05"), "NIGHTS_INVALID");
    for mut foreign in [
        ask("yield P1#3 2026-01-05 to 2026-01-15"),
        ask("reserve P1#3 acme 2026-01-01 to 2026-01-15 at 350"),
        ask("reservation P1#3 ends 2026-01-05 ENDED"),
    ] {
        match &mut foreign {
            Ask::Reserve(fact) => fact.council = nottingham,
            Ask::EndReservation(fact) => fact.council = nottingham,
            Ask::YieldNights(fact) => fact.council = nottingham,
            other => panic!("unexpected {other:?}"),
        }
        refuse(foreign, "LEDGER_FOREIGN");
    }
}

#[test]
fn absences_and_lines_are_bounded() {
    let today = day("2026-02-03");
    let mut commands = placed(1);
    for n in 1..=1_000_u32 {
        commands.push(command(
            u64::from(n) + 1,
            today,
            Ask::NoteAbsence(away(n, "2026-01-20", Some("2026-01-20"))),
        ));
    }
    let mut state = State::default();
    for event in history(&commands) {
        <Invoicing as care::Domain>::evolve(&mut state, &event);
    }
    let many = command(5_000, today, Ask::NoteAbsence(away(1_001, "2026-01-20", None)));
    fact_refused("ABSENCES_TOO_MANY")(&<Invoicing as care::Domain>::decide(&state, &many).unwrap());
    let lines = (3..=201).map(|n| line(n, "THERAPY", 1, "2026-01-10", None)).collect();
    let long = command(5_001, today, Ask::SetTerms(terms(lines)));
    fact_refused("TERMS_INVALID")(&<Invoicing as care::Domain>::decide(&state, &long).unwrap());
}

fn asked(what: &str, today: &str) -> Ask {
    match Step::read(what, day(today), &State::default()).unwrap() {
        Step::Asks(asks) => asks.into_iter().next().unwrap(),
        Step::Again | Step::Anew => panic!("{what} is no fact"),
    }
}

/// Each reservation that the market names yields by itself; what is known of one is no news, and one that is not known stops no other.
#[test]
fn each_reservation_yields_by_itself_and_once() {
    let reserved = [
        command(
            1,
            day("2026-01-01"),
            asked("reserve P1#3 acme 2026-01-08 to 2026-01-15 at 350", "2026-01-01"),
        ),
        command(
            2,
            day("2026-01-01"),
            asked("reserve P1#5 acme 2026-01-15 to 2026-01-22 at 350", "2026-01-01"),
        ),
    ];
    let Ask::YieldNights(mut fact) = asked("yield P1#3 2026-01-08 to 2026-01-15", "2026-01-10") else {
        panic!("a sentence of another kind")
    };
    let more = |token, from: &str, until: &str| Yielded {
        token,
        from: day(from),
        until: day(until),
        weekly: Pence(0),
    };
    fact.yielded.push(more(5, "2026-01-15", "2026-01-17"));
    fact.yielded.push(more(9, "2026-01-15", "2026-01-17"));
    let told =
        |cause, fact: &OccupancyEnded| command(cause, day("2026-01-10"), Ask::YieldNights(fact.clone()));
    let longer = OccupancyEnded { yielded: vec![more(5, "2026-01-15", "2026-01-19")], ..fact.clone() };
    let _ = after(&reserved)
        .when(told(3, &fact))
        .then_events(|events| {
            let expected = [
                "NightsYielded",
                "CommitmentPosted",
                "NightsYielded",
                "CommitmentPosted",
                "ContractFactRefused",
            ];
            assert_eq!(types(events), expected);
        })
        .when(told(4, &OccupancyEnded { yielded: vec![fact.yielded[1].clone()], ..fact.clone() }))
        .then_events(|events| assert!(events.is_empty(), "{events:?}"))
        .when(told(5, &longer))
        .then_events(|events| match events {
            [InvoicingEvent::NightsYielded(more), InvoicingEvent::CommitmentPosted(posted)] => {
                assert_eq!((more.from, more.until), (day("2026-01-15"), day("2026-01-19")));
                assert_eq!(posted.committed, Pence(15_000), "three nights are left");
            }
            other => panic!("unexpected {other:?}"),
        });
}

/// EN 16931 has no document with lines outside the scope of VAT beside others.
#[test]
fn what_is_outside_the_scope_of_vat_is_invoiced_by_itself() {
    let today = day("2026-02-01");
    let mut bought = usual(2);
    bought.terms.route = Route::Spot { justification: "nobody else".to_owned() };
    let mut commands = placed(1);
    commands.push(command(1, day("2026-01-10"), Ask::OpenAgreement(bought)));
    commands.push(command(2, day("2026-01-10"), Ask::OpenCharges(started(2, day("2026-01-10")))));
    commands.extend([command(3, today, accrue(1, today)), command(4, today, accrue(2, today))]);
    let treatments = |events: &[InvoicingEvent]| {
        let [InvoicingEvent::InvoiceIssued(issued)] = events else { panic!("expected one invoice") };
        issued.lines.iter().filter_map(|line| line.vat.clone()).collect::<Vec<_>>()
    };
    after(&commands)
        .when(command(5, today, invoice("acme", today)))
        .then_events(|events| assert_eq!(treatments(events), ["EXEMPT", "EXEMPT"]))
        .when(command(6, today, invoice("acme", today)))
        .then_events(|events| assert_eq!(treatments(events), ["OUTSIDE_SCOPE", "OUTSIDE_SCOPE"]))
        .when(command(7, today, invoice("acme", today)))
        .then_nothing();
}

/// What stands charged of a placement since 10 January, all corrections together.
fn charged(news: Vec<Ask>, through: &str) -> Pence {
    let today = day("2026-02-03");
    let mut commands = placed(1);
    commands.extend((1..).zip(news).map(|(n, ask)| command(n, today, ask)));
    commands.push(command(99, today, accrue(1, day(through))));
    let total = |event: InvoicingEvent| match event {
        InvoicingEvent::ChargePosted(posted) => Some(posted.charge.total),
        InvoicingEvent::ChargeReversed(back) => Some(back.charge.total),
        _ => None,
    };
    history(&commands).into_iter().filter_map(total).sum()
}

#[test]
fn absence_rules_hold_from_their_day_and_count_from_the_first_night_away() {
    let rule = AbsenceRule {
        absence: "MISSING".to_owned(),
        full_nights: 2,
        core_basis_points: 0,
        other_basis_points: 0,
        nothing_after: None,
    };
    let dated = |from: &str| AbsenceRulesFrom { from: day(from), rules: vec![rule.clone()] };
    let absent = || Ask::NoteAbsence(away(1, "2026-01-20", None));
    let from = |days: &[&str]| AgreementTermsSet {
        absence_rules_from: days.iter().map(|on| dated(on)).collect(),
        ..terms(vec![])
    };
    let until = |on| charged(vec![], on);
    let january = charged(vec![Ask::SetTerms(from(&["2026-01-25"])), absent()], "2026-02-01");
    assert_eq!(january, until("2026-01-25"), "nights before the rules are paid in full, those after not");
    // From before the absence, its third night is the first that is not paid.
    let before = charged(vec![absent(), Ask::SetTerms(from(&["2026-01-10"]))], "2026-02-01");
    assert_eq!(before, until("2026-01-22"));
    // Rules of before they had a date are those of every night, up to the first that have one.
    let old = AgreementTermsSet { absence_rules: vec![rule.clone()], ..terms(vec![]) };
    assert_eq!(charged(vec![absent(), Ask::SetTerms(old.clone())], "2026-02-01"), until("2026-01-22"));
    let none = AbsenceRulesFrom { from: day("2026-01-25"), rules: vec![] };
    let ended = AgreementTermsSet { absence_rules_from: vec![none], ..old };
    let paid_again = charged(vec![absent(), Ask::SetTerms(ended)], "2026-02-01");
    assert_eq!(paid_again, until("2026-01-22") + charged(vec![], "2026-02-01") - until("2026-01-25"));
    for wrong in [&["2026-01-25", "2026-01-25"][..], &["2026-01-26", "2026-01-25"], &["2101-01-01"]] {
        let refused = if wrong.len() == 1 { "DATE_OUT_OF_RANGE" } else { "TERMS_INVALID" };
        let tell = command(1, day("2026-02-03"), Ask::SetTerms(from(wrong)));
        let _ = after(&placed(1)).when(tell).then_events(fact_refused(refused));
    }
}
