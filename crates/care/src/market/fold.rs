//! How the market's events become its picture. Total: an event about something unknown changes nothing.

use super::{AwardInMarket, AwardStage, Entered, Establishment, Market, MarketEvent, Provider, Told};
use super::{Claim, HoldEnd, Place, Stage, Vacancy};
use crate::ids::{AwardId, EstablishmentUrn, PlaceId};
use crate::london_date;
use crate::market::{
    EstablishmentRegistered, HoldReleased, PlaceClaimed, PlaceHeld, PlaceOpened, VacancyAdvertised,
};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

impl Market {
    /// Applies an event that has happened.
    pub fn evolve(&mut self, event: &MarketEvent) {
        let due = |market: &Self| Some(market.places.get(event.place()?)?.unheard()?.0);
        let before = due(self);
        self.apply(event);
        let after = due(self);
        if let Some(place) = event.place().filter(|_| before != after) {
            before.into_iter().for_each(|due| forget(&mut self.unheard, due, place));
            after.into_iter().for_each(|due| {
                self.unheard.entry(due).or_default().insert(place.clone());
            });
        }
    }

    fn apply(&mut self, event: &MarketEvent) {
        match event {
            MarketEvent::ProviderRegistered(event) => {
                let provider = Provider { name: event.name.clone(), establishments: BTreeSet::new() };
                self.providers.entry(event.provider.clone()).or_insert(provider);
            }
            MarketEvent::EstablishmentRegistered(event) => self.register(event),
            MarketEvent::EstablishmentAmended(event) => {
                self.change(&event.urn, |it| {
                    let today = london_date(event.at);
                    if it.registration.status != event.registration.status {
                        it.status_on = today;
                    }
                    if it.registration.grade != event.registration.grade {
                        it.grade_on = today;
                    }
                    it.enter_registration(&event.registration, today, event.at);
                    it.registration = event.registration.clone();
                    it.sector = event.sector.clone().unwrap_or_else(|| it.sector.clone());
                });
            }
            MarketEvent::RestrictionNoticeServed(event) => {
                self.change(&event.urn, |it| {
                    it.restricted_on = Some(event.on);
                    it.enter(event.on, event.at, Told::NoticeServed);
                });
            }
            MarketEvent::RestrictionNoticeLifted(event) => self.change(&event.urn, |it| {
                it.restricted_on = None;
                it.enter(event.on, event.at, Told::NoticeLifted);
            }),
            MarketEvent::PlaceOpened(event) => self.open(event),
            MarketEvent::PlaceClosed(event) => self.at_place(&event.place, |place| {
                place.open = false;
                place.vacancy = None;
            }),
            MarketEvent::VacancyAdvertised(event) => self.at_place(&event.place, |place| {
                place.vacancy = Some(advertised(event));
                place.unlisted_at = None;
            }),
            MarketEvent::VacancyConfirmed(event) => self.at_vacancy(&event.place, |vacancy| {
                vacancy.confirmed_at = event.at;
                vacancy.asked_at = None;
            }),
            MarketEvent::VacancyQueried(event) => {
                self.at_vacancy(&event.place, |vacancy| vacancy.asked_at = Some(event.at));
            }
            MarketEvent::VacancyUnlisted(event) => self.at_place(&event.place, |place| {
                place.vacancy = None;
                place.unlisted_at = Some(event.at);
            }),
            MarketEvent::VacancyWithdrawn(event) => self.at_place(&event.place, |place| place.vacancy = None),
            MarketEvent::PlaceHeld(event) => self.hold(event),
            MarketEvent::HoldReleased(event) => self.release_hold(event),
            MarketEvent::PlaceClaimed(event) => self.claim(event),
            MarketEvent::ClaimRefused(event) => self.note(event.award, &event.place, AwardStage::Refused),
            MarketEvent::ClaimReleased(event) => {
                self.at_place(&event.place, |place| {
                    place.claims.retain(|claim| claim.stage.award() != Some(event.award));
                });
                self.note(event.award, &event.place, AwardStage::Released);
            }
            MarketEvent::PlaceOccupied(event) => {
                self.at_claim(&event.place, event.award, |claim| {
                    claim.start = event.counted_from;
                    // Told again of a child who was to leave: it stays.
                    claim.end = None;
                    claim.stage = Stage::Occupied { award: event.award };
                });
                self.note(event.award, &event.place, AwardStage::Occupied);
            }
            MarketEvent::OccupancyRefused(event) => {
                // Who left has a claim of the nights until then, which can still be put right.
                let stage = match self.awards.get(&event.award).map(|it| it.stage) {
                    Some(AwardStage::Ended | AwardStage::Overstayed) => AwardStage::Overstayed,
                    _ => AwardStage::OccupiedWithoutClaim,
                };
                self.note(event.award, &event.place, stage);
            }
            MarketEvent::OccupancyEnded(event) => {
                // Who left before the first night, or never came, took no night.
                self.at_claim(&event.place, event.award, |claim| claim.end = Some(event.on.max(claim.start)));
                self.yield_nights(event);
                self.note(event.award, &event.place, AwardStage::Ended);
            }
            MarketEvent::RegisterPartRead(event) => self.read_part(event),
            MarketEvent::RegisterImported(event) => self.finish_import(event),
            MarketEvent::HoldPolicySet(event) => {
                self.hold_policies.insert(event.council, (event.version, event.policy.clone()));
            }
            MarketEvent::PlaceReserved(event) => self.reserve(event),
            MarketEvent::ReservationEnded(event) => self.end_reservation(event),
            MarketEvent::BlockOffered(event) => self.at_agreed(&event.place, event.block, |agreed| {
                agreed.offered = Some((event.block, event.council, event.terms.clone()));
            }),
            MarketEvent::BlockDeclined(event) => {
                self.at_agreed(&event.place, 0, |agreed| agreed.offered = None);
            }
            MarketEvent::BlockAllocated(event) => self.allocate(event),
            MarketEvent::BlockEndProposed(event) => self.at_agreed(&event.place, 0, |agreed| {
                let block = agreed.blocks.iter_mut().find(|block| block.number == event.block);
                block.into_iter().for_each(|block| block.ending = Some((event.by, event.on)));
            }),
            MarketEvent::BlockEnded(event) => self.end_block(event),
            MarketEvent::ResaleOffered(event) => self.offer_resale(event),
            MarketEvent::ResaleWithdrawn(event) => self.at_agreed(&event.place, 0, |agreed| {
                agreed.resales.retain(|resale| resale.number != event.resale);
            }),
            MarketEvent::ResaleSold(event) => self.sell(event),
            // The seller's event has moved the nights.
            MarketEvent::ResaleBought(_) => {}
            MarketEvent::HouseholdRegistered(event) => self.register_household(event),
            MarketEvent::HouseholdAmended(event) => self.change_household(&event.household, |it| {
                it.approval = event.approval.clone();
                it.sector = event.sector.clone();
                it.utla = event.utla.clone();
            }),
            MarketEvent::HouseholdClosed(event) => {
                self.change_household(&event.household, |it| it.closed_on = Some(event.on));
            }
            MarketEvent::StatementOfPurposeSet(event) => {
                self.change(&event.urn, |it| it.enter(event.on, event.at, event.told()));
            }
        }
    }

