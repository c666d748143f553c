//! The order of merit of a referral's offers: each criterion's score, weighted, and who comes first.
//!
//! People score quality from 0 to 10. The price is scored by rule: the lowest weekly price of those that stand gets full marks, another the share
//! of them that the lowest is of it (twice the price, half the marks), and where the lowest is nothing any other gets none. Everything is whole
//! basis points of full marks, rounded down; offers with the same score share a rank, and the next has the rank that it had if they did not
//! (1, 1, 3). The order depends on the log and the instant alone: an offer that can no longer be taken has no rank, and the others move up.

use crate::state::{Offer, Referral, State};
use care::published::{PRICE, WHOLE_BASIS_POINTS, Weights};
use care::{OfferId, Pence, Timestamp, london_date};
use std::collections::BTreeMap;

/// The highest raw score of a criterion.
pub const SCORE_MAX: u8 = 10;

/// An offer that is to be ranked.
#[derive(Debug, Clone, Copy)]
pub struct Contender<'a> {
    /// The offer.
    pub offer: OfferId,
    /// Its whole weekly price.
    pub weekly: Pence,
    /// What its criteria count.
    pub weights: &'a Weights,
    /// Its raw scores, 0 to [`SCORE_MAX`], by CRITERION code.
    pub scores: &'a BTreeMap<String, u8>,
}

/// Where an offer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The offer.
    pub offer: OfferId,
    /// What its price scores, 0 to 10,000 basis points.
    pub price_basis_points: u32,
    /// Its weighted score, 0 to 10,000 basis points.
    pub score_basis_points: u32,
    /// Its rank, from 1.
    pub rank: u32,
}

/// Where each of these offers stands, the best first; of those with the same rank the one with the smaller id.
#[must_use]
pub fn rank(contenders: &[Contender<'_>]) -> Vec<Standing> {
    let lowest = contenders.iter().map(|it| it.weekly.0.max(0)).min().unwrap_or_default();
    let standing = |it: &Contender<'_>| {
        let price_basis_points = price_score(lowest, it.weekly.0.max(0));
        let score_basis_points = weighted(it, price_basis_points);
        Standing { offer: it.offer, price_basis_points, score_basis_points, rank: 0 }
    };
    let mut standings: Vec<Standing> = contenders.iter().map(standing).collect();
    standings.sort_by_key(|it| (std::cmp::Reverse(it.score_basis_points), it.offer));
    let mut before: Option<Standing> = None;
    for (standing, place) in standings.iter_mut().zip(1..) {
        let tied = before.filter(|before| before.score_basis_points == standing.score_basis_points);
        standing.rank = tied.map_or(place, |before| before.rank);
        before = Some(*standing);
    }
    standings
}

/// What a weekly price scores beside the lowest, in basis points.
fn price_score(lowest: i64, weekly: i64) -> u32 {
    if weekly <= lowest {
        return WHOLE_BASIS_POINTS;
    }
    let share = i128::from(lowest) * i128::from(WHOLE_BASIS_POINTS) / i128::from(weekly);
    u32::try_from(share).unwrap_or(WHOLE_BASIS_POINTS)
}

fn weighted(it: &Contender<'_>, price_basis_points: u32) -> u32 {
    let (whole, most) = (u64::from(WHOLE_BASIS_POINTS), u64::from(SCORE_MAX));
    let points = it.weights.iter().map(|(criterion, weight)| {
        let score = match it.scores.get(criterion) {
            _ if criterion == PRICE => u64::from(price_basis_points),
            Some(raw) => u64::from(*raw).min(most) * whole / most,
            None => 0,
        };
        score.saturating_mul(u64::from(*weight))
    });
    let sum = points.fold(0_u64, u64::saturating_add) / whole;
    u32::try_from(sum).map_or(WHOLE_BASIS_POINTS, |sum| sum.min(WHOLE_BASIS_POINTS))
}

impl State {
    /// Where the offers of a referral stand that were evaluated, passed the gate and can be taken at an instant.
    #[must_use]
    pub fn ranking(&self, referral: &Referral, at: Timestamp) -> Vec<Standing> {
        let offers = referral.offers.iter().filter_map(|id| self.offers.get(id));
        let contenders: Vec<Contender<'_>> = offers
            .filter(|offer| offer.stands(referral, at))
            .filter_map(|offer| {
                let evaluation = offer.evaluation.as_ref().filter(|it| it.passed())?;
                Some(Contender {
                    offer: offer.id,
                    weekly: offer.terms.weekly(),
                    weights: &evaluation.weights.weights,
                    scores: &evaluation.scores,
                })
            })
            .collect();
        rank(&contenders)
    }
}

impl Offer {
    /// Whether the offer answers this version of its referral, is in force and does not begin in the past.
    pub(crate) fn stands(&self, referral: &Referral, at: Timestamp) -> bool {
        self.live(at) && self.referral_version == referral.version && self.terms.start >= london_date(at)
    }
}
