//! The child's identity: nowhere in clear, shown after a grant, and gone when its key is.

use crate::bench::{
    Bench, CANARIES, award_request, council, identity, last, post_request, reason, requirements,
};
use api::referrals as proto;
use api::referrals::referrals_service_server::ReferralsService;
use care::{Domain, Event, ReferralId};
use referrals_domain::{KeyPurpose, ReferralEvent};
use sealing::{DataKey, SealingError};
use std::fs;
use std::path::Path;
use tonic::Code;

fn reveal(name: &str) -> proto::RevealIdentityRequest {
    proto::RevealIdentityRequest { name: name.to_owned(), purpose: "PLACEMENT_PLANNING".to_owned() }
}

fn erase(name: &str, request_id: &str) -> proto::EraseIdentityRequest {
    proto::EraseIdentityRequest {
        name: name.to_owned(),
        parts: vec![proto::SealedPart::Identity.into(), proto::SealedPart::Narrative.into()],
        request_id: request_id.to_owned(),
    }
}

fn shown() -> proto::Identity {
    proto::Identity { home_postcode: "DL1 5AB".to_owned(), ..identity() }
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    found
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text.as_bytes()))
}

/// Through the whole life of a referral, reveals and all, nothing that names the child is in any event, stored answer, key
/// file or other byte on the disk. It is blind to what memory or the transport hold.
#[tokio::test]
async fn no_identifier_is_on_the_disk_in_clear() {
    let bench = Bench::open().await.with_market().await;
    let award = bench.awarded().await;
    bench.service.reveal_identity(bench.oak(reveal(&award.referral))).await.unwrap();
    bench.service.reveal_identity(bench.own(reveal(&award.referral))).await.unwrap();
    let other = bench.post_as(crate::form::post_whole("r-8")).await;
    bench.release(&other.name, &["elm"]).await;
    bench.service.shortlist_provider(bench.own(crate::shortlist::put_on(&other.name, "elm"))).await.unwrap();
    let read = proto::ReadShortlistedReferralRequest { name: other.name.clone() };
    bench.service.read_shortlisted_referral(bench.elm(read)).await.unwrap();
    let asked = crate::questions::ask(&other.name, "Is there a piccolo?", "q-1");
    let asked = bench.service.ask_question(bench.elm(asked)).await.unwrap().into_inner();
    let answer = crate::questions::answer(&asked.name, "A bassoon.", "w-1");
    bench.service.answer_question(bench.own(answer)).await.unwrap();
    let list = proto::ListQuestionsRequest { parent: other.name.clone(), ..Default::default() };
    bench.service.list_questions(bench.elm(list)).await.unwrap();
    let mut stray = post_request("r-9");
    stray.requirements.as_mut().unwrap().urgency = "SOON".to_owned();
    bench.service.post_referral(bench.own(stray)).await.unwrap_err();
    let events = bench.events(council()).await;
    assert!(events.len() >= 10);
    for event in &events {
        for canary in CANARIES {
            assert!(!holds(&event.payload, canary), "{canary} in {}", event.event_type);
            assert!(!holds(&event.leaf(), canary), "{canary} in the leaf of {}", event.event_type);
        }
    }
    let on_disk = files(bench.folder());
    assert!(on_disk.iter().any(|(_, bytes)| holds(bytes, "ReferralPosted")), "the probe sees what is there");
    for (path, bytes) in on_disk {
        for canary in CANARIES {
            assert!(!holds(&bytes, canary), "{canary} in {path}");
        }
    }
}

