//! A request as a span of its trace.

use exchange::trace::{Span, SpanKind, Spans, TraceParent};
use http::HeaderMap;
use rand::random;
use std::sync::Arc;
use std::time::SystemTime;
use tonic::{Code, Status};

/// A request being answered. One that is given up by its caller ends as cancelled when this is dropped.
pub(crate) struct RequestSpan {
    spans: Arc<dyn Spans>,
    own: TraceParent,
    parent: Option<u64>,
    method: &'static str,
    began: SystemTime,
    code: Code,
}

impl RequestSpan {
    /// Begins it as the next step of the caller's trace, or as the first of a new one.
    pub(crate) fn begin(spans: Arc<dyn Spans>, method: &'static str, caller: Option<TraceParent>) -> Self {
        let own = match caller {
            Some(caller) => caller.with_step(random()),
            None => TraceParent::first(random(), random()),
        };
        let (parent, began) = (caller.map(TraceParent::step), SystemTime::now());
        Self { spans, own, parent, method, began, code: Code::Cancelled }
    }

    /// What the request brings about is a step after this one.
    pub(crate) fn own(&self) -> TraceParent {
        self.own
    }

    /// Ends it with the answer. One whose code comes only after its messages counts as answered well.
    pub(crate) fn finish(mut self, headers: &HeaderMap) {
        self.code = Status::from_header_map(headers).map_or(Code::Ok, |status| status.code());
    }
}

impl Drop for RequestSpan {
    fn drop(&mut self) {
        let (service, method) =
            self.method.trim_start_matches('/').split_once('/').unwrap_or(("", self.method));
        let attributes = vec![
            ("rpc.system", "grpc".to_owned()),
            ("rpc.service", service.to_owned()),
            ("rpc.method", method.to_owned()),
            ("rpc.grpc.status_code", i32::from(self.code).to_string()),
        ];
        // As OpenTelemetry has it for servers: a refusal is no failure of ours.
        let failed = matches!(
            self.code,
            Code::Unknown
                | Code::DeadlineExceeded
                | Code::Unimplemented
                | Code::Internal
                | Code::Unavailable
                | Code::DataLoss
        );
        self.spans.finished(Span {
            own: self.own,
            parent: self.parent,
            name: format!("{service}/{method}"),
            kind: SpanKind::Server,
            began: self.began,
            ended: SystemTime::now(),
            failed,
            attributes,
        });
    }
}
