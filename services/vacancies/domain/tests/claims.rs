//! Claims: an award takes a place, a child comes and leaves.

mod world;

use care::market::{
    HoldEnd, MarketEvent, OccupancyEnded, OccupancyRefused, PlaceClosed, PlaceOccupied,
    RestrictionNoticeServed, Sexes, VacancyWithdrawn,
};
use care::published::ClaimReleased;
use care::spec::{Given, given};
use care::{AwardId, Date};
use vacancies_domain::{ClaimForAward, Command, RegistrationChanges, Vacancies};
use world::{
    advertised, at, award, claim, claimed, derby, durham, establishment_registered, held, hold_released,
    home_of, jan, market, market_with, passing, place, referral, refused_for, urn,
};

fn asked(change: impl FnOnce(&mut ClaimForAward)) -> ClaimForAward {
    let mut asked = claim(1);
    change(&mut asked);
    asked
}

/// Durham's award 2 for referral 2.
fn durhams(number: u8) -> ClaimForAward {
    ClaimForAward { award: award(2), council: durham(), referral: referral(2), ..claim(number) }
}

fn occupy(award: AwardId, on: Date) -> Command {
    Command::OccupyPlace { award, council: derby(), place: place(1), on, at: at(5) }
}

fn occupied(on: Date, counted_from: Date) -> PlaceOccupied {
    PlaceOccupied { award: award(1), council: derby(), place: place(1), on, counted_from, at: at(5) }
}

fn end(on: Date) -> Command {
    Command::EndOccupancy { award: award(1), council: derby(), on, at: at(6) }
}

fn ended(on: Date) -> OccupancyEnded {
    OccupancyEnded { award: award(1), council: derby(), place: place(1), on, yielded: Vec::new(), at: at(6) }
}

fn notice(day: i8) -> RestrictionNoticeServed {
    RestrictionNoticeServed { urn: urn(), on: jan(day), at: at(4) }
}

fn amended(changes: RegistrationChanges) -> Given<Vacancies> {
    market()
        .when(Command::AmendEstablishment { urn: urn(), changes, revision: None, at: at(0) })
        .then_events(|events| assert_eq!(events.len(), 1))
}

#[test]
fn an_award_without_a_hold_takes_both_in_one_decision_and_only_once() {
    let asked = claim(1);
    market()
        .when(Command::ClaimForAward(asked.clone()))
        .then([passing(&asked, 1).into(), claimed(&asked, 1, 1).into()])
        .when(Command::ClaimForAward(asked))
        .then_nothing();
}

#[test]
fn an_award_uses_its_hold() {
    let asked = asked(|it| it.hold_token = Some(1));
    market()
        .and([held(1, 1).into()])
        .when(Command::ClaimForAward(asked.clone()))
        .then([claimed(&asked, 1, 1).into()])
        .then_state(|market| {
            assert_eq!(market.place(&place(1)).unwrap().claims.len(), 1, "the hold became the claim")
        });
}

#[test]
fn an_award_without_a_token_finds_its_councils_hold() {
    market()
        .and([held(1, 1).into()])
        .when(Command::ClaimForAward(claim(1)))
        .then([claimed(&claim(1), 1, 1).into()]);
}

#[test]
fn the_token_must_be_that_of_the_councils_live_hold_for_that_version() {
    let with = |change: fn(&mut ClaimForAward)| {
        let asked = asked(|it| {
            it.hold_token = Some(1);
            change(it);
        });
        refused_for(market().and([held(1, 1).into()]), asked)
    };
    assert_eq!(with(|it| it.hold_token = Some(2)), "HOLD_TOKEN_STALE");
    assert_eq!(with(|it| it.council = durham()), "HOLD_NOT_YOURS");
    assert_eq!(with(|it| it.referral = referral(9)), "HOLD_NOT_YOURS");
    assert_eq!(with(|it| it.referral_version = 2), "HOLD_FOR_OTHER_VERSION");
    assert_eq!(with(|it| it.at = at(60)), "HOLD_EXPIRED");
    let without = asked(|it| it.referral_version = 2);
    assert_eq!(refused_for(market().and([held(1, 1).into()]), without), "HOLD_FOR_OTHER_VERSION");
}

#[test]
fn a_refusal_records_the_ended_lease_first() {
    let late = asked(|it| (it.hold_token, it.at) = (Some(1), at(60)));
    let _ = market().and([held(1, 1).into()]).when(Command::ClaimForAward(late)).then_events(|events| {
        assert_eq!(events[0], hold_released(1, 1, HoldEnd::Expired, 60).into());
        assert_eq!(events.len(), 2);
    });
}

