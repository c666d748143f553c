//! The service over real logs in a temporary folder. The referrals and vacancies logs are written by the test, as those
//! services would write them.

#![allow(dead_code, reason = "each test file uses a part of what is common")]

use api::contracts as proto;
use api::contracts::contracts_service_server::ContractsService;
use care::published::{
    Accommodation, AwardProposed, AwardTerms, CascadeEvidence, ClaimEvidence, FunderShare, PlaceClaimed,
    PriceLine, Route,
};
use care::{AwardId, CouncilId, EventBody, OfferId, Pence, ReferralId, StreamId, Timestamp, encode_body};
use contracts::Contracts;
use eventlog::sqlite::SqliteStore;
use eventlog::{Entry, EventLog, LogId, LogStore, Meta, NewEvent, Owner, Recorded, Service};
use exchange::{Exchange, Follower, FollowerState, follow};
use service_kit::{Caller, Clock, Framework, Kit, Region, Role};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tonic::Request;
use uuid::Uuid;

pub(crate) const DURHAM: &str = "E06000047";
pub(crate) const DORSET: &str = "E06000059";
const DARLINGTON: &str = "E06000005";

pub(crate) fn id<T: std::str::FromStr>(text: &str) -> T {
    text.parse().ok().unwrap_or_else(|| panic!("{text:?} is not an id"))
}

pub(crate) fn now() -> Timestamp {
    "2026-05-01T09:00:00Z".parse().unwrap()
}

pub(crate) fn lead(framework: &str) -> Role {
    Role::FrameworkLead(id(framework))
}

pub(crate) fn council(gss: &str) -> Role {
    Role::Council(id(gss))
}

pub(crate) fn provider(name: &str) -> Role {
    Role::Provider(id(name))
}

/// A request as it comes out of the access layer.
pub(crate) fn ask<T>(role: Role, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Caller { role, subject: "case-system".to_owned(), at: now() });
    request
}

/// The same request, asked at noon of a day.
pub(crate) fn at_noon_of<T>(day: &str, mut request: Request<T>) -> Request<T> {
    if let Some(caller) = request.extensions_mut().get_mut::<Caller>() {
        caller.at = format!("{day}T12:00:00Z").parse().unwrap();
    }
    request
}

/// A running service, and the logs that it follows.
pub(crate) struct World {
    pub(crate) contracts: Contracts,
    kit: Kit,
    sources: BTreeMap<LogId, Arc<dyn EventLog>>,
    followers: Vec<Follower>,
}

impl World {
    /// The service as it is found in `folder`.
    pub(crate) async fn open(folder: &Path) -> Self {
        let tyne_tees = Framework {
            id: id("tyne-tees"),
            name: "Tyne Tees".to_owned(),
            councils: vec![id(DARLINGTON), id(DURHAM)],
        };
        let region =
            Region { name: "Test".to_owned(), frameworks: vec![tyne_tees], guests: vec![id(DORSET)] };
        let store: Arc<dyn LogStore> = Arc::new(SqliteStore::open(&folder.join("logs")).unwrap());
        let kit = Kit {
            region: Arc::new(region),
            clock: Clock::simulated(now()),
            store: Arc::clone(&store),
            ahead: Arc::default(),
            exchange: Arc::default(),
            others: None,
            keys_folder: folder.join("keys"),
        };
        let mut sources = BTreeMap::new();
        let of_council =
            |council| [Service::Referrals, Service::Invoicing].map(|it| LogId::council(it, council));
        let of_councils = kit.region.councils().into_iter().flat_map(of_council);
        for source in of_councils.chain([LogId::region(Service::Vacancies)]) {
            let log = store.open(source).await.unwrap();
            kit.exchange.publish(Arc::clone(&log));
            sources.insert(source, log);
        }
        let contracts = Contracts::open(&kit).await.unwrap();
        let exchange = kit.followed();
        let followers =
            contracts.reactions().iter().flat_map(|reaction| follow(&exchange, reaction)).collect();
        Self { contracts, kit, sources, followers }
    }

