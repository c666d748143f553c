//! Requests that cannot be granted: each is refused by its own reason, names the field, and leaves everything as it was.

use crate::process::files;
use crate::region::reason;
use crate::samples::{Names, own_sample};
use crate::seed::{Side, two_sides};
use crate::wire::{ask, call, from_json, method, methods};
use crate::world::{Party, World, award, heads, offered, post, referral_of, release, requirements};
use api::contracts::{CreateFrameworkRequest, Regime};
use api::referrals::{AwardState, GetReferralRequest};
use api::vacancies::{ClaimStage, GetPlaceRequest, HoldPlaceRequest, PlaceState, ReleaseHoldRequest};
use care::Timestamp;
use eventlog::{LogId, Service};
use prost::Message;
use service_kit::token::TokenKeys;
use service_kit::{Access, Role};
use std::collections::BTreeMap;
use std::path::Path;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// The sealing keys: none may be made for what is refused.
fn sealing_keys(folder: &Path) -> BTreeMap<std::path::PathBuf, Vec<u8>> {
    let mut keys = files(&folder.join("keys"));
    keys.retain(|path, _| !path.ends_with("tokens.spent"));
    keys
}

fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    details.bad_request().into_iter().flat_map(|it| &it.field_violations).map(|it| it.field.clone()).collect()
}

async fn refusal(caller: &Party, name: &str, json: &str) -> Status {
    let method = method(name);
    let answer = ask(&caller.channel, Some(&caller.token), &method, &from_json(&method, json)).await;
    answer.expect_err(&format!("{name} {json}"))
}

/// Asserts a refusal: its code, its reason, and the fields that it names.
async fn refuses(caller: &Party, name: &str, json: &str, expected: (Code, &str, &[&str])) {
    let status = refusal(caller, name, json).await;
    let (code, why, named) = expected;
    assert_eq!((status.code(), reason(&status).as_str()), (code, why), "{name} {json}: {status:?}");
    assert_eq!(fields(&status), named, "{name} {json}: {status:?}");
}

const INVALID: Code = Code::InvalidArgument;
const PRECONDITION: Code = Code::FailedPrecondition;

/// A PostReferral with one part of it replaced.
fn posting(names: &Names, part: &str, value: &str) -> String {
    let base = r#"{"provisions": ["RESIDENTIAL"], "age_years": 12, "sex": "F", "needs": ["TRAUMA"],
        "urgency": "PLANNED", "needed_from": "2026-06-02"}"#;
    let mut requirements: serde_json::Value = serde_json::from_str(base).unwrap();
    let mut identity = serde_json::json!({"given_name": "Zebedee"});
    let value: serde_json::Value = serde_json::from_str(value).unwrap();
    if value == "2001-01-01" {
        // An assessed age beside a date of birth is another fault.
        requirements.as_object_mut().unwrap().remove("age_years");
    }
    match part.strip_prefix("identity.") {
        Some(field) => identity[field] = value,
        None => requirements[part] = value,
    }
    serde_json::json!({"parent": names["council"], "requirements": requirements, "identity": identity})
        .to_string()
}

