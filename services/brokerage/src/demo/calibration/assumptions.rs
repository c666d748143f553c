//! What no document prints and the demo must still know. Every number here is ours; `because` says what it leans on.
//!
//! The strategies describe children in care, a stock; referrals are a flow. Without a printed mix of referrals, the
//! mix of placements stands in for it, and short placements are therefore too rare in the simulation.

use super::WeeklyCost;
use super::figures::{AGENCY_FOSTERING, EXTERNAL_RESIDENTIAL, IN_HOUSE_FOSTERING, IN_HOUSE_RESIDENTIAL};

/// A band of ages, both ends in years and inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AgeBand {
    /// The youngest age.
    pub(crate) from: u8,
    /// The oldest age.
    pub(crate) to: u8,
}

/// The DfE's bands, in the order of [`Need::per_mille`].
pub(crate) const AGE_BANDS: [AgeBand; 5] = [
    AgeBand { from: 0, to: 0 },
    AgeBand { from: 1, to: 4 },
    AgeBand { from: 5, to: 9 },
    AgeBand { from: 10, to: 15 },
    AgeBand { from: 16, to: 17 },
];

/// What referrals ask for, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Need {
    /// The `PROVISION` code.
    pub(crate) provision: &'static str,
    /// Per mille of all referrals, by [`AGE_BANDS`]; all needs and bands add up to 1000.
    pub(crate) per_mille: [u32; 5],
    /// The youngest age in years; it cuts the band it falls into.
    pub(crate) age_min: u8,
    /// The oldest age in years.
    pub(crate) age_max: u8,
    /// Unaccompanied children, per mille of this need's referrals, to be drawn among the oldest.
    pub(crate) unaccompanied_per_mille: u32,
    /// What the numbers lean on.
    pub(crate) because: &'static str,
}

/// Unaccompanied children, per mille of children starting: Darlington's 18 of 149, taken for every council, though
/// Dorset prints only about ten in care at a time and Durham said that it received more than its neighbours.
#[cfg(test)]
pub(crate) const UNACCOMPANIED_OF_STARTS: u32 = 121;

/// The mix of referrals. By age it adds up to Darlington's 14.1% under 1 and Derby's 40.0% at 10 to 15 and 23% at
/// 16 and 17; 105 at 1 to 4 and 124 at 5 to 9 are the rest, split by us. By kind: 11% supported accommodation is
/// Derby's 62 of 562; of what is left 18% residential is Darlington's 30 external (March 2024) and 9 in-house
/// (three homes of three) beside 177 foster placements (March 2023); so fostering is 73%, and Derby prints 72%.
pub(crate) const NEEDS: &[Need] = &[
    Need {
        provision: "FOSTERING",
        per_mille: [109, 100, 103, 225, 63],
        age_min: 0,
        age_max: 17,
        unaccompanied_per_mille: 90,
        because: "what is left of 73% fostering; unaccompanied children who are not in supported accommodation",
    },
    Need {
        provision: "FOSTERING_ENHANCED",
        per_mille: [0, 5, 21, 65, 15],
        age_min: 2,
        age_max: 17,
        unaccompanied_per_mille: 0,
        because: "15% of fostering but parent and child; Darlington's pressure is at 10 to 15, without a share",
    },
    Need {
        provision: "FOSTERING_PARENT_CHILD",
        per_mille: [24, 0, 0, 0, 0],
        age_min: 0,
        age_max: 0,
        unaccompanied_per_mille: 0,
        because: "a lot of its own at Tyne Tees and wanted by Dorset, both without a number; the child is a baby",
    },
    Need {
        provision: "RESIDENTIAL",
        per_mille: [0, 0, 0, 66, 28],
        age_min: 11,
        age_max: 17,
        unaccompanied_per_mille: 0,
        because: "16% residential; Darlington's homes take 11 to 17",
    },
    Need {
        provision: "RESIDENTIAL_EDUCATION",
        per_mille: [0, 0, 0, 44, 14],
        age_min: 11,
        age_max: 17,
        unaccompanied_per_mille: 0,
        because: "11 of Darlington's 30 in external residential care have education in the placement",
    },
    Need {
        provision: "RESIDENTIAL_PARENT_CHILD",
        per_mille: [8, 0, 0, 0, 0],
        age_min: 0,
        age_max: 0,
        unaccompanied_per_mille: 0,
        because: "none prints a number; a quarter of all parent and child referrals",
    },
    Need {
        provision: "SUPPORTED_ACCOMMODATION",
        per_mille: [0, 0, 0, 0, 110],
        age_min: 16,
        age_max: 17,
        unaccompanied_per_mille: 613,
        because: "Derby: 62 of 562 in semi-independent placements, of them 38 unaccompanied",
    },
];

/// The simulated weekly price of a kind of placement: around `anchor` times `factor_per_mille`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Price {
    /// The `PROVISION` code.
    pub(crate) provision: &'static str,
    /// The Tyne Tees lot, for agency fostering.
    pub(crate) lot: Option<&'static str>,
    /// Whether it is the council's own provision.
    pub(crate) in_house: bool,
    /// The printed average that it starts from.
    pub(crate) anchor: WeeklyCost,
    /// The middle, per mille of the anchor.
    pub(crate) factor_per_mille: u32,
    /// The lowest price, per mille of the middle.
    pub(crate) low_per_mille: u32,
    /// The highest price, per mille of the middle.
    pub(crate) high_per_mille: u32,
    /// For agency fostering but parent and child: how much of it is bought at this price, per mille; otherwise 0.
    pub(crate) fostering_per_mille: u32,
    /// What the numbers lean on.
    pub(crate) because: &'static str,
}