#[test]
fn a_used_or_old_token_is_stale() {
    let again = || asked(|it| (it.award, it.hold_token, it.at) = (award(2), Some(1), at(10)));
    let released = [held(1, 1).into(), hold_released(1, 1, HoldEnd::Released, 5).into()];
    assert_eq!(refused_for(market().and(released), again()), "HOLD_TOKEN_STALE");
    assert_eq!(refused_for(market_with(&claim(1)), again()), "HOLD_TOKEN_STALE", "the token was used");
    let expired = [held(1, 1).into(), hold_released(1, 1, HoldEnd::Expired, 60).into()];
    assert_eq!(refused_for(market().and(expired), again()), "HOLD_EXPIRED");
}

#[test]
fn a_place_is_given_once() {
    assert_eq!(refused_for(market_with(&claim(1)), durhams(1)), "PLACE_TAKEN");
    assert_eq!(refused_for(market().and([held(1, 1).into()]), durhams(1)), "PLACE_TAKEN");
    let other = ClaimForAward { referral: referral(3), ..claim(1) };
    assert_eq!(
        refused_for(market().and([held(1, 1).into()]), other),
        "PLACE_TAKEN",
        "its own other child holds it"
    );
    let mut later = durhams(1);
    later.start = jan(30);
    assert_eq!(
        refused_for(market_with(&claim(1)), later),
        "PLACE_TAKEN",
        "nobody knows when the first child leaves"
    );
}

#[test]
fn the_place_must_be_what_was_offered() {
    assert_eq!(refused_for(market(), claim(9)), "PLACE_UNKNOWN");
    assert_eq!(refused_for(market(), asked(|it| it.urn = "SC9".parse().unwrap())), "PLACE_MISMATCH");
    assert_eq!(refused_for(market(), asked(|it| it.provider = "P9".parse().unwrap())), "PLACE_MISMATCH");
    assert_eq!(refused_for(market(), asked(|it| it.provision = "FOSTERING".to_owned())), "PLACE_MISMATCH");
}

#[test]
fn eligibility_is_judged_when_the_place_is_claimed() {
    let status = |status| RegistrationChanges { status: Some(status), ..RegistrationChanges::default() };
    let suspended = amended(status(care::market::RegistrationStatus::Suspended));
    assert_eq!(refused_for(suspended, claim(1)), "REGISTRATION_NOT_ACTIVE");
    let held_before = market()
        .and([held(1, 1).into()])
        .when(Command::AmendEstablishment {
            urn: urn(),
            changes: status(care::market::RegistrationStatus::Suspended),
            revision: None,
            at: at(1),
        })
        .then_events(|events| assert_eq!(events.len(), 1));
    let with_hold = asked(|it| it.hold_token = Some(1));
    assert_eq!(
        refused_for(held_before, with_hold),
        "REGISTRATION_NOT_ACTIVE",
        "a hold does not outlive eligibility"
    );

    let closed = [PlaceClosed { place: place(1), at: at(0) }.into()];
    assert_eq!(refused_for(market().and(closed), claim(1)), "PLACE_CLOSED");
    let withdrawn = [VacancyWithdrawn { place: place(1), at: at(0) }.into()];
    assert_eq!(refused_for(market().and(withdrawn), claim(1)), "PLACE_NOT_ADVERTISED");
    assert_eq!(refused_for(market(), asked(|it| it.age_years = 9)), "AGE_OUT_OF_RANGE");
    assert_eq!(refused_for(market(), asked(|it| it.age_years = 18)), "AGE_OUT_OF_RANGE");
    let narrowed = amended(RegistrationChanges { age_from: Some(15), ..RegistrationChanges::default() });
    assert_eq!(
        refused_for(narrowed, claim(1)),
        "AGE_OUT_OF_RANGE",
        "the advertisement is older than the registration"
    );
    let mut later = advertised(1);
    later.available_from = jan(7);
    assert_eq!(refused_for(market().and([later.into()]), claim(1)), "NOT_AVAILABLE_YET");
}

