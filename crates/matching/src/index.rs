//! The market as searches read it: a row and some bits for each place.
//!
//! It is derived from [`Market`] and holds nothing of its own. Each event derives anew what it touches, so the same market gives the same
//! index whichever way it came there; a property test holds one that was kept up to date against one that was built. Where things lie is
//! known by postcode sector, so the cells of its grid are the sectors themselves, and the places of one are as far as each other.

use crate::bits::Bits;
use crate::criteria::grade_rank;
use crate::day::Day;
use crate::entries::{Entries, Said};
use crate::impact::Group;
use crate::needs::NeedSet;
use crate::tally::{Kind, Tally};
use care::market::{
    Agreed, Home as MarketHome, Market, MarketEvent, Mix, Place, RegistrationStatus, SUPPORTED_ACCOMMODATION,
    SUPPORTED_ACCOMMODATION_AGE_MIN, Sexes, Stage, UNREGISTERED, Vacancy,
};
use care::{CouncilId, Date, EstablishmentUrn, HouseholdId, PlaceId, ProviderId};
use geography::{Location, Sector, locate};
use std::collections::BTreeMap;
use std::ops::Range;

/// Grades by [`grade_rank`].
pub(crate) const GRADE_RANKS: usize = 5;

/// Every place of a market, ready to be searched.
#[derive(Debug, Clone, Default)]
pub struct Index {
    pub(crate) homes: Vec<Home>,
    home_of: BTreeMap<(EstablishmentUrn, Option<HouseholdId>), usize>,
    pub(crate) cells: Vec<Cell>,
    cell_of: BTreeMap<Sector, u32>,
    /// The cells from south to north: northing, easting and number.
    pub(crate) from_south: Vec<(i32, i32, u32)>,
    /// The entries by their places' ids. Entries are numbered as they come, and no answer may depend on that.
    pub(crate) by_id: BTreeMap<PlaceId, usize>,
    pub(crate) entries: Entries,
    pub(crate) sets: Sets,
    pub(crate) tally: Tally,
}

/// Where the children of some places live: an establishment, or one carer household of an agency.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    pub(crate) urn: EstablishmentUrn,
    pub(crate) household: Option<Household>,
    pub(crate) provider: ProviderId,
    pub(crate) provision: String,
    pub(crate) grade: String,
    pub(crate) utla: String,
    pub(crate) operated_by: Option<CouncilId>,
    pub(crate) restricted_on: Option<Date>,
    /// The sector's; none for a sector that is not known.
    pub(crate) cell: Option<u32>,
    /// Its places, open and closed.
    pub(crate) entries: Vec<usize>,
    /// The end of the last claim on any of them; holds are told apart.
    pub(crate) taken_until: Day,
    /// The end of the last claim that takes the whole of it.
    pub(crate) solo_until: Day,
}

/// What is told of a carer household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Household {
    /// The household.
    pub id: HouseholdId,
    /// For how many children it is approved.
    pub children: u8,
    /// Whether it takes siblings together.
    pub sibling_groups: bool,
}

/// A sector.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) location: Location,
    /// Its places, as far as their numbers follow each other: all of them when the index is built.
    pub(crate) run: Range<usize>,
    /// Those that came later.
    pub(crate) others: Vec<usize>,
}

impl Cell {
    fn remove(&mut self, entry: usize) {
        if self.run.contains(&entry) {
            let rest = std::mem::take(&mut self.run);
            self.others.extend(rest.filter(|other| *other != entry));
        } else {
            self.others.retain(|other| *other != entry);
        }
    }

