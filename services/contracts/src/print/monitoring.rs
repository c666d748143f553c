//! Figures in print: a page with charts and tables, the charts alone as one picture, or the rows as CSV. They are made from the message that the
//! caller may see, so that nothing is drawn that is not told. The same figures make the same bytes.

mod bars;
mod columns;
mod svg;
mod words;

use super::document::{Head, Table};
use super::html;
use api::contracts as proto;
use bars::Bars;
use columns::{Columns, Series};
use contracts_domain::monitoring::{DECLINES, KPIS, Kpi};
use svg::Picture;
use words::{Point, Running, quarter_name, quarter_so_far};

/// A chart: a heading and the codes of its figures, which are all in one unit. Every figure that is told to others stands in one.
const CHARTS: [(&str, &[&str]); 11] = [
    ("Answers to invitations", &["OFFER_RATE", "UNANSWERED"]),
    ("Time to offer", &["TIME_TO_OFFER_MEDIAN", "TIME_TO_OFFER_P90"]),
    ("Declines by reason", &[DECLINES]),
    ("How places are bought", &["ROUTE_IN_HOUSE", "ROUTE_FRAMEWORK", "ROUTE_SPOT"]),
    ("Homes by distance and grade", &["WITHIN_20_MILES", "GRADE_GOOD"]),
    ("Core fee against the ceiling", &["PRICE_OF_CEILING"]),
    ("Fill, voids and retainers", &["FILL", "VOIDS", "RETAINED"]),
    ("Breakdowns", &["BREAKDOWN_3_MONTHS", "BREAKDOWN_6_MONTHS", "BREAKDOWN_12_MONTHS"]),
    ("Endings that nobody explained", &["ENDING_UNTOLD"]),
    ("Invoice accuracy and payment in time", &["INVOICE_ACCURACY", "CREDITED", "PAID_IN_30_DAYS"]),
    ("Days from invoice to payment", &["DAYS_TO_PAY", "DAYS_TO_PAY_P90"]),
];

/// Prints figures.
pub(crate) fn printed(
    monitoring: &proto::Monitoring,
    format: proto::MonitoringFormat,
) -> proto::MonitoringDocument {
    let (media_type, extension, content) = match format {
        proto::MonitoringFormat::Unspecified | proto::MonitoringFormat::Html => {
            ("text/html; charset=utf-8", "html", page(monitoring))
        }
        proto::MonitoringFormat::Svg => {
            let pictures: Vec<Picture> =
                CHARTS.iter().filter_map(|chart| picture(monitoring, chart)).collect();
            ("image/svg+xml", "svg", svg::stacked(&title(monitoring), &pictures))
        }
        proto::MonitoringFormat::Csv => ("text/csv; charset=utf-8", "csv", csv(monitoring)),
    };
    let id = monitoring.scope.rsplit('/').next().unwrap_or_default();
    proto::MonitoringDocument {
        media_type: media_type.to_owned(),
        file_name: format!("kpis-{id}-{}.{extension}", monitoring.to_quarter),
        content: content.into_bytes(),
    }
}

fn title(monitoring: &proto::Monitoring) -> String {
    format!("Monitoring of {}", words::scope_name(&monitoring.scope))
}

fn page(monitoring: &proto::Monitoring) -> String {
    let span = match (quarter_name(&monitoring.from_quarter), quarter_name(&monitoring.to_quarter)) {
        (first, last) if first == last => first,
        (first, last) => format!("{first} to {last}"),
    };
    let as_of =
        Running::of(monitoring).map(|running| format!(" As of {}.", running.as_of)).unwrap_or_default();
    let subtitle = format!(
        "{span}.{as_of} Financial quarters: Q1 is April to June. What each figure counts is in docs/kpis.md."
    );
    let mut page = html::beginning(&title(monitoring), &subtitle);
    for (n, chart) in CHARTS.iter().enumerate() {
        let Some(picture) = picture(monitoring, chart) else { continue };
        html::push(
            &mut page,
            format_args!("<section>\n<h2>{}</h2>\n<figure style=\"margin:0\">\n", html::escaped(chart.0)),
        );
        page.push_str(&svg::inline(&picture, n));
        page.push_str("</figure>\n");
        html::table(&mut page, &table(monitoring, chart));
        page.push_str("</section>\n");
    }
    page.push_str(&format!("<p>{}</p>\n", html::escaped(words::NOT_TOLD)));
    page.push_str(html::END);
    page
}

