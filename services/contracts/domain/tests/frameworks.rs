//! Every change to a framework: what it gives, and each of its refusals.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use care::published::{EvaluationWeights, EvaluationWeightsSet, Weights};
use care::spec::given;
use care::{Date, FrameworkId, Pence, Refusal, RefusalKind};
use common::{
    DARLINGTON, DORSET, DURHAM, admitted, command, create, created, facts, framework_events, good_or_better,
    id, joined, lot, lot_added, prices, row,
};
use contracts_domain::frameworks::{
    Change, CouncilJoined, CouncilLeft, FrameworkCommand, FrameworkEvent, Frameworks, LOTS_MAX, Lot,
    MEMBERSHIPS_MAX, Opening, PRICE_VERSIONS_MAX, PROVIDERS_MAX, PlacementReviewsCalled, PriceSchedule,
    ProviderAdmitted, ProviderSuspended, SUSPENSIONS_MAX, SuspensionLifted, SuspensionScope,
};
use contracts_domain::{FrameworkRejection, GradeGate};
use jiff::ToSpan;
use jiff::civil::date;

fn refused(change: Change, reason: &str) -> FrameworkRejection {
    given::<Frameworks>(framework_events()).when(command(change)).then_refused(reason)
}

#[test]
fn a_framework_starts_with_its_lead_as_a_member() {
    given::<Frameworks>([])
        .when(create())
        .then([created().into(), joined(DARLINGTON).into()])
        .then_state(|state| {
            let framework = state.get(&id("tyne-tees")).unwrap();
            assert_eq!((state.position(), framework.version), (2, 2));
            assert!(framework.is_member(id(DARLINGTON), date(2026, 4, 1)));
        })
        .when(create())
        .then_refused("FRAMEWORK_EXISTS");
}

#[test]
fn a_framework_is_not_created_with_wrong_dates_or_gate() {
    let altered = |alter: &dyn Fn(&mut contracts_domain::frameworks::NewFramework)| {
        let FrameworkCommand { change: Change::Create(mut new), .. } = create() else {
            panic!("create() creates")
        };
        alter(&mut new);
        given::<Frameworks>([]).when(command(Change::Create(new)))
    };
    let refusal = altered(&|new| new.ends = date(2026, 3, 31)).then_refused("DATES_OUT_OF_ORDER");
    assert_eq!(refusal.violations()[0].field, "ends");
    let inadequate = GradeGate { lowest: "INADEQUATE".to_owned(), ungraded_allowed: false };
    let refusal =
        altered(&|new| new.grade_floor = Some(inadequate.clone())).then_refused("GRADE_GATE_INVALID");
    assert_eq!(refusal.kind(), RefusalKind::Invalid);
}

#[test]
fn only_an_existing_framework_changes_and_only_at_the_expected_version() {
    let change = Change::AddMember { council: id(DORSET), from: date(2026, 6, 1) };
    let at_version = |framework: &str, version| FrameworkCommand {
        framework: id::<FrameworkId>(framework),
        expected_version: Some(version),
        change: change.clone(),
    };
    given::<Frameworks>(framework_events()).when(at_version("d2n2", 1)).then_refused("FRAMEWORK_UNKNOWN");
    let refusal = given::<Frameworks>(framework_events())
        .when(at_version("tyne-tees", 4))
        .then_refused("ETAG_MISMATCH");
    assert_eq!(refusal.kind(), RefusalKind::Conflict);
    let mut joining = joined(DORSET);
    joining.from = date(2026, 6, 1);
    given::<Frameworks>(framework_events()).when(at_version("tyne-tees", 5)).then([joining.into()]);
}

