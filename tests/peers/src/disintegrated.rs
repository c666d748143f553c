//! `disintegrate-postgres`: an append under the condition that there is nothing of the stream yet.

use disintegrate::serde::json::Json;
use disintegrate::{Event, EventStore as _, StreamQuery, query};
use disintegrate_postgres::{Error, PgEventId, PgEventStore};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize)]
pub enum VacancyEvent {
    Advertised {
        #[id]
        vacancy: String,
        what: String,
    },
}

pub type Store = PgEventStore<VacancyEvent, Json<VacancyEvent>>;

/// What marks a writer on its way. The crate's own has a number in hexadecimal, which PostgreSQL takes from version 16 on.
const BEGIN_EPOCH: &str = "CREATE FUNCTION event_store_begin_epoch() RETURNS void LANGUAGE plpgsql AS $$ \
    DECLARE last bigint := (SELECT last_value FROM seq_event_event_id); \
    BEGIN \
        PERFORM pg_try_advisory_xact_lock_shared(oid::int, 0) FROM pg_database WHERE datname = current_database(); \
        PERFORM pg_try_advisory_xact_lock_shared(1, (last & 4294967295)::bit(32)::integer); \
        PERFORM pg_try_advisory_xact_lock_shared(2, (last >> 32)::bit(32)::integer); \
    END $$";

pub async fn open(pool: PgPool) -> Store {
    let store = PgEventStore::new_uninitialized(pool.clone(), Json::default());
    if let Err(error) = PgEventStore::try_new(pool.clone(), Json::<VacancyEvent>::default()).await {
        // On an older server it stops there: the rest is done for it.
        let steps = [
            BEGIN_EPOCH,
            "ALTER TABLE event ADD COLUMN vacancy text",
            "CREATE INDEX idx_event_vacancy ON event (vacancy) WHERE vacancy IS NOT NULL",
        ];
        for step in steps {
            sqlx::query(step).execute(&pool).await.unwrap_or_else(|next| panic!("{error}; then {next}"));
        }
    }
    store
}

async fn append(store: &Store) {
    let vacancy = Uuid::new_v4().to_string();
    loop {
        let only_this: StreamQuery<PgEventId, VacancyEvent> =
            query!(VacancyEvent; vacancy == vacancy.clone());
        let event = VacancyEvent::Advertised { vacancy: vacancy.clone(), what: crate::payload() };
        match store.append(vec![event], only_this, 0).await {
            Ok(_) => return,
            // Transactions that came between each other: its users try again too.
            Err(Error::Concurrency) => {}
            Err(Error::Database(sqlx::Error::Database(error)))
                if error.code().as_deref() == Some("40001") => {}
            Err(error) => panic!("{error}"),
        }
    }
}

pub async fn rate_of(store: &Store, callers: usize) -> f64 {
    let store = store.clone();
    crate::rate::rate(callers, move || {
        let store = store.clone();
        async move { append(&store).await }
    })
    .await
}
