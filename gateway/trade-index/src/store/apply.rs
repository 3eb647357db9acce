//! Blocks become rows: transactions, versions of entries, events, and the lists' rows that follow from them, all in one
//! database transaction with the reader's position.

use std::collections::{BTreeMap, BTreeSet};

use crate::sqlx::{self, AnyConnection, Row};
use trade_model::tables;

use super::{
    author::{Authors, Known, Written, composite, sha256_of},
    database::Store,
    entries::{Changed, Entries},
    error::StoreError,
    insert::{
        VALUES_AT_ONCE, insert_events, insert_transactions, insert_versions, put_authors, put_hashes, put_organizations,
    },
    key::entry_key,
    reader::ReaderId,
    row::{ChangeStamp, refresh},
    value::{hexadecimal, places},
};
use crate::{
    block::{BlockFacts, TransactionFacts, Write},
    resource::{Resource, micros_of, resources},
};

/// Longest key that is kept, in bytes: what PostgreSQL's indices take. No key of the model is longer.
const KEY_BYTES_MAX: usize = 2_400;

/// What became of blocks that were handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// They are in the index now.
    Now,
    /// The first was not the one that is needed next: another process of the same reader had it first, or blocks are
    /// missing.
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
        self.apply_all(reader, std::slice::from_ref(facts)).await
    }

    /// Takes blocks into the index, all or none, when they are those that the reader needs next.
    ///
    /// # Errors
    /// [`StoreError`]; nothing of the blocks is in the index then.
    pub async fn apply_all(&self, reader: ReaderId, blocks: &[BlockFacts]) -> Result<Applied, StoreError> {
        let mut transaction = self.writer.begin().await?;
        self.dialect().defer(&mut transaction).await?;
        for facts in blocks {
            let number = i64::try_from(facts.number).ok().filter(|number| *number < i64::MAX);
            let number = number.ok_or(StoreError::Number(facts.number))?;
            if !take_turn(&mut transaction, reader, number).await? {
                drop(transaction);
                return Ok(Applied::OutOfTurn { next: self.next_block(reader).await? });
            }
            check_chain(&mut transaction, reader, number, facts).await?;
            let block = Block { reader, number, facts, known: Known::of(facts), writes: kept(facts) };
            block.record(&mut transaction).await?;
            block.refresh_lists(&mut transaction).await?;
        }
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
        let written: BTreeMap<&[String], (u32, &Write)> =
            self.writes.iter().map(|(place, write)| (write.key.as_slice(), (*place, *write))).collect();
        let (mut authors, mut entries) = (BTreeMap::new(), Entries::default());
        for key in changed.keys() {
            let judged = match written.get(key.as_slice()) {
                Some((place, write)) => {
                    let judged = self.judge(connection, *place, write).await?;
                    entries.note(entry_key(&key[0], &key[1..]), write.value.as_deref(), &judged);
                    judged
                }
                None => self.judge_older(connection, key).await?,
            };
            authors.insert(key.clone(), judged);
        }
        put_authors(connection, self.reader, &authors).await?;
        let touched = touched(&changed);
        entries.read(connection, self.reader, &touched).await?;
        for (resource, records) in &touched {
            let stamped = |(key, place): (&'_ Vec<String>, &u32)| (key.join("/"), (key.clone(), self.stamp(*place)));
            refresh(connection, self.reader, resource, &entries, records.iter().map(stamped).collect()).await?;
        }
        Ok(())
    }

    /// When a transaction of the block changed something.
    fn stamp(&self, place: u32) -> ChangeStamp {
        let at = self.at(place).and_then(|transaction| micros_of(transaction.claimed_at)).unwrap_or_default();
        ChangeStamp { block: self.number, place: i64::from(place), at }
    }

    /// The transaction at a place.
    fn at(&self, place: u32) -> Option<&TransactionFacts> {
        let transactions = &self.facts.transactions;
        let found = transactions.binary_search_by_key(&place, |transaction| transaction.place).ok()?;
        transactions.get(found)
    }

    /// Adds the entries whose digest was written without the entry.
    async fn add_signed_alone(&self, connection: &mut AnyConnection, changed: &mut Changed) -> Result<(), StoreError> {
        let written: BTreeSet<[u8; 32]> = changed.keys().map(|key| sha256_of(&composite(key))).collect();
        let mut alone: BTreeMap<String, u32> = BTreeMap::new();
        for (transaction, write) in self.known.hashes().filter(|(_, write)| !written.contains(&write.key_sha256)) {
            let last = alone.entry(hexadecimal(&write.key_sha256)).or_default();
            *last = (*last).max(transaction.place);
        }
        let alone: Vec<_> = alone.into_iter().collect();
        for some in alone.chunks(VALUES_AT_ONCE) {
            let statement = format!(
                "SELECT entry_key, key_sha256 FROM entry_author WHERE reader_id = $1 AND key_sha256 IN ({})",
                places(2, some.len())
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

    /// Whether the authors of an entry have made what the block's transaction at a place wrote there.
    async fn judge(&self, connection: &mut AnyConnection, place: u32, write: &Write) -> Result<Authors, StoreError> {
        let (Some(transaction), Some(value)) = (self.at(place), &write.value) else { return Ok(Authors::Nobody) };
        let transaction_id = &transaction.transaction_id;
        let written = Written { value, transaction_id, block: self.number, place: i64::from(place) };
        self.known.authors_of(connection, self.reader, &write.key, written).await
    }

    /// Whether the authors of an entry that an earlier block wrote have made it, as it can be told now.
    async fn judge_older(&self, connection: &mut AnyConnection, key: &[String]) -> Result<Authors, StoreError> {
        let row = sqlx::query(
            "SELECT v.entry_value, t.transaction_id, v.block, v.place FROM entry_version v JOIN ledger_transaction t \
             ON t.reader_id = v.reader_id AND t.block = v.block AND t.place = v.place \
             WHERE v.reader_id = $1 AND v.entry_key = $2 ORDER BY v.block DESC, v.place DESC LIMIT 1",
        )
        .bind(self.reader.0)
        .bind(entry_key(&key[0], &key[1..]))
        .fetch_optional(&mut *connection)
        .await?;
        let Some(row) = row else { return Ok(Authors::Nobody) };
        let Some(value) = row.try_get::<Option<String>, _>(0)? else { return Ok(Authors::Nobody) };
        let transaction_id: String = row.try_get(1)?;
        let (block, place) = (row.try_get(2)?, row.try_get(3)?);
        let written = Written { value: &value, transaction_id: &transaction_id, block, place };
        self.known.authors_of(connection, self.reader, key, written).await
    }
}

/// The records of resources that changed, each with the place of its last change.
fn touched(changed: &Changed) -> Vec<(&'static Resource, Changed)> {
    let of_resource = |resource: &'static Resource| {
        let mut records = Changed::new();
        for (key, place) in changed {
            let Some((table, parts)) = key.split_first() else { continue };
            let own = (resource.table == table).then(|| parts.to_vec());
            let of_parts =
                resource.parts.iter().filter(|part| part.table == table).filter_map(|part| part.record(parts));
            for record in own.into_iter().chain(of_parts) {
                let last = records.entry(record).or_default();
                *last = (*last).max(*place);
            }
        }
        (resource, records)
    };
    resources().iter().copied().map(of_resource).filter(|(_, records)| !records.is_empty()).collect()
}
