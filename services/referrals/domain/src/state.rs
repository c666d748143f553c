//! The fold of a council's referrals log: what decisions and queries look at. Everything is indexed by id, and each index
//! is itself part of the fold.

use crate::deadlines::Clocks;
use crate::envelope::ProviderKey;
use crate::events::{
    OfferEvaluated, OfferSubmitted, OfferTerms, ReferralAmended, ReferralEvent, ReferralPosted,
    SearchRecorded,
};
use crate::policy::CascadePolicy;
use crate::profile::Background;
use crate::requirements::{KeyPurpose, Requirements, Sealed};
use crate::staying::Staying;
use care::{AgreementId, AwardId, CouncilId, Date, OfferId, ProviderId, ReferralId, Timestamp, london_date};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

mod award;
mod cascade;
mod evaluated;
mod invited;

pub use award::{Award, Outcome};
pub use cascade::{APPROVED, Cascade, GateDecision, Waiver};
pub(crate) use cascade::{MOVED, Standing};
pub use evaluated::Judging;
pub use invited::{Answer, Question, Release, Shortlisting};

/// Everything known of one council's referrals.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The version of the cascade policy; 0 while the default applies.
    pub policy_version: u32,
    /// The cascade policy.
    pub policy: CascadePolicy,
    /// The referrals.
    pub referrals: BTreeMap<ReferralId, Referral>,
    /// The offers.
    pub offers: BTreeMap<OfferId, Offer>,
    /// The awards.
    pub awards: BTreeMap<AwardId, Award>,
    /// Which referrals were released to a provider.
    pub released: BTreeMap<ProviderId, BTreeSet<ReferralId>>,
    /// The emergency awards that wait for an approval, the earliest deadline first.
    pub approvals_due: BTreeSet<(Timestamp, AwardId)>,
    /// The awards that went ahead of gates that are still to decide, the earliest deadline first.
    pub gates_due: BTreeSet<(Timestamp, AwardId)>,
    /// What the clocks need besides.
    pub clocks: Clocks,
    /// What is known of placements after the award.
    pub staying: Staying,
    /// The sealing keys that are to exist no more.
    pub destroyed_keys: BTreeSet<(ReferralId, KeyPurpose)>,
    /// Those of single providers, in the order of their end.
    pub destroyed_provider_keys: Vec<(ReferralId, ProviderKey)>,
    /// The grants that end on a known day and whose keys are still there, the first to end first.
    pub keys_ending: BTreeSet<(Date, ReferralId, ProviderId)>,
}

/// Where a referral stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Stage {
    /// Open to offers and awards.
    Open,
    /// An award is on its way through market and contract.
    AwardInFlight {
        /// The award.
        award: AwardId,
    },
    /// A home was found.
    Awarded {
        /// The award.
        award: AwardId,
        /// The agreement.
        agreement: AgreementId,
    },
    /// Ended without an award.
    Withdrawn {
        /// A WITHDRAWAL code.
        reason: String,
    },
}

/// A referral.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    /// Its id.
    pub id: ReferralId,
    /// The council.
    pub council: CouncilId,
    /// Its version, from 1; amending adds one.
    pub version: u32,
    /// What is asked for.
    pub requirements: Requirements,
    /// The child's sealed identity.
    pub identity: Option<Sealed>,
    /// The sealed account of needs.
    pub narrative: Option<Sealed>,
    /// The sealed codes of the child.
    pub background: Option<Background>,
    /// Where it stands.
    pub stage: Stage,
    /// When it was posted.
    pub posted_at: Timestamp,
    /// When it was last amended, or posted.
    pub changed_at: Timestamp,
    /// What came of each step of the cascade: outcome code and instant, the latest of each CASCADE_STEP code.
    pub steps: BTreeMap<String, (String, Timestamp)>,
    /// What else is known of the cascade.
    pub cascade: Cascade,
    /// How often the market was searched for it.
    pub searches: u32,
    /// The last search of the market.
    pub last_search: Option<SearchRecorded>,
    /// To whom it was released.
    pub releases: BTreeMap<ProviderId, Release>,
    /// Its offers.
    pub offers: BTreeSet<OfferId>,
    /// Its awards.
    pub awards: BTreeSet<AwardId>,
    /// The providers that may see the identity, and the first day on which each may not, if that is known.
    pub granted: BTreeMap<ProviderId, Option<Date>>,
    /// What providers asked about it, in order.
    pub questions: Vec<Question>,
    /// The referrals of the child's siblings.
    pub siblings: BTreeSet<ReferralId>,
    /// How offers are judged, of whichever version was judged last.
    pub judging: Option<Judging>,
}

impl Referral {
    /// Whether a provider may see the identity on `today`, a date in England.
    #[must_use]
    pub fn grants(&self, provider: &ProviderId, today: Date) -> bool {
        self.granted.get(provider).is_some_and(|end| end.is_none_or(|end| today < end))
    }
}

