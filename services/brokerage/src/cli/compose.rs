//! `deploy/compose.yaml` as far as it can be judged without Docker: every command line and variable that it gives the program is one that
//! the program takes, and ports, peers, databases and volumes agree. That images and containers start is not judged here.

use super::{Own, command};
use clap::{ArgMatches, FromArgMatches};
use eventlog::Service;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use yaml_rust2::{Yaml, YamlLoader};

fn deploy(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn compose() -> Yaml {
    YamlLoader::load_from_str(&deploy("compose.yaml")).expect("it is YAML").remove(0)
}

fn texts(list: &Yaml) -> Vec<String> {
    let texts = list.as_vec().unwrap_or_else(|| panic!("a list is expected, not {list:?}")).iter();
    texts.map(|text| text.as_str().expect("a list of texts").to_owned()).collect()
}

fn table(of: &Yaml) -> BTreeMap<String, Yaml> {
    let pairs = of.as_hash().unwrap_or_else(|| panic!("a mapping is expected, not {of:?}")).iter();
    pairs.map(|(name, value)| (name.as_str().expect("a name").to_owned(), value.clone())).collect()
}

/// What Docker puts in the place of `${NAME:?what to do}`.
fn interpolated(text: &str) -> String {
    let Some((before, rest)) = text.split_once("${") else { return text.to_owned() };
    let (variable, after) = rest.split_once('}').expect("it ends");
    assert!(
        variable.starts_with("BROKERAGE_DATABASE_PASSWORD:?"),
        "{variable} has no default and says nothing"
    );
    format!("{before}secret{}", interpolated(after))
}

/// Parses what a container of the program is started with: its command, and each variable as the flag that it stands for.
fn parsed(container: &str, of: &Yaml) -> ArgMatches {
    let words = texts(&of["command"]);
    let known = command();
    let mut at = &known;
    for name in words.iter().take_while(|word| !word.starts_with('-')) {
        at = at.find_subcommand(name).unwrap_or_else(|| panic!("{container}: there is no command {name}"));
    }
    let mut arguments = vec!["brokerage".to_owned()];
    arguments.extend(words.clone());
    if !of["environment"].is_badvalue() {
        for (name, value) in table(&of["environment"]) {
            let stands_for =
                at.get_arguments().find(|arg| arg.get_env().is_some_and(|env| env == name.as_str()));
            let flag = stands_for.and_then(|arg| arg.get_long());
            let flag = flag.unwrap_or_else(|| panic!("{container}: {name} is no variable that {at} takes"));
            arguments.push(format!("--{flag}={}", interpolated(value.as_str().expect("text"))));
        }
    }
    let matches = command().try_get_matches_from(&arguments);
    let matches = matches.unwrap_or_else(|error| panic!("{container}: {error}"));
    assert!(Own::from_arg_matches(&matches).is_ok(), "{container}");
    matches
}

/// The containers of the program that run a service, with what they were started with.
fn services(compose: &Yaml) -> BTreeMap<String, ArgMatches> {
    let all = table(&compose["services"]);
    let of_program = all.iter().filter(|(_, of)| of["image"].as_str() == Some("brokerage"));
    let parsed = of_program.map(|(name, of)| (name.clone(), parsed(name, of)));
    parsed.filter_map(|(name, matches)| Some((name, matches.subcommand_matches("run")?.clone()))).collect()
}

fn raw(matches: &ArgMatches, id: &str) -> Vec<String> {
    let values = matches.get_raw(id).unwrap_or_default();
    values.map(|value| value.to_str().expect("ASCII").to_owned()).collect()
}

fn port(address: &str) -> &str {
    address.rsplit_once(':').expect("an address has a port").1
}

#[test]
fn every_service_runs_once_and_reaches_the_others_where_they_listen() {
    let compose = compose();
    let services = services(&compose);
    let all: BTreeSet<&str> = Service::ALL.iter().map(|service| service.name()).collect();
    assert_eq!(services.keys().map(String::as_str).collect::<BTreeSet<_>>(), all);
    let databases = deploy("compose/databases.sh");
    for (name, run) in &services {
        assert_eq!(raw(run, "service").join(" "), *name);
        let listens = port(&raw(run, "listen")[0]).to_owned();
        // Nothing of it is reached from other machines without the proxy in front.
        assert_eq!(
            texts(&compose["services"][name.as_str()]["ports"]),
            [format!("127.0.0.1:{listens}:{listens}")]
        );
        let others = services.iter().filter(|(other, _)| *other != name);
        let expected: BTreeSet<String> = others
            .map(|(other, run)| format!("{other}=http://{other}:{}", port(&raw(run, "listen")[0])))
            .collect();
        assert_eq!(raw(run, "peer").into_iter().collect::<BTreeSet<_>>(), expected, "{name}");
        let database = &raw(run, "database")[0];
        assert!(database.ends_with(&format!("@postgres/{name}")), "{name}: {database}");
        assert!(databases.contains(&format!("CREATE DATABASE {name} OWNER brokerage;")), "{name}");
        let ready = texts(&compose["services"][name.as_str()]["healthcheck"]["test"]).join(" ");
        let (address, metrics) = (format!("/dev/tcp/127.0.0.1/{}", port(&raw(run, "metrics")[0])), "/readyz");
        assert!(ready.contains(&address) && ready.contains(metrics), "{name}: {ready}");
    }
}

#[test]
fn the_broker_is_where_the_program_looks_for_it_and_topics_come_first() {
    let compose = compose();
    let all = table(&compose["services"]);
    let advertised = compose["services"]["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"].as_str();
    let broker = advertised.and_then(|text| text.strip_prefix("PLAINTEXT://")).expect("a listener");
    assert_eq!(broker.split_once(':').expect("HOST:PORT").0, "kafka");
    let topics = parsed("topics", &all["topics"]);
    let apply = topics.subcommand_matches("topics").and_then(|topics| topics.subcommand_matches("apply"));
    let apply = apply.expect("it makes topics");
    assert_eq!(
        (raw(apply, "brokers"), raw(apply, "replicas")),
        (vec![broker.to_owned()], vec!["1".to_owned()])
    );
    assert!(all["topics"]["restart"].is_badvalue(), "it runs once");
    for (name, run) in &services(&compose) {
        assert_eq!(raw(run, "brokers"), [broker], "{name}");
        assert_eq!(raw(run, "topic_prefix"), raw(apply, "topic_prefix"), "{name}");
        let first = &all[name]["depends_on"];
        assert_eq!(first["topics"]["condition"].as_str(), Some("service_completed_successfully"), "{name}");
        assert_eq!(first["postgres"]["condition"].as_str(), Some("service_healthy"), "{name}");
    }
}

#[test]
fn what_is_named_is_there_and_token_keys_are_shared_while_data_is_not() {
    let compose = compose();
    let (all, volumes) = (table(&compose["services"]), table(&compose["volumes"]));
    let mut used: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for (name, of) in &all {
        for before in
            of["depends_on"].as_hash().into_iter().flatten().filter_map(|(before, _)| before.as_str())
        {
            assert!(all.contains_key(before), "{name} waits for {before}, which is not there");
        }
        for volume in of["volumes"].as_vec().into_iter().flatten().filter_map(Yaml::as_str) {
            let (volume, _) = volume.split_once(':').expect("VOLUME:FOLDER");
            match volume.strip_prefix("./") {
                Some(file) => drop(deploy(file)),
                None => drop(used.entry(volume.to_owned()).or_default().insert(name)),
            }
        }
        if let Some(dockerfile) = of["build"]["dockerfile"].as_str() {
            let file = dockerfile.strip_prefix("deploy/").expect("it is here");
            assert!(deploy(file).contains("ENTRYPOINT [\"/usr/local/bin/brokerage\"]"), "{name}");
        }
    }
    assert_eq!(used.keys().collect::<Vec<_>>(), volumes.keys().collect::<Vec<_>>());
    let shared: Vec<_> = used.iter().filter(|(_, by)| by.len() > 1).collect();
    assert!(
        shared.len() == 1 && shared[0].0 == "tokens" && shared[0].1.len() == Service::ALL.len(),
        "{shared:?}"
    );
    for (name, run) in &services(&compose) {
        let mounted = texts(&compose["services"][name.as_str()]["volumes"]);
        for volume in
            [format!("{name}:{}", raw(run, "data_dir")[0]), format!("tokens:{}", raw(run, "token_keys")[0])]
        {
            assert!(mounted.contains(&volume), "{name}: {mounted:?}");
        }
    }
}

#[test]
#[should_panic(expected = "BROKERAGE_DATABSE is no variable")]
fn a_variable_that_the_program_does_not_know_is_found() {
    let text = "command: [run]\nenvironment:\n  BROKERAGE_DATABSE: x\n";
    parsed("misspelt", &YamlLoader::load_from_str(text).expect("YAML")[0]);
}

#[test]
#[should_panic(expected = "--lisen")]
fn a_flag_that_the_program_does_not_know_is_found() {
    parsed("misspelt", &YamlLoader::load_from_str("command: [run, --lisen=0.0.0.0:1]").expect("YAML")[0]);
}
