//! Why a place was left out.

use std::fmt;

/// The first thing, in this order, that kept an open place out of a search. What is wrong with the establishment comes
/// before what is wrong with the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exclusion {
    /// Another kind of provision than asked for.
    Provision,
    /// In-house and asked for external, or the reverse.
    Operator,
    /// Unregistered, or its registration is not active.
    Registration,
    /// Under a restriction-of-accommodation notice.
    Restricted,
    /// Below the grade asked for, or ungraded when one was asked for.
    Grade,
    /// Farther than asked for, or where it lies is not known.
    Distance,
    /// The provider takes nobody in it for now.
    NotAdvertised,
    /// It can only be had later.
    NotAvailable,
    /// The child is too young or too old for it.
    Age,
    /// It takes the other sex only.
    Sex,
    /// It leaves a need unmet, and all were asked for.
    Needs,
    /// A council holds or has it, or a solo placement takes the whole establishment.
    Claimed,
    /// Somebody is in the establishment, and the child must be alone.
    NotEmpty,
}

impl Exclusion {
    /// The word it is sent with.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Provision => "PROVISION",
            Self::Operator => "OPERATOR",
            Self::Registration => "REGISTRATION",
            Self::Restricted => "RESTRICTED",
            Self::Grade => "GRADE",
            Self::Distance => "DISTANCE",
            Self::NotAdvertised => "NOT_ADVERTISED",
            Self::NotAvailable => "NOT_AVAILABLE",
            Self::Age => "AGE",
            Self::Sex => "SEX",
            Self::Needs => "NEEDS",
            Self::Claimed => "CLAIMED",
            Self::NotEmpty => "NOT_EMPTY",
        }
    }
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
