//! What figures read of a council's own agreements.

use super::quarter::Quarters;
use crate::agreements::{Agreement, Agreements};
use crate::frameworks::Frameworks;
use care::published::Route;
use care::{
    AwardId, CouncilId, Date, EstablishmentUrn, FrameworkId, Pence, ProviderId, ReferralId, london_date,
};

/// An agreement, as far as figures are made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The council.
    pub council: CouncilId,
    /// The provider.
    pub provider: ProviderId,
    /// The establishment.
    pub urn: EstablishmentUrn,
    /// The award it came from.
    pub award: AwardId,
    /// The referral.
    pub referral: ReferralId,
    /// The day on which it was issued.
    pub issued_on: Date,
    /// The ROUTE that it was bought by: `IN_HOUSE`, `FRAMEWORK` or `SPOT`.
    pub route: &'static str,
    /// The framework that it was called off from.
    pub framework: Option<FrameworkId>,
    /// The core fee as it was agreed first, pence a week.
    pub core: Pence,
    /// The most that the core fee could be, as the framework says now; none off the framework.
    pub ceiling: Option<Pence>,
    /// The first night, once the child came.
    pub started: Option<Date>,
    /// The day of departure, and how it ended if that was told.
    pub ended: Option<(Date, Option<String>)>,
}

/// A council's agreements that were issued, or whose placements ended, within these quarters, in order of their ids.
#[must_use]
pub fn placements(agreements: &Agreements, frameworks: &Frameworks, quarters: Quarters) -> Vec<Placement> {
    let within = |agreement: &&Agreement| {
        let ended = agreement.ended.as_ref().map(|end| end.on);
        let days = [Some(london_date(agreement.issued.at)), ended];
        days.into_iter().flatten().any(|day| quarters.of(day).is_some())
    };
    agreements.agreements.values().filter(within).map(|agreement| placement(agreement, frameworks)).collect()
}

fn placement(agreement: &Agreement, frameworks: &Frameworks) -> Placement {
    let issued = &agreement.issued;
    let core = issued.terms.lines.iter().filter(|line| line.kind == "CORE").map(|line| line.weekly).sum();
    let (route, framework, ceiling) = match &issued.terms.route {
        Route::InHouse => ("IN_HOUSE", None, None),
        Route::Spot { .. } => ("SPOT", None, None),
        Route::Framework { framework, lot, level, attributes } => {
            let lot = frameworks.get(framework).and_then(|framework| framework.lots.get(lot));
            let ceiling = lot
                .zip(agreement.age_years)
                .and_then(|(lot, age_years)| lot.ceiling(level, age_years, attributes));
            ("FRAMEWORK", Some(framework.clone()), ceiling)
        }
    };
    Placement {
        council: issued.council,
        provider: issued.provider.clone(),
        urn: issued.urn.clone(),
        award: issued.award,
        referral: issued.referral,
        issued_on: london_date(issued.at),
        route,
        framework,
        core,
        ceiling,
        started: agreement.started,
        ended: agreement.ended.as_ref().map(|end| (end.on, end.ending.clone())),
    }
}