    fn add(&mut self, entry: usize) {
        if self.run.is_empty() {
            self.run = entry..entry + 1;
        } else if self.run.end == entry {
            self.run.end += 1;
        } else {
            self.others.push(entry);
        }
    }
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
    /// With a hold, its lease ended or not.
    pub(crate) held: Bits,
    /// Of which something is agreed beforehand.
    pub(crate) agreed: Bits,
    /// In a home that a solo placement takes or took.
    pub(crate) solo: Bits,
    /// In a carer household.
    pub(crate) lodged: Bits,
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
        // They say something of providers and awards, or ask, and take no night.
        MarketEvent::ProviderRegistered(_)
        | MarketEvent::VacancyQueried(_)
        | MarketEvent::ClaimRefused(_)
        | MarketEvent::OccupancyRefused(_)
        | MarketEvent::RegisterPartRead(_)
        | MarketEvent::RegisterImported(_)
        | MarketEvent::HoldPolicySet(_)
        | MarketEvent::BlockOffered(_)
        | MarketEvent::BlockDeclined(_)
        | MarketEvent::BlockEndProposed(_)
        | MarketEvent::ResaleOffered(_)
        | MarketEvent::ResaleWithdrawn(_)
        | MarketEvent::ResaleBought(_)
        | MarketEvent::StatementOfPurposeSet(_) => Touched::Nothing,
        MarketEvent::EstablishmentRegistered(event) => Touched::Home(&event.urn),
        MarketEvent::EstablishmentAmended(event) => Touched::Home(&event.urn),
        MarketEvent::RestrictionNoticeServed(event) => Touched::Home(&event.urn),
        MarketEvent::RestrictionNoticeLifted(event) => Touched::Home(&event.urn),
        MarketEvent::HouseholdRegistered(event) => Touched::Home(&event.urn),
        MarketEvent::HouseholdAmended(event) => Touched::Home(&event.urn),
        MarketEvent::HouseholdClosed(event) => Touched::Home(&event.urn),
        MarketEvent::PlaceOpened(event) => Touched::Place(&event.place),
        MarketEvent::PlaceClosed(event) => Touched::Place(&event.place),
        MarketEvent::VacancyAdvertised(event) => Touched::Place(&event.place),
        MarketEvent::VacancyWithdrawn(event) => Touched::Place(&event.place),
        MarketEvent::VacancyConfirmed(event) => Touched::Place(&event.place),
        MarketEvent::VacancyUnlisted(event) => Touched::Place(&event.place),
        MarketEvent::PlaceHeld(event) => Touched::Place(&event.place),
        MarketEvent::HoldReleased(event) => Touched::Place(&event.place),
        MarketEvent::PlaceClaimed(event) => Touched::Place(&event.place),
        MarketEvent::ClaimReleased(event) => Touched::Place(&event.place),
        MarketEvent::PlaceOccupied(event) => Touched::Place(&event.place),
        MarketEvent::OccupancyEnded(event) => Touched::Place(&event.place),
        MarketEvent::PlaceReserved(event) => Touched::Place(&event.place),
        MarketEvent::ReservationEnded(event) => Touched::Place(&event.place),
        MarketEvent::BlockAllocated(event) => Touched::Place(&event.place),
        MarketEvent::BlockEnded(event) => Touched::Place(&event.place),
        MarketEvent::ResaleSold(event) => Touched::Place(&event.place),
    }
}

impl Index {
    /// The index of a market.
    #[must_use]
    pub fn of(market: &Market) -> Self {
        let mut index = Self::default();
        // What is near on the ground is near in memory, since a search reads of one region and passes over the rest.
        let homes =
            market.establishments().flat_map(|(urn, it)| market.homes_of(it).map(move |it| (urn, it)));
        let mut homes: Vec<_> = homes.collect();
        homes.sort_by_cached_key(|(_, it)| location(it.sector()).map(|(sector, at)| (along(at), sector)));
        for (urn, of_market) in homes {
            let home = index.put_home(urn, of_market);
            for (id, place) in market.places_of_home(of_market) {
                index.put_place(market, id, place);
            }
            index.sum_up(home);
        }
        index
    }

