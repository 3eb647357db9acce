//! The audit log: one line per decision, each carrying the hash of the line before it.
//!
//! It records who asked for what and how it ended, never a payload. A write has two lines: one before anything of it is
//! done, with the outcome [`BEGUN`], and one with its end. A caller who hangs up before his request is complete has
//! none. The log does not decide anything, and it does not rotate: a line once written stays where it is.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Mutex,
};

use fabric_msp::hash::sha256;
use serde::{Deserialize, Serialize};

/// The outcome in a line that says a write begins; its status is 0.
pub const BEGUN: &str = "begun";

/// The outcome in the first line after lines that could not be written; its status is 0.
pub const RESUMED: &str = "audit_resumed";

/// The hash before the first line.
const ORIGIN: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// An open audit log.
#[derive(Debug)]
pub struct AuditLog {
    tail: Mutex<Tail>,
}

#[derive(Debug)]
struct Tail {
    file: File,
    /// Where the last whole line ends, in bytes.
    length: u64,
    sequence: u64,
    hash: String,
}

/// One decision.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// When, RFC 3339 UTC.
    pub time: String,
    /// The caller's MSP id; none for a caller without a valid certificate.
    pub msp_id: Option<String>,
    /// The subject of the caller's certificate.
    pub subject: Option<String>,
    /// SHA-256 of the caller's certificate, hex; present also when the certificate was refused.
    pub certificate_sha256: Option<String>,
    /// The method of the request.
    pub method: String,
    /// The route's template, such as `/v1/items/{id}`; `-` when no route matched.
    pub route: String,
    /// The path's parameters, joined with `/`; the path when no route matched. Cut at 1000 characters.
    pub resource: String,
    /// The transaction on the ledger, such as `item:Read`.
    pub function: Option<String>,
    /// The id of the Fabric transaction, when one was made.
    pub transaction_id: Option<String>,
    /// The answer's status; 0 where a write begins.
    pub status: u16,
    /// `allowed`, [`BEGUN`], [`RESUMED`], or the code of the problem that was answered.
    pub outcome: String,
    /// Of callers without a certificate: how many more were decided upon like the one in an earlier line, within a
    /// minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    sequence: u64,
    previous: String,
    decision: Decision,
    hash: String,
}

/// Why an audit log cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The file cannot be read or written.
    #[error("the audit log {path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// A line does not continue the chain.
    #[error("the audit log is broken at line {0}")]
    Broken(u64),
}

impl AuditLog {
    /// Opens or creates the log and verifies all of its lines.
    ///
    /// A last line without its line end is what a crash in mid-write leaves; it was never acknowledged and is cut off.
    ///
    /// # Errors
    /// The file cannot be used, or a complete line does not continue the chain.
    pub fn open(path: &Path) -> Result<Self, AuditError> {
        let failed = |cause| AuditError::File { path: path.to_owned(), cause };
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        let verified = verify_reader(BufReader::new(&file)).map_err(|error| match error {
            ChainError::Read(cause) => failed(cause),
            ChainError::Broken(line) => AuditError::Broken(line),
        })?;
        file.set_len(verified.length).and_then(|()| file.seek(SeekFrom::End(0))).map_err(failed)?;
        let Verified { lines: sequence, length, head: hash } = verified;
        Ok(Self { tail: Mutex::new(Tail { file, length, sequence, hash }) })
    }

    /// Appends a decision and returns the new head, hex.
    ///
    /// # Errors
    /// The line cannot be written; the log then stays at its former head, and the next line may be tried.
    pub fn append(&self, decision: &Decision) -> std::io::Result<String> {
        let mut tail = self.tail.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let sequence = tail.sequence + 1;
        let hash = link(sequence, &tail.hash, decision);
        let line = Line { sequence, previous: tail.hash.clone(), decision: decision.clone(), hash: hash.clone() };
        let mut text = serde_json::to_vec(&line)?;
        text.push(b'\n');
        let end = tail.length;
        if tail.file.stream_position()? != end {
            // Half a line, left by a write that failed, would break the chain for every later reader.
            tail.file.set_len(end)?;
            tail.file.seek(SeekFrom::Start(end))?;
        }
        tail.file.write_all(&text)?;
        tail.length = end + text.len() as u64;
        tail.sequence = sequence;
        tail.hash.clone_from(&hash);
        Ok(hash)
    }
}

