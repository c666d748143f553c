//! A provider's side: what it sees, its offers and declines.

use crate::bench::{Bench, CANARIES, neighbour, offer_request, reason, registered, spot_route};
use api::common;
use api::referrals as proto;
use api::referrals::referrals_service_server::ReferralsService;
use service_kit::Role;
use tonic::Code;

#[tokio::test]
async fn a_provider_sees_what_is_on_the_list_and_nothing_else() {
    let bench = Bench::open().await;
    let posted = bench.post("r-1").await;
    bench.release(&posted.name, &["oak"]).await;
    let get = proto::GetReleasedReferralRequest { name: posted.name.clone() };
    let seen = bench.service.get_released_referral(bench.oak(get)).await.unwrap().into_inner();
    let expected = proto::ReleasedReferral {
        name: posted.name.clone(),
        version: 1,
        open: true,
        age_band: proto::AgeBand::AgeBand13To15.into(),
        sex: "M".to_owned(),
        provisions: vec!["RESIDENTIAL".to_owned()],
        needs: vec!["TRAUMA".to_owned()],
        urgency: "EMERGENCY".to_owned(),
        outcode: "DL1".to_owned(),
        needed_from: "2026-06-20".to_owned(),
        expected_weeks: Some(26),
        solo: false,
        sibling_group_size: None,
        release_time: seen.release_time,
        decline_reason: String::new(),
        offers: Vec::new(),
        identity_granted: false,
        answer_by_time: seen.answer_by_time,
        ..Default::default()
    };
    assert_eq!(seen, expected);
    let told = format!("{seen:?}");
    assert!(
        CANARIES.iter().chain(&["DL1 5", "CLA-100", "N1", "C2"]).all(|canary| !told.contains(canary)),
        "{told}"
    );
}

#[tokio::test]
async fn what_was_not_released_looks_like_what_is_not_there() {
    let bench = Bench::open().await;
    let posted = bench.post("r-1").await;
    bench.release(&posted.name, &["oak"]).await;
    let missing =
        posted.name.replace(crate::bench::last(&posted.name), "0190f5c2-6b1e-7c3a-9d21-3f0c5a7e8b11");
    let not_served = posted.name.replace("E06000005", "E06000015");
    let get = async |name: &str| {
        let message = proto::GetReleasedReferralRequest { name: name.to_owned() };
        bench.service.get_released_referral(bench.elm(message)).await.unwrap_err()
    };
    for name in [&posted.name, &missing, &not_served] {
        let refused = get(name).await;
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "REFERRAL_UNKNOWN"));
        let offer = proto::SubmitOfferRequest { parent: name.clone(), ..offer_request(name) };
        let refused = bench.service.submit_offer(bench.elm(offer)).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "REFERRAL_UNKNOWN"));
        let reveal = proto::RevealIdentityRequest { name: name.clone(), purpose: "SAFEGUARDING".to_owned() };
        let refused = bench.service.reveal_identity(bench.elm(reveal)).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "REFERRAL_UNKNOWN"));
    }
    let (hidden, absent) = (get(&posted.name).await, get(&missing).await);
    let without_id = |text: &str, name: &str| text.replace(crate::bench::last(name), "");
    assert_eq!(without_id(hidden.message(), &posted.name), without_id(absent.message(), &missing));
}

