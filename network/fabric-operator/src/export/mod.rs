//! A network for containers, written from a consortium file: keys, channel, chaincode package, configurations, and either
//! a Docker Compose file or Kubernetes manifests that name them. Nothing is started and no image is built here.
//!
//! The keys of all organizations lie together, which is right for trying things out and for nothing else.

mod compose;
mod kubernetes;

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use crate::{
    channel,
    consortium::{Consensus, Consortium, Organization},
    deploy,
    endpoint::Endpoint,
    fabric::{self, Places},
    gateway, generate,
    layout::{Addresses, Kind, Layout, OrdererAddresses, PeerAddresses, write_atomically, write_json},
    network::Network,
    package::Package,
    process::wait_until,
    version::Version,
};

/// Where nodes listen inside their containers.
const ORDERER_PORT: u16 = 7050;
const ORDERER_ADMIN_PORT: u16 = 7053;
const ORDERER_OPERATIONS_PORT: u16 = 8443;
const PEER_PORT: u16 = 7051;
const PEER_CHAINCODE_PORT: u16 = 7052;
const PEER_OPERATIONS_PORT: u16 = 9443;
const CHAINCODE_PORT: u16 = 9999;
const GATEWAY_PORT: u16 = 8443;

/// Where containers find things.
const KEYS: &str = "/keys";
const CONFIGURATION: &str = "/configuration";
const DATA: &str = "/data";
const NETWORK: &str = "/network";
const CHAINCODE_TLS: &str = "/tls";

/// The external builder that the images of Fabric's peer carry.
const BUILDERS: &str = "[{name: ccaas_builder, path: /opt/hyperledger/ccaas_builder}]";

/// Longest name of a Kubernetes service.
const LABEL_MAX: usize = 63;

/// What runs the containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Docker Compose: hosts have the names of the nodes.
    Compose,
    /// Kubernetes: hosts have names without dots.
    Kubernetes,
}

/// Which images run.
#[derive(Debug, Clone)]
pub struct Images {
    /// Fabric's peer.
    pub peer: String,
    /// Fabric's orderer.
    pub orderer: String,
    /// This program, as `entrepot` on the path.
    pub entrepot: String,
    /// The version of Fabric in the images, which decides on the channel's capability and the peers' configuration.
    pub fabric: Version,
}

/// Writes everything into a new or empty folder.
///
/// # Errors
/// The folder holds something, the consortium cannot run on these images, a name is too long, or a file cannot be
/// written.
pub fn write(
    platform: Platform,
    consortium_text: &str,
    images: &Images,
    gateway: &gateway::Settings,
    output: &Path,
) -> Result<()> {
    let consortium = Consortium::parse(consortium_text)?;
    ensure!(
        consortium.orderer.consensus != Consensus::Bft || images.fabric.has_v3_capability(),
        "the consortium orders by BFT, which came with Fabric 3.0, and the images are Fabric {}",
        images.fabric
    );
    if let Ok(mut entries) = fs::read_dir(output) {
        ensure!(entries.next().is_none(), "{} is not empty; name a new folder", output.display());
    }
    let layout = Layout::at(&output.join("network"))?;
    let export = Export::prepare(platform, consortium, consortium_text, images.clone(), layout)?;
    export.write_gateway_settings(gateway)?;
    match platform {
        Platform::Compose => {
            let file = serde_norway::to_string(&compose::file(&export)?).context("cannot write YAML")?;
            write_atomically(&output.join("compose.yaml"), file.as_bytes())
        }
        Platform::Kubernetes => {
            let mut text = String::new();
            for object in kubernetes::objects(&export)? {
                text.push_str("---\n");
                text.push_str(&serde_norway::to_string(&object).context("cannot write YAML")?);
            }
            let manifests = output.join("network.yaml");
            write_atomically(&manifests, text.as_bytes())?;
            // It holds keys.
            let owner_only = fs::Permissions::from_mode(0o600);
            fs::set_permissions(&manifests, owner_only).context("cannot protect the manifests")?;
            write_atomically(&output.join("kustomization.yaml"), b"resources:\n  - network.yaml\n")
        }
    }
}

/// A network whose files are written and whose containers are yet to be described.
struct Export {
    consortium: Consortium,
    addresses: Addresses,
    layout: Layout,
    images: Images,
    package_id: String,
}

