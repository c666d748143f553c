//! Which places of the market suit a child: filtered, ranked, and with the reasons why the others were left out.
//!
//! The same search serves the market's own API and a council's referrals, so both give the same answer. It only reads: a
//! place that is found may be gone when it is asked for, and the market judges again when it is claimed. The order is total
//! and depends on nothing but the market, the criteria and the instant.

mod criteria;
mod exclusion;
mod search;

pub use criteria::{Criteria, GradeInvalid, Near, NearInvalid, Operator, grade_rank, lowest_grade};
pub use exclusion::Exclusion;
pub use search::{Match, SearchResult, search};