#[tokio::test]
async fn the_identity_is_shown_after_the_award_to_its_provider_and_each_time_recorded() {
    let bench = Bench::open().await;
    let (referral, offer) = bench.offered().await;
    let refused = bench.service.reveal_identity(bench.oak(reveal(&referral.name))).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "IDENTITY_NOT_GRANTED"));
    let own = bench.service.reveal_identity(bench.own(reveal(&referral.name))).await.unwrap().into_inner();
    assert_eq!(own.identity, Some(shown()));
    let award = bench.service.award_referral(bench.own(award_request(&offer, 0))).await.unwrap().into_inner();
    bench.contracts(bench.issued(&award).await).await;
    for _ in 0..2 {
        let seen =
            bench.service.reveal_identity(bench.oak(reveal(&referral.name))).await.unwrap().into_inner();
        assert_eq!(seen.identity, Some(shown()));
    }
    let reveals = bench.types().await.iter().filter(|name| *name == "IdentityRevealed").count();
    assert_eq!(reveals, 3);
    let idle = proto::RevealIdentityRequest { purpose: "CURIOSITY".to_owned(), ..reveal(&referral.name) };
    let refused = bench.service.reveal_identity(bench.own(idle)).await.unwrap_err();
    assert_eq!(crate::bench::fields(&refused), ["purpose"]);
}

#[tokio::test]
async fn a_provider_sees_the_child_no_longer_than_the_child_is_there() {
    let bench = Bench::open().await;
    let award = bench.awarded().await;
    let issued = bench.issued(&award).await;
    let granted = async || {
        let get = proto::GetReleasedReferralRequest { name: award.referral.clone() };
        bench.service.get_released_referral(bench.oak(get)).await.unwrap().into_inner().identity_granted
    };
    bench.contracts(bench.started(&issued)).await;
    let last_day = issued.start.tomorrow().unwrap();
    bench.contracts(bench.ended(&issued, last_day)).await;
    assert!(granted().await, "told ahead of the day");
    bench.service.reveal_identity(bench.oak(reveal(&award.referral))).await.unwrap();
    bench.clock.advance_to(format!("{last_day}T12:00:00Z").parse().unwrap());
    assert!(!granted().await);
    let refused = bench.service.reveal_identity(bench.oak(reveal(&award.referral))).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "IDENTITY_GRANT_ENDED"));
    bench.service.reveal_identity(bench.own(reveal(&award.referral))).await.unwrap();
}

#[tokio::test]
async fn an_erased_identity_is_gone_for_everybody_and_the_referral_stays() {
    let bench = Bench::open().await;
    let (referral, offer) = bench.offered().await;
    let refused = bench.service.erase_identity(bench.own(erase(&referral.name, "e-0"))).await.unwrap_err();
    assert_eq!(reason(&refused), "REFERRAL_STILL_OPEN");
    let award = bench.service.award_referral(bench.own(award_request(&offer, 0))).await.unwrap().into_inner();
    let issued = bench.issued(&award).await;
    bench.contracts(issued.clone()).await;
    let refused = bench.service.erase_identity(bench.own(erase(&referral.name, "e-0"))).await.unwrap_err();
    assert_eq!(reason(&refused), "REFERRAL_STILL_OPEN", "the child may still not come");
    bench.contracts(bench.started(&issued)).await;
    let refused = bench.service.erase_identity(bench.own(erase(&referral.name, "e-0"))).await.unwrap_err();
    assert_eq!(reason(&refused), "IDENTITY_STILL_GRANTED", "the child lives there");
    bench.leaves(&issued).await;
    let erased =
        bench.service.erase_identity(bench.own(erase(&referral.name, "e-1"))).await.unwrap().into_inner();
    assert!(!erased.identity_known && !erased.narrative_known);
    let again =
        bench.service.erase_identity(bench.own(erase(&referral.name, "e-1"))).await.unwrap().into_inner();
    assert_eq!(again, erased);
    let refused = bench.service.reveal_identity(bench.own(reveal(&referral.name))).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "IDENTITY_DESTROYED"));
    let refused = bench.service.reveal_identity(bench.oak(reveal(&referral.name))).await.unwrap_err();
    assert_eq!(reason(&refused), "IDENTITY_GRANT_ENDED");
    assert_unrecognisable(&bench, &referral.name).await;
    let bench = bench.reopen().await;
    let refused = bench.service.reveal_identity(bench.own(reveal(&referral.name))).await.unwrap_err();
    assert_eq!(reason(&refused), "IDENTITY_DESTROYED");
}

