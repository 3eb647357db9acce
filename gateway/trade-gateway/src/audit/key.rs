//! The key that seals the lines of the log.

use std::{
    io::{self, Write},
    path::Path,
};

use fabric_msp::private;

use super::error::AuditError;
use crate::mac_key::MacKey;

/// The key's file in the data directory, unless the settings name another.
pub const KEY_FILE: &str = "audit.key";

/// The second line of a key's file, as soon as the key has sealed a line: a log without any line is not new then.
const MARK: &str = "this key has sealed lines";

/// The key of one log.
#[derive(Debug)]
pub struct AuditKey {
    key: MacKey,
    has_sealed: bool,
}

impl AuditKey {
    /// Reads a key.
    ///
    /// # Errors
    /// The file cannot be read, can be read by others, or holds no key.
    pub fn load(path: &Path) -> Result<Self, AuditError> {
        let text = private::read_key(path)?;
        let (key, others) = MacKey::parse(&text).ok_or_else(|| AuditError::KeyMalformed(path.to_owned()))?;
        // Half a mark, left by a crash, says the same.
        Ok(Self { key, has_sealed: !others.trim().is_empty() })
    }

    /// Whether the key's file says that it has sealed a line.
    pub(super) fn has_sealed(&self) -> bool {
        self.has_sealed
    }

    /// Notes in the key's file that it has sealed a line.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn mark(path: &Path) -> io::Result<()> {
        let mut file = private::options().append(true).open(path)?;
        writeln!(file, "{MARK}")?;
        file.sync_all()
    }

    /// Makes a key; nobody else can read it, not even for a moment.
    ///
    /// # Errors
    /// There is a file already, or it cannot be written.
    pub(super) fn create(path: &Path) -> Result<Self, AuditError> {
        MacKey::create(path).map_err(|cause| AuditError::File { path: path.to_owned(), cause })?;
        Self::load(path)
    }

    /// The seal of these bytes, hex.
    pub(super) fn seal(&self, bytes: &[u8]) -> String {
        hex::encode(self.key.mac(bytes))
    }
}
