//! The events that services publish to each other: the only thing two services share.
//!
//! An award crosses services in this order, each step an event in its owner's log:
//! [`AwardProposed`] (referrals) → [`PlaceClaimed`] or [`ClaimRefused`] (vacancies) → [`AgreementIssued`] or
//! [`AgreementRefused`] (contracts) → `ReferralAwarded` or `AwardFailed` (referrals). Vacancies releases the claim
//! after a refused agreement ([`ClaimReleased`]), or under a restriction notice, which contracts answers with
//! [`AgreementRefused`], or [`PlacementEnded`] on the agreed start. [`PlacementStarted`] and [`PlacementEnded`] (contracts)
//! move the claim and open and close charges; [`PlacementNoticeGiven`] tells referrals of what is to end. Prices and identities
//! never enter the region's logs: there the child is an opaque referral id, with the age and sex that the market judges by.

use crate::codes::code_sets;
use crate::domain::{DecodeError, EventBody, StreamId, decode_part};
use crate::ids::{
    AgreementId, AwardId, CouncilId, EstablishmentUrn, FrameworkId, HouseholdId, LotId, OfferId, PlaceId,
    ProviderId, ReferralId,
};
use crate::money::Pence;
use crate::nights::days_after;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeSet;

/// A part of other services' events that is read of them, and nothing else of these: the events it is read from, their version, and how.
macro_rules! parts {
    ($name:ident, [$($event_type:literal),+]) => {
        impl $name {
            /// The events that it is read from.
            pub const TYPES: &'static [&'static str] = &[$($event_type),+];
            /// Their version.
            pub const VERSION: u16 = 1;

            /// Reads what every service may read of such an event.
            ///
            /// # Errors
            /// When the event is of another type or version, or its payload is not what it should be.
            pub fn decode(event_type: &str, version: u16, payload: &[u8]) -> Result<Self, DecodeError> {
                if !Self::TYPES.contains(&event_type) {
                    return Err(DecodeError::Unknown { event_type: event_type.to_owned(), version });
                }
                decode_part(event_type, Self::VERSION, version, payload)
            }
        }
    };
}

mod claims;
mod evaluation;
pub mod monitoring;
mod outcomes;
mod staying;
mod terms;

pub use claims::{
    Accommodation, ClaimEvidence, ClaimRefused, ClaimReleased, HouseholdEvidence, MarketEvidence,
    PlaceClaimed,
};
pub use evaluation::{
    ChoiceEvidence, EvaluationWeights, EvaluationWeightsSet, PRICE, WHOLE_BASIS_POINTS, Weights,
    default_weights,
};
pub use outcomes::OutcomePaymentDue;
pub use staying::{
    EndingSteps, IMMEDIATE_RISK, NoticeBy, PlacementNoticeGiven, PlacementNoticeWithdrawn, StayingPutEnded,
    StayingPutStarted,
};
pub use terms::limits as terms_limits;
pub use terms::{AbsenceRecorded, AbsenceRule, AbsenceRulesFrom, AgreementTermsSet, FundersFrom, TermLine};

/// Lines of a weekly price at most: one of each kind.
pub const PRICE_LINES_MAX: usize = code_sets::PRICE_LINE.codes.len();

/// How many days an addition to the core fee runs for at most before it is agreed anew: three years.
pub const ADDITION_DAYS_MAX: u16 = 1_096;

/// One line of a weekly price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceLine {
    /// A code of `code_sets::PRICE_LINE`.
    pub kind: String,
    /// Pence a week.
    pub weekly: Pence,
    /// The day after its last night; none for the core fee, which holds as long as the placement does, and in events of before additions had an
    /// agreed end: theirs is that of the placement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

