//! The servers that tests and local development share.

use crate::shell::Failure;
use local_parts::kafka::{Kafka, NoBroker};

/// `up`, `down` or `status`.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["up"] => up(),
        ["down"] => down(),
        ["status"] => {
            status();
            Ok(())
        }
        _ => Err(Failure::Usage(format!("`deps {}`: it is up, down or status", words.join(" ")))),
    }
}

fn up() -> Result<(), Failure> {
    Kafka::ensure().map_err(missing)?;
    // PostgreSQL comes here, and below.
    status();
    Ok(())
}

fn down() -> Result<(), Failure> {
    match Kafka::stop().map_err(missing)? {
        Some(kafka) => println!("Kafka       stopped, it was {} at {}", kafka.source, kafka.brokers),
        None => println!("Kafka       was not running, or is not ours to stop"),
    }
    Ok(())
}

fn status() {
    match Kafka::status() {
        Some(kafka) => println!("Kafka       {}, {}", kafka.brokers, kafka.source),
        None => println!("Kafka       not running"),
    }
}

fn missing(why: NoBroker) -> Failure {
    Failure::Missing(why.to_string())
}
