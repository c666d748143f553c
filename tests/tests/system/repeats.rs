//! A request that comes again under its `request_id`: the same bytes for the same request, also after a restart; a refusal for another.

use crate::region::reason;
use crate::samples::own_sample;
use crate::seed::{Side, two_sides};
use crate::wire::{call, from_json, method, methods, path};
use crate::world::{Party, World, heads, offer, post, release, requirements};
use futures::future::join_all;
use prost::Message;
use prost_reflect::{DynamicMessage, MethodDescriptor, Value};
use service_kit::{Access, Role};
use tonic::Code;

/// How often each request is sent at once.
const AT_ONCE: usize = 5;

/// A request that was answered.
struct Answered {
    method: MethodDescriptor,
    caller: Role,
    body: Vec<u8>,
    answer: Vec<Vec<u8>>,
}

/// A method's sample under a request id.
fn identified(side: &Side, caller: &Party, method: &MethodDescriptor, id: &str) -> DynamicMessage {
    let mut message = own_sample(method, &side.names, caller);
    message.set_field_by_name("request_id", Value::String(id.to_owned()));
    message
}

fn id_of(method: &MethodDescriptor) -> String {
    format!("r-{}", method.name())
}

/// Sends every method that takes a request id several times at once; gives those that were answered, each alike.
async fn ask_all_at_once(side: &Side) -> Vec<Answered> {
    let rules = brokerage::rules();
    let mut asked = methods();
    asked.retain(|method| method.input().get_field_by_name("request_id").is_some());
    // An award is worth repeating, so it comes before the referral is withdrawn.
    asked.sort_by_key(|method| method.name() != "AwardReferral");
    let mut answered = Vec::new();
    for method in asked {
        let name = method.name().to_owned();
        let rule = rules.iter().find(|rule| rule.method == path(&method)).unwrap();
        let caller = side.parties().into_iter().find(|it| rule.access(&it.role) != Access::Never).unwrap();
        let body = identified(side, caller, &method, &id_of(&method)).encode_to_vec();
        let calls = (0..AT_ONCE).map(|_| call(&caller.channel, Some(&caller.token), &method, body.clone()));
        let mut answers = join_all(calls).await.into_iter();
        let first = answers.next().unwrap();
        for again in answers {
            match (&first, again) {
                (Ok(first), Ok(again)) => assert_eq!(*first, again, "{name}"),
                (Err(first), Err(again)) => {
                    assert_eq!((first.code(), reason(first)), (again.code(), reason(&again)), "{name}");
                }
                (first, again) => panic!("{name}: {first:?}, and at once {again:?}"),
            }
        }
        if let Ok(answer) = first {
            answered.push(Answered { method, caller: caller.role.clone(), body, answer });
        }
    }
    answered
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_gives_the_same_bytes_again_and_takes_no_other_request() {
    let (world, [mut derby, _]) = two_sides().await;
    // An offer that is not taken yet, so that taking it is among what is repeated.
    let referral = post(&derby.council, requirements(), None).await;
    release(&derby.council, &referral, &derby.provider).await;
    let live = offer(&world, &derby.council, &referral, &derby.provider, &derby.names["my_place"]).await;
    derby.names.insert("referral", referral);
    derby.names.insert("offer", live.name);
    let answered = ask_all_at_once(&derby).await;
    let names: Vec<&str> = answered.iter().map(|it| it.method.name()).collect();
    assert!(names.len() >= 20, "only {names:?} were answered");
    for expected in ["PostReferral", "AwardReferral", "AdvertiseVacancy", "SuspendProvider", "IssueInvoices"]
    {
        assert!(names.contains(&expected), "{expected} is not among {names:?}");
    }

    let folder = world.stop().await;
    let before = heads(folder.path()).await;
    let world = World::on(folder).await;
    for Answered { method, caller, body, answer } in answered {
        let caller = world.party(caller).await;
        let again = call(&caller.channel, Some(&caller.token), &method, body).await.unwrap();
        assert_eq!(again, answer, "{} after a restart", method.name());
    }
    other_requests_are_refused(&world, &derby).await;
    let folder = world.stop().await;
    let mut expected = before;
    // Dorset's own use of the id is all that was new.
    *expected.get_mut(&"referrals/E06000059".parse().unwrap()).unwrap() += 1;
    assert_eq!(heads(folder.path()).await, expected);
}

/// The same id for another request of the same method, for another method of the same log, and by another caller.
async fn other_requests_are_refused(world: &World, side: &Side) {
    let others = [
        (&side.council, "PostReferral", "PostReferral", "\"F\"", "\"M\""),
        (&side.council, "AccrueNights", "AccrueNights", "2026-06-01", "2026-05-31"),
        (&side.council, "AccrueNights", "IssueInvoices", "", ""),
        (&side.provider, "OpenPlaces", "AdvertiseVacancy", "", ""),
        (&side.lead, "SuspendProvider", "SuspendProvider", "under review", "for a while"),
    ];
    for (caller, name, used_by, from, to) in others {
        let caller = world.party(caller.role.clone()).await;
        let asked = method(name);
        let message = identified(side, &caller, &asked, &id_of(&method(used_by)));
        let json = serde_json::to_string(&message).unwrap();
        assert!(json.contains(from), "{json}");
        let changed = from_json(&asked, &if from.is_empty() { json } else { json.replace(from, to) });
        let refused = call(&caller.channel, Some(&caller.token), &asked, changed.encode_to_vec()).await;
        let status = refused.expect_err(name);
        let found = (status.code(), reason(&status));
        assert_eq!(found, (Code::AlreadyExists, "REQUEST_ID_REUSED".to_owned()), "{name}: {status:?}");
    }
    let dorset = world.council("E06000059").await;
    let asked = method("PostReferral");
    let json = r#"{"parent": "councils/E06000059", "request_id": "r-PostReferral", "requirements":
        {"provisions": ["FOSTERING"], "age_years": 3, "urgency": "PLANNED", "needed_from": "2026-06-02"}}"#;
    let body = from_json(&asked, json).encode_to_vec();
    call(&dorset.channel, Some(&dorset.token), &asked, body).await.unwrap();
}
