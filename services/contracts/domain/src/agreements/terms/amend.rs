//! Signatures and amendments: who agreed to what, and when it holds.

use super::commands::{Changes, Consent, LineChange};
use super::events::{
    AgreementSigned, AmendmentClosed, AmendmentEnd, AmendmentProposed, AmendmentSigned, AmendmentTookEffect,
};
use super::lines::{self, Amended};
use super::rejection::{CoreCheck, Limit, TermsRejection, invalid};
use super::siblings;
use super::state::{Amendment, Signature, Terms, both, number_after, signed_by};
use super::{AHEAD_DAYS_MAX, AMENDMENTS_MAX, OPEN_AMENDMENTS_MAX};
use crate::agreements::events::AgreementEvent;
use crate::agreements::rejection::AgreementRejection;
use crate::agreements::state::{Agreement, Agreements};
use crate::attributes::Shown;
use crate::call_off::{CallOffQuestion, checks, judge_call_off};
use crate::frameworks::Frameworks;
use care::published::terms_limits::{ABSENCE_RULE_CHANGES_MAX, FUNDER_CHANGES_MAX};
use care::published::{
    AbsenceRulesFrom, AgreementTermsSet, CallOffCheck, FundersFrom, NoticeBy, PriceLine, Route,
};
use care::{Date, Decided, Pence, Timestamp, Violation, code_sets, days_after, london_date};
use std::collections::BTreeSet;

/// The TERMS_CAUSE code of an amendment.
const AMENDMENT: &str = "AMENDMENT";
/// How many days notice can be agreed to run for.
const NOTICE_DAYS: std::ops::RangeInclusive<u16> = 1..=366;
/// How many outcomes an agreement has at most.
const OUTCOMES_MAX: usize = 20;
/// How many changes of lines an amendment has at most.
const LINE_CHANGES_MAX: usize = 20;
/// Basis points of a whole.
const WHOLE: u32 = 10_000;

/// What an amendment is decided on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    /// The council's agreements.
    pub(super) state: &'a Agreements,
    /// The agreement.
    pub(super) agreement: &'a Agreement,
    /// Which side acts.
    pub(super) by: NoticeBy,
    /// The framework facts to judge a core fee on.
    pub(super) facts: &'a Frameworks,
    /// When.
    pub(super) at: Timestamp,
}

impl Scene<'_> {
    fn terms(&self) -> &Terms {
        &self.agreement.terms
    }
}

/// Signs the agreement as it was issued.
pub(super) fn sign(scene: Scene<'_>, consent: &Consent) -> Decided<Agreements> {
    let issued = &scene.agreement.issued;
    check_consent(&scene.terms().signatures, scene, consent, issued.at)?;
    let signed = AgreementSigned {
        agreement: issued.agreement,
        award: issued.award,
        council: issued.council,
        by: scene.by,
        post: consent.post.clone(),
        on: consent.on,
        at: scene.at,
    };
    Ok(vec![signed.into()])
}

/// A side signs once, on a day between what it signs and today.
fn check_consent(
    signatures: &[Signature],
    scene: Scene<'_>,
    consent: &Consent,
    written: Timestamp,
) -> Result<(), AgreementRejection> {
    if let Some(signature) = signed_by(signatures, scene.by) {
        return Err(TermsRejection::AlreadySigned { by: scene.by, on: signature.on }.into());
    }
    let (first, last) = (london_date(written), london_date(scene.at));
    if (first..=last).contains(&consent.on) {
        return Ok(());
    }
    let description = format!("is {}: give the day of signing, from {first} to {last}", consent.on);
    Err(invalid("signed_on", description).into())
}

