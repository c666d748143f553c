//! A reaction whose effects are commands to engines.

use crate::clock::Clock;
use async_trait::async_trait;
use care::{DecodeError, Domain};
use engine::{Context, Engine, EngineError};
use eventlog::{LogId, Owner, Recorded, SourcePosition};
use exchange::{Reaction, ReactionError};
use futures::future::join_all;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many events without effect may pass before their position is remembered: as many are looked at again after a restart, which
/// takes some 30 ms. A mark is a commit in every log that follows, so marking often costs the disk more than it saves.
const MARK_EVENTS: u64 = 10_000;

/// A command to one of the reacting service's logs.
pub struct Route<D: Domain> {
    /// Whose log.
    pub owner: Owner,
    /// The command.
    pub command: D::Command,
}

type React<D> = dyn Fn(&Recorded) -> Result<Option<Route<D>>, DecodeError> + Send + Sync;

/// Turns events of other logs into commands to this service's engines.
pub struct EngineReaction<D: Domain> {
    name: &'static str,
    sources: Vec<LogId>,
    engines: BTreeMap<Owner, Engine<D>>,
    clock: Clock,
    react: Box<React<D>>,
    marked: Mutex<BTreeMap<LogId, u64>>,
}

impl<D: Domain> EngineReaction<D> {
    /// A reaction named `name` to `sources`; `react` says what an event means, if anything. It must be deterministic but for the
    /// instant, and must route every event of one source that it routes at all to engines in this map.
    pub fn new(
        name: &'static str,
        sources: Vec<LogId>,
        engines: BTreeMap<Owner, Engine<D>>,
        clock: Clock,
        react: impl Fn(&Recorded) -> Result<Option<Route<D>>, DecodeError> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { name, sources, engines, clock, react: Box::new(react), marked: Mutex::default() })
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

    /// Gives an engine its events of one source, in order. Each is handed over as following the one before, so they share
    /// commits, and none goes ahead of one that fails.
    async fn give(&self, owner: Owner, effects: Vec<(&Recorded, D::Command)>) -> Result<(), ReactionError> {
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
                .map_err(|error| failure(event, &error))?;
            promises.push((event, promise));
        }
        for (event, promise) in promises {
            promise.outcome().await.map_err(|error| failure(event, &error))?;
        }
        Ok(())
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
                    .map_err(|error| failure(last, &error))?;
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
        let mut effects: BTreeMap<Owner, Vec<(&Recorded, D::Command)>> = BTreeMap::new();
        for event in events {
            let route = (self.react)(event)
                .map_err(|error| ReactionError::Stuck(format!("{}: {error}", event.reference())))?;
            if let Some(Route { owner, command }) = route {
                effects.entry(owner).or_default().push((event, command));
            }
        }
        // Engines work side by side; each one alone keeps the order of the source.
        let given = effects.into_iter().map(|(owner, effects)| self.give(owner, effects));
        for outcome in join_all(given).await {
            outcome?;
        }
        match events.last() {
            Some(last) => self.mark(source, last).await,
            None => Ok(()),
        }
    }
}

fn failure<R: std::fmt::Display>(event: &Recorded, error: &EngineError<R>) -> ReactionError {
    match error {
        EngineError::Unavailable(detail) => ReactionError::Retry(format!("{}: {detail}", event.reference())),
        EngineError::Rejected(rejection) => {
            ReactionError::Stuck(format!("{}: {rejection}", event.reference()))
        }
        EngineError::KeyReused => ReactionError::Stuck(format!("{}: request id reused", event.reference())),
        EngineError::TooLarge(detail) => ReactionError::Stuck(format!("{}: {detail}", event.reference())),
    }
}
