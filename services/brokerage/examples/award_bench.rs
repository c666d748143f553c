//! How long an award takes in a region of five processes, from the council's request to its confirmation, beside a record's way through the
//! same Kafka without any of ours.
//!
//! `cargo build --release && cargo run --release -p brokerage --example award_bench`; with a number, that many awards.
//! An award is one request. Within it the referral's, the market's, the contracts' and again the referral's log each commit an event, which
//! the next service gets through Kafka. One at a time: it is latency that is measured.
#![allow(clippy::print_stdout, reason = "it prints its figures")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]
#![allow(clippy::float_arithmetic, reason = "ratios are not money")]

mod parts;

use api::common::{Approval, FunderShare, PriceLine, Route, route};
use api::referrals::referrals_service_client::ReferralsServiceClient;
use api::referrals::{
    Award, AwardReferralRequest, AwardState, Offer, PostReferralRequest, RecordCascadeStepRequest, Referral,
    ReleaseReferralRequest, Requirements, SearchReferralRequest, SubmitOfferRequest,
};
use api::vacancies::Place;
use care::{StreamId, Timestamp, london_date};
use eventlog::{LogId, Meta, Recorded, Service};
use exchange::kafka::bare::BareKafka;
use exchange::kafka::{Connection, RecordKey, Topics, cloud_event};
use local_parts::kafka::Kafka;
use parts::market::{self, Bearer, COUNCIL, Desk, PROVIDER, Sellers};
use parts::{Processes, percentiles};
use service_kit::Role;
use std::time::{Duration, Instant};

const AWARDS: u32 = 300;
/// Not measured: everything is opened once.
const WARM_UP: u32 = 20;

/// The region as the three who take part see it.
struct Parties {
    council: ReferralsServiceClient<Desk>,
    offers: ReferralsServiceClient<Desk>,
    sellers: Sellers,
    today: String,
}

impl Parties {
    async fn of(region: &Processes) -> Self {
        let keys = region.token_keys();
        let bearer = |role| Bearer::of(&keys, role);
        let (council, provider) = (
            bearer(Role::Council(COUNCIL.parse().unwrap())),
            bearer(Role::Provider(PROVIDER.parse().unwrap())),
        );
        let referrals = market::connect(&region.addresses[&Service::Referrals]).await;
        Self {
            council: ReferralsServiceClient::with_interceptor(referrals.clone(), council),
            offers: ReferralsServiceClient::with_interceptor(referrals, provider),
            sellers: Sellers::of(&keys, &region.addresses[&Service::Vacancies]).await,
            today: london_date(Timestamp::now()).to_string(),
        }
    }

    /// A home whose places are all advertised.
    async fn home(&mut self, number: u32) -> Vec<Place> {
        let places = self.sellers.home(number).await;
        for place in &places {
            self.sellers.advertise(&place.name).await;
        }
        places
    }

    /// A referral with an offer of this place.
    async fn offered(&mut self, establishment: &str, place: &Place) -> (Referral, Offer) {
        let requirements = Requirements {
            provisions: vec!["FOSTERING".to_owned()],
            age_years: Some(9),
            sex: "F".to_owned(),
            needs: vec!["TRAUMA".to_owned()],
            category_of_need: "N1".to_owned(),
            legal_status: "C1".to_owned(),
            urgency: "PLANNED".to_owned(),
            needed_from: self.today.clone(),
            anchor: "DE1 2".to_owned(),
            funders: vec![FunderShare { funder: "SOCIAL_CARE".to_owned(), basis_points: 10_000 }],
            ..Default::default()
        };
        let parent = format!("councils/{COUNCIL}");
        let post = PostReferralRequest { parent, requirements: Some(requirements), ..Default::default() };
        let referral = self.council.post_referral(post).await.unwrap().into_inner();
        for step in ["CONNECTED_CARE", "IN_HOUSE_FOSTERING", "FRAMEWORK"] {
            let (name, step, outcome) = (referral.name.clone(), step.to_owned(), "NO_PLACE".to_owned());
            let step = RecordCascadeStepRequest { name, step, outcome, ..Default::default() };
            self.council.record_cascade_step(step).await.unwrap();
        }
        let search = SearchReferralRequest { name: referral.name.clone(), limit: 20, ..Default::default() };
        self.council.search_referral(search).await.unwrap();
        let providers = vec![format!("providers/{PROVIDER}")];
        let release = ReleaseReferralRequest { name: referral.name.clone(), providers, ..Default::default() };
        self.council.release_referral(release).await.unwrap();
        let spot = route::Route::Spot(route::Spot { justification: String::new() });
        let offer = SubmitOfferRequest {
            parent: referral.name.clone(),
            referral_version: referral.version,
            place: place.name.clone(),
            establishment: establishment.to_owned(),
            provision: "FOSTERING".to_owned(),
            start: self.today.clone(),
            lines: vec![PriceLine { kind: "CORE".to_owned(), weekly_pence: 90_000, until: String::new() }],
            route: Some(Route { route: Some(spot) }),
            valid_until: london_date(Timestamp::now()).saturating_add(jiff::Span::new().days(7)).to_string(),
            ..Default::default()
        };
        let offer = self.offers.submit_offer(offer).await.unwrap().into_inner();
        (referral, offer)
    }

