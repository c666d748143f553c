//! Whatever is done to a log behind the service's back is found and named; what may be done is not.

use crate::world::{DERBY, Decision, NOTTINGHAM, World, as_council, as_lead, decision, log};
use api::audit::audit_service_server::AuditService;
use api::audit::{Finding, GetEventRequest, LogState, LogVerdict};
use eventlog::LogStore;
use eventlog::conformance::{damage, tamper, truncate};
use sealing::{KeyStore, Needs};
use std::path::Path;

const REFERRALS: &str = "referrals/E06000015";

/// Logs with 700 events of Derby, 10 of Nottingham and 20 of the region.
async fn filled(folder: &Path) -> World {
    let world = World::open(folder).await;
    world.append_many(REFERRALS, 700).await;
    world.append_many(&format!("invoicing/{NOTTINGHAM}"), 10).await;
    world.append_many("vacancies/region", 20).await;
    world.caught_up().await;
    world
}

async fn verdict(world: &World, name: &str) -> LogVerdict {
    let (verdicts, summary) = world.verify(&as_lead("d2n2"), &[name]).await;
    assert_eq!(verdicts.len(), 1);
    assert_eq!((summary.verified, summary.logs), (verdicts[0].verified, 1));
    verdicts[0].clone()
}

fn found(verdict: &LogVerdict) -> (Finding, u64) {
    assert!(!verdict.verified && !verdict.detail.is_empty());
    (verdict.finding(), verdict.first_bad_position)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn untouched_logs_are_verified_with_all_their_events() {
    let folder = tempfile::tempdir().unwrap();
    let world = filled(folder.path()).await;
    let (verdicts, summary) = world.verify(&as_lead("d2n2"), &[]).await;
    assert!(verdicts.iter().all(|verdict| verdict.verified && verdict.finding() == Finding::Unspecified));
    // Two logs of the region and three of each member.
    assert_eq!((summary.verified, summary.logs, summary.events), (true, 8, 730));
    let derby = verdicts.iter().find(|verdict| verdict.log == REFERRALS).unwrap();
    assert_eq!(derby.root, world.head(&as_council(DERBY), REFERRALS).await.unwrap().root);
    let (_, own) = world.verify(&as_council(DERBY), &[]).await;
    assert_eq!((own.verified, own.logs, own.events), (true, 5, 720), "its own logs and the region's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_appended_just_before_are_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.append_many(REFERRALS, 500).await;
    let (_, summary) = world.verify(&as_council(DERBY), &[]).await;
    assert_eq!((summary.verified, summary.events), (true, 500));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_altered_payload_is_found_though_its_digest_was_made_to_fit() {
    let folder = tempfile::tempdir().unwrap();
    let world = filled(folder.path()).await;
    // One byte; once in what is long on disk, once in what the running service still has in memory.
    for position in [617, 699] {
        let stored = world.stored(log(REFERRALS)).await;
        let mut payload = stored[usize::try_from(position).unwrap() - 1].payload.clone();
        let last = payload.len() - 2;
        payload[last] ^= 1;
        tamper(&world.path(REFERRALS), position, &payload);
    }
    assert_eq!(found(&verdict(&world, REFERRALS).await), (Finding::EventAltered, 617));
    assert!(verdict(&world, "vacancies/region").await.verified);
    drop(world);
    let world = World::open(folder.path()).await;
    let (verdicts, summary) = world.verify(&as_council(DERBY), &[]).await;
    assert!(!summary.verified);
    let bad: Vec<_> =
        verdicts.iter().filter(|verdict| !verdict.verified).map(|bad| bad.log.as_str()).collect();
    assert_eq!(bad, [REFERRALS]);
    let get = |position| as_council(DERBY).request(GetEventRequest { log: REFERRALS.to_owned(), position });
    let refused = world.audit.get_event(get(699)).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::DataLoss);
    assert_eq!(crate::world::reason::<()>(Err(refused)), "EVENT_ALTERED");
    assert!(world.audit.get_event(get(698)).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reordered_event_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let world = filled(folder.path()).await;
    let events = world.stored(log("vacancies/region")).await;
    tamper(&world.path("vacancies/region"), 3, &events[3].payload);
    tamper(&world.path("vacancies/region"), 4, &events[2].payload);
    assert_eq!(found(&verdict(&world, "vacancies/region").await), (Finding::EventAltered, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_a_disk_damaged_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let world = filled(folder.path()).await;
    damage(&world.path(REFERRALS), 611, b"{}");
    assert_eq!(found(&verdict(&world, REFERRALS).await), (Finding::EventAltered, 611));
    let get = GetEventRequest { log: REFERRALS.to_owned(), position: 611 };
    let refused = world.audit.get_event(as_council(DERBY).request(get)).await;
    assert_eq!(crate::world::reason(refused), "EVENT_ALTERED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_last_events_are_found_and_the_log_is_not_followed_further() {
    let folder = tempfile::tempdir().unwrap();
    let world = filled(folder.path()).await;
    truncate(&world.path(REFERRALS), 650);
    assert_eq!(found(&verdict(&world, REFERRALS).await), (Finding::EventMissing, 651));
    drop(world);
    let world = World::open(folder.path()).await;
    let verdict = verdict(&world, REFERRALS).await;
    assert_eq!((found(&verdict), verdict.events), ((Finding::EventMissing, 651), 650));
    let head = loop {
        let head = world.head(&as_council(DERBY), REFERRALS).await.unwrap();
        if head.state() == LogState::Stuck {
            break head;
        }
        tokio::task::yield_now().await;
    };
    assert!(head.stuck_reason.contains("ends at 650, but 700"), "{}", head.stuck_reason);
    let get = GetEventRequest { log: REFERRALS.to_owned(), position: 651 };
    let refused = world.audit.get_event(as_council(DERBY).request(get)).await;
    assert_eq!(crate::world::reason(refused), "EVENT_MISSING");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_was_truncated_and_written_on_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let world = filled(folder.path()).await;
    let path = world.path("vacancies/region");
    drop(world);
    truncate(&path, 15);
    // While nobody follows it grows beyond what was recorded.
    let store = eventlog::sqlite::SqliteStore::open(folder.path()).unwrap();
    let alone = store.open(log("vacancies/region")).await.unwrap();
    for n in 0..10 {
        alone.append(decision("Happened", 1_000 + n).entry(log("vacancies/region"))).await.unwrap();
    }
    drop((alone, store));
    let world = World::open(folder.path()).await;
    world.caught_up().await;
    assert_eq!(found(&verdict(&world, "vacancies/region").await), (Finding::EventAltered, 16));
}

/// The audit log's events as JSON, changed by `change`, written back with digests that fit.
async fn change_record(world: &World, name: &str, change: impl Fn(&mut serde_json::Value)) {
    for event in world.stored(log(name)).await {
        let mut payload: serde_json::Value = serde_json::from_slice(&event.payload).unwrap();
        let before = payload.clone();
        change(&mut payload);
        if payload != before {
            tamper(&world.path(name), event.position, &serde_json::to_vec(&payload).unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_audit_log_is_found_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let world = filled(folder.path()).await;
    // Somebody else did it, it says now.
    change_record(&world, "audit/region", |record| {
        record["entries"][0]["actor"] = "council:E06000018/x".into()
    })
    .await;
    // And the leaves lead to another root.
    change_record(&world, &format!("audit/{NOTTINGHAM}"), |record| record["root"] = "00".repeat(32).into())
        .await;
    // While it runs the service goes by what it recorded.
    assert!(world.verify(&as_lead("d2n2"), &[]).await.1.verified);
    drop(world);
    let world = World::open(folder.path()).await;
    assert_eq!(found(&verdict(&world, "vacancies/region").await), (Finding::RecordDiffers, 1));
    let invoicing = verdict(&world, &format!("invoicing/{NOTTINGHAM}")).await;
    assert_eq!(found(&invoicing), (Finding::RootMismatch, 1));
    assert!(verdict(&world, REFERRALS).await.verified);
}

/// Invariant 10: an erased child is no damage. What an erasure leaves of a key is tested in `sealing` (its tests `destruction`).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn destroying_a_childs_key_leaves_everything_verified() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(&folder.path().join("logs")).await;
    let keys = KeyStore::open(folder.path().join("keys"), DERBY, &Needs::none()).unwrap();
    let sealed = keys.seal("child-1", "placing", "identity", b"a name and an address").unwrap();
    let payload = serde_json::to_vec(&serde_json::json!({ "identity": sealed })).unwrap();
    world.append(REFERRALS, Decision { payload, ..decision("ReferralPosted", 1) }).await;
    let before = world.verify(&as_council(DERBY), &[]).await;
    assert_eq!((before.1.verified, before.1.events), (true, 1));
    keys.destroy("child-1", "placing").unwrap();
    assert!(keys.unseal(&sealed, "identity").is_err());
    assert_eq!(world.verify(&as_council(DERBY), &[]).await, before);
}
