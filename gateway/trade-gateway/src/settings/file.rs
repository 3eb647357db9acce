//! Settings as files have them: YAML, of which JSON is a part.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;

/// Why a file of settings cannot be used, whatever it should say.
#[derive(Debug, thiserror::Error)]
pub enum SettingsFileError {
    /// The file cannot be read.
    #[error("cannot read the settings {path}: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// Not YAML of the expected form.
    #[error("the settings are not valid: {0}")]
    Malformed(serde_norway::Error),
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> Result<String, SettingsFileError> {
    std::fs::read_to_string(path).map_err(|cause| SettingsFileError::Unreadable { path: path.to_owned(), cause })
}

/// What a text says; it is not checked further.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, SettingsFileError> {
    serde_norway::from_str(text).map_err(SettingsFileError::Malformed)
}
