//! Agreements: what one council agreed with providers, and whether the child came and left. The council's log.
//!
//! An award arrives in two halves, the council's terms and the market's claim, from two logs and in either order. The
//! half that comes second completes it: the call-off is judged then, once, and an agreement issued or refused. If the
//! market takes the place back, an award that is not decided is refused, and an agreement whose child has not come ends.
//!
//! While a placement goes on either side may give notice of its end; at 18 a foster placement may go on as Staying Put. What it costs
//! changes by dated amendments that both sides sign, by uplifts and by discounts that end ([`terms`]). Where a provider is suspended, each
//! placement there is reviewed, and nothing ends by itself ([`reviews()`]).

mod commands;
mod decide;
mod events;
mod notice;
mod rejection;
mod release;
mod reviews;
mod state;
mod staying_put;
mod staying_rejection;
pub mod terms;

pub use commands::{AgreementCommand, GiveNotice, NoticeGiver, NoticeStep, PlacementStep, ShortNotice};
pub use events::{AgreementEvent, ClaimNoted, PlacementReviewConcluded, ProposalLapsed, ProposalNoted};
pub use notice::NOTICE_DAYS;
pub use rejection::AgreementRejection;
pub use reviews::{ConcludeReview, PlacementReview, ReviewOutcome, ReviewRejection, ReviewState, reviews};
pub use state::{Agreement, AgreementStatus, Agreements, End, Notice, Outcome, StayingPut};
pub use staying_rejection::StayingRejection;
