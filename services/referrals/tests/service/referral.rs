//! The council's side: posting, amending, the cascade, searching, lists.

use crate::bench::{Bench, council, fields, identity, neighbour, post_request, reason, requirements};
use api::referrals as proto;
use api::referrals::referrals_service_server::ReferralsService;
use service_kit::Role;
use tonic::Code;

#[tokio::test]
async fn a_referral_has_age_and_anchor_of_its_child() {
    let bench = Bench::open().await;
    let posted = bench.post("r-1").await;
    let asked = posted.requirements.clone().unwrap();
    assert_eq!((asked.age_years, asked.age_assessed), (Some(14), false));
    assert_eq!(asked.anchor, "DL1 5");
    assert_eq!(asked.funders.iter().map(|share| share.basis_points).collect::<Vec<_>>(), [10_000]);
    assert_eq!((posted.stage(), posted.etag.as_str()), (proto::ReferralStage::Open, "1"));
    assert!(posted.identity_known && posted.narrative_known);
    let get = proto::GetReferralRequest { name: posted.name.clone() };
    assert_eq!(bench.service.get_referral(bench.own(get)).await.unwrap().into_inner(), posted);
}

#[tokio::test]
async fn a_repeat_gives_the_same_and_another_identity_under_the_id_is_refused() {
    let bench = Bench::open().await;
    let posted = bench.post("r-1").await;
    assert_eq!(bench.post("r-1").await, posted);
    assert_eq!(bench.types().await, ["ReferralPosted"]);
    let mut other = post_request("r-1");
    other.identity.as_mut().unwrap().given_name = "Florence".to_owned();
    let refused = bench.service.post_referral(bench.own(other)).await.unwrap_err();
    assert_eq!(reason(&refused), "REQUEST_ID_REUSED");
    let mut other = post_request("r-1");
    other.identity.as_mut().unwrap().narrative.push_str(" Loudly.");
    let refused = bench.service.post_referral(bench.own(other)).await.unwrap_err();
    assert_eq!(reason(&refused), "REQUEST_ID_REUSED");
    assert_ne!(bench.post("").await.name, bench.post("").await.name, "without an id each is new");
}

#[tokio::test]
async fn an_unaccompanied_childs_referral_knows_little() {
    let bench = Bench::open().await;
    let asked = proto::Requirements {
        provisions: vec!["SUPPORTED_ACCOMMODATION".to_owned()],
        age_years: Some(16),
        urgency: "URGENT".to_owned(),
        needed_from: "2026-06-02".to_owned(),
        uasc: true,
        ..Default::default()
    };
    let message =
        proto::PostReferralRequest { requirements: Some(asked), identity: None, ..post_request("r-uasc") };
    let posted = bench.post_as(message).await;
    let asked = posted.requirements.unwrap();
    assert!(asked.age_assessed && asked.anchor.is_empty() && asked.sex == "U");
    assert!(!posted.identity_known && !posted.narrative_known);
}

#[tokio::test]
async fn everything_wrong_is_told_at_once_and_no_identity_is_repeated() {
    let bench = Bench::open().await;
    let message = proto::PostReferralRequest {
        parent: "councils/E99999999".to_owned(),
        requirements: Some(proto::Requirements {
            provisions: vec!["CASTLE".to_owned()],
            urgency: "SOON".to_owned(),
            needed_from: "tomorrow".to_owned(),
            anchor: "DL1 5AB".to_owned(),
            ..requirements()
        }),
        identity: Some(proto::Identity {
            date_of_birth: "3 Feb 2012".to_owned(),
            home_postcode: "DL1 5A!".to_owned(),
            given_name: "Z".repeat(101),
            ..identity()
        }),
        request_id: "r-1".to_owned(),
        follows: None,
    };
    let refused = bench.service.post_referral(bench.own(message)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "FIELD_INVALID"));
    for field in [
        "parent",
        "identity.given_name",
        "identity.home_postcode",
        "identity.date_of_birth",
        "requirements.anchor",
        "requirements.needed_from",
        "requirements.provisions",
        "requirements.urgency",
    ] {
        assert!(fields(&refused).contains(&field.to_owned()), "{field} in {:?}", fields(&refused));
    }
    for told in ["3 Feb", "DL1 5A", "ZZZ"] {
        assert!(!refused.message().contains(told), "{}", refused.message());
    }
    let codes =
        proto::Requirements { urgency: "SOON".to_owned(), max_distance_miles: Some(9999), ..requirements() };
    let message = proto::PostReferralRequest { requirements: Some(codes), ..post_request("r-1") };
    let refused = bench.service.post_referral(bench.own(message)).await.unwrap_err();
    assert_eq!(fields(&refused), ["requirements.urgency", "requirements.max_distance_miles"]);
    let slips = proto::Requirements {
        needed_from: "1926-02-03".to_owned(),
        anchor: "DL99".to_owned(),
        ..requirements()
    };
    let message = proto::PostReferralRequest { requirements: Some(slips), ..post_request("r-1") };
    let refused = bench.service.post_referral(bench.own(message)).await.unwrap_err();
    assert_eq!(reason(&refused), "FIELD_INVALID");
    assert_eq!(fields(&refused), ["requirements.needed_from", "requirements.anchor"]);
    assert!(bench.types().await.is_empty());
}

