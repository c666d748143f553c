//! What happens to terms besides amendments: absences, uplifts, outcomes, and how a place came to be bought.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use care::published::{AbsenceRecorded, Approval, NoticeBy, Route};
use care::spec::{Given, given};
use care::{Date, Pence, Refusal};
use common::terms::{
    adds, agreed, agreement, by, changes, core, council, left, lives_there, of, placed, provider, run, told,
    two_live_there, weekly, with_lines,
};
use common::{DURHAM, award, award_events, claim, facts, id, proposal, start};
use contracts_domain::Agreements;
use contracts_domain::agreements::terms::{
    Changes, DecideUplift, FrameworkShown, Negotiated, NewOutcome, OutcomeDecision, OutcomeEvidence,
    Purchase, TellAbsence, TermsStep, UpliftAnswer, weekly_on,
};
use contracts_domain::agreements::{AgreementCommand, AgreementEvent};
use jiff::civil::date;
use std::collections::BTreeSet;

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

fn uplift(answer: UpliftAnswer) -> DecideUplift {
    DecideUplift {
        provider: id("P1"),
        reference: "2026-27".to_owned(),
        asked_basis_points: 500,
        negotiated_basis_points: Some(300),
        answer,
        reason: "as negotiated for the region".to_owned(),
        approver: "Director of children's services".to_owned(),
        at: told(),
    }
}

fn accepted(basis_points: u32, from: Option<Date>, named: &[u128]) -> UpliftAnswer {
    UpliftAnswer::Accepted { basis_points, from, agreements: named.iter().map(|n| agreement(*n)).collect() }
}

fn decides(decision: DecideUplift) -> AgreementCommand {
    AgreementCommand::DecideUplift { council: id(DURHAM), decision }
}

const JULY: Date = Date::constant(2026, 7, 1);

#[test]
fn an_uplift_is_a_line_of_each_agreement_from_its_day() {
    let decided =
        two_live_there().when(decides(uplift(accepted(300, Some(JULY), &[])))).then_events(|events| {
            let [AgreementEvent::UpliftDecided(decided), rest @ ..] = events else { panic!("{events:?}") };
            assert_eq!(decided.agreements, BTreeSet::from([agreement(1), agreement(2)]));
            assert_eq!(rest.len(), 2);
            for event in rest {
                let AgreementEvent::AgreementTermsSet(set) = event else { panic!("{event:?}") };
                // 3 % of the core fee of £4,500, and of nothing else.
                let line = set.lines.last().unwrap();
                assert_eq!((line.kind.as_str(), line.weekly, line.from), ("UPLIFT", Pence(13_500), JULY));
                assert_eq!((set.cause.as_str(), set.from, set.terms), ("UPLIFT", JULY, 2));
            }
        });
    let again = decides(uplift(accepted(300, Some(JULY), &[])));
    let rejection = decided.when(again).then_refused("UPLIFT_ALREADY_APPLIED");
    assert_eq!(rejection.violations()[0].field, "reference");
}

#[test]
fn an_uplift_follows_a_core_fee_that_changes_later_and_the_uplifts_before_it() {
    let later = Changes { lines: vec![core(400_000)], ..Changes::new(date(2026, 8, 1), "less support") };
    let state = agreed(lives_there(), 1, later);
    let state = run(state, decides(uplift(accepted(300, Some(JULY), &[]))));
    let state = state.then_state(|state| {
        let lines = &of(state, 1).terms.lines;
        let on = [date(2026, 6, 30), JULY, date(2026, 8, 1)].map(|on| weekly_on(lines, on).0);
        assert_eq!(on, [470_000, 483_500, 432_000]);
    });
    let next = DecideUplift {
        reference: "2027-28".to_owned(),
        ..uplift(accepted(100, Some(date(2026, 9, 1)), &[]))
    };
    let state = run(state, decides(next)).then_state(|state| {
        // 1 % of £4,120.
        assert_eq!(weekly_on(&of(state, 1).terms.lines, date(2026, 9, 1)).0, 436_120);
    });
    // A core fee that is agreed on anew is the whole of it.
    let anew = LineChangeOf(3);
    let changes = Changes { lines: vec![anew.to(410_000)], ..Changes::new(date(2026, 10, 1), "anew") };
    let _ = agreed(state, 1, changes).then_state(|state| {
        let lines = &of(state, 1).terms.lines;
        let on = [date(2026, 9, 30), date(2026, 10, 1)].map(|on| weekly_on(lines, on).0);
        assert_eq!(on, [436_120, 430_000]);
    });
}

struct LineChangeOf(u32);

impl LineChangeOf {
    fn to(&self, pence: i64) -> contracts_domain::agreements::terms::LineChange {
        let (line, price) = (self.0, weekly(pence));
        contracts_domain::agreements::terms::LineChange::Change {
            line,
            price,
            until: None,
            note: String::new(),
        }
    }
}

#[test]
fn uplifts_that_cannot_be_are_refused_and_nothing_is_raised() {
    let refused = |decision: DecideUplift, reason: &str, field: &str| {
        let rejection = lives_there().when(decides(decision)).then_refused(reason);
        assert_eq!(rejection.violations().first().map(|it| it.field.clone()).unwrap_or_default(), field);
    };
    refused(uplift(accepted(300, None, &[])), "UPLIFT_DATE_MISSING", "from");
    refused(uplift(accepted(301, Some(JULY), &[])), "UPLIFT_ABOVE_NEGOTIATED", "basis_points");
    refused(uplift(accepted(0, Some(JULY), &[])), "FIELD_INVALID", "basis_points");
    let silent = DecideUplift { reason: String::new(), ..uplift(accepted(200, Some(JULY), &[])) };
    refused(silent, "FIELD_INVALID", "reason");
    let silent = DecideUplift { reason: String::new(), ..uplift(UpliftAnswer::Refused) };
    refused(silent, "FIELD_INVALID", "reason");
    refused(uplift(accepted(300, Some(start()), &[])), "UPLIFT_OF_NOTHING", "");
    refused(uplift(accepted(300, Some(date(2026, 5, 3)), &[1])), "AMENDMENT_BEFORE_START", "from");
    refused(uplift(accepted(300, Some(JULY), &[9])), "AGREEMENT_UNKNOWN", "");
    let gone = lives_there().and([left(1, date(2026, 5, 25)).into()]);
    gone.when(decides(uplift(accepted(300, Some(JULY), &[1])))).then_refused("AGREEMENT_ENDED");
}

#[test]
fn a_council_accepts_a_part_for_some_and_may_refuse() {
    let part =
        two_live_there().when(decides(uplift(accepted(150, Some(JULY), &[2])))).then_events(|events| {
            assert_eq!(events.len(), 2);
        });
    // The other may follow, by name.
    let both = run(part, decides(uplift(accepted(150, Some(JULY), &[1]))));
    both.when(decides(uplift(accepted(150, Some(JULY), &[2])))).then_refused("UPLIFT_ALREADY_APPLIED");
    let refused = two_live_there().when(decides(uplift(UpliftAnswer::Refused))).then_events(|events| {
        let [AgreementEvent::UpliftDecided(decided)] = events else { panic!("{events:?}") };
        assert_eq!((decided.accepted_basis_points, decided.from), (0, None));
    });
    // A refusal may be thought over.
    let _ = run(refused, decides(uplift(accepted(300, Some(JULY), &[]))));
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
