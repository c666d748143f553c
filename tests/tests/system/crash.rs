//! `kill -9` of the region under load, again and again on the same folder: what was acknowledged stays, once.
//!
//! What it cannot show: a loss of power. The kernel keeps what a killed process had written, so a missing fsync is not found here.

mod apart;
mod cable;
mod commands;
mod planted;
pub(crate) mod stories;
mod verdict;
pub(crate) mod witness;
pub(crate) mod world;

use crate::process::{Server, files, read_logs, until};
use crate::region::{Routed, channel};
use api::audit::audit_service_client::AuditServiceClient;
use api::audit::verify_logs_response::Step;
use api::audit::{ListLogsRequest, LogHead, VerifyLogsRequest};
use api::invoicing::GetLedgerRequest;
use api::invoicing::invoicing_service_client::InvoicingServiceClient;
use api::referrals::referrals_service_client::ReferralsServiceClient;
use api::referrals::{Award, AwardState, ListAwardsRequest};
use brokerage::{Options, Running};
use care::{Timestamp, london_date};
use commands::Command;
use futures::StreamExt;
use prost::Message;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use service_kit::Clock;
use service_kit::token::TokenKeys;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use stories::{COUNCILS, DAYS_BEFORE, Load};
use tokio::sync::watch;
use tokio::task::JoinSet;
use witness::{Answer, Sent, Witness};

/// How often the region is killed.
const KILLS: usize = 50;
/// How many stories are told at once by each council's people.
const STORIES_PER_COUNCIL: usize = 8;
/// How many stories each council has lived through before.
const STORIES_BEFORE: usize = 4;
const SEED: u64 = 2026;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_or_doubled_by_fifty_kills() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let (data, witness_file) = (folder.path().join("region"), outside.path().join("witness"));
    let mut draws = ChaCha8Rng::seed_from_u64(SEED);
    let keys = TokenKeys::load_or_create(&data.join("keys")).unwrap();
    let (up, region) = watch::channel(None);
    let load = Arc::new(Load::new(region, Witness::open(&witness_file), keys));
    begin_before(&load, &data, &up, &mut draws).await;
    let mut stories = JoinSet::new();
    for (index, council) in COUNCILS.iter().cycle().take(COUNCILS.len() * STORIES_PER_COUNCIL).enumerate() {
        let (load, draws) = (Arc::clone(&load), ChaCha8Rng::seed_from_u64(SEED + 1 + index as u64));
        stories.spawn(async move { load.tell(council, draws).await });
    }
    for kill in 1..=KILLS {
        if draws.random_ratio(1, 8) {
            // While it still replays and finishes what the last kill interrupted.
            let server = Server::spawn(&data);
            tokio::time::sleep(Duration::from_millis(draws.random_range(5..=200))).await;
            server.kill();
        }
        let (server, address) = Server::start(&data).await;
        up.send_replace(Some(Routed::One(channel(&format!("http://{address}")).await)));
        // Load it is once it is answered, however busy the machine.
        load.answered(1).await;
        tokio::time::sleep(Duration::from_millis(draws.random_range(30..=300))).await;
        server.kill();
        up.send_replace(None);
        if kill % 5 == 0 {
            let logs = read_logs(&data).await;
            let witnessed = witness::read(&witness_file);
            verdict::dense(&logs);
            verdict::exactly_once(&logs, &witnessed);
            verdict::one_claim_a_place(&logs);
        }
    }
    load.end();
    let (server, address) = Server::start(&data).await;
    up.send_replace(Some(Routed::One(channel(&format!("http://{address}")).await)));
    while let Some(story) = stories.join_next().await {
        story.unwrap();
    }
    sagas_end(&load).await;
    server.kill();
    up.send_replace(None);
    judge(&load, &data, &witness_file, &up).await;
}

/// Homes, and the first children, some weeks ago by a clock that stands still, so that there are nights to charge.
async fn begin_before(load: &Load, data: &Path, up: &watch::Sender<Option<Routed>>, draws: &mut ChaCha8Rng) {
    let now = Timestamp::now();
    let before = now - jiff::SignedDuration::from_hours(24 * i64::from(DAYS_BEFORE));
    let options = Options::new(data).by_clock(Clock::simulated(before));
    let running = Running::start(options).await.unwrap();
    up.send_replace(Some(Routed::One(channel(&format!("http://{}", running.address())).await)));
    load.today_is(london_date(before));
    load.open_homes(6, draws).await;
    load.begin(STORIES_BEFORE, draws).await;
    up.send_replace(None);
    running.stop().await;
    load.today_is(london_date(now));
}

