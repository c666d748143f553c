//! Invoices that providers send, by fields, by UBL and by CSV: what matches is payable, what does not is in query, and what is refused leaves
//! nothing behind.

use crate::world::*;
use api::invoicing as proto;
use api::invoicing::invoicing_service_server::InvoicingService;
use books::document::{Address, Document, Exemption, Kind, Line, Party, Preceding, Profile, Vat};
use care::published::Route;
use care::{Nights, Pence};
use prost::Message as _;
use proto::{BillingMode, QueryOutcome, SentFormat, SentKind};
use tonic::codec::Codec as _;
use tonic::{Code, Request, Status, Streaming};
use tonic_types::StatusExt;

const TODAY: &str = "2026-02-02";

/// Derby buys of acme at £700.00 a week from 10 January on, has charged January, and acme sends its invoices itself.
async fn sending() -> World {
    let world = world().await;
    let spot = || Route::Spot { justification: "nobody else".to_owned() };
    world.place_on(DERBY, 1, "acme", |issued| issued.terms.route = spot()).await;
    world.place_on(DERBY, 2, "beacon", |issued| issued.terms.route = spot()).await;
    world.accrue(DERBY, "a", "2026-02-01").await.unwrap();
    arrange(&world, "acme", "2026-01-01").await.unwrap();
    world
}

async fn arrange(world: &World, provider: &str, from: &str) -> Result<proto::BillingArrangement, Status> {
    let request = proto::ArrangeBillingRequest {
        parent: DERBY.to_owned(),
        request_id: format!("arrange-{provider}-{from}"),
        provider: format!("providers/{provider}"),
        mode: BillingMode::SupplierInvoices.into(),
        from: from.to_owned(),
        council_by: "Head of finance".to_owned(),
        provider_by: "Finance director".to_owned(),
        agreed_on: "2025-12-18".to_owned(),
    };
    Ok(world.service.arrange_billing(as_council(DERBY, TODAY, request)).await?.into_inner())
}

fn of_fields(number: &str, start: &str, end: &str, net_pence: i64) -> proto::SubmitInvoiceRequest {
    let nights = Nights::new(day(start), day(end)).unwrap();
    let line = proto::SubmittedLine {
        agreement: format!("{DERBY}/agreements/{}", agreement(1)),
        kind: "CORE".to_owned(),
        start: start.to_owned(),
        end: end.to_owned(),
        quantity: nights.count(),
        weekly_pence: 0,
        net_pence,
        vat: "EXEMPT".to_owned(),
        vat_pence: 0,
    };
    proto::SubmitInvoiceRequest {
        parent: DERBY.to_owned(),
        request_id: format!("send-{number}"),
        provider: "providers/acme".to_owned(),
        number: number.to_owned(),
        kind: SentKind::Invoice.into(),
        issued_on: TODAY.to_owned(),
        lines: vec![line],
        net_pence,
        ..Default::default()
    }
}

async fn submit(
    world: &World,
    request: proto::SubmitInvoiceRequest,
) -> Result<proto::SupplierInvoice, Status> {
    Ok(world.service.submit_invoice(as_provider("acme", TODAY, request)).await?.into_inner())
}

fn party(id: &str) -> Party {
    Party {
        id: id.to_owned(),
        name: id.to_owned(),
        company_number: None,
        vat_number: None,
        tax_reference: None,
        endpoint: None,
        address: Address { country: "GB".to_owned(), ..Address::default() },
    }
}

