//! UBL 2.1 invoices and credit notes in the syntax binding of EN 16931: [`write`] and [`read`].
//!
//! What `write` gives, `read` gives back as it was. Reading is strict: only elements whose meaning is carried into the document, or that
//! cannot change it, are taken, and every stated sum is computed again. A DTD is refused, so there are no entities to expand.

mod cursor;
mod parts;
mod read;
mod sums;
mod write;
mod xml;

pub use read::read;
pub use write::write;
pub use xml::{BYTES_MAX, DEPTH_MAX, ELEMENTS_MAX};

/// Of what namespace an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Space {
    Invoice,
    CreditNote,
    /// `cac`: aggregates.
    Aggregate,
    /// `cbc`: values.
    Basic,
}

impl Space {
    const ALL: [Self; 4] = [Self::Invoice, Self::CreditNote, Self::Aggregate, Self::Basic];

    fn uri(self) -> &'static str {
        match self {
            Self::Invoice => "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2",
            Self::CreditNote => "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2",
            Self::Aggregate => "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
            Self::Basic => "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
        }
    }

    /// The prefix that paths show, whatever the file has.
    fn prefix(self) -> &'static str {
        match self {
            Self::Invoice | Self::CreditNote => "",
            Self::Aggregate => "cac:",
            Self::Basic => "cbc:",
        }
    }
}
