//! `brokerage topics`: the topics that the services' events travel in.

use crate::apart::published;
use crate::run_command::KafkaArgs;
use crate::terminal::{Exit, say, say_error, say_warning};
use clap::{Args, Subcommand};
use exchange::kafka::{Topics, async_api};
use service_kit::Region;
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct TopicsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make the topics that are missing, and say where others differ from what is declared. Nothing is changed or deleted.
    Apply(TopicArgs),
    /// Print what is declared of the topics and their records, as AsyncAPI.
    Describe(TopicArgs),
}

#[derive(Args)]
struct TopicArgs {
    #[command(flatten)]
    kafka: KafkaArgs,
    /// The folder whose `region.json` names the councils; without one, D2N2 and Tyne Tees.
    #[arg(long, env = "BROKERAGE_DATA_DIR", default_value = "data")]
    data_dir: PathBuf,
    /// How many partitions each topic has. Another number later would move streams between them.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(i32).range(1..=64))]
    partitions: i32,
    /// On how many brokers each record is; a single broker needs 1.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(i32).range(1..=7))]
    replicas: i32,
}

impl TopicArgs {
    fn topics(&self) -> Topics {
        self.kafka.topics().partitions(self.partitions).replicas(self.replicas)
    }
}

pub(crate) async fn run(args: TopicsArgs) -> Exit {
    match args.action {
        Action::Apply(args) => apply(&args).await,
        Action::Describe(args) => {
            say(async_api(&args.topics()).trim_end());
            Exit::Yes
        }
    }
}

async fn apply(args: &TopicArgs) -> Exit {
    let Some(brokers) = &args.kafka.brokers else {
        say_error("--brokers: say where Kafka is, HOST:PORT");
        return Exit::Usage;
    };
    let region = match Region::load(&args.data_dir) {
        Ok(region) => region.unwrap_or_else(Region::d2n2_and_tyne_tees),
        Err(error) => {
            say_error(&error.to_string());
            return Exit::Unavailable;
        }
    };
    let topics = args.topics();
    let logs = published(&topics, &region.councils());
    match topics.apply(&args.kafka.connection(brokers), &logs).await {
        Ok(applied) => {
            say(&format!(
                "{} topics made, {} were there",
                applied.made.len(),
                logs.len() - applied.made.len()
            ));
            for difference in &applied.differences {
                say_warning(&difference.to_string());
            }
            if applied.differences.is_empty() { Exit::Yes } else { Exit::No }
        }
        Err(error) => {
            say_error(&error.to_string());
            Exit::Unavailable
        }
    }
}