/// A document of acme to Derby over some nights of agreement 1.
fn document(number: &str, start: &str, end: &str, net: i64) -> Document {
    let nights = Nights::new(day(start), day(end)).unwrap();
    let (id, name) = ("1".to_owned(), "Core fee".to_owned());
    let line = Line::of_nights(id, name, nights, Pence(70_000), Pence(net), Vat::EXEMPT).unwrap();
    Document {
        kind: Kind::Invoice,
        profile: Profile::En16931,
        number: number.to_owned(),
        issued_on: day("2026-02-01"),
        due_on: Some(day("2026-03-03")),
        tax_point: None,
        note: None,
        buyer_reference: None,
        period: None,
        order: None,
        preceding: Vec::new(),
        contract: None,
        seller: Party { tax_reference: Some("acme".to_owned()), ..party("acme") },
        buyer: party("E06000015"),
        payment: None,
        terms: None,
        exempt: Some(Exemption { code: None, reason: Some("Welfare".to_owned()) }),
        outside_scope: None,
        lines: vec![Line {
            charge: Some("CORE".to_owned()),
            agreement: Some(agreement(1).to_string()),
            ..line
        }],
        rounding: Pence::ZERO,
    }
}

/// A request in pieces, as it comes over the wire.
fn in_pieces(
    request: &proto::SubmitInvoiceDocumentRequest,
) -> Streaming<proto::SubmitInvoiceDocumentRequest> {
    let first = proto::SubmitInvoiceDocumentRequest { content: Vec::new(), ..request.clone() };
    let rest = request
        .content
        .chunks(100_000)
        .map(|piece| proto::SubmitInvoiceDocumentRequest { content: piece.to_vec(), ..Default::default() });
    let mut bytes = Vec::new();
    for piece in std::iter::once(first).chain(rest) {
        let message = piece.encode_to_vec();
        bytes.push(0);
        bytes.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
        bytes.extend(message);
    }
    let decoder = tonic_prost::ProstCodec::<(), proto::SubmitInvoiceDocumentRequest>::default().decoder();
    let body = http_body_util::Full::<prost::bytes::Bytes>::from(bytes);
    Streaming::new_request(decoder, body, None, None)
}

async fn send(
    world: &World,
    id: &str,
    format: SentFormat,
    content: impl Into<Vec<u8>>,
) -> Result<Vec<proto::SupplierInvoice>, Status> {
    let request = proto::SubmitInvoiceDocumentRequest {
        parent: DERBY.to_owned(),
        request_id: id.to_owned(),
        provider: "providers/acme".to_owned(),
        format: format.into(),
        received_on: String::new(),
        content: content.into(),
    };
    let request: Request<_> = as_provider("acme", TODAY, in_pieces(&request));
    Ok(world.service.submit_invoice_document(request).await?.into_inner().invoices)
}

async fn whole(world: &World, name: &str) -> proto::SupplierInvoice {
    let request = proto::GetSupplierInvoiceRequest { name: name.to_owned() };
    let answer = world.service.get_supplier_invoice(as_provider("acme", TODAY, request)).await;
    answer.unwrap().into_inner()
}

fn amounts(invoice: &proto::SupplierInvoice) -> (i64, i64, i64, i64) {
    (invoice.gross_pence, invoice.accepted_pence, invoice.in_query_pence, invoice.due_pence)
}

