//! What a checkpoint is, and one that is kept in memory.

use std::{io, path::PathBuf};

/// The next event of interest: in block `block_number`, after the event of `transaction_id` when there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The block that the next event may stand in.
    pub block_number: u64,
    /// The last transaction of that block whose event is dealt with; `None` when nothing of the block is.
    pub transaction_id: Option<String>,
}

impl Position {
    /// At the beginning of a block.
    pub fn block(block_number: u64) -> Self {
        Self { block_number, transaction_id: None }
    }

    /// After a whole block.
    pub fn after_block(block_number: u64) -> Self {
        Self::block(block_number.saturating_add(1))
    }

    /// After the event of a transaction.
    pub fn after_transaction(block_number: u64, transaction_id: &str) -> Self {
        Self { block_number, transaction_id: Some(transaction_id.to_owned()) }
    }
}

/// Something that keeps a [`Position`]. Calls may block for as long as a disk or a database needs.
pub trait Checkpointer: Send {
    /// What was stored last; `None` when nothing was ever stored.
    ///
    /// # Errors
    /// [`CheckpointError`] when it cannot be read. Nothing is guessed then.
    fn load(&mut self) -> Result<Option<Position>, CheckpointError>;

    /// Stores. When it returns, the position survives what this checkpointer promises to survive.
    ///
    /// # Errors
    /// [`CheckpointError`] when it cannot be written; what was stored before is still there.
    fn store(&mut self, position: &Position) -> Result<(), CheckpointError>;
}

/// Why a checkpoint could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file cannot be read, written or brought to disk.
    #[error("{}: {cause}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// What is stored is no checkpoint.
    #[error("{place} holds no checkpoint: {cause}")]
    Malformed {
        /// Where it is stored.
        place: String,
        /// What is wrong.
        cause: String,
    },
    /// Another reader uses the same checkpoint; two readers would each lose what the other one has read.
    #[error("{} is in use by another reader", .0.display())]
    InUse(PathBuf),
    /// The database refused.
    #[error("the database did not keep the checkpoint: {0}")]
    Database(Box<dyn std::error::Error + Send + Sync>),
}

/// Keeps a position as long as the process lives.
#[derive(Clone, Debug, Default)]
pub struct MemoryCheckpointer {
    position: Option<Position>,
}

impl MemoryCheckpointer {
    /// With nothing stored.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a position that is known from elsewhere.
    pub fn at(position: Position) -> Self {
        Self { position: Some(position) }
    }
}

impl Checkpointer for MemoryCheckpointer {
    fn load(&mut self) -> Result<Option<Position>, CheckpointError> {
        Ok(self.position.clone())
    }

    fn store(&mut self, position: &Position) -> Result<(), CheckpointError> {
        self.position = Some(position.clone());
        Ok(())
    }
}

impl<C: Checkpointer + ?Sized> Checkpointer for &mut C {
    fn load(&mut self) -> Result<Option<Position>, CheckpointError> {
        (**self).load()
    }

    fn store(&mut self, position: &Position) -> Result<(), CheckpointError> {
        (**self).store(position)
    }
}

impl<C: Checkpointer + ?Sized> Checkpointer for Box<C> {
    fn load(&mut self) -> Result<Option<Position>, CheckpointError> {
        (**self).load()
    }

    fn store(&mut self, position: &Position) -> Result<(), CheckpointError> {
        (**self).store(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_keeps_the_last_position() -> Result<(), CheckpointError> {
        let mut memory = MemoryCheckpointer::new();
        assert_eq!(memory.load()?, None);
        memory.store(&Position::after_transaction(4, "a"))?;
        memory.store(&Position::after_block(4))?;
        assert_eq!(memory.load()?, Some(Position::block(5)));
        Ok(())
    }
}
