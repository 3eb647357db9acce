//! What a validated block changes, sorted by the stores that will hold it. Nothing is written here.

use std::collections::{BTreeMap, BTreeSet};

use fabric_config::ChannelConfig;
use fabric_msp::hash::sha256;
use fabric_protos::{
    kvrwset::{KvWriteHash, KvrwSet},
    lifecycle::{StateData, state_data::Type},
    protos::{StaticCollectionConfig, TxValidationCode},
};
use prost::Message;

use super::organization::OrganizationStores;
use crate::state::{
    collection,
    defined::collection_in,
    definition::LIFECYCLE,
    error::LedgerError,
    private::{Deletion, PrivateChanges},
    private_rows::RowKey,
    rwset::CollectionSet,
    store::{BlockChanges, Expiring, HashEntry, Snapshot, StateEntry},
    version::Version,
};
use crate::validation::{Endorsed, Form, HashUpdate, Prepared, Update, Updates};

/// One block, and the ledger before it.
pub(super) struct Collector<'a> {
    pub(super) number: u64,
    pub(super) channel: &'a ChannelConfig,
    pub(super) snapshot: &'a Snapshot,
}

/// A write set of a transaction to one collection.
pub(super) struct PrivatePart<'a> {
    index: u64,
    is_valid: bool,
    transaction: &'a str,
    pub(super) namespace: &'a str,
    pub(super) set: &'a CollectionSet,
}

