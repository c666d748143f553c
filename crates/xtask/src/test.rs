//! Every test, with what it needs prepared beforehand.

use crate::place::Place;
use crate::shell::{Failure, cargo, not_started, say, typed};
use crate::tools;
use std::fmt;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::time::Instant;

/// Where the tests look for the interpreter of their Python client.
const PYTHON_VARIABLE: &str = "BROKERAGE_TEST_PYTHON";

/// `arguments` choose tests as those of `cargo test` do; without them all run.
pub(crate) fn run(place: &Place, arguments: &[String]) -> Result<(), Failure> {
    run_with(place, arguments, &[])
}

/// The same with more in the environment.
pub(crate) fn run_with(
    place: &Place,
    arguments: &[String],
    variables: &[(&str, String)],
) -> Result<(), Failure> {
    let start = Instant::now();
    let python = tools::test_python(place)?;
    let mut test = cargo();
    test.arg("test").current_dir(&place.root).env(PYTHON_VARIABLE, &python).stdout(Stdio::piped());
    test.envs(variables.iter().map(|(name, value)| (name, value)));
    if arguments.is_empty() {
        test.args(["--workspace", "--no-fail-fast"]);
    } else {
        test.args(arguments);
    }
    let line = typed(&test);
    say(&format!("{PYTHON_VARIABLE}={} {line}", python.display()));
    let mut child = test.spawn().map_err(|error| not_started(&line, &error, "install Rust"))?;
    let mut total = Total::default();
    for line in child.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).split(b'\n')) {
        let Ok(line) = line else { break };
        let line = String::from_utf8_lossy(&line);
        total.add(&line);
        // A reader that went away (`| head`) does not stop the tests.
        let _ = writeln!(std::io::stdout(), "{line}");
    }
    let status = child.wait().map_err(|error| Failure::Missing(format!("`{line}` was lost: {error}")))?;
    let summary = format!("{total}, {} s", start.elapsed().as_secs());
    if status.success() {
        println!("xtask test: ok. {summary}");
        Ok(())
    } else {
        println!("xtask test: FAILED. {summary}");
        Err(Failure::Found(format!("`{line}` failed ({status})")))
    }
}

/// What all test binaries said together.
#[derive(Debug, Default, PartialEq, Eq)]
struct Total {
    binaries: u32,
    passed: u32,
    failed: u32,
    ignored: u32,
}

impl Total {
    /// Adds a line such as `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; …`; any other counts nothing.
    fn add(&mut self, line: &str) {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        self.binaries += 1;
        for (count, what) in counts.split("; ").filter_map(|part| part.split_once(' ')) {
            let Ok(count) = count.parse::<u32>() else { continue };
            match what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.ignored += count,
                _ => {}
            }
        }
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { binaries, passed, failed, ignored } = self;
        write!(f, "{passed} passed, {failed} failed, {ignored} ignored in {binaries} test binaries")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_counts_what_each_binary_said_and_nothing_else() {
        let mut total = Total::default();
        for line in [
            "running 3 tests",
            "test a_test ... ok",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 5 filtered out; finished in 1.20s",
            "test result: who knows",
        ] {
            total.add(line);
        }
        assert_eq!(total, Total { binaries: 2, passed: 13, failed: 2, ignored: 1 });
        assert_eq!(total.to_string(), "13 passed, 2 failed, 1 ignored in 2 test binaries");
    }
}
