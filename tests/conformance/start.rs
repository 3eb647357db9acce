//! Starting a network for cases, and bringing the chaincodes that most of them use onto Fabric's channel.

use std::{
    collections::BTreeMap,
    net::TcpListener,
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use anyhow::{Context, Result};
use fabric_msp::transport::{ClientTls, connect_lazy};
use fabric_operator::package::{Connection, Package};
use fabric_protos::protos::StaticCollectionConfig;
use futures_util::future::try_join_all;
use tokio::sync::RwLock;
use tonic::transport::Channel;

use crate::{
    chaincode::Server,
    column::Column,
    eventually,
    lifecycle::{Definition, application_policy, collection, install},
    net::{Deployed, N, Net},
    network::{Site, TestNetwork},
    script::echo,
};

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
pub fn collections() -> Result<Vec<StaticCollectionConfig>> {
    let mut a = collection("A", &[1, 2])?;
    a.member_only_read = true;
    let mut m = collection("M", &[1])?;
    (m.member_only_read, m.member_only_write) = (true, true);
    let o = collection("O", &[1, 2])?;
    let mut e = collection("E", &[1, 2])?;
    e.endorsement_policy = Some(application_policy("AND('Org1MSP.peer', 'Org2MSP.peer')")?);
    let mut b = collection("B", &[1, 2])?;
    b.block_to_live = 3;
    Ok(vec![a, m, o, e, b])
}

impl Net {
    /// Starts a network, serves the chaincodes and deploys those that most cases use.
    ///
    /// # Errors
    /// A step fails.
    pub async fn start(column: Arc<Column>) -> Result<N> {
        Self::start_as(column, Column::network).await
    }

    /// As [`Net::start`], with peers that can be stopped one by one, and on the embedded network with its other
    /// switches.
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

    /// Installs, approves and commits a chaincode in all three organizations.
    async fn deploy(&'static self, name: &str, policy: &str) -> Result<()> {
        let deployed = self.chaincode(name)?;
        let mut definition = Definition::new(name, policy);
        if ["conf", "tr"].contains(&name) {
            definition.collections = collections()?;
        }
        let installs = (1..=3).map(|organization| install(self, organization, &deployed.package.bytes));
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
