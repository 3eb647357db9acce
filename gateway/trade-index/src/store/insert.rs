//! What a block says, as rows of the tables that follow from nothing else.

use std::collections::BTreeMap;

use crate::sqlx::{self, AnyConnection};

use super::{
    author::{Authors, Known, composite, sha256_of},
    error::StoreError,
    key::entry_key,
    reader::ReaderId,
    value::{hexadecimal, places, rows_of_places},
};
use crate::block::{BlockFacts, Write};

/// Values of one statement, about. Both databases take many more, but SQLite looks each one's name up among all names
/// before it, so that the time for a statement grows with the square of their number.
pub(super) const VALUES_AT_ONCE: usize = 500;

/// Rows of so many columns of one statement.
pub(super) const fn rows_at_once(columns: usize) -> usize {
    VALUES_AT_ONCE / columns
}

pub(super) async fn insert_transactions(
    connection: &mut AnyConnection,
    reader: ReaderId,
    block: i64,
    facts: &BlockFacts,
) -> Result<(), StoreError> {
    for rows in facts.transactions.chunks(rows_at_once(9)) {
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
    for rows in writes.chunks(rows_at_once(5)) {
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
    let (gone, kept): (Vec<_>, Vec<_>) = known.hashes().partition(|(_, write)| write.value_sha256.is_none());
    for rows in gone.chunks(rows_at_once(2)) {
        let statement = format!(
            "DELETE FROM private_hash WHERE reader_id = $1 AND (key_sha256, collection) IN (VALUES {})",
            rows_of_places(2, 2, rows.len())
        );
        let query = rows.iter().fold(sqlx::query(&statement).bind(reader.0), |query, (_, write)| {
            query.bind(hexadecimal(&write.key_sha256)).bind(write.collection.as_str())
        });
        query.execute(&mut *connection).await?;
    }
    for rows in kept.chunks(rows_at_once(5)) {
        let statement = format!(
            "{} ON CONFLICT (reader_id, key_sha256, collection) \
             DO UPDATE SET value_sha256 = excluded.value_sha256, creator = excluded.creator",
            insert("private_hash", 5, rows.len())
        );
        let mut query = sqlx::query(&statement);
        for (transaction, write) in rows {
            query = query
                .bind(reader.0)
                .bind(hexadecimal(&write.key_sha256))
                .bind(write.collection.as_str())
                .bind(hexadecimal(write.value_sha256.as_ref().map_or(&[][..], |digest| digest)))
                .bind(transaction.creator.as_str());
        }
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
    for rows in rows.chunks(rows_at_once(5)) {
        let statement = insert("ledger_event", 5, rows.len());
        let mut query = sqlx::query(&statement);
        for (place, event) in rows {
            query = query.bind(reader.0).bind(block).bind(i64::from(*place)).bind(&event.name).bind(&event.payload);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Keeps whether the authors of entries have made what stands there now.
pub(super) async fn put_authors(
    connection: &mut AnyConnection,
    reader: ReaderId,
    authors: &BTreeMap<Vec<String>, Authors>,
) -> Result<(), StoreError> {
    let (mut named, mut nobody) = (Vec::new(), Vec::new());
    for (key, authors) in authors {
        let text = entry_key(&key[0], &key[1..]);
        match authors.flaw() {
            Some(flaw) => named.push((text, hexadecimal(&sha256_of(&composite(key))), flaw)),
            None => nobody.push(text),
        }
    }
    for keys in nobody.chunks(VALUES_AT_ONCE) {
        let statement =
            format!("DELETE FROM entry_author WHERE reader_id = $1 AND entry_key IN ({})", places(2, keys.len()));
        let query = keys.iter().fold(sqlx::query(&statement).bind(reader.0), |query, key| query.bind(key));
        query.execute(&mut *connection).await?;
    }
    for rows in named.chunks(rows_at_once(4)) {
        let statement = format!(
            "{} ON CONFLICT (reader_id, entry_key) DO UPDATE SET flaw = excluded.flaw",
            insert("entry_author", 4, rows.len())
        );
        let mut query = sqlx::query(&statement);
        for (key, key_sha256, flaw) in rows {
            query = query.bind(reader.0).bind(key).bind(key_sha256).bind(*flaw);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// An `INSERT` of `rows` rows of `columns` values each.
pub(super) fn insert(table: &str, columns: usize, rows: usize) -> String {
    format!("INSERT INTO {table} VALUES {}", rows_of_places(1, columns, rows))
}
