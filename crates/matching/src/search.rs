//! The search itself: which places pass every rule, and which of them are best.

use crate::bits::Bits;
use crate::criteria::{Criteria, Operator, grade_rank};
use crate::day::Day;
use crate::found::{Match, SearchResult};
use crate::impact::Child;
use crate::index::Index;
use crate::needs::{NeedSet, unmet};
use crate::rules::{ALL, Rule};
use care::{Timestamp, london_date};
use geography::{Miles, Reach};
use std::collections::BTreeMap;

/// The version of the order in which places that pass are ranked: fewest unmet needs, least [impact](crate::Impact), nearest, best grade,
/// place id. Version 1 knew no impact.
pub const RANKING_VERSION: u16 = 2;

/// A question in the index's own terms.
pub(crate) struct Question<'a> {
    pub(crate) index: &'a Index,
    pub(crate) criteria: &'a Criteria,
    pub(crate) at: Timestamp,
    pub(crate) from: Day,
    pub(crate) needs: NeedSet,
    pub(crate) child: Child,
    /// By cell, how far it is; not of those that are too far, unless they are to be explained.
    pub(crate) distances: Vec<Option<Miles>>,
    /// The places that are near enough; none if that was not asked.
    near: Option<Bits>,
}

/// What places are ranked by, the least first; ties are broken by the place's id. From the highest bits on: unmet needs, impact, tenths of
/// a mile, grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank(pub(crate) u64);

impl Index {
    /// The open places that meet `criteria`, the best `limit` of them in order, and how many are left out by the first rule that each
    /// fails, as of `at`.
    #[must_use]
    pub fn search(&self, criteria: &Criteria, at: Timestamp, limit: usize) -> SearchResult {
        let question = Question::new(self, criteria, at, false);
        let (mut left, mut excluded) = (self.sets.open.clone(), BTreeMap::new());
        for about in &ALL {
            let failing = question.failing(about.rule, &left);
            let count = failing.count();
            if count > 0 {
                excluded.insert(about.rule, count);
                left = left.without(&failing);
            }
        }
        SearchResult { matches_total: left.count(), matches: question.best(&left, limit), excluded }
    }
}

impl<'a> Question<'a> {
    /// `far_too`: whether to measure how far those are that are too far.
    pub(crate) fn new(index: &'a Index, criteria: &'a Criteria, at: Timestamp, far_too: bool) -> Self {
        let needs = NeedSet::of(&criteria.needs);
        let mut distances = vec![None; index.cells.len()];
        let near = criteria.near.map(|near| {
            let (from, reach) = (near.location(), criteria.within.map(Reach::of));
            let mut places = Bits::default();
            for (cell, distance) in index.cells.iter().zip(&mut distances) {
                let within = reach.is_none_or(|reach| reach.holds(from, cell.location));
                if within {
                    cell.entries.iter().for_each(|entry| places.put(*entry, true));
                }
                if within || far_too {
                    *distance = Some(from.miles_to(cell.location));
                }
            }
            places
        });
        Self {
            index,
            criteria,
            at,
            from: Day::from(criteria.available_on.unwrap_or_else(|| london_date(at))),
            needs,
            child: Child::of(needs, criteria.age_years),
            distances,
            near,
        }
    }

    /// Those of `among` that a rule leaves out.
    pub(crate) fn failing(&self, rule: Rule, among: &Bits) -> Bits {
        let (criteria, sets, entries) = (self.criteria, &self.index.sets, &self.index.entries);
        match rule {
            Rule::Provision if criteria.provisions.is_empty() => Bits::default(),
            Rule::Provision => {
                let asked = criteria.provisions.iter().filter_map(|provision| sets.provisions.get(provision));
                asked.fold(among.clone(), Bits::without)
            }
            Rule::Operator => match criteria.operator {
                Operator::Any => Bits::default(),
                // Another council's own provision is not on the market for this one either.
                Operator::External => among.and(&sets.operated),
                Operator::InHouse => {
                    among.filter(|entry| !in_house(criteria, self.index.home(entry).operated_by))
                }
            },
            Rule::Registration => among.and(&sets.barred),
            Rule::Restricted => among.and(&sets.restricted),
            Rule::Grade => criteria.grade_at_least.as_ref().map_or_else(Bits::default, |lowest| {
                let lower = sets.grades.iter().skip(usize::from(grade_rank(lowest)) + 1);
                lower.fold(Bits::default(), |all, grade| all.or(&among.and(grade)))
            }),
            Rule::Distance => {
                self.near.as_ref().map_or_else(Bits::default, |near| among.clone().without(near))
            }
            Rule::NotAdvertised => among.clone().without(&sets.advertised),
            // Of what is not advertised, the column says "before all dates".
            Rule::NotAvailable => among.filter(|entry| entries.available_from[entry] > self.from),
            Rule::Age => criteria.age_years.map_or_else(Bits::default, |age| {
                among.filter(|entry| !(entries.age_from[entry]..=entries.age_to[entry]).contains(&age))
            }),
            Rule::Sex => match criteria.sex.as_deref() {
                None | Some("U") => Bits::default(),
                Some("M") => among.clone().without(&sets.takes_male),
                Some("F") => among.clone().without(&sets.takes_female),
                Some(_) => among.clone().without(&sets.takes_any),
            },
            Rule::Needs if !criteria.all_needs || criteria.needs.is_empty() => Bits::default(),
            Rule::Needs => among.and(&sets.advertised).filter(|entry| self.unmet(entry) > 0),
            Rule::ExcludedNeed => {
                among.and(&sets.excluding).filter(|entry| !entries.excluded[entry].and(self.needs).is_empty())
            }
            Rule::Claimed => self.claimed(among),
            Rule::NotEmpty if !criteria.solo => Bits::default(),
            Rule::NotEmpty => self.occupied(among),
        }
    }