#[test]
fn a_council_joins_leaves_and_joins_again() {
    let leave = |on: Date| command(Change::RemoveMember { council: id(DURHAM), on });
    let join = |from: Date| command(Change::AddMember { council: id(DURHAM), from });
    let left = CouncilLeft { framework: id("tyne-tees"), council: id(DURHAM), on: date(2027, 4, 1) };
    let mut again = joined(DURHAM);
    again.from = date(2028, 4, 1);
    let _ = given::<Frameworks>(framework_events())
        .when(leave(date(2027, 4, 1)))
        .then([left.clone().into()])
        .when(join(date(2028, 4, 1)))
        .then([again.into()])
        .then_state(|state| {
            let framework = state.get(&id("tyne-tees")).unwrap();
            let member = |year, month, day| framework.is_member(id(DURHAM), date(year, month, day));
            assert!(!member(2026, 3, 31));
            assert!(member(2026, 4, 1));
            assert!(member(2027, 3, 31));
            assert!(!member(2027, 4, 1), "the day of leaving no longer counts");
            assert!(!member(2028, 3, 31));
            assert!(member(2028, 4, 1));
        });
    given::<Frameworks>(framework_events())
        .and([left.into()])
        .when(join(date(2027, 3, 31)))
        .then_refused("DATES_OUT_OF_ORDER");
}

#[test]
fn memberships_are_refused_where_they_make_no_sense() {
    let from = date(2026, 6, 1);
    refused(Change::AddMember { council: id(DURHAM), from }, "COUNCIL_ALREADY_MEMBER");
    refused(Change::AddMember { council: id(DORSET), from: date(2030, 4, 1) }, "OUTSIDE_TERM");
    refused(Change::AddMember { council: id(DORSET), from: date(2026, 3, 31) }, "OUTSIDE_TERM");
    refused(Change::RemoveMember { council: id(DORSET), on: from }, "COUNCIL_NOT_MEMBER");
    refused(Change::RemoveMember { council: id(DURHAM), on: date(2026, 3, 31) }, "DATES_OUT_OF_ORDER");
}

#[test]
fn a_lot_is_added_once() {
    let add = || command(Change::AddLot { lot: id("residential"), terms: lot() });
    given::<Frameworks>([created().into()])
        .when(add())
        .then([lot_added().into()])
        .when(add())
        .then_refused("LOT_EXISTS");
}

#[test]
fn a_lot_that_cannot_be_is_refused() {
    let refused_lot = |alter: &dyn Fn(&mut Lot), reason: &str| {
        let mut terms = lot();
        alter(&mut terms);
        refused(Change::AddLot { lot: id("other"), terms }, reason)
    };
    refused_lot(&|lot| lot.provisions.clear(), "LOT_EMPTY");
    refused_lot(&|lot| lot.levels.clear(), "LOT_EMPTY");
    refused_lot(&|lot| lot.provisions.extend(["UNREGISTERED".to_owned()]), "UNREGISTERED_PROVISION");
    refused_lot(&|lot| lot.age_from = 18, "AGES_OUT_OF_ORDER");
    let none = GradeGate { lowest: "NONE".to_owned(), ungraded_allowed: true };
    refused_lot(&|lot| lot.grade_gate = Some(none.clone()), "GRADE_GATE_INVALID");
}

#[test]
fn a_framework_has_a_limit_of_lots() {
    let mut events = framework_events();
    for n in 1..LOTS_MAX {
        let mut added = lot_added();
        added.lot = id(&format!("lot-{n}"));
        events.push(added.into());
    }
    given::<Frameworks>(events)
        .when(command(Change::AddLot { lot: id("one-more"), terms: lot() }))
        .then_refused("TOO_MANY_LOTS");
}

fn admit(lot: &str, from: Date, levels: &[(&str, i64)]) -> Change {
    let schedule = PriceSchedule::plain(from, prices(levels));
    Change::AdmitProvider { lot: id(lot), provider: id("P1"), schedule }
}

#[test]
fn a_provider_is_admitted_and_its_prices_change_by_date() {
    let later = ProviderAdmitted {
        from: date(2027, 4, 1),
        prices: prices(&[("STANDARD", 500_000), ("ENHANCED", 1)]),
        ..admitted()
    };
    let _ = given::<Frameworks>(framework_events())
        .when(command(admit("residential", date(2027, 4, 1), &[("STANDARD", 500_000), ("ENHANCED", 1)])))
        .then([later.into()])
        .then_state(|state| {
            let framework = state.get(&id("tyne-tees")).unwrap();
            let price = |on| {
                let schedule = framework.schedule(&id("P1"), &id("residential"), on)?;
                schedule.prices.get("STANDARD").copied()
            };
            assert_eq!(price(date(2026, 3, 31)), None);
            assert_eq!(price(date(2026, 4, 1)), Some(Pence(450_000)));
            assert_eq!(price(date(2027, 3, 31)), Some(Pence(450_000)));
            assert_eq!(price(date(2027, 4, 1)), Some(Pence(500_000)));
        });
}

