//! Which places of the market suit a child: ranked, and with the reasons why the others were left out.
//!
//! An [`Index`] is kept beside a market. [`Index::search`] finds the best and counts the rest by the first rule that each fails;
//! [`Index::explain`] judges every place by every rule, with the fact that the rule read and what would have to be asked instead. The rules
//! are data in [`rules`]; what a child's coming may mean for those who live in a home is weighed in [`impact`].
//!
//! The same search serves the market's own API and a council's referrals, so both give the same answer. It only reads: a
//! place that is found may be gone when it is asked for, and the market judges again when it is claimed. The order is total
//! and depends on nothing but the market, the criteria and the instant, so a market folded up to an earlier position gives an earlier
//! ranking again, and [`Explanation::digest`] shows that it is the same.

mod bits;
mod criteria;
mod day;
mod digest;
mod entries;
mod explain;
mod found;
pub mod impact;
mod index;
mod judged;
mod needs;
pub mod rules;
mod search;
mod tally;
mod words;

pub use criteria::{Criteria, GradeInvalid, Near, NearInvalid, Operator, grade_rank, lowest_grade};
pub use digest::rules_name;
pub use explain::{Counterfactual, Excluded, Explanation, Fact, Finding};
pub use found::{Impact, Match, Measure, SearchResult};
pub use index::{Household, Index};
pub use needs::NeedSet;
pub use rules::Rule;
pub use search::RANKING_VERSION;