/// Proposes an amendment that could be signed as things stand.
pub(super) fn propose(scene: Scene<'_>, changes: &Changes) -> Decided<Agreements> {
    let terms = scene.terms();
    if terms.amendments.len() >= AMENDMENTS_MAX {
        return Err(TermsRejection::limit(Limit::Amendments).into());
    }
    if terms.amendments.iter().filter(|amendment| amendment.is_open()).count() >= OPEN_AMENDMENTS_MAX {
        return Err(TermsRejection::limit(Limit::Open).into());
    }
    let (_, checks) = judge(scene, changes)?;
    let issued = &scene.agreement.issued;
    let proposed = AmendmentProposed {
        agreement: issued.agreement,
        award: issued.award,
        council: issued.council,
        amendment: number_after(terms.amendments.len()),
        by: scene.by,
        changes: changes.clone(),
        checks,
        at: scene.at,
    };
    Ok(vec![proposed.into()])
}

/// What an amendment would make of the price as things stand, and what the framework says of its core fee.
fn judge(scene: Scene<'_>, changes: &Changes) -> Result<(Amended, Vec<CallOffCheck>), AgreementRejection> {
    check_dates(scene, changes)?;
    check_parts(scene, changes)?;
    check_changes_of_dates(scene.terms(), changes)?;
    let start = scene.agreement.issued.start;
    let mut amended = lines::amended(scene.terms(), changes, start)?;
    siblings::check(scene.state, scene.agreement, changes)?;
    for (line, discount) in &amended.siblings {
        let until = siblings::until(scene.state, discount);
        for line in amended.lines.iter_mut().filter(|it| it.line == *line) {
            line.until = until.map(|until| until.max(line.from));
        }
    }
    let checks = if amended.core { judge_core(scene, changes, &amended)? } else { Vec::new() };
    Ok((amended, checks))
}

