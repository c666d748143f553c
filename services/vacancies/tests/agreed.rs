//! Hold policies, reservations, blocks and resale over gRPC: the whole way, and what each party sees of it.
#![allow(clippy::unwrap_used, reason = "fixed texts that parse")]

mod nights;
mod world;

use api::vacancies as proto;
use api::vacancies::vacancies_service_server::VacanciesService;
use care::AgreementId;
use care::published::PlacementStarted;
use eventlog::{LogId, Service};
use service_kit::Role;
use tonic::{Code, Response};
use world::{DERBY, DURHAM, World, council, fields, place, reason, referral, start};

const RETAINER: i64 = 105_000;

fn name(gss: &str) -> String {
    format!("councils/{gss}")
}

/// The market of the other tests, in which place 1 can be reserved.
async fn reservable() -> World {
    let world = World::with_home().await;
    let mut request = world::advertise(&place(1));
    let terms = proto::ReservationTerms { weekly_pence: RETAINER, nights_max: 14 };
    request.vacancy.as_mut().unwrap().reservation = Some(terms);
    let advertised = world.service.advertise_vacancy(world.provider("P1", request)).await.unwrap();
    assert_eq!(advertised.into_inner().vacancy.unwrap().reservation, Some(terms));
    world
}

fn reserve(gss: &str) -> proto::ReservePlaceRequest {
    proto::ReservePlaceRequest {
        council: name(gss),
        place: place(1),
        from: "2026-01-06".into(),
        until: "2026-01-16".into(),
        weekly_pence: RETAINER,
        referral: format!("councils/{gss}/referrals/{}", referral()),
        approver: "Head of Placements".into(),
        request_id: String::new(),
    }
}

fn search(gss: &str) -> proto::SearchVacanciesRequest {
    proto::SearchVacanciesRequest { council: name(gss), ..Default::default() }
}

#[tokio::test]
async fn a_council_sets_its_hold_policy_and_its_holds_obey_it() {
    let world = World::with_home().await;
    let read = proto::GetHoldPolicyRequest { name: format!("councils/{DERBY}/holdPolicy") };
    let found = world.service.get_hold_policy(world.council(DERBY, read.clone())).await.unwrap().into_inner();
    assert_eq!((found.version, found.council_holds_max, found.lease_seconds_default), (0, 50, 14_400));
    let status = world.service.get_hold_policy(world.council(DURHAM, read)).await.unwrap_err();
    assert_eq!(reason(&status), "NOT_YOURS");
    let set = |policy: proto::HoldPolicy| {
        let name = format!("councils/{DERBY}/holdPolicy");
        let request = proto::SetHoldPolicyRequest { name, policy: Some(policy), request_id: String::new() };
        world.service.set_hold_policy(world.council(DERBY, request))
    };
    let policy = proto::HoldPolicy {
        council_holds_max: 1,
        lease_seconds_default: 600,
        lease_seconds_max: 3600,
        ..found
    };
    let status = set(proto::HoldPolicy { etag: String::new(), ..policy.clone() }).await.unwrap_err();
    assert_eq!(fields(&status), ["policy.etag"]);
    let status = set(proto::HoldPolicy { lease_seconds_default: 3601, ..policy.clone() }).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "HOLD_POLICY_INVALID"));
    assert_eq!(set(policy.clone()).await.unwrap().into_inner().etag, "1");
    let status = set(policy).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Aborted, "ETAG_MISMATCH"));

    let hold = |number, lease_seconds| {
        let request = proto::HoldPlaceRequest {
            council: name(DERBY),
            place: place(number),
            referral: format!("councils/{DERBY}/referrals/{}", referral()),
            referral_version: 1,
            lease_seconds,
            first_night: String::new(),
            request_id: String::new(),
        };
        world.service.hold_place(world.council(DERBY, request))
    };
    assert_eq!(reason(&hold(1, 3601).await.unwrap_err()), "LEASE_BEYOND_POLICY");
    let held = hold(1, 0).await.unwrap().into_inner();
    assert_eq!(held.expires_at.unwrap().to_string(), "2026-01-05T10:10:00Z", "as long as the policy says");
    assert_eq!(reason(&hold(2, 60).await.unwrap_err()), "COUNCIL_HOLD_LIMIT_REACHED");
}