/// The request that posted a referral is not taken for another when it comes again: it cannot be told.
async fn assert_unrecognisable(bench: &Bench, referral: &str) {
    let events = bench.types().await;
    let refused = bench.service.post_referral(bench.own(post_request("r-1"))).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "REPEAT_UNRECOGNISABLE")
    );
    assert!(refused.message().contains(referral), "{}", refused.message());
    assert_eq!(bench.types().await, events);
}

fn destroyed(keys: &[Result<DataKey, SealingError>]) -> bool {
    keys.iter().all(|key| matches!(key, Err(SealingError::KeyDestroyed { .. })))
}

/// As a crash leaves it between the event and the destruction: the event is there, and the key.
#[tokio::test]
async fn a_key_that_outlived_its_end_is_destroyed_at_the_next_start() {
    let bench = Bench::open().await;
    let award = bench.left().await;
    let id: ReferralId = last(&award.referral).parse().unwrap();
    let now = bench.clock.now();
    let engine = bench.service.council(council()).unwrap().clone();
    let purposes = KeyPurpose::ALL.into_iter().collect();
    let command = referrals_domain::EraseIdentity { referral: id, purposes, at: now };
    let context = engine::Context {
        actor: "test".to_owned(),
        causation: None,
        correlation: None,
        at: now,
        request: None,
    };
    engine.execute(command.into(), context, |_, _| Vec::new()).await.unwrap();
    drop(engine);
    let closed = bench.close().await;
    assert!(closed.keys_of(id).iter().all(Result::is_ok), "the event alone destroys nothing");
    let closed = closed.open().await.close().await;
    assert!(destroyed(&closed.keys_of(id)));
}

#[tokio::test]
async fn erasing_destroys_the_keys_that_are_named() {
    let bench = Bench::open().await;
    let award = bench.left().await;
    let id: ReferralId = last(&award.referral).parse().unwrap();
    let narrative = vec![proto::SealedPart::Narrative.into()];
    let message = proto::EraseIdentityRequest { parts: narrative, ..erase(&award.referral, "e-1") };
    let left = bench.service.erase_identity(bench.own(message)).await.unwrap().into_inner();
    assert!(left.identity_known && !left.narrative_known);
    let seen = bench.service.reveal_identity(bench.own(reveal(&award.referral))).await.unwrap().into_inner();
    let left = proto::Identity {
        narrative: String::new(),
        health: Vec::new(),
        ethnicity: String::new(),
        religion: String::new(),
        language: String::new(),
        ..shown()
    };
    assert_eq!(seen.identity, Some(left));
    let closed = bench.close().await;
    let [identity, narrative] = closed.keys_of(id);
    assert!(identity.is_ok() && destroyed(&[narrative]));
}

#[tokio::test]
async fn a_child_whose_key_is_lost_is_shown_to_nobody_but_finds_a_home_all_the_same() {
    let bench = Bench::open().await;
    let (referral, offer) = bench.offered().await;
    let closed = bench.close().await;
    let bench = closed.lose_keys().await;
    let events = bench.types().await;
    let refused = bench.service.reveal_identity(bench.own(reveal(&referral.name))).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "IDENTITY_KEY_LOST"));
    let refused = bench.service.reveal_identity(bench.oak(reveal(&referral.name))).await.unwrap_err();
    assert_eq!(reason(&refused), "IDENTITY_NOT_GRANTED", "whose it is not hears no more than before");
    assert_eq!(bench.types().await, events, "nobody saw anything");
    bench.service.award_referral(bench.own(award_request(&offer, 0))).await.unwrap();
}

#[tokio::test]
async fn a_repeat_after_keys_were_lost_is_not_called_another_request_and_makes_no_key() {
    let bench = Bench::open().await;
    let (referral, offer) = bench.offered().await;
    let unnamed = proto::PostReferralRequest {
        requirements: Some(proto::Requirements {
            age_years: Some(14),
            max_distance_miles: None,
            ..requirements()
        }),
        identity: None,
        ..post_request("r-2")
    };
    let other = bench.post_as(unnamed.clone()).await;
    let closed = bench.close().await;
    let bench = closed.lose_keys().await;
    assert_unrecognisable(&bench, &referral.name).await;
    assert_eq!(bench.post_as(unnamed).await, other, "of which nothing was sealed");
    let refused = bench.service.reveal_identity(bench.own(reveal(&referral.name))).await.unwrap_err();
    assert_eq!(reason(&refused), "IDENTITY_KEY_LOST", "the repeat put no key in the place of the lost one");
    bench.service.award_referral(bench.own(award_request(&offer, 0))).await.unwrap();
}

