//! What a standby has folded of logs that another instance still appends to, so that it need not begin when it takes over.

use crate::committed::Folded;
use crate::outcome::OpenError;
use crate::snapshot;
use care::Domain;
use eventlog::{EventLog, LogId};
use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use tokio::sync::Mutex;

/// The folds of a standby, by log. Each has the state of its log's domain.
#[derive(Default)]
pub struct Ahead {
    folds: StdMutex<HashMap<LogId, Arc<dyn Any + Send + Sync>>>,
}

impl Ahead {
    /// Folds what a log, opened to be read, holds beyond what was folded of it before. Gives the position reached. When the future is
    /// dropped the next call goes on from where it was.
    ///
    /// # Errors
    /// When the log cannot be read, or holds an event that this program does not understand.
    pub async fn follow<D: Domain>(&self, log: &dyn EventLog) -> Result<u64, OpenError> {
        let known = self.fold::<D>(log.id());
        let fold = match known {
            Some(fold) => fold,
            None => {
                let fold = Arc::new(Mutex::new(snapshot::load::<D>(log).await));
                self.folds().insert(log.id(), Arc::clone(&fold) as Arc<dyn Any + Send + Sync>);
                fold
            }
        };
        let mut folded = fold.lock().await;
        folded.catch_up(log, None).await?;
        Ok(folded.head)
    }

    /// Takes what was folded of a log that has at least as many events.
    pub(crate) async fn take<D: Domain>(&self, log: LogId, head: u64) -> Option<Folded<D>> {
        let fold = self.fold::<D>(log)?;
        self.folds().remove(&log);
        let folded = std::mem::take(&mut *fold.lock().await);
        (folded.head <= head).then_some(folded)
    }

    fn fold<D: Domain>(&self, log: LogId) -> Option<Arc<Mutex<Folded<D>>>> {
        Arc::clone(self.folds().get(&log)?).downcast().ok()
    }

    fn folds(&self) -> std::sync::MutexGuard<'_, HashMap<LogId, Arc<dyn Any + Send + Sync>>> {
        self.folds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
