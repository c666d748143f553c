//! Carer households: what is approved, which places they have, and that the household and not its agency is the home of a child there.
#![allow(clippy::unwrap_used, reason = "fixed texts that parse")]

mod world;

use care::market::{
    BlockAllocated, BlockTerms, EstablishmentAmended, EstablishmentRegistered, HouseholdAmended,
    HouseholdApproval, HouseholdClosed, HouseholdRegistered, MarketEvent, PlaceClosed, PlaceHeld,
    PlaceOpened, PlaceReserved, Registration, Sexes,
};
use care::published::{HouseholdEvidence, MarketEvidence};
use care::spec::{Given, given};
use care::{Date, HouseholdId, Nights, Pence, Refusal};
use vacancies_domain::{ClaimForAward, Command, HouseholdChanges, RegisterHousehold, Vacancies};
use world::agreed::reserved;
use world::{
    URN, advertised, at, award, claim, claimed, establishment_registered, jan, opened, passing, place,
    provider_registered, referral, refused_for, registration, urn,
};

fn household(number: u8) -> HouseholdId {
    format!("{URN}-h{number:02}").parse().unwrap()
}

fn approval() -> HouseholdApproval {
    HouseholdApproval {
        approved_on: jan(1),
        children: 2,
        exempt: false,
        age_from: 10,
        age_to: 16,
        sexes: Sexes::Any,
        sibling_groups: true,
        short_breaks_only: false,
        siblings_only: false,
    }
}

fn agency() -> EstablishmentRegistered {
    EstablishmentRegistered {
        provision: "FOSTERING".into(),
        place_code: "U4".into(),
        registration: Registration { places_registered: 20, ..registration() },
        ..establishment_registered()
    }
}

fn registered(number: u8, approval: HouseholdApproval) -> HouseholdRegistered {
    let (household, sector, utla) = (household(number), "NE1 1".to_owned(), String::new());
    HouseholdRegistered { household, urn: urn(), approval, sector, utla, at: at(0) }
}

fn opened_in(number: u8, of: u8) -> PlaceOpened {
    PlaceOpened { household: Some(household(of)), ..opened(number) }
}

fn fresh_agency() -> Given<Vacancies> {
    given([provider_registered().into(), agency().into()])
}

/// An agency with two households: places 1 and 2 in the first, 3 in the second, and 4 that belongs to none. All are advertised.
fn two_households() -> Given<Vacancies> {
    let places = [opened_in(1, 1), opened_in(2, 1), opened_in(3, 2), opened(4)];
    let vacancies =
        [1, 2, 3, 4].map(|number| care::market::VacancyAdvertised { age_to: 16, ..advertised(number) });
    fresh_agency()
        .and([registered(1, approval()).into(), registered(2, approval()).into()])
        .and(places.map(MarketEvent::from))
        .and(vacancies.map(MarketEvent::from))
}

fn enter(approval: HouseholdApproval) -> Command {
    let (sector, utla) = ("NE1 1".to_owned(), String::new());
    Command::RegisterHousehold(RegisterHousehold { urn: urn(), approval, sector, utla, at: at(0) })
}

fn amend(changes: HouseholdChanges) -> Command {
    Command::AmendHousehold { household: household(1), changes, revision: None, at: at(0) }
}

fn open(count: u16, of: u8) -> Command {
    Command::OpenPlaces { urn: urn(), count, household: Some(household(of)), at: at(0) }
}

fn close(on: Date) -> Command {
    Command::CloseHousehold { household: household(1), on, at: at(0) }
}

/// An award of a place of this agency.
fn fostered(number: u128, of: u8) -> ClaimForAward {
    let (award, referral) = (award(number), referral(number));
    ClaimForAward { award, referral, provision: "FOSTERING".into(), ..claim(of) }
}

