//! Providers: offers, declines and advertisements of places.

use super::agreed::RETAINER;
use super::council::ROLES;
use crate::breach::Checked;
use crate::opening::{LEVELS, LOTS, id};
use crate::world::World;
use care::market::{Mix, Place, ReservationTerms, Sexes, UNREGISTERED, VacancyAdvertised};
use care::published::{PriceLine, Route};
use care::{CouncilId, EstablishmentUrn, FrameworkId, OfferId, Pence, PlaceId, ProviderId, ReferralId};
use jiff::Span;
use referrals_domain::{DeclineReferral, OfferTerms, Referral, Requirements, SubmitOffer, WithdrawOffer};
use std::collections::BTreeSet;
use vacancies_domain::{Command, VacancyChange};

impl World {
    /// A provider with a referral that was released to it, mostly.
    fn released(&mut self, desk: usize) -> Option<(ReferralId, ProviderId)> {
        let referral = self.open_referral(desk, |it| !it.releases.is_empty())?;
        let known: Vec<ProviderId> = self
            .referral(desk, referral)
            .map(|found| found.releases.keys().cloned().collect())
            .unwrap_or_default();
        let anybody = known.is_empty() || self.chance.percent(2);
        let provider = self.chance.one_of(if anybody { &self.providers } else { &known })?.clone();
        Some((referral, provider))
    }

    /// A place of a provider: one that fits the child and has room, mostly.
    fn place_to_offer(
        &mut self,
        provider: &ProviderId,
        sought: Option<&Requirements>,
    ) -> Option<(PlaceId, EstablishmentUrn)> {
        let (market, now) = (&self.market.state, self.now);
        let (anything, taken) = (self.chance.percent(6), self.chance.percent(25));
        let any_age = self.chance.percent(8);
        let mut fitting = Vec::new();
        for (urn, home) in market.establishments().filter(|(_, home)| home.provider == *provider) {
            let wanted = |(_, place): &(&PlaceId, &Place)| {
                let Some((sought, vacancy)) = sought.zip(place.vacancy.as_ref()) else { return false };
                // Whoever carries on an unregistered establishment would sell all the same.
                (home.admits() || home.provision == UNREGISTERED)
                    && market
                        .home(place)
                        .is_some_and(|it| sought.provisions.iter().any(|asked| asked == it.provision()))
                    && vacancy.sexes.takes(&sought.sex)
                    && home.registration.sexes.takes(&sought.sex)
                    && (any_age || (vacancy.age_from..=vacancy.age_to).contains(&sought.age_years))
                    && (taken || place.claims.iter().all(|claim| claim.end.is_some() || !claim.is_live(now)))
            };
            let places = market.places_of(home).filter(|found| anything || wanted(found));
            fitting.extend(places.map(|(place, _)| (place.clone(), urn.clone())));
        }
        self.chance.one_of(&fitting).cloned()
    }

    pub(super) fn offer(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some((referral, provider)) = self.released(desk) else { return Ok(()) };
        let found = self.referral(desk, referral);
        let (sought, version, last) = found.map_or((None, 1, None), |found| {
            (Some(found.requirements.clone()), found.version, found.offers.first().copied())
        });
        let Some((place, mut urn)) = self.place_to_offer(&provider, sought.as_ref()) else { return Ok(()) };
        let home = self.market.state.establishment(&urn);
        let (operated_by, mut provision) =
            home.map_or((None, String::new()), |home| (home.operated_by, home.provision.clone()));
        if self.chance.per_mille(20) {
            provision = self.chance.word(&["RESIDENTIAL", "FOSTERING"]).to_owned();
        }
        if self.chance.per_mille(10) {
            urn = self.homes[self.chance.below(self.homes.len())].clone();
        }
        let terms = self.terms(desk, (place, urn, provision), operated_by);
        let own = self.desks[desk].council;
        let again = last.filter(|_| self.chance.per_mille(15));
        let command = SubmitOffer {
            offer: again.unwrap_or_else(|| OfferId(self.chance.uuid())),
            referral,
            provider,
            referral_version: match self.chance.below(20) {
                0 => Some(version.saturating_sub(1)),
                1..=4 => None,
                _ => Some(version),
            },
            own_establishment: self
                .market
                .state
                .establishment(&terms.urn)
                .is_some_and(|home| home.operated_by == Some(own)),
            terms,
            at: self.now,
        };
        self.ask_referrals(desk, &command.into())?;
        Ok(())
    }