#[tokio::test]
async fn what_comes_in_by_fields_ubl_and_csv_is_matched_and_payable() {
    let world = sending().await;
    let first = submit(&world, of_fields("F-1", "2026-01-10", "2026-01-17", 70_000)).await.unwrap();
    assert_eq!(amounts(&first), (70_000, 70_000, 0, 70_000));
    let again = submit(&world, of_fields("F-1", "2026-01-10", "2026-01-17", 70_000)).await.unwrap();
    assert_eq!(again, first, "the same request again");
    let ubl = books::ubl::write(&document("U-1", "2026-01-17", "2026-01-24", 70_000)).unwrap();
    let second = send(&world, "u", SentFormat::Ubl, ubl.clone()).await.unwrap();
    assert_eq!(amounts(&second[0]), (70_000, 70_000, 0, 70_000));
    assert_eq!((second[0].format.as_str(), second[0].number.as_str()), ("UBL", "U-1"));
    // A week, and a night at five pounds too much.
    let documents = [
        document("C-1", "2026-01-24", "2026-01-31", 70_000),
        document("C-2", "2026-01-31", "2026-02-01", 10_500),
    ];
    let csv = books::sheet::write_invoices(&documents).unwrap();
    let rest = send(&world, "c", SentFormat::Csv, csv.clone()).await.unwrap();
    let shown: Vec<_> = rest.iter().map(amounts).collect();
    assert_eq!(shown, [(70_000, 70_000, 0, 70_000), (10_500, 10_000, 500, 10_000)]);
    let lines = whole(&world, &rest[1].name).await.lines;
    assert_eq!(lines[0].reasons[0].code, "PRICE_ABOVE_AGREEMENT");
    assert!(lines[0].reasons[0].meaning.starts_with("The amount is above"), "{lines:?}");
    assert_eq!((lines[0].agreed_pence, lines[0].in_query_pence), (10_000, 500));

    let ledger = world.ledger(DERBY).await;
    let net = |name: &str| ledger.accounts.iter().find(|a| a.account == name).map(|a| a.net_pence);
    assert_eq!(
        (net("payable:acme"), net("liability:accrued:acme"), ledger.balanced),
        (Some(-220_000), Some(0), true)
    );
    assert!(world.issue(DERBY, "i", "2026-02-01").await.iter().all(|it| it.provider == "providers/beacon"));
    let aged = proto::ListAgedPayablesRequest { parent: DERBY.into(), ..Default::default() };
    let aged = world.service.list_aged_payables(as_council(DERBY, TODAY, aged)).await.unwrap().into_inner();
    assert_eq!(
        (aged.payables[0].provider.as_str(), aged.payables[0].not_due_pence),
        ("providers/acme", 220_000)
    );
    let pay = proto::RecordPaymentRequest {
        name: rest[1].name.clone(),
        request_id: "p".into(),
        ..Default::default()
    };
    let paid = world.service.record_payment(as_council(DERBY, "2026-02-03", pay)).await.unwrap().into_inner();
    assert_eq!((paid.number.as_str(), paid.paid_pence, paid.settled_on.as_str()), ("C-2", 10_000, ""));
    let taken = send(&world, "u2", SentFormat::Ubl, ubl).await.unwrap_err();
    assert_eq!((taken.code(), reason(&taken).as_str()), (Code::AlreadyExists, "INVOICE_NUMBER_TAKEN"));
    assert_eq!(send(&world, "c", SentFormat::Csv, csv).await.unwrap(), rest, "the same request again");
}

