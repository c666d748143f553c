//! What is left of one figure where another is taken off it: of two frameworks, of call-offs and prices, of one kind of cases.

use crate::world::{
    World, block, came, council, date_in_q1, day, declined, home, id, left, noon, offered, opened, placement,
    provider, released,
};
use care::Pence;
use contracts_domain::monitoring::{CASES_MIN, Quarters, Row, Scope, Suppressed, Viewer};
use jiff::civil::date;
use proptest::prelude::*;

const Q1: &str = "2026-27-Q1";

fn framework(name: &str) -> Scope {
    Scope::Framework(id(name))
}

fn member(n: usize) -> Viewer {
    Viewer::Member(council(n))
}

/// So many invitations of each council that were answered with an offer, and so many that were declined.
fn answered(of_each: &[(usize, u32, u32)]) -> World {
    let mut world = World::default();
    let mut n = 0;
    for (of, offers, declines) in of_each {
        for answer in 0..offers + declines {
            n += 1;
            world.hear(&released(council(*of), n, &provider(0), noon(date_in_q1(), 0)));
            if answer < *offers {
                world.hear(&offered(council(*of), n, &provider(0), noon(date_in_q1(), i64::from(answer))));
            } else {
                world.hear(&declined(council(*of), n, &provider(0), "PRICE"));
            }
        }
    }
    world
}

fn all_offer(of: &[usize], each: u32) -> World {
    answered(&of.iter().map(|of| (*of, each, 0)).collect::<Vec<_>>())
}

/// Councils 1 and 2 have offers, but all declines are council 1's.
#[test]
fn a_kind_that_is_one_other_councils_alone_is_not_told() {
    let world = answered(&[(1, 10, 6), (2, 10, 0)]);
    let lead = Viewer::Lead(id("north"));
    let row = |viewer: &Viewer, kpi| world.row(&framework("north"), viewer, Q1, kpi, "");
    assert_eq!(row(&lead, "OFFER_RATE").suppressed, Some(Suppressed::TellsAnother));
    assert_eq!(row(&member(3), "OFFER_RATE").suppressed, Some(Suppressed::TellsAnother));
    assert_eq!(row(&member(2), "OFFER_RATE").suppressed, Some(Suppressed::TellsAnother));
    let shared = answered(&[(1, 10, 6), (2, 10, 5)]);
    assert_eq!(shared.row(&framework("north"), &lead, Q1, "OFFER_RATE", "").numerator, Some(20));
}

/// Where kinds are told one by one, the kind that is one council's alone is left out with another.
#[test]
fn a_reason_that_only_one_other_council_was_given_is_left_out() {
    let mut world = World::default();
    let mut n = 0;
    for (of, reason, times) in
        [(1, "NEED", 10), (2, "NEED", 10), (1, "PRICE", 6), (1, "MATCHING", 7), (2, "MATCHING", 7)]
    {
        for _ in 0..times {
            n += 1;
            world.hear(&released(council(of), n, &provider(0), noon(date_in_q1(), 0)));
            world.hear(&declined(council(of), n, &provider(0), reason));
        }
    }
    let told = |reason| world.row(&framework("north"), &Viewer::Lead(id("north")), Q1, "DECLINES", reason);
    assert_eq!((told("PRICE").numerator, told("MATCHING").numerator), (None, None));
    assert_eq!(told("NEED").numerator, Some(20));
}

