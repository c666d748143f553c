//! The search itself: which places pass every rule, and which of them are best.

use crate::bits::{Bits, filter};
use crate::criteria::{Criteria, Operator, grade_rank};
use crate::day::Day;
use crate::found::{Match, SearchResult};
use crate::impact::Child;
use crate::index::Index;
use crate::needs::NeedSet;
use crate::rules::{ALL, NOW, Rule, Versions};
use crate::tally::Tally;
use care::market::{Agreed, Block, Reservation, most_taken};
use care::{Date, Nights, PlaceId, Timestamp, london_date};
use geography::{Location, Miles, Reach};

/// The version of the order in which places that pass are ranked: fewest unmet needs, least [impact](crate::Impact), nearest, best grade,
/// place id. Version 1 knew no impact.
pub const RANKING_VERSION: u16 = 2;

/// A question in the index's own terms.
pub(crate) struct Question<'a> {
    pub(crate) index: &'a Index,
    pub(crate) criteria: &'a Criteria,
    pub(crate) at: Timestamp,
    pub(crate) from: Day,
    /// The first night and all after it.
    pub(crate) nights: Nights,
    pub(crate) needs: NeedSet,
    /// The needs by their codes; one that no set has is met by nobody.
    asked: Vec<(&'a String, NeedSet)>,
    pub(crate) child: Child,
    /// By cell, how far it is, where that is asked of every place; else nothing.
    distances: Vec<Miles>,
    /// Those that are near enough.
    near: Bits,
    /// Those of a kind that is asked for.
    provisions: Bits,
    /// Those below the lowest grade.
    lower_grades: Bits,
    /// The rules that may leave something out.
    pub(crate) rules: Vec<Rule>,
    /// By which versions of them it is judged.
    pub(crate) versions: &'static Versions,
}

/// What places are ranked by, the least first; ties are broken by the place's id. From the highest bits on: unmet needs, impact, tenths of
/// a mile, grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank(pub(crate) u64);

impl Rank {
    /// What weighs more than the distance.
    fn before_distance(self) -> u64 {
        self.0 >> 40
    }

    /// The same so far away, in tenths of a mile.
    fn at(self, tenths: u32) -> Self {
        Self(self.0 | u64::from(tenths) << 8)
    }
}

impl Index {
    /// The open places that meet `criteria`, the best `limit` of them in order, and how many are left out by the first rule that each
    /// fails, as of `at`.
    #[must_use]
    pub fn search(&self, criteria: &Criteria, at: Timestamp, limit: usize) -> SearchResult {
        let question = Question::new(self, criteria, at, false);
        let mut counts = [0; ALL.len()];
        let (mut passing, rules) = question.in_reach(&mut counts);
        // Most of the market is left out by now.
        let mut words: Vec<usize> = (0..passing.words()).filter(|word| passing.word(*word) != 0).collect();
        for rule in rules {
            let count = &mut counts[*rule as usize];
            words.retain(|word| {
                let left = passing.word(*word);
                let failing = question.failing(*rule, *word, left);
                passing.take(*word, failing);
                *count += failing.count_ones();
                left != failing
            });
        }
        question.result(&passing, counts, limit)
    }

    /// Those of some places that a search would find, as of `at`, in the order in which they are given.
    #[must_use]
    pub fn among<'p>(
        &self,
        criteria: &Criteria,
        at: Timestamp,
        places: impl IntoIterator<Item = &'p PlaceId>,
    ) -> Vec<Match> {
        let question = Question::new(self, criteria, at, false);
        let passes = |entry: &usize| {
            let (word, bit) = (entry / 64, 1_u64 << (entry % 64));
            let fails = |rule: &Rule| question.failing(*rule, word, bit) != 0;
            self.sets.open.word(word) & bit != 0 && !question.rules.iter().any(fails)
        };
        let entries = places.into_iter().filter_map(|place| self.by_id.get(place).copied());
        entries.filter(passes).map(|entry| question.found(entry)).collect()
    }
}

