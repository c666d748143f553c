#![allow(clippy::unwrap_used, reason = "this is test code")]
//! Real brokers, shared and own.

use local_parts::kafka::Kafka;

#[test]
fn all_who_ask_at_the_same_time_get_one_broker() {
    let asking: Vec<_> = (0..4).map(|_| std::thread::spawn(|| Kafka::ensure().unwrap())).collect();
    let mut brokers: Vec<_> = asking.into_iter().map(|thread| thread.join().unwrap()).collect();
    brokers.dedup();
    assert_eq!(brokers.len(), 1);
    assert_eq!(Kafka::status().map(|running| running.brokers), brokers.pop());
}

#[test]
fn a_broker_of_ones_own_is_killed_and_started_again_at_the_same_address() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Kafka::start_own(folder.path()).unwrap();
    let address = broker.brokers().to_owned();
    assert!(std::net::TcpStream::connect(&address).is_ok());
    broker.kill();
    assert!(std::net::TcpStream::connect(&address).is_err());
    broker.restart().unwrap();
    assert_eq!(broker.brokers(), address);
    drop(broker);
    assert!(std::net::TcpStream::connect(&address).is_err(), "it ends with its owner");
}
