//! Each figure with a case made by hand.

use crate::world::{
    TODAY, World, block, came, claimed, claimed_solo, closed, council, day, declined, graded, home,
    household_in, invoice, left, noon, offered, opened, opened_in_household, paid, placement, posted,
    provider, registered_as, released, reserved, taken_back,
};
use care::Pence;
use care::market::RegistrationStatus;
use contracts_domain::monitoring::{Heard, Quarters, Scope, Source, Viewer, placements};
use contracts_domain::{Agreements, Frameworks};
use jiff::civil::date;

const Q1: &str = "2026-27-Q1";

#[test]
fn an_invitation_is_answered_by_an_offer_a_decline_or_not_at_all() {
    let (us, on) = (council(0), date(2026, 4, 10));
    let mut said = Vec::new();
    for (n, provider_no) in [(1, 0), (1, 1), (1, 2), (2, 0), (3, 0)] {
        said.push(released(us, n, &provider(provider_no), noon(on, 0)));
    }
    said.extend([
        offered(us, 1, &provider(0), noon(on, 60)),
        // A second offer, a second release and a later decline change nothing of when it offered first.
        offered(us, 1, &provider(0), noon(on, 600)),
        released(us, 1, &provider(0), noon(on, 30)),
        declined(us, 1, &provider(1), "NEED"),
        declined(us, 1, &provider(1), "PRICE"),
        declined(us, 2, &provider(0), "NEED"),
        offered(us, 2, &provider(0), noon(on, 1_440)),
        // Who was not asked has not answered.
        offered(us, 9, &provider(3), noon(on, 5)),
    ]);
    let world = World::hears(&said);
    let own = |kpi, of| world.own(0, Q1, kpi, of);
    assert_eq!(own("OFFER_RATE", ""), (Some(4_000), Some(2), 5));
    assert_eq!(own("UNANSWERED", ""), (Some(4_000), Some(2), 5));
    assert_eq!(own("TIME_TO_OFFER_MEDIAN", ""), (Some(60), None, 2));
    assert_eq!(own("TIME_TO_OFFER_P90", ""), (Some(1_440), None, 2));
    assert_eq!(own("DECLINES", "PRICE"), (Some(10_000), Some(1), 1));
    assert_eq!(own("DECLINES", "NEED"), (Some(0), Some(0), 1));
    assert_eq!(world.own(1, Q1, "OFFER_RATE", ""), (None, Some(0), 0), "another council has none");
    assert_eq!(world.own(0, "2025-26-Q4", "OFFER_RATE", ""), (None, Some(0), 0), "nor has another quarter");
    let of_provider = world.row(&Scope::Provider(provider(0)), &Viewer::Own, Q1, "OFFER_RATE", "");
    assert_eq!((of_provider.numerator, of_provider.denominator), (Some(2), Some(3)));
}

#[test]
fn an_offer_that_was_taken_back_is_none_and_a_decline_after_it_counts() {
    let (us, on) = (council(0), date(2026, 4, 10));
    let at = |minutes| noon(on, minutes);
    let mut said: Vec<_> = (0..4).map(|n| released(us, 1, &provider(n), at(0))).collect();
    said.extend([
        offered(us, 1, &provider(0), at(60)),
        taken_back(us, 1, &provider(0), at(60)),
        declined(us, 1, &provider(0), "NEED"),
        offered(us, 1, &provider(1), at(60)),
        taken_back(us, 1, &provider(1), at(60)),
        // Another offer takes the place of the first, and stands; that the first is taken back is told again.
        offered(us, 1, &provider(2), at(60)),
        taken_back(us, 1, &provider(2), at(60)),
        offered(us, 1, &provider(2), at(90)),
        taken_back(us, 1, &provider(2), at(60)),
    ]);
    let world = World::hears(&said);
    let own = |kpi, of| world.own(0, Q1, kpi, of);
    assert_eq!(own("OFFER_RATE", ""), (Some(2_500), Some(1), 4));
    assert_eq!(own("UNANSWERED", ""), (Some(2_500), Some(1), 4));
    assert_eq!(own("DECLINES", "NEED"), (Some(10_000), Some(1), 1));
    assert_eq!(
        own("TIME_TO_OFFER_MEDIAN", ""),
        (Some(60), None, 1),
        "it was first answered by the first offer"
    );
}

/// The last hour of March in England is the first quarter's, although it is still the last one's by UTC.
#[test]
fn a_quarter_begins_at_midnight_in_england() {
    let (us, midnight) = (council(0), "2026-03-31T23:00:00Z".parse().unwrap());
    let world = World::hears(&[released(us, 1, &provider(0), midnight)]);
    assert_eq!(world.own(0, Q1, "OFFER_RATE", "").2, 1);
}