impl<'a> Question<'a> {
    /// `far_too`: whether to measure how far those are that are too far.
    pub(crate) fn new(index: &'a Index, criteria: &'a Criteria, at: Timestamp, far_too: bool) -> Self {
        let needs = NeedSet::of(&criteria.needs);
        let sets = &index.sets;
        let provisions = criteria.provisions.iter().filter_map(|code| sets.provisions.get(code));
        let lowest =
            criteria.grade_at_least.as_ref().map_or(sets.grades.len(), |lowest| grade_rank(lowest).into());
        let lower_grades = sets.grades.iter().skip(lowest + 1);
        let first = criteria.available_on.unwrap_or_else(|| london_date(at));
        let mut question = Self {
            index,
            criteria,
            at,
            from: Day::from(first),
            nights: Nights::from_on(first, None),
            needs,
            asked: criteria.needs.iter().map(|need| (need, NeedSet::code(need))).collect(),
            child: Child::of(needs, criteria.age_years),
            distances: Vec::new(),
            near: Bits::default(),
            provisions: provisions.fold(Bits::default(), Bits::or),
            lower_grades: lower_grades.fold(Bits::default(), Bits::or),
            rules: ALL.iter().map(|about| about.rule).filter(|rule| rule.asks(criteria)).collect(),
            versions: &NOW,
        };
        if let Some(near) = criteria.near {
            question.near = question.near_enough(near.location());
            if far_too {
                let from = near.location();
                question.distances = index.cells.iter().map(|cell| from.miles_to(cell.location)).collect();
            }
        }
        question
    }

    /// The places that are near enough.
    fn near_enough(&self, from: Location) -> Bits {
        let index = self.index;
        let reach = self.criteria.within.map(Reach::of);
        let band = reach.map_or(&index.from_south[..], |reach| {
            let (south, north) = (
                from.northing_m.saturating_sub(reach.metres()),
                from.northing_m.saturating_add(reach.metres()),
            );
            let begin = index.from_south.partition_point(|(northing, ..)| *northing < south);
            let length = index.from_south[begin..].partition_point(|(northing, ..)| *northing <= north);
            &index.from_south[begin..begin + length]
        });
        let mut near = Bits::default();
        for &(northing_m, easting_m, cell) in band {
            let location = Location { easting_m, northing_m };
            if reach.is_none_or(|reach| reach.holds(from, location)) {
                let it = &index.cells[cell as usize];
                near.add(it.run.clone());
                it.others.iter().for_each(|entry| near.put(*entry, true));
            }
        }
        near
    }

    /// The open places that pass the first rules, and the rules that are yet to be put; counts whom those left out. Where the rules before the
    /// distance know kinds alone, nothing that is far is looked at.
    fn in_reach(&self, counts: &mut [u32; ALL.len()]) -> (Bits, &[Rule]) {
        let (open, rules) = (&self.index.sets.open, &self.rules[..]);
        let distance = rules.iter().position(|rule| *rule == Rule::Distance);
        let known = |before: &[Rule]| before.iter().all(|rule| Tally::knows(*rule, self.criteria));
        let Some(distance) = distance.filter(|distance| known(&rules[..*distance])) else {
            let (mut open, sets) = (open.clone(), rules.iter().map_while(|rule| self.set(*rule)));
            let mut put = 0;
            for (rule, (set, inside)) in rules.iter().zip(sets) {
                counts[*rule as usize] = open.cut(set, inside);
                put += 1;
            }
            return (open, &rules[put..]);
        };
        let left = self.index.tally.count(self.criteria, counts);
        let (mut near, mut near_count) = (self.near.clone(), 0);
        for word in 0..near.words() {
            let here = near.word(word);
            if here == 0 {
                continue;
            }
            let fails = |out, rule: &Rule| out | self.failing(*rule, word, here);
            let out = rules[..distance].iter().fold(here & !open.word(word), fails);
            near.take(word, out);
            near_count += (here & !out).count_ones();
        }
        counts[Rule::Distance as usize] = left - near_count;
        (near, &rules[distance + 1..])
    }

    /// The set by which a rule judges, and whether it leaves out those inside; none for one that looks at each place.
    fn set(&self, rule: Rule) -> Option<(&Bits, bool)> {
        let (criteria, sets) = (self.criteria, &self.index.sets);
        match rule {
            Rule::Provision => Some((&self.provisions, false)),
            // Another council's own provision is not on the market for this one either.
            Rule::Operator if criteria.operator == Operator::External => Some((&sets.operated, true)),
            Rule::Registration => Some((&sets.barred, true)),
            Rule::Restricted => Some((&sets.restricted, true)),
            Rule::Grade => Some((&self.lower_grades, true)),
            Rule::Distance => Some((&self.near, false)),
            Rule::NotAdvertised => Some((&sets.advertised, false)),
            Rule::Sex => match criteria.sex.as_deref() {
                Some("M") => Some((&sets.takes_male, false)),
                Some("F") => Some((&sets.takes_female, false)),
                _ => Some((&sets.takes_any, false)),
            },
            _ => None,
        }
    }

