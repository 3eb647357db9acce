//! The ledger of a channel, shared by all peers of this process, with a private store for each organization.
//!
//! Blocks come in through [`Ledger::commit`] only; everything else is derived from them. Reading happens on snapshots
//! and never waits for a block. Calls that touch the disk block the thread they run on: from asynchronous code, commit
//! through the orderer's thread and keep long reads off the executor.

mod changes;
pub mod collection;
mod cursor;
pub mod definition;
pub(crate) mod error;
mod fields;
mod interest;
pub(crate) mod merkle;
mod next_block;
pub(crate) mod private;
pub(crate) mod rwset;
mod simulation_error;
mod simulator;
pub(crate) mod store;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub(crate) mod transaction;
pub(crate) mod transient;
pub(crate) mod version;
mod view;

use std::{
    collections::{BTreeMap, VecDeque},
    fs,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak, atomic::AtomicBool},
};

use fabric_config::{ChannelConfig, block::header_hash};
use fabric_protos::{
    common::{Block, BlockchainInfo, Envelope},
    protos::{CollectionConfigPackage, StaticCollectionConfig, TxValidationCode},
    rwset::{NsPvtReadWriteSet, TxPvtReadWriteSet},
};
use prost::Message;
use tokio::sync::watch;

pub use self::{
    cursor::{BATCH_ROWS, Batch, QUERY_ROWS_MAX},
    error::LedgerError,
    fields::{PrivateFields, PublicFields},
    rwset::Metadata,
    simulation_error::SimulationError,
    simulator::{CallerInfo, Page, RangeCursor, SimulationResults, Simulator, VALIDATION_PARAMETER},
    store::StateEntry,
    version::Version,
};
use self::{
    definition::ChaincodeDefinition,
    private::PrivateStore,
    store::{PublicStore, Snapshot},
    transient::TransientStore,
    view::Standstill,
};
use crate::disk::Disk;
pub use crate::validation::VerifiedSignatures;

/// Blocks that are kept decoded for those who follow the chain.
const RECENT_BLOCKS: usize = 16;
/// Larger blocks are not kept, in bytes.
const RECENT_BLOCK_BYTES_MAX: usize = 1024 * 1024;

/// A channel's ledger.
pub struct Ledger {
    channel_id: String,
    public: Arc<PublicStore>,
    organizations: Arc<BTreeMap<String, OrganizationStores>>,
    channel: RwLock<Arc<ChannelConfig>>,
    signatures: Arc<VerifiedSignatures>,
    disk: Arc<Disk>,
    height: watch::Sender<u64>,
    recent: Arc<Mutex<VecDeque<Arc<Block>>>>,
    /// Held while a block is committed.
    committing: Mutex<()>,
    crash: Mutex<Option<CrashPoint>>,
    /// Others that show this ledger and learn of its blocks.
    views: Mutex<Vec<Weak<Ledger>>>,
    /// Whose view this is, as an encoded `SerializedIdentity`; `None` shows everything.
    reader: Option<Vec<u8>>,
    /// Whether something else than the present is shown.
    standstill: Mutex<Standstill>,
    /// The ledger of which this is a view. The last field, so that files are let go of before it is.
    origin: Option<Arc<Ledger>>,
}

struct OrganizationStores {
    private: Arc<PrivateStore>,
    transient: TransientStore,
    /// Whether the organization's peer has joined the channel.
    joined: AtomicBool,
    /// Whether the organization's peer cannot be reached.
    away: AtomicBool,
}

impl OrganizationStores {
    fn new(private: Arc<PrivateStore>, transient: TransientStore) -> Self {
        Self { private, transient, joined: AtomicBool::new(false), away: AtomicBool::new(false) }
    }
}

/// Where the writing of a block is broken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashPoint {
    /// Private values are written, the block and the state are not.
    BeforeBlock,
    /// Block and state are written; private data that has served or expired is still there.
    AfterBlock,
}

/// A transaction of the ledger, valid or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionRecord {
    /// The encoded envelope.
    pub envelope: Vec<u8>,
    /// How it was judged.
    pub code: TxValidationCode,
    /// The block that holds it.
    pub block: u64,
    /// Its position in the block, from 0.
    pub index: u64,
}

