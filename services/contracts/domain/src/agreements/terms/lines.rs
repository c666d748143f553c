//! The lines of a price over dates: what an amendment makes of them, and what no amendment may make.

use super::commands::{Changes, LineChange, LinePrice};
use super::events::SiblingDiscount;
use super::rejection::TermsRejection;
use super::state::{Terms, number_after};
use care::published::terms_limits::{TERM_LINES_MAX, YEARS};
use care::published::{ADDITION_DAYS_MAX, TermLine};
use care::{AgreementId, Date, Pence, Violation, code_sets, days_after};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const CORE: &str = "CORE";
pub(super) const UPLIFT: &str = "UPLIFT";
/// Codes of `CHARGE_LINE` that begin so take something off.
const DISCOUNT: &str = "DISCOUNT_";
pub(super) const SIBLING: &str = "DISCOUNT_SIBLING";
/// The TERMS_CAUSE code of an amendment.
const AMENDMENT: &str = "AMENDMENT";
/// How many characters a note has at most.
const NOTE_CHARS_MAX: usize = 200;

/// What an amendment makes of the price.
#[derive(Debug)]
pub(super) struct Amended {
    /// Every line, past ones included.
    pub(super) lines: Vec<TermLine>,
    /// The lines that it begins or changes and that hold while siblings are there.
    pub(super) siblings: BTreeMap<u32, SiblingDiscount>,
    /// Whether the core fee is another.
    pub(super) core: bool,
}

/// Whether a line holds for the night of `on`.
pub(super) fn holds(line: &TermLine, on: Date) -> bool {
    line.from <= on && line.until.is_none_or(|until| on < until)
}

/// Whether it holds for any night.
pub(super) fn has_nights(line: &TermLine) -> bool {
    line.until.is_none_or(|until| line.from < until)
}

/// What is paid a week for the night of `on`.
#[must_use]
pub fn weekly_on(lines: &[TermLine], on: Date) -> Pence {
    lines.iter().filter(|line| holds(line, on)).map(|line| line.weekly).sum()
}

/// The core fee of the night of `on`, its uplifts included.
pub(super) fn core_on(lines: &[TermLine], on: Date) -> Pence {
    let core = lines.iter().filter(|line| holds(line, on) && [CORE, UPLIFT].contains(&line.kind.as_str()));
    core.map(|line| line.weekly).sum()
}

/// The nights from `from` on that begin something else, `from` itself among them.
pub(super) fn turns(lines: &[TermLine], from: Date) -> BTreeSet<Date> {
    let begins_and_ends = lines.iter().flat_map(|line| [Some(line.from), line.until]);
    begins_and_ends.flatten().filter(|on| *on > from).chain([from]).collect()
}

/// The lines after an amendment's changes, in order of their numbers.
pub(super) fn amended(terms: &Terms, changes: &Changes, start: Date) -> Result<Amended, TermsRejection> {
    let lines = terms.lines.clone();
    let mut work = Work { terms, changes, lines, siblings: BTreeMap::new(), core: false };
    for (n, change) in changes.lines.iter().enumerate() {
        let kind = match change {
            LineChange::Add { .. } => "add",
            LineChange::Change { .. } => "change_price",
            LineChange::End { .. } => "end",
        };
        work.apply(&format!("changes.lines[{n}].{kind}"), change)?;
    }
    if work.lines.len() > TERM_LINES_MAX {
        return Err(TermsRejection::TooMany(TERM_LINES_MAX, "an agreement has no more lines"));
    }
    for on in turns(&work.lines, start) {
        let cores = work.lines.iter().filter(|line| line.kind == CORE && holds(line, on));
        if !changes.lines.is_empty() && on >= changes.from && cores.count() == 0 {
            return Err(TermsRejection::CoreMissing(on));
        }
        let weekly = weekly_on(&work.lines, on);
        if !changes.lines.is_empty() && weekly < Pence::ZERO {
            return Err(TermsRejection::WeeklyNegative { weekly, on });
        }
    }
    Ok(Amended { lines: work.lines, siblings: work.siblings, core: work.core })
}

