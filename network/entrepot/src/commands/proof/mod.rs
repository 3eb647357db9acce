//! `prove`, `verify` and `commit`: proofs about committed amounts, offline. No secret is ever an argument, which other
//! users of the machine could see.

mod commit;
mod deployment;
mod document;
mod statement;

pub use commit::{Commit, commit};

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::{
    output::{Form, say},
    progress,
};

/// `prove`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Prove {
    #[command(subcommand)]
    statement: Option<statement::ProveStatement>,
    #[command(flatten)]
    request: document::ProveRequest,
}

/// `verify`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Verify {
    #[command(subcommand)]
    statement: Option<statement::VerifyStatement>,
    #[command(flatten)]
    request: document::RequestOptions,
}

/// Makes a proof and prints it as JSON, or prints the request with the proof filled in.
///
/// # Errors
/// Something is missing or not usable, or what is to be shown is not true.
pub fn prove(options: &Prove) -> Result<()> {
    let progress = progress::spinner("proving");
    let proved = match &options.statement {
        Some(statement) => statement::prove(statement),
        None => document::prove(&options.request),
    };
    drop(progress);
    say!("{}", proved?)
}

/// Verifies a proof.
///
/// # Errors
/// The proof does not show what it should for its record; the error says no more than that.
pub fn verify(options: &Verify, form: Form) -> Result<()> {
    match &options.statement {
        Some(statement) => statement::verify(statement)?,
        None => document::verify(&options.request)?,
    }
    form.answer(format_args!("The proof holds."), &json!({"holds": true}))
}
