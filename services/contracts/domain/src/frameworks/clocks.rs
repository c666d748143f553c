//! What the law that a framework was procured under asks, as data with its source, and the dates that follow for one framework. The page
//! `docs/framework-clocks.md` is made of it. Nothing here records that a thing was done: it says by when it is due.
//!
//! Both laws go on side by side: what was procured before 24 February 2025 stays under the regulations of 2015 for as long as it runs (Tyne Tees),
//! what came after is under the Act (D2N2). Children's placements are light touch under either.

use super::events::Regime;
use super::procurement::{FrameworkKind, last_day_of};
use super::state::Framework;
use care::Date;
use jiff::ToSpan;

/// A rule of a procurement law that has no date of its own in a framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegimeRule {
    /// What it is about, `UPPER_SNAKE`.
    pub rule: &'static str,
    /// The law.
    pub regime: Regime,
    /// What it says.
    pub says: &'static str,
    /// Where that is written.
    pub source: &'static str,
}

/// A clock of a framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockRule {
    /// What is due, `UPPER_SNAKE`.
    pub kind: &'static str,
    /// The laws under which it runs.
    pub regimes: &'static [Regime],
    /// From when until when.
    pub runs: &'static str,
    /// What to do.
    pub asks: &'static str,
    /// Where that is written.
    pub source: &'static str,
}

/// Something of one framework that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameworkDeadline {
    /// Its rule.
    pub rule: &'static ClockRule,
    /// The last day.
    pub due: Date,
}

/// Within how many years, beginning with its award, an open framework opens again for the first time.
const FIRST_REOPENING_YEARS: i32 = 3;
/// Within how many years it opens again from then on.
const REOPENING_YEARS: i32 = 5;

const ACT: &[Regime] = &[Regime::ProcurementAct2023];
const PCR: &[Regime] = &[Regime::Pcr2015];
const BOTH: &[Regime] = &[Regime::Pcr2015, Regime::ProcurementAct2023];

const CONTRACT_DETAILS_NOTICE: ClockRule = ClockRule {
    kind: "CONTRACT_DETAILS_NOTICE",
    regimes: ACT,
    runs: "120 days beginning with the day on which the framework was entered into",
    asks: "publish the contract details notice (light touch)",
    source: "Procurement Act 2023, section 53(2)",
};
const CONTRACT_AWARD_NOTICE: ClockRule = ClockRule {
    kind: "CONTRACT_AWARD_NOTICE",
    regimes: PCR,
    runs: "30 days after the day on which the framework was entered into",
    asks: "send the contract award notice; those of a quarter may be grouped and sent within 30 days of its end",
    source: "Public Contracts Regulations 2015, regulations 50 and 75",
};
const REOPENING: ClockRule = ClockRule {
    kind: "REOPENING",
    regimes: ACT,
    runs: "three years beginning with the day on which an open framework was awarded (entered into; where that was not told, its first day) for \
           the first re-opening, which stays due until one begins by then; and then each five years beginning with the first day of that one",
    asks: "open the framework again for new providers (`ReopenFramework`)",
    source: "Procurement Act 2023, section 49(2)",
};
const EXTENSION_DECISION: ClockRule = ClockRule {
    kind: "EXTENSION_DECISION",
    regimes: BOTH,
    runs: "until the framework's last day, where it may be extended further",
    asks: "tell its extension (`ExtendFramework`) or let it end; afterwards it is procured anew",
    source: "the framework's own terms",
};
const EXPIRY: ClockRule = ClockRule {
    kind: "EXPIRY",
    regimes: BOTH,
    runs: "until the framework's last day",
    asks: "call off by then; agreements that were made under it go on",
    source: "the framework's own terms",
};
const CONTRACT_TERMINATION_NOTICE: ClockRule = ClockRule {
    kind: "CONTRACT_TERMINATION_NOTICE",
    regimes: ACT,
    runs: "30 days beginning with the day on which the framework ends",
    asks: "publish the contract termination notice",
    source: "Procurement Act 2023, section 80",
};

/// Every clock, in the order of a framework's life.
pub const CLOCKS: [ClockRule; 6] = [
    CONTRACT_AWARD_NOTICE,
    CONTRACT_DETAILS_NOTICE,
    REOPENING,
    EXTENSION_DECISION,
    EXPIRY,
    CONTRACT_TERMINATION_NOTICE,
];

