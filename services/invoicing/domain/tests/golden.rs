//! Events as they were released: each must be read for ever, and written again the same.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

use care::Event;
use invoicing_domain::InvoicingEvent;
use serde_json::Value;
use std::path::PathBuf;

fn golden(event_type: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(format!("{event_type}.v1.json"))
}

/// Kinds of records that the first golden file of their type does not show: `ChargePosted.v1.dated.json` has lines of some nights only, VAT, and
/// a memorandum; `PeriodClosed.v1.uncharged.json` was closed in spite of nights that were not charged.
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
    assert_eq!(shapes, 4, "golden files of other shapes");
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
