//! The broker that everybody on this machine who works in this target directory shares.

use super::install::Installed;
use super::{BROKERS_VARIABLE, NoBroker, Running, Source, docker, folder, own, wire};
use crate::packages::say;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

const CONTAINER: &str = "brokerage-local-kafka";
const STOP_PATIENCE: Duration = Duration::from_secs(20);
/// How long a broker that is still starting, or busy, may be silent before another is started in its place.
const SILENCE_MAX: Duration = Duration::from_secs(20);

pub(super) fn ensure() -> Result<Running, NoBroker> {
    if let Some(named) = named() {
        let answers = wire::wait_for(first(&named.brokers), SILENCE_MAX, || true);
        return if answers {
            Ok(named)
        } else {
            Err(NoBroker(format!("{} does not answer at {BROKERS_VARIABLE}", named.brokers)))
        };
    }
    let folder = folder();
    // Held until the broker answers, so that whoever else asks finds this one.
    let _lock = lock(&folder)?;
    if let Some(running) = recorded(&folder).filter(|running| {
        wire::wait_for(&running.brokers, SILENCE_MAX, || is_there(&running.source, &folder))
    }) {
        return Ok(running);
    }
    let running = if docker::works() {
        Running { brokers: docker::start(CONTAINER)?, source: Source::Docker(CONTAINER.into()) }
    } else {
        start_process(&folder)?
    };
    record(&folder, &running)?;
    Ok(running)
}

pub(super) fn status() -> Option<Running> {
    named().or_else(|| recorded(&folder())).filter(|running| wire::answers(first(&running.brokers)))
}

pub(super) fn stop() -> Result<Option<Running>, NoBroker> {
    let folder = folder();
    let _lock = lock(&folder)?;
    let Some(running) = recorded(&folder) else { return Ok(None) };
    match &running.source {
        Source::Named => return Ok(None),
        Source::Docker(container) => docker::stop(container)?,
        Source::Process(pid) if is_there(&running.source, &folder) => end(*pid, &running.source, &folder)?,
        Source::Process(_) => {}
    }
    let _ = std::fs::remove_file(folder.join("running"));
    Ok(Some(running))
}

fn named() -> Option<Running> {
    let brokers = std::env::var(BROKERS_VARIABLE).ok().filter(|brokers| !brokers.is_empty())?;
    Some(Running { brokers, source: Source::Named })
}

fn first(brokers: &str) -> &str {
    brokers.split(',').next().unwrap_or(brokers)
}

fn start_process(folder: &Path) -> Result<Running, NoBroker> {
    let installed = Installed::find()?;
    let brokers = own::prepare(&installed, folder, &[])?;
    say(&format!("starting Kafka {} at {brokers}; `cargo xtask deps down` stops it", super::VERSION));
    // It is left running: nothing waits for it here, and `stop` finds it by its id.
    let child = own::spawn(&installed, folder, &brokers)?;
    Ok(Running { brokers, source: Source::Process(child.id()) })
}

fn end(pid: u32, source: &Source, folder: &Path) -> Result<(), NoBroker> {
    let start = Instant::now();
    own::signal(pid, "-TERM");
    while is_there(source, folder) {
        if start.elapsed() > STOP_PATIENCE {
            own::signal(pid, "-KILL");
        }
        if start.elapsed() > STOP_PATIENCE * 2 {
            return Err(NoBroker(format!("process {pid} does not end")));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Whether what was started still runs; the id of a process that has ended may have been given to another program.
fn is_there(source: &Source, folder: &Path) -> bool {
    match source {
        Source::Named | Source::Docker(_) => true,
        Source::Process(pid) => {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(&*own::settings(folder).to_string_lossy())
        }
    }
}

fn lock(folder: &Path) -> Result<File, NoBroker> {
    let failed = |error: std::io::Error| NoBroker(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let file = File::create(folder.join("lock")).map_err(failed)?;
    file.lock().map_err(failed)?;
    Ok(file)
}

/// One line: the address, and the id of the process or the container's name.
fn record(folder: &Path, running: &Running) -> Result<(), NoBroker> {
    let source = match &running.source {
        Source::Named => return Ok(()),
        Source::Docker(container) => format!("docker {container}"),
        Source::Process(pid) => format!("pid {pid}"),
    };
    std::fs::write(folder.join("running"), format!("{} {source}\n", running.brokers))
        .map_err(|error| NoBroker(format!("{}: {error}", folder.display())))
}

fn recorded(folder: &Path) -> Option<Running> {
    let line = std::fs::read_to_string(folder.join("running")).ok()?;
    let mut words = line.split_whitespace();
    let brokers = words.next()?.to_owned();
    let source = match (words.next()?, words.next()?) {
        ("docker", container) => Source::Docker(container.to_owned()),
        ("pid", pid) => Source::Process(pid.parse().ok()?),
        _ => return None,
    };
    Some(Running { brokers, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_is_found_again_as_recorded() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(recorded(folder.path()), None);
        for source in [Source::Process(17), Source::Docker(CONTAINER.into())] {
            let running = Running { brokers: "127.0.0.1:9092".into(), source };
            record(folder.path(), &running).unwrap();
            assert_eq!(recorded(folder.path()), Some(running));
        }
        std::fs::write(folder.path().join("running"), "half a li").unwrap();
        assert_eq!(recorded(folder.path()), None);
    }

    #[test]
    fn another_program_with_the_same_id_is_not_the_broker() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_there(&Source::Process(std::process::id()), folder.path()));
    }
}
