//! What leaves a ledger as a file: the journal for other accounting programs, and invoices for those who are paid.

use super::payment_runs::look_at;
use super::reading::{point, visible_invoice};
use super::supplier::received_invoice;
use crate::Invoicing;
use crate::document::{FileKind, Source};
use crate::export::{Extract, Program, Span};
use crate::past::{apart, seen};
use crate::payment_document::{RunFile, RunSource};
use crate::render;
use api::invoicing as proto;
use books::Faults;
use invoicing_domain::{State, SupplierInvoice};
use proto::{ExportJournalRequest, ExportJournalResponse, GetInvoiceDocumentRequest, InvoiceDocument};
use service_kit::{Caller, Endless, Fields, Teller, Told, refused};
use std::sync::Arc;
use tonic::{Code, Status};

/// How many bytes a message has at most.
const CHUNK_BYTES_MAX: usize = 65_536;
/// How many journals are exported at once: each is in memory until it is sent.
const EXPORTS_MAX: usize = 8;
/// How many of one council.
const EXPORTS_EACH_MAX: usize = 2;

/// A journal on its way.
pub(crate) type Chunks = Told<ExportJournalResponse>;

/// Those who export, none at first. They are never ended early: a file that ends without an error is whole.
pub(crate) fn exports() -> Arc<Endless> {
    Arc::new(Endless::at_most(EXPORTS_MAX, EXPORTS_EACH_MAX))
}

pub(super) async fn export_journal(
    service: &Invoicing,
    caller: &Caller,
    request: &ExportJournalRequest,
) -> Result<Chunks, Status> {
    let mut fields = Fields::new();
    let council = fields.council("parent", &request.parent);
    let program = program(&mut fields, request.format);
    let from = fields.date_optional("from", &request.from);
    let to = fields.date_optional("to", &request.to);
    if let (Some(Some(from)), Some(Some(to))) = (from, to)
        && to < from
    {
        fields.violation("to", format!("{to} is before {from}, from which the journal is asked"));
    }
    let (as_of, known_at) = point(&mut fields, &request.as_of, &request.known_at);
    let form = fields.finish(|| {
        let span = Span { from: from?, to: to?, as_of: as_of? };
        Some((council?, program?, span, known_at?))
    });
    let (council, program, span, known_at) = form?;
    caller.require_council(council)?;
    service.ledger_of(council)?;
    let admission = service.exporting.admit(&caller.role.to_string()).ok_or_else(too_many)?;
    let extract =
        seen(service, caller, council, known_at, |state| Extract::of(council, state, &span)).await?;
    Ok(service.exporting.answer(admission, |teller| tell(extract, program, teller)))
}

fn too_many() -> Status {
    let message = format!(
        "{EXPORTS_MAX} journals are exported at once, {EXPORTS_EACH_MAX} of them yours: wait until one has ended"
    );
    refused(Code::ResourceExhausted, "TOO_MANY_EXPORTS", message, [])
}

/// Writes the file beside what the service does otherwise, and sends it piece by piece as the caller takes it.
async fn tell(
    extract: Extract,
    program: Program,
    teller: Teller<ExportJournalResponse>,
) -> Result<(), Status> {
    let file = apart(move || extract.written(program)).await?.map_err(|faults| unwritable(&faults))?;
    for chunk in file.as_bytes().chunks(CHUNK_BYTES_MAX) {
        let _ = teller.send(Ok(ExportJournalResponse { content: chunk.to_vec() })).await;
    }
    Ok(())
}

pub(super) async fn get_invoice_document(
    service: &Invoicing,
    caller: &Caller,
    request: &GetInvoiceDocumentRequest,
) -> Result<InvoiceDocument, Status> {
    let mut fields = Fields::new();
    let name = fields.council_resource("name", &request.name, "invoices");
    let kind = file_kind(&mut fields, request.format);
    let ((council, id), kind) = fields.finish(|| Some((name?, kind?)))?;
    let received = |state: &State, invoice: &SupplierInvoice| {
        let number = format!("{council}-received-{:06}", invoice.received.sequence);
        (Source::received(state, invoice, kind), number)
    };
    let (source, number) = match received_invoice(service, caller, council, id, received)? {
        Some((source, number)) => (source.ok_or_else(|| no_advice(&number))?, number),
        None => visible_invoice(service, caller, council, id, |state, invoice| {
            (Source::of(state, invoice, kind), invoice.issued.number.clone())
        })?,
    };
    let nothing_paid = || {
        let message = format!(
            "{number} was not paid to the provider, so there is nothing to remit: ask for it as an e-invoice or CSV"
        );
        refused(Code::FailedPrecondition, "NOTHING_PAID", message, [])
    };
    // An invoice may have thousands of lines: it is written beside what the service does otherwise.
    let written = apart(move || source.written()).await?;
    let file = written.ok_or_else(nothing_paid)?.map_err(|faults| unwritable(&faults))?;
    let (media_type, ending) = kind.media();
    Ok(InvoiceDocument {
        name: render::invoice_name(council, id),
        file_name: format!("{number}{ending}"),
        media_type: media_type.to_owned(),
        content: file.into_bytes(),
    })
}

