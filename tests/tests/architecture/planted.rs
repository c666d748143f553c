//! Each rule is shown a workspace that keeps it and one that breaks it.

use crate::rules;
use crate::workspace::{Dependency, Member, Source};

const MANIFEST: &str =
    "[package]\nname = \"x\"\n\n[lints]\nworkspace = true\n\n[dependencies]\nserde.workspace = true\n";

fn member(name: &str, folder: &str, dependencies: &[Dependency]) -> Member {
    let compiled_in = dependencies.iter().map(|dependency| dependency.name.clone()).collect();
    let (name, folder) = (name.into(), folder.into());
    Member { name, folder, dependencies: dependencies.to_vec(), manifest: MANIFEST.into(), compiled_in }
}

fn ours(name: &str) -> Dependency {
    Dependency::new(name, None, true)
}

fn external(name: &str) -> Dependency {
    Dependency::new(name, None, false)
}

fn for_tests(name: &str) -> Dependency {
    Dependency::new(name, Some("dev"), false)
}

/// A small workspace in order, with one crate put in the place of its namesake or added.
fn with(planted: Member) -> Vec<Member> {
    let mut members = vec![
        member("care", "crates/care", &[external("serde")]),
        member("geography", "crates/geography", &[]),
        member("merkle-log", "crates/merkle-log", &[]),
        member("sealing", "crates/sealing", &[]),
        member("eventlog", "crates/eventlog", &[ours("care"), external("rusqlite"), external("tokio")]),
        member("exchange", "crates/exchange", &[ours("eventlog"), external("rdkafka")]),
        member("referrals-domain", "services/referrals/domain", &[ours("care"), for_tests("proptest")]),
        member(
            "referrals",
            "services/referrals",
            &[ours("referrals-domain"), ours("exchange"), external("tonic")],
        ),
        member("vacancies-domain", "services/vacancies/domain", &[ours("care"), external("serde")]),
        member("vacancies", "services/vacancies", &[ours("vacancies-domain")]),
        member(
            "brokerage",
            "services/brokerage",
            &[ours("referrals"), ours("vacancies"), ours("vacancies-domain")],
        ),
        member("system-tests", "tests", &[ours("brokerage"), ours("referrals-domain")]),
        member("simulation", "tests/simulation", &[ours("referrals-domain"), ours("vacancies-domain")]),
    ];
    members.retain(|member| member.name != planted.name);
    members.push(planted);
    members
}

fn in_order() -> Vec<Member> {
    with(member("service-kit", "crates/service-kit", &[ours("care"), ours("eventlog")]))
}

/// Asserts that exactly one fault is found and that it names all of `words`.
#[track_caller]
fn one_fault(faults: &[String], words: &[&str]) {
    assert!(faults.len() == 1 && words.iter().all(|word| faults[0].contains(word)), "{faults:?}");
}

#[test]
fn a_workspace_in_order_has_no_faults() {
    let members = in_order();
    for rule in [
        rules::services_are_strangers,
        rules::domains_are_pure,
        rules::one_crate_names_each_store,
        rules::foundations_stand_alone,
        rules::manifests_inherit,
    ] {
        assert_eq!(rule(&members), Vec::<String>::new());
    }
}

#[test]
fn a_service_that_depends_on_another_is_found() {
    let planted = member("vacancies", "services/vacancies", &[ours("referrals")]);
    one_fault(&rules::services_are_strangers(&with(planted)), &["vacancies depends on referrals"]);
    let planted = member("vacancies", "services/vacancies", &[ours("referrals-domain")]);
    one_fault(&rules::services_are_strangers(&with(planted)), &["referrals-domain"]);
    let for_tests = Dependency::new("brokerage", Some("dev"), true);
    let planted = member("vacancies-domain", "services/vacancies/domain", &[for_tests]);
    one_fault(&rules::services_are_strangers(&with(planted)), &["vacancies-domain depends on brokerage"]);
    let planted = member("engine", "crates/engine", &[ours("vacancies-domain")]);
    one_fault(&rules::services_are_strangers(&with(planted)), &["engine depends on vacancies-domain"]);
}

#[test]
fn a_domain_that_could_wait_store_or_talk_is_found() {
    let domain =
        |dependencies: &[Dependency]| with(member("audit-domain", "services/audit/domain", dependencies));
    one_fault(
        &rules::domains_are_pure(&domain(&[ours("merkle-log")])),
        &["audit-domain depends on merkle-log"],
    );
    one_fault(&rules::domains_are_pure(&domain(&[external("chrono")])), &["chrono"]);
    one_fault(&rules::domains_are_pure(&domain(&[external("proptest")])), &["proptest"]);
    assert_eq!(rules::domains_are_pure(&domain(&[external("tokio")])).len(), 2, "named, and compiled in");
    let mut through_care = member("audit-domain", "services/audit/domain", &[ours("care")]);
    through_care.compiled_in.insert("tokio".into());
    one_fault(&rules::domains_are_pure(&with(through_care)), &["tokio is compiled into audit-domain"]);
}