#[tokio::test]
async fn a_disputed_line_is_answered_and_settled_while_the_rest_is_paid() {
    let world = sending().await;
    let name = submit(&world, of_fields("F-1", "2026-01-10", "2026-01-17", 72_000)).await.unwrap().name;
    let query = proto::QueryInvoiceRequest {
        name: name.clone(),
        request_id: "q".into(),
        reason: "NOT_PROVIDED".into(),
        text: "he was away".into(),
        ..Default::default()
    };
    let queried = world.service.query_invoice(as_council(DERBY, TODAY, query)).await.unwrap().into_inner();
    assert_eq!(amounts(&queried), (72_000, 0, 72_000, 0));
    let answer = proto::AnswerInvoiceQueryRequest {
        name: name.clone(),
        request_id: "w".into(),
        text: "he was there".into(),
    };
    let other = as_provider("beacon", TODAY, answer.clone());
    assert_eq!(reason(&world.service.answer_invoice_query(other).await.unwrap_err()), "INVOICE_UNKNOWN");
    world.service.answer_invoice_query(as_provider("acme", TODAY, answer)).await.unwrap();
    let resolve = proto::ResolveInvoiceQueryRequest {
        name: name.clone(),
        request_id: "r".into(),
        outcome: QueryOutcome::AcceptedAsAgreed.into(),
        text: "he was".into(),
        ..Default::default()
    };
    let resolved = world.service.resolve_invoice_query(as_council(DERBY, TODAY, resolve)).await.unwrap();
    assert_eq!(amounts(&resolved.into_inner()), (72_000, 70_000, 2_000, 70_000));
    let mut note = document("N-1", "2026-01-10", "2026-01-17", 2_000);
    note.kind = Kind::CreditNote;
    (note.due_on, note.terms) = (None, Some("taken off".to_owned()));
    note.preceding = vec![Preceding { number: "F-1".to_owned(), issued_on: None }];
    let note =
        send(&world, "n", SentFormat::Csv, books::sheet::write_invoices(&[note]).unwrap()).await.unwrap();
    assert_eq!((note[0].kind(), note[0].credits.as_str()), (SentKind::CreditNote, name.as_str()));
    let now = whole(&world, &name).await;
    assert_eq!((amounts(&now), now.credited_pence), ((72_000, 70_000, 0, 70_000), 2_000));
    let what: Vec<_> = now.queries.iter().map(|note| (note.what.as_str(), note.text.as_str())).collect();
    assert_eq!(what, [("QUERIED", "he was away"), ("ANSWERED", "he was there"), ("RESOLVED", "he was")]);
    assert_eq!(now.credit_notes, [note[0].name.clone()]);
    for (parent, role) in
        [(DERBY, as_council(DERBY, TODAY, ())), ("providers/acme", as_provider("acme", TODAY, ()))]
    {
        let list =
            proto::ListSupplierInvoicesRequest { parent: parent.into(), page_size: 1, ..Default::default() };
        let page = world.service.list_supplier_invoices(role.map(|()| list)).await.unwrap().into_inner();
        assert_eq!((page.invoices[0].number.as_str(), page.next_page_token.is_empty()), ("F-1", false));
    }
    let list = proto::ListSupplierInvoicesRequest { parent: "providers/beacon".into(), ..Default::default() };
    let page = world.service.list_supplier_invoices(as_provider("beacon", TODAY, list)).await.unwrap();
    assert_eq!(page.into_inner().invoices.len(), 0);
}

