//! Terms under random histories: whatever people propose, sign, tell and decide in whatever order, the price of each night is one that can be
//! charged, and what ends with somebody does not outlive them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use care::published::AgreementTermsSet;
use care::{AgreementId, Date, Domain, Nights, Pence, Refusal};
use common::terms::{
    adds, agreement, by, changes, consent, core, hours, placed, provider, sibling_discount, signs, told,
    uplift_facts, weekly, with_lines,
};
use common::{DURHAM, facts, id, share, start};
use contracts_domain::Agreements;
use contracts_domain::agreements::terms::{
    Changes, CorrectUplift, DecideUplift, LineChange, LinePrice, TellAbsence, TermsStep, UpliftAnswer,
    UpliftSubject, weekly_on,
};
use contracts_domain::agreements::{AgreementCommand, AgreementEvent, NoticeGiver, PlacementStep};
use contracts_domain::frameworks::{Frameworks, UpliftAmount};
use jiff::ToSpan;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, proptest};
use proptest::{prop_assert, prop_assert_eq, prop_oneof};
use std::collections::BTreeSet;

/// Who live there: three agreements of one council with one provider.
const CHILDREN: u128 = 3;

fn day(offset: i64) -> Date {
    start().saturating_add(offset.days())
}

fn line_change() -> impl Strategy<Value = LineChange> {
    let later = || prop::option::of(1_i64..90).prop_map(|days| days.map(|days| day(28 + days)));
    let kind = prop_oneof![Just("CORE"), Just("THERAPY"), Just("DISCOUNT_VOLUME"), Just("UPLIFT")];
    prop_oneof![
        Just(hours()),
        (kind, 1_i64..600_000, later()).prop_map(|(kind, pence, until)| adds(kind, weekly(pence), until)),
        (1_i64..400_000, 1_u128..=CHILDREN, 1_u128..=CHILDREN)
            .prop_map(|(pence, a, b)| sibling_discount(&[a, b], pence)),
        (1_i64..500_000).prop_map(core),
        (1_u32..8, 1_u32..9_000, later()).prop_map(|(line, basis_points, until)| LineChange::Change {
            line,
            price: LinePrice::OfCore { basis_points },
            until,
            note: String::new(),
        }),
        (1_u32..8).prop_map(|line| LineChange::End { line }),
    ]
}

fn amendment() -> impl Strategy<Value = Changes> {
    let lines = prop::collection::vec(line_change(), 1..4);
    (lines, -2_i64..60, any::<bool>()).prop_map(|(lines, from, funded)| {
        let funders = vec![share("SOCIAL_CARE", 6_000), share("HEALTH", 4_000)];
        let funders = if funded { funders } else { Vec::new() };
        Changes { lines, funders, from: day(from), ..changes() }
    })
}

fn step() -> impl Strategy<Value = TermsStep> {
    prop_oneof![
        4 => amendment().prop_map(TermsStep::Propose),
        8 => (1_u32..6).prop_map(|amendment| TermsStep::SignAmendment { amendment, consent: consent() }),
        1 => (1_u32..6).prop_map(|amendment| TermsStep::WithdrawAmendment { amendment, reason: "no".to_owned() }),
        2 => (prop::option::of(1_u32..4), 0_i64..28, prop::option::of(0_i64..30)).prop_map(
            |(absence, from, until)| TermsStep::RecordAbsence(TellAbsence {
                absence,
                kind: "MISSING".to_owned(),
                from: day(from),
                until: until.map(day),
            })
        ),
    ]
}

fn named() -> impl Strategy<Value = BTreeSet<AgreementId>> {
    prop::collection::btree_set((1_u128..=CHILDREN).prop_map(agreement), 0..3)
}

fn uplift() -> impl Strategy<Value = AgreementCommand> {
    (any::<bool>(), 1_u32..1_000, 0_i64..60, named()).prop_map(|(regional, points, from, agreements)| {
        let subject = if regional {
            UpliftSubject::Framework { framework: id("tyne-tees"), number: 1 }
        } else {
            UpliftSubject::Apart { reference: "2027-28".to_owned(), asked_basis_points: 1_000 }
        };
        let amount = UpliftAmount::BasisPoints(points);
        let decision = DecideUplift {
            provider: id("P1"),
            subject,
            answer: UpliftAnswer::Accepted { amount, from: Some(day(from)), agreements },
            reason: "what can be paid".to_owned(),
            approver: "Director".to_owned(),
            at: told(),
        };
        AgreementCommand::DecideUplift { council: id(DURHAM), decision, facts: negotiated() }
    })
}

fn correction() -> impl Strategy<Value = AgreementCommand> {
    let right = prop::option::of((1_u32..1_000, 0_i64..60));
    (1_u32..4, right, named()).prop_map(|(decision, right, agreements)| {
        let correction = CorrectUplift {
            decision,
            right: right.map(|(points, from)| (UpliftAmount::BasisPoints(points), day(from))),
            agreements,
            reason: "mistyped".to_owned(),
            approver: "Director".to_owned(),
            at: told(),
        };
        AgreementCommand::CorrectUplift { council: id(DURHAM), correction, facts: negotiated() }
    })
}

fn negotiated() -> Frameworks {
    let most = || UpliftAmount::BasisPoints(1_000);
    uplift_facts(most(), None, Some(Some((most(), start()))))
}

