//! Imports of the regulator's register: what each row becomes, and when an import counts.

mod world;

use care::market::{
    EstablishmentAmended, Listed, ListingChange, Market, MarketEvent, NotTaken, ProviderRegistered,
    RegisterImported, RegisterPartRead, Registration, RegistrationStatus,
};
use care::spec::given;
use care::{Date, EstablishmentUrn};
use vacancies_domain::{Command, RegisterPart, RegisterRow, Vacancies};
use world::{at, establishment_registered, home, jan, provider, registration, urn};

const FILE: &str = "abababababababababababababababababababababababababababababababab";

fn row(change: impl FnOnce(&mut RegisterRow)) -> RegisterRow {
    let mut row = RegisterRow {
        entry: establishment_registered(),
        provider_name: "P0763".to_owned(),
        places_printed: true,
    };
    row.entry.at = at(1);
    change(&mut row);
    row
}

fn other(urn: &str) -> RegisterRow {
    row(|row| {
        row.entry.urn = urn.parse().unwrap_or_else(|error| panic!("{error}"));
        row.entry.sector = String::new();
    })
}

fn part(day: i8, rows: impl IntoIterator<Item = RegisterRow>) -> Command {
    let rows = rows.into_iter().collect();
    Command::ReadRegisterPart(RegisterPart { as_of: jan(day), file_sha256: FILE.to_owned(), rows, at: at(1) })
}

fn finish(day: i8, rows: u32) -> Command {
    confirmed(day, rows, 0)
}

fn confirmed(day: i8, rows: u32, gone_confirmed: u32) -> Command {
    Command::FinishRegisterImport {
        as_of: jan(day),
        file_sha256: FILE.to_owned(),
        rows,
        gone_confirmed,
        at: at(2),
    }
}

