//! A second, naive reading of all logs' events, against which the invariants are checked. It shares the events with the domains and
//! nothing of their states. Events are read in the order in which they were recorded anywhere, so it may know more than a service did;
//! what each check asks is what the service that decided had to know.

mod agreed;
mod awards;
mod cascade;
mod frameworks;
mod identity;
mod keys;
mod market;
mod nights;

use crate::breach::{Breach, Checked, Invariant};
use awards::Awards;
use care::market::MarketEvent;
use care::{AwardId, CouncilId, Event, Timestamp};
use contracts_domain::{AgreementEvent, FrameworkEvent};
use frameworks::Frameworks;
use identity::Identities;
use keys::Keys;
use market::Market;
use referrals_domain::ReferralEvent;
use std::collections::BTreeSet;

/// The oracle's picture of the whole region.
#[derive(Default)]
pub(crate) struct Oracle {
    market: Market,
    frameworks: Frameworks,
    awards: Awards,
    identities: Identities,
    keys: Keys,
}

impl Oracle {
    pub(crate) fn market(&mut self, event: &MarketEvent) -> Checked {
        if let MarketEvent::PlaceClaimed(claimed) = event {
            self.awards.check_claim(claimed)?;
        }
        self.market.read(event)
    }

    /// To be asked once a decision of the market has been read as a whole.
    pub(crate) fn settle_market(&mut self) -> Checked {
        self.market.settle()
    }

    pub(crate) fn frameworks(&mut self, event: &FrameworkEvent) {
        self.frameworks.read(event);
    }

    pub(crate) fn agreements(&mut self, event: &AgreementEvent) -> Checked {
        if let AgreementEvent::AgreementIssued(issued) = event {
            let claim = self.awards.claim(issued.award).ok_or_else(|| Breach {
                invariant: Invariant::Exchange,
                found: format!("an agreement without a claim of the market: {issued:?}"),
                stream: event.stream(),
            })?;
            self.frameworks.check_agreement(issued, claim)?;
            self.awards.check_agreement(issued)?;
        }
        if let AgreementEvent::PlacementEnded(ended) = event {
            self.awards.placement_ended(ended.award);
        }
        Ok(())
    }

    pub(crate) fn referrals(&mut self, council: CouncilId, event: &ReferralEvent) -> Checked {
        self.awards.read(council, event, &self.market)?;
        self.identities.read(event, &self.awards)?;
        self.keys.read(event)
    }

    /// The emergency awards of a council that wait for an approval: for each of them an alarm can sound.
    pub(crate) fn approvals_due(&self, council: CouncilId) -> BTreeSet<(Timestamp, AwardId)> {
        self.awards.approvals_due(council)
    }

    /// The emergency awards of a council that wait for gates.
    pub(crate) fn gates_due(&self, council: CouncilId) -> BTreeSet<(Timestamp, AwardId)> {
        self.awards.gates_due(council)
    }

    /// Whether every award that the market holds a place for, whose child has not come, has an agreement: asked when every event has
    /// been delivered.
    pub(crate) fn check_nothing_half_done(&self) -> Checked {
        for (place, award) in self.market.waiting_claims() {
            if !self.awards.has_agreement(award) {
                return Err(Breach {
                    invariant: Invariant::Exchange,
                    found: format!("place {place} stays claimed for award {award}, which has no agreement"),
                    stream: care::StreamId::new("place", place),
                });
            }
        }
        Ok(())
    }

    /// Compares how many places the market counts as claimed with the oracle's own count.
    pub(crate) fn check_capacity(&self, market: &care::market::Market, at: Timestamp) -> Checked {
        self.market.check_capacity(market, at)
    }
}