/// The region is down and everything has come to its end.
async fn judge(load: &Load, data: &Path, witness_file: &Path, up: &watch::Sender<Option<Routed>>) {
    let witnessed = witness::read(&witness_file.to_owned());
    let before = read_logs(data).await;
    verdict::dense(&before);
    let unanswered_done = verdict::exactly_once(&before, &witnessed);
    verdict::one_claim_a_place(&before);
    let (confirmed, failed) = verdict::sagas(&before);
    let nights = verdict::charged_once(&before, &witnessed);
    let (server, address) = Server::start(data).await;
    up.send_replace(Some(Routed::One(channel(&format!("http://{address}")).await)));
    let acknowledged: Vec<&Sent> = witnessed.values().filter(|sent| sent.answer.is_some()).collect();
    // A refusal is no event and is not kept: asked again it is decided again, by how things stand then.
    let granted = acknowledged.iter().filter(|sent| matches!(sent.answer, Some(Answer::Yes(_))));
    let repeats = granted.map(|sent| async {
        let again = load.repeat(&sent.who, &sent.command).await;
        same_answer(sent, &again);
    });
    futures::stream::iter(repeats).buffer_unordered(32).collect::<Vec<()>>().await;
    ledgers_balance(load).await;
    audit_verifies(load).await;
    assert_eq!(server.terminate(), Some(0));
    let journals = files(&data.join("logs"));
    let journals = journals
        .iter()
        .filter(|(path, content)| path.extension().is_some_and(|it| it == "db-wal") && !content.is_empty());
    assert_eq!(journals.count(), 0, "whoever was asked to end leaves its files in order");
    verdict::same(&before, &read_logs(data).await);
    let kinds: BTreeSet<&str> = acknowledged.iter().map(|sent| sent.command.kind()).collect();
    let unanswered = witnessed.len() - acknowledged.len();
    let events: usize = before.values().map(Vec::len).sum();
    let summary = format!(
        "{} commands acknowledged, {unanswered} unanswered of which {unanswered_done} were done, {confirmed} awards confirmed, \
         {failed} failed, {nights} nights charged, {events} events",
        acknowledged.len()
    );
    // So that a change of the load that makes it test nothing is noticed.
    // For who runs it by hand: cargo test shows it with --nocapture.
    show(&summary);
    assert_eq!(kinds.len(), 13, "{kinds:?}");
    assert!(acknowledged.len() > 300 && unanswered > KILLS && unanswered_done > 3, "{summary}");
    assert!(confirmed > 5 && failed > 1 && nights > 0, "{summary}");
}

/// Once every award has an outcome and no log grows any more.
async fn sagas_end(load: &Load) {
    for gss in COUNCILS {
        until("every award has an outcome", async || {
            let connection = load.connection(&format!("council/{gss}")).await;
            let request = ListAwardsRequest {
                parent: format!("councils/{gss}"),
                state: AwardState::Proposed.into(),
                ..Default::default()
            };
            let awards =
                ReferralsServiceClient::new(connection).list_awards(request).await.unwrap().into_inner();
            awards.awards.is_empty().then_some(())
        })
        .await;
    }
    come_to_rest(load).await;
}

/// Once no log grows any more.
async fn come_to_rest(load: &Load) {
    let mut before = Vec::new();
    until("the logs come to rest", async || {
        // Longer than any effect is on its way in one process that nobody else uses.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let now = heads(load).await;
        let rest = now == before && now.iter().all(|head| head.tree_size == head.followed_to);
        before = now;
        rest.then_some(())
    })
    .await;
}

/// All logs, as the leads and the guest see them.
async fn heads(load: &Load) -> Vec<LogHead> {
    let mut heads = BTreeMap::new();
    for who in AUDITORS {
        let request = ListLogsRequest { page_size: 200, ..Default::default() };
        let mut client = AuditServiceClient::new(load.connection(who).await);
        for head in client.list_logs(request).await.unwrap().into_inner().logs {
            heads.insert(head.log.clone(), head);
        }
    }
    heads.into_values().collect()
}

/// Who together may see every log.
const AUDITORS: [&str; 3] = ["lead/d2n2", "lead/tyne-tees", "council/E06000059"];

/// A repeated command gets the first answer byte for byte. An award's answer tells how it stands, so it may have moved on.
fn same_answer(sent: &Sent, again: &Answer) {
    let first = sent.answer.as_ref().unwrap();
    let (Command::AwardReferral(_), Answer::Yes(bytes)) = (&sent.command, first) else {
        assert_eq!(first, again, "{:?}", sent.command);
        return;
    };
    let award = Award::decode(bytes.as_slice()).unwrap();
    if award.state == i32::from(AwardState::Confirmed) {
        assert_eq!(first, again);
        return;
    }
    assert_eq!(award.state, i32::from(AwardState::Proposed));
    if let Answer::Yes(bytes) = again {
        let now = Award::decode(bytes.as_slice()).unwrap();
        assert_eq!(
            (&now.name, &now.offer, &now.propose_time),
            (&award.name, &award.offer, &award.propose_time)
        );
        assert_eq!(now.state, i32::from(AwardState::Confirmed));
    }
}

async fn ledgers_balance(load: &Load) {
    for gss in COUNCILS {
        let connection = load.connection(&format!("council/{gss}")).await;
        let request = GetLedgerRequest { parent: format!("councils/{gss}"), ..Default::default() };
        let ledger = InvoicingServiceClient::new(connection).get_ledger(request).await.unwrap().into_inner();
        assert!(ledger.balanced && ledger.debits_pence == ledger.credits_pence, "{ledger:?}");
    }
}

async fn audit_verifies(load: &Load) {
    let mut verified = BTreeSet::new();
    for who in AUDITORS {
        let mut client = AuditServiceClient::new(load.connection(who).await);
        let mut steps = client.verify_logs(VerifyLogsRequest::default()).await.unwrap().into_inner();
        while let Some(step) = steps.message().await.unwrap() {
            match step.step.unwrap() {
                Step::Verdict(verdict) => {
                    assert!(verdict.verified, "{verdict:?}");
                    verified.insert(verdict.log);
                }
                Step::Summary(summary) => assert!(summary.verified, "{summary:?}"),
                Step::Progress(_) => {}
            }
        }
    }
    // Two of the region's, three of each council's.
    assert_eq!(verified.len(), 2 + 3 * 17, "{verified:?}");
}

#[expect(clippy::print_stderr, reason = "the summary is for whoever runs it with --nocapture")]
fn show(summary: &str) {
    eprintln!("{summary}");
}
