//! Signatures and amendments: who agrees to what, from when it holds, and what no amendment may make of a price.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use care::published::{AbsenceRule, AbsenceRulesFrom, FundersFrom, TermLine};
use care::{Pence, Refusal};
use common::terms::{
    adds, agreed, agreement, by, changes, consent, core, council, hours, left, lives_there, of, placed,
    proposes, provider, run, sibling_discount, signs, today, told, two_live_there, weekly, with_lines,
};
use common::{admitted, facts, id, share, start};
use contracts_domain::Agreements;
use contracts_domain::agreements::terms::{
    AmendmentEnd, Changes, Consent, LineChange, LinePrice, NewOutcome, TermsStep, weekly_on,
};
use contracts_domain::agreements::{AgreementCommand, AgreementEvent, NoticeGiver};
use jiff::civil::date;

fn event_types(events: &[AgreementEvent]) -> Vec<&'static str> {
    events.iter().map(care::Event::event_type).collect()
}

#[test]
fn an_agreement_is_signed_by_each_side_for_itself_and_once() {
    let signed = run(lives_there(), council(TermsStep::Sign(consent())));
    let signed = signed.then_state(|state| assert!(!of(state, 1).terms.is_signed()));
    signed.when(council(TermsStep::Sign(consent()))).then_refused("ALREADY_SIGNED");
    let signed = run(lives_there(), council(TermsStep::Sign(consent())));
    let both = run(signed, by(1, provider(), TermsStep::Sign(consent())));
    let _ = both.then_state(|state| assert!(of(state, 1).terms.is_signed()));
    let stranger = NoticeGiver::Provider(id("P2"));
    lives_there().when(by(1, stranger, TermsStep::Sign(consent()))).then_refused("AGREEMENT_UNKNOWN");
    for on in [date(2026, 4, 30), date(2026, 6, 2)] {
        let consent = Consent { on, ..consent() };
        lives_there().when(council(TermsStep::Sign(consent))).then_refused("FIELD_INVALID");
    }
}

#[test]
fn an_agreement_that_was_issued_before_stays_valid_though_nobody_signed_it() {
    let _ = lives_there().then_state(|state| {
        let terms = &of(state, 1).terms;
        assert_eq!((terms.version, terms.is_signed()), (1, false));
        assert_eq!(weekly_on(&terms.lines, start()), Pence(470_000));
        let funders = state.agreements[&agreement(1)].issued.terms.funders.clone();
        assert_eq!(terms.funders, [FundersFrom { from: start(), funders }]);
    });
}

#[test]
fn an_amendment_holds_once_both_sides_have_signed_it() {
    let proposed = run(lives_there(), proposes(with_lines(vec![hours()])));
    let one = proposed.when(council(signs(1))).then_events(|events| {
        assert_eq!(event_types(events), ["AmendmentSigned"]);
    });
    let one = one.then_state(|state| assert_eq!(of(state, 1).terms.version, 1));
    let both = one.when(by(1, provider(), signs(1))).then_events(|events| {
        assert_eq!(event_types(events), ["AmendmentSigned", "AmendmentTookEffect", "AgreementTermsSet"]);
        let Some(AgreementEvent::AgreementTermsSet(set)) = events.last() else { panic!("{events:?}") };
        let added = TermLine {
            line: 3,
            kind: "ONE_TO_ONE".to_owned(),
            weekly: Pence(35_000),
            from: date(2026, 6, 8),
            until: Some(date(2026, 9, 7)),
            cause: "AMENDMENT".to_owned(),
            note: String::new(),
            worked_out: "10 hours a week at £35.00".to_owned(),
        };
        assert_eq!(set.lines[2..], [added]);
        assert_eq!((set.terms, set.from, set.cause.as_str()), (2, date(2026, 6, 8), "AMENDMENT"));
    });
    both.then_state(|state| {
        let terms = &of(state, 1).terms;
        let on = [date(2026, 6, 7), date(2026, 6, 8), date(2026, 9, 6), date(2026, 9, 7)];
        assert_eq!(on.map(|on| weekly_on(&terms.lines, on).0), [470_000, 505_000, 505_000, 470_000]);
    })
    .when(by(1, provider(), signs(1)))
    .then_refused("AMENDMENT_CLOSED");
}

