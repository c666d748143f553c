//! The gRPC server: every service of the process behind one address, with health, reflection and limits.

use crate::access::AccessLayer;
use crate::limits::HEADER_BYTES_MAX;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

/// How many requests one connection may have open at once.
const STREAMS_MAX: u32 = 256;
/// How long accepted requests may take to finish at shutdown.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(10);

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("{0}: {1}")]
    Listen(SocketAddr, #[source] std::io::Error),
    /// Reflection cannot be set up from the descriptors.
    #[error("reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// What the server tells those who ask after its health.
#[derive(Debug, Clone)]
pub struct Health {
    reporter: HealthReporter,
    services: Vec<String>,
}

impl Health {
    async fn tell(&self, status: ServingStatus) {
        for service in &self.services {
            self.reporter.set_service_status(service, status).await;
        }
    }

    /// From now on: serving.
    pub async fn serving(&self) {
        self.tell(ServingStatus::Serving).await;
    }

    /// From now on: not serving as it should. Requests are still answered.
    pub async fn not_serving(&self) {
        self.tell(ServingStatus::NotServing).await;
    }
}

/// A running server.
pub struct Serving {
    /// Where it listens.
    pub address: SocketAddr,
    health: Health,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl Serving {
    /// What the server tells those who ask after its health.
    #[must_use]
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Stops taking requests and waits until the accepted ones are answered, for ten seconds at most.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        match tokio::time::timeout(SHUTDOWN_GRACE, self.task).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::error!(%error, "the server ended with an error"),
            Ok(Err(error)) => tracing::error!(%error, "the server's task failed"),
            Err(_) => tracing::warn!("some requests were still open after {SHUTDOWN_GRACE:?}"),
        }
    }
}

/// Serves `routes` behind `access` on `address`; port 0 lets the system choose. Those who ask after its health are told that it is not
/// ready, until [`Health::serving`].
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve(
    address: SocketAddr,
    routes: Routes,
    access: AccessLayer,
    services: &[&str],
) -> Result<Serving, ServeError> {
    let listener = TcpListener::bind(address).await.map_err(|error| ServeError::Listen(address, error))?;
    let address = listener.local_addr().map_err(|error| ServeError::Listen(address, error))?;
    let (reporter, health_server) = tonic_health::server::health_reporter();
    let services = services.iter().chain(&[""]).map(|service| (*service).to_owned()).collect();
    let health = Health { reporter, services };
    health.tell(ServingStatus::NotServing).await;
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(api::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let routes = routes
        .add_service(health_server)
        .add_service(reflection().build_v1()?)
        // Python's and older clients know only this one.
        .add_service(reflection().build_v1alpha()?);
    let (stop, stopped) = oneshot::channel::<()>();
    // The builder's own setting is only for listeners that it makes itself.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let server = Server::builder()
        .layer(access)
        .max_concurrent_streams(STREAMS_MAX)
        .concurrency_limit_per_connection(usize::try_from(STREAMS_MAX).unwrap_or(256))
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .http2_keepalive_timeout(Some(Duration::from_secs(10)))
        .http2_max_header_list_size(HEADER_BYTES_MAX)
        .http2_max_pending_accept_reset_streams(Some(20))
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming, async {
            // A dropped handle stops it too.
            let _ = stopped.await;
        });
    Ok(Serving { address, health, stop, task: tokio::spawn(server) })
}
