//! The page of the clocks is what the rules say.

use referrals_domain::{
    CLOCKS, CascadePolicy, ClockPolicy, OUTSTANDING_NOTICES_WORKING_DAYS, WORKING_DAYS_AFTER_START,
};
use std::fmt::Write;

fn page() -> String {
    let mut page = String::from(
        "# Deadlines: the clocks of a council\n\nGenerated from `services/referrals/domain/src/clocks.rs`; `UPDATE_DOCS=1 cargo test -p \
         referrals-domain --test spec clocks_page` writes it anew.\n\nA council's deadlines are derived from its own log as of an instant: \
         `ListDeadlines` tells what is to be done, the soonest first, and `WatchDeadlines` what arises, is met and becomes overdue, as it \
         happens. What is done is recorded with `RecordStatutoryStep`, which stops the clock. When the placement or the search ends, so do \
         its clocks, but for those that its end starts; an emergency award still waits for its approval.\n\nA working day is neither a Saturday or Sunday nor Christmas Day, Good \
         Friday or another bank holiday in England and Wales (Care Planning, Placement and Case Review (England) Regulations 2010, regulation 2; `crates/care/src/working_days.rs`). The day \
         from which working days are counted is not counted itself, and the last one is whole.\n\nThere is no weekly review of unregistered \
         placements: unregistered provision can neither be sought nor awarded here. Where a home lies is what the market's register says of \
         its establishment; of a fostering agency that may be its office and not the carers' household.\n",
    );
    for rule in CLOCKS {
        write!(
            page,
            "\n## {}\n\n- **Starts:** {}\n- **Due:** {}\n- **To do:** {}\n- **Stops:** {}\n- **Source:** {}\n- **Constant:** {}.\n",
            rule.kind.as_str(),
            rule.starts,
            rule.due,
            rule.to_do,
            rule.stops,
            rule.source,
            rule.constant
        )
        .unwrap();
    }
    page
}

#[test]
fn the_committed_page_is_what_the_rules_say() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/deadlines.md");
    let rules = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &rules).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == rules,
        "docs/deadlines.md is not current: run this test with UPDATE_DOCS=1 and commit it"
    );
}

/// The numbers in the rules' words are those that the program reads.
#[test]
fn the_constants_are_those_of_the_rules() {
    let clocks = ClockPolicy::default();
    let stands = |kind: &str, text: String| {
        let rule = CLOCKS.iter().find(|rule| rule.kind.as_str() == kind).unwrap();
        assert!(rule.constant.contains(&text), "{kind}: {text} is not in {}", rule.constant);
    };
    for kind in ["PLACEMENT_PLAN", "AREA_AUTHORITY_NOTICE"] {
        stands(kind, format!("{WORKING_DAYS_AFTER_START} working days"));
    }
    stands(
        "RETROSPECTIVE_APPROVAL",
        format!("{} by default", CascadePolicy::default().emergency_approval_hours),
    );
    stands("SENIOR_REVIEW", format!("{} years by default", clocks.senior_review_age_max));
    stands("RELEASE_RESPONSE", format!("emergency_hours`, {} by default", clocks.response_emergency_hours));
    stands("RELEASE_RESPONSE", format!("urgent_hours`, {}", clocks.response_urgent_hours));
    stands("RELEASE_RESPONSE", format!("working_days`, {}", clocks.response_planned_working_days));
    stands("OUTSTANDING_NOTICES", format!("{OUTSTANDING_NOTICES_WORKING_DAYS} working days"));
    stands("DISRUPTION_MEETING", format!("{} by default", clocks.disruption_meeting_working_days));
    for (code, days) in [("T3", "T3 21 days"), ("T4", "T4 7"), ("SHORT_BREAK", "SHORT_BREAK 17")] {
        assert!(days.contains(&care::code_sets::respite_days_max(code).unwrap().to_string()));
        stands("RESPITE_END", days.to_owned());
    }
    assert!(clocks.adjoining.is_empty());
}
