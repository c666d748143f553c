//! What the tests of this crate share: a plausible referral, its market, and the events up to each point of its life.

use care::published::{Approval, AwardProposed, FunderShare, PriceLine, Route};
use care::{
    AgreementId, AwardId, CouncilId, Date, Domain, OfferId, Pence, PlaceId, ProviderId, ReferralId, Timestamp,
};
use referrals_domain::{
    CascadeStepRecorded, Command, DeclineReferral, InvitationExpired, OfferSubmitted, OfferTerms,
    PostReferral, Profile, ProposeAward, ReferralDeclined, ReferralEvent, ReferralPosted, ReferralReleased,
    Referrals, ReleaseStage, Requirements, Sealed, State, SubmitOffer, SweepInvitations,
};

/// Noon in summer, so that London and UTC dates agree.
pub(crate) fn at(minute: i64) -> Timestamp {
    "2026-06-01T12:00:00Z".parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_mins(minute)
}

pub(crate) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub(crate) fn council() -> CouncilId {
    "E06000005".parse().unwrap()
}

pub(crate) fn referral(n: u128) -> ReferralId {
    ReferralId(uuid(0x1000 + n))
}

pub(crate) fn offer(n: u128) -> OfferId {
    OfferId(uuid(0x2000 + n))
}

pub(crate) fn award(n: u128) -> AwardId {
    AwardId(uuid(0x3000 + n))
}

pub(crate) fn agreement() -> AgreementId {
    AgreementId(uuid(0x4000))
}

pub(crate) fn provider(name: &str) -> ProviderId {
    name.parse().unwrap()
}

fn uuid(n: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(n)
}

pub(crate) fn sealed(text: &str) -> Sealed {
    Sealed {
        key_id: "6b".repeat(16),
        nonce: "00".repeat(12),
        ciphertext: text.bytes().map(|byte| format!("{byte:02x}")).collect(),
        key_commit: "ff".repeat(32),
    }
}

pub(crate) fn requirements() -> Requirements {
    Requirements {
        provisions: vec!["RESIDENTIAL".to_owned()],
        age_years: 13,
        age_assessed: false,
        sex: "F".to_owned(),
        needs: vec!["TRAUMA".to_owned()],
        category_of_need: Some("N1".to_owned()),
        legal_status: Some("C2".to_owned()),
        urgency: "PLANNED".to_owned(),
        needed_from: day("2026-06-20"),
        expected_weeks: Some(26),
        anchor: Some("DL1 5".to_owned()),
        max_distance_miles: Some(20),
        solo: false,
        sibling_group_size: None,
        uasc: false,
        budget_code: Some("CLA-100".to_owned()),
        funders: vec![FunderShare { funder: "SOCIAL_CARE".to_owned(), basis_points: 10_000 }],
        profile: Profile::default(),
    }
}

pub(crate) fn emergency() -> Requirements {
    Requirements { urgency: "EMERGENCY".to_owned(), ..requirements() }
}

pub(crate) fn post(requirements: Requirements) -> PostReferral {
    PostReferral {
        referral: referral(1),
        council: council(),
        requirements,
        identity: Some(sealed("who")),
        narrative: Some(sealed("what")),
        background: None,
        follows: None,
        at: at(0),
    }
}

pub(crate) fn posted(requirements: Requirements) -> ReferralEvent {
    let post = post(requirements);
    ReferralPosted {
        council: post.council,
        referral: post.referral,
        requirements: post.requirements,
        identity: post.identity,
        narrative: post.narrative,
        background: post.background,
        at: post.at,
    }
    .into()
}

pub(crate) fn step(step: &str, outcome: &str) -> ReferralEvent {
    CascadeStepRecorded {
        council: council(),
        referral: referral(1),
        step: step.to_owned(),
        outcome: outcome.to_owned(),
        by_itself: false,
        at: at(1),
    }
    .into()
}

/// The steps that the default policy asks for before a children's home is bought outside.
pub(crate) fn cascade() -> Vec<ReferralEvent> {
    vec![
        step("CONNECTED_CARE", "NOT_APPLICABLE"),
        step("IN_HOUSE_FOSTERING", "NO_PLACE"),
        step("IN_HOUSE_RESIDENTIAL", "NO_PLACE"),
    ]
}

/// As releases were recorded before they said until when and under which step.
pub(crate) fn released(to: &str) -> ReferralEvent {
    ReferralReleased {
        council: council(),
        referral: referral(1),
        referral_version: 1,
        provider: provider(to),
        stage: ReleaseStage::Broadcast,
        answer_by: None,
        step: None,
        at: at(2),
    }
    .into()
}

/// Until when `invited` providers are to answer: the fifth working day after Monday 1 June 2026.
pub(crate) fn answer_by() -> Timestamp {
    "2026-06-08T23:00:00Z".parse().unwrap()
}

