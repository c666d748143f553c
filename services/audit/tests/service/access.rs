//! Nobody is told of events that are not theirs, by any way of asking. Who reads what is a table in `reader`; here it is that every
//! RPC goes by it.

use crate::world::{
    As, DARLINGTON, DERBY, DORSET, Decision, NOTTINGHAM, World, as_council, as_lead, as_provider, council,
    decision, reason,
};
use api::audit::audit_service_server::AuditService;
use api::audit::{
    EventFilter, FollowEventsRequest, GetEventRequest, GetLogHeadRequest, ListLogsRequest,
    SearchEventsRequest, VerifyLogsRequest,
};
use service_kit::Access;

/// Every council's logs have an event, and the region's market one per council and one of nobody.
async fn filled(folder: &std::path::Path) -> World {
    let world = World::open(folder).await;
    for gss in [DERBY, NOTTINGHAM, DARLINGTON, DORSET] {
        for service in ["referrals", "contracts", "invoicing"] {
            world.append(&format!("{service}/{gss}"), decision("Happened", 1)).await;
        }
        let actor = format!("council:{gss}/case-system");
        let claimed = Decision { concerns: Some(council(gss)), actor, ..decision("PlaceClaimed", 2) };
        world.append("vacancies/region", claimed).await;
    }
    let opened = Decision { actor: "provider:p-1/portal".to_owned(), ..decision("PlaceOpened", 3) };
    world.append("vacancies/region", opened).await;
    let admitted = Decision {
        stream: "framework/d2n2".to_owned(),
        actor: "framework-lead:d2n2/console".to_owned(),
        ..decision("ProviderAdmitted", 4)
    };
    world.append("contracts/region", admitted).await;
    world.caught_up().await;
    world
}

async fn logs(world: &World, reader: &As, parent: &str) -> Vec<String> {
    let request = ListLogsRequest { parent: parent.to_owned(), ..ListLogsRequest::default() };
    let logs = world.audit.list_logs(reader.request(request)).await.unwrap().into_inner().logs;
    logs.into_iter().map(|head| head.log).collect()
}

