//! The ledger as a peer sees it that may have been shut out before it joined.

use std::sync::Arc;

use fabric_protos::common::Block;

use super::{
    chain::{Ledger, lock},
    genesis::write_genesis,
    halt::{Halt, Moment},
    readable::{configuration, may_read},
};
use crate::state::{block_metadata::last_config, error::LedgerError, store::PublicStore};

impl Ledger {
    /// As [`Ledger::view`] for a peer, given by its encoded `SerializedIdentity`, which sees new blocks only while
    /// the channel lets it read them.
    ///
    /// # Errors
    /// [`LedgerError`] when the ledger cannot be read.
    pub fn view_of(self: &Arc<Self>, reader: &[u8]) -> Result<Arc<Self>, LedgerError> {
        let origin = self.origin.as_ref().unwrap_or(self);
        let _between_blocks = lock(&origin.committing);
        let channel = origin.channel();
        let mut halt = Halt { considered: channel.sequence(), ..Halt::default() };
        if may_read(&channel, reader) {
            return Ok(origin.new_view(Some(reader), halt, &channel, origin.height()));
        }
        let past = origin.replay(origin.last_readable(reader)?)?;
        halt.excluded = true;
        halt.moment = Some(Moment { snapshot: past.public.snapshot()?, _kept_by: Some(past.clone()) });
        Ok(origin.new_view(Some(reader), halt, &past.channel(), past.height()))
    }

    /// The number of the last block that was ordered while a reader was allowed to read, who is not allowed now; 0 when
    /// there is none, since the genesis block comes with joining.
    fn last_readable(&self, reader: &[u8]) -> Result<u64, LedgerError> {
        let mut number = self.snapshot()?.last_config()?;
        while let Some(before) = number.checked_sub(1) {
            let block = self.block(before)?.ok_or(LedgerError::Damaged("chain"))?;
            let config = last_config(&block).min(before);
            let block = self.block(config)?.ok_or(LedgerError::Damaged("configuration block"))?;
            if configuration(&block).is_some_and(|channel| may_read(&channel, reader)) {
                return Ok(before);
            }
            number = config;
        }
        Ok(0)
    }

    /// The chain up to a block, validated anew and kept in memory.
    fn replay(&self, last: u64) -> Result<Arc<Self>, LedgerError> {
        let first = self.block(0)?.ok_or(LedgerError::Damaged("genesis block"))?;
        let channel = configuration(&first).ok_or(LedgerError::Damaged("genesis block"))?;
        let public = PublicStore::in_memory()?;
        write_genesis(&public, &first)?;
        let store = Self::over(Arc::new(public), Arc::new(channel), 1);
        let ledger = Arc::new(Self { signatures: self.signatures.clone(), ..store });
        for number in 1..=last {
            let block = self.block(number)?.ok_or(LedgerError::Damaged("chain"))?;
            ledger.commit(Block::clone(&block))?;
        }
        Ok(ledger)
    }
}
