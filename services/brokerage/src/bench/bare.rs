//! The peers: what the disk and the wire can do when nothing is decided.

use super::load::Caller;
use eventlog::sqlite::bare::BareLog;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Channel, Endpoint, Server};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use uuid::Uuid;

/// About what an advertised vacancy takes in its log, in bytes.
const EVENT_BYTES: usize = 240;
/// About what the answer to it takes, in bytes.
const REPLY_BYTES: usize = 120;

/// A bare log in a new file.
pub(crate) fn log(path: &Path) -> Result<BareLog, String> {
    BareLog::create(path).map_err(|error| error.to_string())
}

/// Appends one event and one idempotency key after the other.
pub(crate) struct Appending(BareLog);

impl Appending {
    pub(crate) fn new(log: &BareLog) -> Self {
        Self(log.clone())
    }
}

impl Caller for Appending {
    async fn call(&mut self) -> Result<(), String> {
        let key = format!("provider:bench/bench|{}", Uuid::new_v4());
        let appended = self.0.append(key, vec![b'e'; EVENT_BYTES], vec![b'r'; REPLY_BYTES]).await;
        appended.map_err(|error| error.to_string())
    }
}

/// A server that answers health checks and does nothing else: a unary call with nothing behind it.
pub(crate) struct Echo {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Echo {
    pub(crate) async fn start() -> Result<Self, String> {
        let text = |error: std::io::Error| error.to_string();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(text)?;
        let address = listener.local_addr().map_err(text)?;
        let (_, health) = tonic_health::server::health_reporter();
        let server = Server::builder()
            .tcp_nodelay(true)
            .add_service(health)
            .serve_with_incoming(TcpListenerStream::new(listener));
        let task = tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the echo server ended");
            }
        });
        Ok(Self { address, task })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Opens connections of their own to a server.
pub(crate) async fn connect(address: SocketAddr, connections: usize) -> Result<Vec<Channel>, String> {
    let mut channels = Vec::with_capacity(connections);
    for _ in 0..connections {
        let endpoint = Endpoint::from_shared(format!("http://{address}"))
            .map_err(|error| error.to_string())?
            .tcp_nodelay(true);
        channels.push(endpoint.connect().await.map_err(|error| error.to_string())?);
    }
    Ok(channels)
}

/// Checks the echo server's health again and again.
pub(crate) struct Asking(HealthClient<Channel>);

impl Asking {
    pub(crate) fn new(channels: &[Channel], caller: usize) -> Self {
        Self(HealthClient::new(channels[caller % channels.len()].clone()))
    }
}

impl Caller for Asking {
    async fn call(&mut self) -> Result<(), String> {
        let checked = self.0.check(HealthCheckRequest { service: String::new() }).await;
        checked.map(drop).map_err(|status| status.to_string())
    }
}
