//! Invariant 7: who may see, and saw, who the child is.

use super::awards::Awards;
use crate::breach::{Checked, Invariant, ensure};
use care::{AwardId, Date, EventBody, ProviderId, ReferralId, Timestamp, london_date};
use referrals_domain::{
    IdentityGranted, IdentityRevealed, ReferralAwarded, ReferralDeclined, ReferralEvent, ShortlistingEnded,
};
use std::collections::{HashMap, HashSet};

#[derive(Default)]
pub(super) struct Identities {
    /// To whom a referral was awarded, by award.
    awarded: HashMap<AwardId, (ReferralId, ProviderId)>,
    /// The awards that have led to a grant.
    granted: HashSet<AwardId>,
    /// The grants, and the first day on which each does not hold.
    grants: HashMap<(ReferralId, ProviderId), Option<Date>>,
    /// Who may read the whole of a referral that is searched for.
    shortlisted: HashSet<(ReferralId, ProviderId)>,
}

impl Identities {
    pub(super) fn read(&mut self, event: &ReferralEvent, awards: &Awards) -> Checked {
        match event {
            ReferralEvent::ReferralAwarded(event) => {
                self.shortlisted.retain(|(referral, _)| *referral != event.referral);
                self.award(event, awards)
            }
            ReferralEvent::ReferralWithdrawn(event) => {
                self.shortlisted.retain(|(referral, _)| *referral != event.referral);
                Ok(())
            }
            ReferralEvent::ProviderShortlisted(event) => {
                self.shortlisted.insert((event.referral, event.provider.clone()));
                Ok(())
            }
            ReferralEvent::ReferralDeclined(ReferralDeclined { referral, provider, .. })
            | ReferralEvent::ShortlistingEnded(ShortlistingEnded { referral, provider, .. }) => {
                self.shortlisted.remove(&(*referral, provider.clone()));
                Ok(())
            }
            ReferralEvent::ShortlistedReferralRead(event) => {
                let reader = (event.referral, event.provider.clone());
                let may = self.shortlisted.contains(&reader) || self.grant_holds(&reader, event.at);
                let found = || format!("read by a provider that is not on the shortlist: {event:?}");
                ensure(may, Invariant::IdentityByGrant, || event.stream(), found)
            }
            ReferralEvent::IdentityGranted(event) => self.grant(event),
            ReferralEvent::IdentityGrantEnded(event) => {
                let grant = self.grants.get_mut(&(event.referral, event.provider.clone()));
                let found = || format!("the end of a grant that was not given: {event:?}");
                ensure(grant.is_some(), Invariant::IdentityByGrant, || event.stream(), found)?;
                if let Some(grant) = grant {
                    *grant = Some(event.from);
                }
                Ok(())
            }
            ReferralEvent::IdentityRevealed(event) => self.reveal(event),
            ReferralEvent::IdentityKeyDestroyed(event) => {
                let mut of = self.grants.iter().filter(|((referral, _), _)| *referral == event.referral);
                let lives = of.any(|(to, _)| self.grant_holds(to, event.at));
                let found = || format!("destroyed while the child lives with somebody: {event:?}");
                ensure(!lives, Invariant::IdentityByGrant, || event.stream(), found)
            }
            _ => Ok(()),
        }
    }

    fn award(&mut self, event: &ReferralAwarded, awards: &Awards) -> Checked {
        let agreed = awards.agreement(event.award) == Some(event.agreement);
        let found = || format!("awarded without the agreement: {event:?}");
        ensure(agreed, Invariant::Exchange, || event.stream(), found)?;
        self.awarded.insert(event.award, (event.referral, event.provider.clone()));
        Ok(())
    }

    fn grant(&mut self, event: &IdentityGranted) -> Checked {
        let awarded = self.awarded.get(&event.award);
        let to = (event.referral, event.provider.clone());
        // Again only where the end that was told does not come.
        let first = self.granted.insert(event.award) || self.grants.get(&to).is_some_and(Option::is_some);
        let found = || format!("granted before the award holds, to another or again: {event:?}");
        ensure(first && awarded == Some(&to), Invariant::IdentityByGrant, || event.stream(), found)?;
        self.grants.insert(to, None);
        Ok(())
    }

    fn reveal(&self, event: &IdentityRevealed) -> Checked {
        let Some(provider) = &event.provider else { return Ok(()) };
        let holds = self.grant_holds(&(event.referral, provider.clone()), event.at);
        let found = || format!("shown to a provider without a grant that holds: {event:?}");
        ensure(holds, Invariant::IdentityByGrant, || event.stream(), found)
    }

    fn grant_holds(&self, to: &(ReferralId, ProviderId), at: Timestamp) -> bool {
        let grant = self.grants.get(to);
        grant.is_some_and(|end| end.is_none_or(|end| london_date(at) < end))
    }
}
