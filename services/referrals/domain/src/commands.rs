//! What may be asked of a council's referrals log. Instants, ids and sealed data come in with the command.

use crate::envelope::Envelope;
use crate::events::{Follows, OfferTerms, ReleaseStage};
use crate::policy::CascadePolicy;
use crate::profile::Background;
use crate::requirements::{KeyPurpose, Requirements, Sealed};
use care::published::{Approval, EvaluationWeights};
use care::{CouncilId, Date, OfferId, PlaceId, ProviderId, QuestionId, ReferralId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

mod award;
mod identity;
mod staying;

pub use award::{
    ConfirmAward, FailAward, GiveRetrospectiveApproval, ProposeAward, RecordArrival, RecordDeparture,
    RecordEndWithdrawn, RecordStatutoryStep,
};
pub use identity::{EndGrantKeys, EraseIdentity, RevealIdentity, Viewer};
pub use staying::{LinkReferral, RecordNotice};

/// Sets the council's cascade policy.
#[derive(Debug, Clone)]
pub struct SetCascadePolicy {
    /// The council.
    pub council: CouncilId,
    /// The version that the caller read; the new one is one more.
    pub expected_version: u32,
    /// The policy.
    pub policy: CascadePolicy,
    /// When.
    pub at: Timestamp,
}

/// Posts a referral.
#[derive(Debug, Clone)]
pub struct PostReferral {
    /// Its id.
    pub referral: ReferralId,
    /// The council.
    pub council: CouncilId,
    /// What is asked for.
    pub requirements: Requirements,
    /// The child's sealed identity, if anything is known of it.
    pub identity: Option<Sealed>,
    /// The sealed account of needs.
    pub narrative: Option<Sealed>,
    /// The sealed codes of the child.
    pub background: Option<Background>,
    /// The placement that it follows from, if it does.
    pub follows: Option<Follows>,
    /// When.
    pub at: Timestamp,
}

/// Replaces what a referral asks for; live offers then answer an older version.
#[derive(Debug, Clone)]
pub struct AmendReferral {
    /// The referral.
    pub referral: ReferralId,
    /// The version that the caller read.
    pub expected_version: u32,
    /// What is asked for now.
    pub requirements: Requirements,
    /// A new sealed identity; no value keeps the old one.
    pub identity: Option<Sealed>,
    /// A new sealed account of needs; no value keeps the old one.
    pub narrative: Option<Sealed>,
    /// New sealed codes of the child; no value keeps the old ones.
    pub background: Option<Background>,
    /// Where a sealed part is new: what each of the shortlisted reads from now on, sealed for it.
    pub envelopes: BTreeMap<ProviderId, Envelope>,
    /// When.
    pub at: Timestamp,
}

/// Records what came of a step of the cascade.
#[derive(Debug, Clone)]
pub struct RecordCascadeStep {
    /// The referral.
    pub referral: ReferralId,
    /// A CASCADE_STEP code.
    pub step: String,
    /// A CASCADE_OUTCOME code.
    pub outcome: String,
    /// When.
    pub at: Timestamp,
}

/// Records that the market was searched, as evidence of what could be known.
#[derive(Debug, Clone)]
pub struct RecordSearch {
    /// The referral.
    pub referral: ReferralId,
    /// The version whose requirements were the criteria.
    pub referral_version: u32,
    /// The position in the region's vacancies log up to which the market was known.
    pub market_position: u64,
    /// How far away a home could be, in miles, if that was limited.
    pub max_distance_miles: Option<u16>,
    /// How many places matched.
    pub candidates: u32,
    /// How many places were left out, by reason.
    pub excluded: BTreeMap<String, u32>,
    /// The first places of the ranking, at most 20.
    pub top: Vec<PlaceId>,
    /// The SHA-256 of all that was judged and how, in hexadecimal.
    pub digest: String,
    /// The name of the rules that judged.
    pub rules: String,
    /// When.
    pub at: Timestamp,
}

/// What homes a provider has, by the PROVISION codes of its establishments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Homes {
    /// Of those that the council operates itself.
    pub own: BTreeSet<String>,
    /// Of all others.
    pub others: BTreeSet<String>,
}