#[tokio::test]
async fn a_reservation_keeps_the_place_for_its_council() {
    let world = reservable().await;
    let status = world.service.reserve_place(world.council(DERBY, reserve(DURHAM))).await.unwrap_err();
    assert_eq!(reason(&status), "NOT_YOURS");
    let wrong = proto::ReservePlaceRequest {
        until: "soon".into(),
        weekly_pence: -1,
        approver: String::new(),
        ..reserve(DERBY)
    };
    let status = world.service.reserve_place(world.council(DERBY, wrong)).await.unwrap_err();
    assert_eq!(fields(&status), ["until", "weekly_pence", "approver"]);
    let once = proto::ReservePlaceRequest { request_id: "r-1".into(), ..reserve(DERBY) };
    let reserved =
        world.service.reserve_place(world.council(DERBY, once.clone())).await.unwrap().into_inner();
    let again = world.service.reserve_place(world.council(DERBY, once)).await.map(Response::into_inner);
    assert_eq!(again.unwrap(), reserved, "asked again, answered alike");
    assert_eq!((reserved.weekly_pence, reserved.token), (Some(RETAINER), 1));

    assert_eq!(reason(&world.hold(DURHAM, 1).await.unwrap_err()), "RESERVED");
    let seen = world.place_as(Role::Council(council(DURHAM)), 1).await.unwrap();
    assert_eq!((seen.state(), seen.reservations), (proto::PlaceState::Reserved, vec![]));
    let seen = world.place_as(Role::Council(council(DERBY)), 1).await.unwrap();
    assert_eq!(seen.reservations, std::slice::from_ref(&reserved));
    let seen = world.place_as(Role::Provider("P1".parse().unwrap()), 1).await.unwrap();
    let known = (seen.reservations[0].council.as_str(), seen.reservations[0].token);
    assert_eq!(known, (name(DERBY).as_str(), 0), "whose it is, and neither its token nor for whom");
    assert_eq!(seen.reservations[0].referral, "");

    let calendar = |gss| {
        let request =
            proto::GetPlaceCalendarRequest { name: place(1), from: String::new(), to: "2026-01-20".into() };
        world.service.get_place_calendar(world.council(gss, request))
    };
    for (gss, known) in [(DERBY, true), (DURHAM, false)] {
        let runs = calendar(gss).await.unwrap().into_inner().runs;
        let states: Vec<_> = runs.iter().map(|run| (run.from.as_str(), run.state())).collect();
        let (vacant, taken) = (proto::NightState::Vacant, proto::NightState::Reserved);
        assert_eq!(states, [("2026-01-05", vacant), ("2026-01-06", taken), ("2026-01-16", vacant)]);
        assert_eq!(runs[1].reservation.is_some(), known);
    }

    // The other council's search leaves it out, the council's own finds it and says so.
    let found =
        world.service.search_vacancies(world.council(DURHAM, search(DURHAM))).await.unwrap().into_inner();
    let left_out: Vec<_> = found.excluded.iter().map(|it| (it.reason.as_str(), it.places)).collect();
    assert_eq!((found.matches_total, left_out), (1, vec![("RESERVED", 1)]));
    let found =
        world.service.search_vacancies(world.council(DERBY, search(DERBY))).await.unwrap().into_inner();
    let own: Vec<_> = found.matches.iter().map(|it| it.reserved_until.as_str()).collect();
    assert_eq!(own, ["2026-01-16", ""]);

    // The council's own hold stands on it, and an award of that goes its way.
    let held = world.hold(DERBY, 1).await.unwrap();
    assert!(held.token > reserved.token);
    let mut award = world::proposed(DERBY, 1, 1);
    award.proposed.hold_token = Some(held.token);
    world.deliver(LogId::council(Service::Referrals, council(DERBY)), 1, &award).await;
    let own = || world.place_as(Role::Council(council(DERBY)), 1);
    let seen = own().await.unwrap();
    assert_eq!((seen.state(), seen.claims[0].stage()), (proto::PlaceState::Taken, proto::ClaimStage::Award));
    assert_eq!(seen.reservations, [reserved], "it is there until the child comes");
    let started = PlacementStarted {
        correction: None,
        agreement: AgreementId(uuid::Uuid::from_u128(9)),
        award: award.proposed.award,
        council: council(DERBY),
        place: award.proposed.place,
        on: "2026-01-06".parse().unwrap(),
        at: start(),
    };
    world.deliver(LogId::council(Service::Contracts, council(DERBY)), 1, &started).await;
    let seen = own().await.unwrap();
    assert_eq!((seen.claims[0].stage(), seen.reservations), (proto::ClaimStage::Occupied, vec![]));
}

