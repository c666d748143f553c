//! The rules by which frameworks change.

use super::commands::{Change, FrameworkCommand, LOTS_MAX, NewFramework};
use super::events::{
    CouncilJoined, CouncilLeft, FrameworkCreated, FrameworkEvent, LotAdded, ProviderAdmitted,
    ProviderSuspended, SuspensionLifted,
};
use super::rejection::FrameworkRejection;
use super::state::{Framework, Frameworks, Lot, PriceSchedule};
use super::weights;
use crate::grade::GradeGate;
use care::market::UNREGISTERED;
use care::{CouncilId, Date, Decided, Domain, EstablishmentUrn, FrameworkId, LotId, Pence, ProviderId};
use std::collections::BTreeMap;

pub(super) type Outcome = Result<Vec<FrameworkEvent>, FrameworkRejection>;

impl Domain for Frameworks {
    type State = Self;
    type Command = FrameworkCommand;
    type Event = FrameworkEvent;
    type Rejection = FrameworkRejection;

    fn decide(state: &Self, command: &FrameworkCommand) -> Decided<Self> {
        let id = &command.framework;
        if let Change::Create(new) = &command.change {
            return create(state, id, new);
        }
        let framework = state.get(id).ok_or_else(|| FrameworkRejection::FrameworkUnknown(id.clone()))?;
        if let Some(expected) = command.expected_version.filter(|expected| *expected != framework.version) {
            let current = framework.version;
            return Err(FrameworkRejection::EtagMismatch { framework: id.clone(), expected, current });
        }
        match &command.change {
            Change::Create(new) => create(state, id, new),
            Change::AddMember { council, from } => add_member(framework, id, *council, *from),
            Change::RemoveMember { council, on } => remove_member(framework, id, *council, *on),
            Change::AddLot { lot, terms } => add_lot(framework, id, lot, terms),
            Change::AdmitProvider { lot, provider, from, prices } => {
                admit(framework, id, lot, provider, &PriceSchedule { from: *from, prices: prices.clone() })
            }
            Change::SuspendProvider { provider, urn, reason, from } => {
                let suspended = ProviderSuspended {
                    framework: id.clone(),
                    provider: provider.clone(),
                    urn: urn.clone(),
                    reason: reason.clone(),
                    from: *from,
                };
                suspend(framework, suspended)
            }
            Change::LiftSuspension { provider, urn, on } => lift(framework, id, provider, urn.as_ref(), *on),
            Change::SetEvaluationWeights { from, weights, today } => {
                weights::set(framework, id, *from, weights, *today)
            }
        }
    }

    fn evolve(state: &mut Self, event: &FrameworkEvent) {
        state.apply(event);
    }
}

fn create(state: &Frameworks, id: &FrameworkId, new: &NewFramework) -> Outcome {
    if state.get(id).is_some() {
        return Err(FrameworkRejection::FrameworkExists(id.clone()));
    }
    not_before("ends", new.ends, new.starts)?;
    valid_gate(new.grade_floor.as_ref())?;
    let created = FrameworkCreated {
        framework: id.clone(),
        name: new.name.clone(),
        lead: new.lead,
        regime: new.regime,
        starts: new.starts,
        ends: new.ends,
        grade_floor: new.grade_floor.clone(),
    };
    let joined = CouncilJoined { framework: id.clone(), council: new.lead, from: new.starts };
    Ok(vec![created.into(), joined.into()])
}

fn add_member(framework: &Framework, id: &FrameworkId, council: CouncilId, from: Date) -> Outcome {
    within_term(framework, from)?;
    if let Some(last) = framework.members.get(&council).and_then(|memberships| memberships.last()) {
        let Some(until) = last.until else {
            return Err(FrameworkRejection::CouncilAlreadyMember { framework: id.clone(), council });
        };
        not_before("from", from, until)?;
    }
    Ok(vec![CouncilJoined { framework: id.clone(), council, from }.into()])
}

fn remove_member(framework: &Framework, id: &FrameworkId, council: CouncilId, on: Date) -> Outcome {
    let last = framework.members.get(&council).and_then(|memberships| memberships.last());
    let Some(membership) = last.filter(|membership| membership.until.is_none()) else {
        return Err(FrameworkRejection::CouncilNotMember { framework: id.clone(), council });
    };
    not_before("on", on, membership.from)?;
    Ok(vec![CouncilLeft { framework: id.clone(), council, on }.into()])
}

