//! The gRPC API. Handlers read the fields, ask `reader` whether what is named is the caller's, and answer from the index.

mod follow;
mod form;
mod render;
mod verify;

use crate::Audit;
use crate::index::Cursor;
use crate::reader::Reader;
use api::audit::audit_service_server::AuditService;
use api::audit::{
    AuditedEvent, FollowEventsRequest, FollowEventsResponse, GetEventRequest, GetLogHeadRequest,
    InclusionProof, ListLogsRequest, ListLogsResponse, LogHead, SearchEventsRequest, SearchEventsResponse,
    VerifyLogsRequest, VerifyLogsResponse,
};
use care::{CouncilId, FrameworkId};
use eventlog::{LogError, LogId, Owner, Recorded};
use exchange::ExchangeError;
use service_kit::page::page_of;
use service_kit::{Caller, Fields, council_name, framework_name, not_found, refused, unavailable};
use std::sync::Arc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status};

#[tonic::async_trait]
impl AuditService for Audit {
    type FollowEventsStream = ReceiverStream<Result<FollowEventsResponse, Status>>;
    type VerifyLogsStream = ReceiverStream<Result<VerifyLogsResponse, Status>>;

    async fn list_logs(
        &self,
        request: Request<ListLogsRequest>,
    ) -> Result<Response<ListLogsResponse>, Status> {
        let reader = self.reader(&request)?;
        let request = request.into_inner();
        let mut fields = Fields::new();
        let parent = form::parent(&mut fields, &request.parent);
        let parent = fields.finish(|| parent)?;
        let of_parent = self.logs_of(&reader, parent)?;
        let (logs, next_page_token) = page_of(&request, |after: Option<LogId>| {
            let after = after.map(|log| log.to_string()).unwrap_or_default();
            let mut named: Vec<_> = of_parent.iter().map(|log| (log.to_string(), *log)).collect();
            named.sort_unstable();
            named.into_iter().filter(move |(name, _)| *name > after).map(|(_, log)| (log, self.log_head(log)))
        })?;
        let logs = logs.into_iter().flatten().collect();
        Ok(Response::new(ListLogsResponse { logs, next_page_token }))
    }

    async fn get_log_head(&self, request: Request<GetLogHeadRequest>) -> Result<Response<LogHead>, Status> {
        let reader = self.reader(&request)?;
        let mut fields = Fields::new();
        let log = form::log(&mut fields, "log", &request.get_ref().log);
        let log = readable(&reader, fields.finish(|| log)?)?;
        self.log_head(log).map(Response::new).ok_or_else(|| not_found("LOG_UNKNOWN", &log.to_string()))
    }

    async fn search_events(
        &self,
        request: Request<SearchEventsRequest>,
    ) -> Result<Response<SearchEventsResponse>, Status> {
        let reader = self.reader(&request)?;
        let request = request.into_inner();
        let mut fields = Fields::new();
        let order = form::order(&mut fields, request.order);
        let filter = form::filter(&mut fields, &request.filter.clone().unwrap_or_default());
        let (filter, order) = fields.finish(|| Some((filter?, order?)))?;
        let question = form::question(reader, filter)?;
        self.shared.index.look(|logs| {
            let (events, next_page_token) = page_of(&request, |after: Option<Cursor>| {
                let found = logs.search(&question, order, after);
                found.map(|(cursor, event)| (cursor, render::record(&event)))
            })?;
            Ok(Response::new(SearchEventsResponse { events, next_page_token }))
        })
    }

    async fn get_event(&self, request: Request<GetEventRequest>) -> Result<Response<AuditedEvent>, Status> {
        let reader = self.reader(&request)?;
        let mut fields = Fields::new();
        let log = form::log(&mut fields, "log", &request.get_ref().log);
        let log = readable(&reader, fields.finish(|| log)?)?;
        let position = request.get_ref().position;
        // What is recorded of it and the proof are of one moment.
        let recorded = self.shared.index.look(|logs| {
            let event = logs.event(log, position).filter(|event| {
                reader.sees(log, event.council(), event.actor(), event.causation().as_deref())
            })?;
            let head = logs.head(log)?;
            let proof = InclusionProof {
                leaf_index: position - 1,
                tree_size: head.size,
                root: head.root.to_string(),
                path: logs.proof(log, position)?.iter().map(ToString::to_string).collect(),
            };
            Some((render::record(&event), event.leaf_hash, proof))
        });
        let unknown = || not_found("EVENT_UNKNOWN", &format!("event {position} of {log}"));
        let (record, leaf_hash, proof) = recorded.ok_or_else(unknown)?;
        let event = self.stored(log, position).await?;
        if event.leaf_hash() != leaf_hash {
            return Err(altered(log, position, "it is not the one that was recorded"));
        }
        let withheld = reader.withheld(&event);
        let payload = if withheld.is_none() {
            String::from_utf8_lossy(&event.payload).into_owned()
        } else {
            String::new()
        };
        Ok(Response::new(AuditedEvent {
            event: Some(record),
            version: u32::from(event.version),
            payload_json: payload,
            payload_withheld: withheld.unwrap_or_default().to_owned(),
            leaf: String::from_utf8_lossy(&event.leaf()).into_owned(),
            proof: Some(proof),
        }))
    }

