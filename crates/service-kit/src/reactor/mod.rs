//! A reaction whose effects are commands to engines.
//!
//! What cannot be applied is parked in the service's dead-letter log, and what is later in the same stream of the same log behind it
//! (`parking` has what people do about it). That is durable before anything later of the source is consumed, so a position never passes an
//! event that has neither its effect nor a letter. What has a letter, or had one, is not applied when the source gives it again.

mod parking;

use crate::clock::Clock;
use async_trait::async_trait;
use care::{DecodeError, Domain, StreamId};
use dead_letters::{DeadLetters, LetterToPark, ParkLetters};
use engine::{Context, Engine, EngineError};
use eventlog::{LogId, Owner, Recorded, SourcePosition};
use exchange::{Reaction, ReactionError};
use futures::future::join_all;
pub use parking::{Parking, RetriedLetters};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Mutex as TurnMutex, MutexGuard as TurnGuard};

/// How many events without effect may pass before their position is remembered: as many are looked at again after a restart, which
/// takes some 30 ms. A mark is a commit in every log that follows, so marking often costs the disk more than it saves.
const MARK_EVENTS: u64 = 10_000;

/// A service's dead-letter log, see [`crate::Kit::dead_letters`].
pub type Letters = Engine<DeadLetters>;

/// A command to one of the reacting service's logs.
pub struct Route<D: Domain> {
    /// Whose log.
    pub owner: Owner,
    /// The command.
    pub command: D::Command,
}

type React<D> = dyn Fn(&Recorded) -> Result<Vec<Route<D>>, DecodeError> + Send + Sync;

/// Turns events of other logs into commands to this service's engines.
pub struct EngineReaction<D: Domain> {
    name: &'static str,
    sources: Vec<LogId>,
    engines: BTreeMap<Owner, Engine<D>>,
    clock: Clock,
    react: Box<React<D>>,
    marked: Mutex<BTreeMap<LogId, u64>>,
    letters: Letters,
    /// For each source: one batch of it is consumed or one of its streams retried at a time, so what is blocked does not change meanwhile.
    turns: BTreeMap<LogId, TurnMutex<()>>,
}

/// Events with what each asks of a log, in their order.
type Effects<'a, D> = Vec<(&'a Recorded, Route<D>)>;

/// What is to become of a batch's events, as far as it can be known beforehand.
struct Plan<'a, D: Domain> {
    effects: Effects<'a, D>,
    letters: Vec<LetterToPark>,
}

impl<D: Domain> EngineReaction<D> {
    /// A reaction named `name` to `sources`; `react` says what an event means, if anything. It must be deterministic but for the
    /// instant, and must route every event of one source that it routes at all to engines in this map. What cannot be applied is parked in
    /// `letters`, which no other reaction uses.
    pub fn new(
        name: &'static str,
        sources: Vec<LogId>,
        engines: BTreeMap<Owner, Engine<D>>,
        clock: Clock,
        letters: Letters,
        react: impl Fn(&Recorded) -> Result<Option<Route<D>>, DecodeError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let react = move |event: &Recorded| react(event).map(|route| route.into_iter().collect());
        Self::to_many(name, sources, engines, clock, letters, react)
    }

    /// The same for events that concern several logs. To each log one command of an event; since a retry gives all of them once more, a
    /// command that goes to several must come to nothing where it is known already.
    pub fn to_many(
        name: &'static str,
        sources: Vec<LogId>,
        engines: BTreeMap<Owner, Engine<D>>,
        clock: Clock,
        letters: Letters,
        react: impl Fn(&Recorded) -> Result<Vec<Route<D>>, DecodeError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let turns = sources.iter().map(|source| (*source, TurnMutex::default())).collect();
        let react = Box::new(react);
        Arc::new(Self { name, sources, engines, clock, react, marked: Mutex::default(), letters, turns })
    }

