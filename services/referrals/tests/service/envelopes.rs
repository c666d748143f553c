//! What is sealed for one provider: it reads by that, and once its right has ended nobody opens it again.

use crate::bench::{Bench, award_request, council, identity, last, post_request, requirements};
use crate::form::post_whole;
use crate::shortlist::put_on;
use api::referrals as proto;
use api::referrals::referrals_service_server::ReferralsService;
use care::{Domain, Event, ReferralId};
use referrals_domain::{ReferralEvent, Sealed};
use sealing::{KeyStore, Needs, SealedBlob, SealingError};
use std::path::Path;
use std::time::Duration;

fn read(name: &str) -> proto::ReadShortlistedReferralRequest {
    proto::ReadShortlistedReferralRequest { name: name.to_owned() }
}

fn reveal(name: &str) -> proto::RevealIdentityRequest {
    proto::RevealIdentityRequest { name: name.to_owned(), purpose: "PLACEMENT_PLANNING".to_owned() }
}

fn amend(name: &str, narrative: &str) -> proto::AmendReferralRequest {
    proto::AmendReferralRequest {
        name: name.to_owned(),
        etag: "1".to_owned(),
        requirements: Some(requirements()),
        identity: Some(proto::Identity { narrative: narrative.to_owned(), ..identity() }),
        request_id: "m-1".to_owned(),
        replace_background: false,
    }
}

/// Copies the council's keys, but not their lock.
fn copy_keys(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for kind in ["keys", "epoch"] {
        let name = format!("{}.{kind}", council());
        std::fs::copy(from.join(&name), to.join(&name)).unwrap();
    }
}

/// The council's keys as they are on the disk now.
fn keys_now(bench: &Bench) -> Result<KeyStore, SealingError> {
    let copy = tempfile::tempdir().unwrap();
    copy_keys(&bench.folder().join("keys/referrals"), copy.path());
    KeyStore::open(copy.path(), council().gss(), &Needs::none())
}

