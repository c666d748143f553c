//! What is agreed of nights beforehand, read anew: reservations, which are claims of invariant 1; blocks, which say who may claim; what was
//! sold of either; and how councils hold.

use crate::breach::{Checked, Invariant, ensure};
use care::market::{
    BlockAllocated, BlockEnded, HoldPolicy, HoldPolicySet, MarketEvent, OccupancyEnded, PlaceHeld,
    PlaceReserved, ResaleOf, ResaleSold, ReservationEnded,
};
use care::{CouncilId, Date, EventBody, Nights, PlaceId, StreamId, Timestamp, london_date};
use std::collections::{HashMap, HashSet};

pub(super) struct Reserved {
    pub(super) council: CouncilId,
    pub(super) from: Date,
    pub(super) until: Date,
    token: u64,
    /// Until when its council pays: longer than it has the nights, where it sold them.
    charged_until: Date,
    /// The token of the reservation that it was bought of.
    bought_of: Option<u64>,
}

struct Block {
    number: u64,
    council: CouncilId,
    from: Date,
    until: Date,
    sold: Vec<(Date, Date, CouncilId)>,
}

impl Block {
    fn entitled(&self, night: Date) -> CouncilId {
        let on = |(from, until, _): &&(Date, Date, CouncilId)| *from <= night && night < *until;
        self.sold.iter().find(on).map_or(self.council, |(_, _, buyer)| *buyer)
    }
}

/// The nights that a claim takes: whose, from when, until when.
pub(super) struct Taken {
    pub(super) council: CouncilId,
    pub(super) start: Date,
    pub(super) end: Date,
}

#[derive(Default)]
pub(super) struct Agreed {
    reservations: HashMap<PlaceId, Vec<Reserved>>,
    blocks: HashMap<PlaceId, Vec<Block>>,
    sold: HashSet<(PlaceId, u64)>,
    policies: HashMap<CouncilId, (u32, HoldPolicy)>,
}

impl Agreed {
    pub(super) fn reservations(&self, place: &PlaceId) -> impl Iterator<Item = &Reserved> {
        self.reservations.get(place).into_iter().flatten()
    }

    /// Reads an event; `taken` are the claims on its place.
    pub(super) fn read(&mut self, event: &MarketEvent, taken: &[Taken]) -> Checked {
        match event {
            MarketEvent::HoldPolicySet(event) => self.set_policy(event),
            MarketEvent::PlaceReserved(event) => {
                let own = Taken { council: event.council, start: event.from, end: event.until };
                self.check_right(&event.place, &own)?;
                self.check_alone(&event.place, event.council, event.at)?;
                self.reserve(event);
                Ok(())
            }
            MarketEvent::ReservationEnded(event) => self.end_reservation(event),
            MarketEvent::OccupancyEnded(event) => self.yield_nights(event),
            MarketEvent::BlockAllocated(event) => {
                self.check_alone(&event.place, event.council, event.at)?;
                self.allocate(event, taken)
            }
            MarketEvent::BlockEnded(event) => self.end_block(event),
            MarketEvent::ResaleSold(event) => self.sell(event, taken),
            MarketEvent::ResaleBought(event) => {
                let told = self.sold.contains(&(event.place.clone(), event.resale));
                let found = || format!("bought, but not sold: {event:?}");
                ensure(told, Invariant::AgreedNights, || event.stream(), found)
            }
            _ => Ok(()),
        }
    }

    fn set_policy(&mut self, event: &HoldPolicySet) -> Checked {
        let before = self.policies.insert(event.council, (event.version, event.policy.clone()));
        let follows = event.version == before.map_or(0, |(version, _)| version) + 1;
        let found = || format!("no next version: {event:?}");
        ensure(follows, Invariant::AgreedNights, || event.stream(), found)
    }

    fn reserve(&mut self, event: &PlaceReserved) {
        self.reservations.entry(event.place.clone()).or_default().push(Reserved {
            council: event.council,
            from: event.from,
            until: event.until,
            token: event.token,
            charged_until: event.until,
            bought_of: None,
        });
    }

    fn end_reservation(&mut self, event: &ReservationEnded) -> Checked {
        let all = self.reservations.entry(event.place.clone()).or_default();
        let found = all.iter_mut().find(|it| it.token == event.token && it.council == event.council);
        let right = found.is_some_and(|it| {
            let sooner = it.from == event.from && event.until < it.charged_until;
            it.charged_until = event.until;
            it.until = it.until.min(event.until);
            sooner
        });
        let found = || format!("no reservation that could end so: {event:?}");
        ensure(right, Invariant::AgreedNights, || event.stream(), found)
    }

