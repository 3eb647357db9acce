//! What a network is started with.

use std::path::PathBuf;

use crate::{
    chaincode::ChaincodeOptions,
    limits::{Limits, OrdererLimits},
};

/// Where a network keeps its data, who belongs to it, and where each listens.
#[derive(Clone, Debug)]
pub struct NetworkOptions {
    /// The folder of ledgers and packages; made when it is missing. One process at a time.
    pub data_dir: PathBuf,
    /// The genesis blocks, encoded, of the channels that are there from the start: the orderer joins each of them, and
    /// each peer joins those that its organization is a member of by then. More channels can be joined while the
    /// network runs; they need not stand here after a restart.
    pub genesis_blocks: Vec<Vec<u8>>,
    /// The peers, the first of each organization before its others. One whose organization is on no channel waits until
    /// it joins one.
    pub peers: Vec<PeerOptions>,
    /// The orderer.
    pub orderer: OrdererOptions,
}

/// A peer of an organization.
#[derive(Clone, Debug)]
pub struct PeerOptions {
    /// The organization's MSP id.
    pub msp_id: String,
    /// The peer's name, which no other peer has. It may stand in the address of a chaincode as `{{.peername}}`.
    pub name: String,
    /// `host:port` to listen on; `:port` means all interfaces, and port 0 lets the system choose.
    pub listen: String,
    /// The folder with the peer's certificate and key and its organization's authorities, as Fabric's tools make it.
    pub msp_dir: PathBuf,
    /// The TLS certificate, PEM.
    pub tls_cert: PathBuf,
    /// The TLS private key, PEM, unencrypted.
    pub tls_key: PathBuf,
    /// `host:port` of the operations endpoint, without TLS; port 0 lets the system choose, and there is none when not
    /// given.
    pub operations: Option<String>,
}

/// The orderer.
#[derive(Clone, Debug)]
pub struct OrdererOptions {
    /// The organization's MSP id.
    pub msp_id: String,
    /// `host:port` to listen on; port 0 lets the system choose.
    pub listen: String,
    /// The folder with the orderer's certificate and key.
    pub msp_dir: PathBuf,
    /// The TLS certificate, PEM.
    pub tls_cert: PathBuf,
    /// The TLS private key, PEM, unencrypted.
    pub tls_key: PathBuf,
    /// Where the orderer can be told to join and leave channels; nowhere when not given.
    pub admin: Option<AdminOptions>,
    /// `host:port` of the operations endpoint, as for peers.
    pub operations: Option<String>,
}

/// Where the orderer can be told to join and leave channels over HTTP, by Fabric's channel participation API.
#[derive(Clone, Debug)]
pub struct AdminOptions {
    /// `host:port` to listen on; port 0 lets the system choose.
    pub listen: String,
    /// How administrators are told from others; without it everybody who can connect is one.
    pub tls: Option<AdminTlsOptions>,
}

/// TLS with client certificates, by which administrators are recognised.
#[derive(Clone, Debug)]
pub struct AdminTlsOptions {
    /// The TLS certificate, PEM.
    pub cert: PathBuf,
    /// The TLS private key, PEM, unencrypted.
    pub key: PathBuf,
    /// Authorities, PEM, one of which must have signed a client's certificate.
    pub client_ca: PathBuf,
}

/// What need not be said to start a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// How peers deal with chaincode.
    pub chaincode: ChaincodeOptions,
    /// How many requests each service of a peer takes at one time.
    pub limits: Limits,
    /// How many streams the orderer serves at one time.
    pub orderer_limits: OrdererLimits,
    /// From which number follows in which order gateways try peers that are equally good. Default: `None`, another one
    /// at each start.
    pub seed: Option<u64>,
}
