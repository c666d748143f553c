//! How a "no" is put into words, and several of them told as one.

use super::Rejection;
use care::{Refusal, Violation};

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
    /// As a further obstacle of an award: what the request would have to have otherwise.
    pub(super) fn told_beside(&self) -> Vec<Violation> {
        let told = self.violations();
        if !told.is_empty() {
            return told;
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
        vec![Violation { field: field.to_owned(), description: format!("{}: {self}", self.reason()) }]
    }
}
