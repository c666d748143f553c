//! Figures in words: values with their units, quarters, reasons, and whose they are.

use api::contracts as proto;
use care::{CouncilId, Date, code_sets};
use contracts_domain::monitoring::{Quarter, Suppressed};
use std::collections::BTreeSet;

/// What stands where a figure is not told.
pub(super) const NOT_TOLD: &str = "c: not told, since fewer than five cases stand behind it or behind something that it would give away (too few cases), with what the \
     reader knows it would tell of few cases of others or of one other council's alone (it would tell of another), or fewer than three councils stand behind a \
     price (too few councils). –: there is nothing to count.";

/// Why a figure is not told, in few words.
fn reason(suppressed: &str) -> Option<&'static str> {
    if suppressed.is_empty() {
        return None;
    }
    let why = Suppressed::ALL.into_iter().find(|why| why.word() == suppressed);
    Some(match why {
        Some(Suppressed::FewCases) => "too few cases",
        Some(Suppressed::TellsAnother) => "it would tell of another",
        Some(Suppressed::FewCouncils) => "too few councils",
        None => "for another reason",
    })
}

/// Why some of these are not told, as a note; none where all are.
pub(super) fn not_told<'p>(points: impl Iterator<Item = &'p Point>) -> Option<String> {
    let reasons: BTreeSet<&str> = points.filter_map(|point| point.suppressed).collect();
    let reasons: Vec<&str> = reasons.into_iter().collect();
    (!reasons.is_empty()).then(|| format!("c: not told, {}", reasons.join(" or ")))
}

/// A figure to be drawn or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    /// The value, if there is one to tell.
    pub(super) value: Option<i64>,
    /// Why it is not told, if it is not.
    pub(super) suppressed: Option<&'static str>,
    unit: proto::MonitoringUnit,
    numerator: Option<i64>,
    denominator: Option<i64>,
}

impl Point {
    pub(super) fn of(row: &proto::MonitoringRow) -> Self {
        Self {
            value: row.value,
            suppressed: reason(&row.suppressed),
            unit: row.unit(),
            numerator: row.numerator,
            denominator: row.denominator,
        }
    }

    /// The value with its unit, or the sign of why there is none.
    pub(super) fn label(&self) -> String {
        match self.value {
            Some(value) => with_unit(value, self.unit),
            None if self.suppressed.is_some() => "c".to_owned(),
            None => "–".to_owned(),
        }
    }

    /// The same for those who hear it read out.
    pub(super) fn in_words(&self) -> String {
        match (self.value, self.suppressed) {
            (Some(value), _) => with_unit(value, self.unit),
            (None, Some(why)) => format!("c (not told: {why})"),
            (None, None) => "– (nothing to count)".to_owned(),
        }
    }

    /// What the value is of, as far as that is told.
    pub(super) fn of_what(&self) -> String {
        match (self.numerator, self.denominator) {
            (Some(numerator), Some(denominator)) => format!("{numerator} of {denominator}"),
            (None, Some(denominator)) => denominator.to_string(),
            _ => String::new(),
        }
    }
}

/// A value as people read it: `66.7%`, `45 min`, `5.2 h`, `3.1 days`, `12 days`.
pub(super) fn with_unit(value: i64, unit: proto::MonitoringUnit) -> String {
    const HOUR: i64 = 60;
    const DAY: i64 = 24 * HOUR;
    match unit {
        proto::MonitoringUnit::BasisPoints => format!("{}%", tenths(value, 100)),
        proto::MonitoringUnit::Days if value == 1 => "1 day".to_owned(),
        proto::MonitoringUnit::Days => format!("{value} days"),
        proto::MonitoringUnit::Minutes if value >= 2 * DAY => format!("{} days", tenths(value, DAY)),
        proto::MonitoringUnit::Minutes if value >= 2 * HOUR => format!("{} h", tenths(value, HOUR)),
        proto::MonitoringUnit::Minutes => format!("{value} min"),
        proto::MonitoringUnit::Unspecified => value.to_string(),
    }
}

/// A number of units with one decimal, half a tenth rounded up; whole numbers have none.
fn tenths(value: i64, unit: i64) -> String {
    let tenths = (i128::from(value) * 20 + i128::from(unit)).div_euclid(i128::from(unit) * 2);
    match (tenths / 10, tenths % 10) {
        (whole, 0) => whole.to_string(),
        (whole, tenth) => format!("{whole}.{tenth}"),
    }
}

/// The two parts of a quarter's name: `2026-27` and `Q1`.
pub(super) fn quarter_parts(quarter: &str) -> (&str, &str) {
    quarter.rsplit_once('-').unwrap_or((quarter, ""))
}

/// A quarter as people read it: `2026-27 Q1`.
pub(super) fn quarter_name(quarter: &str) -> String {
    let (year, number) = quarter_parts(quarter);
    format!("{year} {number}").trim_end().to_owned()
}

/// The quarter that was going on when the figures were told, and the day.
pub(super) struct Running {
    quarter: String,
    pub(super) as_of: String,
}

impl Running {
    /// None where the day is not said.
    pub(super) fn of(monitoring: &proto::Monitoring) -> Option<Self> {
        let as_of: Date = monitoring.as_of.parse().ok()?;
        Some(Self { quarter: Quarter::of(as_of).to_string(), as_of: as_of.to_string() })
    }

    /// Whether this quarter is going on.
    pub(super) fn is(&self, quarter: &str) -> bool {
        self.quarter == quarter
    }
}

/// A quarter as people read it, and that it is not over: `2026-27 Q4 so far`.
pub(super) fn quarter_so_far(quarter: &str, running: Option<&Running>) -> String {
    let so_far = if running.is_some_and(|running| running.is(quarter)) { " so far" } else { "" };
    quarter_name(quarter) + so_far
}

/// The words of a DECLINE code, or the code where there are none.
pub(super) fn decline(code: &str) -> String {
    let known = code_sets::DECLINE.codes.iter().find(|it| it.code == code);
    known.map_or_else(|| code.to_owned(), |it| it.label.to_owned())
}

/// Whose figures, by name where that is known.
pub(super) fn scope_name(scope: &str) -> String {
    let (kind, id) = scope.split_once('/').unwrap_or(("", scope));
    match kind {
        "councils" => {
            id.parse().map_or_else(|_| id.to_owned(), |council: CouncilId| council.name().to_owned())
        }
        "frameworks" => format!("the framework {id}"),
        "providers" => format!("the provider {id}"),
        _ => scope.to_owned(),
    }
}