#[test]
fn a_side_signs_an_amendment_once_and_not_before_it_was_proposed() {
    let proposed = || run(lives_there(), proposes(with_lines(vec![hours()])));
    let signed = run(proposed(), council(signs(1)));
    signed.when(council(signs(1))).then_refused("ALREADY_SIGNED");
    proposed().when(council(signs(2))).then_refused("AMENDMENT_UNKNOWN");
    let early = Consent { on: date(2026, 5, 31), ..consent() };
    let step = TermsStep::SignAmendment { amendment: 1, consent: early };
    proposed().when(council(step)).then_refused("FIELD_INVALID");
}

#[test]
fn who_proposed_it_withdraws_it_and_the_other_side_declines_it() {
    let proposed = || run(lives_there(), by(1, provider(), TermsStep::Propose(with_lines(vec![hours()]))));
    let reason = || "not funded".to_owned();
    let decline = || TermsStep::DeclineAmendment { amendment: 1, reason: reason() };
    let withdraw = || TermsStep::WithdrawAmendment { amendment: 1, reason: reason() };
    proposed().when(by(1, provider(), decline())).then_refused("AMENDMENT_NOT_YOURS");
    proposed().when(council(withdraw())).then_refused("AMENDMENT_NOT_YOURS");
    for (giver, step, end) in [
        (NoticeGiver::Council, decline(), AmendmentEnd::Declined),
        (provider(), withdraw(), AmendmentEnd::Withdrawn),
    ] {
        let closed = run(proposed(), by(1, giver, step));
        closed
            .then_state(|state| {
                let amendment = &of(state, 1).terms.amendments[0];
                assert_eq!(amendment.closed.as_ref().map(|closed| closed.end), Some(end));
            })
            .when(council(signs(1)))
            .then_refused("AMENDMENT_CLOSED");
    }
}

#[test]
fn a_core_fee_is_changed_from_a_day_and_takes_the_uplifts_before_it_in() {
    let changed = agreed(lives_there(), 1, with_lines(vec![core(440_000)]));
    let _ = changed.then_state(|state| {
        let terms = &of(state, 1).terms;
        let on = [date(2026, 6, 7), date(2026, 6, 8)].map(|on| weekly_on(&terms.lines, on).0);
        assert_eq!(on, [470_000, 460_000]);
        // What the framework said of it stays with the amendment.
        assert!(terms.amendments[0].checks.iter().any(|check| check.check == "PRICE_ABOVE_SCHEDULE"));
    });
}

#[test]
fn a_line_that_is_told_anew_from_its_first_night_keeps_its_number() {
    let more = LineChange::Change {
        line: 1,
        price: weekly(445_000),
        until: None,
        note: "agreed at the outset".to_owned(),
    };
    let changes = Changes { lines: vec![more], ..Changes::new(start(), "put right") };
    let _ = agreed(lives_there(), 1, changes).then_state(|state| {
        let lines = &of(state, 1).terms.lines;
        let shown: Vec<_> = lines.iter().map(|line| (line.line, line.weekly.0, line.until)).collect();
        assert_eq!(shown, [(1, 445_000, None), (2, 20_000, Some(date(2026, 11, 4)))]);
    });
}

