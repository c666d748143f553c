//! Referrals: posting, looking, amending, withdrawing.

use super::staying::follows;
use super::{Answer, pages};
use crate::Referrals;
use crate::desk::id_seed;
use crate::form::{self, Before};
use crate::render;
use crate::seal::Closed;
use api::referrals as proto;
use care::{ReferralId, code_sets, london_date};
use referrals_domain::{AmendReferral, PostReferral, Rejection, WithdrawReferral};
use service_kit::{Caller, Fields, refuse, run_command};
use std::collections::BTreeMap;
use tonic::{Request, Response};

/// What stands for an identity in the hash of a request. The hash is kept for ever, so it must not be one of names and dates that
/// could be tried out: each part is a fingerprint under a key that erasure destroys.
fn fingerprints(closed: &Closed) -> proto::Identity {
    let [identity, narrative, codes] = closed.fingerprints.clone();
    proto::Identity { given_name: identity, narrative, ethnicity: codes, ..Default::default() }
}

impl Referrals {
    pub(super) async fn post(&self, request: Request<proto::PostReferralRequest>) -> Answer<proto::Referral> {
        let caller = Caller::of(&request)?;
        let mut message = request.into_inner();
        let identity = message.identity.take();
        let mut fields = Fields::new();
        let council = fields.council("parent", &message.parent);
        let follows = follows(&mut fields, message.follows.as_ref(), council, london_date(caller.at));
        let ((council, follows), asked) = form::asked(
            fields,
            message.requirements.as_ref(),
            identity.as_ref(),
            &Before::default(),
            london_date(caller.at),
            council.zip(follows),
        )?;
        let desk = self.own_desk(&caller, council)?;
        let referral = ReferralId::for_request(&caller.actor(), &id_seed(&message.request_id));
        if desk.engine.read(|state| state.referrals.contains_key(&referral)) {
            desk.require_recognisable(&caller, &message.request_id, &asked.clear).await?;
        }
        let closed = desk.vault.seal(referral, asked.clear).await?;
        message.identity = identity.map(|_| fingerprints(&closed));
        let command = PostReferral {
            referral,
            council,
            requirements: asked.requirements,
            identity: closed.identity,
            narrative: closed.narrative,
            background: closed.background,
            follows,
            at: caller.at,
        };
        run_command(&desk.engine, &caller, &message, &message.request_id, command.into(), move |state, _| {
            render::referral_by_id(state, referral, caller.at)
        })
        .await
    }

    pub(super) async fn one(&self, request: Request<proto::GetReferralRequest>) -> Answer<proto::Referral> {
        let caller = Caller::of(&request)?;
        let mut fields = Fields::new();
        let name = form::referral(&mut fields, "name", &request.get_ref().name);
        let (council, id) = fields.finish(|| name)?;
        let desk = self.own_desk(&caller, council)?;
        desk.engine.read(|state| match state.referrals.get(&id) {
            Some(referral) => Ok(Response::new(render::referral(state, referral, caller.at))),
            None => Err(refuse(&Rejection::ReferralUnknown(id))),
        })
    }

    pub(super) async fn page(
        &self,
        request: Request<proto::ListReferralsRequest>,
    ) -> Answer<proto::ListReferralsResponse> {
        let caller = Caller::of(&request)?;
        let message = request.get_ref();
        let today = london_date(caller.at);
        let mut fields = Fields::new();
        let council = fields.council("parent", &message.parent);
        if !message.urgency.is_empty() {
            fields.code("urgency", code_sets::URGENCY, &message.urgency, today);
        }
        if !message.provision.is_empty() {
            fields.code("provision", code_sets::PROVISION, &message.provision, today);
        }
        let stage = fields.check("stage", proto::ReferralStage::try_from(message.stage));
        let (council, stage) = fields.finish(|| Some((council?, stage?)))?;
        let desk = self.own_desk(&caller, council)?;
        let asked = |it: &referrals_domain::Referral| {
            (stage == proto::ReferralStage::Unspecified || render::stage(&it.stage) == stage)
                && (message.urgency.is_empty() || it.requirements.urgency == message.urgency)
                && (message.provision.is_empty() || it.requirements.provisions.contains(&message.provision))
        };
        let (referrals, next_page_token) = desk.engine.read(|state| {
            pages::of_map(&state.referrals, message, |it| {
                asked(it).then(|| render::referral_in_list(state, it))
            })
        })?;
        Ok(Response::new(proto::ListReferralsResponse { referrals, next_page_token }))
    }

