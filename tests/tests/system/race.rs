//! A thousand clients of eight councils race for fifty places: no place is had twice, none stays idle while somebody waits, and no
//! council goes without.
#![allow(
    clippy::print_stdout,
    reason = "it prints how long places were idle, which is measured and not asserted"
)]

use crate::region::reason;
use crate::world::{Party, World};
use api::vacancies::watch_vacancies_response::Change;
use api::vacancies::{HoldPlaceRequest, ReleaseHoldRequest, SearchVacanciesRequest, WatchVacanciesRequest};
use care::Event;
use care::market::{HoldEnd, MarketEvent};
use eventlog::sqlite::SqliteStore;
use eventlog::{LogId, LogStore, Service};
use rand::seq::IteratorRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::{Barrier, Semaphore, watch};
use tokio::task::JoinSet;
use tonic::Code;
use uuid::Uuid;

const CLIENTS: usize = 1_000;
const PLACES: usize = 50;
const HOMES: u32 = 10;
const COUNCILS: [&str; 8] =
    ["E06000015", "E06000018", "E10000007", "E10000024", "E06000005", "E06000047", "E06000001", "E06000002"];
/// One in so many keeps the place that it gets; the others find that it does not suit, and give it back.
const ONE_KEEPS: usize = 5;
/// For how many of its children a council tries at a time, after the start.
const IN_TURN: usize = 5;

/// A council's own system: it watches the market, and lets its children's workers try in turn.
struct System {
    party: Party,
    /// What can be had, as it was told.
    free: watch::Receiver<BTreeSet<String>>,
    turns: Semaphore,
}

impl System {
    async fn start(world: &World, gss: &str, tasks: &mut JoinSet<()>) -> Arc<Self> {
        let party = world.council(gss).await;
        let need =
            SearchVacanciesRequest { provisions: vec!["RESIDENTIAL".to_owned()], ..Default::default() };
        let request = WatchVacanciesRequest { council: party.name(), need: Some(need), ..Default::default() };
        let mut told = party.vacancies().watch_vacancies(request).await.unwrap().into_inner();
        let (sender, free) = watch::channel(BTreeSet::new());
        tasks.spawn(async move {
            while let Ok(Some(next)) = told.message().await {
                sender.send_modify(|free| match next.change {
                    Some(Change::Appeared(found)) => drop(free.insert(found.place)),
                    Some(Change::Gone(place)) => drop(free.remove(&place)),
                    Some(Change::CaughtUp(_)) | None => {}
                });
            }
        });
        Arc::new(Self { party, free, turns: Semaphore::new(IN_TURN) })
    }
}

/// What all clients saw.
struct Race {
    begin: Barrier,
    places: Vec<String>,
    over: watch::Sender<bool>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Every hold that was acknowledged: place, token, council, and whether it is kept.
    held: BTreeMap<(String, u64), (String, bool)>,
    /// Since when a place is free, and for how long places were.
    freed: BTreeMap<String, Instant>,
    idle: Vec<Duration>,
    refused: BTreeMap<String, usize>,
}

/// One child's worker.
struct Client {
    race: Arc<Race>,
    system: Arc<System>,
    number: usize,
    draws: ChaCha8Rng,
}

impl Client {
    async fn run(mut self) {
        self.race.begin.wait().await;
        let at_once = self.race.places.iter().choose(&mut self.draws).unwrap().clone();
        if self.try_for(&at_once).await {
            return;
        }
        let mut over = self.race.over.subscribe();
        let system = Arc::clone(&self.system);
        tokio::select! {
            _ = over.wait_for(|over| *over) => {}
            () = async {
                let _turn = system.turns.acquire().await.unwrap();
                self.try_for_what_is_free().await;
            } => {}
        }
    }

    async fn try_for_what_is_free(&mut self) {
        let mut free = self.system.free.clone();
        let mut tried = BTreeSet::new();
        loop {
            let next = free.borrow_and_update().difference(&tried).choose(&mut self.draws).cloned();
            match next {
                Some(place) if self.try_for(&place).await => return,
                Some(place) => drop(tried.insert(place)),
                None => {
                    free.changed().await.unwrap();
                    tried.clear();
                }
            }
        }
    }

    /// Holds the place, and keeps it or gives it back; false if somebody else has it.
    async fn try_for(&mut self, place: &str) -> bool {
        let council = self.system.party.name();
        let request = HoldPlaceRequest {
            council: council.clone(),
            place: place.to_owned(),
            referral: format!("{council}/referrals/{}", Uuid::from_u128(self.draws.random())),
            referral_version: 1,
            lease_seconds: 3_600,
            first_night: String::new(),
            request_id: format!("{}-{place}", self.draws.random::<u64>()),
        };
        let hold = match self.system.party.vacancies().hold_place(request).await {
            Ok(hold) => hold.into_inner(),
            Err(status) => {
                assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
                let mut seen = self.race.seen.lock().unwrap();
                *seen.refused.entry(reason(&status)).or_default() += 1;
                return false;
            }
        };
        let keeps = self.number.is_multiple_of(ONE_KEEPS);
        {
            let mut seen = self.race.seen.lock().unwrap();
            let before = seen.held.insert((place.to_owned(), hold.token), (council.clone(), keeps));
            assert_eq!(before, None, "{place} and its token {} were given twice", hold.token);
            if let Some(since) = seen.freed.remove(place) {
                seen.idle.push(since.elapsed());
            }
            if seen.held.values().filter(|(_, kept)| *kept).count() == PLACES {
                self.race.over.send_replace(true);
            }
        }
        if !keeps {
            let request = ReleaseHoldRequest {
                council,
                place: place.to_owned(),
                token: hold.token,
                request_id: String::new(),
            };
            // Before it is asked, since the next may have it before this one hears.
            self.race.seen.lock().unwrap().freed.insert(place.to_owned(), Instant::now());
            self.system.party.vacancies().release_hold(request).await.unwrap();
        }
        true
    }
}

