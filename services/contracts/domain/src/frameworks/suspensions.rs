//! Stops to new placements: of a whole provider, a branch (some of its establishments) or one home, for the region or for one council. A suspension
//! ends nothing: it calls on each council that it concerns to review its placements there, place by place.

use super::commands::SUSPENSIONS_MAX;
use super::decide::{Outcome, at_most, not_before, room_for};
use super::events::{PlacementReviewsCalled, ProviderSuspended, SuspensionLifted};
use super::rejection::FrameworkRejection;
use super::state::Framework;
use super::terms_rejection::TermsRejection;
use care::{CouncilId, Date, EstablishmentUrn, FrameworkId, ProviderId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The most establishments that one suspension names.
pub const SUSPENDED_URNS_MAX: usize = 200;

/// What a suspension is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SuspensionScope {
    /// The establishments: one home, or a branch. Empty: all of the provider's.
    #[serde(default)]
    pub urns: BTreeSet<EstablishmentUrn>,
    /// The one council; none: every member.
    #[serde(default)]
    pub council: Option<CouncilId>,
}

impl SuspensionScope {
    /// A whole provider, for the region.
    #[must_use]
    pub fn provider() -> Self {
        Self::default()
    }

    /// One home, for the region.
    #[must_use]
    pub fn home(urn: EstablishmentUrn) -> Self {
        Self { urns: [urn].into(), council: None }
    }

    /// The scope that an event's parts name.
    #[must_use]
    pub(super) fn of(
        urn: Option<&EstablishmentUrn>,
        urns: &BTreeSet<EstablishmentUrn>,
        council: Option<CouncilId>,
    ) -> Self {
        Self { urns: urns.iter().chain(urn).cloned().collect(), council }
    }

    /// Whether it is about an establishment of the provider, for a council.
    #[must_use]
    pub fn covers(&self, urn: &EstablishmentUrn, council: CouncilId) -> bool {
        (self.urns.is_empty() || self.urns.contains(urn)) && self.council.is_none_or(|only| only == council)
    }

    /// The parts as events keep them: one home stands where it always stood.
    fn parts(&self) -> (Option<EstablishmentUrn>, BTreeSet<EstablishmentUrn>) {
        match self.urns.len() {
            1 => (self.urns.first().cloned(), BTreeSet::new()),
            _ => (None, self.urns.clone()),
        }
    }
}

impl fmt::Display for SuspensionScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let urns: Vec<&str> = self.urns.iter().map(EstablishmentUrn::as_str).collect();
        match urns.as_slice() {
            [] => f.write_str("the provider")?,
            urns => f.write_str(&urns.join(", "))?,
        }
        match self.council {
            Some(council) => write!(f, " for {}", council.name()),
            None => Ok(()),
        }
    }
}

/// A stop to new placements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// What it is about.
    pub scope: SuspensionScope,
    /// Why.
    pub reason: String,
    /// The first day.
    pub from: Date,
    /// The first day on which it no longer holds.
    pub until: Option<Date>,
}

impl Suspension {
    /// Whether it stops anything on some day from `since` on.
    #[must_use]
    pub fn may_stop_from(&self, since: Date) -> bool {
        self.until.is_none_or(|until| until > since && until > self.from)
    }

    /// Whether it stops a council's placements at `urn` on some day from `first` to `last`, both included.
    #[must_use]
    pub fn stops(&self, council: CouncilId, urn: &EstablishmentUrn, first: Date, last: Date) -> bool {
        self.scope.covers(urn, council) && self.from <= last && self.may_stop_from(first)
    }
}

pub(super) fn suspend(
    framework: &Framework,
    id: &FrameworkId,
    provider: &ProviderId,
    scope: &SuspensionScope,
    (reason, from): (&str, Date),
) -> Outcome {
    if let Some(council) = scope.council.filter(|council| !framework.is_or_was_member(*council, from)) {
        return Err(FrameworkRejection::CouncilNotMember { framework: id.clone(), council });
    }
    if scope.urns.len() > SUSPENDED_URNS_MAX {
        let (what, max) = ("establishments of a suspension", SUSPENDED_URNS_MAX);
        return Err(TermsRejection::LimitReached { what, max }.into());
    }
    let held = framework.suspensions.get(provider).map_or(&[][..], Vec::as_slice);
    if let Some(open) = held.iter().find(|s| s.scope == *scope && s.until.is_none()) {
        return Err(FrameworkRejection::AlreadySuspended { provider: provider.clone(), since: open.from });
    }
    at_most("suspensions of a provider", SUSPENSIONS_MAX, held.len())?;
    room_for(framework, provider)?;
    let (urn, urns) = scope.parts();
    let suspended = ProviderSuspended {
        framework: id.clone(),
        provider: provider.clone(),
        urn,
        reason: reason.to_owned(),
        from,
        urns,
        council: scope.council,
    };
    let called = PlacementReviewsCalled {
        framework: id.clone(),
        provider: provider.clone(),
        suspension: u32::try_from(held.len()).unwrap_or(u32::MAX).saturating_add(1),
        urns: scope.urns.clone(),
        council: scope.council,
        councils: match scope.council {
            Some(council) => [council].into(),
            // Who was a member may have placements there still.
            None => {
                let all = framework.members.keys().copied();
                all.filter(|council| framework.is_or_was_member(*council, from)).collect()
            }
        },
        from,
    };
    Ok(vec![suspended.into(), called.into()])
}

pub(super) fn lift(
    framework: &Framework,
    id: &FrameworkId,
    provider: &ProviderId,
    scope: &SuspensionScope,
    on: Date,
) -> Outcome {
    let mut suspensions = framework.suspensions.get(provider).into_iter().flatten();
    let Some(held) = suspensions.find(|s| s.scope == *scope && s.until.is_none()) else {
        return Err(FrameworkRejection::NotSuspended(provider.clone()));
    };
    not_before("on", on, held.from)?;
    let (urn, urns) = scope.parts();
    let (framework, provider, council) = (id.clone(), provider.clone(), scope.council);
    Ok(vec![SuspensionLifted { framework, provider, urn, on, urns, council }.into()])
}
