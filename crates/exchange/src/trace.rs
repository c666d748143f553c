//! W3C trace contexts beside events: from the request that began it, through the topics, to the last effect.
//!
//! A log keeps no trace, so what is known of one is kept in memory, by what an event was caused by: the caller's request, or the event of
//! another log. It is a help for people who look on, not a record: after a restart, and beyond the latest causes, events are published
//! without.

mod span;

use eventlog::Recorded;
pub use span::{Span, SpanKind, Spans};
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::str::FromStr;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// How many causes are remembered.
const CAUSES_MAX: usize = 20_000;

/// A `traceparent` of version 00 (W3C Trace Context): which trace, and which step of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    trace: u128,
    step: u64,
    flags: u8,
}

/// The flag that asks for spans to be kept.
const SAMPLED: u8 = 1;

impl TraceParent {
    /// The first step of a new trace, whose spans are kept. An id of zero, which is none, becomes one.
    #[must_use]
    pub fn first(trace: u128, step: u64) -> Self {
        Self { trace: trace.max(1), step: step.max(1), flags: SAMPLED }
    }

    /// Another step of the same trace.
    #[must_use]
    pub fn with_step(self, step: u64) -> Self {
        Self { step: step.max(1), ..self }
    }

    /// The trace's id.
    #[must_use]
    pub fn trace(self) -> u128 {
        self.trace
    }

    /// The step's id.
    #[must_use]
    pub fn step(self) -> u64 {
        self.step
    }

    /// Whether whoever began the trace wants its spans to be kept.
    #[must_use]
    pub fn is_sampled(self) -> bool {
        self.flags & SAMPLED != 0
    }
}

/// Text that is no `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no traceparent of version 00: expected 00-<32 hex digits>-<16 hex digits>-<2 hex digits>, neither id all zero"
)]
pub struct TraceParentInvalid;

impl FromStr for TraceParent {
    type Err = TraceParentInvalid;
    fn from_str(text: &str) -> Result<Self, TraceParentInvalid> {
        let parts: Vec<&str> = text.split('-').collect();
        let lower_hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let [version, trace, step, flags] = parts[..] else { return Err(TraceParentInvalid) };
        let lengths = [version.len(), trace.len(), step.len(), flags.len()];
        if version != "00" || lengths != [2, 32, 16, 2] || !parts.iter().all(|part| lower_hex(part)) {
            return Err(TraceParentInvalid);
        }
        let trace = u128::from_str_radix(trace, 16).map_err(|_| TraceParentInvalid)?;
        let step = u64::from_str_radix(step, 16).map_err(|_| TraceParentInvalid)?;
        let flags = u8::from_str_radix(flags, 16).map_err(|_| TraceParentInvalid)?;
        if trace == 0 || step == 0 { Err(TraceParentInvalid) } else { Ok(Self { trace, step, flags }) }
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.step, self.flags)
    }
}

tokio::task_local! {
    static CURRENT: Option<TraceParent>;
}

/// Runs a future as part of a trace, if it is part of one.
pub async fn within<F: Future>(trace: Option<TraceParent>, future: F) -> F::Output {
    CURRENT.scope(trace, future).await
}

/// The trace that this runs in, if any.
#[must_use]
pub fn current() -> Option<TraceParent> {
    CURRENT.try_with(|current| *current).ok().flatten()
}

/// Notes that what `actor` brings about for `causation` is part of the trace that this runs in, if any.
pub fn request(actor: &str, causation: &str) {
    if let Some(trace) = current() {
        remember(by_request(actor, causation), trace);
    }
}

/// Notes that an event of another log, and so whatever it brings about here, is part of a trace.
pub(crate) fn consumed(event: &Recorded, trace: TraceParent) {
    remember(event.reference().to_string(), trace);
}

/// Notes, where the owner's log itself is followed, that whatever these events bring about is part of their traces.
pub(crate) fn followed(events: &[Arc<Recorded>]) {
    if causes().traces.is_empty() {
        return;
    }
    for event in events {
        if let Some(trace) = of(event) {
            consumed(event, trace);
        }
    }
}

/// The trace that an event is part of, as a step of its own.
#[must_use]
pub fn of(event: &Recorded) -> Option<TraceParent> {
    cause_of(event).map(|cause| step_of(event, cause))
}

/// The recording of an event as a step of its trace, which ends now: from when its cause came here. None if it is part of no trace, or its
/// trace is not to be kept.
#[must_use]
pub fn recorded(event: &Recorded) -> Option<Span> {
    let cause = cause_of(event).filter(|cause| cause.trace.is_sampled())?;
    let attributes = vec![
        ("brokerage.log", event.log.to_string()),
        ("brokerage.position", event.position.to_string()),
        ("brokerage.event_type", event.event_type.clone()),
    ];
    Some(Span {
        own: step_of(event, cause),
        parent: Some(cause.trace.step),
        name: format!("record {}", event.event_type),
        kind: SpanKind::Internal,
        began: cause.came,
        ended: SystemTime::now(),
        failed: false,
        attributes,
    })
}

