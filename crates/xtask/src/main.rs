//! Tasks for people and CI, run as `cargo xtask TASK`: the tests with all they need, and the checks.
//!
//! Only the standard library is used, by `local-parts` too, so that a task starts a second after a clone.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a task runner speaks to the terminal")]

mod bench;
mod breaking;
mod check;
mod crash;
mod deps;
mod place;
mod shell;
mod test;
mod tools;

use place::Place;
use shell::Failure;
use std::process::ExitCode;

const HELP: &str = "\
Tasks of this workspace. What they need and cannot find they install under target/, saying so first.

  cargo xtask test [ARGS]   every test; ARGS go to `cargo test` instead of --workspace --no-fail-fast
  cargo xtask check [PART]  all checks, or those named: fmt, clippy, deny, lint, breaking
  cargo xtask ci            check, then test
  cargo xtask crash [--kills N]
                            kills processes, broker and database under load (60 times, or N), looks at what is left, and
                            writes a report to target/crash.md
  cargo xtask bench         measures appends and relays beside their bare peers, on servers that it starts
  cargo xtask deps up       starts the servers that tests and local development share; also `down` and `status`

It ends with 0 when all is well, 1 when a check or test fails, 2 when the task is not known,
69 when something it needs is missing.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Failure> {
    let Some((task, rest)) = arguments.split_first() else {
        return Err(Failure::Usage(format!("no task was named\n\n{HELP}")));
    };
    match task.as_str() {
        "test" => test::run(&Place::find()?, rest),
        test::RUN_SOME => test::run_some(rest),
        "check" => check::run(&Place::find()?, &check::parts(rest)?),
        "ci" if rest.is_empty() => ci(&Place::find()?),
        "crash" => crash::run(&Place::find()?, rest),
        "bench" if rest.is_empty() => bench::run(&Place::find()?),
        "deps" => deps::run(rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        _ => Err(Failure::Usage(format!("`{}` is no task\n\n{HELP}", arguments.join(" ")))),
    }
}

/// Runs the tests though a check failed, so that one run tells all that is wrong.
fn ci(place: &Place) -> Result<(), Failure> {
    let checked = check::run(place, &check::Part::ALL);
    if let Err(failure) = &checked {
        eprintln!("xtask: {failure}");
    }
    test::run(place, &[])?;
    checked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(String::from).collect()
    }

    #[test]
    fn an_unknown_task_is_named_and_ends_with_2() {
        for line in [
            "",
            "tset",
            "ci now",
            "check fmt clipy",
            "deps",
            "deps upp",
            "deps up now",
            "crash --kills",
            "crash --kills many",
            "bench now",
        ] {
            let failure = run(&words(line)).unwrap_err();
            assert_eq!(failure.exit_code(), 2, "{line}");
            let said = failure.to_string();
            let named = ["tset", "ci now", "clipy", "deps", "crash", "bench now"]
                .iter()
                .any(|wrong| said.contains(wrong));
            assert!(line.is_empty() || named, "{said}");
        }
    }
}
