//! What the history of an establishment tells of a day: the same as the market, whatever was read late.
#![allow(clippy::unwrap_used, reason = "fixed texts that parse")]

mod world;

use care::Date;
use care::market::{
    Market, Registration, RegistrationStatus, RestrictionNoticeLifted, RestrictionNoticeServed,
    StatementOfPurpose, StatementOfPurposeSet, Told,
};
use care::spec::given;
use vacancies_domain::{Command, RegisterPart, RegisterRow, RegistrationChanges, Vacancies};
use world::{at, establishment_registered, home, jan, urn};

/// The lead amends on the 10th, and the register of the 7th is read on the 15th.
fn amended_then_imported(changes: RegistrationChanges, of_register: fn(&mut Registration)) -> Market {
    let days = |days: i64| at(days * 24 * 60);
    let amend = Command::AmendEstablishment { urn: urn(), changes, revision: None, at: days(5) };
    let mut row = RegisterRow {
        entry: establishment_registered(),
        provider_name: "P0763".to_owned(),
        places_printed: true,
    };
    of_register(&mut row.entry.registration);
    let read = RegisterPart { as_of: jan(7), file_sha256: "ab".repeat(32), rows: vec![row], at: days(10) };
    let amended = given::<Vacancies>(home()).when(amend).then_events(|_| {});
    amended.when(Command::ReadRegisterPart(read)).then_events(|_| {}).into_state()
}

/// A register lags: an entry said all of the registration as it was when it was read, so that an earlier day's entry had
/// what was known later, and a later day's undid what had come meanwhile.
#[test]
fn the_history_tells_of_each_part_of_a_registration_what_was_entered_of_it() {
    let told = |market: &Market| {
        let it = market.establishment(&urn()).unwrap();
        let on = |day, by| it.registrations(by).on(day).map(|it| (it.status, it.grade, it.places_registered));
        assert_eq!(it.registrations(None).on(jan(15)).as_ref(), Some(&it.registration), "as it stands today");
        let before_import = Some(at(9 * 24 * 60));
        [on(jan(6), None), on(jan(8), None), on(jan(15), None), on(jan(15), before_import)]
    };
    let outstanding = "OUTSTANDING".to_owned();
    let graded = RegistrationChanges { grade: Some(outstanding.clone()), ..RegistrationChanges::default() };
    let market = amended_then_imported(graded, |it| it.status = RegistrationStatus::Suspended);
    let good = || "GOOD".to_owned();
    let (active, suspended) = (RegistrationStatus::Active, RegistrationStatus::Suspended);
    let expected = [
        Some((active, good(), 3)),
        Some((suspended, good(), 3)),
        Some((suspended, outstanding.clone(), 3)),
        Some((active, outstanding, 3)),
    ];
    assert_eq!(told(&market), expected);

    let stopped = RegistrationChanges {
        status: Some(suspended),
        places_registered: Some(4),
        ..RegistrationChanges::default()
    };
    let market = amended_then_imported(stopped, |it| {
        (it.grade, it.places_registered) = ("INADEQUATE".to_owned(), 5);
    });
    let inadequate = || "INADEQUATE".to_owned();
    let expected = [
        Some((active, good(), 3)),
        Some((active, inadequate(), 5)),
        Some((suspended, inadequate(), 5)),
        Some((suspended, good(), 4)),
    ];
    assert_eq!(told(&market), expected);
}

#[test]
fn a_notice_of_an_earlier_day_that_is_entered_later_is_in_the_history_as_in_the_market() {
    let on = |day| RestrictionNoticeServed { urn: urn(), on: jan(day), at: at(10 * 24 * 60) };
    let lifted = RestrictionNoticeLifted { urn: urn(), on: jan(9), at: at(11 * 24 * 60) };
    let again = RestrictionNoticeServed { at: at(12 * 24 * 60), ..on(8) };
    let market = given::<Vacancies>(home()).and([on(6).into(), lifted.into(), again.into()]).into_state();
    let it = market.establishment(&urn()).unwrap();
    let since = |day| it.restricted_on(jan(day), None);
    assert_eq!([since(5), since(7), since(17)], [None, Some(jan(6)), it.restricted_on]);
    assert_eq!(since(17), Some(jan(8)));
    let before = |day| it.restricted_on(jan(day), Some(at(11 * 24 * 60)));
    assert_eq!([before(8), before(9)], [Some(jan(6)), None]);
}

#[test]
fn versions_of_a_statement_of_purpose_are_kept_by_date() {
    let state = |on, text: &str| StatementOfPurposeSet { urn: urn(), on, text: text.into(), at: at(0) };
    let (first, second) = (state(jan(1), "Four children."), state(jan(4), "Three children."));
    let stated = || {
        given::<Vacancies>(home())
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
    let _ = given::<Vacancies>(home())
        .and(many)
        .when(Command::SetStatementOfPurpose(state(jan(2), "One more.")))
        .then_refused("TOO_MANY_STATEMENTS");
}
