//! What a network needs before it starts: keys, the channel's first block, the chaincode's package. Each is made once
//! and then left alone.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use fabric_config::{
    ApplicationOrganization, BatchSpec, BftSigner, BftSpec, ChannelCapability, ChannelConfig, ChannelSpec,
    ConsenterSpec, OrdererOrganization, RaftSpec, genesis_block as genesis_block_of,
};
use fabric_cryptogen::{Authority, CertificateRequest, CryptoConfig, Purpose};
use fabric_msp::{
    msp::config_from_directory,
    private,
    signer::{Signer, SigningIdentity},
};
use fabric_protos::common::Block;
use prost::Message;

use crate::{
    consortium::{self, Consensus, Consortium, FurtherChannel, Organization, Role},
    endpoint::Endpoint,
    layout::{Addresses, Kind, Layout, write_atomically},
    package::{Connection, Package, Packages},
    version::Version,
};

/// How many peers of an organization others may find it by.
const ANCHOR_PEERS_MAX: usize = 2;

/// The consortium of a folder: the one in the given file, or the one of the last time, or the demo's. It is written
/// down in the folder for the next time.
///
/// # Errors
/// The file cannot be read or describes no possible consortium.
pub fn consortium(layout: &Layout, given: Option<&Path>) -> Result<Consortium> {
    let kept = layout.consortium_file();
    let path = given.or_else(|| kept.is_file().then_some(kept.as_path()));
    let text = match path {
        None => consortium::DEFAULT.to_owned(),
        Some(path) => {
            fs::read_to_string(path).with_context(|| format!("cannot read the consortium file {}", path.display()))?
        }
    };
    let mut consortium = Consortium::parse(&text).with_context(|| match path {
        Some(path) => format!("in the consortium file {}", path.display()),
        None => "in the consortium of the demo".to_owned(),
    })?;
    if let Some(addresses) = layout.known_addresses()? {
        addresses.check(&consortium)?;
    }
    // A command that only looks may run where nothing can be written.
    if !fs::read(&kept).is_ok_and(|before| before == text.as_bytes()) {
        write_atomically(&kept, text.as_bytes())?;
    }
    add_created_channels(layout, &mut consortium)?;
    Ok(consortium)
}

/// Adds the channels that were created while the network ran. Where the consortium file has come to name one, too, the
/// file counts.
pub(crate) fn add_created_channels(layout: &Layout, consortium: &mut Consortium) -> Result<()> {
    // Looked at only: in a container it can be read and not changed.
    let folder = layout.path("channel");
    let mut files = Vec::new();
    match fs::read_dir(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => {
            for entry in entries.with_context(|| format!("cannot read {}", folder.display()))? {
                files.push(entry?.path());
            }
        }
    }
    files.sort();
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "yaml")) {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let channel: FurtherChannel =
            serde_norway::from_str(&text).with_context(|| format!("{} describes no channel", path.display()))?;
        if consortium.on(&channel.name).is_err() {
            consortium.add_channel(channel).with_context(|| format!("in {}", path.display()))?;
        }
    }
    Ok(())
}

/// The channel capability that these programs of Fabric, or the embedded network, understand.
#[must_use]
pub fn capability(fabric: Option<Version>) -> ChannelCapability {
    match fabric {
        Some(version) if !version.has_v3_capability() => ChannelCapability::V2_0,
        _ => ChannelCapability::V3_0,
    }
}

/// Generates the keys of a consortium into the layout, unless they are there.
///
/// # Errors
/// The keys cannot be written.
pub fn crypto(layout: &Layout, consortium: &Consortium) -> Result<()> {
    crypto_with(layout, &consortium.crypto_config())
}

/// Generates the keys of a crypto configuration into the layout, unless they are there.
pub(crate) fn crypto_with(layout: &Layout, config: &CryptoConfig) -> Result<()> {
    if layout.crypto().exists() {
        return private::close_folder(&layout.crypto()).context("cannot close the folder of the keys to others");
    }
    // Made beside and renamed, so that an interrupted run leaves nothing half done.
    let unfinished = layout.path("crypto.unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).with_context(|| format!("cannot remove {}", unfinished.display()))?;
    }
    generate_keys(config, &unfinished)?;
    fs::rename(&unfinished, layout.crypto()).context("cannot put the generated keys in place")
}

