//! The orderer as a node: one chain for each channel that it has joined.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use fabric_config::ChannelConfig;
use fabric_msp::signer::Signer;
use fabric_protos::{
    common::{Envelope, HeaderType, Status},
    orderer::BroadcastResponse,
};
use tokio::{sync::Mutex, time::Instant};

use super::{
    admission::{self, Refusal},
    chain::Orderer,
    switches::OrdererSwitches,
};
use crate::{
    ledgers::{GenesisBlock, JoinError, Ledgers, Member},
    metrics::{BroadcastMetrics, DeliverMetrics, Steps, Text},
};

/// The orderer of this process.
pub(crate) struct OrderingNode {
    ledgers: Arc<Ledgers>,
    signer: Arc<dyn Signer>,
    chains: RwLock<BTreeMap<String, Chain>>,
    /// Held while a channel is joined or left.
    changing: Mutex<()>,
    switches: Arc<OrdererSwitches>,
    broadcast: Arc<BroadcastMetrics>,
    deliver: Arc<DeliverMetrics>,
}

struct Chain {
    orderer: Arc<Orderer>,
    first: Arc<GenesisBlock>,
}

/// What the orderer says of a channel that it orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelStatus {
    /// The channel's name.
    pub name: String,
    /// The number of blocks.
    pub height: u64,
    /// Why no blocks can be written now; `None` when they can.
    pub trouble: Option<String>,
}

impl ChannelStatus {
    fn of(orderer: &Orderer) -> Self {
        let ledger = orderer.ledger();
        Self { name: ledger.channel_id().to_owned(), height: ledger.height(), trouble: orderer.trouble() }
    }
}

/// Why an update that was handed to the orderer itself is not taken. The texts are Fabric's.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigureError {
    #[error("channel does not exist")]
    UnknownChannel,
    #[error("failed update config of channel {channel}: {cause}")]
    Refused { channel: String, cause: Refusal },
    #[error("failed update config of channel {channel} with SERVICE_UNAVAILABLE: rejected by Consenter: {cause}")]
    Unavailable { channel: String, cause: Refusal },
}

impl OrderingNode {
    pub(crate) fn new(ledgers: Arc<Ledgers>, signer: Arc<dyn Signer>) -> Self {
        Self {
            ledgers,
            signer,
            chains: RwLock::default(),
            changing: Mutex::default(),
            switches: Arc::default(),
            broadcast: Arc::default(),
            deliver: Arc::default(),
        }
    }

    /// What the orderer has counted since the process began.
    pub(crate) fn tell(&self, text: &mut Text) {
        self.broadcast.tell(text);
        self.deliver.tell(text);
    }

    /// What it does with those who ask for blocks.
    pub(crate) fn deliver(&self) -> &Arc<DeliverMetrics> {
        &self.deliver
    }

    /// The faults that are switched on.
    pub(crate) fn switches(&self) -> &OrdererSwitches {
        &self.switches
    }

    /// Begins to order a channel, from its genesis block or from where it was left. Touches the disk.
    pub(crate) async fn join(&self, first: GenesisBlock) -> Result<ChannelStatus, JoinError> {
        let _one_at_a_time = self.changing.lock().await;
        let name = first.channel_id().to_owned();
        if self.chain(&name).is_some() {
            return Err(JoinError::Ordered(name));
        }
        let ledger = self.ledgers.open(&first)?;
        self.check_consenter(&ledger.channel())?;
        let (switches, metrics) = (Arc::clone(&self.switches), Arc::clone(&self.broadcast));
        let orderer = Orderer::sharing(ledger, Arc::clone(&self.signer), switches, metrics)?;
        self.ledgers.remember(&first, Member::Orderer)?;
        let status = ChannelStatus::of(&orderer);
        self.write().insert(name, Chain { orderer, first: Arc::new(first) });
        Ok(status)
    }

