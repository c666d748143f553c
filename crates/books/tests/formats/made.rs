//! Generated books and documents: the same number gives the same ones.

use books::amount::Decimal;
use books::document::{
    Address, Category, Document, Endpoint, Exemption, Kind, Line, Party, Payment, Preceding, Price, Profile,
    Unit, Vat,
};
use books::journal::{Books, Class, Entry, Posting};
use care::{Date, Nights, Pence, days_after, fee_for_nights, split_largest_remainder};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// Texts that other formats would read as syntax.
pub(crate) const AWKWARD: [&str; 14] = [
    "Nights of a placement",
    "a ; comment",
    "pipe | and : colon",
    "quote \" and \\ backslash",
    "=SUM(A1:A9)",
    "@cmd",
    "+44 1325",
    "-1",
    "two  spaces",
    "{curly} [2026-01-01] <angle> & 'apostrophe'",
    "Ünïcode – dash £ 100%",
    "* starred",
    "tag: value, date: 2026-01-01",
    "#tag ^link",
];

pub(crate) fn day(days: u16) -> Date {
    days_after(Date::constant(2024, 4, 1), days)
}

/// The books of a council with `count` entries over two years: charges, invoices, payments, reversals, adjustments and nil entries.
pub(crate) fn generated_books(seed: u64, count: usize) -> Books {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let providers: Vec<String> = (0..60)
        .map(|number| {
            ["acme-care", "a1", "Bright_Futures", "zeta", "x"][number % 5].to_owned() + &number.to_string()
        })
        .collect();
    let mut accounts = BTreeMap::from([
        ("bank".to_owned(), Class::Asset),
        ("receivable:health".to_owned(), Class::Asset),
        ("receivable:education".to_owned(), Class::Asset),
        ("suspense:never-used".to_owned(), Class::Equity),
    ]);
    for provision in ["RESIDENTIAL", "FOSTERING", "SUPPORTED_ACCOMMODATION", "x"] {
        accounts.insert(format!("expense:placements:{provision}"), Class::Expense);
    }
    for provider in &providers {
        accounts.insert(format!("liability:accrued:{provider}"), Class::Liability);
        accounts.insert(format!("payable:{provider}"), Class::Liability);
    }
    let entries = (0..count).map(|number| generated_entry(&mut chance, number, &providers)).collect();
    Books { council: "E06000015".into(), name: "Derby City Council".into(), accounts, entries }
}

fn generated_entry(chance: &mut ChaCha8Rng, number: usize, providers: &[String]) -> Entry {
    let posted_on = day(chance.random_range(0..730));
    let provider = &providers[chance.random_range(0..providers.len())];
    let amount = Pence(chance.random_range(1..2_000_000));
    let (accrued, payable) = (format!("liability:accrued:{provider}"), format!("payable:{provider}"));
    let charge = |amount: Pence| {
        let expense = ["RESIDENTIAL", "FOSTERING", "SUPPORTED_ACCOMMODATION", "x"][number % 4];
        let shares = split_largest_remainder(amount, &[5_000, 3_333, 1_667]).expect("shares");
        vec![
            (format!("expense:placements:{expense}"), shares[0]),
            ("receivable:health".to_owned(), shares[1]),
            ("receivable:education".to_owned(), shares[2]),
            (accrued.clone(), -amount),
        ]
    };
    let (code, postings) = match chance.random_range(0..20) {
        0..=9 => ("CHARGE", charge(amount)),
        10..=12 => ("REVERSAL", charge(-amount)),
        13..=15 => ("INVOICE", vec![(accrued.clone(), amount), (payable, -amount)]),
        16..=18 => ("PAYMENT", vec![(payable, amount), ("bank".to_owned(), -amount)]),
        _ => ("NIL", Vec::new()),
    };
    let postings = postings.into_iter().map(|(account, amount)| Posting { account, amount }).collect();
    let first = chance.random_range(0..700);
    let nights = Nights::new(day(first), day(first + chance.random_range(0..28))).expect("in order");
    let text = AWKWARD[number % AWKWARD.len()];
    Entry {
        id: format!("0192f0c1-0000-7000-8000-{number:012}"),
        posted_on,
        code: code.into(),
        description: format!("{text} {number}"),
        adjusts: chance.random_bool(0.1).then(|| day(first)),
        nights: chance.random_bool(0.8).then_some(nights),
        provider: Some(provider.clone()),
        agreement: chance.random_bool(0.5).then(|| format!("agreement {text}")),
        invoice: chance.random_bool(0.3).then(|| format!("INV/{number}")),
        tags: BTreeMap::from([("line".to_owned(), text.to_owned())]),
        postings,
    }
}

pub(crate) fn council() -> Party {
    Party {
        id: "E06000015".into(),
        name: "Derby City Council".into(),
        company_number: None,
        vat_number: None,
        tax_reference: None,
        endpoint: Some(Endpoint { scheme: "0088".into(), id: "5060000000017".into() }),
        address: Address {
            street: Some("The Council House".into()),
            more: Some("Corporation Street".into()),
            town: Some("Derby".into()),
            postcode: Some("DE1 2FS".into()),
            country: "GB".into(),
        },
    }
}

