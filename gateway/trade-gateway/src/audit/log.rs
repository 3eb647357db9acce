//! The log as the gateway writes it: a row of files within a bounded room, and the heads of its days.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fabric_msp::private::{self, KeyFileError};

use super::{
    anchor::Anchor,
    decision::{CUT, Decision, RETIRED},
    error::AuditError,
    files::{Full, full_files},
    head::{AuditHead, Heads, day_of},
    key::{AuditKey, KEY_FILE},
    line::{LOG_FILE, Line, Place, full_name},
    reader::AuditReader,
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
    key: Arc<AuditKey>,
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
    /// The day of the last line; empty when there is none.
    day: String,
    heads: Heads,
    anchor: Anchor,
    /// Files that were deleted and have no line yet.
    retired: Vec<Retired>,
    /// Whether the key's file says that it has sealed lines, or cannot be made to say so.
    is_marked: bool,
}

/// A file that was deleted.
#[derive(Debug, Clone)]
struct Retired {
    name: String,
    lines: u64,
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
        let mut day = String::new();
        let mut note = |line: &Line| day = day_of(&line.decision.time).to_owned();
        let before = match full.last() {
            Some(file) => look_through(&file.path, None, &key, &mut note)?.place,
            None => None,
        };
        let anchored = Anchor::read(folder, &key);
        if is_new && key.has_sealed() && matches!(anchored, Ok(None)) {
            return Err(AuditError::Emptied { folder: folder.to_owned(), key: key_path });
        }
        let mut file =
            private::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        let Through { first, place, length } = look_through(&path, before.as_ref(), &key, &mut note)?;
        file.set_len(length).and_then(|()| file.seek(SeekFrom::Start(length))).map_err(failed)?;
        let place = place.or(before).unwrap_or_else(Place::origin);
        let cut = cut(&place, anchored, is_new)?;
        let first = first.unwrap_or(place.sequence + 1);
        let (anchor, heads, is_marked) = (Anchor::open(folder)?, Heads::open(folder)?, key.has_sealed());
        let mut tail = Tail { file, length, first, place, day, heads, anchor, retired: Vec::new(), is_marked };
        if !is_new {
            tail.mark(&key_path);
        }
        let (folder, settings, tail) = (folder.to_owned(), settings.clone(), Mutex::new(tail));
        let log = Self { folder, key_path, key: Arc::new(key), settings, tail };
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
        if tail.length >= self.settings.file_bytes() || self.outlives_its_day(&tail, day_of(&decision.time)) {
            self.rotate(&mut tail)?;
        }
        self.write_retired(&mut tail)?;
        let seal = self.write(&mut tail, decision)?;
        tail.mark(&self.key_path);
        Ok(seal)
    }

    /// Does what a day's end brings though nobody calls: writes the head of the day, and deletes files that are older
    /// than the settings let them be. `now` is a time as lines have it.
    ///
    /// # Errors
    /// A file cannot be written or deleted; it may be tried again.
    pub fn tend(&self, now: &str) -> io::Result<()> {
        let (mut tail, today) = (self.tail(), day_of(now));
        self.end_day(&mut tail, today)?;
        if self.outlives_its_day(&tail, today) {
            self.rotate(&mut tail)?;
        }
        self.delete_old(&mut tail)?;
        self.write_retired(&mut tail)
    }

    /// What reads this log without keeping it from being written.
    #[must_use]
    pub fn reader(&self) -> AuditReader {
        AuditReader::new(self.folder.clone(), Arc::clone(&self.key))
    }

    /// Whether the file must be put away because of its age: only whole files are deleted.
    fn outlives_its_day(&self, tail: &Tail, today: &str) -> bool {
        self.settings.delete_after_days.is_some() && tail.length > 0 && today > tail.day.as_str()
    }

    /// Writes down where the log stands at the end of its last line's day, once a later one has begun.
    fn end_day(&self, tail: &mut Tail, today: &str) -> io::Result<()> {
        if tail.day.is_empty() || today <= tail.day.as_str() || tail.heads.has(&tail.day, today) {
            return Ok(());
        }
        let head = AuditHead::of(&self.key, &tail.day, &tail.place);
        tail.heads.add(&head)
    }

    /// Writes the lines about files that were deleted.
    fn write_retired(&self, tail: &mut Tail) -> io::Result<()> {
        while let Some(Retired { name: resource, lines }) = tail.retired.last().cloned() {
            self.write(tail, &Decision { resource, count: Some(lines), ..Decision::of_the_log(RETIRED) })?;
            tail.retired.pop();
        }
        Ok(())
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
        let day = day_of(&decision.time);
        self.end_day(tail, day)?;
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
        day.clone_into(&mut tail.day);
        Ok(tail.place.seal.clone())
    }

    /// Puts the full file away and begins the next one. Every step leaves what [`AuditLog::open`] understands.
    fn rotate(&self, tail: &mut Tail) -> io::Result<()> {
        let (path, next) = (self.folder.join(LOG_FILE), self.folder.join(NEXT_FILE));
        self.delete_old(tail)?;
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
            if !file.is_older_than(self.settings.keep_days) {
                return Err(io::Error::new(
                    ErrorKind::StorageFull,
                    format!("the audit log fills its {room} bytes with lines that must be kept"),
                ));
            }
            tail.retire(&file, follower)?;
            needed -= file.bytes;
        }
        Ok(())
    }

    /// Deletes the files that are older than they may become.
    fn delete_old(&self, tail: &mut Tail) -> io::Result<()> {
        let Some(days) = self.settings.delete_after_days else { return Ok(()) };
        let full = full_files(&self.folder)?;
        let followers: Vec<u64> = full.iter().skip(1).map(|file| file.first).chain([tail.first]).collect();
        let old = full.into_iter().zip(followers).take_while(|(file, _)| file.is_older_than(days));
        for (file, follower) in old {
            tail.retire(&file, follower)?;
        }
        Ok(())
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tail {
    /// Deletes a full file and notes its name. `follower` is the number of the line after its last one.
    fn retire(&mut self, file: &Full, follower: u64) -> io::Result<()> {
        fs::remove_file(&file.path)?;
        self.retired.push(Retired { name: full_name(file.first), lines: follower - file.first });
        Ok(())
    }

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

#[cfg(test)]
mod tests;
