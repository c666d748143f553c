//! What single providers may read, sealed for each before it becomes part of a command.

use crate::desk::Desk;
use crate::seal::{Clear, Told};
use care::{ProviderId, Timestamp, london_date};
use referrals_domain::{Envelope, KeyPurpose, ProviderKey, Referral, Release};
use std::collections::BTreeMap;
use tonic::Status;

fn key(provider: &ProviderId, release: &Release, purpose: KeyPurpose) -> ProviderKey {
    ProviderKey { provider: provider.clone(), purpose, number: release.key_number(purpose) }
}

/// Whether anything is sealed under the narrative's key that the shortlisted read.
fn tells(referral: &Referral) -> bool {
    referral.narrative.is_some() || referral.background.is_some()
}

impl Desk {
    /// For who is to be shortlisted; none where nothing is sealed, or where it was never released to it.
    pub(crate) async fn seal_for_shortlisted(
        &self,
        referral: &Referral,
        provider: &ProviderId,
        clear: Clear,
    ) -> Result<Option<Envelope>, Status> {
        let Some(release) = referral.releases.get(provider).filter(|_| tells(referral)) else {
            return Ok(None);
        };
        let told = Told::before_award(clear, referral.identity.is_some());
        let key = key(provider, release, KeyPurpose::Narrative);
        self.vault.seal_for(referral.id, &key, &told).await.map(Some)
    }

    /// For all who are shortlisted, anew, once the referral is amended by what is `given`; none where nothing of that is sealed.
    pub(crate) async fn reseal_for_shortlisted(
        &self,
        referral: &Referral,
        given: &Clear,
    ) -> Result<BTreeMap<ProviderId, Envelope>, Status> {
        let new = given.person.is_some() || given.narrative.is_some() || given.codes.is_some();
        let shortlisted = referral.releases.iter().filter(|(_, release)| new && release.is_shortlisted());
        let shortlisted: Vec<_> = shortlisted.collect();
        if shortlisted.is_empty() {
            return Ok(BTreeMap::new());
        }
        let (given, before) = (given.clone(), self.vault.unseal(referral)?);
        let identity_given = given.person.is_some() || referral.identity.is_some();
        let clear = Clear {
            person: given.person.or(before.person),
            narrative: given.narrative.or(before.narrative),
            codes: given.codes.or(before.codes),
        };
        let told = Told::before_award(clear, identity_given);
        let mut envelopes = BTreeMap::new();
        for (provider, release) in shortlisted {
            let key = key(provider, release, KeyPurpose::Narrative);
            envelopes.insert(provider.clone(), self.vault.seal_for(referral.id, &key, &told).await?);
        }
        Ok(envelopes)
    }

    /// For who may see who the child is, as far as that was not done before or its key was lost since; none for anybody else.
    pub(crate) async fn seal_for_awarded(
        &self,
        referral: &Referral,
        provider: &ProviderId,
        at: Timestamp,
    ) -> Result<BTreeMap<KeyPurpose, Envelope>, Status> {
        let mut envelopes = BTreeMap::new();
        let Some(release) = referral.releases.get(provider) else { return Ok(envelopes) };
        let left = |purpose| {
            let sealed = release.envelopes.get(&purpose);
            sealed.is_none_or(|it| self.vault.has_lost(referral.id, &it.key(provider, purpose), it))
        };
        if !referral.grants(provider, london_date(at)) || !KeyPurpose::ALL.into_iter().any(left) {
            return Ok(envelopes);
        }
        let clear = self.vault.unseal(referral)?;
        if let Some(person) = clear.person.as_ref().filter(|_| left(KeyPurpose::Identity)) {
            let key = key(provider, release, KeyPurpose::Identity);
            envelopes.insert(KeyPurpose::Identity, self.vault.seal_for(referral.id, &key, person).await?);
        }
        let told = clear.narrative.is_some() || clear.codes.is_some();
        if told && left(KeyPurpose::Narrative) {
            let key = key(provider, release, KeyPurpose::Narrative);
            let told = Told::after_award(clear);
            envelopes.insert(KeyPurpose::Narrative, self.vault.seal_for(referral.id, &key, &told).await?);
        }
        Ok(envelopes)
    }

    /// What is read with the narrative, as it was sealed for a provider; as the council has it, for one who was shortlisted before
    /// providers had keys.
    pub(crate) fn told_to(&self, referral: &Referral, provider: &ProviderId) -> Result<Told, Status> {
        let envelope = envelope(referral, provider, KeyPurpose::Narrative);
        match envelope {
            Some((key, envelope)) => {
                Ok(self.vault.open_for(referral.id, &key, envelope)?.unwrap_or_default())
            }
            None => Ok(Told::before_award(self.vault.unseal(referral)?, referral.identity.is_some())),
        }
    }

    /// Whether nothing of what was sealed for a provider who may see who the child is can be read, these with it, since a key was lost.
    pub(crate) fn has_lost_all_of(
        &self,
        referral: &Referral,
        provider: &ProviderId,
        new: &BTreeMap<KeyPurpose, Envelope>,
    ) -> bool {
        let mut envelopes =
            referral.releases.get(provider).map(|it| it.envelopes.clone()).unwrap_or_default();
        envelopes.extend(new.iter().map(|(purpose, envelope)| (*purpose, envelope.clone())));
        if envelopes.is_empty() {
            // Nothing could be sealed for it.
            return self.vault.has_lost_all(referral);
        }
        let sealed = envelopes.iter().map(|(purpose, envelope)| (envelope.key(provider, *purpose), envelope));
        self.vault.has_lost_all_sealed_for(referral.id, sealed)
    }

    /// All of the child that was sealed for a provider who may see who it is.
    pub(crate) fn revealed_to(&self, referral: &Referral, provider: &ProviderId) -> Result<Clear, Status> {
        let person = match envelope(referral, provider, KeyPurpose::Identity) {
            Some((key, envelope)) => self.vault.open_for(referral.id, &key, envelope)?,
            None => None,
        };
        let told: Told = match envelope(referral, provider, KeyPurpose::Narrative) {
            Some((key, envelope)) => self.vault.open_for(referral.id, &key, envelope)?.unwrap_or_default(),
            None => Told::default(),
        };
        Ok(Clear { person, narrative: told.narrative, codes: told.codes })
    }
}

fn envelope<'a>(
    referral: &'a Referral,
    provider: &ProviderId,
    purpose: KeyPurpose,
) -> Option<(ProviderKey, &'a Envelope)> {
    let envelope = referral.releases.get(provider)?.envelopes.get(&purpose)?;
    Some((envelope.key(provider, purpose), envelope))
}
