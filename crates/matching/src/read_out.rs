//! All that is said of all places that were left out, read out at once.

use crate::explain::{Excluded, Explanation, Fact, Finding};
use crate::rules::{ALL, Rule, RuleSet};

/// What is found of 64 places, a row for each.
struct Rows<'a> {
    found: Box<[[Finding<'a>; ALL.len()]; 64]>,
    /// How much of each row is in use.
    lengths: [u8; 64],
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
        let mut rows = Rows { found: Box::new([[NOTHING; ALL.len()]; 64]), lengths: [0; 64] };
        for block in self.judged.blocks() {
            rows.lengths = [0; 64];
            block.by_rule(|rule, failing| self.put_down(rule, block.word, failing, &mut rows));
            let mut left = block.out();
            while left != 0 {
                let bit = left.trailing_zeros() as usize;
                left &= left - 1;
                let found = rows.of(bit);
                let failed = found.iter().fold(RuleSet::default(), |set, finding| set.with(finding.rule));
                with(self.left_out(block.word * 64 + bit, failed), found);
            }
        }
    }

    /// Puts down what a rule found of those of 64 places that fail it.
    fn put_down<'a>(&'a self, rule: Rule, word: usize, failing: u64, rows: &mut Rows<'a>) {
        // The rules that leave out most of a market have a loop each, with nothing in it but what they read.
        match rule {
            Rule::Provision => self.put_each(Rule::Provision, word, failing, rows),
            Rule::Distance => self.put_each(Rule::Distance, word, failing, rows),
            Rule::NotAvailable => self.put_each(Rule::NotAvailable, word, failing, rows),
            Rule::Age => self.put_each(Rule::Age, word, failing, rows),
            Rule::Sex => self.put_each(Rule::Sex, word, failing, rows),
            _ => self.put_each(rule, word, failing, rows),
        }
    }

    #[inline(always)]
    fn put_each<'a>(&'a self, rule: Rule, word: usize, failing: u64, rows: &mut Rows<'a>) {
        let version = self.question.versions.of(rule);
        // A plain loop: a closure for each place is called for each place.
        let mut left = failing;
        while left != 0 {
            let bit = left.trailing_zeros() as usize;
            left &= left - 1;
            let (place, slot) = (self.left_out(word * 64 + bit, RuleSet::default()), rows.next(bit));
            place.finding(rule, version, |finding| *slot = finding);
        }
    }
}

impl<'a> Rows<'a> {
    /// The next slot of a row. Of each rule a place has one finding, so that none is ever used twice.
    #[inline(always)]
    fn next(&mut self, row: usize) -> &mut Finding<'a> {
        let slot = usize::from(self.lengths[row]);
        self.lengths[row] += 1;
        &mut self.found[row][slot]
    }

    #[inline(always)]
    fn of(&self, row: usize) -> &[Finding<'a>] {
        &self.found[row][..usize::from(self.lengths[row])]
    }
}
