//! The money cases that finance officers read and extend: `tests/money_cases.md`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail here")]

mod cases;
mod common;

#[test]
fn every_money_case_comes_out_as_it_is_written() {
    let cases = cases::all();
    assert!(cases.len() >= 60, "{} cases are left: there were 60 at least", cases.len());
    let wrong: Vec<String> = cases.iter().filter_map(|case| cases::play(case).err()).collect();
    assert!(
        wrong.is_empty(),
        "{} of {} cases come out otherwise:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}
