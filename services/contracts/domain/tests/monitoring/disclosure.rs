//! What is told to others: hand-made cases.

use crate::world::{
    COUNCILS, World, all_quarters, council, date_in_q1, declined, id, noon, offered, placement, provider,
    released,
};
use care::Pence;
use contracts_domain::monitoring::{Scope, Suppressed, Viewer};

const Q1: &str = "2026-27-Q1";

fn north() -> Scope {
    Scope::Framework(id("north"))
}

fn lead() -> Viewer {
    Viewer::Lead(id("north"))
}

/// Invitations by council and provider, and how many of them were answered with an offer, and declined for each reason.
#[derive(Debug, Clone)]
struct Answers {
    council: usize,
    provider: usize,
    offered: u32,
    declined: [u32; 3],
    unanswered: u32,
}

const REASONS: [&str; 3] = ["NEED", "MATCHING", "PRICE"];

fn world(answers: &[Answers]) -> World {
    let mut world = World::default();
    let mut n = 0;
    for it in answers {
        let (us, them) = (council(it.council), provider(it.provider));
        let mut invite = |world: &mut World| {
            n += 1;
            world.hear(&released(us, n, &them, noon(date_in_q1(), 0)));
            n
        };
        for _ in 0..it.offered {
            let n = invite(&mut world);
            world.hear(&offered(us, n, &them, noon(date_in_q1(), 90)));
        }
        for (reason, times) in REASONS.iter().zip(it.declined) {
            for _ in 0..times {
                let n = invite(&mut world);
                world.hear(&declined(us, n, &them, reason));
            }
        }
        for _ in 0..it.unanswered {
            invite(&mut world);
        }
    }
    world
}

fn answers(council: usize, provider: usize, offered: u32, declined: [u32; 3], unanswered: u32) -> Answers {
    Answers { council, provider, offered, declined, unanswered }
}

#[test]
fn a_region_of_few_cases_is_not_told_and_of_many_is() {
    let few = world(&[answers(1, 0, 2, [0; 3], 0), answers(2, 0, 2, [0; 3], 0)]);
    let row = few.row(&north(), &lead(), Q1, "OFFER_RATE", "");
    assert_eq!((row.value, row.numerator, row.denominator), (None, None, None));
    assert_eq!(row.suppressed, Some(Suppressed::FewCases));
    let many = world(&[answers(1, 0, 3, [5, 0, 0], 0), answers(2, 0, 3, [5, 0, 0], 0)]);
    let row = many.row(&north(), &lead(), Q1, "OFFER_RATE", "");
    assert_eq!((row.value, row.numerator, row.denominator), (Some(3_750), Some(6), Some(16)));
    let none = many.row(&north(), &lead(), "2026-27-Q2", "OFFER_RATE", "");
    assert_eq!(
        (none.value, none.denominator, none.suppressed),
        (None, Some(0), None),
        "that there is nothing is told"
    );
    assert_eq!(few.own(1, Q1, "OFFER_RATE", "").1, Some(2), "its own is told to the council");
    let own = few.row(&Scope::Provider(provider(0)), &Viewer::Own, Q1, "OFFER_RATE", "");
    assert_eq!((own.numerator, own.suppressed), (Some(4), None), "and to the provider");
}

/// A share of which few cases are left over tells these.
#[test]
fn what_is_left_of_all_is_not_few_either() {
    let world = world(&[answers(1, 0, 20, [0; 3], 1), answers(2, 0, 20, [0; 3], 1)]);
    for kpi in ["OFFER_RATE", "UNANSWERED", "TIME_TO_OFFER_MEDIAN"] {
        assert_eq!(world.row(&north(), &lead(), Q1, kpi, "").suppressed, Some(Suppressed::FewCases), "{kpi}");
    }
}

/// All less its own must not tell a council of few cases of others, nor of one other council.
#[test]
fn a_council_cannot_take_its_own_off() {
    let same =
        world(&[answers(1, 0, 10, [0; 3], 0), answers(2, 0, 2, [0; 3], 0), answers(3, 0, 2, [0; 3], 0)]);
    let told = |world: &World, n| world.row(&north(), &Viewer::Member(council(n)), Q1, "OFFER_RATE", "");
    assert_eq!(told(&same, 1).suppressed, Some(Suppressed::TellsAnother));
    assert_eq!((told(&same, 2).numerator, told(&same, 4).numerator), (Some(14), Some(14)));
    let two = world(&[answers(1, 0, 10, [0; 3], 0), answers(2, 0, 10, [0; 3], 0)]);
    assert_eq!(told(&two, 1).suppressed, Some(Suppressed::TellsAnother), "what is left is one council's");
    assert_eq!(told(&two, 3).numerator, Some(20));
    let alone = world(&[answers(1, 0, 10, [0; 3], 0)]);
    assert_eq!(told(&alone, 1).numerator, Some(10), "all of it is its own");
    assert_eq!(told(&alone, 2).suppressed, Some(Suppressed::TellsAnother));
    // The lead is the council that leads.
    let led = world(&[answers(0, 0, 10, [0; 3], 0), answers(2, 0, 10, [0; 3], 0)]);
    assert_eq!(led.row(&north(), &lead(), Q1, "OFFER_RATE", "").suppressed, Some(Suppressed::TellsAnother));
}

