//! From flags and JSON to a request.

use clap::ArgMatches;
use prost_reflect::{
    Cardinality, DeserializeOptions, DynamicMessage, FieldDescriptor, Kind, MethodDescriptor,
};
use serde_json::{Map, Value};
use std::io::Read;

/// The largest JSON that is read, in bytes; the server takes less.
const JSON_BYTES_MAX: u64 = 1024 * 1024;

/// The request of a method, from `--body` and the flags that override it. A `request_id` that is not given is made up, so
/// that every change is safe to retry on the way.
pub(super) fn build(method: &MethodDescriptor, matches: &ArgMatches) -> Result<DynamicMessage, String> {
    let mut object = match matches.get_one::<String>("body") {
        Some(body) => match json("--body", body)? {
            Value::Object(object) => object,
            _ => {
                return Err(
                    "--body: expected a JSON object such as {\"parent\": \"councils/E06000015\"}".to_owned()
                );
            }
        },
        None => Map::new(),
    };
    for field in method.input().fields() {
        if let Some(value) = flag(&field, matches)? {
            object.remove(field.json_name());
            object.insert(field.name().to_owned(), value);
        }
    }
    let makes_id = method.input().get_field_by_name("request_id").is_some();
    if makes_id && !object.contains_key("request_id") && !object.contains_key("requestId") {
        object.insert("request_id".to_owned(), Value::String(uuid::Uuid::new_v4().to_string()));
    }
    let text = Value::Object(object).to_string();
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let mut reader = serde_json::Deserializer::from_str(&text);
    DynamicMessage::deserialize_with_options(method.input(), &mut reader, &options)
        .map_err(|error| format!("the request does not fit {}: {error}", method.input().name()))
}

/// What was given for a field.
fn flag(field: &FieldDescriptor, matches: &ArgMatches) -> Result<Option<Value>, String> {
    let Some(values) = matches.get_many::<String>(&super::flag_id(field)) else { return Ok(None) };
    let values = values.map(|text| value(field, text)).collect::<Result<Vec<_>, _>>()?;
    if field.cardinality() == Cardinality::Repeated {
        return Ok(Some(Value::Array(values)));
    }
    Ok(values.into_iter().next_back())
}

fn value(field: &FieldDescriptor, text: &str) -> Result<Value, String> {
    let flag = format!("--{}", super::flag_name(field));
    match field.kind() {
        Kind::String | Kind::Bytes => Ok(Value::String(text.to_owned())),
        Kind::Message(message) if message.full_name() == "google.protobuf.Timestamp" => {
            Ok(Value::String(text.to_owned()))
        }
        Kind::Enum(kind) => {
            let wanted = text.to_ascii_lowercase();
            let named =
                kind.values().find(|value| super::short_enum_value(kind.name(), value.name()) == wanted);
            Ok(Value::String(named.map_or_else(|| text.to_owned(), |value| value.name().to_owned())))
        }
        Kind::Message(_) => json(&flag, text),
        _ => serde_json::from_str(text).map_err(|_| format!("{flag}: {text:?} is not a number")),
    }
}

/// JSON given directly, as `@FILE`, or as `-` for standard input.
fn json(flag: &str, text: &str) -> Result<Value, String> {
    let (place, content) = if text == "-" {
        ("standard input".to_owned(), read(std::io::stdin().lock()))
    } else if let Some(path) = text.strip_prefix('@') {
        (path.to_owned(), std::fs::File::open(path).and_then(read))
    } else {
        (flag.to_owned(), Ok(text.to_owned()))
    };
    let content = content.map_err(|error| format!("{place}: {error}"))?;
    serde_json::from_str(&content).map_err(|error| format!("{place}: malformed JSON: {error}"))
}

fn read(source: impl Read) -> std::io::Result<String> {
    let mut content = String::new();
    source.take(JSON_BYTES_MAX + 1).read_to_string(&mut content)?;
    if u64::try_from(content.len()).is_ok_and(|length| length <= JSON_BYTES_MAX) {
        return Ok(content);
    }
    Err(std::io::Error::other(format!("it is larger than the {JSON_BYTES_MAX} bytes that are read")))
}
