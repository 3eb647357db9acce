//! Files of the stores on a disk that can be full.
//!
//! redb, the embedded database, takes nothing more, not even a question, once a single write has failed; only opening
//! the file anew helps. A full disk is no such failure: nothing has been lost, and there will be space again. A write
//! that finds no space therefore waits here until it succeeds. Readers go on meanwhile, and everybody who decides
//! whether something new may be taken on asks [`Disk::trouble`] first.
//!
//! Failures of any other kind, and of flushing to the disk above all, are not retried: what a failed flush has
//! left on the disk is unknown. They stay on record until the files are opened anew.

use std::{
    fs,
    io::{self, ErrorKind},
    ops::Bound,
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fabric_msp::private;
use redb::{BackendError, Database, DatabaseError, StorageBackend, backends::FileBackend};

/// How long a write without space waits before it is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// Whether the stores of one ledger can be written.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    patience: Patience,
    /// Writes that wait for space, and what the last of them was told.
    waiting: usize,
    shortage: String,
    /// The first failure that waiting does not mend.
    broken: Option<String>,
    /// Every write is told that there is no space.
    is_full: bool,
}

/// Whether writes wait for space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Patience {
    /// The files are being opened: a failure is reported at once.
    #[default]
    Opening,
    /// The files are in use.
    Waiting,
    /// The files are about to be closed.
    Over,
}

impl Disk {
    /// Opens or creates a database on this disk. A file that could not be made whole is removed again.
    pub(crate) fn open(self: &Arc<Self>, path: &Path, cache_bytes: usize) -> Result<Database, redb::Error> {
        let is_new = !path.exists();
        let file = private::options().read(true).write(true).create(true).truncate(false).open(path)?;
        let store = StoreFile { file: FileBackend::new(file)?, path: path.to_owned(), disk: Arc::clone(self) };
        let opened = redb::Builder::new().set_cache_size(cache_bytes).create_with_backend(store);
        opened.map_err(|cause: DatabaseError| {
            if is_new && let Err(cause) = fs::remove_file(path) {
                tracing::warn!(path = %path.display(), %cause, "an unfinished file cannot be removed");
            }
            cause.into()
        })
    }

    /// Lets writes wait for space from now on.
    pub(crate) fn begin_to_wait(&self) {
        self.lock().patience = Patience::Waiting;
    }

    /// Ends all waiting for good, because the files are about to be closed. A write that waited fails.
    pub(crate) fn end(&self) {
        self.lock().patience = Patience::Over;
        self.changed.notify_all();
    }

    /// Why the files cannot be written now; `None` when they can, as far as the last writes have shown.
    pub(crate) fn trouble(&self) -> Option<String> {
        let state = self.lock();
        state.broken.clone().or_else(|| (state.waiting > 0).then(|| state.shortage.clone()))
    }

    /// Has every write find no space, or find it again.
    pub(crate) fn set_full(&self, is_full: bool) {
        self.lock().is_full = is_full;
        self.changed.notify_all();
    }

    /// Repeats a write until there is space for it.
    fn write(&self, path: &Path, mut write: impl FnMut() -> io::Result<()>) -> io::Result<()> {
        let mut cause = match self.attempt(&mut write) {
            Ok(()) => return Ok(()),
            Err(cause) => cause,
        };
        let mut state = self.lock();
        if !is_shortage(&cause) || state.patience != Patience::Waiting {
            return Err(self.note(state, path, cause));
        }
        if state.waiting == 0 {
            tracing::error!(path = %path.display(), %cause, "there is no space; the write waits for it");
        }
        state.waiting += 1;
        let result = loop {
            state.shortage = format!("{}: {cause}", path.display());
            state = self.changed.wait_timeout(state, RETRY_AFTER).unwrap_or_else(PoisonError::into_inner).0;
            let is_over = state.patience != Patience::Waiting;
            if is_over {
                break Err(cause);
            }
            drop(state);
            let attempted = self.attempt(&mut write);
            state = self.lock();
            match attempted {
                Ok(()) => break Ok(()),
                Err(other) if is_shortage(&other) => cause = other,
                Err(other) => break Err(other),
            }
        };
        state.waiting -= 1;
        match result {
            Ok(()) => {
                tracing::info!(path = %path.display(), "there is space again");
                Ok(())
            }
            Err(cause) => Err(self.note(state, path, cause)),
        }
    }

    fn attempt(&self, write: &mut impl FnMut() -> io::Result<()>) -> io::Result<()> {
        if self.lock().is_full {
            return Err(ErrorKind::StorageFull.into());
        }
        write()
    }

