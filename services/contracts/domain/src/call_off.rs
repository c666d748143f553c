//! The call-off check: whether this council may buy this place for this child, at this price, from this provider.
//!
//! Pure: the framework facts come in as a snapshot, so the same check serves the council that asks beforehand and the
//! award itself, and can be run again on the recorded facts. What it does not cover: the register (status, registered
//! places and ages are judged by vacancies with the claim, as are notices, of which the claim shows what was found), and
//! the council's cascade policy (referrals).

use crate::attributes::{self, Shown};
use crate::frameworks::{Discount, Framework, Frameworks, Lot, Onlooker, Suspension};
use crate::grade::GradeGate;
use care::market::UNREGISTERED;
#[cfg(feature = "planted-defects")]
use care::planted::{Planted, is_planted};
use care::published::{Accommodation, CallOffCheck, CallOffEvidence, FunderShare, PriceLine, Route};
use care::{CouncilId, Date, EstablishmentUrn, FrameworkId, LotId, Pence, ProviderId};
use std::collections::BTreeSet;

/// The checks by name; each is the reason of the refusal that it gives.
pub mod checks {
    /// The terms and the claim are about the same award, child, place, provider and first night.
    pub const CLAIM_DISAGREES: &str = "CLAIM_DISAGREES";
    /// The market has not taken the place back before the agreement was decided.
    pub const CLAIM_RELEASED: &str = "CLAIM_RELEASED";
    /// Unregistered provision is never bought by the ordinary path.
    pub const UNREGISTERED_PROVISION: &str = "UNREGISTERED_PROVISION";
    /// No notice restricted accommodation at the home when the place was given.
    pub const ACCOMMODATION_RESTRICTED: &str = "ACCOMMODATION_RESTRICTED";
    /// The funders' shares sum to 10,000 basis points.
    pub const FUNDERS_NOT_WHOLE: &str = "FUNDERS_NOT_WHOLE";
    /// Every addition to the core fee has an agreed end.
    pub const ADDITION_NOT_TIME_BOXED: &str = "ADDITION_NOT_TIME_BOXED";
    /// No framework that the council belongs to has suspended the provider or establishment, and the council itself has not.
    pub const PROVIDER_SUSPENDED: &str = "PROVIDER_SUSPENDED";
    /// The framework exists.
    pub const FRAMEWORK_UNKNOWN: &str = "FRAMEWORK_UNKNOWN";
    /// The framework is in force.
    pub const FRAMEWORK_NOT_IN_FORCE: &str = "FRAMEWORK_NOT_IN_FORCE";
    /// The council is a member.
    pub const COUNCIL_NOT_MEMBER: &str = "COUNCIL_NOT_MEMBER";
    /// The lot exists.
    pub const LOT_UNKNOWN: &str = "LOT_UNKNOWN";
    /// The lot covers the kind of provision.
    pub const LOT_DOES_NOT_COVER_PROVISION: &str = "LOT_DOES_NOT_COVER_PROVISION";
    /// The child's age is within the lot's.
    pub const AGE_OUTSIDE_LOT: &str = "AGE_OUTSIDE_LOT";
    /// The provider is admitted to the lot, at the level, for a child of this age with these attributes.
    pub const PROVIDER_NOT_ADMITTED: &str = "PROVIDER_NOT_ADMITTED";
    /// The establishment is one that the provider was admitted with.
    pub const BRANCH_NOT_ADMITTED: &str = "BRANCH_NOT_ADMITTED";
    /// The establishment's grade passes the gate.
    pub const GRADE_BELOW_GATE: &str = "GRADE_BELOW_GATE";
    /// The level exists in the lot.
    pub const LEVEL_UNKNOWN: &str = "LEVEL_UNKNOWN";
    /// What the price goes by beside level and age is shown to be so.
    pub const ATTRIBUTE_NOT_SHOWN: &str = "ATTRIBUTE_NOT_SHOWN";
    /// The price names a core fee.
    pub const CORE_FEE_MISSING: &str = "CORE_FEE_MISSING";
    /// The core fee is within the level's ceiling.
    pub const PRICE_ABOVE_CEILING: &str = "PRICE_ABOVE_CEILING";
    /// The core fee is within the provider's admitted price.
    pub const PRICE_ABOVE_SCHEDULE: &str = "PRICE_ABOVE_SCHEDULE";
    /// A spot purchase says why no framework provider could be used.
    pub const SPOT_NOT_JUSTIFIED: &str = "SPOT_NOT_JUSTIFIED";
}

