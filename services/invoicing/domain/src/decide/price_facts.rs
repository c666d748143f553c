//! What contracts tells of a price that changes: terms, absences and Staying Put. Each tells all that holds now with a number or an instant, so
//! that one which comes late or twice changes nothing.

use super::facts::{
    Trouble, date_trouble, ends_trouble, foreign, funders_trouble, placement, refuse, told, unknown,
};
use super::limits;
use crate::commands::Command;
use crate::events::{AbsenceNoted, InvoicingEvent, StayingPutClosed, StayingPutOpened, TermsChanged};
use crate::state::State;
use care::published::{
    AbsenceRecorded, AbsenceRule, AgreementTermsSet, PriceLine, StayingPutEnded, StayingPutStarted, TermLine,
};
use care::{Pence, code_sets};
use std::collections::BTreeSet;

/// Kinds of lines that are worked out here and never told: codes of `code_sets::CHARGE_LINE`.
const WORKED_OUT: [&str; 5] = ["ABSENCE", "RETAINER", "VOID", "RESALE", "STAYING_PUT"];

pub(super) fn terms_set(state: &State, command: &Command, set: &AgreementTermsSet) -> Vec<InvoicingEvent> {
    let refuse = |trouble| refuse::<AgreementTermsSet>(state, command, set.agreement, trouble);
    if let Some(trouble) = foreign(command, set.council).or_else(|| date_trouble(set.from)) {
        return refuse(trouble);
    }
    let Some(agreement) = placement(state, set.agreement) else {
        return refuse(unknown(set.agreement));
    };
    if set.terms <= agreement.terms.version {
        return Vec::new();
    }
    if let Some(trouble) = terms_trouble(set, &agreement.provision) {
        return refuse(trouble);
    }
    let changed_terms = TermsChanged {
        agreement: set.agreement,
        council: command.council,
        terms: set.terms,
        lines: set.lines.clone(),
        funders: set.funders.clone(),
        absence_rules: set.absence_rules.clone(),
        absence_rules_from: set.absence_rules_from.clone(),
        from: set.from,
        cause: set.cause.clone(),
        at: set.at,
    };
    let mut changed = agreement.clone();
    changed.set_terms(&changed_terms);
    told::<AgreementTermsSet>(state, command, changed_terms.into(), changed, &set.cause)
}

/// What in the terms could not be charged.
fn terms_trouble(set: &AgreementTermsSet, provision: &str) -> Option<Trouble> {
    let trouble = |detail: String| Some(("TERMS_INVALID", detail));
    let (lines, funders) = (&set.lines, &set.funders);
    if lines.is_empty() || lines.len() > limits::TERM_LINES_MAX {
        return trouble(format!("{} lines: expected 1 to {}", lines.len(), limits::TERM_LINES_MAX));
    }
    let numbers: BTreeSet<u32> = lines.iter().map(|line| line.line).collect();
    if numbers.len() != lines.len() {
        return trouble("two lines have the same number".to_owned());
    }
    if funders.is_empty() || funders.len() > limits::FUNDER_CHANGES_MAX {
        let most = limits::FUNDER_CHANGES_MAX;
        return trouble(format!("{} dates from which funders pay: expected 1 to {most}", funders.len()));
    }
    if funders.windows(2).any(|pair| pair[0].from >= pair[1].from) {
        return trouble("the dates from which funders pay are not in order".to_owned());
    }
    let line = lines.iter().find_map(line_trouble);
    line.or_else(|| funders.iter().find_map(|from| funders_trouble(&from.funders, provision)))
        .or_else(|| funders.iter().find_map(|from| date_trouble(from.from)))
        .or_else(|| rules_trouble(set))
}

/// What in the absence rules could not be charged.
fn rules_trouble(set: &AgreementTermsSet) -> Option<Trouble> {
    let trouble = |detail: String| Some(("TERMS_INVALID", detail));
    let dated = &set.absence_rules_from;
    if dated.len() > limits::ABSENCE_RULE_CHANGES_MAX {
        let (found, most) = (dated.len(), limits::ABSENCE_RULE_CHANGES_MAX);
        return trouble(format!("{found} dates from which absence rules hold: expected {most} at most"));
    }
    if dated.windows(2).any(|pair| pair[0].from >= pair[1].from) {
        return trouble("the dates from which absence rules hold are not in order".to_owned());
    }
    for rules in std::iter::once(&set.absence_rules).chain(dated.iter().map(|it| &it.rules)) {
        if rules.len() > limits::ABSENCE_RULES_MAX {
            let (found, most) = (rules.len(), limits::ABSENCE_RULES_MAX);
            return trouble(format!("{found} absence rules: expected {most} at most"));
        }
        let paid = |rule: &AbsenceRule| rule.core_basis_points.max(rule.other_basis_points);
        if let Some(rule) = rules.iter().find(|rule| paid(rule) > 10_000) {
            return trouble(format!("the rule for {} pays more than the whole", rule.absence));
        }
    }
    dated.iter().find_map(|it| date_trouble(it.from))
}

fn line_trouble(line: &TermLine) -> Option<Trouble> {
    let trouble = |detail: String| Some(("TERMS_INVALID", format!("line {}: {detail}", line.line)));
    if line.weekly.0.unsigned_abs() > Pence::MAX_INPUT.0.unsigned_abs() {
        return trouble(format!(
            "{} a week is out of range: expected {} at most",
            line.weekly,
            Pence::MAX_INPUT
        ));
    }
    let known = code_sets::CHARGE_LINE.codes.iter().any(|code| code.code == line.kind);
    if !known || WORKED_OUT.contains(&line.kind.as_str()) {
        return trouble(format!("{:?} is not a line of a price", line.kind));
    }
    if let Some(until) = line.until.filter(|until| *until < line.from) {
        return trouble(format!("it ends on {until}, before it begins on {}", line.from));
    }
    date_trouble(line.from).or_else(|| line.until.and_then(date_trouble))
}

