//! The fold of evaluations and of sibling groups.

use super::{Referral, State};
use crate::events::{OfferEvaluated, SiblingsLinked, WeightsUsed};
use care::{OfferId, ReferralId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How the offers of one version of a referral are judged, since the first of them was scored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judging {
    /// The version.
    pub referral_version: u32,
    /// By what all of them are judged.
    pub weights: WeightsUsed,
    /// The offers that could be taken when it began.
    pub offers: BTreeSet<OfferId>,
    /// When it began.
    pub at: Timestamp,
}

impl Referral {
    /// How the offers on the version of now are judged; none before one of them was scored.
    #[must_use]
    pub fn judging(&self) -> Option<&Judging> {
        self.judging.as_ref().filter(|it| it.referral_version == self.version)
    }
}

impl State {
    pub(super) fn note_evaluation(&mut self, event: &OfferEvaluated) {
        // What did not pass the gate begins judging only where it began before and nothing is left of that.
        if event.passed() || !event.began_with.is_empty() {
            self.note_judging(event);
        }
        if let Some(offer) = self.offers.get_mut(&event.offer) {
            offer.evaluation = Some(event.clone());
        }
    }

    /// Judging begins, or goes on. An evaluation of before it was recorded began it if it was the first, and the last one said by what.
    fn note_judging(&mut self, event: &OfferEvaluated) {
        let Some(referral) = self.referrals.get(&event.referral) else { return };
        let before = referral.judging();
        let (offers, at) = match before {
            Some(before) if event.began_with.is_empty() => (before.offers.clone(), before.at),
            None if event.began_with.is_empty() => {
                let standing = self.standing_offers(referral, event.at).map(|it| it.id);
                (standing.chain([event.offer]).collect(), event.at)
            }
            _ => (event.began_with.clone(), event.at),
        };
        let (referral_version, weights) = (event.referral_version, event.weights.clone());
        let judging = Judging { referral_version, weights, offers, at };
        self.change(event.referral, |referral| referral.judging = Some(judging));
    }

    /// Those who are named leave the groups that they were in, and are one.
    pub(super) fn link_siblings(&mut self, event: &SiblingsLinked) {
        let group: BTreeSet<ReferralId> = event.siblings.iter().copied().chain([event.referral]).collect();
        let mut left = BTreeSet::new();
        for id in &group {
            let Some(referral) = self.referrals.get_mut(id) else { continue };
            left.extend(referral.siblings.difference(&group).copied());
            referral.siblings = group.iter().copied().filter(|other| other != id).collect();
        }
        for id in left {
            self.change(id, |referral| referral.siblings.retain(|other| !group.contains(other)));
        }
    }
}
