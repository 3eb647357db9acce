//! One organization's peer: who it is, which channels it has joined, and which chaincodes it can run.

mod switches;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use fabric_msp::{
    msp::Msp,
    signer::{SignError, Signer, SigningIdentity},
};

use self::switches::PeerSwitches;
use crate::{
    chaincode::{ChaincodePackage, ChaincodeRuntime, PackageStore},
    channel::Channel,
    ledger::{CallerInfo, SimulationError},
    ledgers::{GenesisBlock, JoinError, Ledgers, Member},
    metrics::{DeliverMetrics, LedgerMetrics, ProposalMetrics, Text},
    orderer::{ChannelStatus, OrderingNode},
    state::{
        collection::implicit_name,
        definition::{ChaincodeDefinition, LIFECYCLE, read_package_id},
    },
};

/// A peer of this process.
pub(crate) struct Peer {
    /// What it is called in the network's folder: the first peer of an organization as its organization.
    key: String,
    identity: SigningIdentity,
    local_msp: Msp,
    address: String,
    /// The channels that the peer has joined, by name.
    channels: RwLock<BTreeMap<String, Arc<Channel>>>,
    /// Held while a channel is joined.
    joining: Mutex<()>,
    ledgers: Arc<Ledgers>,
    orderer: Arc<OrderingNode>,
    packages: PackageStore,
    chaincodes: ChaincodeRuntime,
    /// What was found out about chaincodes, by channel and name.
    known: Mutex<Known>,
    switches: PeerSwitches,
    proposals: ProposalMetrics,
    deliver: Arc<DeliverMetrics>,
}

type Known = HashMap<(String, String), Found>;

/// What was found out, and from which definitions and approvals, configuration and packages.
struct Found {
    from: (u64, u64, usize),
    readiness: Readiness,
}

/// How far a peer's organization has come with a chaincode.
#[derive(Clone)]
pub(crate) enum Readiness {
    /// The channel has not defined it.
    Undefined,
    /// The organization has not approved what the channel has defined.
    NotApproved { sequence: i64 },
    /// Approved, but without a package that this peer has installed.
    NotInstalled,
    /// It can be run here.
    Ready { definition: Arc<ChaincodeDefinition>, package: ChaincodePackage },
}

impl Peer {
    /// The channels that the peer has joined, each as far as this peer sees it.
    pub(crate) fn status(&self) -> Vec<ChannelStatus> {
        let status = |channel: &Arc<Channel>| ChannelStatus {
            name: channel.id().to_owned(),
            height: channel.ledger().height(),
            trouble: channel.ledger().disk().trouble(),
        };
        self.channels().iter().map(status).collect()
    }

    /// What the peer has counted since the process began.
    pub(crate) fn tell(&self, text: &mut Text) {
        self.proposals.tell(text);
        self.deliver.tell(text);
        let channels = self.channels();
        let ledgers: Vec<&LedgerMetrics> = channels.iter().map(|channel| channel.ledger().metrics()).collect();
        LedgerMetrics::tell(&ledgers, text);
    }

    /// What it does with proposals.
    pub(crate) fn proposals(&self) -> &ProposalMetrics {
        &self.proposals
    }

    /// What it does with those who ask for blocks.
    pub(crate) fn deliver(&self) -> &Arc<DeliverMetrics> {
        &self.deliver
    }

    pub(crate) fn new(
        identity: SigningIdentity,
        local_msp: Msp,
        address: &str,
        ledgers: Arc<Ledgers>,
        orderer: Arc<OrderingNode>,
        packages: PackageStore,
        chaincodes: ChaincodeRuntime,
    ) -> Self {
        Self {
            key: identity.msp_id().to_owned(),
            identity,
            local_msp,
            address: address.to_owned(),
            channels: RwLock::default(),
            joining: Mutex::default(),
            ledgers,
            orderer,
            packages,
            chaincodes,
            known: Mutex::default(),
            switches: PeerSwitches::default(),
            proposals: ProposalMetrics::default(),
            deliver: Arc::default(),
        }
    }

    /// As a further peer of its organization, with a name of its own in the network's folder.
    pub(crate) fn known_as(self, key: String) -> Self {
        Self { key, ..self }
    }

