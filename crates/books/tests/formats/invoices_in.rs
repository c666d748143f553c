//! UBL coming in: what we wrote comes back as it was, what is wrong is told with its place, and nothing panics.

use crate::made::{self, generated_document, provider};
use books::document::{Document, Profile};
use books::ubl::{self, DEPTH_MAX};
use books::{FAULTS_MAX, Faults};
use care::Pence;
use proptest::prelude::*;

/// A plain invoice of one exempt line.
fn plain() -> (Document, String) {
    let seed = (0..).find(|seed| {
        let document = generated_document(*seed);
        document.kind.code() == "380"
            && document.lines.len() == 1
            && document.exempt.is_some()
            && document.profile == Profile::En16931
            && document.rounding == Pence::ZERO
    });
    let document = generated_document(seed.expect("one"));
    let text = ubl::write(&document).expect("written");
    (document, text)
}

fn refused(text: &str) -> Faults {
    ubl::read(text.as_bytes()).expect_err(text)
}

#[test]
fn what_is_written_is_read_back() {
    for seed in 0..2_000 {
        let document = generated_document(seed);
        let text = ubl::write(&document).unwrap_or_else(|faults| panic!("{seed}: {faults}"));
        let read = ubl::read(text.as_bytes()).unwrap_or_else(|faults| panic!("{seed}: {faults}\n{text}"));
        assert_eq!(read, document, "{seed}");
        assert_eq!(ubl::write(&read).expect("written"), text);
    }
}

#[test]
fn other_prefixes_comments_and_characters_are_the_same_document() {
    let (document, text) = plain();
    let text = text
        .replace("cbc:", "b:")
        .replace("xmlns:cbc", "xmlns:b")
        .replace("<cac:Party>", "<!-- seller or buyer --><cac:Party>")
        .replace(&document.number, &format!("<![CDATA[{}]]>", document.number))
        .replace("Derby City", "&#68;erby&#x20;City");
    assert_eq!(ubl::read(text.as_bytes()).expect("read"), document);
    let marked = format!("\u{feff}{text}");
    assert_eq!(ubl::read(marked.as_bytes()).expect("read"), document);
}

