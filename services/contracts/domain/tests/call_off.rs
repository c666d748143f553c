//! Each check of a call-off: it passes on the plain case, and fails, alone where it can, on the case it is for.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use care::Date;
use care::published::Route;
use common::case::{Case, plain, spot, suspended};
use common::{DORSET, DURHAM, call_off, id, line, share};
use contracts_domain::frameworks::{CouncilLeft, FrameworkEvent, SuspensionLifted};
use contracts_domain::{GradeGate, checks};
use jiff::civil::date;

#[test]
fn the_plain_call_off_passes_every_check() {
    let verdict = plain().verdict();
    let names: Vec<_> = verdict.evidence.checks.iter().map(|check| check.check.as_str()).collect();
    assert_eq!(
        names,
        [
            checks::UNREGISTERED_PROVISION,
            checks::ACCOMMODATION_RESTRICTED,
            checks::FUNDERS_NOT_WHOLE,
            checks::ADDITION_NOT_TIME_BOXED,
            checks::PROVIDER_SUSPENDED,
            checks::FRAMEWORK_UNKNOWN,
            checks::FRAMEWORK_NOT_IN_FORCE,
            checks::COUNCIL_NOT_MEMBER,
            checks::LOT_UNKNOWN,
            checks::LOT_DOES_NOT_COVER_PROVISION,
            checks::AGE_OUTSIDE_LOT,
            checks::GRADE_BELOW_GATE,
            checks::ATTRIBUTE_NOT_SHOWN,
            checks::LEVEL_UNKNOWN,
            checks::PROVIDER_NOT_ADMITTED,
            checks::BRANCH_NOT_ADMITTED,
            checks::CORE_FEE_MISSING,
            checks::PRICE_ABOVE_CEILING,
            checks::PRICE_ABOVE_SCHEDULE,
        ]
    );
    plain().fails(&[]);
    spot().fails(&[]);
}

#[test]
fn what_every_route_asks() {
    plain().with(|case| case.funders[0].basis_points = 9_999).fails(&[checks::FUNDERS_NOT_WHOLE]);
    plain().with(|case| case.funders.clear()).fails(&[checks::FUNDERS_NOT_WHOLE]);
    plain().with(|case| case.funders.push(share("HEALTH", u32::MAX))).fails(&[checks::FUNDERS_NOT_WHOLE]);
    spot().with(|case| case.provision = "UNREGISTERED").fails(&[checks::UNREGISTERED_PROVISION]);
    plain()
        .with(|case| (case.route, case.provision) = (Route::InHouse, "UNREGISTERED"))
        .fails(&[checks::UNREGISTERED_PROVISION]);
}

#[test]
fn the_framework_must_exist_be_in_force_and_have_the_council() {
    plain().with(|case| case.events.clear()).fails(&[checks::FRAMEWORK_UNKNOWN]);
    plain().with(|case| case.on = date(2030, 3, 31)).fails(&[]);
    plain().with(|case| case.on = date(2030, 4, 1)).fails(&[checks::FRAMEWORK_NOT_IN_FORCE]);
    plain().with(|case| case.council = id(DORSET)).fails(&[checks::COUNCIL_NOT_MEMBER]);
    let left = CouncilLeft { framework: id("tyne-tees"), council: id(DURHAM), on: date(2026, 5, 1) };
    plain().with(|case| case.events.push(left.clone().into())).fails(&[checks::COUNCIL_NOT_MEMBER]);
    plain()
        .with(|case| {
            case.events.push(left.into());
            case.on = date(2026, 4, 30);
        })
        .fails(&[]);
}

#[test]
fn the_lot_must_exist_and_cover_the_child() {
    let nursery = Route::Framework {
        framework: id("tyne-tees"),
        lot: id("nursery"),
        level: "STANDARD".to_owned(),
        attributes: [].into(),
    };
    plain().with(|case| case.route = nursery).fails(&[checks::LOT_UNKNOWN]);
    plain().with(|case| case.provision = "FOSTERING").fails(&[checks::LOT_DOES_NOT_COVER_PROVISION]);
    for (age, expected) in [(7, [checks::AGE_OUTSIDE_LOT].as_slice()), (8, &[]), (17, &[])] {
        plain().with(|case| case.age_years = age).fails(expected);
    }
    plain().with(|case| case.age_years = 18).fails(&[checks::AGE_OUTSIDE_LOT]);
}

#[test]
fn the_provider_must_be_admitted_at_the_level() {
    plain().with(|case| case.provider = id("P2")).fails(&[checks::PROVIDER_NOT_ADMITTED]);
    plain().with(|case| case.route = call_off("ENHANCED")).fails(&[checks::PROVIDER_NOT_ADMITTED]);
    plain()
        .with(|case| case.route = call_off("COMPLEX"))
        .fails(&[checks::LEVEL_UNKNOWN, checks::PROVIDER_NOT_ADMITTED]);
    plain()
        .with(|case| case.on = date(2026, 3, 31))
        .fails(&[checks::FRAMEWORK_NOT_IN_FORCE, checks::COUNCIL_NOT_MEMBER]);
}

