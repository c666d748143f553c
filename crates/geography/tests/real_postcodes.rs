//! The table against 7,200 real postcodes and the published outcodes, which lie in `shared/data` beside the workspace.
//!
//! They are not shipped with the product: only the sectors are.

use geography::{Location, Miles, Outcode, Postcode, authority_of, locate, locate_outcode, sector_of};
use std::path::Path;

fn shared(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!(
            "this test needs the file {name} in shared/data beside the workspace ({}): {error}",
            path.display()
        )
    })
}

fn location(easting: &str, northing: &str) -> Location {
    let metres = |text: &str| text.parse().expect("a coordinate in whole metres");
    Location { easting_m: metres(easting), northing_m: metres(northing) }
}

#[test]
fn real_postcodes_lie_in_their_sectors() {
    let csv = shared("postcodes_sample_seed_regions.csv");
    let mut distances = Vec::new();
    let mut same_authority = 0;
    for line in csv.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let postcode: Postcode = fields[0].parse().unwrap();
        assert_eq!(postcode.to_string(), fields[0]);
        let sector = sector_of(postcode).unwrap_or_else(|error| panic!("{line}: {error}"));
        distances.push(locate(sector).unwrap().miles_to(location(fields[1], fields[2])));
        same_authority += usize::from(authority_of(sector).unwrap().gss == fields[3]);
    }
    assert_eq!(distances.len(), 7_200);
    distances.sort_unstable();
    let at = |percent: usize| distances[distances.len() * percent / 100];
    // Half of all postcodes lie within half a mile of where their sector is said to be; nearly all within five.
    assert!(at(50).within(Miles { tenths: 5 }), "the median distance to the sector is {} miles", at(50));
    assert!(at(99).within(Miles::whole(5)), "1 in 100 is more than {} miles from its sector", at(99));
    assert!(same_authority > 6_900, "only {same_authority} of 7200 are in their sector's main authority");
}

#[test]
fn outcodes_are_where_they_are_published() {
    let csv = shared("outcodes_gb.csv");
    let mut distances = Vec::new();
    for line in csv.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let outcode: Outcode = fields[0].parse().unwrap();
        let ours = locate_outcode(outcode).unwrap_or_else(|error| panic!("{line}: {error}"));
        distances.push(ours.miles_to(location(fields[1], fields[2])));
    }
    assert_eq!(distances.len(), 2_997);
    distances.sort_unstable();
    let at = |percent: usize| distances[distances.len() * percent / 100];
    // A median of medians is not the median of the postcodes, but near it.
    assert!(at(50).within(Miles { tenths: 5 }), "half are more than {} miles off", at(50));
    assert!(at(99).within(Miles::whole(5)), "1 in 100 is more than {} miles off", at(99));
}
