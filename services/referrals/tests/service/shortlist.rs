//! The stages of a release: what all who were asked see, what the shortlisted read and until when.

use crate::bench::{Bench, CANARIES, award_request, identity, post_request, reason};
use crate::form::post_whole;
use api::referrals as proto;
use api::referrals::referrals_service_server::ReferralsService;
use tonic::Code;

pub(crate) fn put_on(name: &str, provider: &str) -> proto::ShortlistProviderRequest {
    let (name, provider) = (name.to_owned(), format!("providers/{provider}"));
    proto::ShortlistProviderRequest { name, provider, request_id: String::new() }
}

fn read(name: &str) -> proto::ReadShortlistedReferralRequest {
    proto::ReadShortlistedReferralRequest { name: name.to_owned() }
}

/// A whole referral that was released to oak and elm, with oak's offer, and both shortlisted.
async fn shortlisted(bench: &Bench) -> (proto::Referral, proto::Offer) {
    let posted = bench.post_as(post_whole("r-1")).await;
    bench.release(&posted.name, &["oak", "elm"]).await;
    bench.cascade(&posted.name).await;
    let offer = bench.offer(&posted.name).await;
    for provider in ["oak", "elm"] {
        let put_on = put_on(&posted.name, provider);
        bench.service.shortlist_provider(bench.own(put_on)).await.unwrap();
    }
    (posted, offer)
}

async fn refused(bench: &Bench, name: &str) -> (Code, String) {
    let refused = bench.service.read_shortlisted_referral(bench.elm(read(name))).await.unwrap_err();
    (refused.code(), reason(&refused))
}

#[tokio::test]
async fn the_shortlisted_read_all_but_who_the_child_is() {
    let bench = Bench::open().await;
    let (posted, _) = shortlisted(&bench).await;
    let seen = bench.service.read_shortlisted_referral(bench.elm(read(&posted.name))).await;
    let seen = seen.unwrap().into_inner();
    assert_eq!((seen.narrative.as_str(), seen.narrative_withheld), ("Plays the trombone.", false));
    assert_eq!(
        (seen.health.as_slice(), seen.ethnicity.as_str(), seen.religion.as_str(), seen.language.as_str()),
        (["EPILEPSY".to_owned()].as_slice(), "WROM", "BUDDHIST", "ROM")
    );
    let asked = crate::form::whole();
    assert_eq!((&seen.education, &seen.family_time), (&asked.education, &asked.family_time));
    assert_eq!((&seen.avoid_areas, seen.age_years), (&asked.avoid_areas, 14));
    assert!(seen.released.as_ref().is_some_and(|it| it.shortlisted && it.offers.is_empty()), "{seen:?}");
    let told = format!("{seen:?}");
    for hidden in &CANARIES[..6] {
        assert!(!told.contains(hidden), "{hidden} in {told}");
    }
    let get = proto::GetReferralRequest { name: posted.name.clone() };
    let own = bench.service.get_referral(bench.own(get)).await.unwrap().into_inner();
    let reads: Vec<_> = own.releases.iter().map(|it| (it.provider.as_str(), it.shortlist_reads)).collect();
    assert_eq!(reads, [("providers/elm", 1), ("providers/oak", 0)]);
    let events = bench.types().await;
    assert_eq!(events.iter().filter(|name| *name == "ShortlistedReferralRead").count(), 1);
}

#[tokio::test]
async fn who_is_not_on_the_list_reads_nothing_and_leaves_no_event() {
    let bench = Bench::open().await;
    let posted = bench.post_as(post_whole("r-1")).await;
    assert_eq!(refused(&bench, &posted.name).await, (Code::NotFound, "REFERRAL_UNKNOWN".to_owned()));
    let early = bench.service.shortlist_provider(bench.own(put_on(&posted.name, "elm"))).await.unwrap_err();
    assert_eq!((early.code(), reason(&early).as_str()), (Code::FailedPrecondition, "PROVIDER_NOT_INVITED"));
    bench.release(&posted.name, &["elm"]).await;
    let events = bench.types().await;
    assert_eq!(refused(&bench, &posted.name).await, (Code::PermissionDenied, "NOT_SHORTLISTED".to_owned()));
    assert_eq!(bench.types().await, events);
}

#[tokio::test]
async fn who_loses_or_declines_reads_no_more_and_hears_why() {
    let bench = Bench::open().await;
    let (posted, offer) = shortlisted(&bench).await;
    let award = bench.service.award_referral(bench.own(award_request(&offer, 0))).await.unwrap().into_inner();
    bench.service.read_shortlisted_referral(bench.elm(read(&posted.name))).await.unwrap();
    bench.contracts(bench.issued(&award).await).await;
    let lost = bench.service.read_shortlisted_referral(bench.elm(read(&posted.name))).await.unwrap_err();
    assert_eq!((lost.code(), reason(&lost).as_str()), (Code::PermissionDenied, "SHORTLIST_ENDED"));
    assert!(lost.message().contains("AWARDED_TO_ANOTHER"), "{}", lost.message());
    let get = proto::GetReferralRequest { name: posted.name.clone() };
    let own = bench.service.get_referral(bench.own(get)).await.unwrap().into_inner();
    let ends: Vec<_> = own.releases.iter().map(|it| it.shortlist_end_reason.as_str()).collect();
    assert_eq!(ends, ["AWARDED_TO_ANOTHER", "AWARDED"]);

    let second = bench.post_as(post_whole("r-2")).await;
    bench.release(&second.name, &["elm"]).await;
    bench.service.shortlist_provider(bench.own(put_on(&second.name, "elm"))).await.unwrap();
    let decline = proto::DeclineReferralRequest {
        name: second.name.clone(),
        reason: "NEED".to_owned(),
        request_id: String::new(),
    };
    bench.service.decline_referral(bench.elm(decline)).await.unwrap();
    assert_eq!(refused(&bench, &second.name).await, (Code::PermissionDenied, "SHORTLIST_ENDED".to_owned()));
}

