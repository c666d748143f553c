//! What happens to terms besides amendments and uplifts: absences, outcomes, and how a place came to be bought.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use care::published::{AbsenceRecorded, Approval, NoticeBy, Route};
use care::spec::{Given, given};
use care::{Date, Pence, Refusal};
use common::terms::{
    adds, agreed, agreement, by, changes, council, left, lives_there, placed, provider, run, told, weekly,
    with_lines,
};
use common::{DURHAM, award, award_events, claim, facts, id, proposal, start};
use contracts_domain::Agreements;
use contracts_domain::agreements::terms::{
    Changes, FrameworkShown, Negotiated, NewOutcome, OutcomeDecision, OutcomeEvidence, Purchase, TellAbsence,
    TermsStep,
};
use contracts_domain::agreements::{AgreementCommand, AgreementEvent};
use jiff::civil::date;

fn away(absence: Option<u32>, from: Date, until: Option<Date>) -> AgreementCommand {
    let told = TellAbsence { absence, kind: "MISSING".to_owned(), from, until };
    by(1, provider(), TermsStep::RecordAbsence(told))
}

#[test]
fn an_absence_is_told_when_it_begins_and_again_when_it_ends() {
    let recorded = |revision, until| AbsenceRecorded {
        agreement: agreement(1),
        award: award(1),
        council: id(DURHAM),
        absence: 1,
        revision,
        kind: "MISSING".to_owned(),
        from: date(2026, 5, 20),
        until,
        at: told(),
    };
    let from = date(2026, 5, 20);
    let until = Some(date(2026, 5, 23));
    let missing = lives_there().when(away(None, from, None)).then([recorded(1, None).into()]);
    let back = missing.when(away(Some(1), from, until)).then([recorded(2, until).into()]);
    let back = back.when(away(Some(1), from, until)).then_nothing();
    let none = back.when(away(Some(1), from, Some(from))).then([recorded(3, Some(from)).into()]);
    // There was none, so that another may have its nights.
    let _ = run(none, away(None, from, None));
}

#[test]
fn absences_have_each_night_once_and_only_nights_of_the_placement() {
    let from = date(2026, 5, 20);
    let refused = |state: Given<Agreements>, command, reason: &str, field: &str| {
        let rejection = state.when(command).then_refused(reason);
        assert_eq!(rejection.violations()[0].field, field);
    };
    let missing = || run(lives_there(), away(None, from, None));
    refused(missing(), away(None, date(2026, 5, 30), None), "ABSENCE_OVERLAPS", "from");
    let _ = run(missing(), away(None, date(2026, 5, 10), Some(from)));
    refused(missing(), away(None, date(2026, 5, 10), Some(date(2026, 5, 21))), "ABSENCE_OVERLAPS", "from");
    refused(lives_there(), away(Some(1), from, None), "ABSENCE_UNKNOWN", "absence");
    let outside = "ABSENCE_OUTSIDE_PLACEMENT";
    refused(lives_there(), away(None, date(2026, 5, 3), None), outside, "from");
    refused(lives_there(), away(None, date(2026, 6, 2), None), outside, "from");
    refused(lives_there(), away(None, from, Some(date(2026, 5, 19))), outside, "until");
    refused(lives_there(), away(None, from, Some(date(2027, 6, 3))), outside, "until");
    let gone = || lives_there().and([left(1, date(2026, 5, 25)).into()]);
    refused(gone(), away(None, date(2026, 5, 25), None), outside, "from");
    refused(gone(), away(None, from, Some(date(2026, 5, 26))), outside, "until");
    let _ = run(gone(), away(None, from, Some(date(2026, 5, 25))));
    let issued = given::<Agreements>(award_events(proposal(1, DURHAM), claim(1, DURHAM), &facts()));
    issued.when(away(None, from, None)).then_refused("PLACEMENT_NOT_STARTED");
}

fn step_down(held_weeks: u16, cap: i64) -> Changes {
    let outcome = NewOutcome {
        measure: "Step down to a family held".to_owned(),
        evidence: "Review minutes".to_owned(),
        held_weeks,
        payment: Pence(300_000),
        cap: Pence(cap),
    };
    Changes { outcomes: vec![outcome], ..Changes::new(start(), "paid by outcomes") }
}

fn achieved(on: Date) -> AgreementCommand {
    let told = OutcomeEvidence { outcome: 1, achieved_on: on, evidence: "minutes of the review".to_owned() };
    by(1, provider(), TermsStep::EvidenceOutcome(told))
}

fn answers(payment: u32, decision: OutcomeDecision) -> AgreementCommand {
    let approver = "Head of commissioning".to_owned();
    council(TermsStep::DecideOutcome { payment, decision, approver })
}

