//! The list of all nights that are agreed ahead: the buyer finds what it bought, each pays what stands there, and nobody sees another's.

use crate::world::{DERBY, DURHAM, World, council, fields, place, reason, referral};
use crate::{RETAINER, name, offer_block, reservable, reserve};
use api::vacancies as proto;
use api::vacancies::vacancies_service_server::VacanciesService;
use service_kit::Role;

/// The rows of a list of nights, each in a few words, and who is asked.
async fn nights(world: &World, role: Role, parent: &str) -> Vec<proto::AgreedNights> {
    let request = proto::ListAgreedNightsRequest { parent: parent.to_owned(), ..Default::default() };
    let request = match role {
        Role::Provider(id) => world.provider(id.as_str(), request),
        Role::Council(council) => world.council(council.gss(), request),
        Role::FrameworkLead(_) | Role::Service(_) => unreachable!(),
    };
    world.service.list_agreed_nights(request).await.unwrap().into_inner().nights
}

async fn nights_of(world: &World, gss: &str) -> Vec<proto::AgreedNights> {
    nights(world, Role::Council(council(gss)), &name(gss)).await
}

fn in_words(rows: &[proto::AgreedNights]) -> Vec<(proto::AgreedNightsKind, &str, &str, Option<i64>, &str)> {
    let words = rows
        .iter()
        .map(|it| (it.kind(), it.from.as_str(), it.until.as_str(), it.weekly_pence, it.paid_to.as_str()));
    words.collect()
}

#[tokio::test]
async fn the_buyer_of_block_nights_finds_them_and_what_it_pays() {
    use proto::AgreedNightsKind as Kind;
    let world = World::with_home().await;
    let offered = world.service.offer_block(world.provider("P1", offer_block())).await.unwrap().into_inner();
    let seller = Role::Provider("P1".parse().unwrap());
    for seen in [nights_of(&world, DERBY).await, nights(&world, seller.clone(), "providers/P1").await] {
        let row = (Kind::Offered, "2026-01-06", "2026-07-06", Some(420_000), "providers/P1");
        assert_eq!((in_words(&seen), seen[0].block), (vec![row], Some(offered.block)));
    }
    let accept = proto::AcceptBlockRequest {
        council: name(DERBY),
        place: place(1),
        block: offered.block,
        approver: "Head of Placements".into(),
        request_id: String::new(),
    };
    world.service.accept_block(world.council(DERBY, accept)).await.unwrap();
    let offer = proto::OfferResaleRequest {
        council: name(DERBY),
        place: place(1),
        of: Some(proto::offer_resale_request::Of::Block(offered.block)),
        from: "2026-03-01".into(),
        until: "2026-07-06".into(),
        weekly_pence: 250_000,
        partners: vec![],
        request_id: String::new(),
    };
    let resale = world.service.offer_resale(world.council(DERBY, offer)).await.unwrap().into_inner();
    let block = (Kind::Block, "2026-01-06", "2026-07-06", Some(420_000), "providers/P1");
    let for_sale = (Kind::ForSale, "2026-03-01", "2026-07-06", None, "");
    let seen = nights_of(&world, DERBY).await;
    assert_eq!(in_words(&seen), [block, for_sale]);
    assert_eq!(seen[1].sold_weekly_pence, Some(250_000));
    assert_eq!(nights_of(&world, DURHAM).await, [], "what is for sale is listed by ListResales");
    let buy = proto::BuyResaleRequest {
        council: name(DURHAM),
        place: place(1),
        resale: resale.resale,
        weekly_pence: 250_000,
        approver: "Head of Placements".into(),
        request_id: String::new(),
    };
    world.service.buy_resale(world.council(DURHAM, buy)).await.unwrap();

    let bought = nights_of(&world, DURHAM).await;
    let council_of_seller = name(DERBY);
    let row = (Kind::Bought, "2026-03-01", "2026-07-06", Some(250_000), council_of_seller.as_str());
    assert_eq!(in_words(&bought), [row]);
    assert_eq!(
        (bought[0].place.as_str(), bought[0].council.as_str()),
        (place(1).as_str(), name(DURHAM).as_str())
    );
    assert_eq!(
        (bought[0].resale, bought[0].block),
        (Some(resale.resale), None),
        "of what it is part is the seller's"
    );
    assert_eq!(bought[0].establishment, "establishments/SC1");
    let seen = nights_of(&world, DERBY).await;
    let kept = (Kind::Block, "2026-01-06", "2026-03-01", Some(420_000), "providers/P1");
    let sold = (Kind::Sold, "2026-03-01", "2026-07-06", Some(420_000), "providers/P1");
    assert_eq!(in_words(&seen), [kept, sold]);
    assert_eq!((seen[1].sold_to.as_str(), seen[1].sold_weekly_pence), (name(DURHAM).as_str(), Some(250_000)));
    let seen = nights(&world, seller, "providers/P1").await;
    let theirs = (Kind::Bought, "2026-03-01", "2026-07-06", None, "");
    assert_eq!(in_words(&seen), [kept, theirs], "what councils pay each other is their business");
    assert_eq!(nights(&world, Role::Provider("P2".parse().unwrap()), "providers/P2").await, []);
    // The block's own list says what was paid for what was sold, to its council alone.
    let request = proto::ListBlocksRequest { parent: name(DERBY), ..Default::default() };
    let blocks = world.service.list_blocks(world.council(DERBY, request)).await.unwrap().into_inner().blocks;
    assert_eq!(blocks[0].sold[0].weekly_pence, Some(250_000));
    let seen = world.place_as(Role::Provider("P1".parse().unwrap()), 1).await.unwrap();
    assert_eq!(seen.blocks[0].sold[0].weekly_pence, None);
}

