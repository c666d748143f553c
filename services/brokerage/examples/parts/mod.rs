//! A region of five processes over Kafka, for the benchmarks.
#![allow(dead_code, reason = "each benchmark uses some of it")]

pub(crate) mod market;

use eventlog::Service;
use local_parts::postgres::Database;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// The first start of all: everything is published and consumed.
pub(crate) const FIRST_START_MAX: Duration = Duration::from_secs(900);

/// Five processes.
pub(crate) struct Processes {
    folder: PathBuf,
    brokers: String,
    prefix: String,
    databases: Option<BTreeMap<Service, Database>>,
    pub(crate) addresses: BTreeMap<Service, String>,
    processes: BTreeMap<Service, Child>,
}

pub(crate) fn program() -> PathBuf {
    let example = std::env::current_exe().unwrap();
    let program = example.parent().and_then(Path::parent).unwrap().join("brokerage");
    assert!(program.exists(), "{} is not there: cargo build --release", program.display());
    program
}

impl Processes {
    /// Of a new region with topics of its own; none is started.
    pub(crate) fn new(folder: &Path, brokers: &str, databases: Option<BTreeMap<Service, Database>>) -> Self {
        let prefix = format!("bench-{}", uuid::Uuid::new_v4().simple());
        let applied = Command::new(program())
            .args(["topics", "apply", "--brokers", brokers, "--topic-prefix", &prefix, "--replicas", "1"])
            .stdout(Stdio::null())
            .status();
        assert!(applied.unwrap().success());
        let listeners: Vec<_> = Service::ALL.map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).into();
        let addresses = listeners.iter().map(|listener| listener.local_addr().unwrap().to_string());
        Self {
            folder: folder.to_owned(),
            brokers: brokers.to_owned(),
            prefix,
            databases,
            addresses: Service::ALL.into_iter().zip(addresses).collect(),
            processes: BTreeMap::new(),
        }
    }

    /// Where the keys of the region's tokens are.
    pub(crate) fn token_keys(&self) -> PathBuf {
        self.folder.join("tokens")
    }

    /// Starts a process, and waits until it is ready; gives how long that took.
    pub(crate) fn start(&mut self, service: Service, patience: Duration) -> Duration {
        let mut command = Command::new(program());
        command
            .args(["run", "--service", service.name(), "--data-dir"])
            .arg(self.folder.join(service.name()));
        command.args(["--brokers", &self.brokers, "--topic-prefix", &self.prefix]);
        command.args(["--listen", &self.addresses[&service], "--token-keys"]).arg(self.token_keys());
        for (peer, address) in &self.addresses {
            command.args(["--peer", &format!("{peer}=http://{address}")]);
        }
        if let Some(databases) = &self.databases {
            command.args(["--database", databases[&service].url()]);
        }
        let start = Instant::now();
        let (process, told) = begin(command);
        self.processes.insert(service, process);
        // All five are started before the first is ready.
        match told.recv_timeout(patience) {
            Ok(Ok(ready)) => ready - start,
            Ok(Err(said)) => panic!("{service} ended:\n{said}"),
            Err(_) => start.elapsed(),
        }
    }

    pub(crate) fn end(&mut self, service: Service) {
        self.processes.remove(&service).into_iter().for_each(end);
    }

    /// Asks until all processes say that they are ready.
    pub(crate) fn wait(&mut self) {
        let begun = Instant::now();
        for service in Service::ALL {
            loop {
                self.end(service);
                if self.start(service, Duration::from_secs(60)) < Duration::from_secs(60) {
                    break;
                }
                assert!(begun.elapsed() < FIRST_START_MAX, "{service} does not become ready");
            }
        }
    }
}

/// Starts a process; what it sends is when it is ready, or, once it has ended, what it said.
fn begin(mut command: Command) -> (Child, mpsc::Receiver<Result<Instant, String>>) {
    command.env("RUST_LOG", "info").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    let stderr = BufReader::new(process.stderr.take().unwrap());
    let (ready, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut said = String::new();
        for line in stderr.lines().map_while(Result::ok) {
            if line.contains("brokerage::running: ready") {
                // Whoever waited may have given up.
                let _ = ready.send(Ok(Instant::now()));
            }
            said.push_str(&line);
            said.push('\n');
        }
        let _ = ready.send(Err(said));
    });
    (process, told)
}

fn end(mut process: Child) {
    let id = process.id().to_string();
    Command::new("kill").args(["-TERM", &id]).status().unwrap();
    process.wait().unwrap();
}

/// A whole region in one process.
pub(crate) struct Whole {
    process: Option<Child>,
    pub(crate) address: String,
    pub(crate) token_keys: PathBuf,
}

impl Whole {
    /// Starts one, and waits until it is ready.
    pub(crate) fn start(folder: &Path) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let token_keys = folder.join("tokens");
        let mut command = Command::new(program());
        command.args(["run", "--listen", &address, "--data-dir"]).arg(folder.join("region"));
        command.arg("--token-keys").arg(&token_keys);
        let (process, told) = begin(command);
        let ready = told.recv_timeout(Duration::from_secs(60)).unwrap();
        assert!(ready.is_ok(), "{ready:?}");
        Self { process: Some(process), address, token_keys }
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        self.process.take().into_iter().for_each(end);
    }
}

/// Half of the times were no longer than the first, and all but one in a hundred no longer than the second.
pub(crate) fn percentiles(mut times: Vec<Duration>) -> [Duration; 2] {
    times.sort_unstable();
    [times[times.len() / 2], times[times.len() * 99 / 100]]
}

impl Drop for Processes {
    fn drop(&mut self) {
        for service in Service::ALL {
            self.end(service);
        }
    }
}
