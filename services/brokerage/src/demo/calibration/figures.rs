//! What the five strategies print, and what follows from it: prices, counts and shares for the demo's summary.
//!
//! The strategies disagree about themselves in places, and nothing here is smoothed. Darlington's agency fostering
//! bill and its number of agency placements give a lower weekly cost than its own table; it counts twelve council
//! beds and, elsewhere, three homes of three placements; Dorset's 212 and 103 foster placements are 65% of its 482
//! children where it prints 69%; Derby prints the same year twice for a rise in admissions at 16 and 17.

use super::{Basis, Figure, Lot, Measure, Source, Unit, WeeklyCost};

const DARLINGTON: &str =
    "Darlington, Looked After Children Commissioning and Sufficiency Strategy Refresh 2024-25";
const DERBY: &str = "Derby, Children in Care Placements Commissioning and Sufficiency Strategy 2019-22";
const DORSET: &str = "Dorset, Placement Sufficiency Strategy 2020-23, Summary of Approach";
const DURHAM: &str = "County Durham, Sufficiency and Commissioning Strategy 2018-21, presentation";
const DURHAM_PANEL: &str =
    "County Durham, scrutiny panel on the Sufficiency and Commissioning Strategy 2022-24";
const DFE: &str = super::COUNCILS_SOURCE.document;

const fn darlington_cost(
    name: &'static str,
    in_house: bool,
    weekly_pence: i64,
    prints: &'static str,
) -> WeeklyCost {
    WeeklyCost { name, in_house, weekly_pence, source: Source { document: DARLINGTON, prints } }
}

/// Connected persons' foster care: £174 a week on average (Darlington, "Financial impact of placements").
pub(super) const CONNECTED_FOSTERING: WeeklyCost = darlington_cost(
    "Foster care, connected persons",
    true,
    17_400,
    "Financial impact: average weekly cost of connected persons' foster care £174",
);
/// In-house foster care: £391 a week on average (same table).
pub(super) const IN_HOUSE_FOSTERING: WeeklyCost = darlington_cost(
    "Foster care, in-house",
    true,
    39_100,
    "Financial impact: average weekly cost of in-house foster care £391, with fees and 30% on-costs",
);
/// Agency foster care: £941 a week on average (same table).
pub(super) const AGENCY_FOSTERING: WeeklyCost = darlington_cost(
    "Foster care, external (IFA)",
    false,
    94_100,
    "Financial impact: average weekly cost of externally commissioned foster care £941",
);
/// In-house residential care: £4,382 a week on average (same table).
pub(super) const IN_HOUSE_RESIDENTIAL: WeeklyCost = darlington_cost(
    "Residential care, in-house",
    true,
    438_200,
    "Financial impact: average weekly cost of in-house residential care £4,382",
);
/// External residential care: £4,534 a week on average (same table).
pub(super) const EXTERNAL_RESIDENTIAL: WeeklyCost = darlington_cost(
    "Residential care, external",
    false,
    453_400,
    "Financial impact: average weekly cost of externally commissioned residential care £4,534",
);

/// The only weekly costs that any of the five strategies prints. None prints a price for supported accommodation,
/// unaccompanied children, parent and child placements or secure homes.
pub(crate) const WEEKLY_COSTS: &[WeeklyCost] =
    &[CONNECTED_FOSTERING, IN_HOUSE_FOSTERING, AGENCY_FOSTERING, IN_HOUSE_RESIDENTIAL, EXTERNAL_RESIDENTIAL];

/// Where the lots come from.
pub(crate) const LOTS_SOURCE: Source = Source {
    document: "NEPO603 Tyne-Tees Independent Foster Care Services (C-012130), notice ocds-h6vhtk-036ab2 of 2022",
    prints: "six services; Darlington's strategy names five of them, with parent and child assessment but without \
             plain parent and child",
};

