//! A region to test: in this process, or as a process of its own.

use brokerage::Running;
use care::Timestamp;
use service_kit::Role;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tonic::body::Body;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_types::StatusExt;
use tower::ServiceExt;

/// The program under test.
pub(crate) fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_brokerage-under-test"))
}

/// A running region in this process, on a folder that lives as long.
pub(crate) struct Region {
    pub(crate) running: Running,
    pub(crate) folder: tempfile::TempDir,
}

impl Region {
    /// A channel to it that carries no token.
    pub(crate) async fn channel(&self) -> Channel {
        channel(&format!("http://{}", self.running.address())).await
    }

    /// A token of one person of a role.
    pub(crate) fn token_of(&self, role: Role, subject: &str) -> String {
        self.running.keys().issue(role, subject, Timestamp::now(), 3_600, false).unwrap()
    }
}

pub(crate) async fn channel(address: &str) -> Channel {
    Endpoint::from_shared(address.to_owned()).unwrap().connect().await.unwrap()
}

pub(crate) type Connection = InterceptedService<Routed, Bearer>;

/// Leads each call to the process that has its service.
#[derive(Clone)]
pub(crate) enum Routed {
    /// One process has all.
    One(Channel),
    /// By the name in the method's path: `referrals` of `/brokerage.referrals.v1.ReferralsService/PostReferral`.
    Each(Arc<BTreeMap<&'static str, Channel>>),
}

impl Routed {
    fn to(&self, path: &str) -> Channel {
        match self {
            Self::One(channel) => channel.clone(),
            Self::Each(channels) => channels[path.split('.').nth(1).unwrap()].clone(),
        }
    }
}

impl tower::Service<http::Request<Body>> for Routed {
    type Response = http::Response<Body>;
    type Error = tonic::transport::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(self.to(request.uri().path()).oneshot(request))
    }
}

/// Adds a bearer token to every request.
#[derive(Clone)]
pub(crate) struct Bearer(MetadataValue<Ascii>);

impl Bearer {
    pub(crate) fn new(token: &str) -> Self {
        Self(format!("Bearer {token}").parse().unwrap())
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        // Every request begins a trace of its own.
        let (trace, step) = (uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().as_u64_pair().1);
        request.metadata_mut().insert("traceparent", format!("00-{trace}-{step:016x}-01").parse().unwrap());
        Ok(request)
    }
}

/// The reason that a refusal gives; it must give one.
pub(crate) fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    details.error_info().unwrap_or_else(|| panic!("no ErrorInfo: {status:?}")).reason.clone()
}

pub(crate) fn council(gss: &str) -> Role {
    Role::Council(gss.parse().unwrap())
}

pub(crate) fn provider(id: &str) -> Role {
    Role::Provider(id.parse().unwrap())
}

pub(crate) fn lead(id: &str) -> Role {
    Role::FrameworkLead(id.parse().unwrap())
}

/// Where the shared data lies beside the project, for tests that use real files.
pub(crate) fn shared_data() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    assert!(folder.is_dir(), "this test needs the shared data folder at {}", folder.display());
    folder
}
