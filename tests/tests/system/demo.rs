//! `brokerage demo`, as a newcomer runs it: what it prints, that a seed makes the same region again, and that the region is served
//! afterwards.

use crate::process::{Server, demo, read_logs, run, token};
use crate::region::{council, shared_data};
use eventlog::Service;
use serde_json::Value;
use std::path::Path;

fn number(summary: &Value, key: &str) -> i64 {
    summary[key].as_i64().unwrap_or_else(|| panic!("{key} is not a number in {summary:#}"))
}

/// Every key that is promised, with values that fit together.
fn assert_sound(summary: &Value, referrals: i64) {
    assert_eq!(number(summary, "councils"), 17);
    assert_eq!(number(summary, "referrals_posted"), referrals);
    for key in [
        "providers",
        "establishments",
        "places_registered",
        "offers",
        "declines",
        "shortlisted",
        "questions_answered",
        "awards_confirmed",
        "agreements",
        "placements_started",
        "nights_billed",
        "invoices",
        "invoiced_pence",
        "duration_ms",
    ] {
        assert!(number(summary, key) > 0, "{key} in {summary:#}");
    }
    assert!(number(summary, "awards_refused") >= 0);
    assert!(number(summary, "searches") > referrals, "each child was searched for");
    assert_eq!(number(summary, "searches_replayed_equal"), number(summary, "searches"));
    assert_eq!(number(summary, "awards_confirmed"), number(summary, "agreements"));
    let ended_up = number(summary, "awards_confirmed")
        + number(summary, "referrals_open")
        + number(summary, "referrals_withdrawn");
    assert_eq!(ended_up, referrals, "every child has a home, still seeks one, or was withdrawn");
    assert!(number(summary, "placements_started") <= number(summary, "agreements"));
    assert!(number(summary, "places_registered") >= number(summary, "establishments"));
    let ledgers = summary["ledgers"].as_array().unwrap();
    assert_eq!(ledgers.len(), 17);
    for ledger in ledgers {
        assert!(ledger["council"].is_string(), "{ledger}");
        assert_eq!(ledger["balanced"], true, "{ledger}");
        assert_eq!(number(ledger, "debits_pence"), number(ledger, "credits_pence"));
    }
    let of_all = |key| ledgers.iter().map(|ledger| number(ledger, key)).sum::<i64>();
    assert_eq!(of_all("invoiced_pence"), number(summary, "invoiced_pence"));
    assert_eq!(of_all("nights_billed"), number(summary, "nights_billed"));
    let logs = summary["logs"].as_array().unwrap();
    assert_eq!(logs.len(), 2 + 3 * 17);
    let events = logs.iter().map(|log| number(log, "events")).sum::<i64>();
    let audit = &summary["audit"];
    assert_eq!(audit["verified"], true, "{audit}");
    assert_eq!((number(audit, "logs"), number(audit, "events")), (53, events));
    assert!(events > referrals * 10, "{events} events");
}

/// What two runs of one seed have in common: everything but the time taken and the roots, which hang on random keys.
pub(crate) fn comparable(mut summary: Value) -> Value {
    summary["duration_ms"].take();
    for log in summary["logs"].as_array_mut().unwrap() {
        log["root"].take();
    }
    summary
}

/// An event: its log, stream, version in the stream, type, instant and payload.
type Happened = (String, String, Option<u64>, String, String, String);

/// What is written down as it comes from several at once: the market's and the contracts' part in awards that race. It is the same
/// for the same seed, but its order within a stream is not.
const RACING: [&str; 5] = ["PlaceClaimed", "ClaimRefused", "ProposalNoted", "ClaimNoted", "ProposalLapsed"];

/// Whatever is sealed is the same every time but for its key, its nonce and with them its ciphertext.
fn leave_out_sealed(payload: &mut Value) {
    match payload {
        Value::Object(fields) if fields.contains_key("ciphertext") => {
            *payload = Value::String("sealed".to_owned())
        }
        Value::Object(fields) => fields.values_mut().for_each(leave_out_sealed),
        Value::Array(items) => items.iter_mut().for_each(leave_out_sealed),
        _ => {}
    }
}