    /// What a reservation gives up for its council's own child are its first nights.
    fn yield_nights(&mut self, event: &OccupancyEnded) -> Checked {
        let all = self.reservations.entry(event.place.clone()).or_default();
        for given in &event.yielded {
            let found = all.iter_mut().find(|it| it.token == given.token && it.council == event.council);
            let right = found.is_some_and(|it| {
                let first = it.from == given.from && given.until == it.until.min(event.on);
                it.from = given.until;
                first
            });
            let found = || format!("no reservation that could yield so: {event:?}");
            ensure(right, Invariant::AgreedNights, || event.stream(), found)?;
        }
        Ok(())
    }

    /// With a block nobody else may have any of its nights already.
    fn allocate(&mut self, event: &BlockAllocated, taken: &[Taken]) -> Checked {
        let nights = event.terms.nights();
        let others = taken.iter().filter(|it| it.council != event.council);
        let mut others = others.filter(|it| Nights::from_on(it.start, Some(it.end)).overlaps(&nights));
        let reserved = self.reservations(&event.place).any(|it| overlaps(it.from, it.until, nights));
        let blocks = self.blocks.entry(event.place.clone()).or_default();
        let twice = blocks.iter().any(|it| overlaps(it.from, it.until, nights));
        let free = others.next().is_none() && !reserved && !twice;
        blocks.push(Block {
            number: event.block,
            council: event.council,
            from: event.terms.from,
            until: event.terms.until,
            sold: Vec::new(),
        });
        let found = || format!("its nights are another's already: {event:?}");
        ensure(free, Invariant::AgreedNights, || event.stream(), found)
    }

    fn end_block(&mut self, event: &BlockEnded) -> Checked {
        let blocks = self.blocks.entry(event.place.clone()).or_default();
        let block = blocks.iter_mut().find(|it| it.number == event.block);
        let right = block.is_some_and(|it| {
            it.until = event.until;
            it.sold.iter().all(|(_, until, _)| *until <= event.until)
        });
        let found =
            || format!("a block that is not there, or takes nights from whoever bought them: {event:?}");
        ensure(right, Invariant::AgreedNights, || event.stream(), found)
    }

    /// What is sold is the seller's, void, and sold once.
    fn sell(&mut self, event: &ResaleSold, taken: &[Taken]) -> Checked {
        let nights = Nights::from_on(event.from, Some(event.until));
        let void = !taken.iter().any(|it| overlaps(it.start, it.end, nights));
        let once = self.sold.insert((event.place.clone(), event.resale));
        let own = match event.of {
            ResaleOf::Reservation(token) => {
                let all = self.reservations.entry(event.place.clone()).or_default();
                let whole = |it: &&mut Reserved| {
                    (it.council, it.token, it.until) == (event.seller, token, event.until)
                        && it.from <= event.from
                };
                let own = all.iter_mut().find(whole).map(|it| it.until = event.from).is_some();
                let (council, from, until) = (event.buyer, event.from, event.until);
                let (charged_until, bought_of) = (until, Some(token));
                all.push(Reserved { council, from, until, token: event.token, charged_until, bought_of });
                own
            }
            ResaleOf::Block(number) => {
                let blocks = self.blocks.entry(event.place.clone()).or_default();
                let block = blocks.iter_mut().find(|it| it.number == number && it.council == event.seller);
                block.is_some_and(|it| {
                    let kept = !it.sold.iter().any(|(from, until, _)| overlaps(*from, *until, nights));
                    it.sold.push((event.from, event.until, event.buyer));
                    kept && it.from <= event.from && event.until == it.until
                })
            }
        };
        let found = || format!("not the seller's, not void, or sold before: {event:?}");
        ensure(own && void && once, Invariant::AgreedNights, || event.stream(), found)
    }

    /// Nobody agrees nights of a place of which another council has agreed nights that are not over: one of them could not use its own.
    fn check_alone(&self, place: &PlaceId, council: CouncilId, at: Timestamp) -> Checked {
        let today = london_date(at);
        let reserved = self.reservations(place).map(|it| (it.council, it.from, it.until));
        let blocks = self.blocks.get(place).into_iter().flatten();
        let blocks = blocks.map(|it| (it.sold.last().map_or(it.council, |sold| sold.2), it.from, it.until));
        let other =
            reserved.chain(blocks).find(|(by, from, until)| *by != council && today < *until && from < until);
        let found = || format!("nights of {place} are agreed by {council}, and by {other:?} before");
        ensure(other.is_none(), Invariant::AgreedNights, || StreamId::new("place", place), found)
    }

