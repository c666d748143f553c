//! Where a placement is, and how far from home: postcode sectors, outcodes, their authorities, and the statutory distance.
//!
//! The table of sectors is part of the program, so nothing is read at run time. It knows *sectors* ("DH1 3"), not single
//! postcodes: a postcode that does not exist is refused to the depth of its sector, no deeper. `DH1 3ZZ` is accepted if any
//! postcode was ever in `DH1 3`. A location is therefore the median of a sector's postcodes, right to a few hundred metres in a
//! town and a few kilometres in the hills: good for ranking places. A statutory return needs the grid references of both full
//! postcodes, which a council can put through [`Location::miles_to`] itself.
//!
//! A full postcode of a child or carer is personal data. No error here repeats it, and `Debug` shows its sector alone.

mod distance;
mod postcode;
mod table;

pub use distance::{Location, Miles, MilesInvalid, Reach};
pub use postcode::{Code, CodeFault, CodeInvalid, Outcode, Postcode, Sector};
pub use table::{
    Authority, OutcodeUnknown, SectorUnknown, authority_of, locate, locate_outcode, sector_of, sectors_in,
};

/// What the licence asks to be shown wherever a place or distance from this crate is shown, one line each.
///
/// Open Government Licence v3.0; see `data/README.md`.
pub const ATTRIBUTION: [&str; 3] = [
    "Contains OS data © Crown copyright and database right 2026.",
    "Contains Royal Mail data © Royal Mail copyright and database right 2026.",
    "Source: Office for National Statistics licensed under the Open Government Licence v.3.0.",
];
