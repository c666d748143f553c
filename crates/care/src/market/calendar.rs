//! The night calendar of a place: who may have which night, read off the claims and the advertisement, never kept.
//!
//! It is about nights alone. Whether the home may take any child at all is the establishment's to say.

use super::{Claim, Market, Place, Reservation, Stage};
use crate::ids::{CouncilId, PlaceId};
use crate::nights::Nights;
use jiff::{Timestamp, civil::Date};

/// How a night of a place stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NightState {
    /// It is advertised, and nobody has it.
    Vacant,
    /// A council holds it.
    Held,
    /// A council pays for it, and no child is to come yet.
    Reserved,
    /// It is advertised, and nobody has it, but only one council may: it is of that one's block.
    InBlock,
    /// It is awarded; the child has not come.
    Awarded,
    /// A child is there, or was.
    Occupied,
    /// The provider takes nobody in the place, or it is closed.
    NotAdvertised,
    /// It is advertised, from a later night on.
    NotYetAvailable,
    /// A solo placement in another place takes the whole home: the establishment, or the household that the place is in.
    WholeHomeTaken,
}

/// Nights in a row that stand alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NightRun<'a> {
    /// The nights; at least one.
    pub nights: Nights,
    /// How they stand.
    pub state: NightState,
    /// The claim that takes them, of this place.
    pub claim: Option<&'a Claim>,
    /// The reservation that takes them, or that the claim stands on.
    pub reservation: Option<&'a Reservation>,
    /// Who may have them, where they are of a block: its council, or who bought them.
    pub holder: Option<CouncilId>,
}

impl Market {
    /// How the nights of a place stand as of `at`, in runs that follow each other and leave out none; nothing of a place that is not there.
    #[must_use]
    pub fn calendar(&self, id: &PlaceId, nights: Nights, at: Timestamp) -> Vec<NightRun<'_>> {
        let Some(place) = self.places.get(id) else { return Vec::new() };
        let others = self.home(place).into_iter().flat_map(|home| self.places_of_home(home));
        let others = others.filter(|(other, _)| *other != id);
        let solo: Vec<Nights> = others
            .flat_map(|(_, other)| other.claims_on(nights, at).filter(|claim| claim.solo).map(Claim::nights))
            .collect();
        // How nights stand changes where something begins or ends, and nowhere else.
        let taken = place.claims_on(nights, at).map(Claim::nights).chain(solo.iter().copied());
        let taken = taken.chain(place.reservations_on(nights).map(Reservation::nights));
        let of_blocks = place
            .blocks()
            .flat_map(|it| [it.nights()].into_iter().chain(it.sold.iter().map(|sold| sold.nights)));
        let taken = taken.chain(of_blocks);
        let mut turns: Vec<Date> = taken.flat_map(|it| [it.start(), it.end()]).collect();
        turns.extend(place.vacancy.as_ref().map(|vacancy| vacancy.available_from));
        turns.retain(|turn| nights.start() < *turn && *turn < nights.end());
        turns.push(nights.end());
        turns.sort_unstable();
        let mut runs: Vec<NightRun<'_>> = Vec::new();
        let mut first = nights.start();
        for turn in turns.into_iter().filter(|_| !nights.is_empty()) {
            if turn == first {
                continue;
            }
            let night = place.night(first, &solo, at);
            let (state, claim, reservation, holder) = night;
            let alike =
                |run: &&mut NightRun<'_>| (run.state, run.claim, run.reservation, run.holder) == night;
            match runs.last_mut().filter(alike) {
                Some(run) => run.nights = Nights::from_on(run.nights.start(), Some(turn)),
                None => {
                    let nights = Nights::from_on(first, Some(turn));
                    runs.push(NightRun { nights, state, claim, reservation, holder });
                }
            }
            first = turn;
        }
        runs
    }
}

impl Place {
    /// How a night stands; `solo` are those on which another place's claim takes the whole home.
    fn night(
        &self,
        night: Date,
        solo: &[Nights],
        at: Timestamp,
    ) -> (NightState, Option<&Claim>, Option<&Reservation>, Option<CouncilId>) {
        let on = |it: &Nights| it.start() <= night && night < it.end();
        let claim = self.claims.iter().find(|claim| claim.is_live(at) && on(&claim.nights()));
        let mut reservations = self.agreed.iter().flat_map(|it| &it.reservations);
        let reservation = reservations.find(|it| on(&it.nights()));
        let holder = self.blocks().find(|it| on(&it.nights())).map(|it| it.entitled(night));
        let state = match (claim.map(|claim| claim.stage), &self.vacancy) {
            (Some(Stage::Hold { .. }), _) => NightState::Held,
            (Some(Stage::Award { .. }), _) => NightState::Awarded,
            (Some(Stage::Occupied { .. }), _) => NightState::Occupied,
            (None, _) if reservation.is_some() => NightState::Reserved,
            (None, _) if solo.iter().any(on) => NightState::WholeHomeTaken,
            (None, None) => NightState::NotAdvertised,
            (None, Some(vacancy)) if night < vacancy.available_from => NightState::NotYetAvailable,
            (None, Some(_)) if holder.is_some() => NightState::InBlock,
            (None, Some(_)) => NightState::Vacant,
        };
        (state, claim, reservation, holder)
    }
}
