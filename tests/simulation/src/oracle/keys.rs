//! Invariant 7, of what is sealed: a key of one provider's is made while it may read, and gone when it may not. None comes back.

use crate::breach::{Checked, Invariant, ensure};
use care::{EventBody, ProviderId, ReferralId};
use referrals_domain::{KeyPurpose, ReferralEvent, ShortlistingEnded};
use std::collections::HashSet;

type Key = (ReferralId, ProviderId, KeyPurpose, u32);

#[derive(Default)]
pub(super) struct Keys {
    live: HashSet<Key>,
    gone: HashSet<Key>,
    /// Of whom it was said that it may read no more: the keys have to follow before anything else does.
    due: HashSet<(ReferralId, ProviderId)>,
}

impl Keys {
    pub(super) fn read(&mut self, event: &ReferralEvent) -> Checked {
        match event {
            ReferralEvent::ProviderShortlisted(it) => {
                self.settled(event)?;
                let Some(envelope) = &it.envelope else { return Ok(()) };
                self.made(event, (it.referral, it.provider.clone(), KeyPurpose::Narrative, envelope.number))
            }
            ReferralEvent::ProviderEnvelopeSealed(it) => {
                self.settled(event)?;
                self.made(event, (it.referral, it.provider.clone(), it.purpose, it.envelope.number))
            }
            ReferralEvent::ProviderKeyDestroyed(it) => {
                let key = (it.referral, it.key.provider.clone(), it.key.purpose, it.key.number);
                let was_live = self.live.remove(&key);
                let found = || format!("the end of a key that there is not: {it:?}");
                ensure(was_live, Invariant::IdentityByGrant, || it.stream(), found)?;
                self.gone.insert(key);
                Ok(())
            }
            ReferralEvent::ShortlistingEnded(ShortlistingEnded { referral, provider, .. }) => {
                self.due.insert((*referral, provider.clone()));
                Ok(())
            }
            _ => self.settled(event),
        }
    }

    fn made(&mut self, event: &ReferralEvent, key: Key) -> Checked {
        let found = || format!("sealed under a key that was destroyed: {event:?}");
        ensure(!self.gone.contains(&key), Invariant::IdentityByGrant, || stream(event), found)?;
        self.live.insert(key);
        Ok(())
    }

    /// Whether those who were taken off a list have no key any more.
    fn settled(&mut self, event: &ReferralEvent) -> Checked {
        for (referral, provider) in std::mem::take(&mut self.due) {
            let left = self.live.iter().any(|(of, whose, ..)| (*of, whose) == (referral, &provider));
            let found = || {
                format!("{provider} is off the list of {referral} and its key is not destroyed: {event:?}")
            };
            ensure(!left, Invariant::IdentityByGrant, || stream(event), found)?;
        }
        Ok(())
    }
}

fn stream(event: &ReferralEvent) -> care::StreamId {
    care::Event::stream(event)
}
