//! From flags and JSON to a request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::ArgMatches;
use prost_reflect::{
    Cardinality, DeserializeOptions, DynamicMessage, EnumDescriptor, EnumValueDescriptor, FieldDescriptor,
    Kind, MessageDescriptor, MethodDescriptor,
};
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment, Track};
use std::collections::BTreeSet;
use std::io::Read;

/// The largest JSON that is read, in bytes; the server takes less.
const JSON_BYTES_MAX: u64 = 1024 * 1024;
/// The largest file that is sent, in bytes.
const FILE_BYTES_MAX: u64 = 10 * 1024 * 1024;

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
    let mut flags = BTreeSet::new();
    for field in method.input().fields() {
        if let Some(value) = flag(&field, matches)? {
            object.remove(field.json_name());
            object.insert(field.name().to_owned(), value);
            flags.insert(field.name().to_owned());
        }
    }
    let makes_id = method.input().get_field_by_name("request_id").is_some();
    if makes_id && !object.contains_key("request_id") && !object.contains_key("requestId") {
        object.insert("request_id".to_owned(), Value::String(uuid::Uuid::new_v4().to_string()));
    }
    name_enums(&mut object, &method.input());
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let mut track = Track::new();
    let reader = serde_path_to_error::Deserializer::new(Value::Object(object), &mut track);
    DynamicMessage::deserialize_with_options(method.input(), reader, &options)
        .map_err(|error| misfit(&method.input(), &track.path(), &flags, &error))
}

/// Writes out the short words that stand for an enum's values, as flags take them: `open` for `REFERRAL_STAGE_OPEN`.
fn name_enums(object: &mut Map<String, Value>, message: &MessageDescriptor) {
    for (key, value) in object {
        let field = message.get_field_by_name(key).or_else(|| message.get_field_by_json_name(key));
        let Some(field) = field.filter(|field| !field.is_map()) else { continue };
        let values = match value {
            Value::Array(items) => items.as_mut_slice(),
            one => std::slice::from_mut(one),
        };
        for value in values {
            match (&mut *value, field.kind()) {
                (Value::Object(object), Kind::Message(inner)) => name_enums(object, &inner),
                (Value::String(text), Kind::Enum(kind)) => *text = enum_value(&kind, text),
                _ => {}
            }
        }
    }
}

/// The name of the value that a word stands for, in whichever case and with whatever between its parts; the word itself if it stands for none.
fn enum_value(kind: &EnumDescriptor, word: &str) -> String {
    let plain = word.trim().to_ascii_uppercase().replace(['-', ' '], "_");
    let wanted = super::short_enum_value(kind.name(), &plain);
    let named = kind.values().find(|value| super::short_enum_value(kind.name(), value.name()) == wanted);
    named.map_or_else(|| word.to_owned(), |value| value.name().to_owned())
}