fn read(
    day: i8,
    rows: &[&str],
    changes: impl IntoIterator<Item = (&'static str, ListingChange)>,
    not_taken: Vec<NotTaken>,
) -> MarketEvent {
    let urn = |text: &str| text.parse::<EstablishmentUrn>().unwrap_or_else(|error| panic!("{error}"));
    RegisterPartRead {
        as_of: jan(day),
        file_sha256: FILE.to_owned(),
        rows: rows.iter().map(|text| urn(text)).collect(),
        changes: changes.into_iter().map(|(text, change)| Listed { urn: urn(text), change }).collect(),
        not_taken,
        at: at(1),
    }
    .into()
}

fn imported(day: i8, rows: u32, gone: &[&str]) -> MarketEvent {
    let no_longer_listed =
        gone.iter().map(|text| text.parse().unwrap_or_else(|error| panic!("{error}"))).collect();
    let file_sha256 = FILE.to_owned();
    RegisterImported { as_of: jan(day), file_sha256, rows, no_longer_listed, at: at(2) }.into()
}

fn amended(registration: Registration, minutes: i64) -> MarketEvent {
    EstablishmentAmended { urn: urn(), registration, sector: None, at: at(minutes) }.into()
}

#[test]
fn what_the_market_does_not_know_is_entered_with_its_owner_once() {
    let (first, second) = (other("SC000002"), other("SC000003"));
    let owner = ProviderRegistered { provider: provider(), name: "P0763".to_owned(), at: at(1) };
    given::<Vacancies>([]).when(part(6, [first.clone(), second.clone(), first.clone()])).then([
        owner.into(),
        first.entry.into(),
        second.entry.into(),
        read(
            6,
            &["SC000002", "SC000003"],
            [("SC000002", ListingChange::New), ("SC000003", ListingChange::New)],
            vec![],
        ),
    ]);
}

#[test]
fn of_a_known_home_status_grade_and_places_are_taken_over_and_all_is_told() {
    let now = Registration {
        status: RegistrationStatus::Suspended,
        grade: "INADEQUATE".to_owned(),
        places_registered: 5,
        ..registration()
    };
    let says = row(|row| {
        row.entry.registration = Registration { age_from: 0, ..now.clone() };
        row.entry.provider = "P9".parse().unwrap_or_else(|error| panic!("{error}"));
    });
    given::<Vacancies>(home()).when(part(6, [says])).then([
        amended(now, 1),
        read(
            6,
            &["SC000001"],
            [
                (
                    "SC000001",
                    ListingChange::Regraded { before: "GOOD".to_owned(), now: "INADEQUATE".to_owned() },
                ),
                (
                    "SC000001",
                    ListingChange::Status {
                        before: RegistrationStatus::Active,
                        now: RegistrationStatus::Suspended,
                    },
                ),
                ("SC000001", ListingChange::Places { before: 3, now: 5 }),
                (
                    "SC000001",
                    ListingChange::Owner {
                        before: provider(),
                        now: "P9".parse().unwrap_or_else(|error| panic!("{error}")),
                    },
                ),
            ],
            vec![],
        ),
    ]);
    // Places that are not printed say nothing, and what says nothing new changes nothing.
    let silent = row(|row| {
        row.places_printed = false;
        row.entry.registration.places_registered = 0;
    });
    given::<Vacancies>(home()).when(part(6, [silent])).then([read(6, &["SC000001"], [], vec![])]);
}

#[test]
fn a_row_that_cannot_be_taken_leaves_the_others_as_they_are() {
    let fewer = row(|row| row.entry.registration.places_registered = 1);
    let unfit = row(|row| {
        row.entry.urn = "SC000009".parse().unwrap_or_else(|error| panic!("{error}"));
        row.entry.place_code = "K3".to_owned();
    });
    let fine = other("SC000002");
    let events = [
        fine.entry.clone().into(),
        read(
            6,
            &["SC000001", "SC000002", "SC000009"],
            [("SC000002", ListingChange::New)],
            vec![
                NotTaken {
                    urn: urn(),
                    reason: "PLACES_BELOW_OPEN".to_owned(),
                    detail: "3 places are open, more than the 1 to be registered: close some first"
                        .to_owned(),
                },
                NotTaken {
                    urn: "SC000009".parse().unwrap_or_else(|error| panic!("{error}")),
                    reason: "PROVISION_MISMATCH".to_owned(),
                    detail: "provision RESIDENTIAL does not go with place code K3".to_owned(),
                },
            ],
        ),
    ];
    given::<Vacancies>(home()).when(part(6, [fewer, unfit, fine])).then(events);
}

#[test]
fn an_import_counts_once_all_of_its_rows_have_been_read() {
    given::<Vacancies>(home()).when(finish(6, 1)).then_refused("REGISTER_INCOMPLETE");
    given::<Vacancies>(home())
        .when(part(6, [row(|_| ()), other("SC000002")]))
        .then([
            other("SC000002").entry.into(),
            read(6, &["SC000001", "SC000002"], [("SC000002", ListingChange::New)], vec![]),
        ])
        .when(finish(6, 3))
        .then_refused("REGISTER_INCOMPLETE");
    // Parts of another date begin anew: those of the first are not counted for it.
    given::<Vacancies>([home(), vec![read(5, &["SC000001"], [], vec![])]].concat())
        .when(part(6, [other("SC000002")]))
        .then([
            other("SC000002").entry.into(),
            read(6, &["SC000002"], [("SC000002", ListingChange::New)], vec![]),
        ])
        .when(finish(6, 2))
        .then_refused("REGISTER_INCOMPLETE");
}

fn once_imported() -> Vec<MarketEvent> {
    let mut events = home();
    events.push(other("SC000002").entry.into());
    events.push(read(5, &["SC000001", "SC000002"], [("SC000002", ListingChange::New)], vec![]));
    events.push(imported(5, 2, &[]));
    events
}

#[test]
fn what_is_listed_no_longer_is_resigned_and_what_never_was_listed_stays() {
    let mut events = once_imported();
    // The council's own carers are on no register.
    events.push(other("OWN-CARERS").entry.into());
    let resigned = Registration { status: RegistrationStatus::Resigned, ..registration() };
    let given = given::<Vacancies>(events)
        .when(part(6, [other("SC000002")]))
        .then([read(6, &["SC000002"], [], vec![])])
        .when(finish(6, 1))
        .then([amended(resigned, 2), imported(6, 1, &["SC000001"])]);
    // Once gone, it is not told again.
    given
        .when(part(7, [other("SC000002")]))
        .then([read(7, &["SC000002"], [], vec![])])
        .when(finish(7, 1))
        .then([imported(7, 1, &[])]);
}

#[test]
fn an_older_register_than_the_one_that_holds_is_refused_and_the_same_again_changes_nothing() {
    given::<Vacancies>(once_imported()).when(part(4, [row(|_| ())])).then_refused("REGISTER_SUPERSEDED");
    given::<Vacancies>(once_imported()).when(finish(4, 1)).then_refused("REGISTER_SUPERSEDED");
    given::<Vacancies>(once_imported())
        .when(part(5, [row(|_| ()), other("SC000002")]))
        .then([read(5, &["SC000001", "SC000002"], [], vec![])])
        .when(finish(5, 2))
        .then([imported(5, 2, &[])]);
}

#[test]
fn where_many_are_gone_somebody_must_know_how_many() {
    let urns: Vec<String> = (0..12).map(|number| format!("SC1{number:05}")).collect();
    let names: Vec<&str> = urns.iter().map(String::as_str).collect();
    let mut events = home();
    events.extend(urns.iter().map(|urn| other(urn).entry.into()));
    events.push(read(5, &names, [], vec![]));
    events.push(imported(5, 12, &[]));
    let only_first = || {
        given::<Vacancies>(events.clone()).when(part(6, [other(names[0])])).then([read(
            6,
            &names[..1],
            [],
            vec![],
        )])
    };
    let refused = only_first().when(finish(6, 1)).then_refused("REGISTER_TOO_DIFFERENT");
    assert!(refused.to_string().starts_with("11 of 12 establishments"), "{refused}");
    only_first().when(confirmed(6, 1, 10)).then_refused("REGISTER_TOO_DIFFERENT");
    let mut resigned: Vec<MarketEvent> = names[1..].iter().map(|urn| resigned(urn)).collect();
    resigned.push(imported(6, 1, &names[1..]));
    only_first().when(confirmed(6, 1, 11)).then(resigned);
    // Ten are nothing unusual.
    let (first, rest) = (other(names[0]), other(names[1]));
    let mut resigned: Vec<MarketEvent> = names[2..].iter().map(|urn| self::resigned(urn)).collect();
    resigned.push(imported(6, 2, &names[2..]));
    given::<Vacancies>(events.clone())
        .when(part(6, [first, rest]))
        .then([read(6, &names[..2], [], vec![])])
        .when(finish(6, 2))
        .then(resigned);
}

fn resigned(urn: &str) -> MarketEvent {
    let registration = Registration { status: RegistrationStatus::Resigned, ..registration() };
    let urn = urn.parse().unwrap_or_else(|error| panic!("{error}"));
    EstablishmentAmended { urn, registration, sector: None, at: at(2) }.into()
}

#[test]
fn a_suspension_and_a_grade_are_taken_though_more_places_are_open_than_the_register_allows() {
    let now = Registration {
        status: RegistrationStatus::Suspended,
        grade: "INADEQUATE".to_owned(),
        ..registration()
    };
    let says = row(|row| row.entry.registration = Registration { places_registered: 1, ..now.clone() });
    given::<Vacancies>(home()).when(part(6, [says])).then([
        amended(now, 1),
        read(
            6,
            &["SC000001"],
            [
                ("SC000001", regraded("GOOD", "INADEQUATE")),
                ("SC000001", status(RegistrationStatus::Active, RegistrationStatus::Suspended)),
            ],
            vec![NotTaken {
                urn: urn(),
                reason: "PLACES_BELOW_OPEN".to_owned(),
                detail: "3 places are open, more than the 1 to be registered: close some first".to_owned(),
            }],
        ),
    ]);
}

fn regraded(before: &str, now: &str) -> ListingChange {
    ListingChange::Regraded { before: before.to_owned(), now: now.to_owned() }
}

fn status(before: RegistrationStatus, now: RegistrationStatus) -> ListingChange {
    ListingChange::Status { before, now }
}

fn entered_later(before: &str, now: &str) -> ListingChange {
    ListingChange::EnteredLater { before: before.to_owned(), now: now.to_owned() }
}

#[test]
fn what_was_entered_for_a_later_day_than_the_registers_stands_and_what_a_register_said_does_not() {
    let down = Registration {
        status: RegistrationStatus::Cancelled,
        grade: "INADEQUATE".to_owned(),
        ..registration()
    };
    // The lead has entered it on the 5th, the register is of the 4th.
    let entered = [home(), vec![amended(down.clone(), 0)]].concat();
    given::<Vacancies>(entered.clone()).when(part(4, [row(|_| ())])).then([read(
        4,
        &["SC000001"],
        [
            ("SC000001", entered_later("INADEQUATE", "GOOD")),
            ("SC000001", entered_later("CANCELLED", "ACTIVE")),
        ],
        vec![],
    )]);
    given::<Vacancies>(entered).when(part(5, [row(|_| ())])).then([
        amended(registration(), 1),
        read(
            5,
            &["SC000001"],
            [
                ("SC000001", regraded("INADEQUATE", "GOOD")),
                ("SC000001", status(RegistrationStatus::Cancelled, RegistrationStatus::Active)),
            ],
            vec![],
        ),
    ]);
    // A register that was read on the 5th and is of the 2nd is known as of the 2nd: that of the 3rd says more.
    let read_late = [
        vec![world::provider_registered().into(), establishment_registered().into()],
        vec![read(2, &["SC000001"], [("SC000001", ListingChange::New)], vec![]), imported(2, 1, &[])],
    ];
    let worse = row(|row| row.entry.registration.grade = "INADEQUATE".to_owned());
    given::<Vacancies>(read_late.concat()).when(part(3, [worse])).then([
        amended(Registration { grade: "INADEQUATE".to_owned(), ..registration() }, 1),
        read(3, &["SC000001"], [("SC000001", regraded("GOOD", "INADEQUATE"))], vec![]),
    ]);
}

#[test]
fn a_council_runs_its_own_homes_as_one_provider_whomever_the_register_names() {
    let own = |mut entry: care::market::EstablishmentRegistered| {
        entry.operated_by = Some(world::derby());
        entry
    };
    let events = world::home_of(own(establishment_registered()));
    let says = row(|row| {
        row.entry = own(row.entry.clone());
        row.entry.provider = "P9".parse().unwrap_or_else(|error| panic!("{error}"));
    });
    given::<Vacancies>(events).when(part(6, [says])).then([read(6, &["SC000001"], [], vec![])]);
}

#[test]
fn parts_of_another_file_of_the_same_date_begin_anew() {
    let other_file = |command: Command| match command {
        Command::ReadRegisterPart(part) => {
            Command::ReadRegisterPart(RegisterPart { file_sha256: "cd".repeat(32), ..part })
        }
        other => other,
    };
    let changed = [("SC000001", regraded("INADEQUATE", "GOOD"))];
    let events = [home(), vec![read(6, &["SC000001", "SC000007"], changed, vec![])]].concat();
    let mut market = Market::default();
    events.iter().for_each(|event| market.evolve(event));
    let decided = <Vacancies as care::Domain>::decide(&market, &other_file(part(6, [row(|_| ())])));
    decided.unwrap_or_else(|refused| panic!("{refused}")).iter().for_each(|event| market.evolve(event));
    let rows = market.listings().open.as_ref().map(|open| open.rows.len());
    assert_eq!(rows, Some(1), "the row that the other file had is not counted");
    let told = market.listings().open.as_ref().map(|open| open.changes.len());
    assert_eq!(told, Some(1), "what it has changed is told with the one that follows");
}

#[test]
fn the_market_tells_what_each_import_changed() {
    let mut market = Market::default();
    let mut events = once_imported();
    events.push(read(6, &["SC000002"], [], vec![]));
    events.push(imported(6, 1, &["SC000001"]));
    events.iter().for_each(|event| market.evolve(event));
    let listings = market.listings();
    assert_eq!(listings.latest(), Some(jan(6)));
    assert_eq!(listings.open, None);
    let words = |day: Date| -> Vec<&str> {
        listings.finished[&day].changes.iter().map(|it| it.change.word()).collect()
    };
    assert_eq!((words(jan(5)), words(jan(6))), (vec!["NEW"], vec!["NO_LONGER_LISTED"]));
    let listed_on = |urn: &str| {
        let urn = urn.parse().unwrap_or_else(|error| panic!("{error}"));
        market.establishment(&urn).and_then(|it| it.listed_on)
    };
    assert_eq!((listed_on("SC000001"), listed_on("SC000002")), (None, Some(jan(6))));
}

#[test]
fn a_home_that_is_listed_no_longer_keeps_what_was_entered_for_a_later_day() {
    let cancelled = Registration { status: RegistrationStatus::Cancelled, ..registration() };
    // Imported as of the 2nd, cancelled by hand on the 5th.
    let mut events = vec![world::provider_registered().into(), establishment_registered().into()];
    events.push(other("SC000002").entry.into());
    let new = [("SC000001", ListingChange::New), ("SC000002", ListingChange::New)];
    events.push(read(2, &["SC000001", "SC000002"], new, vec![]));
    events.push(imported(2, 2, &[]));
    events.push(amended(cancelled, 1));
    let given = given::<Vacancies>(events)
        .when(part(3, [other("SC000002")]))
        .then([read(3, &["SC000002"], [], vec![])])
        .when(finish(3, 1))
        .then([imported(3, 1, &["SC000001"])]);
    // A register of the 4th that lists it again does not lift it.
    let again = [("SC000001", entered_later("CANCELLED", "ACTIVE"))];
    given.when(part(4, [row(|_| ()), other("SC000002")])).then([read(
        4,
        &["SC000001", "SC000002"],
        again,
        vec![],
    )]);
}
