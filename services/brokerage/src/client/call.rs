//! Calling a method that is known by its descriptor only.

use super::files::Sink;
use super::output::{self, Form};
use super::progress::Progress;
use crate::terminal::{Exit, say_error};
use prost::Message;
use prost_reflect::{
    DynamicMessage, Kind, MessageDescriptor, MethodDescriptor, ReflectMessage, SerializeOptions,
};
use serde_json::Value;
use service_kit::token::{TOKEN_BYTES_MAX, too_long};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::{FieldViolation, StatusExt};

/// The reason of a refusal that is told field by field.
const FIELD_INVALID: &str = "FIELD_INVALID";

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

/// Calls a method and prints what it answers, or puts the file that it answers with where that goes.
pub(super) async fn call(
    method: &MethodDescriptor,
    request: DynamicMessage,
    address: &str,
    token: Option<&str>,
    form: Form,
    file: Option<Sink>,
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
    let result = if let Some(file) = file {
        kept(method, request, channel, file).await
    } else if method.is_server_streaming() {
        stream(method, request, channel, form).await
    } else {
        unary(method, request, channel).await.and_then(|answer| {
            output::print(&printed(&answer, form)?, &method.output(), form);
            Ok(if says_no(&to_json(&answer)?) { Exit::No } else { Exit::Yes })
        })
    };
    result.unwrap_or_else(|status| refused(&status, form))
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
) -> Result<DynamicMessage, Status> {
    let codec = DynamicCodec { answer: method.output() };
    let mut client = client(channel).await?;
    if method.is_client_streaming() {
        let pieces = request.map(|whole| futures::stream::iter(pieces(whole)));
        return Ok(client.client_streaming(pieces, path(method)?, codec).await?.into_inner());
    }
    Ok(client.unary(request, path(method)?, codec).await?.into_inner())
}

/// How many bytes of a file one message carries.
const PIECE_BYTES: usize = 128 * 1024;

/// A request with a file as the messages that carry it: the first with all but the rest of the file, the others with that.
fn pieces(mut whole: DynamicMessage) -> Vec<DynamicMessage> {
    let content = whole.get_field_by_name("content").and_then(|value| value.as_bytes().cloned());
    let content = content.unwrap_or_default();
    let piece = |bytes: &[u8]| prost_reflect::Value::Bytes(bytes.to_vec().into());
    let mut rest = content.chunks(PIECE_BYTES);
    let descriptor = whole.descriptor();
    if let Some(first) = rest.next() {
        whole.set_field_by_name("content", piece(first));
    }
    let later = rest.map(|bytes| {
        let mut message = DynamicMessage::new(descriptor.clone());
        message.set_field_by_name("content", piece(bytes));
        message
    });
    std::iter::once(whole).chain(later.collect::<Vec<_>>()).collect()
}

/// Whether a message answers what was asked with "no": a call-off is not allowed, a log is not as it was recorded.
fn says_no(message: &Value) -> bool {
    ["allowed", "verified"].iter().any(|verdict| message.get(verdict) == Some(&Value::Bool(false)))
}

/// Puts the pieces of a file where they go, as they come.
async fn kept(
    method: &MethodDescriptor,
    request: Request<DynamicMessage>,
    channel: Channel,
    mut file: Sink,
) -> Result<Exit, Status> {
    let codec = DynamicCodec { answer: method.output() };
    let taken = if method.is_server_streaming() {
        let mut pieces =
            client(channel).await?.server_streaming(request, path(method)?, codec).await?.into_inner();
        let mut taken = Ok(());
        while let Some(piece) = pieces.message().await? {
            taken = file.take(&piece);
            if taken.is_err() {
                break;
            }
        }
        taken
    } else {
        file.take(&unary(method, request, channel).await?)
    };
    Ok(taken.and_then(|()| file.finish()).map_or_else(
        |message| {
            say_error(&message);
            Exit::Unavailable
        },
        |()| Exit::Yes,
    ))
}

/// Prints messages as they come. Progress goes to a bar on stderr; a verdict that is "no" decides the exit code.
async fn stream(
    method: &MethodDescriptor,
    request: Request<DynamicMessage>,
    channel: Channel,
    form: Form,
) -> Result<Exit, Status> {
    let codec = DynamicCodec { answer: method.output() };
    let mut answers =
        client(channel).await?.server_streaming(request, path(method)?, codec).await?.into_inner();
    let progress = Progress::new(method.name(), 0);
    let mut exit = Exit::Yes;
    while let Some(answer) = answers.message().await? {
        let message = answer;
        let answer = to_json(&message)?;
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
        let line = printed(&message, form)?;
        progress.suspend(|| output::print_line(&line, form));
    }
    progress.finish();
    Ok(exit)
}

/// A message as it is to be printed.
fn printed(message: &DynamicMessage, form: Form) -> Result<Value, Status> {
    match form {
        Form::ProtoJson => as_json(message, &SerializeOptions::new()),
        Form::Table | Form::Json => to_json(message),
    }
}

/// A message as JSON with the field names of the `.proto` files and every field in it; null is one that is not set.
fn to_json(message: &DynamicMessage) -> Result<Value, Status> {
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .skip_default_fields(false)
        .stringify_64_bit_integers(false);
    let mut json = as_json(message, &options)?;
    name_unset(&mut json, &message.descriptor());
    Ok(json)
}

fn as_json(message: &DynamicMessage, options: &SerializeOptions) -> Result<Value, Status> {
    message
        .serialize_with_options(serde_json::value::Serializer, options)
        .map_err(|error| Status::internal(format!("the answer has no JSON form: {error}")))
}