#[tokio::test]
async fn a_reservation_is_listed_and_ended() {
    let world = reservable().await;
    let reserved =
        world.service.reserve_place(world.council(DERBY, reserve(DERBY))).await.unwrap().into_inner();
    let list = |gss: &str, parent: &str| {
        let request = proto::ListReservationsRequest { parent: name(parent), ..Default::default() };
        world.service.list_reservations(world.council(gss, request))
    };
    assert_eq!(list(DERBY, DERBY).await.unwrap().into_inner().reservations, std::slice::from_ref(&reserved));
    assert_eq!(list(DURHAM, DURHAM).await.unwrap().into_inner().reservations, []);
    assert_eq!(reason(&list(DURHAM, DERBY).await.unwrap_err()), "NOT_YOURS");
    let end = |gss: &str, token, on: &str| {
        let request = proto::EndReservationRequest {
            council: name(gss),
            place: place(1),
            token,
            on: on.into(),
            request_id: String::new(),
        };
        world.service.end_reservation(world.council(gss, request))
    };
    let status = end(DURHAM, reserved.token, "2026-01-12").await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "RESERVATION_UNKNOWN"));
    let status = end(DERBY, reserved.token, "2026-01-11").await.unwrap_err();
    assert_eq!(reason(&status), "RESERVATION_NOTICE_TOO_SHORT");
    let ended = end(DERBY, reserved.token, "2026-01-12").await.unwrap().into_inner();
    assert_eq!(ended.reservations[0].until, "2026-01-12");
    assert_eq!(reason(&world.hold(DURHAM, 1).await.unwrap_err()), "RESERVED", "it is paid until then");
}

fn offer_block() -> proto::OfferBlockRequest {
    proto::OfferBlockRequest {
        provider: "providers/P1".into(),
        place: place(1),
        council: name(DERBY),
        terms: Some(proto::BlockTerms {
            from: "2026-01-06".into(),
            until: "2026-07-06".into(),
            weekly_pence: 420_000,
            partners: vec![],
            resale_weekly_pence: Some(300_000),
        }),
        request_id: String::new(),
    }
}

/// Place 1 is Derby's by a block.
async fn with_block() -> (World, proto::Block) {
    let world = World::with_home().await;
    let offered = world.service.offer_block(world.provider("P1", offer_block())).await.unwrap().into_inner();
    assert_eq!(offered.state(), proto::BlockState::Offered);
    let accept = |gss: &str| {
        let (council, approver) = (name(gss), "Head of Placements".to_owned());
        let (place, block, request_id) = (place(1), offered.block, String::new());
        let request = proto::AcceptBlockRequest { council, place, block, approver, request_id };
        world.service.accept_block(world.council(gss, request))
    };
    let status = accept(DURHAM).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "BLOCK_UNKNOWN"));
    let block = accept(DERBY).await.unwrap().into_inner();
    assert_eq!(block.state(), proto::BlockState::Allocated);
    (world, block)
}

#[tokio::test]
async fn a_block_is_agreed_seen_by_its_parties_and_ended_by_both() {
    let (world, block) = with_block().await;
    let status = world.service.offer_block(world.provider("P2", offer_block())).await.unwrap_err();
    assert_eq!(reason(&status), "NOT_YOURS");
    let stranger = proto::OfferBlockRequest { provider: "providers/P2".into(), ..offer_block() };
    let status = world.service.offer_block(world.provider("P2", stranger)).await.unwrap_err();
    assert_eq!(reason(&status), "PLACE_UNKNOWN");
    assert_eq!(reason(&world.hold(DURHAM, 1).await.unwrap_err()), "BLOCK_OF_ANOTHER_COUNCIL");
    let found =
        world.service.search_vacancies(world.council(DURHAM, search(DURHAM))).await.unwrap().into_inner();
    assert_eq!(found.excluded[0].reason, "BLOCK_OF_ANOTHER_COUNCIL");
    let request = proto::SearchVacanciesRequest { available_on: "2026-01-06".into(), ..search(DERBY) };
    let found = world.service.search_vacancies(world.council(DERBY, request)).await.unwrap().into_inner();
    assert_eq!(found.matches[0].block_until, "2026-07-06");
    let blocks = |gss: &str| {
        let request = proto::ListBlocksRequest { parent: name(gss), ..Default::default() };
        world.service.list_blocks(world.council(gss, request))
    };
    assert_eq!(blocks(DERBY).await.unwrap().into_inner().blocks, std::slice::from_ref(&block));
    assert_eq!(blocks(DURHAM).await.unwrap().into_inner().blocks, []);
    let seen = world.place_as(Role::Provider("P1".parse().unwrap()), 1).await.unwrap();
    assert_eq!(seen.blocks, std::slice::from_ref(&block));
    assert_eq!(world.place_as(Role::Council(council(DURHAM)), 1).await.unwrap().blocks, []);
    let end = |party: String, on: &str| proto::EndBlockRequest {
        party,
        place: place(1),
        block: block.block,
        on: on.into(),
        request_id: String::new(),
    };
    let asked = end(name(DURHAM), "2026-03-01");
    assert_eq!(reason(&world.service.end_block(world.council(DERBY, asked)).await.unwrap_err()), "NOT_YOURS");
    let asked = end(name(DERBY), "2026-03-01");
    let proposed = world.service.end_block(world.council(DERBY, asked)).await.unwrap().into_inner();
    assert_eq!((proposed.end_proposed_on.as_str(), proposed.end_proposed_by), ("2026-03-01", name(DERBY)));
    let asked = end("providers/P1".into(), "2026-03-01");
    let ended = world.service.end_block(world.provider("P1", asked)).await.unwrap().into_inner();
    assert_eq!(ended.terms.unwrap().until, "2026-03-01");
}