/// Verifies a log and returns its number of lines and its head, hex.
///
/// # Errors
/// The file cannot be read, or a line does not continue the chain.
pub fn verify(path: &Path) -> Result<(u64, String), AuditError> {
    let failed = |cause| AuditError::File { path: path.to_owned(), cause };
    let file = File::open(path).map_err(failed)?;
    match verify_reader(BufReader::new(file)) {
        Ok(verified) => Ok((verified.lines, verified.head)),
        Err(ChainError::Read(cause)) => Err(failed(cause)),
        Err(ChainError::Broken(line)) => Err(AuditError::Broken(line)),
    }
}

struct Verified {
    lines: u64,
    length: u64,
    head: String,
}

enum ChainError {
    Read(std::io::Error),
    Broken(u64),
}

fn verify_reader(mut reader: impl BufRead) -> Result<Verified, ChainError> {
    let mut verified = Verified { lines: 0, length: 0, head: ORIGIN.to_owned() };
    let mut text = Vec::new();
    loop {
        text.clear();
        let read = reader.read_until(b'\n', &mut text).map_err(ChainError::Read)?;
        if read == 0 || text.last() != Some(&b'\n') {
            return Ok(verified);
        }
        let number = verified.lines + 1;
        let line: Line = serde_json::from_slice(&text).map_err(|_| ChainError::Broken(number))?;
        let expected = link(number, &verified.head, &line.decision);
        if line.sequence != number || line.previous != verified.head || line.hash != expected {
            return Err(ChainError::Broken(number));
        }
        verified = Verified { lines: number, length: verified.length + read as u64, head: line.hash };
    }
}

fn link(sequence: u64, previous: &str, decision: &Decision) -> String {
    let content =
        serde_json::to_vec(&(sequence, previous, decision)).expect("a decision holds only strings and numbers");
    hex::encode(sha256(&content))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(outcome: &str) -> Decision {
        Decision { outcome: outcome.to_owned(), route: "/v1/items/{id}".to_owned(), ..Decision::default() }
    }

    #[test]
    fn the_chain_continues_after_reopening_and_after_a_torn_line() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("audit.jsonl");
        AuditLog::open(&path)?.append(&decision("first"))?;
        OpenOptions::new().append(true).open(&path)?.write_all(b"{\"sequence\":2,")?;
        let head = AuditLog::open(&path)?.append(&decision("second"))?;
        assert_eq!(verify(&path)?, (2, head));
        Ok(())
    }

    #[test]
    fn a_line_that_could_not_be_written_leaves_the_log_usable() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("audit.jsonl");
        let log = AuditLog::open(&path)?;
        log.append(&decision("first"))?;
        {
            // As a full disk leaves it: half a line was written, and cutting it off failed, too.
            let mut tail = log.tail.lock().map_err(|error| error.to_string())?;
            tail.file.write_all(b"{\"sequence\":2,")?;
        }
        let head = log.append(&decision("second"))?;
        assert_eq!(verify(&path)?, (2, head));
        Ok(())
    }

    #[test]
    fn a_changed_or_removed_line_is_found() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("audit.jsonl");
        let log = AuditLog::open(&path)?;
        for outcome in ["allowed", "role-not-permitted", "allowed"] {
            log.append(&decision(outcome))?;
        }
        let text = std::fs::read_to_string(&path)?;
        std::fs::write(&path, text.replace("role-not-permitted", "allowed"))?;
        assert!(matches!(verify(&path), Err(AuditError::Broken(2))));
        let without_second: String =
            text.lines().enumerate().filter(|(n, _)| *n != 1).map(|(_, l)| format!("{l}\n")).collect();
        std::fs::write(&path, without_second)?;
        assert!(matches!(AuditLog::open(&path), Err(AuditError::Broken(2))));
        Ok(())
    }
}
