//! The files of a log: which there are, in their order.

use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::line::first_of;

/// A full file of the log.
pub(super) struct Full {
    /// The number of its first line.
    pub(super) first: u64,
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    modified: SystemTime,
}

impl Full {
    /// Whether its last line is older than this many days.
    pub(super) fn is_older_than(&self, days: u32) -> bool {
        let age = SystemTime::now().duration_since(self.modified).unwrap_or_default();
        age >= Duration::from_secs(u64::from(days) * 24 * 3_600)
    }
}

/// The full files in a folder, the oldest first.
pub(super) fn full_files(folder: &Path) -> io::Result<Vec<Full>> {
    let mut full = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Some(first) = first_of(&entry.path()) else { continue };
        let known = match entry.metadata() {
            // Deleted meanwhile, to make room.
            Err(cause) if cause.kind() == ErrorKind::NotFound => continue,
            known => known?,
        };
        full.push(Full { first, path: entry.path(), bytes: known.len(), modified: known.modified()? });
    }
    full.sort_by_key(|file| file.first);
    Ok(full)
}
