//! Events that cannot be applied: parked with what is behind them, while everything else goes on, and settled by people; whenever the
//! power goes.

use crate::bells::{
    BELLS, Bells, ECHOES, Echoes, Faults, derby, echoed, echoed_to, events_of, is_echoed, kit, nottingham,
    parked, reaction, regional, ring, rung,
};
use crate::failing::FailingOnce;
use crate::{RINGS, live, settled};
use care::StreamId;
use engine::Engine;
use eventlog::{EventRef, LogId, Owner, Recorded, Service};
use exchange::{FollowerState, Reaction, ReactionError, follow};
use rand::SeedableRng;
use rand::rngs::StdRng;
use service_kit::{EngineReaction, Kit, Letters, Parking, RetriedLetters};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// The bell of a ring.
fn bell(number: u64) -> StreamId {
    StreamId::new("bell", number % 3)
}

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().expect("every refusal has a reason").reason.clone()
}

/// The program, started once.
struct Live {
    kit: Kit,
    bells: Engine<Bells>,
    echoes: Engine<Echoes>,
    letters: Letters,
    reaction: Arc<EngineReaction<Echoes>>,
}

impl Live {
    /// Starts; the `fails`th entry of the letters' log is not taken.
    async fn start(folder: &Path, faults: &Faults, fails: u64) -> Self {
        let kit = kit(folder);
        let bells = kit.engine::<Bells>(BELLS).await.unwrap();
        let echoes = kit.engine::<Echoes>(ECHOES).await.unwrap();
        let log = kit.store.open(LogId::dead_letters(Service::Contracts)).await.unwrap();
        let letters = Engine::open(FailingOnce::over(log, fails)).await.unwrap();
        let engines = [(Owner::Region, echoes.clone())];
        let reaction = reaction(&[BELLS], &engines, |_| Owner::Region, letters.clone(), faults.clone());
        Self { kit, bells, echoes, letters, reaction }
    }

    /// Rings up to `until` and consumes what the source gives from where the reaction stands.
    async fn hear(&self, until: u64) -> Result<(), ReactionError> {
        ring(&self.bells, until).await;
        let from = usize::try_from(self.reaction.position(BELLS)).unwrap();
        self.reaction.consume(BELLS, &rung(&self.bells).await[from..]).await
    }

    async fn retry(&self, number: u64) -> Result<RetriedLetters, Status> {
        let exchange = self.kit.followed();
        Arc::clone(&self.reaction).retry(exchange, BELLS, bell(number), "service:contracts/test".into()).await
    }

    async fn discard(&self, position: u64, why: &str) -> Result<(), Status> {
        let event = EventRef { log: BELLS, position };
        self.reaction.discard(event, why.to_owned(), "service:contracts/test".into()).await
    }
}

/// A program that is started again before each step that says so.
struct World {
    folder: TempDir,
    faults: Faults,
    live: Option<Live>,
    step: u32,
    /// A bit for each step: whether it is preceded by a start.
    restarts: u32,
}

impl World {
    fn new(faults: Faults, restarts: u32) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), faults, live: None, step: 0, restarts }
    }

    /// The program at the next step.
    async fn next(&mut self) -> &Live {
        if self.restarts & (1 << self.step) != 0 {
            self.live = None;
        }
        self.step += 1;
        if self.live.is_none() {
            self.live = Some(Live::start(self.folder.path(), &self.faults, 0).await);
        }
        self.live.as_ref().unwrap()
    }

    fn mend(&mut self) {
        self.faults = Faults::none();
        self.live = None;
    }
}

/// What is echoed of the rings up to `last` when of the bell of `first` everything from there on is parked.
fn without(first: u64, last: u64) -> Vec<u64> {
    echoed_to(last).into_iter().filter(|number| *number < first || bell(*number) != bell(first)).collect()
}

fn sorted(mut numbers: Vec<u64>) -> Vec<u64> {
    numbers.sort_unstable();
    numbers
}

