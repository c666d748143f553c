//! Two tiny domains: three bells ring in turn, and each ring that is not the fifth of five is echoed, in the log that it is meant for.

use care::{
    CouncilId, Decided, DecodeError, Domain, EventBody, Refusal, RefusalKind, StreamId, Timestamp,
    decode_body, events,
};
use engine::{Context, Engine};
use eventlog::sqlite::SqliteStore;
use eventlog::{EventLog, LogId, Owner, Recorded, Service, SourcePosition};
use serde::{Deserialize, Serialize};
use service_kit::{Clock, EngineReaction, Kit, Letters, Region, Route};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Where the bells ring.
pub(crate) const BELLS: LogId = LogId::region(Service::Vacancies);
/// Where the region's echoes are.
pub(crate) const ECHOES: LogId = LogId::region(Service::Contracts);
/// How long anything may take before it is taken to be lost.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn derby() -> CouncilId {
    "E06000015".parse().unwrap()
}

pub(crate) fn nottingham() -> CouncilId {
    "E06000018".parse().unwrap()
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rung {
    pub(crate) number: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Echoed {
    pub(crate) number: u64,
}

impl EventBody for Rung {
    const TYPE: &'static str = "Rung";
    fn stream(&self) -> StreamId {
        StreamId::new("bell", self.number % 3)
    }
    fn council(&self) -> Option<CouncilId> {
        None
    }
}

impl EventBody for Echoed {
    const TYPE: &'static str = "Echoed";
    fn stream(&self) -> StreamId {
        StreamId::new("wall", "one")
    }
    fn council(&self) -> Option<CouncilId> {
        None
    }
}

events! { pub(crate) enum BellEvent { Rung } }
events! { pub(crate) enum EchoEvent { Echoed } }

#[derive(Debug, thiserror::Error)]
#[error("the wall is deaf to {0}")]
pub(crate) struct Deaf(u64);

impl Refusal for Deaf {
    fn reason(&self) -> &'static str {
        "DEAF"
    }
    fn kind(&self) -> RefusalKind {
        RefusalKind::Precondition
    }
}

pub(crate) struct Bells;

impl Domain for Bells {
    /// How often it has rung.
    type State = u64;
    /// Ring once, unless it has rung so often.
    type Command = u64;
    type Event = BellEvent;
    type Rejection = Deaf;

    fn decide(rung: &u64, at_most: &u64) -> Decided<Self> {
        Ok(if rung < at_most { vec![Rung { number: rung + 1 }.into()] } else { vec![] })
    }

    fn evolve(rung: &mut u64, event: &BellEvent) {
        let BellEvent::Rung(event) = event;
        *rung = event.number;
    }
}

pub(crate) enum Echo {
    Give(u64),
    Refuse(u64),
}

pub(crate) struct Echoes;

impl Domain for Echoes {
    /// The numbers echoed, in their order.
    type State = Vec<u64>;
    type Command = Echo;
    type Event = EchoEvent;
    type Rejection = Deaf;

    fn decide(_: &Vec<u64>, echo: &Echo) -> Decided<Self> {
        match echo {
            Echo::Give(number) => Ok(vec![Echoed { number: *number }.into()]),
            Echo::Refuse(number) => Err(Deaf(*number)),
        }
    }

    fn evolve(echoed: &mut Vec<u64>, event: &EchoEvent) {
        let EchoEvent::Echoed(event) = event;
        echoed.push(event.number);
    }
}

/// Whether a ring is echoed.
pub(crate) fn is_echoed(number: u64) -> bool {
    !number.is_multiple_of(5)
}

/// The numbers up to `last` that are echoed.
pub(crate) fn echoed_to(last: u64) -> Vec<u64> {
    (1..=last).filter(|number| is_echoed(*number)).collect()
}

/// A service's kit over a folder, as each start of the program makes it.
pub(crate) fn kit(folder: &Path) -> Kit {
    Kit {
        region: Arc::new(Region::d2n2_and_tyne_tees()),
        clock: Clock::simulated(Timestamp::UNIX_EPOCH),
        store: Arc::new(SqliteStore::open(folder).unwrap()),
        ahead: Arc::default(),
        exchange: Arc::default(),
        others: None,
        keys_folder: folder.to_owned(),
    }
}

/// What is wrong with the reaction.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Faults {
    /// The numbers at which the wall refuses.
    pub(crate) deaf_to: Vec<u64>,
    /// The numbers that it does not know how to read, as if the program were older than the event.
    pub(crate) unread: Vec<u64>,
}

