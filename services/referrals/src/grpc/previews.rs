//! What a release would show, and how easily the child could be recognised by it.

use super::Answer;
use crate::Referrals;
use crate::form;
use crate::render;
use api::referrals as proto;
use care::{ReferralId, Timestamp};
use referrals_domain::{ALIKE_MIN, Recognition, Referral, Rejection, Requirements, Traits};
use service_kit::{Caller, Fields, refuse};
use tonic::{Request, Response};

/// How far back referrals are compared with: long enough for a region's usual children to be among them.
const COMPARED_HOURS: i64 = 730 * 24;
/// More children alike than these are not told apart: enough is enough, and the number is other councils' too.
const ALIKE_TOLD_MAX: usize = 20;

impl Referrals {
    pub(super) async fn preview(
        &self,
        request: Request<proto::PreviewReleaseRequest>,
    ) -> Answer<proto::ReleasePreview> {
        let caller = Caller::of(&request)?;
        let mut fields = Fields::new();
        let name = form::referral(&mut fields, "name", &request.get_ref().name);
        let (council, referral) = fields.finish(|| name)?;
        let desk = self.own_desk(&caller, council)?;
        let read = desk.engine.read(|state| {
            let it = state.referrals.get(&referral)?;
            Some((render::preview(it), Traits::of(&it.requirements), unknown_fields(it)))
        });
        let (shown, own, unknown) = read.ok_or_else(|| refuse(&Rejection::ReferralUnknown(referral)))?;
        let recognition = Recognition::of(&own, &self.traits_but_of(referral, caller.at));
        let known = FIELDS - unknown.len().min(FIELDS);
        Ok(Response::new(proto::ReleasePreview {
            shown: Some(shown),
            unknown_fields: unknown.into_iter().map(str::to_owned).collect(),
            complete_percent: u32::try_from(known * 100 / FIELDS).unwrap_or(100),
            recognition: Some(rendered(&recognition)),
        }))
    }

    /// Those of the referrals of all councils that are compared with, but for this one.
    fn traits_but_of(&self, own: ReferralId, at: Timestamp) -> Vec<Traits> {
        let compared =
            |it: &&Referral| it.id != own && at.duration_since(it.posted_at).as_hours() <= COMPARED_HOURS;
        let of_council = |state: &referrals_domain::State| {
            let traits = state.referrals.values().filter(compared).map(|it| Traits::of(&it.requirements));
            traits.collect::<Vec<_>>()
        };
        self.desks.values().flat_map(|desk| desk.engine.read(of_council)).collect()
    }
}

/// How many fields [`unknown_fields`] looks at.
const FIELDS: usize = 9;

/// What a home asks about first and is not known.
fn unknown_fields(it: &Referral) -> Vec<&'static str> {
    let Requirements {
        sex,
        needs,
        category_of_need,
        legal_status,
        expected_weeks,
        anchor,
        sibling_group_size,
        ..
    } = &it.requirements;
    let known: [(&str, bool); FIELDS] = [
        ("requirements.sex", sex != "U"),
        ("requirements.needs", !needs.is_empty()),
        ("requirements.category_of_need", category_of_need.is_some()),
        ("requirements.legal_status", legal_status.is_some()),
        ("requirements.expected_weeks", expected_weeks.is_some()),
        ("requirements.anchor", anchor.is_some()),
        ("requirements.sibling_group_size", sibling_group_size.is_some()),
        ("identity", it.identity.is_some()),
        ("identity.narrative", it.narrative.is_some()),
    ];
    known.into_iter().filter(|(_, known)| !known).map(|(field, _)| field).collect()
}

fn rendered(it: &Recognition) -> proto::Recognition {
    let told = |alike: usize| u32::try_from(alike.min(ALIKE_TOLD_MAX)).unwrap_or(0);
    let blur = |blur: &referrals_domain::Blur| proto::Blur {
        field: blur.less.field().to_owned(),
        value: blur.less.value(),
        description: blur.less.to_string(),
        alike: told(blur.alike),
    };
    proto::Recognition {
        alike: told(it.alike),
        compared: u32::try_from(it.compared).unwrap_or(u32::MAX),
        rare: it.alike < ALIKE_MIN,
        blurs: it.blurs.iter().map(blur).collect(),
    }
}
