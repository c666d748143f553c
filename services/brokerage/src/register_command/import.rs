//! `brokerage register import`: a date of Ofsted's register becomes the region's.

use super::asking::{Asking, Touched};
use super::{refused, rows};
use crate::client::address;
use crate::register::{OwnerSector, ProvisionType, RegisterRow, Status as Registered};
use crate::terminal::{Exit, Output, Rows, say, say_error, say_warning};
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
/// Rows of a table at most; a first import enters thousands, which `--output json` and `vacancies list-register-changes` have.
const TABLE_ROWS_MAX: usize = 200;

#[derive(Args)]
pub(super) struct ImportArgs {
    /// The register, as CSV.
    register: PathBuf,
    /// The date that it is of, not after today.
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Date,
    /// Leave out rows that are wrong, instead of refusing the file.
    #[arg(long)]
    skip_bad_rows: bool,
    /// The running region.
    #[arg(long, value_parser = address, default_value = "http://127.0.0.1:50051")]
    address: String,
    /// A framework lead's bearer token; make one with `brokerage token issue`.
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
    changes: Vec<Told>,
    not_taken: Vec<NotTaken>,
    duration_ms: u128,
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
}

pub(super) async fn run(args: ImportArgs) -> Exit {
    let read = rows(&args.register, args.skip_bad_rows);
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
    match import(&asking, args.as_of, &read, &hex(&Sha256::digest(&file))).await {
        Err(status) => refused(&args.address, &status),
        Ok(imported) => {
            print(&imported, args.output);
            Exit::Yes
        }
    }
}

async fn import(
    asking: &Asking,
    as_of: Date,
    read: &[RegisterRow],
    file_sha256: &str,
) -> Result<Imported, Status> {
    let began = Instant::now();
    let sent: Vec<proto::RegisterRow> = read.iter().flat_map(rows_of).collect();
    let mut vacancies = asking.vacancies();
    let (mut changes, mut not_taken) = (Vec::new(), Vec::new());
    for part in sent.chunks(PART_ROWS) {
        let request = proto::ReadRegisterPartRequest {
            as_of: as_of.to_string(),
            rows: part.to_vec(),
            request_id: Uuid::new_v4().to_string(),
        };
        let part = vacancies.read_register_part(asking.request(request)).await?.into_inner();
        changes.extend(part.changes);
        not_taken.extend(part.not_taken);
    }
    let finish = proto::FinishRegisterImportRequest {
        as_of: as_of.to_string(),
        rows: u32::try_from(sent.len()).unwrap_or(u32::MAX),
        file_sha256: file_sha256.to_owned(),
        request_id: Uuid::new_v4().to_string(),
    };
    let finished = vacancies.finish_register_import(asking.request(finish)).await?.into_inner();
    let duration_ms = began.elapsed().as_millis();
    changes.extend(no_longer_listed(asking, as_of, &finished).await?);
    let mut told = Vec::new();
    for it in changes {
        let urn = it.establishment.trim_start_matches("establishments/").to_owned();
        let touches = match it.change.as_str() {
            "NEW" | "OWNER" => Vec::new(),
            _ => asking.touched(&urn).await?,
        };
        let proto::RegisterChange { establishment, change, before, now } = it;
        told.push(Told { establishment, change, before, now, touches });
    }
    let refused = |it: proto::RegisterRowNotTaken| NotTaken {
        establishment: it.establishment,
        reason: it.reason,
        message: it.message,
    };
    Ok(Imported {
        as_of: as_of.to_string(),
        rows: sent.len(),
        left_out: read.iter().filter(|row| row.council.is_none()).count(),
        change_totals: finished.change_totals.into_iter().collect(),
        changes: told,
        not_taken: not_taken.into_iter().map(refused).collect(),
        duration_ms,
    })
}

/// Which homes are gone stands in the import alone, at its end.
async fn no_longer_listed(
    asking: &Asking,
    as_of: Date,
    finished: &proto::RegisterImport,
) -> Result<Vec<proto::RegisterChange>, Status> {
    let word = "NO_LONGER_LISTED";
    let mut gone = Vec::new();
    if !finished.change_totals.contains_key(word) {
        return Ok(gone);
    }
    let mut page_token = String::new();
    loop {
        let request =
            proto::ListRegisterChangesRequest { as_of: as_of.to_string(), page_size: 200, page_token };
        let page = asking.vacancies().list_register_changes(asking.request(request)).await?.into_inner();
        gone.extend(page.changes.into_iter().filter(|it| it.change == word));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(gone);
        }
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
        // The owner's name is not read from the file, see `register`.
        provider_display_name: row.owner_id.to_string(),
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn print(imported: &Imported, output: Output) {
    match output {
        Output::Json => match serde_json::to_string_pretty(imported) {
            Ok(json) => say(&json),
            Err(error) => say_error(&error.to_string()),
        },
        Output::Table => {
            let header = ["establishment", "change", "before", "now", "touches"].map(str::to_owned).to_vec();
            let shown = imported.changes.iter().take(TABLE_ROWS_MAX).map(|it| {
                let touches: Vec<String> =
                    it.touches.iter().map(|it| format!("{} {}", it.stage, it.referral)).collect();
                let Told { establishment, change, before, now, .. } = it;
                let cells = [establishment, change, before, now];
                cells.into_iter().cloned().chain([touches.join("; ")]).collect()
            });
            say(&Rows { header: Some(header), rows: shown.collect() }.text());
            if imported.changes.len() > TABLE_ROWS_MAX {
                say(&format!("and {} changes more", imported.changes.len() - TABLE_ROWS_MAX));
            }
            for it in &imported.not_taken {
                say_warning(&format!("{} was not taken: {} {}", it.establishment, it.reason, it.message));
            }
            let totals: Vec<String> =
                imported.change_totals.iter().map(|(word, count)| format!("{count} {word}")).collect();
            let totals = if totals.is_empty() { "nothing changed".to_owned() } else { totals.join(", ") };
            let claims: usize = imported.changes.iter().map(|it| it.touches.len()).sum();
            say(&format!(
                "The register of {}: {} establishments in {} ms: {totals}; {} not taken, {} registrations outside England left out; {claims} \
                 holds and placements touched.",
                imported.as_of,
                imported.rows,
                imported.duration_ms,
                imported.not_taken.len(),
                imported.left_out,
            ));
        }
    }
}
