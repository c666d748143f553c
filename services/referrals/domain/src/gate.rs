//! The gate that an offer passes before it is scored, as data: what each check asks, and where that is written. `docs/evaluation.md` is made of it.

/// One check of the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateRule {
    /// Its name, `UPPER_SNAKE`: what would be wrong.
    pub check: &'static str,
    /// What it asks of an offer.
    pub asks: &'static str,
    /// Where that is written.
    pub source: &'static str,
}

/// It can still be taken.
pub(crate) const NOT_IN_FORCE: GateRule = GateRule {
    check: "OFFER_NOT_IN_FORCE",
    asks: "It was not taken back, its last day has not passed, and neither has its first night.",
    source: "This brokerage: the order of merit holds what can be taken.",
};
/// It answers what is asked for now.
pub(crate) const STALE: GateRule = GateRule {
    check: "OFFER_STALE",
    asks: "It answers the current version of the referral.",
    source: "This brokerage: all offers are judged by the same form.",
};
/// The home may be run.
pub(crate) const NOT_ACTIVE: GateRule = GateRule {
    check: "REGISTRATION_NOT_ACTIVE",
    asks: "The establishment's registration is active: not suspended, cancelled, resigned or otherwise ended. One that is not known here passes: \
           the market judges it at the award.",
    source: "Care Standards Act 2000, sections 11 and 14 to 15.",
};
/// A child may come.
pub(crate) const RESTRICTED: GateRule = GateRule {
    check: "ACCOMMODATION_RESTRICTED",
    asks: "No notice that restricts accommodation there is known.",
    source: "Care Standards Act 2000, section 22B.",
};
/// Ofsted has not found it inadequate.
pub(crate) const INADEQUATE: GateRule = GateRule {
    check: "GRADE_INADEQUATE",
    asks: "The establishment's grade is not INADEQUATE, or a role that the cascade policy lets approve exempts it. A grade that is not known \
           here passes. An exemption lets the offer be evaluated and no more: the contract judges the grade at the award, and an external one \
           of a home that its framework does not take stays refused.",
    source: "East Riding's evaluation: Inadequate is not evaluated unless the head of children's social care exempts it.",
};
/// The provider said what the child's coming would mean.
pub(crate) const UNASSESSED: GateRule = GateRule {
    check: "IMPACT_ASSESSMENT_MISSING",
    asks: "An offer of a children's home, or of a school that is one (RESIDENTIAL, RESIDENTIAL_EDUCATION, RESIDENTIAL_SHORT_BREAKS, \
           RESIDENTIAL_SCHOOL_52_WEEKS, SECURE), comes with an impact risk assessment.",
    source: "Durham's manual for children's homes: homes complete an impact risk assessment.",
};
/// And that it can be managed.
pub(crate) const UNMANAGEABLE: GateRule = GateRule {
    check: "IMPACT_NOT_MANAGEABLE",
    asks: "No finding of its impact risk assessment is IMPACT_NOT_MANAGEABLE.",
    source: "Durham's manual for children's homes: the assessment weighs the effect on those who live there.",
};

/// Every check, in the order in which they are told.
pub const GATE: [GateRule; 7] =
    [NOT_IN_FORCE, STALE, NOT_ACTIVE, RESTRICTED, INADEQUATE, UNASSESSED, UNMANAGEABLE];
