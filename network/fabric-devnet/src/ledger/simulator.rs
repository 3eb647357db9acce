//! One transaction being tried out: it reads committed state, and what it writes is only noted down.
//!
//! A simulator sees one moment of the ledger from its first read to its last. It does not see its own writes. Texts of
//! errors are Fabric's, because chaincodes and clients see them.

use std::{collections::BTreeMap, sync::Arc};

use fabric_config::ChannelConfig;
use fabric_msp::{hash::sha256, identity::Identity};
use fabric_protos::{
    protos::{ChaincodeInterest, StaticCollectionConfig},
    rwset::TxPvtReadWriteSet,
};
use prost::Message;

use super::{
    collection,
    cursor::{Batch, Cursor, QUERY_ROWS_MAX},
    definition::{ChaincodeDefinition, LIFECYCLE},
    error::LedgerError,
    fields::{PrivateFields, PublicFields},
    interest::InterestBuilder,
    private::{PrivateSnapshot, PrivateStore},
    rwset::{Metadata, ReadWriteSetBuilder},
    simulation_error::SimulationError,
    store::{HashEntry, Snapshot},
    version,
};

/// The name of the metadata entry that holds a key's endorsement policy.
pub const VALIDATION_PARAMETER: &str = "VALIDATION_PARAMETER";

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
    channel: Arc<ChannelConfig>,
    snapshot: Snapshot,
    private_store: Arc<PrivateStore>,
    private: Option<PrivateSnapshot>,
    tx_id: String,
    caller: CallerInfo,
    builder: ReadWriteSetBuilder,
    interest: InterestBuilder,
    cursors: Vec<Cursor>,
    /// Definitions that were needed for collections; reading them is recorded once.
    definitions: BTreeMap<String, Option<Arc<ChaincodeDefinition>>>,
    written: bool,
    queried_privately: bool,
    paginated: bool,
    finished: bool,
}

