//! The public store of a channel: blocks, and everything that follows from them.
//!
//! One file, one write transaction per block. Blocks are the source of truth; state, hashes, history and indexes are
//! what the blocks' valid transactions add up to. It knows nothing of policies or of private values.

use std::{
    ops::Bound,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fabric_protos::common::Block;
use prost::Message;
use redb::{Database, Durability, ReadOnlyTable, ReadableDatabase, ReadableTable, TableDefinition};

use super::{
    definition::LIFECYCLE,
    definitions::Definitions,
    error::LedgerError,
    rwset::{Metadata, decode_metadata},
    version::Version,
};
use crate::disk::Disk;

/// The database's page cache, in bytes. The operating system caches the file as well.
const CACHE_BYTES: usize = 12 * 1024 * 1024;

type StateKey = (&'static str, &'static str);
type StateValue = (u64, u64, &'static [u8], &'static [u8]);
type HashKey = (&'static str, &'static str, &'static [u8]);
type HashValue = (u64, u64, u64, u64, &'static [u8], &'static [u8]);

/// Number of a block to its bytes.
const BLOCKS: TableDefinition<u64, &[u8]> = TableDefinition::new("blocks");
/// Hash of a header to its number.
const BLOCK_HASHES: TableDefinition<&[u8], u64> = TableDefinition::new("block_hashes");
/// Id of a transaction to block, position and validation code of its first appearance.
const TRANSACTIONS: TableDefinition<&str, (u64, u64, u8)> = TableDefinition::new("transactions");
/// Namespace and key to version, metadata and value.
const STATE: TableDefinition<StateKey, StateValue> = TableDefinition::new("state");
/// Namespace, collection and key hash to version, version of the value, metadata and value hash.
const HASHES: TableDefinition<HashKey, HashValue> = TableDefinition::new("hashes");
/// Namespace, key and version of every valid write.
const HISTORY: TableDefinition<(&str, &str, u64, u64), ()> = TableDefinition::new("history");
/// Block with which a private hash expires, namespace, collection and key hash to the block that wrote it.
const EXPIRIES: TableDefinition<(u64, &str, &str, &[u8]), u64> = TableDefinition::new("expiries");
/// Chaincode and block to the collections defined from then on.
const COLLECTIONS: TableDefinition<(&str, u64), &[u8]> = TableDefinition::new("collections");
/// Single values by name.
const SINGLES: TableDefinition<&str, u64> = TableDefinition::new("singles");

const LAST_CONFIG: &str = "last_config";

/// The value of a key with its version and metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateEntry {
    /// Where it was last written.
    pub version: Version,
    /// The value; never empty.
    pub value: Vec<u8>,
    /// The metadata as stored.
    pub(crate) metadata: Vec<u8>,
}

impl StateEntry {
    /// The metadata by name.
    pub fn metadata(&self) -> Metadata {
        decode_metadata(&self.metadata)
    }
}

/// The hash of a private value with its version and metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HashEntry {
    pub(crate) version: Version,
    /// The version of the value; older than `version` when only metadata was written since.
    pub(crate) value_version: Version,
    pub(crate) value_hash: Vec<u8>,
    pub(crate) metadata: Vec<u8>,
}

/// Where a transaction stands and its validation code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TransactionLocation {
    pub(crate) block: u64,
    pub(crate) index: u64,
    pub(crate) code: u8,
}

/// A private hash whose time is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expiring {
    pub(crate) namespace: String,
    pub(crate) collection: String,
    pub(crate) key_hash: Vec<u8>,
    /// The block that wrote it.
    pub(crate) written: u64,
}

/// Everything that one block changes.
#[derive(Debug, Default)]
pub(crate) struct BlockChanges {
    /// Header hash of the block.
    pub(crate) header_hash: Vec<u8>,
    /// Ids that appear for the first time, with position and code.
    pub(crate) transactions: Vec<(String, u64, u8)>,
    /// Namespace, key and the new entry, or none when the key is deleted.
    pub(crate) state: Vec<(String, String, Option<StateEntry>)>,
    /// Namespace, collection, key hash and the new entry.
    pub(crate) hashes: Vec<(String, String, Vec<u8>, Option<HashEntry>)>,
    /// Namespace, key and position of each valid write.
    pub(crate) history: Vec<(String, String, u64)>,
    /// Hashes that expire: with which block, namespace, collection, key hash.
    pub(crate) expiries: Vec<(u64, String, String, Vec<u8>)>,
    /// Collections of chaincodes defined by this block.
    pub(crate) collections: Vec<(String, Vec<u8>)>,
    /// Whether the block holds a channel configuration.
    pub(crate) is_config: bool,
}

/// The file.
pub(crate) struct PublicStore {
    /// What readers are given until the next block. It stands before the file, which is closed when nobody reads it.
    current: Mutex<Current>,
    database: Database,
}

