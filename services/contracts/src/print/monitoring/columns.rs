//! Columns by quarter, side by side where there are several series.

use super::svg::{Anchor, Drawing, LINE, Picture, WIDTH, width_of, wrapped};
use super::words::{Point, Running, not_told, quarter_parts, quarter_so_far, with_unit};
use api::contracts::MonitoringUnit;

/// Where the plot begins from the left, and how far from the right it ends.
const LEFT: i64 = 64;
const RIGHT: i64 = 16;
/// How high the plot is, and how high where there is nothing to draw.
const PLOT: i64 = 180;
const PLOT_EMPTY: i64 = 8;
/// What stands above the plot for the highest value's label.
const ABOVE: i64 = 60;
/// The size of the values' labels.
const SMALL: i64 = 11;
/// The widest column.
const COLUMN_MAX: i64 = 56;

/// A figure over the quarters.
pub(super) struct Series {
    pub(super) name: &'static str,
    pub(super) points: Vec<Point>,
}

/// A chart of columns.
pub(super) struct Columns<'m> {
    pub(super) heading: String,
    /// The quarter that goes on, if that is known.
    pub(super) running: Option<&'m Running>,
    pub(super) unit: MonitoringUnit,
    pub(super) quarters: Vec<String>,
    pub(super) series: Vec<Series>,
}

/// How values become heights.
struct Scale {
    step: i64,
    plot: i64,
    steps: i64,
    bottom: i64,
}

impl Scale {
    fn of(values: impl Iterator<Item = i64>, unit: MonitoringUnit, above: i64) -> Self {
        // What people count in: per cent, hours and days.
        let base: &[i64] = match unit {
            MonitoringUnit::BasisPoints => &[100, 200, 500, 1_000, 2_000],
            MonitoringUnit::Minutes => &[1, 5, 10, 15, 30, 60, 120, 240, 360, 720, 1_440, 2_880, 7_200],
            MonitoringUnit::Days | MonitoringUnit::Unspecified => &[1, 2, 5, 10, 20],
        };
        let most = values.max();
        let plot = if most.is_some() { PLOT } else { PLOT_EMPTY };
        let max = most.unwrap_or_default().max(1);
        let fits = |step: &i64| steps(max, *step) <= 5;
        let last = base.last().copied().unwrap_or(1);
        let beyond = std::iter::successors(Some(last), |step| step.checked_mul(2));
        let step = base.iter().copied().chain(beyond).find(fits).unwrap_or(max);
        let steps = if most.is_some() { steps(max, step) } else { 0 };
        Self { step, steps, plot, bottom: above + plot }
    }

    fn height(&self, value: i64) -> i64 {
        let whole = i128::from(self.step) * i128::from(self.steps);
        i64::try_from(i128::from(value.max(0)) * i128::from(self.plot) / whole.max(1)).unwrap_or(self.plot)
    }
}

