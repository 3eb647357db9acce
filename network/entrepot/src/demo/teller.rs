//! How the story is told: chapters, and steps that either held or end the story.

use std::{
    ffi::OsStr,
    io::{IsTerminal, Write, stdout},
    time::Instant,
};

use anyhow::{Context, Result};

/// Tells the story on standard output and counts its steps.
pub struct Teller {
    began: Instant,
    steps: usize,
    colour: bool,
}

impl Teller {
    /// A teller who has told nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            began: Instant::now(),
            steps: 0,
            colour: is_coloured(stdout().is_terminal(), std::env::var_os("NO_COLOR").as_deref()),
        }
    }

    /// Begins a chapter.
    pub fn chapter(&self, title: &str) {
        let (on, off) = if self.colour { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        self.print(&format!("\n{on}{title}{off}"));
    }

    /// Tells a step that held, or passes its failure on with what was being told.
    ///
    /// # Errors
    /// The step failed.
    pub fn step<T>(&mut self, what: &str, result: Result<T>) -> Result<T> {
        let value = result.with_context(|| format!("this step did not hold: {what}"))?;
        self.steps += 1;
        let mark = if self.colour { "\x1b[32m✓\x1b[0m" } else { "✓" };
        self.print(&format!("  {mark} {what}"));
        Ok(value)
    }

    /// Adds a detail below a step.
    pub fn detail(&self, text: &str) {
        self.print(&format!("      {text}"));
    }

    /// Ends the story.
    pub fn end(&self) {
        let seconds = self.began.elapsed().as_secs_f32();
        self.print(&format!("\n{} steps held in {seconds:.1} s.", self.steps));
    }

    /// A reader who has gone away ends the telling, not the story.
    fn print(&self, line: &str) {
        let mut out = stdout().lock();
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }
}

impl Default for Teller {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether to print in colour: on a terminal, unless `NO_COLOR` is set to anything (<https://no-color.org>).
fn is_coloured(terminal: bool, no_color: Option<&OsStr>) -> bool {
    terminal && no_color.is_none_or(OsStr::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_and_not_for_those_who_refuse_them() {
        assert!(is_coloured(true, None) && is_coloured(true, Some(OsStr::new(""))));
        assert!(!is_coloured(true, Some(OsStr::new("1"))) && !is_coloured(false, None));
    }
}
