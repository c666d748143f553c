//! Answers on the terminal.

use crate::terminal::{Output, Rows, say};
use care::Pence;
use prost_reflect::{Cardinality, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

/// How many columns a list has at most; `--output json` has everything.
const COLUMNS_MAX: usize = 9;

/// Prints an answer: a list as a table of its items, anything else as its fields.
pub(super) fn print(answer: &Value, descriptor: &MessageDescriptor, output: Output) {
    match (output, answer) {
        (Output::Json, _) => say(&format!("{answer:#}")),
        (Output::Table, Value::Object(object)) => match listed(object, descriptor) {
            Some(Listed { lists, rest }) => {
                let several = lists.len() > 1;
                for list in &lists {
                    if several {
                        say(&heading(&list.field));
                    }
                    say(&list.table().text());
                }
                if !rest.is_empty() {
                    say(&fields(&rest).text());
                }
            }
            None => say(&fields(object).text()),
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

/// An answer that consists of lists, and what else it says.
struct Listed<'a> {
    lists: Vec<List<'a>>,
    rest: Map<String, Value>,
}

/// The items of one list and what they are.
struct List<'a> {
    field: String,
    items: Vec<&'a Map<String, Value>>,
    descriptor: MessageDescriptor,
}

/// The lists of an answer: a page of things, what a search found and left out, or one thing that is mostly a list, such as a ledger.
fn listed<'a>(object: &'a Map<String, Value>, descriptor: &MessageDescriptor) -> Option<Listed<'a>> {
    // A resource with a name of its own is shown as such, whatever lists it holds.
    if descriptor.get_field_by_name("name").is_some() {
        return None;
    }
    let in_api_order = descriptor.fields().filter(|field| field.cardinality() == Cardinality::Repeated);
    let lists: Vec<List<'_>> = in_api_order
        .filter_map(|field| {
            let Kind::Message(descriptor) = field.kind() else { return None };
            let items = object.get(field.name())?.as_array()?.iter().filter_map(Value::as_object).collect();
            Some(List { field: field.name().to_owned(), items, descriptor })
        })
        .collect();
    if lists.is_empty() {
        return None;
    }
    let rest = object.iter().filter(|(name, value)| {
        lists.iter().all(|list| list.field != **name) && !shown(name, value).is_empty()
    });
    let rest = rest.map(|(name, value)| (name.clone(), value.clone())).collect();
    Some(Listed { lists, rest })
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

impl List<'_> {
    fn table(&self) -> Rows {
        if self.items.is_empty() {
            return Rows { header: None, rows: vec![vec!["(none)".to_owned()]] };
        }
        let columns = columns(&self.descriptor, &self.items);
        let header = columns.iter().map(|path| heading(path.last().map_or("", String::as_str)));
        let rows = self.items.iter().map(|item| columns.iter().map(|path| cell(item, path)).collect());
        Rows { header: Some(header.collect()), rows: rows.collect() }
    }
}

/// A field's name as people read it; an amount or share says its unit itself.
fn heading(name: &str) -> String {
    let name = name.trim_end_matches("_pence").trim_end_matches("_thousandths");
    name.replace("_tenths_of_mile", "_miles").replace('_', " ")
}

fn fields(object: &Map<String, Value>) -> Rows {
    let mut flat = Vec::new();
    flatten("", object, &mut flat);
    let said = flat.into_iter().filter(|(_, value)| !value.is_empty());
    Rows { header: None, rows: said.map(|(name, value)| vec![heading(&name), value]).collect() }
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
        Value::Number(number) if name.ends_with("_tenths_of_mile") => number
            .as_u64()
            .map_or_else(|| number.to_string(), |tenths| format!("{}.{}", tenths / 10, tenths % 10)),
        Value::Number(number) if name.ends_with("_thousandths") => {
            number.as_u64().map_or_else(|| number.to_string(), |of| format!("{}.{} %", of / 10, of % 10))
        }
        // Positions count from 1: this is none, such as the first bad one of a log that was verified.
        Value::Number(number) if name.ends_with("position") && number.as_u64() == Some(0) => String::new(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_shown_in_the_units_that_people_use() {
        for (name, value, head, expected) in [
            ("weekly_fee_pence", json!(123_456), "weekly fee", "£1,234.56"),
            ("distance_tenths_of_mile", json!(9), "distance miles", "0.9"),
            ("distance_tenths_of_mile", json!(204), "distance miles", "20.4"),
            ("needs_met_thousandths", json!(1_000), "needs met", "100.0 %"),
            ("places_registered", json!(4), "places registered", "4"),
            ("stage", json!("CLAIM_STAGE_OCCUPIED"), "stage", "OCCUPIED"),
            ("first_bad_position", json!(0), "first bad position", ""),
            ("first_bad_position", json!(7), "first bad position", "7"),
            ("tree_size", json!(0), "tree size", "0"),
            ("allowed", json!(true), "allowed", "yes"),
            ("allowed", json!(false), "allowed", "no"),
        ] {
            assert_eq!((heading(name).as_str(), shown(name, &value).as_str()), (head, expected));
        }
    }
}
