//! The same log gives the same state, and a log that is not understood is not served.

use crate::account::{Accounts, Bank, Command, assert_whole, context, execute, open, rendered};
use crate::faulty::Folder;
use care::{DecodeError, Domain, StreamId};
use engine::{Engine, OpenError};
use eventlog::{Appended, Entry, EventLog, Meta, NewEvent};

#[tokio::test]
async fn replay_gives_the_same_bytes_and_every_prefix_its_own_state() {
    let folder = Folder::new();
    let (before, prefixes) = {
        let engine = open(folder.log().await).await;
        let mut prefixes = vec![rendered(&Accounts::default())];
        for n in 1..=40 {
            execute(&engine, Command::Deposit(if n % 3 == 0 { "ash" } else { "oak" }, n)).await.unwrap();
            prefixes.push(engine.read(rendered));
        }
        execute(&engine, Command::Withdraw("oak", 11)).await.unwrap();
        prefixes.push(engine.read(rendered));
        // More than one page of a replay.
        execute(&engine, Command::DepositPennies("yew", 1_000)).await.unwrap();
        (engine.read(rendered), prefixes)
    };
    let engine = open(folder.log().await).await;
    assert_eq!(engine.read(rendered), before);
    assert_whole(&engine).await;
    for (position, state) in (0..).zip(&prefixes) {
        let then = engine.state_at(position).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&rendered(&then)), String::from_utf8_lossy(state), "{position}");
    }
    let pennies = engine.state_at(1_041 - 1).await.unwrap();
    assert_eq!((pennies.events, pennies.balance("yew")), (1_040, 999));
}

#[tokio::test]
async fn state_at_is_the_fold_of_the_logs_own_events() {
    let folder = Folder::new();
    let engine = open(folder.log().await).await;
    for n in 1..=9 {
        execute(&engine, Command::Deposit("ash", n)).await.unwrap();
    }
    let events = engine.log().read(0, 100).await.unwrap();
    let mut state = Accounts::default();
    for recorded in events {
        let event = care::Event::decode(&recorded.event_type, recorded.version, &recorded.payload).unwrap();
        Bank::evolve(&mut state, &event);
        assert_eq!(engine.state_at(recorded.position).await.unwrap(), state);
    }
}

async fn append(log: &dyn EventLog, event_type: &'static str, version: u16, payload: &[u8]) {
    let event = NewEvent {
        stream: StreamId::new("account", "ash"),
        event_type,
        version,
        payload: payload.to_vec(),
        effective: None,
        council: None,
    };
    let meta =
        Meta { actor: "newer".to_owned(), causation: None, correlation: None, recorded_at: context().at };
    let entry = Entry {
        expected_head: None,
        expected: vec![],
        events: vec![event],
        meta,
        idempotency: None,
        source: None,
    };
    assert!(matches!(log.append(entry).await, Ok(Appended::Committed(_))));
}

#[tokio::test]
async fn an_event_that_is_not_understood_is_named_by_its_place() {
    for (event_type, version, payload, message) in [
        (
            "Frozen",
            1,
            &b"{}"[..],
            "invoicing/region:2: event type Frozen version 1 is not known to this program: run a newer one",
        ),
        (
            "Deposited",
            2,
            b"{}",
            "invoicing/region:2: event type Deposited version 2 is not known to this program: run a newer one",
        ),
        (
            "Deposited",
            1,
            b"{}",
            "invoicing/region:2: event of type Deposited version 1 does not have the shape of its type: \
             missing field `account` at line 1 column 2",
        ),
    ] {
        let folder = Folder::new();
        let log = folder.log().await;
        append(&*log, "Deposited", 1, br#"{"account":"ash","pence":1}"#).await;
        append(&*log, event_type, version, payload).await;
        let refused = Engine::<Bank>::open(log).await.err().expect("it must not open");
        assert_eq!(refused.to_string(), message);
        match refused {
            OpenError::Event { at, source } => {
                assert_eq!(at.position, 2);
                assert_eq!(
                    matches!(source, DecodeError::Malformed { .. }),
                    payload == b"{}" && message.contains("shape")
                );
            }
            OpenError::Log(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_log_that_cannot_be_read_does_not_open() {
    let folder = Folder::new();
    let log = folder.faulty().await;
    log.fail_reads(1);
    let refused = Engine::<Bank>::open(log.clone()).await.err().expect("it must not open");
    assert_eq!(refused.to_string(), "test disk: told to fail");
    assert_eq!(open(log).await.head(), 0);
}
