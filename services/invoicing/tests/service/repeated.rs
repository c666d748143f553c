//! What is asked twice, cut short or begun anew after a restart comes to the same.

use super::world::{DERBY, World, agreement, council, day, noon, open, reason, world};
use api::invoicing::AccrueNightsRequest;
use engine::{Context, RequestKey};
use invoicing_domain::{AccrueNights, Ask, Cause, Command, RunId, RunKind};
use service_kit::{Role, request_hash};
use tonic::Code;

#[tokio::test]
async fn what_is_asked_twice_is_answered_the_same_and_charged_once() {
    let world = world().await;
    for n in 1..=3 {
        world.place(DERBY, n, "acme").await;
    }
    let first = world.accrue(DERBY, "a", "2026-02-01").await.unwrap();
    let before = world.json(DERBY);
    assert_eq!(world.accrue(DERBY, "a", "2026-02-01").await.unwrap(), first);
    let reused = world.accrue(DERBY, "a", "2026-02-02").await.unwrap_err();
    assert_eq!((reused.code(), reason(&reused).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    assert_eq!(world.json(DERBY), before, "nothing was charged");
    assert_eq!(world.accrue(DERBY, "b", "2026-02-01").await.unwrap(), (0, 0, 0));
    let issued = world.issue(DERBY, "i", "2026-02-01").await;
    assert_eq!(world.issue(DERBY, "i", "2026-02-01").await, issued);
    assert_eq!(world.issue(DERBY, "j", "2026-02-01").await, []);
    let paid = world.pay(&issued[0], "p").await.unwrap();
    assert_eq!(world.pay(&issued[0], "p").await.unwrap(), paid);
    assert_eq!(reason(&world.pay(&issued[0], "q").await.unwrap_err()), "INVOICE_SETTLED");
    assert!(world.ledger(DERBY).await.balanced);
}

/// A request that died half-way: its run was begun and one of three agreements charged.
#[tokio::test]
async fn a_request_that_was_cut_short_goes_on_when_it_is_repeated() {
    let world = world().await;
    for n in 1..=3 {
        world.place(DERBY, n, "acme").await;
    }
    let request = AccrueNightsRequest {
        parent: DERBY.to_owned(),
        request_id: "cut".to_owned(),
        through: "2026-02-01".to_owned(),
        agreement: String::new(),
    };
    let actor = format!("{}/test", Role::Council(council(DERBY)));
    let cause = Cause::request(&actor, "cut");
    let (run, through, at) = (RunId(cause.id_of("run")), day("2026-02-01"), noon("2026-02-01"));
    let key = RequestKey { key: format!("{actor}|cut"), request_hash: request_hash(&request) };
    let begin = Ask::StartRun { run, kind: RunKind::Accrual, through };
    let first = Ask::AccrueNights(AccrueNights { agreement: agreement(1), through, run: Some(run) });
    for (ask, request) in [(begin, Some(key)), (first, None)] {
        let command = Command { council: council(DERBY), cause: cause.clone(), at, ask };
        let context = Context { actor: actor.clone(), causation: None, correlation: None, at, request };
        world.service.ledger(council(DERBY)).unwrap().execute(command, context, |_, _| vec![]).await.unwrap();
    }
    let before = world.json(DERBY);
    let other = world.accrue(DERBY, "cut", "2026-01-20").await.unwrap_err();
    assert_eq!(reason(&other), "REQUEST_ID_REUSED");
    assert_eq!(world.json(DERBY), before, "the other request did nothing");
    assert_eq!(world.accrue(DERBY, "cut", "2026-02-01").await.unwrap(), (3, 66, 660_000), "the whole run");
}

#[tokio::test]
async fn many_placements_are_one_call_and_a_restart_gives_the_same_state() {
    let world = world().await;
    for n in 1..=250 {
        world.place(DERBY, n, if n % 2 == 0 { "acme" } else { "beacon" }).await;
    }
    assert_eq!(world.accrue(DERBY, "a", "2026-01-17").await.unwrap(), (250, 1_750, 17_500_000));
    assert_eq!(world.issue(DERBY, "i", "2026-01-17").await.len(), 2);
    let before = world.json(DERBY);
    let World { folder, service, kit, told, followers } = world;
    drop((service, kit, told, followers));
    let again = open(folder).await;
    assert_eq!(again.json(DERBY), before);
    assert_eq!(again.accrue(DERBY, "a", "2026-01-17").await.unwrap(), (250, 1_750, 17_500_000));
    assert_eq!(again.json(DERBY), before);
}
