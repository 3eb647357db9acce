//! What Fabric's programs are told: minimal `core.yaml` and `orderer.yaml`, and the environment of each process.
//!
//! Both files hold only keys that Fabric 2.5 and 3.x know, because an unknown key stops an orderer and a handler that
//! 2.5 lacks stops a peer (the one exception is written for 3.x only). All that differs between processes comes by environment. An orderer only takes keys from the
//! environment that its file mentions, so the file mentions all of them.

use std::fs;

use anyhow::{Context, Result};

use super::Binaries;
use crate::{
    consortium::{Consortium, Organisation},
    layout::{Addresses, Layout},
    process::Program,
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
    RootCAs: []
    ClientAuthRequired: false
    ClientRootCAs: []
  Keepalive:
    ServerMinInterval: 60s
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
  Provider: disabled
Admin:
  ListenAddress: ''
  TLS:
    Enabled: true
    Certificate: ''
    PrivateKey: ''
    ClientAuthRequired: true
    ClientRootCAs: []
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
  provider: disabled
";

/// The check that a proposal's time is about now. Fabric 2.5 does not have it, and a peer that is told to use it panics.
const TIME_WINDOW: &str = "      - name: TimeWindowCheck\n";

/// The orderer's process.
///
/// # Errors
/// Its configuration cannot be written.
pub fn orderer_program<'a>(
    layout: &Layout,
    consortium: &Consortium,
    addresses: &Addresses,
    binaries: &'a Binaries,
) -> Result<Program<'a>> {
    let node = &consortium.orderer.nodes[0];
    let keys = layout.orderer(&consortium.orderer.domain, node);
    let folder = layout.folder(&format!("fabric/{node}"))?;
    write(&folder.join("orderer.yaml"), ORDERER_YAML)?;
    let file = |name: &str| keys.join("tls").join(name).display().to_string();
    let inside = |name: &str| folder.join(name).display().to_string();
    let environment = pairs([
        ("FABRIC_CFG_PATH", folder.display().to_string()),
        ("FABRIC_LOGGING_SPEC", "warn".into()),
        ("ORDERER_GENERAL_LISTENADDRESS", addresses.orderer.ip().to_string()),
        ("ORDERER_GENERAL_LISTENPORT", addresses.orderer.port().to_string()),
        ("ORDERER_GENERAL_LOCALMSPID", consortium.orderer.msp_id.clone()),
        ("ORDERER_GENERAL_LOCALMSPDIR", keys.join("msp").display().to_string()),
        ("ORDERER_GENERAL_TLS_PRIVATEKEY", file("server.key")),
        ("ORDERER_GENERAL_TLS_CERTIFICATE", file("server.crt")),
        ("ORDERER_GENERAL_TLS_ROOTCAS", format!("[{}]", file("ca.crt"))),
        ("ORDERER_FILELEDGER_LOCATION", inside("ledger")),
        ("ORDERER_CONSENSUS_WALDIR", inside("wal")),
        ("ORDERER_CONSENSUS_SNAPDIR", inside("snapshots")),
        ("ORDERER_OPERATIONS_LISTENADDRESS", addresses.orderer_operations.to_string()),
        ("ORDERER_ADMIN_LISTENADDRESS", addresses.orderer_admin.to_string()),
        ("ORDERER_ADMIN_TLS_PRIVATEKEY", file("server.key")),
        ("ORDERER_ADMIN_TLS_CERTIFICATE", file("server.crt")),
        ("ORDERER_ADMIN_TLS_CLIENTROOTCAS", format!("[{}]", file("ca.crt"))),
    ]);
    Ok(Program {
        name: node.clone(),
        executable: Some(&binaries.orderer),
        arguments: Vec::new(),
        environment,
        working_directory: folder,
        log: layout.log(node)?,
    })
}

/// The process of an organisation's peer.
///
/// # Errors
/// Its configuration or its builder cannot be written.
pub fn peer_program<'a>(
    layout: &Layout,
    organisation: &Organisation,
    addresses: &Addresses,
    binaries: &'a Binaries,
) -> Result<Program<'a>> {
    let own = addresses
        .peers
        .get(&organisation.msp_id)
        .with_context(|| format!("no address was chosen for the peer of {}", organisation.msp_id))?;
    let host = format!("peer0.{}", organisation.domain);
    let keys = layout.peer(&organisation.domain);
    let folder = layout.folder(&format!("fabric/{host}"))?;
    let time_window = if binaries.version.major >= 3 { TIME_WINDOW } else { "" };
    write(&folder.join("core.yaml"), &CORE_YAML.replace("TIME_WINDOW", time_window))?;
    let builder = layout.folder("fabric/builder")?;
    super::builder::install(&builder)?;
    let file = |name: &str| keys.join("tls").join(name).display().to_string();
    let endpoint = own.endpoint.to_string();
    let mut environment = pairs([
        ("FABRIC_CFG_PATH", folder.display().to_string()),
        ("FABRIC_LOGGING_SPEC", "warn".into()),
        ("CORE_PEER_ID", host.clone()),
        ("CORE_PEER_ADDRESS", endpoint.clone()),
        ("CORE_PEER_LISTENADDRESS", endpoint.clone()),
        ("CORE_PEER_CHAINCODEADDRESS", own.chaincode.to_string()),
        ("CORE_PEER_CHAINCODELISTENADDRESS", own.chaincode.to_string()),
        ("CORE_PEER_GOSSIP_BOOTSTRAP", endpoint.clone()),
        ("CORE_PEER_GOSSIP_EXTERNALENDPOINT", endpoint.clone()),
        ("CORE_PEER_GOSSIP_ENDPOINT", endpoint),
        ("CORE_PEER_GOSSIP_ORGLEADER", "true".into()),
        ("CORE_PEER_GOSSIP_USELEADERELECTION", "false".into()),
        ("CORE_PEER_LOCALMSPID", organisation.msp_id.clone()),
        ("CORE_PEER_MSPCONFIGPATH", keys.join("msp").display().to_string()),
        ("CORE_PEER_FILESYSTEMPATH", folder.join("data").display().to_string()),
        ("CORE_LEDGER_SNAPSHOTS_ROOTDIR", folder.join("snapshots").display().to_string()),
        ("CORE_PEER_TLS_ENABLED", "true".into()),
        ("CORE_PEER_TLS_CERT_FILE", file("server.crt")),
        ("CORE_PEER_TLS_KEY_FILE", file("server.key")),
        ("CORE_PEER_TLS_ROOTCERT_FILE", file("ca.crt")),
        ("CORE_OPERATIONS_LISTENADDRESS", own.operations.to_string()),
        // Without Docker: an empty endpoint, which needs at least one external builder.
        ("CORE_VM_ENDPOINT", String::new()),
        ("CORE_CHAINCODE_EXTERNALBUILDERS", format!("[{{name: entrepot, path: {}}}]", builder.display())),
    ]);
    // The stock intervals leave gateways without a plan for up to half a minute after a start.
    for interval in ["RECONNECTINTERVAL", "ALIVETIMEINTERVAL", "PUBLISHSTATEINFOINTERVAL", "REQUESTSTATEINFOINTERVAL"] {
        environment.push((format!("CORE_PEER_GOSSIP_{interval}"), "500ms".into()));
    }
    Ok(Program {
        log: layout.log(&host)?,
        name: host,
        executable: Some(&binaries.peer),
        arguments: vec!["node".into(), "start".into()],
        environment,
        working_directory: folder,
    })
}

fn pairs<const N: usize>(pairs: [(&str, String); N]) -> Vec<(String, String)> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn write(path: &std::path::Path, content: &str) -> Result<()> {
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}
