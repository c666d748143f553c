//! What nights are charged on: a placement's agreement, or nights that were agreed beforehand. It has dated price lines, funders by
//! date, and the facts that say which nights are paid at all.

use crate::journal::EntryId;
use crate::tax::Supply;
use care::published::{AbsenceRule, AbsenceRulesFrom, FunderShare, FundersFrom, PriceLine, TermLine};
use care::{
    AgreementId, CouncilId, Date, EstablishmentUrn, Nights, Pence, PlaceId, ProviderId, ReferralId, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Subject {
    /// A child's placement.
    Placement,
    /// A place that is reserved: its nights until the child comes.
    Reservation,
    /// A block bed: its nights on which no child of the council is there.
    Block,
    /// Nights bought of another council, which is paid for them.
    Bought,
    /// Nights sold to another council, which pays for them.
    Sold,
}

impl Subject {
    /// Whether it was agreed before any child was to come.
    #[must_use]
    pub fn is_beforehand(self) -> bool {
        self != Self::Placement
    }

    /// The kind of its one line, a code of `code_sets::CHARGE_LINE`; none of a placement.
    #[must_use]
    pub fn line(self) -> Option<&'static str> {
        match self {
            Self::Placement => None,
            Self::Reservation => Some("RETAINER"),
            Self::Block => Some("VOID"),
            Self::Bought | Self::Sold => Some("RESALE"),
        }
    }

    /// The id of nights agreed beforehand: derived from the place and the token that the market gave them there, so that what is
    /// told twice is opened once.
    #[must_use]
    pub fn id(self, place: &PlaceId, token: u64) -> AgreementId {
        let kind = match self {
            Self::Placement => "placement",
            Self::Reservation => "reservation",
            Self::Block => "block",
            Self::Bought => "bought",
            Self::Sold => "sold",
        };
        AgreementId(Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{kind}|{place}|{token}").as_bytes()))
    }
}

/// The price as it was last told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Its version: that of the agreement as it was issued is 1.
    pub version: u32,
    /// Every line, in order of their numbers.
    pub lines: Vec<TermLine>,
    /// Who pays, in order of dates; the first pay the nights before their date too.
    pub funders: Vec<FundersFrom>,
    /// What is paid while the child is away, before the first day of `absence_rules_from`.
    pub absence_rules: Vec<AbsenceRule>,
    /// What is paid while the child is away from a day on, in order of dates.
    #[serde(default)]
    pub absence_rules_from: Vec<AbsenceRulesFrom>,
}

impl Terms {
    /// The terms of one price for all nights.
    #[must_use]
    pub fn issued(from: Date, lines: &[PriceLine], funders: &[FunderShare]) -> Self {
        let line = |(line, priced): (u32, &PriceLine)| TermLine {
            line,
            kind: priced.kind.clone(),
            weekly: priced.weekly,
            from,
            until: priced.until,
            cause: "ISSUED".to_owned(),
            note: String::new(),
            worked_out: String::new(),
        };
        Self {
            version: 1,
            lines: (1..).zip(lines).map(line).collect(),
            funders: vec![FundersFrom { from, funders: funders.to_vec() }],
            absence_rules: Vec::new(),
            absence_rules_from: Vec::new(),
        }
    }

    /// Who pays a night, and from which night on they do; from the first night there is where nobody paid before.
    pub(crate) fn funders_on(&self, night: Date) -> (Option<Date>, &[FunderShare]) {
        let last = self.funders.iter().enumerate().rfind(|(_, funders)| funders.from <= night);
        match last.or(self.funders.first().map(|first| (0, first))) {
            Some((0, first)) => (None, &first.funders),
            Some((_, later)) => (Some(later.from), &later.funders),
            None => (None, &[]),
        }
    }

    /// The absence rules with the nights that each of them holds for, in order; nights on which no rules were agreed are left out.
    pub(crate) fn absence_rules_by_night(&self) -> Vec<(Nights, &[AbsenceRule])> {
        let dated = self.absence_rules_from.iter().map(|it| (it.from, it.rules.as_slice()));
        let all: Vec<_> = std::iter::once((Date::MIN, self.absence_rules.as_slice())).chain(dated).collect();
        let until = |n: usize| all.get(n + 1).map(|(from, _)| *from);
        let each = all.iter().enumerate();
        each.map(|(n, (from, rules))| (Nights::from_on(*from, until(n)), *rules)).collect()
    }

    /// The parts of `nights` that the same funders pay.
    pub(crate) fn by_funders(&self, nights: Nights) -> Vec<Nights> {
        let turns = self.funders.iter().skip(1).map(|funders| funders.from);
        cut(nights, turns)
    }
}

/// Cuts `nights` at each of `days` that lies within, which are in order.
pub(crate) fn cut(nights: Nights, days: impl Iterator<Item = Date>) -> Vec<Nights> {
    let mut parts = Vec::new();
    let mut start = nights.start();
    for day in days.filter(|day| nights.start() < *day && *day < nights.end()).chain([nights.end()]) {
        parts.extend(Nights::new(start, day).ok().filter(|part| !part.is_empty()));
        start = start.max(day);
    }
    parts
}

