//! Help texts, from the comments of the `.proto` files.

use prost_reflect::{FieldDescriptor, FileDescriptor, Kind, MethodDescriptor};

/// Numbers of fields in `google.protobuf.FileDescriptorProto` and its parts, of which source paths are made.
const FILE_MESSAGES: i32 = 4;
const FILE_SERVICES: i32 = 6;
const MESSAGE_FIELDS: i32 = 2;
const SERVICE_METHODS: i32 = 2;

/// What a method does.
pub(super) fn method(method: &MethodDescriptor) -> String {
    let service = method.parent_service();
    let path = [FILE_SERVICES, index(service.index()), SERVICE_METHODS, index(method.index())];
    comment(&service.parent_file(), &path)
}

/// What a field means, and for a message which keys its JSON has.
pub(super) fn field(field: &FieldDescriptor) -> String {
    let text = meaning(field);
    match field.kind() {
        Kind::Message(message) if message.full_name() != "google.protobuf.Timestamp" => {
            let keys: Vec<String> = message.fields().map(|key| key.name().to_owned()).collect();
            format!("{text} JSON keys: {}", keys.join(", "))
        }
        _ => text,
    }
}

/// The comment on a field; only fields of top-level messages, which all requests are.
fn meaning(field: &FieldDescriptor) -> String {
    let message = field.parent_message();
    let file = message.parent_file();
    let position = file.messages().position(|known| known == *message);
    let place = message.fields().position(|known| known == *field);
    match (position, place) {
        (Some(position), Some(_)) => {
            let declared = file.file_descriptor_proto().message_type.get(position);
            let order = declared
                .and_then(|message| message.field.iter().position(|known| known.name() == field.name()));
            order.map_or_else(String::new, |order| {
                comment(&file, &[FILE_MESSAGES, index(position), MESSAGE_FIELDS, index(order)])
            })
        }
        _ => String::new(),
    }
}

fn index(position: usize) -> i32 {
    i32::try_from(position).unwrap_or(i32::MAX)
}

fn comment(file: &FileDescriptor, path: &[i32]) -> String {
    let info = file.file_descriptor_proto().source_code_info.as_ref();
    let location = info.and_then(|info| info.location.iter().find(|location| location.path == path));
    let comment = location.map_or("", |location| location.leading_comments());
    comment.split_whitespace().collect::<Vec<_>>().join(" ")
}