/// Generates the keys of a crypto configuration into a folder.
///
/// # Errors
/// The configuration is not usable, or keys exist in the folder already.
pub fn crypto_into(config: &str, output: &Path) -> Result<()> {
    let config = CryptoConfig::from_yaml(config).context("the crypto configuration is not usable")?;
    generate_keys(&config, output)
}

fn generate_keys(config: &CryptoConfig, output: &Path) -> Result<()> {
    fabric_cryptogen::generate(config, output)
        .with_context(|| format!("cannot generate keys into {}", output.display()))?;
    Ok(())
}

/// Writes the first block of every channel, as far as it is not there.
///
/// # Errors
/// The organizations' certificates cannot be read.
pub fn genesis_blocks(
    layout: &Layout,
    consortium: &Consortium,
    addresses: &Addresses,
    fabric: Option<Version>,
) -> Result<()> {
    for own in consortium.each_channel() {
        let path = layout.genesis_block(&own.channel);
        match path.exists() {
            true => check_version(&path, fabric)?,
            false => genesis_block(layout, &own, addresses, capability(fabric))?,
        }
    }
    Ok(())
}

/// Writes the first block of the consortium's first channel.
///
/// # Errors
/// The organizations' certificates cannot be read.
pub fn genesis_block(
    layout: &Layout,
    consortium: &Consortium,
    addresses: &Addresses,
    capability: ChannelCapability,
) -> Result<()> {
    layout.folder("channel")?;
    let spec = channel_spec(layout, consortium, addresses, capability)?;
    let block = genesis_block_of(&spec)
        .with_context(|| format!("the first block of the channel {} cannot be written", consortium.channel))?;
    write_atomically(&layout.genesis_block(&consortium.channel), &block.encode_to_vec())
}

/// A channel that was made for Fabric 3 cannot be joined by older nodes, whose own message does not tell why.
fn check_version(genesis_block: &Path, fabric: Option<Version>) -> Result<()> {
    let Some(version) = fabric.filter(|version| !version.has_v3_capability()) else { return Ok(()) };
    let bytes = fs::read(genesis_block).with_context(|| format!("cannot read {}", genesis_block.display()))?;
    let block = Block::decode(bytes.as_slice()).context("the channel's first block cannot be read")?;
    let config = ChannelConfig::from_genesis_block(&block).context("the channel's first block cannot be read")?;
    ensure!(
        !config.has_channel_capability(ChannelCapability::V3_0.name()),
        "the channel in this folder was made for Fabric 3 and cannot be joined by Fabric {version}"
    );
    Ok(())
}

/// The first channel of a consortium.
///
/// # Errors
/// The organizations' certificates cannot be read.
pub fn channel_spec(
    layout: &Layout,
    consortium: &Consortium,
    addresses: &Addresses,
    capability: ChannelCapability,
) -> Result<ChannelSpec> {
    let mut spec = ChannelSpec::new(&consortium.channel, capability);
    for organization in &consortium.organizations {
        spec.application_organizations.push(application_organization(layout, organization, addresses)?);
    }
    let orderer = &consortium.orderer;
    let msp = config_from_directory(&orderer.msp_id, &layout.orderer_organization(&orderer.domain).join("msp"))
        .context("the orderer organization's MSP")?;
    let endpoints = addresses.orderers.iter().map(|node| node.endpoint.to_string()).collect();
    spec.orderer_organizations.push(OrdererOrganization::new(msp, endpoints));
    let mut signers = Vec::new();
    for node in &addresses.orderers {
        let keys = layout.orderer(&orderer.domain, &node.node);
        let certificate = fs::read(keys.join("tls/server.crt")).context("an orderer's TLS certificate")?;
        spec.consenters.push(ConsenterSpec {
            host: node.endpoint.host().to_owned(),
            port: node.endpoint.port(),
            client_tls_cert: certificate.clone(),
            server_tls_cert: certificate,
        });
        let identity = SigningIdentity::from_msp_directory(&orderer.msp_id, &keys.join("msp"))
            .with_context(|| format!("the identity of {}", node.node))?;
        let certificate = identity.certificate().pem().to_vec();
        signers.push(BftSigner { msp_id: orderer.msp_id.clone(), certificate });
    }
    // The one orderer of the embedded network stands for any number and any consensus.
    if addresses.kind == Kind::Fabric && orderer.consensus == Consensus::Bft {
        if capability != ChannelCapability::V3_0 {
            bail!("BFT ordering came with Fabric 3.0, and the channel is to run on older programs");
        }
        spec.bft = Some(BftSpec::new(signers));
    }
    spec.batch = BatchSpec {
        max_message_count: orderer.max_message_count,
        absolute_max_bytes: orderer.absolute_max_bytes,
        preferred_max_bytes: orderer.preferred_max_bytes,
        timeout_ms: match addresses.kind {
            Kind::Embedded => orderer.embedded_batch_timeout_ms,
            Kind::Fabric => orderer.batch_timeout_ms,
        },
    };
    // A lone node elects itself after its election timeout, also when it restarts.
    spec.raft = RaftSpec { tick_interval_ms: 100, ..RaftSpec::default() };
    spec.let_readers_evaluate();
    Ok(spec)
}

