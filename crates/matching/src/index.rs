//! The market as searches read it: a column for each fact, an entry for each place.
//!
//! It is derived from [`Market`] and holds nothing of its own. Each event derives anew what it touches, so the same market gives the same
//! index whichever way it came there; a property test holds one that was kept up to date against one that was built. Where things lie is
//! known by postcode sector, so the cells of its grid are the sectors themselves, and the places of one are as far as each other.

use crate::bits::Bits;
use crate::criteria::grade_rank;
use crate::day::Day;
use crate::impact::Group;
use crate::needs::NeedSet;
use care::market::{
    Establishment, Market, MarketEvent, Mix, Place, RegistrationStatus, SUPPORTED_ACCOMMODATION,
    SUPPORTED_ACCOMMODATION_AGE_MIN, Sexes, Stage, UNREGISTERED, Vacancy,
};
use care::{CouncilId, Date, EstablishmentUrn, PlaceId, ProviderId, Timestamp};
use geography::{Location, Sector, locate};
use std::collections::{BTreeMap, BTreeSet};

/// Grades by [`grade_rank`].
const GRADE_RANKS: usize = 5;

/// Every place of a market, ready to be searched.
#[derive(Debug, Clone, Default)]
pub struct Index {
    pub(crate) homes: Vec<Home>,
    home_of: BTreeMap<EstablishmentUrn, usize>,
    pub(crate) cells: Vec<Cell>,
    cell_of: BTreeMap<Sector, u32>,
    /// The entries in order of their places' ids: entries are numbered as they come, and no answer may depend on that.
    pub(crate) by_id: Vec<usize>,
    pub(crate) entries: Entries,
    pub(crate) sets: Sets,
    /// The places on hold, and until when.
    pub(crate) held: BTreeMap<usize, Timestamp>,
    /// The homes that a solo placement takes or took.
    pub(crate) solo_homes: BTreeSet<usize>,
}

/// An establishment.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    pub(crate) urn: EstablishmentUrn,
    pub(crate) provider: ProviderId,
    pub(crate) provision: String,
    pub(crate) grade: String,
    pub(crate) utla: String,
    pub(crate) operated_by: Option<CouncilId>,
    pub(crate) status: RegistrationStatus,
    pub(crate) restricted_on: Option<Date>,
    pub(crate) sexes: Sexes,
    /// The sector's; none for a sector that is not known.
    pub(crate) cell: Option<u32>,
    /// Its places, open and closed.
    pub(crate) entries: Vec<usize>,
    /// The end of the last claim on any of them; holds are told apart.
    pub(crate) taken_until: Day,
    /// The end of the last claim that takes the whole of it.
    pub(crate) solo_until: Day,
}

/// A sector.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) location: Location,
    pub(crate) entries: Vec<usize>,
}

/// What is known of each place, a column for each fact. Of what is not advertised, ages are those of the registration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entries {
    pub(crate) place: Vec<PlaceId>,
    pub(crate) home: Vec<usize>,
    /// The sector's; none for a sector that is not known.
    pub(crate) cell: Vec<Option<u32>>,
    pub(crate) available_from: Vec<Day>,
    pub(crate) age_from: Vec<u8>,
    pub(crate) age_to: Vec<u8>,
    pub(crate) sexes: Vec<Sexes>,
    pub(crate) needs: Vec<NeedSet>,
    pub(crate) excluded: Vec<NeedSet>,
    pub(crate) mix: Vec<Option<Group>>,
    pub(crate) taken_until: Vec<Day>,
    pub(crate) solo_until: Vec<Day>,
    pub(crate) grade_rank: Vec<u8>,
    pub(crate) said: Vec<Said>,
}

/// What a provider says of a place, as far as it is only repeated.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    pub(crate) note: Box<str>,
    pub(crate) at: Option<Timestamp>,
}

/// Sets of places.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sets {
    pub(crate) open: Bits,
    pub(crate) advertised: Bits,
    /// Whose advertisement excludes some need.
    pub(crate) excluding: Bits,
    /// That a council operates.
    pub(crate) operated: Bits,
    /// Unregistered, or not active.
    pub(crate) barred: Bits,
    pub(crate) restricted: Bits,
    pub(crate) grades: [Bits; GRADE_RANKS],
    pub(crate) takes_any: Bits,
    pub(crate) takes_male: Bits,
    pub(crate) takes_female: Bits,
    pub(crate) provisions: BTreeMap<String, Bits>,
}