#[tokio::test]
async fn a_provider_lists_what_all_councils_released_to_it() {
    let bench = Bench::open().await;
    for n in 0..3 {
        let posted = bench.post(&format!("r-{n}")).await;
        bench.release(&posted.name, if n == 0 { &["elm"] } else { &["oak"] }).await;
    }
    let mut message = crate::bench::post_request("r-n");
    message.parent = "councils/E06000047".to_owned();
    let by_neighbour = Role::Council(neighbour());
    let posted =
        bench.service.post_referral(bench.by(by_neighbour.clone(), message)).await.unwrap().into_inner();
    let release = proto::ReleaseReferralRequest {
        name: posted.name,
        providers: vec!["providers/oak".to_owned()],
        ..Default::default()
    };
    bench.service.release_referral(bench.by(by_neighbour, release)).await.unwrap();
    let list = |page_token: &str| proto::ListReleasedReferralsRequest {
        parent: "providers/oak".to_owned(),
        page_size: 2,
        page_token: page_token.to_owned(),
        open_only: true,
    };
    let first = bench.service.list_released_referrals(bench.oak(list(""))).await.unwrap().into_inner();
    let second = bench
        .service
        .list_released_referrals(bench.oak(list(&first.next_page_token)))
        .await
        .unwrap()
        .into_inner();
    let names: Vec<_> = first.referrals.iter().chain(&second.referrals).map(|it| it.name.clone()).collect();
    assert_eq!((names.len(), second.next_page_token.as_str()), (3, ""));
    assert!(names.is_sorted() && names[2].starts_with("councils/E06000047/"));
    let refused = bench.service.list_released_referrals(bench.elm(list(""))).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "NOT_YOURS"));
}

fn release(referral: &str, providers: &[&str]) -> proto::ReleaseReferralRequest {
    proto::ReleaseReferralRequest {
        name: referral.to_owned(),
        providers: providers.iter().map(|id| format!("providers/{id}")).collect(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_referral_is_released_to_nobody_where_one_of_them_is_not_registered() {
    let bench = Bench::open().await;
    let posted = bench.post("r-1").await;
    let asked = release(&posted.name, &["oak", "aok", "elm", "lem"]);
    let refused = bench.service.release_referral(bench.own(asked)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "PROVIDER_UNKNOWN"));
    assert_eq!(crate::bench::fields(&refused), ["providers[1]", "providers[3]"]);
    assert!(refused.message().contains("aok"), "{}", refused.message());
    assert_eq!(bench.types().await, ["ReferralPosted"]);
    let elsewhere = posted.name.replace(crate::bench::last(&posted.name), &uuid::Uuid::nil().to_string());
    let refused = bench.service.release_referral(bench.own(release(&elsewhere, &["aok"]))).await.unwrap_err();
    assert_eq!(reason(&refused), "REFERRAL_UNKNOWN");
}

#[tokio::test]
async fn a_provider_registered_a_moment_ago_is_waited_for() {
    let mut bench = Bench::open().await;
    let posted = bench.post("r-1").await;
    bench.is_deaf();
    bench.market_alone(vec![registered("ash")]).await;
    let service = bench.service.clone();
    let asked = bench.own(release(&posted.name, &["ash"]));
    let (released, ()) = tokio::join!(service.release_referral(asked), async {
        tokio::task::yield_now().await;
        bench.hears();
    });
    assert_eq!(released.unwrap().into_inner().releases.len(), 1);
    bench.is_deaf();
    bench.market_alone(vec![registered("yew")]).await;
    // It cannot be known, so it is not said that there is none; who is known already needs no waiting.
    let asked = bench.own(release(&posted.name, &["yew"]));
    assert_eq!(bench.service.release_referral(asked).await.unwrap_err().code(), Code::Unavailable);
    bench.release(&posted.name, &["oak"]).await;
}

#[tokio::test]
async fn an_offer_reaches_the_council_and_can_be_taken_back() {
    let bench = Bench::open().await;
    let (referral, offer) = bench.offered().await;
    assert!(offer.live && offer.weekly_pence == 453_400 && offer.referral_version == 1);
    assert_eq!(bench.offer(&referral.name).await, offer, "a repeat is the same offer");
    let list = |live_only| proto::ListOffersRequest {
        parent: referral.name.clone(),
        live_only,
        ..Default::default()
    };
    let offers = bench.service.list_offers(bench.own(list(true))).await.unwrap().into_inner().offers;
    assert_eq!(offers, std::slice::from_ref(&offer));
    let back = proto::WithdrawOfferRequest { name: offer.name.clone(), request_id: String::new() };
    let refused = bench.service.withdraw_offer(bench.elm(back.clone())).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "OFFER_UNKNOWN"));
    let gone = bench.service.withdraw_offer(bench.oak(back)).await.unwrap().into_inner();
    assert!(gone.withdrawn && !gone.live);
    assert!(bench.service.list_offers(bench.own(list(true))).await.unwrap().into_inner().offers.is_empty());
    assert_eq!(bench.service.list_offers(bench.own(list(false))).await.unwrap().into_inner().offers, [gone]);
}

