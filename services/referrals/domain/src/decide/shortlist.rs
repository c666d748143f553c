//! Who may read the whole of a referral: those whom the council shortlists, until they withdraw or lose, and after the award whoever may see
//! who the child is. Each reading is an event.

use super::{Decision, must_be_open, referral, released_referral};
use crate::commands::{EndShortlisting, ReadShortlisted, ShortlistProvider};
use crate::events::{
    ProviderShortlisted, ReferralEvent, ShortlistEnd, ShortlistedReferralRead, ShortlistingEnded,
};
use crate::rejection::Rejection;
use crate::state::{Answer, Referral, State};
use care::{ProviderId, Timestamp, london_date};

/// How many can be shortlisted at once: a need to know is not a region's.
const SHORTLIST_MAX: usize = 20;

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
    let event = ProviderShortlisted {
        council: referral.council,
        referral: id,
        referral_version: referral.version,
        provider,
        at: command.at,
    };
    Ok(vec![event.into()])
}

pub(super) fn end(state: &State, command: &EndShortlisting) -> Decision {
    let referral = referral(state, command.referral)?;
    Ok(ended(referral, &command.provider, ShortlistEnd::Removed, command.at).into_iter().collect())
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
    let event = ShortlistedReferralRead {
        council: referral.council,
        referral: referral.id,
        referral_version: referral.version,
        provider: command.provider.clone(),
        at: command.at,
    };
    Ok(vec![event.into()])
}

/// The end of a provider's place on the list, if it has one.
pub(super) fn ended(
    referral: &Referral,
    provider: &ProviderId,
    reason: ShortlistEnd,
    at: Timestamp,
) -> Option<ReferralEvent> {
    let provider = provider.clone();
    referral.releases.get(&provider).filter(|release| release.is_shortlisted())?;
    Some(ShortlistingEnded { council: referral.council, referral: referral.id, provider, reason, at }.into())
}

/// The end of the whole list; `why` says it of each provider.
pub(super) fn all_ended(
    referral: &Referral,
    why: impl Fn(&ProviderId) -> ShortlistEnd,
    at: Timestamp,
) -> Vec<ReferralEvent> {
    let providers = referral.releases.keys();
    providers.filter_map(|provider| ended(referral, provider, why(provider), at)).collect()
}
