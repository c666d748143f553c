//! `OperationsService`: what the services of a region ask of each other beside events.

use crate::dead_letters::DeadLetterDesk;
use crate::progress::Progress;
use crate::services::Services;
use api::operations as proto;
use api::operations::operations_service_server::{OperationsService, OperationsServiceServer};
use care::Timestamp;
use eventlog::{LogId, Recorded};
use exchange::{Exchange as _, ExchangeError};
use service_kit::{Caller, Clock, Fields, Rule, not_found, refused, timestamp, unavailable};
use std::sync::Arc;
use tonic::{Code, Request, Response, Status};

/// How many events are read when the caller does not say.
const PAGE_EVENTS: u32 = 256;
const PAGE_EVENTS_MAX: u32 = 1_000;
/// How many are read at a time to fill a page.
const FETCHED_EVENTS: usize = 32;
/// A page ends with the event that reaches this, so that it fits into a message.
const PAGE_BYTES: usize = 1024 * 1024;

/// Who may call it: services alone.
pub(crate) const RULES: &[Rule] = &[
    Rule::for_services("/brokerage.operations.v1.OperationsService/ReadLog"),
    Rule::for_services("/brokerage.operations.v1.OperationsService/GetProgress"),
    Rule::for_services("/brokerage.operations.v1.OperationsService/GetStates"),
    Rule::for_services("/brokerage.operations.v1.OperationsService/MoveClock"),
    Rule::for_services("/brokerage.operations.v1.OperationsService/ListDeadLetters"),
    Rule::for_services("/brokerage.operations.v1.OperationsService/RetryDeadLetters"),
    Rule::for_services("/brokerage.operations.v1.OperationsService/DiscardDeadLetter"),
];

/// The gRPC service over a process's own logs.
pub(crate) struct Operations {
    progress: Arc<Progress>,
    services: Services,
    letters: DeadLetterDesk,
}

impl Operations {
    pub(crate) fn server(
        progress: Arc<Progress>,
        services: Services,
        letters: DeadLetterDesk,
    ) -> OperationsServiceServer<Self> {
        OperationsServiceServer::new(Self { progress, services, letters })
    }
}

#[tonic::async_trait]
impl OperationsService for Operations {
    async fn read_log(
        &self,
        request: Request<proto::ReadLogRequest>,
    ) -> Result<Response<proto::ReadLogResponse>, Status> {
        let form = request.get_ref();
        let mut fields = Fields::new();
        let log: Option<LogId> = fields.parse("log", &form.log);
        let limit = if form.page_size == 0 { PAGE_EVENTS } else { form.page_size };
        if limit > PAGE_EVENTS_MAX {
            fields.violation("page_size", format!("at most {PAGE_EVENTS_MAX} events are given at a time"));
        }
        let log = fields.finish(|| log)?;
        let own = &self.progress.own;
        let failed = |error| match error {
            ExchangeError::Unknown(log) => not_found("LOG_UNKNOWN", &log.to_string()),
            error => unavailable(error.to_string()),
        };
        let head = own.head(log).await.map_err(failed)?;
        // What is beyond the end is not there, however far beyond it is.
        let mut after = form.after_position.min(head);
        let (mut events, mut bytes) = (Vec::new(), 0);
        // A few at a time: payloads may be large, and what does not fit the page is not to be in memory either.
        let limit = usize::try_from(limit).unwrap_or(1);
        while events.len() < limit && bytes < PAGE_BYTES {
            let few = (limit - events.len()).min(FETCHED_EVENTS);
            let few = own.fetch(log, after, few).await.map_err(failed)?;
            let Some(last) = few.last() else { break };
            after = last.position;
            let fits = few.iter().take_while(|event| {
                let before = bytes;
                bytes += event.payload.len();
                before < PAGE_BYTES
            });
            events.extend(fits.map(|event| stored(event)));
        }
        Ok(Response::new(proto::ReadLogResponse { events, head }))
    }

    async fn get_progress(
        &self,
        _: Request<proto::GetProgressRequest>,
    ) -> Result<Response<proto::Progress>, Status> {
        let logs = self.progress.logs().into_iter().map(|(log, head, relay)| proto::LogProgress {
            log: log.to_string(),
            head,
            published: relay.map(|relay| relay.published),
        });
        let followers = self.progress.followers().into_iter().map(|to| proto::FollowerProgress {
            reaction: to.reaction.to_owned(),
            source: to.source.to_string(),
            consumed: to.consumed,
            stuck_reason: to.stuck.unwrap_or_default(),
            dead_letters: to.dead_letters,
        });
        Ok(Response::new(proto::Progress {
            logs: logs.collect(),
            followers: followers.collect(),
            not_ready: self.progress.not_ready(),
            now: Some(timestamp(self.progress.clock.now())),
        }))
    }

    async fn get_states(
        &self,
        _: Request<proto::GetStatesRequest>,
    ) -> Result<Response<proto::GetStatesResponse>, Status> {
        let states = self.services.digests().into_iter().collect();
        Ok(Response::new(proto::GetStatesResponse { states }))
    }

    async fn move_clock(
        &self,
        request: Request<proto::MoveClockRequest>,
    ) -> Result<Response<proto::MoveClockResponse>, Status> {
        if let Clock::System = self.progress.clock {
            let message =
                "this process goes by its machine's clock; start it with --simulated-clock for a demo";
            return Err(refused(Code::FailedPrecondition, "CLOCK_NOT_SIMULATED", message, []));
        }
        let mut fields = Fields::new();
        let to = request.get_ref().to.as_ref().and_then(|to| Timestamp::new(to.seconds, to.nanos).ok());
        if to.is_none() {
            fields.violation("to", "must be an instant");
        }
        let to = fields.finish(|| to)?;
        self.progress.clock.advance_to(to);
        Ok(Response::new(proto::MoveClockResponse {}))
    }

    async fn list_dead_letters(
        &self,
        request: Request<proto::ListDeadLettersRequest>,
    ) -> Result<Response<proto::ListDeadLettersResponse>, Status> {
        self.letters.list(request.get_ref()).map(Response::new)
    }

    async fn retry_dead_letters(
        &self,
        request: Request<proto::RetryDeadLettersRequest>,
    ) -> Result<Response<proto::RetryDeadLettersResponse>, Status> {
        let by = Caller::of(&request)?.actor();
        self.letters.retry(request.get_ref(), by).await.map(Response::new)
    }

    async fn discard_dead_letter(
        &self,
        request: Request<proto::DiscardDeadLetterRequest>,
    ) -> Result<Response<proto::DiscardDeadLetterResponse>, Status> {
        let by = Caller::of(&request)?.actor();
        self.letters.discard(request.get_ref(), by).await.map(Response::new)
    }
}

fn stored(event: &Recorded) -> proto::StoredEvent {
    proto::StoredEvent {
        position: event.position,
        stream: event.stream.to_string(),
        stream_version: event.stream_version,
        event_type: event.event_type.clone(),
        version: event.version.into(),
        payload: event.payload.clone(),
        effective: event.effective.map(|date| date.to_string()),
        council: event.council.map(|council| council.to_string()),
        actor: event.meta.actor.clone(),
        causation: event.meta.causation.clone(),
        correlation: event.meta.correlation.clone(),
        recorded_at_us: event.meta.recorded_at.as_microsecond(),
    }
}