#[test]
fn households_are_numbered_and_take_up_to_the_usual_limit() {
    let second = registered(2, approval());
    let _ = fresh_agency()
        .when(enter(approval()))
        .then([registered(1, approval()).into()])
        .when(enter(approval()))
        .then([second.into()]);
    let refused = |change: fn(&mut HouseholdApproval), reason: &str, field: &str| {
        let mut approval = approval();
        change(&mut approval);
        let no = fresh_agency().when(enter(approval)).then_refused(reason);
        let fields: Vec<_> = no.violations().into_iter().map(|it| it.field).collect();
        assert_eq!(fields, if field.is_empty() { vec![] } else { vec![field.to_owned()] });
    };
    refused(|it| it.children = 4, "USUAL_FOSTERING_LIMIT", "approval.children");
    refused(|it| it.children = 0, "HOUSEHOLD_CHILDREN", "approval.children");
    refused(|it| (it.children, it.exempt) = (13, true), "HOUSEHOLD_CHILDREN", "approval.children");
    refused(|it| it.approved_on = jan(6), "DAY_AHEAD", "approval.approved_on");
    refused(|it| it.age_from = 17, "AGE_RANGE_INVALID", "age_to");
    refused(|it| it.age_from = 2, "AGES_OUTSIDE_REGISTRATION", "");
    let four = fresh_agency().when(enter(HouseholdApproval { children: 4, ..approval() }));
    let words = four.then_refused("USUAL_FOSTERING_LIMIT").to_string();
    assert!(words.contains("siblings_only") && words.contains("exempt"), "{words}");
    let siblings = HouseholdApproval { children: 4, siblings_only: true, ..approval() };
    let _ = fresh_agency().when(enter(siblings.clone())).then([registered(1, siblings.clone()).into()]);
    // What allows more than the usual limit is not taken away while the number stays.
    let exempt = HouseholdApproval { children: 5, exempt: true, ..approval() };
    for more in [siblings, exempt.clone()] {
        let withdrawn = HouseholdApproval { exempt: false, siblings_only: false, ..more.clone() };
        let withdrawn = HouseholdChanges { approval: Some(withdrawn), ..HouseholdChanges::default() };
        let one = || fresh_agency().and([registered(1, more.clone()).into()]);
        let _ = one().when(amend(withdrawn)).then_refused("USUAL_FOSTERING_LIMIT");
        let other =
            HouseholdApproval { exempt: !more.exempt, siblings_only: !more.siblings_only, ..more.clone() };
        let other = HouseholdChanges { approval: Some(other), ..HouseholdChanges::default() };
        let _ = one().when(amend(other)).then_events(|events| assert_eq!(events.len(), 1));
    }
    let _ = fresh_agency().when(enter(exempt.clone())).then([registered(1, exempt).into()]);
    let home: Given<Vacancies> = given([provider_registered().into(), establishment_registered().into()]);
    assert_eq!(home.when(enter(approval())).then_refused("NO_HOUSEHOLDS").violations(), []);
}

#[test]
fn hosts_of_supported_lodgings_have_no_fostering_limit_and_give_no_short_breaks() {
    let scheme = || -> Given<Vacancies> {
        let mut scheme = establishment_registered();
        (scheme.provision, scheme.place_code) = ("SUPPORTED_ACCOMMODATION".into(), "K3".into());
        (scheme.registration.age_from, scheme.registration.age_to) = (16, 18);
        given([provider_registered().into(), scheme.into()])
    };
    let approval = HouseholdApproval { children: 4, age_from: 16, age_to: 18, ..approval() };
    let _ = scheme().when(enter(approval.clone())).then([registered(1, approval.clone()).into()]);
    let short = HouseholdApproval { short_breaks_only: true, ..approval.clone() };
    let _ = scheme().when(enter(short)).then_refused("SHORT_BREAKS_NOT_FOSTERED");
    let young = HouseholdApproval { age_from: 15, ..approval };
    let _ = scheme().when(enter(young)).then_refused("SUPPORTED_ACCOMMODATION_AGES");
}

