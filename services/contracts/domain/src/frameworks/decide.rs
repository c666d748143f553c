//! The rules by which frameworks change.

use super::commands::{
    Change, FrameworkCommand, LOTS_MAX, MEMBERSHIPS_MAX, NewFramework, PRICE_VERSIONS_MAX, PROVIDERS_MAX,
};
use super::events::{
    CouncilJoined, CouncilLeft, FrameworkCreated, FrameworkEvent, LotAdded, ProviderAdmitted,
};
use super::prices::{self, PriceSchedule};
use super::rejection::FrameworkRejection;
use super::state::{Framework, Frameworks, Lot};
use super::terms_rejection::TermsRejection;
use super::{discounts, procurement, suspensions, uplifts, weights};
use crate::grade::GradeGate;
use care::market::UNREGISTERED;
use care::{CouncilId, Date, Decided, Domain, FrameworkId, LotId, ProviderId};

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
        change(state, framework, id, &command.change)
    }

    fn evolve(state: &mut Self, event: &FrameworkEvent) {
        state.apply(event);
    }
}

/// What one change to a framework that exists gives.
fn change(state: &Frameworks, framework: &Framework, id: &FrameworkId, change: &Change) -> Outcome {
    match change {
        Change::Create(new) => create(state, id, new),
        Change::AddMember { council, from } => add_member(framework, id, *council, *from),
        Change::RemoveMember { council, on } => remove_member(framework, id, *council, *on),
        Change::AddLot { lot, terms } => add_lot(framework, id, lot, terms),
        Change::AdmitProvider { lot, provider, schedule } => admit(framework, id, lot, provider, schedule),
        Change::SuspendProvider { provider, scope, reason, from } => {
            suspensions::suspend(framework, id, provider, scope, (reason, *from))
        }
        Change::LiftSuspension { provider, scope, on } => {
            suspensions::lift(framework, id, provider, scope, *on)
        }
        Change::SetEvaluationWeights { from, weights, today } => {
            weights::set(framework, id, *from, weights, *today)
        }
        Change::Reopen(opening) => procurement::reopen(framework, id, *opening),
        Change::Extend { to, reason, today } => procurement::extend(framework, id, *to, reason, *today),
        Change::AgreeDiscount(discount) => discounts::agree(framework, id, discount),
        Change::EndDiscount { number, on } => discounts::end(framework, id, *number, *on),
        Change::NominateLinkAuthority { provider, council, today } => {
            uplifts::nominate(framework, id, provider, *council, *today)
        }
        Change::RequestUplift { asked, today } => uplifts::request(framework, id, asked, *today),
        Change::NegotiateUplift { number, negotiation } => {
            uplifts::negotiate(framework, id, *number, negotiation)
        }
    }
}

fn create(state: &Frameworks, id: &FrameworkId, new: &NewFramework) -> Outcome {
    if state.get(id).is_some() {
        return Err(FrameworkRejection::FrameworkExists(id.clone()));
    }
    not_before("ends", new.ends, new.starts)?;
    valid_gate("grade_floor.lowest_grade", new.grade_floor.as_ref())?;
    procurement::check_new(&new.procurement, new.regime, new.starts, new.ends)?;
    let created = FrameworkCreated {
        framework: id.clone(),
        name: new.name.clone(),
        lead: new.lead,
        regime: new.regime,
        starts: new.starts,
        ends: new.ends,
        grade_floor: new.grade_floor.clone(),
        procurement: new.procurement.clone(),
    };
    let joined = CouncilJoined { framework: id.clone(), council: new.lead, from: new.starts };
    Ok(vec![created.into(), joined.into()])
}

