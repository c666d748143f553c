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

pub async fn open(pool: PgPool) -> Store {
    PgEventStore::try_new(pool, Json::default()).await.expect("an empty database")
}

async fn append(store: &Store) {
    let vacancy = Uuid::new_v4().to_string();
    loop {
        let only_this: StreamQuery<PgEventId, VacancyEvent> = query!(VacancyEvent; vacancy == vacancy.clone());
        let event = VacancyEvent::Advertised { vacancy: vacancy.clone(), what: crate::payload() };
        match store.append(vec![event], only_this, 0).await {
            Ok(_) => return,
            // Transactions that came between each other: its users try again too.
            Err(Error::Concurrency) => {}
            Err(Error::Database(sqlx::Error::Database(error))) if error.code().as_deref() == Some("40001") => {}
            Err(error) => panic!("{error}"),
        }
    }
}

pub async fn rate_of(store: &Store, callers: usize) -> f64 {
    let store = store.clone();
    crate::rate(callers, move || {
        let store = store.clone();
        async move { append(&store).await }
    })
    .await
}
