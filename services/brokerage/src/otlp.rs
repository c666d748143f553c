//! Spans to an OpenTelemetry collector, over OTLP's gRPC: requests, and what was recorded of them here and in other services.
//!
//! A span's id is the step that `exchange::trace` gives to the events' records in topics, so that what another service records is a step after
//! it. Whoever finishes a span never waits: a queue that is full drops it, and a collector that does not answer loses what it was sent.

use crate::peers::PATIENCE;
use eventlog::EventLog;
use exchange::trace::{self, Span, SpanKind, Spans};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1 as wire;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};

/// How many spans may wait; more are dropped.
const QUEUE_SPANS_MAX: usize = 4_096;
/// How many are sent at a time.
const BATCH_SPANS_MAX: usize = 512;
/// How long a span waits for others to go along with.
const GATHER: Duration = Duration::from_millis(500);
/// How long the end of the process waits for the collector.
const FLUSH_MAX: Duration = Duration::from_secs(2);
/// How many events are looked at, at a time; of a log that grew by more meanwhile, only the latest have spans.
const LATEST_EVENTS: u64 = 256;

/// Where a collector listens, such as `http://127.0.0.1:4317`.
#[derive(Debug, Clone)]
pub struct OtlpEndpoint {
    address: String,
    endpoint: Endpoint,
}

impl FromStr for OtlpEndpoint {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let address = crate::client::address(text.trim())?;
        let endpoint = Endpoint::from_shared(address.clone()).map_err(|error| error.to_string())?;
        Ok(Self { address, endpoint: endpoint.connect_timeout(PATIENCE).timeout(PATIENCE) })
    }
}

impl fmt::Display for OtlpEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

/// Spans on their way to a collector, until it is dropped.
pub(crate) struct Otlp {
    queue: mpsc::Sender<Queued>,
    /// Those that look at what is recorded; they end with it.
    recorded: JoinSet<()>,
}

enum Queued {
    Span(Box<Span>),
    /// Everything before it is to be sent now, and who waits for that.
    Flush(oneshot::Sender<()>),
}

struct Queue(mpsc::Sender<Queued>);

impl Spans for Queue {
    fn finished(&self, span: Span) {
        // One that finds no room is dropped: better than that somebody waits.
        let _ = self.0.try_send(Queued::Span(Box::new(span)));
    }
}

impl Otlp {
    /// Sends the spans of what is recorded in `logs` from now on, and those that are given to [`Otlp::spans`], as those of `service`.
    pub(crate) fn start(to: &OtlpEndpoint, service: &str, logs: Vec<Arc<dyn EventLog>>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_SPANS_MAX);
        let sending = Sending {
            to: to.address.clone(),
            client: TraceServiceClient::new(to.endpoint.connect_lazy()),
            resource: Resource {
                attributes: vec![
                    attribute("service.name", format!("brokerage-{service}")),
                    attribute("service.version", env!("CARGO_PKG_VERSION").to_owned()),
                ],
                ..Resource::default()
            },
            warned: false,
        };
        tokio::spawn(sending.run(waiting));
        let mut recorded = JoinSet::new();
        for log in logs {
            recorded.spawn(look_at(log, Queue(queue.clone())));
        }
        Self { queue, recorded }
    }

    /// Where finished spans go.
    pub(crate) fn spans(&self) -> Arc<dyn Spans> {
        Arc::new(Queue(self.queue.clone()))
    }

    /// Sends what waits, as far as the collector takes it within two seconds, and lets go of the logs.
    pub(crate) async fn stop(mut self) {
        self.flush().await;
        self.recorded.shutdown().await;
    }

    async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        let flush = async {
            if self.queue.send(Queued::Flush(done)).await.is_ok() {
                let _ = flushed.await;
            }
        };
        // The end does not wait for a collector that does not answer.
        let _ = timeout(FLUSH_MAX, flush).await;
    }
}

/// Makes a span of each event that becomes durable as part of a trace.
async fn look_at(log: Arc<dyn EventLog>, spans: Queue) {
    let mut heads = log.head();
    let mut seen = *heads.borrow_and_update();
    while heads.changed().await.is_ok() {
        let head = *heads.borrow_and_update();
        seen = seen.max(head.saturating_sub(LATEST_EVENTS));
        while seen < head {
            let events = log.read(seen, usize::try_from(head - seen).unwrap_or(usize::MAX)).await;
            let Some(last) = events.as_ref().ok().and_then(|events| events.last()).map(|last| last.position)
            else {
                // A log that cannot be read says so where it matters; its spans are left out.
                break;
            };
            events
                .iter()
                .flatten()
                .filter_map(|event| trace::recorded(event))
                .for_each(|span| spans.finished(span));
            seen = last;
        }
    }
}

struct Sending {
    to: String,
    client: TraceServiceClient<Channel>,
    resource: Resource,
    /// Whether it has been said that the collector does not take what it is sent, since it last did.
    warned: bool,
}