impl Collector<'_> {
    /// What the public store gets.
    pub(super) fn public(
        &self,
        header_hash: [u8; 32],
        prepared: &[Prepared],
        codes: &[TxValidationCode],
        updates: Updates,
    ) -> Result<BlockChanges, LedgerError> {
        let mut changes = BlockChanges { header_hash: header_hash.to_vec(), ..Default::default() };
        changes.is_config = prepared
            .iter()
            .zip(codes)
            .any(|(prepared, code)| matches!(prepared.form, Form::Config(_)) && *code == TxValidationCode::Valid);
        self.index_transactions(prepared, codes, &mut changes)?;
        for (index, transaction) in valid_transactions(prepared, codes) {
            for part in &transaction.set.namespaces {
                let keys = part.public.writes.iter().map(|write| (part.name.clone(), write.key.clone(), index));
                changes.history.extend(keys);
            }
        }
        self.expire(&updates, &mut changes)?;
        add_state(updates.public, &mut changes);
        self.add_hashes(updates.hashed, &mut changes)?;
        Ok(changes)
    }

    /// What each organization's private store gets: plaintext whose hash fits, that of invalid transactions among it,
    /// and deletions.
    pub(super) fn private<'s>(
        &self,
        prepared: &[Prepared],
        codes: &[TxValidationCode],
        updates: &Updates,
        organizations: &'s BTreeMap<String, OrganizationStores>,
    ) -> Result<Vec<(&'s OrganizationStores, PrivateChanges)>, LedgerError> {
        let mut found: BTreeMap<&str, PrivateChanges> = BTreeMap::new();
        for part in private_parts(prepared, codes) {
            let Some(config) = collection_in(self.snapshot, self.channel, part.namespace, &part.set.name)? else {
                continue;
            };
            let members: Vec<(&'s str, &OrganizationStores)> = organizations
                .iter()
                .map(|(msp_id, stores)| (msp_id.as_str(), stores))
                .filter(|(msp_id, _)| collection::is_kept_by(&config, msp_id))
                .collect();
            let shared = part.find_plaintext(&members);
            for member @ (msp_id, _) in members {
                // Others give it only to those whom the collection's policy lets have it.
                let plaintext = match collection::is_sent_to(&config, msp_id) {
                    true => shared.clone(),
                    false => part.find_plaintext(&[member]),
                };
                if plaintext.is_none() && part.is_valid {
                    let (transaction, collection) = (part.transaction, &part.set.name);
                    tracing::warn!(msp_id, transaction, collection, "private data of a valid transaction is missing");
                }
                let changes = found.entry(msp_id).or_default();
                changes.deletions.extend(part.deletions(self.number, &config));
                let (namespace, collection) = (part.namespace.to_owned(), part.set.name.clone());
                changes.writes.extend(plaintext.map(|set| (part.index, namespace, collection, set)));
            }
        }
        for (config, renewal) in self.renewals(updates)? {
            for msp_id in organizations.keys().filter(|msp_id| collection::is_kept_by(&config, msp_id)) {
                found.entry(msp_id).or_default().renewals.push(renewal.clone());
            }
        }
        Ok(found.into_iter().map(|(msp_id, changes)| (&organizations[msp_id], changes)).collect())
    }

    /// The deletions that the block orders, in all private stores.
    pub(super) fn deletions(
        &self,
        prepared: &[Prepared],
        codes: &[TxValidationCode],
    ) -> Result<Vec<Deletion>, LedgerError> {
        let mut found = Vec::new();
        for part in private_parts(prepared, codes) {
            let config = collection_in(self.snapshot, self.channel, part.namespace, &part.set.name)?;
            found.extend(config.map(|config| part.deletions(self.number, &config)).unwrap_or_default());
        }
        Ok(found)
    }

    /// The deletions that the block puts off, in all private stores.
    pub(super) fn all_renewals(&self, updates: &Updates) -> Result<Vec<Deletion>, LedgerError> {
        Ok(self.renewals(updates)?.into_iter().map(|(_, renewal)| renewal).collect())
    }

    /// Values whose time begins anew because a transaction set only their key's policy.
    fn renewals(&self, updates: &Updates) -> Result<Vec<(StaticCollectionConfig, Deletion)>, LedgerError> {
        let mut renewals = Vec::new();
        for (namespace, collections) in &updates.hashed {
            for (collection, hashes) in collections {
                let Some(config) = collection_in(self.snapshot, self.channel, namespace, collection)? else { continue };
                let Some(after) = last_block(self.number, &config) else { continue };
                for (key_hash, update) in hashes {
                    if update.value_hash.is_some() && update.value_version != update.version {
                        let (namespace, collection) = (namespace.clone(), collection.clone());
                        let (key_hash, version) = (key_hash.clone(), update.value_version);
                        let renewal = Deletion { after, namespace, collection, key_hash, version, all_older: false };
                        renewals.push((config.clone(), renewal));
                    }
                }
            }
        }
        Ok(renewals)
    }

    /// Only the first appearance of an id counts, in this block and before it.
    fn index_transactions(
        &self,
        prepared: &[Prepared],
        codes: &[TxValidationCode],
        changes: &mut BlockChanges,
    ) -> Result<(), LedgerError> {
        let mut seen = BTreeSet::new();
        for (index, (prepared, code)) in prepared.iter().zip(codes).enumerate() {
            let Some(id) = &prepared.id else { continue };
            if seen.insert(id) && self.snapshot.transaction(id)?.is_none() {
                changes.transactions.push((id.clone(), index as u64, (*code as i32) as u8));
            }
        }
        Ok(())
    }

    /// Removes hashes whose time is up, unless a later block or this one wrote them again.
    fn expire(&self, updates: &Updates, changes: &mut BlockChanges) -> Result<(), LedgerError> {
        for Expiring { namespace, collection, key_hash, written } in self.snapshot.expiring(self.number)? {
            let rewritten = updates.hashed(&namespace, &collection, &key_hash).is_some();
            let current = self.snapshot.hash(&namespace, &collection, &key_hash)?;
            if !rewritten && current.is_some_and(|current| current.version.block == written) {
                changes.hashes.push((namespace, collection, key_hash, None));
            }
        }
        Ok(())
    }

    fn add_hashes(
        &self,
        hashed: BTreeMap<String, BTreeMap<String, BTreeMap<Vec<u8>, HashUpdate>>>,
        changes: &mut BlockChanges,
    ) -> Result<(), LedgerError> {
        for (namespace, collections) in hashed {
            for (collection, hashes) in collections {
                let config = collection_in(self.snapshot, self.channel, &namespace, &collection)?;
                let last = config.and_then(|config| last_block(self.number, &config));
                for (key_hash, update) in hashes {
                    if let (Some(last), true) = (last, update.value_hash.is_some()) {
                        changes.expiries.push((last, namespace.clone(), collection.clone(), key_hash.clone()));
                    }
                    changes.hashes.push((namespace.clone(), collection.clone(), key_hash, hash_entry(update)));
                }
            }
        }
        Ok(())
    }
}

