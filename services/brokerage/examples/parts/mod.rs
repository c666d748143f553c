//! A region of five processes over Kafka, for the benchmarks.
#![allow(dead_code, reason = "each benchmark uses some of it")]

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

fn program() -> PathBuf {
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
        command.env("RUST_LOG", "info").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let start = Instant::now();
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
        self.processes.insert(service, process);
        // All five are started before the first is ready.
        match told.recv_timeout(patience) {
            Ok(Ok(ready)) => ready - start,
            Ok(Err(said)) => panic!("{service} ended:\n{said}"),
            Err(_) => start.elapsed(),
        }
    }

    pub(crate) fn end(&mut self, service: Service) {
        if let Some(mut process) = self.processes.remove(&service) {
            let id = process.id().to_string();
            Command::new("kill").args(["-TERM", &id]).status().unwrap();
            process.wait().unwrap();
        }
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

impl Drop for Processes {
    fn drop(&mut self) {
        for service in Service::ALL {
            self.end(service);
        }
    }
}
