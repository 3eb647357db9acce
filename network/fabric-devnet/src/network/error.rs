//! Why a network does not start.

use std::{io, path::PathBuf};

use fabric_msp::{
    msp::{DirectoryError, SetupError},
    private::KeyFileError,
    signer::SignerError,
    transport::TransportError,
};

use crate::{ledgers::JoinError, limits::PEERS_MAX};

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
    /// A file of a private key cannot be taken.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// Another process uses the data.
    #[error("another process uses {}", .0.display())]
    InUse(PathBuf),
    /// A channel cannot be joined.
    #[error("the channel cannot be joined: {0}")]
    Join(JoinError),
    /// The folder has a channel of this name that begins with another block.
    #[error("channel {0} begins with another genesis block than the one that is ordered here already")]
    OtherGenesis(String),
    /// Two peers have one name.
    #[error("the network has two peers with the name {0}")]
    RepeatedPeer(String),
    /// More peers than can be planned for.
    #[error("{0} peers are more than the {PEERS_MAX} that a network can have")]
    TooManyPeers(usize),
    /// A node's certificate or key cannot be used.
    #[error("the identity of the node of {msp_id} cannot be used: {cause}")]
    Identity {
        /// The organization.
        msp_id: String,
        /// What is wrong.
        cause: SignerError,
    },
    /// A folder of authorities cannot be read.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// An organization's own rules contradict themselves.
    #[error("the MSP of {msp_id} cannot be used: {cause}")]
    Msp {
        /// The organization.
        msp_id: String,
        /// What is wrong.
        cause: SetupError,
    },
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

impl From<JoinError> for NetworkError {
    fn from(error: JoinError) -> Self {
        Self::Join(error)
    }
}