#[test]
fn agreements_are_told_by_route_grade_distance_and_price() {
    let (us, on) = (council(0), date(2026, 5, 1));
    let agreed = |n, route, core| {
        let framework = (route == "FRAMEWORK").then(|| crate::world::id("north"));
        let ceiling = (route == "FRAMEWORK").then_some(Pence(500_000));
        let made = placement(n, us, &provider(0), on);
        contracts_domain::monitoring::Placement { route, framework, ceiling, core: Pence(core), ..made }
    };
    let mut world = World::hears(&[
        home(0, &provider(0), None),
        graded(1, us, "GOOD"),
        graded(2, us, "OUTSTANDING"),
        graded(3, us, "NONE"),
        posted(us, 1, Some("DL0 1")),
        posted(us, 2, Some("DL9 9")),
        // What is said last holds; of an anchor that cannot be found nothing is known.
        posted(us, 3, Some("DL0 1")),
        posted(us, 3, Some("DL0")),
        posted(us, 4, None),
    ]);
    world.placements = vec![
        agreed(1, "FRAMEWORK", 450_000),
        agreed(2, "FRAMEWORK", 500_000),
        agreed(3, "SPOT", 900_000),
        agreed(4, "IN_HOUSE", 300_000),
    ];
    let own = |kpi| world.own(0, Q1, kpi, "");
    assert_eq!(own("ROUTE_FRAMEWORK"), (Some(5_000), Some(2), 4));
    assert_eq!(own("ROUTE_SPOT"), (Some(2_500), Some(1), 4));
    assert_eq!(own("ROUTE_IN_HOUSE"), (Some(2_500), Some(1), 4));
    assert_eq!(own("GRADE_GOOD"), (Some(6_667), Some(2), 3));
    assert_eq!(own("WITHIN_20_MILES"), (Some(5_000), Some(1), 2));
    assert_eq!(own("PRICE_OF_CEILING"), (Some(9_000), None, 2));
}

/// The agency's office lies in `DL0 1`; its carers live elsewhere.
#[test]
fn distance_is_measured_to_the_carers_and_not_to_the_agencys_office() {
    let (us, on) = (council(0), date(2026, 5, 1));
    let mut said = vec![home(0, &provider(0), None)];
    said.extend(household_in(1, "DL7 7"));
    said.extend(household_in(2, ""));
    said.extend([
        opened_in_household(1, 1, day(1)),
        opened_in_household(2, 2, day(1)),
        claimed(1, us, 1, "GOOD", false),
        claimed(2, us, 1, "GOOD", false),
        claimed(3, us, 2, "GOOD", false),
        posted(us, 1, Some("DL7 7")),
        posted(us, 2, Some("DL0 1")),
        // Where the carers live is not told of the other household, so that its agency's counts.
        posted(us, 3, Some("DL0 1")),
    ]);
    let mut world = World::hears(&said);
    world.placements = (1..=2).map(|n| placement(n, us, &provider(0), on)).collect();
    assert_eq!(world.own(0, Q1, "WITHIN_20_MILES", ""), (Some(5_000), Some(1), 2));
    world.placements = vec![placement(3, us, &provider(0), on)];
    assert_eq!(world.own(0, Q1, "WITHIN_20_MILES", ""), (Some(10_000), Some(1), 1));
}

#[test]
fn a_child_placed_solo_fills_the_home_or_the_household() {
    let (us, from, until) = (council(0), date(2026, 4, 1), date(2026, 4, 11));
    let mut said = vec![home(0, &provider(0), Some(us))];
    said.extend(household_in(1, "DL7 7"));
    said.extend([
        opened(1, 0, day(1)),
        opened(2, 0, day(1)),
        opened_in_household(3, 1, day(1)),
        closed(3, date(2026, 6, 30)),
        claimed_solo(1, us, 1),
        came(1, us, 1, from),
        left(1, us, 1, until),
    ]);
    let world = World::hears(&said);
    // Two places of 91 nights, and one of 90 in a household, which is a home of its own.
    assert_eq!(world.own(0, Q1, "FILL", "").1, Some(20));
    assert_eq!(world.own(0, Q1, "FILL", "").2, 272);
    // A child who is there all the same is not counted twice.
    said.extend([came(2, us, 2, date(2026, 4, 6)), left(2, us, 2, date(2026, 4, 16))]);
    assert_eq!(World::hears(&said).own(0, Q1, "FILL", "").1, Some(25));
    // Where the child's own place is closed, it has the home for itself no longer than that is open.
    said.push(closed(1, date(2026, 4, 4)));
    assert_eq!(World::hears(&said).own(0, Q1, "FILL", "").1, Some(3 + 3 + 10));
}

