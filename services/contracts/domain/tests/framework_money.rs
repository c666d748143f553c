//! Discounts, uplifts and the scope of suspensions: what each change gives, each of its refusals, and the pence that follow.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use care::spec::given;
use care::{Date, Pence, Refusal, RefusalKind};
use common::{DARLINGTON, DORSET, DURHAM, command, fold, framework_events, id, prices};
use contracts_domain::FrameworkRejection;
use contracts_domain::frameworks::{
    Change, CouncilLeft, Discount, DiscountAgreed, DiscountAmount, DiscountEnded, DiscountRule,
    FrameworkEvent, Frameworks, LinkAuthorityNominated, PlacementFacts, Recommended, SuspensionScope,
    UpliftAmount, UpliftAsked, UpliftNegotiated, UpliftNegotiation, UpliftRequested, discounts_due,
};
use jiff::civil::date;

const TODAY: Date = date(2026, 5, 1);
const FROM: Date = date(2026, 6, 1);

fn refused(events: Vec<FrameworkEvent>, change: Change, reason: &str) -> FrameworkRejection {
    given::<Frameworks>(events).when(command(change)).then_refused(reason)
}

fn field_of(refusal: &FrameworkRejection) -> String {
    refusal.violations()[0].field.clone()
}

// Discounts.

fn discount(rule: DiscountRule, amount: DiscountAmount) -> Discount {
    Discount { lot: None, provider: None, rule, amount, from: FROM, until: None }
}

fn sibling(nth: u8, points: u32) -> Discount {
    discount(DiscountRule::Sibling { nth }, DiscountAmount::BasisPoints(points))
}

fn agreed(number: u32, discount: Discount) -> FrameworkEvent {
    DiscountAgreed { framework: id("tyne-tees"), number, discount }.into()
}

fn with(discounts: impl IntoIterator<Item = Discount>) -> Vec<FrameworkEvent> {
    let numbered = (1..).zip(discounts).map(|(number, discount)| agreed(number, discount));
    framework_events().into_iter().chain(numbered).collect()
}

#[test]
fn a_discount_is_agreed_and_ended_by_its_number() {
    let ended = DiscountEnded { framework: id("tyne-tees"), number: 1, on: date(2026, 9, 1) };
    let end = |on| command(Change::EndDiscount { number: 1, on });
    let _ = given::<Frameworks>(framework_events())
        .when(command(Change::AgreeDiscount(sibling(2, 500))))
        .then([agreed(1, sibling(2, 500))])
        .when(command(Change::AgreeDiscount(sibling(2, 700))))
        .then_refused("DISCOUNT_OVERLAPS");
    let _ = given::<Frameworks>(with([sibling(2, 500)]))
        .when(command(Change::AgreeDiscount(sibling(3, 700))))
        .then([agreed(2, sibling(3, 700))])
        .when(end(date(2026, 9, 1)))
        .then([ended.into()])
        .then_state(|state| {
            let discount = &state.get(&id("tyne-tees")).unwrap().discounts[&1];
            assert!(discount.holds(date(2026, 8, 31)) && !discount.holds(date(2026, 9, 1)));
        })
        .when(command(Change::AgreeDiscount(Discount { from: date(2026, 9, 1), ..sibling(2, 700) })))
        .then_events(|events| assert_eq!(events.len(), 1))
        .when(end(date(2026, 10, 1)))
        .then_refused("DISCOUNT_ENDED");
    refused(framework_events(), Change::EndDiscount { number: 1, on: FROM }, "DISCOUNT_UNKNOWN");
    refused(
        with([sibling(2, 500)]),
        Change::EndDiscount { number: 1, on: date(2026, 5, 31) },
        "DATES_OUT_OF_ORDER",
    );
}

