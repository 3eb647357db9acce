//! A running network: peers of each organization and an orderer, each on its own address, on one data folder.

mod error;
mod files;
mod options;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    path::Path,
    sync::Arc,
    time::Duration,
};

use fabric_msp::{
    msp::{Msp, config_from_directory},
    transport::{self, Gate, ServerTls, health},
};
use fabric_protos::{
    MAX_MESSAGE_BYTES,
    common::Block,
    discovery::discovery_server::{self, DiscoveryServer},
    gateway::gateway_server::{self, GatewayServer},
    orderer::atomic_broadcast_server,
    protos::{
        deliver_server,
        endorser_server::{self, EndorserServer},
    },
};
use tokio::{sync::watch, task::JoinHandle, time};

use self::files::{bind, identity, lock, read, read_tls};
pub use self::{
    error::NetworkError,
    options::{AdminOptions, AdminTlsOptions, NetworkOptions, OrdererOptions, PeerOptions, Settings},
};
use crate::{
    chaincode::{ChaincodeRuntime, PackageStore},
    deliver::{self, PeerDeliver},
    discovery::{self, DiscoveryService},
    endorser::EndorserService,
    faults::{OrdererFaults, PeerFaults},
    gateway::{Chance, GatewayService},
    ledger::Verification,
    ledgers::{GenesisBlock, JoinError, Ledgers, Member},
    limits::{Limited, Limits, PEERS_MAX, Takes},
    listener,
    operations::Operations,
    orderer::{self, ChannelStatus, OrderingNode, Participation},
    peer::Peer,
    state::file_name::file_name,
};

/// How long open calls may go on after a shutdown was asked for.
const GRACE: Duration = Duration::from_secs(1);
/// How long to wait for what has been cut off.
const CUT_MAX: Duration = Duration::from_secs(2);

/// What a peer offers.
const PEER_SERVICES: &[&str] = &[
    endorser_server::SERVICE_NAME,
    gateway_server::SERVICE_NAME,
    discovery_server::SERVICE_NAME,
    deliver_server::SERVICE_NAME,
];

/// Looks through all ledgers of a network that does not run: blocks, signatures, state and private data. Shows each
/// channel's blocks in their order, from block 1 on, once each is found to be in order.
///
/// # Errors
/// [`NetworkError`] names the first place that has been changed, or says why the folder cannot be read.
pub fn verify(data_dir: &Path, seen: &mut dyn FnMut(&str, &Block)) -> Result<Vec<Verification>, NetworkError> {
    let channels = data_dir.join("channels");
    if !channels.is_dir() {
        let cause = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(NetworkError::File { path: channels, cause });
    }
    let _alone = lock(data_dir)?;
    Ok(Ledgers::new(&channels, Vec::new()).verify_all(seen)?)
}

/// A running network. Dropping it leaves it running until the runtime ends; [`Network::shutdown`] ends it properly.
pub struct Network {
    peers: Arc<[Arc<Peer>]>,
    orderer: Arc<OrderingNode>,
    orderer_address: String,
    admin_address: Option<String>,
    /// By MSP id.
    peer_operations: BTreeMap<String, String>,
    orderer_operations: Option<String>,
    ledgers: Arc<Ledgers>,
    closing: watch::Sender<bool>,
    cut: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
    /// Released last.
    lock: File,
}

impl Network {
    /// Starts a network with the usual settings. When this returns, all nodes answer. Must be called inside a tokio
    /// runtime with time and I/O.
    ///
    /// # Errors
    /// [`NetworkError`] says what is wrong with the options, the folder or an address.
    pub async fn start(options: NetworkOptions) -> Result<Self, NetworkError> {
        Self::start_with(options, Settings::default()).await
    }

