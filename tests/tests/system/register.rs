//! Ofsted's register: two dates compared, a date imported, and whom what changed touches.

use crate::commands::Desk;
use crate::process::run;
use crate::region::shared_data;
use serde_json::json;
use std::collections::BTreeMap;

/// A later date of the register suspends a home, on which a council has a hold.
#[tokio::test]
async fn two_dates_of_the_register_are_compared_and_whom_it_touches_is_told_to_those_who_may_know() {
    let desk = Desk::open().await;
    let lead = desk.token(&["--framework-lead", "d2n2"]);
    let provider = desk.token(&["--provider", "oak"]);
    let (derby, durham) = (desk.token(&["--council", "E06000015"]), desk.token(&["--council", "E06000047"]));
    let oak = ["vacancies", "register-provider", "--provider-id", "oak", "--display-name", "Oak"];
    desk.json(&lead, &oak);
    let home = json!({"urn": "1234567", "provider": "providers/oak", "provision": "RESIDENTIAL", "place_code": "K2", "utla": "E06000015",
        "sector": "DE1 2", "registered_on": "2020-06-25", "status": "REGISTRATION_STATUS_ACTIVE", "grade": "GOOD", "age_from": 8,
        "age_to": 17, "places_registered": 2})
    .to_string();
    desk.json(&lead, &["vacancies", "register-establishment", "--body", &home]);
    let own = ["--provider", "providers/oak"];
    let open = ["vacancies", "open-places", "--establishment", "establishments/1234567", "--count", "2"];
    desk.json(&provider, &[&open[..], &own].concat());
    let vacancy = r#"{"available_from": "2026-01-01", "age_from": 8, "age_to": 17}"#;
    let advertise = ["vacancies", "advertise-vacancy", "--place", "places/1234567-02", "--vacancy", vacancy];
    desk.json(&provider, &[&advertise[..], &own].concat());
    let referral = "councils/E06000015/referrals/0190f5c2-6b1e-7c3a-9d21-3f0c5a7e8b11";
    let hold = ["vacancies", "hold-place", "--council", "councils/E06000015", "--place", "places/1234567-02"];
    let of = ["--referral", referral, "--referral-version", "1", "--lease-seconds", "3600"];
    desk.json(&derby, &[&hold[..], &of].concat());

    let header = "urn,provision_type,place_code_903,registration_date,status,region,utla_code,local_authority,sector,places,sa_premises,\
                  short_break_only,owner_id,owner,last_inspection,overall_grade,help_protection,leadership,sa_outcome";
    let row = |urn: &str, status: &str| {
        format!(
            "{urn},Children's home,K2,2020-06-25,{status},East Midlands,E06000015,Derby,Private,2,,,S1,Simulated,2024-05-03,Good,Good,Good,"
        )
    };
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, rows: &[String]| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("{header}\n{}\n", rows.join("\n"))).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let before = file("before.csv", &[row("1234567", "Active"), row("1111111", "Active")]);
    let now = file("now.csv", &[row("1234567", "Suspended"), row("2222222", "Active")]);
    let compared = |more: &[&str]| {
        let arguments =
            [&["register", "compare", before.as_str(), now.as_str(), "--output", "json"], more].concat();
        let ended = run(arguments);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.json()
    };
    let told = compared(&[]);
    let changes: Vec<_> = told.as_array().unwrap().iter().map(|it| (&it["urn"], &it["change"])).collect();
    let expected = [("1111111", "NO_LONGER_LISTED"), ("1234567", "STATUS"), ("2222222", "NEW")];
    assert_eq!(changes.len(), expected.len());
    assert!(
        changes.iter().zip(expected).all(|((urn, change), (a, b))| **urn == a && **change == b),
        "{told}"
    );
    for (token, touched) in [(&lead, 1), (&derby, 1), (&durham, 0)] {
        let told = compared(&["--address", &desk.address, "--token", token]);
        let touches = told[1]["touches"].as_array().unwrap();
        assert_eq!(touches.len(), touched, "{told}");
        for it in touches {
            assert_eq!((&it["place"], &it["stage"]), (&json!("places/1234567-02"), &json!("HOLD")));
            // For which child a place is on hold is the council's own affair.
            assert_eq!(it["referral"], if token == &derby { referral } else { "" });
        }
    }
    let refused = run(["register", "compare", &before, "nowhere.csv"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    let table = run(["register", "compare", &before, &now]);
    assert!(
        table.stdout.contains("2 registrations before, 2 now: 1 NEW, 1 NO_LONGER_LISTED, 1 STATUS"),
        "{table:?}"
    );
}

/// The whole of England's register, and a copy of a year later in which a home is graded worse, one is suspended, one is gone and one is new.
#[tokio::test]
async fn the_whole_register_is_imported_and_a_changed_copy_changes_just_that() {
    let desk = Desk::open().await;
    let lead = desk.token(&["--framework-lead", "d2n2"]);
    let register = shared_data().join("ofsted_providers_2025-03-31.csv");
    let text = std::fs::read_to_string(&register).unwrap();
    let imported = |path: &str, as_of: &str| {
        let arguments = ["register", "import", path, "--as-of", as_of, "--output", "json"];
        let ended = desk.call(&lead, &arguments);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.json()
    };
    let first = imported(register.to_str().unwrap(), "2025-03-31");
    let registrations = text.lines().count() - 1;
    assert_eq!(registrations, 5_446);
    let establishments = first["rows"].as_u64().unwrap();
    assert_eq!(first["change_totals"], json!({ "NEW": establishments }), "all are new");
    assert!(
        establishments > 5_446,
        "an agency is one establishment for each kind of fostering: {establishments}"
    );
    assert_eq!(first["not_taken"], json!([]));
    eprintln!("{establishments} establishments were imported in {} ms", first["duration_ms"]);

    let again = imported(register.to_str().unwrap(), "2025-03-31");
    assert_eq!(again["change_totals"], json!({ "NEW": establishments }), "what it changed the first time");
    assert_eq!(
        again["changes"].as_array().unwrap().len(),
        usize::try_from(establishments).unwrap(),
        "and nothing since"
    );

    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let home = |lines: &[String], grade: &str| {
        let found = lines.iter().position(|line| {
            line.contains(",Children's home,K2,") && line.contains(",Active,") && line.contains(grade)
        });
        found.unwrap()
    };
    let worse = home(&lines, ",Good,Good,Good,");
    lines[worse] = lines[worse].replacen(",Good,Good,Good,", ",Inadequate,Good,Good,", 1);
    let suspended = home(&lines, ",Outstanding,Outstanding,");
    lines[suspended] = lines[suspended].replacen(",Active,", ",Suspended,", 1);
    let gone = home(&lines, ",Good,Good,Good,");
    let urn = |line: &str| line.split(',').next().unwrap().to_owned();
    let new = lines[gone].replacen(&urn(&lines[gone]), "SC999999", 1);
    let expected: BTreeMap<String, &str> = [
        (urn(&lines[worse]), "REGRADED"),
        (urn(&lines[suspended]), "STATUS"),
        (urn(&lines[gone]), "NO_LONGER_LISTED"),
        ("SC999999".to_owned(), "NEW"),
    ]
    .into();
    lines[gone] = new;
    let folder = tempfile::tempdir().unwrap();
    let later = folder.path().join("later.csv");
    std::fs::write(&later, lines.join("\n")).unwrap();
    let second = imported(later.to_str().unwrap(), "2026-03-31");
    let changes: BTreeMap<String, &str> = second["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let urn = it["establishment"].as_str().unwrap().trim_start_matches("establishments/");
            (urn.to_owned(), it["change"].as_str().unwrap())
        })
        .collect();
    assert_eq!(changes, expected);
    let gone = expected.iter().find(|(_, change)| **change == "NO_LONGER_LISTED").unwrap().0;
    let name = format!("establishments/{gone}");
    let home = desk.json(&lead, &["vacancies", "get-establishment", "--name", &name]);
    assert_eq!(home["status"], "REGISTRATION_STATUS_RESIGNED");

    let older = desk.call(&lead, &["register", "import", later.to_str().unwrap(), "--as-of", "2025-12-31"]);
    assert_eq!(older.code, Some(1), "{older:?}");
    assert!(older.stderr.contains("2026-03-31 has been imported"), "{older:?}");
    let derby = desk.token(&["--council", "E06000015"]);
    let touched = desk.json(&derby, &["register", "touched", "--as-of", "2026-03-31"]);
    assert_eq!(touched, json!({ "changes": [], "not_taken": [] }), "Derby has nobody there");
    let denied = desk.call(&derby, &["register", "import", later.to_str().unwrap(), "--as-of", "2026-06-30"]);
    assert_eq!(denied.code, Some(1), "a council keeps no register: {denied:?}");
}