    async fn follow_events(
        &self,
        request: Request<FollowEventsRequest>,
    ) -> Result<Response<Self::FollowEventsStream>, Status> {
        let reader = self.reader(&request)?;
        let caller = Caller::of(&request)?;
        follow::follow(self, &caller, reader, request.into_inner()).map(Response::new)
    }

    async fn verify_logs(
        &self,
        request: Request<VerifyLogsRequest>,
    ) -> Result<Response<Self::VerifyLogsStream>, Status> {
        let reader = self.reader(&request)?;
        verify::verify(self, &reader, request.get_ref()).map(Response::new)
    }
}

impl Audit {
    fn reader<T>(&self, request: &Request<T>) -> Result<Reader, Status> {
        Reader::of(&Caller::of(request)?, &self.shared.region)
    }

    /// The logs of a parent, or all that the reader reads, in order.
    fn logs_of(&self, reader: &Reader, parent: Option<form::Parent>) -> Result<Vec<LogId>, Status> {
        let readable = |log: &LogId| reader.reads(*log);
        let all = self.logs().into_iter().filter(readable);
        match parent {
            None => Ok(all.collect()),
            Some(form::Parent::Council(council)) => {
                if !reader.asks_about(council) {
                    return Err(reader.not_yours(&council_name(council)));
                }
                Ok(all.filter(|log| log.owner == Owner::Council(council)).collect())
            }
            Some(form::Parent::Framework(id)) => Ok(self
                .members(reader, &id)?
                .into_iter()
                .flat_map(|council| {
                    all.clone().filter(move |log| log.owner == Owner::Council(council)).collect::<Vec<_>>()
                })
                .collect()),
        }
    }

    fn members(&self, reader: &Reader, id: &FrameworkId) -> Result<Vec<CouncilId>, Status> {
        match reader {
            Reader::Lead { framework, members } if framework == id => Ok(members.iter().copied().collect()),
            _ => Err(reader.not_yours(&framework_name(id))),
        }
    }

    fn log_head(&self, log: LogId) -> Option<LogHead> {
        let head = self.shared.index.head(log)?;
        Some(render::log_head(log, &head, self.shared.stuck(log)))
    }

    /// An event as its log holds it now.
    async fn stored(&self, log: LogId, position: u64) -> Result<Arc<Recorded>, Status> {
        match self.shared.exchange.fetch(log, position - 1, 1).await {
            Ok(events) => match events.first().filter(|event| event.position == position) {
                Some(event) => Ok(Arc::clone(event)),
                None => {
                    let message = format!("event {position} of {log} was recorded and is not there any more");
                    Err(data_loss("EVENT_MISSING", message, log, position))
                }
            },
            Err(ExchangeError::Log(LogError::Damaged { .. })) => {
                Err(altered(log, position, "it does not fit the digest stored with it"))
            }
            Err(error) => {
                tracing::warn!(%log, position, %error, "event not read");
                Err(unavailable(format!("{log} cannot be read at the moment")))
            }
        }
    }
}

fn readable(reader: &Reader, log: LogId) -> Result<LogId, Status> {
    if reader.reads(log) { Ok(log) } else { Err(reader.not_yours(&log.to_string())) }
}

fn altered(log: LogId, position: u64, how: &str) -> Status {
    data_loss("EVENT_ALTERED", format!("event {position} of {log} was changed: {how}"), log, position)
}

fn data_loss(reason: &str, message: String, log: LogId, position: u64) -> Status {
    tracing::error!(%log, position, reason, "ALARM: an event is not as it was recorded");
    let metadata = [("log", log.to_string()), ("position", position.to_string())];
    refused(Code::DataLoss, reason, message, metadata)
}
