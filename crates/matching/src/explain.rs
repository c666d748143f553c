//! Why each place was left out: every rule that it fails, the fact that the rule read, and what would have to be asked instead.

use crate::bits::each_of;
use crate::criteria::Criteria;
use crate::digest::versions_named;
use crate::found::SearchResult;
use crate::index::{Home, Index};
use crate::judged::Judged;
use crate::needs::NeedSet;
use crate::rules::{Rule, RuleSet};
use crate::search::Question;
use care::market::{RegistrationStatus, Sexes, UNREGISTERED};
use care::{CouncilId, Date, EstablishmentUrn, PlaceId, ProviderId, Timestamp};
use geography::Miles;

/// The lowest grade that can be asked for, requires improvement, by `grade_rank`.
const LOWEST_RANK_ASKED: u8 = 2;

/// A search that judged every open place by every rule. Texts are made of what is shown; the rest is values.
pub struct Explanation<'a> {
    pub(crate) question: Question<'a>,
    pub(crate) judged: Judged,
}

/// A place that was left out.
#[derive(Clone, Copy)]
pub struct Excluded<'a> {
    question: &'a Question<'a>,
    entry: usize,
    failed: RuleSet,
}

/// Every rule that a place fails, in the order of the rules.
pub struct Findings<'a> {
    of: Excluded<'a>,
    left: RuleSet,
}

impl<'a> Iterator for Findings<'a> {
    type Item = Finding<'a>;

    #[inline]
    fn next(&mut self) -> Option<Finding<'a>> {
        let rule = self.left.take_first()?;
        let version = self.of.question.versions.of(rule);
        Some(self.of.finding(rule, version, |finding| finding))
    }
}

