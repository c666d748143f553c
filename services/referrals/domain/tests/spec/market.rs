//! Given/when/then for what passes between a council and providers: searches, releases, offers, declines.

use crate::support::{
    at, award, council, day, decided, framework, invited, offer, offered, place, posted, proposed, provider,
    referral, released, requirements, spot, submit, submitted, terms,
};
use care::published::{PriceLine, Route};
use care::spec::given;
use care::{Pence, Refusal, RefusalKind};
use referrals_domain::{
    AmendReferral, Answer, DeclineReferral, FailAward, OfferTerms, OfferWithdrawn, RecordSearch,
    ReferralDeclined, Referrals, Rejection, ReleaseReferral, ReleaseStage, SearchRecorded, SubmitOffer,
    WithdrawOffer,
};
use std::collections::{BTreeMap, BTreeSet};

fn search(top: usize) -> RecordSearch {
    RecordSearch {
        referral: referral(1),
        referral_version: 1,
        market_position: 42,
        max_distance_miles: Some(20),
        candidates: 30,
        excluded: BTreeMap::from([("TOO_FAR".to_owned(), 12)]),
        top: vec![place(); top],
        digest: "5e".repeat(32),
        rules: "0123456789abcdef".to_owned(),
        at: at(1),
    }
}

fn release(providers: &[&str]) -> ReleaseReferral {
    ReleaseReferral {
        referral: referral(1),
        providers: providers.iter().map(|name| provider(name)).collect(),
        stage: ReleaseStage::Broadcast,
        homes: BTreeMap::new(),
        step: None,
        at: at(2),
    }
}

fn decline(reason: &str) -> DeclineReferral {
    DeclineReferral { referral: referral(1), provider: provider("oak"), reason: reason.to_owned(), at: at(3) }
}

fn take_back(by: &str) -> WithdrawOffer {
    WithdrawOffer { referral: referral(1), offer: offer(1), provider: provider(by), at: at(4) }
}

#[test]
fn a_search_is_evidence_of_what_could_be_known() {
    given::<Referrals>([posted(requirements())]).when(search(25)).then([SearchRecorded {
        council: council(),
        referral: referral(1),
        referral_version: 1,
        max_distance_miles: Some(20),
        market_position: 42,
        candidates: 30,
        excluded: BTreeMap::from([("TOO_FAR".to_owned(), 12)]),
        top: vec![place(); 20],
        digest: Some("5e".repeat(32)),
        rules: Some("0123456789abcdef".to_owned()),
        at: at(1),
    }
    .into()]);
    given::<Referrals>([]).when(search(1)).then_refused("REFERRAL_UNKNOWN");
    // Amended since it was judged.
    let judged = RecordSearch { referral_version: 2, ..search(1) };
    given::<Referrals>([posted(requirements())]).when(judged).then_refused("VERSION_CHANGED");
    given::<Referrals>(proposed()).when(search(1)).then_refused("AWARD_IN_PROGRESS");
}

#[test]
fn a_referral_is_released_to_each_provider_once() {
    given::<Referrals>([posted(requirements())])
        .when(release(&["oak", "elm"]))
        .then([invited("elm", "FRAMEWORK"), invited("oak", "FRAMEWORK")])
        .when(release(&["oak"]))
        .then_nothing()
        .when(release(&["ash", "oak"]))
        .then([invited("ash", "FRAMEWORK")])
        .then_state(|state| {
            assert_eq!(state.released[&provider("oak")], BTreeSet::from([referral(1)]));
        });
}

