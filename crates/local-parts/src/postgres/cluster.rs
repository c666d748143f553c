//! A server's folder: made, started, found again, stopped and killed.

use crate::postgres::binaries::{Binaries, run};
use crate::postgres::{Database, NoServer};
use std::collections::hash_map::DefaultHasher;
use std::fs::OpenOptions;
use std::hash::{Hash, Hasher};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The role that owns the server.
const ADMIN: &str = "postgres";
/// How long a start may take, recovery after a kill included.
const START_SECONDS_MAX: &str = "60";
/// What is set beside the defaults. Durability is as in a real deployment: the tests are about it. So is the memory for pages: with the
/// default the indexes of a log of a million events do not fit, and every append waits for the disk.
const SETTINGS: &str = "listen_addresses = '127.0.0.1'\nfsync = on\nsynchronous_commit = on\nmax_connections = 500\n\
     shared_buffers = 512MB\n";

/// A server's folder: `data`, `log`, `port` and `password`.
#[derive(Debug)]
pub(crate) struct Cluster {
    binaries: Binaries,
    folder: PathBuf,
}

impl Cluster {
    /// The one in `folder`, made if it is not there.
    pub(crate) fn ensure(binaries: Binaries, folder: &Path) -> Result<Self, NoServer> {
        let cluster = Self { binaries, folder: folder.to_owned() };
        if !cluster.data().exists() {
            cluster.make()?;
        }
        Ok(cluster)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Makes it under another name first, so that an interrupted start leaves no half of it.
    fn make(&self) -> Result<(), NoServer> {
        self.binaries.hand_over(&self.folder)?;
        let draft = self.folder.join("data.new");
        if draft.exists() {
            std::fs::remove_dir_all(&draft).map_err(|error| self.failed(&error))?;
        }
        let password = self.folder.join("password");
        write_private(&password, &random_hex()?).map_err(|error| self.failed(&error))?;
        self.binaries.hand_over(&password)?;
        let mut initdb = self.binaries.server("initdb");
        initdb.args(["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--username", ADMIN]);
        initdb.arg("--pwfile").arg(&password).arg("--pgdata").arg(&draft);
        run(&mut initdb)?;
        let include = "\ninclude 'local-parts.conf'\n";
        let mut main = OpenOptions::new().append(true).open(draft.join("postgresql.conf"));
        main.as_mut()
            .map_err(|error| self.failed(error))?
            .write_all(include.as_bytes())
            .map_err(|error| self.failed(&error))?;
        std::fs::rename(&draft, self.data()).map_err(|error| self.failed(&error))
    }

    /// Starts it if it does not run, on a port that is free.
    pub(crate) fn ensure_running(&self) -> Result<(), NoServer> {
        if self.pid().is_some() {
            return self.wait_until_ready();
        }
        let mut last = Ok(());
        for _ in 0..3 {
            // Somebody may take the port in between: then it is another one.
            let port = free_port().map_err(|error| self.failed(&error))?;
            last = self.start_on(port);
            if last.is_ok() {
                break;
            }
        }
        last
    }

    fn start_on(&self, port: u16) -> Result<(), NoServer> {
        let sockets = std::env::temp_dir().join(format!("pg-{}", short_name(&self.folder)));
        std::fs::create_dir_all(&sockets).map_err(|error| self.failed(&error))?;
        self.binaries.hand_over(&sockets)?;
        let settings =
            format!("{SETTINGS}port = {port}\nunix_socket_directories = '{}'\n", sockets.display());
        let path = self.data().join("local-parts.conf");
        std::fs::write(&path, settings).map_err(|error| self.failed(&error))?;
        self.binaries.hand_over(&path)?;
        std::fs::write(self.folder.join("port"), port.to_string()).map_err(|error| self.failed(&error))?;
        let log = self.folder.join("log");
        let mut start = self.binaries.server("pg_ctl");
        start.args(["--wait", "--silent", "--timeout", START_SECONDS_MAX, "--pgdata"]).arg(self.data());
        let started = run(start.arg("--log").arg(&log).arg("start"));
        started.map(drop).map_err(|NoServer(detail)| {
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            let tail: Vec<_> = log.lines().rev().take(5).collect();
            let tail: Vec<_> = tail.into_iter().rev().collect();
            NoServer(format!("{detail}\n{}", tail.join("\n")))
        })
    }

    fn wait_until_ready(&self) -> Result<(), NoServer> {
        let port = self.port()?;
        let mut last = Ok(());
        for _ in 0..100 {
            let mut ready = self.binaries.client("pg_isready");
            last = run(ready.args(["--host", "127.0.0.1", "--timeout", "3", "--port", &port])).map(drop);
            if last.is_ok() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        last
    }

    /// Stops it if it runs; tells whether it did.
    pub(crate) fn stop(&self) -> Result<bool, NoServer> {
        if self.pid().is_none() {
            return Ok(false);
        }
        let mut stop = self.binaries.server("pg_ctl");
        run(stop.args(["--wait", "--silent", "--mode", "fast", "--pgdata"]).arg(self.data()).arg("stop"))?;
        Ok(true)
    }

    pub(crate) fn url(&self, database: &str) -> Result<String, NoServer> {
        let password = self.read("password")?;
        Ok(format!("postgres://{ADMIN}:{password}@127.0.0.1:{}/{database}", self.port()?))
    }

    fn port(&self) -> Result<String, NoServer> {
        self.read("port")
    }

    /// The server's process, if it is there.
    fn pid(&self) -> Option<u32> {
        let file = std::fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        let pid = file.lines().next()?.trim().parse().ok()?;
        // The number may have gone to somebody else since.
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
        (name.trim() == "postgres").then_some(pid)
    }

    fn read(&self, name: &str) -> Result<String, NoServer> {
        std::fs::read_to_string(self.folder.join(name)).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &std::io::Error) -> NoServer {
        NoServer(format!("{}: {error}", self.folder.display()))
    }
}

/// A server of a test's own. It is killed when dropped.
#[derive(Debug)]
pub struct OwnPostgres {
    cluster: Cluster,
    port: u16,
}

impl OwnPostgres {
    pub(crate) fn start(binaries: Binaries, folder: &Path) -> Result<Self, NoServer> {
        let cluster = Cluster::ensure(binaries, folder)?;
        cluster.ensure_running()?;
        let port = cluster.port()?.parse().map_err(|_| NoServer("its port is no number".to_owned()))?;
        Ok(Self { cluster, port })
    }

    /// The URL of its maintenance database, as a role that may do everything. It stays the same over restarts.
    ///
    /// # Errors
    /// When its folder cannot be read.
    pub fn url(&self) -> Result<String, NoServer> {
        self.cluster.url("postgres")
    }

    /// A new database on it, see [`Postgres::database`](crate::postgres::Postgres::database).
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn database(&self) -> Result<Database, NoServer> {
        Database::create(&self.url()?)
    }

    /// Kills all its processes at once, as a power cut would; what the disk was told to keep is there afterwards.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&self) -> Result<(), NoServer> {
        self.signal("KILL")
    }

    /// Stops all its processes where they are: connections stay open and nothing answers.
    ///
    /// # Errors
    /// When it does not run.
    pub fn pause(&self) -> Result<(), NoServer> {
        self.signal("STOP")
    }

    /// Lets them go on.
    ///
    /// # Errors
    /// When it does not run.
    pub fn resume(&self) -> Result<(), NoServer> {
        self.signal("CONT")
    }

    /// Starts it again after it was killed, on the same port, and waits until it has recovered.
    ///
    /// # Errors
    /// When it does not start.
    pub fn restart(&self) -> Result<(), NoServer> {
        let mut last = Ok(());
        // Killed processes are there until they are reaped, and their shared memory with them.
        for _ in 0..20 {
            last = self.cluster.start_on(self.port);
            if last.is_ok() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(250));
        }
        last
    }

