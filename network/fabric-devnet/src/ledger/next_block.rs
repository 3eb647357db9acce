//! Committing one block: validate, collect what changes, write private values, then the block and the rest at once.

use std::{
    sync::{Arc, PoisonError},
    time::Instant,
};

use fabric_config::block::header_hash;
use fabric_protos::{
    common::{Block, HeaderType},
    protos::TxValidationCode,
};
use prost::Message;

use super::{
    block_checks::{check_place, check_signatures},
    chain::{Ledger, lock},
    changes::Collector,
    crash::CrashPoint,
    organization::OrganizationStores,
};
use crate::{
    state::{
        block_metadata::{COMMIT_HASH, FILTER, set_metadata},
        error::LedgerError,
        private::PrivateChanges,
    },
    validation::{self, Form, Prepared, ValidatedBlock, ValidationContext, commit_hash_entry},
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
        let begun = Instant::now();
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
        self.metrics.processing.observe(&[&self.channel_id], begun.elapsed());
        Ok(committed)
    }
}

/// Validates and stores the next block; announcing it is left to the caller.
fn append(ledger: &Ledger, mut block: Block) -> Result<Block, LedgerError> {
    let snapshot = ledger.public.snapshot()?;
    let channel = ledger.channel();
    let context = ValidationContext { channel: &channel, signatures: Some(&ledger.signatures) };
    let header = block.header.clone().unwrap_or_default();
    let previous = ledger.block(snapshot.height()?.saturating_sub(1))?.ok_or(LedgerError::Damaged("last block"))?;
    check_place(&block, &header, &previous).map_err(|cause| LedgerError::NotNext { number: header.number, cause })?;
    check_signatures(&block, &header, &channel, &ledger.signatures)?;
    let envelopes = block.data.as_ref().map_or(&[][..], |data| &data.data);
    let prepared = validation::prepare(envelopes, &context);
    let ValidatedBlock { codes, updates } = validation::validate(header.number, &prepared, &context, &snapshot)?;

    let filter: Vec<u8> = codes.iter().map(|code| (*code as i32) as u8).collect();
    if let Some(entry) = commit_hash_entry(header.number, &filter, &updates, &previous)? {
        set_metadata(&mut block, COMMIT_HASH, entry);
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
    count(ledger, &prepared, &codes);
    let config = prepared.into_iter().zip(&codes).find_map(|(prepared, code)| match prepared.form {
        Form::Config(config) if *code == TxValidationCode::Valid => Some(config),
        _ => None,
    });
    if let Some(config) = config {
        *ledger.channel.write().unwrap_or_else(PoisonError::into_inner) = Arc::from(config);
    }
    Ok(block)
}

/// Counts the transactions of a block that is stored.
fn count(ledger: &Ledger, prepared: &[Prepared], codes: &[TxValidationCode]) {
    const UNKNOWN: &str = "unknown";
    for (prepared, code) in prepared.iter().zip(codes) {
        let (kind, chaincode) = match &prepared.form {
            Form::Endorsed { content: Ok(content), .. } => {
                (HeaderType::EndorserTransaction.as_str_name(), format!("{}:{}", content.chaincode, content.version))
            }
            Form::Endorsed { .. } => (HeaderType::EndorserTransaction.as_str_name(), UNKNOWN.to_owned()),
            Form::Config(_) => (HeaderType::Config.as_str_name(), UNKNOWN.to_owned()),
            Form::Rejected(_) => (UNKNOWN, UNKNOWN.to_owned()),
        };
        ledger.metrics.transactions.add(&[&ledger.channel_id, kind, &chaincode, code.as_str_name()]);
    }
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
