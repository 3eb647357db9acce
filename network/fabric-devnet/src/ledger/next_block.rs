//! Committing one block: validate, collect what changes, write private values, then the block and the rest at once.

use std::{collections::BTreeMap, sync::PoisonError};

use fabric_msp::{
    block::{METADATA_ENTRIES, data_hash, header_bytes, header_hash},
    channel::ChannelConfig,
    hash::sha256,
    policy::SignedData,
};
use fabric_protos::{
    common::{Block, BlockHeader, Metadata, SignatureHeader},
    kvrwset::KvrwSet,
    lifecycle::{StateData, state_data::Type},
    protos::TxValidationCode,
};
use prost::Message;

use super::{
    Ledger, OrganizationStores, collection, collection_in,
    definition::LIFECYCLE,
    error::LedgerError,
    private::{Deletion, PrivateChanges},
    rwset::is_hash_delete,
    store::{BlockChanges, Expiring, HashEntry, PublicStore, Snapshot, StateEntry},
    version::Version,
};
use crate::validation::{self, Endorsed, Form, HashUpdate, Judged, Prepared, Updates, ValidationContext, commit_hash};

const SIGNATURES: usize = 0;
/// The metadata entry with one validation code per transaction.
pub(super) const FILTER: usize = 2;
const COMMIT_HASH: usize = 4;

/// Stores the first block, which is taken as it is.
pub(super) fn write_genesis(store: &PublicStore, block: &Block) -> Result<(), LedgerError> {
    ChannelConfig::from_genesis_block(block).map_err(|cause| LedgerError::Config(cause.to_string()))?;
    let header = block.header.as_ref().ok_or(LedgerError::Damaged("genesis block"))?;
    let mut block = block.clone();
    set_metadata(&mut block, FILTER, vec![TxValidationCode::Valid as u8]);
    let changes = BlockChanges { header_hash: header_hash(header).to_vec(), is_config: true, ..Default::default() };
    store.append(header.number, &block.encode_to_vec(), &changes)
}

/// Validates and stores the next block; announcing it is left to the caller.
pub(super) fn commit(ledger: &Ledger, mut block: Block) -> Result<Block, LedgerError> {
    let snapshot = ledger.public.snapshot()?;
    let channel = ledger.channel();
    let context = ValidationContext { channel: &channel, signatures: &ledger.signatures };
    let header = block.header.clone().unwrap_or_default();
    let previous = check_place(&block, &header, &snapshot)?;
    check_signatures(&block, &header, &context)?;
    let envelopes = block.data.as_ref().map_or(&[][..], |data| &data.data);
    let prepared = validation::prepare(envelopes, &context);
    let Judged { codes, updates } = validation::judge(header.number, &prepared, &context, &snapshot)?;

    let filter: Vec<u8> = codes.iter().map(|code| (*code as i32) as u8).collect();
    let previous_hash = commit_hash_of(&previous)?;
    let has_commit_hash = header.number == 1 || !previous_hash.is_empty();
    if has_commit_hash {
        let value = commit_hash(&filter, &updates, &previous_hash).to_vec();
        let metadata = Metadata { value, signatures: Vec::new() };
        set_metadata(&mut block, COMMIT_HASH, metadata.encode_to_vec());
    }
    set_metadata(&mut block, FILTER, filter);

    let work = Work { ledger, number: header.number, channel: &channel, snapshot: &snapshot };
    let valid: Vec<(u64, &str, &Endorsed)> = valid_transactions(&prepared, &codes).collect();
    let changes = work.changes(&header, &prepared, &codes, &valid, updates)?;
    let private = work.private_changes(&valid)?;
    write_private(header.number, &private)?;
    ledger.public.append(header.number, &block.encode_to_vec(), &changes)?;

    // From here on the block counts. What remains is repeated at the next start when it is cut short.
    drop(private);
    for stores in ledger.organizations.values() {
        stores.private.carry_out(header.number)?;
        for prepared in &prepared {
            if let Form::Endorsed { id, .. } = &prepared.form {
                stores.transient.remove(id)?;
            }
        }
    }
    let config = prepared.into_iter().zip(&codes).find_map(|(prepared, code)| match prepared.form {
        Form::Config(config) if *code == TxValidationCode::Valid => Some(config),
        _ => None,
    });
    if let Some(config) = config {
        *ledger.channel.write().unwrap_or_else(PoisonError::into_inner) = std::sync::Arc::from(config);
    }
    Ok(block)
}

