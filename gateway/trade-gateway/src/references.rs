//! What stands for a request on the ledger: the same for each retry, and nothing that tells the idempotency key.
//!
//! The contract refuses a reference that was used, so a retry is harmless even when the operation store is lost. For
//! that the key of these references must not be lost with the store: it lies in a file of its own, for backups.

use std::{
    io,
    path::{Path, PathBuf},
};

use fabric_msp::private::{self, KeyFileError};
use trade_model::common::Digest256;

use crate::mac_key::{MacKey, joined};

/// The key's file in the data directory.
pub const KEY_FILE: &str = "references.key";

/// The key of a gateway's references.
#[derive(Debug)]
pub(crate) struct References(MacKey);

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
            MacKey::create(&path).map_err(failed)?;
        }
        let text = private::read_key(&path)?;
        let key = MacKey::parse(&text).filter(|(_, others)| others.trim().is_empty());
        key.map(|(key, _)| Self(key)).ok_or(ReferencesError::Malformed(path))
    }

    /// References that are made with these secret bytes.
    pub(crate) fn with(secret: &[u8]) -> Self {
        Self(MacKey::of(secret))
    }

    /// The reference of a request, by its caller's MSP id and certificate subject, its route and its idempotency key.
    pub(crate) fn of(&self, msp_id: &str, subject: &str, operation: &str, key: &str) -> Digest256 {
        Digest256::from_bytes(self.0.mac(&joined([msp_id, subject, operation, key])))
    }
}

/// What stands for a request that has a reference of its caller's, where the gateway signs. One identity signs for many
/// callers then, and what one of them has sent can be read by others: it must not become the reference of a request of
/// theirs. Made without the key, so it lasts though the key be lost.
pub(crate) fn of_given(msp_id: &str, subject: &str, given: &Digest256) -> Digest256 {
    Digest256::of(&joined([msp_id, subject, given.as_str()]))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

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

    #[test]
    fn a_given_reference_is_one_callers() {
        let given = Digest256::of(b"a request");
        let made = of_given("AMSP", "CN=erp", &given);
        assert_eq!(of_given("AMSP", "CN=erp", &given), made);
        let others = [
            of_given("BMSP", "CN=erp", &given),
            of_given("AMSP", "CN=other", &given),
            of_given("AMSP", "CN=erp", &made),
            given,
        ];
        assert!(!others.contains(&made), "{others:?}");
    }
}
