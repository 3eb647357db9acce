//! `epcis hash`: the CBV event hashes of a document, without any network.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Subcommand;
use serde_json::json;
use trade_standards::epcis::{Limits, parse_with};

use crate::{
    commands::files::read_bytes,
    output::{Form, print_json, say},
};

/// What to do with EPCIS documents.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the CBV 2.0 event hash of every event in a document
    Hash {
        /// An EPCIS 2.0 document or a single event, JSON-LD; `-` is standard input
        file: PathBuf,
    },
}

/// Does what the command says.
///
/// # Errors
/// The file cannot be read or is not an EPCIS 2.0 document.
pub fn run(command: &Command, form: Form) -> Result<()> {
    let Command::Hash { file } = command;
    // What a document says is hashed as it says it; check digits are for those who capture it.
    let limits = Limits { check_digits: false, ..Limits::default() };
    let bytes = read_bytes(file, limits.bytes_max as u64)?;
    let document = parse_with(&bytes, &limits).with_context(|| format!("in {}", file.display()))?;
    let hashes: Vec<&str> = document.events.iter().map(|event| event.hash.as_str()).collect();
    match form {
        Form::Text => hashes.iter().try_for_each(|hash| say!("{hash}")),
        Form::Json => print_json(&json!({"hashes": hashes})),
    }
}
