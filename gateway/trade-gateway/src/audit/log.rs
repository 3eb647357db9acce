//! The log as the gateway writes it: a row of files within a bounded room.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use fabric_msp::private::{self, KeyFileError};

use super::{
    anchor::Anchor,
    decision::{CUT, Decision, RETIRED},
    error::AuditError,
    key::{AuditKey, KEY_FILE},
    line::{LOG_FILE, Line, Place, first_of, full_name},
    verify::{Through, look_through},
};
use crate::settings::AuditSettings;

/// The next file, until it takes the place of a full one.
const NEXT_FILE: &str = "audit.jsonl.next";

/// How full the room is when the process log begins to warn, in percent.
const WARN_PERCENT: u64 = 80;

/// An open audit log.
#[derive(Debug)]
pub struct AuditLog {
    folder: PathBuf,
    key_path: PathBuf,
    key: AuditKey,
    settings: AuditSettings,
    tail: Mutex<Tail>,
}

#[derive(Debug)]
struct Tail {
    file: File,
    /// Where the last whole line ends, in bytes.
    length: u64,
    /// The number of the file's first line.
    first: u64,
    place: Place,
    anchor: Anchor,
    /// Files that were deleted to make room and have no line yet.
    retired: Vec<Retired>,
    /// Whether the key's file says that it has sealed lines, or cannot be made to say so.
    is_marked: bool,
}

/// A file that was deleted to make room.
#[derive(Debug, Clone)]
struct Retired {
    name: String,
    lines: u64,
}

/// A full file of the log.
struct Full {
    first: u64,
    path: PathBuf,
    bytes: u64,
    modified: SystemTime,
}

impl AuditLog {
    /// Opens or creates the log in a folder, and verifies the lines of its last file. Lines that the anchor knows of
    /// and the log has not any more are told of in a line of their own and in the process log.
    ///
    /// A last line without its line end is what a crash in mid-write leaves; it was never acknowledged and is cut off.
    ///
    /// # Errors
    /// A file cannot be used, the key is missing or exposed, or a line is not what was written.
    pub fn open(folder: &Path, settings: &AuditSettings) -> Result<Self, AuditError> {
        let path = folder.join(LOG_FILE);
        let failed = |cause| AuditError::File { path: path.clone(), cause };
        let full = full_files(folder).map_err(failed)?;
        let is_new = full.is_empty() && fs::metadata(&path).map_or(true, |known| known.len() == 0);
        let (key_path, key) = open_key(folder, settings, is_new)?;
        let before = match full.last() {
            Some(file) => look_through(&file.path, None, &key, |_| {})?.place,
            None => None,
        };
        let anchored = Anchor::read(folder, &key);
        if is_new && key.has_sealed() && matches!(anchored, Ok(None)) {
            return Err(AuditError::Emptied { folder: folder.to_owned(), key: key_path });
        }
        let mut file =
            private::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        let Through { first, place, length } = look_through(&path, before.as_ref(), &key, |_| {})?;
        file.set_len(length).and_then(|()| file.seek(SeekFrom::Start(length))).map_err(failed)?;
        let place = place.or(before).unwrap_or_else(Place::origin);
        let cut = cut(&place, anchored, is_new)?;
        let first = first.unwrap_or(place.sequence + 1);
        let (anchor, is_marked) = (Anchor::open(folder)?, key.has_sealed());
        let mut tail = Tail { file, length, first, place, anchor, retired: Vec::new(), is_marked };
        if !is_new {
            tail.mark(&key_path);
        }
        let (folder, settings, tail) = (folder.to_owned(), settings.clone(), Mutex::new(tail));
        let log = Self { folder, key_path, key, settings, tail };
        if let Some(decision) = cut {
            tracing::error!(
                "lines of the audit log are missing that were written once: {}",
                decision.count.map_or("how many is not known".to_owned(), |count| count.to_string())
            );
            log.append(&decision).map_err(failed)?;
        }
        log.tell_head();
        Ok(log)
    }

    /// Appends a decision and returns its seal, hex.
    ///
    /// # Errors
    /// The line cannot be written; the log then stays as it was, and the next line may be tried.
    pub fn append(&self, decision: &Decision) -> io::Result<String> {
        let mut tail = self.tail();
        if tail.length >= self.settings.file_bytes() {
            self.rotate(&mut tail)?;
        }
        while let Some(Retired { name: resource, lines }) = tail.retired.last().cloned() {
            self.write(&mut tail, &Decision { resource, count: Some(lines), ..Decision::of_the_log(RETIRED) })?;
            tail.retired.pop();
        }
        let seal = self.write(&mut tail, decision)?;
        tail.mark(&self.key_path);
        Ok(seal)
    }

    /// Writes the number and the seal of the last line to the process log, which should be kept elsewhere.
    pub(crate) fn tell_head(&self) {
        let tail = self.tail();
        tracing::info!(
            audit.line = tail.place.sequence,
            audit.seal = %tail.place.seal,
            "the audit log has {} lines",
            tail.place.sequence
        );
    }

