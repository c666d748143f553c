//! The 153 upper-tier authorities of England that place children, with both codes that the field uses.
//!
//! Facts from the ONS (GSS codes, names, regions) and the DfE (three-digit codes), Open Government Licence v3.0.
//!
//! No list says where a council's *centre* is: the statutory distance is measured from the child's home, and "within 20 miles of the
//! centre" is a measure of single councils (Derby's, from the city centre). The sector here is that of the council's main office, the
//! town, civic or county hall, from general knowledge of its address; a test in `matching` holds each against the ONS table: it exists and
//! lies in the council's own area. A council that measures from elsewhere says so in its search.

use crate::ids::CouncilId;
use std::str::FromStr;

/// An upper-tier authority: a council with children's services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Council {
    /// Its GSS code.
    pub id: CouncilId,
    /// The DfE's three digits.
    pub dfe: &'static str,
    /// Its name.
    pub name: &'static str,
    /// The English region it lies in.
    pub region: &'static str,
    /// The postcode sector that it measures from where it measures from its centre, such as `DE1 2`.
    pub centre: &'static str,
}

/// A code that names no English council with children's services.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a council: expected a GSS code such as E06000015 or the DfE's three digits such as 831"
)]
pub struct CouncilUnknown(pub String);

/// All councils, in order of their GSS codes.
#[must_use]
pub fn councils() -> &'static [Council] {
    COUNCILS
}

impl CouncilId {
    /// The council's entry in the list of English authorities.
    #[must_use]
    pub fn council(&self) -> &'static Council {
        match COUNCILS.binary_search_by(|council| council.id.cmp(self)) {
            Ok(index) => &COUNCILS[index],
            // Ids are made by parsing against this very list.
            Err(_) => unreachable!("a council id names a listed council"),
        }
    }

    /// The council's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.council().name
    }
}

impl FromStr for CouncilId {
    type Err = CouncilUnknown;
    fn from_str(text: &str) -> Result<Self, CouncilUnknown> {
        // Every event names its council, by the GSS code: that one is looked for first, in a list that is in its order.
        if let Ok(index) = COUNCILS.binary_search_by(|council| council.id.gss().cmp(text)) {
            return Ok(COUNCILS[index].id);
        }
        let named = COUNCILS.iter().find(|council| council.dfe == text).map(|council| council.id);
        named.ok_or_else(|| CouncilUnknown(text.chars().take(64).collect()))
    }
}

impl TryFrom<String> for CouncilId {
    type Error = CouncilUnknown;
    fn try_from(text: String) -> Result<Self, CouncilUnknown> {
        text.parse()
    }
}

const fn row(
    gss: &'static str,
    dfe: &'static str,
    name: &'static str,
    region: &'static str,
    centre: &'static str,
) -> Council {
    Council { id: CouncilId::from_gss(gss), dfe, name, region, centre }
}