#[tokio::test]
async fn a_postcode_exists_or_is_refused() {
    let bench = Bench::open().await;
    let at_home = |postcode: &str| {
        let home_postcode = postcode.to_owned();
        proto::PostReferralRequest {
            identity: Some(proto::Identity { home_postcode, ..identity() }),
            ..post_request("r-1")
        }
    };
    let refused = bench.service.post_referral(bench.own(at_home("DL99 9AB"))).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "POSTCODE_UNKNOWN"));
    assert_eq!(fields(&refused), ["identity.home_postcode"]);
    assert!(!refused.message().contains("DL99"));
    let refused = bench.service.post_referral(bench.own(at_home("nowhere"))).await.unwrap_err();
    assert_eq!(reason(&refused), "FIELD_INVALID");
    let anchored = proto::Requirements { anchor: "DL99".to_owned(), ..requirements() };
    let message = proto::PostReferralRequest { requirements: Some(anchored), ..post_request("r-1") };
    let refused = bench.service.post_referral(bench.own(message)).await.unwrap_err();
    assert_eq!(
        (reason(&refused).as_str(), fields(&refused)),
        ("POSTCODE_UNKNOWN", vec!["requirements.anchor".to_owned()])
    );
}

#[tokio::test]
async fn an_age_is_of_a_child_and_known_one_way() {
    let bench = Bench::open().await;
    let born = |date_of_birth: &str, age_years| proto::PostReferralRequest {
        requirements: Some(proto::Requirements { age_years, ..requirements() }),
        identity: Some(proto::Identity { date_of_birth: date_of_birth.to_owned(), ..identity() }),
        ..post_request("r-1")
    };
    for (message, field) in [
        (born("2008-06-01", None), "identity.date_of_birth"),
        (born("2027-06-01", None), "identity.date_of_birth"),
        (born("2012-02-03", Some(14)), "requirements.age_years"),
        (born("", None), "requirements.age_years"),
        (born("", Some(18)), "requirements.age_years"),
    ] {
        let refused = bench.service.post_referral(bench.own(message)).await.unwrap_err();
        assert!(fields(&refused).contains(&field.to_owned()), "{field}: {}", refused.message());
    }
}

#[tokio::test]
async fn a_care_leaver_is_referred_up_to_the_25th_birthday() {
    let bench = Bench::open().await;
    let leaver = |born: &str, request: &str| proto::PostReferralRequest {
        requirements: Some(proto::Requirements {
            provisions: vec!["SUPPORTED_ACCOMMODATION".to_owned()],
            route_into_care: "CARE_LEAVER".to_owned(),
            ..requirements()
        }),
        identity: Some(proto::Identity { date_of_birth: born.to_owned(), ..identity() }),
        ..post_request(request)
    };
    let posted = bench.post_as(leaver("2007-03-01", "r-1")).await;
    assert_eq!(posted.requirements.unwrap().age_years, Some(19));
    let preview = proto::PreviewReleaseRequest { name: posted.name };
    let shown = bench.service.preview_release(bench.own(preview)).await.unwrap().into_inner().shown.unwrap();
    assert_eq!(shown.age_band, i32::from(proto::AgeBand::AgeBand18To24));
    // The clock stands at 1 June 2026.
    bench.post_as(leaver("2001-06-02", "r-2")).await;
    let refused = bench.service.post_referral(bench.own(leaver("2001-06-01", "r-3"))).await.unwrap_err();
    assert_eq!(fields(&refused), ["identity.date_of_birth"]);
    assert!(!refused.message().contains("2001"), "{}", refused.message());
}

