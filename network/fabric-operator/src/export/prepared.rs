//! An exported network before a platform describes its containers: where Fabric's nodes listen, what they are called,
//! which keys and configurations they find, and what each container runs.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::component::{CHAINCODE_PORT, Component, GATEWAY_PORT, ORDERER_ADMIN_PORT, ORDERER_PORT, PEER_PORT};
use crate::{
    consortium::{Consortium, Organization},
    endpoint::Endpoint,
    fabric::{self, Places},
    gateway, generate,
    layout::{Addresses, Kind, Layout, OrdererAddresses, PeerAddresses, write_atomically, write_json},
    network::Network,
    package::Packages,
    version::Version,
};

/// Where nodes listen inside their containers, beside the ports that others call.
const ORDERER_OPERATIONS_PORT: u16 = 8443;
const PEER_CHAINCODE_PORT: u16 = 7052;
const PEER_OPERATIONS_PORT: u16 = 9443;
const CHAINCODE_OPERATIONS_PORT: u16 = 9443;
/// The name of the gateway's service.
const GATEWAY_HOST: &str = "gateway";

/// The gateway's settings below the network's folder.
const GATEWAY_SETTINGS: &str = "gateway/settings.yaml";

/// Where containers find things.
pub(super) const KEYS: &str = "/keys";
pub(super) const CONFIGURATION: &str = "/configuration";
pub(super) const DATA: &str = "/data";
pub(super) const NETWORK: &str = "/network";
pub(super) const CHAINCODE_TLS: &str = "/tls";

/// The user and the group of containers, where those are free to choose: not one of the images' own.
pub(super) const CONTAINER_USER: u32 = 10_001;

/// Where the operations endpoints of nodes and chaincode listen. They ask for no certificate, so only their own
/// container reaches them.
const LOOPBACK: &str = "127.0.0.1";

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

/// A network whose files are written and whose containers are yet to be described.
pub(super) struct Export {
    pub(super) consortium: Consortium,
    addresses: Addresses,
    pub(super) layout: Layout,
    pub(super) images: Images,
    packages: Packages,
    /// What the gateway reads, as paths below the network's folder: its settings, and what they name.
    pub(super) gateway_files: Vec<String>,
}

/// A node of Fabric as a container.
pub(super) struct Node {
    /// Its host name, which is also the name of its service.
    pub(super) host: String,
    pub(super) image: String,
    pub(super) command: Vec<String>,
    pub(super) environment: Vec<(String, String)>,
    /// The folder with its keys, on this machine.
    pub(super) keys: PathBuf,
    /// An orderer or a peer; its name is also that of the folder with its configuration.
    pub(super) component: Component,
    /// The ports that others dial, the most important one first.
    pub(super) ports: Vec<u16>,
}

/// The chaincode of an organization as a container.
pub(super) struct Chaincode {
    /// Its host name, which is also the name of its service.
    pub(super) host: String,
    /// The folder with its TLS keys, below the network's folder.
    pub(super) tls: String,
    pub(super) command: Vec<String>,
}

impl Export {
    pub(super) fn prepare(
        platform: Platform,
        consortium: Consortium,
        text: &str,
        images: Images,
        layout: Layout,
    ) -> Result<Self> {
        let addresses = addresses(platform, &consortium)?;
        write_atomically(&layout.consortium_file(), text.as_bytes())?;
        write_json(&layout.path("addresses.json"), &addresses)?;
        let mut crypto = consortium.crypto_config();
        for organization in crypto.orderer_orgs.iter_mut().chain(&mut crypto.peer_orgs) {
            // Every node also answers under the name that it has on Kubernetes.
            let name = format!("{{{{.Hostname}}}}-{}", organization.domain.replace('.', "-"));
            organization.template.sans.push(name.clone());
            organization.specs.iter_mut().for_each(|node| node.sans.push(name.clone()));
            organization.users.sans.values_mut().for_each(|names| names.push(GATEWAY_HOST.to_owned()));
        }
        generate::crypto_with(&layout, &crypto)?;
        generate::genesis_blocks(&layout, &consortium, &addresses, Some(images.fabric))?;
        let packages = generate::packages(&layout, &consortium, &addresses)?;
        let orderer = layout.folder("configuration/orderer")?.join("orderer.yaml");
        write_atomically(&orderer, fabric::orderer_configuration(Path::new(KEYS)).as_bytes())?;
        let peer = layout.folder("configuration/peer")?.join("core.yaml");
        write_atomically(&peer, fabric::peer_configuration(images.fabric).as_bytes())?;
        Ok(Self { consortium, addresses, layout, images, packages, gateway_files: Vec::new() })
    }

    pub(super) fn write_gateway_settings(&mut self, gateway: &gateway::Settings) -> Result<()> {
        let Self { layout, consortium, addresses, .. } = &*self;
        // A folder inside, because it must belong to the gateway's user.
        let data = Path::new(DATA).join("gateway");
        let text = gateway(&Network { layout, consortium, addresses }, &data)?;
        let mut settings = serde_norway::from_str(&text).context("the gateway's settings cannot be read")?;
        // The folder lies elsewhere inside the containers.
        let mut files = vec![GATEWAY_SETTINGS.to_owned()];
        move_paths(&mut settings, layout.root(), Path::new(NETWORK), &mut files);
        let text = serde_norway::to_string(&settings).context("the gateway's settings cannot be written")?;
        layout.folder("gateway")?;
        write_atomically(&layout.path(GATEWAY_SETTINGS), text.as_bytes())?;
        files.sort();
        files.dedup();
        self.gateway_files = files;
        Ok(())
    }