/// What an event changes.
enum Touched<'a> {
    Nothing,
    Home(&'a EstablishmentUrn),
    Place(&'a PlaceId),
}

fn touched(event: &MarketEvent) -> Touched<'_> {
    match event {
        // They say something of providers and awards, and take no night.
        MarketEvent::ProviderRegistered(_)
        | MarketEvent::ClaimRefused(_)
        | MarketEvent::OccupancyRefused(_) => Touched::Nothing,
        MarketEvent::EstablishmentRegistered(event) => Touched::Home(&event.urn),
        MarketEvent::EstablishmentAmended(event) => Touched::Home(&event.urn),
        MarketEvent::RestrictionNoticeServed(event) => Touched::Home(&event.urn),
        MarketEvent::RestrictionNoticeLifted(event) => Touched::Home(&event.urn),
        MarketEvent::PlaceOpened(event) => Touched::Place(&event.place),
        MarketEvent::PlaceClosed(event) => Touched::Place(&event.place),
        MarketEvent::VacancyAdvertised(event) => Touched::Place(&event.place),
        MarketEvent::VacancyWithdrawn(event) => Touched::Place(&event.place),
        MarketEvent::PlaceHeld(event) => Touched::Place(&event.place),
        MarketEvent::HoldReleased(event) => Touched::Place(&event.place),
        MarketEvent::PlaceClaimed(event) => Touched::Place(&event.place),
        MarketEvent::ClaimReleased(event) => Touched::Place(&event.place),
        MarketEvent::PlaceOccupied(event) => Touched::Place(&event.place),
        MarketEvent::OccupancyEnded(event) => Touched::Place(&event.place),
    }
}

impl Index {
    /// The index of a market.
    #[must_use]
    pub fn of(market: &Market) -> Self {
        let mut index = Self::default();
        for (urn, establishment) in market.establishments() {
            index.put_home(urn, establishment);
        }
        for (id, place) in market.places() {
            index.put_place(market, id, place);
        }
        (0..index.homes.len()).for_each(|home| index.sum_up(home));
        index
    }

    /// Derives anew what `event` touches. `market` is the market after it.
    pub fn update(&mut self, market: &Market, event: &MarketEvent) {
        match touched(event) {
            Touched::Nothing => {}
            Touched::Home(urn) => {
                let Some(establishment) = market.establishment(urn) else { return };
                let home = self.put_home(urn, establishment);
                for entry in self.homes[home].entries.clone() {
                    let id = self.entries.place[entry].clone();
                    if let Some(place) = market.place(&id) {
                        self.put_place(market, &id, place);
                    }
                }
            }
            Touched::Place(id) => {
                let home = market.place(id).and_then(|place| self.put_place(market, id, place));
                if let Some(home) = home {
                    self.sum_up(home);
                }
            }
        }
    }

    /// Enters an establishment, or what has become of it; gives its number.
    fn put_home(&mut self, urn: &EstablishmentUrn, it: &Establishment) -> usize {
        let known = self.home_of.get(urn).copied();
        let number = known.unwrap_or(self.homes.len());
        let cell = match known {
            // An establishment does not move.
            Some(home) => self.homes[home].cell,
            None => self.cell(&it.sector),
        };
        let before = known.map(|home| &self.homes[home]);
        let home = Home {
            urn: urn.clone(),
            provider: it.provider.clone(),
            provision: it.provision.clone(),
            grade: it.registration.grade.clone(),
            utla: it.utla.clone(),
            operated_by: it.operated_by,
            status: it.registration.status,
            restricted_on: it.restricted_on,
            sexes: it.registration.sexes,
            cell,
            entries: before.map(|home| home.entries.clone()).unwrap_or_default(),
            taken_until: before.map_or(Day::NEVER, |home| home.taken_until),
            solo_until: before.map_or(Day::NEVER, |home| home.solo_until),
        };
        match known {
            Some(number) => self.homes[number] = home,
            None => {
                self.homes.push(home);
                self.home_of.insert(urn.clone(), number);
            }
        }
        number
    }

    /// The cell of a sector, made if it is new; none for one that does not exist.
    fn cell(&mut self, sector: &str) -> Option<u32> {
        let sector: Sector = sector.parse().ok()?;
        let location = locate(sector).ok()?;
        let next = u32::try_from(self.cells.len()).ok()?;
        let cell = *self.cell_of.entry(sector).or_insert(next);
        if cell == next {
            self.cells.push(Cell { location, entries: Vec::new() });
        }
        Some(cell)
    }

    /// Enters a place, or what has become of it; gives its home's number.
    fn put_place(&mut self, market: &Market, id: &PlaceId, place: &Place) -> Option<usize> {
        let establishment = market.establishment(&place.urn)?;
        let home = *self.home_of.get(&place.urn)?;
        let entry = self.entry(id, home);
        let vacancy = place.vacancy.as_ref();
        self.put_claims(entry, place);
        self.put_vacancy(entry, establishment, vacancy);
        let sets = &mut self.sets;
        sets.open.put(entry, place.open);
        sets.advertised.put(entry, vacancy.is_some());
        sets.operated.put(entry, establishment.operated_by.is_some());
        let active = establishment.registration.status == RegistrationStatus::Active;
        sets.barred.put(entry, !active || establishment.provision == UNREGISTERED);
        sets.restricted.put(entry, establishment.restricted_on.is_some());
        let rank = grade_rank(&establishment.registration.grade);
        self.entries.grade_rank[entry] = rank;
        for (at, grade) in sets.grades.iter_mut().enumerate() {
            grade.put(entry, at == usize::from(rank));
        }
        Some(home)
    }

