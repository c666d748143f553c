//! What is asked in these tests, where nothing in particular matters.

use api::common;
use api::referrals as proto;

/// Words that nothing but this child has.
pub(crate) const CANARIES: [&str; 12] = [
    "Zebedee",
    "Quagmire",
    "2012-02-03",
    "DL1 5AB",
    "DL15AB",
    "LCS-99812",
    "trombone",
    "EPILEPSY",
    "WROM",
    "BUDDHIST",
    "piccolo",
    "bassoon",
];

pub(crate) fn identity() -> proto::Identity {
    proto::Identity {
        given_name: "Zebedee".to_owned(),
        family_name: "Quagmire".to_owned(),
        date_of_birth: "2012-02-03".to_owned(),
        home_postcode: "dl15ab".to_owned(),
        case_reference: "LCS-99812".to_owned(),
        narrative: "Plays the trombone.".to_owned(),
        health: vec!["EPILEPSY".to_owned()],
        ethnicity: "WROM".to_owned(),
        religion: "BUDDHIST".to_owned(),
        language: "ROM".to_owned(),
    }
}

pub(crate) fn requirements() -> proto::Requirements {
    proto::Requirements {
        provisions: vec!["RESIDENTIAL".to_owned()],
        sex: "M".to_owned(),
        needs: vec!["TRAUMA".to_owned()],
        category_of_need: "N1".to_owned(),
        legal_status: "C2".to_owned(),
        urgency: "EMERGENCY".to_owned(),
        needed_from: "2026-06-20".to_owned(),
        expected_weeks: Some(26),
        max_distance_miles: Some(20),
        budget_code: "CLA-100".to_owned(),
        ..Default::default()
    }
}

pub(crate) fn post_request(request_id: &str) -> proto::PostReferralRequest {
    proto::PostReferralRequest {
        parent: "councils/841".to_owned(),
        requirements: Some(requirements()),
        identity: Some(identity()),
        request_id: request_id.to_owned(),
        follows: None,
    }
}

pub(crate) fn framework_route() -> common::Route {
    let call_off = common::route::FrameworkCallOff {
        framework: "frameworks/tyne-tees".to_owned(),
        lot: "residential".to_owned(),
        level: "STANDARD".to_owned(),
        attributes: Vec::new(),
    };
    common::Route { route: Some(common::route::Route::Framework(call_off)) }
}

pub(crate) fn spot_route() -> common::Route {
    common::Route { route: Some(common::route::Route::Spot(common::route::Spot::default())) }
}

pub(crate) fn offer_request(referral: &str) -> proto::SubmitOfferRequest {
    proto::SubmitOfferRequest {
        parent: referral.to_owned(),
        referral_version: 0,
        place: "places/SC045099-01".to_owned(),
        establishment: "establishments/SC045099".to_owned(),
        provision: "RESIDENTIAL".to_owned(),
        start: "2026-06-20".to_owned(),
        lines: vec![common::PriceLine {
            kind: "CORE".to_owned(),
            weekly_pence: 453_400,
            until: String::new(),
        }],
        route: Some(framework_route()),
        valid_until: "2026-06-10".to_owned(),
        request_id: "o-1".to_owned(),
        ..Default::default()
    }
}

pub(crate) fn award_request(offer: &proto::Offer, wait_seconds: u32) -> proto::AwardReferralRequest {
    proto::AwardReferralRequest {
        name: offer.name.split("/offers/").next().unwrap().to_owned(),
        offer: offer.name.clone(),
        hold_token: Some(7),
        approval: Some(common::Approval {
            approver: "post-0417".to_owned(),
            role: "HEAD_OF_SERVICE".to_owned(),
        }),
        emergency: false,
        spot_justification: String::new(),
        wait_seconds: Some(wait_seconds),
        request_id: "a-1".to_owned(),
        ..Default::default()
    }
}
