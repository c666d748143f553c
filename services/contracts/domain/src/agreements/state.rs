//! The fold of one council's contracts log.

use super::events::{AgreementEvent, ClaimNoted, PlacementReviewConcluded, ProposalNoted};
use super::notice::NOTICE_DAYS;
use super::terms::{ClosedAmendment, OutcomePayment, Purchase, Signature, Terms, UpliftDecision};
use care::published::{AgreementIssued, NoticeBy, PlacementNoticeGiven, PriceLine};
use care::{AgreementId, AwardId, CouncilId, Date, ProviderId, Timestamp};
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
    /// The agreements that have a discount because of each agreement's child, a sibling.
    pub sibling_of: BTreeMap<AgreementId, BTreeSet<AgreementId>>,
    /// Uplifts that were decided, by the numbers of the decisions, from 1.
    pub uplift_decisions: BTreeMap<u32, UpliftDecision>,
    /// The numbers of those about each provider.
    pub uplifts_of: BTreeMap<ProviderId, BTreeSet<u32>>,
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
    /// When an end was last withdrawn; what is told of another is told after that.
    #[serde(default)]
    pub end_withdrawn_at: Option<Timestamp>,
    /// The child's age in years on the agreed first night, as the award had it.
    pub age_years: Option<u8>,
    /// The notices of its end, in the order they were given.
    pub notices: Vec<Notice>,
    /// How it goes on after the 18th birthday, if it does.
    pub staying_put: Option<StayingPut>,
    /// What was concluded of its reviews, the last of each.
    #[serde(default)]
    pub reviews: Vec<PlacementReviewConcluded>,
    /// What it costs over dates, and what led to that.
    pub terms: Terms,
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
    /// How, a code of `care::code_sets::PLACEMENT_END`, if that was told.
    pub ending: Option<String>,
    /// The last day of the notice that stood then.
    pub notice_last_day: Option<Date>,
    /// When it was recorded last.
    pub at: Timestamp,
}

impl End {
    /// Whether the child left before the notice ran out.
    #[must_use]
    pub fn early(&self) -> bool {
        self.notice_last_day.is_some_and(|last_day| self.on < last_day)
    }
}

/// Notice that a placement is to end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// As it was given.
    pub given: PlacementNoticeGiven,
    /// When it was taken back.
    pub withdrawn_at: Option<Timestamp>,
}

/// A Staying Put arrangement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StayingPut {
    /// The 18th birthday: its first night.
    pub from: Date,
    /// The weekly price.
    pub lines: Vec<PriceLine>,
    /// The day of departure, once it is known.
    pub ended: Option<Date>,
}

impl StayingPut {
    /// Whether it has a night, or may yet: one that has none was none.
    #[must_use]
    pub fn has_nights(&self) -> bool {
        self.ended != Some(self.from)
    }
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

    /// How many days notice of its end runs for that is given on a day: what was agreed for it, or what is usual.
    #[must_use]
    pub fn notice_days(&self, given_on: Date) -> u16 {
        let agreed = self.terms.notice_days.range(..=given_on).next_back();
        agreed.map_or(NOTICE_DAYS, |(_, days)| *days)
    }

    fn standing_notices(&self) -> impl Iterator<Item = &Notice> {
        self.notices.iter().filter(|notice| notice.withdrawn_at.is_none())
    }

    /// The notice that was not withdrawn, if there is one; of one by each side the one that runs out first.
    #[must_use]
    pub fn standing_notice(&self) -> Option<&Notice> {
        self.standing_notices().min_by_key(|notice| notice.given.last_day)
    }

