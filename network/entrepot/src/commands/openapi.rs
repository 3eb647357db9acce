//! `openapi`: the description of the gateway's routes, for programs that write clients; no gateway need run.

use anyhow::Result;
use clap::{Args, ValueEnum};
use trade_gateway::openapi;

use crate::output::say;

/// In which version of OpenAPI to write.
#[derive(Debug, Args)]
pub struct Options {
    /// The version of OpenAPI
    #[arg(long, value_enum, default_value = "3.1")]
    form: Form,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    /// What `/openapi.json` answers
    #[value(name = "3.1")]
    Version31,
    /// What `/openapi-3.0.json` answers
    #[value(name = "3.0")]
    Version30,
}

/// Prints the document.
///
/// # Errors
/// Standard output takes nothing.
pub fn run(options: &Options) -> Result<()> {
    let document = match options.form {
        Form::Version31 => openapi::document(),
        Form::Version30 => openapi::document_3_0(),
    };
    say!("{document}")
}
