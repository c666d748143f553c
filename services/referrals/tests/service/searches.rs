//! A recorded search explains itself, and is made again as of its instant.

use crate::bench::{Bench, council, fields, neighbour, post_request, reason, requirements, start};
use api::referrals as proto;
use api::referrals::referrals_service_server::ReferralsService;
use care::market::{MarketEvent, VacancyWithdrawn};
use proto::judgement::Judged;
use service_kit::Role;
use tonic::Code;

async fn search(bench: &Bench, referral: &str, miles: Option<u32>) -> proto::SearchReferralResponse {
    let message = proto::SearchReferralRequest {
        name: referral.to_owned(),
        max_distance_miles: miles,
        ..Default::default()
    };
    bench.service.search_referral(bench.own(message)).await.unwrap().into_inner()
}

fn asking(name: &str) -> proto::ExplainSearchRequest {
    proto::ExplainSearchRequest { name: name.to_owned(), ..Default::default() }
}

async fn explained(bench: &Bench, name: &str) -> proto::ExplainSearchResponse {
    bench.service.explain_search(bench.own(asking(name))).await.unwrap().into_inner()
}

fn withdrawn(place: &str) -> MarketEvent {
    VacancyWithdrawn { place: place.parse().unwrap(), at: start() }.into()
}

/// Rank and place of each, and the rules that those left out failed.
fn told(explained: &proto::ExplainSearchResponse) -> Vec<(u32, String, Vec<String>)> {
    let one = |it: &proto::Judgement| match it.judged.clone().unwrap() {
        Judged::Match(found) => (it.rank, found.place, vec![]),
        Judged::LeftOut(out) => {
            (it.rank, out.place, out.findings.into_iter().map(|finding| finding.rule).collect())
        }
    };
    explained.judgements.iter().map(one).collect()
}

#[tokio::test]
async fn a_search_is_made_again_as_the_market_and_the_referral_were() {
    let bench = Bench::open().await.with_market().await;
    let posted = bench.post("r-1").await;
    let first = search(&bench, &posted.name, None).await.evidence.unwrap();
    assert_eq!((first.name.as_str(), first.digest.len()), (&*format!("{}/searches/1", posted.name), 64));
    bench.market(vec![withdrawn("SC045099-01")]).await;
    let amended = proto::AmendReferralRequest {
        name: posted.name.clone(),
        etag: posted.etag.clone(),
        requirements: Some(proto::Requirements { solo: true, anchor: "BH1".to_owned(), ..requirements() }),
        ..Default::default()
    };
    bench.service.amend_referral(bench.own(amended)).await.unwrap();
    let second = search(&bench, &posted.name, Some(30)).await.evidence.unwrap();
    assert_ne!(first.digest, second.digest);

    // Back and forth: the market of then is folded on where that is nearer, and anew where it is not.
    for _ in 0..2 {
        let again = explained(&bench, &first.name).await;
        assert_eq!((again.equal, &again.digest, again.search.as_ref()), (true, &first.digest, Some(&first)));
        let both =
            [(1, "places/SC045099-01".to_owned(), vec![]), (2, "places/SC040001-01".to_owned(), vec![])];
        assert_eq!(told(&again), both);
        let again = explained(&bench, &second.name).await;
        assert_eq!((again.equal, again.same_rules, &again.digest), (true, true, &second.digest));
        let out = |place: &str, rules: &[&str]| {
            (0, format!("places/{place}"), rules.iter().map(|rule| (*rule).to_owned()).collect())
        };
        let far = [out("SC040001-01", &["DISTANCE"]), out("SC045099-01", &["DISTANCE", "NOT_ADVERTISED"])];
        assert_eq!(told(&again), far);
    }
    let list = proto::ListSearchesRequest { parent: posted.name.clone(), page_size: 1, ..Default::default() };
    let page = bench.service.list_searches(bench.own(list.clone())).await.unwrap().into_inner();
    assert_eq!(page.searches, [first]);
    let list = proto::ListSearchesRequest { page_token: page.next_page_token, ..list };
    let page = bench.service.list_searches(bench.own(list)).await.unwrap().into_inner();
    assert_eq!((page.searches, page.next_page_token.as_str()), (vec![second.clone()], ""));
    let get = proto::GetReferralRequest { name: posted.name.clone() };
    let referral = bench.service.get_referral(bench.own(get)).await.unwrap().into_inner();
    assert_eq!(referral.last_search, Some(second));
}

