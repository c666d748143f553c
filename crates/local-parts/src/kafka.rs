//! Apache Kafka: the one that is named, or one in Docker, or its own jars run on this machine's Java.
//!
//! [`Kafka::ensure`] gives the broker that all tests and local development share. It goes on running when whoever started it has
//! ended, until [`Kafka::stop`]. What it holds is disposable, and is gone when it is started again: whoever uses it makes topics
//! of their own. [`Kafka::start_own`] gives a broker that a test may kill, pause and start again.

mod docker;
mod install;
mod own;
mod shared;
mod wire;

use std::fmt;
use std::path::PathBuf;

pub use own::OwnBroker;

/// The variable that names brokers to use instead of starting one.
pub const BROKERS_VARIABLE: &str = "KAFKA_BROKERS";
/// Kafka's version, in `deploy/local/kafka/pom.xml` too.
const VERSION: &str = "4.3.1";

/// Why there is no broker, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoBroker(pub(crate) String);

impl fmt::Display for NoBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no Kafka broker: {}. Set {BROKERS_VARIABLE} to the address of one, or have Docker, or Java 17 or later with Maven \
             (Debian: apt-get install maven openjdk-17-jre-headless)",
            self.0
        )
    }
}

impl std::error::Error for NoBroker {}

/// Where the shared broker comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `KAFKA_BROKERS` names it; it is not ours to start or stop.
    Named,
    /// A container of this name.
    Docker(String),
    /// The process of this id.
    Process(u32),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named => write!(f, "named by {BROKERS_VARIABLE}"),
            Self::Docker(container) => write!(f, "Docker container {container}"),
            Self::Process(pid) => write!(f, "process {pid}"),
        }
    }
}

/// A broker that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Its address for clients, such as `127.0.0.1:9092`.
    pub brokers: String,
    /// Where it comes from.
    pub source: Source,
}

/// The broker that tests and local development share, and others of a test's own.
#[derive(Debug, Clone, Copy)]
pub struct Kafka;

impl Kafka {
    /// The address of a broker that answers; one is started if none does. Those who ask at the same time get the same one.
    ///
    /// # Errors
    /// When there is none and none can be started; the text says what was missing and how to get it.
    pub fn ensure() -> Result<String, NoBroker> {
        shared::ensure().map(|running| running.brokers)
    }

    /// The shared broker, if one answers.
    #[must_use]
    pub fn status() -> Option<Running> {
        shared::status()
    }

    /// Ends the shared broker if it was started from here, and says which that was.
    ///
    /// # Errors
    /// When it does not end.
    pub fn stop() -> Result<Option<Running>, NoBroker> {
        shared::stop()
    }

    /// The program `kcat`, which reads topics.
    ///
    /// # Errors
    /// When it is not there and cannot be installed.
    pub fn kcat() -> Result<&'static str, NoBroker> {
        install::kcat()
    }

    /// A broker of one's own, of Kafka's own jars, with its data and its log under `folder`. It ends when it is dropped.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_own(folder: impl Into<PathBuf>) -> Result<OwnBroker, NoBroker> {
        OwnBroker::start(folder.into(), &[])
    }

    /// As [`Kafka::start_own`], with a door of its own for each of `fronts`, ports of this machine: who comes in by a door, see
    /// [`OwnBroker::doors`], is told that the broker is at that port. So a test can put itself between a broker and each of its clients.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_own_behind(folder: impl Into<PathBuf>, fronts: &[u16]) -> Result<OwnBroker, NoBroker> {
        OwnBroker::start(folder.into(), fronts)
    }
}

/// `local/kafka` in Cargo's target directory: all that is installed and run here lies there.
fn folder() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize().unwrap_or(root);
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    std::path::absolute(&target).unwrap_or(target).join("local/kafka")
}