fn no_advice(number: &str) -> Status {
    let message = format!(
        "{number} is the provider's own invoice: ask for it as an e-invoice or CSV, and for the advice of the payment run that paid it \
         (GetPaymentRunDocument)"
    );
    refused(Code::FailedPrecondition, "NOTHING_PAID", message, [])
}

pub(super) fn get_payment_run_document(
    service: &Invoicing,
    caller: &Caller,
    request: &proto::GetPaymentRunDocumentRequest,
) -> Result<proto::PaymentRunDocument, Status> {
    let mut fields = Fields::new();
    let name = fields.council_resource("name", &request.name, "paymentRuns");
    let file = run_file(&mut fields, request);
    let ((council, id), file) = fields.finish(|| Some((name?, file?)))?;
    let (source, file_name, number, status) = look_at(service, caller, council, id, |state, run| {
        (RunSource::of(state, run, &file), file.file_name(run), run.proposed.number, run.status())
    })?;
    let nothing = || match source {
        RunSource::NoPayee => {
            let message =
                format!("payment run {number} pays nothing to {}: check the provider", request.provider);
            refused(Code::NotFound, "PAYEE_UNKNOWN", message, [])
        }
        _ => {
            let message = format!(
                "payment run {number} is {}: there is a file for the bank, and advices, once two people have approved it",
                status.as_str()
            );
            refused(Code::FailedPrecondition, "PAYMENT_RUN_STATUS", message, [])
        }
    };
    let content = source.written().ok_or_else(nothing)?.map_err(|faults| unwritable(&faults))?;
    Ok(proto::PaymentRunDocument {
        name: render::payments::run_name(council, id),
        file_name,
        media_type: file.media_type().to_owned(),
        content: content.into_bytes(),
    })
}

/// Which file of a run is asked for; a remittance advice is one provider's.
fn run_file(fields: &mut Fields, request: &proto::GetPaymentRunDocumentRequest) -> Option<RunFile> {
    use proto::PaymentRunFormat as Format;
    let format = fields.check("format", Format::try_from(request.format))?;
    let of_all = match format {
        Format::Bacs => Some(RunFile::Bacs),
        Format::Csv => Some(RunFile::Csv),
        Format::Unspecified => {
            fields.violation("format", "it is not set: say as which file, such as PAYMENT_RUN_FORMAT_BACS");
            return None;
        }
        Format::RemittanceText | Format::RemittanceHtml | Format::RemittanceCsv => None,
    };
    if of_all.is_some() {
        if !request.provider.is_empty() {
            fields.violation("provider", "this file is of all providers: leave it out, or ask for an advice");
        }
        return of_all;
    }
    let provider = fields.provider("provider", &request.provider)?;
    Some(match format {
        Format::RemittanceHtml => RunFile::RemittanceHtml(provider),
        Format::RemittanceCsv => RunFile::RemittanceCsv(provider),
        _ => RunFile::RemittanceText(provider),
    })
}

/// What is recorded cannot be said in the format that was asked for.
fn unwritable(faults: &Faults) -> Status {
    refused(Code::FailedPrecondition, "FORMAT_CANNOT_CARRY", format!("it cannot be written so: {faults}"), [])
}

fn program(fields: &mut Fields, format: i32) -> Option<Program> {
    match fields.check("format", proto::JournalFormat::try_from(format))? {
        proto::JournalFormat::Hledger => Some(Program::Hledger),
        proto::JournalFormat::Beancount => Some(Program::Beancount),
        proto::JournalFormat::Csv => Some(Program::Spreadsheet),
        proto::JournalFormat::Unspecified => {
            fields
                .violation("format", "it is not set: say for which program, such as JOURNAL_FORMAT_HLEDGER");
            None
        }
    }
}

fn file_kind(fields: &mut Fields, format: i32) -> Option<FileKind> {
    match fields.check("format", proto::DocumentFormat::try_from(format))? {
        proto::DocumentFormat::Ubl => Some(FileKind::Ubl),
        proto::DocumentFormat::Csv => Some(FileKind::Csv),
        proto::DocumentFormat::RemittanceText => Some(FileKind::RemittanceText),
        proto::DocumentFormat::RemittanceHtml => Some(FileKind::RemittanceHtml),
        proto::DocumentFormat::RemittanceCsv => Some(FileKind::RemittanceCsv),
        proto::DocumentFormat::Unspecified => {
            fields.violation("format", "it is not set: say as which file, such as DOCUMENT_FORMAT_UBL");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{EXPORTS_EACH_MAX, exports, too_many};
    use tonic_types::StatusExt;

    #[test]
    fn one_council_exports_two_journals_at_once_and_is_told_so() {
        let exporting = exports();
        let mut admitted: Vec<_> =
            (0..EXPORTS_EACH_MAX).map(|_| exporting.admit("council:E06000015")).collect();
        assert!(admitted.iter().all(Option::is_some));
        assert!(exporting.admit("council:E06000015").is_none());
        assert!(exporting.admit("council:E06000018").is_some(), "others have room");
        admitted.pop();
        assert!(exporting.admit("council:E06000015").is_some());
        let details = too_many().get_error_details();
        assert_eq!(details.error_info().map(|info| info.reason.as_str()), Some("TOO_MANY_EXPORTS"));
    }
}