    /// Those of 64 places that a rule leaves out. A rule that [asks](Rule::asks) nothing is not to be put.
    pub(crate) fn failing(&self, rule: Rule, word: usize, among: u64) -> u64 {
        if let Some((set, inside)) = self.set(rule) {
            let set = set.word(word);
            return among & if inside { set } else { !set };
        }
        let (criteria, sets, rows) = (self.criteria, &self.index.sets, &self.index.entries.row);
        match rule {
            Rule::Operator => {
                filter(word, among, |entry| !in_house(criteria, self.index.home(entry).operated_by))
            }
            Rule::AvoidedArea => {
                filter(word, among, |entry| criteria.avoid_areas.contains(&self.index.home(entry).utla))
            }
            // Of what is not advertised, the row says "before all dates".
            Rule::NotAvailable => filter(word, among, |entry| rows[entry].available_from > self.from),
            Rule::Age => criteria.age_years.map_or(0, |age| {
                filter(word, among, |entry| !(rows[entry].age_from..=rows[entry].age_to).contains(&age))
            }),
            Rule::Needs => filter(word, among & sets.advertised.word(word), |entry| self.unmet(entry) > 0),
            Rule::ExcludedNeed => filter(word, among & sets.excluding.word(word), |entry| {
                !rows[entry].excluded.and(self.needs).is_empty()
            }),
            Rule::Claimed => {
                let taken = filter(word, among, |entry| rows[entry].taken_until > self.from);
                let held =
                    filter(word, among & sets.held.word(word), |entry| self.held_until(entry).is_some());
                let solo = among & sets.solo.word(word);
                let solo = filter(word, solo, |entry| self.solo_until(entry) > self.from);
                let lodged = among & sets.lodged.word(word) & !(taken | held | solo);
                taken
                    | held
                    | solo
                    | filter(word, lodged, |entry| {
                        self.full_for(entry, self.nights.start(), self.at).is_some()
                    })
            }
            Rule::NotEmpty => filter(word, among, |entry| {
                self.claimed_home(entry) || rows[entry].mix.is_some_and(|group| group.children > 0)
            }),
            Rule::Reserved => filter(word, among & sets.agreed.word(word), |entry| {
                self.agreed(entry).any(|it| self.reserved_against(it).next().is_some())
            }),
            Rule::BlockOfAnotherCouncil => filter(word, among & sets.agreed.word(word), |entry| {
                self.agreed(entry).any(|it| self.blocks_against(it).next().is_some())
            }),
            // They judge by a set.
            Rule::Provision
            | Rule::Registration
            | Rule::Restricted
            | Rule::Grade
            | Rule::Distance
            | Rule::NotAdvertised
            | Rule::Sex => 0,
        }
    }