#[test]
fn the_core_fee_is_bounded_by_ceiling_and_schedule() {
    plain().with(|case| case.lines[0].weekly.0 = 450_001).fails(&[checks::PRICE_ABOVE_SCHEDULE]);
    plain()
        .with(|case| case.lines[0].weekly.0 = 500_001)
        .fails(&[checks::PRICE_ABOVE_CEILING, checks::PRICE_ABOVE_SCHEDULE]);
    plain().with(|case| case.lines.push(line("CORE", 1))).fails(&[checks::PRICE_ABOVE_SCHEDULE]);
    plain().with(|case| drop(case.lines.remove(0))).fails(&[checks::CORE_FEE_MISSING]);
    plain()
        .with(|case| case.lines.extend([line("CORE", i64::MAX), line("CORE", i64::MAX)]))
        .fails(&[checks::PRICE_ABOVE_CEILING, checks::PRICE_ABOVE_SCHEDULE]);
}

#[test]
fn the_grade_must_pass_the_gate_of_lot_framework_or_law() {
    for (grade, expected) in [
        ("OUTSTANDING", [].as_slice()),
        ("REQUIRES_IMPROVEMENT", &[checks::GRADE_BELOW_GATE]),
        ("INADEQUATE", &[checks::GRADE_BELOW_GATE]),
        ("NONE", &[checks::GRADE_BELOW_GATE]),
    ] {
        plain().with(|case| case.grade = grade).fails(expected);
    }
    let wider = |case: &mut Case| {
        for event in &mut case.events {
            if let FrameworkEvent::LotAdded(added) = event {
                added.terms.grade_gate = Some(GradeGate::widest());
            }
        }
        case.grade = "NONE";
    };
    plain().with(wider).fails(&[]);
    spot().with(|case| case.grade = "REQUIRES_IMPROVEMENT").fails(&[]);
    spot().with(|case| case.grade = "INADEQUATE").fails(&[checks::GRADE_BELOW_GATE]);
}

#[test]
fn a_suspension_stops_every_route_of_the_members_and_nobody_else() {
    let stopped =
        |case: Case, urn: Option<&str>| case.with(|c| c.events.push(suspended(urn, date(2026, 5, 1))));
    for urn in [None, Some("SC000001")] {
        stopped(plain(), urn).fails(&[checks::PROVIDER_SUSPENDED]);
        stopped(spot(), urn).fails(&[checks::PROVIDER_SUSPENDED]);
        stopped(plain().with(|case| case.route = Route::InHouse), urn).fails(&[checks::PROVIDER_SUSPENDED]);
    }
    stopped(plain(), Some("SC000002")).fails(&[]);
    stopped(spot().with(|case| case.council = id(DORSET)), None).fails(&[]);
    stopped(plain().with(|case| case.council = id(DORSET)), None).fails(&[checks::COUNCIL_NOT_MEMBER]);
}

#[test]
fn a_council_that_is_not_a_member_learns_neither_prices_nor_suspensions() {
    let case = plain().with(|case| {
        case.council = id(DORSET);
        case.lines[0].weekly.0 = 900_000;
        case.grade = "INADEQUATE";
        case.events.push(suspended(None, date(2026, 5, 1)));
    });
    let verdict = case.verdict();
    let names: Vec<_> = verdict.evidence.checks.iter().map(|check| check.check.as_str()).collect();
    assert_eq!(
        names,
        [
            checks::UNREGISTERED_PROVISION,
            checks::ACCOMMODATION_RESTRICTED,
            checks::FUNDERS_NOT_WHOLE,
            checks::ADDITION_NOT_TIME_BOXED,
            checks::PROVIDER_SUSPENDED,
            checks::FRAMEWORK_UNKNOWN,
            checks::FRAMEWORK_NOT_IN_FORCE,
            checks::COUNCIL_NOT_MEMBER,
        ]
    );
    let told: String = verdict.evidence.checks.iter().map(|check| check.found.as_str()).collect();
    for secret in ["£", "Inadequate at inspection", "suspended P1", "lot", "gate"] {
        assert!(!told.contains(secret), "{secret:?} in {told}");
    }
    case.fails(&[checks::COUNCIL_NOT_MEMBER]);
}

#[test]
fn a_suspension_counts_from_the_call_off_to_the_first_night() {
    let from = |from: Date| plain().with(|case| case.events.push(suspended(None, from)));
    from(date(2026, 5, 4)).fails(&[checks::PROVIDER_SUSPENDED]);
    from(date(2026, 5, 5)).fails(&[]);
    let lifted = |on: Date| {
        from(date(2026, 4, 10)).with(|case| {
            let (framework, provider) = (id("tyne-tees"), id("P1"));
            case.events.push(
                SuspensionLifted { framework, provider, urn: None, on, urns: [].into(), council: None }
                    .into(),
            );
        })
    };
    lifted(date(2026, 5, 2)).fails(&[checks::PROVIDER_SUSPENDED]);
    lifted(date(2026, 5, 1)).fails(&[]);
    lifted(date(2026, 4, 10)).fails(&[]);
}

#[test]
fn a_spot_purchase_says_why() {
    spot()
        .with(|case| case.route = Route::Spot { justification: "  \n".to_owned() })
        .fails(&[checks::SPOT_NOT_JUSTIFIED]);
}
