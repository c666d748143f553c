//! Given/when/then for what is sealed for one provider alone, and the end of its keys; and what holds of them in every history.

use crate::histories::histories;
use crate::support::{
    agreement, at, award, cascade, council, day, decided, framework, posted, propose, provider, referral,
    released, requirements, sealed, submitted,
};
use care::spec::given;
use care::{Domain as _, Refusal, RefusalKind};
use proptest::prelude::*;
use referrals_domain::{
    AmendReferral, ConfirmAward, EndGrantKeys, EndShortlisting, Envelope, EraseIdentity, KeyPurpose,
    ProviderEnvelopeSealed, ProviderKey, ProviderKeyDestroyed, ProviderShortlisted, ReadShortlisted,
    RecordArrival, RecordDeparture, ReferralEvent, Referrals, RevealIdentity, ShortlistProvider, State,
    Viewer, WithdrawReferral,
};
use std::collections::{BTreeMap, BTreeSet};

fn envelope(number: u32) -> Envelope {
    Envelope { number, sealed: sealed("told") }
}

fn shortlist(name: &str, number: u32) -> ShortlistProvider {
    let (provider, envelope) = (provider(name), Some(envelope(number)));
    ShortlistProvider { referral: referral(1), referral_version: 1, provider, envelope, at: at(4) }
}

fn shortlisted(name: &str, number: u32) -> ReferralEvent {
    ProviderShortlisted {
        council: council(),
        referral: referral(1),
        referral_version: 1,
        provider: provider(name),
        envelope: Some(envelope(number)),
        at: at(4),
    }
    .into()
}

fn destroyed(name: &str, purpose: KeyPurpose, number: u32, minute: i64) -> ReferralEvent {
    let key = ProviderKey { provider: provider(name), purpose, number };
    ProviderKeyDestroyed { council: council(), referral: referral(1), key, at: at(minute) }.into()
}

/// That an envelope was sealed, of the referral as amended once or as posted.
fn was_sealed(name: &str, purpose: KeyPurpose, number: u32, version: u32, minute: i64) -> ReferralEvent {
    ProviderEnvelopeSealed {
        council: council(),
        referral: referral(1),
        referral_version: version,
        provider: provider(name),
        purpose,
        envelope: envelope(number),
        at: at(minute),
    }
    .into()
}

/// Released to oak and elm, both shortlisted.
fn both() -> Vec<ReferralEvent> {
    let to = |name| [released(name), shortlisted(name, 1)];
    [posted(requirements())].into_iter().chain(to("elm")).chain(to("oak")).collect()
}

/// Oak has the award, and the child has come.
fn arrived() -> Vec<ReferralEvent> {
    let mut events = both();
    events.push(submitted(framework(), false));
    events.extend(cascade());
    events.extend(decided(&events, propose()));
    events.extend(decided(&events, ConfirmAward { award: award(1), agreement: agreement(), at: at(7) }));
    events.extend(decided(
        &events,
        RecordArrival { award: award(1), on: day("2026-06-01"), corrected: false, at: at(7) },
    ));
    events
}

fn reveal(number: u32) -> RevealIdentity {
    let envelopes = KeyPurpose::ALL.map(|purpose| (purpose, envelope(number))).into();
    let viewer = Viewer::Provider(provider("oak"));
    RevealIdentity { referral: referral(1), viewer, purpose: "SAFEGUARDING".to_owned(), envelopes, at: at(8) }
}

fn depart(on: &str) -> RecordDeparture {
    RecordDeparture { award: award(1), on: day(on), reason: "CREQO".to_owned(), ending: None, at: at(9) }
}

fn amend(envelopes: &[(&str, u32)]) -> AmendReferral {
    AmendReferral {
        referral: referral(1),
        expected_version: 1,
        requirements: requirements(),
        identity: None,
        narrative: Some(sealed("another account")),
        background: None,
        envelopes: envelopes.iter().map(|(name, number)| (provider(name), envelope(*number))).collect(),
        at: at(6),
    }
}

#[test]
fn with_its_place_on_the_list_a_providers_key_ends_and_the_next_is_another() {
    let removed = EndShortlisting { referral: referral(1), provider: provider("oak"), at: at(6) };
    let mut events = both();
    let ended = decided(&events, removed);
    assert_eq!(ended[1..], [destroyed("oak", KeyPurpose::Narrative, 1, 6)]);
    events.extend(ended);
    let stale = given::<Referrals>(events.clone()).when(shortlist("oak", 1)).then_refused("ENVELOPE_STALE");
    assert_eq!(stale.kind(), RefusalKind::Conflict);
    given::<Referrals>(events).when(shortlist("oak", 2)).then([shortlisted("oak", 2)]).then_state(|state| {
        let key = ProviderKey { provider: provider("oak"), purpose: KeyPurpose::Narrative, number: 1 };
        assert_eq!(key.name(), "narrative/oak/1");
        assert_eq!(state.destroyed_provider_keys, [(referral(1), key)]);
        assert!(state.referrals[&referral(1)].releases[&provider("elm")].is_shortlisted());
    });
}

