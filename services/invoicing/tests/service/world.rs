//! What these tests speak of: the service over logs of contracts and of the market that the tests write themselves.

use api::invoicing::invoicing_service_server::InvoicingService;
use api::invoicing::{
    AccrueNightsRequest, GetLedgerRequest, Invoice, IssueInvoicesRequest, Ledger, RecordPaymentRequest,
    RecordTaxDetailsRequest, TaxStanding, VerifyTaxDetailsRequest,
};
use care::published::{
    AgreementIssued, AwardTerms, CallOffEvidence, FunderShare, PlacementEnded, PlacementStarted, PriceLine,
    Route,
};
use care::{
    AgreementId, AwardId, CouncilId, Date, EventBody, OfferId, Pence, ReferralId, Timestamp, encode_body,
};
use eventlog::sqlite::SqliteStore;
use eventlog::{Entry, EventLog, LogId, Meta, NewEvent, Service};
use exchange::{Follower, FollowerState, follow};
use invoicing::Invoicing;
use service_kit::{Caller, Clock, Kit, Region, Role};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tonic::{Request, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

pub(crate) const DERBY: &str = "councils/E06000015";
pub(crate) const NOTTINGHAM: &str = "councils/E06000018";

pub(crate) fn council(name: &str) -> CouncilId {
    name.trim_start_matches("councils/").parse().unwrap()
}

pub(crate) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub(crate) fn noon(on: &str) -> Timestamp {
    format!("{on}T12:00:00Z").parse().unwrap()
}

pub(crate) fn agreement(n: u128) -> AgreementId {
    AgreementId(Uuid::from_u128(n))
}

pub(crate) fn as_council<T>(name: &str, today: &str, message: T) -> Request<T> {
    as_role(Role::Council(council(name)), today, message)
}

pub(crate) fn as_provider<T>(id: &str, today: &str, message: T) -> Request<T> {
    as_role(Role::Provider(id.parse().unwrap()), today, message)
}

pub(crate) fn as_role<T>(role: Role, today: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Caller { role, subject: "test".to_owned(), at: noon(today) });
    request
}

pub(crate) fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

/// The service on a folder, with the logs of contracts and of the market that the test writes itself.
pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) service: Invoicing,
    pub(crate) kit: Kit,
    pub(crate) told: BTreeMap<LogId, Arc<dyn EventLog>>,
    pub(crate) followers: Vec<Follower>,
}

pub(crate) async fn open(folder: tempfile::TempDir) -> World {
    let kit = Kit {
        region: Arc::new(Region::d2n2_and_tyne_tees()),
        clock: Clock::simulated(noon("2026-01-10")),
        store: Arc::new(SqliteStore::open(&folder.path().join("logs")).unwrap()),
        ahead: Arc::default(),
        exchange: Arc::default(),
        others: None,
        keys_folder: folder.path().join("keys"),
    };
    let mut told = BTreeMap::new();
    let contracts =
        kit.region.councils().into_iter().map(|council| LogId::council(Service::Contracts, council));
    for id in contracts.chain([LogId::region(Service::Vacancies)]).collect::<Vec<_>>() {
        let log = kit.store.open(id).await.unwrap();
        kit.exchange.publish(Arc::clone(&log));
        told.insert(id, log);
    }
    let service = Invoicing::open(&kit).await.unwrap();
    let followers =
        service.reactions().iter().flat_map(|reaction| follow(&kit.followed(), reaction)).collect();
    World { folder, service, kit, told, followers }
}

pub(crate) async fn world() -> World {
    open(tempfile::tempdir().unwrap()).await
}

/// A request of a person of Derby.
fn of_person<T>(person: &str, today: &str, message: T) -> Request<T> {
    let mut request = as_council(DERBY, today, message);
    let caller = request.extensions_mut().get_mut::<Caller>().unwrap();
    caller.subject = person.to_owned();
    request
}

impl World {
    /// Two people of Derby say that a provider has a VAT number from a day on.
    pub(crate) async fn vat_number(&self, provider: &str, from: &str) {
        let name = format!("{DERBY}/taxDetails/{provider}");
        let standing = TaxStanding {
            from: from.to_owned(),
            vat_number: "GB 220 4302 31".to_owned(),
            ..Default::default()
        };
        let record =
            RecordTaxDetailsRequest { name: name.clone(), standing: Some(standing), ..Default::default() };
        self.service.record_tax_details(of_person("ann", "2026-01-10", record)).await.unwrap();
        let how = "asked HMRC".to_owned();
        let verify = VerifyTaxDetailsRequest { name, revision: 1, how, ..Default::default() };
        self.service.verify_tax_details(of_person("ben", "2026-01-10", verify)).await.unwrap();
    }

    /// Lets contracts publish a fact of a council, and waits until the ledger has heard of it.
    pub(crate) async fn publish<B: EventBody>(&self, name: &str, body: &B) {
        self.publish_at(name, body, "2026-01-10").await;
    }

    /// The same, and contracts recorded it at noon of a day.
    pub(crate) async fn publish_at<B: EventBody>(&self, name: &str, body: &B, recorded_on: &str) {
        self.append(LogId::council(Service::Contracts, council(name)), body, recorded_on).await;
    }

    /// Lets the market publish a fact, and waits until the ledger of the council that it names has heard of it.
    pub(crate) async fn publish_of_market<B: EventBody>(&self, body: &B) {
        self.append(LogId::region(Service::Vacancies), body, "2026-01-10").await;
    }

