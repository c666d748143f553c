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
    Command::ReadRegisterPart(RegisterPart { as_of: jan(day), rows: rows.into_iter().collect(), at: at(1) })
}

fn finish(day: i8, rows: u32) -> Command {
    Command::FinishRegisterImport { as_of: jan(day), file_sha256: "ab".repeat(32), rows, at: at(2) }
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
    let file_sha256 = "ab".repeat(32);
    RegisterImported { as_of: jan(day), file_sha256, rows, no_longer_listed, at: at(2) }.into()
}

fn amended(registration: Registration, minutes: i64) -> MarketEvent {
    EstablishmentAmended { urn: urn(), registration, sector: None, at: at(minutes) }.into()
}

#[test]
fn what_the_market_does_not_know_is_entered_with_its_owner_once() {
    let (first, second) = (other("SC000002"), other("SC000003"));
    let owner = ProviderRegistered { provider: provider(), name: "P0763".to_owned(), at: at(1) };
    given::<Vacancies>([]).when(part(4, [first.clone(), second.clone(), first.clone()])).then([
        owner.into(),
        first.entry.into(),
        second.entry.into(),
        read(
            4,
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
    given::<Vacancies>(home()).when(part(4, [says])).then([
        amended(now, 1),
        read(
            4,
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
    given::<Vacancies>(home()).when(part(4, [silent])).then([read(4, &["SC000001"], [], vec![])]);
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
            4,
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
    given::<Vacancies>(home()).when(part(4, [fewer, unfit, fine])).then(events);
}

#[test]
fn an_import_counts_once_all_of_its_rows_have_been_read() {
    given::<Vacancies>(home()).when(finish(4, 1)).then_refused("REGISTER_INCOMPLETE");
    given::<Vacancies>(home())
        .when(part(4, [row(|_| ()), other("SC000002")]))
        .then([
            other("SC000002").entry.into(),
            read(4, &["SC000001", "SC000002"], [("SC000002", ListingChange::New)], vec![]),
        ])
        .when(finish(4, 3))
        .then_refused("REGISTER_INCOMPLETE");
    // Parts of another date begin anew: those of the first are not counted for it.
    given::<Vacancies>([home(), vec![read(3, &["SC000001"], [], vec![])]].concat())
        .when(part(4, [other("SC000002")]))
        .then([
            other("SC000002").entry.into(),
            read(4, &["SC000002"], [("SC000002", ListingChange::New)], vec![]),
        ])
        .when(finish(4, 2))
        .then_refused("REGISTER_INCOMPLETE");
}

fn once_imported() -> Vec<MarketEvent> {
    let mut events = home();
    events.push(other("SC000002").entry.into());
    events.push(read(3, &["SC000001", "SC000002"], [("SC000002", ListingChange::New)], vec![]));
    events.push(imported(3, 2, &[]));
    events
}

#[test]
fn what_is_listed_no_longer_is_resigned_and_what_never_was_listed_stays() {
    let mut events = once_imported();
    // The council's own carers are on no register.
    events.push(other("OWN-CARERS").entry.into());
    let resigned = Registration { status: RegistrationStatus::Resigned, ..registration() };
    let given = given::<Vacancies>(events)
        .when(part(4, [other("SC000002")]))
        .then([read(4, &["SC000002"], [], vec![])])
        .when(finish(4, 1))
        .then([amended(resigned, 2), imported(4, 1, &["SC000001"])]);
    // Once gone, it is not told again.
    given
        .when(part(5, [other("SC000002")]))
        .then([read(5, &["SC000002"], [], vec![])])
        .when(finish(5, 1))
        .then([imported(5, 1, &[])]);
}

#[test]
fn an_older_register_than_the_one_that_holds_is_refused_and_the_same_again_changes_nothing() {
    given::<Vacancies>(once_imported()).when(part(2, [row(|_| ())])).then_refused("REGISTER_SUPERSEDED");
    given::<Vacancies>(once_imported()).when(finish(2, 1)).then_refused("REGISTER_SUPERSEDED");
    given::<Vacancies>(once_imported())
        .when(part(3, [row(|_| ()), other("SC000002")]))
        .then([read(3, &["SC000001", "SC000002"], [], vec![])])
        .when(finish(3, 2))
        .then([imported(3, 2, &[])]);
}

#[test]
fn a_register_that_lists_far_fewer_is_no_whole_register() {
    let urns: Vec<String> =
        (0..=Command::NO_LONGER_LISTED_MAX).map(|number| format!("SC1{number:05}")).collect();
    let names: Vec<&str> = urns.iter().map(String::as_str).collect();
    let mut events = home();
    events.extend(urns.iter().map(|urn| other(urn).entry.into()));
    events.push(read(3, &names, [], vec![]));
    events.push(imported(3, u32::try_from(urns.len()).unwrap_or_default(), &[]));
    let refused = |rows: Vec<RegisterRow>| {
        let read = rows.iter().map(|row| row.entry.urn.to_string()).collect::<Vec<_>>();
        let count = u32::try_from(rows.len()).unwrap_or_default();
        given::<Vacancies>(events.clone())
            .when(part(4, rows))
            .then([self::read(4, &read.iter().map(String::as_str).collect::<Vec<_>>(), [], vec![])])
            .when(finish(4, count))
    };
    refused(vec![row(|_| ())]).then_refused("REGISTER_TOO_DIFFERENT");
    let mut resigned: Vec<MarketEvent> = names[1..]
        .iter()
        .map(|urn| {
            let registration = Registration { status: RegistrationStatus::Resigned, ..registration() };
            let urn = urn.parse().unwrap_or_else(|error| panic!("{error}"));
            EstablishmentAmended { urn, registration, sector: None, at: at(2) }.into()
        })
        .collect();
    resigned.push(imported(4, 1, &names[1..]));
    refused(vec![other(names[0])]).then(resigned);
}

#[test]
fn the_market_tells_what_each_import_changed() {
    let mut market = Market::default();
    let mut events = once_imported();
    events.push(read(4, &["SC000002"], [], vec![]));
    events.push(imported(4, 1, &["SC000001"]));
    events.iter().for_each(|event| market.evolve(event));
    let listings = market.listings();
    assert_eq!(listings.latest(), Some(jan(4)));
    assert_eq!(listings.open, None);
    let words = |day: Date| -> Vec<&str> {
        listings.finished[&day].changes.iter().map(|it| it.change.word()).collect()
    };
    assert_eq!((words(jan(3)), words(jan(4))), (vec!["NEW"], vec!["NO_LONGER_LISTED"]));
    let listed_on = |urn: &str| {
        let urn = urn.parse().unwrap_or_else(|error| panic!("{error}"));
        market.establishment(&urn).and_then(|it| it.listed_on)
    };
    assert_eq!((listed_on("SC000001"), listed_on("SC000002")), (None, Some(jan(4))));
}