    /// Derives anew what `event` touches. `market` is the market after it.
    pub fn update(&mut self, market: &Market, event: &MarketEvent) {
        match touched(event) {
            Touched::Nothing => {}
            Touched::Home(urn) => {
                let Some(establishment) = market.establishment(urn) else { return };
                for it in market.homes_of(establishment) {
                    let home = self.put_home(urn, it);
                    for entry in self.homes[home].entries.clone() {
                        let id = self.entries.place[entry].clone();
                        if let Some(place) = market.place(&id) {
                            self.put_place(market, &id, place);
                        }
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

    /// Takes the places of a home that lies elsewhere than was known to their new cell.
    fn relocate(&mut self, home: usize, cell: Option<u32>) {
        for entry in self.homes[home].entries.clone() {
            let row = &mut self.entries.row[entry];
            if let Some(old) = row.cell {
                self.cells[old as usize].remove(entry);
            }
            row.cell = cell;
            if let Some(new) = cell {
                self.cells[new as usize].add(entry);
            }
        }
        self.homes[home].cell = cell;
    }

    /// Enters a home, or what has become of it; gives its number.
    fn put_home(&mut self, urn: &EstablishmentUrn, of_market: MarketHome<'_>) -> usize {
        let it = of_market.establishment;
        let key = (urn.clone(), of_market.household.map(|(id, _)| id.clone()));
        let known = self.home_of.get(&key).copied();
        let number = known.unwrap_or(self.homes.len());
        let cell = self.cell(of_market.sector());
        if let Some(home) = known.filter(|home| self.homes[*home].cell != cell) {
            self.relocate(home, cell);
        }
        let before = known.map(|home| &self.homes[home]);
        let home = Home {
            urn: urn.clone(),
            household: of_market.household.map(|(id, it)| Household {
                id: id.clone(),
                children: it.approval.children,
                sibling_groups: it.approval.sibling_groups,
            }),
            provider: it.provider.clone(),
            provision: of_market.provision().to_owned(),
            grade: it.registration.grade.clone(),
            utla: of_market.utla().to_owned(),
            operated_by: it.operated_by,
            restricted_on: it.restricted_on,
            cell,
            entries: before.map(|home| home.entries.clone()).unwrap_or_default(),
            taken_until: before.map_or(Day::NEVER, |home| home.taken_until),
            solo_until: before.map_or(Day::NEVER, |home| home.solo_until),
        };
        match known {
            Some(number) => self.homes[number] = home,
            None => {
                self.homes.push(home);
                self.home_of.insert(key, number);
            }
        }
        number
    }

    /// The cell of a sector, made if it is new; none for one that does not exist.
    fn cell(&mut self, sector: &str) -> Option<u32> {
        let (sector, location) = location(sector)?;
        let next = u32::try_from(self.cells.len()).ok()?;
        let cell = *self.cell_of.entry(sector).or_insert(next);
        if cell == next {
            self.cells.push(Cell { location, run: 0..0, others: Vec::new() });
            let it = (location.northing_m, location.easting_m, cell);
            let position = self.from_south.partition_point(|other| *other < it);
            self.from_south.insert(position, it);
        }
        Some(cell)
    }

    /// Enters a place, or what has become of it; gives its home's number.
    fn put_place(&mut self, market: &Market, id: &PlaceId, place: &Place) -> Option<usize> {
        let of_market = market.home(place)?;
        let establishment = of_market.establishment;
        let key = (place.urn.clone(), of_market.household.map(|(id, _)| id.clone()));
        let home = *self.home_of.get(&key)?;
        let entry = self.entry(id, home);
        let vacancy = place.vacancy.as_ref();
        self.put_claims(entry, place);
        self.put_agreed(entry, place);
        self.put_vacancy(entry, of_market, vacancy);
        self.put_provision(entry, of_market.provision());
        let sets = &mut self.sets;
        sets.open.put(entry, place.open);
        sets.advertised.put(entry, vacancy.is_some());
        let active = establishment.registration.status == RegistrationStatus::Active;
        let kind = Kind {
            operated: establishment.operated_by.is_some(),
            barred: !active || establishment.provision == UNREGISTERED,
            restricted: establishment.restricted_on.is_some(),
            grade_rank: grade_rank(&establishment.registration.grade),
        };
        sets.operated.put(entry, kind.operated);
        sets.barred.put(entry, kind.barred);
        sets.restricted.put(entry, kind.restricted);
        self.entries.row[entry].grade_rank = kind.grade_rank;
        self.entries.status[entry] = establishment.registration.status;
        for (at, grade) in sets.grades.iter_mut().enumerate() {
            grade.put(entry, at == usize::from(kind.grade_rank));
        }
        let provision = self.tally.put(entry, of_market.provision(), place.open.then_some(kind));
        self.entries.row[entry].provision = provision;
        Some(home)
    }

    /// The entry of a place, made if it is new.
    fn entry(&mut self, id: &PlaceId, home: usize) -> usize {
        let entries = &mut self.entries;
        if let Some(entry) = self.by_id.get(id) {
            return *entry;
        }
        let it = &mut self.homes[home];
        let entry = entries.push(id.clone(), home, it.cell);
        self.by_id.insert(id.clone(), entry);
        it.entries.push(entry);
        if let Some(cell) = it.cell {
            self.cells[cell as usize].add(entry);
        }
        entry
    }

    /// An establishment does not become another kind of one, but a household may come to be for short breaks only.
    fn put_provision(&mut self, entry: usize, provision: &str) {
        let provisions = &mut self.sets.provisions;
        if provisions.get(provision).is_some_and(|set| set.contains(entry)) {
            return;
        }
        provisions.values_mut().for_each(|set| set.put(entry, false));
        provisions.entry(provision.to_owned()).or_default().put(entry, true);
    }

    fn put_vacancy(&mut self, entry: usize, home: MarketHome<'_>, vacancy: Option<&Vacancy>) {
        let (entries, establishment, bounds) = (&mut self.entries, home.establishment, home.bounds());
        let supported = establishment.provision == SUPPORTED_ACCOMMODATION.0;
        let youngest = if supported { SUPPORTED_ACCOMMODATION_AGE_MIN } else { 0 };
        let (from, to) = vacancy.map_or((0, u8::MAX), |vacancy| (vacancy.age_from, vacancy.age_to));
        let advertised = vacancy.map_or(Sexes::Any, |vacancy| vacancy.sexes);
        let row = &mut entries.row[entry];
        row.age_from = from.max(bounds.age_from).max(youngest);
        row.age_to = to.min(bounds.age_to);
        row.available_from = vacancy.map_or(Day::NEVER, |vacancy| Day::from(vacancy.available_from));
        row.needs = vacancy.map(|it| NeedSet::of(&it.needs)).unwrap_or_default();
        row.excluded = vacancy.map(|it| NeedSet::of(&it.exclusions)).unwrap_or_default();
        row.mix = vacancy.and_then(|it| it.mix.as_ref()).map(group);
        let registered = if bounds.registered == Sexes::Any { bounds.approved } else { bounds.registered };
        entries.available_from[entry] = vacancy.map(|vacancy| vacancy.available_from);
        entries.sexes[entry] = (advertised, registered);
        entries.said[entry] = vacancy.map(said).unwrap_or_default();
        let takes = |sex| advertised.takes(sex) && bounds.takes(sex);
        let (male, female) = (takes("M"), takes("F"));
        self.sets.takes_male.put(entry, male);
        self.sets.takes_female.put(entry, female);
        self.sets.takes_any.put(entry, male && female);
        self.sets.excluding.put(entry, !self.entries.row[entry].excluded.is_empty());
    }

    /// What only offers nights changes nothing that a search reads, and is not kept.
    fn put_agreed(&mut self, entry: usize, place: &Place) {
        let agreed = place.agreed.as_ref().map(|it| Agreed {
            reservations: it.reservations.clone(),
            blocks: it.blocks.clone(),
            ..Agreed::default()
        });
        let agreed = agreed.filter(|it| *it != Agreed::default()).map(Box::new);
        self.sets.agreed.put(entry, agreed.is_some());
        self.entries.agreed[entry] = agreed;
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
        let expiry = |stage| match stage {
            Stage::Hold { expires_at } => Some(expires_at),
            Stage::Award { .. } | Stage::Occupied { .. } => None,
        };
        let in_household = place.claims.iter().filter(|_| place.household.is_some());
        self.entries.claims[entry] = in_household.map(|it| (it.nights(), expiry(it.stage))).collect();
        self.sets.lodged.put(entry, place.household.is_some());
        self.entries.row[entry].taken_until = taken;
        self.entries.solo_until[entry] = solo;
        self.entries.put_held_until(entry, held);
        self.sets.held.put(entry, held.is_some());
    }

    /// Reads off the claims on a home's places what they mean for the home.
    fn sum_up(&mut self, home: usize) {
        let (entries, it) = (&self.entries, &mut self.homes[home]);
        let last = |end: fn(&Entries, usize) -> Day| {
            it.entries.iter().map(|entry| end(entries, *entry)).max().unwrap_or(Day::NEVER)
        };
        let (taken, solo) = (last(|all, it| all.row[it].taken_until), last(|all, it| all.solo_until[it]));
        it.taken_until = taken;
        let before = std::mem::replace(&mut it.solo_until, solo);
        if before != it.solo_until || it.solo_until > Day::NEVER {
            let is_solo = it.solo_until > Day::NEVER;
            it.entries.iter().for_each(|entry| self.sets.solo.put(*entry, is_solo));
        }
    }

    /// The home of an entry.
    #[inline]
    pub(crate) fn home(&self, entry: usize) -> &Home {
        &self.homes[self.entries.row[entry].home as usize]
    }
}

/// A sector that exists, and where it is.
fn location(sector: &str) -> Option<(Sector, Location)> {
    let sector: Sector = sector.parse().ok()?;
    Some((sector, locate(sector).ok()?))
}

/// A point's place on a line that winds through the country and keeps together what is near: the bits of its kilometres east and north, in turns.
fn along(location: Location) -> u64 {
    let kilometres = |metres: i32| u64::try_from(metres / 1000).unwrap_or(0);
    let (east, north) = (kilometres(location.easting_m), kilometres(location.northing_m));
    // Great Britain has fewer than 2^11 kilometres either way.
    (0..11).fold(0, |all, bit| all | (east >> bit & 1) << (2 * bit) | (north >> bit & 1) << (2 * bit + 1))
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
    Said { note: vacancy.note.as_str().into(), at: Some(vacancy.confirmed_at) }
}