#[tokio::test]
async fn a_block_is_declined() {
    let world = World::with_home().await;
    let offered = world.service.offer_block(world.provider("P1", offer_block())).await.unwrap().into_inner();
    let request = proto::DeclineBlockRequest {
        council: name(DERBY),
        place: place(1),
        block: offered.block,
        request_id: String::new(),
    };
    let declined = world.service.decline_block(world.council(DERBY, request)).await.unwrap().into_inner();
    assert_eq!(declined.blocks, []);
    world.hold(DURHAM, 1).await.unwrap();
}

#[tokio::test]
async fn void_nights_are_offered_to_others_and_one_of_them_gets_them() {
    let (world, block) = with_block().await;
    let offer = |weekly_pence| proto::OfferResaleRequest {
        council: name(DERBY),
        place: place(1),
        of: Some(proto::offer_resale_request::Of::Block(block.block)),
        from: "2026-01-06".into(),
        until: "2026-07-06".into(),
        weekly_pence,
        partners: vec![],
        request_id: String::new(),
    };
    let status = world.service.offer_resale(world.council(DERBY, offer(300_001))).await.unwrap_err();
    assert_eq!(reason(&status), "RESALE_TOO_DEAR");
    let nothing = proto::OfferResaleRequest { of: None, ..offer(1) };
    let status = world.service.offer_resale(world.council(DERBY, nothing)).await.unwrap_err();
    assert_eq!(fields(&status), ["reservation"]);
    let offered =
        world.service.offer_resale(world.council(DERBY, offer(250_000))).await.unwrap().into_inner();
    let list = |gss: &str| {
        let request = proto::ListResalesRequest { parent: name(gss), ..Default::default() };
        world.service.list_resales(world.council(gss, request))
    };
    assert_eq!(list(DERBY).await.unwrap().into_inner().resales, std::slice::from_ref(&offered));
    let seen = list(DURHAM).await.unwrap().into_inner().resales;
    assert_eq!(
        seen,
        [proto::Resale { of: None, ..offered.clone() }],
        "of what it is part is the seller's business"
    );
    let buy = |gss: &str, weekly_pence| {
        let (council, approver) = (name(gss), "Head of Placements".to_owned());
        let (place, resale, request_id) = (place(1), offered.resale, String::new());
        let request = proto::BuyResaleRequest { council, place, resale, weekly_pence, approver, request_id };
        world.service.buy_resale(world.council(gss, request))
    };
    // A later day, on which nobody can buy it any more: its seller finds it still.
    let days_later = |gss: &str| {
        let request = proto::ListResalesRequest { parent: name(gss), ..Default::default() };
        let mut request = world.council(gss, request);
        let mut caller = service_kit::Caller::of(&request).unwrap();
        caller.at = start() + jiff::SignedDuration::from_hours(72);
        request.extensions_mut().insert(caller);
        world.service.list_resales(request)
    };
    assert_eq!(days_later(DURHAM).await.unwrap().into_inner().resales, []);
    assert_eq!(days_later(DERBY).await.unwrap().into_inner().resales, std::slice::from_ref(&offered));
    assert_eq!(reason(&buy(DURHAM, 1).await.unwrap_err()), "PRICE_CHANGED");
    let bought = buy(DURHAM, 250_000).await.unwrap().into_inner();
    assert_eq!((bought.buyer, bought.seller), (name(DURHAM), name(DERBY)));
    let second = buy("E06000005", 250_000).await.unwrap_err();
    assert_eq!((second.code(), reason(&second).as_str()), (Code::NotFound, "RESALE_UNKNOWN"));
    assert_eq!(list(DURHAM).await.unwrap().into_inner().resales, []);
    assert_eq!(reason(&world.hold(DERBY, 1).await.unwrap_err()), "BLOCK_OF_ANOTHER_COUNCIL");
    world.hold(DURHAM, 1).await.unwrap();
}