    /// Appends an event to another service's log, and waits until this service has consumed it.
    pub(crate) async fn happens<B: EventBody>(&self, source: LogId, body: &B) {
        let event = NewEvent {
            stream: body.stream(),
            event_type: B::TYPE,
            version: B::VERSION,
            payload: encode_body(body),
            effective: body.effective(),
            council: body.council(),
        };
        self.append(source, event).await;
    }

    /// The same, of an event that is given as JSON.
    pub(crate) async fn is_said(&self, source: LogId, event_type: &'static str, payload: &serde_json::Value) {
        let council = match source.owner {
            Owner::Council(council) => Some(council),
            Owner::Region | Owner::DeadLetters => None,
        };
        let event = NewEvent {
            stream: StreamId::new("said", event_type),
            event_type,
            version: 1,
            payload: serde_json::to_vec(payload).unwrap(),
            effective: None,
            council,
        };
        self.append(source, event).await;
    }

    async fn append(&self, source: LogId, event: NewEvent) {
        let meta = Meta { actor: "test".to_owned(), causation: None, correlation: None, recorded_at: now() };
        let entry = Entry {
            expected_head: None,
            expected: Vec::new(),
            events: vec![event],
            meta,
            idempotency: None,
            source: None,
        };
        self.sources[&source].append(entry).await.unwrap();
        let head = *self.sources[&source].head().borrow();
        for follower in self.followers.iter().filter(|follower| follower.source == source) {
            let mut state = follower.state.clone();
            let consumed = state.wait_for(|state| match state {
                FollowerState::Consumed(position) => *position >= head,
                FollowerState::Stuck(_, why) => panic!("{source} is stuck: {why}"),
            });
            tokio::time::timeout(Duration::from_secs(30), consumed).await.unwrap().unwrap();
        }
    }

    /// The events of a council's contracts log.
    pub(crate) async fn log(&self, council: &str) -> Vec<Arc<Recorded>> {
        self.kit.exchange.fetch(LogId::council(Service::Contracts, id(council)), 0, 1_000).await.unwrap()
    }

    /// Sets up the framework: Durham joins, P1 and P2 are admitted to the one lot.
    pub(crate) async fn furnish(&self) {
        let call = &self.contracts;
        call.create_framework(ask(lead("tyne-tees"), create("tyne-tees"))).await.unwrap();
        call.add_member(ask(lead("tyne-tees"), add_member(DURHAM))).await.unwrap();
        call.add_lot(ask(lead("tyne-tees"), add_lot())).await.unwrap();
        for provider in ["P1", "P2"] {
            call.admit_provider(ask(lead("tyne-tees"), admit(provider, 450_000))).await.unwrap();
        }
    }

    /// Lets a council propose an award and the market give the place, in that order.
    pub(crate) async fn award(&self, proposed: &AwardProposed) {
        self.happens(LogId::council(Service::Referrals, proposed.council), proposed).await;
        self.happens(LogId::region(Service::Vacancies), &claimed(proposed)).await;
    }

    /// The agreements that a caller sees.
    pub(crate) async fn agreements(&self, role: Role, parent: &str) -> Vec<proto::Agreement> {
        let list = proto::ListAgreementsRequest { parent: parent.to_owned(), ..Default::default() };
        self.contracts.list_agreements(ask(role, list)).await.unwrap().into_inner().agreements
    }
}

pub(crate) fn create(framework: &str) -> proto::CreateFrameworkRequest {
    proto::CreateFrameworkRequest {
        name: format!("frameworks/{framework}"),
        display_name: "Tyne Tees residential".to_owned(),
        lead_council: format!("councils/{DARLINGTON}"),
        regime: proto::Regime::ProcurementAct2023.into(),
        starts: "2026-04-01".to_owned(),
        ends: "2030-03-31".to_owned(),
        grade_floor: Some(proto::GradeGate { lowest_grade: "GOOD".to_owned(), ungraded_allowed: false }),
        request_id: String::new(),
        procurement: None,
    }
}

