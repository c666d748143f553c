//! What the market's picture answers: how much room there is, counted from the claims each time.

use super::{Claim, Establishment, Home, Market, Place, RegistrationStatus, UNREGISTERED, Vacancy};
use crate::ids::{CouncilId, EstablishmentUrn, PlaceId};
use crate::nights::{Nights, london_date};
use jiff::{Timestamp, civil::Date};

/// How much room there is. The three differ: a home registered for four may have opened three, of which one is free,
/// advertised and may be taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capacity {
    /// Places that the regulator allows.
    pub registered: u32,
    /// Places that are there and staffed.
    pub open: u32,
    /// Open places that are advertised, unclaimed and may be taken from the day asked about.
    pub matchable: u32,
}

/// What a council has on a place and what is not to be counted when it asks for more there: its reservations, and one hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Own<'a> {
    /// The place.
    pub place: &'a PlaceId,
    /// The council.
    pub council: CouncilId,
    /// The token of its hold, if it has one.
    pub hold: Option<u64>,
}

impl Market {
    /// How many of an establishment's places are claimed at most on any one of these nights, as of `at`. A solo claim
    /// takes every registered place, but that of a household's place, which takes the household alone, counts as one.
    #[must_use]
    pub fn places_claimed_on(&self, urn: &EstablishmentUrn, nights: Nights, at: Timestamp) -> u16 {
        let taken_whole = self.establishments.get(urn).filter(|it| self.solo_on(*it, nights, at));
        taken_whole
            .map_or_else(|| self.claims_at_once(urn, nights, at), |it| it.registration.places_registered)
    }

    /// How many claims stand at most on any one of these nights in a home, as of `at`, without what is a council's own; a solo claim counts
    /// as one.
    #[must_use]
    pub fn claims_in(&self, home: Home<'_>, nights: Nights, at: Timestamp, own: Option<Own<'_>>) -> u16 {
        self.most_claims(self.places_of_home(home), nights, at, own)
    }

    /// How many claims stand at most on any one of these nights in an establishment, as of `at`, in its closed places too; a solo claim
    /// counts as one. It is what the regulator's number of places cannot fall below.
    #[must_use]
    pub fn claims_at_once(&self, urn: &EstablishmentUrn, nights: Nights, at: Timestamp) -> u16 {
        self.claims_besides(urn, nights, at, None)
    }

    /// The same without what a council has on one place already.
    #[must_use]
    pub fn claims_besides(
        &self,
        urn: &EstablishmentUrn,
        nights: Nights,
        at: Timestamp,
        own: Option<Own<'_>>,
    ) -> u16 {
        let establishment = self.establishments.get(urn);
        establishment.map_or(0, |it| self.most_claims(self.places_of(it), nights, at, own))
    }

