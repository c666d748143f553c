//! What leaves a ledger as files, judged by other people's programs: the journal by hledger and Beancount, invoices by the rules of EN 16931.

use crate::world::*;
use api::invoicing::invoicing_service_server::InvoicingService;
use api::invoicing::{
    ClosePeriodRequest, DocumentFormat, ExportJournalRequest, GetInvoiceDocumentRequest, GetLedgerRequest,
    Invoice, InvoiceDocument, InvoiceKind, JournalFormat, ListInvoicesRequest,
};
use books::document::{Category, Document, Kind};
use books::journal::of_tools;
use care::Pence;
use care::published::Route;
use futures::StreamExt;
use local_parts::accounting;
use std::collections::BTreeMap;
use std::path::Path;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// Derby's ledger with all that a ledger has: charges of the council's own provision, of welfare and of taxed provision at a fee that
/// whose VAT ends on four tenths of a penny; invoices, a payment, a closed month, and departures that were told late.
async fn lived_in() -> World {
    let world = world().await;
    let spot = || Route::Spot { justification: "nobody else".to_owned() };
    world.place(DERBY, 1, "acme").await;
    for (n, provider) in [(2, "acme"), (3, "beacon"), (4, "x")] {
        world.place_on(DERBY, n, provider, |issued| issued.terms.route = spot()).await;
    }
    world.vat_number("unregistered-ltd", "2026-01-01").await;
    for n in 5..=7 {
        world
            .place_on(DERBY, n, "unregistered-ltd", |issued| {
                issued.terms.route = spot();
                issued.provision = "UNREGISTERED".to_owned();
                issued.terms.lines[0].weekly = Pence(70_007);
            })
            .await;
    }
    for through in ["2026-01-12", "2026-01-19", "2026-02-01"] {
        world.accrue(DERBY, through, through).await.unwrap();
    }
    let invoices = world.issue(DERBY, "i", "2026-02-01").await;
    world.pay(&invoices[0], "p").await.unwrap();
    let (parent, month) = (DERBY.to_owned(), "2026-01".to_owned());
    let close = ClosePeriodRequest { parent, request_id: "c".into(), month, leave_uncharged: false };
    world.service.close_period(as_council(DERBY, "2026-02-03", close)).await.unwrap();
    for (n, on) in [(2, "2026-01-17"), (3, "2026-01-10"), (5, "2026-01-21")] {
        world.end(DERBY, n, on).await;
    }
    world.issue(DERBY, "j", "2026-02-01").await;
    world
}

async fn export(world: &World, request: ExportJournalRequest) -> Result<String, Status> {
    let request = as_council(DERBY, "2026-03-01", request);
    let mut chunks = world.service.export_journal(request).await?.into_inner();
    let mut file = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let content = chunk?.content;
        assert!(!content.is_empty() && content.len() <= 65_536);
        file.extend(content);
    }
    Ok(String::from_utf8(file).unwrap())
}

fn asked(format: JournalFormat) -> ExportJournalRequest {
    ExportJournalRequest { parent: DERBY.to_owned(), format: format.into(), ..Default::default() }
}

