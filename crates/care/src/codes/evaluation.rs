//! The code sets of an evaluation: what offers are scored by, how a provider means to keep a child and those who live with it safe, and why an
//! award departs from the order of merit or siblings from each other.
//!
//! The quality and price of East Riding's evaluation (skills and fee) and the impact risk assessment of Durham's manual for children's homes
//! are published. No list of mitigations or of reasons for a departure was found: those words are this brokerage's own.

use super::{Code, CodeSet};

set! {
    /// What an offer is scored by. `PRICE` is scored by rule, the others by people.
    CRITERION = "CRITERION" {
        "PRICE" => "The weekly price",
        "SKILLS" => "The carers' skills and experience for this child",
        "NEEDS" => "How the child's needs and wishes are met",
        "LOCATION" => "How near school, family and friends are",
        "EDUCATION" => "Education",
        "IDENTITY" => "Identity, language, faith and culture",
        "RESIDENTS" => "The match with those who live there",
        "STABILITY" => "How long the home can last",
        "OUTCOMES" => "Outcomes and how they are shown",
    }
}
set! {
    /// How a provider means to meet a need or lessen a risk.
    MITIGATION = "MITIGATION" {
        "TRAINED_CARERS" => "Carers or staff trained in it",
        "MORE_STAFF" => "More staff, or one to one",
        "WAKING_NIGHT" => "Staff awake at night",
        "THERAPY" => "Therapy",
        "HEALTH_LINK" => "Work with health services",
        "SAFETY_PLAN" => "A safety plan for this child",
        "MISSING_PROTOCOL" => "A protocol for going missing, agreed with the police",
        "ONLINE_SAFETY" => "Rules and controls online",
        "ADAPTED_HOME" => "A home that is adapted",
        "EDUCATION_SUPPORT" => "Support in education",
        "FAMILY_WORK" => "Work with the family",
        "PARTNER_AGENCIES" => "Work with police, youth justice or exploitation teams",
        "GROUP_MATCHED" => "A group or household chosen to suit",
    }
}
set! {
    /// What an impact risk assessment found that the child's coming would mean for those who live there.
    IMPACT = "IMPACT" {
        "NO_IMPACT" => "No effect that needs anything done",
        "IMPACT_MANAGED" => "An effect that is managed",
        "IMPACT_NOT_MANAGEABLE" => "An effect that cannot be managed",
    }
}
set! {
    /// Why an award takes another offer than the first in the order of merit.
    DEPARTURE = "DEPARTURE" {
        "CHILD_WISHES" => "The child's wishes and feelings",
        "NEARER_SCHOOL" => "Nearer the child's school",
        "NEARER_FAMILY" => "Nearer family and friends",
        "SIBLINGS_TOGETHER" => "Siblings together",
        "EARLIER_START" => "An earlier start",
        "KNOWN_CARERS" => "Carers whom the child knows",
        "IDENTITY_MATCH" => "Identity, language, faith or culture",
        "RISK_TO_RESIDENTS" => "A risk to those who live in the other home",
        "RISK_TO_CHILD" => "A risk to the child in the other home",
        "COURT" => "A court's direction",
        "NOT_AVAILABLE" => "The first can be had no more",
        "GATE_REFUSED" => "A gate of the cascade policy refused the first, or would",
        "OTHER" => "Another reason, in the rationale of the evaluation",
    }
}
set! {
    /// Why siblings who were to live together do not.
    SIBLING_SPLIT = "SIBLING_SPLIT" {
        "NO_HOME_FOR_ALL" => "No home was found that takes them all",
        "NEEDS" => "Needs that one home cannot meet",
        "SAFETY" => "One is a risk to another",
        "WISHES" => "Their wishes",
        "COURT" => "A court's direction",
        "CARE_PLAN" => "The care plan has changed",
        "EMERGENCY" => "For now, in an emergency",
    }
}
