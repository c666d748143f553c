//! Writes that fail, and writes that are said to have failed.

use crate::account::{
    Command, assert_whole, balance, execute, execute_keyed, is_unavailable, open, start, start_keyed,
};
use crate::faulty::{Fault, Folder};
use engine::{EngineError, Reply};
use std::time::Duration;

#[tokio::test]
async fn a_failed_write_takes_everything_decided_on_it_along() {
    let folder = Folder::new();
    let log = folder.faulty().await;
    let engine = open(log.clone()).await;
    execute(&engine, Command::Deposit("ash", 10)).await.unwrap();
    log.release_to(1);
    log.fault(2, Fault::Fail);
    let failed = start(&engine, Command::Deposit("ash", 100));
    log.until_submitted(2).await;
    let on_phantom = start(&engine, Command::Withdraw("ash", 105));
    log.until_submitted(3).await;
    // A "no" that is only true if the two before it happened, and a reply that shows them.
    let refused = start(&engine, Command::Withdraw("ash", 10));
    let unchanged = start(&engine, Command::Nothing);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    log.release();
    let error = failed.await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "test disk: told to fail");
    for pending in [on_phantom, refused, unchanged] {
        let error = pending.await.unwrap().unwrap_err();
        assert!(
            matches!(&error, EngineError::Unavailable(cause) if cause == "test disk: told to fail"),
            "{error:?}"
        );
    }
    assert_eq!((balance(&engine, "ash"), engine.head()), (10, 1));
    assert_eq!(execute(&engine, Command::Withdraw("ash", 10)).await.unwrap().head, 2);
    let error = execute(&engine, Command::Withdraw("ash", 1)).await.unwrap_err();
    assert!(matches!(&error, EngineError::Rejected(no) if no.balance == 0), "{error:?}");
    assert_whole(&engine).await;
}

#[tokio::test]
async fn a_request_whose_write_failed_is_done_when_it_is_repeated() {
    let folder = Folder::new();
    let log = folder.faulty().await;
    let engine = open(log.clone()).await;
    log.fault(1, Fault::Fail);
    assert!(is_unavailable(&execute_keyed(&engine, Command::Deposit("ash", 5), "k", 1).await));
    let reply = execute_keyed(&engine, Command::Deposit("ash", 5), "k", 1).await.unwrap();
    assert_eq!((reply.head, reply.repeated), (1, false));
    assert_whole(&engine).await;
}

#[tokio::test]
async fn a_repeat_that_waits_for_a_write_that_fails_is_decided_on_what_is_durable() {
    let folder = Folder::new();
    let log = folder.faulty().await;
    let engine = open(log.clone()).await;
    log.release_to(0);
    log.fault(1, Fault::Fail);
    let first = start_keyed(&engine, Command::Deposit("ash", 5), "k");
    log.until_submitted(1).await;
    let repeat = start_keyed(&engine, Command::Deposit("ash", 5), "k");
    tokio::task::yield_now().await;
    log.release();
    assert!(is_unavailable(&first.await.unwrap()));
    let reply = repeat.await.unwrap().unwrap();
    assert_eq!((reply.head, reply.repeated), (1, false));
    assert_whole(&engine).await;
}

#[tokio::test]
async fn a_write_that_failed_but_is_durable_is_caught_up_with_and_answers_its_repeat() {
    let folder = Folder::new();
    let log = folder.faulty().await;
    let engine = open(log.clone()).await;
    log.fault(1, Fault::FailButDurable);
    assert!(is_unavailable(&execute_keyed(&engine, Command::Deposit("ash", 5), "k", 1).await));
    let caught_up = |state: &crate::account::Accounts| (state.balance("ash") == 5).then_some(());
    assert_eq!(
        engine.wait_for(Duration::from_secs(20), caught_up).await,
        Some(()),
        "followers of the log see the event, so must readers of the state, with or without another command"
    );
    for _ in 0..2 {
        let reply = execute_keyed(&engine, Command::Deposit("ash", 5), "k", 1).await.unwrap();
        let bytes = br#"{"balances":{"ash":5},"events":1}"#.to_vec();
        assert_eq!(reply, Reply { bytes, head: 1, repeated: true });
    }
    assert_eq!(execute(&engine, Command::Withdraw("ash", 5)).await.unwrap().head, 2);
    assert_whole(&engine).await;
}

#[tokio::test]
async fn what_commits_behind_a_write_that_failed_but_is_durable_is_applied_once_and_in_order() {
    // If the log can be read at the failure, it gives what is behind it too, which must not be applied again. If it cannot,
    // there is a gap before what is behind, which must not be applied over it.
    for reads_to_fail in [0, 1] {
        let folder = Folder::new();
        let log = folder.faulty().await;
        let engine = open(log.clone()).await;
        log.release_to(0);
        log.fault(1, Fault::FailButDurable);
        let first = start(&engine, Command::Deposit("ash", 5));
        log.until_submitted(1).await;
        let second = start(&engine, Command::Withdraw("ash", 3));
        log.until_submitted(2).await;
        let third = start(&engine, Command::Deposit("oak", 1));
        log.until_submitted(3).await;
        log.fail_reads(reads_to_fail);
        log.release();
        assert!(is_unavailable(&first.await.unwrap()));
        for (pending, head) in [(second, 2), (third, 3)] {
            let reply = pending.await.unwrap().expect("it is durable, and so is all that it rests on");
            assert_eq!(reply.head, head);
            assert!(engine.head() >= head, "whoever has the answer finds its effect");
        }
        assert_whole(&engine).await;
        assert_eq!(execute(&engine, Command::Deposit("oak", 1)).await.unwrap().head, 4);
        assert_eq!((balance(&engine, "ash"), balance(&engine, "oak")), (2, 2));
        assert_whole(&engine).await;
    }
}

#[tokio::test]
async fn an_answer_kept_by_a_write_that_failed_but_is_durable_comes_with_its_effect() {
    let folder = Folder::new();
    let log = folder.faulty().await;
    let engine = open(log.clone()).await;
    log.release_to(0);
    log.fault(1, Fault::FailButDurable);
    let first = start_keyed(&engine, Command::Deposit("ash", 5), "k");
    log.until_submitted(1).await;
    let repeat = start_keyed(&engine, Command::Deposit("ash", 5), "k");
    tokio::task::yield_now().await;
    log.release();
    assert!(is_unavailable(&first.await.unwrap()));
    let reply = repeat.await.unwrap().unwrap();
    assert_eq!((reply.head, reply.repeated), (1, true));
    assert_eq!((balance(&engine, "ash"), engine.head()), (5, 1));
}

#[tokio::test]
async fn a_log_that_cannot_be_read_for_a_while_after_a_failed_write_is_not_given_up() {
    let folder = Folder::new();
    let log = folder.faulty().await;
    let engine = open(log.clone()).await;
    execute(&engine, Command::Deposit("ash", 5)).await.unwrap();
    log.fault(2, Fault::Fail);
    log.fail_reads(u64::MAX);
    assert!(is_unavailable(&execute(&engine, Command::Deposit("ash", 5)).await));
    let error = execute(&engine, Command::Deposit("ash", 5)).await.unwrap_err();
    assert_eq!(error.to_string(), "test disk: told to fail");
    assert_eq!(log.submitted(), 2, "nothing is decided on a state that may be wrong");
    log.fail_reads(0);
    assert_eq!(execute(&engine, Command::Withdraw("ash", 5)).await.unwrap().head, 2);
    assert_whole(&engine).await;
}
