//! The database: SQLite in a file, or PostgreSQL by URL.

use std::{path::Path, str::FromStr, time::Duration};

use super::{
    dialect::Dialect,
    error::StoreError,
    reader::{Reader, ReaderId},
    schema,
};
use crate::sqlx::{
    self, Any, AnyConnection, AnyPool, Row, Transaction,
    any::{AnyConnectOptions, AnyPoolOptions},
};

/// Connections at most.
const CONNECTIONS_MAX: u32 = 8;

/// How long a statement waits for a connection.
const CONNECTION_WAIT: Duration = Duration::from_secs(5);

/// How long a change waits for the one that writes, as long as SQLite waits for another process.
const WRITER_WAIT: Duration = Duration::from_secs(10);

/// How long PostgreSQL works on one statement of a read, in milliseconds.
const READ_MS_MAX: u32 = 10_000;

/// Where the index lies.
#[derive(Debug, Clone)]
pub struct Store {
    /// Reads; on PostgreSQL it writes, too.
    pub(super) pool: AnyPool,
    /// Writes. SQLite has one writer at a time: here it is always the same connection, so that what it remembers of the
    /// file stays true.
    pub(crate) writer: AnyPool,
    dialect: Dialect,
}

impl Store {
    /// Opens the database of a URL (`sqlite:FILE`, made when it is not there, or `postgres://…`) and brings its tables
    /// to this version. Several processes may use one PostgreSQL database.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be reached or migrated.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let (dialect, url) = if let Some(path) = url.strip_prefix("sqlite:") {
            (Dialect::Sqlite, format!("sqlite://{}?mode=rwc", path.trim_start_matches("//")))
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            (Dialect::Postgres, url.to_owned())
        } else {
            return Err(StoreError::Url(without_password(url)));
        };
        let options = AnyConnectOptions::from_str(&url)?;
        let (writer, pool) = match dialect {
            // The writer first: it may have to make the file.
            Dialect::Sqlite => (
                connect(&options, dialect, 1, true).await?,
                connect(&options, dialect, CONNECTIONS_MAX - 1, false).await?,
            ),
            Dialect::Postgres => {
                let pool = connect(&options, dialect, CONNECTIONS_MAX, false).await?;
                (pool.clone(), pool)
            }
        };
        let store = Self { pool, writer, dialect };
        schema::migrate(&store.writer, dialect).await?;
        Ok(store)
    }

    /// Opens a file of SQLite.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_file(path: &Path) -> Result<Self, StoreError> {
        Self::open(&format!("sqlite:{}", path.display())).await
    }

    /// Which database it is.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Lets go of the database. Statements fail afterwards.
    pub async fn close(&self) {
        self.pool.close().await;
        self.writer.close().await;
    }

    /// The id of a reader, made when it is new.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reader(&self, reader: &Reader) -> Result<ReaderId, StoreError> {
        let mut connection = self.pool.acquire().await?;
        if let Some(reader_id) = reader_id(&mut connection, reader).await? {
            return Ok(reader_id);
        }
        drop(connection);
        // Only one that may be new waits for its turn; it may have been made meanwhile.
        let mut transaction = self.in_turn().await?;
        let reader_id = match reader_id(&mut transaction, reader).await? {
            Some(reader_id) => reader_id,
            None => {
                let row = sqlx::query("SELECT COALESCE(MAX(reader_id), 0) + 1 FROM reader");
                let reader_id: i64 = row.fetch_one(&mut *transaction).await?.try_get(0)?;
                sqlx::query("INSERT INTO reader VALUES ($1, $2, $3, $4, 0)")
                    .bind(reader_id)
                    .bind(&reader.channel)
                    .bind(&reader.organization)
                    .bind(&reader.chaincode)
                    .execute(&mut *transaction)
                    .await?;
                ReaderId(reader_id)
            }
        };
        transaction.commit().await?;
        Ok(reader_id)
    }

    /// The number of the block that a reader needs next.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn next_block(&self, reader: ReaderId) -> Result<u64, StoreError> {
        let mut connection = self.pool.acquire().await?;
        self.height(&mut connection, reader).await
    }

    /// The same, as one connection sees it.
    pub(crate) async fn height(&self, connection: &mut AnyConnection, reader: ReaderId) -> Result<u64, StoreError> {
        let row = sqlx::query("SELECT next_block FROM reader WHERE reader_id = $1").bind(reader.0);
        let next: i64 = row.fetch_one(connection).await?.try_get(0)?;
        u64::try_from(next).map_err(|_| StoreError::Unreadable { what: "a block number" })
    }

    /// SHA-256 of the header of a block that a reader has read, in hexadecimal digits; none of one that it has not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn header_sha256(&self, reader: ReaderId, block: u64) -> Result<Option<String>, StoreError> {
        let number = i64::try_from(block).map_err(|_| StoreError::Number(block))?;
        let row = sqlx::query("SELECT header_sha256 FROM block WHERE reader_id = $1 AND block = $2");
        let row = row.bind(reader.0).bind(number).fetch_optional(&self.pool).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?)
    }

    /// Whether an organization belongs to the channel, as of the blocks that a reader has read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_on_channel(&self, reader: ReaderId, organization: &str) -> Result<bool, StoreError> {
        let row = sqlx::query("SELECT 1 FROM channel_organization WHERE reader_id = $1 AND organization = $2");
        Ok(row.bind(reader.0).bind(organization).fetch_optional(&self.pool).await?.is_some())
    }

    /// Forgets everything that a reader has read, so that it begins with block 0.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn clear(&self, reader: ReaderId) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin().await?;
        schema::forget(&mut transaction, Some(reader)).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// A transaction that changes rows which it names. What it reads before may be another one's by then.
    pub(crate) async fn changing(&self) -> Result<Transaction<'static, Any>, StoreError> {
        match self.dialect {
            // A transaction that has read and then writes would be refused when another has written meanwhile.
            Dialect::Sqlite => self.in_turn().await,
            Dialect::Postgres => Ok(self.writer.begin().await?),
        }
    }

    /// A transaction whose changes follow from what it reads: no other one changes anything until it ends.
    pub(crate) async fn in_turn(&self) -> Result<Transaction<'static, Any>, StoreError> {
        let mut transaction = self.writer.begin().await?;
        self.dialect.lock(&mut transaction).await?;
        Ok(transaction)
    }

    /// A transaction that reads, and does not take for ever.
    pub(crate) async fn reading(&self) -> Result<Transaction<'static, Any>, StoreError> {
        let mut transaction = self.pool.begin().await?;
        if self.dialect == Dialect::Postgres {
            let bound = format!("SET LOCAL statement_timeout = {READ_MS_MAX}");
            sqlx::query(&bound).execute(&mut *transaction).await?;
        }
        Ok(transaction)
    }
}

async fn connect(
    options: &AnyConnectOptions,
    dialect: Dialect,
    connections: u32,
    is_writer: bool,
) -> Result<AnyPool, sqlx::Error> {
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(if is_writer { WRITER_WAIT } else { CONNECTION_WAIT })
        .after_connect(move |connection, _| Box::pin(async move { dialect.prepare(connection, is_writer).await }))
        .connect_with(options.clone())
        .await
}

/// The id of a reader that is there.
async fn reader_id(connection: &mut AnyConnection, reader: &Reader) -> Result<Option<ReaderId>, StoreError> {
    let row = sqlx::query("SELECT reader_id FROM reader WHERE channel = $1 AND organization = $2 AND chaincode = $3");
    let row = row.bind(&reader.channel).bind(&reader.organization).bind(&reader.chaincode);
    let row = row.fetch_optional(connection).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?.map(ReaderId))
}

/// A URL that can be shown: what stands between `:` and `@` is left out.
fn without_password(url: &str) -> String {
    match url.split_once('@') {
        Some((_, place)) => format!("…@{place}"),
        None => url.to_owned(),
    }
}
