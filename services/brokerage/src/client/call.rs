//! Calling a method that is known by its descriptor only.

use super::progress::Progress;
use super::{DOCUMENT, output};
use crate::terminal::{Exit, Output, say_error};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor, MethodDescriptor, SerializeOptions};
use serde_json::Value;
use service_kit::token::{TOKEN_BYTES_MAX, too_long};
use std::path::Path;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

/// Messages by descriptor on the wire.
#[derive(Clone)]
struct DynamicCodec {
    answer: MessageDescriptor,
}

impl Codec for DynamicCodec {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        self.clone()
    }

    fn decoder(&mut self) -> Self {
        self.clone()
    }
}

impl Encoder for DynamicCodec {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, item: DynamicMessage, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.encode(buffer).map_err(|error| Status::internal(error.to_string()))
    }
}

impl Decoder for DynamicCodec {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let decoded = DynamicMessage::decode(self.answer.clone(), buffer);
        decoded.map(Some).map_err(|error| Status::internal(format!("the answer is unreadable: {error}")))
    }
}

/// Calls a method and prints what it answers; a document is written to `file`, where one is given.
pub(super) async fn call(
    method: &MethodDescriptor,
    request: DynamicMessage,
    address: &str,
    token: Option<&str>,
    (output, file): (Output, Option<&Path>),
) -> Exit {
    let channel = match connect(address).await {
        Ok(channel) => channel,
        Err(message) => {
            say_error(&message);
            return Exit::Unavailable;
        }
    };
    let mut request = Request::new(request);
    if let Some(token) = token {
        let token = token.trim();
        if token.len() > TOKEN_BYTES_MAX {
            say_error(&format!("--token: {}", too_long(token)));
            return Exit::Usage;
        }
        let Ok(bearer) = format!("Bearer {token}").parse() else {
            say_error("--token: a token is printable ASCII");
            return Exit::Usage;
        };
        request.metadata_mut().insert("authorization", bearer);
    }
    let result = if method.is_server_streaming() {
        stream(method, request, channel, output).await
    } else {
        unary(method, request, channel).await.map(|mut answer| {
            if let Some(Err(message)) = file.map(|file| keep(&mut answer, file)) {
                say_error(&message);
                return Exit::Usage;
            }
            output::print(&answer, &method.output(), output);
            if says_no(&answer) { Exit::No } else { Exit::Yes }
        })
    };
    result.unwrap_or_else(|status| refused(&status, output))
}

/// Writes the document of an answer to a file; the answer then says where it is instead.
fn keep(answer: &mut Value, file: &Path) -> Result<(), String> {
    let content = answer.get(DOCUMENT).and_then(Value::as_str).unwrap_or_default();
    let bytes = STANDARD.decode(content).map_err(|error| format!("the document is damaged: {error}"))?;
    std::fs::write(file, bytes).map_err(|error| format!("--out {}: {error}", file.display()))?;
    if let Value::Object(fields) = answer {
        fields.insert(DOCUMENT.to_owned(), Value::String(format!("in {}", file.display())));
    }
    Ok(())
}

async fn connect(address: &str) -> Result<Channel, String> {
    let endpoint = Endpoint::from_shared(address.to_owned()).map_err(|error| {
        format!("--address {address:?}: {error}; expected such as http://127.0.0.1:50051")
    })?;
    endpoint.connect().await.map_err(|_| {
        format!("nothing answers at {address}: start it with `brokerage run`, or give --address")
    })
}

async fn client(channel: Channel) -> Result<Grpc<Channel>, Status> {
    let mut client = Grpc::new(channel);
    client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    Ok(client)
}

fn path(method: &MethodDescriptor) -> Result<http::uri::PathAndQuery, Status> {
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    path.parse().map_err(|_| Status::internal("a method's name is a path"))
}

async fn unary(
    method: &MethodDescriptor,
    request: Request<DynamicMessage>,
    channel: Channel,
) -> Result<Value, Status> {
    let codec = DynamicCodec { answer: method.output() };
    let answer = client(channel).await?.unary(request, path(method)?, codec).await?.into_inner();
    to_json(&answer)
}

/// Whether a message answers what was asked with "no": a call-off is not allowed, a log is not as it was recorded.
fn says_no(message: &Value) -> bool {
    ["allowed", "verified"].iter().any(|verdict| message.get(verdict) == Some(&Value::Bool(false)))
}

/// Prints messages as they come. Progress goes to a bar on stderr; a verdict that is "no" decides the exit code.
async fn stream(
    method: &MethodDescriptor,
    request: Request<DynamicMessage>,
    channel: Channel,
    output: Output,
) -> Result<Exit, Status> {
    let codec = DynamicCodec { answer: method.output() };
    let mut answers =
        client(channel).await?.server_streaming(request, path(method)?, codec).await?.into_inner();
    let progress = Progress::new(method.name(), 0);
    let mut exit = Exit::Yes;
    while let Some(answer) = answers.message().await? {
        let answer = to_json(&answer)?;
        if let Some(step) = answer.get("progress") {
            let number = |field: &str| step.get(field).and_then(Value::as_u64).unwrap_or(0);
            progress.reached(
                step.get("log").and_then(Value::as_str).unwrap_or(""),
                number("events_checked"),
                number("events_total"),
            );
            continue;
        }
        if ["verdict", "summary"].iter().any(|part| answer.get(part).is_some_and(says_no)) {
            exit = Exit::No;
        }
        progress.suspend(|| output::print_line(&answer, output));
    }
    progress.finish();
    Ok(exit)
}

/// A message as JSON with the field names of the `.proto` files and every field in it.
fn to_json(message: &DynamicMessage) -> Result<Value, Status> {
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .skip_default_fields(false)
        .stringify_64_bit_integers(false);
    message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .map_err(|error| Status::internal(format!("the answer has no JSON form: {error}")))
}

/// Says why the region refused, and ends accordingly.
fn refused(status: &Status, output: Output) -> Exit {
    let details = status.get_error_details();
    let info = details.error_info();
    let reason = info.map_or_else(|| format!("{:?}", status.code()), |info| info.reason.clone());
    let violations =
        details.bad_request().map(|request| request.field_violations.as_slice()).unwrap_or_default();
    match output {
        Output::Json => {
            let violations: Vec<Value> = violations
                .iter()
                .map(|violation| serde_json::json!({"field": violation.field, "description": violation.description}))
                .collect();
            let metadata = info.map(|info| info.metadata.clone()).unwrap_or_default();
            let error = serde_json::json!({"error": {
                "code": format!("{:?}", status.code()), "reason": reason, "message": status.message(),
                "metadata": metadata, "violations": violations,
            }});
            crate::terminal::say(&format!("{error:#}"));
        }
        Output::Table if violations.is_empty() => say_error(&format!("{reason}: {}", status.message())),
        Output::Table => {
            let lines = violations
                .iter()
                .map(|violation| format!("\n  {}: {}", violation.field, violation.description));
            say_error(&format!("{reason}{}", lines.collect::<String>()));
        }
    }
    match status.code() {
        Code::InvalidArgument | Code::Unauthenticated => Exit::Usage,
        Code::Unavailable | Code::DeadlineExceeded => Exit::Unavailable,
        _ => Exit::No,
    }
}
