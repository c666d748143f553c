//! What a night costs: each line of an agreement as a sum that grows from the line's own first night. A period costs the difference of two
//! such sums, by line, by funder and of VAT, so that any split of it sums to the whole.

use crate::absence::{self, Reduced, WHOLE};
use crate::agreement::{Agreement, Subject, common, cut, joined};
use crate::charge::{ChargedLine, FunderAmount};
use crate::rejection::Rejection;
use crate::vat::{self, Vat, part_of};
use care::published::FunderShare;
use care::{Date, Nights, Pence, fee_for_nights, split_largest_remainder};
use std::collections::BTreeSet;

/// The kind of line of a payment for an outcome, a code of `code_sets::CHARGE_LINE`.
pub(crate) const OUTCOME: &str = "OUTCOME";

/// How a charge's lines were split among funders.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Split {
    /// Each charge by itself: so it was until agreements had dated lines.
    #[default]
    PerCharge,
    /// As the difference of what the funders pay up to the end and up to the start, so that each funder's parts sum up too.
    Cumulative,
}

impl Split {
    /// Whether it is the way of old records, which do not say.
    #[must_use]
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub fn is_per_charge(&self) -> bool {
        *self == Self::PerCharge
    }
}

/// What is paid a week for some nights, counted from `anchor`, or the part of it that is taken off.
#[derive(Debug, Clone)]
struct Part {
    weekly: Pence,
    anchor: Date,
    nights: Nights,
    off: Option<u32>,
}

impl Part {
    /// What its nights before `day` cost.
    fn up_to(&self, day: Date) -> Pence {
        let end = day.clamp(self.nights.start(), self.nights.end());
        let nights = Nights::from_on(self.nights.start(), Some(end));
        let fee = fee_for_nights(self.weekly, self.anchor, nights);
        self.off.map_or(fee, |off| -part_of(fee, off))
    }
}

/// A line of an agreement, or what absences take off several.
#[derive(Debug, Clone)]
pub(crate) struct Component {
    line: Option<u32>,
    kind: String,
    vat: Vat,
    nights: Nights,
    parts: Vec<Part>,
}

impl Component {
    fn up_to(&self, day: Date) -> Pence {
        self.parts.iter().map(|part| part.up_to(day)).sum()
    }

    /// What some nights of it cost.
    fn cost(&self, nights: Nights) -> Pence {
        if planted!(WeeklyRoundingDrifts) {
            let alone = |part: &Part| {
                let nights = common(part.nights, nights)?;
                let fee = fee_for_nights(part.weekly, nights.start(), nights);
                Some(part.off.map_or(fee, |off| -part_of(fee, off)))
            };
            return self.parts.iter().filter_map(alone).sum();
        }
        self.up_to(nights.end()) - self.up_to(nights.start())
    }

    /// Pence a week of the parts that have some of these nights.
    fn weekly(&self, nights: Nights) -> Pence {
        let holds = |part: &&Part| part.nights.overlaps(&nights);
        let weekly = |part: &Part| part.off.map_or(part.weekly, |off| -part_of(part.weekly, off));
        self.parts.iter().filter(holds).map(weekly).sum()
    }
}

/// Everything that an agreement's nights cost, in order: lines by their numbers, what absences take off, Staying Put.
pub(crate) fn components(agreement: &Agreement) -> Vec<Component> {
    let mut all = Vec::with_capacity(agreement.terms.lines.len());
    let placement = match (agreement.placement_nights(), &agreement.end) {
        (None, None) => Some(Nights::from_on(agreement.start, None)),
        (nights, _) => nights,
    };
    if let Some(placement) = placement {
        let parts = term_parts(agreement, placement);
        for (line, kind, part) in &parts {
            for (nights, vat) in vat::by_treatment(agreement, kind, part.nights) {
                let part = Part { nights, ..part.clone() };
                all.push(Component { line: Some(*line), kind: kind.clone(), vat, nights, parts: vec![part] });
            }
        }
        for reduced in absence::reductions(agreement, placement) {
            all.extend(taken_off(agreement, &parts, reduced));
        }
    }
    if let Some(nights) = agreement.staying_put_nights() {
        let lines = agreement.staying_put.iter().flat_map(|it| &it.lines);
        for line in lines {
            let Some(nights) = common(nights, Nights::from_on(nights.start(), line.until)) else { continue };
            for (nights, vat) in vat::by_treatment(agreement, "STAYING_PUT", nights) {
                let anchor =
                    agreement.staying_put.as_ref().map_or(nights.start(), |it| it.from.min(nights.start()));
                let parts = vec![Part { weekly: line.weekly, anchor, nights, off: None }];
                all.push(Component { line: None, kind: "STAYING_PUT".to_owned(), vat, nights, parts });
            }
        }
    }
    all
}