    fn claimed(&self, among: &Bits) -> Bits {
        let (index, from) = (self.index, self.from);
        let mut claimed = among.filter(|entry| index.entries.taken_until[entry] > from);
        let solo = index.solo_homes.iter().map(|home| &index.homes[*home]);
        let solo = solo.filter(|home| home.solo_until > from).flat_map(|home| &home.entries);
        let held = self.held().chain(solo.copied());
        held.filter(|entry| among.contains(*entry)).for_each(|entry| claimed.put(entry, true));
        claimed
    }

    /// The places on hold.
    fn held(&self) -> impl Iterator<Item = usize> {
        self.index.held.iter().filter(|(_, expires_at)| **expires_at > self.at).map(|(entry, _)| *entry)
    }

    fn occupied(&self, among: &Bits) -> Bits {
        let index = self.index;
        let mut occupied = among.filter(|entry| {
            index.home(entry).taken_until > self.from
                || index.entries.mix[entry].is_some_and(|group| group.children > 0)
        });
        let held = self.held().flat_map(|entry| &index.home(entry).entries);
        held.filter(|entry| among.contains(**entry)).for_each(|entry| occupied.put(*entry, true));
        occupied
    }

    fn unmet(&self, entry: usize) -> usize {
        let met = self.needs.and(self.index.entries.needs[entry]).len();
        self.criteria.needs.len() - met as usize
    }

    /// How far a place is, if that was asked and is known.
    pub(crate) fn distance(&self, entry: usize) -> Option<Miles> {
        self.index.entries.cell[entry].and_then(|cell| self.distances[cell as usize])
    }

    /// What a place is ranked by.
    pub(crate) fn rank(&self, entry: usize) -> Rank {
        let entries = &self.index.entries;
        let unmet = u8::try_from(self.unmet(entry)).unwrap_or(u8::MAX);
        let impact = self.child.rank(entries.mix[entry].as_ref());
        // Either every place that passes has a distance or none has.
        let tenths = self.distance(entry).map_or(0, |distance| distance.tenths);
        let [unmet, impact, grade] = [unmet, impact, entries.grade_rank[entry]].map(u64::from);
        Rank((unmet << 48) | (impact << 40) | (u64::from(tenths) << 8) | grade)
    }

    /// The best of some places that pass, in order.
    pub(crate) fn best(&self, passing: &Bits, limit: usize) -> Vec<Match> {
        let places = &self.index.entries.place;
        let mut ranked: Vec<(Rank, usize)> = passing.iter().map(|entry| (self.rank(entry), entry)).collect();
        // Place ids are unique, so no two are equal in this order.
        let order =
            |a: &(Rank, usize), b: &(Rank, usize)| a.0.cmp(&b.0).then_with(|| places[a.1].cmp(&places[b.1]));
        if limit < ranked.len() {
            ranked.select_nth_unstable_by(limit, order);
            ranked.truncate(limit);
        }
        ranked.sort_unstable_by(order);
        ranked.into_iter().map(|(_, entry)| self.found(entry)).collect()
    }

    /// The needs that a place does not say it can meet.
    pub(crate) fn unmet_needs(&self, entry: usize) -> impl Iterator<Item = &'a String> {
        unmet(&self.criteria.needs, self.index.entries.needs[entry])
    }
}

/// Whether an establishment is the searching council's own.
pub(crate) fn in_house(criteria: &Criteria, operated_by: Option<care::CouncilId>) -> bool {
    operated_by.is_some() && operated_by == criteria.council
}
