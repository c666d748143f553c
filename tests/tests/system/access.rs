//! Who may call what: every method of the descriptors, by every role, about its own and about another's, in a running region.
//!
//! What it does not cover: several systems of one council with different rights, which there are not.

use crate::samples::{Names, own_sample, sample, template};
use crate::seed::{Side, two_sides};
use crate::wire::{ask, call, method, methods, path};
use crate::world::{Party, World};
use eventlog::Service;
use prost::Message;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use service_kit::{Access, Role, Rule};
use std::collections::BTreeSet;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// Where a framework lead is shown the opaque ids of every council's claims on the market's places, as the API says:
/// the envelopes of the region's log.
const CLAIMS_SHOWN_TO_LEADS: [&str; 3] = ["SearchEvents", "FollowEvents", "GetEvent"];
/// How the names of methods begin that read.
const READS: [&str; 9] = ["Get", "List", "Search", "Check", "Verify", "Follow", "Watch", "Explain", "Print"];

/// What is wrong with a list of rules for these methods.
fn faults(rules: &[Rule], methods: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    for method in methods {
        match rules.iter().filter(|rule| rule.method == method).count() {
            1 => {}
            count => faults.push(format!("{method} has {count} rules")),
        }
    }
    let known: BTreeSet<&str> = methods.iter().map(String::as_str).collect();
    let unknown = rules.iter().filter(|rule| !known.contains(rule.method));
    faults.extend(unknown.map(|rule| format!("a rule is for {}, which is no method", rule.method)));
    let nobodys = |rule: &&Rule| {
        [rule.council, rule.provider, rule.lead, rule.service].iter().all(|access| *access == Access::Never)
    };
    faults.extend(rules.iter().filter(nobodys).map(|rule| format!("nobody may call {}", rule.method)));
    faults
}

fn paths() -> Vec<String> {
    methods().iter().map(path).collect()
}

#[test]
fn every_method_has_one_rule() {
    assert_eq!(faults(&brokerage::rules(), &paths()), Vec::<String>::new());
}

#[test]
fn a_missing_a_second_and_a_stray_rule_are_noticed() {
    let (rules, paths) = (brokerage::rules(), paths());
    for left_out in 0..rules.len() {
        let mut fewer = rules.clone();
        let gone = fewer.remove(left_out);
        assert_eq!(faults(&fewer, &paths), [format!("{} has 0 rules", gone.method)]);
    }
    let twice: Vec<Rule> = rules.iter().copied().chain(rules.last().copied()).collect();
    assert_eq!(faults(&twice, &paths).len(), 1);
    let fewer = &paths[..paths.len() - 1];
    assert_eq!(faults(&rules, fewer).len(), 1);
}

/// What a refusal says, which is never less than a reason, and never that the server is at fault.
fn reason(status: &Status, what: &str) -> String {
    let details = status.get_error_details();
    let info = details.error_info().unwrap_or_else(|| panic!("{what}: no ErrorInfo: {status:?}"));
    assert!(!matches!(status.code(), Code::Internal | Code::Unknown | Code::DataLoss), "{what}: {status:?}");
    assert_eq!(info.domain, "brokerage", "{what}");
    info.reason.clone()
}

/// A refusal as it reads when names do not count, for comparing what is refused about one thing and about another.
fn without_names(status: &Status, names: &Names) -> String {
    let details = status.get_error_details();
    let mut text = format!("{:?} {} {details:?}", status.code(), status.message());
    for (key, name) in names.iter().filter(|(key, _)| !key.starts_with("my_")) {
        text = text.replace(name, key).replace(name.rsplit('/').next().unwrap(), key);
    }
    text
}

/// The names of a half where everything that can be made up is.
fn non_existing(names: &Names) -> Names {
    let mut made_up = names.clone();
    for (key, name) in &mut made_up {
        let id = name.rsplit('/').next().unwrap().to_owned();
        let other = match *key {
            "referral" => "0190f5c2-6b1e-7c3a-9d21-3f0c5a7e8b11",
            "offer" => "0190f5c2-6b1e-7c3a-9d21-3f0c5a7e8b12",
            "award" => "0190f5c2-6b1e-7c3a-9d21-3f0c5a7e8b13",
            "agreement" => "0190f5c2-6b1e-7c3a-9d21-3f0c5a7e8b14",
            "invoice" => "0190f5c2-6b1e-7c3a-9d21-3f0c5a7e8b15",
            "sent_invoice" => "0190f5c2-6b1e-7c3a-9d21-3f0c5a7e8b16",
            "payment_run" => "0190f5c2-6b1e-7c3a-9d21-3f0c5a7e8b17",
            "bank_details" | "tax_details" => "nobody",
            "establishment" => "SC999999",
            "place" => "SC999999-01",
            "agency" => "FA999999",
            "household" => "FA999999-h01",
            "framework" => "nowhere",
            _ => continue,
        };
        *name = name.replace(&id, other);
    }
    made_up
}