impl Simulator {
    pub(super) fn new(
        channel: Arc<ChannelConfig>,
        snapshot: Snapshot,
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

    /// The committed private value of a key.
    ///
    /// # Errors
    /// [`SimulationError::NotAvailable`] when only the hash is known here, and the rules of collections.
    pub fn get_private(
        &mut self,
        namespace: &str,
        collection: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, SimulationError> {
        self.check_access(namespace, collection, "read")?;
        self.check_collection(namespace, collection)?;
        self.check_open()?;
        let (hash, value) = self.private_entry(namespace, collection, key)?;
        if let (Some(hash), None) = (&hash, &value) {
            let (hash, value) = (hash.version.to_string(), version::display(None));
            return Err(SimulationError::NotAvailable { hash, value });
        }
        self.builder.read_private(namespace, collection, key, hash.map(|hash| hash.version));
        self.interest.read_privately(namespace, collection);
        Ok(value)
    }

    /// The committed private values of several keys, in their order. Where only the hash of one is known here, nothing
    /// is found and the read is recorded as that of an absent key: such a transaction can be endorsed and is never valid.
    ///
    /// # Errors
    /// The rules of collections, or when the ledger cannot be read.
    pub fn get_privates(
        &mut self,
        namespace: &str,
        collection: &str,
        keys: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>, SimulationError> {
        self.check_access(namespace, collection, "read")?;
        self.check_collection(namespace, collection)?;
        self.check_open()?;
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            let (hash, value) = self.private_entry(namespace, collection, key)?;
            let version = hash.filter(|_| value.is_some()).map(|hash| hash.version);
            self.builder.read_private(namespace, collection, key, version);
            self.interest.read_privately(namespace, collection);
            values.push(value);
        }
        Ok(values)
    }

    /// What every peer knows of a private key, and what this one has of it.
    fn private_entry(
        &mut self,
        namespace: &str,
        collection: &str,
        key: &str,
    ) -> Result<(Option<HashEntry>, Option<Vec<u8>>), LedgerError> {
        let key_hash = sha256(key.as_bytes());
        let Some(hash) = self.snapshot.hash(namespace, collection, &key_hash)? else { return Ok((None, None)) };
        let value = self.private()?.value(namespace, collection, &key_hash, hash.value_version)?;
        Ok((Some(hash), value))
    }

    /// The hash of a private value, known to every peer of the channel.
    ///
    /// # Errors
    /// [`SimulationError::CollectionName`], or when the ledger cannot be read.
    pub fn private_hash(
        &mut self,
        namespace: &str,
        collection: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, SimulationError> {
        self.check_collection(namespace, collection)?;
        self.check_open()?;
        let hash = self.snapshot.hash(namespace, collection, &sha256(key.as_bytes()))?;
        self.builder.read_private(namespace, collection, key, hash.as_ref().map(|hash| hash.version));
        Ok(hash.map(|hash| hash.value_hash))
    }

    /// Sets a private value; an empty one deletes.
    ///
    /// # Errors
    /// [`SimulationError`]: the rules of collections, or the transaction may not write any more.
    pub fn put_private(
        &mut self,
        namespace: &str,
        collection: &str,
        key: &str,
        value: Vec<u8>,
    ) -> Result<(), SimulationError> {
        self.check_private_write(namespace, collection)?;
        self.builder.write_private(namespace, collection, key, value);
        self.note_private_write(namespace, collection, key)
    }

    /// Deletes a private value; members keep its past.
    ///
    /// # Errors
    /// As [`Simulator::put_private`].
    pub fn delete_private(&mut self, namespace: &str, collection: &str, key: &str) -> Result<(), SimulationError> {
        self.put_private(namespace, collection, key, Vec::new())
    }

    /// Deletes a private value and everything that members still have of its past.
    ///
    /// # Errors
    /// As [`Simulator::put_private`].
    pub fn purge_private(&mut self, namespace: &str, collection: &str, key: &str) -> Result<(), SimulationError> {
        self.check_private_write(namespace, collection)?;
        self.builder.purge_private(namespace, collection, key);
        self.note_private_write(namespace, collection, key)
    }

    /// Opens an iterator over private keys. Nothing of it is recorded, so the transaction may not write.
    ///
    /// # Errors
    /// [`SimulationError::PrivateQueryAfterWrite`], or the rules of collections.
    pub fn private_range(
        &mut self,
        namespace: &str,
        collection: &str,
        start: &str,
        end: &str,
    ) -> Result<RangeCursor, SimulationError> {
        self.check_access(namespace, collection, "read")?;
        if self.written {
            return Err(SimulationError::PrivateQueryAfterWrite(self.tx_id.clone()));
        }
        self.queried_privately = true;
        self.check_collection(namespace, collection)?;
        self.check_open()?;
        self.private()?;
        let cursor = Cursor::over_private(self.private.as_ref(), namespace, collection, start, end)?;
        Ok(self.opened(cursor))
    }

    /// The committed metadata of a private key.
    ///
    /// # Errors
    /// As [`Simulator::get_private`].
    pub fn get_private_metadata(
        &mut self,
        namespace: &str,
        collection: &str,
        key: &str,
    ) -> Result<Metadata, SimulationError> {
        self.check_access(namespace, collection, "read")?;
        self.check_collection(namespace, collection)?;
        self.check_open()?;
        let hash = self.snapshot.hash(namespace, collection, &sha256(key.as_bytes()))?;
        self.builder.read_private(namespace, collection, key, hash.as_ref().map(|hash| hash.version));
        Ok(hash.map(|hash| super::rwset::decode_metadata(&hash.metadata)).unwrap_or_default())
    }

    /// Replaces the metadata of a private key; no entries remove it.
    ///
    /// # Errors
    /// As [`Simulator::put_private`].
    pub fn set_private_metadata(
        &mut self,
        namespace: &str,
        collection: &str,
        key: &str,
        metadata: Metadata,
    ) -> Result<(), SimulationError> {
        self.check_private_write(namespace, collection)?;
        self.builder.write_private_metadata(namespace, collection, key, metadata);
        self.note_private_write(namespace, collection, key)
    }

    /// The definition of a chaincode; reading it is part of the read set.
    ///
    /// # Errors
    /// When the ledger or the definition cannot be read.
    pub fn definition(&mut self, chaincode: &str) -> Result<Option<ChaincodeDefinition>, SimulationError> {
        ChaincodeDefinition::read(chaincode, &mut self.fields(LIFECYCLE))
    }

    /// The keys of a namespace, for reading and writing definitions.
    pub fn fields<'a>(&'a mut self, namespace: &'a str) -> PublicFields<'a> {
        PublicFields::new(self, namespace)
    }

    /// The keys of a collection, for reading and writing approvals.
    pub fn private_fields<'a>(&'a mut self, namespace: &'a str, collection: &'a str) -> PrivateFields<'a> {
        PrivateFields::new(self, namespace, collection)
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

    fn opened(&mut self, cursor: Cursor) -> RangeCursor {
        self.cursors.push(cursor);
        RangeCursor(self.cursors.len() - 1)
    }

    fn private(&mut self) -> Result<&PrivateSnapshot, LedgerError> {
        let snapshot = match self.private.take() {
            Some(snapshot) => snapshot,
            // Values are written before the block that names them, so this view is never older than the public one.
            None => self.private_store.snapshot()?,
        };
        Ok(self.private.insert(snapshot))
    }

    fn check_open(&self) -> Result<(), SimulationError> {
        if self.finished { Err(SimulationError::Finished) } else { Ok(()) }
    }

    fn check_write(&mut self) -> Result<(), SimulationError> {
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

    fn check_private_write(&mut self, namespace: &str, collection: &str) -> Result<(), SimulationError> {
        self.check_access(namespace, collection, "write")?;
        self.check_collection(namespace, collection)?;
        self.check_write()
    }

    /// Members may do everything, others what the collection's flags leave open.
    fn check_access(&mut self, namespace: &str, collection: &str, what: &'static str) -> Result<(), SimulationError> {
        let Some(config) = self.collection_config(namespace, collection)? else {
            return Err(SimulationError::NoSuchCollection {
                channel: self.channel.channel_id().to_owned(),
                chaincode: namespace.to_owned(),
                collection: collection.to_owned(),
            });
        };
        let restricted = if what == "read" { config.member_only_read } else { config.member_only_write };
        let is_member =
            || self.caller.identity.as_ref().is_some_and(|who| collection::is_member(&config, who, &self.channel));
        if !restricted || is_member() {
            return Ok(());
        }
        let (chaincode, collection) = (namespace.to_owned(), collection.to_owned());
        Err(SimulationError::NoAccess { what, chaincode, collection })
    }

    fn collection_config(
        &mut self,
        namespace: &str,
        collection: &str,
    ) -> Result<Option<StaticCollectionConfig>, SimulationError> {
        let implicit = collection::implicit_owner(collection).map(collection::implicit_definition);
        if namespace == LIFECYCLE {
            return Ok(implicit);
        }
        let Some(definition) = self.known_definition(namespace)? else { return Ok(None) };
        Ok(implicit.or_else(|| definition.collection(collection).cloned()))
    }

    /// Whether the chaincode has a collection of this name, or an organization of the channel gives it one.
    fn check_collection(&mut self, namespace: &str, collection: &str) -> Result<(), SimulationError> {
        let implicit = collection::implicit_owner(collection);
        let mut known = implicit.is_some_and(|msp_id| self.channel.application_org(msp_id).is_some());
        if namespace != LIFECYCLE {
            let definition = self.known_definition(namespace)?;
            let definition = definition.ok_or_else(|| SimulationError::CollectionConfig(namespace.to_owned()))?;
            known |= definition.collection(collection).is_some();
        }
        if known {
            return Ok(());
        }
        let (chaincode, collection) = (namespace.to_owned(), collection.to_owned());
        Err(SimulationError::CollectionName { chaincode, collection })
    }

    fn known_definition(&mut self, namespace: &str) -> Result<Option<Arc<ChaincodeDefinition>>, SimulationError> {
        if let Some(known) = self.definitions.get(namespace) {
            return Ok(known.clone());
        }
        let definition = self.definition(namespace)?.map(Arc::new);
        self.definitions.insert(namespace.to_owned(), definition.clone());
        Ok(definition)
    }

    fn note_public_write(&mut self, namespace: &str, key: &str) -> Result<(), SimulationError> {
        let committed = self.snapshot.state(namespace, key)?;
        let metadata = committed.map(|entry| entry.metadata()).unwrap_or_default();
        self.interest.written(namespace, "", key, metadata);
        Ok(())
    }

    fn note_private_write(&mut self, namespace: &str, collection: &str, key: &str) -> Result<(), SimulationError> {
        let committed = self.snapshot.hash(namespace, collection, &sha256(key.as_bytes()))?;
        let metadata = committed.map(|hash| super::rwset::decode_metadata(&hash.metadata)).unwrap_or_default();
        self.interest.written(namespace, collection, key, metadata);
        Ok(())
    }
}
