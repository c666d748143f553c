//! How well the region's buying goes, by quarter: figures per framework, provider and council.
//!
//! [`Heard`] is the fold of what other services' logs say; what is contracts' own is read of its state ([`placements`]). Both are put together
//! only when figures are asked for ([`Facts`]), so that it does not matter in which order the logs were heard. A [`Case`](cases::Case) is one thing
//! that is counted (an invitation, an agreement, an invoice); [`KPIS`] says what each figure is of, and is a page as well, `docs/kpis.md`.
//!
//! A council reads its own figures whole, and so does a provider. Whoever reads what several councils have in common is shown no figure behind
//! which there are few cases, nor one that would give another such figure away ([`Suppressed`]).

mod blocks;
mod cases;
mod disclosure;
mod figures;
mod heard;
mod kpis;
mod placements;
mod plan;
mod quarter;
mod report;
mod spans;

pub use disclosure::{CASES_MIN, PRICE_COUNCILS_MIN, Suppressed};
pub use heard::{Heard, Source};
pub use kpis::{DECLINES, KPIS, Kpi, Unit};
pub use placements::{Placement, placements};
pub use quarter::{QUARTERS_MAX, Quarter, QuarterInvalid, Quarters};
pub use report::{Facts, Row, Scope, Viewer, report};
