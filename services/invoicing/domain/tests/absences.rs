//! What absences take off, line by line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail here")]

mod cases;
mod common;

use cases::Books;
use common::day;

/// Each line of a charge has the price a week of its own nights, also where the price turns within an absence.
#[test]
fn what_an_absence_takes_off_has_the_price_of_its_nights() {
    let mut books = Books::new();
    for (date, what) in [
        ("2026-01-01", "agree A acme RESIDENTIAL: CORE 700, THERAPY 70"),
        ("2026-01-01", "arrive A"),
        (
            "2026-01-02",
            "terms A 2 UPLIFT: 1 CORE 700 from 2026-01-01 to 2026-01-15, 2 THERAPY 70 from 2026-01-01 to 2026-01-12, \
             3 CORE 721 from 2026-01-15 / / MISSING 0 then 50 0",
        ),
        ("2026-01-08", "away A 1.1 MISSING 2026-01-08 to 2026-01-22"),
        ("2026-02-01", "charge A before 2026-02-01"),
    ] {
        books.take(day(date), what).unwrap_or_else(|why| panic!("{date} {what}: {why}"));
    }
    let charges: Vec<_> = books.state.charges.values().collect();
    let [charge] = charges.as_slice() else { panic!("one charge of January") };
    let absences = charge.lines.iter().filter(|line| line.kind == "ABSENCE");
    let mut found: Vec<_> =
        absences.map(|line| (line.nights.unwrap().to_string(), line.weekly.0, line.amount.0)).collect();
    found.sort();
    let expected = [
        ("[2026-01-08, 2026-01-12)", -7_000, -4_000),
        ("[2026-01-08, 2026-01-15)", -35_000, -35_000),
        ("[2026-01-15, 2026-01-22)", -36_050, -36_050),
    ];
    assert_eq!(found, expected.map(|(nights, weekly, amount)| (nights.to_owned(), weekly, amount)));
}
