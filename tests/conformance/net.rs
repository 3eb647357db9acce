//! What the cases use: connections to a running network, identities of all kinds, and the chaincodes.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::{Context, Result, ensure};
use fabric_msp::signer::SigningIdentity;
use fabric_operator::package::Package;
use fabric_protos::{
    gateway::gateway_client::GatewayClient,
    orderer::atomic_broadcast_client::AtomicBroadcastClient,
    protos::{deliver_client::DeliverClient, endorser_client::EndorserClient},
};
use tokio::sync::RwLock;
use tonic::transport::Channel;

use crate::{
    chaincode::Server,
    column::Column,
    network::{Orderers, Site, TestNetwork},
};

/// A network with everything that cases need. It lives as long as the process.
pub type N = &'static Net;

/// Who signs.
pub type Who = Arc<SigningIdentity>;

/// A running network, its chaincodes, and ways to reach them.
pub struct Net {
    /// The kind of network.
    pub column: Arc<Column>,
    pub(crate) network: Box<dyn TestNetwork>,
    pub(crate) peers: Vec<Channel>,
    pub(crate) orderer: Channel,
    pub(crate) chaincodes: BTreeMap<String, Deployed>,
    pub(crate) names: AtomicUsize,
    /// Read by cases that may share the network, written by one that must know of every block.
    pub quiet: RwLock<()>,
}

/// A chaincode of the cases with its package, which need not be installed yet.
pub struct Deployed {
    /// What peers install.
    pub package: Package,
    /// Where it is served.
    pub server: Server,
}

impl Net {
    /// The network itself.
    pub fn network(&self) -> &dyn TestNetwork {
        self.network.as_ref()
    }

    /// Whether this is Fabric 2, which differs from Fabric 3 and from the embedded network in some cases.
    pub fn is_fabric_2(&self) -> bool {
        self.network.is_fabric_2()
    }

    /// Whether four orderers agree by Byzantine fault tolerance. Gateways then send to all of them and report a lack of
    /// agreement where they pass one orderer's refusal on otherwise.
    pub fn is_bft(&self) -> bool {
        self.column.orderers() == Orderers::FourBft
    }

    /// A name that no other case on this network uses.
    pub fn name(&self, prefix: &str) -> String {
        format!("{prefix}{}", self.names.fetch_add(1, Ordering::Relaxed))
    }

    /// A chaincode's package and server.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn chaincode(&self, name: &str) -> Result<&Deployed> {
        self.chaincodes.get(name).with_context(|| format!("no chaincode {name} is served"))
    }

    /// The user of organization 1, 2 or 3.
    pub fn u(&self, organization: usize) -> Who {
        self.user(organization, "User1")
    }

    /// The administrator of organization 1, 2 or 3.
    pub fn admin(&self, organization: usize) -> Who {
        self.user(organization, "Admin")
    }

    /// A user of organization 1, 2 or 3 by name.
    pub fn user(&self, organization: usize, name: &str) -> Who {
        identity(&Site::msp_id(organization), &self.site().layout.user(&Site::domain(organization), name))
    }

    /// The peer of organization 1, 2 or 3, as a signer.
    pub fn peer(&self, organization: usize) -> Who {
        identity(&Site::msp_id(organization), &self.site().layout.peer(&Site::domain(organization)))
    }

    /// The administrator of the orderer organization.
    pub fn orderer_admin(&self) -> Who {
        let orderer = &self.site().consortium.orderer;
        let users = self.site().layout.orderer_organization(&orderer.domain).join("users");
        identity(&orderer.msp_id, &users.join(format!("Admin@{}", orderer.domain)))
    }

    /// The user of an authority that only has the names of the first organization's.
    pub fn foreign_user(&self) -> Who {
        let domain = Site::domain(1);
        let users = self.site().layout.path("foreign/peerOrganizations").join(&domain).join("users");
        identity(&Site::msp_id(1), &users.join(format!("User1@{domain}")))
    }

    /// The gateway service of organization 1, 2 or 3.
    pub fn gateway(&self, organization: usize) -> GatewayClient<Channel> {
        GatewayClient::new(self.peers[organization - 1].clone())
            .max_decoding_message_size(fabric_protos::MAX_MESSAGE_BYTES)
            .max_encoding_message_size(fabric_protos::MAX_MESSAGE_BYTES)
    }

    /// The endorser service of organization 1, 2 or 3.
    pub fn endorser(&self, organization: usize) -> EndorserClient<Channel> {
        EndorserClient::new(self.peers[organization - 1].clone())
            .max_decoding_message_size(fabric_protos::MAX_MESSAGE_BYTES)
    }

    /// The block streams of organization 1, 2 or 3.
    pub fn deliver(&self, organization: usize) -> DeliverClient<Channel> {
        DeliverClient::new(self.peers[organization - 1].clone())
            .max_decoding_message_size(fabric_protos::MAX_MESSAGE_BYTES)
    }

    /// The orderer.
    pub fn orderer(&self) -> AtomicBroadcastClient<Channel> {
        AtomicBroadcastClient::new(self.orderer.clone())
            .max_decoding_message_size(fabric_protos::MAX_MESSAGE_BYTES)
            .max_encoding_message_size(fabric_protos::MAX_MESSAGE_BYTES)
    }

    fn site(&self) -> &Site {
        self.network.site()
    }
}

fn identity(msp_id: &str, folder: &Path) -> Who {
    let identity = SigningIdentity::from_msp_directory(msp_id, &folder.join("msp"));
    Arc::new(identity.expect("the site was laid out with all identities"))
}

/// Fails unless both texts are there: a helper for details of several nodes.
pub fn contains(text: &str, part: &str) -> Result<()> {
    ensure!(text.contains(part), "«{text}» does not contain «{part}»");
    Ok(())
}
