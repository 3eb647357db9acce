//! The key that seals the lines of the log.

use std::{
    io::{self, Write},
    path::Path,
};

use fabric_msp::private;
use openssl::{
    error::ErrorStack,
    hash::MessageDigest,
    pkey::{PKey, Private},
    rand::rand_bytes,
    sign::Signer,
};

use super::error::AuditError;

/// The key's file in the data directory, unless the settings name another.
pub const KEY_FILE: &str = "audit.key";

/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// The second line of a key's file, as soon as the key has sealed a line: a log without any line is not new then.
const MARK: &str = "this key has sealed lines";

/// The key of one log.
pub struct AuditKey {
    key: PKey<Private>,
    has_sealed: bool,
}

impl AuditKey {
    /// Reads a key.
    ///
    /// # Errors
    /// The file cannot be read, can be read by others, or holds no key.
    pub fn load(path: &Path) -> Result<Self, AuditError> {
        let failed = |cause| AuditError::File { path: path.to_owned(), cause };
        let text = private::read_key(path)?;
        let text = std::str::from_utf8(&text).map_err(|_| AuditError::KeyMalformed(path.to_owned()))?;
        let mut lines = text.lines();
        let bytes = lines.next().and_then(|line| hex::decode(line.trim()).ok());
        let bytes = bytes.filter(|bytes| bytes.len() == KEY_BYTES);
        let bytes = bytes.ok_or_else(|| AuditError::KeyMalformed(path.to_owned()))?;
        // Half a mark, left by a crash, says the same.
        let has_sealed = lines.any(|line| !line.trim().is_empty());
        let key = PKey::hmac(&bytes).map_err(|error| failed(io::Error::other(error)))?;
        Ok(Self { key, has_sealed })
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
        let written = || -> io::Result<()> {
            let mut bytes = [0; KEY_BYTES];
            rand_bytes(&mut bytes)?;
            let mut file = private::options().write(true).create_new(true).open(path)?;
            writeln!(file, "{}", hex::encode(bytes))?;
            // A log whose key is lost cannot be verified.
            file.sync_all()
        };
        written().map_err(|cause| AuditError::File { path: path.to_owned(), cause })?;
        Self::load(path)
    }

    /// The seal of these bytes, hex.
    pub(super) fn seal(&self, bytes: &[u8]) -> String {
        let sealed = || -> Result<Vec<u8>, ErrorStack> {
            Signer::new(MessageDigest::sha256(), &self.key)?.sign_oneshot_to_vec(bytes)
        };
        hex::encode(sealed().expect("HMAC of bytes in memory cannot fail"))
    }
}

impl std::fmt::Debug for AuditKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("AuditKey(..)")
    }
}
