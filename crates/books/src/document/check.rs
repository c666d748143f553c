//! What EN 16931 would refuse in a document, with the rule where there is one, and what our formats cannot carry.

use super::{Category, Document, Line, Party, Profile};
use crate::amount::Pounds;
use crate::fault::{Fault, Faults, quoted};
use care::{Date, Pence};
use std::collections::BTreeSet;

/// Lines of one document at most.
pub const LINES_MAX: usize = 10_000;
/// Characters of one text at most.
pub const TEXT_MAX: usize = 1_000;
/// Means of payment that we write: a credit transfer, to a bank account, SEPA, between partners.
const MEANS: [&str; 4] = ["30", "42", "58", "97"];

impl Document {
    /// Says all that is wrong with it.
    ///
    /// # Errors
    /// What EN 16931 refuses, or what a file could not carry and give back: see the faults.
    pub fn check(&self) -> Result<(), Faults> {
        let mut check = Check { faults: Faults::new() };
        check.texts(self);
        check.head(self);
        check.party("seller", &self.seller);
        check.party("buyer", &self.buyer);
        check.lines(self);
        check.vat(self);
        check.sums(self);
        check.profile(self);
        check.faults.or(())
    }
}

struct Check {
    faults: Faults,
}

impl Check {
    fn say(&mut self, field: impl Into<String>, wrong: impl Into<String>, remedy: impl Into<String>) {
        self.faults.push(Fault::new(field, wrong, remedy));
    }

    fn text(&mut self, field: &str, text: &str) {
        let odd = text.chars().any(|letter| letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}'));
        if text.is_empty() || text.trim() != text || odd {
            self.say(
                field,
                format!("{} is empty, has spaces around it or holds a control character", quoted(text)),
                "give plain text of one line, or leave the field out",
            );
        } else if text.chars().count() > TEXT_MAX {
            self.say(field, format!("longer than {TEXT_MAX} characters"), "shorten it");
        }
    }

    fn texts(&mut self, document: &Document) {
        self.text("number", &document.number);
        let optional = [
            ("note", &document.note),
            ("buyer_reference", &document.buyer_reference),
            ("order", &document.order),
            ("contract", &document.contract),
            ("terms", &document.terms),
        ];
        for (field, text) in optional {
            if let Some(text) = text {
                self.text(field, text);
            }
        }
        for (index, preceding) in document.preceding.iter().enumerate() {
            self.text(&format!("preceding[{index}].number"), &preceding.number);
        }
        for (name, exemption) in [("exempt", &document.exempt), ("outside_scope", &document.outside_scope)] {
            let parts = exemption.iter().flat_map(|exemption| [&exemption.code, &exemption.reason]);
            for text in parts.flatten() {
                self.text(name, text);
            }
        }
        if let Some(payment) = &document.payment {
            for (field, text) in [
                ("payment.account", &payment.account),
                ("payment.account_name", &payment.account_name),
                ("payment.reference", &payment.reference),
            ] {
                if let Some(text) = text {
                    self.text(field, text);
                }
            }
        }
    }

    fn head(&mut self, document: &Document) {
        let mut dates: Vec<(String, Date)> = vec![("issued_on".into(), document.issued_on)];
        dates.extend(document.due_on.map(|date| ("due_on".into(), date)));
        dates.extend(document.tax_point.map(|date| ("tax_point".into(), date)));
        let mut periods = vec![("period".to_owned(), document.period)];
        periods.extend(
            document
                .lines
                .iter()
                .enumerate()
                .map(|(index, line)| (format!("lines[{index}].period"), line.period)),
        );
        for (field, period) in periods.into_iter().filter_map(|(field, period)| Some((field, period?))) {
            if period.is_empty() {
                self.say(field.as_str(), "has no night", "leave it out, or end it a day later");
            }
            dates
                .extend([(format!("{field}.start"), period.start()), (format!("{field}.end"), period.end())]);
        }
        for (field, date) in dates {
            if !(1900..=2999).contains(&date.year()) {
                self.say(field, format!("{date} is not in the years 1900 to 2999"), "give the date as it is");
            }
        }
        if document.due_on.is_some_and(|due| due < document.issued_on) {
            self.say("due_on", "lies before issued_on", "it is due on the day of issue at the earliest");
        }
        if document.kind.is_credit_note() {
            if document.due_on.is_some() && document.payment.is_none() {
                self.say(
                    "due_on",
                    "a credit note states it with the payment, and there is none",
                    "leave due_on out, or give the payment too",
                );
            }
            if document.preceding.is_empty() {
                self.say("preceding", "is empty", "a credit note names the invoice that it takes back");
            }
        }
        if let Some(payment) = &document.payment {
            if !MEANS.contains(&payment.means.as_str()) {
                let wrong = format!("{} is not one of {}", quoted(&payment.means), MEANS.join(", "));
                self.say("payment.means", wrong, "use 30 for a bank transfer");
            }
            if payment.account.is_none() && (payment.means != "97" || payment.account_name.is_some()) {
                self.say("payment.account", "is missing (BR-50, BR-61)", "say which account to pay to");
            }
        }
    }

