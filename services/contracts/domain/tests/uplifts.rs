//! Uplifts: what was asked and negotiated is the framework's to tell, each council decides for its own agreements, and puts right what it
//! decided wrong.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use care::published::{AgreementTermsSet, Route, TermLine};
use care::spec::{Given, given};
use care::{Date, Pence, Refusal};
use common::terms::{
    agreed, agreement, core, left, lives_there, of, placed, run, told, two_live_there, uplift_facts, weekly,
};
use common::{DORSET, DURHAM, award_events, claim, facts, fold, id, prices, proposal, start};
use contracts_domain::Agreements;
use contracts_domain::agreements::terms::{
    Changes, CorrectUplift, DecideUplift, LineChange, UpliftAnswer, UpliftDecided, UpliftSubject, weekly_on,
};
use contracts_domain::agreements::{AgreementCommand, AgreementEvent};
use contracts_domain::frameworks::{Frameworks, ProviderAdmitted, UpliftAmount};
use jiff::civil::date;
use std::collections::BTreeSet;

const MAY: Date = Date::constant(2026, 5, 1);
const JULY: Date = Date::constant(2026, 7, 1);

fn points(points: u32) -> UpliftAmount {
    UpliftAmount::BasisPoints(points)
}

/// 5 % were asked for, and 3 % negotiated from a day on.
fn negotiated(from: Date) -> Frameworks {
    uplift_facts(points(500), None, Some(Some((points(300), from))))
}

fn regional() -> UpliftSubject {
    UpliftSubject::Framework { framework: id("tyne-tees"), number: 1 }
}

fn apart(reference: &str) -> UpliftSubject {
    UpliftSubject::Apart { reference: reference.to_owned(), asked_basis_points: 500 }
}

fn accepted(amount: UpliftAmount, from: Option<Date>, named: &[u128]) -> UpliftAnswer {
    UpliftAnswer::Accepted { amount, from, agreements: named.iter().map(|n| agreement(*n)).collect() }
}

fn uplift(answer: UpliftAnswer) -> DecideUplift {
    DecideUplift {
        provider: id("P1"),
        subject: regional(),
        answer,
        reason: "as negotiated for the region".to_owned(),
        approver: "Director of children's services".to_owned(),
        at: told(),
    }
}

fn with(facts: Frameworks, decision: DecideUplift) -> AgreementCommand {
    AgreementCommand::DecideUplift { council: id(DURHAM), decision, facts }
}

fn decides(decision: DecideUplift) -> AgreementCommand {
    with(negotiated(MAY), decision)
}

/// All that was called off from the framework rises by 3 % from July.
fn usual() -> AgreementCommand {
    decides(uplift(accepted(points(300), Some(JULY), &[])))
}

fn corrects(right: Option<(UpliftAmount, Date)>, named: &[u128]) -> AgreementCommand {
    let correction = CorrectUplift {
        decision: 1,
        right,
        agreements: named.iter().map(|n| agreement(*n)).collect(),
        reason: "mistyped".to_owned(),
        approver: "Director of children's services".to_owned(),
        at: told(),
    };
    AgreementCommand::CorrectUplift { council: id(DURHAM), correction, facts: negotiated(MAY) }
}

fn on(state: &Agreements, n: u128, days: &[Date]) -> Vec<i64> {
    days.iter().map(|on| weekly_on(&of(state, n).terms.lines, *on).0).collect()
}

fn sets(events: &[AgreementEvent]) -> Vec<&AgreementTermsSet> {
    let all = events.iter();
    all.filter_map(|event| match event {
        AgreementEvent::AgreementTermsSet(set) => Some(set),
        _ => None,
    })
    .collect()
}

/// A child for whom a place was bought off the framework.
fn spot(n: u128) -> Vec<AgreementEvent> {
    let mut spot = proposal(n, DURHAM);
    spot.terms.route = Route::Spot { justification: "nobody had a place".to_owned() };
    award_events(spot, claim(n, DURHAM), &facts())
}