fn cause_of(event: &Recorded) -> Option<Cause> {
    let causation = event.meta.causation.as_deref()?;
    let causes = causes();
    let cause = causes.traces.get(causation);
    cause.or_else(|| causes.traces.get(&by_request(&event.meta.actor, causation))).copied()
}

fn step_of(event: &Recorded, cause: Cause) -> TraceParent {
    let mut hasher = DefaultHasher::new();
    event.reference().hash(&mut hasher);
    cause.trace.with_step(hasher.finish())
}

fn by_request(actor: &str, causation: &str) -> String {
    format!("{actor}|{causation}")
}

/// What led to events.
#[derive(Clone, Copy)]
struct Cause {
    trace: TraceParent,
    /// When it came here.
    came: SystemTime,
}

#[derive(Default)]
struct Causes {
    traces: HashMap<String, Cause>,
    oldest_first: VecDeque<String>,
}

static CAUSES: LazyLock<Mutex<Causes>> = LazyLock::new(Mutex::default);

fn causes() -> MutexGuard<'static, Causes> {
    CAUSES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn remember(cause: String, trace: TraceParent) {
    let mut causes = causes();
    // Several may follow one log; the first came first.
    let came = causes.traces.get(&cause).map_or_else(SystemTime::now, |known| known.came);
    if causes.traces.insert(cause.clone(), Cause { trace, came }).is_none() {
        causes.oldest_first.push_back(cause);
    }
    if causes.oldest_first.len() > CAUSES_MAX
        && let Some(oldest) = causes.oldest_first.pop_front()
    {
        causes.traces.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use care::{StreamId, Timestamp};
    use eventlog::{LogId, Meta, Service};

    const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn caused_by(position: u64, actor: &str, causation: &str) -> Recorded {
        Recorded {
            log: LogId::region(Service::Vacancies),
            position,
            stream: StreamId::new("place", "1"),
            stream_version: 1,
            event_type: "PlaceClaimed".into(),
            version: 1,
            payload: b"{}".to_vec(),
            effective: None,
            council: None,
            meta: Meta {
                actor: actor.into(),
                causation: Some(causation.into()),
                correlation: None,
                recorded_at: Timestamp::UNIX_EPOCH,
            },
        }
    }

    #[test]
    fn a_traceparent_is_read_and_written_and_nothing_else_is() {
        assert_eq!(TRACE.parse::<TraceParent>().unwrap().to_string(), TRACE);
        for wrong in [
            "",
            "00",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(wrong.parse::<TraceParent>(), Err(TraceParentInvalid), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_trace_goes_from_a_request_through_events_to_the_last_effect() {
        let trace: TraceParent = TRACE.parse().unwrap();
        within(Some(trace), async { request("council:E06000015/desk", "request:trace-test") }).await;
        let first = caused_by(901, "council:E06000015/desk", "request:trace-test");
        let published = of(&first).unwrap();
        assert_eq!(published.trace, trace.trace);
        assert_ne!(published.step, trace.step, "each event is a step of its own");
        // Another caller's request of the same id is another request.
        assert_eq!(of(&caused_by(902, "council:E06000018/desk", "request:trace-test")), None);
        let span = recorded(&first).unwrap();
        assert_eq!(
            (span.own, span.parent),
            (published, Some(trace.step)),
            "it is the step that is published"
        );
        assert!(span.began <= span.ended && span.name == "record PlaceClaimed", "{span:?}");
        followed(&[Arc::new(first.clone())]);
        let effect = of(&caused_by(903, "service:contracts", &first.reference().to_string())).unwrap();
        assert_eq!(effect.trace, trace.trace);
        assert_ne!(effect.step, published.step);
        let unwanted = TraceParent { flags: 0, ..trace };
        within(Some(unwanted), async { request("desk", "request:unsampled") }).await;
        let passed_on = caused_by(906, "desk", "request:unsampled");
        assert!(of(&passed_on).is_some() && recorded(&passed_on).is_none(), "it goes along, and is not kept");
    }

    #[tokio::test]
    async fn without_a_trace_nothing_is_noted_and_old_causes_are_forgotten() {
        request("nobody", "request:outside");
        within(None, async { request("nobody", "request:none") }).await;
        assert_eq!(of(&caused_by(904, "nobody", "request:outside")), None);
        assert_eq!(of(&caused_by(904, "nobody", "request:none")), None);
        let trace = TRACE.parse().unwrap();
        for number in 0..=CAUSES_MAX {
            remember(format!("forgotten {number}"), trace);
        }
        assert_eq!(of(&caused_by(905, "nobody", "forgotten 0")), None);
        assert!(of(&caused_by(905, "nobody", &format!("forgotten {CAUSES_MAX}"))).is_some());
    }
}