pub(super) fn absence_recorded(
    state: &State,
    command: &Command,
    recorded: &AbsenceRecorded,
) -> Vec<InvoicingEvent> {
    let refuse = |trouble| refuse::<AbsenceRecorded>(state, command, recorded.agreement, trouble);
    let dates = [Some(recorded.from), recorded.until];
    let trouble =
        foreign(command, recorded.council).or_else(|| dates.into_iter().flatten().find_map(date_trouble));
    if let Some(trouble) = trouble {
        return refuse(trouble);
    }
    let Some(agreement) = placement(state, recorded.agreement) else {
        return refuse(unknown(recorded.agreement));
    };
    let known = agreement.absences.get(&recorded.absence);
    if known.is_some_and(|known| recorded.revision <= known.revision) {
        return Vec::new();
    }
    if known.is_none() && agreement.absences.len() >= limits::ABSENCES_MAX {
        let most = limits::ABSENCES_MAX;
        return refuse(("ABSENCES_TOO_MANY", format!("an agreement has {most} absences at most")));
    }
    if let Some(until) = recorded.until.filter(|until| *until < recorded.from) {
        let from = recorded.from;
        return refuse((
            "ABSENCE_INVALID",
            format!("the return on {until} lies before the first night, {from}"),
        ));
    }
    let noted = AbsenceNoted {
        agreement: recorded.agreement,
        council: command.council,
        absence: recorded.absence,
        revision: recorded.revision,
        kind: recorded.kind.clone(),
        from: recorded.from,
        until: recorded.until,
        at: recorded.at,
    };
    let mut changed = agreement.clone();
    changed.note_absence(&noted);
    told::<AbsenceRecorded>(state, command, noted.into(), changed, &recorded.kind)
}

pub(super) fn staying_put_started(
    state: &State,
    command: &Command,
    started: &StayingPutStarted,
) -> Vec<InvoicingEvent> {
    let refuse = |trouble| refuse::<StayingPutStarted>(state, command, started.agreement, trouble);
    let trouble = foreign(command, started.council)
        .or_else(|| date_trouble(started.from))
        .or_else(|| price_trouble(&started.lines))
        .or_else(|| ends_trouble(&started.lines, started.from));
    if let Some(trouble) = trouble {
        return refuse(trouble);
    }
    let Some(agreement) = placement(state, started.agreement) else {
        return refuse(unknown(started.agreement));
    };
    let same = |from, lines: &[PriceLine]| from == started.from && lines == started.lines;
    if agreement
        .staying_put
        .as_ref()
        .is_some_and(|it| started.at <= it.at || same(it.from, &it.lines) && it.until.is_none())
    {
        return Vec::new();
    }
    let opened = StayingPutOpened {
        agreement: started.agreement,
        council: command.council,
        from: started.from,
        lines: started.lines.clone(),
        at: started.at,
    };
    let mut changed = agreement.clone();
    changed.stay_put(&opened);
    told::<StayingPutStarted>(state, command, opened.into(), changed, "STAYING_PUT")
}

fn price_trouble(lines: &[PriceLine]) -> Option<Trouble> {
    if lines.is_empty() || lines.len() > limits::PRICE_LINES_MAX {
        let detail = format!("{} price lines: expected 1 to {}", lines.len(), limits::PRICE_LINES_MAX);
        return Some(("TERMS_INVALID", detail));
    }
    let wrong = lines.iter().find_map(|line| Pence::from_input(line.weekly.0).err());
    wrong.map(|overflow| ("TERMS_INVALID", format!("a weekly fee: {overflow}")))
}

pub(super) fn staying_put_ended(
    state: &State,
    command: &Command,
    ended: &StayingPutEnded,
) -> Vec<InvoicingEvent> {
    let refuse = |trouble| refuse::<StayingPutEnded>(state, command, ended.agreement, trouble);
    if let Some(trouble) = foreign(command, ended.council).or_else(|| date_trouble(ended.on)) {
        return refuse(trouble);
    }
    let Some(agreement) = placement(state, ended.agreement) else {
        return refuse(unknown(ended.agreement));
    };
    let Some(stays) = &agreement.staying_put else {
        let detail = format!("nobody is known to stay put under agreement {}", ended.agreement);
        return refuse(("STAYING_PUT_UNKNOWN", detail));
    };
    // A correction follows what it corrects, whatever the clocks say. An end that is older than a new beginning is the end of the one before.
    let older = ended.at < stays.at || ended.at == stays.at && stays.until.is_some();
    if stays.until == Some(ended.on) || older && ended.correction.is_none() {
        return Vec::new();
    }
    if ended.on < stays.from {
        let detail = format!("the departure on {} lies before the first night, {}", ended.on, stays.from);
        return refuse(("END_BEFORE_START", detail));
    }
    let closed =
        StayingPutClosed { agreement: ended.agreement, council: command.council, on: ended.on, at: ended.at };
    let mut changed = agreement.clone();
    changed.leave(&closed);
    told::<StayingPutEnded>(state, command, closed.into(), changed, "STAYING_PUT")
}
