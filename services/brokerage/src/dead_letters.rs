//! What people are told of the letters of a process's reactions, and what they may do about them.

use api::operations as proto;
use dead_letters::Letter;
use eventlog::{EventRef, LogId};
use exchange::Exchange;
use service_kit::page::page_of;
use service_kit::{Fields, Parking, RetriedLetters, timestamp};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use tonic::Status;

/// The longest name of a stream that is looked for, in characters.
const STREAM_CHARS_MAX: usize = 200;

/// The reactions of a process that park what they cannot apply, and from where events are read again.
pub(crate) struct DeadLetterDesk {
    /// In order of their names.
    parking: Vec<Arc<dyn Parking>>,
    exchange: Arc<dyn Exchange>,
}

impl DeadLetterDesk {
    pub(crate) fn new(mut parking: Vec<Arc<dyn Parking>>, exchange: Arc<dyn Exchange>) -> Self {
        parking.sort_by_key(|parking| parking.reaction());
        Self { parking, exchange }
    }

    pub(crate) fn list(
        &self,
        request: &proto::ListDeadLettersRequest,
    ) -> Result<proto::ListDeadLettersResponse, Status> {
        let mut fields = Fields::new();
        let only = match request.reaction.as_str() {
            "" => Some(None),
            name => self.reaction(&mut fields, name).map(|found| Some(found.reaction())),
        };
        let only = fields.finish(|| only)?;
        let (dead_letters, next_page_token) =
            page_of(request, |after: Option<Place>| self.letters_after(only, after.as_ref()).into_iter())?;
        Ok(proto::ListDeadLettersResponse { dead_letters, next_page_token })
    }

    /// As many letters as a page can have, and one more, with the place of each as a key.
    fn letters_after(&self, only: Option<&str>, after: Option<&Place>) -> Vec<(Place, proto::DeadLetter)> {
        let enough = service_kit::page::PAGE_SIZE_MAX + 1;
        let mut letters = Vec::new();
        for parking in &self.parking {
            let name = parking.reaction();
            let before = after.is_some_and(|after| *name < *after.reaction);
            if before || only.is_some_and(|only| only != name) {
                continue;
            }
            let from = after.filter(|after| after.reaction == name);
            let from = from.map(|after| (after.source.as_str(), after.position));
            parking.letters().read(|state| {
                let left = enough.saturating_sub(letters.len());
                let found = state.letters_after(from).take(left);
                letters.extend(found.map(|(source, position, letter)| {
                    (Place::new(name, source, position), shown(name, source, position, letter))
                }));
            });
        }
        letters
    }

    pub(crate) async fn retry(
        &self,
        request: &proto::RetryDeadLettersRequest,
        by: String,
    ) -> Result<proto::RetryDeadLettersResponse, Status> {
        let mut fields = Fields::new();
        let parking = self.reaction(&mut fields, &request.reaction);
        let source: Option<LogId> = fields.parse("source", &request.source);
        let stream = fields.text("stream", &request.stream, STREAM_CHARS_MAX);
        let (parking, source, stream) = fields.finish(|| Some((parking?, source?, stream?)))?;
        let exchange = Arc::clone(&self.exchange);
        let stream = care::StreamId::from_stored(&stream);
        let RetriedLetters { retried, remaining } =
            Arc::clone(parking).retry(exchange, source, stream, by).await?;
        Ok(proto::RetryDeadLettersResponse { retried, remaining })
    }

    pub(crate) async fn discard(
        &self,
        request: &proto::DiscardDeadLetterRequest,
        by: String,
    ) -> Result<proto::DiscardDeadLetterResponse, Status> {
        let mut fields = Fields::new();
        let parking = self.reaction(&mut fields, &request.reaction);
        let source: Option<LogId> = fields.parse("source", &request.source);
        if request.position == 0 {
            fields.violation("position", "positions begin at 1");
        }
        let (parking, log) = fields.finish(|| Some((parking?, source?)))?;
        let event = EventRef { log, position: request.position };
        parking.discard(event, request.reason.clone(), by).await?;
        Ok(proto::DiscardDeadLetterResponse {})
    }

    fn reaction(&self, fields: &mut Fields, name: &str) -> Option<&Arc<dyn Parking>> {
        let found = self.parking.iter().find(|parking| parking.reaction() == name);
        if found.is_none() {
            let names: Vec<&str> = self.parking.iter().map(|parking| parking.reaction()).collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            fields.violation(
                "reaction",
                format!("this process has no such reaction that parks events: it has {names}"),
            );
        }
        found
    }
}

/// Where a letter stands in the list of all.
struct Place {
    reaction: String,
    /// The log that its event is in.
    source: String,
    position: u64,
}

impl Place {
    fn new(reaction: &str, source: &str, position: u64) -> Self {
        Self { reaction: reaction.to_owned(), source: source.to_owned(), position }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.reaction, self.source, self.position)
    }
}

/// Text that is no place.
struct PlaceInvalid;

impl FromStr for Place {
    type Err = PlaceInvalid;
    fn from_str(text: &str) -> Result<Self, PlaceInvalid> {
        let parts: Vec<&str> = text.split(' ').collect();
        let [reaction, source, position] = parts[..] else { return Err(PlaceInvalid) };
        Ok(Self::new(reaction, source, position.parse().map_err(|_| PlaceInvalid)?))
    }
}

fn shown(reaction: &str, source: &str, position: u64, letter: &Letter) -> proto::DeadLetter {
    proto::DeadLetter {
        reaction: reaction.to_owned(),
        source: source.to_owned(),
        position,
        stream: letter.stream.to_string(),
        event_type: letter.event_type.clone(),
        version: letter.version.into(),
        why: letter.why.clone(),
        behind: letter.behind,
        parked_at: Some(timestamp(letter.at)),
    }
}
