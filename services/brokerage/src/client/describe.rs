//! Help texts, from the comments of the `.proto` files.

use care::code_sets;
use prost_reflect::{FieldDescriptor, FileDescriptor, Kind, MethodDescriptor};

/// What a method does.
pub(super) fn method(method: &MethodDescriptor) -> String {
    comment(&method.parent_service().parent_file(), method.path())
}

/// What a field means, and for a message which keys its JSON has.
pub(super) fn field(field: &FieldDescriptor) -> String {
    let text = comment(&field.parent_message().parent_file(), field.path());
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
    let named = |list: &&str| {
        let mut words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let mut before = None;
        words.any(|word| before.replace(word) == Some(*list) && matches!(word, "code" | "codes"))
    };
    code_sets::ALL.iter().map(|set| set.name).find(named)
}

fn comment(file: &FileDescriptor, path: &[i32]) -> String {
    let info = file.file_descriptor_proto().source_code_info.as_ref();
    let location = info.and_then(|info| info.location.iter().find(|location| location.path == path));
    let comment = location.map_or("", |location| location.leading_comments());
    comment.split_whitespace().collect::<Vec<_>>().join(" ")
}