#[test]
fn an_uplift_is_a_line_of_each_agreement_from_its_day() {
    let decided = two_live_there().when(usual()).then_events(|events| {
        let [AgreementEvent::UpliftDecided(decided), rest @ ..] = events else { panic!("{events:?}") };
        assert_eq!(decided.agreements, BTreeSet::from([agreement(1), agreement(2)]));
        assert_eq!(decided.reference, "frameworks/tyne-tees/uplifts/1");
        // As the framework has it, and not as anybody tells it.
        assert_eq!((&decided.asked, &decided.negotiated), (&Some(points(500)), &Some(points(300))));
        assert_eq!(rest.len(), 2);
        for set in sets(rest) {
            // 3 % of the core fee of £4,500, and of nothing else.
            let line = set.lines.last().unwrap();
            assert_eq!((line.kind.as_str(), line.weekly, line.from), ("UPLIFT", Pence(13_500), JULY));
            assert_eq!((set.cause.as_str(), set.from, set.terms), ("UPLIFT", JULY, 2));
        }
    });
    let rejection = decided.when(usual()).then_refused("UPLIFT_ALREADY_APPLIED");
    assert_eq!(rejection.violations()[0].field, "reference");
}

#[test]
fn what_was_asked_and_negotiated_is_read_from_the_framework() {
    let refused = |facts: Frameworks, answer: UpliftAnswer, reason: &str, field: &str| {
        let rejection = lives_there().when(with(facts, uplift(answer))).then_refused(reason);
        assert_eq!(rejection.violations().first().map_or("", |it| it.field.as_str()), field);
    };
    let yes = || accepted(points(300), Some(JULY), &[]);
    refused(facts(), yes(), "UPLIFT_UNKNOWN", "");
    refused(uplift_facts(points(500), None, None), yes(), "UPLIFT_NOT_NEGOTIATED", "uplift");
    let none = uplift_facts(points(1_000), None, Some(None));
    refused(none, yes(), "UPLIFT_ABOVE_NEGOTIATED", "accepted_basis_points");
    let more = accepted(points(301), Some(JULY), &[]);
    refused(negotiated(MAY), more, "UPLIFT_ABOVE_NEGOTIATED", "accepted_basis_points");
    let levels = accepted(UpliftAmount::ByLevel(prices(&[("STANDARD", 1)])), Some(JULY), &[]);
    refused(negotiated(MAY), levels, "UPLIFT_ABOVE_NEGOTIATED", "accepted");
    refused(negotiated(date(2026, 7, 2)), yes(), "FIELD_INVALID", "from");
    let other = DecideUplift { provider: id("P2"), ..uplift(yes()) };
    lives_there().when(decides(other)).then_refused("UPLIFT_UNKNOWN");
    let (council, decision) = (id(DORSET), uplift(yes()));
    let stranger = AgreementCommand::DecideUplift { council, decision, facts: negotiated(MAY) };
    lives_there().when(stranger).then_refused("UPLIFT_UNKNOWN");
}

#[test]
fn a_rise_by_level_is_of_those_levels_alone() {
    let levels = |levels: &[(&str, i64)]| UpliftAmount::ByLevel(prices(levels));
    let facts = |amount: UpliftAmount| uplift_facts(amount.clone(), None, Some(Some((amount, MAY))));
    let both = || levels(&[("STANDARD", 12_000), ("ENHANCED", 20_000)]);
    let decided = with(facts(both()), uplift(accepted(both(), Some(JULY), &[])));
    let _ = run(lives_there(), decided).then_state(|state| {
        assert_eq!(on(state, 1, &[date(2026, 6, 30), JULY]), [470_000, 482_000]);
    });
    let enhanced = levels(&[("ENHANCED", 20_000)]);
    let decided = with(facts(both()), uplift(accepted(enhanced.clone(), Some(JULY), &[])));
    lives_there().when(decided).then_refused("UPLIFT_OF_NOTHING");
    let named = with(facts(both()), uplift(accepted(enhanced, Some(JULY), &[1])));
    let rejection = lives_there().when(named).then_refused("UPLIFT_RAISES_NOTHING");
    assert_eq!(rejection.violations()[0].field, "agreements");
    let above = with(facts(both()), uplift(accepted(levels(&[("STANDARD", 12_001)]), Some(JULY), &[])));
    lives_there().when(above).then_refused("UPLIFT_ABOVE_NEGOTIATED");
}

