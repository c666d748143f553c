//! What may have happened in a council's referrals log. [`AwardProposed`] is published to the other services, see
//! `care::published`. No event holds personal data in clear.

use crate::assurance::{ImpactAssessment, Mitigation};
use crate::clocks::StatutoryStep;
use crate::policy::CascadePolicy;
use crate::profile::Background;
use crate::requirements::{KeyPurpose, Requirements, Sealed};
use care::published::{Approval, AwardProposedToMarket as AwardProposed, PriceLine, Route};
use care::{
    AgreementId, AwardId, CouncilId, Date, EstablishmentUrn, EventBody, OfferId, Pence, PlaceId, ProviderId,
    ReferralId, StreamId, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

macro_rules! event {
    ($(#[$doc:meta])* $name:ident on $stream:literal of $id:ident $(from $($effective:ident).+)? {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)+
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name {
            /// The council.
            pub council: CouncilId,
            $($(#[$field_doc])* pub $field: $type,)+
        }
        impl EventBody for $name {
            const TYPE: &'static str = stringify!($name);
            fn stream(&self) -> StreamId {
                StreamId::new($stream, &self.$id)
            }
            fn council(&self) -> Option<CouncilId> {
                Some(self.council)
            }
            $(fn effective(&self) -> Option<Date> {
                Some(self.$($effective).+)
            })?
        }
    };
}

mod cascade;
mod envelope;
mod evaluation;
mod question;
mod shortlist;
mod staying;

pub use cascade::{CascadeStepWaived, GateDecided, InvitationExpired, InvitationViewed};
pub use envelope::{ProviderEnvelopeSealed, ProviderKeyDestroyed};
pub use evaluation::{GateCheck, OfferEvaluated, SiblingsLinked, WeightsUsed};
pub use question::{QuestionAnswered, QuestionAsked};
pub use shortlist::{ProviderShortlisted, ShortlistEnd, ShortlistedReferralRead, ShortlistingEnded};
pub use staying::{Follows, PlacementEndingNoted, PlacementNoticeNoted, ReferralLinked, StandingNotice};

event! {
    /// The council set its cascade policy.
    CascadePolicySet on "policy" of council {
        /// The policy's version, from 1.
        version: u32,
        /// The policy.
        policy: CascadePolicy,
        /// When.
        at: Timestamp,
    }
}

event! {
    /// A referral was posted, as version 1.
    ReferralPosted on "referral" of referral from requirements.needed_from {
        /// The referral.
        referral: ReferralId,
        /// What is asked for.
        requirements: Requirements,
        /// The child's sealed identity.
        identity: Option<Sealed>,
        /// The sealed account of needs.
        narrative: Option<Sealed>,
        /// The sealed codes of the child.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        background: Option<Background>,
        /// When.
        at: Timestamp,
    }
}

event! {
    /// What a referral asks for was replaced.
    ReferralAmended on "referral" of referral from requirements.needed_from {
        /// The referral.
        referral: ReferralId,
        /// Its new version.
        version: u32,
        /// What is asked for now.
        requirements: Requirements,
        /// A new sealed identity; no value keeps the old one.
        identity: Option<Sealed>,
        /// A new sealed account of needs; no value keeps the old one.
        narrative: Option<Sealed>,
        /// The sealed codes of the child; no value keeps the old ones.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        background: Option<Background>,
        /// When.
        at: Timestamp,
    }
}

event! {
    /// A step of the cascade was tried.
    CascadeStepRecorded on "referral" of referral {
        /// The referral.
        referral: ReferralId,
        /// A CASCADE_STEP code.
        step: String,
        /// A CASCADE_OUTCOME code.
        outcome: String,
        /// Whether it was recorded by itself, of what became of the step's invitations.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        by_itself: bool,
        /// When.
        at: Timestamp,
    }
}

event! {
    /// The market was searched for this referral: what could be known at that instant.
    SearchRecorded on "referral" of referral {
        /// The referral.
        referral: ReferralId,
        /// The version whose requirements were the criteria.
        referral_version: u32,
        /// How far away a home could be, in miles, if that was limited.
        max_distance_miles: Option<u16>,
        /// The position in the region's vacancies log up to which the market was known.
        market_position: u64,
        /// How many places matched.
        candidates: u32,
        /// How many places were left out, by reason.
        excluded: BTreeMap<String, u32>,
        /// The first places of the ranking.
        top: Vec<PlaceId>,
        /// The SHA-256 of all that was judged and how, in hexadecimal, by which a replay is shown to be equal; searches had none at first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<String>,
        /// The name of the rules that judged: a replay by others may differ.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rules: Option<String>,
        /// When.
        at: Timestamp,
    }
}

/// How much of a referral a provider is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReleaseStage {
    /// The allow-listed fields: age band, sex, codes, outcode; no identity. Who is shown more of it is in [`ProviderShortlisted`].
    Broadcast,
    /// What [`ReleaseStage::Broadcast`] was called before there was a shortlist: it showed no more than that.
    Shortlist,
}

event! {
    /// The referral was shown to a provider.
    ReferralReleased on "referral" of referral {
        /// The referral.
        referral: ReferralId,
        /// The version that was shown.
        referral_version: u32,
        /// To whom.
        provider: ProviderId,
        /// How much of it.
        stage: ReleaseStage,
        /// Until when it is to answer, by the policy of then; releases had none at first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer_by: Option<Timestamp>,
        /// The CASCADE_STEP code under which it was asked; releases had none at first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<String>,
        /// When.
        at: Timestamp,
    }
}

/// What a provider offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferTerms {
    /// The place.
    pub place: PlaceId,
    /// Its establishment.
    pub urn: EstablishmentUrn,
    /// The kind of provision, one that the referral seeks.
    pub provision: String,
    /// The first night.
    pub start: Date,
    /// The weekly price by line, the core fee first, 1 to 6 lines.
    pub lines: Vec<PriceLine>,
    /// How the place would be bought.
    pub route: Route,
    /// The last day in England on which the offer can be taken.
    pub valid_until: Date,
    /// How the provider means to meet what the referral names; offers said nothing of it at first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mitigations: Vec<Mitigation>,
    /// What the child's coming would mean for those who live there, as the provider assessed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<ImpactAssessment>,
}

impl OfferTerms {
    /// The whole weekly price.
    #[must_use]
    pub fn weekly(&self) -> Pence {
        self.lines.iter().map(|line| line.weekly).sum()
    }
}

event! {
    /// A provider offered a place.
    OfferSubmitted on "referral" of referral from terms.start {
        /// The offer.
        offer: OfferId,
        /// The referral.
        referral: ReferralId,
        /// The version that it answers.
        referral_version: u32,
        /// Who offers.
        provider: ProviderId,
        /// What is offered.
        terms: OfferTerms,
        /// Whether the council operates the establishment itself, as the market said then.
        own_establishment: bool,
        /// When.
        at: Timestamp,
    }
}

event! {
    /// A provider took its offer back.
    OfferWithdrawn on "referral" of referral {
        /// The offer.
        offer: OfferId,
        /// The referral.
        referral: ReferralId,
        /// Whose it was.
        provider: ProviderId,
        /// When.
        at: Timestamp,
    }
}

event! {
    /// A provider answered "no".
    ReferralDeclined on "referral" of referral {
        /// The referral.
        referral: ReferralId,
        /// The version that it answers.
        referral_version: u32,
        /// Who declined.
        provider: ProviderId,
        /// A DECLINE code.
        reason: String,
        /// When.
        at: Timestamp,
    }
}

event! {
    /// An emergency award was approved afterwards.
    RetrospectiveApprovalGiven on "referral" of referral {
        /// The award.
        award: AwardId,
        /// The referral.
        referral: ReferralId,
        /// Who approved, and when.
        approval: Approval,
        /// When it was due.
        due: Timestamp,
        /// Whether it came after that.
        late: bool,
    }
}

event! {
    /// What an award's clocks ask for was done: the plan, the notice, the director's approval or the senior review.
    StatutoryStepRecorded on "referral" of referral from on {
        /// The award.
        award: AwardId,
        /// The referral.
        referral: ReferralId,
        /// What was done.
        step: StatutoryStep,
        /// The day on which it was done.
        on: Date,
        /// The post of who did it.
        post: String,
        /// Their role.
        role: String,
        /// When it was due, as far as the start was known then.
        due: Timestamp,
        /// Whether it came after that.
        late: bool,
        /// When it was recorded.
        at: Timestamp,
    }
}

event! {
    /// The award holds: the council has an agreement.
    ReferralAwarded on "referral" of referral {
        /// The award.
        award: AwardId,
        /// The referral.
        referral: ReferralId,
        /// The provider.
        provider: ProviderId,
        /// The agreement.
        agreement: AgreementId,
        /// When.
        at: Timestamp,
    }
}

event! {
    /// A provider may see who the child is. Given again where the end of a grant was told ahead and does not come: the grant goes on without an end.
    IdentityGranted on "referral" of referral {
        /// The referral.
        referral: ReferralId,
        /// The one provider.
        provider: ProviderId,
        /// The award that it follows from.
        award: AwardId,
        /// When.
        at: Timestamp,
    }
}

event! {
    /// The child of an award came.
    ChildArrived on "referral" of referral from on {
        /// The award.
        award: AwardId,
        /// The referral.
        referral: ReferralId,
        /// The first night.
        on: Date,
        /// When it was recorded.
        at: Timestamp,
    }
}

event! {
    /// A provider may see who the child is no longer: the child has left, will on that day, or never came.
    IdentityGrantEnded on "referral" of referral from from {
        /// The referral.
        referral: ReferralId,
        /// The one provider.
        provider: ProviderId,
        /// The award that the grant followed from.
        award: AwardId,
        /// The first day on which nothing is shown.
        from: Date,
        /// When it was recorded.
        at: Timestamp,
    }
}

event! {
    /// The agreement of an award ended before the child came; the referral is open again.
    AwardLapsed on "referral" of referral {
        /// The award.
        award: AwardId,
        /// The referral.
        referral: ReferralId,
        /// The agreement that ended.
        agreement: AgreementId,
        /// Why it ended, as contracts has it.
        reason: String,
        /// When.
        at: Timestamp,
    }
}

event! {
    /// The award does not hold; the referral is open again.
    AwardFailed on "referral" of referral {
        /// The award.
        award: AwardId,
        /// The referral.
        referral: ReferralId,
        /// The place that was not won.
        place: PlaceId,
        /// Why, `UPPER_SNAKE`.
        reason: String,
        /// Why, in words.
        detail: String,
        /// When.
        at: Timestamp,
    }
}

event! {
    /// The referral ended without an award.
    ReferralWithdrawn on "referral" of referral {
        /// The referral.
        referral: ReferralId,
        /// A WITHDRAWAL code.
        reason: String,
        /// When.
        at: Timestamp,
    }
}

event! {
    /// Somebody was shown who the child is.
    IdentityRevealed on "referral" of referral {
        /// The referral.
        referral: ReferralId,
        /// The provider; no value is the council itself. The person is the event's actor.
        provider: Option<ProviderId>,
        /// What for, a REVEAL code.
        purpose: String,
        /// When.
        at: Timestamp,
    }
}

event! {
    /// A sealing key is destroyed. Recorded first: a key that outlives this event is destroyed when the service next starts.
    IdentityKeyDestroyed on "referral" of referral {
        /// The referral.
        referral: ReferralId,
        /// Which key.
        purpose: KeyPurpose,
        /// When.
        at: Timestamp,
    }
}

care::events! {
    /// The events of a council's referrals log.
    pub enum ReferralEvent {
        CascadePolicySet,
        ReferralPosted,
        ReferralAmended,
        CascadeStepRecorded,
        SearchRecorded,
        ReferralReleased,
        OfferSubmitted,
        OfferWithdrawn,
        ReferralDeclined,
        AwardProposed,
        RetrospectiveApprovalGiven,
        StatutoryStepRecorded,
        ReferralAwarded,
        IdentityGranted,
        ChildArrived,
        IdentityGrantEnded,
        AwardLapsed,
        AwardFailed,
        ReferralWithdrawn,
        IdentityRevealed,
        IdentityKeyDestroyed,
        ProviderShortlisted,
        ShortlistingEnded,
        ShortlistedReferralRead,
        QuestionAsked,
        QuestionAnswered,
        OfferEvaluated, SiblingsLinked, InvitationViewed, InvitationExpired, CascadeStepWaived, GateDecided, ReferralLinked, PlacementNoticeNoted, PlacementEndingNoted,
        ProviderEnvelopeSealed,
        ProviderKeyDestroyed,
    }
}
