//! Every "no" of a council's referrals log: a stable reason, what is wrong and what to do about it.

use crate::clocks::StatutoryStep;
use crate::events::ShortlistEnd;
use care::{
    AwardId, DAYS_AHEAD_MAX, EstablishmentUrn, OfferId, ProviderId, QuestionId, ReferralId, Refusal,
    RefusalKind, Violation,
};

mod telling;

use telling::{describe, place};

/// Why a command was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// More than one thing is in the way. It is refused for the first; the others are told with it.
    #[error("{first}; in the way besides: {}", .others.iter().map(Refusal::reason).collect::<Vec<_>>().join(", "))]
    Several {
        /// The first, which gives the reason.
        first: Box<Rejection>,
        /// The others, in the order in which they are judged.
        others: Vec<Rejection>,
    },
    /// Fields of the request are wrong, whatever the state.
    #[error("{}", describe(.0))]
    FieldInvalid(Vec<Violation>),
    /// The referral was posted before.
    #[error("referral {0} exists already: use a new request_id for a new referral")]
    ReferralExists(ReferralId),
    /// There is no such referral, or none that the caller may know of.
    #[error("there is no referral {0}: check the id, and that it was released to you if you are a provider")]
    ReferralUnknown(ReferralId),
    /// The referral is awarded or withdrawn.
    #[error("referral {referral} is {stage} and takes no more of this")]
    ReferralNotOpen {
        /// The referral.
        referral: ReferralId,
        /// `awarded` or `withdrawn`.
        stage: &'static str,
    },
    /// Somebody changed it after the caller read it.
    #[error("version {expected} was expected but version {current} is current: read it again and retry")]
    VersionChanged {
        /// What the caller read.
        expected: u32,
        /// What is current.
        current: u32,
    },
    /// A sequential cascade takes its steps in order.
    #[error("the council's cascade is sequential: record {} before {step}", .missing.join(", "))]
    CascadeOutOfOrder {
        /// The step that was to be recorded.
        step: String,
        /// The steps before it that have not been.
        missing: Vec<String>,
    },
    /// The council's policy asks for steps that have not been exhausted.
    #[error(
        "cascade policy version {policy_version} asks that {} be exhausted before this award: record each with an outcome",
        .missing.join(", ")
    )]
    CascadeEvidenceMissing {
        /// The policy's version.
        policy_version: u32,
        /// The steps without evidence.
        missing: Vec<String>,
    },
    /// The council's policy asks providers of a step only when earlier ones are behind.
    #[error(
        "the council's cascade releases in order: before providers are asked under {step}, exhaust or waive {}",
        .missing.join(", ")
    )]
    CascadeStepNotReached {
        /// The step.
        step: String,
        /// The steps before it that are neither exhausted nor waived.
        missing: Vec<String>,
    },
    /// That role may not waive a step.
    #[error("role {role:?} may not waive a step of the cascade: accepted are {}", .accepted.join(", "))]
    WaiverRoleNotAccepted {
        /// The role.
        role: String,
        /// Those that may.
        accepted: Vec<String>,
    },
    /// Gates of the council's policy have not approved.
    #[error(
        "the cascade policy has gates for this award that have not approved offer {offer}: {}; record their decisions, or send `emergency` \
         on a referral of urgency EMERGENCY where none of them refused",
        .gates.join(", ")
    )]
    GateNotPassed {
        /// The offer.
        offer: OfferId,
        /// The GATE codes.
        gates: Vec<String>,
    },
    /// The policy has no such gate.
    #[error("the cascade policy has no gate {0}, and no award waits for it: nothing is to be decided there")]
    GateNotInPolicy(String),
    /// That role may not decide at the gate.
    #[error("role {role:?} may not decide at gate {gate}: accepted are {}", .accepted.join(", "))]
    GateRoleNotAccepted {
        /// The role.
        role: String,
        /// The gate.
        gate: String,
        /// Those that may.
        accepted: Vec<String>,
    },
    /// Nobody approved.
    #[error(
        "an external award needs a named approver: send `approval`, or `emergency` on a referral of urgency EMERGENCY"
    )]
    ApproverMissing,
    /// That role may not approve.
    #[error("role {role:?} may not approve under cascade policy: accepted are {}", .accepted.join(", "))]
    ApproverRoleNotAccepted {
        /// The role.
        role: String,
        /// Those that may.
        accepted: Vec<String>,
    },
    /// Only an emergency may be approved afterwards.
    #[error(
        "the referral's urgency is {urgency}: only an EMERGENCY may be approved afterwards, so send `approval`"
    )]
    NotAnEmergency {
        /// Its urgency.
        urgency: String,
    },
    /// An offer on the offer's route must say why.
    #[error("a spot purchase needs `spot_justification`: say why no framework provider could be used")]
    SpotJustificationMissing,
    /// Only what the council operates itself is in-house.
    #[error("establishment {0} is not operated by this council: offer it by framework or as a spot purchase")]
    InHouseNotOwn(EstablishmentUrn),
    /// Supported accommodation is for 16 and 17 year olds.
    #[error("the child is {age_years} on the first night: supported accommodation takes nobody under 16")]
    Under16SupportedAccommodation {
        /// The age on the first night.
        age_years: u8,
    },
    /// There is no such offer, or none that the caller may know of.
    #[error("there is no offer {0} on this referral")]
    OfferUnknown(OfferId),
    /// The offer was made before.
    #[error("offer {0} exists already: use a new request_id for a new offer")]
    OfferExists(OfferId),
    /// The offer's last day has passed.
    #[error("offer {offer} was valid until {valid_until}: ask the provider for a new one")]
    OfferExpired {
        /// The offer.
        offer: OfferId,
        /// Its last day.
        valid_until: care::Date,
    },
    /// The offer's first night has passed: the place would be claimed for nights that nobody slept there.
    #[error("offer {offer} starts on {start}, which has passed: ask the provider for a new one")]
    OfferStartsInPast {
        /// The offer.
        offer: OfferId,
        /// Its first night.
        start: care::Date,
    },
    /// An offer of a first night too far ahead.
    #[error(
        "start is {start}, more than {DAYS_AHEAD_MAX} days ahead: offer {latest} or earlier, or offer later"
    )]
    StartTooFar {
        /// The first night that was offered.
        start: care::Date,
        /// The latest that is taken now.
        latest: care::Date,
    },
    /// The referral was amended after the offer.
    #[error(
        "offer {offer} answers version {answered}, the referral is at version {current}: ask for a new offer"
    )]
    OfferStale {
        /// The offer.
        offer: OfferId,
        /// The version it answers.
        answered: u32,
        /// The referral's version.
        current: u32,
    },
    /// The provider took the offer back.
    #[error("offer {0} was withdrawn by its provider")]
    OfferWithdrawn(OfferId),
    /// A provider with a live offer has not declined.
    #[error("you have a live offer on referral {0}: withdraw it before you decline")]
    OfferStillLive(ReferralId),
    /// The offer is being taken.
    #[error("offer {0} is being taken or has been: it can no longer be withdrawn")]
    OfferTaken(OfferId),
    /// Too many of something on one referral.
    #[error("referral {referral} has {most} {what} already, which is the most it can have")]
    LimitReached {
        /// The referral.
        referral: ReferralId,
        /// Of what.
        what: &'static str,
        /// How many at most.
        most: usize,
    },
    /// One award at a time.
    #[error("award {0} is in progress: wait for its outcome")]
    AwardInProgress(AwardId),
    /// The award was proposed before.
    #[error("award {0} exists already: use a new request_id for a new attempt")]
    AwardExists(AwardId),
    /// There is no such award.
    #[error("there is no award {0}")]
    AwardUnknown(AwardId),
    /// The award waits for no approval.
    #[error("award {0} waits for no approval: it was approved, was no emergency, or failed")]
    ApprovalNotDue(AwardId),
    /// The award failed or lapsed, so that its clocks stand still.
    #[error("award {0} failed or lapsed: nothing is recorded for it any more")]
    AwardNotStanding(AwardId),
    /// A referral follows from a placement.
    #[error("award {0} led to no placement that could be followed from: name the award of one that holds")]
    FollowsNotPlaced(AwardId),
    /// A referral does not follow from its own award.
    #[error("award {0} is this referral's own: name the award of the placement before")]
    FollowsItself(AwardId),
    /// No clock of this award asks for the step.
    #[error("award {award} needs no {}: {}", .step.as_str(), .step.not_needed_because())]
    StepNotNeeded {
        /// The award.
        award: AwardId,
        /// The step.
        step: StatutoryStep,
    },
    /// That role cannot take the step.
    #[error("role {role:?} cannot take the step {}: accepted are {}", .step.as_str(), .accepted.join(", "))]
    StepRoleNotAccepted {
        /// The role.
        role: String,
        /// The step.
        step: StatutoryStep,
        /// The roles that can.
        accepted: Vec<String>,
    },
    /// The provider has no grant.
    #[error(
        "the identity of referral {0} is shown to a provider only after it has been awarded the referral"
    )]
    IdentityNotGranted(ReferralId),
    /// The grant followed from a placement that has ended.
    #[error("the right to see the identity of referral {referral} ended on {end}, with the placement")]
    IdentityGrantEnded {
        /// The referral.
        referral: ReferralId,
        /// The first day on which nothing is shown.
        end: care::Date,
    },
    /// Nothing was sealed.
    #[error("nothing is known of the identity of referral {0}")]
    IdentityUnknown(ReferralId),
    /// The key is gone.
    #[error(
        "the keys to the identity of referral {0} have been destroyed: it cannot be read by anybody again"
    )]
    IdentityDestroyed(ReferralId),
    /// A referral still needs its identity until the child has come and left, or it is withdrawn.
    #[error(
        "referral {0} still needs it: withdraw the referral, or wait until the child has come and left again, before you erase the identity"
    )]
    ReferralStillOpen(ReferralId),
    /// The child lives with a provider, or is on the way out: who the child is must be there to be looked up.
    #[error(
        "provider {provider} may see who the child of referral {referral} is{}",
        until.map_or_else(
            || ": record the departure, and erase the identity once its day is over".to_owned(),
            |until| format!(" until {until}, the day of departure: erase the identity once that day is over")
        )
    )]
    IdentityStillGranted {
        /// The referral.
        referral: ReferralId,
        /// With whom the child lives.
        provider: ProviderId,
        /// The day of departure, where it is known.
        until: Option<care::Date>,
    },
    /// There is no such question.
    #[error("there is no question {0} on this referral")]
    QuestionUnknown(QuestionId),
    /// The question was asked before.
    #[error("question {0} exists already: use a new request_id for a new question")]
    QuestionExists(QuestionId),
    /// The question was answered before.
    #[error("question {0} has its answer, which all who were asked may have read: it stands")]
    QuestionAnswered(QuestionId),
    /// Only who was asked can be shortlisted.
    #[error(
        "referral {referral} was not released to provider {provider}: release it before you shortlist it"
    )]
    ProviderNotInvited {
        /// The referral.
        referral: ReferralId,
        /// The provider.
        provider: ProviderId,
    },
    /// Who declined has no need to know more.
    #[error(
        "provider {provider} has declined this version of referral {referral}: shortlist another, or amend the referral"
    )]
    ProviderHasDeclined {
        /// The referral.
        referral: ReferralId,
        /// The provider.
        provider: ProviderId,
    },
    /// The provider never was on the list.
    #[error(
        "all of referral {0} is shown to those whom its council shortlists: answer what was released to you, or ask it"
    )]
    NotShortlisted(ReferralId),
    /// A key that an envelope was sealed under is not the one in force.
    #[error(
        "who may read referral {0} has changed in the meantime: ask again, with the same request_id if you gave one"
    )]
    EnvelopeStale(ReferralId),
    /// It no longer is.
    #[error(
        "your place on the shortlist of referral {referral} has ended ({reason}): what you kept of it is to be deleted"
    )]
    ShortlistEnded {
        /// The referral.
        referral: ReferralId,
        /// Why.
        reason: ShortlistEnd,
    },
    /// What failed the gate is not bought.
    #[error(
        "offer {offer} did not pass the gate ({}): evaluate it anew once that has changed, or ask for another offer",
        .failed.join(", ")
    )]
    EvaluationGateFailed {
        /// The offer.
        offer: OfferId,
        /// The checks that it failed.
        failed: Vec<String>,
    },
    /// The policy asks that offers be evaluated.
    #[error(
        "cascade policy version {policy_version} asks that an offer be evaluated before it is taken, with all that could be taken when judging began: evaluate {}",
        .offers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    )]
    EvaluationMissing {
        /// Those that were not, by what they are judged by now.
        offers: Vec<OfferId>,
        /// The policy's version.
        policy_version: u32,
    },
    /// An award that departs from the order of merit says why.
    #[error(
        "offer {offer} {} of {evaluated} evaluated: send `departure_reason` to say why it is taken all the same, or take the first",
        place(*.rank)
    )]
    DepartureReasonMissing {
        /// The offer.
        offer: OfferId,
        /// Where it stands; none if it was not evaluated.
        rank: Option<u32>,
        /// How many stand in the order.
        evaluated: u32,
    },
    /// An award that parts siblings says why.
    #[error(
        "referral {referral} asks that siblings live together, and sibling {sibling} has a home elsewhere: send \
         `sibling_split_reason` to say why they part"
    )]
    SiblingSplitReasonMissing {
        /// The referral.
        referral: ReferralId,
        /// The sibling.
        sibling: ReferralId,
    },
}