#[tokio::test]
async fn a_place_that_one_rule_left_out_says_what_would_have_to_be_asked() {
    let bench = Bench::open().await.with_market().await;
    let anchored = proto::Requirements { anchor: "DE1".to_owned(), ..requirements() };
    let message = proto::PostReferralRequest { requirements: Some(anchored), ..post_request("r-1") };
    let posted = bench.post_as(message).await;
    let found = search(&bench, &posted.name, Some(20)).await;
    assert!(found.matches.is_empty());
    let places: Vec<_> = found.near_misses.iter().map(|it| it.place.as_str()).collect();
    assert_eq!(places.len(), 2, "{found:?}");
    let finding = &found.near_misses[0].findings[0];
    assert_eq!((finding.rule.as_str(), found.near_misses[0].findings.len()), ("DISTANCE", 1));
    let more = finding.counterfactual.strip_prefix("would match if the radius were ").unwrap();
    let more: geography::Miles = more.strip_suffix(" miles more").unwrap().parse().unwrap();
    // It is true: with as much more, rounded up to whole miles, the place is found.
    let found = search(&bench, &posted.name, Some(20 + more.tenths.div_ceil(10))).await;
    assert!(found.matches.iter().any(|it| it.place == places[0]), "{more:?}");
    let nearest = &found.matches[0];
    let (home, centre) = (nearest.from_home.unwrap(), nearest.from_centre.unwrap());
    assert_eq!(Some(home.tenths_of_mile), nearest.distance_tenths_of_mile);
    assert!(!home.within_20_miles && centre.within_20_miles, "{nearest:?}");
}

#[tokio::test]
async fn a_home_in_an_area_that_is_to_be_avoided_is_left_out_and_says_so() {
    let bench = Bench::open().await.with_market().await;
    let avoided = vec!["councils/E06000005".to_owned()];
    let asked = proto::Requirements { avoid_areas: avoided, ..requirements() };
    let message = proto::PostReferralRequest { requirements: Some(asked), ..post_request("r-1") };
    let posted = bench.post_as(message).await;
    let found = search(&bench, &posted.name, None).await;
    assert!(found.matches.is_empty(), "{found:?}");
    let told: Vec<_> = found.near_misses.iter().flat_map(|it| &it.findings).collect();
    assert_eq!(told.len(), 2);
    for finding in told {
        assert_eq!((finding.rule.as_str(), finding.fact.as_str()), ("AVOIDED_AREA", "it lies in Darlington"));
        assert_eq!(finding.counterfactual, "would match if Darlington need not be avoided");
    }
}

#[tokio::test]
async fn one_place_can_be_asked_for_and_what_is_not_there_is_said() {
    let bench = Bench::open().await.with_market().await;
    let posted = bench.post("r-1").await;
    let name = search(&bench, &posted.name, None).await.evidence.unwrap().name;
    let of = |place: &str| proto::ExplainSearchRequest { place: place.to_owned(), ..asking(&name) };
    let one = bench.service.explain_search(bench.own(of("places/SC040001-01"))).await.unwrap().into_inner();
    assert_eq!(told(&one), [(2, "places/SC040001-01".to_owned(), vec![])], "its rank among all");
    let second = format!("{}/searches/2", posted.name);
    let unknown = format!("councils/{}/referrals/{}/searches/1", council(), uuid::Uuid::nil());
    for (message, code, said) in [
        (of("places/SC000000-01"), Code::NotFound, "PLACE_UNKNOWN"),
        (asking(&second), Code::NotFound, "SEARCH_UNKNOWN"),
        (asking(&posted.name), Code::InvalidArgument, "FIELD_INVALID"),
        (asking(&format!("{}/searches/0", posted.name)), Code::InvalidArgument, "FIELD_INVALID"),
        (asking(&format!("{}/searches/01", posted.name)), Code::InvalidArgument, "FIELD_INVALID"),
        (of("homes/1"), Code::InvalidArgument, "FIELD_INVALID"),
        (asking(&unknown), Code::NotFound, "REFERRAL_UNKNOWN"),
    ] {
        let refused = bench.service.explain_search(bench.own(message.clone())).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (code, said), "{message:?}");
        assert_eq!(fields(&refused).is_empty(), code == Code::NotFound);
    }
    let other = bench.service.explain_search(bench.by(Role::Council(neighbour()), asking(&name))).await;
    assert_eq!(other.unwrap_err().code(), Code::PermissionDenied);
}
