//! The servers of tests: shared ones are shared, own ones come back after a kill.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use local_parts::postgres::Postgres;

#[test]
fn the_shared_server_gives_databases_of_a_plain_role() {
    let (one, other) = (Postgres::ensure().unwrap(), Postgres::ensure().unwrap());
    assert_eq!(one.url(), other.url());
    let database = one.database().unwrap();
    let plain = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = 'brokerage_plain'";
    assert_eq!(database.run_as_admin(plain).unwrap().trim(), "f");
    assert!(database.url().contains("brokerage_plain"));
}

#[test]
fn a_server_of_ones_own_keeps_what_it_committed() {
    let folder = tempfile::tempdir().unwrap();
    let server = Postgres::start_own(folder.path()).unwrap();
    let database = server.database().unwrap();
    database.run_as_admin("CREATE TABLE kept (n int)").unwrap();
    database.run_as_admin("INSERT INTO kept VALUES (7)").unwrap();
    server.kill().unwrap();
    assert!(database.run_as_admin("SELECT n FROM kept").is_err());
    server.restart().unwrap();
    assert_eq!(database.run_as_admin("SELECT n FROM kept").unwrap().trim(), "7");
    server.pause().unwrap();
    server.resume().unwrap();
    assert_eq!(database.run_as_admin("SELECT count(*) FROM kept").unwrap().trim(), "1");
}
