//! How reservations, blocks and resales become part of a place. Total, like the rest of the fold.

use super::{
    Agreed, Block, BlockAllocated, BlockEnded, Market, OccupancyEnded, PlaceReserved, Resale, ResaleOf,
    ResaleOffered, ResaleSold, Reservation, ReservationEnded, Retainer, Sold,
};
use crate::ids::PlaceId;
use crate::nights::Nights;

impl Market {
    pub(super) fn reserve(&mut self, event: &PlaceReserved) {
        let reservation = Reservation {
            council: event.council,
            referral: event.referral,
            from: event.from,
            until: event.until,
            weekly: event.weekly,
            token: event.token,
            sold_by: Vec::new(),
        };
        self.at_agreed(&event.place, event.token, |agreed| agreed.reservations.push(reservation));
        // As with a claim: whoever is asked about a place that is taken need not answer.
        self.at_vacancy(&event.place, |vacancy| vacancy.asked_at = None);
    }

    pub(super) fn end_reservation(&mut self, event: &ReservationEnded) {
        self.at_agreed(&event.place, 0, |agreed| {
            agreed.end_reservation(event.token, event.until);
            agreed.resales.retain(|resale| resale.of != ResaleOf::Reservation(event.token));
        });
    }

    /// The nights are the placement's now: what was reserved of them begins after them, also for whoever has bought later nights of it, and is
    /// offered for resale no more.
    pub(super) fn yield_nights(&mut self, event: &OccupancyEnded) {
        for given in &event.yielded {
            let nights = Nights::from_on(given.from, Some(given.until));
            self.at_agreed(&event.place, 0, |agreed| {
                for it in agreed.reservations.iter_mut().filter(|it| it.token == given.token) {
                    it.from = it.from.max(given.until);
                }
                let sold_by = agreed.reservations.iter_mut().flat_map(|it| &mut it.sold_by);
                for retainer in sold_by.filter(|it| it.token == given.token) {
                    retainer.from = retainer.from.max(given.until);
                }
                agreed.reservations.retain(|it| !it.nights().is_empty());
                agreed
                    .resales
                    .retain(|it| it.of != ResaleOf::Reservation(given.token) || !it.nights.overlaps(&nights));
            });
        }
    }

    pub(super) fn allocate(&mut self, event: &BlockAllocated) {
        let block = Block {
            number: event.block,
            council: event.council,
            terms: event.terms.clone(),
            ending: None,
            sold: Vec::new(),
        };
        self.at_agreed(&event.place, event.block, |agreed| {
            agreed.offered = None;
            agreed.blocks.push(block);
        });
        self.at_vacancy(&event.place, |vacancy| vacancy.asked_at = None);
    }

    pub(super) fn end_block(&mut self, event: &BlockEnded) {
        self.at_agreed(&event.place, 0, |agreed| {
            for block in agreed.blocks.iter_mut().filter(|block| block.number == event.block) {
                block.terms.until = event.until;
                block.ending = None;
            }
            agreed.blocks.retain(|block| !block.nights().is_empty());
            agreed.resales.retain(|resale| resale.of != ResaleOf::Block(event.block));
        });
    }

    pub(super) fn offer_resale(&mut self, event: &ResaleOffered) {
        let resale = Resale {
            number: event.resale,
            seller: event.council,
            of: event.of,
            nights: Nights::from_on(event.from, Some(event.until)),
            weekly: event.weekly,
            partners: event.partners.clone(),
        };
        self.at_agreed(&event.place, event.resale, |agreed| agreed.resales.push(resale));
    }

    /// The nights that are sold are the buyer's: of a reservation they become one of its own, of a block the right to hold them.
    pub(super) fn sell(&mut self, event: &ResaleSold) {
        let nights = Nights::from_on(event.from, Some(event.until));
        self.at_agreed(&event.place, event.token, |agreed| {
            #[cfg(feature = "planted-defects")]
            let is_open = crate::planted::is_planted(crate::planted::Planted::SoldTwice);
            #[cfg(not(feature = "planted-defects"))]
            let is_open = false;
            agreed.resales.retain(|resale| is_open || resale.number != event.resale);
            match event.of {
                ResaleOf::Reservation(token) => {
                    let sold_by = agreed.retainers(token);
                    agreed.end_reservation(token, event.from);
                    agreed.reservations.push(Reservation {
                        council: event.buyer,
                        referral: None,
                        from: event.from,
                        until: event.until,
                        weekly: event.weekly,
                        token: event.token,
                        sold_by,
                    });
                }
                ResaleOf::Block(number) => {
                    let block = agreed.blocks.iter_mut().find(|block| block.number == number);
                    let (buyer, weekly, resale) = (event.buyer, event.weekly, event.resale);
                    let sold = Sold { nights, buyer, weekly, resale };
                    block.into_iter().for_each(|block| block.sold.push(sold));
                }
            }
        });
    }

    /// Changes what is agreed of a place; `number` is a token of the place that is used up by it, 0 if none is.
    pub(super) fn at_agreed(&mut self, id: &PlaceId, number: u64, change: impl FnOnce(&mut Agreed)) {
        self.at_place(id, |place| {
            place.last_token = place.last_token.max(number);
            change(place.agreed.get_or_insert_default());
            place.agreed.take_if(|agreed| **agreed == Agreed::default());
        });
        if self.places.get(id).is_some_and(|place| place.agreed.is_some()) {
            self.agreed.insert(id.clone());
        } else {
            self.agreed.remove(id);
        }
    }
}

impl Agreed {
    /// What those pay who sell a reservation.
    fn retainers(&self, token: u64) -> Vec<Retainer> {
        let sold = self.reservations.iter().find(|it| it.token == token);
        sold.map_or_else(Vec::new, |it| {
            let (council, from, weekly) = (it.council, it.from, it.weekly);
            let last = Retainer { council, token, from, weekly };
            it.sold_by.iter().cloned().chain([last]).collect()
        })
    }

    /// Ends a reservation on a day, if it lasts until then; one of which no night remains is gone.
    fn end_reservation(&mut self, token: u64, until: jiff::civil::Date) {
        for reservation in self.reservations.iter_mut().filter(|it| it.token == token) {
            reservation.until = reservation.until.min(until.max(reservation.from));
        }
        self.reservations.retain(|it| !it.nights().is_empty());
    }
}
