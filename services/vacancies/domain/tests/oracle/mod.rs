//! A second, naive reading of the market's events, against which the invariants are checked night by night. It shares
//! nothing with `care::market::Market` but the events.
#![allow(clippy::unwrap_used, reason = "an event about something unknown is a failure here")]

use crate::world::jan;
use care::market::{MarketEvent, Registration, RegistrationStatus};
use care::{AwardId, CouncilId, Date, EstablishmentUrn, PlaceId, ReferralId, Timestamp, london_date};
use std::collections::{BTreeMap, BTreeSet};

/// The nights that are looked at: every start and end of the random commands lies among them.
pub(crate) fn nights() -> impl Iterator<Item = Date> {
    (1..=31).map(jan)
}

#[derive(Debug)]
struct Taken {
    place: PlaceId,
    council: CouncilId,
    referral: ReferralId,
    referral_version: u32,
    token: u64,
    start: Date,
    end: Option<Date>,
    solo: bool,
    award: Option<AwardId>,
    expires_at: Timestamp,
}

impl Taken {
    fn takes(&self, night: Date) -> bool {
        self.start <= night && self.end.is_none_or(|end| night < end)
    }
}

#[derive(Debug)]
struct Home {
    provision: String,
    registration: Registration,
    /// Since when it is registered for no more places than now: on nights before there may have been more.
    places_since: Date,
    notice: Option<Date>,
    places: BTreeSet<PlaceId>,
}

#[derive(Debug, Default)]
pub(crate) struct Oracle {
    homes: BTreeMap<EstablishmentUrn, Home>,
    claims: Vec<Taken>,
    tokens: BTreeMap<PlaceId, u64>,
}

impl Oracle {
    /// Reads an event; fails if the event itself breaks an invariant.
    pub(crate) fn read(&mut self, event: &MarketEvent) {
        match event {
            MarketEvent::EstablishmentRegistered(event) => {
                let home = Home {
                    provision: event.provision.clone(),
                    registration: event.registration.clone(),
                    places_since: Date::MIN,
                    notice: None,
                    places: BTreeSet::new(),
                };
                self.homes.insert(event.urn.clone(), home);
            }
            MarketEvent::EstablishmentAmended(event) => {
                let home = self.home(&event.urn);
                if event.registration.places_registered < home.registration.places_registered {
                    home.places_since = london_date(event.at);
                }
                home.registration = event.registration.clone();
            }
            MarketEvent::RestrictionNoticeServed(event) => self.home(&event.urn).notice = Some(event.on),
            MarketEvent::RestrictionNoticeLifted(event) => self.home(&event.urn).notice = None,
            MarketEvent::PlaceOpened(event) => {
                self.home(&event.urn).places.insert(event.place.clone());
            }
            MarketEvent::PlaceHeld(event) => {
                let last = self.tokens.insert(event.place.clone(), event.token).unwrap_or(0);
                assert!(event.token > last, "token {} follows {last}", event.token);
                self.claims.push(Taken {
                    place: event.place.clone(),
                    council: event.council,
                    referral: event.referral,
                    referral_version: event.referral_version,
                    token: event.token,
                    start: event.from,
                    end: None,
                    solo: false,
                    award: None,
                    expires_at: event.expires_at,
                });
            }
            MarketEvent::HoldReleased(event) => {
                self.claims
                    .retain(|it| it.award.is_some() || it.place != event.place || it.token != event.token);
            }
            MarketEvent::PlaceClaimed(event) => self.read_claim(event),
            MarketEvent::ClaimReleased(event) => self.claims.retain(|it| it.award != Some(event.award)),
            MarketEvent::PlaceOccupied(event) => {
                let home = self.homes.values().find(|home| home.places.contains(&event.place)).unwrap();
                let came_before = home.notice.is_none_or(|served| event.on <= served);
                let claim = self.claim(event.award);
                assert!(
                    came_before || claim.end.is_some(),
                    "invariant 4: a child came after the notice: {event:#?}"
                );
                (claim.start, claim.end) = (event.counted_from, None);
            }
            MarketEvent::OccupancyEnded(event) => self.claim(event.award).end = Some(event.on),
            _ => {}
        }
    }

