//! The log of the process on standard error, which may lead into a file on a full disk or into a pipe that is not read.
//!
//! A line that cannot be written is dropped and counted: what the process does must not end with its log, and a writer
//! that reports the failure would let the subscriber print it to the same standard error, and panic. Readiness says
//! that lines are missing, and the first line that can be written again says how many.

use std::{
    io::{self, Write},
    sync::atomic::{AtomicU64, Ordering},
};

/// Lines that were dropped since one was written.
static DROPPED: AtomicU64 = AtomicU64::new(0);

/// A writer that never fails.
#[derive(Debug)]
pub struct LogWriter<W> {
    writer: W,
    dropped: &'static AtomicU64,
}

/// Where the process logs to; for `tracing_subscriber`'s `with_writer`.
#[must_use]
pub fn standard_error() -> LogWriter<io::Stderr> {
    LogWriter { writer: io::stderr(), dropped: &DROPPED }
}

/// Whether standard error takes lines, as far as is known. After a failure this is tried.
#[must_use]
pub(crate) fn is_writable() -> bool {
    standard_error().resume()
}

impl<W: Write> LogWriter<W> {
    /// Writes how many lines are missing, when some are. Whether none are missing any more.
    fn resume(&mut self) -> bool {
        // Taken, so that two threads do not tell of the same lines.
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped == 0 {
            return true;
        }
        let is_written =
            writeln!(self.writer, "the log could not be written: {dropped} lines are missing here").is_ok();
        if !is_written {
            self.dropped.fetch_add(dropped, Ordering::Relaxed);
        }
        is_written
    }
}

impl<W: Write> Write for LogWriter<W> {
    /// Writes one line as a whole.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let is_written = self.resume() && self.writer.write_all(line).is_ok();
        if !is_written {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        // What could not be written is counted already.
        let _ = self.writer.flush();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk that has room for so many writes at a time.
    #[derive(Default)]
    struct Disk {
        room: usize,
        content: Vec<u8>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.room = self.room.checked_sub(1).ok_or(io::ErrorKind::StorageFull)?;
            self.content.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::StorageFull.into())
        }
    }

    #[test]
    fn what_a_full_disk_does_not_take_is_counted_and_told_of_when_there_is_room() -> io::Result<()> {
        static MISSING: AtomicU64 = AtomicU64::new(0);
        let mut log = LogWriter { writer: Disk { room: 1, ..Disk::default() }, dropped: &MISSING };
        for line in ["first\n", "second\n", "third\n"] {
            log.write_all(line.as_bytes())?;
            log.flush()?;
        }
        assert!(!log.resume());
        log.writer.room = 100;
        assert!(log.resume());
        log.write_all(b"fourth\n")?;
        let content = String::from_utf8_lossy(&log.writer.content).into_owned();
        assert_eq!(content, "first\nthe log could not be written: 2 lines are missing here\nfourth\n");
        Ok(())
    }
}