#[test]
fn what_no_amendment_may_make_of_a_price_is_refused_with_the_field() {
    let refused = |lines: Vec<LineChange>, reason: &str, field: &str| {
        let rejection = lives_there().when(proposes(with_lines(lines))).then_refused(reason);
        let fields: Vec<String> = rejection.violations().into_iter().map(|it| it.field).collect();
        assert_eq!(fields, [field], "{reason}");
    };
    let until = Some(date(2026, 9, 7));
    refused(vec![adds("CORE", weekly(100), until)], "CORE_OVERLAPS", "changes.lines[0].add");
    refused(vec![LineChange::End { line: 1 }], "CORE_FEE_MISSING", "changes.lines");
    for kind in ["ONE_TO_ONE", "THERAPY", "EDUCATION", "TRANSPORT", "FAMILY_TIME"] {
        let far = Some(date(2029, 6, 9));
        refused(vec![adds(kind, weekly(100), None)], "ADDITION_NOT_TIME_BOXED", "changes.lines[0].add.until");
        refused(vec![adds(kind, weekly(100), far)], "ADDITION_NOT_TIME_BOXED", "changes.lines[0].add.until");
    }
    refused(vec![adds("DISCOUNT_VOLUME", weekly(470_001), None)], "WEEKLY_PRICE_NEGATIVE", "changes.lines");
    refused(
        vec![adds("DISCOUNT_SIBLING", weekly(100), None)],
        "SIBLINGS_INVALID",
        "changes.lines[0].add.siblings",
    );
    refused(vec![sibling_discount(&[1], 100)], "SIBLINGS_INVALID", "changes.lines[0].add.siblings");
    refused(vec![sibling_discount(&[7], 100)], "SIBLINGS_INVALID", "changes.lines[0].add.siblings");
    refused(vec![LineChange::End { line: 9 }], "LINE_UNKNOWN", "changes.lines[0].end.line");
    refused(vec![core(450_001)], "PRICE_ABOVE_SCHEDULE", "changes.lines");
    refused(vec![core(500_001)], "PRICE_ABOVE_CEILING", "changes.lines");
    refused(vec![adds("UPLIFT", weekly(100), until)], "FIELD_INVALID", "changes.lines[0].add.kind");
    refused(vec![adds("THERAPY", weekly(0), until)], "FIELD_INVALID", "changes.lines[0].add.price");
    refused(
        vec![adds("THERAPY", weekly(100), Some(date(2026, 6, 8)))],
        "FIELD_INVALID",
        "changes.lines[0].add.until",
    );
}

#[test]
fn a_core_fee_is_judged_again_when_the_second_side_signs() {
    let signed = run(lives_there(), proposes(with_lines(vec![core(440_000)])));
    let signed = run(signed, council(signs(1)));
    let cheaper = admitted();
    let prices = common::prices(&[("STANDARD", 430_000)]);
    let cheaper =
        contracts_domain::frameworks::ProviderAdmitted { from: date(2026, 6, 1), prices, ..cheaper };
    let mut events = common::framework_events();
    events.push(cheaper.into());
    let facts = common::fold::<contracts_domain::Frameworks>(&events);
    let (agreement, by, step) = (agreement(1), provider(), signs(1));
    let command = AgreementCommand::Terms { agreement, by, expected_version: None, step, facts, at: told() };
    signed.when(command).then_refused("PRICE_ABOVE_SCHEDULE");
}

#[test]
fn a_provider_that_is_admitted_no_more_gets_no_other_core_fee() {
    let (agreement, by) = (agreement(1), NoticeGiver::Council);
    let step = TermsStep::Propose(with_lines(vec![core(440_000)]));
    let facts = common::fold::<contracts_domain::Frameworks>(&common::framework_events()[..4]);
    let command = AgreementCommand::Terms { agreement, by, expected_version: None, step, facts, at: told() };
    lives_there().when(command).then_refused("PROVIDER_NOT_ADMITTED");
}

