//! `commit`: an amount is committed to, and what opens the commitment is kept in a file.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use anyhow::{Context, Result};
use clap::Args;
use fabric_msp::private;
use serde_json::json;
use trade_claims::desk;
use trade_model::common::Digest256;

use crate::{
    commands::files::{read_at_most, read_bytes},
    demo::secrets::random,
    output::Form,
};

/// Longest amount that is read, in bytes.
const AMOUNT_BYTES_MAX: u64 = 64;
/// Longest document that is read, in bytes.
const DOCUMENT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// `commit`.
#[derive(Debug, Args)]
pub struct Commit {
    /// The file to write the opening to; it must not exist. Keep it: nothing else opens the commitment
    #[arg(long, value_name = "FILE")]
    opening: PathBuf,
    /// The document that the record is to name. A salt for it goes into the opening, and its salted digest is printed
    /// on a second line
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,
}

/// Reads an amount in minor units on standard input, writes its opening to a file that only its owner reads, and prints
/// the commitment. A document's salted digest follows.
///
/// # Errors
/// What is read is no amount, the document cannot be read, or the file is there or cannot be written.
pub fn commit(options: &Commit, form: Form) -> Result<()> {
    let amount = read_at_most(io::stdin(), "the amount", AMOUNT_BYTES_MAX)?;
    let amount = String::from_utf8(amount).context("cannot read the amount")?;
    let read = |path: &PathBuf| Ok::<_, anyhow::Error>(Digest256::of(&read_bytes(path, DOCUMENT_BYTES_MAX)?));
    let document = options.document.as_ref().map(read).transpose()?;
    let committed = desk::commit(amount.trim(), document, &mut random()?)?;

    let file = private::options().write(true).create_new(true).open(&options.opening);
    let written = file.map_err(anyhow::Error::from).and_then(|mut file| {
        let text = serde_json::to_string(&committed.opening)?;
        file.write_all(text.as_bytes())?;
        Ok(file.write_all(b"\n")?)
    });
    written.with_context(|| format!("cannot write {}", options.opening.display()))?;
    let commitment = committed.commitment.to_hex();
    let digest = committed.document_digest.map(String::from);
    let second = digest.as_ref().map(|digest| format!("\n{digest}")).unwrap_or_default();
    form.answer(format_args!("{commitment}{second}"), &json!({"commitment": commitment, "document_digest": digest}))
}
