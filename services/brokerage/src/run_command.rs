//! `brokerage run`: the region, or one service of it, until it is told to stop.

mod settings;

use crate::apart::Apart;
use crate::otlp::OtlpEndpoint;
use crate::peers::Peer;
use crate::running::{LAG_SECONDS_MAX, Options, Running};
use crate::storage::DatabaseUrl;
use crate::terminal::{Exit, LogFormat, say_error, start_logging};
use care::{CouncilId, Timestamp};
use clap::{ArgMatches, Args};
use eventlog::Service;
use exchange::kafka::{Connection, Topics};
use service_kit::Clock;
pub(crate) use settings::with_file;
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::signal::unix::{Signal, SignalKind, signal};

#[derive(Args)]
pub(crate) struct RunArgs {
    /// Take settings from this TOML file too, named as the flags are, such as `listen = "127.0.0.1:50051"`. A flag goes before the
    /// environment, and the environment before the file.
    #[arg(long, env = "BROKERAGE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Run this service alone; the others are processes of their own, and all hear of each other through Kafka.
    #[arg(long, env = "BROKERAGE_SERVICE", value_name = "NAME")]
    service: Option<Service>,
    /// Where logs and keys are kept; made if it is not there. Each service has a folder of its own.
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
    /// The folder with the keys that sign tokens, which all services of a region share; made if it is not there. One service alone
    /// needs it; the whole region has them in `keys` in its data folder without it.
    #[arg(long, env = "BROKERAGE_TOKEN_KEYS", value_name = "FOLDER")]
    token_keys: Option<PathBuf>,
    /// Go on although the sealing keys of this council are lost for good: who the children are that were sealed with them is then
    /// lost too.
    #[arg(long, value_name = "GSS_CODE")]
    accept_lost_keys: Vec<CouncilId>,
    #[command(flatten)]
    kafka: KafkaArgs,
    /// Where another service of the region listens, to ask it for what a topic lacks of its log: SERVICE=http://HOST:PORT, once for each.
    #[arg(long, env = "BROKERAGE_PEERS", value_name = "SERVICE=ADDRESS", value_delimiter = ',')]
    peer: Vec<Peer>,
    /// Tell those who ask after its health that it is not ready while it is more than this many seconds behind.
    #[arg(long, env = "BROKERAGE_LAG_SECONDS_MAX", default_value_t = LAG_SECONDS_MAX)]
    lag_seconds_max: u64,
    /// Serve /metrics (Prometheus), /readyz and /healthz over HTTP on this address, for monitoring alone: it asks for no token.
    #[arg(long, env = "BROKERAGE_METRICS", value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
    /// How log lines are written, to stderr. RUST_LOG chooses which, such as `warn` or `info,exchange=debug`.
    #[arg(long, env = "BROKERAGE_LOG_FORMAT", default_value = "text", value_enum)]
    log_format: LogFormat,
    /// Send spans of requests, and of what is recorded of them, to this OpenTelemetry collector: OTLP over gRPC, without TLS, so one on
    /// this machine. Nothing waits for it, and spans that it does not take are dropped.
    #[arg(long, env = "BROKERAGE_OTLP_ENDPOINT", value_name = "http://HOST:4317")]
    otlp_endpoint: Option<OtlpEndpoint>,
    /// Go by a clock that stands at this instant until `operations move-clock` moves it: for demos and tests, which live through months
    /// in seconds.
    #[arg(long, value_name = "RFC3339")]
    simulated_clock: Option<Timestamp>,
}

/// Which brokers, and what the topics are called.
#[derive(Args)]
pub(crate) struct KafkaArgs {
    /// Kafka's brokers, HOST:PORT separated by commas.
    #[arg(long, env = "BROKERAGE_BROKERS", value_name = "ADDRESSES")]
    pub(crate) brokers: Option<String>,
    /// A setting of librdkafka's, NAME=VALUE, such as security.protocol=ssl (which a build with the feature kafka-tls knows). It goes over what the program sets, so it can undo a
    /// guarantee. Several are separated by commas; a comma within a value is written \,.
    #[arg(
        long,
        env = "BROKERAGE_KAFKA_SETTINGS",
        hide_env_values = true,
        value_name = "NAME=VALUE",
        value_parser = kafka_settings
    )]
    kafka_setting: Vec<KafkaSettings>,
    /// What the names of all topics begin with: two regions may share brokers.
    #[arg(long, env = "BROKERAGE_TOPIC_PREFIX", default_value = "brokerage", value_parser = topic_prefix)]
    topic_prefix: String,
}

impl KafkaArgs {
    pub(crate) fn connection(&self, brokers: &str) -> Connection {
        Connection {
            brokers: brokers.to_owned(),
            settings: self.kafka_setting.iter().flat_map(|several| several.0.clone()).collect(),
        }
    }

    pub(crate) fn topics(&self) -> Topics {
        Topics::default().named(&self.topic_prefix)
    }
}

/// What one flag gives of them.
#[derive(Clone)]
struct KafkaSettings(Vec<(String, String)>);

fn kafka_settings(text: &str) -> Result<KafkaSettings, String> {
    let mut parts = vec![String::new()];
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let part = match character {
            ',' => {
                parts.push(String::new());
                continue;
            }
            '\\' if characters.peek() == Some(&',') => characters.next(),
            other => Some(other),
        };
        parts.last_mut().into_iter().for_each(|last| last.extend(part));
    }
    let setting = |part: String| match part.split_once('=') {
        Some((name, value)) if needs_tls(name, value) && !cfg!(feature = "kafka-tls") => Err(format!(
            "{name}: this program was built without TLS and SCRAM towards Kafka: build it with `--features kafka-tls`"
        )),
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE, such as security.protocol=ssl; a comma within a value is written \\,"
            .to_owned()),
    };
    parts.into_iter().map(setting).collect::<Result<_, _>>().map(KafkaSettings)
}

