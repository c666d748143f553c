//! The rules that leave a place out: each with its version, what it reads and why there is one. They are data: the search, its
//! explanations, the digest of a ranking and the page `docs/matching-rules.md` all take them from here.
//!
//! A rule whose meaning changes gets another version, and its old meaning goes on to be found in the history of this file: what was
//! recorded under the old version was right by it.

use crate::impact::IMPACT_VERSION;
use crate::search::RANKING_VERSION;
use std::fmt;

/// What keeps an open place out of a search. In the order in which they are told: what is wrong with the establishment comes before
/// what is wrong with the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Another kind of provision than asked for.
    Provision,
    /// In-house and asked for external, or the reverse.
    Operator,
    /// Unregistered, or its registration is not active.
    Registration,
    /// Under a restriction-of-accommodation notice.
    Restricted,
    /// Below the grade asked for, or ungraded when one was asked for.
    Grade,
    /// Farther than asked for, or where it lies is not known.
    Distance,
    /// In an area that the child must not live in.
    AvoidedArea,
    /// The provider takes nobody in it for now.
    NotAdvertised,
    /// It can only be had later.
    NotAvailable,
    /// The child is too young or too old for it.
    Age,
    /// It takes the other sex only.
    Sex,
    /// It leaves a need unmet, and all were asked for.
    Needs,
    /// The home says that it cannot take a need of the child's at present.
    ExcludedNeed,
    /// A council holds or has it, or a solo placement takes the whole home.
    Claimed,
    /// Somebody is in the establishment or household, and the child must be alone.
    NotEmpty,
    /// Another council pays for some of the nights.
    Reserved,
    /// Another council alone may hold it, by a block contract.
    BlockOfAnotherCouncil,
}

/// A rule in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// The rule.
    pub rule: Rule,
    /// The version of its meaning, from 1.
    pub version: u16,
    /// When it leaves a place out.
    pub excludes: &'static str,
    /// The facts that it reads.
    pub reads: &'static str,
    /// The law or practice that it comes from.
    pub why: &'static str,
    /// What would have to be asked instead.
    pub counterfactual: &'static str,
}

