//! Answers on the terminal.

use crate::cli::{Output, say};
use care::Pence;
use comfy_table::presets;
use comfy_table::{ContentArrangement, Table};
use prost_reflect::{Cardinality, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

/// How many columns a list has at most; `--output json` has everything.
const COLUMNS_MAX: usize = 9;

/// Prints an answer: a list as a table of its items, anything else as its fields.
pub(super) fn print(answer: &Value, descriptor: &MessageDescriptor, output: Output) {
    match (output, answer) {
        (Output::Json, _) => say(&format!("{answer:#}")),
        (Output::Table, Value::Object(object)) => match listed(object, descriptor) {
            Some(listed) => {
                say(&list(&listed).to_string());
                if !listed.rest.is_empty() {
                    say(&fields(&listed.rest).to_string());
                }
            }
            None => say(&fields(object).to_string()),
        },
        (Output::Table, other) => say(&other.to_string()),
    }
}

/// Prints one message of a stream, on one line.
pub(super) fn print_line(answer: &Value, output: Output) {
    match (output, answer) {
        (Output::Table, Value::Object(object)) => {
            let mut flat = Vec::new();
            flatten("", object, &mut flat);
            let parts: Vec<String> = flat
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| format!("{}={value}", name.rsplit('.').next().unwrap_or(&name)))
                .collect();
            say(&parts.join("  "));
        }
        _ => say(&answer.to_string()),
    }
}

/// A list's answer: its items, what they are, and what else it says.
struct Listed<'a> {
    items: Vec<&'a Map<String, Value>>,
    descriptor: MessageDescriptor,
    rest: Map<String, Value>,
}

/// The items of an answer that is a list: a page of things, or one thing that is mostly a list, such as a ledger.
fn listed<'a>(object: &'a Map<String, Value>, descriptor: &MessageDescriptor) -> Option<Listed<'a>> {
    let mut lists = descriptor.fields().filter_map(|field| match field.kind() {
        Kind::Message(message) if field.cardinality() == Cardinality::Repeated => Some((field, message)),
        _ => None,
    });
    let (field, item) = lists.next()?;
    // A resource with a name of its own is shown as such, whatever lists it holds.
    if descriptor.get_field_by_name("name").is_some() || lists.next().is_some() {
        return None;
    }
    let items = object.get(field.name())?.as_array()?.iter().filter_map(Value::as_object).collect();
    let rest = object.iter().filter(|(name, value)| *name != field.name() && !shown(name, value).is_empty());
    Some(Listed {
        items,
        descriptor: item,
        rest: rest.map(|(name, value)| (name.clone(), value.clone())).collect(),
    })
}

fn table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table
}

/// The columns that say something: in the order of the API, one level deep, without lists of things.
fn columns(descriptor: &MessageDescriptor, items: &[&Map<String, Value>]) -> Vec<Vec<String>> {
    let simple = |field: &FieldDescriptor| !matches!(field.kind(), Kind::Message(message) if message.full_name() != "google.protobuf.Timestamp");
    let mut paths: Vec<Vec<String>> = Vec::new();
    for field in descriptor.fields() {
        match field.kind() {
            _ if simple(&field) => paths.push(vec![field.name().to_owned()]),
            Kind::Message(inner) if field.cardinality() != Cardinality::Repeated => {
                let inner = inner.fields().filter(&simple);
                paths.extend(inner.map(|inner| vec![field.name().to_owned(), inner.name().to_owned()]));
            }
            _ => {}
        }
    }
    // What no row says or every row leaves out is not worth a column; nor are versions that only programs send back.
    paths.retain(|path| {
        let last = path.last().map_or("", String::as_str);
        !matches!(last, "etag" | "request_id") && items.iter().any(|item| !cell(item, path).is_empty())
    });
    paths.truncate(COLUMNS_MAX);
    paths
}

fn cell(item: &Map<String, Value>, path: &[String]) -> String {
    let mut value = None;
    let mut object = Some(item);
    for name in path {
        value = object.and_then(|object| object.get(name));
        object = value.and_then(Value::as_object);
    }
    let name = path.last().map_or("", String::as_str);
    value.map_or_else(String::new, |value| shown(name, value))
}

fn list(listed: &Listed<'_>) -> Table {
    let mut table = table();
    if listed.items.is_empty() {
        table.add_row(["(none)"]);
        return table;
    }
    let columns = columns(&listed.descriptor, &listed.items);
    table.set_header(columns.iter().map(|path| heading(path.last().map_or("", String::as_str))));
    for item in &listed.items {
        table.add_row(columns.iter().map(|path| cell(item, path)));
    }
    table
}

/// A field's name as people read it; an amount says its unit itself.
fn heading(name: &str) -> String {
    name.trim_end_matches("_pence").replace('_', " ")
}

fn fields(object: &Map<String, Value>) -> Table {
    let mut flat = Vec::new();
    flatten("", object, &mut flat);
    let mut table = table();
    for (name, value) in flat.into_iter().filter(|(_, value)| !value.is_empty()) {
        table.add_row([heading(&name), value]);
    }
    table
}

fn flatten(prefix: &str, object: &Map<String, Value>, into: &mut Vec<(String, String)>) {
    for (name, value) in object {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            Value::Object(inner) => flatten(&path, inner, into),
            Value::Array(items) if items.iter().any(Value::is_object) => {
                for (index, item) in items.iter().enumerate() {
                    match item.as_object() {
                        Some(inner) => flatten(&format!("{path}[{index}]"), inner, into),
                        None => into.push((format!("{path}[{index}]"), shown(name, item))),
                    }
                }
            }
            other => into.push((path, shown(name, other))),
        }
    }
}

/// A value as people read it: pence as pounds, an enum without its prefix, nothing for nothing.
fn shown(name: &str, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Number(number) if name.ends_with("_pence") => {
            number.as_i64().map_or_else(|| number.to_string(), |pence| Pence(pence).to_string())
        }
        Value::Bool(false) => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::String(text) if text.ends_with("_UNSPECIFIED") => String::new(),
        // An enum's value repeats what it is a value of: `CLAIM_STAGE_OCCUPIED` in a column named `stage`.
        Value::String(text) => match text.split_once(&format!("{}_", name.to_ascii_uppercase())) {
            Some((_, rest)) if is_constant(text) && !rest.is_empty() => rest.to_owned(),
            _ => text.clone(),
        },
        Value::Array(items) => items.iter().map(|item| shown(name, item)).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn is_constant(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}
