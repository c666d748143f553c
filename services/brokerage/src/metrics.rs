//! What a process measures, over HTTP: `/metrics` in Prometheus' text format, `/readyz` with what keeps it from being ready, `/healthz`.
//!
//! They carry names of logs and numbers, and ask for no token: whoever runs the process lets monitoring alone reach the address.

use crate::progress::Progress;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use eventlog::Appends;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const TEXT_FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels = Vec<(&'static str, String)>;
type Gauges = Family<Labels, Gauge>;

/// Serves as one of `tasks`; gives the address.
pub(crate) async fn serve(
    address: SocketAddr,
    progress: Arc<Progress>,
    tasks: &mut JoinSet<()>,
) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let routes = Router::new()
        .route("/metrics", get(metrics))
        .route("/readyz", get(ready))
        .route("/healthz", get(|| async { "it runs\n" }))
        .with_state(progress);
    tasks.spawn(async move {
        if let Err(error) = axum::serve(listener, routes).await {
            tracing::error!(%error, "metrics are not served any more");
        }
    });
    Ok(address)
}

async fn ready(State(progress): State<Arc<Progress>>) -> (StatusCode, String) {
    let reasons = progress.not_ready();
    if reasons.is_empty() {
        (StatusCode::OK, "ready\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n")
    }
}

async fn metrics(State(progress): State<Arc<Progress>>) -> impl IntoResponse {
    match text(&progress) {
        Ok(text) => ([(header::CONTENT_TYPE, TEXT_FORMAT)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn text(progress: &Progress) -> Result<String, std::fmt::Error> {
    let mut registry = Registry::with_prefix("brokerage");
    let appends = Appends::of_process().clone();
    registry.register_with_unit(
        "append",
        "From the collection of a batch until it is durable",
        Unit::Seconds,
        appends.seconds,
    );
    registry.register("append_batch_entries", "Entries that shared a commit", appends.batch_entries);
    registry.register(
        "append_failures",
        "Entries refused because their log could not be written",
        appends.failures,
    );
    logs(&mut registry, progress);
    followers(&mut registry, progress);
    let is_ready = Gauge::<i64>::default();
    is_ready.set(i64::from(progress.not_ready().is_empty()));
    registry.register("ready", "1 when nothing keeps the process from being ready", is_ready);
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

fn set(gauges: &Gauges, labels: &Labels, value: u64) {
    gauges.get_or_create(labels).set(i64::try_from(value).unwrap_or(i64::MAX));
}

fn logs(registry: &mut Registry, progress: &Progress) {
    let (heads, lag_events, lag_seconds) = (Gauges::default(), Gauges::default(), Gauges::default());
    let stopped = Gauges::default();
    for (log, head, relay) in progress.logs() {
        let labels = vec![("log", log.to_string())];
        set(&heads, &labels, head);
        if let Some(relay) = relay {
            set(&lag_events, &labels, relay.lag_events());
            set(&lag_seconds, &labels, relay.lag_seconds(progress.clock.now()));
            set(&stopped, &labels, u64::from(relay.stopped));
        }
    }
    registry.register("log_events", "Events of a log of this process", heads);
    registry.register("relay_lag_events", "Events that are recorded and not yet in the topic", lag_events);
    registry.register(
        "relay_stopped",
        "1 when a log is not published any more and people must look",
        stopped,
    );
    registry.register_with_unit(
        "relay_lag",
        "For how long the first of them has been recorded, or nothing could be published",
        Unit::Seconds,
        lag_seconds,
    );
}

fn followers(registry: &mut Registry, progress: &Progress) {
    let (consumed, stuck, letters) = (Gauges::default(), Gauges::default(), Gauges::default());
    let (lag_events, lag_seconds) = (Gauges::default(), Gauges::default());
    for follower in progress.followers() {
        let labels =
            vec![("reaction", follower.reaction.to_owned()), ("source", follower.source.to_string())];
        set(&consumed, &labels, follower.consumed);
        set(&stuck, &labels, u64::from(follower.stuck.is_some()));
        set(&letters, &labels, follower.dead_letters);
        set(&lag_events, &labels, follower.lag_events);
        set(&lag_seconds, &labels, follower.lag_seconds);
    }
    let parked = "Events of a source that could not be applied and are parked";
    registry.register("dead_letters", parked, letters);
    registry.register("consumed_position", "The position up to which a source has been consumed", consumed);
    registry.register(
        "consumer_stuck",
        "1 when a source is not followed any more and people must look",
        stuck,
    );
    registry.register(
        "consumer_lag_events",
        "Events seen at a source's end that are not consumed",
        lag_events,
    );
    registry.register_with_unit(
        "consumer_lag",
        "For how long the oldest end that is not reached has been seen",
        Unit::Seconds,
        lag_seconds,
    );
}
