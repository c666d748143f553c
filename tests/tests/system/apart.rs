//! The region as five processes that share nothing but Kafka topics, each with a PostgreSQL database of its own or with files.

use crate::demo::comparable;
use crate::process::{Ended, Server, demo, post_referral, run, until};
use crate::python::{python, script};
use crate::region::{Routed, council};
use care::Timestamp;
use eventlog::Service;
use local_parts::kafka::Kafka;
use local_parts::postgres::{Database, Postgres};
use service_kit::token::TokenKeys;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tonic::transport::Endpoint;

/// For how many seconds there is no broker, where somebody wants it longer.
const OUTAGE_VARIABLE: &str = "BROKERAGE_OUTAGE_SECONDS";

/// Where the logs of each process are.
pub(crate) enum Logs {
    Files,
    Databases(BTreeMap<Service, Database>),
}

impl Logs {
    /// In a database for each that `make` makes.
    pub(crate) fn in_databases(make: impl Fn() -> Database) -> Self {
        Self::Databases(Service::ALL.iter().map(|service| (*service, make())).collect())
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
    lines: BTreeMap<Service, Lines>,
}

/// By which addresses a process reaches the others' parts, if not directly.
pub(crate) struct Lines {
    pub(crate) broker: SocketAddr,
    pub(crate) database: SocketAddr,
}

impl Apart {
    /// Makes the topics and starts all five, by clocks that stand at an instant if one is given.
    pub(crate) async fn start(brokers: &str, logs: Logs, clock: Option<&str>) -> Self {
        Self::start_over(BTreeMap::new(), brokers, logs, clock).await
    }

    /// As [`Apart::start`], each over its own lines.
    pub(crate) async fn start_over(
        lines: BTreeMap<Service, Lines>,
        brokers: &str,
        logs: Logs,
        clock: Option<&str>,
    ) -> Self {
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
        let mut apart = Self { folder, brokers, prefix, logs, addresses, processes, lines };
        apart.start_again(clock).await;
        apart
    }

    /// Starts those that do not run, and waits until all are ready. One that ends meanwhile, as it lost its database's lease to what is left of the
    /// one before, is started again as a service manager does.
    pub(crate) async fn start_again(&mut self, clock: Option<&str>) {
        for service in Service::ALL {
            let ready = async || {
                self.revive(clock);
                self.processes[&service].said().contains("brokerage::running: ready").then_some(())
            };
            until(&format!("{service} is ready"), ready).await;
        }
    }

    /// Starts those that do not run, and waits for nothing.
    pub(crate) fn revive(&mut self, clock: Option<&str>) {
        for service in Service::ALL {
            if self.processes.get_mut(&service).is_none_or(Server::has_ended) {
                let process = self.spawn(service, clock);
                self.processes.insert(service, process);
            }
        }
    }

    fn spawn(&self, service: Service, clock: Option<&str>) -> Server {
        let data_dir = self.folder.path().join(service.name());
        let (name, listen, keys) = (service.name(), self.addresses[&service].to_string(), self.token_keys());
        let peers = self.peers();
        let lines = self.lines.get(&service);
        let brokers = lines.map_or(self.brokers.clone(), |lines| lines.broker.to_string());
        let mut arguments = vec!["--service", name, "--listen", &listen, "--brokers", &brokers];
        arguments.extend(["--topic-prefix", &self.prefix, "--token-keys", keys.to_str().unwrap()]);
        arguments.extend(["--metrics", "127.0.0.1:0", "--lag-seconds-max", "2"]);
        arguments.extend(peers.iter().flat_map(|peer| ["--peer", peer.as_str()]));
        let database = match &self.logs {
            Logs::Files => None,
            Logs::Databases(databases) => Some(url_over(databases[&service].url(), lines)),
        };
        arguments.extend(database.iter().flat_map(|url| ["--database", url.as_str()]));
        arguments.extend(clock.iter().flat_map(|clock| ["--simulated-clock", *clock]));
        Server::spawn_with(&data_dir, &arguments)
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self, service: Service) {
        if let Some(process) = self.processes.remove(&service) {
            process.kill();
        }
    }

    /// Ends one as a service manager does.
    pub(crate) fn end(&mut self, service: Service) {
        if let Some(process) = self.processes.remove(&service) {
            assert_eq!(process.terminate(), Some(0), "{service}");
        }
    }

    /// Ends all as a service manager does.
    pub(crate) fn terminate(&mut self) {
        Service::ALL.into_iter().for_each(|service| self.end(service));
    }

    /// Sends one of them a signal, such as `STOP`.
    pub(crate) fn signal(&self, service: Service, name: &str) {
        if let Some(process) = self.processes.get(&service) {
            process.signal(name);
        }
    }

    /// Connects each client to the service that it calls, whenever that is there.
    pub(crate) fn routed(&self) -> Routed {
        let channel = |(service, address): (&Service, &SocketAddr)| {
            let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
            // A process that stands still answers nothing.
            (service.name(), endpoint.timeout(Duration::from_secs(25)).connect_lazy())
        };
        Routed::Each(Arc::new(self.addresses.iter().map(channel).collect()))
    }

    /// What a process answers over HTTP: the status, and the body.
    fn http(&self, service: Service, path: &str) -> (u16, String) {
        self.processes[&service].http(path)
    }

    /// Where a service listens.
    pub(crate) fn address(&self, service: Service) -> SocketAddr {
        self.addresses[&service]
    }

    /// The database of a service.
    fn database_of(&self, service: Service) -> &Database {
        let Logs::Databases(databases) = &self.logs else { panic!("the logs are in databases") };
        &databases[&service]
    }

