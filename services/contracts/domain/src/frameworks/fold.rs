//! How each event changes the region's frameworks.

use super::events::FrameworkEvent;
use super::prices::PriceSchedule;
use super::procurement::Opening;
use super::state::{Framework, Frameworks, Membership};
use super::suspensions::{Suspension, SuspensionScope};
use super::uplifts::Uplift;
use care::FrameworkId;
use std::collections::{BTreeMap, BTreeSet};

impl Frameworks {
    pub(super) fn apply(&mut self, event: &FrameworkEvent) {
        self.position += 1;
        let id = match event {
            FrameworkEvent::FrameworkCreated(e) => {
                let framework = Framework {
                    name: e.name.clone(),
                    lead: e.lead,
                    regime: e.regime,
                    starts: e.starts,
                    ends: e.ends,
                    grade_floor: e.grade_floor.clone(),
                    members: BTreeMap::new(),
                    lots: BTreeMap::new(),
                    admissions: BTreeMap::new(),
                    suspensions: BTreeMap::new(),
                    evaluation_weights: Vec::new(),
                    procurement: e.procurement.clone(),
                    openings: Vec::new(),
                    discounts: BTreeMap::new(),
                    link_authorities: BTreeMap::new(),
                    uplifts: BTreeMap::new(),
                    version: 0,
                };
                self.frameworks.entry(e.framework.clone()).or_insert(framework);
                &e.framework
            }
            event => framework_of(event),
        };
        if let Some(framework) = self.frameworks.get_mut(id) {
            framework.version += 1;
            framework.apply(event, self.position);
        }
    }
}

/// The framework that an event is about.
fn framework_of(event: &FrameworkEvent) -> &FrameworkId {
    match event {
        FrameworkEvent::FrameworkCreated(e) => &e.framework,
        FrameworkEvent::CouncilJoined(e) => &e.framework,
        FrameworkEvent::CouncilLeft(e) => &e.framework,
        FrameworkEvent::LotAdded(e) => &e.framework,
        FrameworkEvent::ProviderAdmitted(e) => &e.framework,
        FrameworkEvent::ProviderSuspended(e) => &e.framework,
        FrameworkEvent::SuspensionLifted(e) => &e.framework,
        FrameworkEvent::EvaluationWeightsSet(e) => &e.framework,
        FrameworkEvent::FrameworkReopened(e) => &e.framework,
        FrameworkEvent::FrameworkExtended(e) => &e.framework,
        FrameworkEvent::PlacementReviewsCalled(e) => &e.framework,
        FrameworkEvent::DiscountAgreed(e) => &e.framework,
        FrameworkEvent::DiscountEnded(e) => &e.framework,
        FrameworkEvent::LinkAuthorityNominated(e) => &e.framework,
        FrameworkEvent::UpliftRequested(e) => &e.framework,
        FrameworkEvent::UpliftNegotiated(e) => &e.framework,
    }
}

impl Framework {
    fn apply(&mut self, event: &FrameworkEvent, position: u64) {
        match event {
            FrameworkEvent::FrameworkCreated(_) => {}
            FrameworkEvent::CouncilJoined(e) => {
                self.members.entry(e.council).or_default().push(Membership { from: e.from, until: None });
            }
            FrameworkEvent::CouncilLeft(e) => {
                if let Some(membership) = self.members.get_mut(&e.council).and_then(|all| all.last_mut()) {
                    membership.until = Some(e.on);
                }
            }
            FrameworkEvent::LotAdded(e) => {
                self.lots.insert(e.lot.clone(), e.terms.clone());
            }
            FrameworkEvent::ProviderAdmitted(e) => {
                let schedule = PriceSchedule {
                    from: e.from,
                    until: e.until,
                    prices: e.prices.clone(),
                    rows: e.rows.clone(),
                    branches: e.branches.clone(),
                };
                let lots = self.admissions.entry(e.provider.clone()).or_default();
                lots.entry(e.lot.clone()).or_default().push(schedule);
            }
            FrameworkEvent::ProviderSuspended(e) => {
                let scope = SuspensionScope::of(e.urn.as_ref(), &e.urns, e.council);
                let all = self.suspensions.entry(e.provider.clone()).or_default();
                all.push(Suspension {
                    scope,
                    reason: e.reason.clone(),
                    from: e.from,
                    until: None,
                    number: u32::try_from(all.len()).unwrap_or(u32::MAX).saturating_add(1),
                    reviewed_by: BTreeSet::new(),
                    called_at: 0,
                });
            }
            FrameworkEvent::SuspensionLifted(e) => {
                let scope = SuspensionScope::of(e.urn.as_ref(), &e.urns, e.council);
                let suspensions = self.suspensions.entry(e.provider.clone()).or_default();
                if let Some(open) = suspensions.iter_mut().find(|s| s.scope == scope && s.until.is_none()) {
                    open.until = Some(e.on);
                }
            }
            // What each council concludes is in its own log.
            FrameworkEvent::PlacementReviewsCalled(e) => {
                let mut all = self.suspensions.get_mut(&e.provider).into_iter().flatten();
                if let Some(suspension) = all.find(|it| it.number == e.suspension) {
                    suspension.reviewed_by.clone_from(&e.councils);
                    suspension.called_at = position;
                }
            }
            FrameworkEvent::FrameworkReopened(e) => {
                self.openings.push(Opening { opens: e.opens, closes: e.closes });
            }
            FrameworkEvent::FrameworkExtended(e) => self.ends = e.ends,
            FrameworkEvent::DiscountAgreed(e) => drop(self.discounts.insert(e.number, e.discount.clone())),
            FrameworkEvent::DiscountEnded(e) => {
                if let Some(discount) = self.discounts.get_mut(&e.number) {
                    discount.until = Some(e.on);
                }
            }
            FrameworkEvent::LinkAuthorityNominated(e) => {
                self.link_authorities.insert(e.provider.clone(), e.council);
            }
            FrameworkEvent::UpliftRequested(e) => {
                let (asked, requested_on) = (e.asked.clone(), e.requested_on);
                self.uplifts.insert(e.number, Uplift { asked, requested_on, negotiation: None });
            }
            FrameworkEvent::UpliftNegotiated(e) => {
                if let Some(uplift) = self.uplifts.get_mut(&e.number) {
                    uplift.negotiation = Some(e.negotiation.clone());
                }
            }
            FrameworkEvent::EvaluationWeightsSet(e) => {
                e.set.clone().replace_from(&mut self.evaluation_weights)
            }
        }
    }
}
