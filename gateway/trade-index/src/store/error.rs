//! Why the database does not serve.

use crate::sqlx;

/// Why the database does not serve.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL is not of a database that can be used.
    #[error("the index's database must be sqlite:FILE or postgres://…, not {0:?}")]
    Url(String),
    /// The database refused.
    #[error("the index's database: {0}")]
    Database(sqlx::Error),
    /// Its tables cannot be brought to this version.
    #[error("the index's database cannot be migrated: {0}")]
    Migration(sqlx::migrate::MigrateError),
    /// What lies in it cannot be read.
    #[error("the index holds {what} that cannot be read; rebuild it")]
    Unreadable {
        /// What.
        what: &'static str,
    },
    /// The peer's chain is not the one that was read before.
    #[error(
        "block {0} does not follow the block that the index holds before it: the peer shows another chain; rebuild"
    )]
    OtherChain(u64),
    /// A block number that no database holds.
    #[error("block {0} is beyond what can be kept")]
    Number(u64),
}

// Not by `#[from]`, which would expose as its source what the message says.
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::Migration(error)
    }
}
