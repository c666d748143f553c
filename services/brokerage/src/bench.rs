//! `brokerage bench`: how many commands a second a region takes through gRPC, beside what this machine can do at all.
//!
//! Everything runs in this one process, in turn and by the same closed loop: the bare group commit, the bare gRPC echo and the
//! region itself, at each number of callers. Speeds of different runs or machines are not to be compared; the shares of one run are.

mod bare;
mod load;
mod machine;
mod region;
mod report;

use crate::client::progress::Progress;
use crate::running::{Options, Running};
use crate::terminal::{Exit, Output, say, say_error};
use clap::Args;
use load::{Load, Measured, measure};
use machine::Machine;
use region::{Advertising, Market, Posting};
use report::{Report, Row};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What is measured per number of callers.
const MEASUREMENTS: u64 = 4;
/// How long each load runs before it is measured.
const WARM_UP: Duration = Duration::from_millis(500);

#[derive(Args)]
pub(crate) struct BenchArgs {
    /// How long each measurement takes.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How many callers ask at once, each again as soon as it is answered.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 256], value_parser = clap::value_parser!(u16).range(1..=1_024))]
    callers: Vec<u16>,
    /// Where the temporary data is written, on a real disk; the system's folder for temporary files if not given.
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// Measures, and prints what it found. Whether the aim is met does not decide how it ends: speeds depend on the machine.
pub(crate) async fn run(args: BenchArgs) -> Exit {
    let parent = args.data_dir.clone().unwrap_or_else(std::env::temp_dir);
    let machine = Machine::with_data_in(&parent);
    if machine.keeps_data_in_memory() {
        say_error(&format!(
            "{}: a {} keeps nothing on a disk, so nothing measured there means anything: give --data-dir on a real disk",
            parent.display(),
            machine.file_system
        ));
        return Exit::Usage;
    }
    let folder = match tempfile::Builder::new().prefix("brokerage-bench-").tempdir_in(&parent) {
        Ok(folder) => folder,
        Err(error) => {
            say_error(&format!("{}: {error}", parent.display()));
            return Exit::Usage;
        }
    };
    match measure_all(&args, folder.path()).await {
        Ok(rows) => {
            let report = Report { machine, seconds: args.seconds, rows };
            match args.output {
                Output::Table => say(&report.table()),
                Output::Json => say(&format!("{:#}", report.json())),
            }
            Exit::Yes
        }
        Err(error) => {
            say_error(&error);
            Exit::Unavailable
        }
    }
}

async fn measure_all(args: &BenchArgs, folder: &std::path::Path) -> Result<Vec<Row>, String> {
    let running =
        Running::start(Options::new(&folder.join("region"))).await.map_err(|error| error.to_string())?;
    let callers_max = args.callers.iter().copied().max().unwrap_or(1);
    let market = Market::open(&running, usize::from(callers_max)).await?;
    let echo = bare::Echo::start().await?;
    let progress = Progress::new("", MEASUREMENTS * u64::try_from(args.callers.len()).unwrap_or(0));
    let mut rows = Vec::with_capacity(args.callers.len());
    for &callers in &args.callers {
        let load = Load {
            callers: usize::from(callers),
            warm_up: WARM_UP,
            measured: Duration::from_secs(args.seconds),
        };
        let begin = |what: &str| {
            progress.say(&format!("{callers} callers: {what}"));
            progress.one_more();
        };
        begin("bare SQLite");
        let log = bare::log(&folder.join(format!("bare-{callers}.db")))?;
        let bare_sqlite = measure(load, |_| bare::Appending::new(&log)).await?;
        begin("bare gRPC");
        let channels = bare::connect(echo.address(), load.connections()).await?;
        let bare_grpc = measure(load, |caller| bare::Asking::new(&channels, caller)).await?;
        let channels = bare::connect(running.address(), load.connections()).await?;
        begin("AdvertiseVacancy");
        let (advertise_vacancy, advertise_settle_ms) =
            settled(&running, measure(load, |caller| Advertising::new(&market, &channels, caller)).await?)
                .await?;
        begin("PostReferral");
        let (post_referral, post_settle_ms) =
            settled(&running, measure(load, |caller| Posting::new(&market, &channels, caller)).await?)
                .await?;
        rows.push(Row {
            callers,
            bare_sqlite,
            bare_grpc,
            advertise_vacancy,
            advertise_settle_ms,
            post_referral,
            post_settle_ms,
        });
    }
    progress.finish();
    running.stop().await;
    Ok(rows)
}

/// Waits until the other services have heard of all that was measured, so that it does not burden the next measurement, and says how
/// many milliseconds that took: a backlog is work that the measured rate does not pay for.
async fn settled(running: &Running, measured: Measured) -> Result<(Measured, u64), String> {
    let waiting = Instant::now();
    running.recorded().await?;
    Ok((measured, u64::try_from(waiting.elapsed().as_millis()).unwrap_or(u64::MAX)))
}