/// The other half's names, and the caller's own where a sample says that they stay.
fn foreign(own: &Names, other: &Names) -> Names {
    let kept = own.iter().filter(|(key, _)| key.starts_with("my_"));
    other
        .iter()
        .filter(|(key, _)| !key.starts_with("my_"))
        .chain(kept)
        .map(|(key, name)| (*key, name.clone()))
        .collect()
}

struct Walk {
    rules: Vec<Rule>,
    /// Reads first, while everything is as it was seeded.
    methods: Vec<MethodDescriptor>,
}

impl Walk {
    fn new() -> Self {
        let mut methods = methods();
        methods.sort_by_key(|method| !READS.iter().any(|read| method.name().starts_with(read)));
        Self { rules: brokerage::rules(), methods }
    }

    fn access(&self, method: &MethodDescriptor, role: &Role) -> Access {
        let path = path(method);
        let rule = self.rules.iter().find(|rule| rule.method == path);
        rule.unwrap_or_else(|| panic!("{path} has no rule")).access(role)
    }
}

/// Asks, and sees to it that nothing of the other half is told: nothing at all in an answer, in a refusal nothing but what was asked
/// about.
async fn probe(
    caller: &Party,
    method: &MethodDescriptor,
    request: &DynamicMessage,
    other: &Side,
) -> Result<String, Status> {
    let answer = ask(&caller.channel, Some(&caller.token), method, request).await;
    let asked = serde_json::to_string(request).unwrap();
    let what = format!("{} asks {} {asked}", caller.role, method.name());
    let shown =
        matches!(caller.role, Role::FrameworkLead(_)) && CLAIMS_SHOWN_TO_LEADS.contains(&method.name());
    let secrets = other.secrets.iter().chain(other.claim_ids.iter().filter(|_| !shown));
    for secret in secrets {
        let told = match &answer {
            Ok(text) => text.clone(),
            Err(_) if asked.contains(secret) => continue,
            Err(status) => format!("{} {:?}", status.message(), status.get_error_details()),
        };
        if let Some(at) = told.find(secret) {
            let before: String = told[..at].chars().rev().take(300).collect();
            panic!("{what}: told {secret} after {}", before.chars().rev().collect::<String>());
        }
    }
    if let Err(status) = &answer {
        reason(status, &what);
    }
    answer
}

async fn about_another(walk: &Walk, method: &MethodDescriptor, caller: &Party, own: &Side, other: &Side) {
    let names = foreign(&own.names, &other.names);
    let same_kind = other
        .parties()
        .into_iter()
        .find(|party| std::mem::discriminant(&party.role) == std::mem::discriminant(&caller.role));
    let self_name = same_kind.unwrap().name();
    let what = format!("{} asks {} about another's", caller.role, method.name());
    let answer = probe(caller, method, &sample(method, &names, &self_name), other).await;
    match walk.access(method, &caller.role) {
        Access::Never => {
            let status = answer.expect_err(&what);
            assert_eq!(
                (status.code(), reason(&status, &what).as_str()),
                (Code::PermissionDenied, "ROLE_NOT_ALLOWED"),
                "{what}"
            );
        }
        Access::Own => {
            let status = answer.expect_err(&what);
            assert_eq!(
                (status.code(), reason(&status, &what).as_str()),
                (Code::PermissionDenied, "NOT_YOURS"),
                "{what}: {status:?}"
            );
        }
        Access::Granted => {
            let status = answer.expect_err(&what);
            assert!(matches!(status.code(), Code::NotFound | Code::PermissionDenied), "{what}: {status:?}");
            let nowhere = non_existing(&names);
            let absent =
                probe(caller, method, &sample(method, &nowhere, &self_name), other).await.expect_err(&what);
            assert_eq!(
                without_names(&status, &names),
                without_names(&absent, &nowhere),
                "{what}: existence shows"
            );
        }
        Access::Any => {
            if let Err(status) = answer {
                assert!(
                    !matches!(status.code(), Code::PermissionDenied | Code::Unauthenticated),
                    "{what}: {status:?}"
                );
            }
        }
    }
    // Each name alone, among the caller's own: however it is answered, nothing of the other half is told.
    let text = template(method);
    for (key, name) in &names {
        if text.contains(&format!("<{key}>")) && !key.starts_with("my_") {
            let mut mixed = own.names.clone();
            mixed.insert(*key, name.clone());
            let _ = probe(caller, method, &sample(method, &mixed, &caller.name()), other).await;
        }
    }
}

