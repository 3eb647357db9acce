//! What a network needs before it starts: keys, the channel's first block, the chaincode's package. Each is made once and
//! then left alone.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use fabric_msp::{
    channel::{
        ApplicationOrganization, BatchSpec, ChannelCapability, ChannelSpec, ConsenterSpec, OrdererOrganization,
        RaftSpec, genesis_block as genesis_block_of,
    },
    crypto::{self, Authority, CertificateRequest, CryptoConfig},
    msp::config_from_directory,
};
use prost::Message;

use crate::{
    consortium::{self, Consortium, Role},
    fabric::Version,
    layout::{Addresses, Kind, Layout, write_atomically},
    package::{Connection, Package},
};

/// Generates the demo's keys into the layout, unless they are there.
///
/// # Errors
/// The keys cannot be written.
pub fn crypto(layout: &Layout) -> Result<()> {
    if layout.crypto().exists() {
        return Ok(());
    }
    // Made beside and renamed, so that an interrupted run leaves nothing half done.
    let unfinished = layout.path("crypto.unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).with_context(|| format!("cannot remove {}", unfinished.display()))?;
    }
    crypto_into(consortium::DEFAULT_CRYPTO, &unfinished)?;
    fs::rename(&unfinished, layout.crypto()).context("cannot put the generated keys in place")
}

/// Generates the keys of a crypto configuration into a folder.
///
/// # Errors
/// The configuration is not usable, or keys exist in the folder already.
pub fn crypto_into(config: &str, output: &Path) -> Result<()> {
    let config = CryptoConfig::from_yaml(config).context("the crypto configuration is not usable")?;
    crypto::generate(&config, output).with_context(|| format!("cannot generate keys into {}", output.display()))?;
    Ok(())
}

/// Writes the channel's first block, unless it is there.
///
/// # Errors
/// The organisations' certificates cannot be read.
pub fn genesis_block(
    layout: &Layout,
    consortium: &Consortium,
    addresses: &Addresses,
    fabric: Option<Version>,
) -> Result<()> {
    let path = layout.genesis_block();
    if path.exists() {
        return Ok(());
    }
    layout.folder("channel")?;
    let spec = channel_spec(layout, consortium, addresses, fabric)?;
    let block = genesis_block_of(&spec).context("the channel's first block cannot be written")?;
    write_atomically(&path, &block.encode_to_vec())
}

/// The channel of a consortium.
///
/// # Errors
/// The organisations' certificates cannot be read.
pub fn channel_spec(
    layout: &Layout,
    consortium: &Consortium,
    addresses: &Addresses,
    fabric: Option<Version>,
) -> Result<ChannelSpec> {
    let capability = match fabric {
        Some(version) if !version.has_v3_capability() => ChannelCapability::V2_0,
        _ => ChannelCapability::V3_0,
    };
    let mut spec = ChannelSpec::new(&consortium.channel, capability);
    for organisation in &consortium.organisations {
        let folder = layout.peer_organisation(&organisation.domain).join("msp");
        let msp = config_from_directory(&organisation.msp_id, &folder)
            .with_context(|| format!("the MSP of {}", organisation.msp_id))?;
        let mut group = match organisation.role {
            Role::Regulator => ApplicationOrganization::read_only(msp),
            Role::Enterprise | Role::Customs => ApplicationOrganization::new(msp),
        };
        let peer = addresses.peers.get(&organisation.msp_id).context("an organisation without an address")?;
        group.anchor_peers.push((peer.endpoint.ip().to_string(), peer.endpoint.port()));
        spec.application_organizations.push(group);
    }
    let orderer = &consortium.orderer;
    let msp = config_from_directory(&orderer.msp_id, &layout.orderer_organisation(&orderer.domain).join("msp"))
        .context("the orderer organisation's MSP")?;
    spec.orderer_organizations.push(OrdererOrganization::new(msp, vec![addresses.orderer.to_string()]));
    let certificate = fs::read(layout.orderer(&orderer.domain, &orderer.nodes[0]).join("tls/server.crt"))
        .context("the orderer's TLS certificate")?;
    spec.consenters.push(ConsenterSpec {
        host: addresses.orderer.ip().to_string(),
        port: addresses.orderer.port(),
        client_tls_cert: certificate.clone(),
        server_tls_cert: certificate,
    });
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

/// The chaincode's package for the addresses of a network. The TLS keys in it are made once.
///
/// # Errors
/// The keys cannot be made or read.
pub fn package(layout: &Layout, consortium: &Consortium, addresses: &Addresses) -> Result<Package> {
    let tls = chaincode_tls(layout, consortium)?;
    let read = |name: &str| -> Result<String> {
        let path = tls.join(name);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let connection = Connection {
        address: addresses.chaincode.to_string(),
        dial_timeout: "3s".into(),
        tls_required: true,
        client_auth_required: true,
        client_key: read("peer.key")?,
        client_cert: read("peer.crt")?,
        root_cert: read("ca.crt")?,
    };
    let package = Package::new(&consortium.chaincode.name, &connection)?;
    write_atomically(&layout.folder("chaincode")?.join("package.tar.gz"), &package.bytes)?;
    Ok(package)
}

/// What the chaincode role is told.
#[must_use]
pub fn chaincode_arguments(layout: &Layout, addresses: &Addresses, package_id: &str) -> Vec<String> {
    let tls = layout.path("chaincode/tls");
    let file = |name: &str| tls.join(name).display().to_string();
    vec![
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
    ]
}

/// The TLS keys between peers and chaincode: one authority, one certificate for the server and one for the peers.
fn chaincode_tls(layout: &Layout, consortium: &Consortium) -> Result<std::path::PathBuf> {
    let folder = layout.path("chaincode/tls");
    if folder.exists() {
        return Ok(folder);
    }
    let owner = consortium.organisations.first().context("a consortium without organisations")?;
    let authority = layout.peer_organisation(&owner.domain).join("tlsca");
    let issuer = Authority::open(&authority).with_context(|| format!("the authority in {}", authority.display()))?;
    let unfinished = layout.path("chaincode/tls.unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).context("cannot remove unfinished chaincode keys")?;
    }
    fs::create_dir_all(&unfinished).context("cannot create the folder of the chaincode's keys")?;
    for (name, common_name) in [("server", "chaincode"), ("peer", "chaincode-client")] {
        let request = CertificateRequest::tls(&format!("{common_name}.{}", owner.domain), &["localhost", "127.0.0.1"]);
        let issued = issuer.issue(&request).with_context(|| format!("the chaincode's {name} certificate"))?;
        write_atomically(&unfinished.join(format!("{name}.crt")), issued.certificate.pem())?;
        write_secret(&unfinished.join(format!("{name}.key")), &issued.key_pem)?;
    }
    write_atomically(&unfinished.join("ca.crt"), issuer.certificate().pem())?;
    fs::rename(&unfinished, &folder).context("cannot put the chaincode's keys in place")?;
    ensure!(folder.exists(), "the chaincode's keys are not in place");
    Ok(folder)
}

fn write_secret(path: &Path, content: &[u8]) -> Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut file = fs::OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot create {}", path.display()))?;
    file.write_all(content).with_context(|| format!("cannot write {}", path.display()))
}
