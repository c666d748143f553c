//! What councils agree about nights before they hold them: a paid reservation, which is a claim; a block, which says who alone may hold; and
//! what is offered of either for resale.

use crate::ids::{CouncilId, ReferralId};
use crate::market::Place;
use crate::money::Pence;
use crate::nights::Nights;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How a council holds places: how many at once, and for how long. It binds the council's own holds, within what the market allows anybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldPolicy {
    /// How many holds are in force at most, 1 to [`HoldPolicy::COUNCIL_HOLDS_MAX`].
    pub council_holds_max: u16,
    /// How many of them for one referral, 1 to [`HoldPolicy::REFERRAL_HOLDS_MAX`].
    pub referral_holds_max: u16,
    /// How long a hold lasts where the request does not say, in seconds; at most `lease_seconds_max`.
    pub lease_seconds_default: u32,
    /// How long it may last, [`HoldPolicy::LEASE_SECONDS_MIN`] to [`HoldPolicy::LEASE_SECONDS_MAX`].
    pub lease_seconds_max: u32,
}

impl HoldPolicy {
    /// How many holds any council has in force at most: one council must not keep the market from the others.
    pub const COUNCIL_HOLDS_MAX: u16 = 50;
    /// How many holds are in force for one referral at most: a child needs one place, and a choice between few.
    pub const REFERRAL_HOLDS_MAX: u16 = 3;
    /// The shortest lease of a hold.
    pub const LEASE_SECONDS_MIN: u32 = 60;
    /// The longest lease of a hold: three days.
    pub const LEASE_SECONDS_MAX: u32 = 259_200;
}

/// What the market allows anybody; four hours where nothing is said.
impl Default for HoldPolicy {
    fn default() -> Self {
        Self {
            council_holds_max: Self::COUNCIL_HOLDS_MAX,
            referral_holds_max: Self::REFERRAL_HOLDS_MAX,
            lease_seconds_default: 14_400,
            lease_seconds_max: Self::LEASE_SECONDS_MAX,
        }
    }
}

/// What a place can be reserved for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservationTerms {
    /// The retainer, in pence a week.
    pub weekly: Pence,
    /// How many nights one reservation takes at most, from 1.
    pub nights_max: u16,
}

/// A council's paid reservation of the nights [from, until) of a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// The council.
    pub council: CouncilId,
    /// The referral that it is meant for, if one is.
    pub referral: Option<ReferralId>,
    /// The first night.
    pub from: Date,
    /// The day after the last night.
    pub until: Date,
    /// What the council pays, in pence a week: to the provider, or to the council that it bought the nights of.
    pub weekly: Pence,
    /// The fencing token.
    pub token: u64,
    /// What the councils go on paying that the nights were bought of, from the first one on: it ends with the reservation.
    pub sold_by: Vec<Retainer>,
}

/// What a council goes on paying for a reservation of which it has sold nights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retainer {
    /// The council.
    pub council: CouncilId,
    /// The token of its reservation.
    pub token: u64,
    /// The first night of that.
    pub from: Date,
    /// What it pays, in pence a week: to the provider, or to the council that it bought the nights of.
    pub weekly: Pence,
}

impl Reservation {
    /// The nights it takes.
    #[must_use]
    pub fn nights(&self) -> Nights {
        Nights::from_on(self.from, Some(self.until))
    }
}

/// Who asks for the end of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BlockParty {
    /// The council whose it is.
    Council,
    /// The provider.
    Provider,
}

/// What is agreed of a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockTerms {
    /// The first night.
    pub from: Date,
    /// The day after the last night.
    pub until: Date,
    /// What the council pays, in pence a week, whether a child is there or not.
    pub weekly: Pence,
    /// To whom alone the council may sell void nights; to anybody if empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub partners: BTreeSet<CouncilId>,
    /// What it may ask for them at most, in pence a week; whatever it likes if none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resale_weekly: Option<Pence>,
}

impl BlockTerms {
    /// The nights it covers.
    #[must_use]
    pub fn nights(&self) -> Nights {
        Nights::from_on(self.from, Some(self.until))
    }
}

/// A place whose nights are one council's to hold. It takes no night by itself: a claim on a night does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Its number among the tokens of the place.
    pub number: u64,
    /// Whose it is.
    pub council: CouncilId,
    /// What was agreed.
    pub terms: BlockTerms,
    /// Who would end it, and on which day.
    pub ending: Option<(BlockParty, Date)>,
    /// The nights that were sold.
    pub sold: Vec<Sold>,
}

