//! Heads: where a log stood when a day had ended. Their digests are anchored on the ledger.
//!
//! A line names the seal of the line before it, so a head stands for all lines up to its own. The heads stand in a file
//! of their own beside the log, one line for each day on which something was written, and are kept when files of the
//! log are deleted. SHA-256 of such a line, without its end, is what is deposited on the ledger: the seal cannot be
//! guessed, so the digest tells other members nothing, neither of the callers nor of how many there were.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use fabric_msp::private;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trade_model::common::Digest256;

use super::{error::AuditError, key::AuditKey, line::Place};

/// The file of the heads, beside the log.
pub const HEADS_FILE: &str = "audit-heads.jsonl";

/// Most bytes of that file that are read: more than fifty years.
const HEADS_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// How the claims of heads begin; the log's name and the day follow.
pub(super) const CLAIM: &str = "audit log ";

/// Characters of a log's name.
const LOG_CHARACTERS: usize = 16;

/// With what a head was captured, as a deposit says it.
const TOOL: &str = concat!("trade-gateway ", env!("CARGO_PKG_VERSION"));

/// Where a log stood at the end of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditHead {
    /// Which log: the same for all lines that one key seals, and no other key's.
    pub log: String,
    /// The day that has ended, UTC, YYYY-MM-DD.
    pub day: String,
    /// The number of the last line.
    pub line: u64,
    /// Its seal, hex.
    pub seal: String,
}

impl AuditHead {
    pub(super) fn of(key: &AuditKey, day: &str, place: &Place) -> Self {
        Self { log: log_name(key), day: day.to_owned(), line: place.sequence, seal: place.seal.clone() }
    }

    /// SHA-256 of the head as it stands in its file: what is on the ledger of it.
    #[must_use]
    pub fn sha256(&self) -> Digest256 {
        Digest256::of(self.text().as_bytes())
    }

    /// What a deposit of the head claims on the ledger: which log, and which day.
    #[must_use]
    pub fn claim(&self) -> String {
        format!("{}{}", claim_of(&self.log), self.day)
    }

    /// The request `evidence:Deposit` that anchors the head. It says no size: that would tell how many digits the
    /// number of lines has.
    #[must_use]
    pub fn deposit(&self) -> Value {
        json!({
            "sha256": self.sha256(),
            "kind": "audit_head",
            "media_type": "application/json",
            "captured_at": format!("{}T23:59:59Z", self.day),
            "tool": TOOL,
            "claim": self.claim(),
        })
    }

    fn text(&self) -> String {
        serde_json::to_string(self).expect("a head holds only strings and a number")
    }
}

/// The name of the log that a key seals. It tells nothing about the key.
pub(super) fn log_name(key: &AuditKey) -> String {
    let mut name = key.seal(b"the name of the log");
    name.truncate(LOG_CHARACTERS);
    name
}

/// How the claims of a log's heads begin; the day follows.
pub(super) fn claim_of(log: &str) -> String {
    format!("{CLAIM}{log}, ")
}

/// The day of a time that a line has, YYYY-MM-DD; empty when it has none.
pub(super) fn day_of(time: &str) -> &str {
    time.get(..10).unwrap_or_default()
}

/// The heads in a file, the oldest first; none when there is no file. A last line without its end is what a crash in
/// mid-write leaves, and is passed over.
///
/// # Errors
/// The file cannot be read, or a line is no head.
pub fn read_heads(path: &Path) -> Result<Vec<AuditHead>, AuditError> {
    read(path).map(|(heads, _)| heads)
}

/// The heads, and how many bytes they take.
fn read(path: &Path) -> Result<(Vec<AuditHead>, u64), AuditError> {
    let failed = |cause| AuditError::File { path: path.to_owned(), cause };
    let text = match File::open(path) {
        Ok(file) => {
            let mut text = String::new();
            io::Read::read_to_string(&mut io::Read::take(file, HEADS_BYTES_MAX), &mut text).map_err(failed)?;
            text
        }
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => String::new(),
        Err(cause) => return Err(failed(cause)),
    };
    let (mut heads, mut length) = (Vec::new(), 0);
    for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        let head: Option<AuditHead> = serde_json::from_str(line).ok();
        // The digest is of the line as it stands, so it stands as it was written.
        let head = head.filter(|head| head.text() == line.trim_end());
        let number = heads.len() as u64 + 1;
        heads.push(head.ok_or_else(|| AuditError::NotAHead { path: path.to_owned(), line: number })?);
        length += line.len() as u64;
    }
    Ok((heads, length))
}

/// The open file of the heads.
#[derive(Debug)]
pub(super) struct Heads {
    file: File,
    /// Where the last whole line ends, in bytes.
    length: u64,
    /// The day of the last head; empty when there is none.
    last: String,
}

impl Heads {
    /// Where the heads of the log in a folder stand.
    pub(super) fn path(folder: &Path) -> PathBuf {
        folder.join(HEADS_FILE)
    }

    /// Opens or creates the file in a folder.
    pub(super) fn open(folder: &Path) -> Result<Self, AuditError> {
        let path = Self::path(folder);
        let (heads, length) = read(&path)?;
        let file = private::options().write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(|cause| AuditError::File { path, cause })?;
        Ok(Self { file, length, last: heads.last().map(|head| head.day.clone()).unwrap_or_default() })
    }

    /// Whether the day has its head, as seen from a later one. A head of a day that is still to come was written by a
    /// clock that was wrong.
    pub(super) fn has(&self, day: &str, today: &str) -> bool {
        (day..today).contains(&self.last.as_str())
    }

    /// Writes a head down, for good: it may be on the ledger a moment later.
    pub(super) fn add(&mut self, head: &AuditHead) -> io::Result<()> {
        let text = format!("{}\n", head.text());
        // What a write that failed has left is written over, or cut off.
        self.file.set_len(self.length)?;
        self.file.write_all_at(text.as_bytes(), self.length)?;
        self.file.sync_all()?;
        self.length += text.len() as u64;
        self.last.clone_from(&head.day);
        Ok(())
    }
}