    /// As [`Network::start`] with settings.
    ///
    /// # Errors
    /// As [`Network::start`].
    pub async fn start_with(options: NetworkOptions, settings: Settings) -> Result<Self, NetworkError> {
        check_peers(&options.peers)?;
        let lock = lock(&options.data_dir)?;
        let msp_ids: BTreeSet<String> = options.peers.iter().map(|peer| peer.msp_id.clone()).collect();
        let ledgers = Arc::new(Ledgers::new(&options.data_dir.join("channels"), msp_ids.into_iter().collect()));
        let signer = Arc::new(identity(&options.orderer.msp_id, &options.orderer.msp_dir)?);
        let orderer = Arc::new(OrderingNode::new(Arc::clone(&ledgers), signer));
        let (closing, cut) = (watch::Sender::new(false), watch::Sender::new(false));
        let mut network = Self {
            peers: Arc::new([]),
            orderer,
            orderer_address: String::new(),
            admin_address: None,
            peer_operations: BTreeMap::new(),
            orderer_operations: None,
            ledgers,
            closing,
            cut,
            servers: Vec::new(),
            lock,
        };
        match network.run(&options, &settings).await {
            Ok(()) => Ok(network),
            Err(cause) => {
                network.shutdown().await;
                Err(cause)
            }
        }
    }

    /// Has the orderer join the channel of this genesis block and order it from now on, also after a restart. As with
    /// Fabric's channel participation no organization is asked.
    ///
    /// # Errors
    /// [`JoinError`] when the block does not begin a channel, or the orderer has a channel of that name.
    pub async fn join_orderer(&self, genesis_block: &[u8]) -> Result<ChannelStatus, JoinError> {
        self.orderer.join(GenesisBlock::decode(genesis_block)?).await
    }

    /// Has the first peer of an organization join the channel of this genesis block, as `cscc JoinChain` does, and stay
    /// in it over restarts. It sees what was ordered so far, if its organization is a member; otherwise, and while
    /// nobody orders the channel, it stands at the genesis block. Touches the disk.
    ///
    /// # Errors
    /// [`JoinError`] when the block does not begin a channel, or the peer has joined one of that name.
    pub fn join_peer(&self, msp_id: &str, genesis_block: &[u8]) -> Result<(), JoinError> {
        let peer = self.peer(msp_id).ok_or_else(|| JoinError::NoPeer(msp_id.to_owned()))?;
        peer.join(&GenesisBlock::decode(genesis_block)?)
    }

    /// Has the orderer leave a channel once everything that waits is written; false when it has not joined it. Peers
    /// keep what they have. Unlike on Fabric the orderer's blocks stay as well, because the peers of this process use
    /// the same, and an orderer that joins again goes on after the last of them.
    ///
    /// # Errors
    /// [`JoinError`] when it cannot be noted on disk.
    pub async fn leave_orderer(&self, channel_id: &str) -> Result<bool, JoinError> {
        self.orderer.leave(channel_id).await
    }

    /// The channels that the orderer has joined, by name.
    pub fn channels(&self) -> Vec<ChannelStatus> {
        self.orderer.channels()
    }

    /// Where the first peer of an organization listens, `host:port`.
    pub fn peer_address(&self, msp_id: &str) -> Option<&str> {
        self.peer(msp_id).map(|peer| peer.address())
    }

    /// Where the peer with this name listens, `host:port`.
    pub fn address_of_peer(&self, name: &str) -> Option<&str> {
        self.peer_named(name).map(|peer| peer.address())
    }

    /// Where the orderer listens, `host:port`.
    pub fn orderer_address(&self) -> &str {
        &self.orderer_address
    }

    /// Where the orderer's channel participation API listens, `host:port`.
    pub fn orderer_admin_address(&self) -> Option<&str> {
        self.admin_address.as_deref()
    }

    /// Where the operations endpoint of an organization's first peer listens, `host:port`.
    pub fn peer_operations_address(&self, msp_id: &str) -> Option<&str> {
        self.peer_operations.get(msp_id).map(String::as_str)
    }

    /// Where the orderer's operations endpoint listens, `host:port`.
    pub fn orderer_operations_address(&self) -> Option<&str> {
        self.orderer_operations.as_deref()
    }