#[test]
fn places_of_a_home_that_is_gone_are_open_no_more() {
    let us = council(0);
    let mut said = vec![
        home(0, &provider(0), Some(us)),
        opened(1, 0, day(1)),
        came(1, us, 1, date(2026, 4, 1)),
        registered_as(0, RegistrationStatus::Resigned, date(2026, 4, 11)),
        registered_as(0, RegistrationStatus::Cancelled, date(2026, 4, 15)),
    ];
    assert_eq!(World::hears(&said).own(0, Q1, "FILL", ""), (Some(10_000), Some(10), 10));
    said.push(registered_as(0, RegistrationStatus::Active, date(2026, 6, 30)));
    said.push(registered_as(0, RegistrationStatus::Active, date(2026, 7, 3)));
    assert_eq!(World::hears(&said).own(0, Q1, "FILL", ""), (Some(10_000), Some(11), 11));
}

#[test]
fn a_retainer_is_no_void() {
    let us = council(0);
    let (from, until) = (date(2026, 4, 1), date(2026, 4, 11));
    let world = World::hears(&[
        home(0, &provider(0), None),
        opened(1, 0, day(1)),
        opened(2, 0, day(1)),
        block(us, 1, from, date(2026, 5, 1)),
        came(1, us, 1, from),
        left(1, us, 1, until),
        reserved(us, 2, from, until),
        came(2, us, 2, until),
    ]);
    assert_eq!(world.own(0, Q1, "VOIDS", ""), (Some(6_667), Some(20), 30));
    assert_eq!(world.own(0, Q1, "RETAINED", ""), (Some(2_500), Some(10), 40));
}

#[test]
fn breakdowns_are_told_by_how_soon_after_the_first_night() {
    let us = council(0);
    let mut world = World::default();
    let ends = [
        ("2026-04-15", "2026-07-15", Some("DISRUPTION")),
        ("2026-01-31", "2026-07-31", Some("DISRUPTION")),
        ("2025-08-01", "2026-07-31", Some("DISRUPTION")),
        ("2025-07-01", "2026-07-31", Some("DISRUPTION")),
        ("2026-07-01", "2026-07-02", Some("PLANNED")),
        ("2026-07-01", "2026-08-01", None),
    ];
    for (n, (started, ended, ending)) in (1..).zip(ends) {
        let mut made = placement(n, us, &provider(0), started.parse().unwrap());
        made.started = Some(started.parse().unwrap());
        made.ended = Some((ended.parse().unwrap(), ending.map(str::to_owned)));
        world.placements.push(made);
    }
    // One whose child never came, and one that is planned to end.
    world.placements.push(placement(8, us, &provider(0), date(2026, 7, 1)));
    world.placements[6].ended = Some((date(2026, 7, 1), Some("OTHER".to_owned())));
    let mut planned = placement(9, us, &provider(0), date(2027, 1, 10));
    planned.started = Some(planned.issued_on);
    planned.ended = Some((TODAY + jiff::Span::new().days(1), Some("DISRUPTION".to_owned())));
    world.placements.push(planned);
    let own = |kpi| world.own(0, "2026-27-Q2", kpi, "");
    assert_eq!(own("BREAKDOWN_3_MONTHS"), (Some(1_667), Some(1), 6));
    assert_eq!(own("BREAKDOWN_6_MONTHS"), (Some(3_333), Some(2), 6));
    assert_eq!(own("BREAKDOWN_12_MONTHS"), (Some(5_000), Some(3), 6));
    assert_eq!(own("ENDING_UNTOLD"), (Some(1_667), Some(1), 6));
    assert_eq!(world.own(0, "2026-27-Q4", "BREAKDOWN_3_MONTHS", ""), (None, Some(0), 0));
}

#[test]
fn fill_is_nights_with_a_child_of_nights_open_and_voids_are_nights_bought_and_empty() {
    let (us, them) = (council(0), council(1));
    let world = World::hears(&[
        home(0, &provider(0), Some(us)),
        opened(1, 0, date(2026, 3, 22)),
        opened(2, 0, date(2026, 4, 1)),
        closed(2, date(2026, 4, 11)),
        // Another council's child, for ten nights of the quarter; a departure that is told again holds.
        came(1, them, 1, date(2026, 3, 30)),
        left(1, them, 1, date(2026, 4, 5)),
        left(1, them, 1, date(2026, 4, 11)),
        came(2, us, 1, date(2026, 6, 30)),
        block(them, 1, date(2026, 4, 1), date(2026, 5, 1)),
    ]);
    // 91 nights of the one place and 10 of the other are open; 10 and 1 have a child.
    assert_eq!(world.own(0, Q1, "FILL", ""), (Some(1_089), Some(11), 101));
    assert_eq!(world.own(1, Q1, "FILL", ""), (None, Some(0), 0), "it operates no place");
    assert_eq!(world.own(1, Q1, "VOIDS", ""), (Some(6_667), Some(20), 30));
    // Of this quarter 45 nights have passed.
    assert_eq!(world.own(0, "2026-27-Q4", "FILL", ""), (Some(10_000), Some(45), 45));
    let of_provider = world.row(&Scope::Provider(provider(0)), &Viewer::Own, Q1, "FILL", "");
    assert_eq!((of_provider.numerator, of_provider.denominator), (Some(11), Some(101)));
}