#[test]
fn an_admission_that_cannot_be_is_refused() {
    let from = date(2027, 4, 1);
    let standard = |price| [("STANDARD", price)];
    refused(admit("fostering", from, &standard(1)), "LOT_UNKNOWN");
    let new = |change: Change| match change {
        Change::AdmitProvider { lot, schedule, .. } => {
            Change::AdmitProvider { lot, provider: id("P2"), schedule }
        }
        other => other,
    };
    refused(new(admit("residential", date(2030, 4, 1), &standard(1))), "OUTSIDE_TERM");
    let refusal = refused(admit("residential", date(2026, 4, 1), &standard(1)), "PRICE_VERSION_OVERLAPS");
    assert_eq!(refusal.violations()[0].field, "from");
    refused(admit("residential", from, &[]), "PRICES_MISSING");
    refused(admit("residential", from, &[("COMPLEX", 1)]), "LEVEL_UNKNOWN");
    refused(admit("residential", from, &standard(0)), "PRICE_NOT_POSITIVE");
    let refusal = refused(admit("residential", from, &standard(500_001)), "PRICE_ABOVE_CEILING");
    assert_eq!(
        refusal.to_string(),
        "the core fee of level \"STANDARD\" is £5,000.01 a week, above its ceiling of £5,000.00"
    );
}

#[test]
fn prices_go_on_after_the_end_for_who_was_admitted() {
    let late =
        ProviderAdmitted { from: date(2030, 4, 1), prices: prices(&[("STANDARD", 480_000)]), ..admitted() };
    given::<Frameworks>(framework_events())
        .when(command(admit("residential", date(2030, 4, 1), &[("STANDARD", 480_000)])))
        .then([late.into()]);
}

#[test]
fn what_is_told_of_a_framework_has_limits() {
    let full = |events: Vec<FrameworkEvent>, change: Change| {
        let held = framework_events().into_iter().chain(events).collect::<Vec<_>>();
        given::<Frameworks>(held).when(command(change)).then_refused("LIMIT_REACHED")
    };
    let day = |n: usize| date(2026, 4, 2).saturating_add(i64::try_from(n).unwrap().days());
    let memberships = (1..MEMBERSHIPS_MAX).flat_map(|n| {
        let left = CouncilLeft { framework: id("tyne-tees"), council: id(DURHAM), on: day(n) };
        [left.into(), CouncilJoined { from: day(n), ..joined(DURHAM) }.into()]
    });
    let left = CouncilLeft { framework: id("tyne-tees"), council: id(DURHAM), on: day(MEMBERSHIPS_MAX) };
    let join = Change::AddMember { council: id(DURHAM), from: date(2027, 4, 1) };
    full(memberships.chain([left.into()]).collect(), join);
    let versions = (1..PRICE_VERSIONS_MAX).map(|n| ProviderAdmitted { from: day(n), ..admitted() }.into());
    full(versions.collect(), admit("residential", date(2027, 4, 1), &[("STANDARD", 1)]));
    let suspended = |provider: &str, n: usize| ProviderSuspended {
        framework: id("tyne-tees"),
        provider: id(provider),
        urn: Some(id(&format!("SC{n:06}"))),
        reason: "Staffing".to_owned(),
        from: date(2026, 5, 1),
        urns: [].into(),
        council: None,
    };
    let suspensions = (0..SUSPENSIONS_MAX).map(|n| suspended("P1", n).into());
    full(suspensions.collect(), suspend(None, date(2026, 5, 1)).change);
    // P1 is one of them.
    let providers: Vec<_> = (1..PROVIDERS_MAX).map(|n| suspended(&format!("Q{n}"), 1).into()).collect();
    let unknown = |change: Change| match change {
        Change::SuspendProvider { scope, reason, from, .. } => {
            Change::SuspendProvider { provider: id("P2"), scope, reason, from }
        }
        other => other,
    };
    full(providers.clone(), unknown(suspend(None, date(2026, 5, 1)).change));
    let schedule = PriceSchedule::plain(date(2027, 4, 1), prices(&[("STANDARD", 1)]));
    full(providers.clone(), Change::AdmitProvider { lot: id("residential"), provider: id("P2"), schedule });
    let (provider, council, today) = (id("P2"), id(DURHAM), date(2026, 5, 1));
    full(providers, Change::NominateLinkAuthority { provider, council, today });
}

