//! Bars that lie, one for each reason, of the last quarter of which there is something to tell.

use super::svg::{Anchor, Drawing, LINE, Picture, WIDTH, wrapped};
use super::words::{Point, Running, decline, not_told, quarter_so_far};
use api::contracts::MonitoringRow;

/// Where the bars begin: the reasons stand before it.
const LEFT: i64 = 270;
/// What is kept free for the values behind the bars.
const VALUE: i64 = 130;
/// All there is, in basis points.
const ALL: i64 = 10_000;

/// A chart of bars.
pub(super) struct Bars {
    heading: String,
    bars: Vec<(String, Point)>,
}

impl Bars {
    /// The bars of the last quarter of which a value is told, or else of the last that has cases, the longest first; none where no quarter says
    /// anything.
    pub(super) fn latest<'m>(
        heading: &str,
        rows: impl Iterator<Item = &'m MonitoringRow>,
        running: Option<&Running>,
    ) -> Self {
        let rows: Vec<&MonitoringRow> = rows.collect();
        let says = |row: &&&MonitoringRow| row.denominator.is_none_or(|cases| cases > 0);
        let told = rows.iter().rfind(|row| row.value.is_some());
        let Some(quarter) = told.or_else(|| rows.iter().rfind(says)).map(|row| row.quarter.as_str()) else {
            return Self { heading: heading.to_owned(), bars: Vec::new() };
        };
        let of_quarter = rows.iter().filter(|row| row.quarter == quarter && row.numerator != Some(0));
        let mut bars: Vec<(String, Point)> =
            of_quarter.map(|row| (decline(&row.of), Point::of(row))).collect();
        bars.sort_by_key(|(_, point)| std::cmp::Reverse(point.value));
        Self { heading: format!("{heading}, {}", quarter_so_far(quarter, running)), bars }
    }

    pub(super) fn picture(&self) -> Picture {
        let mut drawing = Drawing::default();
        let mut y = LINE;
        drawing.text((0, y), Anchor::Start, "h", &self.heading);
        y += 12;
        // Where no reason is told a line for each would say the same many times.
        let told = self.bars.iter().any(|(_, point)| point.value.is_some());
        if !told {
            y += LINE;
            let why = self.not_told().unwrap_or_else(|| "– nothing to count".to_owned());
            drawing.text((0, y), Anchor::Start, "", &why);
        }
        let top = y;
        for (reason, point) in self.bars.iter().filter(|_| told) {
            let lines = wrapped(reason, LEFT - 16, 12);
            for (n, line) in (0..).zip(&lines) {
                drawing.text((LEFT - 8, y + LINE + n * LINE), Anchor::End, "", line);
            }
            let length = point.value.unwrap_or_default().clamp(0, ALL) * (WIDTH - LEFT - VALUE) / ALL;
            if point.value.is_some() {
                let hint = format!("{reason}: {}", point.in_words());
                drawing.bar((LEFT, y + 3), (length, LINE), 0, &hint);
            }
            let of = point.of_what();
            let value = if of.is_empty() { point.label() } else { format!("{} ({of})", point.label()) };
            drawing.text((LEFT + length + 6, y + LINE), Anchor::Start, "s", &value);
            y += i64::try_from(lines.len().max(1)).unwrap_or(1) * LINE + 10;
        }
        if told {
            drawing.line((LEFT, top), (LEFT, y), "axis");
            if let Some(why) = self.not_told() {
                y += LINE;
                drawing.text((LEFT, y), Anchor::Start, "s m", &why);
            }
        }
        Picture {
            title: self.heading.clone(),
            description: self.description(),
            height: y + 12,
            body: drawing.finish(),
        }
    }

    fn not_told(&self) -> Option<String> {
        not_told(self.bars.iter().map(|(_, point)| point))
    }

    /// The same in words.
    fn description(&self) -> String {
        if self.bars.is_empty() {
            return "There is nothing to count.".to_owned();
        }
        let said = self.bars.iter().map(|(reason, point)| {
            let of = point.of_what();
            let of = if of.is_empty() { of } else { format!(" ({of})") };
            format!("{reason}: {}{of}.", point.in_words())
        });
        said.collect::<Vec<_>>().join(" ")
    }
}