#[test]
fn funders_change_from_a_day_and_their_shares_are_whole() {
    let funders = vec![share("SOCIAL_CARE", 5_000), share("HEALTH", 5_000)];
    let changed = agreed(lives_there(), 1, Changes { funders: funders.clone(), ..changes() });
    let _ = changed.then_state(|state| {
        let terms = &of(state, 1).terms;
        assert_eq!(terms.funders[1..], [FundersFrom { from: date(2026, 6, 8), funders }]);
    });
    for funders in [
        vec![share("SOCIAL_CARE", 5_000), share("HEALTH", 4_999)],
        vec![share("SOCIAL_CARE", 5_000), share("SOCIAL_CARE", 5_000)],
    ] {
        let changes = Changes { funders, ..changes() };
        lives_there().when(proposes(changes)).then_refused("FUNDERS_NOT_WHOLE");
    }
}

#[test]
fn no_more_dates_of_funders_or_rules_are_agreed_than_a_ledger_takes() {
    let from = |n: i8| date(2026, 6 + n / 28, 1 + n % 28);
    let funded = |n: i8| {
        let funders = vec![share("SOCIAL_CARE", 5_000), share("HEALTH", 5_000)];
        Changes { funders, ..Changes::new(from(n), "another share") }
    };
    let mut state = lives_there();
    for n in 0..49 {
        state = agreed(state, 1, funded(n));
    }
    let rejection = state.when(proposes(funded(49))).then_refused("LIMIT_REACHED");
    assert!(rejection.to_string().contains("50"), "{rejection}");
    let ruled = |n: i8| Changes { absence_rules: Some(vec![]), ..Changes::new(from(n), "other rules") };
    let mut state = lives_there();
    for n in 0..50 {
        state = agreed(state, 1, ruled(n));
    }
    state.when(proposes(ruled(50))).then_refused("LIMIT_REACHED");
    let far = adds("DISCOUNT_LONG_TERM", weekly(100), Some(date(2101, 1, 1)));
    let rejection = lives_there().when(proposes(with_lines(vec![far]))).then_refused("FIELD_INVALID");
    assert_eq!(rejection.violations()[0].field, "changes.lines[0].add.until");
}

#[test]
fn absence_rules_hold_from_their_day_and_change_no_night_before() {
    let rule = |absence: &str| AbsenceRule {
        absence: absence.to_owned(),
        full_nights: 7,
        core_basis_points: 0,
        other_basis_points: 0,
        nothing_after: None,
    };
    let rules = |absence, from| Changes {
        absence_rules: Some(vec![rule(absence)]),
        ..Changes::new(from, "as is usual")
    };
    let first = agreed(lives_there(), 1, rules("HOSPITAL", date(2026, 6, 8)));
    let second = agreed(first, 1, rules("MISSING", date(2027, 1, 1)));
    let _ = second.then_state(|state| {
        let dated = &of(state, 1).terms.absence_rules_from;
        let shown: Vec<_> = dated.iter().map(|it| (it.from, it.rules[0].absence.as_str())).collect();
        assert_eq!(shown, [(date(2026, 6, 8), "HOSPITAL"), (date(2027, 1, 1), "MISSING")]);
    });
}

