//! Where a reader of events has got to, kept in memory, in a file or in a database. A checkpoint says what comes next;
//! it does not read events itself, [`crate::events::Resuming`] does.

mod checkpointer;
mod file;
mod sql;

pub use self::{
    checkpointer::{CheckpointError, Checkpointer, MemoryCheckpointer, Position},
    file::FileCheckpointer,
    sql::{SqlCheckpointer, SqlRow, SqlSession},
};
