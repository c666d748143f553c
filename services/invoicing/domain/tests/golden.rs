//! Events as they were released: each must be read for ever, and written again the same.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

use care::Event;
use care::published::monitoring::{InvoicePaid, InvoiceTold};
use invoicing_domain::InvoicingEvent;
use serde_json::Value;
use std::path::PathBuf;

fn golden(event_type: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(format!("{event_type}.v1.json"))
}

/// Kinds of records that the first golden file of their type does not show: `ChargePosted.v1.dated.json` has lines of some nights only, VAT, and
/// a memorandum; `TermsChanged.v1.dated-rules.json` has absence rules from a day on; `SupplierInvoiceReceived.v1.credit.json` is a credit note;
/// `PaymentRecorded.v1.by.json` says who recorded it; `PeriodClosed.v1.uncharged.json` was closed in spite of nights that were not charged; `AgreementOpened.v1.home.json` names the home.
#[test]
fn other_shapes_of_an_event_read_and_write_the_same_too() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden");
    let mut shapes = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if let [event_type, "v1", _, "json"] = name.split('.').collect::<Vec<_>>().as_slice() {
            let text = std::fs::read(&path).unwrap();
            let event =
                InvoicingEvent::decode(event_type, 1, &text).unwrap_or_else(|error| panic!("{error}"));
            let stored: Value = serde_json::from_slice(&text).unwrap();
            let written: Value = serde_json::from_slice(&event.encode()).unwrap();
            assert_eq!(written, stored, "{name} is written differently now");
            shapes += 1;
        }
    }
    assert_eq!(shapes, 9, "golden files of other shapes");
}

#[test]
fn every_event_type_has_a_golden_file_that_reads_and_writes_the_same() {
    for event_type in InvoicingEvent::types() {
        let path = golden(event_type);
        let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let event = InvoicingEvent::decode(event_type, 1, &text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((event.event_type(), event.version()), (*event_type, 1));
        let stored: Value = serde_json::from_slice(&text).unwrap();
        let written: Value = serde_json::from_slice(&event.encode()).unwrap();
        assert_eq!(
            written, stored,
            "{event_type} is written differently now: make a new version and an upcaster"
        );
    }
}

/// Monitoring reads of these events no more than this, in every shape that they were released in.
#[test]
fn what_monitoring_reads_stands_in_these_events() {
    for name in ["InvoiceIssued.v1.json", "InvoiceIssued.v1.dated.json"] {
        let text = std::fs::read(golden("InvoiceIssued").with_file_name(name)).unwrap();
        let stored: Value = serde_json::from_slice(&text).unwrap();
        let read = InvoiceTold::decode("InvoiceIssued", 1, &text).unwrap();
        let told =
            [read.invoice.to_string(), read.provider.to_string(), read.kind, read.issued_on.to_string()];
        assert_eq!(
            ["invoice", "provider", "kind", "issued_on"].map(|field| stored[field].as_str().unwrap()),
            told
        );
        let lines = stored["lines"].as_array().unwrap().iter();
        let lines =
            lines.map(|line| (line["nights_count"].as_i64().unwrap(), line["amount"].as_i64().unwrap()));
        let read: Vec<_> = read.lines.iter().map(|line| (line.nights_count, line.amount.0)).collect();
        assert_eq!(read, lines.collect::<Vec<_>>(), "{name}");
    }
    let credit_note = serde_json::to_value(invoicing_domain::InvoiceKind::CreditNote).unwrap();
    assert_eq!(credit_note, InvoiceTold::CREDIT_NOTE);
    let text = std::fs::read(golden("PaymentRecorded")).unwrap();
    let stored: Value = serde_json::from_slice(&text).unwrap();
    let read = InvoicePaid::decode("PaymentRecorded", 1, &text).unwrap();
    let told = [read.invoice.to_string(), read.paid_on.to_string()];
    assert_eq!(["invoice", "paid_on"].map(|field| stored[field].as_str().unwrap()), told);
}