/// `north` less `south` is what the councils did that are in `north` alone.
#[test]
fn one_framework_less_another_is_no_single_councils() {
    let told = |world: &World, scope: &str, viewer: &Viewer| {
        let row = world.row(&framework(scope), viewer, Q1, "OFFER_RATE", "");
        (row.numerator, row.suppressed)
    };
    let mut world = all_offer(&[0, 1, 2, 3, 4], 10);
    world.beside = vec![("south", vec![1, 0, 2, 3])];
    assert_eq!(told(&world, "north", &member(1)), (Some(50), None), "what began first is told");
    assert_eq!(
        told(&world, "south", &member(1)),
        (None, Some(Suppressed::TellsAnother)),
        "it would tell council 4's"
    );
    assert_eq!(
        told(&world, "south", &Viewer::Lead(id("south"))).0,
        None,
        "the council that leads reads both"
    );
    let of_provider = |world: &World| {
        let lead = Viewer::Lead(id("south"));
        world.row(&Scope::Provider(provider(0)), &lead, Q1, "OFFER_RATE", "").numerator
    };
    assert_eq!(of_provider(&world), None, "nor is what adds up to it");
    world.beside = vec![("south", vec![1, 0, 2])];
    assert_eq!(told(&world, "south", &member(1)), (Some(30), None), "two councils are left");
    assert_eq!(of_provider(&world), Some(30));
    // To whom does not read the other one there is nothing to take off.
    world.beside = vec![("south", vec![1, 0, 2, 3, 9])];
    assert_eq!(told(&world, "south", &member(9)), (Some(40), None));
}

/// All call-offs less those with a price are the other framework's.
#[test]
fn how_many_prices_there_are_does_not_tell_the_other_frameworks_few_call_offs() {
    let world = |elsewhere: u32| {
        let mut world = World::default();
        for n in 0..15 {
            let of = council(1 + usize::try_from(n % 3).unwrap());
            world.placements.push(placement(n, of, &provider(0), date_in_q1()));
        }
        for n in 0..elsewhere {
            let mut other =
                placement(100 + n, council(1 + usize::try_from(n % 2).unwrap()), &provider(0), date_in_q1());
            other.framework = Some(id("south"));
            world.placements.push(other);
        }
        world
    };
    let lead = Viewer::Lead(id("north"));
    let told = |elsewhere, kpi| world(elsewhere).row(&framework("north"), &lead, Q1, kpi, "");
    assert_eq!(told(2, "ROUTE_FRAMEWORK").numerator, Some(17));
    let price = told(2, "PRICE_OF_CEILING");
    assert_eq!((price.value, price.denominator, price.suppressed), (None, None, Some(Suppressed::FewCases)));
    assert_eq!(told(6, "PRICE_OF_CEILING").denominator, Some(15), "three of each of two councils");
    assert_eq!(told(0, "PRICE_OF_CEILING").denominator, Some(15));
    let of_provider =
        |elsewhere| world(elsewhere).row(&Scope::Provider(provider(0)), &lead, Q1, "PRICE_OF_CEILING", "");
    assert_eq!((of_provider(2).denominator, of_provider(6).denominator), (None, Some(15)));
}

/// Of few, the ninetieth percentile is one case's own value, and so is a price to the basis point.
#[test]
fn a_percentile_of_others_has_enough_cases_beyond_it() {
    let lead = Viewer::Lead(id("north"));
    let row = |world: &World, kpi| world.row(&framework("north"), &lead, Q1, kpi, "");
    let few = all_offer(&[1, 2], 24);
    let p90 = row(&few, "TIME_TO_OFFER_P90");
    assert_eq!((p90.value, p90.denominator, p90.suppressed), (None, Some(48), Some(Suppressed::FewCases)));
    assert_eq!(row(&few, "TIME_TO_OFFER_MEDIAN").value, Some(11));
    assert_eq!(row(&all_offer(&[1, 2], 25), "TIME_TO_OFFER_P90").value, Some(22));
    assert_eq!(row(&all_offer(&[1, 2], 4), "TIME_TO_OFFER_MEDIAN").value, None, "a median has two sides");
    // The onlooker's own are none of others'.
    assert_eq!(row(&all_offer(&[0, 1, 2], 20), "TIME_TO_OFFER_P90").value, None);
    assert_eq!(row(&all_offer(&[0], 7), "TIME_TO_OFFER_P90").value, Some(6), "all of them are its own");
    assert_eq!(few.own(1, Q1, "TIME_TO_OFFER_P90", "").0, Some(21), "its own are told to it");
}

#[test]
fn a_price_of_others_is_told_to_a_whole_per_cent() {
    let mut world = World::default();
    for n in 0..15 {
        let mut made = placement(n, council(1 + usize::try_from(n % 3).unwrap()), &provider(0), date_in_q1());
        made.core = Pence(451_234);
        world.placements.push(made);
    }
    let told = world.row(&framework("north"), &Viewer::Lead(id("north")), Q1, "PRICE_OF_CEILING", "");
    assert_eq!(told.value, Some(9_000));
    assert_eq!(world.own(1, Q1, "PRICE_OF_CEILING", "").0, Some(9_024), "its own to the basis point");
}