#[tokio::test]
async fn bad_files_are_refused_with_line_field_and_reason_and_nothing_is_posted() {
    let world = sending().await;
    let before = world.json(DERBY);
    // Nearly 10 MB of rows, one of them wrong.
    let row = |number: usize, net: &str| {
        let (first, last) = ("2026-01-10", "2026-01-16");
        format!(
            "INVOICE,N{number},2026-02-01,2026-03-03,acme,E06000015,700.00,0.00,700.00,1,{},7,NIGHT,700,7,{net},EXEMPT,Welfare,CORE,{},{first},{last}\n",
            "Core fee of a week, and a long name".replace(',', ";").repeat(6),
            agreement(1)
        )
    };
    let mut csv = "kind,number,issued_on,due_on,seller,buyer,net_total,vat_total,payable_total,line,name,quantity,unit,price,price_per,net,vat,\
                   exempt_reason,charge,agreement,line_first_night,line_last_night\n"
        .to_owned();
    let rows = 9_900_000 / row(1, "700.00").len();
    for n in 0..rows {
        csv.push_str(&row(n, if n == rows - 2 { "700.0O" } else { "700.00" }));
    }
    assert!((9_500_000..10_485_760).contains(&csv.len()), "{}", csv.len());
    let status = send(&world, "big", SentFormat::Csv, csv).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "DOCUMENT_INVALID"));
    let details = status.get_error_details();
    let told = &details.bad_request().unwrap().field_violations[0];
    assert_eq!(told.field, "net");
    assert!(told.description.starts_with(&format!("line {rows}: net: \"700.0O\"")), "{}", told.description);

    let bomb = r#"<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><Invoice>&b;</Invoice>"#;
    let good = books::ubl::write(&document("U-1", "2026-01-17", "2026-01-24", 70_000)).unwrap();
    let mut elsewhere = document("U-2", "2026-01-17", "2026-01-24", 70_000);
    elsewhere.buyer = party("E06000018");
    let mut of_another = document("U-3", "2026-01-17", "2026-01-24", 70_000);
    of_another.lines[0].agreement = Some(agreement(2).to_string());
    let mut wordless = document("U-4", "2026-01-17", "2026-01-24", 70_000);
    (wordless.lines[0].charge, wordless.lines[0].agreement) = (None, None);
    let mut later = document("U-5", "2026-01-17", "2026-01-24", 70_000);
    (later.issued_on, later.due_on) = (day("2026-02-03"), Some(day("2026-03-05")));
    let written = |document: &Document| books::ubl::write(document).unwrap();
    for (what, content, expected) in [
        ("an entity bomb", bomb.to_owned(), "DOCUMENT_INVALID"),
        (
            "a wrong sum",
            good.replacen("700.00</cbc:PayableAmount>", "700.01</cbc:PayableAmount>", 1),
            "DOCUMENT_INVALID",
        ),
        ("another council", written(&elsewhere), "INVOICE_FOREIGN"),
        ("another provider's agreement", written(&of_another), "AGREEMENT_UNKNOWN"),
        ("neither line nor agreement", written(&wordless), "DOCUMENT_INVALID"),
        ("a day to come", written(&later), "INVOICE_DATE_INVALID"),
    ] {
        assert_ne!(content, good, "{what}");
        let status = send(&world, &what.replace(' ', "-"), SentFormat::Ubl, content).await.unwrap_err();
        assert_eq!(reason(&status), expected, "{what}: {status:?}");
    }
    let negative = |request: &mut proto::SubmitInvoiceRequest| request.lines[0].quantity = -7;
    let other_sum = |request: &mut proto::SubmitInvoiceRequest| request.net_pence = 1;
    let dear = |request: &mut proto::SubmitInvoiceRequest| request.lines[0].weekly_pence = 69_000;
    let entered = |request: &mut proto::SubmitInvoiceRequest| request.received_on = "2026-02-01".to_owned();
    type Change = fn(&mut proto::SubmitInvoiceRequest);
    let changes: [(Change, &str, &str); 4] = [
        (negative, "QUANTITY_NEGATIVE", "invoices[0].lines[0].quantity"),
        (other_sum, "SUM_DIFFERS", "invoices[0].net_pence"),
        (dear, "AMOUNT_DIFFERS", "invoices[0].lines[0].net_pence"),
        (entered, "FIELD_INVALID", "received_on"),
    ];
    for (change, expected, field) in changes {
        let mut request = of_fields("F-1", "2026-01-10", "2026-01-17", 70_000);
        change(&mut request);
        let status = submit(&world, request).await.unwrap_err();
        let details = status.get_error_details();
        let told = &details.bad_request().unwrap().field_violations[0];
        assert_eq!((reason(&status).as_str(), told.field.as_str()), (expected, field), "{status:?}");
    }
    let stranger = as_provider("beacon", TODAY, of_fields("F-1", "2026-01-10", "2026-01-17", 70_000));
    assert_eq!(reason(&world.service.submit_invoice(stranger).await.unwrap_err()), "NOT_YOURS");
    assert_eq!(world.json(DERBY), before, "nothing was recorded");
}

