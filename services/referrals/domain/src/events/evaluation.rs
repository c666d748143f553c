//! How offers were scored, and which referrals are siblings'.

use crate::requirements::Sealed;
use care::published::{Approval, PRICE, Weights, default_weights};
use care::{CouncilId, EventBody, FrameworkId, OfferId, ReferralId, StreamId, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One check of the gate that an offer passes before it is scored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateCheck {
    /// The check, `UPPER_SNAKE`: what would be wrong.
    pub check: String,
    /// Whether it passed.
    pub passed: bool,
    /// What was found, in words and figures.
    pub found: String,
}

/// The weights that an offer is scored with, and whose they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightsUsed {
    /// The framework that set them; none for the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framework: Option<FrameworkId>,
    /// Their version within the framework; 0 for the default.
    pub version: u32,
    /// The weights.
    pub weights: Weights,
}

impl WeightsUsed {
    /// Those of the framework by which the offers of a referral are judged, where `set` is what it has for this search.
    pub(crate) fn of(
        framework: Option<&FrameworkId>,
        set: Option<&care::published::EvaluationWeights>,
    ) -> Self {
        match (framework, set) {
            (Some(framework), Some(set)) => Self {
                framework: Some(framework.clone()),
                version: set.version,
                weights: set.weights.clone(),
            },
            _ => Self { framework: None, version: 0, weights: default_weights() },
        }
    }

    /// The criteria that people score.
    pub(crate) fn quality(&self) -> BTreeSet<&str> {
        self.weights.keys().map(String::as_str).filter(|criterion| *criterion != PRICE).collect()
    }
}

event! {
    /// The council judged an offer: by the gate, and then by the criteria. A later judgement of the same offer replaces it.
    OfferEvaluated on "referral" of referral {
        /// The offer.
        offer: OfferId,
        /// The referral.
        referral: ReferralId,
        /// Its version then.
        referral_version: u32,
        /// The gate, check by check.
        gate: Vec<GateCheck>,
        /// Who let an establishment be evaluated that Ofsted found inadequate.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exemption: Option<Approval>,
        /// The weights.
        weights: WeightsUsed,
        /// Raw scores from 0 to 10 by CRITERION code, of all criteria but the price; none where the gate was not passed.
        scores: BTreeMap<String, u8>,
        /// The post of who scored.
        scorer: String,
        /// Why, sealed.
        rationale: Sealed,
        /// Where judging begins with it: the offers that can be taken then, this one among them if it passed the gate. They are all judged by its weights, and what is
        /// offered later keeps none of them waiting. Evaluations said nothing of it at first.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        began_with: BTreeSet<OfferId>,
        /// When.
        at: Timestamp,
    }
}

impl OfferEvaluated {
    /// Whether the offer passed the gate.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.gate.iter().all(|check| check.passed)
    }
}

event! {
    /// Referrals were said to be siblings', all of them that are known to seek or to have found a home. They leave the groups that they were
    /// in before.
    SiblingsLinked on "referral" of referral {
        /// The one by which it was said.
        referral: ReferralId,
        /// The others; none takes the first out of its group.
        siblings: BTreeSet<ReferralId>,
        /// When.
        at: Timestamp,
    }
}
