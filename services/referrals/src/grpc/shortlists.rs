//! The shortlist: who is on it, and what they read.

use super::Answer;
use crate::Referrals;
use crate::form;
use crate::render;
use crate::seal::Clear;
use crate::slips::PersonalDataInText;
use api::referrals as proto;
use care::{CouncilId, ProviderId, ReferralId};
use referrals_domain::{EndShortlisting, ReadShortlisted, Referral, Rejection, ShortlistProvider};
use service_kit::{Caller, Fields, refuse, run_command, timestamp};
use tonic::{Request, Status};

/// Whether the account of needs holds something of who the child is; or may, where that was said and cannot be read any more.
pub(crate) fn narrative_names_child(referral: &Referral, clear: &Clear) -> bool {
    clear.narrative.as_deref().is_some_and(|text| match &clear.person {
        Some(person) => person.is_named_in(text),
        None => referral.identity.is_some(),
    })
}

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
        if narrative_names_child(&found, &desk.vault.unseal(&found)?) {
            return Err(refuse(&PersonalDataInText::NARRATIVE));
        }
        let at = caller.at;
        let command = ShortlistProvider { referral, provider, at };
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
        let command = ReadShortlisted { referral, provider, at };
        // No answer is kept for a repeat: what is sealed must not be written beside the events, and each reading is an event of its own.
        let receipt = |_: &referrals_domain::State, _: &[referrals_domain::ReferralEvent]| {
            proto::ShortlistedReferral::default()
        };
        let mut response = run_command(&desk.engine, &caller, &message, "", command.into(), receipt).await?;
        let found = desk.engine.read(|state| {
            let it = state.referrals.get(&referral)?;
            Some((it.clone(), render::released(state, it, &viewer, at)?))
        });
        let (found, released) = found.ok_or_else(|| refuse(&unknown))?;
        let clear = desk.vault.unseal(&found)?;
        // It may have been amended since the provider was shortlisted: before an award nobody reads who the child is.
        let withheld = !released.identity_granted && narrative_names_child(&found, &clear);
        let codes = clear.codes.unwrap_or_default();
        *response.get_mut() = proto::ShortlistedReferral {
            narrative: clear.narrative.filter(|_| !withheld).unwrap_or_default(),
            narrative_withheld: withheld,
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
