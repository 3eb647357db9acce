//! Writing key material: private keys readable by their owner only, and nothing that exists is overwritten.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::Path,
};

use crate::error::CryptoError;

/// Makes a folder and those above it.
pub(crate) fn make_folder(path: &Path) -> Result<(), CryptoError> {
    fs::create_dir_all(path).map_err(|cause| failed(path, cause))
}

/// Writes a file that everybody may read.
pub(crate) fn write_public(path: &Path, contents: &[u8]) -> Result<(), CryptoError> {
    write(path, contents, 0o644)
}

/// Writes a file that only its owner may read.
pub(crate) fn write_secret(path: &Path, contents: &[u8]) -> Result<(), CryptoError> {
    write(path, contents, 0o600)
}

pub(crate) fn failed(path: &Path, cause: std::io::Error) -> CryptoError {
    CryptoError::File { path: path.to_owned(), cause }
}

fn write(path: &Path, contents: &[u8], mode: u32) -> Result<(), CryptoError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    match options.open(path) {
        Ok(mut file) => file.write_all(contents).map_err(|cause| failed(path, cause)),
        Err(cause) if cause.kind() == std::io::ErrorKind::AlreadyExists => Err(CryptoError::Exists(path.to_owned())),
        Err(cause) => Err(failed(path, cause)),
    }
}
