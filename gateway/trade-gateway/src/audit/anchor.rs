//! The anchor: a small file that knows the last line of the log, so that a log without its end is known.

use std::{
    fs::File,
    io::{self, ErrorKind},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use fabric_msp::private;

use super::{error::AuditError, key::AuditKey, line::Place};

/// The anchor's file beside the log.
const ANCHOR_FILE: &str = "audit.anchor";

/// The open anchor of a log.
#[derive(Debug)]
pub(super) struct Anchor {
    file: File,
}

impl Anchor {
    /// Where the anchor of the logs in a folder lies.
    pub(super) fn path(folder: &Path) -> PathBuf {
        folder.join(ANCHOR_FILE)
    }

    /// Opens or creates the anchor in a folder.
    pub(super) fn open(folder: &Path) -> Result<Self, AuditError> {
        let path = Self::path(folder);
        private::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map(|file| Self { file })
            .map_err(|cause| AuditError::File { path, cause })
    }

    /// The place that the anchor in a folder knows; none when there is no anchor or it is empty.
    ///
    /// # Errors
    /// It cannot be read, or was not sealed with this key.
    pub(super) fn read(folder: &Path, key: &AuditKey) -> Result<Option<Place>, AuditError> {
        let path = Self::path(folder);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(AuditError::File { path, cause }),
        };
        if text.is_empty() {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        let place = text.split_once(' ').and_then(|(sequence, rest)| {
            let (seal, _) = rest.split_once(' ')?;
            Some(Place { sequence: sequence.parse().ok()?, seal: seal.to_owned() })
        });
        match place {
            Some(place) if form(&place, key) == text => Ok(Some(place)),
            _ => Err(AuditError::AnchorForged(path)),
        }
    }

    /// Remembers the last line.
    pub(super) fn set(&self, place: &Place, key: &AuditKey) -> io::Result<()> {
        self.file.write_all_at(form(place, key).as_bytes(), 0)
    }
}

/// Always of one length, so that writing it over the former one leaves nothing of that.
fn form(place: &Place, key: &AuditKey) -> String {
    let content = format!("{:020} {}", place.sequence, place.seal);
    let seal = key.seal(format!("anchor {content}").as_bytes());
    format!("{content} {seal}\n")
}
