//! What stands for a request on the ledger: the same for each retry, and nothing that tells the idempotency key.
//!
//! The contract refuses a reference that was used, so a retry is harmless even when the operation store is lost. For
//! that the key of these references must not be lost with the store: it lies in a file of its own, for backups.

use std::{
    fmt,
    io::{self, Write},
    path::{Path, PathBuf},
};

use fabric_msp::private::{self, KeyFileError};
use openssl::{
    error::ErrorStack,
    hash::MessageDigest,
    pkey::{PKey, Private},
    rand::rand_bytes,
    sign::Signer,
};
use trade_model::common::Digest256;

/// The key's file in the data directory.
pub const KEY_FILE: &str = "references.key";

/// Bytes of the key.
const KEY_BYTES: usize = 32;

/// The key of a gateway's references.
pub(crate) struct References(PKey<Private>);

/// Why the key of references cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReferencesError {
    /// The file cannot be taken.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The file holds something else than a key.
    #[error("{0} does not hold 32 bytes in hexadecimal")]
    Malformed(PathBuf),
    /// The file cannot be written.
    #[error("cannot write the key of references to {path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

impl References {
    /// Reads the key, or makes it.
    pub(crate) fn open(folder: &Path) -> Result<Self, ReferencesError> {
        let path = folder.join(KEY_FILE);
        let failed = |cause| ReferencesError::File { path: path.clone(), cause };
        if !path.try_exists().map_err(failed)? {
            create(&path).map_err(failed)?;
        }
        let text = private::read_key(&path)?;
        let bytes = hex::decode(text.trim_ascii()).ok().filter(|bytes| bytes.len() == KEY_BYTES);
        let bytes = bytes.ok_or_else(|| ReferencesError::Malformed(path.clone()))?;
        Self::with(&bytes).map_err(|error| failed(io::Error::other(error)))
    }

    /// References that are made with these secret bytes.
    pub(crate) fn with(secret: &[u8]) -> Result<Self, ErrorStack> {
        Ok(Self(PKey::hmac(secret)?))
    }

    /// The reference of a request, by its caller's MSP id and certificate subject, its route and its idempotency key.
    pub(crate) fn of(&self, msp_id: &str, subject: &str, operation: &str, key: &str) -> Digest256 {
        let mut text = Vec::new();
        for part in [msp_id, subject, operation, key] {
            text.extend((part.len() as u64).to_be_bytes());
            text.extend(part.as_bytes());
        }
        let made = || -> Result<Vec<u8>, ErrorStack> {
            Signer::new(MessageDigest::sha256(), &self.0)?.sign_oneshot_to_vec(&text)
        };
        let bytes = made().expect("HMAC of bytes in memory cannot fail");
        Digest256::from_bytes(bytes.try_into().expect("SHA-256 has 32 bytes"))
    }
}

fn create(path: &Path) -> io::Result<()> {
    let mut bytes = [0; KEY_BYTES];
    rand_bytes(&mut bytes)?;
    let mut file = private::options().write(true).create_new(true).open(path)?;
    writeln!(file, "{}", hex::encode(bytes))?;
    file.sync_all()
}

impl fmt::Debug for References {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("References(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_stays_as_long_as_its_key_and_is_one_callers() -> Result<(), ReferencesError> {
        let folders = [tempfile::tempdir(), tempfile::tempdir()].map(|folder| folder.expect("a folder"));
        let of = |folder: usize, part: usize| -> Result<Digest256, ReferencesError> {
            let mut parts = ["AMSP", "CN=erp", "capture", "k1"];
            if let Some(part) = parts.get_mut(part) {
                *part = "other";
            }
            let [msp_id, subject, operation, key] = parts;
            Ok(References::open(folders[folder].path())?.of(msp_id, subject, operation, key))
        };
        let first = of(0, 9)?;
        assert_eq!(of(0, 9)?, first);
        for (folder, part) in [(1, 9), (0, 0), (0, 1), (0, 2), (0, 3)] {
            assert_ne!(of(folder, part)?, first, "{folder} {part}");
        }
        Ok(())
    }

    #[test]
    fn a_file_that_holds_no_key_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(KEY_FILE);
        private::create(&path).and_then(|mut file| writeln!(file, "00")).expect("a file");
        assert!(matches!(References::open(folder.path()), Err(ReferencesError::Malformed(_))));
    }
}