/// Every rule, in its order.
pub const ALL: [About; 17] = [
    About {
        rule: Rule::Provision,
        version: 2,
        excludes: "The establishment gives another kind of provision than any that is asked for. Since version 2 a carer household that is approved for \
                   short breaks only gives those, whatever else its agency does.",
        reads: "The establishment's provision, as registered, and the approval of the household.",
        why: "The care plan says what kind of placement the child needs (Care Planning, Placement and Case Review (England) \
              Regulations 2010).",
        counterfactual: "If this kind were asked for too.",
    },
    About {
        rule: Rule::Operator,
        version: 1,
        excludes: "In-house provision is asked for and the establishment is not the council's own; or external provision, and the \
                   establishment is a council's.",
        reads: "The council that operates the establishment, if one does.",
        why: "Practice: a council's cascade looks at its own provision first, and outside afterwards.",
        counterfactual: "If anybody's provision came into question.",
    },
    About {
        rule: Rule::Registration,
        version: 1,
        excludes: "The establishment is unregistered, or its registration is suspended, resigned or cancelled.",
        reads: "The establishment's provision and the status of its registration.",
        why: "Carrying on an unregistered establishment is an offence (Care Standards Act 2000, section 11).",
        counterfactual: "None: no search may find it.",
    },
    About {
        rule: Rule::Restricted,
        version: 1,
        excludes: "A restriction-of-accommodation notice is in force.",
        reads: "The day the notice was served.",
        why: "Under a notice only a child may stay who was there before (Care Standards Act 2000, section 22B).",
        counterfactual: "None: no search may find it.",
    },
    About {
        rule: Rule::Grade,
        version: 1,
        excludes: "A lowest grade is asked for and the establishment's is lower. An ungraded one stands below those that require \
                   improvement and above those that are inadequate.",
        reads: "The regulator's overall grade.",
        why: "Practice: frameworks and councils gate placements by grade.",
        counterfactual: "If a lower grade would do; or any, for an establishment that is ungraded or inadequate.",
    },
    About {
        rule: Rule::Distance,
        version: 2,
        excludes: "A place to measure from is given, and the establishment lies farther from it than the radius, or where it lies is not \
                   known. Since version 2 of a place in a carer household it is where the household lies, and the agency's office where that \
                   is not told.",
        reads: "The postcode sector of the household, else of the establishment. The distance is the DfE's: the root of the squared differences of the grid \
                references, in miles of 1.6093 km, to one decimal.",
        why: "A placement near home, as far as is practicable (Children Act 1989, section 22C(8)(a)); the distance as the SSDA903 return has it.",
        counterfactual: "If the radius were so much more; or, where it is not known where it lies, if no distance were asked for.",
    },
    About {
        rule: Rule::AvoidedArea,
        version: 2,
        excludes: "The establishment lies in the area of an authority that is to be avoided for this child; since version 2 of a place in a carer household, \
                   the household, or where that is not told its agency.",
        reads: "The upper-tier authority that the household or the establishment lies in.",
        why: "Practice: referrals name where a child was exploited or is at risk (East Riding's specification of a placement; domain words: \
              exploitation geography).",
        counterfactual: "If this area need not be avoided.",
    },
    About {
        rule: Rule::NotAdvertised,
        version: 1,
        excludes: "The provider does not advertise the place. The rules on its first night and on needs then have nothing to read, and those on \
                   age and sex read the registration alone.",
        reads: "Whether there is an advertisement.",
        why: "Practice: a vacancy is not an available bed until its provider says so.",
        counterfactual: "None: it is for the provider to say.",
    },
    About {
        rule: Rule::NotAvailable,
        version: 1,
        excludes: "The place can be had only from a later night than the first one asked for.",
        reads: "The first night that the provider advertises it from.",
        why: "Practice: the provider's own date.",
        counterfactual: "If the first night were that one.",
    },
    About {
        rule: Rule::Age,
        version: 2,
        excludes: "The child is younger or older than the place is advertised for, or the establishment registered for, or under 16 in \
                   supported accommodation; since version 2 also than its carer household is approved for.",
        reads: "The ages advertised, registered and approved, and the kind of provision.",
        why: "The statement of purpose bounds whom a home may admit (Children's Homes (England) Regulations 2015, regulation 14(2)(a)); nobody \
              under 16 in supported accommodation (Supported Accommodation (England) Regulations 2023).",
        counterfactual: "If the child's age were within these; it shows how near it was. None where no age is taken.",
    },
    About {
        rule: Rule::Sex,
        version: 2,
        excludes: "The place is advertised, or the establishment registered, or its carer household approved (since version 2), for the other sex. An unknown sex excludes nothing.",
        reads: "The sexes advertised, registered and approved.",
        why: "As for age: regulation 14(2)(a).",
        counterfactual: "None: it is a fact about the child.",
    },
    About {
        rule: Rule::Needs,
        version: 1,
        excludes: "All needs are asked for, and the place does not say that it can meet each.",
        reads: "The needs that the provider says it can meet.",
        why: "Children are admitted only if their needs are within the range that the home is meant for (regulation 14(2)(a)). Where not all \
              are asked for, unmet needs rank a place lower instead.",
        counterfactual: "If these needs were not asked for.",
    },
    About {
        rule: Rule::ExcludedNeed,
        version: 1,
        excludes: "The child has a need that the home says it cannot take at present.",
        reads: "The needs that the provider excludes in its advertisement.",
        why: "The registered person admits only whom the home can care for beside the children already there (regulation 14(2)(a)); said \
              beforehand, it saves a referral that would be declined.",
        counterfactual: "If the child did not have these needs.",
    },
    About {
        rule: Rule::Claimed,
        version: 2,
        excludes: "A hold, an award or an occupancy takes some of the nights from the first one on, or a solo placement takes the whole \
                   establishment; since version 2 of a place in a carer household, the whole household, or as many children as that is approved for \
                   are there or to come on some of the nights.",
        reads: "The claims on the place, those of solo placements on the establishment or household, and the ends of leases; of a household all claims \
                and reservations, those in its closed places too, and for how many children it is approved.",
        why: "One place takes one child a night.",
        counterfactual: "If the first night were the first free one, where that is known; or if it were asked after the lease of a hold, where \
                         nothing else takes it.",
    },
    About {
        rule: Rule::NotEmpty,
        version: 4,
        excludes: "The child must be alone, and somebody lives in the establishment or will, or a place of it is reserved; the council's own \
                   reservation of this very place does not count. Version 4 looks at the carer household, where the place is in one, and not at its whole agency. Version 3 reads reservations too, version 2 the claims and what the provider \
                   says, version 1 the claims alone.",
        reads: "The claims on any place of the establishment or household and its reservations, and how many children the provider says live there.",
        why: "A solo placement takes the whole home.",
        counterfactual: "If the solo requirement were lifted.",
    },
    About {
        rule: Rule::Reserved,
        version: 2,
        excludes: "Another council has reserved some of the nights from the first one on, or nights before it that are not over, unless the searching \
                   council bought its own of a reservation. The searching council's own reservation leaves nothing out: it is told with the match. Version 2 \
                   reads the nights before too, as a hold and an award do; version 1 did not.",
        reads: "The paid reservations of the place, and which council searches.",
        why: "Practice: councils pay a retainer to keep a bed for days or weeks (Darlington's sufficiency statement 2024-25 reserves in new \
              two-bed homes), and a placement has no end that is known beforehand.",
        counterfactual: "If it were asked once nobody else has a reservation that is not over, for no night before that.",
    },
    About {
        rule: Rule::BlockOfAnotherCouncil,
        version: 2,
        excludes: "By a block contract the first night that a placement would take of it is another council's to hold, or a later one was sold to \
                   another, or another council's block of nights before is not over, unless the searching council bought its own of a reservation. The \
                   searching council's own block leaves nothing out, nor do void nights that it bought: it is told with the match. Version 2 reads the blocks \
                   of nights before too, as a hold and an award do; version 1 did not.",
        reads: "The block contracts of the place, what was resold of them, and which council searches.",
        why: "Practice: a block bed is paid whether filled or not, and its council alone places there (Placements North West's census has \
              block routes of its own).",
        counterfactual: "If it were asked once the block contracts of others are over, for no night before that; or for the first night that is the \
                         council's own.",
    },
];