    pub(super) async fn amend(
        &self,
        request: Request<proto::AmendReferralRequest>,
    ) -> Answer<proto::Referral> {
        let caller = Caller::of(&request)?;
        let mut message = request.into_inner();
        let identity = message.identity.take();
        let mut fields = Fields::new();
        let name = form::referral(&mut fields, "name", &message.name);
        let expected_version = form::etag(&mut fields, "etag", &message.etag);
        let before = match name {
            // Only of the caller's own: another council's name is refused below, whatever it holds.
            Some((council, id)) if caller.require_council(council).is_ok() => self.before(council, id),
            _ => Before::default(),
        };
        let ((council, referral, expected_version), mut asked) = form::asked(
            fields,
            message.requirements.as_ref(),
            identity.as_ref(),
            &before,
            london_date(caller.at),
            name.zip(expected_version).map(|((council, id), version)| (council, id, version)),
        )?;
        let desk = self.own_desk(&caller, council)?;
        // Before anything is sealed: a key for a referral that is not there would be of no use.
        if !desk.engine.read(|state| state.referrals.contains_key(&referral)) {
            return Err(refuse(&Rejection::ReferralUnknown(referral)));
        }
        if message.replace_background {
            asked.clear.codes.get_or_insert_default();
        }
        desk.require_recognisable(&caller, &message.request_id, &asked.clear).await?;
        // Of another version nothing is sealed for anybody: it will be refused, or is a repeat.
        let found = desk.engine.read(|state| state.referrals.get(&referral).cloned());
        let envelopes = match found.filter(|it| it.version == expected_version) {
            Some(found) => desk.reseal_for_shortlisted(&found, &asked.clear).await?,
            None => BTreeMap::new(),
        };
        let closed = desk.vault.seal(referral, asked.clear).await?;
        message.identity = identity.map(|_| fingerprints(&closed));
        let command = AmendReferral {
            referral,
            expected_version,
            requirements: asked.requirements,
            identity: closed.identity,
            narrative: closed.narrative,
            background: closed.background,
            envelopes,
            at: caller.at,
        };
        run_command(&desk.engine, &caller, &message, &message.request_id, command.into(), move |state, _| {
            render::referral_by_id(state, referral, caller.at)
        })
        .await
    }

    /// What an amendment may leave out.
    fn before(&self, council: care::CouncilId, id: ReferralId) -> Before {
        let Some(desk) = self.desks.get(&council) else { return Before::default() };
        desk.engine.read(|state| match state.referrals.get(&id) {
            Some(it) => Before {
                age: Some((it.requirements.age_years, it.requirements.age_assessed)),
                anchor: it.requirements.anchor.clone(),
                needed_from: Some(it.requirements.needed_from),
            },
            None => Before::default(),
        })
    }

    pub(super) async fn withdraw(
        &self,
        request: Request<proto::WithdrawReferralRequest>,
    ) -> Answer<proto::Referral> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let name = form::referral(&mut fields, "name", &message.name);
        let reason = fields.code("reason", code_sets::WITHDRAWAL, &message.reason, london_date(caller.at));
        let ((council, referral), reason) = fields.finish(|| name.zip(reason))?;
        let desk = self.own_desk(&caller, council)?;
        let command = WithdrawReferral { referral, reason, at: caller.at };
        run_command(&desk.engine, &caller, &message, &message.request_id, command.into(), move |state, _| {
            render::referral_by_id(state, referral, caller.at)
        })
        .await
    }
}
