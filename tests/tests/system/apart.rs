//! The region as five processes that share nothing but Kafka topics, each with a PostgreSQL database of its own or with files.

use crate::demo::comparable;
use crate::process::{Server, demo, run, until};
use eventlog::Service;
use local_parts::kafka::Kafka;
use local_parts::postgres::{Database, Postgres};
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Where the logs of each process are.
pub(crate) enum Logs {
    Files,
    Databases(BTreeMap<Service, Database>),
}

impl Logs {
    pub(crate) fn in_databases() -> Self {
        let postgres = Postgres::ensure().unwrap();
        Self::Databases(Service::ALL.iter().map(|service| (*service, postgres.database().unwrap())).collect())
    }
}

/// Five services, each a process of its own.
pub(crate) struct Apart {
    folder: TempDir,
    brokers: String,
    prefix: String,
    logs: Logs,
    addresses: BTreeMap<Service, SocketAddr>,
    processes: BTreeMap<Service, Server>,
}

impl Apart {
    /// Makes the topics and starts all five, by a clock that stands still when `simulated`.
    pub(crate) async fn start(brokers: &str, logs: Logs, simulated: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let prefix = format!("test-{}", uuid::Uuid::new_v4().simple());
        let made =
            run(["topics", "apply", "--brokers", brokers, "--topic-prefix", &prefix, "--replicas", "1"]);
        assert_eq!(
            (made.code, made.stdout.as_str()),
            (Some(0), "53 topics made, 0 were there\n"),
            "{made:?}"
        );
        let addresses = Service::ALL.into_iter().zip(free_addresses()).collect();
        let processes = BTreeMap::new();
        let brokers = brokers.to_owned();
        let mut apart = Self { folder, brokers, prefix, logs, addresses, processes };
        for service in Service::ALL {
            let process = apart.spawn(service, simulated);
            apart.processes.insert(service, process);
        }
        for (service, process) in &mut apart.processes {
            assert_eq!(process.listening().await, apart.addresses[service]);
        }
        for (service, process) in &apart.processes {
            let ready = async || process.said().contains("brokerage::running: ready").then_some(());
            until(&format!("{service} is ready"), ready).await;
        }
        apart
    }

    pub(crate) fn spawn(&self, service: Service, simulated: bool) -> Server {
        let data_dir = self.folder.path().join(service.name());
        let (name, listen, keys) = (service.name(), self.addresses[&service].to_string(), self.token_keys());
        let peers = self.peers();
        let mut arguments = vec!["--service", name, "--listen", &listen, "--brokers", &self.brokers];
        arguments.extend(["--topic-prefix", &self.prefix, "--token-keys", keys.to_str().unwrap()]);
        arguments.extend(peers.iter().flat_map(|peer| ["--peer", peer.as_str()]));
        if let Logs::Databases(databases) = &self.logs {
            arguments.extend(["--database", databases[&service].url()]);
        }
        if simulated {
            arguments.extend(["--simulated-clock", "2026-01-01T00:00:00Z"]);
        }
        Server::spawn_with(&data_dir, &arguments)
    }

    /// Where each listens, as `--peer` and `--connect` take it.
    pub(crate) fn peers(&self) -> Vec<String> {
        self.addresses.iter().map(|(service, address)| format!("{service}=http://{address}")).collect()
    }

    pub(crate) fn token_keys(&self) -> PathBuf {
        self.folder.path().join("tokens")
    }
}

/// As many addresses as there are services. They were free a moment ago: each process must know the others' before it starts.
fn free_addresses() -> Vec<SocketAddr> {
    let listeners: Vec<_> = Service::ALL.iter().map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    listeners.iter().map(|listener| listener.local_addr().unwrap()).collect()
}

/// The demo's summary of 40 referrals in a region that runs elsewhere.
fn demo_there(apart: &Apart, more: &[&str]) -> serde_json::Value {
    let (peers, keys) = (apart.peers().join(","), apart.token_keys());
    let arguments = ["demo", "--referrals", "40", "--output", "json", "--connect", &peers, "--token-keys"];
    let ended = run(arguments.iter().chain(&[keys.to_str().unwrap()]).chain(more));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.json()
}

fn demo_here(folder: &Path, more: &[&str]) -> serde_json::Value {
    demo(&folder.join("here"), more)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_is_the_same_in_five_processes_over_kafka_and_postgresql_as_in_one() {
    let folder = tempfile::tempdir().unwrap();
    let apart = Apart::start(&Kafka::ensure().unwrap(), Logs::in_databases(), true).await;
    let there = demo_there(&apart, &["--seed", "5"]);
    assert_eq!(comparable(there), comparable(demo_here(folder.path(), &["--seed", "5"])));
    for (service, process) in apart.processes {
        let said = process.said();
        assert!(!said.contains("ALARM") && !said.contains("ERROR"), "{service} said:\n{said}");
        assert_eq!(process.terminate(), Some(0), "{service}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_demo_in_a_region_that_goes_by_the_machines_clock_or_has_events_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let apart = Apart::start(&Kafka::ensure().unwrap(), Logs::Files, false).await;
    let (peers, keys) = (apart.peers().join(","), apart.token_keys());
    let there = |peers: &str| run(["demo", "--connect", peers, "--token-keys", keys.to_str().unwrap()]);
    let refused = there(&peers);
    assert_eq!(refused.code, Some(69), "{refused:?}");
    assert!(refused.stderr.contains("start it with --simulated-clock"), "{refused:?}");
    let four = peers.rsplit_once(',').unwrap().0;
    let refused = there(four);
    assert!(refused.stderr.contains("where") && refused.stderr.contains("listens is missing"), "{refused:?}");
    drop(folder);
}
