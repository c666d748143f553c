//! Evaluations: offers judged by the gate and the criteria, and the order of merit. Why somebody scored as they did is sealed.

use super::{Answer, pages};
use crate::Referrals;
use crate::form;
use crate::render;
use crate::seal::{Clear, Part};
use api::referrals as proto;
use care::{Date, EstablishmentUrn, OfferId, code_sets, london_date};
use referrals_domain::{
    EvaluateOffer, HomeKnown, Offer, OfferEvaluated, Referral, Rejection, SCORE_MAX, Standing, State,
    WeightsUsed,
};
use service_kit::{Caller, Fields, framework_name, refuse, run_command, timestamp};
use std::collections::BTreeMap;
use tonic::{Request, Response};

/// The longest rationale, in characters.
const RATIONALE_CHARS_MAX: usize = 4_000;

fn scores(fields: &mut Fields, given: &[proto::CriterionScore], today: Date) -> Option<BTreeMap<String, u8>> {
    fields.at_most("scores", given.len(), code_sets::CRITERION.codes.len())?;
    let mut scores = BTreeMap::new();
    for (i, it) in given.iter().enumerate() {
        let field = format!("scores[{i}].criterion");
        let criterion = fields.code(&field, code_sets::CRITERION, &it.criterion, today);
        let score = fields.number(&format!("scores[{i}].score"), it.score, 0..=i64::from(SCORE_MAX));
        let (Some(criterion), Some(score)) = (criterion, score) else { continue };
        if scores.insert(criterion, score).is_some() {
            fields.violation(field, "is given twice");
        }
    }
    (scores.len() == given.len()).then_some(scores)
}

/// How an offer was judged, in short; none if it was not.
pub(super) fn summary(offer: &Offer, ranking: &[Standing]) -> Option<proto::EvaluationSummary> {
    let evaluation = offer.evaluation.as_ref()?;
    let standing = ranking.iter().find(|standing| standing.offer == offer.id);
    Some(proto::EvaluationSummary {
        gate_passed: evaluation.passed(),
        rank: standing.map_or(0, |it| it.rank),
        score_basis_points: standing.map_or(0, |it| it.score_basis_points),
        price_score_basis_points: standing.map_or(0, |it| it.price_basis_points),
        weights_version: evaluation.weights.version,
    })
}

fn counts(used: &WeightsUsed) -> Vec<proto::CriterionCount> {
    let count = |(criterion, basis_points): (&String, &u32)| proto::CriterionCount {
        criterion: criterion.clone(),
        basis_points: *basis_points,
    };
    used.weights.iter().map(count).collect()
}

fn judging(referral: &Referral) -> Option<proto::Judging> {
    let it = referral.judging()?;
    Some(proto::Judging {
        referral_version: it.referral_version,
        weights_framework: it.weights.framework.as_ref().map(framework_name).unwrap_or_default(),
        weights_version: it.weights.version,
        weights: counts(&it.weights),
        offers: it.offers.iter().map(|id| render::offer_name(referral.council, referral.id, *id)).collect(),
        begin_time: Some(timestamp(it.at)),
    })
}

/// An evaluation, but for its rationale.
fn evaluation(offer: &Offer, it: &OfferEvaluated, ranking: &[Standing]) -> proto::Evaluation {
    let check = |it: &referrals_domain::GateCheck| proto::GateCheck {
        check: it.check.clone(),
        passed: it.passed,
        found: it.found.clone(),
    };
    let score = |(criterion, score): (&String, &u8)| proto::CriterionScore {
        criterion: criterion.clone(),
        score: u32::from(*score),
    };
    proto::Evaluation {
        offer: render::offer_name(offer.council, offer.referral, offer.id),
        summary: summary(offer, ranking),
        gate: it.gate.iter().map(check).collect(),
        exemption: it.exemption.as_ref().map(render::by),
        weights_framework: it.weights.framework.as_ref().map(framework_name).unwrap_or_default(),
        weights: counts(&it.weights),
        scores: it.scores.iter().map(score).collect(),
        scorer: it.scorer.clone(),
        rationale: String::new(),
        evaluate_time: Some(timestamp(it.at)),
    }
}

/// As [`evaluation`], of the offer by its id at an instant; an empty message if it was not judged.
fn evaluation_by_id(state: &State, id: OfferId, now: care::Timestamp) -> proto::Evaluation {
    let found = state.offers.get(&id).and_then(|offer| {
        let ranking = state.ranking(state.referrals.get(&offer.referral)?, now);
        Some(evaluation(offer, offer.evaluation.as_ref()?, &ranking))
    });
    found.unwrap_or_default()
}

