//! How many open places there are of each kind, so that a search that asks for what is near need not look at all that is far.
//!
//! The rules that come before the distance read the establishment and what its household is approved for, and those are of few kinds: how many
//! places those rules leave out is a sum over the kinds.

use crate::criteria::{Criteria, Operator, grade_rank};
use crate::index::GRADE_RANKS;
use crate::rules::{ALL, Rule};
use care::code_sets;
use std::collections::BTreeMap;

// Provisions are numbered in a byte.
const _: () = assert!(code_sets::PROVISION.codes.len() < 200);

/// Operated by a council or not, barred or not, restricted or not, and the grade.
const KINDS: usize = 8 * GRADE_RANKS;

/// What the rules before the distance read of an establishment, except its provision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    /// Whether a council operates it.
    pub(crate) operated: bool,
    /// Whether it is unregistered, or not active.
    pub(crate) barred: bool,
    /// Whether a notice restricts it.
    pub(crate) restricted: bool,
    /// Its grade, by [`grade_rank`].
    pub(crate) grade_rank: u8,
}

impl Kind {
    fn number(self) -> usize {
        let bits =
            usize::from(self.operated) | usize::from(self.barred) << 1 | usize::from(self.restricted) << 2;
        bits * GRADE_RANKS + usize::from(self.grade_rank)
    }

    fn numbered(number: usize) -> Self {
        let (bits, grade) = (number / GRADE_RANKS, number % GRADE_RANKS);
        let is = |bit: usize| bits >> bit & 1 == 1;
        // There are five grades.
        let grade_rank = u8::try_from(grade).unwrap_or(u8::MAX);
        Self { operated: is(0), barred: is(1), restricted: is(2), grade_rank }
    }

    /// The first rule before the distance that leaves it out, its provision being asked for.
    fn first_failed(self, criteria: &Criteria, lowest: u8) -> Option<Rule> {
        if self.operated && criteria.operator == Operator::External {
            Some(Rule::Operator)
        } else if self.barred {
            Some(Rule::Registration)
        } else if self.restricted {
            Some(Rule::Restricted)
        } else {
            (self.grade_rank > lowest).then_some(Rule::Grade)
        }
    }
}

/// The name of a number that was not given.
static NAMELESS: String = String::new();

/// The open places by their provision and kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    /// Each provision's number.
    provisions: BTreeMap<String, u8>,
    /// By that number, the provision.
    names: Vec<String>,
    /// By that number.
    open: Vec<[u32; KINDS]>,
    /// By entry, the provision and the kind that it is counted under; none of a closed one.
    counted: Vec<Option<(u8, Kind)>>,
}

impl Tally {
    /// Counts a place under another provision or kind than before, or no longer where it is closed; gives the provision's number.
    pub(crate) fn put(&mut self, entry: usize, provision: &str, kind: Option<Kind>) -> u8 {
        if self.counted.len() <= entry {
            self.counted.resize(entry + 1, None);
        }
        let provision = self.provision(provision);
        let now = kind.map(|kind| (provision, kind));
        let before = std::mem::replace(&mut self.counted[entry], now);
        if let Some((provision, kind)) = before {
            self.open[usize::from(provision)][kind.number()] -= 1;
        }
        if let Some((provision, kind)) = now {
            self.open[usize::from(provision)][kind.number()] += 1;
        }
        provision
    }

    /// The provision that has a number.
    #[inline]
    pub(crate) fn name(&self, provision: u8) -> &String {
        // Of each number that was given there is a name.
        self.names.get(usize::from(provision)).unwrap_or(&NAMELESS)
    }

    /// The number of a provision, given to it if it is new.
    fn provision(&mut self, provision: &str) -> u8 {
        if let Some(number) = self.provisions.get(provision) {
            return *number;
        }
        let number = u8::try_from(self.names.len()).unwrap_or(u8::MAX);
        self.provisions.insert(provision.to_owned(), number);
        self.names.push(provision.to_owned());
        self.open.push([0; KINDS]);
        number
    }

    /// Whether a rule reads nothing but the provision and the kind, so that [`Tally::count`] knows whom it leaves out.
    pub(crate) fn knows(rule: Rule, criteria: &Criteria) -> bool {
        match rule {
            Rule::Operator => criteria.operator == Operator::External,
            Rule::Provision | Rule::Registration | Rule::Restricted | Rule::Grade => true,
            _ => false,
        }
    }

    /// Adds to `counts` how many open places those rules leave out, by the first that each fails; gives how many are left.
    pub(crate) fn count(&self, criteria: &Criteria, counts: &mut [u32; ALL.len()]) -> u32 {
        let lowest = criteria.grade_at_least.as_ref().map_or(u8::MAX, |lowest| grade_rank(lowest));
        let mut left = 0;
        for (provision, of_it) in &self.provisions {
            let open = &self.open[usize::from(*of_it)];
            let asked = criteria.provisions.is_empty() || criteria.provisions.contains(provision);
            for (number, places) in open.iter().enumerate().filter(|(_, places)| **places > 0) {
                let failed = match asked {
                    true => Kind::numbered(number).first_failed(criteria, lowest),
                    false => Some(Rule::Provision),
                };
                match failed {
                    Some(rule) => counts[rule as usize] += places,
                    None => left += places,
                }
            }
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::{KINDS, Kind};

    #[test]
    fn every_kind_has_a_number_of_its_own() {
        for number in 0..KINDS {
            assert_eq!(Kind::numbered(number).number(), number);
        }
    }
}