#[test]
fn all_are_those_of_the_framework_and_lot_and_others_only_where_they_are_named() {
    let both = || given::<Agreements>(placed(1)).and(spot(2));
    let _ = both().when(usual()).then_events(|events| {
        assert_eq!(sets(events).iter().map(|set| set.agreement).collect::<Vec<_>>(), [agreement(1)]);
    });
    let named = decides(uplift(accepted(points(300), Some(JULY), &[2])));
    let _ = run(both(), named).then_state(|state| assert_eq!(on(state, 2, &[JULY]), [483_500]));
    let elsewhere = uplift_facts(points(500), Some("fostering"), Some(Some((points(300), MAY))));
    let all = with(elsewhere.clone(), uplift(accepted(points(300), Some(JULY), &[])));
    both().when(all).then_refused("UPLIFT_OF_NOTHING");
    let named = with(elsewhere, uplift(accepted(points(300), Some(JULY), &[1])));
    let rejection = both().when(named).then_refused("UPLIFT_OF_OTHER");
    assert_eq!(rejection.violations()[0].field, "agreements");
}

#[test]
fn an_uplift_that_no_framework_knows_is_for_named_spot_purchases_once() {
    let asked = |reference: &str, named: &[u128]| {
        let decision = uplift(accepted(points(500), Some(JULY), named));
        decides(DecideUplift { subject: apart(reference), ..decision })
    };
    let both = || given::<Agreements>(placed(1)).and(spot(2));
    let rejection = both().when(asked("2026-27", &[])).then_refused("FIELD_INVALID");
    assert_eq!(rejection.violations()[0].field, "agreements");
    both().when(asked("2026-27", &[1])).then_refused("UPLIFT_OF_OTHER");
    for reference in ["frameworks/tyne-tees/uplifts/1", "2026: 27"] {
        let rejection = both().when(asked(reference, &[2])).then_refused("FIELD_INVALID");
        assert_eq!(rejection.violations()[0].field, "reference");
    }
    let applied = run(both(), asked("Pay 2026-27", &[2]));
    applied.when(asked("pay  2026-27", &[2])).then_refused("UPLIFT_ALREADY_APPLIED");
}

#[test]
fn a_price_of_a_schedule_of_that_day_or_later_has_the_rise_already() {
    // From June the schedule is 3 % dearer, and the core fee was amended to it from 8 June.
    let (framework, lot, provider) = (id("tyne-tees"), id("residential"), id("P1"));
    let (from, prices) = (date(2026, 6, 1), prices(&[("STANDARD", 463_500)]));
    let (rows, branches) = (Vec::new(), BTreeSet::new());
    let dearer = ProviderAdmitted { framework, lot, provider, from, prices, until: None, rows, branches };
    let mut known = negotiated(from);
    <Frameworks as care::Domain>::evolve(&mut known, &dearer.into());
    let amend = |state, amount: i64, on: Date| {
        let changes = Changes { lines: vec![core(amount)], ..Changes::new(on, "to the new price") };
        let step = |by, step| AgreementCommand::Terms {
            agreement: agreement(1),
            by,
            expected_version: None,
            step,
            facts: known.clone(),
            at: told(),
        };
        let council = contracts_domain::agreements::NoticeGiver::Council;
        use contracts_domain::agreements::terms::TermsStep::Propose;
        let state = run(state, step(council.clone(), Propose(changes)));
        let state = run(state, step(council, common::terms::signs(1)));
        run(state, step(common::terms::provider(), common::terms::signs(1)))
    };
    let amended = amend(lives_there(), 463_500, date(2026, 6, 8));
    let june = |named: &[u128]| with(known.clone(), uplift(accepted(points(300), Some(from), named)));
    let days = [date(2026, 5, 31), from, date(2026, 6, 8)];
    let amended = run(amended, june(&[]));
    let _ = amended.then_state(|state| assert_eq!(on(state, 1, &days), [470_000, 483_500, 483_500]));
    // Amended from the very day, no night costs more by it.
    let amended = || amend(lives_there(), 463_500, from);
    amended().when(june(&[])).then_refused("UPLIFT_OF_NOTHING");
    amended().when(june(&[1])).then_refused("UPLIFT_RAISES_NOTHING");
    // A rise of between the call-off, which is what the price is of, and the first night is paid from that.
    let early = decides(uplift(accepted(points(300), Some(date(2026, 5, 2)), &[])));
    let _ = run(lives_there(), early).then_state(|state| assert_eq!(on(state, 1, &[start()]), [483_500]));
    let before = with(negotiated(MAY), uplift(accepted(points(300), Some(date(2026, 4, 1)), &[])));
    lives_there().when(before).then_refused("FIELD_INVALID");
}