/// The events that a reader finds, as log and position.
async fn finds(world: &World, reader: &As) -> Vec<(String, u64)> {
    let search = SearchEventsRequest::default();
    let found = world.audit.search_events(reader.request(search)).await.unwrap().into_inner().events;
    let mut found: Vec<_> = found.into_iter().map(|event| (event.log, event.position)).collect();
    let followed = world.follow(reader, FollowEventsRequest::default(), found.len()).await;
    let mut followed: Vec<_> = followed.into_iter().map(|event| (event.log, event.position)).collect();
    found.sort_unstable();
    followed.sort_unstable();
    assert_eq!(found, followed, "following gives what searching gives");
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_council_sees_its_own_logs_and_what_concerns_it() {
    let folder = tempfile::tempdir().unwrap();
    let world = filled(folder.path()).await;
    for (gss, in_region) in [(DERBY, 1), (DORSET, 4)] {
        let own = as_council(gss);
        let of = |service: &str| format!("{service}/{gss}");
        let expected = [
            of("contracts"),
            "contracts/region".to_owned(),
            of("invoicing"),
            of("referrals"),
            "vacancies/region".to_owned(),
        ];
        assert_eq!(logs(&world, &own, "").await, expected);
        assert_eq!(logs(&world, &own, &format!("councils/{gss}")).await.len(), 3);
        let found = finds(&world, &own).await;
        let expected = [
            (of("contracts"), 1),
            ("contracts/region".to_owned(), 1),
            (of("invoicing"), 1),
            (of("referrals"), 1),
            ("vacancies/region".to_owned(), in_region),
            ("vacancies/region".to_owned(), 5),
        ];
        assert_eq!(found, expected);
        for position in 1..=5 {
            let get = GetEventRequest { log: "vacancies/region".to_owned(), position };
            let got = world.audit.get_event(own.request(get)).await;
            if position == in_region || position == 5 {
                assert_eq!(got.unwrap().into_inner().payload_withheld, "");
            } else {
                assert_eq!(reason(got), "EVENT_UNKNOWN");
            }
        }
        let (_, summary) = world.verify(&own, &[]).await;
        assert_eq!(
            (summary.verified, summary.logs, summary.events),
            (true, 5, 9),
            "all of the region's are counted"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lead_sees_its_members_logs_but_not_what_they_pay() {
    let folder = tempfile::tempdir().unwrap();
    let world = filled(folder.path()).await;
    let lead = as_lead("d2n2");
    assert_eq!(logs(&world, &lead, "").await.len(), 8);
    assert_eq!(logs(&world, &lead, "frameworks/d2n2").await.len(), 6);
    assert_eq!(logs(&world, &lead, &format!("councils/{NOTTINGHAM}")).await.len(), 3);
    assert_eq!(finds(&world, &lead).await.len(), 12);
    let get = |log: String, position| lead.request(GetEventRequest { log, position });
    for (log, position, shown) in [
        (format!("referrals/{DERBY}"), 1, true),
        (format!("contracts/{NOTTINGHAM}"), 1, true),
        (format!("invoicing/{DERBY}"), 1, false),
        ("contracts/region".to_owned(), 1, true),
        ("vacancies/region".to_owned(), 1, true),
        ("vacancies/region".to_owned(), 3, false),
    ] {
        let event = world.audit.get_event(get(log.clone(), position)).await.unwrap().into_inner();
        assert_eq!(event.payload_json.is_empty(), !shown, "{log}:{position}");
        assert_eq!(event.payload_withheld.is_empty(), shown, "{log}:{position}");
        assert!(event.event.is_some() && event.proof.is_some(), "what is withheld is proved all the same");
    }
}

/// Every RPC asked by `reader` about `gss`, its log and its framework.
async fn refusals(world: &World, reader: &As, gss: &str, framework: &str) -> Vec<String> {
    let log = format!("referrals/{gss}");
    let parent = |parent: String| ListLogsRequest { parent, ..ListLogsRequest::default() };
    let filter =
        |filter: EventFilter| SearchEventsRequest { filter: Some(filter), ..SearchEventsRequest::default() };
    let by_council = EventFilter { council: format!("councils/{gss}"), ..EventFilter::default() };
    let by_log = EventFilter { log: log.clone(), ..EventFilter::default() };
    let follow = |filter: &EventFilter| FollowEventsRequest {
        filter: Some(filter.clone()),
        ..FollowEventsRequest::default()
    };
    let audit = &world.audit;
    vec![
        reason(audit.list_logs(reader.request(parent(format!("councils/{gss}")))).await),
        reason(audit.list_logs(reader.request(parent(format!("frameworks/{framework}")))).await),
        reason(audit.get_log_head(reader.request(GetLogHeadRequest { log: log.clone() })).await),
        reason(audit.search_events(reader.request(filter(by_council.clone()))).await),
        reason(audit.search_events(reader.request(filter(by_log.clone()))).await),
        reason(audit.get_event(reader.request(GetEventRequest { log: log.clone(), position: 1 })).await),
        reason(audit.follow_events(reader.request(follow(&by_council))).await),
        reason(audit.follow_events(reader.request(follow(&by_log))).await),
        reason(audit.verify_logs(reader.request(VerifyLogsRequest { logs: vec![log] })).await),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_theirs_is_refused_in_every_call() {
    let folder = tempfile::tempdir().unwrap();
    let world = filled(folder.path()).await;
    for (reader, gss, framework) in [
        (as_council(DERBY), NOTTINGHAM, "d2n2"),
        (as_council(DORSET), DERBY, "tyne-tees"),
        (as_lead("d2n2"), DARLINGTON, "tyne-tees"),
        (as_lead("tyne-tees"), DORSET, "d2n2"),
    ] {
        assert_eq!(refusals(&world, &reader, gss, framework).await, ["NOT_YOURS"; 9]);
    }
    assert_eq!(refusals(&world, &as_provider(), DERBY, "d2n2").await, ["ROLE_NOT_ALLOWED"; 9]);
}

#[test]
fn every_call_has_a_rule_and_none_is_for_providers() {
    let named: Vec<_> = audit::RULES.iter().map(|rule| rule.method.rsplit('/').next().unwrap()).collect();
    assert_eq!(named, ["ListLogs", "GetLogHead", "SearchEvents", "GetEvent", "FollowEvents", "VerifyLogs"]);
    assert!(audit::RULES.iter().all(|rule| rule.provider == Access::Never && rule.council == Access::Own));
}