    fn read_claim(&mut self, event: &care::market::PlaceClaimed) {
        let held = self.claims.iter().position(|it| {
            it.award.is_none()
                && it.place == event.place
                && it.token == event.token
                && event.at < it.expires_at
        });
        let held = held.unwrap_or_else(|| panic!("invariant 2: no live hold behind {event:#?}"));
        let hold = self.claims.remove(held);
        assert_eq!(
            (hold.council, hold.referral, hold.referral_version),
            (event.council, event.referral, event.referral_version),
            "invariant 2: the hold is another's"
        );
        let home = &self.homes[&event.urn];
        assert_eq!(home.registration.status, RegistrationStatus::Active, "invariant 3: not active");
        let judged = &event.evidence;
        assert!(home.registration.sexes.takes(&judged.sex), "invariant 3: the sex {judged:#?}");
        assert_eq!(
            judged.sexes_registered, home.registration.sexes,
            "invariant 3: the evidence is not what was so"
        );
        let evidence = &judged.evidence;
        assert_eq!(
            (&*evidence.registration, &evidence.provision, evidence.places_registered, &evidence.grade),
            ("ACTIVE", &home.provision, home.registration.places_registered, &home.registration.grade),
            "invariant 3: the evidence is not what was so"
        );
        assert!(
            (home.registration.age_from..=home.registration.age_to).contains(&evidence.age_years),
            "invariant 3: the age {evidence:#?}"
        );
        assert_eq!(home.notice, None, "invariant 4: claimed under a notice: {event:#?}");
        assert_ne!(home.provision, "UNREGISTERED", "invariant 5");
        assert!(
            home.provision != "SUPPORTED_ACCOMMODATION" || evidence.age_years >= 16,
            "invariant 5: under 16 in supported accommodation: {event:#?}"
        );
        self.claims.push(Taken {
            start: event.start,
            end: None,
            solo: event.solo,
            award: Some(event.award),
            ..hold
        });
        let claimed = self.claimed(&event.urn, event.start);
        assert_eq!(
            u32::from(evidence.places_claimed),
            claimed,
            "invariant 3: places claimed on the first night"
        );
    }

    /// Invariant 1, for every home, place and night, whether a lease has ended or not: ended ones are recorded first.
    pub(crate) fn check_nights(&self) {
        for (urn, home) in &self.homes {
            for night in nights() {
                for place in &home.places {
                    let on: Vec<_> =
                        self.claims.iter().filter(|it| it.place == *place && it.takes(night)).collect();
                    assert!(
                        on.len() <= 1,
                        "invariant 1: {place} is claimed more than once on {night}: {on:#?}"
                    );
                }
                let solo = self.on(urn, night).filter(|it| it.solo).count();
                let all = self.on(urn, night).count();
                assert!(
                    solo == 0 || all == 1,
                    "invariant 1: a solo placement is not alone at {urn} on {night}"
                );
                let (claimed, registered) = (self.claimed(urn, night), home.registration.places_registered);
                assert!(
                    claimed <= registered.into() || night < home.places_since,
                    "invariant 1: {claimed} of {registered} on {night} at {urn}"
                );
            }
        }
    }

    /// How many places of a home are claimed on a night.
    pub(crate) fn claimed(&self, urn: &EstablishmentUrn, night: Date) -> u32 {
        if self.on(urn, night).any(|it| it.solo) {
            return self.homes[urn].registration.places_registered.into();
        }
        u32::try_from(self.on(urn, night).count()).unwrap()
    }

    /// How many of them as of `at`, when ended leases no longer count.
    pub(crate) fn claimed_as_of(&self, urn: &EstablishmentUrn, night: Date, at: Timestamp) -> u32 {
        let live = self.on(urn, night).filter(|it| it.award.is_some() || at < it.expires_at);
        let (solo, count) = live.fold((false, 0), |(solo, count), it| (solo || it.solo, count + 1));
        if solo { self.homes[urn].registration.places_registered.into() } else { count }
    }

    fn on(&self, urn: &EstablishmentUrn, night: Date) -> impl Iterator<Item = &Taken> {
        let places = &self.homes[urn].places;
        self.claims.iter().filter(move |it| places.contains(&it.place) && it.takes(night))
    }

    fn home(&mut self, urn: &EstablishmentUrn) -> &mut Home {
        self.homes.get_mut(urn).unwrap()
    }

    fn claim(&mut self, award: AwardId) -> &mut Taken {
        self.claims.iter_mut().find(|it| it.award == Some(award)).unwrap()
    }
}
