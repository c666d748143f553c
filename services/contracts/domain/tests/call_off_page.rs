//! The pages of the call-off's rules and of the frameworks' clocks are what the program says.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use contracts_domain::frameworks::{CLOCKS, REGIME_RULES, Regime};
use contracts_domain::{CALL_OFF_RULES, ForRoutes, JudgedBy};
use std::fmt::Write;

fn call_off_page() -> String {
    let mut page = String::from(
        "# Call-offs: what is judged of an award\n\nGenerated from `services/contracts/domain/src/call_off_rules.rs`; `UPDATE_DOCS=1 cargo test -p \
         contracts-domain --test call_off_page` writes it anew.\n\nAn award is judged on the day on which the market gives the place, and what each check \
         found is evidence in `AgreementIssued` or `AgreementRefused`. The name of a check is the reason with which it refuses. `CheckCallOff` judges by \
         the same checks beforehand; those of the market and of the two halves of an award are judged with the claim alone. A check that hangs on one \
         that failed is left out, and a council that is no member is told no prices.\n",
    );
    for rule in CALL_OFF_RULES {
        let by = match rule.by {
            JudgedBy::CallOff => "contracts, and `CheckCallOff` beforehand",
            JudgedBy::Agreement => "contracts, when both halves of the award are known",
            JudgedBy::Award => {
                "contracts, on what proposal and claim show, and `CheckCallOff` beforehand as far as the question tells it"
            }
            JudgedBy::Market => "the market, with the claim: without it there is no agreement",
        };
        let routes = match rule.routes {
            ForRoutes::All => "every purchase",
            ForRoutes::Framework => "call-offs from a framework",
            ForRoutes::FrameworkAndSpot => "call-offs from a framework, and spot purchases",
            ForRoutes::Spot => "spot purchases",
        };
        write!(
            page,
            "\n## {}\n\n- **Asks:** {}\n- **For:** {routes}\n- **Judged by:** {by}\n- **Source:** {}\n- **What to do:** {}\n",
            rule.check, rule.asks, rule.source, rule.remedy
        )
        .unwrap();
    }
    page
}

fn law(regime: Regime) -> &'static str {
    match regime {
        Regime::Pcr2015 => "Public Contracts Regulations 2015",
        Regime::ProcurementAct2023 => "Procurement Act 2023",
    }
}

fn clocks_page() -> String {
    let mut page = String::from(
        "# Frameworks: the clocks and rules of procurement\n\nGenerated from `services/contracts/domain/src/frameworks/clocks.rs`; `UPDATE_DOCS=1 cargo test -p \
         contracts-domain --test call_off_page` writes it anew.\n\nA framework keeps the law that it was procured under. `GetFrameworkClocks` gives the dates \
         that follow for one framework, from what was told of it; nothing records that a thing was done. This page is no legal advice: the sources say \
         what holds.\n\n## Clocks\n",
    );
    for clock in CLOCKS {
        let laws: Vec<&str> = clock.regimes.iter().copied().map(law).collect();
        write!(
            page,
            "\n### {}\n\n- **Under:** {}\n- **Runs:** {}\n- **What to do:** {}\n- **Source:** {}\n",
            clock.kind,
            laws.join("; "),
            clock.runs,
            clock.asks,
            clock.source
        )
        .unwrap();
    }
    page.push_str("\n## Rules without a date\n\n| About | Under | Says | Source |\n|---|---|---|---|\n");
    for rule in REGIME_RULES {
        let (about, under) = (rule.rule, law(rule.regime));
        writeln!(page, "| {about} | {under} | {} | {} |", rule.says, rule.source).unwrap();
    }
    page
}

fn held_against(name: &str, page: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs").join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, page).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == page, "docs/{name} is not current: run this test with UPDATE_DOCS=1 and commit it");
}

#[test]
fn the_committed_pages_are_what_the_rules_say() {
    held_against("call-off-rules.md", &call_off_page());
    held_against("framework-clocks.md", &clocks_page());
}

#[test]
fn every_rule_says_all_that_it_is_to_say() {
    for rule in CALL_OFF_RULES {
        for text in [rule.check, rule.asks, rule.source, rule.remedy] {
            assert!(!text.is_empty() && !text.contains("  "), "{rule:?}");
        }
    }
}
