//! The events by which councils come to nights before they hold them: hold policies, paid reservations, blocks and their resale.
//!
//! They carry what a ledger needs to charge them: who pays whom for which nights at what price a week. Posting is invoicing's.

use super::events::{body, words};
use super::{BlockParty, HoldPolicy, ResaleOf};
use crate::domain::{EventBody, StreamId};
use crate::ids::{CouncilId, EstablishmentUrn, PlaceId, ProviderId, ReferralId};
use crate::money::Pence;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

words!(
    /// Why a reservation ended before its last night.
    ReservationEnd {
        /// Its council gave it back.
        Ended = "ENDED",
        /// The child came of the council or of whom it sold the nights to: from then on the placement is paid, not the reservation.
        Occupied = "OCCUPIED",
        /// The establishment may not accommodate any new child.
        Restricted = "ACCOMMODATION_RESTRICTED",
    }
);

/// Nights of a council's reservation that its own placement takes after all: the placement is paid for them, and the reservation no more. They are
/// given up for good: where the departure is put right to an earlier day again they are free to anybody, and whoever wants them reserves anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Yielded {
    /// The token of the reservation.
    pub token: u64,
    /// Its first night, and the first that it gives up.
    pub from: Date,
    /// The day after the last night that it gives up: its first night from now on, or its end.
    pub until: Date,
    /// What the council pays for it, in pence a week: nothing of it for these nights.
    pub weekly: Pence,
}

/// A council says how it holds places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldPolicySet {
    /// The council.
    pub council: CouncilId,
    /// The policy's version, from 1.
    pub version: u32,
    /// What holds now.
    pub policy: HoldPolicy,
    /// When.
    pub at: Timestamp,
}

/// A council has a place for the nights [from, until) and pays for them whether a child comes or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceReserved {
    /// The place.
    pub place: PlaceId,
    /// Its establishment.
    pub urn: EstablishmentUrn,
    /// Who is paid.
    pub provider: ProviderId,
    /// Who pays.
    pub council: CouncilId,
    /// The referral that it is meant for, if one is: the council may take another child all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referral: Option<ReferralId>,
    /// The first night.
    pub from: Date,
    /// The day after the last night.
    pub until: Date,
    /// The retainer, in pence a week, as advertised.
    pub weekly: Pence,
    /// The fencing token: higher than any before on the place.
    pub token: u64,
    /// The post that approved it.
    pub approver: String,
    /// When.
    pub at: Timestamp,
}

/// A reservation ends sooner than was agreed: only the nights [from, until) of it are charged. Where nights of it were sold, the end of the
/// buyer's reservation is the seller's too, and each is told its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservationEnded {
    /// The place.
    pub place: PlaceId,
    /// The council whose it was.
    pub council: CouncilId,
    /// The reservation's token.
    pub token: u64,
    /// Its first night.
    pub from: Date,
    /// The first night that is free of it; `from` if no night of it remains.
    pub until: Date,
    /// What it costs, in pence a week.
    pub weekly: Pence,
    /// Why.
    pub reason: ReservationEnd,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A provider offers a council a place as a block bed: paid for the nights [from, until) whether filled or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockOffered {
    /// The place.
    pub place: PlaceId,
    /// The block's number among the tokens of the place.
    pub block: u64,
    /// The council it is offered to.
    pub council: CouncilId,
    /// What is offered.
    #[serde(flatten)]
    pub terms: super::BlockTerms,
    /// When.
    pub at: Timestamp,
}

/// A block that was offered is offered no longer: the council does not take it, or the provider offers the place to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockDeclined {
    /// The place.
    pub place: PlaceId,
    /// The block's number.
    pub block: u64,
    /// The council that it was offered to.
    pub council: CouncilId,
    /// Whose word it is.
    pub by: BlockParty,
    /// When.
    pub at: Timestamp,
}

/// The nights of a block are the council's to hold, and nobody else's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockAllocated {
    /// The place.
    pub place: PlaceId,
    /// The block's number.
    pub block: u64,
    /// Its establishment.
    pub urn: EstablishmentUrn,
    /// Who is paid.
    pub provider: ProviderId,
    /// Who pays.
    pub council: CouncilId,
    /// What was agreed.
    #[serde(flatten)]
    pub terms: super::BlockTerms,
    /// The post that approved it.
    pub approver: String,
    /// When.
    pub at: Timestamp,
}