#[test]
fn notice_dates_rules_and_outcomes_are_agreed_too() {
    let outcome = NewOutcome {
        measure: "Step down to a family held".to_owned(),
        evidence: "Review minutes".to_owned(),
        held_weeks: 0,
        payment: Pence(500_000),
        cap: Pence(500_000),
    };
    let rule = AbsenceRule {
        absence: "HOSPITAL".to_owned(),
        full_nights: 14,
        core_basis_points: 5_000,
        other_basis_points: 0,
        nothing_after: Some(28),
    };
    let all = Changes {
        absence_rules: Some(vec![rule.clone()]),
        outcomes: vec![outcome.clone()],
        notice_days: Some(56),
        expected_end: Some(date(2027, 7, 31)),
        review_on: Some(date(2026, 12, 1)),
        ..changes()
    };
    let _ = agreed(lives_there(), 1, all).then_state(|state| {
        let terms = &of(state, 1).terms;
        let agreement = of(state, 1);
        let days = [date(2026, 6, 7), date(2026, 6, 8)].map(|on| agreement.notice_days(on));
        assert_eq!((days, terms.expected_end), ([28, 56], Some(date(2027, 7, 31))));
        let from = AbsenceRulesFrom { from: date(2026, 6, 8), rules: vec![rule.clone()] };
        assert_eq!((&terms.absence_rules_from, terms.absence_rules.len()), (&vec![from], 0));
        assert_eq!(terms.outcomes.len(), 1);
    });
    let wrong = [
        (Changes { notice_days: Some(0), ..changes() }, "notice_days"),
        (Changes { expected_end: Some(start()), ..changes() }, "expected_end"),
        (Changes { review_on: Some(date(2029, 6, 2)), ..changes() }, "review_on"),
        (
            Changes { absence_rules: Some(vec![rule.clone(), rule.clone()]), ..changes() },
            "absence_rules[1].absence",
        ),
        (Changes { outcomes_ended: vec![1], ..changes() }, "outcomes_ended[0]"),
        (
            Changes { outcomes: vec![NewOutcome { cap: Pence(1), ..outcome }], ..changes() },
            "outcomes[0].cap_pence",
        ),
        (
            Changes {
                absence_rules: Some(vec![AbsenceRule { nothing_after: Some(13), ..rule }]),
                ..changes()
            },
            "absence_rules[0].nothing_after",
        ),
    ];
    for (changes, field) in wrong {
        let rejection = lives_there().when(proposes(changes)).then_refused("FIELD_INVALID");
        assert_eq!(rejection.violations()[0].field, format!("changes.{field}"));
    }
}

#[test]
fn notice_runs_for_the_days_that_were_agreed() {
    use contracts_domain::agreements::{GiveNotice, NoticeStep};
    let longer = |from| {
        let changes = Changes { notice_days: Some(56), ..Changes::new(from, "longer notice") };
        agreed(lives_there(), 1, changes)
    };
    let notice = GiveNotice {
        given_on: today(),
        last_day: None,
        reason: "NEEDS".to_owned(),
        short: None,
        steps: care::published::EndingSteps::default(),
    };
    let give = |given_on| {
        let (by, step) = (provider(), NoticeStep::Give(GiveNotice { given_on, ..notice.clone() }));
        AgreementCommand::Notice { agreement: agreement(1), by, expected_version: None, step, at: told() }
    };
    let last_day = |state: care::spec::Given<Agreements>, given_on| {
        let mut last_day = None;
        let _ = state.when(give(given_on)).then_events(|events| {
            let [AgreementEvent::PlacementNoticeGiven(given)] = events else { panic!("{events:?}") };
            last_day = Some(given.last_day);
        });
        last_day.unwrap()
    };
    assert_eq!(last_day(longer(today()), today()), date(2026, 7, 27));
    // What is agreed from a later day on is nothing to a notice that is given before.
    assert_eq!(last_day(longer(date(2026, 6, 2)), today()), date(2026, 6, 29));
}

#[test]
fn an_amendment_of_nothing_or_of_nights_that_there_are_not_is_refused() {
    lives_there().when(proposes(changes())).then_refused("AMENDMENT_EMPTY");
    let early = Changes { lines: vec![hours()], ..Changes::new(date(2026, 5, 3), "too early") };
    let rejection = lives_there().when(proposes(early)).then_refused("AMENDMENT_BEFORE_START");
    assert_eq!(rejection.violations()[0].field, "changes.from");
    let gone = lives_there().and([left(1, date(2026, 6, 8)).into()]);
    gone.when(proposes(with_lines(vec![hours()]))).then_refused("AGREEMENT_ENDED");
    let far = Changes { lines: vec![core(440_000)], ..Changes::new(date(2029, 6, 3), "too late") };
    let rejection = lives_there().when(proposes(far)).then_refused("FIELD_INVALID");
    assert_eq!(rejection.violations()[0].field, "changes.from");
}

