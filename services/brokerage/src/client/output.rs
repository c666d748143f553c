//! Answers on the terminal.

mod cells;
mod columns;

use crate::terminal::{Rows, say};
use cells::{flatten, heading, shown};
use prost_reflect::{Cardinality, Kind, MessageDescriptor};
use serde_json::{Map, Value};

/// How an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Form {
    /// For people; into a pipe or file a line for each row.
    Table,
    /// JSON with the field names of the `.proto` files and every field in it, those that are empty too.
    Json,
    /// The canonical JSON of protocol buffers: names in lowerCamelCase, 64-bit numbers as text, and no field that is as if not set.
    ProtoJson,
}

/// Prints an answer: a list as a table of its items, anything else as its fields.
pub(super) fn print(answer: &Value, descriptor: &MessageDescriptor, form: Form) {
    match form {
        Form::Json | Form::ProtoJson => say(&format!("{answer:#}")),
        Form::Table => blocks(answer, descriptor, crate::terminal::width()).iter().for_each(|it| say(it)),
    }
}

/// An answer as text, block by block: for people a table as wide as their terminal, for a pipe a line for each row.
fn blocks(answer: &Value, descriptor: &MessageDescriptor, width: Option<u16>) -> Vec<String> {
    let Value::Object(object) = answer else { return vec![answer.to_string()] };
    let Some(Listed { lists, rest }) = listed(object, descriptor) else {
        return vec![fields(object, descriptor).text(width)];
    };
    let mut blocks = Vec::new();
    // An empty list beside something that says more would read as "nothing was found".
    let says = !rest.is_empty() || lists.iter().any(|list| !list.items.is_empty());
    let several = lists.len() > 1;
    for list in lists.iter().filter(|list| !says || !list.items.is_empty()) {
        if several {
            blocks.push(heading(&list.field));
        }
        list.told(width, &mut blocks);
    }
    if !rest.is_empty() {
        blocks.push(fields(&rest, descriptor).text(width));
    }
    blocks
}

/// Prints one message of a stream, on one line.
pub(super) fn print_line(answer: &Value, form: Form) {
    match (form, answer) {
        (Form::Table, Value::Object(object)) => {
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

impl List<'_> {
    /// The items as rows, and what a terminal leaves out of them.
    fn told(&self, width: Option<u16>, into: &mut Vec<String>) {
        if self.items.is_empty() {
            let rows = vec![vec!["(none)".to_owned()]];
            into.push(Rows { header: None, rows, widths: None }.text(width));
            return;
        }
        let all = columns::of_list(&self.descriptor, &self.items);
        let Some(columns_of_terminal) = width else {
            into.push(columns::rows(all, None).text(None));
            return;
        };
        let (shown, widths, left_out) = columns::fitting(all, columns_of_terminal.into());
        let cut = shown.iter().filter(|column| !column.prefix.is_empty());
        let cut: Vec<_> = cut.map(|column| format!("{} {}…", column.heading, column.prefix)).collect();
        into.push(columns::rows(shown, Some(widths)).text(width));
        if !cut.is_empty() {
            into.push(format!("In full: {}", cut.join(", ")));
        }
        if left_out > 0 {
            into.push(format!("{left_out} columns more: --output json has them, and so has a pipe"));
        }
    }
}

/// A thing's fields, in the order of the API. Its own are told though they are empty, since that means something; of what is within it, what says
/// something.
fn fields(object: &Map<String, Value>, descriptor: &MessageDescriptor) -> Rows {
    let mut flat = Vec::new();
    for field in descriptor.fields() {
        let Some(value) = object.get(field.name()) else { continue };
        let mut own = Vec::new();
        flatten("", &Map::from_iter([(field.name().to_owned(), value.clone())]), &mut own);
        own.retain(|(name, value)| !value.is_empty() || name == field.name());
        flat.extend(own);
    }
    let rows = flat.into_iter().map(|(name, value)| vec![heading(&name), value]);
    Rows { header: None, rows: rows.collect(), widths: None }
}

#[cfg(test)]
mod tests;