impl Columns<'_> {
    pub(super) fn picture(&self) -> Picture {
        let mut drawing = Drawing::default();
        let mut y = LINE;
        drawing.text((0, y), Anchor::Start, "h", &self.heading);
        y = self.legend(&mut drawing, y + 8);
        let scale = self.axis(&mut drawing, y + ABOVE);
        self.columns(&mut drawing, &scale);
        let mut height = scale.bottom + 2 * LINE + 8;
        for note in self.notes() {
            height += LINE;
            drawing.text((LEFT, height), Anchor::Start, "s m", &note);
        }
        Picture {
            title: self.heading.clone(),
            description: self.description(),
            height: height + 8,
            body: drawing.finish(),
        }
    }

    /// What the signs mean that stand in the chart.
    fn notes(&self) -> Vec<String> {
        let all = || self.series.iter().flat_map(|series| &series.points);
        let nothing = all().any(|point| point.suppressed.is_none() && point.value.is_none());
        let nothing = nothing.then(|| "–: nothing to count".to_owned());
        let signs: Vec<String> = not_told(all()).into_iter().chain(nothing).collect();
        let running = self.running.filter(|running| self.quarters.iter().any(|quarter| running.is(quarter)));
        let so_far = running.map(|running| format!("*: so far, as of {}", running.as_of));
        let signs = (!signs.is_empty()).then(|| signs.join("; "));
        signs.into_iter().chain(so_far).collect()
    }

    /// The same in words.
    fn description(&self) -> String {
        let said = self.series.iter().map(|series| {
            let points = self.quarters.iter().zip(&series.points);
            let points = points.map(|(quarter, point)| {
                let name = quarter_so_far(quarter, self.running);
                let (value, of) = (point.in_words(), point.of_what());
                if of.is_empty() { format!("{name} {value}") } else { format!("{name} {value} ({of})") }
            });
            format!("{}: {}.", series.name, points.collect::<Vec<_>>().join(", "))
        });
        said.collect::<Vec<_>>().join(" ")
    }

    /// What each pattern is; gives where it ends.
    fn legend(&self, drawing: &mut Drawing, mut y: i64) -> i64 {
        const SWATCH: i64 = 20;
        for (n, series) in self.series.iter().enumerate() {
            for (m, line) in wrapped(series.name, WIDTH - SWATCH - 32, 12).iter().enumerate() {
                y += LINE + 2;
                if m == 0 {
                    drawing.bar((0, y - 11), (14, 12), n, series.name);
                }
                drawing.text((SWATCH, y), Anchor::Start, "", line);
            }
        }
        y
    }

    fn axis(&self, drawing: &mut Drawing, above: i64) -> Scale {
        let values = self.series.iter().flat_map(|series| &series.points).filter_map(|point| point.value);
        let scale = Scale::of(values, self.unit, above);
        for n in 0..=scale.steps {
            let value = scale.step.saturating_mul(n);
            let y = scale.bottom - scale.height(value);
            let class = if n == 0 { "axis" } else { "grid" };
            drawing.line((LEFT, y), (WIDTH - RIGHT, y), class);
            if scale.steps > 0 {
                drawing.text((LEFT - 6, y + 4), Anchor::End, "s m", &with_unit(value, self.unit));
            }
        }
        scale
    }

    fn columns(&self, drawing: &mut Drawing, scale: &Scale) {
        let quarters = count(self.quarters.len()).max(1);
        let each = count(self.series.len()).max(1);
        let group = (WIDTH - LEFT - RIGHT) / quarters;
        let width = ((group - 10) / each).clamp(4, COLUMN_MAX);
        for (q, quarter) in self.quarters.iter().enumerate() {
            let middle = LEFT + group * count(q) + group / 2;
            let (year, number) = quarter_parts(quarter);
            let so_far = self.running.is_some_and(|running| running.is(quarter));
            let number = format!("{number}{}", if so_far { "*" } else { "" });
            drawing.text((middle, scale.bottom + LINE), Anchor::Middle, "s", &number);
            drawing.text((middle, scale.bottom + 2 * LINE), Anchor::Middle, "s m", year);
            let left = middle - width * each / 2;
            for (n, series) in self.series.iter().enumerate() {
                let Some(point) = series.points.get(q) else { continue };
                let x = left + width * count(n);
                let height = point.value.map_or(0, |value| scale.height(value));
                if point.value.is_some() {
                    let hint = {
                        let name = quarter_so_far(quarter, self.running);
                        format!("{}, {name}: {}", series.name, point.in_words())
                    };
                    drawing.bar((x + 1, scale.bottom - height), (width - 2, height), n, &hint);
                }
                let (label, top) = (point.label(), scale.bottom - height - 5);
                // Labels that would touch their neighbours' are written upwards.
                if width_of(&label, SMALL) <= width + 2 {
                    drawing.text((x + width / 2, top), Anchor::Middle, "s v", &label);
                } else {
                    drawing.text_upwards((x + width / 2 + 4, top), "s v", &label);
                }
            }
        }
    }
}

/// How many steps it takes to come to a value.
fn steps(value: i64, step: i64) -> i64 {
    (value - 1) / step + 1
}

fn count(items: usize) -> i64 {
    i64::try_from(items).unwrap_or(i64::MAX)
}
