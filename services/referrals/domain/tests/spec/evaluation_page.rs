//! The page of the evaluation is what the rules say.

use care::CodeSet;
use care::code_sets::{CRITERION, DEPARTURE, IMPACT, MITIGATION, SIBLING_SPLIT};
use care::published::default_weights;
use referrals_domain::{GATE, SCORE_MAX};
use std::fmt::Write;

fn codes(page: &mut String, heading: &str, set: CodeSet) {
    write!(page, "\n## {heading}\n\n").unwrap();
    for code in set.codes {
        writeln!(page, "- `{}`: {}", code.code, code.label).unwrap();
    }
}

fn page() -> String {
    let mut page = String::from(
        "# Evaluation: how offers are judged\n\nGenerated from `services/referrals/domain/src/gate.rs` and `crates/care/src/codes/evaluation.rs`; \
         `UPDATE_DOCS=1 cargo test -p referrals-domain --test spec evaluation_page` writes it anew.\n\nA council judges offers with \
         `EvaluateOffer`: first by the gate, then by scores. `ListEvaluations` gives the order of merit, with who scored and why. An award of \
         another offer than the first says why (`DEPARTURE_REASON_MISSING`), and where it stood is evidence in the award. An offer that was \
         evaluated and did not pass the gate is not awarded (`EVALUATION_GATE_FAILED`). Without any evaluation an award is made as it was, unless the council's \
         policy sets `evaluation_required`: then an offer is evaluated before it is taken, and so are all that could be taken when judging began (`EVALUATION_MISSING`), for external awards but those of urgency EMERGENCY. \
         The same place offered again stays under the last evaluation until it has its own, and an offer that a gate of the cascade policy refused is in no order, and no award goes against it.\n\n\
         ## When judging begins\n\nJudging begins with the first score. With it two things are settled for that version of the referral, and recorded in \
         the evaluation (`began_with`, `weights`); `ListEvaluations` shows them as `judging`. By what offers are judged: it stays the same when a provider takes \
         its offer back, or another comes. And which offers are judged together: those that could be taken then. An offer that comes later, or anew, keeps no award \
         waiting; the council may evaluate it, and then it stands in the order with the others. So a council waits for answers before it scores, until the \
         windows of its releases have passed if it likes, and nobody puts an award off by offering again. Where none of those can be taken any more, the next evaluation \
         begins judging anew, whether or not it passes the gate, with those that can be taken then and by the same weights. An amended referral is judged from the start.\n\n## The gate\n",
    );
    for rule in GATE {
        write!(page, "\n### {}\n\n- **Asks:** {}\n- **Source:** {}\n", rule.check, rule.asks, rule.source)
            .unwrap();
    }
    let weights: Vec<String> =
        default_weights().iter().map(|(criterion, weight)| format!("{criterion} {weight}")).collect();
    write!(
        page,
        "\n## The scores\n\nPeople score each criterion of quality from 0 to {SCORE_MAX}. The price is scored by rule: the lowest weekly price of \
         those in the order has full marks, and so has what costs less; another has the share of them that the lowest is of it. What costs nothing or is \
         the council's own is not the lowest where others are. Each \
         score in basis points of full marks, times what its criterion counts, sums to the weighted score; all of it is whole and rounded \
         down. Offers with the same score share a rank, and the next has the rank that it had if they did not (1, 1, 3). The order holds what \
         can be taken now: what expires or is taken back leaves it, and the others move up.\n\nA framework's lead sets what criteria count \
         (`SetEvaluationWeights`), from a day after the one on which it is told, since bidders are told before they bid (Public Contracts Regulations 2015, \
         regulation 67; Procurement Act 2023, section 23). All offers of a referral are judged by one set of weights: where those that can be taken when judging begins are of one \
         framework, beside other routes, by what it counted on the day on which the referral was \
         last changed. For none or several frameworks, and where the one has set nothing, the default is East Riding's evaluation, in which skills \
         count 10 of 15 and the fee 5: {} basis points.\n",
        weights.join(" and ")
    )
    .unwrap();
    codes(&mut page, "Criteria", CRITERION);
    codes(&mut page, "Mitigations", MITIGATION);
    codes(&mut page, "Impact on those who live there", IMPACT);
    codes(&mut page, "Why an award departs from the first", DEPARTURE);
    codes(&mut page, "Why siblings part", SIBLING_SPLIT);
    page
}

#[test]
fn the_committed_page_is_what_the_rules_say() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/evaluation.md");
    let rules = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &rules).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == rules,
        "docs/evaluation.md is not current: run this test with UPDATE_DOCS=1 and commit it"
    );
}

/// The words of the rules name the codes that there are.
#[test]
fn the_codes_of_the_rules_are_those_of_their_sets() {
    assert!(GATE.iter().any(|rule| IMPACT.codes.iter().any(|code| code.code == rule.check)));
    assert!(default_weights().keys().all(|criterion| CRITERION.label(criterion).is_some()));
    assert_eq!(default_weights().values().sum::<u32>(), 10_000);
}
