//! Procurement and keyed prices: what each change gives, and each of its refusals.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use care::spec::given;
use care::{Date, Pence, Refusal, RefusalKind};
use common::{
    DARLINGTON, DURHAM, command, create, created, framework_events, id, joined, lot, lot_added, row,
};
use contracts_domain::FrameworkRejection;
use contracts_domain::frameworks::{
    Change, Framework, FrameworkEvent, FrameworkExtended, FrameworkKind, FrameworkReopened, Frameworks, Lot,
    Opening, PriceRow, PriceSchedule, Procurement, Regime, deadlines,
};
use jiff::civil::date;
use proptest::prelude::{Strategy, prop, proptest};
use proptest::{prop_assert, prop_assert_eq};
use std::collections::BTreeSet;

const TODAY: Date = date(2026, 5, 1);

fn refused(events: Vec<FrameworkEvent>, change: Change, reason: &str) -> FrameworkRejection {
    given::<Frameworks>(events).when(command(change)).then_refused(reason)
}

fn field_of(refusal: &FrameworkRejection) -> String {
    refusal.violations()[0].field.clone()
}

/// The framework as it would be with another procurement.
fn procured(kind: FrameworkKind, extendable_to: Option<Date>) -> Vec<FrameworkEvent> {
    let mut created = created();
    created.procurement = Procurement { kind: Some(kind), extendable_to, ..Procurement::default() };
    vec![created.into(), joined(DARLINGTON).into(), joined(DURHAM).into(), lot_added().into()]
}

fn admit(schedule: PriceSchedule) -> Change {
    Change::AdmitProvider { lot: id("residential"), provider: id("P1"), schedule }
}

fn standard(from: Date, pence: i64) -> PriceSchedule {
    PriceSchedule::plain(from, common::prices(&[("STANDARD", pence)]))
}

fn keyed(rows: &[PriceRow]) -> PriceSchedule {
    let mut schedule = PriceSchedule::plain(date(2027, 4, 1), [].into());
    schedule.rows = rows.to_vec();
    schedule
}

fn after(events: Vec<FrameworkEvent>) -> Framework {
    common::fold::<Frameworks>(&events).get(&id("tyne-tees")).unwrap().clone()
}

// Procurement.

#[test]
fn a_framework_keeps_how_it_was_procured() {
    let procurement = Procurement {
        kind: Some(FrameworkKind::Flexible),
        entered_on: Some(date(2026, 3, 1)),
        extendable_to: Some(date(2032, 3, 31)),
        value: Some(Pence(15_000_000_000)),
    };
    let Change::Create(mut new) = create().change else { panic!("create() creates") };
    new.procurement = procurement.clone();
    let mut event = created();
    event.procurement = procurement.clone();
    let _ = given::<Frameworks>([])
        .when(command(Change::Create(new)))
        .then([event.into(), joined(DARLINGTON).into()])
        .then_state(|state| assert_eq!(state.get(&id("tyne-tees")).unwrap().procurement, procurement));
}