fn suspend(urn: Option<&str>, from: Date) -> FrameworkCommand {
    let reason = "Inadequate at inspection".to_owned();
    command(Change::SuspendProvider { provider: id("P1"), scope: scope(urn), reason, from })
}

fn scope(urn: Option<&str>) -> SuspensionScope {
    SuspensionScope { urns: urn.map(id).into_iter().collect(), council: None }
}

fn lift(urn: Option<&str>, on: Date) -> FrameworkCommand {
    command(Change::LiftSuspension { provider: id("P1"), scope: scope(urn), on })
}

#[test]
fn a_suspension_holds_for_its_scope_until_it_is_lifted() {
    let suspended = |urn: Option<&str>| ProviderSuspended {
        framework: id("tyne-tees"),
        provider: id("P1"),
        urn: urn.map(id),
        reason: "Inadequate at inspection".to_owned(),
        from: date(2026, 5, 1),
        urns: [].into(),
        council: None,
    };
    let called = |urn: Option<&str>, suspension| PlacementReviewsCalled {
        framework: id("tyne-tees"),
        provider: id("P1"),
        suspension,
        urns: urn.map(id).into_iter().collect(),
        council: None,
        councils: [id(DARLINGTON), id(DURHAM)].into(),
        from: date(2026, 5, 1),
    };
    let lifted = SuspensionLifted {
        framework: id("tyne-tees"),
        provider: id("P1"),
        urn: Some(id("SC000001")),
        on: date(2026, 7, 1),
        urns: [].into(),
        council: None,
    };
    given::<Frameworks>(framework_events())
        .when(suspend(Some("SC000001"), date(2026, 5, 1)))
        .then([suspended(Some("SC000001")).into(), called(Some("SC000001"), 1).into()])
        .when(lift(Some("SC000001"), date(2026, 7, 1)))
        .then([lifted.into()])
        .then_state(|state| {
            let suspension = &state.get(&id("tyne-tees")).unwrap().suspensions[&id("P1")][0];
            let stops = |urn, on| suspension.stops(id(DURHAM), &id(urn), on, on);
            assert!(!stops("SC000001", date(2026, 4, 30)));
            assert!(stops("SC000001", date(2026, 5, 1)));
            assert!(stops("SC000001", date(2026, 6, 30)));
            assert!(!stops("SC000001", date(2026, 7, 1)));
            assert!(!stops("SC000002", date(2026, 5, 1)));
        })
        .when(suspend(None, date(2026, 5, 1)))
        .then([suspended(None).into(), called(None, 2).into()]);
}

#[test]
fn suspensions_are_refused_twice_and_liftings_of_none() {
    given::<Frameworks>(framework_events())
        .when(suspend(None, date(2026, 5, 1)))
        .then_events(|events| assert_eq!(events.len(), 2))
        .when(suspend(None, date(2026, 6, 1)))
        .then_refused("ALREADY_SUSPENDED");
    given::<Frameworks>(framework_events())
        .when(suspend(None, date(2026, 5, 1)))
        .then_events(|events| assert_eq!(events.len(), 2))
        .when(lift(None, date(2026, 4, 30)))
        .then_refused("DATES_OUT_OF_ORDER");
    given::<Frameworks>(framework_events())
        .when(suspend(None, date(2026, 5, 1)))
        .then_events(|events| assert_eq!(events.len(), 2))
        .when(lift(Some("SC000001"), date(2026, 6, 1)))
        .then_refused("NOT_SUSPENDED");
}

