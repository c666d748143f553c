//! `brokerage demo`: a region is opened on simulated children and prices and a real or simulated register, lives through twelve
//! weeks, and is looked at. Everything goes through the public gRPC API, as real clients would; only the clock is the demo's own.

mod asking;
mod awarding;
mod billing;
mod calibration;
mod chance;
mod clients;
mod confirming;
mod form;
mod offering;
mod opening;
mod paying;
mod replaying;
mod results;
mod season;
mod shortlisting;
mod staying;
mod summary;
mod venue;
mod world;

use crate::client::progress::Progress;
use crate::peers::Peer;
use crate::register::{RegisterRow, SIMULATED_REGISTER, Strictness, parse_register};
use crate::running::{Options, Running};
use crate::storage::DatabaseUrl;
use crate::terminal::{Exit, Output, say, say_error, say_warning};
use chance::Chance;
use clap::Args;
use clients::{Access, DemoError};
use eventlog::Service;
use jiff::tz::TimeZone;
use results::{Made, Results};
use season::Season;
use service_kit::Clock;
use std::path::{Path, PathBuf};
use std::time::Instant;
use venue::{There, Venue};

#[derive(Args)]
pub(crate) struct DemoArgs {
    /// The same seed makes the same events again, stream by stream, but for the random keys under which identities are sealed;
    /// clients act at once, so events of different streams may change places in a log.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many referrals the councils post.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    referrals: u32,
    /// An Ofsted register at provider level, as CSV; without one, a small register that is simulated.
    #[arg(long, value_name = "FILE")]
    register: Option<PathBuf>,
    /// Leave out rows of the register that are wrong, instead of refusing the file.
    #[arg(long, requires = "register")]
    skip_bad_rows: bool,
    /// Keep the region's data here, an empty or new folder; `brokerage run` on it serves the region afterwards.
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// Keep the logs in this PostgreSQL database, which must be empty, instead of files; see `brokerage run --help`.
    #[arg(
        long,
        env = "BROKERAGE_DATABASE",
        hide_env_values = true,
        value_name = "URL",
        requires = "data_dir"
    )]
    database: Option<DatabaseUrl>,
    /// Live in a region that runs already, whose services were started with --simulated-clock and have no events yet: SERVICE=ADDRESS
    /// for each of the five, or one address for all.
    #[arg(
        long,
        value_name = "[SERVICE=]ADDRESS",
        value_delimiter = ',',
        value_parser = connect,
        requires = "token_keys",
        conflicts_with_all = ["data_dir", "database"]
    )]
    connect: Vec<Connect>,
    /// The folder with the keys that sign tokens of the region that --connect names.
    #[arg(long, env = "BROKERAGE_TOKEN_KEYS", value_name = "FOLDER", requires = "connect")]
    token_keys: Option<PathBuf>,
    /// How the summary is printed.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// Where one service listens, or all.
type Connect = Vec<Peer>;

fn connect(text: &str) -> Result<Connect, String> {
    if text.contains('=') {
        return text.parse().map(|peer| vec![peer]);
    }
    Service::ALL.iter().map(|service| format!("{service}={text}").parse()).collect()
}

/// Runs the demo.
pub(crate) async fn run(args: DemoArgs) -> Exit {
    let rows = match register_rows(&args) {
        Ok(rows) => rows,
        Err((exit, message)) => {
            say_error(&message);
            return exit;
        }
    };
    let folder = match Folder::for_demo(args.data_dir.as_deref()) {
        Ok(folder) => folder,
        Err(message) => {
            say_error(&message);
            return Exit::Usage;
        }
    };
    match prepare_and_live(&args, &rows, folder.path()).await {
        Ok(results) => {
            print(&args, &results, folder.path());
            let balanced = results.ledgers.iter().all(|ledger| ledger.balanced);
            let sound =
                balanced && results.audit.verified && results.searches == results.searches_replayed_equal;
            if sound { Exit::Yes } else { Exit::No }
        }
        Err(error) => {
            say_error(&error);
            Exit::Unavailable
        }
    }
}

/// Where the region's data lies: given and kept, or temporary.
enum Folder {
    Kept(PathBuf),
    Temporary(tempfile::TempDir),
}

