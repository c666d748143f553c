//! Watching a council's deadlines: what stands, and then each change. Nothing is queued: a watcher looks at the state when the log or the
//! time has moved on, and is told how what it sees differs from what it was told.

use super::Answer;
use super::deadlines::{kind_in_filter, shown};
use crate::Referrals;
use api::referrals as proto;
use care::{CouncilId, Timestamp};
use engine::Engine;
use proto::DeadlineChange as Change;
use referrals_domain::{Deadline, DeadlineId, DeadlineKind, Ending, State};
use service_kit::{Caller, Clock, Endless, Fields, Teller, Told};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tonic::{Request, Response, Status};

/// How many watch the same kind of thing at the same time, of all councils or providers.
const WATCHERS_MAX: usize = 128;
/// How many of one council's or provider's do.
const WATCHERS_EACH_MAX: usize = 32;
/// How long what else happens is waited for before the state is looked at again: many events at once are one look.
const PAUSE: Duration = Duration::from_millis(20);

/// The stream of a watcher.
pub(crate) type Changes = Told<proto::WatchDeadlinesResponse>;

/// Those who watch, none at first.
pub(crate) fn watchers() -> Arc<Endless> {
    Arc::new(Endless::at_most(WATCHERS_MAX, WATCHERS_EACH_MAX))
}

/// One watcher.
struct Watcher {
    engine: Engine<referrals_domain::Referrals>,
    clock: Clock,
    council: CouncilId,
    kind: Option<DeadlineKind>,
    /// What it was told, and whether that was overdue.
    told: BTreeMap<DeadlineId, (Deadline, bool)>,
    begun: bool,
}

impl Watcher {
    /// What differs from what it was told as of `now`, and the instant after which time alone changes something.
    fn look(&mut self, state: &State, now: Timestamp) -> (Vec<(Change, Deadline)>, Option<Timestamp>) {
        let wanted = |it: &Deadline| self.kind.is_none_or(|kind| kind == it.id.kind);
        let standing: Vec<Deadline> = state.deadlines(now).into_iter().filter(wanted).collect();
        let next = standing.iter().filter_map(|it| it.next_change(now)).min();
        let mut before = std::mem::take(&mut self.told);
        let mut changes = Vec::new();
        for deadline in standing {
            let overdue = deadline.overdue(now);
            let change = match before.remove(&deadline.id) {
                None if self.begun => Some(Change::Arisen),
                None => Some(Change::Standing),
                Some((told, _)) if told.due != deadline.due || told.presumed != deadline.presumed => {
                    Some(Change::Moved)
                }
                Some((_, was_overdue)) => (overdue && !was_overdue).then_some(Change::Overdue),
            };
            changes.extend(change.map(|change| (change, deadline.clone())));
            self.told.insert(deadline.id.clone(), (deadline, overdue));
        }
        for (id, (deadline, _)) in before {
            let change = match state.ending(&id, now) {
                Ending::Met => Change::Met,
                Ending::Expired => Change::Expired,
                Ending::Ceased => Change::Ceased,
            };
            changes.push((change, deadline));
        }
        self.begun = true;
        (changes, next)
    }

    /// Tells until the log stops.
    async fn tell(mut self, teller: Teller<proto::WatchDeadlinesResponse>) -> Result<(), Status> {
        let engine = self.engine.clone();
        let mut heads = engine.changes();
        loop {
            // Before the look, so that nothing falls between it and the wait.
            heads.mark_unchanged();
            let now = self.clock.now();
            let (changes, next) = engine.read(|state| self.look(state, now));
            for (change, deadline) in changes {
                let deadline = Some(shown(self.council, &deadline, now));
                let response = proto::WatchDeadlinesResponse { change: change.into(), deadline };
                let _ = teller.send(Ok(response)).await;
            }
            let time = async {
                match next {
                    Some(next) => self.clock.passes(next).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = heads.changed() => if changed.is_err() { return Ok(()) },
                () = time => continue,
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl Referrals {
    pub(super) async fn watch(&self, request: Request<proto::WatchDeadlinesRequest>) -> Answer<Changes> {
        let caller = Caller::of(&request)?;
        let message = request.get_ref();
        let mut fields = Fields::new();
        let council = fields.council("parent", &message.parent);
        let kind = kind_in_filter(&mut fields, message.kind);
        let (council, kind) = fields.finish(|| council.zip(kind))?;
        let desk = self.own_desk(&caller, council)?;
        let admission = self.watching.admit_watcher(&caller, "watch deadlines")?;
        let (engine, clock) = (desk.engine.clone(), self.clock.clone());
        let watcher = Watcher { engine, clock, council, kind, told: BTreeMap::new(), begun: false };
        Ok(Response::new(self.watching.answer(admission, |teller| watcher.tell(teller))))
    }
}
