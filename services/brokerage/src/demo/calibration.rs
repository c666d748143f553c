//! What the demo's simulated region is calibrated on: the councils, their needs and prices, each figure with its
//! source.
//!
//! Three kinds of number are kept apart. *Printed* figures stand in a council's strategy or in the DfE's statistics.
//! *Computed* figures are arithmetic on printed ones, and the sum is in their source. Everything else is in
//! [`assumptions`], says that it is one, and says why. Prices and children in the demo are simulated; the strategies
//! differ in year and definition, so a figure beside the demo's own result is a comparison and not a target.
//!
//! Shares are per mille (`u32`), money is pence, a week unless the unit says a year.

pub(crate) mod assumptions;
mod councils;
mod figures;

#[cfg(test)]
pub(crate) use councils::REGIONS;
pub(crate) use councils::{CHANGE_REASONS, COUNCILS, COUNCILS_SOURCE, Market};
pub(crate) use figures::{FIGURES, LOTS, LOTS_SOURCE, WEEKLY_COSTS};

use std::fmt;

/// Where a number comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Source {
    /// The document's title, with the years it covers.
    pub(crate) document: &'static str,
    /// The section, and what it prints there, in our words.
    pub(crate) prints: &'static str,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.document, self.prints)
    }
}

/// Whether a figure stands in its document or follows from others that do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basis {
    /// It is printed.
    Printed,
    /// It is arithmetic on printed numbers; the source shows it.
    Computed,
}

/// What a figure's value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Children in care.
    Children,
    /// Young people, some of them over 18.
    YoungPeople,
    /// Placements.
    Placements,
    /// Registered or commissioned places.
    Places,
    /// Providers.
    Providers,
    /// Fostering households.
    Households,
    /// Thousandths of the whole that the name states.
    PerMille,
    /// Pence a week.
    PencePerWeek,
    /// Pence a year.
    PencePerYear,
    /// Days.
    Days,
}

/// A result of the simulated market that a figure may be shown beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Measure {
    /// Of children placed with external providers, those within 20 miles.
    ExternalWithin20Miles,
    /// Of all children placed, those within 20 miles.
    AllWithin20Miles,
    /// Of all children placed, those more than 20 miles away.
    Beyond20Miles,
    /// Of all children placed, those outside their council's area.
    OutsideArea,
    /// Of all children placed, those with an external provider.
    External,
    /// Of children in foster care, those with an independent agency.
    AgencyShareOfFostering,
    /// Of all children placed, those in foster care.
    Fostering,
    /// Of all children placed, those in children's homes.
    Residential,
    /// Of children coming into care, unaccompanied asylum-seeking children.
    Unaccompanied,
    /// The mean weekly price of an agency foster placement.
    AgencyFosteringWeekly,
    /// The mean weekly price of an external children's home.
    ExternalResidentialWeekly,
}

/// One number for the demo's summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Figure {
    /// What it is the number of, with its date.
    pub(crate) name: &'static str,
    /// The number, in `unit`.
    pub(crate) value: i64,
    /// What it counts.
    pub(crate) unit: Unit,
    /// Printed or computed.
    pub(crate) basis: Basis,
    /// The demo's own result that it may stand beside.
    pub(crate) measure: Option<Measure>,
    /// Where it comes from.
    pub(crate) source: Source,
}

impl fmt::Display for Figure {
    /// The value with its unit: `62%`, `14.1%`, `£941.00 a week`, `98 children`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value;
        match self.unit {
            Unit::Children => write!(f, "{value} children"),
            Unit::YoungPeople => write!(f, "{value} young people"),
            Unit::Placements => write!(f, "{value} placements"),
            Unit::Places => write!(f, "{value} places"),
            Unit::Providers => write!(f, "{value} providers"),
            Unit::Households => write!(f, "{value} households"),
            Unit::Days => write!(f, "{value} days"),
            Unit::PerMille if value % 10 == 0 => write!(f, "{}%", value / 10),
            Unit::PerMille => write!(f, "{}.{}%", value / 10, value % 10),
            Unit::PencePerWeek => write!(f, "{} a week", care::Pence(value)),
            Unit::PencePerYear => write!(f, "{} a year", care::Pence(value)),
        }
    }
}

/// The average weekly cost of a kind of placement, as a council prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WeeklyCost {
    /// The kind, in the document's terms.
    pub(crate) name: &'static str,
    /// Whether the council provides it itself.
    pub(crate) in_house: bool,
    /// Pence a week.
    pub(crate) weekly_pence: i64,
    /// Where it comes from.
    pub(crate) source: Source,
}

/// A lot of the Tyne Tees fostering framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lot {
    /// Its name.
    pub(crate) name: &'static str,
    /// The `PROVISION` code of what it buys; none where it buys nothing for a child under 18.
    pub(crate) provision: Option<&'static str>,
}