#[tokio::test]
async fn a_reservation_is_sold_with_its_token_and_an_offer_is_withdrawn() {
    let world = reservable().await;
    let reserved =
        world.service.reserve_place(world.council(DERBY, reserve(DERBY))).await.unwrap().into_inner();
    let offer = || proto::OfferResaleRequest {
        council: name(DERBY),
        place: place(1),
        of: Some(proto::offer_resale_request::Of::Reservation(reserved.token)),
        from: "2026-01-08".into(),
        until: "2026-01-16".into(),
        weekly_pence: 90_000,
        partners: vec![name(DURHAM)],
        request_id: String::new(),
    };
    let first = world.service.offer_resale(world.council(DERBY, offer())).await.unwrap().into_inner();
    let withdraw = proto::WithdrawResaleRequest {
        council: name(DERBY),
        place: place(1),
        resale: first.resale,
        request_id: String::new(),
    };
    world.service.withdraw_resale(world.council(DERBY, withdraw)).await.unwrap();
    let offered = world.service.offer_resale(world.council(DERBY, offer())).await.unwrap().into_inner();
    let buy = proto::BuyResaleRequest {
        council: name(DURHAM),
        place: place(1),
        resale: offered.resale,
        weekly_pence: 90_000,
        approver: "Head of Placements".into(),
        request_id: String::new(),
    };
    let bought = world.service.buy_resale(world.council(DURHAM, buy)).await.unwrap().into_inner();
    let list = |gss: &str| {
        let request = proto::ListReservationsRequest { parent: name(gss), ..Default::default() };
        world.service.list_reservations(world.council(gss, request))
    };
    let theirs = list(DURHAM).await.unwrap().into_inner().reservations.remove(0);
    assert_eq!((theirs.token, theirs.weekly_pence), (bought.token, Some(90_000)));
    assert_eq!((theirs.from.as_str(), theirs.until.as_str()), ("2026-01-08", "2026-01-16"));
    assert_eq!(list(DERBY).await.unwrap().into_inner().reservations[0].until, "2026-01-08");
}

#[tokio::test]
async fn councils_race_for_void_nights_and_one_gets_them() {
    let (world, block) = with_block().await;
    let offer = proto::OfferResaleRequest {
        council: name(DERBY),
        place: place(1),
        of: Some(proto::offer_resale_request::Of::Block(block.block)),
        from: "2026-01-06".into(),
        until: "2026-07-06".into(),
        weekly_pence: 250_000,
        partners: vec![],
        request_id: String::new(),
    };
    let offered = world.service.offer_resale(world.council(DERBY, offer)).await.unwrap().into_inner();
    let others: Vec<_> = world.kit.region.councils().into_iter().filter(|it| it.gss() != DERBY).collect();
    let mut racing = Vec::new();
    for buyer in others.into_iter().cycle().take(64) {
        let (service, offered) = (world.service.clone(), offered.clone());
        let request = proto::BuyResaleRequest {
            council: name(buyer.gss()),
            place: offered.place,
            resale: offered.resale,
            weekly_pence: offered.weekly_pence,
            approver: "Head of Placements".into(),
            request_id: String::new(),
        };
        let request = world.council(buyer.gss(), request);
        racing.push(tokio::spawn(async move { service.buy_resale(request).await }));
    }
    let mut bought = Vec::new();
    for race in racing {
        match race.await.unwrap() {
            Ok(answer) => bought.push(answer.into_inner().buyer),
            Err(status) => assert_eq!(reason(&status), "RESALE_UNKNOWN"),
        }
    }
    assert_eq!(bought.len(), 1, "sold to {bought:?}");
}
