//! `kill -9` and pauses of five processes, of the broker between them and of the server below them, and cuts of the network, under load: what was acknowledged stays,
//! once; the topics hold each position once and in order; and every state is what a replay gives.
//!
//! Not covered: a loss of power (the kernel keeps what a killed process had written), disks that lie, brokers and databases of more
//! than one machine, clocks that jump.

use super::cable::{Cable, Socket};
use super::stories::Load;
use super::verdict::{self, Logs};
use super::witness::{self, Answer, Sent, Witness};
use super::{
    SEED, STORIES_BEFORE, STORIES_PER_COUNCIL, audit_verifies, ledgers_balance, sagas_end, same_answer, show,
};
use crate::apart::{Apart, Lines, Logs as Kept, server_of};
use crate::crash::stories::{COUNCILS, DAYS_BEFORE};
use crate::process::{read_database, until};
use crate::region::Bearer;
use api::operations::GetStatesRequest;
use api::operations::operations_service_client::OperationsServiceClient;
use care::{Timestamp, london_date};
use eventlog::Service;
use futures::StreamExt;
use local_parts::kafka::{Kafka, OwnBroker};
use local_parts::postgres::{OwnPostgres, Postgres};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use service_kit::Role;
use service_kit::token::TokenKeys;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinSet, block_in_place};
use tonic::service::interceptor::InterceptedService;

/// How many kills there are when nobody asks for more.
const KILLS: usize = 60;
const KILLS_VARIABLE: &str = "BROKERAGE_CRASH_KILLS";
/// Where a report is wanted.
const REPORT_VARIABLE: &str = "BROKERAGE_CRASH_REPORT";

/// An award's conversation: one request and what follows from it.
const SAGA: [&str; 8] = [
    "AwardProposed",
    "PlaceClaimed",
    "ClaimRefused",
    "AgreementIssued",
    "AgreementRefused",
    "ReferralAwarded",
    "AwardFailed",
    "ClaimReleased",
];

/// What happens to a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Blow {
    Kill(Part),
    Pause(Part),
    /// A process is cut off from what it uses, and from nothing else.
    Cut(&'static str, Line),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    Broker,
    Database,
    Both,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Process(&'static str),
    Broker,
    Database,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Process(name) => name,
            Self::Broker => "the broker",
            Self::Database => "PostgreSQL",
        })
    }
}

impl Blow {
    fn draw(draws: &mut ChaCha8Rng) -> Self {
        if draws.random_ratio(1, 6) {
            let line = *[Line::Broker, Line::Database, Line::Both].choose(draws).unwrap();
            return Self::Cut(Service::ALL.choose(draws).unwrap().name(), line);
        }
        let part = match draws.random_range(0..100) {
            0..12 => Part::Broker,
            12..24 => Part::Database,
            _ => Part::Process(Service::ALL.choose(draws).unwrap().name()),
        };
        if draws.random_ratio(1, 6) { Self::Pause(part) } else { Self::Kill(part) }
    }
}

/// All that may be struck.
struct World {
    apart: Apart,
    broker: OwnBroker,
    postgres: OwnPostgres,
    cables: BTreeMap<Service, Cables>,
}

/// What a process hangs on.
struct Cables {
    broker: Cable,
    database: Cable,
}

impl Cables {
    fn of(&self, line: Line) -> impl Iterator<Item = &Cable> {
        let broker = (line != Line::Database).then_some(&self.broker);
        broker.into_iter().chain((line != Line::Broker).then_some(&self.database))
    }
}

/// The broker, and a database server, with a cable to each from each process.
async fn laid(folder: &Path, postgres: &OwnPostgres) -> (OwnBroker, BTreeMap<Service, Cables>) {
    let mut sockets = Vec::new();
    for _ in Service::ALL {
        sockets.push((Socket::bind().await, Socket::bind().await));
    }
    let fronts: Vec<u16> = sockets.iter().map(|(broker, _)| broker.front().port()).collect();
    let broker = Kafka::start_own_behind(folder, &fronts).unwrap();
    let doors = broker.doors().iter();
    let laid = sockets.into_iter().zip(doors).map(|((to_broker, to_database), door)| Cables {
        broker: to_broker.to(*door),
        database: to_database.to(server_of(&postgres.url().unwrap())),
    });
    let cables = Service::ALL.into_iter().zip(laid).collect();
    (broker, cables)
}