/// The lines of the terms, each for the nights of the placement that it holds for. A line that holds from the agreed start holds from the
/// arrival, whenever that was.
fn term_parts(agreement: &Agreement, placement: Nights) -> Vec<(u32, String, Part)> {
    let part = |line: &care::published::TermLine| {
        let from = if line.from <= agreement.start { placement.start() } else { line.from };
        let until = line.until.filter(|_| !outlives(&line.kind));
        let nights = common(Nights::from_on(from, until), placement)?;
        let weekly = if agreement.subject == Subject::Sold { -line.weekly } else { line.weekly };
        let kind = if planted!(UpliftOnWrongLine) && line.kind == "UPLIFT" { "THERAPY" } else { &line.kind };
        Some((line.line, kind.to_owned(), Part { weekly, anchor: nights.start(), nights, off: None }))
    };
    agreement.terms.lines.iter().filter_map(part).collect()
}

/// Whether a planted defect keeps a line of this kind beyond its last night.
fn outlives(kind: &str) -> bool {
    if kind.starts_with("DISCOUNT_") {
        return planted!(DiscountOutlivesSibling);
    }
    planted!(AdditionOutlivesExpiry) && kind != "CORE" && kind != "UPLIFT"
}

/// What is taken off for some nights of an absence: of the lines that go with the core fee and of the others, each as VAT treats them.
fn taken_off(agreement: &Agreement, lines: &[(u32, String, Part)], reduced: Reduced) -> Vec<Component> {
    let mut all: Vec<(bool, Component)> = Vec::new();
    for (_, kind, line) in lines {
        let core = absence::is_core(kind);
        let off = (if core { reduced.core_off } else { reduced.other_off }).min(WHOLE);
        let Some(nights) = common(line.nights, reduced.nights).filter(|_| off > 0) else { continue };
        for (nights, vat) in vat::by_treatment(agreement, kind, nights) {
            let part = Part { nights, off: Some(off), ..line.clone() };
            let group = all.iter_mut().find(|(group, it)| *group == core && it.vat == vat);
            if let Some((_, group)) = group {
                let end = group.nights.end().max(nights.end());
                group.nights = Nights::from_on(group.nights.start().min(nights.start()), Some(end));
                group.parts.push(part);
            } else {
                let kind = "ABSENCE".to_owned();
                all.push((core, Component { line: None, kind, vat, nights, parts: vec![part] }));
            }
        }
    }
    all.into_iter().flat_map(|(_, component)| where_lines_turn(component)).collect()
}

/// The same, cut on each day on which one of its lines begins or ends, so that a charge's line has one price a week. Each part counts with
/// the whole lines, so that together they come to what the whole does.
fn where_lines_turn(whole: Component) -> Vec<Component> {
    let turns = whole.parts.iter().flat_map(|part| [part.nights.start(), part.nights.end()]);
    let turns: BTreeSet<Date> = turns.collect();
    let nights = cut(whole.nights, turns.into_iter()).into_iter();
    let paid = nights.filter(|nights| whole.parts.iter().any(|part| part.nights.overlaps(nights)));
    paid.map(|nights| Component { nights, ..whole.clone() }).collect()
}

/// What some nights cost, which the same funders pay: a line for each component that has some of them.
pub(crate) fn charged(
    agreement: &Agreement,
    components: &[Component],
    period: Nights,
    split: Split,
) -> Result<Vec<ChargedLine>, Rejection> {
    let mut lines = Vec::with_capacity(components.len());
    for component in components {
        let Some(nights) = common(component.nights, period) else { continue };
        let amount = component.cost(nights);
        let before = component.up_to(nights.start());
        let vat = component.vat.on(component.up_to(nights.end())) - component.vat.on(before);
        lines.push(ChargedLine {
            line: component.line,
            kind: component.kind.clone(),
            weekly: component.weekly(nights),
            nights: (nights != period).then_some(nights),
            amount,
            shares: shares(agreement, component, nights, amount, split)?,
            vat: Some(component.vat.treatment.to_owned()),
            vat_amount: vat,
        });
    }
    Ok(lines)
}

