//! Which rules each place fails: of 64 places a word for each rule, so that rules are put, counted and read without a look at every place.

use crate::bits::Bits;
use crate::rules::{ALL, Rule, RuleSet};
use crate::search::Question;

/// Every open place, judged by every rule that asks something.
pub(crate) struct Judged {
    /// The rules that were put, in their order.
    rules: Vec<Rule>,
    /// Of each 64 places, for each of those rules, the open ones that fail it.
    failing: Vec<u64>,
    /// The open places that fail none.
    pub(crate) passing: Bits,
}

/// The judgement of 64 places.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a> {
    /// The number of the first of them, by 64.
    pub(crate) word: usize,
    rules: &'a [Rule],
    failing: &'a [u64],
}

impl Judged {
    pub(crate) fn of(question: &Question<'_>) -> Self {
        let (open, rules) = (&question.index.sets.open, question.rules.clone());
        let (mut failing, mut passing) = (Vec::with_capacity(open.words() * rules.len()), open.clone());
        for word in 0..open.words() {
            let among = open.word(word);
            let mut out = 0;
            failing.extend(rules.iter().map(|rule| {
                let failing = question.failing(*rule, word, among);
                out |= failing;
                failing
            }));
            passing.take(word, out);
        }
        Self { rules, failing, passing }
    }

    /// The places by 64, in order.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = Block<'_>> {
        // Some rules ask of every search.
        let blocks = self.failing.chunks_exact(self.rules.len().max(1)).enumerate();
        blocks.map(|(word, failing)| Block { word, rules: &self.rules, failing })
    }

    /// The rules that a place fails; none of a closed one.
    pub(crate) fn failed(&self, entry: usize) -> RuleSet {
        let (rules, word) = (&self.rules, entry / 64);
        let failing = self.failing.get(word * rules.len()..).unwrap_or_default();
        Block { word, rules, failing }.failed(entry % 64)
    }

    /// How many places are left out, by the first rule that each fails.
    pub(crate) fn firsts(&self) -> [u32; ALL.len()] {
        let mut counts = [0; ALL.len()];
        for block in self.blocks() {
            let mut before = 0;
            block.by_rule(|rule, failing| {
                counts[rule as usize] += (failing & !before).count_ones();
                before |= failing;
            });
        }
        counts
    }
}

impl Block<'_> {
    /// Does something with those that fail a rule, rule by rule in the order of the rules.
    #[inline]
    pub(crate) fn by_rule(self, mut work: impl FnMut(Rule, u64)) {
        for (rule, failing) in self.rules.iter().zip(self.failing) {
            work(*rule, *failing);
        }
    }

    /// Those that fail some rule.
    #[inline]
    pub(crate) fn out(self) -> u64 {
        let mut out = 0;
        self.by_rule(|_, failing| out |= failing);
        out
    }

    /// Those that fail one rule and no more.
    pub(crate) fn once(self) -> u64 {
        let (mut any, mut more) = (0, 0);
        self.by_rule(|_, failing| {
            more |= any & failing;
            any |= failing;
        });
        any & !more
    }

    /// The rules that one of them fails.
    #[inline]
    pub(crate) fn failed(self, bit: usize) -> RuleSet {
        let mut failed = RuleSet::default();
        self.by_rule(|rule, failing| {
            if failing >> bit & 1 == 1 {
                failed = failed.with(rule);
            }
        });
        failed
    }
}

#[cfg(test)]
mod tests {
    use super::Judged;
    use crate::bits::Bits;
    use crate::rules::{ALL, Rule, RuleSet};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn blocks_say_of_each_place_what_it_fails(all in proptest::collection::vec(any::<[u8; 64]>(), 0..4)) {
            let rules = vec![Rule::Provision, Rule::Distance, Rule::Sex, Rule::BlockOfAnotherCouncil];
            // The lowest bits of a byte are the rules that one place fails.
            let column = |places: &[u8; 64], rule: usize| {
                (0..64).fold(0, |word, bit| word | u64::from(places[bit] >> rule & 1) << bit)
            };
            let failing = all.iter().flat_map(|places| (0..rules.len()).map(|rule| column(places, rule)));
            let judged = Judged { failing: failing.collect(), rules: rules.clone(), passing: Bits::default() };
            let mut firsts = [0; ALL.len()];
            for (entry, fails) in all.iter().flatten().enumerate() {
                let failed: Vec<Rule> =
                    (0..rules.len()).filter(|rule| fails >> rule & 1 == 1).map(|rule| rules[rule]).collect();
                failed.first().into_iter().for_each(|first| firsts[*first as usize] += 1);
                let mut set = judged.failed(entry);
                prop_assert_eq!(std::iter::from_fn(|| set.take_first()).collect::<Vec<_>>(), failed.clone());
                let (block, bit) = (judged.blocks().nth(entry / 64).unwrap(), entry % 64);
                prop_assert_eq!(block.word, entry / 64);
                prop_assert_eq!((block.out() >> bit & 1 == 1, block.once() >> bit & 1 == 1),
                    (!failed.is_empty(), failed.len() == 1));
            }
            prop_assert_eq!(judged.firsts(), firsts);
            prop_assert_eq!(judged.failed(all.len() * 64), RuleSet::default());
        }
    }
}