#[tokio::test]
async fn a_radius_without_a_place_to_measure_from_is_refused() {
    let bench = Bench::open().await;
    let nowhere = |max_distance_miles, request: &str| proto::PostReferralRequest {
        requirements: Some(proto::Requirements { max_distance_miles, ..requirements() }),
        identity: Some(proto::Identity { home_postcode: String::new(), ..identity() }),
        ..post_request(request)
    };
    let refused = bench.service.post_referral(bench.own(nowhere(Some(20), "r-1"))).await.unwrap_err();
    assert_eq!(fields(&refused), ["requirements.max_distance_miles"]);
    let posted = bench.post_as(nowhere(None, "r-1")).await;
    let search = |max_distance_miles| proto::SearchReferralRequest {
        name: posted.name.clone(),
        max_distance_miles,
        ..Default::default()
    };
    let refused = bench.service.search_referral(bench.own(search(Some(20)))).await.unwrap_err();
    assert_eq!(
        (reason(&refused).as_str(), fields(&refused)),
        ("FIELD_INVALID", vec!["max_distance_miles".to_owned()])
    );
    bench.service.search_referral(bench.own(search(None))).await.unwrap();
}

#[tokio::test]
async fn what_is_no_name_is_refused_and_what_nobody_sees() {
    let bench = Bench::open().await;
    let named = |given_name: &str| proto::PostReferralRequest {
        identity: Some(proto::Identity { given_name: given_name.to_owned(), ..identity() }),
        ..post_request("r-1")
    };
    for wrong in [
        "   ",
        "?",
        "-- 12",
        "Zeb\nedee",
        "\u{200b}",
        "Zeb\u{200b}edee",
        "\u{202e}eedebeZ",
        "\u{feff}Zebedee",
    ] {
        let refused = bench.service.post_referral(bench.own(named(wrong))).await.unwrap_err();
        assert_eq!(fields(&refused), ["identity.given_name"], "{wrong:?}");
        assert!(!refused.message().contains("edee"), "{}", refused.message());
    }
    for (right, n) in
        [("Zo\u{eb}", 1), ("\u{645}\u{647}\u{200c}\u{633}\u{627}", 2), ("O'Neil-Day", 3), ("", 4)]
    {
        bench.post_as(proto::PostReferralRequest { request_id: format!("n-{n}"), ..named(right) }).await;
    }
}

#[tokio::test]
async fn a_sealed_code_is_refused_in_the_words_of_its_field() {
    let bench = Bench::open().await;
    let coded = |health: &[&str], language: &str| proto::PostReferralRequest {
        identity: Some(proto::Identity {
            health: health.iter().map(|code| (*code).to_owned()).collect(),
            language: language.to_owned(),
            ..identity()
        }),
        ..post_request("r-1")
    };
    let refused =
        bench.service.post_referral(bench.own(coded(&["NONE", "EPILEPSY"], "ROM"))).await.unwrap_err();
    assert!(refused.message().contains("NONE alone"), "{}", refused.message());
    let refused = bench.service.post_referral(bench.own(coded(&[], "KLINGON"))).await.unwrap_err();
    assert_eq!(fields(&refused), ["identity.language"]);
    assert!(
        !refused.message().contains("NONE") && !refused.message().contains("KLINGON"),
        "{}",
        refused.message()
    );
}

#[tokio::test]
async fn an_amendment_keeps_what_it_does_not_say() {
    let bench = Bench::open().await;
    let posted = bench.post("r-1").await;
    let amend = |etag: &str, identity| proto::AmendReferralRequest {
        name: posted.name.clone(),
        etag: etag.to_owned(),
        requirements: Some(proto::Requirements { urgency: "PLANNED".to_owned(), ..requirements() }),
        identity,
        request_id: String::new(),
        replace_background: false,
    };
    let amended = bench.service.amend_referral(bench.own(amend("1", None))).await.unwrap().into_inner();
    let asked = amended.requirements.clone().unwrap();
    assert_eq!(
        (asked.age_years, asked.anchor.as_str(), asked.urgency.as_str()),
        (Some(14), "DL1 5", "PLANNED")
    );
    assert_eq!((amended.version, amended.identity_known), (2, true));
    let refused = bench.service.amend_referral(bench.own(amend("1", None))).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Aborted, "VERSION_CHANGED"));
    let corrected = proto::Identity { date_of_birth: "2010-06-01".to_owned(), ..identity() };
    let amended =
        bench.service.amend_referral(bench.own(amend("2", Some(corrected)))).await.unwrap().into_inner();
    assert_eq!(amended.requirements.unwrap().age_years, Some(16));
}

