//! From nights to payments: what a month comes to, and what a late end makes of it.

use super::world::{DERBY, NOTTINGHAM, agreement, as_council, council, day, noon, reason, world};
use api::invoicing::invoicing_service_server::InvoicingService;
use api::invoicing::{
    ClosePeriodRequest, GetInvoiceRequest, GetStatementRequest, InvoiceKind, Ledger, ListChargesRequest,
};
use care::market::{OccupancyEnded, PlaceReserved, Yielded};
use care::published::OutcomePaymentDue;
use care::{AwardId, Pence};
use uuid::Uuid;

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
async fn a_late_end_is_credited_and_a_statement_shows_it() {
    let world = world().await;
    world.place(DERBY, 1, "acme").await;
    world.accrue(DERBY, "a", "2026-02-01").await.unwrap();
    world.issue(DERBY, "i", "2026-02-01").await;
    let close = ClosePeriodRequest {
        parent: DERBY.to_owned(),
        request_id: "c".to_owned(),
        month: "2026-01".to_owned(),
        leave_uncharged: false,
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

/// A departure is put right to a later day and then to the earlier one again: what the market took of the reservation between is not paid.
#[tokio::test]
async fn nights_that_the_market_gave_up_are_taken_off_a_retainer() {
    let world = world().await;
    world.place(DERBY, 1, "acme").await;
    world.end(DERBY, 1, "2026-01-17").await;
    let reserved = PlaceReserved {
        place: "SC045099-01".parse().unwrap(),
        urn: "SC045099".parse().unwrap(),
        provider: "acme".parse().unwrap(),
        council: council(DERBY),
        referral: None,
        from: day("2026-01-17"),
        until: day("2026-02-10"),
        weekly: Pence(35_000),
        token: 3,
        approver: "Head of Service".to_owned(),
        at: noon("2026-01-17"),
    };
    world.publish_of_market(&reserved).await;
    // Seven nights of the placement at £100.00, fifteen of the reservation at £50.00.
    assert_eq!(world.accrue(DERBY, "a", "2026-02-01").await.unwrap(), (2, 22, 145_000));
    let retainer = async || {
        let ledger = world.ledger(DERBY).await;
        ledger.accounts.iter().find(|it| it.account == "expense:beforehand:RETAINER").map(|it| it.net_pence)
    };
    assert_eq!(retainer().await, Some(75_000));
    let mut ended = OccupancyEnded {
        award: AwardId(Uuid::from_u128(1)),
        council: council(DERBY),
        place: reserved.place.clone(),
        on: day("2026-01-24"),
        yielded: vec![],
        at: noon("2026-02-01"),
    };
    let before = world.json(DERBY);
    world.publish_of_market(&ended).await;
    assert_eq!(world.json(DERBY), before, "it takes nothing of a reservation");
    let (from, until) = (day("2026-01-17"), day("2026-01-24"));
    ended.yielded = vec![Yielded { token: 3, from, until, weekly: Pence(35_000) }];
    world.publish_of_market(&ended).await;
    assert_eq!(retainer().await, Some(40_000));
    world.publish_of_market(&ended).await;
    assert_eq!(world.accrue(DERBY, "b", "2026-02-01").await.unwrap(), (0, 0, 0));
    assert_eq!(retainer().await, Some(40_000));
}

/// An outcome that contracts says is due is charged and invoiced with the nights.
#[tokio::test]
async fn a_payment_for_an_outcome_is_on_the_next_invoice() {
    let world = world().await;
    world.place(DERBY, 1, "acme").await;
    let due = OutcomePaymentDue {
        agreement: agreement(1),
        award: AwardId(Uuid::from_u128(1)),
        council: council(DERBY),
        provider: "acme".parse().unwrap(),
        outcome: 1,
        payment: 1,
        amount: Pence(50_001),
        achieved_on: day("2026-01-10"),
        measure: "a step down that held".to_owned(),
        approver: "head of service".to_owned(),
        at: noon("2026-01-10"),
    };
    world.publish(DERBY, &due).await;
    // What contracts tells twice is another event, and the same payment.
    world.publish(DERBY, &due).await;
    world.accrue(DERBY, "feb", "2026-02-01").await.unwrap();
    let [invoice] = world.issue(DERBY, "inv", "2026-02-01").await.try_into().unwrap();
    assert_eq!(invoice.net_pence, 220_000 + 50_001);
    let named = GetInvoiceRequest { name: invoice.name };
    let whole = world.service.get_invoice(as_council(DERBY, "2026-02-01", named)).await;
    let invoice = whole.unwrap().into_inner();
    let kinds: Vec<_> = invoice.lines.iter().map(|line| (line.kind.as_str(), line.amount_pence)).collect();
    assert!(kinds.contains(&("OUTCOME", 50_001)), "{kinds:?}");
    let ledger = world.ledger(DERBY).await;
    assert!(ledger.balanced && ledger.facts_refused == 0);
    let health = ledger.accounts.iter().find(|it| it.account == "receivable:health").unwrap();
    assert_eq!(health.net_pence, 44_000 + 10_000, "a fifth, to the penny");
}
