//! The grade gate: from which of Ofsted's grades a council may buy.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The lowest grade that may be bought from. No gate lets `INADEQUATE` through: councils suspend on it, for framework
/// and spot purchases alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GradeGate {
    /// `OUTSTANDING`, `GOOD` or `REQUIRES_IMPROVEMENT`, codes of `care::code_sets::GRADE`.
    pub lowest: String,
    /// Whether an establishment without a grade (`NONE`) passes.
    pub ungraded_allowed: bool,
}

impl GradeGate {
    /// The gate where nobody has set one: any grade but `INADEQUATE`.
    #[must_use]
    pub fn widest() -> Self {
        Self { lowest: "REQUIRES_IMPROVEMENT".to_owned(), ungraded_allowed: true }
    }

    /// Whether its lowest grade is one that a gate may have.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        rank(&self.lowest).is_some()
    }

    /// Whether an establishment of this grade may be bought from. A grade that nobody knows does not pass.
    #[must_use]
    pub fn passes(&self, grade: &str) -> bool {
        match (rank(&self.lowest), rank(grade)) {
            (Some(lowest), Some(grade)) => grade >= lowest,
            _ => grade == "NONE" && self.ungraded_allowed,
        }
    }
}

impl fmt::Display for GradeGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ungraded = if self.ungraded_allowed { "or not yet graded" } else { "and graded" };
        write!(f, "{} or better, {ungraded}", self.lowest)
    }
}

/// Higher is better; nothing for the grades that no gate may be set at.
fn rank(grade: &str) -> Option<u8> {
    match grade {
        "OUTSTANDING" => Some(3),
        "GOOD" => Some(2),
        "REQUIRES_IMPROVEMENT" => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::GradeGate;
    use care::code_sets;

    fn passing(lowest: &str, ungraded_allowed: bool) -> Vec<&'static str> {
        let gate = GradeGate { lowest: lowest.to_owned(), ungraded_allowed };
        code_sets::GRADE.codes.iter().map(|code| code.code).filter(|grade| gate.passes(grade)).collect()
    }

    #[test]
    fn every_grade_of_the_code_set_meets_every_gate() {
        assert_eq!(passing("OUTSTANDING", false), ["OUTSTANDING"]);
        assert_eq!(passing("GOOD", false), ["OUTSTANDING", "GOOD"]);
        assert_eq!(passing("GOOD", true), ["OUTSTANDING", "GOOD", "NONE"]);
        assert_eq!(
            passing("REQUIRES_IMPROVEMENT", true),
            ["OUTSTANDING", "GOOD", "REQUIRES_IMPROVEMENT", "NONE"]
        );
    }

    #[test]
    fn no_gate_lets_inadequate_or_an_unknown_grade_through() {
        for lowest in ["INADEQUATE", "NONE", "EXCELLENT"] {
            let gate = GradeGate { lowest: lowest.to_owned(), ungraded_allowed: true };
            assert!(!gate.is_valid());
            assert!(!gate.passes("INADEQUATE"));
        }
        assert!(!GradeGate::widest().passes("INADEQUATE"));
        assert!(!GradeGate::widest().passes("EXCELLENT"));
    }
}
