//! One market, many councils: whatever they do at once, a place has one claim.

use crate::region::reason;
use crate::world::{
    CEILING_PENCE, Party, TODAY, World, award, award_of, offer, offer_of, offered, post, referral_of,
    release, requirements,
};
use api::audit::{EventFilter, FollowEventsRequest};
use api::contracts::{
    Agreement, AgreementStatus, EndPlacementRequest, ListAgreementsRequest, StartPlacementRequest,
};
use api::invoicing::{AccrueNightsRequest, ListChargesRequest};
use api::referrals::{
    Award, AwardState, GetReferralRequest, ListAwardsRequest, Offer, ReferralStage, SubmitOfferRequest,
};
use api::vacancies::{
    Claim, ClaimStage, GetEstablishmentRequest, GetPlaceRequest, HoldPlaceRequest, Place, PlaceState,
    ReleaseHoldRequest, ServeRestrictionNoticeRequest,
};
use futures::future::join_all;
use futures::stream::{self, StreamExt};
use std::collections::BTreeMap;
use tonic::{Code, Status};

/// How many councils' systems want the place.
const RIVALS: usize = 200;
/// How many steps of preparation run at once.
const AT_ONCE: usize = 16;

/// A council's offer.
struct Want {
    council: Party,
    offer: Offer,
}

impl Want {
    async fn award(&self) -> Result<Award, Status> {
        award(&self.council, &self.offer, None).await
    }
}

/// So many offers of the same place, each on a referral of its own, over all councils in turn.
async fn wants(world: &World, seller: &Party, place: &str, count: usize) -> Vec<Want> {
    let mut councils = Vec::new();
    for council in world.region.running.region().councils() {
        councils.push(world.council(council.gss()).await);
    }
    let each = councils.iter().cycle().take(count).cloned();
    let made = each.map(|council| async {
        let offer = offered(world, &council, seller, place).await;
        Want { council, offer }
    });
    stream::iter(made).buffer_unordered(AT_ONCE).collect().await
}

async fn place(caller: &Party, name: &str) -> Place {
    caller.vacancies().get_place(GetPlaceRequest { name: name.to_owned() }).await.unwrap().into_inner()
}

/// The claims of all councils on a place. Each sees its own alone.
async fn claims(world: &World, name: &str) -> Vec<Claim> {
    let mut claims = Vec::new();
    for council in world.region.running.region().councils() {
        claims.extend(place(&world.council(council.gss()).await, name).await.claims);
    }
    claims
}

async fn stage(want: &Want) -> ReferralStage {
    let name = referral_of(&want.offer);
    want.council.referrals().get_referral(GetReferralRequest { name }).await.unwrap().into_inner().stage()
}

async fn agreements(world: &World) -> usize {
    let mut count = 0;
    for council in world.region.running.region().councils() {
        let council = world.council(council.gss()).await;
        let all = ListAgreementsRequest { parent: council.name(), page_size: 200, ..Default::default() };
        count += council.contracts().list_agreements(all).await.unwrap().into_inner().agreements.len();
    }
    count
}

/// How many awards of all councils stand where.
async fn awards(world: &World) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for council in world.region.running.region().councils() {
        let council = world.council(council.gss()).await;
        let all = ListAwardsRequest { parent: council.name(), page_size: 200, ..Default::default() };
        for award in council.referrals().list_awards(all).await.unwrap().into_inner().awards {
            *counts.entry(award.state().as_str_name()).or_default() += 1;
        }
    }
    counts
}

/// Every event on a place's stream of these types, as the framework lead follows the log: `count` of them, which must be all.
async fn market_events(lead: &Party, place: &str, types: &[&str], count: usize) -> BTreeMap<String, usize> {
    let filter = EventFilter {
        stream: place.replace("places/", "place/"),
        log: "vacancies/region".to_owned(),
        event_types: types.iter().map(|kind| (*kind).to_owned()).collect(),
        ..Default::default()
    };
    let asked = FollowEventsRequest { filter: Some(filter), ..Default::default() };
    let mut stream = lead.audit().follow_events(asked).await.unwrap().into_inner();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..count {
        let event = stream.message().await.unwrap().unwrap().event.unwrap();
        *counts.entry(event.event_type).or_default() += 1;
    }
    counts
}

