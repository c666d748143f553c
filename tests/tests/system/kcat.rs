//! A topic as somebody sees it who looks into it with `kcat`: keys, headers and events, without a program of ours.

use crate::crash::world::World;
use crate::process::{run, until};
use local_parts::kafka::Kafka;
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

/// The lines that `kcat` prints of a topic up to its end.
fn kcat(brokers: &str, topic: &str) -> Vec<String> {
    let arguments = ["-b", brokers, "-C", "-t", topic, "-f", "%k %h %s\n", "-e", "-q"];
    let kcat = Kafka::kcat().unwrap_or_else(|none| panic!("{none}"));
    let output = Command::new(kcat).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kcat_shows_each_event_with_its_key_and_headers_and_a_new_folder_is_not_opened_beside_it() {
    let brokers =
        tokio::task::spawn_blocking(Kafka::ensure).await.unwrap().unwrap_or_else(|none| panic!("{none}"));
    let prefix = format!("test-{}", uuid::Uuid::new_v4().simple());
    let made = run(["topics", "apply", "--brokers", &brokers, "--topic-prefix", &prefix, "--replicas", "1"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    let mut world = World::new();
    let keys = world.data().join("keys");
    let keys = keys.to_str().unwrap();
    let service =
        ["--service", "vacancies", "--topic-prefix", &prefix, "--token-keys", keys, "--brokers", &brokers];
    let server = world.start(&service, &[]).await;
    // A provider, an establishment, three places, each advertised.
    world.open_home().await;
    let lines = until("all is in the topic", async || {
        let lines = kcat(&brokers, &format!("{prefix}.vacancies"));
        (lines.len() == 8).then_some(lines)
    })
    .await;
    for (line, position) in lines.iter().zip(1..) {
        let [key, headers, event] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let headers: BTreeMap<&str, &str> =
            headers.split(',').map(|header| header.split_once('=').unwrap()).collect();
        assert_eq!(headers["ce_id"], format!("vacancies/region:{position}"), "{line}");
        assert_eq!(headers["ce_source"], "vacancies/region", "{line}");
        assert_eq!(headers["ce_subject"], key, "a stream is a key: {line}");
        assert!(serde_json::from_str::<Value>(event).unwrap().is_object(), "{line}");
    }
    let types: Vec<bool> = ["ProviderRegistered", "EstablishmentRegistered", "PlaceOpened"]
        .iter()
        .zip(&lines)
        .map(|(event_type, line)| line.contains(&format!("ce_type={event_type}")))
        .collect();
    assert_eq!(types, [true; 3], "{lines:?}");
    server.kill();
    // On another folder than it had, the log would begin anew beside what others have been told.
    let elsewhere = tempfile::tempdir().unwrap();
    let ended = run([&["run", "--data-dir", elsewhere.path().to_str().unwrap()], &service[..]].concat());
    assert_eq!(ended.code, Some(69), "{ended:?}");
    assert!(ended.stderr.contains("has a position 8 that the log has not"), "{ended:?}");
}
