//! Events as they stand in logs: a released event is for ever, so each type's file must decode and encode to itself.
//! A change that this test refuses needs a new event version and an upcaster, never a new file under the old name.

use care::Event;
use std::path::Path;
use vacancies_domain::MarketEvent;

/// Events that got optional fields after their release: one file without them, as older logs have it, and one with them all.
const WITH_OPTIONAL_FIELDS: [&str; 5] =
    ["VacancyAdvertised", "EstablishmentAmended", "PlaceOpened", "PlaceClaimed", "OccupancyEnded"];

#[test]
fn every_event_type_reads_its_golden_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let plain = MarketEvent::types().iter().map(|event_type| (*event_type, format!("{event_type}.v1.json")));
    let full = WITH_OPTIONAL_FIELDS.map(|event_type| (event_type, format!("{event_type}.v1.full.json")));
    for (event_type, name) in plain.chain(full) {
        let file = folder.join(&name);
        let text = std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let golden: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let event = MarketEvent::decode(event_type, 1, &text).unwrap_or_else(|error| panic!("{error}"));
        let encoded: serde_json::Value = serde_json::from_slice(&event.encode()).unwrap();
        assert_eq!(encoded, golden, "{name}");
        assert_eq!(event.event_type(), event_type);
    }
    let files = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(
        files,
        MarketEvent::types().len() + WITH_OPTIONAL_FIELDS.len(),
        "a golden file without an event type"
    );
}
