//! The demo's clients: they reach the region through its public gRPC API with a token each, as anyone would.

use api::audit::audit_service_client::AuditServiceClient;
use api::contracts::contracts_service_client::ContractsServiceClient;
use api::invoicing::invoicing_service_client::InvoicingServiceClient;
use api::referrals::referrals_service_client::ReferralsServiceClient;
use api::vacancies::vacancies_service_client::VacanciesServiceClient;
use care::Timestamp;
use eventlog::Service;
use futures::stream::{self, StreamExt};
use service_kit::Role;
use service_kit::token::TokenKeys;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_types::StatusExt;

/// How many connections the clients share.
const CONNECTIONS: usize = 8;
/// How many clients act at once.
const AT_ONCE: usize = 64;

/// What stops the demo: something that it did not expect.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    #[error("{what}: {code:?} {message}")]
    Refused { what: &'static str, code: tonic::Code, message: String },
    #[error("{0}")]
    Other(String),
}

/// Says at what a call failed.
pub(crate) trait At<T> {
    fn at(self, what: &'static str) -> Result<T, DemoError>;
}

impl<T> At<T> for Result<tonic::Response<T>, Status> {
    fn at(self, what: &'static str) -> Result<T, DemoError> {
        self.map(tonic::Response::into_inner).map_err(|status| DemoError::Refused {
            what,
            code: status.code(),
            message: status.message().to_owned(),
        })
    }
}

/// The reason that a refusal gives.
pub(crate) fn reason(status: &Status) -> String {
    status
        .get_error_details()
        .error_info()
        .map_or_else(|| format!("{:?}", status.code()), |info| info.reason.clone())
}

/// Adds the bearer token.
#[derive(Clone)]
pub(crate) struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

type Connection = InterceptedService<Channel, Bearer>;

/// One principal's clients.
#[derive(Clone)]
pub(crate) struct Clients {
    connections: Arc<BTreeMap<Service, Connection>>,
}

impl Clients {
    /// To where a service listens; [`Access::connect`] has made one for each.
    fn to(&self, service: Service) -> Connection {
        self.connections[&service].clone()
    }

    pub(crate) fn referrals(&self) -> ReferralsServiceClient<Connection> {
        ReferralsServiceClient::new(self.to(Service::Referrals))
    }

    pub(crate) fn vacancies(&self) -> VacanciesServiceClient<Connection> {
        VacanciesServiceClient::new(self.to(Service::Vacancies))
    }

    pub(crate) fn contracts(&self) -> ContractsServiceClient<Connection> {
        ContractsServiceClient::new(self.to(Service::Contracts))
    }

    pub(crate) fn invoicing(&self) -> InvoicingServiceClient<Connection> {
        InvoicingServiceClient::new(self.to(Service::Invoicing))
    }

    pub(crate) fn audit(&self) -> AuditServiceClient<Connection> {
        AuditServiceClient::new(self.to(Service::Audit))
    }
}

/// Makes clients for principals of a region.
pub(crate) struct Access<'a> {
    keys: &'a TokenKeys,
    channels: BTreeMap<Service, Vec<Channel>>,
}

impl<'a> Access<'a> {
    /// Connects to where each of all services listens; services at one address share the connections.
    pub(crate) async fn connect(
        addresses: &[(Service, String)],
        keys: &'a TokenKeys,
    ) -> Result<Self, DemoError> {
        let failed =
            |address: &str, error: &dyn std::fmt::Display| DemoError::Other(format!("{address}: {error}"));
        let mut open: BTreeMap<&str, Vec<Channel>> = BTreeMap::new();
        let mut channels = BTreeMap::new();
        for (service, address) in addresses {
            if !open.contains_key(address.as_str()) {
                let endpoint =
                    Endpoint::from_shared(address.clone()).map_err(|error| failed(address, &error))?;
                let endpoint = endpoint.tcp_nodelay(true);
                let mut opened = Vec::with_capacity(CONNECTIONS);
                for _ in 0..CONNECTIONS {
                    opened.push(endpoint.connect().await.map_err(|error| failed(address, &error))?);
                }
                open.insert(address, opened);
            }
            channels.insert(*service, open[address.as_str()].clone());
        }
        Ok(Self { keys, channels })
    }

    /// Clients for a role, with a token for the next twelve hours.
    pub(crate) fn of(&self, role: Role, subject: &str) -> Result<Clients, DemoError> {
        let spread = role
            .to_string()
            .bytes()
            .fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
        let token =
            self.keys.issue(role, subject, Timestamp::now(), 12 * 3_600, false).map_err(DemoError::Other)?;
        let bearer: MetadataValue<Ascii> =
            format!("Bearer {token}").parse().map_err(|_| DemoError::Other("a token is ASCII".to_owned()))?;
        let connection = |(service, channels): (&Service, &Vec<Channel>)| {
            let channel = channels[spread % channels.len()].clone();
            (*service, InterceptedService::new(channel, Bearer(bearer.clone())))
        };
        Ok(Clients { connections: Arc::new(self.channels.iter().map(connection).collect()) })
    }
}

/// Does something for many, a good number of them at once, and gives the results in the order of the items.
pub(crate) async fn for_each<I, T, F>(items: I, act: impl Fn(I::Item) -> F) -> Result<Vec<T>, DemoError>
where
    I: IntoIterator,
    F: Future<Output = Result<T, DemoError>>,
{
    let results: Vec<Result<T, DemoError>> = stream::iter(items).map(act).buffered(AT_ONCE).collect().await;
    results.into_iter().collect()
}