fn add_member(framework: &Framework, id: &FrameworkId, council: CouncilId, from: Date) -> Outcome {
    within_term(framework, "from", from)?;
    let memberships = framework.members.get(&council).map_or(&[][..], Vec::as_slice);
    if let Some(last) = memberships.last() {
        let Some(until) = last.until else {
            return Err(FrameworkRejection::CouncilAlreadyMember { framework: id.clone(), council });
        };
        not_before("from", from, until)?;
    }
    at_most("memberships of a council", MEMBERSHIPS_MAX, memberships.len())?;
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
    valid_gate("lot.grade_gate.lowest_grade", terms.grade_gate.as_ref())?;
    prices::check_rows("lot.ceilings", terms, lot, &terms.levels, &terms.ceilings)?;
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
    let schedules = framework.admissions.get(provider).and_then(|lots| lots.get(lot));
    // Agreements go on when the framework has ended, and with them what those who were admitted may ask.
    if schedules.is_none() {
        within_term(framework, "from", schedule.from)?;
    }
    if let Some(until) = schedule.until {
        not_before("until", until, schedule.from.tomorrow().unwrap_or(schedule.from))?;
    }
    prices::check_schedule(terms, lot, schedule)?;
    match schedules.and_then(|schedules| schedules.last()) {
        Some(last) => after(last, schedule.from)?,
        None => admits(framework, schedule.from)?,
    }
    at_most("price versions of a provider in a lot", PRICE_VERSIONS_MAX, schedules.map_or(0, Vec::len))?;
    room_for(framework, provider)?;
    let admitted = ProviderAdmitted {
        framework: id.clone(),
        lot: lot.clone(),
        provider: provider.clone(),
        from: schedule.from,
        prices: schedule.prices.clone(),
        until: schedule.until,
        rows: schedule.rows.clone(),
        branches: schedule.branches.clone(),
    };
    Ok(vec![admitted.into()])
}

/// Insists that a price version begins when the one before it has ended; one without an end of its own ends when the next begins.
fn after(last: &PriceSchedule, from: Date) -> Result<(), FrameworkRejection> {
    let next = last.from.tomorrow().unwrap_or(last.from);
    let earliest = last.until.unwrap_or(next).max(next);
    if from < earliest {
        let held = last.from;
        return Err(TermsRejection::PriceVersionOverlaps { from, held, earliest }.into());
    }
    Ok(())
}

/// Insists that the framework takes new providers on a day.
fn admits(framework: &Framework, from: Date) -> Result<(), FrameworkRejection> {
    let Some(kind) = framework.procurement.kind.filter(|_| !framework.admits_on(from)) else {
        return Ok(());
    };
    let (starts, openings) = (framework.starts, framework.openings.clone());
    Err(TermsRejection::AdmissionClosed { from, kind, starts, openings }.into())
}

pub(super) fn not_before(field: &'static str, date: Date, earliest: Date) -> Result<(), FrameworkRejection> {
    if date < earliest { Err(FrameworkRejection::DatesOutOfOrder { field, date, earliest }) } else { Ok(()) }
}

pub(super) fn within_term(
    framework: &Framework,
    field: &'static str,
    date: Date,
) -> Result<(), FrameworkRejection> {
    if framework.in_force(date) {
        return Ok(());
    }
    Err(FrameworkRejection::OutsideTerm { field, date, starts: framework.starts, ends: framework.ends })
}

/// Insists that there is room for one more of what there are `held`.
pub(super) fn at_most(what: &'static str, max: usize, held: usize) -> Result<(), FrameworkRejection> {
    if held < max { Ok(()) } else { Err(TermsRejection::LimitReached { what, max }.into()) }
}

/// Insists that the framework knows the provider, or has room for one more.
pub(super) fn room_for(framework: &Framework, provider: &ProviderId) -> Result<(), FrameworkRejection> {
    let known = framework.admissions.contains_key(provider)
        || framework.suspensions.contains_key(provider)
        || framework.link_authorities.contains_key(provider);
    if known {
        return Ok(());
    }
    let mut all = framework.providers();
    all.extend(framework.link_authorities.keys());
    at_most("providers of a framework", PROVIDERS_MAX, all.len())
}

fn valid_gate(field: &'static str, gate: Option<&GradeGate>) -> Result<(), FrameworkRejection> {
    match gate.filter(|gate| !gate.is_valid()) {
        Some(gate) => Err(FrameworkRejection::GradeGateInvalid { field, lowest: gate.lowest.clone() }),
        None => Ok(()),
    }
}