#[test]
fn a_procurement_that_cannot_be_is_refused() {
    let altered = |alter: &dyn Fn(&mut Procurement, &mut Regime, &mut Date), reason: &str| {
        let Change::Create(mut new) = create().change else { panic!("create() creates") };
        alter(&mut new.procurement, &mut new.regime, &mut new.ends);
        given::<Frameworks>([]).when(command(Change::Create(new))).then_refused(reason)
    };
    let short = altered(&|it, _, _| it.extendable_to = Some(date(2030, 3, 30)), "DATES_OUT_OF_ORDER");
    assert_eq!(
        (field_of(&short).as_str(), short.kind()),
        ("procurement.extendable_to", RefusalKind::Invalid)
    );
    let late = altered(&|it, _, _| it.entered_on = Some(date(2026, 4, 2)), "DATES_OUT_OF_ORDER");
    assert_eq!((field_of(&late).as_str(), late.kind()), ("procurement.entered_on", RefusalKind::Invalid));
    let open = |it: &mut Procurement| it.kind = Some(FrameworkKind::Open);
    let long = altered(&|it, _, ends| (open(it), *ends = date(2034, 4, 1)).0, "TERM_TOO_LONG");
    assert_eq!((field_of(&long).as_str(), long.kind()), ("ends", RefusalKind::Invalid));
    altered(
        &|it, _, _| {
            open(it);
            it.extendable_to = Some(date(2034, 4, 1));
        },
        "TERM_TOO_LONG",
    );
    // The eight years begin with the award, which may be before the first call-off.
    let entered = |it: &mut Procurement| (open(it), it.entered_on = Some(date(2026, 3, 2))).1;
    altered(&|it, _, ends| (entered(it), *ends = date(2034, 3, 2)).1, "TERM_TOO_LONG");
    // The older law knows no open framework, and no longest term.
    let older = altered(&|it, regime, _| (open(it), *regime = Regime::Pcr2015).1, "KIND_NOT_OF_REGIME");
    assert_eq!((field_of(&older).as_str(), older.kind()), ("procurement.kind", RefusalKind::Invalid));
    let flexible = |it: &mut Procurement| it.kind = Some(FrameworkKind::Flexible);
    for (kind, regime, ends) in [
        (&open as &dyn Fn(&mut Procurement), Regime::ProcurementAct2023, date(2034, 3, 31)),
        (&entered, Regime::ProcurementAct2023, date(2034, 3, 1)),
        (&flexible, Regime::Pcr2015, date(2040, 3, 31)),
    ] {
        let Change::Create(mut new) = create().change else { panic!("create() creates") };
        kind(&mut new.procurement);
        (new.regime, new.ends) = (regime, ends);
        given::<Frameworks>([])
            .when(command(Change::Create(new)))
            .then_events(|events| assert_eq!(events.len(), 2));
    }
}

#[test]
fn new_providers_are_taken_when_the_kind_says_so() {
    use FrameworkKind::{Closed, Dynamic, Flexible, Open};
    let (starts, later) = (date(2026, 4, 1), date(2026, 9, 10));
    let reopened = || {
        let (opens, closes) = (date(2026, 9, 1), date(2026, 9, 30));
        FrameworkEvent::from(FrameworkReopened { framework: id("tyne-tees"), opens, closes })
    };
    for kind in FrameworkKind::ALL {
        given::<Frameworks>(procured(kind, None))
            .when(command(admit(standard(starts, 1))))
            .then_events(|events| assert_eq!(events.len(), 1));
        let mut open = procured(kind, None);
        open.push(reopened());
        for (events, day, taken) in [
            (procured(kind, None), later, kind == Dynamic),
            (open.clone(), date(2026, 9, 1), kind != Closed),
            (open.clone(), date(2026, 9, 30), kind != Closed),
            (open, date(2026, 10, 1), kind == Dynamic),
        ] {
            // What a closed framework never has is an opening.
            if kind == Closed && events.len() == 5 {
                continue;
            }
            let decision = given::<Frameworks>(events).when(command(admit(standard(day, 1))));
            if taken {
                decision.then_events(|events| assert_eq!(events.len(), 1));
            } else {
                let refusal = decision.then_refused("ADMISSION_CLOSED");
                assert_eq!(
                    (field_of(&refusal).as_str(), refusal.kind()),
                    ("from", RefusalKind::Precondition)
                );
            }
        }
    }
    // Who was admitted gets new prices on any day.
    for kind in [Closed, Open, Flexible] {
        given::<Frameworks>(procured(kind, None))
            .when(command(admit(standard(starts, 1))))
            .then_events(|events| assert_eq!(events.len(), 1))
            .when(command(admit(standard(later, 2))))
            .then_events(|events| assert_eq!(events.len(), 1));
    }
}

fn reopen(opens: Date, closes: Date) -> Change {
    Change::Reopen(Opening { opens, closes })
}

#[test]
fn an_open_or_flexible_framework_opens_again_and_no_other() {
    use FrameworkKind::{Closed, Dynamic, Flexible, Open};
    let (opens, closes) = (date(2027, 1, 1), date(2027, 1, 31));
    for kind in [Open, Flexible] {
        let _ = given::<Frameworks>(procured(kind, None))
            .when(command(reopen(opens, closes)))
            .then([FrameworkReopened { framework: id("tyne-tees"), opens, closes }.into()])
            .when(command(reopen(closes, date(2027, 2, 1))))
            .then_refused("OPENING_OVERLAPS");
    }
    for kind in [Closed, Dynamic] {
        refused(procured(kind, None), reopen(opens, closes), "NOT_REOPENABLE");
    }
    refused(procured(Open, None), reopen(date(2030, 4, 1), date(2030, 4, 2)), "OUTSIDE_TERM");
    refused(procured(Open, None), reopen(closes, opens), "DATES_OUT_OF_ORDER");
}

