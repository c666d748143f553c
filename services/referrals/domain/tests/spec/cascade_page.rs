//! The page of the cascade is what the rules and the code sets say.

use care::Event;
use care::code_sets::{CASCADE_OUTCOME, CASCADE_STEP, GATE, GATE_DECISION, WAIVER};
use referrals_domain::{CASCADE_RULES, ReferralEvent};
use std::fmt::Write;

fn page() -> String {
    let mut page = String::from(
        "# The cascade: what is done before a home is bought outside\n\nGenerated from `services/referrals/domain/src/cascade_rules.rs` and the \
         code sets; `UPDATE_DOCS=1 cargo test -p referrals-domain --test spec cascade_page` writes it anew.\n\nEach council has its own policy, \
         with versions (`SetCascadePolicy`): which steps a kind of provision asks for, in order or side by side, who approves, and what is below. \
         `ListInvitations` shows whom a council asked and what came of it; the deadlines are in [`deadlines.md`](deadlines.md).\n",
    );
    let words = |list: &[&str]| {
        let each: Vec<String> = list.iter().map(|word| format!("`{word}`")).collect();
        if each.is_empty() { "none".to_owned() } else { each.join(", ") }
    };
    for rule in CASCADE_RULES {
        write!(
            page,
            "\n## {}\n\n{}\n\n- **Recorded as:** {}\n- **Refused as:** {}\n- **Source:** {}\n",
            rule.title,
            rule.rule,
            words(rule.events),
            words(rule.reasons),
            rule.source
        )
        .unwrap();
    }
    for set in [CASCADE_STEP, CASCADE_OUTCOME, WAIVER, GATE, GATE_DECISION] {
        write!(page, "\n## {}\n\n| code | meaning |\n|---|---|\n", set.name).unwrap();
        for code in set.codes {
            writeln!(page, "| `{}` | {} |", code.code, code.label).unwrap();
        }
    }
    page
}

#[test]
fn the_committed_page_is_what_the_rules_say() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/cascade.md");
    let rules = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &rules).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == rules,
        "docs/cascade.md is not current: run this test with UPDATE_DOCS=1 and commit it"
    );
}

/// The words of the rules are those of the program.
#[test]
fn the_rules_name_events_and_reasons_that_there_are() {
    let reasons = include_str!("../../src/rejection.rs");
    for rule in CASCADE_RULES {
        for event in rule.events {
            assert!(ReferralEvent::types().contains(event), "{}: there is no event {event}", rule.title);
        }
        for reason in rule.reasons {
            assert!(reasons.contains(&format!("=> \"{reason}\"")), "{}: no reason {reason}", rule.title);
        }
    }
}
