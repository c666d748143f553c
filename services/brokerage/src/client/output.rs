//! Answers on the terminal.

use crate::cli::{Output, say};
use care::Pence;
use comfy_table::presets;
use comfy_table::{ContentArrangement, Table};
use prost_reflect::{Cardinality, Kind, MessageDescriptor};
use serde_json::{Map, Value};

/// How many columns a list has at most; `--output json` has everything.
const COLUMNS_MAX: usize = 9;

/// Prints an answer: a list as a table of its items, anything else as its fields.
pub(super) fn print(answer: &Value, descriptor: &MessageDescriptor, output: Output) {
    match (output, answer) {
        (Output::Json, _) => say(&format!("{answer:#}")),
        (Output::Table, Value::Object(object)) => match items(object, descriptor) {
            Some((items, rest)) => {
                say(&list(items).to_string());
                if !rest.is_empty() {
                    say(&fields(&rest).to_string());
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

type Items<'a> = (Vec<&'a Map<String, Value>>, Map<String, Value>);

/// The items of a list's answer, and what else it says.
fn items<'a>(object: &'a Map<String, Value>, descriptor: &MessageDescriptor) -> Option<Items<'a>> {
    let repeated = descriptor
        .fields()
        .find(|field| field.cardinality() == Cardinality::Repeated && matches!(field.kind(), Kind::Message(_)))?;
    // A resource with a list inside is a resource; a list's answer has no name of its own.
    if descriptor.get_field_by_name("name").is_some() || descriptor.get_field_by_name("council").is_some() {
        return None;
    }
    let items = object.get(repeated.name())?.as_array()?.iter().filter_map(Value::as_object).collect();
    let rest = object.iter().filter(|(name, value)| *name != repeated.name() && !shown("", value).is_empty());
    Some((items, rest.map(|(name, value)| (name.clone(), value.clone())).collect()))
}

fn table() -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table
}

fn list(items: Vec<&Map<String, Value>>) -> Table {
    let mut columns: Vec<&String> = Vec::new();
    for item in &items {
        for (name, value) in *item {
            if !columns.contains(&name) && !value.is_object() && !shown(name, value).is_empty() {
                columns.push(name);
            }
        }
    }
    columns.truncate(COLUMNS_MAX);
    let mut table = table();
    if items.is_empty() {
        table.add_row(["(none)"]);
        return table;
    }
    table.set_header(columns.iter().map(|name| name.replace('_', " ")));
    for item in items {
        table.add_row(columns.iter().map(|name| item.get(*name).map_or_else(String::new, |value| shown(name, value))));
    }
    table
}

fn fields(object: &Map<String, Value>) -> Table {
    let mut flat = Vec::new();
    flatten("", object, &mut flat);
    let mut table = table();
    for (name, value) in flat.into_iter().filter(|(_, value)| !value.is_empty()) {
        table.add_row([name.replace('_', " "), value]);
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
        Value::Number(number) if name.ends_with("_pence") => number.as_i64().map_or_else(|| number.to_string(), |pence| Pence(pence).to_string()),
        Value::Bool(false) => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::String(text) if text.ends_with("_UNSPECIFIED") => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(|item| shown(name, item)).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
