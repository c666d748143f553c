//! Who may read the whole of a referral: those whom the council shortlists, until they withdraw or lose, and after the award whoever may see
//! who the child is. Each reading is an event.

use super::{Decision, must_be_open, referral, released_referral};
use crate::commands::{EndShortlisting, ReadShortlisted, ShortlistProvider};
use crate::events::{
    ProviderShortlisted, ReferralEvent, ShortlistEnd, ShortlistedReferralRead, ShortlistingEnded,
};
use crate::rejection::Rejection;
use crate::requirements::KeyPurpose;
use crate::state::{Answer, Referral, Release, State};
use care::{ProviderId, Timestamp, london_date};

/// How many can be shortlisted at once: a need to know is not a region's.
pub const SHORTLIST_MAX: usize = 20;

pub(super) fn shortlist(state: &State, command: &ShortlistProvider) -> Decision {
    let referral = referral(state, command.referral)?;
    must_be_open(referral)?;
    let (id, provider) = (referral.id, command.provider.clone());
    let Some(release) = referral.releases.get(&provider) else {
        return Err(Rejection::ProviderNotInvited { referral: id, provider });
    };
    if release.is_shortlisted() {
        return Ok(Vec::new());
    }
    if matches!(&release.answer, Answer::Declined { referral_version, .. } if *referral_version == referral.version)
    {
        return Err(Rejection::ProviderHasDeclined { referral: id, provider });
    }
    if referral.releases.values().filter(|release| release.is_shortlisted()).count() >= SHORTLIST_MAX {
        return Err(Rejection::LimitReached {
            referral: id,
            what: "shortlisted providers",
            most: SHORTLIST_MAX,
        });
    }
    if command.referral_version != referral.version {
        // What was sealed for it is not what it would read.
        let (expected, current) = (command.referral_version, referral.version);
        return Err(Rejection::VersionChanged { expected, current });
    }
    match &command.envelope {
        Some(envelope) => release.check(id, KeyPurpose::Narrative, envelope)?,
        // It would read by the council's own key.
        None if referral.narrative.is_some() || referral.background.is_some() => {
            return Err(Rejection::EnvelopeStale(id));
        }
        None => {}
    }
    let event = ProviderShortlisted {
        council: referral.council,
        referral: id,
        referral_version: referral.version,
        provider,
        envelope: command.envelope.clone(),
        at: command.at,
    };
    Ok(vec![event.into()])
}

pub(super) fn end(state: &State, command: &EndShortlisting) -> Decision {
    let referral = referral(state, command.referral)?;
    Ok(ended(referral, &command.provider, ShortlistEnd::Removed, command.at))
}

pub(super) fn read(state: &State, command: &ReadShortlisted) -> Decision {
    let referral = released_referral(state, command.referral, &command.provider)?;
    if !referral.grants(&command.provider, london_date(command.at)) {
        let shortlisted = referral.releases.get(&command.provider).and_then(|it| it.shortlisted.as_ref());
        let Some(shortlisted) = shortlisted else { return Err(Rejection::NotShortlisted(referral.id)) };
        if let Some((reason, _)) = shortlisted.ended {
            return Err(Rejection::ShortlistEnded { referral: referral.id, reason });
        }
    }
    let new = state.new_envelopes(referral, &command.provider, &command.envelopes, command.at)?;
    let event = ShortlistedReferralRead {
        council: referral.council,
        referral: referral.id,
        referral_version: referral.version,
        provider: command.provider.clone(),
        at: command.at,
    };
    Ok(new.into_iter().chain([event.into()]).collect())
}

/// The end of a provider's place on the list, if it has one, and with it of the key that it read by.
pub(super) fn ended(
    referral: &Referral,
    provider: &ProviderId,
    reason: ShortlistEnd,
    at: Timestamp,
) -> Vec<ReferralEvent> {
    if !referral.releases.get(provider).is_some_and(Release::is_shortlisted) {
        return Vec::new();
    }
    let (council, referral_id) = (referral.council, referral.id);
    let ended =
        ShortlistingEnded { council, referral: referral_id, provider: provider.clone(), reason, at }.into();
    [ended].into_iter().chain(referral.keys_destroyed(provider, |_| true, at)).collect()
}

/// The end of the whole list; `why` says it of each provider.
pub(super) fn all_ended(
    referral: &Referral,
    why: impl Fn(&ProviderId) -> ShortlistEnd,
    at: Timestamp,
) -> Vec<ReferralEvent> {
    let providers = referral.releases.keys();
    providers.flat_map(|provider| ended(referral, provider, why(provider), at)).collect()
}
