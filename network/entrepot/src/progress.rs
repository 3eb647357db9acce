//! Signs of life of long work: on standard error, and only where that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How often a sign of life moves.
const TICK: Duration = Duration::from_millis(120);

/// A bar of work whose size is known. It goes away when it is dropped.
pub(crate) fn bar(what: &'static str, total: u64) -> Progress {
    let style = ProgressStyle::with_template("{msg} [{bar:30}] {pos} of {len}, {eta} left");
    Progress::of(ProgressBar::new(total), style.ok(), what)
}

/// A sign of life of work whose size is not known. It goes away when it is dropped.
pub(crate) fn spinner(what: impl Into<String>) -> Progress {
    Progress::of(ProgressBar::no_length(), ProgressStyle::with_template("{spinner} {msg} {elapsed}").ok(), what)
}

/// Work under way.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    fn of(bar: ProgressBar, style: Option<ProgressStyle>, what: impl Into<String>) -> Self {
        if let Some(style) = style {
            bar.set_style(style);
        }
        bar.set_message(what.into());
        bar.enable_steady_tick(TICK);
        Self(bar)
    }

    /// So much is done of what is known by now.
    pub(crate) fn at(&self, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(done);
    }

    /// Another part begins. What was cleared is seen again, and its time counted from now.
    pub(crate) fn tell(&self, what: impl Into<String>) {
        if self.0.is_finished() {
            self.0.reset();
            self.0.enable_steady_tick(TICK);
        }
        self.0.set_message(what.into());
    }

    /// Nothing more is to be seen of it, before others write on the terminal.
    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_understood_and_nothing_is_drawn_where_nobody_looks() {
        for progress in [bar("reading", 10), spinner("looking")] {
            progress.at(3, 4);
            progress.tell("on");
            assert_eq!(progress.0.position(), 3);
            // Tests write into a pipe.
            assert!(progress.0.is_hidden() || std::io::IsTerminal::is_terminal(&std::io::stderr()));
            progress.clear();
            assert!(progress.0.is_finished());
            progress.tell("on again");
            assert!(!progress.0.is_finished());
        }
        for template in ["{msg} [{bar:30}] {pos} of {len}, {eta} left", "{spinner} {msg} {elapsed}"] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
