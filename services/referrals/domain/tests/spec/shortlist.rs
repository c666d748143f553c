//! Given/when/then for the shortlist: who reads the whole referral before an award, and until when.

use crate::support::{
    agreement, at, award, council, decided, framework, offer, post, propose, provider, referral, released,
    requirements, submitted,
};
use care::spec::given;
use care::{Refusal, RefusalKind};
use referrals_domain::{
    AmendReferral, ConfirmAward, DeclineReferral, EndShortlisting, FailAward, OfferWithdrawn, PostReferral,
    ProviderShortlisted, ReadShortlisted, RecordDeparture, ReferralEvent, Referrals, Requirements,
    ShortlistEnd, ShortlistProvider, ShortlistedReferralRead, ShortlistingEnded, WithdrawOffer,
    WithdrawReferral,
};
use std::collections::BTreeMap;

/// Of which nothing is sealed that the shortlisted read, so that nobody has keys.
fn posted(requirements: Requirements) -> ReferralEvent {
    let posted = decided(&[], PostReferral { narrative: None, ..post(requirements) });
    posted.into_iter().next().expect("it is posted")
}

fn shortlist(name: &str) -> ShortlistProvider {
    let (referral, provider) = (referral(1), provider(name));
    ShortlistProvider { referral, referral_version: 1, provider, envelope: None, at: at(4) }
}

fn read(name: &str) -> ReadShortlisted {
    let (referral, provider) = (referral(1), provider(name));
    ReadShortlisted { referral, provider, envelopes: BTreeMap::new(), at: at(8) }
}

fn take_off(name: &str) -> EndShortlisting {
    EndShortlisting { referral: referral(1), provider: provider(name), at: at(6) }
}

fn decline(name: &str) -> DeclineReferral {
    DeclineReferral { referral: referral(1), provider: provider(name), reason: "NEED".to_owned(), at: at(6) }
}

fn shortlisted(name: &str) -> ReferralEvent {
    let (council, referral, provider, at) = (council(), referral(1), provider(name), at(4));
    ProviderShortlisted { council, referral, referral_version: 1, provider, envelope: None, at }.into()
}

fn ended(name: &str, reason: ShortlistEnd, minute: i64) -> ReferralEvent {
    let (council, referral, provider, at) = (council(), referral(1), provider(name), at(minute));
    ShortlistingEnded { council, referral, provider, reason, at }.into()
}

fn was_read(name: &str) -> ReferralEvent {
    let (council, referral, provider, at) = (council(), referral(1), provider(name), at(8));
    ShortlistedReferralRead { council, referral, referral_version: 1, provider, at }.into()
}

/// Released to oak and elm, both shortlisted.
fn both() -> Vec<ReferralEvent> {
    let to = |name| [released(name), shortlisted(name)];
    [posted(requirements())].into_iter().chain(to("elm")).chain(to("oak")).collect()
}

/// And oak's offer is being taken.
fn proposed() -> Vec<ReferralEvent> {
    let mut events = both();
    events.push(submitted(framework(), false));
    events.extend(crate::support::cascade());
    events.extend(decided(&events, propose()));
    events
}

#[test]
fn the_shortlisted_read_and_each_reading_is_an_event() {
    given::<Referrals>([posted(requirements()), released("oak")])
        .when(shortlist("oak"))
        .then([shortlisted("oak")])
        .when(shortlist("oak"))
        .then_nothing()
        .when(read("oak"))
        .then([was_read("oak")])
        .when(read("oak"))
        .then([was_read("oak")])
        .then_state(|state| {
            let shortlisting = state.referrals[&referral(1)].releases[&provider("oak")].shortlisted.clone();
            assert_eq!(shortlisting.map(|it| it.reads), Some(2));
        });
}

#[test]
fn nobody_else_reads() {
    let events = [posted(requirements()), released("oak"), released("elm"), shortlisted("oak")];
    let refused = given::<Referrals>(events.clone()).when(read("elm")).then_refused("NOT_SHORTLISTED");
    assert_eq!(refused.kind(), RefusalKind::Forbidden);
    given::<Referrals>(events).when(read("ash")).then_refused("REFERRAL_UNKNOWN");
}

#[test]
fn only_who_was_asked_and_has_not_declined_is_shortlisted() {
    given::<Referrals>([posted(requirements())]).when(shortlist("oak")).then_refused("PROVIDER_NOT_INVITED");
    given::<Referrals>([]).when(shortlist("oak")).then_refused("REFERRAL_UNKNOWN");
    given::<Referrals>(proposed()).when(shortlist("oak")).then_refused("AWARD_IN_PROGRESS");
    let mut events = vec![posted(requirements()), released("oak")];
    events.extend(decided(&events, decline("oak")));
    given::<Referrals>(events.clone()).when(shortlist("oak")).then_refused("PROVIDER_HAS_DECLINED");
    let amend = AmendReferral {
        referral: referral(1),
        expected_version: 1,
        requirements: requirements(),
        identity: None,
        narrative: None,
        background: None,
        envelopes: BTreeMap::new(),
        at: at(6),
    };
    events.extend(decided(&events, amend));
    given::<Referrals>(events)
        .when(ShortlistProvider { referral_version: 2, ..shortlist("oak") })
        .then_events(|events| assert_eq!(events.len(), 1, "it declined something else"));
}

