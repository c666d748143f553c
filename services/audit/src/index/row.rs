//! What the index keeps of an event, and how it looks from outside.

use crate::index::names::{Name, Names};
use audit_domain::{Leaf, RecordedEntry};
use care::{CouncilId, Date};
use eventlog::{LogId, Recorded};
use merkle_log::Hash;

/// An event without its position, which is its place in the log's rows, and its hash, which is in the tree.
pub(crate) struct Row {
    pub(crate) recorded_at_us: i64,
    stream_version: u64,
    cause: Cause,
    event_type: Name,
    stream: Name,
    actor: Name,
    correlation: Option<Name>,
    effective: Option<Date>,
    council: Option<CouncilId>,
}

/// A cause. Most are events, which take a few bytes; the rest are request ids, of which no two are alike.
enum Cause {
    Unknown,
    Event { log: Name, position: u64 },
    Other(Box<str>),
}

impl Cause {
    fn new(text: Option<&str>, names: &mut Names) -> Option<Self> {
        let Some(text) = text else { return Some(Self::Unknown) };
        let event = text.rsplit_once(':').and_then(|(log, digits)| {
            let position: u64 = digits.parse().ok()?;
            // Only what comes out again as it went in.
            (log.parse::<LogId>().is_ok() && position.to_string() == digits).then_some((log, position))
        });
        Some(match event {
            Some((log, position)) => Self::Event { log: names.intern(log)?, position },
            None => Self::Other(text.into()),
        })
    }

    fn text(&self, names: &Names) -> Option<String> {
        match self {
            Self::Unknown => None,
            Self::Event { log, position } => Some(format!("{}:{position}", names.text(*log))),
            Self::Other(text) => Some(text.to_string()),
        }
    }
}

impl Row {
    /// The row of a leaf. None once there are too many different texts.
    pub(crate) fn new(entry: &RecordedEntry, leaf: &Leaf, names: &mut Names) -> Option<Self> {
        Some(Self {
            recorded_at_us: entry.recorded_at_us,
            stream_version: leaf.stream_version,
            cause: Cause::new(entry.causation.as_deref(), names)?,
            event_type: names.intern(&leaf.event_type)?,
            stream: names.intern(&leaf.stream)?,
            actor: names.intern(&entry.actor)?,
            correlation: match &entry.correlation {
                Some(text) => Some(names.intern(text)?),
                None => None,
            },
            effective: leaf.effective,
            council: leaf.council,
        })
    }

    /// Bytes on the heap beside the row itself.
    #[cfg(test)]
    pub(crate) fn footprint(&self) -> usize {
        // What an allocator hands out is a multiple of 16.
        if let Cause::Other(text) = &self.cause { text.len().next_multiple_of(16) + 16 } else { 0 }
    }
}

/// An event as the index shows it.
#[derive(Clone, Copy)]
pub(crate) struct EventView<'a> {
    pub(crate) log: LogId,
    pub(crate) position: u64,
    pub(crate) leaf_hash: Hash,
    pub(crate) row: &'a Row,
    pub(crate) names: &'a Names,
}

impl<'a> EventView<'a> {
    pub(crate) fn event_type(&self) -> &'a str {
        self.names.text(self.row.event_type)
    }

    pub(crate) fn stream(&self) -> &'a str {
        self.names.text(self.row.stream)
    }

    pub(crate) fn stream_version(&self) -> u64 {
        self.row.stream_version
    }

    pub(crate) fn actor(&self) -> &'a str {
        self.names.text(self.row.actor)
    }

    pub(crate) fn causation(&self) -> Option<String> {
        self.row.cause.text(self.names)
    }

    pub(crate) fn correlation(&self) -> Option<&'a str> {
        self.row.correlation.map(|name| self.names.text(name))
    }

    pub(crate) fn effective(&self) -> Option<Date> {
        self.row.effective
    }

    pub(crate) fn council(&self) -> Option<CouncilId> {
        self.row.council
    }

    /// Whether everything that is shown of the event is what the event itself says.
    pub(crate) fn agrees_with(&self, event: &Recorded) -> bool {
        self.event_type() == event.event_type
            && self.stream() == event.stream.as_str()
            && self.stream_version() == event.stream_version
            && self.actor() == event.meta.actor
            && self.causation().as_deref() == event.meta.causation.as_deref()
            && self.correlation() == event.meta.correlation.as_deref()
            && self.row.recorded_at_us == event.meta.recorded_at.as_microsecond()
            && self.effective() == event.effective
            && self.council() == event.council
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_comes_out_as_it_went_in() {
        let mut names = Names::default();
        for text in [
            "vacancies/region:17",
            "referrals/E06000015:1",
            "request:1",
            "vacancies/region:017",
            "vacancies/region:",
            "",
        ] {
            let cause = Cause::new(Some(text), &mut names).unwrap();
            assert_eq!(cause.text(&names).as_deref(), Some(text));
        }
        assert!(matches!(
            Cause::new(Some("vacancies/region:17"), &mut names),
            Some(Cause::Event { position: 17, .. })
        ));
        assert_eq!(Cause::new(None, &mut names).unwrap().text(&names), None);
    }
}