    fn register(&mut self, event: &EstablishmentRegistered) {
        if self.establishments.contains_key(&event.urn) {
            return;
        }
        if let Some(provider) = self.providers.get_mut(&event.provider) {
            provider.establishments.insert(event.urn.clone());
        }
        let establishment = Establishment {
            provider: event.provider.clone(),
            provision: event.provision.clone(),
            place_code: event.place_code.clone(),
            utla: event.utla.clone(),
            sector: event.sector.clone(),
            operated_by: event.operated_by,
            registered_on: event.registered_on,
            registration: event.registration.clone(),
            restricted_on: None,
            places: BTreeSet::new(),
            households: BTreeSet::new(),
            history: vec![Entered {
                on: london_date(event.at),
                at: event.at,
                told: Told::Registration(event.registration.clone()),
            }],
            status_on: london_date(event.at),
            grade_on: london_date(event.at),
            listed_on: None,
            revision: 1,
        };
        self.establishments.insert(event.urn.clone(), establishment);
    }

    fn open(&mut self, event: &PlaceOpened) {
        let Some(establishment) = self.establishments.get_mut(&event.urn) else {
            return;
        };
        let known = self.places.get(&event.place);
        if known.is_some_and(|known| known.urn != event.urn) {
            return;
        }
        establishment.places.insert(event.place.clone());
        // A place stays where it was opened first.
        let household = event.household.as_ref().filter(|_| known.is_none());
        let household = household.and_then(|id| Some((id, self.households.get_mut(id)?)));
        let household = household.filter(|(_, it)| it.urn == event.urn).map(|(id, it)| {
            it.places.insert(event.place.clone());
            id.clone()
        });
        let place = self.places.entry(event.place.clone()).or_insert_with(|| Place {
            urn: event.urn.clone(),
            household,
            open: true,
            vacancy: None,
            unlisted_at: None,
            last_token: 0,
            expired_token: None,
            claims: Vec::new(),
            agreed: None,
        });
        place.open = true;
    }

