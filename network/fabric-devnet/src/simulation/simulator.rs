//! One transaction being tried out: it reads committed state, and what it writes is only noted down.
//!
//! A simulator sees one moment of the ledger from its first read to its last. It does not see its own writes. Texts of
//! errors are Fabric's, because chaincodes and clients see them.

use std::{collections::BTreeMap, sync::Arc};

use fabric_config::ChannelConfig;
use fabric_msp::identity::Identity;
use fabric_protos::{protos::ChaincodeInterest, rwset::TxPvtReadWriteSet};
use prost::Message;

use super::{
    cursor::{Batch, Cursor, QUERY_ROWS_MAX},
    error::SimulationError,
    interest::InterestBuilder,
};
use crate::state::{
    definition::ChaincodeDefinition,
    private::{PrivateSnapshot, PrivateStore},
    rwset::{Metadata, ReadWriteSetBuilder},
    store::Snapshot,
};

/// Whom a simulation is for.
#[derive(Clone, Debug, Default)]
pub struct CallerInfo {
    /// The creator of the transaction, whose membership in collections counts; `None` for nobody in particular.
    pub identity: Option<Identity>,
}

/// An iterator that a simulation has opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RangeCursor(usize);

/// One page of a paginated query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Encoded `queryresult.KV` messages.
    pub rows: Vec<Vec<u8>>,
    /// The key with which the next page begins; empty on the last page.
    pub bookmark: String,
}

/// What a simulation has come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SimulationResults {
    /// The encoded `TxReadWriteSet` that goes into the transaction.
    pub public: Vec<u8>,
    /// The plaintext for members of collections, when anything private was written.
    pub private: Option<TxPvtReadWriteSet>,
    /// Which policies the transaction falls under.
    pub interest: ChaincodeInterest,
}

/// A transaction being simulated on one organization's peer.
pub struct Simulator {
    pub(super) channel: Arc<ChannelConfig>,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) private_store: Arc<PrivateStore>,
    pub(super) private: Option<PrivateSnapshot>,
    pub(super) tx_id: String,
    pub(super) caller: CallerInfo,
    pub(super) builder: ReadWriteSetBuilder,
    pub(super) interest: InterestBuilder,
    pub(super) cursors: Vec<Cursor>,
    /// Definitions that were needed for collections; reading them is recorded once.
    pub(super) definitions: BTreeMap<String, Option<Arc<ChaincodeDefinition>>>,
    pub(super) written: bool,
    pub(super) queried_privately: bool,
    pub(super) paginated: bool,
    pub(super) finished: bool,
}

impl Simulator {
    pub(crate) fn new(
        channel: Arc<ChannelConfig>,
        snapshot: Arc<Snapshot>,
        private_store: Arc<PrivateStore>,
        tx_id: &str,
        caller: CallerInfo,
    ) -> Self {
        Self {
            channel,
            snapshot,
            private_store,
            private: None,
            tx_id: tx_id.to_owned(),
            caller,
            builder: ReadWriteSetBuilder::default(),
            interest: InterestBuilder::default(),
            cursors: Vec::new(),
            definitions: BTreeMap::new(),
            written: false,
            queried_privately: false,
            paginated: false,
            finished: false,
        }
    }

    /// The transaction's id.
    pub fn tx_id(&self) -> &str {
        &self.tx_id
    }

    /// The configuration of the channel at the moment that the simulation sees.
    pub fn channel(&self) -> &Arc<ChannelConfig> {
        &self.channel
    }

    /// The committed value of a key.
    ///
    /// # Errors
    /// [`SimulationError::Ledger`] when the ledger cannot be read.
    pub fn get_state(&mut self, namespace: &str, key: &str) -> Result<Option<Vec<u8>>, SimulationError> {
        self.check_open()?;
        let entry = self.snapshot.state(namespace, key)?;
        self.builder.read(namespace, key, entry.as_ref().map(|entry| entry.version));
        Ok(entry.map(|entry| entry.value))
    }

