//! Why an award takes this offer and no other, and why siblings part: what is asked for, and what is recorded as evidence.

use super::post::check_codes;
use crate::commands::ProposeAward;
use crate::rejection::Rejection;
use crate::siblings::Home;
use crate::state::{Offer, Referral, State};
#[cfg(feature = "planted-defects")]
use care::planted::{Planted, is_planted};
use care::published::ChoiceEvidence;
use care::{code_sets, london_date};

/// The DEPARTURE code that the rationale of the evaluation explains.
const OTHER: &str = "OTHER";

/// Where the offer stands in the order of merit and, where it is not the first, why it is taken.
pub(super) fn merit(
    state: &State,
    referral: &Referral,
    offer: &Offer,
    external: bool,
    command: &ProposeAward,
) -> Result<ChoiceEvidence, Rejection> {
    let failed = failed_gate(state, referral, offer);
    #[cfg(feature = "planted-defects")]
    let failed = failed.filter(|_| !is_planted(Planted::EvaluationGateIgnored));
    if let Some(failed) = failed {
        return Err(Rejection::EvaluationGateFailed { offer: offer.id, failed });
    }
    let ranking = state.ranking(referral, command.at);
    let own = ranking.iter().find(|standing| standing.offer == offer.id);
    let urgent = referral.requirements.urgency == "EMERGENCY";
    let missing = state.unevaluated(referral, offer, command.at);
    if external && state.policy.evaluation_required && !urgent && !missing.is_empty() {
        // The favourite judged alone would be first of one.
        let policy_version = state.policy_version;
        return Err(Rejection::EvaluationMissing { offers: missing, policy_version });
    }
    let rank = own.map(|standing| standing.rank);
    let evaluated = u32::try_from(ranking.len()).unwrap_or(u32::MAX);
    let standing = state.standing_offers(referral, command.at).count();
    let mut choice = ChoiceEvidence {
        evaluated,
        standing: if evaluated > 0 { u32::try_from(standing).unwrap_or(u32::MAX) } else { 0 },
        rank,
        score_basis_points: own.map(|standing| standing.score_basis_points),
        departure_reason: None,
        sibling_split_reason: None,
    };
    let departs = evaluated > 0 && rank != Some(1);
    #[cfg(feature = "planted-defects")]
    let departs = departs && !is_planted(Planted::DepartureUnexplained);
    if departs {
        let reason = command.departure_reason.as_deref();
        let reason = reason.ok_or(Rejection::DepartureReasonMissing { offer: offer.id, rank, evaluated })?;
        check_codes(command.at, &[("departure_reason", code_sets::DEPARTURE, reason)])?;
        if rank.is_none() && reason == OTHER {
            let problem = "OTHER is said in the rationale of an evaluation, which this offer has not: evaluate it, or name another reason";
            return Err(Rejection::field("departure_reason", problem));
        }
        choice.departure_reason = Some(reason.to_owned());
    }
    Ok(choice)
}

/// Why siblings part; none where they do not.
pub(super) fn parting(
    state: &State,
    referral: &Referral,
    offer: &Offer,
    command: &ProposeAward,
) -> Result<Option<String>, Rejection> {
    let home = Home::new(&offer.terms.urn, command.household.as_ref(), &offer.terms.provision);
    let Some(sibling) = state.parted_from(referral, home, london_date(command.at)) else {
        return Ok(None);
    };
    let reason = command.sibling_split_reason.as_deref();
    let reason = reason.ok_or(Rejection::SiblingSplitReasonMissing { referral: referral.id, sibling })?;
    check_codes(command.at, &[("sibling_split_reason", code_sets::SIBLING_SPLIT, reason)])?;
    Ok(Some(reason.to_owned()))
}

/// What of the gate an offer failed when it was evaluated last, or, until it was, the same place offered before; none if that passed or was
/// not evaluated.
fn failed_gate(state: &State, referral: &Referral, offer: &Offer) -> Option<Vec<String>> {
    let before = || {
        let evaluations = state.offered_before(referral, offer).filter_map(|it| it.evaluation.as_ref());
        evaluations.max_by_key(|it| it.at)
    };
    let evaluation = offer.evaluation.as_ref().or_else(before).filter(|it| !it.passed())?;
    Some(evaluation.gate.iter().filter(|it| !it.passed).map(|it| it.check.clone()).collect())
}