/// A release of a planned referral under a step.
pub(crate) fn invited(to: &str, step: &str) -> ReferralEvent {
    ReferralReleased {
        council: council(),
        referral: referral(1),
        referral_version: 1,
        provider: provider(to),
        stage: ReleaseStage::Broadcast,
        answer_by: Some(answer_by()),
        step: Some(step.to_owned()),
        at: at(2),
    }
    .into()
}

pub(crate) fn framework() -> Route {
    Route::Framework {
        framework: "tyne-tees".parse().unwrap(),
        lot: "residential".parse().unwrap(),
        level: "STANDARD".to_owned(),
        attributes: std::collections::BTreeSet::new(),
    }
}

pub(crate) fn spot(justification: &str) -> Route {
    Route::Spot { justification: justification.to_owned() }
}

pub(crate) fn terms(route: Route) -> OfferTerms {
    OfferTerms {
        place: place(),
        urn: "SC045099".parse().unwrap(),
        provision: "RESIDENTIAL".to_owned(),
        start: day("2026-06-20"),
        lines: vec![PriceLine { kind: "CORE".to_owned(), weekly: Pence(453_400), until: None }],
        route,
        valid_until: day("2026-06-10"),
        mitigations: Vec::new(),
        impact: None,
    }
}

pub(crate) fn place() -> PlaceId {
    "SC045099-02".parse().unwrap()
}

pub(crate) fn submit(terms: OfferTerms) -> SubmitOffer {
    SubmitOffer {
        offer: offer(1),
        referral: referral(1),
        provider: provider("oak"),
        referral_version: Some(1),
        terms,
        own_establishment: false,
        at: at(3),
    }
}

pub(crate) fn submitted(route: Route, own_establishment: bool) -> ReferralEvent {
    OfferSubmitted {
        council: council(),
        offer: offer(1),
        referral: referral(1),
        referral_version: 1,
        provider: provider("oak"),
        terms: terms(route),
        own_establishment,
        at: at(3),
    }
    .into()
}

/// A referral of these requirements, released to `oak`, which made an offer by this route.
pub(crate) fn offered(requirements: Requirements, route: Route) -> Vec<ReferralEvent> {
    vec![posted(requirements), released("oak"), submitted(route, false)]
}

pub(crate) fn approval() -> Approval {
    Approval { approver: "post-0417".to_owned(), role: "HEAD_OF_SERVICE".to_owned(), at: at(4) }
}

pub(crate) fn propose() -> ProposeAward {
    ProposeAward {
        award: award(1),
        referral: referral(1),
        offer: offer(1),
        hold_token: Some(7),
        age_years: 13,
        area_authority: Some("E06000005".to_owned()),
        household: None,
        approval: Some(approval()),
        emergency: false,
        spot_justification: None,
        departure_reason: None,
        sibling_split_reason: None,
        at: at(5),
    }
}

/// The events that `command` leads to after `events`.
pub(crate) fn decided(events: &[ReferralEvent], command: impl Into<Command>) -> Vec<ReferralEvent> {
    let mut state = State::default();
    for event in events {
        Referrals::evolve(&mut state, event);
    }
    Referrals::decide(&state, &command.into()).unwrap()
}

/// A referral with all evidence and an offer that is being awarded.
pub(crate) fn proposed() -> Vec<ReferralEvent> {
    let mut events = offered(requirements(), framework());
    events.extend(cascade());
    events.extend(decided(&events, propose()));
    events
}

pub(crate) fn the_proposal(events: &[ReferralEvent]) -> &AwardProposed {
    match events {
        [ReferralEvent::AwardProposed(event)] => &event.proposed,
        other => panic!("expected one AwardProposed, got {other:?}"),
    }
}

/// Just after the last instant for an answer.
pub(crate) fn late() -> Timestamp {
    answer_by() + jiff::SignedDuration::from_micros(1)
}

pub(crate) fn sweep(at: Timestamp) -> SweepInvitations {
    SweepInvitations { limit: 100, at }
}

pub(crate) fn expired(who: &str, at: Timestamp) -> ReferralEvent {
    let step = Some("FRAMEWORK".to_owned());
    let (council, referral, provider, answer_by) = (council(), referral(1), provider(who), answer_by());
    InvitationExpired { council, referral, provider, step, answer_by, at }.into()
}

pub(crate) fn by_itself(step: &str, outcome: &str, at: Timestamp) -> ReferralEvent {
    let (step, outcome) = (step.to_owned(), outcome.to_owned());
    CascadeStepRecorded { council: council(), referral: referral(1), step, outcome, by_itself: true, at }
        .into()
}

pub(crate) fn decline(who: &str) -> DeclineReferral {
    DeclineReferral { referral: referral(1), provider: provider(who), reason: "NEED".to_owned(), at: at(3) }
}

pub(crate) fn declined(who: &str) -> ReferralEvent {
    let (council, referral, provider, at) = (council(), referral(1), provider(who), at(3));
    ReferralDeclined { council, referral, referral_version: 1, provider, reason: "NEED".to_owned(), at }
        .into()
}