impl Folder {
    fn for_demo(given: Option<&Path>) -> Result<Self, String> {
        let Some(path) = given else {
            return tempfile::tempdir()
                .map(Self::Temporary)
                .map_err(|error| format!("no temporary folder: {error}"));
        };
        let entries = match std::fs::read_dir(path) {
            Ok(entries) => entries.count(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        if entries > 0 {
            return Err(format!(
                "{}: the folder is not empty; a demo begins with an empty or new one",
                path.display()
            ));
        }
        Ok(Self::Kept(path.to_owned()))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Temporary(folder) => folder.path(),
        }
    }
}

/// The establishments, or why there are none: a file that cannot be read is a wrong command, a broken one a "no".
fn register_rows(args: &DemoArgs) -> Result<Vec<RegisterRow>, (Exit, String)> {
    let strictness = if args.skip_bad_rows { Strictness::SkipBad } else { Strictness::RefuseAny };
    let register = match &args.register {
        Some(path) => {
            let place = path.display();
            let file =
                std::fs::File::open(path).map_err(|error| (Exit::Usage, format!("{place}: {error}")))?;
            parse_register(file, strictness).map_err(|errors| (Exit::No, format!("{place}: {errors}")))?
        }
        None => parse_register(SIMULATED_REGISTER.as_bytes(), strictness)
            .map_err(|errors| (Exit::No, errors.to_string()))?,
    };
    if register.rows_skipped > 0 {
        say_warning(&format!(
            "{} rows of the register were left out:\n{}",
            register.rows_skipped, register.skipped
        ));
    }
    Ok(register.rows)
}

async fn prepare_and_live(args: &DemoArgs, rows: &[RegisterRow], folder: &Path) -> Result<Results, String> {
    let started = Instant::now();
    let opening_day =
        world::FIRST_MONDAY.at(6, 0, 0, 0).to_zoned(TimeZone::UTC).map_err(|error| error.to_string())?;
    let opening = opening_day.timestamp();
    let venue = match &args.token_keys {
        Some(token_keys) => {
            let peers = args.connect.concat();
            Venue::There(There::connect(peers, token_keys, opening).await?)
        }
        None => {
            let clock = Clock::simulated(opening);
            let options = Options::new(folder).on_database(args.database.clone()).by_clock(clock.clone());
            let running = Running::start(options).await.map_err(|error| error.to_string())?;
            if !running.is_new() {
                running.stop().await;
                return Err("the database has a region already: a demo begins with an empty one".to_owned());
            }
            Venue::Here(Box::new(running), clock)
        }
    };
    let results = live(args, rows, &venue, started).await;
    venue.close().await;
    results.map_err(|error| error.to_string())
}

async fn live(
    args: &DemoArgs,
    rows: &[RegisterRow],
    venue: &Venue,
    started: Instant,
) -> Result<Results, DemoError> {
    let chance = Chance::new(args.seed);
    let referrals = world::plan_referrals(chance, args.referrals);
    let providers = world::plan_providers(chance, rows, &referrals);
    let access = Access::connect(&venue.addresses(), venue.keys()).await?;
    let progress = Progress::new("opening the market", u64::from(world::WEEKS) + 1);
    let opened = opening::open_market(&access, venue.region(), chance, &providers).await?;
    venue.settled().await.map_err(DemoError::Other)?;
    let mut season = Season::new(venue, chance, &opened, &providers, referrals);
    for week in 0..world::WEEKS {
        progress.say(&format!("week {} of {}", week + 1, world::WEEKS));
        season.week(week).await?;
        progress.one_more();
    }
    season.finish().await?;
    progress.finish();
    let establishments = || providers.iter().flat_map(|provider| &provider.establishments);
    let made = Made {
        seed: args.seed,
        register: args
            .register
            .as_ref()
            .map_or_else(|| "a simulated register".to_owned(), |_| "Ofsted's register".to_owned()),
        providers: providers.len(),
        establishments: establishments().count(),
        places_advertised: establishments().map(|establishment| u64::from(establishment.places_free)).sum(),
        started,
    };
    results::gather(&season, made).await
}

fn print(args: &DemoArgs, results: &Results, folder: &Path) {
    match args.output {
        Output::Table => {
            say(&summary::render(results));
            if args.data_dir.is_some() {
                let database = args.database.as_ref().map_or("", |_| " --database URL");
                say(&format!("\nServe it with: brokerage run --data-dir {}{database}", folder.display()));
            }
        }
        Output::Json => match serde_json::to_string_pretty(results) {
            Ok(json) => say(&json),
            Err(error) => say_error(&error.to_string()),
        },
    }
}