impl PriceLine {
    /// What is wrong with when it ends, where the price holds from the night of `start` on: an addition to the core fee ends after that, and within
    /// [`ADDITION_DAYS_MAX`] days; the core fee has no end of its own. Nothing if it is right.
    #[must_use]
    pub fn end_trouble(&self, start: Date) -> Option<String> {
        let latest = days_after(start, ADDITION_DAYS_MAX);
        match (self.kind.as_str(), self.until) {
            ("CORE", None) => None,
            ("CORE", Some(_)) => Some("the core fee ends with the placement: leave out its end".to_owned()),
            (_, Some(until)) if start < until && until <= latest => None,
            (kind, until) => {
                let ends =
                    until.map_or_else(|| "has no agreed end".to_owned(), |until| format!("ends on {until}"));
                Some(format!("{kind} {ends}: agree on a day after {start}, and {latest} or earlier"))
            }
        }
    }
}

/// A funder's share of every charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunderShare {
    /// A code of `code_sets::FUNDER`.
    pub funder: String,
    /// The share in basis points; those of an agreement sum to 10,000.
    pub basis_points: u32,
}

/// How the place is bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "route", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Route {
    /// Called off from a framework.
    Framework {
        /// The framework.
        framework: FrameworkId,
        /// The lot.
        lot: LotId,
        /// The priced support level within the lot.
        level: String,
        /// What the price goes by beside level and age, codes of `code_sets::PRICE_ATTRIBUTE`; most have none.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        attributes: BTreeSet<String>,
    },
    /// The council's own provision, at an internal price.
    InHouse,
    /// Off the framework, after it was shown to be exhausted.
    Spot {
        /// Why no framework provider could be used.
        justification: String,
    },
}

/// A named person's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The approver's pseudonym or post, never a private person's name.
    pub approver: String,
    /// The grade or panel that approves, such as `HEAD_OF_SERVICE`.
    pub role: String,
    /// When.
    pub at: Timestamp,
}

/// What the council did before it turned outside, as its cascade policy asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CascadeEvidence {
    /// The version of the council's policy that was judged against.
    pub policy_version: u32,
    /// The steps that were tried, with the log position of the event that shows each.
    pub steps: Vec<CascadeStepEvidence>,
    /// Who approved; absent for an emergency that is approved afterwards.
    pub approval: Option<Approval>,
    /// For an emergency without approval: until when it must be approved.
    pub approval_due: Option<Timestamp>,
    /// Why this offer was chosen, where offers were evaluated or siblings parted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<ChoiceEvidence>,
    /// The gates of the policy that it has passed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<GateEvidence>,
    /// For an emergency that went ahead of gates: the GATE codes, and until when these must decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gates_due: Option<GatesDue>,
}

/// A gate that approved an award.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateEvidence {
    /// A code of `code_sets::GATE`.
    pub gate: String,
    /// Who decided: the post, the role, and when it was recorded.
    pub approval: Approval,
}

/// Gates that are still to decide on an award that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatesDue {
    /// Codes of `code_sets::GATE`.
    pub gates: Vec<String>,
    /// Until when.
    pub due: Timestamp,
}

/// One step of a cascade that was tried, or waived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CascadeStepEvidence {
    /// A code of `code_sets::CASCADE_STEP`.
    pub step: String,
    /// What came of it, in the council's words, without personal data; of a waived step the WAIVER code.
    pub outcome: String,
    /// When it was recorded.
    pub at: Timestamp,
    /// Who waived it; absent where it was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waived_by: Option<Approval>,
}

/// What is agreed about money when a place is awarded. It stays in the council's own logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwardTerms {
    /// The offer that is taken.
    pub offer: OfferId,
    /// How the place is bought.
    pub route: Route,
    /// The weekly price by line; the core fee first.
    pub lines: Vec<PriceLine>,
    /// Who pays.
    pub funders: Vec<FunderShare>,
}

impl AwardTerms {
    /// The whole weekly fee.
    #[must_use]
    pub fn weekly(&self) -> Pence {
        self.lines.iter().map(|line| line.weekly).sum()
    }
}

