//! What happened in a council's contracts log. Issued and refused agreements, arrivals and departures are published
//! to other services and have their shape in `care::published`; the two halves of an award are kept here for themselves.

use super::reviews::ReviewOutcome;
use super::terms::{
    AgreementSigned, AmendmentClosed, AmendmentProposed, AmendmentSigned, AmendmentTookEffect,
    OutcomeEvidenced, OutcomeRefused, PurchaseRecorded, UpliftCorrected, UpliftDecided,
};
use care::published::{
    AbsenceRecorded, AgreementIssued, AgreementRefused, AgreementTermsSet, AwardProposed, AwardTerms,
    ClaimEvidence, OutcomePaymentDue, PlacementEndWithdrawn, PlacementEnded, PlacementNoticeGiven,
    PlacementNoticeWithdrawn, PlacementStarted, StayingPutEnded, StayingPutStarted,
};
use care::{
    AgreementId, AwardId, CouncilId, Date, EstablishmentUrn, EventBody, FrameworkId, PlaceId, ProviderId,
    ReferralId, StreamId, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The council's half of an award: its terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalNoted {
    /// The award.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The referral.
    pub referral: ReferralId,
    /// The referral's version.
    pub referral_version: u32,
    /// The place.
    pub place: PlaceId,
    /// Its establishment.
    pub urn: EstablishmentUrn,
    /// Its provider.
    pub provider: ProviderId,
    /// The kind of provision as the council knows it, a code of `care::code_sets::PROVISION`.
    pub provision: String,
    /// The first night.
    pub start: Date,
    /// The child's age on the first night, in years.
    pub age_years: u8,
    /// The money.
    pub terms: AwardTerms,
    /// What the referral shows of the attributes that the price goes by, see [`AwardProposed::attributes_shown`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes_shown: Option<BTreeSet<String>>,
    /// When the council proposed it.
    pub proposed_at: Timestamp,
}

impl From<AwardProposed> for ProposalNoted {
    fn from(proposed: AwardProposed) -> Self {
        Self {
            award: proposed.award,
            council: proposed.council,
            referral: proposed.referral,
            referral_version: proposed.referral_version,
            place: proposed.place,
            urn: proposed.urn,
            provider: proposed.provider,
            provision: proposed.provision,
            start: proposed.start,
            age_years: proposed.age_years,
            terms: proposed.terms,
            attributes_shown: proposed.attributes_shown,
            proposed_at: proposed.at,
        }
    }
}

/// The market's half of an award: the place, and what the register says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimNoted {
    /// The award.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The referral.
    pub referral: ReferralId,
    /// The referral's version.
    pub referral_version: u32,
    /// The place.
    pub place: PlaceId,
    /// Its establishment.
    pub urn: EstablishmentUrn,
    /// Its provider.
    pub provider: ProviderId,
    /// The first night.
    pub start: Date,
    /// Whether the claim takes the whole home; none in claims that were noted before that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solo: Option<bool>,
    /// What the market judged.
    pub evidence: ClaimEvidence,
    /// When the market gave the place.
    pub claimed_at: Timestamp,
}

/// The market refused the place, so the award comes to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalLapsed {
    /// The award.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The market's reason, such as `PLACE_TAKEN`.
    pub reason: String,
}

/// The council concluded the review of a placement that a suspension called for. A later conclusion of the same review holds instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementReviewConcluded {
    /// The agreement.
    pub agreement: AgreementId,
    /// The award that it came from.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The framework whose suspension called for it.
    pub framework: FrameworkId,
    /// The suspension's number among the provider's in that framework, from 1.
    pub suspension: u32,
    /// What was concluded.
    pub outcome: ReviewOutcome,
    /// Why, without personal data.
    pub reason: String,
    /// The post of who answers for it.
    pub post: String,
    /// The day of the review.
    pub reviewed_on: Date,
    /// When it was told.
    pub at: Timestamp,
}

macro_rules! body {
    ($name:ident, $stream:literal, $id:ident $(, $effective:ident)?) => {
        impl EventBody for $name {
            const TYPE: &'static str = stringify!($name);
            fn stream(&self) -> StreamId {
                StreamId::new($stream, self.$id)
            }
            fn council(&self) -> Option<CouncilId> {
                Some(self.council)
            }
            $(fn effective(&self) -> Option<Date> {
                Some(self.$effective)
            })?
        }
    };
}

body!(ProposalNoted, "award", award, start);
body!(ClaimNoted, "award", award, start);
body!(ProposalLapsed, "award", award);
body!(PlacementReviewConcluded, "agreement", agreement, reviewed_on);

care::events! {
    /// The events of a council's contracts log.
    pub enum AgreementEvent {
        ProposalNoted,
        ClaimNoted,
        ProposalLapsed,
        AgreementIssued,
        AgreementRefused,
        PlacementStarted,
        PlacementEnded,
        PlacementNoticeGiven,
        PlacementNoticeWithdrawn,
        StayingPutStarted,
        StayingPutEnded,
        AgreementSigned,
        AmendmentProposed,
        AmendmentSigned,
        AmendmentTookEffect,
        AmendmentClosed,
        AgreementTermsSet,
        AbsenceRecorded,
        UpliftDecided,
        UpliftCorrected,
        OutcomeEvidenced,
        OutcomeRefused,
        OutcomePaymentDue,
        PurchaseRecorded,
        PlacementReviewConcluded,
        PlacementEndWithdrawn,
    }
}
