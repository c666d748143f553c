//! How much of the referral form is known. Providers call the quality of referrals the weakest area of commissioning, and homes decide within
//! a day or two on thin ones: a council sees what is missing before it releases.

use crate::profile::BackgroundPart;
use crate::state::Referral;

/// What of a form is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completeness {
    /// The fields that are not known, as a request names them, in the order of the form.
    pub unknown: Vec<&'static str>,
    /// How many fields were looked at.
    pub of: usize,
}

impl Completeness {
    /// Of a referral: the fields that a home asks about, each of the same weight. What only some referrals have, such as areas to avoid,
    /// is none of them.
    #[must_use]
    pub fn of(it: &Referral) -> Self {
        let asked = &it.requirements;
        let told = &asked.profile;
        let background = |part| it.background.as_ref().is_some_and(|it| it.known.contains(&part));
        let siblings = asked.sibling_group_size.is_some() || told.siblings.is_some();
        let known = [
            ("requirements.sex", asked.sex != "U"),
            ("requirements.needs", !asked.needs.is_empty()),
            ("requirements.category_of_need", asked.category_of_need.is_some()),
            ("requirements.legal_status", asked.legal_status.is_some()),
            ("requirements.expected_weeks", asked.expected_weeks.is_some()),
            ("requirements.anchor", asked.anchor.is_some()),
            ("requirements.siblings", siblings),
            ("requirements.risks", !told.risks.is_empty()),
            ("requirements.strengths", !told.strengths.is_empty()),
            ("requirements.education.phase", told.education.phase.is_some()),
            ("requirements.education.ehcp", told.education.ehcp.is_some()),
            ("requirements.education.send", !told.education.send.is_empty()),
            ("requirements.family_time.frequency", told.family_time.frequency.is_some()),
            ("requirements.parent_and_child", told.parent_and_child.is_some()),
            ("requirements.deprivation_of_liberty", told.deprivation_of_liberty.is_some()),
            ("requirements.route_into_care", told.route_into_care.is_some()),
            ("requirements.exclusions", !told.exclusions.is_empty()),
            ("identity", it.identity.is_some()),
            ("identity.narrative", it.narrative.is_some()),
            ("identity.health", background(BackgroundPart::Health)),
            ("identity.ethnicity", background(BackgroundPart::Ethnicity)),
            ("identity.religion", background(BackgroundPart::Religion)),
            ("identity.language", background(BackgroundPart::Language)),
        ];
        let of = known.len();
        let unknown = known.into_iter().filter(|(_, known)| !known).map(|(field, _)| field).collect();
        Self { unknown, of }
    }

    /// How many of the fields are known, of 1,000, rounded down.
    #[must_use]
    pub fn thousandths(&self) -> u32 {
        let known = self.of.saturating_sub(self.unknown.len());
        u32::try_from(known * 1_000 / self.of.max(1)).unwrap_or(1_000)
    }
}