    fn terms(
        &mut self,
        desk: usize,
        (place, urn, provision): (PlaceId, EstablishmentUrn, String),
        operated_by: Option<CouncilId>,
    ) -> OfferTerms {
        let own = operated_by == Some(self.desks[desk].council);
        let (route, ceiling) = self.route(desk, &provision, own);
        let price = match self.chance.below(20) {
            0 => self.chance.within(ceiling..=ceiling * 2),
            1..=3 => self.chance.within(ceiling / 2..=ceiling),
            _ => self.chance.within(ceiling / 4..=ceiling / 2),
        };
        let mut lines = vec![PriceLine { kind: "CORE".into(), weekly: Pence(price), until: None }];
        if self.chance.percent(15) {
            let until = (!self.chance.percent(5)).then(|| self.today.saturating_add(Span::new().days(180)));
            lines.insert(0, PriceLine { kind: "THERAPY".into(), weekly: Pence(40_000), until });
            if self.chance.percent(80) {
                lines.reverse();
            }
        }
        let (mitigations, impact) = self.assurances();
        let today = self.today;
        let days = match self.chance.below(50) {
            0 => 500,
            1 => -1,
            2..=34 => self.chance.within(0..=3),
            _ => self.chance.within(0..=14),
        };
        let valid = if self.chance.percent(3) { -1 } else { self.chance.within(1..=10) };
        OfferTerms {
            place,
            urn,
            provision,
            start: today.saturating_add(Span::new().days(days)),
            lines,
            route,
            valid_until: today.saturating_add(Span::new().days(valid)),
            mitigations,
            impact,
        }
    }

    fn route(&mut self, desk: usize, provision: &str, own: bool) -> (Route, i64) {
        let (level, ceiling) = LEVELS[self.chance.below(LEVELS.len())];
        if own && self.chance.percent(80) || self.chance.per_mille(15) {
            return (Route::InHouse, ceiling);
        }
        if self.chance.percent(35) {
            return (Route::Spot { justification: String::new() }, ceiling);
        }
        let covering = LOTS.iter().find(|(_, provisions)| provisions.contains(&provision));
        let mut lot = covering.map_or("residential", |(lot, _)| lot);
        if self.chance.per_mille(40) {
            lot = self.chance.word(&["residential", "fostering", "supported", "secure"]);
        }
        let level = if self.chance.per_mille(15) { "none-such" } else { level };
        let unknown = self.chance.per_mille(10);
        let (council, today) = (self.desks[desk].council, self.today);
        let is_member = |framework: &&FrameworkId| {
            self.frameworks.state.get(framework).is_some_and(|it| it.is_member(council, today))
        };
        let own: Vec<FrameworkId> = self.contracts.iter().filter(is_member).cloned().collect();
        let any = self.chance.percent(10);
        let framework = self.chance.one_of(if any { &self.contracts } else { &own });
        let framework = framework.filter(|_| !unknown).cloned().unwrap_or_else(|| id("none-such"));
        let attributes = if self.chance.percent(15) { ["SOLO".to_owned()].into() } else { [].into() };
        (Route::Framework { framework, lot: id(lot), level: level.into(), attributes }, ceiling)
    }

