//! The parts of a UBL document: parties, payment, lines, periods, reasons for no VAT.

use super::cursor::Cursor;
use crate::amount::Decimal;
use crate::document::{Address, Category, Endpoint, Exemption, Line, Party, Payment, Price, Unit, Vat};
use crate::fault::quoted;
use care::Nights;

/// The `ID` of a reference.
pub(super) fn id_of(reference: &Cursor<'_>, harmless: &[&str]) -> Option<String> {
    let id = reference.value("ID").and_then(|id| id.text());
    reference.nothing_else(harmless);
    id
}

/// Nights: the last day of a period in the standard is the last night.
pub(super) fn period(period: &Cursor<'_>) -> Option<Nights> {
    let start = period.value("StartDate").and_then(|day| day.day());
    let last = period.value("EndDate").and_then(|day| day.day());
    period.nothing_else(&[]);
    let (start, last) = (start?, last?);
    let nights =
        last.tomorrow().ok().and_then(|end| Nights::new(start, end).ok()).filter(|nights| !nights.is_empty());
    if nights.is_none() {
        period.say(format!("it ends on {last}, before it starts on {start}"), "correct the dates");
    }
    nights
}

pub(super) fn party(outer: &Cursor<'_>) -> Option<Party> {
    let party = outer.part("Party");
    outer.nothing_else(&[]);
    let party = party?;
    let endpoint = party.maybe_value("EndpointID").and_then(|endpoint| {
        let Some(scheme) = endpoint.attribute("schemeID") else {
            endpoint.say("it has no schemeID", "say which kind of address it is");
            return None;
        };
        Some(Endpoint { scheme: scheme.to_owned(), id: endpoint.text()? })
    });
    let id = party.part("PartyIdentification").and_then(|identification| id_of(&identification, &[]));
    let legal = party.part("PartyLegalEntity");
    let name = legal.as_ref().and_then(|legal| legal.value("RegistrationName")).and_then(|name| name.text());
    let company_number =
        legal.as_ref().and_then(|legal| legal.maybe_value("CompanyID")).and_then(|number| number.text());
    if let Some(legal) = &legal {
        legal.nothing_else(&["CompanyLegalForm"]);
    }
    let address = party.part("PostalAddress").and_then(|address| address_of(&address));
    let (vat_number, tax_reference) = tax_numbers(&party);
    party.nothing_else(&["PartyName", "Contact"]);
    Some(Party {
        id: id?,
        name: name?,
        company_number,
        vat_number,
        tax_reference,
        endpoint,
        address: address?,
    })
}

fn address_of(address: &Cursor<'_>) -> Option<Address> {
    let text = |name| address.maybe_value(name).and_then(|value| value.text());
    let country = address.part("Country").and_then(|country| {
        let code = country.value("IdentificationCode").and_then(|code| code.text());
        country.nothing_else(&[]);
        code
    });
    let (street, more) = (text("StreetName"), text("AdditionalStreetName"));
    let (town, postcode) = (text("CityName"), text("PostalZone"));
    address.nothing_else(&["CountrySubentity", "AddressLine"]);
    Some(Address { street, more, town, postcode, country: country? })
}

/// The VAT number, and what else the tax office knows the party by.
fn tax_numbers(party: &Cursor<'_>) -> (Option<String>, Option<String>) {
    let (mut vat, mut other) = (None, None);
    for scheme in party.all("PartyTaxScheme") {
        let number = scheme.value("CompanyID").and_then(|number| number.text());
        let kind = scheme.part("TaxScheme").and_then(|kind| id_of(&kind, &[]));
        scheme.nothing_else(&[]);
        let slot = match kind.as_deref() {
            Some("VAT") => &mut vat,
            Some("TAX") => &mut other,
            Some(kind) => {
                scheme.say(
                    format!("{} is another tax", quoted(kind)),
                    "use VAT, or TAX for an unregistered seller",
                );
                continue;
            }
            None => continue,
        };
        if slot.is_some() {
            scheme.say("it comes more than once", "give each number once");
        }
        *slot = number;
    }
    (vat, other)
}

/// What is paid how. `credit` notes have their due date here, which the caller asks for.
pub(super) fn payment(means: &Cursor<'_>, credit: bool) -> Option<Payment> {
    let code = means.value("PaymentMeansCode").and_then(|code| code.text());
    let reference = means.maybe_value("PaymentID").and_then(|reference| reference.text());
    let account = means.maybe("PayeeFinancialAccount");
    let (id, name) = match &account {
        Some(account) => {
            let id = account.value("ID").and_then(|id| id.text());
            let name = account.maybe_value("Name").and_then(|name| name.text());
            account.nothing_else(&["FinancialInstitutionBranch"]);
            (id, name)
        }
        None => (None, None),
    };
    means.nothing_else(if credit { &["PaymentDueDate"] } else { &[] });
    Some(Payment { means: code?, account: id, account_name: name, reference })
}

/// On what terms it is to be paid.
pub(super) fn terms(terms: &Cursor<'_>) -> Option<String> {
    let note = terms.value("Note").and_then(|note| note.text());
    terms.nothing_else(&[]);
    note
}

