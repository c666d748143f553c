//! The field's shared vocabulary, without any I/O: who (councils, providers, establishments), what (code sets, money,
//! nights), what a domain is (`decide`, `evolve`), and the events that services publish to each other.
//!
//! A service's `domain` crate depends on this crate alone, so whatever two services must agree on lives here.

mod codes;
mod councils;
mod domain;
mod ids;
pub mod in_place;
pub mod market;
mod money;
mod nights;
#[cfg(feature = "planted-defects")]
pub mod planted;
pub mod published;
#[cfg(feature = "spec")]
pub mod spec;
pub mod working_days;

pub use codes::{Code, CodeSet, CodeUnknown, code_sets};
pub use councils::{Council, CouncilUnknown, councils};
pub use domain::{
    Decided, DecodeError, Domain, Event, EventBody, Refusal, RefusalKind, StreamId, Violation, decode_body,
    encode_body,
};
pub use ids::{
    AgreementId, AwardId, CouncilId, EstablishmentUrn, FrameworkId, HouseholdId, IdInvalid, InvoiceId, LotId,
    OfferId, PlaceId, ProviderId, QuestionId, ReferralId,
};
pub use jiff::{Timestamp, civil::Date};
pub use money::{AmountOverflow, Pence, split_largest_remainder};
pub use nights::{
    DAYS_AHEAD_MAX, Nights, NightsInvalid, days_after, fee_for_nights, last_day_ahead, london_date,
    london_midnight,
};
