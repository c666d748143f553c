//! Following events live. A follower reads the index by position, at its own speed: there is no queue that could run over.

use super::{form, readable, render};
use crate::Audit;
use crate::index::{Index, Question};
use crate::reader::Reader;
use api::audit::{FollowEventsRequest, FollowEventsResponse};
use eventlog::LogId;
use service_kit::{Caller, Fields, Teller, Told, refused};
use std::collections::BTreeMap;
use std::sync::Arc;
use tonic::{Code, Status};

/// How many cursors are taken.
const CURSORS_MAX: usize = 200;
/// How many events are looked at per log before the next log has its turn.
const TURN_EVENTS: usize = 200;

pub(super) fn follow(
    audit: &Audit,
    caller: &Caller,
    reader: Reader,
    request: FollowEventsRequest,
) -> Result<Told<FollowEventsResponse>, Status> {
    let mut fields = Fields::new();
    let cursors = cursors(&mut fields, &request);
    let filter = form::filter(&mut fields, &request.filter.unwrap_or_default());
    let (filter, cursors) = fields.finish(|| Some((filter?, cursors?)))?;
    // First whether it may be read: how long another council's log is, is not told.
    for log in cursors.keys() {
        readable(&reader, *log)?;
    }
    within(audit, &cursors)?;
    let question = form::question(reader, filter)?;
    let admission = audit.shared.followed_by.admit(&caller.role.to_string()).ok_or_else(|| {
        let message =
            "too many callers follow events at the moment, or too many of yours: end one, or try again later";
        refused(Code::ResourceExhausted, "TOO_MANY_FOLLOWERS", message, [])
    })?;
    let index = Arc::clone(&audit.shared.index);
    // Before anything else is recorded, so that nothing falls between the start and the first look.
    let positions = index.look(|logs| {
        let start = |log: LogId| match cursors.get(&log) {
            Some(position) => *position,
            None if request.from_now => logs.head(log).map_or(0, |head| head.size),
            None => 0,
        };
        logs.logs_of(&question).into_iter().map(|log| (log, start(log))).collect()
    });
    let tell = |teller| tell(index, question, positions, teller);
    Ok(audit.shared.followed_by.answer(admission, tell))
}

fn cursors(fields: &mut Fields, request: &FollowEventsRequest) -> Option<BTreeMap<LogId, u64>> {
    fields.at_most("after", request.after.len(), CURSORS_MAX)?;
    let mut cursors = BTreeMap::new();
    for (i, cursor) in request.after.iter().enumerate() {
        let field = format!("after[{i}].log");
        if let Some(log) = form::log(fields, &field, &cursor.log)
            && cursors.insert(log, cursor.position).is_some()
        {
            fields.violation(field, format!("{log} is given twice"));
        }
    }
    Some(cursors)
}

/// Insists that no cursor is beyond its log: it would be one of another log, or of one that was truncated.
fn within(audit: &Audit, cursors: &BTreeMap<LogId, u64>) -> Result<(), Status> {
    let mut fields = Fields::new();
    for (log, position) in cursors {
        let size = audit.shared.index.head(*log).map_or(0, |head| head.size);
        if *position > size {
            fields.violation(
                "after",
                format!("{position} is beyond {log}, of which {size} events are recorded"),
            );
        }
    }
    fields.finish(|| Some(()))
}

/// Tells until the index ends.
async fn tell(
    index: Arc<Index>,
    question: Question,
    mut positions: BTreeMap<LogId, u64>,
    teller: Teller<FollowEventsResponse>,
) -> Result<(), Status> {
    let mut changes = index.changes();
    loop {
        let mut idle = true;
        for (log, position) in &mut positions {
            let (events, reached) = index.look(|logs| {
                let (events, reached) = logs.next_of(&question, *log, *position, TURN_EVENTS);
                (events.iter().map(render::record).collect::<Vec<_>>(), reached)
            });
            idle &= reached == *position;
            *position = reached;
            for event in events {
                let _ = teller.send(Ok(FollowEventsResponse { event: Some(event) })).await;
            }
        }
        if idle && changes.changed().await.is_err() {
            return Ok(());
        }
    }
}
