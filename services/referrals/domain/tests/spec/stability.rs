//! The stability of placements in a year to 31 March, on examples that were worked out by hand, and in whatever order facts become known.

use crate::staying::{Home, ending, follows, left, linked, state};
use crate::support::{day, referral, requirements};
use care::{Date, ReferralId};
use jiff::ToSpan;
use proptest::prelude::{Just, Strategy, prop, prop_assert, prop_assert_eq, proptest};
use referrals_domain::{Count, ReferralEvent, Requirements, Stability, year_ending};
use std::collections::BTreeSet;

/// A home in a place of its own.
fn home(n: u128, start: &str) -> Home {
    Home { place: format!("SC045099-{n:02}").parse().unwrap(), ..Home::of(n, start) }
}

/// Homes of one child, each following from the one before; an open one has no end.
fn child(homes: &[(u128, &str, Option<&str>, Option<&str>)]) -> Vec<ReferralEvent> {
    let mut events = Vec::new();
    let mut before = None;
    for (n, start, end, how) in homes {
        events.extend(home(*n, start).events());
        events.extend(before.map(|before| linked(*n, Some(follows("MOVE", None, before)))));
        events.extend(end.map(|end| left(*n, day(end))));
        events.extend(how.map(|how| ending(*n, Some(how))));
        before = Some(*n);
    }
    events
}

/// As seen long after.
fn figures(events: &[ReferralEvent], year: i16) -> Stability {
    figures_on(events, year, "2030-01-01")
}

fn figures_on(events: &[ReferralEvent], year: i16, today: &str) -> Stability {
    state(events).stability(year_ending(year).unwrap(), day(today))
}

fn of(numbers: &[u128]) -> Count {
    Count(numbers.iter().map(|n| referral(*n)).collect::<BTreeSet<ReferralId>>())
}

#[test]
fn three_placements_in_the_year_are_counted_and_two_are_not() {
    // One ended before the year began, one on its first day without a night in it, three lie in it.
    let events = child(&[
        (1, "2024-01-10", Some("2025-03-01"), Some("PLANNED")),
        (2, "2025-03-01", Some("2025-04-01"), Some("PLANNED")),
        (3, "2025-04-01", Some("2025-07-01"), Some("DISRUPTION")),
        (4, "2025-07-01", Some("2025-12-24"), Some("PLANNED")),
        (5, "2025-12-24", None, None),
    ]);
    let year = figures(&events, 2026);
    assert_eq!((&year.placed, &year.three_or_more), (&of(&[5]), &of(&[5])));
    let before = figures(&events, 2025);
    assert_eq!((&before.placed, &before.three_or_more), (&of(&[2]), &of(&[])));
    assert_eq!(figures(&events, 2024).placed, of(&[1]));
    assert_eq!(figures(&events, 2023), Stability::default());
    // Two in the year, and one that ended on its first day.
    let two = child(&[
        (1, "2024-01-10", Some("2025-04-01"), None),
        (2, "2025-04-01", Some("2025-07-01"), None),
        (3, "2025-07-01", None, None),
    ]);
    assert_eq!(figures(&two, 2026).three_or_more, of(&[]));
    // Without the links they are five children, four of whom have left.
    let unlinked: Vec<_> =
        events.into_iter().filter(|event| !matches!(event, ReferralEvent::ReferralLinked(_))).collect();
    let year = figures(&unlinked, 2026);
    assert_eq!((&year.placed, &year.three_or_more), (&of(&[5]), &of(&[])));
}

#[test]
fn who_has_left_by_31_march_is_not_counted() {
    let homes = |end: &'static str| {
        child(&[
            (1, "2025-05-01", Some("2025-06-01"), None),
            (2, "2025-06-01", Some("2025-07-01"), None),
            (3, "2025-07-01", Some(end), None),
        ])
    };
    // The night of 31 March is the last of the year.
    assert_eq!(figures(&homes("2026-03-31"), 2026).placed, of(&[]));
    assert_eq!(figures(&homes("2026-04-01"), 2026).three_or_more, of(&[3]));
}