    /// Whether this orderer's signature alone makes a block good.
    fn check_consenter(&self, channel: &ChannelConfig) -> Result<(), JoinError> {
        let identity = channel.msps().deserialize(self.signer.creator());
        let identity = identity.map_err(|cause| JoinError::NotOrderer(cause.to_string()))?;
        let policy = channel.policy("/Channel/Orderer/BlockValidation");
        policy.evaluate_identities(&[identity]).map_err(|cause| JoinError::NotOrderer(cause.to_string()))
    }

    /// Takes an update of a channel's configuration; success means that it will be in a block.
    pub(crate) async fn configure(&self, channel_id: &str, update: Envelope) -> Result<ChannelStatus, ConfigureError> {
        let orderer = self.chain(channel_id).ok_or(ConfigureError::UnknownChannel)?;
        orderer.configure(&update).await.map_err(|cause| {
            let channel = channel_id.to_owned();
            match cause.is_unavailable() {
                true => ConfigureError::Unavailable { channel, cause },
                false => ConfigureError::Refused { channel, cause },
            }
        })?;
        Ok(ChannelStatus::of(&orderer))
    }

    /// Ends the ordering of a channel once everything that waits is written; false when there is no such channel. The
    /// blocks stay, since peers use them as well, and a later joining goes on with them.
    pub(crate) async fn leave(&self, channel_id: &str) -> Result<bool, JoinError> {
        let _one_at_a_time = self.changing.lock().await;
        let first = self.read().get(channel_id).map(|chain| Arc::clone(&chain.first));
        let Some(first) = first else { return Ok(false) };
        if let Some(cause) = self.chain(channel_id).and_then(|orderer| orderer.shortage()) {
            return Err(JoinError::Unwritable(cause));
        }
        self.ledgers.forget(&first, Member::Orderer)?;
        let chain = self.write().remove(channel_id);
        if let Some(chain) = chain {
            chain.orderer.stop().await;
        }
        Ok(true)
    }

    /// The channels that are ordered, by name.
    pub(crate) fn channels(&self) -> Vec<ChannelStatus> {
        self.read().values().map(|chain| ChannelStatus::of(&chain.orderer)).collect()
    }

    /// The chain of a channel.
    pub(crate) fn chain(&self, channel_id: &str) -> Option<Arc<Orderer>> {
        self.read().get(channel_id).map(|chain| Arc::clone(&chain.orderer))
    }

    /// The ledgers that are written.
    pub(crate) fn ledgers(&self) -> Vec<Arc<crate::ledger::Ledger>> {
        self.read().values().map(|chain| Arc::clone(chain.orderer.ledger())).collect()
    }

    /// Hands a message to the chain of its channel.
    pub(crate) async fn broadcast(&self, envelope: Envelope) -> BroadcastResponse {
        const UNKNOWN: &str = "unknown";
        let begun = Instant::now();
        let header = admission::channel_header(&envelope);
        let kind = header.as_ref().ok().and_then(|header| HeaderType::try_from(header.r#type).ok());
        let chain = match self.switches.is_stopped() {
            true => Err(Refusal::Stopping),
            false => header.and_then(|header| self.chain(&header.channel_id).ok_or(Refusal::UnknownChannel)),
        };
        let (channel, (answer, steps)) = match &chain {
            Ok(chain) => (chain.ledger().channel_id(), chain.order(&envelope, begun).await),
            Err(refusal) => {
                let steps = Steps { validate: begun.elapsed(), enqueue: None };
                (UNKNOWN, (refusal.clone().into_answer(), steps))
            }
        };
        let kind = kind.map_or(UNKNOWN, |kind| kind.as_str_name());
        let status = Status::try_from(answer.status).map_or(UNKNOWN, |status| status.as_str_name());
        self.broadcast.answered(channel, kind, status, steps);
        answer
    }

    /// Takes no more messages, puts those that wait into blocks, and returns when all are written.
    pub(crate) async fn stop(&self) {
        self.switches.end();
        let chains = std::mem::take(&mut *self.write());
        for chain in chains.into_values() {
            chain.orderer.stop().await;
        }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<String, Chain>> {
        // The map is whole at every moment.
        self.chains.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<String, Chain>> {
        self.chains.write().unwrap_or_else(PoisonError::into_inner)
    }
}
