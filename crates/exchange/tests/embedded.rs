#![allow(clippy::unwrap_used, reason = "this is test code")]
//! The embedded adapter over logs in SQLite: the suite of the port, and whose logs it gives.

use eventlog::sqlite::SqliteStore;
use eventlog::{LogId, LogStore, Service};
use exchange::conformance::Subject;
use exchange::{Embedded, Exchange};
use std::sync::Arc;

const LOG: LogId = LogId::region(Service::Vacancies);

async fn fresh() -> Subject {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    let log = store.open(LOG).await.unwrap();
    let exchange = Embedded::default();
    exchange.publish(Arc::clone(&log));
    Subject { exchange: Arc::new(exchange), publish: log, keep: Box::new((store, folder)) }
}

exchange::exchange_conformance_suite!(fresh);

#[tokio::test]
async fn a_log_is_unknown_until_it_is_published_and_each_is_its_own() {
    let subject = fresh().await;
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    let derby = LogId::council(Service::Referrals, "E06000015".parse().unwrap());
    let exchange = Embedded::default();
    exchange.publish(subject.publish);
    assert!(exchange.subscribe(derby, 0).await.is_err());
    exchange.publish(store.open(derby).await.unwrap());
    assert!(exchange.subscribe(derby, 0).await.is_ok());
    assert_eq!((exchange.head(derby).await, exchange.head(LOG).await), (Ok(0), Ok(0)));
    let nottingham = LogId::council(Service::Referrals, "E06000018".parse().unwrap());
    assert!(exchange.head(nottingham).await.is_err(), "another council's log of the same service");
}
