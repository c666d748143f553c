//! What is decided in referrals: commands, events, `decide` and `evolve`, without I/O. One log per council.
//!
//! A referral asks for a home for a child. It is searched for, released to providers, answered with offers or declines, and
//! awarded, which crosses services (see `care::published`). The child's identity is a sealed text here: whatever this
//! crate holds may be read by whoever may read the council's log.

mod assurance;
mod cascade_rules;
mod clock_policy;
mod clocks;
mod commands;
mod completeness;
mod deadlines;
mod decide;
mod envelope;
mod events;
mod gate;
mod policy;
mod profile;
mod ranking;
mod recognition;
mod rejection;
mod requirements;
mod siblings;
mod stability;
mod state;
mod staying;
mod step_policy;

pub use assurance::{Concern, FINDINGS_MAX, ImpactAssessment, ImpactFinding, MITIGATIONS_MAX, Mitigation};
pub use cascade_rules::{CASCADE_RULES, CascadeRule};
pub use clock_policy::{ADJOINING_MAX, ClockPolicy};
pub use clocks::{
    CLOCKS, ClockRule, DIRECTOR, DeadlineKind, OUTSTANDING_NOTICES_WORKING_DAYS, StatutoryStep,
    WORKING_DAYS_AFTER_START,
};
pub use commands::{
    AmendReferral, AnswerQuestion, AskQuestion, Command, ConfirmAward, DeclineReferral, EndGrantKeys,
    EndShortlisting, EraseIdentity, EvaluateOffer, FailAward, GiveRetrospectiveApproval, HomeKnown, Homes,
    LinkReferral, LinkSiblings, PostReferral, ProposeAward, ReadShortlisted, RecordArrival,
    RecordCascadeStep, RecordDeparture, RecordEndWithdrawn, RecordGateDecision, RecordNotice, RecordSearch,
    RecordStatutoryStep, ReleaseReferral, RevealIdentity, SetCascadePolicy, ShortlistProvider, SubmitOffer,
    SweepInvitations, ViewInvitation, Viewer, WaiveCascadeStep, WithdrawOffer, WithdrawReferral,
};
pub use completeness::Completeness;
pub use deadlines::{AwardClocks, Clocks, Deadline, DeadlineId, Ending, Presumption};
pub use decide::SHORTLIST_MAX;
pub use envelope::{Envelope, ProviderKey};
pub use events::{
    AwardFailed, AwardLapsed, CascadePolicySet, CascadeStepRecorded, CascadeStepWaived, ChildArrived,
    Follows, GateCheck, GateDecided, IdentityGrantEnded, IdentityGranted, IdentityKeyDestroyed,
    IdentityRevealed, InvitationExpired, InvitationViewed, OfferEvaluated, OfferSubmitted, OfferTerms,
    OfferWithdrawn, PlacementEndingNoted, PlacementNoticeNoted, ProviderEnvelopeSealed, ProviderKeyDestroyed,
    ProviderShortlisted, QuestionAnswered, QuestionAsked, ReferralAmended, ReferralAwarded, ReferralDeclined,
    ReferralEvent, ReferralLinked, ReferralPosted, ReferralReleased, ReferralWithdrawn, ReleaseStage,
    RetrospectiveApprovalGiven, SearchRecorded, ShortlistEnd, ShortlistedReferralRead, ShortlistingEnded,
    SiblingsLinked, StandingNotice, StatutoryStepRecorded, WeightsUsed,
};
pub use gate::{GATE, GateRule};
pub use policy::{CascadeMode, CascadePolicy};
pub use profile::{AVOID_AREAS_MAX, Background, BackgroundPart, Education, FamilyTime, Profile};
pub use ranking::{Contender, SCORE_MAX, Standing, rank};
pub use recognition::{ALIKE_MIN, Blur, Comparison, Recognition, Trait};
pub use rejection::Rejection;
pub use requirements::{AgeBand, KeyPurpose, RADIUS_WITHOUT_ANCHOR, Requirements, Sealed, age_max};
pub use siblings::{SIBLINGS_MAX, SiblingOutcome};
pub use stability::{Count, Stability, year_ending};
pub use state::{
    APPROVED, Answer, Award, Cascade, GateDecision, Judging, Offer, Outcome, Question, Referral, Release,
    Shortlisting, Stage, State, Waiver,
};
pub use staying::Staying;
pub use step_policy::{Gate, GateArea, GateCondition, StepPolicy};

use care::{Decided, Domain};

/// The rules of one council's referrals log.
#[derive(Debug, Clone, Copy)]
pub struct Referrals;

impl Domain for Referrals {
    type State = State;
    type Command = Command;
    type Event = ReferralEvent;
    type Rejection = Rejection;

    fn decide(state: &State, command: &Command) -> Decided<Self> {
        decide::decide(state, command)
    }

    fn evolve(state: &mut State, event: &ReferralEvent) {
        state.apply(event);
    }
}