#[test]
fn a_release_is_of_an_open_referral_to_somebody() {
    given::<Referrals>([posted(requirements())]).when(release(&[])).then_refused("FIELD_INVALID");
    given::<Referrals>([]).when(release(&["oak"])).then_refused("REFERRAL_UNKNOWN");
    given::<Referrals>(proposed()).when(release(&["elm"])).then_refused("AWARD_IN_PROGRESS");
    let many: BTreeSet<_> = (0..101).map(|n| provider(&format!("p{n}"))).collect();
    let too_many = ReleaseReferral { providers: many, ..release(&[]) };
    given::<Referrals>([posted(requirements())]).when(too_many).then_refused("FIELD_INVALID");
    let full: Vec<_> =
        std::iter::once(posted(requirements())).chain((0..500).map(|n| released(&format!("p{n}")))).collect();
    let mut state = referrals_domain::State::default();
    full.iter().for_each(|event| <Referrals as care::Domain>::evolve(&mut state, event));
    let refused = <Referrals as care::Domain>::decide(&state, &release(&["oak"]).into()).unwrap_err();
    assert_eq!(refused.reason(), "LIMIT_REACHED");
}

#[test]
fn an_offer_answers_a_released_referral() {
    given::<Referrals>([posted(requirements()), released("oak")])
        .when(submit(terms(framework())))
        .then([submitted(framework(), false)])
        .then_state(|state| {
            assert_eq!(state.referrals[&referral(1)].releases[&provider("oak")].answer, Answer::Offered);
            assert!(state.offers[&offer(1)].live(at(3)));
        })
        .when(submit(terms(framework())))
        .then_refused("OFFER_EXISTS");
}

#[test]
fn a_referral_not_released_does_not_exist_for_a_provider() {
    let unknown = given::<Referrals>([]).when(submit(terms(framework()))).then_refused("REFERRAL_UNKNOWN");
    let hidden = given::<Referrals>([posted(requirements()), released("elm")])
        .when(submit(terms(framework())))
        .then_refused("REFERRAL_UNKNOWN");
    assert_eq!(unknown.to_string(), hidden.to_string(), "the two must not be told apart");
    assert_eq!(hidden.kind(), RefusalKind::NotFound);
    given::<Referrals>([posted(requirements())]).when(decline("NEED")).then_refused("REFERRAL_UNKNOWN");
}

#[test]
fn an_offer_answers_the_version_that_was_read() {
    let read_before = SubmitOffer { referral_version: Some(2), ..submit(terms(framework())) };
    given::<Referrals>([posted(requirements()), released("oak")])
        .when(read_before)
        .then_refused("VERSION_CHANGED");
    let current = SubmitOffer { referral_version: None, ..submit(terms(framework())) };
    given::<Referrals>([posted(requirements()), released("oak")])
        .when(current)
        .then([submitted(framework(), false)]);
}

#[test]
fn everything_wrong_with_an_offer_is_said_at_once() {
    let wrong = OfferTerms {
        provision: "FOSTERING".to_owned(),
        start: day("2026-05-31"),
        valid_until: day("2026-05-31"),
        lines: vec![
            PriceLine { kind: "THERAPY".to_owned(), weekly: Pence(-1), until: None },
            PriceLine { kind: "SWEETS".to_owned(), weekly: Pence(1), until: None },
        ],
        ..terms(framework())
    };
    let refused = given::<Referrals>([posted(requirements()), released("oak")])
        .when(submit(wrong))
        .then_refused("FIELD_INVALID");
    let fields: Vec<_> = refused.violations().into_iter().map(|violation| violation.field).collect();
    assert_eq!(
        fields,
        [
            "provision",
            "start",
            "valid_until",
            "lines.kind",
            "lines",
            "lines.weekly_pence",
            "lines.until",
            "lines.until"
        ]
    );
}

#[test]
fn an_offer_starts_a_leap_year_ahead_at_most() {
    let starting = |start: &str| {
        given::<Referrals>([posted(requirements()), released("oak")])
            .when(submit(OfferTerms { start: day(start), ..terms(framework()) }))
    };
    starting("2027-06-02").then_events(|events| assert_eq!(events.len(), 1));
    let refused = starting("2027-06-03").then_refused("START_TOO_FAR");
    assert!(refused.to_string().contains("offer 2027-06-02 or earlier"), "{refused}");
    assert_eq!((refused.kind(), refused.violations()[0].field.as_str()), (RefusalKind::Invalid, "start"));
    starting("9999-12-31").then_refused("START_TOO_FAR");
}

