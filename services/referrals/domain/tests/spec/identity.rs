//! Given/when/then for who sees the child's identity, invariant 7.

use crate::support::{
    agreement, at, award, council, decided, post, posted, proposed, provider, referral, requirements,
};
use care::spec::given;
use care::{Refusal, RefusalKind};
use referrals_domain::{
    ConfirmAward, EraseIdentity, IdentityKeyDestroyed, IdentityRevealed, KeyPurpose, ReferralEvent,
    Referrals, RevealIdentity, Viewer, WithdrawReferral,
};
use std::collections::BTreeSet;

fn reveal(viewer: Viewer) -> RevealIdentity {
    RevealIdentity { referral: referral(1), viewer, purpose: "PLACEMENT_PLANNING".to_owned(), at: at(8) }
}

fn to(name: &str) -> Viewer {
    Viewer::Provider(provider(name))
}

fn revealed(to: Option<&str>) -> ReferralEvent {
    IdentityRevealed {
        council: council(),
        referral: referral(1),
        provider: to.map(provider),
        purpose: "PLACEMENT_PLANNING".to_owned(),
        at: at(8),
    }
    .into()
}

fn erase(purposes: &[KeyPurpose]) -> EraseIdentity {
    EraseIdentity { referral: referral(1), purposes: purposes.iter().copied().collect(), at: at(9) }
}

fn destroyed(purpose: KeyPurpose) -> ReferralEvent {
    IdentityKeyDestroyed { council: council(), referral: referral(1), purpose, at: at(9) }.into()
}

fn awarded() -> Vec<ReferralEvent> {
    let mut events = proposed();
    let confirm = ConfirmAward { award: award(1), agreement: agreement(), at: at(6) };
    events.extend(decided(&events, confirm));
    events
}

#[test]
fn the_council_sees_its_own_child_and_each_time_is_recorded() {
    given::<Referrals>([posted(requirements())])
        .when(reveal(Viewer::Council))
        .then([revealed(None)])
        .when(reveal(Viewer::Council))
        .then([revealed(None)]);
}

#[test]
fn a_provider_sees_nothing_before_its_award() {
    let refused = given::<Referrals>(proposed()).when(reveal(to("oak"))).then_refused("IDENTITY_NOT_GRANTED");
    assert_eq!(refused.kind(), RefusalKind::Forbidden);
    given::<Referrals>(proposed()).when(reveal(to("elm"))).then_refused("REFERRAL_UNKNOWN");
}

#[test]
fn the_awarded_provider_sees_the_child_and_nobody_else_does() {
    let mut events = awarded();
    events.push(crate::support::released("elm"));
    given::<Referrals>(events.clone()).when(reveal(to("elm"))).then_refused("IDENTITY_NOT_GRANTED");
    given::<Referrals>(events).when(reveal(to("oak"))).then([revealed(Some("oak"))]);
}

#[test]
fn a_reveal_has_a_coded_purpose_and_something_to_show() {
    let mut curious = reveal(Viewer::Council);
    curious.purpose = "CURIOSITY".to_owned();
    given::<Referrals>([posted(requirements())]).when(curious).then_refused("FIELD_INVALID");
    given::<Referrals>([]).when(reveal(Viewer::Council)).then_refused("REFERRAL_UNKNOWN");
    let mut unknown = post(requirements());
    (unknown.identity, unknown.narrative) = (None, None);
    let events = decided(&[], unknown);
    given::<Referrals>(events).when(reveal(Viewer::Council)).then_refused("IDENTITY_UNKNOWN");
}

#[test]
fn a_key_is_destroyed_once_and_what_it_sealed_is_gone() {
    given::<Referrals>(awarded())
        .when(erase(&[KeyPurpose::Identity]))
        .then([destroyed(KeyPurpose::Identity)])
        .then_state(|state| {
            assert_eq!(state.destroyed_keys, BTreeSet::from([(referral(1), KeyPurpose::Identity)]));
        })
        .when(reveal(to("oak")))
        .then([revealed(Some("oak"))])
        .when(erase(&KeyPurpose::ALL))
        .then([destroyed(KeyPurpose::Narrative)])
        .when(erase(&KeyPurpose::ALL))
        .then_nothing()
        .when(reveal(Viewer::Council))
        .then_refused("IDENTITY_DESTROYED");
}

#[test]
fn an_open_referral_keeps_its_identity() {
    given::<Referrals>([posted(requirements())])
        .when(erase(&KeyPurpose::ALL))
        .then_refused("REFERRAL_STILL_OPEN");
    given::<Referrals>(proposed()).when(erase(&KeyPurpose::ALL)).then_refused("REFERRAL_STILL_OPEN");
    given::<Referrals>(awarded()).when(erase(&[])).then_refused("FIELD_INVALID");
    given::<Referrals>([]).when(erase(&KeyPurpose::ALL)).then_refused("REFERRAL_UNKNOWN");
    let mut events = vec![posted(requirements())];
    let withdraw = WithdrawReferral { referral: referral(1), reason: "OTHER".to_owned(), at: at(7) };
    events.extend(decided(&events, withdraw));
    given::<Referrals>(events)
        .when(erase(&KeyPurpose::ALL))
        .then_events(|events| assert_eq!(events.len(), 2));
}
