//! Steps that change what an agreement costs: terms, back-dated uplifts, sibling discounts, absences, Staying Put.

use crate::chance::Chance;
use crate::common::{derby, funders, lines};
use crate::days::{Day, date_of};
use crate::steps::placement;
use crate::world::World;
use care::published::{
    AbsenceRecorded, AbsenceRule, AgreementTermsSet, FunderShare, FundersFrom, OutcomePaymentDue, PriceLine,
    StayingPutEnded, StayingPutStarted, TermLine,
};
use care::{AgreementId, AwardId, Pence};
use invoicing_domain::Ask;

const KINDS: [&str; 6] = ["CORE", "THERAPY", "UPLIFT", "DISCOUNT_SIBLING", "ONE_TO_ONE", "EDUCATION"];
const ABSENCES: [&str; 3] = ["MISSING", "HOSPITAL", "CUSTODY"];

/// A price from the day `start` on; now and then an addition has an end.
pub(crate) fn price_lines(chance: &mut Chance, start: Day) -> Vec<PriceLine> {
    let core = chance.between(0, 900_000);
    let mut all = lines(&[("CORE", core)]);
    if chance.once_in(2) {
        let education = lines(&[("EDUCATION", chance.between(0, 60_000))]);
        all.extend(ending(chance, start, education));
    }
    all
}

fn ending(chance: &mut Chance, start: Day, lines: Vec<PriceLine>) -> Vec<PriceLine> {
    let until = chance.once_in(2).then(|| date_of(start + chance.day(0, 60)));
    lines.into_iter().map(|line| PriceLine { until, ..line }).collect()
}

pub(crate) fn shares(chance: &mut Chance) -> Vec<FunderShare> {
    let health = u32::try_from(chance.between(0, 5_001)).unwrap();
    let education = u32::try_from(chance.between(0, 5_001)).unwrap();
    let own = 10_000 - health - education;
    match chance.below(3) {
        0 => funders(&[("SOCIAL_CARE", 10_000)]),
        1 => funders(&[("SOCIAL_CARE", 10_000 - health), ("HEALTH", health)]),
        _ => funders(&[("SOCIAL_CARE", own), ("HEALTH", health), ("EDUCATION", education)]),
    }
}

/// The version of the terms that come next, of what was told or is on its way.
fn version(world: &World, id: AgreementId) -> u32 {
    let held = world.held.iter().filter_map(|ask| match ask {
        Ask::SetTerms(set) if set.agreement == id => Some(set.terms),
        _ => None,
    });
    let known = world.model.facts.get(&id).map_or(1, |it| it.version);
    held.chain([known]).max().unwrap_or(1) + 1
}

fn set(
    world: &mut World,
    id: AgreementId,
    parts: (Vec<TermLine>, Vec<FundersFrom>, Vec<AbsenceRule>),
    cause: &str,
) -> Ask {
    let (lines, funders, absence_rules) = parts;
    Ask::SetTerms(AgreementTermsSet {
        agreement: id,
        award: AwardId(id.0),
        council: derby(),
        terms: version(world, id),
        from: lines.iter().map(|line| line.from).min().unwrap_or(date_of(world.today)),
        lines,
        funders,
        absence_rules,
        absence_rules_from: vec![],
        cause: cause.to_owned(),
        reason: "agreed".to_owned(),
        at: world.now(),
    })
}

fn line(number: u32, kind: &str, weekly: i64, from: i32, nights: Option<i32>, cause: &str) -> TermLine {
    TermLine {
        line: number,
        kind: kind.to_owned(),
        weekly: Pence(weekly),
        from: date_of(from),
        until: nights.map(|nights| date_of(from + nights)),
        cause: cause.to_owned(),
        note: String::new(),
        worked_out: String::new(),
    }
}

/// Terms of which everything is another: lines that come and go, who pays from when, what is paid in an absence.
pub(crate) fn change(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let id = placement(chance);
    let Some(start) = world.model.facts.get(&id).map(|it| it.start) else { return Vec::new() };
    let mut all = vec![line(1, "CORE", chance.between(0, 900_000), start, None, "AMENDMENT")];
    for number in 2..2 + u32::try_from(chance.below(4)).unwrap() {
        let kind = KINDS[chance.below(KINDS.len())];
        let weekly = chance.between(-20_000, 150_000);
        let from = world.today + chance.day(-70, 20);
        let nights = chance.once_in(2).then(|| chance.day(0, 60));
        all.push(line(number, kind, weekly, from, nights, "AMENDMENT"));
    }
    let mut from = start;
    let mut funders = vec![FundersFrom { from: date_of(from), funders: shares(chance) }];
    for _ in 0..chance.below(3) {
        from = from.max(world.today - 60) + chance.day(1, 30);
        funders.push(FundersFrom { from: date_of(from), funders: shares(chance) });
    }
    let rule = |chance: &mut Chance, absence: &str| AbsenceRule {
        absence: absence.to_owned(),
        full_nights: u16::try_from(chance.below(15)).unwrap(),
        core_basis_points: u32::try_from(chance.below(10_001)).unwrap(),
        other_basis_points: u32::try_from(chance.below(10_001)).unwrap(),
        nothing_after: chance.once_in(2).then(|| u16::try_from(chance.below(30)).unwrap()),
    };
    let rules = ABSENCES[..2].iter().map(|absence| rule(chance, absence)).collect();
    vec![set(world, id, (all, funders, rules), "AMENDMENT")]
}

