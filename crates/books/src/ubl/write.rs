//! A document as UBL. The elements stand in the order of the UBL 2.1 schemas, one a line.

use super::Space;
use crate::amount::{Decimal, Pounds};
use crate::document::{Category, CategoryTotal, Document, Line, Party, Payment, Totals, Vat};
use crate::fault::{Fault, Faults};
use crate::text::html;
use care::{Date, Nights, Pence};

/// The document as a UBL 2.1 `Invoice` or `CreditNote`, in UTF-8. The same document gives the same bytes.
///
/// # Errors
/// As [`Document::check`].
pub fn write(document: &Document) -> Result<String, Faults> {
    document.check()?;
    let Some(totals) = document.totals() else {
        return Err(Faults::one(Fault::new(
            "lines",
            "they sum to more than can be counted",
            "check the amounts",
        )));
    };
    let mut out =
        Out { text: String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"), open: Vec::new() };
    let credit = document.kind.is_credit_note();
    let (name, space) = if credit { ("CreditNote", Space::CreditNote) } else { ("Invoice", Space::Invoice) };
    out.text.push_str(&format!(
        "<{name} xmlns=\"{}\" xmlns:cac=\"{}\" xmlns:cbc=\"{}\">\n",
        space.uri(),
        Space::Aggregate.uri(),
        Space::Basic.uri()
    ));
    out.open.push(name);
    out.head(document, credit);
    out.references(document);
    out.within("cac:AccountingSupplierParty", |out| out.party(&document.seller));
    out.within("cac:AccountingCustomerParty", |out| out.party(&document.buyer));
    if let Some(payment) = &document.payment {
        out.payment(payment, document.due_on.filter(|_| credit));
    }
    if let Some(terms) = &document.terms {
        out.within("cac:PaymentTerms", |out| out.value("cbc:Note", terms));
    }
    out.totals(document, &totals);
    for line in &document.lines {
        out.line(line, credit);
    }
    out.open.pop();
    out.text.push_str(&format!("</{name}>\n"));
    Ok(out.text)
}

struct Out {
    text: String,
    open: Vec<&'static str>,
}

impl Out {
    fn indent(&mut self) {
        for _ in &self.open {
            self.text.push_str("  ");
        }
    }

    fn within(&mut self, name: &'static str, inside: impl FnOnce(&mut Self)) {
        self.indent();
        self.text.push_str(&format!("<{name}>\n"));
        self.open.push(name);
        inside(self);
        self.open.pop();
        self.indent();
        self.text.push_str(&format!("</{name}>\n"));
    }

    fn with(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.indent();
        let attributes: String =
            attributes.iter().map(|(key, value)| format!(" {key}=\"{}\"", html(value))).collect();
        self.text.push_str(&format!("<{name}{attributes}>{}</{name}>\n", html(text)));
    }

    fn value(&mut self, name: &str, text: &str) {
        self.with(name, &[], text);
    }

    fn maybe(&mut self, name: &str, text: Option<&String>) {
        if let Some(text) = text {
            self.value(name, text);
        }
    }

    fn day(&mut self, name: &str, day: Option<Date>) {
        if let Some(day) = day {
            self.value(name, &day.to_string());
        }
    }

    fn amount(&mut self, name: &str, amount: Pence) {
        self.with(name, &[("currencyID", "GBP")], &Pounds(amount).to_string());
    }

    fn head(&mut self, document: &Document, credit: bool) {
        self.value("cbc:CustomizationID", document.profile.customization());
        if let Some(process) = document.profile.process() {
            self.value("cbc:ProfileID", process);
        }
        self.value("cbc:ID", &document.number);
        self.day("cbc:IssueDate", Some(document.issued_on));
        if credit {
            self.day("cbc:TaxPointDate", document.tax_point);
            self.value("cbc:CreditNoteTypeCode", document.kind.code());
            self.maybe("cbc:Note", document.note.as_ref());
        } else {
            self.day("cbc:DueDate", document.due_on);
            self.value("cbc:InvoiceTypeCode", document.kind.code());
            self.maybe("cbc:Note", document.note.as_ref());
            self.day("cbc:TaxPointDate", document.tax_point);
        }
        self.value("cbc:DocumentCurrencyCode", "GBP");
        self.maybe("cbc:BuyerReference", document.buyer_reference.as_ref());
    }

    fn references(&mut self, document: &Document) {
        self.period(document.period);
        if let Some(order) = &document.order {
            self.within("cac:OrderReference", |out| out.value("cbc:ID", order));
        }
        for preceding in &document.preceding {
            self.within("cac:BillingReference", |out| {
                out.within("cac:InvoiceDocumentReference", |out| {
                    out.value("cbc:ID", &preceding.number);
                    out.day("cbc:IssueDate", preceding.issued_on);
                });
            });
        }
        if let Some(contract) = &document.contract {
            self.within("cac:ContractDocumentReference", |out| out.value("cbc:ID", contract));
        }
    }

    /// The standard's periods have both days in them, so the last is the last night.
    fn period(&mut self, nights: Option<Nights>) {
        let Some(nights) = nights else { return };
        self.within("cac:InvoicePeriod", |out| {
            out.day("cbc:StartDate", Some(nights.start()));
            out.day("cbc:EndDate", nights.end().yesterday().ok());
        });
    }

    fn party(&mut self, party: &Party) {
        self.within("cac:Party", |out| {
            if let Some(endpoint) = &party.endpoint {
                out.with("cbc:EndpointID", &[("schemeID", &endpoint.scheme)], &endpoint.id);
            }
            out.within("cac:PartyIdentification", |out| out.value("cbc:ID", &party.id));
            let address = &party.address;
            out.within("cac:PostalAddress", |out| {
                out.maybe("cbc:StreetName", address.street.as_ref());
                out.maybe("cbc:AdditionalStreetName", address.more.as_ref());
                out.maybe("cbc:CityName", address.town.as_ref());
                out.maybe("cbc:PostalZone", address.postcode.as_ref());
                out.within("cac:Country", |out| out.value("cbc:IdentificationCode", &address.country));
            });
            for (scheme, number) in [("VAT", &party.vat_number), ("TAX", &party.tax_reference)] {
                if let Some(number) = number {
                    out.within("cac:PartyTaxScheme", |out| {
                        out.value("cbc:CompanyID", number);
                        out.within("cac:TaxScheme", |out| out.value("cbc:ID", scheme));
                    });
                }
            }
            out.within("cac:PartyLegalEntity", |out| {
                out.value("cbc:RegistrationName", &party.name);
                out.maybe("cbc:CompanyID", party.company_number.as_ref());
            });
        });
    }

    fn payment(&mut self, payment: &Payment, due_on: Option<Date>) {
        self.within("cac:PaymentMeans", |out| {
            out.value("cbc:PaymentMeansCode", &payment.means);
            out.day("cbc:PaymentDueDate", due_on);
            out.maybe("cbc:PaymentID", payment.reference.as_ref());
            if let Some(account) = &payment.account {
                out.within("cac:PayeeFinancialAccount", |out| {
                    out.value("cbc:ID", account);
                    out.maybe("cbc:Name", payment.account_name.as_ref());
                });
            }
        });
    }

    fn totals(&mut self, document: &Document, totals: &Totals) {
        self.within("cac:TaxTotal", |out| {
            out.amount("cbc:TaxAmount", totals.tax);
            for total in &totals.by_category {
                out.category(document, total);
            }
        });
        self.within("cac:LegalMonetaryTotal", |out| {
            out.amount("cbc:LineExtensionAmount", totals.net);
            out.amount("cbc:TaxExclusiveAmount", totals.net);
            out.amount("cbc:TaxInclusiveAmount", totals.with_vat);
            if document.rounding != Pence::ZERO {
                out.amount("cbc:PayableRoundingAmount", document.rounding);
            }
            out.amount("cbc:PayableAmount", totals.payable);
        });
    }

    fn category(&mut self, document: &Document, total: &CategoryTotal) {
        self.within("cac:TaxSubtotal", |out| {
            out.amount("cbc:TaxableAmount", total.taxable);
            out.amount("cbc:TaxAmount", total.tax);
            out.within("cac:TaxCategory", |out| {
                out.vat(total.vat);
                if let Some(exemption) = document.exemption(total.vat.category) {
                    out.maybe("cbc:TaxExemptionReasonCode", exemption.code.as_ref());
                    out.maybe("cbc:TaxExemptionReason", exemption.reason.as_ref());
                }
                out.within("cac:TaxScheme", |out| out.value("cbc:ID", "VAT"));
            });
        });
    }

    /// The rate as per cent; there is none outside the scope of VAT (BR-O-05).
    fn vat(&mut self, vat: Vat) {
        self.value("cbc:ID", vat.category.code());
        if vat.category != Category::OutsideScope {
            let percent = Decimal::new(i64::from(vat.rate), 2).unwrap_or(Decimal::ZERO);
            self.value("cbc:Percent", &percent.to_string());
        }
    }

    fn line(&mut self, line: &Line, credit: bool) {
        let (name, quantity) = if credit {
            ("cac:CreditNoteLine", "cbc:CreditedQuantity")
        } else {
            ("cac:InvoiceLine", "cbc:InvoicedQuantity")
        };
        let unit = [("unitCode", line.unit.code())];
        self.within(name, |out| {
            out.value("cbc:ID", &line.id);
            out.maybe("cbc:Note", line.note.as_ref());
            out.with(quantity, &unit, &line.quantity.to_string());
            out.amount("cbc:LineExtensionAmount", line.net);
            out.period(line.period);
            if let Some(agreement) = &line.agreement {
                out.within("cac:DocumentReference", |out| {
                    out.value("cbc:ID", agreement);
                    out.value("cbc:DocumentTypeCode", "130");
                });
            }
            out.within("cac:Item", |out| {
                out.maybe("cbc:Description", line.description.as_ref());
                out.value("cbc:Name", &line.name);
                if let Some(charge) = &line.charge {
                    out.within("cac:SellersItemIdentification", |out| out.value("cbc:ID", charge));
                }
                out.within("cac:ClassifiedTaxCategory", |out| {
                    out.vat(line.vat);
                    out.within("cac:TaxScheme", |out| out.value("cbc:ID", "VAT"));
                });
            });
            out.within("cac:Price", |out| {
                out.with("cbc:PriceAmount", &[("currencyID", "GBP")], &line.price.pounds.to_string());
                out.with("cbc:BaseQuantity", &unit, &line.price.per.to_string());
            });
        });
    }
}