/// Checks that the block continues the chain, and gives back the one before it.
fn check_place(block: &Block, header: &BlockHeader, snapshot: &Snapshot) -> Result<Block, LedgerError> {
    let not_next = |cause| LedgerError::NotNext { number: header.number, cause };
    let height = snapshot.height()?;
    if header.number != height {
        return Err(not_next("another number is next"));
    }
    let previous = snapshot.block(height.saturating_sub(1))?.ok_or(LedgerError::Damaged("last block"))?;
    let previous_header = previous.header.as_ref().ok_or(LedgerError::Damaged("last block"))?;
    if header.previous_hash != header_hash(previous_header) {
        return Err(not_next("it names another previous block"));
    }
    let data = block.data.as_ref().ok_or_else(|| not_next("it has no data"))?;
    if header.data_hash != data_hash(data) {
        return Err(not_next("its data hash does not fit its data"));
    }
    Ok(previous)
}

/// Checks the orderers' signatures against the channel's policy for blocks.
fn check_signatures(block: &Block, header: &BlockHeader, context: &ValidationContext<'_>) -> Result<(), LedgerError> {
    let failed = |cause: String| LedgerError::BlockSignature { number: header.number, cause };
    let entry = block.metadata.as_ref().and_then(|metadata| metadata.metadata.get(SIGNATURES));
    let metadata = Metadata::decode(entry.map_or(&[][..], Vec::as_slice)).map_err(|cause| failed(cause.to_string()))?;
    let header_bytes = header_bytes(header);
    let mut signed = Vec::new();
    for signature in &metadata.signatures {
        let Ok(signer) = SignatureHeader::decode(&*signature.signature_header) else { continue };
        signed.push(SignedData {
            data: [metadata.value.as_slice(), &signature.signature_header, &header_bytes].concat(),
            identity: signer.creator,
            signature: signature.signature.clone(),
        });
    }
    let signers = context.signatures.valid_identities(&signed, context.channel.msps());
    let policy = context.channel.policy("/Channel/Orderer/BlockValidation");
    policy.evaluate_identities(&signers).map_err(|cause| failed(cause.to_string()))
}

fn commit_hash_of(block: &Block) -> Result<Vec<u8>, LedgerError> {
    let entry = block.metadata.as_ref().and_then(|metadata| metadata.metadata.get(COMMIT_HASH));
    let metadata =
        Metadata::decode(entry.map_or(&[][..], Vec::as_slice)).map_err(|_| LedgerError::Damaged("commit hash"))?;
    Ok(metadata.value)
}

fn set_metadata(block: &mut Block, index: usize, value: Vec<u8>) {
    let entries = &mut block.metadata.get_or_insert_default().metadata;
    if entries.len() < METADATA_ENTRIES {
        entries.resize(METADATA_ENTRIES, Vec::new());
    }
    entries[index] = value;
}

fn valid_transactions<'a>(
    prepared: &'a [Prepared],
    codes: &'a [TxValidationCode],
) -> impl Iterator<Item = (u64, &'a str, &'a Endorsed)> {
    prepared.iter().zip(codes).enumerate().filter_map(|(index, (prepared, code))| match &prepared.form {
        Form::Endorsed { id, content: Ok(content) } if *code == TxValidationCode::Valid => {
            Some((index as u64, id.as_str(), content.as_ref()))
        }
        _ => None,
    })
}

