//! A block becomes rows: transactions, versions of entries, events, and the lists' rows that follow from them, all in
//! one database transaction with the reader's position.

use std::collections::{BTreeMap, BTreeSet};

use crate::sqlx::{self, AnyConnection, Row};
use trade_model::tables;

use super::{
    author::{Authors, Known, Written, composite, sha256_of},
    database::Store,
    document::entry_key,
    error::StoreError,
    insert::{ROWS_AT_ONCE, insert_events, insert_transactions, insert_versions, put_hashes, put_organizations},
    reader::ReaderId,
    row::{ChangeStamp, refresh},
    value::hexadecimal,
};
use crate::{
    block::{BlockFacts, Write},
    resource::{Resource, micros, resources},
};

/// Longest key that is kept, in bytes: what PostgreSQL's indices take. No key of the model is longer.
const KEY_BYTES_MAX: usize = 2_400;

/// What became of a block that was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It is in the index now.
    Now,
    /// It was not the one that is needed next: another process of the same reader had it first, or blocks are missing.
    OutOfTurn {
        /// The block that is needed next.
        next: u64,
    },
}

impl Store {
    /// Takes a block into the index when it is the one that the reader needs next.
    ///
    /// # Errors
    /// [`StoreError`]; nothing of the block is in the index then.
    pub async fn apply(&self, reader: ReaderId, facts: &BlockFacts) -> Result<Applied, StoreError> {
        let number = i64::try_from(facts.number).ok().filter(|number| *number < i64::MAX);
        let number = number.ok_or(StoreError::Number(facts.number))?;
        let mut transaction = self.pool.begin().await?;
        if !take_turn(&mut transaction, reader, number).await? {
            drop(transaction);
            return Ok(Applied::OutOfTurn { next: self.next_block(reader).await? });
        }
        check_chain(&mut transaction, reader, number, facts).await?;
        let block = Block { reader, number, facts, known: Known::of(facts), writes: kept(facts) };
        block.record(&mut transaction).await?;
        block.refresh_lists(&mut transaction).await?;
        transaction.commit().await?;
        Ok(Applied::Now)
    }
}

/// Moves the reader's position over the block; false when it is not the block's turn.
async fn take_turn(connection: &mut AnyConnection, reader: ReaderId, number: i64) -> Result<bool, StoreError> {
    let moved = sqlx::query("UPDATE reader SET next_block = $1 WHERE reader_id = $2 AND next_block = $3")
        .bind(number + 1)
        .bind(reader.0)
        .bind(number)
        .execute(connection)
        .await?;
    Ok(moved.rows_affected() > 0)
}

/// Whether the block continues the one before it. Records its header.
async fn check_chain(
    connection: &mut AnyConnection,
    reader: ReaderId,
    number: i64,
    facts: &BlockFacts,
) -> Result<(), StoreError> {
    let before = sqlx::query("SELECT header_sha256 FROM block WHERE reader_id = $1 AND block = $2")
        .bind(reader.0)
        .bind(number - 1)
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(before) = before
        && before.try_get::<String, _>(0)? != hexadecimal(&facts.previous_sha256)
    {
        return Err(StoreError::OtherChain(facts.number));
    }
    sqlx::query("INSERT INTO block VALUES ($1, $2, $3)")
        .bind(reader.0)
        .bind(number)
        .bind(hexadecimal(&facts.header_sha256))
        .execute(connection)
        .await?;
    Ok(())
}

/// The writes that are kept: those of tables that hold records, with their transaction's place. Ways to find records,
/// which contracts keep beside them, are not.
fn kept(facts: &BlockFacts) -> Vec<(u32, &Write)> {
    let is_kept = |write: &&Write| {
        let table = write.key.first().map(String::as_str).unwrap_or_default();
        holds_records(table) && write.key.iter().map(String::len).sum::<usize>() <= KEY_BYTES_MAX
    };
    let transactions = facts.transactions.iter();
    transactions.flat_map(|one| one.writes.iter().filter(is_kept).map(|write| (one.place, write))).collect()
}

/// Whether entries of a table stand in rows, or speak for organizations.
fn holds_records(table: &str) -> bool {
    let listed =
        |resource: &&Resource| resource.table == table || resource.parts.iter().any(|part| part.table == table);
    tables::readers().get(table).is_some_and(|reader| reader.info.authored) || resources().iter().any(listed)
}

/// A block that is being taken in.
struct Block<'b> {
    reader: ReaderId,
    number: i64,
    facts: &'b BlockFacts,
    known: Known<'b>,
    writes: Vec<(u32, &'b Write)>,
}

/// The entries of a block that are to be judged, each with the place of its last change.
type Changed = BTreeMap<Vec<String>, u32>;