/// An amendment holds from a night of the placement; what it names lies neither before that nor beyond all plans.
fn check_dates(scene: Scene<'_>, changes: &Changes) -> Result<(), AgreementRejection> {
    let (from, start) = (changes.from, scene.agreement.issued.start);
    if from < start {
        return Err(TermsRejection::AmendmentBeforeStart { from, start }.into());
    }
    if let Some(end) = scene.agreement.ended.as_ref().filter(|end| end.on <= from) {
        return Err(AgreementRejection::AgreementEnded(end.on));
    }
    let latest = days_after(london_date(scene.at).max(start), AHEAD_DAYS_MAX);
    let mut wrong = Vec::new();
    let mut unless = |kept: bool, field: &str, description: String| {
        if !kept {
            wrong.push(Violation { field: format!("changes.{field}"), description });
        }
    };
    unless(from <= latest, "from", format!("is {from}: give {latest} or earlier"));
    for (field, on) in [("expected_end", changes.expected_end), ("review_on", changes.review_on)] {
        let within = on.is_none_or(|on| start < on && on <= latest);
        unless(within, field, format!("must be after {start}, and {latest} or earlier"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(TermsRejection::FieldInvalid(wrong).into()) }
}

/// Everything but the lines.
fn check_parts(scene: Scene<'_>, changes: &Changes) -> Result<(), TermsRejection> {
    if *changes == Changes::new(changes.from, &changes.reason) {
        return Err(TermsRejection::AmendmentEmpty);
    }
    check_funders(changes)?;
    let mut wrong = Vec::new();
    let mut unless = |kept: bool, field: String, description: String| {
        if !kept {
            wrong.push(Violation { field: format!("changes.{field}"), description });
        }
    };
    let most = LINE_CHANGES_MAX;
    unless(changes.lines.len() <= most, "lines".to_owned(), format!("has more than {most} changes"));
    let (least, days) = (NOTICE_DAYS.start(), NOTICE_DAYS.end());
    let notice = changes.notice_days.is_none_or(|days| NOTICE_DAYS.contains(&days));
    unless(notice, "notice_days".to_owned(), format!("must be {least} to {days}"));
    let mut seen = BTreeSet::new();
    for (n, rule) in changes.absence_rules.iter().flatten().enumerate() {
        let field = |of: &str| format!("absence_rules[{n}].{of}");
        let known = code_sets::ABSENCE.codes.iter().any(|code| code.code == rule.absence);
        unless(known, field("absence"), format!("{} is no ABSENCE code", rule.absence));
        unless(seen.insert(&rule.absence), field("absence"), format!("{} is given twice", rule.absence));
        unless(
            rule.core_basis_points <= WHOLE,
            field("core_basis_points"),
            format!("must be {WHOLE} at most"),
        );
        let other = rule.other_basis_points <= WHOLE;
        unless(other, field("other_basis_points"), format!("must be {WHOLE} at most"));
        let later = rule.nothing_after.is_none_or(|nights| nights >= rule.full_nights);
        unless(
            later,
            field("nothing_after"),
            format!("must not be below the {} full nights", rule.full_nights),
        );
    }
    let outcomes = scene.terms().outcomes.len() + changes.outcomes.len();
    unless(
        outcomes <= OUTCOMES_MAX,
        "outcomes".to_owned(),
        format!("an agreement has at most {OUTCOMES_MAX}"),
    );
    for (n, outcome) in changes.outcomes.iter().enumerate() {
        let field = |of: &str| format!("outcomes[{n}].{of}");
        let paid = (Pence(1)..=Pence::MAX_INPUT).contains(&outcome.payment);
        unless(paid, field("payment_pence"), format!("must be £0.01 to {}", Pence::MAX_INPUT));
        let capped = (outcome.payment..=Pence::MAX_INPUT).contains(&outcome.cap);
        unless(capped, field("cap_pence"), format!("must be {} to {}", outcome.payment, Pence::MAX_INPUT));
    }
    for (n, ended) in changes.outcomes_ended.iter().enumerate() {
        let runs = |it: &super::state::Outcome| it.number == *ended && it.until.is_none();
        let known = scene.terms().outcomes.iter().any(runs);
        unless(
            known,
            format!("outcomes_ended[{n}]"),
            format!("the agreement has no outcome {ended} that goes on"),
        );
    }
    if wrong.is_empty() { Ok(()) } else { Err(TermsRejection::FieldInvalid(wrong)) }
}

/// A ledger takes so many dates from which funders pay other shares, and from which other absence rules hold.
fn check_changes_of_dates(terms: &Terms, changes: &Changes) -> Result<(), TermsRejection> {
    if funders_after(terms, changes).len() > FUNDER_CHANGES_MAX {
        let detail = "an agreement's funders change no more often: leave them out";
        return Err(TermsRejection::TooMany(FUNDER_CHANGES_MAX, detail));
    }
    if rules_after(terms, changes).len() > ABSENCE_RULE_CHANGES_MAX {
        let detail = "an agreement's absence rules change no more often: leave them out";
        return Err(TermsRejection::TooMany(ABSENCE_RULE_CHANGES_MAX, detail));
    }
    Ok(())
}

/// Who pays once an amendment holds: from its day on whom it names, whatever was agreed for later days before.
fn funders_after(terms: &Terms, changes: &Changes) -> Vec<FundersFrom> {
    let mut funders = terms.funders.clone();
    if !changes.funders.is_empty() {
        funders.retain(|before| before.from < changes.from);
        funders.push(FundersFrom { from: changes.from, funders: changes.funders.clone() });
    }
    funders
}

/// The absence rules by date once an amendment holds; nights before its day keep theirs.
fn rules_after(terms: &Terms, changes: &Changes) -> Vec<AbsenceRulesFrom> {
    let mut dated = terms.absence_rules_from.clone();
    if let Some(rules) = &changes.absence_rules {
        dated.retain(|before| before.from < changes.from);
        dated.push(AbsenceRulesFrom { from: changes.from, rules: rules.clone() });
    }
    dated
}

fn check_funders(changes: &Changes) -> Result<(), TermsRejection> {
    let sum: u64 = changes.funders.iter().map(|share| u64::from(share.basis_points)).sum();
    let each: BTreeSet<&str> = changes.funders.iter().map(|share| share.funder.as_str()).collect();
    let whole = sum == u64::from(WHOLE) && each.len() == changes.funders.len();
    if changes.funders.is_empty() || whole { Ok(()) } else { Err(TermsRejection::FundersNotWhole(sum)) }
}

/// Judges the core fee of the amendment's first night by the framework that the place was called off from, as an award is; uplifts are
/// decided apart and are no part of it. Whether a child may be placed there is not asked again: the child lives there.
fn judge_core(
    scene: Scene<'_>,
    changes: &Changes,
    amended: &Amended,
) -> Result<Vec<CallOffCheck>, TermsRejection> {
    let issued = &scene.agreement.issued;
    let Route::Framework { .. } = issued.terms.route else { return Ok(Vec::new()) };
    let core =
        |line: &&care::published::TermLine| line.kind == lines::CORE && lines::holds(line, changes.from);
    let core: Vec<PriceLine> = amended
        .lines
        .iter()
        .filter(core)
        .map(|line| PriceLine { kind: line.kind.clone(), weekly: line.weekly, until: None })
        .collect();
    let question = CallOffQuestion {
        council: issued.council,
        provider: &issued.provider,
        urn: &issued.urn,
        provision: &issued.provision,
        grade: "",
        age_years: scene.agreement.age_years.unwrap_or_default(),
        on: changes.from,
        start: changes.from,
        route: &issued.terms.route,
        lines: &core,
        funders: &issued.terms.funders,
        // What the price goes by was shown with the award.
        shown: Shown::default(),
    };
    let judged = judge_call_off(scene.facts, &question).evidence.checks;
    let of_price: Vec<CallOffCheck> =
        judged.into_iter().filter(|check| of_price(&check.check).is_some()).collect();
    let failed = of_price.iter().find(|check| !check.passed);
    if let Some((failed, check)) = failed.and_then(|failed| Some((failed, of_price_check(failed)?))) {
        return Err(TermsRejection::CoreNotAllowed { check, detail: failed.found.clone() });
    }
    let priced = of_price.iter().any(|check| check.check == checks::PRICE_ABOVE_SCHEDULE);
    if !priced {
        let detail = "the framework has no price for it on that day".to_owned();
        return Err(TermsRejection::CoreNotAllowed { check: CoreCheck::NotAdmitted, detail });
    }
    Ok(of_price)
}

/// The day from which the price schedule holds that a core fee of this night is judged by.
fn schedule_of(scene: Scene<'_>, on: Date) -> Option<Date> {
    let issued = &scene.agreement.issued;
    let Route::Framework { framework, lot, .. } = &issued.terms.route else { return None };
    scene.facts.get(framework)?.schedule(&issued.provider, lot, on).map(|schedule| schedule.from)
}

fn of_price_check(check: &CallOffCheck) -> Option<CoreCheck> {
    of_price(&check.check)
}

/// What a check of the call-off says of a core fee, if it does.
fn of_price(check: &str) -> Option<CoreCheck> {
    match check {
        checks::PRICE_ABOVE_CEILING => Some(CoreCheck::AboveCeiling),
        checks::PRICE_ABOVE_SCHEDULE => Some(CoreCheck::AboveSchedule),
        checks::FRAMEWORK_UNKNOWN
        | checks::LOT_UNKNOWN
        | checks::LEVEL_UNKNOWN
        | checks::PROVIDER_NOT_ADMITTED => Some(CoreCheck::NotAdmitted),
        _ => None,
    }
}

fn open<'a>(scene: Scene<'a>, number: u32) -> Result<&'a Amendment, TermsRejection> {
    let found = scene.agreement.terms.amendment(number);
    let amendment = found.ok_or(TermsRejection::AmendmentUnknown(number))?;
    if amendment.is_open() { Ok(amendment) } else { Err(TermsRejection::AmendmentClosed(number)) }
}