    fn write(&self, tail: &mut Tail, decision: &Decision) -> io::Result<String> {
        let line = Line::after(&tail.place, decision, &self.key);
        let mut text = serde_json::to_vec(&line)?;
        text.push(b'\n');
        let end = tail.length;
        if tail.file.stream_position()? != end {
            // Half a line, left by a write that failed, would break the chain for every later reader.
            tail.file.set_len(end)?;
            tail.file.seek(SeekFrom::Start(end))?;
        }
        tail.file.write_all(&text)?;
        let place = Place { sequence: line.sequence, seal: line.seal };
        tail.anchor.set(&place, &self.key)?;
        tail.length = end + text.len() as u64;
        tail.place = place;
        Ok(tail.place.seal.clone())
    }

    /// Puts the full file away and begins the next one. Every step leaves what [`AuditLog::open`] understands.
    fn rotate(&self, tail: &mut Tail) -> io::Result<()> {
        let (path, next) = (self.folder.join(LOG_FILE), self.folder.join(NEXT_FILE));
        self.make_room(tail)?;
        let file = private::options().read(true).write(true).create(true).truncate(true).open(&next)?;
        let full = self.folder.join(full_name(tail.first));
        match fs::rename(&path, &full) {
            // An earlier try put the full file away and came no further.
            Err(cause) if cause.kind() == ErrorKind::NotFound && full.is_file() => {}
            renamed => renamed?,
        }
        fs::rename(&next, &path)?;
        (tail.file, tail.length, tail.first) = (file, 0, tail.place.sequence + 1);
        Ok(())
    }

    /// Deletes the oldest files as far as the next one needs room, and notes their names.
    fn make_room(&self, tail: &mut Tail) -> io::Result<()> {
        let full = full_files(&self.folder)?;
        let followers: Vec<u64> = full.iter().skip(1).map(|file| file.first).chain([tail.first]).collect();
        let room = self.settings.disk_bytes;
        // The file that is full now and the next one.
        let mut needed = full.iter().map(|file| file.bytes).sum::<u64>() + 2 * self.settings.file_bytes();
        if needed.saturating_mul(100) >= room.saturating_mul(WARN_PERCENT)
            && let Some(oldest) = full.first()
        {
            tracing::warn!(
                "the audit log fills its {room} bytes: {} is deleted next; keep a copy elsewhere",
                oldest.path.display()
            );
        }
        for (file, follower) in full.into_iter().zip(followers) {
            if needed <= room {
                break;
            }
            let age = SystemTime::now().duration_since(file.modified).unwrap_or_default();
            if age < Duration::from_secs(u64::from(self.settings.keep_days) * 24 * 3_600) {
                return Err(io::Error::new(
                    ErrorKind::StorageFull,
                    format!("the audit log fills its {room} bytes with lines that must be kept"),
                ));
            }
            fs::remove_file(&file.path)?;
            needed -= file.bytes;
            tail.retired.push(Retired { name: full_name(file.first), lines: follower - file.first });
        }
        Ok(())
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tail {
    /// Has the key's file say that it has sealed lines, once.
    fn mark(&mut self, key: &Path) {
        if self.is_marked {
            return;
        }
        self.is_marked = true;
        if let Err(cause) = AuditKey::mark(key) {
            let key = key.display();
            tracing::warn!(%cause, "{key} cannot be written, so a log without any line would be taken for a new one");
        }
    }
}

/// The key, and where it lies.
fn open_key(folder: &Path, settings: &AuditSettings, is_new: bool) -> Result<(PathBuf, AuditKey), AuditError> {
    let path = settings.key.clone().unwrap_or_else(|| folder.join(KEY_FILE));
    let key = match AuditKey::load(&path) {
        Err(AuditError::KeyFile(KeyFileError::Read { cause, .. })) if cause.kind() == ErrorKind::NotFound => {
            if !is_new {
                return Err(AuditError::KeyMissing { key: path });
            }
            AuditKey::create(&path)
        }
        loaded => loaded,
    };
    Ok((path, key?))
}

/// What to write when the anchor knows of lines that are not there, or is not there itself. A line more than the anchor
/// knows of is what a crash between the two leaves: it was sealed with the key.
fn cut(
    place: &Place,
    anchored: Result<Option<Place>, AuditError>,
    is_new: bool,
) -> Result<Option<Decision>, AuditError> {
    let cut = |count| Some(Decision { count, ..Decision::of_the_log(CUT) });
    match anchored {
        Ok(Some(anchored)) if anchored.sequence > place.sequence => Ok(cut(Some(anchored.sequence - place.sequence))),
        Ok(Some(anchored)) if anchored.sequence == place.sequence && anchored.seal != place.seal => Ok(cut(None)),
        Ok(Some(_)) => Ok(None),
        Ok(None) if is_new => Ok(None),
        Ok(None) | Err(AuditError::AnchorForged(_)) => Ok(cut(None)),
        Err(error) => Err(error),
    }
}

/// The full files in a folder, the oldest first.
fn full_files(folder: &Path) -> io::Result<Vec<Full>> {
    let mut full = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Some(first) = first_of(&entry.path()) else { continue };
        let known = entry.metadata()?;
        full.push(Full { first, path: entry.path(), bytes: known.len(), modified: known.modified()? });
    }
    full.sort_by_key(|file| file.first);
    Ok(full)
}

#[cfg(test)]
mod tests;