#[test]
fn the_facts_of_a_provider_leave_out_every_other() {
    let mut other = admitted();
    other.provider = id("P2");
    let state = given::<Frameworks>(framework_events()).and([other.into()]).into_state();
    let facts_of_p1 = state.facts_for(&id("P1"));
    assert_eq!(facts_of_p1.position(), 6);
    let framework = facts_of_p1.get(&id("tyne-tees")).unwrap();
    assert_eq!(framework.admissions.keys().map(|provider| provider.as_str()).collect::<Vec<_>>(), ["P1"]);
    assert_eq!(framework.lots, facts().get(&id("tyne-tees")).unwrap().lots);
    assert_eq!(framework.gate(&lot()), good_or_better());
}

#[test]
fn the_facts_of_a_provider_leave_out_what_was_lifted() {
    let lifted = |on: Date| {
        let state = given::<Frameworks>(framework_events())
            .when(suspend(None, date(2026, 5, 1)))
            .then_events(|_| {})
            .when(lift(None, on))
            .then_events(|_| {})
            .into_state();
        let kept = |since: Date| {
            let facts = state.facts_since(&id("P1"), since);
            facts.get(&id("tyne-tees")).unwrap().suspensions[&id("P1")].len()
        };
        [date(2026, 6, 9), date(2026, 6, 10)].map(kept)
    };
    assert_eq!(lifted(date(2026, 6, 10)), [1, 0]);
    assert_eq!(lifted(date(2026, 5, 1)), [0, 0], "it never held");
}

#[test]
fn a_refusal_names_the_field_of_the_request() {
    let field = |change: Change, reason: &str| {
        let refusal = refused(change, reason);
        (refusal.violations()[0].field.clone(), refusal.kind())
    };
    let mut terms = lot();
    terms.grade_gate = Some(GradeGate { lowest: "NONE".to_owned(), ungraded_allowed: true });
    let gate = field(Change::AddLot { lot: id("other"), terms }, "GRADE_GATE_INVALID");
    assert_eq!(gate, ("lot.grade_gate.lowest_grade".to_owned(), RefusalKind::Invalid));
    let opening = Opening { opens: date(2030, 4, 1), closes: date(2030, 4, 2) };
    assert_eq!(
        field(Change::Reopen(opening), "OUTSIDE_TERM"),
        ("opens".to_owned(), RefusalKind::Precondition)
    );
    let opening = Opening { opens: date(2027, 4, 2), closes: date(2027, 4, 1) };
    assert_eq!(
        field(Change::Reopen(opening), "DATES_OUT_OF_ORDER"),
        ("closes".to_owned(), RefusalKind::Invalid)
    );
    let mut schedule = PriceSchedule::plain(date(2027, 4, 1), prices(&[("STANDARD", 1)]));
    schedule.until = Some(date(2027, 4, 1));
    let admit = |schedule: &PriceSchedule| {
        let (lot, provider, schedule) = (id("residential"), id("P1"), schedule.clone());
        Change::AdmitProvider { lot, provider, schedule }
    };
    assert_eq!(
        field(admit(&schedule), "DATES_OUT_OF_ORDER"),
        ("until".to_owned(), RefusalKind::Invalid),
        "both dates are the request's"
    );
    schedule.until = None;
    schedule.rows = vec![row("STANDARD", (8, 17), &["CWD"], 500_001)];
    assert_eq!(field(admit(&schedule), "PRICE_ABOVE_CEILING").0, "keyed_prices");
    schedule.rows = vec![row("COMPLEX", (8, 17), &["CWD"], 1)];
    assert_eq!(field(admit(&schedule), "LEVEL_UNKNOWN").0, "keyed_prices");
    // Held against what is recorded.
    let leaves = Change::RemoveMember { council: id(DURHAM), on: date(2026, 3, 31) };
    assert_eq!(field(leaves, "DATES_OUT_OF_ORDER"), ("on".to_owned(), RefusalKind::Precondition));
}