/// The amendment gives the identity again, under a new key; what came before it stays unrecognisable.
#[tokio::test]
async fn an_amendment_after_keys_were_lost_is_recognised_and_an_earlier_one_is_not() {
    let bench = Bench::open().await;
    let referral = bench.post("r-1").await;
    let amend = |etag: &str, request_id: &str| proto::AmendReferralRequest {
        name: referral.name.clone(),
        etag: etag.to_owned(),
        requirements: Some(requirements()),
        identity: Some(identity()),
        request_id: request_id.to_owned(),
        replace_background: false,
    };
    bench.service.amend_referral(bench.own(amend("1", "m-1"))).await.unwrap();
    let closed = bench.close().await;
    let bench = closed.lose_keys().await;
    let refused = bench.service.amend_referral(bench.own(amend("1", "m-1"))).await.unwrap_err();
    assert_eq!(reason(&refused), "REPEAT_UNRECOGNISABLE");
    // Refused after its parts were sealed: there is a new key now, and the identity is lost as before.
    let refused = bench.service.amend_referral(bench.own(amend("1", "m-2"))).await.unwrap_err();
    assert_eq!(reason(&refused), "VERSION_CHANGED");
    let refused = bench.service.reveal_identity(bench.own(reveal(&referral.name))).await.unwrap_err();
    assert_eq!(reason(&refused), "IDENTITY_KEY_LOST");
    let again = bench.service.amend_referral(bench.own(amend("2", "m-3"))).await.unwrap().into_inner();
    let repeat = bench.service.amend_referral(bench.own(amend("2", "m-3"))).await.unwrap().into_inner();
    assert_eq!(repeat, again);
    let seen = bench.service.reveal_identity(bench.own(reveal(&referral.name))).await.unwrap().into_inner();
    assert_eq!(seen.identity, Some(shown()));
    let refused = bench.service.amend_referral(bench.own(amend("1", "m-1"))).await.unwrap_err();
    assert_eq!(reason(&refused), "REPEAT_UNRECOGNISABLE");
    assert_unrecognisable(&bench, &referral.name).await;
}

#[tokio::test]
async fn replay_gives_the_same_state() {
    let bench = Bench::open().await;
    let award = bench.awarded().await;
    bench.service.reveal_identity(bench.oak(reveal(&award.referral))).await.unwrap();
    let events = bench.events(council()).await;
    let mut replayed = referrals_domain::State::default();
    for event in &events {
        let decoded = ReferralEvent::decode(&event.event_type, event.version, &event.payload).unwrap();
        referrals_domain::Referrals::evolve(&mut replayed, &decoded);
    }
    let live = bench.service.council(council()).unwrap().read(Clone::clone);
    assert_eq!(replayed, live);
    let bench = bench.reopen().await;
    assert_eq!(bench.service.council(council()).unwrap().read(Clone::clone), live);
}

#[tokio::test]
async fn what_is_unknown_stays_unknown() {
    let bench = Bench::open().await;
    let asked = proto::Requirements { age_years: Some(15), max_distance_miles: None, ..requirements() };
    let message = proto::PostReferralRequest {
        requirements: Some(asked),
        identity: Some(proto::Identity { family_name: "Quagmire".to_owned(), ..Default::default() }),
        ..post_request("r-1")
    };
    let posted = bench.post_as(message).await;
    assert!(posted.identity_known && !posted.narrative_known);
    let seen = bench.service.reveal_identity(bench.own(reveal(&posted.name))).await.unwrap().into_inner();
    let expected = proto::Identity { family_name: "Quagmire".to_owned(), ..Default::default() };
    assert_eq!(seen.identity, Some(expected));
}