    /// Waits until nothing else is done with a source.
    async fn turn(&self, source: LogId) -> Option<TurnGuard<'_, ()>> {
        match self.turns.get(&source) {
            Some(turn) => Some(turn.lock().await),
            None => None,
        }
    }

    /// The engines that a source's events may concern: a council's log only concerns that council's, if it has one.
    fn concerned(&self, source: LogId) -> impl Iterator<Item = &Engine<D>> {
        let own = self.engines.get(&source.owner).filter(|_| matches!(source.owner, Owner::Council(_)));
        let all = self.engines.values().filter(move |_| own.is_none());
        own.into_iter().chain(all)
    }

    fn context(&self, event: &Recorded) -> Context {
        Context {
            actor: format!("service:{}", self.name),
            causation: Some(event.reference().to_string()),
            correlation: event.meta.correlation.clone(),
            at: self.clock.now(),
            request: None,
        }
    }

    /// What is to become of events of one source. What cannot be read is known before anything is applied; what an engine refuses only
    /// then.
    fn plan<'a>(&self, source: LogId, events: &'a [Arc<Recorded>]) -> Plan<'a, D> {
        let source = source.to_string();
        let mut plan = Plan { effects: Vec::new(), letters: Vec::new() };
        let mut blocked: BTreeSet<&StreamId> = BTreeSet::new();
        for event in events {
            let (held, behind) = self.letters.read(|state| match state.of(&source) {
                Some(known) => (known.holds(event.position), known.blocks(&event.stream, event.position)),
                None => (false, false),
            });
            if held {
                continue;
            }
            if behind || blocked.contains(&event.stream) {
                plan.letters.push(letter(event, None));
                continue;
            }
            match (self.react)(event) {
                Ok(routes) => plan.effects.extend(routes.into_iter().map(|route| (&**event, route))),
                Err(error) => {
                    blocked.insert(&event.stream);
                    plan.letters.push(letter(event, Some(wrong_with(&error))));
                }
            }
        }
        plan
    }

    /// Parks events; from here on they and what is later in their streams are not applied until people have looked.
    async fn park(&self, source: LogId, letters: Vec<LetterToPark>) -> Result<(), ReactionError> {
        if letters.is_empty() {
            return Ok(());
        }
        for LetterToPark { position, stream, event_type, why, .. } in &letters {
            match why {
                Some(why) => tracing::error!(
                    reaction = self.name, %source, position, %stream, event_type, why,
                    "ALARM: this event cannot be applied and is parked with all that follows in its stream: see `brokerage dlq list`"
                ),
                None => tracing::warn!(
                    reaction = self.name, %source, position, %stream, event_type, "parked behind an earlier event of its stream"
                ),
            }
        }
        let at = self.clock.now();
        let command = ParkLetters { source: source.to_string(), letters, at };
        let actor = format!("service:{}", self.name);
        let context = Context { actor, causation: None, correlation: None, at, request: None };
        match self.letters.execute(command.into(), context, |_, _| Vec::new()).await {
            Ok(_) => Ok(()),
            Err(EngineError::Unavailable(detail)) => {
                Err(ReactionError::Retry(format!("{}: {detail}", self.letters.log_id())))
            }
            Err(error) => Err(ReactionError::Stuck(format!("{}: {error}", self.letters.log_id()))),
        }
    }

    /// Applies effects as far as nothing is refused, and gives what was: in each log nothing goes ahead of it.
    async fn apply(&self, effects: Effects<'_, D>) -> Result<Vec<LetterToPark>, ReactionError> {
        let mut left = effects;
        while !left.is_empty() {
            let rest = left.split_off(together(&left));
            let mut by_owner: BTreeMap<Owner, Vec<(&Recorded, D::Command)>> = BTreeMap::new();
            for (event, Route { owner, command }) in left {
                by_owner.entry(owner).or_default().push((event, command));
            }
            // Engines work side by side; each one alone keeps the order of the source.
            let given = by_owner.into_iter().map(|(owner, effects)| self.give(owner, effects));
            let mut refused = Vec::new();
            for outcome in join_all(given).await {
                refused.extend(outcome?);
            }
            if !refused.is_empty() {
                refused.sort_by_key(|letter: &LetterToPark| letter.position);
                return Ok(refused);
            }
            left = rest;
        }
        Ok(Vec::new())
    }

    /// Gives an engine its events of one source, in order. Each is handed over as following the one before, so they share
    /// commits, and none goes ahead of one that fails. Gives the one that the engine refuses.
    async fn give(
        &self,
        owner: Owner,
        effects: Vec<(&Recorded, D::Command)>,
    ) -> Result<Option<LetterToPark>, ReactionError> {
        let mut promises = Vec::with_capacity(effects.len());
        let mut after = None;
        for (event, command) in effects {
            let Some(engine) = self.engines.get(&owner) else {
                let why = format!("{}: there is no {owner} log here", event.reference());
                return Err(ReactionError::Stuck(why));
            };
            let position = SourcePosition { log: event.log, position: event.position };
            let before = after.replace(event.position).unwrap_or_else(|| engine.consumed(event.log));
            let promise = engine
                .hand_over(position, before, Some(command), self.context(event))
                .await
                .map_err(|error| retry(event, &error))?;
            promises.push((event, promise));
        }
        for (event, promise) in promises {
            match promise.outcome().await {
                Ok(_) => {}
                Err(error @ EngineError::Unavailable(_)) => return Err(retry(event, &error)),
                // Those handed over after it are refused in their turn, since it was not consumed.
                Err(error) => return Ok(Some(letter(event, Some(error.to_string())))),
            }
        }
        Ok(None)
    }

    /// Remembers now and then that events without effect have passed.
    async fn mark(&self, source: LogId, last: &Recorded) -> Result<(), ReactionError> {
        let from = self.position(source);
        let due = {
            let mut marked = self.marked.lock().unwrap_or_else(PoisonError::into_inner);
            let mark = marked.entry(source).or_insert(from);
            let due = last.position >= *mark + MARK_EVENTS;
            if due {
                *mark = last.position;
            }
            due
        };
        if due {
            for engine in self.concerned(source) {
                let position = SourcePosition { log: source, position: last.position };
                engine
                    .react(position, None, self.context(last))
                    .await
                    .map_err(|error| retry(last, &error))?;
            }
        }
        Ok(())
    }
}

