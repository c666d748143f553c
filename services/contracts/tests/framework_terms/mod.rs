//! Framework terms over gRPC: procurement, keyed prices, discounts, uplifts, and what a suspension touches.

use crate::common::{
    DORSET, DURHAM, World, add_lot, add_member, admit, ask, council, create, lead, proposed, provider,
};
use crate::{check, fields_of, refused};
use api::common as shared;
use api::contracts as proto;
use api::contracts::contracts_service_server::ContractsService;
use care::published::Route;
use tonic::Code;

const FRAMEWORK: &str = "frameworks/tyne-tees";

fn keyed(ages: Option<(u32, u32)>, attributes: &[&str], weekly_pence: i64) -> proto::KeyedPrice {
    proto::KeyedPrice {
        level: "STANDARD".to_owned(),
        age_from: ages.map(|ages| ages.0),
        age_to: ages.map(|ages| ages.1),
        attributes: attributes.iter().map(|it| (*it).to_owned()).collect(),
        weekly_pence,
    }
}

fn with_attributes(attributes: &[&str], core: i64) -> proto::CheckCallOffRequest {
    let mut check = check();
    check.lines[0].weekly_pence = core;
    if let Some(shared::Route { route: Some(shared::route::Route::Framework(called)) }) = &mut check.route {
        called.attributes = attributes.iter().map(|it| (*it).to_owned()).collect();
    }
    check
}

#[tokio::test]
async fn prices_go_by_age_and_attribute_and_branch() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    let call = &world.contracts;
    call.create_framework(ask(lead("tyne-tees"), create("tyne-tees"))).await.unwrap();
    call.add_member(ask(lead("tyne-tees"), add_member(DURHAM))).await.unwrap();
    let mut lot = add_lot();
    lot.lot.as_mut().unwrap().ceilings = vec![keyed(None, &["CWD"], 600_000)];
    let added = call.add_lot(ask(lead("tyne-tees"), lot)).await.unwrap().into_inner();
    assert_eq!(added.lots[0].ceilings, [keyed(Some((8, 17)), &["CWD"], 600_000)], "all ages of the lot");
    let get = || proto::GetFrameworkRequest { name: FRAMEWORK.to_owned() };
    let seen = call.get_framework(ask(council(DORSET), get())).await.unwrap().into_inner();
    assert_eq!(seen.lots[0].ceilings[0].weekly_pence, 0, "no member, no ceilings");
    let mut admission = admit("P1", 450_000);
    admission.keyed_prices = vec![keyed(None, &["CWD"], 550_000)];
    admission.establishments = vec!["establishments/SC000001".to_owned()];
    let entry = call.admit_provider(ask(lead("tyne-tees"), admission)).await.unwrap().into_inner();
    assert_eq!(entry.schedules[0].keyed_prices[0].weekly_pence, 550_000);
    let judged = async |check: proto::CheckCallOffRequest| {
        let verdict = call.check_call_off(ask(council(DURHAM), check)).await.unwrap().into_inner();
        verdict.reason
    };
    assert_eq!(judged(with_attributes(&[], 450_000)).await, "");
    assert_eq!(judged(with_attributes(&["CWD"], 550_000)).await, "");
    assert_eq!(judged(with_attributes(&["CWD"], 550_001)).await, "PRICE_ABOVE_SCHEDULE");
    assert_eq!(judged(with_attributes(&[], 550_000)).await, "PRICE_ABOVE_CEILING");
    let elsewhere =
        proto::CheckCallOffRequest { establishment: "establishments/SC000009".to_owned(), ..check() };
    assert_eq!(judged(elsewhere).await, "BRANCH_NOT_ADMITTED");
    let unknown = call.check_call_off(ask(council(DURHAM), with_attributes(&["TALL"], 1))).await;
    let status = refused(unknown, Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(fields_of(&status), ["route.framework.attributes[0]"]);
}

