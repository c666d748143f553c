//! Released events are for ever: each golden file still decodes, and encodes to the same JSON.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use care::Event;
use contracts_domain::{AgreementEvent, FrameworkEvent};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")
}

fn survives<E: Event>(event_type: &str, version: u16, payload: &[u8]) -> Value {
    let event = E::decode(event_type, version, payload).unwrap();
    assert_eq!((event.event_type(), event.version()), (event_type, version));
    serde_json::from_slice(&event.encode()).unwrap()
}

#[test]
fn every_event_type_has_a_golden_file_that_survives() {
    let mut seen = BTreeSet::new();
    for entry in fs::read_dir(golden()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        // A name of a further shape stands between the type and the version.
        let (shape, version) = name.strip_suffix(".json").unwrap().rsplit_once(".v").unwrap();
        let (event_type, version) = (shape.split('.').next().unwrap(), version.parse().unwrap());
        let payload = fs::read(golden().join(&name)).unwrap();
        let again = if FrameworkEvent::types().contains(&event_type) {
            survives::<FrameworkEvent>(event_type, version, &payload)
        } else {
            survives::<AgreementEvent>(event_type, version, &payload)
        };
        let stored: Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(again, stored, "{name}");
        seen.insert(event_type.to_owned());
    }
    let types = FrameworkEvent::types().iter().chain(AgreementEvent::types());
    let missing: Vec<_> = types.filter(|name| !seen.contains(**name)).collect();
    assert!(missing.is_empty(), "no golden file for {missing:?}");
}