/// What a call-off would be.
#[derive(Debug, Clone, Copy)]
pub struct CallOffQuestion<'a> {
    /// The council that buys.
    pub council: CouncilId,
    /// From whom.
    pub provider: &'a ProviderId,
    /// Where.
    pub urn: &'a EstablishmentUrn,
    /// The establishment's kind of provision, a code of `care::code_sets::PROVISION`.
    pub provision: &'a str,
    /// The establishment's grade, a code of `care::code_sets::GRADE`.
    pub grade: &'a str,
    /// The child's age on the first night, in years.
    pub age_years: u8,
    /// The day of the call-off: framework, membership, admission and prices are those of this day.
    pub on: Date,
    /// The first night. No suspension may hold on any day between it and the call-off.
    pub start: Date,
    /// How it is bought.
    pub route: &'a Route,
    /// The weekly price by line.
    pub lines: &'a [PriceLine],
    /// Who pays.
    pub funders: &'a [FunderShare],
    /// What proposal and claim show beside that; nothing where there are none yet.
    pub shown: Shown<'a>,
}

/// What was judged, check by check. A check that hangs on one that failed (the lot of an unknown framework) cannot be
/// judged and is left out, and a council that is shown no ceilings learns no more of a framework than that it is no member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The evidence, as an event keeps it.
    pub evidence: CallOffEvidence,
}

impl Verdict {
    /// The first check that failed; nothing if the call-off is allowed.
    #[must_use]
    pub fn refusal(&self) -> Option<&CallOffCheck> {
        self.evidence.checks.iter().find(|check| !check.passed)
    }

    fn record(&mut self, check: &str, passed: bool, found: String) -> bool {
        #[cfg(feature = "planted-defects")]
        let passed = passed || is_overlooked(check);
        self.evidence.checks.push(CallOffCheck { check: check.to_owned(), passed, found });
        passed
    }
}

/// Whether a planted defect lets a check pass.
#[cfg(feature = "planted-defects")]
fn is_overlooked(check: &str) -> bool {
    match check {
        checks::AGE_OUTSIDE_LOT => is_planted(Planted::AgeUnchecked),
        checks::PROVIDER_SUSPENDED => is_planted(Planted::SuspensionUnchecked),
        checks::GRADE_BELOW_GATE => is_planted(Planted::GradeUnchecked),
        checks::ACCOMMODATION_RESTRICTED => is_planted(Planted::NoticeIgnored),
        checks::PRICE_ABOVE_CEILING | checks::PRICE_ABOVE_SCHEDULE => is_planted(Planted::CeilingUnchecked),
        checks::UNREGISTERED_PROVISION => is_planted(Planted::UnregisteredAwarded),
        _ => false,
    }
}

/// Judges a call-off on the facts as they are known.
#[must_use]
pub fn judge_call_off(facts: &Frameworks, question: &CallOffQuestion<'_>) -> Verdict {
    let mut verdict =
        Verdict { evidence: CallOffEvidence { contracts_position: facts.position(), checks: Vec::new() } };
    let registered = question.provision != UNREGISTERED;
    verdict.record(
        checks::UNREGISTERED_PROVISION,
        registered,
        format!("the provision is {}", question.provision),
    );
    judge_accommodation(question, &mut verdict);
    judge_funders(question, &mut verdict);
    judge_ends(question, &mut verdict);
    judge_suspension(facts, question, &mut verdict);
    match question.route {
        Route::Framework { framework, lot, level, attributes } => {
            let called = CalledOff { lot, level, attributes };
            judge_framework(facts, question, framework, called, &mut verdict);
        }
        Route::Spot { justification } => {
            let justified = !justification.trim().is_empty();
            let found = if justified { "a justification is given" } else { "no justification is given" };
            verdict.record(checks::SPOT_NOT_JUSTIFIED, justified, found.to_owned());
            judge_grade(question, &GradeGate::widest(), &mut verdict);
        }
        // The council answers for its own provision, whatever its grade, as its registered provider.
        Route::InHouse => {}
    }
    verdict
}

/// What of a framework is called off.
#[derive(Clone, Copy)]
struct CalledOff<'a> {
    lot: &'a LotId,
    level: &'a str,
    attributes: &'a BTreeSet<String>,
}

impl CalledOff<'_> {
    /// The level and attributes in words.
    fn words(&self, age_years: u8) -> String {
        let with: String = self.attributes.iter().map(|attribute| format!(", {attribute}")).collect();
        format!("level {:?}, age {age_years}{with}", self.level)
    }
}