#[test]
fn times_away_short_breaks_and_a_new_agreement_for_the_same_place_are_no_moves() {
    let mut events = child(&[(1, "2025-05-01", None, None)]);
    for n in 2..=4 {
        events.extend(home(n, &format!("2025-0{}-01", n + 4)).events());
        events.extend([
            left(n, day(&format!("2025-0{}-08", n + 4))),
            linked(n, Some(follows("RESPITE", Some("T4"), 1))),
        ]);
    }
    let year = figures(&events, 2026);
    assert_eq!((&year.placed, &year.three_or_more, &year.ended), (&of(&[1]), &of(&[]), &of(&[])));
    // The same three as moves would have been counted.
    for n in 2..=4 {
        events.push(linked(n, Some(follows("MOVE", None, 1))));
    }
    assert_eq!(figures(&events, 2026).three_or_more, of(&[1]));
    let short_breaks = Requirements { legal_status: Some("V4".to_owned()), ..requirements() };
    let short_break = Home { requirements: short_breaks, ..home(1, "2025-05-01") };
    assert_eq!(figures(&short_break.events(), 2026), Stability::default());
    let mut same = Vec::new();
    for (n, start, end) in
        [(1, "2025-05-01", "2025-06-01"), (2, "2025-06-01", "2025-07-01"), (3, "2025-07-01", "2026-05-01")]
    {
        same.extend(Home::of(n, start).events());
        same.push(left(n, day(end)));
    }
    same.extend([linked(2, Some(follows("MOVE", None, 1))), linked(3, Some(follows("MOVE", None, 2)))]);
    let year = figures(&same, 2026);
    assert_eq!((&year.placed, &year.three_or_more), (&of(&[3]), &of(&[])));
    // Nor are they ends: the child has left once, a year later.
    assert_eq!(year.ended, of(&[]));
    assert_eq!(figures(&same, 2027).ended, of(&[3]));
}

/// How long a placement lasted that broke down is counted from its first award.
#[test]
fn an_end_is_one_of_the_whole_time_in_a_place() {
    let mut events = Vec::new();
    for (n, start, end, how) in
        [(1, "2025-05-01", "2025-08-01", "DISRUPTION"), (2, "2025-08-01", "2025-09-01", "DISRUPTION")]
    {
        events.extend(Home::of(n, start).events());
        events.extend([left(n, day(end)), ending(n, Some(how))]);
    }
    events.push(linked(2, Some(follows("MOVE", None, 1))));
    let year = figures(&events, 2026);
    assert_eq!((&year.ended, &year.disrupted), (&of(&[2]), &of(&[2])));
    assert_eq!((&year.disrupted_in_90_days, &year.disrupted_in_180_days), (&of(&[]), &of(&[2])));
    // A third award there, of no night, is a part of it.
    events.extend(Home::of(3, "2025-09-01").events());
    events.extend([left(3, day("2025-09-01")), linked(3, Some(follows("MOVE", None, 2)))]);
    assert_eq!(figures(&events, 2026).ended, of(&[2]));
}

#[test]
fn a_planned_end_that_lies_ahead_is_none_yet() {
    let events = child(&[(1, "2025-05-01", Some("2025-09-01"), Some("PLANNED"))]);
    assert_eq!(figures_on(&events, 2026, "2025-08-31").ended, of(&[]));
    assert_eq!(figures_on(&events, 2026, "2025-09-01").ended, of(&[1]));
}

