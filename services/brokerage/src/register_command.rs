//! `brokerage register`: what changed between two dates of Ofsted's register, or between the region and a later date that is imported; and whom
//! it touches in a running region.

use crate::client::address;
use crate::register::{Change, Changed, RegisterRow, Strictness, compare, parse_register};
use crate::terminal::{Exit, Output, Rows, say, say_error, say_warning, width};
use clap::{Args, Subcommand};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tonic::{Code, Status};

mod asking;
mod import;

use asking::{Asking, Touched};

#[derive(Args)]
pub(crate) struct RegisterArgs {
    #[command(subcommand)]
    command: RegisterCommand,
}

#[derive(Subcommand)]
enum RegisterCommand {
    /// Say what changed between two dates of the register: who is new, no longer listed, graded otherwise, suspended, or registered
    /// for other places. With --address, also whom it touches there.
    Compare(CompareArgs),
    /// Import a date of the register into a running region: homes that it does not know are entered, grades, status and places of the others
    /// are taken over where nothing was entered for a later day, and what an earlier import listed and this one does not takes nobody any
    /// more. Then say what changed, and whom it touches. Sent again it changes nothing. Supported accommodation has an outcome and no grade:
    /// it stays NONE. Homes lie nowhere at first, since the register prints no postcode: `vacancies
    /// amend-establishment --sector` says where.
    Import(import::ImportArgs),
    /// Say whom an import touches: the holds, awards and agreements on homes that it changed. For a council those are its own.
    Touched(import::TouchedArgs),
}

#[derive(Args)]
struct CompareArgs {
    /// The earlier register, as CSV.
    before: PathBuf,
    /// The later one.
    now: PathBuf,
    /// Leave out rows that are wrong, instead of refusing the file.
    #[arg(long)]
    skip_bad_rows: bool,
    /// A running region: what stands on the homes that changed, as far as the token's bearer may see it. A framework lead sees holds and
    /// awards of its members, a council its own, with their agreements.
    #[arg(long, env = "BROKERAGE_ADDRESS", value_parser = address, requires = "token")]
    address: Option<String>,
    /// The bearer token; make one with `brokerage token issue`.
    #[arg(long, env = "BROKERAGE_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// A change, and what it touches.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    changed: Changed,
    touches: Vec<Touched>,
}

/// Runs the command.
pub(crate) async fn run(args: RegisterArgs) -> Exit {
    match args.command {
        RegisterCommand::Compare(args) => compare_files(args).await,
        RegisterCommand::Import(args) => import::run(args).await,
        RegisterCommand::Touched(args) => import::touched(args).await,
    }
}

async fn compare_files(args: CompareArgs) -> Exit {
    let read = |path: &Path| rows(path, args.skip_bad_rows);
    let (before, now) = match (read(&args.before), read(&args.now)) {
        (Ok(before), Ok(now)) => (before, now),
        (Err((exit, message)), _) | (_, Err((exit, message))) => {
            say_error(&message);
            return exit;
        }
    };
    let changed = compare(&before, &now);
    let kinds: BTreeMap<_, _> = before.iter().chain(&now).map(|row| (&row.urn, row.provision_type)).collect();
    let mut told: Vec<Told> =
        changed.into_iter().map(|changed| Told { changed, touches: Vec::new() }).collect();
    if let (Some(address), Some(token)) = (&args.address, &args.token) {
        let asking = match Asking::connect(address, token).await {
            Ok(asking) => asking,
            Err(message) => {
                say_error(&message);
                return Exit::Unavailable;
            }
        };
        for told in told.iter_mut().filter(|told| told.changed.change.touches()) {
            for urn in kinds.get(&told.changed.urn).into_iter().flat_map(|kind| kind.urns(&told.changed.urn))
            {
                match asking.touched(&urn).await {
                    Ok(touched) => told.touches.extend(touched),
                    Err(status) => return refused(address, &status),
                }
            }
        }
    }
    match args.output {
        Output::Table => print_table(&told, (before.len(), now.len())),
        Output::Json => match serde_json::to_string_pretty(&told) {
            Ok(json) => say(&json),
            Err(error) => say_error(&error.to_string()),
        },
    }
    Exit::Yes
}

/// Says what a running region answered instead.
fn refused(address: &str, status: &Status) -> Exit {
    say_error(&format!("{address}: {:?} {}", status.code(), status.message()));
    if status.code() == Code::Unavailable { Exit::Unavailable } else { Exit::No }
}

fn rows(path: &Path, skip_bad_rows: bool) -> Result<Vec<RegisterRow>, (Exit, String)> {
    let strictness = if skip_bad_rows { Strictness::SkipBad } else { Strictness::RefuseAny };
    let place = path.display();
    let file = std::fs::File::open(path).map_err(|error| (Exit::Usage, format!("{place}: {error}")))?;
    let register =
        parse_register(file, strictness).map_err(|errors| (Exit::No, format!("{place}: {errors}")))?;
    if register.rows_skipped > 0 {
        say_warning(&format!("{place}: {} rows were left out:\n{}", register.rows_skipped, register.skipped));
    }
    Ok(register.rows)
}

impl Change {
    /// Whether children who are there, or about to come, may be touched by it.
    fn touches(&self) -> bool {
        match self {
            Self::New | Self::Owner { .. } => false,
            Self::NoLongerListed | Self::Regraded { .. } | Self::Status { .. } | Self::Places { .. } => true,
        }
    }
}

fn print_table(told: &[Told], (before, now): (usize, usize)) {
    let header = ["urn", "authority", "change", "before", "now", "touches"].map(str::to_owned).to_vec();
    let rows = told.iter().map(|Told { changed, touches }| {
        let (was, is) = changed.change.values();
        let touches: Vec<String> = touches.iter().map(|it| format!("{} {}", it.stage, it.referral)).collect();
        let word = changed.change.word().to_owned();
        vec![changed.urn.to_string(), changed.local_authority.clone(), word, was, is, touches.join("; ")]
    });
    say(&Rows::beneath(header, rows.collect()).text(width()));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for told in told {
        *counts.entry(told.changed.change.word()).or_default() += 1;
    }
    let counts: Vec<String> = counts.into_iter().map(|(word, count)| format!("{count} {word}")).collect();
    let counts = if counts.is_empty() { "nothing changed".to_owned() } else { counts.join(", ") };
    let claims: usize = told.iter().map(|told| told.touches.len()).sum();
    say(&format!(
        "{before} registrations before, {now} now: {counts}; {claims} holds and placements touched."
    ));
}
