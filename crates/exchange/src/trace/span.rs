//! Finished steps of traces, for whoever keeps them.

use super::TraceParent;
use std::time::SystemTime;

/// What kind of step it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// A request was answered.
    Server,
    /// Something that a request asked for, or an event led to, was recorded.
    Internal,
}

/// A finished step of a trace. It says nothing of anybody: names of methods, logs and types of events, positions and codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The trace, and the step's own id in it.
    pub own: TraceParent,
    /// The step that led to it, if it did not begin the trace.
    pub parent: Option<u64>,
    /// What was done.
    pub name: String,
    /// What kind of step it was.
    pub kind: SpanKind,
    /// When it began, by this machine's clock.
    pub began: SystemTime,
    /// When it ended, by the same.
    pub ended: SystemTime,
    /// Whether it failed by a fault of the service.
    pub failed: bool,
    /// More of it, by OpenTelemetry's names where there are such.
    pub attributes: Vec<(&'static str, String)>,
}

/// Takes finished spans.
pub trait Spans: Send + Sync + 'static {
    /// Takes one, or drops it: it never waits, for a request or a log would wait with it.
    fn finished(&self, span: Span);
}
