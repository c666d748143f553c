//! The other services of the region, where they are processes of their own: they are asked for what a topic lacks of their logs, and for
//! events as they are stored.

use api::operations as proto;
use api::operations::operations_service_client::OperationsServiceClient;
use async_trait::async_trait;
use care::{StreamId, Timestamp};
use eventlog::{LogId, Meta, Recorded, Service};
use exchange::ExchangeError;
use exchange::kafka::Origin;
use service_kit::Role;
use service_kit::token::TokenKeys;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};

/// How long an answer may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// How long the token of one call holds.
const TOKEN_SECONDS: i64 = 60;
/// The most that is asked for at a time.
const PAGE_EVENTS_MAX: usize = 1_000;

/// Where a service of the region listens, such as `vacancies=http://10.0.0.7:50051`.
#[derive(Debug, Clone)]
pub struct Peer {
    service: Service,
    address: String,
    endpoint: Endpoint,
}

impl Peer {
    pub(crate) fn service(&self) -> Service {
        self.service
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Connects when it is used.
    pub(crate) fn channel(&self) -> Channel {
        self.endpoint.connect_lazy()
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.service, self.address)
    }
}

impl FromStr for Peer {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (service, address) = text
            .split_once('=')
            .ok_or("expected SERVICE=ADDRESS, such as vacancies=http://10.0.0.7:50051")?;
        let service = service.trim().parse().map_err(|error: eventlog::ServiceUnknown| error.to_string())?;
        let address = crate::client::address(address.trim())?;
        let endpoint = Endpoint::from_shared(address.clone()).map_err(|error| error.to_string())?;
        let endpoint = endpoint.tcp_nodelay(true).connect_timeout(PATIENCE).timeout(PATIENCE);
        Ok(Self { service, address, endpoint })
    }
}

/// Asks a service, as another service does.
#[derive(Clone)]
pub(crate) struct Asking {
    keys: Arc<TokenKeys>,
    own: Service,
}

impl Asking {
    pub(crate) fn new(keys: Arc<TokenKeys>, own: Service) -> Self {
        Self { keys, own }
    }

    /// A request with a token of the asking service.
    pub(crate) fn request<T>(&self, message: T) -> Result<Request<T>, String> {
        let role = Role::Service(self.own);
        let token = self.keys.issue(role, "exchange", Timestamp::now(), TOKEN_SECONDS, false)?;
        let bearer: MetadataValue<Ascii> =
            format!("Bearer {token}").parse().map_err(|_| "a token is ASCII".to_owned())?;
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", bearer);
        Ok(request)
    }
}

/// The other services.
pub(crate) struct Peers {
    channels: BTreeMap<Service, (String, Channel)>,
    asking: Asking,
}

impl Peers {
    /// Connects when something is asked.
    pub(crate) fn new(peers: &[Peer], asking: Asking) -> Self {
        let channel = |peer: &Peer| (peer.service, (peer.address.clone(), peer.channel()));
        Self { channels: peers.iter().map(channel).collect(), asking }
    }

    async fn read_log(
        &self,
        source: LogId,
        after: u64,
        limit: usize,
    ) -> Result<proto::ReadLogResponse, ExchangeError> {
        let Some((address, channel)) = self.channels.get(&source.service) else {
            return Err(ExchangeError::Unavailable {
                carrier: format!("the owner of {source}"),
                detail: format!("where {0} listens is not known here: --peer {0}=ADDRESS", source.service),
            });
        };
        let failed = |detail: String| ExchangeError::Unavailable {
            carrier: format!("{} at {address}", source.service),
            detail,
        };
        let page_size = u32::try_from(limit.clamp(1, PAGE_EVENTS_MAX)).unwrap_or(1);
        let form = proto::ReadLogRequest { log: source.to_string(), after_position: after, page_size };
        let request = self.asking.request(form).map_err(failed)?;
        let answer = OperationsServiceClient::new(channel.clone()).read_log(request).await;
        answer.map(tonic::Response::into_inner).map_err(|status| failed(status.message().to_owned()))
    }
}

#[async_trait]
impl Origin for Peers {
    async fn read(
        &self,
        source: LogId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Arc<Recorded>>, ExchangeError> {
        let answer = self.read_log(source, after, limit).await?;
        let unusable = |position, what: String| ExchangeError::Unavailable {
            carrier: format!("the owner of {source}"),
            detail: format!("its event {position} cannot be used: {what}"),
        };
        let events = answer.events.into_iter().map(|event| {
            let position = event.position;
            recorded(source, event).map(Arc::new).map_err(|what| unusable(position, what))
        });
        events.collect()
    }

    async fn head(&self, source: LogId) -> Result<u64, ExchangeError> {
        Ok(self.read_log(source, u64::MAX, 1).await?.head)
    }
}

/// The event that was sent. That it is the one that was recorded shows its leaf, where one is at hand to compare.
fn recorded(log: LogId, event: proto::StoredEvent) -> Result<Recorded, String> {
    let effective = event.effective.as_deref().map(str::parse).transpose();
    let council = event.council.as_deref().map(str::parse).transpose();
    Ok(Recorded {
        log,
        position: event.position,
        stream: StreamId::from_stored(&event.stream),
        stream_version: event.stream_version,
        event_type: event.event_type,
        version: u16::try_from(event.version).map_err(|error| format!("version: {error}"))?,
        payload: event.payload,
        effective: effective.map_err(|error| format!("effective: {error}"))?,
        council: council.map_err(|error: care::CouncilUnknown| format!("council: {error}"))?,
        meta: Meta {
            actor: event.actor,
            causation: event.causation,
            correlation: event.correlation,
            recorded_at: Timestamp::from_microsecond(event.recorded_at_us)
                .map_err(|error| format!("recorded_at_us: {error}"))?,
        },
    })
}