#[test]
fn a_discount_that_cannot_be_is_refused() {
    let points = DiscountAmount::BasisPoints(500);
    for rule in [
        DiscountRule::Sibling { nth: 1 },
        DiscountRule::LongTerm { after_weeks: 0 },
        DiscountRule::Volume { placements: 0, region: false },
    ] {
        let refusal =
            refused(framework_events(), Change::AgreeDiscount(discount(rule, points)), "DISCOUNT_INVALID");
        assert_eq!((field_of(&refusal).as_str(), refusal.kind()), ("discount.rule", RefusalKind::Invalid));
    }
    for amount in [
        DiscountAmount::BasisPoints(0),
        DiscountAmount::BasisPoints(10_001),
        DiscountAmount::Weekly(Pence::ZERO),
        DiscountAmount::Weekly(Pence(-1)),
        DiscountAmount::Weekly(Pence(Pence::MAX_INPUT.0 + 1)),
    ] {
        let rule = DiscountRule::Sibling { nth: 2 };
        let refusal =
            refused(framework_events(), Change::AgreeDiscount(discount(rule, amount)), "DISCOUNT_INVALID");
        assert_eq!(field_of(&refusal), "discount.amount");
    }
    let nowhere = Discount { lot: Some(id("nursery")), ..sibling(2, 500) };
    refused(framework_events(), Change::AgreeDiscount(nowhere), "LOT_UNKNOWN");
    let backwards = Discount { until: Some(FROM), ..sibling(2, 500) };
    let refusal = refused(framework_events(), Change::AgreeDiscount(backwards), "DATES_OUT_OF_ORDER");
    assert_eq!(field_of(&refusal), "discount.until");
}