/// A council took an offer and asks the market for the place. In the council's referrals log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwardProposed {
    /// This attempt.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The referral.
    pub referral: ReferralId,
    /// The referral's version that the offer answered.
    pub referral_version: u32,
    /// The place.
    pub place: PlaceId,
    /// Its establishment.
    pub urn: EstablishmentUrn,
    /// Its provider.
    pub provider: ProviderId,
    /// The kind of provision, a code of `code_sets::PROVISION`.
    pub provision: String,
    /// The first night.
    pub start: Date,
    /// The fencing token of the council's hold on the place, if it holds it already.
    pub hold_token: Option<u64>,
    /// Whether the child must be alone in the establishment.
    pub solo: bool,
    /// The child's age in whole years on the first night.
    pub age_years: u8,
    /// The money.
    pub terms: AwardTerms,
    /// What came before, and who approved.
    pub evidence: CascadeEvidence,
    /// Of what the price goes by beside level and age, as far as it is the child's own, the codes of `code_sets::PRICE_ATTRIBUTE` that the referral
    /// shows; of no other code it says anything. None where the price goes by none of them, and in awards of which that was not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes_shown: Option<BTreeSet<String>>,
    /// When it was proposed.
    pub at: Timestamp,
}

/// A proposed award as its log holds it: with what the market alone judges. It stands beside the fields of
/// [`AwardProposed`], so that a service which reads only those passes over it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwardProposedToMarket {
    /// What every service reads.
    #[serde(flatten)]
    pub proposed: AwardProposed,
    /// The child's sex as the referral has it, a code of `code_sets::SEX`; `U` is unknown.
    pub sex: String,
    /// The area authority: the upper-tier authority that the home lies in, a GSS code, as the market had it then; none if it was not
    /// known. Its own log alone reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area_authority: Option<String>,
    /// The carer household that the place is in, as the market had it then; none if it is in none, or that was not known. Its own log alone
    /// reads it, to tell whether siblings live together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub household: Option<HouseholdId>,
}

/// The end of a council's search for one child, as far as every service may read it: what `ReferralAwarded` and `ReferralWithdrawn` in
/// the council's referrals log have in common.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SearchEnded {
    /// The council.
    pub council: CouncilId,
    /// The referral.
    pub referral: ReferralId,
    /// When.
    pub at: Timestamp,
}

parts!(SearchEnded, ["ReferralAwarded", "ReferralWithdrawn"]);

/// What was judged when the agreement was made or refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallOffEvidence {
    /// The position in the region's contracts log up to which framework facts were known.
    pub contracts_position: u64,
    /// Each check by name, with what was found; all passed if an agreement was issued.
    pub checks: Vec<CallOffCheck>,
}

/// One check of a call-off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallOffCheck {
    /// The check, `UPPER_SNAKE`: the reason that a refusal would give.
    pub check: String,
    /// Whether it passed.
    pub passed: bool,
    /// What was found, in words and figures.
    pub found: String,
}

/// The council has an individual placement agreement. In the council's contracts log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementIssued {
    /// The agreement.
    pub agreement: AgreementId,
    /// The award it came from.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The referral.
    pub referral: ReferralId,
    /// The provider.
    pub provider: ProviderId,
    /// The establishment.
    pub urn: EstablishmentUrn,
    /// The place.
    pub place: PlaceId,
    /// The kind of provision, a code of `code_sets::PROVISION`.
    pub provision: String,
    /// The agreed first night.
    pub start: Date,
    /// The money.
    pub terms: AwardTerms,
    /// What eligibility under the contract was judged on.
    pub evidence: CallOffEvidence,
    /// The day from which the price schedule holds that the core fee was called off under: a rise from then or before is in it already.
    /// None where it was not called off from a framework, and in events of before that was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule_from: Option<Date>,
    /// When it was issued.
    pub at: Timestamp,
}

