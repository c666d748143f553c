//! A recorded search explains itself, and is made again as of its instant.

use crate::bench::{Bench, council, fields, neighbour, post_request, reason, requirements, start};
use api::referrals as proto;
use api::referrals::referrals_service_server::ReferralsService;
use care::market::{MarketEvent, PlaceOpened, VacancyWithdrawn};
use futures::StreamExt as _;
use prost::Message as _;
use proto::export_search_response::Piece;
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

fn exporting(name: &str) -> proto::ExportSearchRequest {
    proto::ExportSearchRequest { name: name.to_owned() }
}

async fn exported(bench: &Bench, name: &str) -> Vec<proto::ExportSearchResponse> {
    let stream = bench.service.export_search(bench.own(exporting(name))).await.unwrap().into_inner();
    stream.map(Result::unwrap).collect().await
}

/// The head, all judgements and the totals of an export.
fn parts(
    pieces: &[proto::ExportSearchResponse],
) -> (proto::ExportedSearch, Vec<proto::Judgement>, proto::ExportedTotals) {
    let [first, places @ .., last] = pieces else { panic!("{pieces:?}") };
    let (Some(Piece::Search(head)), Some(Piece::Totals(totals))) = (&first.piece, &last.piece) else {
        panic!("{pieces:?}")
    };
    let of_piece = |it: &proto::ExportSearchResponse| match &it.piece {
        Some(Piece::Places(places)) => {
            assert!(places.encoded_len() <= 16_384 && !places.judgements.is_empty());
            places.judgements.clone()
        }
        other => panic!("{other:?}"),
    };
    (head.clone(), places.iter().flat_map(of_piece).collect(), *totals)
}

/// Every page of what a search judged.
async fn pages(bench: &Bench, name: &str) -> (proto::ExplainSearchResponse, Vec<proto::Judgement>) {
    let mut request = proto::ExplainSearchRequest { page_size: 200, ..asking(name) };
    let mut all = Vec::new();
    loop {
        let page = bench.service.explain_search(bench.own(request.clone())).await.unwrap().into_inner();
        all.extend(page.judgements.clone());
        if page.next_page_token.is_empty() {
            return (page, all);
        }
        request.page_token = page.next_page_token;
    }
}

/// More places that nobody advertises.
fn opened(numbers: std::ops::Range<usize>) -> Vec<MarketEvent> {
    let one = |number: usize| {
        let (place, urn) = (format!("SC040001-{number:03}").parse().unwrap(), "SC040001".parse().unwrap());
        PlaceOpened { place, urn, household: None, at: start() }.into()
    };
    numbers.map(one).collect()
}

#[tokio::test]
async fn an_export_has_every_place_of_the_pages_and_says_that_it_is_whole() {
    let bench = Bench::open().await.with_market().await;
    bench.market(opened(100..700)).await;
    let posted = bench.post("r-1").await;
    let name = search(&bench, &posted.name, None).await.evidence.unwrap().name;
    let pieces = exported(&bench, &name).await;
    let (head, judgements, totals) = parts(&pieces);
    assert!(pieces.len() > 4, "{} pieces", pieces.len());
    let (explained, mut paged) = pages(&bench, &name).await;
    assert_eq!((head.search, head.digest, head.equal), (explained.search, explained.digest, true));
    assert!(head.same_rules);
    assert_eq!(head.requirements, posted.requirements);
    let is_ranked = |it: &proto::Judgement| it.rank > 0;
    let ranked = paged.iter().take_while(|it| is_ranked(it)).count();
    assert_eq!(judgements[..ranked], paged[..ranked], "the ranked first, in their order");
    let findings = |it: &proto::Judgement| match &it.judged {
        Some(Judged::LeftOut(out)) => out.findings.len() as u64,
        _ => 0,
    };
    let told = proto::ExportedTotals {
        matches: u32::try_from(ranked).unwrap(),
        left_out: u32::try_from(judgements.len() - ranked).unwrap(),
        findings: judgements.iter().map(findings).sum(),
    };
    assert_eq!((head.totals, totals, told.matches, told.left_out), (Some(told), told, 2, 600));
    let key = |it: &proto::Judgement| match it.judged.clone().unwrap() {
        Judged::Match(found) => found.place,
        Judged::LeftOut(out) => out.place,
    };
    let mut sorted = judgements;
    sorted.sort_by_key(key);
    paged.sort_by_key(key);
    assert_eq!(sorted, paged, "an export is all pages together");
}

