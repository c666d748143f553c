//! `cqrs-es` over `postgres-es`: a command to an aggregate.

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use postgres_es::{PostgresCqrs, postgres_cqrs};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use std::sync::Arc;
use uuid::Uuid;

/// As the crate's documentation has it.
const TABLE: &str = "CREATE TABLE events (aggregate_type text NOT NULL, aggregate_id text NOT NULL, \
    sequence bigint CHECK (sequence >= 0) NOT NULL, event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, \
    metadata json NOT NULL, PRIMARY KEY (aggregate_type, aggregate_id, sequence))";

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Vacancy {
    advertised: bool,
}

pub struct Advertise;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advertised {
    what: String,
}

impl DomainEvent for Advertised {
    fn event_type(&self) -> String {
        "VacancyAdvertised".into()
    }

    fn event_version(&self) -> String {
        "1".into()
    }
}

impl Aggregate for Vacancy {
    const TYPE: &'static str = "vacancy";
    type Command = Advertise;
    type Event = Advertised;
    type Error = std::fmt::Error;
    type Services = ();

    async fn handle(&mut self, _: Advertise, (): &(), sink: &EventSink<Self>) -> Result<(), Self::Error> {
        sink.write(Advertised { what: crate::payload() }, self).await;
        Ok(())
    }

    fn apply(&mut self, _: Advertised) {
        self.advertised = true;
    }
}

pub async fn open(pool: PgPool) -> Arc<PostgresCqrs<Vacancy>> {
    sqlx::query(TABLE).execute(&pool).await.expect("an empty database");
    Arc::new(postgres_cqrs(pool, Vec::new(), ()))
}

pub async fn rate_of(cqrs: &Arc<PostgresCqrs<Vacancy>>, callers: usize) -> f64 {
    let cqrs = Arc::clone(cqrs);
    crate::rate::rate(callers, move || {
        let cqrs = Arc::clone(&cqrs);
        async move {
            cqrs.execute(&Uuid::new_v4().to_string(), Advertise)
                .await
                .expect("a new aggregate takes its first event")
        }
    })
    .await
}
