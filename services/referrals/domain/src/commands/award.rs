//! What may be asked about an award, and what other services say of it.

use crate::clocks::StatutoryStep;
use care::published::Approval;
use care::{AgreementId, AwardId, Date, HouseholdId, OfferId, ReferralId, Timestamp};

/// Takes an offer: the first step of an award.
#[derive(Debug, Clone)]
pub struct ProposeAward {
    /// Its id.
    pub award: AwardId,
    /// The referral, which the offer must answer.
    pub referral: ReferralId,
    /// The offer.
    pub offer: OfferId,
    /// The fencing token of the council's hold, if it has one.
    pub hold_token: Option<u64>,
    /// The child's age in whole years on the first night.
    pub age_years: u8,
    /// The upper-tier authority that the home lies in, a GSS code, as the market has it; none if it is not known.
    pub area_authority: Option<String>,
    /// The carer household that the place is in, as the market has it; none if it is in none, or that is not known.
    pub household: Option<HouseholdId>,
    /// Who approved.
    pub approval: Option<Approval>,
    /// Whether it is an emergency that may be approved afterwards.
    pub emergency: bool,
    /// For a spot purchase: why no framework provider could be used. No personal data.
    pub spot_justification: Option<String>,
    /// Why the award departs from the order of merit, a DEPARTURE code; not looked at where it does not.
    pub departure_reason: Option<String>,
    /// Why siblings part, a SIBLING_SPLIT code; not looked at where they do not.
    pub sibling_split_reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Approves an emergency award afterwards.
#[derive(Debug, Clone)]
pub struct GiveRetrospectiveApproval {
    /// The award.
    pub award: AwardId,
    /// Who approves.
    pub approval: Approval,
}

/// Records what was done of what an award's clocks ask for. A later record of the same step replaces it.
#[derive(Debug, Clone)]
pub struct RecordStatutoryStep {
    /// The award.
    pub award: AwardId,
    /// What was done.
    pub step: StatutoryStep,
    /// The day on which it was done, which has come.
    pub on: Date,
    /// The post of who did it, 1 to 80 characters; no person's name.
    pub post: String,
    /// Their role, such as `DIRECTOR_OF_CHILDRENS_SERVICES`.
    pub role: String,
    /// When it is recorded.
    pub at: Timestamp,
}

/// A reaction: the council has an agreement.
#[derive(Debug, Clone)]
pub struct ConfirmAward {
    /// The award.
    pub award: AwardId,
    /// The agreement.
    pub agreement: AgreementId,
    /// When the agreement was issued.
    pub at: Timestamp,
}

/// A reaction: the market or the contract refused.
#[derive(Debug, Clone)]
pub struct FailAward {
    /// The award.
    pub award: AwardId,
    /// Why, `UPPER_SNAKE`.
    pub reason: String,
    /// Why, in words.
    pub detail: String,
    /// When it was refused.
    pub at: Timestamp,
}

/// A reaction: the child of an award came.
#[derive(Debug, Clone)]
pub struct RecordArrival {
    /// The award.
    pub award: AwardId,
    /// The first night.
    pub on: Date,
    /// Whether it puts right an arrival that was told before.
    pub corrected: bool,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A reaction: an end of an award's placement that was recorded ahead does not come.
#[derive(Debug, Clone)]
pub struct RecordEndWithdrawn {
    /// The award.
    pub award: AwardId,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A reaction: the child of an award left, or will on a known day, or never came.
#[derive(Debug, Clone)]
pub struct RecordDeparture {
    /// The award.
    pub award: AwardId,
    /// The day of departure; the agreed start for a child who never came.
    pub on: Date,
    /// Why, as contracts has it.
    pub reason: String,
    /// How the placement ended, a PLACEMENT_END code, where that was told.
    pub ending: Option<String>,
    /// When it was recorded.
    pub at: Timestamp,
}
