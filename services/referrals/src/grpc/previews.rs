//! What a release would show, and how easily the child could be recognised by it.

use super::Answer;
use crate::Referrals;
use crate::form;
use crate::render;
use crate::slips::PersonalDataInText;
use api::referrals as proto;
use care::Timestamp;
use referrals_domain::{ALIKE_MIN, Comparison, Completeness, Recognition, Referral, Rejection};
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
            let shown = render::preview(it);
            Some((shown, Completeness::of(it), warnings(it), it.clone()))
        });
        let (shown, complete, mut warnings, it) =
            read.ok_or_else(|| refuse(&Rejection::ReferralUnknown(referral)))?;
        let recognition = self.compared(&it, caller.at).recognition();
        if desk.vault.unseal(&it)?.names_child(it.identity.is_some()) {
            warnings.push(proto::ReleaseWarning {
                reason: "NARRATIVE_NAMES_CHILD".to_owned(),
                description: format!("nobody can be shortlisted yet: {}", PersonalDataInText::NARRATIVE),
            });
        }
        let complete_thousandths = complete.thousandths();
        Ok(Response::new(proto::ReleasePreview {
            shown: Some(shown),
            unknown_fields: complete.unknown.into_iter().map(str::to_owned).collect(),
            complete_percent: complete_thousandths / 10,
            recognition: Some(rendered(&recognition)),
            complete_thousandths,
            warnings,
        }))
    }

    /// The child of a referral among those of all councils that it is compared with.
    fn compared(&self, own: &Referral, at: Timestamp) -> Comparison {
        let recent = |it: &Referral| at.duration_since(it.posted_at).as_hours() <= COMPARED_HOURS;
        let mut comparison = Comparison::of(&own.requirements);
        for desk in self.desks.values() {
            desk.engine.read(|state| {
                let others = state.other_children(own.id, recent);
                others.iter().for_each(|it| comparison.add(&it.requirements));
            });
        }
        comparison
    }
}

/// What to look at before a release.
fn warnings(it: &Referral) -> Vec<proto::ReleaseWarning> {
    let one_sided = it.requirements.profile.is_one_sided().then(|| proto::ReleaseWarning {
        reason: "RISKS_WITHOUT_STRENGTHS".to_owned(),
        description: "risks are named and not one strength: amend `requirements.strengths`, so that homes read a balanced account"
            .to_owned(),
    });
    one_sided.into_iter().collect()
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
