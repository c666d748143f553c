//! Terms, amendments, absences, outcomes and purchases, as each side sees them.

use super::frameworks::uplift_amount;
use super::{Viewer, date_or_empty};
use api::contracts as proto;
use care::published::{AbsenceRecorded, AbsenceRule, AbsenceRulesFrom, Approval, NoticeBy, Route, TermLine};
use care::{AgreementId, CouncilId, Date, Pence};
use contracts_domain::agreements::Agreement;
pub(crate) use contracts_domain::agreements::terms::Amendment;
use contracts_domain::agreements::terms::{
    AmendmentEnd, Changes, FrameworkShown, LineChange, LinePrice, Negotiated, NewOutcome, Outcome,
    OutcomePayment, Purchase, Signature, UpliftCorrected, UpliftDecision,
};
use service_kit::terms::funders_shown;
use service_kit::{agreement_name, council_name, place_name, provider_name, timestamp};
use std::collections::BTreeSet;

pub(crate) fn side(by: NoticeBy) -> proto::AgreementSide {
    match by {
        NoticeBy::Provider => proto::AgreementSide::Provider,
        NoticeBy::Council => proto::AgreementSide::Council,
    }
}

fn signature(signature: &Signature) -> proto::Signature {
    proto::Signature {
        side: side(signature.by).into(),
        post: signature.post.clone(),
        signed_on: signature.on.to_string(),
        record_time: Some(timestamp(signature.at)),
    }
}

fn names(council: CouncilId, agreements: &BTreeSet<AgreementId>) -> Vec<String> {
    agreements.iter().map(|id| agreement_name(council, *id)).collect()
}

/// All that holds of an agreement.
pub(super) fn terms(agreement: &Agreement, viewer: Viewer) -> proto::AgreementTerms {
    let (terms, own) = (&agreement.terms, viewer == Viewer::Council);
    let funders = terms.funders.iter().filter(|_| own);
    let line = |line: &TermLine| {
        let discount = terms.sibling_discounts.get(&line.line).filter(|_| own);
        proto::TermLine {
            line: line.line,
            kind: line.kind.clone(),
            weekly_pence: line.weekly.0,
            from: line.from.to_string(),
            until: date_or_empty(line.until),
            cause: line.cause.clone(),
            note: line.note.clone(),
            worked_out: line.worked_out.clone(),
            siblings: discount.map(|it| names(agreement.issued.council, &it.siblings)).unwrap_or_default(),
        }
    };
    proto::AgreementTerms {
        version: terms.version,
        lines: terms.lines.iter().map(line).collect(),
        funders: funders
            .map(|set| proto::FundersFrom {
                from: set.from.to_string(),
                funders: funders_shown(&set.funders),
            })
            .collect(),
        absence_rules: terms.absence_rules.iter().map(absence_rule).collect(),
        outcomes: terms.outcomes.iter().map(outcome).collect(),
        notice_days: agreement.notice_days(Date::MAX).into(),
        expected_end: date_or_empty(terms.expected_end),
        review_on: date_or_empty(terms.review_on),
        unsigned: !terms.is_signed(),
        signatures: terms.signatures.iter().map(signature).collect(),
        amendments: terms.amendments.iter().map(|it| amendment(agreement, it, viewer)).collect(),
        absences: terms.absences.values().map(absence).collect(),
        payments: terms.payments.iter().map(outcome_payment).collect(),
        uplifts: terms.uplifts.values().map(|it| it.reference.clone()).collect(),
        purchase: terms.purchase.as_ref().filter(|_| own).map(purchase),
        emergency_bed: terms.emergency_bed.as_ref().filter(|_| own).map(purchase),
        absence_rules_from: terms.absence_rules_from.iter().map(absence_rules_from).collect(),
        notice_days_from: terms.notice_days.iter().map(notice_days_from).collect(),
        uplift_rule: uplift_rule(&agreement.issued.terms.route).into(),
        price_versions: terms.schedules.iter().map(price_version).collect(),
    }
}

fn uplift_rule(route: &Route) -> proto::UpliftRule {
    match route {
        Route::Framework { .. } => proto::UpliftRule::OfFramework,
        Route::InHouse | Route::Spot { .. } => proto::UpliftRule::Named,
    }
}

fn price_version((from, schedule): (&Date, &Date)) -> proto::PriceVersion {
    proto::PriceVersion { from: from.to_string(), schedule_from: schedule.to_string() }
}

