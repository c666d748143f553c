//! What offers under a framework are scored by. Bidders are told before they bid (Public Contracts Regulations 2015, regulation 67; Procurement
//! Act 2023, section 23), so weights hold from a day after the one on which they are told, and never for a search that has begun. They replace those
//! that were to hold from that day or a later one.

use super::decide::{Outcome, not_before, within_term};
use super::rejection::FrameworkRejection;
use super::state::Framework;
use care::published::{EvaluationWeights, EvaluationWeightsSet, PRICE, WHOLE_BASIS_POINTS, Weights};
use care::{Date, FrameworkId, code_sets};

pub(super) fn set(
    framework: &Framework,
    id: &FrameworkId,
    from: Date,
    weights: &Weights,
    today: Date,
) -> Outcome {
    if let Some(problem) = problem(weights) {
        return Err(FrameworkRejection::EvaluationWeightsInvalid(problem));
    }
    within_term(framework, "from", from)?;
    let last = framework.evaluation_weights.last();
    // Those that do not hold yet may be replaced; those that do are what somebody bid by.
    not_before("from", from, today.tomorrow().unwrap_or(today))?;
    let version = last.map_or(1, |last| last.version.saturating_add(1));
    let set = EvaluationWeights { version, from, weights: weights.clone() };
    Ok(vec![EvaluationWeightsSet { framework: id.clone(), set }.into()])
}

/// What is wrong with weights, if anything is.
fn problem(weights: &Weights) -> Option<&'static str> {
    let known = |criterion: &String| code_sets::CRITERION.label(criterion).is_some();
    let sum: u64 = weights.values().map(|weight| u64::from(*weight)).sum();
    let problems = [
        (!weights.keys().all(known), "name criteria by CRITERION codes alone"),
        (!weights.contains_key(PRICE), "PRICE must be among the criteria"),
        (weights.len() < 2, "add a criterion of quality: price alone finds no child a home"),
        (weights.values().any(|weight| *weight == 0), "leave out a criterion that counts nothing"),
        (sum != u64::from(WHOLE_BASIS_POINTS), "the weights must sum to 10,000 basis points"),
    ];
    problems.into_iter().find(|(wrong, _)| *wrong).map(|(_, problem)| problem)
}
