//! What Fabric's programs are told: minimal `core.yaml` and `orderer.yaml`, and the environment of each process.
//!
//! Both files hold only keys that Fabric 2.5 and 3.x know, because an unknown key stops an orderer and a handler that
//! 2.5 lacks stops a peer (the one exception is written for 3.x only). What differs between processes comes by
//! environment. An orderer only takes keys from the environment that its file mentions, so the file mentions all of
//! them.
//!
//! Lists of paths stand in the file: in the environment Fabric ends an item of a list at each comma, and has no way to
//! write one that holds a comma. Fabric replaces `$NAME` in `FABRIC_CFG_PATH`, so processes on this machine look for
//! their file in the folder in which they run.
//!
//! The keepalive minimum is 5 s, not Fabric's 60 s: peers and orderers ping one another more often than that, and are
//! then cut off with `too_many_pings` while an endorsement is under way.
//!
//! A peer gives up a try to reach another one after 1 s, not Fabric's 3 s: its endorsements wait for several tries to
//! hand private data to a peer of its organization that has just gone.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Binaries;
use crate::{
    consortium::{Consortium, Organization},
    endpoint::Endpoint,
    layout::{Addresses, Layout, OrdererAddresses, peer_name, write_atomically},
    nodes::{NodeKind, NodeProgram},
    process::{Program, this_program},
    version::Version,
};

const ORDERER_YAML: &str = "\
General:
  ListenAddress: 127.0.0.1
  ListenPort: 0
  LocalMSPID: ''
  LocalMSPDir: ''
  BootstrapMethod: none
  TLS:
    Enabled: true
    PrivateKey: ''
    Certificate: ''
    RootCAs: AUTHORITIES
    ClientAuthRequired: false
    ClientRootCAs: []
  Keepalive:
    ServerMinInterval: 5s
    ServerInterval: 7200s
    ServerTimeout: 20s
  Cluster:
    SendBufferSize: 100
    DialTimeout: 1s
    RPCTimeout: 1s
  Authentication:
    TimeWindow: 15m
  BCCSP:
    Default: SW
    SW:
      Hash: SHA2
      Security: 256
FileLedger:
  Location: ''
Consensus:
  WALDir: ''
  SnapDir: ''
Operations:
  ListenAddress: ''
Metrics:
  Provider: prometheus
Admin:
  ListenAddress: ''
  TLS:
    Enabled: true
    Certificate: ''
    PrivateKey: ''
    ClientAuthRequired: true
    ClientRootCAs: AUTHORITIES
ChannelParticipation:
  Enabled: true
  MaxRequestBodySize: 1MB
";

const CORE_YAML: &str = "\
peer:
  BCCSP:
    Default: SW
    SW:
      Hash: SHA2
      Security: 256
  keepalive:
    minInterval: 5s
  gateway:
    enabled: true
    endorsementTimeout: 30s
    broadcastTimeout: 30s
    dialTimeout: 10s
  discovery:
    enabled: true
    authCacheEnabled: true
    authCacheMaxSize: 1000
    authCachePurgeRetentionRatio: 0.75
    orgMembersAllowedAccess: false
  authentication:
    timewindow: 15m
  limits:
    concurrency:
      endorserService: 2500
      deliverService: 2500
      gatewayService: 500
  handlers:
    authFilters:
      - name: DefaultAuth
      - name: ExpirationCheck
TIME_WINDOW    decorators:
      - name: DefaultDecorator
    endorsers:
      escc:
        name: DefaultEndorsement
        library:
    validators:
      vscc:
        name: DefaultValidation
        library:
  gossip:
    dialTimeout: 1s
    pvtData:
      pullRetryThreshold: 5s
      transientstoreMaxBlockRetention: 20000
      pushAckTimeout: 3s
      btlPullMargin: 10
      reconcileBatchSize: 10
      reconcileSleepInterval: 1m
      reconciliationEnabled: true
      skipPullingInvalidTransactionsDuringCommit: false
      implicitCollectionDisseminationPolicy:
        requiredPeerCount: 0
        maxPeerCount: 1
chaincode:
  mode: net
  executetimeout: 30s
  installTimeout: 30s
  startuptimeout: 15s
  keepalive: 0
  system:
    _lifecycle: enable
    cscc: enable
    lscc: enable
    qscc: enable
  runtimeParams:
    useWriteBatch: true
    maxSizeWriteBatch: 1000
    useGetMultipleKeys: true
    maxSizeGetMultipleKeys: 1000
  logging:
    level: warning
    shim: warning
    format: '%{message}'
ledger:
  blockchain:
  state:
    stateDatabase: goleveldb
    totalQueryLimit: 100000
  history:
    enableHistoryDatabase: true