#[test]
fn no_more_than_five_amendments_wait_for_a_signature() {
    let mut state = lives_there();
    for _ in 0..5 {
        state = run(state, proposes(with_lines(vec![hours()])));
    }
    state.when(proposes(with_lines(vec![hours()]))).then_refused("LIMIT_REACHED");
}

#[test]
fn a_part_of_the_core_fee_is_taken_off_in_whole_pence() {
    let off = adds("DISCOUNT_LONG_TERM", LinePrice::OfCore { basis_points: 333 }, None);
    let _ = agreed(lives_there(), 1, with_lines(vec![off])).then_state(|state| {
        let line = &of(state, 1).terms.lines[2];
        // 3.33 % of £4,500 is £149.85.
        assert_eq!((line.weekly, line.worked_out.as_str()), (Pence(-14_985), "3.33 % of £4,500.00"));
    });
}

#[test]
fn an_etag_that_is_not_the_agreements_is_refused() {
    let (step, facts) = (TermsStep::Sign(consent()), facts());
    let (agreement, by) = (agreement(1), NoticeGiver::Council);
    let command =
        AgreementCommand::Terms { agreement, by, expected_version: Some(9), step, facts, at: told() };
    lives_there().when(command).then_refused("ETAG_MISMATCH");
}

#[test]
fn the_discount_of_siblings_ends_the_night_the_last_of_them_leaves() {
    let discounted =
        agreed(two_live_there().and(placed(3)), 1, with_lines(vec![sibling_discount(&[2, 3], 20_000)]));
    let one_left = run(discounted, ends(2, date(2026, 6, 15)));
    let one_left = one_left.then_state(|state| assert_eq!(of(state, 1).terms.lines[2].until, None));
    let both = one_left.when(ends(3, date(2026, 6, 20))).then_events(|events| {
        let [_, AgreementEvent::AgreementTermsSet(set)] = events else { panic!("{events:?}") };
        assert_eq!(
            (set.agreement, set.cause.as_str(), set.from),
            (agreement(1), "DISCOUNT", date(2026, 6, 20))
        );
        let on = [date(2026, 6, 19), date(2026, 6, 20)].map(|on| weekly_on(&set.lines, on).0);
        assert_eq!(on, [450_000, 470_000]);
    });
    // A departure that was recorded wrong moves it, whichever sibling's it is.
    let corrected = run(both, corrects(2, date(2026, 6, 25)));
    let corrected =
        corrected.then_state(|state| assert_eq!(of(state, 1).terms.lines[2].until, Some(date(2026, 6, 25))));
    // One who stays after all is enough, until that one is to leave too.
    let both = run(corrected, stays(2));
    let both = both.then_state(|state| assert_eq!(of(state, 1).terms.lines[2].until, None));
    let corrected = run(both, ends(2, date(2026, 6, 25)));
    let corrected =
        corrected.then_state(|state| assert_eq!(of(state, 1).terms.lines[2].until, Some(date(2026, 6, 25))));
    // What is changed by an amendment goes on to end with the siblings.
    let cheaper = LineChange::Change { line: 3, price: weekly(10_000), until: None, note: String::new() };
    let changes = Changes { lines: vec![cheaper], ..Changes::new(date(2026, 6, 12), "less") };
    let _ = agreed(corrected, 1, changes).then_state(|state| {
        assert_eq!(of(state, 1).terms.lines[3].until, Some(date(2026, 6, 25)));
    });
}

#[test]
fn an_end_that_was_agreed_for_a_sibling_discount_holds_though_the_siblings_stay() {
    let LineChange::Add { kind, price, note, siblings, .. } = sibling_discount(&[2], 20_000) else {
        panic!()
    };
    let until = Some(date(2026, 6, 12));
    let add = LineChange::Add { kind, price, until, note, siblings };
    let discounted = agreed(two_live_there(), 1, with_lines(vec![add]));
    let _ = run(discounted, ends(2, date(2026, 6, 20))).then_state(|state| {
        assert_eq!(of(state, 1).terms.lines[2].until, until);
    });
}

