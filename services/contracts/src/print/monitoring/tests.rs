//! Each kind of document, and pictures for people to look at.

use super::*;

fn row(quarter: &str, kpi: &Kpi, of: &str, numerator: i64, denominator: i64) -> proto::MonitoringRow {
    use contracts_domain::monitoring::Unit;
    let unit = match kpi.unit {
        Unit::BasisPoints => proto::MonitoringUnit::BasisPoints,
        Unit::Minutes => proto::MonitoringUnit::Minutes,
        Unit::Days => proto::MonitoringUnit::Days,
    };
    let value = (denominator > 0).then(|| match kpi.unit {
        Unit::BasisPoints => numerator * 10_000 / denominator,
        Unit::Minutes => numerator * 97,
        Unit::Days => numerator,
    });
    proto::MonitoringRow {
        quarter: quarter.to_owned(),
        kpi: kpi.code.to_owned(),
        of: of.to_owned(),
        value,
        unit: unit.into(),
        numerator: (kpi.unit == Unit::BasisPoints).then_some(numerator),
        denominator: Some(denominator),
        suppressed: String::new(),
    }
}

fn suppressed(row: proto::MonitoringRow) -> proto::MonitoringRow {
    let suppressed = "FEW_CASES".to_owned();
    proto::MonitoringRow { value: None, numerator: None, denominator: None, suppressed, ..row }
}

/// Figures of so many quarters, in which there is little, nothing, all or not to be told.
fn figures(quarters: usize) -> proto::Monitoring {
    let names: Vec<String> =
        (0..quarters).map(|n| format!("20{}-{}-Q{}", 24 + n / 4, 25 + n / 4, n % 4 + 1)).collect();
    let mut rows = Vec::new();
    for (n, quarter) in names.iter().enumerate() {
        for (k, kpi) in KPIS.iter().enumerate() {
            let of: Vec<&str> = if kpi.code == DECLINES {
                care::code_sets::DECLINE.codes.iter().map(|code| code.code).collect()
            } else {
                vec![""]
            };
            for (m, of) in of.into_iter().enumerate() {
                let numerator = i64::try_from((n * 7 + k * 5 + m * 3) % 41).unwrap();
                let made = row(quarter, kpi, of, numerator, if n == 2 { 0 } else { 41 });
                rows.push(if (n + k + m) % 5 == 3 { suppressed(made) } else { made });
            }
        }
    }
    let (from_quarter, to_quarter) = (names[0].clone(), names[quarters - 1].clone());
    proto::Monitoring {
        scope: "councils/E06000047".to_owned(),
        from_quarter,
        to_quarter,
        rows,
        as_of: String::new(),
    }
}

fn text(monitoring: &proto::Monitoring, format: proto::MonitoringFormat) -> String {
    let printed = printed(monitoring, format);
    assert_eq!(printed, super::printed(monitoring, format), "the same figures make the same bytes");
    String::from_utf8(printed.content).unwrap()
}

/// That each element is closed in the order in which it was opened, and everything is escaped.
fn assert_well_formed(xml: &str) {
    let mut open: Vec<&str> = Vec::new();
    for part in xml.split('<').skip(1) {
        let (tag, rest) = part.split_once('>').unwrap_or_else(|| panic!("no end of <{part}"));
        assert!(
            !rest
                .replace("&amp;", "")
                .replace("&lt;", "")
                .replace("&gt;", "")
                .replace("&quot;", "")
                .replace("&#39;", "")
                .contains('&'),
            "{rest}"
        );
        if tag.starts_with(['?', '!']) || tag.ends_with('/') || tag.starts_with("meta") {
            continue;
        }
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "in {tag}"),
            None => open.push(tag.split_whitespace().next().unwrap()),
        }
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn every_figure_stands_in_one_chart() {
    for kpi in &KPIS {
        let charts = CHARTS.iter().filter(|(_, codes)| codes.contains(&kpi.code)).count();
        assert_eq!(charts, 1, "{}", kpi.code);
    }
    for (heading, codes) in CHARTS {
        assert!(codes.len() <= svg::SERIES_MAX, "{heading}: a pattern would come twice");
        let units: std::collections::BTreeSet<_> = codes.iter().map(|code| kpi(code).unwrap().unit).collect();
        assert_eq!(units.len(), 1, "{heading} has one axis");
    }
}

