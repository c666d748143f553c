//! What was asked and what came of it: how often each command was accepted, and refused for each reason.

use contracts_domain::agreements::terms::TermsStep;
use contracts_domain::agreements::{AgreementCommand, NoticeStep, PlacementStep};
use contracts_domain::frameworks::{Change, FrameworkCommand};
use referrals_domain::Command as ReferralCommand;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use vacancies_domain::Command as MarketCommand;

/// It led to events.
pub const ACCEPTED: &str = "accepted";
/// It was no refusal, and there was nothing to do.
pub const NOTHING: &str = "nothing to do";

/// Counters, by command and outcome. An outcome is [`ACCEPTED`], [`NOTHING`] or a reason; the reasons of events that say "no" count for
/// the command that led to them.
#[derive(Debug, Default, Clone)]
pub struct Coverage {
    counts: BTreeMap<&'static str, BTreeMap<String, u64>>,
}

impl Coverage {
    pub(crate) fn count(&mut self, command: &'static str, outcome: &str) {
        let outcomes = self.counts.entry(command).or_default();
        match outcomes.get_mut(outcome) {
            Some(count) => *count += 1,
            None => {
                outcomes.insert(outcome.to_owned(), 1);
            }
        }
    }

    /// Adds another world's counters.
    pub fn add(&mut self, other: &Self) {
        for (command, outcomes) in &other.counts {
            for (outcome, count) in outcomes {
                *self.counts.entry(command).or_default().entry(outcome.clone()).or_default() += count;
            }
        }
    }

    /// How often a command had an outcome.
    #[must_use]
    pub fn of(&self, command: &str, outcome: &str) -> u64 {
        self.counts.get(command).and_then(|outcomes| outcomes.get(outcome)).copied().unwrap_or(0)
    }

    /// Every outcome of the commands whose name begins with `prefix`.
    #[must_use]
    pub fn outcomes(&self, prefix: &str) -> BTreeSet<&str> {
        let commands = self.counts.iter().filter(|(command, _)| command.starts_with(prefix));
        commands.flat_map(|(_, outcomes)| outcomes.keys().map(String::as_str)).collect()
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (command, outcomes) in &self.counts {
            writeln!(f, "{command}")?;
            for (outcome, count) in outcomes {
                writeln!(f, "  {count:>9}  {outcome}")?;
            }
        }
        Ok(())
    }
}

/// The name of a command, with its service before it.
pub(crate) trait Named {
    fn name(&self) -> &'static str;
}

macro_rules! named {
    ($service:literal, $command:ty, $all:ident: $($variant:ident),+ $(,)?) => {
        /// Every command of this log.
        pub const $all: &[&str] = &[$(concat!($service, ".", stringify!($variant)),)+];
        impl Named for $command {
            fn name(&self) -> &'static str {
                match self { $(Self::$variant { .. } => concat!($service, ".", stringify!($variant)),)+ }
            }
        }
    };
}

named!("vacancies", MarketCommand, MARKET_COMMANDS:
    RegisterProvider, RegisterEstablishment, AmendEstablishment, ServeRestrictionNotice, LiftRestrictionNotice,
    OpenPlaces, ClosePlace, AdvertiseVacancy, WithdrawVacancy, ConfirmVacancy, UpsertVacancies,
    SweepStaleVacancies, HoldPlace, ReleaseHold, EndSearch, SweepExpiredHolds,
    ClaimForAward, ReleaseClaim, OccupyPlace, EndOccupancy, ResumeOccupancy, ReadRegisterPart, FinishRegisterImport,
    SetHoldPolicy, ReservePlace, EndReservation,
    RegisterHousehold, AmendHousehold, CloseHousehold, SetStatementOfPurpose,
    OfferBlock, AcceptBlock, DeclineBlock, EndBlock, OfferResale, WithdrawResale, BuyResale,
);
named!("referrals", ReferralCommand, REFERRAL_COMMANDS:
    SetCascadePolicy, PostReferral, AmendReferral, RecordCascadeStep, RecordSearch, ReleaseReferral, SubmitOffer,
    WithdrawOffer, DeclineReferral, ProposeAward, GiveRetrospectiveApproval, RecordStatutoryStep, ConfirmAward, FailAward, RecordArrival,
    RecordDeparture, RecordEndWithdrawn, WithdrawReferral, RevealIdentity, EraseIdentity, ShortlistProvider,
    EndShortlisting, ReadShortlisted, AskQuestion, AnswerQuestion, EvaluateOffer, LinkSiblings, ViewInvitation, SweepInvitations, WaiveCascadeStep, RecordGateDecision, LinkReferral, RecordNotice, EndGrantKeys,
);
named!("frameworks", Change, FRAMEWORK_COMMANDS:
    Create, AddMember, RemoveMember, AddLot, AdmitProvider, SuspendProvider, LiftSuspension,
    SetEvaluationWeights, Reopen, Extend, AgreeDiscount, EndDiscount, NominateLinkAuthority, RequestUplift, NegotiateUplift,
);
named!("agreements", PlacementStep, PLACEMENT_COMMANDS:
    Start, End, CorrectStart, CorrectEnd, WithdrawEnd, Cancel, StayPut, EndStayingPut,
);
named!("agreements", NoticeStep, NOTICE_COMMANDS: Give, Withdraw);
named!("agreements", TermsStep, TERMS_COMMANDS:
    Sign, Propose, SignAmendment, DeclineAmendment, WithdrawAmendment, RecordAbsence, RecordPurchase, EvidenceOutcome, DecideOutcome,
);
/// The conclusion of a review that a suspension called for.
pub const REVIEW_COMMANDS: &[&str] = &["agreements.ConcludeReview"];
/// The decision of an uplift, which concerns many agreements.
pub const UPLIFT_COMMANDS: &[&str] = &["agreements.DecideUplift", "agreements.CorrectUplift"];

impl Named for FrameworkCommand {
    fn name(&self) -> &'static str {
        self.change.name()
    }
}

/// What a council's contracts log hears from other logs.
pub const AGREEMENT_REACTIONS: &[&str] = &[
    "agreements.NoteProposal",
    "agreements.NoteClaim",
    "agreements.NoteClaimRefused",
    "agreements.NoteClaimReleased",
];

impl Named for AgreementCommand {
    fn name(&self) -> &'static str {
        match self {
            Self::NoteProposal { .. } => AGREEMENT_REACTIONS[0],
            Self::NoteClaim { .. } => AGREEMENT_REACTIONS[1],
            Self::NoteClaimRefused(_) => AGREEMENT_REACTIONS[2],
            Self::NoteClaimReleased { .. } => AGREEMENT_REACTIONS[3],
            Self::Placement { step, .. } => step.name(),
            Self::Notice { step, .. } => step.name(),
            Self::Terms { step, .. } => step.name(),
            Self::ConcludeReview { .. } => REVIEW_COMMANDS[0],
            Self::DecideUplift { .. } => UPLIFT_COMMANDS[0],
            Self::CorrectUplift { .. } => UPLIFT_COMMANDS[1],
        }
    }
}
