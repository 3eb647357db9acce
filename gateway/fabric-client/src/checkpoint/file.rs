//! A checkpoint in a file, of the form that Fabric's official SDKs use: `{"blockNumber":7,"transactionId":"…"}`. Theirs
//! is overwritten in place; this one is replaced as a whole and on disk before [`FileCheckpointer::store`] returns, so
//! a crash at any moment leaves the old or the new position and nothing else.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::checkpointer::{CheckpointError, Checkpointer, Position};

/// A longer file is no checkpoint.
const BYTES_MAX: u64 = 4096;

/// Keeps a position in a file, for one reader at a time.
#[derive(Debug)]
pub struct FileCheckpointer {
    path: PathBuf,
    /// Locked as long as this lives. Its own file, since the other one is replaced.
    _lock: File,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    block_number: Option<Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    transaction_id: Option<String>,
}

/// Go and Java write a number, Node a string.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Number {
    Number(u64),
    Text(String),
}

impl FileCheckpointer {
    /// Uses the file at `path`, which need not exist; its folder must. A file `path.lock` appears beside it.
    ///
    /// # Errors
    /// [`CheckpointError::File`] when the folder cannot be written, [`CheckpointError::InUse`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, CheckpointError> {
        let path = path.into();
        let lock_path = beside(&path, "lock");
        let failed = |cause| CheckpointError::File { path: lock_path.clone(), cause };
        let lock = File::options().create(true).append(true).open(&lock_path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(CheckpointError::InUse(path)),
            Err(TryLockError::Error(cause)) => Err(failed(cause)),
        }
    }

    /// Where the position is kept.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn malformed(&self, cause: impl std::fmt::Display) -> CheckpointError {
        CheckpointError::Malformed { place: self.path.display().to_string(), cause: cause.to_string() }
    }

    fn replace(&self, contents: &[u8]) -> io::Result<()> {
        let new = beside(&self.path, "new");
        let mut file = File::create(&new)?;
        file.write_all(contents)?;
        file.sync_all()?;
        drop(file);
        fs::rename(&new, &self.path)?;
        // The name is in the folder, and the folder has to be on disk too.
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl Checkpointer for FileCheckpointer {
    fn load(&mut self) -> Result<Option<Position>, CheckpointError> {
        let failed = |cause| CheckpointError::File { path: self.path.clone(), cause };
        let file = match File::open(&self.path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(failed)?,
        };
        let mut contents = Vec::new();
        file.take(BYTES_MAX + 1).read_to_end(&mut contents).map_err(failed)?;
        if contents.len() as u64 > BYTES_MAX {
            return Err(self.malformed(format!("it is longer than {BYTES_MAX} bytes")));
        }
        // The official SDKs create an empty file before they store anything.
        if contents.is_empty() {
            return Ok(None);
        }
        let stored: Stored = serde_json::from_slice(&contents).map_err(|error| self.malformed(error))?;
        let transaction_id = stored.transaction_id.filter(|id| !id.is_empty());
        let block_number = match stored.block_number {
            None if transaction_id.is_some() => return Err(self.malformed("it names a transaction and no block")),
            None => return Ok(None),
            Some(Number::Number(number)) => number,
            Some(Number::Text(text)) => text.parse().map_err(|error| self.malformed(error))?,
        };
        Ok(Some(Position { block_number, transaction_id }))
    }

    fn store(&mut self, position: &Position) -> Result<(), CheckpointError> {
        let Position { block_number, transaction_id } = position.clone();
        let stored = Stored { block_number: Some(Number::Number(block_number)), transaction_id };
        let contents = serde_json::to_vec(&stored).map_err(|error| self.malformed(error))?;
        self.replace(&contents).map_err(|cause| CheckpointError::File { path: self.path.clone(), cause })
    }
}

fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    #[test]
    fn a_position_is_there_after_opening_again() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("checkpoint.json");
        for position in [Position::block(0), Position::after_transaction(u64::MAX, "a"), Position::after_block(6)] {
            FileCheckpointer::open(&path)?.store(&position)?;
            assert_eq!(FileCheckpointer::open(&path)?.load()?, Some(position));
        }
        assert_eq!(fs::read_to_string(&path)?, r#"{"blockNumber":7}"#);
        Ok(())
    }

    #[test]
    fn files_of_the_official_clients_are_understood() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("checkpoint.json");
        let mut checkpointer = FileCheckpointer::open(&path)?;
        assert_eq!(checkpointer.load()?, None, "there is no file");
        let rows = [
            ("", None),
            ("{}", None),
            (r#"{"blockNumber":7,"transactionId":"a"}"#, Some(Position::after_transaction(7, "a"))),
            (r#"{"blockNumber":7,"transactionId":""}"#, Some(Position::block(7))),
            (r#"{"blockNumber":"18446744073709551615"}"#, Some(Position::block(u64::MAX))),
            (r#"{"blockNumber":"7","transactionId":"a"}"#, Some(Position::after_transaction(7, "a"))),
        ];
        for (contents, position) in rows {
            fs::write(&path, contents)?;
            assert_eq!(checkpointer.load()?, position, "{contents}");
        }
        Ok(())
    }

    #[test]
    fn what_is_no_checkpoint_is_an_error_and_not_a_new_beginning() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("checkpoint.json");
        let mut checkpointer = FileCheckpointer::open(&path)?;
        let long = " ".repeat(5000);
        for contents in ["{", "7", r#"{"blockNumber":-1}"#, r#"{"blockNumber":"x"}"#, r#"{"transactionId":"a"}"#, &long]
        {
            fs::write(&path, contents)?;
            assert!(matches!(checkpointer.load(), Err(CheckpointError::Malformed { .. })), "{contents:.40}");
        }
        Ok(())
    }

    #[test]
    fn what_a_crash_left_half_written_does_not_count() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("checkpoint.json");
        let mut checkpointer = FileCheckpointer::open(&path)?;
        checkpointer.store(&Position::block(3))?;
        fs::write(folder.path().join("checkpoint.json.new"), r#"{"blockNum"#)?;
        assert_eq!(checkpointer.load()?, Some(Position::block(3)));
        checkpointer.store(&Position::block(4))?;
        assert_eq!(checkpointer.load()?, Some(Position::block(4)));
        Ok(())
    }

    #[test]
    fn a_checkpoint_has_one_reader_at_a_time() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("checkpoint.json");
        let first = FileCheckpointer::open(&path)?;
        assert!(matches!(FileCheckpointer::open(&path), Err(CheckpointError::InUse(_))));
        drop(first);
        FileCheckpointer::open(&path)?;
        Ok(())
    }
}
