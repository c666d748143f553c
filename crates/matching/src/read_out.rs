//! All that is said of all places that were left out, read out at once.

use crate::explain::{Excluded, Explanation, Fact, Finding};
use crate::rules::{ALL, Rule, RuleSet};

/// What is found of a place, in the order of the rules: of each it has one finding at most.
type Row<'a> = [Finding<'a>; ALL.len()];

/// How far a row is filled: how many findings it has, and of which rules.
#[derive(Clone, Copy, Default)]
struct Filled {
    findings: u32,
    failed: RuleSet,
}

/// What a row is filled with before anything is put into it; nobody reads it.
const NOTHING: Finding<'static> =
    Finding { rule: Rule::NotAdvertised, version: 0, fact: Fact::NotAdvertised, counterfactual: None };

impl Explanation<'_> {
    /// Reads out every place that was left out, with every rule that it fails in the order of the rules: the same as
    /// [`Explanation::excluded`] with [`Excluded::findings`], in the same order and faster.
    ///
    /// What is found of 64 places is put down rule by rule, each in its place's row, and read place by place from there: one rule after the
    /// other for many places runs at a stretch, where all rules of one place after the other jump to and fro.
    #[inline]
    pub fn read_out<'a>(&'a self, mut with: impl FnMut(Excluded<'a>, &[Finding<'a>])) {
        let mut rows: Box<[Row<'a>; 64]> = Box::new([[NOTHING; ALL.len()]; 64]);
        for block in self.judged.blocks() {
            let mut filled = [Filled::default(); 64];
            block.by_rule(|rule, failing| self.put_down(rule, block.word, failing, &mut rows, &mut filled));
            let mut left = block.out();
            while left != 0 {
                let bit = left.trailing_zeros() as usize;
                left &= left - 1;
                let Filled { findings, failed } = filled[bit];
                with(self.left_out(block.word * 64 + bit, failed), &rows[bit][..findings as usize]);
            }
        }
    }

    /// Puts down what a rule found of those of 64 places that fail it.
    fn put_down<'a>(
        &'a self,
        rule: Rule,
        word: usize,
        failing: u64,
        rows: &mut [Row<'a>; 64],
        filled: &mut [Filled; 64],
    ) {
        // The rules that leave out most of a market have a loop each, with nothing in it but what they read.
        match rule {
            Rule::Provision => self.put_each(Rule::Provision, word, failing, rows, filled),
            Rule::Distance => self.put_each(Rule::Distance, word, failing, rows, filled),
            Rule::NotAvailable => self.put_each(Rule::NotAvailable, word, failing, rows, filled),
            Rule::Age => self.put_each(Rule::Age, word, failing, rows, filled),
            Rule::Sex => self.put_each(Rule::Sex, word, failing, rows, filled),
            _ => self.put_each(rule, word, failing, rows, filled),
        }
    }

    #[inline(always)]
    fn put_each<'a>(
        &'a self,
        rule: Rule,
        word: usize,
        failing: u64,
        rows: &mut [Row<'a>; 64],
        filled: &mut [Filled; 64],
    ) {
        let version = self.question.versions.of(rule);
        // A plain loop: a closure for each place is called for each place.
        let mut left = failing;
        while left != 0 {
            let bit = left.trailing_zeros() as usize;
            left &= left - 1;
            let place = self.left_out(word * 64 + bit, RuleSet::default());
            let filled = &mut filled[bit];
            let slot = &mut rows[bit][filled.findings as usize];
            *filled = Filled { findings: filled.findings + 1, failed: filled.failed.with(rule) };
            place.finding(rule, version, |finding| *slot = finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Finding, Row};

    #[test]
    fn the_rows_of_64_places_stay_near_at_hand() {
        // Of each place a few findings are read, in a row as long as all rules: longer ones do not fit into a processor's nearest memory.
        assert!(size_of::<Finding<'_>>() <= 48, "{}", size_of::<Finding<'_>>());
        assert!(size_of::<Row<'_>>() <= 17 * 48);
    }
}
