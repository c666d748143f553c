//! The register that is shipped, Ofsted's own, and files with something wrong in them.

use super::fault::Fault;
use super::parse::{COLUMNS, FILE_BYTES_MAX};
use super::{
    Grade, OwnerSector, ProvisionType, Register, RegisterErrors, SIMULATED_REGISTER, Status, Strictness,
    SupportedOutcome, compare, parse_register,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const ROW: &str = "2590934,Children's home,K2,2020-06-25,Active,North East,E06000047,Durham,Private,4,,,P0763,Owner Ltd,\
                   2024-11-05,Good,Outstanding,Inadequate,";

fn file(rows: &[&str]) -> String {
    format!("{}\n{}\n", COLUMNS.join(","), rows.join("\n"))
}

fn strict(text: impl AsRef<[u8]>) -> Result<Register, RegisterErrors> {
    parse_register(text.as_ref(), Strictness::RefuseAny)
}

/// The errors of a file, as they are shown.
fn errors(text: impl AsRef<[u8]>) -> Vec<String> {
    let errors = strict(text).unwrap_err();
    assert_eq!(errors.total, errors.reported.len());
    errors.reported.iter().map(ToString::to_string).collect()
}

/// `ROW` with one column changed.
fn row_with(column: &str, value: &str) -> String {
    let index = COLUMNS.iter().position(|name| *name == column).unwrap();
    let mut fields: Vec<&str> = ROW.split(',').collect();
    fields[index] = value;
    fields.join(",")
}

/// The only error of a file whose second row has this value in this column.
fn error_in(column: &str, value: &str) -> String {
    let number = COLUMNS.iter().position(|name| *name == column).unwrap() + 1;
    let other = row_with("urn", "SC045099");
    let errors = errors(file(&[&other, &row_with(column, value)]));
    assert_eq!(errors.len(), 1, "{errors:?}");
    let place = format!("line 3, column {number} ({column}): ");
    errors[0].strip_prefix(&place).unwrap_or_else(|| panic!("{} is not at {place}", errors[0])).to_owned()
}

#[test]
fn a_row_is_read() {
    let register = strict(file(&[ROW])).unwrap();
    assert_eq!((register.rows_skipped, register.skipped.total), (0, 0));
    let [row] = register.rows.as_slice() else { panic!("one row") };
    assert_eq!(row.urn.as_str(), "2590934");
    assert_eq!((row.provision_type, row.place_code_903), (ProvisionType::ChildrensHome, "K2"));
    assert_eq!(row.registration_date.unwrap().to_string(), "2020-06-25");
    assert_eq!(row.last_inspection.unwrap().to_string(), "2024-11-05");
    assert_eq!((row.status, row.sector), (Status::Active, OwnerSector::Private));
    assert_eq!(
        (&*row.region, row.council.unwrap().gss(), &*row.local_authority),
        ("North East", "E06000047", "Durham")
    );
    assert_eq!((row.places, row.sa_premises, row.short_break_only), (Some(4), None, false));
    assert_eq!(row.owner_id.as_str(), "P0763");
    assert_eq!(
        (row.overall_grade, row.help_protection, row.leadership),
        (Grade::Good, Grade::Outstanding, Grade::Inadequate)
    );
    assert_eq!(row.sa_outcome, None);
    assert_eq!(&*row.owner, "Owner Ltd");
}

#[test]
fn ofsteds_own_register_is_read_without_an_error() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/ofsted_providers_2025-03-31.csv");
    let reader = std::fs::File::open(&path).unwrap_or_else(|error| {
        panic!(
            "this test needs Ofsted's register in shared/data beside the workspace ({}): {error}",
            path.display()
        )
    });
    let register = parse_register(reader, Strictness::RefuseAny).unwrap_or_else(|errors| panic!("{errors}"));
    let count = |of: ProvisionType| register.rows.iter().filter(|row| row.provision_type == of).count();
    assert_eq!(register.rows.len(), 5_446);
    assert_eq!(count(ProvisionType::ChildrensHome), 3_946);
    assert_eq!(count(ProvisionType::SupportedAccommodation), 893);
    assert_eq!(count(ProvisionType::IndependentFosteringAgency), 339);
    assert_eq!(count(ProvisionType::ResidentialFamilyCentre), 110);
    assert_eq!(count(ProvisionType::ResidentialSpecialSchool), 95);
    assert_eq!(count(ProvisionType::ResidentialSpecialSchoolAsHome), 49);
    assert_eq!(count(ProvisionType::SecureChildrensHome), 14);
    let is = |test: fn(&super::RegisterRow) -> bool| register.rows.iter().filter(|row| test(row)).count();
    assert_eq!(is(|row| row.status == Status::Suspended), 14);
    assert_eq!(is(|row| row.overall_grade == Grade::Unknown), 1_304);
    assert_eq!(is(|row| row.leadership == Grade::Outstanding), 714);
    assert_eq!(is(|row| row.sa_outcome == Some(SupportedOutcome::SeriousWeaknesses)), 5);
    assert_eq!(is(|row| row.short_break_only), 125);
    assert_eq!(is(|row| row.council.is_none()), 4);
    assert_eq!(is(|row| row.places.is_none()), 339);
    assert_eq!(is(|row| row.sector == OwnerSector::HealthAuthority), 7);

    // A changed copy, as next year's might be.
    let mut later = register.rows.clone();
    let gone = later.remove(7);
    let suspended = later.iter().position(|row| row.status == Status::Active).unwrap();
    later[suspended].status = Status::Suspended;
    let regraded = later.iter().rposition(|row| row.overall_grade == Grade::Good).unwrap();
    later[regraded].overall_grade = Grade::Inadequate;
    let changed = compare(&register.rows, &later);
    let mut told: Vec<_> = changed.iter().map(|it| (it.urn.clone(), it.change.word())).collect();
    told.sort_by_key(|(_, word)| *word);
    let expected = [
        (gone.urn, "NO_LONGER_LISTED"),
        (later[regraded].urn.clone(), "REGRADED"),
        (later[suspended].urn.clone(), "STATUS"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn the_simulated_register_is_read_and_says_that_it_is_simulated() {
    let register = strict(SIMULATED_REGISTER).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(register.rows.len(), 260);
    assert!(
        register
            .rows
            .iter()
            .all(|row| row.urn.as_str().starts_with("SIM") && row.owner_id.as_str().starts_with('S'))
    );
    // No real owner is named in the program.
    let owners: BTreeSet<_> =
        SIMULATED_REGISTER.lines().skip(1).map(|line| line.split(',').nth(13).unwrap()).collect();
    assert!(owners.iter().all(|owner| owner.starts_with("Simulated provider ")));
    let mut councils = BTreeMap::new();
    for row in &register.rows {
        let council = row.council.unwrap();
        // Ofsted says Durham where the ONS says County Durham.
        assert!(council.name().ends_with(&*row.local_authority), "{council}: {}", row.local_authority);
        assert_eq!(council.council().region, &*row.region, "{council}");
        councils.entry(row.region.as_ref()).or_insert_with(BTreeSet::new).insert(council);
    }
    let counts: Vec<_> = councils.iter().map(|(region, councils)| (*region, councils.len())).collect();
    assert_eq!(counts, [("East Midlands", 4), ("North East", 12), ("South West", 1)]);
    let homes = register.rows.iter().filter(|row| row.provision_type == ProvisionType::ChildrensHome).count();
    assert!((180..=200).contains(&homes), "{homes} of 260 are children's homes");
}

#[test]
fn a_wrong_value_is_named_with_its_place_and_what_is_expected() {
    for (column, value, message) in [
        ("urn", "", "is blank: expected a URN, such as SC045099 or 2590934"),
        (
            "urn",
            "SC 45",
            "\"SC 45\" is not a URN: expected 1 to 34 letters and digits, such as SC045099 or 2590934",
        ),
        (
            "urn",
            "S1234567890123456789012345678901234",
            "\"S1234567890123456789012345678901234\" is not a URN: expected 1 to 34 letters and digits, such as \
             SC045099 or 2590934",
        ),
        (
            "urn",
            "OWN-CARERS-E06000047",
            "\"OWN-CARERS-E06000047\" begins with OWN-CARERS-, as only the councils' own provision does: give it another",
        ),
        (
            "owner_id",
            "council-E06000047",
            "\"council-E06000047\" begins with council-, as only the councils' own provision does: give it another",
        ),
        ("urn", "SC045099", "\"SC045099\" is already on line 2: a URN is given once"),
        ("place_code_903", "K1", "\"K1\" is none of the values known here; expected \"K2\""),
        (
            "registration_date",
            "25/06/2020",
            "\"25/06/2020\" is not a date: expected year-month-day, such as 2025-03-31",
        ),
        (
            "registration_date",
            "2023-02-29",
            "\"2023-02-29\" is not a date: expected year-month-day, such as 2025-03-31",
        ),
        (
            "last_inspection",
            "20250331",
            "\"20250331\" is not a date: expected year-month-day, such as 2025-03-31",
        ),
        (
            "status",
            "active",
            "\"active\" is none of the values known here; expected \"Active\", \"Suspended\"",
        ),
        ("region", " ", "\" \" is blank: expected a region such as North East"),
        ("places", "four", "\"four\" is not a whole number from 0 to 10000"),
        ("places", "10001", "\"10001\" is not a whole number from 0 to 10000"),
        ("sa_premises", "65536", "\"65536\" is not a whole number from 0 to 65535"),
        ("places", "-1", "\"-1\" is not a whole number from 0 to 10000"),
        ("places", "+1", "\"+1\" is not a whole number from 0 to 10000"),
        ("places", "65536", "\"65536\" is not a whole number from 0 to 10000"),
        ("places", "٣", "\"٣\" is not a whole number from 0 to 10000"),
        ("places", "", "is blank: expected the number of places (only a fostering agency has none)"),
        ("owner_id", "", "is blank: expected an owner's id: 1 to 40 letters and digits, such as P0763"),
        (
            "utla_code",
            "W06000022",
            "\"W06000022\" is not the GSS code of an English authority with children's services, such as E06000015",
        ),
        (
            "utla_code",
            "",
            "is blank: expected the GSS code of an English authority with children's services, such as E06000015",
        ),
        (
            "overall_grade",
            "Satisfactory",
            "\"Satisfactory\" is none of the values known here; expected nothing, \"Inadequate\", \
             \"Requires improvement to be good\", \"Good\", \"Outstanding\"",
        ),
    ] {
        assert_eq!(error_in(column, value), message);
    }
    let message = error_in("provision_type", "Childrens home");
    assert!(
        message.starts_with(
            "\"Childrens home\" is none of the values known here; expected \"Children's home\", "
        ),
        "{message}"
    );
    let long = error_in("sector", &"x".repeat(500));
    assert!(long.starts_with(&format!("\"{}…\" is none of", "x".repeat(60))), "{long}");
}

#[test]
fn all_errors_of_a_row_are_found_and_twenty_are_shown() {
    let bad = "2590934,Home,K2,yesterday,Active,North East,E06000047,Durham,Private,4,,,P0763,Owner Ltd,,,,,";
    assert_eq!(errors(file(&[bad])).len(), 2);
    let rows = vec![bad; 15];
    let errors = strict(file(&rows)).unwrap_err();
    assert_eq!((errors.reported.len(), errors.total), (20, 30));
    assert_eq!(errors.reported[19].line, 11);
    let shown = errors.to_string();
    assert!(
        shown.starts_with("30 errors in the register:\n  line 2, column 2 (provision_type): \"Home\" is"),
        "{shown}"
    );
    assert!(shown.ends_with("\n  … and 10 more"), "{shown}");
    assert!(!shown.contains("Owner Ltd"));
}

/// `ROW` as that of a fostering agency, which leads to three establishments.
fn agency(urn: &str) -> String {
    let row = row_with("urn", urn).replace("Children's home,K2", "Independent Fostering Agency,U*");
    row.replace(",4,,,", ",,,,")
}

#[test]
fn an_agency_needs_a_urn_for_each_kind_of_fostering() {
    let (long, longest) = ("A".repeat(33), "A".repeat(32));
    assert!(strict(file(&[&agency(&longest), &row_with("urn", &"A".repeat(34))])).is_ok());
    let wrong = format!(
        "line 2, column 1 (urn): {long:?} is not a URN: expected 1 to 32 letters and digits, such as SC045099 or 2590934"
    );
    assert_eq!(errors(file(&[&agency(&long)])), [wrong]);
    for (first, second, named) in [
        (agency("7"), row_with("urn", "7-3"), "\"7-3\" and line 2 both lead to the URN 7-3"),
        (row_with("urn", "7-2"), agency("7"), "\"7\" and line 2 both lead to the URN 7-2"),
        (agency("7-2"), agency("7"), "\"7\" and line 2 both lead to the URN 7-2"),
    ] {
        let found = errors(file(&[&first, &second]));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(&format!("line 3, column 1 (urn): {named}, since")), "{}", found[0]);
    }
}

#[test]
fn bad_rows_are_skipped_only_when_asked() {
    let text = file(&[ROW, &row_with("places", "x"), ROW, "too,few", &row_with("urn", "2")]);
    assert_eq!(strict(&text).unwrap_err().total, 3);
    let register = parse_register(text.as_bytes(), Strictness::SkipBad).unwrap();
    let urns: Vec<_> = register.rows.iter().map(|row| row.urn.as_str()).collect();
    assert_eq!((urns.as_slice(), register.rows_skipped), (["2590934", "2"].as_slice(), 3));
    let faults: Vec<_> =
        register.skipped.reported.iter().map(|error| (error.line, error.fault.clone())).collect();
    let count = Fault::FieldCount { found: 2, expected: 19, open_quote: false };
    assert_eq!(faults, [(3, Fault::NotANumber(10_000)), (4, Fault::UrnTwice(2)), (5, count)]);
}

#[test]
fn lines_are_counted_as_an_editor_does() {
    let good = |urn: &str, name: &str| row_with("urn", urn).replace("Owner Ltd", name);
    let late = row_with("overall_grade", "Fair").replace("Owner Ltd", "\"Three\nLines\nLtd\"");
    let rows =
        [good("1", "\"A, \"\"B\"\"\nLtd\""), String::new(), good("2", "C"), row_with("places", "x"), late];
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let text = file(&rows);
    for text in [text.clone(), text.replace('\n', "\r\n"), format!("\u{feff}{text}"), format!("\r\n\n{text}")]
    {
        let shift = text.find("urn").map_or(0, |at| text[..at].matches('\n').count());
        let lines: Vec<_> =
            strict(&text).unwrap_err().reported.iter().map(|error| error.line - shift).collect();
        // Row 4 stands below a row of two lines and a blank one; the last row's grade below two more line ends.
        assert_eq!(lines, [6, 9], "{text:?}");
    }
    assert_eq!(strict(format!("\u{feff}{}", file(&[ROW]).replace('\n', "\r\n"))).unwrap().rows.len(), 1);
}

#[test]
fn a_quote_that_is_never_closed_is_pointed_out() {
    let text = file(&[ROW, &row_with("local_authority", "\"Durham"), &row_with("urn", "3")]);
    let errors = errors(text);
    assert_eq!(errors.len(), 1);
    assert!(errors[0].starts_with("line 3: 8 fields, but the first line names 19"), "{}", errors[0]);
    assert!(errors[0].ends_with("so a quote may not be closed"), "{}", errors[0]);
}

#[test]
fn wrong_columns_refuse_the_file_whatever_is_asked() {
    let text = file(&[ROW]).replace("status", "urn").replace(",places", ",beds");
    let refused = parse_register(text.as_bytes(), Strictness::SkipBad).unwrap_err();
    let faults: Vec<_> = refused.reported.iter().map(|error| error.fault.clone()).collect();
    let expected = [
        Fault::ColumnTwice(1),
        Fault::ColumnUnknown,
        Fault::ColumnMissing("status"),
        Fault::ColumnMissing("places"),
    ];
    assert_eq!(faults, expected);
    assert_eq!(
        refused.reported[0].to_string(),
        "line 1, column 5 (urn): \"urn\" is already column 1: keep one of the two"
    );
    // Any order will do.
    let reversed = |line: &str| line.split(',').rev().collect::<Vec<_>>().join(",");
    let text = format!("{}\n{}\n", reversed(&COLUMNS.join(",")), reversed(ROW));
    assert_eq!(strict(text).unwrap().rows, strict(file(&[ROW])).unwrap().rows);
}

#[test]
fn files_that_are_no_register_are_refused() {
    let fault = |bytes: &[u8]| strict(bytes).unwrap_err().reported[0].fault.clone();
    assert_eq!(fault(b""), Fault::Empty);
    assert_eq!(fault(b"\xEF\xBB\xBF\r\n\n"), Fault::Empty);
    assert_eq!(fault(file(&[]).as_bytes()), Fault::NoRows);
    assert_eq!(fault(b"\xFF\xFEu\0r\0n\0"), Fault::Utf16);
    assert_eq!(fault(b"\0\x01\xFE"), Fault::ColumnUnknown);
    assert_eq!(fault(&vec![b'x'; FILE_BYTES_MAX + 1]), Fault::TooLarge(FILE_BYTES_MAX));
}

#[test]
fn text_that_is_not_utf8_is_refused_but_not_in_the_owners_name() {
    let latin = |field: &str| {
        let text = file(&[&ROW.replace(field, "Caf@")]);
        text.bytes().map(|byte| if byte == b'@' { 0xE9 } else { byte }).collect::<Vec<_>>()
    };
    let shown = "line 2, column 8 (local_authority): \"Caf\u{fffd}\" is not UTF-8 text: save the file as \"CSV UTF-8\"";
    assert_eq!(errors(latin("Durham")), [shown]);
    assert_eq!(&*strict(latin("Owner Ltd")).unwrap().rows[0].owner, "");
}

#[test]
fn no_damage_to_a_file_panics() {
    let whole = file(&[ROW, &row_with("urn", "\"2\n\"")]).into_bytes();
    for at in 0..whole.len() {
        for byte in [b'"', b',', b'\n', b'\r', 0, 0xFF] {
            let mut damaged = whole.clone();
            damaged[at] = byte;
            for bytes in [damaged.as_slice(), &damaged[..at], &damaged[at..]] {
                // Whatever is taken under the strict rule is right, so the loose rule takes the same.
                if let Ok(register) = strict(bytes) {
                    assert_eq!(parse_register(bytes, Strictness::SkipBad).as_ref(), Ok(&register));
                    assert_eq!(register.rows_skipped, 0);
                }
            }
        }
    }
}

#[test]
fn what_changed_between_two_dates_is_told_by_registration() {
    let other = |urn: &str, rest: &[(usize, &str)]| {
        let mut fields: Vec<&str> = ROW.split(',').collect();
        fields[0] = urn;
        for (index, value) in rest {
            fields[*index] = value;
        }
        fields.join(",")
    };
    let column = |name: &str| COLUMNS.iter().position(|column| *column == name).unwrap();
    let (status, grade, places, owner) =
        (column("status"), column("overall_grade"), column("places"), column("owner_id"));
    let before =
        strict(file(&[&other("1", &[]), &other("2", &[]), &other("3", &[]), &other("4", &[])])).unwrap();
    let now = strict(file(&[
        &other("5", &[]),
        &other("3", &[(status, "Suspended"), (grade, "Inadequate"), (places, "3"), (owner, "P0001")]),
        &other("2", &[]),
        &other("1", &[(column("leadership"), "Good")]),
    ]));
    let changed = compare(&before.rows, &now.unwrap().rows);
    let told: Vec<_> = changed
        .iter()
        .map(|it| {
            let (before, now) = it.change.values();
            format!("{} {} {before}>{now}", it.urn, it.change.word())
        })
        .collect();
    let expected = [
        "3 STATUS Active>Suspended",
        "3 REGRADED Good>Inadequate",
        "3 PLACES 4>3",
        "3 OWNER P0763>P0001",
        "4 NO_LONGER_LISTED >",
        "5 NEW >",
    ];
    assert_eq!(told, expected);
    assert_eq!(compare(&before.rows, &before.rows), []);
}
