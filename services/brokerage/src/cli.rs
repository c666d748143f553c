//! The command line: what may be asked, and with which exit code it ends.

use crate::running::{Options, Running};
use crate::storage::DatabaseUrl;
use crate::terminal::{Exit, say_error, start_logging};
use crate::{bench, client, demo, token_command};
use care::CouncilId;
use clap::{Args, Command, FromArgMatches, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::ExitCode;

#[derive(Subcommand)]
enum Own {
    /// Run the whole region in this process: all five services behind one address.
    Run(RunArgs),
    /// Watch a simulated region at work, from the first referral to the verified log.
    Demo(demo::DemoArgs),
    /// Make or revoke bearer tokens for a running region.
    Token(token_command::TokenArgs),
    /// Measure commands per second through gRPC, beside the bare speeds of this machine.
    Bench(bench::BenchArgs),
}

#[derive(Args)]
struct RunArgs {
    /// Where logs and keys are kept; made if it is not there.
    #[arg(long, env = "BROKERAGE_DATA_DIR", default_value = "data")]
    data_dir: PathBuf,
    /// Keep the logs in this PostgreSQL database instead of files, such as postgres://brokerage:PASSWORD@HOST/DATABASE; keys stay in the
    /// data folder. A second instance with the same keys and database stands by, and takes over when the first ends. Some seventy
    /// connections are used. Better given by the environment, where others do not see the password.
    #[arg(long, env = "BROKERAGE_DATABASE", hide_env_values = true, value_name = "URL")]
    database: Option<DatabaseUrl>,
    /// The address to listen on. It speaks plain HTTP/2: put a TLS proxy in front before others can reach it.
    #[arg(long, env = "BROKERAGE_LISTEN", default_value = "127.0.0.1:50051")]
    listen: SocketAddr,
    /// Listen on an address that others can reach although tokens then travel unencrypted up to the TLS proxy.
    #[arg(long)]
    behind_tls_proxy: bool,
    /// Go on although the sealing keys of this council are lost for good: who the children are that were sealed with them is then
    /// lost too.
    #[arg(long, value_name = "GSS_CODE")]
    accept_lost_keys: Vec<CouncilId>,
}

/// Parses the command line and does what it says.
#[must_use]
pub fn main() -> ExitCode {
    let matches = command().get_matches();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            say_error(&format!("no runtime: {error}"));
            return Exit::Unavailable.into();
        }
    };
    // Boxed, so that all of them are compiled once and not once for every kind of runtime: that is a third of the build.
    let work: Pin<Box<dyn Future<Output = Exit> + '_>> = match client::Service::chosen(&matches) {
        Some((service, chosen)) => Box::pin(client::run(service, chosen)),
        None => match Own::from_arg_matches(&matches) {
            Ok(Own::Run(args)) => Box::pin(run(args)),
            Ok(Own::Demo(args)) => Box::pin(demo::run(args)),
            Ok(Own::Token(args)) => Box::pin(async { token_command::run(args) }),
            Ok(Own::Bench(args)) => Box::pin(bench::run(args)),
            Err(error) => error.exit(),
        },
    };
    runtime.block_on(work).into()
}

fn command() -> Command {
    let about = "A shared market for children's homes: councils post referrals, providers offer places, every council keeps its \
                 own ledger, and anyone entitled can verify the log.";
    let command = Command::new("brokerage")
        .version(env!("CARGO_PKG_VERSION"))
        .about(about)
        .after_help("Exit codes: 0 yes, 1 a domain \"no\", 2 usage, 69 unavailable.")
        .subcommand_required(true)
        .arg_required_else_help(true);
    client::add_commands(Own::augment_subcommands(command))
}

async fn run(args: RunArgs) -> Exit {
    start_logging();
    if !args.listen.ip().is_loopback() && !args.behind_tls_proxy {
        say_error(&format!(
            "{} can be reached by others, and tokens would travel unencrypted: listen on 127.0.0.1, or put a TLS proxy in front \
             and add --behind-tls-proxy",
            args.listen
        ));
        return Exit::Usage;
    }
    let options = Options::new(&args.data_dir)
        .on_database(args.database)
        .listening(args.listen)
        .accepting_lost_keys(args.accept_lost_keys);
    let started = tokio::select! {
        started = Running::start(options) => started,
        // While it stands by there is nothing to finish.
        () = wait_for_signal() => return Exit::Yes,
    };
    let mut running = match started {
        Ok(running) => running,
        Err(error) => {
            say_error(&error.to_string());
            return Exit::Unavailable;
        }
    };
    tracing::info!(
        address = %running.address(),
        region = running.region().name,
        councils = running.region().councils().len(),
        data_dir = %args.data_dir.display(),
        "the region is open; make a token with: brokerage token issue --help"
    );
    let exit = tokio::select! {
        () = wait_for_signal() => Exit::Yes,
        () = running.taken_over() => Exit::Unavailable,
    };
    if exit == Exit::Yes {
        tracing::info!("stopping: no new requests, accepted ones are finished");
    } else {
        say_error("the database may be another instance's now: start this one again, and it stands by");
    }
    running.stop().await;
    exit
}

async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        // Without the handler the system's own default ends the process, which loses nothing that was acknowledged.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
