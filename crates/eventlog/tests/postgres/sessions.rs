//! What a session is allowed, what it is set to, and what is said when there is none.

use crate::world::{LOG, World, append, entry, keyed, session};
use eventlog::postgres::PostgresStore;
use eventlog::{LogError, LogId, LogStore, Owner, Service, Snapshot};

async fn refused(url: &str) -> String {
    match PostgresStore::connect(url).await {
        Err(error @ LogError::Unavailable { .. }) => error.to_string(),
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("it should not have connected"),
    }
}

#[tokio::test]
async fn each_reason_not_to_connect_says_what_to_do() {
    let world = World::new().await;
    let url = world.database.url();
    let (front, name) = url.rsplit_once('/').unwrap();
    let server = front.rsplit_once('@').unwrap().1;
    for (url, code, advice) in [
        (format!("postgres://brokerage_plain:secret@{server}/{name}"), "28P01", "password"),
        (format!("{front}/nowhere"), "3D000", "createdb"),
        (format!("postgres://brokerage_plain:secret@127.0.0.1:1/{name}"), "", "Check that the server runs"),
        ("nonsense".to_owned(), "", "expected postgres://"),
        (world.database.admin_url(), "", "NOSUPERUSER NOBYPASSRLS"),
    ] {
        let said = refused(&url).await;
        assert!(said.contains(code) && said.contains(advice), "{said}");
        assert!(!said.contains("secret"), "{said}");
    }
}

#[tokio::test]
async fn a_session_without_rights_says_what_to_do() {
    let world = World::new().await;
    world.database.run_as_admin("ALTER SCHEMA brokerage OWNER TO postgres").unwrap();
    let said = refused(world.database.url()).await;
    assert!(said.contains("42501") && said.contains("OWNER"), "{said}");
}

#[tokio::test]
async fn an_owner_sees_and_writes_its_own_rows_alone() {
    let world = World::new().await;
    let council = Owner::Council("E06000015".parse().unwrap());
    let log = world.store.open(LOG).await.unwrap();
    append(&*log, keyed(1, "k")).await.unwrap();
    let snapshot = Snapshot { schema: "s".into(), position: 1, body: vec![1] };
    log.save_snapshot("state", snapshot).await.unwrap();
    let _lease = world.store.wait_for_lease(LOG).await;
    let url = world.database.url();
    let owner = session(url, Some(LOG.owner)).await;
    // The role owns the tables, and is bound all the same.
    let stranger = session(url, Some(council)).await;
    let nobody = session(url, None).await;
    for table in ["logs", "events", "requests", "sources", "snapshots", "leases"] {
        let count = format!("SELECT count(*) FROM brokerage.{table}");
        for (who, rows) in [(&owner, 1_i64), (&stranger, 0), (&nobody, 0)] {
            let found: i64 = who.query_one(&count, &[]).await.unwrap().get(0);
            assert_eq!(found, rows, "{table}");
        }
        assert_eq!(
            stranger.execute(&format!("DELETE FROM brokerage.{table}"), &[]).await.unwrap(),
            0,
            "{table}"
        );
    }
    let number: i32 = owner.query_one("SELECT number FROM brokerage.logs", &[]).await.unwrap().get(0);
    for theirs in [
        format!("INSERT INTO brokerage.sources VALUES ({number}, 'contracts/region', 1, 1)"),
        "INSERT INTO brokerage.logs (owner, service, epoch, holder) VALUES ('region', 'audit', 1, gen_random_uuid())".to_owned(),
    ] {
        let error = stranger.batch_execute(&theirs).await.unwrap_err();
        assert_eq!(error.code().unwrap().code(), "42501", "{theirs}");
    }
    // One pool serves both owners, each with its own rows.
    let other = world.store.open(LogId { service: Service::Vacancies, owner: council }).await.unwrap();
    append(&*other, entry(5)).await.unwrap();
    for _ in 0..20 {
        let (ours, theirs) = tokio::join!(log.read_stored(0, 9), other.read_stored(0, 9));
        assert_eq!((ours.unwrap()[0].log, theirs.unwrap()[0].log), (log.id(), other.id()));
    }
}

#[tokio::test]
async fn a_database_that_shows_rows_to_everyone_is_refused() {
    let world = World::new().await;
    world.database.run_as_admin("ALTER TABLE brokerage.events NO FORCE ROW LEVEL SECURITY").unwrap();
    let said = refused(world.database.url()).await;
    assert!(said.contains("row-level security is off on events"), "{said}");
}

#[tokio::test]
async fn sessions_say_whose_they_are() {
    let world = World::new().await;
    let log = world.store.open(LOG).await.unwrap();
    log.read_stored(0, 1).await.unwrap();
    let names = "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() \
                 AND application_name LIKE 'brokerage %' ORDER BY 1";
    let names = world.database.run_as_admin(names).unwrap();
    assert_eq!(
        names.lines().collect::<Vec<_>>(),
        ["brokerage appender vacancies/region", "brokerage reader"]
    );
}
