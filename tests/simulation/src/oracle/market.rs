//! The register, the places and their claims: invariants 1, 2, 4, 5 and what the market judges of 3.

use super::agreed::{Agreed, Taken};
use super::nights;
use crate::breach::{Checked, Invariant, ensure};
use care::market::{
    HoldEnd, HoldReleased, HouseholdApproval, MarketEvent, PlaceClaimed, PlaceHeld, PlaceOccupied,
    PlaceReserved, Registration, RegistrationStatus, VacancyAdvertised, VacancyUnlisted,
};
use care::{
    AwardId, CouncilId, Date, EstablishmentUrn, EventBody, HouseholdId, Nights, PlaceId, ProviderId,
    ReferralId, StreamId, Timestamp, london_date,
};
use std::collections::HashMap;
use std::time::Duration;

/// The longest lease that the design allows.
const LEASE_MAX: Duration = Duration::from_secs(3 * 24 * 60 * 60);

pub(super) struct Home {
    pub(super) provider: ProviderId,
    pub(super) provision: String,
    pub(super) place_code: String,
    pub(super) operated_by: Option<CouncilId>,
    pub(super) registration: Registration,
    pub(super) notice: Option<Date>,
    pub(super) places: Vec<PlaceId>,
    /// The household that each of them is in that is in one.
    pub(super) household_of: HashMap<PlaceId, HouseholdId>,
    pub(super) households: HashMap<HouseholdId, HouseholdApproval>,
}

impl Home {
    /// What the household of a place is approved for, if it is in one.
    fn approval(&self, place: &PlaceId) -> Option<&HouseholdApproval> {
        self.households.get(self.household_of.get(place)?)
    }

    /// The places whose children live where those of this one do.
    fn with<'a>(&'a self, place: &'a PlaceId) -> impl Iterator<Item = &'a PlaceId> {
        let own = self.household_of.get(place);
        self.places.iter().filter(move |other| self.household_of.get(*other) == own)
    }
}

struct Place {
    urn: EstablishmentUrn,
    open: bool,
    vacancy: Option<VacancyAdvertised>,
    last_token: u64,
}

pub(super) struct Claim {
    council: CouncilId,
    referral: ReferralId,
    referral_version: u32,
    token: u64,
    pub(super) start: Date,
    end: Option<Date>,
    pub(super) solo: bool,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Hold { expires_at: Timestamp },
    Award(AwardId),
    Occupied(AwardId),
}

impl Stage {
    fn award(self) -> Option<AwardId> {
        match self {
            Self::Hold { .. } => None,
            Self::Award(award) | Self::Occupied(award) => Some(award),
        }
    }
}

impl Claim {
    pub(super) fn end(&self) -> Date {
        self.end.unwrap_or(Date::MAX)
    }

    /// Whether it is a lease that has ended by `at`, recorded or not.
    pub(super) fn has_lapsed(&self, at: Timestamp) -> bool {
        matches!(self.stage, Stage::Hold { expires_at } if expires_at <= at)
    }
}

/// Nights of an establishment that were taken or judged anew.
pub(super) struct Touched {
    urn: EstablishmentUrn,
    /// The place that they were taken of; none where all are judged anew.
    pub(super) place: Option<PlaceId>,
    pub(super) nights: Nights,
    pub(super) at: Timestamp,
}

#[derive(Default)]
pub(super) struct Market {
    homes: HashMap<EstablishmentUrn, Home>,
    places: HashMap<PlaceId, Place>,
    claims: HashMap<PlaceId, Vec<Claim>>,
    agreed: Agreed,
    /// Holds of this decision, which are held against their councils' policies if they outlive it.
    held: Vec<PlaceHeld>,
    /// Children who came with this decision: where, whose and from when.
    arrived: Vec<(PlaceId, CouncilId, Date)>,
    /// The establishments of which something changed since they were last looked at.
    touched: Vec<Touched>,
}

impl Market {
    pub(super) fn home(&self, urn: &EstablishmentUrn) -> Option<&Home> {
        self.homes.get(urn)
    }