#[cfg(test)]
mod tests {
    use super::assumptions::{
        AGE_BANDS, DECLINES, NEEDS, PRICES, SIBLING_GROUPS, UNACCOMPANIED_OF_STARTS, URGENCIES,
    };
    use super::{
        Basis, CHANGE_REASONS, COUNCILS, FIGURES, LOTS, Market, Measure, REGIONS, Unit, WEEKLY_COSTS,
    };
    use care::code_sets;

    fn figure(name: &str) -> i64 {
        FIGURES
            .iter()
            .find(|figure| figure.name == name)
            .unwrap_or_else(|| panic!("no figure {name:?}"))
            .value
    }

    #[test]
    fn councils_are_the_ones_that_the_vocabulary_knows() {
        assert_eq!(COUNCILS.len(), 17);
        for council in COUNCILS {
            let known: care::CouncilId = council.gss.parse().expect(council.name);
            assert_eq!(known.council().dfe, council.dfe, "{}", council.name);
            assert_eq!(known.name(), council.name);
        }
    }

    #[test]
    fn the_locations_of_new_placements_add_up_to_their_total_or_leave_the_suppressed_rest() {
        for council in COUNCILS {
            let year = council.year;
            let shown = year.inside_within_20 + year.outside_within_20 + year.outside_beyond_20;
            match (year.inside_beyond_20, year.location_unknown) {
                (Some(beyond), Some(unknown)) => {
                    assert_eq!(shown + beyond + unknown, year.new_placements, "{}", council.name);
                }
                (None, None) => assert!(shown < year.new_placements, "{}", council.name),
                _ => panic!("{}: the DfE suppresses these two together", council.name),
            }
        }
    }

    /// The DfE rounds a region to the nearest ten, so the twelve councils must add up to within five of it.
    #[test]
    fn the_north_east_councils_add_up_to_the_region() {
        let region = REGIONS.iter().find(|region| region.name == "North East").unwrap().year;
        let twelve: Vec<_> = COUNCILS.iter().filter(|council| council.market == Market::TyneTees).collect();
        assert_eq!(twelve.len(), 12);
        for (what, of_council, of_region) in [
            ("in care", twelve.iter().map(|c| c.year.in_care).sum::<u32>(), region.in_care),
            ("started", twelve.iter().map(|c| c.year.started).sum(), region.started),
            ("ceased", twelve.iter().map(|c| c.year.ceased).sum(), region.ceased),
            ("new placements", twelve.iter().map(|c| c.year.new_placements).sum(), region.new_placements),
            ("inside, near", twelve.iter().map(|c| c.year.inside_within_20).sum(), region.inside_within_20),
            (
                "outside, near",
                twelve.iter().map(|c| c.year.outside_within_20).sum(),
                region.outside_within_20,
            ),
            ("outside, far", twelve.iter().map(|c| c.year.outside_beyond_20).sum(), region.outside_beyond_20),
            ("moves", twelve.iter().map(|c| c.year.three_or_more).sum(), region.three_or_more),
        ] {
            assert!(of_council.abs_diff(of_region) <= 5, "{what}: {of_council} against {of_region}");
        }
    }

    #[test]
    fn computed_shares_of_a_region_follow_from_its_counts() {
        for name in ["North East", "East Midlands"] {
            let year = REGIONS.iter().find(|region| region.name == name).unwrap().year;
            let outside = figure(&format!("{name}: new placements outside the council's area, 2024-25"));
            let beyond = figure(&format!("{name}: new placements more than 20 miles from home, 2024-25"));
            assert_eq!(i64::from(year.outside_per_mille()), outside, "{name}");
            assert_eq!(year.beyond_20_per_mille().map(i64::from), Some(beyond), "{name}");
        }
    }

    #[test]
    fn shares_of_a_whole_add_up_to_it() {
        assert_eq!(NEEDS.iter().flat_map(|need| need.per_mille).sum::<u32>(), 1000);
        assert_eq!(DECLINES.iter().map(|decline| decline.per_mille).sum::<u32>(), 1000);
        assert_eq!(URGENCIES.iter().map(|urgency| urgency.per_mille).sum::<u32>(), 1000);
        assert_eq!(SIBLING_GROUPS.iter().map(|group| group.per_mille).sum::<u32>(), 1000);
        let fostering = PRICES.iter().filter(|price| price.fostering_per_mille > 0);
        assert_eq!(fostering.map(|price| price.fostering_per_mille).sum::<u32>(), 1000);
    }