/// Each defect of the file, and words of what is told: the path, and what is wrong or to do.
#[test]
fn every_defect_is_told_with_its_place() {
    let (document, text) = plain();
    let totals = document.totals().expect("countable");
    let payable = books::amount::Pounds(totals.payable).to_string();
    let off = books::amount::Pounds(totals.payable + Pence(1)).to_string();
    let amount = |name: &str, value: &str| format!("<cbc:{name} currencyID=\"GBP\">{value}</cbc:{name}>");
    let head = format!("<cbc:ID>{}</cbc:ID>", document.number);
    let issued = format!("<cbc:IssueDate>{}</cbc:IssueDate>", document.issued_on);
    let one = |name: &str| (amount(name, &payable), amount(name, &off));
    let swap = |pair: (String, String)| text.replacen(&pair.0, &pair.1, 1);
    let cases: Vec<(&str, String, [&str; 2])> = vec![
        (
            "payable",
            swap(one("PayableAmount")),
            ["/Invoice/cac:LegalMonetaryTotal/cbc:PayableAmount", &payable],
        ),
        ("with tax", swap(one("TaxInclusiveAmount")), ["cbc:TaxInclusiveAmount", &payable]),
        ("without tax", swap(one("TaxExclusiveAmount")), ["cbc:TaxExclusiveAmount", &payable]),
        ("net of a category", swap(one("TaxableAmount")), ["cac:TaxSubtotal/cbc:TaxableAmount", &payable]),
        (
            "net of the lines",
            swap(one("LineExtensionAmount")),
            ["LegalMonetaryTotal/cbc:LineExtensionAmount", &payable],
        ),
        (
            "net of a line",
            {
                let (before, line) = text.split_once("<cac:InvoiceLine>").expect("a line");
                let (from, to) = one("LineExtensionAmount");
                format!("{before}<cac:InvoiceLine>{}", line.replacen(&from, &to, 1))
            },
            ["/Invoice/cac:InvoiceLine", "come to"],
        ),
        (
            "tax",
            swap((amount("TaxAmount", "0.00"), amount("TaxAmount", "0.01"))),
            ["cac:TaxTotal/cbc:TaxAmount", "0.00"],
        ),
        ("no number", text.replacen(&head, "", 1), ["/Invoice: cbc:ID is missing", "needs it"]),
        (
            "two numbers",
            text.replacen(&head, &format!("{head}{head}"), 1),
            ["/Invoice/cbc:ID[2]", "more than once"],
        ),
        (
            "no such date",
            text.replacen(&issued, "<cbc:IssueDate>2026-02-30</cbc:IssueDate>", 1),
            ["cbc:IssueDate", "not a date"],
        ),
        (
            "a time zone",
            text.replacen(&issued, "<cbc:IssueDate>2026-02-20Z</cbc:IssueDate>", 1),
            ["cbc:IssueDate", "not a date"],
        ),
        (
            "euros",
            text.replacen("CurrencyCode>GBP<", "CurrencyCode>EUR<", 1),
            ["cbc:DocumentCurrencyCode", "only GBP"],
        ),
        (
            "an amount in euros",
            text.replacen("currencyID=\"GBP\"", "currencyID=\"EUR\"", 1),
            ["cbc:TaxAmount", "only GBP"],
        ),
        ("no currency", text.replacen(" currencyID=\"GBP\"", "", 1), ["cbc:TaxAmount", "currencyID"]),
        (
            "three places",
            swap((amount("PayableAmount", &payable), amount("PayableAmount", "1.234"))),
            ["cbc:PayableAmount", "pounds and pence"],
        ),
        (
            "an exponent",
            swap((amount("PayableAmount", &payable), amount("PayableAmount", "1e9"))),
            ["cbc:PayableAmount", "pounds and pence"],
        ),
        ("another kind", text.replacen(">380<", ">386<", 1), ["cbc:InvoiceTypeCode", "380 and 389"]),
        (
            "another profile",
            text.replacen("urn:cen.eu:en16931:2017<", "urn:x<", 1),
            ["cbc:CustomizationID", "another profile"],
        ),
        (
            "another unit",
            text.replacen("unitCode=\"DAY\"", "unitCode=\"KGM\"", 1),
            ["cbc:InvoicedQuantity", "DAY"],
        ),
        (
            "another VAT category",
            text.replace("<cbc:ID>E</cbc:ID>", "<cbc:ID>Z</cbc:ID>"),
            ["cac:ClassifiedTaxCategory/cbc:ID", "E, S and O"],
        ),
        (
            "a rate of an exempt line",
            text.replace("<cbc:Percent>0<", "<cbc:Percent>20<"),
            ["cac:ClassifiedTaxCategory/cbc:Percent", "BR-E-05"],
        ),
        (
            "an allowance",
            text.replacen("<cac:TaxTotal>", "<cac:AllowanceCharge/><cac:TaxTotal>", 1),
            ["/Invoice/cac:AllowanceCharge", "a line of its own"],
        ),
        (
            "a prepaid amount",
            text.replacen(
                "<cbc:PayableAmount",
                &format!("{}<cbc:PayableAmount", amount("PrepaidAmount", "1.00")),
                1,
            ),
            ["cbc:PrepaidAmount", "state 0.00"],
        ),
        (
            "an unknown element",
            text.replacen("<cac:TaxTotal>", "<cac:Surprise/><cac:TaxTotal>", 1),
            ["/Invoice/cac:Surprise", "leave it out"],
        ),
        (
            "no line",
            {
                let (before, rest) = text.split_once("  <cac:InvoiceLine>").expect("a line");
                let (_, after) = rest.split_once("</cac:InvoiceLine>\n").expect("its end");
                format!("{before}{after}")
            },
            ["cac:Tax", "no line"],
        ),
        (
            "words for an amount",
            swap((amount("PayableAmount", &payable), amount("PayableAmount", "<b/>"))),
            ["cbc:PayableAmount", "give text alone"],
        ),
        (
            "another namespace",
            text.replacen("xsd:Invoice-2", "xsd:Order-2", 1),
            ["/Invoice", "none of UBL's namespaces"],
        ),
        (
            "the wrong root",
            text.replacen("xsd:Invoice-2", "xsd:CreditNote-2", 1),
            ["/Invoice", "neither an Invoice nor a CreditNote"],
        ),
        (
            "an end before its start",
            text.replace(
                "<cac:Party>",
                "<cac:InvoicePeriod><cbc:StartDate>2026-02-02</cbc:StartDate></cac:InvoicePeriod><cac:Party>",
            ),
            ["cac:InvoicePeriod", "leave it out"],
        ),
        (
            "a control character",
            text.replace("Derby City", "Derby&#7;City"),
            ["cbc:RegistrationName", "control character"],
        ),
        ("cut off", text.split_once("<cac:TaxTotal>").expect("totals").0.to_owned(), ["file", "whole file"]),
        (
            "two documents",
            format!("{text}{}", text.split_once('\n').expect("a head").1),
            ["file", "one document a file"],
        ),
        ("text after it", format!("{text}x"), ["file", "outside the document"]),
        ("no XML", "kind,number".to_owned(), ["file", "outside the document"]),
        ("nothing", String::new(), ["file", "no element"]),
        ("Latin 1", text.replacen("UTF-8", "ISO-8859-1", 1), ["file", "save it as UTF-8"]),
    ];
    for (name, text, words) in cases {
        let faults = refused(&text);
        let said = faults.to_string();
        assert!(words.iter().all(|word| said.contains(word)), "{name}: {words:?} in {said}");
        // Only what the fields are together has no place.
        assert!(faults.told.iter().all(|fault| fault.place.is_some()), "{name}: {said}");
    }
}