/// Where a value does not fit the request, as people gave it, and what was expected there.
fn misfit(
    request: &MessageDescriptor,
    path: &Path,
    flags: &BTreeSet<String>,
    error: &serde_json::Error,
) -> String {
    let mut segments = path.iter().peekable();
    let flag = segments.next_if(|first| matches!(first, Segment::Map { key } if flags.contains(key)));
    let given = match flag {
        Some(Segment::Map { key }) => {
            let field = request.get_field_by_name(key);
            field.map_or_else(|| key.clone(), |field| format!("--{}", super::flag_name(&field)))
        }
        _ => "--body".to_owned(),
    };
    let mut place = String::new();
    for segment in segments {
        match segment {
            Segment::Seq { index } => place.push_str(&format!("[{index}]")),
            Segment::Map { key } if place.is_empty() => place.push_str(key),
            Segment::Map { key } => place.push_str(&format!(".{key}")),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    let expected = expected(request, path, error);
    if place.is_empty() { format!("{given}: {expected}") } else { format!("{given}: {place}: {expected}") }
}

/// What is expected at a place in a request.
fn expected(request: &MessageDescriptor, path: &Path, error: &serde_json::Error) -> String {
    let mut kind = Kind::Message(request.clone());
    let mut list = false;
    for segment in path.iter() {
        match (segment, &kind) {
            (Segment::Map { key }, Kind::Message(message)) => {
                let field = message.get_field_by_name(key).or_else(|| message.get_field_by_json_name(key));
                let Some(field) = field else { return error.to_string() };
                list = field.is_list();
                kind = field.kind();
            }
            (Segment::Seq { .. }, _) => list = false,
            _ => return error.to_string(),
        }
    }
    let whole = |from: &dyn std::fmt::Display, to: &dyn std::fmt::Display| {
        format!("expected a whole number from {from} to {to}")
    };
    match kind {
        _ if list => "expected a list in [ ]".to_owned(),
        Kind::Bool => "expected true or false".to_owned(),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => whole(&i32::MIN, &i32::MAX),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => whole(&i64::MIN, &i64::MAX),
        Kind::Uint32 | Kind::Fixed32 => whole(&u32::MIN, &u32::MAX),
        Kind::Uint64 | Kind::Fixed64 => whole(&u64::MIN, &u64::MAX),
        Kind::Float | Kind::Double => "expected a number".to_owned(),
        Kind::String => "expected text in quotes".to_owned(),
        Kind::Bytes => "expected base64 in quotes".to_owned(),
        Kind::Enum(kind) => {
            let short = |value: EnumValueDescriptor| super::short_enum_value(kind.name(), value.name());
            let words: Vec<String> = kind.values().skip(1).map(short).collect();
            format!("expected one of {}", words.join(", "))
        }
        // A key that it does not have, or no object at all.
        Kind::Message(message) if message.full_name() != "google.protobuf.Timestamp" => {
            let keys: Vec<String> = message.fields().map(|key| key.name().to_owned()).collect();
            format!("{error}; the keys of its JSON object are {}", keys.join(", "))
        }
        Kind::Message(_) => "expected an instant such as \"2026-06-01T09:00:00Z\"".to_owned(),
    }
}

/// What was given for a field.
fn flag(field: &FieldDescriptor, matches: &ArgMatches) -> Result<Option<Value>, String> {
    let Some(values) = matches.get_many::<String>(&super::flag_id(field)) else { return Ok(None) };
    let values = values.map(|text| value(field, text)).collect::<Result<Vec<_>, _>>()?;
    if field.cardinality() == Cardinality::Repeated {
        // A list given at once is as good as each of its items.
        let each = values.into_iter().flat_map(|value| match value {
            Value::Array(items) => items,
            one => vec![one],
        });
        return Ok(Some(Value::Array(each.collect())));
    }
    Ok(values.into_iter().next_back())
}

fn value(field: &FieldDescriptor, text: &str) -> Result<Value, String> {
    let flag = format!("--{}", super::flag_name(field));
    match field.kind() {
        Kind::String => Ok(Value::String(text.to_owned())),
        Kind::Bytes => bytes(&flag, text).map(Value::String),
        Kind::Message(message) if message.full_name() == "google.protobuf.Timestamp" => {
            Ok(Value::String(text.to_owned()))
        }
        // Of enums the short word: it is written out with the others.
        Kind::Enum(_) => Ok(Value::String(text.to_owned())),
        Kind::Message(_) => json(&flag, text),
        _ => serde_json::from_str(text).map_err(|_| format!("{flag}: {text:?} is not a number")),
    }
}

/// Bytes given as base64, as `@FILE`, or as `-` for standard input; as base64.
fn bytes(flag: &str, text: &str) -> Result<String, String> {
    let (place, content) = if text == "-" {
        ("standard input", whole(std::io::stdin().lock()))
    } else if let Some(path) = text.strip_prefix('@') {
        (path, std::fs::File::open(path).and_then(whole))
    } else {
        return Ok(text.to_owned());
    };
    let content = content.map_err(|error| format!("{flag}: {place}: {error}"))?;
    Ok(STANDARD.encode(content))
}

/// A file that is sent, which is no larger than what is taken.
fn whole(source: impl Read) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    source.take(FILE_BYTES_MAX + 1).read_to_end(&mut content)?;
    if u64::try_from(content.len()).is_ok_and(|length| length <= FILE_BYTES_MAX) {
        return Ok(content);
    }
    Err(std::io::Error::other(format!("it is larger than the {FILE_BYTES_MAX} bytes that are taken")))
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

#[cfg(test)]
mod tests {
    use super::build;
    use prost_reflect::MethodDescriptor;

    fn method(name: &str) -> MethodDescriptor {
        let mut methods = super::super::pool().services().flat_map(|it| it.methods().collect::<Vec<_>>());
        methods.find(|method| method.name() == name).unwrap()
    }

    fn built(name: &str, arguments: &[&str]) -> Result<prost_reflect::DynamicMessage, String> {
        let method = method(name);
        let command = super::super::method_command(&method);
        let matches = command.try_get_matches_from([&["it"], arguments].concat()).unwrap();
        build(&method, &matches)
    }

    fn wrong(name: &str, arguments: &[&str]) -> String {
        built(name, arguments).expect_err(&format!("{arguments:?}"))
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named_where_it_stands() {
        let whole = "expected a whole number from 0 to 4294967295";
        for (given, place, expected) in [
            (r#"{"age_years": "nine"}"#, "age_years: ", whole),
            (r#"{"age_years": -1}"#, "age_years: ", whole),
            (r#"{"ageYears": 1.5}"#, "ageYears: ", whole),
            (r#"{"age_years": 4294967296}"#, "age_years: ", whole),
            (r#"{"age_years": {"years": 9}}"#, "age_years: ", whole),
            (r#"{"solo": "yes"}"#, "solo: ", "expected true or false"),
            (r#"{"sex": 1}"#, "sex: ", "expected text in quotes"),
            (r#"{"needs": "TRAUMA"}"#, "needs: ", "expected a list in [ ]"),
            (r#"{"needs": ["TRAUMA", 7]}"#, "needs[1]: ", "expected text in quotes"),
            (r#"{"needs": [null]}"#, "needs[0]: ", "expected text in quotes"),
            (
                r#"{"funders": [{"funder": "HEALTH", "basis_points": 1}, {"basis_points": "all"}]}"#,
                "funders[1].basis_points: ",
                whole,
            ),
            ("[]", "", "keys of its JSON object are"),
        ] {
            let said = wrong("PostReferral", &["--requirements", given]);
            let begin = format!("--requirements: {place}");
            assert!(said.starts_with(&begin) && said.contains(expected), "{given}: {said}");
            assert!(!said.contains(" line "), "of a text that nobody wrote: {said}");
        }
    }

    #[test]
    fn flags_and_bodies_are_told_apart_and_lists_of_flags_counted() {
        let body = r#"{"parent": "councils/E06000015", "requirements": {"age_years": "nine"}}"#;
        let said = wrong("PostReferral", &["--body", body]);
        assert!(said.starts_with("--body: requirements.age_years: expected a whole number"), "{said}");
        let said = wrong("ListReferrals", &["--body", r#"{"stage": "REFERRAL_STAGE_LOST"}"#]);
        assert!(said.starts_with("--body: stage: expected one of open, award-in-progress, "), "{said}");
        let line = r#"{"kind": "CORE", "weekly_pence": 1}"#;
        let said = wrong("SubmitOffer", &["--lines", line, "--lines", r#"{"weekly_pence": "much"}"#]);
        assert!(said.starts_with("--lines: [1].weekly_pence: expected a whole number from -"), "{said}");
        let said = wrong("ListReferrals", &["--page-size", "1.5"]);
        assert!(said.starts_with("--page-size: expected a whole number"), "{said}");
        let said = wrong("SearchEvents", &["--filter", r#"{"recorded_from": "monday"}"#]);
        assert!(said.starts_with("--filter: recorded_from: expected an instant such as"), "{said}");
    }

    #[test]
    fn an_enum_takes_its_short_word_in_any_case_wherever_it_stands() {
        let whole = |kind| {
            let policy = format!(r#"{{"etag": "0", "mode": "{kind}"}}"#);
            built("SetCascadePolicy", &["--request-id", "r", "--policy", &policy])
        };
        let right = whole("CASCADE_MODE_PARALLEL").unwrap();
        for word in ["parallel", "Parallel", "PARALLEL", "cascade_mode_parallel", "cascade-mode-parallel"] {
            assert_eq!(whole(word).as_ref(), Ok(&right), "{word}");
        }
        let said = whole("backwards").unwrap_err();
        assert_eq!(said, "--policy: mode: expected one of sequential, parallel");
        let staged = |stage: &str| {
            let body = format!(r#"{{"parent": "councils/E06000015", "stage": "{stage}"}}"#);
            built("ListReferrals", &["--body", &body])
        };
        assert_eq!(staged("award in progress"), staged("REFERRAL_STAGE_AWARD_IN_PROGRESS"));
        let by_flag = ["--parent", "councils/E06000015", "--stage", "award-in-progress"];
        assert_eq!(staged("award-in-progress"), built("ListReferrals", &by_flag));
    }

    #[test]
    fn an_unknown_key_is_named_with_the_known_ones_and_broken_json_by_line_and_column() {
        let said = wrong("PostReferral", &["--requirements", r#"{"funders": [{"colour": 1}]}"#]);
        assert!(said.starts_with("--requirements: funders[0]: ") && said.contains("'colour'"), "{said}");
        assert!(said.contains("funder, basis_points"), "{said}");
        let said = wrong("PostReferral", &["--body", r#"{"colour": 1}"#]);
        assert!(said.starts_with("--body: ") && said.contains("parent, requirements"), "{said}");
        let said = wrong("PostReferral", &["--requirements", "{\"sex\": \"F\",\n}"]);
        assert!(
            said.starts_with("--requirements: malformed JSON: ") && said.contains("line 2 column 1"),
            "{said}"
        );
    }

    #[test]
    fn a_file_is_sent_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("invoices.csv");
        std::fs::write(&path, [0, 159, 146, 150]).unwrap();
        let given =
            |content: &str| built("SubmitInvoiceDocument", &["--request-id", "r", "--content", content]);
        let sent = given(&format!("@{}", path.display())).unwrap();
        assert_eq!(
            sent.get_field_by_name("content").unwrap().as_bytes().unwrap().as_ref(),
            [0, 159, 146, 150]
        );
        assert_eq!(given("AJ+Slg=="), Ok(sent));
        let said = given("@/nowhere/invoices.csv").unwrap_err();
        assert!(said.starts_with("--content: /nowhere/invoices.csv: "), "{said}");
    }

    #[test]
    fn nothing_given_for_a_field_is_as_if_it_were_left_out() {
        let asked = |requirements| {
            built("PostReferral", &["--request-id", "r", "--requirements", requirements]).unwrap()
        };
        assert_eq!(asked(r#"{"age_years": null, "needs": null, "sex": "F"}"#), asked(r#"{"sex": "F"}"#));
    }
}