async fn parked_and_retried(faults: Faults, restarts: u32) {
    let what = format!("{faults:?}, restarts {restarts:b}");
    let mut world = World::new(faults, restarts);
    // When one cannot be applied, it and what is later of its bell are parked, and all else goes on.
    let live = world.next().await;
    live.hear(12).await.unwrap();
    assert_eq!(parked(&live.letters), [(7, false), (10, true)], "{what}");
    assert_eq!(sorted(echoed(&live.echoes)), without(7, 12), "{what}");
    let live = world.next().await;
    live.hear(20).await.unwrap();
    assert_eq!(parked(&live.letters), [(7, false), (10, true), (13, true), (16, true), (19, true)], "{what}");
    assert_eq!(sorted(echoed(&live.echoes)), without(7, 20), "{what}");
    // A retry before the cause is mended changes nothing, and says why.
    let failed = world.next().await.retry(7).await.unwrap_err();
    assert_eq!(
        (failed.code(), reason(&failed)),
        (Code::FailedPrecondition, "DEAD_LETTER_FAILED_AGAIN".into())
    );
    assert!(failed.message().starts_with("vacancies/region:7 failed again: "), "{what}: {failed:?}");
    let live = world.next().await;
    assert_eq!((parked(&live.letters).len(), sorted(echoed(&live.echoes))), (5, without(7, 20)), "{what}");
    // After it is mended the letters are still there, until they are retried: in order, and then what comes is applied again.
    world.mend();
    let live = world.next().await;
    live.hear(21).await.unwrap();
    assert_eq!(sorted(echoed(&live.echoes)), without(7, 21), "{what}");
    let retried = world.next().await.retry(7).await.unwrap();
    assert_eq!(retried, RetriedLetters { retried: 5, remaining: 0 }, "{what}");
    let live = world.next().await;
    live.hear(30).await.unwrap();
    assert_eq!(parked(&live.letters), [], "{what}");
    let echoed = echoed(&live.echoes);
    assert_eq!(sorted(echoed.clone()), echoed_to(30), "{what}: each once");
    for of in 0..3 {
        let of_one: Vec<u64> = echoed.iter().copied().filter(|number| bell(*number) == bell(of)).collect();
        assert!(of_one.is_sorted(), "{what}: bell {of}: {of_one:?}");
    }
    let again = world.next().await.retry(7).await.unwrap_err();
    assert_eq!((again.code(), reason(&again)), (Code::NotFound, "DEAD_LETTER_UNKNOWN".into()), "{what}");
}

#[tokio::test]
async fn parked_and_retried_with_a_restart_between_any_two_steps() {
    for faults in [Faults::deaf_to(7), Faults { unread: vec![7], ..Faults::none() }] {
        for restarts in (0..8).map(|step| 1 << step).chain([0, 0xff]) {
            parked_and_retried(faults.clone(), restarts).await;
        }
    }
}

#[tokio::test]
async fn a_letter_is_discarded_and_those_behind_it_retried() {
    for restarts in (0..4).map(|step| 1 << step).chain([0, 0xff]) {
        let mut world = World::new(Faults::deaf_to(7), restarts);
        world.next().await.hear(20).await.unwrap();
        let live = world.next().await;
        let behind = live.discard(13, "not this one").await.unwrap_err();
        assert_eq!(reason(&behind), "DEAD_LETTER_NOT_FIRST");
        let unknown = live.discard(8, "this was applied").await.unwrap_err();
        assert_eq!(reason(&unknown), "DEAD_LETTER_UNKNOWN");
        live.discard(7, "it rang by mistake").await.unwrap();
        // It stays discarded, and those behind it stay where they are until they are retried.
        let live = world.next().await;
        live.hear(21).await.unwrap();
        assert_eq!(parked(&live.letters), [(10, true), (13, true), (16, true), (19, true)]);
        live.retry(7).await.unwrap();
        let live = world.next().await;
        live.hear(30).await.unwrap();
        let all_but_one: Vec<u64> = echoed_to(30).into_iter().filter(|number| *number != 7).collect();
        assert_eq!((sorted(echoed(&live.echoes)), parked(&live.letters)), (all_but_one, vec![]));
        let letters = events_of(&*live.letters.log()).await;
        let discarded = letters.iter().find(|event| event.event_type == "LetterDiscarded").unwrap();
        let said = String::from_utf8(discarded.payload.clone()).unwrap();
        assert!(said.contains("it rang by mistake") && said.contains("service:contracts/test"), "{said}");
    }
}

