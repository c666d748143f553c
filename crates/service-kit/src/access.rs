//! Who may call what: a rule for every RPC, and no call without one.
//!
//! The layer authenticates the caller and checks its role against the method's rule before the message is even read; the handler then
//! checks that the names in the message are the caller's own. A method without a rule is denied to everybody.

use crate::clock::Clock;
use crate::errors::refused;
use crate::limits::{MESSAGE_BYTES_MAX, REQUEST_TIMEOUT};
use crate::principal::{Caller, Role};
use crate::request_span::RequestSpan;
use crate::token::{TokenKeys, unauthenticated};
use care::Timestamp;
use exchange::trace::{self, Spans, TraceParent};
use futures::FutureExt as _;
use http::{HeaderMap, Request, Response};
use std::collections::HashMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

/// The trace that a request is part of (W3C Trace Context).
const TRACE_PARENT: &str = "traceparent";
/// Says which compressions a server takes.
const ACCEPT_ENCODING: &str = "grpc-accept-encoding";

/// What a role may do with a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Never,
    /// Call it for itself: the names in the request must be its own.
    Own,
    /// Call it where it was let in, such as a provider on a referral released to it; elsewhere the thing is not known.
    Granted,
    /// Call it about anything.
    Any,
}

/// Who may call a method.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its path: `/brokerage.referrals.v1.ReferralsService/PostReferral`.
    pub method: &'static str,
    /// For councils.
    pub council: Access,
    /// For providers.
    pub provider: Access,
    /// For framework leads.
    pub lead: Access,
    /// For services of the region.
    pub service: Access,
}

impl Rule {
    /// A rule about people's methods, in the order in which the tables of rules give it.
    #[must_use]
    pub const fn new(method: &'static str, council: Access, provider: Access, lead: Access) -> Self {
        Self { method, council, provider, lead, service: Access::Never }
    }

    /// A rule about a method that is between services, and for those who run them.
    #[must_use]
    pub const fn for_services(method: &'static str) -> Self {
        let never = Access::Never;
        Self { method, council: never, provider: never, lead: never, service: Access::Any }
    }

    /// What a role may do.
    #[must_use]
    pub fn access(&self, role: &Role) -> Access {
        match role {
            Role::Council(_) => self.council,
            Role::Provider(_) => self.provider,
            Role::FrameworkLead(_) => self.lead,
            Role::Service(_) => self.service,
        }
    }
}

/// Authenticates and authorises every request but those for health and reflection.
#[derive(Clone)]
pub struct AccessLayer {
    guard: Arc<Guard>,
}

struct Guard {
    keys: Arc<TokenKeys>,
    clock: Clock,
    rules: HashMap<&'static str, Rule>,
    spans: Option<Arc<dyn Spans>>,
}

impl AccessLayer {
    /// A layer with the rules of all services.
    pub fn new(keys: Arc<TokenKeys>, clock: Clock, rules: impl IntoIterator<Item = Rule>) -> Self {
        let rules = rules.into_iter().map(|rule| (rule.method, rule)).collect();
        Self { guard: Arc::new(Guard { keys, clock, rules, spans: None }) }
    }

    /// The same, with a span for every request that is let in: it continues the caller's trace, or begins one.
    #[must_use]
    pub fn traced(self, spans: Option<Arc<dyn Spans>>) -> Self {
        let Guard { keys, clock, rules, .. } = &*self.guard;
        let (keys, clock, rules) = (Arc::clone(keys), clock.clone(), rules.clone());
        Self { guard: Arc::new(Guard { keys, clock, rules, spans }) }
    }
}

impl<S> Layer<S> for AccessLayer {
    type Service = Guarded<S>;
    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, guard: Arc::clone(&self.guard) }
    }
}

/// A service behind an [`AccessLayer`].
#[derive(Clone)]
pub struct Guarded<S> {
    inner: S,
    guard: Arc<Guard>,
}

impl Guard {
    fn admit(&self, path: &str, headers: &HeaderMap) -> Result<Caller, Status> {
        let missing =
            || unauthenticated("TOKEN_MISSING", "send a bearer token: authorization: Bearer <token>");
        let header = headers.get(http::header::AUTHORIZATION).ok_or_else(missing)?;
        let token = header.to_str().ok().and_then(|text| text.strip_prefix("Bearer ")).ok_or_else(missing)?;
        // A token lives in real time, also where the region's clock is simulated.
        let claims = self.keys.verify(token, Timestamp::now())?;
        let caller = Caller { role: claims.role, subject: claims.sub, at: self.clock.now() };
        let Some(rule) = self.rules.get(path) else {
            return Err(refused(Code::PermissionDenied, "NO_RULE", format!("nobody may call {path}"), []));
        };
        if rule.access(&caller.role) == Access::Never { Err(caller.wrong_role()) } else { Ok(caller) }
    }

