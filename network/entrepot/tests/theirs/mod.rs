//! A Fabric network as others would make it: certificates by `cryptogen`, the channel's block by `configtxgen`, nodes
//! with the sample `core.yaml` and `orderer.yaml` of Fabric's release, joined by `osnadmin` and `peer`. Nothing of it
//! comes from this program but the external builder, which stands for the one of Fabric's release.

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use fabric_operator::fabric::{Binaries, named_folders};
use tempfile::TempDir;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_entrepot");
pub const CHANNEL: &str = "mychannel";
/// The two organizations: the name before `MSP`, and the domain.
pub const ORGANIZATIONS: [(&str, &str); 2] = [("Org1", "org1.example.com"), ("Org2", "org2.example.com")];

/// How many peers each of them runs.
pub const PEERS: [usize; 2] = [2, 1];

const TOOLS: [&str; 5] = ["peer", "orderer", "cryptogen", "configtxgen", "osnadmin"];
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(100);

/// Fabric's programs of one version, and its sample configuration.
pub struct Tools {
    pub bin: PathBuf,
    pub config: PathBuf,
    pub has_v3: bool,
}

impl Tools {
    /// Each folder of `FABRIC_BIN` that has all five tools, with the samples of `FABRIC_CFG_PATH` or of the folder
    /// `config` beside it. Says what is missing of the others.
    pub fn all() -> Result<Vec<Self>> {
        let mut found = Vec::new();
        if named_folders().is_empty() {
            eprintln!("skipped: FABRIC_BIN names no folder with Fabric's programs");
        }
        for folder in named_folders() {
            let bin = if folder.join("bin/peer").is_file() { folder.join("bin") } else { folder };
            let bin = bin.canonicalize().with_context(|| format!("there is no {}", bin.display()))?;
            let beside = bin.parent().unwrap_or(&bin).join("config");
            let config = std::env::var_os("FABRIC_CFG_PATH").map_or(beside, PathBuf::from);
            let tools = TOOLS.iter().map(|tool| bin.join(tool));
            let samples = ["core.yaml", "orderer.yaml"].iter().map(|sample| config.join(sample));
            if let Some(missing) = tools.chain(samples).find(|file| !file.is_file()) {
                eprintln!("skipped on {}: there is no {}", bin.display(), missing.display());
                continue;
            }
            let has_v3 = Binaries::find(Some(&bin))?.version.has_v3_capability();
            found.push(Self { bin, config, has_v3 });
        }
        Ok(found)
    }

    pub fn command(&self, tool: &str) -> Command {
        let mut command = Command::new(self.bin.join(tool));
        command.env("FABRIC_CFG_PATH", &self.config).env("FABRIC_LOGGING_SPEC", "warn");
        command
    }
}

/// A node's ports: for calls, for chaincode that dials in or for administration, for operations; and that of the
/// chaincode which a peer dials.
#[derive(Clone, Copy)]
pub struct Ports {
    pub calls: u16,
    pub other: u16,
    pub operations: u16,
    pub chaincode: u16,
}

/// A running network of two organizations, the first with two peers, and one orderer.
pub struct Theirs<'t> {
    pub tools: &'t Tools,
    folder: TempDir,
    pub orderer: Ports,
    pub peers: [Vec<Ports>; 2],
    nodes: Vec<Child>,
}

impl<'t> Theirs<'t> {
    /// Makes the network in a folder of its own, and lets all nodes join the channel.
    pub fn start(tools: &'t Tools) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let peers = PEERS.map(|count| (0..count).map(|_| ports()).collect::<Result<Vec<_>>>());
        let [first, second] = peers;
        let mut theirs = Self { tools, folder, orderer: ports()?, peers: [first?, second?], nodes: Vec::new() };
        theirs.make_crypto()?;
        theirs.make_block()?;
        theirs.start_orderer()?;
        for (organization, count) in PEERS.into_iter().enumerate() {
            for number in 0..count {
                theirs.start_peer(organization, number)?;
            }
        }
        theirs.join_orderer()?;
        for (organization, count) in PEERS.into_iter().enumerate() {
            for number in 0..count {
                theirs.join_peer(organization, number)?;
            }
        }
        Ok(theirs)
    }

