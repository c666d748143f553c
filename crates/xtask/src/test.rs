//! Every test, with what it needs prepared beforehand.

use crate::place::Place;
use crate::shell::{Failure, cargo, not_started, say, typed};
use crate::tools;
use std::fmt;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Where the tests look for the interpreter of their Python client.
const PYTHON_VARIABLE: &str = "BROKERAGE_TEST_PYTHON";

/// The test binary that takes as long as all others together and mostly waits, for servers that it kills: it runs beside them.
const LONGEST: &str = "system";

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
    let test = |arguments: &[String]| {
        let mut test = cargo();
        test.arg("test").args(arguments).current_dir(&place.root).env(PYTHON_VARIABLE, &python);
        test.envs(variables.iter().map(|(name, value)| (name, value)));
        say(&format!("{PYTHON_VARIABLE}={} {}", python.display(), typed(&test)));
        test
    };
    let (total, outcome) =
        if arguments.is_empty() { beside_each_other(&test)? } else { lane("", test(arguments)) };
    let verdict = if outcome.is_ok() { "ok" } else { "FAILED" };
    println!("xtask test: {verdict}. {total}, {} s", start.elapsed().as_secs());
    outcome
}

/// Builds every test, then runs the longest binary beside all others. Both runs choose all of the workspace, and the runner leaves out what
/// the other has: cargo would build anew for a smaller choice, as that asks for fewer features.
fn beside_each_other(test: &impl Fn(&[String]) -> Command) -> Result<(Total, Result<(), Failure>), Failure> {
    let own = std::env::current_exe()
        .map_err(|error| Failure::Missing(format!("this program's own path is not known: {error}")))?;
    let whole = |more: &[&str]| {
        let words = ["--workspace", "--no-fail-fast"].iter().chain(more);
        test(&words.map(|&word| word.to_owned()).collect::<Vec<_>>())
    };
    let (_, built) = lane("", whole(&["--no-run"]));
    built?;
    let but_longest = whole(&["--config", &runner(&own, "but")]);
    let longest = whole(&["--tests", "--config", &runner(&own, "only")]);
    Ok(std::thread::scope(|scope| {
        let prefix = format!("{LONGEST} | ");
        let beside = scope.spawn(move || lane(&prefix, longest));
        let (mut total, outcome) = lane("", but_longest);
        let lost = |_| (Total::default(), Err(Failure::Found(format!("the run of `{LONGEST}` was lost"))));
        let (more, other) = beside.join().unwrap_or_else(lost);
        total += more;
        (total, outcome.and(other))
    }))
}

/// The setting by which cargo hands every test binary to [`run_some`].
fn runner(own: &Path, which: &str) -> String {
    let own = own.display().to_string();
    format!("target.'cfg(all())'.runner=[{own:?}, {RUN_SOME:?}, {which:?}]")
}

/// The task that cargo itself calls, for each test binary.
pub(crate) const RUN_SOME: &str = "run-some";

/// Runs a test binary with its arguments, which follow `only` or `but`, if it is, or is not, the longest.
pub(crate) fn run_some(words: &[String]) -> Result<(), Failure> {
    let usage = || Failure::Usage(format!("`{RUN_SOME}` is what cargo calls, with a test binary"));
    let [which, program, arguments @ ..] = words else { return Err(usage()) };
    let wanted = match which.as_str() {
        "only" => is_longest(Path::new(program)),
        "but" => !is_longest(Path::new(program)),
        _ => return Err(usage()),
    };
    if !wanted {
        return Ok(());
    }
    let status = Command::new(program).args(arguments).status();
    let status = status.map_err(|error| not_started(program, &error, "build it"))?;
    if status.success() { Ok(()) } else { Err(Failure::Found(format!("{program} ended with {status}"))) }
}

/// Whether cargo's name for a test binary, such as `system-0c588636c5379aed`, is of the longest.
fn is_longest(program: &Path) -> bool {
    let name = program.file_name().and_then(|name| name.to_str());
    name.and_then(|name| name.rsplit_once('-')).is_some_and(|(name, _)| name == LONGEST)
}

/// Runs tests, and tells what they say, each line behind `prefix`, as they say it.
fn lane(prefix: &str, test: Command) -> (Total, Result<(), Failure>) {
    // A reader that went away (`| head`) does not stop the tests.
    told(test, |line| drop(writeln!(std::io::stdout(), "{prefix}{line}")))
}

/// Runs tests, and hands on each line that they say.
fn told(mut test: Command, tell: impl Fn(&str)) -> (Total, Result<(), Failure>) {
    let line = typed(&test);
    let mut total = Total::default();
    let mut child = match test.stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => return (total, Err(not_started(&line, &error, "install Rust"))),
    };
    for line in child.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).split(b'\n')) {
        let Ok(line) = line else { break };
        let line = String::from_utf8_lossy(&line);
        total.add(&line);
        tell(&line);
    }
    let outcome = match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::Found(format!("`{line}` failed ({status})"))),
        Err(error) => Err(Failure::Missing(format!("`{line}` was lost: {error}"))),
    };
    (total, outcome)
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

impl std::ops::AddAssign for Total {
    fn add_assign(&mut self, more: Self) {
        self.binaries += more.binaries;
        self.passed += more.passed;
        self.failed += more.failed;
        self.ignored += more.ignored;
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
    use std::cell::RefCell;

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

    #[test]
    fn only_the_longest_binary_is_left_to_its_own_run() {
        assert!(is_longest(Path::new("target/debug/deps/system-0c588636c5379aed")));
        for other in
            ["target/debug/deps/system_parts-0c588636c5379aed", "system", "my-system-0c58/kafka-24728061"]
        {
            assert!(!is_longest(Path::new(other)), "{other}");
        }
        let run = |line: &str| run_some(&line.split(' ').map(String::from).collect::<Vec<_>>());
        assert_eq!(run("but no/such/system-0c588636c5379aed"), Ok(()));
        assert_eq!(run("only no/such/kafka-24728061cc40526e"), Ok(()));
        assert_eq!(run("only no/such/system-0c588636c5379aed").unwrap_err().exit_code(), 69);
        assert_eq!(run("but true"), Ok(()));
        assert_eq!(run("but false").unwrap_err().exit_code(), 1);
        assert_eq!(run("but").unwrap_err().exit_code(), 2);
        assert_eq!(run("some true").unwrap_err().exit_code(), 2);
    }

    #[test]
    fn a_lane_tells_what_was_counted_and_how_it_ended() {
        let said = "echo 'test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured'; exit 101";
        let mut test = Command::new("sh");
        test.args(["-c", said]);
        let heard = RefCell::new(Vec::new());
        let (total, outcome) = told(test, |line| heard.borrow_mut().push(line.to_owned()));
        assert_eq!(heard.into_inner().len(), 1);
        assert_eq!(total, Total { binaries: 1, passed: 10, failed: 2, ignored: 0 });
        assert_eq!(outcome.unwrap_err().exit_code(), 1);
    }
}
