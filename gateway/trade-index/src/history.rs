//! What became of one record: every version of it and of what belongs to it, oldest first.

use crate::sqlx::{self, Row};
use serde::Serialize;
use serde_json::Value;

use crate::{
    resource::Resource,
    store::{ReaderId, Store, StoreError, entry_key, longer},
};

/// Versions of one answer at most.
pub const VERSIONS_MAX: u32 = 1_000;

/// One change of a record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Version {
    /// The block.
    pub block: u64,
    /// The transaction's place in the block.
    pub place: u32,
    /// The transaction.
    pub transaction_id: String,
    /// The MSP id of the identity that signed the transaction.
    pub creator: String,
    /// The function that was called.
    pub function: String,
    /// Of the record itself, or the name of what belongs to it.
    pub part: String,
    /// What stands there since; none when it was deleted.
    pub value: Option<Value>,
}

/// What became of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// The versions, oldest first.
    pub versions: Vec<Version>,
    /// The blocks that this answer rests on: all below this number.
    pub height: u64,
}

impl Store {
    /// The versions of the record of a resource with this id (the parts of its key), at most `limit`, behind the first
    /// `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn history(
        &self,
        reader: ReaderId,
        resource: &Resource,
        key: &[String],
        after: u32,
        limit: u32,
    ) -> Result<History, StoreError> {
        let (condition, keys) = entries_of(resource, key);
        let statement = format!(
            "SELECT v.block, v.place, t.transaction_id, t.creator, t.function_name, v.entry_key, v.entry_value \
             FROM entry_version v JOIN ledger_transaction t \
             ON t.reader_id = v.reader_id AND t.block = v.block AND t.place = v.place \
             WHERE v.reader_id = $1 AND ({}) \
             ORDER BY v.block, v.place, v.entry_key LIMIT {} OFFSET {after}",
            condition,
            limit.min(VERSIONS_MAX),
        );
        let mut transaction = self.reading().await?;
        let height = self.height(&mut transaction, reader).await?;
        let mut query = sqlx::query(&statement).bind(reader.0);
        for key in keys {
            query = query.bind(key);
        }
        let number = |_| StoreError::Unreadable { what: "the place of a change" };
        let mut versions = Vec::new();
        for row in query.fetch_all(&mut *transaction).await? {
            let (block, place): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            let (key, value): (String, Option<String>) = (row.try_get(5)?, row.try_get(6)?);
            let value = value.as_deref().map(serde_json::from_str).transpose();
            versions.push(Version {
                block: u64::try_from(block).map_err(number)?,
                place: u32::try_from(place).map_err(number)?,
                transaction_id: row.try_get(2)?,
                creator: row.try_get(3)?,
                function: row.try_get(4)?,
                part: part_name(resource, &key),
                value: value.map_err(|_| StoreError::Unreadable { what: "a value" })?,
            });
        }
        transaction.commit().await?;
        // Such a record never becomes another, so that its first version tells.
        let withheld = |version: &Version| version.value.as_ref().is_some_and(|value| resource.withholds(value));
        if versions.iter().any(withheld) {
            versions.clear();
        }
        Ok(History { versions, height })
    }
}

/// The condition on the entries of a record and of what belongs to it, with the keys for its places from `$2` on.
fn entries_of(resource: &Resource, key: &[String]) -> (String, Vec<String>) {
    let mut conditions = vec!["v.entry_key = $2".to_owned()];
    let mut keys = vec![entry_key(resource.table, key)];
    for part in resource.parts {
        let Some(begins) = part.beginning(key) else { continue };
        let exact = entry_key(part.table, &begins);
        let place = keys.len() + 2;
        if part.many {
            let (from, to) = longer(&exact);
            conditions.push(format!("(v.entry_key >= ${place} AND v.entry_key < ${})", place + 1));
            keys.extend([from, to]);
        } else {
            conditions.push(format!("v.entry_key = ${place}"));
            keys.push(exact);
        }
    }
    (conditions.join(" OR "), keys)
}

/// What the entry of a key is called in its resource.
fn part_name(resource: &Resource, key: &str) -> String {
    let begins = |table: &str| key.starts_with(&longer(&entry_key(table, &[])).0);
    let part = resource.parts.iter().find(|part| begins(part.table));
    part.map_or_else(|| "record".to_owned(), |part| part.name.to_owned())
}