/// A framework counts nights from the day on which its councils and providers came.
#[test]
fn nights_are_a_frameworks_while_the_council_or_the_provider_is_in_it() {
    let mut said = vec![home(0, &provider(0), None), home(1, &provider(7), None)];
    for n in 0..12_u32 {
        let of = council(usize::try_from(n % 3).unwrap() + 1);
        said.extend([opened(n, 0, day(1)), block(of, n, date(2026, 4, 1), date(2026, 4, 11))]);
        said.extend([came(n, of, n, date(2026, 4, 1)), left(n, of, n, date(2026, 4, 6))]);
        // A provider that was never admitted.
        said.extend([opened(100 + n, 1, day(1)), came(100 + n, of, 100 + n, date(2026, 4, 1))]);
    }
    let mut world = World::hears(&said);
    let east = Viewer::Lead(id("east"));
    let row = |world: &World, kpi| {
        let row = world.row(&framework("east"), &east, Q1, kpi, "");
        assert_eq!(row.suppressed, None, "{kpi}");
        (row.numerator, row.denominator)
    };
    // It is led by a council that is in no other framework, and began before the quarter.
    world.beside = vec![("east", vec![9, 1, 2, 3])];
    assert_eq!(row(&world, "VOIDS"), (Some(60), Some(120)));
    assert_eq!(row(&world, "FILL"), (Some(60), Some(12 * 91)));
    // Its councils and providers came on 4 April.
    world.began = Some(date(2026, 4, 4));
    assert_eq!(row(&world, "VOIDS"), (Some(60), Some(84)), "three nights of each bed were before");
    assert_eq!(row(&world, "FILL"), (Some(24), Some(12 * 88)));
    let of_provider =
        world.rows(&Scope::Provider(provider(0)), &east, Quarters::new(id(Q1), id(Q1)).unwrap());
    assert!(!of_provider.is_empty() && of_provider.iter().all(|row| row.kpi != "FILL"));
}

/// Offers, declines and cases without an answer, as far as they are told.
fn cells(rows: &[Row]) -> Option<[i64; 3]> {
    let row = |kpi: &str| rows.iter().find(|row| row.kpi == kpi).unwrap();
    let (offers, unanswered) = (row("OFFER_RATE"), row("UNANSWERED"));
    let (all, offered, unanswered) = (offers.denominator?, offers.numerator?, unanswered.numerator?);
    Some([offered, all - offered - unanswered, unanswered])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whoever is in both frameworks takes one off the other, and its own off that.
    #[test]
    fn two_frameworks_less_each_other_are_never_few(
        of_each in prop::collection::vec((0..5_usize, prop_oneof![Just(0_u32), 1..12_u32], prop_oneof![Just(0_u32), 1..12_u32]), 1..8),
        members in prop::sample::subsequence(vec![0_usize, 1, 2, 3, 4], 2..=5),
    ) {
        let mut world = answered(&of_each);
        world.beside = vec![("south", members.clone())];
        let quarters = Quarters::new(id(Q1), id(Q1)).unwrap();
        let few = |cases: i64| (1..i64::try_from(CASES_MIN).unwrap()).contains(&cases);
        for n in &members {
            let told = |name| cells(&world.rows(&framework(name), &member(*n), quarters));
            let (Some(north), Some(south)) = (told("north"), told("south")) else { continue };
            let away = |of: &usize| !members.contains(of) && of != n;
            for (kind, (all, some)) in north.iter().zip(&south).enumerate() {
                let left = all - some;
                let whose: std::collections::BTreeSet<usize> = of_each
                    .iter()
                    .filter(|(of, offers, declines)| away(of) && [*offers, *declines, 0][kind] > 0)
                    .map(|(of, _, _)| *of)
                    .collect();
                prop_assert!(!few(left) && whose.len() != 1, "{kind}: {left} are left, of {whose:?}");
            }
        }
    }
}
