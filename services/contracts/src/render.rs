//! From the states to the messages that clients see. What a caller may not see is left out here, in one place.

use api::contracts as proto;
use care::published::{CallOffEvidence, EvaluationWeights};
use care::{AgreementId, Date, FrameworkId, LotId, Pence, ProviderId};
use contracts_domain::agreements::{Agreement, AgreementStatus, End};
use contracts_domain::frameworks::{Framework, Lot, Membership, Onlooker, Regime};
use contracts_domain::{Agreements, Frameworks, GradeGate};
use service_kit::terms::{self, Justification};
use service_kit::{
    agreement_name, council_name, establishment_name, framework_name, place_name, provider_name,
    referral_name, timestamp,
};

mod frameworks;
mod staying;
mod term;

pub(crate) use frameworks::{discount, uplift, uplift_state};
pub(crate) use staying::{Which, notice_after, notice_side, notice_state, render_notice};
pub(crate) use term::{Amendment, absence, amendment, amendment_state, outcome_payment, uplift_decision};

/// For whom an agreement is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Viewer {
    /// The council whose agreement it is.
    Council,
    /// The provider, who does not see the council's funding, reasons and checks.
    Provider {
        /// The day on which it looks, in London.
        today: Date,
    },
}

/// A framework that its lead has changed, as the lead sees it.
pub(crate) fn framework_after(state: &Frameworks, id: &FrameworkId, on: Date) -> proto::Framework {
    state.get(id).map(|framework| render_framework(id, framework, Onlooker::Lead, on)).unwrap_or_default()
}

/// A framework as it is seen on the day `on`.
pub(crate) fn render_framework(
    id: &FrameworkId,
    framework: &Framework,
    onlooker: Onlooker<'_>,
    on: Date,
) -> proto::Framework {
    let shown_lot = |(id, terms): (&LotId, &Lot)| {
        let ceilings = framework.shows_ceilings_to(onlooker, id, on);
        lot(id.as_str(), terms, ceilings)
    };
    let regime = match framework.regime {
        Regime::Pcr2015 => proto::Regime::Pcr2015,
        Regime::ProcurementAct2023 => proto::Regime::ProcurementAct2023,
    };
    let member = |council: care::CouncilId, held: &Membership| proto::Membership {
        council: council_name(council),
        from: held.from.to_string(),
        until: date_or_empty(held.until),
    };
    let memberships = framework.members.iter();
    proto::Framework {
        name: framework_name(id),
        display_name: framework.name.clone(),
        lead_council: council_name(framework.lead),
        regime: regime.into(),
        starts: framework.starts.to_string(),
        ends: framework.ends.to_string(),
        grade_floor: framework.grade_floor.as_ref().map(gate),
        members: memberships
            .flat_map(|(council, held)| held.iter().map(move |one| member(*council, one)))
            .collect(),
        lots: framework.lots.iter().map(shown_lot).collect(),
        etag: framework.version.to_string(),
        evaluation_weights: framework.evaluation_weights.iter().map(evaluation_weights).collect(),
        procurement: (!framework.procurement.is_untold())
            .then(|| frameworks::procurement(&framework.procurement)),
        openings: framework.openings.iter().map(frameworks::opening).collect(),
    }
}

fn evaluation_weights(set: &EvaluationWeights) -> proto::EvaluationWeights {
    let weight = |(criterion, basis_points): (&String, &u32)| proto::CriterionWeight {
        criterion: criterion.clone(),
        basis_points: *basis_points,
    };
    proto::EvaluationWeights {
        version: set.version,
        from: set.from.to_string(),
        weights: set.weights.iter().map(weight).collect(),
    }
}

fn gate(gate: &GradeGate) -> proto::GradeGate {
    proto::GradeGate { lowest_grade: gate.lowest.clone(), ungraded_allowed: gate.ungraded_allowed }
}

/// A lot, with its ceilings or without: 0, which is none that a level can have.
fn lot(id: &str, lot: &Lot, ceilings: bool) -> proto::Lot {
    let level = |(level, ceiling): (&String, &Pence)| proto::Level {
        level: level.clone(),
        ceiling_weekly_pence: if ceilings { ceiling.0 } else { 0 },
    };
    proto::Lot {
        lot: id.to_owned(),
        display_name: lot.name.clone(),
        provisions: lot.provisions.iter().cloned().collect(),
        age_from: lot.age_from.into(),
        age_to: lot.age_to.into(),
        grade_gate: lot.grade_gate.as_ref().map(gate),
        levels: lot.levels.iter().map(level).collect(),
        ceilings: lot.ceilings.iter().map(|row| frameworks::keyed_price(row, ceilings)).collect(),
    }
}

/// A provider's entry after a change, as whoever changed it sees it.
pub(crate) fn provider_after(
    state: &Frameworks,
    id: &FrameworkId,
    provider: &ProviderId,
    onlooker: Onlooker<'_>,
    today: Date,
) -> proto::FrameworkProvider {
    let shown = |framework| framework_provider(id, framework, provider, onlooker, today);
    state.get(id).map(shown).unwrap_or_default()
}