    async fn append<B: EventBody>(&self, source: LogId, body: &B, recorded_on: &str) {
        let exchange = self.kit.followed();
        let log = &self.told[&source];
        let event = NewEvent {
            stream: body.stream(),
            event_type: B::TYPE,
            version: B::VERSION,
            payload: encode_body(body),
            effective: body.effective(),
            council: body.council(),
        };
        let meta = Meta {
            actor: format!("service:{}", source.service),
            causation: None,
            correlation: None,
            recorded_at: noon(recorded_on),
        };
        let entry = Entry {
            expected_head: None,
            expected: vec![],
            events: vec![event],
            meta,
            idempotency: None,
            source: None,
        };
        log.append(entry).await.unwrap();
        let head = exchange.head(source).await.unwrap();
        let follower = self.followers.iter().find(|follower| follower.source == source).unwrap();
        let heard =
            |state: &FollowerState| matches!(state, FollowerState::Consumed(position) if *position >= head);
        let mut state = follower.state.clone();
        let waited = tokio::time::timeout(Duration::from_secs(10), state.wait_for(heard)).await.is_ok();
        assert!(waited, "the ledger did not hear of the fact: {:?}", *follower.state.borrow());
    }

    /// A placement in Derby or elsewhere from 10 January 2026 on, at £700.00 a week, a fifth of it paid by health.
    pub(crate) async fn place(&self, name: &str, n: u128, provider: &str) {
        self.place_on(name, n, provider, |_| {}).await;
    }

    /// The same on other terms.
    pub(crate) async fn place_on(
        &self,
        name: &str,
        n: u128,
        provider: &str,
        terms: impl FnOnce(&mut AgreementIssued),
    ) {
        self.place_told(name, n, provider, "2026-01-10", terms).await;
    }

    /// The same, and contracts recorded it on a day.
    pub(crate) async fn place_told(
        &self,
        name: &str,
        n: u128,
        provider: &str,
        recorded_on: &str,
        terms: impl FnOnce(&mut AgreementIssued),
    ) {
        let mut issued = AgreementIssued {
            agreement: agreement(n),
            award: AwardId(Uuid::from_u128(n)),
            council: council(name),
            referral: ReferralId(Uuid::from_u128(n)),
            provider: provider.parse().unwrap(),
            urn: "SC045099".parse().unwrap(),
            place: "SC045099-01".parse().unwrap(),
            provision: "RESIDENTIAL".to_owned(),
            start: day("2026-01-10"),
            terms: AwardTerms {
                offer: OfferId(Uuid::from_u128(n)),
                route: Route::InHouse,
                lines: vec![PriceLine { kind: "CORE".to_owned(), weekly: Pence(70_000), until: None }],
                funders: vec![
                    FunderShare { funder: "SOCIAL_CARE".to_owned(), basis_points: 8_000 },
                    FunderShare { funder: "HEALTH".to_owned(), basis_points: 2_000 },
                ],
            },
            schedule_from: None,
            evidence: CallOffEvidence { contracts_position: 1, checks: vec![] },
            at: noon("2026-01-09"),
        };
        terms(&mut issued);
        self.publish_at(name, &issued, recorded_on).await;
        let started = PlacementStarted {
            correction: None,
            agreement: agreement(n),
            award: AwardId(Uuid::from_u128(n)),
            council: council(name),
            place: "SC045099-01".parse().unwrap(),
            on: day("2026-01-10"),
            at: noon("2026-01-10"),
        };
        self.publish_at(name, &started, recorded_on).await;
    }

    pub(crate) async fn end(&self, name: &str, n: u128, on: &str) {
        let ended = PlacementEnded {
            correction: None,
            ending: None,
            notice_last_day: None,
            agreement: agreement(n),
            award: AwardId(Uuid::from_u128(n)),
            council: council(name),
            place: "SC045099-01".parse().unwrap(),
            on: day(on),
            reason: "CARPL".to_owned(),
            at: noon("2026-02-01"),
        };
        self.publish(name, &ended).await;
    }

    pub(crate) async fn accrue(
        &self,
        name: &str,
        id: &str,
        through: &str,
    ) -> Result<(i64, i64, i64), Status> {
        let request = AccrueNightsRequest {
            parent: name.to_owned(),
            request_id: id.to_owned(),
            through: through.to_owned(),
            agreement: String::new(),
        };
        let answer = self.service.accrue_nights(as_council(name, "2026-02-01", request)).await?.into_inner();
        Ok((answer.agreements_charged, answer.nights_charged, answer.charged_pence))
    }

    pub(crate) async fn issue(&self, name: &str, id: &str, through: &str) -> Vec<Invoice> {
        let request = IssueInvoicesRequest {
            parent: name.to_owned(),
            request_id: id.to_owned(),
            through: through.to_owned(),
            provider: String::new(),
        };
        let answer = self.service.issue_invoices(as_council(name, "2026-02-01", request)).await.unwrap();
        answer.into_inner().invoices
    }

    pub(crate) async fn pay(&self, invoice: &Invoice, id: &str) -> Result<Invoice, Status> {
        let request = RecordPaymentRequest {
            name: invoice.name.clone(),
            request_id: id.to_owned(),
            paid_on: String::new(),
            amount_pence: 0,
        };
        Ok(self.service.record_payment(as_council(DERBY, "2026-02-03", request)).await?.into_inner())
    }

    pub(crate) async fn ledger(&self, name: &str) -> Ledger {
        let request = GetLedgerRequest { parent: name.to_owned(), ..GetLedgerRequest::default() };
        self.service.get_ledger(as_council(name, "2026-02-01", request)).await.unwrap().into_inner()
    }

    pub(crate) fn json(&self, name: &str) -> String {
        self.service.ledger(council(name)).unwrap().read(|state| serde_json::to_string(state).unwrap())
    }
}
