//! What searches read of each place, in columns.

use crate::day::Day;
use crate::impact::Group;
use crate::needs::NeedSet;
use care::market::{Agreed, Sexes};
use care::{Nights, PlaceId, Timestamp};

/// What is known of each place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entries {
    pub(crate) place: Vec<PlaceId>,
    pub(crate) row: Vec<Row>,
    /// Whom it takes as advertised, and as its home is registered or, where that is for both, its household approved.
    pub(crate) sexes: Vec<(Sexes, Sexes)>,
    /// When the lease of a hold ends.
    pub(crate) held_until: Vec<Option<Timestamp>>,
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
    pub(crate) solo_until: Day,
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

impl Entries {
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
            solo_until: Day::NEVER,
            age_from: 0,
            age_to: 0,
            grade_rank: 0,
            provision: 0,
        });
        self.sexes.push((Sexes::Any, Sexes::Any));
        self.held_until.push(None);
        self.agreed.push(None);
        self.claims.push(Vec::new());
        self.said.push(Said::default());
        self.place.len() - 1
    }
}