fn weights(weights: &[(&str, u32)]) -> Weights {
    weights.iter().map(|(criterion, weight)| ((*criterion).to_owned(), *weight)).collect()
}

fn weigh(from: Date, weights: Weights) -> FrameworkCommand {
    command(Change::SetEvaluationWeights { from, weights, today: date(2026, 5, 1) })
}

fn weighed(version: u32, from: Date, weights: Weights) -> EvaluationWeightsSet {
    EvaluationWeightsSet { framework: id("tyne-tees"), set: EvaluationWeights { version, from, weights } }
}

#[test]
fn weights_are_told_before_they_hold_and_later_ones_replace_them() {
    let (first, second) =
        (weights(&[("PRICE", 4_000), ("SKILLS", 6_000)]), weights(&[("PRICE", 3_000), ("NEEDS", 7_000)]));
    let (may, june) = (date(2026, 5, 2), date(2026, 6, 1));
    given::<Frameworks>(framework_events())
        .when(weigh(may, first.clone()))
        .then([weighed(1, may, first.clone()).into()])
        .when(weigh(june, second.clone()))
        .then([weighed(2, june, second.clone()).into()])
        .then_state(|state| {
            let all = &state.get(&id("tyne-tees")).unwrap().evaluation_weights;
            let on = |day| EvaluationWeights::holding(all, day).map(|set| set.version);
            assert_eq!(
                [date(2026, 5, 1), may, date(2026, 5, 31), june].map(on),
                [None, Some(1), Some(1), Some(2)]
            );
        })
        // What does not hold yet is replaced; what does is what somebody bid by.
        .when(weigh(date(2026, 5, 20), first.clone()))
        .then([weighed(3, date(2026, 5, 20), first.clone()).into()])
        .then_state(|state| {
            let all = &state.get(&id("tyne-tees")).unwrap().evaluation_weights;
            let versions: Vec<u32> = all.iter().map(|set| set.version).collect();
            assert_eq!(versions, [1, 3]);
        })
        .when(weigh(date(2026, 5, 1), first.clone()))
        .then_refused("DATES_OUT_OF_ORDER");
    // A search that began on the day on which they are told may be judged by them no more than one that began before.
    let in_july = |from| {
        let (weights, today) = (second.clone(), date(2026, 7, 10));
        command(Change::SetEvaluationWeights { from, weights, today })
    };
    let events = || framework_events().into_iter().chain([weighed(1, may, first.clone()).into()]);
    for passed in [date(2026, 7, 1), date(2026, 7, 10)] {
        given::<Frameworks>(events()).when(in_july(passed)).then_refused("DATES_OUT_OF_ORDER");
    }
    let ahead = date(2026, 7, 11);
    given::<Frameworks>(events()).when(in_july(ahead)).then([weighed(2, ahead, second.clone()).into()]);
    let today = given::<Frameworks>(framework_events()).when(weigh(date(2026, 5, 1), first.clone()));
    assert_eq!(today.then_refused("DATES_OUT_OF_ORDER").violations()[0].field, "from");
    given::<Frameworks>(framework_events()).when(weigh(date(2030, 4, 1), first)).then_refused("OUTSIDE_TERM");
}

#[test]
fn weights_by_which_nothing_can_be_scored_are_refused() {
    for wrong in [
        &[][..],
        &[("SKILLS", 10_000)],
        &[("PRICE", 10_000)],
        &[("PRICE", 5_000), ("SKILLS", 5_001)],
        &[("PRICE", 5_000), ("SKILLS", 4_999)],
        &[("PRICE", 10_000), ("SKILLS", 0)],
        &[("PRICE", 5_000), ("CHARM", 5_000)],
        &[("PRICE", u32::MAX), ("SKILLS", 10_001)],
    ] {
        let change = weigh(date(2026, 5, 2), weights(wrong)).change;
        let refusal = refused(change, "EVALUATION_WEIGHTS_INVALID");
        assert_eq!(
            (refusal.kind(), refusal.violations()[0].field.as_str()),
            (RefusalKind::Invalid, "weights")
        );
    }
}
