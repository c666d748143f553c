//! The code sets of what becomes of a placement: notice of its end, how it ended, and what a referral follows from.

use super::{Code, CodeSet};

set! {
    /// Why notice of the end of a placement is given. After SSDA903's REASON_PLACE_CHANGE, in the words of those who give it: providers and
    /// carers (fostering and residential terms give 28 days), or the council (its care plan, standards of care).
    NOTICE = "NOTICE" {
        "CARE_PLAN" => "The care plan is changed or carried out (CARPL)",
        "NEEDS" => "The child's needs cannot be met here, or no longer",
        "MATCHING" => "The effect on children who live there, or theirs on this child",
        "BEHAVIOUR" => "The child's behaviour (CREQB)",
        "CARERS" => "The carers' own circumstances (CREQO)",
        "STAFFING" => "The home has not the staff that the child needs",
        "CLOSURE" => "The carers resign or the home closes (CLOSE)",
        "APPROVAL" => "The approval or registration ends or no longer covers the child (APPRR)",
        "STANDARDS" => "Standards of care (STAND)",
        "ALLEGATION" => "An allegation is looked into (ALLEG)",
        "CHILD" => "The child asks for it (CHILD)",
        "PRICE" => "No agreement on the price",
        "OTHER" => "Other",
    }
}
set! {
    /// Why a notice is shorter than is usual.
    SHORT_NOTICE = "SHORT_NOTICE" {
        "IMMEDIATE_RISK" => "Immediate risk of significant harm to the child or of serious injury to others (regulation 14)",
        "AGREED" => "Council and provider agreed on fewer days",
    }
}
set! {
    /// How a placement ended. Where the child leaves care with it, SSDA903's REC codes stand in brackets.
    PLACEMENT_END = "PLACEMENT_END" {
        "PLANNED" => "Planned: a move to the next placement (X1)",
        "DISRUPTION" => "Unplanned: the placement broke down (X1)",
        "RETURNED_HOME" => "Home to parents or relatives (E13, E4A, E4B)",
        "PERMANENCE" => "Adoption, special guardianship or a child arrangements order (E11, E12, E41, E45 to E48)",
        "STAYED_PUT" => "Stays with the former carers at 18 (E17)",
        "INDEPENDENCE" => "Into independent living (E5, E6)",
        "ADULT_CARE" => "To adult social care (E7)",
        "TRANSFERRED" => "Another council took over responsibility (E3)",
        "CUSTODY" => "Sentenced to custody, or a remand ended (E9, E14)",
        "OTHER" => "Other (E2, E8, E15, E16)",
    }
}
set! {
    /// What a referral follows from an earlier placement of the same child for.
    FOLLOWS = "FOLLOWS" {
        "MOVE" => "The child is to move on from it",
        "SIBLING_REUNION" => "The child is to move to live together with siblings",
        "RESPITE" => "The child is to be elsewhere for a time, and the placement goes on",
        "RETURN" => "It is over, and the child needs a home again",
    }
}
set! {
    /// What a time away from a placement is: SSDA903's temporary placements, and the short breaks of its legal statuses V3 and V4.
    /// [`respite_days_max`] says how long each may last.
    RESPITE = "RESPITE" {
        "T0" => "All types of temporary move",
        "T1" => "Temporary: in hospital",
        "T2" => "Temporary: on holiday",
        "T3" => "Temporary: carer on holiday",
        "T4" => "Temporary: other",
        "SHORT_BREAK" => "A short break",
    }
}

/// How many days a time away may last at most, by its RESPITE code: SSDA903 counts a longer one as a placement of its own (T3 three weeks,
/// T4 seven days), and regulation 48 of the Care Planning, Placement and Case Review (England) Regulations 2010 has 17 days for one short
/// break. The others have no limit.
#[must_use]
pub fn respite_days_max(code: &str) -> Option<u8> {
    match code {
        "T3" => Some(21),
        "T4" => Some(7),
        "SHORT_BREAK" => Some(17),
        _ => None,
    }
}