#[test]
fn what_was_sealed_of_another_version_is_not_taken() {
    let other = ShortlistProvider { referral_version: 2, ..shortlist("oak", 1) };
    given::<Referrals>([posted(requirements()), released("oak")]).when(other).then_refused("VERSION_CHANGED");
}

#[test]
fn with_the_referral_and_with_the_award_all_keys_of_the_list_end() {
    let withdraw = WithdrawReferral { referral: referral(1), reason: "OTHER".to_owned(), at: at(6) };
    let narrative = KeyPurpose::Narrative;
    let withdrawn = decided(&both(), withdraw);
    let keys: Vec<_> = withdrawn.into_iter().filter(it_is_destroyed).collect();
    assert_eq!(keys, [destroyed("elm", narrative, 1, 6), destroyed("oak", narrative, 1, 6)]);
    let awarded: Vec<_> = arrived().into_iter().filter(it_is_destroyed).collect();
    assert_eq!(awarded, [destroyed("elm", narrative, 1, 7), destroyed("oak", narrative, 1, 7)]);
}

fn it_is_destroyed(event: &ReferralEvent) -> bool {
    matches!(event, ReferralEvent::ProviderKeyDestroyed(_))
}

#[test]
fn an_amendment_is_sealed_anew_for_all_on_the_list_or_refused() {
    let narrative = KeyPurpose::Narrative;
    given::<Referrals>(both()).when(amend(&[("oak", 1), ("elm", 1)])).then_events(|events| {
        let sealed = [was_sealed("elm", narrative, 1, 2, 6), was_sealed("oak", narrative, 1, 2, 6)];
        assert_eq!(events[1..], sealed);
    });
    given::<Referrals>(both()).when(amend(&[("oak", 1)])).then_refused("ENVELOPE_STALE");
    given::<Referrals>(both()).when(amend(&[("oak", 2), ("elm", 1)])).then_refused("ENVELOPE_STALE");
    let nothing_sealed = AmendReferral { narrative: None, ..amend(&[]) };
    given::<Referrals>(both()).when(nothing_sealed).then_events(|events| assert_eq!(events.len(), 1));
    let nobody = [posted(requirements()), released("oak")];
    given::<Referrals>(nobody)
        .when(amend(&[("oak", 1)]))
        .then_events(|events| assert_eq!(events.len(), 1, "it is not on the list"));
}

#[test]
fn the_awarded_reads_by_keys_of_its_own_until_the_child_leaves() {
    let (identity, narrative) = (KeyPurpose::Identity, KeyPurpose::Narrative);
    let mut events = arrived();
    given::<Referrals>(events.clone()).when(reveal(1)).then_refused("ENVELOPE_STALE");
    let revealed = decided(&events, reveal(2));
    assert_eq!(revealed[..2], [was_sealed("oak", identity, 2, 1, 8), was_sealed("oak", narrative, 2, 1, 8)]);
    events.extend(revealed);
    let again = decided(&events, reveal(2));
    assert_eq!(again.len(), 1, "sealed once");
    let read = ReadShortlisted {
        referral: referral(1),
        provider: provider("oak"),
        envelopes: BTreeMap::new(),
        at: at(8),
    };
    assert_eq!(decided(&events, read).len(), 1);
    let left = decided(&events, depart("2026-06-01"));
    assert_eq!(left[1..], [destroyed("oak", identity, 2, 9), destroyed("oak", narrative, 2, 9)]);
}

/// Whoever hands another under the same key found that the key was lost.
#[test]
fn what_the_awarded_reads_is_sealed_again_under_the_same_number_and_no_other() {
    let mut events = arrived();
    events.extend(decided(&events, reveal(2)));
    let mended = Envelope { number: 2, sealed: sealed("told again") };
    let again = RevealIdentity { envelopes: [(KeyPurpose::Identity, mended.clone())].into(), ..reveal(2) };
    given::<Referrals>(events.clone())
        .when(again)
        .then_events(|events| assert_eq!(events.len(), 2, "that one, and that it was seen"))
        .then_state(|state| {
            let release = &state.referrals[&referral(1)].releases[&provider("oak")];
            assert_eq!(release.envelopes[&KeyPurpose::Identity], mended);
            assert_eq!((release.envelopes[&KeyPurpose::Narrative].clone(), release.keys), (envelope(2), 2));
        });
    given::<Referrals>(events).when(reveal(3)).then_refused("ENVELOPE_STALE");
}

/// Without one it would read by the council's own key, which does not end with its right.
#[test]
fn nobody_is_shortlisted_for_what_is_sealed_without_an_envelope() {
    let without = ShortlistProvider { envelope: None, ..shortlist("oak", 1) };
    given::<Referrals>([posted(requirements()), released("oak")])
        .when(without)
        .then_refused("ENVELOPE_STALE");
}