pub(crate) fn add_member(gss: &str) -> proto::AddMemberRequest {
    proto::AddMemberRequest {
        name: "frameworks/tyne-tees".to_owned(),
        council: format!("councils/{gss}"),
        from: "2026-04-01".to_owned(),
        ..Default::default()
    }
}

pub(crate) fn add_lot() -> proto::AddLotRequest {
    let level = proto::Level { level: "STANDARD".to_owned(), ceiling_weekly_pence: 500_000 };
    let lot = proto::Lot {
        lot: "residential".to_owned(),
        display_name: "Children's homes".to_owned(),
        provisions: vec!["RESIDENTIAL".to_owned()],
        age_from: 8,
        age_to: 17,
        grade_gate: None,
        levels: vec![level],
        ceilings: Vec::new(),
    };
    let parent = "frameworks/tyne-tees".to_owned();
    proto::AddLotRequest { parent, lot: Some(lot), ..Default::default() }
}

pub(crate) fn admit(provider: &str, core_weekly_pence: i64) -> proto::AdmitProviderRequest {
    proto::AdmitProviderRequest {
        parent: "frameworks/tyne-tees".to_owned(),
        lot: "residential".to_owned(),
        provider: format!("providers/{provider}"),
        from: "2026-04-01".to_owned(),
        prices: vec![proto::LevelPrice { level: "STANDARD".to_owned(), core_weekly_pence }],
        ..Default::default()
    }
}

pub(crate) fn proposed(n: u128, gss: &str, provider: &str, core: i64) -> AwardProposed {
    let framework = Route::Framework {
        framework: id("tyne-tees"),
        lot: id("residential"),
        level: "STANDARD".to_owned(),
        attributes: [].into(),
    };
    let spot = Route::Spot { justification: "Dorset is in no framework here".to_owned() };
    AwardProposed {
        award: AwardId(Uuid::from_u128(n)),
        council: id::<CouncilId>(gss),
        referral: ReferralId(Uuid::from_u128(1_000 + n)),
        referral_version: 1,
        place: id("SC000001-01"),
        urn: id("SC000001"),
        provider: id(provider),
        provision: "RESIDENTIAL".to_owned(),
        start: id("2026-05-04"),
        hold_token: None,
        solo: false,
        age_years: 13,
        terms: AwardTerms {
            offer: OfferId(Uuid::from_u128(2_000 + n)),
            route: if gss == DORSET { spot } else { framework },
            lines: vec![PriceLine { kind: "CORE".to_owned(), weekly: Pence(core), until: None }],
            funders: vec![FunderShare { funder: "SOCIAL_CARE".to_owned(), basis_points: 10_000 }],
        },
        evidence: CascadeEvidence {
            policy_version: 1,
            steps: Vec::new(),
            approval: None,
            approval_due: None,
            choice: None,
            gates: Vec::new(),
            gates_due: None,
        },
        attributes_shown: None,
        at: now(),
    }
}

pub(crate) fn claimed(proposed: &AwardProposed) -> PlaceClaimed {
    PlaceClaimed {
        award: proposed.award,
        council: proposed.council,
        referral: proposed.referral,
        referral_version: proposed.referral_version,
        place: proposed.place.clone(),
        urn: proposed.urn.clone(),
        provider: proposed.provider.clone(),
        start: proposed.start,
        solo: proposed.solo,
        token: 1,
        evidence: ClaimEvidence {
            registration: "ACTIVE".to_owned(),
            provision: proposed.provision.clone(),
            grade: "GOOD".to_owned(),
            age_from: 8,
            age_to: 17,
            age_years: proposed.age_years,
            places_registered: 4,
            places_claimed: 1,
            accommodation: Some(Accommodation::Unrestricted),
        },
        at: now(),
    }
}
