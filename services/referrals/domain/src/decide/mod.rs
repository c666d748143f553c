//! Decides each command against the state. Pure, and cheap: every look-up is by key.

mod attributes;
mod award;
mod cascade;
mod choice;
mod evaluation;
mod gates;
mod identity;
mod market;
mod obstacles;
mod post;
mod questions;
mod shortlist;
mod staying;
mod steps;

use crate::commands::Command;
use crate::events::ReferralEvent;
use crate::rejection::Rejection;
use crate::state::{Referral, Stage, State};
use care::{ProviderId, ReferralId};

pub use shortlist::SHORTLIST_MAX;

type Decision = Result<Vec<ReferralEvent>, Rejection>;

pub(crate) fn decide(state: &State, command: &Command) -> Decision {
    match command {
        Command::SetCascadePolicy(command) => post::set_policy(state, command),
        Command::PostReferral(command) => post::post(state, command),
        Command::AmendReferral(command) => post::amend(state, command),
        Command::RecordCascadeStep(command) => post::record_step(state, command),
        Command::WithdrawReferral(command) => post::withdraw(state, command),
        Command::RecordSearch(command) => market::record_search(state, command),
        Command::ReleaseReferral(command) => cascade::release(state, command),
        Command::SubmitOffer(command) => market::submit_offer(state, command),
        Command::WithdrawOffer(command) => market::withdraw_offer(state, command),
        Command::DeclineReferral(command) => market::decline(state, command),
        Command::ProposeAward(command) => award::propose(state, command),
        Command::GiveRetrospectiveApproval(command) => award::approve(state, command),
        Command::RecordStatutoryStep(command) => steps::record(state, command),
        Command::ConfirmAward(command) => Ok(award::confirm(state, command)),
        Command::FailAward(command) => Ok(award::fail(state, command)),
        Command::RecordArrival(command) => Ok(award::arrive(state, command)),
        Command::RecordDeparture(command) => Ok(award::depart(state, command)),
        Command::RecordEndWithdrawn(command) => Ok(award::stay(state, command)),
        Command::RevealIdentity(command) => identity::reveal(state, command),
        Command::EraseIdentity(command) => identity::erase(state, command),
        Command::ShortlistProvider(command) => shortlist::shortlist(state, command),
        Command::EndShortlisting(command) => shortlist::end(state, command),
        Command::ReadShortlisted(command) => shortlist::read(state, command),
        Command::AskQuestion(command) => questions::ask(state, command),
        Command::AnswerQuestion(command) => questions::answer(state, command),
        Command::EndGrantKeys(command) => identity::end_keys(state, command),
        Command::EvaluateOffer(command) => evaluation::evaluate(state, command),
        Command::LinkSiblings(command) => evaluation::link_siblings(state, command),
        Command::ViewInvitation(command) => cascade::view(state, command),
        Command::SweepInvitations(command) => Ok(cascade::sweep(state, command)),
        Command::WaiveCascadeStep(command) => cascade::waive(state, command),
        Command::RecordGateDecision(command) => gates::decide(state, command),
        Command::LinkReferral(command) => staying::link(state, command),
        Command::RecordNotice(command) => Ok(staying::note_notice(state, command)),
    }
}

fn referral(state: &State, id: ReferralId) -> Result<&Referral, Rejection> {
    state.referrals.get(&id).ok_or(Rejection::ReferralUnknown(id))
}

/// The referral as a provider may know of it: only one that was released to it exists.
fn released_referral<'a>(
    state: &'a State,
    id: ReferralId,
    provider: &ProviderId,
) -> Result<&'a Referral, Rejection> {
    let found = referral(state, id)?;
    if found.releases.contains_key(provider) { Ok(found) } else { Err(Rejection::ReferralUnknown(id)) }
}

/// Refuses what only a referral without an award in flight or an end can take.
fn must_be_open(referral: &Referral) -> Result<(), Rejection> {
    match referral.stage {
        Stage::Open => Ok(()),
        Stage::AwardInFlight { award } => Err(Rejection::AwardInProgress(award)),
        Stage::Awarded { .. } => Err(Rejection::ReferralNotOpen { referral: referral.id, stage: "awarded" }),
        Stage::Withdrawn { .. } => {
            Err(Rejection::ReferralNotOpen { referral: referral.id, stage: "withdrawn" })
        }
    }
}
