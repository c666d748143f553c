//! The same events give the same bytes: whatever a region knows and answers comes from its logs alone.

use crate::crash::stories::{COUNCILS, Load};
use crate::crash::witness::Witness;
use crate::process::{demo, logs_in, token, until};
use crate::region::{Bearer, Routed, channel, council, lead};
use api::audit::ListLogsRequest;
use api::audit::audit_service_client::AuditServiceClient;
use api::contracts::ListAgreementsRequest;
use api::contracts::contracts_service_client::ContractsServiceClient;
use api::invoicing::GetLedgerRequest;
use api::invoicing::invoicing_service_client::InvoicingServiceClient;
use brokerage::{Options, Running, StartFailed, StorageFailed};
use eventlog::sqlite::SqliteStore;
use eventlog::{LogStore, Service, Snapshot};
use prost::Message;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use service_kit::token::TokenKeys;
use service_kit::{Clock, Role};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tonic::service::interceptor::InterceptedService;

/// The day after the demo: by the machine's clock the sweep would end leases, which is an event of its own.
const AFTER_THE_DEMO: &str = "2026-06-29T12:00:00Z";

/// Starts a region once the one before has let go of its folder.
async fn start(data: &Path, clock: Clock) -> Running {
    until("the folder is free", async || {
        match Running::start(Options::new(data).by_clock(clock.clone())).await {
            Ok(running) => Some(running),
            Err(StartFailed::Storage(StorageFailed::Folder(_))) => None,
            Err(error) => panic!("{error}"),
        }
    })
    .await
}

/// The digests, once audit has recorded everything.
async fn digests(running: &Running) -> BTreeMap<String, String> {
    running.settled().await.unwrap();
    until("audit has recorded everything", async || {
        let digests = running.state_digests();
        let position = |digest: &String| digest.split(':').next().unwrap().to_owned();
        let recorded = digests.iter().all(|(name, tree)| {
            name.strip_prefix("audit: the tree over ")
                .is_none_or(|log| position(&digests[log]) == position(tree))
        });
        recorded.then_some(digests)
    })
    .await
}

/// What the region answers about itself: every ledger, every agreement and every log's root, byte for byte.
async fn figures(running: &Running, data: &Path) -> Vec<Vec<u8>> {
    let channel = channel(&format!("http://{}", running.address())).await;
    let connect =
        |role: Role| InterceptedService::new(Routed::One(channel.clone()), Bearer::new(&token(data, role)));
    let mut answers = Vec::new();
    for id in running.region().councils() {
        let connection = connect(Role::Council(id));
        let parent = format!("councils/{id}");
        let request = GetLedgerRequest { parent: parent.clone(), ..Default::default() };
        let ledger = InvoicingServiceClient::new(connection.clone()).get_ledger(request).await.unwrap();
        answers.push(ledger.into_inner().encode_to_vec());
        let request = ListAgreementsRequest { parent, page_size: 200, ..Default::default() };
        let agreements = ContractsServiceClient::new(connection).list_agreements(request).await.unwrap();
        answers.push(agreements.into_inner().encode_to_vec());
    }
    for role in [lead("d2n2"), lead("tyne-tees"), council("E06000059")] {
        let request = ListLogsRequest { page_size: 200, ..Default::default() };
        let logs = AuditServiceClient::new(connect(role)).list_logs(request).await.unwrap().into_inner();
        answers.push(logs.encode_to_vec());
    }
    answers
}

/// None of these logs but the audit's is long enough for a snapshot, and those are made another build's: a start folds every event.
async fn forget_snapshots(data: &Path) {
    let store = until("the folder is free", async || SqliteStore::open(&data.join("logs")).ok()).await;
    for id in logs_in(data) {
        let log = store.open(id).await.unwrap();
        let Some(snapshot) = log.load_snapshot("state").await.unwrap() else { continue };
        assert_eq!(id.service, Service::Audit, "{id}");
        let others = Snapshot { schema: "another build's".to_owned(), ..snapshot };
        log.save_snapshot("state", others).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_is_made_again_from_its_logs_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("region");
    let summary = demo(&data, &["--seed", "5"]);
    let clock = || Clock::simulated(AFTER_THE_DEMO.parse().unwrap());
    let first = start(&data, clock()).await;
    let (made, told) = (digests(&first).await, figures(&first, &data).await);
    first.stop().await;
    forget_snapshots(&data).await;
    let second = start(&data, clock()).await;
    assert_eq!(digests(&second).await, made);
    assert_eq!(figures(&second, &data).await, told);
    second.stop().await;
    // Market, frameworks; four logs and an audit log for each council, and the region's; the searches' market and the weights of evaluations;
    // what figures are made of; 53 trees.
    assert_eq!(made.len(), 2 + 4 * 17 + 1 + 2 + 1 + 53, "{made:#?}");
    assert_as_the_demo_said(&summary, &made);
}

/// The region that is served afterwards is the one that the demo saw.
fn assert_as_the_demo_said(summary: &Value, made: &BTreeMap<String, String>) {
    let logs = summary["logs"].as_array().unwrap();
    assert_eq!(logs.len(), 53);
    for log in logs {
        let name = log["log"].as_str().unwrap();
        let tree = format!("{}:{}", log["events"], log["root"].as_str().unwrap());
        assert_eq!(made[&format!("audit: the tree over {name}")], tree);
        let head: u64 = made[name].split(':').next().unwrap().parse().unwrap();
        assert_eq!(log["events"].as_u64(), Some(head), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_region_knew_while_it_ran_its_successor_knows_from_the_logs() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let data = folder.path();
    let running = start(data, Clock::System).await;
    let region = Routed::One(channel(&format!("http://{}", running.address())).await);
    let (up, region) = watch::channel(Some(region));
    let keys = TokenKeys::load_or_create(&data.join("keys")).unwrap();
    let load = Arc::new(Load::new(region, Witness::open(&outside.path().join("witness")), keys));
    let mut stories = JoinSet::new();
    for (index, council) in COUNCILS.iter().cycle().take(12).enumerate() {
        let (load, draws) = (Arc::clone(&load), ChaCha8Rng::seed_from_u64(index as u64));
        stories.spawn(async move { load.tell(council, draws).await });
    }
    until("there is something to know", async || {
        let digests = running.state_digests();
        let positions = digests.values().filter_map(|digest| digest.split(':').next()?.parse::<u64>().ok());
        (positions.sum::<u64>() > 3_000).then_some(())
    })
    .await;
    load.end();
    while let Some(story) = stories.join_next().await {
        story.unwrap();
    }
    let (knew, told) = (digests(&running).await, figures(&running, data).await);
    drop(up);
    running.stop().await;
    forget_snapshots(data).await;
    let successor = start(data, Clock::System).await;
    assert_eq!(digests(&successor).await, knew);
    assert_eq!(figures(&successor, data).await, told);
    successor.stop().await;
}
