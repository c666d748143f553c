//! The wider form: told and read back, in clear or sealed, and what a release shows of it.

use crate::bench::{Bench, fields, identity, post_request, requirements};
use api::referrals as proto;
use api::referrals::referrals_service_server::ReferralsService;

fn codes(list: &[&str]) -> Vec<String> {
    list.iter().map(|code| (*code).to_owned()).collect()
}

/// All of the form.
pub(crate) fn whole() -> proto::Requirements {
    proto::Requirements {
        risks: codes(&["MISSING"]),
        strengths: codes(&["CREATIVE"]),
        education: Some(proto::Education {
            phase: "SECONDARY".to_owned(),
            ehcp: "YES".to_owned(),
            send: codes(&["SEMH"]),
        }),
        family_time: Some(proto::FamilyTime { frequency: "WEEKLY".to_owned(), max_miles: Some(15) }),
        siblings: "PREFERRED".to_owned(),
        sibling_reason: "BOND".to_owned(),
        parent_and_child: "NO".to_owned(),
        deprivation_of_liberty: "NO".to_owned(),
        national_transfer: "NO".to_owned(),
        route_into_care: "CHILD_IN_CARE".to_owned(),
        exclusions: codes(&["PETS"]),
        avoid_areas: vec!["councils/E06000002".to_owned()],
        ..requirements()
    }
}

pub(crate) fn post_whole(request_id: &str) -> proto::PostReferralRequest {
    proto::PostReferralRequest { requirements: Some(whole()), ..post_request(request_id) }
}

#[tokio::test]
async fn the_whole_form_comes_back_and_is_complete() {
    let bench = Bench::open().await;
    let posted = bench.post_as(post_whole("r-1")).await;
    let asked = posted.requirements.clone().unwrap();
    let (age_years, anchor, funders) = (asked.age_years, asked.anchor.clone(), asked.funders.clone());
    assert_eq!(asked, proto::Requirements { age_years, anchor, funders, ..whole() });
    assert_eq!((posted.complete_thousandths, posted.unknown_fields.len()), (1_000, 0));
    let repeat = bench.post_as(post_whole("r-1")).await;
    assert_eq!(repeat, posted);
    let other = proto::PostReferralRequest {
        identity: Some(proto::Identity { religion: "JEWISH".to_owned(), ..identity() }),
        ..post_whole("r-1")
    };
    bench.service.post_referral(bench.own(other)).await.expect_err("another request under the same id");
}

#[tokio::test]
async fn wrong_codes_are_told_by_field_and_sealed_ones_are_not_repeated() {
    let bench = Bench::open().await;
    let wrong = proto::PostReferralRequest {
        requirements: Some(proto::Requirements {
            risks: codes(&["DRAGONS"]),
            avoid_areas: vec!["councils/atlantis".to_owned()],
            family_time: Some(proto::FamilyTime { frequency: "WEEKLY".to_owned(), max_miles: Some(90_000) }),
            ..whole()
        }),
        identity: Some(proto::Identity {
            health: codes(&["NONE", "EPILEPSY"]),
            ethnicity: "Zebedese".to_owned(),
            ..identity()
        }),
        ..post_whole("r-1")
    };
    let refused = bench.service.post_referral(bench.own(wrong)).await.unwrap_err();
    assert_eq!(
        fields(&refused),
        [
            "identity.health",
            "identity.ethnicity",
            "requirements.avoid_areas[0]",
            "requirements.risks",
            "requirements.family_time.max_miles"
        ]
    );
    assert!(!format!("{refused:?}").contains("Zebedese"), "{refused:?}");
}

#[tokio::test]
async fn a_release_that_names_risks_and_no_strength_is_warned_of() {
    let bench = Bench::open().await;
    let warned = async |request_id: &str, strengths: &[&str]| {
        let requirements = Some(proto::Requirements { strengths: codes(strengths), ..whole() });
        let posted =
            bench.post_as(proto::PostReferralRequest { requirements, ..post_whole(request_id) }).await;
        let preview =
            bench.service.preview_release(bench.own(proto::PreviewReleaseRequest { name: posted.name }));
        let warnings = preview.await.unwrap().into_inner().warnings;
        warnings.into_iter().map(|it| it.reason).collect::<Vec<_>>()
    };
    assert_eq!(warned("r-1", &[]).await, ["RISKS_WITHOUT_STRENGTHS"]);
    assert!(warned("r-2", &["HUMOUR"]).await.is_empty());
}

#[tokio::test]
async fn a_release_shows_what_a_home_answers_to_and_no_more() {
    let bench = Bench::open().await;
    let posted = bench.post_as(post_whole("r-1")).await;
    bench.release(&posted.name, &["oak"]).await;
    let get = proto::GetReleasedReferralRequest { name: posted.name.clone() };
    let seen = bench.service.get_released_referral(bench.oak(get)).await.unwrap().into_inner();
    assert_eq!(
        (seen.risks.as_slice(), seen.strengths.as_slice()),
        (&codes(&["MISSING"])[..], &codes(&["CREATIVE"])[..])
    );
    assert_eq!((seen.education_phase.as_str(), seen.siblings.as_str()), ("SECONDARY", "PREFERRED"));
    assert_eq!(seen.exclusions, codes(&["PETS"]));
    let told = format!("{seen:?}");
    for hidden in ["SEMH", "WEEKLY", "BOND", "CHILD_IN_CARE", "E06000002", "EPILEPSY", "WROM", "\"ROM\""] {
        assert!(!told.contains(hidden), "{hidden} in {told}");
    }
}

#[tokio::test]
async fn sealed_codes_are_cleared_by_an_amendment_that_says_so() {
    let bench = Bench::open().await;
    let posted = bench.post_as(post_whole("r-1")).await;
    bench.release(&posted.name, &["elm"]).await;
    bench.service.shortlist_provider(bench.own(crate::shortlist::put_on(&posted.name, "elm"))).await.unwrap();
    let known = posted.unknown_fields.len();
    let amend = |etag: &str, replace_background| proto::AmendReferralRequest {
        name: posted.name.clone(),
        etag: etag.to_owned(),
        requirements: Some(whole()),
        identity: None,
        request_id: format!("m-{etag}"),
        replace_background,
    };
    let kept = bench.service.amend_referral(bench.own(amend("1", false))).await.unwrap().into_inner();
    assert_eq!(kept.unknown_fields.len(), known);
    let cleared = bench.service.amend_referral(bench.own(amend("2", true))).await.unwrap().into_inner();
    assert_eq!(cleared.unknown_fields.len(), known + 4, "{:?}", cleared.unknown_fields);
    let repeat = bench.service.amend_referral(bench.own(amend("2", true))).await.unwrap().into_inner();
    assert_eq!(repeat, cleared);
    let reveal = proto::RevealIdentityRequest { name: posted.name.clone(), purpose: "CASE_WORK".to_owned() };
    let seen = bench.service.reveal_identity(bench.own(reveal)).await.unwrap().into_inner().identity.unwrap();
    assert!(seen.health.is_empty() && seen.ethnicity.is_empty() && seen.language.is_empty());
    assert_eq!((seen.given_name.as_str(), seen.narrative.as_str()), ("Zebedee", "Plays the trombone."));
    let read = proto::ReadShortlistedReferralRequest { name: posted.name.clone() };
    let read = bench.service.read_shortlisted_referral(bench.elm(read)).await.unwrap().into_inner();
    assert!(read.health.is_empty() && read.religion.is_empty());
    assert_eq!(read.narrative, "Plays the trombone.");
}
