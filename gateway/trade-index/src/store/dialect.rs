//! SQLite or PostgreSQL: the few words that differ.

use crate::sqlx::{self, AnyConnection};

/// What the writer remembers of the file: 64 MiB. A block changes pages of many indices, here and there.
const CACHE: &str = "cache_size = -65536";

/// After how many pages the log is written into the file: 64 MiB. What changes again before is written there once.
const CHECKPOINT: &str = "wal_autocheckpoint = 16384";

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// A file of SQLite.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

impl Dialect {
    /// What a column of text is called whose order is that of its bytes.
    pub(crate) fn bytes(self) -> &'static str {
        match self {
            Self::Sqlite => "TEXT",
            // The database's own order may be that of a language, in which ranges of prefixes are no ranges.
            Self::Postgres => "TEXT COLLATE \"C\"",
        }
    }

    /// A question for the names of all tables.
    pub(crate) fn tables(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table'",
            Self::Postgres => "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()",
        }
    }

    /// What is said on each new connection.
    pub(super) async fn prepare(self, connection: &mut AnyConnection, is_writer: bool) -> Result<(), sqlx::Error> {
        if self == Self::Sqlite {
            // Readers go on while a block is written. What a power cut takes from the log's end is read from the peer
            // again, since the position is part of the same transaction.
            let all = ["journal_mode = WAL", "synchronous = NORMAL", "busy_timeout = 10000"];
            for pragma in all.into_iter().chain([CACHE, CHECKPOINT].into_iter().filter(|_| is_writer)) {
                sqlx::query(&format!("PRAGMA {pragma}")).execute(&mut *connection).await?;
            }
        }
        Ok(())
    }

    /// Lets a transaction count before it is on the disk: what a crash takes is read from the peer again.
    pub(super) async fn defer(self, connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
        if self == Self::Postgres {
            sqlx::query("SET LOCAL synchronous_commit = off").execute(connection).await?;
        }
        Ok(())
    }

    /// Waits until no other process changes what all share.
    pub(super) async fn lock(self, connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
        match self {
            // A write of a transaction's begin would do; an update of nothing takes the lock.
            Self::Sqlite => sqlx::query("UPDATE reader SET next_block = next_block WHERE reader_id < 0"),
            Self::Postgres => sqlx::query("LOCK TABLE reader IN SHARE ROW EXCLUSIVE MODE"),
        }
        .execute(connection)
        .await?;
        Ok(())
    }
}