/// The nights in both; none where there are none.
pub(crate) fn common(one: Nights, other: Nights) -> Option<Nights> {
    Nights::new(one.start().max(other.start()), one.end().min(other.end()))
        .ok()
        .filter(|both| !both.is_empty())
}

/// What is left of `from` without `taken`; both are in order and have no night twice.
pub(crate) fn without(from: &[Nights], taken: &[Nights]) -> Vec<Nights> {
    let mut left = Vec::new();
    for nights in from {
        let mut start = nights.start();
        for gone in taken.iter().filter(|gone| gone.overlaps(nights)) {
            left.extend(Nights::new(start, gone.start()).ok().filter(|part| !part.is_empty()));
            start = start.max(gone.end());
        }
        left.extend(Nights::new(start, nights.end()).ok().filter(|part| !part.is_empty()));
    }
    left
}

/// Nights in order, those that overlap or touch as one.
pub(crate) fn joined(mut all: Vec<Nights>) -> Vec<Nights> {
    all.sort_by_key(|nights| (nights.start(), nights.end()));
    let mut joined: Vec<Nights> = Vec::with_capacity(all.len());
    for nights in all {
        match joined.last_mut() {
            Some(last) if nights.start() <= last.end() => {
                *last = Nights::from_on(last.start(), Some(last.end().max(nights.end())));
            }
            _ => joined.push(nights),
        }
    }
    joined
}

/// The child was away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    /// How often it was told; the highest counts.
    pub revision: u32,
    /// A code of `code_sets::ABSENCE`.
    pub kind: String,
    /// The first night away.
    pub from: Date,
    /// The day of return, whose night is spent there again.
    pub until: Option<Date>,
}

/// A Staying Put arrangement after the placement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StayingPut {
    /// The 18th birthday, its first night.
    pub from: Date,
    /// The weekly price by line.
    pub lines: Vec<PriceLine>,
    /// The day of departure, which is not paid.
    pub until: Option<Date>,
    /// When its latest news was recorded.
    pub at: Timestamp,
}

/// The end of a placement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departure {
    /// The day of departure, which is not paid.
    pub on: Date,
    /// A code of `code_sets::REASON_PLACE_CHANGE`; of nights agreed beforehand, why they end.
    pub reason: String,
    /// When it was recorded; an older record does not replace it.
    pub at: Timestamp,
}

/// A payment for an outcome, as it stands charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomePaid {
    /// The charge.
    pub charge: EntryId,
    /// What is paid, without VAT.
    pub amount: Pence,
    /// The day on which the outcome was achieved.
    pub achieved_on: Date,
}

/// A charge that was not taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The charge.
    pub charge: EntryId,
    /// The day after its last night.
    pub until: Date,
}

/// An agreement, and how far its nights are charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// The agreement; of nights agreed beforehand see [`Subject::id`].
    pub id: AgreementId,
    /// What is paid for.
    pub subject: Subject,
    /// The referral it came from, if it came from one.
    pub referral: Option<ReferralId>,
    /// Who is paid; of nights bought or sold the other council, as `council-{gss}`.
    pub provider: ProviderId,
    /// The other council, where nights are bought or sold.
    pub other_council: Option<CouncilId>,
    /// The reservation or block that sold nights are of, by the id it has here.
    pub sold_of: Option<AgreementId>,
    /// A code of `code_sets::PROVISION`, by which the expense is booked; of nights agreed beforehand the kind of their line.
    pub provision: String,
    /// Whether it is the council's own provision.
    pub in_house: bool,
    /// The place; unknown where the agreement was opened before places were noted.
    pub place: Option<PlaceId>,
    /// The home, whose registration VAT goes by; unknown where the agreement was opened before homes were noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urn: Option<EstablishmentUrn>,
    /// How VAT sees the supply, by date; nothing where nothing was told of home and supplier.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supply: Vec<Supply>,
    /// The day after the last night, or the day of an outcome, that was charged with VAT while nothing was told of the supplier: so it was before the
    /// council recorded who has a VAT number. Until that is told of those nights they bear VAT as they did, whatever else is corrected of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_assumed_before: Option<Date>,
    /// The agreed first night.
    pub start: Date,
    /// The price.
    pub terms: Terms,
    /// The absences by their numbers.
    pub absences: BTreeMap<u32, Absence>,
    /// The first paid night, once the child has arrived.
    pub from: Option<Date>,
    /// When the latest news of the arrival was recorded; none before that was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrived_at: Option<Timestamp>,
    /// The departure as it was last recorded.
    pub end: Option<Departure>,
    /// When an end was last withdrawn; what was recorded of one before that holds no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopened_at: Option<Timestamp>,
    /// Nights agreed beforehand that the market gave up, in order: they are not paid, whether or not a child is there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub yielded: Vec<Nights>,
    /// What follows the placement.
    pub staying_put: Option<StayingPut>,
    /// The charges that stand, by their first night. No two have a night in common.
    pub standing: BTreeMap<Date, Standing>,
    /// Payments for outcomes that stand charged, by their numbers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outcomes: BTreeMap<u32, OutcomePaid>,
    /// All charges and reversals, in order.
    pub charges: Vec<EntryId>,
    /// The first nights of standing charges that are not what their nights cost any more: one decision corrects only so many.
    pub stale: BTreeSet<Date>,
    /// Why the latest news changed what is paid; the reason of the corrections that are left.
    pub news: Option<String>,
    /// What its nights will cost as far as that is posted as a commitment and not charged yet.
    pub committed: Pence,
    /// The day after the last night that the commitment counts.
    pub committed_to: Option<Date>,
    /// The latest day of a commitment that was posted: nothing of it is taken back on an earlier one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed_on: Option<Date>,
}