/// The six lots of the Tyne Tees fostering framework ([`LOTS_SOURCE`]).
pub(crate) const LOTS: &[Lot] = &[
    Lot { name: "Standard Support", provision: Some("FOSTERING") },
    Lot { name: "Extra Support", provision: Some("FOSTERING") },
    Lot { name: "Enhanced Support", provision: Some("FOSTERING_ENHANCED") },
    Lot { name: "Parent and Baby/Child", provision: Some("FOSTERING_PARENT_CHILD") },
    Lot { name: "Parent and Baby/Child Assessment", provision: Some("FOSTERING_PARENT_CHILD") },
    Lot { name: "Staying Put", provision: None },
];

macro_rules! figures {
    ($($document:ident { $($basis:ident $name:literal = $value:literal $unit:ident $(as $measure:ident)?, $prints:literal;)+ })+) => {
        &[$($(Figure {
            name: $name,
            value: $value,
            unit: Unit::$unit,
            basis: Basis::$basis,
            measure: figures!(@measure $($measure)?),
            source: Source { document: $document, prints: $prints },
        },)+)+]
    };
    (@measure) => { None };
    (@measure $measure:ident) => { Some(Measure::$measure) };
}

/// The figures, by document. Those with a measure may stand beside the demo's own result.
pub(crate) const FIGURES: &[Figure] = figures! {
    DARLINGTON {
        Printed "Darlington: children in care, March 2023" = 322 Children,
            "Local context: 322 in care at 31 March 2023";
        Printed "Darlington: children starting, 2022-23" = 149 Children,
            "Local context: 149 became looked after in 2022-23";
        Printed "Darlington: unaccompanied children starting, 2022-23" = 18 Children,
            "Local context: 18 of the 149 came through the National Transfer Scheme";
        Computed "Darlington: unaccompanied, of children starting, 2022-23" = 121 PerMille as Unaccompanied,
            "Local context: 18 / 149";
        Printed "Darlington: most unaccompanied children at one time" = 22 Children,
            "Unaccompanied asylum-seeking children: the Home Office's distribution allows 22 under 18";
        Printed "Darlington: referrals through the transfer scheme to April 2024" = 32 Children,
            "Unaccompanied asylum-seeking children: 32 referrals received";
        Printed "Darlington: under 1, of children starting, 2022-23" = 141 PerMille,
            "Local context: under 1 fell to 14.1%, from 34% in 2021-22 and 24% in 2020-21";
        Printed "Darlington: with kinship carers, March 2023" = 51 Placements,
            "Connected care: kinship care provided 51 placements";
        Printed "Darlington: at home with a parent, March 2023" = 46 Children,
            "Connected care: 46 stayed at home with a parent";
        Printed "Darlington: in-house foster placements, March 2023" = 79 Placements,
            "In house foster carers: 79 placements, 23% more than a year before";
        Printed "Darlington: agency foster placements, March 2023" = 98 Placements,
            "Independent fostering agencies: 98 children with agency carers, 30.4% of all in care";
        Printed "Darlington: with agency carers, of children in care, March 2023" = 304 PerMille,
            "Independent fostering agencies: 30.4% of all in care, from 33.5% in 2021";
        Computed "Darlington: agency share of fostering, March 2023" = 554 PerMille as AgencyShareOfFostering,
            "98 agency / (98 + 79 in-house), connected carers left out";
        Printed "Darlington: spent on agency fostering" = 320_000_000 PencePerYear,
            "Independent fostering agencies: about £3.2m a year, 22% less than in the strategy before";
        Computed "Darlington: agency fostering by its yearly bill" = 62_794 PencePerWeek,
            "£3.2m / 52 weeks / 98 children; the strategy's own table says £941";
        Printed "Darlington: average agency foster placement" = 94_100 PencePerWeek as AgencyFosteringWeekly,
            "Financial impact: externally commissioned foster care £941 a week";
        Printed "Darlington: average external residential placement" = 453_400 PencePerWeek as ExternalResidentialWeekly,
            "Financial impact: externally commissioned residential care £4,534 a week";
        Printed "Darlington: agencies on the Tyne Tees framework, July 2022" = 19 Providers,
            "Tyne Tees IFA framework: 19 agencies joined; live on 1 July 2022";
        Printed "Darlington: in external residential care, March 2024" = 30 Children,
            "External residential care: 30 young people at 31 March 2024";
        Printed "Darlington: of these, with education in the placement" = 11 Children,
            "External residential care: 11 of the 30 are educated as part of the placement";
        Printed "Darlington: independent children's home beds in the borough" = 58 Places,
            "External residential care: 58 independent beds against 30 children in need of one";
        Printed "Darlington: council children's home beds in the borough" = 12 Places,
            "External residential care: 12 beds of the council's own";
        Printed "Darlington: in specialist placements with three funders" = 5 YoungPeople,
            "Complex needs and SEND: five aged 11 to 19, paid by health, social care and education";
        Printed "Darlington: with special educational needs, of those in care a year or more, 2022" = 301 PerMille,
            "Complex needs and SEND: 30.1% at 31 March 2022";
        Printed "Darlington: from entering care to the adoptive family, 2022-23" = 156 Days,
            "Adoption: 156 days on average";
        Printed "Darlington: contracted services for children" = 890_000_000 PencePerYear,
            "Financial impact: committed spend of about £8.9m of a £12.4m total";
    }
    DERBY {
        Printed "Derby: children in care, March 2019" = 562 Children,
            "Appendix 1: 562 in care at 31 March 2019, 491 a year before";
        Printed "Derby: external placements within 20 miles, March 2019" = 620 PerMille as ExternalWithin20Miles,
            "Local placements: 62% of those with external providers were within 20 miles of Derby";
        Printed "Derby: all placements within 20 miles, March 2019" = 700 PerMille as AllWithin20Miles,
            "Local placements: 70% of all placements, 20 miles being from the city centre";
        Printed "Derby: target for placements within 20 miles" = 750 PerMille as AllWithin20Miles,
            "Commissioning intentions: at least 75% of all children placed locally";
        Printed "Derby: outside the city, of children in care" = 603 PerMille as OutsideArea,
            "Where are our children: 60.3% were placed outside the city's boundary";
        Printed "Derby: in foster care, March 2019" = 720 PerMille as Fostering,
            "Placement type: 72% in foster placements";
        Printed "Derby: in external provision" = 690 PerMille as External,
            "Placement type: 69% in external provision, 48% three years before";
        Printed "Derby: agency share of fostering" = 740 PerMille as AgencyShareOfFostering,
            "Placement type: 74% of those in foster care with an agency, 26% in-house";
        Printed "Derby: under 1, of children in care, March 2019" = 69 PerMille,
            "Age and gender: 6.9%, 39 babies";
        Printed "Derby: aged 10 to 15, of children in care, March 2019" = 400 PerMille,
            "Age and gender: 40.0%, 225 children; said of entries, but 225 is 40.0% of the 562 in care";
        Printed "Derby: aged 16 or 17, of admissions, 2018-19" = 230 PerMille,
            "Age and gender: 68 admitted at 16 or 17, 23% of admissions";
        Printed "Derby: male, of children in care, March 2019" = 573 PerMille,
            "Age and gender: 57.3% of the 562 were male";
        Printed "Derby: in semi-independent placements, March 2019" = 62 Children,
            "Semi-independent provision: 74 placements, of them 62 children in care";
        Printed "Derby: of these, unaccompanied children" = 38 Children,
            "Semi-independent provision: the 62 include 38 unaccompanied children";
        Printed "Derby: in secure units or custody, March 2019" = 7 Children,
            "Secure: 7 in secure units, youth offender institutions or prison, 3 a year before";
        Printed "Derby: places in the city's own homes, December 2019" = 24 Places,
            "Internal residential homes: five homes with 24 places, down from 39";
        Printed "Derby: block contract for emergencies at 16 and 17" = 5 Places,
            "Semi-independent provision: a block contract for 5 emergency beds";
        Printed "Derby: placed in the city by other councils, July 2019" = 70 Children,
            "Where are our children: 70, of them 31 in residential and 39 in fostering placements";
    }
    DORSET {
        Printed "Dorset: children in care, July 2020" = 482 Children,
            "What do we know: 482 in care, 390 in 2015";
        Printed "Dorset: more than 20 miles from home, July 2020" = 470 PerMille as Beyond20Miles,
            "What do we know: 47% looked after over 20 miles from their home address";
        Printed "Dorset: outside the council's area, July 2020" = 450 PerMille as OutsideArea,
            "What do we know: 45% live outside Dorset";
        Printed "Dorset: over 13, of children in care (at least)" = 600 PerMille,
            "Demographics: over 60% are aged over 13";
        Printed "Dorset: unaccompanied children at any time" = 10 Children,
            "Demographics: around 10 at any one time";
        Printed "Dorset: disabled, of children in care" = 100 PerMille,
            "Demographics: ten per cent are disabled";
        Printed "Dorset: in foster care" = 690 PerMille as Fostering,
            "Foster care: 69% placed with foster carers, below the national average";
        Printed "Dorset: with relatives or friends as foster carers, of children in care" = 150 PerMille,
            "Foster care: 15% are with foster carers who are relatives or friends";
        Printed "Dorset: in-house foster placements" = 212 Placements,
            "Foster care: 212 children with the council's carers";
        Printed "Dorset: external foster placements" = 103 Placements,
            "Foster care: 103 children with external fostering providers";
        Computed "Dorset: agency share of fostering" = 327 PerMille as AgencyShareOfFostering,
            "103 / (103 + 212)";
        Printed "Dorset: fostering households" = 140 Households,
            "Foster care: the council supports over 140 households";
        Printed "Dorset: target occupancy of in-house carers" = 850 PerMille,
            "What we will do, foster care: raise the share of carers who have children with them to 85%";
        Printed "Dorset: in children's homes and residential care" = 200 PerMille as Residential,
            "Children's homes: 97 children, 20% of those in care";
        Printed "Dorset: places in homes in the area" = 19 Places,
            "Children's homes: five homes with up to 19 places";
        Printed "Dorset: beds in the area's private homes" = 13 Places,
            "Children's homes: four private homes with 13 beds";
        Printed "Dorset: of these, taken by Dorset's children" = 4 Places,
            "Children's homes: four of the 13 beds hold Dorset children";
        Printed "Dorset: other councils' children with agencies in the area (at least)" = 150 Children,
            "Independent foster care providers: over 150 children from other authorities";
        Printed "Dorset: aged 17 to 21 in supported accommodation" = 63 YoungPeople,
            "Supported accommodation: 63 aged 17 to 21, so most are no longer children in care";
    }
    DURHAM {
        Printed "Durham: in foster care" = 630 PerMille as Fostering,
            "What the strategy tells us: 63% in foster care, 49% in-house and 14% external";
        Computed "Durham: agency share of fostering" = 222 PerMille as AgencyShareOfFostering,
            "14% / 63%";
        Printed "Durham: agency foster placements, March 2019" = 120 Placements,
            "What the strategy tells us: 120 with the independent market";
        Printed "Durham: external residential placements made, 2018-19" = 45 Placements,
            "What the strategy tells us: 45, from 28 in 2017-18";
    }
    DURHAM_PANEL {
        Printed "Durham: under 16 in unregulated provision" = 6 Children,
            "Answer to the panel: 6 under 16, each reviewed weekly";
    }
    DFE {
        Computed "North East: new placements outside the council's area, 2024-25" = 359 PerMille as OutsideArea,
            "location of new placements: (1,620 + 790) / 6,720, distance unknown counted as inside";
        Computed "North East: new placements more than 20 miles from home, 2024-25" = 132 PerMille as Beyond20Miles,
            "location of new placements: (100 inside + 790 outside) / 6,720";
        Computed "East Midlands: new placements outside the council's area, 2024-25" = 377 PerMille as OutsideArea,
            "location of new placements: (1,230 + 1,240) / 6,550, distance unknown counted as inside";
        Computed "East Midlands: new placements more than 20 miles from home, 2024-25" = 256 PerMille as Beyond20Miles,
            "location of new placements: (440 inside + 1,240 outside) / 6,550";
        Printed "England: three or more placements in the year, of children in care, 2025" = 100 PerMille,
            "stability: 8,500 of 81,770, printed as 10%";
        Printed "England: two years with the same carer, of under-16s in care 2.5 years, 2025" = 690 PerMille,
            "stability: 19,680 of 28,710, printed as 69%; North East 65%, East Midlands 69%";
    }
};