#[test]
fn pages_and_pictures_are_well_formed_titled_and_described() {
    for quarters in [1, 8, 12] {
        let figures = figures(quarters);
        let (page, picture) =
            (text(&figures, proto::MonitoringFormat::Html), text(&figures, proto::MonitoringFormat::Svg));
        assert_well_formed(&page);
        assert_well_formed(&picture);
        assert_eq!(page.matches("<svg").count(), CHARTS.len());
        for text in [&page, &picture] {
            assert_eq!(text.matches("<desc").count(), CHARTS.len());
            assert!(text.contains("Monitoring of County Durham"), "{text}");
            assert!(
                !text.replace("http://www.w3.org/2000/svg", "").contains("http"),
                "it needs nothing from elsewhere"
            );
        }
        let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|part| part.split('"').next()).collect();
        assert_eq!(
            ids.len(),
            ids.iter().collect::<std::collections::BTreeSet<_>>().len(),
            "each id is there once"
        );
        for part in page.split("url(#").skip(1) {
            let name = part.split(')').next().unwrap();
            assert!(ids.contains(&name), "{name} is a pattern of the page");
        }
        keep(&format!("{quarters}"), &page, &picture);
    }
}

#[test]
fn nothing_is_drawn_that_is_not_told_and_no_data_is_no_defect() {
    let rows = KPIS.iter().flat_map(|kpi| {
        let of = if kpi.code == DECLINES { "NEED" } else { "" };
        [row("2025-26-Q4", kpi, of, 0, 0), suppressed(row("2026-27-Q1", kpi, of, 1, 2))]
    });
    let mut nothing = figures(1);
    nothing.rows = rows.collect();
    let picture = text(&nothing, proto::MonitoringFormat::Svg);
    assert_well_formed(&picture);
    assert!(!picture.contains("50%</"), "{picture}");
    assert!(picture.contains("c: not told") && picture.contains("–: nothing to count"));
    keep("nothing", &text(&nothing, proto::MonitoringFormat::Html), &picture);
    nothing.rows.clear();
    assert_well_formed(&text(&nothing, proto::MonitoringFormat::Svg));
    assert_well_formed(&text(&nothing, proto::MonitoringFormat::Html));
    assert_eq!(text(&nothing, proto::MonitoringFormat::Csv).lines().count(), 1);
}

/// A column of a few days is no fall: the quarter that goes on is marked, and the day is told.
#[test]
fn the_quarter_that_goes_on_is_told_so_far() {
    let mut figures = figures(8);
    figures.as_of = "2026-02-15".to_owned();
    assert_eq!(figures.to_quarter, "2025-26-Q4");
    let (page, picture) =
        (text(&figures, proto::MonitoringFormat::Html), text(&figures, proto::MonitoringFormat::Svg));
    assert_well_formed(&page);
    assert!(page.contains("As of 2026-02-15.") && page.contains("2025-26 Q4 so far"));
    assert!(picture.contains(">Q4*<") && picture.contains("*: so far, as of 2026-02-15"));
    figures.as_of = "2026-04-01".to_owned();
    let later = text(&figures, proto::MonitoringFormat::Svg);
    assert!(!later.contains("so far") && !later.contains("Q4*"), "the quarter is over");
    figures.as_of.clear();
    assert!(!text(&figures, proto::MonitoringFormat::Html).contains("As of"));
}