/// An organization as a channel knows it.
///
/// # Errors
/// Its certificates cannot be read.
pub fn application_organization(
    layout: &Layout,
    organization: &Organization,
    addresses: &Addresses,
) -> Result<ApplicationOrganization> {
    let folder = layout.peer_organization(&organization.domain).join("msp");
    let msp = config_from_directory(&organization.msp_id, &folder)
        .with_context(|| format!("the MSP of {}", organization.msp_id))?;
    let mut group = match organization.role {
        Role::Regulator => ApplicationOrganization::read_only(msp),
        Role::Enterprise | Role::Customs => ApplicationOrganization::new(msp),
    };
    let anchors = addresses.peers_of(&organization.msp_id).iter().take(ANCHOR_PEERS_MAX);
    group.anchor_peers = anchors.map(|peer| (peer.endpoint.host().to_owned(), peer.endpoint.port())).collect();
    Ok(group)
}

/// The chaincode's package of each organization for the addresses of a network: one for all, or, where each
/// organization runs the chaincode in a process of its own, one for each.
///
/// # Errors
/// As [`package`].
pub fn packages(layout: &Layout, consortium: &Consortium, addresses: &Addresses) -> Result<Packages> {
    if addresses.chaincodes.is_empty() {
        let package = package(layout, consortium, addresses)?;
        return Ok(Packages::shared(&package, consortium.endorsing().map(|one| one.msp_id.as_str())));
    }
    let mut packages = Packages::default();
    for organization in consortium.endorsing() {
        let msp_id = &organization.msp_id;
        let endpoint = addresses.chaincodes.get(msp_id);
        let endpoint = endpoint.with_context(|| format!("no address was chosen for the chaincode of {msp_id}"))?;
        let place = Place { folder: chaincode_folder(organization), domain: &organization.domain, endpoint };
        packages = packages.with(msp_id, package_at(layout, &consortium.chaincode.name, &place)?);
    }
    Ok(packages)
}

/// What [`packages`] wrote for processes of organizations' own, without the keys of which it was made.
///
/// # Errors
/// A package cannot be read.
pub fn written_packages(layout: &Layout, consortium: &Consortium) -> Result<Packages> {
    let mut packages = Packages::default();
    for organization in consortium.endorsing() {
        let file = layout.path(&chaincode_folder(organization)).join(PACKAGE);
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        packages = packages.with(&organization.msp_id, Package::from_bytes(&consortium.chaincode.name, bytes));
    }
    Ok(packages)
}

/// The folder of the chaincode of an organization that runs its own process, below the network's.
#[must_use]
pub fn chaincode_folder(organization: &Organization) -> String {
    format!("chaincode/{}", organization.domain)
}

/// A package in the folder of a chaincode.
pub const PACKAGE: &str = "package.tar.gz";

