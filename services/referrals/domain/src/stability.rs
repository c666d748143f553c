//! How stable children's placements were in a year to 31 March: a fold of what the council's log says of arrivals, departures, endings and of
//! which placement a referral follows from.
//!
//! A child is a chain of referrals that follow from one another; nothing else says here that two referrals are about the same child. The
//! figures are those of the former national indicators NI62 (three or more placements in the year) and NI63 (under-16s looked after for two and
//! a half years who have lived in the same placement for two), as far as the log can say: a placement that was not awarded here is not known.
//! Times away (RESPITE) within their longest length and series of short breaks (legal status V3 and V4) are no placements in either. A new
//! award for the same place on the day on which the last one ends goes on with the placement, which then has not ended.

use crate::deadlines::is_short_break;
use crate::state::{Award, Outcome, State};
use crate::staying::{DISRUPTION, RESPITE};
use care::{AwardId, Date, Nights, PlaceId, ReferralId, code_sets::collection_year};
use jiff::Span;
use std::collections::{BTreeMap, BTreeSet};

/// The years that can be asked for, named by the year in which their 31 March lies.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2100;
/// From how many placements in the year on a child is counted (NI62).
const PLACEMENTS_MANY: usize = 3;
/// For how many months a child has been looked after (NI63).
const LOOKED_AFTER_MONTHS: i32 = 30;
/// For how many months it has lived in the same placement (NI63).
const SAME_PLACEMENT_MONTHS: i32 = 24;
/// Under which age in years a child is on 31 March (NI63).
const AGE_UNDER_YEARS: i32 = 16;

/// The last day of the year to 31 March; none for a year that nobody asks for: 2000 to 2100 are taken.
#[must_use]
pub fn year_ending(year: i16) -> Option<Date> {
    YEARS.contains(&year).then(|| Date::new(year, 3, 31).ok()).flatten()
}

/// How many there are of something, and which. A child is named by the referral of its last placement, a placement by its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count(pub BTreeSet<ReferralId>);

impl Count {
    fn add_if(&mut self, counted: bool, referral: ReferralId) {
        if counted {
            self.0.insert(referral);
        }
    }
}

/// The figures of a year.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stability {
    /// Children in a placement at the end of 31 March.
    pub placed: Count,
    /// Of [`Stability::placed`]: those who had three or more placements in the year.
    pub three_or_more: Count,
    /// Of [`Stability::placed`]: under 16 on 31 March, and looked after without a gap for two and a half years.
    pub long_looked_after: Count,
    /// Of [`Stability::long_looked_after`]: those who have lived in the same place for two years.
    pub long_same_placement: Count,
    /// Looked after for so long, and left out of both: by what is known of the age they may be 16, or not.
    pub age_unclear: Count,
    /// Placements that ended in the year.
    pub ended: Count,
    /// Of [`Stability::ended`]: those of which nobody told how.
    pub ending_untold: Count,
    /// Of [`Stability::ended`]: by DISRUPTION.
    pub disrupted: Count,
    /// Of [`Stability::disrupted`]: within 90 days of the arrival.
    pub disrupted_in_90_days: Count,
    /// Of [`Stability::disrupted`]: within 180 days, those within 90 too.
    pub disrupted_in_180_days: Count,
    /// Of [`Stability::disrupted`]: within 365 days, those within 180 too.
    pub disrupted_in_365_days: Count,
}

/// A child's time in one place, under one award or several that follow on without a night between.
#[derive(Debug, Clone)]
struct Spell<'a> {
    place: &'a PlaceId,
    referral: ReferralId,
    /// The last of its awards, whose end is the spell's.
    award: AwardId,
    start: Date,
    end: Option<Date>,
}

impl Spell<'_> {
    /// Whether the child was there at the end of that day.
    fn covers(&self, day: Date) -> bool {
        self.start <= day && self.end.is_none_or(|end| end > day)
    }

    fn nights(&self) -> Nights {
        Nights::from_on(self.start, self.end)
    }
}

/// What is known of one child.
#[derive(Debug, Default)]
struct Child<'a> {
    awards: Vec<&'a Award>,
}