#[tokio::test]
async fn a_council_sees_its_own_alone() {
    let bench = Bench::open().await;
    let posted = bench.post("r-1").await;
    let get = proto::GetReferralRequest { name: posted.name.clone() };
    let refused = bench.service.get_referral(bench.by(Role::Council(neighbour()), get)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "NOT_YOURS"));
    let elsewhere = posted.name.replace(council().gss(), neighbour().gss());
    let get = proto::GetReferralRequest { name: elsewhere };
    let refused = bench.service.get_referral(bench.by(Role::Council(neighbour()), get)).await.unwrap_err();
    assert_eq!(reason(&refused), "REFERRAL_UNKNOWN");
    assert!(bench.events(neighbour()).await.is_empty());
}

#[tokio::test]
async fn a_list_is_filtered_and_in_pages() {
    let bench = Bench::open().await;
    for n in 0..5 {
        let mut message = post_request(&format!("r-{n}"));
        if n == 0 {
            message.requirements.as_mut().unwrap().urgency = "PLANNED".to_owned();
        }
        bench.post_as(message).await;
    }
    let list = |page_size, page_token: &str, urgency: &str| proto::ListReferralsRequest {
        parent: "councils/E06000005".to_owned(),
        page_size,
        page_token: page_token.to_owned(),
        urgency: urgency.to_owned(),
        ..Default::default()
    };
    let page = async |message| {
        bench.service.list_referrals(bench.own(message)).await.map(tonic::Response::into_inner)
    };
    let first = page(list(2, "", "EMERGENCY")).await.unwrap();
    let second = page(list(2, &first.next_page_token, "EMERGENCY")).await.unwrap();
    assert_eq!((first.referrals.len(), second.referrals.len()), (2, 2));
    assert!(second.next_page_token.is_empty() && first.referrals[1].name < second.referrals[0].name);
    assert_eq!(page(list(0, "", "")).await.unwrap().referrals.len(), 5);
    assert_eq!(reason(&page(list(0, "", "SOON")).await.unwrap_err()), "FIELD_INVALID");
    // A token of another kind of list: base64 of "x".
    assert_eq!(reason(&page(list(0, "eA", "")).await.unwrap_err()), "PAGE_TOKEN_INVALID");
}

#[tokio::test]
async fn a_policy_is_read_set_and_obeyed() {
    let bench = Bench::open().await;
    let name = "councils/E06000005/cascadePolicy".to_owned();
    let get = proto::GetCascadePolicyRequest { name: name.clone() };
    let policy = bench.service.get_cascade_policy(bench.own(get)).await.unwrap().into_inner();
    assert_eq!((policy.version, policy.emergency_approval_hours), (0, 72));
    let set = proto::SetCascadePolicyRequest {
        name: name.clone(),
        policy: Some(proto::CascadePolicy {
            mode: proto::CascadeMode::Parallel.into(),
            emergency_approval_hours: 24,
            ..policy.clone()
        }),
        request_id: "p-1".to_owned(),
    };
    let now = bench.service.set_cascade_policy(bench.own(set.clone())).await.unwrap().into_inner();
    assert_eq!((now.version, now.mode()), (1, proto::CascadeMode::Parallel));
    let stale = proto::SetCascadePolicyRequest { request_id: "p-2".to_owned(), ..set };
    let refused = bench.service.set_cascade_policy(bench.own(stale)).await.unwrap_err();
    assert_eq!(reason(&refused), "VERSION_CHANGED");
    let nothing = proto::SetCascadePolicyRequest { name, policy: None, request_id: String::new() };
    let refused = bench.service.set_cascade_policy(bench.own(nothing)).await.unwrap_err();
    assert_eq!(fields(&refused), ["policy.etag", "policy.mode"]);
    // In parallel a later step may come first.
    let posted = bench.post("r-1").await;
    bench.step(&posted.name, "IN_HOUSE_RESIDENTIAL").await;
}

/// An answer before the market is known again would leave homes out, and be kept as evidence that there were none.
#[tokio::test]
async fn nobody_searches_in_a_market_that_is_not_known_yet() {
    let bench = Bench::open().await;
    let referral = bench.post("r-1").await;
    let search = || proto::SearchReferralRequest { name: referral.name.clone(), ..Default::default() };
    let mut bench = bench.close().await.open_deaf().await;
    let refused = bench.service.search_referral(bench.own(search())).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    bench.follow();
    bench.service.search_referral(bench.own(search())).await.unwrap();
}

