//! The rules. Each takes what it judges and gives one line per fault, so that it can be shown a planted one.

use crate::workspace::{Member, Source};

/// What a domain crate may use besides `care`: values, their encoding, and the making of error types.
const DOMAIN_MAY_USE: [&str; 5] = ["jiff", "serde", "serde_json", "thiserror", "uuid"];
/// What its tests may use as well.
const DOMAIN_TESTS_MAY_USE: [&str; 1] = ["proptest"];
/// What must not even come in through another crate: whatever waits, stores or talks.
const NEVER_IN_A_DOMAIN: [&str; 16] = [
    "async-trait",
    "futures-core",
    "h2",
    "http",
    "hyper",
    "libsqlite3-sys",
    "mio",
    "prost",
    "rdkafka",
    "rusqlite",
    "socket2",
    "sqlx",
    "tokio",
    "tokio-postgres",
    "tonic",
    "tower",
];
/// What a domain's source must not name: clocks, chance, files, network, environment. A call through `care` is not seen.
const OUTSIDE_WORLD: [&str; 11] = [
    "::now()",
    "::now_v7",
    "::now_v1",
    "::new_v4",
    "rand::",
    "getrandom",
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "std::process",
];
const BROKERS: [&str; 5] = ["kafka", "rdkafka", "rdkafka-sys", "rskafka", "samsa"];
const DATABASES: [&str; 13] = [
    "deadpool-postgres",
    "diesel",
    "heed",
    "libsqlite3-sys",
    "postgres",
    "redb",
    "rocksdb",
    "rusqlite",
    "sea-orm",
    "sled",
    "sqlite",
    "sqlx",
    "tokio-postgres",
];
/// Crates that others build on and that know none of them.
const FOUNDATIONS: [&str; 4] = ["care", "geography", "merkle-log", "sealing"];
const TOP_LEVEL: [&str; 6] = ["crates", "deploy", "docs", "proto", "services", "tests"];
/// A file longer than this is several things.
const LINES_MAX: usize = 700;

type Faults = Vec<String>;

/// The service that a crate belongs to, its domain crate included; none for shared crates.
fn service(member: &Member) -> Option<&str> {
    member.folder.strip_prefix("services/").and_then(|rest| rest.split('/').next())
}

fn is_domain(member: &Member) -> bool {
    service(member).is_some() && member.folder.ends_with("/domain")
}

fn named<'a>(members: &'a [Member], name: &str) -> Option<&'a Member> {
    members.iter().find(|member| member.name == name)
}

/// Services know each other's events, through `care`, and nothing else of each other. `brokerage` puts them all in one program.
/// Shared crates know no service at all.
pub(crate) fn services_are_strangers(members: &[Member]) -> Faults {
    let mut faults = Faults::new();
    for member in members.iter().filter(|member| service(member) != Some("brokerage")) {
        for dependency in &member.dependencies {
            let other = named(members, &dependency.name).and_then(service);
            let for_tests = member.folder == "tests" || member.folder.starts_with("tests/");
            let may = other.is_none() || other == service(member) || for_tests;
            if dependency.is_ours() && !may {
                faults.push(format!(
                    "{} depends on {}: what services tell each other are events in `care`",
                    member.name, dependency.name
                ));
            }
        }
    }
    faults
}

/// A domain decides and evolves; it neither waits nor stores nor talks, so Cargo keeps from it what could.
pub(crate) fn domains_are_pure(members: &[Member]) -> Faults {
    let mut faults = Faults::new();
    for member in members.iter().filter(|member| is_domain(member)) {
        for dependency in &member.dependencies {
            let name = dependency.name.as_str();
            let may = if dependency.is_ours() {
                // A crate's tests may ask for a feature of their own, such as planted defects.
                name == "care" || dependency.is_for_tests() && name == member.name
            } else {
                DOMAIN_MAY_USE.contains(&name)
                    || dependency.is_for_tests() && DOMAIN_TESTS_MAY_USE.contains(&name)
            };
            if !may {
                faults.push(format!(
                    "{} depends on {name}: a domain crate uses `care` and {DOMAIN_MAY_USE:?}",
                    member.name
                ));
            }
        }
        let reached = NEVER_IN_A_DOMAIN.iter().filter(|name| member.compiled_in.contains(**name));
        faults.extend(
            reached
                .map(|name| format!("{name} is compiled into {}, through what it depends on", member.name)),
        );
    }
    faults
}

