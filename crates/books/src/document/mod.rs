//! An invoice or a credit note between a provider and a council, in the terms of EN 16931, whatever file it comes from or goes to.
//!
//! What a document sums to is never stored, only computed ([`Document::totals`]), so it cannot be wrong; a reader compares what a file
//! states with it. [`Document::check`] says what the standard would refuse, in the words of our fields.

mod check;
mod line;
mod totals;

pub use check::{LINES_MAX, TEXT_MAX};
pub use line::{Line, Price, Unit};
pub use totals::{CategoryTotal, Totals};

use care::{Date, Nights, Pence};

/// Which kind of document; each has a code of UNTDID 1001.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A provider's invoice.
    Invoice,
    /// A provider's credit note.
    CreditNote,
    /// An invoice that the council makes for the provider.
    SelfBilledInvoice,
    /// A credit note that the council makes for the provider.
    SelfBilledCreditNote,
}

impl Kind {
    /// All four.
    pub const ALL: [Self; 4] =
        [Self::Invoice, Self::CreditNote, Self::SelfBilledInvoice, Self::SelfBilledCreditNote];

    /// Its code in UNTDID 1001.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Invoice => "380",
            Self::CreditNote => "381",
            Self::SelfBilledInvoice => "389",
            Self::SelfBilledCreditNote => "261",
        }
    }

    /// Its word in spreadsheets.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Invoice => "INVOICE",
            Self::CreditNote => "CREDIT_NOTE",
            Self::SelfBilledInvoice => "SELF_BILLED_INVOICE",
            Self::SelfBilledCreditNote => "SELF_BILLED_CREDIT_NOTE",
        }
    }

    /// Whether it takes back what was invoiced.
    #[must_use]
    pub fn is_credit_note(self) -> bool {
        matches!(self, Self::CreditNote | Self::SelfBilledCreditNote)
    }
}

/// Which rules a document says it follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// The core of EN 16931.
    En16931,
    /// Peppol BIS Billing 3, which asks for a buyer's reference or an order and for both parties' electronic addresses.
    PeppolBis3,
}

impl Profile {
    /// Both.
    pub const ALL: [Self; 2] = [Self::En16931, Self::PeppolBis3];

    /// What stands in `CustomizationID`.
    #[must_use]
    pub fn customization(self) -> &'static str {
        match self {
            Self::En16931 => "urn:cen.eu:en16931:2017",
            Self::PeppolBis3 => "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0",
        }
    }

    /// What stands in `ProfileID`, if anything.
    #[must_use]
    pub fn process(self) -> Option<&'static str> {
        match self {
            Self::En16931 => None,
            Self::PeppolBis3 => Some("urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"),
        }
    }

    /// Its word in spreadsheets.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::En16931 => "EN16931",
            Self::PeppolBis3 => "PEPPOL_BIS_3",
        }
    }
}

/// How VAT treats a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// `E`: welfare and exempt education.
    Exempt,
    /// `S`: a rate above zero.
    Standard,
    /// `O`: no supply for VAT, such as the council's own provision.
    OutsideScope,
}

impl Category {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Exempt, Self::Standard, Self::OutsideScope];

    /// Its code in UNCL 5305.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Exempt => "E",
            Self::Standard => "S",
            Self::OutsideScope => "O",
        }
    }

    /// The code of `code_sets::VAT_TREATMENT`.
    #[must_use]
    pub fn treatment(self) -> &'static str {
        match self {
            Self::Exempt => "EXEMPT",
            Self::Standard => "STANDARD",
            Self::OutsideScope => "OUTSIDE_SCOPE",
        }
    }

    /// The category of a code of `code_sets::VAT_TREATMENT`.
    #[must_use]
    pub fn of_treatment(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.treatment() == code)
    }
}

/// The VAT of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vat {
    /// The category.
    pub category: Category,
    /// The rate in hundredths of a per cent, 2000 for 20 %; above zero in the standard category alone.
    pub rate: u32,
}

impl Vat {
    /// Exempt.
    pub const EXEMPT: Self = Self { category: Category::Exempt, rate: 0 };
    /// The standard rate of 20 %.
    pub const STANDARD: Self = Self { category: Category::Standard, rate: 2000 };
    /// Outside the scope of VAT.
    pub const OUTSIDE_SCOPE: Self = Self { category: Category::OutsideScope, rate: 0 };
}