    #[test]
    fn codes_are_those_of_the_vocabulary() {
        for need in NEEDS {
            assert!(code_sets::PROVISION.label(need.provision).is_some(), "{}", need.provision);
            assert!(
                PRICES.iter().any(|price| price.provision == need.provision),
                "{} needs a price",
                need.provision
            );
        }
        for price in PRICES {
            assert!(code_sets::PROVISION.label(price.provision).is_some(), "{}", price.provision);
            if let Some(lot) = price.lot {
                let lot = LOTS.iter().find(|known| known.name == lot).expect(lot);
                assert_eq!(lot.provision, Some(price.provision), "{}", lot.name);
            }
        }
        let mut declines: Vec<_> = DECLINES.iter().map(|decline| decline.code).collect();
        let mut known: Vec<_> = code_sets::DECLINE.codes.iter().map(|code| code.code).collect();
        declines.sort_unstable();
        known.sort_unstable();
        assert_eq!(declines, known, "every reason to decline has its share");
        let mut reasons: Vec<_> = CHANGE_REASONS.iter().map(|reason| reason.code).collect();
        let mut known: Vec<_> = code_sets::REASON_PLACE_CHANGE.codes.iter().map(|code| code.code).collect();
        reasons.sort_unstable();
        known.sort_unstable();
        assert_eq!(reasons, known);
        assert!(URGENCIES.iter().all(|urgency| code_sets::URGENCY.label(urgency.code).is_some()));
    }

    #[test]
    fn the_need_mix_gives_back_the_printed_shares() {
        let band = |index: usize| NEEDS.iter().map(|need| need.per_mille[index]).sum::<u32>();
        assert_eq!(i64::from(band(0)), figure("Darlington: under 1, of children starting, 2022-23"));
        assert_eq!(i64::from(band(3)), figure("Derby: aged 10 to 15, of children in care, March 2019"));
        assert_eq!(i64::from(band(4)), figure("Derby: aged 16 or 17, of admissions, 2018-19"));

        let unaccompanied: u32 =
            NEEDS.iter().map(|need| need.per_mille.iter().sum::<u32>() * need.unaccompanied_per_mille).sum();
        assert!((unaccompanied / 1000).abs_diff(UNACCOMPANIED_OF_STARTS) <= 1, "{unaccompanied}");
        assert_eq!(
            i64::from(UNACCOMPANIED_OF_STARTS),
            figure("Darlington: unaccompanied, of children starting, 2022-23")
        );
    }

    #[test]
    fn no_need_has_children_outside_its_ages() {
        for need in NEEDS {
            assert!(need.age_min <= need.age_max && need.age_max <= 17, "{}", need.provision);
            for (band, per_mille) in AGE_BANDS.iter().zip(need.per_mille) {
                let overlaps = band.from.max(need.age_min) <= band.to.min(need.age_max);
                assert!(per_mille == 0 || overlaps, "{} at {} to {}", need.provision, band.from, band.to);
            }
        }
        let supported = NEEDS.iter().find(|need| need.provision == "SUPPORTED_ACCOMMODATION").unwrap();
        assert_eq!(supported.age_min, 16, "nobody under 16 in supported accommodation");
    }

    #[test]
    fn simulated_prices_centre_on_the_printed_averages() {
        let average: i64 = PRICES
            .iter()
            .map(|price| price.middle_pence() * i64::from(price.fostering_per_mille))
            .sum::<i64>()
            / 1000;
        let printed = WEEKLY_COSTS.iter().find(|cost| cost.name.contains("(IFA)")).unwrap().weekly_pence;
        assert!(average.abs_diff(printed) * 100 <= printed.unsigned_abs(), "{average} against {printed}");
        for price in PRICES {
            assert!(price.low_per_mille < 1000 && 1000 < price.high_per_mille, "{}", price.provision);
            assert!(price.low_pence() < price.middle_pence() && price.middle_pence() < price.high_pence());
        }
    }

    #[test]
    fn matching_is_the_commonest_reason_to_decline() {
        let matching = DECLINES.iter().find(|decline| decline.code == "MATCHING").unwrap().per_mille;
        assert!(DECLINES.iter().all(|decline| decline.code == "MATCHING" || decline.per_mille < matching));
    }

    #[test]
    fn every_figure_is_cited_once_and_reads_with_its_unit() {
        for (index, figure) in FIGURES.iter().enumerate() {
            assert!(
                !figure.source.document.is_empty() && !figure.source.prints.is_empty(),
                "{}",
                figure.name
            );
            assert!(figure.value >= 0, "{}", figure.name);
            assert!(figure.unit != Unit::PerMille || figure.value <= 1000, "{}", figure.name);
            assert!(FIGURES[..index].iter().all(|other| other.name != figure.name), "{}", figure.name);
        }
        let derby = FIGURES.iter().find(|f| f.measure == Some(Measure::ExternalWithin20Miles)).unwrap();
        assert_eq!((derby.to_string(), derby.basis), ("62%".to_owned(), Basis::Printed));
        assert_eq!(
            FIGURES.iter().find(|f| f.value == 141 && f.unit == Unit::PerMille).unwrap().to_string(),
            "14.1%"
        );
    }
}