async fn about_its_own(walk: &Walk, method: &MethodDescriptor, caller: &Party, own: &Side, other: &Side) {
    let what = format!("{} asks {} about its own", caller.role, method.name());
    let answer = probe(caller, method, &own_sample(method, &own.names, caller), other).await;
    let refused = answer.err().map(|status| (status.code(), reason(&status, &what)));
    if walk.access(method, &caller.role) == Access::Never {
        assert_eq!(refused, Some((Code::PermissionDenied, "ROLE_NOT_ALLOWED".to_owned())), "{what}");
    } else {
        let code = refused.as_ref().map(|(code, _)| *code);
        assert!(!matches!(code, Some(Code::PermissionDenied | Code::Unauthenticated)), "{what}: {refused:?}");
        let read = READS.iter().any(|read| method.name().starts_with(read));
        // So that what is looked through for leaks is an answer and not a refusal; an awarded referral is not searched for any more.
        assert!(!read || refused.is_none() || method.name() == "SearchReferral", "{what}: {refused:?}");
    }
}

/// Everything that the audit service shows, and the payload of every event of every log by its position, shown or not.
async fn through_the_log(caller: &Party, other: &Side) {
    let ask_json = async |name: &str, json: String| {
        let method = method(name);
        probe(caller, &method, &crate::wire::from_json(&method, &json), other).await
    };
    let logs = ask_json("ListLogs", r#"{"page_size": 200}"#.to_owned()).await.unwrap();
    ask_json("SearchEvents", r#"{"page_size": 200}"#.to_owned()).await.unwrap();
    ask_json("FollowEvents", "{}".to_owned()).await.unwrap();
    ask_json("VerifyLogs", "{}".to_owned()).await.unwrap();
    let logs: serde_json::Value = serde_json::from_str(&logs).unwrap();
    let mut read = 0;
    for head in logs["logs"].as_array().unwrap() {
        let (log, size) = (head["log"].as_str().unwrap(), head["treeSize"].as_str().unwrap_or("0"));
        for position in 1..=size.parse::<u64>().unwrap() {
            let event =
                ask_json("GetEvent", format!(r#"{{"log": "{log}", "position": "{position}"}}"#)).await;
            read += u32::from(event.is_ok());
        }
    }
    assert!(read > 20, "{} was shown {read} events", caller.role);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_caller_reaches_its_own_and_nothing_else() {
    let (world, [derby, darlington]) = two_sides().await;
    let walk = Walk::new();
    for (own, other) in [(&derby, &darlington), (&darlington, &derby)] {
        tokio::join!(through_the_log(&own.council, other), through_the_log(&own.lead, other));
        for method in &walk.methods {
            let each = own.parties().map(|caller| about_another(&walk, method, caller, own, other));
            futures::future::join_all(each).await;
        }
    }
    for (own, other) in [(&derby, &darlington), (&darlington, &derby)] {
        for method in &walk.methods {
            for caller in own.parties() {
                about_its_own(&walk, method, caller, own, other).await;
            }
        }
    }
    world.settled().await;
}

/// A service's token opens what is between services, whichever service it is, and nothing that people do.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_asks_other_services_and_does_nothing_in_anyones_name() {
    let (world, [derby, _]) = two_sides().await;
    let walk = Walk::new();
    for service in Service::ALL {
        let caller = world.party(Role::Service(service)).await;
        for method in &walk.methods {
            let what = format!("{} asks {}", caller.role, method.name());
            let request = sample(method, &derby.names, &caller.name());
            let answer = ask(&caller.channel, Some(&caller.token), method, &request).await;
            let refused = answer.err().map(|status| (status.code(), reason(&status, &what)));
            if method.full_name().starts_with("brokerage.operations.") {
                // What nobody has parked cannot be settled.
                let absent = matches!(method.name(), "RetryDeadLetters" | "DiscardDeadLetter")
                    .then(|| (Code::NotFound, "DEAD_LETTER_UNKNOWN".to_owned()));
                assert_eq!((walk.access(method, &caller.role), refused), (Access::Any, absent), "{what}");
            } else {
                assert_eq!(refused, Some((Code::PermissionDenied, "ROLE_NOT_ALLOWED".to_owned())), "{what}");
            }
        }
    }
    world.settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_health_and_reflection_is_told_without_a_token() {
    let world = World::open().await;
    let channel = world.region.channel().await;
    for method in methods() {
        let refused = call(&channel, None, &method, Vec::new()).await.expect_err(method.name());
        assert_eq!(refused.code(), Code::Unauthenticated, "{}", method.name());
        assert_eq!(reason(&refused, method.name()), "TOKEN_MISSING");
    }
    // Reflection is asked without a token by the client in `python`.
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<(), ServingStatus>::default();
    let check = "/grpc.health.v1.Health/Check".parse().unwrap();
    let answer = client.unary(tonic::Request::new(()), check, codec).await.unwrap();
    assert_eq!(answer.into_inner().status, 1, "SERVING");
}

/// The answer of `grpc.health.v1.Health/Check`.
#[derive(Clone, PartialEq, Message)]
struct ServingStatus {
    #[prost(int32, tag = "1")]
    status: i32,
}