    fn signal(&self, name: &str) -> Result<(), NoServer> {
        let Some(pid) = self.cluster.pid() else {
            return Err(NoServer("the server does not run".to_owned()));
        };
        // While its parent stands still, no process is added to those that are found.
        send("STOP", pid)?;
        for child in children(pid) {
            // One that has just ended is as good as signalled.
            let _ = send(name, child);
        }
        send(name, pid)
    }
}

fn send(signal: &str, pid: u32) -> Result<(), NoServer> {
    run(Command::new("kill").args(["-s", signal, &pid.to_string()])).map(drop)
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.kill();
    }
}

/// The processes that `parent` started.
fn children(parent: u32) -> Vec<u32> {
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| parent_of(*pid) == Some(parent)).collect()
}

fn parent_of(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in brackets and may hold anything; state and parent follow it.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// A short name for a folder, the same each time: a socket's path may have little more than a hundred bytes.
pub(crate) fn short_name(folder: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    folder.hash(&mut hasher);
    format!("{:012x}", hasher.finish() & 0xFFFF_FFFF_FFFF)
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

/// A password that nobody on this machine can guess.
fn random_hex() -> Result<String, NoServer> {
    let mut bytes = [0; 16];
    let read = std::fs::File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes));
    read.map_err(|error| NoServer(format!("/dev/urandom: {error}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