fn extend(to: Date, today: Date) -> Change {
    Change::Extend { to, reason: "The market is not ready for another".to_owned(), today }
}

#[test]
fn an_extension_is_told_before_the_end_and_goes_no_further_than_was_provided_for() {
    let events = || procured(FrameworkKind::Closed, Some(date(2032, 3, 31)));
    let extended = FrameworkExtended {
        framework: id("tyne-tees"),
        ends: date(2031, 3, 31),
        reason: "The market is not ready for another".to_owned(),
        decided_on: date(2030, 3, 31),
    };
    let _ = given::<Frameworks>(events())
        .when(command(extend(date(2031, 3, 31), date(2030, 3, 31))))
        .then([extended.into()])
        .then_state(|state| {
            let framework = state.get(&id("tyne-tees")).unwrap();
            assert!(framework.in_force(date(2031, 3, 31)) && !framework.in_force(date(2031, 4, 1)));
        })
        .when(command(extend(date(2031, 3, 31), date(2030, 3, 31))))
        .then_refused("DATES_OUT_OF_ORDER");
    let late = refused(events(), extend(date(2031, 3, 31), date(2030, 4, 1)), "EXTENSION_TOO_LATE");
    assert_eq!(late.kind(), RefusalKind::Precondition);
    let far = refused(events(), extend(date(2032, 4, 1), TODAY), "EXTENSION_BEYOND_MAXIMUM");
    assert_eq!(field_of(&far), "to");
    // None was provided for.
    refused(framework_events(), extend(date(2030, 4, 1), TODAY), "EXTENSION_BEYOND_MAXIMUM");
}

#[test]
fn the_clocks_of_a_framework_follow_from_what_was_told() {
    let due = |alter: &dyn Fn(&mut contracts_domain::frameworks::FrameworkCreated)| {
        let mut created = created();
        alter(&mut created);
        let framework = after(vec![created.into()]);
        let all = deadlines(&framework);
        all.iter().map(|it| (it.rule.kind, it.due)).collect::<Vec<_>>()
    };
    let (expiry, ended) = (("EXPIRY", date(2030, 3, 31)), ("CONTRACT_TERMINATION_NOTICE", date(2030, 4, 29)));
    assert_eq!(due(&|_| {}), [expiry, ended]);
    let entered = |it: &mut contracts_domain::frameworks::FrameworkCreated| {
        it.procurement = Procurement {
            kind: Some(FrameworkKind::Open),
            entered_on: Some(date(2026, 3, 2)),
            extendable_to: Some(date(2032, 3, 31)),
            value: None,
        };
    };
    assert_eq!(
        due(&entered),
        [
            ("CONTRACT_DETAILS_NOTICE", date(2026, 6, 29)),
            ("REOPENING", date(2029, 3, 1)),
            ("EXTENSION_DECISION", date(2030, 3, 31)),
            expiry,
            ended,
        ]
    );
    let older = |it: &mut contracts_domain::frameworks::FrameworkCreated| {
        entered(it);
        it.regime = Regime::Pcr2015;
    };
    assert_eq!(
        due(&older),
        [("CONTRACT_AWARD_NOTICE", date(2026, 4, 1)), ("EXTENSION_DECISION", date(2030, 3, 31)), expiry]
    );
}

