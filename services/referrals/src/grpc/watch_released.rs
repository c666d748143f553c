//! Watching what is released to a provider: what stands open, and then each change, read from the logs of all councils at the watcher's own
//! speed. Nothing is queued, and a call goes on where another ended, for each message says how far each log was told.

use super::Answer;
use super::invitations::note_view;
use crate::Referrals;
use crate::desk::Desk;
use crate::render;
use api::referrals as proto;
use care::{CouncilId, Event as _, ProviderId, QuestionId, ReferralId, StreamId, Timestamp};
use eventlog::Recorded;
use futures::future::select_all;
use proto::ReleasedReferralChange as Change;
use referrals_domain::{ReferralEvent, Stage, State};
use service_kit::{
    Caller, Clock, Fields, Teller, Told, refused, resume_token, resume_token_invalid, resumed, timestamp,
    unavailable,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Formatter};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use tonic::{Code, Request, Response, Status};

/// How many events are read at a time.
const READ_EVENTS: usize = 1_000;
/// How far behind all logs together a caller may go on; whoever is farther begins anew, which is less work for both.
const BEHIND_EVENTS_MAX: u64 = 100_000;
/// After how many events that were none of the provider's it is told the positions all the same, so that it can go on from there.
const POSITION_TOLD_EVENTS: u64 = 10_000;
/// How long what else happens is waited for before the logs are read: many events at once are one look.
const PAUSE: Duration = Duration::from_millis(20);

/// The stream of a watcher.
pub(crate) type Changes = Told<proto::WatchReleasedReferralsResponse>;

/// How far the log of each council was told.
#[derive(Clone, Default)]
struct Positions(BTreeMap<CouncilId, u64>);

impl Display for Positions {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let each = self.0.iter().map(|(council, position)| format!("{council}:{position}"));
        f.write_str(&each.collect::<Vec<_>>().join(","))
    }
}

impl FromStr for Positions {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let one = |part: &str| {
            let (council, position) = part.split_once(':')?;
            Some((council.parse().ok()?, position.parse().ok()?))
        };
        text.split(',').map(one).collect::<Option<_>>().map(Self).ok_or(())
    }
}

/// What an event says of a referral to the provider.
struct Said {
    change: Change,
    reason: &'static str,
    question: Option<QuestionId>,
    at: Timestamp,
}

/// What an event says to a provider to whom its referral was released; nothing where it is none of its business.
fn said(event: &ReferralEvent, provider: &ProviderId) -> Option<Said> {
    let (change, reason, at) = match event {
        ReferralEvent::ReferralReleased(it) if it.provider == *provider => (Change::Released, "", it.at),
        ReferralEvent::ReferralAmended(it) => (Change::Amended, "", it.at),
        ReferralEvent::ProviderShortlisted(it) if it.provider == *provider => {
            (Change::Shortlisted, "", it.at)
        }
        ReferralEvent::ShortlistingEnded(it) if it.provider == *provider => {
            (Change::ShortlistingEnded, it.reason.as_str(), it.at)
        }
        ReferralEvent::QuestionAnswered(it) => {
            let (change, question) = (Change::QuestionAnswered, Some(it.question));
            return Some(Said { change, reason: "", question, at: it.at });
        }
        ReferralEvent::AwardProposed(it) => (Change::Closed, "AWARD_IN_PROGRESS", it.proposed.at),
        ReferralEvent::ReferralAwarded(it) => {
            let own = it.provider == *provider;
            (Change::Closed, if own { "AWARDED" } else { "AWARDED_TO_ANOTHER" }, it.at)
        }
        ReferralEvent::ReferralWithdrawn(it) => (Change::Closed, "WITHDRAWN", it.at),
        ReferralEvent::ReferralDeclined(it) if it.provider == *provider => {
            (Change::Closed, "DECLINED", it.at)
        }
        ReferralEvent::AwardFailed(it) => (Change::Reopened, "", it.at),
        ReferralEvent::AwardLapsed(it) => (Change::Reopened, "", it.at),
        _ => return None,
    };
    Some(Said { change, reason, question: None, at })
}

/// The referral that an event of a council's log is about.
fn referral_of(stream: &StreamId) -> Option<ReferralId> {
    stream.as_str().strip_prefix("referral/")?.parse().ok()
}

