#![allow(clippy::unwrap_used, reason = "this is test code")]
//! Effects of other logs' events over real logs: each once and in order, whatever fails and whenever the power goes.

mod bells;
mod failing;
mod parked;

use bells::{
    BELLS, Bells, ECHOES, Echoes, Faults, PATIENCE, consumed_to, derby, echoed, echoed_to, events_of, kit,
    nottingham, parked, reaction, regional, ring, rung,
};
use engine::Engine;
use eventlog::{LogId, Owner, Recorded, Service};
use exchange::{Follower, FollowerState, Reaction, ReactionError, follow};
use failing::FailingOnce;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::path::Path;
use std::sync::Arc;

async fn settled(follower: &Follower, done: impl Fn(&FollowerState) -> bool) -> FollowerState {
    let mut state = follower.state.clone();
    let settled = async { state.wait_for(|state| done(state)).await.map(|state| state.clone()) };
    match tokio::time::timeout(PATIENCE, settled).await {
        Ok(Ok(state)) => state,
        _ => panic!("it is at {:?}", follower.state.borrow()),
    }
}

#[tokio::test]
async fn an_effect_and_its_position_are_one_write_and_a_redelivery_none() {
    let folder = tempfile::tempdir().unwrap();
    let kit = kit(folder.path());
    let bells = kit.engine::<Bells>(BELLS).await.unwrap();
    ring(&bells, 3).await;
    let events = rung(&bells).await;
    let log = FailingOnce::over(kit.store.open(ECHOES).await.unwrap(), 0);
    let echoes = Engine::<Echoes>::open(Arc::clone(&log) as _).await.unwrap();
    let reaction = regional(&kit, &echoes, Faults::none()).await;
    assert_eq!((reaction.name(), reaction.sources(), reaction.position(BELLS)), ("echoes", vec![BELLS], 0));
    reaction.consume(BELLS, &events[..2]).await.unwrap();
    assert_eq!((log.submitted(), reaction.position(BELLS)), (2, 2), "one write each");
    assert_eq!(echoes.log().sources().await.unwrap(), [consumed_to(BELLS, 2)]);
    // Part of it was seen, part is new.
    reaction.consume(BELLS, &events).await.unwrap();
    reaction.consume(BELLS, &events[1..2]).await.unwrap();
    assert_eq!((log.submitted(), reaction.position(BELLS)), (3, 3));
    assert_eq!(echoed(&echoes), [1, 2, 3]);
    let effects = events_of(&*echoes.log()).await;
    let causes: Vec<_> = effects.iter().map(|event| event.meta.causation.clone().unwrap()).collect();
    assert_eq!(causes, ["vacancies/region:1", "vacancies/region:2", "vacancies/region:3"]);
    assert_eq!(effects[0].meta.actor, "service:echoes");
    assert_eq!(effects[0].meta.correlation.as_deref(), Some("bell/1"), "the thread of its cause");
}

#[tokio::test]
async fn a_large_batch_keeps_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let kit = kit(folder.path());
    let bells = kit.engine::<Bells>(BELLS).await.unwrap();
    ring(&bells, 1_000).await;
    let echoes = kit.engine::<Echoes>(ECHOES).await.unwrap();
    regional(&kit, &echoes, Faults::none()).await.consume(BELLS, &rung(&bells).await).await.unwrap();
    assert_eq!(echoed(&echoes), echoed_to(1_000));
}

