//! What is decided in contracts: from whom, for whom and at what price a place may be bought, and what was agreed.
//!
//! Two domains: [`Frameworks`] is the region's (one log), [`Agreements`] is a council's (one log each). An award is judged by
//! [`judge_call_off`] against a snapshot of the framework facts that comes in with the command, so that both stay pure.

pub mod agreements;
mod attributes;
mod call_off;
mod call_off_rules;
pub mod frameworks;
mod grade;
pub mod monitoring;

pub use agreements::{AgreementCommand, AgreementEvent, AgreementRejection, Agreements};
pub use attributes::Shown;
pub use call_off::{CallOffQuestion, Verdict, checks, judge_call_off};
pub use call_off_rules::{CALL_OFF_RULES, CallOffRule, ForRoutes, JudgedBy};
pub use frameworks::{FrameworkCommand, FrameworkEvent, FrameworkRejection, Frameworks};
pub use grade::GradeGate;
