//! From a request to a durable answer.

use crate::errors::{from_engine, refused};
use crate::principal::Caller;
use care::{Domain, Violation};
use engine::{Context, Engine, RequestKey};
use exchange::trace;
use prost::{Message, Name};
use sha2::{Digest, Sha256};
use tonic::{Code, Response, Status};

/// The longest request id, in bytes.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// SHA-256 of a request: its type and its bytes.
#[must_use]
pub fn request_hash<Req: Message + Name>(request: &Req) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(Req::full_name());
    hasher.update([0]);
    hasher.update(request.encode_to_vec());
    hasher.finalize().into()
}

/// The key under which the answer to a caller's request is kept beside the events.
#[must_use]
pub fn kept_under(caller: &Caller, request_id: &str) -> String {
    format!("{}|{request_id}", caller.actor())
}

/// What an event that a request brings about names as its cause: the request; one without an id is named by the trace that it is a step of.
fn cause(key: Option<&RequestKey>, request_id: &str) -> Option<String> {
    if key.is_some() {
        return Some(format!("request:{request_id}"));
    }
    trace::current().map(|trace| format!("trace:{:032x}-{:016x}", trace.trace(), trace.step()))
}

/// Runs a command for a caller and answers once its events are durable. With a `request_id` the answer is kept beside
/// the events: the same id and request give the same bytes again, another request under the id is refused.
///
/// # Errors
/// The domain's refusal with its reason; `REQUEST_ID_REUSED`; `FIELD_INVALID` for a request id that is not one; `UNAVAILABLE` when
/// the log cannot take it, in which case it is safe to ask again with the same request id.
pub async fn run_command<D, Req, Resp>(
    engine: &Engine<D>,
    caller: &Caller,
    request: &Req,
    request_id: &str,
    command: D::Command,
    render: impl FnOnce(&D::State, &[D::Event]) -> Resp + Send + 'static,
) -> Result<Response<Resp>, Status>
where
    D: Domain,
    Req: Message + Name,
    Resp: Message + Default,
{
    let key = request_key(caller, request, request_id)?;
    let context = Context {
        actor: caller.actor(),
        causation: cause(key.as_ref(), request_id),
        correlation: None,
        at: caller.at,
        request: key,
    };
    if let Some(causation) = &context.causation {
        trace::request(&context.actor, causation);
    }
    let reply = engine
        .execute(command, context, |state, events| render(state, events).encode_to_vec())
        .await
        .map_err(from_engine)?;
    let response = Resp::decode(reply.bytes.as_slice()).map_err(|error| {
        refused(Code::DataLoss, "REPLY_DAMAGED", format!("the kept answer is unreadable: {error}"), [])
    })?;
    Ok(Response::new(response))
}

fn request_key<Req: Message + Name>(
    caller: &Caller,
    request: &Req,
    request_id: &str,
) -> Result<Option<RequestKey>, Status> {
    if request_id.is_empty() {
        return Ok(None);
    }
    if request_id.len() > REQUEST_ID_BYTES_MAX || !request_id.bytes().all(|byte| byte.is_ascii_graphic()) {
        let violation = Violation {
            field: "request_id".to_owned(),
            description: format!(
                "expected 1 to {REQUEST_ID_BYTES_MAX} printable ASCII characters, such as a UUID"
            ),
        };
        let message = format!("request_id: {}", violation.description);
        return Err(crate::errors::with_violations(
            Code::InvalidArgument,
            "FIELD_INVALID",
            message,
            &[violation],
        ));
    }
    Ok(Some(RequestKey { key: kept_under(caller, request_id), request_hash: request_hash(request) }))
}
