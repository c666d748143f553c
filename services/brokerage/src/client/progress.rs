//! Progress on stderr, only where a person can see it.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar for something that takes long. Where stderr is no terminal it is silent.
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar of `length` steps, 0 if that is not known yet.
    pub(crate) fn new(what: &str, length: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{msg:32} [{bar:32}] {pos}/{len} {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(what.to_owned());
        Self { bar }
    }

    /// Says what is going on.
    pub(crate) fn say(&self, what: &str) {
        self.bar.set_message(what.to_owned());
    }

    /// One more step is done.
    pub(crate) fn one_more(&self) {
        self.bar.inc(1);
    }

    /// So much of so much is done.
    pub(crate) fn reached(&self, what: &str, done: u64, of: u64) {
        self.bar.set_message(what.to_owned());
        self.bar.set_length(of);
        self.bar.set_position(done);
    }

    /// Prints something without the bar in between.
    pub(crate) fn suspend(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// It is over.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