#[test]
fn an_uplift_follows_a_core_fee_that_changes_later_and_the_uplifts_before_it() {
    let later = Changes { lines: vec![core(400_000)], ..Changes::new(date(2026, 8, 1), "less support") };
    let state = run(agreed(lives_there(), 1, later), usual());
    let state = state.then_state(|state| {
        assert_eq!(on(state, 1, &[date(2026, 6, 30), JULY, date(2026, 8, 1)]), [470_000, 483_500, 432_000]);
    });
    let state = run(state, next(100, date(2026, 9, 1)));
    // 1 % of £4,120.
    let state = state.then_state(|state| assert_eq!(on(state, 1, &[date(2026, 9, 1)]), [436_120]));
    // A core fee that is agreed on anew is the whole of it.
    let line = LineChange::Change { line: 3, price: weekly(410_000), until: None, note: String::new() };
    let changes = Changes { lines: vec![line], ..Changes::new(date(2026, 10, 1), "anew") };
    let _ = agreed(state, 1, changes).then_state(|state| {
        assert_eq!(on(state, 1, &[date(2026, 9, 30), date(2026, 10, 1)]), [436_120, 430_000]);
    });
}

/// A second uplift of the framework, negotiated as it is accepted.
fn next(basis_points: u32, from: Date) -> AgreementCommand {
    let mut known = negotiated(MAY);
    let second = uplift_facts(points(500), None, Some(Some((points(basis_points), MAY))));
    let uplift_2 = second.get(&id("tyne-tees")).unwrap().uplifts[&1].clone();
    let (framework, provider, on) = (id("tyne-tees"), id("P1"), common::terms::today());
    use contracts_domain::frameworks::{UpliftNegotiated, UpliftRequested};
    let requested = UpliftRequested { framework, number: 2, asked: uplift_2.asked, requested_on: on };
    <Frameworks as care::Domain>::evolve(&mut known, &requested.into());
    let (framework, negotiation) = (id("tyne-tees"), uplift_2.negotiation.unwrap());
    let told = UpliftNegotiated { framework, number: 2, provider, negotiation };
    <Frameworks as care::Domain>::evolve(&mut known, &told.into());
    let subject = UpliftSubject::Framework { framework: id("tyne-tees"), number: 2 };
    let decision = uplift(accepted(points(basis_points), Some(from), &[]));
    with(known, DecideUplift { subject, ..decision })
}