/// A provider that is registered for VAT, or is not.
pub(crate) fn provider(registered: bool) -> Party {
    Party {
        id: if registered { "acme-care" } else { "small-homes" }.into(),
        name: "Acme Care & Sons <Homes> \"Ltd\"".into(),
        company_number: Some("01234567".into()),
        vat_number: registered.then(|| "GB123456789".into()),
        tax_reference: (!registered).then(|| "1234567890".into()),
        endpoint: Some(Endpoint { scheme: "9932".into(), id: "GB123456789".into() }),
        address: Address { country: "GB".into(), town: Some("Darlington".into()), ..Address::default() },
    }
}

fn generated_line(chance: &mut ChaCha8Rng, index: usize, vat: Vat) -> Line {
    let start = day(chance.random_range(0..300));
    let first = chance.random_range(300..600);
    let period =
        Nights::new(day(first), day(first + if index == 0 { 59 } else { chance.random_range(1..60) }))
            .expect("in order");
    let weekly = Pence(chance.random_range(100_000..1_200_000));
    // The first line outweighs what is taken off.
    let weekly = if index > 0 && chance.random_bool(0.3) { Pence(-weekly.0 / 1_000) } else { weekly };
    let net = fee_for_nights(weekly, start, period);
    let text = AWKWARD[chance.random_range(0..AWKWARD.len())];
    let mut line =
        Line::of_nights((index + 1).to_string(), format!("Core fee {text}"), period, weekly, net, vat)
            .expect("a line");
    if index == 2 {
        // As other systems state it: a price with more places, rounded by the line.
        line.quantity = Decimal::whole(28);
        line.price = Price { pounds: "134.428571".parse().expect("a number"), per: Decimal::whole(1) };
        line.net = Pence(376_400);
        line.unit = Unit::Night;
    }
    line.description = chance.random_bool(0.5).then(|| text.to_owned());
    line.note = chance.random_bool(0.3).then(|| text.to_owned());
    line.charge = chance.random_bool(0.7).then(|| "CORE".to_owned());
    line.agreement = chance.random_bool(0.7).then(|| "0192f0c1-0000-7000-8000-000000000001".to_owned());
    line.period = line.period.filter(|_| chance.random_bool(0.9));
    line
}

/// A document of any kind, profile and treatment, with one to eight lines.
pub(crate) fn generated_document(seed: u64) -> Document {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let kind = Kind::ALL[chance.random_range(0..4)];
    let outside = chance.random_bool(0.2);
    let lines: Vec<Line> = (0..chance.random_range(1..=8))
        .map(|index| {
            let vat = match (outside, chance.random_range(0..4)) {
                (true, _) => Vat::OUTSIDE_SCOPE,
                (false, 0) => Vat::STANDARD,
                (false, 1) => Vat { category: Category::Standard, rate: 500 },
                (false, _) => Vat::EXEMPT,
            };
            generated_line(&mut chance, index, vat)
        })
        .collect();
    let exempt = lines.iter().any(|line| line.vat.category == Category::Exempt);
    let issued_on = day(chance.random_range(600..700));
    let text = AWKWARD[chance.random_range(0..AWKWARD.len())];
    let payment = Payment {
        means: "30".into(),
        account: Some("20-00-00 55779911".into()),
        account_name: chance.random_bool(0.5).then(|| text.to_owned()),
        reference: Some(format!("REF{seed}")),
    };
    Document {
        kind,
        profile: Profile::ALL[chance.random_range(0..2)],
        number: format!("INV-{seed}"),
        issued_on,
        due_on: Some(days_after(issued_on, 30)),
        tax_point: chance.random_bool(0.2).then_some(issued_on),
        note: chance.random_bool(0.5).then(|| text.to_owned()),
        buyer_reference: Some("D2N2-RES".into()),
        period: chance.random_bool(0.5).then(|| Nights::new(day(300), day(700)).expect("in order")),
        order: chance.random_bool(0.5).then(|| "PO 1".to_owned()),
        preceding: if kind.is_credit_note() || chance.random_bool(0.1) {
            vec![Preceding { number: "INV-1".into(), issued_on: chance.random_bool(0.5).then(|| day(400)) }]
        } else {
            Vec::new()
        },
        contract: chance.random_bool(0.5).then(|| "CCS072".to_owned()),
        seller: Party {
            vat_number: if outside { None } else { provider(true).vat_number },
            ..provider(chance.random_bool(0.5))
        },
        buyer: council(),
        payment: Some(payment),
        terms: chance
            .random_bool(0.5)
            .then(|| "30 days from receipt (Procurement Act 2023, s.68)".to_owned()),
        exempt: exempt.then(|| Exemption {
            code: Some("VATEX-EU-132-1G".into()),
            reason: Some("VAT Act 1994, schedule 9, group 7, item 9".into()),
        }),
        outside_scope: outside.then(|| Exemption { code: Some("VATEX-EU-O".into()), reason: None }),
        rounding: if chance.random_bool(0.1) { Pence(1) } else { Pence::ZERO },
        lines,
    }
}