#[tokio::test]
async fn a_search_ranks_the_market_and_is_kept_as_evidence() {
    let bench = Bench::open().await.with_market().await;
    let posted = bench.post("r-1").await;
    let search = |miles| proto::SearchReferralRequest {
        name: posted.name.clone(),
        max_distance_miles: miles,
        limit: 0,
        request_id: String::new(),
    };
    let found = bench.service.search_referral(bench.own(search(None))).await.unwrap().into_inner();
    let places: Vec<_> = found.matches.iter().map(|it| it.place.as_str()).collect();
    assert_eq!(places, ["places/SC045099-01", "places/SC040001-01"], "nearest first");
    assert_eq!(found.matches[0].distance_tenths_of_mile, Some(0));
    assert_eq!(found.matches[0].provider_display_name, "oak homes");
    assert!(found.matches[1].own_establishment && !found.matches[0].own_establishment);
    let evidence = found.evidence.unwrap();
    assert_eq!((evidence.market_position, evidence.candidates, evidence.referral_version), (8, 2, 1));
    assert_eq!(evidence.top_places, places);
    let far = proto::Requirements { anchor: "BH1".to_owned(), ..requirements() };
    let message = proto::PostReferralRequest { requirements: Some(far), ..post_request("r-2") };
    let far = bench.post_as(message).await;
    let nothing = proto::SearchReferralRequest { name: far.name, ..search(Some(20)) };
    let found = bench.service.search_referral(bench.own(nothing)).await.unwrap().into_inner();
    let evidence = found.evidence.unwrap();
    assert_eq!((evidence.candidates, evidence.excluded.len()), (0, 1));
    assert_eq!((evidence.excluded[0].reason.as_str(), evidence.excluded[0].places), ("DISTANCE", 2));
}

#[tokio::test]
async fn a_withdrawn_referral_is_over() {
    let bench = Bench::open().await;
    let posted = bench.post("r-1").await;
    let withdraw = proto::WithdrawReferralRequest {
        name: posted.name.clone(),
        reason: "RETURNED_HOME".to_owned(),
        request_id: String::new(),
    };
    let over = bench.service.withdraw_referral(bench.own(withdraw.clone())).await.unwrap().into_inner();
    assert_eq!(
        (over.stage(), over.withdrawal_reason.as_str()),
        (proto::ReferralStage::Withdrawn, "RETURNED_HOME")
    );
    let refused = bench.service.withdraw_referral(bench.own(withdraw)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "REFERRAL_NOT_OPEN"));
}

#[tokio::test]
async fn before_a_release_it_is_told_what_is_shown_what_is_unknown_and_what_is_rare() {
    let bench = Bench::open().await;
    let many = |number: usize| proto::PostReferralRequest {
        requirements: Some(proto::Requirements { sibling_group_size: Some(2), ..requirements() }),
        ..post_request(&format!("r-{number}"))
    };
    for number in 0..6 {
        bench.post_as(many(number)).await;
    }
    let six =
        proto::Requirements { sibling_group_size: Some(6), legal_status: String::new(), ..requirements() };
    let posted =
        bench.post_as(proto::PostReferralRequest { requirements: Some(six), ..post_request("r-six") }).await;
    let ask = |role| {
        let message = proto::PreviewReleaseRequest { name: posted.name.clone() };
        bench.service.preview_release(bench.by(role, message))
    };
    let preview = ask(Role::Council(council())).await.unwrap().into_inner();
    let shown = preview.shown.unwrap();
    assert_eq!(
        (shown.name, shown.outcode.as_str(), shown.sibling_group_size),
        (posted.name.clone(), "DL1", Some(6))
    );
    assert_eq!(shown.age_band, i32::from(proto::AgeBand::AgeBand13To15));
    assert_eq!(
        preview.unknown_fields,
        [
            "requirements.legal_status",
            "requirements.risks",
            "requirements.strengths",
            "requirements.education.phase",
            "requirements.education.ehcp",
            "requirements.education.send",
            "requirements.family_time.frequency",
            "requirements.parent_and_child",
            "requirements.deprivation_of_liberty",
            "requirements.route_into_care",
            "requirements.exclusions",
        ]
    );
    assert_eq!((preview.complete_percent, preview.complete_thousandths), (52, 521));
    assert_eq!(posted.unknown_fields, preview.unknown_fields);
    assert_eq!((posted.complete_thousandths, preview.warnings.len()), (521, 0));
    let recognition = preview.recognition.unwrap();
    assert_eq!((recognition.alike, recognition.compared, recognition.rare), (1, 7, true));
    let blurs: Vec<_> =
        recognition.blurs.iter().map(|blur| (blur.field.as_str(), blur.value.as_str(), blur.alike)).collect();
    assert_eq!(blurs, [("sibling_group_size", "6", 7)]);
    let refused = ask(Role::Council(neighbour())).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "{refused:?}");
    assert_eq!(bench.types().await.len(), 7, "nothing is recorded of a look");
}