    /// When the lease of a place's hold ends, if it is in force.
    #[inline]
    pub(crate) fn held_until(&self, entry: usize) -> Option<&'a Timestamp> {
        // Most places have no hold, and a bit says so without the way to the instants.
        if !self.index.sets.held.contains(entry) {
            return None;
        }
        self.index.entries.held_until(entry).filter(|expires_at| **expires_at > self.at)
    }

    /// The end of the last claim that takes the whole of a place's home.
    #[inline]
    pub(crate) fn solo_until(&self, entry: usize) -> Day {
        // A bit says of most that there is none, without the way to the home.
        let solo = self.index.sets.solo.contains(entry);
        if solo { self.index.home(entry).solo_until } else { Day::NEVER }
    }

    /// What is agreed of a place's nights beforehand.
    #[inline]
    pub(crate) fn agreed(&self, entry: usize) -> impl Iterator<Item = &'a Agreed> {
        self.index.entries.agreed[entry].as_deref().into_iter()
    }

    /// The reservations that take nights which are asked for: the searching council's own, or the others'.
    pub(crate) fn reserved<'b>(
        &self,
        agreed: &'b Agreed,
        own: bool,
    ) -> impl Iterator<Item = &'b Reservation> {
        let council = self.criteria.council;
        agreed.reservations_on(self.nights).filter(move |it| (Some(it.council) == council) == own)
    }

    /// The reservations of other councils that keep the searching one from a claim, as for a hold and an award.
    pub(crate) fn reserved_against<'b>(&self, agreed: &'b Agreed) -> impl Iterator<Item = &'b Reservation> {
        agreed.reserved_against(self.criteria.council, self.nights.start(), self.nights_count_from())
    }

    /// The blocks that do.
    pub(crate) fn blocks_against<'b>(&self, agreed: &'b Agreed) -> impl Iterator<Item = &'b Block> {
        agreed.blocks_against(self.criteria.council, self.nights.start(), self.nights_count_from())
    }

    /// The first night that others may have agreed and be in the way: the one that has come or, by earlier versions of the rules, the one that is
    /// asked for.
    pub(crate) fn nights_count_from(&self) -> Date {
        if self.versions.counts_nights_before() { london_date(self.at) } else { self.nights.start() }
    }

    /// The day after the last night of the searching council's own blocks that a claim could begin in, and of what it bought of others'.
    pub(crate) fn own_block_until(&self, entry: usize) -> Option<Date> {
        let night = self.nights.start();
        let on = |nights: &Nights| nights.start() <= night && night < nights.end();
        let blocks = self.agreed(entry).flat_map(|it| &it.blocks).filter(|it| on(&it.nights()));
        let own = blocks.filter(|it| it.allows(self.criteria.council, self.nights));
        own.map(|it| it.sold_on(night).map_or(it.terms.until, |sold| sold.nights.end())).max()
    }

    /// The first night from which on no block keeps the searching council out.
    pub(crate) fn right_from(&self, entry: usize) -> Date {
        let (mut first, council) = (self.nights.start(), self.criteria.council);
        // Each turn opens a block or passes it, and another may close then; there are fewer turns than that.
        for agreed in self.agreed(entry) {
            let turns = agreed.blocks.iter().map(|block| 1 + block.sold.len()).sum::<usize>();
            for _ in 0..turns {
                let kept_out = agreed.blocked_for(council, Nights::from_on(first, None));
                let Some(open) = kept_out.map(|block| block.open_to(council, first)).max() else { break };
                first = open;
            }
        }
        first
    }

    /// Whether a claim takes any place of a place's home, an open one or a closed one. What the searching council has reserved of the place
    /// itself is none.
    pub(crate) fn claimed_home(&self, entry: usize) -> bool {
        let home = self.index.home(entry);
        let reserved = |other: usize| {
            let counts = |it: &Agreed| {
                self.reserved(it, false).next().is_some()
                    || (other != entry && self.reserved(it, true).next().is_some())
            };
            self.agreed(other).any(counts)
        };
        let claimed = |other: usize| self.held_until(other).is_some() || reserved(other);
        home.taken_until > self.from || home.entries.iter().any(|other| claimed(*other))
    }

    /// For how many children a place's household is approved, if as many are there or to come on some night from `first` on, as of `at`. They are
    /// counted as at an award: those in closed places too, where a departure was put right after a place had been closed.
    pub(crate) fn full_for(&self, entry: usize, first: Date, at: Timestamp) -> Option<u8> {
        if !self.index.sets.lodged.contains(entry) {
            return None;
        }
        let nights = Nights::from_on(first, None);
        let (home, entries) = (self.index.home(entry), &self.index.entries);
        let children = home.household.as_ref()?.children;
        let taken = home.entries.iter().map(|other| {
            let own = if *other == entry { self.criteria.council } else { None };
            let reserved = self.agreed(*other).flat_map(|it| it.reservations_on(nights));
            let reserved =
                reserved.filter(|it| own.is_none() || Some(it.council) != own).map(Reservation::nights);
            let claims = entries.claims[*other].iter().filter(|(claimed, expires_at)| {
                claimed.overlaps(&nights) && expires_at.is_none_or(|expires_at| at < expires_at)
            });
            claims.map(|(claimed, _)| *claimed).chain(reserved).collect()
        });
        (home.entries.len() >= children.into() && most_taken(taken, first) >= children.into())
            .then_some(children)
    }

    fn unmet(&self, entry: usize) -> usize {
        let met = self.needs.and(self.index.entries.row[entry].needs).len();
        self.criteria.needs.len() - met as usize
    }

    /// How far a place is, if that was asked and is known.
    #[inline]
    pub(crate) fn distance(&self, entry: usize) -> Option<Miles> {
        let (near, cell) = (self.criteria.near?, self.index.entries.row[entry].cell? as usize);
        match self.distances.get(cell) {
            Some(known) => Some(*known),
            None => Some(near.location().miles_to(self.index.cells[cell].location)),
        }
    }

    /// What a place is ranked by.
    pub(crate) fn rank(&self, entry: usize) -> Rank {
        self.rank_but_distance(entry).at(self.tenths(entry))
    }

    /// The same as if it lay where was asked.
    fn rank_but_distance(&self, entry: usize) -> Rank {
        let row = &self.index.entries.row[entry];
        let unmet = u8::try_from(self.unmet(entry)).unwrap_or(u8::MAX);
        let impact = self.child.rank(row.mix.as_ref());
        let [unmet, impact, grade] = [unmet, impact, row.grade_rank].map(u64::from);
        Rank((unmet << 48) | (impact << 40) | grade)
    }

    /// How far a place ranks, in tenths of a mile. Either every place that passes has a distance or none has.
    fn tenths(&self, entry: usize) -> u32 {
        self.distance(entry).map_or(0, |distance| distance.tenths)
    }

    /// What is told of the places that pass, and of how many fail which rule first.
    pub(crate) fn result(&self, passing: &Bits, counts: [u32; ALL.len()], limit: usize) -> SearchResult {
        let counted = ALL.iter().map(|about| about.rule).zip(counts);
        let excluded = counted.filter(|(_, count)| *count > 0).collect();
        SearchResult { matches_total: passing.count(), matches: self.best(passing, limit), excluded }
    }

    /// The best of some places that pass, in order.
    fn best(&self, passing: &Bits, limit: usize) -> Vec<Match> {
        let places = &self.index.entries.place;
        let mut ranked: Vec<(Rank, usize)> = Vec::with_capacity(passing.count() as usize);
        passing.each(|entry| ranked.push((self.rank_but_distance(entry), entry)));
        if limit < ranked.len() {
            // What is worse than the last of the best by what weighs more than the distance is not measured.
            let weighs_more = |it: &(Rank, usize)| it.0.before_distance();
            let (_, last, _) = ranked.select_nth_unstable_by_key(limit, weighs_more);
            let last = weighs_more(last);
            ranked.retain(|it| weighs_more(it) <= last);
        }
        let mut measured = (None, 0);
        for (rank, entry) in &mut ranked {
            // The places of a home follow each other.
            let cell = self.index.entries.row[*entry].cell;
            if cell.is_none() || measured.0 != cell {
                measured = (cell, self.tenths(*entry));
            }
            *rank = rank.at(measured.1);
        }
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
        let met = self.index.entries.row[entry].needs;
        self.asked.iter().filter(move |(_, code)| code.and(met).is_empty()).map(|(need, _)| *need)
    }
}