/// Times, ids and chance come in with the command, so that a replay gives the same again.
pub(crate) fn domains_ask_nobody(sources: &[Source]) -> Faults {
    let of_a_domain =
        |source: &&Source| source.path.starts_with("services/") && source.path.contains("/domain/src/");
    let mut faults = Faults::new();
    for source in sources.iter().filter(of_a_domain) {
        for (number, line) in (1..).zip(source.text.lines()) {
            let asks = OUTSIDE_WORLD.iter().filter(|what| line.contains(**what));
            faults.extend(asks.map(|what| format!("{}:{number}: {what} in a domain", source.path)));
        }
    }
    faults
}

/// Only `exchange` names a broker, only `eventlog` a database, tests included, so that each can be replaced in one place.
pub(crate) fn one_crate_names_each_store(members: &[Member]) -> Faults {
    let mut faults = Faults::new();
    for (owner, what, names) in
        [("exchange", "a broker", &BROKERS[..]), ("eventlog", "a database", &DATABASES[..])]
    {
        for member in members.iter().filter(|member| member.name != owner) {
            let here =
                member.dependencies.iter().filter(|dependency| names.contains(&dependency.name.as_str()));
            faults.extend(here.map(|dependency| {
                format!("{} depends on {}: only {owner} names {what}", member.name, dependency.name)
            }));
        }
    }
    faults
}

/// What everything rests on rests on nothing of ours; and it is there.
pub(crate) fn foundations_stand_alone(members: &[Member]) -> Faults {
    let mut faults = Faults::new();
    for name in FOUNDATIONS {
        let Some(member) = named(members, name) else {
            faults.push(format!("{name} is not in the workspace"));
            continue;
        };
        // A crate may name itself, to turn on a feature of its own for its tests.
        let ours =
            member.dependencies.iter().filter(|dependency| dependency.is_ours() && dependency.name != name);
        faults.extend(ours.map(|dependency| format!("{name} depends on {}", dependency.name)));
    }
    faults
}

/// Lints and versions are set once, in the workspace's manifest.
pub(crate) fn manifests_inherit(members: &[Member]) -> Faults {
    let mut faults = Faults::new();
    for member in members {
        let (mut section, mut lints) = ("", false);
        for (number, line) in (1..).zip(member.manifest.lines().map(str::trim)) {
            if let Some(header) = line.strip_prefix('[') {
                section = header.trim_end_matches(']');
            }
            let (key, value) =
                line.split_once('=').map_or((line, ""), |(key, value)| (key.trim(), value.trim()));
            lints |= section == "lints" && key == "workspace" && value == "true";
            let own_version = key == "version" || value.starts_with('"') || value.contains("version =");
            if section.contains("dependencies") && !section.contains("dependencies.") && own_version
                || section.contains("dependencies.") && key == "version"
            {
                faults.push(format!("{}/Cargo.toml:{number}: a version of its own for {key}", member.folder));
            }
        }
        if !lints {
            faults.push(format!("{}/Cargo.toml: no `[lints] workspace = true`", member.folder));
        }
    }
    faults
}

/// Defects that tests plant are in no program that people run, not even switched off. `features` are those of a build.
pub(crate) fn no_defects_are_planted(features: &str) -> Faults {
    let planted = features.lines().filter(|line| line.contains("planted-defects"));
    planted
        .map(|line| format!("{line}: on in a normal build; only dev-dependencies may ask for it"))
        .collect()
}

/// A newcomer sees the whole at a glance.
pub(crate) fn top_level_is_short(folders: &[String]) -> Faults {
    let stray = folders.iter().filter(|name| !name.starts_with('.') && !TOP_LEVEL.contains(&name.as_str()));
    stray.map(|name| format!("{name}/ lies at the top level, where only {TOP_LEVEL:?} do")).collect()
}

/// Files stay short, and nothing half-built is merged, in code that is configured away either, where clippy does not look.
pub(crate) fn sources_are_whole(sources: &[Source]) -> Faults {
    // In two halves, or this file would be at fault.
    let unfinished = [concat!("to", "do!("), concat!("unimple", "mented!(")];
    let mut faults = Faults::new();
    for source in sources {
        let lines = source.text.lines().count();
        if lines > LINES_MAX {
            faults.push(format!("{} has {lines} lines, {LINES_MAX} is the most", source.path));
        }
        for (number, line) in (1..).zip(source.text.lines()) {
            let found = unfinished.iter().filter(|what| line.contains(**what));
            faults.extend(found.map(|what| format!("{}:{number}: {what}", source.path)));
        }
    }
    faults
}
