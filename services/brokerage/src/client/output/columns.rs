//! Which columns a list has, and which of them a terminal is wide enough for.

use super::cells::{cut, heading, to_the_minute, told};
use crate::terminal::Rows;
use prost_reflect::{Cardinality, Kind, MessageDescriptor};
use serde_json::{Map, Value};

/// How many columns a table on a terminal has at most. A pipe gets all of them, and `--output json` has everything.
const COLUMNS_MAX: usize = 9;
/// How many things within things are looked into for columns.
const DEPTH_MAX: usize = 3;
/// How many characters of a text a table on a terminal shows.
const CELL_CHARS_MAX: usize = 120;
/// How wide a column must be at least to be read, where what it holds is not narrower or one long word.
const LEGIBLE: usize = 12;
/// The longest word for which a column is made wide enough: a UUID.
const WORD_MAX: usize = 36;
/// What a table has beside the text of its columns: a space on each side of each, one between two of them, and its two borders.
const BORDERS: usize = 1;
const PADDING: usize = 3;
/// What people look for first, in this order, so that a terminal's few columns have it.
const FIRST: [&str; 25] = [
    "status",
    "stage",
    "state",
    "outcome",
    "overdue",
    "rank",
    "due_time",
    "referral",
    "to_do",
    "age_years",
    "place",
    "live",
    "withdrawn",
    "urgency",
    "needed_from",
    "start",
    "weekly_pence",
    "net_pence",
    "total_pence",
    "sold_weekly_pence",
    "provider",
    "reasons",
    "findings",
    "reserved_until",
    "block_until",
];
/// What says least to people: ids that nothing else can be asked with.
const LAST: [&str; 3] = ["award", "digest", "root"];