/// Everything that happened, sorted, but for what is sealed under keys that are random. Audit's own logs are left out: how many
/// events go into one of its entries depends on how busy the machine is.
async fn happened(data: &Path) -> Vec<Happened> {
    let mut happened = Vec::new();
    for (log, events) in read_logs(data).await.into_iter().filter(|(log, _)| log.service != Service::Audit) {
        for event in events {
            let mut payload: Value = serde_json::from_slice(&event.payload).unwrap();
            leave_out_sealed(&mut payload);
            let version = (!RACING.contains(&event.event_type.as_str())).then_some(event.stream_version);
            let (stream, event_type) = (event.stream.to_string(), event.event_type.clone());
            let at = event.meta.recorded_at.to_string();
            happened.push((log.to_string(), stream, version, event_type, at, payload.to_string()));
        }
    }
    happened.sort();
    happened
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seed_makes_the_same_region_again_and_another_another() {
    let folder = tempfile::tempdir().unwrap();
    let [first, again, other] = ["first", "again", "other"].map(|name| folder.path().join(name));
    let summary = demo(&first, &["--seed", "5"]);
    assert_sound(&summary, 40);
    assert_eq!(comparable(demo(&again, &["--seed", "5"])), comparable(summary.clone()));
    let (happened_first, happened_again) = (happened(&first).await, happened(&again).await);
    for (first, again) in happened_first.iter().zip(&happened_again) {
        assert_eq!(first, again);
    }
    assert_eq!(happened_first.len(), happened_again.len());
    assert_ne!(comparable(demo(&other, &["--seed", "6"])), comparable(summary));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_register_is_lived_on_and_the_region_is_served_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("region");
    let register = shared_data().join("ofsted_providers_2025-03-31.csv");
    let summary = demo(&data, &["--register", register.to_str().unwrap()]);
    assert_sound(&summary, 40);
    assert!(number(&summary, "establishments") > 400, "the register has more of the region than {summary:#}");
    let (server, address) = Server::start(&data).await;
    for told in summary["ledgers"].as_array().unwrap() {
        let gss = told["council"].as_str().unwrap();
        let token = token(&data, council(gss));
        let (address, parent) = (format!("http://{address}"), format!("councils/{gss}"));
        let ended = run([
            "invoicing",
            "get-ledger",
            "--parent",
            &parent,
            "--address",
            &address,
            "--token",
            &token,
            "--output",
            "json",
        ]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let ledger = ended.json();
        for key in
            ["debits_pence", "credits_pence", "balanced", "nights_billed", "invoices", "invoiced_pence"]
        {
            assert_eq!(ledger[key], told[key], "{key} of {gss}");
        }
    }
    assert_eq!(server.terminate(), Some(0));
}

/// A register as Ofsted prints it, cut down to one row that can be broken.
fn register_with(places: &str) -> String {
    let text = std::fs::read_to_string(shared_data().join("ofsted_providers_2025-03-31.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let heading: Vec<&str> = lines[0].split(',').collect();
    let column =
        heading.iter().position(|name| name.trim_matches('"').eq_ignore_ascii_case("places")).unwrap();
    // Rows without quotes, so that commas part the columns.
    let rows = lines[1..].iter().filter(|line| !line.contains('"')).take(400);
    let mut rows: Vec<Vec<&str>> = rows.map(|line| line.split(',').collect()).collect();
    rows[6][column] = places;
    let rows: Vec<String> = rows.into_iter().map(|row| row.join(",")).collect();
    format!("{}\n{}\n", lines[0], rows.join("\n"))
}

#[test]
fn a_broken_register_is_refused_with_line_and_column_unless_bad_rows_may_be_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let (data, register) = (folder.path().join("region"), folder.path().join("register.csv"));
    let (data_arg, register_arg) = (data.to_str().unwrap(), register.to_str().unwrap());
    std::fs::write(&register, register_with("four")).unwrap();
    let arguments =
        ["demo", "--referrals", "10", "--output", "json", "--data-dir", data_arg, "--register", register_arg];
    let refused = run(arguments);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    for part in ["register.csv", "line 8", "laces", "four"] {
        assert!(refused.stderr.contains(part), "{part:?} is not in {}", refused.stderr);
    }
    assert_eq!(refused.stdout, "");
    assert!(!data.exists(), "nothing is imported of a broken file");
    let skipped = run(arguments.iter().chain(&["--skip-bad-rows"]));
    assert_eq!(skipped.code, Some(0), "{skipped:?}");
    assert!(
        skipped.stderr.contains("1 rows of the register were left out") && skipped.stderr.contains("line 8")
    );
    assert_eq!(skipped.json()["referrals_posted"], 10);
}

/// What the market's register would refuse row by row is refused of the file, with line and column, before anything is imported;
/// and the longest and largest that pass the file pass the market too.
#[test]
fn a_register_that_the_market_would_refuse_is_refused_before_anything_is_imported() {
    let folder = tempfile::tempdir().unwrap();
    let register = folder.path().join("register.csv");
    let (register_arg, data) = (register.to_str().unwrap(), folder.path().join("region"));
    let columns = "urn,provision_type,place_code_903,registration_date,status,region,utla_code,local_authority,sector,places,\
                   sa_premises,short_break_only,owner_id,owner,last_inspection,overall_grade,help_protection,leadership,sa_outcome";
    let home = |urn: &str, places: &str| {
        format!(
            "{urn},Children's home,K2,,Active,North East,E06000047,Durham,Private,{places},,,P1,O,,Good,,,"
        )
    };
    let agency = |urn: &str| {
        format!(
            "{urn},Independent Fostering Agency,U*,,Active,North East,E06000047,Durham,Private,,,,P2,O,,,,,"
        )
    };
    let right = [home(&"H".repeat(34), "10000"), agency(&"F".repeat(32))];
    let wrong = [
        home("1", "10001"),
        home(&"W".repeat(35), "4"),
        agency(&"W".repeat(33)),
        home("OWN-CARERS-E06000047", "4"),
        home(&format!("{}-2", "F".repeat(32)), "4"),
    ];
    std::fs::write(&register, format!("{columns}\n{}\n{}\n", right.join("\n"), wrong.join("\n"))).unwrap();
    let referrals = ["demo", "--referrals", "400", "--output", "json", "--register", register_arg];
    let refused = run(referrals.iter().chain(&["--data-dir", data.to_str().unwrap()]));
    assert_eq!(refused.code, Some(1), "{refused:?}");
    for part in [
        "5 errors",
        "line 4, column 10 (places)",
        "line 5, column 1 (urn)",
        "line 6, column 1 (urn)",
        "line 7, column 1 (urn)",
        "line 8, column 1 (urn)",
    ] {
        assert!(refused.stderr.contains(part), "{part:?} is not in {}", refused.stderr);
    }
    assert!(!data.exists(), "nothing is imported of a broken file");
    let skipped = run(referrals.iter().chain(&["--skip-bad-rows"]));
    assert_eq!(skipped.code, Some(0), "{skipped:?}");
    assert!(skipped.stderr.contains("5 rows of the register were left out"), "{skipped:?}");
    assert_eq!(skipped.json()["referrals_posted"], 400);
}

#[test]
fn a_folder_with_something_in_it_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("note.txt");
    std::fs::write(&note, "keep me").unwrap();
    let refused = run(["demo", "--data-dir", folder.path().to_str().unwrap()]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("not empty"), "{refused:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(std::fs::read_to_string(note).unwrap(), "keep me");
}