/// The one line of a payment for an outcome that was achieved on `on`: the funders of that day pay it, and that day is its tax point.
pub(crate) fn outcome(agreement: &Agreement, amount: Pence, on: Date) -> Result<Vec<ChargedLine>, Rejection> {
    let (_, funders) = agreement.terms.funders_on(on);
    let weights: Vec<u32> = funders.iter().map(|share| share.basis_points).collect();
    let parts = alloc(amount, &weights).ok_or(Rejection::NobodyPays(agreement.id))?;
    let named =
        |(share, amount): (&FunderShare, Pence)| FunderAmount { funder: share.funder.clone(), amount };
    let vat = vat::of(agreement, OUTCOME, on);
    Ok(vec![ChargedLine {
        line: None,
        kind: OUTCOME.to_owned(),
        weekly: Pence::ZERO,
        nights: None,
        amount,
        shares: funders.iter().zip(parts).map(named).collect(),
        vat: Some(vat.treatment.to_owned()),
        vat_amount: vat.on(amount),
    }])
}

fn shares(
    agreement: &Agreement,
    component: &Component,
    nights: Nights,
    amount: Pence,
    split: Split,
) -> Result<Vec<FunderAmount>, Rejection> {
    let (since, funders) = agreement.terms.funders_on(nights.start());
    let weights: Vec<u32> = funders.iter().map(|share| share.basis_points).collect();
    let parts = |amount| alloc(amount, &weights).ok_or(Rejection::NobodyPays(agreement.id));
    let named =
        |(share, amount): (&FunderShare, Pence)| FunderAmount { funder: share.funder.clone(), amount };
    if split == Split::PerCharge || planted!(WeeklyRoundingDrifts) {
        return Ok(funders.iter().zip(parts(amount)?).map(named).collect());
    }
    // From the first night of its lines on, not of the component: what absences take off is cut where its lines turn.
    let first = since.map_or(Pence::ZERO, |since| component.up_to(since));
    let end = parts(component.up_to(nights.end()) - first)?;
    let start = parts(component.up_to(nights.start()) - first)?;
    let shares = end.into_iter().zip(start).map(|(end, start)| end - start);
    Ok(funders.iter().zip(shares).map(named).collect())
}

/// Largest remainder, see [`split_largest_remainder`].
fn alloc(amount: Pence, weights: &[u32]) -> Option<Vec<Pence>> {
    if planted!(FunderSplitLosesPenny) {
        let down = |weight: &u32| Pence(amount.0.saturating_mul(i64::from(*weight)) / 10_000);
        return Some(weights.iter().map(down).collect());
    }
    match weights {
        // One funder, as most placements have, pays all.
        [weight] if *weight > 0 => Some(vec![amount]),
        _ => split_largest_remainder(amount, weights),
    }
}

/// What some nights of one kind of line cost, whoever pays, and the VAT on that.
pub(crate) fn cost_of_kind(components: &[Component], kind: &str, nights: Nights) -> (Pence, Pence) {
    let mut sum = (Pence::ZERO, Pence::ZERO);
    for component in components.iter().filter(|it| it.kind == kind) {
        let Some(nights) = common(component.nights, nights) else { continue };
        sum.0 += component.cost(nights);
        let vat = |day: Date| component.vat.on(component.up_to(day));
        sum.1 += vat(nights.end()) - vat(nights.start());
    }
    sum
}

/// Of which kinds the lines are, each once and in order.
pub(crate) fn kinds(components: &[Component]) -> BTreeSet<&str> {
    components.iter().map(|component| component.kind.as_str()).collect()
}

/// The nights that a kind of line holds for, in order.
pub(crate) fn nights_of_kind(components: &[Component], kind: &str) -> Vec<Nights> {
    joined(components.iter().filter(|it| it.kind == kind).map(|it| it.nights).collect())
}

/// How VAT treats a kind of line on some nights: codes of `code_sets::VAT_TREATMENT`.
pub(crate) fn treatments(components: &[Component], kind: &str, nights: Nights) -> BTreeSet<&'static str> {
    let holds = |it: &&Component| it.kind == kind && it.nights.overlaps(&nights);
    components.iter().filter(holds).map(|it| it.vat.treatment).collect()
}

/// What nights cost in all, whoever pays.
pub(crate) fn cost(components: &[Component], nights: &[Nights]) -> Pence {
    let of = |component: &Component| {
        nights
            .iter()
            .filter_map(|nights| common(component.nights, *nights))
            .map(|nights| component.cost(nights))
            .sum()
    };
    components.iter().map(of).sum::<Pence>()
}