#[tokio::test]
async fn wrong_prices_are_told_by_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let call = &world.contracts;
    let mut admission = admit("P1", 450_000);
    admission.from = "2027-04-01".to_owned();
    admission.keyed_prices =
        vec![keyed(Some((8, 26)), &["TALL"], 0), keyed(None, &["CWD", "CWD"], 1), keyed(None, &[], 1)];
    admission.keyed_prices[2].level = String::new();
    admission.establishments = vec!["SC000001".to_owned()];
    let answer = call.admit_provider(ask(lead("tyne-tees"), admission)).await;
    let expected = [
        "keyed_prices[0].age_to",
        "keyed_prices[0].attributes[0]",
        "keyed_prices[0].weekly_pence",
        "keyed_prices[1].attributes[1]",
        "keyed_prices[2].level",
        "establishments[0]",
    ];
    assert_eq!(fields_of(&refused(answer, Code::InvalidArgument, "FIELD_INVALID")), expected);
    let overlap = call.admit_provider(ask(lead("tyne-tees"), admit("P1", 450_000))).await;
    let status = refused(overlap, Code::FailedPrecondition, "PRICE_VERSION_OVERLAPS");
    assert_eq!(fields_of(&status), ["from"]);
    let mut both = admit("P1", 450_000);
    both.from = "2027-04-01".to_owned();
    both.keyed_prices = vec![keyed(None, &["CWD"], 1), keyed(None, &["SOLO"], 2)];
    let status = refused(
        call.admit_provider(ask(lead("tyne-tees"), both)).await,
        Code::InvalidArgument,
        "PRICE_AMBIGUOUS",
    );
    assert_eq!(fields_of(&status), ["keyed_prices"]);
}

#[tokio::test]
async fn a_framework_takes_new_providers_while_it_is_open_and_tells_its_clocks() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    let call = &world.contracts;
    let mut new = create("tyne-tees");
    new.procurement = Some(proto::Procurement {
        kind: proto::FrameworkKind::Open.into(),
        entered_on: "2026-03-02".to_owned(),
        extendable_to: "2032-03-31".to_owned(),
        value_pence: 15_000_000_000,
    });
    let made = call.create_framework(ask(lead("tyne-tees"), new.clone())).await.unwrap().into_inner();
    assert_eq!(made.procurement, new.procurement);
    call.add_lot(ask(lead("tyne-tees"), add_lot())).await.unwrap();
    let mut late = admit("P1", 450_000);
    late.from = "2026-06-10".to_owned();
    let closed = call.admit_provider(ask(lead("tyne-tees"), late.clone())).await;
    assert_eq!(fields_of(&refused(closed, Code::FailedPrecondition, "ADMISSION_CLOSED")), ["from"]);
    let reopen = proto::ReopenFrameworkRequest {
        name: FRAMEWORK.to_owned(),
        opens: "2026-06-01".to_owned(),
        closes: "2026-06-30".to_owned(),
        ..Default::default()
    };
    let open = call.reopen_framework(ask(lead("tyne-tees"), reopen)).await.unwrap().into_inner();
    assert_eq!(open.openings[0].closes, "2026-06-30");
    call.admit_provider(ask(lead("tyne-tees"), late)).await.unwrap();
    let extend = |to: &str| proto::ExtendFrameworkRequest {
        name: FRAMEWORK.to_owned(),
        to: to.to_owned(),
        reason: "The next is late".to_owned(),
        ..Default::default()
    };
    let far = call.extend_framework(ask(lead("tyne-tees"), extend("2032-04-01"))).await;
    refused(far, Code::FailedPrecondition, "EXTENSION_BEYOND_MAXIMUM");
    let longer = call.extend_framework(ask(lead("tyne-tees"), extend("2031-03-31"))).await.unwrap();
    assert_eq!(longer.into_inner().ends, "2031-03-31");
    let clocks = proto::GetFrameworkClocksRequest { name: FRAMEWORK.to_owned() };
    let clocks = call.get_framework_clocks(ask(provider("P9"), clocks)).await.unwrap().into_inner();
    let due: Vec<_> = clocks.clocks.iter().map(|it| (it.kind.as_str(), it.due.as_str(), it.passed)).collect();
    assert_eq!(
        due,
        [
            ("CONTRACT_DETAILS_NOTICE", "2026-06-29", false),
            ("EXTENSION_DECISION", "2031-03-31", false),
            ("EXPIRY", "2031-03-31", false),
            ("CONTRACT_TERMINATION_NOTICE", "2031-04-29", false),
        ]
    );
}