/// Invariant 7: no direct identifier before the award, though a narrative is free text.
#[tokio::test]
async fn a_narrative_that_names_the_child_is_shown_to_nobody() {
    let bench = Bench::open().await;
    let naming =
        || Some(proto::Identity { narrative: "Zebedee plays the trombone.".to_owned(), ..identity() });
    let message = proto::PostReferralRequest { identity: naming(), ..post_request("r-1") };
    let posted = bench.post_as(message).await;
    bench.release(&posted.name, &["elm"]).await;
    let preview =
        bench.service.preview_release(bench.own(proto::PreviewReleaseRequest { name: posted.name.clone() }));
    let warnings = preview.await.unwrap().into_inner().warnings;
    assert_eq!(warnings.iter().map(|it| it.reason.as_str()).collect::<Vec<_>>(), ["NARRATIVE_NAMES_CHILD"]);
    let named = bench.service.shortlist_provider(bench.own(put_on(&posted.name, "elm"))).await.unwrap_err();
    assert_eq!((named.code(), reason(&named).as_str()), (Code::InvalidArgument, "PERSONAL_DATA_IN_TEXT"));
    // Amended to another, shortlisted, and amended back.
    let amend = |etag: &str, identity| proto::AmendReferralRequest {
        name: posted.name.clone(),
        etag: etag.to_owned(),
        requirements: Some(crate::bench::requirements()),
        identity,
        request_id: String::new(),
        replace_background: false,
    };
    bench.service.amend_referral(bench.own(amend("1", Some(identity())))).await.unwrap();
    bench.service.shortlist_provider(bench.own(put_on(&posted.name, "elm"))).await.unwrap();
    bench.service.amend_referral(bench.own(amend("2", naming()))).await.unwrap();
    let seen = bench.service.read_shortlisted_referral(bench.elm(read(&posted.name))).await;
    let seen = seen.unwrap().into_inner();
    assert_eq!((seen.narrative.as_str(), seen.narrative_withheld), ("", true));
}

#[tokio::test]
async fn who_was_awarded_the_referral_reads_on_by_that_grant() {
    let bench = Bench::open().await;
    let award = bench.awarded().await;
    let seen = bench.service.read_shortlisted_referral(bench.oak(read(&award.referral))).await;
    assert_eq!(seen.unwrap().into_inner().narrative, "Plays the trombone.");
}

/// What was answered stays answered, whatever became of the referral, its narrative and the list since.
#[tokio::test]
async fn a_retry_gets_the_answer_that_was_kept_and_seals_nothing() {
    let bench = Bench::open().await;
    let name = bench.post_as(post_whole("r-1")).await.name;
    bench.release(&name, &["oak", "elm"]).await;
    let ask = || proto::ShortlistProviderRequest { request_id: "s-1".to_owned(), ..put_on(&name, "elm") };
    let first = bench.service.shortlist_provider(bench.own(ask())).await.unwrap().into_inner();
    let again = async || {
        let events = bench.types().await;
        let repeat = bench.service.shortlist_provider(bench.own(ask())).await.unwrap().into_inner();
        assert_eq!(repeat, first);
        assert_eq!(bench.types().await, events);
    };
    again().await;
    let off = proto::EndShortlistingRequest {
        name: name.clone(),
        provider: "providers/elm".to_owned(),
        request_id: String::new(),
    };
    bench.service.end_shortlisting(bench.own(off)).await.unwrap();
    again().await;
    let amend = proto::AmendReferralRequest {
        name: name.clone(),
        etag: "1".to_owned(),
        requirements: Some(crate::bench::requirements()),
        identity: Some(proto::Identity { narrative: "Zebedee is tall.".to_owned(), ..identity() }),
        request_id: String::new(),
        replace_background: false,
    };
    bench.service.amend_referral(bench.own(amend)).await.unwrap();
    again().await;
    let withdraw = proto::WithdrawReferralRequest {
        name: name.clone(),
        reason: "OTHER".to_owned(),
        request_id: String::new(),
    };
    bench.service.withdraw_referral(bench.own(withdraw)).await.unwrap();
    again().await;
    let other = proto::ShortlistProviderRequest { request_id: "s-1".to_owned(), ..put_on(&name, "oak") };
    let refused = bench.service.shortlist_provider(bench.own(other)).await.unwrap_err();
    assert_eq!(reason(&refused), "REQUEST_ID_REUSED");
    let new = proto::ShortlistProviderRequest { request_id: "s-2".to_owned(), ..put_on(&name, "elm") };
    let refused = bench.service.shortlist_provider(bench.own(new)).await.unwrap_err();
    assert_eq!(reason(&refused), "REFERRAL_NOT_OPEN");
}
