//! The shortlist: who is on it, and what they read.

use super::Answer;
use crate::Referrals;
use crate::form;
use crate::render;
use crate::slips::PersonalDataInText;
use api::referrals as proto;
use care::{CouncilId, Domain as _, ProviderId, ReferralId};
use referrals_domain::{EndShortlisting, ReadShortlisted, Rejection, ShortlistProvider, State};
use service_kit::{Caller, Fields, refuse, run_command, timestamp};
use tokio::sync::oneshot;
use tonic::{Request, Status};

fn names(name: &str, provider: &str) -> Result<(CouncilId, ReferralId, ProviderId), Status> {
    let mut fields = Fields::new();
    let name = form::referral(&mut fields, "name", name);
    let provider = fields.provider("provider", provider);
    fields.finish(|| name.zip(provider).map(|((council, referral), provider)| (council, referral, provider)))
}

impl Referrals {
    pub(super) async fn shortlist(
        &self,
        request: Request<proto::ShortlistProviderRequest>,
    ) -> Answer<proto::Referral> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let (council, referral, provider) = names(&message.name, &message.provider)?;
        let desk = self.own_desk(&caller, council)?;
        let found = desk.engine.read(|state| state.referrals.get(&referral).cloned());
        let found = found.ok_or_else(|| refuse(&Rejection::ReferralUnknown(referral)))?;
        let (at, referral_version) = (caller.at, found.version);
        let mut command = ShortlistProvider { referral, referral_version, provider, envelope: None, at };
        // Before a key is made: none is for who is refused, is on the list already, or repeats what was answered. Of these the answer is the
        // engine's, which has the one that was kept.
        let asked = command.clone().into();
        let decided = desk.engine.read(|state| referrals_domain::Referrals::decide(state, &asked));
        if matches!(decided, Err(Rejection::EnvelopeStale(_)))
            && !desk.has_answered(&caller, &message.request_id).await?
        {
            let clear = desk.vault.unseal(&found)?;
            if clear.names_child(found.identity.is_some()) {
                return Err(refuse(&PersonalDataInText::NARRATIVE));
            }
            command.envelope = desk.seal_for_shortlisted(&found, &command.provider, clear).await?;
        }
        run_command(&desk.engine, &caller, &message, &message.request_id, command.into(), move |state, _| {
            render::referral_by_id(state, referral, at)
        })
        .await
    }

    pub(super) async fn end_shortlisting(
        &self,
        request: Request<proto::EndShortlistingRequest>,
    ) -> Answer<proto::Referral> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let (council, referral, provider) = names(&message.name, &message.provider)?;
        let desk = self.own_desk(&caller, council)?;
        let at = caller.at;
        let command = EndShortlisting { referral, provider, at };
        run_command(&desk.engine, &caller, &message, &message.request_id, command.into(), move |state, _| {
            render::referral_by_id(state, referral, at)
        })
        .await
    }

    pub(super) async fn read_shortlisted(
        &self,
        request: Request<proto::ReadShortlistedReferralRequest>,
    ) -> Answer<proto::ShortlistedReferral> {
        let caller = Caller::of(&request)?;
        let provider = caller.provider()?.clone();
        let message = request.into_inner();
        let mut fields = Fields::new();
        let name = form::referral(&mut fields, "name", &message.name);
        let (council, referral) = fields.finish(|| name)?;
        let unknown = Rejection::ReferralUnknown(referral);
        let desk = self.named_desk(council, &unknown)?;
        let (at, viewer) = (caller.at, provider.clone());
        let found = desk.engine.read(|state| state.referrals.get(&referral).cloned());
        let found = found.ok_or_else(|| refuse(&unknown))?;
        let envelopes = desk.seal_for_awarded(&found, &provider, at).await?;
        let command = ReadShortlisted { referral, provider, envelopes, at };
        let (tell, told) = oneshot::channel();
        // What is shown is what stood when the reading was recorded. No answer is kept for a repeat: what is sealed must not be written
        // beside the events, and each reading is an event of its own.
        let reader = viewer.clone();
        let receipt = move |state: &State, _: &[referrals_domain::ReferralEvent]| {
            let found = state.referrals.get(&referral);
            // Whoever asked may have gone away.
            let _ =
                tell.send(found.and_then(|it| Some((it.clone(), render::released(state, it, &reader, at)?))));
            proto::ShortlistedReferral::default()
        };
        let mut response = run_command(&desk.engine, &caller, &message, "", command.into(), receipt).await?;
        let (found, released) = told.await.ok().flatten().ok_or_else(|| refuse(&unknown))?;
        let told = desk.told_to(&found, &viewer)?;
        let codes = told.codes.unwrap_or_default();
        *response.get_mut() = proto::ShortlistedReferral {
            narrative: told.narrative.unwrap_or_default(),
            narrative_withheld: told.withheld,
            health: codes.health,
            ethnicity: codes.ethnicity,
            religion: codes.religion,
            language: codes.language,
            read_time: Some(timestamp(at)),
            ..render::shortlisted(&found, released)
        };
        Ok(response)
    }
}
