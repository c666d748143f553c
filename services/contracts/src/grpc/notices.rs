//! Methods about notices, for both sides of an agreement.

use super::Answer;
use super::fields::etag;
use crate::render::{Viewer, Which};
use crate::{Contracts, render};
use api::contracts as proto;
use care::published::EndingSteps;
use care::{AgreementId, CouncilId, Date, ProviderId, code_sets, london_date};
use contracts_domain::Agreements;
use contracts_domain::agreements::{
    Agreement, AgreementCommand, AgreementEvent, GiveNotice, NoticeGiver, NoticeStep, ShortNotice,
};
use prost::{Message, Name};
use service_kit::{Caller, Fields, Role, page, run_command};
use std::ops::Bound;
use tonic::{Request, Response, Status};

/// What of notices is asked for.
struct Asked {
    viewer: Viewer,
    council: Option<CouncilId>,
    provider: Option<ProviderId>,
    state: proto::NoticeState,
    side: proto::NoticeSide,
}

/// Which side of an agreement of this council calls. That an agreement is the provider's own, the log decides.
pub(super) fn giver(caller: &Caller, council: CouncilId) -> Result<(NoticeGiver, Viewer), Status> {
    match &caller.role {
        Role::Provider(provider) => {
            let viewer = Viewer::Provider { today: london_date(caller.at) };
            Ok((NoticeGiver::Provider(provider.clone()), viewer))
        }
        Role::Council(_) | Role::FrameworkLead(_) | Role::Service(_) => {
            caller.require_council(council)?;
            Ok((NoticeGiver::Council, Viewer::Council))
        }
    }
}

/// A name beneath an agreement: `councils/{gss}/agreements/{uuid}/{kind}/{number}`.
pub(super) fn numbered_name(
    fields: &mut Fields,
    name: &str,
    kind: &str,
) -> Option<((CouncilId, AgreementId), u32)> {
    let number = |text: &str| text.parse::<u32>().ok().filter(|number| number.to_string() == text);
    let split = name.rsplit_once(&format!("/{kind}/"));
    let Some((parent, number)) = split.and_then(|(a, b)| Some((a, number(b)?))) else {
        fields.violation("name", format!("expected councils/{{gss}}/agreements/{{uuid}}/{kind}/{{number}}"));
        return None;
    };
    Some((fields.council_resource("name", parent, "agreements")?, number))
}

fn short_notice(
    fields: &mut Fields,
    given: Option<&proto::ShortNotice>,
    on: Date,
) -> Option<Option<ShortNotice>> {
    let Some(given) = given else { return Some(None) };
    let why = fields.code("short_notice.why", code_sets::SHORT_NOTICE, &given.why, on);
    let agreed_on = fields.date_optional("short_notice.agreed_on", &given.agreed_on);
    Some(Some(ShortNotice { why: why?, agreed_on: agreed_on? }))
}

fn steps(fields: &mut Fields, given: Option<&proto::EndingSteps>) -> Option<EndingSteps> {
    let given = given.cloned().unwrap_or_default();
    let reviewed_on = fields.date_optional("steps.reviewed_on", &given.reviewed_on);
    let iro_told_on = fields.date_optional("steps.iro_told_on", &given.iro_told_on);
    let arranged_on = fields.date_optional("steps.alternative_arranged_on", &given.alternative_arranged_on);
    let written_notice_on = fields.date_optional("steps.written_notice_on", &given.written_notice_on);
    Some(EndingSteps {
        reviewed_on: reviewed_on?,
        iro_told_on: iro_told_on?,
        alternative_arranged_on: arranged_on?,
        written_notice_on: written_notice_on?,
    })
}