#[tokio::test]
async fn a_discount_is_agreed_shown_and_ended() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let call = &world.contracts;
    let sibling = proto::discount::Rule::Sibling(proto::discount::Sibling { nth: 2 });
    let agree = |rule, amount| proto::AgreeDiscountRequest {
        parent: FRAMEWORK.to_owned(),
        discount: Some(proto::Discount {
            provider: "providers/P1".to_owned(),
            rule,
            amount,
            from: "2026-05-01".to_owned(),
            ..Default::default()
        }),
        request_id: "d-1".to_owned(),
        ..Default::default()
    };
    let points = proto::discount::Amount::BasisPoints(500);
    let right = agree(Some(sibling), Some(points));
    let agreed = call.agree_discount(ask(lead("tyne-tees"), right.clone())).await.unwrap().into_inner();
    assert_eq!(agreed.name, "frameworks/tyne-tees/discounts/1");
    let again = call.agree_discount(ask(lead("tyne-tees"), right)).await.unwrap().into_inner();
    assert_eq!(again, agreed, "a repeat is answered alike");
    let nothing = call.agree_discount(ask(lead("tyne-tees"), agree(None, None))).await;
    let status = refused(nothing, Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(fields_of(&status), ["discount.rule", "discount.amount"]);
    let list = || proto::ListFrameworkProvidersRequest { parent: FRAMEWORK.to_owned(), ..Default::default() };
    let listed = call.list_framework_providers(ask(council(DURHAM), list())).await.unwrap().into_inner();
    let seen: Vec<usize> = listed.providers.iter().map(|it| it.discounts.len()).collect();
    assert_eq!(seen, [1, 0], "P1's is not P2's");
    let verdict = call.check_call_off(ask(council(DURHAM), check())).await.unwrap().into_inner();
    let found = &verdict.checks.iter().find(|it| it.check == "PRICE_ABOVE_SCHEDULE").unwrap().found;
    assert!(found.contains("discount 1 takes off 500 basis points"), "{found}");
    let end =
        proto::EndDiscountRequest { name: agreed.name, on: "2026-06-01".to_owned(), ..Default::default() };
    let ended = call.end_discount(ask(lead("tyne-tees"), end.clone())).await.unwrap().into_inner();
    assert_eq!(ended.until, "2026-06-01");
    refused(call.end_discount(ask(lead("d2n2"), end)).await, Code::PermissionDenied, "NOT_YOURS");
}

