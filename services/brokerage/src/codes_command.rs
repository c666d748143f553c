//! `brokerage codes`: the lists of codes that requests take and answers have.

use crate::terminal::{Exit, Output, Rows, say, width};
use care::{CodeSet, code_sets};
use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::json;

#[derive(Args)]
pub(crate) struct CodesArgs {
    /// One list only, by its name.
    #[arg(value_name = "LIST", ignore_case = true, value_parser = PossibleValuesParser::new(code_sets::ALL.map(|set| set.name)))]
    list: Option<String>,
    /// How the codes are printed.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

/// Prints the codes.
pub(crate) fn run(args: &CodesArgs) -> Exit {
    let asked = |set: &CodeSet| args.list.as_ref().is_none_or(|list| list.eq_ignore_ascii_case(set.name));
    let sets: Vec<CodeSet> = code_sets::ALL.into_iter().filter(asked).collect();
    match args.output {
        Output::Table => say(&table(&sets).text(width())),
        Output::Json => say(&format!("{:#}", as_json(&sets))),
    }
    Exit::Yes
}

fn table(sets: &[CodeSet]) -> Rows {
    let header = ["list", "code", "meaning", "valid"].map(str::to_owned).to_vec();
    let codes = sets.iter().flat_map(|set| set.codes.iter().map(move |code| (set.name, code)));
    let rows = codes.map(|(list, code)| {
        let valid = match (code.from_year, code.to_year) {
            (0, None) => String::new(),
            (from, None) => format!("from {from}"),
            (0, Some(to)) => format!("until {to}"),
            (from, Some(to)) => format!("{from} to {to}"),
        };
        vec![list.to_owned(), code.code.to_owned(), code.label.to_owned(), valid]
    });
    Rows::beneath(header, rows.collect())
}

/// Years are those of the statutory collections, each named by the year in which it ends; null where there is no limit.
fn as_json(sets: &[CodeSet]) -> serde_json::Value {
    let list = |set: &CodeSet| {
        let codes = set.codes.iter().map(|code| {
            let from = (code.from_year > 0).then_some(code.from_year);
            json!({"code": code.code, "meaning": code.label, "from_year": from, "to_year": code.to_year})
        });
        json!({"list": set.name, "codes": codes.collect::<Vec<_>>()})
    };
    json!({"lists": sets.iter().map(list).collect::<Vec<_>>()})
}
