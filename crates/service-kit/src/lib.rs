//! What every service needs around its domain: who calls and what they may, errors that say what to do, limits, running commands
//! and reactions, and the gRPC server. A service itself is its domain, its reactions and its read models.

mod access;
mod clock;
mod command;
mod endless;
mod errors;
mod fields;
mod kit;
mod limits;
mod names;
pub mod page;
mod principal;
mod reactor;
mod region;
mod request_span;
mod resume;
mod server;
mod standby;
pub mod terms;
pub mod token;
mod views;

pub use access::{Access, AccessLayer, Rule};
pub use clock::{Clock, last_instant};
pub use command::{kept_under, request_hash, run_command};
pub use endless::{Admission, Endless, Teller, Told};
pub use errors::{ERROR_DOMAIN, not_found, refuse, refused, unavailable};
pub use fields::{Fields, Form, timestamp};
pub use kit::{Kit, StartError};
pub use limits::MESSAGE_BYTES_MAX;
pub use names::{
    agreement_name, council_name, establishment_name, framework_name, household_name, place_name,
    provider_name, referral_name,
};
pub use principal::{Caller, Role};
pub use reactor::{EngineReaction, Letters, Parking, RetriedLetters, Route};
pub use region::{Framework, LOGS_FOLDER, Region, RegionInvalid};
pub use resume::{resume_token, resume_token_invalid, resumed};
pub use server::{Health, ServeError, Serving, serve};
pub use standby::Standby;
pub use views::caught_up;
