//! The results as a person reads them.

use super::results::{LedgerResult, Measured, Results};
use care::{Pence, code_sets};
use comfy_table::{Cell, CellAlignment, Table, presets};
use std::fmt::Display;

/// How wide the paragraphs are, in characters.
const WIDTH: usize = 110;
/// How far their text is indented; the headings stand before it.
const INDENT: usize = 10;

/// The summary, some seventy lines.
pub(crate) fn render(results: &Results) -> String {
    let mut text = format!(
        "\nA simulated region, {} to {}: every child and every price is invented.\n\n",
        results.from, results.until
    );
    text += &paragraph("Market", &market(results));
    text += &paragraph("Asked", &asked(results));
    text += &paragraph("Found", &found(results));
    text += &paragraph("Replayed", &replayed(results));
    text += &paragraph("Refused", &refused(results));
    text += &paragraph("Lived", &lived(results));
    text += &paragraph(
        "Where",
        "Beside what the strategies print of their own placements: other years and definitions, a comparison and not a target.",
    );
    text += &format!("{}\n\n", measures(&results.measures));
    text += &paragraph("Prices", &prices(results));
    text += &paragraph("Money", &money(results));
    text += &format!("{}\n\n", ledgers(&results.ledgers));
    text += &paragraph("The log", &log(results));
    text += &geography::ATTRIBUTION.join("\n");
    text
}

/// A heading and its text, wrapped beside it.
fn paragraph(heading: &str, content: &str) -> String {
    let mut lines = vec![format!("{heading:INDENT$}")];
    for word in content.split_whitespace() {
        let full = lines.last().is_some_and(|line| line.chars().count() + word.chars().count() >= WIDTH);
        if full {
            lines.push(" ".repeat(INDENT));
        }
        if let Some(line) = lines.last_mut() {
            if !line.ends_with(' ') {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n") + "\n\n"
}

fn market(results: &Results) -> String {
    format!(
        "{} councils; {} providers with {} establishments of {} registered places ({}), of which {} were free and advertised.",
        results.councils,
        results.providers,
        results.establishments,
        thousands(results.places_registered),
        results.register,
        results.places_advertised
    )
}

fn asked(results: &Results) -> String {
    format!(
        "{} referrals were posted. Providers made {} offers and declined {} times: {}. {} of those who offered were shortlisted and read the \
         rest of the referral; {} answered.",
        results.referrals_posted,
        thousands(results.offers),
        thousands(results.declines),
        reasons(&results.declines_by_reason, |code| code_sets::DECLINE.label(code)),
        results.shortlisted,
        counted(results.questions_answered, "question was asked and", "questions were asked and")
    )
}

fn found(results: &Results) -> String {
    format!(
        "{}: {} through a framework, {} in-house, {} by spot purchase. {} approved afterwards. \
         {}; {} a home.",
        counted(results.awards_confirmed, "home", "homes"),
        results.bought.framework,
        results.bought.in_house,
        results.bought.spot,
        counted(results.awards_approved_afterwards, "emergency was", "emergencies were"),
        counted(
            results.referrals_withdrawn,
            "referral was withdrawn and its identity erased",
            "referrals were withdrawn and their identities erased"
        ),
        counted(results.referrals_open, "still seeks", "still seek")
    )
}

fn replayed(results: &Results) -> String {
    let verdict = if results.searches == results.searches_replayed_equal {
        "every ranking came out the same, byte for byte".to_owned()
    } else {
        format!("ONLY {} RANKINGS CAME OUT THE SAME", thousands(results.searches_replayed_equal))
    };
    format!(
        "{} searches were recorded. Each was made again over the market as it was then, and judged every place again: {verdict}.",
        thousands(results.searches)
    )
}

fn refused(results: &Results) -> String {
    format!(
        "{}: {}. In {}, {} in all awarded the same last place at the same moment: each place went once.",
        counted(results.awards_refused, "award", "awards"),
        reasons(&results.awards_refused_by_reason, refusal),
        counted(results.races, "race", "races"),
        counted(results.racers, "council", "councils")
    )
}

fn lived(results: &Results) -> String {
    format!(
        "{} arrived and {} moved on, {} of them told late. {} revealed, each to the one provider \
         that the child came to, and each an event.",
        counted(results.placements_started, "child", "children"),
        results.placements_ended,
        results.placements_ended_told_late,
        counted(results.identities_revealed, "identity was", "identities were")
    )
}

fn prices(results: &Results) -> String {
    let printed = results.leans_on.iter().filter(|printed| printed.value.ends_with("a week"));
    let printed: Vec<String> = printed.map(|printed| format!("{} {}", printed.name, printed.value)).collect();
    format!(
        "Simulated, around what Darlington prints for 2024-25, the only weekly costs in the five strategies: {}.",
        printed.join("; ")
    )
}

fn money(results: &Results) -> String {
    format!(
        "{} nights billed in {} invoices: {}. Each council's ledger stands alone.",
        thousands(u64::try_from(results.nights_billed).unwrap_or(0)),
        results.invoices,
        Pence(results.invoiced_pence)
    )
}

fn log(results: &Results) -> String {
    let verdict = if results.audit.verified { "Verified" } else { "NOT VERIFIED" };
    format!(
        "{verdict}: {} events in {} logs, every one read again and hashed against its Merkle tree. {} Seed {}; {} ms.",
        thousands(results.audit.events),
        results.audit.logs,
        results.audit.findings.join(" "),
        results.seed,
        results.duration_ms
    )
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

fn reasons(
    counts: &std::collections::BTreeMap<String, u64>,
    label: impl Fn(&str) -> Option<&'static str>,
) -> String {
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
        let printed: Vec<String> =
            measured.printed.iter().map(|printed| format!("{}: {}", printed.name, printed.value)).collect();
        table.add_row(vec![Cell::new(&measured.measure), right(value), Cell::new(printed.join("\n"))]);
    }
    table
}

fn ledgers(ledgers: &[LedgerResult]) -> Table {
    let mut table =
        table(&["Council", "Asked", "Placed", "Nights", "Invoiced", "Now, a week", "Debits", "Credits", ""]);
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

/// A number of things, of which one is named otherwise than several.
fn counted<T: Display + PartialEq + From<u8>>(number: T, one: &str, several: &str) -> String {
    let words = if number == T::from(1) { one } else { several };
    format!("{number} {words}")
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_race_is_not_several() {
        let races: Vec<String> = [0_u64, 1, 2].map(|number| counted(number, "race", "races")).into();
        assert_eq!(races, ["0 races", "1 race", "2 races"]);
    }
}
