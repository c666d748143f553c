//! What becomes of a placement after the award: the link of a referral to the placement that it follows from is the council's to say,
//! notices and endings are what contracts tells.

use super::award::holding;
use super::post::check_codes;
use super::{Decision, referral};
use crate::commands::{LinkReferral, RecordDeparture, RecordNotice};
use crate::events::{Follows, PlacementEndingNoted, PlacementNoticeNoted, ReferralEvent, ReferralLinked};
use crate::rejection::Rejection;
use crate::state::{Award, Outcome, State};
use crate::staying::{RESPITE, ends_by_council};
use care::{CouncilId, ReferralId, Timestamp, code_sets};

/// Whatever stage the referral is at: a link may be known late.
pub(super) fn link(state: &State, command: &LinkReferral) -> Decision {
    let referral = referral(state, command.referral)?;
    if let Some(follows) = &command.follows {
        check_link(state, command.referral, follows, command.at)?;
    }
    if state.staying.follows.get(&referral.id) == command.follows.as_ref() {
        return Ok(Vec::new());
    }
    Ok(vec![linked(referral.council, referral.id, command.follows.as_ref(), command.at)])
}

pub(super) fn linked(
    council: CouncilId,
    referral: ReferralId,
    follows: Option<&Follows>,
    at: Timestamp,
) -> ReferralEvent {
    ReferralLinked { council, referral, follows: follows.cloned(), at }.into()
}

/// Refuses a link of a referral, which need not be posted yet, to what is no placement.
pub(super) fn check_link(
    state: &State,
    referral: ReferralId,
    follows: &Follows,
    at: Timestamp,
) -> Result<(), Rejection> {
    check_codes(at, &[("follows.kind", code_sets::FOLLOWS, &follows.kind)])?;
    if let Some(respite) = &follows.respite {
        check_codes(at, &[("follows.respite", code_sets::RESPITE, respite)])?;
    }
    if (follows.kind == RESPITE) != follows.respite.is_some() {
        let description = "say what the time away is where kind is RESPITE, and only there";
        return Err(Rejection::field("follows.respite", description));
    }
    let award = state.awards.get(&follows.award).ok_or(Rejection::AwardUnknown(follows.award))?;
    if award.proposed.referral == referral {
        return Err(Rejection::FollowsItself(follows.award));
    }
    match award.outcome {
        Outcome::Confirmed { .. } => Ok(()),
        Outcome::Proposed | Outcome::Failed { .. } | Outcome::Lapsed { .. } => {
            Err(Rejection::FollowsNotPlaced(follows.award))
        }
    }
}

pub(super) fn note_notice(state: &State, command: &RecordNotice) -> Vec<ReferralEvent> {
    let Some((Award { proposed, .. }, _)) = holding(state, command.award) else {
        return Vec::new();
    };
    let standing = state.staying.notices.get(&command.award);
    let before = standing.and_then(|it| it.iter().find(|it| it.number == command.number));
    if before == command.notice.as_ref() {
        return Vec::new();
    }
    let noted = PlacementNoticeNoted {
        council: proposed.council,
        award: proposed.award,
        referral: proposed.referral,
        notice: command.notice.clone(),
        withdrawn: command.notice.is_none().then_some(command.number),
        at: command.at,
    };
    vec![noted.into()]
}

/// How the placement of a child who came ended, and whether the council ended it, if that is news.
pub(super) fn ending_noted(state: &State, award: &Award, command: &RecordDeparture) -> Option<ReferralEvent> {
    let proposed = &award.proposed;
    let by_council = ends_by_council(&command.reason, command.ending.as_deref());
    let known = state.staying.endings.get(&proposed.award) == command.ending.as_ref()
        && state.staying.by_council.contains(&proposed.award) == by_council;
    if award.arrived.is_none() || known {
        return None;
    }
    Some(noted(award, command.ending.clone(), by_council, command.at))
}

/// That the placement has not ended, if something was noted of how it did.
pub(super) fn ending_taken_back(state: &State, award: &Award, at: Timestamp) -> Option<ReferralEvent> {
    let (staying, id) = (&state.staying, &award.proposed.award);
    let known = staying.endings.contains_key(id) || staying.by_council.contains(id);
    known.then(|| noted(award, None, false, at))
}

fn noted(award: &Award, ending: Option<String>, by_council: bool, at: Timestamp) -> ReferralEvent {
    let proposed = &award.proposed;
    let (council, award, referral) = (proposed.council, proposed.award, proposed.referral);
    PlacementEndingNoted { council, award, referral, ending, by_council, at }.into()
}
