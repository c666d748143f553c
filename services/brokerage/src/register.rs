//! Ofsted's register of providers and establishments, read from a CSV file: who may be asked for a place.
//!
//! The columns are those of Ofsted's yearly provider-level data with codes added; `data/README.md` describes them. `owner_id` tells
//! owners apart. An import calls a provider that it enters by the owner's name; a demonstration makes nothing of the name, since its prices are
//! simulated and must not stand beside the name of a real owner.

mod compare;
mod fault;
mod parse;
mod values;

pub(crate) use compare::{Change, Changed, compare};
pub(crate) use fault::RegisterErrors;
pub(crate) use parse::parse_register;
pub(crate) use values::{Grade, OwnerSector, ProvisionType, Status, SupportedOutcome};

use care::{CouncilId, Date, EstablishmentUrn, ProviderId};

/// The simulated register that is part of the program.
pub(crate) const SIMULATED_REGISTER: &str = include_str!("../data/simulated_register.csv");

/// How the id of a council's own provider begins; its GSS code follows. No owner in a register may have such an id.
pub(crate) const OWN_PROVIDER_PREFIX: &str = "council-";
/// How the URN of a council's own foster carers begins, whom Ofsted registers with the council; its GSS code follows. No row
/// of a register may have such a URN.
pub(crate) const OWN_CARERS_URN_PREFIX: &str = "OWN-CARERS-";

/// What to do with a row that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// Take nothing unless every row is right.
    RefuseAny,
    /// Leave wrong rows out and report them. A file whose columns are wrong is still refused.
    SkipBad,
}

/// A register that was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Register {
    /// In the order of the file. No two have the same URN.
    pub(crate) rows: Vec<RegisterRow>,
    /// How many rows were left out. Zero under [`Strictness::RefuseAny`].
    pub(crate) rows_skipped: usize,
    /// Why they were left out.
    pub(crate) skipped: RegisterErrors,
}

/// One registration: an establishment or an agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RegisterRow {
    pub(crate) urn: EstablishmentUrn,
    pub(crate) provision_type: ProvisionType,
    /// SSDA903 PLACE: one of [`ProvisionType::place_codes`]. An agency's is `U*`, for U1 to U6.
    pub(crate) place_code_903: &'static str,
    pub(crate) registration_date: Option<Date>,
    pub(crate) status: Status,
    /// The English region, or `Wales`.
    pub(crate) region: Box<str>,
    /// The authority it lies in; none in Wales.
    pub(crate) council: Option<CouncilId>,
    /// That authority's name.
    pub(crate) local_authority: Box<str>,
    pub(crate) sector: OwnerSector,
    /// Registered places. A fostering agency has none: it approves carers. Newly opened ones may have 0.
    pub(crate) places: Option<u16>,
    /// Supported accommodation only: the number of premises, which share one registration.
    pub(crate) sa_premises: Option<u16>,
    /// Whether it offers short breaks alone.
    pub(crate) short_break_only: bool,
    pub(crate) owner_id: ProviderId,
    /// What the register calls it; empty where it does not say, or not in readable text.
    pub(crate) owner: Box<str>,
    /// None before the first inspection.
    pub(crate) last_inspection: Option<Date>,
    pub(crate) overall_grade: Grade,
    pub(crate) help_protection: Grade,
    pub(crate) leadership: Grade,
    /// Supported accommodation is not graded but has one of three outcomes, once inspected.
    pub(crate) sa_outcome: Option<SupportedOutcome>,
}

#[cfg(test)]
mod tests;