impl State {
    /// The figures of the year to 31 March that ends on `last`, see [`year_ending`], as far as the log knows. What is planned for after
    /// `today` has not happened yet.
    #[must_use]
    pub fn stability(&self, last: Date, today: Date) -> Stability {
        let mut figures = Stability::default();
        for child in self.children().values() {
            let stays = self.stays(child, today);
            child.count(&stays, last, &mut figures);
            for spell in with_nightless(&stays) {
                self.count_ending(&spell, (last, today), &mut figures);
            }
        }
        figures
    }

    /// The children, each by one of its referrals, with the awards whose child came.
    fn children(&self) -> BTreeMap<ReferralId, Child<'_>> {
        let chains = Chains::of(self);
        let mut children: BTreeMap<ReferralId, Child<'_>> = BTreeMap::new();
        for award in self.awards.values().filter(|award| is_placement(award)) {
            children.entry(chains.first(award.proposed.referral)).or_default().awards.push(award);
        }
        children
    }

    /// Whether an award is for a time away or one of a series of short breaks, however long it lasts.
    pub(crate) fn is_time_away(&self, award: &Award) -> bool {
        let referral = &award.proposed.referral;
        let respite = self.staying.follows.get(referral).is_some_and(|follows| follows.kind == RESPITE);
        respite || self.referrals.get(referral).is_some_and(is_short_break)
    }

    /// Whether an award is for a home: no time away, or one that by `today` has lasted longer than it may.
    fn is_home(&self, award: &Award, today: Date) -> bool {
        !self.is_time_away(award) || self.outlasts_respite(award, today) == Some(true)
    }

    /// Whether a time away has lasted longer than it may; none where nothing says how long it may last.
    fn outlasts_respite(&self, award: &Award, today: Date) -> Option<bool> {
        let last = self.respite_last_day(award)?;
        Some(self.ended_on(award).map_or(today, |end| end.min(today)) > last)
    }

    fn ended_on(&self, award: &Award) -> Option<Date> {
        self.clocks.awards.get(&award.proposed.award)?.ended
    }

    /// The child's times in its homes, in order of their starts, those without a night too.
    fn stays<'a>(&self, child: &Child<'a>, today: Date) -> Vec<Spell<'a>> {
        let homes = child.awards.iter().filter(|award| self.is_home(award, today));
        let mut stays: Vec<Spell<'a>> = homes
            .filter_map(|award| {
                let (proposed, end) = (&award.proposed, self.ended_on(award));
                let (place, referral, id) = (&proposed.place, proposed.referral, proposed.award);
                Some(Spell { place, referral, award: id, start: award.arrived?, end })
            })
            .collect();
        stays.sort_by(|one, other| {
            (one.start, one.end, one.referral).cmp(&(other.start, other.end, other.referral))
        });
        stays
    }

    fn count_ending(&self, stay: &Spell<'_>, (last, today): (Date, Date), figures: &mut Stability) {
        // A planned end that lies ahead is none yet.
        let Some(end) = stay.end.filter(|end| *end <= today) else { return };
        if collection_year(end) != collection_year(last) {
            return;
        }
        let referral = stay.referral;
        figures.ended.add_if(true, referral);
        let ending = self.staying.endings.get(&stay.award);
        figures.ending_untold.add_if(ending.is_none(), referral);
        if ending.is_none_or(|ending| ending != DISRUPTION) {
            return;
        }
        let days = stay.nights().count();
        figures.disrupted.add_if(true, referral);
        figures.disrupted_in_90_days.add_if(days <= 90, referral);
        figures.disrupted_in_180_days.add_if(days <= 180, referral);
        figures.disrupted_in_365_days.add_if(days <= 365, referral);
    }
}

/// The spells that these stays make, which are in order of their starts: a stay in the same place from the day on which the last one ends
/// goes on with it.
fn merged<'a>(stays: impl Iterator<Item = Spell<'a>>) -> Vec<Spell<'a>> {
    let mut merged: Vec<Spell<'a>> = Vec::new();
    for stay in stays {
        match merged.last_mut().filter(|last| last.place == stay.place && last.end == Some(stay.start)) {
            Some(last) => (last.end, last.referral, last.award) = (stay.end, stay.referral, stay.award),
            None => merged.push(stay),
        }
    }
    merged
}

/// The spells of these stays that have a night: who came and left on one day has had none there.
fn spells<'a>(stays: &[Spell<'a>]) -> Vec<Spell<'a>> {
    merged(stays.iter().filter(|stay| !stay.nights().is_empty()).cloned())
}