/// A node of Fabric as a container.
struct Node {
    /// Its host name, which is also the name of its service.
    host: String,
    image: String,
    command: Vec<String>,
    environment: Vec<(String, String)>,
    /// The folder with its keys, on this machine.
    keys: PathBuf,
    /// `orderer` or `peer`: the folder with its configuration.
    configuration: &'static str,
    /// The ports that others dial, the most important one first.
    ports: Vec<u16>,
}

impl Export {
    fn prepare(platform: Platform, consortium: Consortium, text: &str, images: Images, layout: Layout) -> Result<Self> {
        let addresses = addresses(platform, &consortium)?;
        write_atomically(&layout.consortium_file(), text.as_bytes())?;
        write_json(&layout.path("addresses.json"), &addresses)?;
        let mut crypto = consortium.crypto_config();
        for organization in crypto.orderer_orgs.iter_mut().chain(&mut crypto.peer_orgs) {
            // Every node also answers under the name that it has on Kubernetes.
            let name = format!("{{{{.Hostname}}}}-{}", organization.domain.replace('.', "-"));
            organization.template.sans.push(name.clone());
            organization.specs.iter_mut().for_each(|node| node.sans.push(name.clone()));
        }
        generate::crypto_with(&layout, &crypto)?;
        generate::genesis_blocks(&layout, &consortium, &addresses, Some(images.fabric))?;
        let package = generate::package(&layout, &consortium, &addresses)?;
        let orderer = layout.folder("configuration/orderer")?.join("orderer.yaml");
        write_atomically(&orderer, fabric::orderer_configuration().as_bytes())?;
        let peer = layout.folder("configuration/peer")?.join("core.yaml");
        write_atomically(&peer, fabric::peer_configuration(images.fabric).as_bytes())?;
        Ok(Self { consortium, addresses, layout, images, package_id: package.id })
    }

    fn write_gateway_settings(&self, gateway: &gateway::Settings) -> Result<()> {
        let Self { layout, consortium, addresses, .. } = self;
        let text = gateway(&Network { layout, consortium, addresses }, Path::new(DATA))?;
        // The folder lies elsewhere inside the containers.
        let text = text.replace(&layout.root().display().to_string(), NETWORK);
        write_atomically(&layout.folder("gateway")?.join("settings.yaml"), text.as_bytes())
    }

    /// Orderers, then peers.
    fn nodes(&self) -> Result<Vec<Node>> {
        let mut nodes = Vec::new();
        let orderer = &self.consortium.orderer;
        for own in &self.addresses.orderers {
            nodes.push(Node {
                host: own.endpoint.host().to_owned(),
                image: self.images.orderer.clone(),
                command: vec!["orderer".into()],
                environment: fabric::orderer_environment(&orderer.msp_id, own, &places()),
                keys: self.layout.orderer(&orderer.domain, &own.node),
                configuration: "orderer",
                ports: vec![own.endpoint.port(), own.admin.port(), own.operations.port()],
            });
        }
        for organization in &self.consortium.organizations {
            for number in 0..organization.peers {
                nodes.push(self.peer(organization, number)?);
            }
        }
        Ok(nodes)
    }

    fn peer(&self, organization: &Organization, number: usize) -> Result<Node> {
        let peers = self.addresses.peers_of(&organization.msp_id);
        let own = peers.get(number).context("a peer without an address")?;
        Ok(Node {
            host: own.endpoint.host().to_owned(),
            image: self.images.peer.clone(),
            command: ["peer", "node", "start"].map(str::to_owned).to_vec(),
            environment: fabric::peer_environment(organization, number, &self.addresses, &places(), BUILDERS)?,
            keys: self.layout.peer_node(&organization.domain, number),
            configuration: "peer",
            ports: vec![own.endpoint.port(), own.operations.port()],
        })
    }

    /// What the chaincode's container runs.
    fn chaincode_command(&self) -> Vec<String> {
        let file = |name: &str| format!("{CHAINCODE_TLS}/{name}");
        let listen = format!("{}:{CHAINCODE_PORT}", Ipv4Addr::UNSPECIFIED);
        let (certificate, key, authority) = (file("server.crt"), file("server.key"), file("ca.crt"));
        ["entrepot", "chaincode", "--listen", &listen, "--package-id", &self.package_id]
            .into_iter()
            .chain(["--tls-cert", &certificate, "--tls-key", &key, "--client-ca", &authority])
            .map(str::to_owned)
            .collect()
    }

