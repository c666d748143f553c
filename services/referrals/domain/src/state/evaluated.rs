//! The fold of evaluations and of sibling groups.

use super::State;
use crate::events::{OfferEvaluated, SiblingsLinked};
use care::ReferralId;
use std::collections::BTreeSet;

impl State {
    pub(super) fn note_evaluation(&mut self, event: &OfferEvaluated) {
        if let Some(offer) = self.offers.get_mut(&event.offer) {
            offer.evaluation = Some(event.clone());
        }
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