#[test]
fn a_place_for_one_sex_is_given_to_no_child_of_the_other() {
    let of = |sex: &str| asked(|it| it.sex = sex.to_owned());
    let mut girls_wanted = advertised(1);
    girls_wanted.sexes = Sexes::Female;
    let for_girls = || market().and([girls_wanted.clone().into()]);
    // As advertised for anybody, before the registration was narrowed.
    let only_girls =
        || amended(RegistrationChanges { sexes: Some(Sexes::Female), ..RegistrationChanges::default() });
    assert_eq!(refused_for(for_girls(), of("M")), "SEX_NOT_TAKEN");
    assert_eq!(refused_for(only_girls(), of("M")), "SEX_NOT_TAKEN", "the registration was narrowed since");
    for sex in ["F", "U"] {
        let mut narrow = claimed(&of(sex), 1, 1);
        narrow.evidence.sexes_advertised = Sexes::Female;
        let claim = Command::ClaimForAward(of(sex));
        for_girls().when(claim.clone()).then([passing(&of(sex), 1).into(), narrow.clone().into()]);
        (narrow.evidence.sexes_advertised, narrow.evidence.sexes_registered) = (Sexes::Any, Sexes::Female);
        only_girls().when(claim).then([passing(&of(sex), 1).into(), narrow.into()]);
    }
    let mut boys_wanted = advertised(1);
    boys_wanted.sexes = Sexes::Male;
    assert_eq!(refused_for(market().and([boys_wanted.into()]), of("F")), "SEX_NOT_TAKEN");
}

#[test]
fn a_claim_begins_a_leap_year_ahead_at_most() {
    let last = care::last_day_ahead(care::london_date(asked(|_| ()).at));
    let _ = market()
        .when(Command::ClaimForAward(asked(|it| it.start = last)))
        .then_events(|events| assert_eq!(events.len(), 2));
    assert_eq!(refused_for(market(), asked(|it| it.start = last.tomorrow().unwrap())), "START_TOO_FAR");
    // The calendar's last day has no night, so that claims of it would never overlap.
    assert_eq!(refused_for(market(), asked(|it| it.start = Date::MAX)), "START_TOO_FAR");
}

#[test]
fn a_place_is_advertised_a_leap_year_ahead_at_most() {
    let mut ahead = advertised(1);
    ahead.available_from = care::last_day_ahead(care::london_date(ahead.at));
    market().when(Command::AdvertiseVacancy(ahead.clone())).then([ahead.clone().into()]);
    ahead.available_from = ahead.available_from.tomorrow().unwrap();
    market().when(Command::AdvertiseVacancy(ahead)).then_refused("DATE_TOO_FAR");
}

#[test]
fn nobody_under_16_comes_to_supported_accommodation_and_nobody_to_unregistered_provision() {
    let mut scheme = establishment_registered();
    (scheme.provision, scheme.place_code) = ("SUPPORTED_ACCOMMODATION".to_owned(), "K3".to_owned());
    // Even if the register allowed it.
    scheme.registration.age_from = 10;
    let at_scheme = |age_years| {
        asked(|it| (it.provision, it.age_years) = ("SUPPORTED_ACCOMMODATION".to_owned(), age_years))
    };
    let market = || given::<Vacancies>(home_of(scheme.clone()));
    assert_eq!(refused_for(market(), at_scheme(15)), "UNDER_16_SUPPORTED_ACCOMMODATION");
    let _ = market()
        .when(Command::ClaimForAward(at_scheme(16)))
        .then_events(|events| assert_eq!(events.len(), 2));

    let mut unregistered = establishment_registered();
    unregistered.provision = "UNREGISTERED".to_owned();
    let market = given::<Vacancies>(home_of(unregistered));
    let asked = asked(|it| it.provision = "UNREGISTERED".to_owned());
    assert_eq!(refused_for(market, asked), "UNREGISTERED_PROVISION");
}

#[test]
fn a_solo_placement_takes_the_whole_home_and_needs_it_empty() {
    let solo = asked(|it| it.solo = true);
    let alone = market()
        .when(Command::ClaimForAward(solo.clone()))
        .then([passing(&solo, 1).into(), claimed(&solo, 1, 3).into()]);
    assert_eq!(refused_for(alone, durhams(2)), "SOLO_OCCUPIED");
    let mut second = solo;
    second.place = place(2);
    assert_eq!(refused_for(market_with(&durhams(1)), second.clone()), "ESTABLISHMENT_FULL");
    assert_eq!(
        refused_for(market().and([held(1, 1).into()]), second),
        "ESTABLISHMENT_FULL",
        "a hold counts too"
    );
}

#[test]
fn its_own_hold_does_not_stand_in_the_way_of_a_solo_placement() {
    let solo = asked(|it| (it.solo, it.hold_token) = (true, Some(1)));
    market()
        .and([held(1, 1).into()])
        .when(Command::ClaimForAward(solo.clone()))
        .then([claimed(&solo, 1, 3).into()]);
}