#[test]
fn an_outcome_is_paid_once_it_is_evidenced_and_accepted_up_to_its_cap() {
    let agreed_on = agreed(lives_there(), 1, step_down(0, 500_000));
    let told = run(agreed_on, achieved(date(2026, 5, 10)));
    let paid = told.when(answers(1, OutcomeDecision::Accepted)).then_events(|events| {
        let [AgreementEvent::OutcomePaymentDue(due)] = events else { panic!("{events:?}") };
        assert_eq!((due.outcome, due.payment, due.amount), (1, 1, Pence(300_000)));
        assert_eq!(due.achieved_on, date(2026, 5, 10));
    });
    let rejection = run(lives_there(), council(TermsStep::Propose(step_down(0, 300_000))))
        .when(achieved(date(2026, 5, 10)))
        .then_refused("OUTCOME_UNKNOWN");
    assert_eq!(rejection.violations()[0].field, "outcome");
    let twice = run(paid, achieved(date(2026, 5, 20)));
    // What is left below the cap, and no more.
    let twice = twice.when(answers(2, OutcomeDecision::Accepted)).then_events(|events| {
        let [AgreementEvent::OutcomePaymentDue(due)] = events else { panic!("{events:?}") };
        assert_eq!(due.amount, Pence(200_000));
    });
    twice.when(achieved(date(2026, 5, 25))).then_refused("OUTCOME_CAP_REACHED");
}

#[test]
fn an_outcome_that_has_not_held_is_told_too_early() {
    let held = || agreed(lives_there(), 1, step_down(2, 500_000));
    let rejection = held().when(achieved(date(2026, 5, 19))).then_refused("OUTCOME_NOT_HELD");
    assert_eq!(rejection.violations()[0].field, "achieved_on");
    let told = run(held(), achieved(date(2026, 5, 18)));
    told.when(achieved(date(2026, 5, 18))).then_refused("OUTCOME_TOLD");
    held().when(achieved(date(2026, 6, 2))).then_refused("FIELD_INVALID");
    held().when(achieved(date(2026, 5, 3))).then_refused("OUTCOME_UNKNOWN");
}

#[test]
fn the_council_refuses_evidence_with_a_reason_and_decides_once() {
    let told = || run(agreed(lives_there(), 1, step_down(0, 500_000)), achieved(date(2026, 5, 10)));
    let refusal = || OutcomeDecision::Refused { reason: "the review has not met".to_owned() };
    let refused = || run(told(), answers(1, refusal()));
    refused().when(answers(1, OutcomeDecision::Accepted)).then_refused("PAYMENT_DECIDED");
    told().when(answers(2, refusal())).then_refused("PAYMENT_UNKNOWN");
    // It may be shown better.
    let _ = run(refused(), achieved(date(2026, 5, 10)));
}

fn approval() -> Approval {
    let (approver, role) = ("Head of commissioning".to_owned(), "HEAD_OF_SERVICE".to_owned());
    Approval { approver, role, at: told() }
}

fn spot_events() -> Vec<AgreementEvent> {
    let mut spot = proposal(1, DURHAM);
    spot.terms.route = Route::Spot { justification: "nobody had a place".to_owned() };
    award_events(spot, claim(1, DURHAM), &facts())
}

fn offer(day: i8, core: i64, agreed: bool) -> Negotiated {
    Negotiated { on: date(2026, 4, day), by: NoticeBy::Provider, core_weekly: Pence(core), agreed }
}

fn spot(negotiation: Vec<Negotiated>) -> TermsStep {
    let (lots, providers) = (vec!["frameworks/tyne-tees/lots/residential".to_owned()], [id("P2")].into());
    let framework = FrameworkShown::Exhausted { lots, providers };
    TermsStep::RecordPurchase(Purchase::Spot { framework, negotiation, approval: approval() })
}

#[test]
fn a_spot_purchase_has_its_evidence_and_negotiation() {
    let negotiated = || vec![offer(28, 480_000, false), offer(30, 450_000, true)];
    let recorded = run(given::<Agreements>(spot_events()), council(spot(negotiated())));
    let _ = recorded.when(council(spot(negotiated()))).then_nothing();
    for wrong in [
        vec![],
        vec![offer(28, 450_000, false)],
        vec![offer(30, 450_000, true), offer(30, 450_000, false)],
        vec![offer(30, 440_000, true)],
        vec![offer(30, 460_000, false), offer(28, 450_000, true)],
    ] {
        given::<Agreements>(spot_events()).when(council(spot(wrong))).then_refused("FIELD_INVALID");
    }
    lives_there().when(council(spot(negotiated()))).then_refused("PURCHASE_OF_OTHER_ROUTE");
    let basis = "actual cost of the home".to_owned();
    let in_house = TermsStep::RecordPurchase(Purchase::InHouse { basis, approval: approval() });
    given::<Agreements>(spot_events()).when(council(in_house)).then_refused("PURCHASE_OF_OTHER_ROUTE");
}

#[test]
fn a_bed_that_stands_by_names_its_reservation() {
    let bed = |place: &str, nightly| {
        let (place, nightly) = (id(place), Pence(nightly));
        council(TermsStep::RecordPurchase(Purchase::Emergency {
            place,
            reservation: 3,
            nightly,
            approval: approval(),
        }))
    };
    let _ = run(lives_there(), bed("SC000001-01", 60_000));
    lives_there().when(bed("SC000001-02", 60_000)).then_refused("FIELD_INVALID");
    lives_there().when(bed("SC000001-01", 0)).then_refused("FIELD_INVALID");
}

#[test]
fn an_agreement_that_came_to_nothing_has_no_terms_to_change() {
    let mut events = placed(1);
    events.pop();
    events.push(left(1, start()).into());
    let lines = vec![adds("THERAPY", weekly(100), Some(date(2026, 9, 7)))];
    given::<Agreements>(events)
        .when(council(TermsStep::Propose(with_lines(lines))))
        .then_refused("AGREEMENT_ENDED");
    let _ = changes();
}