#[test]
fn no_more_places_are_open_than_a_household_is_approved_for() {
    let one = fresh_agency().and([registered(1, approval()).into()]);
    let _ = one.when(open(2, 1)).then([opened_in(1, 1).into(), opened_in(2, 1).into()]);
    let one = || fresh_agency().and([registered(1, approval()).into(), opened_in(1, 1).into()]);
    let _ = one().when(open(2, 1)).then_refused("PLACES_EXCEED_APPROVAL");
    let _ = one().when(open(1, 9)).then_refused("HOUSEHOLD_UNKNOWN");
    let two = || one().and([opened_in(2, 1).into()]);
    let one_child = HouseholdApproval { children: 1, ..approval() };
    let fewer = HouseholdChanges { approval: Some(one_child), ..HouseholdChanges::default() };
    let _ = two().when(amend(fewer.clone())).then_refused("CHILDREN_BELOW_PLACES");
    let now = HouseholdApproval { children: 1, ..approval() };
    let amended = HouseholdAmended {
        household: household(1),
        urn: urn(),
        approval: now,
        sector: "NE1 1".into(),
        utla: String::new(),
        at: at(0),
    };
    let _ = one().when(amend(fewer)).then([amended.into()]);
    let _ = one().when(amend(HouseholdChanges::default())).then_nothing();
    let stale = Command::AmendHousehold {
        household: household(1),
        changes: HouseholdChanges::default(),
        revision: Some(7),
        at: at(0),
    };
    let _ = one().when(stale).then_refused("ETAG_MISMATCH");
}

#[test]
fn a_household_moves_though_its_approval_is_outside_what_its_agency_is_registered_for_by_now() {
    let narrowed = EstablishmentAmended {
        urn: urn(),
        registration: Registration { age_from: 12, ..agency().registration },
        sector: None,
        at: at(0),
    };
    let one = || fresh_agency().and([registered(1, approval()).into(), narrowed.clone().into()]);
    let moved = HouseholdChanges { sector: Some("DL1 5".into()), ..HouseholdChanges::default() };
    let amended = HouseholdAmended {
        household: household(1),
        urn: urn(),
        approval: approval(),
        sector: "DL1 5".into(),
        utla: String::new(),
        at: at(0),
    };
    let _ = one().when(amend(moved.clone())).then([amended.clone().into()]);
    let stated_again = HouseholdChanges { approval: Some(approval()), ..moved.clone() };
    let _ = one().when(amend(stated_again)).then([amended.into()]);
    let other = HouseholdApproval { sibling_groups: false, ..approval() };
    let other = HouseholdChanges { approval: Some(other), ..moved };
    let _ = one().when(amend(other)).then_refused("AGES_OUTSIDE_REGISTRATION");
}

/// Another council pays for place 1 until the 16th: what the household took when it was agreed it goes on taking.
#[test]
fn an_approval_is_not_narrowed_under_nights_that_a_council_pays_for() {
    let promised = || two_households().and([reserved(world::derby(), jan(6), jan(16), 1).into()]);
    let change = |change: fn(&mut HouseholdApproval)| {
        let mut approval = approval();
        change(&mut approval);
        amend(HouseholdChanges { approval: Some(approval), ..HouseholdChanges::default() })
    };
    let refused = |it| {
        let words = promised().when(change(it)).then_refused("NIGHTS_PROMISED").to_string();
        assert!(words.contains("SC000001-01") && words.contains("2026-01-16"), "{words}");
        let _ = two_households().when(change(it)).then_events(|events| assert_eq!(events.len(), 1));
    };
    refused(|it| it.age_from = 11);
    refused(|it| it.age_to = 15);
    refused(|it| it.sexes = Sexes::Female);
    refused(|it| it.short_breaks_only = true);
    let allowed = |given: Given<Vacancies>, it| {
        let _ = given.when(change(it)).then_events(|events| assert_eq!(events.len(), 1));
    };
    allowed(promised(), |it| (it.age_from, it.sibling_groups) = (8, false));
    // What the place was not advertised for is promised to nobody.
    let older = care::market::VacancyAdvertised { age_from: 12, age_to: 16, ..advertised(1) };
    allowed(promised().and([older.into()]), |it| it.age_from = 12);
    // In another household, or when the nights have passed, nobody pays for any.
    let second = PlaceReserved { place: place(3), ..reserved(world::derby(), jan(6), jan(16), 1) };
    allowed(two_households().and([second.into()]), |it| it.age_from = 11);
    let passed = Command::AmendHousehold {
        household: household(1),
        changes: HouseholdChanges {
            approval: Some(HouseholdApproval { age_from: 11, ..approval() }),
            ..HouseholdChanges::default()
        },
        revision: None,
        at: at(11 * 24 * 60),
    };
    let _ = promised().when(passed).then_events(|events| assert_eq!(events.len(), 1));
}