impl Rule {
    /// Whether these criteria ask anything that the rule could find wanting.
    fn asks(self, criteria: &Criteria) -> bool {
        match self {
            Self::Provision => !criteria.provisions.is_empty(),
            Self::Operator => criteria.operator != Operator::Any,
            Self::Grade => criteria.grade_at_least.is_some(),
            Self::Distance => criteria.near.is_some(),
            Self::AvoidedArea => !criteria.avoid_areas.is_empty(),
            Self::Age => criteria.age_years.is_some(),
            // An unknown sex excludes nothing.
            Self::Sex => criteria.sex.as_deref().is_some_and(|sex| sex != "U"),
            Self::Needs => criteria.all_needs && !criteria.needs.is_empty(),
            Self::ExcludedNeed => !criteria.needs.is_empty(),
            Self::NotEmpty => criteria.solo,
            Self::Registration
            | Self::Restricted
            | Self::NotAdvertised
            | Self::NotAvailable
            | Self::Claimed
            | Self::Reserved
            | Self::BlockOfAnotherCouncil => true,
        }
    }
}

/// Whether an establishment is the searching council's own.
pub(crate) fn in_house(criteria: &Criteria, operated_by: Option<care::CouncilId>) -> bool {
    operated_by.is_some() && operated_by == criteria.council
}