    /// Keeps a failure on record that waiting does not mend.
    fn note(&self, mut state: MutexGuard<'_, State>, path: &Path, cause: io::Error) -> io::Error {
        if state.patience == Patience::Waiting && state.broken.is_none() {
            tracing::error!(path = %path.display(), %cause, "a store cannot be written and must be opened anew");
            state.broken = Some(format!("{}: {cause}", path.display()));
        }
        cause
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // What is inside is whole at every moment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a failed write may be repeated after space was freed.
fn is_shortage(cause: &io::Error) -> bool {
    matches!(cause.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

/// The file of one database.
#[derive(Debug)]
struct StoreFile {
    file: FileBackend,
    path: PathBuf,
    disk: Arc<Disk>,
}

impl StorageBackend for StoreFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk.write(&self.path, || self.file.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        let flushed = self.file.sync_data();
        flushed.map_err(|cause| self.disk.note(self.disk.lock(), &self.path, cause))
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.disk.write(&self.path, || self.file.write(offset, data))
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Instant};

    use redb::{ReadableDatabase, TableDefinition};

    use super::*;

    const TABLE: TableDefinition<u64, &[u8]> = TableDefinition::new("table");

    fn insert(database: &Database, key: u64) -> Result<(), redb::Error> {
        let transaction = database.begin_write()?;
        transaction.open_table(TABLE)?.insert(key, [7; 10_000].as_slice())?;
        Ok(transaction.commit()?)
    }

    fn has(database: &Database, key: u64) -> Result<bool, redb::Error> {
        Ok(database.begin_read()?.open_table(TABLE)?.get(key)?.is_some())
    }

    fn until(what: impl Fn() -> bool) {
        let end = Instant::now() + Duration::from_secs(60);
        while !what() {
            assert!(Instant::now() < end, "it never came to be");
            thread::yield_now();
        }
    }

    #[test]
    fn a_write_without_space_waits_while_readers_go_on() -> Result<(), redb::Error> {
        let folder = tempfile::tempdir()?;
        let disk = Arc::new(Disk::default());
        let database = disk.open(&folder.path().join("a.redb"), 1024 * 1024)?;
        insert(&database, 1)?;
        disk.begin_to_wait();
        disk.set_full(true);
        thread::scope(|scope| {
            let writer = scope.spawn(|| insert(&database, 2));
            until(|| disk.trouble().is_some());
            assert!(disk.trouble().is_some_and(|text| text.contains("a.redb")));
            assert!(has(&database, 1)? && !has(&database, 2)?);
            disk.set_full(false);
            writer.join().expect("no panic")?;
            assert_eq!(disk.trouble(), None);
            assert!(has(&database, 2)?);
            Ok(())
        })
    }

    #[test]
    fn what_waits_fails_when_the_files_are_to_be_closed() -> Result<(), redb::Error> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("a.redb");
        let disk = Arc::new(Disk::default());
        let database = disk.open(&path, 1024 * 1024)?;
        insert(&database, 1)?;
        disk.begin_to_wait();
        disk.set_full(true);
        thread::scope(|scope| {
            let writer = scope.spawn(|| insert(&database, 2));
            until(|| disk.trouble().is_some());
            disk.end();
            assert!(writer.join().expect("no panic").is_err());
        });
        drop(database);
        let database = Arc::new(Disk::default()).open(&path, 1024 * 1024)?;
        assert!(has(&database, 1)? && !has(&database, 2)?);
        Ok(())
    }

    #[test]
    fn a_file_that_cannot_be_made_leaves_nothing_behind() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("a.redb");
        let disk = Arc::new(Disk::default());
        disk.set_full(true);
        assert!(disk.open(&path, 1024 * 1024).is_err());
        assert!(!path.exists());
        disk.set_full(false);
        assert!(disk.open(&path, 1024 * 1024).is_ok());
        Ok(())
    }

    #[test]
    fn only_want_of_space_is_waited_for() {
        let disk = Disk::default();
        disk.begin_to_wait();
        let path = Path::new("x");
        assert!(disk.write(path, || Err(ErrorKind::PermissionDenied.into())).is_err());
        assert_eq!(disk.trouble().as_deref(), Some("x: permission denied"));
        for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded] {
            let mut left = 2;
            let written = disk.write(path, || {
                left -= 1;
                if left > 0 { Err(kind.into()) } else { Ok(()) }
            });
            assert!(written.is_ok());
        }
    }
}