    pub(super) fn withdraw_offer(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some(referral) = self.some_referral(desk) else { return Ok(()) };
        let offers: Vec<OfferId> =
            self.referral(desk, referral).map(|it| it.offers.iter().copied().collect()).unwrap_or_default();
        let Some(offer) = self.chance.one_of(&offers).copied() else { return Ok(()) };
        let owner = self.desks[desk].referrals.state.offers.get(&offer).map(|offer| offer.provider.clone());
        let stranger = self.chance.percent(5);
        let provider = if stranger { self.chance.one_of(&self.providers).cloned() } else { owner };
        let Some(provider) = provider else { return Ok(()) };
        let command = WithdrawOffer { referral, offer, provider, at: self.now };
        self.ask_referrals(desk, &command.into())?;
        Ok(())
    }

    pub(super) fn decline(&mut self) -> Checked {
        let desk = self.some_desk();
        let Some((referral, provider)) = self.released(desk) else { return Ok(()) };
        let reason = self.code(&["NEED", "MATCHING", "NO_PLACE", "PRICE"]);
        self.ask_referrals(desk, &DeclineReferral { referral, provider, reason, at: self.now }.into())?;
        Ok(())
    }

    /// A place, seldom one that is not there.
    pub(super) fn some_place(&mut self) -> Option<PlaceId> {
        if self.chance.per_mille(5) {
            return Some(id("nowhere-01"));
        }
        let closed_too = self.chance.percent(15);
        let places = self.market.state.places().filter(|(_, place)| place.open || closed_too);
        let places: Vec<&PlaceId> = places.map(|(id, _)| id).collect();
        self.chance.one_of(&places).map(|place| (*place).clone())
    }

    pub(crate) fn advertise(&mut self, place: &PlaceId, urn: &EstablishmentUrn) -> Checked {
        if let Some(vacancy) = self.vacancy(place, urn) {
            self.ask_market(&Command::AdvertiseVacancy(vacancy))?;
        }
        Ok(())
    }

    /// What a place could be advertised for, mostly.
    fn vacancy(&mut self, place: &PlaceId, urn: &EstablishmentUrn) -> Option<VacancyAdvertised> {
        let home = self.market.state.establishment(urn)?;
        let (registration, today) = (home.registration.clone(), self.today);
        let bounds =
            self.market.state.place(place).and_then(|it| self.market.state.home(it)?.bounds().into());
        let (age_from, age_to, approved) = match bounds.filter(|_| !self.chance.percent(10)) {
            Some(it) => (it.age_from, it.age_to.max(it.age_from), it.approved),
            None => (registration.age_from, registration.age_to, Sexes::Any),
        };
        let mut vacancy = VacancyAdvertised {
            place: place.clone(),
            available_from: today.saturating_add(Span::new().days(self.chance.within(0..=2))),
            needs: BTreeSet::from(["TRAUMA".to_owned()]),
            sexes: if registration.sexes == Sexes::Any { approved } else { registration.sexes },
            age_from,
            age_to,
            exclusions: BTreeSet::new(),
            mix: None,
            reservation: None,
            note: String::new(),
            at: self.now,
        };
        match self.chance.below(40) {
            0 => vacancy.age_to += 1,
            1 => vacancy.available_from = today.saturating_add(Span::new().days(400)),
            2..=4 => vacancy.sexes = Sexes::Male,
            5..=8 => vacancy.age_from = vacancy.age_to.min(vacancy.age_from + 3),
            9 => vacancy.available_from = today.saturating_add(Span::new().days(10)),
            // Who lives there, said rightly and wrongly.
            10 => vacancy.mix = Some(Mix { children: 2, age_from: 12, age_to: 15, needs: BTreeSet::new() }),
            11 => vacancy.mix = Some(Mix { children: 2, age_from: 15, age_to: 12, needs: BTreeSet::new() }),
            12 => vacancy.reservation = Some(ReservationTerms { weekly: RETAINER, nights_max: 0 }),
            13..=24 => vacancy.reservation = Some(ReservationTerms { weekly: RETAINER, nights_max: 14 }),
            _ => {}
        }
        Some(vacancy)
    }

