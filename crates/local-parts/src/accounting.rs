//! Other people's programs that judge what a council's money goes out by: hledger and Beancount for journals, verifyhash-einvoice for
//! e-invoices.

use crate::packages::{NotInstalled, install_debian, python_environment, works};
use std::path::{Path, PathBuf};

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
