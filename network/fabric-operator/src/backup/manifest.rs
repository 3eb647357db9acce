//! What a backup says that it holds.

use std::{
    collections::BTreeSet,
    path::{Component, Path},
};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use super::Summary;

/// The form of a backup, which changes with what older programs could not restore.
const FORM: &str = "entrepot-backup/1";
/// The longest manifest, in bytes (256 MiB).
pub(super) const BYTES_MAX: u64 = 256 * 1024 * 1024;
/// The most files and folders.
const ENTRIES_MAX: usize = 1_000_000;
/// The longest path, in bytes, as systems have it.
const PATH_BYTES_MAX: usize = 4096;

/// All folders and files of a backup.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    form: String,
    /// Paths from the network's folder, each after the one in which it lies.
    pub(super) folders: Vec<String>,
    /// In the order in which their contents follow.
    pub(super) files: Vec<FileEntry>,
}

/// A file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileEntry {
    /// Its path from the network's folder.
    pub(super) path: String,
    /// Its length in bytes.
    pub(super) bytes: u64,
    /// Its SHA-256, hexadecimal.
    pub(super) sha256: String,
}

impl Manifest {
    pub(super) fn new(folders: Vec<String>, files: Vec<FileEntry>) -> Result<Self> {
        let manifest = Self { form: FORM.to_owned(), folders, files };
        manifest.check()?;
        Ok(manifest)
    }

    pub(super) fn parse(text: &[u8]) -> Result<Self> {
        let manifest: Self = serde_json::from_slice(text).context("its manifest cannot be read")?;
        manifest.check()?;
        Ok(manifest)
    }

    pub(super) fn summary(&self) -> Summary {
        let bytes = self.files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.bytes));
        Summary { files: self.files.len(), bytes }
    }

    /// Whether every path stays inside the folder, lies in a folder of the manifest, and stands there once.
    fn check(&self) -> Result<()> {
        ensure!(self.form == FORM, "it is of the form {:?}, and this program knows {FORM}", self.form);
        let entries = self.folders.len().saturating_add(self.files.len());
        ensure!(entries <= ENTRIES_MAX, "it holds more than {ENTRIES_MAX} files and folders");
        let mut folders = BTreeSet::new();
        for path in &self.folders {
            check_path(path, &folders)?;
            ensure!(folders.insert(path.as_str()), "{path:?} stands in it twice");
        }
        let mut files = BTreeSet::new();
        for FileEntry { path, .. } in &self.files {
            check_path(path, &folders)?;
            ensure!(!folders.contains(path.as_str()) && files.insert(path.as_str()), "{path:?} stands in it twice");
        }
        Ok(())
    }
}

fn check_path(path: &str, folders: &BTreeSet<&str>) -> Result<()> {
    let parts: Vec<_> = Path::new(path).components().collect();
    // Compared as a text, because parsing passes over `.` and doubled slashes.
    let plain: Option<Vec<&str>> = parts.iter().map(|part| name_of(*part)).collect();
    let is_plain = plain.is_some_and(|parts| !parts.is_empty() && parts.join("/") == path);
    let is_sound = is_plain && path.len() <= PATH_BYTES_MAX && !path.chars().any(char::is_control);
    ensure!(is_sound, "{path:?} is no path inside a network's folder");
    match path.rsplit_once('/') {
        Some((folder, _)) if !folders.contains(folder) => bail!("{path:?} lies in no folder of it"),
        _ => Ok(()),
    }
}

fn name_of(part: Component<'_>) -> Option<&str> {
    match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    }
}