#[tokio::test]
async fn a_retry_that_is_interrupted_after_its_effect_is_done_once() {
    for restarted in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let live = Live::start(folder.path(), &Faults::deaf_to(7), 0).await;
        live.hear(20).await.unwrap();
        drop(live);
        // The effect becomes durable, and that the letter was retried does not.
        let mut live = Live::start(folder.path(), &Faults::none(), 1).await;
        assert_eq!(live.retry(7).await.unwrap_err().code(), Code::Unavailable);
        assert!(echoed(&live.echoes).contains(&7));
        assert_eq!(parked(&live.letters)[0], (7, false));
        if restarted {
            drop(live);
            live = Live::start(folder.path(), &Faults::none(), 0).await;
        }
        live.hear(30).await.unwrap();
        live.retry(7).await.unwrap();
        assert_eq!((sorted(echoed(&live.echoes)), parked(&live.letters)), (echoed_to(30), vec![]));
    }
}

#[tokio::test]
async fn nothing_is_consumed_past_an_event_that_could_not_be_parked() {
    for faults in [Faults::deaf_to(7), Faults { unread: vec![7], ..Faults::none() }] {
        let folder = tempfile::tempdir().unwrap();
        let live = Live::start(folder.path(), &faults, 1).await;
        let failed = live.hear(20).await.unwrap_err();
        let why = "contracts/dead-letters: the disk: full";
        assert!(matches!(&failed, ReactionError::Retry(said) if said.starts_with(why)), "{failed:?}");
        assert!(live.reaction.position(BELLS) < 7, "{faults:?}");
        live.hear(20).await.unwrap();
        assert_eq!(sorted(echoed(&live.echoes)), without(7, 20), "{faults:?}");
        assert_eq!(parked(&live.letters).len(), 5, "{faults:?}");
    }
}

#[tokio::test]
async fn a_parked_event_does_not_stop_its_follower() {
    let folder = tempfile::tempdir().unwrap();
    for until in [30, 60] {
        let kit = kit(folder.path());
        let bells = kit.engine::<Bells>(BELLS).await.unwrap();
        ring(&bells, until).await;
        let echoes = kit.engine::<Echoes>(ECHOES).await.unwrap();
        let reaction = regional(&kit, &echoes, Faults::deaf_to(17)).await;
        let followers = follow(&kit.followed(), &(Arc::clone(&reaction) as Arc<dyn Reaction>));
        settled(&followers[0], |state| *state == FollowerState::Consumed(until)).await;
        assert_eq!(sorted(echoed(&echoes)), without(17, until));
        assert_eq!(parked(reaction.letters())[0], (17, false));
    }
}

#[tokio::test]
async fn what_was_wrong_is_said_without_what_the_event_says() {
    let folder = tempfile::tempdir().unwrap();
    let live = Live::start(folder.path(), &Faults::none(), 0).await;
    ring(&live.bells, 2).await;
    let events = rung(&live.bells).await;
    let newer = Arc::new(Recorded { version: 2, ..(*events[0]).clone() });
    let strange =
        Arc::new(Recorded { payload: b"{\"number\":\"Ada Lovelace\"}".to_vec(), ..(*events[1]).clone() });
    live.reaction.consume(BELLS, &[newer, strange]).await.unwrap();
    let why: Vec<String> = live
        .letters
        .read(|state| state.letters_after(None).map(|(_, _, letter)| letter.why.clone()).collect());
    assert_eq!(
        why,
        [
            "event type Rung version 2 is not known to this program: run a newer one",
            "event of type Rung version 1 does not have the shape of its type"
        ]
    );
}

