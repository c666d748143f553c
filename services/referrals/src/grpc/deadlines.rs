//! What a council is to do and by when: looking, and recording what was done.

use super::{Answer, pages};
use crate::Referrals;
use crate::desk::Desk;
use crate::render;
use api::common;
use api::referrals as proto;
use care::market::Home;
use care::{CouncilId, HouseholdId, OfferId};
use referrals_domain::{Deadline, DeadlineKind, RecordStatutoryStep, StatutoryStep, StatutoryStepRecorded};
use service_kit::{Caller, Fields, provider_name, referral_name, run_command, timestamp};
use tonic::{Request, Response};

/// The kind that a filter names; none for any.
pub(super) fn kind_in_filter(fields: &mut Fields, kind: i32) -> Option<Option<DeadlineKind>> {
    let kind = fields.check("kind", proto::DeadlineKind::try_from(kind))?;
    Some(match kind {
        proto::DeadlineKind::Unspecified => None,
        proto::DeadlineKind::RetrospectiveApproval => Some(DeadlineKind::RetrospectiveApproval),
        proto::DeadlineKind::ReleaseResponse => Some(DeadlineKind::ReleaseResponse),
        proto::DeadlineKind::GateDecision => Some(DeadlineKind::GateDecision),
        proto::DeadlineKind::NoticeLastDay => Some(DeadlineKind::NoticeLastDay),
        proto::DeadlineKind::EndingSteps => Some(DeadlineKind::EndingSteps),
        proto::DeadlineKind::FormerPlacementEnd => Some(DeadlineKind::FormerPlacementEnd),
        proto::DeadlineKind::RespiteEnd => Some(DeadlineKind::RespiteEnd),
        step => recordable(step).map(DeadlineKind::Step),
    })
}

/// The step that is recorded; none for what is done in another way.
fn recordable(kind: proto::DeadlineKind) -> Option<StatutoryStep> {
    StatutoryStep::ALL.into_iter().find(|step| shown_kind(DeadlineKind::Step(*step)) == kind)
}

fn shown_kind(kind: DeadlineKind) -> proto::DeadlineKind {
    match kind {
        DeadlineKind::RetrospectiveApproval => proto::DeadlineKind::RetrospectiveApproval,
        DeadlineKind::Step(StatutoryStep::PlacementPlan) => proto::DeadlineKind::PlacementPlan,
        DeadlineKind::Step(StatutoryStep::AreaAuthorityNotice) => proto::DeadlineKind::AreaAuthorityNotice,
        DeadlineKind::Step(StatutoryStep::DistantPlacementApproval) => {
            proto::DeadlineKind::DistantPlacementApproval
        }
        DeadlineKind::Step(StatutoryStep::SeniorReview) => proto::DeadlineKind::SeniorReview,
        DeadlineKind::Step(StatutoryStep::OutstandingNotices) => proto::DeadlineKind::OutstandingNotices,
        DeadlineKind::Step(StatutoryStep::DisruptionMeeting) => proto::DeadlineKind::DisruptionMeeting,
        DeadlineKind::ReleaseResponse => proto::DeadlineKind::ReleaseResponse,
        DeadlineKind::GateDecision => proto::DeadlineKind::GateDecision,
        DeadlineKind::NoticeLastDay => proto::DeadlineKind::NoticeLastDay,
        DeadlineKind::EndingSteps => proto::DeadlineKind::EndingSteps,
        DeadlineKind::FormerPlacementEnd => proto::DeadlineKind::FormerPlacementEnd,
        DeadlineKind::RespiteEnd => proto::DeadlineKind::RespiteEnd,
    }
}

/// A deadline as its council sees it.
pub(super) fn shown(council: CouncilId, it: &Deadline, now: care::Timestamp) -> proto::Deadline {
    let rule = it.id.kind.rule();
    proto::Deadline {
        kind: shown_kind(it.id.kind).into(),
        referral: referral_name(council, it.id.referral),
        award: it.id.award.map(|award| render::award_name(council, award)).unwrap_or_default(),
        provider: it.id.provider.as_ref().map(provider_name).unwrap_or_default(),
        since_time: Some(timestamp(it.since)),
        due_time: Some(timestamp(it.due)),
        overdue: it.overdue(now),
        to_do: rule.to_do.to_owned(),
        source: rule.source.to_owned(),
        presumption: it.presumed.map(|why| why.as_str().to_owned()).unwrap_or_default(),
    }
}

