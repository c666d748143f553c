//! Agreements: what one council agreed with providers, and whether the child came and left. The council's log.
//!
//! An award arrives in two halves, the council's terms and the market's claim, from two logs and in either order. The
//! half that comes second completes it: the call-off is judged then, once, and an agreement issued or refused. If the
//! market takes the place back, an award that is not decided is refused, and an agreement whose child has not come ends.

mod commands;
mod decide;
mod events;
mod rejection;
mod release;
mod state;

pub use commands::{AgreementCommand, PlacementStep};
pub use events::{AgreementEvent, ClaimNoted, ProposalLapsed, ProposalNoted};
pub use rejection::AgreementRejection;
pub use state::{Agreement, AgreementStatus, Agreements, End, Outcome};
