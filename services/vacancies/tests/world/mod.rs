//! What the tests of this service speak of: a market with one home of provider P1, and events as the exchange delivers them.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, reason = "fixed texts that parse")]

use api::vacancies as proto;
use api::vacancies::vacancies_service_server::VacanciesService;
use care::published::{AwardProposed, AwardProposedToMarket, AwardTerms, CascadeEvidence, Route};
use care::{AwardId, CouncilId, EventBody, OfferId, ReferralId, Timestamp};
use eventlog::sqlite::SqliteStore;
use eventlog::{LogId, Meta, Recorded};
use service_kit::{Caller, Clock, Kit, Region, Role};
use std::sync::Arc;
use tonic::{Request, Status};
use tonic_types::StatusExt;
use uuid::Uuid;
use vacancies::Vacancies;

pub(crate) const DERBY: &str = "E06000015";
pub(crate) const DURHAM: &str = "E06000047";

pub(crate) fn start() -> Timestamp {
    "2026-01-05T10:00:00Z".parse().unwrap()
}

pub(crate) struct World {
    pub(crate) service: Vacancies,
    pub(crate) kit: Kit,
    _folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kit = Kit {
            region: Arc::new(Region::d2n2_and_tyne_tees()),
            clock: Clock::simulated(start()),
            store: Arc::new(SqliteStore::open(&folder.path().join("logs")).unwrap()),
            ahead: Arc::default(),
            exchange: Arc::default(),
            others: None,
            keys_folder: folder.path().join("keys"),
        };
        let service = Vacancies::open(&kit).await.unwrap();
        Self { service, kit, _folder: folder }
    }

    /// A market with one home of provider P1 that is registered for three and has two advertised places.
    pub(crate) async fn with_home() -> Self {
        let world = Self::new().await;
        for provider in ["P1", "P2"] {
            let request = proto::RegisterProviderRequest {
                provider_id: provider.into(),
                display_name: "Hillside".into(),
                request_id: String::new(),
            };
            world.service.register_provider(world.lead(request)).await.unwrap();
        }
        world.service.register_establishment(world.lead(home())).await.unwrap();
        let request = proto::OpenPlacesRequest {
            provider: "providers/P1".into(),
            establishment: "establishments/SC1".into(),
            count: 2,
            request_id: "open".into(),
            household: String::new(),
        };
        let opened = world.service.open_places(world.provider("P1", request)).await.unwrap().into_inner();
        for place in opened.places {
            world.service.advertise_vacancy(world.provider("P1", advertise(&place.name))).await.unwrap();
        }
        world
    }

    pub(crate) fn at(&self) -> Timestamp {
        self.kit.clock.now()
    }

    pub(crate) fn by<T>(&self, role: Role, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.extensions_mut().insert(Caller { role, subject: "test".into(), at: self.at() });
        request
    }

    pub(crate) fn lead<T>(&self, message: T) -> Request<T> {
        self.by(Role::FrameworkLead("d2n2".parse().unwrap()), message)
    }

    pub(crate) fn provider<T>(&self, id: &str, message: T) -> Request<T> {
        self.by(Role::Provider(id.parse().unwrap()), message)
    }

    pub(crate) fn council<T>(&self, gss: &str, message: T) -> Request<T> {
        self.by(Role::Council(gss.parse().unwrap()), message)
    }

    pub(crate) async fn place_as(&self, role: Role, number: u8) -> Result<proto::Place, Status> {
        let request = self.by(role, proto::GetPlaceRequest { name: place(number) });
        self.service.get_place(request).await.map(tonic::Response::into_inner)
    }

    pub(crate) async fn hold(&self, gss: &str, number: u8) -> Result<proto::Hold, Status> {
        let request = proto::HoldPlaceRequest {
            council: format!("councils/{gss}"),
            place: place(number),
            referral: format!("councils/{gss}/referrals/{}", referral()),
            referral_version: 1,
            lease_seconds: 3600,
            first_night: String::new(),
            request_id: String::new(),
        };
        self.service.hold_place(self.council(gss, request)).await.map(tonic::Response::into_inner)
    }

    /// Delivers an event of another service's log, as the exchange would.
    pub(crate) async fn deliver<B: EventBody>(&self, log: LogId, position: u64, body: &B) {
        let event = Recorded {
            log,
            position,
            stream: body.stream(),
            stream_version: 1,
            event_type: B::TYPE.to_owned(),
            version: B::VERSION,
            payload: serde_json::to_vec(body).unwrap(),
            effective: body.effective(),
            council: body.council(),
            meta: Meta { actor: "test".into(), causation: None, correlation: None, recorded_at: self.at() },
        };
        let reaction = &self.service.reactions()[0];
        assert!(reaction.sources().contains(&log));
        reaction.consume(log, &[Arc::new(event)]).await.unwrap();
    }
}

pub(crate) fn home() -> proto::RegisterEstablishmentRequest {
    proto::RegisterEstablishmentRequest {
        urn: "SC1".into(),
        provider: "providers/P1".into(),
        provision: "RESIDENTIAL".into(),
        place_code: "K2".into(),
        utla: "841".into(),
        sector: "dl1 5".into(),
        operated_by: String::new(),
        registered_on: "2020-06-25".into(),
        status: proto::RegistrationStatus::Active.into(),
        grade: "GOOD".into(),
        age_from: 8,
        age_to: 17,
        sexes: 0,
        places_registered: 3,
        request_id: "home".into(),
    }
}

pub(crate) fn advertise(place: &str) -> proto::AdvertiseVacancyRequest {
    proto::AdvertiseVacancyRequest {
        provider: "providers/P1".into(),
        place: place.into(),
        vacancy: Some(proto::Vacancy {
            available_from: "2026-01-01".into(),
            needs: vec!["TRAUMA".into()],
            sexes: 0,
            age_from: 10,
            age_to: 17,
            note: "Ground floor".into(),
            ..Default::default()
        }),
        request_id: String::new(),
    }
}

pub(crate) fn place(number: u8) -> String {
    format!("places/SC1-{number:02}")
}

pub(crate) fn referral() -> ReferralId {
    ReferralId(Uuid::from_u128(7))
}

pub(crate) fn council(gss: &str) -> CouncilId {
    gss.parse().unwrap()
}

pub(crate) fn reason(status: &Status) -> String {
    status.get_error_details().error_info().unwrap().reason.clone()
}

pub(crate) fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    assert_eq!(reason(status), "FIELD_INVALID", "{status:?}");
    details.bad_request().unwrap().field_violations.iter().map(|violation| violation.field.clone()).collect()
}

pub(crate) fn proposed(gss: &str, award: u128, number: u8) -> AwardProposedToMarket {
    let proposed = AwardProposed {
        award: AwardId(Uuid::from_u128(award)),
        council: council(gss),
        referral: referral(),
        referral_version: 1,
        place: format!("SC1-{number:02}").parse().unwrap(),
        urn: "SC1".parse().unwrap(),
        provider: "P1".parse().unwrap(),
        provision: "RESIDENTIAL".into(),
        start: "2026-01-06".parse().unwrap(),
        hold_token: None,
        solo: false,
        age_years: 14,
        terms: AwardTerms {
            offer: OfferId(Uuid::from_u128(1)),
            route: Route::InHouse,
            lines: vec![],
            funders: vec![],
        },
        evidence: CascadeEvidence {
            policy_version: 1,
            steps: vec![],
            approval: None,
            approval_due: None,
            choice: None,
            gates: vec![],
            gates_due: None,
        },
        attributes_shown: None,
        at: start(),
    };
    AwardProposedToMarket { proposed, sex: "F".into(), area_authority: None, household: None }
}