    /// What can be made to go wrong at the first peer of an organization; `None` when it has none.
    pub fn peer_faults(&self, msp_id: &str) -> Option<PeerFaults<'_>> {
        self.peer(msp_id).map(|peer| PeerFaults::new(peer))
    }

    /// As [`Network::peer_faults`] of the peer with this name.
    pub fn faults_of_peer(&self, name: &str) -> Option<PeerFaults<'_>> {
        self.peer_named(name).map(|peer| PeerFaults::new(peer))
    }

    /// What can be made to go wrong at the orderer.
    pub fn orderer_faults(&self) -> OrdererFaults<'_> {
        OrdererFaults::new(&self.orderer)
    }

    /// Ends the network: takes no more calls, gives those that run a second, writes the blocks that wait, and closes
    /// all files. Afterwards the same folder can be started again, also in this process.
    pub async fn shutdown(self) {
        let Self { peers, orderer, ledgers, closing, cut, servers, lock, .. } = self;
        closing.send_replace(true);
        let grace = time::Instant::now() + GRACE;
        let mut open = Vec::new();
        for mut server in servers {
            if time::timeout_at(grace, &mut server).await.is_err() {
                open.push(server);
            }
        }
        cut.send_replace(true);
        let cut_off = time::Instant::now() + CUT_MAX;
        for mut server in open {
            if time::timeout_at(cut_off, &mut server).await.is_err() {
                server.abort();
            }
        }
        for peer in peers.iter() {
            peer.chaincodes().close().await;
        }
        ledgers.stop_waiting();
        orderer.stop().await;
        drop((peers, orderer));
        let last = time::Instant::now() + CUT_MAX;
        for mut ledger in ledgers.close() {
            // Calls that were cut off end a moment later. The last reference must be this one, because only then are
            // the files closed when it has been dropped; a mere count of zero would say that closing has begun.
            while let Err(shared) = Arc::try_unwrap(ledger).map(drop) {
                if time::Instant::now() >= last {
                    tracing::warn!("something still uses a ledger after the shutdown");
                    break;
                }
                ledger = shared;
                time::sleep(Duration::from_millis(2)).await;
            }
        }
        drop(lock);
    }

    fn peer(&self, msp_id: &str) -> Option<&Arc<Peer>> {
        self.peers.iter().find(|peer| peer.msp_id() == msp_id)
    }

    fn peer_named(&self, name: &str) -> Option<&Arc<Peer>> {
        self.peers.iter().find(|peer| peer.chaincodes().peer_name() == name)
    }

    /// Makes the peers, joins the channels, and listens last, so that a node that can be reached is ready.
    async fn run(&mut self, options: &NetworkOptions, settings: &Settings) -> Result<(), NetworkError> {
        let mut listeners = Vec::new();
        let mut peers = Vec::new();
        for peer in &options.peers {
            let (listener, address) = bind(&peer.listen).await?;
            listeners.push((listener, read_tls(&peer.tls_cert, &peer.tls_key)?));
            let is_first = peers.iter().all(|other: &Arc<Peer>| other.msp_id() != peer.msp_id);
            let key = if is_first { peer.msp_id.clone() } else { format!("{}/{}", peer.msp_id, peer.name) };
            peers.push(Arc::new(self.open_peer(&options.data_dir, peer, key, &address, settings)?));
        }
        self.peers = peers.into();
        self.join_channels(&options.genesis_blocks).await?;
        let chance = Arc::new(Chance::new(settings.seed));
        for (peer, (listener, tls)) in self.peers.iter().zip(listeners) {
            let services =
                peer_services(peer, &self.peers, settings.limits, self.closing.subscribe(), Arc::clone(&chance));
            let away = peer.switches().away();
            let (closing, cut) = (self.closing.subscribe(), self.cut.subscribe());
            let connections = transport::incoming_with_any_certificate(listener, &tls)?;
            let served = listener::serve(connections, services, closing, cut, away);
            self.servers.push(served);
        }
        let (listener, address) = bind(&options.orderer.listen).await?;
        let tls = read_tls(&options.orderer.tls_cert, &options.orderer.tls_key)?;
        let ordering = orderer::service(&self.orderer);
        let streams = settings.orderer_limits.streams;
        let health = health(&[atomic_broadcast_server::SERVICE_NAME], self.closing.subscribe(), |closing| !closing);
        let ordering = Limited::new(ordering, streams, Takes::WithFirstMessage);
        let services = transport::server().add_service(health).add_service(ordering);
        let away = self.orderer.switches().away();
        let (closing, cut) = (self.closing.subscribe(), self.cut.subscribe());
        let connections = transport::incoming_with_any_certificate(listener, &tls)?;
        self.servers.push(listener::serve(connections, services, closing, cut, away));
        self.orderer_address = address;
        self.start_operations(options).await?;
        if let Some(admin) = &options.orderer.admin {
            self.admin_address = Some(self.listen_for_admins(admin).await?);
        }
        Ok(())
    }

    /// The operations endpoints of all nodes that are to have one.
    async fn start_operations(&mut self, options: &NetworkOptions) -> Result<(), NetworkError> {
        let peers = Arc::clone(&self.peers);
        for (peer, options) in peers.iter().zip(&options.peers) {
            let Some(address) = &options.operations else { continue };
            let peer = Arc::clone(peer);
            let away = peer.switches().away();
            let counting = Arc::clone(&peer);
            let operations =
                Operations::new(Arc::new(move || peer.status()), Arc::new(move |text| counting.tell(text)));
            let listens = self.listen_for_operators(address, away, operations).await?;
            self.peer_operations.entry(options.msp_id.clone()).or_insert(listens);
        }
        if let Some(address) = &options.orderer.operations {
            let (observed, counting) = (Arc::clone(&self.orderer), Arc::clone(&self.orderer));
            let away = self.orderer.switches().away();
            let operations =
                Operations::new(Arc::new(move || observed.channels()), Arc::new(move |text| counting.tell(text)));
            let listens = self.listen_for_operators(address, away, operations).await?;
            self.orderer_operations = Some(listens);
        }
        Ok(())
    }

    async fn listen_for_operators(
        &mut self,
        address: &str,
        away: watch::Receiver<bool>,
        operations: Operations,
    ) -> Result<String, NetworkError> {
        let (listener, address) = bind(address).await?;
        let services = transport::server().accept_http1(true).add_routes(operations.into_routes());
        let (closing, cut) = (self.closing.subscribe(), self.cut.subscribe());
        let connections = transport::incoming_through(listener, None, Gate::of_operators())?;
        self.servers.push(listener::serve(connections, services, closing, cut, away));
        Ok(address)
    }

    async fn listen_for_admins(&mut self, options: &AdminOptions) -> Result<String, NetworkError> {
        let (listener, address) = bind(&options.listen).await?;
        let tls = match &options.tls {
            None => None,
            Some(tls) => {
                Some(ServerTls { client_ca_pem: Some(read(&tls.client_ca)?), ..read_tls(&tls.cert, &tls.key)? })
            }
        };
        let service = Participation::new(Arc::clone(&self.orderer));
        let services = transport::server().accept_http1(true).add_service(service);
        let away = self.orderer.switches().away();
        let (closing, cut) = (self.closing.subscribe(), self.cut.subscribe());
        let connections = transport::incoming_through(listener, tls.as_ref(), Gate::of_operators())?;
        self.servers.push(listener::serve(connections, services, closing, cut, away));
        Ok(address)
    }

    /// Joins the channels that are there from the start, and those that were joined before a restart.
    async fn join_channels(&self, genesis_blocks: &[Vec<u8>]) -> Result<(), NetworkError> {
        for bytes in genesis_blocks {
            let first = GenesisBlock::decode(bytes)?;
            let ledger = self.ledgers.open(&first)?;
            for peer in self.peers.iter().filter(|peer| ledger.channel().application_org(peer.msp_id()).is_some()) {
                peer.join(&first)?;
            }
            self.orderer.join(first).await?;
        }
        for first in self.ledgers.genesis_blocks()? {
            for peer in self.peers.iter() {
                let has_joined = self.ledgers.remembers(&first, Member::Peer(peer.key()));
                if has_joined && peer.channel(first.channel_id()).is_none() {
                    peer.join(&first)?;
                }
            }
            if self.ledgers.remembers(&first, Member::Orderer) {
                let name = first.channel_id().to_owned();
                match self.orderer.chain(&name) {
                    None => drop(self.orderer.join(first).await?),
                    Some(chain) if self.ledgers.open(&first)?.is_same(chain.ledger()) => {}
                    Some(_) => return Err(NetworkError::OtherGenesis(name)),
                }
            }
        }
        Ok(())
    }

    fn open_peer(
        &self,
        data_dir: &Path,
        options: &PeerOptions,
        key: String,
        address: &str,
        settings: &Settings,
    ) -> Result<Peer, NetworkError> {
        let msp_id = options.msp_id.as_str();
        let identity = identity(msp_id, &options.msp_dir)?;
        let config = config_from_directory(msp_id, &options.msp_dir)?;
        let local_msp =
            Msp::from_config(&config).map_err(|cause| NetworkError::Msp { msp_id: msp_id.to_owned(), cause })?;
        let folder = data_dir.join("packages").join(file_name(&key));
        let packages = PackageStore::open(&folder).map_err(|cause| NetworkError::File { path: folder, cause })?;
        let chaincodes = ChaincodeRuntime::new(&options.name, settings.chaincode.clone());
        let (ledgers, orderer) = (Arc::clone(&self.ledgers), Arc::clone(&self.orderer));
        Ok(Peer::new(identity, local_msp, address, ledgers, orderer, packages, chaincodes).known_as(key))
    }
}