/// One reason that is left out could be told from all declines less the others.
#[test]
fn a_reason_that_is_left_out_takes_another_with_it() {
    let both = |declined| world(&[answers(1, 0, 0, declined, 0), answers(2, 0, 0, declined, 0)]);
    let world = both([10, 5, 1]);
    let row = |reason| world.row(&north(), &lead(), Q1, "DECLINES", reason);
    assert_eq!((row("NEED").numerator, row("NEED").denominator), (Some(20), Some(32)));
    for reason in ["MATCHING", "PRICE"] {
        let row = row(reason);
        assert_eq!((row.numerator, row.suppressed), (None, Some(Suppressed::FewCases)), "{reason}");
    }
    assert_eq!(row("STAFFING").numerator, Some(0));
    let alone = both([2, 1, 1]);
    assert_eq!(
        alone.row(&north(), &lead(), Q1, "DECLINES", "NEED").denominator,
        Some(8),
        "all are left out together"
    );
    assert_eq!(alone.row(&north(), &lead(), Q1, "DECLINES", "NEED").numerator, None);
}

/// A provider that is left out could be told from the framework's figures less the other providers'.
#[test]
fn a_provider_that_is_left_out_takes_another_with_it() {
    let both = |provider, offered| {
        [answers(1, provider, offered, [0; 3], 0), answers(2, provider, offered, [0; 3], 0)]
    };
    let world = world(&[both(0, 1), both(1, 6), both(2, 9)].concat());
    let row = |n| world.row(&Scope::Provider(provider(n)), &lead(), Q1, "OFFER_RATE", "");
    assert_eq!(world.row(&north(), &lead(), Q1, "OFFER_RATE", "").numerator, Some(32));
    assert_eq!(row(0).suppressed, Some(Suppressed::FewCases));
    assert_eq!(row(1).suppressed, Some(Suppressed::FewCases));
    assert_eq!((row(2).numerator, row(2).suppressed), (Some(18), None));
    assert_eq!((row(3).numerator, row(3).suppressed), (Some(0), None));
}

#[test]
fn a_price_has_three_councils_behind_it_and_does_not_tell_a_route_that_is_left_out() {
    let world = |councils: &[usize], each: u32, spots: u32| {
        let mut world = World::default();
        for (n, of) in (0..each).flat_map(|_| councils).enumerate() {
            let n = u32::try_from(n).unwrap();
            world.placements.push(placement(n, council(*of), &provider(0), date_in_q1()));
        }
        for n in 0..spots {
            let mut spot = placement(900 + n, council(1), &provider(0), date_in_q1());
            (spot.route, spot.framework, spot.ceiling, spot.core) = ("SPOT", None, None, Pence(1));
            world.placements.push(spot);
        }
        world
    };
    let told = |world: &World| world.row(&north(), &lead(), Q1, "PRICE_OF_CEILING", "");
    assert_eq!(told(&world(&[1, 2], 5, 0)).suppressed, Some(Suppressed::FewCouncils));
    assert_eq!(told(&world(&[1, 2, 3], 5, 0)).value, Some(9_000));
    // Two spot purchases are left out, and the call-offs with them: how many prices there are would tell how many of those.
    let spots = world(&[1, 2, 3], 5, 2);
    for kpi in ["ROUTE_SPOT", "ROUTE_FRAMEWORK"] {
        assert_eq!(spots.row(&north(), &lead(), Q1, kpi, "").suppressed, Some(Suppressed::FewCases), "{kpi}");
    }
    assert_eq!(spots.row(&north(), &lead(), Q1, "ROUTE_SPOT", "").denominator, Some(17));
    assert_eq!(told(&spots).suppressed, Some(Suppressed::FewCases));
}

#[test]
fn money_is_told_to_nobody_else() {
    let rows = World::default().rows(&north(), &lead(), all_quarters());
    assert!(!rows.is_empty() && rows.iter().all(|row| row.kpi != "CREDITED"));
}

/// A member's cases before it joined, and an outsider's, are not the framework's.
#[test]
fn a_framework_is_its_members() {
    let outside = COUNCILS.len();
    let world = world(&[
        answers(1, 0, 5, [0; 3], 0),
        answers(2, 0, 5, [0; 3], 0),
        answers(outside, 0, 50, [0; 3], 0),
    ]);
    assert_eq!(world.row(&north(), &lead(), Q1, "OFFER_RATE", "").numerator, Some(10));
    let of_provider = world.row(&Scope::Provider(provider(0)), &lead(), Q1, "OFFER_RATE", "");
    assert_eq!(of_provider.numerator, Some(10));
}
