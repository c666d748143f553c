//! What a provider says in an offer of how it will keep the child and those who live there safe: mitigations and the impact risk assessment.
//! All of it is codes: words of a provider about a child belong into questions, which are sealed.

use crate::requirements::Found;
use crate::state::Referral;
use care::{Date, code_sets, london_date};
use jiff::Span;
use serde::{Deserialize, Serialize};

/// How many mitigations an offer can name: two for each need and risk that there is.
pub const MITIGATIONS_MAX: usize = 2 * (code_sets::NEED.codes.len() + code_sets::RISK.codes.len());
/// How many findings an impact risk assessment can have: one for each need and risk that there is.
pub const FINDINGS_MAX: usize = MITIGATIONS_MAX / 2;
/// How many days before the referral was posted an assessment may have been made; an older one knows others who lived there.
const DAYS_BEFORE_POST_MAX: i32 = 92;
/// The longest name of a post, in characters.
pub(crate) const POST_CHARS_MAX: usize = 80;

/// The children's homes, and the schools that are homes as well: whoever offers a place there assesses what the child's coming would mean for
/// those who live there (Durham's manual for children's homes).
const ASSESSED: [&str; 5] = [
    "RESIDENTIAL",
    "RESIDENTIAL_EDUCATION",
    "RESIDENTIAL_SHORT_BREAKS",
    "RESIDENTIAL_SCHOOL_52_WEEKS",
    "SECURE",
];

/// Whether an impact risk assessment is asked for where this PROVISION is offered.
pub(crate) fn is_assessed(provision: &str) -> bool {
    ASSESSED.contains(&provision)
}

/// Something about a child that a home answers to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Concern {
    /// A NEED code.
    Need(String),
    /// A RISK code.
    Risk(String),
}

impl Concern {
    fn check(&self, found: &mut Found, field: &str) {
        match self {
            Self::Need(code) => {
                found.codes(&format!("{field}.need"), code_sets::NEED, std::slice::from_ref(code));
            }
            Self::Risk(code) => {
                found.codes(&format!("{field}.risk"), code_sets::RISK, std::slice::from_ref(code));
                found.unless(code != "NONE", &format!("{field}.risk"), "NONE is no risk: leave it out");
            }
        }
    }

    fn is_named_by(&self, referral: &Referral) -> bool {
        match self {
            Self::Need(code) => referral.requirements.needs.contains(code),
            Self::Risk(code) => referral.requirements.profile.risks.contains(code),
        }
    }
}

/// How a provider means to meet a need or lessen a risk.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mitigation {
    /// The need or risk, one that the referral names.
    #[serde(flatten)]
    pub concern: Concern,
    /// How, a MITIGATION code.
    pub how: String,
}

/// What the child's coming would mean for those who live in a home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImpactAssessment {
    /// The day on which it was made.
    pub done_on: Date,
    /// The post of who made it, 1 to 80 characters; no person's name.
    pub post: String,
    /// What was found; nothing where nobody would be affected.
    pub findings: Vec<ImpactFinding>,
}

/// What one need or risk of the child would mean for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImpactFinding {
    /// The need or risk.
    #[serde(flatten)]
    pub concern: Concern,
    /// An IMPACT code.
    pub outcome: String,
}

impl ImpactAssessment {
    /// The gravest of its findings, an IMPACT code.
    #[must_use]
    pub fn outcome(&self) -> &str {
        let gravity = |outcome: &&str| code_sets::IMPACT.codes.iter().position(|code| code.code == *outcome);
        let found = self.findings.iter().map(|finding| finding.outcome.as_str());
        found.max_by_key(gravity).unwrap_or(NO_IMPACT)
    }
}

/// The IMPACT code of an assessment that found nothing.
const NO_IMPACT: &str = "NO_IMPACT";
/// The IMPACT code with which no offer passes the gate.
pub(crate) const NOT_MANAGEABLE: &str = "IMPACT_NOT_MANAGEABLE";

/// Adds everything that is wrong with the mitigations of an offer on `referral`.
pub(crate) fn check_mitigations(found: &mut Found, mitigations: &[Mitigation], referral: &Referral) {
    const FIELD: &str = "mitigations";
    found.unless(
        mitigations.len() <= MITIGATIONS_MAX,
        FIELD,
        &format!("expected at most {MITIGATIONS_MAX} mitigations"),
    );
    let taken = &mitigations[..mitigations.len().min(MITIGATIONS_MAX)];
    for (i, mitigation) in taken.iter().enumerate() {
        let field = format!("{FIELD}[{i}]");
        mitigation.concern.check(found, &field);
        found.codes(&format!("{field}.how"), code_sets::MITIGATION, std::slice::from_ref(&mitigation.how));
        found.unless(
            mitigation.concern.is_named_by(referral),
            &field,
            "the referral does not name this need or risk: answer to what it names",
        );
        found.unless(!taken[..i].contains(mitigation), &field, "the same stands twice");
    }
}

/// Adds everything that is wrong with the impact risk assessment of an offer on `referral` that is made on `today`.
pub(crate) fn check_impact(found: &mut Found, impact: &ImpactAssessment, referral: &Referral, today: Date) {
    const FIELD: &str = "impact_risk_assessment";
    let earliest = london_date(referral.posted_at).saturating_sub(Span::new().days(DAYS_BEFORE_POST_MAX));
    found.unless(
        (earliest..=today).contains(&impact.done_on),
        &format!("{FIELD}.done_on"),
        &format!("expected a day from {earliest} to today: assess anew who lives there now"),
    );
    check_post(found, &format!("{FIELD}.post"), &impact.post);
    found.unless(
        impact.findings.len() <= FINDINGS_MAX,
        &format!("{FIELD}.findings"),
        &format!("expected at most {FINDINGS_MAX} findings"),
    );
    let taken = &impact.findings[..impact.findings.len().min(FINDINGS_MAX)];
    for (i, finding) in taken.iter().enumerate() {
        let field = format!("{FIELD}.findings[{i}]");
        finding.concern.check(found, &field);
        found.codes(&format!("{field}.outcome"), code_sets::IMPACT, std::slice::from_ref(&finding.outcome));
        let again = taken[..i].iter().any(|before| before.concern == finding.concern);
        found.unless(!again, &field, "this need or risk stands twice");
    }
}

/// The post of somebody: named, and short.
pub(crate) fn check_post(found: &mut Found, field: &str, post: &str) {
    let right = !post.trim().is_empty() && post.trim().chars().count() <= POST_CHARS_MAX;
    found.unless(right, field, &format!("name the post in 1 to {POST_CHARS_MAX} characters"));
}
