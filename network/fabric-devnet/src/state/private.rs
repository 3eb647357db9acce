//! The private store of one organization: plaintext of the collections that it is a member of.
//!
//! One file per organization, so that nothing of one can be found in the file of another. Values are kept by the
//! version that wrote them; which version counts is decided by the hashes in the public store. Therefore a block's
//! values can be written before the block itself: until the block is there, nobody asks for them, and after a crash
//! they are dropped. Deletions, on the other hand, are noted with the block and carried out after it.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use fabric_msp::hash::sha256;
use fabric_protos::{
    kvrwset::{KvMetadataWrite, KvWrite, KvrwSet},
    rwset::{CollectionPvtReadWriteSet, NsPvtReadWriteSet, TxPvtReadWriteSet},
};
use prost::Message;
use redb::{Database, ReadOnlyTable, ReadableDatabase, ReadableTable, TableDefinition};

use super::{
    error::LedgerError,
    private_rows::{DELETE, DeletionKey, METADATA, OrderKey, PrivateRows, VALUE, WriteKey, WriteValue},
    version::Version,
};
use crate::disk::Disk;

/// The database's page cache, in bytes. Every organization has a store of its own, so it stays small.
const CACHE_BYTES: usize = 1024 * 1024;

const WRITES: TableDefinition<WriteKey, WriteValue> = TableDefinition::new("writes");
const ORDER: TableDefinition<OrderKey, ()> = TableDefinition::new("order");
/// Namespace, collection and key of every key that has a write.
const KEYS: TableDefinition<(&str, &str, &str), ()> = TableDefinition::new("keys");
/// Deletions by the block after which they are carried out, and whether older versions go along.
const DELETIONS: TableDefinition<DeletionKey, bool> = TableDefinition::new("deletions");

/// The block up to which a value is kept whose time began anew.
const RENEWED: TableDefinition<WriteKey, u64> = TableDefinition::new("renewed");

/// One organization's file.
pub(crate) struct PrivateStore {
    database: Database,
}

/// What one block brings to one organization.
#[derive(Debug, Default)]
pub(crate) struct PrivateChanges {
    /// Position of the transaction, namespace, collection and what is written there.
    pub(crate) writes: Vec<(u64, String, String, KvrwSet)>,
    /// Deletions to be carried out after a block, this one or a later one.
    pub(crate) deletions: Vec<Deletion>,
    /// Deletions of older values that are put off to these.
    pub(crate) renewals: Vec<Deletion>,
}

impl PrivateChanges {
    /// Whether nothing is to be done.
    pub(crate) fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.deletions.is_empty() && self.renewals.is_empty()
    }
}

/// A deletion to be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deletion {
    /// The block after which it is carried out.
    pub(crate) after: u64,
    pub(crate) namespace: String,
    pub(crate) collection: String,
    pub(crate) key_hash: Vec<u8>,
    /// The version that goes.
    pub(crate) version: Version,
    /// Whether older versions go, too.
    pub(crate) all_older: bool,
}

impl PrivateStore {
    /// Opens or creates the file and drops writes of blocks that never came to be, which are those from `height` on.
    pub(crate) fn open(path: &Path, height: u64, disk: &Arc<Disk>) -> Result<Self, LedgerError> {
        let database = disk.open(path, CACHE_BYTES)?;
        let transaction = database.begin_write()?;
        {
            let mut writes = transaction.open_table(WRITES)?;
            let mut order = transaction.open_table(ORDER)?;
            let mut keys = transaction.open_table(KEYS)?;
            transaction.open_table(DELETIONS)?;
            transaction.open_table(RENEWED)?;
            for row in order.extract_from_if((height, 0, "", "", [].as_slice()).., |_, ()| true)? {
                let (key, _) = row?;
                let (block, index, namespace, collection, hash) = key.value();
                let dropped = writes.remove((namespace, collection, hash, block, index))?;
                let name = dropped.map(|write| write.value().1.to_owned());
                if let Some(name) = name
                    && !has_writes(&writes, (namespace, collection, hash))?
                {
                    keys.remove((namespace, collection, name.as_str()))?;
                }
            }
        }
        transaction.commit()?;
        let store = Self { database };
        store.carry_out(height.saturating_sub(1))?;
        Ok(store)
    }