/// Why no VAT is charged; the standard has one reason for all lines of a category.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exemption {
    /// A code of the CEF VATEX list, such as `VATEX-EU-132-1G`: welfare and social security.
    pub code: Option<String>,
    /// In words, such as `VAT Act 1994, schedule 9, group 7, item 9`.
    pub reason: Option<String>,
}

/// An electronic address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// A code of the EAS list, such as `0088` for a global location number or `9932` for a VAT number of the United Kingdom.
    pub scheme: String,
    /// The address in that scheme.
    pub id: String,
}

/// A postal address; only the country must be there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    /// House and street.
    pub street: Option<String>,
    /// More of it.
    pub more: Option<String>,
    /// Town.
    pub town: Option<String>,
    /// Postcode.
    pub postcode: Option<String>,
    /// ISO 3166 code, such as `GB`.
    pub country: String,
}

/// A provider or a council.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// What the brokerage knows it by: the provider's id or the council's GSS code.
    pub id: String,
    /// Its registered name.
    pub name: String,
    /// Its number at Companies House or with the Charity Commission.
    pub company_number: Option<String>,
    /// Its VAT number with the country in front: `GB123456789`.
    pub vat_number: Option<String>,
    /// What the tax office knows a seller by that is not registered for VAT. The standard wants it, or a VAT number, of who sells exempt.
    pub tax_reference: Option<String>,
    /// Its electronic address.
    pub endpoint: Option<Endpoint>,
    /// Its address.
    pub address: Address,
}

/// How it is to be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The means, a code of UNTDID 4461: `30` credit transfer, `42` payment to a bank account, `58` SEPA credit transfer, `97` clearing
    /// between partners.
    pub means: String,
    /// The account to pay to, as the seller writes it: a sort code and an account number, or an IBAN.
    pub account: Option<String>,
    /// In whose name it is.
    pub account_name: Option<String>,
    /// What to quote with the payment.
    pub reference: Option<String>,
}

/// An earlier document that this one is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preceding {
    /// Its number.
    pub number: String,
    /// The day it was issued.
    pub issued_on: Option<Date>,
}

/// An invoice or a credit note. All amounts are in pounds sterling, and those of a credit note are positive where they take back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Which kind.
    pub kind: Kind,
    /// Which rules it says it follows.
    pub profile: Profile,
    /// Its number, different from every other of this seller.
    pub number: String,
    /// The day it was issued.
    pub issued_on: Date,
    /// The day by which it is to be paid.
    pub due_on: Option<Date>,
    /// The day on which VAT falls due, where that is another than the standard's.
    pub tax_point: Option<Date>,
    /// A note to all of it.
    pub note: Option<String>,
    /// What the buyer wants to find it by.
    pub buyer_reference: Option<String>,
    /// The nights that it is about.
    pub period: Option<Nights>,
    /// The buyer's order.
    pub order: Option<String>,
    /// The documents that it takes back or replaces.
    pub preceding: Vec<Preceding>,
    /// The framework contract or agreement.
    pub contract: Option<String>,
    /// Who is paid.
    pub seller: Party,
    /// Who pays.
    pub buyer: Party,
    /// How.
    pub payment: Option<Payment>,
    /// On what terms, in words.
    pub terms: Option<String>,
    /// Why its exempt lines are exempt.
    pub exempt: Option<Exemption>,
    /// Why its lines outside the scope of VAT are.
    pub outside_scope: Option<Exemption>,
    /// Its lines.
    pub lines: Vec<Line>,
    /// What is added to what is to be paid, or taken off where it is negative: the pennies by which the parties' books, which round VAT by line,
    /// differ from VAT on the sum. At most a penny a line.
    pub rounding: Pence,
}

impl Document {
    /// Why a category is not taxed.
    #[must_use]
    pub fn exemption(&self, category: Category) -> Option<&Exemption> {
        match category {
            Category::Exempt => self.exempt.as_ref(),
            Category::Standard => None,
            Category::OutsideScope => self.outside_scope.as_ref(),
        }
    }
}

/// A day written as `2026-04-30`, in no other way.
#[must_use]
pub fn day_of(text: &str) -> Option<Date> {
    let plain = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    text.parse().ok().filter(|day: &Date| plain && day.to_string() == text)
}
