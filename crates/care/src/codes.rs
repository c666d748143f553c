//! Code sets as data, each code with the collection years in which it is valid.
//!
//! SSDA903 sets are those of the 2025-26 collection (children looked after, year to 31 March 2026), market terms those of the
//! Placements Northwest census of December 2025, both as published in `SocialFinanceDigitalLabs/liia-tools-pipeline` (MIT).

use std::fmt;

/// One code of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// The code as it is sent and stored.
    pub code: &'static str,
    /// What it means.
    pub label: &'static str,
    /// The first collection year (by the year it ends in) in which it is valid.
    pub from_year: i16,
    /// The last such year, if it has been retired.
    pub to_year: Option<i16>,
}

/// A closed list of codes.
#[derive(Debug, Clone, Copy)]
pub struct CodeSet {
    /// Its name, such as `PLACE`.
    pub name: &'static str,
    /// Its codes.
    pub codes: &'static [Code],
}

/// A code that its set does not hold, or not in that year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeUnknown {
    /// The set.
    pub set: &'static str,
    /// The code as it came, cut so that it takes no more than 40 bytes in an error.
    pub code: String,
    /// The codes that would have been valid.
    pub expected: Vec<&'static str>,
    /// The last year in which it was valid, for a retired code.
    pub retired_after: Option<i16>,
}

impl fmt::Display for CodeUnknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has no code {:?}", self.set, self.code)?;
        if let Some(year) = self.retired_after {
            write!(f, " any more (retired after {year})")?;
        }
        write!(f, ": expected one of {}", self.expected.join(", "))
    }
}

impl std::error::Error for CodeUnknown {}

impl CodeSet {
    /// Looks a code up for a collection year (the year to 31 March is named by the year it ends in).
    ///
    /// # Errors
    /// When the set does not hold it in that year; the error lists what it holds.
    pub fn check(&self, code: &str, year: i16) -> Result<&'static Code, CodeUnknown> {
        let valid = |entry: &&Code| entry.from_year <= year && entry.to_year.is_none_or(|to| year <= to);
        let entry = self.codes.iter().find(|entry| entry.code == code);
        if let Some(found) = entry.filter(valid) {
            return Ok(found);
        }
        Err(CodeUnknown {
            set: self.name,
            code: cut(code),
            expected: self.codes.iter().filter(valid).map(|entry| entry.code).collect(),
            retired_after: entry.and_then(|entry| entry.to_year),
        })
    }

    /// The label of a code, in whatever year it was valid.
    #[must_use]
    pub fn label(&self, code: &str) -> Option<&'static str> {
        self.codes.iter().find(|entry| entry.code == code).map(|entry| entry.label)
    }
}

/// The beginning of a text, no longer than 40 bytes as it is shown in quotes: what is repeated of a request must leave room for
/// the codes that would have been right.
fn cut(code: &str) -> String {
    let mut bytes = 0;
    let fits = |letter: &char| {
        bytes += letter.escape_debug().map(char::len_utf8).sum::<usize>();
        bytes <= 40
    };
    code.chars().take_while(fits).collect()
}

/// The collection year of a date: named by the year in which its 31 March lies.
#[must_use]
pub fn collection_year(date: jiff::civil::Date) -> i16 {
    if (date.month(), date.day()) >= (4, 1) { date.year() + 1 } else { date.year() }
}

