//! How the offers under a framework are scored, and what an award says of why its offer was chosen.

use crate::domain::{EventBody, StreamId};
use crate::ids::{CouncilId, FrameworkId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the weights of an evaluation sum to.
pub const WHOLE_BASIS_POINTS: u32 = 10_000;

/// The one criterion, a code of `code_sets::CRITERION`, that is scored by rule and not by people.
pub const PRICE: &str = "PRICE";

/// What each criterion counts, in basis points by code of `code_sets::CRITERION`; [`WHOLE_BASIS_POINTS`] together, [`PRICE`] among them.
pub type Weights = BTreeMap<String, u32>;

/// The weights where no framework has set any: East Riding's evaluation, in which skills count 10 of 15 and the fee 5.
#[must_use]
pub fn default_weights() -> Weights {
    Weights::from([("SKILLS".to_owned(), 6_667), (PRICE.to_owned(), 3_333)])
}

/// A framework's weights from a day, until later ones replace them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluationWeights {
    /// Their version within the framework, from 1.
    pub version: u32,
    /// The first day in England on which they hold.
    pub from: Date,
    /// The weights.
    pub weights: Weights,
}

impl EvaluationWeights {
    /// Those of `all`, which are in order of their days, that hold on a day.
    #[must_use]
    pub fn holding(all: &[Self], on: Date) -> Option<&Self> {
        all.iter().rev().find(|set| set.from <= on)
    }

    /// Puts these last into `all`, which are in order of their days, in the place of those that were to hold from the same day or later.
    pub fn replace_from(self, all: &mut Vec<Self>) {
        all.retain(|set| set.from < self.from);
        all.push(self);
    }
}

/// A framework's lead set what its offers are scored by. In the region's contracts log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluationWeightsSet {
    /// The framework.
    pub framework: FrameworkId,
    /// The weights.
    #[serde(flatten)]
    pub set: EvaluationWeights,
}

// Every member is bound by it alike, so no council is named.
impl EventBody for EvaluationWeightsSet {
    const TYPE: &'static str = "EvaluationWeightsSet";
    fn stream(&self) -> StreamId {
        StreamId::new("framework", &self.framework)
    }
    fn council(&self) -> Option<CouncilId> {
        None
    }
    fn effective(&self) -> Option<Date> {
        Some(self.set.from)
    }
}

/// Why this offer and no other: where it stood among those that were evaluated, and what was said of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChoiceEvidence {
    /// How many offers stood in the order of merit.
    pub evaluated: u32,
    /// How many offers could be taken then, evaluated or not; 0 where none stood in the order.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub standing: u32,
    /// Where this one stood, from 1; none if it was not evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<u32>,
    /// Its weighted score in basis points of full marks, 0 to 10,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score_basis_points: Option<u32>,
    /// Why the award departs from the first, a code of `code_sets::DEPARTURE`; none where it takes the first, or there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub departure_reason: Option<String>,
    /// Why siblings who were to live together do not, a code of `code_sets::SIBLING_SPLIT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sibling_split_reason: Option<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