    /// The notice that this side gave and did not withdraw, if there is one.
    #[must_use]
    pub fn standing_notice_by(&self, by: NoticeBy) -> Option<&Notice> {
        self.standing_notices().find(|notice| notice.given.by == by)
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

    /// What was decided of a provider's uplifts, in the order of the decisions.
    pub fn decisions_of(&self, provider: &ProviderId) -> impl Iterator<Item = (u32, &UpliftDecision)> {
        let numbers = self.uplifts_of.get(provider).into_iter().flatten();
        numbers.filter_map(|number| Some((*number, self.uplift_decisions.get(number)?)))
    }

    /// Changes an agreement, and counts the change.
    fn change(&mut self, agreement: AgreementId, change: impl FnOnce(&mut Agreement)) {
        if let Some(agreement) = self.agreements.get_mut(&agreement) {
            change(agreement);
            agreement.version += 1;
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
                // Both halves agree on it, and are gone once the award is settled.
                let age_years = self.proposals.get(&e.award).map(|proposal| proposal.age_years);
                self.settle(e.award, Outcome::Issued { agreement: e.agreement });
                self.by_provider.entry(e.provider.clone()).or_default().insert(e.agreement);
                let agreement = Agreement {
                    issued: e.clone(),
                    started: None,
                    ended: None,
                    end_withdrawn_at: None,
                    age_years,
                    notices: Vec::new(),
                    staying_put: None,
                    reviews: Vec::new(),
                    terms: Terms::as_issued(e),
                    version: 1,
                };
                self.agreements.entry(e.agreement).or_insert(agreement);
            }
            AgreementEvent::PlacementStarted(e) => {
                self.change(e.agreement, |agreement| agreement.started = Some(e.on));
            }
            AgreementEvent::PlacementEnded(e) => self.change(e.agreement, |agreement| {
                let (on, reason, ending) = (e.on, e.reason.clone(), e.ending.clone());
                let at = agreement.ended.as_ref().map_or(e.at, |before| before.at.max(e.at));
                agreement.ended = Some(End { on, reason, ending, notice_last_day: e.notice_last_day, at });
            }),
            AgreementEvent::PlacementEndWithdrawn(e) => self.change(e.agreement, |agreement| {
                agreement.ended = None;
                agreement.end_withdrawn_at = Some(e.at);
            }),
            AgreementEvent::PlacementNoticeGiven(e) => {
                self.change(e.agreement, |agreement| {
                    match agreement.notices.iter_mut().find(|it| it.given.notice == e.notice) {
                        Some(before) => before.given.steps.clone_from(&e.steps),
                        None => agreement.notices.push(Notice { given: e.clone(), withdrawn_at: None }),
                    }
                })
            }
            AgreementEvent::PlacementNoticeWithdrawn(e) => self.change(e.agreement, |agreement| {
                for notice in agreement.notices.iter_mut().filter(|it| it.given.notice == e.notice) {
                    notice.withdrawn_at = Some(e.at);
                }
            }),
            AgreementEvent::StayingPutStarted(e) => self.change(e.agreement, |agreement| {
                let (from, lines) = (e.from, e.lines.clone());
                agreement.staying_put = Some(StayingPut { from, lines, ended: None });
            }),
            AgreementEvent::StayingPutEnded(e) => self.change(e.agreement, |agreement| {
                if let Some(arrangement) = &mut agreement.staying_put {
                    arrangement.ended = Some(e.on);
                }
            }),
            AgreementEvent::PlacementReviewConcluded(e) => self.change(e.agreement, |it| it.note_review(e)),
            AgreementEvent::AgreementSigned(_)
            | AgreementEvent::AmendmentProposed(_)
            | AgreementEvent::AmendmentSigned(_)
            | AgreementEvent::AmendmentTookEffect(_)
            | AgreementEvent::AmendmentClosed(_)
            | AgreementEvent::AgreementTermsSet(_)
            | AgreementEvent::AbsenceRecorded(_)
            | AgreementEvent::UpliftDecided(_)
            | AgreementEvent::UpliftCorrected(_)
            | AgreementEvent::OutcomeEvidenced(_)
            | AgreementEvent::OutcomeRefused(_)
            | AgreementEvent::OutcomePaymentDue(_)
            | AgreementEvent::PurchaseRecorded(_) => self.apply_terms(event),
        }
    }