/// Unknown codes in every code field of a referral, postcodes and dates: the violation names the field.
async fn bad_referrals(side: &Side) {
    let invalid = [
        ("provisions", r#"["CASTLE"]"#, "requirements.provisions"),
        ("provisions", r#"["UNREGISTERED"]"#, "requirements.provisions"),
        ("provisions", "[]", "requirements.provisions"),
        ("sex", r#""X""#, "requirements.sex"),
        ("needs", r#"["TRAUMA", "LUCK"]"#, "requirements.needs"),
        ("needs", r#"["TRAUMA", "TRAUMA"]"#, "requirements.needs"),
        ("category_of_need", r#""N9""#, "requirements.category_of_need"),
        ("legal_status", r#""C9""#, "requirements.legal_status"),
        ("urgency", r#""SOON""#, "requirements.urgency"),
        ("urgency", r#""""#, "requirements.urgency"),
        ("funders", r#"[{"funder": "LOTTERY", "basis_points": 10000}]"#, "requirements.funders"),
        ("funders", r#"[{"funder": "HEALTH", "basis_points": 9999}]"#, "requirements.funders"),
        ("anchor", r#""banana""#, "requirements.anchor"),
        ("anchor", r#""DL1 5AB""#, "requirements.anchor"),
        ("needed_from", r#""2026-02-30""#, "requirements.needed_from"),
        ("needed_from", r#""1 June""#, "requirements.needed_from"),
        ("age_years", "18", "requirements.age_years"),
        ("expected_weeks", "0", "requirements.expected_weeks"),
        ("max_distance_miles", "401", "requirements.max_distance_miles"),
        ("sibling_group_size", "13", "requirements.sibling_group_size"),
        ("budget_code", r#""a b""#, "requirements.budget_code"),
        ("identity.home_postcode", r#""not a postcode""#, "identity.home_postcode"),
        ("identity.date_of_birth", r#""2026-06-02""#, "identity.date_of_birth"),
        ("identity.date_of_birth", r#""2001-01-01""#, "identity.date_of_birth"),
    ];
    for (part, value, field) in invalid {
        let json = posting(&side.names, part, value);
        let status = refusal(&side.council, "PostReferral", &json).await;
        assert_eq!(
            (status.code(), reason(&status).as_str()),
            (INVALID, "FIELD_INVALID"),
            "{json}: {status:?}"
        );
        assert_eq!(fields(&status).first().map(String::as_str), Some(field), "{json}: {status:?}");
        assert!(fields(&status).iter().all(|named| named == field), "{json}: {status:?}");
        let told = format!("{status:?} {:?}", status.get_error_details());
        assert!(
            !told.contains("Zebedee") && !told.contains("not a postcode"),
            "a refusal repeats an identity: {told}"
        );
    }
    let nowhere = [
        ("anchor", r#""DL99 9""#, "requirements.anchor"),
        ("anchor", r#""ZZ9""#, "requirements.anchor"),
        ("identity.home_postcode", r#""DL99 9ZZ""#, "identity.home_postcode"),
    ];
    for (part, value, field) in nowhere {
        let json = posting(&side.names, part, value);
        refuses(&side.council, "PostReferral", &json, (INVALID, "POSTCODE_UNKNOWN", &[field])).await;
    }
    // Everything wrong is told at once.
    let json = posting(&side.names, "sex", r#""X""#)
        .replace("\"PLANNED\"", "\"SOON\"")
        .replace("2026-06-02", "soon");
    let all = fields(&refusal(&side.council, "PostReferral", &json).await);
    assert!(all.contains(&"requirements.needed_from".to_owned()), "{all:?}");
}

/// Dates in the wrong order and things of another council, where a provider or a lead asks.
async fn bad_offers(side: &Side, other: &Side, open_referral: &str) {
    let own = &side.names;
    let theirs = &other.names;
    let offer = |start: &str, valid_until: &str, lines: &str| {
        format!(
            r#"{{"parent": "{open_referral}", "place": "{}", "establishment": "{}", "provision": "RESIDENTIAL",
            "start": "{start}", "valid_until": "{valid_until}", "lines": {lines}, "route": {{"in_house": {{}}}}}}"#,
            own["my_place"], own["my_establishment"]
        )
    };
    let core = r#"[{"kind": "CORE", "weekly_pence": "400000"}]"#;
    let provider = &side.provider;
    refuses(
        provider,
        "SubmitOffer",
        &offer("2026-06-01", "2026-05-31", core),
        (INVALID, "FIELD_INVALID", &["valid_until"]),
    )
    .await;
    refuses(
        provider,
        "SubmitOffer",
        &offer("2026-05-31", "2026-06-02", core),
        (INVALID, "FIELD_INVALID", &["start"]),
    )
    .await;
    let without_core = r#"[{"kind": "THERAPY", "weekly_pence": "1", "until": "2026-08-31"}]"#;
    let without_end = r#"[{"kind": "CORE", "weekly_pence": "1"}, {"kind": "THERAPY", "weekly_pence": "1"}]"#;
    for (lines, field) in [(without_core, "lines"), (without_end, "lines.until")] {
        refuses(
            provider,
            "SubmitOffer",
            &offer("2026-06-01", "2026-06-02", lines),
            (INVALID, "FIELD_INVALID", &[field]),
        )
        .await;
    }
    let theirs = offer("2026-06-01", "2026-06-02", core)
        .replace(&own["my_establishment"], &theirs["my_establishment"]);
    refuses(provider, "SubmitOffer", &theirs, (INVALID, "FIELD_INVALID", &["establishment"])).await;
    let ages = format!(
        r#"{{"provider": "{}", "place": "{}", "vacancy": {{"available_from": "2026-06-01", "age_from": 16, "age_to": 6}}}}"#,
        own["provider"], own["my_place"]
    );
    refuses(provider, "AdvertiseVacancy", &ages, (INVALID, "FIELD_INVALID", &["vacancy.age_to"])).await;
    let leaves =
        format!(r#"{{"name": "{}", "council": "{}", "on": "2025-12-31"}}"#, own["framework"], own["council"]);
    refuses(&side.lead, "RemoveMember", &leaves, (PRECONDITION, "DATES_OUT_OF_ORDER", &["on"])).await;
}

/// The same where a council asks.
async fn bad_dates_and_ids(side: &Side, other: &Side, open_referral: &str) {
    let own = &side.names;
    let theirs = &other.names;
    let council = &side.council;
    let agreement = &own["agreement"];
    let invalid = |field: &'static str| (INVALID, "FIELD_INVALID", field);
    let council_asks = [
        ("EndPlacement", format!(r#"{{"name": "{agreement}", "on": "2026-05-24", "reason": "CARPL"}}"#), (PRECONDITION, "END_BEFORE_START", "on")),
        ("EndPlacement", format!(r#"{{"name": "{agreement}", "on": "2026-06-09", "reason": "BORED"}}"#), invalid("reason")),
        (
            "GiveNotice",
            format!(
                r#"{{"parent": "{agreement}", "given_on": "2026-06-01", "last_day": "2026-06-28", "reason": "NEEDS", "steps":
                    {{"reviewed_on": "2026-06-01", "iro_told_on": "2026-06-01", "alternative_arranged_on": "2026-06-01",
                    "written_notice_on": "2026-06-01"}}}}"#
            ),
            (PRECONDITION, "NOTICE_TOO_SHORT", "last_day"),
        ),
        ("GiveNotice", format!(r#"{{"parent": "{agreement}", "given_on": "2026-06-02", "reason": "NEEDS"}}"#), invalid("given_on")),
        (
            "LinkReferral",
            format!(r#"{{"name": "{open_referral}", "follows": {{"award": "{}", "kind": "MOVE"}}}}"#, theirs["award"]),
            invalid("follows.award"),
        ),
        ("GetStability", format!(r#"{{"name": "{}/stability/1999"}}"#, own["council"]), invalid("name")),
        ("GetStatement", format!(r#"{{"parent": "{}", "from": "2026-06-02", "to": "2026-06-01"}}"#, own["council"]), invalid("to")),
        ("ClosePeriod", format!(r#"{{"parent": "{}", "month": "2026-13"}}"#, own["council"]), invalid("month")),
        ("AccrueNights", format!(r#"{{"parent": "{}", "through": "2026-06-02"}}"#, own["council"]), (INVALID, "THROUGH_OUT_OF_RANGE", "through")),
        (
            "SearchEvents",
            r#"{"filter": {"recorded_from": "2026-06-02T00:00:00Z", "recorded_until": "2026-06-01T00:00:00Z"}}"#.to_owned(),
            invalid("filter.recorded_until"),
        ),
        (
            "HoldPlace",
            format!(
                r#"{{"council": "{}", "place": "{}", "referral": "{}", "referral_version": 1, "lease_seconds": 600}}"#,
                own["council"], own["my_place"], theirs["referral"]
            ),
            invalid("referral"),
        ),
        ("AccrueNights", format!(r#"{{"parent": "{}", "through": "2026-06-01", "agreement": "{}"}}"#, own["council"], theirs["agreement"]), invalid("agreement")),
        ("AwardReferral", format!(r#"{{"name": "{open_referral}", "offer": "{}"}}"#, theirs["offer"]), invalid("offer")),
        ("GetReferral", format!(r#"{{"name": "{}"}}"#, theirs["referral"]), (Code::PermissionDenied, "NOT_YOURS", "")),
        ("WithdrawReferral", format!(r#"{{"name": "{}", "reason": "OTHER"}}"#, theirs["referral"]), (Code::PermissionDenied, "NOT_YOURS", "")),
        ("EndPlacement", format!(r#"{{"name": "{}", "on": "2026-06-20", "reason": "CARPL"}}"#, theirs["agreement"]), (Code::PermissionDenied, "NOT_YOURS", "")),
        ("RecordPayment", format!(r#"{{"name": "{}"}}"#, theirs["invoice"]), (Code::PermissionDenied, "NOT_YOURS", "")),
        ("GetReferral", r#"{"name": "councils/E99999999/referrals/1"}"#.to_owned(), invalid("name")),
    ];
    for (name, json, (code, why, field)) in council_asks {
        let status = refusal(council, name, &json).await;
        assert_eq!((status.code(), reason(&status).as_str()), (code, why), "{name} {json}: {status:?}");
        assert_eq!(fields(&status).first().map_or("", String::as_str), field, "{name} {json}: {status:?}");
    }
}

/// Tokens that hold no more, or never did.
async fn bad_tokens(world: &World, side: &Side) {
    let keys = world.region.running.keys();
    let now = Timestamp::now();
    let issue = |keys: &TokenKeys, at: Timestamp, once: bool| {
        keys.issue(side.council.role.clone(), "test", at, 60, once).unwrap()
    };
    let long_ago = Timestamp::from_second(now.as_second() - 3_600).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let revoked = issue(keys, now, false);
    keys.revoke(&keys.verify(&revoked, now).unwrap().jti).unwrap();
    let once = issue(keys, now, true);
    let get = method("GetReferral");
    let body = own_sample(&get, &side.names, &side.council).encode_to_vec();
    call(&side.council.channel, Some(&once), &get, body.clone())
        .await
        .expect("a token for one request holds for one");
    let mut forged = side.council.token.clone();
    forged.replace_range(
        forged.len() - 10..forged.len() - 9,
        if forged.as_bytes()[forged.len() - 10] == b'A' { "B" } else { "A" },
    );
    let bad = [
        (once, "TOKEN_REPLAYED"),
        (revoked, "TOKEN_REVOKED"),
        (issue(keys, long_ago, false), "TOKEN_EXPIRED"),
        (issue(&TokenKeys::load_or_create(elsewhere.path()).unwrap(), now, false), "TOKEN_SIGNATURE_INVALID"),
        (forged, "TOKEN_SIGNATURE_INVALID"),
        ("not-a-token".to_owned(), "TOKEN_MALFORMED"),
        ("a".repeat(4_000), "TOKEN_MALFORMED"),
    ];
    for (token, expected) in bad {
        // Twice, since a verified signature is remembered.
        for _ in 0..2 {
            let status =
                call(&side.council.channel, Some(&token), &get, body.clone()).await.expect_err(expected);
            assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, expected));
        }
    }
}

/// Bytes that are no message, and messages that are too long.
async fn bad_bytes(world: &World, side: &Side) {
    let service = world.party(Role::Service(Service::Audit)).await;
    let rules = brokerage::rules();
    for method in methods() {
        let path = crate::wire::path(&method);
        let rule = rules.iter().find(|rule| rule.method == path).unwrap();
        let callers = side.parties().into_iter().chain([&service]);
        let caller = { callers }.find(|party| rule.access(&party.role) != Access::Never).unwrap();
        // No field, a length beyond the end, a group that never ends, and text that is not UTF-8 in field 1 where that is text.
        for bytes in [vec![0xFF; 8], vec![0x0A, 0x7F, 0x41], vec![0x0B; 3], vec![0x07]] {
            let status =
                call(&caller.channel, Some(&caller.token), &method, bytes).await.expect_err(method.name());
            assert_eq!(
                (status.code(), reason(&status).as_str()),
                (INVALID, "MESSAGE_MALFORMED"),
                "{path}: {status:?}"
            );
        }
    }
    let long = posting(&side.names, "identity.narrative", &format!("\"{}\"", "x".repeat(10 * 1024 * 1024)));
    refuses(&side.council, "PostReferral", &long, (INVALID, "MESSAGE_TOO_LARGE", &[])).await;
    let longish = posting(&side.names, "identity.narrative", &format!("\"{}\"", "x".repeat(20_001)));
    refuses(&side.council, "PostReferral", &longish, (INVALID, "FIELD_INVALID", &["identity.narrative"]))
        .await;
    let id = format!(
        r#"{{"name": "{}", "reason": "OTHER", "request_id": "{}"}}"#,
        side.names["referral"],
        "x".repeat(65)
    );
    refuses(&side.council, "WithdrawReferral", &id, (INVALID, "FIELD_INVALID", &["request_id"])).await;
}

/// A page token that another list gave, at every method that takes one.
async fn bad_page_tokens(world: &World, side: &Side) {
    let service = world.party(Role::Service(Service::Audit)).await;
    let rules = brokerage::rules();
    let paged = methods().into_iter().filter(|it| it.input().get_field_by_name("page_token").is_some());
    let mut lists = 0;
    for method in paged {
        let path = crate::wire::path(&method);
        let rule = rules.iter().find(|rule| rule.method == path).unwrap();
        let callers = side.parties().into_iter().chain([&service]);
        let caller = { callers }.find(|party| rule.access(&party.role) != Access::Never).unwrap();
        let mut request = own_sample(&method, &side.names, caller);
        ask(&caller.channel, Some(&caller.token), &method, &request).await.expect("the first page");
        // Ids, places in a list, and what is nothing: as the lists once gave them.
        for token in ["Mg", "eA", "MDAwMDAwMDAwMDAx", "%"] {
            request.set_field_by_name("page_token", prost_reflect::Value::String(token.to_owned()));
            let answer = ask(&caller.channel, Some(&caller.token), &method, &request).await;
            let status = answer.expect_err(&path);
            assert_eq!((status.code(), reason(&status).as_str()), (INVALID, "PAGE_TOKEN_INVALID"), "{path}");
            assert_eq!(fields(&status), ["page_token"], "{path}");
        }
        lists += 1;
    }
    assert!(lists >= 17, "{lists}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_leaves_every_log_as_it_was() {
    let (world, [derby, darlington]) = two_sides().await;
    let open_referral = post(&derby.council, requirements(), None).await;
    release(&derby.council, &open_referral, &derby.provider).await;
    let folder = world.stop().await;
    let (before, keys_before) = (heads(folder.path()).await, sealing_keys(folder.path()));
    assert!(before.values().sum::<u64>() > 50, "{before:?}");

    let world = World::on(folder).await;
    let derby = derby.again(&world).await;
    bad_referrals(&derby).await;
    bad_offers(&derby, &darlington, &open_referral).await;
    bad_dates_and_ids(&derby, &darlington, &open_referral).await;
    bad_tokens(&world, &derby).await;
    bad_bytes(&world, &derby).await;
    bad_page_tokens(&world, &derby).await;

    // It still serves: one more referral, which is all that comes to be in any log.
    let posted = post(&derby.council, requirements(), None).await;
    let found =
        derby.council.referrals().get_referral(GetReferralRequest { name: posted.clone() }).await.unwrap();
    assert_eq!(found.into_inner().name, posted);
    let folder = world.stop().await;
    let mut expected = before;
    *expected.get_mut(&derby.names["log"].parse().unwrap()).unwrap() += 1;
    assert_eq!(heads(folder.path()).await, expected);
    assert_eq!(sealing_keys(folder.path()), keys_before, "a key was made for something that was refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_framework_that_ends_before_it_starts_is_refused_and_can_be_put_right() {
    let world = World::bare().await;
    let lead = world.lead("d2n2").await;
    let reversed = CreateFrameworkRequest {
        name: lead.name(),
        display_name: "D2N2".to_owned(),
        lead_council: "councils/E06000015".to_owned(),
        regime: Regime::ProcurementAct2023.into(),
        starts: "2026-06-01".to_owned(),
        ends: "2026-05-31".to_owned(),
        ..Default::default()
    };
    let status = lead.contracts().create_framework(reversed.clone()).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (INVALID, "DATES_OUT_OF_ORDER"));
    assert_eq!(fields(&status), ["ends"]);
    let right = CreateFrameworkRequest { ends: "2026-06-01".to_owned(), ..reversed };
    lead.contracts().create_framework(right).await.unwrap();
    let folder = world.stop().await;
    let made = heads(folder.path()).await.into_iter().filter(|(_, head)| *head > 0).collect::<Vec<_>>();
    assert_eq!(made, [(LogId::region(Service::Contracts), 2)], "the framework and its first member");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fencing_token_is_good_for_one_hold() {
    let world = World::open().await;
    let seller = world.enter_provider("oak").await;
    let places = world.home(&seller, "SC000001", 1).await;
    let (derby, durham) = (world.council("E06000015").await, world.council("E06000047").await);
    let (derbys, durhams) = (
        offered(&world, &derby, &seller, &places[0]).await,
        offered(&world, &durham, &seller, &places[0]).await,
    );
    let hold = async |council: &Party, referral: String| {
        let asked = HoldPlaceRequest {
            council: council.name(),
            place: places[0].clone(),
            referral,
            referral_version: 1,
            lease_seconds: 600,
            first_night: String::new(),
            request_id: String::new(),
        };
        council.vacancies().hold_place(asked).await.map(|hold| hold.into_inner().token)
    };
    let give_back = async |council: &Party, token: u64| {
        let asked = ReleaseHoldRequest {
            council: council.name(),
            place: places[0].clone(),
            token,
            request_id: String::new(),
        };
        council.vacancies().release_hold(asked).await
    };
    let assert_refused = |status: Status, why: &str| {
        assert_eq!((status.code(), reason(&status).as_str()), (PRECONDITION, why), "{status:?}");
    };
    let old = hold(&derby, referral_of(&derbys)).await.unwrap();
    assert_refused(hold(&durham, referral_of(&durhams)).await.unwrap_err(), "PLACE_TAKEN");
    give_back(&derby, old).await.unwrap();
    assert_refused(give_back(&derby, old).await.unwrap_err(), "HOLD_TOKEN_STALE");
    let new = hold(&durham, referral_of(&durhams)).await.unwrap();
    assert!(new > old, "{new} is not after {old}");

    // The old token, the other's, one that was never given, and one on another referral of its own.
    assert_refused(give_back(&derby, old).await.unwrap_err(), "HOLD_TOKEN_STALE");
    assert_refused(give_back(&derby, new).await.unwrap_err(), "HOLD_NOT_YOURS");
    assert_refused(give_back(&derby, new + 1).await.unwrap_err(), "HOLD_TOKEN_STALE");
    assert_refused(award(&derby, &derbys, Some(old)).await.unwrap_err(), "HOLD_TOKEN_STALE");
    assert_refused(award(&derby, &derbys, Some(new)).await.unwrap_err(), "HOLD_NOT_YOURS");
    let another = offered(&world, &durham, &seller, &places[0]).await;
    assert_refused(award(&durham, &another, Some(new)).await.unwrap_err(), "HOLD_NOT_YOURS");

    let found =
        durham.vacancies().get_place(GetPlaceRequest { name: places[0].clone() }).await.unwrap().into_inner();
    assert_eq!((found.state(), found.claims.len()), (PlaceState::Held, 1));
    assert_eq!((found.claims[0].stage(), found.claims[0].token), (ClaimStage::Hold, new));
    assert_eq!(award(&durham, &durhams, Some(new)).await.unwrap().state(), AwardState::Confirmed);
    assert_refused(give_back(&durham, new).await.unwrap_err(), "HOLD_TOKEN_STALE");
    assert_refused(award(&derby, &derbys, Some(old)).await.unwrap_err(), "HOLD_TOKEN_STALE");
    world.settled().await;
    let found =
        durham.vacancies().get_place(GetPlaceRequest { name: places[0].clone() }).await.unwrap().into_inner();
    assert_eq!((found.state(), found.claims.len()), (PlaceState::Taken, 1));
}
