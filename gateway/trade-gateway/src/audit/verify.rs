//! Looks through the files of a log.

use std::{
    fs::File,
    io::{self, BufReader},
    path::{Path, PathBuf},
};

use super::{
    anchor::Anchor,
    decision::{CUT, RETIRED},
    error::{AuditError, Fault},
    key::AuditKey,
    line::{LOG_FILE, Line, Place, first_of, full_name, read_line},
};

/// What was found in files that are in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// How many lines there are.
    pub lines: u64,
    /// The number of the first line; 0 when there is none.
    pub first: u64,
    /// The number of the last line; 0 when there is none.
    pub last: u64,
    /// The seal of the last line, hex; empty when there is none.
    pub seal: String,
    /// Whether an anchor stands for the last line: without one a missing end would not be seen.
    pub is_anchored: bool,
    /// Lines of the gateway that say that others before them were missing when it started.
    pub cuts: Vec<Cut>,
    /// Up to which number lines are missing that the gateway deleted to make room, as it says; 0 when there are none.
    pub retired_to: u64,
}

/// A line that says that others are missing before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Its number.
    pub line: u64,
    /// How many are missing, where that is known.
    pub missing: Option<u64>,
}

/// Verifies the files of a log, the oldest first. They may begin with any file of the log. Where the last one is the
/// file that the gateway writes, the anchor beside it says whether its end is missing. Names are part of what is
/// verified, because they say which file that is.
///
/// # Errors
/// A file cannot be read or has another name than the gateway gives; a line was changed, added or taken out; the end is
/// missing.
pub fn verify(files: &[PathBuf], key: &AuditKey) -> Result<Verified, AuditError> {
    verify_each(files, key, |_| {})
}

/// As [`verify`], and tells each line that is in order.
pub(super) fn verify_each(
    files: &[PathBuf],
    key: &AuditKey,
    mut each: impl FnMut(&Line),
) -> Result<Verified, AuditError> {
    let last = files.last().filter(|path| path.file_name().is_some_and(|name| name == LOG_FILE));
    // Before the lines, so that a gateway may write meanwhile.
    let anchored = match last {
        Some(path) => Anchor::read(folder_of(path), key)?,
        None => None,
    };
    let (mut verified, mut place) = (Verified::default(), None);
    for (at, path) in files.iter().enumerate() {
        let through = look_through(path, place.as_ref(), key, |line| {
            verified.note(line);
            each(line);
        })?;
        check_name(path, through.first, at + 1 == files.len())?;
        place = through.place.or(place);
    }
    if let Some(place) = place {
        (verified.last, verified.seal) = (place.sequence, place.seal);
    }
    verified.is_anchored = anchored.is_some();
    if let (Some(anchored), Some(path)) = (anchored, last)
        && anchored.sequence > verified.last
    {
        return Err(AuditError::Cut {
            path: path.clone(),
            anchor: Anchor::path(folder_of(path)),
            missing: anchored.sequence - verified.last,
        });
    }
    Ok(verified)
}

/// A full file is named after its first line, so one whose beginning was taken out does not fit its name; the last file
/// may be the one that is being written.
fn check_name(path: &Path, first: Option<u64>, is_last: bool) -> Result<(), AuditError> {
    if is_last && path.file_name().is_some_and(|name| name == LOG_FILE) {
        return Ok(());
    }
    match (first_of(path), first) {
        (Some(expected), Some(found)) if expected != found => {
            Err(AuditError::Broken { path: path.to_owned(), line: 1, fault: Fault::Sequence { expected, found } })
        }
        (Some(_), _) => Ok(()),
        (None, first) => {
            let expected = first.filter(|_| !is_last).map_or_else(|| LOG_FILE.to_owned(), full_name);
            Err(AuditError::Name { path: path.to_owned(), expected })
        }
    }
}

impl Verified {
    /// Whether nothing is missing: neither before the first line, beside what the gateway deleted to make room, nor
    /// after the last one, nor where the gateway found lines missing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.is_anchored && self.cuts.is_empty() && !self.lacks_beginning()
    }

    /// Whether lines are missing before the first one that the gateway does not say to have deleted.
    #[must_use]
    pub fn lacks_beginning(&self) -> bool {
        self.first > self.retired_to + 1
    }
    fn note(&mut self, line: &Line) {
        self.lines += 1;
        if self.first == 0 {
            self.first = line.sequence;
        }
        match line.decision.outcome.as_str() {
            CUT => self.cuts.push(Cut { line: line.sequence, missing: line.decision.count }),
            RETIRED => self.note_retired(line),
            _ => {}
        }
    }

    fn note_retired(&mut self, line: &Line) {
        let first = first_of(Path::new(&line.decision.resource));
        if let (Some(first), Some(lines)) = (first, line.decision.count) {
            self.retired_to = self.retired_to.max((first + lines).saturating_sub(1));
        }
    }
}

/// What one file holds.
#[derive(Debug, Default)]
pub(super) struct Through {
    /// The number of its first line; none when it has none.
    pub(super) first: Option<u64>,
    /// Its last line.
    pub(super) place: Option<Place>,
    /// Where that ends, in bytes.
    pub(super) length: u64,
}

/// Reads a file whose first line follows `after`, if that is known.
pub(super) fn look_through(
    path: &Path,
    after: Option<&Place>,
    key: &AuditKey,
    mut note: impl FnMut(&Line),
) -> Result<Through, AuditError> {
    let failed = |cause: io::Error| AuditError::File { path: path.to_owned(), cause };
    let mut reader = BufReader::new(File::open(path).map_err(failed)?);
    let (mut text, mut number, mut through) = (Vec::new(), 0, Through::default());
    while read_line(&mut reader, &mut text).map_err(failed)? {
        number += 1;
        let broken = |fault| AuditError::Broken { path: path.to_owned(), line: number, fault };
        let line = Line::read(&text).map_err(broken)?;
        let place = line.check(through.place.as_ref().or(after), key).map_err(broken)?;
        note(&line);
        through.first.get_or_insert(place.sequence);
        through.place = Some(place);
        through.length += text.len() as u64;
    }
    Ok(through)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}
