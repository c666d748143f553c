//! The fold of awards: what was proposed, and what came of it.

use super::{Stage, State};
use crate::events::ReferralEvent;
#[cfg(feature = "planted-defects")]
use care::planted::{Planted, is_planted};
use care::published::{Approval, AwardProposed};
use care::{AgreementId, Date, Timestamp};
use serde::{Deserialize, Serialize};

/// An attempt to take an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Award {
    /// What was proposed.
    pub proposed: AwardProposed,
    /// What came of it.
    pub outcome: Outcome,
    /// The first night of the child who came.
    pub arrived: Option<Date>,
    /// The approval given afterwards.
    pub retrospective: Option<Approval>,
}

/// What came of an award.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// Not yet known.
    Proposed,
    /// It holds.
    Confirmed {
        /// The agreement.
        agreement: AgreementId,
        /// Since when.
        at: Timestamp,
    },
    /// It held, but its agreement ended before the child came.
    Lapsed {
        /// The agreement.
        agreement: AgreementId,
        /// Why, as contracts has it.
        reason: String,
        /// Since when.
        at: Timestamp,
    },
    /// It does not.
    Failed {
        /// Why, `UPPER_SNAKE`.
        reason: String,
        /// Why, in words.
        detail: String,
        /// Since when.
        at: Timestamp,
    },
}

impl State {
    pub(super) fn apply_award(&mut self, event: &ReferralEvent) {
        match event {
            ReferralEvent::AwardProposed(event) => {
                let event = &event.proposed;
                if let Some(due) = event.evidence.approval_due {
                    self.approvals_due.insert((due, event.award));
                }
                if let Some(waiting) = &event.evidence.gates_due {
                    self.gates_due.insert((waiting.due, event.award));
                }
                let award = Award {
                    proposed: event.clone(),
                    outcome: Outcome::Proposed,
                    arrived: None,
                    retrospective: None,
                };
                self.awards.insert(event.award, award);
                self.change(event.referral, |referral| {
                    referral.awards.insert(event.award);
                    referral.stage = Stage::AwardInFlight { award: event.award };
                });
            }
            ReferralEvent::RetrospectiveApprovalGiven(event) => {
                if let Some(award) = self.awards.get_mut(&event.award) {
                    award.retrospective = Some(event.approval.clone());
                }
                self.approvals_due.remove(&(event.due, event.award));
            }
            ReferralEvent::ReferralAwarded(event) => {
                #[cfg(feature = "planted-defects")]
                if is_planted(Planted::DeadlineForgotten) {
                    self.approvals_due.retain(|(_, award)| *award != event.award);
                }
                if let Some(award) = self.awards.get_mut(&event.award) {
                    award.outcome = Outcome::Confirmed { agreement: event.agreement, at: event.at };
                }
                self.change(event.referral, |referral| {
                    referral.stage = Stage::Awarded { award: event.award, agreement: event.agreement };
                });
            }
            ReferralEvent::ChildArrived(event) => {
                if let Some(award) = self.awards.get_mut(&event.award) {
                    award.arrived = Some(event.on);
                }
            }
            ReferralEvent::AwardLapsed(event) => {
                // An emergency that was never approved still waits for its approval: the award was made.
                if let Some(award) = self.awards.get_mut(&event.award) {
                    let (agreement, reason, at) = (event.agreement, event.reason.clone(), event.at);
                    award.outcome = Outcome::Lapsed { agreement, reason, at };
                }
                self.reopen(event.referral, event.at);
            }
            ReferralEvent::AwardFailed(event) => {
                if let Some(award) = self.awards.get_mut(&event.award) {
                    award.outcome = Outcome::Failed {
                        reason: event.reason.clone(),
                        detail: event.detail.clone(),
                        at: event.at,
                    };
                    // What never came to be needs no approval, and no gate.
                    if let Some(due) = award.proposed.evidence.approval_due {
                        self.approvals_due.remove(&(due, event.award));
                    }
                    if let Some(waiting) = &award.proposed.evidence.gates_due {
                        self.gates_due.remove(&(waiting.due, event.award));
                    }
                }
                self.reopen(event.referral, event.at);
            }
            _ => {}
        }
    }
}