#[test]
fn uplifts_that_cannot_be_are_refused_and_nothing_is_raised() {
    let refused = |decision: DecideUplift, reason: &str, field: &str| {
        let rejection = lives_there().when(decides(decision)).then_refused(reason);
        assert_eq!(rejection.violations().first().map_or("", |it| it.field.as_str()), field);
    };
    refused(uplift(accepted(points(300), None, &[])), "UPLIFT_DATE_MISSING", "from");
    refused(uplift(accepted(points(0), Some(JULY), &[])), "FIELD_INVALID", "accepted_basis_points");
    let silent = DecideUplift { reason: String::new(), ..uplift(accepted(points(200), Some(JULY), &[])) };
    refused(silent, "FIELD_INVALID", "reason");
    let silent = DecideUplift { reason: String::new(), ..uplift(UpliftAnswer::Refused) };
    refused(silent, "FIELD_INVALID", "reason");
    refused(uplift(accepted(points(300), Some(JULY), &[9])), "AGREEMENT_UNKNOWN", "");
    // No ledger takes what begins beyond all plans.
    for from in [date(2029, 6, 2), date(2101, 1, 1), Date::MAX] {
        refused(uplift(accepted(points(300), Some(from), &[])), "FIELD_INVALID", "from");
    }
    let gone = || lives_there().and([left(1, date(2026, 5, 25)).into()]);
    gone().when(decides(uplift(accepted(points(300), Some(JULY), &[1])))).then_refused("AGREEMENT_ENDED");
    gone().when(usual()).then_refused("UPLIFT_OF_NOTHING");
    // A line is one that a ledger takes.
    let most = || UpliftAmount::ByLevel(prices(&[("STANDARD", Pence::MAX_INPUT.0)]));
    let dear = uplift_facts(most(), None, Some(Some((most(), MAY))));
    let dear = run(lives_there(), with(dear, uplift(accepted(most(), Some(JULY), &[]))));
    dear.when(next(10_000, JULY)).then_refused("UPLIFT_TOO_HIGH");
}

#[test]
fn a_council_accepts_a_part_for_some_and_may_refuse() {
    let some = |n| decides(uplift(accepted(points(150), Some(JULY), &[n])));
    let part = two_live_there().when(some(2)).then_events(|events| assert_eq!(events.len(), 2));
    // The other may follow, by name or as what is left.
    let both = run(part, some(1));
    both.when(some(2)).then_refused("UPLIFT_ALREADY_APPLIED");
    let _ = run(two_live_there(), some(2)).when(usual()).then_events(|events| {
        assert_eq!(sets(events).iter().map(|set| set.agreement).collect::<Vec<_>>(), [agreement(1)]);
    });
    let refusal = decides(uplift(UpliftAnswer::Refused));
    let refused = two_live_there().when(refusal).then_events(|events| {
        let [AgreementEvent::UpliftDecided(decided)] = events else { panic!("{events:?}") };
        assert_eq!((decided.amount(), decided.from), (None, None));
    });
    // A refusal may be thought over.
    let _ = run(refused, usual());
}

#[test]
fn an_uplift_that_was_decided_wrong_is_put_right_and_the_later_ones_with_it() {
    let september = date(2026, 9, 1);
    let state = || run(run(two_live_there(), usual()), next(100, september));
    let days = [date(2026, 5, 31), date(2026, 6, 1), JULY, september];
    let _ = state().then_state(|state| {
        // 1 % of £4,635.
        assert_eq!(on(state, 1, &days), [470_000, 470_000, 483_500, 488_135]);
    });
    // 2 % from June it should have been.
    let right = Some((points(200), date(2026, 6, 1)));
    let corrected = state().when(corrects(right, &[])).then_events(|events| {
        let [AgreementEvent::UpliftCorrected(corrected), ..] = events else { panic!("{events:?}") };
        assert_eq!((corrected.decision, corrected.agreements.len()), (1, 2));
        for set in sets(events) {
            assert_eq!((set.cause.as_str(), set.from), ("CORRECTION", date(2026, 6, 1)));
            // Told again under their numbers.
            let told: Vec<_> = set.lines[2..].iter().map(|it| (it.line, it.cause.as_str())).collect();
            assert_eq!(told, [(3, "CORRECTION"), (4, "CORRECTION")]);
        }
    });
    let corrected = corrected.then_state(|state| {
        // 1 % of £4,590.
        assert_eq!(on(state, 1, &days), [470_000, 479_000, 479_000, 483_590]);
        assert_eq!(state.uplift_decisions[&1].corrections.len(), 1);
    });
    let _ = corrected.when(corrects(Some((points(200), date(2026, 6, 1))), &[])).then_nothing();
}

