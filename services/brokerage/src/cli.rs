//! The command line: what may be asked, and with which exit code it ends.

#[cfg(test)]
mod compose;

use crate::terminal::{Exit, delivered, say_error};
use crate::{
    bench, client, codes_command, demo, register_command, run_command, token_command, topics_command,
};
use clap::{Command, FromArgMatches, Subcommand};
use std::pin::Pin;
use std::process::ExitCode;
use std::time::Duration;

#[derive(Subcommand)]
enum Own {
    /// Run the whole region in this process, all five services behind one address; or one service of it.
    Run(Box<run_command::RunArgs>),
    /// Watch a simulated region at work, from the first referral to the verified log.
    Demo(demo::DemoArgs),
    /// Make or revoke bearer tokens for a running region.
    Token(token_command::TokenArgs),
    /// Make the Kafka topics of a region whose services are processes of their own, or describe them.
    Topics(topics_command::TopicsArgs),
    /// Compare two dates of Ofsted's register, and see whom the changes touch.
    Register(register_command::RegisterArgs),
    /// List the codes that requests take, such as those of PLACE or NEED, with what they mean.
    Codes(codes_command::CodesArgs),
    /// Measure commands per second through gRPC, beside the bare speeds of this machine.
    Bench(bench::BenchArgs),
}

/// How long the process waits for threads that are blocked when everything is done.
const BLOCKED_MAX: Duration = Duration::from_secs(3);

/// Parses the command line and does what it says.
#[must_use]
pub fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    let command = match run_command::with_file(command(), &arguments) {
        Ok(command) => command,
        Err(message) => {
            say_error(&message);
            return Exit::Usage.into();
        }
    };
    let matches = command.get_matches_from(arguments);
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
        None if let Some((method, chosen)) =
            client::dead_letters(&matches).or_else(|| client::export(&matches)) =>
        {
            Box::pin(client::run_method(method, chosen))
        }
        None => match Own::from_arg_matches(&matches) {
            Ok(Own::Run(args)) => match matches.subcommand_matches("run") {
                Some(matches) => Box::pin(run_command::run(*args, matches)),
                None => Box::pin(async { Exit::Usage }),
            },
            Ok(Own::Demo(args)) => Box::pin(demo::run(args)),
            Ok(Own::Token(args)) => Box::pin(async { token_command::run(args) }),
            Ok(Own::Topics(args)) => Box::pin(topics_command::run(args)),
            Ok(Own::Register(args)) => Box::pin(register_command::run(args)),
            Ok(Own::Codes(args)) => Box::pin(async move { codes_command::run(&args) }),
            Ok(Own::Bench(args)) => Box::pin(bench::run(args)),
            Err(error) => error.exit(),
        },
    };
    let exit = delivered(runtime.block_on(work));
    // A question that a broker does not answer would hold up the end of the process.
    runtime.shutdown_timeout(BLOCKED_MAX);
    exit.into()
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
    client::add_commands(client::add_export(client::add_dead_letters(Own::augment_subcommands(command))))
}
