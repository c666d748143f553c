//! Whatever fails and in whichever order, repeating every request until it is answered does each of them once.

use crate::account::{Command, assert_whole, execute_keyed, open, rendered};
use crate::faulty::{Fault, Folder};
use engine::EngineError;
use proptest::prelude::{ProptestConfig, Strategy, prop_oneof};
use proptest::{collection, proptest};
use std::collections::BTreeSet;

const COMMANDS: usize = 24;
const ATTEMPTS_MAX: usize = 100;

fn faults() -> impl Strategy<Value = Vec<(u64, Fault)>> {
    let fault =
        prop_oneof![proptest::strategy::Just(Fault::Fail), proptest::strategy::Just(Fault::FailButDurable)];
    collection::vec((1_u64..60, fault), 0..20)
}

/// All requests come at once; `held` of their entries wait for the disk together.
async fn every_request_is_done_once(faults: Vec<(u64, Fault)>, held: u64) {
    let folder = Folder::new();
    let log = folder.faulty().await;
    for (number, fault) in faults {
        log.fault(number, fault);
    }
    log.release_to(0);
    let engine = open(log.clone()).await;
    let pending: Vec<_> = (0..COMMANDS)
        .map(|n| {
            let engine = engine.clone();
            tokio::spawn(async move {
                let pence = i64::try_from(n).unwrap() + 1;
                // Each fault fails at most all that are in flight; who still has no answer never gets one.
                for _ in 0..ATTEMPTS_MAX {
                    match execute_keyed(&engine, Command::Deposit("ash", pence), &format!("k{n}"), 1).await {
                        Err(EngineError::Unavailable(_)) => {}
                        answered => return answered.unwrap(),
                    }
                }
                panic!("request {n} is never answered");
            })
        })
        .collect();
    log.until_submitted(held).await;
    log.release();
    let mut heads = BTreeSet::new();
    for pending in pending {
        let reply = pending.await.unwrap();
        let then = engine.state_at(reply.head).await.unwrap();
        assert_eq!(reply.bytes, rendered(&then), "the answer is of the state after its decision");
        heads.insert(reply.head);
    }
    assert_eq!(heads, (1..=24).collect(), "each request has one event, and no other is there");
    assert_whole(&engine).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn requests_repeated_until_answered_are_done_once(faults in faults(), held in 1_u64..=24) {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
            .block_on(every_request_is_done_once(faults, held));
    }
}