    /// Whether a claim may begin: the first night that it takes of any block must be its council's, and none of them sold to another.
    pub(super) fn check_right(&self, place: &PlaceId, claim: &Taken) -> Checked {
        for block in self.blocks.get(place).into_iter().flatten() {
            let first = claim.start.max(block.from);
            let takes = first < block.until.min(claim.end);
            let found = || {
                format!(
                    "{place} is claimed by {} on {first}, which is {}'s",
                    claim.council,
                    block.entitled(first)
                )
            };
            let lost = |(from, until, buyer): &(Date, Date, CouncilId)| {
                claim.start < *until && *from < claim.end && *buyer != claim.council
            };
            let right = !takes || block.entitled(first) == claim.council && !block.sold.iter().any(lost);
            ensure(right, Invariant::AgreedNights, || StreamId::new("place", place), found)?;
        }
        Ok(())
    }

    /// Invariant 1: no night of a place is reserved twice, and none that another council has claimed.
    pub(super) fn check_place(&self, place: &PlaceId, taken: &[Taken]) -> Checked {
        let stream = || StreamId::new("place", place);
        let mut reserved: Vec<&Reserved> = self.reservations(place).filter(|it| it.from < it.until).collect();
        reserved.sort_unstable_by_key(|it| it.from);
        let twice = reserved.windows(2).find(|pair| pair[0].until > pair[1].from);
        let found = || format!("{place} is reserved twice: {:?}", twice.map(|it| it[1].from));
        ensure(twice.is_none(), Invariant::OneChildAPlace, stream, found)?;
        let all = || self.reservations(place);
        let late = all().find(|it| {
            let seller = all().find(|seller| it.bought_of == Some(seller.token));
            seller.is_some_and(|seller| seller.charged_until > it.charged_until)
        });
        let found = || format!("{place} is paid by its seller after {:?}", late.map(|it| it.charged_until));
        ensure(late.is_none(), Invariant::AgreedNights, stream, found)?;
        for reservation in reserved {
            let nights = Nights::from_on(reservation.from, Some(reservation.until));
            let others = taken.iter().filter(|it| it.council != reservation.council);
            let other = others.into_iter().find(|it| overlaps(it.start, it.end, nights));
            let found = || {
                let by = other.map(|it| it.council);
                format!("{place} is reserved by {} for {nights} and claimed by {by:?}", reservation.council)
            };
            ensure(other.is_none(), Invariant::OneChildAPlace, stream, found)?;
        }
        Ok(())
    }

    /// A notice ends reservations, and a child's arrival those of its council: nobody pays twice for a night.
    pub(super) fn check_ended(&self, place: &PlaceId, council: Option<CouncilId>, by: Date) -> Checked {
        let mut own = self.reservations(place).filter(|it| council.is_none_or(|own| own == it.council));
        let until = |it: &Reserved| if council.is_some() { it.until } else { it.charged_until };
        let left = own.find(|it| until(it) > by.max(it.from));
        let invariant =
            if council.is_some() { Invariant::AgreedNights } else { Invariant::NoticeAdmitsNobody };
        let found = || format!("{place} stays reserved until {:?}", left.map(|it| it.until));
        ensure(left.is_none(), invariant, || StreamId::new("place", place), found)
    }

    /// Whether a hold is within its council's policy; `leases` are the ends of its holds, this one's too, and whether they are for the same
    /// referral.
    pub(super) fn check_policy(&self, hold: &PlaceHeld, leases: &[(Timestamp, bool)]) -> Checked {
        let Some((_, policy)) = self.policies.get(&hold.council) else { return Ok(()) };
        let live = leases.iter().filter(|(expires_at, _)| hold.at < *expires_at);
        let (all, same) =
            live.fold((0, 0), |(all, same), (_, is_same)| (all + 1, same + u16::from(*is_same)));
        let lease = hold.at.duration_until(hold.expires_at).as_secs();
        let within = all <= policy.council_holds_max
            && same <= policy.referral_holds_max
            && lease <= i64::from(policy.lease_seconds_max);
        let found = || format!("{all} holds, {same} for the referral, beyond {policy:?}: {hold:?}");
        ensure(within, Invariant::AgreedNights, || hold.stream(), found)
    }

    /// Whether a night of a place is reserved.
    pub(super) fn is_reserved_on(&self, place: &PlaceId, night: Date) -> bool {
        self.reservations(place).any(|it| it.from <= night && night < it.until)
    }

    /// Whether a place is reserved on some night from `today` on.
    pub(super) fn is_reserved_from(&self, place: &PlaceId, today: Date) -> bool {
        self.reservations(place).any(|it| today < it.until && it.from < it.until)
    }

    /// Whether a place is in a block on some night from `today` on.
    pub(super) fn is_in_block_from(&self, place: &PlaceId, today: Date) -> bool {
        let mut blocks = self.blocks.get(place).into_iter().flatten();
        blocks.any(|it| today < it.until && it.from < it.until)
    }
}

fn overlaps(from: Date, until: Date, nights: Nights) -> bool {
    Nights::from_on(from, Some(until)).overlaps(&nights)
}
