//! The shape of the code that no compiler keeps: who may depend on whom, and what a domain may know.
//!
//! The rules are in `rules`, each shown to bite in `planted`; here they judge this workspace.

mod planted;
mod rules;
mod workspace;

#[track_caller]
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn dependencies_follow_the_design() {
    let members = workspace::members();
    let domains = members.iter().filter(|member| member.folder.ends_with("/domain"));
    assert_eq!(domains.clone().count(), 5, "a rule that sees no domain crate judges nothing");
    for domain in
        domains.filter(|domain| domain.dependencies.iter().any(|dependency| dependency.name == "care"))
    {
        assert!(domain.compiled_in.contains("serde"), "{}: what is compiled in must be seen", domain.name);
    }
    let rules = [
        rules::services_are_strangers,
        rules::domains_are_pure,
        rules::one_crate_names_each_store,
        rules::foundations_stand_alone,
        rules::manifests_inherit,
    ];
    none(&rules.map(|rule| rule(&members)).concat());
}

#[test]
fn planted_defects_are_in_tests_alone() {
    assert!(
        !rules::no_defects_are_planted(&workspace::features("system-tests", true)).is_empty(),
        "a rule that does not see them where they are judges nothing"
    );
    none(&rules::no_defects_are_planted(&workspace::features("brokerage", false)));
}

#[test]
fn sources_are_short_and_whole_and_domains_ask_nobody() {
    let sources = workspace::sources();
    assert!(
        sources.iter().any(|source| source.path == "tests/tests/architecture/main.rs"),
        "it sees its own file"
    );
    none(&[rules::sources_are_whole(&sources), rules::domains_ask_nobody(&sources)].concat());
}

#[test]
fn the_top_level_holds_only_what_the_design_names() {
    let folders = workspace::top_level_folders();
    assert!(folders.iter().any(|name| name == "services"), "{folders:?}");
    none(&rules::top_level_is_short(&folders));
}
