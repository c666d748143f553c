//! Standing needs: a council asks once, and is told what comes and goes, from the log and at its own speed. There is no queue that could run
//! over: a watcher that is slow judges fewer, larger steps.
//!
//! What an event can have changed is judged again: its place and every other place of the same home, whose emptiness or fullness may hang
//! on it. What changes without an event, because a day begins, is found by looking at everything once a day.

mod before;
#[cfg(test)]
mod tests;

use crate::{Vacancies, render};
use api::vacancies as proto;
use api::vacancies::watch_vacancies_response::Change;
pub(crate) use before::Heard;
use care::market::Market;
use care::{Date, EstablishmentUrn, PlaceId, Timestamp, london_date};
use eventlog::{LogError, Recorded};
use matching::{Criteria, Index, Match};
use service_kit::{Endless, Teller, last_instant, place_name, refused, timestamp, unavailable};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tonic::{Code, Status};

/// How many callers may watch at once.
const WATCHERS_MAX: usize = 128;
/// How many of one council's may.
const WATCHERS_EACH_MAX: usize = 32;
/// How many places a need may match: who needs any of more than these has not said what is needed.
const MATCHES_MAX: usize = 2_000;
/// Within how long of midnight everything is looked at again, each watcher at a moment of its own.
const MORNING: Duration = Duration::from_secs(5);
/// How many events are read at a time.
const READ_EVENTS: usize = 1_000;
/// How far behind the market a caller may go on; whoever is farther begins anew, which is less work for both.
pub(crate) const BEHIND_EVENTS_MAX: u64 = 100_000;
/// After how many events that changed nothing for a caller it is told the position all the same, so that it can go on from there.
const POSITION_TOLD_EVENTS: u64 = 10_000;
/// Changes that come this close together are judged together, some more or fewer: see [`Watcher::pause`].
const TOGETHER: Duration = Duration::from_millis(50);

/// Who watches.
pub(crate) struct Watchers {
    pub(crate) calls: Endless,
    /// How many there have been.
    admitted: AtomicU64,
}

impl Default for Watchers {
    fn default() -> Self {
        Self { calls: Endless::at_most(WATCHERS_MAX, WATCHERS_EACH_MAX), admitted: AtomicU64::new(0) }
    }
}

/// What is needed: one question for each age that would do, or one.
pub(crate) struct StandingNeed {
    pub(crate) questions: Vec<Criteria>,
    /// Only there, GSS codes; anywhere if empty.
    pub(crate) utlas: BTreeSet<String>,
}

impl StandingNeed {
    /// Everything that matches as of `at`; none where that is too much.
    fn all(&self, index: &Index, at: Timestamp) -> Option<BTreeMap<PlaceId, Match>> {
        let questions = self.as_of(at);
        let many = |question| {
            let total = index.search(question, at, 0).matches_total;
            usize::try_from(total).is_ok_and(|total| total > MATCHES_MAX)
        };
        if questions.iter().any(many) {
            return None;
        }
        let found = questions.iter().flat_map(|question| index.search(question, at, MATCHES_MAX).matches);
        Some(self.here(found)).filter(|found| found.len() <= MATCHES_MAX)
    }

    /// The places that match as of `at`, however many: a need that is too broad now may have been told less, and the other way round.
    fn every(&self, index: &Index, market: &Market, at: Timestamp) -> BTreeSet<PlaceId> {
        let found = self.all(index, at).unwrap_or_else(|| {
            let places = market.places().map(|(id, _)| id.clone()).collect();
            self.among(index, at, &places)
        });
        found.into_keys().collect()
    }

    fn among(&self, index: &Index, at: Timestamp, places: &BTreeSet<PlaceId>) -> BTreeMap<PlaceId, Match> {
        let questions = self.as_of(at);
        self.here(questions.iter().flat_map(|question| index.among(question, at, places)))
    }

    /// The questions as they are to be asked at `at`: a first night that has passed is tonight.
    fn as_of(&self, at: Timestamp) -> Vec<Criteria> {
        let today = london_date(at);
        let first_night = |night: Option<Date>| night.map(|night| night.max(today));
        let asked = |it: &Criteria| Criteria { available_on: first_night(it.available_on), ..it.clone() };
        self.questions.iter().map(asked).collect()
    }

    fn here(&self, found: impl Iterator<Item = Match>) -> BTreeMap<PlaceId, Match> {
        let mut here = BTreeMap::new();
        for it in found.filter(|it| self.utlas.is_empty() || self.utlas.contains(&it.utla)) {
            here.entry(it.place.clone()).or_insert(it);
        }
        here
    }
}

/// What some events can have changed.
#[derive(Default)]
struct Touched {
    places: BTreeSet<PlaceId>,
    homes: BTreeSet<EstablishmentUrn>,
}

