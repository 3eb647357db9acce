//! What a simulation reads and writes of collections. Every peer knows the hashes; plaintext is there for members.

use fabric_msp::hash::sha256;

use super::{
    cursor::Cursor,
    error::SimulationError,
    simulator::{RangeCursor, Simulator},
};
use crate::state::{
    error::LedgerError,
    private::PrivateSnapshot,
    rwset::{Metadata, decode_metadata},
    store::HashEntry,
    version,
};

impl Simulator {
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
    /// is found and the read is recorded as that of an absent key: such a transaction can be endorsed and is never
    /// valid.
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
        Ok(hash.map(|hash| decode_metadata(&hash.metadata)).unwrap_or_default())
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

    fn private(&mut self) -> Result<&PrivateSnapshot, LedgerError> {
        let snapshot = match self.private.take() {
            Some(snapshot) => snapshot,
            // Values are written before the block that names them, so this view is never older than the public one.
            None => self.private_store.snapshot()?,
        };
        Ok(self.private.insert(snapshot))
    }

    fn note_private_write(&mut self, namespace: &str, collection: &str, key: &str) -> Result<(), SimulationError> {
        let committed = self.snapshot.hash(namespace, collection, &sha256(key.as_bytes()))?;
        let metadata = committed.map(|hash| decode_metadata(&hash.metadata)).unwrap_or_default();
        self.interest.written(namespace, collection, key, metadata);
        Ok(())
    }
}