impl Rejection {
    /// One wrong field.
    #[must_use]
    pub fn field(field: &str, description: &str) -> Self {
        Self::FieldInvalid(vec![Violation { field: field.to_owned(), description: description.to_owned() }])
    }
}

impl Refusal for Rejection {
    fn reason(&self) -> &'static str {
        match self {
            Self::Several { first, .. } => first.reason(),
            Self::FieldInvalid(_) => "FIELD_INVALID",
            Self::ReferralExists(_) => "REFERRAL_EXISTS",
            Self::ReferralUnknown(_) => "REFERRAL_UNKNOWN",
            Self::ReferralNotOpen { .. } => "REFERRAL_NOT_OPEN",
            Self::VersionChanged { .. } => "VERSION_CHANGED",
            Self::CascadeOutOfOrder { .. } => "CASCADE_OUT_OF_ORDER",
            Self::CascadeEvidenceMissing { .. } => "CASCADE_EVIDENCE_MISSING",
            Self::CascadeStepNotReached { .. } => "CASCADE_STEP_NOT_REACHED",
            Self::WaiverRoleNotAccepted { .. } => "WAIVER_ROLE_NOT_ACCEPTED",
            Self::GateNotPassed { .. } => "GATE_NOT_PASSED",
            Self::GateNotInPolicy(_) => "GATE_NOT_IN_POLICY",
            Self::GateRoleNotAccepted { .. } => "GATE_ROLE_NOT_ACCEPTED",
            Self::ApproverMissing => "APPROVER_MISSING",
            Self::ApproverRoleNotAccepted { .. } => "APPROVER_ROLE_NOT_ACCEPTED",
            Self::NotAnEmergency { .. } => "NOT_AN_EMERGENCY",
            Self::SpotJustificationMissing => "SPOT_JUSTIFICATION_MISSING",
            Self::InHouseNotOwn(_) => "IN_HOUSE_NOT_OWN",
            Self::Under16SupportedAccommodation { .. } => "UNDER_16_SUPPORTED_ACCOMMODATION",
            Self::OfferUnknown(_) => "OFFER_UNKNOWN",
            Self::OfferExists(_) => "OFFER_EXISTS",
            Self::OfferExpired { .. } => "OFFER_EXPIRED",
            Self::OfferStartsInPast { .. } => "OFFER_STARTS_IN_PAST",
            Self::StartTooFar { .. } => "START_TOO_FAR",
            Self::OfferStale { .. } => "OFFER_STALE",
            Self::OfferWithdrawn(_) => "OFFER_WITHDRAWN",
            Self::OfferStillLive(_) => "OFFER_STILL_LIVE",
            Self::OfferTaken(_) => "OFFER_TAKEN",
            Self::LimitReached { .. } => "LIMIT_REACHED",
            Self::AwardInProgress(_) => "AWARD_IN_PROGRESS",
            Self::AwardExists(_) => "AWARD_EXISTS",
            Self::AwardUnknown(_) => "AWARD_UNKNOWN",
            Self::ApprovalNotDue(_) => "APPROVAL_NOT_DUE",
            Self::AwardNotStanding(_) => "AWARD_NOT_STANDING",
            Self::FollowsNotPlaced(_) => "FOLLOWS_NOT_PLACED",
            Self::FollowsItself(_) => "FOLLOWS_ITSELF",
            Self::StepNotNeeded { .. } => "STEP_NOT_NEEDED",
            Self::StepRoleNotAccepted { .. } => "STEP_ROLE_NOT_ACCEPTED",
            Self::IdentityNotGranted(_) => "IDENTITY_NOT_GRANTED",
            Self::IdentityGrantEnded { .. } => "IDENTITY_GRANT_ENDED",
            Self::IdentityUnknown(_) => "IDENTITY_UNKNOWN",
            Self::IdentityDestroyed(_) => "IDENTITY_DESTROYED",
            Self::ReferralStillOpen(_) => "REFERRAL_STILL_OPEN",
            Self::IdentityStillGranted { .. } => "IDENTITY_STILL_GRANTED",
            Self::QuestionUnknown(_) => "QUESTION_UNKNOWN",
            Self::QuestionExists(_) => "QUESTION_EXISTS",
            Self::QuestionAnswered(_) => "QUESTION_ANSWERED",
            Self::ProviderNotInvited { .. } => "PROVIDER_NOT_INVITED",
            Self::ProviderHasDeclined { .. } => "PROVIDER_HAS_DECLINED",
            Self::NotShortlisted(_) => "NOT_SHORTLISTED",
            Self::ShortlistEnded { .. } => "SHORTLIST_ENDED",
            Self::EnvelopeStale(_) => "ENVELOPE_STALE",
            Self::EvaluationGateFailed { .. } => "EVALUATION_GATE_FAILED",
            Self::EvaluationMissing { .. } => "EVALUATION_MISSING",
            Self::DepartureReasonMissing { .. } => "DEPARTURE_REASON_MISSING",
            Self::SiblingSplitReasonMissing { .. } => "SIBLING_SPLIT_REASON_MISSING",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::Several { first, .. } => first.kind(),
            Self::FieldInvalid(_) | Self::StartTooFar { .. } => RefusalKind::Invalid,
            Self::ReferralUnknown(_)
            | Self::OfferUnknown(_)
            | Self::AwardUnknown(_)
            | Self::QuestionUnknown(_) => RefusalKind::NotFound,
            Self::ReferralExists(_)
            | Self::OfferExists(_)
            | Self::AwardExists(_)
            | Self::QuestionExists(_) => RefusalKind::AlreadyExists,
            Self::VersionChanged { .. } | Self::EnvelopeStale(_) => RefusalKind::Conflict,
            Self::IdentityNotGranted(_)
            | Self::IdentityGrantEnded { .. }
            | Self::NotShortlisted(_)
            | Self::ShortlistEnded { .. } => RefusalKind::Forbidden,
            _ => RefusalKind::Precondition,
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::FieldInvalid(violations) => violations.clone(),
            Self::Several { first, others } => [first.violations()]
                .into_iter()
                .chain(others.iter().map(Self::told_beside))
                .flatten()
                .collect(),
            Self::StartTooFar { .. } => {
                vec![Violation { field: "start".to_owned(), description: self.to_string() }]
            }
            _ => Vec::new(),
        }
    }
}