#[test]
fn an_open_framework_opens_again_within_three_years_of_its_award_and_five_of_the_second() {
    let due = |openings: &[(Date, Date)]| {
        let mut created = created();
        created.ends = date(2034, 3, 1);
        created.procurement = Procurement {
            kind: Some(FrameworkKind::Open),
            entered_on: Some(date(2026, 3, 2)),
            ..Procurement::default()
        };
        let opened = openings.iter().map(|(opens, closes)| {
            FrameworkReopened { framework: id("tyne-tees"), opens: *opens, closes: *closes }.into()
        });
        let framework = after([FrameworkEvent::from(created)].into_iter().chain(opened).collect());
        let reopening = deadlines(&framework).into_iter().find(|it| it.rule.kind == "REOPENING");
        reopening.map(|it| it.due)
    };
    let (first, last) = (date(2029, 3, 1), date(2029, 3, 31));
    assert_eq!(due(&[]), Some(first));
    assert_eq!(due(&[(date(2029, 3, 2), last)]), Some(first), "a day too late: it stays due");
    assert_eq!(due(&[(date(2027, 1, 1), date(2027, 1, 31))]), Some(date(2031, 12, 31)));
    assert_eq!(due(&[(first, last)]), Some(date(2034, 2, 28)), "in time");
    // Told in another order; the second is the one by which the five years count.
    let third = (date(2031, 12, 31), date(2032, 1, 31));
    assert_eq!(due(&[third, (date(2027, 1, 1), date(2027, 1, 31))]), None);
    let late = (date(2032, 1, 1), date(2032, 1, 31));
    assert_eq!(due(&[late, (date(2027, 1, 1), date(2027, 1, 31))]), Some(date(2031, 12, 31)));
}

// Prices.

#[test]
fn of_the_prices_that_fit_the_most_specific_one_holds() {
    let mut schedule = standard(date(2027, 4, 1), 450_000);
    schedule.rows = vec![
        row("STANDARD", (8, 10), &[], 400_000),
        row("STANDARD", (8, 17), &["CWD"], 480_000),
        row("STANDARD", (8, 17), &["SOLO"], 490_000),
        row("STANDARD", (8, 17), &["CWD", "SOLO"], 495_000),
        row("STANDARD", (16, 17), &["CWD"], 470_000),
        row("ENHANCED", (8, 17), &["CWD"], 600_000),
    ];
    let _ = given::<Frameworks>(framework_events())
        .when(command(admit(schedule)))
        .then_events(|events| assert_eq!(events.len(), 1))
        .then_state(|state| {
            let framework = state.get(&id("tyne-tees")).unwrap();
            let schedule = framework.schedule(&id("P1"), &id("residential"), date(2027, 4, 1)).unwrap();
            let price = |level, age, attributes: &[&str]| {
                let attributes = attributes.iter().map(|it| (*it).to_owned()).collect();
                schedule.price(level, age, &attributes).map(|row| row.weekly.0)
            };
            assert_eq!(price("STANDARD", 12, &[]), Some(450_000));
            assert_eq!(price("STANDARD", 10, &[]), Some(400_000));
            assert_eq!(price("STANDARD", 10, &["CWD"]), Some(480_000), "attributes before ages");
            assert_eq!(price("STANDARD", 12, &["CWD", "UASC"]), Some(480_000));
            assert_eq!(price("STANDARD", 12, &["CWD", "SOLO"]), Some(495_000));
            assert_eq!(price("STANDARD", 16, &["CWD"]), Some(470_000), "then the narrower ages");
            assert_eq!(price("ENHANCED", 12, &["CWD"]), Some(600_000));
            assert_eq!(price("ENHANCED", 12, &[]), None, "not admitted for such a child");
        });
}

#[test]
fn prices_that_could_both_hold_are_refused_where_they_are_entered() {
    let ambiguous = |rows: &[PriceRow]| {
        let refusal = refused(framework_events(), admit(keyed(rows)), "PRICE_AMBIGUOUS");
        assert_eq!((field_of(&refusal).as_str(), refusal.kind()), ("keyed_prices", RefusalKind::Invalid));
        refusal.to_string()
    };
    let (cwd, solo) = (row("STANDARD", (8, 17), &["CWD"], 1), row("STANDARD", (8, 17), &["SOLO"], 2));
    let told = ambiguous(&[cwd.clone(), solo.clone()]);
    assert!(told.contains("STANDARD, ages 8 to 17, CWD") && told.contains("SOLO"), "{told}");
    ambiguous(&[cwd.clone(), cwd.clone()]);
    ambiguous(&[row("STANDARD", (8, 12), &[], 1), row("STANDARD", (12, 17), &[], 2)]);
    // The price for both must cover all the ages that they share.
    ambiguous(&[cwd.clone(), solo.clone(), row("STANDARD", (9, 17), &["CWD", "SOLO"], 3)]);
    let mut twice = standard(date(2027, 4, 1), 450_000);
    twice.rows = vec![row("STANDARD", (8, 17), &[], 1)];
    refused(framework_events(), admit(twice), "PRICE_AMBIGUOUS");
    for settled in [
        // Age by age: one row for both up to twelve, another from then on; and the shared age of two bands by itself.
        vec![
            cwd.clone(),
            solo.clone(),
            row("STANDARD", (8, 12), &["CWD", "SOLO"], 3),
            row("STANDARD", (13, 17), &["CWD", "SOLO"], 4),
        ],
        vec![
            row("STANDARD", (8, 12), &[], 1),
            row("STANDARD", (12, 17), &[], 2),
            row("STANDARD", (12, 12), &[], 3),
        ],
        vec![cwd.clone(), solo.clone(), row("STANDARD", (8, 17), &["CWD", "SOLO"], 3)],
        vec![row("STANDARD", (8, 11), &["CWD"], 1), row("STANDARD", (12, 17), &["SOLO"], 2)],
        vec![row("STANDARD", (8, 12), &[], 1), row("STANDARD", (13, 17), &[], 2)],
        vec![cwd, row("ENHANCED", (8, 17), &["SOLO"], 2)],
    ] {
        given::<Frameworks>(framework_events())
            .when(command(admit(keyed(&settled))))
            .then_events(|events| assert_eq!(events.len(), 1));
    }
}