fn ends(n: u128, on: care::Date) -> AgreementCommand {
    use contracts_domain::agreements::PlacementStep;
    let step = PlacementStep::End { on, reason: "CARPL".to_owned(), ending: None };
    AgreementCommand::Placement { agreement: agreement(n), expected_version: None, step, at: told() }
}

fn stays(n: u128) -> AgreementCommand {
    use contracts_domain::agreements::PlacementStep;
    let step = PlacementStep::WithdrawEnd { reason: "goes on".to_owned() };
    AgreementCommand::Placement { agreement: agreement(n), expected_version: None, step, at: told() }
}

fn corrects(n: u128, on: care::Date) -> AgreementCommand {
    use contracts_domain::agreements::PlacementStep;
    let (reason, correction) = ("CARPL".to_owned(), "a wrong day".to_owned());
    let step = PlacementStep::CorrectEnd { on, reason, ending: None, correction };
    AgreementCommand::Placement { agreement: agreement(n), expected_version: None, step, at: told() }
}

#[test]
fn a_line_that_changes_often_keeps_its_note_and_tells_the_last_quantity_alone() {
    let quantity =
        |hundredths| LinePrice::Quantity { hundredths, unit: "hours".to_owned(), rate: Pence(3_500) };
    let until = Some(date(2026, 9, 7));
    let LineChange::Add { kind, siblings, .. } = hours() else { panic!() };
    let note = "a word that is said again and again ".repeat(4);
    let add = LineChange::Add { kind, price: quantity(1_000), until, note: note.clone(), siblings };
    let mut state = agreed(lives_there(), 1, with_lines(vec![add]));
    for n in 0..8_u32 {
        let change =
            LineChange::Change { line: 3 + n, price: quantity(900), until: None, note: String::new() };
        let from = date(2026, 6, 9 + i8::try_from(n).unwrap());
        state = agreed(state, 1, Changes { lines: vec![change], ..Changes::new(from, "fewer hours") });
    }
    let _ = state.then_state(|state| {
        let last = of(state, 1).terms.lines.last().unwrap();
        assert_eq!(
            (last.note.as_str(), last.worked_out.as_str()),
            (note.as_str(), "9 hours a week at £35.00")
        );
    });
}

#[test]
fn no_discount_is_for_a_sibling_who_never_comes_or_is_not_there_yet() {
    let cancelled = |n| {
        let mut events = placed(n);
        events.pop();
        events.push(left(n, start()).into());
        events
    };
    let discount = || proposes(with_lines(vec![sibling_discount(&[2], 20_000)]));
    let field =
        |rejection: contracts_domain::agreements::AgreementRejection| rejection.violations()[0].field.clone();
    let never = lives_there().and(cancelled(2)).when(discount()).then_refused("SIBLINGS_INVALID");
    assert_eq!(field(never), "changes.lines[0].add.siblings");
    // Who comes on 4 May is there on no night before.
    let early = Changes { lines: vec![sibling_discount(&[2], 20_000)], ..Changes::new(start(), "together") };
    let _ = agreed(two_live_there(), 1, early);
    // Where the other's agreement comes to nothing afterwards, the discount has no night.
    let mut issued = placed(2);
    issued.pop();
    let discounted = lives_there().and(issued);
    let from = Changes { lines: vec![sibling_discount(&[2], 20_000)], ..Changes::new(start(), "together") };
    let discounted = agreed(discounted, 1, from);
    let step = contracts_domain::agreements::PlacementStep::Cancel { reason: "OTHER".to_owned() };
    let cancel =
        AgreementCommand::Placement { agreement: agreement(2), expected_version: None, step, at: told() };
    let _ = run(discounted, cancel).then_state(|state| {
        assert_eq!(weekly_on(&of(state, 1).terms.lines, start()), Pence(470_000));
    });
}
