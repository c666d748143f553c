//! The cascade as its council sees it: policy, invitations, waivers and gates.

use super::{declined, offer_name};
use api::common;
use api::referrals as proto;
use care::published::{Approval, GateEvidence};
use care::{ProviderId, Timestamp};
use referrals_domain::{Answer, Gate, GateArea, GateCondition, Referral, Release, State, StepPolicy};
use service_kit::{provider_name, timestamp};

pub(crate) fn by(approval: &Approval) -> common::Approval {
    common::Approval { approver: approval.approver.clone(), role: approval.role.clone() }
}

/// The steps that were tried.
pub(super) fn steps(it: &Referral) -> Vec<proto::CascadeStep> {
    let step = |(step, (outcome, at)): (&String, &(String, Timestamp))| proto::CascadeStep {
        step: step.clone(),
        outcome: outcome.clone(),
        record_time: Some(timestamp(*at)),
        by_itself: it.cascade.by_itself.contains(step),
    };
    it.steps.iter().map(step).collect()
}

pub(super) fn waivers(it: &Referral) -> Vec<proto::StepWaiver> {
    let waivers = it.cascade.waivers.iter().map(|(step, waiver)| proto::StepWaiver {
        step: step.clone(),
        reason: waiver.reason.clone(),
        approval: Some(by(&waiver.approval)),
        waive_time: Some(timestamp(waiver.approval.at)),
    });
    waivers.collect()
}

pub(super) fn gate_decisions(it: &Referral) -> Vec<proto::GateDecision> {
    let offers = it.cascade.gates.iter();
    let decisions = offers.flat_map(|(offer, gates)| {
        gates.iter().map(|(gate, decision)| proto::GateDecision {
            offer: offer_name(it.council, it.id, *offer),
            gate: gate.clone(),
            decision: decision.decision.clone(),
            by: Some(by(&decision.approval)),
            on: decision.on.to_string(),
            record_time: Some(timestamp(decision.approval.at)),
        })
    });
    decisions.collect()
}

pub(super) fn passed_gate(it: &GateEvidence) -> proto::PassedGate {
    proto::PassedGate {
        gate: it.gate.clone(),
        by: Some(by(&it.approval)),
        record_time: Some(timestamp(it.approval.at)),
    }
}

/// A release as evidence.
pub(crate) fn invitation(
    state: &State,
    referral: &Referral,
    provider: &ProviderId,
    it: &Release,
    now: Timestamp,
) -> proto::Invitation {
    proto::Invitation {
        provider: provider_name(provider),
        referral_version: it.referral_version,
        cascade_step: it.step.clone().unwrap_or_default(),
        release_time: Some(timestamp(it.at)),
        answer_by_time: Some(timestamp(it.answer_by)),
        view_time: it.viewed.map(|(_, at)| timestamp(at)),
        viewed_version: it.viewed.map_or(0, |(version, _)| version),
        offered: it.answer == Answer::Offered,
        decline_reason: declined(&it.answer),
        expired: it.expired.is_some() || state.invitation_expired(referral, provider, now),
        expire_time: it.expired.map(timestamp),
    }
}

pub(super) fn step_policy(it: &StepPolicy) -> proto::StepPolicy {
    proto::StepPolicy {
        release_in_order: it.release_in_order,
        emergency_may_skip: Some(it.emergency_may_skip),
        waiver_roles: it.waiver_roles.iter().cloned().collect(),
        gates: it.gates.iter().map(gate).collect(),
    }
}

fn gate(it: &Gate) -> proto::Gate {
    proto::Gate {
        gate: it.gate.clone(),
        roles: it.roles.iter().cloned().collect(),
        when: (it.when != GateCondition::default()).then(|| condition(&it.when)),
    }
}

fn condition(it: &GateCondition) -> proto::GateCondition {
    let area = match it.area {
        None => proto::GateArea::Unspecified,
        Some(GateArea::OutOfArea) => proto::GateArea::OutOfArea,
        Some(GateArea::Distant) => proto::GateArea::Distant,
    };
    proto::GateCondition {
        provisions: it.provisions.iter().cloned().collect(),
        age_years_max: it.age_years_max.map(u32::from),
        area: area.into(),
        weekly_from_pence: it.weekly_from.map(|weekly| weekly.0),
        spot: it.spot,
    }
}