    /// Reads an event, and checks what it must show by itself.
    pub(super) fn read(&mut self, event: &MarketEvent) -> Checked {
        let taken = event.place().map(|place| self.taken(place)).unwrap_or_default();
        self.agreed.read(event, &taken)?;
        match event {
            MarketEvent::EstablishmentRegistered(event) => {
                let home = Home {
                    provider: event.provider.clone(),
                    provision: event.provision.clone(),
                    place_code: event.place_code.clone(),
                    operated_by: event.operated_by,
                    registration: event.registration.clone(),
                    notice: None,
                    places: Vec::new(),
                    household_of: HashMap::new(),
                    households: HashMap::new(),
                };
                self.homes.insert(event.urn.clone(), home);
            }
            MarketEvent::EstablishmentAmended(event) => {
                self.at_home(&event.urn, |home| home.registration = event.registration.clone());
                self.judge_anew(&event.urn, event.at);
            }
            MarketEvent::RestrictionNoticeServed(event) => {
                self.at_home(&event.urn, |home| home.notice = Some(event.on));
                self.judge_anew(&event.urn, event.at);
            }
            MarketEvent::RestrictionNoticeLifted(event) => {
                self.at_home(&event.urn, |home| home.notice = None)
            }
            MarketEvent::PlaceOpened(event) => {
                self.at_home(&event.urn, |home| {
                    home.places.push(event.place.clone());
                    let household = event.household.clone().map(|it| (event.place.clone(), it));
                    home.household_of.extend(household);
                });
                let place = Place { urn: event.urn.clone(), open: true, vacancy: None, last_token: 0 };
                self.places.insert(event.place.clone(), place);
            }
            MarketEvent::PlaceClosed(event) => self.at_place(&event.place, |place| {
                place.open = false;
                place.vacancy = None;
            }),
            MarketEvent::VacancyAdvertised(event) => {
                self.at_place(&event.place, |place| place.vacancy = Some(event.clone()));
            }
            MarketEvent::VacancyWithdrawn(event) => self.at_place(&event.place, |place| place.vacancy = None),
            MarketEvent::VacancyUnlisted(event) => self.unlist(event)?,
            MarketEvent::PlaceHeld(event) => self.hold(event)?,
            MarketEvent::HoldReleased(event) => self.release(event)?,
            MarketEvent::PlaceClaimed(event) => self.claim(event)?,
            MarketEvent::ClaimReleased(event) => {
                self.claims
                    .entry(event.place.clone())
                    .or_default()
                    .retain(|claim| claim.stage.award() != Some(event.award));
            }
            MarketEvent::PlaceOccupied(event) => self.occupy(event)?,
            MarketEvent::OccupancyEnded(event) => {
                // A departure gives nights back; one that is put right to a later day takes those between.
                let mut more = Nights::from_on(event.on, Some(event.on));
                self.at_claim(&event.place, event.award, |claim| {
                    let end = event.on.max(claim.start);
                    more = Nights::from_on(claim.end.unwrap_or(end), Some(end));
                    claim.end = Some(end);
                });
                self.touch(&event.place, more, event.at);
            }
            MarketEvent::PlaceReserved(event) => self.reserve(event)?,
            MarketEvent::ResaleSold(event) => self.use_token(&event.place, event.token, event.stream())?,
            MarketEvent::BlockOffered(event) => self.use_token(&event.place, event.block, event.stream())?,
            MarketEvent::ResaleOffered(event) => {
                self.use_token(&event.place, event.resale, event.stream())?
            }
            MarketEvent::HouseholdRegistered(event) => self.at_home(&event.urn, |home| {
                home.households.insert(event.household.clone(), event.approval.clone());
            }),
            MarketEvent::HouseholdAmended(event) => {
                self.at_home(&event.urn, |home| {
                    home.households.insert(event.household.clone(), event.approval.clone());
                });
                self.judge_anew(&event.urn, event.at);
            }
            MarketEvent::HouseholdClosed(_)
            | MarketEvent::StatementOfPurposeSet(_)
            | MarketEvent::ReservationEnded(_)
            | MarketEvent::HoldPolicySet(_)
            | MarketEvent::BlockDeclined(_)
            | MarketEvent::BlockAllocated(_)
            | MarketEvent::BlockEndProposed(_)
            | MarketEvent::BlockEnded(_)
            | MarketEvent::ResaleWithdrawn(_)
            | MarketEvent::ResaleBought(_)
            | MarketEvent::ProviderRegistered(_)
            | MarketEvent::VacancyConfirmed(_)
            | MarketEvent::VacancyQueried(_)
            | MarketEvent::ClaimRefused(_)
            | MarketEvent::OccupancyRefused(_)
            | MarketEvent::RegisterPartRead(_)
            | MarketEvent::RegisterImported(_) => {}
        }
        Ok(())
    }