/// A rule that a place fails. Of a search there are some hundred thousand, so that it is kept short: what is long is where it lies.
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
    Provision(&'a String),
    /// The council that operates it, if one does.
    OperatedBy(Option<CouncilId>),
    /// It is unregistered.
    Unregistered,
    /// The status of its registration.
    Status(RegistrationStatus),
    /// Since when a notice restricts it.
    RestrictedOn(Option<Date>),
    /// Its grade, a code of `code_sets::GRADE`.
    Grade(&'a String),
    /// How far it is; none if where it lies is not known.
    Distance(Option<Miles>),
    /// The upper-tier authority it lies in, a GSS code.
    LiesIn(&'a String),
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
        /// As registered, or as its household is approved where the establishment is registered for both.
        registered: Sexes,
    },
    /// Of the needs asked for, those that it does not say it can meet. A need that no code set has is not among them.
    Unmet(NeedSet),
    /// Of the needs asked for, those that the home cannot take.
    CannotTake(NeedSet),
    /// Who has it.
    Claimed {
        /// Whether a solo placement takes the whole home: the establishment, or the household that the place is in.
        whole_establishment: bool,
        /// Whether an award or an occupancy takes it.
        taken: bool,
        /// The first night that is free of those, where it is known.
        free_from: Option<Date>,
        /// When the lease of a hold ends, if one is in force.
        held_until: Option<&'a Timestamp>,
    },
    /// As many children as its household is approved for are there or to come.
    HouseholdFull {
        /// How many.
        children: u8,
    },
    /// The first night that no other council has reserved.
    ReservedUntil(Date),
    /// The first night after the block contracts.
    BlockedUntil(Date),
    /// Who is in the establishment, or the household that the place is in.
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
    ProvisionToo(&'a String),
    /// Anybody's provision.
    AnyOperator,
    /// At least this grade.
    GradeAtLeast(&'a String),
    /// Whatever grade.
    AnyGrade,
    /// So much farther.
    RadiusMore(Miles),
    /// However far.
    AnyDistance,
    /// In this area too, a GSS code.
    AreaToo(&'a String),
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
    AskedFrom(&'a Timestamp),
    /// On this day or later, and for no night before it.
    OnceOver(Date),
    /// No need to be alone.
    SoloLifted,
}

impl Index {
    /// Judges every open place by every rule, as of `at`.
    #[must_use]
    pub fn explain<'a>(&'a self, criteria: &'a Criteria, at: Timestamp) -> Explanation<'a> {
        self.judge(Question::new(self, criteria, at, true))
    }

    /// The same by the versions of the rules that a name stands for, see [`rules_name`](crate::rules_name): those of now, or those of before, by
    /// which a search was recorded. None for a name that is not known.
    #[must_use]
    pub fn explain_under<'a>(
        &'a self,
        criteria: &'a Criteria,
        at: Timestamp,
        rules: &str,
    ) -> Option<Explanation<'a>> {
        let versions = versions_named(rules)?;
        let mut question = Question::new(self, criteria, at, true);
        question.versions = versions;
        Some(self.judge(question))
    }

    fn judge<'a>(&'a self, question: Question<'a>) -> Explanation<'a> {
        let judged = Judged::of(&question);
        Explanation { question, judged }
    }
}

impl Explanation<'_> {
    /// The same as [`Index::search`] finds.
    #[must_use]
    pub fn result(&self, limit: usize) -> SearchResult {
        self.question.result(&self.judged.passing, self.judged.firsts(), limit)
    }

    /// How many findings there are of all places that were left out: the rules that they fail, summed up.
    #[must_use]
    pub fn findings_total(&self) -> u64 {
        let mut total = 0;
        for block in self.judged.blocks() {
            block.by_rule(|_, failing| total += u64::from(failing.count_ones()));
        }
        total
    }

    /// The first `limit` places that one rule alone left out and that another question would find: in the order of the rules, the
    /// nearest first, then by place id.
    #[must_use]
    pub fn near_misses(&self, limit: usize) -> Vec<Excluded<'_>> {
        let asked_otherwise =
            |it: &Excluded<'_>| it.findings().all(|finding| finding.counterfactual.is_some());
        let mut alone = Vec::new();
        for block in self.judged.blocks() {
            let mut one = |entry| alone.push(self.left_out(entry, block.failed(entry % 64)));
            each_of(block.word, block.once(), &mut one);
        }
        alone.retain(asked_otherwise);
        alone.sort_by_cached_key(|it| {
            let distance = self.question.distance(it.entry);
            (it.failed.bits().trailing_zeros(), distance.is_none(), distance, it.place())
        });
        alone.truncate(limit);
        alone
    }

    /// Every place that was left out, in no order that means anything. Whoever reads all that is said of all of them reads it faster with
    /// [`Explanation::read_out`].
    pub fn excluded(&self) -> impl Iterator<Item = Excluded<'_>> {
        self.judged.blocks().flat_map(move |block| {
            let out = block.out();
            let left_out = (0..64).filter(move |bit| out >> bit & 1 == 1);
            left_out.map(move |bit| self.left_out(block.word * 64 + bit, block.failed(bit)))
        })
    }

    /// A place with the rules that it fails.
    #[inline]
    pub(crate) fn left_out(&self, entry: usize, failed: RuleSet) -> Excluded<'_> {
        Excluded { question: &self.question, entry, failed }
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

    /// Its provider.
    #[must_use]
    pub fn provider(&self) -> &'a ProviderId {
        &self.home().provider
    }

    #[inline]
    fn home(&self) -> &'a Home {
        self.question.index.home(self.entry)
    }

    /// How many rules it fails.
    #[must_use]
    pub fn failed(&self) -> u32 {
        self.failed.bits().count_ones()
    }

    /// Every rule that it fails, in the order of the rules.
    #[inline]
    pub fn findings(&self) -> Findings<'a> {
        Findings { of: *self, left: self.failed }
    }

    /// Tells `with` what a rule of a version read, and what would have to be asked for it to pass.
    #[inline(always)]
    pub(crate) fn finding<R>(&self, rule: Rule, version: u16, with: impl FnOnce(Finding<'a>) -> R) -> R {
        let (question, entry) = (self.question, self.entry);
        let row = &question.index.entries.row[entry];
        // Each way makes the whole finding where it is wanted: one put together from parts afterwards, or handed back and then put where
        // it is wanted, is copied, which took longer than to find it.
        let told = |fact, counterfactual| with(Finding { rule, version, fact, counterfactual });
        match rule {
            Rule::Provision => {
                let provision = question.index.tally.name(row.provision);
                told(Fact::Provision(provision), Some(Counterfactual::ProvisionToo(provision)))
            }
            Rule::Operator => {
                told(Fact::OperatedBy(self.home().operated_by), Some(Counterfactual::AnyOperator))
            }
            Rule::Registration if question.index.tally.name(row.provision) == UNREGISTERED => {
                told(Fact::Unregistered, None)
            }
            Rule::Registration => told(Fact::Status(question.index.entries.status[entry]), None),
            Rule::Restricted => told(Fact::RestrictedOn(self.home().restricted_on), None),
            Rule::Grade => {
                let grade = &self.home().grade;
                let may_be_asked = row.grade_rank <= LOWEST_RANK_ASKED;
                let at_least = may_be_asked.then_some(Counterfactual::GradeAtLeast(grade));
                told(Fact::Grade(grade), at_least.or(Some(Counterfactual::AnyGrade)))
            }
            Rule::Distance => {
                let distance = question.distance(entry);
                let instead = match (distance, question.criteria.within) {
                    (Some(distance), Some(within)) => {
                        let tenths = distance.tenths.saturating_sub(within.tenths);
                        Counterfactual::RadiusMore(Miles { tenths })
                    }
                    _ => Counterfactual::AnyDistance,
                };
                told(Fact::Distance(distance), Some(instead))
            }
            Rule::AvoidedArea => {
                let area = &self.home().utla;
                told(Fact::LiesIn(area), Some(Counterfactual::AreaToo(area)))
            }
            Rule::NotAdvertised => told(Fact::NotAdvertised, None),
            Rule::NotAvailable => {
                let date = question.index.entries.available_from[entry];
                told(Fact::AvailableFrom(date), date.map(Counterfactual::FirstNight))
            }
            Rule::Age => {
                let (from, to) = (row.age_from, row.age_to);
                let within = Counterfactual::AgeWithin { from, to };
                told(Fact::Ages { from, to }, (from <= to).then_some(within))
            }
            Rule::Sex => {
                let (advertised, registered) = question.index.entries.sexes[entry];
                told(Fact::Sexes { advertised, registered }, None)
            }
            Rule::Needs => {
                let unmet = question.needs.without(row.needs);
                // A need that no code set has cannot be named, and nothing else of the request would help.
                let all = question.needs.len() as usize == question.criteria.needs.len();
                told(Fact::Unmet(unmet), all.then_some(Counterfactual::WithoutNeeds(unmet)))
            }
            Rule::ExcludedNeed => {
                let needs = question.needs.and(row.excluded);
                told(Fact::CannotTake(needs), Some(Counterfactual::WithoutNeeds(needs)))
            }
            Rule::Claimed => {
                let (fact, counterfactual) = self.claimed();
                told(fact, counterfactual)
            }
            Rule::NotEmpty => told(self.occupied(), Some(Counterfactual::SoloLifted)),
            Rule::Reserved => {
                let others = question.agreed(entry).flat_map(|it| question.reserved_against(it));
                let until = others.map(|it| it.until).max().unwrap_or(Date::MAX);
                // By earlier versions what is reserved before the first night was not in the way.
                let before = question.versions.counts_nights_before();
                let instead = if before { Counterfactual::OnceOver } else { Counterfactual::FirstNight };
                told(Fact::ReservedUntil(until), Some(instead(until)))
            }
            Rule::BlockOfAnotherCouncil => {
                let (council, today) = (question.criteria.council, question.nights_count_from());
                let others = question.agreed(entry).flat_map(|it| question.blocks_against(it));
                let over = others.filter(|it| it.is_of_another(council, today)).map(|it| it.terms.until);
                let over = over.max().filter(|_| question.versions.counts_nights_before());
                let right = question.right_from(entry);
                let until = over.map_or(right, |over| over.max(right));
                // Its own last nights it can have while those before are another's.
                let own = over.is_none().then_some(Counterfactual::FirstNight(until));
                told(Fact::BlockedUntil(until), own.or(Some(Counterfactual::OnceOver(until))))
            }
        }
    }

    fn claimed(&self) -> (Fact<'a>, Option<Counterfactual<'a>>) {
        let (from, solo) = (self.question.from, self.question.solo_until(self.entry));
        let until = self.question.index.entries.row[self.entry].taken_until.max(solo);
        let (taken, held_until) = (until > from, self.question.held_until(self.entry));
        let (question, first) = (self.question, self.question.nights.start());
        let full = |first, at| question.full_for(self.entry, first, at);
        if !taken
            && held_until.is_none()
            && let Some(children) = full(first, question.at)
        {
            return (Fact::HouseholdFull { children }, None);
        }
        let free_from = until.known_end().filter(|_| taken);
        let instead = match held_until {
            None => {
                let open = free_from.filter(|date| full(*date, question.at).is_none());
                open.map(Counterfactual::FirstNight)
            }
            Some(until) => {
                (!taken && full(first, *until).is_none()).then_some(Counterfactual::AskedFrom(until))
            }
        };
        (Fact::Claimed { whole_establishment: solo > from, taken, free_from, held_until }, instead)
    }

    fn occupied(&self) -> Fact<'a> {
        let claimed = self.question.claimed_home(self.entry);
        let stated = self.question.index.entries.row[self.entry].mix.map_or(0, |group| group.children);
        Fact::Occupied { claimed, stated }
    }
}