    /// The most of some places that are claimed on any one of these nights, without what is a council's own. A claim that stands on a
    /// reservation counts once.
    fn most_claims<'a>(
        &self,
        places: impl Iterator<Item = (&'a PlaceId, &'a Place)>,
        nights: Nights,
        at: Timestamp,
        own: Option<Own<'_>>,
    ) -> u16 {
        let taken = places.map(|(id, place)| {
            let own = own.filter(|own| own.place == id);
            let claims = place.claims_on(nights, at);
            let claims =
                claims.filter(|claim| !claim.is_hold() || own.and_then(|own| own.hold) != Some(claim.token));
            let mut taken: Vec<Nights> = claims.map(Claim::nights).collect();
            taken.extend(place.reserved_by_others(own.map(|own| own.council), nights).map(|it| it.nights()));
            taken
        });
        most_taken(taken, nights.start())
    }

    /// How much room an establishment has, as of `at`, for a child who comes that day and stays.
    #[must_use]
    pub fn capacity(&self, urn: &EstablishmentUrn, at: Timestamp) -> Capacity {
        self.establishments.get(urn).map_or_else(Capacity::default, |it| self.capacity_of(it, at))
    }

    /// How much room the whole market has, as of `at`.
    #[must_use]
    pub fn capacity_total(&self, at: Timestamp) -> Capacity {
        self.establishments.values().fold(Capacity::default(), |sum, it| {
            let capacity = self.capacity_of(it, at);
            Capacity {
                registered: sum.registered + capacity.registered,
                open: sum.open + capacity.open,
                matchable: sum.matchable + capacity.matchable,
            }
        })
    }

    fn capacity_of(&self, establishment: &Establishment, at: Timestamp) -> Capacity {
        let today = london_date(at);
        let open = self.places_of(establishment).filter(|(_, place)| place.open).count();
        let matchable = self.matchable_places(establishment, today, at).count();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Capacity {
            registered: establishment.registration.places_registered.into(),
            open: number(open),
            matchable: number(matchable),
        }
    }

    /// The places of an establishment that can be had from the night of `from` on, as of `at`, with what they are
    /// advertised for.
    pub fn matchable_places<'a>(
        &'a self,
        establishment: &'a Establishment,
        from: Date,
        at: Timestamp,
    ) -> impl Iterator<Item = (&'a PlaceId, &'a Place, &'a Vacancy)> {
        let nights = Nights::from_on(from, None);
        let admitting = self.homes_of(establishment).filter(|_| establishment.admits());
        let whole = admitting.filter(move |home| !self.solo_on(*home, nights, at));
        whole.flat_map(|home| self.places_of_home(home)).filter_map(move |(id, place)| {
            let vacancy = place.vacancy.as_ref().filter(|vacancy| vacancy.available_from <= from)?;
            let taken = place.claims_on(nights, at).next().is_some()
                || place.reservations_on(nights).next().is_some();
            (place.open && !taken).then_some((id, place, vacancy))
        })
    }

    /// Whether a solo claim takes the whole of a home on some of these nights, as of `at`. Of an establishment that is what belongs to no
    /// household.
    #[must_use]
    pub fn solo_on<'a>(&'a self, home: impl Into<Home<'a>>, nights: Nights, at: Timestamp) -> bool {
        let solo = |place: &Place| place.claims_on(nights, at).any(|claim| claim.solo);
        self.places_of_home(home.into()).any(|(_, place)| solo(place))
    }

    /// The places of an establishment, open and closed.
    pub fn places_of<'a>(
        &'a self,
        establishment: &'a Establishment,
    ) -> impl Iterator<Item = (&'a PlaceId, &'a Place)> {
        establishment.places.iter().filter_map(|id| self.places.get_key_value(id))
    }
}

/// How many of some places are taken at most on any one night from `first` on, each by the nights that are given for it. Nights of one place that lie in
/// two of its claims, as those of a reservation and of the hold that stands on it, count once.
#[must_use]
pub fn most_taken(places: impl Iterator<Item = Vec<Nights>>, first: Date) -> u16 {
    let mut steps: Vec<(Date, i32)> = Vec::new();
    for run in places.flat_map(united) {
        steps.push((run.start().max(first), 1));
        steps.push((run.end(), -1));
    }
    // On the day one child leaves and another comes only the second one stays the night: departures first.
    steps.sort_unstable();
    let (mut claimed, mut most) = (0_i32, 0_i32);
    for (_, step) in steps {
        claimed += step;
        most = most.max(claimed);
    }
    u16::try_from(most).unwrap_or(u16::MAX)
}

/// Nights that lie in any of these, each once, in runs.
fn united(mut all: Vec<Nights>) -> Vec<Nights> {
    all.sort_unstable_by_key(|nights| (nights.start(), nights.end()));
    let mut runs: Vec<Nights> = Vec::with_capacity(all.len());
    for nights in all {
        match runs.last_mut().filter(|last| nights.start() <= last.end()) {
            Some(last) => *last = Nights::from_on(last.start(), Some(last.end().max(nights.end()))),
            None => runs.push(nights),
        }
    }
    runs
}

impl Establishment {
    /// Whether a child may come at all: it is registered and active, and no notice restricts it.
    #[must_use]
    pub fn admits(&self) -> bool {
        self.registration.status == RegistrationStatus::Active
            && self.restricted_on.is_none()
            && self.provision != UNREGISTERED
    }
}
