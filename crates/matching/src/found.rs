//! What a search found, in values and in words.

use crate::impact::Concern;
use crate::index::Household;
use crate::rules::Rule;
use crate::search::{Question, in_house};
use care::market::Freshness;
use care::{Date, EstablishmentUrn, PlaceId, ProviderId, Timestamp, london_date};
use geography::Miles;
use std::collections::BTreeMap;
use std::fmt;

/// What the 20-mile measures are held against.
const MEASURE_MILES: Miles = Miles::whole(20);

/// A place that can be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The place.
    pub place: PlaceId,
    /// Its establishment.
    pub urn: EstablishmentUrn,
    /// The carer household that it is in, if it is in one.
    pub household: Option<Household>,
    /// Its provider.
    pub provider: ProviderId,
    /// What it is, a code of `code_sets::PROVISION`.
    pub provision: String,
    /// A code of `code_sets::GRADE`.
    pub grade: String,
    /// The upper-tier authority it lies in, a GSS code.
    pub utla: String,
    /// How far it is from where was asked, if that was asked.
    pub distance: Option<Miles>,
    /// The measure that statutory returns have: from the child's home, if that was given.
    pub from_home: Option<Measure>,
    /// The measure that some councils have beside it: from the council's centre, if that was given.
    pub from_centre: Option<Measure>,
    /// How much of the needs it can meet, in thousandths; 1000 if none were asked for.
    pub needs_met_thousandths: u16,
    /// The needs it does not say it can meet, codes of `code_sets::NEED`.
    pub unmet_needs: Vec<String>,
    /// What the child's coming may mean for those who live there; none where the provider does not say who does.
    pub impact: Option<Impact>,
    /// The first night it can be had.
    pub available_from: Date,
    /// When the provider said last that it can be had.
    pub confirmed_at: Timestamp,
    /// How fresh that is, as of the search.
    pub freshness: Freshness,
    /// Whether it is the searching council's own.
    pub in_house: bool,
    /// The day after the last night that the searching council has reserved of it, if it has.
    pub reserved_until: Option<Date>,
    /// The day after the last night that the searching council alone may hold of it by a block contract, if it may.
    pub block_until: Option<Date>,
    /// Anything else the provider says.
    pub note: String,
    /// How many needs were asked for.
    needs_asked: usize,
}

/// A distance that is held against 20 miles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// How far it is.
    pub distance: Miles,
    /// Whether that is at most 20 miles, as it is shown.
    pub within_20_miles: bool,
}

impl Measure {
    fn of(distance: Miles) -> Self {
        Self { distance, within_20_miles: distance.within(MEASURE_MILES) }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let beyond = if self.within_20_miles { "within" } else { "more than" };
        write!(f, "{} miles, {beyond} 20", self.distance)
    }
}

/// What weighs between a child and those who live in a home. It never replaces the provider's impact risk assessment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Impact {
    /// The sum of what weighs, 0 where nothing was found, up to 255.
    pub score: u8,
    /// What it is made of.
    pub concerns: Vec<Concern>,
}

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchResult {
    /// The best first, no more of them than were asked for; see [`RANKING_VERSION`](crate::RANKING_VERSION) for the order.
    pub matches: Vec<Match>,
    /// How many there are.
    pub matches_total: u32,
    /// How many open places were left out, by the first rule that each failed.
    pub excluded: BTreeMap<Rule, u32>,
}

impl Question<'_> {
    /// A place that passes, as it is told.
    pub(crate) fn found(&self, entry: usize) -> Match {
        let (criteria, entries, home) = (self.criteria, &self.index.entries, self.index.home(entry));
        let unmet_needs: Vec<String> = self.unmet_needs(entry).cloned().collect();
        let location = home.cell.map(|cell| self.index.cells[cell as usize].location);
        let measure = |from: Option<crate::Near>| Some(Measure::of(from?.location().miles_to(location?)));
        let impact = entries.row[entry].mix.map(|group| Impact {
            score: self.child.score(&group),
            concerns: self.child.concerns(&group).collect(),
        });
        let (asked, met) = (criteria.needs.len(), criteria.needs.len() - unmet_needs.len());
        let said = &entries.said[entry];
        let confirmed_at = said.at.unwrap_or_default();
        Match {
            place: entries.place[entry].clone(),
            urn: home.urn.clone(),
            household: home.household.clone(),
            provider: home.provider.clone(),
            provision: home.provision.clone(),
            grade: home.grade.clone(),
            utla: home.utla.clone(),
            distance: self.distance(entry),
            from_home: measure(criteria.home),
            from_centre: measure(criteria.centre),
            needs_met_thousandths: (met * 1000).checked_div(asked).map_or(1000, thousandths),
            unmet_needs,
            impact,
            available_from: entries.available_from[entry].unwrap_or_default(),
            confirmed_at,
            freshness: Freshness::of(confirmed_at, self.at),
            in_house: in_house(criteria, home.operated_by),
            reserved_until: {
                let own = self.agreed(entry).flat_map(|it| self.reserved(it, true));
                own.map(|it| it.until).max()
            },
            block_until: self.own_block_until(entry),
            note: said.note.to_string(),
            needs_asked: asked,
        }
    }
}

impl Match {
    /// Why it ranks where it does, in words.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        let asked = self.needs_asked;
        let mut reasons = Vec::new();
        if asked > 0 {
            reasons.push(format!("meets {} of {asked} needs", asked - self.unmet_needs.len()));
        }
        match &self.impact {
            None => reasons.push("who lives there is not stated".to_owned()),
            Some(impact) if impact.concerns.is_empty() => {
                reasons.push("nothing found that weighs on those who live there".to_owned());
            }
            Some(impact) => {
                let concerns: Vec<String> = impact.concerns.iter().map(ToString::to_string).collect();
                reasons.push(format!("impact {}: {}", impact.score, concerns.join("; ")));
            }
        }
        if let Some(distance) = self.distance {
            reasons.push(format!("{distance} miles away"));
        }
        let labelled = [("the child's home", self.from_home), ("the council's centre", self.from_centre)];
        for (label, measure) in labelled {
            reasons.extend(measure.map(|measure| format!("from {label}: {measure}")));
        }
        reasons.push(format!("grade {}", self.grade));
        if let Some(household) = &self.household {
            let siblings =
                if household.sibling_groups { "takes siblings" } else { "takes no siblings together" };
            reasons.push(format!("a household for {} children, {siblings}", household.children));
        }
        if self.in_house {
            reasons.push("the council's own".to_owned());
        }
        reasons.extend(self.reserved_until.map(|until| format!("the council has reserved it until {until}")));
        reasons
            .extend(self.block_until.map(|until| format!("the council's by a block contract until {until}")));
        // What a provider said long ago may no longer hold.
        let level = self.freshness.level.word();
        reasons.push(format!("confirmed on {}, {level}", london_date(self.confirmed_at)));
        reasons
    }
}

fn thousandths(part: usize) -> u16 {
    u16::try_from(part).unwrap_or(1000)
}
