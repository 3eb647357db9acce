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
use serde_json::{Value, json};

use crate::{causes::in_one_line, demo::rest::Refusal, exit::Exit};

/// Prints a line on standard output, in the form of `format!`. Fails as [`print`].
macro_rules! say {
    () => { $crate::output::print(format_args!("\n")) };
    ($($text:tt)*) => { $crate::output::print(format_args!("{}\n", format_args!($($text)*))) };
}

pub(crate) use say;

/// In which form a command answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Lines for people.
    Text,
    /// One JSON document for programs.
    Json,
}

impl Form {
    /// Prints an answer.
    ///
    /// # Errors
    /// As [`print`].
    pub(crate) fn answer(self, lines: Arguments<'_>, document: &Value) -> Result<()> {
        match self {
            Self::Text => say!("{lines}"),
            Self::Json => print_json(document),
        }
    }
}

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
pub(crate) fn complain(error: &Error, form: Form) {
    let line = match form {
        Form::Text => format!("entrepot: {}", in_one_line(error)),
        Form::Json => failure(Exit::of(error), &in_one_line(error), problem(error)),
    };
    // There is nobody left to tell when this fails.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Tells on standard error, for programs, that the command line is not understood.
pub(crate) fn complain_of_usage(words: &str) {
    let words = words.trim().trim_start_matches("error: ");
    let _ = writeln!(io::stderr(), "{}", failure(Exit::Usage, words, None));
}

/// A failure as one line of JSON.
fn failure(exit: Exit, message: &str, problem: Option<&Value>) -> String {
    let mut error = json!({"code": exit.name(), "exit_status": exit as u8, "message": message});
    if let Some(problem) = problem {
        error["problem"] = problem.clone();
    }
    json!({"error": error}).to_string()
}

/// What the gateway said, when it has refused.
fn problem(error: &Error) -> Option<&Value> {
    error.chain().find_map(|cause| cause.downcast_ref::<Refusal>()).map(|refusal| &refusal.body)
}
