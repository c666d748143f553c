//! Values as people read them.

use care::Pence;
use serde_json::{Map, Value};

/// A cell: a list of things says what each of them says, one after the other.
pub(super) fn told(name: &str, value: &Value) -> String {
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

/// A field's name as people read it; an amount or share says its unit itself.
pub(super) fn heading(name: &str) -> String {
    let name = name.trim_end_matches("_pence").trim_end_matches("_thousandths");
    name.replace("tenths_of_mile", "miles").replace('_', " ")
}

pub(super) fn flatten(prefix: &str, object: &Map<String, Value>, into: &mut Vec<(String, String)>) {
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
pub(super) fn shown(name: &str, value: &Value) -> String {
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

pub(super) fn is_constant(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// An instant as people read it, to the minute: `2026-06-01 09:00Z`.
pub(super) fn to_the_minute(text: &str) -> Option<String> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let is = |text: &str, mark: char| text.chars().all(|letter| letter.is_ascii_digit() || letter == mark);
    let minute = time.get(..5)?;
    (date.len() == 10 && is(date, '-') && is(minute, ':')).then(|| format!("{date} {minute}Z"))
}

/// A text cut to so many characters, and then marked as such.
pub(super) fn cut(text: String, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text,
    }
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
