//! A paid reservation on its whole way: others lose the place, the council's own award stands on it, and the child's arrival ends it.

use crate::region::reason;
use crate::world::{Party, TODAY, World, award, offered};
use api::contracts::{ListAgreementsRequest, StartPlacementRequest};
use api::referrals::{AwardState, SearchReferralRequest};
use api::vacancies::{
    AdvertiseVacancyRequest, GetPlaceRequest, Place, PlaceState, ReservationTerms, ReservePlaceRequest,
};

const RETAINER_PENCE: i64 = 105_000;

/// A place that can be reserved, and its seller.
async fn reservable(world: &World) -> (Party, String) {
    let seller = world.enter_provider("oak").await;
    let place = world.home(&seller, "SC000001", 1).await.remove(0);
    let found = seen(&seller, &place).await;
    let mut vacancy = found.vacancy.unwrap();
    vacancy.reservation = Some(ReservationTerms { weekly_pence: RETAINER_PENCE, nights_max: 28 });
    let (provider, vacancy) = (seller.name(), Some(vacancy));
    let request = AdvertiseVacancyRequest { provider, place: place.clone(), vacancy, ..Default::default() };
    seller.vacancies().advertise_vacancy(request).await.unwrap();
    (seller, place)
}

async fn seen(caller: &Party, place: &str) -> Place {
    let request = GetPlaceRequest { name: place.to_owned() };
    caller.vacancies().get_place(request).await.unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reservation_wins_the_place_for_its_council_and_ends_when_the_child_comes() {
    let world = World::open().await;
    let (seller, place) = reservable(&world).await;
    let (derby, durham) = (world.council("E06000015").await, world.council("E06000047").await);
    let theirs = offered(&world, &durham, &seller, &place).await;
    let request = ReservePlaceRequest {
        council: derby.name(),
        place: place.clone(),
        from: TODAY.to_owned(),
        until: "2026-06-15".to_owned(),
        weekly_pence: RETAINER_PENCE,
        approver: "Head of Placements".to_owned(),
        ..Default::default()
    };
    derby.vacancies().reserve_place(request).await.unwrap();
    world.settled().await;

    // Who was offered the place before loses it, and its searches leave the place out.
    let refused = award(&durham, &theirs, None).await.unwrap_err();
    assert_eq!(reason(&refused), "RESERVED");
    let search = async |council: &Party, offer: &api::referrals::Offer| {
        let name = crate::world::referral_of(offer);
        let request = SearchReferralRequest { name, limit: 20, ..Default::default() };
        council.referrals().search_referral(request).await.unwrap().into_inner()
    };
    let found = search(&durham, &theirs).await;
    assert!(found.matches.is_empty(), "{found:#?}");
    assert_eq!(found.evidence.unwrap().excluded[0].reason, "RESERVED");

    let ours = offered(&world, &derby, &seller, &place).await;
    world.settled().await;
    let found = search(&derby, &ours).await;
    assert_eq!(found.matches[0].reserved_until, "2026-06-15");
    assert_eq!(award(&derby, &ours, None).await.unwrap().state(), AwardState::Confirmed);
    assert_eq!(seen(&derby, &place).await.reservations.len(), 1, "the child has not come");

    let all = ListAgreementsRequest { parent: derby.name(), page_size: 200, ..Default::default() };
    let name = derby.contracts().list_agreements(all).await.unwrap().into_inner().agreements.remove(0).name;
    let start = StartPlacementRequest { name, on: TODAY.to_owned(), ..Default::default() };
    derby.contracts().start_placement(start).await.unwrap();
    world.settled().await;
    let taken = seen(&derby, &place).await;
    assert_eq!((taken.state(), taken.reservations), (PlaceState::Taken, vec![]));
}
