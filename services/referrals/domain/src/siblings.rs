//! Whether siblings live together, as far as the awards of their referrals tell.
//!
//! A council places siblings together so far as is reasonably practicable (Children Act 1989, section 22C(8)(d)). A home is known by its
//! establishment; of a fostering agency that may be its office, so that two children with the same agency need not live in one household.

use crate::state::{Referral, Stage, State};
use crate::staying::RESPITE;
use care::{AwardId, Date, EstablishmentUrn, ReferralId};
use std::collections::BTreeSet;

/// How many siblings a group can have, as in `sibling_group_size`.
pub const SIBLINGS_MAX: usize = 12;

/// Whether siblings live together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiblingOutcome {
    /// Not all of those who seek a home have one, and those who have do not live apart.
    Undecided,
    /// All in one establishment.
    Together,
    /// All with one fostering agency; whether in one household is not known here.
    SameAgency,
    /// Two of them at least in different establishments.
    Split,
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

    /// Where the child of a referral lives on `today`, a date in England, or is to: the establishment, and whether it is fostering. None once
    /// the placement has ended.
    fn home_of(&self, referral: &Referral, today: Date) -> Option<(&EstablishmentUrn, bool)> {
        let award = placed(self.newest(referral))?;
        let ended = self.clocks.awards.get(&award).and_then(|clocks| clocks.ended);
        if ended.is_some_and(|ended| ended <= today) {
            return None;
        }
        let proposed = &self.awards.get(&award)?.proposed;
        Some((&proposed.urn, proposed.provision.starts_with("FOSTERING")))
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
        let urns: BTreeSet<_> = homes.iter().map(|(urn, _)| *urn).collect();
        Some(match urns.len() {
            2.. => SiblingOutcome::Split,
            1 if homes.len() == seeking.len() && homes.len() > 1 => {
                let fostering = homes.iter().any(|(_, fostering)| *fostering);
                if fostering { SiblingOutcome::SameAgency } else { SiblingOutcome::Together }
            }
            _ => SiblingOutcome::Undecided,
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

    /// A sibling who has a home in another establishment than `urn` on `today`, where the form of one of the two says that they are to live
    /// together, or would better.
    pub(crate) fn parted_from(
        &self,
        referral: &Referral,
        urn: &EstablishmentUrn,
        today: Date,
    ) -> Option<ReferralId> {
        let apart = |it: &&Referral| self.home_of(it, today).is_some_and(|(home, _)| home != urn);
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