    pub(super) fn advertise_some(&mut self) -> Checked {
        let idle: Vec<&PlaceId> = self
            .market
            .state
            .places()
            .filter(|(_, place)| place.open && place.vacancy.is_none())
            .map(|(id, _)| id)
            .collect();
        let idle = self.chance.one_of(&idle).map(|place| (*place).clone());
        let idle = idle.filter(|_| self.chance.percent(75));
        let Some(place) = idle.or_else(|| self.some_place()) else { return Ok(()) };
        let urn = self.market.state.place(&place).map(|place| place.urn.clone());
        let urn = urn.unwrap_or_else(|| self.homes[0].clone());
        self.advertise(&place, &urn)
    }

    pub(super) fn withdraw_vacancy(&mut self) -> Checked {
        let Some(place) = self.some_place() else { return Ok(()) };
        self.ask_market(&Command::WithdrawVacancy { place, at: self.now })?;
        Ok(())
    }

    pub(super) fn confirm_vacancy(&mut self) -> Checked {
        let Some(place) = self.some_place() else { return Ok(()) };
        self.ask_market(&Command::ConfirmVacancy { place, at: self.now })?;
        Ok(())
    }

    /// What a portal says of a whole home at once, and seldom of a place that is not there.
    pub(super) fn upsert_vacancies(&mut self) -> Checked {
        let urn = self.some_home();
        let places = self.market.state.establishment(&urn).map(|home| home.places.clone());
        let mut changes = Vec::new();
        for place in places.into_iter().flatten().chain(self.some_place()) {
            match self.chance.below(10) {
                0 => changes.push(VacancyChange::Withdraw(place)),
                1..=3 => changes.extend(self.vacancy(&place, &urn).map(VacancyChange::Advertise)),
                _ => changes.push(VacancyChange::Confirm(place)),
            }
        }
        self.ask_market(&Command::UpsertVacancies { changes, at: self.now })?;
        Ok(())
    }

    pub(super) fn open_place(&mut self) -> Checked {
        let urn = self.some_home();
        let count = if self.chance.percent(10) { 0 } else { 1 };
        let household = self.household_to_open_in(&urn);
        let opened =
            self.ask_market(&Command::OpenPlaces { urn: urn.clone(), count, household, at: self.now })?;
        let last = self.market.state.establishment(&urn).and_then(|home| home.places.last().cloned());
        match last {
            Some(place) if opened => self.advertise(&place, &urn),
            _ => Ok(()),
        }
    }

    pub(super) fn close_place(&mut self) -> Checked {
        let Some(place) = self.some_place() else { return Ok(()) };
        self.ask_market(&Command::ClosePlace { place, at: self.now })?;
        Ok(())
    }

    /// An establishment, seldom one that is not there.
    pub(super) fn some_home(&mut self) -> EstablishmentUrn {
        if self.chance.percent(2) {
            id("nowhere")
        } else {
            self.homes[self.chance.below(self.homes.len())].clone()
        }
    }

    /// The roles that approve here or elsewhere, and one that nobody has given.
    pub(super) fn some_role(&mut self, desk: usize) -> String {
        let accepted: Vec<String> =
            self.desks[desk].referrals.state.policy.approver_roles.iter().cloned().collect();
        match self.chance.below(20) {
            0 => "Head of Service".into(),
            1..=2 => self.chance.word(&ROLES).into(),
            3 => "TEAM_MANAGER".into(),
            _ => self.chance.one_of(&accepted).cloned().unwrap_or_default(),
        }
    }

    /// The offers of a referral that could still be taken, and all of them.
    pub(super) fn offers_of(&self, desk: usize, referral: &Referral) -> (Vec<OfferId>, Vec<OfferId>) {
        let offers = &self.desks[desk].referrals.state.offers;
        let all: Vec<OfferId> = referral.offers.iter().copied().collect();
        let today = self.today;
        let live = |id: &OfferId| {
            offers.get(id).is_some_and(|offer| {
                offer.live(self.now)
                    && offer.referral_version == referral.version
                    && offer.terms.start >= today
            })
        };
        (all.iter().copied().filter(live).collect(), all)
    }
}