    pub fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// The crypto material of an organization.
    pub fn organization(&self, organization: usize) -> PathBuf {
        self.path("crypto/peerOrganizations").join(ORGANIZATIONS[organization].1)
    }

    /// The MSP folder of an organization's user.
    pub fn user(&self, organization: usize, name: &str) -> PathBuf {
        self.organization(organization).join(format!("users/{name}@{}/msp", ORGANIZATIONS[organization].1))
    }

    /// The authority of an organization's TLS certificates.
    pub fn tls_authority(&self, organization: usize) -> PathBuf {
        let domain = ORGANIZATIONS[organization].1;
        self.organization(organization).join(format!("tlsca/tlsca.{domain}-cert.pem"))
    }

    fn join_peer(&self, organization: usize, number: usize) -> Result<()> {
        let block = self.path("channel.block");
        let join = || self.peer(organization, number).args(["channel", "join", "-b"]).arg(&block).output();
        eventually("a peer joins", || Ok(join()?.status.success().then_some(())))
    }

    /// Fabric's own client, as the administrator of an organization at one of its peers.
    pub fn peer(&self, organization: usize, number: usize) -> Command {
        let mut command = self.tools.command("peer");
        command
            .env("CORE_PEER_LOCALMSPID", format!("{}MSP", ORGANIZATIONS[organization].0))
            .env("CORE_PEER_ADDRESS", format!("localhost:{}", self.peers[organization][number].calls))
            .env("CORE_PEER_MSPCONFIGPATH", self.user(organization, "Admin"))
            .env("CORE_PEER_TLS_ENABLED", "true")
            .env("CORE_PEER_TLS_ROOTCERT_FILE", self.tls_authority(organization))
            .current_dir(self.folder.path());
        command
    }

    /// The TLS certificate and key of an organization's host `gateway`, which is this machine.
    pub fn server_keys(&self, organization: usize) -> (String, String) {
        let host = format!("peers/gateway.{}/tls", ORGANIZATIONS[organization].1);
        let folder = self.organization(organization).join(host);
        (shown(&folder.join("server.crt")), shown(&folder.join("server.key")))
    }

    /// Starts the program in a role of its own; it ends with the network.
    pub fn start_role(&mut self, arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
        let log = fs::File::create(self.path(&format!("role-{}.log", self.nodes.len())))?;
        let mut command = Command::new(PROGRAM);
        command.args(["child", "--", PROGRAM]).args(arguments).envs(environment.iter().copied());
        command.current_dir(self.folder.path()).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        self.nodes.push(command.spawn()?);
        Ok(())
    }

    /// A connection profile as Fabric's samples write it.
    pub fn profile(&self, organization: usize) -> Result<PathBuf> {
        let (name, domain) = ORGANIZATIONS[organization];
        let authority = fs::read_to_string(self.tls_authority(organization))?;
        let peers = self.peers[organization].iter().enumerate().map(|(number, ports)| {
            let peer = format!("peer{number}.{domain}");
            let entry = serde_json::json!({
                "url": format!("grpcs://localhost:{}", ports.calls),
                "tlsCACerts": { "pem": authority },
                "grpcOptions": { "ssl-target-name-override": peer, "hostnameOverride": peer },
            });
            (peer, entry)
        });
        let peers: serde_json::Map<_, _> = peers.collect();
        let names: Vec<&String> = peers.keys().collect();
        let profile = serde_json::json!({
            "name": format!("test-network-{}", name.to_lowercase()),
            "version": "1.0.0",
            "client": { "organization": name, "connection": { "timeout": { "peer": { "endorser": "300" } } } },
            "organizations": { name: { "mspid": format!("{name}MSP"), "peers": names } },
            "peers": peers,
        });
        let path = self.path(&format!("connection-{}.json", name.to_lowercase()));
        fs::write(&path, serde_json::to_string_pretty(&profile)?)?;
        Ok(path)
    }

