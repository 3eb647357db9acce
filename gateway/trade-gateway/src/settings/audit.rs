//! Where the audit log's key lies, how much room its files take, and how long they are kept.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The least size of a full file.
const FILE_BYTES_MIN: u64 = 64 * 1024;

/// Where the audit log's key lies, how much room its files take in the data directory, and how long they are kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuditSettings {
    /// The key that seals the lines. Default: `audit.key` in the data directory, made at the first start.
    pub key: Option<PathBuf>,
    /// When a file is full, in bytes; a line more may fit. At most an eighth of `disk_bytes` counts. Default: 64 MiB.
    pub file_bytes: u64,
    /// All files together, in bytes. From 80 % on, each full file is a warning in the process log. Default: 8 GiB.
    pub disk_bytes: u64,
    /// Files younger than this are not deleted to make room: while they fill it, requests are answered with
    /// `audit_unavailable`. Default: 0 days.
    pub keep_days: u32,
    /// Files older than this are deleted although there is room. A file is put away when its day is over then, so
    /// that no line is kept for more than a day longer. At least 1, and at least `keep_days`. Default: none are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_after_days: Option<u32>,
    /// Whether the head of each day that has ended (UTC) is anchored on the ledger, where the gateway holds a key of
    /// its own organization. Default: `true`.
    pub anchor_heads: bool,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self {
            key: None,
            file_bytes: 64 * 1024 * 1024,
            disk_bytes: 8 * 1024 * 1024 * 1024,
            keep_days: 0,
            delete_after_days: None,
            anchor_heads: true,
        }
    }
}

impl AuditSettings {
    /// When a file is full, in bytes.
    pub(crate) fn file_bytes(&self) -> u64 {
        self.file_bytes.min(self.disk_bytes / 8)
    }

    /// What is too small.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let sizes = [("file_bytes", self.file_bytes), ("disk_bytes", self.disk_bytes / 16)];
        if self.delete_after_days.is_some_and(|days| days < self.keep_days.max(1)) {
            return Err("delete_after_days");
        }
        let small = sizes.into_iter().find(|(_, bytes)| *bytes < FILE_BYTES_MIN);
        small.map_or(Ok(()), |(name, _)| Err(name))
    }
}
