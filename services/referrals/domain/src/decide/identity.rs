//! Who may see who the child is, and the end of that. Invariant 7 is kept here: each unmasking follows a grant and is an event.

use super::post::check_codes;
use super::{Decision, referral, released_referral};
use crate::commands::{EndGrantKeys, EraseIdentity, RevealIdentity, Viewer};
use crate::events::{IdentityKeyDestroyed, IdentityRevealed, ReferralEvent};
use crate::rejection::Rejection;
use crate::requirements::KeyPurpose;
use crate::state::{Referral, Stage, State};
#[cfg(feature = "planted-defects")]
use care::planted::{Planted, is_planted};
use care::{Date, ProviderId, code_sets, london_date};

pub(super) fn reveal(state: &State, command: &RevealIdentity) -> Decision {
    let (found, provider) = match &command.viewer {
        Viewer::Council => (referral(state, command.referral)?, None),
        Viewer::Provider(provider) => {
            (released_referral(state, command.referral, provider)?, Some(provider.clone()))
        }
    };
    check_codes(command.at, &[("purpose", code_sets::REVEAL, &command.purpose)])?;
    let grantee = provider.as_ref();
    #[cfg(feature = "planted-defects")]
    let grantee = grantee.filter(|grantee| {
        let granted = found.granted.contains_key(*grantee);
        !is_planted(if granted { Planted::RevealedAfterEnd } else { Planted::RevealedWithoutGrant })
    });
    if let Some(provider) = grantee {
        let end = *found.granted.get(provider).ok_or(Rejection::IdentityNotGranted(found.id))?;
        if let Some(end) = end.filter(|end| *end <= london_date(command.at)) {
            return Err(Rejection::IdentityGrantEnded { referral: found.id, end });
        }
    }
    let told = found.narrative.is_some() || found.background.is_some();
    let sealed = [(KeyPurpose::Identity, found.identity.is_some()), (KeyPurpose::Narrative, told)];
    let mut known = sealed.iter().filter(|(_, is_sealed)| *is_sealed).peekable();
    if known.peek().is_none() {
        return Err(Rejection::IdentityUnknown(found.id));
    }
    if known.all(|(purpose, _)| state.key_destroyed(found.id, *purpose)) {
        return Err(Rejection::IdentityDestroyed(found.id));
    }
    #[cfg(feature = "planted-defects")]
    if is_planted(Planted::RevealUnrecorded) {
        return Ok(Vec::new());
    }
    let new = match &provider {
        Some(provider) => state.new_envelopes(found, provider, &command.envelopes, command.at)?,
        None => Vec::new(),
    };
    let event = IdentityRevealed {
        council: found.council,
        referral: found.id,
        provider,
        purpose: command.purpose.clone(),
        at: command.at,
    };
    Ok(new.into_iter().chain([event.into()]).collect())
}

/// With whom the child lives as far as is known on `today`, and until when if that is known: the provider of the award that holds, still on the day
/// of departure, which is not over. Where others have seen who the child is, the child never came.
fn lives_with<'a>(
    state: &State,
    referral: &'a Referral,
    today: Date,
) -> Option<(&'a ProviderId, Option<Date>)> {
    let Stage::Awarded { award, .. } = &referral.stage else { return None };
    let provider = &state.awards.get(award)?.proposed.provider;
    let (provider, until) = referral.granted.get_key_value(provider)?;
    until.is_none_or(|until| today <= until).then_some((provider, *until))
}

pub(super) fn erase(state: &State, command: &EraseIdentity) -> Decision {
    let found = referral(state, command.referral)?;
    if command.purposes.is_empty() {
        return Err(Rejection::field("purposes", "name at least one key to destroy"));
    }
    let needed = match &found.stage {
        Stage::Open | Stage::AwardInFlight { .. } => true,
        // Should the child never come, the referral is open again.
        Stage::Awarded { award, .. } => state.awards.get(award).is_some_and(|award| award.arrived.is_none()),
        Stage::Withdrawn { .. } => false,
    };
    if needed {
        return Err(Rejection::ReferralStillOpen(found.id));
    }
    if let Some((provider, until)) = lives_with(state, found, london_date(command.at)) {
        let (referral, provider) = (found.id, provider.clone());
        return Err(Rejection::IdentityStillGranted { referral, provider, until });
    }
    let left = command.purposes.iter().filter(|purpose| !state.key_destroyed(found.id, **purpose));
    let destroyed = left.map(|purpose| {
        ReferralEvent::from(IdentityKeyDestroyed {
            council: found.council,
            referral: found.id,
            purpose: *purpose,
            at: command.at,
        })
    });
    // What was sealed for providers is the same, and ends with it.
    let of_providers = found.releases.keys().flat_map(|provider| {
        found.keys_destroyed(provider, |purpose| command.purposes.contains(&purpose), command.at)
    });
    Ok(destroyed.chain(of_providers).collect())
}

/// What is not over yet is left as it is, and what has ended for other reasons has no keys any more.
pub(super) fn end_keys(state: &State, command: &EndGrantKeys) -> Decision {
    let found = referral(state, command.referral)?;
    let end = found.granted.get(&command.provider).copied().flatten();
    if end.is_none_or(|end| end > london_date(command.at)) {
        return Ok(Vec::new());
    }
    Ok(found.keys_destroyed(&command.provider, |_| true, command.at))
}