fn decoded(event: &Recorded) -> Result<ReferralEvent, Status> {
    let decoded = ReferralEvent::decode(&event.event_type, event.version, &event.payload);
    decoded.map_err(|_| unavailable(format!("event {} cannot be read", event.reference())))
}

/// One watcher.
struct Watcher {
    desks: Arc<BTreeMap<CouncilId, Desk>>,
    clock: Clock,
    caller: Caller,
    provider: ProviderId,
    /// What its calls ask for, but for where they go on.
    asked: proto::WatchReleasedReferralsRequest,
    /// Up to where each log was told, and what was released by then.
    positions: Positions,
    released: BTreeMap<CouncilId, BTreeSet<ReferralId>>,
    /// Of how many events since the last message nothing was told.
    silent: u64,
    teller: Teller<proto::WatchReleasedReferralsResponse>,
}

impl Watcher {
    /// Ends only with an error.
    async fn tell(mut self, resumed: bool) -> Result<(), Status> {
        let desks = Arc::clone(&self.desks);
        let mut heads: Vec<_> = desks.values().map(|desk| desk.engine.changes()).collect();
        for (council, desk) in desks.iter() {
            if resumed {
                self.recall(*council, desk).await?;
            } else {
                self.stand(*council, desk).await;
            }
        }
        let mut begun = false;
        loop {
            heads.iter_mut().for_each(tokio::sync::watch::Receiver::mark_unchanged);
            for (council, desk) in desks.iter() {
                self.step(*council, desk).await?;
            }
            if !begun || self.silent >= POSITION_TOLD_EVENTS {
                self.send(Change::CaughtUp, proto::WatchReleasedReferralsResponse::default()).await;
                begun = true;
            }
            let changed = heads.iter_mut().map(|head| Box::pin(head.changed()));
            let (changed, ..) = select_all(changed).await;
            changed.map_err(|_| unavailable("a council's log has ended"))?;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Tells what is released and open now.
    async fn stand(&mut self, council: CouncilId, desk: &Desk) {
        let now = self.clock.now();
        let (released, standing, head) = desk.engine.read_at(|state, head| {
            let released = state.released.get(&self.provider).cloned().unwrap_or_default();
            let open = released.iter().filter_map(|id| state.referrals.get(id));
            let open = open.filter(|it| it.stage == Stage::Open);
            let standing =
                open.filter_map(|it| Some((it.id, render::released(state, it, &self.provider, now)?)));
            let standing: Vec<_> = standing.collect();
            (released, standing, head)
        });
        self.positions.0.insert(council, head);
        self.released.insert(council, released);
        for (id, shown) in standing {
            let (change, version) = (Change::Standing.into(), shown.version);
            let referral = Some(shown);
            let response = proto::WatchReleasedReferralsResponse { change, referral, ..Default::default() };
            if self.teller.send(Ok(response)).await.is_ok() {
                self.opened(desk, id, version).await;
            }
        }
    }

    /// Finds what was released up to where the call goes on: all that is now, but for what has been since.
    async fn recall(&mut self, council: CouncilId, desk: &Desk) -> Result<(), Status> {
        let (mut released, head) = desk
            .engine
            .read_at(|state, head| (state.released.get(&self.provider).cloned().unwrap_or_default(), head));
        let mut position = self.positions.0.get(&council).copied().unwrap_or(0);
        while position < head {
            let events = read(desk, position, head).await?;
            let Some(last) = events.last() else { break };
            position = last.position;
            for event in events.iter().filter(|it| it.event_type == RELEASED) {
                if let ReferralEvent::ReferralReleased(it) = decoded(event)?
                    && it.provider == self.provider
                {
                    released.remove(&it.referral);
                }
            }
        }
        self.released.insert(council, released);
        Ok(())
    }

    /// Tells what a council's log has had since.
    async fn step(&mut self, council: CouncilId, desk: &Desk) -> Result<(), Status> {
        let head = desk.engine.head();
        let mut position = self.positions.0.get(&council).copied().unwrap_or(0);
        while position < head {
            let events = read(desk, position, head).await?;
            let Some(last) = events.last() else { break };
            position = last.position;
            for event in events {
                self.positions.0.insert(council, event.position);
                self.silent += 1;
                self.hear(council, desk, &event).await?;
            }
        }
        Ok(())
    }

    async fn hear(&mut self, council: CouncilId, desk: &Desk, event: &Recorded) -> Result<(), Status> {
        let Some(referral) = referral_of(&event.stream) else { return Ok(()) };
        let released = self.released.entry(council).or_default();
        if event.event_type != RELEASED && !released.contains(&referral) {
            return Ok(());
        }
        let Some(said) = said(&decoded(event)?, &self.provider) else { return Ok(()) };
        released.insert(referral);
        let now = self.clock.now();
        let shown = |state: &State| {
            let found = state.referrals.get(&referral)?;
            render::released(state, found, &self.provider, now)
        };
        let response = proto::WatchReleasedReferralsResponse {
            referral: desk.engine.read(shown),
            reason: said.reason.to_owned(),
            question: said
                .question
                .map(|id| render::question_name(council, referral, id))
                .unwrap_or_default(),
            change_time: Some(timestamp(said.at)),
            ..Default::default()
        };
        let version = response.referral.as_ref().map(|it| it.version);
        let sent = self.send(said.change, response).await;
        if let Some(version) = version.filter(|_| sent) {
            self.opened(desk, referral, version).await;
        }
        Ok(())
    }

    /// Records that the provider opened a referral in the version that it was told, once for each. What is not in force any more is told
    /// anew, and opened then.
    async fn opened(&self, desk: &Desk, referral: ReferralId, version: u32) {
        let current = desk.engine.read(|state| state.referrals.get(&referral).map(|it| it.version));
        if current == Some(version) {
            let caller = Caller { at: self.clock.now(), ..self.caller.clone() };
            note_view(desk, &caller, referral, &self.provider).await;
        }
    }

    /// Sends what is told up to where the logs were read; gives whether somebody is there to read it.
    async fn send(&mut self, change: Change, said: proto::WatchReleasedReferralsResponse) -> bool {
        self.silent = 0;
        let resume_token = resume_token(&self.asked, &self.positions);
        let response = proto::WatchReleasedReferralsResponse { change: change.into(), resume_token, ..said };
        self.teller.send(Ok(response)).await.is_ok()
    }
}

/// The type of the event that makes a referral the provider's business.
const RELEASED: &str = <referrals_domain::ReferralReleased as care::EventBody>::TYPE;

/// The next events of a council's log, up to `head`.
async fn read(desk: &Desk, after: u64, head: u64) -> Result<Vec<Arc<Recorded>>, Status> {
    let left = usize::try_from(head - after).unwrap_or(READ_EVENTS).min(READ_EVENTS);
    let cannot = |error| unavailable(format!("{} cannot be read: {error}", desk.engine.log_id()));
    desk.engine.log().read(after, left).await.map_err(cannot)
}

impl Referrals {
    pub(super) fn watch_released(
        &self,
        request: &Request<proto::WatchReleasedReferralsRequest>,
    ) -> Answer<Changes> {
        let caller = Caller::of(request)?;
        let message = request.get_ref();
        let mut fields = Fields::new();
        let provider = fields.provider("parent", &message.parent);
        let provider = fields.finish(|| provider)?;
        caller.require_provider(&provider)?;
        let resume_token = String::new();
        let asked = proto::WatchReleasedReferralsRequest { resume_token, ..message.clone() };
        let after: Option<Positions> = resumed(&asked, &message.resume_token)?;
        if let Some(after) = &after {
            self.within(after)?;
        }
        let admission = self.watching_released.admit_watcher(&caller, "watch released referrals")?;
        let is_resumed = after.is_some();
        let told = self.watching_released.answer(admission, |teller| {
            let watcher = Watcher {
                desks: Arc::clone(&self.desks),
                clock: self.clock.clone(),
                caller,
                provider,
                asked,
                positions: after.unwrap_or_default(),
                released: BTreeMap::new(),
                silent: 0,
                teller,
            };
            watcher.tell(is_resumed)
        });
        Ok(Response::new(told))
    }

    /// Insists that positions are of these logs, and not so old that all had better be told anew.
    fn within(&self, after: &Positions) -> Result<(), Status> {
        let mut behind = 0;
        for (council, desk) in self.desks.iter() {
            let position = after.0.get(council).copied().unwrap_or(0);
            behind += desk.engine.head().checked_sub(position).ok_or_else(resume_token_invalid)?;
        }
        if behind > BEHIND_EVENTS_MAX {
            let message = format!("{behind} events have happened since: begin anew, without resume_token");
            return Err(refused(Code::OutOfRange, "POSITION_TOO_OLD", message, []));
        }
        Ok(())
    }
}