/// Lines and pence that are due on a night of a placement of £1,000 a week that began on 1 June 2026.
fn due(
    discounts: impl IntoIterator<Item = Discount>,
    on: Date,
    alter: impl FnOnce(&mut PlacementFacts<'_>),
) -> Vec<(&'static str, i64)> {
    let (provider, lot) = (id("P1"), id("residential"));
    let mut facts = PlacementFacts {
        provider: &provider,
        lot: &lot,
        core_weekly: Pence(100_000),
        start: FROM,
        nth_sibling: 1,
        placements_of_council: 1,
        placements_of_region: 1,
        came_from: None,
    };
    alter(&mut facts);
    let state = fold::<Frameworks>(&with(discounts));
    let framework = state.get(&id("tyne-tees")).unwrap();
    discounts_due(framework, &facts, on).into_iter().map(|due| (due.charge_line, due.weekly.0)).collect()
}

#[test]
fn each_kind_of_discount_is_due_when_its_threshold_is_reached() {
    let nothing: [(&str, i64); 0] = [];
    let siblings = || [sibling(2, 500), sibling(3, 1_000)];
    let nth = |nth| due(siblings(), FROM, |facts| facts.nth_sibling = nth);
    assert_eq!(nth(1), nothing);
    assert_eq!(nth(2), [("DISCOUNT_SIBLING", -5_000)]);
    assert_eq!(nth(3), [("DISCOUNT_SIBLING", -10_000)]);
    assert_eq!(nth(9), [("DISCOUNT_SIBLING", -10_000)]);
    let year = || discount(DiscountRule::LongTerm { after_weeks: 52 }, DiscountAmount::Weekly(Pence(2_500)));
    assert_eq!(due([year()], date(2027, 5, 30), |_| ()), nothing);
    assert_eq!(due([year()], date(2027, 5, 31), |_| ()), [("DISCOUNT_LONG_TERM", -2_500)]);
    for region in [false, true] {
        let ten = discount(DiscountRule::Volume { placements: 10, region }, DiscountAmount::BasisPoints(200));
        let many = |council, all| {
            due([ten.clone()], FROM, |facts| {
                (facts.placements_of_council, facts.placements_of_region) = (council, all);
            })
        };
        assert_eq!(many(9, 9), nothing);
        assert_eq!(many(9, 10).is_empty(), !region);
        assert_eq!(many(10, 10), [("DISCOUNT_VOLUME", -2_000)]);
    }
    let step = DiscountRule::StepDown { from_provision: "RESIDENTIAL".to_owned() };
    let step = || discount(step.clone(), DiscountAmount::BasisPoints(300));
    assert_eq!(due([step()], FROM, |_| ()), nothing);
    assert_eq!(due([step()], FROM, |facts| facts.came_from = Some("FOSTERING")), nothing);
    let came = due([step()], FROM, |facts| facts.came_from = Some("RESIDENTIAL"));
    assert_eq!(came, [("DISCOUNT_STEP_DOWN", -3_000)]);
}

#[test]
fn the_nearer_discount_holds_and_all_together_take_no_more_than_the_fee() {
    let second = |facts: &mut PlacementFacts<'_>| facts.nth_sibling = 2;
    let own = |points| Discount { provider: Some(id("P1")), ..sibling(2, points) };
    let in_lot = |points| Discount { lot: Some(id("residential")), ..sibling(2, points) };
    let other = || Discount { provider: Some(id("P2")), ..sibling(2, 9_000) };
    let line = |pence| vec![("DISCOUNT_SIBLING", pence)];
    assert_eq!(due([sibling(2, 500), in_lot(400), other()], FROM, second), line(-4_000));
    assert_eq!(due([own(300), in_lot(400), sibling(2, 500)], FROM, second), line(-3_000));
    // Neither before its first night nor from the day that it ends on.
    let short = || Discount { until: Some(date(2026, 7, 1)), ..sibling(2, 500) };
    assert_eq!(due([short()], date(2026, 5, 31), second), []);
    assert_eq!(due([short()], date(2026, 6, 30), second), line(-5_000));
    assert_eq!(due([short()], date(2026, 7, 1), second), []);
    let volume = DiscountRule::Volume { placements: 1, region: false };
    let volume = discount(volume, DiscountAmount::Weekly(Pence(90_000)));
    let all = due([volume, sibling(2, 2_000)], FROM, second);
    assert_eq!(all, [("DISCOUNT_SIBLING", -20_000), ("DISCOUNT_VOLUME", -80_000)]);
    // Half a penny rounds up, as in every line of a price: 3.33 % of £999.99 is £33.299667, and 5 % of £1,000.10 is £50.005.
    let odd = |core, points| {
        due([sibling(2, points)], FROM, |facts| {
            second(facts);
            facts.core_weekly = Pence(core);
        })
    };
    assert_eq!((odd(99_999, 333), odd(100_010, 500)), (line(-3_330), line(-5_001)));
}

// Uplifts.

fn asked(amount: UpliftAmount) -> UpliftAsked {
    let grounds = "Pay of residential staff".to_owned();
    UpliftAsked { provider: id("P1"), lot: None, amount, from: FROM, grounds }
}

fn points(points: u32) -> UpliftAmount {
    UpliftAmount::BasisPoints(points)
}

fn request(asked: UpliftAsked) -> Change {
    Change::RequestUplift { asked, today: TODAY }
}

fn requested(number: u32, asked: UpliftAsked) -> FrameworkEvent {
    UpliftRequested { framework: id("tyne-tees"), number, asked, requested_on: TODAY }.into()
}

fn negotiation(by: &str, recommended: Option<(UpliftAmount, Date)>) -> UpliftNegotiation {
    let recommended = recommended.map(|(amount, from)| Recommended { amount, from });
    UpliftNegotiation { by: id(by), recommended, reason: "Shown by its accounts".to_owned(), on: FROM }
}

fn negotiate(by: &str, recommended: Option<(UpliftAmount, Date)>) -> Change {
    Change::NegotiateUplift { number: 1, negotiation: negotiation(by, recommended) }
}

fn with_request() -> Vec<FrameworkEvent> {
    framework_events().into_iter().chain([requested(1, asked(points(600)))]).collect()
}

#[test]
fn an_uplift_is_asked_for_once_and_negotiated_once() {
    let negotiated = UpliftNegotiated {
        framework: id("tyne-tees"),
        number: 1,
        provider: id("P1"),
        negotiation: negotiation(DARLINGTON, Some((points(400), date(2026, 7, 1)))),
    };
    let _ = given::<Frameworks>(framework_events())
        .when(command(request(asked(points(600)))))
        .then([requested(1, asked(points(600)))])
        .when(command(negotiate(DARLINGTON, Some((points(400), date(2026, 7, 1))))))
        .then([negotiated.into()])
        .when(command(negotiate(DARLINGTON, None)))
        .then_refused("UPLIFT_NEGOTIATED");
    // Another can be asked for when the one before has its outcome, whatever it is.
    let _ = given::<Frameworks>(with_request())
        .when(command(request(asked(points(100)))))
        .then_refused("UPLIFT_STANDS");
    let _ = given::<Frameworks>(with_request())
        .when(command(negotiate(DARLINGTON, None)))
        .then_events(|events| assert_eq!(events.len(), 1))
        .when(command(request(asked(points(100)))))
        .then([requested(2, asked(points(100)))]);
}

#[test]
fn an_uplift_that_cannot_be_is_refused() {
    let by_level = |levels: &[(&str, i64)]| UpliftAmount::ByLevel(prices(levels));
    for amount in [points(0), points(10_001), by_level(&[]), by_level(&[("STANDARD", 0)])] {
        let refusal = refused(framework_events(), request(asked(amount)), "UPLIFT_INVALID");
        assert_eq!((field_of(&refusal).as_str(), refusal.kind()), ("amount", RefusalKind::Invalid));
    }
    let refusal =
        refused(framework_events(), request(asked(by_level(&[("COMPLEX", 1)]))), "UPLIFT_LEVEL_UNKNOWN");
    assert_eq!(field_of(&refusal), "amount");
    let stranger = UpliftAsked { provider: id("P2"), ..asked(points(1)) };
    refused(framework_events(), request(stranger), "PROVIDER_NOT_ADMITTED");
    let elsewhere = UpliftAsked { lot: Some(id("fostering")), ..asked(points(1)) };
    refused(framework_events(), request(elsewhere), "PROVIDER_NOT_ADMITTED");
    refused(framework_events(), negotiate(DARLINGTON, None), "UPLIFT_UNKNOWN");
    let above =
        refused(with_request(), negotiate(DARLINGTON, Some((points(601), FROM))), "UPLIFT_ABOVE_REQUEST");
    assert_eq!(field_of(&above), "recommended.amount");
    let early = negotiate(DARLINGTON, Some((points(400), date(2026, 5, 31))));
    assert_eq!(field_of(&refused(with_request(), early, "DATES_OUT_OF_ORDER")), "recommended.from");
    let nothing = negotiate(DARLINGTON, Some((points(0), FROM)));
    assert_eq!(field_of(&refused(with_request(), nothing, "UPLIFT_INVALID")), "recommended.amount");
    let by_levels = || {
        let asked = asked(by_level(&[("STANDARD", 5_000)]));
        framework_events().into_iter().chain([requested(1, asked)]).collect()
    };
    for more in [&[("STANDARD", 5_001)][..], &[("STANDARD", 1), ("ENHANCED", 1)]] {
        let change = negotiate(DARLINGTON, Some((by_level(more), FROM)));
        refused(by_levels(), change, "UPLIFT_ABOVE_REQUEST");
    }
}

#[test]
fn one_council_negotiates_for_the_region() {
    let nominate = |council: &str| Change::NominateLinkAuthority {
        provider: id("P1"),
        council: id(council),
        today: TODAY,
    };
    let nominated =
        LinkAuthorityNominated { framework: id("tyne-tees"), provider: id("P1"), council: id(DURHAM) };
    let refusal = refused(with_request(), negotiate(DURHAM, None), "NOT_LINK_AUTHORITY");
    assert_eq!(refusal.kind(), RefusalKind::Precondition);
    let _ = given::<Frameworks>(with_request())
        .when(command(nominate(DARLINGTON)))
        .then([])
        .when(command(nominate(DURHAM)))
        .then([nominated.clone().into()])
        .when(command(negotiate(DURHAM, None)))
        .then_events(|events| assert_eq!(events.len(), 1));
    let _ = given::<Frameworks>(with_request())
        .when(command(nominate(DURHAM)))
        .then_events(|events| assert_eq!(events.len(), 1))
        .when(command(negotiate(DARLINGTON, None)))
        .then_refused("NOT_LINK_AUTHORITY");
    refused(with_request(), nominate(DORSET), "COUNCIL_NOT_MEMBER");
    // Who has left negotiates no longer: the lead does, until another is nominated.
    let left = |on: Date| CouncilLeft { framework: id("tyne-tees"), council: id(DURHAM), on };
    let nominated = |on: Date| with_request().into_iter().chain([nominated.clone().into(), left(on).into()]);
    let told = negotiation(DURHAM, None).on;
    given::<Frameworks>(nominated(told))
        .when(command(negotiate(DURHAM, None)))
        .then_refused("NOT_LINK_AUTHORITY");
    for (on, by) in [(told, DARLINGTON), (told.tomorrow().unwrap(), DURHAM)] {
        given::<Frameworks>(nominated(on))
            .when(command(negotiate(by, None)))
            .then_events(|events| assert_eq!(events.len(), 1));
    }
}

// Suspensions.

fn suspend(urns: &[&str], council: Option<&str>) -> Change {
    let reason = "Staffing".to_owned();
    Change::SuspendProvider { provider: id("P1"), scope: scope(urns, council), reason, from: TODAY }
}

fn scope(urns: &[&str], council: Option<&str>) -> SuspensionScope {
    SuspensionScope { urns: urns.iter().map(|urn| id(urn)).collect(), council: council.map(id) }
}

#[test]
fn a_suspension_is_of_a_branch_or_for_one_council_and_calls_for_reviews() {
    let state = given::<Frameworks>(framework_events())
        .when(command(suspend(&["SC000001", "SC000002"], Some(DURHAM))))
        .then_events(|events| {
            let [
                FrameworkEvent::ProviderSuspended(suspended),
                FrameworkEvent::PlacementReviewsCalled(called),
            ] = events
            else {
                panic!("{events:#?}")
            };
            assert_eq!((suspended.urn.as_ref(), suspended.urns.len()), (None, 2));
            assert_eq!(called.councils, [id(DURHAM)].into());
            // What is one council's is shown to it and the lead alone.
            assert!(events.iter().all(|event| care::Event::council(event) == Some(id(DURHAM))));
        })
        .into_state();
    let suspension = &state.get(&id("tyne-tees")).unwrap().suspensions[&id("P1")][0];
    let stops = |council: &str, urn: &str| suspension.stops(id(council), &id(urn), TODAY, TODAY);
    assert!(stops(DURHAM, "SC000001") && stops(DURHAM, "SC000002"));
    assert!(!stops(DURHAM, "SC000003") && !stops(DARLINGTON, "SC000001"));
}

#[test]
fn suspensions_of_different_scopes_stand_beside_each_other() {
    let both = ["SC000001", "SC000002"];
    let lift = |urns: &[&str], council| {
        command(Change::LiftSuspension { provider: id("P1"), scope: scope(urns, council), on: FROM })
    };
    let _ = given::<Frameworks>(framework_events())
        .when(command(suspend(&both, None)))
        .then_events(|events| assert_eq!(events.len(), 2))
        .when(command(suspend(&both, Some(DURHAM))))
        .then_events(|events| assert_eq!(events.len(), 2))
        .when(command(suspend(&both, Some(DURHAM))))
        .then_refused("ALREADY_SUSPENDED");
    let _ = given::<Frameworks>(framework_events())
        .when(command(suspend(&both, None)))
        .then_events(|events| assert_eq!(events.len(), 2))
        .when(lift(&both, None))
        .then_events(|events| assert_eq!(events.len(), 1))
        .then_state(|state| {
            let all = &state.get(&id("tyne-tees")).unwrap().suspensions[&id("P1")];
            assert_eq!(all[0].until, Some(FROM));
        });
    for (urns, council) in [(&both[..1], None), (&both[..], Some(DURHAM)), (&[][..], None)] {
        let _ = given::<Frameworks>(framework_events())
            .when(command(suspend(&both, None)))
            .then_events(|events| assert_eq!(events.len(), 2))
            .when(lift(urns, council))
            .then_refused("NOT_SUSPENDED");
    }
    refused(framework_events(), suspend(&[], Some(DORSET)), "COUNCIL_NOT_MEMBER");
    let many: Vec<String> = (0..201).map(|n| format!("SC{n:06}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    refused(framework_events(), suspend(&many, None), "LIMIT_REACHED");
}
