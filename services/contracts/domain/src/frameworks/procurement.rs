//! How a framework was procured, and what follows from it: who may be admitted when, how far it may be extended, how long it may run.
//!
//! A closed framework takes providers at its start alone. An open one (Procurement Act 2023, section 49) and a flexible procurement agreement
//! (light touch under the regulations of 2015; Tyne Tees, NEPO603) open again for new ones, between two days. A dynamic market (sections 34 to
//! 40; a dynamic purchasing system before) takes them at any time. Where the kind was never told, they are taken at any time too.

use super::decide::{Outcome, not_before, within_term};
use super::events::{FrameworkExtended, FrameworkReopened, Regime};
use super::rejection::FrameworkRejection;
use super::state::Framework;
use super::terms_rejection::TermsRejection;
use care::{Date, FrameworkId, Pence};
use jiff::ToSpan;
use serde::{Deserialize, Serialize};

/// The most re-openings of a framework.
pub const REOPENINGS_MAX: usize = 100;
/// How many years the frameworks of an open framework may run together, beginning with the award of the first (Procurement Act 2023, section 49).
pub const OPEN_YEARS_MAX: i32 = 8;

/// When a framework takes new providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FrameworkKind {
    /// At its start alone.
    Closed,
    /// At its start, and when it opens again.
    Open,
    /// At any time.
    Dynamic,
    /// At its start, and when its lead opens it again.
    Flexible,
}

impl FrameworkKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Closed, Self::Open, Self::Dynamic, Self::Flexible];

    /// What people call it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Closed => "a closed framework",
            Self::Open => "an open framework",
            Self::Dynamic => "a dynamic market",
            Self::Flexible => "a flexible procurement agreement",
        }
    }

    fn opens_again(self) -> bool {
        matches!(self, Self::Open | Self::Flexible)
    }
}

/// What was told of a framework's procurement. Unknown is a value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Procurement {
    /// When it takes new providers; none where that was not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<FrameworkKind>,
    /// The day on which it was entered into, from which the clocks run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered_on: Option<Date>,
    /// The last day to which it may be extended; none: it may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extendable_to: Option<Date>,
    /// Its estimated value with VAT, in pence over its whole term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Pence>,
}

impl Procurement {
    /// The day from which the years of an open framework are counted: that of the award, as far as it was told, else the first of call-offs.
    #[must_use]
    pub fn awarded(&self, starts: Date) -> Date {
        self.entered_on.unwrap_or(starts)
    }

    /// Whether nothing was told.
    #[must_use]
    pub fn is_untold(&self) -> bool {
        *self == Self::default()
    }
}

/// The days on which a framework takes new providers again, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The first day.
    pub opens: Date,
    /// The last day.
    pub closes: Date,
}

pub(super) fn check_new(
    procurement: &Procurement,
    regime: Regime,
    starts: Date,
    ends: Date,
) -> Result<(), FrameworkRejection> {
    if procurement.kind == Some(FrameworkKind::Open) && regime == Regime::Pcr2015 {
        return Err(TermsRejection::KindNotOfRegime.into());
    }
    if let Some(to) = procurement.extendable_to {
        not_before("procurement.extendable_to", to, ends)?;
    }
    if let Some(entered) = procurement.entered_on.filter(|entered| *entered > starts) {
        return Err(TermsRejection::EnteredAfterStart { entered, starts }.into());
    }
    let last = procurement.extendable_to.map_or(ends, |to| to.max(ends));
    let latest = open_latest_end(procurement, regime, starts);
    match latest.filter(|latest| last > *latest) {
        Some(latest) => Err(TermsRejection::TermTooLong { last, latest }.into()),
        None => Ok(()),
    }
}

/// The last day that an open framework under the Act may have; none where the law names none.
pub(super) fn open_latest_end(procurement: &Procurement, regime: Regime, starts: Date) -> Option<Date> {
    let bound = procurement.kind == Some(FrameworkKind::Open) && regime == Regime::ProcurementAct2023;
    bound.then(|| last_day_of(procurement.awarded(starts), OPEN_YEARS_MAX))
}

/// The last day of so many years that begin with a day.
pub(super) fn last_day_of(first: Date, years: i32) -> Date {
    first.saturating_add(years.years()).yesterday().unwrap_or(Date::MAX)
}

pub(super) fn reopen(framework: &Framework, id: &FrameworkId, opening: Opening) -> Outcome {
    let kind = framework.procurement.kind;
    if let Some(kind) = kind.filter(|kind| !kind.opens_again()) {
        return Err(TermsRejection::NotReopenable(kind).into());
    }
    within_term(framework, "opens", opening.opens)?;
    not_before("closes", opening.closes, opening.opens)?;
    if framework.openings.len() >= REOPENINGS_MAX {
        let (what, max) = ("re-openings of a framework", REOPENINGS_MAX);
        return Err(TermsRejection::LimitReached { what, max }.into());
    }
    let meets = |held: &&Opening| held.opens <= opening.closes && opening.opens <= held.closes;
    if let Some(held) = framework.openings.iter().find(meets) {
        return Err(TermsRejection::OpeningOverlaps { opens: held.opens, closes: held.closes }.into());
    }
    let Opening { opens, closes } = opening;
    Ok(vec![FrameworkReopened { framework: id.clone(), opens, closes }.into()])
}

pub(super) fn extend(
    framework: &Framework,
    id: &FrameworkId,
    to: Date,
    reason: &str,
    today: Date,
) -> Outcome {
    let ends = framework.ends;
    if today > ends {
        return Err(TermsRejection::ExtensionTooLate { ends, today }.into());
    }
    not_before("to", to, ends.tomorrow().unwrap_or(ends))?;
    let latest = framework.procurement.extendable_to.unwrap_or(ends);
    if to > latest {
        return Err(TermsRejection::ExtensionBeyondMaximum { to, latest }.into());
    }
    let extended =
        FrameworkExtended { framework: id.clone(), ends: to, reason: reason.to_owned(), decided_on: today };
    Ok(vec![extended.into()])
}

impl Framework {
    /// Whether it takes new providers on a day.
    #[must_use]
    pub fn admits_on(&self, on: Date) -> bool {
        let open = |opening: &Opening| (opening.opens..=opening.closes).contains(&on);
        match self.procurement.kind {
            None | Some(FrameworkKind::Dynamic) => true,
            Some(_) => on == self.starts || self.openings.iter().any(open),
        }
    }
}