/// Signs an amendment; with the second signature it holds, if it still can.
pub(super) fn sign_amendment(scene: Scene<'_>, number: u32, consent: &Consent) -> Decided<Agreements> {
    let amendment = open(scene, number)?;
    check_consent(&amendment.signatures, scene, consent, amendment.proposed_at)?;
    let issued = &scene.agreement.issued;
    let signed = AmendmentSigned {
        agreement: issued.agreement,
        award: issued.award,
        council: issued.council,
        amendment: number,
        by: scene.by,
        post: consent.post.clone(),
        on: consent.on,
        at: scene.at,
    };
    let mut signatures = amendment.signatures.clone();
    signatures.push(Signature { by: scene.by, post: String::new(), on: consent.on, at: scene.at });
    let mut events: Vec<AgreementEvent> = vec![signed.into()];
    if both(&signatures) {
        events.extend(take_effect(scene, amendment)?);
    }
    Ok(events)
}

fn take_effect(scene: Scene<'_>, amendment: &Amendment) -> Result<Vec<AgreementEvent>, AgreementRejection> {
    let changes = &amendment.changes;
    let (amended, checks) = judge(scene, changes)?;
    let (issued, terms) = (&scene.agreement.issued, scene.terms());
    let version = terms.version.saturating_add(1);
    let effect = AmendmentTookEffect {
        agreement: issued.agreement,
        award: issued.award,
        council: issued.council,
        amendment: amendment.number,
        terms: version,
        from: changes.from,
        siblings: amended.siblings,
        checks,
        schedule_from: schedule_of(scene, changes.from).filter(|_| amended.core),
        at: scene.at,
    };
    let set = AgreementTermsSet {
        lines: amended.lines,
        funders: funders_after(terms, changes),
        absence_rules_from: rules_after(terms, changes),
        ..terms_set(scene.agreement, AMENDMENT, changes.from, &changes.reason, scene.at)
    };
    Ok(vec![effect.into(), set.into()])
}

