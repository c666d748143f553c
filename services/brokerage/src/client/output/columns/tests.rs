use super::*;
use serde_json::json;

fn shown(field: &str, cells: &[&str]) -> Shown {
    let cells = cells.iter().map(|cell| (*cell).to_owned()).collect();
    let (field, is_enum, is_within) = (field.to_owned(), false, false);
    Shown { is_enum, is_within, heading: heading(&field), cells, prefix: String::new(), field }
}

fn names(columns: &[Shown]) -> Vec<&str> {
    columns.iter().map(|column| column.field.as_str()).collect()
}

#[test]
fn a_terminal_gets_what_people_look_for_first_and_what_can_be_read() {
    let columns = || {
        let wide = "a word of twelve letters, elsewhere";
        ["name", "award", "a", "b", "stage", "c"]
            .map(|name| shown(name, &[wide]))
            .into_iter()
            .collect::<Vec<_>>()
    };
    let (chosen, widths, left_out) = fitting(columns(), 63);
    assert_eq!((names(&chosen), left_out), (vec!["name", "a", "b", "stage"], 2));
    assert!(widths.iter().sum::<usize>() + 3 * widths.len() < 63, "{widths:?}");
    assert_eq!(widths[0], 14, "what is left goes to the first");
    let (chosen, _, left_out) = fitting(columns(), 1_000);
    assert_eq!((names(&chosen).len(), left_out), (6, 0));
    let (chosen, widths, _) = fitting(columns(), 10);
    assert_eq!((names(&chosen), widths), (vec!["name"], vec![6]), "the first is there though it is broken");
}

#[test]
fn names_lose_what_all_begin_with_and_instants_their_seconds() {
    let uuid = |n: u8| format!("00000000-0000-4000-8000-00000000000{n}");
    let name = |n| format!("councils/E06000015/referrals/{}", uuid(n));
    let (one, two) = (name(1), name(2));
    let referral = shown("referral", &[&one, "", &two]);
    let others = shown("place", &["places/A-1", "establishments/B", "places/A-2"]);
    let due = shown("due_time", &["2026-06-01T09:00:59.123Z", "", "soon"]);
    let (chosen, _, _) = fitting(vec![referral, others, due], 200);
    assert_eq!(chosen[0].prefix, "councils/E06000015/referrals/");
    assert_eq!(chosen[0].cells, [uuid(1), String::new(), uuid(2)]);
    assert_eq!((chosen[1].prefix.as_str(), chosen[1].cells[0].as_str()), ("", "places/A-1"));
    assert_eq!(chosen[2].cells, ["2026-06-01 09:00Z", "", "soon"]);
    // Words with a slash in them are no names.
    let words = shown("note", &["either/or not", "and/or else"]);
    assert_eq!(fitting(vec![words], 80).0[0].prefix, "");
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
