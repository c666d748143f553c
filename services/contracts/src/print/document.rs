//! What an agreement says, as headings, facts and tables; how that looks is for HTML and PDF.

use api::contracts as proto;
use care::{CodeSet, CouncilId, Pence, code_sets};
use std::collections::BTreeSet;

/// A document.
pub(super) struct Document {
    /// Its title.
    pub(super) title: String,
    /// What it is about, and for whom: one line.
    pub(super) subtitle: String,
    /// Its parts.
    pub(super) sections: Vec<Section>,
}

/// A part with a heading.
pub(super) struct Section {
    /// The heading.
    pub(super) heading: &'static str,
    /// What stands beneath it.
    pub(super) tables: Vec<Table>,
}

/// A table: of facts with a name each, or of rows beneath column heads.
pub(super) struct Table {
    /// What it is.
    pub(super) caption: String,
    /// The heads of the columns; empty for facts, whose first cell is their name.
    pub(super) heads: Vec<Head>,
    /// The rows, as long as the heads; two cells for facts.
    pub(super) rows: Vec<Vec<String>>,
}

/// The head of a column.
pub(super) struct Head {
    /// Its words.
    pub(super) words: &'static str,
    /// Its part of the width.
    pub(super) weight: u8,
    /// Whether it holds amounts, which stand to the right.
    pub(super) amounts: bool,
}

const fn head(words: &'static str, weight: u8) -> Head {
    Head { words, weight, amounts: false }
}

const fn amount(words: &'static str, weight: u8) -> Head {
    Head { words, weight, amounts: true }
}

/// The words of a code, or the code itself where there are none.
fn label(set: CodeSet, code: &str) -> String {
    set.codes.iter().find(|it| it.code == code).map_or_else(|| code.to_owned(), |it| it.label.to_owned())
}

fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}

fn money(pence: i64) -> String {
    Pence(pence).to_string()
}

fn percent(basis_points: u32) -> String {
    format!("{}.{:02} %", basis_points / 100, basis_points % 100)
}

fn or(text: &str, otherwise: &str) -> String {
    if text.is_empty() { otherwise.to_owned() } else { text.to_owned() }
}

fn council(name: &str) -> String {
    let gss = name.split('/').nth(1).unwrap_or_default();
    gss.parse::<CouncilId>().map_or_else(|_| gss.to_owned(), |council| format!("{} ({gss})", council.name()))
}

fn side(side: i32) -> &'static str {
    match proto::AgreementSide::try_from(side) {
        Ok(proto::AgreementSide::Provider) => "Provider",
        Ok(proto::AgreementSide::Council) => "Council",
        Ok(proto::AgreementSide::Unspecified) | Err(_) => "",
    }
}

/// The document of an agreement with all its terms.
pub(super) fn of(agreement: &proto::Agreement) -> Document {
    let terms = agreement.terms.clone().unwrap_or_default();
    let sections = [
        section("Parties and placement", vec![parties(agreement), placement(agreement, &terms)]),
        section("Price", prices(&terms)),
        section("Who pays", funders(&terms)),
        section("Absences", absences(&terms)),
        section("Outcomes", outcomes(&terms)),
        section("Amendments", amendments(&terms)),
        section("What it was judged on", checks(agreement)),
        section("Signatures", signatures(&terms)),
    ];
    Document {
        title: "Individual placement agreement".to_owned(),
        subtitle: format!("{}, version {} of its terms", agreement.name, terms.version),
        sections: sections.into_iter().filter(|section| !section.tables.is_empty()).collect(),
    }
}

fn section(heading: &'static str, tables: Vec<Table>) -> Section {
    Section { heading, tables: tables.into_iter().filter(|table| !table.rows.is_empty()).collect() }
}

fn facts(caption: &str, facts: Vec<(&str, String)>) -> Table {
    let rows = facts.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    Table { caption: caption.to_owned(), heads: Vec::new(), rows }
}

fn table(caption: &str, heads: Vec<Head>, rows: Vec<Vec<String>>) -> Table {
    Table { caption: caption.to_owned(), heads, rows }
}

