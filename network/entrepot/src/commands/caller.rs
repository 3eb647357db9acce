//! Who calls which gateway: said option by option, or found in the folder of a network.

use std::{
    net::{SocketAddr, ToSocketAddrs},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use clap::Args;
use fabric_msp::{private, signer::SigningIdentity};
use fabric_operator::{generate, layout::Layout};
use trade_gateway::{
    client::{Client, Response},
    meaning::{Asked, Signatory, asks_for_signature},
};

use super::folder::Folder;
use crate::{
    demo::rest::{new_key, only_file},
    exit::Exit,
    output::note,
};

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// Who calls which gateway. Without an identity the call is anybody's.
#[derive(Debug, Args)]
#[group(skip)]
pub struct Who {
    #[allow(missing_docs, reason = "explained by its type")]
    #[command(flatten)]
    folder: Folder,
    /// Call as this user of the network in the folder; the key and all else are found there. Default user: `User1`
    #[arg(long = "as", value_name = "MSP_ID[/USER]", conflicts_with_all = ["msp", "certificate"])]
    person: Option<String>,
    /// Where the gateway listens. Default: where that of the network in the folder does
    #[arg(long, value_name = "HOST:PORT", requires = "authority", conflicts_with = "person")]
    gateway: Option<String>,
    /// The authority of the gateway's TLS certificate, PEM
    #[arg(long, value_name = "FILE", requires = "gateway")]
    authority: Option<PathBuf>,
    /// The caller's MSP folder, with `signcerts` and `keystore`
    #[arg(long, value_name = "DIR", conflicts_with = "certificate")]
    msp: Option<PathBuf>,
    /// The caller's certificate, PEM
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// The key of the certificate, PEM
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
}

/// Who calls which gateway, what it signs where it is asked to, and under which key it writes.
#[derive(Debug, Args)]
#[group(skip)]
pub struct Options {
    #[allow(missing_docs, reason = "explained by its type")]
    #[command(flatten)]
    who: Who,
    /// The caller's MSP id, needed where the gateway asks the caller to sign
    #[arg(long, value_name = "MSP_ID", conflicts_with = "person")]
    msp_id: Option<String>,
    /// The channel of what the caller signs. Default: that of the network in the folder, or `trade` with --gateway
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,
    /// The chaincode of what the caller signs. Default: as the folder's network has it, or `entrepot` with --gateway
    #[arg(long, value_name = "NAME")]
    chaincode: Option<String>,
    /// The idempotency key of a write; the same key again makes a retry. Default: a new one
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

/// A caller of a gateway.
struct Caller {
    client: Client,
    identity: Option<Identity>,
    msp_id: Option<String>,
    channel: String,
    chaincode: String,
}

/// Certificate and key, PEM.
struct Identity {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// What the options leave open.
struct Place {
    gateway: String,
    authority: PathBuf,
    channel: String,
    chaincode: String,
}

impl Options {
    /// Sends a request and gives back the answer, whatever its status, with what it means for the program's end. A
    /// write gets an idempotency key unless a header has one; the key is told when the outcome is not known. Blocks.
    ///
    /// # Errors
    /// There is no such network or user, a file cannot be used, the gateway's name cannot be resolved, there is no
    /// answer, or a signature is asked for that cannot or must not be given.
    pub fn exchange(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        is_write: bool,
    ) -> Result<(Response, Exit)> {
        let caller = self.caller()?;
        let key = self.idempotency_key.clone().map_or_else(new_key, Ok)?;
        let adds_key = is_write && !has(headers, IDEMPOTENCY_KEY);
        let mut headers = headers.to_vec();
        headers.extend(adds_key.then_some((IDEMPOTENCY_KEY, key.as_str())));
        let answered = caller.send(&Asked { method, target, headers: &headers, body });
        let exit = answered.as_ref().map_or_else(Exit::of, |response| Exit::of_status(response.status));
        // With a new key the same request might be carried out a second time.
        if adds_key && matches!(exit, Exit::Unavailable | Exit::Unfinished) {
            note(&format!("To send the same request again and have it done once: --idempotency-key {key}"));
        }
        Ok((answered.with_context(|| format!("calling {method} {target}"))?, exit))
    }

    /// The caller that the options describe.
    fn caller(&self) -> Result<Caller> {
        let found = self.who.caller()?;
        Ok(Caller {
            msp_id: self.msp_id.clone().or(found.msp_id),
            channel: self.channel.clone().unwrap_or(found.channel),
            chaincode: self.chaincode.clone().unwrap_or(found.chaincode),
            ..found
        })
    }
}

impl Who {
    /// A client of the gateway that signs nothing but its connection.
    ///
    /// # Errors
    /// There is no such network or user, a file cannot be used, or the gateway's name cannot be resolved.
    pub fn client(&self) -> Result<Client> {
        Ok(self.caller()?.client)
    }

    fn caller(&self) -> Result<Caller> {
        let (place, person) = match (&self.gateway, &self.authority) {
            (Some(gateway), Some(authority)) => {
                let (channel, chaincode) = ("trade".to_owned(), "entrepot".to_owned());
                (Place { gateway: gateway.clone(), authority: authority.clone(), channel, chaincode }, None)
            }
            _ => self.in_folder()?,
        };
        let identity = match (&self.msp, &self.certificate, &self.key, &person) {
            (Some(msp), ..) => Some(Identity::in_folder(msp)?),
            (None, Some(certificate), Some(key), _) => Some(Identity::read(certificate, key)?),
            (.., Some((_, folder))) => Some(Identity::in_folder(folder)?),
            _ => None,
        };
        let (addresses, host) = resolve(&place.gateway)?;
        let pems = identity.as_ref().map(|identity| (identity.certificate.as_slice(), identity.key.as_slice()));
        let client = Client::new(&addresses, host, &read(&place.authority)?, pems)?;
        let Place { channel, chaincode, .. } = place;
        Ok(Caller { client, identity, msp_id: person.map(|(msp_id, _)| msp_id), channel, chaincode })
    }

    /// The gateway of the folder's network, and the MSP id and the MSP folder of the user that is named.
    fn in_folder(&self) -> Result<(Place, Option<(String, PathBuf)>)> {
        let dir = &self.folder.dir;
        let layout =
            Layout::existing(dir).context("a gateway is named with --gateway, or found in a network's folder")?;
        let addresses = layout.known_addresses()?;
        let addresses = addresses.with_context(|| format!("there is no network in {}", layout.root().display()))?;
        let consortium = generate::consortium(&layout, None)?;
        let first = consortium.organizations.first().context("a consortium without organizations")?;
        let place = Place {
            gateway: addresses.gateway.to_string(),
            authority: layout.tls_authority(&first.domain),
            channel: consortium.channel.clone(),
            chaincode: consortium.chaincode.name.clone(),
        };
        let Some(person) = &self.person else { return Ok((place, None)) };
        let (msp_id, user) = person.split_once('/').unwrap_or((person, "User1"));
        let domain = &consortium.organization(msp_id)?.domain;
        let msp = layout.user(domain, user).join("msp");
        ensure!(msp.is_dir(), "{msp_id} has no user {user} in {}", layout.root().display());
        Ok((place, Some((msp_id.to_owned(), msp))))
    }
}

impl Caller {
    /// Sends a request, and signs what it means where the gateway asks the caller to. Blocks.
    ///
    /// # Errors
    /// There is no answer, or a signature is asked for that cannot or must not be given. A problem is an answer.
    fn send(&self, asked: &Asked<'_>) -> Result<Response> {
        let first = self.client.send(asked.method, asked.target, asked.headers, asked.body)?;
        let Some(identity) = self.identity.as_ref().filter(|_| asks_for_signature(&first)) else { return Ok(first) };
        let msp_id = self.msp_id.as_deref().context("the gateway asks for a signature: --msp-id says whose it is")?;
        let signer = SigningIdentity::from_pem(msp_id, &identity.certificate, &identity.key)?;
        let (channel, chaincode) = (self.channel.as_str(), self.chaincode.as_str());
        let signatory = Signatory { signer: &signer, channel, chaincode, endorsers: None };
        Ok(signatory.finish(&self.client, asked, first)?)
    }
}

impl Identity {
    fn in_folder(msp: &Path) -> Result<Self> {
        Self::read(&only_file(&msp.join("signcerts"))?, &only_file(&msp.join("keystore"))?)
    }

    fn read(certificate: &Path, key: &Path) -> Result<Self> {
        Ok(Self { certificate: read(certificate)?, key: private::read_key(key)? })
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Whether a header is among these.
pub(super) fn has(headers: &[(&str, &str)], wanted: &str) -> bool {
    headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted))
}

/// The addresses of `host:port`, also as a URL, and the name that its certificate must carry.
fn resolve(gateway: &str) -> Result<(Vec<SocketAddr>, &str)> {
    let place = gateway.strip_prefix("https://").unwrap_or(gateway).trim_end_matches('/');
    let host = place.rsplit_once(':').map(|(host, _)| host).filter(|host| !host.is_empty() && !host.contains('/'));
    let host = host.with_context(|| format!("the gateway {gateway} is not HOST:PORT"))?;
    let addresses = place.to_socket_addrs().with_context(|| format!("the gateway {gateway} cannot be found"))?;
    let addresses: Vec<SocketAddr> = addresses.collect();
    ensure!(!addresses.is_empty(), "the gateway {gateway} has no address");
    Ok((addresses, host.trim_matches(['[', ']'])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_an_address_or_a_url() -> Result<()> {
        for (gateway, host) in [
            ("127.0.0.1:8443", "127.0.0.1"),
            ("https://127.0.0.1:8443/", "127.0.0.1"),
            ("https://[::1]:8443", "::1"),
            ("localhost:8443", "localhost"),
        ] {
            let (addresses, name) = resolve(gateway)?;
            assert!(addresses.iter().all(|address| address.port() == 8443), "{gateway}");
            assert_eq!(name, host, "{gateway}");
        }
        for none in ["127.0.0.1", "127.0.0.1:https:", ":8443", "http://127.0.0.1:8443"] {
            assert!(resolve(none).is_err(), "{none}");
        }
        Ok(())
    }
}