/// Awards to everybody at once, and tells who won and who was refused.
async fn race(wants: &[Want]) -> (Vec<(usize, Award)>, Vec<(usize, Status)>) {
    let (mut won, mut refused) = (Vec::new(), Vec::new());
    let calls: Vec<_> = wants
        .iter()
        .map(|want| {
            let (council, request) = (want.council.clone(), award_of(&want.offer, None));
            tokio::spawn(async move { council.referrals().award_referral(request).await })
        })
        .collect();
    for (i, answer) in join_all(calls).await.into_iter().enumerate() {
        match answer.unwrap() {
            Ok(award) => won.push((i, award.into_inner())),
            Err(status) => refused.push((i, status)),
        }
    }
    (won, refused)
}

fn assert_refused(status: &Status, expected: &str) {
    assert_eq!((status.code(), reason(status).as_str()), (Code::FailedPrecondition, expected), "{status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_awards_for_one_last_place_confirm_one() {
    let world = World::open().await;
    let seller = world.enter_provider("oak").await;
    let places = world.home(&seller, "SC000001", 2).await;
    let elsewhere = world.home(&seller, "SC000002", 17).await;
    let lead = world.lead("d2n2").await;
    // Of two places one is gone, so that the other is the last.
    let first = wants(&world, &seller, &places[0], 1).await;
    assert_eq!(first[0].award().await.unwrap().state(), AwardState::Confirmed);
    let rivals = wants(&world, &seller, &places[1], RIVALS).await;

    let (won, refused) = race(&rivals).await;
    assert_eq!(won.len(), 1, "{} were confirmed", won.len());
    assert_eq!(won[0].1.state(), AwardState::Confirmed);
    assert_eq!(refused.len(), RIVALS - 1);
    for (i, status) in &refused {
        assert_refused(status, "PLACE_TAKEN");
        let metadata = status_metadata(status);
        assert_eq!(metadata.get("place"), Some(&places[1]));
        let of = rivals[*i].council.name();
        assert!(metadata["award"].starts_with(&format!("{of}/awards/")), "{metadata:?}");
    }
    world.settled().await;

    // One claim, which is the winner's, and nothing left over of the others.
    let found = place(&lead, &places[1]).await;
    assert_eq!(found.state(), PlaceState::Taken);
    let winner = &rivals[won[0].0];
    let live = claims(&world, &places[1]).await;
    assert_eq!(live.len(), 1, "{live:?}");
    assert_eq!(live[0].referral, referral_of(&winner.offer));
    assert_eq!(live[0].stage(), ClaimStage::Award);
    let room = lead
        .vacancies()
        .get_establishment(GetEstablishmentRequest { name: found.establishment })
        .await
        .unwrap();
    let room = room.into_inner().capacity.unwrap();
    assert_eq!((room.registered, room.open, room.matchable), (2, 2, 0));
    let types = ["PlaceHeld", "PlaceClaimed", "ClaimRefused", "ClaimReleased", "HoldReleased"];
    let events = market_events(&lead, &places[1], &types, RIVALS + 1).await;
    let expected = [("ClaimRefused", RIVALS - 1), ("PlaceClaimed", 1), ("PlaceHeld", 1)];
    assert_eq!(events, expected.map(|(kind, count)| (kind.to_owned(), count)).into());
    assert_eq!(agreements(&world).await, 2, "one for each place");
    assert_eq!(
        awards(&world).await,
        [("AWARD_STATE_CONFIRMED", 2), ("AWARD_STATE_FAILED", RIVALS - 1)].into()
    );

    // Who lost is where it was before, and finds a home elsewhere.
    assert_eq!(stage(winner).await, ReferralStage::Awarded);
    for (i, _) in &refused {
        assert_eq!(stage(&rivals[*i]).await, ReferralStage::Open);
    }
    let mut losers: BTreeMap<String, &Want> = BTreeMap::new();
    for (i, _) in &refused {
        losers.entry(rivals[*i].council.name()).or_insert(&rivals[*i]);
    }
    assert_eq!(losers.len(), 17, "every council lost at least once");
    for (want, place) in losers.into_values().zip(&elsewhere) {
        let offer = offer(&world, &want.council, &referral_of(&want.offer), &seller, place).await;
        assert_eq!(award(&want.council, &offer, None).await.unwrap().state(), AwardState::Confirmed);
    }
    world.settled().await;
    assert_eq!(agreements(&world).await, 2 + 17);
}

fn status_metadata(status: &Status) -> std::collections::HashMap<String, String> {
    use tonic_types::StatusExt;
    status.get_error_details().error_info().unwrap().metadata.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_award_that_the_contract_refuses_gives_the_place_back() {
    let world = World::open().await;
    let seller = world.enter_provider("oak").await;
    let places = world.home(&seller, "SC000001", 1).await;
    let (derby, durham) = (world.council("E06000015").await, world.council("E06000047").await);
    let referral = post(&derby, requirements(), None).await;
    release(&derby, &referral, &seller).await;
    let dear = offer_of(&world, &derby, &referral, &places[0], CEILING_PENCE + 1);
    let dear = seller.referrals().submit_offer(dear).await.unwrap().into_inner();
    assert_refused(&award(&derby, &dear, None).await.unwrap_err(), "PRICE_ABOVE_CEILING");
    world.settled().await;
    let given_back = place(&derby, &places[0]).await;
    assert_eq!((given_back.state(), given_back.claims), (PlaceState::Vacant, Vec::new()));
    assert_eq!(agreements(&world).await, 0);
    let lead = world.lead("tyne-tees").await;
    let events = market_events(&lead, &places[0], &["PlaceClaimed", "ClaimReleased"], 2).await;
    assert_eq!(events, [("PlaceClaimed".to_owned(), 1), ("ClaimReleased".to_owned(), 1)].into());

    let second = offered(&world, &durham, &seller, &places[0]).await;
    assert_eq!(award(&durham, &second, None).await.unwrap().state(), AwardState::Confirmed);
    // The first may try again, and is told the truth.
    let again = offer(&world, &derby, &referral, &seller, &places[0]).await;
    assert_refused(&award(&derby, &again, None).await.unwrap_err(), "PLACE_TAKEN");
}

/// The council's agreement on a place.
async fn agreement(council: &Party, place: &str) -> Agreement {
    let all = ListAgreementsRequest { parent: council.name(), page_size: 200, ..Default::default() };
    let all = council.contracts().list_agreements(all).await.unwrap().into_inner().agreements;
    all.into_iter().find(|it| it.place == place).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_ends_the_agreement_of_a_child_who_has_not_come_and_of_no_other() {
    let world = World::open().await;
    let seller = world.enter_provider("oak").await;
    let places = world.home(&seller, "SC000001", 2).await;
    let derby = world.council("E06000015").await;
    for (place, start) in places.iter().zip([TODAY, "2026-06-02"]) {
        let referral = post(&derby, requirements(), None).await;
        release(&derby, &referral, &seller).await;
        let offer = offer_of(&world, &derby, &referral, place, 400_000);
        let offer = SubmitOfferRequest { start: start.to_owned(), ..offer };
        let offer = seller.referrals().submit_offer(offer).await.unwrap().into_inner();
        assert_eq!(award(&derby, &offer, None).await.unwrap().state(), AwardState::Confirmed);
    }
    let arrives = async |place: &str, on: &str| {
        let name = agreement(&derby, place).await.name;
        let start = StartPlacementRequest { name, on: on.to_owned(), ..Default::default() };
        derby.contracts().start_placement(start).await
    };
    arrives(&places[0], TODAY).await.unwrap();
    world.settled().await;

    let name = "establishments/SC000001".to_owned();
    let notice = ServeRestrictionNoticeRequest { name, on: TODAY.to_owned(), request_id: String::new() };
    world.lead("d2n2").await.vacancies().serve_restriction_notice(notice).await.unwrap();
    world.settled().await;
    let stays = agreement(&derby, &places[0]).await;
    assert_eq!((stays.status(), stays.end_reason.as_str()), (AgreementStatus::Started, ""));
    let lost = agreement(&derby, &places[1]).await;
    assert_eq!((lost.status(), lost.end_reason.as_str()), (AgreementStatus::Cancelled, "PLACE_WITHDRAWN"));
    assert_eq!((lost.start.as_str(), lost.ended_on.as_str()), ("2026-06-02", "2026-06-02"));
    assert_refused(&arrives(&places[1], "2026-06-02").await.unwrap_err(), "AGREEMENT_ENDED");
    world.settled().await;
    assert_eq!(place(&derby, &places[0]).await.claims.len(), 1);
    assert_eq!(place(&derby, &places[1]).await.claims, Vec::new());

    world.clock.advance_to("2026-06-08T09:00:00Z".parse().unwrap());
    let accrue =
        AccrueNightsRequest { parent: derby.name(), through: "2026-06-08".to_owned(), ..Default::default() };
    let charged = derby.invoicing().accrue_nights(accrue).await.unwrap().into_inner();
    assert_eq!((charged.agreements_charged, charged.nights_charged), (1, 7), "of the child who is there");
}

/// A mistyped day of departure is put right: the place's nights and the charges follow, the charges by exactly the difference.
#[tokio::test(flavor = "multi_thread")]
async fn a_departure_that_was_recorded_wrong_is_put_right_everywhere() {
    let (world, [derby, _]) = crate::seed::two_sides().await;
    let council = &derby.council;
    let leaves = async |on: &str, correction: &str| {
        let end = EndPlacementRequest {
            name: derby.names["agreement"].clone(),
            on: on.to_owned(),
            reason: "CARPL".to_owned(),
            correction: correction.to_owned(),
            ..Default::default()
        };
        let ended = council.contracts().end_placement(end).await.map(tonic::Response::into_inner);
        world.settled().await;
        ended
    };
    let nights = async || {
        let through = TODAY.to_owned();
        let accrue = AccrueNightsRequest { parent: council.name(), through, ..Default::default() };
        council.invoicing().accrue_nights(accrue).await.unwrap();
        let list = ListChargesRequest { parent: council.name(), ..Default::default() };
        let charges = council.invoicing().list_charges(list).await.unwrap().into_inner().charges;
        (
            charges.iter().map(|it| it.nights).sum::<i64>(),
            charges.iter().map(|it| it.total_pence).sum::<i64>(),
        )
    };
    // A place shows the claims of the nights to come.
    let until = async || place(council, &derby.names["place"]).await.claims.first().map(|it| it.end.clone());
    let early = leaves("2026-05-26", "the wrong day").await.unwrap_err();
    assert_refused(&early, "DEPARTURE_NOT_RECORDED");
    // The child came on 25 May, at 411,117 pence a week.
    leaves("2026-06-20", "").await.unwrap();
    assert_eq!((until().await.as_deref(), nights().await), (Some("2026-06-20"), (7, 411_117)));
    assert_refused(&leaves("2026-06-10", "").await.unwrap_err(), "AGREEMENT_ENDED");
    let right = leaves("2026-06-10", "the 10th, not the 20th").await.unwrap();
    assert_eq!((right.status(), right.ended_on.as_str()), (AgreementStatus::Ended, "2026-06-10"));
    assert_eq!((until().await.as_deref(), nights().await), (Some("2026-06-10"), (7, 411_117)));
    leaves("2026-05-29", "of May, not of June").await.unwrap();
    assert_eq!((until().await, nights().await), (None, (4, 234_924)));
    leaves("2026-05-31", "a misread digit").await.unwrap();
    assert_eq!((until().await, nights().await), (None, (6, 352_386)));
    leaves("2026-06-15", "it is still there").await.unwrap();
    assert_eq!((until().await.as_deref(), nights().await), (Some("2026-06-15"), (7, 411_117)));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_holds_a_place_wins_it_against_fifty() {
    let world = World::open().await;
    let seller = world.enter_provider("oak").await;
    let places = world.home(&seller, "SC000001", 1).await;
    let mut rivals = wants(&world, &seller, &places[0], 51).await;
    let holder = rivals.pop().unwrap();
    let asked = HoldPlaceRequest {
        council: holder.council.name(),
        place: places[0].clone(),
        referral: referral_of(&holder.offer),
        referral_version: 1,
        lease_seconds: 600,
        first_night: String::new(),
        request_id: String::new(),
    };
    let held = holder.council.vacancies().hold_place(asked).await.unwrap().into_inner();
    let other = rivals.iter().find(|rival| rival.council.role != holder.council.role).unwrap();
    let seen = place(&other.council, &places[0]).await;
    assert_eq!(
        (seen.state(), seen.claims),
        (PlaceState::Held, Vec::new()),
        "it is held, and not said by whom"
    );

    let ((won, refused), holders) =
        tokio::join!(race(&rivals), award(&holder.council, &holder.offer, Some(held.token)));
    assert_eq!(holders.unwrap().state(), AwardState::Confirmed);
    assert!(won.is_empty());
    refused.iter().for_each(|(_, status)| assert_refused(status, "PLACE_TAKEN"));
    world.settled().await;
    let live = claims(&world, &places[0]).await;
    assert_eq!(live.len(), 1);
    assert_eq!(live[0].referral, referral_of(&holder.offer));
    let used = ReleaseHoldRequest {
        council: holder.council.name(),
        place: places[0].clone(),
        token: held.token,
        request_id: String::new(),
    };
    assert_refused(&holder.council.vacancies().release_hold(used).await.unwrap_err(), "HOLD_TOKEN_STALE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_who_must_be_alone_takes_both_places_or_none() {
    let world = World::open().await;
    let seller = world.enter_provider("oak").await;
    let council = world.council("E06000015").await;
    for round in 0..5 {
        let places = world.home(&seller, &format!("SC00000{round}"), 2).await;
        let referral =
            post(&council, api::referrals::Requirements { solo: true, ..requirements() }, None).await;
        release(&council, &referral, &seller).await;
        let alone = Want {
            council: council.clone(),
            offer: offer(&world, &council, &referral, &seller, &places[0]).await,
        };
        let mut rivals = wants(&world, &seller, &places[0], 4).await;
        rivals.extend(wants(&world, &seller, &places[1], 4).await);
        // First, last or in the middle of those who come at once.
        rivals.insert(round * 2, alone);
        let (won, refused) = race(&rivals).await;
        let winners: Vec<usize> = won.iter().map(|(i, _)| *i).collect();
        let solo_won = winners.contains(&(round * 2));
        assert_eq!(winners.len(), if solo_won { 1 } else { 2 }, "{winners:?}");
        for (i, status) in &refused {
            let why = reason(status);
            let same_place = rivals[*i].offer.place == places[0];
            let expected: &[&str] = match (solo_won, *i == round * 2) {
                (true, _) if same_place => &["PLACE_TAKEN"],
                (true, _) => &["SOLO_OCCUPIED"],
                (false, true) => &["PLACE_TAKEN", "ESTABLISHMENT_FULL"],
                (false, false) => &["PLACE_TAKEN"],
            };
            assert!(expected.contains(&why.as_str()), "{why} of {expected:?}");
        }
        world.settled().await;
        let live = claims(&world, &places[0]).await.len() + claims(&world, &places[1]).await.len();
        assert_eq!(live, winners.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_taken_by_one_alone_is_closed_to_others_and_the_other_way_round() {
    let world = World::open().await;
    let seller = world.enter_provider("oak").await;
    let council = world.council("E06000015").await;
    let solo = api::referrals::Requirements { solo: true, ..requirements() };
    for (first_solo, expected) in [(true, "SOLO_OCCUPIED"), (false, "ESTABLISHMENT_FULL")] {
        let places = world.home(&seller, if first_solo { "SC000001" } else { "SC000002" }, 2).await;
        let mut offers = Vec::new();
        for (alone, place) in [first_solo, !first_solo].into_iter().zip(&places) {
            let asked = if alone { solo.clone() } else { requirements() };
            let referral = post(&council, asked, None).await;
            release(&council, &referral, &seller).await;
            offers.push(offer(&world, &council, &referral, &seller, place).await);
        }
        assert_eq!(award(&council, &offers[0], None).await.unwrap().state(), AwardState::Confirmed);
        assert_refused(&award(&council, &offers[1], None).await.unwrap_err(), expected);
    }
}