#[test]
fn the_place_is_that_of_the_element() {
    let (_, text) = plain();
    let line = text.lines().position(|line| line.contains("<cbc:DocumentCurrencyCode>")).expect("a line") + 1;
    let faults = refused(&text.replacen("CurrencyCode>GBP<", "CurrencyCode>EUR<", 1));
    let place = faults.told[0].place.expect("a place");
    assert_eq!((place.line, place.column), (u64::try_from(line).expect("small"), Some(3)));
}

#[test]
fn entities_and_document_types_are_refused_and_not_expanded() {
    let (_, text) = plain();
    let (head, body) = text.split_once('\n').expect("a head");
    let bomb: String = (1..10)
        .map(|level| format!("<!ENTITY a{level} \"{}\">", format!("&a{};", level - 1).repeat(10)))
        .collect();
    let bomb = format!(
        "{head}\n<!DOCTYPE Invoice [<!ENTITY a0 \"ha\">{bomb}]>\n{}",
        body.replacen("Derby City", "&a9;", 1)
    );
    assert!(refused(&bomb).to_string().contains("document type declaration"));
    for outside in [
        "<!DOCTYPE Invoice SYSTEM \"file:///etc/passwd\">",
        "<!DOCTYPE Invoice PUBLIC \"x\" \"http://127.0.0.1/x\">",
    ] {
        assert!(
            refused(&format!("{head}\n{outside}\n{body}")).to_string().contains("document type declaration")
        );
    }
    assert!(
        refused(&text.replacen("Derby City", "&xxe;", 1)).to_string().contains("entities are not expanded")
    );
    assert!(
        refused(&text.replacen("Derby City", "<?php x?>", 1)).to_string().contains("processing instruction")
    );
}

#[test]
fn depth_size_and_numbers_have_limits() {
    let (_, text) = plain();
    let deep = "<cac:Party>".repeat(DEPTH_MAX) + &"</cac:Party>".repeat(DEPTH_MAX);
    assert!(
        refused(&text.replacen("<cac:TaxTotal>", &format!("{deep}<cac:TaxTotal>"), 1))
            .to_string()
            .contains("inside each other")
    );
    let unclosed = "<cac:Party>".repeat(100_000);
    assert!(
        refused(&text.replacen("<cac:TaxTotal>", &unclosed, 1)).to_string().contains("inside each other")
    );
    let wide = "<cac:Party/>".repeat(ubl::ELEMENTS_MAX);
    assert!(
        refused(&text.replacen("<cac:TaxTotal>", &format!("{wide}<cac:TaxTotal>"), 1))
            .to_string()
            .contains("more than")
    );
    let attributes: String = (0..100).map(|number| format!(" a{number}=\"\"")).collect();
    assert!(
        refused(&text.replacen("<cac:TaxTotal>", &format!("<cac:TaxTotal{attributes}>"), 1))
            .to_string()
            .contains("attributes")
    );
    let long = text.replacen("Derby City", &"x".repeat(2_000), 1);
    assert!(refused(&long).to_string().contains("longer than"));
    let large = vec![b' '; ubl::BYTES_MAX + 1];
    assert!(ubl::read(&large).expect_err("refused").to_string().contains("more than"));
    let many =
        text.replacen("<cac:TaxTotal>", &format!("{}<cac:TaxTotal>", "<cac:Surprise/>".repeat(1_000)), 1);
    let faults = refused(&many);
    assert_eq!((faults.told.len(), faults.left_off > 800), (FAULTS_MAX, true));
}