fn kpi(code: &str) -> Option<&'static Kpi> {
    KPIS.iter().find(|kpi| kpi.code == code)
}

/// The rows of a figure, in order of the quarters.
fn rows<'m>(
    monitoring: &'m proto::Monitoring,
    code: &'m str,
) -> impl Iterator<Item = &'m proto::MonitoringRow> {
    monitoring.rows.iter().filter(move |row| row.kpi == code)
}

/// The chart of what is told; none where nothing of it is told to this caller at all.
fn picture(monitoring: &proto::Monitoring, (heading, codes): &(&str, &[&str])) -> Option<Picture> {
    let running = Running::of(monitoring);
    let running = running.as_ref();
    if *codes == [DECLINES] {
        return Some(Bars::latest(heading, rows(monitoring, DECLINES), running).picture());
    }
    let series = codes.iter().filter_map(|code| {
        let points: Vec<Point> = rows(monitoring, code).map(Point::of).collect();
        let name = kpi(code)?.name;
        (!points.is_empty()).then_some(Series { name, points })
    });
    let series: Vec<Series> = series.collect();
    let first = codes.iter().find(|code| rows(monitoring, code).next().is_some())?;
    let quarters = rows(monitoring, first).map(|row| row.quarter.clone()).collect();
    let unit = rows(monitoring, first).next()?.unit();
    Some(Columns { heading: (*heading).to_owned(), running, unit, quarters, series }.picture())
}

/// The same figures in words and numbers, with what they are of.
fn table(monitoring: &proto::Monitoring, (heading, codes): &(&str, &[&str])) -> Table {
    let head = |words, amounts| Head { words, weight: 1, amounts };
    let heads = vec![head("Figure", false), head("Quarter", false), head("Value", true), head("Of", true)];
    let told = codes.iter().flat_map(|code| rows(monitoring, code).map(move |row| (*code, row)));
    // Quarters in which there was nothing, and reasons that nobody gave, need no line.
    let told = told
        .filter(|(code, row)| row.denominator != Some(0) && (*code != DECLINES || row.numerator != Some(0)));
    let running = Running::of(monitoring);
    let lines = told.map(|(code, row)| {
        let name = if row.of.is_empty() {
            kpi(code).map_or(code, |kpi| kpi.name).to_owned()
        } else {
            words::decline(&row.of)
        };
        let point = Point::of(row);
        vec![name, quarter_so_far(&row.quarter, running.as_ref()), point.in_words(), point.of_what()]
    });
    Table { caption: (*heading).to_owned(), heads, rows: lines.collect() }
}

/// The rows as they are; no cell can be taken for a formula, since they are numbers and the program's own words.
fn csv(monitoring: &proto::Monitoring) -> String {
    let mut csv = String::from("quarter,kpi,of,value,unit,numerator,denominator,suppressed\r\n");
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    for row in &monitoring.rows {
        let unit = row.unit().as_str_name().trim_start_matches("MONITORING_UNIT_");
        let of: String = row.of.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let numbers = [row.value, row.numerator, row.denominator].map(number);
        let [value, numerator, denominator] = &numbers;
        let cells = [&row.quarter, &row.kpi, &of, value, unit, numerator, denominator, &row.suppressed];
        csv.push_str(&cells.join(","));
        csv.push_str("\r\n");
    }
    csv
}

#[cfg(test)]
mod tests;
