//! Why each place was left out: every rule that it fails, the fact that the rule read, and what would have to be asked instead.

use crate::bits::Bits;
use crate::criteria::{Criteria, grade_rank};
use crate::found::SearchResult;
use crate::index::{Home, Index};
use crate::needs::NeedSet;
use crate::rules::{ALL, Rule, RuleSet};
use crate::search::Question;
use care::market::{RegistrationStatus, Sexes, UNREGISTERED};
use care::{CouncilId, Date, EstablishmentUrn, PlaceId, Timestamp};
use geography::Miles;
use std::collections::BTreeMap;

/// A search that judged every open place by every rule. Texts are made of what is shown; the rest is values.
pub struct Explanation<'a> {
    pub(crate) question: Question<'a>,
    /// By entry, the rules that it fails; none of a closed one.
    pub(crate) failed: Vec<RuleSet>,
    passing: Bits,
}

/// A place that was left out.
#[derive(Clone, Copy)]
pub struct Excluded<'a> {
    question: &'a Question<'a>,
    entry: usize,
    failed: RuleSet,
}

/// A rule that a place fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding<'a> {
    /// The rule.
    pub rule: Rule,
    /// The version of the rule.
    pub version: u16,
    /// What the rule read.
    pub fact: Fact<'a>,
    /// What would have to be asked instead, as far as this rule goes; none where nothing that is asked would help.
    pub counterfactual: Option<Counterfactual<'a>>,
}

/// What a rule read of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact<'a> {
    /// The kind of provision, a code of `code_sets::PROVISION`.
    Provision(&'a str),
    /// The council that operates it, if one does.
    OperatedBy(Option<CouncilId>),
    /// It is unregistered.
    Unregistered,
    /// The status of its registration.
    Status(RegistrationStatus),
    /// Since when a notice restricts it.
    RestrictedOn(Option<Date>),
    /// Its grade, a code of `code_sets::GRADE`.
    Grade(&'a str),
    /// How far it is; none if where it lies is not known.
    Distance(Option<Miles>),
    /// It is not advertised.
    NotAdvertised,
    /// From when it is advertised.
    AvailableFrom(Option<Date>),
    /// The ages that it takes, in years; none where the first is above the last.
    Ages {
        /// The youngest.
        from: u8,
        /// The oldest.
        to: u8,
    },
    /// Whom it takes.
    Sexes {
        /// As advertised.
        advertised: Sexes,
        /// As registered.
        registered: Sexes,
    },
    /// Of the needs asked for, those that it does not say it can meet. A need that no code set has is not among them.
    Unmet(NeedSet),
    /// Of the needs asked for, those that the home cannot take.
    CannotTake(NeedSet),
    /// Who has it.
    Claimed {
        /// Whether a solo placement takes the whole establishment.
        whole_establishment: bool,
        /// Whether an award or an occupancy takes it.
        taken: bool,
        /// The first night that is free of those, where it is known.
        free_from: Option<Date>,
        /// When the lease of a hold ends, if one is in force.
        held_until: Option<Timestamp>,
    },
    /// Who is in the establishment.
    Occupied {
        /// Whether a claim says so.
        claimed: bool,
        /// How many children the provider says live there.
        stated: u16,
    },
}

/// What would have to be asked instead for one rule to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counterfactual<'a> {
    /// This kind of provision too.
    ProvisionToo(&'a str),
    /// Anybody's provision.
    AnyOperator,
    /// At least this grade.
    GradeAtLeast(&'a str),
    /// Whatever grade.
    AnyGrade,
    /// So much farther.
    RadiusMore(Miles),
    /// However far.
    AnyDistance,
    /// The first night.
    FirstNight(Date),
    /// A child of one of these ages, in years.
    AgeWithin {
        /// The youngest.
        from: u8,
        /// The oldest.
        to: u8,
    },
    /// The needs without these.
    WithoutNeeds(NeedSet),
    /// The same, from this instant on.
    AskedFrom(Timestamp),
    /// No need to be alone.
    SoloLifted,
}

impl Index {
    /// Judges every open place by every rule, as of `at`.
    #[must_use]
    pub fn explain<'a>(&'a self, criteria: &'a Criteria, at: Timestamp) -> Explanation<'a> {
        let question = Question::new(self, criteria, at, true);
        let open = &self.sets.open;
        let (mut failed, mut passing) = (vec![RuleSet::default(); self.entries.place.len()], open.clone());
        for about in &ALL {
            let failing = question.failing(about.rule, open);
            failing.iter().for_each(|entry| failed[entry].add(about.rule));
            passing = passing.without(&failing);
        }
        Explanation { question, failed, passing }
    }
}

impl Explanation<'_> {
    /// The same as [`Index::search`] finds.
    #[must_use]
    pub fn result(&self, limit: usize) -> SearchResult {
        let mut excluded = BTreeMap::new();
        for first in self.failed.iter().filter_map(|failed| failed.iter().next()) {
            *excluded.entry(first).or_default() += 1;
        }
        let matches_total = self.passing.count();
        SearchResult { matches: self.question.best(&self.passing, limit), matches_total, excluded }
    }

    /// Every place that was left out, in order of place id.
    pub fn excluded(&self) -> impl Iterator<Item = Excluded<'_>> {
        let question = &self.question;
        let judged = question.index.by_id.iter().map(|entry| (*entry, self.failed[*entry]));
        judged.filter(|(_, failed)| !failed.is_empty()).map(move |(entry, failed)| Excluded {
            question,
            entry,
            failed,
        })
    }
}