#[test]
fn at_most_twenty_are_shortlisted_at_once() {
    let name = |n: usize| format!("p{n}");
    let mut events = vec![posted(requirements()), released("oak")];
    events.extend((0..20).flat_map(|n| [released(&name(n)), shortlisted(&name(n))]));
    given::<Referrals>(events.clone()).when(shortlist("oak")).then_refused("LIMIT_REACHED");
    events.push(ended("p3", ShortlistEnd::Removed, 6));
    given::<Referrals>(events).when(shortlist("oak")).then([shortlisted("oak")]);
}

#[test]
fn who_declines_reads_no_more_and_the_others_do() {
    given::<Referrals>(both())
        .when(decline("oak"))
        .then_events(|events| assert_eq!(events[1], ended("oak", ShortlistEnd::Declined, 6)))
        .when(read("elm"))
        .then([was_read("elm")])
        .when(read("oak"))
        .then_refused("SHORTLIST_ENDED");
}

#[test]
fn who_takes_back_its_only_offer_reads_no_more() {
    let take_back =
        WithdrawOffer { referral: referral(1), offer: offer(1), provider: provider("oak"), at: at(6) };
    let taken_back: ReferralEvent = OfferWithdrawn {
        council: council(),
        offer: offer(1),
        referral: referral(1),
        provider: provider("oak"),
        at: at(6),
    }
    .into();
    let mut events = both();
    events.push(submitted(framework(), false));
    given::<Referrals>(events.clone())
        .when(take_back.clone())
        .then([taken_back.clone(), ended("oak", ShortlistEnd::OfferWithdrawn, 6)])
        .when(read("oak"))
        .then_refused("SHORTLIST_ENDED");
    let mut second = crate::support::submit(crate::support::terms(framework()));
    (second.offer, second.terms.place) = (offer(2), "SC045099-03".parse().unwrap());
    events.extend(decided(&events, second));
    given::<Referrals>(events).when(take_back).then([taken_back]).when(read("oak")).then([was_read("oak")]);
}

#[test]
fn with_an_award_the_list_ends_for_all() {
    let confirm = ConfirmAward { award: award(1), agreement: agreement(), at: at(7) };
    let mut events = proposed();
    given::<Referrals>(events.clone()).when(read("elm")).then([was_read("elm")]);
    let confirmed = decided(&events, confirm);
    assert_eq!(
        confirmed[2..],
        [ended("elm", ShortlistEnd::AwardedToAnother, 7), ended("oak", ShortlistEnd::Awarded, 7)]
    );
    events.extend(confirmed);
    given::<Referrals>(events.clone()).when(read("elm")).then_refused("SHORTLIST_ENDED");
    given::<Referrals>(events.clone()).when(read("oak")).then([was_read("oak")]);
    let leaving = RecordDeparture {
        award: award(1),
        on: crate::support::day("2026-06-20"),
        reason: "CARPL".to_owned(),
        ending: None,
        at: at(7),
    };
    events.extend(decided(&events, leaving));
    given::<Referrals>(events).when(read("oak")).then_refused("SHORTLIST_ENDED");
}

#[test]
fn an_award_that_fails_ends_no_list() {
    let mut events = proposed();
    let (reason, detail) = ("PLACE_TAKEN".to_owned(), "taken".to_owned());
    events.extend(decided(&events, FailAward { award: award(1), reason, detail, at: at(7) }));
    given::<Referrals>(events).when(read("elm")).then([was_read("elm")]);
}

#[test]
fn with_the_referral_the_list_is_withdrawn() {
    let withdraw = WithdrawReferral { referral: referral(1), reason: "OTHER".to_owned(), at: at(6) };
    let mut events = both();
    let withdrawn = decided(&events, withdraw);
    let reason = ShortlistEnd::ReferralWithdrawn;
    assert_eq!(withdrawn[1..], [ended("elm", reason, 6), ended("oak", reason, 6)]);
    events.extend(withdrawn);
    given::<Referrals>(events).when(read("oak")).then_refused("SHORTLIST_ENDED");
}

#[test]
fn the_council_takes_off_the_list_and_puts_on_again() {
    given::<Referrals>(both())
        .when(take_off("oak"))
        .then([ended("oak", ShortlistEnd::Removed, 6)])
        .when(take_off("oak"))
        .then_nothing()
        .when(shortlist("oak"))
        .then([shortlisted("oak")])
        .when(read("oak"))
        .then([was_read("oak")]);
    let mut events = both();
    events.extend(decided(&events, take_off("oak")));
    given::<Referrals>(events).when(read("oak")).then_refused("SHORTLIST_ENDED");
    given::<Referrals>([]).when(take_off("oak")).then_refused("REFERRAL_UNKNOWN");
}
