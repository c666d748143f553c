//! Cases added up, and the figures that are made of the sums.

use super::cases::Case;
use super::kpis::Made;
use care::CouncilId;
use std::collections::BTreeMap;

/// How many cases there are of each kind.
pub(super) type Counts<'a> = BTreeMap<&'a str, u64>;

/// Cases of one family and quarter, added up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sheet<'a> {
    pub(super) counts: Counts<'a>,
    pub(super) part: i64,
    pub(super) whole: i64,
    measures: Vec<i64>,
    /// How many of the measures are each council's.
    measured: BTreeMap<CouncilId, u64>,
}

impl<'a> Sheet<'a> {
    /// Takes a case in.
    pub(super) fn add(&mut self, case: &Case<'a>) {
        if let Some(kind) = case.kind {
            *self.counts.entry(kind).or_default() += 1;
        }
        self.part = self.part.saturating_add(case.part);
        self.whole = self.whole.saturating_add(case.whole);
        self.measures.extend(case.measure);
        if let (Some(council), Some(_)) = (case.council, case.measure) {
            *self.measured.entry(council).or_default() += 1;
        }
    }

    /// How many measures there are beside a council's own.
    pub(super) fn measured_beside(&self, council: CouncilId) -> u64 {
        self.measured.iter().filter(|(of, _)| **of != council).map(|(_, measures)| measures).sum()
    }

    /// All cases.
    pub(super) fn cases(&self) -> u64 {
        self.counts.values().sum()
    }

    /// How many cases are of these kinds.
    pub(super) fn of(&self, kinds: &[&str]) -> u64 {
        kinds.iter().filter_map(|kind| self.counts.get(kind)).sum()
    }
}

/// What a figure says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Figure {
    /// None where there is nothing that it could be of.
    pub(super) value: Option<i64>,
    pub(super) numerator: Option<i64>,
    pub(super) denominator: i64,
}

impl Figure {
    /// A share in basis points, half a point rounded up.
    pub(super) fn share(numerator: i64, denominator: i64) -> Self {
        let (of, all) = (i128::from(numerator), i128::from(denominator));
        // A share of what is not negative; money taken back may exceed what was billed.
        let points = (all > 0).then(|| i64::try_from((of * 20_000 + all) / (all * 2)).unwrap_or(i64::MAX));
        Self { value: points, numerator: Some(numerator), denominator }
    }

    /// What is made of a sheet; of [`Made::Each`] the share of one kind.
    pub(super) fn of(sheet: &Sheet<'_>, made: Made, kind: &str) -> Self {
        match made {
            Made::Share(kinds) => Self::share(count(sheet.of(kinds)), count(sheet.cases())),
            Made::Each => Self::share(count(sheet.of(&[kind])), count(sheet.cases())),
            Made::Nights | Made::Money => Self::share(sheet.part, sheet.whole),
            Made::Percentile(percent) => Self {
                value: percentile(&sheet.measures, percent),
                numerator: None,
                denominator: i64::try_from(sheet.measures.len()).unwrap_or(i64::MAX),
            },
        }
    }
}

fn count(cases: u64) -> i64 {
    i64::try_from(cases).unwrap_or(i64::MAX)
}

/// The least measure that so many per cent of all do not exceed; none of nothing.
fn percentile(measures: &[i64], percent: u8) -> Option<i64> {
    let mut measures = measures.to_vec();
    measures.sort_unstable();
    let rank = (measures.len() * usize::from(percent)).div_ceil(100);
    measures.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let ten: Vec<i64> = (1..=10).rev().collect();
        assert_eq!((percentile(&ten, 50), percentile(&ten, 90)), (Some(5), Some(9)));
        assert_eq!((percentile(&[7], 50), percentile(&[7], 90)), (Some(7), Some(7)));
        assert_eq!(percentile(&[1, 2, 3], 50), Some(2));
        assert_eq!(percentile(&[], 90), None);
    }

    #[test]
    fn shares_are_rounded_to_a_basis_point_and_nothing_has_no_share() {
        let value = |numerator, denominator| Figure::share(numerator, denominator).value;
        assert_eq!(value(1, 3), Some(3_333));
        assert_eq!(value(2, 3), Some(6_667));
        assert_eq!(value(0, 5), Some(0));
        assert_eq!(value(i64::MAX, i64::MAX), Some(10_000));
        assert_eq!(value(0, 0), None);
    }
}