impl<'a> Excluded<'a> {
    /// The place.
    #[must_use]
    pub fn place(&self) -> &'a PlaceId {
        &self.question.index.entries.place[self.entry]
    }

    /// Its establishment.
    #[must_use]
    pub fn urn(&self) -> &'a EstablishmentUrn {
        &self.home().urn
    }

    /// Every rule that it fails, in the order of the rules.
    pub fn findings(&self) -> impl Iterator<Item = Finding<'a>> {
        let it = *self;
        it.failed.iter().map(move |rule| {
            let fact = it.fact(rule);
            Finding { rule, version: rule.about().version, fact, counterfactual: it.instead(fact) }
        })
    }

    fn home(&self) -> &'a Home {
        self.question.index.home(self.entry)
    }

    fn fact(&self, rule: Rule) -> Fact<'a> {
        let (question, entry) = (self.question, self.entry);
        let entries = &question.index.entries;
        match rule {
            Rule::Provision => Fact::Provision(&self.home().provision),
            Rule::Operator => Fact::OperatedBy(self.home().operated_by),
            Rule::Registration if self.home().provision == UNREGISTERED => Fact::Unregistered,
            Rule::Registration => Fact::Status(self.home().status),
            Rule::Restricted => Fact::RestrictedOn(self.home().restricted_on),
            Rule::Grade => Fact::Grade(&self.home().grade),
            Rule::Distance => Fact::Distance(question.distance(entry)),
            Rule::NotAdvertised => Fact::NotAdvertised,
            Rule::NotAvailable => Fact::AvailableFrom(entries.available_from[entry].date()),
            Rule::Age => Fact::Ages { from: entries.age_from[entry], to: entries.age_to[entry] },
            Rule::Sex => Fact::Sexes { advertised: entries.sexes[entry], registered: self.home().sexes },
            Rule::Needs => Fact::Unmet(question.needs.without(entries.needs[entry])),
            Rule::ExcludedNeed => Fact::CannotTake(question.needs.and(entries.excluded[entry])),
            Rule::Claimed => self.claimed(),
            Rule::NotEmpty => Fact::Occupied {
                claimed: self.home().taken_until > question.from
                    || self.home().entries.iter().any(|entry| self.held(*entry).is_some()),
                stated: entries.mix[entry].map_or(0, |group| group.children),
            },
        }
    }

    /// When the lease of a hold in force ends.
    fn held(&self, entry: usize) -> Option<Timestamp> {
        self.question.index.held.get(&entry).copied().filter(|expires_at| *expires_at > self.question.at)
    }

    fn claimed(&self) -> Fact<'a> {
        let (from, solo) = (self.question.from, self.home().solo_until);
        let until = self.question.index.entries.taken_until[self.entry].max(solo);
        Fact::Claimed {
            whole_establishment: solo > from,
            taken: until > from,
            free_from: until.known_end().filter(|_| until > from),
            held_until: self.held(self.entry),
        }
    }

    /// What would have to be asked for the rule that read `fact` to pass.
    fn instead(&self, fact: Fact<'a>) -> Option<Counterfactual<'a>> {
        let within = self.question.criteria.within;
        match fact {
            Fact::Provision(code) => Some(Counterfactual::ProvisionToo(code)),
            Fact::OperatedBy(_) => Some(Counterfactual::AnyOperator),
            Fact::Grade(grade) if grade_rank(grade) <= grade_rank("REQUIRES_IMPROVEMENT") => {
                Some(Counterfactual::GradeAtLeast(grade))
            }
            Fact::Grade(_) => Some(Counterfactual::AnyGrade),
            Fact::Distance(distance) => {
                let more = distance.zip(within).map(|(distance, within)| {
                    Counterfactual::RadiusMore(Miles {
                        tenths: distance.tenths.saturating_sub(within.tenths),
                    })
                });
                Some(more.unwrap_or(Counterfactual::AnyDistance))
            }
            Fact::AvailableFrom(date) => date.map(Counterfactual::FirstNight),
            Fact::Ages { from, to } => (from <= to).then_some(Counterfactual::AgeWithin { from, to }),
            // A need that no code set has cannot be named, and nothing else of the request would help.
            Fact::Unmet(needs) => (needs.len() as usize == self.question.unmet_needs(self.entry).count())
                .then_some(Counterfactual::WithoutNeeds(needs)),
            Fact::CannotTake(needs) => Some(Counterfactual::WithoutNeeds(needs)),
            Fact::Claimed { taken: true, free_from, held_until: None, .. } => {
                free_from.map(Counterfactual::FirstNight)
            }
            Fact::Claimed { taken: false, held_until, .. } => held_until.map(Counterfactual::AskedFrom),
            Fact::Occupied { .. } => Some(Counterfactual::SoloLifted),
            Fact::Claimed { .. }
            | Fact::Unregistered
            | Fact::Status(_)
            | Fact::RestrictedOn(_)
            | Fact::NotAdvertised
            | Fact::Sexes { .. } => None,
        }
    }
}