    /// What the container reads that joins all nodes and deploys the chaincode, as paths below the network's folder:
    /// each organization's administrator, and the orderers' keys for the participation API.
    pub(super) fn join_files(&self) -> Vec<String> {
        let Self { layout, consortium, .. } = self;
        let orderer = &consortium.orderer;
        let mut paths: Vec<PathBuf> =
            ["consortium.yaml", "addresses.json", "channel"].map(|one| layout.path(one)).into();
        paths.extend(
            consortium.endorsing().map(|one| layout.path(&generate::chaincode_folder(one)).join(generate::PACKAGE)),
        );
        paths.push(layout.orderer_tls_authority(&orderer.domain));
        paths.push(layout.orderer_user(&orderer.domain, "Admin").join("msp"));
        paths.extend(orderer.nodes.iter().map(|node| layout.orderer(&orderer.domain, node).join("tls")));
        for organization in &consortium.organizations {
            paths.push(layout.tls_authority(&organization.domain));
            paths.push(layout.user(&organization.domain, "Admin").join("msp"));
        }
        let inside = paths.iter().filter_map(|path| path.strip_prefix(layout.root()).ok());
        inside.map(|path| path.display().to_string()).collect()
    }

    /// Orderers, then peers.
    pub(super) fn nodes(&self) -> Result<Vec<Node>> {
        let mut nodes = Vec::new();
        let orderer = &self.consortium.orderer;
        for own in &self.addresses.orderers {
            nodes.push(Node {
                host: own.endpoint.host().to_owned(),
                image: self.images.orderer.clone(),
                command: vec!["orderer".into()],
                environment: fabric::orderer_environment(&orderer.msp_id, own, &places()),
                keys: self.layout.orderer(&orderer.domain, &own.node),
                component: Component::Orderer,
                ports: vec![own.endpoint.port(), own.admin.port()],
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
            component: Component::Peer,
            ports: vec![own.endpoint.port()],
        })
    }

    /// The chaincode of each organization that endorses: a process of its own, which lets in its peers alone.
    pub(super) fn chaincodes(&self) -> Result<Vec<Chaincode>> {
        let own = self.consortium.endorsing().map(|organization| {
            let endpoint =
                self.addresses.chaincodes.get(&organization.msp_id).context("a chaincode without an address")?;
            Ok(Chaincode {
                host: endpoint.host().to_owned(),
                tls: format!("{}/tls", generate::chaincode_folder(organization)),
                command: Self::chaincode_command(&self.packages.of(&organization.msp_id)?.id),
            })
        });
        own.collect()
    }

    fn chaincode_command(package_id: &str) -> Vec<String> {
        let file = |name: &str| format!("{CHAINCODE_TLS}/{name}");
        let listen = format!("{}:{CHAINCODE_PORT}", Ipv4Addr::UNSPECIFIED);
        let (certificate, key, authority) = (file("server.crt"), file("server.key"), file("ca.crt"));
        let operations = chaincode_operations();
        ["entrepot", "chaincode", "--listen", &listen, "--package-id", package_id]
            .into_iter()
            .chain(["--tls-cert", &certificate, "--tls-key", &key, "--client-ca", &authority])
            .chain(["--operations", &operations])
            .map(str::to_owned)
            .collect()
    }

    /// What a container of the chaincode runs beside it to learn whether it is well: peers alone reach its own port,
    /// and show a certificate there.
    pub(super) fn chaincode_probe() -> Vec<String> {
        ["entrepot", "health", &chaincode_operations()].map(str::to_owned).to_vec()
    }

    /// What the container that joins all nodes and deploys the chaincode runs, once.
    pub(super) fn join_command() -> Vec<String> {
        ["entrepot", "network", "join", "--dir", NETWORK].map(str::to_owned).to_vec()
    }

    /// What the gateway's container runs.
    pub(super) fn gateway_command() -> Vec<String> {
        let settings = format!("{NETWORK}/{GATEWAY_SETTINGS}");
        ["entrepot", "gateway", "--settings", &settings].map(str::to_owned).to_vec()
    }
}

fn chaincode_operations() -> String {
    format!("{LOOPBACK}:{CHAINCODE_OPERATIONS_PORT}")
}

/// Lets all paths below one folder begin with another, and lists what they are below it. Done on values, because a text
/// may write a name in many ways.
fn move_paths(value: &mut Value, from: &Path, to: &Path, found: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            if let Ok(inside) = Path::new(text).strip_prefix(from) {
                found.push(inside.display().to_string());
                *text = to.join(inside).display().to_string();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| move_paths(value, from, to, found)),
        Value::Object(fields) => fields.values_mut().for_each(|value| move_paths(value, from, to, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
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
                operations: Endpoint::new(LOOPBACK, PEER_OPERATIONS_PORT),
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
            operations: Endpoint::new(LOOPBACK, ORDERER_OPERATIONS_PORT),
        });
    }
    let mut chaincodes = std::collections::BTreeMap::new();
    for organization in consortium.endorsing() {
        let host = host(platform, &format!("chaincode.{}", organization.domain))?;
        chaincodes.insert(organization.msp_id.clone(), Endpoint::new(&host, CHAINCODE_PORT));
    }
    let first = chaincodes.values().next().context("a consortium in which nobody endorses")?.clone();
    Ok(Addresses {
        kind: Kind::Fabric,
        peers,
        orderers,
        chaincode: first,
        chaincode_operations: Some(Endpoint::new(LOOPBACK, CHAINCODE_OPERATIONS_PORT)),
        chaincodes,
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