    /// The committed values of several keys, in their order.
    ///
    /// # Errors
    /// As [`Simulator::get_state`].
    pub fn get_states(&mut self, namespace: &str, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, SimulationError> {
        keys.iter().map(|key| self.get_state(namespace, key)).collect()
    }

    /// Sets a key; an empty value deletes it.
    ///
    /// # Errors
    /// [`SimulationError`] when the transaction may not write any more.
    pub fn put_state(&mut self, namespace: &str, key: &str, value: Vec<u8>) -> Result<(), SimulationError> {
        self.check_write()?;
        self.builder.write(namespace, key, value);
        self.note_public_write(namespace, key)
    }

    /// Deletes a key.
    ///
    /// # Errors
    /// As [`Simulator::put_state`].
    pub fn delete_state(&mut self, namespace: &str, key: &str) -> Result<(), SimulationError> {
        self.put_state(namespace, key, Vec::new())
    }

    /// The committed metadata of a key.
    ///
    /// # Errors
    /// As [`Simulator::get_state`].
    pub fn get_metadata(&mut self, namespace: &str, key: &str) -> Result<Metadata, SimulationError> {
        self.check_open()?;
        let entry = self.snapshot.state(namespace, key)?;
        self.builder.read(namespace, key, entry.as_ref().map(|entry| entry.version));
        Ok(entry.map(|entry| entry.metadata()).unwrap_or_default())
    }

    /// Replaces the metadata of a key; no entries remove it.
    ///
    /// # Errors
    /// As [`Simulator::put_state`].
    pub fn set_metadata(&mut self, namespace: &str, key: &str, metadata: Metadata) -> Result<(), SimulationError> {
        self.check_write()?;
        self.builder.write_metadata(namespace, key, metadata);
        self.note_public_write(namespace, key)
    }

    /// Opens an iterator over keys from `start` up to but without `end`; empty bounds are those of the namespace.
    ///
    /// # Errors
    /// As [`Simulator::get_state`].
    pub fn range(&mut self, namespace: &str, start: &str, end: &str) -> Result<RangeCursor, SimulationError> {
        self.check_open()?;
        let cursor = Cursor::over_state(&self.snapshot, namespace, start, end)?;
        Ok(self.opened(cursor))
    }

    /// The next results of an iterator, at most `limit`.
    ///
    /// # Errors
    /// [`SimulationError::NoCursor`], or when the ledger cannot be read.
    pub fn next_batch(&mut self, cursor: RangeCursor, limit: usize) -> Result<Batch, SimulationError> {
        self.check_open()?;
        let found = self.cursors.get_mut(cursor.0).ok_or(SimulationError::NoCursor)?;
        Ok(found.next_batch(limit, &self.snapshot, self.private.as_ref())?)
    }

    /// Ends an iterator.
    pub fn close(&mut self, cursor: RangeCursor) {
        if let Some(cursor) = self.cursors.get_mut(cursor.0) {
            cursor.close();
        }
    }

    /// One page of `size` keys; 0 means as many as one query may have. A bookmark replaces `start`.
    ///
    /// # Errors
    /// [`SimulationError::PaginationAfterWrite`], or when the ledger cannot be read.
    pub fn page(
        &mut self,
        namespace: &str,
        start: &str,
        end: &str,
        size: usize,
        bookmark: &str,
    ) -> Result<Page, SimulationError> {
        self.check_open()?;
        if self.written {
            return Err(SimulationError::PaginationAfterWrite(self.tx_id.clone()));
        }
        self.paginated = true;
        let start = if bookmark.is_empty() { start } else { bookmark };
        let mut cursor = Cursor::over_state(&self.snapshot, namespace, start, end)?;
        let limit = if size == 0 { QUERY_ROWS_MAX } else { size.min(QUERY_ROWS_MAX) };
        let (rows, bookmark) = cursor.page(limit, &self.snapshot)?;
        self.opened(cursor);
        Ok(Page { rows, bookmark })
    }

    /// Opens an iterator over the valid writes of a key, newest first.
    ///
    /// # Errors
    /// As [`Simulator::get_state`].
    pub fn history(&mut self, namespace: &str, key: &str) -> Result<RangeCursor, SimulationError> {
        self.check_open()?;
        let cursor = Cursor::over_history(&self.snapshot, namespace, key)?;
        Ok(self.opened(cursor))
    }

    /// Ends the simulation.
    ///
    /// # Errors
    /// [`SimulationError::Finished`] the second time; [`SimulationError::KeyPolicy`].
    pub fn finish(&mut self) -> Result<SimulationResults, SimulationError> {
        self.check_open()?;
        self.finished = true;
        let mut builder = std::mem::take(&mut self.builder);
        for cursor in self.cursors.drain(..) {
            if let Some((namespace, info)) = cursor.finish() {
                builder.range(&namespace, info);
            }
        }
        let (public, private) = builder.build();
        let touched = public.ns_rwset.iter().map(|part| part.namespace.as_str());
        let interest = self.interest.build(touched)?;
        Ok(SimulationResults { public: public.encode_to_vec(), private, interest })
    }

    pub(super) fn opened(&mut self, cursor: Cursor) -> RangeCursor {
        self.cursors.push(cursor);
        RangeCursor(self.cursors.len() - 1)
    }

    pub(super) fn check_open(&self) -> Result<(), SimulationError> {
        if self.finished { Err(SimulationError::Finished) } else { Ok(()) }
    }

    pub(super) fn check_write(&mut self) -> Result<(), SimulationError> {
        self.check_open()?;
        if self.queried_privately {
            return Err(SimulationError::WriteAfterPrivateQuery(self.tx_id.clone()));
        }
        if self.paginated {
            return Err(SimulationError::WriteAfterPagination(self.tx_id.clone()));
        }
        self.written = true;
        Ok(())
    }

    fn note_public_write(&mut self, namespace: &str, key: &str) -> Result<(), SimulationError> {
        let committed = self.snapshot.state(namespace, key)?;
        let metadata = committed.map(|entry| entry.metadata()).unwrap_or_default();
        self.interest.written(namespace, "", key, metadata);
        Ok(())
    }
}