/// A notice under section 22B stops every purchase: whoever is awarded now was not there when it was served.
fn judge_accommodation(question: &CallOffQuestion<'_>, verdict: &mut Verdict) {
    let (passed, found) = match question.shown.accommodation {
        Some(Accommodation::Unrestricted) => {
            (true, "the claim shows no notice that restricts accommodation".to_owned())
        }
        Some(Accommodation::RestrictedSince(since)) => {
            (false, format!("a notice restricts accommodation at the home since {since}"))
        }
        None => (true, "the market judges notices with the claim, of which nothing is told here".to_owned()),
    };
    verdict.record(checks::ACCOMMODATION_RESTRICTED, passed, found);
}

fn judge_funders(question: &CallOffQuestion<'_>, verdict: &mut Verdict) {
    let sum: u64 = question.funders.iter().map(|share| u64::from(share.basis_points)).sum();
    verdict.record(
        checks::FUNDERS_NOT_WHOLE,
        sum == 10_000,
        format!("the shares of {} funders sum to {sum} basis points of 10000", question.funders.len()),
    );
}

/// An addition is for a time: what nobody ends would be paid for as long as the placement lasts.
fn judge_ends(question: &CallOffQuestion<'_>, verdict: &mut Verdict) {
    let troubles: Vec<String> =
        question.lines.iter().filter_map(|line| line.end_trouble(question.start)).collect();
    let found = match troubles.as_slice() {
        [] => format!("{} lines, of which each addition has an agreed end", question.lines.len()),
        troubles => troubles.join("; "),
    };
    verdict.record(checks::ADDITION_NOT_TIME_BOXED, troubles.is_empty(), found);
}

/// A suspension by any framework that the council belongs to stops its spot purchases as well as its call-offs. What the council has stopped for
/// itself holds whether or not it is a member still: it is its own word, and not the framework's.
fn judge_suspension(facts: &Frameworks, question: &CallOffQuestion<'_>, verdict: &mut Verdict) {
    let (first, last) = (question.on.min(question.start), question.on.max(question.start));
    let mut asked = Vec::new();
    for (id, framework) in facts.iter() {
        let member = framework.is_member(question.council, question.on);
        if member {
            asked.push(id.as_str());
        }
        // A framework that the council is not a member of, even the one it names, says nothing to it.
        let counts = |it: &&Suspension| member || it.scope.council == Some(question.council);
        let mut suspensions =
            framework.suspensions.get(question.provider).into_iter().flatten().filter(counts);
        if let Some(suspension) = suspensions.find(|s| s.stops(question.council, question.urn, first, last)) {
            let scope = &suspension.scope;
            let found = format!("{id} suspended {scope} from {}: {}", suspension.from, suspension.reason);
            verdict.record(checks::PROVIDER_SUSPENDED, false, found);
            return;
        }
    }
    let found = match asked.as_slice() {
        [] => "the council belongs to no framework that could have suspended the provider".to_owned(),
        asked => format!("no suspension from {first} to {last} in {}", asked.join(", ")),
    };
    verdict.record(checks::PROVIDER_SUSPENDED, true, found);
}

fn judge_framework(
    facts: &Frameworks,
    question: &CallOffQuestion<'_>,
    id: &FrameworkId,
    called: CalledOff<'_>,
    verdict: &mut Verdict,
) {
    let Some(framework) = facts.get(id) else {
        verdict.record(checks::FRAMEWORK_UNKNOWN, false, format!("there is no framework {id}"));
        return;
    };
    verdict.record(checks::FRAMEWORK_UNKNOWN, true, format!("{id} is {}", framework.name));
    let on = question.on;
    verdict.record(
        checks::FRAMEWORK_NOT_IN_FORCE,
        framework.in_force(on),
        format!("in force from {} to {}, called off on {on}", framework.starts, framework.ends),
    );
    let member = framework.is_member(question.council, on);
    let is = if member { "is" } else { "is not" };
    let found = format!("{} {is} a member on {on}", question.council.name());
    verdict.record(checks::COUNCIL_NOT_MEMBER, member, found);
    if !framework.shows_ceilings_to(Onlooker::Council(question.council), called.lot, on) {
        // What is left tells the lot's ceilings and the admitted prices.
        return;
    }
    let lot_id = called.lot;
    let Some(lot) = framework.lots.get(lot_id) else {
        verdict.record(checks::LOT_UNKNOWN, false, format!("{id} has no lot {lot_id}"));
        return;
    };
    verdict.record(checks::LOT_UNKNOWN, true, format!("{lot_id} is {}", lot.name));
    judge_lot(question, lot, verdict);
    judge_grade(question, &framework.gate(lot), verdict);
    let (shown, found) = attributes::judge(question, called.attributes);
    verdict.record(checks::ATTRIBUTE_NOT_SHOWN, shown, found);
    judge_price(question, framework, lot, called, verdict);
}

