//! What the valid transactions of a block change, in the order in which they stand in it.

use std::collections::BTreeMap;

use fabric_protos::kvrwset::KvMetadataEntry;

use crate::state::{
    error::LedgerError,
    rwset::{NamespaceSet, ReadWriteSet, encode_metadata, is_delete, is_hash_delete},
    store::Snapshot,
    version::Version,
};

/// Changes so far.
#[derive(Debug, Default)]
pub(crate) struct Updates {
    /// By namespace and key.
    pub(crate) public: BTreeMap<String, BTreeMap<String, Update>>,
    /// By namespace, collection and key hash.
    pub(crate) hashed: BTreeMap<String, BTreeMap<String, BTreeMap<Vec<u8>, HashUpdate>>>,
}

/// The latest change of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Update {
    pub(crate) version: Version,
    /// `None` when the key is deleted.
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) metadata: Vec<u8>,
}

/// The latest change of a private key's hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HashUpdate {
    pub(crate) version: Version,
    /// The version that wrote the value.
    pub(crate) value_version: Version,
    /// `None` when the key is deleted.
    pub(crate) value_hash: Option<Vec<u8>>,
    pub(crate) metadata: Vec<u8>,
}

/// What one transaction does to one key.
#[derive(Default)]
struct Change<'a> {
    deletes: bool,
    value: Option<&'a [u8]>,
    metadata: Option<&'a [KvMetadataEntry]>,
}

impl Updates {
    pub(crate) fn public(&self, namespace: &str, key: &str) -> Option<&Update> {
        self.public.get(namespace)?.get(key)
    }

    pub(crate) fn hashed(&self, namespace: &str, collection: &str, key_hash: &[u8]) -> Option<&HashUpdate> {
        self.hashed.get(namespace)?.get(collection)?.get(key_hash)
    }

    /// Adds the writes of a valid transaction.
    pub(crate) fn apply(
        &mut self,
        set: &ReadWriteSet,
        version: Version,
        snapshot: &Snapshot,
    ) -> Result<(), LedgerError> {
        for part in &set.namespaces {
            for (key, change) in public_changes(part) {
                self.apply_public(&part.name, key, &change, version, snapshot)?;
            }
            for (collection, key_hash, change) in hashed_changes(part) {
                self.apply_hashed((&part.name, collection, key_hash), &change, version, snapshot)?;
            }
        }
        Ok(())
    }

    fn apply_public(
        &mut self,
        namespace: &str,
        key: &str,
        change: &Change<'_>,
        version: Version,
        snapshot: &Snapshot,
    ) -> Result<(), LedgerError> {
        let update = if change.deletes {
            Update { version, value: None, metadata: Vec::new() }
        } else {
            let needs_latest = change.value.is_none() || change.metadata.is_none();
            let latest = match self.public(namespace, key) {
                _ if !needs_latest => None,
                Some(update) => update.value.clone().map(|value| (value, update.metadata.clone())),
                None => snapshot.state(namespace, key)?.map(|entry| (entry.value, entry.metadata)),
            };
            let (latest_value, latest_metadata) = latest.unzip();
            // Metadata of a key that is not there goes nowhere.
            let Some(value) = change.value.map(<[u8]>::to_vec).or(latest_value) else { return Ok(()) };
            let metadata = change.metadata.map(stored_metadata).or(latest_metadata).unwrap_or_default();
            Update { version, value: Some(value), metadata }
        };
        self.public.entry(namespace.to_owned()).or_default().insert(key.to_owned(), update);
        Ok(())
    }

    fn apply_hashed(
        &mut self,
        (namespace, collection, key_hash): (&str, &str, &[u8]),
        change: &Change<'_>,
        version: Version,
        snapshot: &Snapshot,
    ) -> Result<(), LedgerError> {
        let update = if change.deletes {
            HashUpdate { version, value_version: version, value_hash: None, metadata: Vec::new() }
        } else {
            let latest = match self.hashed(namespace, collection, key_hash) {
                Some(update) => {
                    update.value_hash.clone().map(|hash| (hash, update.value_version, update.metadata.clone()))
                }
                None => snapshot
                    .hash(namespace, collection, key_hash)?
                    .map(|entry| (entry.value_hash, entry.value_version, entry.metadata)),
            };
            let (value_hash, value_version) = match (change.value, &latest) {
                (Some(hash), _) => (hash.to_vec(), version),
                (None, Some((hash, value_version, _))) => (hash.clone(), *value_version),
                (None, None) => return Ok(()),
            };
            let metadata = change.metadata.map(stored_metadata).or(latest.map(|latest| latest.2)).unwrap_or_default();
            HashUpdate { version, value_version, value_hash: Some(value_hash), metadata }
        };
        let collections = self.hashed.entry(namespace.to_owned()).or_default();
        collections.entry(collection.to_owned()).or_default().insert(key_hash.to_vec(), update);
        Ok(())
    }
}

fn stored_metadata(entries: &[KvMetadataEntry]) -> Vec<u8> {
    if entries.is_empty() { Vec::new() } else { encode_metadata(entries) }
}

fn public_changes(part: &NamespaceSet) -> BTreeMap<&str, Change<'_>> {
    let mut changes: BTreeMap<&str, Change<'_>> = BTreeMap::new();
    for write in &part.public.writes {
        let change = changes.entry(&write.key).or_default();
        if is_delete(write) {
            change.deletes = true;
        } else {
            change.value = Some(&write.value);
        }
    }
    for write in &part.public.metadata_writes {
        changes.entry(&write.key).or_default().metadata = Some(&write.entries);
    }
    changes
}

fn hashed_changes(part: &NamespaceSet) -> Vec<(&str, &[u8], Change<'_>)> {
    let mut changes: BTreeMap<(&str, &[u8]), Change<'_>> = BTreeMap::new();
    for collection in &part.collections {
        for write in &collection.hashed.hashed_writes {
            let change = changes.entry((&collection.name, &write.key_hash)).or_default();
            if is_hash_delete(write) {
                change.deletes = true;
            } else {
                change.value = Some(&write.value_hash);
            }
        }
        for write in &collection.hashed.metadata_writes {
            changes.entry((&collection.name, &write.key_hash)).or_default().metadata = Some(&write.entries);
        }
    }
    changes.into_iter().map(|((collection, key_hash), change)| (collection, key_hash, change)).collect()
}
