//! One channel's ledger: its stores, and what is known of them in memory.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak},
};

use fabric_config::ChannelConfig;
use fabric_protos::common::Block;
use tokio::sync::watch;

use super::{
    crash::{CrashPoint, CrashSwitch},
    halt::Halt,
    organization::OrganizationStores,
};
use crate::{
    disk::Disk,
    metrics::LedgerMetrics,
    simulation::{CallerInfo, Simulator},
    state::{
        error::LedgerError,
        store::{PublicStore, Snapshot},
    },
    validation::VerifiedSignatures,
};

/// A channel's ledger.
pub struct Ledger {
    pub(super) channel_id: String,
    pub(super) public: Arc<PublicStore>,
    pub(super) organizations: Arc<BTreeMap<String, OrganizationStores>>,
    pub(super) channel: RwLock<Arc<ChannelConfig>>,
    pub(super) signatures: Arc<VerifiedSignatures>,
    pub(super) disk: Arc<Disk>,
    pub(super) metrics: Arc<LedgerMetrics>,
    pub(super) height: watch::Sender<u64>,
    pub(super) recent: Arc<Mutex<VecDeque<Arc<Block>>>>,
    /// Held while a block is committed.
    pub(super) committing: Mutex<()>,
    pub(super) crash: CrashSwitch,
    /// Others that show this ledger and learn of its blocks.
    pub(super) views: Mutex<Vec<Weak<Ledger>>>,
    /// Whose view this is, as an encoded `SerializedIdentity`; `None` shows everything.
    pub(super) reader: Option<Vec<u8>>,
    /// Whether something else than the present is shown.
    pub(super) halt: Mutex<Halt>,
    /// The ledger of which this is a view. The last field, so that files are let go of before it is.
    pub(super) origin: Option<Arc<Ledger>>,
}

impl Ledger {
    /// A ledger over a public store, with nothing beside it. `channel` and `height` say what is in the store.
    pub(super) fn over(public: Arc<PublicStore>, channel: Arc<ChannelConfig>, height: u64) -> Self {
        Self {
            channel_id: channel.channel_id().to_owned(),
            public,
            organizations: Arc::default(),
            channel: RwLock::new(channel),
            signatures: Arc::default(),
            disk: Arc::default(),
            metrics: Arc::default(),
            height: watch::Sender::new(height),
            recent: Arc::default(),
            committing: Mutex::default(),
            crash: CrashSwitch::default(),
            views: Mutex::default(),
            reader: None,
            halt: Mutex::default(),
            origin: None,
        }
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

    /// What became of the channel's blocks since the process began.
    pub(crate) fn metrics(&self) -> &LedgerMetrics {
        &self.metrics
    }

    /// The number of blocks.
    pub fn height(&self) -> u64 {
        *self.height.borrow()
    }

    /// The number of blocks as it grows. A block is announced when all that follows from it can be read.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.height.subscribe()
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

    /// Whether two ledgers are one, or views of one.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.public, &other.public)
    }

    pub(super) fn is_frozen(&self) -> bool {
        lock(&self.halt).moment.is_some()
    }

    /// The last block, or the moment at which a view stands still.
    pub(crate) fn snapshot(&self) -> Result<Arc<Snapshot>, LedgerError> {
        let moment = lock(&self.halt).moment.clone();
        match moment {
            Some(moment) => Ok(moment.snapshot),
            None => self.public.snapshot(),
        }
    }

    /// Says that a peer of an organization has joined the channel, and whether it can be reached.
    pub(crate) fn set_joined(&self, msp_id: &str, peer: &str, reachable: bool) {
        if let Some(stores) = self.organizations.get(msp_id) {
            stores.set_joined(peer, reachable);
        }
    }

    /// Whether a peer of an organization has joined the channel and can be reached.
    pub(crate) fn is_reachable(&self, msp_id: &str) -> bool {
        self.organizations.get(msp_id).is_some_and(OrganizationStores::is_reachable)
    }

    /// Has the next block broken off. Afterwards this ledger takes no more blocks; open it again.
    pub(crate) fn crash(&self, point: CrashPoint) {
        let ledger = self.origin.as_deref().unwrap_or(self);
        ledger.crash.order(point);
    }

    pub(super) fn stores(&self, msp_id: &str) -> Result<&OrganizationStores, LedgerError> {
        self.organizations.get(msp_id).ok_or_else(|| LedgerError::UnknownPeer(msp_id.to_owned()))
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