impl Faults {
    pub(crate) fn none() -> Self {
        Self::default()
    }

    pub(crate) fn deaf_to(number: u64) -> Self {
        Self { deaf_to: vec![number], ..Self::default() }
    }
}

/// The reaction of echoes to `sources`: what rings in a council's log is echoed in that council's, what rings in the region's in
/// `owner`'s.
pub(crate) fn reaction(
    sources: &[LogId],
    engines: &[(Owner, Engine<Echoes>)],
    owner: impl Fn(u64) -> Owner + Send + Sync + 'static,
    letters: Letters,
    faults: Faults,
) -> Arc<EngineReaction<Echoes>> {
    let engines: BTreeMap<_, _> = engines.iter().map(|(owner, engine)| (*owner, engine.clone())).collect();
    let clock = Clock::simulated(Timestamp::UNIX_EPOCH);
    EngineReaction::new("echoes", sources.to_vec(), engines, clock, letters, move |event: &Recorded| {
        let Rung { number } = decode_body(event.version, &event.payload)?;
        if faults.unread.contains(&number) {
            return Err(DecodeError::Unknown { event_type: event.event_type.clone(), version: 9 });
        }
        let owner = match event.log.owner {
            Owner::Region => owner(number),
            own => own,
        };
        let command =
            if faults.deaf_to.contains(&number) { Echo::Refuse(number) } else { Echo::Give(number) };
        Ok(is_echoed(number).then_some(Route { owner, command }))
    })
}

/// The reaction of the region's echoes to the region's bells.
pub(crate) async fn regional(
    kit: &Kit,
    echoes: &Engine<Echoes>,
    faults: Faults,
) -> Arc<EngineReaction<Echoes>> {
    let letters = kit.dead_letters(Service::Contracts).await.unwrap();
    reaction(&[BELLS], &[(Owner::Region, echoes.clone())], |_| Owner::Region, letters, faults)
}

/// The positions of the bells' parked letters, and whether each is only behind another.
pub(crate) fn parked(letters: &Letters) -> Vec<(u64, bool)> {
    letters.read(|state| {
        state.letters_after(None).map(|(_, position, letter)| (position, letter.behind)).collect()
    })
}

fn context() -> Context {
    Context {
        actor: "test".to_owned(),
        causation: None,
        correlation: None,
        at: Timestamp::UNIX_EPOCH,
        request: None,
    }
}

/// Rings until it has rung `until` times; all at once, so that rings share commits. One that fails was not to be.
pub(crate) async fn ring(bells: &Engine<Bells>, until: u64) {
    let rings = (*bells).read(|rung| *rung)..until;
    futures::future::join_all(rings.map(|_| bells.execute(until, context(), |_, _| Vec::new()))).await;
}

/// What has rung, as the log gives it.
pub(crate) async fn rung(bells: &Engine<Bells>) -> Vec<Arc<Recorded>> {
    events_of(&*bells.log()).await
}

/// Everything a log holds.
pub(crate) async fn events_of(log: &dyn EventLog) -> Vec<Arc<Recorded>> {
    let mut events: Vec<Arc<Recorded>> = Vec::new();
    loop {
        let more = log.read(events.last().map_or(0, |event| event.position), 1_000).await.unwrap();
        if more.is_empty() {
            return events;
        }
        events.extend(more);
    }
}

/// The numbers echoed.
pub(crate) fn echoed(echoes: &Engine<Echoes>) -> Vec<u64> {
    echoes.read(Clone::clone)
}

/// Where an event of a source stands, for the log's own record of what was consumed.
pub(crate) fn consumed_to(log: LogId, position: u64) -> SourcePosition {
    SourcePosition { log, position }
}
