//! The service over a real log: its methods as the three roles call them, and its reactions.
#![allow(clippy::unwrap_used, reason = "fixed texts that parse")]

mod sagas;
mod watching;
mod world;

use api::vacancies as proto;
use api::vacancies::vacancies_service_server::VacanciesService;
use care::Timestamp;
use care::market::ProviderRegistered;
use engine::Context;
use eventlog::{LogId, Service};
use prost::Message;
use service_kit::{Clock, Kit, Role};
use tonic::Code;
use vacancies::{RULES, Vacancies};
use vacancies_domain::Command;
use world::{DERBY, DURHAM, World, advertise, council, fields, place, proposed, reason, referral};

#[test]
fn every_method_has_a_rule() {
    let set = prost_types::FileDescriptorSet::decode(api::DESCRIPTORS).unwrap();
    let file = set.file.iter().find(|file| file.package() == "brokerage.vacancies.v1").unwrap();
    let methods = file.service[0].method.iter();
    let mut declared: Vec<String> =
        methods.map(|it| format!("/brokerage.vacancies.v1.VacanciesService/{}", it.name())).collect();
    let mut ruled: Vec<String> = RULES.iter().map(|rule| rule.method.to_owned()).collect();
    declared.sort();
    ruled.sort();
    assert_eq!(declared, ruled);
}

#[tokio::test]
async fn everything_wrong_with_a_registration_is_told_at_once() {
    let world = World::with_home().await;
    let request = proto::RegisterEstablishmentRequest {
        urn: "no spaces".into(),
        provider: "P1".into(),
        provision: "HOTEL".into(),
        place_code: "H5".into(),
        utla: "W06000001".into(),
        sector: "ZZ9 9".into(),
        operated_by: "council".into(),
        registered_on: "25.6.2020".into(),
        status: 0,
        grade: "FINE".into(),
        age_from: 99,
        age_to: 17,
        sexes: 9,
        places_registered: 99_999,
        request_id: String::new(),
    };
    let status = world.service.register_establishment(world.lead(request)).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(
        fields(&status),
        [
            "urn",
            "provider",
            "provision",
            "place_code",
            "utla",
            "sector",
            "operated_by",
            "registered_on",
            "status",
            "grade",
            "age_from",
            "sexes",
            "places_registered"
        ]
    );
}

#[tokio::test]
async fn an_amendment_needs_the_etag_that_was_read() {
    let world = World::with_home().await;
    let get = || proto::GetEstablishmentRequest { name: "establishments/SC1".into() };
    let read = world.service.get_establishment(world.council(DERBY, get())).await.unwrap().into_inner();
    assert_eq!((read.utla.as_str(), read.sector.as_str()), ("E06000005", "DL1 5"));
    let room = read.capacity.unwrap();
    assert_eq!((room.registered, room.open, room.matchable), (3, 2, 2));
    let amend = |etag: &str| proto::AmendEstablishmentRequest {
        name: read.name.clone(),
        etag: etag.into(),
        grade: Some("OUTSTANDING".into()),
        ..proto::AmendEstablishmentRequest::default()
    };
    let amended =
        world.service.amend_establishment(world.lead(amend(&read.etag))).await.unwrap().into_inner();
    assert_eq!(amended.grade, "OUTSTANDING");
    assert_ne!(amended.etag, read.etag);
    let status = world.service.amend_establishment(world.lead(amend(&read.etag))).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Aborted, "ETAG_MISMATCH"));
}

#[tokio::test]
async fn a_provider_keeps_only_its_own_places() {
    let world = World::with_home().await;
    let status =
        world.service.advertise_vacancy(world.provider("P2", advertise(&place(1)))).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "NOT_YOURS"));
    let mut foreign = advertise(&place(1));
    foreign.provider = "providers/P2".into();
    let status = world.service.advertise_vacancy(world.provider("P2", foreign)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "PLACE_UNKNOWN"));
    let status = world.place_as(Role::Provider("P2".parse().unwrap()), 1).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);

    let list = |parent: &str| proto::ListPlacesRequest {
        parent: parent.into(),
        page_size: 1,
        ..proto::ListPlacesRequest::default()
    };
    let first =
        world.service.list_places(world.provider("P1", list("providers/P1"))).await.unwrap().into_inner();
    assert_eq!(first.places[0].name, place(1));
    let mut second = list("providers/P1");
    second.page_token = first.next_page_token;
    let second = world.service.list_places(world.provider("P1", second)).await.unwrap().into_inner();
    assert_eq!((second.places[0].name.clone(), second.next_page_token), (place(2), String::new()));
    let status = world.service.list_places(world.provider("P2", list("providers/P1"))).await.unwrap_err();
    assert_eq!(reason(&status), "NOT_YOURS");
}