/// What the log says of each place: who held it, one after the other.
async fn recorded(folder: &Path) -> Vec<MarketEvent> {
    let store = SqliteStore::open(&folder.join("logs")).unwrap();
    let log = store.open(LogId::region(Service::Vacancies)).await.unwrap();
    let events = log.read(0, 100_000).await.unwrap();
    let decode = |event: &Arc<eventlog::Recorded>| {
        MarketEvent::decode(&event.event_type, event.version, &event.payload).unwrap()
    };
    events.iter().map(decode).collect()
}

/// Holds as they stand in the log, which never overlap, with the tokens that grow; and who has each place at the end.
fn judged(events: &[MarketEvent]) -> (BTreeMap<(String, u64), String>, BTreeMap<String, String>) {
    let (mut all, mut now, mut last) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for event in events {
        match event {
            MarketEvent::PlaceHeld(held) => {
                let (place, council) =
                    (format!("places/{}", held.place), format!("councils/{}", held.council));
                assert!(
                    last.insert(place.clone(), held.token).is_none_or(|last| last < held.token),
                    "{held:?}"
                );
                all.insert((place.clone(), held.token), council.clone());
                assert_eq!(now.insert(place, council), None, "{held:?}: somebody has it");
            }
            MarketEvent::HoldReleased(released) => {
                assert_eq!(released.reason, HoldEnd::Released);
                let council = now.remove(&format!("places/{}", released.place)).unwrap();
                assert_eq!(council, format!("councils/{}", released.council));
            }
            _ => {}
        }
    }
    (all, now)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_clients_of_eight_councils_race_for_fifty_places() {
    let world = World::open().await;
    let seller = world.enter_provider("oak").await;
    let mut places = Vec::new();
    for home in 0..HOMES {
        let each = u32::try_from(PLACES).unwrap() / HOMES;
        places.extend(world.home(&seller, &format!("SC00000{home}"), each).await);
    }
    assert_eq!(places.len(), PLACES);
    let (mut watching, mut clients) = (JoinSet::new(), JoinSet::new());
    let race = Arc::new(Race {
        begin: Barrier::new(CLIENTS),
        places: places.clone(),
        over: watch::Sender::new(false),
        seen: Mutex::default(),
    });
    let mut systems = Vec::new();
    for gss in COUNCILS {
        systems.push(System::start(&world, gss, &mut watching).await);
    }
    for number in 0..CLIENTS {
        let system = Arc::clone(&systems[number % COUNCILS.len()]);
        let draws = ChaCha8Rng::seed_from_u64(number as u64);
        clients.spawn(Client { race: Arc::clone(&race), system, number, draws }.run());
    }
    let finished = async {
        while let Some(client) = clients.join_next().await {
            client.unwrap();
        }
    };
    // It ends when every place is kept. A place that stayed idle while somebody waits would keep it from ending.
    let ended = tokio::time::timeout(Duration::from_secs(240), finished).await;
    let seen = std::mem::take(&mut *race.seen.lock().unwrap());
    assert!(ended.is_ok(), "places are idle while clients wait: {:?}", seen.freed.keys());
    watching.shutdown().await;
    drop((race, systems));

    let folder = world.stop().await;
    let (all, now) = judged(&recorded(folder.path()).await);
    let acknowledged = seen.held.iter().map(|(key, (council, _))| (key.clone(), council.clone())).collect();
    assert_eq!(all, acknowledged, "what was acknowledged is what is recorded, each once");
    let kept: BTreeMap<String, String> = seen
        .held
        .iter()
        .filter(|(_, (_, kept))| *kept)
        .map(|((place, _), (council, _))| (place.clone(), council.clone()))
        .collect();
    assert_eq!((now.len(), &now), (PLACES, &kept), "every place has somebody, and who kept it has it");

    let mut shares: BTreeMap<&str, usize> = COUNCILS.map(|gss| (gss, 0)).into();
    for council in all.values() {
        *shares.get_mut(council.trim_start_matches("councils/")).unwrap() += 1;
    }
    let fair = all.len() / COUNCILS.len();
    let even = |share: &usize| *share * 4 >= fair && *share <= fair * 2;
    assert!(shares.values().all(even), "a council starves, or one has what others should: {shares:?}");
    let mut idle = seen.idle;
    idle.sort();
    // Some hundred milliseconds on a quiet machine; this is for a place that nobody was told of.
    assert!(idle.last().is_none_or(|most| *most < Duration::from_secs(30)), "{idle:?}");
    println!(
        "{} holds of {PLACES} places, {shares:?}; refused {:?}; a place that was given back was free for {:?} in the middle, {:?} at most",
        all.len(),
        seen.refused,
        idle.get(idle.len() / 2),
        idle.last(),
    );
}
