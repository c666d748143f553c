//! Carer households: what is approved, which places they have, and that the household and not its agency is the home of a child there.
#![allow(clippy::unwrap_used, reason = "fixed texts that parse")]

mod world;

use care::market::{
    EstablishmentRegistered, HouseholdAmended, HouseholdApproval, HouseholdClosed, HouseholdRegistered,
    MarketEvent, PlaceClosed, PlaceOpened, Registration, Sexes, StatementOfPurpose, StatementOfPurposeSet,
    Told,
};
use care::published::{HouseholdEvidence, MarketEvidence};
use care::spec::{Given, given};
use care::{Date, HouseholdId, Nights, Refusal};
use vacancies_domain::{ClaimForAward, Command, HouseholdChanges, RegisterHousehold, Vacancies};
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
    let exempt = HouseholdApproval { children: 5, exempt: true, ..approval() };
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

#[test]
fn versions_of_a_statement_of_purpose_are_kept_by_date() {
    let state = |on, text: &str| StatementOfPurposeSet { urn: urn(), on, text: text.into(), at: at(0) };
    let (first, second) = (state(jan(1), "Four children."), state(jan(4), "Three children."));
    let stated = || {
        fresh_agency()
            .when(Command::SetStatementOfPurpose(second.clone()))
            .then([second.clone().into()])
            .when(Command::SetStatementOfPurpose(first.clone()))
            .then([first.clone().into()])
    };
    let _ = stated().then_state(|market| {
        let it = market.establishment(&urn()).unwrap();
        let text = |on| it.statement_of_purpose(on).map(|(on, it)| (on, it.text.as_str()));
        assert_eq!(text(jan(3)), Some((jan(1), "Four children.")));
        assert_eq!(text(jan(5)), Some((jan(4), "Three children.")), "though it was entered first");
        assert_eq!(text(Date::constant(2025, 12, 31)), None);
        assert!(matches!(it.history[0].told, Told::Registration(_)));
    });
    let _ = stated().when(Command::SetStatementOfPurpose(first.clone())).then_nothing();
    let corrected = state(jan(1), "Five children.");
    let _ = stated().when(Command::SetStatementOfPurpose(corrected.clone())).then([corrected.into()]);
    let ahead = state(jan(6), "Nobody.");
    let _ = stated().when(Command::SetStatementOfPurpose(ahead)).then_refused("DAY_AHEAD");
    let long = state(jan(1), &"x".repeat(StatementOfPurpose::CHARS_MAX + 1));
    let _ = stated().when(Command::SetStatementOfPurpose(long)).then_refused("STATEMENT_LENGTH");
    let many = (0..50).map(|version| state(jan(1), &format!("Version {version}.")).into());
    let _ = fresh_agency()
        .and(many)
        .when(Command::SetStatementOfPurpose(state(jan(2), "One more.")))
        .then_refused("TOO_MANY_STATEMENTS");
}
