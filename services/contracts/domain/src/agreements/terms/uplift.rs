//! Uplifts: what a provider asked for, and was negotiated once for the region, each council decides for its own agreements, and puts right
//! where it decided wrong.
//!
//! An uplift that was asked for under a framework is known by its name there: what was asked and recommended is read from the framework's facts
//! and never from who decides, and it is of the agreements that were called off from that framework (and lot), of others only where they are
//! named. Of spot purchases and the council's own provision no framework tells; those are named.

use super::commands::{CorrectUplift, DecideUplift, UpliftAnswer, UpliftSubject};
use super::events::{UpliftCorrected, UpliftDecided, UpliftOf};
use super::rejection::{Limit, TermsRejection, invalid};
use super::rise::{DECIDED, Rise, put_right, raised};
use super::{AHEAD_DAYS_MAX, UPLIFTED_MAX};
use crate::agreements::events::AgreementEvent;
use crate::agreements::rejection::AgreementRejection;
use crate::agreements::state::{Agreement, Agreements};
use crate::frameworks::{Frameworks, UpliftAmount};
use care::published::terms_limits::YEARS;
use care::published::{AgreementTermsSet, Route};
use care::{AgreementId, CouncilId, Date, Decided, FrameworkId, LotId, Timestamp, days_after, london_date};
use std::collections::BTreeSet;

/// How many decisions about one provider's uplifts a council has at most, refusals included.
pub(super) const DECISIONS_MAX: usize = 1_000;

/// What an uplift is decided on.
struct Basis {
    /// What it is called.
    reference: String,
    /// What was asked for.
    asked: UpliftAmount,
    /// What the council may accept at most, where anything.
    most: Option<UpliftAmount>,
    /// The first night that it may accept, where that was negotiated.
    earliest: Option<Date>,
    /// The framework that it was asked for under, and the one lot if it is for one.
    of: Option<(UpliftOf, Option<LotId>)>,
}

/// Decides an uplift of a council's agreements with a provider.
pub(super) fn decide(
    state: &Agreements,
    council: CouncilId,
    asked: &DecideUplift,
    facts: &Frameworks,
) -> Decided<Agreements> {
    let basis = basis(council, asked, facts)?;
    if state.decisions_of(&asked.provider).count() >= DECISIONS_MAX {
        return Err(TermsRejection::limit(Limit::Decisions).into());
    }
    let (accepted, from, sets) = match &asked.answer {
        UpliftAnswer::Refused => (None, None, Vec::new()),
        UpliftAnswer::Accepted { amount, from, agreements } => {
            let from = from.ok_or(TermsRejection::UpliftDateMissing)?;
            check_amount(amount, basis.most.as_ref())?;
            check_from(from, basis.earliest, asked.at)?;
            let rise = Rise { reference: &basis.reference, amount, from, until: None, cause: DECIDED };
            (Some(amount.clone()), Some(from), raise(state, (asked, facts), &basis, rise, agreements)?)
        }
    };
    if accepted != basis.most && asked.reason.is_empty() {
        let detail = "must be given where less is accepted than was asked for or negotiated";
        return Err(invalid("reason", detail).into());
    }
    let points = |amount: Option<&UpliftAmount>| match amount {
        Some(UpliftAmount::BasisPoints(points)) => *points,
        Some(UpliftAmount::ByLevel(_)) | None => 0,
    };
    let negotiated = basis.most.clone().filter(|_| basis.of.is_some());
    let decided = UpliftDecided {
        council,
        provider: asked.provider.clone(),
        reference: basis.reference,
        asked_basis_points: points(Some(&basis.asked)),
        negotiated_basis_points: negotiated.as_ref().map(|it| points(Some(it))).filter(|it| *it > 0),
        accepted_basis_points: points(accepted.as_ref()),
        of: basis.of.map(|(of, _)| of),
        asked: Some(basis.asked),
        negotiated,
        negotiated_from: basis.earliest,
        accepted,
        from,
        agreements: sets.iter().map(|set| set.agreement).collect(),
        reason: asked.reason.clone(),
        approver: asked.approver.clone(),
        at: asked.at,
    };
    let sets = sets.into_iter().map(AgreementEvent::from);
    Ok(std::iter::once(decided.into()).chain(sets).collect())
}

