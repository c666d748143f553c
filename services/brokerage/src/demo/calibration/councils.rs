//! The councils of the demo: the twelve of Tyne Tees, the four of D2N2 and a guest, with the DfE's figures for 2025.

use super::Source;

/// Where all numbers of this module come from.
pub(crate) const COUNCILS_SOURCE: Source = Source {
    document: "DfE, Children looked after in England including adoptions, year ending 31 March 2025",
    prints: "children in care, starting, ceasing, moving, and where new placements were, by council; regions and \
             England are rounded to ten, and numbers suppressed as \"c\" are left unknown",
};

/// The market that a council buys in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Market {
    /// The twelve councils of the North East, which share the Tyne Tees fostering framework.
    TyneTees,
    /// Derby, Derbyshire, Nottingham and Nottinghamshire.
    D2n2,
    /// A council from elsewhere that buys in the same market.
    Guest,
}

/// A year of children looked after, 1 April 2024 to 31 March 2025.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Year {
    /// Children in care on 31 March 2025.
    pub(crate) in_care: u32,
    /// Children who started to be looked after: the weight of a council's referrals.
    pub(crate) started: u32,
    /// Children who ceased to be looked after.
    pub(crate) ceased: u32,
    /// Of those in care, children with three or more placements in the year.
    pub(crate) three_or_more: u32,
    /// New placements in the year; the five places below add up to it.
    pub(crate) new_placements: u32,
    /// Inside the council's area, less than 20 miles from home.
    pub(crate) inside_within_20: u32,
    /// Inside the area, more than 20 miles from home. None: suppressed ("c").
    pub(crate) inside_beyond_20: Option<u32>,
    /// Outside the area, less than 20 miles from home.
    pub(crate) outside_within_20: u32,
    /// Outside the area, more than 20 miles from home.
    pub(crate) outside_beyond_20: u32,
    /// Distance not known or not recorded. None: suppressed ("c").
    pub(crate) location_unknown: Option<u32>,
}

/// Shares of the year, against which the computed figures are checked.
#[cfg(test)]
impl Year {
    /// New placements outside the council's area, per mille of all, to the nearest. Unknown distances count as
    /// inside.
    pub(crate) const fn outside_per_mille(&self) -> u32 {
        per_mille(self.outside_within_20 + self.outside_beyond_20, self.new_placements)
    }

    /// New placements more than 20 miles from home, per mille of all, to the nearest. None where suppressed.
    pub(crate) const fn beyond_20_per_mille(&self) -> Option<u32> {
        match self.inside_beyond_20 {
            Some(inside) => Some(per_mille(inside + self.outside_beyond_20, self.new_placements)),
            None => None,
        }
    }
}

#[cfg(test)]
const fn per_mille(part: u32, whole: u32) -> u32 {
    (part * 1000 + whole / 2) / whole
}

/// A council of the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Council {
    /// Where it buys.
    pub(crate) market: Market,
    /// Its GSS code.
    pub(crate) gss: &'static str,
    /// The DfE's three digits.
    pub(crate) dfe: &'static str,
    /// Its name.
    pub(crate) name: &'static str,
    /// Its year.
    pub(crate) year: Year,
}

/// A region, or England: its councils and the computed figures are checked against it. Counts are rounded to ten.
#[cfg(test)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Region {
    /// Its GSS code.
    pub(crate) gss: &'static str,
    /// Its name.
    pub(crate) name: &'static str,
    /// Its year.
    pub(crate) year: Year,
}

/// How many placements changed in the year for a reason, rounded to ten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChangeReason {
    /// The `REASON_PLACE_CHANGE` code.
    pub(crate) code: &'static str,
    /// In England.
    pub(crate) england: u32,
    /// In the North East.
    pub(crate) north_east: u32,
    /// In the East Midlands.
    pub(crate) east_midlands: u32,
}

/// In care, started, ceased, three or more moves; then new placements, inside near, outside near, outside far; then
/// inside far and unknown, which the DfE suppresses together.
const fn year(children: [u32; 4], placed: [u32; 4], inside_far_and_unknown: Option<[u32; 2]>) -> Year {
    let [in_care, started, ceased, three_or_more] = children;
    let [new_placements, inside_within_20, outside_within_20, outside_beyond_20] = placed;
    let (inside_beyond_20, location_unknown) = match inside_far_and_unknown {
        Some([far, unknown]) => (Some(far), Some(unknown)),
        None => (None, None),
    };
    Year {
        in_care,
        started,
        ceased,
        three_or_more,
        new_placements,
        inside_within_20,
        inside_beyond_20,
        outside_within_20,
        outside_beyond_20,
        location_unknown,
    }
}

const fn council(
    market: Market,
    gss: &'static str,
    dfe: &'static str,
    name: &'static str,
    year: Year,
) -> Council {
    Council { market, gss, dfe, name, year }
}