/// An offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its id.
    pub id: OfferId,
    /// The referral.
    pub referral: ReferralId,
    /// The council.
    pub council: CouncilId,
    /// The referral's version that it answers.
    pub referral_version: u32,
    /// Who offers.
    pub provider: ProviderId,
    /// What is offered.
    pub terms: OfferTerms,
    /// Whether the council operates the establishment itself, as the market said then.
    pub own_establishment: bool,
    /// Whether the provider took it back.
    pub withdrawn: bool,
    /// How it was judged last.
    pub evaluation: Option<OfferEvaluated>,
    /// When it was made.
    pub at: Timestamp,
}

impl Offer {
    /// Whether its last day lies before `today`, a date in England.
    #[must_use]
    pub fn expired(&self, today: Date) -> bool {
        self.terms.valid_until < today
    }

    /// Whether it could be taken: neither withdrawn nor expired.
    #[must_use]
    pub fn live(&self, at: Timestamp) -> bool {
        !self.withdrawn && !self.expired(london_date(at))
    }
}

impl State {
    /// Whether a provider has a live offer on a referral.
    pub(crate) fn has_live_offer(&self, referral: &Referral, provider: &ProviderId, at: Timestamp) -> bool {
        let offers = referral.offers.iter().filter_map(|id| self.offers.get(id));
        offers.filter(|offer| offer.provider == *provider).any(|offer| offer.live(at))
    }

    /// Whether a provider has an offer on a referral that can be taken.
    pub(crate) fn has_standing_offer(
        &self,
        referral: &Referral,
        provider: &ProviderId,
        at: Timestamp,
    ) -> bool {
        let offers = referral.offers.iter().filter_map(|id| self.offers.get(id));
        offers.filter(|offer| offer.provider == *provider).any(|offer| offer.stands(referral, at))
    }

    /// Whether a referral's key of this purpose is, or is to be, destroyed.
    #[must_use]
    pub fn key_destroyed(&self, referral: ReferralId, purpose: KeyPurpose) -> bool {
        self.destroyed_keys.contains(&(referral, purpose))
    }

    /// Applies an event. An event about a referral that is not there changes nothing.
    pub(crate) fn apply(&mut self, event: &ReferralEvent) {
        match event {
            ReferralEvent::CascadePolicySet(event) => {
                self.policy_version = event.version;
                self.policy = event.policy.clone();
            }
            ReferralEvent::ReferralPosted(event) => {
                self.referrals.insert(event.referral, posted(event));
            }
            ReferralEvent::ReferralAmended(event) => {
                self.change(event.referral, |referral| amend(referral, event))
            }
            ReferralEvent::SearchRecorded(event) => {
                self.change(event.referral, |referral| {
                    referral.searches = referral.searches.saturating_add(1);
                    referral.last_search = Some(event.clone());
                });
            }
            ReferralEvent::CascadeStepRecorded(_)
            | ReferralEvent::ReferralReleased(_)
            | ReferralEvent::InvitationViewed(_)
            | ReferralEvent::InvitationExpired(_)
            | ReferralEvent::CascadeStepWaived(_)
            | ReferralEvent::GateDecided(_) => self.apply_cascade(event),
            ReferralEvent::ReferralDeclined(event) => {
                let answer = Answer::Declined {
                    reason: event.reason.clone(),
                    referral_version: event.referral_version,
                };
                self.answer(event.referral, &event.provider, answer, event.referral_version);
            }
            ReferralEvent::ReferralWithdrawn(event) => self.change(event.referral, |referral| {
                referral.stage = Stage::Withdrawn { reason: event.reason.clone() };
            }),
            ReferralEvent::IdentityGranted(event) => self.grant(event.referral, &event.provider, None),
            ReferralEvent::IdentityGrantEnded(event) => {
                self.grant(event.referral, &event.provider, Some(event.from));
            }
            ReferralEvent::IdentityKeyDestroyed(event) => {
                self.destroyed_keys.insert((event.referral, event.purpose));
            }
            // The log itself is the record of who saw what: no decision depends on it; of steps the clocks take note.
            ReferralEvent::IdentityRevealed(_) | ReferralEvent::StatutoryStepRecorded(_) => {}
            ReferralEvent::ProviderShortlisted(event) => {
                let begun = Shortlisting { at: event.at, ended: None, reads: 0 };
                self.change_release(event.referral, &event.provider, |it| it.shortlisted = Some(begun));
                if let Some(envelope) = event.envelope.clone() {
                    self.note_envelope(event.referral, &event.provider, (KeyPurpose::Narrative, envelope));
                }
            }
            ReferralEvent::ShortlistingEnded(event) => {
                self.change_shortlisting(event.referral, &event.provider, |it| {
                    it.ended = Some((event.reason, event.at));
                });
            }
            ReferralEvent::ShortlistedReferralRead(event) => {
                self.change_shortlisting(event.referral, &event.provider, |it| {
                    it.reads = it.reads.saturating_add(1);
                });
            }
            ReferralEvent::QuestionAsked(event) => {
                let (id, provider, text, at) =
                    (event.question, event.provider.clone(), event.text.clone(), event.at);
                self.change(event.referral, |referral| {
                    referral.questions.push(Question { id, provider, text, at, answer: None });
                });
            }
            ReferralEvent::QuestionAnswered(event) => self.change(event.referral, |referral| {
                for asked in referral.questions.iter_mut().filter(|it| it.id == event.question) {
                    asked.answer = Some((event.text.clone(), event.at));
                }
            }),
            ReferralEvent::ProviderEnvelopeSealed(event) => {
                let envelope = (event.purpose, event.envelope.clone());
                self.note_envelope(event.referral, &event.provider, envelope);
            }
            ReferralEvent::ProviderKeyDestroyed(event) => self.note_key_destroyed(event),
            ReferralEvent::OfferEvaluated(event) => self.note_evaluation(event),
            ReferralEvent::SiblingsLinked(event) => self.link_siblings(event),
            ReferralEvent::OfferSubmitted(event) => self.add_offer(event),
            ReferralEvent::OfferWithdrawn(event) => {
                if let Some(offer) = self.offers.get_mut(&event.offer) {
                    offer.withdrawn = true;
                }
            }
            ReferralEvent::AwardProposed(_)
            | ReferralEvent::RetrospectiveApprovalGiven(_)
            | ReferralEvent::ReferralAwarded(_)
            | ReferralEvent::ChildArrived(_)
            | ReferralEvent::AwardLapsed(_)
            | ReferralEvent::AwardFailed(_) => self.apply_award(event),
            ReferralEvent::ReferralLinked(_)
            | ReferralEvent::PlacementNoticeNoted(_)
            | ReferralEvent::PlacementEndingNoted(_) => self.staying.apply(event),
        }
        self.note_clocks(event);
    }