impl World {
    async fn strike(&mut self, blow: Blow, draws: &mut ChaCha8Rng) {
        let pause = Duration::from_millis(draws.random_range(300..4_500));
        match blow {
            Blow::Kill(Part::Process(name)) => self.apart.kill(name.parse().unwrap()),
            Blow::Kill(Part::Broker) => {
                self.broker.kill();
                // While it is gone, commands go on.
                tokio::time::sleep(pause / 4).await;
                block_in_place(|| self.broker.restart()).unwrap();
            }
            Blow::Kill(Part::Database) => {
                self.postgres.kill().unwrap();
                block_in_place(|| self.postgres.restart()).unwrap();
            }
            Blow::Cut(name, line) => {
                let cables = &self.cables[&name.parse().unwrap()];
                cables.of(line).for_each(Cable::cut);
                tokio::time::sleep(pause).await;
                let torn = draws.random_ratio(1, 2);
                cables.of(line).for_each(|cable| cable.mend(torn));
            }
            Blow::Pause(Part::Process(name)) => {
                let service = name.parse().unwrap();
                self.apart.signal(service, "STOP");
                tokio::time::sleep(pause).await;
                self.apart.signal(service, "CONT");
            }
            Blow::Pause(Part::Broker) => {
                self.broker.pause();
                tokio::time::sleep(pause).await;
                self.broker.resume();
            }
            Blow::Pause(Part::Database) => {
                self.postgres.pause().unwrap();
                tokio::time::sleep(pause).await;
                self.postgres.resume().unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_doubled_by_the_death_of_processes_brokers_and_databases() {
    let kills =
        std::env::var(KILLS_VARIABLE).map_or(KILLS, |kills| kills.parse().expect("a number of kills"));
    let outside = tempfile::tempdir().unwrap();
    let witness_file = outside.path().join("witness");
    let database = tempfile::tempdir().unwrap();
    let postgres = Postgres::start_own(database.path()).unwrap();
    let (broker, cables) = laid(&outside.path().join("kafka"), &postgres).await;
    let mut draws = ChaCha8Rng::seed_from_u64(SEED);
    let now = Timestamp::now();
    let before = now - jiff::SignedDuration::from_hours(24 * i64::from(DAYS_BEFORE));
    let logs = Kept::in_databases(|| postgres.database().unwrap());
    let lines = cables.iter().map(|(service, cables)| {
        (*service, Lines { broker: cables.broker.front(), database: cables.database.front() })
    });
    let apart = Apart::start_over(lines.collect(), broker.brokers(), logs, Some(&before.to_string())).await;
    let mut world = World { apart, broker, postgres, cables };
    let keys = TokenKeys::load_or_create(&world.apart.token_keys()).unwrap();
    let (up, region) = watch::channel(Some(world.apart.routed()));
    let load = Arc::new(Load::new(region, Witness::open(&witness_file), keys));
    load.today_is(london_date(before));
    load.open_homes(6, &mut draws).await;
    load.begin(STORIES_BEFORE, &mut draws).await;
    world.apart.terminate();
    load.today_is(london_date(now));
    world.apart.start_again(None).await;

    let mut stories = JoinSet::new();
    for (index, council) in COUNCILS.iter().cycle().take(COUNCILS.len() * STORIES_PER_COUNCIL).enumerate() {
        let (load, draws) = (Arc::clone(&load), ChaCha8Rng::seed_from_u64(SEED + 1 + index as u64));
        stories.spawn(async move { load.tell(council, draws).await });
    }
    let mut blows: BTreeMap<Blow, usize> = BTreeMap::new();
    let killed = |blows: &BTreeMap<Blow, usize>| -> usize {
        blows.iter().filter(|(blow, _)| matches!(blow, Blow::Kill(_))).map(|(_, times)| times).sum()
    };
    while killed(&blows) < kills {
        let blow = Blow::draw(&mut draws);
        world.strike(blow, &mut draws).await;
        *blows.entry(blow).or_default() += 1;
        // Load it is once it is answered, however busy the machine.
        let mut answered = std::pin::pin!(load.answered(1));
        world.apart.revive(None);
        while tokio::time::timeout(Duration::from_millis(200), &mut answered).await.is_err() {
            // One that lost its database's lease ends, and is started again as a service manager does.
            world.apart.revive(None);
        }
        tokio::time::sleep(Duration::from_millis(draws.random_range(30..=600))).await;
    }
    load.end();
    while !stories.is_empty() {
        world.apart.revive(None);
        let _ = tokio::time::timeout(Duration::from_millis(200), async {
            stories.join_next().await.unwrap().unwrap();
        })
        .await;
    }
    world.apart.start_again(None).await;
    sagas_end(&load).await;
    let summary = judge(&load, &mut world, &witness_file).await;
    drop(up);
    report(&blows, &summary);
}

/// The load is over and everything has come to rest.
async fn judge(load: &Load, world: &mut World, witness_file: &Path) -> String {
    let witnessed = witness::read(&witness_file.to_owned());
    let logs = stored(&world.apart).await;
    verdict::dense(&logs);
    let unanswered_done = verdict::exactly_once(&logs, &witnessed);
    verdict::one_claim_a_place(&logs);
    let (confirmed, failed) = verdict::sagas(&logs);
    let nights = verdict::charged_once(&logs, &witnessed);
    let records = crate::apart::records(world.broker.brokers(), world.apart.prefix());
    verdict::topics_hold_each_position_once(&logs, &records);
    each_saga_is_one_trace(&records);
    ledgers_balance(load).await;
    audit_verifies(load).await;
    let states = states(&world.apart).await;
    for service in Service::ALL {
        world.apart.kill(service);
    }
    world.apart.start_again(None).await;
    let replayed = self::states(&world.apart).await;
    assert_eq!(states, replayed, "what was folded while it happened is not what a replay gives");
    let acknowledged: Vec<&Sent> = witnessed.values().filter(|sent| sent.answer.is_some()).collect();
    let granted = acknowledged.iter().filter(|sent| matches!(sent.answer, Some(Answer::Yes(_))));
    let repeats = granted.map(|sent| async {
        let again = load.repeat(&sent.who, &sent.command).await;
        same_answer(sent, &again);
    });
    futures::stream::iter(repeats).buffer_unordered(32).collect::<Vec<()>>().await;
    verdict::same(&logs, &stored(&world.apart).await);
    world.apart.terminate();
    let unanswered = witnessed.len() - acknowledged.len();
    let events: usize = logs.values().map(Vec::len).sum();
    let summary = format!(
        "{} commands acknowledged, {unanswered} unanswered of which {unanswered_done} were done, {confirmed} awards confirmed, \
         {failed} failed, {nights} nights charged, {events} events, {} records in topics, {} states replayed",
        acknowledged.len(),
        records.len(),
        states.len()
    );
    // So that a change of the load that makes it test nothing is noticed.
    assert!(acknowledged.len() > 300 && unanswered > 10 && confirmed > 5 && nights > 0, "{summary}");
    summary
}

/// Every event of every log, from the databases.
async fn stored(apart: &Apart) -> Logs {
    let Kept::Databases(databases) = apart.logs() else { panic!("the logs are in databases") };
    let mut logs = Logs::new();
    for (service, database) in databases {
        logs.extend(read_database(database.url(), &[*service]).await);
    }
    logs
}

/// An award's conversation is one trace, as far as it is known.
fn each_saga_is_one_trace(records: &[Value]) {
    let mut traces: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for record in records {
        let trace = record["traceparent"].as_str().unwrap().split('-').nth(1);
        let of_saga = SAGA.contains(&record["type"].as_str().unwrap());
        if let (true, Some(award), Some(trace)) = (of_saga, record["data"]["award"].as_str(), trace) {
            traces.entry(award.to_owned()).or_default().insert(trace.to_owned());
        }
    }
    // A restart forgets traces, but none goes on as another.
    assert!(traces.len() > 5 && traces.values().all(|of_award| of_award.len() == 1), "{traces:?}");
}

/// What each log and view of each process has come to.
async fn states(apart: &Apart) -> BTreeMap<String, String> {
    let keys = TokenKeys::load_or_create(&apart.token_keys()).unwrap();
    let token = keys.issue(Role::Service(Service::Audit), "test", Timestamp::now(), 600, false).unwrap();
    let connection = |address: &str| {
        let channel = tonic::transport::Endpoint::from_shared(address.to_owned()).unwrap().connect_lazy();
        OperationsServiceClient::new(InterceptedService::new(channel, Bearer::new(&token)))
    };
    let mut states = BTreeMap::new();
    for address in apart.addresses() {
        let mut client = connection(&format!("http://{address}"));
        let answer =
            until("a process tells its states", async || client.get_states(GetStatesRequest {}).await.ok());
        states.extend(answer.await.into_inner().states);
    }
    states
}

/// For whoever runs it by hand, and for `cargo xtask crash`.
fn report(blows: &BTreeMap<Blow, usize>, summary: &str) {
    let mut text = String::from(
        "# Crash test of five processes over Kafka and PostgreSQL\n\n| blow | times |\n|---|---|\n",
    );
    for (blow, times) in blows {
        let said = match blow {
            Blow::Kill(part) => format!("kill -9 {part}"),
            Blow::Pause(part) => format!("pause {part}"),
            Blow::Cut(name, Line::Broker) => format!("cut {name} off the broker"),
            Blow::Cut(name, Line::Database) => format!("cut {name} off PostgreSQL"),
            Blow::Cut(name, Line::Both) => format!("cut {name} off both"),
        };
        text.push_str(&format!("| {said} | {times} |\n"));
    }
    text.push_str(&format!("\n{summary}\n\nNothing acknowledged was lost, nothing was done twice.\n\n"));
    text.push_str(
        "Not covered: a loss of power (the kernel keeps what a killed process had written), disks that lie, brokers and \
         databases of more than one machine, clocks that jump.\n",
    );
    show(&text);
    if let Some(path) = std::env::var_os(REPORT_VARIABLE) {
        std::fs::write(path, text).unwrap();
    }
}