/// The columns that say something, in the order of the API, with what is within things; a list of things is one column.
pub(super) fn columns(descriptor: &MessageDescriptor, items: &[&Map<String, Value>]) -> Vec<Column> {
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

/// Where a column's value may stand: in one place, or in one of several of which a row has one.
pub(super) type Column = Vec<Vec<String>>;

pub(super) fn cell(item: &Map<String, Value>, column: &Column) -> String {
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

/// A column as it is shown: its name, and what each row says.
pub(super) struct Shown {
    /// The name of its field.
    field: String,
    /// Whether the field is an enum.
    is_enum: bool,
    /// Whether it is said of something within the row's thing.
    is_within: bool,
    /// Its heading.
    pub(super) heading: String,
    /// The row's values.
    pub(super) cells: Vec<String>,
    /// What all its values begin with and none repeats, such as `councils/E06000015/referrals/`; empty if nothing.
    pub(super) prefix: String,
}

/// The columns of a list, with everything that they say.
pub(super) fn of_list(descriptor: &MessageDescriptor, items: &[&Map<String, Value>]) -> Vec<Shown> {
    let columns = columns(descriptor, items);
    let named = |column: &Column| column[0].last().cloned().unwrap_or_default();
    // Two columns of one name say within what they are.
    let alone = |it: &Column| columns.iter().filter(|other| named(other) == named(it)).count() == 1;
    let shown = |column: &Column| Shown {
        field: named(column),
        is_enum: is_enum(descriptor, &column[0]),
        is_within: column.len() == 1 && column[0].len() > 1,
        heading: heading(&if alone(column) { named(column) } else { column[0].join("_") }),
        cells: items.iter().map(|item| cell(item, column)).collect(),
        prefix: String::new(),
    };
    columns.iter().map(shown).collect()
}

fn is_enum(descriptor: &MessageDescriptor, path: &[String]) -> bool {
    let Some((name, within)) = path.split_first() else { return false };
    match descriptor.get_field_by_name(name).map(|field| field.kind()) {
        Some(Kind::Message(inner)) => is_enum(&inner, within),
        Some(Kind::Enum(_)) => true,
        _ => false,
    }
}

impl Shown {
    /// As a terminal shows it: instants to the minute, names without what they have in common, long texts cut.
    fn for_people(&mut self) {
        self.prefix = common_prefix(&self.cells);
        for cell in &mut self.cells {
            let text = cell.strip_prefix(&self.prefix).unwrap_or(cell);
            let text = to_the_minute(text).unwrap_or_else(|| text.to_owned());
            *cell = cut(if self.is_enum { text.replace('_', " ") } else { text }, CELL_CHARS_MAX);
        }
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        [self.heading.as_str()].into_iter().chain(self.cells.iter().map(String::as_str))
    }

    /// How wide it would like to be.
    fn natural(&self) -> usize {
        self.texts().map(|text| text.chars().count()).max().unwrap_or_default().max(1)
    }

    /// How wide it must be so that no word is broken that is no longer than a UUID.
    fn least(&self) -> usize {
        let words = self.texts().flat_map(str::split_whitespace).map(|word| word.chars().count());
        words.max().unwrap_or_default().min(WORD_MAX).max(self.natural().min(LEGIBLE))
    }

    /// Where it stands in the order of what is shown rather than left out.
    fn rank(&self, index: usize) -> (usize, usize) {
        let first = FIRST.iter().position(|first| *first == self.field);
        match first {
            _ if index == 0 => (0, 0),
            Some(first) => (if self.is_within { 2 } else { 1 }, first),
            None if LAST.contains(&self.field.as_str()) => (4, index),
            None => (3, index),
        }
    }
}

/// What all the values of a column begin with, up to a slash; nothing unless all are names.
fn common_prefix(cells: &[String]) -> String {
    let mut names = cells.iter().filter(|cell| !cell.is_empty());
    let up_to = |name: &str| name.rsplit_once('/').map(|(collection, _)| format!("{collection}/"));
    let is_name = |text: &str| !text.contains(|letter: char| letter.is_whitespace() || letter == ',');
    let Some(prefix) = names.next().filter(|name| is_name(name)).and_then(|name| up_to(name)) else {
        return String::new();
    };
    let alike = |name: &String| is_name(name) && up_to(name).as_ref() == Some(&prefix);
    if names.all(alike) { prefix } else { String::new() }
}

/// What a terminal of this width shows of a list, how wide each column is, and how many columns are left out: the first column, what people look
/// for first, then the others, as far as all of it can be read.
pub(super) fn fitting(mut columns: Vec<Shown>, width: usize) -> (Vec<Shown>, Vec<usize>, usize) {
    columns.iter_mut().for_each(Shown::for_people);
    let mut order: Vec<usize> = (0..columns.len()).collect();
    order.sort_by_key(|index| columns[*index].rank(*index));
    let mut room = width.saturating_sub(BORDERS);
    let mut chosen: Vec<(usize, usize)> = Vec::new();
    for index in order {
        let asked = columns[index].least() + PADDING;
        if chosen.len() < COLUMNS_MAX && (asked <= room || chosen.is_empty()) {
            // A first column that is wider than the terminal is broken.
            let given = asked.min(room.max(1 + PADDING));
            room -= given.min(room);
            chosen.push((index, given - PADDING));
        }
    }
    // What is left goes to whoever can use it, in the same order.
    for (index, given) in &mut chosen {
        let more = columns[*index].natural().saturating_sub(*given).min(room);
        *given += more;
        room -= more;
    }
    chosen.sort_unstable();
    let left_out = columns.len() - chosen.len();
    let widths = chosen.iter().map(|(_, given)| *given).collect();
    let mut columns: Vec<Option<Shown>> = columns.into_iter().map(Some).collect();
    let shown = chosen.iter().filter_map(|(index, _)| columns[*index].take()).collect();
    (shown, widths, left_out)
}

/// Columns as rows.
pub(super) fn rows(columns: Vec<Shown>, widths: Option<Vec<usize>>) -> Rows {
    let header = columns.iter().map(|column| column.heading.clone()).collect();
    let count = columns.first().map_or(0, |column| column.cells.len());
    let mut cells: Vec<_> = columns.into_iter().map(|column| column.cells.into_iter()).collect();
    let row = |_| cells.iter_mut().map(|column| column.next().unwrap_or_default()).collect();
    Rows { header: Some(header), rows: (0..count).map(row).collect(), widths }
}

#[cfg(test)]
mod tests;