    /// Checks what must be so after a whole decision, of the establishments that it touched.
    pub(super) fn settle(&mut self) -> Checked {
        self.check_policies()?;
        for (place, council, from) in std::mem::take(&mut self.arrived) {
            self.agreed.check_ended(&place, Some(council), from)?;
        }
        for touched in std::mem::take(&mut self.touched) {
            let urn = &touched.urn;
            let Some(home) = self.homes.get(urn) else { continue };
            nights::check(urn, home, (&self.claims, &self.agreed), &touched)?;
            for place in &home.places {
                self.agreed.check_place(place, &self.taken(place))?;
            }
            let Some(served) = home.notice else { continue };
            for place in &home.places {
                self.agreed.check_ended(place, None, served)?;
                for claim in self.claims.get(place).into_iter().flatten() {
                    let stands = match claim.stage {
                        Stage::Hold { .. } => false,
                        Stage::Award(_) => claim.start <= served || claim.start == claim.end(),
                        Stage::Occupied(_) => true,
                    };
                    let found = || {
                        format!(
                            "under the notice of {served} {place} stays claimed by {} from {}",
                            claim.council, claim.start
                        )
                    };
                    ensure(stands, Invariant::NoticeAdmitsNobody, || StreamId::new("place", place), found)?;
                }
            }
        }
        Ok(())
    }

    fn hold(&mut self, event: &PlaceHeld) -> Checked {
        let stream = || event.stream();
        let Some(place) = self.places.get_mut(&event.place) else { return Ok(()) };
        let lease = event.at.duration_until(event.expires_at);
        let found = || format!("the lease of {event:?} is none, or too long");
        let within = lease.is_positive() && lease.unsigned_abs() <= LEASE_MAX;
        ensure(within, Invariant::HoldIsALease, stream, found)?;
        let found = || format!("token {} follows {}", event.token, place.last_token);
        ensure(event.token > place.last_token, Invariant::HoldIsALease, stream, found)?;
        place.last_token = event.token;
        let urn = place.urn.clone();
        let restricted = self.homes.get(&urn).is_some_and(|home| home.notice.is_some());
        let found = || format!("held under a notice: {event:?}");
        ensure(!restricted, Invariant::NoticeAdmitsNobody, stream, found)?;
        self.claims.entry(event.place.clone()).or_default().push(Claim {
            council: event.council,
            referral: event.referral,
            referral_version: event.referral_version,
            token: event.token,
            start: event.from,
            end: None,
            solo: false,
            stage: Stage::Hold { expires_at: event.expires_at },
        });
        self.touch(&event.place, Nights::from_on(event.from, None), event.at);
        self.held.push(event.clone());
        self.agreed.check_right(&event.place, &to_come(event.council, event.from))
    }

    /// A reservation is a claim, and no child may come under a notice.
    fn reserve(&mut self, event: &PlaceReserved) -> Checked {
        self.use_token(&event.place, event.token, event.stream())?;
        let restricted = self.homes.get(&event.urn).is_some_and(|home| home.notice.is_some());
        let found = || format!("reserved under a notice: {event:?}");
        ensure(!restricted, Invariant::NoticeAdmitsNobody, || event.stream(), found)?;
        let advertised = self.places.get(&event.place).and_then(|place| place.vacancy.as_ref()?.reservation);
        let nights = Nights::from_on(event.from, Some(event.until));
        let as_advertised = advertised
            .is_some_and(|terms| terms.weekly == event.weekly && nights.count() <= terms.nights_max.into());
        let found = || format!("not as advertised ({advertised:?}): {event:?}");
        ensure(as_advertised, Invariant::AgreedNights, || event.stream(), found)?;
        self.touch(&event.place, nights, event.at);
        Ok(())
    }

    /// Each token of a place is higher than all before.
    fn use_token(&mut self, place: &PlaceId, token: u64, stream: StreamId) -> Checked {
        let Some(place) = self.places.get_mut(place) else { return Ok(()) };
        let found = format!("token {token} follows {}", place.last_token);
        ensure(token > place.last_token, Invariant::HoldIsALease, || stream, || found)?;
        place.last_token = token;
        Ok(())
    }