/// The versions of all that judges: of the order, of the impact table, and of each rule in the order of [`ALL`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Versions {
    pub(crate) ranking: u16,
    pub(crate) impact: u16,
    /// As many as there were rules.
    pub(crate) rules: &'static [u16],
}

/// Those of now.
pub(crate) static NOW: Versions =
    Versions { ranking: RANKING_VERSION, impact: IMPACT_VERSION, rules: &VERSIONS_NOW };

const VERSIONS_NOW: [u16; ALL.len()] = {
    let (mut versions, mut rule) = ([0; ALL.len()], 0);
    while rule < ALL.len() {
        versions[rule] = ALL[rule].version;
        rule += 1;
    }
    versions
};

/// Those by which rankings were judged before, the latest first. A search that was recorded under one of these is made again by it. What rules
/// read of households was not in the market of that time, so that those rules need not know; [`Versions::counts_nights_before`] says what does.
pub(crate) static BEFORE: [Versions; 1] =
    [Versions { ranking: 2, impact: 1, rules: &[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 1, 1] }];

impl Versions {
    /// The version of a rule; that of now for one that is newer than these.
    #[inline]
    pub(crate) fn of(&self, rule: Rule) -> u16 {
        *self.rules.get(rule as usize).unwrap_or(&VERSIONS_NOW[rule as usize])
    }

    /// Whether nights that others agreed before the first one are in the way.
    pub(crate) fn counts_nights_before(&self) -> bool {
        self.of(Rule::Reserved) >= 2
    }
}

impl Rule {
    /// The word it is sent with.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Provision => "PROVISION",
            Self::Operator => "OPERATOR",
            Self::Registration => "REGISTRATION",
            Self::Restricted => "RESTRICTED",
            Self::Grade => "GRADE",
            Self::Distance => "DISTANCE",
            Self::AvoidedArea => "AVOIDED_AREA",
            Self::NotAdvertised => "NOT_ADVERTISED",
            Self::NotAvailable => "NOT_AVAILABLE",
            Self::Age => "AGE",
            Self::Sex => "SEX",
            Self::Needs => "NEEDS",
            Self::ExcludedNeed => "EXCLUDED_NEED",
            Self::Claimed => "CLAIMED",
            Self::NotEmpty => "NOT_EMPTY",
            Self::Reserved => "RESERVED",
            Self::BlockOfAnotherCouncil => "BLOCK_OF_ANOTHER_COUNCIL",
        }
    }

    /// The rule in words.
    #[must_use]
    pub fn about(self) -> &'static About {
        &ALL[self as usize]
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Some rules, a bit for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RuleSet(u32);

impl RuleSet {
    /// These and another.
    #[inline]
    pub(crate) fn with(self, rule: Rule) -> Self {
        Self(self.0 | 1 << rule as u32)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn bits(self) -> u32 {
        self.0
    }

    /// Takes out the first of the rules.
    #[inline]
    pub(crate) fn take_first(&mut self) -> Option<Rule> {
        let rule = RULES.get(self.0.trailing_zeros() as usize)?;
        self.0 &= self.0 - 1;
        Some(*rule)
    }
}

/// The rules alone, in their order: what is said of them takes more room than a reader of many findings has near at hand.
const RULES: [Rule; ALL.len()] = {
    let (mut rules, mut at) = ([ALL[0].rule; ALL.len()], 0);
    while at < ALL.len() {
        rules[at] = ALL[at].rule;
        at += 1;
    }
    rules
};

#[cfg(test)]
mod tests {
    use super::{ALL, Rule, RuleSet};

    #[test]
    fn the_registry_is_in_the_order_of_the_rules() {
        for (position, about) in ALL.iter().enumerate() {
            assert_eq!(about.rule as usize, position, "{}", about.rule);
            assert_eq!(about.rule.about().rule, about.rule);
        }
        let mut words: Vec<_> = ALL.iter().map(|about| about.rule.word()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), ALL.len(), "no word is there twice");
    }

    #[test]
    fn a_set_gives_its_rules_in_order() {
        let mut set = RuleSet::default();
        assert!(set.is_empty() && set.take_first().is_none());
        for rule in [Rule::NotEmpty, Rule::Provision, Rule::Age] {
            set = set.with(rule);
        }
        let rules: Vec<Rule> = std::iter::from_fn(|| set.take_first()).collect();
        assert_eq!(rules, [Rule::Provision, Rule::Age, Rule::NotEmpty]);
    }
}
