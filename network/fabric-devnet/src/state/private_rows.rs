//! The rows of a private store, one by one and all of them for those who look through it.

use redb::{ReadOnlyTable, ReadableTable};

use super::{error::LedgerError, version::Version};

/// Namespace, collection, key hash, block and position of a write.
pub(super) type WriteKey = (&'static str, &'static str, &'static [u8], u64, u64);
/// What was written, the key, and the value.
pub(super) type WriteValue = (u8, &'static str, &'static [u8]);
/// Block, position, namespace, collection and key hash: the same writes in the order of the chain.
pub(super) type OrderKey = (u64, u64, &'static str, &'static str, &'static [u8]);
/// A block, namespace, collection, key hash, and the version that goes.
pub(super) type DeletionKey = (u64, &'static str, &'static str, &'static [u8], u64, u64);

/// A value was written.
pub(super) const VALUE: u8 = 1;
/// The key was deleted.
pub(super) const DELETE: u8 = 2;
/// Metadata were written.
pub(super) const METADATA: u8 = 4;

/// A write's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RowKey {
    pub(crate) namespace: String,
    pub(crate) collection: String,
    pub(crate) key_hash: Vec<u8>,
    pub(crate) version: Version,
}

impl RowKey {
    pub(crate) fn new(names: (&str, &str, &[u8]), block: u64, index: u64) -> Self {
        let (namespace, collection, key_hash) = (names.0.to_owned(), names.1.to_owned(), names.2.to_vec());
        Self { namespace, collection, key_hash, version: Version::new(block, index) }
    }

    /// Short enough to stand in a message.
    pub(crate) fn shown(&self) -> String {
        let names: String = format!("({:?}, {:?})", self.namespace, self.collection).chars().take(200).collect();
        let hash: String = hex::encode(&self.key_hash).chars().take(64).collect();
        format!("{names} {hash} of {}", self.version)
    }
}

/// What was written.
pub(crate) struct PrivateRow {
    pub(crate) key: String,
    pub(crate) value: Vec<u8>,
    pub(crate) has_value: bool,
    pub(crate) deletes: bool,
    pub(crate) has_metadata: bool,
}

/// The tables of a private store at one moment.
pub(crate) struct PrivateRows {
    pub(super) writes: ReadOnlyTable<WriteKey, WriteValue>,
    pub(super) order: ReadOnlyTable<OrderKey, ()>,
    pub(super) keys: ReadOnlyTable<(&'static str, &'static str, &'static str), ()>,
    pub(super) deletions: ReadOnlyTable<DeletionKey, bool>,
    pub(super) renewed: ReadOnlyTable<WriteKey, u64>,
}

impl PrivateRows {
    /// All writes.
    pub(crate) fn writes(&self) -> Result<Vec<(RowKey, PrivateRow)>, LedgerError> {
        let mut found = Vec::new();
        for row in self.writes.iter()? {
            let (row_key, write) = row?;
            let (namespace, collection, hash, block, index) = row_key.value();
            let (what, key, value) = write.value();
            let row = PrivateRow {
                key: key.to_owned(),
                value: value.to_vec(),
                has_value: what & VALUE != 0,
                deletes: what & DELETE != 0,
                has_metadata: what & METADATA != 0,
            };
            found.push((RowKey::new((namespace, collection, hash), block, index), row));
        }
        Ok(found)
    }

    /// The writes in the order of the chain.
    pub(crate) fn order(&self) -> Result<Vec<RowKey>, LedgerError> {
        let mut found = Vec::new();
        for row in self.order.iter()? {
            let (row_key, _) = row?;
            let (block, index, namespace, collection, hash) = row_key.value();
            found.push(RowKey::new((namespace, collection, hash), block, index));
        }
        Ok(found)
    }

    /// Namespace, collection and key of everything that has a write.
    pub(crate) fn keys(&self) -> Result<Vec<(String, String, String)>, LedgerError> {
        let mut found = Vec::new();
        for row in self.keys.iter()? {
            let (row_key, _) = row?;
            let (namespace, collection, key) = row_key.value();
            found.push((namespace.to_owned(), collection.to_owned(), key.to_owned()));
        }
        Ok(found)
    }

    /// The block after which each deletion is carried out, and whether older writes go along.
    pub(crate) fn deletions(&self) -> Result<Vec<(u64, RowKey, bool)>, LedgerError> {
        let mut found = Vec::new();
        for row in self.deletions.iter()? {
            let (row_key, all_older) = row?;
            let (after, namespace, collection, hash, block, index) = row_key.value();
            found.push((after, RowKey::new((namespace, collection, hash), block, index), all_older.value()));
        }
        Ok(found)
    }

    /// The writes whose time began anew, and the block up to which they stay.
    pub(crate) fn renewed(&self) -> Result<Vec<(RowKey, u64)>, LedgerError> {
        let mut found = Vec::new();
        for row in self.renewed.iter()? {
            let (row_key, until) = row?;
            let (namespace, collection, hash, block, index) = row_key.value();
            found.push((RowKey::new((namespace, collection, hash), block, index), until.value()));
        }
        Ok(found)
    }
}
