//! Why an audit log cannot be used, or is not what it was.

use std::{fmt, io, path::PathBuf};

use fabric_msp::private::KeyFileError;

/// Why an audit log cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// A file cannot be read or written.
    #[error("the audit log {path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A line is not what was written.
    #[error("{path}, line {line}: {fault}")]
    Broken {
        /// The file.
        path: PathBuf,
        /// Its first bad line, from 1.
        line: u64,
        /// What is wrong with it.
        fault: Fault,
    },
    /// A line is not what was written; found by reading the file backwards.
    #[error("{path}, the line that ends before byte {at}: {fault}")]
    Unfit {
        /// The file.
        path: PathBuf,
        /// Where the line ends.
        at: u64,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The log is not the one whose heads are on the ledger.
    #[error(transparent)]
    Head(#[from] HeadDifference),
    /// The file of the heads holds something else.
    #[error("{path}, line {line}: this is no head of an audit log")]
    NotAHead {
        /// The file.
        path: PathBuf,
        /// The first bad line, from 1.
        line: u64,
    },
    /// Lines that were written are not there any more.
    #[error("{path} ends {missing} lines too early: the anchor {anchor} knows of later ones")]
    Cut {
        /// The last file.
        path: PathBuf,
        /// The file that knows.
        anchor: PathBuf,
        /// How many lines are missing.
        missing: u64,
    },
    /// A file of the log is called something else than the gateway calls it, so the anchor does not count for it.
    #[error("{path} should be called {expected}: under another name nothing shows whether its end is missing")]
    Name {
        /// The file.
        path: PathBuf,
        /// What the gateway calls it.
        expected: String,
    },
    /// The key has sealed lines, and neither a line nor the anchor is there any more.
    #[error(
        "the audit log in {folder} is empty and has no anchor, but the key {key} has sealed lines; bring the files back, or \
         move the key away to begin a new log"
    )]
    Emptied {
        /// Where the log should be.
        folder: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// The anchor was made without the key, or is damaged.
    #[error("the anchor {0} was not sealed with this key")]
    AnchorForged(PathBuf),
    /// There is a log, and its key is not there.
    #[error(
        "the key {key} of the audit log is missing; bring it back, or move the log's files away to begin a new one"
    )]
    KeyMissing {
        /// Where it should be.
        key: PathBuf,
    },
    /// The file of the key cannot be taken: others can read it and make lines, say.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The key's file holds something else.
    #[error("{0} does not hold 64 hexadecimal digits")]
    KeyMalformed(PathBuf),
}

/// How a log differs from its heads on the ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeadDifference {
    /// The day is not in the file of the heads.
    #[error("the ledger has a head of {day} (transaction {transaction_id}), and {path} has none")]
    Missing {
        /// The day.
        day: String,
        /// What deposited its head.
        transaction_id: String,
        /// The file.
        path: PathBuf,
    },
    /// The day stands there with something else.
    #[error("the head of {day} in {path} is not the one that the ledger has (transaction {transaction_id})")]
    Changed {
        /// The day.
        day: String,
        /// What deposited its head.
        transaction_id: String,
        /// The file.
        path: PathBuf,
    },
    /// The line is another one.
    #[error(
        "line number {line} is not the one with which {day} had ended when its head came to the ledger (transaction \
         {transaction_id}); lines up to number {covered_to} are as they were"
    )]
    Line {
        /// The day.
        day: String,
        /// The number of its last line.
        line: u64,
        /// Up to which number heads and lines agree.
        covered_to: u64,
        /// What deposited the head.
        transaction_id: String,
    },
    /// The log has fewer lines.
    #[error(
        "the log ends with line number {last}, and {day} had ended with number {line} (transaction {transaction_id})"
    )]
    Ended {
        /// The day.
        day: String,
        /// The number of its last line.
        line: u64,
        /// The number of the log's last line.
        last: u64,
        /// What deposited the head.
        transaction_id: String,
    },
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is not a line of an audit log.
    NotALine,
    /// Its number does not follow the one before.
    Sequence {
        /// What should follow.
        expected: u64,
        /// What stands there.
        found: u64,
    },
    /// It does not name the seal of the line before it.
    Previous,
    /// It was not sealed with this key, or was changed since.
    Seal,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotALine => formatter.write_str("this is no line of an audit log"),
            Self::Sequence { expected, found } => {
                write!(formatter, "number {expected} should stand here, and {found} does")
            }
            Self::Previous => formatter.write_str("it does not follow the line before it"),
            Self::Seal => formatter.write_str("it was changed, or sealed with another key"),
        }
    }
}