/// One party would end a block on a day; it ends once the other says the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockEndProposed {
    /// The place.
    pub place: PlaceId,
    /// The block's number.
    pub block: u64,
    /// The council whose it is.
    pub council: CouncilId,
    /// Who asks.
    pub by: BlockParty,
    /// The first night that would be free of it.
    pub on: Date,
    /// When.
    pub at: Timestamp,
}

/// Both parties end a block: only the nights [from, until) of it are charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockEnded {
    /// The place.
    pub place: PlaceId,
    /// The block's number.
    pub block: u64,
    /// The council whose it is.
    pub council: CouncilId,
    /// Its first night.
    pub from: Date,
    /// The first night that is free of it.
    pub until: Date,
    /// What it costs, in pence a week.
    pub weekly: Pence,
    /// When.
    pub at: Timestamp,
}

/// A council offers others nights that it pays for and does not use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResaleOffered {
    /// The place.
    pub place: PlaceId,
    /// The offer's number among the tokens of the place.
    pub resale: u64,
    /// The council that sells.
    pub council: CouncilId,
    /// What the nights are part of.
    pub of: ResaleOf,
    /// The first night.
    pub from: Date,
    /// The day after the last night.
    pub until: Date,
    /// What the buyer pays the seller, in pence a week.
    pub weekly: Pence,
    /// Who may buy; anybody if empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub partners: BTreeSet<CouncilId>,
    /// When.
    pub at: Timestamp,
}

/// The seller takes its offer back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResaleWithdrawn {
    /// The place.
    pub place: PlaceId,
    /// The offer's number.
    pub resale: u64,
    /// The council that sells.
    pub council: CouncilId,
    /// When.
    pub at: Timestamp,
}

/// The nights pass from one council to another. The seller goes on paying the provider; the buyer pays the seller. It is the seller's event;
/// [`ResaleBought`] tells the buyer the same, since each council hears of its own alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResaleSold {
    /// The place.
    pub place: PlaceId,
    /// The offer's number.
    pub resale: u64,
    /// The council that sells, and is paid.
    pub seller: CouncilId,
    /// The council that buys, and pays.
    pub buyer: CouncilId,
    /// What the nights are part of.
    pub of: ResaleOf,
    /// The first night.
    pub from: Date,
    /// The day after the last night.
    pub until: Date,
    /// What the buyer pays the seller, in pence a week.
    pub weekly: Pence,
    /// The buyer's fencing token: that of its reservation, where a reservation was sold.
    pub token: u64,
    /// When.
    pub at: Timestamp,
}

/// A council has bought the nights of another: the other half of [`ResaleSold`], in the same decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResaleBought {
    /// The place.
    pub place: PlaceId,
    /// The offer's number.
    pub resale: u64,
    /// The council that sells, and is paid.
    pub seller: CouncilId,
    /// The council that buys, and pays.
    pub buyer: CouncilId,
    /// The first night.
    pub from: Date,
    /// The day after the last night.
    pub until: Date,
    /// What the buyer pays the seller, in pence a week.
    pub weekly: Pence,
    /// The buyer's fencing token.
    pub token: u64,
    /// The buyer's post that approved it.
    pub approver: String,
    /// When.
    pub at: Timestamp,
}

body!(HoldPolicySet of "hold-policy" council, council council);
body!(PlaceReserved of "place" place, council council, effective from);
body!(ReservationEnded of "place" place, council council, effective until);
body!(BlockOffered of "place" place, council council);
body!(BlockDeclined of "place" place, council council);
body!(BlockAllocated of "place" place, council council);
body!(BlockEndProposed of "place" place, council council, effective on);
body!(BlockEnded of "place" place, council council, effective until);
body!(ResaleOffered of "place" place, council council, effective from);
body!(ResaleWithdrawn of "place" place, council council);
body!(ResaleSold of "place" place, council seller, effective from);
body!(ResaleBought of "place" place, council buyer, effective from);