/// Invariant 7 is the domain's to keep, whatever a handler hands it.
#[test]
fn who_has_no_grant_is_sealed_nothing_by_reading() {
    let envelopes = KeyPurpose::ALL.map(|purpose| (purpose, envelope(2))).into();
    let read = ReadShortlisted { referral: referral(1), provider: provider("oak"), envelopes, at: at(8) };
    given::<Referrals>(both()).when(read).then_events(|events| assert_eq!(events.len(), 1));
}

#[test]
fn a_departure_that_is_told_ahead_ends_the_keys_on_its_day() {
    let end = |minute| EndGrantKeys { referral: referral(1), provider: provider("oak"), at: at(minute) };
    let mut events = arrived();
    events.extend(decided(&events, reveal(2)));
    events.extend(decided(&events, depart("2026-06-20")));
    let ending = |state: &State| state.next_keys_ending().map(|(end, ..)| *end);
    given::<Referrals>(events.clone())
        .when(end(10))
        .then_nothing()
        .then_state(|state| assert_eq!(ending(state), Some(day("2026-06-20"))));
    let on_the_day = 20 * 24 * 60;
    given::<Referrals>(events.clone())
        .when(end(on_the_day))
        .then([
            destroyed("oak", KeyPurpose::Identity, 2, on_the_day),
            destroyed("oak", KeyPurpose::Narrative, 2, on_the_day),
        ])
        .when(end(on_the_day))
        .then_nothing()
        .then_state(|state| assert_eq!(ending(state), None));
    given::<Referrals>([]).when(end(10)).then_refused("REFERRAL_UNKNOWN");
}

#[test]
fn with_the_childs_keys_the_providers_end() {
    let mut events = arrived();
    events.extend(decided(&events, reveal(2)));
    events.extend(decided(&events, depart("2026-06-05")));
    // The day is over, and nobody has ended the provider's keys yet.
    let late = 5 * 24 * 60;
    let erase = |purposes: &[KeyPurpose]| {
        let purposes = purposes.iter().copied().collect();
        EraseIdentity { referral: referral(1), purposes, at: at(late) }
    };
    let erased = decided(&events, erase(&[KeyPurpose::Narrative]));
    assert_eq!(erased.len(), 2);
    assert_eq!(erased[1], destroyed("oak", KeyPurpose::Narrative, 2, late));
    events.extend(erased);
    let erased = decided(&events, erase(&KeyPurpose::ALL));
    assert_eq!(erased[1..], [destroyed("oak", KeyPurpose::Identity, 2, late)]);
}

/// What is sealed for a provider: by the end of its right its keys are ended too, or their end stands on a day.
fn assert_ended_with_the_right(state: &State) -> Result<(), TestCaseError> {
    for referral in state.referrals.values() {
        for (provider, release) in &referral.releases {
            let granted = referral.granted.get(provider);
            let grant = match granted {
                Some(Some(end)) => state.keys_ending.contains(&(*end, referral.id, provider.clone())),
                Some(None) => true,
                None => false,
            };
            let may = |purpose: &KeyPurpose| match purpose {
                KeyPurpose::Identity => grant,
                KeyPurpose::Narrative => grant || release.is_shortlisted(),
            };
            prop_assert!(release.envelopes.keys().all(may), "{provider} of {referral:?}");
            let erased = |purpose: &KeyPurpose| state.key_destroyed(referral.id, *purpose);
            prop_assert!(
                !release.envelopes.keys().any(erased),
                "erased, and {provider} has it: {referral:?}"
            );
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_key_outlives_its_right_and_none_comes_back(commands in histories(1..120)) {
        let mut state = State::default();
        let mut gone = BTreeSet::new();
        for command in commands {
            let Ok(events) = Referrals::decide(&state, &command) else { continue };
            for event in &events {
                let sealed = match event {
                    ReferralEvent::ProviderShortlisted(it) => {
                        it.envelope.as_ref().map(|sealed| (it.referral, sealed.key(&it.provider, KeyPurpose::Narrative)))
                    }
                    ReferralEvent::ProviderEnvelopeSealed(it) => {
                        Some((it.referral, it.envelope.key(&it.provider, it.purpose)))
                    }
                    ReferralEvent::ProviderKeyDestroyed(it) => {
                        let first = gone.insert((it.referral, it.key.name()));
                        prop_assert!(first, "destroyed twice: {:?}", it);
                        None
                    }
                    _ => None,
                };
                if let Some((referral, key)) = sealed {
                    prop_assert!(!gone.contains(&(referral, key.name())), "sealed under a key that is gone: {:?}", key);
                }
                Referrals::evolve(&mut state, event);
            }
            assert_ended_with_the_right(&state)?;
        }
    }
}
