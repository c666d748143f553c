//! Frameworks: their members, lots and ceilings, the providers admitted to them, suspensions, and what offers are scored by. The region's log.

mod commands;
mod decide;
mod events;
mod rejection;
mod state;
mod weights;

pub use commands::{Change, FrameworkCommand, LOTS_MAX, NewFramework};
pub use events::{
    CouncilJoined, CouncilLeft, FrameworkCreated, FrameworkEvent, LotAdded, ProviderAdmitted,
    ProviderSuspended, Regime, SuspensionLifted,
};
pub use rejection::FrameworkRejection;
pub use state::{Framework, Frameworks, Lot, Membership, Onlooker, PriceSchedule, Suspension};
