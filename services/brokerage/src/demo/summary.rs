//! The results as a person reads them.

use super::results::{LedgerResult, Measured, Results};
use care::{Pence, code_sets};
use comfy_table::{Cell, CellAlignment, Table, presets};
use std::fmt::Write as _;

/// The summary, some fifty lines.
pub(crate) fn render(results: &Results) -> String {
    let mut text = String::new();
    let mut line = |content: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{content}");
    };
    line(format!("\nA simulated region, {} to {}: every child and every price is invented.\n", results.from, results.until));
    line(format!(
        "The market   {} councils, {} providers, {} establishments with {} registered places ({}),",
        results.councils, results.providers, results.establishments, thousands(results.places_registered), results.register
    ));
    line(format!("             of which {} were free and advertised.\n", results.places_advertised));
    line(format!(
        "Asked        {} referrals were posted. Providers made {} offers and declined {} times:",
        results.referrals_posted, results.offers, results.declines
    ));
    line(format!("             {}.\n", reasons(&results.declines_by_reason, |code| code_sets::DECLINE.label(code))));
    line(format!(
        "Found        {} homes: {} through a framework, {} in-house, {} by spot purchase.",
        results.awards_confirmed, results.bought.framework, results.bought.in_house, results.bought.spot
    ));
    line(format!(
        "             {} emergencies were approved afterwards. {} referrals were withdrawn and their identities erased; {} still seek a home.\n",
        results.awards_approved_afterwards, results.referrals_withdrawn, results.referrals_open
    ));
    line(format!("Refused      {} awards: {}.", results.awards_refused, reasons(&results.awards_refused_by_reason, refusal)));
    line(format!(
        "             In {} races, {} councils went for one last place each time together: each place was awarded once.\n",
        results.races, results.racers
    ));
    line(format!(
        "Lived        {} children arrived and {} moved on, {} of them told late. {} identities were revealed, each to the one provider that the child came to.\n",
        results.placements_started, results.placements_ended, results.placements_ended_told_late, results.identities_revealed
    ));
    line("Where, beside what the strategies print of their own placements (other years, other definitions: a comparison, not a target)".to_owned());
    line(measures(&results.measures).to_string());
    line(format!(
        "\nMoney        {} nights billed in {} invoices: {}. Each council's ledger stands alone.",
        thousands(u64::try_from(results.nights_billed).unwrap_or(0)), results.invoices, Pence(results.invoiced_pence)
    ));
    line(ledgers(&results.ledgers).to_string());
    let verdict = if results.audit.verified { "verified" } else { "NOT VERIFIED" };
    line(format!(
        "\nThe log      {verdict}: {} events in {} logs, every one re-read and hashed against its Merkle tree.",
        thousands(results.audit.events), results.audit.logs
    ));
    for finding in &results.audit.findings {
        line(format!("             {finding}"));
    }
    line(format!("             Seed {}; {} ms.\n", results.seed, results.duration_ms));
    for attribution in geography::ATTRIBUTION {
        line(attribution.to_owned());
    }
    text
}

fn refusal(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "PLACE_TAKEN" => "the place was taken by another council",
        "ESTABLISHMENT_FULL" => "the establishment was full",
        "SOLO_OCCUPIED" => "a child who must live alone was or would be there",
        "PRICE_ABOVE_CEILING" => "the price was above the framework's ceiling",
        "PRICE_ABOVE_SCHEDULE" => "the price was above the provider's own schedule",
        "PROVIDER_SUSPENDED" => "the provider was suspended",
        "GRADE_BELOW_GATE" => "Ofsted's grade was below the framework's gate",
        "REGISTRATION_NOT_ACTIVE" => "the registration was not active",
        "AGE_OUT_OF_RANGE" => "the child was outside the registered ages",
        _ => return None,
    })
}

fn reasons(counts: &std::collections::BTreeMap<String, u64>, label: impl Fn(&str) -> Option<&'static str>) -> String {
    if counts.is_empty() {
        return "none".to_owned();
    }
    let mut sorted: Vec<_> = counts.iter().collect();
    sorted.sort_by_key(|(reason, count)| (std::cmp::Reverse(**count), reason.to_owned()));
    let rest: u64 = sorted.iter().skip(5).map(|(_, count)| **count).sum();
    let named = sorted.iter().take(5).map(|(reason, count)| {
        let words = label(reason).map_or_else(|| (*reason).clone(), str::to_lowercase);
        format!("{count} {words}")
    });
    let others = (rest > 0).then(|| format!("{rest} for other reasons"));
    named.chain(others).collect::<Vec<_>>().join("; ")
}

fn table(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY).set_header(headings.iter().copied());
    table
}

fn right(text: impl ToString) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

fn measures(measures: &[Measured]) -> Table {
    let mut table = table(&["This market", "", "The strategies and statistics"]);
    for measured in measures {
        let value = match measured.unit {
            "per mille" => format!("{}.{}%", measured.value / 10, measured.value % 10),
            _ => Pence(measured.value).to_string(),
        };
        let printed: Vec<String> = measured.printed.iter().map(|printed| format!("{}: {}", printed.name, printed.value)).collect();
        table.add_row(vec![Cell::new(&measured.measure), right(value), Cell::new(printed.join("\n"))]);
    }
    table
}

fn ledgers(ledgers: &[LedgerResult]) -> Table {
    let mut table = table(&["Council", "Asked", "Placed", "Nights", "Invoiced", "Now, a week", "Debits", "Credits", ""]);
    for ledger in ledgers {
        table.add_row(vec![
            Cell::new(ledger.name),
            right(ledger.referrals),
            right(ledger.placed),
            right(ledger.nights_billed),
            right(Pence(ledger.invoiced_pence)),
            right(Pence(ledger.weekly_commitment_pence)),
            right(Pence(ledger.debits_pence)),
            right(Pence(ledger.credits_pence)),
            Cell::new(if ledger.balanced { "balanced" } else { "OUT OF BALANCE" }),
        ]);
    }
    table
}

fn thousands(number: u64) -> String {
    let pounds = Pence(i64::try_from(number).unwrap_or(i64::MAX / 100).saturating_mul(100)).to_string();
    pounds.trim_start_matches('£').trim_end_matches(".00").to_owned()
}
