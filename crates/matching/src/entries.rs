//! What searches read of each place, in columns.

use crate::day::Day;
use crate::impact::Group;
use crate::needs::NeedSet;
use care::market::{Agreed, RegistrationStatus, Sexes};
use care::{Date, Nights, PlaceId, Timestamp};

/// What is known of each place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entries {
    pub(crate) place: Vec<PlaceId>,
    pub(crate) row: Vec<Row>,
    /// Whom it takes as advertised, and as its home is registered or, where that is for both, its household approved.
    pub(crate) sexes: Vec<(Sexes, Sexes)>,
    /// From when it is advertised: as in its row, ready to be told.
    pub(crate) available_from: Vec<Option<Date>>,
    /// The status of its home's registration.
    pub(crate) status: Vec<RegistrationStatus>,
    /// When the leases of holds end. Few places have one: side by side they are read faster than each in a column of all places.
    holds: Holds,
    /// The end of the last claim that takes the whole of its home.
    pub(crate) solo_until: Vec<Day>,
    /// What is agreed of its nights beforehand.
    pub(crate) agreed: Vec<Option<Box<Agreed>>>,
    /// Of a place in a carer household, the nights of its claims; of a hold with the end of its lease.
    pub(crate) claims: Vec<Vec<(Nights, Option<Timestamp>)>>,
    pub(crate) said: Vec<Said>,
}

/// What rules and the order read of a place, side by side: whoever reads one of it reads the next. Of what is not advertised, ages are those
/// of the registration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) home: u32,
    /// The sector's; none for a sector that is not known.
    pub(crate) cell: Option<u32>,
    pub(crate) needs: NeedSet,
    pub(crate) excluded: NeedSet,
    pub(crate) mix: Option<Group>,
    pub(crate) available_from: Day,
    pub(crate) taken_until: Day,
    /// Where the end of its hold's lease is.
    hold: Slot,
    pub(crate) age_from: u8,
    pub(crate) age_to: u8,
    pub(crate) grade_rank: u8,
    /// What it is, by its number in the [tally](crate::tally::Tally::name).
    pub(crate) provision: u8,
}

/// What a provider says of a place, as far as it is only repeated.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    pub(crate) note: Box<str>,
    pub(crate) at: Option<Timestamp>,
}

/// Which of the [`Holds`] is a place's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot(u32);

impl Slot {
    /// It has none.
    const NONE: Self = Self(u32::MAX);
}

/// The ends of leases, in no order, and which of them are nobody's.
#[derive(Debug, Clone, Default)]
struct Holds {
    ends: Vec<Timestamp>,
    free: Vec<Slot>,
}

impl Holds {
    /// Puts a lease's end down in a place's slot, or takes it out.
    fn put(&mut self, slot: &mut Slot, held_until: Option<Timestamp>) {
        match (held_until, self.ends.get_mut(slot.0 as usize)) {
            (Some(end), Some(own)) => *own = end,
            (Some(end), None) => {
                *slot = self.free.pop().unwrap_or_else(|| {
                    self.ends.push(end);
                    // There are fewer places than that.
                    Slot(u32::try_from(self.ends.len() - 1).unwrap_or(u32::MAX))
                });
                self.put(slot, held_until);
            }
            (None, Some(_)) => self.free.push(std::mem::replace(slot, Slot::NONE)),
            (None, None) => {}
        }
    }
}

impl Entries {
    /// When the lease of a place's hold ends, if it has one.
    #[inline]
    pub(crate) fn held_until(&self, entry: usize) -> Option<&Timestamp> {
        self.holds.ends.get(self.row[entry].hold.0 as usize)
    }

    /// Puts that down.
    pub(crate) fn put_held_until(&mut self, entry: usize, held_until: Option<Timestamp>) {
        self.holds.put(&mut self.row[entry].hold, held_until);
    }

    /// A place of which nothing is known yet; gives its number.
    pub(crate) fn push(&mut self, id: PlaceId, home: usize, cell: Option<u32>) -> usize {
        self.place.push(id);
        self.row.push(Row {
            // There are fewer homes than that.
            home: u32::try_from(home).unwrap_or(u32::MAX),
            cell,
            needs: NeedSet::default(),
            excluded: NeedSet::default(),
            mix: None,
            available_from: Day::NEVER,
            taken_until: Day::NEVER,
            hold: Slot::NONE,
            age_from: 0,
            age_to: 0,
            grade_rank: 0,
            provision: 0,
        });
        self.sexes.push((Sexes::Any, Sexes::Any));
        self.available_from.push(None);
        self.status.push(RegistrationStatus::Active);
        self.solo_until.push(Day::NEVER);
        self.agreed.push(None);
        self.claims.push(Vec::new());
        self.said.push(Said::default());
        self.place.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::{Holds, Row, Slot, Timestamp};
    use proptest::prelude::{prop_assert_eq, proptest};

    #[test]
    fn a_row_has_three_quarters_of_a_line_of_memory() {
        // A search reads all of them: longer ones are measurably slower.
        assert_eq!(size_of::<Row>(), 48);
    }

    proptest! {
        #[test]
        fn each_place_keeps_its_own_hold(steps in proptest::collection::vec((0..6_usize, proptest::option::of(0..50_i64)), 0..60)) {
            let (mut holds, mut slots, mut told) = (Holds::default(), [Slot::NONE; 6], [None; 6]);
            for (place, second) in steps {
                let end = second.map(|second| Timestamp::from_second(second).unwrap());
                holds.put(&mut slots[place], end);
                told[place] = end;
                prop_assert_eq!(slots.map(|slot| holds.ends.get(slot.0 as usize).copied()), told);
                prop_assert_eq!(holds.ends.len() - holds.free.len(), told.iter().flatten().count());
            }
        }
    }
}