#[tokio::test]
async fn agreed_nights_are_shown_to_whose_they_are_page_by_page() {
    use proto::AgreedNightsKind as Kind;
    let world = reservable().await;
    let reserved =
        world.service.reserve_place(world.council(DERBY, reserve(DERBY))).await.unwrap().into_inner();
    let offer = proto::OfferResaleRequest {
        council: name(DERBY),
        place: place(1),
        of: Some(proto::offer_resale_request::Of::Reservation(reserved.token)),
        from: "2026-01-08".into(),
        until: "2026-01-16".into(),
        weekly_pence: 90_000,
        partners: vec![],
        request_id: String::new(),
    };
    let offered = world.service.offer_resale(world.council(DERBY, offer)).await.unwrap().into_inner();
    let buy = proto::BuyResaleRequest {
        council: name(DURHAM),
        place: place(1),
        resale: offered.resale,
        weekly_pence: 90_000,
        approver: "Head of Placements".into(),
        request_id: String::new(),
    };
    let bought = world.service.buy_resale(world.council(DURHAM, buy)).await.unwrap().into_inner();
    let seller = name(DERBY);
    let theirs = nights_of(&world, DURHAM).await;
    assert_eq!(
        in_words(&theirs),
        [(Kind::Bought, "2026-01-08", "2026-01-16", Some(90_000), seller.as_str())]
    );
    assert_eq!(theirs[0].token, Some(bought.token));
    let own = nights_of(&world, DERBY).await;
    let kept = (Kind::Reserved, "2026-01-06", "2026-01-08", Some(RETAINER), "providers/P1");
    let sold = (Kind::Sold, "2026-01-08", "2026-01-16", Some(RETAINER), "providers/P1");
    assert_eq!(in_words(&own), [kept, sold]);
    assert_eq!((own[1].sold_to.as_str(), own[1].sold_weekly_pence), (name(DURHAM).as_str(), Some(90_000)));
    assert!(own[0].referral.ends_with(&referral().to_string()) && own[1].referral.is_empty(), "{own:#?}");
    let seen = nights(&world, Role::Provider("P1".parse().unwrap()), "providers/P1").await;
    let kinds: Vec<_> = seen.iter().map(|it| (it.kind(), it.weekly_pence, it.token)).collect();
    assert_eq!(kinds, [(Kind::Reserved, None, None), (Kind::Bought, None, None)]);

    let page = |page_token: String| {
        let request = proto::ListAgreedNightsRequest { parent: name(DERBY), page_size: 1, page_token };
        world.service.list_agreed_nights(world.council(DERBY, request))
    };
    let first = page(String::new()).await.unwrap().into_inner();
    let second = page(first.next_page_token.clone()).await.unwrap().into_inner();
    assert_eq!([first.nights, second.nights].concat(), own);
    assert_eq!(second.next_page_token, "");
    // Another's are not shown to anybody.
    let request = |parent: String| proto::ListAgreedNightsRequest { parent, ..Default::default() };
    let refused = world.service.list_agreed_nights(world.council(DURHAM, request(name(DERBY)))).await;
    assert_eq!(reason(&refused.unwrap_err()), "NOT_YOURS");
    let refused =
        world.service.list_agreed_nights(world.provider("P2", request("providers/P1".into()))).await;
    assert_eq!(reason(&refused.unwrap_err()), "NOT_YOURS");
    let refused =
        world.service.list_agreed_nights(world.provider("P2", request("P2".into()))).await.unwrap_err();
    assert_eq!(fields(&refused), ["parent"]);
}

