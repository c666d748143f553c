//! A broker as a process: one node that is broker and controller, without ZooKeeper or replicas.

use super::install::Installed;
use super::{NoBroker, wire};
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const HEAP_MIB: u32 = 384;
/// A laptop that compiles beside it takes its time.
const START_PATIENCE: Duration = Duration::from_secs(90);
/// Any 16 bytes, in base 64: the cluster's name in its own storage.
const CLUSTER_ID: &str = "YnJva2VyYWdlLWxvY2FsMQ";

/// A broker that a test may kill, pause and start again, on the same port with the same data. It is killed when it is dropped.
#[derive(Debug)]
pub struct OwnBroker {
    folder: PathBuf,
    brokers: String,
    doors: Vec<SocketAddr>,
    child: Child,
}

impl OwnBroker {
    pub(super) fn start(folder: PathBuf, fronts: &[u16]) -> Result<Self, NoBroker> {
        let installed = Installed::find()?;
        let doors = wire::free_ports(fronts.len()).map_err(|error| NoBroker(error.to_string()))?;
        let behind: Vec<(u16, u16)> = doors.iter().copied().zip(fronts.iter().copied()).collect();
        let brokers = prepare(&installed, &folder, &behind)?;
        let child = spawn(&installed, &folder, &brokers)?;
        let doors = doors.into_iter().map(|port| (Ipv4Addr::LOCALHOST, port).into()).collect();
        Ok(Self { folder, brokers, doors, child })
    }

    /// Its address for clients.
    #[must_use]
    pub fn brokers(&self) -> &str {
        &self.brokers
    }

    /// Where it listens for those who come from each of the fronts that it was started behind.
    #[must_use]
    pub fn doors(&self) -> &[SocketAddr] {
        &self.doors
    }

    /// Ends it at once, as a power cut does to a process (`kill -9`); what the system has of its files stays.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Stops it where it stands: connections stay open, and nothing is answered.
    pub fn pause(&self) {
        signal(self.child.id(), "-STOP");
    }

    /// Lets it go on.
    pub fn resume(&self) {
        signal(self.child.id(), "-CONT");
    }

    /// Starts it again after [`OwnBroker::kill`], and waits until it answers.
    ///
    /// # Errors
    /// When it does not start.
    pub fn restart(&mut self) -> Result<(), NoBroker> {
        self.kill();
        self.child = spawn(&Installed::find()?, &self.folder, &self.brokers)?;
        Ok(())
    }
}

impl Drop for OwnBroker {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Sends a signal to a process; it may be gone.
pub(super) fn signal(pid: u32, signal: &str) {
    let _ = Command::new("kill").args([signal, &pid.to_string()]).stderr(Stdio::null()).status();
}

/// Writes the settings of a new broker and formats its storage; gives its address. `behind` has further ports that it listens on, each
/// with the port that it names there as its own.
pub(super) fn prepare(
    installed: &Installed,
    folder: &Path,
    behind: &[(u16, u16)],
) -> Result<String, NoBroker> {
    let failed = |error: std::io::Error| NoBroker(format!("{}: {error}", folder.display()));
    let data = folder.join("data");
    if data.exists() {
        std::fs::remove_dir_all(&data).map_err(failed)?;
    }
    std::fs::create_dir_all(folder).map_err(failed)?;
    let ports = wire::free_ports(2).map_err(failed)?;
    let (port, controller) = (ports[0], ports[1]);
    std::fs::write(settings(folder), properties(&data, port, controller, behind)).map_err(failed)?;
    let mut format = installed.command(64);
    format.args(["kafka.tools.StorageTool", "format", "--cluster-id", CLUSTER_ID, "--config"]);
    let output = format.arg(settings(folder)).stdin(Stdio::null()).output().map_err(failed)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(NoBroker(format!("its storage could not be formatted: {said}")));
    }
    Ok(format!("127.0.0.1:{port}"))
}

/// Starts the broker prepared in `folder` and waits until it answers.
pub(super) fn spawn(installed: &Installed, folder: &Path, brokers: &str) -> Result<Child, NoBroker> {
    let failed = |error: std::io::Error| NoBroker(format!("{}: {error}", folder.display()));
    let log = folder.join("broker.out");
    let out = File::options().create(true).append(true).open(&log).map_err(failed)?;
    let mut command = installed.command(HEAP_MIB);
    command.arg("kafka.Kafka").arg(settings(folder)).current_dir(folder);
    command.stdin(Stdio::null()).stderr(out.try_clone().map_err(failed)?).stdout(out);
    // A Ctrl-C in the terminal of whoever started it is not meant for it.
    let mut child = command.process_group(0).spawn().map_err(failed)?;
    if wire::wait_for(brokers, START_PATIENCE, || matches!(child.try_wait(), Ok(None))) {
        return Ok(child);
    }
    let _ = child.kill();
    let _ = child.wait();
    let said = std::fs::read_to_string(&log).unwrap_or_default();
    let end: Vec<_> = said.lines().rev().take(3).collect();
    let end = end.into_iter().rev().collect::<Vec<_>>().join("\n");
    Err(NoBroker(format!("it did not answer at {brokers}; the end of {}: {end}", log.display())))
}

pub(super) fn settings(folder: &Path) -> PathBuf {
    folder.join("server.properties")
}

/// One node, settings as small as they go. A broker that was killed may come back once its session is over, so that is short.
fn properties(data: &Path, port: u16, controller: u16, behind: &[(u16, u16)]) -> String {
    let data = data.display();
    let (mut listeners, mut advertised, mut protocols) = (String::new(), String::new(), String::new());
    for (number, (door, front)) in behind.iter().enumerate() {
        listeners.push_str(&format!(",BEHIND{number}://127.0.0.1:{door}"));
        advertised.push_str(&format!(",BEHIND{number}://127.0.0.1:{front}"));
        protocols.push_str(&format!(",BEHIND{number}:PLAINTEXT"));
    }
    format!(
        "process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{listeners}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}{advertised}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT{protocols}
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=2
log.cleaner.enable=true
log.cleaner.dedupe.buffer.size=2097152
"
    )
}