struct Work<'a> {
    terms: &'a Terms,
    changes: &'a Changes,
    lines: Vec<TermLine>,
    siblings: BTreeMap<u32, SiblingDiscount>,
    core: bool,
}

/// A line as an amendment gives it.
struct Given<'a> {
    field: &'a str,
    kind: &'a str,
    price: &'a LinePrice,
    until: Option<Date>,
    note: &'a str,
}

impl Work<'_> {
    fn apply(&mut self, field: &str, change: &LineChange) -> Result<(), TermsRejection> {
        match change {
            LineChange::Add { kind, price, until, note, siblings } => {
                check_kind(field, kind)?;
                let line = self.line(&Given { field, kind, price, until: *until, note })?;
                self.add(field, line, siblings.clone())
            }
            LineChange::Change { line, price, until, note } => {
                let before = self.running(field, *line)?.clone();
                let until = until.or(before.until);
                let note = if note.is_empty() { before.note.as_str() } else { note.as_str() };
                let given = Given { field, kind: &before.kind, price, until, note };
                let mut after = self.line(&given)?;
                self.end(&before);
                if before.from == self.changes.from {
                    // The same line, told again: it keeps its number, and none of its nights is left of what it was.
                    after.line = before.line;
                    self.lines.retain(|line| line.line != before.line);
                }
                let discount = self.discount(before.line).cloned();
                let siblings = discount.as_ref().map(|it| it.siblings.clone()).unwrap_or_default();
                if let Some(discount) = discount.clone().filter(|_| after.line != before.line) {
                    // What is left of the line before ends here, whoever stays.
                    let until = Some(self.changes.from);
                    self.siblings.insert(before.line, SiblingDiscount { until, ..discount });
                }
                // Where the siblings' leaving ended it, that end is none that was agreed.
                if let (Some(discount), LineChange::Change { until: None, .. }) = (discount, change) {
                    after.until = discount.until;
                }
                self.add(field, after, siblings)
            }
            LineChange::End { line } => {
                let before = self.running(field, *line)?.clone();
                self.end(&before);
                if let Some(discount) = self.discount(before.line).cloned() {
                    let until = Some(self.changes.from);
                    self.siblings.insert(before.line, SiblingDiscount { until, ..discount });
                }
                Ok(())
            }
        }
    }

    fn discount(&self, line: u32) -> Option<&SiblingDiscount> {
        self.siblings.get(&line).or_else(|| self.terms.sibling_discounts.get(&line))
    }

    /// The line of this number, if it holds on the amendment's day or later.
    fn running(&self, field: &str, number: u32) -> Result<&TermLine, TermsRejection> {
        let from = self.changes.from;
        let runs =
            |line: &&TermLine| line.line == number && line.from <= from && holds(line, from.max(line.from));
        let unknown = TermsRejection::LineUnknown { field: format!("{field}.line"), line: number, from };
        // An uplift is decided and not agreed line by line.
        self.lines.iter().find(runs).filter(|line| line.kind != UPLIFT).ok_or(unknown)
    }

    /// Ends a line on the amendment's day. A new core fee is the whole of it: the uplifts of the one before end with it.
    fn end(&mut self, before: &TermLine) {
        let from = self.changes.from;
        let core = before.kind == CORE;
        self.core |= core;
        for line in &mut self.lines {
            let uplift_of_it = core && line.kind == UPLIFT && line.until.is_none_or(|until| until > from);
            if line.line == before.line || uplift_of_it {
                line.until = Some(from.max(line.from));
            }
        }
    }

    fn line(&self, given: &Given<'_>) -> Result<TermLine, TermsRejection> {
        let (from, field) = (self.changes.from, given.field);
        let invalid = |of: &str, description: String| {
            Err(TermsRejection::FieldInvalid(vec![Violation { field: format!("{field}.{of}"), description }]))
        };
        let latest = days_after(from, ADDITION_DAYS_MAX);
        let addition = given.kind != CORE && !given.kind.starts_with(DISCOUNT);
        if addition && given.until.is_none_or(|until| until > latest) {
            let (field, kind) = (format!("{field}.until"), given.kind.to_owned());
            return Err(TermsRejection::AdditionNotTimeBoxed { field, kind, latest });
        }
        if given.until.is_some_and(|until| until <= from) {
            return invalid("until", format!("must be after {from}, the day that the amendment holds from"));
        }
        if given.until.is_some_and(|until| until.year() > *YEARS.end()) {
            return invalid("until", format!("must lie in the year {} or earlier", YEARS.end()));
        }
        if given.note.chars().count() > NOTE_CHARS_MAX {
            return invalid("note", format!("is longer than {NOTE_CHARS_MAX} characters"));
        }
        let (weekly, words) = self.priced(given);
        if !(Pence(1)..=Pence::MAX_INPUT).contains(&weekly) {
            let most = Pence::MAX_INPUT;
            return invalid("price", format!("comes to {weekly} a week: expected £0.01 to {most}"));
        }
        let weekly = if given.kind.starts_with(DISCOUNT) { -weekly } else { weekly };
        Ok(TermLine {
            line: number_after(self.lines.len()),
            kind: given.kind.to_owned(),
            weekly,
            from,
            until: given.until,
            cause: AMENDMENT.to_owned(),
            note: given.note.to_owned(),
            worked_out: words,
        })
    }

    /// What a line costs a week, without a sign, and how that came about where it is not given as such.
    fn priced(&self, given: &Given<'_>) -> (Pence, String) {
        match given.price {
            LinePrice::Weekly { pence } => (*pence, String::new()),
            LinePrice::Quantity { hundredths, unit, rate } => {
                let weekly = rate.scaled(*hundredths, 100);
                let (whole, rest) = (hundredths / 100, hundredths % 100);
                let quantity = if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:02}") };
                (weekly, format!("{quantity} {unit} a week at {rate}"))
            }
            LinePrice::OfCore { basis_points } => {
                let core = core_on(&self.lines, self.changes.from);
                let words = format!("{}.{:02} % of {core}", basis_points / 100, basis_points % 100);
                (core.part(*basis_points), words)
            }
        }
    }

    fn add(
        &mut self,
        field: &str,
        line: TermLine,
        siblings: BTreeSet<AgreementId>,
    ) -> Result<(), TermsRejection> {
        if line.kind == CORE {
            self.core = true;
            let other = self.lines.iter().find(|other| other.kind == CORE && overlap(other, &line));
            if let Some(other) = other {
                let on = other.from.max(line.from);
                return Err(TermsRejection::CoreOverlaps { field: field.to_owned(), on });
            }
        }
        if (line.kind == SIBLING) == siblings.is_empty() {
            let (field, detail) = (
                format!("{field}.siblings"),
                "give the agreements of the siblings for a sibling discount, and only there",
            );
            return Err(TermsRejection::SiblingsInvalid { field, detail: detail.to_owned() });
        }
        if !siblings.is_empty() {
            self.siblings.insert(line.line, SiblingDiscount { siblings, until: line.until });
        }
        let place = self.lines.partition_point(|other| other.line < line.line);
        self.lines.insert(place, line);
        Ok(())
    }
}

fn overlap(one: &TermLine, other: &TermLine) -> bool {
    has_nights(one)
        && has_nights(other)
        && one.until.is_none_or(|until| other.from < until)
        && other.until.is_none_or(|until| one.from < until)
}

/// Whether an amendment can add such a line: those of a price, and discounts.
fn check_kind(field: &str, kind: &str) -> Result<(), TermsRejection> {
    let price = code_sets::PRICE_LINE.codes.iter().any(|code| code.code == kind);
    if price || kind.starts_with(DISCOUNT) {
        return Ok(());
    }
    let description = format!("an amendment adds no {kind}: give a PRICE_LINE code or a discount");
    Err(TermsRejection::FieldInvalid(vec![Violation { field: format!("{field}.kind"), description }]))
}