/// What there is, with an uplift from a day long past, or with a sibling discount that begins or whose sibling has left.
pub(crate) fn uplift_or_sibling(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let id = placement(chance);
    let Some(facts) = world.model.facts.get(&id) else { return Vec::new() };
    let mut all = facts.lines.clone();
    let dated = |(from, funders): &(i32, Vec<FunderShare>)| FundersFrom {
        from: date_of(*from),
        funders: funders.clone(),
    };
    let funders: Vec<FundersFrom> = facts.funders.iter().map(dated).collect();
    let rules = facts.rules.clone();
    let from = world.today - chance.day(0, 60);
    let next = all.iter().map(|line| line.line).max().unwrap_or(0) + 1;
    let cause = if chance.once_in(2) {
        all.push(line(next, "UPLIFT", chance.between(1, 30_000), from, None, "UPLIFT"));
        "UPLIFT"
    } else {
        match all.iter_mut().find(|line| line.kind == "DISCOUNT_SIBLING" && line.until.is_none()) {
            Some(discount) => discount.until = Some(discount.from.max(date_of(from))),
            None => {
                all.push(line(next, "DISCOUNT_SIBLING", -chance.between(1, 30_000), from, None, "SIBLINGS"))
            }
        }
        "SIBLINGS"
    };
    all.truncate(12);
    vec![set(world, id, (all, funders, rules), cause)]
}

pub(crate) fn away(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let id = placement(chance);
    let absence = u32::try_from(chance.below(4)).unwrap() + 1;
    let known =
        world.model.facts.get(&id).and_then(|it| it.absences.get(&absence)).map_or(0, |it| it.revision);
    // Now and then an older revision comes after a newer one.
    let revision = u32::try_from(i64::from(known) + chance.between(0, 3)).unwrap();
    let from = world.today + chance.day(-60, 5);
    vec![Ask::NoteAbsence(AbsenceRecorded {
        agreement: id,
        award: AwardId(id.0),
        council: derby(),
        absence,
        revision,
        kind: ABSENCES[chance.below(ABSENCES.len())].to_owned(),
        from: date_of(from),
        until: (!chance.once_in(4)).then(|| date_of(from + chance.day(-1, 35))),
        by: None,
        at: world.now(),
    })]
}

/// A young person stays put from the birthday on, or leaves after it.
pub(crate) fn stay_put(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let id = placement(chance);
    let since = world.model.facts.get(&id).and_then(|it| it.stays.as_ref()).map(|stays| stays.from);
    let since = since.filter(|_| chance.once_in(2));
    if let Some(since) = since {
        return vec![Ask::CloseStayingPut(StayingPutEnded {
            agreement: id,
            award: AwardId(id.0),
            council: derby(),
            on: date_of(since + chance.day(-2, 40)),
            correction: chance.once_in(3).then(|| "it was wrong".to_owned()),
            at: world.now(),
        })];
    }
    let ended = world.model.facts.get(&id).and_then(|it| it.end).map(|(on, _)| on);
    let from = ended.filter(|_| chance.once_in(2)).unwrap_or(world.today + chance.day(-20, 10));
    let mut all = lines(&[("CORE", chance.between(0, 60_000))]);
    let allowance = lines(&[("ALLOWANCE", chance.between(0, 9_000))]);
    all.extend(ending(chance, from, allowance));
    vec![Ask::OpenStayingPut(StayingPutStarted {
        agreement: id,
        award: AwardId(id.0),
        council: derby(),
        provider: "acme".parse().unwrap(),
        from: date_of(from),
        lines: all,
        at: world.now(),
    })]
}

/// The payment for an outcome is due; now and then one that is known, or of another provider.
pub(crate) fn outcome(world: &mut World, chance: &mut Chance) -> Vec<Ask> {
    let id = placement(chance);
    let Some(facts) = world.model.facts.get(&id) else { return Vec::new() };
    let provider = if chance.once_in(8) { "beacon".parse().unwrap() } else { facts.provider.clone() };
    vec![Ask::ChargeOutcome(OutcomePaymentDue {
        agreement: id,
        award: AwardId(id.0),
        council: derby(),
        provider,
        outcome: 1,
        payment: u32::try_from(chance.below(4)).unwrap() + 1,
        amount: Pence(chance.between(0, 200_000)),
        achieved_on: date_of(world.today - chance.day(0, 60)),
        measure: "a step down held".to_owned(),
        approver: "head of service".to_owned(),
        at: world.now(),
    })]
}
