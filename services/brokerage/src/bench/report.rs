//! What was measured, for people and for programs.

use super::load::Measured;
use super::machine::Machine;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::{Value, json};

/// The aim: at this many callers, a region takes at least this share of what the slower of the bare two does.
const AIM_CALLERS: u16 = 256;
const AIM_PERCENT: u64 = 60;

/// The result of one run.
pub(crate) struct Report {
    pub(crate) machine: Machine,
    /// How long each measurement took.
    pub(crate) seconds: u64,
    pub(crate) rows: Vec<Row>,
}

/// What was measured at one number of callers.
#[derive(Serialize)]
pub(crate) struct Row {
    pub(crate) callers: u16,
    /// One small event and its idempotency key, committed in groups by one writer.
    pub(crate) bare_sqlite: Measured,
    /// A unary call that does nothing.
    pub(crate) bare_grpc: Measured,
    /// A command of the region: one event in one log.
    pub(crate) advertise_vacancy: Measured,
    /// How long the services that follow took to hear of the last of it, in milliseconds.
    pub(crate) advertise_settle_ms: u64,
    /// Another one, over the logs of all councils, which first seals who the child is.
    pub(crate) post_referral: Measured,
    /// As above, in milliseconds.
    pub(crate) post_settle_ms: u64,
}

impl Row {
    /// What `AdvertiseVacancy` reaches of the slower of the bare two, in whole per cent, rounded down.
    fn percent_of_slower(&self) -> u64 {
        let slower = self.bare_sqlite.per_second.min(self.bare_grpc.per_second);
        self.advertise_vacancy.per_second * 100 / slower.max(1)
    }
}

impl Report {
    /// Whether the aim is met; none if it was not measured at the callers that it is set for.
    fn aim_met(&self) -> Option<bool> {
        let row = self.rows.iter().find(|row| row.callers == AIM_CALLERS)?;
        Some(row.percent_of_slower() >= AIM_PERCENT)
    }

    pub(crate) fn json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            let mut value = json!(row);
            value["percent_of_slower_bare"] = json!(row.percent_of_slower());
            value
        });
        json!({
            "machine": self.machine,
            "seconds": self.seconds,
            "aim": {"callers": AIM_CALLERS, "percent_of_slower_bare": AIM_PERCENT, "met": self.aim_met()},
            "rows": rows.collect::<Vec<_>>(),
        })
    }

    pub(crate) fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header([
            "callers",
            "",
            "per second",
            "of the slower bare",
            "p50 ms",
            "p99 ms",
            "CPU us each",
            "followers done after ms",
        ]);
        for row in &self.rows {
            let mut add = |first: &str, what: &str, measured: &Measured, share: String, settle: String| {
                let Measured { per_second, p50_us, p99_us, cpu_us } = *measured;
                table.add_row([
                    first.to_owned(),
                    what.to_owned(),
                    per_second.to_string(),
                    share,
                    milliseconds(p50_us),
                    milliseconds(p99_us),
                    cpu_us.map(|us| us.to_string()).unwrap_or_default(),
                    settle,
                ]);
            };
            let none = String::new;
            add(&row.callers.to_string(), "bare SQLite group commit", &row.bare_sqlite, none(), none());
            add("", "bare gRPC echo", &row.bare_grpc, none(), none());
            let share = format!("{} %", row.percent_of_slower());
            let settle = row.advertise_settle_ms.to_string();
            add("", "AdvertiseVacancy, one log", &row.advertise_vacancy, share, settle);
            let settle = row.post_settle_ms.to_string();
            add("", "PostReferral, a log per council", &row.post_referral, none(), settle);
        }
        for column in table.column_iter_mut().filter(|column| column.index != 1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let Machine { cores, file_system } = &self.machine;
        let aim = match self.aim_met() {
            Some(true) => "met",
            Some(false) => "not met in this run",
            None => "not measured",
        };
        format!(
            "{table}\n{cores} cores, shared by clients and servers; data on {file_system}; {} s each, after a warm-up.\n\
             Aim: at {AIM_CALLERS} callers AdvertiseVacancy reaches {AIM_PERCENT} % of the slower of the bare two: {aim}.",
            self.seconds
        )
    }
}

/// Microseconds as milliseconds with two places.
fn milliseconds(us: u64) -> String {
    let hundredths = us.div_ceil(10);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(callers: u16, sqlite: u64, grpc: u64, region: u64) -> Row {
        let measured = |per_second| Measured { per_second, p50_us: 1_234, p99_us: 20_000, cpu_us: Some(77) };
        Row {
            callers,
            bare_sqlite: measured(sqlite),
            bare_grpc: measured(grpc),
            advertise_vacancy: measured(region),
            advertise_settle_ms: 3,
            post_referral: measured(region / 2),
            post_settle_ms: 4,
        }
    }

    fn report(rows: Vec<Row>) -> Report {
        let machine = Machine { cores: 2, file_system: "ext4".to_owned() };
        Report { machine, seconds: 3, rows }
    }

    #[test]
    fn the_aim_is_held_against_the_slower_of_the_two_at_256_callers() {
        assert_eq!(report(vec![row(256, 40_000, 20_000, 12_000)]).aim_met(), Some(true));
        assert_eq!(report(vec![row(256, 20_000, 40_000, 11_999)]).aim_met(), Some(false));
        assert_eq!(report(vec![row(16, 20_000, 40_000, 20_000)]).aim_met(), None);
        assert_eq!(row(256, 0, 0, 0).percent_of_slower(), 0);
    }

    #[test]
    fn both_outputs_say_the_same() {
        let report = report(vec![row(256, 40_000, 20_000, 12_000)]);
        let (table, json) = (report.table(), report.json());
        assert_eq!(json["rows"][0]["percent_of_slower_bare"], 60);
        assert_eq!(
            json["rows"][0]["advertise_vacancy"],
            json!({"per_second": 12_000, "p50_us": 1_234, "p99_us": 20_000, "cpu_us": 77})
        );
        assert_eq!(json["aim"]["met"], true);
        for shown in ["60 %", "12000", "6000", "1.24", "20.00", "77", "2 cores", "ext4", ": met."] {
            assert!(table.contains(shown), "{shown} in {table}");
        }
    }
}
