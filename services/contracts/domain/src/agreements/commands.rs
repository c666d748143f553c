//! What a council's agreements may be asked, by people and by what happened elsewhere.

use super::events::{ClaimNoted, ProposalLapsed, ProposalNoted};
use crate::frameworks::Frameworks;
use care::published::ClaimReleased;
use care::{AgreementId, Date, Timestamp};

/// A command to one council's agreements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgreementCommand {
    /// The council proposed an award.
    NoteProposal {
        /// Its terms.
        proposal: ProposalNoted,
        /// The framework facts to judge it on, if it completes the award.
        facts: Frameworks,
        /// When it became known here.
        at: Timestamp,
    },
    /// The market gave the place.
    NoteClaim {
        /// The claim.
        claim: ClaimNoted,
        /// The framework facts to judge it on, if it completes the award.
        facts: Frameworks,
        /// When it became known here.
        at: Timestamp,
    },
    /// The market refused the place: there will be no agreement.
    NoteClaimRefused(ProposalLapsed),
    /// The market gave the place back.
    NoteClaimReleased {
        /// What the market says.
        released: ClaimReleased,
        /// The position in the region's contracts log up to which framework facts were known.
        contracts_position: u64,
        /// When it became known here.
        at: Timestamp,
    },
    /// A step in the life of an agreement.
    Placement {
        /// The agreement.
        agreement: AgreementId,
        /// The version that the caller saw; nothing for "whatever it is".
        expected_version: Option<u32>,
        /// The step.
        step: PlacementStep,
        /// When it was told.
        at: Timestamp,
    },
}

/// What happened to a placement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlacementStep {
    /// The child arrived.
    Start {
        /// The first night.
        on: Date,
    },
    /// The child left.
    End {
        /// The day of departure, which is not paid. It may be long past: departures are often told late.
        on: Date,
        /// Why, a code of `care::code_sets::REASON_PLACE_CHANGE`.
        reason: String,
    },
    /// The departure was recorded wrong.
    CorrectEnd {
        /// The right day of departure, which is not paid.
        on: Date,
        /// The right reason, a code of `care::code_sets::REASON_PLACE_CHANGE`.
        reason: String,
        /// Why the record was wrong, in words without personal data.
        correction: String,
    },
    /// The child will not come.
    Cancel {
        /// Why, a code of `care::code_sets::REASON_PLACE_CHANGE`.
        reason: String,
    },
}
