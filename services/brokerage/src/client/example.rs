//! Examples of the JSON that a command takes, made from the API's own descriptors and comments, so that they cannot fall behind.

use super::describe;
use care::code_sets;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

/// How deep things within things are shown.
const DEPTH_MAX: usize = 5;
/// What names look like, by what their parts are called in comments: `councils/{gss}`.
const NAMED: [(&str, &str); 8] = [
    ("{gss}", "E06000015"),
    ("{uuid}", "00000000-0000-4000-8000-000000000001"),
    ("{provider}", "oak-homes"),
    ("{urn}", "SC000001"),
    ("{place}", "SC000001-01"),
    ("{framework}", "d2n2"),
    ("{number}", "1"),
    ("{position}", "1"),
];

/// For each field that takes JSON what it may look like, and which keys it cannot do without; none where a command takes no JSON.
pub(super) fn help(request: &MessageDescriptor) -> Option<String> {
    let shown = request.fields().filter_map(|field| {
        let message = taken_as_json(&field)?;
        let mut noted = Noted::default();
        let example = filled(&message, 1, "", &mut noted);
        Some(format!("--{} '{example:#}'{}", super::flag_name(&field), noted.lines()))
    });
    let shown: Vec<String> = shown.collect();
    let head =
        "JSON, with an example for every key; leave out what is not said to be required and does not apply:";
    (!shown.is_empty()).then(|| format!("{head}\n\n{}", shown.join("\n\n")))
}

/// What an example cannot show.
#[derive(Default)]
struct Noted {
    /// The keys that a message cannot do without, by the path of the message; empty for the outermost.
    needed: Vec<(String, Vec<String>)>,
    /// Of each choice the path of the key that is shown, and those that may stand in its place.
    choices: Vec<(String, Vec<String>)>,
}

impl Noted {
    fn needs(&mut self, within: &str, key: &str) {
        match self.needed.iter_mut().find(|(known, _)| known == within) {
            Some((_, keys)) => keys.push(key.to_owned()),
            None => self.needed.push((within.to_owned(), vec![key.to_owned()])),
        }
    }

    /// A message within another needs its keys only where it is given.
    fn lines(&self) -> String {
        let parts = self.needed.iter().map(|(within, keys)| match within.as_str() {
            "" => keys.join(", "),
            _ => format!("within {within}, where given: {}", keys.join(", ")),
        });
        let parts: Vec<String> = parts.collect();
        let required = (!parts.is_empty()).then(|| format!("\n  Required: {}", parts.join("; ")));
        let choices = self.choices.iter();
        let choices = choices.map(|(path, others)| format!("\n  In place of {path}: {}", others.join(", ")));
        required.into_iter().chain(choices).collect()
    }
}

/// The message of a field that takes JSON.
fn taken_as_json(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    match field.kind() {
        Kind::Message(message) if message.full_name() != "google.protobuf.Timestamp" && !field.is_map() => {
            Some(message)
        }
        _ => None,
    }
}

/// A message with every field in it, of a choice the first; `noted` hears of the fields that it cannot do without, and of
/// what else may be chosen.
fn filled(message: &MessageDescriptor, depth: usize, within: &str, noted: &mut Noted) -> Value {
    let mut object = Map::new();
    for field in message.fields() {
        let choice = field.containing_oneof().filter(|choice| !choice.is_synthetic());
        let chosen = choice.as_ref().is_none_or(|it| it.fields().next().is_some_and(|first| first == field));
        if !chosen || depth > DEPTH_MAX {
            continue;
        }
        let path =
            if within.is_empty() { field.name().to_owned() } else { format!("{within}.{}", field.name()) };
        if is_required(&field) {
            noted.needs(within, field.name());
        }
        if let Some(choice) = choice {
            let others: Vec<String> = choice.fields().skip(1).map(|it| it.name().to_owned()).collect();
            noted.choices.push((path.clone(), others));
        }
        let value = match taken_as_json(&field) {
            Some(inner) => filled(&inner, depth + 1, &path, noted),
            None => plain(&field),
        };
        object.insert(field.name().to_owned(), if field.is_list() { json!([value]) } else { value });
    }
    Value::Object(object)
}

/// Whether a field's comment, or that of its enum's first value, says that it must be given.
fn is_required(field: &FieldDescriptor) -> bool {
    let said = describe::comment_of(field);
    let refused = match field.kind() {
        Kind::Enum(kind) => {
            kind.values().next().is_some_and(|unset| describe::of_value(&unset).contains("refused"))
        }
        _ => false,
    };
    refused || said.starts_with("Required") || said.contains(" Required") || said.contains("at least one")
}