    fn make_crypto(&self) -> Result<()> {
        let nodes = "SANS: [localhost, 127.0.0.1]";
        let mut text = format!(
            "OrdererOrgs:\n  - {{ Name: Orderer, Domain: example.com, EnableNodeOUs: true, \
             Specs: [{{ Hostname: orderer, {nodes} }}] }}\nPeerOrgs:\n"
        );
        for ((name, domain), count) in ORGANIZATIONS.into_iter().zip(PEERS) {
            text += &format!(
                "  - {{ Name: {name}, Domain: {domain}, EnableNodeOUs: true, Template: {{ Count: {count}, {nodes} }}, \
                 Specs: [{{ Hostname: gateway, {nodes} }}], Users: {{ Count: 1 }} }}\n"
            );
        }
        fs::write(self.path("crypto-config.yaml"), text)?;
        let (config, output) = (self.path("crypto-config.yaml"), self.path("crypto"));
        let mut command = self.tools.command("cryptogen");
        done(command.arg("generate").arg("--config").arg(config).arg("--output").arg(output))
    }

    fn make_block(&self) -> Result<()> {
        fs::write(self.path("configtx.yaml"), self.configtx())?;
        let mut command = self.tools.command("configtxgen");
        command.args(["-profile", "TwoOrganizations", "-channelID", CHANNEL, "-configPath"]).arg(self.folder.path());
        done(command.arg("-outputBlock").arg(self.path("channel.block")))
    }

    fn configtx(&self) -> String {
        let organization = |name: &str, folder: PathBuf, rest: String| {
            format!(
                "      - Name: {name}\n        ID: {name}MSP\n        MSPDir: {}\n        Policies:\n          \
                 Readers: {{ Type: Signature, Rule: \"OR('{name}MSP.member')\" }}\n          \
                 Writers: {{ Type: Signature, Rule: \"OR('{name}MSP.member')\" }}\n          \
                 Admins: {{ Type: Signature, Rule: \"OR('{name}MSP.admin')\" }}\n          \
                 Endorsement: {{ Type: Signature, Rule: \"OR('{name}MSP.peer')\" }}\n        {rest}\n",
                folder.join("msp").display(),
            )
        };
        let orderer_folder = self.path("crypto/ordererOrganizations/example.com");
        let certificate = orderer_folder.join("orderers/orderer.example.com/tls/server.crt");
        let endpoint = format!("OrdererEndpoints: ['localhost:{}']", self.orderer.calls);
        let orderer = organization("Orderer", orderer_folder, endpoint);
        let peers: String = (0..ORGANIZATIONS.len())
            .map(|number| {
                let anchor = format!("AnchorPeers: [{{ Host: localhost, Port: {} }}]", self.peers[number][0].calls);
                organization(ORGANIZATIONS[number].0, self.organization(number), anchor)
            })
            .collect();
        let policies = |kinds: &[(&str, &str)]| {
            let lines =
                kinds.iter().map(|(name, rule)| format!("      {name}: {{ Type: ImplicitMeta, Rule: {rule} }}\n"));
            lines.collect::<String>()
        };
        let usual = [("Readers", "ANY Readers"), ("Writers", "ANY Writers"), ("Admins", "MAJORITY Admins")];
        let of_orderer = [usual.as_slice(), &[("BlockValidation", "ANY Writers")]].concat();
        let endorsing = [("LifecycleEndorsement", "MAJORITY Endorsement"), ("Endorsement", "MAJORITY Endorsement")];
        let of_application = [usual.as_slice(), &endorsing].concat();
        let capability = if self.tools.has_v3 { "V3_0" } else { "V2_0" };
        format!(
            "Profiles:\n  TwoOrganizations:\n    Policies:\n{}    Capabilities: {{ {capability}: true }}\n    \
             Orderer:\n      OrdererType: etcdraft\n      BatchTimeout: 500ms\n      \
             BatchSize: {{ MaxMessageCount: 500, AbsoluteMaxBytes: 10 MB, PreferredMaxBytes: 2 MB }}\n      \
             EtcdRaft:\n        Consenters:\n          - {{ Host: localhost, Port: {port}, ClientTLSCert: {tls}, ServerTLSCert: {tls} }}\n        \
             Options: {{ TickInterval: 500ms, ElectionTick: 10, HeartbeatTick: 1, MaxInflightBlocks: 5, SnapshotIntervalSize: 16 MB }}\n      \
             Organizations:\n{orderer}      Policies:\n{}      Capabilities: {{ V2_0: true }}\n    \
             Application:\n      Organizations:\n{peers}      Policies:\n{}      Capabilities: {{ V2_0: true }}\n",
            policies(&usual),
            policies(&of_orderer).replace("      ", "        "),
            policies(&of_application).replace("      ", "        "),
            port = self.orderer.calls,
            tls = certificate.display(),
        )
    }