    /// Awards, and gives how long that took.
    async fn award(&mut self, referral: &Referral, offer: &Offer) -> Duration {
        let request = AwardReferralRequest {
            name: referral.name.clone(),
            offer: offer.name.clone(),
            approval: Some(Approval { approver: "panel".to_owned(), role: "PLACEMENT_PANEL".to_owned() }),
            spot_justification: "Nobody on the framework has a place.".to_owned(),
            wait_seconds: Some(20),
            ..Default::default()
        };
        let start = Instant::now();
        let award: Award = self.council.award_referral(request).await.unwrap().into_inner();
        let took = start.elapsed();
        assert_eq!(award.state, i32::from(AwardState::Confirmed), "{award:?}");
        took
    }
}

/// How long records take through the broker alone.
async fn round_trips(brokers: &str) -> Vec<Duration> {
    let log = LogId::region(Service::Vacancies);
    let topics = Topics::default().named(format!("bare-{}", uuid::Uuid::new_v4().simple())).replicas(1);
    topics.apply(&Connection::new(brokers), &[log]).await.unwrap();
    let event = Recorded {
        log,
        position: 1,
        stream: StreamId::new("place", "BENCH00000-01"),
        stream_version: 1,
        event_type: "PlaceClaimed".into(),
        version: 1,
        payload: vec![b'e'; 300],
        effective: None,
        council: COUNCIL.parse().ok(),
        meta: Meta {
            actor: "council:E06000015/bench".into(),
            causation: Some("referrals/E06000015:7".into()),
            correlation: Some("referral/0192f0c1-2b7a-7cc0-9d3e-0c7f4a2d9b12".into()),
            recorded_at: Timestamp::now(),
        },
    };
    let key = RecordKey::new(&[7; 32]);
    let records: Vec<_> = (0..WARM_UP + AWARDS).map(|_| cloud_event::encode(&key, &event, None)).collect();
    let kafka = BareKafka::new(brokers).unwrap();
    let mut times = kafka.round_trips(&topics.topic(log).unwrap().name, &records).await.unwrap();
    times.split_off(usize::try_from(WARM_UP).unwrap())
}

#[tokio::main]
async fn main() {
    let awards = std::env::args().nth(1).map_or(AWARDS, |awards| awards.parse().unwrap());
    let brokers = Kafka::ensure().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut region = Processes::new(folder.path(), &brokers, None);
    for service in Service::ALL {
        region.start(service, Duration::ZERO);
    }
    region.wait();
    let mut parties = Parties::of(&region).await;
    parties.sellers.register().await;
    let (mut times, mut number, mut places) = (Vec::new(), 0, Vec::new());
    for award in 0..WARM_UP + awards {
        if places.is_empty() {
            number += 1;
            places = parties.home(number).await;
        }
        let place = places.pop().unwrap();
        let (referral, offer) = parties.offered(&format!("establishments/BENCH{number:05}"), &place).await;
        let took = parties.award(&referral, &offer).await;
        if award >= WARM_UP {
            times.push(took);
        }
    }
    let (own, award) = (percentiles(round_trips(&brokers).await), percentiles(times));
    println!("{awards} awards, one at a time, five processes on files:");
    for (name, index) in [("p50", 0), ("p99", 1)] {
        let ratio = award[index].as_secs_f64() / own[index].as_secs_f64();
        println!(
            "  {name}: {:.1} ms from request to confirmation; Kafka's own produce and consume {:.1} ms: {ratio:.1} round trips",
            award[index].as_secs_f64() * 1e3,
            own[index].as_secs_f64() * 1e3,
        );
    }
}