#[tokio::test]
async fn nobody_learns_which_other_council_holds_a_place() {
    let world = World::with_home().await;
    let hold = world.hold(DERBY, 1).await.unwrap();
    assert_eq!((hold.token, hold.from.as_str()), (1, "2026-01-05"));

    let own = world.place_as(Role::Council(council(DERBY)), 1).await.unwrap();
    assert_eq!((own.state(), own.claims[0].token), (proto::PlaceState::Held, 1));
    let other = world.place_as(Role::Council(council(DURHAM)), 1).await.unwrap();
    assert_eq!(other.state(), proto::PlaceState::Held);
    assert!(!format!("{other:?}").contains(DERBY) && other.claims.is_empty(), "{other:?}");
    let portal = world.place_as(Role::Provider("P1".parse().unwrap()), 1).await.unwrap();
    assert_eq!(portal.claims[0].council, format!("councils/{DERBY}"));
    assert_eq!(
        (portal.claims[0].referral.as_str(), portal.claims[0].token),
        ("", 0),
        "a hold is not an award"
    );

    let status = world.hold(DURHAM, 1).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "PLACE_TAKEN"));
    assert!(!status.message().contains(DERBY) && !status.message().contains("Derby"), "{status:?}");
}

#[tokio::test]
async fn a_lead_sees_the_claims_of_its_frameworks_members_only() {
    let world = World::with_home().await;
    world.hold(DERBY, 1).await.unwrap();
    let durham = LogId::council(Service::Referrals, council(DURHAM));
    world.deliver(durham, 1, &proposed(DURHAM, 1, 2)).await;
    let shown = async |framework: &str| {
        let lead = || Role::FrameworkLead(framework.parse().unwrap());
        let request = proto::ListPlacesRequest { parent: "providers/P1".into(), ..Default::default() };
        let listed = world.service.list_places(world.by(lead(), request)).await.unwrap().into_inner().places;
        let one_by_one =
            vec![world.place_as(lead(), 1).await.unwrap(), world.place_as(lead(), 2).await.unwrap()];
        assert_eq!(listed, one_by_one);
        // That a place is taken, everybody may know who may see the place.
        let states: Vec<_> = listed.iter().map(proto::Place::state).collect();
        assert_eq!(states, [proto::PlaceState::Held, proto::PlaceState::Taken]);
        listed.into_iter().map(|it| it.claims.into_iter().map(|it| it.council).collect()).collect()
    };
    let claims = |gss: &str| vec![format!("councils/{gss}")];
    let expected: [(&str, [Vec<String>; 2]); 3] = [
        ("d2n2", [claims(DERBY), vec![]]),
        ("tyne-tees", [vec![], claims(DURHAM)]),
        ("another", [vec![], vec![]]),
    ];
    for (framework, seen) in expected {
        let found: Vec<Vec<String>> = shown(framework).await;
        assert_eq!(found, seen, "{framework}");
    }
}

#[tokio::test]
async fn a_hold_is_for_the_callers_own_referral() {
    let world = World::with_home().await;
    let request = proto::HoldPlaceRequest {
        council: format!("councils/{DERBY}"),
        place: place(1),
        referral: format!("councils/{DURHAM}/referrals/{}", referral()),
        referral_version: 0,
        lease_seconds: 59,
        first_night: String::new(),
        request_id: String::new(),
    };
    let status = world.service.hold_place(world.council(DERBY, request.clone())).await.unwrap_err();
    assert_eq!(fields(&status), ["referral", "referral_version", "lease_seconds"]);
    let status = world.service.hold_place(world.council(DURHAM, request)).await.unwrap_err();
    assert_eq!(reason(&status), "NOT_YOURS");
}