    fn party(&mut self, role: &str, party: &Party) {
        let field = |name: &str| format!("{role}.{name}");
        self.text(&field("id"), &party.id);
        self.text(&field("name"), &party.name);
        let address = &party.address;
        let endpoint = party.endpoint.as_ref();
        for (name, text) in [
            ("company_number", party.company_number.as_deref()),
            ("vat_number", party.vat_number.as_deref()),
            ("tax_reference", party.tax_reference.as_deref()),
            ("endpoint.id", endpoint.map(|endpoint| endpoint.id.as_str())),
            ("endpoint.scheme", endpoint.map(|endpoint| endpoint.scheme.as_str())),
            ("address.street", address.street.as_deref()),
            ("address.more", address.more.as_deref()),
            ("address.town", address.town.as_deref()),
            ("address.postcode", address.postcode.as_deref()),
        ] {
            if let Some(text) = text {
                self.text(&field(name), text);
            }
        }
        if address.country.len() != 2 || !address.country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            self.say(
                field("address.country"),
                format!("{} is not a country (BR-09, BR-11)", quoted(&address.country)),
                "give its two letters: GB",
            );
        }
        let prefixed =
            |number: &String| number.len() > 2 && number.as_bytes()[..2].iter().all(u8::is_ascii_uppercase);
        if party.vat_number.as_ref().is_some_and(|number| !prefixed(number)) {
            self.say(field("vat_number"), "has no country in front (BR-CO-09)", "write GB123456789");
        }
        if role == "buyer" && party.tax_reference.is_some() {
            self.say(field("tax_reference"), "the standard has none of a buyer", "leave it out");
        }
    }

    fn lines(&mut self, document: &Document) {
        if document.lines.is_empty() {
            self.say("lines", "there is none (BR-16)", "give at least one");
        } else if document.lines.len() > LINES_MAX {
            self.say("lines", format!("more than {LINES_MAX}"), "split the document");
        }
        let mut ids = BTreeSet::new();
        for (index, line) in document.lines.iter().enumerate() {
            if !ids.insert(line.id.as_str()) {
                let wrong = format!("{} comes twice", quoted(&line.id));
                self.say(format!("lines[{index}].id"), wrong, "number the lines from 1");
            }
            self.line(index, line);
        }
    }

    fn line(&mut self, index: usize, line: &Line) {
        let field = |name: &str| format!("lines[{index}].{name}");
        for (name, text) in [
            ("id", Some(&line.id)),
            ("name", Some(&line.name)),
            ("description", line.description.as_ref()),
            ("note", line.note.as_ref()),
            ("charge", line.charge.as_ref()),
            ("agreement", line.agreement.as_ref()),
        ] {
            if let Some(text) = text {
                self.text(&field(name), text);
            }
        }
        if line.price.pounds.signum() < 0 {
            self.say(field("price"), "is negative (BR-27)", "make the quantity negative instead");
        }
        if line.price.per.signum() <= 0 {
            self.say(field("price.per"), "is not above zero", "say for how many units the price is");
        } else if !line.adds_up() {
            let cost =
                line.cost().map_or_else(|| "beyond what we count".into(), |cost| Pounds(cost).to_string());
            self.say(
                field("net"),
                format!(
                    "is {}, but {} at {} for {} come to {cost}",
                    Pounds(line.net),
                    line.quantity,
                    line.price.pounds,
                    line.price.per
                ),
                "correct the amount, the quantity or the price",
            );
        }
        let standard = line.vat.category == Category::Standard;
        if standard != (line.vat.rate > 0) || line.vat.rate > 10_000 {
            self.say(
                field("vat.rate"),
                format!(
                    "{} hundredths of a per cent in category {}",
                    line.vat.rate,
                    line.vat.category.code()
                ),
                "a rate is above zero in category S (BR-S-05) and zero in E (BR-E-05) and O",
            );
        }
    }

    fn vat(&mut self, document: &Document) {
        let has = |category| document.lines.iter().any(|line| line.vat.category == category);
        for (category, name, rule) in
            [(Category::Exempt, "exempt", "BR-E-10"), (Category::OutsideScope, "outside_scope", "BR-O-10")]
        {
            let given = document.exemption(category);
            let reasoned = given.is_some_and(|given| given.code.is_some() || given.reason.is_some());
            if has(category) && !reasoned {
                self.say(name, format!("there is no reason ({rule})"), "say why in a code or in words");
            }
            if !has(category) && given.is_some() {
                self.say(name, "no line is of this category", "leave the reason out");
            }
            if let Some(code) =
                given.and_then(|given| given.code.as_ref()).filter(|code| !code.starts_with("VATEX-"))
            {
                let wrong = format!("{} is no code of VATEX (BR-CL-22)", quoted(code));
                self.say(name, wrong, "use VATEX-EU-132-1G for welfare, or words alone");
            }
        }
        let seller = &document.seller;
        if has(Category::OutsideScope) {
            if has(Category::Exempt) || has(Category::Standard) {
                self.say(
                    "lines",
                    "lines outside the scope of VAT stand beside others (BR-O-11)",
                    "make a document of their own for them",
                );
            }
            for (role, party) in [("seller", seller), ("buyer", &document.buyer)] {
                if party.vat_number.is_some() {
                    self.say(
                        format!("{role}.vat_number"),
                        "stands in a document outside the scope of VAT (BR-O-02)",
                        "leave it out",
                    );
                }
            }
        } else if seller.vat_number.is_none() && seller.tax_reference.is_none() {
            self.say(
                "seller.vat_number",
                "there is none, nor a tax_reference (BR-E-02, BR-S-02)",
                "give the VAT number, or what the tax office knows an unregistered seller by",
            );
        }
    }

    fn sums(&mut self, document: &Document) {
        let Some(totals) = document.totals() else {
            self.say("lines", "they sum to more than can be counted", "check the amounts");
            return;
        };
        let most = u64::try_from(document.lines.len()).unwrap_or(u64::MAX);
        if document.rounding.0.unsigned_abs() > most {
            self.say(
                "rounding",
                format!("is {}, more than a penny a line", Pounds(document.rounding)),
                "correct the amounts",
            );
        }
        if totals.payable < Pence::ZERO {
            self.say(
                "lines",
                format!("they sum to {}", Pounds(totals.payable)),
                "what is taken back on balance is a credit note, and what is charged on balance an invoice",
            );
        }
        if totals.payable > Pence::ZERO && document.due_on.is_none() && document.terms.is_none() {
            self.say("due_on", "there is none, nor terms (BR-CO-25)", "say by when it is to be paid");
        }
    }

    fn profile(&mut self, document: &Document) {
        if document.profile != Profile::PeppolBis3 {
            return;
        }
        if document.buyer_reference.is_none() && document.order.is_none() {
            self.say(
                "buyer_reference",
                "there is none, nor an order (PEPPOL-EN16931-R003)",
                "give one of them",
            );
        }
        if let Some(whole) = document.period {
            let outside = |line: &Line| {
                line.period.is_some_and(|nights| nights.start() < whole.start() || nights.end() > whole.end())
            };
            for (index, _) in document.lines.iter().enumerate().filter(|(_, line)| outside(line)) {
                self.say(
                    format!("lines[{index}].period"),
                    format!("it is not within that of the document, {whole} (PEPPOL-EN16931-R110, R111)"),
                    "widen the document's period, or leave it out",
                );
            }
        }
        for (role, party) in [("seller", &document.seller), ("buyer", &document.buyer)] {
            if party.endpoint.is_none() {
                self.say(
                    format!("{role}.endpoint"),
                    "is missing (PEPPOL-EN16931-R010, R020)",
                    "give its electronic address",
                );
            }
        }
    }
}
