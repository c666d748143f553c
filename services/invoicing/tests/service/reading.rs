//! What is read: as of a date and as known at an instant, by whom, and what a wrong request is told.

use super::world::{DERBY, NOTTINGHAM, as_council, as_provider, reason, world};
use api::invoicing::invoicing_service_server::InvoicingService;
use api::invoicing::{
    AccrueNightsRequest, ClosePeriodRequest, ForecastMonth, GetForecastRequest, GetInvoiceRequest,
    GetLedgerRequest, GetStatementRequest, ListAgedPayablesRequest, ListInvoicesRequest,
};
use tonic::{Code, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

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
    let figures = async |as_of: &str| {
        let (parent, as_of) = (DERBY.to_owned(), as_of.to_owned());
        let request = GetLedgerRequest { parent, as_of, ..Default::default() };
        let ledger = world.service.get_ledger(as_council(DERBY, "2026-03-01", request)).await;
        let it = ledger.unwrap().into_inner();
        ((it.nights_billed, it.invoices, it.invoiced_pence), (it.live_placements, it.weekly_commitment_pence))
    };
    assert_eq!(figures("").await, ((22, 1, 220_000), (1, 70_000)));
    assert_eq!(figures("2026-03-01").await, ((22, 1, 220_000), (0, 0)), "what is of today alone is left out");
    assert_eq!(figures("2026-01-31").await, ((22, 0, 0), (0, 0)), "the invoice is of February");
    assert_eq!(figures("2026-01-30").await, ((0, 0, 0), (0, 0)));
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
}

/// Contracts recorded an agreement on the 5th, of which the ledger heard on the 10th: in between the ledger did not know of it, whatever is asked.
#[tokio::test]
async fn what_the_ledger_heard_later_was_not_known_before_in_any_answer() {
    let world = world().await;
    world.place_told(DERBY, 1, "acme", "2026-01-05", |_| {}).await;
    for (known_at, entries, committed) in
        [("2026-01-07T00:00:00Z", 0, 0), ("2026-01-10T12:00:00Z", 1, 810_000)]
    {
        let (parent, known_at) = (DERBY.to_owned(), known_at.to_owned());
        let request = GetLedgerRequest { parent, known_at: known_at.clone(), ..Default::default() };
        let ledger =
            world.service.get_ledger(as_council(DERBY, "2026-02-01", request)).await.unwrap().into_inner();
        let outstanding = ledger.commitments.iter().map(|it| it.net_pence.max(0)).sum::<i64>();
        assert_eq!((ledger.entries, outstanding), (entries, committed), "the ledger as known at {known_at}");
        let parent = DERBY.to_owned();
        let request = GetStatementRequest { parent, known_at: known_at.clone(), ..Default::default() };
        let statement = world.service.get_statement(as_council(DERBY, "2026-02-01", request)).await.unwrap();
        assert_eq!(i64::try_from(statement.into_inner().entries.len()).unwrap(), entries, "the statement");
        let request = GetForecastRequest { parent: DERBY.to_owned(), known_at, ..Default::default() };
        let forecast = world.service.get_forecast(as_council(DERBY, "2026-02-01", request)).await.unwrap();
        assert_eq!(forecast.into_inner().expected_pence, committed, "the forecast says the same");
    }
}

/// The months to come: as they are known, and as they were known before anything was charged and before anything was agreed.
#[tokio::test]
async fn a_forecast_is_read_as_it_was_known_at_an_instant() {
    let world = world().await;
    world.place(DERBY, 1, "acme").await;
    world.accrue(DERBY, "a", "2026-02-01").await.unwrap();
    let read = async |day: &str, known_at: &str| {
        let (parent, day, known_at) = (DERBY.to_owned(), day.to_owned(), known_at.to_owned());
        let request = GetForecastRequest { parent, day, known_at };
        let forecast =
            world.service.get_forecast(as_council(DERBY, "2026-02-01", request)).await?.into_inner();
        let of = |it: &ForecastMonth| (it.month.clone(), it.charged_pence, it.expected_pence);
        let months: Vec<_> = forecast.months.iter().map(of).collect();
        Ok::<_, Status>((months[9..].to_vec(), forecast.charged_pence, forecast.expected_pence))
    };
    let rows = |january: (i64, i64), later: (i64, i64)| {
        vec![
            ("2026-01".to_owned(), january.0, january.1),
            ("2026-02".to_owned(), 0, later.0),
            ("2026-03".to_owned(), 0, later.1),
        ]
    };
    let now = (rows((220_000, 0), (280_000, 310_000)), 220_000, 590_000);
    assert_eq!(read("", "").await.unwrap(), now);
    assert_eq!(
        read("", "2026-02-01T12:00:00Z").await.unwrap(),
        now,
        "what is recorded at the instant itself is known"
    );
    let before = (rows((0, 220_000), (280_000, 310_000)), 0, 810_000);
    assert_eq!(read("", "2026-02-01T11:59:59Z").await.unwrap(), before, "nobody had charged yet");
    assert_eq!(read("2026-03-31", "2026-01-15T00:00:00Z").await.unwrap(), before);
    let nothing = (rows((0, 0), (0, 0)), 0, 0);
    assert_eq!(read("", "2026-01-10T11:59:59Z").await.unwrap(), nothing, "nothing was agreed yet");
    let wrong = read("soon", "now").await.unwrap_err();
    let details = wrong.get_error_details();
    let fields = details.bad_request().unwrap().field_violations.iter().map(|it| it.field.clone());
    assert_eq!(fields.collect::<Vec<_>>(), ["day", "known_at"]);
}

/// A ledger of the past is folded anew for each who asks, and so a council has two at a time.
#[tokio::test]
async fn a_council_reads_two_forecasts_of_the_past_at_a_time() {
    let world = world().await;
    world.place(DERBY, 1, "acme").await;
    world.accrue(DERBY, "a", "2026-02-01").await.unwrap();
    let ask = |known_at: &str| {
        let (parent, known_at) = (DERBY.to_owned(), known_at.to_owned());
        let request = GetForecastRequest { parent, day: String::new(), known_at };
        world.service.get_forecast(as_council(DERBY, "2026-02-01", request))
    };
    let (past, now) = ("2026-02-01T12:00:00Z", ask("").await.unwrap().into_inner());
    // On a busy machine one may be answered before the third asks: then all three are asked again.
    let mut rounds = 0..100;
    let (read, refused) = loop {
        rounds.next().expect("the third is never refused");
        let answers: [_; 3] = tokio::join!(ask(past), ask(past), ask(past)).into();
        let (read, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        if let Some(refused) = refused.into_iter().next() {
            break (read, refused.unwrap_err());
        }
    };
    assert_eq!(read.len(), 2);
    assert!(read.into_iter().all(|it| it.unwrap().into_inner() == now));
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::ResourceExhausted, "TOO_MANY_READINGS"));
    assert!(ask(past).await.is_ok(), "when it is answered there is room again");
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
        leave_uncharged: false,
    };
    let status = world.service.close_period(as_council(DERBY, "2026-02-01", month)).await.unwrap_err();
    assert_eq!(reason(&status), "FIELD_INVALID");
}