/// The spells of these stays, and those without a night that are no part of one.
fn with_nightless<'a>(stays: &[Spell<'a>]) -> Vec<Spell<'a>> {
    let mut all = spells(stays);
    let goes_on = |stay: &Spell<'_>, all: &[Spell<'_>]| {
        let there = |spell: &Spell<'_>| {
            spell.place == stay.place
                && spell.start <= stay.start
                && spell.end.is_none_or(|end| end >= stay.start)
        };
        all.iter().any(there)
    };
    for stay in stays.iter().filter(|stay| stay.nights().is_empty()) {
        if !goes_on(stay, &all) {
            all.push(stay.clone());
        }
    }
    all
}

/// Whether the child of an award came.
fn is_placement(award: &Award) -> bool {
    matches!(award.outcome, Outcome::Confirmed { .. }) && award.arrived.is_some()
}

/// The first day of the year that ends on `last`.
fn first_day(last: Date) -> Date {
    last.saturating_sub(Span::new().years(1)).saturating_add(Span::new().days(1))
}

fn months_before(day: Date, months: i32) -> Date {
    day.saturating_sub(Span::new().months(months))
}

/// Since when the child of these spells, in order of their starts, has been looked after without a night between, up to the last of them.
fn continuous_since(spells: &[Spell<'_>]) -> Date {
    let mut since = spells.last().map_or(Date::MAX, |spell| spell.start);
    for spell in spells.iter().rev().skip(1) {
        if spell.end.is_none_or(|end| end >= since) {
            since = since.min(spell.start);
        }
    }
    since
}

impl Child<'_> {
    fn count(&self, stays: &[Spell<'_>], last: Date, figures: &mut Stability) {
        let spells = spells(stays);
        // Where the log has a child in two places, it moved to the one that it came to last.
        let Some(now) = spells.iter().rposition(|spell| spell.covers(last)) else { return };
        let current = &spells[now];
        figures.placed.add_if(true, current.referral);
        let year = Nights::from_on(first_day(last), last.tomorrow().ok());
        let in_year = spells.iter().filter(|spell| spell.nights().overlaps(&year)).count();
        figures.three_or_more.add_if(in_year >= PLACEMENTS_MANY, current.referral);
        let long = continuous_since(&spells[..=now]) <= months_before(last, LOOKED_AFTER_MONTHS);
        if !long {
            return;
        }
        match self.is_under(AGE_UNDER_YEARS, last) {
            Some(true) => {
                let same = current.start <= months_before(last, SAME_PLACEMENT_MONTHS);
                figures.long_looked_after.add_if(true, current.referral);
                figures.long_same_placement.add_if(same, current.referral);
            }
            Some(false) => {}
            None => figures.age_unclear.add_if(true, current.referral),
        }
    }

    /// Whether the child is under an age on a day, by the ages in whole years that its awards had on their first nights; none if that does
    /// not say.
    fn is_under(&self, years: i32, day: Date) -> Option<bool> {
        // Born after the first of these days and not after the second.
        let (mut after, mut until) = (Date::MIN, Date::MAX);
        for Award { proposed, .. } in &self.awards {
            let age = i32::from(proposed.age_years);
            after = after.max(proposed.start.saturating_sub(Span::new().years(age + 1)));
            until = until.min(proposed.start.saturating_sub(Span::new().years(age)));
        }
        let born_by = day.saturating_sub(Span::new().years(years));
        if after >= born_by {
            return Some(true);
        }
        (until <= born_by).then_some(false)
    }
}

/// Which referrals are about the same child.
struct Chains(BTreeMap<ReferralId, ReferralId>);

impl Chains {
    fn of(state: &State) -> Self {
        let mut chains = Self(BTreeMap::new());
        for (referral, follows) in &state.staying.follows {
            if let Some(award) = state.awards.get(&follows.award) {
                chains.join(*referral, award.proposed.referral);
            }
        }
        chains
    }

    /// The one of its chain that stands for all of them. Links lead to smaller ids alone, so that it ends.
    fn first(&self, mut referral: ReferralId) -> ReferralId {
        while let Some(next) = self.0.get(&referral) {
            referral = *next;
        }
        referral
    }

    fn join(&mut self, one: ReferralId, other: ReferralId) {
        let (one, other) = (self.first(one), self.first(other));
        if one != other {
            self.0.insert(one.max(other), one.min(other));
        }
    }
}