/// What was asked and negotiated: as the framework has it, or as the council tells it where no framework knows.
fn basis(council: CouncilId, asked: &DecideUplift, facts: &Frameworks) -> Result<Basis, TermsRejection> {
    let (framework, number) = match &asked.subject {
        UpliftSubject::Framework { framework, number } => (framework, *number),
        UpliftSubject::Apart { reference, asked_basis_points } => {
            if reference.contains(':') || reference.starts_with("frameworks/") {
                let detail = "must have no colon and be no framework's: give `uplift` for one of a framework";
                return Err(invalid("reference", detail));
            }
            let asked = UpliftAmount::BasisPoints(*asked_basis_points);
            let most = Some(asked.clone());
            return Ok(Basis { reference: reference.clone(), asked, most, earliest: None, of: None });
        }
    };
    let of = UpliftOf { framework: framework.clone(), number };
    let reference = of.to_string();
    let today = london_date(asked.at);
    // To a council that never was a member it is as if there were none.
    let known = facts.get(framework).filter(|it| it.is_or_was_member(council, today));
    let uplift = known.and_then(|it| it.uplifts.get(&number));
    let uplift = uplift.filter(|uplift| uplift.asked.provider == asked.provider);
    let Some(uplift) = uplift else { return Err(TermsRejection::UpliftUnknown(reference)) };
    let Some(negotiation) = &uplift.negotiation else {
        return Err(TermsRejection::UpliftNotNegotiated(reference));
    };
    Ok(Basis {
        reference,
        asked: uplift.asked.amount.clone(),
        most: negotiation.recommended.as_ref().map(|it| it.amount.clone()),
        earliest: negotiation.recommended.as_ref().map(|it| it.from),
        of: Some((of, uplift.asked.lot.clone())),
    })
}

/// A rise is one, of the form that was negotiated, and no more than that.
fn check_amount(amount: &UpliftAmount, most: Option<&UpliftAmount>) -> Result<(), TermsRejection> {
    let field = match amount {
        UpliftAmount::BasisPoints(_) => "accepted_basis_points",
        UpliftAmount::ByLevel(_) => "accepted",
    };
    if let Some(problem) = amount.problem() {
        return Err(invalid(field, format!("{problem}, or refuse the uplift")));
    }
    if most.is_some_and(|most| amount.is_within(most)) {
        return Ok(());
    }
    let most = most.map_or_else(|| "nothing".to_owned(), UpliftAmount::to_string);
    Err(TermsRejection::UpliftAboveNegotiated { field, accepted: amount.to_string(), most })
}

/// A rise begins no earlier than was negotiated, and not beyond all plans.
fn check_from(from: Date, earliest: Option<Date>, at: Timestamp) -> Result<(), TermsRejection> {
    let latest = days_after(london_date(at), AHEAD_DAYS_MAX);
    let first = Date::constant(*YEARS.start(), 1, 1).max(earliest.unwrap_or(Date::MIN));
    if (first..=latest).contains(&from) {
        return Ok(());
    }
    let detail = format!("is {from}: give a day from {first}, the earliest there can be, to {latest}");
    Err(invalid("from", detail))
}

