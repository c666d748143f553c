//! A client in another language that knows nothing but the reflection service posts a referral and understands a refusal.

use crate::wire::methods;
use crate::world::World;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Names the interpreter that has what the scripts import.
const PYTHON_VARIABLE: &str = "BROKERAGE_TEST_PYTHON";

/// The interpreter that has what the scripts here import.
pub(crate) fn python() -> String {
    std::env::var(PYTHON_VARIABLE).unwrap_or_else(|_| {
        panic!("{PYTHON_VARIABLE} is not set: run `cargo xtask test`, which prepares what Python imports and sets it")
    })
}

pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/system").join(name)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_knows_only_reflection_posts_a_referral_and_reads_a_refusal() {
    let python = python();
    let world = World::open().await;
    let council = world.council("E06000015").await;
    let script = script("reflection_client.py");
    let output = tokio::process::Command::new(&python)
        .arg(script)
        .args([world.region.running.address().to_string().as_str(), "E06000015"])
        .env("BROKERAGE_TOKEN", &council.token)
        .output()
        .await
        .unwrap_or_else(|error| panic!("{python} does not start: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();

    let services: BTreeSet<&str> =
        seen["services"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    let methods = methods();
    for own in methods.iter().map(|method| method.parent_service().full_name().to_owned()) {
        assert!(services.contains(own.as_str()), "{own} is not among {services:?}");
    }
    assert!(services.contains("grpc.health.v1.Health"), "{services:?}");
    let mut referrals: Vec<&str> = methods
        .iter()
        .filter(|method| method.parent_service().full_name() == "brokerage.referrals.v1.ReferralsService")
        .map(prost_reflect::MethodDescriptor::name)
        .collect();
    referrals.sort_unstable();
    assert_eq!(seen["methods"], json!(referrals));
    assert_eq!((&seen["health"], &seen["health_of_service"]), (&json!("SERVING"), &json!("SERVING")));

    let name = seen["posted"]["name"].as_str().unwrap();
    assert!(name.starts_with("councils/E06000015/referrals/"), "{name}");
    assert_eq!(seen["posted"]["stage"], "REFERRAL_STAGE_OPEN");
    assert_eq!(seen["posted"]["requirements"]["provisions"], json!(["FOSTERING"]));
    assert_eq!(seen["again"], seen["posted"], "the same request_id, the same answer");
    assert_eq!(seen["read"], seen["posted"]);

    let refused = &seen["refused"];
    assert_eq!(refused["code"], "INVALID_ARGUMENT");
    assert_eq!((&refused["reason"], &refused["domain"]), (&json!("FIELD_INVALID"), &json!("brokerage")));
    let violations = refused["violations"].as_array().unwrap();
    assert_eq!(violations.len(), 1, "{violations:?}");
    assert_eq!(violations[0]["field"], "requirements.urgency");
    let description = violations[0]["description"].as_str().unwrap();
    assert!(
        description.contains("SOON") && description.contains("EMERGENCY, URGENT, PLANNED"),
        "{description}"
    );
    assert_eq!(
        seen["without_token"],
        json!({"code": "UNAUTHENTICATED", "reason": "TOKEN_MISSING", "domain": "brokerage", "violations": []})
    );
}
