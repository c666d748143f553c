use super::*;
use crate::client::{Service, pool};
use prost_reflect::FieldDescriptor;
use serde_json::json;

/// What stands in a list at its longest, by its kind and name.
fn value(field: &FieldDescriptor, depth: usize) -> Value {
    let uuid = "0190f5c2-6b1e-7c3a-9d21-3f0c5a7e8b11";
    let one = match field.kind() {
        Kind::Bool => json!(true),
        Kind::Enum(kind) => {
            let names = kind.values().skip(1).map(|value| value.name().to_owned());
            json!(names.max_by_key(String::len))
        }
        Kind::Message(inner) if inner.full_name() == "google.protobuf.Timestamp" => {
            json!("2026-06-01T09:00:00.123456Z")
        }
        Kind::Message(inner) if depth < 4 => item(&inner, depth + 1),
        Kind::Message(_) => json!({}),
        Kind::String => match field.name() {
            "name" | "referral" => json!(format!("councils/E06000015/referrals/{uuid}")),
            "award" => json!(format!("councils/E06000015/awards/{uuid}")),
            "provider" => json!("providers/a-provider-with-forty-characters-of-id"),
            "place" => json!("places/SC000001-01"),
            "start" => json!("2026-06-01"),
            "to_do" | "source" => {
                json!("The placement plan is to be made, at the planning meeting. ".repeat(4))
            }
            _ => json!(uuid),
        },
        Kind::Bytes => json!("AAAA".repeat(11)),
        _ => json!(987_654_321),
    };
    if field.is_map() {
        return json!({});
    }
    if field.is_list() { json!([one, one]) } else { one }
}

fn item(message: &MessageDescriptor, depth: usize) -> Value {
    let fields = message.fields().map(|field| (field.name().to_owned(), value(&field, depth)));
    Value::Object(fields.collect())
}

/// Every answer that is shown as a list, and its name.
fn lists() -> Vec<(String, MessageDescriptor, Value)> {
    let methods = pool().services().flat_map(|service| service.methods().collect::<Vec<_>>());
    let all = methods.filter(|method| !method.is_server_streaming()).map(|method| {
        let answer = item(&method.output(), 0);
        (method.name().to_owned(), method.output(), answer)
    });
    all.filter(|(_, output, answer)| listed(answer.as_object().unwrap(), output).is_some()).collect()
}

fn is_row(line: &str) -> bool {
    line.starts_with(['│', '┌', '╞', '└'])
}

#[test]
fn no_row_of_any_list_is_wider_than_the_terminal_or_too_narrow_to_be_read() {
    assert!(Service::all().count() >= 6);
    let lists = lists();
    assert!(lists.len() > 20, "{}", lists.len());
    for (name, output, answer) in lists {
        for width in [80, 100, 132, 200] {
            for block in blocks(&answer, &output, Some(width)) {
                for line in block.lines().filter(|line| is_row(line)) {
                    assert!(line.chars().count() <= width.into(), "{name} at {width}:\n{block}");
                }
            }
        }
        for list in listed(answer.as_object().unwrap(), &output).unwrap().lists {
            let (shown, widths, _) = columns::fitting(columns::of_list(&list.descriptor, &list.items), 80);
            for (column, width) in shown.iter().zip(widths) {
                let broken = column.cells.iter().flat_map(|cell| cell.split_whitespace());
                let broken = broken.filter(|word| word.chars().count() > width && word.chars().count() <= 36);
                assert_eq!(broken.count(), 0, "{name}: {} has {width}", column.heading);
            }
        }
    }
}

fn answer_of(method: &str) -> (MessageDescriptor, Value) {
    let found = lists().into_iter().find(|(name, _, _)| name == method);
    let (_, output, answer) = found.unwrap();
    (output, answer)
}

#[test]
fn deadlines_say_on_80_columns_what_is_due_when_and_for_whom() {
    let (output, answer) = answer_of("ListDeadlines");
    let text = blocks(&answer, &output, Some(80)).join("\n");
    let head = text.lines().nth(1).unwrap();
    for heading in ["kind", "referral", "due time", "overdue"] {
        assert!(head.contains(heading), "{heading} is not in\n{text}");
    }
    assert!(text.contains("2026-06-01") && text.contains("0190f5c2-6b1e-7c3a-9d21-3f0c5a7e8b11"), "{text}");
    assert!(text.contains("In full: referral councils/E06000015/referrals/…"), "{text}");
}

#[test]
fn agreements_say_whose_and_where_and_not_the_number_of_an_award() {
    let (output, answer) = answer_of("ListAgreements");
    let text = blocks(&answer, &output, Some(132)).join("\n");
    let head = text.lines().nth(1).unwrap();
    for heading in ["referral", "age years", "place", "status", "start"] {
        assert!(head.contains(heading), "{heading} is not in\n{text}");
    }
    assert!(!head.contains("award"), "{text}");
}

#[test]
fn a_thing_tells_its_own_fields_though_they_are_empty() {
    let policy = pool().get_message_by_name("brokerage.referrals.v1.CascadePolicy").unwrap();
    let answer = json!({
        "name": "councils/E06000015/cascadePolicy", "etag": "0", "version": 0, "mode": "CASCADE_MODE_PARALLEL", "required": [],
        "approver_roles": ["HEAD_OF_SERVICE"], "emergency_approval_hours": 24, "clocks": null, "evaluation_required": false,
        "steps": {"release_in_order": false, "waiver_roles": []},
    });
    let lines = blocks(&answer, &policy, None).join("\n");
    for line in
        ["version\t0", "required\t", "clocks\t", "evaluation required\tno", "steps.release in order\tno"]
    {
        assert!(lines.lines().any(|it| it == line), "{line:?} is not in\n{lines}");
    }
    assert!(!lines.contains("waiver"), "what is within says what it has to say: {lines}");
    let first: Vec<&str> = lines.lines().take(3).collect();
    assert_eq!(
        first,
        ["name\tcouncils/E06000015/cascadePolicy", "etag\t0", "version\t0"],
        "in the order of the API"
    );
    let table = blocks(&answer, &policy, Some(80)).join("\n");
    assert!(table.lines().any(|line| line.contains("required") && line.contains(" - ")), "{table}");
}