impl Block<'_> {
    async fn record(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        put_organizations(connection, self.reader, self.facts).await?;
        insert_transactions(connection, self.reader, self.number, self.facts).await?;
        insert_versions(connection, self.reader, self.number, &self.writes).await?;
        insert_events(connection, self.reader, self.number, self.facts).await?;
        put_hashes(connection, self.reader, &self.known).await
    }

    async fn refresh_lists(&self, connection: &mut AnyConnection) -> Result<(), StoreError> {
        let mut changed: Changed = self.writes.iter().map(|(place, write)| (write.key.clone(), *place)).collect();
        self.add_signed_alone(connection, &mut changed).await?;
        for key in changed.keys() {
            self.judge(connection, key).await?;
        }
        for ((name, key), place) in touched(&changed) {
            let Some(resource) = Resource::find(name) else { continue };
            let at = self.facts.transactions.iter().find(|transaction| transaction.place == place);
            let at = at.and_then(|transaction| micros(&transaction.claimed_at.to_string())).unwrap_or_default();
            let stamp = ChangeStamp { block: self.number, place: i64::from(place), at };
            refresh(connection, self.reader, resource, &key, stamp).await?;
        }
        Ok(())
    }

    /// Adds the entries whose digest was written without the entry.
    async fn add_signed_alone(&self, connection: &mut AnyConnection, changed: &mut Changed) -> Result<(), StoreError> {
        let written: BTreeSet<[u8; 32]> = changed.keys().map(|key| sha256_of(&composite(key))).collect();
        let mut alone: BTreeMap<String, u32> = BTreeMap::new();
        for (transaction, write) in self.known.hashes().filter(|(_, write)| !written.contains(&write.key_sha256)) {
            alone.insert(hexadecimal(&write.key_sha256), transaction.place);
        }
        let alone: Vec<_> = alone.into_iter().collect();
        for some in alone.chunks(ROWS_AT_ONCE) {
            let places: Vec<String> = (2..some.len() + 2).map(|place| format!("${place}")).collect();
            let statement = format!(
                "SELECT entry_key, key_sha256 FROM entry_author WHERE reader_id = $1 AND key_sha256 IN ({})",
                places.join(", ")
            );
            let query =
                some.iter().fold(sqlx::query(&statement).bind(self.reader.0), |query, (hash, _)| query.bind(hash));
            for row in query.fetch_all(&mut *connection).await? {
                let (key, hash): (String, String) = (row.try_get(0)?, row.try_get(1)?);
                let key = serde_json::from_str(&key).map_err(|_| StoreError::Unreadable { what: "a key" })?;
                let place = some.iter().find(|(one, _)| *one == hash).map(|(_, place)| *place).unwrap_or_default();
                changed.insert(key, place);
            }
        }
        Ok(())
    }

    /// Keeps whether the authors of an entry have made what stands there now.
    async fn judge(&self, connection: &mut AnyConnection, key: &[String]) -> Result<(), StoreError> {
        let text = entry_key(&key[0], &key[1..]);
        let row = sqlx::query(
            "SELECT v.entry_value, t.transaction_id, v.block, v.place FROM entry_version v JOIN ledger_transaction t \
             ON t.reader_id = v.reader_id AND t.block = v.block AND t.place = v.place \
             WHERE v.reader_id = $1 AND v.entry_key = $2 ORDER BY v.block DESC, v.place DESC LIMIT 1",
        )
        .bind(self.reader.0)
        .bind(&text)
        .fetch_optional(&mut *connection)
        .await?;
        let mut authors = Authors::Nobody;
        if let Some(row) = row
            && let Some(value) = row.try_get::<Option<String>, _>(0)?
        {
            let transaction_id: String = row.try_get(1)?;
            let written = Written {
                value: &value,
                transaction_id: &transaction_id,
                block: row.try_get(2)?,
                place: row.try_get(3)?,
            };
            authors = self.known.authors_of(connection, self.reader, key, written).await?;
        }
        keep_authors(connection, self.reader, &text, &hexadecimal(&sha256_of(&composite(key))), &authors).await
    }
}

async fn keep_authors(
    connection: &mut AnyConnection,
    reader: ReaderId,
    key: &str,
    key_sha256: &str,
    authors: &Authors,
) -> Result<(), StoreError> {
    let flaw = match authors {
        Authors::Nobody => {
            let gone = sqlx::query("DELETE FROM entry_author WHERE reader_id = $1 AND entry_key = $2");
            gone.bind(reader.0).bind(key).execute(connection).await?;
            return Ok(());
        }
        Authors::Made => "",
        Authors::Flawed(flaw) => flaw.as_str(),
    };
    sqlx::query(
        "INSERT INTO entry_author VALUES ($1, $2, $3, $4) \
         ON CONFLICT (reader_id, entry_key) DO UPDATE SET flaw = excluded.flaw",
    )
    .bind(reader.0)
    .bind(key)
    .bind(key_sha256)
    .bind(flaw)
    .execute(connection)
    .await?;
    Ok(())
}

/// The records of resources that changed, each with the place of its last change.
fn touched(changed: &Changed) -> BTreeMap<(&'static str, Vec<String>), u32> {
    let mut touched: BTreeMap<(&'static str, Vec<String>), u32> = BTreeMap::new();
    for (key, place) in changed {
        let Some((table, parts)) = key.split_first() else { continue };
        let mut touch = |resource: &'static Resource, record: Vec<String>| {
            let last = touched.entry((resource.name, record)).or_default();
            *last = (*last).max(*place);
        };
        for resource in resources() {
            if resource.table == table {
                touch(resource, parts.to_vec());
            }
            for part in resource.parts.iter().filter(|part| part.table == table) {
                if let Some(record) = part.record(parts) {
                    touch(resource, record);
                }
            }
        }
    }
    touched
}
