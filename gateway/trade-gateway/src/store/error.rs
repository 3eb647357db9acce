//! Why the operation store cannot be used.

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused: locked by another gateway, disk full, damaged.
    #[error("the operation store: {0}")]
    Database(Box<redb::Error>),
    /// The database failed before and could not be opened again so far.
    #[error("the operation store is closed after a failure")]
    Closed,
    /// The key of a transaction that is to be submitted does not lead to its request any more, because the database had
    /// to be opened again; another request may have taken it.
    #[error("the idempotency key was lost when the operation store was opened again")]
    KeyLost,
    /// A record is not of this version's form.
    #[error("the operation store holds a damaged record: {0}")]
    Record(serde_json::Error),
    /// Written by another version.
    #[error("the operation store was written by another version")]
    Format,
    /// The system gives no random bytes.
    #[error("no random bytes: {0}")]
    Random(openssl::error::ErrorStack),
}

impl From<serde_json::Error> for StoreError {
    fn from(cause: serde_json::Error) -> Self {
        Self::Record(cause)
    }
}

impl From<openssl::error::ErrorStack> for StoreError {
    fn from(cause: openssl::error::ErrorStack) -> Self {
        Self::Random(cause)
    }
}

macro_rules! from_redb {
    ($($kind:ty),*) => {$(
        impl From<$kind> for StoreError {
            fn from(error: $kind) -> Self {
                Self::Database(Box::new(error.into()))
            }
        }
    )*};
}
from_redb!(
    redb::DatabaseError,
    redb::TransactionError,
    redb::TableError,
    redb::StorageError,
    redb::CommitError,
    redb::SetDurabilityError
);

impl StoreError {
    /// Whether nothing more can be had from the database as it is open.
    pub(super) fn ends_the_database(&self) -> bool {
        let Self::Database(error) = self else { return false };
        matches!(**error, redb::Error::Io(_) | redb::Error::PreviousIo | redb::Error::DatabaseClosed)
    }
}