/// The next version of an agreement's terms, so far with all that held before.
pub(super) fn terms_set(
    agreement: &Agreement,
    cause: &str,
    from: Date,
    reason: &str,
    at: Timestamp,
) -> AgreementTermsSet {
    let (issued, terms) = (&agreement.issued, &agreement.terms);
    AgreementTermsSet {
        agreement: issued.agreement,
        award: issued.award,
        council: issued.council,
        terms: terms.version.saturating_add(1),
        lines: terms.lines.clone(),
        funders: terms.funders.clone(),
        absence_rules: terms.absence_rules.clone(),
        absence_rules_from: terms.absence_rules_from.clone(),
        from,
        cause: cause.to_owned(),
        reason: reason.to_owned(),
        at,
    }
}

/// Declines an amendment of the other side's, or withdraws one's own.
pub(super) fn close(scene: Scene<'_>, number: u32, end: AmendmentEnd, reason: &str) -> Decided<Agreements> {
    let amendment = open(scene, number)?;
    let own = amendment.by == scene.by;
    if own != (end == AmendmentEnd::Withdrawn) {
        return Err(TermsRejection::AmendmentNotYours(amendment.by).into());
    }
    let issued = &scene.agreement.issued;
    let closed = AmendmentClosed {
        agreement: issued.agreement,
        award: issued.award,
        council: issued.council,
        amendment: number,
        end,
        reason: reason.to_owned(),
        at: scene.at,
    };
    Ok(vec![closed.into()])
}

/// The siblings that an amendment's new lines name.
pub(super) fn siblings_named(
    changes: &Changes,
) -> impl Iterator<Item = (usize, &BTreeSet<care::AgreementId>)> {
    changes.lines.iter().enumerate().filter_map(|(n, change)| match change {
        LineChange::Add { siblings, .. } => Some((n, siblings)),
        LineChange::Change { .. } | LineChange::End { .. } => None,
    })
}