#[test]
fn a_place_is_advertised_within_the_approval() {
    let older = care::market::VacancyAdvertised { age_to: 17, ..advertised(1) };
    let _ = two_households().when(Command::AdvertiseVacancy(older.clone())).then_refused("OUTSIDE_APPROVAL");
    let none = care::market::VacancyAdvertised { place: place(4), ..older };
    let _ = two_households().when(Command::AdvertiseVacancy(none.clone())).then([none.into()]);
}

#[test]
fn a_household_closes_with_its_places_once_nobody_is_there() {
    let closed = |number| PlaceClosed { place: place(number), at: at(0) }.into();
    let gone = HouseholdClosed { household: household(1), urn: urn(), on: jan(3), at: at(0) };
    let _ = two_households()
        .when(close(jan(3)))
        .then([closed(1), closed(2), gone.into()])
        .when(close(jan(4)))
        .then_refused("HOUSEHOLD_CLOSED");
    let taken = fostered(1, 1);
    let taken = two_households().when(Command::ClaimForAward(taken)).then_events(|_| {});
    let _ = taken.when(close(jan(3))).then_refused("PLACE_IN_USE");
    let _ = two_households().when(close(jan(6))).then_refused("DAY_AHEAD");
    let _ = two_households().when(close(Date::constant(2025, 12, 31))).then_refused("CLOSED_BEFORE_APPROVED");
}

#[test]
fn a_household_does_not_close_for_a_day_on_which_a_child_was_there() {
    let come = Command::OccupyPlace {
        award: award(1),
        council: world::derby(),
        place: place(1),
        on: jan(6),
        at: at(24 * 60),
    };
    let left =
        Command::EndOccupancy { award: award(1), council: world::derby(), on: jan(9), at: at(4 * 24 * 60) };
    let stayed = || {
        let claimed = two_households().when(Command::ClaimForAward(fostered(1, 1))).then_events(|_| {});
        claimed.when(come.clone()).then_events(|_| {}).when(left.clone()).then_events(|_| {})
    };
    let close = |day| Command::CloseHousehold { household: household(1), on: jan(day), at: at(6 * 24 * 60) };
    for day in [5, 8] {
        let refused = stayed().when(close(day)).then_refused("PLACE_IN_USE");
        assert!(refused.to_string().contains("until 2026-01-09"), "{refused}");
    }
    for day in [9, 11] {
        let _ = stayed().when(close(day)).then_events(|events| assert_eq!(events.len(), 3));
    }
    // Who never came took no night.
    let never =
        Command::EndOccupancy { award: award(1), council: world::derby(), on: jan(6), at: at(24 * 60) };
    let claimed = two_households().when(Command::ClaimForAward(fostered(1, 1))).then_events(|_| {});
    let _ = claimed
        .when(never)
        .then_events(|_| {})
        .when(close(5))
        .then_events(|events| assert_eq!(events.len(), 3));
}