#[test]
fn the_reason_that_holds_is_told_and_reasons_are_of_the_last_quarter_that_tells_one() {
    let mut told = figures(1);
    let because = |suppressed: &str, made| {
        let suppressed = suppressed.to_owned();
        proto::MonitoringRow { suppressed, ..super::tests::suppressed(made) }
    };
    let declines = kpi(DECLINES).unwrap();
    told.rows = vec![
        because("TELLS_ANOTHER", row("2026-27-Q1", kpi("OFFER_RATE").unwrap(), "", 1, 2)),
        because("FEW_COUNCILS", row("2026-27-Q1", kpi("PRICE_OF_CEILING").unwrap(), "", 1, 2)),
        row("2025-26-Q4", declines, "NEED", 7, 9),
        because("TELLS_ANOTHER", row("2026-27-Q1", declines, "NEED", 1, 2)),
    ];
    let picture = text(&told, proto::MonitoringFormat::Svg);
    assert!(picture.contains("c: not told, it would tell of another"), "{picture}");
    assert!(picture.contains("c: not told, too few councils") && !picture.contains("too few cases"));
    assert!(picture.contains("Declines by reason, 2025-26 Q4"), "the last quarter that tells something");
    told.rows.remove(2);
    assert!(text(&told, proto::MonitoringFormat::Svg).contains("Declines by reason, 2026-27 Q1"));
}

#[test]
fn what_people_wrote_is_escaped_and_long_reasons_are_wrapped_or_cut() {
    let mut odd = figures(1);
    odd.scope = "frameworks/<script>&\"'\u{7}".to_owned();
    let reason = format!("<b>&{} and {}", "very ".repeat(40), "w".repeat(300));
    let declines = kpi(DECLINES).unwrap();
    odd.rows =
        vec![row(&odd.from_quarter, declines, &reason, 3, 4), row(&odd.from_quarter, declines, "NEED", 1, 4)];
    for format in [proto::MonitoringFormat::Html, proto::MonitoringFormat::Svg] {
        let text = text(&odd, format);
        assert_well_formed(&text);
        assert!(!text.contains("<script") && !text.contains("<b>"), "{text}");
    }
    keep("odd", &text(&odd, proto::MonitoringFormat::Html), &text(&odd, proto::MonitoringFormat::Svg));
    let csv = text(&odd, proto::MonitoringFormat::Csv);
    assert!(csv.lines().all(|line| line.matches(',').count() == 7), "{csv}");
}

#[test]
fn csv_has_the_rows_as_they_are() {
    let mut figures = figures(1);
    figures.rows = vec![
        row("2026-27-Q1", kpi("OFFER_RATE").unwrap(), "", 2, 3),
        suppressed(row("2026-27-Q1", kpi(DECLINES).unwrap(), "NEED", 1, 2)),
    ];
    let csv = text(&figures, proto::MonitoringFormat::Csv);
    let expected = "quarter,kpi,of,value,unit,numerator,denominator,suppressed\r\n\
                    2026-27-Q1,OFFER_RATE,,6666,BASIS_POINTS,2,3,\r\n\
                    2026-27-Q1,DECLINES,NEED,,BASIS_POINTS,,,FEW_CASES\r\n";
    assert_eq!(csv, expected);
}

#[test]
fn values_are_read_as_people_say_them() {
    use proto::MonitoringUnit::{BasisPoints, Days, Minutes};
    let said = |value, unit| words::with_unit(value, unit);
    assert_eq!(said(6_667, BasisPoints), "66.7%");
    assert_eq!(said(10_000, BasisPoints), "100%");
    assert_eq!(said(119, Minutes), "119 min");
    assert_eq!(said(312, Minutes), "5.2 h");
    assert_eq!(said(4_464, Minutes), "3.1 days");
    assert_eq!(said(12, Days), "12 days");
}

/// Keeps documents for people to look at, in the folder that `PRINTED_FIGURES` names.
fn keep(name: &str, page: &str, picture: &str) {
    if let Some(folder) = std::env::var_os("PRINTED_FIGURES") {
        let folder = std::path::PathBuf::from(folder);
        std::fs::write(folder.join(format!("{name}.html")), page).unwrap();
        std::fs::write(folder.join(format!("{name}.svg")), picture).unwrap();
    }
}