#[tokio::test]
async fn an_uplift_is_asked_by_the_provider_and_negotiated_by_its_link_authority() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let call = &world.contracts;
    let amount = |basis_points| Some(proto::UpliftAmount { basis_points, levels: Vec::new() });
    let asked = |from: &str| proto::RequestUpliftRequest {
        parent: FRAMEWORK.to_owned(),
        provider: "providers/P1".to_owned(),
        amount: amount(600),
        from: from.to_owned(),
        grounds: "Pay of residential staff".to_owned(),
        ..Default::default()
    };
    let undated = call.request_uplift(ask(provider("P1"), asked(""))).await;
    assert_eq!(fields_of(&refused(undated, Code::InvalidArgument, "FIELD_INVALID")), ["from"]);
    let foreign = call.request_uplift(ask(provider("P2"), asked("2026-06-01"))).await;
    refused(foreign, Code::PermissionDenied, "NOT_YOURS");
    let made = call.request_uplift(ask(provider("P1"), asked("2026-06-01"))).await.unwrap().into_inner();
    assert_eq!(
        (made.name.as_str(), made.state()),
        ("frameworks/tyne-tees/uplifts/1", proto::UpliftState::Requested)
    );
    let tell = || proto::NegotiateUpliftRequest {
        name: made.name.clone(),
        recommended: amount(400),
        from: "2026-07-01".to_owned(),
        reason: "Shown by its accounts".to_owned(),
        ..Default::default()
    };
    let status = call.negotiate_uplift(ask(council(DURHAM), tell())).await;
    refused(status, Code::FailedPrecondition, "NOT_LINK_AUTHORITY");
    let stranger = call.negotiate_uplift(ask(council(DORSET), tell())).await;
    refused(stranger, Code::NotFound, "UPLIFT_UNKNOWN");
    let nominate = proto::NominateLinkAuthorityRequest {
        parent: FRAMEWORK.to_owned(),
        provider: "providers/P1".to_owned(),
        council: format!("councils/{DURHAM}"),
        ..Default::default()
    };
    let entry = call.nominate_link_authority(ask(lead("tyne-tees"), nominate)).await.unwrap().into_inner();
    assert_eq!(entry.link_authority, format!("councils/{DURHAM}"));
    let told = call.negotiate_uplift(ask(council(DURHAM), tell())).await.unwrap().into_inner();
    assert_eq!((told.state(), told.recommended), (proto::UpliftState::Recommended, amount(400)));
    let list = || proto::ListUpliftsRequest { parent: FRAMEWORK.to_owned(), ..Default::default() };
    let seen = async |role| {
        let listed = call.list_uplifts(ask(role, list())).await;
        listed.map(|listed| listed.into_inner().uplifts.len())
    };
    assert_eq!(seen(lead("tyne-tees")).await.unwrap(), 1);
    assert_eq!(seen(council(DURHAM)).await.unwrap(), 1);
    assert_eq!(seen(provider("P1")).await.unwrap(), 1);
    assert_eq!(seen(provider("P2")).await.unwrap(), 0);
    refused(seen(council(DORSET)).await, Code::NotFound, "FRAMEWORK_UNKNOWN");
}

#[tokio::test]
async fn a_council_stops_its_own_purchases_and_nobody_elses() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let call = &world.contracts;
    let stop = |gss: &str| proto::SuspendForCouncilRequest {
        parent: format!("councils/{gss}"),
        framework: FRAMEWORK.to_owned(),
        provider: "providers/P1".to_owned(),
        establishments: vec!["establishments/SC000001".to_owned(), "establishments/SC000002".to_owned()],
        reason: "Staffing".to_owned(),
        from: "2026-05-01".to_owned(),
        ..Default::default()
    };
    let stopped = call.suspend_for_council(ask(council(DURHAM), stop(DURHAM))).await.unwrap().into_inner();
    assert_eq!(stopped.suspensions[0].council, format!("councils/{DURHAM}"));
    refused(
        call.suspend_for_council(ask(council(DURHAM), stop(DORSET))).await,
        Code::PermissionDenied,
        "NOT_YOURS",
    );
    refused(
        call.suspend_for_council(ask(council(DORSET), stop(DORSET))).await,
        Code::NotFound,
        "FRAMEWORK_UNKNOWN",
    );
    let verdict = call.check_call_off(ask(council(DURHAM), check())).await.unwrap().into_inner();
    assert_eq!(verdict.reason, "PROVIDER_SUSPENDED");
    let darlington = "E06000005";
    let other = proto::CheckCallOffRequest { parent: format!("councils/{darlington}"), ..check() };
    let verdict = call.check_call_off(ask(council(darlington), other)).await.unwrap().into_inner();
    assert_eq!(verdict.reason, "", "another council goes on");
    let list = || proto::ListFrameworkProvidersRequest { parent: FRAMEWORK.to_owned(), ..Default::default() };
    let seen = async |role| {
        let listed = call.list_framework_providers(ask(role, list())).await.unwrap().into_inner();
        listed.providers[0].suspensions.len()
    };
    assert_eq!(seen(council(DURHAM)).await, 1);
    assert_eq!(seen(council(darlington)).await, 0, "another council is not told");
    assert_eq!((seen(lead("tyne-tees")).await, seen(provider("P1")).await), (1, 1));
    let lift = proto::LiftForCouncilRequest {
        parent: format!("councils/{DURHAM}"),
        framework: FRAMEWORK.to_owned(),
        provider: "providers/P1".to_owned(),
        establishments: stop(DURHAM).establishments,
        on: "2026-05-01".to_owned(),
        ..Default::default()
    };
    call.lift_for_council(ask(council(DURHAM), lift)).await.unwrap();
    let verdict = call.check_call_off(ask(council(DURHAM), check())).await.unwrap().into_inner();
    assert_eq!(verdict.reason, "");
}