#[tokio::test]
async fn what_is_arranged_and_tolerated_is_read_by_whom_it_concerns() {
    let world = sending().await;
    let list =
        |parent: &str| proto::ListBillingArrangementsRequest { parent: parent.into(), ..Default::default() };
    let all = world.service.list_billing_arrangements(as_council(DERBY, TODAY, list(DERBY))).await.unwrap();
    let own = as_provider("acme", TODAY, list("providers/acme"));
    let own = world.service.list_billing_arrangements(own).await.unwrap().into_inner();
    assert_eq!(all.into_inner(), own);
    let shown = &own.arrangements[0];
    assert_eq!(
        (shown.mode(), shown.from.as_str(), shown.agreed_on.as_str()),
        (BillingMode::SupplierInvoices, "2026-01-01", "2025-12-18")
    );
    let tolerance = proto::Tolerance {
        line_pence: 500,
        line_basis_points: 1_000,
        invoice_pence: 500,
        invoice_basis_points: 1_000,
    };
    let set = proto::SetMatchToleranceRequest {
        parent: DERBY.into(),
        request_id: "t".into(),
        from: TODAY.into(),
        tolerance: Some(tolerance),
        approver: "Head of finance".into(),
    };
    let set = world.service.set_match_tolerance(as_council(DERBY, TODAY, set)).await.unwrap().into_inner();
    let get = |on: &str| proto::GetMatchToleranceRequest { parent: DERBY.into(), on: on.into() };
    let now =
        world.service.get_match_tolerance(as_council(DERBY, TODAY, get(""))).await.unwrap().into_inner();
    let then = world.service.get_match_tolerance(as_council(DERBY, TODAY, get("2026-02-01"))).await.unwrap();
    assert_eq!((now.version, now.tolerance, set), (1, Some(tolerance), now.clone()));
    assert_eq!((then.get_ref().version, then.into_inner().from), (0, String::new()));
    let sent = submit(&world, of_fields("F-1", "2026-01-10", "2026-01-17", 70_400)).await.unwrap();
    assert_eq!(amounts(&sent), (70_400, 70_400, 0, 70_400));
    let ledger = world.ledger(DERBY).await;
    let differences = ledger.accounts.iter().find(|it| it.account == "expense:differences");
    assert_eq!(differences.map(|it| it.net_pence), Some(400));
}

/// What was received is given again as a document, to the council and its own provider, and reads as what was sent.
#[tokio::test]
async fn a_received_invoice_is_given_as_the_document_that_was_read() {
    use proto::{DocumentFormat, GetInvoiceDocumentRequest, InvoiceDocument};
    let world = sending().await;
    let sent = document("U/1 of Jan", "2026-01-10", "2026-01-24", 140_000);
    let ubl = books::ubl::write(&sent).unwrap();
    let name = send(&world, "u", SentFormat::Ubl, ubl).await.unwrap().remove(0).name;
    let file = async |request: Request<GetInvoiceDocumentRequest>| -> Result<InvoiceDocument, Status> {
        Ok(world.service.get_invoice_document(request).await?.into_inner())
    };
    let of = |format: DocumentFormat| GetInvoiceDocumentRequest { name: name.clone(), format: format.into() };
    let given = file(as_provider("acme", TODAY, of(DocumentFormat::Ubl))).await.unwrap();
    assert_eq!(given.file_name, "E06000015-received-000001.xml");
    let read = books::ubl::read(&given.content).unwrap();
    assert_eq!((&read.number, read.kind, read.issued_on), (&sent.number, sent.kind, sent.issued_on));
    let line = |document: &Document| {
        let line = &document.lines[0];
        (line.charge.clone(), line.agreement.clone(), line.period, line.net, line.vat)
    };
    assert_eq!((read.lines.len(), line(&read)), (1, line(&sent)));
    assert_eq!((read.totals().unwrap().payable, read.seller.id.as_str()), (Pence(140_000), "acme"));
    let again = file(as_council(DERBY, TODAY, of(DocumentFormat::Ubl))).await.unwrap();
    assert_eq!(again.content, given.content, "byte for byte");
    let csv = file(as_council(DERBY, TODAY, of(DocumentFormat::Csv))).await.unwrap();
    assert_eq!(String::from_utf8(csv.content).unwrap().lines().count(), 2);

    let advice = file(as_council(DERBY, TODAY, of(DocumentFormat::RemittanceText))).await.unwrap_err();
    assert_eq!((advice.code(), reason(&advice).as_str()), (Code::FailedPrecondition, "NOTHING_PAID"));
    let foreign = file(as_provider("beacon", TODAY, of(DocumentFormat::Ubl))).await.unwrap_err();
    assert_eq!((foreign.code(), reason(&foreign).as_str()), (Code::NotFound, "INVOICE_UNKNOWN"));
}
