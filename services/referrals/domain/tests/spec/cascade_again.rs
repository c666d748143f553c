//! Given/when/then for steps that came to nothing by themselves and are open again: a late offer, an amended referral, an award that failed.

use crate::support::{
    answer_by, at, by_itself, cascade, council, day, decided, declined, expired, framework, invited, late,
    offer, offered, posted, propose, provider, referral, requirements, spot, submit, submitted, sweep, terms,
};
use care::spec::given;
use referrals_domain::{ReferralEvent, Referrals, SubmitOffer, WithdrawOffer};

/// What `command` leads to after `events`, with them.
fn then(mut events: Vec<ReferralEvent>, command: impl Into<referrals_domain::Command>) -> Vec<ReferralEvent> {
    events.extend(decided(&events, command));
    events
}

#[test]
fn a_late_offer_opens_its_step_again_until_it_ends() {
    let mut terms = terms(framework());
    terms.valid_until = day("2026-06-19");
    let events = vec![posted(requirements()), invited("oak", "FRAMEWORK")];
    let events = then(then(events, sweep(late())), SubmitOffer { at: late(), ..submit(terms) });
    let back =
        WithdrawOffer { referral: referral(1), offer: offer(1), provider: provider("oak"), at: late() };
    given::<Referrals>(events)
        .then_state(|state| assert!(state.referrals[&referral(1)].steps.is_empty(), "an offer stands"))
        .when(back)
        .then_events(|events| assert_eq!(events[1..], [by_itself("FRAMEWORK", "NO_OFFER", late())]));
}