    /// What the container that joins all nodes and deploys the chaincode runs, once.
    fn join_command() -> Vec<String> {
        ["entrepot", "network", "join", "--dir", NETWORK].map(str::to_owned).to_vec()
    }

    /// What the gateway's container runs.
    fn gateway_command() -> Vec<String> {
        let settings = format!("{NETWORK}/gateway/settings.yaml");
        ["entrepot", "gateway", "--settings", &settings].map(str::to_owned).to_vec()
    }
}

/// Joins the nodes of an exported network and deploys its chaincode; what was done before is not done again. Says in
/// words what is committed where.
///
/// # Errors
/// The nodes do not listen within their time, or a step is refused.
pub fn join(folder: &Path) -> Result<String> {
    let layout = Layout::at(folder)?;
    let addresses = layout.known_addresses()?.context("the folder holds no network")?;
    let mut consortium = Consortium::load(Some(&layout.consortium_file()))?;
    generate::add_created_channels(&layout, &mut consortium)?;
    let bytes = fs::read(layout.path("chaincode/package.tar.gz")).context("cannot read the chaincode's package")?;
    let package = Package::from_bytes(&consortium.chaincode.name, bytes);
    wait_until("the network", fabric::PATIENCE, &mut [], || {
        Ok(fabric::listening(&addresses).iter().all(Endpoint::listens))
    })?;
    let network = Network { layout: &layout, consortium: &consortium, addresses: &addresses };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(channel::join(&network))?;
    deploy::run(&layout, &consortium, &addresses, &package)?;
    Ok(deploy::describe(&consortium, &package))
}

fn places() -> Places {
    Places {
        keys: KEYS.into(),
        configuration: CONFIGURATION.into(),
        data: DATA.into(),
        listen: Some(Ipv4Addr::UNSPECIFIED.to_string()),
    }
}

fn addresses(platform: Platform, consortium: &Consortium) -> Result<Addresses> {
    let mut peers = std::collections::BTreeMap::new();
    for organization in &consortium.organizations {
        let mut own = Vec::new();
        for number in 0..organization.peers {
            let host = host(platform, &format!("peer{number}.{}", organization.domain))?;
            own.push(PeerAddresses {
                endpoint: Endpoint::new(&host, PEER_PORT),
                chaincode: Endpoint::new(&host, PEER_CHAINCODE_PORT),
                operations: Endpoint::new(&host, PEER_OPERATIONS_PORT),
            });
        }
        peers.insert(organization.msp_id.clone(), own);
    }
    let mut orderers = Vec::new();
    for node in &consortium.orderer.nodes {
        let host = host(platform, &format!("{node}.{}", consortium.orderer.domain))?;
        orderers.push(OrdererAddresses {
            node: node.clone(),
            endpoint: Endpoint::new(&host, ORDERER_PORT),
            admin: Endpoint::new(&host, ORDERER_ADMIN_PORT),
            operations: Endpoint::new(&host, ORDERER_OPERATIONS_PORT),
        });
    }
    Ok(Addresses {
        kind: Kind::Fabric,
        peers,
        orderers,
        chaincode: Endpoint::new("chaincode", CHAINCODE_PORT),
        gateway: SocketAddr::from((Ipv4Addr::UNSPECIFIED, GATEWAY_PORT)),
    })
}

/// The host name of a node on a platform.
fn host(platform: Platform, name: &str) -> Result<String> {
    if platform == Platform::Compose {
        return Ok(name.to_owned());
    }
    let label = name.replace('.', "-").to_lowercase();
    let legal = label.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
        && label.starts_with(|letter: char| letter.is_ascii_alphabetic());
    ensure!(
        legal && label.len() <= LABEL_MAX,
        "{name} cannot name a Kubernetes service: that takes at most {LABEL_MAX} letters, digits and dashes"
    );
    Ok(label)
}

/// The paths of all files below a folder, relative to it and in order.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).with_context(|| format!("cannot read {}", next.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(inside) = path.strip_prefix(folder) {
                found.push(inside.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}