/// Opening nine tables costs more than most of what is read from them, so all readers between two blocks share one
/// view.
#[derive(Default)]
struct Current {
    snapshot: Option<Arc<Snapshot>>,
    definitions: Arc<Definitions>,
}

impl PublicStore {
    /// Opens or creates the file.
    pub(crate) fn open(path: &Path, disk: &Arc<Disk>) -> Result<Self, LedgerError> {
        Self::prepare(disk.open(path, CACHE_BYTES)?)
    }

    /// A store without a file, gone with this value.
    pub(crate) fn in_memory() -> Result<Self, LedgerError> {
        Self::prepare(redb::Builder::new().create_with_backend(redb::backends::InMemoryBackend::new())?)
    }

    fn prepare(database: Database) -> Result<Self, LedgerError> {
        let transaction = database.begin_write()?;
        transaction.open_table(BLOCKS)?;
        transaction.open_table(BLOCK_HASHES)?;
        transaction.open_table(TRANSACTIONS)?;
        transaction.open_table(STATE)?;
        transaction.open_table(HASHES)?;
        transaction.open_table(HISTORY)?;
        transaction.open_table(EXPIRIES)?;
        transaction.open_table(COLLECTIONS)?;
        transaction.open_table(SINGLES)?;
        transaction.commit()?;
        Ok(Self { current: Mutex::default(), database })
    }

    /// A view of the last committed block, unaffected by later ones.
    pub(crate) fn snapshot(&self) -> Result<Arc<Snapshot>, LedgerError> {
        // Held until the view is noted, so that none from before a block is noted after it.
        let mut current = self.current();
        if let Some(snapshot) = &current.snapshot {
            return Ok(Arc::clone(snapshot));
        }
        let snapshot = Arc::new(Snapshot::of(&self.database.begin_read()?, Arc::clone(&current.definitions))?);
        current.snapshot = Some(Arc::clone(&snapshot));
        Ok(snapshot)
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        // What is inside is whole at every moment.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a block and what follows from it, all or nothing, and waits until it is on disk.
    pub(crate) fn append(&self, number: u64, block: &[u8], changes: &BlockChanges) -> Result<(), LedgerError> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        transaction.open_table(BLOCKS)?.insert(number, block)?;
        transaction.open_table(BLOCK_HASHES)?.insert(changes.header_hash.as_slice(), number)?;
        {
            let mut table = transaction.open_table(TRANSACTIONS)?;
            for (id, index, code) in &changes.transactions {
                table.insert(id.as_str(), (number, *index, *code))?;
            }
            let mut table = transaction.open_table(STATE)?;
            for (namespace, key, entry) in &changes.state {
                let key = (namespace.as_str(), key.as_str());
                match entry {
                    Some(entry) => table.insert(key, state_value(entry))?,
                    None => table.remove(key)?,
                };
            }
            let mut table = transaction.open_table(HASHES)?;
            for (namespace, collection, hash, entry) in &changes.hashes {
                let key = (namespace.as_str(), collection.as_str(), hash.as_slice());
                match entry {
                    Some(entry) => table.insert(key, hash_value(entry))?,
                    None => table.remove(key)?,
                };
            }
            let mut table = transaction.open_table(HISTORY)?;
            for (namespace, key, index) in &changes.history {
                table.insert((namespace.as_str(), key.as_str(), number, *index), ())?;
            }
            let mut table = transaction.open_table(EXPIRIES)?;
            for (block, namespace, collection, hash) in &changes.expiries {
                table.insert((*block, namespace.as_str(), collection.as_str(), hash.as_slice()), number)?;
            }
            // What expired with this block has been dealt with.
            table.retain_in(..(number + 1, "", "", [].as_slice()), |_, _| false)?;
            let mut table = transaction.open_table(COLLECTIONS)?;
            for (chaincode, package) in &changes.collections {
                table.insert((chaincode.as_str(), number), package.as_slice())?;
            }
            if changes.is_config {
                transaction.open_table(SINGLES)?.insert(LAST_CONFIG, number)?;
            }
        }
        transaction.commit()?;
        let mut current = self.current();
        current.snapshot = None;
        if changes.touches(LIFECYCLE) {
            current.definitions = Arc::default();
        }
        Ok(())
    }
}

impl BlockChanges {
    fn touches(&self, namespace: &str) -> bool {
        let public = self.state.iter().map(|(namespace, ..)| namespace);
        public.chain(self.hashes.iter().map(|(namespace, ..)| namespace)).any(|changed| changed == namespace)
    }
}

fn state_value(entry: &StateEntry) -> (u64, u64, &[u8], &[u8]) {
    (entry.version.block, entry.version.transaction, &entry.metadata, &entry.value)
}

