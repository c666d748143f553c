//! Events that followers cannot read, in a whole region: everything else goes on, and people see and settle what is parked.
//!
//! In a region of several programs the owner of a log may be newer than who follows it. Here there is one program, which reads neither; so
//! the owner is given a snapshot that stands behind the event, as if it knew it.

use crate::apart::{Apart, Logs};
use crate::process::{Ended, Server, read_logs, run, token, until};
use crate::region::program;
use care::{CouncilId, StreamId, Timestamp};
use contracts_domain::Agreements;
use eventlog::postgres::PostgresStore;
use eventlog::sqlite::SqliteStore;
use eventlog::{Entry, Expected, LogId, LogStore, Meta, NewEvent, Service, Snapshot};
use local_parts::kafka::Kafka;
use local_parts::postgres::Postgres;
use serde_json::Value;
use service_kit::Role;
use service_kit::token::TokenKeys;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::UNIX_EPOCH;

const ISSUED: &str = include_str!("../../../services/contracts/domain/golden/AgreementIssued.v1.json");
const STARTED: &str = include_str!("../../../services/contracts/domain/golden/PlacementStarted.v1.json");
/// The agreement that nobody can read, and the other one.
const AGREEMENTS: [&str; 2] =
    ["0190f5c2-6b1e-7c3a-9d21-3f0c5a7e8b14", "0190f5c2-6b1e-7c3a-9d21-3f0c5a7e8b15"];
const SOURCE: &str = "contracts/E06000015";

fn derby() -> CouncilId {
    "E06000015".parse().unwrap()
}

fn log(service: Service) -> LogId {
    LogId::council(service, derby())
}

fn event(event_type: &'static str, version: u16, agreement: &str, golden: &str) -> NewEvent {
    let mut payload: Value = serde_json::from_str(golden).unwrap();
    payload["agreement"] = agreement.into();
    payload["council"] = derby().to_string().into();
    NewEvent {
        stream: StreamId::new("agreement", agreement),
        event_type,
        version,
        payload: serde_json::to_vec(&payload).unwrap(),
        effective: None,
        council: Some(derby()),
    }
}

/// Appends what a newer program would have to Derby's contracts log.
async fn append_unreadable(store: &dyn LogStore) {
    let log = store.open(log(Service::Contracts)).await.unwrap();
    let events = vec![
        event("AgreementIssued", 2, AGREEMENTS[0], ISSUED),
        event("PlacementStarted", 1, AGREEMENTS[0], STARTED),
        event("AgreementIssued", 1, AGREEMENTS[1], ISSUED),
    ];
    let streams = AGREEMENTS.map(|agreement| StreamId::new("agreement", agreement));
    let entry = Entry {
        expected_head: Some(0),
        expected: streams.iter().map(|stream| (stream.clone(), Expected::Version(0))).collect(),
        events,
        meta: Meta {
            actor: "service:contracts".to_owned(),
            causation: None,
            correlation: None,
            recorded_at: Timestamp::now(),
        },
        idempotency: None,
        source: None,
    };
    log.append(entry).await.unwrap();
    let versions: BTreeMap<String, u64> = streams.iter().map(ToString::to_string).zip([2, 1]).collect();
    let body = serde_json::json!({"state": Agreements::default(), "versions": versions});
    let body = serde_json::to_vec(&body).unwrap();
    log.save_snapshot("state", Snapshot { schema: schema(), position: 3, body }).await.unwrap();
}

/// How a snapshot says that it is of the program under test, as in the engine's `snapshot.rs`.
fn schema() -> String {
    let executable = std::fs::metadata(program()).unwrap();
    let modified = executable.modified().unwrap().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let name = format!("{}|{}|{modified}", std::any::type_name::<Agreements>(), executable.len());
    hex::encode(Sha256::digest(name))
}

/// A caller of `brokerage dlq`.
struct Caller {
    address: String,
    token: String,
}

impl Caller {
    fn new(data: &Path, address: SocketAddr, role: Role) -> Self {
        Self { address: format!("http://{address}"), token: token(data, role) }
    }

    /// Of one of five processes.
    fn of(apart: &Apart, service: Service) -> Self {
        let keys = TokenKeys::load_or_create(&apart.token_keys()).unwrap();
        let token = keys.issue(Role::Service(service), "test", Timestamp::now(), 3_600, false).unwrap();
        Self { address: format!("http://{}", apart.address(service)), token }
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        let own = ["--address", &self.address, "--token", &self.token, "--output", "json"];
        run(arguments.iter().chain(&own))
    }