    /// The address of a service's database.
    pub(crate) fn database(&self, service: Service) -> &str {
        self.database_of(service).url()
    }

    /// What a statement answers that sees all of a service's database.
    pub(crate) fn query(&self, service: Service, statement: &str) -> String {
        self.database_of(service).run_as_admin(statement).unwrap().trim().to_owned()
    }

    pub(crate) fn logs(&self) -> &Logs {
        &self.logs
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Each process's address.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.addresses.values().copied()
    }

    /// Where each listens, as `--peer` and `--connect` take it.
    pub(crate) fn peers(&self) -> Vec<String> {
        self.addresses.iter().map(|(service, address)| format!("{service}=http://{address}")).collect()
    }

    pub(crate) fn token_keys(&self) -> PathBuf {
        self.folder.path().join("tokens")
    }
}

/// The server of a database's address.
pub(crate) fn server_of(url: &str) -> SocketAddr {
    let (_, rest) = url.rsplit_once('@').unwrap();
    rest.split('/').next().unwrap().parse().unwrap()
}

/// The address of a database over a process's line to it.
fn url_over(url: &str, lines: Option<&Lines>) -> String {
    let Some(lines) = lines else { return url.to_owned() };
    let (credentials, rest) = url.rsplit_once('@').unwrap();
    let (_, database) = rest.split_once('/').unwrap();
    format!("{credentials}@{}/{database}", lines.database)
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
    let apart = Apart::start(
        &Kafka::ensure().unwrap(),
        Logs::in_databases(|| Postgres::ensure().unwrap().database().unwrap()),
        Some("2026-01-01T00:00:00Z"),
    )
    .await;
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
    let apart = Apart::start(&Kafka::ensure().unwrap(), Logs::Files, None).await;
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

/// Reads the records of a region's topics with `topic_reader.py`.
pub(crate) fn records(brokers: &str, prefix: &str) -> Vec<serde_json::Value> {
    let mut reader = std::process::Command::new(python());
    let output = reader.arg(script("topic_reader.py")).args([brokers, prefix]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Posts a referral for Derby.
fn post(apart: &Apart) -> Ended {
    let keys = TokenKeys::load_or_create(&apart.token_keys()).unwrap();
    let token = keys.issue(council("E06000015"), "test", Timestamp::now(), 3_600, false).unwrap();
    post_referral(apart.addresses[&Service::Referrals], &token, &[])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_broker_a_service_takes_requests_and_says_that_it_is_not_ready_and_all_arrives_later() {
    let outage =
        std::env::var(OUTAGE_VARIABLE).map_or(3, |seconds| seconds.parse().expect("a number of seconds"));
    let outage = Duration::from_secs(outage);
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Kafka::start_own(folder.path().join("kafka")).unwrap();
    let apart = Apart::start(broker.brokers(), Logs::Files, None).await;
    let referrals = Service::Referrals;
    assert_eq!(apart.http(referrals, "/healthz"), (200, "it runs\n".to_owned()));
    assert_eq!(apart.http(referrals, "/readyz"), (200, "ready\n".to_owned()));
    broker.kill();
    let killed = Instant::now();
    let mut posted = 0;
    while posted < 3 || killed.elapsed() < outage {
        let ended = post(&apart);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        posted += 1;
    }
    let behind = format!("is published to Kafka up to 0 of {posted}: ");
    let reasons = until("it says that it is not ready", async || {
        let (status, reasons) = apart.http(referrals, "/readyz");
        (status == 503 && reasons.contains(&behind)).then_some(reasons)
    });
    let reasons = reasons.await;
    let told = reasons.contains(broker.brokers()) || reasons.contains("brokers are down");
    assert!(told, "it says what is missing: {reasons}");
    until("so does the audit service, whose recorder hears nothing", async || {
        (apart.http(Service::Audit, "/readyz").0 == 503).then_some(())
    })
    .await;
    let (_, measured) = apart.http(referrals, "/metrics");
    for line in [
        format!(r#"brokerage_relay_lag_events{{log="referrals/E06000015"}} {posted}"#),
        format!(r#"brokerage_log_events{{log="referrals/E06000015"}} {posted}"#),
        format!("brokerage_append_seconds_count {posted}"),
        r#"brokerage_dead_letters{reaction="referrals",source="vacancies/region"} 0"#.to_owned(),
        "brokerage_ready 0".to_owned(),
    ] {
        assert!(measured.lines().any(|measured| measured == line), "{line} is not in\n{measured}");
    }
    broker.restart().unwrap();
    let heard =
        format!(r#"brokerage_consumed_position{{reaction="audit",source="referrals/E06000015"}} {posted}"#);
    until("the audit service has heard of them", async || {
        let (_, measured) = apart.http(Service::Audit, "/metrics");
        measured.lines().any(|measured| measured == heard).then_some(())
    })
    .await;
    until("it is ready again", async || (apart.http(referrals, "/readyz").0 == 200).then_some(())).await;
    println!("{posted} referrals posted while there was no broker for {:?}", killed.elapsed());
    let records = records(broker.brokers(), &apart.prefix);
    let ids: Vec<&str> = records.iter().map(|record| record["id"].as_str().unwrap()).collect();
    let expected: Vec<String> =
        (1..=posted).map(|position| format!("referrals/E06000015:{position}")).collect();
    assert_eq!(ids, expected, "once each, as CloudEvents");
    assert_eq!(records[0]["type"], "ReferralPosted");
    assert_eq!(records[0]["key"], records[0]["subject"], "a stream is a key");
}