    /// What happened to terms.
    fn apply_terms(&mut self, event: &AgreementEvent) {
        match event {
            AgreementEvent::AgreementSigned(e) => self.change(e.agreement, |agreement| {
                let signature = Signature { by: e.by, post: e.post.clone(), on: e.on, at: e.at };
                agreement.terms.signatures.push(signature);
            }),
            AgreementEvent::AmendmentProposed(e) => self.change(e.agreement, |it| it.terms.propose(e)),
            AgreementEvent::AmendmentSigned(e) => self.change(e.agreement, |agreement| {
                let signature = Signature { by: e.by, post: e.post.clone(), on: e.on, at: e.at };
                if let Some(amendment) = agreement.terms.amendment_mut(e.amendment) {
                    amendment.signatures.push(signature);
                }
            }),
            AgreementEvent::AmendmentTookEffect(e) => {
                for sibling in e.siblings.values().flat_map(|discount| &discount.siblings) {
                    self.sibling_of.entry(*sibling).or_default().insert(e.agreement);
                }
                self.change(e.agreement, |it| it.terms.take_effect(e));
            }
            AgreementEvent::AmendmentClosed(e) => self.change(e.agreement, |agreement| {
                let closed = ClosedAmendment { end: e.end, reason: e.reason.clone(), at: e.at };
                if let Some(amendment) = agreement.terms.amendment_mut(e.amendment) {
                    amendment.closed = Some(closed);
                }
            }),
            AgreementEvent::AgreementTermsSet(e) => self.change(e.agreement, |it| it.terms.set(e)),
            AgreementEvent::AbsenceRecorded(e) => self.change(e.agreement, |agreement| {
                agreement.terms.absences.insert(e.absence, e.clone());
            }),
            AgreementEvent::UpliftDecided(e) => {
                let last = self.uplift_decisions.keys().next_back().copied();
                let number = last.unwrap_or_default().saturating_add(1);
                for agreement in &e.agreements {
                    // The terms that it makes count as the change.
                    if let Some(agreement) = self.agreements.get_mut(agreement) {
                        agreement.terms.uplift(number, e);
                    }
                }
                self.uplifts_of.entry(e.provider.clone()).or_default().insert(number);
                let decision = UpliftDecision { decided: e.clone(), corrections: Vec::new() };
                self.uplift_decisions.insert(number, decision);
            }
            AgreementEvent::UpliftCorrected(e) => {
                for agreement in &e.agreements {
                    if let Some(agreement) = self.agreements.get_mut(agreement) {
                        agreement.terms.correct_uplift(e);
                    }
                }
                if let Some(decision) = self.uplift_decisions.get_mut(&e.decision) {
                    decision.corrections.push(e.clone());
                }
            }
            AgreementEvent::OutcomeEvidenced(e) => self.change(e.agreement, |agreement| {
                let payment =
                    OutcomePayment { evidenced: e.clone(), paid: None, refused: None, approver: None };
                agreement.terms.payments.push(payment);
            }),
            AgreementEvent::OutcomeRefused(e) => self.change(e.agreement, |agreement| {
                agreement.terms.decide_payment(e.payment, |payment| {
                    payment.refused = Some(e.reason.clone());
                    payment.approver = Some(e.approver.clone());
                });
            }),
            AgreementEvent::OutcomePaymentDue(e) => self.change(e.agreement, |agreement| {
                agreement.terms.decide_payment(e.payment, |payment| {
                    payment.paid = Some(e.amount);
                    payment.approver = Some(e.approver.clone());
                });
            }),
            AgreementEvent::PurchaseRecorded(e) => self.change(e.agreement, |agreement| {
                let emergency = matches!(e.record, Purchase::Emergency { .. });
                let terms = &mut agreement.terms;
                let record = if emergency { &mut terms.emergency_bed } else { &mut terms.purchase };
                *record = Some(e.record.clone());
            }),
            // All others are applied where this is called.
            _ => {}
        }
    }
}