#[test]
fn price_rows_are_for_the_lots_levels_and_ages_and_within_its_ceilings() {
    let refused = |rows: &[PriceRow], reason: &str| refused(framework_events(), admit(keyed(rows)), reason);
    refused(&[], "PRICES_MISSING");
    refused(&[row("COMPLEX", (8, 17), &[], 1)], "LEVEL_UNKNOWN");
    refused(&[row("STANDARD", (8, 17), &[], 0)], "PRICE_NOT_POSITIVE");
    for ages in [(7, 17), (8, 18), (12, 11)] {
        let refusal = refused(&[row("STANDARD", ages, &[], 1)], "PRICE_AGES_INVALID");
        assert_eq!(field_of(&refusal), "keyed_prices");
    }
    refused(&[row("STANDARD", (8, 17), &["CWD"], 500_001)], "PRICE_ABOVE_CEILING");
    let many: Vec<PriceRow> = (0..201).map(|_| row("STANDARD", (8, 17), &[], 1)).collect();
    refused(&many, "LIMIT_REACHED");
}

#[test]
fn ceilings_are_keyed_like_prices() {
    let terms = |ceilings: &[PriceRow]| Lot { ceilings: ceilings.to_vec(), ..lot() };
    let add = |ceilings: &[PriceRow]| Change::AddLot { lot: id("keyed"), terms: terms(ceilings) };
    let rows = [row("STANDARD", (8, 10), &[], 300_000), row("STANDARD", (8, 17), &["CWD"], 650_000)];
    let admit = |rows: &[PriceRow], prices: &[(&str, i64)]| {
        let mut schedule = keyed(rows);
        schedule.prices = common::prices(prices);
        command(Change::AdmitProvider { lot: id("keyed"), provider: id("P1"), schedule })
    };
    let events = || {
        let added =
            contracts_domain::frameworks::LotAdded { terms: terms(&rows), lot: id("keyed"), ..lot_added() };
        framework_events().into_iter().chain([added.into()])
    };
    given::<Frameworks>(framework_events())
        .when(command(add(&rows)))
        .then_events(|events| assert_eq!(events.len(), 1));
    // Above the level's own ceiling, for whom there is another.
    given::<Frameworks>(events())
        .when(admit(&[row("STANDARD", (8, 17), &["CWD"], 650_000)], &[]))
        .then_events(|events| assert_eq!(events.len(), 1));
    let above = |rows: &[PriceRow], prices: &[(&str, i64)]| {
        given::<Frameworks>(events()).when(admit(rows, prices)).then_refused("PRICE_ABOVE_CEILING")
    };
    above(&[row("STANDARD", (8, 17), &["CWD"], 650_001)], &[]);
    // The plain price would hold for children of 8 to 10 as well …
    above(&[], &[("STANDARD", 450_000)]);
    // … unless they have a price of their own.
    given::<Frameworks>(events())
        .when(admit(&[row("STANDARD", (8, 10), &[], 300_000)], &[("STANDARD", 450_000)]))
        .then_events(|events| assert_eq!(events.len(), 1));
    let refusal = refused(
        framework_events(),
        add(&[row("STANDARD", (8, 17), &["CWD"], 1), row("STANDARD", (8, 17), &["SOLO"], 2)]),
        "PRICE_AMBIGUOUS",
    );
    assert_eq!(field_of(&refusal), "lot.ceilings");
}