    /// Writes what a block brings, and waits until it is on disk.
    pub(crate) fn prepare(&self, block: u64, changes: &PrivateChanges) -> Result<(), LedgerError> {
        let transaction = self.database.begin_write()?;
        {
            let mut writes = transaction.open_table(WRITES)?;
            let mut order = transaction.open_table(ORDER)?;
            let mut keys = transaction.open_table(KEYS)?;
            for (index, namespace, collection, set) in &changes.writes {
                for (key, what, value) in merged(set) {
                    let hash = sha256(key.as_bytes());
                    let hash = hash.as_slice();
                    let row_key = (namespace.as_str(), collection.as_str(), hash, block, *index);
                    writes.insert(row_key, (what, key, value))?;
                    order.insert((block, *index, namespace.as_str(), collection.as_str(), hash), ())?;
                    keys.insert((namespace.as_str(), collection.as_str(), key), ())?;
                }
            }
            let mut deletions = transaction.open_table(DELETIONS)?;
            for deletion in changes.deletions.iter().chain(&changes.renewals) {
                let hash = deletion.key_hash.as_slice();
                let names = (deletion.namespace.as_str(), deletion.collection.as_str());
                let version = deletion.version;
                deletions.insert(
                    (deletion.after, names.0, names.1, hash, version.block, version.transaction),
                    deletion.all_older,
                )?;
            }
            let mut renewed = transaction.open_table(RENEWED)?;
            for Deletion { after, namespace, collection, key_hash, version, .. } in &changes.renewals {
                let hash = key_hash.as_slice();
                let row_key = (namespace.as_str(), collection.as_str(), hash, version.block, version.transaction);
                renewed.insert(row_key, after)?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// Carries out the deletions that are due after a block. May be repeated.
    pub(crate) fn carry_out(&self, block: u64) -> Result<(), LedgerError> {
        if self.database.begin_read()?.open_table(DELETIONS)?.range(..=end_of(block))?.next().is_none() {
            return Ok(());
        }
        let transaction = self.database.begin_write()?;
        {
            let mut writes = transaction.open_table(WRITES)?;
            let mut order = transaction.open_table(ORDER)?;
            let mut keys = transaction.open_table(KEYS)?;
            let mut deletions = transaction.open_table(DELETIONS)?;
            let mut renewed = transaction.open_table(RENEWED)?;
            for row in deletions.extract_from_if(..=end_of(block), |_, _| true)? {
                let (key, all_older) = row?;
                let (due, namespace, collection, hash, last_block, last_index) = key.value();
                let last = (namespace, collection, hash, last_block, last_index);
                // The block no longer shows what stays as the key's value.
                let stays = renewed.get(last)?.is_some_and(|until| until.value() > due);
                if stays && !all_older.value() {
                    order.remove((last_block, last_index, namespace, collection, hash))?;
                    continue;
                }
                let first = if all_older.value() { (namespace, collection, hash, 0, 0) } else { last };
                let mut gone = Vec::new();
                let mut name = None;
                for row in writes.extract_from_if(first..=last, |_, _| true)? {
                    let (row_key, write) = row?;
                    gone.push((row_key.value().3, row_key.value().4));
                    name = Some(write.value().1.to_owned());
                }
                for (block, index) in gone {
                    renewed.remove((namespace, collection, hash, block, index))?;
                    order.remove((block, index, namespace, collection, hash))?;
                }
                renewed.remove(last)?;
                if let Some(name) = name
                    && !has_writes(&writes, (namespace, collection, hash))?
                {
                    keys.remove((namespace, collection, name.as_str()))?;
                }
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// All rows, for those who look through them.
    pub(crate) fn rows(&self) -> Result<PrivateRows, LedgerError> {
        let transaction = self.database.begin_read()?;
        Ok(PrivateRows {
            writes: transaction.open_table(WRITES)?,
            order: transaction.open_table(ORDER)?,
            keys: transaction.open_table(KEYS)?,
            deletions: transaction.open_table(DELETIONS)?,
            renewed: transaction.open_table(RENEWED)?,
        })
    }

    /// A view of the store that later blocks do not change.
    pub(crate) fn snapshot(&self) -> Result<PrivateSnapshot, LedgerError> {
        let transaction = self.database.begin_read()?;
        Ok(PrivateSnapshot {
            writes: transaction.open_table(WRITES)?,
            order: transaction.open_table(ORDER)?,
            keys: transaction.open_table(KEYS)?,
        })
    }
}

/// Whether there is a write of a key, by its hash.
fn has_writes(
    writes: &impl ReadableTable<WriteKey, WriteValue>,
    (namespace, collection, hash): (&str, &str, &[u8]),
) -> Result<bool, LedgerError> {
    let all = (namespace, collection, hash, 0, 0)..=(namespace, collection, hash, u64::MAX, u64::MAX);
    Ok(writes.range(all)?.next().is_some())
}

/// The upper end of the deletions that are due after a block.
fn end_of(block: u64) -> DeletionKey {
    (block.saturating_add(1), "", "", &[], 0, 0)
}

/// Value and metadata writes of one key joined.
fn merged(set: &KvrwSet) -> Vec<(&str, u8, &[u8])> {
    let mut found: BTreeMap<&str, (u8, &[u8])> = BTreeMap::new();
    for write in &set.writes {
        let what = if super::rwset::is_delete(write) { DELETE } else { VALUE };
        found.insert(&write.key, (what, &write.value));
    }
    for write in &set.metadata_writes {
        found.entry(&write.key).or_insert((0, &[])).0 |= METADATA;
    }
    found.into_iter().map(|(key, (what, value))| (key, what, value)).collect()
}

/// A view of a private store.
pub(crate) struct PrivateSnapshot {
    writes: ReadOnlyTable<WriteKey, WriteValue>,
    order: ReadOnlyTable<OrderKey, ()>,
    keys: ReadOnlyTable<(&'static str, &'static str, &'static str), ()>,
}

/// Keys of a collection.
pub(crate) type KeyRange = redb::Range<'static, (&'static str, &'static str, &'static str), ()>;

impl PrivateSnapshot {
    /// The value that one version wrote.
    pub(crate) fn value(
        &self,
        namespace: &str,
        collection: &str,
        key_hash: &[u8],
        version: Version,
    ) -> Result<Option<Vec<u8>>, LedgerError> {
        let found = self.writes.get((namespace, collection, key_hash, version.block, version.transaction))?;
        Ok(found.and_then(|write| {
            let (what, _, value) = write.value();
            (what & VALUE != 0).then(|| value.to_vec())
        }))
    }

    /// All keys from `start` on; up to `end`, or all that follow when it is empty.
    pub(crate) fn keys(
        &self,
        namespace: &str,
        collection: &str,
        start: &str,
        end: &str,
    ) -> Result<Option<KeyRange>, LedgerError> {
        if !end.is_empty() && start >= end {
            return Ok(None);
        }
        let next_collection = format!("{collection}\0");
        let upper = match end {
            "" => (namespace, next_collection.as_str(), ""),
            end => (namespace, collection, end),
        };
        Ok(Some(self.keys.range((namespace, collection, start)..upper)?))
    }

    /// What a block's transactions wrote here, by their position.
    pub(crate) fn of_block(&self, block: u64) -> Result<BTreeMap<u64, TxPvtReadWriteSet>, LedgerError> {
        let mut found = BTreeMap::<u64, TxPvtReadWriteSet>::new();
        let mut sets = BTreeMap::<(u64, String, String), KvrwSet>::new();
        for row in self.order.range((block, 0, "", "", [].as_slice())..(block + 1, 0, "", "", [].as_slice()))? {
            let (row_key, _) = row?;
            let (_, index, namespace, collection, hash) = row_key.value();
            let Some(write) = self.writes.get((namespace, collection, hash, block, index))? else { continue };
            let (what, key, value) = write.value();
            let set = sets.entry((index, namespace.to_owned(), collection.to_owned())).or_default();
            if what & (VALUE | DELETE) != 0 {
                let write = KvWrite { key: key.to_owned(), is_delete: what & DELETE != 0, value: value.to_vec() };
                set.writes.push(write);
            }
            if what & METADATA != 0 {
                set.metadata_writes.push(KvMetadataWrite { key: key.to_owned(), entries: Vec::new() });
            }
        }
        for ((index, namespace, collection), mut set) in sets {
            set.writes.sort_by(|left, right| left.key.cmp(&right.key));
            set.metadata_writes.sort_by(|left, right| left.key.cmp(&right.key));
            let rwset = set.encode_to_vec();
            let part = CollectionPvtReadWriteSet { collection_name: collection, rwset };
            let namespaces = &mut found.entry(index).or_default().ns_pvt_rwset;
            match namespaces.last_mut() {
                Some(last) if last.namespace == namespace => last.collection_pvt_rwset.push(part),
                _ => namespaces.push(NsPvtReadWriteSet { namespace, collection_pvt_rwset: vec![part] }),
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(index: u64, key: &str, value: &str) -> (u64, String, String, KvrwSet) {
        let write = KvWrite { key: key.into(), is_delete: value.is_empty(), value: value.as_bytes().to_vec() };
        (index, "cc".into(), "coll".into(), KvrwSet { writes: vec![write], ..Default::default() })
    }

    fn value(store: &PrivateStore, key: &str, version: Version) -> Result<Option<Vec<u8>>, LedgerError> {
        store.snapshot()?.value("cc", "coll", &sha256(key.as_bytes()), version)
    }

    #[test]
    fn writes_of_a_block_that_never_came_are_dropped_at_the_next_start() -> Result<(), LedgerError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("private.redb");
        let store = PrivateStore::open(&path, 0, &Arc::default())?;
        store.prepare(1, &PrivateChanges { writes: vec![write(0, "k", "one")], ..Default::default() })?;
        let writes = vec![write(0, "k", "two"), write(1, "only there", "two")];
        store.prepare(2, &PrivateChanges { writes, ..Default::default() })?;
        drop(store);
        let store = PrivateStore::open(&path, 2, &Arc::default())?;
        assert_eq!(value(&store, "k", Version::new(1, 0))?, Some(b"one".to_vec()));
        assert_eq!(value(&store, "k", Version::new(2, 0))?, None);
        let rows = store.rows()?;
        assert_eq!(rows.keys()?, [("cc".to_owned(), "coll".to_owned(), "k".to_owned())]);
        assert_eq!((rows.writes()?.len(), rows.order()?.len()), (1, 1));
        Ok(())
    }

    #[test]
    fn the_writes_of_a_block_can_be_put_together_again() -> Result<(), LedgerError> {
        let folder = tempfile::tempdir().expect("a folder");
        let store = PrivateStore::open(&folder.path().join("private.redb"), 0, &Arc::default())?;
        let set = KvrwSet {
            writes: ["a", "b", "c"]
                .map(|key| KvWrite {
                    key: key.into(),
                    is_delete: key == "b",
                    value: if key == "b" { vec![] } else { b"v".to_vec() },
                })
                .to_vec(),
            metadata_writes: vec![KvMetadataWrite { key: "a".into(), entries: vec![] }],
            ..Default::default()
        };
        let writes = vec![(3, "cc".to_owned(), "coll".to_owned(), set.clone())];
        store.prepare(5, &PrivateChanges { writes, ..Default::default() })?;
        let found = store.snapshot()?.of_block(5)?;
        assert_eq!(found[&3].ns_pvt_rwset[0].collection_pvt_rwset[0].rwset, set.encode_to_vec());
        assert!(store.snapshot()?.of_block(4)?.is_empty());
        Ok(())
    }

    #[test]
    fn deletions_wait_for_their_block_and_take_older_versions_along() -> Result<(), LedgerError> {
        let folder = tempfile::tempdir().expect("a folder");
        let store = PrivateStore::open(&folder.path().join("private.redb"), 0, &Arc::default())?;
        for block in 1..=2 {
            store.prepare(block, &PrivateChanges { writes: vec![write(0, "k", "v")], ..Default::default() })?;
        }
        let deletion = Deletion {
            after: 3,
            namespace: "cc".into(),
            collection: "coll".into(),
            key_hash: sha256(b"k").to_vec(),
            version: Version::new(3, 0),
            all_older: true,
        };
        store.prepare(3, &PrivateChanges { deletions: vec![deletion], ..Default::default() })?;
        store.carry_out(2)?;
        assert!(value(&store, "k", Version::new(1, 0))?.is_some());
        store.carry_out(3)?;
        assert!(value(&store, "k", Version::new(1, 0))?.is_none());
        assert!(value(&store, "k", Version::new(2, 0))?.is_none());
        let keys = store.snapshot()?.keys("cc", "coll", "", "")?.expect("a range");
        assert_eq!(keys.count(), 0);
        assert!(store.snapshot()?.of_block(1)?.is_empty());
        Ok(())
    }
}