/// A VAT category: of a line, or of a total.
pub(super) fn vat(category: &Cursor<'_>) -> Option<Vat> {
    let id = category.value("ID");
    let percent = category.maybe_value("Percent");
    if let Some(scheme) = category.part("TaxScheme") {
        if let Some(tax) = scheme.value("ID") {
            tax.expect("VAT");
        }
        scheme.nothing_else(&[]);
    }
    let id = id?;
    let text = id.text()?;
    let Some(kind) = Category::ALL.into_iter().find(|category| category.code() == text) else {
        id.say(format!("{} is another category", quoted(&text)), "E, S and O are taken");
        return None;
    };
    let rate = match (&percent, kind) {
        (None, Category::OutsideScope) => Some(0),
        (None, _) => {
            category.say("cbc:Percent is missing", "give the rate, 0 for category E");
            None
        }
        (Some(percent), Category::OutsideScope) => {
            percent.say("there is no rate outside the scope of VAT (BR-O-05)", "leave it out");
            None
        }
        (Some(percent), _) => {
            let rate = percent.decimal()?.at_scale(2).and_then(|rate| u32::try_from(rate).ok());
            if rate.is_none_or(|rate| rate > 10_000) {
                percent.say("it is not a rate", "give a rate from 0 to 100 with two places at most");
                return None;
            }
            if (kind == Category::Standard) != rate.is_some_and(|rate| rate > 0) {
                percent.say(
                    format!("category {} has not this rate (BR-E-05, BR-S-05)", kind.code()),
                    "a rate is above zero in category S and zero in E",
                );
                return None;
            }
            rate
        }
    };
    Some(Vat { category: kind, rate: rate? })
}

/// Why the exempt lines are exempt, and those outside the scope of VAT outside.
pub(super) fn exemptions(tax: &Cursor<'_>) -> (Option<Exemption>, Option<Exemption>) {
    let (mut exempt, mut outside) = (None, None);
    for subtotal in tax.all("TaxSubtotal") {
        let Some(category) = subtotal.maybe("TaxCategory") else { continue };
        let text = |name| category.maybe_value(name).and_then(|value| value.text());
        let given = Exemption { code: text("TaxExemptionReasonCode"), reason: text("TaxExemptionReason") };
        let reasoned = given.code.is_some() || given.reason.is_some();
        let code = category.maybe_value("ID").and_then(|id| id.text());
        match code.as_deref() {
            Some("E") if reasoned => exempt = Some(given),
            Some("O") if reasoned => outside = Some(given),
            _ if reasoned => {
                category.say("it gives a reason for no VAT, and there is VAT", "leave the reason out")
            }
            _ => {}
        }
    }
    (exempt, outside)
}

fn unit(quantity: &Cursor<'_>) -> Option<Unit> {
    let code = quantity.attribute("unitCode").unwrap_or_default();
    let unit = Unit::ALL.into_iter().find(|unit| unit.code() == code);
    if unit.is_none() {
        let codes = Unit::ALL.map(Unit::code).join(", ");
        quantity.say(format!("unitCode {} is another unit", quoted(code)), format!("use one of {codes}"));
    }
    unit
}

pub(super) fn line(line: &Cursor<'_>, credit: bool) -> Option<Line> {
    let id = line.value("ID").and_then(|id| id.text());
    let note = line.maybe_value("Note").and_then(|note| note.text());
    let quantity = line.value(if credit { "CreditedQuantity" } else { "InvoicedQuantity" });
    let unit = quantity.as_ref().and_then(unit);
    let quantity = quantity.and_then(|quantity| quantity.decimal());
    let net = line.value("LineExtensionAmount").and_then(|net| net.amount());
    let period = line.maybe("InvoicePeriod").and_then(|nights| self::period(&nights));
    let agreement = line.maybe("DocumentReference").and_then(|reference| {
        if let Some(kind) = reference.value("DocumentTypeCode") {
            kind.expect("130");
        }
        id_of(&reference, &[])
    });
    let item = line.part("Item");
    let parts = item.as_ref().map(|item| {
        let text = |name| item.maybe_value(name).and_then(|value| value.text());
        let (description, name) = (text("Description"), item.value("Name").and_then(|name| name.text()));
        let charge = item.maybe("SellersItemIdentification").and_then(|charge| id_of(&charge, &[]));
        let vat = item.part("ClassifiedTaxCategory").and_then(|category| {
            let vat = vat(&category);
            category.nothing_else(&[]);
            vat
        });
        item.nothing_else(&[
            "BuyersItemIdentification",
            "StandardItemIdentification",
            "AdditionalItemProperty",
        ]);
        (description, name, charge, vat)
    });
    let price = line.part("Price").and_then(|price| price_of(&price, unit));
    line.nothing_else(&["AccountingCost", "OrderLineReference"]);
    let (description, name, charge, vat) = parts?;
    Some(Line {
        id: id?,
        name: name?,
        description,
        note,
        charge,
        agreement,
        period,
        quantity: quantity?,
        unit: unit?,
        price: price?,
        net: net?,
        vat: vat?,
    })
}

fn price_of(price: &Cursor<'_>, line_unit: Option<Unit>) -> Option<Price> {
    let amount = price.value("PriceAmount");
    let base = price.maybe_value("BaseQuantity");
    price.nothing_else(&[]);
    let amount = amount?;
    amount.sterling();
    let pounds = amount.decimal()?;
    let per = match &base {
        None => Decimal::whole(1),
        Some(base) => {
            let theirs = base.attribute("unitCode").is_none_or(|_| unit(base) == line_unit);
            if !theirs && line_unit.is_some() {
                base.say("it is in another unit than the quantity", "use the same unit");
            }
            base.decimal()?
        }
    };
    Some(Price { pounds, per })
}