    /// What is parked: by whom, at which position, and whether only behind another.
    fn parked(&self) -> Vec<(String, u64, bool)> {
        let listed = self.run(&["dlq", "list"]);
        assert_eq!(listed.code, Some(0), "{listed:?}");
        let letters = listed.json()["dead_letters"].as_array().unwrap().clone();
        let letter = |letter: &Value| {
            assert_eq!(
                (letter["source"].as_str(), letter["stream"].as_str()),
                (Some(SOURCE), Some(&*stream()))
            );
            let reaction = letter["reaction"].as_str().unwrap().to_owned();
            (reaction, letter["position"].as_u64().unwrap(), letter["behind"].as_bool().unwrap())
        };
        letters.iter().map(letter).collect()
    }

    async fn until_parked(&self, expected: &[(&str, u64, bool)]) {
        let expected: Vec<_> =
            expected.iter().map(|(reaction, at, behind)| ((*reaction).to_owned(), *at, *behind)).collect();
        until("it is parked", async || (self.parked() == expected).then_some(())).await;
    }

    fn retry(&self, reaction: &str) -> Ended {
        self.run(&["dlq", "retry", "--reaction", reaction, "--source", SOURCE, "--stream", &stream()])
    }

    fn discard(&self, reaction: &str, position: &str, reason: &str) -> Ended {
        let what = ["--reaction", reaction, "--source", SOURCE, "--position", position, "--reason", reason];
        self.run(&[&["dlq", "discard"], &what[..]].concat())
    }

    /// How many letters each follower of the source has, as the process tells of its progress.
    fn progress(&self) -> BTreeMap<String, u64> {
        let progress = self.run(&["operations", "get-progress"]).json();
        assert_eq!(progress["not_ready"], serde_json::json!([]), "parked events do not make it unready");
        let followers = progress["followers"].as_array().unwrap().clone();
        let of_source = followers.iter().filter(|follower| follower["source"] == SOURCE);
        let letters = |follower: &Value| {
            (follower["reaction"].as_str().unwrap().to_owned(), follower["dead_letters"].as_u64().unwrap())
        };
        of_source.map(letters).collect()
    }
}

fn stream() -> String {
    format!("agreement/{}", AGREEMENTS[0])
}

/// The events of Derby's ledger: their types, and their causes.
async fn ledger(data: &Path) -> Vec<(String, String)> {
    let logs = read_logs(data).await;
    let of = |event: &std::sync::Arc<eventlog::Recorded>| {
        (event.event_type.clone(), event.meta.causation.clone().unwrap())
    };
    logs[&log(Service::Invoicing)].iter().map(of).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_followers_cannot_read_is_parked_listed_retried_and_discarded() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("region");
    let (server, _) = Server::start(&data).await;
    assert_eq!(server.terminate(), Some(0));
    let store = until("the folder is free", async || SqliteStore::open(&data.join("logs")).ok()).await;
    append_unreadable(&store).await;
    drop(store);

    let (server, address) = Server::start(&data).await;
    let operator = Caller::new(&data, address, Role::Service(Service::Invoicing));
    let all =
        [("invoicing", 1, false), ("invoicing", 2, true), ("referrals", 1, false), ("referrals", 2, true)];
    operator.until_parked(&all).await;
    let said = server.said();
    assert!(said.contains("ALARM: this event cannot be applied and is parked"), "{said}");
    let letters = operator.progress();
    assert_eq!((letters["invoicing"], letters["referrals"], letters["vacancies"]), (2, 2, 0));
    assert_eq!(server.terminate(), Some(0));
    let opened = ["AgreementOpened", "CommitmentPosted"].map(|kind| (kind.to_owned(), format!("{SOURCE}:3")));
    assert_eq!(ledger(&data).await, opened, "the other agreement goes on");

    // After a restart it is all known, and nothing is done or parked twice.
    let (server, address) = Server::start(&data).await;
    let operator = Caller::new(&data, address, Role::Service(Service::Invoicing));
    operator.until_parked(&all).await;
    assert!(server.said().contains("ALARM: events are parked that could not be applied"));
    let failed = operator.retry("invoicing");
    assert_eq!(
        (failed.code, failed.json()["error"]["reason"].as_str()),
        (Some(1), Some("DEAD_LETTER_FAILED_AGAIN"))
    );
    assert!(
        failed.stdout.contains("contracts/E06000015:1 failed again")
            && failed.stdout.contains("run a newer one")
    );
    let second = operator.discard("invoicing", "2", "it is the wrong one");
    assert_eq!(
        (second.code, second.json()["error"]["reason"].as_str()),
        (Some(1), Some("DEAD_LETTER_NOT_FIRST"))
    );
    let done = operator.discard("invoicing", "1", "the agreement was made by mistake");
    assert_eq!(done.code, Some(0), "{done:?}");
    operator.until_parked(&[all[1], all[2], all[3]]).await;
    let retried = operator.retry("invoicing");
    assert_eq!((retried.code, retried.json()["retried"].as_u64()), (Some(0), Some(1)), "{retried:?}");
    operator.until_parked(&all[2..]).await;
    assert_eq!(operator.retry("invoicing").json()["error"]["reason"], "DEAD_LETTER_UNKNOWN");
    // Killed, so that nothing is finished on the way out.
    server.kill();
    let (server, address) = Server::start(&data).await;
    Caller::new(&data, address, Role::Service(Service::Invoicing)).until_parked(&all[2..]).await;
    assert_eq!(server.terminate(), Some(0));
    let refused = ("ContractFactRefused".to_owned(), format!("{SOURCE}:2"));
    assert_eq!(
        ledger(&data).await,
        [&opened[..], &[refused]].concat(),
        "the retried start has its effect once: it has no agreement"
    );
}