/// Whether librdkafka needs OpenSSL for the setting.
fn needs_tls(name: &str, value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    match name {
        "security.protocol" => value.ends_with("ssl"),
        "sasl.mechanism" | "sasl.mechanisms" => value.starts_with("scram-"),
        _ => false,
    }
}

/// What Kafka takes in a topic's name; with what follows it stays within 249 characters.
fn topic_prefix(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if (1..=100).contains(&text.len()) && text.bytes().all(allowed) {
        Ok(text.to_owned())
    } else {
        Err("expected 1 to 100 letters, digits, '.', '_' or '-'".to_owned())
    }
}

impl RunArgs {
    /// Settings that do not go together, wherever each comes from: a file's are not seen by the parser of flags.
    fn contradiction(&self) -> Option<&'static str> {
        if self.service.is_some() && self.kafka.brokers.is_none() {
            return Some("--service needs --brokers: one service alone hears of the others through Kafka");
        }
        if self.service.is_some() && self.token_keys.is_none() {
            return Some(
                "--service needs --token-keys: the services of a region share the folder with the keys that sign tokens",
            );
        }
        if self.service.is_none() && self.kafka.brokers.is_some() {
            return Some(
                "--brokers needs --service: without it all services are in this process, and hear of each other there",
            );
        }
        if self.service.is_none() && !self.peer.is_empty() {
            return Some("--peer needs --service: without it all services are in this process");
        }
        if !self.listen.ip().is_loopback() && !self.behind_tls_proxy {
            return Some(
                "--listen: others can reach this address, and tokens would travel unencrypted: listen on 127.0.0.1, or put a TLS proxy in \
                 front and add --behind-tls-proxy",
            );
        }
        None
    }

    /// What is to be run, and the service if it is one alone.
    fn options(self) -> (Options, Option<Service>) {
        let apart = self.service.zip(self.kafka.brokers.as_deref()).map(|(service, brokers)| Apart {
            service,
            connection: self.kafka.connection(brokers),
            topics: self.kafka.topics(),
            peers: self.peer,
        });
        let options = Options::new(&self.data_dir)
            .on_database(self.database)
            .listening(self.listen)
            .accepting_lost_keys(self.accept_lost_keys)
            .with_token_keys(self.token_keys)
            .lagging_at_most(self.lag_seconds_max)
            .measured_on(self.metrics)
            .spans_to(self.otlp_endpoint)
            .by_clock(self.simulated_clock.map_or(Clock::System, Clock::simulated))
            .apart(apart);
        (options, self.service)
    }
}

/// Runs until a signal, or until another instance takes over. `matches` are those of `run`.
pub(crate) async fn run(args: RunArgs, matches: &ArgMatches) -> Exit {
    start_logging(args.log_format);
    if let Some(contradiction) = args.contradiction() {
        say_error(contradiction);
        return Exit::Usage;
    }
    tracing::info!(settings = settings::shown(matches), "configuration");
    let data_dir = args.data_dir.clone();
    let (options, service) = args.options();
    // From here on, so that none is missed between the start and what comes after it.
    let mut stop = match StopSignals::listen() {
        Ok(stop) => stop,
        Err(error) => {
            say_error(&format!("no signal could be listened for: {error}"));
            return Exit::Unavailable;
        }
    };
    let started = tokio::select! {
        started = Running::start(options) => started,
        // While it stands by there is nothing to finish.
        () = stop.received() => return Exit::Yes,
    };
    let mut running = match started {
        Ok(running) => running,
        Err(error) => {
            say_error(&error.to_string());
            return Exit::Unavailable;
        }
    };
    let (region, councils) = (&running.region().name, running.region().councils().len());
    let (address, data_dir) = (running.address(), data_dir.display());
    match service {
        Some(service) => {
            tracing::info!(%address, %service, region, councils, %data_dir, "the service is open")
        }
        None => tracing::info!(
            %address, region, councils, %data_dir,
            "the region is open; make a token with: brokerage token issue --help"
        ),
    }
    let undone = tokio::select! {
        () = stop.received() => None,
        why = running.undone() => Some(why),
    };
    match &undone {
        None => tracing::info!("stopping: no new requests, accepted ones are finished"),
        Some(why) => say_error(why),
    }
    running.stop().await;
    if undone.is_none() { Exit::Yes } else { Exit::Unavailable }
}

/// The signals that ask the process to end: `TERM`, and `INT` as of Ctrl-C. One that comes is kept until it is asked for.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kafka_settings_are_separated_by_commas_and_may_hold_some() {
        let given = |text| kafka_settings(text).map(|settings| settings.0);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(given("a=1"), Ok(vec![pair("a", "1")]));
        assert_eq!(given("a=1,b=x=y"), Ok(vec![pair("a", "1"), pair("b", "x=y")]));
        assert_eq!(given(r"a=1\,2,b=\n"), Ok(vec![pair("a", "1,2"), pair("b", r"\n")]));
        for wrong in ["", "a", "=1", "a=1,", "a=1,2"] {
            let said = given(wrong).unwrap_err();
            assert!(said.contains("NAME=VALUE") && said.contains(r"\,"), "{wrong}: {said}");
        }
        for tls in ["security.protocol=SSL", "a=1,security.protocol=sasl_ssl", "sasl.mechanism=SCRAM-SHA-256"]
        {
            let refused = given(tls).err();
            assert_eq!(refused.is_none(), cfg!(feature = "kafka-tls"), "{tls}");
            assert!(refused.is_none_or(|said| said.contains("--features kafka-tls")), "{tls}");
        }
        assert!(given("security.protocol=sasl_plaintext").is_ok());
    }
}