    fn start_orderer(&mut self) -> Result<()> {
        let node = self.path("crypto/ordererOrganizations/example.com/orderers/orderer.example.com");
        let (data, tls) = (self.path("orderer"), |name: &str| node.join("tls").join(name));
        let text = |path: PathBuf| path.display().to_string();
        let environment = [
            ("GENERAL_LISTENADDRESS", "127.0.0.1".to_owned()),
            ("GENERAL_LISTENPORT", self.orderer.calls.to_string()),
            ("GENERAL_LOCALMSPID", "OrdererMSP".to_owned()),
            ("GENERAL_LOCALMSPDIR", text(node.join("msp"))),
            ("GENERAL_BOOTSTRAPMETHOD", "none".to_owned()),
            ("GENERAL_TLS_ENABLED", "true".to_owned()),
            ("GENERAL_TLS_CERTIFICATE", text(tls("server.crt"))),
            ("GENERAL_TLS_PRIVATEKEY", text(tls("server.key"))),
            ("GENERAL_TLS_ROOTCAS", format!("[{}]", text(tls("ca.crt")))),
            ("CHANNELPARTICIPATION_ENABLED", "true".to_owned()),
            ("ADMIN_LISTENADDRESS", format!("127.0.0.1:{}", self.orderer.other)),
            ("ADMIN_TLS_ENABLED", "true".to_owned()),
            ("ADMIN_TLS_CERTIFICATE", text(tls("server.crt"))),
            ("ADMIN_TLS_PRIVATEKEY", text(tls("server.key"))),
            ("ADMIN_TLS_CLIENTROOTCAS", format!("[{}]", text(tls("ca.crt")))),
            ("OPERATIONS_LISTENADDRESS", format!("127.0.0.1:{}", self.orderer.operations)),
            ("FILELEDGER_LOCATION", text(data.join("ledger"))),
            ("CONSENSUS_WALDIR", text(data.join("wal"))),
            ("CONSENSUS_SNAPDIR", text(data.join("snapshots"))),
        ];
        let environment = environment.into_iter().map(|(name, value)| (format!("ORDERER_{name}"), value));
        self.start_node("orderer", &[], environment.collect(), self.orderer)
    }

    fn start_peer(&mut self, organization: usize, number: usize) -> Result<()> {
        let (name, domain) = ORGANIZATIONS[organization];
        let host = format!("peer{number}.{domain}");
        let node = self.organization(organization).join("peers").join(&host);
        let (data, tls) = (self.path(&host), |name: &str| node.join("tls").join(name).display().to_string());
        let own = self.peers[organization][number];
        let Ports { calls, other, operations, chaincode } = own;
        let address = format!("localhost:{calls}");
        let first = format!("localhost:{}", self.peers[organization][0].calls);
        let variable = "CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG";
        let builder =
            serde_json::json!({ "name": "ccaas_builder", "path": self.builder()?, "propagateEnvironment": [variable] });
        let builders = serde_json::json!([builder]).to_string();
        let environment = [
            ("PEER_ID", host.clone()),
            ("PEER_ADDRESS", address.clone()),
            ("PEER_LISTENADDRESS", format!("127.0.0.1:{calls}")),
            ("PEER_CHAINCODEADDRESS", format!("127.0.0.1:{other}")),
            ("PEER_CHAINCODELISTENADDRESS", format!("127.0.0.1:{other}")),
            ("PEER_GOSSIP_BOOTSTRAP", first),
            ("PEER_GOSSIP_EXTERNALENDPOINT", address),
            ("PEER_LOCALMSPID", format!("{name}MSP")),
            ("PEER_MSPCONFIGPATH", node.join("msp").display().to_string()),
            ("PEER_TLS_ENABLED", "true".to_owned()),
            ("PEER_TLS_CERT_FILE", tls("server.crt")),
            ("PEER_TLS_KEY_FILE", tls("server.key")),
            ("PEER_TLS_ROOTCERT_FILE", tls("ca.crt")),
            ("PEER_FILESYSTEMPATH", data.display().to_string()),
            ("LEDGER_SNAPSHOTS_ROOTDIR", data.join("snapshots").display().to_string()),
            ("OPERATIONS_LISTENADDRESS", format!("127.0.0.1:{operations}")),
            ("CHAINCODE_EXTERNALBUILDERS", builders),
        ];
        let core = environment.into_iter().map(|(name, value)| (format!("CORE_{name}"), value));
        let words = serde_json::json!({ "port": chaincode.to_string() }).to_string();
        let environment = core.chain([(variable.to_owned(), words)]);
        self.start_node("peer", &["node", "start"], environment.collect(), own)
    }