#[test]
fn a_domain_that_asks_the_clock_is_found() {
    let source = |path: &str, text: &str| [Source { path: path.into(), text: text.into() }];
    let clock = "fn decide() {\n    let at = Timestamp::now();\n}\n";
    let path = "services/audit/domain/src/decide.rs";
    one_fault(&rules::domains_ask_nobody(&source(path, clock)), &["decide.rs:2", "::now()"]);
    one_fault(&rules::domains_ask_nobody(&source(path, "let id = Uuid::now_v7();")), &["now_v7"]);
    assert!(rules::domains_ask_nobody(&source("services/audit/src/grpc.rs", clock)).is_empty());
    assert!(rules::domains_ask_nobody(&source("services/audit/domain/tests/decide.rs", clock)).is_empty());
}

#[test]
fn a_second_crate_that_names_a_store_is_found() {
    let planted = member("engine", "crates/engine", &[external("rusqlite")]);
    one_fault(
        &rules::one_crate_names_each_store(&with(planted)),
        &["engine depends on rusqlite", "eventlog"],
    );
    let planted = member("system-tests", "tests", &[for_tests("tokio-postgres")]);
    one_fault(&rules::one_crate_names_each_store(&with(planted)), &["system-tests", "tokio-postgres"]);
    let planted = member("eventlog", "crates/eventlog", &[external("sqlx"), external("rdkafka")]);
    one_fault(
        &rules::one_crate_names_each_store(&with(planted)),
        &["eventlog depends on rdkafka", "exchange"],
    );
}

#[test]
fn a_foundation_that_rests_on_another_crate_is_found() {
    let planted = member("sealing", "crates/sealing", &[ours("care")]);
    one_fault(&rules::foundations_stand_alone(&with(planted)), &["sealing depends on care"]);
    let itself = member("sealing", "crates/sealing", &[ours("sealing")]);
    assert!(rules::foundations_stand_alone(&with(itself)).is_empty());
    let renamed: Vec<_> = in_order().into_iter().filter(|member| member.name != "care").collect();
    one_fault(&rules::foundations_stand_alone(&renamed), &["care is not in the workspace"]);
}

#[test]
fn a_manifest_that_sets_lints_or_versions_itself_is_found() {
    let manifest = |text: &str| {
        let mut planted = member("engine", "crates/engine", &[]);
        planted.manifest = text.into();
        with(planted)
    };
    let lints = "[lints]\nworkspace = true\n";
    for (own, line) in [
        ("[dependencies]\nhex = \"0.4\"\n", 4),
        ("[dev-dependencies]\nhex = { version = \"0.4\", features = [] }\n", 4),
        ("[build-dependencies.hex]\nversion = \"0.4\"\n", 4),
        ("[target.'cfg(unix)'.dependencies]\nhex = \"0.4\"\n", 4),
    ] {
        let faults = rules::manifests_inherit(&manifest(&format!("{lints}{own}")));
        one_fault(&faults, &[&format!("crates/engine/Cargo.toml:{line}")]);
    }
    let inherited = "[dependencies]\nhex = { workspace = true, features = [\"conversion\"] }\nx = { path = \".\" }\n[features]\na = [\"b\"]\n";
    assert!(rules::manifests_inherit(&manifest(&format!("{lints}{inherited}"))).is_empty());
    one_fault(&rules::manifests_inherit(&manifest("[lints.clippy]\nall = \"allow\"\n")), &["no `[lints]"]);
}

#[test]
fn a_defect_in_a_normal_build_is_found() {
    let features = "brokerage v0.1.0\neventlog feature \"planted-defects\"\neventlog feature \"default\"\n";
    one_fault(&rules::no_defects_are_planted(features), &["planted-defects"]);
    assert!(rules::no_defects_are_planted("eventlog feature \"default\"\n").is_empty());
}

#[test]
fn a_stray_folder_at_the_top_is_found() {
    let folders = ["crates", "proto", "services", "deploy", "tests", ".ci", "tools"].map(String::from);
    one_fault(&rules::top_level_is_short(&folders), &["tools/"]);
}

#[test]
fn a_file_too_long_or_half_built_is_found() {
    let source = |text: String| [Source { path: "crates/x/src/lib.rs".into(), text }];
    assert!(rules::sources_are_whole(&source("x\n".repeat(700))).is_empty());
    one_fault(&rules::sources_are_whole(&source("x\n".repeat(701))), &["701 lines"]);
    let half_built = format!("fn f() {{\n    {}()\n}}\n", concat!("to", "do!"));
    one_fault(&rules::sources_are_whole(&source(half_built)), &["lib.rs:2"]);
}
