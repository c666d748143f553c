//! The servers that tests and local development share.

use crate::shell::Failure;
use local_parts::kafka::Kafka;
use local_parts::postgres::Postgres;

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
    let postgres = Postgres::ensure().map_err(missing)?;
    status();
    println!("PostgreSQL  {}", postgres.url());
    Ok(())
}

fn down() -> Result<(), Failure> {
    match Kafka::stop().map_err(missing)? {
        Some(kafka) => println!("Kafka       stopped, it was {} at {}", kafka.source, kafka.brokers),
        None => println!("Kafka       was not running, or is not ours to stop"),
    }
    let ran = Postgres::stop().map_err(missing)?;
    println!("PostgreSQL  {}", if ran { "stopped" } else { "was not running" });
    Ok(())
}

fn status() {
    match Kafka::status() {
        Some(kafka) => println!("Kafka       {}, {}", kafka.brokers, kafka.source),
        None => println!("Kafka       not running"),
    }
}

fn missing(why: impl std::fmt::Display) -> Failure {
    Failure::Missing(why.to_string())
}