#[test]
fn only_the_councils_own_establishment_is_in_house() {
    given::<Referrals>([posted(requirements()), released("oak")])
        .when(submit(terms(Route::InHouse)))
        .then_refused("IN_HOUSE_NOT_OWN");
    let own = SubmitOffer { own_establishment: true, ..submit(terms(Route::InHouse)) };
    given::<Referrals>([posted(requirements()), released("oak")])
        .when(own)
        .then([submitted(Route::InHouse, true)]);
}

#[test]
fn no_offer_during_an_award() {
    let another = SubmitOffer { offer: offer(2), ..submit(terms(framework())) };
    given::<Referrals>(proposed()).when(another).then_refused("AWARD_IN_PROGRESS");
}

#[test]
fn an_offer_is_withdrawn_by_its_provider_alone() {
    let events = offered(requirements(), framework());
    given::<Referrals>(events.clone()).when(take_back("elm")).then_refused("OFFER_UNKNOWN");
    given::<Referrals>(events)
        .when(take_back("oak"))
        .then([OfferWithdrawn {
            council: council(),
            offer: offer(1),
            referral: referral(1),
            provider: provider("oak"),
            at: at(4),
        }
        .into()])
        .when(take_back("oak"))
        .then_nothing();
}

#[test]
fn an_offer_that_is_being_taken_stands_until_the_award_fails() {
    given::<Referrals>(proposed()).when(take_back("oak")).then_refused("OFFER_TAKEN");
    let mut events = proposed();
    let failed = FailAward {
        award: award(1),
        reason: "PLACE_TAKEN".to_owned(),
        detail: "another council has it".to_owned(),
        at: at(6),
    };
    events.extend(decided(&events, failed));
    given::<Referrals>(events).when(take_back("oak")).then_events(|events| assert_eq!(events.len(), 1));
}

#[test]
fn a_decline_is_coded_and_repeated_without_effect() {
    let declined = |reason: &str| {
        ReferralDeclined {
            council: council(),
            referral: referral(1),
            referral_version: 1,
            provider: provider("oak"),
            reason: reason.to_owned(),
            at: at(3),
        }
        .into()
    };
    given::<Referrals>([posted(requirements()), released("oak")])
        .when(decline("MATCHING"))
        .then([declined("MATCHING")])
        .when(decline("MATCHING"))
        .then_nothing()
        .when(decline("STAFFING"))
        .then([declined("STAFFING")])
        .when(decline("DISLIKE"))
        .then_refused("FIELD_INVALID");
}

#[test]
fn a_decline_after_an_amendment_is_a_new_answer() {
    let events = [posted(requirements()), released("oak")];
    let mut events = events.to_vec();
    events.extend(decided(&events, decline("NEED")));
    let amend = AmendReferral {
        referral: referral(1),
        expected_version: 1,
        requirements: requirements(),
        identity: None,
        narrative: None,
        background: None,
        envelopes: BTreeMap::new(),
        at: at(4),
    };
    events.extend(decided(&events, amend));
    given::<Referrals>(events).when(decline("NEED")).then_events(|events| assert_eq!(events.len(), 1));
}

#[test]
fn who_offers_has_not_declined() {
    let refused = given::<Referrals>(offered(requirements(), spot("")))
        .when(decline("PRICE"))
        .then_refused("OFFER_STILL_LIVE");
    assert_eq!(refused, Rejection::OfferStillLive(referral(1)));
    let later = DeclineReferral { at: "2026-06-11T12:00:00Z".parse().unwrap(), ..decline("PRICE") };
    given::<Referrals>(offered(requirements(), spot("")))
        .when(later)
        .then_events(|events| assert_eq!(events.len(), 1, "an expired offer is no hindrance"));
}
