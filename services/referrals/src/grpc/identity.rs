//! Who the child is: shown to those who may see it, and erased.

use super::Answer;
use crate::Referrals;
use crate::form;
use crate::render;
use api::referrals as proto;
use care::{CouncilId, Domain as _, code_sets, london_date};
use referrals_domain::{EraseIdentity, KeyPurpose, Referral, Rejection, RevealIdentity, Viewer};
use service_kit::{
    Caller, Fields, Role, referral_name, refuse, refused, run_command, timestamp, unavailable,
};
use std::collections::{BTreeMap, BTreeSet};
use tokio::sync::oneshot;
use tonic::{Code, Request, Response, Status};

fn parts(fields: &mut Fields, given: &[i32]) -> Option<BTreeSet<KeyPurpose>> {
    fields.at_most("parts", given.len(), KeyPurpose::ALL.len())?;
    if given.is_empty() {
        fields.violation("parts", "name at least one");
    }
    let mut parts = BTreeSet::new();
    for (i, part) in given.iter().enumerate() {
        match proto::SealedPart::try_from(*part) {
            Ok(proto::SealedPart::Identity) => parts.insert(KeyPurpose::Identity),
            Ok(proto::SealedPart::Narrative) => parts.insert(KeyPurpose::Narrative),
            _ => {
                fields.violation(
                    format!("parts[{i}]"),
                    "expected SEALED_PART_IDENTITY or SEALED_PART_NARRATIVE",
                );
                return None;
            }
        };
    }
    Some(parts)
}

impl Referrals {
    /// Who asks: the council about its own child, or a provider, whose grant is for the domain to judge.
    fn viewer(caller: &Caller, council: CouncilId) -> Result<Viewer, Status> {
        match &caller.role {
            Role::Provider(provider) => Ok(Viewer::Provider(provider.clone())),
            Role::Council(_) | Role::FrameworkLead(_) | Role::Service(_) => {
                caller.require_council(council).map(|()| Viewer::Council)
            }
        }
    }

    pub(super) async fn reveal(
        &self,
        request: Request<proto::RevealIdentityRequest>,
    ) -> Answer<proto::RevealIdentityResponse> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let name = form::referral(&mut fields, "name", &message.name);
        let purpose = fields.code("purpose", code_sets::REVEAL, &message.purpose, london_date(caller.at));
        let ((council, referral), purpose) = fields.finish(|| name.zip(purpose))?;
        let viewer = Self::viewer(&caller, council)?;
        let unknown = Rejection::ReferralUnknown(referral);
        let desk = self.named_desk(council, &unknown)?;
        let at = caller.at;
        let found = desk.engine.read(|state| state.referrals.get(&referral).cloned());
        let found = found.ok_or_else(|| refuse(&unknown))?;
        let envelopes = match &viewer {
            Viewer::Council => BTreeMap::new(),
            Viewer::Provider(provider) => desk.seal_for_awarded(&found, provider, at).await?,
        };
        let command = RevealIdentity { referral, viewer: viewer.clone(), purpose, envelopes, at };
        // Before it is recorded that somebody saw what nobody can see any more; who may not see it hears that first.
        let has_lost_all = |found: &Referral| match &viewer {
            Viewer::Council => desk.vault.has_lost_all(found),
            Viewer::Provider(provider) => desk.has_lost_all_of(found, provider, &command.envelopes),
        };
        let lost = desk.engine.read(|state| {
            referrals_domain::Referrals::decide(state, &command.clone().into()).is_ok()
                && state.referrals.get(&referral).is_some_and(has_lost_all)
        });
        if lost {
            let message = "the key that it was sealed with is lost: while the referral is open, its council can give it again by amending";
            return Err(refused(Code::FailedPrecondition, "IDENTITY_KEY_LOST", message, []));
        }
        // No answer is kept for a repeat: an identity in clear must not be written beside the events, and each showing is
        // an event of its own.
        let (tell, told) = oneshot::channel();
        let receipt = move |state: &referrals_domain::State, _: &[referrals_domain::ReferralEvent]| {
            // Whoever asked may have gone away.
            let _ = tell.send(state.referrals.get(&referral).cloned());
            proto::RevealIdentityResponse {
                referral: referral_name(council, referral),
                identity: None,
                reveal_time: Some(timestamp(at)),
            }
        };
        let mut response = run_command(&desk.engine, &caller, &message, "", command.into(), receipt).await?;
        let found = told.await.ok().flatten().ok_or_else(|| refuse(&unknown))?;
        let clear = match &viewer {
            Viewer::Council => desk.vault.unseal(&found)?,
            Viewer::Provider(provider) => desk.revealed_to(&found, provider)?,
        };
        let person = clear.person.unwrap_or_default();
        let codes = clear.codes.unwrap_or_default();
        response.get_mut().identity = Some(proto::Identity {
            given_name: person.given_name,
            family_name: person.family_name,
            date_of_birth: person.date_of_birth.map(|date| date.to_string()).unwrap_or_default(),
            home_postcode: person.home_postcode,
            case_reference: person.case_reference,
            narrative: clear.narrative.unwrap_or_default(),
            health: codes.health,
            ethnicity: codes.ethnicity,
            religion: codes.religion,
            language: codes.language,
        });
        Ok(response)
    }

    pub(super) async fn erase(
        &self,
        request: Request<proto::EraseIdentityRequest>,
    ) -> Answer<proto::Referral> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let name = form::referral(&mut fields, "name", &message.name);
        let purposes = parts(&mut fields, &message.parts);
        let ((council, referral), purposes) = fields.finish(|| name.zip(purposes))?;
        let desk = self.own_desk(&caller, council)?;
        let command = EraseIdentity { referral, purposes: purposes.clone(), at: caller.at };
        let response: Response<proto::Referral> = run_command(
            &desk.engine,
            &caller,
            &message,
            &message.request_id,
            command.into(),
            move |state, _| render::referral_by_id(state, referral, caller.at),
        )
        .await?;
        // Recorded first: should this fail or never run, the key is destroyed by a repeat or at the next start.
        let of_providers = desk.engine.read(|state| {
            let ended = state.destroyed_provider_keys.iter().filter(|(of, _)| *of == referral);
            ended.map(|(_, key)| key.name()).collect::<Vec<_>>()
        });
        let own = purposes.into_iter().map(|purpose| purpose.as_str().to_owned());
        let ended = own.chain(of_providers).map(|name| (referral, name));
        desk.vault.destroy(ended).await.map_err(|error| {
            tracing::error!(%referral, %error, "ALARM: a key that was to be destroyed still exists");
            unavailable(
                "the erasure is recorded but the key still exists: ask again with the same request_id",
            )
        })?;
        Ok(response)
    }
}
