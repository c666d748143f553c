//! Where the settings of `brokerage run` come from: flags, then the environment, then a file; and how they are shown, without secrets.

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};
use std::ffi::OsString;
use std::path::PathBuf;

const FILE_FLAG: &str = "--config";
const FILE_VARIABLE: &str = "BROKERAGE_CONFIG";
/// Settings that hold passwords.
const SECRET: [&str; 2] = ["database", "kafka_setting"];

/// Gives `brokerage run` the settings of its file as defaults, so that flags and the environment go before them.
///
/// # Errors
/// Why the file cannot be used: where, and what was expected.
pub(crate) fn with_file(command: Command, arguments: &[OsString]) -> Result<Command, String> {
    let Some(path) = file(arguments) else { return Ok(command) };
    let place = path.display();
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{FILE_FLAG} {place}: {error}"))?;
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| format!("{place}: {}", where_and_what(&text, &error)))?;
    let mut settings = Vec::new();
    for (name, value) in &table {
        let id = name.replace('-', "_");
        let values = values(value).ok_or_else(|| {
            format!("{place}: {name}: expected text, a number, true or false, or a list of texts")
        })?;
        settings.push((id, name.clone(), values));
    }
    let known: Vec<String> = command
        .find_subcommand("run")
        .into_iter()
        .flat_map(Command::get_arguments)
        .map(|arg| arg.get_id().to_string())
        .filter(|id| !matches!(id.as_str(), "config" | "help"))
        .collect();
    if let Some((_, name, _)) = settings.iter().find(|(id, _, _)| !known.contains(id)) {
        let names: Vec<String> = known.iter().map(|id| id.replace('_', "-")).collect();
        return Err(format!("{place}: {name:?} is no setting: expected {}", names.join(", ")));
    }
    Ok(command.mut_subcommand("run", |run| {
        settings
            .into_iter()
            .fold(run, |run, (id, _, values)| run.mut_arg(id, |arg| arg.default_values(values)))
    }))
}

/// Where a file is wrong and how, without its text, which may be a password.
fn where_and_what(text: &str, error: &toml::de::Error) -> String {
    let place = error.span().and_then(|span| text.get(..span.start)).map(|before| {
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|character| *character != '\n').count() + 1;
        format!("line {line}, column {column}: ")
    });
    format!("{}{}", place.unwrap_or_default(), error.message())
}

/// The file that is named by the flag of `run`, or by the environment.
fn file(arguments: &[OsString]) -> Option<PathBuf> {
    let mut words = arguments.iter().skip_while(|word| *word != "run");
    words.next()?;
    while let Some(word) = words.next() {
        if word == FILE_FLAG {
            return words.next().map(PathBuf::from);
        }
        let joined = word.to_str().and_then(|word| word.strip_prefix(FILE_FLAG)?.strip_prefix('='));
        if let Some(path) = joined {
            return Some(PathBuf::from(path));
        }
    }
    std::env::var_os(FILE_VARIABLE).map(PathBuf::from)
}

fn values(value: &toml::Value) -> Option<Vec<String>> {
    match value {
        toml::Value::String(text) => Some(vec![text.clone()]),
        toml::Value::Integer(number) => Some(vec![number.to_string()]),
        toml::Value::Boolean(yes) => Some(vec![yes.to_string()]),
        toml::Value::Array(values) => values.iter().map(|value| value.as_str().map(str::to_owned)).collect(),
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

/// Every setting with where it comes from. A secret is only said to be there.
pub(super) fn shown(matches: &ArgMatches) -> String {
    let show = |id: &clap::Id| {
        let id = id.as_str();
        let values: Vec<_> = matches.get_raw(id)?.map(|value| value.to_string_lossy().into_owned()).collect();
        let value = if SECRET.contains(&id) { "(hidden)".to_owned() } else { values.join(",") };
        let from = match matches.value_source(id)? {
            ValueSource::CommandLine => "flag",
            ValueSource::EnvVariable => "environment",
            // A file's settings are defaults to the parser.
            _ if matches.contains_id("config") => "file or default",
            _ => "default",
        };
        Some(format!("{}={value} ({from})", id.replace('_', "-")))
    };
    // Groups have ids too, without values of their own.
    matches.ids().filter(|id| !id.as_str().ends_with("Args")).filter_map(show).collect::<Vec<_>>().join(", ")
}
