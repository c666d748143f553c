//! The order of merit of a referral's offers: each criterion's score, weighted, and who comes first.
//!
//! People score quality from 0 to 10. The price is scored by rule: the lowest weekly price of those that stand gets full marks, and so does what
//! costs less; another gets the share of them that the lowest is of it (twice the price, half the marks). What costs nothing or is the council's
//! own is not the lowest, where others are. All offers of a referral are judged by one set of weights. Everything is whole basis points of full marks, rounded down; offers with the same score share a rank, and the next has the rank that it had if they did not
//! (1, 1, 3). The order depends on the log and the instant alone: an offer that can no longer be taken has no rank, and the others move up.

use crate::events::OfferEvaluated;
use crate::state::{Offer, Referral, State};
use care::published::{PRICE, Route, WHOLE_BASIS_POINTS, Weights, default_weights};
use care::{FrameworkId, OfferId, Pence, Timestamp, london_date};
use std::collections::{BTreeMap, BTreeSet};

/// The highest raw score of a criterion.
pub const SCORE_MAX: u8 = 10;

/// An offer that is to be ranked.
#[derive(Debug, Clone, Copy)]
pub struct Contender<'a> {
    /// The offer.
    pub offer: OfferId,
    /// Its whole weekly price.
    pub weekly: Pence,
    /// Whether it is the council's own and had in-house, so that its price is none that is paid.
    pub in_house: bool,
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
    let prices = |in_house: bool| {
        let paid = contenders.iter().filter(move |it| it.in_house == in_house && it.weekly.0 > 0);
        paid.map(|it| it.weekly.0).min()
    };
    let lowest = prices(false).or_else(|| prices(true)).unwrap_or_default();
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
    /// Where the offers of a referral stand that were evaluated by what they are judged by now, passed the gate, were refused at no gate of the
    /// policy and can be taken at an instant.
    #[must_use]
    pub fn ranking(&self, referral: &Referral, at: Timestamp) -> Vec<Standing> {
        let weights = weights(referral);
        let contenders: Vec<Contender<'_>> = self
            .standing_offers(referral, at)
            .filter_map(|offer| {
                let evaluation = evaluated(offer, &weights).filter(|it| it.passed())?;
                Some(Contender {
                    offer: offer.id,
                    weekly: offer.terms.weekly(),
                    in_house: offer.is_in_house(),
                    weights: &weights,
                    scores: &evaluation.scores,
                })
            })
            .collect();
        rank(&contenders)
    }

    /// The offers of a referral that can be taken at an instant and were refused at no gate of the policy.
    pub(crate) fn standing_offers<'a>(
        &'a self,
        referral: &'a Referral,
        at: Timestamp,
    ) -> impl Iterator<Item = &'a Offer> {
        let offers = referral.offers.iter().filter_map(|id| self.offers.get(id));
        offers.filter(move |it| it.stands(referral, at) && !self.refused_at_gate(referral, it))
    }

    /// Those of them that an award of `taken` waits for, since they were not evaluated, or not by what they are judged by: it itself, and those that
    /// could be taken when judging began, or all where nothing is left of those until somebody evaluates one. Who offers later is not waited for, or
    /// nobody could ever be done with judging.
    pub(crate) fn unevaluated(&self, referral: &Referral, taken: &Offer, at: Timestamp) -> Vec<OfferId> {
        let weights = weights(referral);
        let together = self.judged_together(referral, at);
        let awaited = |it: &&Offer| it.id == taken.id || together.is_none_or(|them| them.contains(&it.id));
        let missing = self.standing_offers(referral, at).filter(awaited);
        missing.filter(|it| evaluated(it, &weights).is_none()).map(|it| it.id).collect()
    }

    /// The offers with which judging began; none where it has not, or none of them can be taken any more, so that it begins anew.
    pub(crate) fn judged_together<'a>(
        &self,
        referral: &'a Referral,
        at: Timestamp,
    ) -> Option<&'a BTreeSet<OfferId>> {
        let offers = &referral.judging()?.offers;
        self.standing_offers(referral, at).any(|it| offers.contains(&it.id)).then_some(offers)
    }

    /// By whose weights all offers of a referral are judged; none for the default. Once the first is scored that is settled; until then it is the
    /// framework under which some are made that can be taken at an instant, if it is one.
    #[must_use]
    pub fn judging_framework<'a>(&'a self, referral: &'a Referral, at: Timestamp) -> Option<&'a FrameworkId> {
        if let Some(judging) = referral.judging() {
            return judging.weights.framework.as_ref();
        }
        let offers = referral.offers.iter().filter_map(|id| self.offers.get(id));
        let frameworks = offers.filter(|it| it.stands(referral, at)).filter_map(|it| match &it.terms.route {
            Route::Framework { framework, .. } => Some(framework),
            _ => None,
        });
        let frameworks: BTreeSet<&FrameworkId> = frameworks.collect();
        frameworks.first().copied().filter(|_| frameworks.len() == 1)
    }
}

/// The weights by which all offers of a referral are judged, as it was when that began.
fn weights(referral: &Referral) -> Weights {
    referral.judging().map_or_else(default_weights, |it| it.weights.weights.clone())
}

/// The evaluation of an offer, if it did not pass the gate or has a score of each criterion of quality.
fn evaluated<'a>(offer: &'a Offer, weights: &Weights) -> Option<&'a OfferEvaluated> {
    let scored = |it: &&OfferEvaluated| {
        let mut quality = weights.keys().filter(|criterion| *criterion != PRICE);
        !it.passed() || quality.all(|criterion| it.scores.contains_key(criterion))
    };
    offer.evaluation.as_ref().filter(scored)
}

impl Offer {
    /// Whether the council operates the home itself and has the place in-house.
    pub(crate) fn is_in_house(&self) -> bool {
        self.own_establishment && self.terms.route == Route::InHouse
    }

    /// Whether the offer answers this version of its referral, is in force and does not begin in the past.
    pub(crate) fn stands(&self, referral: &Referral, at: Timestamp) -> bool {
        self.live(at) && self.referral_version == referral.version && self.terms.start >= london_date(at)
    }
}
