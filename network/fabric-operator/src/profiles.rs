//! Connection profiles of a folder's network, for clients and SDKs of others: one for each organization, in the form of
//! `connection-org1.json` and `connection-org1.yaml` of Fabric's samples.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use fabric_msp::private;
use serde_json::{Map, Value, json};

use crate::{
    consortium::Organization,
    layout::{Addresses, Layout, write_atomically, write_json},
    network::Network,
};

/// Writes `connection-MSPID.json` and `connection-MSPID.yaml` for each organization that has peers, and answers the
/// files.
///
/// # Errors
/// An authority's certificate cannot be read, or a file cannot be written.
pub fn write(network: &Network<'_>, folder: &Path) -> Result<Vec<PathBuf>> {
    private::create_folder(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let mut written = Vec::new();
    for organization in &network.consortium.organizations {
        let profile = profile(network.layout, network.addresses, organization)?;
        let path = |ending: &str| folder.join(format!("connection-{}.{ending}", organization.msp_id));
        write_json(&path("json"), &profile)?;
        let yaml = serde_norway::to_string(&profile).context("cannot write YAML")?;
        write_atomically(&path("yaml"), yaml.as_bytes())?;
        written.extend([path("json"), path("yaml")]);
    }
    Ok(written)
}

fn profile(layout: &Layout, addresses: &Addresses, organization: &Organization) -> Result<Value> {
    let authority = layout.tls_authority(&organization.domain);
    let pem = fs::read_to_string(&authority).with_context(|| format!("cannot read {}", authority.display()))?;
    let mut peers = Map::new();
    for (number, peer) in addresses.peers_of(&organization.msp_id).iter().enumerate() {
        let host = format!("peer{number}.{}", organization.domain);
        let entry = json!({
            "url": format!("grpcs://{}", peer.endpoint),
            "tlsCACerts": { "pem": pem },
            "grpcOptions": { "ssl-target-name-override": host, "hostnameOverride": host },
        });
        peers.insert(host, entry);
    }
    let names: Vec<&String> = peers.keys().collect();
    Ok(json!({
        "name": format!("entrepot-{}", organization.msp_id),
        "version": "1.0.0",
        "client": { "organization": organization.name },
        "organizations": { &organization.name: { "mspid": organization.msp_id, "peers": names } },
        "peers": peers,
    }))
}