fn absence_rule(rule: &AbsenceRule) -> proto::AbsenceRule {
    proto::AbsenceRule {
        absence: rule.absence.clone(),
        full_nights: rule.full_nights.into(),
        core_basis_points: rule.core_basis_points,
        other_basis_points: rule.other_basis_points,
        nothing_after: rule.nothing_after.unwrap_or_default().into(),
    }
}

fn absence_rules_from(dated: &AbsenceRulesFrom) -> proto::AbsenceRulesFrom {
    proto::AbsenceRulesFrom {
        from: dated.from.to_string(),
        rules: dated.rules.iter().map(absence_rule).collect(),
    }
}

fn notice_days_from((from, days): (&Date, &u16)) -> proto::NoticeDaysFrom {
    proto::NoticeDaysFrom { from: from.to_string(), days: (*days).into() }
}

fn new_outcome(agreed: &NewOutcome) -> proto::Outcome {
    proto::Outcome {
        outcome: 0,
        measure: agreed.measure.clone(),
        evidence: agreed.evidence.clone(),
        held_weeks: agreed.held_weeks.into(),
        payment_pence: agreed.payment.0,
        cap_pence: agreed.cap.0,
        from: String::new(),
        until: String::new(),
    }
}

fn outcome(outcome: &Outcome) -> proto::Outcome {
    proto::Outcome {
        outcome: outcome.number,
        from: outcome.from.to_string(),
        until: date_or_empty(outcome.until),
        ..new_outcome(&outcome.agreed)
    }
}

pub(crate) fn outcome_payment(payment: &OutcomePayment) -> proto::OutcomePayment {
    let evidenced = &payment.evidenced;
    proto::OutcomePayment {
        payment: evidenced.payment,
        outcome: evidenced.outcome,
        achieved_on: evidenced.achieved_on.to_string(),
        evidence: evidenced.evidence.clone(),
        paid_pence: payment.paid.unwrap_or(Pence::ZERO).0,
        refusal: payment.refused.clone().unwrap_or_default(),
        approver: payment.approver.clone().unwrap_or_default(),
    }
}

pub(crate) fn absence(absence: &AbsenceRecorded) -> proto::Absence {
    proto::Absence {
        absence: absence.absence,
        revision: absence.revision,
        kind: absence.kind.clone(),
        from: absence.from.to_string(),
        until: date_or_empty(absence.until),
        side: absence.by.map_or(proto::AgreementSide::Unspecified, side).into(),
    }
}

/// A decision of an uplift. What posts decided is the council's own business.
pub(crate) fn uplift_decision(
    number: u32,
    decision: &UpliftDecision,
    viewer: Viewer,
) -> proto::UpliftDecision {
    let (decided, own) = (&decision.decided, viewer == Viewer::Council);
    let approver = |post: &str| if own { post.to_owned() } else { String::new() };
    let correction = |it: &UpliftCorrected| proto::UpliftCorrection {
        accepted: it.accepted.as_ref().map(uplift_amount),
        from: date_or_empty(it.from),
        agreements: names(it.council, &it.agreements),
        reason: it.reason.clone(),
        approver: approver(&it.approver),
        record_time: Some(timestamp(it.at)),
    };
    proto::UpliftDecision {
        council: council_name(decided.council),
        provider: provider_name(&decided.provider),
        reference: decided.reference.clone(),
        accepted_basis_points: decided.accepted_basis_points,
        from: date_or_empty(decided.from),
        agreements: names(decided.council, &decided.agreements),
        name: format!("{}/upliftDecisions/{number}", council_name(decided.council)),
        accepted: decided.amount().as_ref().map(uplift_amount),
        reason: decided.reason.clone(),
        approver: approver(&decided.approver),
        decide_time: Some(timestamp(decided.at)),
        corrections: decision.corrections.iter().map(correction).collect(),
    }
}

pub(crate) fn amendment_state(amendment: &Amendment) -> proto::AmendmentState {
    match (&amendment.terms, &amendment.closed) {
        (Some(_), _) => proto::AmendmentState::InForce,
        (None, None) => proto::AmendmentState::Open,
        (None, Some(closed)) if closed.end == AmendmentEnd::Declined => proto::AmendmentState::Declined,
        (None, Some(_)) => proto::AmendmentState::Withdrawn,
    }
}

