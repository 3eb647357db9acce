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