#[test]
fn claims_never_exceed_the_registration() {
    // More open places than registered ones cannot come about by commands; the claim does not rely on it.
    let mut entry = establishment_registered();
    entry.registration.places_registered = 1;
    let market = given::<Vacancies>(home_of(entry)).and([held(1, 1).into()]);
    assert_eq!(refused_for(market, durhams(2)), "ESTABLISHMENT_FULL");
}

#[test]
fn a_refused_agreement_gives_the_claim_back() {
    let release_by = |council| Command::ReleaseClaim {
        award: award(1),
        council,
        reason: "PRICE_ABOVE_CEILING".to_owned(),
        at: at(3),
    };
    let release = || release_by(derby());
    market_with(&claim(1)).when(release_by(durham())).then_nothing();
    let released = ClaimReleased {
        award: award(1),
        council: derby(),
        place: place(1),
        reason: "PRICE_ABOVE_CEILING".to_owned(),
        at: at(3),
    };
    let mut second = claimed(&durhams(1), 2, 1);
    second.token = 2;
    market_with(&claim(1))
        .when(release())
        .then([released.into()])
        .when(release())
        .then_nothing()
        .when(Command::ClaimForAward(durhams(1)))
        .then([passing(&durhams(1), 2).into(), second.into()]);
    market().when(release()).then_nothing();
    market_with(&claim(1)).and([occupied(jan(6), jan(6)).into()]).when(release()).then_nothing();
}

#[test]
fn a_child_comes_and_leaves_and_the_place_is_free_the_same_day() {
    let next = ClaimForAward { start: jan(20), ..durhams(1) };
    market_with(&claim(1))
        .when(occupy(award(1), jan(6)))
        .then([occupied(jan(6), jan(6)).into()])
        .when(occupy(award(1), jan(6)))
        .then_nothing()
        .when(end(jan(20)))
        .then([ended(jan(20)).into()])
        .when(end(jan(20)))
        .then_nothing()
        .when(occupy(award(1), jan(6)))
        .then_nothing()
        .when(Command::ClaimForAward(next.clone()))
        .then([passing(&next, 2).into(), claimed(&next, 2, 1).into()]);
    let too_early = ClaimForAward { start: jan(19), ..durhams(1) };
    let left = market_with(&claim(1)).and([occupied(jan(6), jan(6)).into(), ended(jan(20)).into()]);
    assert_eq!(refused_for(left, too_early), "PLACE_TAKEN");
}

#[test]
fn a_departure_that_is_told_anew_gives_nights_back_or_takes_those_that_nobody_has() {
    let left = || market_with(&claim(1)).and([occupied(jan(6), jan(6)).into(), ended(jan(20)).into()]);
    let next = |start| ClaimForAward { start, ..durhams(1) };
    let earlier = left().when(end(jan(10))).then([ended(jan(10)).into()]).when(end(jan(10))).then_nothing();
    earlier
        .when(Command::ClaimForAward(next(jan(10))))
        .then([passing(&next(jan(10)), 2).into(), claimed(&next(jan(10)), 2, 1).into()]);
    let later = left().when(end(jan(25))).then([ended(jan(25)).into()]);
    assert_eq!(refused_for(later, next(jan(24))), "PLACE_TAKEN");
    // Somebody else has the place by now: what is recorded stays, and the log shows it.
    let taken = left().and([passing(&next(jan(22)), 2).into(), claimed(&next(jan(22)), 2, 1).into()]);
    taken
        .when(end(jan(23)))
        .then_events(|events| match events {
            [care::market::MarketEvent::OccupancyRefused(refused)] => {
                assert_eq!((refused.on, refused.reason.as_str()), (jan(23), "PLACE_TAKEN"));
            }
            other => panic!("{other:?}"),
        })
        .when(end(jan(23)))
        .then_nothing()
        .when(end(jan(22)))
        .then([ended(jan(22)).into()]);
    market_with(&claim(1)).and([ended(jan(6)).into()]).when(end(jan(9))).then_nothing();
}

