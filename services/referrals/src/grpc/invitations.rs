//! Whom a council asked and what became of it; the steps that it waives, and what gates decide.

use super::{Answer, pages};
use crate::Referrals;
use crate::desk::Desk;
use crate::form;
use crate::render;
use api::referrals as proto;
use care::{ProviderId, ReferralId, code_sets, london_date};
use engine::Context;
use referrals_domain::{RecordGateDecision, Rejection, ViewInvitation, WaiveCascadeStep};
use service_kit::{Caller, Fields, refuse, run_command};
use tonic::Request;

/// Records that a provider opened a referral, where that is news. What it reads does not wait for it: that the evidence could not be kept
/// is the log's own trouble, and without it the council knows less, not more.
pub(super) async fn note_view(desk: &Desk, caller: &Caller, referral: ReferralId, provider: &ProviderId) {
    let news = desk.engine.read(|state| {
        let found = state.referrals.get(&referral)?;
        let release = found.releases.get(provider)?;
        Some(release.viewed.is_none_or(|(version, _)| version != found.version))
    });
    if news != Some(true) {
        return;
    }
    let at = caller.at;
    let (causation, correlation, request) = (None, None, None);
    let context = Context { actor: caller.actor(), causation, correlation, at, request };
    let command = ViewInvitation { referral, provider: provider.clone(), at };
    if let Err(error) = desk.engine.execute(command.into(), context, |_, _| Vec::new()).await {
        tracing::warn!(log = %desk.engine.log_id(), %error, "that a release was opened could not be recorded");
    }
}

impl Referrals {
    pub(super) async fn invitation_page(
        &self,
        request: Request<proto::ListInvitationsRequest>,
    ) -> Answer<proto::ListInvitationsResponse> {
        let caller = Caller::of(&request)?;
        let message = request.get_ref();
        let mut fields = Fields::new();
        let name = form::referral(&mut fields, "parent", &message.parent);
        let step = form::step_asked(&mut fields, &message.cascade_step, london_date(caller.at));
        let ((council, id), step) = fields.finish(|| name.zip(step))?;
        let desk = self.own_desk(&caller, council)?;
        let invitations = desk.engine.read(|state| {
            let referral = state.referrals.get(&id)?;
            let asked = referral.releases.iter().filter(|(_, release)| {
                let unanswered = release.answer == referrals_domain::Answer::None;
                (step.is_none() || release.step == step) && (unanswered || !message.unanswered_only)
            });
            let rendered = asked.map(|(provider, release)| {
                let shown = render::invitation(state, referral, provider, release, caller.at);
                (provider.as_str().to_owned(), shown)
            });
            Some(rendered.collect::<Vec<_>>())
        });
        let invitations = invitations.ok_or_else(|| refuse(&Rejection::ReferralUnknown(id)))?;
        let (invitations, next_page_token) = pages::of_sorted(invitations, message)?;
        Ok(tonic::Response::new(proto::ListInvitationsResponse { invitations, next_page_token }))
    }

    pub(super) async fn waive(
        &self,
        request: Request<proto::WaiveCascadeStepRequest>,
    ) -> Answer<proto::Referral> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let today = london_date(caller.at);
        let mut fields = Fields::new();
        let name = form::referral(&mut fields, "name", &message.name);
        let step = fields.code("step", code_sets::CASCADE_STEP, &message.step, today);
        let reason = fields.code("reason", code_sets::WAIVER, &message.reason, today);
        if message.approval.is_none() {
            fields.violation("approval", "must be given");
        }
        let approval = form::approval(&mut fields, "approval", message.approval.as_ref(), caller.at);
        let ((council, referral), step, reason, approval) =
            fields.finish(|| Some((name?, step?, reason?, approval?)))?;
        let desk = self.own_desk(&caller, council)?;
        let at = caller.at;
        let command = WaiveCascadeStep { referral, step, reason, approval };
        run_command(&desk.engine, &caller, &message, &message.request_id, command.into(), move |state, _| {
            render::referral_by_id(state, referral, at)
        })
        .await
    }

    pub(super) async fn decide_gate(
        &self,
        request: Request<proto::RecordGateDecisionRequest>,
    ) -> Answer<proto::Referral> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let today = london_date(caller.at);
        let mut fields = Fields::new();
        let offer = form::offer(&mut fields, "offer", &message.offer);
        let gate = fields.code("gate", code_sets::GATE, &message.gate, today);
        let decision = fields.code("decision", code_sets::GATE_DECISION, &message.decision, today);
        let by = message.by.clone().unwrap_or_default();
        let post = fields.text("by.approver", &by.approver, 80);
        let role = fields.text("by.role", &by.role, 40);
        let on = fields.date("on", &message.on);
        let ((council, referral, offer), gate, decision, post, role, on) =
            fields.finish(|| Some((offer?, gate?, decision?, post?, role?, on?)))?;
        let desk = self.own_desk(&caller, council)?;
        let at = caller.at;
        let command = RecordGateDecision { referral, offer, gate, decision, post, role, on, at };
        run_command(&desk.engine, &caller, &message, &message.request_id, command.into(), move |state, _| {
            render::referral_by_id(state, referral, at)
        })
        .await
    }
}