impl Sending {
    async fn run(mut self, mut waiting: mpsc::Receiver<Queued>) {
        let mut batch = Vec::new();
        while let Some(first) = waiting.recv().await {
            let mut flushed = None;
            let mut next = Some(first);
            let gathered = tokio::time::sleep(GATHER);
            let mut gathered = std::pin::pin!(gathered);
            while let Some(queued) = next.take() {
                match queued {
                    Queued::Span(span) => batch.push(on_the_wire(*span)),
                    Queued::Flush(done) => {
                        flushed = Some(done);
                        break;
                    }
                }
                if batch.len() < BATCH_SPANS_MAX {
                    next = tokio::select! {
                        next = waiting.recv() => next,
                        () = &mut gathered => None,
                    };
                }
            }
            self.send(std::mem::take(&mut batch)).await;
            if let Some(done) = flushed {
                // Whoever asked may have given up.
                let _ = done.send(());
            }
        }
    }

    /// Sends a batch, or loses it and says so once.
    async fn send(&mut self, spans: Vec<wire::Span>) {
        if spans.is_empty() {
            return;
        }
        let scope = InstrumentationScope { name: "brokerage".to_owned(), ..InstrumentationScope::default() };
        let scope_spans = vec![wire::ScopeSpans { scope: Some(scope), spans, ..wire::ScopeSpans::default() }];
        let resource_spans = vec![wire::ResourceSpans {
            resource: Some(self.resource.clone()),
            scope_spans,
            ..wire::ResourceSpans::default()
        }];
        match self.client.export(ExportTraceServiceRequest { resource_spans }).await {
            Ok(_) if self.warned => {
                self.warned = false;
                tracing::info!(collector = self.to, "the collector takes spans again");
            }
            Ok(_) => {}
            Err(error) if !self.warned => {
                self.warned = true;
                tracing::warn!(
                    collector = self.to, code = ?error.code(), error = error.message(),
                    "the collector of --otlp-endpoint takes no spans; they are dropped until it does, which harms nothing else"
                );
            }
            Err(error) => tracing::debug!(%error, "spans were dropped"),
        }
    }
}

fn on_the_wire(span: Span) -> wire::Span {
    let kind = match span.kind {
        SpanKind::Server => wire::span::SpanKind::Server,
        SpanKind::Internal => wire::span::SpanKind::Internal,
    };
    let code = if span.failed { wire::status::StatusCode::Error } else { wire::status::StatusCode::Unset };
    wire::Span {
        trace_id: span.own.trace().to_be_bytes().to_vec(),
        span_id: span.own.step().to_be_bytes().to_vec(),
        parent_span_id: span.parent.map_or_else(Vec::new, |parent| parent.to_be_bytes().to_vec()),
        name: span.name,
        kind: kind.into(),
        start_time_unix_nano: nanoseconds(span.began),
        end_time_unix_nano: nanoseconds(span.ended),
        attributes: span.attributes.into_iter().map(|(key, value)| attribute(key, value)).collect(),
        status: Some(wire::Status { code: code.into(), ..wire::Status::default() }),
        ..wire::Span::default()
    }
}

fn nanoseconds(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn attribute(key: &str, value: String) -> KeyValue {
    let value = Some(AnyValue { value: Some(Value::StringValue(value)) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use exchange::trace::TraceParent;
    use std::net::TcpListener;
    use tokio::time::Instant;

    fn span() -> Span {
        let at = SystemTime::now();
        Span {
            own: TraceParent::first(7, 8),
            parent: None,
            name: "a test".to_owned(),
            kind: SpanKind::Internal,
            began: at,
            ended: at,
            failed: true,
            attributes: vec![("brokerage.log", "vacancies/region".to_owned())],
        }
    }

    #[tokio::test]
    async fn a_collector_that_takes_connections_and_answers_nothing_holds_nobody_up() {
        let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
        let to = format!("http://{}", silent.local_addr().expect("an address")).parse().expect("an endpoint");
        let otlp = Otlp::start(&to, "test", Vec::new());
        let (spans, began) = (otlp.spans(), Instant::now());
        // Nothing takes them meanwhile: the sender shares this thread.
        for _ in 0..QUEUE_SPANS_MAX * 3 {
            spans.finished(span());
        }
        assert!(began.elapsed() < FLUSH_MAX, "finishing a span does not wait");
        assert_eq!(otlp.queue.capacity(), 0, "what finds no room is dropped");
        let began = Instant::now();
        otlp.stop().await;
        assert!(began.elapsed() < FLUSH_MAX * 2, "{:?}", began.elapsed());
    }

    #[test]
    fn a_span_says_on_the_wire_what_it_was() {
        let wire = on_the_wire(Span { parent: Some(9), ..span() });
        assert_eq!((hex(&wire.trace_id), hex(&wire.span_id)), (format!("{:032x}", 7), format!("{:016x}", 8)));
        assert_eq!(hex(&wire.parent_span_id), format!("{:016x}", 9));
        assert_eq!(wire.status.expect("a status").code, i32::from(wire::status::StatusCode::Error));
        assert!(on_the_wire(span()).parent_span_id.is_empty(), "the first of its trace follows from none");
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
