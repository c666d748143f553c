//! Events as they were released: each must be read for ever, and written again the same.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

use care::Event;
use invoicing_domain::InvoicingEvent;
use serde_json::Value;
use std::path::PathBuf;

fn golden(event_type: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(format!("{event_type}.v1.json"))
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
