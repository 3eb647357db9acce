//! Reading small files of others.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};

/// The longest description, profile or list of authorities, in bytes (1 MiB).
const TEXT_BYTES_MAX: u64 = 1024 * 1024;

/// The text of a file of at most 1 MiB.
///
/// # Errors
/// It cannot be read, is longer, or is no UTF-8.
pub(super) fn read_text(path: &Path) -> Result<String> {
    let shown = path.display();
    let size = fs::metadata(path).with_context(|| format!("cannot read {shown}"))?.len();
    ensure!(size <= TEXT_BYTES_MAX, "{shown} has {size} bytes, more than {TEXT_BYTES_MAX}");
    fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))
}
