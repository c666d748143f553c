//! Records the changes that this thread makes to the disk, and stops all of them from a given one on, as
//! a crash would.

use std::cell::{Cell, RefCell};
use std::io;
use std::path::Path;

use crate::SealingError;

thread_local! {
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
    static ONCE: Cell<bool> = const { Cell::new(false) };
    static TRACE: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Lets `count` more changes happen, then fails each.
pub(super) fn crash_after(count: usize) {
    LEFT.set(Some(count));
}

/// Lets `count` more changes happen, fails one, and lets the rest happen.
pub(super) fn fail_once_after(count: usize) {
    LEFT.set(Some(count));
    ONCE.set(true);
}

/// Lets all changes happen again.
pub(super) fn recover() {
    LEFT.set(None);
    ONCE.set(false);
}

/// The changes since the last call, as `what extension`.
pub(super) fn take_trace() -> Vec<String> {
    TRACE.take()
}

pub(crate) fn step(doing: &'static str, path: &Path) -> Result<(), SealingError> {
    match LEFT.get() {
        Some(0) => {
            if ONCE.get() {
                recover();
            }
            return Err(SealingError::io(doing, path)(io::Error::other("planted")));
        }
        Some(left) => LEFT.set(Some(left - 1)),
        None => {}
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let extension = name.strip_prefix("E06000005.").unwrap_or_default();
    TRACE.with_borrow_mut(|trace| trace.push(format!("{doing} {extension}").trim_end().to_owned()));
    Ok(())
}
