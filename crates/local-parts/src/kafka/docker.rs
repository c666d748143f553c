//! A broker in a container of Kafka's official image.

use super::{NoBroker, VERSION, wire};
use crate::packages::say;
use std::process::{Command, Stdio};
use std::time::Duration;

/// The image may have to be pulled, but that is `docker run`'s own time.
const START_PATIENCE: Duration = Duration::from_secs(90);

/// Whether there is a daemon, and not just the client.
pub(super) fn works() -> bool {
    docker(&["info"]).is_ok()
}

/// Starts a container of this name and gives its address.
pub(super) fn start(container: &str) -> Result<String, NoBroker> {
    let port = wire::free_ports(1).map_err(|error| NoBroker(error.to_string()))?[0];
    let brokers = format!("127.0.0.1:{port}");
    say(&format!("starting Kafka {VERSION} in Docker as {container} at {brokers}"));
    let _ = docker(&["rm", "--force", container]);
    let publish = format!("127.0.0.1:{port}:{port}");
    let image = format!("apache/kafka:{VERSION}");
    let settings = settings(port);
    let mut words = vec!["run", "--detach", "--name", container, "--publish", &publish];
    words.extend(settings.iter().flat_map(|setting| ["--env", setting.as_str()]));
    words.push(&image);
    docker(&words)?;
    if wire::wait_for(&brokers, START_PATIENCE, || true) {
        return Ok(brokers);
    }
    Err(NoBroker(format!("the container does not answer at {brokers}; `docker logs {container}` says why")))
}

/// Ends a container.
pub(super) fn stop(container: &str) -> Result<(), NoBroker> {
    docker(&["rm", "--force", container])
}

/// The image takes a broker's settings from its environment: `node.id` from `KAFKA_NODE_ID`.
fn settings(port: u16) -> Vec<String> {
    let settings = [
        ("PROCESS_ROLES", "broker,controller"),
        ("NODE_ID", "1"),
        ("CONTROLLER_QUORUM_VOTERS", "1@localhost:9093"),
        ("CONTROLLER_LISTENER_NAMES", "CONTROLLER"),
        ("LISTENERS", &format!("PLAINTEXT://0.0.0.0:{port},CONTROLLER://localhost:9093")),
        ("ADVERTISED_LISTENERS", &format!("PLAINTEXT://127.0.0.1:{port}")),
        ("LISTENER_SECURITY_PROTOCOL_MAP", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"),
        ("INTER_BROKER_LISTENER_NAME", "PLAINTEXT"),
        ("AUTO_CREATE_TOPICS_ENABLE", "false"),
        ("OFFSETS_TOPIC_NUM_PARTITIONS", "1"),
        ("OFFSETS_TOPIC_REPLICATION_FACTOR", "1"),
        ("TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "1"),
        ("TRANSACTION_STATE_LOG_MIN_ISR", "1"),
        ("GROUP_INITIAL_REBALANCE_DELAY_MS", "0"),
        ("HEAP_OPTS", "-Xmx384m"),
    ];
    settings.iter().map(|(name, value)| format!("KAFKA_{name}={value}")).collect()
}

fn docker(words: &[&str]) -> Result<(), NoBroker> {
    let output = Command::new("docker")
        .args(words)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| NoBroker(format!("docker could not be started: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(NoBroker(format!("docker {} failed: {said}", words.first().unwrap_or(&""))))
}
