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
mod events;
mod gate;
mod policy;
mod profile;
mod ranking;
mod recognition;
mod rejection;
mod requirements;
mod siblings;
mod state;
mod step_policy;

pub use assurance::{Concern, FINDINGS_MAX, ImpactAssessment, ImpactFinding, MITIGATIONS_MAX, Mitigation};
pub use cascade_rules::{CASCADE_RULES, CascadeRule};
pub use clock_policy::{ADJOINING_MAX, ClockPolicy};
pub use clocks::{CLOCKS, ClockRule, DIRECTOR, DeadlineKind, StatutoryStep, WORKING_DAYS_AFTER_START};
pub use commands::{
    AmendReferral, AnswerQuestion, AskQuestion, Command, ConfirmAward, DeclineReferral, EndShortlisting,
    EraseIdentity, EvaluateOffer, FailAward, GiveRetrospectiveApproval, HomeKnown, LinkSiblings,
    PostReferral, ProposeAward, ReadShortlisted, RecordArrival, RecordCascadeStep, RecordDeparture,
    RecordGateDecision, RecordSearch, RecordStatutoryStep, ReleaseReferral, RevealIdentity, SetCascadePolicy,
    ShortlistProvider, SubmitOffer, SweepInvitations, ViewInvitation, Viewer, WaiveCascadeStep,
    WithdrawOffer, WithdrawReferral,
};
pub use completeness::Completeness;
pub use deadlines::{AwardClocks, Clocks, Deadline, DeadlineId, Ending, Presumption};
pub use events::{
    AwardFailed, AwardLapsed, CascadePolicySet, CascadeStepRecorded, CascadeStepWaived, ChildArrived,
    GateCheck, GateDecided, IdentityGrantEnded, IdentityGranted, IdentityKeyDestroyed, IdentityRevealed,
    InvitationExpired, InvitationViewed, OfferEvaluated, OfferSubmitted, OfferTerms, OfferWithdrawn,
    ProviderShortlisted, QuestionAnswered, QuestionAsked, ReferralAmended, ReferralAwarded, ReferralDeclined,
    ReferralEvent, ReferralPosted, ReferralReleased, ReferralWithdrawn, ReleaseStage,
    RetrospectiveApprovalGiven, SearchRecorded, ShortlistEnd, ShortlistedReferralRead, ShortlistingEnded,
    SiblingsLinked, StatutoryStepRecorded, WeightsUsed,
};
pub use gate::{GATE, GateRule};
pub use policy::{CascadeMode, CascadePolicy};
pub use profile::{AVOID_AREAS_MAX, Background, BackgroundPart, Education, FamilyTime, Profile};
pub use ranking::{Contender, SCORE_MAX, Standing, rank};
pub use recognition::{ALIKE_MIN, Blur, Recognition, Trait, Traits};
pub use rejection::Rejection;
pub use requirements::{AgeBand, KeyPurpose, Requirements, Sealed};
pub use siblings::{SIBLINGS_MAX, SiblingOutcome};
pub use state::{
    APPROVED, Answer, Award, Cascade, GateDecision, Offer, Outcome, Question, Referral, Release,
    Shortlisting, Stage, State, Waiver,
};
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
