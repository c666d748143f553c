//! `brokerage token`: bearer tokens for a data folder's region.

use crate::running::keys_folder;
use crate::terminal::{Exit, say, say_error, say_note, say_warning};
use care::{CouncilId, FrameworkId, ProviderId, Timestamp};
use clap::{Args, Subcommand};
use eventlog::Service;
use service_kit::token::TokenKeys;
use service_kit::{Region, Role};
use std::path::{Path, PathBuf};

#[derive(Args)]
pub(crate) struct TokenArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Print a new token, for one role bound to its own id.
    Issue(IssueArgs),
    /// Revoke a token; it is refused from now on.
    Revoke {
        /// The token itself, or its id as `issue` printed it.
        #[arg(value_name = "TOKEN|ID")]
        token: String,
        #[command(flatten)]
        data: DataArgs,
    },
}

#[derive(Args)]
struct DataArgs {
    /// The data folder of the region whose key signs it: `brokerage run` and `brokerage demo` make both.
    #[arg(long, env = "BROKERAGE_DATA_DIR", default_value = "data")]
    data_dir: PathBuf,
    /// The folder with the keys that sign tokens, where `brokerage run` was given one.
    #[arg(long, env = "BROKERAGE_TOKEN_KEYS", value_name = "FOLDER")]
    token_keys: Option<PathBuf>,
}

#[derive(Args)]
struct IssueArgs {
    #[command(flatten)]
    role: RoleArgs,
    /// Which system or post it is for; it stands in the log as the actor, so no person's name.
    #[arg(long, default_value = "case-system")]
    subject: String,
    /// For how many hours it holds.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(i64).range(1..=9_600))]
    hours: i64,
    /// It holds for one request only.
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct RoleArgs {
    /// For a council, by GSS code (E06000015) or the DfE's three digits (831).
    #[arg(long)]
    council: Option<CouncilId>,
    /// For a provider, by its id. Whether it is registered only the running region knows, so that it is not checked here.
    #[arg(long)]
    provider: Option<ProviderId>,
    /// For the lead of a framework, by the framework's id, such as d2n2.
    #[arg(long)]
    framework_lead: Option<FrameworkId>,
    /// For a service of the region, or whoever runs it: referrals, vacancies, contracts, invoicing or audit.
    #[arg(long)]
    service: Option<Service>,
}

impl RoleArgs {
    fn role(self) -> Option<Role> {
        let council = self.council.map(Role::Council);
        let council = council.or(self.provider.map(Role::Provider));
        council.or(self.framework_lead.map(Role::FrameworkLead)).or(self.service.map(Role::Service))
    }
}

/// Why a token is not made or ended.
type Failed = (Exit, String);

fn unavailable(error: impl ToString) -> Failed {
    (Exit::Unavailable, error.to_string())
}

pub(crate) fn run(args: TokenArgs) -> Exit {
    let done = match args.action {
        Action::Issue(issue) => print_new(issue),
        Action::Revoke { token, data } => revoke(&data, &token),
    };
    match done {
        Ok(()) => Exit::Yes,
        Err((exit, message)) => {
            say_error(&message);
            exit
        }
    }
}

/// What a folder holds that no region has run on: nothing to make or end tokens with.
fn no_region(data_dir: &Path) -> Failed {
    let folder = data_dir.display();
    let message = format!(
        "--data-dir {folder}: there is no region here: give the folder of one, or start it once with \
         `brokerage run --data-dir {folder}`"
    );
    (Exit::Usage, message)
}

fn load_keys(data: &DataArgs) -> Result<TokenKeys, Failed> {
    let folder = data.token_keys.clone().unwrap_or_else(|| keys_folder(&data.data_dir));
    TokenKeys::load(&folder).map_err(unavailable)?.ok_or_else(|| match &data.token_keys {
        Some(_) => {
            let folder = folder.display();
            (
                Exit::Usage,
                format!(
                    "--token-keys {folder}: there are no keys here: give the folder that the services share"
                ),
            )
        }
        None => no_region(&data.data_dir),
    })
}

fn print_new(issue: IssueArgs) -> Result<(), Failed> {
    let data_dir = &issue.data.data_dir;
    let keys = load_keys(&issue.data)?;
    let region = Region::load(data_dir).map_err(unavailable)?.ok_or_else(|| no_region(data_dir))?;
    let usage = |message: String| (Exit::Usage, message);
    let role = issue.role.role();
    let role = role.ok_or_else(|| {
        usage("say for whom: --council, --provider, --framework-lead or --service".to_owned())
    })?;
    in_region(&region, &role).map_err(usage)?;
    let seconds = issue.hours * 3_600;
    let token = keys.issue(role, &issue.subject, Timestamp::now(), seconds, issue.once).map_err(usage)?;
    // The token alone goes to stdout, so that a shell can take it.
    say_note(&format!("token id {}", keys.id_of(&token).unwrap_or_default()));
    say(&token);
    Ok(())
}

/// Whether the region has such a one; of providers only the running region knows.
fn in_region(region: &Region, role: &Role) -> Result<(), String> {
    match role {
        Role::Council(council) if !region.councils().contains(council) => {
            let served: Vec<String> =
                region.councils().iter().map(|one| format!("{one} ({})", one.name())).collect();
            Err(format!(
                "--council: {council} ({}) is not one of {}: expected one of {}",
                council.name(),
                region.name,
                served.join(", ")
            ))
        }
        Role::FrameworkLead(framework) if region.framework(framework).is_none() => {
            let known: Vec<&str> = region.frameworks.iter().map(|one| one.id.as_str()).collect();
            Err(format!(
                "--framework-lead: {} has no framework {framework}: expected one of {}",
                region.name,
                known.join(", ")
            ))
        }
        _ => Ok(()),
    }
}

fn revoke(data: &DataArgs, token: &str) -> Result<(), Failed> {
    let keys = load_keys(data)?;
    let id = match keys.id_of(token) {
        Some(id) => id,
        None => {
            let id = uuid::Uuid::parse_str(token).map_err(|_| {
                (Exit::Usage, "this is neither a token of this region nor a token's id, a UUID".to_owned())
            })?;
            say_warning(
                "whether a token of this id was ever made cannot be known, since ids are not kept: compare it with what \
                 `issue` printed. If there is one, it is refused from now on",
            );
            id.to_string()
        }
    };
    keys.revoke(&id)
        .map_err(|error| unavailable(format!("the revocation could not be written down: {error}")))
}