/// The rings of one bell are echoed by two councils in turn. When one is refused, the next of the same bell must not be applied in the
/// other council's log, though that has refused nothing.
#[tokio::test]
async fn nothing_of_a_stream_goes_ahead_of_a_letter_in_another_log() {
    for faults in [Faults::deaf_to(7), Faults { unread: vec![7], ..Faults::none() }] {
        let folder = tempfile::tempdir().unwrap();
        let kit = kit(folder.path());
        let owners = [derby(), nottingham()].map(Owner::Council);
        let mut engines = Vec::new();
        for owner in owners {
            let log = LogId { service: Service::Contracts, owner };
            engines.push((owner, kit.engine::<Echoes>(log).await.unwrap()));
        }
        let by_turns = move |number: u64| owners[usize::try_from(number % 2).unwrap()];
        let letters = kit.dead_letters(Service::Contracts).await.unwrap();
        let reaction = reaction(&[BELLS], &engines, by_turns, letters.clone(), faults);
        let bells = kit.engine::<Bells>(BELLS).await.unwrap();
        ring(&bells, 40).await;
        let events = rung(&bells).await;
        reaction.consume(BELLS, &events).await.unwrap();
        // Given again, as after a restart: what a log has applied already is not parked behind a later letter.
        reaction.consume(BELLS, &events).await.unwrap();
        let all: Vec<u64> = engines.iter().flat_map(|(_, engine)| echoed(engine)).collect();
        assert_eq!(sorted(all), without(7, 40));
        let behind = (7..=40).filter(|number| bell(*number) == bell(7)).map(|number| (number, number != 7));
        assert_eq!(parked(&letters), behind.collect::<Vec<_>>());
    }
}

#[test]
fn whenever_the_power_goes_each_event_has_its_effect_or_a_letter() {
    // One early and one late, of two bells, each in its own way.
    let faults = Faults { deaf_to: vec![301], unread: vec![1_202] };
    for seed in 10..12 {
        let folder = tempfile::tempdir().unwrap();
        let mut random = StdRng::seed_from_u64(seed);
        for _ in 0..12 {
            live(folder.path(), &mut random, faults.clone(), false);
        }
        live(folder.path(), &mut random, faults.clone(), true);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let live = Live::start(folder.path(), &Faults::none(), 0).await;
            let is_parked = |number: u64| {
                [301, 1_202].iter().any(|first| number >= *first && bell(number) == bell(*first))
            };
            let expected: Vec<u64> = (1..=RINGS).filter(|n| is_echoed(*n) && !is_parked(*n)).collect();
            assert_eq!(sorted(echoed(&live.echoes)), expected, "seed {seed}");
            let letters: Vec<u64> = parked(&live.letters).into_iter().map(|(position, _)| position).collect();
            assert_eq!(letters, (1..=RINGS).filter(|n| is_parked(*n)).collect::<Vec<_>>(), "seed {seed}");
            // More than one call takes.
            assert_eq!(live.retry(301).await.unwrap(), RetriedLetters { retried: 500, remaining: 67 });
            assert_eq!(live.retry(301).await.unwrap(), RetriedLetters { retried: 67, remaining: 0 });
            live.retry(1_202).await.unwrap();
            live.hear(RINGS).await.unwrap();
            assert_eq!(sorted(echoed(&live.echoes)), echoed_to(RINGS), "seed {seed}: each once");
        });
    }
}

/// The last event of a source is given again after a restart, for the position of what has its effect is before it.
#[tokio::test]
async fn a_letter_that_was_settled_is_not_applied_when_its_source_gives_it_again() {
    for discarded in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        Live::start(folder.path(), &Faults::deaf_to(7), 0).await.hear(7).await.unwrap();
        for start in 1..=3 {
            let live = Live::start(folder.path(), &Faults::none(), 0).await;
            assert_eq!(live.reaction.position(BELLS), 6, "it is given again");
            live.hear(7).await.unwrap();
            match start {
                1 if discarded => live.discard(7, "it rang by mistake").await.unwrap(),
                1 => drop(live.retry(7).await.unwrap()),
                _ => {}
            }
            let expected = if discarded { echoed_to(6) } else { echoed_to(7) };
            assert_eq!((sorted(echoed(&live.echoes)), parked(&live.letters)), (expected, vec![]), "{start}");
        }
    }
}