#[async_trait]
impl<D: Domain> Reaction for EngineReaction<D> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn sources(&self) -> Vec<LogId> {
        self.sources.clone()
    }

    fn position(&self, source: LogId) -> u64 {
        self.concerned(source).map(|engine| engine.consumed(source)).min().unwrap_or(0)
    }

    async fn consume(&self, source: LogId, events: &[Arc<Recorded>]) -> Result<(), ReactionError> {
        let _turn = self.turn(source).await;
        // Each round applies or parks at least one event that no round before it did; what was applied is dropped as seen.
        loop {
            let Plan { effects, letters } = self.plan(source, events);
            self.park(source, letters).await?;
            let refused = self.apply(effects).await?;
            if refused.is_empty() {
                break;
            }
            self.park(source, refused).await?;
        }
        match events.last() {
            Some(last) => self.mark(source, last).await,
            None => Ok(()),
        }
    }
}

/// How many of the first effects may be given at once: none in another log than one before it in its stream, for it might go ahead of it.
fn together<D: Domain>(effects: &Effects<'_, D>) -> usize {
    // Of each stream its first event, and the log of those after it: none where the first goes to several.
    let mut first: HashMap<&StreamId, (u64, Option<Owner>)> = HashMap::new();
    let mut count = 0;
    for (event, route) in effects {
        let (position, owner) = first.entry(&event.stream).or_insert((event.position, Some(route.owner)));
        match *owner == Some(route.owner) {
            true => {}
            false if *position == event.position => *owner = None,
            false => break,
        }
        count += 1;
    }
    count
}

fn letter(event: &Recorded, why: Option<String>) -> LetterToPark {
    LetterToPark {
        position: event.position,
        stream: event.stream.clone(),
        event_type: event.event_type.clone(),
        version: event.version,
        why,
    }
}

/// What is wrong with an event, without what it says: that may be somebody's personal data.
fn wrong_with(error: &DecodeError) -> String {
    match error {
        DecodeError::Unknown { .. } => error.to_string(),
        DecodeError::Malformed { event_type, version, .. } => {
            format!("event of type {event_type} version {version} does not have the shape of its type")
        }
    }
}

fn retry<R: std::fmt::Display>(event: &Recorded, error: &EngineError<R>) -> ReactionError {
    ReactionError::Retry(format!("{}: {error}", event.reference()))
}
