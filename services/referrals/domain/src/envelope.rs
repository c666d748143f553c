//! What one provider may read of a referral, sealed for it alone: when its right ends its key is destroyed, and what it read by stays in
//! the log as a text that nobody opens.

use crate::events::{ProviderEnvelopeSealed, ProviderKeyDestroyed, ReferralEvent};
use crate::rejection::Rejection;
use crate::requirements::{KeyPurpose, Sealed};
use crate::state::{Referral, Release, State};
#[cfg(feature = "planted-defects")]
use care::planted::{Planted, is_planted};
use care::{Date, ProviderId, ReferralId, Timestamp, london_date};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A sealing key of a referral that is one provider's. A key that was destroyed is never made again, so that each right to read has its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderKey {
    /// The provider.
    pub provider: ProviderId,
    /// What is sealed under it.
    pub purpose: KeyPurpose,
    /// Which of the provider's, from 1.
    pub number: u32,
}

impl ProviderKey {
    /// The purpose as the key store names it.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}/{}", self.purpose.as_str(), self.provider, self.number)
    }
}

/// What a provider may read, sealed under its [`ProviderKey`] of this number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Which of the provider's keys.
    pub number: u32,
    /// The text.
    pub sealed: Sealed,
}

impl Envelope {
    /// The key that it is sealed under.
    #[must_use]
    pub fn key(&self, provider: &ProviderId, purpose: KeyPurpose) -> ProviderKey {
        ProviderKey { provider: provider.clone(), purpose, number: self.number }
    }
}

impl Release {
    /// The number of the key that an envelope is to be sealed under now: that of the envelope which it replaces, or the next.
    #[must_use]
    pub fn key_number(&self, purpose: KeyPurpose) -> u32 {
        self.envelopes.get(&purpose).map_or(self.keys.saturating_add(1), |it| it.number)
    }

    /// Refuses an envelope under any other key: its right ended in the meantime, or began anew.
    pub(crate) fn check(
        &self,
        referral: ReferralId,
        purpose: KeyPurpose,
        envelope: &Envelope,
    ) -> Result<(), Rejection> {
        let in_force = envelope.number == self.key_number(purpose);
        #[cfg(feature = "planted-defects")]
        let in_force = in_force || is_planted(Planted::KeyComesBack);
        if in_force { Ok(()) } else { Err(Rejection::EnvelopeStale(referral)) }
    }
}

impl Referral {
    /// That an envelope was sealed of what a version of the referral says.
    pub(crate) fn envelope_sealed(
        &self,
        provider: &ProviderId,
        purpose: KeyPurpose,
        envelope: &Envelope,
        referral_version: u32,
        at: Timestamp,
    ) -> ReferralEvent {
        let (provider, envelope) = (provider.clone(), envelope.clone());
        let (council, referral) = (self.council, self.id);
        ProviderEnvelopeSealed { council, referral, referral_version, provider, purpose, envelope, at }.into()
    }

    /// That the keys which a provider has for these purposes are destroyed.
    pub(crate) fn keys_destroyed(
        &self,
        provider: &ProviderId,
        purposes: impl Fn(KeyPurpose) -> bool,
        at: Timestamp,
    ) -> Vec<ReferralEvent> {
        #[cfg(feature = "planted-defects")]
        if is_planted(Planted::KeyOutlivesRight) {
            return Vec::new();
        }
        let Some(release) = self.releases.get(provider) else { return Vec::new() };
        let ended = release.envelopes.iter().filter(|(purpose, _)| purposes(**purpose));
        let destroyed = ended.map(|(purpose, envelope)| {
            let key = envelope.key(provider, *purpose);
            ProviderKeyDestroyed { council: self.council, referral: self.id, key, at }.into()
        });
        destroyed.collect()
    }
}

impl State {
    /// That envelopes of a provider who may see who the child is were sealed; one in the place of another, whose key was lost, has its
    /// number. Nobody else is sealed any here, and what is erased by now is sealed for nobody, whatever was read before.
    pub(crate) fn new_envelopes(
        &self,
        referral: &Referral,
        provider: &ProviderId,
        envelopes: &BTreeMap<KeyPurpose, Envelope>,
        at: Timestamp,
    ) -> Result<Vec<ReferralEvent>, Rejection> {
        let granted = referral.releases.get(provider).filter(|_| referral.grants(provider, london_date(at)));
        let Some(release) = granted else { return Ok(Vec::new()) };
        let new = envelopes.iter().filter(|(purpose, envelope)| {
            release.envelopes.get(*purpose) != Some(*envelope) && !self.key_destroyed(referral.id, **purpose)
        });
        let sealed = new.map(|(purpose, envelope)| {
            release.check(referral.id, *purpose, envelope)?;
            Ok(referral.envelope_sealed(provider, *purpose, envelope, referral.version, at))
        });
        sealed.collect()
    }

    pub(crate) fn note_envelope(
        &mut self,
        referral: ReferralId,
        provider: &ProviderId,
        (purpose, envelope): (KeyPurpose, Envelope),
    ) {
        self.change_release(referral, provider, |release| {
            release.keys = release.keys.max(envelope.number);
            release.envelopes.insert(purpose, envelope);
        });
        self.note_keys_ending(referral, provider);
    }

    pub(crate) fn note_key_destroyed(&mut self, event: &ProviderKeyDestroyed) {
        let ProviderKey { provider, purpose, number } = &event.key;
        self.change_release(event.referral, provider, |release| {
            if release.envelopes.get(purpose).is_some_and(|it| it.number == *number) {
                release.envelopes.remove(purpose);
            }
        });
        self.destroyed_provider_keys.push((event.referral, event.key.clone()));
        self.note_keys_ending(event.referral, provider);
    }

    /// Keeps [`State::keys_ending`] to what it says, after the provider's grant or envelopes changed.
    pub(crate) fn note_keys_ending(&mut self, referral: ReferralId, provider: &ProviderId) {
        let found = self.referrals.get(&referral);
        let end = found.and_then(|it| it.granted.get(provider).copied().flatten());
        let has_keys =
            found.and_then(|it| it.releases.get(provider)).is_some_and(|it| !it.envelopes.is_empty());
        self.keys_ending.retain(|(_, of, whose)| (*of, whose) != (referral, provider));
        self.keys_ending.extend(end.filter(|_| has_keys).map(|end| (end, referral, provider.clone())));
    }

    /// The first of the grants that end on a known day and whose keys are still there: the day, the referral and the provider.
    #[must_use]
    pub fn next_keys_ending(&self) -> Option<&(Date, ReferralId, ProviderId)> {
        self.keys_ending.first()
    }
}