#[test]
fn invoices_are_accurate_where_they_take_nothing_back_and_payment_is_counted_from_issue() {
    let (us, on) = (council(0), date(2026, 4, 1));
    let world = World::hears(&[
        // A discount is no correction.
        invoice(us, 1, &provider(0), on, &[(30, 100_000), (30, -10_000)]),
        invoice(us, 2, &provider(0), on, &[(30, 50_000), (-30, -60_000), (27, 20_000)]),
        invoice(us, 3, &provider(1), on, &[(-7, -40_000)]),
        paid(us, 1, date(2026, 5, 1)),
        paid(us, 2, date(2026, 5, 2)),
        paid(us, 3, date(2026, 4, 2)),
        paid(us, 99, date(2026, 4, 2)),
    ]);
    let own = |kpi| world.own(0, Q1, kpi, "");
    assert_eq!(own("INVOICE_ACCURACY"), (Some(3_333), Some(1), 3));
    assert_eq!(own("CREDITED"), (Some(6_250), Some(100_000), 160_000));
    assert_eq!(own("DAYS_TO_PAY"), (Some(30), None, 2));
    assert_eq!(own("DAYS_TO_PAY_P90"), (Some(31), None, 2));
    assert_eq!(own("PAID_IN_30_DAYS"), (Some(5_000), Some(1), 2));
}

#[test]
fn what_is_nobodys_to_read_is_empty() {
    let world = World::hears(&[released(council(0), 1, &provider(0), noon(day(400), 0))]);
    let quarters = crate::world::all_quarters();
    let north = crate::world::id("north");
    for (scope, viewer) in [
        (Scope::Council(council(0)), Viewer::Lead(crate::world::id("north"))),
        (Scope::Council(council(0)), Viewer::Member(council(1))),
        (Scope::Provider(provider(0)), Viewer::Member(council(1))),
        (Scope::Framework(north), Viewer::Own),
        (Scope::Framework(crate::world::id("nowhere")), Viewer::Member(council(1))),
    ] {
        assert!(world.rows(&scope, &viewer, quarters).is_empty(), "{scope:?} {viewer:?}");
    }
}

#[test]
fn an_event_that_says_nothing_is_passed_over_and_one_that_cannot_be_read_is_told() {
    let mut heard = Heard::default();
    heard.hear(Source::Vacancies, "SomethingNew", 7, b"?").unwrap();
    heard.hear(Source::Vacancies, "ReferralReleased", 1, b"{}").unwrap();
    assert_eq!(heard, Heard::default());
    assert!(heard.hear(Source::Referrals(council(0)), "ReferralReleased", 1, b"{}").is_err());
    assert!(heard.hear(Source::Vacancies, "PlaceOpened", 2, b"{}").is_err());
}

#[test]
fn an_agreement_is_read_with_its_ceiling_and_its_end() {
    use care::{Domain, Event};
    use contracts_domain::AgreementEvent;
    let golden = |name: &str, event_type: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
        AgreementEvent::decode(event_type, 1, &std::fs::read(path).unwrap()).unwrap()
    };
    let issued = golden("AgreementIssued.v1.json", "AgreementIssued");
    let mut state = Agreements::default();
    Agreements::evolve(&mut state, &issued);
    let AgreementEvent::AgreementIssued(issued) = issued else { panic!("{issued:?}") };
    let on = care::london_date(issued.at);
    let quarter = contracts_domain::monitoring::Quarter::of(on);
    let within = Quarters::new(quarter, quarter).unwrap();
    let read = placements(&state, &Frameworks::default(), within);
    assert_eq!(read.len(), 1);
    assert_eq!((read[0].award, read[0].issued_on, read[0].council), (issued.award, on, issued.council));
    assert_eq!(read[0].core, issued.terms.lines[0].weekly);
    let later = Quarters::new(quarter.next(), quarter.next()).unwrap();
    assert!(placements(&state, &Frameworks::default(), later).is_empty());
}