impl Ledger {
    /// Opens the ledger in a folder, which is made when it is missing, for the channel of the given first block and the
    /// peers of the given organizations.
    ///
    /// # Errors
    /// [`LedgerError`] when files cannot be used or belong to another channel.
    pub fn open(folder: &Path, genesis_block: &Block, msp_ids: &[String]) -> Result<Arc<Self>, LedgerError> {
        make_folder(folder)?;
        let disk = Arc::new(Disk::default());
        let public = Arc::new(PublicStore::open(&folder.join("ledger.redb"), &disk)?);
        let mut snapshot = public.snapshot()?;
        if snapshot.height()? == 0 {
            next_block::write_genesis(&public, genesis_block)?;
            snapshot = public.snapshot()?;
        }
        let first = snapshot.block(0)?.ok_or(LedgerError::Damaged("first block"))?;
        if first.header != genesis_block.header {
            return Err(LedgerError::OtherGenesis);
        }
        let config_block =
            snapshot.block(snapshot.last_config()?)?.ok_or(LedgerError::Damaged("configuration block"))?;
        let channel =
            ChannelConfig::from_genesis_block(&config_block).map_err(|cause| LedgerError::Config(cause.to_string()))?;
        let height = snapshot.height()?;
        let mut organizations = BTreeMap::new();
        for msp_id in msp_ids {
            let folder = folder.join("private").join(file_name(msp_id));
            make_folder(&folder)?;
            let private = Arc::new(PrivateStore::open(&folder.join("private.redb"), height, &disk)?);
            let transient = TransientStore::open(&folder.join("transient"))?;
            organizations.insert(msp_id.clone(), OrganizationStores::new(private, transient));
        }
        disk.begin_to_wait();
        Ok(Arc::new(Self {
            channel_id: channel.channel_id().to_owned(),
            public,
            organizations: Arc::new(organizations),
            channel: RwLock::new(Arc::new(channel)),
            signatures: Arc::default(),
            disk,
            height: watch::Sender::new(height),
            recent: Arc::default(),
            committing: Mutex::default(),
            crash: Mutex::default(),
            views: Mutex::default(),
            reader: None,
            standstill: Mutex::default(),
            origin: None,
        }))
    }

    /// The channel's name.
    pub fn channel_id(&self) -> &str {
        &self.channel_id
    }

    /// The channel's configuration as of the last block.
    pub fn channel(&self) -> Arc<ChannelConfig> {
        self.channel.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The organizations that have private stores here, whether or not their peers have joined the channel.
    pub fn msp_ids(&self) -> impl Iterator<Item = &str> {
        self.organizations.keys().map(String::as_str)
    }

    /// Signatures that have been found good; worth sharing by everybody who checks some.
    pub fn signatures(&self) -> &Arc<VerifiedSignatures> {
        &self.signatures
    }

    /// Whether the files can be written.
    pub(crate) fn disk(&self) -> &Disk {
        &self.disk
    }

    /// The number of blocks.
    pub fn height(&self) -> u64 {
        *self.height.borrow()
    }

    /// The number of blocks as it grows. A block is announced when all that follows from it can be read.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.height.subscribe()
    }

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
            Some(place) => self.block(place.block),
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

    /// Whether a block holds this transaction, whatever its verdict.
    ///
    /// # Errors
    /// As [`Ledger::block`].
    pub fn contains_transaction(&self, id: &str) -> Result<bool, LedgerError> {
        Ok(self.snapshot()?.transaction(id)?.is_some())
    }

    /// The verdict over a transaction and its block, without its content.
    ///
    /// # Errors
    /// As [`Ledger::block`].
    pub fn transaction_status(&self, id: &str) -> Result<Option<(TxValidationCode, u64)>, LedgerError> {
        let place = self.snapshot()?.transaction(id)?;
        Ok(place.map(|place| (code_of(place.code), place.block)))
    }