fn parties(agreement: &proto::Agreement) -> Table {
    facts(
        "The parties",
        vec![
            ("Council", council(&agreement.name)),
            ("Provider", last(&agreement.provider).to_owned()),
            ("Child, by the referral", last(&agreement.referral).to_owned()),
        ],
    )
}

fn placement(agreement: &proto::Agreement, terms: &proto::AgreementTerms) -> Table {
    use api::common::route::Route;
    let route = agreement.route.as_ref().and_then(|route| route.route.as_ref());
    let bought = match route {
        Some(Route::Framework(called)) => {
            let framework = last(&called.framework);
            format!("Called off from {framework}, lot {}, level {}", called.lot, called.level)
        }
        Some(Route::InHouse(_)) => "In-house, at an internal price".to_owned(),
        Some(Route::Spot(_)) => "Spot purchase off the framework".to_owned(),
        None => "Not told".to_owned(),
    };
    facts(
        "The placement",
        vec![
            ("Establishment (URN)", last(&agreement.establishment).to_owned()),
            ("Place", last(&agreement.place).to_owned()),
            ("Provision", label(code_sets::PROVISION, &agreement.provision)),
            ("Agreed first night", agreement.start.clone()),
            ("Arrived on", or(&agreement.started_on, "Not yet")),
            ("Left on", or(&agreement.ended_on, "The placement has not ended")),
            ("Expected end", or(&terms.expected_end, "None agreed")),
            ("Review on", or(&terms.review_on, "None agreed")),
            ("How it was bought", bought),
            ("Notice of its end", format!("{} days", terms.notice_days)),
        ],
    )
}

/// Every line, and what the week costs from each night on which that turns.
fn prices(terms: &proto::AgreementTerms) -> Vec<Table> {
    let rows = terms.lines.iter().map(|line| {
        vec![
            line.line.to_string(),
            label(code_sets::CHARGE_LINE, &line.kind),
            line.from.clone(),
            or(&line.until, "Open"),
            money(line.weekly_pence),
            line.note.clone(),
        ]
    });
    let heads = vec![
        head("No.", 5),
        head("What for", 24),
        head("First night", 12),
        head("Until, not paid", 14),
        amount("A week", 14),
        head("Note", 31),
    ];
    // Dates in this form are in order as text is.
    let turns: BTreeSet<&str> = terms
        .lines
        .iter()
        .flat_map(|line| [line.from.as_str(), line.until.as_str()])
        .filter(|on| !on.is_empty())
        .collect();
    let weekly = |on: &str| {
        let holds = |line: &&proto::TermLine| {
            line.from.as_str() <= on && (line.until.is_empty() || on < line.until.as_str())
        };
        terms.lines.iter().filter(holds).map(|line| line.weekly_pence).sum::<i64>()
    };
    let weeks = turns.iter().map(|on| vec![(*on).to_owned(), money(weekly(on))]).collect();
    vec![
        table("Lines of the weekly price", heads, rows.collect()),
        table("The whole weekly price", vec![head("From the night of", 50), amount("A week", 50)], weeks),
    ]
}

fn funders(terms: &proto::AgreementTerms) -> Vec<Table> {
    let rows = terms.funders.iter().flat_map(|set| {
        set.funders.iter().map(|share| {
            vec![set.from.clone(), label(code_sets::FUNDER, &share.funder), percent(share.basis_points)]
        })
    });
    let heads = vec![head("From the night of", 30), head("Funder", 40), amount("Share", 30)];
    vec![table("Shares of every charge", heads, rows.collect())]
}

