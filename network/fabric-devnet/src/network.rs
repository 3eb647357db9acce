//! A running network: a peer for each organisation and an orderer, each on its own address, on one data folder.

use std::{
    collections::BTreeSet,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use fabric_msp::{
    msp::{DirectoryError, Msp, SetupError, config_from_directory},
    signer::{SignerError, SigningIdentity},
    transport::{self, ServerTls, TransportError},
};
use fabric_protos::{
    MAX_MESSAGE_BYTES, common::Block, gateway::gateway_server::GatewayServer, protos::endorser_server::EndorserServer,
};
use prost::Message;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle, time};

use crate::{
    chaincode::{ChaincodeOptions, ChaincodeRuntime, PackageStore},
    channel::Channel,
    deliver::{self, PeerDeliver},
    endorser::EndorserService,
    faults::{OrdererFaults, PeerFaults},
    gateway::{GatewayService, PEERS_MAX},
    ledger::{Ledger, LedgerError},
    limits::{Limited, Limits},
    listener,
    orderer::Orderer,
    peer::Peer,
};

/// How long open calls may go on after a shutdown was asked for.
const GRACE: Duration = Duration::from_secs(1);
/// How long to wait for what has been cut off.
const CUT_MAX: Duration = Duration::from_secs(2);

/// Where a network keeps its data, who belongs to it, and where each listens.
#[derive(Clone, Debug)]
pub struct NetworkOptions {
    /// The folder of ledgers and packages; made when it is missing. One process at a time.
    pub data_dir: PathBuf,
    /// The first block of the channel, encoded.
    pub genesis_block: Vec<u8>,
    /// The peers, at most one for each organisation.
    pub peers: Vec<PeerOptions>,
    /// The orderer.
    pub orderer: OrdererOptions,
}

/// One organisation's peer.
#[derive(Clone, Debug)]
pub struct PeerOptions {
    /// The organisation's MSP id.
    pub msp_id: String,
    /// The peer's name, which may stand in the address of a chaincode as `{{.peername}}`.
    pub name: String,
    /// `host:port` to listen on; port 0 lets the system choose.
    pub listen: String,
    /// The folder with the peer's certificate and key and its organisation's authorities, as Fabric's tools make it.
    pub msp_dir: PathBuf,
    /// The TLS certificate, PEM.
    pub tls_cert: PathBuf,
    /// The TLS private key, PEM, unencrypted.
    pub tls_key: PathBuf,
}

/// The orderer.
#[derive(Clone, Debug)]
pub struct OrdererOptions {
    /// The organisation's MSP id.
    pub msp_id: String,
    /// `host:port` to listen on; port 0 lets the system choose.
    pub listen: String,
    /// The folder with the orderer's certificate and key.
    pub msp_dir: PathBuf,
    /// The TLS certificate, PEM.
    pub tls_cert: PathBuf,
    /// The TLS private key, PEM, unencrypted.
    pub tls_key: PathBuf,
}

/// What need not be said to start a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// How peers deal with chaincode.
    pub chaincode: ChaincodeOptions,
    /// How many requests each service takes at one time.
    pub limits: Limits,
}

/// Why a network did not start.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// A file or folder cannot be used.
    #[error("{}: {cause}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// Another process uses the data.
    #[error("another process uses {}", .0.display())]
    InUse(PathBuf),
    /// The first block is not a block.
    #[error("the genesis block cannot be read: {0}")]
    GenesisBlock(prost::DecodeError),
    /// An organisation has two peers.
    #[error("{0} has more than one peer; a network has one for each organisation")]
    RepeatedPeer(String),
    /// More peers than can be planned for.
    #[error("{0} peers are more than the {PEERS_MAX} that a network can have")]
    TooManyPeers(usize),
    /// The organisation is not on the channel.
    #[error("{0} is not an organisation of the channel")]
    NotMember(String),
    /// A node's certificate or key cannot be used.
    #[error("the identity of the node of {msp_id} cannot be used: {cause}")]
    Identity {
        /// The organisation.
        msp_id: String,
        /// What is wrong.
        cause: SignerError,
    },
    /// A folder of authorities cannot be read.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// An organisation's own rules contradict themselves.
    #[error("the MSP of {msp_id} cannot be used: {cause}")]
    Msp {
        /// The organisation.
        msp_id: String,
        /// What is wrong.
        cause: SetupError,
    },
    /// The ledger cannot be opened.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// The address.
        address: String,
        /// Why.
        cause: io::Error,
    },
    /// A TLS certificate or key cannot be used.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