#[tokio::test]
async fn nothing_goes_ahead_of_an_effect_that_fails() {
    // The first, one in the middle, and the last of the batch.
    for fails in [1, 40, 80] {
        let folder = tempfile::tempdir().unwrap();
        let kit = kit(folder.path());
        let bells = kit.engine::<Bells>(BELLS).await.unwrap();
        ring(&bells, 100).await;
        let events = rung(&bells).await;
        let log = FailingOnce::over(kit.store.open(ECHOES).await.unwrap(), fails);
        let echoes = Engine::<Echoes>::open(log).await.unwrap();
        let reaction = regional(&kit, &echoes, Faults::none()).await;
        let failed = reaction.consume(BELLS, &events).await.unwrap_err();
        assert!(matches!(&failed, ReactionError::Retry(why) if why.contains("the disk: full")), "{failed:?}");
        let before = usize::try_from(fails - 1).unwrap();
        assert_eq!(echoed(&echoes), echoed_to(100)[..before], "fails: {fails}");
        let from = usize::try_from(reaction.position(BELLS)).unwrap();
        reaction.consume(BELLS, &events[from..]).await.unwrap();
        assert_eq!(echoed(&echoes), echoed_to(100), "fails: {fails}");
    }
}

#[tokio::test]
async fn what_concerns_no_one_event_is_stuck_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let kit = kit(folder.path());
    let bells = kit.engine::<Bells>(BELLS).await.unwrap();
    ring(&bells, 1).await;
    let events = rung(&bells).await;
    let echoes = kit.engine::<Echoes>(ECHOES).await.unwrap();
    let letters = kit.dead_letters(Service::Contracts).await.unwrap();
    let engines = [(Owner::Region, echoes.clone())];
    let elsewhere =
        reaction(&[BELLS], &engines, |_| Owner::Council(derby()), letters.clone(), Faults::none());
    let stuck = elsewhere.consume(BELLS, &events).await;
    let why = "vacancies/region:1: there is no E06000015 log here";
    assert_eq!(stuck, Err(ReactionError::Stuck(why.to_owned())));
    assert_eq!((echoes.head(), echoes.consumed(BELLS), parked(&letters)), (0, 0, vec![]));
}

#[tokio::test]
async fn the_position_of_events_without_effect_is_marked_after_ten_thousand() {
    let folder = tempfile::tempdir().unwrap();
    {
        let kit = kit(folder.path());
        let bells = kit.engine::<Bells>(BELLS).await.unwrap();
        ring(&bells, 1).await;
        let first = rung(&bells).await;
        // Every fifth ring has no echo: here, all of them.
        let silent = |position| {
            Arc::new(Recorded { position, payload: b"{\"number\":5}".to_vec(), ..(*first[0]).clone() })
        };
        let log = FailingOnce::over(kit.store.open(ECHOES).await.unwrap(), 0);
        let echoes = Engine::<Echoes>::open(Arc::clone(&log) as _).await.unwrap();
        let reaction = regional(&kit, &echoes, Faults::none()).await;
        let mut marks = Vec::new();
        for batch in 0..9_u64 {
            let events: Vec<_> = (batch * 2_500 + 1..=batch * 2_500 + 2_500).map(silent).collect();
            reaction.consume(BELLS, &events).await.unwrap();
            marks.push(reaction.position(BELLS));
        }
        assert_eq!(marks, [0, 0, 0, 10_000, 10_000, 10_000, 10_000, 20_000, 20_000]);
        assert_eq!((log.submitted(), echoes.head()), (2, 0), "two writes, no events");
    }
    let kit = kit(folder.path());
    let echoes = kit.engine::<Echoes>(ECHOES).await.unwrap();
    assert_eq!(regional(&kit, &echoes, Faults::none()).await.position(BELLS), 20_000);
}