#[test]
fn a_household_does_not_close_under_a_hold_a_reservation_or_a_block() {
    let held = PlaceHeld { from: jan(5), ..world::held(1, 1) };
    let _ = two_households().and([held.clone().into()]).when(close(jan(5))).then_refused("PLACE_IN_USE");
    let expired = Command::CloseHousehold { household: household(1), on: jan(5), at: at(60) };
    let _ = two_households().and([held.into()]).when(expired).then_events(|events| {
        assert!(
            matches!(events, [MarketEvent::HoldReleased(_), .., MarketEvent::HouseholdClosed(_)]),
            "{events:#?}"
        );
    });
    let nights = reserved(world::derby(), jan(6), jan(16), 1);
    let _ = two_households().and([nights.into()]).when(close(jan(5))).then_refused("PLACE_IN_USE");
    let block = BlockAllocated {
        place: place(1),
        block: 1,
        urn: urn(),
        provider: world::provider(),
        council: world::derby(),
        terms: BlockTerms {
            from: jan(6),
            until: jan(16),
            weekly: Pence(420_000),
            partners: [].into(),
            resale_weekly: None,
        },
        approver: "Head of Placements".into(),
        at: at(0),
    };
    let _ = two_households().and([block.into()]).when(close(jan(5))).then_refused("BLOCK_IN_FORCE");
}

#[test]
fn a_closed_household_is_neither_amended_nor_gets_places() {
    let gone = HouseholdClosed { household: household(1), urn: urn(), on: jan(3), at: at(0) };
    let closed = || fresh_agency().and([registered(1, approval()).into(), gone.clone().into()]);
    let _ = closed().when(open(1, 1)).then_refused("HOUSEHOLD_CLOSED");
    let moved = HouseholdChanges { sector: Some("DL1 5".into()), ..HouseholdChanges::default() };
    let _ = closed().when(amend(moved)).then_refused("HOUSEHOLD_CLOSED");
    let _ = closed().when(close(jan(4))).then_refused("HOUSEHOLD_CLOSED");
}

#[test]
fn places_are_not_opened_in_the_household_of_another_agency() {
    let other: care::EstablishmentUrn = "SC000002".parse().unwrap();
    let second = EstablishmentRegistered { urn: other.clone(), ..agency() };
    let both = fresh_agency().and([second.into(), registered(1, approval()).into()]);
    let theirs = Command::OpenPlaces { urn: other, count: 1, household: Some(household(1)), at: at(0) };
    let _ = both.when(theirs).then_refused("HOUSEHOLD_UNKNOWN");
}

/// The claim that is in the last of some events.
fn evidence(events: &[MarketEvent]) -> MarketEvidence {
    match events.last() {
        Some(MarketEvent::PlaceClaimed(claimed)) => claimed.evidence.clone(),
        other => panic!("no claim but {other:?}"),
    }
}

#[test]
fn a_solo_child_takes_the_household_and_not_the_agency() {
    let solo = ClaimForAward { solo: true, ..fostered(1, 1) };
    let taken = || {
        two_households().when(Command::ClaimForAward(solo.clone())).then_events(|events| {
            let expected = HouseholdEvidence {
                household: household(1),
                children: 2,
                children_placed: 1,
                exempt: false,
                sexes: Sexes::Any,
                siblings_only: false,
            };
            assert_eq!(evidence(events).household, Some(expected));
            assert_eq!(evidence(events).evidence.places_claimed, 1, "one child of twenty");
        })
    };
    assert_eq!(refused_for(taken(), fostered(2, 2)), "HOUSEHOLD_TAKEN");
    for other in [3, 4] {
        let claim = Command::ClaimForAward(fostered(2, other));
        let _ = taken().when(claim).then_events(|events| drop(evidence(events)));
    }
    let _ = taken().then_state(|market| {
        assert_eq!(
            market.capacity(&urn(), at(0)).matchable,
            2,
            "the other household's, and the agency's own"
        );
        let nights = Nights::from_on(jan(8), None);
        assert_eq!(market.places_claimed_on(&urn(), nights, at(0)), 1);
    });
    // Somebody in the other household, or with the agency alone, does not keep a solo child out of this one.
    for other in [3, 4] {
        let before = two_households().when(Command::ClaimForAward(fostered(2, other))).then_events(|_| {});
        let _ = before.when(Command::ClaimForAward(solo.clone())).then_events(|it| drop(evidence(it)));
    }
    let before = two_households().when(Command::ClaimForAward(fostered(2, 2))).then_events(|_| {});
    assert_eq!(refused_for(before, solo.clone()), "HOUSEHOLD_FULL");
}

