//! The binary as people use it: tokens, client commands, what they print and how they end.

use crate::process::{Ended, Server, brokerage, run};
use serde_json::{Value, json};
use service_kit::token::TokenKeys;
use std::path::Path;

/// A region and where it is.
pub(crate) struct Desk {
    pub(crate) address: String,
    data: String,
    _server: Server,
    _folder: tempfile::TempDir,
}

impl Desk {
    pub(crate) async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("region");
        let (server, address) = Server::start(&data).await;
        let data = data.to_str().unwrap().to_owned();
        Self { address: format!("http://{address}"), data, _server: server, _folder: folder }
    }

    /// A token as `brokerage token issue` prints it.
    pub(crate) fn token(&self, role: &[&str]) -> String {
        self.token_and_id(role).0
    }

    /// The token and its id, which is said on stderr so that the token can be revoked later.
    fn token_and_id(&self, role: &[&str]) -> (String, String) {
        let ended = run(["token", "issue", "--data-dir", &self.data].iter().chain(role));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let id = ended.stderr.strip_prefix("token id ").unwrap_or_else(|| panic!("{ended:?}"));
        (ended.stdout.trim().to_owned(), id.trim().to_owned())
    }

    pub(crate) fn call(&self, token: &str, arguments: &[&str]) -> Ended {
        run(arguments.iter().chain(&["--address", &self.address, "--token", token]))
    }

    pub(crate) fn json(&self, token: &str, arguments: &[&str]) -> Value {
        let ended = self.call(token, &[arguments, &["--output", "json"]].concat());
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended.json()
    }
}

/// What an unverified token says of itself.
fn claims(token: &str) -> Value {
    use base64::Engine;
    let body = token.split('.').nth(1).unwrap();
    let decoded = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(body).unwrap();
    serde_json::from_slice(&decoded).unwrap()
}

const COUNCIL: [&str; 2] = ["--council", "E06000015"];

