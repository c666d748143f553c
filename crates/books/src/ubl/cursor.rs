//! Reading a tree of XML field by field: every child is asked for by name, and what nobody asked for is a fault.

use super::Space;
use super::xml::{Element, Tree};
use crate::amount::{Decimal, pence_of};
use crate::fault::{Fault, Faults, quoted};
use care::{Date, Pence};
use std::cell::RefCell;

/// What is read, and what is wrong with it so far.
pub(super) struct Reading<'a> {
    pub(super) tree: &'a Tree<'a>,
    pub(super) faults: RefCell<Faults>,
}

/// One element, and where it is.
pub(super) struct Cursor<'a> {
    reading: &'a Reading<'a>,
    element: &'a Element,
    path: String,
    /// The names that were asked for.
    asked: RefCell<Vec<(Space, &'static str)>>,
}

impl<'a> Cursor<'a> {
    pub(super) fn root(reading: &'a Reading<'a>) -> Self {
        let element = &reading.tree.root;
        Self { reading, element, path: format!("/{}", element.name), asked: RefCell::default() }
    }

    /// Says what is wrong with this element.
    pub(super) fn say(&self, wrong: impl Into<String>, remedy: impl Into<String>) {
        // Finding a place goes through the file, so not more often than anybody is told.
        let mut faults = self.reading.faults.borrow_mut();
        if faults.told.len() < crate::fault::FAULTS_MAX {
            let (line, column) = self.reading.tree.place(self.element);
            let fault = Fault::new(self.path.as_str(), wrong, remedy).at(line, column);
            // Reasons and sums are both read from the totals, and need not both say what is wrong there.
            if !faults.told.contains(&fault) {
                faults.push(fault);
            }
        } else {
            faults.left_off += 1;
        }
    }

    fn named(&self, space: Space, name: &'static str) -> Vec<Self> {
        self.asked.borrow_mut().push((space, name));
        let found: Vec<&Element> =
            self.element.children.iter().filter(|child| child.space == space && child.name == name).collect();
        let several = found.len() > 1;
        let step = |index: usize| if several { format!("[{}]", index + 1) } else { String::new() };
        found
            .into_iter()
            .enumerate()
            .map(|(index, element)| Self {
                reading: self.reading,
                element,
                path: format!("{}/{}{name}{}", self.path, space.prefix(), step(index)),
                asked: RefCell::default(),
            })
            .collect()
    }

    /// All aggregates of a name.
    pub(super) fn all(&self, name: &'static str) -> Vec<Self> {
        self.named(Space::Aggregate, name)
    }

    fn at_most_one(&self, space: Space, name: &'static str) -> Option<Self> {
        let mut found = self.named(space, name);
        if let [_, second, ..] = found.as_slice() {
            second.say("it comes more than once", "give it once");
        }
        found.truncate(1);
        found.pop()
    }

    /// The aggregate of a name, if there is one.
    pub(super) fn maybe(&self, name: &'static str) -> Option<Self> {
        self.at_most_one(Space::Aggregate, name)
    }

    /// The aggregate of a name, which must be there.
    pub(super) fn part(&self, name: &'static str) -> Option<Self> {
        let found = self.maybe(name);
        if found.is_none() {
            self.missing("cac:", name);
        }
        found
    }

    fn missing(&self, prefix: &str, name: &str) {
        self.say(format!("{prefix}{name} is missing"), "the profile needs it");
    }

    /// The value of a name, if there is one.
    pub(super) fn maybe_value(&self, name: &'static str) -> Option<Self> {
        let found = self.at_most_one(Space::Basic, name)?;
        if !found.element.children.is_empty() {
            found.say("it has elements in it", "give text alone");
        }
        Some(found)
    }

    /// The value of a name, which must be there.
    pub(super) fn value(&self, name: &'static str) -> Option<Self> {
        let found = self.maybe_value(name);
        if found.is_none() {
            self.missing("cbc:", name);
        }
        found
    }

    /// The text, with spaces for line ends and none around it. Nothing where it is empty, which is said.
    pub(super) fn text(&self) -> Option<String> {
        let text: String = self
            .element
            .text
            .chars()
            .map(|letter| if "\t\r\n".contains(letter) { ' ' } else { letter })
            .collect();
        let text = text.trim();
        if text.is_empty() {
            self.say("it is empty", "give a value or leave it out");
        } else if text.chars().any(char::is_control) {
            self.say("it holds a control character", "give plain text");
        } else if text.chars().count() > crate::document::TEXT_MAX {
            self.say(format!("longer than {} characters", crate::document::TEXT_MAX), "shorten it");
        } else {
            return Some(text.to_owned());
        }
        None
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&'a str> {
        self.element.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A day, as `2026-04-30`.
    pub(super) fn day(&self) -> Option<Date> {
        let text = self.text()?;
        let day = crate::document::day_of(&text);
        if day.is_none() {
            self.say(
                format!("{} is not a date", quoted(&text)),
                "write it as 2026-04-30, without a time zone",
            );
        }
        day
    }

    /// A number.
    pub(super) fn decimal(&self) -> Option<Decimal> {
        let text = self.text()?;
        match text.parse() {
            Ok(decimal) => Some(decimal),
            Err(error) => {
                self.say(format!("{} is {error}", quoted(&text)), "write it as 12.34");
                None
            }
        }
    }

    /// An amount of pounds with at most two places.
    pub(super) fn amount(&self) -> Option<Pence> {
        self.sterling();
        let text = self.text()?;
        let pence = pence_of(&text);
        if pence.is_none() {
            self.say(
                format!("{} is not an amount of pounds and pence", quoted(&text)),
                "write it as 1234.57, with two places at most",
            );
        }
        pence
    }

    /// Says so where it is not in pounds.
    pub(super) fn sterling(&self) {
        match self.attribute("currencyID") {
            Some("GBP") => {}
            Some(other) => {
                self.say(format!("the currency is {}", quoted(other)), "only GBP is taken");
            }
            None => self.say("it has no currencyID", "write currencyID=\"GBP\""),
        }
    }

    /// Whether `text` is what stands here, which is said where it is not.
    pub(super) fn expect(&self, text: &str) {
        if let Some(found) = self.text().filter(|found| found != text) {
            self.say(format!("it is {}", quoted(&found)), format!("only {text} is taken here"));
        }
    }

    /// Says which children nobody asked for, but for those of `harmless`, which carry nothing that we keep.
    pub(super) fn nothing_else(&self, harmless: &[&str]) {
        let asked = self.asked.borrow();
        for child in &self.element.children {
            let known = asked.iter().any(|(space, name)| child.space == *space && child.name == *name);
            if known || harmless.contains(&child.name.as_str()) {
                continue;
            }
            let path = format!("{}/{}{}", self.path, child.space.prefix(), child.name);
            let cursor = Self { reading: self.reading, element: child, path, asked: RefCell::default() };
            let remedy = match child.name.as_str() {
                "AllowanceCharge" => "give it as a line of its own, with a negative quantity for a discount",
                "PrepaidAmount" => "state the whole amount: what was paid is settled apart",
                _ => "leave it out",
            };
            cursor.say("it is not part of the profile that is taken here", remedy);
        }
        if !self.element.children.is_empty() && !self.element.text.trim().is_empty() {
            self.say("there is text between its elements", "leave it out");
        }
    }
}