/// Adds the fields that can be told apart from empty ones and are not set, as null; of a choice only what was chosen is there.
fn name_unset(json: &mut Value, descriptor: &MessageDescriptor) {
    let Value::Object(object) = json else { return };
    for field in descriptor.fields().filter(|field| !field.is_map()) {
        let of_choice = field.containing_oneof().is_some_and(|choice| !choice.is_synthetic());
        match (object.get_mut(field.name()), field.kind()) {
            (None, _) if field.supports_presence() && !of_choice => {
                object.insert(field.name().to_owned(), Value::Null);
            }
            (Some(Value::Array(items)), Kind::Message(inner)) => {
                items.iter_mut().for_each(|item| name_unset(item, &inner));
            }
            (Some(value), Kind::Message(inner)) => name_unset(value, &inner),
            _ => {}
        }
    }
}

/// Says why the region refused, and ends accordingly.
fn refused(status: &Status, form: Form) -> Exit {
    let details = status.get_error_details();
    let info = details.error_info();
    let reason = info.map_or_else(|| format!("{:?}", status.code()), |info| info.reason.clone());
    let violations =
        details.bad_request().map(|request| request.field_violations.as_slice()).unwrap_or_default();
    match form {
        Form::Json | Form::ProtoJson => {
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
        Form::Table => say_error(&told(&reason, status.message(), violations)),
    }
    match status.code() {
        Code::InvalidArgument | Code::Unauthenticated => Exit::Usage,
        Code::Unavailable | Code::DeadlineExceeded => Exit::Unavailable,
        _ => Exit::No,
    }
}

/// A refusal as people read it. What is wrong with fields says it all where that is the reason; with any other reason the message says what it is,
/// and fields what is in the way besides.
fn told(reason: &str, message: &str, violations: &[FieldViolation]) -> String {
    let lines: String = violations.iter().map(|it| format!("\n  {}: {}", it.field, it.description)).collect();
    match reason == FIELD_INVALID && !lines.is_empty() {
        true => format!("{reason}{lines}"),
        false => format!("{reason}: {message}{lines}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_for_more_than_one_thing_keeps_the_words_of_the_first() {
        let of = |field: &str, description: &str| FieldViolation {
            field: field.to_owned(),
            description: description.to_owned(),
            ..FieldViolation::default()
        };
        let beside = [of("approval", "APPROVER_MISSING: an external award needs a named approver")];
        let first = "offer 1 was valid until 2026-06-10; in the way besides: APPROVER_MISSING";
        assert_eq!(
            told("OFFER_EXPIRED", first, &beside),
            format!("OFFER_EXPIRED: {first}\n  approval: {}", beside[0].description)
        );
        assert_eq!(told("OFFER_EXPIRED", "it is over", &[]), "OFFER_EXPIRED: it is over");
        // What is wrong with fields is told by field, once.
        let wrong = [of("sex", "expected F, M or U")];
        assert_eq!(
            told("FIELD_INVALID", "sex: expected F, M or U", &wrong),
            "FIELD_INVALID\n  sex: expected F, M or U"
        );
        assert_eq!(told("FIELD_INVALID", "it is wrong", &[]), "FIELD_INVALID: it is wrong");
    }

    fn policy() -> DynamicMessage {
        let descriptor =
            super::super::pool().get_message_by_name("brokerage.referrals.v1.CascadePolicy").unwrap();
        let given = serde_json::json!({
            "name": "councils/E06000015/cascadePolicy", "mode": "CASCADE_MODE_PARALLEL",
            "steps": {"gates": [{"gate": "NOMINATED_OFFICER", "when": {"weeklyFromPence": "500000"}}]},
        });
        DynamicMessage::deserialize(descriptor, given).unwrap()
    }

    #[test]
    fn json_has_every_field_and_null_for_what_is_not_set() {
        let json = to_json(&policy()).unwrap();
        assert_eq!(
            (&json["version"], &json["required"], &json["clocks"]),
            (&0.into(), &serde_json::json!([]), &Value::Null)
        );
        assert!(json.as_object().unwrap().contains_key("clocks"), "{json}");
        let when = &json["steps"]["gates"][0]["when"];
        assert_eq!((&when["weekly_from_pence"], &when["age_years_max"]), (&500_000.into(), &Value::Null));
        assert!(when.as_object().unwrap().contains_key("age_years_max"), "{json}");
        // What was printed can be given back, and is printed alike again.
        let again = DynamicMessage::deserialize(policy().descriptor(), json.clone()).unwrap();
        assert_eq!(again.encode_to_vec(), policy().encode_to_vec());
        assert_eq!(to_json(&again).unwrap().to_string(), json.to_string());
    }

    #[test]
    fn of_a_choice_only_what_was_chosen_is_there() {
        let descriptor = super::super::pool().get_message_by_name("brokerage.vacancies.v1.Resale").unwrap();
        let resale = DynamicMessage::deserialize(descriptor, serde_json::json!({"block": "5"})).unwrap();
        let json = to_json(&resale).unwrap();
        assert_eq!(json["block"], 5);
        assert!(!json.as_object().unwrap().contains_key("reservation"), "{json}");
    }

    #[test]
    fn canonical_json_is_that_of_protocol_buffers() {
        let json = printed(&policy(), Form::ProtoJson).unwrap();
        assert_eq!(json["steps"]["gates"][0]["when"], serde_json::json!({"weeklyFromPence": "500000"}));
        assert!(!json.as_object().unwrap().contains_key("version"), "{json}");
    }
}
