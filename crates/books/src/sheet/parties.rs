//! Who the parties of a spreadsheet are: there they have an id alone.

use crate::document::Party;

/// Knows providers and councils by their ids.
pub trait Parties {
    /// The seller of this id.
    fn seller(&self, id: &str) -> Option<Party>;
    /// The buyer of this id.
    fn buyer(&self, id: &str) -> Option<Party>;
}