/// T4 lasts seven days at most.
#[test]
fn a_time_away_that_lasts_longer_than_it_may_is_a_placement() {
    let away = |end: Option<&str>, respite: &str| {
        let mut events = child(&[(1, "2025-05-01", Some("2025-05-20"), None)]);
        events.extend(home(2, "2025-06-01").events());
        events.push(linked(2, Some(follows("RESPITE", Some(respite), 1))));
        events.extend(end.map(|end| left(2, day(end))));
        events
    };
    assert_eq!(figures(&away(Some("2025-06-08"), "T4"), 2026).ended, of(&[1]));
    assert_eq!(figures(&away(Some("2025-06-09"), "T4"), 2026).ended, of(&[1, 2]));
    let open = away(None, "T4");
    assert_eq!(figures_on(&open, 2026, "2025-06-08").placed, of(&[]));
    assert_eq!(figures_on(&open, 2026, "2025-06-09").placed, of(&[2]));
    // It will be too long, and is not yet.
    assert_eq!(figures_on(&away(Some("2026-05-01"), "T4"), 2026, "2025-06-08").placed, of(&[]));
    // In hospital there is no longest length.
    assert_eq!(figures(&away(None, "T2"), 2026).placed, of(&[]));
}

#[test]
fn long_placements_of_under_16s() {
    // Looked after since 30 September 2023, two and a half years before 31 March 2026, in the same home since 31 March 2024.
    let long = |since: &'static str, moved: &'static str, age_years: u8| {
        let mut events = Home { age_years, ..home(1, since) }.events();
        events.push(left(1, day(moved)));
        let second = Home { age_years, ..home(2, moved) };
        events.extend(second.events());
        events.push(linked(2, Some(follows("MOVE", None, 1))));
        let year = figures(&events, 2026);
        (year.long_looked_after.0.len(), year.long_same_placement.0.len(), year.age_unclear.0.len())
    };
    assert_eq!(long("2023-09-30", "2024-03-31", 8), (1, 1, 0));
    assert_eq!(long("2023-09-30", "2024-04-01", 8), (1, 0, 0), "a day too late in this home");
    assert_eq!(long("2023-10-01", "2024-03-31", 8), (0, 0, 0), "a day too late in care");
    // 12 on both days: born from 1 April 2011 to 30 September 2011, so 14 on 31 March 2026. 14 on both: 16 then; 13: perhaps.
    assert_eq!(long("2023-09-30", "2024-03-31", 12), (1, 1, 0));
    assert_eq!(long("2023-09-30", "2024-03-31", 14), (0, 0, 0));
    let mut thirteen = Home { age_years: 13, ..home(1, "2023-09-30") }.events();
    let year = figures(&thirteen, 2026);
    assert_eq!((year.long_looked_after, year.age_unclear), (of(&[]), of(&[1])), "15 or 16");
    // A night between: not looked after for so long.
    thirteen = Home { age_years: 8, ..home(1, "2023-09-30") }.events();
    thirteen.push(left(1, day("2024-03-30")));
    thirteen.extend(Home { age_years: 8, ..home(2, "2024-03-31") }.events());
    thirteen.push(linked(2, Some(follows("RETURN", None, 1))));
    assert_eq!(figures(&thirteen, 2026).long_looked_after, of(&[]));
}

#[test]
fn breakdowns_by_how_long_the_placement_had_lasted() {
    let mut events = Vec::new();
    for (n, start, end, how) in [
        (1, "2025-04-01", "2025-06-30", Some("DISRUPTION")),
        (2, "2025-04-01", "2025-07-01", Some("DISRUPTION")),
        (3, "2025-04-01", "2025-09-28", Some("DISRUPTION")),
        (4, "2025-03-31", "2026-03-31", Some("DISRUPTION")),
        (5, "2025-03-31", "2026-04-01", Some("DISRUPTION")),
        (6, "2025-05-01", "2025-05-01", Some("DISRUPTION")),
        (7, "2025-05-01", "2025-06-01", Some("PLANNED")),
        (8, "2025-05-01", "2025-06-01", None),
    ] {
        events.extend(child(&[(n, start, Some(end), how)]));
    }
    let year = figures(&events, 2026);
    // 90 days to 30 June; 91; 180; 365; and one that ended in the next year.
    assert_eq!(year.ended, of(&[1, 2, 3, 4, 6, 7, 8]));
    assert_eq!((year.ending_untold, year.disrupted), (of(&[8]), of(&[1, 2, 3, 4, 6])));
    assert_eq!(year.disrupted_in_90_days, of(&[1, 6]));
    assert_eq!(year.disrupted_in_180_days, of(&[1, 2, 3, 6]));
    assert_eq!(year.disrupted_in_365_days, of(&[1, 2, 3, 4, 6]));
    assert_eq!(figures(&events, 2027).disrupted, of(&[5]));
}