#[cfg(test)]
const fn region(gss: &'static str, name: &'static str, year: Year) -> Region {
    Region { gss, name, year }
}

const fn reason(code: &'static str, england: u32, north_east: u32, east_midlands: u32) -> ChangeReason {
    ChangeReason { code, england, north_east, east_midlands }
}

/// The seventeen councils ([`COUNCILS_SOURCE`]). Inside-far and unknown distance are suppressed ("c") for
/// Middlesbrough, Newcastle, Sunderland, Gateshead, Derby and Nottingham.
#[rustfmt::skip] // one council a line
pub(crate) const COUNCILS: &[Council] = &[
    council(Market::TyneTees, "E06000001", "805", "Hartlepool", year([332, 126, 131, 31], [324, 181, 81, 29], Some([0, 33]))),
    council(Market::TyneTees, "E06000002", "806", "Middlesbrough", year([493, 172, 193, 59], [520, 252, 160, 92], None)),
    council(Market::TyneTees, "E06000003", "807", "Redcar and Cleveland", year([397, 175, 197, 37], [466, 234, 117, 64], Some([0, 51]))),
    council(Market::TyneTees, "E06000004", "808", "Stockton-on-Tees", year([564, 161, 180, 63], [532, 328, 111, 47], Some([7, 39]))),
    council(Market::TyneTees, "E06000005", "841", "Darlington", year([266, 60, 95, 35], [298, 170, 71, 36], Some([0, 21]))),
    council(Market::TyneTees, "E06000047", "840", "County Durham", year([1183, 450, 477, 110], [1305, 790, 242, 161], Some([34, 78]))),
    council(Market::TyneTees, "E06000057", "929", "Northumberland", year([456, 225, 200, 59], [594, 361, 78, 84], Some([50, 21]))),
    council(Market::TyneTees, "E08000021", "391", "Newcastle upon Tyne", year([654, 264, 206, 93], [758, 337, 295, 63], None)),
    council(Market::TyneTees, "E08000022", "392", "North Tyneside", year([385, 182, 151, 45], [535, 323, 133, 53], Some([0, 26]))),
    council(Market::TyneTees, "E08000023", "393", "South Tyneside", year([295, 124, 141, 19], [336, 177, 99, 41], Some([0, 19]))),
    council(Market::TyneTees, "E08000024", "394", "Sunderland", year([510, 231, 250, 45], [646, 405, 107, 76], None)),
    council(Market::TyneTees, "E08000037", "390", "Gateshead", year([503, 177, 203, 36], [401, 217, 125, 42], None)),
    council(Market::D2n2, "E06000015", "831", "Derby", year([545, 156, 217, 43], [496, 188, 114, 121], None)),
    council(Market::D2n2, "E06000018", "892", "Nottingham", year([639, 202, 237, 67], [610, 243, 184, 136], None)),
    council(Market::D2n2, "E10000007", "830", "Derbyshire", year([1024, 405, 440, 120], [1118, 544, 180, 195], Some([110, 89]))),
    council(Market::D2n2, "E10000024", "891", "Nottinghamshire", year([901, 347, 403, 43], [1026, 539, 166, 174], Some([48, 99]))),
    council(Market::Guest, "E06000059", "838", "Dorset", year([437, 138, 149, 48], [524, 203, 38, 147], Some([84, 52]))),
];

/// England and the two regions ([`COUNCILS_SOURCE`]).
#[cfg(test)]
pub(crate) const REGIONS: &[Region] = &[
    region(
        "E92000001",
        "England",
        year([81_770, 32_270, 34_450, 8500], [90_930, 41_990, 18_220, 14_560], Some([4310, 11_840])),
    ),
    region(
        "E12000001",
        "North East",
        year([6040, 2350, 2420, 630], [6720, 3780, 1620, 790], Some([100, 440])),
    ),
    region(
        "E12000004",
        "East Midlands",
        year([6410, 2390, 2580, 610], [6550, 2920, 1230, 1240], Some([440, 710])),
    ),
];

/// Why placements changed in the year ([`COUNCILS_SOURCE`]), commonest first in England. By council most are
/// suppressed.
pub(crate) const CHANGE_REASONS: &[ChangeReason] = &[
    reason("CARPL", 20_170, 1630, 1510),
    reason("OTHER", 14_570, 690, 1670),
    reason("PLACE", 10_500, 1020, 740),
    reason("CREQB", 5010, 370, 280),
    reason("CREQO", 4230, 320, 210),
    reason("CHILD", 1870, 130, 100),
    reason("LAREQ", 1000, 50, 40),
    reason("STAND", 600, 70, 20),
    reason("CLOSE", 400, 30, 10),
    reason("ALLEG", 390, 40, 10),
    reason("APPRR", 250, 20, 10),
    reason("CUSTOD", 150, 10, 20),
];
