//! Whether siblings live together, as far as the awards of their referrals tell.
//!
//! A council places siblings together so far as is reasonably practicable (Children Act 1989, section 22C(8)(d)). A home is known by its
//! establishment, and by the carer household where the place was in one. Of a fostering agency without households that may be its office, so
//! that two children with the same agency need not live in one household.

use crate::state::{Referral, Stage, State};
use crate::staying::RESPITE;
use care::{AwardId, Date, EstablishmentUrn, HouseholdId, ReferralId};
use std::collections::BTreeSet;

/// How many siblings a group can have, as in `sibling_group_size`.
pub const SIBLINGS_MAX: usize = 12;

/// Whether siblings live together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiblingOutcome {
    /// Not all of those who seek a home have one, and those who have do not live apart.
    Undecided,
    /// All in one establishment, or in one carer household.
    Together,
    /// All with one agency; whether in one household is not known here.
    SameAgency,
    /// Two of them at least in different establishments, or in different households of one agency.
    Split,
}

/// Where a child lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Home<'a> {
    /// The establishment.
    pub(crate) urn: &'a EstablishmentUrn,
    /// The carer household, if the place is known to be in one.
    pub(crate) household: Option<&'a HouseholdId>,
    /// Whether the child is fostered.
    fostered: bool,
}

impl<'a> Home<'a> {
    /// The home of an offer or an award.
    pub(crate) fn new(
        urn: &'a EstablishmentUrn,
        household: Option<&'a HouseholdId>,
        provision: &str,
    ) -> Self {
        Self { urn, household, fostered: provision.starts_with("FOSTERING") }
    }

    /// Whether two children certainly do not live together.
    fn is_apart_from(&self, other: &Home<'_>) -> bool {
        let households = self.household.zip(other.household);
        self.urn != other.urn || households.is_some_and(|(one, other)| one != other)
    }

    /// Whether two who are with one establishment may yet live in two households of it.
    fn may_be_apart_from(&self, other: &Home<'_>) -> bool {
        match (self.household, other.household) {
            (Some(_), Some(_)) => false,
            (None, None) => self.fostered || other.fostered,
            _ => true,
        }
    }
}

impl State {
    /// The newest referral of the same child by which it has a home or is about to: the one itself, or one that follows from its placement and
    /// is no time away.
    fn newest<'a>(&'a self, referral: &'a Referral) -> &'a Referral {
        let (mut newest, mut seen) = (referral, BTreeSet::new());
        // Links may make a circle.
        while let Some(award) = placed(newest).filter(|award| seen.insert(*award)) {
            let follows = self.staying.follows.iter();
            let next = follows.filter(|(_, it)| it.award == award && it.kind != RESPITE);
            let next = next.filter_map(|(id, _)| self.referrals.get(id)).filter(|it| placed(it).is_some());
            let Some(next) = next.max_by_key(|it| it.posted_at) else { break };
            newest = next;
        }
        newest
    }

    /// Where the child of a referral lives on `today`, a date in England, or is to. None once the placement has ended.
    fn home_of(&self, referral: &Referral, today: Date) -> Option<Home<'_>> {
        let award = placed(self.newest(referral))?;
        let clocks = self.clocks.awards.get(&award);
        if clocks.and_then(|clocks| clocks.ended).is_some_and(|ended| ended <= today) {
            return None;
        }
        let proposed = &self.awards.get(&award)?.proposed;
        let household = clocks.and_then(|clocks| clocks.household.as_ref());
        Some(Home::new(&proposed.urn, household, &proposed.provision))
    }

    fn siblings_of<'a>(&'a self, referral: &'a Referral) -> impl Iterator<Item = &'a Referral> {
        referral.siblings.iter().filter_map(|id| self.referrals.get(id))
    }

    /// Whether the siblings of a referral live together on `today`, a date in England; those whose referral was withdrawn do not count. None for a referral that
    /// has no siblings.
    #[must_use]
    pub fn sibling_outcome(&self, referral: &Referral, today: Date) -> Option<SiblingOutcome> {
        let all = self.siblings_of(referral).chain([referral]);
        let seeking: Vec<&Referral> = all.filter(|it| !matches!(it.stage, Stage::Withdrawn { .. })).collect();
        if referral.siblings.is_empty() {
            return None;
        }
        let awarded = |it: &&&Referral| matches!(self.newest(it).stage, Stage::Awarded { .. });
        let homes: Vec<_> =
            seeking.iter().filter(awarded).filter_map(|referral| self.home_of(referral, today)).collect();
        let any = |apart: &dyn Fn(&Home<'_>, &Home<'_>) -> bool| {
            homes.iter().enumerate().any(|(i, one)| homes[..i].iter().any(|other| apart(one, other)))
        };
        Some(if any(&|one, other| one.is_apart_from(other)) {
            SiblingOutcome::Split
        } else if homes.len() < seeking.len() || homes.len() < 2 {
            SiblingOutcome::Undecided
        } else if any(&|one, other| one.may_be_apart_from(other)) {
            SiblingOutcome::SameAgency
        } else {
            SiblingOutcome::Together
        })
    }

    /// Why siblings of a referral's group part, SIBLING_SPLIT codes, as those of their awards have it that stand.
    #[must_use]
    pub fn split_reasons(&self, referral: &Referral) -> BTreeSet<&str> {
        let all = self.siblings_of(referral).chain([referral]);
        let standing = all.filter_map(|it| match &it.stage {
            Stage::Awarded { award, .. } | Stage::AwardInFlight { award } => self.awards.get(award),
            Stage::Open | Stage::Withdrawn { .. } => None,
        });
        standing
            .filter_map(|it| it.proposed.evidence.choice.as_ref()?.sibling_split_reason.as_deref())
            .collect()
    }

    /// A sibling who lives apart from `home` on `today`, in another establishment or another household, where the form of one of the two says
    /// that they are to live together, or would better.
    pub(crate) fn parted_from(&self, referral: &Referral, home: Home<'_>, today: Date) -> Option<ReferralId> {
        let apart = |it: &&Referral| self.home_of(it, today).is_some_and(|it| it.is_apart_from(&home));
        let mut siblings = self.siblings_of(referral).filter(|it| together(referral) || together(it));
        siblings.find(apart).map(|it| it.id)
    }
}

/// Whether a form says that the child is to live with its siblings, or would better.
fn together(referral: &Referral) -> bool {
    matches!(referral.requirements.profile.siblings.as_deref(), Some("REQUIRED" | "PREFERRED"))
}

/// The award by which the child of a referral has a home, or is about to.
fn placed(referral: &Referral) -> Option<AwardId> {
    match &referral.stage {
        Stage::Awarded { award, .. } | Stage::AwardInFlight { award } => Some(*award),
        Stage::Open | Stage::Withdrawn { .. } => None,
    }
}