#[test]
fn a_child_who_was_to_leave_stays_where_nobody_has_the_nights_by_now() {
    let stay = |council| Command::ResumeOccupancy { award: award(1), council, at: at(7) };
    let here = || market_with(&claim(1)).and([occupied(jan(5), jan(5)).into()]);
    let leaving = || here().and([ended(jan(20)).into()]);
    let stays = PlaceOccupied { at: at(7), ..occupied(jan(5), jan(5)) };
    leaving()
        .when(stay(derby()))
        .then([stays.into()])
        .then_state(|market| {
            assert_eq!(market.place(&place(1)).unwrap().claim_of(award(1)).unwrap().end, None);
        })
        .when(stay(derby()))
        .then_nothing();
    let next = || ClaimForAward { start: jan(20), ..durhams(1) };
    let stayed = leaving().when(stay(derby())).then_events(|events| assert_eq!(events.len(), 1));
    assert_eq!(refused_for(stayed, next()), "PLACE_TAKEN");
    here().when(stay(derby())).then_nothing();
    leaving().when(stay(durham())).then_nothing();
    // Somebody is to come on the day: the market says once that it holds no place for the child that stays.
    let taken = leaving().and([passing(&next(), 2).into(), claimed(&next(), 2, 1).into()]);
    taken
        .when(stay(derby()))
        .then_events(|events| {
            let [MarketEvent::OccupancyRefused(refused)] = events else { panic!("{events:?}") };
            assert_eq!((refused.on, refused.reason.as_str()), (jan(20), "PLACE_TAKEN"));
        })
        .when(stay(derby()))
        .then_nothing();
}

#[test]
fn a_child_who_never_came_took_no_night() {
    market_with(&claim(1)).when(end(jan(6))).then([ended(jan(6)).into()]).then_state(|market| {
        assert_eq!(market.capacity(&urn(), at(0)).matchable, 3);
    });
    market().when(end(jan(6))).then_nothing();
    let foreign = Command::EndOccupancy { award: award(1), council: durham(), on: jan(6), at: at(6) };
    market_with(&claim(1)).when(foreign).then_nothing();
}

#[test]
fn a_child_who_comes_early_counts_from_the_first_free_night() {
    market_with(&claim(1)).when(occupy(award(1), jan(5))).then([occupied(jan(5), jan(5)).into()]);
    market_with(&claim(1)).when(occupy(award(1), jan(8))).then([occupied(jan(8), jan(8)).into()]);

    let (before, after) = (ClaimForAward { start: jan(2), ..durhams(1) }, asked(|it| it.start = jan(10)));
    let mut occupancy = occupied(jan(2), jan(2));
    (occupancy.award, occupancy.council) = (award(2), durham());
    let mut left = ended(jan(10));
    (left.award, left.council) = (award(2), durham());
    market_with(&before)
        .and([occupancy.into(), left.into(), passing(&after, 2).into(), claimed(&after, 2, 1).into()])
        .when(occupy(award(1), jan(9)))
        .then([occupied(jan(9), jan(10)).into()]);
}

#[test]
fn under_a_notice_nobody_comes_not_even_who_was_there() {
    assert_eq!(refused_for(market().and([notice(5).into()]), claim(1)), "ACCOMMODATION_RESTRICTED");
    let returning = asked(|it| (it.award, it.start) = (award(3), jan(12)));
    let left = market_with(&claim(1)).and([
        occupied(jan(6), jan(6)).into(),
        notice(8).into(),
        ended(jan(12)).into(),
    ]);
    assert_eq!(refused_for(left, returning), "ACCOMMODATION_RESTRICTED");
}

#[test]
fn a_child_who_was_there_when_the_notice_was_served_stays_and_a_later_one_is_refused() {
    let told_late = market_with(&claim(1)).and([notice(6).into()]);
    told_late.when(occupy(award(1), jan(6))).then([occupied(jan(6), jan(6)).into()]);

    let _ =
        market_with(&claim(1)).and([notice(6).into()]).when(occupy(award(1), jan(7))).then_events(|events| {
            assert!(
                matches!(events, [
            care::market::MarketEvent::ClaimReleased(released),
            care::market::MarketEvent::OccupancyRefused(refused),
        ] if released.award == award(1) && refused.reason == "ACCOMMODATION_RESTRICTED"),
                "{events:#?}"
            );
        });
}

#[test]
fn a_child_who_comes_without_a_claim_is_told_once() {
    let refused = OccupancyRefused {
        award: award(1),
        council: derby(),
        place: place(1),
        on: jan(6),
        reason: "NO_CLAIM".to_owned(),
        detail: format!("the market holds no claim of award {}", award(1)),
        at: at(5),
    };
    market()
        .when(occupy(award(1), jan(6)))
        .then([refused.into()])
        .when(occupy(award(1), jan(6)))
        .then_nothing()
        .when(end(jan(9)))
        .then_nothing();
}