    fn add_offer(&mut self, event: &OfferSubmitted) {
        let offer = Offer {
            id: event.offer,
            referral: event.referral,
            council: event.council,
            referral_version: event.referral_version,
            provider: event.provider.clone(),
            terms: event.terms.clone(),
            own_establishment: event.own_establishment,
            withdrawn: false,
            evaluation: None,
            at: event.at,
        };
        self.offers.insert(event.offer, offer);
        self.change(event.referral, |referral| {
            referral.offers.insert(event.offer);
            // A late or renewed offer: what was asked under that step has not come to nothing.
            let step = referral.releases.get(&event.provider).and_then(|release| release.step.clone());
            referral.open_again(step.as_deref());
        });
        self.answer(event.referral, &event.provider, Answer::Offered, event.referral_version);
    }

    /// A grant, and the first day on which it is none, if that is known.
    fn grant(&mut self, referral: ReferralId, provider: &ProviderId, end: Option<Date>) {
        self.change(referral, |referral| {
            referral.granted.insert(provider.clone(), end);
        });
        self.note_keys_ending(referral, provider);
    }

    fn answer(&mut self, referral: ReferralId, provider: &ProviderId, answer: Answer, version: u32) {
        self.change_release(referral, provider, |release| {
            release.answer = answer;
            release.referral_version = version;
        });
    }

    pub(crate) fn change_release(
        &mut self,
        referral: ReferralId,
        provider: &ProviderId,
        change: impl FnOnce(&mut Release),
    ) {
        self.change(referral, |referral| {
            if let Some(release) = referral.releases.get_mut(provider) {
                change(release);
            }
        });
    }

    fn change_shortlisting(
        &mut self,
        referral: ReferralId,
        provider: &ProviderId,
        change: impl FnOnce(&mut Shortlisting),
    ) {
        self.change_release(referral, provider, |release| {
            if let Some(shortlisting) = &mut release.shortlisted {
                change(shortlisting);
            }
        });
    }

    fn change(&mut self, referral: ReferralId, change: impl FnOnce(&mut Referral)) {
        if let Some(referral) = self.referrals.get_mut(&referral) {
            change(referral);
        }
    }
}

fn posted(event: &ReferralPosted) -> Referral {
    Referral {
        id: event.referral,
        council: event.council,
        version: 1,
        requirements: event.requirements.clone(),
        identity: event.identity.clone(),
        narrative: event.narrative.clone(),
        background: event.background.clone(),
        stage: Stage::Open,
        posted_at: event.at,
        changed_at: event.at,
        steps: BTreeMap::new(),
        cascade: Cascade::default(),
        searches: 0,
        last_search: None,
        releases: BTreeMap::new(),
        offers: BTreeSet::new(),
        awards: BTreeSet::new(),
        granted: BTreeMap::new(),
        questions: Vec::new(),
        siblings: BTreeSet::new(),
        judging: None,
    }
}

fn amend(referral: &mut Referral, event: &ReferralAmended) {
    referral.version = event.version;
    referral.cascade.moved.clear();
    // What came to nothing by itself was said of what was asked for before.
    for step in std::mem::take(&mut referral.cascade.by_itself) {
        referral.steps.remove(&step);
    }
    referral.requirements = event.requirements.clone();
    if event.identity.is_some() {
        referral.identity.clone_from(&event.identity);
    }
    if event.narrative.is_some() {
        referral.narrative.clone_from(&event.narrative);
    }
    if event.background.is_some() {
        referral.background.clone_from(&event.background);
    }
    referral.changed_at = event.at;
}
