//! Searching, and single events with their proofs.

use crate::world::{
    As, DERBY, Decision, NOTTINGHAM, World, as_council, as_lead, at, council, decision, log, reason,
};
use api::audit::audit_service_server::AuditService;
use api::audit::{EventFilter, EventOrder, EventRecord, GetEventRequest, SearchEventsRequest};
use merkle_log::{Hash, leaf_hash, verify_inclusion};
use service_kit::timestamp;

async fn search(
    world: &World,
    reader: &As,
    filter: &EventFilter,
    order: EventOrder,
    page_size: i32,
) -> Vec<EventRecord> {
    let (mut all, mut token) = (Vec::new(), String::new());
    loop {
        let request = SearchEventsRequest {
            filter: Some(filter.clone()),
            order: order.into(),
            page_size,
            page_token: token,
        };
        let page = world.audit.search_events(reader.request(request)).await.unwrap().into_inner();
        assert!(page.events.len() <= usize::try_from(page_size).unwrap());
        all.extend(page.events);
        token = page.next_page_token;
        if token.is_empty() {
            return all;
        }
    }
}

fn places(events: &[EventRecord]) -> Vec<(String, u64)> {
    events.iter().map(|event| (event.log.clone(), event.position)).collect()
}

/// Events of three councils and the region whose instants overtake each other.
async fn filled(folder: &std::path::Path) -> World {
    let world = World::open(folder).await;
    let types = ["ReferralPosted", "OfferMade", "ReferralAwarded"];
    for n in 0..60_u64 {
        let name = match n % 4 {
            0 => format!("referrals/{DERBY}"),
            1 => format!("contracts/{DERBY}"),
            2 => format!("referrals/{NOTTINGHAM}"),
            _ => "vacancies/region".to_owned(),
        };
        let concerns = (n % 4 == 3).then(|| {
            [None, Some(council(DERBY)), Some(council(NOTTINGHAM))][usize::try_from(n % 3).unwrap()]
        });
        let of = |actor: &str| format!("council:{actor}");
        let decided = Decision {
            at: at(n * 7 % 30),
            actor: of([&format!("{DERBY}/case-system")[..], &format!("{DERBY}/panel"), NOTTINGHAM]
                [usize::try_from(n % 3).unwrap()]),
            concerns: concerns.flatten(),
            ..decision(types[usize::try_from(n / 4 % 3).unwrap()], n)
        };
        world.append(&name, decided).await;
    }
    world.caught_up().await;
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_come_in_the_order_asked_for_on_pages_of_any_size() {
    let folder = tempfile::tempdir().unwrap();
    let world = filled(folder.path()).await;
    let all = EventFilter::default();
    let lead = as_lead("d2n2");
    let mut expected = Vec::new();
    for id in world.audit.logs() {
        expected.extend(world.stored(id).await);
    }
    expected.sort_by_key(|event| (event.log, event.position));
    let by_position: Vec<_> = expected.iter().map(|event| (event.log.to_string(), event.position)).collect();
    expected.sort_by_key(|event| (event.meta.recorded_at, event.log, event.position));
    let by_time: Vec<_> = expected.iter().map(|event| (event.log.to_string(), event.position)).collect();
    for page_size in [1, 7, 60, 200] {
        assert_eq!(places(&search(&world, &lead, &all, EventOrder::Position, page_size).await), by_position);
        assert_eq!(places(&search(&world, &lead, &all, EventOrder::Recorded, page_size).await), by_time);
    }
    let first = &search(&world, &lead, &all, EventOrder::Recorded, 200).await[0];
    let event = &expected[0];
    assert_eq!(first.leaf_hash, event.leaf_hash().to_string());
    assert_eq!((&first.event_type, &first.actor), (&event.event_type, &event.meta.actor));
    assert_eq!(
        (Some(&first.causation), first.stream.as_str()),
        (event.meta.causation.as_ref(), event.stream.as_str())
    );
    assert_eq!(first.recorded_at, Some(timestamp(event.meta.recorded_at)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_filter_gives_what_a_look_at_every_event_gives() {
    let folder = tempfile::tempdir().unwrap();
    let world = filled(folder.path()).await;
    let lead = as_lead("d2n2");
    let all = search(&world, &lead, &EventFilter::default(), EventOrder::Recorded, 200).await;
    let derby = format!("councils/{DERBY}");
    let none = EventFilter::default;
    type Want = Box<dyn Fn(&EventRecord) -> bool>;
    let cases: Vec<(EventFilter, Want)> = vec![
        (EventFilter { council: derby.clone(), ..none() }, Box::new(move |e| e.council == derby)),
        (
            EventFilter { service: "contracts".to_owned(), ..none() },
            Box::new(|e| e.log.starts_with("contracts/")),
        ),
        (
            EventFilter { event_types: vec!["OfferMade".to_owned(), "ReferralAwarded".to_owned()], ..none() },
            Box::new(|e| e.event_type != "ReferralPosted"),
        ),
        (
            EventFilter { actor: format!("council:{DERBY}/panel"), ..none() },
            Box::new(|e| e.actor.ends_with("/panel")),
        ),
        (EventFilter { actor: format!("council:{DERBY}"), ..none() }, Box::new(|e| e.actor.contains(DERBY))),
        (EventFilter { actor: "council:E0600001".to_owned(), ..none() }, Box::new(|_| false)),
        (EventFilter { stream: "thing/3".to_owned(), ..none() }, Box::new(|e| e.stream == "thing/3")),
        (
            EventFilter { log: "vacancies/region".to_owned(), ..none() },
            Box::new(|e| e.log == "vacancies/region"),
        ),
        (
            EventFilter {
                recorded_from: Some(timestamp(at(5))),
                recorded_until: Some(timestamp(at(9))),
                ..none()
            },
            Box::new(|e| {
                (at(5).as_second()..at(9).as_second()).contains(&e.recorded_at.as_ref().unwrap().seconds)
            }),
        ),
    ];
    for (filter, want) in cases {
        let expected: Vec<_> = all.iter().filter(|event| want(event)).cloned().collect();
        for order in [EventOrder::Recorded, EventOrder::Position] {
            let mut found = search(&world, &lead, &filter, order, 3).await;
            found.sort_by_key(|event| all.iter().position(|known| known == event));
            assert_eq!(found, expected, "{filter:?} {order:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_comes_with_a_proof_that_anybody_can_check() {
    let folder = tempfile::tempdir().unwrap();
    let world = filled(folder.path()).await;
    let name = format!("referrals/{DERBY}");
    let derby = as_council(DERBY);
    let head = world.head(&derby, &name).await.unwrap();
    for event in world.stored(log(&name)).await {
        let get = GetEventRequest { log: name.clone(), position: event.position };
        let found = world.audit.get_event(derby.request(get)).await.unwrap().into_inner();
        assert_eq!(found.payload_json.as_bytes(), event.payload);
        let proof = found.proof.unwrap();
        assert_eq!((proof.tree_size, &proof.root), (head.tree_size, &head.root));
        let path: Vec<Hash> = proof.path.iter().map(|hash| hash.parse().unwrap()).collect();
        let leaf = leaf_hash(found.leaf.as_bytes());
        assert_eq!(leaf.to_string(), found.event.unwrap().leaf_hash);
        verify_inclusion(leaf, proof.leaf_index, proof.tree_size, &path, proof.root.parse().unwrap())
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_request_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::open(folder.path()).await;
    let lead = as_lead("d2n2");
    let filter = EventFilter {
        council: "councils/E99999999".to_owned(),
        service: "audit".to_owned(),
        event_types: vec!["X".to_owned(); 21],
        actor: "a".repeat(201),
        stream: "\u{7}".to_owned(),
        log: "audit/region".to_owned(),
        recorded_from: Some(prost_types::Timestamp { seconds: i64::MAX, nanos: -1 }),
        recorded_until: None,
    };
    let request =
        SearchEventsRequest { filter: Some(filter), order: 9, page_size: 0, page_token: String::new() };
    let refused = world.audit.search_events(lead.request(request)).await.unwrap_err();
    let details = tonic_types::StatusExt::get_error_details(&refused);
    let fields: Vec<_> =
        details.bad_request().unwrap().field_violations.iter().map(|v| v.field.as_str()).collect();
    let of = |name: &str| format!("filter.{name}");
    let expected = ["council", "service", "log", "event_types", "actor", "stream", "recorded_from"].map(of);
    assert_eq!(fields, [&["order".to_owned()][..], &expected].concat());
    for token in ["%", "eA", "MHx4fDE"] {
        let request = SearchEventsRequest { page_token: token.to_owned(), ..SearchEventsRequest::default() };
        assert_eq!(reason(world.audit.search_events(lead.request(request)).await), "PAGE_TOKEN_INVALID");
    }
    for position in [0, 1, u64::MAX] {
        let get = GetEventRequest { log: "vacancies/region".to_owned(), position };
        assert_eq!(reason(world.audit.get_event(lead.request(get)).await), "EVENT_UNKNOWN");
    }
}