fn written(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// What the ledger says that each account comes to.
async fn balances(world: &World, as_of: &str, known_at: &str) -> BTreeMap<String, i64> {
    let request =
        GetLedgerRequest { parent: DERBY.into(), as_of: as_of.into(), known_at: known_at.to_owned() };
    let ledger = world.service.get_ledger(as_council(DERBY, "2026-03-01", request)).await.unwrap();
    ledger.into_inner().accounts.into_iter().map(|it| (it.account, it.net_pence)).collect()
}

#[tokio::test]
async fn other_programs_come_to_the_same_balances_as_the_ledger() {
    let world = lived_in().await;
    let folder = tempfile::tempdir().unwrap();
    let mut sizes = Vec::new();
    for (as_of, known_at) in
        [("", ""), ("2026-01-31", ""), ("", "2026-02-01T12:00:00Z"), ("2025-12-31", ""), ("2026-02-02", "")]
    {
        let request =
            |format| ExportJournalRequest { as_of: as_of.into(), known_at: known_at.into(), ..asked(format) };
        let text = export(&world, request(JournalFormat::Hledger)).await.unwrap();
        let found = accounting::balances_by_hledger(&written(folder.path(), "x.journal", &text)).unwrap();
        let found: BTreeMap<String, i64> =
            found.into_iter().map(|(name, pence)| (of_tools(&name).unwrap(), pence)).collect();
        assert_eq!(found, balances(&world, as_of, known_at).await, "as of {as_of:?}, known at {known_at:?}");
        let beans = export(&world, request(JournalFormat::Beancount)).await.unwrap();
        accounting::check_by_beancount(&written(folder.path(), "x.beancount", &beans)).unwrap();
        sizes.push(found.len());
    }
    assert_eq!((sizes[0], sizes[3]), (13, 0), "every account but for the commitments: {sizes:?}");
    let whole = asked(JournalFormat::Hledger);
    let text = export(&world, whole.clone()).await.unwrap();
    assert_eq!(export(&world, whole).await.unwrap(), text, "byte for byte");
    for part in ["(PAYMENT)", "(REVERSAL)", "(CREDIT_NOTE)", "adjusts:2026-01-", "E06000015-000001"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("ommitment"), "the memorandum is left out");
}

#[tokio::test]
async fn a_span_of_the_journal_is_exported_and_nonsense_is_told() {
    let world = lived_in().await;
    let csv = |from: &str, to: &str| ExportJournalRequest {
        from: from.to_owned(),
        to: to.to_owned(),
        ..asked(JournalFormat::Csv)
    };
    let rows = async |from: &str, to: &str| {
        let text = export(&world, csv(from, to)).await.unwrap();
        text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let (january, later) = (rows("", "2026-02-01").await, rows("2026-02-01", "").await);
    assert!(!january.is_empty() && !later.is_empty());
    let mut parts = [january, later].concat();
    let mut whole = rows("", "").await;
    parts.sort();
    whole.sort();
    assert_eq!(parts, whole, "each entry is in one of two spans that meet");
    // A part of the books is balanced by itself.
    let folder = tempfile::tempdir().unwrap();
    let february = ExportJournalRequest { from: "2026-02-01".to_owned(), ..asked(JournalFormat::Hledger) };
    let text = export(&world, february).await.unwrap();
    accounting::balances_by_hledger(&written(folder.path(), "x.journal", &text)).unwrap();
    let wrong =
        ExportJournalRequest { as_of: "soon".to_owned(), format: 0, ..csv("2026-02-01", "2026-01-01") };
    let status = export(&world, wrong).await.unwrap_err();
    let details = status.get_error_details();
    let fields: Vec<_> =
        details.bad_request().unwrap().field_violations.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(fields, ["format", "to", "as_of"]);
    let request = as_council(NOTTINGHAM, "2026-03-01", asked(JournalFormat::Csv));
    let foreign = world.service.export_journal(request).await.unwrap_err();
    assert_eq!((foreign.code(), reason(&foreign).as_str()), (Code::PermissionDenied, "NOT_YOURS"));
}

async fn all_invoices(world: &World) -> Vec<Invoice> {
    let request = ListInvoicesRequest { parent: DERBY.to_owned(), ..Default::default() };
    let list = world.service.list_invoices(as_council(DERBY, "2026-03-01", request)).await.unwrap();
    list.into_inner().invoices
}

async fn as_file(world: &World, name: &str, format: DocumentFormat) -> Result<InvoiceDocument, Status> {
    let request = GetInvoiceDocumentRequest { name: name.to_owned(), format: format.into() };
    let answer = world.service.get_invoice_document(as_council(DERBY, "2026-03-01", request)).await?;
    Ok(answer.into_inner())
}

#[tokio::test]
async fn every_invoice_is_an_e_invoice_of_what_the_ledger_owes() {
    let world = lived_in().await;
    let folder = tempfile::tempdir().unwrap();
    let invoices = all_invoices(&world).await;
    let mut documents: Vec<Document> = Vec::new();
    for invoice in &invoices {
        let file = as_file(&world, &invoice.name, DocumentFormat::Ubl).await.unwrap();
        assert_eq!(
            (file.file_name.as_str(), file.media_type.as_str()),
            (format!("{}.xml", invoice.number).as_str(), "application/xml")
        );
        let document = books::ubl::read(&file.content).unwrap_or_else(|faults| panic!("{faults}"));
        let sign = if invoice.kind() == InvoiceKind::CreditNote { -1 } else { 1 };
        let totals = document.totals().unwrap();
        assert_eq!((totals.net.0, totals.payable.0), (sign * invoice.net_pence, sign * invoice.gross_pence));
        assert_eq!(
            (document.seller.id.as_str(), document.buyer.name.as_str()),
            (&invoice.provider[10..], "Derby")
        );
        std::fs::write(folder.path().join(file.file_name), file.content).unwrap();
        let csv = as_file(&world, &invoice.name, DocumentFormat::Csv).await.unwrap();
        let rows = String::from_utf8(csv.content).unwrap().lines().count();
        assert_eq!(rows, document.lines.len() + 1);
        documents.push(document);
    }
    assert_eq!(accounting::check_e_invoices(folder.path()).unwrap(), invoices.len());
    let kinds = |kind| documents.iter().filter(|it| it.kind == kind).count();
    assert_eq!((kinds(Kind::SelfBilledInvoice), kinds(Kind::SelfBilledCreditNote)), (5, 3));
    for category in Category::ALL {
        let has = |document: &&Document| document.lines.iter().any(|line| line.vat.category == category);
        assert!(documents.iter().any(|document| has(&document)), "{category:?}");
    }
    let notes = documents.iter().filter(|document| document.kind == Kind::SelfBilledCreditNote);
    for note in notes {
        let [before] = note.preceding.as_slice() else { panic!("{:?}", note.preceding) };
        let taken_back = documents.iter().find(|document| document.number == before.number).unwrap();
        assert_eq!((&taken_back.seller, taken_back.kind), (&note.seller, Kind::SelfBilledInvoice));
    }
    assert!(
        documents.iter().any(|document| document.rounding != Pence::ZERO),
        "VAT by line and on the sum differ"
    );
}

/// An independent school's education is taxed, and its e-invoice does not say that education is exempt.
#[tokio::test]
async fn only_exempt_education_is_given_as_a_reason_of_exemption() {
    let world = world().await;
    world.vat_number("school", "2026-01-01").await;
    for (n, provider, provision) in [
        (1, "school", "RESIDENTIAL_EDUCATION"),
        (2, "home", "RESIDENTIAL"),
        (3, "plain", "RESIDENTIAL"),
        (4, "untold", "UNREGISTERED"),
    ] {
        let with_lessons = |issued: &mut care::published::AgreementIssued| {
            issued.terms.route = Route::Spot { justification: "nobody else".to_owned() };
            issued.provision = provision.to_owned();
            if n < 3 {
                let kind = "EDUCATION".to_owned();
                issued.terms.lines.push(care::published::PriceLine {
                    kind,
                    weekly: Pence(14_000),
                    until: None,
                });
            }
        };
        world.place_on(DERBY, n, provider, with_lessons).await;
    }
    world.accrue(DERBY, "a", "2026-02-01").await.unwrap();
    let mut reasons = BTreeMap::new();
    for invoice in world.issue(DERBY, "i", "2026-02-01").await {
        let file = as_file(&world, &invoice.name, DocumentFormat::Ubl).await.unwrap();
        let document = books::ubl::read(&file.content).unwrap();
        let exempt = document.exempt.unwrap();
        let reason = exempt.reason.unwrap();
        assert_eq!(reason.contains("no VAT number"), document.seller.id == "untold", "{reason}");
        let vat_number = document.seller.vat_number.as_deref();
        assert_eq!(vat_number, (document.seller.id == "school").then_some("GB220430231"));
        reasons.insert(document.seller.id, (exempt.code, reason.contains("education")));
    }
    let welfare = || (Some("VATEX-EU-132-1G".to_owned()), false);
    assert_eq!(reasons["school"], welfare());
    assert_eq!(reasons["home"], (None, true));
    assert_eq!(reasons["plain"], welfare());
}

#[tokio::test]
async fn a_payment_is_remitted_and_a_provider_has_the_files_of_its_own_invoices() {
    let world = lived_in().await;
    let invoices = all_invoices(&world).await;
    let paid = as_file(&world, &invoices[0].name, DocumentFormat::RemittanceText).await.unwrap();
    let text = String::from_utf8(paid.content).unwrap();
    assert!(text.contains("Paid on:    2026-02-03") && !text.contains("Account"), "{text}");
    for (format, ending) in [
        (DocumentFormat::RemittanceHtml, "-remittance.html"),
        (DocumentFormat::RemittanceCsv, "-remittance.csv"),
    ] {
        let file = as_file(&world, &invoices[0].name, format).await.unwrap();
        assert!(file.file_name.ends_with(ending) && !file.content.is_empty());
    }
    let unpaid = as_file(&world, &invoices[1].name, DocumentFormat::RemittanceText).await.unwrap_err();
    assert_eq!((unpaid.code(), reason(&unpaid).as_str()), (Code::FailedPrecondition, "NOTHING_PAID"));
    let unset = as_file(&world, &invoices[1].name, DocumentFormat::Unspecified).await.unwrap_err();
    assert_eq!(reason(&unset), "FIELD_INVALID");
    let format = DocumentFormat::Ubl.into();
    let ask = |provider: &str| {
        let request = GetInvoiceDocumentRequest { name: invoices[0].name.clone(), format };
        world.service.get_invoice_document(as_provider(provider, "2026-03-01", request))
    };
    let own = invoices[0].provider.trim_start_matches("providers/");
    let (theirs, ours) = (ask(own).await.unwrap(), as_file(&world, &invoices[0].name, DocumentFormat::Ubl));
    assert_eq!(theirs.into_inner(), ours.await.unwrap());
    assert_eq!(reason(&ask("stranger").await.unwrap_err()), "INVOICE_UNKNOWN");
}