    /// A span for a request, where spans are kept. Only a method with a rule has a name: any other path is a caller's own text.
    fn begin_span(&self, path: &str, caller: Option<TraceParent>) -> Option<RequestSpan> {
        let (spans, rule) = (self.spans.as_ref()?, self.rules.get(path)?);
        if caller.is_some_and(|caller| !caller.is_sampled()) {
            return None;
        }
        Some(RequestSpan::begin(Arc::clone(spans), rule.method, caller))
    }
}

fn is_open(path: &str) -> bool {
    path.starts_with("/grpc.health.v1.Health/") || path.starts_with("/grpc.reflection.")
}

impl<S> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if !is_open(request.uri().path()) {
            match self.guard.admit(request.uri().path(), request.headers()) {
                Ok(caller) => {
                    request.extensions_mut().insert(caller);
                }
                Err(status) => {
                    tracing::info!(path = request.uri().path(), code = ?status.code(), reason = status.message(), "refused");
                    return Box::pin(std::future::ready(Ok(status.into_http())));
                }
            }
        }
        let path = request.uri().path().to_owned();
        let traced = request.headers().get(TRACE_PARENT).and_then(|text| text.to_str().ok()?.parse().ok());
        let span = self.guard.begin_span(&path, traced);
        let within = span.as_ref().map(RequestSpan::own).or(traced);
        let response = trace::within(within, self.inner.call(request));
        Box::pin(async move {
            let answer = answered(response, path).await;
            if let (Some(span), Ok(answer)) = (span, &answer) {
                span.finish(answer.headers());
            }
            answer
        })
    }
}

/// The answer to a request, whatever becomes of its handler.
async fn answered<E>(
    response: impl Future<Output = Result<Response<Body>, E>>,
    path: String,
) -> Result<Response<Body>, E> {
    // A panic is a defect of ours. What it was on its way to change is decided elsewhere, whole or not at all.
    let contained = AssertUnwindSafe(response).catch_unwind();
    match tokio::time::timeout(REQUEST_TIMEOUT, contained).await {
        Ok(Ok(response)) => response.map(explained),
        Ok(Err(_)) => {
            tracing::error!(path, "ALARM: a handler panicked");
            let message = "this is a defect of the service; asking again with the same request_id is safe";
            Ok(refused(Code::Internal, "HANDLER_PANICKED", message, []).into_http())
        }
        Err(_) => {
            let message = format!("not answered within {} seconds", REQUEST_TIMEOUT.as_secs());
            Ok(refused(Code::DeadlineExceeded, "DEADLINE_EXCEEDED", message, []).into_http())
        }
    }
}

/// Gives a reason to refusals that the transport made by itself, before any handler saw the request.
fn explained(response: Response<Body>) -> Response<Body> {
    let Some(status) = Status::from_header_map(response.headers()) else { return response };
    if status.code() == Code::Ok || !status.details().is_empty() {
        return response;
    }
    let encodings = response.headers().get(ACCEPT_ENCODING).cloned();
    let (code, reason, message) = match status.code() {
        Code::OutOfRange | Code::ResourceExhausted => (
            Code::InvalidArgument,
            "MESSAGE_TOO_LARGE",
            format!("the message is larger than the {MESSAGE_BYTES_MAX} bytes that are taken"),
        ),
        // Handlers say what went wrong inside, so a bare one is from decoding: the message is not what the method takes.
        Code::Internal | Code::InvalidArgument => (
            Code::InvalidArgument,
            "MESSAGE_MALFORMED",
            "the message is not what this method takes: check its type and encoding".to_owned(),
        ),
        Code::Unimplemented if encodings.is_some() => (
            Code::Unimplemented,
            "COMPRESSION_UNKNOWN",
            "compressed messages are not taken: send them as they are".to_owned(),
        ),
        Code::Unimplemented => (Code::Unimplemented, "METHOD_UNKNOWN", "there is no such method".to_owned()),
        code => (code, "TRANSPORT", status.message().to_owned()),
    };
    let mut explained = refused(code, reason, message, []).into_http();
    if let Some(encodings) = encodings {
        explained.headers_mut().insert(ACCEPT_ENCODING, encodings);
    }
    explained
}