fn absences(terms: &proto::AgreementTerms) -> Vec<Table> {
    let first = terms.absence_rules.iter().map(|rule| ("The first", rule));
    let dated = terms.absence_rules_from.iter();
    let later = dated.flat_map(|it| it.rules.iter().map(|rule| (it.from.as_str(), rule)));
    let rules = first.chain(later).map(|(from, rule)| {
        let never = rule.nothing_after == 0;
        vec![
            from.to_owned(),
            label(code_sets::ABSENCE, &rule.absence),
            rule.full_nights.to_string(),
            percent(rule.core_basis_points),
            percent(rule.other_basis_points),
            if never { "Never".to_owned() } else { rule.nothing_after.to_string() },
        ]
    });
    let heads = vec![
        head("From the night of", 15),
        head("Absence", 25),
        amount("Nights in full", 15),
        amount("Then of the core fee", 15),
        amount("Then of other lines", 15),
        amount("Nothing after nights", 15),
    ];
    let told = terms.absences.iter().map(|absence| {
        vec![
            label(code_sets::ABSENCE, &absence.kind),
            absence.from.clone(),
            or(&absence.until, "Not back yet"),
        ]
    });
    let told_heads = vec![head("Absence", 50), head("First night away", 25), head("Back on", 25)];
    vec![
        table("What is paid while the child is away; all is, where there is no rule", heads, rules.collect()),
        table("Absences so far", told_heads, told.collect()),
    ]
}

fn outcomes(terms: &proto::AgreementTerms) -> Vec<Table> {
    let agreed = terms.outcomes.iter().map(|outcome| {
        vec![
            outcome.measure.clone(),
            outcome.evidence.clone(),
            outcome.held_weeks.to_string(),
            money(outcome.payment_pence),
            money(outcome.cap_pence),
        ]
    });
    let heads = vec![
        head("Measure", 32),
        head("Evidence", 26),
        amount("Weeks to hold", 12),
        amount("Payment", 15),
        amount("At most", 15),
    ];
    let paid = terms.payments.iter().map(|payment| {
        vec![
            payment.outcome.to_string(),
            payment.achieved_on.clone(),
            money(payment.paid_pence),
            payment.refusal.clone(),
        ]
    });
    let paid_heads =
        vec![head("Outcome", 15), head("Achieved on", 20), amount("Paid", 20), head("Why not", 45)];
    vec![
        table("Outcomes that are paid for", heads, agreed.collect()),
        table("Evidence and payments so far", paid_heads, paid.collect()),
    ]
}

fn amendments(terms: &proto::AgreementTerms) -> Vec<Table> {
    let rows = terms.amendments.iter().map(|amendment| {
        let changes = amendment.changes.clone().unwrap_or_default();
        let state = match amendment.state() {
            proto::AmendmentState::Open => "Open",
            proto::AmendmentState::InForce => "In force",
            proto::AmendmentState::Declined => "Declined",
            proto::AmendmentState::Withdrawn => "Withdrawn",
            proto::AmendmentState::Unspecified => "",
        };
        let signed = amendment.signatures.iter().map(|it| format!("{} {}", side(it.side), it.signed_on));
        vec![
            last(&amendment.name).to_owned(),
            changes.from,
            state.to_owned(),
            signed.collect::<Vec<_>>().join(", "),
            changes.reason,
        ]
    });
    let heads =
        vec![head("No.", 6), head("From", 14), head("State", 13), head("Signed", 32), head("Reason", 35)];
    vec![table("Amendments", heads, rows.collect())]
}

fn checks(agreement: &proto::Agreement) -> Vec<Table> {
    let checks = agreement.verdict.iter().flat_map(|verdict| &verdict.checks);
    let rows = checks.map(|check| {
        let passed = if check.passed { "Yes" } else { "No" };
        vec![check.check.clone(), passed.to_owned(), check.found.clone()]
    });
    let heads = vec![head("Check", 38), head("Passed", 10), head("What was found", 52)];
    vec![table("The call-off, with the price version that held", heads, rows.collect())]
}

fn signatures(terms: &proto::AgreementTerms) -> Vec<Table> {
    let signed = |wanted: proto::AgreementSide| {
        let found = terms.signatures.iter().find(|signature| signature.side == i32::from(wanted));
        found.map_or_else(
            || "Unsigned: the agreement is valid by its call-off".to_owned(),
            |signature| format!("{}, on {}", signature.post, signature.signed_on),
        )
    };
    let rows = vec![
        ("For the council", signed(proto::AgreementSide::Council)),
        ("For the provider", signed(proto::AgreementSide::Provider)),
    ];
    vec![facts("Recorded consent to the agreement as it was issued", rows)]
}
