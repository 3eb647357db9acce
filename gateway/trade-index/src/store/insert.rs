//! What a block says, as rows of the tables that follow from nothing else.

use crate::sqlx::{self, AnyConnection};

use super::{author::Known, document::entry_key, error::StoreError, reader::ReaderId, value::hexadecimal};
use crate::block::{BlockFacts, Write};

/// Rows of one `INSERT` at most: SQLite takes 32 766 values in a statement, the widest table of these has nine.
pub(super) const ROWS_AT_ONCE: usize = 500;

pub(super) async fn insert_transactions(
    connection: &mut AnyConnection,
    reader: ReaderId,
    block: i64,
    facts: &BlockFacts,
) -> Result<(), StoreError> {
    for rows in facts.transactions.chunks(ROWS_AT_ONCE) {
        let statement = insert("ledger_transaction", 9, rows.len());
        let mut query = sqlx::query(&statement);
        for row in rows {
            query = query
                .bind(reader.0)
                .bind(block)
                .bind(i64::from(row.place))
                .bind(&row.transaction_id)
                .bind(&row.creator)
                .bind(hexadecimal(&row.certificate_sha256))
                .bind(&row.function)
                .bind(i64::from(row.code))
                .bind(row.claimed_at.to_string());
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn insert_versions(
    connection: &mut AnyConnection,
    reader: ReaderId,
    block: i64,
    writes: &[(u32, &Write)],
) -> Result<(), StoreError> {
    for rows in writes.chunks(ROWS_AT_ONCE) {
        let statement = insert("entry_version", 5, rows.len());
        let mut query = sqlx::query(&statement);
        for (place, write) in rows {
            query = query
                .bind(reader.0)
                .bind(entry_key(&write.key[0], &write.key[1..]))
                .bind(block)
                .bind(i64::from(*place))
                .bind(write.value.as_deref());
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Keeps which organizations the channel has since the block.
pub(super) async fn put_organizations(
    connection: &mut AnyConnection,
    reader: ReaderId,
    facts: &BlockFacts,
) -> Result<(), StoreError> {
    let Some(organizations) = &facts.organizations else { return Ok(()) };
    let gone = sqlx::query("DELETE FROM channel_organization WHERE reader_id = $1");
    gone.bind(reader.0).execute(&mut *connection).await?;
    for organization in organizations {
        let row = sqlx::query("INSERT INTO channel_organization VALUES ($1, $2) ON CONFLICT DO NOTHING");
        row.bind(reader.0).bind(organization).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Keeps the hashes of private values as they are now.
pub(super) async fn put_hashes(
    connection: &mut AnyConnection,
    reader: ReaderId,
    known: &Known<'_>,
) -> Result<(), StoreError> {
    for (transaction, write) in known.hashes() {
        let statement = match write.value_sha256 {
            Some(_) => {
                "INSERT INTO private_hash VALUES ($1, $2, $3, $4, $5) ON CONFLICT (reader_id, key_sha256, collection) \
                 DO UPDATE SET value_sha256 = excluded.value_sha256, creator = excluded.creator"
            }
            None => "DELETE FROM private_hash WHERE reader_id = $1 AND key_sha256 = $2 AND collection = $3",
        };
        let query =
            sqlx::query(statement).bind(reader.0).bind(hexadecimal(&write.key_sha256)).bind(write.collection.as_str());
        let query = match &write.value_sha256 {
            Some(value) => query.bind(hexadecimal(value)).bind(transaction.creator.as_str()),
            None => query,
        };
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) async fn insert_events(
    connection: &mut AnyConnection,
    reader: ReaderId,
    block: i64,
    facts: &BlockFacts,
) -> Result<(), StoreError> {
    let rows: Vec<_> =
        facts.transactions.iter().filter_map(|row| row.event.as_ref().map(|event| (row.place, event))).collect();
    for rows in rows.chunks(ROWS_AT_ONCE) {
        let statement = insert("ledger_event", 5, rows.len());
        let mut query = sqlx::query(&statement);
        for (place, event) in rows {
            query = query.bind(reader.0).bind(block).bind(i64::from(*place)).bind(&event.name).bind(&event.payload);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// An `INSERT` of `rows` rows of `columns` values each.
pub(super) fn insert(table: &str, columns: usize, rows: usize) -> String {
    let row = |row: usize| {
        let values: Vec<String> = (1..=columns).map(|column| format!("${}", row * columns + column)).collect();
        format!("({})", values.join(", "))
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!("INSERT INTO {table} VALUES {}", rows.join(", "))
}