fn judge_lot(question: &CallOffQuestion<'_>, lot: &Lot, verdict: &mut Verdict) {
    let covered: Vec<&str> = lot.provisions.iter().map(String::as_str).collect();
    verdict.record(
        checks::LOT_DOES_NOT_COVER_PROVISION,
        covered.contains(&question.provision),
        format!("the lot covers {}, asked for {}", covered.join(", "), question.provision),
    );
    verdict.record(
        checks::AGE_OUTSIDE_LOT,
        (lot.age_from..=lot.age_to).contains(&question.age_years),
        format!("the lot takes {} to {}, the child is {}", lot.age_from, lot.age_to, question.age_years),
    );
}

fn judge_grade(question: &CallOffQuestion<'_>, gate: &GradeGate, verdict: &mut Verdict) {
    verdict.record(
        checks::GRADE_BELOW_GATE,
        gate.passes(question.grade),
        format!("the gate is {gate}; the establishment's grade is {}", question.grade),
    );
}

/// Ceiling and schedule bound the core fee. Other lines are agreed child by child.
fn judge_price(
    question: &CallOffQuestion<'_>,
    framework: &Framework,
    lot: &Lot,
    called: CalledOff<'_>,
    verdict: &mut Verdict,
) {
    let CalledOff { lot: lot_id, level, attributes } = called;
    let ceiling = lot.ceiling(level, question.age_years, attributes);
    let found = match ceiling {
        Some(ceiling) => format!("level {level} has a ceiling of {ceiling} a week"),
        None => format!("lot {lot_id} has no level {level:?}"),
    };
    verdict.record(checks::LEVEL_UNKNOWN, ceiling.is_some(), found);
    let admitted = judge_admission(question, framework, called, verdict);
    let core_lines = question.lines.iter().filter(|line| line.kind == "CORE");
    // Summed, so that a second core line cannot slip past.
    let Some(core) =
        core_lines.map(|line| line.weekly).reduce(|sum, weekly| Pence(sum.0.saturating_add(weekly.0)))
    else {
        verdict.record(checks::CORE_FEE_MISSING, false, "no line of the price is a core fee".to_owned());
        return;
    };
    verdict.record(checks::CORE_FEE_MISSING, true, format!("the core fee is {core} a week"));
    if let Some(ceiling) = ceiling {
        let found = format!("the core fee is {core} a week, the ceiling {ceiling}");
        verdict.record(checks::PRICE_ABOVE_CEILING, core <= ceiling, found);
    }
    if let Some(price) = admitted {
        let discounts = discounts_in_words(framework, question, lot_id);
        let found = format!("the core fee is {core} a week, the admitted price {price}{discounts}");
        verdict.record(checks::PRICE_ABOVE_SCHEDULE, core <= price, found);
    }
}

/// Whether the provider has a price for such a child, and may be bought from at this establishment. Gives the price.
fn judge_admission(
    question: &CallOffQuestion<'_>,
    framework: &Framework,
    called: CalledOff<'_>,
    verdict: &mut Verdict,
) -> Option<Pence> {
    let (on, provider, lot) = (question.on, question.provider, called.lot);
    let Some(schedule) = framework.schedule(provider, lot, on) else {
        let found = format!("{provider} is not admitted to lot {lot} on {on}");
        verdict.record(checks::PROVIDER_NOT_ADMITTED, false, found);
        return None;
    };
    let row = schedule.price(called.level, question.age_years, called.attributes);
    let found = match &row {
        None => {
            let child = called.words(question.age_years);
            format!("{provider} has no price for {child} since {}", schedule.from)
        }
        Some(row) => {
            format!("{provider} is admitted at {} a week since {} ({row})", row.weekly, schedule.from)
        }
    };
    verdict.record(checks::PROVIDER_NOT_ADMITTED, row.is_some(), found);
    let found = match schedule.branches.len() {
        0 => "the provider is admitted with all of its establishments".to_owned(),
        count => {
            let is = if schedule.takes(question.urn) { "is" } else { "is not" };
            format!(
                "the provider is admitted with {count} establishments, of which {} {is} one",
                question.urn
            )
        }
    };
    verdict.record(checks::BRANCH_NOT_ADMITTED, schedule.takes(question.urn), found);
    row.map(|row| row.weekly)
}

/// The discounts that hold on the day of the call-off and will be due when what they ask is so.
fn discounts_in_words(framework: &Framework, question: &CallOffQuestion<'_>, lot: &LotId) -> String {
    let holds = |(_, it): &(&u32, &Discount)| it.concerns(question.provider, lot) && it.holds(question.on);
    let said = |(number, it): (&u32, &Discount)| {
        format!("; discount {number} takes off {} {} ({})", it.amount, it.rule, it.rule.charge_line())
    };
    framework.discounts.iter().filter(holds).map(said).collect()
}
