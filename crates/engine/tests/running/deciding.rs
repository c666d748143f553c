//! Commands that come at once, answers that wait for the disk, and requests that are repeated.

use crate::account::{
    Command, assert_whole, balance, execute, execute_keyed, is_unavailable, open, rendered, start,
    start_keyed,
};
use crate::faulty::{Fault, Folder};
use engine::{EngineError, Reply};
use std::collections::BTreeSet;
use std::time::Duration;

const NAMES: [&str; 7] = ["ash", "beech", "cedar", "elm", "fir", "oak", "yew"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_commands_at_once_are_all_acknowledged_once() {
    let folder = Folder::new();
    let engine = open(folder.log().await).await;
    let pending: Vec<_> = (1..=500)
        .zip(NAMES.iter().cycle())
        .map(|(n, name)| start(&engine, Command::Deposit(name, n)))
        .collect();
    let mut heads = BTreeSet::new();
    let mut replies = Vec::new();
    for pending in pending {
        let reply = pending.await.unwrap().unwrap();
        assert!(!reply.repeated);
        heads.insert(reply.head);
        replies.push(reply);
    }
    assert_eq!(heads, (1..=500).collect(), "each decision has a position of its own");
    assert_eq!(engine.read(|state| state.balances.values().sum::<i64>()), 500 * 501 / 2);
    assert_whole(&engine).await;
    for reply in replies.iter().step_by(25) {
        let then = engine.state_at(reply.head).await.unwrap();
        assert_eq!(reply.bytes, rendered(&then), "the reply is of the state right after its decision");
    }
}

#[tokio::test]
async fn nothing_is_answered_or_seen_before_it_is_durable_and_deciding_goes_on_meanwhile() {
    let folder = Folder::new();
    let log = folder.faulty().await;
    let engine = open(log.clone()).await;
    log.release_to(0);
    let deposit = start(&engine, Command::Deposit("ash", 100));
    log.until_submitted(1).await;
    // It can be paid out only by who sees the deposit that is still on its way.
    let withdrawal = start(&engine, Command::Withdraw("ash", 70));
    log.until_submitted(2).await;
    let refused = start(&engine, Command::Withdraw("ash", 31));
    let unchanged = start(&engine, Command::Nothing);
    // Whatever could run has run: a wrongly early answer would be there.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(log.submitted(), 2);
    for pending in [&deposit, &withdrawal, &refused, &unchanged] {
        assert!(!pending.is_finished(), "answered before it was durable");
    }
    assert_eq!((balance(&engine, "ash"), engine.head()), (0, 0));

    log.release_to(1);
    let reply = deposit.await.unwrap().unwrap();
    assert_eq!(reply.bytes, br#"{"balances":{"ash":100},"events":1}"#);
    assert_eq!((balance(&engine, "ash"), engine.head()), (100, 1));
    assert!(!withdrawal.is_finished() && !refused.is_finished() && !unchanged.is_finished());

    log.release();
    let reply = withdrawal.await.unwrap().unwrap();
    assert_eq!(reply.bytes, br#"{"balances":{"ash":30},"events":2}"#);
    let error = refused.await.unwrap().unwrap_err();
    assert!(matches!(&error, EngineError::Rejected(no) if no.balance == 30), "{error:?}");
    let reply = unchanged.await.unwrap().unwrap();
    assert_eq!((reply.bytes.as_slice(), reply.head), (&br#"{"balances":{"ash":30},"events":2}"#[..], 2));
    assert_whole(&engine).await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_entry_keeps_the_order() {
    let folder = Folder::new();
    let log = folder.faulty().await;
    let engine = open(log.clone()).await;
    log.fault(1, Fault::Delay(Duration::from_secs(3)));
    let slow = start(&engine, Command::Deposit("ash", 1));
    log.until_submitted(1).await;
    assert_eq!(execute(&engine, Command::Deposit("ash", 1)).await.unwrap().head, 2);
    assert_eq!(slow.await.unwrap().unwrap().head, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_repeated_at_once_is_done_once_and_answered_alike_for_ever() {
    let folder = Folder::new();
    let expected =
        Reply { bytes: br#"{"balances":{"ash":5},"events":1}"#.to_vec(), head: 1, repeated: false };
    {
        let engine = open(folder.log().await).await;
        let pending: Vec<_> =
            (0..50).map(|_| start_keyed(&engine, Command::Deposit("ash", 5), "case-system/1")).collect();
        let mut repeated = 0;
        for pending in pending {
            let reply = pending.await.unwrap().unwrap();
            repeated += usize::from(reply.repeated);
            assert_eq!(Reply { repeated: false, ..reply }, expected);
        }
        assert_eq!(repeated, 49);
        assert_eq!(balance(&engine, "ash"), 5);
        execute(&engine, Command::Deposit("ash", 1)).await.unwrap();
    }
    let engine = open(folder.log().await).await;
    for _ in 0..3 {
        let reply = execute_keyed(&engine, Command::Deposit("ash", 5), "case-system/1", 1).await.unwrap();
        assert_eq!(reply, Reply { repeated: true, ..expected.clone() });
    }
    assert_eq!((balance(&engine, "ash"), engine.head()), (6, 2));
    assert_whole(&engine).await;
}

#[tokio::test]
async fn a_key_stands_for_one_request_whether_its_answer_is_durable_or_on_its_way() {
    let folder = Folder::new();
    let log = folder.faulty().await;
    let engine = open(log.clone()).await;
    log.release_to(0);
    let first = start_keyed(&engine, Command::Deposit("ash", 5), "k");
    log.until_submitted(1).await;
    let other = {
        let engine = engine.clone();
        tokio::spawn(async move { execute_keyed(&engine, Command::Deposit("ash", 6), "k", 2).await })
    };
    log.release();
    assert!(first.await.unwrap().is_ok());
    assert!(matches!(other.await.unwrap(), Err(EngineError::KeyReused)));
    let later = execute_keyed(&engine, Command::Deposit("ash", 6), "k", 2).await;
    assert!(matches!(later, Err(EngineError::KeyReused)));
    assert_eq!(balance(&engine, "ash"), 5);
}

#[tokio::test]
async fn a_key_whose_request_was_refused_can_be_used_again() {
    let folder = Folder::new();
    let engine = open(folder.log().await).await;
    let refused = execute_keyed(&engine, Command::Withdraw("ash", 5), "k", 1).await.unwrap_err();
    assert!(matches!(&refused, EngineError::Rejected(no) if care::Refusal::reason(no) == "INSUFFICIENT"));
    assert_eq!(refused.to_string(), "ash has 0p: withdraw no more than that");
    execute(&engine, Command::Deposit("ash", 5)).await.unwrap();
    let reply = execute_keyed(&engine, Command::Withdraw("ash", 5), "k", 1).await.unwrap();
    assert_eq!((reply.head, reply.repeated), (2, false));
    assert!(execute_keyed(&engine, Command::Withdraw("ash", 5), "k", 1).await.unwrap().repeated);
}

#[tokio::test]
async fn a_request_that_changes_nothing_is_answered_alike_too() {
    let folder = Folder::new();
    let engine = open(folder.log().await).await;
    let first = execute_keyed(&engine, Command::Nothing, "k", 1).await.unwrap();
    execute(&engine, Command::Deposit("ash", 5)).await.unwrap();
    let again = execute_keyed(&engine, Command::Nothing, "k", 1).await.unwrap();
    assert_eq!(again, Reply { repeated: true, ..first });
    assert_eq!(again.head, 0);
}

#[tokio::test]
async fn a_decision_larger_than_a_log_takes_is_refused_and_leaves_nothing() {
    let folder = Folder::new();
    let engine = open(folder.log().await).await;
    let refused = execute_keyed(&engine, Command::DepositPennies("ash", 1_001), "k", 1).await;
    assert!(matches!(&refused, Err(EngineError::TooLarge(why)) if why == "1001 events, at most 1000"));
    let reply = execute_keyed(&engine, Command::DepositPennies("ash", 1_000), "k", 1).await.unwrap();
    assert_eq!((reply.head, reply.repeated), (1_000, false));
    assert_whole(&engine).await;
}

#[tokio::test]
async fn waiting_ends_with_the_commit_or_with_patience() {
    let folder = Folder::new();
    let log = folder.faulty().await;
    let engine = open(log.clone()).await;
    log.release_to(0);
    let deposit = start(&engine, Command::Deposit("ash", 7));
    log.until_submitted(1).await;
    let found = |state: &crate::account::Accounts| Some(state.balance("ash")).filter(|balance| *balance > 0);
    assert_eq!(engine.wait_for(Duration::from_millis(50), found).await, None, "it is not durable yet");
    let waiting = {
        let engine = engine.clone();
        tokio::spawn(async move { engine.wait_for(Duration::from_secs(20), found).await })
    };
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    log.release();
    assert_eq!(waiting.await.unwrap(), Some(7));
    assert_eq!(engine.wait_for(Duration::ZERO, found).await, Some(7), "what is there needs no patience");
    assert!(deposit.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_log_that_is_gone_is_said_to_be() {
    let folder = Folder::new();
    let log = folder.faulty().await;
    let engine = open(log.clone()).await;
    log.fault(1, Fault::CrashBefore);
    assert!(is_unavailable(&execute(&engine, Command::Deposit("ash", 7)).await));
    let stopped = execute(&engine, Command::Deposit("ash", 7)).await.unwrap_err();
    assert_eq!(stopped.to_string(), "invoicing/region has stopped");
}
