//! Writing key material: its owner's only, certificates included, and nothing that exists is overwritten.

use std::{
    io::{self, Write},
    path::Path,
};

use fabric_msp::private;

use crate::error::CryptoError;

/// Makes a folder and those above it.
pub(crate) fn make_folder(path: &Path) -> Result<(), CryptoError> {
    private::create_folder(path).map_err(|cause| failed(path, cause))
}

/// Writes a file that must be new.
pub(crate) fn write_new(path: &Path, contents: &[u8]) -> Result<(), CryptoError> {
    match private::options().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(contents).map_err(|cause| failed(path, cause)),
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Err(CryptoError::Exists(path.to_owned())),
        Err(cause) => Err(failed(path, cause)),
    }
}

pub(crate) fn failed(path: &Path, cause: io::Error) -> CryptoError {
    CryptoError::File { path: path.to_owned(), cause }
}
