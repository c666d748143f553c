//! What is sealed for single providers: those who act know the number of the key that is in force, mostly.

use super::council::sealed;
use crate::breach::Checked;
use crate::world::World;
use care::{ProviderId, ReferralId};
use referrals_domain::{EndGrantKeys, Envelope, KeyPurpose, Referral};
use std::collections::BTreeMap;

impl World {
    /// An envelope for a provider, sometimes under a key that was never made or is gone, and sometimes another than before.
    pub(super) fn envelope(
        &mut self,
        desk: usize,
        referral: ReferralId,
        (provider, purpose): (&ProviderId, KeyPurpose),
    ) -> Envelope {
        let release = self.referral(desk, referral).and_then(|it| it.releases.get(provider));
        let number = release.map_or(1, |it| it.key_number(purpose));
        let (number, text) = match self.chance.below(40) {
            0 => (number + 1, "envelope"),
            1 => (number.saturating_sub(1), "envelope"),
            // As where a key was lost.
            2 => (number, "envelope once more"),
            _ => (number, "envelope"),
        };
        Envelope { number, sealed: sealed(text) }
    }

    /// For all who are on the shortlist; sometimes one was forgotten.
    pub(super) fn envelopes_of_list(
        &mut self,
        desk: usize,
        referral: ReferralId,
    ) -> BTreeMap<ProviderId, Envelope> {
        let on_list = |it: &Referral| {
            let on_list = it.releases.iter().filter(|(_, release)| release.is_shortlisted());
            on_list.map(|(provider, _)| provider.clone()).collect::<Vec<_>>()
        };
        let mut providers = self.referral(desk, referral).map(on_list).unwrap_or_default();
        if self.chance.percent(4) {
            providers.pop();
        }
        let sealed = providers.into_iter().map(|provider| {
            let envelope = self.envelope(desk, referral, (&provider, KeyPurpose::Narrative));
            (provider, envelope)
        });
        sealed.collect()
    }

    /// For one who may see who the child is, both; nobody else is given any.
    pub(super) fn envelopes_of_grant(
        &mut self,
        desk: usize,
        referral: ReferralId,
        provider: &ProviderId,
    ) -> BTreeMap<KeyPurpose, Envelope> {
        let granted = self.referral(desk, referral).is_some_and(|it| it.granted.contains_key(provider));
        let purposes = KeyPurpose::ALL.into_iter().filter(|_| granted);
        purposes.map(|purpose| (purpose, self.envelope(desk, referral, (provider, purpose)))).collect()
    }

    /// What the service does by itself once the day has come; sometimes it looks for nothing.
    pub(super) fn end_grant_keys(&mut self) -> Checked {
        let desk = self.some_desk();
        let next = self.desks[desk].referrals.state.next_keys_ending().cloned();
        let any = self.some_referral(desk).zip(self.chance.one_of(&self.providers).cloned());
        let ended = next.map(|(_, referral, provider)| (referral, provider));
        let Some((referral, provider)) = ended.filter(|_| self.chance.percent(90)).or(any) else {
            return Ok(());
        };
        self.ask_referrals(desk, &EndGrantKeys { referral, provider, at: self.now }.into())?;
        Ok(())
    }
}