#[test]
fn an_uplift_that_should_not_have_been_is_taken_back_and_may_be_decided_anew() {
    let taken_back = run(run(two_live_there(), usual()), corrects(None, &[2]));
    let taken_back = taken_back.then_state(|state| {
        assert_eq!((on(state, 1, &[JULY]), on(state, 2, &[JULY])), (vec![483_500], vec![470_000]));
        assert!(of(state, 2).terms.uplifts.is_empty());
    });
    let rejection = taken_back.when(corrects(None, &[2])).then_refused("UPLIFT_NOT_APPLIED");
    assert_eq!(rejection.violations()[0].field, "agreements");
    let taken_back = run(run(two_live_there(), usual()), corrects(None, &[2]));
    let anew = run(taken_back, decides(uplift(accepted(points(100), Some(JULY), &[2]))));
    let _ = anew.then_state(|state| assert_eq!(on(state, 2, &[JULY]), [474_500]));
}

#[test]
fn a_correction_goes_no_further_than_the_decision_could_and_ends_with_the_core_fee() {
    let state = || run(lives_there(), usual());
    let refused = |right, reason: &str, field: &str| {
        let rejection = state().when(corrects(right, &[])).then_refused(reason);
        assert_eq!(rejection.violations().first().map_or("", |it| it.field.as_str()), field);
    };
    refused(Some((points(301), JULY)), "UPLIFT_ABOVE_NEGOTIATED", "accepted_basis_points");
    refused(Some((points(300), date(2026, 4, 30))), "FIELD_INVALID", "from");
    lives_there().when(corrects(None, &[])).then_refused("UPLIFT_DECISION_UNKNOWN");
    // From October a core fee that was agreed on anew has the rise in it.
    let changes = Changes { lines: vec![core(450_000)], ..Changes::new(date(2026, 10, 1), "anew") };
    let anew = run(agreed(state(), 1, changes), corrects(Some((points(100), JULY)), &[]));
    let _ = anew.then_state(|state| {
        assert_eq!(on(state, 1, &[JULY, date(2026, 10, 1)]), [474_500, 470_000]);
    });
}

#[test]
fn an_uplift_that_was_decided_before_it_had_a_name_is_read_and_put_right_too() {
    let stored = include_bytes!("../golden/UpliftDecided.v1.json");
    let mut decided: UpliftDecided = serde_json::from_slice(stored).unwrap();
    decided.agreements = [agreement(1)].into();
    let line = TermLine {
        line: 3,
        kind: "UPLIFT".to_owned(),
        weekly: Pence(13_500),
        from: JULY,
        until: None,
        cause: "UPLIFT".to_owned(),
        note: "2026-27: 3.00 %".to_owned(),
    };
    let state = fold::<Agreements>(&placed(1));
    let issued = &state.agreements[&agreement(1)];
    let set = AgreementTermsSet {
        agreement: agreement(1),
        award: issued.issued.award,
        council: id(DURHAM),
        terms: 2,
        lines: issued.terms.lines.iter().cloned().chain([line]).collect(),
        funders: issued.terms.funders.clone(),
        absence_rules: Vec::new(),
        absence_rules_from: Vec::new(),
        from: JULY,
        cause: "UPLIFT".to_owned(),
        reason: "2026-27".to_owned(),
        at: told(),
    };
    let before: Given<Agreements> = lives_there().and([decided.into(), set.into()]);
    let _ = run(before, corrects(Some((points(200), JULY)), &[])).then_state(|state| {
        assert_eq!(on(state, 1, &[JULY]), [479_000]);
        assert_eq!(of(state, 1).terms.lines.len(), 3);
    });
}
