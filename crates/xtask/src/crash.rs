//! More kills than the tests have time for, and a report of them.

use crate::place::Place;
use crate::shell::{Failure, say};
use crate::test;

const KILLS: u32 = 60;
const KILLS_VARIABLE: &str = "BROKERAGE_CRASH_KILLS";
const REPORT_VARIABLE: &str = "BROKERAGE_CRASH_REPORT";
const TEST: [&str; 7] =
    ["--package", "system-tests", "--test", "system", "--", "crash::apart", "--nocapture"];

pub(crate) fn run(place: &Place, arguments: &[String]) -> Result<(), Failure> {
    let kills = kills(arguments)?;
    let report = place.target.join("crash.md");
    let tests: Vec<String> = TEST.iter().map(|word| (*word).to_owned()).collect();
    let variables = [(KILLS_VARIABLE, kills.to_string()), (REPORT_VARIABLE, report.display().to_string())];
    test::run_with(place, &tests, &variables)?;
    say(&format!("the report is in {}", report.display()));
    Ok(())
}

fn kills(arguments: &[String]) -> Result<u32, Failure> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [] => Ok(KILLS),
        ["--kills", number] => match number.parse() {
            Ok(kills) if kills > 0 => Ok(kills),
            _ => Err(Failure::Usage(format!("`crash --kills {number}`: expected a number from 1"))),
        },
        _ => Err(Failure::Usage(format!("`crash {}`: it takes --kills N alone", words.join(" ")))),
    }
}
