//! Figures in words: values with their units, quarters, reasons, and whose they are.

use api::contracts as proto;
use care::{CouncilId, code_sets};

/// What stands where a figure is not told.
pub(super) const NOT_TOLD: &str = "c: not told, since fewer than five cases stand behind it, or it would give away something behind which there are. –: there is nothing to count.";

/// A figure to be drawn or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    /// The value, if there is one to tell.
    pub(super) value: Option<i64>,
    /// Whether it is not told.
    pub(super) suppressed: bool,
    unit: proto::MonitoringUnit,
    numerator: Option<i64>,
    denominator: Option<i64>,
}

impl Point {
    pub(super) fn of(row: &proto::MonitoringRow) -> Self {
        Self {
            value: row.value,
            suppressed: !row.suppressed.is_empty(),
            unit: row.unit(),
            numerator: row.numerator,
            denominator: row.denominator,
        }
    }

    /// The value with its unit, or the sign of why there is none.
    pub(super) fn label(&self) -> String {
        match self.value {
            Some(value) => with_unit(value, self.unit),
            None if self.suppressed => "c".to_owned(),
            None => "–".to_owned(),
        }
    }

    /// The same for those who hear it read out.
    pub(super) fn in_words(&self) -> String {
        match self.value {
            Some(value) => with_unit(value, self.unit),
            None if self.suppressed => "c (not told)".to_owned(),
            None => "– (nothing to count)".to_owned(),
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