impl Contracts {
    pub(super) async fn give_notice_of_end(
        &self,
        request: Request<proto::GiveNoticeRequest>,
    ) -> Answer<proto::PlacementNotice> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let today = london_date(caller.at);
        let mut fields = Fields::new();
        let found = fields.council_resource("parent", &form.parent, "agreements");
        let given_on = fields.date("given_on", &form.given_on);
        let last_day = fields.date_optional("last_day", &form.last_day);
        let reason = fields.code("reason", code_sets::NOTICE, &form.reason, today);
        let short = short_notice(&mut fields, form.short_notice.as_ref(), today);
        let steps = steps(&mut fields, form.steps.as_ref());
        let expected = etag(&mut fields, &form.etag);
        let (found, expected, notice) = fields.finish(|| {
            let (given_on, last_day, reason) = (given_on?, last_day?, reason?);
            let notice = GiveNotice { given_on, last_day, reason, short: short?, steps: steps? };
            Some((found?, expected?, notice))
        })?;
        self.notice(&caller, (&form, &form.request_id), found, expected, NoticeStep::Give(notice)).await
    }

    pub(super) async fn withdraw_notice_of_end(
        &self,
        request: Request<proto::WithdrawNoticeRequest>,
    ) -> Answer<proto::PlacementNotice> {
        let caller = Caller::of(&request)?;
        let form = request.into_inner();
        let mut fields = Fields::new();
        let found = numbered_name(&mut fields, &form.name, "notices");
        let expected = etag(&mut fields, &form.etag);
        let ((found, notice), expected) = fields.finish(|| found.zip(expected))?;
        let step = NoticeStep::Withdraw { notice };
        self.notice(&caller, (&form, &form.request_id), found, expected, step).await
    }

    async fn notice<Req: Message + Name>(
        &self,
        caller: &Caller,
        (request, request_id): (&Req, &str),
        (council, agreement): (CouncilId, AgreementId),
        expected_version: Option<u32>,
        step: NoticeStep,
    ) -> Answer<proto::PlacementNotice> {
        let (by, viewer) = giver(caller, council)?;
        let engine = self.own_engine(council, agreement)?;
        let which = match &step {
            NoticeStep::Give(_) => Which::LastBy(by.side()),
            NoticeStep::Withdraw { notice } => Which::Number(*notice),
        };
        let command = AgreementCommand::Notice { agreement, by, expected_version, step, at: caller.at };
        let answer = move |state: &Agreements, _: &[AgreementEvent]| {
            render::notice_after(state, agreement, which, viewer)
        };
        run_command(engine, caller, request, request_id, command, answer).await
    }

    pub(super) fn notice_page(
        &self,
        request: &Request<proto::ListNoticesRequest>,
    ) -> Answer<proto::ListNoticesResponse> {
        let caller = Caller::of(request)?;
        let form = request.get_ref();
        let mut fields = Fields::new();
        let (mut council, mut provider) = (None, None);
        let of_provider = form.parent.starts_with("providers/");
        if of_provider {
            provider = fields.provider("parent", &form.parent);
        } else {
            council = fields.council("parent", &form.parent);
        }
        if let Some(council) = council {
            caller.require_council(council)?;
        }
        if let Some(provider) = &provider {
            caller.require_provider(provider)?;
        }
        let state = fields.check("state", proto::NoticeState::try_from(form.state));
        let side = fields.check("side", proto::NoticeSide::try_from(form.side));
        let (state, side) = fields.finish(|| state.zip(side))?;
        let today = london_date(caller.at);
        let viewer = if of_provider { Viewer::Provider { today } } else { Viewer::Council };
        let asked = Asked { viewer, council, provider, state, side };
        let (notices, next_page_token) = page::page_of(form, |after: Option<String>| {
            self.notices_after(&asked, after.unwrap_or_default()).into_iter()
        })?;
        Ok(Response::new(proto::ListNoticesResponse { notices, next_page_token }))
    }

    /// The notices after the key `{gss}/{uuid}/{number}`, each with its key, in their order, no more than fill a page.
    fn notices_after(&self, asked: &Asked, after: String) -> Vec<(String, proto::PlacementNotice)> {
        // One more than a page, so that it shows whether there is another.
        let enough = page::PAGE_SIZE_MAX + 1;
        let mut found = Vec::new();
        let first = after.split('/').next().unwrap_or_default();
        let councils = self.agreements.iter().filter(|(council, _)| {
            asked.council.is_none_or(|only| only == **council) && council.gss() >= first
        });
        for (council, engine) in councils {
            if found.len() >= enough {
                break;
            }
            let begin =
                after.strip_prefix(council.gss()).and_then(|rest| rest.split('/').nth(1)?.parse().ok());
            engine.read(|state| {
                let shown = agreements_from(state, asked.provider.as_ref(), begin).flat_map(|agreement| {
                    agreement.notices.iter().filter_map(|notice| {
                        let key =
                            format!("{council}/{}/{:02}", agreement.issued.agreement, notice.given.notice);
                        let state = render::notice_state(agreement, notice);
                        let side = render::notice_side(notice.given.by);
                        let wanted = key > after
                            && [proto::NoticeState::Unspecified, state].contains(&asked.state)
                            && [proto::NoticeSide::Unspecified, side].contains(&asked.side);
                        wanted.then(|| (key, render::render_notice(agreement, notice, asked.viewer)))
                    })
                });
                found.extend(shown.take(enough));
            });
        }
        found
    }
}

/// The agreements, all or a provider's, from one on, in order of their ids.
fn agreements_from<'a>(
    state: &'a Agreements,
    provider: Option<&ProviderId>,
    begin: Option<AgreementId>,
) -> Box<dyn Iterator<Item = &'a Agreement> + 'a> {
    let range = (begin.map_or(Bound::Unbounded, Bound::Included), Bound::Unbounded);
    match provider {
        None => Box::new(state.agreements.range(range).map(|(_, agreement)| agreement)),
        Some(provider) => {
            let own = state.by_provider.get(provider).into_iter().flat_map(move |ids| ids.range(range));
            Box::new(own.filter_map(|id| state.agreements.get(id)))
        }
    }
}