/// What it makes of the agreements that are named, or of all that it is about.
fn raise(
    state: &Agreements,
    (asked, facts): (&DecideUplift, &Frameworks),
    basis: &Basis,
    rise: Rise<'_>,
    named: &BTreeSet<AgreementId>,
) -> Result<Vec<AgreementTermsSet>, AgreementRejection> {
    let key = key_of(&basis.reference);
    let why = (asked.reason.as_str(), asked.at);
    let own = state.by_provider.get(&asked.provider);
    let again = || AgreementRejection::from(TermsRejection::UpliftAlreadyApplied(basis.reference.clone()));
    let mut sets = Vec::new();
    if named.is_empty() {
        let Some((of, lot)) = &basis.of else {
            let detail = "must be given where no framework has the uplift: name the agreements";
            return Err(invalid("agreements", detail).into());
        };
        let mut applied = false;
        let all = own.into_iter().flatten().filter_map(|id| state.agreements.get(id));
        for agreement in all.filter(|it| is_of(it, &of.framework, lot.as_ref()) && goes_on(it, rise.from)) {
            if agreement.terms.uplifts.contains_key(&key) {
                applied = true;
                continue;
            }
            sets.extend(raised(agreement, facts, rise, why)?);
        }
        if sets.is_empty() {
            return Err(if applied { again() } else { TermsRejection::UpliftOfNothing(rise.from).into() });
        }
    }
    for id in named {
        let agreement = state.agreements.get(id).filter(|_| own.is_some_and(|own| own.contains(id)));
        let agreement = agreement.ok_or(AgreementRejection::AgreementUnknown(*id))?;
        if let Some(end) = agreement.ended.as_ref().filter(|_| !goes_on(agreement, rise.from)) {
            return Err(AgreementRejection::AgreementEnded(end.on));
        }
        if let Route::Framework { .. } = agreement.issued.terms.route
            && !basis.of.as_ref().is_some_and(|(of, lot)| is_of(agreement, &of.framework, lot.as_ref()))
        {
            return Err(TermsRejection::UpliftOfOther { agreement: *id }.into());
        }
        if agreement.terms.uplifts.contains_key(&key) {
            return Err(again());
        }
        let set = raised(agreement, facts, rise, why)?;
        sets.push(set.ok_or(TermsRejection::UpliftRaisesNothing { agreement: *id })?);
    }
    if sets.len() > UPLIFTED_MAX {
        return Err(TermsRejection::limit(Limit::Uplifted).into());
    }
    Ok(sets)
}

/// By what an uplift is known among those that were applied: its name, however it is spaced and whatever letters are large.
pub(super) fn key_of(reference: &str) -> String {
    reference.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Whether it was called off from a framework, and the lot if there is one.
fn is_of(agreement: &Agreement, of: &FrameworkId, only: Option<&LotId>) -> bool {
    match &agreement.issued.terms.route {
        Route::Framework { framework, lot, .. } => framework == of && only.is_none_or(|only| only == lot),
        Route::InHouse | Route::Spot { .. } => false,
    }
}

/// Whether it has nights from a day on, as far as is known.
fn goes_on(agreement: &Agreement, from: Date) -> bool {
    agreement.ended.as_ref().is_none_or(|end| end.on > from && end.on > agreement.issued.start)
}

/// Puts right what a council decided: another amount or day, or nothing, for all agreements of the decision or some of them.
pub(super) fn correct(
    state: &Agreements,
    council: CouncilId,
    asked: &CorrectUplift,
    facts: &Frameworks,
) -> Decided<Agreements> {
    let found = state.uplift_decisions.get(&asked.decision);
    let decided = &found.ok_or(TermsRejection::UpliftDecisionUnknown(asked.decision))?.decided;
    if let Some((amount, from)) = &asked.right {
        check_amount(amount, decided.most().as_ref())?;
        check_from(*from, decided.negotiated_from, asked.at)?;
    }
    let right = asked.right.as_ref().map(|(amount, from)| (amount, *from));
    let key = key_of(&decided.reference);
    let applied = |agreement: &Agreement| {
        agreement.terms.uplifts.get(&key).is_some_and(|it| it.decision == asked.decision)
    };
    if let Some(id) = asked.agreements.iter().find(|id| !state.agreements.get(id).is_some_and(applied)) {
        return Err(TermsRejection::UpliftNotApplied { agreement: *id, decision: asked.decision }.into());
    }
    let wanted = if asked.agreements.is_empty() { &decided.agreements } else { &asked.agreements };
    let wanted = wanted.iter().filter_map(|id| state.agreements.get(id)).filter(|it| applied(it));
    let why = (asked.reason.as_str(), asked.at);
    let (mut agreements, mut sets) = (BTreeSet::new(), Vec::new());
    for agreement in wanted {
        if let Some(set) = put_right(agreement, facts, (&key, right), why)? {
            agreements.insert(agreement.issued.agreement);
            sets.push(AgreementEvent::from(set));
        }
    }
    if sets.is_empty() {
        return Ok(vec![]);
    }
    let corrected = UpliftCorrected {
        council,
        provider: decided.provider.clone(),
        decision: asked.decision,
        reference: decided.reference.clone(),
        accepted: asked.right.as_ref().map(|(amount, _)| amount.clone()),
        from: asked.right.as_ref().map(|(_, from)| *from),
        agreements,
        reason: asked.reason.clone(),
        approver: asked.approver.clone(),
        at: asked.at,
    };
    Ok(std::iter::once(corrected.into()).chain(sets).collect())
}
