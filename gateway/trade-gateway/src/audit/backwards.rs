//! A file of the log from its end to its beginning, line by line.

use std::{fs::File, io, os::unix::fs::FileExt};

use super::line::LINE_BYTES_MAX;

/// How much is read at once.
const CHUNK_BYTES: u64 = 64 * 1024;

/// Reads a file backwards. Nothing is locked: the file may be written meanwhile.
pub(super) struct Backwards {
    file: File,
    /// Where in the file `held` begins.
    start: u64,
    /// What is read and not given out: whole lines, but for the beginning of the first one.
    held: Vec<u8>,
    /// How many bytes were read from the file.
    pub(super) read: u64,
}

impl Backwards {
    /// Begins before the end of the file, or before this byte of it. What stands there without a line end is what is
    /// being written, or what a crash has left, and no line.
    pub(super) fn new(file: File, end: Option<u64>) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let mut backwards = Self { file, start: end.map_or(length, |end| end.min(length)), held: Vec::new(), read: 0 };
        while !backwards.held.contains(&b'\n') && !backwards.is_full() && backwards.more()? {}
        let whole = backwards.held.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        backwards.held.truncate(whole);
        Ok(backwards)
    }

    /// Before which byte of the file the lines stand that were not given out yet.
    pub(super) fn end(&self) -> u64 {
        self.start + self.held.len() as u64
    }

    /// The line before the last one given out, with its end; none at the beginning of the file. A line that is longer
    /// than any of the log is given out in part.
    pub(super) fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let whole = self.held.len().saturating_sub(1);
            if let Some(at) = self.held[..whole].iter().rposition(|byte| *byte == b'\n') {
                return Ok(Some(self.held.split_off(at + 1)));
            }
            if self.is_full() || !self.more()? {
                let first = std::mem::take(&mut self.held);
                return Ok(Some(first).filter(|first| !first.is_empty()));
            }
        }
    }

    /// Whether more is held than a line of the log has.
    fn is_full(&self) -> bool {
        self.held.len() as u64 > LINE_BYTES_MAX
    }

    /// Reads the chunk before what is held. False at the beginning of the file.
    fn more(&mut self) -> io::Result<bool> {
        let length = self.start.min(CHUNK_BYTES);
        if length == 0 {
            return Ok(false);
        }
        let mut chunk = vec![0; usize::try_from(length).unwrap_or(0)];
        self.file.read_exact_at(&mut chunk, self.start - length)?;
        self.start -= length;
        self.read += length;
        chunk.append(&mut self.held);
        self.held = chunk;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, end: Option<u64>) -> io::Result<Vec<String>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("lines");
        std::fs::write(&path, text)?;
        let mut backwards = Backwards::new(File::open(path)?, end)?;
        let mut lines = Vec::new();
        while let Some(line) = backwards.line()? {
            lines.push(String::from_utf8(line).expect("text"));
        }
        assert_eq!(backwards.end(), 0);
        Ok(lines)
    }

    #[test]
    fn the_lines_come_from_the_last_one_and_without_what_is_torn() -> io::Result<()> {
        assert_eq!(lines("a\nbb\nccc\n", None)?, ["ccc\n", "bb\n", "a\n"]);
        assert_eq!(lines("a\nbb\nto", None)?, ["bb\n", "a\n"]);
        assert_eq!(lines("a\nbb\nccc\n", Some(5))?, ["bb\n", "a\n"]);
        assert_eq!(lines("a\nbb\nccc\n", Some(99))?, ["ccc\n", "bb\n", "a\n"]);
        for none in ["", "torn"] {
            assert!(lines(none, None)?.is_empty(), "{none}");
        }
        // Lines stand across the places where reading begins anew.
        let long: Vec<String> = (0..40).map(|at| format!("{at}{}\n", "x".repeat(7_919))).collect();
        assert_eq!(lines(&(long.concat() + "torn"), None)?, long.into_iter().rev().collect::<Vec<_>>());
        Ok(())
    }
}