#[tokio::test]
async fn an_export_is_the_same_whenever_it_is_asked_for() {
    let bench = Bench::open().await.with_market().await;
    bench.market(opened(100..103)).await;
    let posted = bench.post("r-1").await;
    let first = search(&bench, &posted.name, None).await.evidence.unwrap().name;
    let before = exported(&bench, &first).await;
    bench.market(vec![withdrawn("SC045099-01")]).await;
    bench.market(opened(103..105)).await;
    let second = search(&bench, &posted.name, None).await.evidence.unwrap().name;
    let later = exported(&bench, &second).await;
    assert_eq!(parts(&later).2.left_out, 6, "the withdrawn one, and five");
    // As of then it is what it was, byte for byte, though the market has gone on; and forth again.
    let bytes = |pieces: &[proto::ExportSearchResponse]| {
        pieces.iter().map(prost::Message::encode_to_vec).collect::<Vec<_>>()
    };
    for _ in 0..2 {
        assert_eq!(bytes(&exported(&bench, &first).await), bytes(&before));
        assert_eq!(bytes(&exported(&bench, &second).await), bytes(&later));
    }
    assert!(parts(&before).0.equal);
}

#[tokio::test]
async fn a_caller_that_reads_slowly_keeps_nobody_from_another_market_and_two_are_enough() {
    let bench = Bench::open().await.with_market().await;
    for thousand in 1..=10 {
        bench.market(opened(thousand * 1000..thousand * 1000 + 1000)).await;
    }
    let posted = bench.post("r-1").await;
    let first = search(&bench, &posted.name, None).await.evidence.unwrap().name;
    bench.market(vec![withdrawn("SC045099-01")]).await;
    let second = search(&bench, &posted.name, None).await.evidence.unwrap().name;
    let of = |name: &str| bench.own(exporting(name));
    let slow = bench.service.export_search(of(&first)).await.unwrap().into_inner();
    let other = bench.service.export_search(of(&second)).await.unwrap().into_inner();
    let refused = bench.service.export_search(of(&second)).await.err().unwrap();
    assert_eq!((refused.code(), &*reason(&refused)), (Code::ResourceExhausted, "TOO_MANY_EXPORTS"));
    assert!(explained(&bench, &second).await.equal, "the market goes on beside them");
    let slow: Vec<_> = slow.map(Result::unwrap).collect().await;
    assert_eq!(parts(&slow).2.left_out, 10_000, "and what was begun is whole");
    // One that goes away leaves room.
    drop(other);
    while bench.service.export_search(of(&first)).await.is_err() {
        tokio::task::yield_now().await;
    }
    // At the end of the service nobody is waited for, and what is broken off does not look whole.
    let broken = loop {
        if let Ok(answer) = bench.service.export_search(of(&first)).await {
            break answer.into_inner();
        }
        tokio::task::yield_now().await;
    };
    bench.service.end_calls();
    let pieces: Vec<_> = broken.collect().await;
    assert!(!pieces.iter().any(|it| matches!(it, Ok(it) if matches!(it.piece, Some(Piece::Totals(_))))));
}

#[tokio::test]
async fn an_export_of_what_is_not_there_or_not_ones_own_is_refused() {
    let bench = Bench::open().await.with_market().await;
    let posted = bench.post("r-1").await;
    let name = search(&bench, &posted.name, None).await.evidence.unwrap().name;
    for (name, code, said) in [
        (format!("{}/searches/2", posted.name), Code::NotFound, "SEARCH_UNKNOWN"),
        (posted.name.clone(), Code::InvalidArgument, "FIELD_INVALID"),
        (
            format!("councils/{}/referrals/{}/searches/1", council(), uuid::Uuid::nil()),
            Code::NotFound,
            "REFERRAL_UNKNOWN",
        ),
    ] {
        let refused = bench.service.export_search(bench.own(exporting(&name))).await.err().unwrap();
        assert_eq!((refused.code(), reason(&refused).as_str()), (code, said), "{name}");
    }
    let other = bench.service.export_search(bench.by(Role::Council(neighbour()), exporting(&name))).await;
    assert_eq!(other.err().unwrap().code(), Code::PermissionDenied);
}
