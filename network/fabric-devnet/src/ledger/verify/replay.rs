//! Adding up a chain of blocks anew, in memory.

use std::sync::Arc;

use fabric_config::{
    ChannelConfig,
    block::{METADATA_ENTRIES, header_hash},
};
use fabric_protos::{
    common::{Block, LastConfig, Metadata},
    protos::TxValidationCode,
};
use prost::Message;

use super::{depth::Depth, private::Named};
use crate::{
    ledger::{block_checks, changes::Collector, genesis::write_genesis},
    state::{
        block_metadata::{COMMIT_HASH, FILTER, LAST_CONFIG, last_config, validation_codes},
        error::LedgerError,
        finding::Finding,
        store::{PublicStore, Snapshot},
    },
    validation::{self, Form, Prepared, ValidatedBlock, ValidationContext, VerifiedSignatures},
};

/// A chain up to some block.
pub(super) struct Replay<'a> {
    stored: &'a Snapshot,
    depth: Depth,
    rebuilt: PublicStore,
    channel: Arc<ChannelConfig>,
    signatures: VerifiedSignatures,
    previous: Block,
    named: Named,
}

impl<'a> Replay<'a> {
    /// Begins with the genesis block, of which the stored one must have header, data and code.
    pub(super) fn begin(stored: &'a Snapshot, genesis: &Block, depth: Depth) -> Result<Self, LedgerError> {
        let first = read(stored, 0)?;
        let codes = validation_codes(&first);
        if first.header != genesis.header || first.data != genesis.data || codes != [TxValidationCode::Valid] {
            return Err(changed(0, "it is not the genesis block of the channel"));
        }
        let rebuilt = PublicStore::in_memory()?;
        write_genesis(&rebuilt, genesis)?;
        let channel =
            ChannelConfig::from_genesis_block(genesis).map_err(|cause| LedgerError::Config(cause.to_string()))?;
        let named = Named::of_genesis();
        let (channel, signatures) = (Arc::new(channel), VerifiedSignatures::default());
        Ok(Self { stored, depth, rebuilt, channel, signatures, previous: first, named })
    }

    /// Adds the next block, and returns it.
    pub(super) fn add(&mut self, number: u64) -> Result<&Block, LedgerError> {
        let block = read(self.stored, number)?;
        let header = block.header.clone().unwrap_or_default();
        block_checks::check_place(&block, &header, &self.previous).map_err(|cause| changed(number, cause))?;
        block_checks::check_signatures(&block, &header, &self.channel, &self.signatures)
            .map_err(|cause| changed(number, &cause.to_string()))?;
        check_last_config(number, &block)?;

        let channel = Arc::clone(&self.channel);
        let known = (self.depth == Depth::Transactions).then_some(&self.signatures);
        let context = ValidationContext { channel: &channel, signatures: known };
        let envelopes = block.data.as_ref().map_or(&[][..], |data| &data.data);
        let prepared = validation::prepare(envelopes, &context);
        let snapshot = self.rebuilt.snapshot()?;
        let ValidatedBlock { codes, updates } = self.validated(number, &block, &prepared, &context, &snapshot)?;
        let filter = filter_of(&block);
        let commit_hash = validation::commit_hash_entry(number, filter, &updates, &self.previous)?;
        if commit_hash.unwrap_or_default() != entry(&block, COMMIT_HASH) {
            return Err(changed(number, "its commit hash is not that of its results"));
        }
        let collector = Collector { number, channel: &channel, snapshot: &snapshot };
        self.named.add(&collector, &prepared, &codes, &updates)?;
        let changes = collector.public(header_hash(&header), &prepared, &codes, updates)?;
        self.rebuilt.append(number, &[], &changes)?;
        self.take_config(prepared, &codes);
        self.previous = block;
        Ok(&self.previous)
    }

    /// What the chain adds up to, and what it names of private data.
    pub(super) fn end(self) -> (PublicStore, Named) {
        (self.rebuilt, self.named)
    }

    /// The codes that the block has, which must be those that it gets, and what follows from them.
    fn validated(
        &self,
        number: u64,
        block: &Block,
        prepared: &[Prepared],
        context: &ValidationContext<'_>,
        snapshot: &Snapshot,
    ) -> Result<ValidatedBlock, LedgerError> {
        let stored = validation_codes(block);
        if stored.len() != prepared.len() {
            return Err(changed(number, "it has not one validation code for each transaction"));
        }
        let found = match self.depth {
            Depth::Transactions => validation::validate(number, prepared, context, snapshot)?,
            Depth::Chain => validation::apply(number, prepared, stored.clone(), snapshot)?,
        };
        match stored.iter().zip(&found.codes).position(|(stored, found)| stored != found) {
            None => Ok(found),
            Some(index) => Err(changed(number, &format!("transaction {index} has another validation code"))),
        }
    }

    fn take_config(&mut self, prepared: Vec<Prepared>, codes: &[TxValidationCode]) {
        for (prepared, code) in prepared.into_iter().zip(codes) {
            if let (Form::Config(config), TxValidationCode::Valid) = (prepared.form, code) {
                self.channel = Arc::from(config);
            }
        }
    }
}

/// A stored block whose bytes are no others than its own.
fn read(stored: &Snapshot, number: u64) -> Result<Block, LedgerError> {
    let bytes = stored.block_bytes(number)?.ok_or_else(|| changed(number, "it is missing"))?;
    let block = Block::decode(&*bytes).map_err(|_| changed(number, "it cannot be read"))?;
    if block.encode_to_vec() != bytes {
        return Err(changed(number, "it holds what no block holds"));
    }
    Ok(block)
}

/// The number of the last configuration block stands twice in a block, and only once under its signature.
fn check_last_config(number: u64, block: &Block) -> Result<(), LedgerError> {
    let noted = LastConfig { index: last_config(block) }.encode_to_vec();
    let entries = block.metadata.as_ref().map_or(0, |metadata| metadata.metadata.len());
    let repeated = Metadata::decode(entry(block, LAST_CONFIG)).unwrap_or_default();
    if entries != METADATA_ENTRIES || repeated.value != noted {
        return Err(changed(number, "its metadata do not fit one another"));
    }
    Ok(())
}

fn filter_of(block: &Block) -> &[u8] {
    entry(block, FILTER)
}

fn entry(block: &Block, index: usize) -> &[u8] {
    block.metadata.as_ref().and_then(|metadata| metadata.metadata.get(index)).map_or(&[], Vec::as_slice)
}

fn changed(number: u64, part: &str) -> LedgerError {
    Finding::Block { number, part: part.to_owned() }.into()
}
