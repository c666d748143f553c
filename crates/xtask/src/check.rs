//! The checks that read the code without running it.

use crate::place::Place;
use crate::shell::{self, Failure, cargo, say};
use crate::{breaking, tools};
use std::process::Command;
use std::time::Instant;

const WITHOUT_CARGO: &str = "install Rust, with rustup or by your system's packages";

/// One check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Fmt,
    Clippy,
    Deny,
    Lint,
    Breaking,
}

impl Part {
    /// Fastest first.
    pub(crate) const ALL: [Self; 5] = [Self::Fmt, Self::Deny, Self::Lint, Self::Breaking, Self::Clippy];

    const fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Clippy => "clippy",
            Self::Deny => "deny",
            Self::Lint => "lint",
            Self::Breaking => "breaking",
        }
    }

    fn run(self, place: &Place) -> Result<(), Failure> {
        match self {
            Self::Fmt => fmt(place),
            Self::Clippy => clippy(place),
            Self::Deny => deny(place),
            Self::Lint => shell::run(
                Command::new(tools::buf(place)?).arg("lint").arg("proto").current_dir(&place.root),
                "",
            ),
            Self::Breaking => breaking::run(place),
        }
    }
}

/// The parts that are named, or all when none is.
pub(crate) fn parts(names: &[String]) -> Result<Vec<Part>, Failure> {
    if names.is_empty() {
        return Ok(Part::ALL.into());
    }
    let known = || Part::ALL.map(Part::name).join(", ");
    let part = |name: &String| {
        let found = Part::ALL.into_iter().find(|part| part.name() == name);
        found.ok_or_else(|| Failure::Usage(format!("`{name}` is no check; there are {}", known())))
    };
    names.iter().map(part).collect()
}

/// Runs every part though one fails, so that one run tells all that is wrong.
fn run_all(parts: &[Part], mut one: impl FnMut(Part) -> Result<(), Failure>) -> Result<(), Failure> {
    let mut failures = Vec::new();
    for &part in parts {
        let start = Instant::now();
        let outcome = one(part);
        let verdict = if outcome.is_ok() { "ok" } else { "FAILED" };
        say(&format!("check {}: {verdict}, {} s", part.name(), start.elapsed().as_secs()));
        failures.extend(outcome.err().map(|failure| (part, failure)));
    }
    let lines =
        failures.iter().map(|(part, failure)| format!("\n  {}: {failure}", part.name())).collect::<String>();
    match failures.iter().find(|(_, failure)| !matches!(failure, Failure::Missing(_))) {
        _ if failures.is_empty() => Ok(()),
        Some(_) => {
            Err(Failure::Found(format!("{} of {} checks failed:{lines}", failures.len(), parts.len())))
        }
        None => Err(Failure::Missing(format!(
            "{} of {} checks could not run:{lines}",
            failures.len(),
            parts.len()
        ))),
    }
}

pub(crate) fn run(place: &Place, parts: &[Part]) -> Result<(), Failure> {
    run_all(parts, |part| part.run(place))
}

fn fmt(place: &Place) -> Result<(), Failure> {
    shell::run(cargo().args(["fmt", "--all", "--check"]).current_dir(&place.root), WITHOUT_CARGO).map_err(
        |failure| hint(failure, "`cargo fmt --all` puts it right; `rustup component add rustfmt` gets it"),
    )
}

fn clippy(place: &Place) -> Result<(), Failure> {
    let arguments = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    shell::run(cargo().args(arguments).current_dir(&place.root), WITHOUT_CARGO)
        .map_err(|failure| hint(failure, "`rustup component add clippy` gets it where it is missing"))
}

fn deny(place: &Place) -> Result<(), Failure> {
    let mut deny = Command::new(tools::cargo_deny(place)?);
    deny.args(["--locked", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"]);
    shell::run(deny.current_dir(&place.root), "")
        .map_err(|failure| hint(failure, "what is allowed, and why, stands in deny.toml"))
}

fn hint(failure: Failure, hint: &str) -> Failure {
    match failure {
        Failure::Found(what) => Failure::Found(format!("{what}; {hint}")),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_can_be_named_and_all_run_when_none_is() {
        assert_eq!(parts(&[]).unwrap(), Part::ALL);
        for part in Part::ALL {
            assert_eq!(parts(&[part.name().into()]).unwrap(), [part]);
        }
        assert!(
            parts(&["lnit".into()]).unwrap_err().to_string().contains("fmt, deny, lint, breaking, clippy")
        );
    }

    #[test]
    fn one_failure_does_not_hide_another_and_the_exit_code_tells_found_from_missing() {
        let mut ran = 0;
        let failing = |part: Part| match part {
            Part::Fmt => Err(Failure::Found("bent".into())),
            Part::Lint => Err(Failure::Missing("no npm".into())),
            _ => Ok(()),
        };
        let outcome = run_all(&Part::ALL, |part| {
            ran += 1;
            failing(part)
        });
        let failure = outcome.unwrap_err();
        assert_eq!((ran, failure.exit_code()), (5, 1));
        assert_eq!(failure.to_string(), "2 of 5 checks failed:\n  fmt: bent\n  lint: no npm");
        assert_eq!(run_all(&[Part::Lint], failing).unwrap_err().exit_code(), 69);
        assert_eq!(run_all(&[Part::Deny], failing), Ok(()));
    }
}