    /// The claims on a place, whether their leases have ended or not.
    fn taken(&self, place: &PlaceId) -> Vec<Taken> {
        let claims = self.claims.get(place).into_iter().flatten().filter(|claim| claim.start < claim.end());
        claims.map(|claim| Taken { council: claim.council, start: claim.start, end: claim.end() }).collect()
    }

    /// The hold that an award takes on its way is not judged: it does not outlive the decision.
    fn check_policies(&mut self) -> Checked {
        for held in std::mem::take(&mut self.held) {
            let holds = self.claims.values().flatten().filter(|claim| claim.council == held.council);
            let mut outlives = false;
            let mut leases = Vec::new();
            for claim in holds {
                if let Stage::Hold { expires_at } = claim.stage {
                    outlives |= claim.token == held.token && expires_at == held.expires_at;
                    leases.push((expires_at, claim.referral == held.referral));
                }
            }
            if outlives {
                self.agreed.check_policy(&held, &leases)?;
            }
        }
        Ok(())
    }

    /// A hold ends by its own council's hand, or after its lease; nobody else's "no" ends it but a notice and the end of the search.
    fn release(&mut self, event: &HoldReleased) -> Checked {
        let claims = self.claims.entry(event.place.clone()).or_default();
        let is_it = |claim: &Claim| matches!(claim.stage, Stage::Hold { .. }) && claim.token == event.token;
        let held = claims.iter().position(is_it).map(|index| claims.swap_remove(index));
        let right = held.is_some_and(|hold| {
            let lapsed = hold.has_lapsed(event.at);
            hold.council == event.council && lapsed == (event.reason == HoldEnd::Expired)
        });
        let found = || format!("no hold that could end so: {event:?}");
        ensure(right, Invariant::HoldIsALease, || event.stream(), found)
    }

    /// Whoever holds a place need not fear that its provider's silence takes it away.
    fn unlist(&mut self, event: &VacancyUnlisted) -> Checked {
        let today = london_date(event.at);
        let claims = self.claims.get(&event.place).into_iter().flatten();
        let live =
            |claim: &&Claim| today < claim.end() && claim.start < claim.end() && !claim.has_lapsed(event.at);
        let agreed = [
            self.agreed.is_reserved_from(&event.place, today),
            self.agreed.is_in_block_from(&event.place, today),
        ];
        let claimed = claims.filter(live).count() + agreed.iter().filter(|it| **it).count();
        self.at_place(&event.place, |place| place.vacancy = None);
        let found = || format!("unlisted while {claimed} claims are on it: {event:?}");
        ensure(claimed == 0, Invariant::HoldIsALease, || event.stream(), found)
    }

    fn claim(&mut self, event: &PlaceClaimed) -> Checked {
        let stream = || event.stream();
        let claims = self.claims.entry(event.place.clone()).or_default();
        let hold = claims.iter().position(|claim| {
            matches!(claim.stage, Stage::Hold { .. })
                && claim.token == event.token
                && !claim.has_lapsed(event.at)
        });
        let hold = hold.map(|index| claims.swap_remove(index));
        let own = hold.is_some_and(|hold| {
            (hold.council, hold.referral, hold.referral_version)
                == (event.council, event.referral, event.referral_version)
        });
        let found = || format!("no live hold of this council for this version: {event:?}");
        ensure(own, Invariant::HoldIsALease, stream, found)?;
        if let (Some(home), Some(place)) = (self.homes.get(&event.urn), self.places.get(&event.place)) {
            let found = || format!("claimed under a notice: {event:?}");
            ensure(home.notice.is_none(), Invariant::NoticeAdmitsNobody, stream, found)?;
            check_law(home, event)?;
            check_eligible(home, place, event)?;
        }
        self.claims.entry(event.place.clone()).or_default().push(Claim {
            council: event.council,
            referral: event.referral,
            referral_version: event.referral_version,
            token: event.token,
            start: event.start,
            end: None,
            solo: event.solo,
            stage: Stage::Award(event.award),
        });
        self.agreed.check_right(&event.place, &to_come(event.council, event.start))?;
        self.touch(&event.place, Nights::from_on(event.start, None), event.at);
        let (counted, claimed) =
            (self.claimed_on(&event.urn, event.start), event.evidence.evidence.places_claimed);
        let found = || format!("the evidence says that {claimed} places are claimed, there are {counted}");
        ensure(counted == u32::from(claimed), Invariant::EligibleAtTheAward, stream, found)
    }

