//! Defects that tests switch on, to see that their checks would find them. They are compiled with the feature `planted-defects` alone,
//! which only the tests' own manifests turn on; and then each is still off until the environment or a test plants it.

use crate::log_id::LogId;
use std::sync::{LazyLock, Mutex, PoisonError};

/// What this process has planted in all its logs: names separated by commas.
pub const VARIABLE: &str = "BROKERAGE_PLANTED";

/// A defect, or what is needed to bring one to light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// A batch is answered before its commit, which comes with the next one. In SQLite.
    AcknowledgedBeforeCommit,
    /// A relay that starts goes on from the end of its log, and not from the end of its topic.
    RelaySkipsTail,
    /// The position of another log's event is durable before its effect.
    OffsetBeforeEffect,
    /// What was seen is not dropped: neither a request that comes again, nor an event.
    DedupeDropped,
    /// Entries are appended behind whatever is there, whoever took the log over since. In PostgreSQL.
    AppenderWithoutFence,
    /// No defect: the process ends, as by `kill -9`, before the first effect of another log's event is handed to a log
    /// that is not the auditors'.
    EndsBeforeEffect,
    /// No defect, for the fence has to hold all the same: who lost the lease does not notice.
    LeaseNotNoticed,
}

impl Planted {
    const ALL: [Self; 7] = [
        Self::AcknowledgedBeforeCommit,
        Self::RelaySkipsTail,
        Self::OffsetBeforeEffect,
        Self::DedupeDropped,
        Self::AppenderWithoutFence,
        Self::EndsBeforeEffect,
        Self::LeaseNotNoticed,
    ];

    /// Its name in [`VARIABLE`].
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AcknowledgedBeforeCommit => "acknowledged-before-commit",
            Self::RelaySkipsTail => "relay-skips-tail",
            Self::OffsetBeforeEffect => "offset-before-effect",
            Self::DedupeDropped => "dedupe-dropped",
            Self::AppenderWithoutFence => "appender-without-fence",
            Self::EndsBeforeEffect => "ends-before-effect",
            Self::LeaseNotNoticed => "lease-not-noticed",
        }
    }
}

static OF_PROCESS: LazyLock<Vec<Planted>> = LazyLock::new(|| {
    let names = std::env::var(VARIABLE).unwrap_or_default();
    let planted: Vec<Planted> =
        Planted::ALL.into_iter().filter(|what| names.split(',').any(|name| name == what.name())).collect();
    if !planted.is_empty() {
        tracing::error!(?planted, "DEFECTS ARE PLANTED in this process, for a test: it loses data");
    }
    planted
});
static OF_LOGS: Mutex<Vec<(Planted, LogId)>> = Mutex::new(Vec::new());

/// Plants something in one log, for as long as this process lives: for tests that share it with others, which use other logs.
pub fn plant(what: Planted, log: LogId) {
    OF_LOGS.lock().unwrap_or_else(PoisonError::into_inner).push((what, log));
}

/// Whether something is planted in a log.
#[must_use]
pub fn is_planted(what: Planted, log: LogId) -> bool {
    OF_PROCESS.contains(&what)
        || OF_LOGS.lock().unwrap_or_else(PoisonError::into_inner).contains(&(what, log))
}
