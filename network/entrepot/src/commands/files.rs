//! Files that commands read, `-` for standard input among them.

use std::{fs::File, io::Read, path::Path};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Reads a file of at most so many bytes.
///
/// # Errors
/// It cannot be read or is longer.
pub(super) fn read_bytes(path: &Path, bytes_max: u64) -> Result<Vec<u8>> {
    let reader: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(std::io::stdin()),
        _ => Box::new(File::open(path).with_context(|| format!("cannot read {}", path.display()))?),
    };
    read_at_most(reader, &path.display().to_string(), bytes_max)
}

/// Reads at most so many bytes. `what` is read, for those who are told that it cannot be.
///
/// # Errors
/// It cannot be read or is longer.
pub(super) fn read_at_most(reader: impl Read, what: &str, bytes_max: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(bytes_max + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {what}"))?;
    ensure!(bytes.len() as u64 <= bytes_max, "{what} is longer than {bytes_max} bytes");
    Ok(bytes)
}

/// Reads JSON of at most so many bytes.
///
/// # Errors
/// It cannot be read, is longer or is no JSON.
pub(super) fn read_json(path: &Path, bytes_max: u64) -> Result<Value> {
    let bytes = read_bytes(path, bytes_max)?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is no JSON", path.display()))
}
