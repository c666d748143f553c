//! A small region on files: Derby and Nottingham under D2N2, Darlington under Tyne Tees, Dorset as a guest. The other services are
//! stood in for by their logs, to which tests append what they like.

use api::audit::audit_service_server::AuditService;
use api::audit::verify_logs_response::Step;
use api::audit::{
    EventFilter, EventRecord, FollowEventsRequest, GetLogHeadRequest, LogHead, LogVerdict,
    VerificationSummary, VerifyLogsRequest,
};
use audit::Audit;
use care::{CouncilId, StreamId, Timestamp};
use eventlog::sqlite::SqliteStore;
use eventlog::{Appended, Entry, EventLog, LogId, LogStore, Meta, NewEvent, Owner, Recorded};
use exchange::{Embedded, Exchange};
use merkle_log::Tree;
use service_kit::{Caller, Clock, Framework, Kit, Region, Role};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio_stream::StreamExt;
use tonic::{Request, Status};
use tonic_types::StatusExt;

pub(crate) const DERBY: &str = "E06000015";
pub(crate) const NOTTINGHAM: &str = "E06000018";
pub(crate) const DARLINGTON: &str = "E06000005";
pub(crate) const DORSET: &str = "E06000059";

/// How long recording may take before a test fails instead of waiting for ever.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct World {
    pub(crate) audit: Audit,
    pub(crate) exchange: Arc<Embedded>,
    logs: BTreeMap<LogId, Arc<dyn EventLog>>,
    store: Arc<SqliteStore>,
}

pub(crate) fn council(gss: &str) -> CouncilId {
    gss.parse().unwrap()
}

pub(crate) fn log(name: &str) -> LogId {
    name.parse().unwrap()
}

fn region() -> Region {
    let framework = |id: &str, members: &[&str]| Framework {
        id: id.parse().unwrap(),
        name: id.to_owned(),
        councils: members.iter().map(|gss| council(gss)).collect(),
    };
    Region {
        name: "test".to_owned(),
        frameworks: vec![framework("d2n2", &[DERBY, NOTTINGHAM]), framework("tyne-tees", &[DARLINGTON])],
        guests: vec![council(DORSET)],
    }
}

impl World {
    /// Opens what is in the folder, or a new world.
    pub(crate) async fn open(folder: &Path) -> Self {
        let store = Arc::new(SqliteStore::open(folder).unwrap());
        let exchange = Arc::new(Embedded::default());
        let kit = Kit {
            region: Arc::new(region()),
            clock: Clock::simulated("2026-05-01T09:00:00Z".parse().unwrap()),
            store: Arc::clone(&store) as Arc<dyn LogStore>,
            ahead: Arc::default(),
            exchange: Arc::clone(&exchange),
            others: None,
            keys_folder: folder.join("keys"),
        };
        let audit = Audit::open(&kit).await.unwrap();
        let mut logs = BTreeMap::new();
        for id in audit.logs() {
            let log = store.open(id).await.unwrap();
            exchange.publish(Arc::clone(&log));
            logs.insert(id, log);
        }
        audit.follow();
        Self { audit, exchange, logs, store }
    }

