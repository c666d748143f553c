//! What becomes of placements after the award, as their council sees it.

use super::award_name;
use api::referrals as proto;
use care::{AwardId, CouncilId, Date};
use referrals_domain::{Count, Follows, Stability, State};
use service_kit::referral_name;

/// How many referrals of a count are named at most.
const NAMED_MAX: usize = 500;

pub(super) fn follows(council: CouncilId, it: &Follows) -> proto::Follows {
    proto::Follows {
        award: award_name(council, it.award),
        kind: it.kind.clone(),
        respite: it.respite.clone().unwrap_or_default(),
    }
}

/// How the placement of an award ended, and the last day of its notice; each empty if it was not told.
pub(super) fn end(state: &State, award: AwardId) -> (String, String) {
    let ending = state.staying.endings.get(&award).cloned().unwrap_or_default();
    let notice = state.staying.notice(award);
    (ending, notice.map(|notice| notice.last_day.to_string()).unwrap_or_default())
}

/// The figures of a year, with the referrals that are counted where they are asked for.
pub(crate) fn stability(council: CouncilId, last: Date, it: &Stability, named: bool) -> proto::Stability {
    let count = |it: &Count| {
        let named = it.0.iter().take(if named { NAMED_MAX } else { 0 });
        Some(proto::StabilityCount {
            count: u32::try_from(it.0.len()).unwrap_or(u32::MAX),
            referrals: named.map(|referral| referral_name(council, *referral)).collect(),
        })
    };
    proto::Stability {
        name: format!("councils/{council}/stability/{}", last.year()),
        year_ending: last.to_string(),
        placed: count(&it.placed),
        three_or_more: count(&it.three_or_more),
        long_looked_after: count(&it.long_looked_after),
        long_same_placement: count(&it.long_same_placement),
        age_unclear: count(&it.age_unclear),
        ended: count(&it.ended),
        ending_untold: count(&it.ending_untold),
        disrupted: count(&it.disrupted),
        disrupted_within_90_days: count(&it.disrupted_in_90_days),
        disrupted_within_180_days: count(&it.disrupted_in_180_days),
        disrupted_within_365_days: count(&it.disrupted_in_365_days),
    }
}