fn add_lot(framework: &Framework, id: &FrameworkId, lot: &LotId, terms: &Lot) -> Outcome {
    if framework.lots.contains_key(lot) {
        return Err(FrameworkRejection::LotExists(lot.clone()));
    }
    if framework.lots.len() >= LOTS_MAX {
        return Err(FrameworkRejection::TooManyLots);
    }
    if terms.provisions.is_empty() {
        return Err(FrameworkRejection::LotEmpty { field: "lot.provisions" });
    }
    if terms.levels.is_empty() {
        return Err(FrameworkRejection::LotEmpty { field: "lot.levels" });
    }
    if terms.provisions.contains(UNREGISTERED) {
        return Err(FrameworkRejection::UnregisteredProvision);
    }
    if terms.age_to < terms.age_from {
        return Err(FrameworkRejection::AgesOutOfOrder { age_from: terms.age_from, age_to: terms.age_to });
    }
    valid_gate(terms.grade_gate.as_ref())?;
    Ok(vec![LotAdded { framework: id.clone(), lot: lot.clone(), terms: terms.clone() }.into()])
}

fn admit(
    framework: &Framework,
    id: &FrameworkId,
    lot: &LotId,
    provider: &ProviderId,
    schedule: &PriceSchedule,
) -> Outcome {
    let Some(terms) = framework.lots.get(lot) else {
        return Err(FrameworkRejection::LotUnknown { framework: id.clone(), lot: lot.clone() });
    };
    within_term(framework, schedule.from)?;
    prices_within(terms, lot, &schedule.prices)?;
    let schedules = framework.admissions.get(provider).and_then(|lots| lots.get(lot));
    if let Some(last) = schedules.and_then(|schedules| schedules.last()) {
        let earliest = last.from.tomorrow().unwrap_or(last.from);
        not_before("from", schedule.from, earliest)?;
    }
    let admitted = ProviderAdmitted {
        framework: id.clone(),
        lot: lot.clone(),
        provider: provider.clone(),
        from: schedule.from,
        prices: schedule.prices.clone(),
    };
    Ok(vec![admitted.into()])
}

fn prices_within(
    terms: &Lot,
    lot: &LotId,
    prices: &BTreeMap<String, Pence>,
) -> Result<(), FrameworkRejection> {
    if prices.is_empty() {
        return Err(FrameworkRejection::PricesMissing(lot.clone()));
    }
    for (level, price) in prices {
        let (level, price) = (level.clone(), *price);
        let Some(ceiling) = terms.levels.get(&level).copied() else {
            return Err(FrameworkRejection::LevelUnknown { lot: lot.clone(), level });
        };
        if price <= Pence::ZERO {
            return Err(FrameworkRejection::PriceNotPositive { level, price });
        }
        if price > ceiling {
            return Err(FrameworkRejection::PriceAboveCeiling { level, price, ceiling });
        }
    }
    Ok(())
}

fn suspend(framework: &Framework, suspended: ProviderSuspended) -> Outcome {
    let suspensions = framework.suspensions.get(&suspended.provider).into_iter().flatten();
    let mut open = suspensions.filter(|s| s.urn == suspended.urn && s.until.is_none());
    if let Some(held) = open.next() {
        return Err(FrameworkRejection::AlreadySuspended { provider: suspended.provider, since: held.from });
    }
    Ok(vec![suspended.into()])
}

fn lift(
    framework: &Framework,
    id: &FrameworkId,
    provider: &ProviderId,
    urn: Option<&EstablishmentUrn>,
    on: Date,
) -> Outcome {
    let mut suspensions = framework.suspensions.get(provider).into_iter().flatten();
    let Some(held) = suspensions.find(|s| s.urn.as_ref() == urn && s.until.is_none()) else {
        return Err(FrameworkRejection::NotSuspended(provider.clone()));
    };
    not_before("on", on, held.from)?;
    let lifted =
        SuspensionLifted { framework: id.clone(), provider: provider.clone(), urn: urn.cloned(), on };
    Ok(vec![lifted.into()])
}

pub(super) fn not_before(field: &'static str, date: Date, earliest: Date) -> Result<(), FrameworkRejection> {
    if date < earliest { Err(FrameworkRejection::DatesOutOfOrder { field, date, earliest }) } else { Ok(()) }
}

pub(super) fn within_term(framework: &Framework, from: Date) -> Result<(), FrameworkRejection> {
    if framework.in_force(from) {
        return Ok(());
    }
    Err(FrameworkRejection::OutsideTerm { from, starts: framework.starts, ends: framework.ends })
}

fn valid_gate(gate: Option<&GradeGate>) -> Result<(), FrameworkRejection> {
    match gate.filter(|gate| !gate.is_valid()) {
        Some(gate) => Err(FrameworkRejection::GradeGateInvalid(gate.lowest.clone())),
        None => Ok(()),
    }
}