/// Shows the referral, without identity, to providers.
#[derive(Debug, Clone)]
pub struct ReleaseReferral {
    /// The referral.
    pub referral: ReferralId,
    /// To whom, 1 to 100; those who have this version already under this step, and whose time has not passed, are passed over.
    pub providers: BTreeSet<ProviderId>,
    /// How much of it.
    pub stage: ReleaseStage,
    /// What homes they have, as the market says; one that is not here has none.
    pub homes: BTreeMap<ProviderId, Homes>,
    /// The CASCADE_STEP code under which they are asked; none to have it derived of each.
    pub step: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Offers a place.
#[derive(Debug, Clone)]
pub struct SubmitOffer {
    /// Its id.
    pub offer: OfferId,
    /// The referral.
    pub referral: ReferralId,
    /// Who offers.
    pub provider: ProviderId,
    /// The referral's version that the provider read; no value answers the current one.
    pub referral_version: Option<u32>,
    /// What is offered.
    pub terms: OfferTerms,
    /// Whether the council operates the establishment itself, as the market says.
    pub own_establishment: bool,
    /// When.
    pub at: Timestamp,
}

/// Takes an offer back.
#[derive(Debug, Clone)]
pub struct WithdrawOffer {
    /// The referral that it is on.
    pub referral: ReferralId,
    /// The offer.
    pub offer: OfferId,
    /// Whose it is.
    pub provider: ProviderId,
    /// When.
    pub at: Timestamp,
}

/// Answers a referral with a coded "no".
#[derive(Debug, Clone)]
pub struct DeclineReferral {
    /// The referral.
    pub referral: ReferralId,
    /// Who declines.
    pub provider: ProviderId,
    /// A DECLINE code.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Ends a referral without an award.
#[derive(Debug, Clone)]
pub struct WithdrawReferral {
    /// The referral.
    pub referral: ReferralId,
    /// A WITHDRAWAL code.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Lets a provider to whom the referral was released read all of it but who the child is.
#[derive(Debug, Clone)]
pub struct ShortlistProvider {
    /// The referral.
    pub referral: ReferralId,
    /// The version that was sealed for the provider.
    pub referral_version: u32,
    /// The provider.
    pub provider: ProviderId,
    /// What it reads, sealed for it; none where nothing of the referral is sealed.
    pub envelope: Option<Envelope>,
    /// When.
    pub at: Timestamp,
}

/// Takes a provider off the list.
#[derive(Debug, Clone)]
pub struct EndShortlisting {
    /// The referral.
    pub referral: ReferralId,
    /// The provider.
    pub provider: ProviderId,
    /// When.
    pub at: Timestamp,
}

/// Reads a referral as one who is shortlisted.
#[derive(Debug, Clone)]
pub struct ReadShortlisted {
    /// The referral.
    pub referral: ReferralId,
    /// Who reads.
    pub provider: ProviderId,
    /// For who was awarded the referral: what it may read, sealed for it, as far as that was not done before.
    pub envelopes: BTreeMap<KeyPurpose, Envelope>,
    /// When.
    pub at: Timestamp,
}

/// Asks something about a referral.
#[derive(Debug, Clone)]
pub struct AskQuestion {
    /// Its id.
    pub question: QuestionId,
    /// The referral.
    pub referral: ReferralId,
    /// Who asks.
    pub provider: ProviderId,
    /// What, sealed.
    pub text: Sealed,
    /// When.
    pub at: Timestamp,
}

/// Answers a question, once.
#[derive(Debug, Clone)]
pub struct AnswerQuestion {
    /// The referral.
    pub referral: ReferralId,
    /// The question.
    pub question: QuestionId,
    /// The answer, sealed.
    pub text: Sealed,
    /// When.
    pub at: Timestamp,
}

/// What the market knows of a home that is offered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HomeKnown {
    /// The status of its registration, `UPPER_SNAKE`; none if the market does not know the home.
    pub status: Option<String>,
    /// Its GRADE code; none if the market does not know the home.
    pub grade: Option<String>,
    /// Since when a notice restricts accommodation there, if one does.
    pub restricted_on: Option<Date>,
}

/// Judges an offer: by the gate, and then by the criteria.
#[derive(Debug, Clone)]
pub struct EvaluateOffer {
    /// The referral.
    pub referral: ReferralId,
    /// The offer.
    pub offer: OfferId,
    /// Raw scores, 0 to 10, by CRITERION code: of each criterion but the price.
    pub scores: BTreeMap<String, u8>,
    /// The post of who scored, 1 to 80 characters; no person's name.
    pub scorer: String,
    /// Why, sealed.
    pub rationale: Sealed,
    /// Who lets an establishment be evaluated that Ofsted found inadequate.
    pub exemption: Option<Approval>,
    /// The weights that [`State::judging_framework`](crate::State::judging_framework) had when what is asked for last changed; none if it had
    /// none, and then the default is used.
    pub weights: Option<EvaluationWeights>,
    /// What is known of the home.
    pub home: HomeKnown,
    /// When.
    pub at: Timestamp,
}

/// Says which referrals are siblings'.
#[derive(Debug, Clone)]
pub struct LinkSiblings {
    /// One of them.
    pub referral: ReferralId,
    /// The others, at most 11; none takes the first out of its group.
    pub siblings: BTreeSet<ReferralId>,
    /// When.
    pub at: Timestamp,
}

/// Records that a provider opened a referral that was released to it.
#[derive(Debug, Clone)]
pub struct ViewInvitation {
    /// The referral.
    pub referral: ReferralId,
    /// Who looks.
    pub provider: ProviderId,
    /// When.
    pub at: Timestamp,
}

/// Records who has not answered in time, and the steps that came to nothing.
#[derive(Debug, Clone)]
pub struct SweepInvitations {
    /// After how many events no other referral is looked at.
    pub limit: usize,
    /// When.
    pub at: Timestamp,
}

/// Leaves a step of the cascade out for one child.
#[derive(Debug, Clone)]
pub struct WaiveCascadeStep {
    /// The referral.
    pub referral: ReferralId,
    /// A CASCADE_STEP code.
    pub step: String,
    /// A WAIVER code.
    pub reason: String,
    /// Who approves it: a post and a role, no person's name; and when.
    pub approval: Approval,
}

/// Records what a gate decided on an offer.
#[derive(Debug, Clone)]
pub struct RecordGateDecision {
    /// The referral.
    pub referral: ReferralId,
    /// The offer.
    pub offer: OfferId,
    /// A GATE code.
    pub gate: String,
    /// A GATE_DECISION code.
    pub decision: String,
    /// The post of who decided, 1 to 80 characters; no person's name.
    pub post: String,
    /// Their role.
    pub role: String,
    /// The day on which it was decided, from that of the offer to today.
    pub on: Date,
    /// When it is recorded.
    pub at: Timestamp,
}

macro_rules! commands {
    ($($name:ident),+ $(,)?) => {
        /// Any of the commands.
        #[derive(Debug, Clone)]
        #[allow(clippy::large_enum_variant, reason = "commands are short-lived")]
        pub enum Command {
            $(
                #[doc = concat!("See [`", stringify!($name), "`].")]
                $name($name),
            )+
        }
        $(
            impl From<$name> for Command {
                fn from(command: $name) -> Self {
                    Self::$name(command)
                }
            }
        )+
    };
}

commands!(
    SetCascadePolicy,
    PostReferral,
    AmendReferral,
    RecordCascadeStep,
    RecordSearch,
    ReleaseReferral,
    SubmitOffer,
    WithdrawOffer,
    DeclineReferral,
    ProposeAward,
    GiveRetrospectiveApproval,
    RecordStatutoryStep,
    ConfirmAward,
    FailAward,
    RecordArrival,
    RecordDeparture,
    RecordEndWithdrawn,
    WithdrawReferral,
    RevealIdentity,
    EraseIdentity,
    ShortlistProvider,
    EndShortlisting,
    ReadShortlisted,
    AskQuestion,
    AnswerQuestion,
    EndGrantKeys,
    EvaluateOffer,
    LinkSiblings,
    ViewInvitation,
    SweepInvitations,
    WaiveCascadeStep,
    RecordGateDecision,
    LinkReferral,
    RecordNotice,
);