    fn occupy(&mut self, event: &PlaceOccupied) -> Checked {
        let home = self.places.get(&event.place).and_then(|place| self.homes.get(&place.urn));
        let here = self.claims.get(&event.place).into_iter().flatten();
        let stays =
            here.into_iter().any(|claim| matches!(claim.stage, Stage::Occupied(of) if of == event.award));
        let came_before = stays || home.and_then(|home| home.notice).is_none_or(|served| event.on <= served);
        let found = || format!("a child came after the notice: {event:?}");
        ensure(came_before, Invariant::NoticeAdmitsNobody, || event.stream(), found)?;
        let mut more = Nights::from_on(event.on, Some(event.on));
        let mut sooner = None;
        self.at_claim(&event.place, event.award, |claim| {
            more = match claim.end {
                // Whoever was to leave stays.
                Some(end) => Nights::from_on(end, None),
                None => Nights::from_on(event.counted_from, Some(claim.start)),
            };
            claim.end = None;
            sooner = (event.counted_from < claim.start).then_some(claim.council);
            claim.start = event.counted_from;
            claim.stage = Stage::Occupied(event.award);
        });
        if let Some(council) = sooner {
            self.agreed.check_right(&event.place, &to_come(council, event.counted_from))?;
        }
        self.arrived.push((event.place.clone(), event.council, event.counted_from));
        self.touch(&event.place, more, event.at);
        Ok(())
    }

    /// How many places of a home are claimed on a night; a solo placement takes them all.
    fn claimed_on(&self, urn: &EstablishmentUrn, night: Date) -> u32 {
        let Some(home) = self.homes.get(urn) else { return 0 };
        let (mut solo, mut count) = (false, 0);
        for place in &home.places {
            let claims = self.claims.get(place).into_iter().flatten();
            let mut on = claims.filter(|claim| claim.start <= night && night < claim.end()).peekable();
            // A claim that stands on a reservation counts once.
            count += u32::from(on.peek().is_some() || self.agreed.is_reserved_on(place, night));
            // A household that is taken as a whole is no more than its child.
            solo |= on.any(|claim| claim.solo) && !home.household_of.contains_key(place);
        }
        if solo { home.registration.places_registered.into() } else { count }
    }

    /// The claims whose child has not come and which still take nights.
    pub(super) fn waiting_claims(&self) -> impl Iterator<Item = (&PlaceId, AwardId)> {
        let all =
            self.claims.iter().flat_map(|(place, claims)| claims.iter().map(move |claim| (place, claim)));
        all.filter_map(|(place, claim)| match claim.stage {
            Stage::Award(award) if claim.start < claim.end() => Some((place, award)),
            _ => None,
        })
    }

    /// Whether the market's three numbers are what the claims say: capacity is a fold, never a counter.
    pub(super) fn check_capacity(&self, market: &care::market::Market, at: Timestamp) -> Checked {
        let today = london_date(at);
        for (urn, home) in &self.homes {
            let live =
                |claim: &&Claim| today < claim.end() && claim.start < claim.end() && !claim.has_lapsed(at);
            let claims = |place: &PlaceId| self.claims.get(place).into_iter().flatten().filter(live);
            let solo = |place: &PlaceId| home.with(place).flat_map(claims).any(|claim| claim.solo);
            let admits = home.notice.is_none()
                && home.registration.status == RegistrationStatus::Active
                && home.provision != "UNREGISTERED";
            let (mut open, mut matchable) = (0, 0);
            for id in &home.places {
                let Some(place) = self.places.get(id).filter(|place| place.open) else { continue };
                open += 1;
                let advertised = place.vacancy.as_ref().is_some_and(|it| it.available_from <= today);
                let free = claims(id).next().is_none() && !self.agreed.is_reserved_from(id, today);
                matchable += u32::from(admits && !solo(id) && advertised && free);
            }
            let counted = market.capacity(urn, at);
            let same = (counted.registered, counted.open, counted.matchable)
                == (home.registration.places_registered.into(), open, matchable);
            let found =
                || format!("{open} places are open and {matchable} matchable, but not in {counted:?}");
            ensure(same, Invariant::OneChildAPlace, || StreamId::new("establishment", urn), found)?;
        }
        Ok(())
    }

