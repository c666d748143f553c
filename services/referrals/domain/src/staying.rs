//! The fold of what becomes of placements: links between referrals of the same child, notices and endings.

use crate::events::{Follows, ReferralEvent, StandingNotice};
use crate::state::{Referral, State};
use care::{AwardId, ReferralId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The FOLLOWS code of a time away, during which the placement goes on.
pub(crate) const RESPITE: &str = "RESPITE";
/// The FOLLOWS codes of what ends the placement that it follows from.
pub(crate) const MOVES: [&str; 2] = ["MOVE", "SIBLING_REUNION"];
/// The PLACEMENT_END code of a placement that broke down.
pub(crate) const DISRUPTION: &str = "DISRUPTION";

/// What is known of placements after the award; part of the fold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staying {
    /// Which placement a referral follows from.
    pub follows: BTreeMap<ReferralId, Follows>,
    /// The notice that stands, or stood when the placement ended.
    pub notices: BTreeMap<AwardId, StandingNotice>,
    /// How placements ended, PLACEMENT_END codes.
    pub endings: BTreeMap<AwardId, String>,
    /// The awards whose end asks for something that was not done.
    pub(crate) after_end: BTreeSet<AwardId>,
}

impl Staying {
    /// Folds an event; the rest of the state sees to the others.
    pub(crate) fn apply(&mut self, event: &ReferralEvent) {
        match event {
            ReferralEvent::ReferralLinked(event) => {
                set(&mut self.follows, event.referral, event.follows.as_ref());
            }
            ReferralEvent::PlacementNoticeNoted(event) => {
                set(&mut self.notices, event.award, event.notice.as_ref());
            }
            ReferralEvent::PlacementEndingNoted(event) => {
                set(&mut self.endings, event.award, event.ending.as_ref());
            }
            _ => {}
        }
    }
}

impl State {
    /// The last of these referrals of each child but that of `own`. Which are of one child is known by what they follow from.
    #[must_use]
    pub fn other_children(&self, own: ReferralId, among: impl Fn(&Referral) -> bool) -> Vec<&Referral> {
        let own = self.first_of_child(own);
        let mut last: BTreeMap<ReferralId, &Referral> = BTreeMap::new();
        for referral in self.referrals.values().filter(|it| among(it)) {
            let child = self.first_of_child(referral.id);
            let known = last.entry(child).or_insert(referral);
            if known.posted_at < referral.posted_at {
                *known = referral;
            }
        }
        last.remove(&own);
        last.into_values().collect()
    }

    /// The referral of the placement from which in the end one follows, itself if from none.
    fn first_of_child(&self, referral: ReferralId) -> ReferralId {
        let (mut first, mut seen) = (referral, BTreeSet::new());
        while let Some(follows) = self.staying.follows.get(&first)
            && let Some(award) = self.awards.get(&follows.award)
            // Links are the council's word, and may go round.
            && seen.insert(first)
        {
            first = award.proposed.referral;
        }
        first
    }
}

/// Puts a value in, or takes it out where there is none.
fn set<K: Ord, V: Clone>(map: &mut BTreeMap<K, V>, key: K, value: Option<&V>) {
    match value {
        Some(value) => drop(map.insert(key, value.clone())),
        None => drop(map.remove(&key)),
    }
}