/// Nights of a block that its council sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sold {
    /// The nights.
    pub nights: Nights,
    /// Who may hold them now.
    pub buyer: CouncilId,
    /// What the buyer pays the block's council, in pence a week.
    pub weekly: Pence,
    /// The number under which they were offered.
    pub resale: u64,
}

impl Block {
    /// The nights it covers.
    #[must_use]
    pub fn nights(&self) -> Nights {
        self.terms.nights()
    }

    /// Who may hold a night of it: the last buyer, or its council.
    #[must_use]
    pub fn entitled(&self, night: Date) -> CouncilId {
        self.sold_on(night).map_or(self.council, |it| it.buyer)
    }

    /// What was sold last of those nights of which this is one.
    #[must_use]
    pub fn sold_on(&self, night: Date) -> Option<&Sold> {
        self.sold.iter().rev().find(|it| it.nights.start() <= night && night < it.nights.end())
    }

    /// Who may hold its last night: whoever bought it, or its council.
    #[must_use]
    pub fn holder_at_end(&self) -> CouncilId {
        self.entitled(self.terms.until.yesterday().unwrap_or(self.terms.from))
    }

    /// Whether it is not over on `today`, and its last night another's than this council's to hold.
    #[must_use]
    pub fn is_of_another(&self, council: Option<CouncilId>, today: Date) -> bool {
        today < self.terms.until && Some(self.holder_at_end()) != council
    }

    /// Whether a claim of `council` on `nights` respects it: the first night of it that the claim takes must be the council's to hold, and none of
    /// them sold to another. So a seller claims no earlier night once it has sold the nights to the end: nobody knows the end of a claim beforehand.
    #[must_use]
    pub fn allows(&self, council: Option<CouncilId>, nights: Nights) -> bool {
        let first = nights.start().max(self.terms.from);
        let sold_away = |sold: &Sold| sold.nights.overlaps(&nights) && Some(sold.buyer) != council;
        !self.nights().overlaps(&nights)
            || (Some(self.entitled(first)) == council && !self.sold.iter().any(sold_away))
    }

    /// The first night from `night` on from which a council may hold without knowing until when; the day after its last night if there is none.
    #[must_use]
    pub fn open_to(&self, council: Option<CouncilId>, night: Date) -> Date {
        let turns = self.sold.iter().map(|it| it.nights.start()).chain([night.max(self.terms.from)]);
        let held = turns.filter(|turn| night <= *turn && *turn < self.terms.until);
        held.filter(|turn| self.allows(council, Nights::from_on(*turn, None)))
            .min()
            .unwrap_or(self.terms.until)
    }
}

/// What nights that are sold are part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ResaleOf {
    /// The reservation with this token. What is sold of it lasts to its end.
    Reservation(u64),
    /// The block with this number. What is sold of it lasts to its end.
    Block(u64),
}

/// Nights that a council offers others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resale {
    /// Its number among the tokens of the place.
    pub number: u64,
    /// The council that sells.
    pub seller: CouncilId,
    /// What the nights are part of.
    pub of: ResaleOf,
    /// The nights.
    pub nights: Nights,
    /// What the buyer pays the seller, in pence a week.
    pub weekly: Pence,
    /// Who may buy; anybody but the seller if empty.
    pub partners: BTreeSet<CouncilId>,
}

impl Resale {
    /// Whether it is offered to this council.
    #[must_use]
    pub fn is_offered_to(&self, council: CouncilId) -> bool {
        council != self.seller && (self.partners.is_empty() || self.partners.contains(&council))
    }
}

/// A place's agreements. Most have none, and pay a pointer for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    /// Every reservation that stands, past nights included. No two have a night in common.
    pub reservations: Vec<Reservation>,
    /// Every block that stands, past nights included. No two have a night in common.
    pub blocks: Vec<Block>,
    /// The block that the provider offers, with its number and the council it is offered to: one at a time.
    pub offered: Option<(u64, CouncilId, BlockTerms)>,
    /// What is offered for resale.
    pub resales: Vec<Resale>,
}