#[tokio::test]
async fn a_lease_ends_by_the_clock_and_the_sweep_records_it() {
    let world = World::with_home().await;
    world.hold(DERBY, 1).await.unwrap();
    assert_eq!(world.service.sweep().await, 0);
    world.kit.clock.advance_to("2026-01-05T11:00:00Z".parse().unwrap());
    let seen = world.place_as(Role::Council(council(DURHAM)), 1).await.unwrap();
    assert_eq!(seen.state(), proto::PlaceState::Vacant, "gone before it is recorded");
    assert_eq!(world.service.sweep().await, 1);
    assert_eq!(world.service.sweep().await, 0);
    assert_eq!(world.hold(DURHAM, 1).await.unwrap().token, 2);
}

#[tokio::test]
async fn a_stale_vacancy_is_asked_about_then_unlisted() {
    let world = World::with_home().await;
    let as_provider = || Role::Provider("P1".parse().unwrap());
    let to_confirm = async || {
        let request = proto::ListPlacesRequest {
            parent: "providers/P1".into(),
            to_confirm: true,
            ..proto::ListPlacesRequest::default()
        };
        let page = world.service.list_places(world.provider("P1", request)).await.unwrap().into_inner();
        page.places.into_iter().map(|place| place.name).collect::<Vec<_>>()
    };
    let level = |place: &proto::Place| place.freshness.as_ref().map(|it| (it.level(), it.age_days));

    world.kit.clock.advance_to("2026-01-08T10:00:00Z".parse().unwrap());
    assert_eq!(world.service.sweep().await, 0);
    let seen = world.place_as(Role::Council(council(DERBY)), 1).await.unwrap();
    assert_eq!(level(&seen), Some((proto::FreshnessLevel::Ageing, 3)));
    assert_eq!(to_confirm().await, Vec::<String>::new());

    world.kit.clock.advance_to("2026-01-12T10:00:00Z".parse().unwrap());
    assert_eq!(to_confirm().await, [place(1), place(2)], "whether they were asked already or not");
    assert_eq!(world.service.sweep().await, 2);
    let asked = world.place_as(as_provider(), 1).await.unwrap();
    assert_eq!(level(&asked), Some((proto::FreshnessLevel::Stale, 7)));
    assert!(asked.asked_at.is_some());
    let request = proto::ConfirmVacancyRequest {
        provider: "providers/P1".into(),
        place: place(1),
        request_id: "confirm".into(),
    };
    let answered = world.service.confirm_vacancy(world.provider("P1", request)).await.unwrap().into_inner();
    assert_eq!(level(&answered), Some((proto::FreshnessLevel::Fresh, 0)));
    assert_eq!(answered.asked_at, None);
    assert_eq!(to_confirm().await, [place(2)]);

    world.kit.clock.advance_to("2026-01-15T10:00:00Z".parse().unwrap());
    assert_eq!(world.service.sweep().await, 1);
    let gone = world.place_as(as_provider(), 2).await.unwrap();
    assert_eq!((gone.state(), gone.freshness), (proto::PlaceState::NotAdvertised, None));
    assert!(gone.unlisted_at.is_some());
    assert_eq!(to_confirm().await, Vec::<String>::new());
    let search = proto::SearchVacanciesRequest {
        council: format!("councils/{DERBY}"),
        ..proto::SearchVacanciesRequest::default()
    };
    let found = world.service.search_vacancies(world.council(DERBY, search)).await.unwrap().into_inner();
    assert_eq!(found.matches.len(), 1);
    let fresh = found.matches[0].freshness.as_ref().unwrap();
    assert_eq!((fresh.level(), fresh.age_days), (proto::FreshnessLevel::Ageing, 3));
    let refused = proto::ConfirmVacancyRequest {
        provider: "providers/P1".into(),
        place: place(2),
        request_id: String::new(),
    };
    let status = world.service.confirm_vacancy(world.provider("P1", refused)).await.unwrap_err();
    assert_eq!(reason(&status), "PLACE_NOT_ADVERTISED");
}

