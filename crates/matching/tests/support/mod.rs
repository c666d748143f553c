//! What the tests of searches share: an instant, a fold, and what counterfactuals come to.
#![allow(clippy::unwrap_used, reason = "fixed texts that parse")]
#![allow(dead_code, reason = "each test program uses some of it")]

pub(crate) mod history;
pub(crate) mod oracle;

use care::market::{Market, MarketEvent, Sexes};
use care::published::{ClaimEvidence, MarketEvidence};
use care::{Date, Timestamp};
use geography::Miles;
use matching::{Counterfactual, Criteria, Operator};

pub(crate) fn at(minutes: i64) -> Timestamp {
    "2026-01-05T10:00:00Z".parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_mins(minutes)
}

/// What the market judged a claim on; no search reads it.
pub(crate) fn evidence() -> MarketEvidence {
    let evidence = ClaimEvidence {
        registration: "ACTIVE".into(),
        provision: "RESIDENTIAL".into(),
        grade: "GOOD".into(),
        age_from: 10,
        age_to: 17,
        age_years: 14,
        places_registered: 4,
        places_claimed: 4,
        accommodation: None,
    };
    let (sexes_advertised, sexes_registered) = (Sexes::Any, Sexes::Any);
    MarketEvidence { evidence, sexes_advertised, sexes_registered, sex: "F".into(), household: None }
}

/// The market after some events.
pub(crate) fn folded<'a>(events: impl IntoIterator<Item = &'a MarketEvent>) -> Market {
    let mut market = Market::default();
    events.into_iter().for_each(|event| market.evolve(event));
    market
}

/// The criteria and the instant as a counterfactual would have them.
pub(crate) fn apply(instead: Counterfactual<'_>, criteria: &mut Criteria, at: &mut Timestamp) {
    let later = |asked: Option<Date>, date| Some(asked.map_or(date, |asked| asked.max(date)));
    match instead {
        Counterfactual::ProvisionToo(code) => criteria.provisions.extend([code.to_owned()]),
        Counterfactual::AnyOperator => criteria.operator = Operator::Any,
        Counterfactual::GradeAtLeast(grade) => criteria.grade_at_least = Some(grade.to_owned()),
        Counterfactual::AnyGrade => criteria.grade_at_least = None,
        Counterfactual::RadiusMore(more) => {
            let within = criteria.within.unwrap();
            criteria.within = Some(Miles { tenths: within.tenths + more.tenths });
        }
        Counterfactual::AnyDistance => criteria.near = None,
        Counterfactual::AreaToo(code) => drop(criteria.avoid_areas.remove(code)),
        Counterfactual::FirstNight(date) => criteria.available_on = later(criteria.available_on, date),
        Counterfactual::AgeWithin { from, to } => {
            criteria.age_years = criteria.age_years.map(|age| age.clamp(from, to));
        }
        Counterfactual::WithoutNeeds(needs) => {
            criteria.needs.retain(|need| !needs.codes().any(|code| code == need));
        }
        Counterfactual::AskedFrom(instant) => *at = (*instant).max(*at),
        Counterfactual::OnceOver(date) => {
            criteria.available_on = later(criteria.available_on, date);
            *at = care::working_days::start_of_day(date).max(*at);
        }
        Counterfactual::SoloLifted => criteria.solo = false,
    }
}
