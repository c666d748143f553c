//! Following: every event once and in order, however slowly it is read, and on from any cursor.

use crate::world::{DERBY, NOTTINGHAM, World, as_council};
use api::audit::audit_service_server::AuditService;
use api::audit::{EventFilter, FollowEventsRequest, LogCursor};
use tokio_stream::StreamExt;

const LOG: &str = "referrals/E06000015";

fn of_log(after: Option<u64>, from_now: bool) -> FollowEventsRequest {
    FollowEventsRequest {
        filter: Some(EventFilter { log: LOG.to_owned(), ..EventFilter::default() }),
        after: after.map(|position| LogCursor { log: LOG.to_owned(), position }).into_iter().collect(),
        from_now,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_that_does_not_read_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    let derby = as_council(DERBY);
    let mut slow = world.audit.follow_events(derby.request(of_log(None, true))).await.unwrap().into_inner();
    // Far more than any buffer on the way holds, and the follower has not read one.
    world.append_many(LOG, 2_000).await;
    world.caught_up().await;
    for position in 1..=2_000 {
        assert_eq!(slow.next().await.unwrap().unwrap().event.unwrap().position, position);
    }
    // It hears of what happens from now on, and ends with the service.
    world.append_many(LOG, 1).await;
    assert_eq!(slow.next().await.unwrap().unwrap().event.unwrap().position, 2_001);
    world.audit.end_calls();
    assert!(slow.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_goes_on_where_it_stood_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    world.append_many(LOG, 30).await;
    world.caught_up().await;
    drop(world);
    let world = World::open(folder.path()).await;
    let derby = as_council(DERBY);
    let positions =
        |events: Vec<api::audit::EventRecord>| events.iter().map(|e| e.position).collect::<Vec<_>>();
    let rest = positions(world.follow(&derby, of_log(Some(20), false), 10).await);
    assert_eq!(rest, (21..=30).collect::<Vec<_>>());
    let all = positions(world.follow(&derby, of_log(None, false), 30).await);
    assert_eq!(all, (1..=30).collect::<Vec<_>>());
    let waiting = world.follow(&derby, of_log(None, true), 1);
    let (next, ()) = tokio::join!(waiting, world.append_many(LOG, 1));
    assert_eq!(positions(next), [31]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_logs_are_followed_each_in_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    let everything = FollowEventsRequest::default();
    let derby = as_council(DERBY);
    let follow = world.follow(&derby, everything, 900);
    let append = async {
        for _ in 0..3 {
            for name in [LOG, "contracts/E06000015", "vacancies/region", "invoicing/E06000018"] {
                world.append_many(name, 100).await;
            }
        }
    };
    let (events, ()) = tokio::join!(follow, append);
    for name in [LOG, "contracts/E06000015", "vacancies/region"] {
        let of_log: Vec<_> =
            events.iter().filter(|event| event.log == name).map(|event| event.position).collect();
        assert_eq!(of_log, (1..=300).collect::<Vec<_>>(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cursors_that_cannot_be_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    let derby = as_council(DERBY);
    let cursor = |log: &str, position| LogCursor { log: log.to_owned(), position };
    for (after, reason) in [
        (vec![cursor(LOG, 1)], "FIELD_INVALID"),
        (vec![cursor(LOG, 0), cursor(LOG, 0)], "FIELD_INVALID"),
        (vec![cursor("audit/region", 0)], "FIELD_INVALID"),
        (vec![cursor("referrals/E06000018", 9)], "NOT_YOURS"),
    ] {
        let request = FollowEventsRequest { after, ..FollowEventsRequest::default() };
        assert_eq!(crate::world::reason(world.audit.follow_events(derby.request(request)).await), reason);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_follows_again_and_again_leaves_room_for_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    let (derby, other) = (as_council(DERBY), as_council(NOTTINGHAM));
    let mut following = Vec::new();
    let refused = loop {
        match world.audit.follow_events(derby.request(FollowEventsRequest::default())).await {
            Ok(stream) => following.push(stream),
            Err(refused) => break refused,
        }
    };
    assert_eq!((following.len(), refused.code()), (32, tonic::Code::ResourceExhausted));
    world.audit.follow_events(other.request(FollowEventsRequest::default())).await.unwrap();
    following.pop();
    // The room is free once the service has seen that the stream was dropped.
    for _ in 0..500 {
        if world.audit.follow_events(derby.request(FollowEventsRequest::default())).await.is_ok() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("a stream that was dropped still counts");
}