#[tokio::test]
async fn a_hold_is_given_back_and_a_repeated_request_is_answered_alike() {
    let world = World::with_home().await;
    world.hold(DERBY, 1).await.unwrap();
    let release = proto::ReleaseHoldRequest {
        council: format!("councils/{DERBY}"),
        place: place(1),
        token: 1,
        request_id: "r-1".into(),
    };
    let once = world.service.release_hold(world.council(DERBY, release.clone())).await.unwrap().into_inner();
    assert_eq!(once.state(), proto::PlaceState::Vacant);
    world.hold(DURHAM, 1).await.unwrap();
    let again = world.service.release_hold(world.council(DERBY, release.clone())).await.unwrap().into_inner();
    assert_eq!(once, again);
    let other = proto::ReleaseHoldRequest { token: 2, ..release };
    let status = world.service.release_hold(world.council(DERBY, other)).await.unwrap_err();
    assert_eq!(reason(&status), "REQUEST_ID_REUSED");
}

#[tokio::test]
async fn a_search_finds_what_can_be_had_and_counts_the_rest() {
    let world = World::with_home().await;
    world.hold(DERBY, 1).await.unwrap();
    let search = proto::SearchVacanciesRequest {
        council: format!("councils/{DURHAM}"),
        age_years: Some(14),
        needs: vec!["TRAUMA".into(), "AUTISM".into()],
        near: "DL1".into(),
        within_tenths_of_mile: Some(200),
        ..proto::SearchVacanciesRequest::default()
    };
    let found =
        world.service.search_vacancies(world.council(DURHAM, search.clone())).await.unwrap().into_inner();
    assert_eq!(found.matches_total, 1);
    assert_eq!((found.matches[0].place.clone(), found.matches[0].needs_met_thousandths), (place(2), 500));
    assert!(found.matches[0].distance_tenths_of_mile.is_some_and(|tenths| tenths < 50));
    assert_eq!((found.excluded[0].reason.as_str(), found.excluded[0].places), ("CLAIMED", 1));

    let status = world.service.search_vacancies(world.council(DERBY, search.clone())).await.unwrap_err();
    assert_eq!(reason(&status), "NOT_YOURS");
    let wrong = proto::SearchVacanciesRequest {
        near: "DL1 5AB".into(),
        needs: vec!["LOVE".into()],
        grade_at_least: "NONE".into(),
        operator: 9,
        ..search
    };
    let status = world.service.search_vacancies(world.council(DURHAM, wrong)).await.unwrap_err();
    assert_eq!(fields(&status), ["needs[0]", "near", "grade_at_least", "operator"]);
    assert!(!status.message().contains("5AB"), "a postcode is not repeated");
}

#[tokio::test]
async fn a_calendar_says_that_a_night_is_taken_and_not_by_whom() {
    let world = World::with_home().await;
    let calendar = async |role: Role, from: &str, to: &str| {
        let request = proto::GetPlaceCalendarRequest { name: place(1), from: from.into(), to: to.into() };
        let answer = world.service.get_place_calendar(world.by(role, request)).await;
        answer.map(tonic::Response::into_inner)
    };
    let runs = |calendar: &proto::PlaceCalendar| -> Vec<(String, String, proto::NightState)> {
        calendar.runs.iter().map(|run| (run.from.clone(), run.to.clone(), run.state())).collect()
    };
    let as_council = |gss: &str| Role::Council(council(gss));
    let as_provider = |id: &str| Role::Provider(id.parse().unwrap());

    world.hold(DERBY, 1).await.unwrap();
    let held = calendar(as_council(DURHAM), "", "2026-01-12").await.unwrap();
    let night = |day: u8| format!("2026-01-{day:02}");
    assert_eq!(runs(&held), [(night(5), night(12), proto::NightState::Held)]);
    assert_eq!(held.runs[0].claim, None);
    let own = calendar(as_council(DERBY), "", "2026-01-12").await.unwrap();
    assert_eq!(own.runs[0].claim.as_ref().unwrap().token, 1);
    world.kit.clock.advance_to("2026-01-05T11:00:00Z".parse().unwrap());

    let referrals = LogId::council(Service::Referrals, council(DERBY));
    world.deliver(referrals, 1, &proposed(DERBY, 1, 1)).await;
    let vacant = || (night(5), night(6), proto::NightState::Vacant);
    let mine = calendar(as_council(DERBY), "2026-01-05", "2026-01-12").await.unwrap();
    assert_eq!(runs(&mine), [vacant(), (night(6), night(12), proto::NightState::Awarded)]);
    let theirs = calendar(as_council(DURHAM), "2026-01-05", "2026-01-12").await.unwrap();
    assert_eq!(runs(&theirs), [vacant(), (night(6), night(12), proto::NightState::Taken)]);
    assert!(!format!("{theirs:?}").contains(DERBY), "{theirs:?}");
    let portal = calendar(as_provider("P1"), "2026-01-05", "2026-01-12").await.unwrap();
    assert_eq!(portal.runs[1].claim.as_ref().unwrap().council, format!("councils/{DERBY}"));

    let status = calendar(as_provider("P2"), "", "2026-01-12").await.unwrap_err();
    assert_eq!(reason(&status), "PLACE_UNKNOWN");
    for (from, to, wrong) in [
        ("2026-01-04", "2026-01-12", vec!["from"]),
        ("2026-01-05", "2026-01-05", vec!["to"]),
        ("2026-01-05", "2027-02-10", vec!["to"]),
        ("soon", "", vec!["from", "to"]),
    ] {
        assert_eq!(fields(&calendar(as_council(DERBY), from, to).await.unwrap_err()), wrong);
    }
    assert!(calendar(as_council(DERBY), "2026-01-05", "2027-02-09").await.is_ok(), "400 nights");
}