macro_rules! set {
    ($(#[$doc:meta])* $ident:ident = $name:literal { $($code:literal $(($from:literal $(..= $to:literal)?))? => $label:literal,)+ }) => {
        $(#[$doc])*
        pub const $ident: CodeSet = CodeSet { name: $name, codes: &[
            $(Code { code: $code, label: $label, from_year: set!(@from $($from)?), to_year: set!(@to $($($to)?)?) },)+
        ] };
    };
    (@from) => { 0 };
    (@from $from:literal) => { $from };
    (@to) => { None };
    (@to $to:literal) => { Some($to) };
}

mod cascade;
mod evaluation;
mod form;
mod frameworks;
mod money;
mod staying;

/// The code sets in use.
pub mod code_sets {
    pub use super::cascade::{GATE, GATE_DECISION, WAIVER};
    pub use super::collection_year;
    pub use super::evaluation::{CRITERION, DEPARTURE, IMPACT, MITIGATION, SIBLING_SPLIT};
    pub use super::form::{
        DEPRIVATION_OF_LIBERTY, EDUCATION_PHASE, EHCP, ETHNICITY, EXCLUSION, FAMILY_TIME, HEALTH, LANGUAGE,
        NATIONAL_TRANSFER, PARENT_AND_CHILD, RELIGION, RISK, ROUTE_INTO_CARE, SEND, SIBLING_REASON, SIBLINGS,
        STRENGTH,
    };
    pub use super::frameworks::{DISCOUNT, PRICE_ATTRIBUTE};
    pub use super::money::{ABSENCE, CHARGE_LINE, INVOICE_QUERY, MATCH_REASON, TERMS_CAUSE, VAT_TREATMENT};
    pub use super::staying::{FOLLOWS, NOTICE, PLACEMENT_END, RESPITE, SHORT_NOTICE, respite_days_max};
    use super::{Code, CodeSet};

    /// Every set.
    pub const ALL: [CodeSet; 54] = [
        PLACE,
        LEGAL_STATUS,
        CATEGORY_OF_NEED,
        REASON_PLACE_CHANGE,
        SEX,
        PROVISION,
        NEED,
        DECLINE,
        FUNDER,
        GRADE,
        PRICE_LINE,
        URGENCY,
        CASCADE_STEP,
        CASCADE_OUTCOME,
        WITHDRAWAL,
        REVEAL,
        RISK,
        STRENGTH,
        EDUCATION_PHASE,
        EHCP,
        SEND,
        HEALTH,
        FAMILY_TIME,
        ETHNICITY,
        RELIGION,
        LANGUAGE,
        SIBLINGS,
        SIBLING_REASON,
        PARENT_AND_CHILD,
        DEPRIVATION_OF_LIBERTY,
        NATIONAL_TRANSFER,
        ROUTE_INTO_CARE,
        EXCLUSION,
        CRITERION,
        MITIGATION,
        IMPACT,
        DEPARTURE,
        SIBLING_SPLIT,
        WAIVER,
        GATE,
        GATE_DECISION,
        NOTICE,
        SHORT_NOTICE,
        PLACEMENT_END,
        FOLLOWS,
        RESPITE,
        CHARGE_LINE,
        TERMS_CAUSE,
        ABSENCE,
        VAT_TREATMENT,
        MATCH_REASON,
        INVOICE_QUERY,
        PRICE_ATTRIBUTE,
        DISCOUNT,
    ];

    set! {
        /// SSDA903 placement type, 2025-26. `H5`, `P2` and `Z1` are retired.
        PLACE = "PLACE" {
            "A3" => "Placed for adoption with consent, current foster carer",
            "A4" => "Placed for adoption with consent, not current foster carer",
            "A5" => "Placed for adoption with placement order, current foster carer",
            "A6" => "Placed for adoption with placement order, not current foster carer",
            "K1" => "Secure children's home",
            "K2" => "Children's home",
            "K3" (2024) => "Registered supported accommodation",
            "H5" (0 ..= 2024) => "Semi-independent living, not subject to children's homes regulations",
            "P1" => "Placed with own parents or other person with parental responsibility",
            "P2" (0 ..= 2024) => "Independent living",
            "P3" => "Residential employment",
            "R1" => "Residential care home",
            "R2" => "NHS or health trust establishment",
            "R3" => "Family centre or mother and baby unit",
            "R5" => "Young offender institution",
            "S1" => "Residential school",
            "T0" => "All types of temporary move",
            "T1" => "Temporary: in hospital",
            "T2" => "Temporary: on holiday",
            "T3" => "Temporary: carer on holiday",
            "T4" => "Temporary: other, seven days or fewer",
            "U1" => "Foster placement with relative or friend, long term",
            "U2" => "Foster placement with relative or friend, fostering for adoption or concurrent",
            "U3" => "Foster placement with relative or friend, neither",
            "U4" => "Foster placement with other carer, long term",
            "U5" => "Foster placement with other carer, fostering for adoption or concurrent",
            "U6" => "Foster placement with other carer, neither",
            "Z1" (0 ..= 2025) => "Other placement",
        }
    }
    set! {
        /// SSDA903 legal status.
        LEGAL_STATUS = "LS" {
            "C1" => "Interim care order",
            "C2" => "Full care order",
            "D1" => "Freeing order",
            "E1" => "Placement order",
            "J1" => "Remanded to local authority accommodation or youth detention",
            "J2" => "Placed in local authority accommodation under PACE",
            "J3" => "Sentenced to a youth rehabilitation order with residence requirement",
            "L1" => "Under police protection",
            "L2" => "Emergency protection order",
            "L3" => "Child assessment order",
            "V2" => "Single period of accommodation under section 20",
            "V3" => "Accommodated under an agreed series of short-term breaks, individual episodes",
            "V4" => "Accommodated under an agreed series of short-term breaks, agreement recorded",
        }
    }
    set! {
        /// SSDA903 category of need.
        CATEGORY_OF_NEED = "CIN" {
            "N1" => "Abuse or neglect",
            "N2" => "Child's disability",
            "N3" => "Parental illness or disability",
            "N4" => "Family in acute stress",
            "N5" => "Family dysfunction",
            "N6" => "Socially unacceptable behaviour",
            "N7" => "Low income",
            "N8" => "Absent parenting",
        }
    }
    set! {
        /// SSDA903 reason for a placement change; also the reason with which an agreement ends.
        REASON_PLACE_CHANGE = "REASON_PLACE_CHANGE" {
            "CARPL" => "Change to or implementation of care plan",
            "CLOSE" => "Resignation or closure of provision",
            "ALLEG" => "Allegation (section 47)",
            "STAND" => "Standards of care concern",
            "APPRR" => "Approval removed",
            "CREQB" => "Carer requests placement end due to child's behaviour",
            "CREQO" => "Carer requests placement end, other",
            "CHILD" => "Child requests placement end",
            "LAREQ" => "Responsible or area authority requests placement end",
            "PLACE" => "Change in the status of placement only",
            "CUSTOD" => "Custody arrangement",
            "OTHER" => "Other",
        }
    }
    set! {
        /// Sex, SSDA903 since 2025.
        SEX = "SEX" { "M" => "Male", "F" => "Female", "U" => "Unknown", }
    }
    set! {
        /// The kind of provision that a referral asks for and an establishment gives; after the Placements Northwest census.
        PROVISION = "PROVISION" {
            "FOSTERING" => "Fostering, mainstream",
            "FOSTERING_ENHANCED" => "Fostering, enhanced",
            "FOSTERING_PARENT_CHILD" => "Fostering, parent and child",
            "RESIDENTIAL" => "Children's home",
            "RESIDENTIAL_EDUCATION" => "Children's home or school with education",
            "RESIDENTIAL_PARENT_CHILD" => "Residential family centre",
            "SECURE" => "Secure children's home",
            "SUPPORTED_ACCOMMODATION" => "Supported accommodation, 16 and 17",
            "UNREGISTERED" => "Unregistered provision",
            "CONNECTED_CARERS" => "Connected carers (kinship)",
            "FOSTERING_SHORT_BREAKS" => "Fostering, short breaks",
            "RESIDENTIAL_SHORT_BREAKS" => "Children's home, short breaks",
            "RESIDENTIAL_SCHOOL_38_WEEKS" => "Residential school, 38 weeks",
            "RESIDENTIAL_SCHOOL_52_WEEKS" => "Residential school, 52 weeks",
        }
    }
    set! {
        /// Needs that a referral names and a vacancy can meet.
        NEED = "NEED" {
            "EMOTIONAL_BEHAVIOURAL" => "Emotional or behavioural needs",
            "TRAUMA" => "Developmental trauma",
            "LEARNING_DISABILITY" => "Learning disability",
            "PHYSICAL_DISABILITY" => "Physical disability",
            "AUTISM" => "Autism",
            "MENTAL_HEALTH" => "Mental health needs",
            "SELF_HARM" => "Self-harm",
            "EXPLOITATION" => "At risk of exploitation",
            "MISSING" => "Goes missing",
            "SUBSTANCE_MISUSE" => "Substance misuse",
            "OFFENDING" => "Offending",
            "HARMFUL_SEXUAL_BEHAVIOUR" => "Harmful sexual behaviour",
            "UASC" => "Unaccompanied asylum-seeking child",
            "PARENT_CHILD" => "Parent and child together",
            "SIBLINGS" => "Siblings together",
        }
    }
    set! {
        /// Why a provider declines a referral; the Placements Northwest vocabulary, extended.
        DECLINE = "DECLINE" {
            "NEED" => "Cannot meet the child's needs",
            "MATCHING" => "Match with children already placed",
            "DOL" => "Deprivation of liberty or legal permission needed",
            "SEND" => "Specialist SEND provision needed",
            "SPECIALIST" => "Other specialist provision needed",
            "TIMESCALE" => "Cannot meet the timescale",
            "LOCATION" => "Location is a risk for the child",
            "NO_PLACE" => "No place available",
            "STAFFING" => "Staffing",
            "OFSTED" => "A condition or limit set by Ofsted",
            "PRICE" => "Price",
            "INFORMATION" => "Not enough information",
        }
    }
    set! {
        /// Who pays a share of a placement (the three-way split of the s251 and Placements Northwest collections).
        FUNDER = "FUNDER" { "SOCIAL_CARE" => "Children's social care", "EDUCATION" => "Education", "HEALTH" => "Health (ICB)", }
    }
    set! {
        /// Ofsted's overall grade, `NONE` before a first inspection.
        GRADE = "GRADE" {
            "OUTSTANDING" => "Outstanding",
            "GOOD" => "Good",
            "REQUIRES_IMPROVEMENT" => "Requires improvement to be good",
            "INADEQUATE" => "Inadequate",
            "NONE" => "Not yet inspected or not graded",
        }
    }
    set! {
        /// A line of a weekly price.
        PRICE_LINE = "PRICE_LINE" {
            "CORE" => "Core fee",
            "ONE_TO_ONE" => "One-to-one support",
            "THERAPY" => "Therapy",
            "EDUCATION" => "Education",
            "TRANSPORT" => "Transport",
            "FAMILY_TIME" => "Family time",
        }
    }
    set! {
        /// How soon a home is needed.
        URGENCY = "URGENCY" { "EMERGENCY" => "Today", "URGENT" => "Within a few days", "PLANNED" => "Planned", }
    }
    set! {
        /// A step of a council's cascade, in the order in which steps are taken where a policy does not say another: that of Darlington's
        /// strategy (2024-25), with the steps that other councils tell apart. Which of them it takes is each council's to say.
        CASCADE_STEP = "CASCADE_STEP" {
            "FAMILY_GROUP_CONFERENCE" => "Family group conference, where it is told apart from connected carers",
            "CONNECTED_CARE" => "Family group conference and connected carers",
            "IN_HOUSE_FOSTERING" => "In-house fostering",
            "IN_HOUSE_RESIDENTIAL" => "In-house residential",
            "BLOCK" => "Places of a block contract, or reserved",
            "FRAMEWORK_TIER_1" => "Framework providers of the first tier",
            "FRAMEWORK_TIER_2" => "Framework providers of the second tier",
            "FRAMEWORK_TIER_3" => "Framework providers of the third tier",
            "FRAMEWORK" => "Framework providers",
            "EXTERNAL_RESIDENTIAL" => "External residential, where it is told apart from the framework",
            "SPECIALIST" => "Specialist provision",
            "OFF_FRAMEWORK" => "Spot purchase off the framework",
        }
    }
    set! {
        /// What came of a step of the cascade. All but `PLACE_FOUND` and `MOVED` show that the step was exhausted.
        CASCADE_OUTCOME = "CASCADE_OUTCOME" {
            "NO_PLACE" => "Tried: no place available",
            "NOT_SUITABLE" => "Tried: nothing suitable for this child",
            "DECLINED" => "Tried: asked and declined",
            "NO_OFFER" => "Tried: asked, and nobody offered in time",
            "NOT_APPLICABLE" => "Considered: does not apply to this child",
            "PLACE_FOUND" => "Tried: a home was found",
            "MOVED" => "Left: who was asked was asked under another step before answering",
        }
    }
    set! {
        /// Why a referral ends without an award.
        WITHDRAWAL = "WITHDRAWAL" {
            "RETURNED_HOME" => "The child went home or stayed there",
            "PLACED_IN_HOUSE" => "A home was found with connected carers or in-house",
            "NEEDS_CHANGED" => "The plan for the child changed",
            "TRANSFERRED" => "Another council took over responsibility",
            "TURNED_18" => "The child came of age",
            "ENTERED_IN_ERROR" => "The referral should not have been posted",
            "OTHER" => "Other",
        }
    }
    set! {
        /// What an identity is unmasked for.
        REVEAL = "REVEAL" {
            "PLACEMENT_PLANNING" => "Planning and preparing the placement",
            "SAFEGUARDING" => "Keeping the child or others safe",
            "CASE_WORK" => "The council's own work on the case",
            "SUBJECT_ACCESS" => "A request by the child or for the child to see the data",
            "CORRECTION" => "Putting wrong data right",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::code_sets;

    #[test]
    fn a_code_is_valid_only_in_its_years() {
        assert!(code_sets::PLACE.check("K3", 2026).is_ok());
        let retired = code_sets::PLACE.check("H5", 2026).unwrap_err();
        assert_eq!(retired.retired_after, Some(2024));
        assert!(retired.to_string().starts_with("PLACE has no code \"H5\" any more (retired after 2024): "));
        let unknown = code_sets::URGENCY.check("SOON", 2026).unwrap_err().to_string();
        assert_eq!(unknown, "URGENCY has no code \"SOON\": expected one of EMERGENCY, URGENT, PLANNED");
        assert!(code_sets::PLACE.check("k3", 2026).is_err(), "case matters: 903 codes are upper case");
        assert!(code_sets::PLACE.check("Z1", 2025).is_ok());
    }

    #[test]
    fn no_set_is_left_out_of_all_and_no_name_is_there_twice() {
        let files = [
            include_str!("codes.rs"),
            include_str!("codes/form.rs"),
            include_str!("codes/evaluation.rs"),
            include_str!("codes/cascade.rs"),
            include_str!("codes/staying.rs"),
            include_str!("codes/money.rs"),
            include_str!("codes/frameworks.rs"),
        ];
        let lines = files.into_iter().flat_map(str::lines);
        let made = lines.filter(|line| matches!(*line, "    set! {" | "set! {")).count();
        let names: std::collections::BTreeSet<&str> = code_sets::ALL.iter().map(|set| set.name).collect();
        assert_eq!((code_sets::ALL.len(), names.len()), (made, made));
    }

    #[test]
    fn every_line_of_a_price_is_a_line_of_a_charge() {
        for line in code_sets::PRICE_LINE.codes {
            assert!(
                code_sets::CHARGE_LINE.codes.iter().any(|it| (it.code, it.label) == (line.code, line.label))
            );
        }
    }

    #[test]
    fn what_is_repeated_of_a_wrong_code_is_short() {
        for (long, kept) in [("x".repeat(50), 40), ("\u{10ffff}".repeat(50), 4), ("é".repeat(50), 20)] {
            let unknown = code_sets::SEX.check(&long, 2026).unwrap_err();
            assert_eq!(unknown.code.chars().count(), kept);
            assert!(unknown.to_string().ends_with(": expected one of M, F, U"), "{unknown}");
        }
    }

    #[test]
    fn the_collection_year_turns_on_1_april() {
        assert_eq!(super::collection_year(jiff::civil::date(2026, 3, 31)), 2026);
        assert_eq!(super::collection_year(jiff::civil::date(2026, 4, 1)), 2027);
    }
}
