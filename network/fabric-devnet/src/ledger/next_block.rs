//! Committing one block: validate, collect what changes, write private values, then the block and the rest at once.

use std::sync::{Arc, PoisonError};

use fabric_config::block::{data_hash, header_bytes, header_hash};
use fabric_msp::policy::SignedData;
use fabric_protos::{
    common::{Block, BlockHeader, Metadata, SignatureHeader},
    protos::TxValidationCode,
};
use prost::Message;

use super::{
    chain::{Ledger, lock},
    changes::Collector,
    crash::CrashPoint,
    organization::OrganizationStores,
};
use crate::{
    state::{
        block_metadata::{COMMIT_HASH, FILTER, SIGNATURES, commit_hash_of, set_metadata},
        error::LedgerError,
        private::PrivateChanges,
        store::Snapshot,
    },
    validation::{self, Form, Prepared, ValidatedBlock, ValidationContext, commit_hash},
};

/// Blocks that are kept decoded for those who follow the chain.
const RECENT_BLOCKS: usize = 16;
/// Larger blocks are not kept, in bytes.
const RECENT_BLOCK_BYTES_MAX: usize = 1024 * 1024;

impl Ledger {
    /// Validates a block and writes it with everything that follows from it. Returns when all of it is on disk and
    /// announced. Broken transactions get their codes; only a block that does not belong here is an error.
    ///
    /// # Errors
    /// [`LedgerError`] when the block does not continue the chain, is not signed as the channel demands, or cannot be
    /// stored.
    pub fn commit(&self, block: Block) -> Result<Arc<Block>, LedgerError> {
        if let Some(origin) = &self.origin {
            return origin.commit(block);
        }
        let _one_at_a_time = lock(&self.committing);
        self.exclude_before(&block)?;
        let committed = Arc::new(append(self, block)?);
        let number = committed.header.as_ref().map_or(0, |header| header.number);
        if committed.encoded_len() <= RECENT_BLOCK_BYTES_MAX {
            let mut recent = lock(&self.recent);
            recent.push_back(committed.clone());
            if recent.len() > RECENT_BLOCKS {
                recent.pop_front();
            }
        }
        self.height.send_replace(number + 1);
        self.announce();
        Ok(committed)
    }
}

/// Validates and stores the next block; announcing it is left to the caller.
fn append(ledger: &Ledger, mut block: Block) -> Result<Block, LedgerError> {
    let snapshot = ledger.public.snapshot()?;
    let channel = ledger.channel();
    let context = ValidationContext { channel: &channel, signatures: &ledger.signatures };
    let header = block.header.clone().unwrap_or_default();
    let previous = check_place(&block, &header, &snapshot)?;
    check_signatures(&block, &header, &context)?;
    let envelopes = block.data.as_ref().map_or(&[][..], |data| &data.data);
    let prepared = validation::prepare(envelopes, &context);
    let ValidatedBlock { codes, updates } = validation::validate(header.number, &prepared, &context, &snapshot)?;

    let filter: Vec<u8> = codes.iter().map(|code| (*code as i32) as u8).collect();
    let previous_hash = commit_hash_of(&previous)?;
    let has_commit_hash = header.number == 1 || !previous_hash.is_empty();
    if has_commit_hash {
        let value = commit_hash(&filter, &updates, &previous_hash).to_vec();
        let metadata = Metadata { value, signatures: Vec::new() };
        set_metadata(&mut block, COMMIT_HASH, metadata.encode_to_vec());
    }
    set_metadata(&mut block, FILTER, filter);

    let collector = Collector { number: header.number, channel: &channel, snapshot: &snapshot };
    let private = collector.private(&prepared, &codes, &updates, &ledger.organizations)?;
    let changes = collector.public(header_hash(&header), &prepared, &codes, updates)?;
    write_private(header.number, &private)?;
    ledger.crash.survive(CrashPoint::BeforeBlock)?;
    ledger.public.append(header.number, &block.encode_to_vec(), &changes)?;
    ledger.crash.survive(CrashPoint::AfterBlock)?;

    // From here on the block counts, so nothing below may fail it. What is left undone is done at the next start.
    for (msp_id, stores) in ledger.organizations.iter() {
        if let Err(cause) = clean_up(stores, header.number, &prepared) {
            tracing::error!(msp_id, %cause, "private data that has served cannot be removed");
        }
    }
    let config = prepared.into_iter().zip(&codes).find_map(|(prepared, code)| match prepared.form {
        Form::Config(config) if *code == TxValidationCode::Valid => Some(config),
        _ => None,
    });
    if let Some(config) = config {
        *ledger.channel.write().unwrap_or_else(PoisonError::into_inner) = Arc::from(config);
    }
    Ok(block)
}

/// Carries out deletions that are due, and forgets what waited for this block.
fn clean_up(stores: &OrganizationStores, number: u64, prepared: &[Prepared]) -> Result<(), LedgerError> {
    stores.private.carry_out(number)?;
    for prepared in prepared {
        if let Form::Endorsed { id, .. } = &prepared.form {
            stores.transient.remove(id)?;
        }
    }
    Ok(())
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

/// Writes the private part for all organizations at the same time, since each waits for its own file.
fn write_private(number: u64, private: &[(&OrganizationStores, PrivateChanges)]) -> Result<(), LedgerError> {
    let touched: Vec<_> = private.iter().filter(|(_, changes)| !changes.is_empty()).collect();
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