impl PrivatePart<'_> {
    /// The name of one of its writes.
    pub(super) fn row_key(&self, block: u64, key_hash: &[u8]) -> RowKey {
        RowKey::new((self.namespace, &self.set.name, key_hash), block, self.index)
    }

    /// The plaintext that a member of the collection holds for the transaction and whose hash the transaction names.
    fn find_plaintext(&self, members: &[(&str, &OrganizationStores)]) -> Option<KvrwSet> {
        for (_, stores) in members {
            for variant in stores.transient.get(self.transaction) {
                let parts = variant.ns_pvt_rwset.iter().filter(|part| part.namespace == self.namespace);
                let sets = parts.flat_map(|part| &part.collection_pvt_rwset);
                for set in sets.filter(|set| set.collection_name == self.set.name) {
                    if sha256(&set.rwset) == self.set.private_hash[..] {
                        return KvrwSet::decode(&*set.rwset).ok();
                    }
                }
            }
        }
        None
    }

    /// A purge by a valid transaction takes all there is of a key, now; other values go when their collection says so,
    /// if ever.
    fn deletions(&self, number: u64, config: &StaticCollectionConfig) -> Vec<Deletion> {
        let last = last_block(number, config);
        let deletion = |key_hash: &[u8], after, all_older| Deletion {
            after,
            namespace: self.namespace.to_owned(),
            collection: self.set.name.clone(),
            key_hash: key_hash.to_vec(),
            version: Version::new(number, self.index),
            all_older,
        };
        let of_write = |write: &KvWriteHash| match (write.is_purge && self.is_valid, last) {
            (true, _) => Some(deletion(&write.key_hash, number, true)),
            (false, Some(last)) => Some(deletion(&write.key_hash, last, false)),
            (false, None) => None,
        };
        self.set.hashed.hashed_writes.iter().filter_map(of_write).collect()
    }
}

/// The block with which a value written in block `number` goes; `None` when it stays for ever.
fn last_block(number: u64, config: &StaticCollectionConfig) -> Option<u64> {
    (config.block_to_live > 0).then(|| number.saturating_add(config.block_to_live).saturating_add(1))
}

fn valid_transactions<'a>(
    prepared: &'a [Prepared],
    codes: &'a [TxValidationCode],
) -> impl Iterator<Item = (u64, &'a Endorsed)> {
    transactions(prepared, codes).filter(|found| found.is_valid).map(|found| (found.index, found.content))
}

/// A transaction of which everything can be read.
struct Whole<'a> {
    index: u64,
    is_valid: bool,
    id: &'a str,
    content: &'a Endorsed,
}

fn transactions<'a>(prepared: &'a [Prepared], codes: &'a [TxValidationCode]) -> impl Iterator<Item = Whole<'a>> {
    prepared.iter().zip(codes).enumerate().filter_map(|(index, (prepared, code))| match &prepared.form {
        Form::Endorsed { id, content: Ok(content) } => {
            Some(Whole { index: index as u64, is_valid: *code == TxValidationCode::Valid, id, content })
        }
        _ => None,
    })
}

/// The write sets to collections of all transactions that can be read.
pub(super) fn private_parts<'a>(
    prepared: &'a [Prepared],
    codes: &'a [TxValidationCode],
) -> impl Iterator<Item = PrivatePart<'a>> {
    transactions(prepared, codes).flat_map(|Whole { index, is_valid, id, content }| {
        content.set.namespaces.iter().flat_map(move |part| {
            let written = part.collections.iter().filter(|set| !set.private_hash.is_empty());
            written.map(move |set| PrivatePart { index, is_valid, transaction: id, namespace: &part.name, set })
        })
    })
}

fn add_state(public: BTreeMap<String, BTreeMap<String, Update>>, changes: &mut BlockChanges) {
    for (namespace, keys) in public {
        for (key, update) in keys {
            if namespace == LIFECYCLE {
                changes.collections.extend(defined_collections(&key, update.value.as_deref()));
            }
            let (version, metadata) = (update.version, update.metadata);
            let entry = update.value.map(|value| StateEntry { version, value, metadata });
            changes.state.push((namespace.clone(), key, entry));
        }
    }
}

fn hash_entry(update: HashUpdate) -> Option<HashEntry> {
    let (version, value_version, metadata) = (update.version, update.value_version, update.metadata);
    update.value_hash.map(|value_hash| HashEntry { version, value_version, value_hash, metadata })
}

/// The chaincode and its collections when the key is that field of a definition.
fn defined_collections(key: &str, value: Option<&[u8]>) -> Option<(String, Vec<u8>)> {
    let chaincode = key.strip_prefix("namespaces/fields/")?.strip_suffix("/Collections")?;
    match StateData::decode(value?).ok()?.r#type? {
        Type::Bytes(package) => Some((chaincode.to_owned(), package)),
        _ => None,
    }
}
