//! The program as a process of its own: a region that can be killed, and commands with what they print and how they end.

use crate::region::program;
use eventlog::planted::{self, Planted};
use eventlog::postgres::PostgresStore;
use eventlog::sqlite::SqliteStore;
use eventlog::{EventLog, LogId, LogStore, Owner, Recorded, Service};
use service_kit::token::TokenKeys;
use service_kit::{Region, Role};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long a region may take to start before a test fails.
const START_MAX: Duration = Duration::from_secs(60);

/// The program, with nothing of this shell's own settings.
pub(crate) fn brokerage() -> Command {
    let mut command = Command::new(program());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("BROKERAGE_")) {
            command.env_remove(name);
        }
    }
    command.env_remove("RUST_LOG");
    command
}

/// `brokerage run` in a process of its own; it is killed when this is dropped.
pub(crate) struct Server {
    child: Child,
    address: Option<oneshot::Receiver<SocketAddr>>,
    said: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Server {
    /// Starts it on a folder and does not wait for anything.
    pub(crate) fn spawn(data_dir: &Path) -> Self {
        Self::spawn_with(data_dir, &[])
    }

    /// The same with more arguments.
    pub(crate) fn spawn_with(data_dir: &Path, more: &[&str]) -> Self {
        Self::spawn_by(brokerage(), data_dir, more)
    }

    /// Starts it on a folder that is a disk of its own of so many MiB, with a copy of what is in `data_dir`. The disk is seen by this process
    /// alone, and from outside under [`Server::disk`]; it ends with it.
    pub(crate) fn spawn_on_disk(data_dir: &Path, mib: u32) -> Self {
        let script = format!(
            "mkdir \"$1.copy\" && cp -r \"$1/.\" \"$1.copy\" && mount -t tmpfs -o size={mib}m tmpfs \"$1\" && cp -r \"$1.copy/.\" \"$1\" \
             && rm -r \"$1.copy\" && shift && exec \"$@\""
        );
        let program = brokerage();
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-ec", &script, "sh"]).arg(data_dir);
        command.arg(program.get_program());
        for (name, _) in program.get_envs() {
            command.env_remove(name);
        }
        Self::spawn_by(command, data_dir, &["--metrics", "127.0.0.1:0"])
    }

    /// The same with something planted.
    pub(crate) fn spawn_planted(data_dir: &Path, more: &[&str], planted: &[Planted]) -> Self {
        let mut command = brokerage();
        let planted: Vec<&str> = planted.iter().map(|what| what.name()).collect();
        command.env(planted::VARIABLE, planted.join(","));
        Self::spawn_by(command, data_dir, more)
    }

    fn spawn_by(mut command: Command, data_dir: &Path, more: &[&str]) -> Self {
        command.args(["run", "--data-dir"]).arg(data_dir).args(more);
        if !more.contains(&"--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        command.env("RUST_LOG", "info").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let said = Arc::new(Mutex::new(String::new()));
        let (sender, address) = oneshot::channel();
        let saying = Arc::clone(&said);
        let reader = std::thread::spawn(move || {
            let mut sender = Some(sender);
            for line in stderr.lines().map_while(Result::ok) {
                let mut said = saying.lock().unwrap();
                said.push_str(&line);
                said.push('\n');
                drop(said);
                if let Some(address) = address_in(&line)
                    && let Some(sender) = sender.take()
                {
                    // Whoever killed it before it listened does not wait any more.
                    let _ = sender.send(address);
                }
            }
        });
        Self { child, address: Some(address), said, reader }
    }

    /// Starts it and waits until it listens.
    pub(crate) async fn start(data_dir: &Path) -> (Self, SocketAddr) {
        let mut server = Self::spawn(data_dir);
        let address = server.listening().await;
        (server, address)
    }

    pub(crate) async fn listening(&mut self) -> SocketAddr {
        let address = self.address.take().unwrap();
        match tokio::time::timeout(START_MAX, address).await {
            Ok(Ok(address)) => address,
            _ => panic!("the region does not listen; it said:\n{}", self.said()),
        }
    }

    /// A folder as this process sees it.
    pub(crate) fn disk(&self, data_dir: &Path) -> PathBuf {
        Path::new("/proc")
            .join(self.child.id().to_string())
            .join("root")
            .join(data_dir.strip_prefix("/").unwrap())
    }

    /// What it said on stderr so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// What it answers over HTTP, where it was started with `--metrics`: the status, and the body.
    pub(crate) fn http(&self, path: &str) -> (u16, String) {
        let said = self.said();
        let addresses =
            said.split_whitespace().filter_map(|word| word.strip_prefix("metrics=")?.parse().ok());
        // The setting names port 0.
        let address = { addresses }.find(|address: &SocketAddr| address.port() != 0).unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// `kill -9`: it gets no chance to finish anything.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it ends by itself, as one that must not start does; gives its exit code and what it said.
    pub(crate) async fn ended(mut self, what: &str) -> (Option<i32>, String) {
        let waiting = format!("no region starts on what is {what}");
        let code = until(&waiting, async || self.child.try_wait().unwrap()).await.code();
        let said = until("what it said is read", async || self.reader.is_finished().then(|| self.said()));
        (code, said.await)
    }

    /// Ends it as a service manager does; gives its exit code.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        self.signal("TERM");
        self.child.wait().unwrap().code()
    }

    /// Sends it a signal, such as `STOP` and `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address_in(line: &str) -> Option<SocketAddr> {
    line.split_whitespace().find_map(|word| word.strip_prefix("address=")?.parse().ok())
}

/// What a command printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Its output, which must be one JSON value.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Runs the program to its end.
pub(crate) fn run<A: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = A>) -> Ended {
    let output = brokerage().args(arguments).stdin(Stdio::null()).output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the demo with 40 referrals on a folder and gives its JSON.
pub(crate) fn demo(data_dir: &Path, more: &[&str]) -> serde_json::Value {
    let folder = data_dir.to_str().unwrap();
    let arguments = ["demo", "--referrals", "40", "--output", "json", "--data-dir", folder];
    let ended = run(arguments.iter().chain(more));
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.json()
}

/// Posts a referral for Derby, whose token it is.
pub(crate) fn post_referral(address: SocketAddr, token: &str, more: &[&str]) -> Ended {
    let address = format!("http://{address}");
    let today = care::london_date(care::Timestamp::now());
    let requirements = format!(
        r#"{{"provisions": ["FOSTERING"], "age_years": 9, "urgency": "PLANNED", "anchor": "DE1 2", "needed_from": "{today}"}}"#
    );
    let what = ["referrals", "post", "--parent", "councils/E06000015", "--requirements", &requirements];
    let to = ["--address", &address, "--token", token, "--output", "json"];
    run(what.iter().chain(&to).chain(more))
}

/// A token for a role, signed with the key of a data folder.
pub(crate) fn token(data_dir: &Path, role: Role) -> String {
    let keys = TokenKeys::load_or_create(&data_dir.join("keys")).unwrap();
    keys.issue(role, "test", care::Timestamp::now(), 3_600, false).unwrap()
}

/// Copies a folder with everything in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every file below a folder with its content.
pub(crate) fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    files
}

/// The logs of a data folder by their files.
pub(crate) fn logs_in(data_dir: &Path) -> Vec<LogId> {
    let entries = std::fs::read_dir(data_dir.join("logs")).unwrap();
    let names = entries.filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    names.filter_map(|name| Some(name.strip_suffix(".db")?.replacen('.', "/", 1).parse().unwrap())).collect()
}

/// Every event of every log of a data folder that no process uses. Files are left as they were: a copy is read.
pub(crate) async fn read_logs(data_dir: &Path) -> BTreeMap<LogId, Vec<Arc<Recorded>>> {
    let folder = tempfile::tempdir().unwrap();
    copy(data_dir, folder.path());
    let store = SqliteStore::open(&folder.path().join("logs")).unwrap();
    let mut logs = BTreeMap::new();
    for id in logs_in(folder.path()) {
        let events = everything(&*store.open(id).await.unwrap()).await;
        logs.insert(id, events);
    }
    logs
}

/// Every event of these services' logs in a database, as they are stored, whoever uses it; logs without events are left out.
pub(crate) async fn read_database(url: &str, services: &[Service]) -> BTreeMap<LogId, Vec<Arc<Recorded>>> {
    let store = PostgresStore::connect(url).await.unwrap();
    let councils = Region::d2n2_and_tyne_tees().councils();
    let owners: Vec<Owner> =
        std::iter::once(Owner::Region).chain(councils.into_iter().map(Owner::Council)).collect();
    let mut logs = BTreeMap::new();
    for service in services {
        for owner in &owners {
            let id = LogId { service: *service, owner: *owner };
            let events = everything(&*store.open_reader(id).await.unwrap()).await;
            if !events.is_empty() {
                logs.insert(id, events);
            }
        }
    }
    logs
}

/// Every event of a log, as it is stored.
async fn everything(log: &dyn EventLog) -> Vec<Arc<Recorded>> {
    let mut events: Vec<Arc<Recorded>> = Vec::new();
    loop {
        let after = events.last().map_or(0, |event| event.position);
        let more = log.read_stored(after, 1_000).await.unwrap();
        if more.is_empty() {
            return events;
        }
        events.extend(more);
    }
}

/// How long anything may take, however busy the machine: a test that waits for what never comes fails this much later.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until `look` finds something, for [`PATIENCE`] at most.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
