//! Reading the log while it is written: the lines that are asked for, newest first.
//!
//! No lock of the log is taken, and what one question reads is bounded: a page may have fewer lines than wanted, or
//! none, and still say where to read on. Each line is compared with its seal and with the line after it, so no page
//! shows what the gateway has not written; lines between two pages, and a missing end, are for [`super::verify`].

use std::{
    fs::File,
    io::{self, BufReader, ErrorKind, Seek},
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use super::{
    backwards::Backwards,
    decision::Decision,
    error::{AuditError, Fault},
    files::full_files,
    head::{AuditHead, Heads, read_heads},
    key::AuditKey,
    line::{LOG_FILE, Line, first_of, read_line},
};
use crate::time::rfc3339;

/// Most bytes that one page reads; a chunk more may be.
const PAGE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// How much is read at once to find out when a file begins.
const FIRST_BYTES: usize = 4 * 1024;

/// How far clocks may have been set back, in seconds, without lines being missed because of their time.
const SET_BACK_SECONDS: u64 = 3_600;

/// Reads a log that is written by others.
#[derive(Debug, Clone)]
pub struct AuditReader {
    folder: PathBuf,
    key: Arc<AuditKey>,
}

/// Which lines are wanted: those that fit everything that is said.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Not before this moment, seconds since 1970.
    pub from: Option<u64>,
    /// Not after it.
    pub to: Option<u64>,
    /// The caller's organization.
    pub msp_id: Option<String>,
    /// A part of the subject of the caller's certificate.
    pub subject: Option<String>,
    /// The digest of the caller's certificate.
    pub certificate_sha256: Option<String>,
    /// The route's template.
    pub route: Option<String>,
    /// What the path named.
    pub resource: Option<String>,
    /// The answer's status.
    pub status: Option<u16>,
    /// The outcome.
    pub outcome: Option<String>,
    /// The Fabric transaction.
    pub transaction_id: Option<String>,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    /// Its number.
    pub number: u64,
    /// What it says.
    pub decision: Decision,
    /// Its seal, hex.
    pub seal: String,
}

/// Some lines.
#[derive(Debug, Default)]
pub struct AuditPage {
    /// The lines, newest first.
    pub lines: Vec<AuditLine>,
    /// Where to read on; none at the oldest line.
    pub next: Option<AuditPlace>,
}

/// A place between two lines: before this byte of the file whose first line has this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditPlace {
    file: u64,
    end: u64,
}

impl std::fmt::Display for AuditPlace {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}-{}", self.file, self.end)
    }
}

impl FromStr for AuditPlace {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (file, end) = text.split_once('-').ok_or(())?;
        Ok(Self { file: file.parse().map_err(|_| ())?, end: end.parse().map_err(|_| ())? })
    }
}

/// A file of the log.
struct Part {
    first: u64,
    path: PathBuf,
    /// Open already, where it may get another name.
    file: Option<File>,
}

/// One question's work.
struct Reading<'a> {
    wanted: &'a Wanted,
    key: &'a AuditKey,
    /// When lines are wanted, as lines have it.
    from: Option<String>,
    to: Option<String>,
    /// Before the one and after the other no line stands that is wanted.
    earliest: Option<String>,
    latest: Option<String>,
    limit: usize,
    bytes: u64,
    lines: Vec<AuditLine>,
    /// The number of the line read last, and the seal that it names: those of the line before it.
    after: Option<(u64, String)>,
}

/// How reading one file ended.
enum Ended {
    /// At its beginning.
    Through,
    /// No older line is wanted.
    Past,
    /// With enough lines, or enough work: reading goes on before this byte.
    Here(u64),
}

impl AuditReader {
    pub(super) fn new(folder: PathBuf, key: Arc<AuditKey>) -> Self {
        Self { folder, key }
    }

    /// The heads of the log's days, the oldest first. Reads a file, so it may block.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn heads(&self) -> Result<Vec<AuditHead>, AuditError> {
        read_heads(&Heads::path(&self.folder))
    }

    /// A page of the lines that are wanted, newest first, at most `limit`; from the newest one on, or from a place on.
    /// Reads files, so it may block.
    ///
    /// # Errors
    /// A file cannot be read, or a line is not what was written.
    pub fn page(&self, wanted: &Wanted, from: Option<AuditPlace>, limit: usize) -> Result<AuditPage, AuditError> {
        let parts = self.parts().map_err(|cause| AuditError::File { path: self.folder.clone(), cause })?;
        let from_here = |part: &Part| from.is_none_or(|place| part.first <= place.file);
        let mut parts = parts.into_iter().filter(from_here).peekable();
        let mut reading = Reading::new(wanted, &self.key, limit);
        while let Some(Part { first, path, file }) = parts.next() {
            let end = from.filter(|place| place.file == first).map(|place| place.end);
            let failed = |cause| AuditError::File { path: path.clone(), cause };
            let file = match file.map_or_else(|| File::open(&path), Ok) {
                // Deleted meanwhile, and those before it as well.
                Err(cause) if cause.kind() == ErrorKind::NotFound => break,
                file => file.map_err(failed)?,
            };
            match reading.read(&path, file, end)? {
                Ended::Past => break,
                Ended::Here(0) if parts.peek().is_none() => break,
                Ended::Here(end) => {
                    return Ok(AuditPage { lines: reading.lines, next: Some(AuditPlace { file: first, end }) });
                }
                Ended::Through => {}
            }
        }
        Ok(AuditPage { lines: reading.lines, next: None })
    }

    /// The files of the log, the newest first. The one that is being written is opened before the others are looked
    /// for: it may become one of them, and is then found twice and not missed.
    fn parts(&self) -> io::Result<Vec<Part>> {
        let path = self.folder.join(LOG_FILE);
        let mut parts = Vec::new();
        match File::open(&path) {
            Ok(file) => {
                let first = first_line(&file)?.map(|line| line.sequence);
                parts.extend(first.map(|first| Part { first, path, file: Some(file) }));
            }
            // Between two steps of putting it away.
            Err(cause) if cause.kind() == ErrorKind::NotFound => {}
            Err(cause) => return Err(cause),
        }
        let full = full_files(&self.folder)?.into_iter().rev();
        parts.extend(full.map(|full| Part { first: full.first, path: full.path, file: None }));
        parts.dedup_by_key(|part| part.first);
        Ok(parts)
    }
}

