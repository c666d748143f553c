//! What the people involved know of an agreement, and which of its nights are to be paid, night by night. Nothing here asks the domain.

use crate::days::{Day, HORIZON, year_end};
use crate::price::{Priced, price};
use care::published::{AbsenceRule, FunderShare, PriceLine, TermLine};
use care::{AgreementId, CouncilId, PlaceId, ProviderId, Timestamp};
use invoicing_domain::Subject;
use std::collections::BTreeMap;

/// The child was away.
#[derive(Debug, Clone)]
pub(crate) struct Away {
    pub(crate) revision: u32,
    pub(crate) kind: String,
    pub(crate) from: Day,
    pub(crate) until: Option<Day>,
}

/// A young person stays put.
#[derive(Debug, Clone)]
pub(crate) struct Stays {
    pub(crate) from: Day,
    pub(crate) lines: Vec<PriceLine>,
    pub(crate) until: Option<Day>,
    pub(crate) at: Timestamp,
}

/// What is known of an agreement, of what was agreed beforehand, or of nights sold and bought.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) id: AgreementId,
    pub(crate) subject: Subject,
    /// The number that the market gave nights agreed beforehand.
    pub(crate) token: u64,
    pub(crate) provider: ProviderId,
    pub(crate) other_council: Option<CouncilId>,
    pub(crate) sold_of: Option<AgreementId>,
    pub(crate) provision: String,
    pub(crate) in_house: bool,
    pub(crate) place: PlaceId,
    /// The days on which the registration of the home turns, with whether it is registered from then on.
    pub(crate) home: BTreeMap<Day, bool>,
    /// Whether a VAT number of its provider is verified: of all nights, or of none.
    pub(crate) has_vat_number: bool,
    pub(crate) start: Day,
    pub(crate) version: u32,
    pub(crate) lines: Vec<TermLine>,
    /// Who pays from which day on; the first pay the nights before too.
    pub(crate) funders: Vec<(Day, Vec<FunderShare>)>,
    pub(crate) rules: Vec<AbsenceRule>,
    pub(crate) absences: BTreeMap<u32, Away>,
    pub(crate) from: Option<Day>,
    pub(crate) arrived_at: Option<Timestamp>,
    pub(crate) end: Option<(Day, Timestamp)>,
    pub(crate) reopened_at: Option<Timestamp>,
    pub(crate) yielded: Vec<(Day, Day)>,
    pub(crate) stays: Option<Stays>,
    /// Payments for outcomes by their numbers: the day and what is paid.
    pub(crate) outcomes: BTreeMap<u32, (Day, i64)>,
    /// The nights that are to stand charged.
    pub(crate) charged: Nightly,
    /// The nights that are to be paid, whether or not they have passed.
    pub(crate) paid: Nightly,
    /// Of nights agreed beforehand, those on which a child of the council is at the place or still expected there: they come of the placement.
    pub(crate) awaited: Nightly,
    /// What each night costs.
    pub(crate) priced: Priced,
    /// Up to which day its commitment counts.
    pub(crate) year_end: Day,
}

/// A yes or no for each night of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Nightly(Vec<bool>);

impl Nightly {
    pub(crate) fn none() -> Self {
        Self(vec![false; usize::try_from(HORIZON).unwrap()])
    }

    /// The nights of [from, until) as far as a history reaches.
    pub(crate) fn set(&mut self, from: Day, until: Day, value: bool) {
        let index = |day: Day| usize::try_from(day.clamp(0, HORIZON)).unwrap();
        let (from, until) = (index(from), index(until));
        if from < until {
            self.0[from..until].fill(value);
        }
    }

    pub(crate) fn has(&self, night: Day) -> bool {
        usize::try_from(night).ok().and_then(|night| self.0.get(night)).copied().unwrap_or(false)
    }

    /// Its nights before `until`.
    pub(crate) fn nights(&self, until: Day) -> impl Iterator<Item = usize> + '_ {
        let until = usize::try_from(until.clamp(0, HORIZON)).unwrap();
        self.0[..until].iter().enumerate().filter(|(_, has)| **has).map(|(night, _)| night)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.iter().filter(|has| **has).count()
    }

    /// Takes away what `other` has.
    pub(crate) fn take(&mut self, other: &Self) {
        for (has, other) in self.0.iter_mut().zip(&other.0) {
            *has = *has && !*other;
        }
    }

    /// Adds what `other` has.
    pub(crate) fn add(&mut self, other: &Self) {
        for (has, other) in self.0.iter_mut().zip(&other.0) {
            *has = *has || *other;
        }
    }

    /// Takes away what `other` does not have.
    pub(crate) fn keep(&mut self, other: &Self) {
        for (has, other) in self.0.iter_mut().zip(&other.0) {
            *has = *has && *other;
        }
    }
}

impl Facts {
    /// Whether it is supplied by a home, whose registration VAT goes by.
    pub(crate) fn is_of_home(&self) -> bool {
        matches!(self.subject, Subject::Placement | Subject::Reservation | Subject::Block)
    }

    pub(crate) fn is_reducible(&self) -> bool {
        matches!(self.subject, Subject::Reservation | Subject::Block)
    }

    /// The nights of the placement, or those agreed beforehand: none before the child has arrived.
    pub(crate) fn placement(&self) -> Option<(Day, Day)> {
        let until = self.end.map_or(HORIZON, |(on, _)| on);
        self.from.map(|from| (from, until)).filter(|(from, until)| from < until)
    }

    /// The nights of Staying Put: it follows a placement that ended on the birthday.
    pub(crate) fn staying(&self) -> Option<(Day, Day)> {
        let stays = self.stays.as_ref()?;
        let follows = self.from.is_some() && self.end.is_some_and(|(on, _)| on == stays.from);
        let nights = (stays.from, stays.until.unwrap_or(HORIZON));
        Some(nights).filter(|(from, until)| follows && from < until)
    }

    /// The nights that are expected: from the agreed first night on while nobody has come.
    pub(crate) fn expected(&self) -> Nightly {
        if self.from.is_none() && self.end.is_none() {
            let mut all = Nightly::none();
            all.set(self.start, HORIZON, true);
            return all;
        }
        let mut expected = self.paid.clone();
        expected.take(&self.awaited);
        expected
    }

    /// Works out anew which nights are paid and what each costs. A night that is paid no longer does not stand charged.
    pub(crate) fn refresh(&mut self, occupied: &[(Day, Day)], awaited: Nightly, today: Day) {
        self.awaited = if self.is_reducible() { awaited } else { Nightly::none() };
        let mut paid = Nightly::none();
        for (from, until) in self.placement().into_iter().chain(self.staying()) {
            paid.set(from, until, true);
        }
        for (from, until) in &self.yielded {
            paid.set(*from, *until, false);
        }
        if self.is_reducible() {
            for (from, until) in occupied {
                paid.set(*from, *until, false);
            }
        }
        self.charged.keep(&paid);
        self.paid = paid;
        self.reprice(today);
    }

    pub(crate) fn reprice(&mut self, today: Day) {
        // A fact that comes late does not take back the year that is committed by now.
        self.year_end = self.year_end.max(year_end(today));
        self.priced = price(self, self.year_end);
    }

    /// What is to come of it up to the end of the financial year, beyond what stands charged. Nights that are sold promise nothing.
    pub(crate) fn to_come(&self) -> i64 {
        if self.subject == Subject::Sold {
            return 0;
        }
        let expected = self.expected();
        let nights =
            expected.nights(self.year_end).filter(|night| !self.charged.has(i32::try_from(*night).unwrap()));
        nights.map(|night| self.priced.total[night]).sum()
    }
}