/// Sells Derby's or a buyer's nights of a reservation from a day on, and gives the token of what was bought.
async fn sell(
    world: &World,
    (seller, token): (&str, u64),
    buyer: &str,
    from: &str,
    weekly_pence: i64,
) -> u64 {
    let offer = proto::OfferResaleRequest {
        council: name(seller),
        place: place(1),
        of: Some(proto::offer_resale_request::Of::Reservation(token)),
        from: from.into(),
        until: "2026-01-16".into(),
        weekly_pence,
        partners: vec![],
        request_id: String::new(),
    };
    let offered = world.service.offer_resale(world.council(seller, offer)).await.unwrap().into_inner();
    let buy = proto::BuyResaleRequest {
        council: name(buyer),
        place: place(1),
        resale: offered.resale,
        weekly_pence,
        approver: "Head of Placements".into(),
        request_id: String::new(),
    };
    world.service.buy_resale(world.council(buyer, buy)).await.unwrap().into_inner().token
}

#[tokio::test]
async fn in_a_chain_of_partial_resales_each_night_is_in_one_row_and_on_one_page() {
    use proto::AgreedNightsKind as Kind;
    const DARLINGTON: &str = "E06000005";
    let world = reservable().await;
    let reserved =
        world.service.reserve_place(world.council(DERBY, reserve(DERBY))).await.unwrap().into_inner();
    let bought = sell(&world, (DERBY, reserved.token), DURHAM, "2026-01-08", 90_000).await;
    sell(&world, (DURHAM, bought), DARLINGTON, "2026-01-12", 80_000).await;
    let (derby, durham) = (name(DERBY), name(DURHAM));
    let own = nights_of(&world, DERBY).await;
    let expected = [
        (Kind::Reserved, "2026-01-06", "2026-01-08", Some(RETAINER), "providers/P1"),
        (Kind::Sold, "2026-01-08", "2026-01-12", Some(RETAINER), "providers/P1"),
        (Kind::Sold, "2026-01-12", "2026-01-16", Some(RETAINER), "providers/P1"),
    ];
    assert_eq!(in_words(&own), expected);
    assert!(
        own[1..].iter().all(|it| it.sold_to == durham && it.sold_weekly_pence == Some(90_000)),
        "{own:#?}"
    );
    let theirs = [
        (Kind::Bought, "2026-01-08", "2026-01-12", Some(90_000), derby.as_str()),
        (Kind::Sold, "2026-01-12", "2026-01-16", Some(90_000), derby.as_str()),
    ];
    assert_eq!(in_words(&nights_of(&world, DURHAM).await), theirs);
    let last = [(Kind::Bought, "2026-01-12", "2026-01-16", Some(80_000), durham.as_str())];
    assert_eq!(in_words(&nights_of(&world, DARLINGTON).await), last);

    let (mut paged, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = proto::ListAgreedNightsRequest { parent: name(DERBY), page_size: 1, page_token };
        let page =
            world.service.list_agreed_nights(world.council(DERBY, request)).await.unwrap().into_inner();
        paged.extend(page.nights);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, own, "no row is told twice or passed over");
}
