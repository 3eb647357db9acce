//! The folder of a network that does not run as one file, and such a file as a folder again.
//!
//! The file is a `tar` archive, compressed with `gzip`. Its first entry is a manifest: all folders, and each file with
//! its length and SHA-256, in the order in which their contents follow. Restoring goes by the manifest alone: names and
//! rights in the archive are for people who unpack it by hand, and lead nowhere.
//!
//! What tells two moments of one ledger apart is not in the folder, so the network must not run meanwhile: the lock of
//! `up` is held. Nothing is encrypted, and the digests show damage, not forgery.

mod make;
mod manifest;
mod restore;
#[cfg(test)]
mod tests;

use std::io::{self, Read};

use openssl::sha::Sha256;

pub use self::{make::backup, restore::restore};

/// What is told how many bytes of how many are done.
pub type Told<'a> = &'a dyn Fn(u64, u64);

/// What a backup holds, or what was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// How many files.
    pub files: usize,
    /// Their lengths together, in bytes.
    pub bytes: u64,
}

/// The entry of the manifest.
const MANIFEST: &str = "manifest.json";
/// Below which name the files stand in the archive.
const FILES: &str = "files";

/// How much is read at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Computes the digest of what is read through it.
struct Hashing<R> {
    inner: R,
    sha256: Sha256,
    bytes: u64,
}

impl<R> Hashing<R> {
    fn new(inner: R) -> Self {
        Self { inner, sha256: Sha256::new(), bytes: 0 }
    }

    /// The digest of all that was read, and how much that was.
    fn finish(self) -> (String, u64) {
        (hex::encode(self.sha256.finish()), self.bytes)
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.sha256.update(&buffer[..read]);
        self.bytes = self.bytes.saturating_add(read as u64);
        Ok(read)
    }
}