pub(crate) fn framework_provider(
    id: &FrameworkId,
    framework: &Framework,
    provider: &ProviderId,
    onlooker: Onlooker<'_>,
    today: Date,
) -> proto::FrameworkProvider {
    let lots = framework.admissions.get(provider).into_iter().flatten();
    let schedules = lots.flat_map(|(lot, all)| {
        all.iter().map(move |schedule| frameworks::price_schedule(lot.as_str(), schedule))
    });
    let suspensions = framework.suspensions.get(provider).map_or(&[][..], Vec::as_slice);
    proto::FrameworkProvider {
        name: format!("{}/{}", framework_name(id), provider_name(provider)),
        schedules: schedules.collect(),
        suspensions: frameworks::suspensions(suspensions, onlooker),
        discounts: frameworks::discounts_of(id, framework, provider),
        link_authority: council_name(framework.link_authority(provider, today)),
    }
}

pub(crate) fn verdict(evidence: &CallOffEvidence) -> proto::CallOffVerdict {
    let failed = evidence.checks.iter().find(|check| !check.passed);
    let check = |check: &care::published::CallOffCheck| proto::CallOffCheck {
        check: check.check.clone(),
        passed: check.passed,
        found: check.found.clone(),
    };
    proto::CallOffVerdict {
        allowed: failed.is_none(),
        reason: failed.map(|check| check.check.clone()).unwrap_or_default(),
        checks: evidence.checks.iter().map(check).collect(),
        contracts_position: evidence.contracts_position,
    }
}

pub(crate) fn agreement_after(state: &Agreements, id: AgreementId) -> proto::Agreement {
    state
        .agreements
        .get(&id)
        .map(|agreement| render_agreement(agreement, Viewer::Council))
        .unwrap_or_default()
}

pub(crate) fn status(status: AgreementStatus) -> proto::AgreementStatus {
    match status {
        AgreementStatus::Issued => proto::AgreementStatus::Issued,
        AgreementStatus::Started => proto::AgreementStatus::Started,
        AgreementStatus::Ended => proto::AgreementStatus::Ended,
        AgreementStatus::Cancelled => proto::AgreementStatus::Cancelled,
    }
}

pub(crate) fn render_agreement(agreement: &Agreement, viewer: Viewer) -> proto::Agreement {
    let issued = &agreement.issued;
    let own = viewer == Viewer::Council;
    let justification = if own { Justification::Shown } else { Justification::Hidden };
    proto::Agreement {
        name: agreement_name(issued.council, issued.agreement),
        award: issued.award.to_string(),
        referral: referral_name(issued.council, issued.referral),
        provider: provider_name(&issued.provider),
        establishment: establishment_name(&issued.urn),
        place: place_name(&issued.place),
        provision: issued.provision.clone(),
        start: issued.start.to_string(),
        route: Some(terms::route_shown(&issued.terms.route, justification)),
        lines: terms::lines_shown(&issued.terms.lines),
        weekly_pence: issued.terms.weekly().0,
        funders: if own { terms::funders_shown(&issued.terms.funders) } else { Vec::new() },
        verdict: own.then(|| verdict(&issued.evidence)),
        status: status(agreement.status()).into(),
        started_on: date_or_empty(agreement.started),
        ended_on: date_or_empty(agreement.ended.as_ref().map(|end| end.on)),
        end_reason: agreement.ended.as_ref().map(|end| end.reason.clone()).unwrap_or_default(),
        issued_at: Some(timestamp(issued.at)),
        etag: agreement.version.to_string(),
        ending: agreement.ended.as_ref().and_then(|end| end.ending.clone()).unwrap_or_default(),
        ended_early: agreement.ended.as_ref().is_some_and(End::early),
        notice: agreement
            .standing_notice()
            .filter(|_| agreement.ended.is_none())
            .map(|notice| render_notice(agreement, notice, viewer)),
        staying_put: agreement.staying_put.as_ref().map(staying::staying_put),
        terms: None,
        // As with who the child is: with the placement ends the provider's right to know, and not before.
        age_years: agreement.age_years.filter(|_| !over_for(viewer, agreement)).map(u32::from),
    }
}

/// An agreement with all its terms.
pub(crate) fn render_agreement_whole(agreement: &Agreement, viewer: Viewer) -> proto::Agreement {
    proto::Agreement { terms: Some(term::terms(agreement, viewer)), ..render_agreement(agreement, viewer) }
}

/// Whether the placement has ended for who looks; for its council it is always to be seen.
fn over_for(viewer: Viewer, agreement: &Agreement) -> bool {
    let Viewer::Provider { today } = viewer else { return false };
    agreement.ended.as_ref().is_some_and(|end| end.on <= today)
}

fn date_or_empty(date: Option<Date>) -> String {
    date.map(|date| date.to_string()).unwrap_or_default()
}