impl Touched {
    fn by(&mut self, event: &Recorded) {
        match event.stream.as_str().split_once('/') {
            Some(("place", id)) => self.places.extend(id.parse().ok()),
            Some(("establishment", urn)) => self.homes.extend(urn.parse().ok()),
            _ => {}
        }
    }

    /// Every home that was touched, or has a place that was.
    fn homes<'a>(&'a self, market: &'a Market) -> BTreeSet<&'a EstablishmentUrn> {
        let of_places = self.places.iter().filter_map(|place| market.place(place)).map(|place| &place.urn);
        of_places.chain(&self.homes).collect()
    }

    /// Every place of every home that was touched.
    fn judged(&self, market: &Market) -> BTreeSet<PlaceId> {
        let establishments = self.homes(market).into_iter().filter_map(|urn| market.establishment(urn));
        establishments.flat_map(|it| it.places.iter().cloned()).collect()
    }
}

/// One caller who watches.
pub(crate) struct Watcher {
    /// Unlike that of any other.
    number: u64,
    vacancies: Vacancies,
    need: StandingNeed,
    teller: Teller<proto::WatchVacanciesResponse>,
    /// What matched when it was last looked at.
    known: BTreeSet<PlaceId>,
    /// Up to where events have been judged, and as of when they were last.
    position: u64,
    judged_at: Timestamp,
    /// What was told of these last.
    told: (u64, Timestamp),
    day: Date,
}

impl Watcher {
    pub(crate) fn new(
        vacancies: Vacancies,
        need: StandingNeed,
        teller: Teller<proto::WatchVacanciesResponse>,
    ) -> Self {
        let now = vacancies.clock.now();
        let number = vacancies.watchers.admitted.fetch_add(1, Ordering::Relaxed);
        Self {
            number,
            vacancies,
            need,
            teller,
            known: BTreeSet::new(),
            position: 0,
            judged_at: now,
            told: (0, Timestamp::UNIX_EPOCH),
            day: london_date(now),
        }
    }

    /// Ends only with an error.
    pub(crate) async fn tell(mut self, after: Option<Heard>) -> Result<(), Status> {
        let mut heads = self.vacancies.market.changes();
        self.begin(after).await?;
        loop {
            let (position, clock) = (self.position, self.vacancies.clock.clone());
            let night = last_instant(self.day);
            tokio::select! {
                changed = async { heads.wait_for(|head| *head > position).await.map(drop) } => {
                    changed.map_err(|_| unavailable("the market's log has ended"))?;
                    tokio::time::sleep(self.pause()).await;
                    self.step().await?;
                }
                () = clock.passes(night) => {}
            }
            if self.day != self.vacancies.clock.today() {
                tokio::time::sleep(self.lot(MORNING)).await;
                self.begin_day().await?;
            }
        }
    }

    /// How long it lets changes come together, once to three times [`TOGETHER`], by lot: whoever hears of a place first has the best chance of it,
    /// and with equal pauses that would be the same watcher time after time.
    fn pause(&self) -> Duration {
        TOGETHER + self.lot(TOGETHER * 2)
    }

    /// Some part of a time, drawn anew at each position.
    fn lot(&self, of: Duration) -> Duration {
        let mut lot = DefaultHasher::new();
        (self.number, self.position).hash(&mut lot);
        of * u32::try_from(lot.finish() % 100).unwrap_or(0) / 100
    }

    /// Tells what matches, or what has come or gone since `after`.
    async fn begin(&mut self, after: Option<Heard>) -> Result<(), Status> {
        let then = match after {
            Some(heard) => self.instant(heard).await?,
            None => None,
        };
        let at = self.vacancies.clock.now();
        let looked = self.vacancies.indexed(|index, market, head| {
            let then = then.map(|then| self.need.every(index, market, then));
            (self.need.all(index, at), then, head)
        });
        let (all, as_now, head) = looked.await?;
        let all = all.ok_or_else(too_broad)?;
        self.judged_at = at;
        let mut changes: Vec<Change> = match after {
            None => all.values().cloned().map(appeared).collect(),
            Some(heard) => {
                self.told = (heard.position, then.unwrap_or(Timestamp::UNIX_EPOCH));
                self.since(heard.position, head, then.zip(as_now), &all).await?
            }
        };
        changes.push(Change::CaughtUp(caught_up(all.len())));
        self.known = all.into_keys().collect();
        self.send(changes, head).await
    }