/// Writes the private part for all organisations at the same time, since each waits for its own file.
fn write_private(number: u64, private: &[(&OrganizationStores, PrivateChanges)]) -> Result<(), LedgerError> {
    let touched: Vec<_> =
        private.iter().filter(|(_, changes)| !changes.writes.is_empty() || !changes.deletions.is_empty()).collect();
    if let [(stores, changes)] = touched[..] {
        return stores.private.prepare(number, changes);
    }
    std::thread::scope(|scope| {
        let workers: Vec<_> = touched
            .into_iter()
            .map(|(stores, changes)| scope.spawn(move || stores.private.prepare(number, changes)))
            .collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// One block being worked on.
struct Work<'a> {
    ledger: &'a Ledger,
    number: u64,
    channel: &'a ChannelConfig,
    snapshot: &'a Snapshot,
}

impl Work<'_> {
    fn changes(
        &self,
        header: &BlockHeader,
        prepared: &[Prepared],
        codes: &[TxValidationCode],
        valid: &[(u64, &str, &Endorsed)],
        updates: Updates,
    ) -> Result<BlockChanges, LedgerError> {
        let mut changes = BlockChanges { header_hash: header_hash(header).to_vec(), ..Default::default() };
        let is_config = |(prepared, code): (&Prepared, &TxValidationCode)| {
            matches!(prepared.form, Form::Config(_)) && *code == TxValidationCode::Valid
        };
        changes.is_config = prepared.iter().zip(codes).any(is_config);
        let mut seen = std::collections::BTreeSet::new();
        for (index, (prepared, code)) in prepared.iter().zip(codes).enumerate() {
            let Some(id) = &prepared.id else { continue };
            if seen.insert(id) && self.snapshot.transaction(id)?.is_none() {
                changes.transactions.push((id.clone(), index as u64, (*code as i32) as u8));
            }
        }
        for (index, _, transaction) in valid {
            for part in &transaction.set.namespaces {
                let keys = part.public.writes.iter().map(|write| (part.name.clone(), write.key.clone(), *index));
                changes.history.extend(keys);
            }
        }
        self.expire(&updates, &mut changes)?;
        for (namespace, keys) in updates.public {
            for (key, update) in keys {
                if namespace == LIFECYCLE {
                    changes.collections.extend(defined_collections(&key, update.value.as_deref()));
                }
                let (version, metadata) = (update.version, update.metadata);
                let entry = update.value.map(|value| StateEntry { version, value, metadata });
                changes.state.push((namespace.clone(), key, entry));
            }
        }
        for (namespace, collections) in updates.hashed {
            for (collection, hashes) in collections {
                let lives = self.block_to_live(&namespace, &collection)?;
                for (key_hash, update) in hashes {
                    if let (Some(lives), true) = (lives, update.value_hash.is_some()) {
                        let last = self.number.saturating_add(lives).saturating_add(1);
                        changes.expiries.push((last, namespace.clone(), collection.clone(), key_hash.clone()));
                    }
                    changes.hashes.push((namespace.clone(), collection.clone(), key_hash, hash_entry(update)));
                }
            }
        }
        Ok(changes)
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

    /// For how many blocks values of a collection live; `None` for ever.
    fn block_to_live(&self, namespace: &str, collection: &str) -> Result<Option<u64>, LedgerError> {
        if collection::implicit_owner(collection).is_some() {
            return Ok(None);
        }
        let config = collection_in(self.snapshot, self.channel, namespace, collection)?;
        Ok(config.map(|config| config.block_to_live).filter(|blocks| *blocks > 0))
    }

    /// What each organisation's private store gets: plaintext whose hash fits, and deletions.
    fn private_changes(
        &self,
        valid: &[(u64, &str, &Endorsed)],
    ) -> Result<Vec<(&OrganizationStores, PrivateChanges)>, LedgerError> {
        let mut found: BTreeMap<&str, PrivateChanges> = BTreeMap::new();
        for (index, id, transaction) in valid {
            for part in &transaction.set.namespaces {
                for set in part.collections.iter().filter(|set| !set.private_hash.is_empty()) {
                    let config = collection_in(self.snapshot, self.channel, &part.name, &set.name)?;
                    let Some(config) = config else { continue };
                    let members: Vec<(&str, &OrganizationStores)> = self
                        .ledger
                        .organizations
                        .iter()
                        .map(|(msp_id, stores)| (msp_id.as_str(), stores))
                        .filter(|(msp_id, _)| collection::is_kept_by(&config, msp_id))
                        .collect();
                    let plain = find_plaintext(&members, id, &part.name, &set.name, &set.private_hash)?;
                    let version = Version::new(self.number, *index);
                    let lives = (config.block_to_live > 0).then_some(config.block_to_live);
                    for (msp_id, _) in &members {
                        let changes = found.entry(msp_id).or_default();
                        for write in &set.hashed.hashed_writes {
                            let deletion = |after, all_older| Deletion {
                                after,
                                namespace: part.name.clone(),
                                collection: set.name.clone(),
                                key_hash: write.key_hash.clone(),
                                version,
                                all_older,
                            };
                            if write.is_purge {
                                changes.deletions.push(deletion(self.number, true));
                            } else if let (Some(lives), false) = (lives, is_hash_delete(write)) {
                                let after = self.number.saturating_add(lives).saturating_add(1);
                                changes.deletions.push(deletion(after, false));
                            }
                        }
                        match &plain {
                            Some(plain) => {
                                changes.writes.push((*index, part.name.clone(), set.name.clone(), plain.clone()));
                            }
                            None => tracing::warn!(
                                msp_id,
                                transaction = id,
                                collection = set.name,
                                "private data of a committed transaction is missing"
                            ),
                        }
                    }
                }
            }
        }
        Ok(found.into_iter().map(|(msp_id, changes)| (&self.ledger.organizations[msp_id], changes)).collect())
    }
}

/// The plaintext that a member of the collection holds for a transaction and whose hash the transaction names.
fn find_plaintext(
    members: &[(&str, &OrganizationStores)],
    id: &str,
    namespace: &str,
    collection: &str,
    hash: &[u8],
) -> Result<Option<KvrwSet>, LedgerError> {
    for (_, stores) in members {
        for variant in stores.transient.get(id)? {
            let parts = variant.ns_pvt_rwset.iter().filter(|part| part.namespace == namespace);
            let sets = parts.flat_map(|part| &part.collection_pvt_rwset);
            for set in sets.filter(|set| set.collection_name == collection) {
                if sha256(&set.rwset) == hash {
                    return Ok(KvrwSet::decode(&*set.rwset).ok());
                }
            }
        }
    }
    Ok(None)
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