impl Price {
    /// The middle price, pence a week.
    pub(crate) const fn middle_pence(&self) -> i64 {
        self.anchor.weekly_pence * self.factor_per_mille as i64 / 1000
    }

    /// The lowest price, pence a week.
    pub(crate) const fn low_pence(&self) -> i64 {
        self.middle_pence() * self.low_per_mille as i64 / 1000
    }

    /// The highest price, pence a week.
    pub(crate) const fn high_pence(&self) -> i64 {
        self.middle_pence() * self.high_per_mille as i64 / 1000
    }
}

const LEVELS: &str =
    "bought 60:25:15, the three levels average out at Darlington's £941; the levels are ours";

const fn agency(
    provision: &'static str,
    lot: &'static str,
    factor_per_mille: u32,
    fostering_per_mille: u32,
    because: &'static str,
) -> Price {
    Price {
        provision,
        lot: Some(lot),
        in_house: false,
        anchor: AGENCY_FOSTERING,
        factor_per_mille,
        low_per_mille: 850,
        high_per_mille: 1200,
        fostering_per_mille,
        because,
    }
}

const fn outside_lots(
    provision: &'static str,
    anchor: WeeklyCost,
    factor_per_mille: u32,
    [low_per_mille, high_per_mille]: [u32; 2],
    because: &'static str,
) -> Price {
    Price {
        provision,
        lot: None,
        in_house: anchor.in_house,
        anchor,
        factor_per_mille,
        low_per_mille,
        high_per_mille,
        fostering_per_mille: 0,
        because,
    }
}

/// The simulated prices. No price schedule of either framework is public, so each spread around a middle is ours.
pub(crate) const PRICES: &[Price] = &[
    agency("FOSTERING", "Standard Support", 900, 600, LEVELS),
    agency("FOSTERING", "Extra Support", 1050, 250, LEVELS),
    agency("FOSTERING_ENHANCED", "Enhanced Support", 1300, 150, LEVELS),
    agency(
        "FOSTERING_PARENT_CHILD",
        "Parent and Baby/Child",
        1800,
        0,
        "two people are placed; none prints a price",
    ),
    agency(
        "FOSTERING_PARENT_CHILD",
        "Parent and Baby/Child Assessment",
        2100,
        0,
        "dearer than without assessment; none prints a price",
    ),
    outside_lots(
        "FOSTERING",
        IN_HOUSE_FOSTERING,
        1000,
        [800, 1300],
        "Darlington's average; the spread is ours",
    ),
    outside_lots(
        "RESIDENTIAL",
        IN_HOUSE_RESIDENTIAL,
        1000,
        [900, 1100],
        "Darlington's average; the spread is ours",
    ),
    outside_lots(
        "RESIDENTIAL",
        EXTERNAL_RESIDENTIAL,
        1000,
        [750, 1800],
        "Darlington's average; skewed upwards because it pays for a few very dear homes out of the borough",
    ),
    outside_lots(
        "RESIDENTIAL_EDUCATION",
        EXTERNAL_RESIDENTIAL,
        1350,
        [800, 1600],
        "Darlington calls placements with education some of its dearest, without a price",
    ),
    outside_lots(
        "RESIDENTIAL_PARENT_CHILD",
        EXTERNAL_RESIDENTIAL,
        1000,
        [800, 1300],
        "none prints a price; as a children's home",
    ),
    outside_lots(
        "SUPPORTED_ACCOMMODATION",
        AGENCY_FOSTERING,
        1100,
        [500, 1800],
        "none prints a price; Derby's support ran from 5 to 25 hours a week, hence the width",
    ),
];

/// A code and its share of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    /// The code.
    pub(crate) code: &'static str,
    /// Per mille of all.
    pub(crate) per_mille: u32,
}

const fn share(code: &'static str, per_mille: u32) -> Share {
    Share { code, per_mille }
}

/// Why providers decline, by `DECLINE` code. Darlington ("Placement challenges") prints that the inability to match
/// is the single biggest reason for no offer where a place is free. Only that MATCHING leads is printed; all shares
/// are ours.
pub(crate) const DECLINES: &[Share] = &[
    share("MATCHING", 400),
    share("NEED", 180),
    share("NO_PLACE", 120),
    share("TIMESCALE", 70),
    share("LOCATION", 60),
    share("STAFFING", 50),
    share("SPECIALIST", 35),
    share("SEND", 25),
    share("INFORMATION", 25),
    share("PRICE", 15),
    share("OFSTED", 15),
    share("DOL", 5),
];

/// How soon a home is needed, by `URGENCY` code. Darlington writes of often pressing timescales and prints no shares.
pub(crate) const URGENCIES: &[Share] =
    &[share("EMERGENCY", 200), share("URGENT", 450), share("PLANNED", 350)];

/// How many children of a family are placed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SiblingGroup {
    /// Children in the group.
    pub(crate) children: u8,
    /// Per mille of fostering referrals.
    pub(crate) per_mille: u32,
}

/// Sibling groups. Derby wants more placements for large groups of five or six; none prints how many there are.
pub(crate) const SIBLING_GROUPS: &[SiblingGroup] = &[
    SiblingGroup { children: 1, per_mille: 760 },
    SiblingGroup { children: 2, per_mille: 165 },
    SiblingGroup { children: 3, per_mille: 55 },
    SiblingGroup { children: 4, per_mille: 14 },
    SiblingGroup { children: 5, per_mille: 4 },
    SiblingGroup { children: 6, per_mille: 2 },
];