/// A running network. Dropping it leaves it running until the runtime ends; [`Network::shutdown`] ends it properly.
pub struct Network {
    peers: Arc<[Arc<Peer>]>,
    orderer: Arc<Orderer>,
    orderer_address: String,
    ledger: Arc<Ledger>,
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
        let genesis_block = Block::decode(&*options.genesis_block).map_err(NetworkError::GenesisBlock)?;
        let msp_ids: Vec<String> = options.peers.iter().map(|peer| peer.msp_id.clone()).collect();
        let ledger = Ledger::open(&options.data_dir.join("ledger"), &genesis_block, &msp_ids)?;
        if let Some(stranger) = msp_ids.iter().find(|id| ledger.channel().application_org(id).is_none()) {
            return Err(NetworkError::NotMember(stranger.clone()));
        }
        let signer = Arc::new(identity(&options.orderer.msp_id, &options.orderer.msp_dir)?);
        let orderer = Orderer::start(Arc::clone(&ledger), signer)?;
        let (closing, cut) = (watch::Sender::new(false), watch::Sender::new(false));
        let mut network = Self {
            peers: Arc::new([]),
            orderer: Arc::clone(&orderer),
            orderer_address: String::new(),
            ledger,
            closing,
            cut,
            servers: Vec::new(),
            lock,
        };
        match network.listen(&options, &settings).await {
            Ok(()) => Ok(network),
            Err(cause) => {
                network.shutdown().await;
                Err(cause)
            }
        }
    }

    /// Where the peer of an organisation listens, `host:port`.
    pub fn peer_address(&self, msp_id: &str) -> Option<&str> {
        self.peers.iter().find(|peer| peer.msp_id() == msp_id).map(|peer| peer.address())
    }

    /// Where the orderer listens, `host:port`.
    pub fn orderer_address(&self) -> &str {
        &self.orderer_address
    }

    /// What can be made to go wrong at the peer of an organisation; `None` when it has none.
    pub fn peer_faults(&self, msp_id: &str) -> Option<PeerFaults<'_>> {
        self.peers.iter().find(|peer| peer.msp_id() == msp_id).map(|peer| PeerFaults::new(peer))
    }

    /// What can be made to go wrong at the orderer.
    pub fn orderer_faults(&self) -> OrdererFaults<'_> {
        OrdererFaults::new(&self.orderer)
    }

    /// Ends the network: takes no more calls, gives those that run a second, writes the blocks that wait, and closes
    /// all files. Afterwards the same folder can be started again, also in this process.
    pub async fn shutdown(self) {
        let Self { peers, orderer, mut ledger, closing, cut, servers, lock, .. } = self;
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
        orderer.stop().await;
        drop((peers, orderer));
        let last = time::Instant::now() + CUT_MAX;
        // Calls that were cut off end a moment later. The last reference must be this one, because only then are the
        // files closed when it has been dropped; a mere count of zero would say that closing has begun.
        while let Err(shared) = Arc::try_unwrap(ledger).map(drop) {
            if time::Instant::now() >= last {
                tracing::warn!("something still uses the ledger after the shutdown");
                break;
            }
            ledger = shared;
            time::sleep(Duration::from_millis(2)).await;
        }
        drop(lock);
    }

    async fn listen(&mut self, options: &NetworkOptions, settings: &Settings) -> Result<(), NetworkError> {
        let ledger = &self.ledger;
        let mut listeners = Vec::new();
        let mut peers = Vec::new();
        for peer in &options.peers {
            let (listener, address) = bind(&peer.listen).await?;
            listeners.push((listener, read_tls(&peer.tls_cert, &peer.tls_key)?));
            let channel = Channel::new(ledger.channel_id(), ledger.view(), Arc::clone(&self.orderer));
            peers.push(Arc::new(open_peer(&options.data_dir, peer, &address, settings, channel)?));
        }
        self.peers = peers.into();
        for (peer, (listener, tls)) in self.peers.iter().zip(listeners) {
            let services = peer_services(peer, &self.peers, settings.limits, self.closing.subscribe());
            let away = peer.switches().away();
            let (closing, cut) = (self.closing.subscribe(), self.cut.subscribe());
            let served = listener::serve(listener, &tls, services, closing, cut, away)?;
            self.servers.push(served);
        }
        let (listener, address) = bind(&options.orderer.listen).await?;
        let tls = read_tls(&options.orderer.tls_cert, &options.orderer.tls_key)?;
        let services = transport::server().add_service(self.orderer.service());
        let away = self.orderer.switches().away();
        let (closing, cut) = (self.closing.subscribe(), self.cut.subscribe());
        self.servers.push(listener::serve(listener, &tls, services, closing, cut, away)?);
        self.orderer_address = address;
        Ok(())
    }
}