impl Agreed {
    /// The reservations that take some of these nights.
    pub fn reservations_on(&self, nights: Nights) -> impl Iterator<Item = &Reservation> {
        self.reservations.iter().filter(move |it| it.nights().overlaps(&nights))
    }

    /// The blocks that keep a council from claiming these nights, see [`Block::allows`].
    pub fn blocked_for(&self, council: Option<CouncilId>, nights: Nights) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(move |it| !it.allows(council, nights))
    }

    /// The reservations of other councils that are in the way of a claim without a known end that begins on the night of `first`, as of `today`:
    /// those that take some of its nights, and those of nights before that are not over.
    ///
    /// It is judged alike for a hold, for an award without one, and for a search. A claim of nights behind those that somebody pays for
    /// would keep that council from one of its own, which would have no known end either. Only who bought its nights of another stands
    /// behind that one; and an award on its own live hold asks for no more than that its nights are free, since nobody agrees nights before those.
    pub fn reserved_against(
        &self,
        council: Option<CouncilId>,
        first: Date,
        today: Date,
    ) -> impl Iterator<Item = &Reservation> {
        let counts_from = if self.has_bought(council, first) { first } else { first.min(today) };
        let ahead = self.reservations_on(Nights::from_on(counts_from, None));
        ahead.filter(move |it| Some(it.council) != council)
    }

    /// The blocks that are in the way of such a claim: those whose nights it takes are another's to hold, and those of others that are not over. See
    /// [`Agreed::reserved_against`].
    pub fn blocks_against(
        &self,
        council: Option<CouncilId>,
        first: Date,
        today: Date,
    ) -> impl Iterator<Item = &Block> {
        let (nights, bought) = (Nights::from_on(first, None), self.has_bought(council, first));
        self.blocks
            .iter()
            .filter(move |it| !it.allows(council, nights) || !bought && it.is_of_another(council, today))
    }

    /// Whether a night is of a reservation that the council has bought of another.
    fn has_bought(&self, council: Option<CouncilId>, night: Date) -> bool {
        let mut on = self.reservations_on(Nights::from_on(night, night.tomorrow().ok()));
        on.any(|it| Some(it.council) == council && !it.sold_by.is_empty())
    }
}

impl Place {
    /// The reservations that take some of these nights.
    pub fn reservations_on(&self, nights: Nights) -> impl Iterator<Item = &Reservation> {
        self.agreed.iter().flat_map(move |it| it.reservations_on(nights))
    }

    /// Those of them that are not this council's.
    pub fn reserved_by_others(
        &self,
        council: Option<CouncilId>,
        nights: Nights,
    ) -> impl Iterator<Item = &Reservation> {
        self.reservations_on(nights).filter(move |it| Some(it.council) != council)
    }

    /// Until when other councils than this one have agreed nights of the place that are not over on `today`; none where none has.
    #[must_use]
    pub fn agreed_by_others(&self, council: CouncilId, today: Date) -> Option<Date> {
        let ahead = Nights::from_on(today, None);
        let reserved = self.reserved_by_others(Some(council), ahead).map(|it| it.until);
        let blocks = self.blocks().filter(|it| it.is_of_another(Some(council), today));
        reserved.chain(blocks.map(|it| it.terms.until)).max()
    }

    /// Until when what other councils have agreed of the place is in the way of a claim that begins on the night of `first` and has no known end; none
    /// where nothing is. See [`Agreed::reserved_against`].
    #[must_use]
    pub fn waits_for_others(&self, council: CouncilId, first: Date, today: Date) -> Option<Date> {
        let agreed = self.agreed.as_deref()?;
        let reserved = agreed.reserved_against(Some(council), first, today).map(|it| it.until);
        let blocks = agreed.blocks_against(Some(council), first, today).map(|it| it.terms.until);
        reserved.chain(blocks).max()
    }

    /// The blocks of this place.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.agreed.iter().flat_map(|it| &it.blocks)
    }

    /// The blocks that keep a council from claiming these nights, see [`Block::allows`].
    pub fn blocked_for(&self, council: Option<CouncilId>, nights: Nights) -> impl Iterator<Item = &Block> {
        self.agreed.iter().flat_map(move |it| it.blocked_for(council, nights))
    }

    /// What is offered for resale.
    pub fn resales(&self) -> impl Iterator<Item = &Resale> {
        self.agreed.iter().flat_map(|it| &it.resales)
    }
}