    /// What came or went from one position to another, where `all` matches now. `then` is as of when the caller heard last, with what would have
    /// matched then if everything had been recorded by then that is now.
    async fn since(
        &self,
        after: u64,
        head: u64,
        then: Option<(Timestamp, BTreeSet<PlaceId>)>,
        all: &BTreeMap<PlaceId, Match>,
    ) -> Result<Vec<Change>, Status> {
        let touched = self.touched(after, head).await?;
        let mut known = BTreeSet::new();
        if let Some((then, as_now)) = then {
            let judged = self.vacancies.market.read(|market| touched.judged(market));
            known.extend(as_now.into_iter().filter(|place| !judged.contains(place)));
            match self.matched_then(&touched, after, then).await? {
                Some(matched) => known.extend(matched),
                // Too much has happened: what does not match now is told as gone, and what does as come.
                None => known.extend(judged.into_iter().filter(|place| !all.contains_key(place))),
            }
        }
        let news = |place: &PlaceId| !known.contains(place) || touched.places.contains(place);
        let came = all.values().filter(|it| news(&it.place)).cloned().map(appeared);
        let gone = known.iter().filter(|place| !all.contains_key(*place));
        Ok(came.chain(gone.map(|place| Change::Gone(place_name(place)))).collect())
    }

    /// Tells what the events since changed.
    async fn step(&mut self) -> Result<(), Status> {
        let head = self.vacancies.market.head();
        let touched = self.touched(self.position, head).await?;
        let at = self.vacancies.clock.now();
        // The index may be further by now; what happened in between is judged once more by the next step.
        let (judged, found) = self
            .vacancies
            .indexed(|index, market, _| {
                let judged = touched.judged(market);
                let found = self.need.among(index, at, &judged);
                (judged, found)
            })
            .await?;
        let changes = self.changes(&judged, found, &touched.places);
        self.judged_at = at;
        self.send(changes, head).await
    }

    /// What became of the places that were judged. One to which something has `happened` is told though it matched before: it may have been
    /// somebody's for a moment, and whoever was refused then wants to know.
    fn changes(
        &mut self,
        judged: &BTreeSet<PlaceId>,
        mut found: BTreeMap<PlaceId, Match>,
        happened: &BTreeSet<PlaceId>,
    ) -> Vec<Change> {
        let mut changes = Vec::new();
        for place in judged {
            match found.remove(place) {
                Some(it) => {
                    let new = self.known.insert(place.clone());
                    changes.extend((new || happened.contains(place)).then(|| appeared(it)));
                }
                None if self.known.remove(place) => changes.push(Change::Gone(place_name(place))),
                None => {}
            }
        }
        changes
    }

    /// Looks at everything, since with a day more may be had, or less.
    async fn begin_day(&mut self) -> Result<(), Status> {
        self.day = self.vacancies.clock.today();
        let at = self.vacancies.clock.now();
        let all =
            self.vacancies.indexed(|index, _, _| self.need.all(index, at)).await?.ok_or_else(too_broad)?;
        let judged: BTreeSet<PlaceId> = self.known.iter().chain(all.keys()).cloned().collect();
        let changes = self.changes(&judged, all, &BTreeSet::new());
        self.judged_at = at;
        self.send(changes, self.position).await
    }

    /// What the events after one position, up to another, can have changed.
    async fn touched(&self, after: u64, head: u64) -> Result<Touched, Status> {
        let (mut touched, mut position) = (Touched::default(), after);
        while position < head {
            let events = self.read(position, READ_EVENTS).await?;
            let Some(last) = events.last() else { break };
            position = last.position;
            events.iter().take_while(|event| event.position <= head).for_each(|event| touched.by(event));
        }
        Ok(touched)
    }

    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Arc<Recorded>>, Status> {
        let cannot = |error: LogError| unavailable(format!("the market cannot be read: {error}"));
        self.vacancies.market.log().read(after, limit).await.map_err(cannot)
    }

    /// Sends changes, the last of them with the position up to which all has been told now.
    async fn send(&mut self, mut changes: Vec<Change>, position: u64) -> Result<(), Status> {
        self.position = position;
        if changes.is_empty() && position >= self.told.0 + POSITION_TOLD_EVENTS {
            changes.push(Change::CaughtUp(caught_up(self.known.len())));
        }
        let last = changes.len().saturating_sub(1);
        for (number, change) in changes.into_iter().enumerate() {
            if number == last {
                self.told = (position, self.judged_at);
            }
            let (position, as_of) = self.told;
            let as_of = (position > 0).then(|| timestamp(as_of));
            let response = proto::WatchVacanciesResponse { change: Some(change), position, as_of };
            // Whoever has gone away ends the watch from outside.
            let _ = self.teller.send(Ok(response)).await;
        }
        Ok(())
    }
}

fn too_broad() -> Status {
    let message = format!(
        "more than {MATCHES_MAX} places match: say more of what is needed, such as where or for which needs"
    );
    refused(Code::FailedPrecondition, "NEED_TOO_BROAD", message, [])
}

fn appeared(found: Match) -> Change {
    Change::Appeared(render::matched(found))
}

fn caught_up(matches: usize) -> proto::CaughtUp {
    proto::CaughtUp { matches_total: u32::try_from(matches).unwrap_or(u32::MAX) }
}