impl<'a> Reading<'a> {
    fn new(wanted: &'a Wanted, key: &'a AuditKey, limit: usize) -> Self {
        let (from, to) = (wanted.from.map(rfc3339), wanted.to.map(rfc3339));
        let earliest = wanted.from.map(|from| rfc3339(from.saturating_sub(SET_BACK_SECONDS)));
        let latest = wanted.to.map(|to| rfc3339(to.saturating_add(SET_BACK_SECONDS)));
        Self { wanted, key, from, to, earliest, latest, limit, bytes: 0, lines: Vec::new(), after: None }
    }

    fn wants(&self, decision: &Decision) -> bool {
        self.from.as_ref().is_none_or(|from| decision.time >= *from)
            && self.to.as_ref().is_none_or(|to| decision.time <= *to)
            && self.wanted.is(decision)
    }

    /// Reads a file from its end, or from before a byte of it.
    fn read(&mut self, path: &Path, file: File, end: Option<u64>) -> Result<Ended, AuditError> {
        let failed = |cause| AuditError::File { path: path.to_owned(), cause };
        if self.is_too_late(&file).map_err(failed)? {
            self.after = None;
            return Ok(Ended::Through);
        }
        let mut lines = Backwards::new(file, end).map_err(failed)?;
        let before = self.bytes;
        loop {
            if self.lines.len() >= self.limit || self.bytes >= PAGE_BYTES_MAX {
                return Ok(Ended::Here(lines.end()));
            }
            let at = lines.end();
            let Some(text) = lines.line().map_err(failed)? else { break };
            self.bytes = before + lines.read;
            let broken = |fault| AuditError::Unfit { path: path.to_owned(), at, fault };
            let line = Line::read(&text).and_then(|line| self.check(&line).map(|()| line)).map_err(broken)?;
            if self.earliest.as_ref().is_some_and(|earliest| line.decision.time < *earliest) {
                return Ok(Ended::Past);
            }
            if self.wants(&line.decision) {
                self.lines.push(AuditLine { number: line.sequence, decision: line.decision, seal: line.seal });
            }
        }
        match first_of(path).zip(self.after.as_ref()) {
            Some((first, (found, _))) if first != *found => {
                let fault = Fault::Sequence { expected: first, found: *found };
                Err(AuditError::Unfit { path: path.to_owned(), at: 0, fault })
            }
            _ => Ok(Ended::Through),
        }
    }

    /// Whether all lines of a file are later than what is wanted, as its first one is.
    fn is_too_late(&mut self, file: &File) -> io::Result<bool> {
        let Some(latest) = &self.latest else { return Ok(false) };
        self.bytes += FIRST_BYTES as u64;
        let first = first_line(file)?;
        Ok(first.is_some_and(|line| line.decision.time > *latest))
    }

    /// Whether a line was sealed with the key, and stands before the one read last.
    fn check(&mut self, line: &Line) -> Result<(), Fault> {
        line.check(None, self.key)?;
        if let Some((number, seal)) = &self.after {
            let expected = number.saturating_sub(1);
            if line.sequence != expected {
                return Err(Fault::Sequence { expected, found: line.sequence });
            }
            if line.seal != *seal {
                return Err(Fault::Previous);
            }
        }
        self.after = Some((line.sequence, line.previous.clone()));
        Ok(())
    }
}

impl Wanted {
    fn is(&self, decision: &Decision) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found.is_some_and(|found| found == wanted))
        };
        let has = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found.is_some_and(|found| found.contains(wanted)))
        };
        self.status.is_none_or(|status| decision.status == status)
            && is(&self.msp_id, decision.msp_id.as_deref())
            && has(&self.subject, decision.subject.as_deref())
            && is(&self.certificate_sha256, decision.certificate_sha256.as_deref())
            && is(&self.route, Some(&decision.route))
            && is(&self.resource, Some(&decision.resource))
            && is(&self.outcome, Some(&decision.outcome))
            && is(&self.transaction_id, decision.transaction_id.as_deref())
    }
}

/// The first line of a file; none when it has none, or none that can be read.
fn first_line(mut file: &File) -> io::Result<Option<Line>> {
    let mut text = Vec::new();
    file.rewind()?;
    let is_whole = read_line(&mut BufReader::with_capacity(FIRST_BYTES, file), &mut text)?;
    Ok(Some(&text).filter(|_| is_whole).and_then(|text| Line::read(text).ok()))
}

#[cfg(test)]
mod tests;
