//! Effects of other logs' events: each once, whatever is delivered again and whenever the power goes.

use crate::account::{Bank, Command, Insufficient, assert_whole, balance, context, execute, open};
use crate::faulty::{Fault, Folder};
use engine::{Engine, EngineError, Reacted};
use eventlog::{LogId, Service, SourcePosition};

const SOURCE: LogId = LogId::region(Service::Contracts);

async fn react(
    engine: &Engine<Bank>,
    position: u64,
    command: Option<Command>,
) -> Result<Reacted, EngineError<Insufficient>> {
    engine.react(SourcePosition { log: SOURCE, position }, command, context()).await
}

#[tokio::test]
async fn an_event_has_its_effect_once_even_after_a_restart() {
    let folder = Folder::new();
    let deposit = || Some(Command::Deposit("ash", 5));
    {
        let log = folder.faulty().await;
        let engine = open(log.clone()).await;
        assert_eq!(react(&engine, 3, deposit()).await.unwrap(), Reacted::Applied);
        for position in [3, 2, 1] {
            assert_eq!(react(&engine, position, deposit()).await.unwrap(), Reacted::AlreadySeen);
        }
        assert_eq!(log.submitted(), 1, "effect and position are one write, and a redelivery is none");
        assert_eq!((engine.consumed(SOURCE), balance(&engine, "ash"), engine.head()), (3, 5, 1));
    }
    let engine = open(folder.log().await).await;
    assert_eq!(engine.consumed(SOURCE), 3);
    assert_eq!(react(&engine, 3, deposit()).await.unwrap(), Reacted::AlreadySeen);
    assert_eq!(react(&engine, 4, deposit()).await.unwrap(), Reacted::Applied);
    let other = SourcePosition { log: LogId::region(Service::Vacancies), position: 1 };
    assert_eq!(engine.react(other, deposit(), context()).await.unwrap(), Reacted::Applied);
    assert_eq!((engine.consumed(SOURCE), engine.consumed(other.log)), (4, 1));
    assert_eq!(balance(&engine, "ash"), 15);
    assert_whole(&engine).await;
}

#[tokio::test]
async fn the_position_of_an_event_without_effect_is_remembered() {
    let folder = Folder::new();
    {
        let engine = open(folder.log().await).await;
        assert_eq!(react(&engine, 9, None).await.unwrap(), Reacted::Applied);
        assert_eq!((engine.consumed(SOURCE), engine.head()), (9, 0));
        assert_eq!(react(&engine, 9, None).await.unwrap(), Reacted::AlreadySeen);
    }
    let engine = open(folder.log().await).await;
    assert_eq!(engine.consumed(SOURCE), 9);
    let late = react(&engine, 9, Some(Command::Deposit("ash", 5))).await.unwrap();
    assert_eq!((late, balance(&engine, "ash")), (Reacted::AlreadySeen, 0));
}

#[tokio::test]
async fn a_redelivery_is_not_confirmed_before_the_effect_is_durable() {
    let folder = Folder::new();
    for (fault, confirmed) in [(None, true), (Some(Fault::Fail), false)] {
        let log = folder.faulty().await;
        let engine = open(log.clone()).await;
        let consumed = engine.consumed(SOURCE);
        log.release_to(0);
        if let Some(fault) = fault {
            log.fault(1, fault);
        }
        let deliver = || {
            let engine = engine.clone();
            tokio::spawn(async move { react(&engine, consumed + 1, Some(Command::Deposit("ash", 5))).await })
        };
        let first = deliver();
        log.until_submitted(1).await;
        let again = deliver();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(!first.is_finished() && !again.is_finished());
        assert_eq!(engine.consumed(SOURCE), consumed, "it is not durable yet");
        log.release();
        let (first, again) = (first.await.unwrap(), again.await.unwrap());
        if confirmed {
            assert_eq!((first.unwrap(), again.unwrap()), (Reacted::Applied, Reacted::AlreadySeen));
        } else {
            assert!(matches!(
                (&first, &again),
                (Err(EngineError::Unavailable(_)), Err(EngineError::Unavailable(_)))
            ));
            assert_eq!(engine.consumed(SOURCE), consumed);
            let redelivered = react(&engine, consumed + 1, Some(Command::Deposit("ash", 5))).await.unwrap();
            assert_eq!(redelivered, Reacted::Applied);
        }
        assert_eq!(engine.consumed(SOURCE), consumed + 1);
        assert_whole(&engine).await;
    }
}

#[tokio::test]
async fn a_crash_never_loses_an_effect_and_never_doubles_it() {
    for (fault, redelivered) in
        [(Fault::CrashBefore, Reacted::Applied), (Fault::CrashAfter, Reacted::AlreadySeen)]
    {
        let folder = Folder::new();
        {
            let log = folder.faulty().await;
            log.fault(2, fault);
            let engine = open(log).await;
            assert_eq!(react(&engine, 1, Some(Command::Deposit("ash", 5))).await.unwrap(), Reacted::Applied);
            let crashed = react(&engine, 2, Some(Command::Deposit("ash", 5))).await;
            assert!(matches!(crashed, Err(EngineError::Unavailable(_))), "{crashed:?}");
        }
        let engine = open(folder.log().await).await;
        let again = react(&engine, 2, Some(Command::Deposit("ash", 5))).await.unwrap();
        assert_eq!(again, redelivered, "{fault:?}");
        assert_eq!((balance(&engine, "ash"), engine.consumed(SOURCE)), (10, 2), "{fault:?}");
        assert_whole(&engine).await;
    }
}

#[tokio::test]
async fn an_effect_that_failed_but_is_durable_is_not_given_again() {
    let folder = Folder::new();
    let log = folder.faulty().await;
    let engine = open(log.clone()).await;
    log.fault(1, Fault::FailButDurable);
    let deposit = || Some(Command::Deposit("ash", 5));
    assert!(matches!(react(&engine, 1, deposit()).await, Err(EngineError::Unavailable(_))));
    assert_eq!(react(&engine, 1, deposit()).await.unwrap(), Reacted::AlreadySeen);
    assert_eq!((balance(&engine, "ash"), engine.consumed(SOURCE)), (5, 1));
    assert_whole(&engine).await;
}

#[tokio::test]
async fn a_refused_event_is_not_consumed() {
    let folder = Folder::new();
    let engine = open(folder.log().await).await;
    let withdraw = || Some(Command::Withdraw("ash", 5));
    let refused = react(&engine, 1, withdraw()).await;
    assert!(matches!(&refused, Err(EngineError::Rejected(no)) if no.balance == 0), "{refused:?}");
    assert_eq!((engine.consumed(SOURCE), engine.head()), (0, 0));
    execute(&engine, Command::Deposit("ash", 5)).await.unwrap();
    assert_eq!(react(&engine, 1, withdraw()).await.unwrap(), Reacted::Applied);
    assert_eq!((engine.consumed(SOURCE), balance(&engine, "ash")), (1, 0));
}
