//! The service as its callers meet it: facts of contracts arrive over the exchange, councils charge, bill and pay through the
//! handlers, and what is asked twice is answered the same.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod exports;
mod world;

use api::invoicing::invoicing_service_server::InvoicingService;
use api::invoicing::{
    AccrueNightsRequest, ClosePeriodRequest, GetForecastRequest, GetInvoiceRequest, GetLedgerRequest,
    GetStatementRequest, InvoiceKind, Ledger, ListAgedPayablesRequest, ListChargesRequest,
    ListInvoicesRequest,
};
use engine::{Context, RequestKey};
use invoicing_domain::{AccrueNights, Ask, Cause, Command, RunId, RunKind};
use service_kit::{Role, request_hash};
use tonic::{Code, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

use world::*;

#[tokio::test]
async fn a_months_nights_become_invoices_and_are_paid_and_every_ledger_stands_alone() {
    let world = world().await;
    for (n, provider) in [(1, "acme"), (2, "acme"), (3, "beacon")] {
        world.place(DERBY, n, provider).await;
    }
    world.place(NOTTINGHAM, 4, "acme").await;
    // 22 nights of each at £100.00.
    assert_eq!(world.accrue(DERBY, "feb", "2026-02-01").await.unwrap(), (3, 66, 660_000));
    let invoices = world.issue(DERBY, "inv", "2026-02-01").await;
    let shown: Vec<_> =
        invoices.iter().map(|i| (i.number.as_str(), i.provider.as_str(), i.net_pence)).collect();
    assert_eq!(
        shown,
        [("E06000015-000001", "providers/acme", 440_000), ("E06000015-000002", "providers/beacon", 220_000)]
    );
    assert_eq!(world.pay(&invoices[0], "pay").await.unwrap().settled_on, "2026-02-03");
    let ledger = world.ledger(DERBY).await;
    assert!(ledger.balanced);
    assert_eq!((ledger.debits_pence, ledger.credits_pence), (1_760_000, 1_760_000));
    assert_eq!((ledger.nights_billed, ledger.invoiced_pence), (66, 660_000));
    assert_eq!((ledger.weekly_commitment_pence, ledger.live_placements), (210_000, 3));
    let net = |name: &str| ledger.accounts.iter().find(|a| a.account == name).map(|a| a.net_pence);
    assert_eq!(net("expense:placements:RESIDENTIAL"), Some(528_000));
    assert_eq!(net("receivable:health"), Some(132_000));
    assert_eq!(net("liability:accrued:acme"), Some(0));
    assert_eq!(net("payable:acme"), Some(0));
    assert_eq!(net("payable:beacon"), Some(-220_000));
    assert_eq!(net("bank"), Some(-440_000));
    let other = world.ledger(NOTTINGHAM).await;
    assert_eq!((other.debits_pence, other.invoiced_pence, other.live_placements), (0, 0, 1));
    let committed = |ledger: &Ledger| ledger.commitments.iter().map(|it| it.net_pence).max();
    // From 10 January up to 31 March are 81 nights at £100.00; of Derby's three placements 22 are charged.
    assert_eq!((committed(&other), committed(&ledger)), (Some(810_000), Some(3 * 590_000)));
}

#[tokio::test]
async fn what_is_asked_twice_is_answered_the_same_and_charged_once() {
    let world = world().await;
    for n in 1..=3 {
        world.place(DERBY, n, "acme").await;
    }
    let first = world.accrue(DERBY, "a", "2026-02-01").await.unwrap();
    let before = world.json(DERBY);
    assert_eq!(world.accrue(DERBY, "a", "2026-02-01").await.unwrap(), first);
    let reused = world.accrue(DERBY, "a", "2026-02-02").await.unwrap_err();
    assert_eq!((reused.code(), reason(&reused).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    assert_eq!(world.json(DERBY), before, "nothing was charged");
    assert_eq!(world.accrue(DERBY, "b", "2026-02-01").await.unwrap(), (0, 0, 0));
    let issued = world.issue(DERBY, "i", "2026-02-01").await;
    assert_eq!(world.issue(DERBY, "i", "2026-02-01").await, issued);
    assert_eq!(world.issue(DERBY, "j", "2026-02-01").await, []);
    let paid = world.pay(&issued[0], "p").await.unwrap();
    assert_eq!(world.pay(&issued[0], "p").await.unwrap(), paid);
    assert_eq!(reason(&world.pay(&issued[0], "q").await.unwrap_err()), "INVOICE_SETTLED");
    assert!(world.ledger(DERBY).await.balanced);
}

/// A request that died half-way: its run was begun and one of three agreements charged.
#[tokio::test]
async fn a_request_that_was_cut_short_goes_on_when_it_is_repeated() {
    let world = world().await;
    for n in 1..=3 {
        world.place(DERBY, n, "acme").await;
    }
    let request = AccrueNightsRequest {
        parent: DERBY.to_owned(),
        request_id: "cut".to_owned(),
        through: "2026-02-01".to_owned(),
        agreement: String::new(),
    };
    let actor = format!("{}/test", Role::Council(council(DERBY)));
    let cause = Cause::request(&actor, "cut");
    let (run, through, at) = (RunId(cause.id_of("run")), day("2026-02-01"), noon("2026-02-01"));
    let key = RequestKey { key: format!("{actor}|cut"), request_hash: request_hash(&request) };
    let begin = Ask::StartRun { run, kind: RunKind::Accrual, through };
    let first = Ask::AccrueNights(AccrueNights { agreement: agreement(1), through, run: Some(run) });
    for (ask, request) in [(begin, Some(key)), (first, None)] {
        let command = Command { council: council(DERBY), cause: cause.clone(), at, ask };
        let context = Context { actor: actor.clone(), causation: None, correlation: None, at, request };
        world.service.ledger(council(DERBY)).unwrap().execute(command, context, |_, _| vec![]).await.unwrap();
    }
    let before = world.json(DERBY);
    let other = world.accrue(DERBY, "cut", "2026-01-20").await.unwrap_err();
    assert_eq!(reason(&other), "REQUEST_ID_REUSED");
    assert_eq!(world.json(DERBY), before, "the other request did nothing");
    assert_eq!(world.accrue(DERBY, "cut", "2026-02-01").await.unwrap(), (3, 66, 660_000), "the whole run");
}

#[tokio::test]
async fn a_late_end_is_credited_and_a_statement_shows_it() {
    let world = world().await;
    world.place(DERBY, 1, "acme").await;
    world.accrue(DERBY, "a", "2026-02-01").await.unwrap();
    world.issue(DERBY, "i", "2026-02-01").await;
    let close = ClosePeriodRequest {
        parent: DERBY.to_owned(),
        request_id: "c".to_owned(),
        month: "2026-01".to_owned(),
    };
    let closed =
        world.service.close_period(as_council(DERBY, "2026-02-01", close)).await.unwrap().into_inner();
    assert_eq!(closed.open_from, "2026-02-01");
    world.end(DERBY, 1, "2026-01-17").await;
    let notes = world.issue(DERBY, "k", "2026-02-01").await;
    assert_eq!((notes[0].kind(), notes[0].net_pence), (InvoiceKind::CreditNote, -150_000));
    let ask = |token: &str, from: &str| GetStatementRequest {
        parent: DERBY.to_owned(),
        provider: "providers/acme".to_owned(),
        from: from.to_owned(),
        page_size: 2,
        page_token: token.to_owned(),
        ..GetStatementRequest::default()
    };
    let (mut token, mut codes) = (String::new(), Vec::new());
    loop {
        let request = as_council(DERBY, "2026-02-01", ask(&token, ""));
        let page = world.service.get_statement(request).await.unwrap().into_inner();
        codes.extend(page.entries.into_iter().map(|entry| (entry.code, entry.posted_on, entry.adjusts)));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let codes: Vec<_> = codes.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), c.as_str())).collect();
    assert_eq!(
        codes,
        [
            ("COMMITMENT", "2026-01-10", ""),
            ("CHARGE", "2026-01-31", ""),
            ("INVOICE", "2026-02-01", ""),
            ("REVERSAL", "2026-02-01", "2026-01-31"),
            ("RECHARGE", "2026-02-01", "2026-01-31"),
            ("COMMITMENT", "2026-02-01", "2026-01-10"),
            ("CREDIT_NOTE", "2026-02-01", ""),
        ]
    );
    let charges = ListChargesRequest {
        parent: DERBY.to_owned(),
        agreement: format!("{DERBY}/agreements/{}", agreement(1)),
        ..ListChargesRequest::default()
    };
    let request = as_council(DERBY, "2026-02-01", charges);
    let charges = world.service.list_charges(request).await.unwrap().into_inner().charges;
    let shown: Vec<_> = charges.iter().map(|c| (c.nights, c.total_pence, c.reason.as_str())).collect();
    assert_eq!(shown, [(22, 220_000, ""), (-22, -220_000, "CARPL"), (7, 70_000, "CARPL")]);
    assert_eq!(charges[1].reverses, charges[0].name);
    let first = world.service.get_statement(as_council(DERBY, "2026-02-01", ask("", ""))).await.unwrap();
    let elsewhere = ListChargesRequest {
        parent: DERBY.to_owned(),
        page_token: first.into_inner().next_page_token,
        ..ListChargesRequest::default()
    };
    let refused = world.service.list_charges(as_council(DERBY, "2026-02-01", elsewhere)).await.unwrap_err();
    assert_eq!(reason(&refused), "PAGE_TOKEN_INVALID");
}

/// Balances, payables and the forecast: what they say as of a date, and what could be known then.
#[tokio::test]
async fn a_ledger_is_read_as_of_a_date_and_as_known_at_an_instant() {
    let world = world().await;
    world.place(DERBY, 1, "acme").await;
    world.accrue(DERBY, "a", "2026-02-01").await.unwrap();
    world.issue(DERBY, "i", "2026-02-01").await;
    let read = async |as_of: &str, known_at: &str| {
        let (parent, as_of, known_at) = (DERBY.to_owned(), as_of.to_owned(), known_at.to_owned());
        let request = GetLedgerRequest { parent, as_of, known_at };
        let ledger = world.service.get_ledger(as_council(DERBY, "2026-03-01", request)).await?.into_inner();
        assert!(ledger.balanced);
        Ok::<_, Status>((ledger.debits_pence, ledger.entries))
    };
    assert_eq!(read("", "").await.unwrap(), (440_000, 3));
    assert_eq!(read("2026-01-31", "").await.unwrap(), (220_000, 2), "the invoice is of February");
    assert_eq!(read("2026-01-30", "").await.unwrap(), (0, 1));
    assert_eq!(read("", "2026-01-15T00:00:00Z").await.unwrap(), (0, 1), "nobody had charged yet");
    let wrong = read("soon", "now").await.unwrap_err();
    let details = wrong.get_error_details();
    let fields = details.bad_request().unwrap().field_violations.iter().map(|it| it.field.clone());
    assert_eq!(fields.collect::<Vec<_>>(), ["as_of", "known_at"]);

    let aged = async |as_of: &str| {
        let (parent, as_of) = (DERBY.to_owned(), as_of.to_owned());
        let request = ListAgedPayablesRequest { parent, as_of, ..Default::default() };
        let request = as_council(DERBY, "2026-03-10", request);
        world.service.list_aged_payables(request).await.unwrap().into_inner().payables
    };
    assert_eq!(aged("2026-01-31").await, []);
    let [due] = aged("").await.try_into().unwrap();
    assert_eq!(
        (due.provider.as_str(), due.days_1_to_30_pence, due.total_pence),
        ("providers/acme", 220_000, 220_000)
    );

    let request = GetForecastRequest { parent: DERBY.to_owned(), day: String::new() };
    let forecast =
        world.service.get_forecast(as_council(DERBY, "2026-02-01", request)).await.unwrap().into_inner();
    let months: Vec<_> =
        forecast.months.iter().map(|it| (it.month.as_str(), it.charged_pence, it.expected_pence)).collect();
    assert_eq!(months[9..], [("2026-01", 220_000, 0), ("2026-02", 0, 280_000), ("2026-03", 0, 310_000)]);
    assert_eq!((forecast.charged_pence, forecast.expected_pence), (220_000, 590_000));
}

#[tokio::test]
async fn a_provider_reads_its_own_invoices_of_all_councils_and_no_other() {
    let world = world().await;
    world.place(DERBY, 1, "acme").await;
    world.place(DERBY, 2, "beacon").await;
    world.place(NOTTINGHAM, 3, "acme").await;
    let mut all = Vec::new();
    for name in [DERBY, NOTTINGHAM] {
        world.accrue(name, "a", "2026-02-01").await.unwrap();
        all.extend(world.issue(name, "i", "2026-02-01").await);
    }
    let list = |parent: &str, token: &str| ListInvoicesRequest {
        parent: parent.to_owned(),
        page_size: 1,
        page_token: token.to_owned(),
        unsettled: true,
    };
    let ask = |token: &str| {
        world.service.list_invoices(as_provider("acme", "2026-02-01", list("providers/acme", token)))
    };
    let first = ask("").await.unwrap().into_inner();
    let second = ask(&first.next_page_token).await.unwrap().into_inner();
    assert_eq!([first.invoices, second.invoices].concat(), [all[0].clone(), all[2].clone()]);
    assert_eq!(second.next_page_token, "");
    let foreign =
        world.service.list_invoices(as_provider("acme", "2026-02-01", list("providers/beacon", ""))).await;
    assert_eq!(reason(&foreign.unwrap_err()), "NOT_YOURS");
    let get = |n: usize| GetInvoiceRequest { name: all[n].name.clone() };
    let own =
        world.service.get_invoice(as_provider("acme", "2026-02-01", get(0))).await.unwrap().into_inner();
    assert_eq!((own.lines.len(), own.lines[0].nights, own.lines[0].amount_pence), (1, 22, 220_000));
    let hidden = world.service.get_invoice(as_provider("acme", "2026-02-01", get(1))).await.unwrap_err();
    let absent = GetInvoiceRequest { name: format!("{DERBY}/invoices/{}", Uuid::nil()) };
    let absent = world.service.get_invoice(as_provider("acme", "2026-02-01", absent)).await.unwrap_err();
    assert_eq!(
        (hidden.code(), reason(&hidden)),
        (absent.code(), reason(&absent)),
        "hidden looks like absent"
    );
    let other = world.service.get_invoice(as_council(NOTTINGHAM, "2026-02-01", get(0))).await.unwrap_err();
    assert_eq!((other.code(), reason(&other).as_str()), (Code::PermissionDenied, "NOT_YOURS"));
}

#[tokio::test]
async fn everything_wrong_with_a_request_is_told_at_once() {
    let world = world().await;
    let request = AccrueNightsRequest {
        parent: "councils/E99999999".to_owned(),
        request_id: String::new(),
        through: "soon".to_owned(),
        agreement: "agreements/1".to_owned(),
    };
    let status = world.service.accrue_nights(as_council(DERBY, "2026-02-01", request)).await.unwrap_err();
    let details = status.get_error_details();
    let fields: Vec<_> =
        details.bad_request().unwrap().field_violations.iter().map(|v| v.field.as_str()).collect();
    assert_eq!(fields, ["parent", "through", "agreement"]);
    let tonight = world.accrue(DERBY, "x", "2026-02-02").await.unwrap_err();
    assert_eq!((tonight.code(), reason(&tonight).as_str()), (Code::InvalidArgument, "THROUGH_OUT_OF_RANGE"));
    let details = tonight.get_error_details();
    assert_eq!(details.bad_request().unwrap().field_violations[0].field, "through");
    let month = ClosePeriodRequest {
        parent: DERBY.to_owned(),
        request_id: "m".to_owned(),
        month: "2026-13".to_owned(),
    };
    let status = world.service.close_period(as_council(DERBY, "2026-02-01", month)).await.unwrap_err();
    assert_eq!(reason(&status), "FIELD_INVALID");
}

#[tokio::test]
async fn many_placements_are_one_call_and_a_restart_gives_the_same_state() {
    let world = world().await;
    for n in 1..=250 {
        world.place(DERBY, n, if n % 2 == 0 { "acme" } else { "beacon" }).await;
    }
    assert_eq!(world.accrue(DERBY, "a", "2026-01-17").await.unwrap(), (250, 1_750, 17_500_000));
    assert_eq!(world.issue(DERBY, "i", "2026-01-17").await.len(), 2);
    let before = world.json(DERBY);
    let World { folder, service, kit, contracts, followers } = world;
    drop((service, kit, contracts, followers));
    let again = open(folder).await;
    assert_eq!(again.json(DERBY), before);
    assert_eq!(again.accrue(DERBY, "a", "2026-01-17").await.unwrap(), (250, 1_750, 17_500_000));
    assert_eq!(again.json(DERBY), before);
}
