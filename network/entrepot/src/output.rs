//! What commands print, and how a failure is told: the one place where standard output and standard error are written.
//!
//! A reader that goes away, such as `head`, ends the printing and not the command: a change that is under way is
//! brought to its end, and nobody is told of a broken pipe.

use std::{
    fmt::Arguments,
    io::{self, ErrorKind, IsTerminal, Write},
};

use anyhow::{Context, Error, Result};
use serde::Serialize;

use crate::causes::in_one_line;

/// Prints a line on standard output, in the form of `format!`. Fails as [`print`].
macro_rules! say {
    () => { $crate::output::print(format_args!("\n")) };
    ($($text:tt)*) => { $crate::output::print(format_args!("{}\n", format_args!($($text)*))) };
}

pub(crate) use say;

/// Prints a text on standard output.
///
/// # Errors
/// It cannot be written, for another reason than that nobody reads it any more.
pub(crate) fn print(text: Arguments<'_>) -> Result<()> {
    let mut out = io::stdout().lock();
    written(out.write_fmt(text).and_then(|()| out.flush()))
}

/// Prints bytes on standard output.
///
/// # Errors
/// As [`print`].
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    written(out.write_all(bytes).and_then(|()| out.flush()))
}

/// Whether standard output is a terminal.
pub(crate) fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

fn written(result: io::Result<()>) -> Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.context("cannot write to standard output"),
    }
}

/// Prints a value as JSON on standard output.
///
/// # Errors
/// As [`print`], or the value has no form in JSON.
pub(crate) fn print_json(value: &impl Serialize) -> Result<()> {
    say!("{}", serde_json::to_string_pretty(value)?)
}

/// Tells on standard error what a user should know although nothing has failed.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Tells on standard error why the program fails.
pub(crate) fn complain(error: &Error) {
    // There is nobody left to tell when this fails.
    let _ = writeln!(io::stderr(), "entrepot: {}", in_one_line(error));
}
