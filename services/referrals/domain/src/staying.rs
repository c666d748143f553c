//! The fold of what becomes of placements: links between referrals of the same child, notices and endings.

use crate::events::{Follows, ReferralEvent, StandingNotice};
use crate::state::{Referral, State};
use care::published::NoticeBy;
use care::{AwardId, ReferralId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The FOLLOWS code of a time away, during which the placement goes on.
pub(crate) const RESPITE: &str = "RESPITE";
/// The FOLLOWS codes of what ends the placement that it follows from.
pub(crate) const MOVES: [&str; 2] = ["MOVE", "SIBLING_REUNION"];
/// The PLACEMENT_END code of a placement that broke down.
pub(crate) const DISRUPTION: &str = "DISRUPTION";

/// The REASON_PLACE_CHANGE codes by which a council ends a placement. By the others the carers or the provider do (CREQB, CREQO, CLOSE), a
/// court does (CUSTOD), or nothing ends but a status (PLACE). OTHER says nothing of who did, and is taken to be the council.
const COUNCILS_REASONS: [&str; 7] = ["ALLEG", "APPRR", "CARPL", "CHILD", "LAREQ", "OTHER", "STAND"];
/// The PLACEMENT_END codes of an end after which the child is still looked after by the council: by the others the child leaves its care.
const STILL_LOOKED_AFTER: [&str; 3] = ["PLANNED", DISRUPTION, "OTHER"];

/// Whether a council ended a placement, as far as reason and ending say; an ending that was not told excuses nothing.
pub(crate) fn ends_by_council(reason: &str, ending: Option<&str>) -> bool {
    COUNCILS_REASONS.contains(&reason) && ending.is_none_or(|ending| STILL_LOOKED_AFTER.contains(&ending))
}

/// What is known of placements after the award; part of the fold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staying {
    /// Which placement a referral follows from.
    pub follows: BTreeMap<ReferralId, Follows>,
    /// The notices that stand, or stood when the placement ended: one of each side at most, the one that runs out first before the other.
    pub notices: BTreeMap<AwardId, Vec<StandingNotice>>,
    /// How placements ended, PLACEMENT_END codes.
    pub endings: BTreeMap<AwardId, String>,
    /// The placements that the council ended, see [`ends_by_council`].
    pub(crate) by_council: BTreeSet<AwardId>,
    /// The awards whose end asks for something that was not done.
    pub(crate) after_end: BTreeSet<AwardId>,
}

impl Staying {
    /// The notice that runs out first, if one stands.
    #[must_use]
    pub fn notice(&self, award: AwardId) -> Option<&StandingNotice> {
        self.notices.get(&award)?.first()
    }

    /// The notice that this side gave, if it stands.
    pub(crate) fn notice_by(&self, award: AwardId, by: NoticeBy) -> Option<&StandingNotice> {
        self.notices.get(&award)?.iter().find(|it| it.by == by)
    }

    /// Folds an event; the rest of the state sees to the others.
    pub(crate) fn apply(&mut self, event: &ReferralEvent) {
        match event {
            ReferralEvent::ReferralLinked(event) => {
                set(&mut self.follows, event.referral, event.follows.as_ref());
            }
            ReferralEvent::PlacementNoticeNoted(event) => {
                let notices = self.notices.entry(event.award).or_default();
                match (&event.notice, event.withdrawn) {
                    (Some(notice), _) => {
                        notices.retain(|it| it.by != notice.by);
                        notices.push(notice.clone());
                        notices.sort_by_key(|it| (it.last_day, it.number));
                    }
                    (None, Some(number)) => notices.retain(|it| it.number != number),
                    (None, None) => notices.clear(),
                }
                if notices.is_empty() {
                    self.notices.remove(&event.award);
                }
            }
            ReferralEvent::PlacementEndingNoted(event) => {
                set(&mut self.endings, event.award, event.ending.as_ref());
                if event.by_council {
                    self.by_council.insert(event.award);
                } else {
                    self.by_council.remove(&event.award);
                }
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