    fn hold(&mut self, event: &PlaceHeld) {
        let Some(place) = self.places.get_mut(&event.place) else {
            return;
        };
        place.last_token = place.last_token.max(event.token);
        place.claims.push(Claim {
            council: event.council,
            referral: event.referral,
            referral_version: event.referral_version,
            start: event.from,
            end: None,
            solo: false,
            token: event.token,
            stage: Stage::Hold { expires_at: event.expires_at },
        });
        self.leases.entry(event.expires_at).or_default().insert(event.place.clone());
    }

    fn release_hold(&mut self, event: &HoldReleased) {
        self.take_hold(&event.place, event.token);
        if event.reason == HoldEnd::Expired {
            self.at_place(&event.place, |place| place.expired_token = Some(event.token));
        }
    }

    /// A claim takes the place of the hold that it came from.
    fn claim(&mut self, event: &PlaceClaimed) {
        self.take_hold(&event.place, event.token);
        self.at_place(&event.place, |place| {
            place.last_token = place.last_token.max(event.token);
            place.claims.push(Claim {
                council: event.council,
                referral: event.referral,
                referral_version: event.referral_version,
                start: event.start,
                end: None,
                solo: event.solo,
                token: event.token,
                stage: Stage::Award { award: event.award },
            });
        });
        // Whoever is asked about a place that is taken need not answer; once it is free again, they are asked again.
        self.at_vacancy(&event.place, |vacancy| vacancy.asked_at = None);
        self.note(event.award, &event.place, AwardStage::Claimed);
    }

    fn take_hold(&mut self, place_id: &PlaceId, token: u64) {
        let Some(place) = self.places.get_mut(place_id) else {
            return;
        };
        let mut ended: Option<Timestamp> = None;
        place.claims.retain(|claim| match claim.stage {
            Stage::Hold { expires_at } if claim.token == token => {
                ended = Some(expires_at);
                false
            }
            _ => true,
        });
        ended.into_iter().for_each(|expires_at| forget(&mut self.leases, expires_at, place_id));
    }

    fn note(&mut self, award: AwardId, place: &PlaceId, stage: AwardStage) {
        self.awards.insert(award, AwardInMarket { place: place.clone(), stage });
    }

    fn change(&mut self, urn: &EstablishmentUrn, change: impl FnOnce(&mut Establishment)) {
        if let Some(establishment) = self.establishments.get_mut(urn) {
            change(establishment);
            establishment.revision = establishment.revision.saturating_add(1);
        }
    }

    pub(super) fn at_place(&mut self, place: &PlaceId, change: impl FnOnce(&mut Place)) {
        if let Some(place) = self.places.get_mut(place) {
            change(place);
        }
    }

    pub(super) fn at_vacancy(&mut self, place: &PlaceId, change: impl FnOnce(&mut Vacancy)) {
        if let Some(vacancy) = self.places.get_mut(place).and_then(|place| place.vacancy.as_mut()) {
            change(vacancy);
        }
    }

    fn at_claim(&mut self, place: &PlaceId, award: AwardId, change: impl FnOnce(&mut Claim)) {
        if let Some(claim) = self.places.get_mut(place).and_then(|place| place.claim_of_mut(award)) {
            change(claim);
        }
    }
}

/// Takes a place from those of an instant.
fn forget(places_by: &mut BTreeMap<Timestamp, BTreeSet<PlaceId>>, instant: Timestamp, place: &PlaceId) {
    if let Some(places) = places_by.get_mut(&instant) {
        places.remove(place);
        if places.is_empty() {
            places_by.remove(&instant);
        }
    }
}

fn advertised(event: &VacancyAdvertised) -> Vacancy {
    Vacancy {
        available_from: event.available_from,
        needs: event.needs.clone(),
        sexes: event.sexes,
        age_from: event.age_from,
        age_to: event.age_to,
        note: event.note.clone(),
        exclusions: event.exclusions.clone(),
        mix: event.mix.clone(),
        reservation: event.reservation,
        confirmed_at: event.at,
        asked_at: None,
    }
}