/// Waits until the key of that name is destroyed, and gives the keys that are left.
async fn destroyed(bench: &Bench, referral: ReferralId, key: &str) -> KeyStore {
    for _ in 0..500 {
        // While a destruction is on its way the two files may not be of the same moment.
        if let Ok(keys) = keys_now(bench)
            && matches!(keys.get(&referral.to_string(), key), Err(SealingError::KeyDestroyed { .. }))
        {
            return keys;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{key} is still there");
}

fn blob(sealed: &Sealed) -> SealedBlob {
    serde_json::from_value(serde_json::to_value(sealed).unwrap()).unwrap()
}

/// Every envelope in the log: for whom, under which key, and the text.
async fn envelopes(bench: &Bench) -> Vec<(String, String, SealedBlob)> {
    let events = bench.events(council()).await;
    let decoded =
        events.iter().map(|it| ReferralEvent::decode(&it.event_type, it.version, &it.payload).unwrap());
    let envelopes = decoded.filter_map(|event| match event {
        ReferralEvent::ProviderShortlisted(it) => {
            let envelope = it.envelope?;
            let key = envelope.key(&it.provider, referrals_domain::KeyPurpose::Narrative);
            Some((it.provider.to_string(), key.name(), blob(&envelope.sealed)))
        }
        ReferralEvent::ProviderEnvelopeSealed(it) => {
            let key = it.envelope.key(&it.provider, it.purpose);
            Some((it.provider.to_string(), key.name(), blob(&it.envelope.sealed)))
        }
        _ => None,
    });
    envelopes.collect()
}

fn opened(
    keys: &KeyStore,
    referral: ReferralId,
    key: &str,
    blob: &SealedBlob,
) -> Result<String, SealingError> {
    let text = keys.unseal(blob, &format!("{}|referral/{referral}|{key}", council()))?;
    Ok(String::from_utf8(text.to_vec()).unwrap())
}

/// A whole referral that was released to oak and elm, with oak's offer, and both shortlisted.
async fn shortlisted(bench: &Bench) -> (String, ReferralId, proto::Offer) {
    let name = bench.post_as(post_whole("r-1")).await.name;
    bench.release(&name, &["oak", "elm"]).await;
    bench.cascade(&name).await;
    let offer = bench.offer(&name).await;
    for provider in ["oak", "elm"] {
        bench.service.shortlist_provider(bench.own(put_on(&name, provider))).await.unwrap();
    }
    let id = last(&name).parse().unwrap();
    (name, id, offer)
}

async fn take_off(bench: &Bench, name: &str) {
    let message = proto::EndShortlistingRequest {
        name: name.to_owned(),
        provider: "providers/elm".to_owned(),
        request_id: String::new(),
    };
    bench.service.end_shortlisting(bench.own(message)).await.unwrap();
}

#[tokio::test]
async fn once_off_the_list_nobody_opens_what_the_provider_read_and_the_log_stands() {
    let bench = Bench::open().await;
    let (name, id, _) = shortlisted(&bench).await;
    bench.service.read_shortlisted_referral(bench.elm(read(&name))).await.unwrap();
    let sealed = envelopes(&bench).await;
    let of = |whose: &str| sealed.iter().find(|(provider, ..)| provider == whose).unwrap();
    let ((_, oaks, oak), (_, elms, elm)) = (of("oak"), of("elm"));
    assert!(opened(&keys_now(&bench).unwrap(), id, elms, elm).unwrap().contains("trombone"), "it was there");
    let leaves: Vec<_> = bench.events(council()).await.iter().map(|event| event.leaf()).collect();
    take_off(&bench, &name).await;
    let keys = destroyed(&bench, id, elms).await;
    assert!(matches!(opened(&keys, id, elms, elm), Err(SealingError::KeyDestroyed { .. })));
    assert!(opened(&keys, id, oaks, oak).unwrap().contains("trombone"), "the other's is as it was");
    assert!(opened(&keys, id, elms, oak).is_err(), "and is bound to the other");
    let events = bench.events(council()).await;
    let after: Vec<_> = events.iter().map(|event| event.leaf()).collect();
    assert_eq!(after[..leaves.len()], leaves, "no leaf has changed");
    let mut replayed = referrals_domain::State::default();
    for event in &events {
        let decoded = ReferralEvent::decode(&event.event_type, event.version, &event.payload).unwrap();
        referrals_domain::Referrals::evolve(&mut replayed, &decoded);
    }
    bench.service.council(council()).unwrap().read(|state| assert_eq!(*state, replayed));
    let digest = bench.service.council(council()).unwrap().digest();
    let bench = bench.reopen().await;
    assert_eq!(bench.service.council(council()).unwrap().digest(), digest);
    // Put on again, it reads by another key.
    bench.service.shortlist_provider(bench.own(put_on(&name, "elm"))).await.unwrap();
    let seen = bench.service.read_shortlisted_referral(bench.elm(read(&name))).await.unwrap().into_inner();
    assert_eq!((seen.narrative.as_str(), seen.language.as_str()), ("Plays the trombone.", "ROM"));
    assert!(envelopes(&bench).await.iter().any(|(_, key, _)| key == "narrative/elm/2"));
}

/// As a crash leaves it between the event and the destruction.
#[tokio::test]
async fn a_providers_key_that_outlived_its_end_is_destroyed_at_the_next_start() {
    let bench = Bench::open().await;
    let (name, id, _) = shortlisted(&bench).await;
    let before = tempfile::tempdir().unwrap();
    copy_keys(&bench.folder().join("keys/referrals"), before.path());
    take_off(&bench, &name).await;
    let closed = bench.close().await;
    copy_keys(before.path(), &closed.keys_folder());
    assert!(closed.keys().get(&id.to_string(), "narrative/elm/1").is_ok(), "as if it had not been destroyed");
    let closed = closed.open_deaf().await.close().await;
    let keys = closed.keys();
    let gone = keys.get(&id.to_string(), "narrative/elm/1");
    assert!(matches!(gone, Err(SealingError::KeyDestroyed { .. })));
    assert!(keys.get(&id.to_string(), "narrative/oak/1").is_ok());
}

#[tokio::test]
async fn an_amendment_is_sealed_anew_for_whoever_is_on_the_list() {
    let bench = Bench::open().await;
    let (name, _, _) = shortlisted(&bench).await;
    let message = amend(&name, "Plays the bassoon.");
    let amended = bench.service.amend_referral(bench.own(message.clone())).await.unwrap().into_inner();
    let seen = bench.service.read_shortlisted_referral(bench.elm(read(&name))).await.unwrap().into_inner();
    assert_eq!((seen.narrative.as_str(), seen.released.unwrap().version), ("Plays the bassoon.", 2));
    assert_eq!(seen.language, "ROM", "what was not given stays");
    let repeat = bench.service.amend_referral(bench.own(message)).await.unwrap().into_inner();
    assert_eq!(repeat, amended);
    assert_eq!(envelopes(&bench).await.len(), 4, "two, and each once more");
}

/// Invariant 7: what a provider may not read before the award is not in what was sealed for it either.
#[tokio::test]
async fn no_envelope_of_the_shortlist_holds_a_narrative_that_names_the_child() {
    let bench = Bench::open().await;
    let (name, id, _) = shortlisted(&bench).await;
    let message = amend(&name, "Zebedee plays the trombone.");
    bench.service.amend_referral(bench.own(message)).await.unwrap();
    let seen = bench.service.read_shortlisted_referral(bench.elm(read(&name))).await.unwrap().into_inner();
    assert_eq!((seen.narrative.as_str(), seen.narrative_withheld), ("", true));
    let keys = keys_now(&bench).unwrap();
    let sealed = envelopes(&bench).await;
    for (_, key, blob) in &sealed {
        assert!(!opened(&keys, id, key, blob).unwrap().contains("Zebedee"));
    }
}

#[tokio::test]
async fn the_awarded_reads_by_its_own_keys_until_the_day_on_which_the_child_leaves() {
    let bench = Bench::open().await;
    let (name, id, offer) = shortlisted(&bench).await;
    let award = bench.service.award_referral(bench.own(award_request(&offer, 0))).await.unwrap().into_inner();
    let issued = bench.issued(&award).await;
    bench.contracts(issued.clone()).await;
    for lost in ["narrative/oak/1", "narrative/elm/1"] {
        destroyed(&bench, id, lost).await;
    }
    bench.contracts(bench.started(&issued)).await;
    let seen = bench.service.reveal_identity(bench.oak(reveal(&name))).await.unwrap().into_inner();
    let seen = seen.identity.unwrap();
    assert_eq!((seen.given_name.as_str(), seen.narrative.as_str()), ("Zebedee", "Plays the trombone."));
    let own = bench.service.reveal_identity(bench.own(reveal(&name))).await.unwrap().into_inner();
    assert_eq!(own.identity.as_ref(), Some(&seen), "as the council sees it");
    bench.service.reveal_identity(bench.oak(reveal(&name))).await.unwrap();
    let keys: Vec<_> = envelopes(&bench).await.into_iter().map(|(_, key, _)| key).skip(2).collect();
    assert_eq!(keys, ["identity/oak/2", "narrative/oak/2"], "sealed once");
    let last_day = issued.start.tomorrow().unwrap();
    bench.contracts(bench.ended(&issued, last_day)).await;
    bench.service.reveal_identity(bench.oak(reveal(&name))).await.unwrap();
    bench.clock.advance_to(format!("{last_day}T12:00:00Z").parse().unwrap());
    assert!(
        keys_now(&bench).unwrap().get(&id.to_string(), "identity/oak/2").is_ok(),
        "nothing happens by itself"
    );
    bench.service.end_grants_by_itself();
    for ended in ["identity/oak/2", "narrative/oak/2"] {
        destroyed(&bench, id, ended).await;
    }
    bench.service.reveal_identity(bench.own(reveal(&name))).await.unwrap();
}

#[tokio::test]
async fn with_the_childs_keys_those_of_its_provider_are_destroyed() {
    let bench = Bench::open().await;
    let award = bench.arrived().await;
    let id: ReferralId = last(&award.referral).parse().unwrap();
    bench.service.reveal_identity(bench.oak(reveal(&award.referral))).await.unwrap();
    bench.leaves(&bench.issued(&award).await).await;
    let message = proto::EraseIdentityRequest {
        name: award.referral.clone(),
        parts: vec![proto::SealedPart::Identity.into(), proto::SealedPart::Narrative.into()],
        request_id: String::new(),
    };
    bench.service.erase_identity(bench.own(message)).await.unwrap();
    // By the time that the council hears of it.
    let keys = keys_now(&bench).unwrap();
    for ended in ["identity/oak/1", "narrative/oak/1"] {
        let gone = keys.get(&id.to_string(), ended);
        assert!(matches!(gone, Err(SealingError::KeyDestroyed { .. })), "{ended}");
    }
}

/// Of what nothing is known nothing is sealed for anybody.
#[tokio::test]
async fn a_referral_without_anything_sealed_is_shortlisted_and_read_all_the_same() {
    let bench = Bench::open().await;
    let unnamed = proto::PostReferralRequest {
        requirements: Some(proto::Requirements {
            age_years: Some(14),
            max_distance_miles: None,
            ..requirements()
        }),
        identity: None,
        ..post_request("r-2")
    };
    let name = bench.post_as(unnamed).await.name;
    bench.release(&name, &["elm"]).await;
    bench.service.shortlist_provider(bench.own(put_on(&name, "elm"))).await.unwrap();
    let seen = bench.service.read_shortlisted_referral(bench.elm(read(&name))).await.unwrap().into_inner();
    assert_eq!((seen.narrative.as_str(), seen.narrative_withheld), ("", false));
    assert!(envelopes(&bench).await.is_empty());
}

/// An amendment has an event for each of the shortlisted after its own, and is found all the same.
#[tokio::test]
async fn a_repeated_amendment_is_not_taken_for_another_once_the_keys_are_lost() {
    let bench = Bench::open().await;
    let (name, ..) = shortlisted(&bench).await;
    bench.service.amend_referral(bench.own(amend(&name, "Plays the bassoon."))).await.unwrap();
    let bench = bench.close().await.lose_keys().await;
    let repeat =
        bench.service.amend_referral(bench.own(amend(&name, "Plays the bassoon."))).await.unwrap_err();
    assert_eq!(crate::bench::reason(&repeat), "REPEAT_UNRECOGNISABLE");
}

/// What is lost is given again, and then is read again.
#[tokio::test]
async fn after_keys_were_lost_an_amendment_lets_the_shortlisted_read_again() {
    let bench = Bench::open().await;
    let (name, ..) = shortlisted(&bench).await;
    let bench = bench.close().await.lose_keys().await;
    let seen = bench.service.read_shortlisted_referral(bench.elm(read(&name))).await.unwrap().into_inner();
    assert_eq!(seen.narrative, "");
    bench.service.amend_referral(bench.own(amend(&name, "Plays the bassoon."))).await.unwrap();
    let seen = bench.service.read_shortlisted_referral(bench.elm(read(&name))).await.unwrap().into_inner();
    assert_eq!(seen.narrative, "Plays the bassoon.");
}

/// The day that was told ahead is waited for, and not looked for.
#[tokio::test]
async fn the_end_that_was_told_ahead_comes_by_itself_with_its_day_and_is_recorded_once() {
    let bench = Bench::open().await;
    let award = bench.arrived().await;
    let id: ReferralId = last(&award.referral).parse().unwrap();
    bench.service.reveal_identity(bench.oak(reveal(&award.referral))).await.unwrap();
    let issued = bench.issued(&award).await;
    let last_day = issued.start.tomorrow().unwrap();
    bench.contracts(bench.ended(&issued, last_day)).await;
    bench.service.end_grants_by_itself();
    assert!(bench.service.end_grants().await, "it has not come");
    let count = async || bench.types().await.iter().filter(|it| *it == "ProviderKeyDestroyed").count();
    assert_eq!(count().await, 0);
    bench.clock.advance_to(format!("{last_day}T12:00:00Z").parse().unwrap());
    for ended in ["identity/oak/1", "narrative/oak/1"] {
        destroyed(&bench, id, ended).await;
    }
    assert!(bench.service.end_grants().await);
    assert_eq!(count().await, 2);
}

/// As after a restore of keys from a backup that is older than the award.
#[tokio::test]
async fn a_lost_key_of_the_awarded_is_made_again_and_it_sees_what_it_saw() {
    let bench = Bench::open().await;
    let award = bench.arrived().await;
    let id: ReferralId = last(&award.referral).parse().unwrap();
    let backup = tempfile::tempdir().unwrap();
    copy_keys(&bench.folder().join("keys/referrals"), backup.path());
    let ask = reveal(&award.referral);
    let seen = bench.service.reveal_identity(bench.oak(ask.clone())).await.unwrap().into_inner();
    let closed = bench.close().await;
    copy_keys(backup.path(), &closed.keys_folder());
    let bench = closed.open_without_lost_keys().await;
    let again = bench.service.reveal_identity(bench.oak(ask.clone())).await.unwrap().into_inner();
    assert_eq!(again.identity, seen.identity);
    assert_eq!(again.identity.unwrap().given_name, "Zebedee");
    let names: Vec<_> = envelopes(&bench).await.into_iter().map(|(_, key, _)| key).collect();
    assert_eq!(names, ["identity/oak/1", "narrative/oak/1", "identity/oak/1", "narrative/oak/1"]);
    // Now nothing is lost.
    let bench = bench.reopen().await;
    bench.service.reveal_identity(bench.oak(ask)).await.unwrap();
    assert_eq!(envelopes(&bench).await.len(), 4);
    assert!(keys_now(&bench).unwrap().get(&id.to_string(), "identity/oak/1").is_ok());
}

#[tokio::test]
async fn after_a_lost_key_of_the_awarded_it_reads_the_account_of_needs_again() {
    let bench = Bench::open().await;
    let award = bench.arrived().await;
    let backup = tempfile::tempdir().unwrap();
    copy_keys(&bench.folder().join("keys/referrals"), backup.path());
    bench.service.read_shortlisted_referral(bench.oak(read(&award.referral))).await.unwrap();
    let closed = bench.close().await;
    copy_keys(backup.path(), &closed.keys_folder());
    let bench = closed.open_without_lost_keys().await;
    let seen = bench.service.read_shortlisted_referral(bench.oak(read(&award.referral))).await.unwrap();
    assert_eq!(seen.into_inner().narrative, "Plays the trombone.");
}

#[tokio::test]
async fn where_the_awarded_and_the_council_lost_all_keys_nobody_is_said_to_have_seen_anything() {
    let bench = Bench::open().await;
    let award = bench.arrived().await;
    bench.service.reveal_identity(bench.oak(reveal(&award.referral))).await.unwrap();
    let bench = bench.close().await.lose_keys().await;
    let events = bench.types().await;
    let refused = bench.service.reveal_identity(bench.oak(reveal(&award.referral))).await.unwrap_err();
    assert_eq!(crate::bench::reason(&refused), "IDENTITY_KEY_LOST");
    assert_eq!(bench.types().await, events);
}
