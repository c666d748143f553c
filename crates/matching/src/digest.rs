//! A ranking's fingerprint, by which a later replay is shown to be equal.

use crate::criteria::{Criteria, Near, Operator};
use crate::explain::Explanation;
use crate::rules::{ALL, BEFORE, NOW, Versions};
use care::Date;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

impl Explanation<'_> {
    /// The SHA-256 of everything that was judged and how: the versions of the order, of the impact table and of each rule; the market's
    /// position, which the caller knows; the instant; what was asked; and of every open place, in order of place id, the rules that it fails
    /// or what it is ranked by. Two that are equal ranked the same places in the same order, however many of them were shown.
    #[must_use]
    pub fn digest(&self, market_position: u64) -> [u8; 32] {
        let question = &self.question;
        let mut sum = Canonical(Sha256::new());
        sum.text("brokerage ranking");
        sum.rules(question.versions);
        sum.number(market_position);
        sum.0.update(question.at.as_nanosecond().to_be_bytes());
        sum.criteria(question.criteria);
        for (place, entry) in &question.index.by_id {
            if !question.index.sets.open.contains(*entry) {
                continue;
            }
            sum.text(place.as_str());
            let failed = self.judged.failed(*entry);
            sum.number(failed.bits().into());
            if failed.is_empty() {
                sum.number(question.rank(*entry).0);
            }
        }
        sum.0.finalize().into()
    }
}

/// What is hashed, so that no two questions or answers have the same bytes: numbers have eight, texts say how long they are.
struct Canonical(Sha256);

/// Names the rules, the impact table and the order as they are now, in hexadecimal: two rankings whose rules have the same name can be compared.
#[must_use]
pub fn rules_name() -> String {
    NOW.name()
}

/// The versions that a name stands for, see [`rules_name`]; none for a name that is not known.
pub(crate) fn versions_named(name: &str) -> Option<&'static Versions> {
    std::iter::once(&NOW).chain(&BEFORE).find(|it| it.name() == name)
}

impl Versions {
    fn name(&self) -> String {
        let mut sum = Canonical(Sha256::new());
        sum.text("brokerage matching rules");
        sum.rules(self);
        hex::encode(&sum.0.finalize()[..8])
    }
}

impl Canonical {
    fn rules(&mut self, versions: &Versions) {
        self.number(versions.ranking.into());
        self.number(versions.impact.into());
        for (about, version) in ALL.iter().zip(versions.rules) {
            self.text(about.rule.word());
            self.number((*version).into());
        }
    }

    fn number(&mut self, number: u64) {
        self.0.update(number.to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.update(text);
    }

    /// Whether it is there, and what it is.
    fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.number(value.is_some().into());
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn texts(&mut self, texts: &BTreeSet<String>) {
        self.number(texts.len() as u64);
        texts.iter().for_each(|text| self.text(text));
    }

    fn near(&mut self, near: Option<Near>) {
        self.option(near.map(Near::location), |it, location| {
            it.0.update(location.easting_m.to_be_bytes());
            it.0.update(location.northing_m.to_be_bytes());
        });
    }

    fn date(&mut self, date: Option<Date>) {
        self.option(date, |it, date| it.text(&date.to_string()));
    }

    fn criteria(&mut self, criteria: &Criteria) {
        // By name, so that what is asked for one day cannot be forgotten here.
        let Criteria {
            council,
            provisions,
            age_years,
            sex,
            needs,
            all_needs,
            solo,
            near,
            within,
            avoid_areas,
            home,
            centre,
            grade_at_least,
            available_on,
            operator,
        } = criteria;
        self.option(council.as_ref(), |it, council| it.text(council.gss()));
        self.texts(provisions);
        self.option(*age_years, |it, age| it.number(age.into()));
        self.option(sex.as_ref(), |it, sex| it.text(sex));
        self.texts(needs);
        self.number((*all_needs).into());
        self.number((*solo).into());
        self.near(*near);
        self.option(*within, |it, within| it.number(within.tenths.into()));
        self.texts(avoid_areas);
        self.near(*home);
        self.near(*centre);
        self.option(grade_at_least.as_ref(), |it, grade| it.text(grade));
        self.date(*available_on);
        self.text(match operator {
            Operator::Any => "ANY",
            Operator::InHouse => "IN_HOUSE",
            Operator::External => "EXTERNAL",
        });
    }
}
