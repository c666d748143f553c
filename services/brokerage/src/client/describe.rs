//! Help texts, from the comments of the `.proto` files.

use care::code_sets;
use prost_reflect::{Cardinality, FieldDescriptor, FileDescriptor, Kind, MethodDescriptor};

/// What a method does.
pub(super) fn method(method: &MethodDescriptor) -> String {
    comment(&method.parent_service().parent_file(), method.path())
}

/// What a field means, and for a message which keys its JSON has.
pub(super) fn field(field: &FieldDescriptor) -> String {
    let text = comment(&field.parent_message().parent_file(), field.path());
    let text = match field.cardinality() {
        Cardinality::Repeated => format!("{text} Give it once for each."),
        _ => text,
    };
    match field.kind() {
        Kind::Message(message) if message.full_name() != "google.protobuf.Timestamp" => {
            let keys: Vec<String> = message.fields().map(|key| key.name().to_owned()).collect();
            format!("{text} JSON keys: {}", keys.join(", "))
        }
        _ => match code_list(&text) {
            Some(list) => format!("{text} `brokerage codes {list}` lists them."),
            None => text,
        },
    }
}

/// The list whose codes a field takes, by its comment: "A GRADE code".
fn code_list(text: &str) -> Option<&'static str> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let article = |word: &&str| ["a", "an", "the", "this"].contains(&word.to_ascii_lowercase().as_str());
    // The first that is named is the field's own. "SIBLINGS code REQUIRED" speaks of another field's value.
    (1..words.len()).find_map(|at| {
        let known = || code_sets::ALL.iter().map(|set| set.name).find(|name| *name == words[at - 1]);
        let one = || at >= 2 && words.get(at - 2).is_some_and(article);
        let own = words[at] == "codes" || words[at] == "code" && one();
        own.then(known).flatten()
    })
}

fn comment(file: &FileDescriptor, path: &[i32]) -> String {
    let info = file.file_descriptor_proto().source_code_info.as_ref();
    let location = info.and_then(|info| info.location.iter().find(|location| location.path == path));
    let comment = location.map_or("", |location| location.leading_comments());
    comment.split_whitespace().collect::<Vec<_>>().join(" ")
}