/// Whoever lives in no household and alone takes all places that the agency is registered for: there are no more, whoever comes to a household.
#[test]
fn no_more_places_are_claimed_than_an_agency_is_registered_for() {
    let solo = ClaimForAward { solo: true, ..fostered(1, 4) };
    let all = |events: &[MarketEvent]| assert_eq!(evidence(events).evidence.places_claimed, 20);
    let _ = two_households()
        .when(Command::ClaimForAward(solo))
        .then_events(all)
        .when(Command::ClaimForAward(fostered(2, 3)))
        .then_events(all);
}

#[test]
fn what_the_household_is_approved_for_holds_at_the_award() {
    let girls = || {
        let approval = HouseholdApproval { sexes: Sexes::Female, age_from: 12, ..approval() };
        let amended = HouseholdAmended {
            household: household(1),
            urn: urn(),
            approval,
            sector: String::new(),
            utla: String::new(),
            at: at(0),
        };
        two_households().and([amended.into()])
    };
    let refused = |claim: ClaimForAward, reason: &str| assert_eq!(refused_for(girls(), claim), reason);
    refused(ClaimForAward { sex: "M".into(), ..fostered(1, 1) }, "SEX_NOT_TAKEN");
    refused(ClaimForAward { age_years: 11, ..fostered(1, 1) }, "AGE_OUT_OF_RANGE");
    let other = ClaimForAward { sex: "M".into(), age_years: 11, ..fostered(1, 3) };
    let _ = girls().when(Command::ClaimForAward(other)).then_events(|events| drop(evidence(events)));
}

#[test]
fn a_household_for_short_breaks_gives_nothing_else() {
    let short = || {
        let approval = HouseholdApproval { short_breaks_only: true, ..approval() };
        fresh_agency().and([
            registered(1, approval).into(),
            opened_in(1, 1).into(),
            care::market::VacancyAdvertised { age_to: 16, ..advertised(1) }.into(),
        ])
    };
    assert_eq!(refused_for(short(), fostered(1, 1)), "PLACE_MISMATCH");
    let asked = ClaimForAward { provision: "FOSTERING_SHORT_BREAKS".into(), ..fostered(1, 1) };
    let _ = short().when(Command::ClaimForAward(asked)).then_events(|events| {
        assert_eq!(evidence(events).evidence.provision, "FOSTERING_SHORT_BREAKS");
    });
}

/// More children than the approval are there where a departure was put right after a place was closed: then the household is full.
#[test]
fn a_household_is_full_by_its_children_and_not_by_its_places() {
    let one = HouseholdApproval { children: 1, ..approval() };
    let claim_1 = fostered(1, 1);
    let full = fresh_agency().and([
        registered(1, one).into(),
        opened_in(1, 1).into(),
        care::market::VacancyAdvertised { age_to: 16, ..advertised(1) }.into(),
        passing(&claim_1, 1).into(),
        claimed(&claim_1, 1, 1).into(),
        PlaceClosed { place: place(1), at: at(0) }.into(),
        opened_in(2, 1).into(),
        care::market::VacancyAdvertised { age_to: 16, ..advertised(2) }.into(),
    ]);
    assert_eq!(refused_for(full, fostered(2, 2)), "HOUSEHOLD_FULL");
}