    fn at_home(&mut self, urn: &EstablishmentUrn, change: impl FnOnce(&mut Home)) {
        if let Some(home) = self.homes.get_mut(urn) {
            change(home);
        }
    }

    fn at_place(&mut self, place: &PlaceId, change: impl FnOnce(&mut Place)) {
        if let Some(place) = self.places.get_mut(place) {
            change(place);
        }
    }

    fn at_claim(&mut self, place: &PlaceId, award: AwardId, change: impl FnOnce(&mut Claim)) {
        let claims = self.claims.entry(place.clone()).or_default();
        if let Some(claim) = claims.iter_mut().find(|claim| claim.stage.award() == Some(award)) {
            change(claim);
        }
    }

    fn touch(&mut self, id: &PlaceId, nights: Nights, at: Timestamp) {
        if let Some(place) = self.places.get(id) {
            self.touched.push(Touched { urn: place.urn.clone(), place: Some(id.clone()), nights, at });
        }
    }

    /// What is allowed of an establishment has changed: it must hold for all nights to come.
    fn judge_anew(&mut self, urn: &EstablishmentUrn, at: Timestamp) {
        let nights = Nights::from_on(london_date(at), None);
        self.touched.push(Touched { urn: urn.clone(), place: None, nights, at });
    }
}

/// A claim of which nobody knows the end.
fn to_come(council: CouncilId, start: Date) -> Taken {
    Taken { council, start, end: Date::MAX }
}

/// Invariant 5, on what the register says and not on what the award calls the place.
fn check_law(home: &Home, event: &PlaceClaimed) -> Checked {
    let age = event.evidence.evidence.age_years;
    let supported = home.provision == "SUPPORTED_ACCOMMODATION" || home.place_code == "K3";
    let lawful = home.provision != "UNREGISTERED" && (!supported || age >= 16);
    let found = || format!("a child of {age} in {}: {event:?}", home.provision);
    ensure(lawful, Invariant::NeverAwardable, || event.stream(), found)
}

/// Invariant 3, as far as the market judges it: what was so, and that the event says so.
fn check_eligible(home: &Home, place: &Place, event: &PlaceClaimed) -> Checked {
    let (judged, registration) = (&event.evidence, &home.registration);
    let evidence = &judged.evidence;
    let Some(vacancy) = place.vacancy.as_ref().filter(|_| place.open) else {
        let found = || format!("claimed, but not open and advertised: {event:?}");
        return ensure(false, Invariant::EligibleAtTheAward, || event.stream(), found);
    };
    let approval = home.approval(&event.place);
    let (least, most) = approval.map_or((0, u8::MAX), |it| (it.age_from, it.age_to));
    let from = vacancy.age_from.max(registration.age_from).max(least);
    let to = vacancy.age_to.min(registration.age_to).min(most);
    let short = approval.is_some_and(|it| it.short_breaks_only);
    let provision = if short { "FOSTERING_SHORT_BREAKS" } else { home.provision.as_str() };
    let household = judged.household.as_ref().map(|it| (&it.household, it.children, it.sexes));
    let expected =
        home.household_of.get(&event.place).zip(approval).map(|(id, it)| (id, it.children, it.sexes));
    let checks = [
        ("names", place.urn == event.urn && home.provider == event.provider),
        ("registration", registration.status == RegistrationStatus::Active),
        ("age", from <= evidence.age_years && evidence.age_years <= to),
        ("sex", registration.sexes.takes(&judged.sex) && vacancy.sexes.takes(&judged.sex)),
        ("sex in the household", approval.is_none_or(|it| it.sexes.takes(&judged.sex))),
        ("evidence of the household", household == expected),
        ("first night", event.start >= vacancy.available_from),
        ("evidence of the registration", evidence.registration == registration.status.word()),
        ("evidence of the provision", evidence.provision == provision),
        ("evidence of the grade", evidence.grade == registration.grade),
        ("evidence of the ages", (evidence.age_from, evidence.age_to) == (from, to)),
        ("evidence of the places", evidence.places_registered == registration.places_registered),
        (
            "evidence of the sexes",
            (judged.sexes_registered, judged.sexes_advertised) == (registration.sexes, vacancy.sexes),
        ),
    ];
    for (what, right) in checks {
        let found = || format!("{what}: not as it was at the award instant: {event:?}");
        ensure(right, Invariant::EligibleAtTheAward, || event.stream(), found)?;
    }
    Ok(())
}