/// The chaincode's package for the addresses of a network in which all organizations share one process. The TLS keys in
/// it are made once.
///
/// # Errors
/// The keys cannot be made or read.
pub fn package(layout: &Layout, consortium: &Consortium, addresses: &Addresses) -> Result<Package> {
    let owner = consortium.organizations.first().context("a consortium without organizations")?;
    let place = Place { folder: "chaincode".to_owned(), domain: &owner.domain, endpoint: &addresses.chaincode };
    package_at(layout, &consortium.chaincode.name, &place)
}

/// A process of the chaincode: the folder of its files, in whose domain it is, and where peers dial it.
struct Place<'a> {
    folder: String,
    domain: &'a str,
    endpoint: &'a Endpoint,
}

fn package_at(layout: &Layout, label: &str, place: &Place<'_>) -> Result<Package> {
    let tls = chaincode_tls(layout, place)?;
    let read = |name: &str| -> Result<String> {
        let path = tls.join(name);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let client_key =
        String::from_utf8(private::read_key(&tls.join("peer.key"))?).context("the peers' key is no text")?;
    let connection = Connection {
        address: place.endpoint.to_string(),
        dial_timeout: "3s".into(),
        tls_required: true,
        client_auth_required: true,
        client_key,
        client_cert: read("peer.crt")?,
        root_cert: read("ca.crt")?,
    };
    let package = Package::new(label, &connection)?;
    // It holds the key with which peers show themselves to the chaincode.
    write_atomically(&layout.folder(&place.folder)?.join(PACKAGE), &package.bytes)?;
    Ok(package)
}

/// What the chaincode role is told.
#[must_use]
pub fn chaincode_arguments(layout: &Layout, addresses: &Addresses, package_id: &str) -> Vec<String> {
    let tls = layout.path("chaincode/tls");
    let file = |name: &str| tls.join(name).display().to_string();
    let operations = addresses.chaincode_operations.iter().flat_map(|own| ["--operations".into(), own.to_string()]);
    let own = [
        "--listen".into(),
        addresses.chaincode.to_string(),
        "--package-id".into(),
        package_id.to_owned(),
        "--tls-cert".into(),
        file("server.crt"),
        "--tls-key".into(),
        file("server.key"),
        "--client-ca".into(),
        file("ca.crt"),
    ];
    own.into_iter().chain(operations).collect()
}

/// The TLS keys between peers and chaincode: one certificate for the server and one for the peers, by an authority
/// whose key is forgotten. It is nobody else's authority, because every organization that shares the process gets the
/// peers' key with the package; and that key is good for showing oneself to this process and for nothing else.
fn chaincode_tls(layout: &Layout, place: &Place<'_>) -> Result<PathBuf> {
    let (domain, host) = (place.domain, place.endpoint.host());
    let folder = layout.path(&place.folder).join("tls");
    if folder.exists() {
        return Ok(folder);
    }
    let (issuer, _) = Authority::create(&CertificateRequest::authority("chaincode-tls", domain))
        .context("the authority of the chaincode's certificates")?;
    let unfinished = layout.path(&place.folder).join("tls.unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).context("cannot remove unfinished chaincode keys")?;
    }
    private::create_folder(&unfinished).context("cannot create the folder of the chaincode's keys")?;
    let mut names = vec!["localhost", "127.0.0.1"];
    if !names.contains(&host) {
        names.push(host);
    }
    let server = CertificateRequest::tls(&format!("chaincode.{domain}"), &names);
    let peer = CertificateRequest {
        purpose: Purpose::ClientOnly,
        ..CertificateRequest::identity(&format!("chaincode-client.{domain}"), &[])
    };
    for (name, request) in [("server", server), ("peer", peer)] {
        let issued = issuer.issue(&request).with_context(|| format!("the chaincode's {name} certificate"))?;
        write_atomically(&unfinished.join(format!("{name}.crt")), issued.certificate.pem())?;
        write_atomically(&unfinished.join(format!("{name}.key")), &issued.key_pem)?;
    }
    write_atomically(&unfinished.join("ca.crt"), issuer.certificate().pem())?;
    fs::rename(&unfinished, &folder).context("cannot put the chaincode's keys in place")?;
    ensure!(folder.exists(), "the chaincode's keys are not in place");
    Ok(folder)
}