operations:
  listenAddress: ''
metrics:
  provider: prometheus
";

/// The check that a proposal's time is about now. Fabric 2.5 does not have it, and a peer that is told to use it
/// panics.
const TIME_WINDOW: &str = "      - name: TimeWindowCheck\n";

/// The folder in which a process runs, for itself.
const WORKING_DIRECTORY: &str = ".";

/// Where a node finds its files and on which interface it listens: on this machine, or inside a container.
#[derive(Debug, Clone)]
pub struct Places {
    /// The folder with `msp` and `tls`.
    pub keys: PathBuf,
    /// The folder with `orderer.yaml` or `core.yaml`.
    pub configuration: PathBuf,
    /// The folder for ledgers and all else that the node writes.
    pub data: PathBuf,
    /// The address of the interface; that of the node's endpoint when not given.
    pub listen: Option<String>,
}

impl Places {
    fn tls(&self, name: &str) -> String {
        self.keys.join("tls").join(name).display().to_string()
    }

    fn data(&self, name: &str) -> String {
        self.data.join(name).display().to_string()
    }

    /// Where to listen for those who dial this endpoint. What is for this machine alone stays so.
    fn listen_at(&self, endpoint: &Endpoint) -> Endpoint {
        let listen = self.listen.as_deref().filter(|_| !endpoint.is_loopback());
        Endpoint::new(listen.unwrap_or(endpoint.host()), endpoint.port())
    }
}

/// The whole of `orderer.yaml` for an orderer with its keys in this folder.
#[must_use]
pub fn orderer_configuration(keys: &Path) -> String {
    let authority = keys.join("tls/ca.crt").display().to_string();
    // JSON is YAML in which a path may hold anything.
    ORDERER_YAML.replace("AUTHORITIES", &serde_json::json!([authority]).to_string())
}

/// The whole of `core.yaml` for this version of Fabric.
#[must_use]
pub fn peer_configuration(version: Version) -> String {
    CORE_YAML.replace("TIME_WINDOW", if version.major >= 3 { TIME_WINDOW } else { "" })
}

/// The processes of a network: the orderers, then the peers, each with its configuration written.
///
/// # Errors
/// A configuration or the external builder cannot be written.
pub fn programs(
    layout: &Layout,
    consortium: &Consortium,
    addresses: &Addresses,
    binaries: &Binaries,
) -> Result<Vec<NodeProgram>> {
    let mut programs = Vec::new();
    for node in &addresses.orderers {
        let program = orderer_program(layout, consortium, node, binaries)?;
        programs.push(NodeProgram { kind: NodeKind::Orderer, program });
    }
    let builder = layout.folder("fabric/builder")?;
    super::builder::install(&builder)?;
    for organization in &consortium.organizations {
        for number in 0..addresses.peers_of(&organization.msp_id).len() {
            let program = peer_program(layout, organization, number, addresses, &builder, binaries)?;
            programs.push(NodeProgram { kind: NodeKind::Peer, program });
        }
    }
    Ok(programs)
}

/// Where the nodes of a network listen for what they are needed for: its processes are up when all of these answer.
/// Fabric's health endpoints answer before its gRPC ports do, so the ports are asked.
#[must_use]
pub fn listening(addresses: &Addresses) -> Vec<Endpoint> {
    let orderers = addresses.orderers.iter().flat_map(|node| [&node.endpoint, &node.admin]);
    let peers = addresses.peers.values().flatten().map(|peer| &peer.endpoint);
    orderers.chain(peers).cloned().collect()
}

fn orderer_program(
    layout: &Layout,
    consortium: &Consortium,
    own: &OrdererAddresses,
    binaries: &Binaries,
) -> Result<Program> {
    let folder = layout.folder(&format!("fabric/{}", own.node))?;
    let keys = layout.orderer(&consortium.orderer.domain, &own.node);
    write(&folder.join("orderer.yaml"), &orderer_configuration(&keys))?;
    let places = Places { keys, configuration: WORKING_DIRECTORY.into(), data: folder.clone(), listen: None };
    Ok(Program {
        name: own.node.clone(),
        launcher: this_program(),
        executable: Some(binaries.orderer.clone()),
        arguments: Vec::new(),
        environment: orderer_environment(&consortium.orderer.msp_id, own, &places),
        working_directory: folder,
        log: layout.log(&own.node)?,
    })
}

