//! An agreement in print: one document, as a page of HTML, as a PDF, or as JSON. It is made from the message that the caller may see, so that
//! nothing is printed that is not shown, and the child is in it by the referral alone. The same terms make the same bytes. Figures are printed
//! likewise (`monitoring`).

mod document;
mod html;
mod monitoring;
mod pdf;
mod words;

pub(crate) use monitoring::printed as printed_monitoring;

use api::contracts as proto;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use std::sync::OnceLock;

/// Prints an agreement with all its terms.
pub(crate) fn printed(agreement: &proto::Agreement, format: proto::PrintFormat) -> proto::PrintedAgreement {
    let (media_type, extension, content) = match format {
        proto::PrintFormat::Unspecified | proto::PrintFormat::Html => {
            ("text/html; charset=utf-8", "html", html::page(&document::of(agreement)).into_bytes())
        }
        proto::PrintFormat::Pdf => ("application/pdf", "pdf", pdf::file(&document::of(agreement))),
        proto::PrintFormat::Json => ("application/json", "json", json(agreement)),
    };
    let mut parts = agreement.name.split('/').skip(1).step_by(2);
    let (council, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let id = id.split('-').next().unwrap_or_default();
    proto::PrintedAgreement {
        media_type: media_type.to_owned(),
        file_name: format!("ipa-{council}-{id}.{extension}"),
        content,
    }
}

/// The message by the proto3 JSON mapping, as other programs and the client know it.
fn json(agreement: &proto::Agreement) -> Vec<u8> {
    static POOL: OnceLock<Option<DescriptorPool>> = OnceLock::new();
    let pool = POOL.get_or_init(|| DescriptorPool::decode(api::DESCRIPTORS).ok());
    let message = pool.as_ref().and_then(|pool| pool.get_message_by_name("brokerage.contracts.v1.Agreement"));
    let encoded = agreement.encode_to_vec();
    let dynamic = message.and_then(|message| DynamicMessage::decode(message, encoded.as_slice()).ok());
    // The descriptors are those that the message was compiled from, so that each of these steps gives something.
    dynamic.and_then(|dynamic| serde_json::to_vec_pretty(&dynamic).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::common;

    fn agreement() -> proto::Agreement {
        let line = |line, kind: &str, weekly_pence, until: &str, note: &str| proto::TermLine {
            line,
            kind: kind.to_owned(),
            weekly_pence,
            from: "2026-05-04".to_owned(),
            until: until.to_owned(),
            cause: "AMENDMENT".to_owned(),
            note: note.to_owned(),
            worked_out: String::new(),
            siblings: Vec::new(),
        };
        let terms = proto::AgreementTerms {
            version: 2,
            lines: vec![
                line(1, "CORE", 450_000, "", ""),
                line(2, "ONE_TO_ONE", 35_000, "2026-09-07", "10 hours a week at £35.00 <evenings & nights>"),
                line(3, "DISCOUNT_SIBLING", -22_500, "", ""),
            ],
            funders: vec![proto::FundersFrom {
                from: "2026-05-04".to_owned(),
                funders: vec![common::FunderShare { funder: "SOCIAL_CARE".to_owned(), basis_points: 10_000 }],
            }],
            notice_days: 28,
            unsigned: true,
            ..proto::AgreementTerms::default()
        };
        proto::Agreement {
            name: "councils/E06000047/agreements/6851bc3a-c6c2-5bda-b7e4-ef6767c1deb9".to_owned(),
            referral: "councils/E06000047/referrals/00000000-0000-0000-0000-000000000001".to_owned(),
            provider: "providers/P1".to_owned(),
            establishment: "establishments/SC000001".to_owned(),
            place: "places/SC000001-01".to_owned(),
            provision: "RESIDENTIAL".to_owned(),
            start: "2026-05-04".to_owned(),
            terms: Some(terms),
            ..proto::Agreement::default()
        }
    }

    fn text(printed: &proto::PrintedAgreement) -> String {
        String::from_utf8_lossy(&printed.content).into_owned()
    }

    #[test]
    fn html_has_a_language_headings_and_headed_tables_and_escapes_what_people_wrote() {
        let printed = printed(&agreement(), proto::PrintFormat::Html);
        assert_eq!(printed.file_name, "ipa-E06000047-6851bc3a.html");
        let html = text(&printed);
        for part in [
            "<html lang=\"en-GB\">",
            "<h1>Individual placement agreement</h1>",
            "<h2>Price</h2>",
            "<caption>",
            "<th scope=\"col\">",
            "<th scope=\"row\">",
            "10 hours a week at £35.00 &lt;evenings &amp; nights&gt;",
            "-£225.00",
            "County Durham",
        ] {
            assert!(html.contains(part), "{part} is not in {html}");
        }
        let open = |tag: &str| html.matches(&format!("<{tag}")).count();
        for tag in ["table", "section", "tr", "td"] {
            assert_eq!(open(tag), html.matches(&format!("</{tag}>")).count(), "{tag}");
        }
        assert!(!html.contains("http"), "the page needs nothing from elsewhere");
    }

    #[test]
    fn what_amendments_change_how_it_was_bought_and_staying_put_are_told() {
        use proto::{line_change::Change, line_price::Price, purchase::Record};
        let mut whole = agreement();
        let price = Some(proto::LinePrice { price: Some(Price::CoreBasisPoints(500)) });
        let change = Change::ChangePrice(proto::ChangeLine { line: 2, price, ..Default::default() });
        let rule = proto::AbsenceRule {
            absence: "HOSPITAL".to_owned(),
            full_nights: 14,
            core_basis_points: 5_000,
            ..Default::default()
        };
        let changes = proto::AmendmentChanges {
            lines: vec![proto::LineChange { change: Some(change) }],
            replace_absence_rules: true,
            absence_rules: vec![rule.clone()],
            notice_days: 56,
            ..Default::default()
        };
        let bed = proto::EmergencyBed {
            place: "places/SC000001-01".to_owned(),
            reservation: 3,
            nightly_pence: 64_286,
        };
        let terms = whole.terms.as_mut().unwrap();
        terms.amendments = vec![proto::Amendment { changes: Some(changes), ..Default::default() }];
        terms.outcomes = vec![proto::Outcome { outcome: 7, ..Default::default() }];
        terms.absence_rules_from = vec![
            proto::AbsenceRulesFrom { from: "2026-06-08".to_owned(), rules: vec![rule] },
            proto::AbsenceRulesFrom { from: "2026-07-01".to_owned(), rules: Vec::new() },
        ];
        terms.emergency_bed =
            Some(proto::Purchase { record: Some(Record::Emergency(bed)), ..Default::default() });
        let lines =
            vec![common::PriceLine { kind: "CORE".to_owned(), weekly_pence: 20_000, until: String::new() }];
        whole.staying_put = Some(proto::StayingPut { lines, weekly_pence: 20_000, ..Default::default() });
        let html = text(&printed(&whole, proto::PrintFormat::Html));
        for part in [
            "Line 2 from then on: 5.00 % of the core fee",
            "In hospital: 14 nights in full, then 50.00 % of the core fee and 0.00 % of other lines",
            "Notice of 56 days",
            "Any: no rule",
            "£642.86",
            "Staying Put after the placement",
            ">7<",
        ] {
            assert!(html.contains(part), "{part} is not in {html}");
        }
    }

    #[test]
    fn pdf_has_pages_with_the_text_and_the_same_bytes_each_time() {
        let mut many = agreement();
        let line = many.terms.clone().unwrap_or_default().lines[1].clone();
        let lines = (4..120).map(|n| proto::TermLine { line: n, ..line.clone() });
        many.terms.as_mut().unwrap().lines.extend(lines);
        let first = printed(&many, proto::PrintFormat::Pdf);
        assert_eq!(first, printed(&many, proto::PrintFormat::Pdf));
        let pdf = text(&first);
        assert!(pdf.starts_with("%PDF-") && pdf.trim_end().ends_with("%%EOF"));
        assert!(pdf.contains("(Individual placement agreement)"), "{pdf}");
        assert!(pdf.contains("Page 3 of "), "a long agreement has more pages");
        if let Ok(path) = std::env::var("PRINTED_PDF") {
            std::fs::write(path, &first.content).unwrap();
        }
    }

    #[test]
    fn json_is_the_message() {
        let printed = printed(&agreement(), proto::PrintFormat::Json);
        let json: serde_json::Value = serde_json::from_slice(&printed.content).unwrap();
        assert_eq!(json["terms"]["lines"][2]["weeklyPence"], "-22500");
        assert_eq!(json["provider"], "providers/P1");
    }
}
