//! Files that a reader sees either whole or not at all.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use fabric_msp::private;
use serde::{Deserialize, Serialize};

/// Writes a file, for its owner's eyes only, so that a reader sees either all of it or nothing.
///
/// # Errors
/// The file cannot be written.
pub fn write_atomically(path: &Path, content: &[u8]) -> Result<()> {
    private::replace(path, &path.with_extension("tmp"), content, false)
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Writes a JSON file so that a reader sees either all of it or nothing.
///
/// # Errors
/// The file cannot be written.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(value).context("cannot write JSON")?;
    text.push(b'\n');
    write_atomically(path, &text)
}

/// Reads a JSON file; a missing file is `None`.
///
/// # Errors
/// The file cannot be read or does not hold the expected JSON.
pub fn read_json<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<Option<T>> {
    match fs::read(path) {
        Ok(bytes) => {
            let value = serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))?;
            Ok(Some(value))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}
