//! `epcis hash`: the CBV event hashes of a document, without any network.

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
};

use anyhow::{Context, Result, ensure};
use clap::Subcommand;
use trade_standards::epcis::{Limits, parse_with};

use crate::output::say;

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
pub fn run(command: &Command) -> Result<()> {
    let Command::Hash { file } = command;
    // What a document says is hashed as it says it; check digits are for those who capture it.
    let limits = Limits { check_digits: false, ..Limits::default() };
    let bytes = match file.as_os_str() == "-" {
        true => read(io::stdin().lock(), limits.bytes_max),
        false => File::open(file).map_err(Into::into).and_then(|opened| read(opened, limits.bytes_max)),
    };
    let bytes = bytes.with_context(|| format!("cannot read {}", file.display()))?;
    let document = parse_with(&bytes, &limits).with_context(|| format!("in {}", file.display()))?;
    for event in &document.events {
        say!("{}", event.hash.as_str())?;
    }
    Ok(())
}

/// Everything that can be read, up to so many bytes.
fn read(source: impl Read, bytes_max: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(bytes_max as u64 + 1).read_to_end(&mut bytes)?;
    ensure!(bytes.len() <= bytes_max, "it has more than {bytes_max} bytes");
    Ok(bytes)
}
