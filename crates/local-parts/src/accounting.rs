//! Other people's programs that judge what a council's money goes out by: hledger and Beancount for journals, verifyhash-einvoice for
//! e-invoices.

use crate::packages::{NotInstalled, install_debian, python_environment, works};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is installed from PyPI, in the versions that the tests were written for.
const PACKAGES: [&str; 2] = ["beancount==3.2.3", "verifyhash-einvoice==0.2.9"];

/// hledger's program; Debian's package is installed where we may.
///
/// # Errors
/// When it is not there and cannot be installed, with what to do.
pub fn hledger() -> Result<&'static str, NotInstalled> {
    if !works("hledger", "--version") {
        install_debian(&["hledger"])?;
    }
    Ok("hledger")
}

/// Beancount's `bean-check`.
///
/// # Errors
/// When it is not there and cannot be installed, with what to do.
pub fn bean_check() -> Result<PathBuf, NotInstalled> {
    environment().map(|python| python.with_file_name("bean-check"))
}

/// The program `einvoice` of verifyhash-einvoice.
///
/// # Errors
/// When it is not there and cannot be installed, with what to do.
pub fn einvoice() -> Result<PathBuf, NotInstalled> {
    environment().map(|python| python.with_file_name("einvoice"))
}

/// The interpreter of the environment that both are in.
///
/// # Errors
/// When it is not there and cannot be made, with what to do.
pub fn python() -> Result<PathBuf, NotInstalled> {
    environment()
}

/// In Cargo's target directory, where all that is installed lies.
fn environment() -> Result<PathBuf, NotInstalled> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), PathBuf::from);
    let target = std::path::absolute(&target).unwrap_or(target);
    python_environment(&target.join("local-parts/accounting"), &PACKAGES)
}

/// What hledger says that each account of a journal comes to, in pence and by hledger's names, after `hledger check --strict` has taken it.
/// Accounts that come to nothing are there too.
///
/// # Errors
/// What hledger says that is wrong, or that it is not there.
pub fn balances_by_hledger(journal: &Path) -> Result<BTreeMap<String, i64>, String> {
    let program = hledger().map_err(|error| error.to_string())?;
    let ask = |arguments: &[&str]| {
        said(Command::new(program).env("LC_ALL", "C.UTF-8").arg("-f").arg(journal).args(arguments))
    };
    ask(&["check", "--strict"])?;
    let report = ask(&["balance", "--flat", "--empty", "--no-total", "-O", "csv"])?;
    report.lines().skip(1).map(row).collect()
}

/// A row such as `"Assets:Bank","£-1234.50"`, of nothing `"Assets:Bank","0"`.
fn row(line: &str) -> Result<(String, i64), String> {
    let cells = line.trim_matches('"').split_once("\",\"");
    let read = cells.and_then(|(account, amount)| {
        let amount = amount.replace('£', "");
        let (pounds, pence) = amount.split_once('.').unwrap_or((&amount, "0"));
        let (sign, pounds) = pounds.strip_prefix('-').map_or((1, pounds), |pounds| (-1, pounds));
        let (whole, rest): (i64, i64) = (pounds.parse().ok()?, format!("{pence:0<2}").parse().ok()?);
        (rest < 100).then(|| (account.to_owned(), sign * (whole * 100 + rest)))
    });
    read.ok_or_else(|| format!("hledger's report has a row that is not understood: {line}"))
}

/// Has Beancount judge a journal.
///
/// # Errors
/// What it says that is wrong, or that it is not there.
pub fn check_by_beancount(journal: &Path) -> Result<(), String> {
    let program = bean_check().map_err(|error| error.to_string())?;
    // Its cache would let a second look see what the first one did.
    said(Command::new(program).arg("--no-cache").arg(journal)).map(drop)
}

/// Has the rules of EN 16931 applied to all e-invoices of a folder that has nothing else in it, and gives how many they are.
///
/// # Errors
/// What they break, or that the program is not there.
pub fn check_e_invoices(folder: &Path) -> Result<usize, String> {
    let program = einvoice().map_err(|error| error.to_string())?;
    let report =
        said(Command::new(program).args(["validate-batch", "--json", "--profile=en16931"]).arg(folder))?;
    let files = std::fs::read_dir(folder).map_err(|error| error.to_string())?.count();
    let judged = report
        .split("\"file_count\":")
        .nth(1)
        .map(|rest| rest.trim_start().chars().take_while(char::is_ascii_digit).collect::<String>());
    if judged.as_deref() == Some(files.to_string().as_str()) {
        return Ok(files);
    }
    Err(format!("of {files} files not all were judged: {report}"))
}

/// What a program says on stdout where it ends well.
fn said(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?} does not start: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    Err(format!("{command:?}:\n{text}{}", String::from_utf8_lossy(&output.stderr)))
}
