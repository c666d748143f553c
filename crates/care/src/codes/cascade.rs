//! The code sets of a cascade's exceptions and gates: why a step may be left out, and who looks at an award before it is made.

use super::{Code, CodeSet};

set! {
    /// Why a step of the cascade is left out, of councils' placement procedures (local; there is no national list). Each is a decision about one
    /// child, which somebody approves.
    WAIVER = "WAIVER" {
        "CHILD_AT_RISK" => "Waiting for the step would put the child at risk",
        "KNOWN_UNAVAILABLE" => "It is known that nothing is to be had there",
        "COURT_DIRECTION" => "A court has directed where the child is to live",
        "FAMILY_DECLINED" => "The family has declined the step",
        "SIBLINGS_TOGETHER" => "The step would part siblings who are to live together",
        "CONTINUITY" => "The child goes on living where he or she is known",
    }
}
set! {
    /// Who looks at an award before it is made, where the council's policy asks for it: Derby's and East Riding's panels, Durham's
    /// senior oversight (MACC), the nominated officer of regulation 11 of the Care Planning, Placement and Case Review (England)
    /// Regulations 2010 for a placement out of area, and the director of children's services for a distant one.
    GATE = "GATE" {
        "RESIDENTIAL_PANEL" => "Residential panel",
        "SENIOR_REVIEW" => "Review by senior management",
        "NOMINATED_OFFICER" => "Nominated officer",
        "DIRECTOR" => "Director of children's services",
    }
}
set! {
    /// What was decided at a gate.
    GATE_DECISION = "GATE_DECISION" {
        "APPROVED" => "Approved",
        "REFUSED" => "Refused",
        "DEFERRED" => "Put off: more is to be known first",
    }
}
