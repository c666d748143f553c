//! A council's ledger as it was known at an instant: its log folded anew, read once and beside what the service does otherwise.

use crate::{Invoicing, Ledger};
use care::{CouncilId, Domain, Event, Timestamp};
use eventlog::Recorded;
use invoicing_domain as domain;
use invoicing_domain::{InvoicingEvent, State};
use service_kit::{Caller, Endless, refused, unavailable};
use std::sync::Arc;
use tonic::{Code, Status};

/// How many events of a log are read at once.
const READ_EVENTS: usize = 1_000;
/// How many ledgers of the past are folded at once: each is read, and held in memory, as a whole.
const READINGS_MAX: usize = 4;
/// How many of one caller.
const READINGS_EACH_MAX: usize = 2;

/// Those who read a ledger of the past, none at first.
pub(crate) fn readings() -> Arc<Endless> {
    Arc::new(Endless::at_most(READINGS_MAX, READINGS_EACH_MAX))
}

/// Looks at the ledger as it is, or as it was known at an instant. What was known is by when the log recorded it, and never by the instants in its
/// events: some of those are of the logs that it follows, which knew earlier.
///
/// # Errors
/// Where the region has no such council; of the past `TOO_MANY_READINGS` while others have all the room, and `UNAVAILABLE` where the log
/// cannot be read.
pub(crate) async fn seen<R>(
    service: &Invoicing,
    caller: &Caller,
    council: CouncilId,
    known_at: Option<Timestamp>,
    look: impl FnOnce(&State) -> R,
) -> Result<R, Status> {
    let ledger = service.ledger_of(council)?;
    let Some(instant) = known_at else { return Ok(ledger.read(look)) };
    let _admission = service.past.admit(&caller.role.to_string()).ok_or_else(too_many)?;
    Ok(look(&as_known_at(ledger, instant).await?))
}

fn too_many() -> Status {
    let message = format!(
        "{READINGS_MAX} ledgers are read as they were once known at once, {READINGS_EACH_MAX} of them yours: wait until one is answered, \
         or ask without known_at"
    );
    refused(Code::ResourceExhausted, "TOO_MANY_READINGS", message, [])
}

/// The ledger with what was recorded by an instant.
async fn as_known_at(ledger: &Ledger, instant: Timestamp) -> Result<State, Status> {
    let (log, mut state, mut last) = (ledger.log(), State::default(), 0);
    loop {
        let events = log.read(last, READ_EVENTS).await.map_err(|error| unreadable(&error))?;
        last = events.last().map_or(last, |event| event.position);
        let (next, known) = apart(move || folded(state, &events, instant)).await??;
        state = next;
        if known < READ_EVENTS {
            return Ok(state);
        }
    }
}

/// The state with those of the next events that were recorded by an instant, and how many that are. The clock of a log's writer may step back:
/// what is later in the log was known later all the same.
fn folded(mut state: State, events: &[Arc<Recorded>], instant: Timestamp) -> Result<(State, usize), Status> {
    let mut known = 0;
    for event in events.iter().take_while(|event| event.meta.recorded_at <= instant) {
        let read = InvoicingEvent::decode(&event.event_type, event.version, &event.payload);
        domain::Invoicing::evolve(&mut state, &read.map_err(|error| unreadable(&error))?);
        known += 1;
    }
    Ok((state, known))
}

/// Does what takes long where nobody else waits for it.
///
/// # Errors
/// `UNAVAILABLE` where it ended before it was done.
pub(crate) async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Status> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| unavailable("it was not worked out to its end: ask again"))
}

fn unreadable(error: &dyn std::fmt::Display) -> Status {
    unavailable(format!("the ledger's log cannot be read: {error}"))
}