#[test]
fn what_the_standard_refuses_is_not_written() {
    let wrong = |change: fn(&mut Document)| {
        let mut document = plain().0;
        change(&mut document);
        ubl::write(&document).expect_err("refused").to_string()
    };
    for (change, words) in [
        ((|document| document.number = " x".into()) as fn(&mut Document), "number"),
        (|document| document.note = Some("a\nb".into()), "note"),
        (|document| document.lines.clear(), "BR-16"),
        (|document| document.lines.push(document.lines[0].clone()), "comes twice"),
        (|document| document.lines[0].net += Pence(1), "come to"),
        (|document| document.lines[0].price.per = books::amount::Decimal::ZERO, "above zero"),
        (|document| document.lines[0].vat.rate = 2000, "BR-E-05"),
        (|document| document.exempt = None, "BR-E-10"),
        (|document| document.exempt.as_mut().expect("one").code = Some("X".into()), "BR-CL-22"),
        (
            |document| {
                document.seller =
                    books::document::Party { tax_reference: None, vat_number: None, ..provider(true) }
            },
            "BR-E-02",
        ),
        (|document| document.seller.vat_number = Some("123456789".into()), "BR-CO-09"),
        (|document| document.buyer.address.country = "UKR".into(), "BR-11"),
        (|document| (document.due_on, document.terms) = (None, None), "BR-CO-25"),
        (|document| document.payment.as_mut().expect("one").account = None, "BR-50"),
        (|document| document.kind = books::document::Kind::CreditNote, "names the invoice"),
        (
            |document| {
                document.profile = Profile::PeppolBis3;
                document.period = Some(care::Nights::new(made::day(0), made::day(1)).expect("in order"));
                document.lines[0].period =
                    Some(care::Nights::new(made::day(0), made::day(2)).expect("in order"));
            },
            "R111",
        ),
        (|document| (document.profile, document.buyer.endpoint) = (Profile::PeppolBis3, None), "R020"),
        (
            |document| {
                (document.profile, document.buyer_reference, document.order) =
                    (Profile::PeppolBis3, None, None)
            },
            "R003",
        ),
        (
            |document| {
                let mut other = document.lines[0].clone();
                other.id = "2".into();
                other.vat = books::document::Vat::OUTSIDE_SCOPE;
                document.lines.push(other);
            },
            "BR-O-11",
        ),
        (
            |document| {
                let line = &mut document.lines[0];
                line.quantity = books::amount::Decimal::whole(-1);
                line.price.per = books::amount::Decimal::whole(1);
                line.net = line.cost().expect("countable");
            },
            "is a credit note",
        ),
    ] {
        let said = wrong(change);
        assert!(said.contains(words), "{words}: {said}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = ubl::read(&bytes);
    }

    #[test]
    fn any_markup_is_read_or_refused(text in "(<|</|>|/>|&|;|#|x|!|\\[|\\]|CDATA|DOCTYPE|--|\\?|\"|'|=| |xmlns|:|Invoice|cbc|é){0,60}") {
        let _ = ubl::read(text.as_bytes());
    }

    #[test]
    fn a_changed_document_is_refused_or_consistent(seed in 0_u64..200, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 1..6)) {
        let mut bytes = ubl::write(&generated_document(seed)).expect("written").into_bytes();
        for (at, byte, how) in changes {
            // Nothing is left to change where all was cut off.
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, byte),
                _ => bytes.truncate(at.max(1)),
            }
        }
        if let Ok(document) = ubl::read(&bytes) {
            // Whatever was taken can be written, and is then the same.
            let text = ubl::write(&document).expect("written");
            prop_assert_eq!(ubl::read(text.as_bytes()).expect("read"), document);
        }
    }

    #[test]
    fn a_document_whose_lines_are_moved_or_dropped_is_refused(seed in 0_u64..200, at in any::<prop::sample::Index>()) {
        let document = generated_document(seed);
        let text = ubl::write(&document).expect("written");
        let name = if document.kind.is_credit_note() { "cac:CreditNoteLine" } else { "cac:InvoiceLine" };
        let (open, close) = (format!("  <{name}>"), format!("</{name}>\n"));
        let starts: Vec<usize> = text.match_indices(&open).map(|(start, _)| start).collect();
        let start = starts[at.index(starts.len())];
        let end = start + text[start..].find(&close).expect("its end") + close.len();
        let dropped = format!("{}{}", &text[..start], &text[end..]);
        // A line of nothing is not missed.
        if document.lines.iter().all(|line| line.net != Pence::ZERO) {
            prop_assert!(ubl::read(dropped.as_bytes()).is_err());
        }
        let doubled = format!("{}{}{}", &text[..end], &text[start..end], &text[end..]);
        prop_assert!(ubl::read(doubled.as_bytes()).is_err());
    }
}