#[tokio::test]
async fn what_a_suspension_touches_is_told_before_and_nothing_ends() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    world.award(&proposed(1, DURHAM, "P1", 450_000)).await;
    let call = &world.contracts;
    let impact = async |role, urns: &[&str]| {
        let form = proto::GetSuspensionImpactRequest {
            parent: FRAMEWORK.to_owned(),
            provider: "providers/P1".to_owned(),
            establishments: urns.iter().map(|urn| format!("establishments/{urn}")).collect(),
            ..Default::default()
        };
        call.get_suspension_impact(ask(role, form)).await.map(tonic::Response::into_inner)
    };
    let touched = |impact: &proto::SuspensionImpact| {
        impact.councils.iter().map(|it| (it.council.clone(), it.agreements.len())).collect::<Vec<_>>()
    };
    let durham = || (format!("councils/{DURHAM}"), 1);
    let all = impact(lead("tyne-tees"), &[]).await.unwrap();
    assert_eq!(touched(&all), [("councils/E06000005".to_owned(), 0), durham()]);
    assert_eq!(all.suspensions, 0);
    assert_eq!(touched(&impact(council(DURHAM), &["SC000001"]).await.unwrap()), [durham()]);
    assert_eq!(touched(&impact(council(DURHAM), &["SC000009"]).await.unwrap()), [(durham().0, 0)]);
    assert_eq!(
        touched(&impact(council("E06000005"), &[]).await.unwrap()),
        [("councils/E06000005".to_owned(), 0)]
    );
    refused(impact(council(DORSET), &[]).await, Code::NotFound, "FRAMEWORK_UNKNOWN");
    let suspend = proto::SuspendProviderRequest {
        parent: FRAMEWORK.to_owned(),
        provider: "providers/P1".to_owned(),
        reason: "Inadequate at inspection".to_owned(),
        from: "2026-05-01".to_owned(),
        ..Default::default()
    };
    call.suspend_provider(ask(lead("tyne-tees"), suspend)).await.unwrap();
    let after = impact(lead("tyne-tees"), &[]).await.unwrap();
    assert_eq!((after.suspensions, touched(&after)), (1, touched(&all)), "nothing ends by itself");
}

#[tokio::test]
async fn a_lead_is_shown_what_was_bought_under_its_framework_and_how_much_else_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    let spot = |n: u128| {
        let mut bought = proposed(n, DURHAM, "P1", 450_000);
        bought.terms.route = Route::Spot { justification: "No framework provider could".to_owned() };
        bought
    };
    for award in [proposed(1, DURHAM, "P1", 450_000), proposed(2, DURHAM, "P1", 450_000), spot(3)] {
        world.award(&award).await;
    }
    let call = &world.contracts;
    let impact = async |role, page_size, page_token: &str| {
        let form = proto::GetSuspensionImpactRequest {
            parent: FRAMEWORK.to_owned(),
            provider: "providers/P1".to_owned(),
            page_size,
            page_token: page_token.to_owned(),
            ..Default::default()
        };
        call.get_suspension_impact(ask(role, form)).await.unwrap().into_inner()
    };
    let of_durham = |impact: &proto::SuspensionImpact| {
        let it =
            impact.councils.iter().find(|it| it.council == format!("councils/{DURHAM}")).unwrap().clone();
        (it.agreements.len(), it.agreements_count, it.other_agreements_count)
    };
    assert_eq!(of_durham(&impact(lead("tyne-tees"), 0, "").await), (2, 2, 1));
    assert_eq!(of_durham(&impact(council(DURHAM), 0, "").await), (3, 3, 0), "its own are all its own");
    let first = impact(council(DURHAM), 2, "").await;
    assert_eq!(of_durham(&first), (2, 3, 0));
    let second = impact(council(DURHAM), 2, &first.next_page_token).await;
    assert_eq!((of_durham(&second), second.next_page_token.as_str()), ((1, 3, 0), ""));
    let left = proto::RemoveMemberRequest {
        name: FRAMEWORK.to_owned(),
        council: format!("councils/{DURHAM}"),
        on: "2026-05-01".to_owned(),
        ..Default::default()
    };
    call.remove_member(ask(lead("tyne-tees"), left)).await.unwrap();
    assert_eq!(of_durham(&impact(lead("tyne-tees"), 0, "").await), (2, 2, 0), "what it buys now is not told");
}

