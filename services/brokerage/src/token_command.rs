//! `brokerage token`: bearer tokens for a data folder's region.

use crate::running::keys_folder;
use crate::terminal::{Exit, say, say_error, say_note};
use care::{CouncilId, FrameworkId, ProviderId, Timestamp};
use clap::{Args, Subcommand};
use service_kit::Role;
use service_kit::token::TokenKeys;
use std::path::PathBuf;

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
    /// The data folder of the region whose key signs it; the key is made if it is not there.
    #[arg(long, env = "BROKERAGE_DATA_DIR", default_value = "data")]
    data_dir: PathBuf,
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
    /// For a provider, by its id.
    #[arg(long)]
    provider: Option<ProviderId>,
    /// For the lead of a framework, by the framework's id, such as d2n2.
    #[arg(long)]
    framework_lead: Option<FrameworkId>,
}

impl RoleArgs {
    fn role(self) -> Option<Role> {
        let council = self.council.map(Role::Council);
        council.or(self.provider.map(Role::Provider)).or(self.framework_lead.map(Role::FrameworkLead))
    }
}

pub(crate) fn run(args: TokenArgs) -> Exit {
    let keys = match &args.action {
        Action::Issue(issue) => TokenKeys::load_or_create(&keys_folder(&issue.data.data_dir)),
        Action::Revoke { data, .. } => TokenKeys::load(&keys_folder(&data.data_dir)),
    };
    let keys = match keys {
        Ok(keys) => keys,
        Err(error) => {
            say_error(&error.to_string());
            return Exit::Unavailable;
        }
    };
    match args.action {
        Action::Issue(issue) => print_new(&keys, issue),
        Action::Revoke { token, .. } => revoke(&keys, &token),
    }
}

fn print_new(keys: &TokenKeys, issue: IssueArgs) -> Exit {
    let Some(role) = issue.role.role() else {
        say_error("say for whom: --council, --provider or --framework-lead");
        return Exit::Usage;
    };
    match keys.issue(role, &issue.subject, Timestamp::now(), issue.hours * 3_600, issue.once) {
        Ok(token) => {
            // The token alone goes to stdout, so that a shell can take it.
            say_note(&format!("token id {}", keys.id_of(&token).unwrap_or_default()));
            say(&token);
            Exit::Yes
        }
        Err(error) => {
            say_error(&error);
            Exit::Usage
        }
    }
}

fn revoke(keys: &TokenKeys, token: &str) -> Exit {
    let id = keys.id_of(token).or_else(|| uuid::Uuid::parse_str(token).ok().map(|id| id.to_string()));
    let Some(id) = id else {
        say_error("this is neither a token of this region nor a token's id");
        return Exit::Usage;
    };
    match keys.revoke(&id) {
        Ok(()) => Exit::Yes,
        Err(error) => {
            say_error(&format!("the revocation could not be written down: {error}"));
            Exit::Unavailable
        }
    }
}
