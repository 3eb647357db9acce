#![doc = include_str!("README.md")]

use std::{
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

/// The variable that says where the documents lie, or that they are required.
const VARIABLE: &str = "ENTREPOT_SHARED_DATA";
/// The variable's value when a test may not do without.
const REQUIRED: &str = "required";

/// Why a test cannot go on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SharedDataError {
    /// The documents are required and not beside the repository.
    #[error("{VARIABLE} says that documents by others are required, and {folder} does not exist", folder = folder.display())]
    NoFolder {
        /// The folder beside the repository.
        folder: PathBuf,
    },
    /// There are documents, and not the one that was asked for.
    #[error("{path} does not exist although there are documents by others", path = path.display())]
    Missing {
        /// The file or folder that was asked for.
        path: PathBuf,
    },
}

/// The file or folder `inside` the documents; `None`, with a line on standard error, when there are none and a test may
/// do without.
///
/// # Errors
/// [`SharedDataError`] when the documents are required, or when there are some and `inside` is not among them.
pub fn find(inside: &str) -> Result<Option<PathBuf>, SharedDataError> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3).unwrap_or(Path::new("/")).join("shared/data");
    let found = find_in(env::var_os(VARIABLE), &beside, inside)?;
    if found.is_none() {
        eprintln!("skipped: there is no {}, and {VARIABLE} names no other folder", beside.display());
    }
    Ok(found)
}

fn find_in(variable: Option<OsString>, beside: &Path, inside: &str) -> Result<Option<PathBuf>, SharedDataError> {
    let folder = match variable.as_deref().filter(|value| !value.is_empty()) {
        None if beside.is_dir() => beside,
        None => return Ok(None),
        Some(value) if value == OsStr::new(REQUIRED) && !beside.is_dir() => {
            return Err(SharedDataError::NoFolder { folder: beside.to_owned() });
        }
        Some(value) if value == OsStr::new(REQUIRED) => beside,
        Some(value) => Path::new(value),
    };
    let path = folder.join(inside);
    if path.exists() { Ok(Some(path)) } else { Err(SharedDataError::Missing { path }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that exists, with something in it, wherever the test runs.
    fn here() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }

    #[test]
    fn documents_are_optional_only_where_there_are_none() {
        let nowhere = here().join("nowhere");
        let asked = |variable: &str, beside: &Path| find_in(Some(variable.into()), beside, "lib.rs");
        let found = Ok(Some(here().join("lib.rs")));
        assert_eq!(find_in(None, &nowhere, "lib.rs"), Ok(None));
        assert_eq!(asked("", &nowhere), Ok(None));
        assert_eq!(find_in(None, here(), "lib.rs"), found);
        assert_eq!(asked("required", here()), found);
        assert_eq!(asked("required", &nowhere), Err(SharedDataError::NoFolder { folder: nowhere.clone() }));
        assert_eq!(asked(&here().display().to_string(), &nowhere), found);
    }

    #[test]
    fn a_document_that_is_not_there_is_an_error_and_no_reason_to_skip() {
        let missing = Err(SharedDataError::Missing { path: here().join("renamed") });
        for variable in [None, Some("required".into()), Some(here().into())] {
            assert_eq!(find_in(variable, here(), "renamed"), missing);
        }
    }
}
