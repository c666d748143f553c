//! What holds of every market and question: the index against the oracle, kept up to date against built anew, each counterfactual come true,
//! and a ranking replayed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use care::market::MarketEvent;
use care::{PlaceId, Timestamp};
use matching::{Criteria, Excluded, Index, Rule};
use proptest::prelude::{ProptestConfig, any, prop};
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq, proptest};
use std::collections::BTreeMap;
use support::history::{Asked, Step, criteria, event, opening, steps};
use support::oracle::{self, Verdict};
use support::{apply, at, folded};

fn history(steps: &[Step]) -> Vec<MarketEvent> {
    let steps = (0..).zip(steps).map(|(minute, step)| event(step, minute));
    opening().into_iter().chain(steps).collect()
}

/// With everything lifted that each of its findings names, the place matches.
fn lifted(index: &Index, asked: &Criteria, at: Timestamp, place: &Excluded<'_>) -> Result<(), TestCaseError> {
    let (mut asked, mut then) = (asked.clone(), at);
    for finding in place.findings() {
        let Some(instead) = finding.counterfactual else { return Ok(()) };
        apply(instead, &mut asked, &mut then);
    }
    let found = index.search(&asked, then, usize::MAX);
    let texts: Vec<String> = place.findings().map(|finding| finding.to_string()).collect();
    prop_assert!(found.matches.iter().any(|it| it.place == *place.place()), "{}: {:?}", place.place(), texts);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_index_says_what_the_rules_say(
        steps in steps(), asked in any::<Asked>(), minute in 0..400_i64, limit in 0..12_usize,
    ) {
        let market = folded(&history(&steps));
        let (criteria, index) = (criteria(&asked), Index::of(&market));
        let expected = oracle::judge(&market, &criteria, at(minute));
        let explained = index.explain(&criteria, at(minute));

        let failed: BTreeMap<PlaceId, Verdict> = explained.excluded().map(|it| {
            let rules = it.findings().map(|finding| finding.rule).collect();
            (it.place().clone(), Verdict::Failed(rules))
        }).collect();
        let mut failing = expected.clone();
        failing.retain(|_, verdict| matches!(verdict, Verdict::Failed(_)));
        prop_assert_eq!(failed, failing.clone());

        let order = oracle::order(&expected);
        let all = index.search(&criteria, at(minute), usize::MAX);
        prop_assert_eq!(all.matches.iter().map(|it| it.place.clone()).collect::<Vec<_>>(), order.clone());
        for it in &all.matches {
            let establishment = market.establishment(&it.urn).unwrap();
            let household = it.household.as_ref().map(|it| market.household(&it.id).unwrap());
            for (measure, near) in [(it.from_home, criteria.home), (it.from_centre, criteria.centre)] {
                prop_assert_eq!(measure.map(|it| it.distance), oracle::distance(near, establishment, household));
                prop_assert!(measure.is_none_or(|it| it.within_20_miles == (it.distance.tenths <= 200)));
            }
        }
        let mut first: BTreeMap<Rule, u32> = BTreeMap::new();
        for verdict in failing.values() {
            if let Verdict::Failed(rules) = verdict {
                *first.entry(rules[0]).or_default() += 1;
            }
        }
        prop_assert_eq!(&all.excluded, &first);

        let few = index.search(&criteria, at(minute), limit);
        prop_assert_eq!(usize::try_from(few.matches_total).unwrap(), order.len());
        prop_assert_eq!(&few.matches[..], &all.matches[..limit.min(order.len())]);
        prop_assert_eq!(explained.result(limit), few, "explained or not, the same is found");
        let mut some = index.among(&criteria, at(minute), expected.keys());
        some.sort_by_key(|it| order.iter().position(|place| *place == it.place));
        prop_assert_eq!(some, all.matches, "place by place, the same is found");
    }

    #[test]
    fn an_index_kept_up_to_date_is_the_index_built_anew(
        steps in steps(), asked in proptest::collection::vec(any::<Asked>(), 1..6), minute in 0..400_i64,
    ) {
        let (mut market, mut kept) = (care::market::Market::default(), Index::default());
        for event in history(&steps) {
            market.evolve(&event);
            kept.update(&market, &event);
        }
        let built = Index::of(&market);
        for criteria in asked.iter().map(criteria) {
            let [found, anew] = [&kept, &built].map(|index| index.search(&criteria, at(minute), 20));
            prop_assert_eq!(found, anew);
            let (kept, built) = (kept.explain(&criteria, at(minute)), built.explain(&criteria, at(minute)));
            prop_assert_eq!(kept.digest(1), built.digest(1));
            prop_assert_eq!(kept.result(usize::MAX), built.result(usize::MAX));
            let told = |it: &matching::Explanation<'_>| -> Vec<String> {
                let mut all: Vec<_> = it.excluded().flat_map(|it| {
                    it.findings().map(|finding| format!("{} {finding:?} {finding}", it.place())).collect::<Vec<_>>()
                }).collect();
                all.sort();
                all
            };
            prop_assert_eq!(told(&kept), told(&built));
        }
    }

    #[test]
    fn what_would_match_does(steps in steps(), asked in any::<Asked>(), minute in 0..400_i64) {
        let market = folded(&history(&steps));
        let (criteria, index) = (criteria(&asked), Index::of(&market));
        let explained = index.explain(&criteria, at(minute));
        for place in explained.excluded() {
            lifted(&index, &criteria, at(minute), &place)?;
        }
        let alone = |it: &Excluded<'_>| it.findings().all(|finding| finding.counterfactual.is_some());
        let mut near: Vec<_> = explained.excluded().filter(|it| it.failed() == 1 && alone(it)).collect();
        near.sort_by_key(|it| it.place().clone());
        let mut told = explained.near_misses(usize::MAX);
        prop_assert!(told.is_sorted_by_key(|it| it.findings().map(|finding| finding.rule).next()));
        prop_assert_eq!(told[..told.len().min(3)].iter().map(Excluded::place).collect::<Vec<_>>(),
            explained.near_misses(3).iter().map(Excluded::place).collect::<Vec<_>>());
        told.sort_by_key(|it| it.place().clone());
        prop_assert_eq!(told.iter().map(Excluded::place).collect::<Vec<_>>(),
            near.iter().map(Excluded::place).collect::<Vec<_>>());
    }

    /// Rankings are recorded while the market goes on, and replayed from the log up to where it stood.
    #[test]
    fn a_ranking_is_replayed(
        steps in steps(), asked in proptest::collection::vec((any::<Asked>(), any::<prop::sample::Index>()), 1..5),
    ) {
        let log = history(&steps);
        let asked: Vec<_> = asked.iter().map(|(asked, position)| (criteria(asked), position.index(log.len()) + 1)).collect();
        let (mut market, mut index, mut recorded) = (care::market::Market::default(), Index::default(), Vec::new());
        for (position, event) in (1..).zip(&log) {
            market.evolve(event);
            index.update(&market, event);
            for (criteria, _) in asked.iter().filter(|(_, when)| *when == position) {
                let instant = at(i64::try_from(position).unwrap());
                let digest = index.explain(criteria, instant).digest(u64::try_from(position).unwrap());
                recorded.push((position, instant, criteria, digest, index.search(criteria, instant, 20)));
            }
        }
        prop_assert_eq!(recorded.len(), asked.len());
        for (position, instant, criteria, digest, found) in recorded {
            let as_of = Index::of(&folded(&log[..position]));
            let again = as_of.explain(criteria, instant);
            prop_assert_eq!(again.digest(u64::try_from(position).unwrap()), digest);
            prop_assert_eq!(again.result(20), found);
        }
    }
}
