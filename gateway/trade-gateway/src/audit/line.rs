//! A line as it is written, and how lines follow each other.

use std::{
    io::{self, BufRead},
    path::Path,
};

use serde::{Deserialize, Serialize};

use super::{decision::Decision, error::Fault, key::AuditKey};

/// The file that is written.
pub const LOG_FILE: &str = "audit.jsonl";

/// What a full file is called, by the number of its first line.
pub(super) fn full_name(first: u64) -> String {
    format!("audit-{first:012}.jsonl")
}

/// The number of the first line of a full file, by its name; none for other files.
pub(super) fn first_of(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_prefix("audit-")?.strip_suffix(".jsonl")?.parse().ok()
}

/// The seal before the first line.
pub(super) const ORIGIN: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Longest line that is read, in bytes: a decision's texts are bounded far below.
pub(super) const LINE_BYTES_MAX: u64 = 64 * 1024;

/// A line as it is written.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) sequence: u64,
    pub(super) previous: String,
    pub(super) decision: Decision,
    pub(super) seal: String,
}

/// Up to where a log is known: the number and the seal of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) sequence: u64,
    pub(super) seal: String,
}

impl Place {
    /// Before the first line.
    pub(super) fn origin() -> Self {
        Self { sequence: 0, seal: ORIGIN.to_owned() }
    }
}

impl Line {
    /// The line after `place`.
    pub(super) fn after(place: &Place, decision: &Decision, key: &AuditKey) -> Self {
        let sequence = place.sequence + 1;
        let seal = seal(key, sequence, &place.seal, decision);
        Self { sequence, previous: place.seal.clone(), decision: decision.clone(), seal }
    }

    /// Reads a line, which stands as it was written: its seal covers no field beside those that it has, and no blank.
    pub(super) fn read(text: &[u8]) -> Result<Self, Fault> {
        let line: Self = serde_json::from_slice(text).map_err(|_| Fault::NotALine)?;
        match serde_json::to_vec(&line) {
            Ok(written) if written == text.trim_ascii_end() => Ok(line),
            _ => Err(Fault::Seal),
        }
    }

    /// Whether the line was sealed with this key and follows `place`, if that is known.
    pub(super) fn check(&self, place: Option<&Place>, key: &AuditKey) -> Result<Place, Fault> {
        let origin = (self.sequence == 1).then(Place::origin);
        if let Some(place) = place.or(origin.as_ref()) {
            let expected = place.sequence + 1;
            if self.sequence != expected {
                return Err(Fault::Sequence { expected, found: self.sequence });
            }
            if self.previous != place.seal {
                return Err(Fault::Previous);
            }
        }
        if seal(key, self.sequence, &self.previous, &self.decision) != self.seal {
            return Err(Fault::Seal);
        }
        Ok(Place { sequence: self.sequence, seal: self.seal.clone() })
    }
}

/// Reads the bytes of a line with its end into `text`. False at the end of the file, and for a last line without its
/// end, which is what a crash in mid-write leaves.
pub(super) fn read_line(reader: &mut impl BufRead, text: &mut Vec<u8>) -> io::Result<bool> {
    text.clear();
    let read = io::Read::take(reader, LINE_BYTES_MAX).read_until(b'\n', text)?;
    Ok(read > 0 && (text.last() == Some(&b'\n') || text.len() as u64 == LINE_BYTES_MAX))
}

fn seal(key: &AuditKey, sequence: u64, previous: &str, decision: &Decision) -> String {
    let content =
        serde_json::to_vec(&(sequence, previous, decision)).expect("a decision holds only strings and numbers");
    key.seal(&content)
}
