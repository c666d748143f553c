//! A server on a port of its own with one method that answers, and ways to call it, proper and improper.

use api::invoicing::{GetLedgerRequest, Ledger};
use care::Timestamp;
use http_body_util::{BodyExt, Full};
use prost::bytes::Bytes;
use service_kit::token::TokenKeys;
use service_kit::{
    Access, AccessLayer, Caller, Clock, ERROR_DOMAIN, MESSAGE_BYTES_MAX, Role, Rule, Serving, serve,
};
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::service::Routes;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt;
use tower::ServiceExt;

pub(crate) const GET_LEDGER: &str = "/brokerage.invoicing.v1.InvoicingService/GetLedger";
/// A method with a rule that nothing answers.
pub(crate) const CLOSE_PERIOD: &str = "/brokerage.invoicing.v1.InvoicingService/ClosePeriod";
/// A method without a rule.
pub(crate) const GET_STATEMENT: &str = "/brokerage.invoicing.v1.InvoicingService/GetStatement";
/// The instant of the region's clock.
pub(crate) const NOW: &str = "2031-04-06T09:00:00Z";
/// How long an answer may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The invoicing service as far as these tests need it: a ledger that says who asked for it and when.
#[derive(Clone)]
struct Ledgers;

impl NamedService for Ledgers {
    const NAME: &'static str = "brokerage.invoicing.v1.InvoicingService";
}

impl UnaryService<GetLedgerRequest> for Ledgers {
    type Response = Ledger;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Ledger>, Status>> + Send>>;

    fn call(&mut self, request: Request<GetLedgerRequest>) -> Self::Future {
        let caller = Caller::of(&request);
        Box::pin(async move {
            let caller = caller?;
            let council = format!("{} at {}", caller.actor(), caller.at);
            Ok(Response::new(Ledger { council, ..Ledger::default() }))
        })
    }
}

impl tower::Service<http::Request<Body>> for Ledgers {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move {
            if request.uri().path() != GET_LEDGER {
                return Ok(Status::unimplemented("").into_http());
            }
            let codec = ProstCodec::<Ledger, GetLedgerRequest>::default();
            let mut grpc = Grpc::new(codec).apply_max_message_size_config(Some(MESSAGE_BYTES_MAX), None);
            Ok(grpc.unary(service, request).await)
        })
    }
}

pub(crate) struct World {
    pub(crate) serving: Serving,
    pub(crate) channel: Channel,
    /// A council's token; signing takes long without optimisation.
    pub(crate) bearer: String,
    keys: Arc<TokenKeys>,
    _folder: tempfile::TempDir,
}

/// Everybody's keys, and the layer of a server whose ledgers councils may see.
pub(crate) fn access() -> (tempfile::TempDir, Arc<TokenKeys>, AccessLayer) {
    let folder = tempfile::tempdir().unwrap();
    let keys = Arc::new(TokenKeys::load_or_create(folder.path()).unwrap());
    let rule = |method| Rule::new(method, Access::Own, Access::Never, Access::Never);
    let clock = Clock::simulated(NOW.parse().unwrap());
    let access = AccessLayer::new(Arc::clone(&keys), clock, [rule(GET_LEDGER), rule(CLOSE_PERIOD)]);
    (folder, keys, access)
}

pub(crate) async fn world() -> World {
    let (folder, keys, access) = access();
    let routes = Routes::new(Ledgers);
    let serving = serve("127.0.0.1:0".parse().unwrap(), routes, access, &[Ledgers::NAME]).await.unwrap();
    serving.health().serving().await;
    let endpoint = Channel::from_shared(format!("http://{}", serving.address)).unwrap();
    let channel = endpoint.connect().await.unwrap();
    let bearer = format!("Bearer {}", token_for(&keys, council()));
    World { serving, channel, bearer, keys, _folder: folder }
}

pub(crate) fn council() -> Role {
    Role::Council("E06000015".parse().unwrap())
}

pub(crate) fn token_for(keys: &TokenKeys, role: Role) -> String {
    keys.issue(role, "case-system", Timestamp::now(), 3_600, false).unwrap()
}

/// A message as gRPC frames it: not compressed, its length, itself.
pub(crate) fn frame(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap();
    [&[0], &length.to_be_bytes()[..], message].concat()
}

impl World {
    /// A token for another role.
    pub(crate) fn token(&self, role: Role) -> String {
        token_for(&self.keys, role)
    }

    /// A connection of its own.
    pub(crate) async fn connect(&self) -> Channel {
        let endpoint = Channel::from_shared(format!("http://{}", self.serving.address)).unwrap();
        tokio::time::timeout(PATIENCE, endpoint.connect()).await.expect("it accepts").unwrap()
    }

    /// A call as a client makes it, with these headers and a body of these bytes, whatever they are.
    pub(crate) async fn send(&self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Status {
        send(self.channel.clone(), path, headers, body).await
    }

    /// A call of a council's.
    pub(crate) async fn send_as_council(&self, path: &str, body: Vec<u8>) -> Status {
        self.send(path, &[("authorization", &self.bearer)], body).await
    }

    /// That the server answers others, whatever has been done to it.
    pub(crate) async fn assert_serves(&self) {
        let status =
            send(self.connect().await, GET_LEDGER, &[("authorization", &self.bearer)], frame(&[])).await;
        assert_eq!(status.code(), Code::Ok, "{status:?}");
    }
}

async fn send(channel: Channel, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Status {
    let mut request = http::Request::post(format!("http://brokerage{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::new(Full::<Bytes>::from(body))).unwrap();
    let answered = async {
        let response = channel.oneshot(request).await.unwrap();
        match Status::from_header_map(response.headers()) {
            Some(status) => status,
            None => {
                let body = response.into_body().collect().await.unwrap();
                Status::from_header_map(body.trailers().unwrap()).unwrap()
            }
        }
    };
    tokio::time::timeout(PATIENCE, answered).await.expect("an answer")
}

/// That a call was refused with this code and reason, in the one form that errors have.
#[track_caller]
pub(crate) fn assert_refused(status: &Status, code: Code, reason: &str) {
    let details = status.get_error_details();
    let info = details.error_info().unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    assert_eq!((status.code(), info.reason.as_str()), (code, reason), "{status:?}");
    assert_eq!(info.domain, ERROR_DOMAIN);
    assert!(!status.message().is_empty(), "it says nothing");
}