fn hash_value(entry: &HashEntry) -> (u64, u64, u64, u64, &[u8], &[u8]) {
    let (version, value) = (entry.version, entry.value_version);
    (version.block, version.transaction, value.block, value.transaction, &entry.metadata, &entry.value_hash)
}

/// The store as it was at one block.
pub(crate) struct Snapshot {
    blocks: ReadOnlyTable<u64, &'static [u8]>,
    pub(crate) block_hashes: ReadOnlyTable<&'static [u8], u64>,
    pub(crate) transactions: ReadOnlyTable<&'static str, (u64, u64, u8)>,
    pub(crate) state: ReadOnlyTable<StateKey, StateValue>,
    pub(crate) hashes: ReadOnlyTable<HashKey, HashValue>,
    pub(crate) history: ReadOnlyTable<(&'static str, &'static str, u64, u64), ()>,
    pub(crate) expiries: ReadOnlyTable<(u64, &'static str, &'static str, &'static [u8]), u64>,
    pub(crate) collections: ReadOnlyTable<(&'static str, u64), &'static [u8]>,
    pub(crate) singles: ReadOnlyTable<&'static str, u64>,
    definitions: Arc<Definitions>,
}

/// Rows of a range of keys.
pub(crate) type StateRange = redb::Range<'static, StateKey, StateValue>;
/// Versions of a key's history.
pub(crate) type HistoryRange = redb::Range<'static, (&'static str, &'static str, u64, u64), ()>;

impl Snapshot {
    fn of(transaction: &redb::ReadTransaction, definitions: Arc<Definitions>) -> Result<Self, LedgerError> {
        Ok(Self {
            blocks: transaction.open_table(BLOCKS)?,
            block_hashes: transaction.open_table(BLOCK_HASHES)?,
            transactions: transaction.open_table(TRANSACTIONS)?,
            state: transaction.open_table(STATE)?,
            hashes: transaction.open_table(HASHES)?,
            history: transaction.open_table(HISTORY)?,
            expiries: transaction.open_table(EXPIRIES)?,
            collections: transaction.open_table(COLLECTIONS)?,
            singles: transaction.open_table(SINGLES)?,
            definitions,
        })
    }

    /// What has been found out about chaincode definitions; the same until a block changes one.
    pub(crate) fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// The number of blocks.
    pub(crate) fn height(&self) -> Result<u64, LedgerError> {
        Ok(self.blocks.last()?.map_or(0, |(number, _)| number.value() + 1))
    }

    pub(crate) fn block(&self, number: u64) -> Result<Option<Block>, LedgerError> {
        let Some(bytes) = self.blocks.get(number)? else { return Ok(None) };
        Block::decode(bytes.value()).map(Some).map_err(|_| LedgerError::Damaged("block"))
    }

    /// A block as it is stored.
    pub(crate) fn block_bytes(&self, number: u64) -> Result<Option<Vec<u8>>, LedgerError> {
        Ok(self.blocks.get(number)?.map(|bytes| bytes.value().to_vec()))
    }

    pub(crate) fn block_number(&self, header_hash: &[u8]) -> Result<Option<u64>, LedgerError> {
        Ok(self.block_hashes.get(header_hash)?.map(|number| number.value()))
    }

    pub(crate) fn transaction(&self, id: &str) -> Result<Option<TransactionLocation>, LedgerError> {
        let found = self.transactions.get(id)?.map(|location| location.value());
        Ok(found.map(|(block, index, code)| TransactionLocation { block, index, code }))
    }

    pub(crate) fn last_config(&self) -> Result<u64, LedgerError> {
        Ok(self.singles.get(LAST_CONFIG)?.map_or(0, |number| number.value()))
    }

    pub(crate) fn state(&self, namespace: &str, key: &str) -> Result<Option<StateEntry>, LedgerError> {
        Ok(self.state.get((namespace, key))?.map(|entry| state_entry(entry.value())))
    }

    /// Only the version, without copying the value.
    pub(crate) fn state_version(&self, namespace: &str, key: &str) -> Result<Option<Version>, LedgerError> {
        let found = self.state.get((namespace, key))?;
        Ok(found.map(|entry| Version::new(entry.value().0, entry.value().1)))
    }

    /// Keys from `start` on; up to `end`, or to the end of the namespace when it is empty.
    pub(crate) fn state_range(
        &self,
        namespace: &str,
        start: &str,
        end: &str,
        end_included: bool,
    ) -> Result<Option<StateRange>, LedgerError> {
        // No string lies between a namespace and the same with a zero byte behind.
        let next_namespace = format!("{namespace}\0");
        let upper = match (end, end_included) {
            ("", _) => Bound::Excluded((next_namespace.as_str(), "")),
            (end, true) => Bound::Included((namespace, end)),
            (end, false) => Bound::Excluded((namespace, end)),
        };
        let empty = !end.is_empty() && (start > end || (start == end && !end_included));
        if empty {
            return Ok(None);
        }
        Ok(Some(self.state.range((Bound::Included((namespace, start)), upper))?))
    }

    pub(crate) fn hash(
        &self,
        namespace: &str,
        collection: &str,
        key_hash: &[u8],
    ) -> Result<Option<HashEntry>, LedgerError> {
        let found = self.hashes.get((namespace, collection, key_hash))?;
        Ok(found.map(|entry| {
            let (block, transaction, value_block, value_transaction, metadata, value_hash) = entry.value();
            HashEntry {
                version: Version::new(block, transaction),
                value_version: Version::new(value_block, value_transaction),
                value_hash: value_hash.to_vec(),
                metadata: metadata.to_vec(),
            }
        }))
    }

    /// The versions of all valid writes of a key, oldest first.
    pub(crate) fn history(&self, namespace: &str, key: &str) -> Result<HistoryRange, LedgerError> {
        let bounds = (namespace, key, 0, 0)..=(namespace, key, u64::MAX, u64::MAX);
        Ok(self.history.range(bounds)?)
    }

    /// What expires with a block.
    pub(crate) fn expiring(&self, block: u64) -> Result<Vec<Expiring>, LedgerError> {
        let mut found = Vec::new();
        for row in self.expiries.range(..(block + 1, "", "", [].as_slice()))? {
            let (key, written) = row?;
            let (_, namespace, collection, hash) = key.value();
            found.push(Expiring {
                namespace: namespace.to_owned(),
                collection: collection.to_owned(),
                key_hash: hash.to_vec(),
                written: written.value(),
            });
        }
        Ok(found)
    }

    /// The collections that a chaincode had for transactions of a block: those defined by an earlier one.
    pub(crate) fn collections_below(&self, chaincode: &str, block: u64) -> Result<Option<Vec<u8>>, LedgerError> {
        let last = self.collections.range((chaincode, 0)..(chaincode, block))?.next_back();
        Ok(last.transpose()?.map(|(_, package)| package.value().to_vec()))
    }
}

pub(crate) fn state_entry(stored: (u64, u64, &[u8], &[u8])) -> StateEntry {
    let (block, transaction, metadata, value) = stored;
    StateEntry { version: Version::new(block, transaction), metadata: metadata.to_vec(), value: value.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(block: u64, value: &str) -> Option<StateEntry> {
        Some(StateEntry { version: Version::new(block, 0), value: value.as_bytes().to_vec(), metadata: Vec::new() })
    }

    #[test]
    fn a_snapshot_does_not_see_later_blocks_and_ranges_stay_in_their_namespace() -> Result<(), LedgerError> {
        let folder = tempfile::tempdir().expect("a folder");
        let store = PublicStore::open(&folder.path().join("ledger.redb"), &Arc::default())?;
        let before = store.snapshot()?;
        let state = [("a", "k1"), ("a", "k2"), ("a\u{1}", "k"), ("b", "k1"), ("a", "\0composite\0")]
            .map(|(namespace, key)| (namespace.to_owned(), key.to_owned(), entry(0, key)))
            .to_vec();
        store.append(0, &[], &BlockChanges { state, ..Default::default() })?;
        assert_eq!(before.height()?, 0);
        let after = store.snapshot()?;
        assert_eq!(after.height()?, 1);
        let keys = |start: &str, end: &str, included| -> Result<Vec<String>, LedgerError> {
            let Some(range) = after.state_range("a", start, end, included)? else { return Ok(Vec::new()) };
            range.map(|row| Ok(row?.0.value().1.to_owned())).collect()
        };
        assert_eq!(keys("", "", false)?, ["\0composite\0", "k1", "k2"]);
        assert_eq!(keys("\u{1}", "", false)?, ["k1", "k2"]);
        assert_eq!(keys("k1", "k2", false)?, ["k1"]);
        assert_eq!(keys("k1", "k2", true)?, ["k1", "k2"]);
        assert!(keys("k2", "k1", false)?.is_empty());
        Ok(())
    }

    #[test]
    fn expiries_are_found_once() -> Result<(), LedgerError> {
        let folder = tempfile::tempdir().expect("a folder");
        let store = PublicStore::open(&folder.path().join("ledger.redb"), &Arc::default())?;
        let expiries = vec![(2, "cc".to_owned(), "coll".to_owned(), vec![7])];
        store.append(0, &[], &BlockChanges { expiries, ..Default::default() })?;
        assert!(store.snapshot()?.expiring(1)?.is_empty());
        assert_eq!(store.snapshot()?.expiring(2)?.len(), 1);
        store.append(2, &[], &BlockChanges::default())?;
        assert!(store.snapshot()?.expiring(2)?.is_empty());
        Ok(())
    }
}
