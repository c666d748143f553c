//! What the index holds, as messages.

use crate::index::{EventView, Head};
use crate::verify::{Finding, Verdict};
use api::audit::{EventRecord, Finding as FindingProto, LogHead, LogState, LogVerdict};
use care::Timestamp;
use eventlog::{LogId, Owner};
use service_kit::{council_name, timestamp};

pub(super) fn record(event: &EventView<'_>) -> EventRecord {
    EventRecord {
        log: event.log.to_string(),
        position: event.position,
        event_type: event.event_type().to_owned(),
        stream: event.stream().to_owned(),
        stream_version: event.stream_version(),
        actor: event.actor().to_owned(),
        causation: event.causation().unwrap_or_default(),
        correlation: event.correlation().unwrap_or_default().to_owned(),
        recorded_at: instant(event.row.recorded_at_us),
        effective: event.effective().map(|date| date.to_string()).unwrap_or_default(),
        council: event.council().map(council_name).unwrap_or_default(),
        leaf_hash: event.leaf_hash.to_string(),
    }
}

pub(super) fn log_head(log: LogId, head: &Head, stuck: Option<String>) -> LogHead {
    let stuck = stuck.or_else(|| head.contradiction.as_ref().map(|contradiction| contradiction.what.clone()));
    let state = if stuck.is_some() { LogState::Stuck } else { LogState::Following };
    LogHead {
        log: log.to_string(),
        owner: match log.owner {
            owner @ (Owner::Region | Owner::DeadLetters) => owner.to_string(),
            Owner::Council(council) => council_name(council),
        },
        tree_size: head.size,
        root: head.root.to_string(),
        last_recorded_at: head.last_recorded_at_us.and_then(instant),
        followed_to: head.size,
        state: state.into(),
        stuck_reason: stuck.unwrap_or_default(),
    }
}

pub(super) fn verdict(verdict: &Verdict) -> LogVerdict {
    let bad = verdict.bad.as_ref();
    let finding = bad.map_or(FindingProto::Unspecified, |bad| match bad.finding {
        Finding::EventAltered => FindingProto::EventAltered,
        Finding::EventMissing => FindingProto::EventMissing,
        Finding::RootMismatch => FindingProto::RootMismatch,
        Finding::RecordDiffers => FindingProto::RecordDiffers,
        Finding::NotRecorded => FindingProto::NotRecorded,
        Finding::Unreadable => FindingProto::Unreadable,
    });
    LogVerdict {
        log: verdict.log.to_string(),
        verified: bad.is_none(),
        events: verdict.events,
        root: verdict.root.map(|root| root.to_string()).unwrap_or_default(),
        first_bad_position: bad.map_or(0, |bad| bad.position),
        finding: finding.into(),
        detail: bad.map(|bad| bad.detail.clone()).unwrap_or_default(),
    }
}

fn instant(us: i64) -> Option<prost_types::Timestamp> {
    Timestamp::from_microsecond(us).ok().map(timestamp)
}