    /// What it is called in the network's folder.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Whether this is the other peer.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.creator() == other.creator()
    }

    /// Makes the peer unreachable, or lets it answer again.
    pub(crate) fn set_away(&self, away: bool) {
        self.switches.set_away(away);
        let channels = self.channels();
        channels.iter().for_each(|channel| channel.ledger().set_joined(self.msp_id(), self.key(), !away));
    }

    /// The organization's id.
    pub(crate) fn msp_id(&self) -> &str {
        self.identity.msp_id()
    }

    /// Where clients find the peer, `host:port`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The peer's identity, encoded.
    pub(crate) fn creator(&self) -> &[u8] {
        self.identity.creator()
    }

    /// The key of the peer.
    pub(crate) fn signer(&self) -> &dyn Signer {
        &self.identity
    }

    /// Signs as the peer.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.identity.sign(message)
    }

    /// The rules of the peer's own organization.
    pub(crate) fn local_msp(&self) -> &Msp {
        &self.local_msp
    }

    /// A channel that the peer has joined.
    pub(crate) fn channel(&self, id: &str) -> Option<Arc<Channel>> {
        self.channels.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// All channels that the peer has joined, by name.
    pub(crate) fn channels(&self) -> Vec<Arc<Channel>> {
        self.channels.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Joins a channel, and remembers it over restarts. As on Fabric nobody asks whether the peer's organization is a
    /// member; what the peer then sees is the ledger's business. Touches the disk.
    pub(crate) fn join(&self, first: &GenesisBlock) -> Result<(), JoinError> {
        let _one_at_a_time = self.joining.lock().unwrap_or_else(PoisonError::into_inner);
        let name = first.channel_id();
        if self.channel(name).is_some() {
            return Err(JoinError::Joined(name.to_owned()));
        }
        let ledger = self.ledgers.open(first)?;
        let view = ledger.view_of(self.creator())?;
        self.ledgers.remember(first, Member::Peer(self.key()))?;
        ledger.set_joined(self.msp_id(), self.key(), !self.switches.is_away());
        let channel = Arc::new(Channel::new(view, Arc::clone(&self.orderer)));
        self.channels.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), channel);
        Ok(())
    }

    /// The packages that the peer has installed.
    pub(crate) fn packages(&self) -> &PackageStore {
        &self.packages
    }

    /// The chaincodes that the peer is connected to.
    pub(crate) fn chaincodes(&self) -> &ChaincodeRuntime {
        &self.chaincodes
    }

    /// The faults that are switched on.
    pub(crate) fn switches(&self) -> &PeerSwitches {
        &self.switches
    }

    /// How far this peer's organization has come with a chaincode, by the newest block.
    pub(crate) fn readiness(&self, channel: &Channel, chaincode: &str) -> Result<Readiness, SimulationError> {
        let key = (channel.id().to_owned(), chaincode.to_owned());
        let definitions = channel.ledger().snapshot()?.definitions().number();
        let from = (definitions, channel.config().sequence(), self.packages.count());
        if let Some(known) = self.known().get(&key)
            && known.from == from
        {
            return Ok(known.readiness.clone());
        }
        let readiness = self.find_readiness(channel, chaincode)?;
        let mut known = self.known();
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(key, Found { from, readiness: readiness.clone() });
        Ok(readiness)
    }

    fn find_readiness(&self, channel: &Channel, chaincode: &str) -> Result<Readiness, SimulationError> {
        let mut view = channel.ledger().simulator(self.msp_id(), "", CallerInfo::default())?;
        let Some(definition) = view.definition(chaincode)? else { return Ok(Readiness::Undefined) };
        let (sequence, collection) = (definition.sequence, implicit_name(self.msp_id()));
        let mut approvals = view.private_fields(LIFECYCLE, &collection);
        if !definition.parameters.mismatches(chaincode, sequence, &mut approvals)?.is_empty() {
            return Ok(Readiness::NotApproved { sequence });
        }
        let package_id = read_package_id(chaincode, sequence, &mut approvals)?.unwrap_or_default();
        Ok(match self.packages.get(&package_id) {
            Some(package) => Readiness::Ready { definition: Arc::new(definition), package },
            None => Readiness::NotInstalled,
        })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // The map is whole at every moment.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Chaincodes that are remembered, by name; anybody can ask for any name.
const KNOWN_MAX: usize = 256;
