//! Answers on the terminal.

use crate::terminal::{Output, Rows, say};
use care::Pence;
use prost_reflect::{Cardinality, Kind, MessageDescriptor};
use serde_json::{Map, Value};

/// How many columns a table on a terminal has at most. A pipe gets all of them, and `--output json` has everything.
const COLUMNS_MAX: usize = 9;
/// How many things within things are looked into for columns.
const DEPTH_MAX: usize = 3;
/// What people look for first, so that a terminal's few columns have it.
const FIRST: [&str; 14] = [
    "status",
    "stage",
    "state",
    "outcome",
    "rank",
    "live",
    "withdrawn",
    "urgency",
    "needed_from",
    "due_time",
    "reasons",
    "findings",
    "reserved_until",
    "block_until",
];

/// Prints an answer: a list as a table of its items, anything else as its fields.
pub(super) fn print(answer: &Value, descriptor: &MessageDescriptor, output: Output) {
    match (output, answer) {
        (Output::Json, _) => say(&format!("{answer:#}")),
        (Output::Table, Value::Object(object)) => match listed(object, descriptor) {
            Some(Listed { lists, rest }) => {
                // An empty list beside something that says more would read as "nothing was found".
                let says = !rest.is_empty() || lists.iter().any(|list| !list.items.is_empty());
                let several = lists.len() > 1;
                for list in lists.iter().filter(|list| !says || !list.items.is_empty()) {
                    if several {
                        say(&heading(&list.field));
                    }
                    let (table, left_out) = list.table();
                    say(&table.text());
                    if left_out > 0 {
                        say(&format!("{left_out} columns more: --output json has them, and so has a pipe"));
                    }
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
                .map(|(name, value)| {
                    let name = heading(name.rsplit('.').next().unwrap_or(&name)).replace(' ', "_");
                    format!("{name}={value}")
                })
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

/// The columns that say something, in the order of the API, with what is within things; a list of things is one column.
fn columns(descriptor: &MessageDescriptor, items: &[&Map<String, Value>]) -> Vec<Column> {
    let mut paths: Vec<Vec<String>> = Vec::new();
    paths_of(descriptor, &[], &mut paths);
    // What no row says or every row leaves out is not worth a column; nor are versions that only programs send back.
    paths.retain(|path| {
        let last = path.last().map_or("", String::as_str);
        !matches!(last, "etag" | "request_id") && items.iter().any(|item| !at(item, path).is_empty())
    });
    united(descriptor, paths)
}

/// What is one thing or another, such as a place that matched or was left out, has one column where both are named alike.
fn united(descriptor: &MessageDescriptor, paths: Vec<Vec<String>>) -> Vec<Column> {
    let choice = |path: &[String]| {
        let field =
            path.first().filter(|_| path.len() > 1).and_then(|name| descriptor.get_field_by_name(name))?;
        let choice = field.containing_oneof()?;
        Some((choice.full_name().to_owned(), path[1..].to_vec()))
    };
    let mut columns: Vec<Column> = Vec::new();
    for path in paths {
        let of_choice = choice(&path);
        let like = |column: &&mut Column| of_choice.is_some() && choice(&column[0]) == of_choice;
        match columns.iter_mut().find(like) {
            Some(column) => column.push(path),
            None => columns.push(vec![path]),
        }
    }
    columns
}

fn paths_of(descriptor: &MessageDescriptor, within: &[String], into: &mut Vec<Vec<String>>) {
    for field in descriptor.fields() {
        let path = [within, &[field.name().to_owned()]].concat();
        match field.kind() {
            Kind::Message(inner)
                if field.cardinality() != Cardinality::Repeated
                    && inner.full_name() != "google.protobuf.Timestamp" =>
            {
                if path.len() < DEPTH_MAX {
                    paths_of(&inner, &path, into);
                }
            }
            _ => into.push(path),
        }
    }
}

/// As many columns as a terminal takes: the first two, what people look for first, then the others; and how many are left out.
fn fitting(paths: Vec<Column>, most: Option<usize>) -> (Vec<Column>, usize) {
    let Some(left_out) = most.and_then(|most| paths.len().checked_sub(most)).filter(|more| *more > 0) else {
        return (paths, 0);
    };
    let is_first = |column: &Column| column[0].last().is_some_and(|last| FIRST.contains(&last.as_str()));
    let mut order: Vec<usize> = (0..paths.len()).collect();
    order.sort_by_key(|index| (*index >= 2 && !is_first(&paths[*index]), *index));
    order.truncate(paths.len() - left_out);
    let chosen = paths.into_iter().enumerate().filter(|(index, _)| order.contains(index));
    (chosen.map(|(_, path)| path).collect(), left_out)
}

/// Where a column's value may stand: in one place, or in one of several of which a row has one.
type Column = Vec<Vec<String>>;

fn cell(item: &Map<String, Value>, column: &Column) -> String {
    column.iter().map(|path| at(item, path)).find(|cell| !cell.is_empty()).unwrap_or_default()
}

fn at(item: &Map<String, Value>, path: &[String]) -> String {
    let mut value = None;
    let mut object = Some(item);
    for name in path {
        value = object.and_then(|object| object.get(name));
        object = value.and_then(Value::as_object);
    }
    let name = path.last().map_or("", String::as_str);
    value.map_or_else(String::new, |value| told(name, value))
}

/// A cell: a list of things says what each of them says, one after the other.
fn told(name: &str, value: &Value) -> String {
    match value {
        Value::Array(items) if items.iter().any(Value::is_object) => {
            let said = items.iter().map(|item| match item {
                Value::Object(object) => {
                    let mut flat = Vec::new();
                    flatten("", object, &mut flat);
                    flat.retain(|(name, value)| !value.is_empty() && !name.ends_with("version"));
                    // The code says what it is about.
                    flat.sort_by_key(|(_, value)| !is_constant(value));
                    flat.into_iter().map(|(_, value)| value).collect::<Vec<_>>().join(", ")
                }
                other => shown(name, other),
            });
            said.collect::<Vec<_>>().join("; ")
        }
        other => shown(name, other),
    }
}

impl List<'_> {
    /// The items as rows, and how many columns are left out.
    fn table(&self) -> (Rows, usize) {
        if self.items.is_empty() {
            return (Rows { header: None, rows: vec![vec!["(none)".to_owned()]] }, 0);
        }
        let most = crate::terminal::is_for_people().then_some(COLUMNS_MAX);
        let (columns, left_out) = fitting(columns(&self.descriptor, &self.items), most);
        let named = |column: &Column| column[0].last().cloned().unwrap_or_default();
        // Two columns of one name say within what they are.
        let alone = |it: &Column| columns.iter().filter(|other| named(other) == named(it)).count() == 1;
        let header = columns.iter().map(|it| heading(&if alone(it) { named(it) } else { it[0].join("_") }));
        let rows = self.items.iter().map(|item| columns.iter().map(|column| cell(item, column)).collect());
        (Rows { header: Some(header.collect()), rows: rows.collect() }, left_out)
    }
}

/// A field's name as people read it; an amount or share says its unit itself.
fn heading(name: &str) -> String {
    let name = name.trim_end_matches("_pence").trim_end_matches("_thousandths");
    name.replace("tenths_of_mile", "miles").replace('_', " ")
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
        Value::Number(number) if name.ends_with("tenths_of_mile") => number
            .as_u64()
            .map_or_else(|| number.to_string(), |tenths| format!("{}.{}", tenths / 10, tenths % 10)),
        Value::Number(number) if name.ends_with("_thousandths") => {
            number.as_u64().map_or_else(|| number.to_string(), |of| format!("{}.{} %", of / 10, of % 10))
        }
        // Positions and ranks count from 1: this is none, such as the first bad one of a log that was verified.
        Value::Number(number)
            if (name.ends_with("position") || name == "rank") && number.as_u64() == Some(0) =>
        {
            String::new()
        }
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
    fn a_terminal_gets_what_people_look_for_first_and_a_pipe_everything() {
        let path = |name: &str| vec![vec![name.to_owned()]];
        let paths: Vec<_> = ["name", "parent", "a", "b", "c", "stage", "d"].map(path).to_vec();
        let (chosen, left_out) = fitting(paths.clone(), Some(4));
        assert_eq!((chosen, left_out), (["name", "parent", "a", "stage"].map(path).to_vec(), 3));
        assert_eq!(fitting(paths.clone(), None), (paths, 0));
    }

    #[test]
    fn a_list_of_things_is_told_in_one_cell() {
        let item = json!({"findings": [
            {"rule": "DISTANCE", "counterfactual": "4 miles more", "fact": ""},
            {"rule": "AGE", "counterfactual": "", "fact": "12 to 17"},
        ]});
        let column = vec![vec!["findings".to_owned()]];
        assert_eq!(cell(item.as_object().unwrap(), &column), "DISTANCE, 4 miles more; AGE, 12 to 17");
    }

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