#[tokio::test]
async fn a_councils_log_concerns_that_councils_engine_alone() {
    let folder = tempfile::tempdir().unwrap();
    let kit = kit(folder.path());
    let of_derby = LogId::council(Service::Vacancies, derby());
    let owners = [derby(), nottingham()].map(Owner::Council);
    let mut engines = Vec::new();
    for owner in owners {
        let log = LogId { service: Service::Contracts, owner };
        engines.push((owner, kit.engine::<Echoes>(log).await.unwrap()));
    }
    let by_turns = move |number: u64| owners[usize::try_from(number % 2).unwrap()];
    let letters = kit.dead_letters(Service::Contracts).await.unwrap();
    let reaction = reaction(&[BELLS, of_derby], &engines, by_turns, letters, Faults::none());
    let (derbys, nottinghams) = (&engines[0].1, &engines[1].1);

    let own = kit.engine::<Bells>(of_derby).await.unwrap();
    ring(&own, 3).await;
    reaction.consume(of_derby, &rung(&own).await).await.unwrap();
    assert_eq!((echoed(derbys), echoed(nottinghams)), (vec![1, 2, 3], vec![]));
    assert_eq!((derbys.consumed(of_derby), nottinghams.consumed(of_derby)), (3, 0));
    assert_eq!(reaction.position(of_derby), 3, "whatever the other council has seen of it");

    // The region's log concerns both, so it is given again from where the first of them is.
    let shared = kit.engine::<Bells>(BELLS).await.unwrap();
    ring(&shared, 4).await;
    let events = rung(&shared).await;
    reaction.consume(BELLS, &events).await.unwrap();
    assert_eq!((echoed(derbys), echoed(nottinghams)), (vec![1, 2, 3, 2, 4], vec![1, 3]));
    assert_eq!((derbys.consumed(BELLS), nottinghams.consumed(BELLS)), (4, 3));
    assert_eq!(reaction.position(BELLS), 3);
    reaction.consume(BELLS, &events[3..]).await.unwrap();
    assert_eq!(echoed(derbys), [1, 2, 3, 2, 4]);
}

/// How often the bells ring in a test of crashes.
const RINGS: u64 = 2_000;

/// Starts everything on the folder, lets it ring and echo, and lets the power go at some moment; the last time it is let finish.
fn live(folder: &Path, random: &mut StdRng, faults: Faults, last: bool) -> u64 {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    // What is parked is not echoed, however long it is waited for.
    let most = if faults == Faults::none() { 1 } else { 2 };
    let done = runtime.block_on(async {
        let kit = kit(folder);
        let bells = kit.engine::<Bells>(BELLS).await.unwrap();
        let echoes = kit.engine::<Echoes>(ECHOES).await.unwrap();
        let followers =
            follow(&kit.followed(), &(regional(&kit, &echoes, faults).await as Arc<dyn Reaction>));
        let ringing = tokio::spawn({
            let bells = bells.clone();
            async move { ring(&bells, RINGS).await }
        });
        if last {
            ringing.await.unwrap();
            settled(&followers[0], |state| *state == FollowerState::Consumed(RINGS)).await;
        } else {
            let all = echoed_to(RINGS).len() / most;
            let enough = (echoed(&echoes).len() + random.random_range(0..50)).min(all);
            let echoed = |echoed: &Vec<u64>| (echoed.len() >= enough).then_some(());
            echoes.wait_for(PATIENCE, echoed).await.expect("it echoes");
            for _ in 0..random.random_range(0..30) {
                tokio::task::yield_now().await;
            }
        }
        echoes.head()
    });
    // Whatever was under way ends here, wherever it was.
    drop(runtime);
    done
}

#[test]
fn whenever_the_power_goes_each_event_has_its_effect_once() {
    for seed in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let mut random = StdRng::seed_from_u64(seed);
        let lives: Vec<u64> =
            (0..12).map(|_| live(folder.path(), &mut random, Faults::none(), false)).collect();
        assert!(lives[3] < lives[8], "seed {seed}: it went on between crashes: {lives:?}");
        live(folder.path(), &mut random, Faults::none(), true);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let kit = kit(folder.path());
            let echoes = kit.engine::<Echoes>(ECHOES).await.unwrap();
            assert_eq!(echoed(&echoes), echoed_to(RINGS), "seed {seed}, lives {lives:?}");
            let causes: Vec<_> =
                events_of(&*echoes.log()).await.iter().map(|event| event.meta.causation.clone()).collect();
            let expected: Vec<_> =
                echoed_to(RINGS).iter().map(|position| Some(format!("{BELLS}:{position}"))).collect();
            assert_eq!(causes, expected, "seed {seed}");
        });
    }
}
