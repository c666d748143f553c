//! What the service does of itself when other services' logs say something: awards, agreements, children who come and go, searches that end.

use crate::world::{DERBY, DURHAM, World, advertise, council, place, proposed, referral, start};
use api::vacancies as proto;
use api::vacancies::vacancies_service_server::VacanciesService;
use care::market::AwardStage;
use care::published::{AgreementRefused, CallOffEvidence, PlacementEnded, PlacementStarted, SearchEnded};
use care::{AgreementId, AwardId, CouncilId, Date, EventBody, ReferralId, StreamId, Timestamp};
use eventlog::{LogId, Service};
use service_kit::Role;
use uuid::Uuid;

#[tokio::test]
async fn awards_take_places_and_the_saga_moves_them_on() {
    let world = World::with_home().await;
    let (referrals, contracts) = (
        LogId::council(Service::Referrals, council(DERBY)),
        LogId::council(Service::Contracts, council(DERBY)),
    );
    let award = proposed(DERBY, 1, 1);
    world.deliver(referrals, 1, &award).await;
    world.deliver(referrals, 1, &award).await;
    let durham = LogId::council(Service::Referrals, council(DURHAM));
    world.deliver(durham, 1, &proposed(DURHAM, 2, 1)).await;
    let own = || world.place_as(Role::Council(council(DERBY)), 1);
    let seen = own().await.unwrap();
    assert_eq!((seen.state(), seen.claims.len()), (proto::PlaceState::Taken, 1));
    assert_eq!(seen.claims[0].stage(), proto::ClaimStage::Award);
    let stage = |award: u128| {
        let award = AwardId(Uuid::from_u128(award));
        world.service.market().read(|market| market.award(&award).map(|it| it.stage))
    };
    assert_eq!(stage(2), Some(AwardStage::Refused));

    let (award, place, agreement) =
        (award.proposed.award, award.proposed.place, AgreementId(Uuid::from_u128(1)));
    let derby = council(DERBY);
    let started = PlacementStarted {
        correction: None,
        agreement,
        award,
        council: derby,
        place: place.clone(),
        on: "2026-01-06".parse().unwrap(),
        at: start(),
    };
    world.deliver(contracts, 1, &started).await;
    assert_eq!(own().await.unwrap().claims[0].stage(), proto::ClaimStage::Occupied);
    let portal = world.place_as(Role::Provider("P1".parse().unwrap()), 1).await.unwrap();
    assert_eq!(portal.claims[0].referral, format!("councils/{DERBY}/referrals/{}", referral()));
    let ended = PlacementEnded {
        correction: None,
        ending: None,
        notice_last_day: None,
        agreement,
        award,
        council: derby,
        place,
        on: "2026-01-20".parse().unwrap(),
        reason: "CARPL".into(),
        at: start(),
    };
    world.deliver(contracts, 2, &ended).await;
    assert_eq!(own().await.unwrap().claims[0].end, "2026-01-20");
}

#[tokio::test]
async fn a_refused_agreement_frees_the_place_and_a_foreign_logs_word_counts_for_nothing() {
    let world = World::with_home().await;
    let derby = LogId::council(Service::Referrals, council(DERBY));
    world.deliver(derby, 1, &proposed(DURHAM, 9, 1)).await;
    let vacant = world.place_as(Role::Council(council(DURHAM)), 1).await.unwrap();
    assert_eq!(vacant.state(), proto::PlaceState::Vacant, "Derby's log does not speak for Durham");

    let award = proposed(DERBY, 1, 1);
    world.deliver(derby, 2, &award).await;
    let award = award.proposed;
    let refused = AgreementRefused {
        award: award.award,
        council: award.council,
        referral: award.referral,
        place: award.place,
        reason: "PRICE_ABOVE_CEILING".into(),
        detail: "too dear".into(),
        evidence: CallOffEvidence { contracts_position: 1, checks: vec![] },
        at: start(),
    };
    world.deliver(LogId::council(Service::Contracts, council(DERBY)), 1, &refused).await;
    let free = world.place_as(Role::Council(council(DERBY)), 1).await.unwrap();
    assert_eq!((free.state(), free.claims.len()), (proto::PlaceState::Vacant, 0));
}

/// As the referrals service writes it; the market reads it by [`SearchEnded`].
#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct ReferralWithdrawn {
    council: CouncilId,
    referral: ReferralId,
    reason: String,
    at: Timestamp,
}

impl EventBody for ReferralWithdrawn {
    const TYPE: &'static str = SearchEnded::TYPES[1];
    fn stream(&self) -> StreamId {
        StreamId::new("referral", self.referral)
    }
    fn council(&self) -> Option<CouncilId> {
        Some(self.council)
    }
    fn effective(&self) -> Option<Date> {
        None
    }
}

#[tokio::test]
async fn a_withdrawn_referral_gives_its_holds_back() {
    let world = World::with_home().await;
    let hold = world.hold(DERBY, 1).await.unwrap();
    let withdrawn = ReferralWithdrawn {
        council: council(DERBY),
        referral: hold.referral.rsplit('/').next().unwrap().parse().unwrap(),
        reason: "FOUND_KIN".into(),
        at: start(),
    };
    world.deliver(LogId::council(Service::Referrals, council(DURHAM)), 1, &withdrawn).await;
    assert!(world.hold(DURHAM, 1).await.is_err(), "Durham's log does not speak for Derby");
    world.deliver(LogId::council(Service::Referrals, council(DERBY)), 1, &withdrawn).await;
    world.hold(DURHAM, 1).await.unwrap();
}

#[tokio::test]
async fn the_market_judges_the_sex_that_the_proposal_carries() {
    let world = World::with_home().await;
    for (number, sexes) in [(1, proto::Sexes::Male), (2, proto::Sexes::Female)] {
        let mut form = advertise(&place(number));
        form.vacancy.as_mut().unwrap().set_sexes(sexes);
        world.service.advertise_vacancy(world.provider("P1", form)).await.unwrap();
    }
    let derby = LogId::council(Service::Referrals, council(DERBY));
    for number in [1, 2] {
        world.deliver(derby, number.into(), &proposed(DERBY, number.into(), number)).await;
    }
    let stages = world
        .service
        .market()
        .read(|market| [1, 2].map(|award| market.award(&AwardId(Uuid::from_u128(award))).map(|it| it.stage)));
    assert_eq!(stages, [Some(AwardStage::Refused), Some(AwardStage::Claimed)], "the child is a girl");
}

#[tokio::test]
async fn of_two_hundred_awards_for_one_place_one_is_given() {
    let world = World::with_home().await;
    let councils = world.kit.region.councils();
    let mut positions = std::collections::BTreeMap::new();
    for number in 0..200_u128 {
        let council = councils[usize::try_from(number).unwrap() % councils.len()];
        let position = positions.entry(council).and_modify(|it| *it += 1).or_insert(1_u64);
        let log = LogId::council(Service::Referrals, council);
        world.deliver(log, *position, &proposed(council.gss(), number, 1)).await;
    }
    let (claimed, refused) = world.service.market().read(|market| {
        (0..200_u128).fold((0, 0), |(claimed, refused), number| {
            match market.award(&AwardId(Uuid::from_u128(number))).unwrap().stage {
                AwardStage::Claimed => (claimed + 1, refused),
                AwardStage::Refused => (claimed, refused + 1),
                other => panic!("{other:?}"),
            }
        })
    });
    assert_eq!((claimed, refused), (1, 199));
}