#[tokio::test]
async fn a_suspension_begins_reviews_that_the_council_concludes_place_by_place() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.furnish().await;
    for n in 1..=2 {
        world.award(&proposed(n, DURHAM, "P1", 450_000)).await;
    }
    let call = &world.contracts;
    let list = async |gss: &str, state: proto::PlacementReviewState| {
        let form = proto::ListPlacementReviewsRequest {
            parent: format!("councils/{gss}"),
            state: state.into(),
            ..Default::default()
        };
        call.list_placement_reviews(ask(council(gss), form)).await.unwrap().into_inner().reviews
    };
    let (any, open) = (proto::PlacementReviewState::Unspecified, proto::PlacementReviewState::Open);
    assert!(list(DURHAM, any).await.is_empty());
    let suspend = proto::SuspendProviderRequest {
        parent: FRAMEWORK.to_owned(),
        provider: "providers/P1".to_owned(),
        reason: "Inadequate at inspection".to_owned(),
        from: "2026-05-01".to_owned(),
        ..Default::default()
    };
    call.suspend_provider(ask(lead("tyne-tees"), suspend)).await.unwrap();
    let called = list(DURHAM, open).await;
    let seen: Vec<_> = called.iter().map(|it| (it.framework.as_str(), it.suspension, it.arrived)).collect();
    assert_eq!(seen, [(FRAMEWORK, 1, false), (FRAMEWORK, 1, false)]);
    assert!(list("E06000005", any).await.is_empty(), "nothing of one council is another's");
    let conclude = |suspension| proto::ConcludePlacementReviewRequest {
        name: called[0].agreement.clone(),
        framework: FRAMEWORK.to_owned(),
        suspension,
        outcome: proto::PlacementReviewOutcome::StaysWithActions.into(),
        reason: "Visits are weekly until the next inspection".to_owned(),
        post: "Head of service".to_owned(),
        reviewed_on: "2026-05-01".to_owned(),
        request_id: format!("review-{suspension}"),
        ..Default::default()
    };
    let done = call.conclude_placement_review(ask(council(DURHAM), conclude(1))).await.unwrap().into_inner();
    assert_eq!(
        (done.state(), done.reviewed_on.as_str()),
        (proto::PlacementReviewState::Concluded, "2026-05-01")
    );
    let again = call.conclude_placement_review(ask(council(DURHAM), conclude(1))).await.unwrap().into_inner();
    assert_eq!(again, done, "a repeat is answered alike");
    let left: Vec<_> = list(DURHAM, open).await.into_iter().map(|it| it.agreement).collect();
    assert_eq!(left, [called[1].agreement.clone()]);
    assert_eq!(list(DURHAM, any).await.len(), 2);
    let unknown = call.conclude_placement_review(ask(council(DURHAM), conclude(2))).await;
    assert_eq!(fields_of(&refused(unknown, Code::NotFound, "REVIEW_NOT_CALLED")), ["suspension"]);
    let foreign = call.conclude_placement_review(ask(council(DORSET), conclude(1))).await;
    refused(foreign, Code::PermissionDenied, "NOT_YOURS");
    let nothing = proto::ConcludePlacementReviewRequest { name: conclude(1).name, ..Default::default() };
    let status = call.conclude_placement_review(ask(council(DURHAM), nothing)).await;
    let expected = ["framework", "outcome", "reason", "post", "reviewed_on"];
    assert_eq!(fields_of(&refused(status, Code::InvalidArgument, "FIELD_INVALID")), expected);
}
