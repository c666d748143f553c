//! What councils and providers agree about nights beforehand, as it is asked for.

use care::market::{BlockTerms, HoldPolicy, ResaleOf};
use care::{CouncilId, Date, Pence, PlaceId, ReferralId, Timestamp};
use std::collections::BTreeSet;

/// A council says how it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetHoldPolicy {
    /// The council.
    pub council: CouncilId,
    /// The version that the change was made for, 0 for the first.
    pub expected_version: u32,
    /// What is to hold.
    pub policy: HoldPolicy,
    /// When.
    pub at: Timestamp,
}

/// A council asks to reserve the nights [from, until) of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservePlace {
    /// The place.
    pub place: PlaceId,
    /// The council.
    pub council: CouncilId,
    /// The first night, today or later.
    pub from: Date,
    /// The day after the last night.
    pub until: Date,
    /// The retainer that the council accepts, in pence a week: what is advertised.
    pub weekly: Pence,
    /// The referral that it is meant for, if one is.
    pub referral: Option<ReferralId>,
    /// The post that approved it; no name.
    pub approver: String,
    /// When.
    pub at: Timestamp,
}

/// A provider offers a council a place as a block bed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferBlock {
    /// The place.
    pub place: PlaceId,
    /// The council.
    pub council: CouncilId,
    /// What is offered.
    pub terms: BlockTerms,
    /// When.
    pub at: Timestamp,
}

/// A council offers others nights that it pays for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferResale {
    /// The place.
    pub place: PlaceId,
    /// The council that sells.
    pub council: CouncilId,
    /// What the nights are part of.
    pub of: ResaleOf,
    /// The first night, today or later.
    pub from: Date,
    /// The day after the last night.
    pub until: Date,
    /// What the buyer is to pay, in pence a week.
    pub weekly: Pence,
    /// Who may buy, up to [`Command::PARTNERS_MAX`](crate::Command::PARTNERS_MAX); anybody if empty.
    pub partners: BTreeSet<CouncilId>,
    /// When.
    pub at: Timestamp,
}

/// A council buys what another offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuyResale {
    /// The place.
    pub place: PlaceId,
    /// The council that buys.
    pub council: CouncilId,
    /// The offer's number.
    pub resale: u64,
    /// The price that it accepts, in pence a week: what is asked.
    pub weekly: Pence,
    /// The post that approved it; no name.
    pub approver: String,
    /// When.
    pub at: Timestamp,
}
