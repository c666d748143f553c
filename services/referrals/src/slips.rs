//! Texts that hold something of who the child is, where nobody is to read that.

use care::{Refusal, RefusalKind, Violation};
use std::fmt;

/// A text that names the child.
#[derive(Debug)]
pub(crate) struct PersonalDataInText {
    /// The field.
    pub(crate) field: &'static str,
    /// Who could read it, and what to do.
    pub(crate) problem: &'static str,
}

impl PersonalDataInText {
    /// A spot purchase's justification.
    pub(crate) const JUSTIFICATION: Self = Self {
        field: "spot_justification",
        problem: "this text is recorded in clear and holds something of the child's identity: say it without",
    };
    /// The answer to a question, which all to whom the referral was released read.
    pub(crate) const ANSWER: Self = Self {
        field: "text",
        problem: "all to whom the referral was released read it, and it holds something of the child's identity: say it without",
    };
    /// The account of needs, which the shortlisted read.
    pub(crate) const NARRATIVE: Self = Self {
        field: "identity.narrative",
        problem: "the shortlisted read it, and it holds something of the child's identity: amend the referral without",
    };
}

impl fmt::Display for PersonalDataInText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.problem)
    }
}

impl std::error::Error for PersonalDataInText {}

impl Refusal for PersonalDataInText {
    fn reason(&self) -> &'static str {
        "PERSONAL_DATA_IN_TEXT"
    }
    fn kind(&self) -> RefusalKind {
        RefusalKind::Invalid
    }
    fn violations(&self) -> Vec<Violation> {
        vec![Violation { field: self.field.to_owned(), description: self.problem.to_owned() }]
    }
}
