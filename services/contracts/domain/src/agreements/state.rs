//! The fold of one council's contracts log.

use super::events::{AgreementEvent, ClaimNoted, ProposalNoted};
use care::published::AgreementIssued;
use care::{AgreementId, AwardId, CouncilId, Date, ProviderId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A council's agreements, and the awards that are half known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreements {
    /// Whose log it is, once there is an event in it.
    pub council: Option<CouncilId>,
    /// Proposals whose claim is not there yet.
    pub proposals: BTreeMap<AwardId, ProposalNoted>,
    /// Claims whose proposal is not there yet.
    pub claims: BTreeMap<AwardId, ClaimNoted>,
    /// What became of each award that is done: it is judged once.
    pub settled: BTreeMap<AwardId, Outcome>,
    /// The agreements.
    pub agreements: BTreeMap<AgreementId, Agreement>,
    /// The agreements of each provider.
    pub by_provider: BTreeMap<ProviderId, BTreeSet<AgreementId>>,
}

/// What became of an award.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// An agreement.
    Issued {
        /// The agreement.
        agreement: AgreementId,
    },
    /// The contract does not allow it.
    Refused {
        /// The first check that failed.
        reason: String,
    },
    /// The market refused the place.
    Lapsed {
        /// The market's reason.
        reason: String,
        /// Whether the proposal is in the log too; the market's answer may be heard of first.
        noted: bool,
    },
}

/// An individual placement agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// What was agreed.
    pub issued: AgreementIssued,
    /// The first night, once the child came.
    pub started: Option<Date>,
    /// Its end.
    pub ended: Option<End>,
    /// How many events it has seen, its issue included.
    pub version: u32,
}

/// The end of an agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// The day of departure, which is not paid; the agreed start if the child never came.
    pub on: Date,
    /// Why, a code of `care::code_sets::REASON_PLACE_CHANGE` or `care::published::PLACE_WITHDRAWN`.
    pub reason: String,
}

/// How far an agreement has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgreementStatus {
    /// Issued; the child has not come yet.
    Issued,
    /// The child is there.
    Started,
    /// The child left.
    Ended,
    /// The child never came.
    Cancelled,
}

impl Agreement {
    /// How far it has come.
    #[must_use]
    pub fn status(&self) -> AgreementStatus {
        match (self.started, &self.ended) {
            (None, None) => AgreementStatus::Issued,
            (Some(_), None) => AgreementStatus::Started,
            (Some(_), Some(_)) => AgreementStatus::Ended,
            (None, Some(_)) => AgreementStatus::Cancelled,
        }
    }
}

impl Agreements {
    /// The agreement that an award became, if it did.
    #[must_use]
    pub fn of_award(&self, award: AwardId) -> Option<&Agreement> {
        match self.settled.get(&award)? {
            Outcome::Issued { agreement } => self.agreements.get(agreement),
            Outcome::Refused { .. } | Outcome::Lapsed { .. } => None,
        }
    }

    fn settle(&mut self, award: AwardId, outcome: Outcome) {
        self.proposals.remove(&award);
        self.claims.remove(&award);
        self.settled.entry(award).or_insert(outcome);
    }

    pub(super) fn apply(&mut self, event: &AgreementEvent) {
        if self.council.is_none() {
            self.council = care::Event::council(event);
        }
        match event {
            AgreementEvent::ProposalNoted(e) => {
                if let Some(Outcome::Lapsed { noted, .. }) = self.settled.get_mut(&e.award) {
                    *noted = true;
                } else {
                    self.proposals.insert(e.award, e.clone());
                }
            }
            AgreementEvent::ClaimNoted(e) => {
                self.claims.insert(e.award, e.clone());
            }
            AgreementEvent::ProposalLapsed(e) => {
                let noted = self.proposals.contains_key(&e.award);
                self.settle(e.award, Outcome::Lapsed { reason: e.reason.clone(), noted });
            }
            AgreementEvent::AgreementRefused(e) => {
                self.settle(e.award, Outcome::Refused { reason: e.reason.clone() });
            }
            AgreementEvent::AgreementIssued(e) => {
                self.settle(e.award, Outcome::Issued { agreement: e.agreement });
                self.by_provider.entry(e.provider.clone()).or_default().insert(e.agreement);
                let agreement = Agreement { issued: e.clone(), started: None, ended: None, version: 1 };
                self.agreements.entry(e.agreement).or_insert(agreement);
            }
            AgreementEvent::PlacementStarted(e) => {
                if let Some(agreement) = self.agreements.get_mut(&e.agreement) {
                    agreement.started = Some(e.on);
                    agreement.version += 1;
                }
            }
            AgreementEvent::PlacementEnded(e) => {
                if let Some(agreement) = self.agreements.get_mut(&e.agreement) {
                    agreement.ended = Some(End { on: e.on, reason: e.reason.clone() });
                    agreement.version += 1;
                }
            }
        }
    }
}
