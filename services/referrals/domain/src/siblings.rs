//! Whether siblings live together, as far as the awards of their referrals tell.
//!
//! A council places siblings together so far as is reasonably practicable (Children Act 1989, section 22C(8)(d)). A home is known by its
//! establishment; of a fostering agency that may be its office, so that two children with the same agency need not live in one household.

use crate::state::{Referral, Stage, State};
use care::{EstablishmentUrn, ReferralId};
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
    /// Where a referral's award is, or is on its way to: the establishment, and whether it is fostering.
    fn home_of(&self, referral: &Referral) -> Option<(&EstablishmentUrn, bool)> {
        let (Stage::Awarded { award, .. } | Stage::AwardInFlight { award }) = &referral.stage else {
            return None;
        };
        let proposed = &self.awards.get(award)?.proposed;
        Some((&proposed.urn, proposed.provision.starts_with("FOSTERING")))
    }

    fn siblings_of<'a>(&'a self, referral: &'a Referral) -> impl Iterator<Item = &'a Referral> {
        referral.siblings.iter().filter_map(|id| self.referrals.get(id))
    }

    /// Whether the siblings of a referral live together; those whose referral was withdrawn do not count. None for a referral that
    /// has no siblings.
    #[must_use]
    pub fn sibling_outcome(&self, referral: &Referral) -> Option<SiblingOutcome> {
        let all = self.siblings_of(referral).chain([referral]);
        let seeking: Vec<&Referral> = all.filter(|it| !matches!(it.stage, Stage::Withdrawn { .. })).collect();
        if referral.siblings.is_empty() {
            return None;
        }
        let awarded = |it: &&&Referral| matches!(it.stage, Stage::Awarded { .. });
        let homes: Vec<_> =
            seeking.iter().filter(awarded).filter_map(|referral| self.home_of(referral)).collect();
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

    /// A sibling who has a home in another establishment than `urn`, where the form says that they are to live together, or would
    /// better.
    pub(crate) fn parted_from(&self, referral: &Referral, urn: &EstablishmentUrn) -> Option<ReferralId> {
        let together =
            matches!(referral.requirements.profile.siblings.as_deref(), Some("REQUIRED" | "PREFERRED"));
        let mut siblings = self.siblings_of(referral).filter(|_| together);
        siblings.find(|it| self.home_of(it).is_some_and(|(home, _)| home != urn)).map(|it| it.id)
    }
}
