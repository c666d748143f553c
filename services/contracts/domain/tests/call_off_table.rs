//! The table of a call-off's rules: every rule that contracts judge, on both sides of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use care::Date;
use care::published::{Accommodation, Route};
use common::case::{Case, plain, spot, suspended};
use common::{DARLINGTON, DORSET, DURHAM, call_off, id};
use contracts_domain::frameworks::{
    CouncilLeft, Discount, DiscountAgreed, DiscountAmount, DiscountRule, FrameworkEvent, FrameworkExtended,
    Lot, ProviderAdmitted, ProviderSuspended,
};
use contracts_domain::{CALL_OFF_RULES, JudgedBy, checks};
use jiff::civil::date;
use std::collections::BTreeSet;

/// One row of the table: what is altered of a plain case, and what then fails.
type Row = (&'static str, fn() -> Case, &'static [&'static str]);

fn with_terms(alter: impl FnOnce(&mut Lot, &mut ProviderAdmitted)) -> Case {
    let (mut added, mut admitted) = (common::lot_added(), common::admitted());
    alter(&mut added.terms, &mut admitted);
    plain().with(|case| {
        case.events.truncate(3);
        case.events.extend([added.into(), admitted.into()]);
    })
}

/// With a price by these attributes, of which the referral shows some.
fn priced_by(mut case: Case, attributes: &[&str], by_referral: &[&str]) -> Case {
    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    if let Route::Framework { attributes: own, .. } = &mut case.route {
        *own = named(attributes);
    }
    case.by_referral = Some(named(by_referral));
    case
}

fn attributed(case: Case, attributes: &[&str]) -> Case {
    priced_by(case, attributes, attributes)
}

/// Durham has left the framework on the day of the call-off.
fn after_leaving(case: Case) -> Case {
    let left = CouncilLeft { framework: id("tyne-tees"), council: id(DURHAM), on: case.on };
    case.with(|case| case.events.push(left.into()))
}

/// The lot covers foster carers for parent and child too.
fn with_parents() -> Case {
    with_terms(|lot, _| lot.provisions.extend(["FOSTERING_PARENT_CHILD".to_owned()]))
        .with(|case| case.provision = "FOSTERING_PARENT_CHILD")
}

/// Prices of £4,000 for eight to ten and £4,900 for a child with a disability, beside the plain £4,500.
fn keyed() -> Case {
    with_terms(|lot, admitted| {
        lot.ceilings = vec![common::row("STANDARD", (8, 10), &[], 420_000)];
        admitted.rows = vec![
            common::row("STANDARD", (8, 10), &[], 400_000),
            common::row("STANDARD", (8, 17), &["CWD"], 490_000),
        ];
    })
}

fn core(case: Case, pence: i64) -> Case {
    case.with(|case| case.lines[0].weekly.0 = pence)
}

fn of_branch(urns: &[&str]) -> Case {
    with_terms(|_, admitted| admitted.branches = urns.iter().map(|urn| id(urn)).collect())
}

fn suspended_for(urns: &[&str], council: &str) -> Case {
    let (framework, provider, from) = (id("tyne-tees"), id("P1"), date(2026, 5, 1));
    let (urns, council) = (urns.iter().map(|urn| id(urn)).collect(), Some(id(council)));
    let reason = "Staffing".to_owned();
    let suspended = ProviderSuspended { framework, provider, urn: None, reason, from, urns, council };
    plain().with(|case| case.events.push(suspended.into()))
}

fn extended() -> Case {
    let extended = FrameworkExtended {
        framework: id("tyne-tees"),
        ends: date(2031, 3, 31),
        reason: "The next is late".to_owned(),
        decided_on: date(2030, 1, 1),
    };
    plain().with(|case| case.events.push(extended.into()))
}

const NOTHING: &[&str] = &[];

/// Every rule that contracts judge of a call-off, on both sides of it.
const TABLE: &[Row] = &[
    ("the plain call-off", plain, NOTHING),
    ("a plain spot purchase", spot, NOTHING),
    ("unregistered", || spot().with(|it| it.provision = "UNREGISTERED"), &[checks::UNREGISTERED_PROVISION]),
    (
        "shares of 99.99 %",
        || plain().with(|it| it.funders[0].basis_points = 9_999),
        &[checks::FUNDERS_NOT_WHOLE],
    ),
    (
        "an addition without an end",
        || plain().with(|it| it.lines[1].until = None),
        &[checks::ADDITION_NOT_TIME_BOXED],
    ),
    (
        "an addition without an end, in-house",
        || {
            plain().with(|it| {
                it.route = Route::InHouse;
                it.lines[1].until = None;
            })
        },
        &[checks::ADDITION_NOT_TIME_BOXED],
    ),
    (
        "an addition that ends on the first night",
        || plain().with(|it| it.lines[1].until = Some(it.start)),
        &[checks::ADDITION_NOT_TIME_BOXED],
    ),
    ("an addition of three years", || plain().with(|it| it.lines[1].until = Some(date(2029, 5, 4))), NOTHING),
    (
        "an addition of a day more",
        || plain().with(|it| it.lines[1].until = Some(date(2029, 5, 5))),
        &[checks::ADDITION_NOT_TIME_BOXED],
    ),
    (
        "a core fee that ends",
        || plain().with(|it| it.lines[0].until = Some(date(2026, 11, 4))),
        &[checks::ADDITION_NOT_TIME_BOXED],
    ),
    (
        "a spot purchase without a word",
        || {
            spot().with(|it| {
                it.route = Route::Spot { justification: String::new() };
            })
        },
        &[checks::SPOT_NOT_JUSTIFIED],
    ),
    (
        "suspended, whole",
        || plain().with(|it| it.events.push(suspended(None, it.on))),
        &[checks::PROVIDER_SUSPENDED],
    ),
    (
        "suspended, the home",
        || plain().with(|it| it.events.push(suspended(Some("SC000001"), it.on))),
        &[checks::PROVIDER_SUSPENDED],
    ),
    (
        "suspended, another home",
        || plain().with(|it| it.events.push(suspended(Some("SC000002"), it.on))),
        NOTHING,
    ),
    (
        "suspended, the branch, for this council",
        || suspended_for(&["SC000001", "SC000009"], DURHAM),
        &[checks::PROVIDER_SUSPENDED],
    ),
    ("suspended, another branch", || suspended_for(&["SC000008", "SC000009"], DURHAM), NOTHING),
    ("suspended, whole, for this council", || suspended_for(&[], DURHAM), &[checks::PROVIDER_SUSPENDED]),
    ("suspended, whole, for another council", || suspended_for(&[], DARLINGTON), NOTHING),
    (
        "suspended for this council, which has left, spot",
        || after_leaving(suspended_for(&[], DURHAM)).with(|it| it.route = spot().route),
        &[checks::PROVIDER_SUSPENDED],
    ),
    (
        "suspended for this council, which has left",
        || after_leaving(suspended_for(&["SC000001"], DURHAM)),
        &[checks::PROVIDER_SUSPENDED, checks::COUNCIL_NOT_MEMBER],
    ),
    (
        "suspended for another council, this one has left, spot",
        || after_leaving(suspended_for(&[], DARLINGTON)).with(|it| it.route = spot().route),
        NOTHING,
    ),
    (
        "suspended for the region, which this council has left, spot",
        || after_leaving(spot()).with(|it| it.events.push(suspended(None, it.on))),
        NOTHING,
    ),
    (
        "accommodation is restricted",
        || plain().with(|it| it.accommodation = Some(Accommodation::RestrictedSince(date(2026, 4, 30)))),
        &[checks::ACCOMMODATION_RESTRICTED],
    ),
    (
        "accommodation is restricted, spot",
        || spot().with(|it| it.accommodation = Some(Accommodation::RestrictedSince(it.on))),
        &[checks::ACCOMMODATION_RESTRICTED],
    ),
    (
        "accommodation is restricted, in-house",
        || {
            plain().with(|it| {
                it.route = Route::InHouse;
                it.accommodation = Some(Accommodation::RestrictedSince(it.on));
            })
        },
        &[checks::ACCOMMODATION_RESTRICTED],
    ),
    ("of a notice nothing is told", || plain().with(|it| it.accommodation = None), NOTHING),
    (
        "suspended from the first night",
        || plain().with(|it| it.events.push(suspended(None, it.start))),
        &[checks::PROVIDER_SUSPENDED],
    ),
    (
        "suspended from the day after",
        || plain().with(|it| it.events.push(suspended(None, date(2026, 5, 5)))),
        NOTHING,
    ),
    ("no such framework", || plain().with(|it| it.events.clear()), &[checks::FRAMEWORK_UNKNOWN]),
    ("its last day", || plain().with(|it| it.on = date(2030, 3, 31)), NOTHING),
    (
        "the day after its end",
        || plain().with(|it| it.on = date(2030, 4, 1)),
        &[checks::FRAMEWORK_NOT_IN_FORCE],
    ),
    ("the day after its end, extended", || extended().with(|it| it.on = date(2030, 4, 1)), NOTHING),
    ("no member", || plain().with(|it| it.council = id(DORSET)), &[checks::COUNCIL_NOT_MEMBER]),
    (
        "no longer a member",
        || {
            plain().with(|it| {
                let left = CouncilLeft { framework: id("tyne-tees"), council: id(DURHAM), on: it.on };
                it.events.push(left.into());
            })
        },
        &[checks::COUNCIL_NOT_MEMBER],
    ),
    (
        "a member until tomorrow",
        || {
            plain().with(|it| {
                let left =
                    CouncilLeft { framework: id("tyne-tees"), council: id(DURHAM), on: date(2026, 5, 2) };
                it.events.push(left.into());
            })
        },
        NOTHING,
    ),
    (
        "no such lot",
        || plain().with(|it| it.events.retain(|event| !matches!(event, FrameworkEvent::LotAdded(_)))),
        &[checks::LOT_UNKNOWN],
    ),
    (
        "another provision",
        || plain().with(|it| it.provision = "FOSTERING"),
        &[checks::LOT_DOES_NOT_COVER_PROVISION],
    ),
    ("seven", || plain().with(|it| it.age_years = 7), &[checks::AGE_OUTSIDE_LOT]),
    ("eight", || plain().with(|it| it.age_years = 8), NOTHING),
    ("seventeen", || plain().with(|it| it.age_years = 17), NOTHING),
    ("eighteen", || plain().with(|it| it.age_years = 18), &[checks::AGE_OUTSIDE_LOT]),
    ("inadequate", || plain().with(|it| it.grade = "INADEQUATE"), &[checks::GRADE_BELOW_GATE]),
    ("inadequate, spot", || spot().with(|it| it.grade = "INADEQUATE"), &[checks::GRADE_BELOW_GATE]),
    (
        "requires improvement, where good is the gate",
        || plain().with(|it| it.grade = "REQUIRES_IMPROVEMENT"),
        &[checks::GRADE_BELOW_GATE],
    ),
    (
        "no such level",
        || plain().with(|it| it.route = call_off("COMPLEX")),
        &[checks::LEVEL_UNKNOWN, checks::PROVIDER_NOT_ADMITTED],
    ),
    ("not admitted", || plain().with(|it| it.provider = id("P2")), &[checks::PROVIDER_NOT_ADMITTED]),
    (
        "admitted from tomorrow",
        || with_terms(|_, admitted| admitted.from = date(2026, 5, 2)),
        &[checks::PROVIDER_NOT_ADMITTED],
    ),
    (
        "prices that ended today",
        || with_terms(|_, admitted| admitted.until = Some(date(2026, 5, 1))),
        &[checks::PROVIDER_NOT_ADMITTED],
    ),
    (
        "prices that end tomorrow",
        || with_terms(|_, admitted| admitted.until = Some(date(2026, 5, 2))),
        NOTHING,
    ),
    (
        "a level without a price",
        || plain().with(|it| it.route = call_off("ENHANCED")),
        &[checks::PROVIDER_NOT_ADMITTED],
    ),
    (
        "a price for a disabled child alone",
        || {
            with_terms(|_, admitted| {
                admitted.prices.clear();
                admitted.rows = vec![common::row("STANDARD", (8, 17), &["CWD"], 450_000)];
            })
        },
        &[checks::PROVIDER_NOT_ADMITTED],
    ),
    ("an admitted branch", || of_branch(&["SC000001", "SC000009"]), NOTHING),
    ("another branch", || of_branch(&["SC000009"]), &[checks::BRANCH_NOT_ADMITTED]),
    ("no core fee", || plain().with(|it| drop(it.lines.remove(0))), &[checks::CORE_FEE_MISSING]),
    ("a penny above the schedule", || core(plain(), 450_001), &[checks::PRICE_ABOVE_SCHEDULE]),
    (
        "a penny above the ceiling",
        || core(plain(), 500_001),
        &[checks::PRICE_ABOVE_CEILING, checks::PRICE_ABOVE_SCHEDULE],
    ),
    ("the price for ten years", || core(keyed(), 400_000).with(|it| it.age_years = 10), NOTHING),
    (
        "a penny more than that",
        || core(keyed(), 400_001).with(|it| it.age_years = 10),
        &[checks::PRICE_ABOVE_SCHEDULE],
    ),
    (
        "more than the ceiling for ten years",
        || core(keyed(), 420_001).with(|it| it.age_years = 10),
        &[checks::PRICE_ABOVE_CEILING, checks::PRICE_ABOVE_SCHEDULE],
    ),
    ("the price at eleven", || core(keyed(), 450_000).with(|it| it.age_years = 11), NOTHING),
    ("the price with a disability", || core(attributed(keyed(), &["CWD", "UASC"]), 490_000), NOTHING),
    (
        "a penny more with a disability",
        || core(attributed(keyed(), &["CWD"]), 490_001),
        &[checks::PRICE_ABOVE_SCHEDULE],
    ),
    (
        "the price with a disability that the referral does not show",
        || core(priced_by(keyed(), &["CWD"], &[]), 490_000),
        &[checks::ATTRIBUTE_NOT_SHOWN],
    ),
    (
        "one of two attributes is not shown",
        || priced_by(keyed(), &["CWD", "UASC"], &["CWD"]),
        &[checks::ATTRIBUTE_NOT_SHOWN],
    ),
    (
        "of what the referral shows nothing is told",
        || attributed(keyed(), &["CWD"]).with(|it| it.by_referral = None),
        NOTHING,
    ),
    ("alone in the home", || priced_by(plain(), &["SOLO"], &[]).with(|it| it.solo = Some(true)), NOTHING),
    // What the referral shows is nothing to it: the claim shows it, or does not.
    ("not alone in the home", || attributed(plain(), &["SOLO"]), &[checks::ATTRIBUTE_NOT_SHOWN]),
    (
        "whether alone in the home is not told",
        || priced_by(plain(), &["SOLO"], &[]).with(|it| it.solo = None),
        NOTHING,
    ),
    ("an emergency, today", || priced_by(plain(), &["EMERGENCY"], &[]).with(|it| it.start = it.on), NOTHING),
    (
        "an emergency, tomorrow",
        || priced_by(plain(), &["EMERGENCY"], &[]).with(|it| it.start = date(2026, 5, 2)),
        NOTHING,
    ),
    (
        "an emergency, the day after",
        || attributed(plain(), &["EMERGENCY"]).with(|it| it.start = date(2026, 5, 3)),
        &[checks::ATTRIBUTE_NOT_SHOWN],
    ),
    ("parent and child, by the provision", || priced_by(with_parents(), &["PARENT_AND_CHILD"], &[]), NOTHING),
    ("parent and child, by the referral", || attributed(plain(), &["PARENT_AND_CHILD"]), NOTHING),
    (
        "parent and child, by nothing",
        || priced_by(plain(), &["PARENT_AND_CHILD"], &[]),
        &[checks::ATTRIBUTE_NOT_SHOWN],
    ),
    ("with a sibling", || attributed(plain(), &["SIBLING"]), NOTHING),
    ("without a sibling", || priced_by(plain(), &["SIBLING"], &[]), &[checks::ATTRIBUTE_NOT_SHOWN]),
    ("that price without one", || core(keyed(), 490_000), &[checks::PRICE_ABOVE_SCHEDULE]),
];

#[test]
fn the_table_of_rules() {
    for (name, case, expected) in TABLE {
        let verdict = case().verdict();
        let failed = verdict.evidence.checks.iter().filter(|check| !check.passed);
        let failed: Vec<&str> = failed.map(|check| check.check.as_str()).collect();
        assert_eq!(failed, *expected, "{name}: {verdict:#?}");
        let shown = verdict.evidence.checks.iter().all(|check| !check.found.is_empty());
        assert!(shown, "{name}: a check without what was found");
    }
}

#[test]
fn every_rule_that_is_judged_here_refuses_some_row() {
    let refused: BTreeSet<&str> = TABLE.iter().flat_map(|(_, _, failed)| *failed).copied().collect();
    let own = CALL_OFF_RULES.iter().filter(|rule| matches!(rule.by, JudgedBy::CallOff | JudgedBy::Award));
    assert_eq!(own.map(|rule| rule.check).collect::<BTreeSet<_>>(), refused);
    // And nothing is judged that is no rule.
    let judged: Vec<String> =
        TABLE.iter().flat_map(|(_, case, _)| case().verdict().evidence.checks).map(|it| it.check).collect();
    assert!(judged.iter().all(|check| CALL_OFF_RULES.iter().any(|rule| rule.check == check)));
}

#[test]
fn the_evidence_shows_which_discounts_will_be_due() {
    let discount = Discount {
        lot: None,
        provider: Some(id("P1")),
        rule: DiscountRule::Sibling { nth: 2 },
        amount: DiscountAmount::BasisPoints(500),
        from: date(2026, 4, 1),
        until: Some(date(2026, 5, 2)),
    };
    let found = |on: Date| {
        let agreed = DiscountAgreed { framework: id("tyne-tees"), number: 1, discount: discount.clone() };
        let case = plain().with(|case| (case.events.push(agreed.into()), case.on = on).1);
        let checks = case.verdict().evidence.checks;
        checks.into_iter().find(|check| check.check == checks::PRICE_ABOVE_SCHEDULE).unwrap().found
    };
    let told = found(date(2026, 5, 1));
    let expected =
        "discount 1 takes off 500 basis points of the core fee from sibling 2 of those placed together";
    assert!(told.contains(expected), "{told}");
    assert!(!found(date(2026, 5, 2)).contains("discount"));
}