fn check_peers(peers: &[PeerOptions]) -> Result<(), NetworkError> {
    if peers.len() > PEERS_MAX {
        return Err(NetworkError::TooManyPeers(peers.len()));
    }
    let mut seen = BTreeSet::new();
    match peers.iter().find(|peer| !seen.insert(&peer.name)) {
        Some(repeated) => Err(NetworkError::RepeatedPeer(repeated.name.clone())),
        None => Ok(()),
    }
}

fn peer_services(
    peer: &Arc<Peer>,
    peers: &Arc<[Arc<Peer>]>,
    limits: Limits,
    closing: watch::Receiver<bool>,
    chance: Arc<Chance>,
) -> transport::Router {
    let endorser = EndorserServer::new(EndorserService::new(Arc::clone(peer)))
        .max_decoding_message_size(MAX_MESSAGE_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
    let gateway = GatewayServer::new(GatewayService::new(Arc::clone(peer), Arc::clone(peers), closing.clone(), chance))
        .max_decoding_message_size(MAX_MESSAGE_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
    let discovery = DiscoveryServer::new(DiscoveryService::new(Arc::clone(peer), Arc::clone(peers)))
        .max_decoding_message_size(discovery::REQUEST_BYTES_MAX)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
    let joined = Arc::clone(peer);
    let channels: deliver::Channels =
        Arc::new(move |id| joined.channel(id).map(|channel| Arc::clone(channel.ledger())));
    let deliver = PeerDeliver::new(channels, peer.msp_id(), peer.deliver()).into_service();
    let health = health(PEER_SERVICES, closing, |closing| !closing);
    transport::server()
        .add_service(health)
        .add_service(Limited::new(endorser, limits.endorser, Takes::WhenWhole))
        .add_service(Limited::new(gateway, limits.gateway, Takes::WhenWhole))
        .add_service(Limited::new(discovery, limits.discovery, Takes::WhenWhole))
        .add_service(Limited::new(deliver, limits.deliver, Takes::WithFirstMessage))
}