/// The contract does not allow this award. In the council's contracts log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreementRefused {
    /// The award it refuses.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The referral.
    pub referral: ReferralId,
    /// The place.
    pub place: PlaceId,
    /// Why, `UPPER_SNAKE`, such as `PRICE_ABOVE_CEILING`.
    pub reason: String,
    /// Why, in words.
    pub detail: String,
    /// What was judged.
    pub evidence: CallOffEvidence,
    /// When.
    pub at: Timestamp,
}

/// The child arrived. An arrival that was recorded wrong is told again; the last one holds. In the council's contracts log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementStarted {
    /// The agreement.
    pub agreement: AgreementId,
    /// The award it came from.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The place.
    pub place: PlaceId,
    /// The first night, which is paid.
    pub on: Date,
    /// Why the arrival recorded before was wrong, where this puts it right: then this day holds instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<String>,
    /// When it was recorded.
    pub at: Timestamp,
}

/// The child left, or never came (then `on` is the agreed start and no night is paid). A departure that was recorded wrong is told
/// again; the last one holds. In the council's contracts log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementEnded {
    /// The agreement.
    pub agreement: AgreementId,
    /// The award it came from.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The place.
    pub place: PlaceId,
    /// The day of departure, which is not paid.
    pub on: Date,
    /// Why, a code of `code_sets::REASON_PLACE_CHANGE`, or [`PLACE_WITHDRAWN`].
    pub reason: String,
    /// Why the departure recorded before was wrong, where this puts it right: then this day and code hold instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<String>,
    /// How it ended, a code of `code_sets::PLACEMENT_END`, where that was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<String>,
    /// The last day of the notice that stood; a departure before it is early.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice_last_day: Option<Date>,
    /// When it was recorded.
    pub at: Timestamp,
}

/// An end that was recorded ahead of its day does not come: the placement goes on without an end, and with it the council's right to the place, its
/// nights and the provider's sight of who the child is. In the council's contracts log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementEndWithdrawn {
    /// The agreement.
    pub agreement: AgreementId,
    /// The award it came from.
    pub award: AwardId,
    /// The council.
    pub council: CouncilId,
    /// The place.
    pub place: PlaceId,
    /// The day of departure that does not hold any more.
    pub on: Date,
    /// Why, in words without personal data.
    pub reason: String,
    /// When it was recorded: never before what it withdraws was, whatever the clock says.
    pub at: Timestamp,
}

/// Why a placement ended that never began: the market gave the place back. No statutory return counts such a placement, so
/// that it needs no code of the returns, and no person can give this one.
pub const PLACE_WITHDRAWN: &str = "PLACE_WITHDRAWN";

macro_rules! body {
    ($name:ident, $stream:literal, $id:ident $(, $effective:ident)?) => {
        impl EventBody for $name {
            const TYPE: &'static str = stringify!($name);
            fn stream(&self) -> StreamId {
                StreamId::new($stream, &self.$id)
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

body!(AwardProposed, "referral", referral, start);
body!(ClaimRefused, "place", place);
body!(ClaimReleased, "place", place);
body!(AgreementIssued, "agreement", agreement, start);
body!(AgreementRefused, "award", award);
body!(PlacementStarted, "agreement", agreement, on);
body!(PlacementEnded, "agreement", agreement, on);
body!(PlacementEndWithdrawn, "agreement", agreement, on);

impl EventBody for AwardProposedToMarket {
    const TYPE: &'static str = AwardProposed::TYPE;
    fn stream(&self) -> StreamId {
        self.proposed.stream()
    }
    fn council(&self) -> Option<CouncilId> {
        EventBody::council(&self.proposed)
    }
    fn effective(&self) -> Option<Date> {
        self.proposed.effective()
    }
}

impl<E> EventBody for PlaceClaimed<E>
where
    E: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
{
    const TYPE: &'static str = "PlaceClaimed";
    fn stream(&self) -> StreamId {
        StreamId::new("place", &self.place)
    }
    fn council(&self) -> Option<CouncilId> {
        Some(self.council)
    }
    fn effective(&self) -> Option<Date> {
        Some(self.start)
    }
}
