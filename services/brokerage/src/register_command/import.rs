//! `brokerage register import`: a date of Ofsted's register becomes the region's; `register touched`: whom an import touches, as far as a
//! token's bearer may see it.
//!
//! A file of which rows are left out is not imported: their homes would look as if they were listed no longer.

use super::asking::{Asking, Touched};
use super::{refused, rows};
use crate::client::address;
use crate::register::{OwnerSector, ProvisionType, RegisterRow, Status as Registered};
use crate::terminal::{Exit, Output, Rows, say, say_error, say_warning, width};
use api::vacancies as proto;
use care::Date;
use clap::Args;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;
use tonic::Status;
use uuid::Uuid;

/// Rows that one request takes.
const PART_ROWS: usize = 250;
/// Characters of a provider's name at most, as the market takes it.
const PROVIDER_NAME_CHARS_MAX: usize = 200;
/// Rows of a table at most; a first import enters thousands, which `--output json` and `vacancies list-register-changes` have.
const TABLE_ROWS_MAX: usize = 200;

#[derive(Args)]
pub(super) struct ImportArgs {
    /// The register, as CSV.
    register: PathBuf,
    /// The date that it is of, not after today.
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Date,
    /// That so many establishments may be listed no longer, where it was refused because that is many.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    confirm_no_longer_listed: u32,
    /// The running region.
    #[arg(long, env = "BROKERAGE_ADDRESS", value_parser = address, default_value = "http://127.0.0.1:50051")]
    address: String,
    /// A framework lead's bearer token; make one with `brokerage token issue`.
    #[arg(long, env = "BROKERAGE_TOKEN", hide_env_values = true)]
    token: String,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

#[derive(Args)]
pub(super) struct TouchedArgs {
    /// The date of the register that was imported.
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Date,
    /// The running region.
    #[arg(long, env = "BROKERAGE_ADDRESS", value_parser = address, default_value = "http://127.0.0.1:50051")]
    address: String,
    /// The bearer token; make one with `brokerage token issue`. A council sees its own holds, awards and agreements, a framework lead the
    /// holds and awards of its members.
    #[arg(long, env = "BROKERAGE_TOKEN", hide_env_values = true)]
    token: String,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// What an import came to.
#[derive(Serialize)]
struct Imported {
    as_of: String,
    rows: usize,
    /// How many registrations lie outside England and were left out.
    left_out: usize,
    change_totals: BTreeMap<String, u32>,
    #[serde(flatten)]
    changed: Changes,
    duration_ms: u128,
}

/// What an import changed, and whom that touches.
#[derive(Serialize)]
struct Changes {
    changes: Vec<Told>,
    not_taken: Vec<NotTaken>,
}

#[derive(Serialize)]
struct Told {
    establishment: String,
    change: String,
    before: String,
    now: String,
    touches: Vec<Touched>,
}

#[derive(Serialize)]
struct NotTaken {
    establishment: String,
    reason: String,
    message: String,
    touches: Vec<Touched>,
}

pub(super) async fn run(args: ImportArgs) -> Exit {
    let read = rows(&args.register, false);
    let (read, file) = match (read, std::fs::read(&args.register)) {
        (Ok(read), Ok(file)) => (read, file),
        (Err((exit, message)), _) => {
            say_error(&message);
            return exit;
        }
        (_, Err(error)) => {
            say_error(&format!("{}: {error}", args.register.display()));
            return Exit::Usage;
        }
    };
    let asking = match Asking::connect(&args.address, &args.token).await {
        Ok(asking) => asking,
        Err(message) => {
            say_error(&message);
            return Exit::Unavailable;
        }
    };
    let digest = hex(&Sha256::digest(&file));
    match import(&asking, args.as_of, &read, &digest, args.confirm_no_longer_listed).await {
        Err(status) => refused(&args.address, &status),
        Ok(imported) => {
            print(&imported, args.output);
            Exit::Yes
        }
    }
}

/// Runs `register touched`.
pub(super) async fn touched(args: TouchedArgs) -> Exit {
    let asking = match Asking::connect(&args.address, &args.token).await {
        Ok(asking) => asking,
        Err(message) => {
            say_error(&message);
            return Exit::Unavailable;
        }
    };
    match changes_of(&asking, args.as_of).await {
        Err(status) => refused(&args.address, &status),
        Ok(mut changed) => {
            changed.changes.retain(|it| !it.touches.is_empty());
            changed.not_taken.retain(|it| !it.touches.is_empty());
            match args.output {
                Output::Json => print_json(&changed),
                Output::Table => {
                    print_changes(&changed);
                    say(&format!("{} holds and placements touched.", changed.claims()));
                }
            }
            Exit::Yes
        }
    }
}

async fn import(
    asking: &Asking,
    as_of: Date,
    read: &[RegisterRow],
    file_sha256: &str,
    no_longer_listed_confirmed: u32,
) -> Result<Imported, Status> {
    let began = Instant::now();
    let sent: Vec<proto::RegisterRow> = read.iter().flat_map(rows_of).collect();
    let mut vacancies = asking.vacancies();
    for part in sent.chunks(PART_ROWS) {
        let request = proto::ReadRegisterPartRequest {
            as_of: as_of.to_string(),
            file_sha256: file_sha256.to_owned(),
            rows: part.to_vec(),
            request_id: Uuid::new_v4().to_string(),
        };
        vacancies.read_register_part(asking.request(request)).await?;
    }
    let finish = proto::FinishRegisterImportRequest {
        as_of: as_of.to_string(),
        rows: u32::try_from(sent.len()).unwrap_or(u32::MAX),
        file_sha256: file_sha256.to_owned(),
        no_longer_listed_confirmed,
        request_id: Uuid::new_v4().to_string(),
    };
    let finished = vacancies.finish_register_import(asking.request(finish)).await?.into_inner();
    let duration_ms = began.elapsed().as_millis();
    Ok(Imported {
        as_of: as_of.to_string(),
        rows: sent.len(),
        left_out: read.iter().filter(|row| row.council.is_none()).count(),
        change_totals: finished.change_totals.into_iter().collect(),
        changed: changes_of(asking, as_of).await?,
        duration_ms,
    })
}

/// What an import changed, read back: so it is told whole, however often the import broke off.
async fn changes_of(asking: &Asking, as_of: Date) -> Result<Changes, Status> {
    let mut changed = Changes { changes: Vec::new(), not_taken: Vec::new() };
    let mut page_token = String::new();
    loop {
        let request =
            proto::ListRegisterChangesRequest { as_of: as_of.to_string(), page_size: 200, page_token };
        let page = asking.vacancies().list_register_changes(asking.request(request)).await?.into_inner();
        for it in page.changes {
            let touches = match it.change.as_str() {
                "NEW" | "OWNER" => Vec::new(),
                _ => touches(asking, &it.establishment).await?,
            };
            let proto::RegisterChange { establishment, change, before, now } = it;
            changed.changes.push(Told { establishment, change, before, now, touches });
        }
        for it in page.not_taken {
            let touches = touches(asking, &it.establishment).await?;
            let proto::RegisterRowNotTaken { establishment, reason, message } = it;
            changed.not_taken.push(NotTaken { establishment, reason, message, touches });
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(changed);
        }
    }
}

async fn touches(asking: &Asking, establishment: &str) -> Result<Vec<Touched>, Status> {
    asking.touched(establishment.trim_start_matches("establishments/")).await
}

impl Changes {
    fn claims(&self) -> usize {
        let changed: usize = self.changes.iter().map(|it| it.touches.len()).sum();
        changed + self.not_taken.iter().map(|it| it.touches.len()).sum::<usize>()
    }
}

/// The establishments that a registration leads to; none outside England, where no council of the region looks after its children.
fn rows_of(row: &RegisterRow) -> Vec<proto::RegisterRow> {
    let Some(council) = row.council else { return Vec::new() };
    let kind = row.provision_type;
    let (age_from, age_to) = match kind {
        ProvisionType::SupportedAccommodation => (16, 17),
        _ => (0, 17),
    };
    let status = match row.status {
        Registered::Active => proto::RegistrationStatus::Active,
        Registered::Suspended => proto::RegistrationStatus::Suspended,
    };
    let operated = row.sector == OwnerSector::LocalAuthority;
    let base = proto::RegisterRow {
        provider: format!("providers/{}", row.owner_id),
        provider_display_name: display_name(row),
        place_code: kind.place_code().to_owned(),
        utla: council.gss().to_owned(),
        operated_by: if operated { format!("councils/{council}") } else { String::new() },
        registered_on: row.registration_date.unwrap_or(Date::constant(1900, 1, 1)).to_string(),
        status: status.into(),
        grade: row.overall_grade.code().to_owned(),
        places_registered: row.places.map(u32::from),
        age_from,
        age_to,
        ..proto::RegisterRow::default()
    };
    kind.urns(&row.urn)
        .zip(kind.provisions())
        .map(|(urn, provision)| proto::RegisterRow {
            urn,
            provision: (*provision).to_owned(),
            ..base.clone()
        })
        .collect()
}

/// What a provider that first appears here is called: as in the register, and by its id where that says nothing or too much, or holds
/// what no name holds, such as a line break.
fn display_name(row: &RegisterRow) -> String {
    let name = row.owner.trim();
    let fits = (1..=PROVIDER_NAME_CHARS_MAX).contains(&name.chars().count());
    if fits && !name.chars().any(char::is_control) { name.to_owned() } else { row.owner_id.to_string() }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn print_json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(json) => say(&json),
        Err(error) => say_error(&error.to_string()),
    }
}

fn print_changes(changed: &Changes) {
    let header = ["establishment", "change", "before", "now", "touches"].map(str::to_owned).to_vec();
    let touched = |touches: &[Touched]| {
        let words = touches.iter().map(|it| format!("{} {} {}", it.stage, it.referral, it.agreement));
        words.map(|it| it.trim().to_owned()).collect::<Vec<_>>().join("; ")
    };
    let shown = changed.changes.iter().take(TABLE_ROWS_MAX).map(|it| {
        let Told { establishment, change, before, now, touches } = it;
        let cells = [establishment, change, before, now];
        cells.into_iter().cloned().chain([touched(touches)]).collect()
    });
    say(&Rows::beneath(header, shown.collect()).text(width()));
    if changed.changes.len() > TABLE_ROWS_MAX {
        say(&format!("and {} changes more", changed.changes.len() - TABLE_ROWS_MAX));
    }
    for it in &changed.not_taken {
        let touches = touched(&it.touches);
        say_warning(&format!(
            "{} was not taken, or not in everything: {} {} {touches}",
            it.establishment, it.reason, it.message
        ));
    }
}

fn print(imported: &Imported, output: Output) {
    match output {
        Output::Json => print_json(imported),
        Output::Table => {
            print_changes(&imported.changed);
            let totals: Vec<String> =
                imported.change_totals.iter().map(|(word, count)| format!("{count} {word}")).collect();
            let totals = if totals.is_empty() { "nothing changed".to_owned() } else { totals.join(", ") };
            say(&format!(
                "The register of {}: {} establishments in {} ms: {totals}; {} not taken whole, {} registrations outside England left out; \
                 {} holds and placements touched.",
                imported.as_of,
                imported.rows,
                imported.duration_ms,
                imported.changed.not_taken.len(),
                imported.left_out,
                imported.changed.claims(),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::register::{SIMULATED_REGISTER, Strictness, parse_register};

    #[test]
    fn a_provider_is_called_as_in_the_register_or_by_its_id() {
        let rows = parse_register(SIMULATED_REGISTER.as_bytes(), Strictness::RefuseAny).unwrap().rows;
        let mut row = rows.into_iter().find(|row| row.council.is_some()).unwrap();
        let named = |row: &RegisterRow| rows_of(row)[0].provider_display_name.clone();
        assert!(named(&row).starts_with("Simulated provider "), "{}", named(&row));
        let long = "x".repeat(PROVIDER_NAME_CHARS_MAX + 1);
        for owner in ["", "  ", &long, "Oak\u{7}Homes", "Oak\nHomes", "Oak\u{85}Homes"] {
            row.owner = owner.into();
            assert_eq!(named(&row), row.owner_id.to_string());
        }
    }
}