#[tokio::test]
async fn an_offer_is_of_a_place_of_ones_own_and_in_house_only_if_it_is() {
    let bench = Bench::open().await.with_market().await;
    let posted = bench.post("r-1").await;
    bench.release(&posted.name, &["oak", "elm"]).await;
    let refused = bench.service.submit_offer(bench.elm(offer_request(&posted.name))).await.unwrap_err();
    assert_eq!(crate::bench::fields(&refused), ["establishment"]);
    let in_house = common::Route { route: Some(common::route::Route::InHouse(common::route::InHouse {})) };
    let oaks = proto::SubmitOfferRequest { route: Some(in_house.clone()), ..offer_request(&posted.name) };
    let refused = bench.service.submit_offer(bench.oak(oaks)).await.unwrap_err();
    assert_eq!(reason(&refused), "IN_HOUSE_NOT_OWN");
    let own = proto::SubmitOfferRequest {
        place: "places/SC040001-01".to_owned(),
        establishment: "establishments/SC040001".to_owned(),
        route: Some(in_house),
        ..offer_request(&posted.name)
    };
    let elsewhere = proto::SubmitOfferRequest { place: "places/SC045099-01".to_owned(), ..own.clone() };
    let refused = bench.service.submit_offer(bench.elm(elsewhere)).await.unwrap_err();
    assert_eq!(crate::bench::fields(&refused), ["place"]);
    let offer = bench.service.submit_offer(bench.elm(own)).await.unwrap().into_inner();
    assert!(offer.own_establishment && offer.live);
}

#[tokio::test]
async fn an_offer_without_a_route_or_price_is_told_so() {
    let bench = Bench::open().await;
    let posted = bench.post("r-1").await;
    bench.release(&posted.name, &["oak"]).await;
    let wrong =
        proto::SubmitOfferRequest { route: None, place: "SC1".to_owned(), ..offer_request(&posted.name) };
    let refused = bench.service.submit_offer(bench.oak(wrong)).await.unwrap_err();
    assert_eq!(crate::bench::fields(&refused), ["place", "route"]);
    let mut wrong = offer_request(&posted.name);
    wrong.lines[0].weekly_pence = -1;
    let refused = bench.service.submit_offer(bench.oak(wrong)).await.unwrap_err();
    assert_eq!(crate::bench::fields(&refused), ["lines[0].weekly_pence"]);
    let wrong = proto::SubmitOfferRequest {
        lines: Vec::new(),
        valid_until: "2026-05-31".to_owned(),
        route: Some(spot_route()),
        ..offer_request(&posted.name)
    };
    let refused = bench.service.submit_offer(bench.oak(wrong)).await.unwrap_err();
    assert_eq!(crate::bench::fields(&refused), ["valid_until", "lines"]);
}

#[tokio::test]
async fn a_decline_says_why() {
    let bench = Bench::open().await;
    let posted = bench.post("r-1").await;
    bench.release(&posted.name, &["oak"]).await;
    let decline = |reason: &str| proto::DeclineReferralRequest {
        name: posted.name.clone(),
        reason: reason.to_owned(),
        request_id: String::new(),
    };
    let seen = bench.service.decline_referral(bench.oak(decline("STAFFING"))).await.unwrap().into_inner();
    assert_eq!(seen.decline_reason, "STAFFING");
    let refused = bench.service.decline_referral(bench.oak(decline("DISLIKE"))).await.unwrap_err();
    assert_eq!(crate::bench::fields(&refused), ["reason"]);
    let get = proto::GetReferralRequest { name: posted.name.clone() };
    let referral = bench.service.get_referral(bench.own(get)).await.unwrap().into_inner();
    assert_eq!(referral.releases[0].decline_reason, "STAFFING");
}