    /// The builder for chaincode as a service: that of the release where it lies beside the programs, or else this
    /// program under the three names.
    fn builder(&self) -> Result<PathBuf> {
        let given = self.tools.bin.parent().map(|release| release.join("builders/ccaas"));
        if let Some(given) = given.filter(|given| given.join("bin/build").is_file()) {
            return Ok(given);
        }
        let folder = self.path("builder");
        fs::create_dir_all(folder.join("bin"))?;
        for name in ["detect", "build", "release"] {
            let link = folder.join("bin").join(name);
            if !link.exists() {
                symlink(PROGRAM, link)?;
            }
        }
        Ok(folder)
    }

    fn start_node(
        &mut self,
        tool: &str,
        arguments: &[&str],
        environment: Vec<(String, String)>,
        ports: Ports,
    ) -> Result<()> {
        let log = fs::File::create(self.path(&format!("{tool}-{}.log", ports.calls)))?;
        // The program lets a node end with this process, however that ends.
        let mut command = Command::new(PROGRAM);
        command.arg("child").arg("--").arg(self.tools.bin.join(tool)).args(arguments);
        command.env("FABRIC_CFG_PATH", &self.tools.config).env("FABRIC_LOGGING_SPEC", "warn").envs(environment);
        let node = command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.nodes.push(node);
        let listens = || std::net::TcpStream::connect(("127.0.0.1", ports.calls)).is_ok();
        eventually(&format!("{tool} listens"), || Ok(listens().then_some(())))
    }

    fn join_orderer(&self) -> Result<()> {
        let tls = self.path("crypto/ordererOrganizations/example.com/orderers/orderer.example.com/tls");
        let join = || {
            let mut command = self.tools.command("osnadmin");
            command.args(["channel", "join", "--channelID", CHANNEL, "--config-block"]).arg(self.path("channel.block"));
            command.arg("-o").arg(format!("localhost:{}", self.orderer.other)).arg("--ca-file").arg(tls.join("ca.crt"));
            command.arg("--client-cert").arg(tls.join("server.crt")).arg("--client-key").arg(tls.join("server.key"));
            command.output()
        };
        eventually("the orderer joins", || {
            Ok(String::from_utf8_lossy(&join()?.stdout).contains("Status: 201").then_some(()))
        })
    }
}

impl Drop for Theirs<'_> {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            let _ = node.kill();
            let _ = node.wait();
        }
        if std::thread::panicking() {
            eprintln!("the network's folder was {}", self.folder.path().display());
        }
    }
}

/// Runs a command that must succeed.
pub fn done(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Asks again until there is something, within a minute.
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(found) = ask()? {
            return Ok(found);
        }
        std::thread::sleep(POLL);
    }
    bail!("not within {} s: {what}", PATIENCE.as_secs())
}

/// Ports that are free now.
pub fn ports() -> Result<Ports> {
    let listeners = [(); 4].map(|()| TcpListener::bind("127.0.0.1:0"));
    let ports = listeners.map(|listener| listener.and_then(|one| Ok(one.local_addr()?.port())));
    let [calls, other, operations, chaincode] = ports;
    Ok(Ports { calls: calls?, other: other?, operations: operations?, chaincode: chaincode? })
}

/// Whether a path is somewhere in a text, so that a failure shows the text.
pub fn has(text: &str, part: &str) -> Result<()> {
    ensure!(text.contains(part), "{part:?} is not in:\n{text}");
    Ok(())
}

/// A path as an argument.
pub fn shown(path: &Path) -> String {
    path.display().to_string()
}
