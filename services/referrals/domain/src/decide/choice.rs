//! Why an award takes this offer and no other, and why siblings part: what is asked for, and what is recorded as evidence.

use super::post::check_codes;
use crate::commands::ProposeAward;
use crate::rejection::Rejection;
use crate::state::{Offer, Referral, State};
use care::code_sets;
#[cfg(feature = "planted-defects")]
use care::planted::{Planted, is_planted};
use care::published::ChoiceEvidence;

/// The evidence of the choice; none where no offer stands in an order of merit and no siblings part.
pub(super) fn evidence(
    state: &State,
    referral: &Referral,
    offer: &Offer,
    external: bool,
    command: &ProposeAward,
) -> Result<Option<ChoiceEvidence>, Rejection> {
    let failed = failed_gate(offer);
    #[cfg(feature = "planted-defects")]
    let failed = failed.filter(|_| !is_planted(Planted::EvaluationGateIgnored));
    if let Some(failed) = failed {
        return Err(Rejection::EvaluationGateFailed { offer: offer.id, failed });
    }
    let ranking = state.ranking(referral, command.at);
    let own = ranking.iter().find(|standing| standing.offer == offer.id);
    let urgent = referral.requirements.urgency == "EMERGENCY";
    if own.is_none() && external && state.policy.evaluation_required && !urgent {
        let policy_version = state.policy_version;
        return Err(Rejection::EvaluationMissing { offer: offer.id, policy_version });
    }
    let rank = own.map(|standing| standing.rank);
    let evaluated = u32::try_from(ranking.len()).unwrap_or(u32::MAX);
    let mut choice = ChoiceEvidence {
        evaluated,
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
        choice.departure_reason = Some(reason.to_owned());
    }
    if let Some(sibling) = state.parted_from(referral, &offer.terms.urn) {
        let reason = command.sibling_split_reason.as_deref();
        let reason = reason.ok_or(Rejection::SiblingSplitReasonMissing { referral: referral.id, sibling })?;
        check_codes(command.at, &[("sibling_split_reason", code_sets::SIBLING_SPLIT, reason)])?;
        choice.sibling_split_reason = Some(reason.to_owned());
    }
    Ok(Some(choice).filter(|choice| *choice != ChoiceEvidence::default()))
}

/// What of the gate an offer failed when it was evaluated last; none if it passed or was not evaluated.
fn failed_gate(offer: &Offer) -> Option<Vec<String>> {
    let evaluation = offer.evaluation.as_ref().filter(|it| !it.passed())?;
    Some(evaluation.gate.iter().filter(|it| !it.passed).map(|it| it.check.clone()).collect())
}