/// A value such as a field takes that is no message.
fn plain(field: &FieldDescriptor) -> Value {
    let said = describe::comment_of(field);
    match field.kind() {
        Kind::Bool => json!(false),
        Kind::Enum(kind) => {
            let first = kind.values().nth(1).or_else(|| kind.values().next());
            json!(first.map(|value| super::short_enum_value(kind.name(), value.name())))
        }
        Kind::Message(_) => json!("2026-06-01T09:00:00Z"),
        Kind::Bytes => json!("AA=="),
        Kind::String => json!(text(field.name(), &said)),
        _ => json!(number(field.name(), &said)),
    }
}

fn number(name: &str, said: &str) -> u64 {
    if name.ends_with("_pence") {
        return 420_000;
    }
    if name.ends_with("basis_points") {
        return 10_000;
    }
    // The least of "1 to 720".
    let words: Vec<&str> = said.split(|letter: char| letter.is_whitespace() || letter == ',').collect();
    let range = words
        .windows(3)
        .find(|words| words[1] == "to" && words[2].starts_with(|it: char| it.is_ascii_digit()));
    let least = range.and_then(|words| words[0].parse().ok());
    least.filter(|least| *least > 0).unwrap_or(1)
}

fn text(name: &str, said: &str) -> String {
    let quoted = || said.split('`').skip(1).step_by(2);
    if let Some(pattern) = quoted().find(|quoted| quoted.contains("/{")) {
        return NAMED.iter().fold(pattern.to_owned(), |name, (part, example)| name.replace(part, example));
    }
    if let Some(set) =
        describe::code_list(said).and_then(|list| code_sets::ALL.into_iter().find(|it| it.name == list))
    {
        return set.codes.iter().find(|code| code.to_year.is_none()).map_or("", |code| code.code).to_owned();
    }
    let of_day = ["from", "until", "to", "on", "start", "day", "starts", "ends"];
    let last = name.rsplit('_').next().unwrap_or(name);
    if quoted().any(|quoted| quoted == "YYYY-MM-DD") || of_day.contains(&last) || said.contains("first night")
    {
        return "2026-06-01".to_owned();
    }
    match name {
        "etag" => "1".to_owned(),
        "anchor" | "near" | "sector" => "DE1 2".to_owned(),
        _ => quoted().find(|quoted| !quoted.contains('.')).unwrap_or("...").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commands() -> impl Iterator<Item = prost_reflect::MethodDescriptor> {
        super::super::pool().services().flat_map(|service| service.methods().collect::<Vec<_>>())
    }

    #[test]
    fn every_command_that_takes_json_shows_an_example_that_it_takes() {
        let mut shown = 0;
        for method in commands() {
            let input = method.input();
            let fields: Vec<_> = input.fields().filter(|field| taken_as_json(field).is_some()).collect();
            let help = help(&method.input());
            assert_eq!(help.is_some(), !fields.is_empty(), "{}", method.full_name());
            for field in fields {
                let example = filled(&taken_as_json(&field).unwrap(), 1, "", &mut Noted::default());
                let flag = format!("--{}", super::super::flag_name(&field));
                let mut command = super::super::method_command(&method);
                assert!(command.render_long_help().to_string().contains("with an example for every key"));
                assert!(!command.render_help().to_string().contains("with an example for every key"));
                let matches = command.try_get_matches_from(["it", &flag, &example.to_string()]).unwrap();
                let built = super::super::request::build(&method, &matches);
                assert!(built.is_ok(), "{}: {built:?}", field.full_name());
                assert!(help.as_ref().unwrap().contains(&flag), "{}", field.full_name());
                shown += 1;
            }
        }
        assert!(shown > 20, "{shown}");
    }

    #[test]
    fn an_example_has_codes_names_days_and_what_is_required() {
        let post = commands().find(|method| method.name() == "PostReferral").unwrap();
        let help = help(&post.input()).unwrap();
        for part in ["\"provisions\": [\n", "\"needed_from\": \"2026-06-01\"", "\"urgency\": \"EMERGENCY\""] {
            assert!(help.contains(part), "{part} is not in {help}");
        }
        let required = help.lines().find(|line| line.contains("Required:")).unwrap();
        assert_eq!(
            required.trim(),
            "Required: provisions, urgency, needed_from; within funders, where given: funder, basis_points"
        );
        let offer = commands().find(|method| method.name() == "SubmitOffer").unwrap();
        let help = super::help(&offer.input()).unwrap();
        assert!(help.contains("\n  In place of framework: in_house, spot"), "{help}");
    }
}
