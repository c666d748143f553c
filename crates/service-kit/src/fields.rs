//! Reading a request's fields, and telling everything that is wrong with them at once.

use crate::errors::with_violations;
use care::{CodeSet, CouncilId, Date, FrameworkId, Pence, ProviderId, Timestamp, Violation, code_sets};
use std::fmt::Display;
use std::str::FromStr;
use tonic::{Code, Status};

/// What a request's fields turn into.
pub type Form<T> = Result<T, Status>;

/// Collects what is wrong with a request's fields. Each look at a field gives its value, or notes a violation and gives nothing;
/// [`Fields::finish`] then refuses the request with all of them.
#[derive(Debug, Default)]
pub struct Fields {
    violations: Vec<Violation>,
}

impl Fields {
    /// Nothing wrong so far.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a violation.
    pub fn violation(&mut self, field: impl Into<String>, description: impl Display) {
        self.violations.push(Violation { field: field.into(), description: description.to_string() });
    }

    /// Reads what is beneath a field: what is wrong there is noted as `field.its_field`.
    pub fn beneath<T>(&mut self, field: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.violations.len();
        let value = read(self);
        for violation in self.violations.iter_mut().skip(before) {
            violation.field = format!("{field}.{}", violation.field);
        }
        value
    }

    /// Keeps the value of a check, or notes why it failed.
    pub fn check<T, E: Display>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.violation(field, error)).ok()
    }

    /// Text that has a form of its own.
    pub fn parse<T: FromStr<Err: Display>>(&mut self, field: &str, text: &str) -> Option<T> {
        if text.is_empty() {
            self.violation(field, "must be given");
            return None;
        }
        self.check(field, text.parse())
    }

    /// As [`Fields::parse`], where empty means not given. The outer option is whether it is usable.
    pub fn parse_optional<T: FromStr<Err: Display>>(&mut self, field: &str, text: &str) -> Option<Option<T>> {
        if text.is_empty() { Some(None) } else { self.parse(field, text).map(Some) }
    }

    /// A date, `YYYY-MM-DD`.
    pub fn date(&mut self, field: &str, text: &str) -> Option<Date> {
        let right_length = text.len() == 10;
        let date = text.parse().ok().filter(|_| right_length);
        if date.is_none() {
            self.violation(field, format!("{:?} is not a date: expected YYYY-MM-DD", shortened(text)));
        }
        date
    }

    /// As [`Fields::date`], where empty means not given.
    pub fn date_optional(&mut self, field: &str, text: &str) -> Option<Option<Date>> {
        if text.is_empty() { Some(None) } else { self.date(field, text).map(Some) }
    }

    /// An instant, if one is given.
    pub fn instant(&mut self, field: &str, at: Option<&prost_types::Timestamp>) -> Option<Option<Timestamp>> {
        let Some(at) = at else { return Some(None) };
        let instant = Timestamp::new(at.seconds, at.nanos).ok().filter(|_| at.nanos >= 0);
        if instant.is_none() {
            self.violation(field, "is not an instant");
        }
        instant.map(Some)
    }

    /// A code that its set holds in the collection year of `on`.
    pub fn code(&mut self, field: &str, set: CodeSet, text: &str, on: Date) -> Option<String> {
        self.check(field, set.check(text, code_sets::collection_year(on)).map(|code| code.code.to_owned()))
    }

    /// Codes of a set, each at most once.
    pub fn codes(&mut self, field: &str, set: CodeSet, texts: &[String], on: Date) -> Option<Vec<String>> {
        let mut codes = Vec::with_capacity(texts.len().min(set.codes.len()));
        let mut right = true;
        for (i, text) in texts.iter().enumerate() {
            match self.code(&format!("{field}[{i}]"), set, text, on) {
                Some(code) if codes.contains(&code) => {
                    self.violation(format!("{field}[{i}]"), format!("{code} is given twice"));
                    right = false;
                }
                Some(code) => codes.push(code),
                // One unknown code says what the set holds; a thousand need not.
                None => return None,
            }
        }
        right.then_some(codes)
    }

    /// An amount in pence, 0 to £10 million.
    pub fn pence(&mut self, field: &str, pence: i64) -> Option<Pence> {
        self.check(field, Pence::from_input(pence))
    }

    /// A whole number within a range.
    pub fn number<T: TryFrom<i64>>(
        &mut self,
        field: &str,
        value: impl Into<i64>,
        range: std::ops::RangeInclusive<i64>,
    ) -> Option<T> {
        let value = value.into();
        let right = range.contains(&value).then(|| T::try_from(value).ok()).flatten();
        if right.is_none() {
            self.violation(
                field,
                format!("{value} is out of range: expected {} to {}", range.start(), range.end()),
            );
        }
        right
    }

    /// Text of 1 to `chars_max` characters without control characters, trimmed.
    pub fn text(&mut self, field: &str, text: &str, chars_max: usize) -> Option<String> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            self.violation(field, "must be given");
            return None;
        }
        self.text_optional(field, trimmed, chars_max)
    }

    /// As [`Fields::text`], where empty is fine. Characters that are not seen, or turn round how others are shown, are refused: what
    /// somebody reads would not be what is compared and searched.
    pub fn text_optional(&mut self, field: &str, text: &str, chars_max: usize) -> Option<String> {
        let trimmed = text.trim();
        if trimmed.chars().count() > chars_max {
            self.violation(field, format!("is longer than {chars_max} characters"));
        } else if trimmed.chars().any(|c| c.is_control() && c != '\n') {
            self.violation(field, "holds control characters");
        } else if let Some(hidden) = trimmed.chars().find(|c| is_hidden(*c)) {
            let code = u32::from(hidden);
            self.violation(
                field,
                format!("holds U+{code:04X}, which nobody sees: type it again, or paste it as plain text"),
            );
        } else {
            return Some(trimmed.to_owned());
        }
        None
    }

    /// Insists that a list has no more than `items_max` items.
    pub fn at_most(&mut self, field: &str, items: usize, items_max: usize) -> Option<()> {
        if items > items_max {
            self.violation(field, format!("has {items} items, at most {items_max} are taken"));
            return None;
        }
        Some(())
    }

    /// A council's name: `councils/E06000015`, or with the DfE's digits `councils/831`.
    pub fn council(&mut self, field: &str, name: &str) -> Option<CouncilId> {
        self.resource(field, name, "councils")
    }

    /// A provider's name: `providers/{id}`.
    pub fn provider(&mut self, field: &str, name: &str) -> Option<ProviderId> {
        self.resource(field, name, "providers")
    }

    /// A framework's name: `frameworks/{id}`.
    pub fn framework(&mut self, field: &str, name: &str) -> Option<FrameworkId> {
        self.resource(field, name, "frameworks")
    }

    /// A resource at the top: `{collection}/{id}`.
    pub fn resource<T: FromStr<Err: Display>>(
        &mut self,
        field: &str,
        name: &str,
        collection: &str,
    ) -> Option<T> {
        match split_name(name).as_slice() {
            [(found, id)] if *found == collection => self.check(field, id.parse()),
            _ => self.wrong_name(field, name, &format!("{collection}/{{id}}")),
        }
    }

    /// A council's resource: `councils/{gss}/{collection}/{id}`.
    pub fn council_resource<T: FromStr<Err: Display>>(
        &mut self,
        field: &str,
        name: &str,
        collection: &str,
    ) -> Option<(CouncilId, T)> {
        self.child_resource(field, name, "councils", collection)
    }

    /// A resource below another: `{parents}/{id}/{collection}/{id}`.
    pub fn child_resource<P, T>(
        &mut self,
        field: &str,
        name: &str,
        parents: &str,
        collection: &str,
    ) -> Option<(P, T)>
    where
        P: FromStr<Err: Display>,
        T: FromStr<Err: Display>,
    {
        match split_name(name).as_slice() {
            [(found_parents, parent), (found, id)] if *found_parents == parents && *found == collection => {
                let parent = self.check(field, parent.parse());
                let id = self.check(field, id.parse());
                parent.zip(id)
            }
            _ => self.wrong_name(field, name, &format!("{parents}/{{id}}/{collection}/{{id}}")),
        }
    }

    fn wrong_name<T>(&mut self, field: &str, name: &str, expected: &str) -> Option<T> {
        self.violation(
            field,
            format!("{:?} is not a name of this kind: expected {expected}", shortened(name)),
        );
        None
    }

    /// Whether anything was wrong so far.
    #[must_use]
    pub fn are_wrong(&self) -> bool {
        !self.violations.is_empty()
    }

    /// What was wrong so far, for a form that is one of many and is answered for itself.
    #[must_use]
    pub fn into_violations(self) -> Vec<Violation> {
        self.violations
    }

    /// The form, made of what the fields gave, if nothing was wrong.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, reason `FIELD_INVALID`, with every violation.
    pub fn finish<T>(self, form: impl FnOnce() -> Option<T>) -> Form<T> {
        let made = if self.violations.is_empty() { form() } else { None };
        made.ok_or_else(|| {
            let fields: Vec<_> =
                self.violations.iter().map(|v| format!("{}: {}", v.field, v.description)).collect();
            with_violations(Code::InvalidArgument, "FIELD_INVALID", fields.join("; "), &self.violations)
        })
    }
}