    /// The entry of a place, made if it is new.
    fn entry(&mut self, id: &PlaceId, home: usize) -> usize {
        let entries = &mut self.entries;
        let position = match self.by_id.binary_search_by(|entry| entries.place[*entry].cmp(id)) {
            Ok(position) => return self.by_id[position],
            Err(position) => position,
        };
        let it = &mut self.homes[home];
        let entry = entries.push(id.clone(), home, it.cell);
        self.by_id.insert(position, entry);
        it.entries.push(entry);
        if let Some(cell) = it.cell {
            self.cells[cell as usize].entries.push(entry);
        }
        // An establishment does not become another kind of one.
        let provision = it.provision.clone();
        self.sets.provisions.entry(provision).or_default().put(entry, true);
        entry
    }

    fn put_vacancy(&mut self, entry: usize, establishment: &Establishment, vacancy: Option<&Vacancy>) {
        let (entries, registration) = (&mut self.entries, &establishment.registration);
        let supported = establishment.provision == SUPPORTED_ACCOMMODATION.0;
        let youngest = if supported { SUPPORTED_ACCOMMODATION_AGE_MIN } else { 0 };
        let (from, to) = vacancy.map_or((0, u8::MAX), |vacancy| (vacancy.age_from, vacancy.age_to));
        entries.age_from[entry] = from.max(registration.age_from).max(youngest);
        entries.age_to[entry] = to.min(registration.age_to);
        let advertised = vacancy.map_or(Sexes::Any, |vacancy| vacancy.sexes);
        entries.sexes[entry] = advertised;
        let takes = |sex| advertised.takes(sex) && registration.sexes.takes(sex);
        let (male, female) = (takes("M"), takes("F"));
        self.sets.takes_male.put(entry, male);
        self.sets.takes_female.put(entry, female);
        self.sets.takes_any.put(entry, male && female);
        entries.available_from[entry] =
            vacancy.map_or(Day::NEVER, |vacancy| Day::from(vacancy.available_from));
        entries.needs[entry] = vacancy.map(|it| NeedSet::of(&it.needs)).unwrap_or_default();
        let excluded = vacancy.map(|it| NeedSet::of(&it.exclusions)).unwrap_or_default();
        entries.excluded[entry] = excluded;
        self.sets.excluding.put(entry, !excluded.is_empty());
        entries.mix[entry] = vacancy.and_then(|it| it.mix.as_ref()).map(group);
        entries.said[entry] = vacancy.map(said).unwrap_or_default();
    }

    fn put_claims(&mut self, entry: usize, place: &Place) {
        let (mut taken, mut solo, mut held) = (Day::NEVER, Day::NEVER, None);
        for claim in place.claims.iter().filter(|claim| !claim.nights().is_empty()) {
            let end = Day::from(claim.nights().end());
            match claim.stage {
                Stage::Hold { expires_at } => held = held.max(Some(expires_at)),
                Stage::Award { .. } | Stage::Occupied { .. } => {
                    taken = taken.max(end);
                    if claim.solo {
                        solo = solo.max(end);
                    }
                }
            }
        }
        self.entries.taken_until[entry] = taken;
        self.entries.solo_until[entry] = solo;
        match held {
            Some(expires_at) => self.held.insert(entry, expires_at),
            None => self.held.remove(&entry),
        };
    }

    /// Reads off the claims on a home's places what they mean for the home.
    fn sum_up(&mut self, home: usize) {
        let (entries, it) = (&self.entries, &mut self.homes[home]);
        let last = |column: &[Day]| it.entries.iter().map(|entry| column[*entry]).max().unwrap_or(Day::NEVER);
        let (taken, solo) = (last(&entries.taken_until), last(&entries.solo_until));
        (it.taken_until, it.solo_until) = (taken, solo);
        if solo > Day::NEVER {
            self.solo_homes.insert(home);
        } else {
            self.solo_homes.remove(&home);
        }
    }

    /// The home of an entry.
    pub(crate) fn home(&self, entry: usize) -> &Home {
        &self.homes[self.entries.home[entry]]
    }
}

impl Entries {
    fn push(&mut self, id: PlaceId, home: usize, cell: Option<u32>) -> usize {
        self.place.push(id);
        self.home.push(home);
        self.cell.push(cell);
        self.available_from.push(Day::NEVER);
        self.age_from.push(0);
        self.age_to.push(0);
        self.sexes.push(Sexes::Any);
        self.needs.push(NeedSet::default());
        self.excluded.push(NeedSet::default());
        self.mix.push(None);
        self.taken_until.push(Day::NEVER);
        self.solo_until.push(Day::NEVER);
        self.grade_rank.push(0);
        self.said.push(Said::default());
        self.place.len() - 1
    }
}

fn group(mix: &Mix) -> Group {
    Group {
        children: mix.children,
        age_from: mix.age_from,
        age_to: mix.age_to,
        needs: NeedSet::of(&mix.needs),
    }
}

fn said(vacancy: &Vacancy) -> Said {
    Said { note: vacancy.note.as_str().into(), at: Some(vacancy.advertised_at) }
}
