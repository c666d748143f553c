//! What people do: one thing at a time, at random, mostly sensible. Whoever acts knows what a person in that place could have read,
//! sometimes an old version of it.

mod agreed;
mod awards;
mod cascade;
mod council;
mod envelopes;
mod evaluation;
mod households;
mod lead;
mod listing;
mod placement;
mod provider;
mod register;
mod shortlist;
mod staying;

pub(crate) use council::policy;
pub(crate) use lead::prices;

use crate::breach::Checked;
use crate::world::World;
use care::ReferralId;
use referrals_domain::{Referral, Stage};

type Action = fn(&mut World) -> Checked;

/// How often each thing is done, relative to the others.
const ACTIONS: &[(usize, Action)] = &[
    (70, World::post),
    (14, World::amend),
    (110, World::record_step),
    (4, World::set_policy),
    (10, World::search),
    (70, World::release),
    (5, World::withdraw_referral),
    (16, World::reveal),
    (4, World::erase),
    (80, World::hold),
    (10, World::release_hold),
    (90, World::award),
    (14, World::approve),
    (14, World::take_step),
    (120, World::offer),
    (10, World::withdraw_offer),
    (14, World::decline),
    (24, World::shortlist),
    (3, World::end_shortlisting),
    (16, World::read_shortlisted),
    (10, World::ask_question),
    (8, World::answer_question),
    (6, World::end_grant_keys),
    (18, World::evaluate),
    (8, World::link_siblings),
    (12, World::view_invitation),
    (12, World::sweep_invitations),
    (10, World::waive),
    (60, World::decide_gate),
    (50, World::start_placement),
    (60, World::end_placement),
    (16, World::correct_end),
    (5, World::cancel),
    (14, World::give_notice),
    (30, World::withdraw_notice),
    (50, World::stay_put),
    (8, World::end_staying_put),
    (3, World::link),
    (20, World::advertise_some),
    (5, World::withdraw_vacancy),
    (10, World::confirm_vacancy),
    (6, World::upsert_vacancies),
    (8, World::open_place),
    (4, World::close_place),
    (3, World::register_household),
    (5, World::amend_household),
    (2, World::close_household),
    (3, World::state_purpose),
    (12, World::amend_registration),
    (3, World::serve_notice),
    (8, World::lift_notice),
    (2, World::register_something),
    (4, World::import_register),
    (6, World::sweep),
    (6, World::change_framework),
    (3, World::set_hold_policy),
    (24, World::reserve),
    (5, World::end_reservation),
    (4, World::offer_block),
    (10, World::answer_block),
    (6, World::end_block),
    (10, World::offer_resale),
    (2, World::withdraw_resale),
    (12, World::buy_resale),
];

/// How many ideas somebody has before giving up: most of what comes to mind cannot be tried just now.
const IDEAS_MAX: usize = 20;

/// Somebody asks something.
pub(crate) fn act(world: &mut World) -> Checked {
    let asked = world.asked;
    for _ in 0..IDEAS_MAX {
        try_something(world)?;
        if world.asked > asked {
            break;
        }
    }
    Ok(())
}

fn try_something(world: &mut World) -> Checked {
    let total: usize = ACTIONS.iter().map(|(weight, _)| weight).sum();
    let mut at = world.chance.below(total);
    for (weight, action) in ACTIONS {
        match at.checked_sub(*weight) {
            None => return action(world),
            Some(rest) => at = rest,
        }
    }
    Ok(())
}

impl World {
    pub(crate) fn some_desk(&mut self) -> usize {
        self.chance.below(self.desks.len())
    }

    /// A referral that a council works on, sometimes one that is not its own or is not there.
    pub(crate) fn some_referral(&mut self, desk: usize) -> Option<ReferralId> {
        if self.chance.per_mille(5) {
            return Some(ReferralId(self.chance.uuid()));
        }
        let of = if self.chance.per_mille(5) { self.some_desk() } else { desk };
        self.chance.one_of(&self.desks[of].recent).copied()
    }

    /// An open referral of a council that `wanted` holds for, mostly; sometimes any.
    pub(crate) fn open_referral(
        &mut self,
        desk: usize,
        wanted: impl Fn(&Referral) -> bool,
    ) -> Option<ReferralId> {
        if self.chance.percent(4) {
            return self.some_referral(desk);
        }
        let state = &self.desks[desk].referrals.state;
        let is_open = |id: &&ReferralId| {
            state.referrals.get(id).is_some_and(|referral| referral.stage == Stage::Open && wanted(referral))
        };
        let open: Vec<ReferralId> = self.desks[desk].recent.iter().filter(is_open).copied().collect();
        self.chance.one_of(&open).copied()
    }

    pub(crate) fn referral(&self, desk: usize, id: ReferralId) -> Option<&Referral> {
        self.desks[desk].referrals.state.referrals.get(&id)
    }

    /// A code of a list, seldom one that there is not.
    pub(crate) fn code(&mut self, codes: &[&'static str]) -> String {
        if self.chance.per_mille(8) { "SOMETHING".into() } else { self.chance.word(codes).into() }
    }
}
