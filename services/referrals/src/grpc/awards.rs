//! Awards: taking an offer and waiting for what becomes of it, looking, approving afterwards.

use super::{Answer, pages};
use crate::Referrals;
use crate::desk::{Desk, id_seed};
use crate::form;
use crate::render;
use crate::seal::age_on;
use crate::slips::PersonalDataInText;
use api::referrals as proto;
use care::{AwardId, CouncilId, OfferId, ReferralId, code_sets, london_date};
use referrals_domain::{GiveRetrospectiveApproval, Outcome, ProposeAward, Rejection};
use service_kit::terms::JUSTIFICATION_CHARS_MAX;
use service_kit::{Caller, Fields, refuse, refused, run_command};
use std::time::Duration;
use tonic::{Code, Request, Response, Status};

/// How long an award waits for its outcome when the request does not say, in seconds.
const WAIT_SECONDS_DEFAULT: u32 = 5;
/// How long it waits at most, in seconds.
const WAIT_SECONDS_MAX: i64 = 30;

/// The child's age on the first night of an offer, and whether a text names the child. The identity is opened for this alone and shown
/// to nobody; where there is no date of birth the age of the referral stands.
fn judged_by_identity(
    desk: &Desk,
    referral: ReferralId,
    offer: OfferId,
    text: Option<&str>,
) -> Result<(u8, bool), Status> {
    let found = desk.engine.read(|state| {
        let referral = state.referrals.get(&referral)?.clone();
        Some((referral, state.offers.get(&offer).map(|offer| offer.terms.start)))
    });
    let (referral, start) = found.ok_or_else(|| refuse(&Rejection::ReferralUnknown(referral)))?;
    let person = desk.vault.unseal(&referral)?.person.unwrap_or_default();
    let age = person.date_of_birth.zip(start).and_then(|(birth, start)| age_on(birth, start));
    let named = text.is_some_and(|text| person.is_named_in(text));
    Ok((age.unwrap_or(referral.requirements.age_years), named))
}

/// What became of an award; a failure is the refusal of the one who refused.
fn outcome(award: proto::Award) -> Answer<proto::Award> {
    if award.state != i32::from(proto::AwardState::Failed) {
        return Ok(Response::new(award));
    }
    let message = format!("{} failed: {}", award.name, award.failure_detail);
    let metadata = [("award", award.name), ("place", award.place)];
    Err(refused(Code::FailedPrecondition, &award.failure_reason, message, metadata))
}

fn award_name(fields: &mut Fields, name: &str) -> Option<(CouncilId, AwardId)> {
    fields.council_resource("name", name, "awards")
}

impl Referrals {
    pub(super) async fn award(&self, request: Request<proto::AwardReferralRequest>) -> Answer<proto::Award> {
        let caller = Caller::of(&request)?;
        let mut message = request.into_inner();
        // How long somebody waits is not part of what is asked: a repeat may wait longer.
        let wait = message.wait_seconds.take().unwrap_or(WAIT_SECONDS_DEFAULT);
        let mut fields = Fields::new();
        let name = form::referral(&mut fields, "name", &message.name);
        let offer = form::offer(&mut fields, "offer", &message.offer);
        if let (Some((council, referral)), Some((offer_council, offer_referral, _))) = (name, offer)
            && (council, referral) != (offer_council, offer_referral)
        {
            fields.violation("offer", "it is not an offer on this referral");
        }
        let approval = form::approval(&mut fields, "approval", message.approval.as_ref(), caller.at);
        let text =
            fields.text_optional("spot_justification", &message.spot_justification, JUSTIFICATION_CHARS_MAX);
        let wait = fields.number::<u64>("wait_seconds", wait, 0..=WAIT_SECONDS_MAX);
        let mut code = |field: &str, set, text: &str| {
            form::code_optional(&mut fields, field, set, text, london_date(caller.at))
        };
        let departure = code("departure_reason", code_sets::DEPARTURE, &message.departure_reason);
        let split = code("sibling_split_reason", code_sets::SIBLING_SPLIT, &message.sibling_split_reason);
        let ((council, referral), (_, _, offer), text, wait, departure_reason, sibling_split_reason) =
            fields.finish(|| Some((name?, offer?, text?, wait?, departure?, split?)))?;
        let desk = self.own_desk(&caller, council)?;
        let spot_justification = Some(text).filter(|text| !text.is_empty());
        let (age_years, named) = judged_by_identity(desk, referral, offer, spot_justification.as_deref())?;
        if named {
            return Err(refuse(&PersonalDataInText::JUSTIFICATION));
        }
        let (area_authority, household) = self.lies_in(desk, offer).await.unzip();
        let award = AwardId::for_request(&caller.actor(), &id_seed(&message.request_id));
        let (at, emergency, hold_token) = (caller.at, message.emergency, message.hold_token);
        let command = ProposeAward {
            award,
            referral,
            offer,
            hold_token,
            age_years,
            area_authority,
            household: household.flatten(),
            approval,
            emergency,
            spot_justification,
            departure_reason,
            sibling_split_reason,
            at,
        };
        let proposed = run_command(
            &desk.engine,
            &caller,
            &message,
            &message.request_id,
            command.into(),
            move |state, _| render::award_by_id(state, award, at),
        )
        .await?;
        // A repeat may find the outcome at once, so it is looked for even without waiting.
        let decided = desk.engine.wait_for(Duration::from_secs(wait), |state| {
            let found = state.awards.get(&award).filter(|award| award.outcome != Outcome::Proposed)?;
            Some(render::award(state, found, at))
        });
        match decided.await {
            Some(award) => outcome(award),
            None => Ok(proposed),
        }
    }