/// The environment of an orderer.
#[must_use]
pub fn orderer_environment(msp_id: &str, own: &OrdererAddresses, places: &Places) -> Vec<(String, String)> {
    let listen = places.listen_at(&own.endpoint);
    pairs([
        ("FABRIC_CFG_PATH", places.configuration.display().to_string()),
        ("FABRIC_LOGGING_SPEC", "warn".into()),
        ("ORDERER_GENERAL_LISTENADDRESS", listen.host().to_owned()),
        ("ORDERER_GENERAL_LISTENPORT", listen.port().to_string()),
        ("ORDERER_GENERAL_LOCALMSPID", msp_id.to_owned()),
        ("ORDERER_GENERAL_LOCALMSPDIR", places.keys.join("msp").display().to_string()),
        ("ORDERER_GENERAL_TLS_PRIVATEKEY", places.tls("server.key")),
        ("ORDERER_GENERAL_TLS_CERTIFICATE", places.tls("server.crt")),
        ("ORDERER_FILELEDGER_LOCATION", places.data("ledger")),
        ("ORDERER_CONSENSUS_WALDIR", places.data("wal")),
        ("ORDERER_CONSENSUS_SNAPDIR", places.data("snapshots")),
        ("ORDERER_OPERATIONS_LISTENADDRESS", places.listen_at(&own.operations).to_string()),
        ("ORDERER_ADMIN_LISTENADDRESS", places.listen_at(&own.admin).to_string()),
        ("ORDERER_ADMIN_TLS_PRIVATEKEY", places.tls("server.key")),
        ("ORDERER_ADMIN_TLS_CERTIFICATE", places.tls("server.crt")),
    ])
}

fn peer_program(
    layout: &Layout,
    organization: &Organization,
    number: usize,
    addresses: &Addresses,
    builder: &Path,
    binaries: &Binaries,
) -> Result<Program> {
    let host = peer_name(&organization.domain, number);
    let folder = layout.folder(&format!("fabric/{host}"))?;
    write(&folder.join("core.yaml"), &peer_configuration(binaries.version))?;
    let places = Places {
        keys: layout.peer_node(&organization.domain, number),
        configuration: WORKING_DIRECTORY.into(),
        data: folder.clone(),
        listen: None,
    };
    let builders = serde_json::json!([{"name": "entrepot", "path": builder.display().to_string()}]).to_string();
    Ok(Program {
        log: layout.log(&host)?,
        name: host,
        launcher: this_program(),
        executable: Some(binaries.peer.clone()),
        arguments: vec!["node".into(), "start".into()],
        environment: peer_environment(organization, number, addresses, &places, &builders)?,
        working_directory: folder,
    })
}

/// The environment of an organization's peer. `builders` is the list of external builders, YAML in one line.
///
/// # Errors
/// No address was chosen for the peer.
pub fn peer_environment(
    organization: &Organization,
    number: usize,
    addresses: &Addresses,
    places: &Places,
    builders: &str,
) -> Result<Vec<(String, String)>> {
    let all = addresses.peers_of(&organization.msp_id);
    let host = format!("peer{number}.{}", organization.domain);
    let own = all.get(number).with_context(|| format!("no address was chosen for {host}"))?;
    let endpoint = own.endpoint.to_string();
    // A peer finds its organization's others by one another; a lone one names itself.
    let others: Vec<String> =
        all.iter().map(|peer| peer.endpoint.to_string()).filter(|other| *other != endpoint).collect();
    let bootstrap = if others.is_empty() { endpoint.clone() } else { others.join(" ") };
    let mut environment = pairs([
        ("FABRIC_CFG_PATH", places.configuration.display().to_string()),
        ("FABRIC_LOGGING_SPEC", "warn".into()),
        ("CORE_PEER_ID", host),
        ("CORE_PEER_ADDRESS", endpoint.clone()),
        ("CORE_PEER_LISTENADDRESS", places.listen_at(&own.endpoint).to_string()),
        ("CORE_PEER_CHAINCODEADDRESS", own.chaincode.to_string()),
        ("CORE_PEER_CHAINCODELISTENADDRESS", places.listen_at(&own.chaincode).to_string()),
        ("CORE_PEER_GOSSIP_BOOTSTRAP", bootstrap),
        ("CORE_PEER_GOSSIP_EXTERNALENDPOINT", endpoint.clone()),
        ("CORE_PEER_GOSSIP_ENDPOINT", endpoint),
        // Every peer fetches blocks from the orderers itself, so that none depends on another of its organization.
        ("CORE_PEER_GOSSIP_ORGLEADER", "true".into()),
        ("CORE_PEER_GOSSIP_USELEADERELECTION", "false".into()),
        ("CORE_PEER_LOCALMSPID", organization.msp_id.clone()),
        ("CORE_PEER_MSPCONFIGPATH", places.keys.join("msp").display().to_string()),
        ("CORE_PEER_FILESYSTEMPATH", places.data("data")),
        ("CORE_LEDGER_SNAPSHOTS_ROOTDIR", places.data("snapshots")),
        ("CORE_PEER_TLS_ENABLED", "true".into()),
        ("CORE_PEER_TLS_CERT_FILE", places.tls("server.crt")),
        ("CORE_PEER_TLS_KEY_FILE", places.tls("server.key")),
        ("CORE_PEER_TLS_ROOTCERT_FILE", places.tls("ca.crt")),
        ("CORE_OPERATIONS_LISTENADDRESS", places.listen_at(&own.operations).to_string()),
        // Without Docker: an empty endpoint, which needs at least one external builder.
        ("CORE_VM_ENDPOINT", String::new()),
        ("CORE_CHAINCODE_EXTERNALBUILDERS", builders.to_owned()),
    ]);
    // The stock intervals leave gateways without a plan for up to half a minute after a start.
    for interval in ["RECONNECTINTERVAL", "ALIVETIMEINTERVAL", "PUBLISHSTATEINFOINTERVAL", "REQUESTSTATEINFOINTERVAL"] {
        environment.push((format!("CORE_PEER_GOSSIP_{interval}"), "500ms".into()));
    }
    Ok(environment)
}