/// A step as it was recorded.
pub(crate) fn step_shown(it: &StatutoryStepRecorded) -> proto::StatutoryStep {
    proto::StatutoryStep {
        step: shown_kind(DeadlineKind::Step(it.step)).into(),
        on: it.on.to_string(),
        by: Some(common::Approval { approver: it.post.clone(), role: it.role.clone() }),
        due_time: Some(timestamp(it.due)),
        late: it.late,
        record_time: Some(timestamp(it.at)),
    }
}

impl Referrals {
    /// The upper-tier authority that the place of an offer lies in, as the market has it now, and the carer household that it is in; none if it
    /// is not known. An establishment or place that is not in the picture of the market yet is waited for, not long; an award does not fail for
    /// want of it, and of a place that is not there then its establishment says where it lies.
    pub(super) async fn lies_in(&self, desk: &Desk, offer: OfferId) -> Option<(String, Option<HouseholdId>)> {
        let offered = |it: &referrals_domain::Offer| (it.terms.urn.clone(), it.terms.place.clone());
        let (urn, place) = desk.engine.read(|state| state.offers.get(&offer).map(offered))?;
        let shown = |home: Home<'_>| (home.utla().to_owned(), home.household.map(|(id, _)| id.clone()));
        let of_place = || {
            self.market.read(|market, _| {
                let place = market.place(&place).filter(|it| it.urn == urn)?;
                market.home(place).map(shown)
            })
        };
        if let Some(known) = of_place() {
            return Some(known);
        }
        // Where it cannot be waited for, what is known of the establishment is said all the same.
        let _ = self.market_caught_up().await;
        let of_establishment =
            || self.market.read(|market, _| market.establishment(&urn).map(|it| shown(it.into())));
        of_place().or_else(of_establishment)
    }

    pub(super) async fn deadline_page(
        &self,
        request: Request<proto::ListDeadlinesRequest>,
    ) -> Answer<proto::ListDeadlinesResponse> {
        let caller = Caller::of(&request)?;
        let message = request.get_ref();
        let mut fields = Fields::new();
        let council = fields.council("parent", &message.parent);
        let kind = kind_in_filter(&mut fields, message.kind);
        let (council, kind) = fields.finish(|| council.zip(kind))?;
        let desk = self.own_desk(&caller, council)?;
        let now = caller.at;
        let standing = desk.engine.read(|state| state.deadlines(now));
        let asked = standing.into_iter().filter(|it| {
            kind.is_none_or(|kind| kind == it.id.kind) && (!message.overdue_only || it.overdue(now))
        });
        let mut keyed: Vec<_> = asked.map(|it| (key(&it), shown(council, &it, now))).collect();
        keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
        let (deadlines, next_page_token) = pages::of_sorted(keyed, message)?;
        Ok(Response::new(proto::ListDeadlinesResponse { deadlines, next_page_token }))
    }

    pub(super) async fn record_statutory_step(
        &self,
        request: Request<proto::RecordStatutoryStepRequest>,
    ) -> Answer<proto::Award> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let name = fields.council_resource("name", &message.name, "awards");
        let step = proto::DeadlineKind::try_from(message.step).ok().and_then(recordable);
        if step.is_none() {
            let recorded = StatutoryStep::ALL.map(|step| shown_kind(DeadlineKind::Step(step)).as_str_name());
            fields.violation("step", format!("expected one of {}", recorded.join(", ")));
        }
        let on = fields.date("on", &message.on);
        let by = message.by.clone().unwrap_or_default();
        let post = fields.text("by.approver", &by.approver, 80);
        let role = fields.text("by.role", &by.role, 40);
        let ((council, award), step, on, post, role) =
            fields.finish(|| Some((name?, step?, on?, post?, role?)))?;
        let desk = self.own_desk(&caller, council)?;
        let at = caller.at;
        let command = RecordStatutoryStep { award, step, on, post, role, at };
        run_command(&desk.engine, &caller, &message, &message.request_id, command.into(), move |state, _| {
            render::award_by_id(state, award, at)
        })
        .await
    }
}

/// In order of these keys deadlines are in order of their due times.
fn key(it: &Deadline) -> String {
    let id = &it.id;
    let award = id.award.map(|award| award.to_string()).unwrap_or_default();
    let provider = id.provider.as_ref().map(care::ProviderId::as_str).unwrap_or_default();
    // Instants since 1970 in twenty digits sort as text.
    let due = it.due.as_microsecond().max(0);
    format!("{due:020}/{}/{}/{award}/{provider}", id.kind.as_str(), id.referral)
}