/// The same where the owner and the followers are processes with a database each: the events come through Kafka, and each process has what it
/// parked itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_followers_cannot_read_is_parked_by_each_process_over_kafka_and_postgresql() {
    let databases = Logs::in_databases(|| Postgres::ensure().unwrap().database().unwrap());
    let mut apart = Apart::start(&Kafka::ensure().unwrap(), databases, None).await;
    apart.end(Service::Contracts);
    append_unreadable(&PostgresStore::connect(apart.database(Service::Contracts)).await.unwrap()).await;
    apart.start_again(None).await;
    let invoicing = [("invoicing", 1, false), ("invoicing", 2, true)];
    let referrals = [("referrals", 1, false), ("referrals", 2, true)];
    Caller::of(&apart, Service::Invoicing).until_parked(&invoicing).await;
    Caller::of(&apart, Service::Referrals).until_parked(&referrals).await;
    let opened = "SELECT string_agg(type, ' ' ORDER BY position) FROM brokerage.events e JOIN brokerage.logs l ON l.number = e.log \
                  WHERE l.service = 'invoicing' AND l.owner = 'E06000015'";
    let ledger = |apart: &Apart| apart.query(Service::Invoicing, opened);
    until("the other agreement goes on", async || {
        (ledger(&apart) == "AgreementOpened CommitmentPosted").then_some(())
    })
    .await;

    // Killed and started again each has what it had.
    for service in [Service::Invoicing, Service::Referrals] {
        apart.kill(service);
    }
    apart.start_again(None).await;
    let operator = Caller::of(&apart, Service::Invoicing);
    operator.until_parked(&invoicing).await;
    assert_eq!(operator.discard("invoicing", "1", "the agreement was made by mistake").code, Some(0));
    let retried = operator.retry("invoicing");
    assert_eq!((retried.code, retried.json()["retried"].as_u64()), (Some(0), Some(1)), "{retried:?}");
    operator.until_parked(&[]).await;
    Caller::of(&apart, Service::Referrals).until_parked(&referrals).await;
    assert_eq!(ledger(&apart), "AgreementOpened CommitmentPosted ContractFactRefused", "each effect once");
    apart.terminate();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dlq_says_what_is_wrong_with_what_was_asked() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("region");
    let (server, address) = Server::start(&data).await;
    let operator = Caller::new(&data, address, Role::Service(Service::Vacancies));
    assert_eq!(operator.parked(), []);
    let table = run(["dlq", "list", "--address", &operator.address, "--token", &operator.token]);
    assert_eq!(table.code, Some(0), "{table:?}");
    let unknown = operator.retry("audit");
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
    assert!(unknown.stdout.contains("contracts, invoicing, referrals, vacancies"), "{unknown:?}");
    let absent = operator.discard("invoicing", "7", "it is not there");
    assert_eq!(
        (absent.code, absent.json()["error"]["reason"].as_str()),
        (Some(1), Some("DEAD_LETTER_UNKNOWN"))
    );
    let missing = operator.run(&["dlq", "discard", "--reaction", "invoicing", "--source", SOURCE]);
    assert_eq!(missing.code, Some(2), "{missing:?}");
    assert!(missing.stderr.contains("--position") && missing.stderr.contains("--reason"), "{missing:?}");
    let others = Caller::new(&data, address, Role::Council(derby()));
    let denied = others.run(&["dlq", "list"]);
    assert_eq!((denied.code, denied.json()["error"]["reason"].as_str()), (Some(1), Some("ROLE_NOT_ALLOWED")));
    assert_eq!(server.terminate(), Some(0));
    let gone = operator.run(&["dlq", "list"]);
    assert_eq!(gone.code, Some(69), "{gone:?}");
    assert!(gone.stderr.contains("nothing answers at"), "{gone:?}");
}