const COUNCILS: &[Council] = &[
    row("E06000001", "805", "Hartlepool", "North East", "TS24 8"),
    row("E06000002", "806", "Middlesbrough", "North East", "TS1 2"),
    row("E06000003", "807", "Redcar and Cleveland", "North East", "TS10 1"),
    row("E06000004", "808", "Stockton-on-Tees", "North East", "TS18 1"),
    row("E06000005", "841", "Darlington", "North East", "DL1 5"),
    row("E06000006", "876", "Halton", "North West", "WA8 7"),
    row("E06000007", "877", "Warrington", "North West", "WA1 1"),
    row("E06000008", "889", "Blackburn with Darwen", "North West", "BB1 7"),
    row("E06000009", "890", "Blackpool", "North West", "FY1 1"),
    row("E06000010", "810", "Kingston upon Hull, City of", "Yorkshire and The Humber", "HU1 2"),
    row("E06000011", "811", "East Riding of Yorkshire", "Yorkshire and The Humber", "HU17 9"),
    row("E06000012", "812", "North East Lincolnshire", "Yorkshire and The Humber", "DN31 1"),
    row("E06000013", "813", "North Lincolnshire", "Yorkshire and The Humber", "DN15 6"),
    row("E06000014", "816", "York", "Yorkshire and The Humber", "YO1 6"),
    row("E06000015", "831", "Derby", "East Midlands", "DE1 2"),
    row("E06000016", "856", "Leicester", "East Midlands", "LE1 1"),
    row("E06000017", "857", "Rutland", "East Midlands", "LE15 6"),
    row("E06000018", "892", "Nottingham", "East Midlands", "NG2 3"),
    row("E06000019", "884", "Herefordshire, County of", "West Midlands", "HR4 0"),
    row("E06000020", "894", "Telford and Wrekin", "West Midlands", "TF3 4"),
    row("E06000021", "861", "Stoke-on-Trent", "West Midlands", "ST4 1"),
    row("E06000022", "800", "Bath and North East Somerset", "South West", "BA1 1"),
    row("E06000023", "801", "Bristol, City of", "South West", "BS1 5"),
    row("E06000024", "802", "North Somerset", "South West", "BS23 1"),
    row("E06000025", "803", "South Gloucestershire", "South West", "BS37 5"),
    row("E06000026", "879", "Plymouth", "South West", "PL1 3"),
    row("E06000027", "880", "Torbay", "South West", "TQ1 3"),
    row("E06000030", "866", "Swindon", "South West", "SN1 2"),
    row("E06000031", "874", "Peterborough", "East of England", "PE1 1"),
    row("E06000032", "821", "Luton", "East of England", "LU1 2"),
    row("E06000033", "882", "Southend-on-Sea", "East of England", "SS2 6"),
    row("E06000034", "883", "Thurrock", "East of England", "RM17 6"),
    row("E06000035", "887", "Medway", "South East", "ME4 4"),
    row("E06000036", "867", "Bracknell Forest", "South East", "RG12 1"),
    row("E06000037", "869", "West Berkshire", "South East", "RG14 5"),
    row("E06000038", "870", "Reading", "South East", "RG1 2"),
    row("E06000039", "871", "Slough", "South East", "SL1 2"),
    row("E06000040", "868", "Windsor and Maidenhead", "South East", "SL6 1"),
    row("E06000041", "872", "Wokingham", "South East", "RG40 1"),
    row("E06000042", "826", "Milton Keynes", "South East", "MK9 3"),
    row("E06000043", "846", "Brighton and Hove", "South East", "BN3 3"),
    row("E06000044", "851", "Portsmouth", "South East", "PO1 2"),
    row("E06000045", "852", "Southampton", "South East", "SO14 7"),
    row("E06000046", "921", "Isle of Wight", "South East", "PO30 1"),
    row("E06000047", "840", "County Durham", "North East", "DH1 5"),
    row("E06000049", "895", "Cheshire East", "North West", "CW11 1"),
    row("E06000050", "896", "Cheshire West and Chester", "North West", "CH1 2"),
    row("E06000051", "893", "Shropshire", "West Midlands", "SY2 6"),
    row("E06000052", "908", "Cornwall", "South West", "TR1 3"),
    row("E06000053", "420", "Isles of Scilly", "South West", "TR21 0"),
    row("E06000054", "865", "Wiltshire", "South West", "BA14 8"),
    row("E06000055", "822", "Bedford", "East of England", "MK42 9"),
    row("E06000056", "823", "Central Bedfordshire", "East of England", "SG17 5"),
    row("E06000057", "929", "Northumberland", "North East", "NE61 2"),
    row("E06000058", "839", "Bournemouth, Christchurch and Poole", "South West", "BH2 6"),
    row("E06000059", "838", "Dorset", "South West", "DT1 1"),
    row("E06000060", "825", "Buckinghamshire", "South East", "HP19 8"),
    row("E06000061", "940", "North Northamptonshire", "East Midlands", "NN16 0"),
    row("E06000062", "941", "West Northamptonshire", "East Midlands", "NN1 1"),
    row("E06000063", "942", "Cumberland", "North West", "CA3 8"),
    row("E06000064", "943", "Westmorland and Furness", "North West", "LA9 4"),
    row("E06000065", "815", "North Yorkshire", "Yorkshire and The Humber", "DL7 8"),
    row("E06000066", "933", "Somerset", "South West", "TA1 4"),
    row("E08000001", "350", "Bolton", "North West", "BL1 1"),
    row("E08000002", "351", "Bury", "North West", "BL9 0"),
    row("E08000003", "352", "Manchester", "North West", "M2 5"),
    row("E08000004", "353", "Oldham", "North West", "OL1 1"),
    row("E08000005", "354", "Rochdale", "North West", "OL16 1"),
    row("E08000006", "355", "Salford", "North West", "M27 5"),
    row("E08000007", "356", "Stockport", "North West", "SK1 3"),
    row("E08000008", "357", "Tameside", "North West", "OL6 6"),
    row("E08000009", "358", "Trafford", "North West", "M32 0"),
    row("E08000010", "359", "Wigan", "North West", "WN1 1"),
    row("E08000011", "340", "Knowsley", "North West", "L36 9"),
    row("E08000012", "341", "Liverpool", "North West", "L3 1"),
    row("E08000013", "342", "St. Helens", "North West", "WA10 1"),
    row("E08000014", "343", "Sefton", "North West", "L20 7"),
    row("E08000015", "344", "Wirral", "North West", "CH41 6"),
    row("E08000017", "371", "Doncaster", "Yorkshire and The Humber", "DN1 3"),
    row("E08000018", "372", "Rotherham", "Yorkshire and The Humber", "S60 1"),
    row("E08000021", "391", "Newcastle upon Tyne", "North East", "NE1 8"),
    row("E08000022", "392", "North Tyneside", "North East", "NE27 0"),
    row("E08000023", "393", "South Tyneside", "North East", "NE33 2"),
    row("E08000024", "394", "Sunderland", "North East", "SR1 3"),
    row("E08000025", "330", "Birmingham", "West Midlands", "B1 1"),
    row("E08000026", "331", "Coventry", "West Midlands", "CV1 5"),
    row("E08000027", "332", "Dudley", "West Midlands", "DY1 1"),
    row("E08000028", "333", "Sandwell", "West Midlands", "B69 3"),
    row("E08000029", "334", "Solihull", "West Midlands", "B91 3"),
    row("E08000030", "335", "Walsall", "West Midlands", "WS1 1"),
    row("E08000031", "336", "Wolverhampton", "West Midlands", "WV1 1"),
    row("E08000032", "380", "Bradford", "Yorkshire and The Humber", "BD1 1"),
    row("E08000033", "381", "Calderdale", "Yorkshire and The Humber", "HX1 1"),
    row("E08000034", "382", "Kirklees", "Yorkshire and The Humber", "HD1 2"),
    row("E08000035", "383", "Leeds", "Yorkshire and The Humber", "LS1 1"),
    row("E08000036", "384", "Wakefield", "Yorkshire and The Humber", "WF1 2"),
    row("E08000037", "390", "Gateshead", "North East", "NE8 1"),
    row("E08000038", "370", "Barnsley", "Yorkshire and The Humber", "S70 2"),
    row("E08000039", "373", "Sheffield", "Yorkshire and The Humber", "S1 2"),
    row("E09000001", "201", "City of London", "London", "EC2V 7"),
    row("E09000002", "301", "Barking and Dagenham", "London", "RM10 7"),
    row("E09000003", "302", "Barnet", "London", "NW9 4"),
    row("E09000004", "303", "Bexley", "London", "DA6 7"),
    row("E09000005", "304", "Brent", "London", "HA9 0"),
    row("E09000006", "305", "Bromley", "London", "BR1 3"),
    row("E09000007", "202", "Camden", "London", "WC1H 9"),
    row("E09000008", "306", "Croydon", "London", "CR0 1"),
    row("E09000009", "307", "Ealing", "London", "W5 2"),
    row("E09000010", "308", "Enfield", "London", "EN1 3"),
    row("E09000011", "203", "Greenwich", "London", "SE18 6"),
    row("E09000012", "204", "Hackney", "London", "E8 1"),
    row("E09000013", "205", "Hammersmith and Fulham", "London", "W6 9"),
    row("E09000014", "309", "Haringey", "London", "N22 8"),
    row("E09000015", "310", "Harrow", "London", "HA1 2"),
    row("E09000016", "311", "Havering", "London", "RM1 3"),
    row("E09000017", "312", "Hillingdon", "London", "UB8 1"),
    row("E09000018", "313", "Hounslow", "London", "TW3 3"),
    row("E09000019", "206", "Islington", "London", "N1 2"),
    row("E09000020", "207", "Kensington and Chelsea", "London", "W8 7"),
    row("E09000021", "314", "Kingston upon Thames", "London", "KT1 1"),
    row("E09000022", "208", "Lambeth", "London", "SW2 1"),
    row("E09000023", "209", "Lewisham", "London", "SE6 4"),
    row("E09000024", "315", "Merton", "London", "SM4 5"),
    row("E09000025", "316", "Newham", "London", "E16 2"),
    row("E09000026", "317", "Redbridge", "London", "IG1 1"),
    row("E09000027", "318", "Richmond upon Thames", "London", "TW1 3"),
    row("E09000028", "210", "Southwark", "London", "SE1 2"),
    row("E09000029", "319", "Sutton", "London", "SM1 1"),
    row("E09000030", "211", "Tower Hamlets", "London", "E1 1"),
    row("E09000031", "320", "Waltham Forest", "London", "E17 4"),
    row("E09000032", "212", "Wandsworth", "London", "SW18 2"),
    row("E09000033", "213", "Westminster", "London", "SW1E 6"),
    row("E10000003", "873", "Cambridgeshire", "East of England", "PE28 4"),
    row("E10000007", "830", "Derbyshire", "East Midlands", "DE4 3"),
    row("E10000008", "878", "Devon", "South West", "EX2 4"),
    row("E10000011", "845", "East Sussex", "South East", "BN7 1"),
    row("E10000012", "881", "Essex", "East of England", "CM1 1"),
    row("E10000013", "916", "Gloucestershire", "South West", "GL1 2"),
    row("E10000014", "850", "Hampshire", "South East", "SO23 8"),
    row("E10000015", "919", "Hertfordshire", "East of England", "SG13 8"),
    row("E10000016", "886", "Kent", "South East", "ME14 1"),
    row("E10000017", "888", "Lancashire", "North West", "PR1 8"),
    row("E10000018", "855", "Leicestershire", "East Midlands", "LE3 8"),
    row("E10000019", "925", "Lincolnshire", "East Midlands", "LN1 1"),
    row("E10000020", "926", "Norfolk", "East of England", "NR1 2"),
    row("E10000024", "891", "Nottinghamshire", "East Midlands", "NG2 7"),
    row("E10000025", "931", "Oxfordshire", "South East", "OX1 1"),
    row("E10000028", "860", "Staffordshire", "West Midlands", "ST16 2"),
    row("E10000029", "935", "Suffolk", "East of England", "IP1 2"),
    row("E10000030", "936", "Surrey", "South East", "RH2 8"),
    row("E10000031", "937", "Warwickshire", "West Midlands", "CV34 4"),
    row("E10000032", "938", "West Sussex", "South East", "PO19 1"),
    row("E10000034", "885", "Worcestershire", "West Midlands", "WR5 2"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_codes_name_the_same_council() {
        assert_eq!("831".parse::<CouncilId>(), "E06000015".parse());
        assert_eq!("E06000015".parse::<CouncilId>().map(|id| id.name()), Ok("Derby"));
        assert!("E99999999".parse::<CouncilId>().is_err());
        assert!("".parse::<CouncilId>().is_err());
    }

    #[test]
    fn the_list_is_sorted_for_its_binary_search() {
        assert_eq!(COUNCILS.len(), 153);
        assert!(COUNCILS.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert!(COUNCILS.iter().all(|council| council.id.council() == council));
    }
}