    pub(super) async fn award_one(&self, request: Request<proto::GetAwardRequest>) -> Answer<proto::Award> {
        let caller = Caller::of(&request)?;
        let mut fields = Fields::new();
        let name = award_name(&mut fields, &request.get_ref().name);
        let (council, id) = fields.finish(|| name)?;
        let desk = self.own_desk(&caller, council)?;
        desk.engine.read(|state| match state.awards.get(&id) {
            Some(award) => Ok(Response::new(render::award(state, award, caller.at))),
            None => Err(refuse(&Rejection::AwardUnknown(id))),
        })
    }

    pub(super) async fn award_page(
        &self,
        request: Request<proto::ListAwardsRequest>,
    ) -> Answer<proto::ListAwardsResponse> {
        let caller = Caller::of(&request)?;
        let message = request.get_ref();
        let mut fields = Fields::new();
        let council = fields.council("parent", &message.parent);
        let referral = if message.referral.is_empty() {
            Some(None)
        } else {
            form::referral(&mut fields, "referral", &message.referral).map(Some)
        };
        let asked = fields.check("state", proto::AwardState::try_from(message.state));
        let (council, referral, asked) = fields.finish(|| Some((council?, referral?, asked?)))?;
        let desk = self.own_desk(&caller, council)?;
        let (awards, next_page_token) = desk.engine.read(|state| {
            pages::of_map(&state.awards, message, |award| {
                let of = (award.proposed.council, award.proposed.referral);
                if referral.is_some_and(|wanted| wanted != of) {
                    return None;
                }
                let rendered = render::award(state, award, caller.at);
                let wanted = asked == proto::AwardState::Unspecified || rendered.state == i32::from(asked);
                wanted.then_some(rendered)
            })
        })?;
        Ok(Response::new(proto::ListAwardsResponse { awards, next_page_token }))
    }

    pub(super) async fn approve(
        &self,
        request: Request<proto::GiveRetrospectiveApprovalRequest>,
    ) -> Answer<proto::Award> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let name = award_name(&mut fields, &message.name);
        if message.approval.is_none() {
            fields.violation("approval", "must be given");
        }
        let approval = form::approval(&mut fields, "approval", message.approval.as_ref(), caller.at);
        let ((council, award), approval) = fields.finish(|| name.zip(approval))?;
        let desk = self.own_desk(&caller, council)?;
        let at = caller.at;
        let command = GiveRetrospectiveApproval { award, approval };
        run_command(&desk.engine, &caller, &message, &message.request_id, command.into(), move |state, _| {
            render::award_by_id(state, award, at)
        })
        .await
    }

    pub(super) async fn approvals_due(
        &self,
        request: Request<proto::ListApprovalsDueRequest>,
    ) -> Answer<proto::ListApprovalsDueResponse> {
        let caller = Caller::of(&request)?;
        let message = request.get_ref();
        let mut fields = Fields::new();
        let council = fields.council("parent", &message.parent);
        let council = fields.finish(|| council)?;
        let desk = self.own_desk(&caller, council)?;
        let due = desk.engine.read(|state| {
            let asked =
                state.approvals_due.iter().filter(|(due, _)| !message.overdue_only || *due < caller.at);
            // Instants since 1970 in twenty digits sort as text.
            let key =
                |due: &care::Timestamp, id: &AwardId| format!("{:020}/{id}", due.as_microsecond().max(0));
            let rendered = asked.filter_map(|(due, id)| {
                Some((key(due, id), render::award(state, state.awards.get(id)?, caller.at)))
            });
            rendered.collect::<Vec<_>>()
        });
        let (awards, next_page_token) = pages::of_sorted(due, message)?;
        Ok(Response::new(proto::ListApprovalsDueResponse { awards, next_page_token }))
    }
}