/// A log that lost its end must not grow before that was noticed: what is appended would take the places of what others have consumed.
#[tokio::test]
async fn opening_the_market_appends_nothing_until_it_is_told_to_sweep() {
    let world = World::with_home().await;
    world.hold(DERBY, 1).await.unwrap();
    // By the machine's clock its lease ended long ago.
    let kit = Kit { clock: Clock::System, ..world.kit.clone() };
    let reopened = Vacancies::open(&kit).await.unwrap();
    let (market, before) = (reopened.market().clone(), world.service.market().head());
    for number in 1..=2 {
        let context = Context {
            actor: "test".into(),
            causation: None,
            correlation: None,
            at: Timestamp::now(),
            request: None,
        };
        let provider = ProviderRegistered {
            provider: format!("P-{number}").parse().unwrap(),
            name: "Another".into(),
            at: Timestamp::now(),
        };
        // A sweep that had begun would come before one of these.
        market.execute(Command::RegisterProvider(provider), context, |_, _| vec![]).await.unwrap();
        assert_eq!(market.head(), before + number);
    }
    let mut heads = market.log().head();
    reopened.begin_sweeping();
    // The lease, and the two places of which nothing was heard for long.
    heads.wait_for(|head| *head == before + 5).await.unwrap();
}

#[tokio::test]
async fn replaying_the_log_gives_the_same_market() {
    let world = World::with_home().await;
    world.hold(DERBY, 1).await.unwrap();
    let market = world.service.market();
    let replayed = market.state_at(market.head()).await.unwrap();
    assert_eq!(replayed, market.read(Clone::clone));
}

#[tokio::test]
async fn a_vacancy_says_what_the_home_cannot_take_and_who_lives_there() {
    let world = World::with_home().await;
    let mut request = advertise(&place(1));
    let vacancy = request.vacancy.as_mut().unwrap();
    vacancy.exclusions = vec!["OFFENDING".into()];
    vacancy.mix = Some(proto::Mix { children: 2, age_from: 11, age_to: 14, needs: vec!["TRAUMA".into()] });
    vacancy.sexes = proto::Sexes::Any.into();
    let asked = vacancy.clone();
    let advertised =
        world.service.advertise_vacancy(world.provider("P1", request.clone())).await.unwrap().into_inner();
    assert_eq!(advertised.vacancy, Some(asked));
    // Of one child its needs are not stated.
    request.vacancy.as_mut().unwrap().mix.as_mut().unwrap().children = 1;
    let refused = world.service.advertise_vacancy(world.provider("P1", request.clone())).await.unwrap_err();
    assert_eq!(reason(&refused), "MIX_INVALID");
    let mix = request.vacancy.as_mut().unwrap().mix.as_mut().unwrap();
    (mix.children, mix.age_from, mix.needs) = (999, 99, vec!["CASTLE".into()]);
    let refused = world.service.advertise_vacancy(world.provider("P1", request)).await.unwrap_err();
    let wrong = ["vacancy.mix.children", "vacancy.mix.age_from", "vacancy.mix.needs[0]"];
    assert!(wrong.iter().all(|field| fields(&refused).contains(&(*field).to_owned())), "{refused:?}");
}