fn command() -> impl Strategy<Value = AgreementCommand> {
    let both = prop_oneof![Just(NoticeGiver::Council), Just(provider())];
    let terms = (1_u128..=CHILDREN, both, step()).prop_map(|(n, by, step)| AgreementCommand::Terms {
        agreement: agreement(n),
        by,
        expected_version: None,
        step,
        facts: facts(),
        at: told(),
    });
    let ends = (1_u128..=CHILDREN, 0_i64..60, any::<bool>()).prop_map(|(n, on, corrects)| {
        let (on, reason, ending) = (day(on), "CARPL".to_owned(), None);
        let step = if corrects {
            PlacementStep::CorrectEnd { on, reason, ending, correction: "a wrong day".to_owned() }
        } else {
            PlacementStep::End { on, reason, ending }
        };
        AgreementCommand::Placement { agreement: agreement(n), expected_version: None, step, at: told() }
    });
    prop_oneof![20 => terms, 4 => uplift(), 4 => correction(), 3 => ends]
}

/// The first child's price has a discount while one of the others is there.
fn discounted() -> [AgreementCommand; 3] {
    let with = with_lines(vec![sibling_discount(&[2, 3], 20_000)]);
    [
        by(1, NoticeGiver::Council, TermsStep::Propose(with)),
        by(1, NoticeGiver::Council, signs(1)),
        by(1, provider(), signs(1)),
    ]
}

fn check(state: &Agreements, sets: &[AgreementTermsSet]) -> Result<(), proptest::test_runner::TestCaseError> {
    for (id, agreement) in &state.agreements {
        let terms = &agreement.terms;
        let last = sets.iter().rev().find(|set| set.agreement == *id);
        if let Some(last) = last {
            prop_assert_eq!(
                (&last.lines, &last.funders, last.terms),
                (&terms.lines, &terms.funders, terms.version)
            );
        }
        let numbers: Vec<u32> = terms.lines.iter().map(|line| line.line).collect();
        prop_assert_eq!(numbers, (1..=u32::try_from(terms.lines.len()).unwrap()).collect::<Vec<_>>());
        for on in (0..200).map(day) {
            let holds = |line: &&care::published::TermLine| {
                line.from <= on && line.until.is_none_or(|until| on < until)
            };
            let cores = terms.lines.iter().filter(holds).filter(|line| line.kind == "CORE").count();
            prop_assert_eq!(cores, 1, "one core fee on {}", on);
            prop_assert!(weekly_on(&terms.lines, on) >= Pence::ZERO, "what a week costs on {}", on);
        }
        for set in &terms.funders {
            prop_assert_eq!(set.funders.iter().map(|share| share.basis_points).sum::<u32>(), 10_000);
        }
        // The oracle of sibling discounts: nobody left, no discount.
        for (line, discount) in &terms.sibling_discounts {
            let ends: Option<Vec<Date>> = discount
                .siblings
                .iter()
                .map(|sibling| Some(state.agreements[sibling].ended.as_ref()?.on))
                .collect();
            let line = &terms.lines[usize::try_from(*line).unwrap() - 1];
            if let Some(gone) = ends.and_then(|ends| ends.into_iter().max()) {
                let over = line.until.is_some_and(|until| until <= gone.max(line.from));
                prop_assert!(over, "the discount outlives the sibling who left on {}: {:?}", gone, line);
            } else {
                prop_assert!(
                    line.until == discount.until,
                    "the discount ends though somebody stays: {:?}",
                    line
                );
            }
        }
        let absences: Vec<Nights> =
            terms.absences.values().map(|absence| Nights::from_on(absence.from, absence.until)).collect();
        for (n, one) in absences.iter().enumerate() {
            prop_assert!(!absences[n + 1..].iter().any(|other| one.overlaps(other)));
        }
        // Of an uplift that is applied no two lines have a night in common; of one that is not, no line has any.
        for reference in ["frameworks/tyne-tees/uplifts/1: ", "2027-28: "] {
            let mine = terms.lines.iter().filter(|it| it.kind == "UPLIFT" && it.note.starts_with(reference));
            let nights: Vec<Nights> =
                mine.map(|it| Nights::from_on(it.from, it.until)).filter(|it| !it.is_empty()).collect();
            let applied = terms.uplifts.contains_key(reference.trim_end_matches(": "));
            prop_assert!(applied || nights.is_empty(), "{} is not applied: {:?}", reference, nights);
            for (n, one) in nights.iter().enumerate() {
                prop_assert!(!nights[n + 1..].iter().any(|other| one.overlaps(other)), "{}", reference);
            }
        }
    }
    Ok(())
}

proptest! {
    // Each looks at 200 nights of three agreements after every command.
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn no_history_of_terms_makes_a_price_that_cannot_be_charged(commands in prop::collection::vec(command(), 1..60)) {
        let mut state = Agreements::default();
        for n in 1..=CHILDREN {
            for event in placed(n) {
                Agreements::evolve(&mut state, &event);
            }
        }
        let mut sets: Vec<AgreementTermsSet> = Vec::new();
        for command in discounted().iter().chain(&commands) {
            match Agreements::decide(&state, command) {
                Ok(events) => for event in &events {
                    Agreements::evolve(&mut state, event);
                    if let AgreementEvent::AgreementTermsSet(set) = event {
                        let before = sets.iter().rev().find(|it| it.agreement == set.agreement);
                        prop_assert_eq!(set.terms, before.map_or(1, |it| it.terms) + 1);
                        sets.push(set.clone());
                    }
                },
                Err(refusal) => prop_assert!(!refusal.reason().is_empty() && !refusal.to_string().is_empty()),
            }
            check(&state, &sets)?;
        }
    }
}
