//! How `brokerage run` is set: where settings come from, and what is said of them.

use crate::process::{Server, run, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_come_from_flags_before_a_file_and_secrets_are_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let (file, data) = (folder.path().join("settings.toml"), folder.path().join("data"));
    let config = file.to_str().unwrap();
    std::fs::write(
        &file,
        "lag-seconds-max = 7\ndata-dir = \"elsewhere\"\nkafka-setting = [\"sasl.password=geheim\"]\n",
    )
    .unwrap();
    let mut server = Server::spawn_with(&data, &["--config", config]);
    server.listening().await;
    let said = server.said();
    for shown in ["lag-seconds-max=7 (file or default)", "kafka-setting=(hidden)"] {
        assert!(said.contains(shown), "{shown} is not in {said}");
    }
    assert!(said.contains(&format!("data-dir={} (flag)", data.display())), "{said}");
    assert!(!said.contains("geheim"), "{said}");
    assert_eq!(server.terminate(), Some(0));
    for (text, wrong) in [
        ("lisen = \"127.0.0.1:1\"\n", "\"lisen\" is no setting"),
        ("listen = 1.5\n", "listen: expected text"),
        ("listen = \n", "line 1, column"),
        ("listen = \"nowhere\"\n", "nowhere"),
    ] {
        std::fs::write(&file, text).unwrap();
        let ended = run(["run", "--config", config]);
        assert_eq!(ended.code, Some(2), "{text}: {ended:?}");
        assert!(ended.stderr.contains(wrong), "{text}: {ended:?}");
    }
    std::fs::write(&file, "lag-seconds-max = 7\nkafka-setting = [\"sasl.password=geheim]\n").unwrap();
    let ended = run(["run", "--config", config]);
    assert!(ended.code == Some(2) && ended.stderr.contains("line 2, column"), "{ended:?}");
    assert!(!ended.stderr.contains("geheim"), "{ended:?}");
    // A file's settings are as good as flags: neither is missed when it is there, nor overlooked when another is not.
    std::fs::write(&file, "service = \"vacancies\"\n").unwrap();
    let ended = run(["run", "--config", config]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("--service needs --brokers"), "{ended:?}");
    std::fs::write(&file, "brokers = \"127.0.0.1:1\"\n").unwrap();
    let (one, keys) = (folder.path().join("one"), folder.path().join("tokens"));
    let alone = ["run", "--config", config, "--service", "vacancies", "--data-dir", one.to_str().unwrap()];
    let ended = run(alone);
    assert!(ended.code == Some(2) && ended.stderr.contains("--service needs --token-keys"), "{ended:?}");
    std::fs::write(&file, format!("brokers = \"127.0.0.1:1\"\ntoken-keys = {:?}\n", keys.to_str().unwrap()))
        .unwrap();
    // Nobody listens there, and a new log may be one that should not be new.
    let ended = run(alone);
    assert!(ended.code == Some(69) && ended.stderr.contains("Start it when the brokers answer"), "{ended:?}");
    let ended = run(["run", "--config", folder.path().join("none.toml").to_str().unwrap()]);
    assert!(ended.code == Some(2) && ended.stderr.contains("none.toml"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_lines_are_json_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::spawn_with(folder.path(), &["--log-format", "json"]);
    until("it is open", async || server.said().contains("the region is open").then_some(())).await;
    let said = server.said();
    for line in said.lines() {
        let line: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        for field in ["timestamp", "level", "message", "target"] {
            assert!(line[field].is_string(), "{field}: {line}");
        }
    }
    let open = said.lines().find(|line| line.contains("the region is open")).unwrap();
    let open: serde_json::Value = serde_json::from_str(open).unwrap();
    assert!(open["address"].as_str().unwrap().starts_with("127.0.0.1:"), "{open}");
    assert_eq!(server.terminate(), Some(0));
}
