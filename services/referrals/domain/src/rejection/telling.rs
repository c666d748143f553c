//! How a "no" is put into words, and several of them told as one.

use super::Rejection;
use care::{OfferId, Refusal, Violation};

/// Where an offer stands, in words.
pub(super) fn place(rank: Option<u32>) -> String {
    rank.map_or_else(|| "is none".to_owned(), |rank| format!("is number {rank}"))
}

pub(super) fn describe(violations: &[Violation]) -> String {
    let each: Vec<String> = violations
        .iter()
        .map(|violation| format!("{}: {}", violation.field, violation.description))
        .collect();
    each.join("; ")
}

impl Rejection {
    /// As a further obstacle of an award: what the request would have to have otherwise, each beginning with the reason. What is missing of several
    /// offers, gates or steps is told of each, since one text has an end.
    pub(super) fn told_beside(&self) -> Vec<Violation> {
        let told = self.violations();
        if !told.is_empty() {
            return told.into_iter().map(|it| self.beside(&it.field, &it.description)).collect();
        }
        let field = match self {
            Self::ApproverMissing | Self::ApproverRoleNotAccepted { .. } => "approval",
            Self::NotAnEmergency { .. } => "emergency",
            Self::SpotJustificationMissing => "spot_justification",
            Self::DepartureReasonMissing { .. } => "departure_reason",
            Self::SiblingSplitReasonMissing { .. } => "sibling_split_reason",
            Self::CascadeEvidenceMissing { .. } => "name",
            _ => "offer",
        };
        self.each().iter().map(|it| self.beside(field, &it.to_string())).collect()
    }

    fn beside(&self, field: &str, description: &str) -> Violation {
        let description = format!("{}: {description}", self.reason());
        Violation { field: field.to_owned(), description }
    }

    /// The same of each offer, gate or step alone.
    fn each(&self) -> Vec<Self> {
        match self {
            Self::EvaluationMissing { offers, policy_version } => {
                let policy_version = *policy_version;
                let of = |offer: &OfferId| Self::EvaluationMissing { offers: vec![*offer], policy_version };
                offers.iter().map(of).collect()
            }
            Self::GateNotPassed { offer, gates } => {
                let of = |gate: &String| Self::GateNotPassed { offer: *offer, gates: vec![gate.clone()] };
                gates.iter().map(of).collect()
            }
            Self::CascadeEvidenceMissing { policy_version, missing } => {
                let policy_version = *policy_version;
                let of = |step: &String| Self::CascadeEvidenceMissing {
                    policy_version,
                    missing: vec![step.clone()],
                };
                missing.iter().map(of).collect()
            }
            one => vec![one.clone()],
        }
    }
}
