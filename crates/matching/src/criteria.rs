//! What is asked for.

use care::{CouncilId, Date};
use geography::{Location, Miles, Outcode, Sector, locate, locate_outcode};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// What a child needs of a place. What is none, or empty, is not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Criteria {
    /// The searching council; its own provision is in-house.
    pub council: Option<CouncilId>,
    /// Any of these kinds, codes of `code_sets::PROVISION`.
    pub provisions: BTreeSet<String>,
    /// The child's age on the first night, in years.
    pub age_years: Option<u8>,
    /// The child's sex, a code of `code_sets::SEX`.
    pub sex: Option<String>,
    /// The child's needs, codes of `code_sets::NEED`.
    pub needs: BTreeSet<String>,
    /// Whether places that leave a need unmet are left out instead of ranked lower.
    pub all_needs: bool,
    /// Whether the child must be alone in the establishment.
    pub solo: bool,
    /// From where the distance is measured.
    pub near: Option<Near>,
    /// How far it may be from there; asks nothing without `near`.
    pub within: Option<Miles>,
    /// The upper-tier authorities that the home must not lie in, GSS codes.
    pub avoid_areas: BTreeSet<String>,
    /// Where the child's home is: the first of the two 20-mile measures, which leaves nothing out.
    pub home: Option<Near>,
    /// Where the council's centre is: the second of them.
    pub centre: Option<Near>,
    /// The lowest grade, one of [`lowest_grade`]'s.
    pub grade_at_least: Option<String>,
    /// The first night; the day of the search if none.
    pub available_on: Option<Date>,
    /// Whose provision.
    pub operator: Operator,
}

/// Whose provision is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Operator {
    /// Anybody's.
    #[default]
    Any,
    /// The searching council's own.
    InHouse,
    /// External providers'.
    External,
}

/// A sector or an outcode that distances are measured from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Near(Location);

/// A text that says nowhere to measure from. It does not repeat the text, which may be a child's postcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NearInvalid;

impl fmt::Display for NearInvalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it must be a postcode sector that exists, such as DL1 5, or an outcode, such as DL1; not a full postcode")
    }
}

impl std::error::Error for NearInvalid {}

impl FromStr for Near {
    type Err = NearInvalid;
    fn from_str(text: &str) -> Result<Self, NearInvalid> {
        let sector = text.parse::<Sector>().ok().and_then(|sector| locate(sector).ok());
        let outcode = || text.parse::<Outcode>().ok().and_then(|outcode| locate_outcode(outcode).ok());
        sector.or_else(outcode).map(Self).ok_or(NearInvalid)
    }
}

impl Near {
    /// The point that is measured from.
    #[must_use]
    pub fn location(self) -> Location {
        self.0
    }
}

/// A grade that cannot be the lowest one asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GradeInvalid;

impl fmt::Display for GradeInvalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the lowest grade must be OUTSTANDING, GOOD or REQUIRES_IMPROVEMENT")
    }
}

impl std::error::Error for GradeInvalid {}

/// Checks a grade that is asked for at least.
///
/// # Errors
/// When it is not OUTSTANDING, GOOD or REQUIRES_IMPROVEMENT.
pub fn lowest_grade(grade: &str) -> Result<String, GradeInvalid> {
    match grade {
        "OUTSTANDING" | "GOOD" | "REQUIRES_IMPROVEMENT" => Ok(grade.to_owned()),
        _ => Err(GradeInvalid),
    }
}

/// The grade's place in the order, 0 for the best. An ungraded establishment stands between those that require
/// improvement and those that are inadequate: nothing is known against it, and nothing for it.
#[must_use]
pub fn grade_rank(grade: &str) -> u8 {
    match grade {
        "OUTSTANDING" => 0,
        "GOOD" => 1,
        "REQUIRES_IMPROVEMENT" => 2,
        "INADEQUATE" => 4,
        _ => 3,
    }
}
