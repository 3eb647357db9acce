//! What the cases use: connections to a running network, identities of all kinds, and the chaincodes.

use std::{
    collections::BTreeMap,
    net::TcpListener,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use fabric_msp::{
    signer::SigningIdentity,
    transport::{ClientTls, connect_lazy},
};
use fabric_operator::package::{Connection, Package};
use fabric_protos::{
    gateway::gateway_client::GatewayClient,
    orderer::atomic_broadcast_client::AtomicBroadcastClient,
    protos::{deliver_client::DeliverClient, endorser_client::EndorserClient},
};
use futures_util::future::try_join_all;
use tokio::sync::RwLock;
use tonic::transport::Channel;

use crate::{
    ask::Ask,
    chaincode::Server,
    eventually,
    lifecycle::{Definition, collection},
    network::{CHANNEL, Orderers, Site, TestNetwork},
    run::Column,
    script::{self, Step, echo},
};

/// A network with everything that cases need. It lives as long as the process.
pub type N = &'static Net;

/// Who signs.
pub type Who = Arc<SigningIdentity>;

/// A running network, its chaincodes, and ways to reach them.
pub struct Net {
    /// The kind of network.
    pub column: Arc<Column>,
    network: Box<dyn TestNetwork>,
    peers: Vec<Channel>,
    orderer: Channel,
    chaincodes: BTreeMap<String, Deployed>,
    names: AtomicUsize,
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
    /// Starts a network, serves the chaincodes and deploys those that most cases use.
    ///
    /// # Errors
    /// A step fails.
    pub async fn start(column: Arc<Column>) -> Result<N> {
        Self::start_as(column, Column::network).await
    }

    /// As [`Net::start`], with peers that can be stopped one by one, and on the embedded network with its other switches.
    ///
    /// # Errors
    /// A step fails.
    pub async fn start_switched(column: Arc<Column>) -> Result<N> {
        Self::start_as(column, Column::network_with_stops).await
    }

    async fn start_as(column: Arc<Column>, make: fn(&Column) -> Result<Box<dyn TestNetwork>>) -> Result<N> {
        let making = Arc::clone(&column);
        let network = tokio::task::spawn_blocking(move || started(&making, make)).await??;
        let site = network.site();
        let mut peers = Vec::new();
        for organization in 1..=3 {
            let address = site.addresses.peer(&Site::msp_id(organization))?;
            let ca_pem = std::fs::read(site.layout.tls_authority(&Site::domain(organization)))?;
            peers.push(channel(&address.endpoint.to_string(), ca_pem)?);
        }
        let orderer = &site.consortium.orderer.domain;
        let authority = format!("tlsca/tlsca.{orderer}-cert.pem");
        let ca_pem = std::fs::read(site.layout.orderer_organization(orderer).join(authority))?;
        let orderer = channel(&site.addresses.orderer()?.endpoint.to_string(), ca_pem)?;
        let mut chaincodes = BTreeMap::new();
        for name in DEPLOYED.iter().map(|(name, _)| *name).chain(SPARE.iter().copied()) {
            chaincodes.insert(name.to_owned(), Deployed::serve(name)?);
        }
        let net =
            Self { column, network, peers, orderer, chaincodes, names: AtomicUsize::new(0), quiet: RwLock::default() };
        let net: N = Box::leak(Box::new(net));
        try_join_all(DEPLOYED.iter().map(|(name, policy)| net.deploy(name, policy))).await?;
        net.until_gathered().await?;
        Ok(net)
    }

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

    /// A transaction on a chaincode of the channel, by the first organization's user at its own gateway.
    pub fn on(&'static self, chaincode: &str, steps: &[Step]) -> Ask {
        Ask::new(self, CHANNEL, chaincode, script::arguments(steps))
    }

    /// A transaction on the chaincode `conf`.
    pub fn conf(&'static self, steps: &[Step]) -> Ask {
        self.on("conf", steps)
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

    /// The peer of organization 1, 2 or 3, as somebody who signs.
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

    /// Installs, approves and commits a chaincode in all three organizations.
    async fn deploy(&'static self, name: &str, policy: &str) -> Result<()> {
        let deployed = self.chaincode(name)?;
        let mut definition = Definition::new(name, policy);
        if ["conf", "tr"].contains(&name) {
            definition.collections = collections()?;
        }
        let installs =
            (1..=3).map(|organization| super::lifecycle::install(self, organization, &deployed.package.bytes));
        try_join_all(installs).await?;
        let approvals = (1..=3).map(|organization| definition.approve(self, organization, &deployed.package.id));
        for outcome in try_join_all(approvals).await? {
            outcome.valid()?;
        }
        definition.commit(self).await?.valid().with_context(|| format!("committing {name}"))
    }

    /// Peers know of one another a while after they started, and of a definition a while after it was committed.
    async fn until_gathered(&'static self) -> Result<()> {
        let gateways = (1..=3).map(|organization| async move {
            for (chaincode, _) in DEPLOYED {
                let all: Vec<String> = (1..=3).map(Site::msp_id).collect();
                eventually(&format!("{chaincode} is usable at gateway {organization}"), async || {
                    self.on(chaincode, &[echo("")])
                        .by(&self.u(organization))
                        .at(organization)
                        .naming(&all)
                        .endorse()
                        .await
                })
                .await?;
            }
            eventually(&format!("gateway {organization} finds a majority"), async || {
                self.on("maj", &[echo("")]).by(&self.u(organization)).at(organization).endorse().await
            })
            .await
            .map(drop)
        });
        try_join_all(gateways).await.map(drop)
    }
}

impl Deployed {
    fn serve(name: &str) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port for a chaincode")?;
        let connection = Connection {
            address: listener.local_addr()?.to_string(),
            dial_timeout: "3s".into(),
            tls_required: false,
            client_auth_required: false,
            client_key: String::new(),
            client_cert: String::new(),
            root_cert: String::new(),
        };
        let package = Package::new(name, &connection)?;
        let server = Server::start(listener, &package.id)?;
        Ok(Self { package, server })
    }
}

/// A started network. Its ports are free when they are chosen, but others may take them before its processes do.
fn started(column: &Column, make: fn(&Column) -> Result<Box<dyn TestNetwork>>) -> Result<Box<dyn TestNetwork>> {
    let mut attempts = 0;
    loop {
        let network = make(column)?;
        attempts += 1;
        match network.start() {
            Ok(()) => return Ok(network),
            Err(error) if attempts < 4 && error.to_string().contains("address already in use") => {}
            Err(error) => return Err(error),
        }
    }
}

fn channel(address: &str, ca_pem: Vec<u8>) -> Result<Channel> {
    let tls = ClientTls { ca_pem, identity: None, server_name: None };
    Ok(connect_lazy(address, Some(&tls), Duration::from_secs(10))?)
}

fn identity(msp_id: &str, folder: &Path) -> Who {
    let identity = SigningIdentity::from_msp_directory(msp_id, &folder.join("msp"));
    Arc::new(identity.expect("the site was laid out with all identities"))
}

/// The chaincodes that most cases use, and their endorsement policies; the empty one is the channel's default.
const DEPLOYED: &[(&str, &str)] = &[
    ("conf", "OR('Org1MSP.peer', 'Org2MSP.peer', 'Org3MSP.peer')"),
    ("maj", ""),
    ("mem", "OR('Org1MSP.member')"),
    ("tr", "AND('Org1MSP.peer', 'Org3MSP.peer')"),
    ("grd", "AND('Org2MSP.peer', OR('Org1MSP.peer', 'Org2MSP.peer'))"),
    ("grx", "AND(OR('Org1MSP.peer', 'Org2MSP.peer'), 'Org2MSP.peer')"),
    ("ev", "OR('Org1MSP.peer', 'Org2MSP.peer', 'Org3MSP.peer')"),
    ("down", "OR('Org1MSP.peer', 'Org2MSP.peer', 'Org3MSP.peer')"),
];

/// Chaincodes that are served and that cases about the lifecycle bring onto the channel themselves.
const SPARE: &[&str] = &["late", "upgrade", "init", "shrink", "steps", "reinstall"];

/// The collections of `conf` and `tr`.
pub fn collections() -> Result<Vec<fabric_protos::protos::StaticCollectionConfig>> {
    let mut a = collection("A", &[1, 2])?;
    a.member_only_read = true;
    let mut m = collection("M", &[1])?;
    (m.member_only_read, m.member_only_write) = (true, true);
    let o = collection("O", &[1, 2])?;
    let mut e = collection("E", &[1, 2])?;
    e.endorsement_policy = Some(super::lifecycle::application_policy("AND('Org1MSP.peer', 'Org2MSP.peer')")?);
    let mut b = collection("B", &[1, 2])?;
    b.block_to_live = 3;
    Ok(vec![a, m, o, e, b])
}

/// Fails unless both texts are there: a helper for details of several nodes.
pub fn contains(text: &str, part: &str) -> Result<()> {
    ensure!(text.contains(part), "«{text}» does not contain «{part}»");
    Ok(())
}