#[test]
fn price_versions_follow_each_other_and_do_not_overlap() {
    let until = |from, until| PriceSchedule { until: Some(until), ..standard(from, 1) };
    let (april, june, july) = (date(2027, 4, 1), date(2027, 6, 1), date(2027, 7, 1));
    let overlap = |from: Date| {
        let refusal = given::<Frameworks>(framework_events())
            .when(command(admit(until(april, july))))
            .then_events(|events| assert_eq!(events.len(), 1))
            .when(command(admit(standard(from, 1))))
            .then_refused("PRICE_VERSION_OVERLAPS");
        assert_eq!(field_of(&refusal), "from");
        refusal.to_string()
    };
    assert!(overlap(april).contains("2027-07-01"));
    overlap(june);
    let _ = given::<Frameworks>(framework_events())
        .when(command(admit(until(april, june))))
        .then_events(|events| assert_eq!(events.len(), 1))
        .when(command(admit(standard(july, 1))))
        .then_events(|events| assert_eq!(events.len(), 1))
        .then_state(|state| {
            let framework = state.get(&id("tyne-tees")).unwrap();
            let from = |on| framework.schedule(&id("P1"), &id("residential"), on).map(|it| it.from);
            assert_eq!(from(date(2027, 3, 31)), Some(date(2026, 4, 1)));
            assert_eq!(from(date(2027, 5, 31)), Some(april));
            assert_eq!(from(june), None, "it has ended, and the next has not begun");
            assert_eq!(from(july), Some(july));
        });
    refused(framework_events(), admit(until(april, april)), "DATES_OUT_OF_ORDER");
}

fn rows() -> impl Strategy<Value = Vec<PriceRow>> {
    let attributes = prop::collection::btree_set(prop::sample::select(vec!["CWD", "SOLO", "SIBLING"]), 0..3);
    let ages = prop::sample::select(vec![(8_u8, 17_u8), (8, 12), (13, 17), (10, 14), (16, 17)]);
    let row = (ages, attributes, 1_i64..400_000).prop_map(|(ages, attributes, weekly)| {
        row("STANDARD", ages, &attributes.into_iter().collect::<Vec<_>>(), weekly)
    });
    prop::collection::vec(row, 1..7)
}

proptest! {
    /// Whatever is taken, every child has one price: no other row that fits is as specific, in whatever order they are.
    #[test]
    fn a_schedule_that_is_taken_has_one_price_for_every_child(rows in rows()) {
        let Ok(_) = <Frameworks as care::Domain>::decide(
            &common::facts(), &command(admit(keyed(&rows))),
        ) else { return Ok(()) };
        let mut reversed = rows.clone();
        reversed.reverse();
        let all: Vec<String> = ["CWD", "SOLO", "SIBLING"].map(str::to_owned).to_vec();
        for age in 8..=17 {
            for chosen in 0..8_usize {
                let attributes: BTreeSet<String> = all.iter().enumerate()
                    .filter(|(n, _)| chosen & (1 << n) != 0).map(|(_, it)| it.clone()).collect();
                let fitting: Vec<&PriceRow> =
                    rows.iter().filter(|row| row.fits("STANDARD", age, &attributes)).collect();
                let beats = |one: &PriceRow, other: &PriceRow| {
                    let narrower = one.attributes == other.attributes
                        && one.age_to - one.age_from < other.age_to - other.age_from;
                    (one.attributes.is_superset(&other.attributes) && one.attributes != other.attributes) || narrower
                };
                let best: Vec<&&PriceRow> = fitting.iter()
                    .filter(|one| fitting.iter().all(|other| one == &other || beats(one, other))).collect();
                let held = keyed(&rows).price("STANDARD", age, &attributes);
                prop_assert!(fitting.is_empty() || best.len() == 1, "{:?}", fitting);
                prop_assert_eq!(held.as_ref(), best.first().map(|row| **row));
                prop_assert_eq!(keyed(&reversed).price("STANDARD", age, &attributes), held);
            }
        }
    }
}
