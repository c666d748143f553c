//! What becomes of placements after the award: which one a referral follows from, and how stable they were in a year.

use super::Answer;
use crate::Referrals;
use crate::form;
use crate::render;
use api::referrals as proto;
use care::{CouncilId, code_sets, london_date};
use referrals_domain::{Follows, LinkReferral, year_ending};
use service_kit::{Caller, Fields, run_command};
use tonic::{Request, Response};

/// What a referral follows from, which is of its own council.
pub(super) fn follows(
    fields: &mut Fields,
    given: Option<&proto::Follows>,
    of: Option<CouncilId>,
    on: care::Date,
) -> Option<Option<Follows>> {
    let Some(given) = given else { return Some(None) };
    let named = fields.council_resource("follows.award", &given.award, "awards");
    if named.zip(of).is_some_and(|((council, _), of)| council != of) {
        fields.violation("follows.award", "it is not an award of this referral's council");
    }
    let kind = fields.code("follows.kind", code_sets::FOLLOWS, &given.kind, on);
    let respite = if given.respite.is_empty() {
        Some(None)
    } else {
        fields.code("follows.respite", code_sets::RESPITE, &given.respite, on).map(Some)
    };
    let (_, award) = named?;
    Some(Some(Follows { award, kind: kind?, respite: respite? }))
}

impl Referrals {
    pub(super) async fn link(&self, request: Request<proto::LinkReferralRequest>) -> Answer<proto::Referral> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let name = form::referral(&mut fields, "name", &message.name);
        let of = name.map(|(council, _)| council);
        let follows = follows(&mut fields, message.follows.as_ref(), of, london_date(caller.at));
        let ((council, referral), follows) = fields.finish(|| name.zip(follows))?;
        let desk = self.own_desk(&caller, council)?;
        let at = caller.at;
        let command = LinkReferral { referral, follows, at };
        run_command(&desk.engine, &caller, &message, &message.request_id, command.into(), move |state, _| {
            render::referral_by_id(state, referral, at)
        })
        .await
    }

    pub(super) async fn stability(
        &self,
        request: Request<proto::GetStabilityRequest>,
    ) -> Answer<proto::Stability> {
        let caller = Caller::of(&request)?;
        let message = request.get_ref();
        let mut fields = Fields::new();
        let named = fields.child_resource::<CouncilId, i16>("name", &message.name, "councils", "stability");
        let last = named.and_then(|(_, year)| year_ending(year));
        if named.is_some() && last.is_none() {
            fields.violation("name", "the year is named by its 31 March, 2000 to 2100");
        }
        let ((council, _), last) = fields.finish(|| named.zip(last))?;
        let desk = self.own_desk(&caller, council)?;
        let today = london_date(caller.at);
        let figures = desk.engine.read(|state| state.stability(last, today));
        Ok(Response::new(render::stability(council, last, &figures, message.with_referrals)))
    }
}