fn requirements() -> String {
    json!({
        "provisions": ["RESIDENTIAL"], "age_years": 14, "sex": "F", "needs": ["TRAUMA"], "category_of_need": "N1",
        "legal_status": "C1", "urgency": "PLANNED", "needed_from": care::london_date(care::Timestamp::now()).to_string(),
        "anchor": "DE1 2",
    })
    .to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_made_for_each_role_spent_and_revoked() {
    let desk = Desk::open().await;
    let roles: [(&[&str], &str, &str, &[&str]); 4] = [
        (
            &COUNCIL,
            "council",
            "E06000015",
            &["referrals", "list-referrals", "--parent", "councils/E06000015"],
        ),
        (
            &["--council", "831"],
            "council",
            "E06000015",
            &["invoicing", "get-ledger", "--parent", "councils/E06000015"],
        ),
        (&["--provider", "p1"], "provider", "p1", &["vacancies", "list-places", "--parent", "providers/p1"]),
        (&["--framework-lead", "d2n2"], "framework_lead", "d2n2", &["audit", "list-logs"]),
    ];
    for (flags, role, id, command) in roles {
        let token = desk.token(flags);
        let claims = claims(&token);
        assert_eq!((&claims["role"], &claims["id"]), (&json!(role), &json!(id)));
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 12 * 3_600);
        let ended = desk.call(&token, command);
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    let ledger = ["invoicing", "get-ledger", "--parent", "councils/E06000015"];
    let once = desk.token(&[&COUNCIL[..], &["--once"]].concat());
    assert_eq!(desk.call(&once, &ledger).code, Some(0));
    let replayed = desk.call(&once, &ledger);
    assert_eq!(replayed.code, Some(2), "{replayed:?}");
    assert!(replayed.stderr.contains("TOKEN_REPLAYED"), "{replayed:?}");
    let (token, id) = desk.token_and_id(&COUNCIL);
    assert_eq!(claims(&token)["jti"], json!(id));
    assert_eq!(desk.call(&token, &ledger).code, Some(0));
    let by_id = run(["token", "revoke", &id, "--data-dir", &desk.data]);
    assert_eq!(by_id.code, Some(0), "{by_id:?}");
    assert!(by_id.stderr.contains("cannot be known"), "{by_id:?}");
    let revoked = desk.call(&token, &ledger);
    assert_eq!(revoked.code, Some(2), "{revoked:?}");
    assert!(revoked.stderr.contains("TOKEN_REVOKED"), "{revoked:?}");
    let another = desk.token(&COUNCIL);
    let by_itself = run(["token", "revoke", &another, "--data-dir", &desk.data]);
    assert_eq!((by_itself.code, by_itself.stderr.as_str()), (Some(0), ""), "{by_itself:?}");
    assert_eq!(desk.call(&another, &ledger).code, Some(2));
    let nonsense = run(["token", "revoke", "the-one-of-monday", "--data-dir", &desk.data]);
    assert_eq!(nonsense.code, Some(2), "{nonsense:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_for_exactly_one_role_with_an_id_that_exists() {
    let desk = Desk::open().await;
    for (flags, hint) in [
        (&[][..], "--council"),
        (&["--council", "E06000015", "--provider", "p1"], "cannot be used with"),
        (&["--council", "E99999999"], "E99999999"),
        (&["--provider", ""], "--provider"),
        (&["--council", "831", "--hours", "0"], "--hours"),
        (&["--council", "831", "--subject", "Jane Doe"], "subject"),
        // Bournemouth, Christchurch and Poole.
        (&["--council", "E06000058"], "E06000015 (Derby)"),
        (&["--framework-lead", "d2n3"], "d2n2, tyne-tees"),
    ] {
        let ended = run(["token", "issue", "--data-dir", &desk.data].iter().chain(flags));
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{flags:?}: {ended:?}");
        assert!(ended.stderr.contains(hint), "{flags:?}: {ended:?}");
    }
}

#[test]
fn no_token_is_made_or_ended_where_there_is_no_region() {
    let folder = tempfile::tempdir().unwrap();
    let mistyped = folder.path().join("dta");
    let data = mistyped.to_str().unwrap();
    let id = uuid::Uuid::new_v4().to_string();
    for command in [&["issue", "--council", "831"][..], &["revoke", &id]] {
        let ended = run(["token"].iter().chain(command).chain(&["--data-dir", data]));
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{command:?}: {ended:?}");
        let hint = format!("brokerage run --data-dir {data}");
        assert!(ended.stderr.contains(&hint), "{command:?}: {ended:?}");
        assert!(!mistyped.exists(), "{command:?} made a folder");
    }
}

#[test]
fn a_token_is_signed_with_the_keys_that_the_services_of_a_region_share() {
    let folder = tempfile::tempdir().unwrap();
    let (data, keys) = (folder.path().join("referrals"), folder.path().join("tokens"));
    service_kit::Region::load_or_create(&data).unwrap();
    let issue = || {
        let where_to = ["--data-dir", data.to_str().unwrap(), "--token-keys", keys.to_str().unwrap()];
        run(["token", "issue"].iter().chain(&COUNCIL).chain(&where_to))
    };
    let refused = issue();
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.stderr.contains("there are no keys here") && !keys.exists(), "{refused:?}");
    let shared = TokenKeys::load_or_create(&keys).unwrap();
    let issued = issue();
    assert_eq!(issued.code, Some(0), "{issued:?}");
    shared.verify(issued.stdout.trim(), care::Timestamp::now()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_council_posts_and_reads_a_referral_as_json_and_as_a_table() {
    let desk = Desk::open().await;
    let token = desk.token(&COUNCIL);
    let requirements = requirements();
    let posted = desk.json(
        &token,
        &["referrals", "post", "--parent", "councils/E06000015", "--requirements", &requirements],
    );
    let name = posted["name"].as_str().unwrap();
    assert_eq!(
        (&posted["stage"], &posted["requirements"]["urgency"]),
        (&json!("REFERRAL_STAGE_OPEN"), &json!("PLANNED"))
    );
    // The same from a file, with a field that a flag overrides, and a request id of one's own, twice.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("referral.json");
    std::fs::write(&file, json!({"parent": "councils/E06000059", "requirements": serde_json::from_str::<Value>(&requirements).unwrap()}).to_string()).unwrap();
    let body = format!("@{}", file.display());
    let from_file = [
        "referrals",
        "post-referral",
        "--body",
        &body,
        "--parent",
        "councils/E06000015",
        "--request-id",
        "r-1",
    ];
    let second = desk.json(&token, &from_file);
    assert_eq!(desk.json(&token, &from_file), second, "the same request id: the same answer");
    assert_ne!(second["name"], posted["name"]);
    let listed = desk
        .json(&token, &["referrals", "list-referrals", "--parent", "councils/E06000015", "--stage", "open"]);
    assert_eq!(listed["referrals"].as_array().unwrap().len(), 2);
    let table = desk.call(&token, &["referrals", "get-referral", "--name", name]);
    assert_eq!((table.code, table.stderr.as_str()), (Some(0), ""), "{table:?}");
    assert!(table.stdout.contains(name) && table.stdout.contains("DE1 2"), "{table:?}");
    assert!(serde_json::from_str::<Value>(&table.stdout).is_err(), "a table is for people");
    let verified =
        desk.call(&desk.token(&["--framework-lead", "d2n2"]), &["audit", "verify-logs", "--output", "json"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let last: Value = serde_json::from_str(verified.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(last["summary"]["verified"], true, "{last}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_end_with_1_for_a_no_and_with_2_for_what_is_wrong_in_themselves() {
    let desk = Desk::open().await;
    let token = desk.token(&COUNCIL);
    let unknown = "councils/E06000015/referrals/00000000-0000-4000-8000-000000000000";
    // The region's no.
    for (arguments, reason) in [
        (&["referrals", "get-referral", "--name", unknown][..], "REFERRAL_UNKNOWN"),
        (&["invoicing", "get-ledger", "--parent", "councils/E06000018"], "NOT_YOURS"),
    ] {
        let no = desk.call(&token, arguments);
        assert_eq!((no.code, no.stdout.as_str()), (Some(1), ""), "{no:?}");
        assert!(no.stderr.starts_with("error: ") && no.stderr.contains(reason), "{no:?}");
    }
    let no = desk.call(&token, &["referrals", "get-referral", "--name", unknown, "--output", "json"]);
    assert_eq!((no.code, &no.json()["error"]["reason"]), (Some(1), &json!("REFERRAL_UNKNOWN")));
    // Wrong in itself: said by the region, by the reader of JSON with line and column, or by the parser of flags.
    let wrong = desk.call(&token, &["referrals", "list-referrals", "--parent", "Derby"]);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(wrong.stderr.contains("parent:"), "{wrong:?}");
    for (arguments, hint) in [
        (
            &["referrals", "post", "--parent", "councils/E06000015", "--requirements", "{\"sex\": \"F\",\n}"]
                [..],
            "line 2 column 1",
        ),
        (&["referrals", "post", "--body", "{\"parent\": \"councils/E06000015\", \"colour\": 1}"], "colour"),
        (&["referrals", "post", "--body", "[]"], "expected a JSON object"),
        (&["referrals", "post", "--body", "@/nowhere/referral.json"], "/nowhere/referral.json"),
        (&["referrals", "list-referrals", "--page-size", "many"], "--page-size"),
        (&["referrals", "list-referrals", "--stage", "lost"], "award-in-progress"),
        (&["referrals", "post", "--colour", "red"], "--colour"),
        (&["referrals", "sing"], "sing"),
        (
            &["referrals", "post", "--requirements", r#"{"funders": [{"basis_points": "all"}]}"#],
            "--requirements: funders[0].basis_points: expected a whole number",
        ),
    ] {
        let ended = desk.call(&token, arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains(hint), "{arguments:?}: {ended:?}");
    }
    let missing = run(["audit", "list-logs", "--address", &desk.address]);
    assert_eq!(missing.code, Some(2), "{missing:?}");
    assert!(missing.stderr.contains("TOKEN_MISSING"), "{missing:?}");
    let long = desk.call(&"x".repeat(20_000), &["audit", "list-logs"]);
    assert_eq!((long.code, long.stdout.as_str()), (Some(2), ""), "{long:?}");
    assert!(long.stderr.contains("--token: the token has 20000 bytes"), "{long:?}");
}

/// The example of a referral is posted as it stands in README.md, whatever today is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_readmes_referral_is_posted_as_it_stands() {
    let desk = Desk::open().await;
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let from = readme.find("brokerage referrals post").unwrap();
    let example = &readme[from..from + readme[from..].find("\nbrokerage ").unwrap()];
    let fixed = example
        .as_bytes()
        .windows(3)
        .any(|text| text[0] == b'2' && text[1] == b'0' && text[2].is_ascii_digit());
    assert!(!fixed, "a date in it will be in the past one day: {example}");
    let script = format!("brokerage() {{ \"$PROGRAM\" \"$@\"; }}\n{example}");
    let posted = std::process::Command::new("sh")
        .args(["-c", &script])
        .env("PROGRAM", crate::region::program())
        .env("BROKERAGE_ADDRESS", &desk.address)
        .env("BROKERAGE_TOKEN", desk.token(&COUNCIL))
        .output()
        .unwrap();
    assert_eq!(posted.status.code(), Some(0), "{posted:?}");
    assert!(String::from_utf8(posted.stdout).unwrap().contains("DE1 2"));
}

/// A question that is answered with "no" ends with 1, and the table says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_off_that_is_not_allowed_ends_with_1_and_a_no_in_the_table() {
    let desk = Desk::open().await;
    let token = desk.token(&COUNCIL);
    let today = care::london_date(care::Timestamp::now()).to_string();
    let check = |justification: &str| {
        let route = json!({"spot": {"justification": justification}}).to_string();
        let words = [
            "contracts",
            "check-call-off",
            "--parent",
            "councils/E06000015",
            "--provider",
            "providers/p1",
            "--establishment",
            "establishments/SC000001",
            "--provision",
            "RESIDENTIAL",
            "--grade",
            "GOOD",
            "--age-years",
            "12",
            "--start",
            &today,
            "--lines",
            r#"{"kind": "CORE", "weekly_pence": 500000}"#,
            "--funders",
            r#"{"funder": "SOCIAL_CARE", "basis_points": 10000}"#,
            "--route",
            &route,
        ];
        words.map(str::to_owned)
    };
    let ask = |justification: &str, more: &[&str]| {
        let words = check(justification);
        let words: Vec<&str> = words.iter().map(String::as_str).chain(more.iter().copied()).collect();
        desk.call(&token, &words)
    };
    let says = |ended: &Ended, line: &[&str]| {
        let mut lines = ended.stdout.lines();
        assert!(
            lines.any(|found| found.split('\t').collect::<Vec<_>>() == line),
            "{line:?} is not in {ended:?}"
        );
    };
    let yes = ask("no framework provider had a place", &[]);
    assert_eq!(yes.code, Some(0), "{yes:?}");
    says(&yes, &["allowed", "yes"]);
    let no = ask("", &[]);
    assert_eq!((no.code, no.stderr.as_str()), (Some(1), ""), "{no:?}");
    says(&no, &["allowed", "no"]);
    says(&no, &["SPOT_NOT_JUSTIFIED", "no", "no justification is given"]);
    let json = ask("", &["--output", "json"]);
    assert_eq!((json.code, &json.json()["allowed"]), (Some(1), &json!(false)));
}

#[test]
fn an_address_that_cannot_be_one_is_a_slip_of_the_command() {
    for wrong in ["127.0.0.1:50051", "http://region.example", "https://region.example:443", "http:///"] {
        let ended = run(["audit", "list-logs", "--address", wrong, "--token", "x"]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{wrong}: {ended:?}");
        assert!(ended.stderr.contains("--address") && ended.stderr.contains("http://HOST:PORT"), "{ended:?}");
    }
}

#[test]
fn commands_end_with_69_where_nothing_answers() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let address = format!("http://{free}");
    let ended = run(["audit", "list-logs", "--address", &address, "--token", "x"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(69), ""), "{ended:?}");
    assert!(ended.stderr.contains(&address) && ended.stderr.contains("brokerage run"), "{ended:?}");
    // An address that somebody else has.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let ended = run(["run", "--listen", &address, "--data-dir", folder.path().to_str().unwrap()]);
    assert_eq!(ended.code, Some(69), "{ended:?}");
    assert!(ended.stderr.contains(&address), "{ended:?}");
}

#[test]
fn an_address_that_others_can_reach_needs_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("region");
    let ended = run(["run", "--listen", "0.0.0.0:0", "--data-dir", data.to_str().unwrap()]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("--behind-tls-proxy"), "{ended:?}");
    assert!(!Path::new(&data).exists());
}

#[test]
fn every_list_of_codes_can_be_seen_and_help_says_where() {
    let all = run(["codes", "--output", "json"]);
    assert_eq!(all.code, Some(0), "{all:?}");
    let lists = all.json()["lists"].as_array().unwrap().clone();
    assert_eq!(lists.len(), care::code_sets::ALL.len());
    for (told, set) in lists.iter().zip(care::code_sets::ALL) {
        let codes = told["codes"].as_array().unwrap().iter().map(|code| code["code"].as_str().unwrap());
        assert_eq!(told["list"], json!(set.name));
        assert!(codes.eq(set.codes.iter().map(|code| code.code)), "{told}");
    }
    let place = run(["codes", "place"]);
    assert_eq!(place.code, Some(0), "{place:?}");
    let line = |code: &str| place.stdout.lines().find(|line| line.starts_with(&format!("PLACE\t{code}\t")));
    assert_eq!(line("K3"), Some("PLACE\tK3\tRegistered supported accommodation\tfrom 2024"));
    assert!(line("H5").is_some_and(|line| line.ends_with("\tuntil 2024")), "{place:?}");
    let wrong = run(["codes", "COLOURS"]);
    assert_eq!((wrong.code, wrong.stdout.as_str()), (Some(2), ""), "{wrong:?}");
    assert!(wrong.stderr.contains("REASON_PLACE_CHANGE"), "{wrong:?}");
    let help = run(["contracts", "end-placement", "--help"]);
    assert!(help.stdout.contains("brokerage codes REASON_PLACE_CHANGE"), "{help:?}");
}

#[test]
fn every_command_says_what_it_is_for() {
    let help = run(["--help"]);
    assert_eq!(help.code, Some(0));
    let services = ["referrals", "vacancies", "contracts", "invoicing", "audit"];
    for word in services.into_iter().chain([
        "run",
        "demo",
        "token",
        "Exit codes: 0 yes, 1 a domain \"no\", 2 usage, 69 unavailable",
    ]) {
        assert!(help.stdout.contains(word), "{word} is not in {}", help.stdout);
    }
    for (command, flag) in [("run", "--data-dir"), ("demo", "--seed"), ("token", "revoke"), ("bench", "--")] {
        let help = run([command, "--help"]);
        assert_eq!(help.code, Some(0));
        assert!(help.stdout.contains(flag), "{help:?}");
    }
    for service in services {
        let help = run([service, "--help"]);
        assert_eq!(help.code, Some(0));
        // Every method stands there with what it does.
        let verbs =
            help.stdout.lines().filter(|line| line.starts_with("  ") && line.trim_start().contains("  "));
        assert!(verbs.count() >= 6, "{}", help.stdout);
    }
    let post = run(["referrals", "post-referral", "--help"]);
    for flag in [
        "--parent",
        "--requirements",
        "--identity",
        "--request-id",
        "--address",
        "--token",
        "--output",
        "--body",
    ] {
        assert!(post.stdout.contains(flag), "{flag} is not in {}", post.stdout);
    }
    let nothing = run::<&str>([]);
    assert_eq!(nothing.code, Some(2));
}

/// A script that keeps the result must not take an empty file for one.
#[test]
fn a_result_that_could_not_be_written_is_not_success() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let ended = brokerage().args(["codes", "NEED"]).stdout(full).output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(69), "{said}");
    assert!(said.contains("the result could not be written"), "{said}");
    // A reader that has seen enough is no fault of the command's.
    let piped = brokerage().args(["codes"]).stdout(std::process::Stdio::piped()).spawn();
    let mut piped = piped.unwrap();
    drop(piped.stdout.take());
    assert_eq!(piped.wait().unwrap().code(), Some(0));
}
