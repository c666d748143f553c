//! Connections that break, servers that are killed and rows that were changed.

use crate::proxy::Proxy;
use crate::world::{LOG, OTHER, World, append, append_when_back, entry, keyed, session, stored};
use eventlog::postgres::PostgresStore;
use eventlog::{AppendError, Appended, EventLog, LogError, LogStore, Snapshot};
use local_parts::postgres::Postgres;
use std::sync::Arc;
use std::time::Duration;

async fn appenders_backend_ends(world: &World) {
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
               WHERE datname = current_database() AND application_name LIKE 'brokerage appender%'";
    assert_eq!(world.database.run_as_admin(end).unwrap().trim(), "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_lost_is_no_yes_and_what_it_was_about_is_found() {
    let world = World::new().await;
    let proxy = Proxy::before(world.database.url()).await;
    let log = PostgresStore::connect(&proxy.url).await.unwrap().open(LOG).await.unwrap();
    assert_eq!(append(&*log, entry(1)).await, Ok(1));
    proxy.lose_next_answer();
    let unsure = log.append(keyed(2, "k")).await;
    assert!(matches!(unsure, Err(AppendError::Log(LogError::Unavailable { .. }))), "{unsure:?}");
    assert!(proxy.has_lost());
    assert_eq!(*log.head().borrow(), 2, "it was durable, and the log has looked again before it answered");
    assert_eq!(log.read(1, 10).await.unwrap().len(), 1);
    // Whoever asks again under the same key hears of it; the next event comes after it.
    assert!(matches!(log.append(keyed(2, "k")).await, Ok(Appended::Repeated(_))));
    assert_eq!(append(&*log, entry(2)).await, Ok(3));
    assert_eq!(log.read_stored(2, 1).await.unwrap()[0].stream_version, 2);
    assert_eq!(stored(&*log).await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_appender_whose_session_ended_comes_back_unless_the_log_was_taken_over() {
    let world = World::new().await;
    let log = world.store.open(LOG).await.unwrap();
    assert_eq!(append(&*log, entry(1)).await, Ok(1));
    appenders_backend_ends(&world).await;
    assert_eq!(append_when_back(&*log, 2).await, 2);
    appenders_backend_ends(&world).await;
    let new = world.store.open(LOG).await.unwrap();
    for _ in 0..2 {
        // The first may say that the connection is gone; none says yes.
        let refused = append(&*log, entry(3)).await;
        assert!(matches!(refused, Err(AppendError::Log(_))), "{refused:?}");
    }
    let refused = append(&*log, entry(3)).await;
    assert!(matches!(refused, Err(AppendError::Log(LogError::Fenced { .. }))), "{refused:?}");
    assert_eq!(append(&*new, entry(3)).await, Ok(3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_has_everything_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let server = Postgres::start_own(folder.path()).unwrap();
    let database = server.database().unwrap();
    // A database set up for speed must not make an acknowledgement worth less.
    let name: String = database.run_as_admin("SELECT current_database()").unwrap().trim().to_owned();
    database.run_as_admin(&format!("ALTER DATABASE {name} SET synchronous_commit = off")).unwrap();
    // What a lazy commit leaves to the server to write, it writes late.
    database.run_as_admin("ALTER SYSTEM SET wal_writer_delay = '10s'").unwrap();
    database.run_as_admin("SELECT pg_reload_conf()").unwrap();
    let world = World::on(database).await;
    let log = world.store.open(LOG).await.unwrap();
    let mut acknowledged = 0;
    for round in 0..3 {
        let appending: Vec<_> = (0..8_u64)
            .map(|caller| {
                let log: Arc<dyn EventLog> = Arc::clone(&log);
                tokio::spawn(async move {
                    let mut last = 0;
                    while let Ok(head) = append(&*log, entry(caller)).await {
                        last = head;
                    }
                    last
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.kill().unwrap();
        for caller in appending {
            acknowledged = acknowledged.max(caller.await.unwrap());
        }
        server.restart().unwrap();
        let next = append_when_back(&*log, 9).await;
        assert!(next > acknowledged, "round {round}: {acknowledged} were acknowledged, the next is {next}");
        assert_eq!(stored(&*log).await, next);
        acknowledged = next;
    }
    assert!(acknowledged > 30, "only {acknowledged} events: the test did not do much");
}

#[tokio::test]
async fn an_appender_does_not_go_on_where_acknowledged_events_are_gone() {
    let world = World::new().await;
    let log = world.store.open(LOG).await.unwrap();
    for n in 1..=3 {
        append(&*log, entry(n)).await.unwrap();
    }
    // A server that was behind the one that failed, put in its place.
    let owner = session(world.database.url(), Some(LOG.owner)).await;
    owner.batch_execute("DELETE FROM brokerage.events WHERE position = 3").await.unwrap();
    appenders_backend_ends(&world).await;
    for _ in 0..2 {
        let refused = append(&*log, entry(4)).await;
        assert!(matches!(refused, Err(AppendError::Log(_))), "{refused:?}");
    }
    let refused = append(&*log, entry(4)).await.unwrap_err().to_string();
    assert!(refused.contains("its last event is number 2, but number 3 was acknowledged"), "{refused}");
}

#[tokio::test]
async fn changed_rows_are_named() {
    let world = World::new().await;
    let log = world.store.open(LOG).await.unwrap();
    for n in 1..=3 {
        append(&*log, keyed(n, &format!("key {n}"))).await.unwrap();
    }
    let snapshot = Snapshot { schema: "s".into(), position: 3, body: vec![1] };
    log.save_snapshot("state", snapshot).await.unwrap();
    let owner = session(world.database.url(), Some(LOG.owner)).await;
    let change = "UPDATE brokerage.events SET payload = 'x' WHERE position = 2; \
        UPDATE brokerage.requests SET head = 9 WHERE key = 'key 2'; \
        UPDATE brokerage.sources SET position = 99; UPDATE brokerage.snapshots SET body = 'x'";
    owner.batch_execute(change).await.unwrap();
    let named = |error: LogError, what: &str| {
        assert!(matches!(error, LogError::Damaged { .. }), "{error:?}");
        assert!(error.to_string().contains(what), "{error}");
    };
    assert_eq!(log.read(0, 10).await.unwrap().len(), 3, "followers still see what was appended");
    assert_eq!(log.read_stored(2, 10).await.unwrap().len(), 1);
    named(log.read_stored(0, 10).await.unwrap_err(), "vacancies/region: event 2 does not match the digest");
    named(log.read_stream(&entry(2).events[0].stream, 0, 9).await.unwrap_err(), "event 2");
    named(log.reply("key 2").await.unwrap_err(), "\"key 2\"");
    assert!(log.reply("key 1").await.unwrap().is_some());
    named(log.sources().await.unwrap_err(), "\"contracts/region\"");
    assert_eq!(log.load_snapshot("state").await.unwrap(), None, "a damaged snapshot is as good as none");
    named(world.store.open(LOG).await.err().unwrap(), "\"contracts/region\"");
    owner.batch_execute("DELETE FROM brokerage.events WHERE position = 2").await.unwrap();
    named(world.store.open(LOG).await.err().unwrap(), "2 events are there, but the last is number 3");
    assert!(world.store.open(OTHER).await.is_ok(), "another log has nothing to do with it");
}

#[tokio::test]
async fn a_server_that_refuses_says_what_to_do_and_nothing_is_kept() {
    let world = World::new().await;
    let log = world.store.open(LOG).await.unwrap();
    append(&*log, entry(1)).await.unwrap();
    for (code, advice) in [("53100", "make room"), ("57014", "took too long"), ("53200", "out of memory")] {
        // The words of an error are the server's, in whichever language; only its code is ours to go by.
        let refusing = format!(
            "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE SQLSTATE '{code}' USING MESSAGE = 'nein'; END $$"
        );
        world.database.run_as_admin(&refusing).unwrap();
        let trigger = "CREATE TRIGGER refuse BEFORE INSERT ON brokerage.requests EXECUTE FUNCTION refuse()";
        world.database.run_as_admin(trigger).unwrap();
        let refused = append(&*log, keyed(2, "k")).await.unwrap_err().to_string();
        assert!(refused.contains(code) && refused.contains(advice), "{refused}");
        world.database.run_as_admin("DROP TRIGGER refuse ON brokerage.requests").unwrap();
        assert_eq!(stored(&*log).await, *log.head().borrow(), "{code}");
    }
    assert_eq!(append(&*log, keyed(2, "k")).await, Ok(2));
}