fn pairs<const N: usize>(pairs: [(&str, String); N]) -> Vec<(String, String)> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn write(path: &Path, content: &str) -> Result<()> {
    write_atomically(path, content.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs};

    use serde_json::Value;

    use super::*;
    use crate::layout::Kind;

    #[test]
    fn nodes_bear_pings_every_few_seconds() -> Result<()> {
        let orderer: Value = serde_norway::from_str(&orderer_configuration(Path::new("/keys")))?;
        assert_eq!(orderer["General"]["Keepalive"]["ServerMinInterval"], "5s");
        for version in ["2.5.16", "3.1.5"] {
            let peer: Value = serde_norway::from_str(&peer_configuration(version.parse()?))?;
            assert_eq!(peer["peer"]["keepalive"]["minInterval"], "5s", "{version}");
        }
        Ok(())
    }

    /// What the first orderer and the first peer of a network are told.
    struct Told {
        root: PathBuf,
        authority: String,
        orderer: BTreeMap<String, String>,
        orderer_file: Value,
        peer: BTreeMap<String, String>,
    }

    /// What the nodes of the demo's consortium are told in a folder of this name.
    fn told_in(name: &str) -> Result<Told> {
        let parent = tempfile::tempdir()?;
        let (layout, consortium) = (Layout::at(&parent.path().join(name))?, Consortium::load(None)?);
        let addresses = layout.addresses(Kind::Fabric, &consortium, None)?;
        let binaries = Binaries { peer: "peer".into(), orderer: "orderer".into(), version: "3.1.5".parse()? };
        let programs = programs(&layout, &consortium, &addresses, &binaries)?;
        let first = |kind| {
            let node = programs.iter().find(|node| node.kind == kind);
            node.map(|node| node.program.clone()).context("no such node")
        };
        let (orderer, peer) = (first(NodeKind::Orderer)?, first(NodeKind::Peer)?);
        let file = fs::read_to_string(orderer.working_directory.join("orderer.yaml"))?;
        let keys = layout.orderer(&consortium.orderer.domain, &consortium.orderer.nodes[0]);
        Ok(Told {
            root: layout.root().to_owned(),
            authority: keys.join("tls/ca.crt").display().to_string(),
            orderer: orderer.environment.into_iter().collect(),
            orderer_file: serde_norway::from_str(&file)?,
            peer: peer.environment.into_iter().collect(),
        })
    }

    #[test]
    fn a_folder_may_have_any_name() -> Result<()> {
        for name in ["plain", "a, b", "{c}", "[d]", "$HOME", "e\nf", "it's \"g\"", "h: #i", "\\j", "%k", "l "] {
            let told = told_in(name)?;
            let file = &told.orderer_file;
            for list in [&file["General"]["TLS"]["RootCAs"], &file["Admin"]["TLS"]["ClientRootCAs"]] {
                assert_eq!(*list, serde_json::json!([told.authority]), "{name:?}");
            }
            // YAML, as peers read it.
            let builders: Value = serde_norway::from_str(&told.peer["CORE_CHAINCODE_EXTERNALBUILDERS"])?;
            let builder = told.root.join("fabric/builder").display().to_string();
            assert_eq!(builders, serde_json::json!([{"name": "entrepot", "path": builder}]), "{name:?}");
            for environment in [&told.orderer, &told.peer] {
                assert_eq!(environment["FABRIC_CFG_PATH"], ".", "{name:?}");
                // Fabric takes such a value for a list.
                assert!(!environment.values().any(|value| value.starts_with("[/")), "{name:?}");
            }
        }
        Ok(())
    }
}