impl Agreement {
    /// The weekly price of a night, all lines together. Absences are not looked at.
    #[must_use]
    pub fn weekly_on(&self, night: Date) -> Pence {
        if self.staying_put_nights().is_some_and(|nights| nights.start() <= night) {
            let lines = self.staying_put.iter().flat_map(|it| &it.lines);
            return lines
                .filter(|line| line.until.is_none_or(|until| night < until))
                .map(|line| line.weekly)
                .sum();
        }
        let holds = |line: &&TermLine| {
            (line.from <= night || line.from <= self.start) && line.until.is_none_or(|until| night < until)
        };
        self.terms.lines.iter().filter(holds).map(|line| line.weekly).sum()
    }

    /// Whether the child lives there on the night of `day`, as far as is recorded, or the young person who stays put does.
    #[must_use]
    pub fn is_live_on(&self, day: Date) -> bool {
        let stays = |nights: Nights| nights.start() <= day && day < nights.end();
        self.subject == Subject::Placement
            && (self.placement_nights().is_some_and(stays) || self.staying_put_nights().is_some_and(stays))
    }

    /// The nights of the placement, or those agreed beforehand; none before the child has arrived.
    #[must_use]
    pub fn placement_nights(&self) -> Option<Nights> {
        let end = self.end.as_ref().map(|end| end.on);
        #[cfg(feature = "planted-defects")]
        let end = end.map(|on| if planted!(DepartureDayPaid) { on.tomorrow().unwrap_or(on) } else { on });
        self.from.map(|from| Nights::from_on(from, end)).filter(|nights| !nights.is_empty())
    }

    /// The nights of Staying Put. It begins where the placement ends, and where the placement ended otherwise after all it is none.
    #[must_use]
    pub fn staying_put_nights(&self) -> Option<Nights> {
        let stays = self.staying_put.as_ref()?;
        let stands = self.end.as_ref().is_some_and(|end| end.on == stays.from) && self.from.is_some();
        #[cfg(feature = "planted-defects")]
        if planted!(StayingPutBeforeBirthday) {
            let early = stays.from.saturating_sub(jiff::Span::new().days(7));
            return Some(Nights::from_on(early, stays.until)).filter(|nights| !nights.is_empty());
        }
        Some(Nights::from_on(stays.from, stays.until)).filter(|nights| stands && !nights.is_empty())
    }

    /// The nights that are paid, in order, where `occupied` are those on which a child of the council is placed there: a reserved or
    /// block bed is then paid by the child's own agreement alone.
    #[must_use]
    pub fn paid(&self, occupied: &[Nights]) -> Vec<Nights> {
        let placement = self.placement_nights();
        let mut all: Vec<Nights> = placement.into_iter().chain(self.staying_put_nights()).collect();
        if !self.yielded.is_empty() {
            all = without(&all, &self.yielded);
        }
        match self.subject {
            Subject::Placement => joined(all),
            Subject::Reservation | Subject::Block if !planted!(RetainerAndRelet) => without(&all, occupied),
            Subject::Reservation | Subject::Block | Subject::Bought | Subject::Sold => all,
        }
    }

    /// The nights that will be paid as far as anybody knows: before the child arrives, those from the agreed start on.
    #[must_use]
    pub fn expected(&self, occupied: &[Nights]) -> Vec<Nights> {
        match (self.from, &self.end) {
            (None, None) => vec![Nights::from_on(self.start, None)],
            _ => self.paid(occupied),
        }
    }

    /// The nights that stand charged, in order.
    pub fn standing_nights(&self) -> impl Iterator<Item = Nights> {
        self.standing.iter().map(|(from, standing)| Nights::from_on(*from, Some(standing.until)))
    }

    /// The paid nights before `through` that no standing charge holds, in order.
    #[must_use]
    pub fn uncharged(&self, occupied: &[Nights], through: Date) -> Vec<Nights> {
        let before = Nights::from_on(Date::MIN, Some(through));
        let due = self.paid(occupied).into_iter().filter_map(|nights| common(nights, before));
        let due: Vec<Nights> = due.collect();
        if due.is_empty() {
            return due;
        }
        let standing: Vec<Nights> = self.standing_nights().collect();
        without(&due, &standing)
    }
}