impl Referrals {
    /// What the market, as it is known here, says of a home that is offered.
    fn home_known(&self, urn: &EstablishmentUrn) -> HomeKnown {
        self.market.read(|market, _| {
            let home = market.establishment(urn);
            HomeKnown {
                status: home.map(|home| home.registration.status.word().to_owned()),
                grade: home.map(|home| home.registration.grade.clone()),
                restricted_on: home.and_then(|home| home.restricted_on),
            }
        })
    }

    pub(super) async fn evaluate(
        &self,
        request: Request<proto::EvaluateOfferRequest>,
    ) -> Answer<proto::Evaluation> {
        let caller = Caller::of(&request)?;
        let mut message = request.into_inner();
        let mut fields = Fields::new();
        let name = form::offer(&mut fields, "name", &message.name);
        let scores = scores(&mut fields, &message.scores, london_date(caller.at));
        let scorer = fields.text("scorer", &message.scorer, 80);
        let rationale = fields.text("rationale", &message.rationale, RATIONALE_CHARS_MAX);
        let exemption = form::approval(&mut fields, "exemption", message.exemption.as_ref(), caller.at);
        let ((council, referral, offer), scores, scorer, rationale) =
            fields.finish(|| Some((name?, scores?, scorer?, rationale?)))?;
        let desk = self.own_desk(&caller, council)?;
        self.market_whole().await?;
        self.criteria_whole().await?;
        let found = desk.engine.read(|state| {
            let known = state.referrals.get(&referral).ok_or(Rejection::ReferralUnknown(referral))?;
            let offered = state.offers.get(&offer).filter(|it| it.referral == referral);
            let offered = offered.ok_or(Rejection::OfferUnknown(offer))?;
            let framework = state.judging_framework(known, caller.at).cloned();
            Ok((offered.terms.urn.clone(), framework, london_date(known.changed_at)))
        });
        let (urn, framework, changed_on) = found.map_err(|rejection: Rejection| refuse(&rejection))?;
        desk.require_recognisable(&caller, &message.request_id, &Clear::default()).await?;
        let (sealed, fingerprint) =
            desk.vault.seal_text(referral, Part::Rationale(offer), &rationale).await?;
        message.rationale = fingerprint;
        let at = caller.at;
        let command = EvaluateOffer {
            referral,
            offer,
            scores,
            scorer,
            rationale: sealed,
            exemption,
            weights: framework.and_then(|it| self.criteria.holding(&it, changed_on)),
            home: self.home_known(&urn),
            at,
        };
        // The answer that is kept for a repeat is without the rationale, which the caller has.
        let render =
            move |state: &State, _: &[referrals_domain::ReferralEvent]| evaluation_by_id(state, offer, at);
        let mut response =
            run_command(&desk.engine, &caller, &message, &message.request_id, command.into(), render).await?;
        response.get_mut().rationale = rationale;
        Ok(response)
    }

    pub(super) async fn evaluation_page(
        &self,
        request: Request<proto::ListEvaluationsRequest>,
    ) -> Answer<proto::ListEvaluationsResponse> {
        let caller = Caller::of(&request)?;
        let message = request.get_ref();
        let mut fields = Fields::new();
        let name = form::referral(&mut fields, "parent", &message.parent);
        let (council, id) = fields.finish(|| name)?;
        let desk = self.own_desk(&caller, council)?;
        let found = desk.engine.read(|state| {
            let referral = state.referrals.get(&id)?;
            let ranking = state.ranking(referral, caller.at);
            let offers = referral.offers.iter().filter_map(|id| state.offers.get(id));
            let mut all: Vec<_> = offers
                .filter_map(|offer| {
                    let it = offer.evaluation.as_ref()?;
                    let shown = evaluation(offer, it, &ranking);
                    let rank = shown.summary.map_or(0, |it| it.rank);
                    // Ranks in ten digits sort as text; those without one come last.
                    let place = if rank == 0 { u32::MAX } else { rank };
                    Some((format!("{place:010}/{}", offer.id), (shown, offer.id, it.rationale.clone())))
                })
                .collect();
            all.sort_by(|(one, _), (other, _)| one.cmp(other));
            Some((all, judging(referral)))
        });
        let (found, judging) = found.ok_or_else(|| refuse(&Rejection::ReferralUnknown(id)))?;
        let (page, next_page_token) = pages::of_sorted(found, message)?;
        let mut evaluations = Vec::with_capacity(page.len());
        for (mut shown, offer, sealed) in page {
            let rationale = desk.vault.unseal_text(id, Part::Rationale(offer), &sealed)?;
            shown.rationale = rationale.unwrap_or_default();
            evaluations.push(shown);
        }
        Ok(Response::new(proto::ListEvaluationsResponse { evaluations, next_page_token, judging }))
    }
}