    /// A transaction as it first appears.
    ///
    /// # Errors
    /// As [`Ledger::block`].
    pub fn transaction(&self, id: &str) -> Result<Option<TransactionRecord>, LedgerError> {
        let Some(place) = self.snapshot()?.transaction(id)? else { return Ok(None) };
        let block = self.block(place.block)?.ok_or(LedgerError::Damaged("block of a transaction"))?;
        let envelope = block
            .data
            .as_ref()
            .and_then(|data| data.data.get(usize::try_from(place.index).ok()?))
            .ok_or(LedgerError::Damaged("block of a transaction"))?
            .clone();
        Ok(Some(TransactionRecord { envelope, code: code_of(place.code), block: place.block, index: place.index }))
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
    pub fn definition(&self, chaincode: &str) -> Result<Option<ChaincodeDefinition>, LedgerError> {
        crate::validation::definition_in(&self.snapshot()?, chaincode)
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
            found.extend(crate::validation::definition_in(&snapshot, name)?);
        }
        Ok(found)
    }

    /// A collection of a chaincode, named or implicit, as defined now.
    ///
    /// # Errors
    /// As [`Ledger::block`].
    pub fn collection(&self, chaincode: &str, collection: &str) -> Result<Option<StaticCollectionConfig>, LedgerError> {
        collection_in(&self.snapshot()?, &self.channel(), chaincode, collection)
    }

    /// Begins to simulate a transaction on the peer of an organization.
    ///
    /// # Errors
    /// [`LedgerError::UnknownPeer`], or when the ledger cannot be read.
    pub fn simulator(&self, peer_msp: &str, tx_id: &str, caller: CallerInfo) -> Result<Simulator, LedgerError> {
        let stores = self.stores(peer_msp)?;
        // Configuration and state may differ by a block that is just being committed, as on Fabric.
        let channel = self.channel();
        Ok(Simulator::new(channel, self.snapshot()?, stores.private.clone(), tx_id, caller))
    }

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
        let committed = Arc::new(next_block::commit(self, block)?);
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

    fn stores(&self, msp_id: &str) -> Result<&OrganizationStores, LedgerError> {
        self.organizations.get(msp_id).ok_or_else(|| LedgerError::UnknownPeer(msp_id.to_owned()))
    }
}

/// The validation codes of a committed block, one per transaction.
pub fn validation_codes(block: &Block) -> Vec<TxValidationCode> {
    let metadata = block.metadata.as_ref().map_or(&[][..], |metadata| &metadata.metadata);
    let filter = metadata.get(next_block::FILTER).map_or(&[][..], Vec::as_slice);
    filter.iter().map(|code| code_of(*code)).collect()
}

/// The envelopes of a block.
pub fn envelopes(block: &Block) -> impl Iterator<Item = Option<Envelope>> + '_ {
    let data = block.data.as_ref().map_or(&[][..], |data| &data.data);
    data.iter().map(|bytes| Envelope::decode(&**bytes).ok())
}

fn code_of(code: u8) -> TxValidationCode {
    TxValidationCode::try_from(i32::from(code)).unwrap_or(TxValidationCode::InvalidOtherReason)
}

fn collection_in(
    snapshot: &Snapshot,
    channel: &ChannelConfig,
    chaincode: &str,
    collection: &str,
) -> Result<Option<StaticCollectionConfig>, LedgerError> {
    if let Some(owner) = collection::implicit_owner(collection) {
        return Ok(channel.application_org(owner).map(|_| collection::implicit_definition(owner)));
    }
    let definition = crate::validation::definition_in(snapshot, chaincode)?;
    Ok(definition.and_then(|definition| definition.collection(collection).cloned()))
}

fn make_folder(folder: &Path) -> Result<(), LedgerError> {
    fs::create_dir_all(folder).map_err(|cause| LedgerError::File { path: folder.to_owned(), cause })
}

/// An MSP id as the name of a folder: anything unusual becomes its code.
pub(crate) fn file_name(msp_id: &str) -> String {
    let mut name = String::new();
    for byte in msp_id.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => name.push(char::from(byte)),
            other => name.push_str(&format!("_{other:02x}")),
        }
    }
    name
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
