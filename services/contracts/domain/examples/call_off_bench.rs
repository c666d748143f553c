//! How long the judgement of one call-off takes, over frameworks of the size that they really have:
//! `cargo run --release -p contracts-domain --example call_off_bench`.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark prints, and stops where it cannot go on"
)]

use care::published::{Accommodation, FunderShare, PriceLine, Route};
use care::{CouncilId, Domain, Pence, ProviderId};
use contracts_domain::frameworks::{
    Change, Discount, DiscountAmount, DiscountRule, FrameworkCommand, Lot, NewFramework, PriceRow,
    PriceSchedule, Procurement, Regime, SuspensionScope,
};
use contracts_domain::{CallOffQuestion, Frameworks, Shown, judge_call_off};
use jiff::civil::date;
use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::{Duration, Instant};

const FRAMEWORKS: usize = 8;
const LOTS: usize = 20;
const PROVIDERS: usize = 150;
const ROUNDS: usize = 200_000;
const MEMBERS: [&str; 6] = ["E06000005", "E06000047", "E06000001", "E08000021", "E06000002", "E06000003"];

fn id<T: FromStr>(text: &str) -> T {
    text.parse().ok().expect("an id")
}

fn row(age_from: u8, age_to: u8, attributes: &[&str], weekly: i64) -> PriceRow {
    let attributes = attributes.iter().map(|it| (*it).to_owned()).collect();
    PriceRow { level: "STANDARD".to_owned(), age_from, age_to, attributes, weekly: Pence(weekly) }
}

fn changes() -> Vec<Change> {
    let new = NewFramework {
        name: "Simulated".to_owned(),
        lead: id(MEMBERS[0]),
        regime: Regime::ProcurementAct2023,
        starts: date(2026, 4, 1),
        ends: date(2034, 3, 31),
        grade_floor: None,
        procurement: Procurement::default(),
    };
    let mut all = vec![Change::Create(new)];
    let from = date(2026, 4, 1);
    all.extend(MEMBERS.iter().skip(1).map(|council| Change::AddMember { council: id(council), from }));
    let levels: BTreeMap<String, Pence> = [("STANDARD".to_owned(), Pence(600_000))].into();
    for lot in 0..LOTS {
        let terms = Lot {
            name: "Simulated".to_owned(),
            provisions: ["RESIDENTIAL".to_owned()].into(),
            age_from: 0,
            age_to: 17,
            grade_gate: None,
            levels: levels.clone(),
            ceilings: vec![row(0, 10, &[], 500_000), row(0, 17, &["CWD"], 600_000)],
        };
        all.push(Change::AddLot { lot: id(&format!("lot-{lot}")), terms });
    }
    for provider in 0..PROVIDERS {
        let provider: ProviderId = id(&format!("P{provider}"));
        for lot in 0..LOTS {
            let mut schedule = PriceSchedule::plain(from, [("STANDARD".to_owned(), Pence(450_000))].into());
            schedule.rows =
                vec![row(0, 10, &[], 400_000), row(0, 17, &["CWD"], 480_000), row(11, 17, &["CWD"], 490_000)];
            all.push(Change::AdmitProvider {
                lot: id(&format!("lot-{lot}")),
                provider: provider.clone(),
                schedule,
            });
        }
        let scope = SuspensionScope::home(id("SC999999"));
        all.push(Change::SuspendProvider { provider, scope, reason: "Simulated".to_owned(), from });
    }
    for nth in 2..6 {
        let (rule, amount) = (DiscountRule::Sibling { nth }, DiscountAmount::BasisPoints(500));
        all.push(Change::AgreeDiscount(Discount {
            lot: None,
            provider: None,
            rule,
            amount,
            from,
            until: None,
        }));
    }
    all
}

fn main() {
    let mut state = Frameworks::default();
    for framework in 0..FRAMEWORKS {
        for change in changes() {
            let command =
                FrameworkCommand { framework: id(&format!("f-{framework}")), expected_version: None, change };
            for event in Frameworks::decide(&state, &command).expect("a change that is taken") {
                Frameworks::evolve(&mut state, &event);
            }
        }
    }
    let route = Route::Framework {
        framework: id("f-3"),
        lot: id("lot-7"),
        level: "STANDARD".to_owned(),
        attributes: ["CWD".to_owned()].into(),
    };
    let (provider, urn, council): (_, _, CouncilId) = (id("P77"), id("SC000001"), id(MEMBERS[3]));
    let question = CallOffQuestion {
        council,
        provider: &provider,
        urn: &urn,
        provision: "RESIDENTIAL",
        grade: "GOOD",
        age_years: 13,
        on: date(2026, 5, 1),
        start: date(2026, 5, 4),
        route: &route,
        lines: &[PriceLine { kind: "CORE".to_owned(), weekly: Pence(490_000), until: None }],
        funders: &[FunderShare { funder: "SOCIAL_CARE".to_owned(), basis_points: 10_000 }],
        shown: Shown {
            solo: Some(false),
            by_referral: Some(&["CWD".to_owned()].into()),
            accommodation: Some(Accommodation::Unrestricted),
        },
    };
    let facts = state.facts_for(&provider);
    println!(
        "{FRAMEWORKS} frameworks, {LOTS} lots and {PROVIDERS} providers each, {ROUNDS} call-offs judged"
    );
    for (name, facts) in [("facts of one provider", &facts), ("all facts", &state)] {
        let verdict = judge_call_off(facts, &question);
        assert!(verdict.refusal().is_none(), "{verdict:#?}");
        let mut took: Vec<Duration> = (0..ROUNDS)
            .map(|_| {
                let begun = Instant::now();
                std::hint::black_box(judge_call_off(facts, std::hint::black_box(&question)));
                begun.elapsed()
            })
            .collect();
        took.sort_unstable();
        let at = |thousandths: usize| took[(ROUNDS - 1) * thousandths / 1_000].as_nanos();
        println!("{name}: p50 {} ns, p99 {} ns, p99.9 {} ns", at(500), at(990), at(999));
    }
    let begun = Instant::now();
    for _ in 0..1_000 {
        std::hint::black_box(state.facts_for(&provider));
    }
    println!("taking the facts of one provider: {} ns on average", begun.elapsed().as_nanos() / 1_000);
}
