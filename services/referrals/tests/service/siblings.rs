//! Sibling groups, the whole way: linked, parted with a reason, and read again.

use crate::bench::{Bench, award_request, offer_request, post_request, reason, requirements};
use api::referrals as proto;
use api::referrals::referrals_service_server::ReferralsService;
use tonic::Code;

/// A referral that asks that siblings live together, with an offer of this home by its provider.
async fn sibling(bench: &Bench, n: u32, urn: &str) -> (proto::Referral, proto::Offer) {
    let together = proto::Requirements { siblings: "REQUIRED".to_owned(), ..requirements() };
    let message =
        proto::PostReferralRequest { requirements: Some(together), ..post_request(&format!("r-{n}")) };
    let posted = bench.post_as(message).await;
    bench.release(&posted.name, &["oak", "elm"]).await;
    bench.cascade(&posted.name).await;
    let message = proto::SubmitOfferRequest {
        place: format!("places/{urn}-01"),
        establishment: format!("establishments/{urn}"),
        request_id: format!("o-{n}"),
        ..offer_request(&posted.name)
    };
    let message = if urn == "SC045099" { bench.oak(message) } else { bench.elm(message) };
    let offer = bench.service.submit_offer(message).await.unwrap().into_inner();
    (posted, offer)
}

async fn awarded(bench: &Bench, request: proto::AwardReferralRequest) {
    let award = bench.service.award_referral(bench.own(request)).await.unwrap().into_inner();
    let issued = bench.issued(&award).await;
    let agreement = care::AgreementId::for_request("test", &award.name);
    bench.contracts(care::published::AgreementIssued { agreement, ..issued }).await;
}

async fn group(bench: &Bench, name: &str) -> proto::SiblingGroup {
    let get = proto::GetReferralRequest { name: name.to_owned() };
    bench.service.get_referral(bench.own(get)).await.unwrap().into_inner().sibling_group.unwrap()
}

#[tokio::test]
async fn siblings_part_with_a_reason_that_both_their_referrals_tell() {
    let bench = Bench::open().await.with_market().await;
    let (one, ones) = sibling(&bench, 1, "SC045099").await;
    let (other, others) = sibling(&bench, 2, "SC040001").await;
    assert_eq!(one.sibling_group, None);
    let link = proto::LinkSiblingsRequest {
        name: one.name.clone(),
        siblings: vec![other.name.clone()],
        request_id: "l-1".to_owned(),
    };
    let linked = bench.service.link_siblings(bench.own(link)).await.unwrap().into_inner();
    let expected = proto::SiblingGroup {
        siblings: vec![other.name.clone()],
        outcome: proto::SiblingOutcome::Undecided.into(),
        split_reasons: Vec::new(),
    };
    assert_eq!(linked.sibling_group, Some(expected));
    awarded(&bench, award_request(&ones, 0)).await;
    assert_eq!(group(&bench, &other.name).await.outcome(), proto::SiblingOutcome::Undecided);
    let apart = proto::AwardReferralRequest { request_id: "a-2".to_owned(), ..award_request(&others, 0) };
    let missing = bench.service.award_referral(bench.own(apart.clone())).await.unwrap_err();
    assert_eq!(
        (missing.code(), reason(&missing).as_str()),
        (Code::FailedPrecondition, "SIBLING_SPLIT_REASON_MISSING")
    );
    awarded(&bench, proto::AwardReferralRequest { sibling_split_reason: "SAFETY".to_owned(), ..apart }).await;
    for name in [&one.name, &other.name] {
        let told = group(&bench, name).await;
        assert_eq!(told.outcome(), proto::SiblingOutcome::Split);
        assert_eq!(told.split_reasons, ["SAFETY"]);
    }
}

#[tokio::test]
async fn another_councils_referral_is_no_sibling_of_this_ones() {
    let bench = Bench::open().await;
    let one = bench.post("r-1").await;
    let foreign = one.name.replace("E06000005", "E06000047");
    let twice = vec![foreign, one.name.clone(), one.name.clone()];
    let link = proto::LinkSiblingsRequest { name: one.name, siblings: twice, request_id: String::new() };
    let refused = bench.service.link_siblings(bench.own(link)).await.unwrap_err();
    assert_eq!(crate::bench::fields(&refused), ["siblings[0]", "siblings[2]"]);
}