    /// The file of a log.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.store.path(log(name))
    }

    /// Every event of a log, as stored.
    pub(crate) async fn stored(&self, id: LogId) -> Vec<Arc<Recorded>> {
        let mut events: Vec<Arc<Recorded>> = Vec::new();
        loop {
            let after = events.last().map_or(0, |event| event.position);
            let more = self.exchange.fetch(id, after, 1_000).await.unwrap();
            if more.is_empty() {
                return events;
            }
            events.extend(more);
        }
    }

    /// Appends one decision.
    pub(crate) async fn append(&self, name: &str, decision: Decision) -> Vec<Arc<Recorded>> {
        match self.logs[&log(name)].append(decision.entry(log(name))).await {
            Ok(Appended::Committed(committed)) => committed.events,
            other => panic!("{other:?}"),
        }
    }

    /// Appends `count` decisions of one event each.
    pub(crate) async fn append_many(&self, name: &str, count: u64) {
        let mut tickets = Vec::new();
        for n in 0..count {
            tickets
                .push(self.logs[&log(name)].submit(decision("Happened", n).entry(log(name))).await.unwrap());
        }
        for ticket in tickets {
            ticket.outcome().await.unwrap();
        }
    }

    /// Waits until everything that is in the logs is recorded, by following it as somebody who sees all of it.
    pub(crate) async fn caught_up(&self) {
        for (id, log) in &self.logs {
            let reader = match id.owner {
                Owner::Region | Owner::DeadLetters => as_lead("d2n2"),
                Owner::Council(owner) => as_council(owner.gss()),
            };
            let filter = EventFilter { log: id.to_string(), ..EventFilter::default() };
            let request = FollowEventsRequest { filter: Some(filter), ..FollowEventsRequest::default() };
            let head = usize::try_from(*log.head().borrow()).unwrap();
            let followed = tokio::time::timeout(PATIENCE, self.follow(&reader, request, head)).await;
            assert_eq!(followed.expect("recording stands still").len(), head);
        }
    }

    pub(crate) async fn head(&self, reader: &As, name: &str) -> Result<LogHead, Status> {
        let request = reader.request(GetLogHeadRequest { log: name.to_owned() });
        Ok(self.audit.get_log_head(request).await?.into_inner())
    }

    /// Verifies logs (all, when none is named); the verdicts and the summary.
    pub(crate) async fn verify(&self, reader: &As, logs: &[&str]) -> (Vec<LogVerdict>, VerificationSummary) {
        let request = VerifyLogsRequest { logs: logs.iter().map(|&name| name.to_owned()).collect() };
        let mut steps = self.audit.verify_logs(reader.request(request)).await.unwrap().into_inner();
        let (mut verdicts, mut summary, mut checked) = (Vec::new(), None, 0);
        while let Some(step) = steps.next().await {
            match step.unwrap().step.unwrap() {
                Step::Progress(progress) => {
                    assert!(progress.events_checked <= progress.events_total);
                    checked = progress.events_checked;
                }
                Step::Verdict(verdict) => {
                    if verdict.verified {
                        assert_eq!(
                            std::mem::take(&mut checked),
                            verdict.events,
                            "progress ends at all events"
                        );
                    }
                    verdicts.push(verdict);
                }
                Step::Summary(last) => summary = Some(last),
            }
        }
        (verdicts, summary.expect("the summary is the last message"))
    }

    /// The events that a reader is given from the start, as many as asked for.
    pub(crate) async fn follow(
        &self,
        reader: &As,
        request: FollowEventsRequest,
        count: usize,
    ) -> Vec<EventRecord> {
        let stream = self.audit.follow_events(reader.request(request)).await.unwrap().into_inner();
        stream.take(count).map(|response| response.unwrap().event.unwrap()).collect().await
    }
}

/// Somebody who calls.
#[derive(Clone)]
pub(crate) struct As(Role);

pub(crate) fn as_council(gss: &str) -> As {
    As(Role::Council(council(gss)))
}

pub(crate) fn as_lead(framework: &str) -> As {
    As(Role::FrameworkLead(framework.parse().unwrap()))
}

pub(crate) fn as_provider() -> As {
    As(Role::Provider("p-1".parse().unwrap()))
}

impl As {
    pub(crate) fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let caller = Caller { role: self.0.clone(), subject: "test".to_owned(), at: Timestamp::UNIX_EPOCH };
        request.extensions_mut().insert(caller);
        request
    }
}

/// The reason of a refusal.
pub(crate) fn reason<T: std::fmt::Debug>(result: Result<T, Status>) -> String {
    let status = result.unwrap_err();
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

/// The tree over the events of a log, as anybody could compute it from them.
pub(crate) fn tree(events: &[Arc<Recorded>]) -> Tree {
    events.iter().map(|event| event.leaf_hash()).collect()
}

/// What one decision appends.
#[derive(Debug, Clone)]
pub(crate) struct Decision {
    pub(crate) events: Vec<&'static str>,
    pub(crate) stream: String,
    pub(crate) actor: String,
    pub(crate) causation: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) payload: Vec<u8>,
    pub(crate) concerns: Option<CouncilId>,
}

/// A decision of one event; `n` tells it from others.
pub(crate) fn decision(event_type: &'static str, n: u64) -> Decision {
    Decision {
        events: vec![event_type],
        stream: format!("thing/{}", n % 5),
        actor: "council:E06000015/case-system".to_owned(),
        causation: Some(format!("request:r-{n}")),
        at: at(n),
        payload: format!("{{\"n\":{n}}}").into_bytes(),
        concerns: None,
    }
}

/// The `n`th second.
pub(crate) fn at(n: u64) -> Timestamp {
    Timestamp::from_second(1_770_000_000 + i64::try_from(n).unwrap()).unwrap()
}

impl Decision {
    pub(crate) fn entry(self, log: LogId) -> Entry {
        let owner = match log.owner {
            Owner::Council(council) => Some(council),
            Owner::Region | Owner::DeadLetters => None,
        };
        let event = |event_type: &&'static str| NewEvent {
            stream: StreamId::from_stored(&self.stream),
            event_type,
            version: 1,
            payload: self.payload.clone(),
            effective: None,
            council: self.concerns.or(owner),
        };
        Entry {
            expected_head: None,
            expected: Vec::new(),
            events: self.events.iter().map(event).collect(),
            meta: Meta {
                actor: self.actor.clone(),
                causation: self.causation.clone(),
                correlation: None,
                recorded_at: self.at,
            },
            idempotency: None,
            source: None,
        }
    }
}
