//! Requests' fields.

use crate::index::{Filter, Order, Question};
use crate::reader::Reader;
use api::audit::{EventFilter, EventOrder};
use care::{CouncilId, FrameworkId};
use eventlog::{LogId, Service};
use service_kit::{Fields, council_name};
use tonic::Status;

/// How many types a filter names at most.
const EVENT_TYPES_MAX: usize = 20;
/// The longest type, actor or stream, in characters.
const TEXT_CHARS_MAX: usize = 200;

/// Whose logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Parent {
    Council(CouncilId),
    Framework(FrameworkId),
}

/// The outer option is whether the field is usable.
pub(super) fn parent(fields: &mut Fields, name: &str) -> Option<Option<Parent>> {
    if name.is_empty() {
        Some(None)
    } else if name.starts_with("frameworks/") {
        fields.framework("parent", name).map(|id| Some(Parent::Framework(id)))
    } else {
        fields.council("parent", name).map(|id| Some(Parent::Council(id)))
    }
}

/// A log whose events are recorded: any but the audit service's own.
pub(super) fn log(fields: &mut Fields, field: &str, name: &str) -> Option<LogId> {
    let log: LogId = fields.parse(field, name)?;
    let known = matches!(
        (log.service, log.owner),
        (Service::Vacancies, eventlog::Owner::Region)
            | (Service::Contracts, eventlog::Owner::Region | eventlog::Owner::Council(_))
            | (Service::Referrals | Service::Invoicing, eventlog::Owner::Council(_))
    );
    if !known {
        fields.violation(field, format!("there is no log {log} whose events are recorded"));
    }
    known.then_some(log)
}

pub(super) fn order(fields: &mut Fields, order: i32) -> Option<Order> {
    match EventOrder::try_from(order) {
        Ok(EventOrder::Unspecified | EventOrder::Recorded) => Some(Order::Recorded),
        Ok(EventOrder::Position) => Some(Order::Position),
        Err(_) => {
            fields.violation("order", format!("{order} is not an order"));
            None
        }
    }
}

pub(super) fn filter(fields: &mut Fields, filter: &EventFilter) -> Option<Filter> {
    let council = match filter.council.as_str() {
        "" => Some(None),
        name => fields.council("filter.council", name).map(Some),
    };
    let service = match filter.service.as_str() {
        "" => Some(None),
        name => service(fields, name).map(Some),
    };
    let log = match filter.log.as_str() {
        "" => Some(None),
        name => log(fields, "filter.log", name).map(Some),
    };
    let few = fields.at_most("filter.event_types", filter.event_types.len(), EVENT_TYPES_MAX);
    let event_types = few.and_then(|()| {
        let types = filter.event_types.iter().enumerate();
        types
            .map(|(i, name)| fields.text(&format!("filter.event_types[{i}]"), name, TEXT_CHARS_MAX))
            .collect()
    });
    let actor = fields.text_optional("filter.actor", &filter.actor, TEXT_CHARS_MAX);
    let stream = fields.text_optional("filter.stream", &filter.stream, TEXT_CHARS_MAX);
    let from = instant(fields, "filter.recorded_from", filter.recorded_from.as_ref());
    let until = instant(fields, "filter.recorded_until", filter.recorded_until.as_ref());
    if let (Some(Some(from)), Some(Some(until))) = (from, until)
        && from >= until
    {
        fields.violation("filter.recorded_until", "is not after filter.recorded_from");
    }
    let given = |text: String| (!text.is_empty()).then_some(text);
    Some(Filter {
        council: council?,
        service: service?,
        event_types: event_types?,
        actor: given(actor?),
        stream: given(stream?),
        log: log?,
        recorded_from_us: from?,
        recorded_until_us: until?,
    })
}

fn service(fields: &mut Fields, name: &str) -> Option<Service> {
    let recorded = Service::ALL.into_iter().filter(|service| *service != Service::Audit);
    let service = recorded.into_iter().find(|service| service.name() == name);
    if service.is_none() {
        let expected = "is not a service: expected referrals, vacancies, contracts or invoicing";
        fields.violation("filter.service", expected);
    }
    service
}

/// An instant in microseconds.
fn instant(fields: &mut Fields, field: &str, at: Option<&prost_types::Timestamp>) -> Option<Option<i64>> {
    fields.instant(field, at).map(|at| at.map(|at| at.as_microsecond()))
}

/// What somebody asks, if it is about what is theirs.
pub(super) fn question(reader: Reader, filter: Filter) -> Result<Question, Status> {
    if let Some(log) = filter.log.filter(|log| !reader.reads(*log)) {
        return Err(reader.not_yours(&log.to_string()));
    }
    if let Some(council) = filter.council.filter(|council| !reader.asks_about(*council)) {
        return Err(reader.not_yours(&council_name(council)));
    }
    Ok(Question { reader, filter })
}
