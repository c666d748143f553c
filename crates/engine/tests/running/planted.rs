//! An event of another log that comes again after a restart has its effect once; where what was seen is not dropped, that shows.
//!
//! The services' own domains would not show it: each of them takes a step that comes twice for one that was done.

use crate::account::{Command, balance, context, open};
use crate::faulty::Folder;
use eventlog::planted::{Planted, plant};
use eventlog::{LogId, Service, SourcePosition};

const SOURCE: LogId = LogId::region(Service::Contracts);

/// What an account has after its one deposit was given, and given again after a restart.
async fn deposited_and_given_again(log: LogId) -> i64 {
    let folder = Folder::new();
    let deposit = || Some(Command::Deposit("ash", 5));
    for _ in 0..2 {
        let engine = open(folder.log_of(log).await).await;
        // Whether it was new or seen is judged by what the account has.
        engine.react(SourcePosition { log: SOURCE, position: 1 }, deposit(), context()).await.unwrap();
    }
    balance(&open(folder.log_of(log).await).await, "ash")
}

#[tokio::test]
async fn events_that_are_not_known_again_are_caught() {
    assert_eq!(deposited_and_given_again(LogId::region(Service::Vacancies)).await, 5);
    // Planted in a log that no other test here has.
    let with_defect = LogId::region(Service::Audit);
    plant(Planted::DedupeDropped, with_defect);
    assert_eq!(deposited_and_given_again(with_defect).await, 10, "the same check sees the effect twice");
}
