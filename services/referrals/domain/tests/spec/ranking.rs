//! The order of merit is a total preorder that depends on the offers alone, and its scores stay within full marks.

use crate::support::offer;
use care::published::{PRICE, Weights};
use care::{OfferId, Pence};
use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, prop_assume, proptest};
use referrals_domain::{Contender, Standing, rank};
use std::collections::{BTreeMap, BTreeSet};

const QUALITY: [&str; 3] = ["SKILLS", "NEEDS", "LOCATION"];

/// An offer: price, weights of the criteria of quality (the rest is the price's), scores.
type Drawn = (i64, [u32; 3], [u8; 3]);

struct Entry {
    offer: OfferId,
    weekly: Pence,
    weights: Weights,
    scores: BTreeMap<String, u8>,
}

fn entry((n, (weekly, weights, scores)): (u128, &Drawn)) -> Entry {
    let mut all: Weights =
        QUALITY.iter().zip(weights).map(|(name, weight)| ((*name).to_owned(), *weight)).collect();
    all.insert(PRICE.to_owned(), 10_000_u32.saturating_sub(weights.iter().sum()));
    Entry {
        offer: offer(n),
        weekly: Pence(*weekly),
        weights: all,
        scores: QUALITY.iter().zip(scores).map(|(name, score)| ((*name).to_owned(), *score)).collect(),
    }
}

fn ranked(entries: &[Entry]) -> Vec<Standing> {
    let contenders: Vec<Contender<'_>> = entries
        .iter()
        .map(|it| Contender {
            offer: it.offer,
            weekly: it.weekly,
            in_house: false,
            weights: &it.weights,
            scores: &it.scores,
        })
        .collect();
    rank(&contenders)
}

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    // Few prices and mostly the same weights, so that there are ties, and the largest price that six lines can have.
    let prices = prop::sample::select(vec![0, 1, 300_000, 300_001, 600_000, 6_000_000_000]);
    let same = proptest::prelude::Just([3_000_u32, 2_000, 1_000]);
    let weights = proptest::prop_oneof![4 => same, 1 => [0..3_000_u32, 0..3_000, 0..3_000]];
    prop::collection::vec((prices, weights, [5..=7_u8, 0..=10, 5..=6]), 0..12)
}

proptest! {
    #[test]
    fn the_order_is_a_total_preorder_within_full_marks(drawn in drawn()) {
        let entries: Vec<Entry> = (1..).zip(&drawn).map(entry).collect();
        let standings = ranked(&entries);
        let offers: BTreeSet<OfferId> = standings.iter().map(|it| it.offer).collect();
        prop_assert_eq!(offers.len(), entries.len(), "everybody stands somewhere, once");
        for (place, pair) in (1..).zip(&standings) {
            prop_assert!(pair.score_basis_points <= 10_000 && pair.price_basis_points <= 10_000);
            let better = standings.iter().filter(|it| it.score_basis_points > pair.score_basis_points).count();
            prop_assert_eq!(usize::try_from(pair.rank).unwrap(), better + 1, "as many are before it as score more");
            prop_assert!(pair.rank <= place);
        }
        for pair in standings.windows(2) {
            prop_assert!((pair[1].score_basis_points, pair[0].offer) < (pair[0].score_basis_points, pair[1].offer)
                || pair[1].score_basis_points < pair[0].score_basis_points);
        }
    }

    #[test]
    fn the_order_in_which_offers_come_changes_nothing(drawn in drawn(), turn in any::<prop::sample::Index>()) {
        prop_assume!(!drawn.is_empty());
        let mut entries: Vec<Entry> = (1..).zip(&drawn).map(entry).collect();
        let before = ranked(&entries);
        entries.rotate_left(turn.index(drawn.len()));
        prop_assert_eq!(&ranked(&entries), &before);
        entries.reverse();
        prop_assert_eq!(&ranked(&entries), &before);
    }

    #[test]
    fn a_lower_price_never_scores_less(drawn in drawn()) {
        let standings = ranked(&(1..).zip(&drawn).map(entry).collect::<Vec<_>>());
        let price = |it: &Standing| drawn[usize::try_from(it.offer.0.as_u128() - 0x2001).unwrap()].0;
        for (one, other) in standings.iter().flat_map(|one| standings.iter().map(move |other| (one, other))) {
            prop_assert!(price(one) > price(other) || one.price_basis_points >= other.price_basis_points);
        }
        let lowest = standings.iter().min_by_key(|it| price(it));
        prop_assert!(lowest.is_none_or(|it| it.price_basis_points == 10_000), "the lowest has full marks");
    }
}

/// Hostile marks: weights and scores that no decision lets through are held to full marks all the same.
#[test]
fn nothing_overflows() {
    let weights: Weights = [("SKILLS".to_owned(), u32::MAX), (PRICE.to_owned(), u32::MAX)].into();
    let scores = BTreeMap::from([("SKILLS".to_owned(), u8::MAX)]);
    let one = Contender {
        offer: offer(1),
        weekly: Pence(i64::MAX),
        in_house: false,
        weights: &weights,
        scores: &scores,
    };
    let other = Contender { offer: offer(2), weekly: Pence(i64::MIN), ..one };
    let standings = rank(&[one, other]);
    assert!(standings.iter().all(|it| it.score_basis_points <= 10_000 && it.price_basis_points <= 10_000));
}

#[test]
fn twice_the_lowest_price_has_half_the_marks_and_ties_share_a_rank() {
    let all = [
        (300_000, [0; 3], [0; 3]),
        (600_000, [0; 3], [0; 3]),
        (600_000, [0; 3], [9; 3]),
        (900_001, [0; 3], [0; 3]),
    ];
    let standings = ranked(&(1..).zip(&all).map(entry).collect::<Vec<_>>());
    let told: Vec<_> = standings.iter().map(|it| (it.offer, it.rank, it.score_basis_points)).collect();
    assert_eq!(
        told,
        [(offer(1), 1, 10_000), (offer(2), 2, 5_000), (offer(3), 2, 5_000), (offer(4), 4, 3_333)]
    );
}

/// What costs nothing, and the council's own, take no marks from others.
#[test]
fn nothing_and_the_councils_own_are_not_the_lowest_price() {
    let weights: Weights = [(PRICE.to_owned(), 10_000)].into();
    let scores = BTreeMap::new();
    let of = |n, weekly, in_house| Contender {
        offer: offer(n),
        weekly: Pence(weekly),
        in_house,
        weights: &weights,
        scores: &scores,
    };
    let all = [of(1, 0, false), of(2, 100_000, true), of(3, 300_000, false), of(4, 600_000, false)];
    let mut told: Vec<_> = rank(&all).iter().map(|it| (it.offer, it.price_basis_points)).collect();
    told.sort_unstable();
    assert_eq!(told, [(offer(1), 10_000), (offer(2), 10_000), (offer(3), 10_000), (offer(4), 5_000)]);
}
