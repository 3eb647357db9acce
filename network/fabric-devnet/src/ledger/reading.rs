//! What can be asked of a ledger: blocks, transactions, state and definitions.

use std::sync::Arc;

use fabric_config::block::header_hash;
use fabric_protos::{
    common::{Block, BlockchainInfo},
    protos::{StaticCollectionConfig, TxValidationCode},
};

use super::chain::{Ledger, lock};
use crate::state::{
    block_metadata::code_of,
    defined::{collection_in, definition_in},
    definition::{self, ChaincodeDefinition},
    error::LedgerError,
    store::StateEntry,
};

/// A transaction of the ledger, valid or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionRecord {
    /// The encoded envelope.
    pub envelope: Vec<u8>,
    /// Its validation code.
    pub code: TxValidationCode,
    /// The block that holds it.
    pub block: u64,
    /// Its position in the block, from 0.
    pub index: u64,
}

impl Ledger {
    /// A block as committed, with validation codes and commit hash.
    ///
    /// # Errors
    /// [`LedgerError`] when the ledger cannot be read.
    pub fn block(&self, number: u64) -> Result<Option<Arc<Block>>, LedgerError> {
        if self.is_frozen() {
            return Ok(self.snapshot()?.block(number)?.map(Arc::new));
        }
        let of_number = |block: &&Arc<Block>| block.header.as_ref().is_some_and(|header| header.number == number);
        if let Some(known) = lock(&self.recent).iter().find(of_number) {
            return Ok(Some(known.clone()));
        }
        Ok(self.snapshot()?.block(number)?.map(Arc::new))
    }

    /// The block with this header hash.
    ///
    /// # Errors
    /// As [`Ledger::block`].
    pub fn block_by_hash(&self, hash: &[u8]) -> Result<Option<Arc<Block>>, LedgerError> {
        match self.snapshot()?.block_number(hash)? {
            Some(number) => self.block(number),
            None => Ok(None),
        }
    }

    /// The block in which a transaction first appears.
    ///
    /// # Errors
    /// As [`Ledger::block`].
    pub fn block_by_transaction(&self, id: &str) -> Result<Option<Arc<Block>>, LedgerError> {
        match self.snapshot()?.transaction(id)? {
            Some(location) => self.block(location.block),
            None => Ok(None),
        }
    }

    /// The last configuration block.
    ///
    /// # Errors
    /// As [`Ledger::block`].
    pub fn last_config_block(&self) -> Result<Arc<Block>, LedgerError> {
        let number = self.snapshot()?.last_config()?;
        self.block(number)?.ok_or(LedgerError::Damaged("configuration block"))
    }

    /// Height and the hashes of the last two blocks.
    ///
    /// # Errors
    /// As [`Ledger::block`].
    pub fn chain_info(&self) -> Result<BlockchainInfo, LedgerError> {
        let height = self.height();
        let last = self.block(height.saturating_sub(1))?.ok_or(LedgerError::Damaged("last block"))?;
        let header = last.header.as_ref().ok_or(LedgerError::Damaged("last block"))?;
        Ok(BlockchainInfo {
            height,
            current_block_hash: header_hash(header).to_vec(),
            previous_block_hash: header.previous_hash.clone(),
            bootstrapping_snapshot_info: None,
        })
    }

    /// Whether a block holds this transaction, whatever its validation code.
    ///
    /// # Errors
    /// As [`Ledger::block`].
    pub fn contains_transaction(&self, id: &str) -> Result<bool, LedgerError> {
        Ok(self.snapshot()?.transaction(id)?.is_some())
    }

    /// The validation code of a transaction and its block, without its content.
    ///
    /// # Errors
    /// As [`Ledger::block`].
    pub fn transaction_status(&self, id: &str) -> Result<Option<(TxValidationCode, u64)>, LedgerError> {
        let location = self.snapshot()?.transaction(id)?;
        Ok(location.map(|location| (code_of(location.code), location.block)))
    }

    /// A transaction as it first appears.
    ///
    /// # Errors
    /// As [`Ledger::block`].
    pub fn transaction(&self, id: &str) -> Result<Option<TransactionRecord>, LedgerError> {
        let Some(location) = self.snapshot()?.transaction(id)? else { return Ok(None) };
        let block = self.block(location.block)?.ok_or(LedgerError::Damaged("block of a transaction"))?;
        let envelope = block
            .data
            .as_ref()
            .and_then(|data| data.data.get(usize::try_from(location.index).ok()?))
            .ok_or(LedgerError::Damaged("block of a transaction"))?
            .clone();
        Ok(Some(TransactionRecord {
            envelope,
            code: code_of(location.code),
            block: location.block,
            index: location.index,
        }))
    }

    /// The committed value of a key with version and metadata.
    ///
    /// # Errors
    /// As [`Ledger::block`].
    pub fn state(&self, namespace: &str, key: &str) -> Result<Option<StateEntry>, LedgerError> {
        self.snapshot()?.state(namespace, key)
    }

    /// The committed definition of a chaincode.
    ///
    /// # Errors
    /// As [`Ledger::block`].
    pub fn definition(&self, chaincode: &str) -> Result<Option<Arc<ChaincodeDefinition>>, LedgerError> {
        definition_in(&*self.snapshot()?, chaincode)
    }

    /// The committed definitions of all chaincodes, by name.
    ///
    /// # Errors
    /// As [`Ledger::block`].
    pub fn definitions(&self) -> Result<Vec<ChaincodeDefinition>, LedgerError> {
        let snapshot = self.snapshot()?;
        let prefix = definition::metadata_key(definition::NAMESPACES, "");
        let end = definition::metadata_key(definition::NAMESPACES, "\u{10FFFF}");
        let mut found = Vec::new();
        for row in snapshot.state_range(definition::LIFECYCLE, &prefix, &end, false)?.into_iter().flatten() {
            let (key, _) = row?;
            let name = &key.value().1[prefix.len()..];
            found.extend(definition_in(&snapshot, name)?.map(Arc::unwrap_or_clone));
        }
        Ok(found)
    }

    /// A collection of a chaincode, named or implicit, as defined now.
    ///
    /// # Errors
    /// As [`Ledger::block`].
    pub fn collection(&self, chaincode: &str, collection: &str) -> Result<Option<StaticCollectionConfig>, LedgerError> {
        collection_in(&*self.snapshot()?, &self.channel(), chaincode, collection)
    }
}
