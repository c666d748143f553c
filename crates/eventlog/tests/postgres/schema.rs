//! The tables: made once, frozen once released, and refused when another program made them.

use crate::world::{World, session};
use eventlog::postgres::PostgresStore;
use local_parts::postgres::Postgres;

/// What the server knows of our schema, a line each.
const DUMP: &str = "
    SELECT format('column %s.%s %s %s', table_name, column_name, data_type, CASE is_nullable WHEN 'NO' THEN 'not null' ELSE '' END)
    FROM information_schema.columns WHERE table_schema = 'brokerage'
    UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'brokerage'
    UNION ALL SELECT format('policy %s.%s %s %s check %s', tablename, policyname, cmd, qual, with_check)
    FROM pg_policies WHERE schemaname = 'brokerage'
    UNION ALL SELECT format('security %s enabled %s forced %s', relname, relrowsecurity, relforcerowsecurity)
    FROM pg_class WHERE relnamespace = 'brokerage'::regnamespace AND relkind = 'r'
    UNION ALL SELECT format('function %s(%s) %s', proname, pg_get_function_arguments(oid), md5(prosrc))
    FROM pg_proc WHERE pronamespace = 'brokerage'::regnamespace
    ORDER BY 1";

#[tokio::test]
async fn a_database_has_the_tables_of_the_golden_file() {
    let world = World::new().await;
    let rows = session(world.database.url(), None).await.query(DUMP, &[]).await.unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.get::<_, String>(0).trim_end().to_owned()).collect();
    let now = lines.join("\n") + "\n";
    let golden = include_str!("schema.golden.txt");
    assert_eq!(now, golden, "\nwhat the migrations make is:\n{now}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_that_start_at_once_make_the_tables_once() {
    let database = Postgres::ensure().unwrap().database().unwrap();
    let starting = (0..8).map(|_| {
        let url = database.url().to_owned();
        tokio::spawn(async move { PostgresStore::connect(&url).await.map(drop) })
    });
    for started in starting.collect::<Vec<_>>() {
        assert_eq!(started.await.unwrap(), Ok(()));
    }
    assert_eq!(database.run_as_admin("SELECT count(*) FROM brokerage.migrations").unwrap().trim(), "1");
}

#[tokio::test]
async fn tables_of_another_program_are_refused() {
    let world = World::new().await;
    let said =
        async || PostgresStore::connect(world.database.url()).await.err().map(|error| error.to_string());
    assert_eq!(said().await, None, "a second start finds everything done");
    world.database.run_as_admin("INSERT INTO brokerage.migrations VALUES (2, 'later', 'x')").unwrap();
    let newer = said().await.unwrap();
    assert!(newer.contains("of version 2, this program knows 1: run a newer one"), "{newer}");
    world.database.run_as_admin("DELETE FROM brokerage.migrations WHERE version = 2").unwrap();
    world.database.run_as_admin("UPDATE brokerage.migrations SET checksum = 'other'").unwrap();
    let changed = said().await.unwrap();
    assert!(changed.contains("another program made these tables"), "{changed}");
}
