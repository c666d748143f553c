//! What had matched by the time that a caller heard last: it comes back, and is to be told what has come and gone since, not what it knows.
//!
//! Homes of which nothing was recorded since are looked at as they are; of the others what was recorded until then is folded anew.

use super::{Touched, Watcher};
use care::market::{Market, MarketEvent};
use care::{EstablishmentUrn, Event, PlaceId, StreamId, Timestamp};
use eventlog::Recorded;
use matching::Index;
use service_kit::unavailable;
use std::collections::BTreeSet;
use std::sync::Arc;
use tonic::Status;

/// How many streams are looked up, those of homes and of their places: an agency may have hundreds of places. Where more has happened, all that
/// happened to is told again.
const STREAMS_MAX: usize = 2_000;
/// How many events of them are read at most, for the same reason.
const EVENTS_MAX: usize = 20_000;
/// How many events of a stream are read at a time.
const STREAM_EVENTS: usize = 500;

/// Up to where a caller has heard everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heard {
    /// The position of the market's log.
    pub(crate) position: u64,
    /// As of which instant it was told; not given by those that remember the position alone.
    pub(crate) at: Option<Timestamp>,
}

impl Watcher {
    /// As of which instant a caller was told: of the last event that it heard of, or later. None where it has heard of no event.
    pub(super) async fn instant(&self, heard: Heard) -> Result<Option<Timestamp>, Status> {
        let Some(before) = heard.position.checked_sub(1) else { return Ok(None) };
        let last = self.read(before, 1).await?;
        let recorded = last.first().map(|event| event.meta.recorded_at);
        Ok(recorded.max(heard.at))
    }

    /// The places of the homes that were touched which matched after `position`, as of `at`; none where too much would have to be read.
    pub(super) async fn matched_then(
        &self,
        touched: &Touched,
        position: u64,
        at: Timestamp,
    ) -> Result<Option<BTreeSet<PlaceId>>, Status> {
        let streams: Vec<StreamId> = self.vacancies.market.read(|market| {
            let homes = touched.homes(market).into_iter();
            homes.flat_map(|urn| streams(market, urn)).take(STREAMS_MAX + 1).collect()
        });
        if streams.len() > STREAMS_MAX {
            return Ok(None);
        }
        let mut events = Vec::new();
        for stream in streams {
            self.read_until(&stream, position, &mut events).await?;
            if events.len() > EVENTS_MAX {
                return Ok(None);
            }
        }
        events.sort_by_key(|event| event.position);
        let mut market = Market::default();
        for event in events {
            let decoded = MarketEvent::decode(&event.event_type, event.version, &event.payload);
            market.evolve(&decoded.map_err(cannot_be_read)?);
        }
        Ok(Some(self.need.every(&Index::of(&market), &market, at)))
    }

    /// The events of a stream up to a position of the log; not all of them once more than [`EVENTS_MAX`] have been read.
    async fn read_until(
        &self,
        stream: &StreamId,
        position: u64,
        into: &mut Vec<Arc<Recorded>>,
    ) -> Result<(), Status> {
        let log = self.vacancies.market.log();
        let mut version = 0;
        loop {
            let events = log.read_stream(stream, version, STREAM_EVENTS).await.map_err(cannot_be_read)?;
            let whole = events.len() == STREAM_EVENTS;
            let Some(last) = events.last() else { return Ok(()) };
            let more = whole && last.position < position && into.len() <= EVENTS_MAX;
            version = last.stream_version;
            into.extend(events.into_iter().take_while(|event| event.position <= position));
            if !more {
                return Ok(());
            }
        }
    }
}

/// Whose events say what is so of a home and its places.
fn streams(market: &Market, urn: &EstablishmentUrn) -> Vec<StreamId> {
    let establishment = market.establishment(urn);
    let places = establishment.into_iter().flat_map(|it| &it.places);
    let places = places.map(|place| StreamId::new("place", place));
    [StreamId::new("establishment", urn)].into_iter().chain(places).collect()
}

fn cannot_be_read(error: impl std::fmt::Display) -> Status {
    unavailable(format!("the market cannot be read: {error}"))
}