pub(crate) fn amendment(agreement: &Agreement, amendment: &Amendment, viewer: Viewer) -> proto::Amendment {
    let issued = &agreement.issued;
    let closed = amendment.closed.as_ref();
    proto::Amendment {
        name: format!("{}/amendments/{}", agreement_name(issued.council, issued.agreement), amendment.number),
        side: side(amendment.by).into(),
        state: amendment_state(amendment).into(),
        changes: Some(changes(&amendment.changes, issued.council, viewer)),
        signatures: amendment.signatures.iter().map(signature).collect(),
        terms: amendment.terms.unwrap_or_default(),
        close_reason: closed.map(|closed| closed.reason.clone()).unwrap_or_default(),
        propose_time: Some(timestamp(amendment.proposed_at)),
    }
}

fn changes(changes: &Changes, council: CouncilId, viewer: Viewer) -> proto::AmendmentChanges {
    let own = viewer == Viewer::Council;
    let rules = changes.absence_rules.as_ref();
    proto::AmendmentChanges {
        from: changes.from.to_string(),
        lines: changes.lines.iter().map(|change| line_change(change, council, own)).collect(),
        funders: if own { funders_shown(&changes.funders) } else { Vec::new() },
        replace_absence_rules: rules.is_some(),
        absence_rules: rules.into_iter().flatten().map(absence_rule).collect(),
        outcomes: changes.outcomes.iter().map(new_outcome).collect(),
        outcomes_ended: changes.outcomes_ended.clone(),
        notice_days: changes.notice_days.unwrap_or_default().into(),
        expected_end: date_or_empty(changes.expected_end),
        review_on: date_or_empty(changes.review_on),
        reason: changes.reason.clone(),
    }
}

fn line_change(change: &LineChange, council: CouncilId, own: bool) -> proto::LineChange {
    use proto::line_change::Change;
    let change = match change {
        LineChange::Add { kind, price, until, note, siblings } => Change::Add(proto::AddLine {
            kind: kind.clone(),
            price: Some(line_price(price)),
            until: date_or_empty(*until),
            note: note.clone(),
            siblings: if own { names(council, siblings) } else { Vec::new() },
        }),
        LineChange::Change { line, price, until, note } => Change::ChangePrice(proto::ChangeLine {
            line: *line,
            price: Some(line_price(price)),
            until: date_or_empty(*until),
            note: note.clone(),
        }),
        LineChange::End { line } => Change::End(proto::EndLine { line: *line }),
    };
    proto::LineChange { change: Some(change) }
}

fn line_price(price: &LinePrice) -> proto::LinePrice {
    use proto::line_price::Price;
    let price = match price {
        LinePrice::Weekly { pence } => Price::WeeklyPence(pence.0),
        LinePrice::Quantity { hundredths, unit, rate } => Price::Quantity(proto::LineQuantity {
            hundredths: *hundredths,
            unit: unit.clone(),
            rate_pence: rate.0,
        }),
        LinePrice::OfCore { basis_points } => Price::CoreBasisPoints(*basis_points),
    };
    proto::LinePrice { price: Some(price) }
}

fn purchase(purchase: &Purchase) -> proto::Purchase {
    use proto::purchase::Record;
    let (record, approval) = match purchase {
        Purchase::Spot { framework, negotiation, approval } => {
            let spot = proto::SpotPurchase {
                framework: Some(framework_shown(framework)),
                negotiation: negotiation.iter().map(negotiated).collect(),
            };
            (Record::Spot(spot), approval)
        }
        Purchase::InHouse { basis, approval } => {
            (Record::InHouse(proto::InHousePurchase { basis: basis.clone() }), approval)
        }
        Purchase::Emergency { place, reservation, nightly, approval } => {
            let bed = proto::EmergencyBed {
                place: place_name(place),
                reservation: *reservation,
                nightly_pence: nightly.0,
            };
            (Record::Emergency(bed), approval)
        }
    };
    let Approval { approver, role, at } = approval.clone();
    proto::Purchase { record: Some(record), approver, role, record_time: Some(timestamp(at)) }
}

fn framework_shown(shown: &FrameworkShown) -> proto::spot_purchase::Framework {
    use proto::spot_purchase::Framework;
    match shown {
        FrameworkShown::Exhausted { lots, providers } => Framework::Exhausted(proto::FrameworkExhausted {
            lots: lots.clone(),
            providers: providers.iter().map(provider_name).collect(),
        }),
        FrameworkShown::Waived { why, approval } => Framework::Waived(proto::FrameworkWaived {
            why: why.clone(),
            approver: approval.approver.clone(),
            role: approval.role.clone(),
        }),
    }
}

fn negotiated(offer: &Negotiated) -> proto::NegotiatedOffer {
    proto::NegotiatedOffer {
        on: offer.on.to_string(),
        side: side(offer.by).into(),
        core_weekly_pence: offer.core_weekly.0,
        agreed: offer.agreed,
    }
}
