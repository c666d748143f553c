//! What a provider says in an offer of safety, from requests and to answers: mitigations and the impact risk assessment.

use api::referrals as proto;
use api::referrals::{impact_finding as finding, mitigation};
use referrals_domain::{Concern, FINDINGS_MAX, ImpactAssessment, ImpactFinding, MITIGATIONS_MAX, Mitigation};
use service_kit::Fields;

fn one_given(fields: &mut Fields, field: &str, concern: Option<Concern>) -> Option<Concern> {
    if concern.is_none() {
        fields.violation(field, "name a need or a risk");
    }
    concern
}

/// Reads `mitigations`. Codes are for the domain to judge.
pub(crate) fn mitigations(fields: &mut Fields, given: &[proto::Mitigation]) -> Option<Vec<Mitigation>> {
    fields.at_most("mitigations", given.len(), MITIGATIONS_MAX)?;
    let mut read = Vec::with_capacity(given.len());
    for (i, it) in given.iter().enumerate() {
        let concern = it.concern.clone().map(|concern| match concern {
            mitigation::Concern::Need(code) => Concern::Need(code),
            mitigation::Concern::Risk(code) => Concern::Risk(code),
        });
        let concern = one_given(fields, &format!("mitigations[{i}]"), concern);
        read.extend(concern.map(|concern| Mitigation { concern, how: it.how.clone() }));
    }
    (read.len() == given.len()).then_some(read)
}

/// Reads `impact_risk_assessment`, where none is none. Codes are for the domain to judge.
pub(crate) fn impact(
    fields: &mut Fields,
    given: Option<&proto::ImpactRiskAssessment>,
) -> Option<Option<ImpactAssessment>> {
    const FIELD: &str = "impact_risk_assessment";
    let Some(given) = given else { return Some(None) };
    fields.beneath(FIELD, |fields| {
        fields.at_most("findings", given.findings.len(), FINDINGS_MAX)?;
        let done_on = fields.date("done_on", &given.done_on);
        let post = fields.text("post", &given.post, 80);
        let mut findings = Vec::with_capacity(given.findings.len());
        for (i, it) in given.findings.iter().enumerate() {
            let concern = it.concern.clone().map(|concern| match concern {
                finding::Concern::Need(code) => Concern::Need(code),
                finding::Concern::Risk(code) => Concern::Risk(code),
            });
            let concern = one_given(fields, &format!("findings[{i}]"), concern);
            findings.extend(concern.map(|concern| ImpactFinding { concern, outcome: it.outcome.clone() }));
        }
        let whole = findings.len() == given.findings.len();
        let (done_on, post) = (done_on?, post?);
        whole.then_some(Some(ImpactAssessment { done_on, post, findings }))
    })
}

/// Mitigations as both sides see them.
pub(crate) fn mitigations_shown(all: &[Mitigation]) -> Vec<proto::Mitigation> {
    let shown = |it: &Mitigation| proto::Mitigation {
        concern: Some(match it.concern.clone() {
            Concern::Need(code) => mitigation::Concern::Need(code),
            Concern::Risk(code) => mitigation::Concern::Risk(code),
        }),
        how: it.how.clone(),
    };
    all.iter().map(shown).collect()
}

/// An impact risk assessment as both sides see it.
pub(crate) fn impact_shown(it: &ImpactAssessment) -> proto::ImpactRiskAssessment {
    let shown = |it: &ImpactFinding| proto::ImpactFinding {
        concern: Some(match it.concern.clone() {
            Concern::Need(code) => finding::Concern::Need(code),
            Concern::Risk(code) => finding::Concern::Risk(code),
        }),
        outcome: it.outcome.clone(),
    };
    proto::ImpactRiskAssessment {
        done_on: it.done_on.to_string(),
        post: it.post.clone(),
        findings: it.findings.iter().map(shown).collect(),
        outcome: it.outcome().to_owned(),
    }
}
