//! Handing the private part of a transaction to those who may have it, and giving it out again.

use std::collections::BTreeMap;

use fabric_protos::{
    protos::{CollectionConfigPackage, StaticCollectionConfig},
    rwset::{NsPvtReadWriteSet, TxPvtReadWriteSet},
};
use prost::Message;

use super::chain::Ledger;
use crate::state::{collection, defined::collection_in, error::LedgerError};

impl Ledger {
    /// Keeps the private part of an endorsed transaction for one organization, all of it. Call
    /// [`Ledger::distribute_private`] to give each member its share instead.
    ///
    /// # Errors
    /// [`LedgerError::UnknownPeer`], [`LedgerError::TransactionId`], or when a file cannot be written.
    pub fn put_transient(&self, msp_id: &str, tx_id: &str, set: &TxPvtReadWriteSet) -> Result<(), LedgerError> {
        self.stores(msp_id)?.transient.put(tx_id, set)
    }

    /// Gives the private part of an endorsed transaction to the members of its collections, each only its own share.
    /// An endorser that is no member keeps nothing.
    ///
    /// # Errors
    /// As [`Ledger::put_transient`].
    pub fn distribute_private(&self, endorser: &str, tx_id: &str, set: &TxPvtReadWriteSet) -> Result<(), LedgerError> {
        let snapshot = self.snapshot()?;
        let channel = self.channel();
        for (msp_id, stores) in self.organizations.iter() {
            let mut share = TxPvtReadWriteSet { data_model: set.data_model, ns_pvt_rwset: Vec::new() };
            for part in &set.ns_pvt_rwset {
                let mut collections = Vec::new();
                for collection in &part.collection_pvt_rwset {
                    let config = collection_in(&snapshot, &channel, &part.namespace, &collection.collection_name)?;
                    let gets = |config| {
                        collection::is_sent_to(&config, msp_id)
                            || (msp_id == endorser && collection::is_kept_by(&config, msp_id))
                    };
                    if config.is_some_and(gets) {
                        collections.push(collection.clone());
                    }
                }
                if !collections.is_empty() {
                    let namespace = part.namespace.clone();
                    share.ns_pvt_rwset.push(NsPvtReadWriteSet { namespace, collection_pvt_rwset: collections });
                }
            }
            if !share.ns_pvt_rwset.is_empty() {
                stores.transient.put(tx_id, &share)?;
            }
        }
        Ok(())
    }

    /// What an organization's peer has of the private data of a block, by position of the transaction.
    ///
    /// # Errors
    /// [`LedgerError::UnknownPeer`], or when the store cannot be read.
    pub fn private_data(&self, msp_id: &str, block: u64) -> Result<BTreeMap<u64, TxPvtReadWriteSet>, LedgerError> {
        self.stores(msp_id)?.private.snapshot()?.of_block(block)
    }

    /// A collection of a chaincode as it was defined for the transactions of a block.
    ///
    /// # Errors
    /// As [`Ledger::block`].
    pub fn collection_at(
        &self,
        chaincode: &str,
        collection: &str,
        block: u64,
    ) -> Result<Option<StaticCollectionConfig>, LedgerError> {
        if let Some(owner) = collection::implicit_owner(collection) {
            return Ok(Some(collection::implicit_definition(owner)));
        }
        let Some(package) = self.snapshot()?.collections_below(chaincode, block)? else { return Ok(None) };
        let package =
            CollectionConfigPackage::decode(&*package).map_err(|_| LedgerError::Damaged("collection package"))?;
        Ok(collection::find(Some(&package), collection).cloned())
    }
}
