//! Connection profiles: the YAML or JSON with which a network's operator tells clients where an organization's peers
//! are, in the form of Fabric's SDKs and of `connection-org1.yaml` of its samples.
//!
//! Of a profile only the organization's MSP id and its peers are used. Keys that stand in some profiles are not read.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::{files, peer::Peer};
use crate::{certificates::only_certificates, endpoint::Endpoint};

/// What a profile says about an organization.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Its MSP id.
    pub msp_id: String,
    /// Its peers, in the order of the profile; never empty.
    pub peers: Vec<Peer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    #[serde(default)]
    client: Option<Client>,
    #[serde(default)]
    organizations: BTreeMap<String, OrganizationEntry>,
    #[serde(default)]
    peers: BTreeMap<String, PeerEntry>,
}

#[derive(Deserialize)]
struct Client {
    #[serde(default)]
    organization: Option<String>,
}

#[derive(Deserialize)]
struct OrganizationEntry {
    #[serde(alias = "mspID", alias = "mspId")]
    mspid: String,
    #[serde(default)]
    peers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PeerEntry {
    url: String,
    #[serde(default, rename = "tlsCACerts")]
    tls_ca_certs: Option<Authorities>,
    #[serde(default)]
    grpc_options: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct Authorities {
    #[serde(default)]
    pem: Option<OneOrMany>,
    #[serde(default)]
    path: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// The options that name the host in the peer's certificate, the one that counts first.
const NAME_OPTIONS: [&str; 2] = ["ssl-target-name-override", "hostnameOverride"];

impl Profile {
    /// Reads a profile. `msp_id` chooses an organization of several; without it the one of the profile's `client`
    /// counts, or the only one. A path in the profile is relative to the profile's folder.
    ///
    /// # Errors
    /// The file cannot be read, has another form, or names no such organization or none of its peers.
    pub fn load(path: &Path, msp_id: Option<&str>) -> Result<Self> {
        let text = files::read_text(path)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        Self::parse(&text, folder, msp_id).with_context(|| format!("the connection profile {}", path.display()))
    }

    fn parse(text: &str, folder: &Path, msp_id: Option<&str>) -> Result<Self> {
        let file: File = files::parse(text)?;
        let organization = choose(&file, msp_id)?;
        let mut peers = Vec::new();
        for name in &organization.peers {
            let entry = file.peers.get(name);
            let entry = entry.with_context(|| format!("the peer {name} of {} stands not in it", organization.mspid))?;
            peers.push(peer(name, entry, folder).with_context(|| format!("the peer {name}"))?);
        }
        ensure!(!peers.is_empty(), "{} has no peers in it", organization.mspid);
        Ok(Self { msp_id: organization.mspid.clone(), peers })
    }
}

fn choose<'a>(file: &'a File, msp_id: Option<&str>) -> Result<&'a OrganizationEntry> {
    let all = &file.organizations;
    let named = || all.values().map(|one| one.mspid.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(msp_id) = msp_id {
        let found = all.values().find(|one| one.mspid == msp_id);
        return found.with_context(|| format!("it has no organization with the MSP id {msp_id}, only {}", named()));
    }
    if let Some(name) = file.client.as_ref().and_then(|client| client.organization.as_ref()) {
        return all.get(name).with_context(|| format!("its client's organization {name} stands not in it"));
    }
    let mut entries = all.values();
    match (entries.next(), entries.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => bail!("it names no organization"),
        _ => bail!("it names several organizations and no client's ({}): say which one by its MSP id", named()),
    }
}

fn peer(name: &str, entry: &PeerEntry, folder: &Path) -> Result<Peer> {
    let (tls, rest) = match entry.url.split_once("://") {
        Some(("grpcs", rest)) => (true, rest),
        Some(("grpc", rest)) => (false, rest),
        Some((scheme, _)) => bail!("its url begins with {scheme}://, and only grpcs:// and grpc:// are known"),
        None => (entry.tls_ca_certs.is_some(), entry.url.as_str()),
    };
    let address: Endpoint = rest.trim_end_matches('/').parse()?;
    // Without TLS nothing is trusted, and profiles have it empty.
    let authorities = entry.tls_ca_certs.as_ref().filter(|_| tls);
    let authority = authorities.map(|authorities| authority(authorities, folder)).transpose()?;
    ensure!(!tls || authority.is_some(), "it speaks TLS, and the profile gives no tlsCACerts to trust");
    let named = NAME_OPTIONS.iter().find_map(|option| entry.grpc_options.get(*option)?.as_str());
    Ok(Peer {
        name: name.to_owned(),
        address,
        tls_ca: authority,
        server_name: named.map(str::to_owned),
        client: None,
        operations: None,
    })
}

fn authority(authorities: &Authorities, folder: &Path) -> Result<Vec<u8>> {
    let pem = match (&authorities.pem, &authorities.path) {
        (Some(OneOrMany::One(pem)), _) => only_certificates(pem),
        (Some(OneOrMany::Many(pems)), _) => only_certificates(&pems.join("\n")),
        (None, Some(path)) => return files::read_certificates(&folder.join(path)),
        (None, None) => bail!("its tlsCACerts has neither pem nor path"),
    };
    Ok(pem.context("the pem of its tlsCACerts")?.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificates::tests::authority_of_tests;

    /// As Fabric's samples write it, with two organizations.
    const YAML: &str = r#"
name: test-network-org1
version: 1.0.0
client:
  organization: Org1
  connection: { timeout: { peer: { endorser: '300' } } }
organizations:
  Org1: { mspid: Org1MSP, peers: [peer0.org1.example.com], certificateAuthorities: [ca.org1.example.com] }
  Org2: { mspid: Org2MSP, peers: [peer0.org2.example.com, peer1.org2.example.com] }
peers:
  peer0.org1.example.com:
    url: grpcs://localhost:7051
    tlsCACerts:
      pem: |
CERTIFICATE
    grpcOptions:
      ssl-target-name-override: peer0.org1.example.com
      hostnameOverride: other.example.com
  peer0.org2.example.com: { url: 'grpc://127.0.0.1:9051' }
  peer1.org2.example.com: { url: 'grpc://127.0.0.1:9052/' }
certificateAuthorities:
  ca.org1.example.com: { url: 'https://localhost:7054', httpOptions: { verify: false } }
"#;

    /// A profile with a certificate in its place.
    fn profile() -> String {
        let indented = authority_of_tests().lines().fold(String::new(), |text, line| text + "          " + line + "\n");
        YAML.replace("CERTIFICATE\n", &indented)
    }

    fn parse(text: &str, msp_id: Option<&str>) -> Result<Profile> {
        Profile::parse(text, Path::new("/nowhere"), msp_id)
    }

    #[test]
    fn a_profile_of_the_samples_is_read_as_yaml_and_as_json() -> Result<()> {
        let yaml = profile();
        let value: serde_json::Value = serde_norway::from_str(&yaml)?;
        let json = serde_json::to_string_pretty(&value)?.replace("  ", "\t");
        for text in [yaml.as_str(), json.as_str()] {
            let profile = parse(text, None)?;
            assert_eq!(profile.msp_id, "Org1MSP");
            let peer = &profile.peers[0];
            assert_eq!(
                (peer.name.as_str(), peer.address.to_string().as_str()),
                ("peer0.org1.example.com", "localhost:7051")
            );
            assert_eq!(peer.server_name.as_deref(), Some("peer0.org1.example.com"));
            assert!(peer.tls_ca.as_ref().is_some_and(|pem| pem.starts_with(b"-----BEGIN")));
        }
        let other = parse(&yaml, Some("Org2MSP"))?;
        assert_eq!(other.peers.len(), 2);
        assert!(other.peers[1].tls_ca.is_none() && other.peers[1].address.port() == 9052);
        Ok(())
    }

    #[test]
    fn an_authority_may_stand_in_a_file_beside_the_profile() -> Result<()> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("ca.pem"), authority_of_tests())?;
        let text = "organizations: { A: { mspid: AMSP, peers: [p] } }\n\
                    peers: { p: { url: 'grpcs://p:1', tlsCACerts: { path: ca.pem } } }";
        std::fs::write(folder.path().join("profile.yaml"), text)?;
        let profile = Profile::load(&folder.path().join("profile.yaml"), None)?;
        assert_eq!(profile.peers[0].tls_ca.as_deref(), Some(authority_of_tests().as_bytes()));
        Ok(())
    }

    #[test]
    fn peers_may_share_what_stands_in_the_profile_once() -> Result<()> {
        let pem = serde_json::to_string(authority_of_tests())?;
        let text = format!(
            "tls: &tls {{ tlsCACerts: {{ pem: {pem} }} }}\n\
             organizations: {{ A: {{ mspid: AMSP, peers: [p, q] }} }}\n\
             peers: {{ p: {{ <<: *tls, url: 'grpcs://p:1' }}, q: {{ <<: *tls, url: 'grpcs://q:1' }} }}"
        );
        let read = parse(&text, None)?;
        assert!(read.peers.len() == 2 && read.peers.iter().all(|peer| peer.tls_ca.is_some()), "{read:?}");
        Ok(())
    }

    #[test]
    fn what_is_missing_in_a_profile_is_named() {
        let yaml = profile();
        let yaml = yaml.as_str();
        let without_client = yaml.replace("client:", "clients:");
        for (text, msp_id, reason) in [
            (yaml, Some("Org3MSP"), "no organization with the MSP id Org3MSP, only Org1MSP, Org2MSP"),
            (&without_client, None, "several organizations"),
            (&yaml.replace("organization: Org1", "organization: Org9"), None, "Org9 stands not in it"),
            (&yaml.replace("grpcs:", "http:"), None, "http://"),
            (&yaml.replace("localhost:7051", "localhost"), None, "host:port"),
            (&yaml.replace("tlsCACerts", "tlsCerts"), None, "no tlsCACerts"),
            (&yaml.replace("      pem:", "      text:"), None, "neither pem nor path"),
            (&yaml.replace("      pem: |", "      pem: ''\n      text: |"), None, "no certificate in PEM"),
            (&yaml.replace(" CERTIFICATE-", " PRIVATE KEY-"), None, "it holds a PRIVATE KEY"),
            (&yaml.replace("peers: [peer0.org1.example.com]", "peers: []"), None, "has no peers"),
            (&yaml.replace("peers: [peer0.org1.example.com]", "peers: [x]"), None, "the peer x of Org1MSP"),
            ("[]", None, "not the form"),
            ("{ \"organizations\": 1 }", None, "not the form"),
            ("organizations: {}", None, "names no organization"),
        ] {
            let error = format!("{:#}", parse(text, msp_id).expect_err(reason));
            assert!(error.contains(reason), "{reason}: {error}");
        }
    }
}
