//! Help texts, from the comments of the `.proto` files.

use care::code_sets;
use prost_reflect::{
    Cardinality, EnumValueDescriptor, FieldDescriptor, FileDescriptor, Kind, MethodDescriptor,
};

/// What a method does.
pub(super) fn method(method: &MethodDescriptor) -> String {
    comment(&method.parent_service().parent_file(), method.path())
}

/// What a field means, and for a message which keys its JSON has.
pub(super) fn field(field: &FieldDescriptor) -> String {
    let text = comment_of(field);
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

/// What the `.proto` file says of a field.
pub(super) fn comment_of(field: &FieldDescriptor) -> String {
    comment(&field.parent_message().parent_file(), field.path())
}

/// What the `.proto` file says of a value of an enum.
pub(super) fn of_value(value: &EnumValueDescriptor) -> String {
    comment(&value.parent_enum().parent_file(), value.path())
}

/// The list whose codes a field takes, by its comment: "A GRADE code".
pub(super) fn code_list(text: &str) -> Option<&'static str> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use prost_reflect::MessageDescriptor;

    fn fields() -> impl Iterator<Item = FieldDescriptor> {
        let messages =
            super::super::pool().all_messages().filter(|it| it.full_name().starts_with("brokerage."));
        messages.flat_map(|message: MessageDescriptor| message.fields().collect::<Vec<_>>())
    }

    /// Where a comment lists the codes of a field, it has all of them: what is not among them people will not look for.
    #[test]
    fn a_comment_that_lists_codes_has_them_all() {
        let mut lists = 0;
        for field in fields() {
            let text = comment_of(&field);
            let Some(set) =
                code_list(&text).and_then(|name| code_sets::ALL.into_iter().find(|set| set.name == name))
            else {
                continue;
            };
            let named = format!("{} code: ", set.name);
            let first = text.split_once(&named).and_then(|(_, rest)| rest.split([',', ' ', '.', ';']).next());
            if !first.is_some_and(|first| set.codes.iter().any(|code| code.code == first)) {
                continue;
            }
            let words: Vec<&str> = text.split(|it: char| !it.is_ascii_alphanumeric() && it != '_').collect();
            for code in set.codes {
                // A lowest grade is one that lets some pass and others not.
                let no_floor = set.name == "GRADE" && ["INADEQUATE", "NONE"].contains(&code.code);
                assert!(
                    no_floor || words.contains(&code.code),
                    "{} leaves {} out",
                    field.full_name(),
                    code.code
                );
            }
            lists += 1;
        }
        assert!(lists > 10, "{lists}");
    }

    /// The help of an enum's flag has every value that the `.proto` file has, and each is taken.
    #[test]
    fn a_flag_of_an_enum_has_every_value() {
        let mut flags = 0;
        for field in fields() {
            let Kind::Enum(kind) = field.kind() else { continue };
            let arg = super::super::field_arg(&field);
            let words: Vec<String> =
                arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
            let expected =
                kind.values().skip(1).map(|it| super::super::short_enum_value(kind.name(), it.name()));
            assert_eq!(words, expected.collect::<Vec<_>>(), "{}", field.full_name());
            assert!(!words.is_empty() && words.iter().all(|word| !word.contains('_')), "{words:?}");
            flags += 1;
        }
        assert!(flags > 20, "{flags}");
    }
}
