//! How a council holds: its own policy, within what the market allows anybody.

use super::Events;
use crate::{Rejection, SetHoldPolicy};
use care::market::{HoldPolicy, HoldPolicySet, Market};

/// Lowering a number ends no hold: it binds the next one.
pub(super) fn set(market: &Market, asked: &SetHoldPolicy) -> Events {
    let policy = &asked.policy;
    let lease_max = policy.lease_seconds_max;
    let leases = HoldPolicy::LEASE_SECONDS_MIN..=HoldPolicy::LEASE_SECONDS_MAX;
    let of_council = 1..=HoldPolicy::COUNCIL_HOLDS_MAX;
    let of_referral = 1..=HoldPolicy::REFERRAL_HOLDS_MAX;
    let outside = |field, least: u32, most: u32| Err(Rejection::HoldPolicyInvalid { field, least, most });
    if !of_council.contains(&policy.council_holds_max) {
        return outside("policy.council_holds_max", 1, HoldPolicy::COUNCIL_HOLDS_MAX.into());
    }
    if !of_referral.contains(&policy.referral_holds_max) {
        return outside("policy.referral_holds_max", 1, HoldPolicy::REFERRAL_HOLDS_MAX.into());
    }
    if !leases.contains(&lease_max) {
        return outside("policy.lease_seconds_max", *leases.start(), *leases.end());
    }
    if !(*leases.start()..=lease_max).contains(&policy.lease_seconds_default) {
        return outside("policy.lease_seconds_default", *leases.start(), lease_max);
    }
    let (version, current) = market.hold_policy(asked.council);
    if asked.expected_version != version {
        return Err(Rejection::EtagMismatch { found: version });
    }
    if version > 0 && current == *policy {
        return Ok(Vec::new());
    }
    let (council, version) = (asked.council, version.saturating_add(1));
    Ok(vec![HoldPolicySet { council, version, policy: policy.clone(), at: asked.at }.into()])
}