/// What else the laws say that a framework lead goes by.
pub const REGIME_RULES: [RegimeRule; 10] = [
    RegimeRule {
        rule: "PAYMENT",
        regime: Regime::Pcr2015,
        says: "valid, undisputed invoices are paid within 30 days",
        source: "Public Contracts Regulations 2015, regulation 113",
    },
    RegimeRule {
        rule: "PAYMENT",
        regime: Regime::ProcurementAct2023,
        says: "invoices are paid within 30 days of receipt, or of a later due date; no contract takes that away",
        source: "Procurement Act 2023, section 68",
    },
    RegimeRule {
        rule: "ELECTRONIC_INVOICES",
        regime: Regime::ProcurementAct2023,
        says: "undisputed electronic invoices in the required form (EN 16931) are accepted",
        source: "Procurement Act 2023, section 67",
    },
    RegimeRule {
        rule: "ADMISSION",
        regime: Regime::Pcr2015,
        says: "a dynamic purchasing system takes new providers throughout; a light-touch authority may shape its own procedure, such as a \
               flexible procurement agreement that opens again",
        source: "Public Contracts Regulations 2015, regulations 34 and 76",
    },
    RegimeRule {
        rule: "ADMISSION",
        regime: Regime::ProcurementAct2023,
        says: "a dynamic market takes applications at any time; a closed framework takes none after its award",
        source: "Procurement Act 2023, sections 34 to 40 and 45",
    },
    RegimeRule {
        rule: "TERM",
        regime: Regime::ProcurementAct2023,
        says: "a light-touch framework has no longest term; the frameworks of an open framework end within eight years \
               beginning with the day of the first award (`TERM_TOO_LONG`; entered into, or where that was not told its first day)",
        source: "Procurement Act 2023, sections 47(5) and 49",
    },
    RegimeRule {
        rule: "DIRECT_AWARD",
        regime: Regime::ProcurementAct2023,
        says: "where the child or carer's choice or needs decide on the provider, a contract may be awarded directly without a transparency notice",
        source: "Procurement Act 2023, section 44 and schedule 5 (user choice)",
    },
    RegimeRule {
        rule: "TIME_LIMITS",
        regime: Regime::ProcurementAct2023,
        says: "light touch has no shortest times for tenders and no mandatory standstill",
        source: "Procurement Act 2023, sections 51 and 54",
    },
    RegimeRule {
        rule: "THRESHOLD",
        regime: Regime::ProcurementAct2023,
        says: "light touch binds from £663,540 with VAT (the figure of 2024)",
        source: "Procurement Act 2023, schedule 1",
    },
    RegimeRule {
        rule: "LAW",
        regime: Regime::Pcr2015,
        says: "what was procured before 24 February 2025 stays under these regulations, extensions included",
        source: "Procurement Act 2023, commencement and transitional provisions",
    },
];

/// What is due of a framework, in order of dates. A date that depends on what was not told is left out.
#[must_use]
pub fn deadlines(framework: &Framework) -> Vec<FrameworkDeadline> {
    let entered = framework.procurement.entered_on;
    let extendable = framework.procurement.extendable_to.is_some_and(|to| framework.ends < to);
    let dates = [
        (&CONTRACT_AWARD_NOTICE, entered.map(|entered| entered.saturating_add(30.days()))),
        (&CONTRACT_DETAILS_NOTICE, entered.map(|entered| entered.saturating_add(119.days()))),
        (&REOPENING, reopening(framework)),
        (&EXTENSION_DECISION, extendable.then_some(framework.ends)),
        (&EXPIRY, Some(framework.ends)),
        (&CONTRACT_TERMINATION_NOTICE, Some(framework.ends.saturating_add(29.days()))),
    ];
    let bound = dates.into_iter().filter(|(rule, _)| rule.regimes.contains(&framework.regime));
    let mut due: Vec<FrameworkDeadline> =
        bound.filter_map(|(rule, due)| due.map(|due| FrameworkDeadline { rule, due })).collect();
    due.sort_by_key(|deadline| deadline.due);
    due
}

/// The last day by which an open framework opens again; none where it ends before.
fn reopening(framework: &Framework) -> Option<Date> {
    if framework.procurement.kind != Some(FrameworkKind::Open) {
        return None;
    }
    // A re-opening counts as the award of the next framework from its first day on, on which a provider may be admitted.
    let mut opened: Vec<Date> = framework.openings.iter().map(|opening| opening.opens).collect();
    opened.sort_unstable();
    let mut due = last_day_of(framework.procurement.awarded(framework.starts), FIRST_REOPENING_YEARS);
    let second = opened.first().copied().filter(|opens| *opens <= due);
    let mut period = second;
    while let Some(begins) = period {
        due = last_day_of(begins, REOPENING_YEARS);
        // The award with which the five years begin is none within them.
        let within = |opens: &&Date| second != Some(**opens) && (begins..=due).contains(*opens);
        period = opened.iter().find(within).and_then(|_| due.tomorrow().ok());
    }
    Some(due).filter(|due| *due < framework.ends)
}
