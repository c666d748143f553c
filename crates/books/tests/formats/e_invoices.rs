//! What we write as an e-invoice passes the rules of EN 16931 as somebody else has written them down (verifyhash-einvoice), and those rules see
//! planted errors.

use crate::made::generated_document;
use books::document::Profile;
use books::ubl;
use local_parts::accounting;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Documents that are judged.
const DOCUMENTS: u64 = 400;

#[test]
fn every_document_passes_the_rules_of_en_16931() {
    let folder = tempfile::tempdir().expect("a folder");
    for seed in 0..DOCUMENTS {
        let document = generated_document(seed);
        let text = ubl::write(&document).unwrap_or_else(|faults| panic!("{seed}: {faults}"));
        std::fs::write(folder.path().join(format!("{seed:04}.xml")), text).expect("written");
    }
    let (passed, report) = batch(folder.path());
    assert_eq!(report["file_count"].as_u64(), Some(DOCUMENTS), "all of them were judged");
    let failed: Vec<_> =
        report["files"].as_array().expect("files").iter().filter(|file| file["valid"] != true).collect();
    assert!(passed && failed.is_empty(), "{failed:#?}");
}

/// What the package knows of Peppol's own rules, 21 for invoices; its command line does not ask for them.
const PEPPOL: &str = "
import sys, xml.etree.ElementTree as tree
from einvoice.rules_peppol import evaluate_ubl
for file in sys.argv[1:]:
    for violation in evaluate_ubl(tree.parse(file).getroot()):
        print(violation.rule_id, file, violation.message)
";

#[test]
fn invoices_for_peppol_break_none_of_its_rules() {
    let folder = tempfile::tempdir().expect("a folder");
    let documents = (0..).map(generated_document);
    let invoices = documents
        .filter(|document| document.profile == Profile::PeppolBis3 && !document.kind.is_credit_note());
    let texts: Vec<String> =
        invoices.take(100).map(|document| ubl::write(&document).expect("written")).collect();
    let broken = |texts: &[String]| {
        let files = texts.iter().enumerate().map(|(number, text)| {
            let file = folder.path().join(format!("{number}.xml"));
            std::fs::write(&file, text).expect("written");
            file
        });
        let python = accounting::python().unwrap_or_else(|error| panic!("{error}"));
        let output = Command::new(python).args(["-c", PEPPOL]).args(files).output().expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    assert_eq!(broken(&texts), "");
    let process = "<cbc:ProfileID>urn:fdc:peppol.eu:2017:poacc:billing:01:1.0</cbc:ProfileID>";
    assert!(broken(&[planted(&texts[0], process, "")]).starts_with("PEPPOL-EN16931-R001"));
    let base =
        planted(&texts[0], "<cbc:BaseQuantity unitCode=\"DAY\">", "<cbc:BaseQuantity unitCode=\"DAY\">-");
    assert!(broken(&[base]).contains("PEPPOL-EN16931-R121"));
}

/// Every rule that some file of a report breaks.
fn rules_of(report: &Value) -> BTreeSet<String> {
    match report {
        Value::Object(fields) => {
            let own =
                ["rule_id", "rule"].iter().filter_map(|name| fields.get(*name)?.as_str().map(str::to_owned));
            own.chain(fields.values().flat_map(rules_of)).collect()
        }
        Value::Array(values) => values.iter().flat_map(rules_of).collect(),
        _ => BTreeSet::new(),
    }
}

/// Judges all files of a folder; whether all passed, and the report.
fn batch(folder: &Path) -> (bool, Value) {
    let program = accounting::einvoice().unwrap_or_else(|error| panic!("{error}"));
    let mut command = Command::new(program);
    let output = command.args(["validate-batch", "--json", "--profile=en16931"]).arg(folder).output();
    let output = output.expect("it starts");
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.success(), report)
}

/// Puts something else in the place of the first of it.
fn planted(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is in {text}");
    text.replacen(from, to, 1)
}

#[test]
fn planted_errors_are_seen_by_the_rules_and_by_our_reader() {
    let folder = tempfile::tempdir().expect("a folder");
    // An invoice with standard and exempt lines.
    let seed = (0..).find(|seed| {
        let text = ubl::write(&generated_document(*seed)).expect("written");
        text.contains("<Invoice")
            && text.contains("<cbc:ID>S</cbc:ID>")
            && text.contains("<cbc:ID>E</cbc:ID>")
            && text.contains("VAT</cbc:ID>")
            && !text.contains("PayableRoundingAmount")
    });
    let document = generated_document(seed.expect("one"));
    let text = ubl::write(&document).expect("written");
    let payable = books::amount::Pounds(document.totals().expect("countable").payable).to_string();
    let penny =
        books::amount::Pounds(document.totals().expect("countable").payable + care::Pence(1)).to_string();
    let stated = |name: &str, amount: &str| format!("<cbc:{name} currencyID=\"GBP\">{amount}</cbc:{name}>");
    for (name, text) in [
        ("BR-CO-16", planted(&text, &stated("PayableAmount", &payable), &stated("PayableAmount", &penny))),
        (
            "BR-CO-15",
            planted(&text, &stated("TaxInclusiveAmount", &payable), &stated("TaxInclusiveAmount", &penny)),
        ),
        ("BR-03", planted(&text, &format!("  <cbc:IssueDate>{}</cbc:IssueDate>\n", document.issued_on), "")),
        (
            "BR-E-10",
            planted(
                &planted(
                    &text,
                    "<cbc:TaxExemptionReasonCode>VATEX-EU-132-1G</cbc:TaxExemptionReasonCode>",
                    "",
                ),
                "<cbc:TaxExemptionReason>VAT Act 1994, schedule 9, group 7, item 9</cbc:TaxExemptionReason>",
                "",
            ),
        ),
        (
            "BR-CL-04",
            planted(
                &text,
                "<cbc:DocumentCurrencyCode>GBP</cbc:DocumentCurrencyCode>",
                "<cbc:DocumentCurrencyCode>QQQ</cbc:DocumentCurrencyCode>",
            ),
        ),
    ] {
        std::fs::write(folder.path().join("planted.xml"), &text).expect("written");
        let (passed, report) = batch(folder.path());
        assert!(!passed && rules_of(&report).contains(name), "{name}: {report}");
        let faults = ubl::read(text.as_bytes()).expect_err("our reader refuses it too");
        assert!(!faults.is_empty(), "{name}");
    }
}