#[test]
fn links_in_a_ring_are_one_child_and_come_to_an_end() {
    let mut events = child(&[(1, "2025-05-01", Some("2025-06-01"), None), (2, "2025-06-01", None, None)]);
    events.push(linked(1, Some(follows("RETURN", None, 2))));
    assert_eq!(figures(&events, 2026).placed, of(&[2]));
}

#[test]
fn years_that_nobody_asks_for_are_none() {
    assert_eq!(year_ending(2026), Some(day("2026-03-31")));
    assert_eq!((year_ending(1999), year_ending(2101)), (None, None));
}

/// Homes of a few children: how many days after the start of 2025 each begins, how long it lasts, how it ended, and which it follows from.
type Story = Vec<(i64, Option<i64>, Option<&'static str>, Option<u128>)>;

fn story() -> impl Strategy<Value = Story> {
    let how = prop::sample::select(vec![None, Some("PLANNED"), Some("DISRUPTION")]);
    let one = (0_i64..450, prop::option::of(0_i64..200), how, prop::option::of(1_u128..8));
    prop::collection::vec(one, 1..8)
}

/// What must come first of each home, and then what may come in any order: departure, ending and link.
fn told(story: &Story) -> (Vec<ReferralEvent>, Vec<ReferralEvent>) {
    let first: Date = day("2025-01-01");
    let (mut before, mut late) = (Vec::new(), Vec::new());
    for (i, (begin, nights, how, link)) in story.iter().enumerate() {
        let n = u128::try_from(i).unwrap() + 1;
        let start = first.saturating_add(begin.days());
        before.extend(Home { start, ..home(n, "2025-01-01") }.events());
        if let Some(nights) = nights {
            late.push(left(n, start.saturating_add(nights.days())));
            late.extend(how.map(|how| ending(n, Some(how))));
        }
        let known = |to: &u128| *to != n && *to <= u128::try_from(story.len()).unwrap();
        late.extend(link.filter(known).map(|to| linked(n, Some(follows("MOVE", None, to)))));
    }
    (before, late)
}

proptest! {
    #[test]
    fn the_order_in_which_late_facts_become_known_makes_no_difference(
        (story, order) in story().prop_flat_map(|story| {
            let late = told(&story).1;
            (Just(story), Just(late).prop_shuffle())
        }),
    ) {
        let (before, late) = told(&story);
        let in_order = [before.clone(), late].concat();
        let shuffled = [before, order].concat();
        for year in [2025, 2026] {
            let figures = figures(&in_order, year);
            prop_assert_eq!(&figures, &super::stability::figures(&shuffled, year));
            // What is a part of something is not more than it.
            for (part, whole) in [
                (&figures.three_or_more, &figures.placed),
                (&figures.long_same_placement, &figures.long_looked_after),
                (&figures.ending_untold, &figures.ended),
                (&figures.disrupted, &figures.ended),
                (&figures.disrupted_in_365_days, &figures.disrupted),
                (&figures.disrupted_in_180_days, &figures.disrupted_in_365_days),
                (&figures.disrupted_in_90_days, &figures.disrupted_in_180_days),
            ] {
                prop_assert!(part.0.is_subset(&whole.0));
            }
        }
    }
}