/// The pairs of a resource name; empty when it is not made of pairs.
fn split_name(name: &str) -> Vec<(&str, &str)> {
    let segments: Vec<&str> = name.split('/').take(9).collect();
    let (pairs, rest) = segments.as_chunks::<2>();
    if rest.is_empty() {
        pairs.iter().map(|[collection, id]| (*collection, *id)).collect()
    } else {
        Vec::new()
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

/// An instant as protobuf has it.
#[must_use]
pub fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() }
}

/// Whether a character takes no room or changes the direction of others: bidirectional marks, spaces of no width, fillers, tags. Joiners are
/// not among them, since Persian and Indic names are written with them.
fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::StatusExt;

    #[test]
    fn everything_wrong_is_told_at_once() {
        let mut fields = Fields::new();
        let council = fields.council("parent", "councils/E99999999");
        let date = fields.date("start", "6 April");
        let weekly = fields.pence("weekly_pence", -1);
        let status = fields.finish(|| Some((council?, date?, weekly?))).unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        let details = status.get_error_details();
        assert_eq!(details.error_info().map(|info| info.reason.as_str()), Some("FIELD_INVALID"));
        let fields: Vec<_> =
            details.bad_request().unwrap().field_violations.iter().map(|v| v.field.clone()).collect();
        assert_eq!(fields, ["parent", "start", "weekly_pence"]);
    }

    #[test]
    fn what_nobody_sees_is_no_part_of_a_text() {
        for wrong in
            ["\u{200b}", "a\u{200b}b", "\u{202e}txet", "a\u{2066}b", "\u{feff}a", "a\u{ad}b", "a\u{7}b"]
        {
            let mut fields = Fields::new();
            assert_eq!(fields.text("text", wrong, 10), None, "{wrong:?}");
            assert_eq!(fields.text_optional("text", wrong, 10), None, "{wrong:?}");
        }
        let mut fields = Fields::new();
        for right in ["two\nlines", "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}", "e\u{301}", "\u{2764}\u{fe0f}"] {
            assert_eq!(fields.text("text", right, 10).as_deref(), Some(right));
        }
    }

    #[test]
    fn names_are_taken_apart_strictly() {
        let mut fields = Fields::new();
        assert_eq!(fields.council("parent", "councils/831"), "E06000015".parse().ok());
        let id = "0190f5c2-6b1e-7c3a-9d21-3f0c5a7e8b11";
        let name = format!("councils/E06000015/referrals/{id}");
        let found: Option<(CouncilId, care::ReferralId)> =
            fields.council_resource("name", &name, "referrals");
        assert!(found.is_some());
        for wrong in [
            "",
            "/",
            "councils",
            "councils//",
            "councils/E06000015/referrals",
            "x/E06000015",
            "councils/E06000015/offers/1",
        ] {
            assert_eq!(
                fields.council_resource::<care::ReferralId>("name", wrong, "referrals"),
                None,
                "{wrong}"
            );
        }
    }
}