fn check_peers(peers: &[PeerOptions]) -> Result<(), NetworkError> {
    if peers.len() > PEERS_MAX {
        return Err(NetworkError::TooManyPeers(peers.len()));
    }
    let mut seen = BTreeSet::new();
    match peers.iter().find(|peer| !seen.insert(&peer.msp_id)) {
        Some(repeated) => Err(NetworkError::RepeatedPeer(repeated.msp_id.clone())),
        None => Ok(()),
    }
}

fn peer_services(
    peer: &Arc<Peer>,
    peers: &Arc<[Arc<Peer>]>,
    limits: Limits,
    closing: watch::Receiver<bool>,
) -> tonic::transport::server::Router {
    let endorser = EndorserServer::new(EndorserService::new(Arc::clone(peer)))
        .max_decoding_message_size(MAX_MESSAGE_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
    let gateway = GatewayServer::new(GatewayService::new(Arc::clone(peer), Arc::clone(peers), closing))
        .max_decoding_message_size(MAX_MESSAGE_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
    let joined = Arc::clone(peer);
    let channels: deliver::Channels =
        Arc::new(move |id| joined.channel(id).map(|channel| Arc::clone(channel.ledger())));
    let deliver = PeerDeliver::new(channels, peer.msp_id()).into_service();
    transport::server()
        .add_service(Limited::new(endorser, limits.endorser))
        .add_service(Limited::new(gateway, limits.gateway))
        .add_service(Limited::new(deliver, limits.deliver))
}

fn open_peer(
    data_dir: &Path,
    options: &PeerOptions,
    address: &str,
    settings: &Settings,
    channel: Channel,
) -> Result<Peer, NetworkError> {
    let msp_id = options.msp_id.as_str();
    let identity = identity(msp_id, &options.msp_dir)?;
    let config = config_from_directory(msp_id, &options.msp_dir)?;
    let local_msp =
        Msp::from_config(&config).map_err(|cause| NetworkError::Msp { msp_id: msp_id.to_owned(), cause })?;
    // The channel knows the organisation, so its id is safe as a name.
    let folder = data_dir.join("packages").join(msp_id);
    let packages = PackageStore::open(&folder).map_err(|cause| NetworkError::File { path: folder, cause })?;
    let chaincodes = ChaincodeRuntime::new(&options.name, settings.chaincode.clone());
    Ok(Peer::new(identity, local_msp, address, [Arc::new(channel)], packages, chaincodes))
}

fn identity(msp_id: &str, folder: &Path) -> Result<SigningIdentity, NetworkError> {
    SigningIdentity::from_msp_directory(msp_id, folder)
        .map_err(|cause| NetworkError::Identity { msp_id: msp_id.to_owned(), cause })
}

fn read_tls(certificate: &Path, key: &Path) -> Result<ServerTls, NetworkError> {
    let read = |path: &Path| fs::read(path).map_err(|cause| NetworkError::File { path: path.to_owned(), cause });
    Ok(ServerTls { cert_pem: read(certificate)?, key_pem: read(key)?, client_ca_pem: None })
}

async fn bind(address: &str) -> Result<(TcpListener, String), NetworkError> {
    let failed = |cause| NetworkError::Listen { address: address.to_owned(), cause };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound.to_string()))
}

/// Keeps a second process off the folder. The system releases the lock also when this process is killed.
fn lock(folder: &Path) -> Result<File, NetworkError> {
    let failed = |path: &Path, cause| NetworkError::File { path: path.to_owned(), cause };
    fs::create_dir_all(folder).map_err(|cause| failed(folder, cause))?;
    let path = folder.join("lock");
    let file =
        File::options().create(true).truncate(false).write(true).open(&path).map_err(|cause| failed(&path, cause))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(NetworkError::InUse(folder.to_owned())),
        Err(TryLockError::Error(cause)) => Err(failed(&path, cause)),
    }
}
