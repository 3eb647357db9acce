//! The variables of Fabric's own command line, `peer`, which a user's shell often has set.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use fabric_operator::connect::{PeerEntry, TlsClient};

const MSP_ID: &str = "CORE_PEER_LOCALMSPID";
const ADMIN: &str = "CORE_PEER_MSPCONFIGPATH";
const ADDRESS: &str = "CORE_PEER_ADDRESS";
const TLS: &str = "CORE_PEER_TLS_ENABLED";
const TLS_CA: &str = "CORE_PEER_TLS_ROOTCERT_FILE";
const SERVER_NAME: &str = "CORE_PEER_TLS_SERVERHOSTOVERRIDE";
const CLIENT_AUTH: &str = "CORE_PEER_TLS_CLIENTAUTHREQUIRED";
const CLIENT_CERTIFICATE: &str = "CORE_PEER_TLS_CLIENTCERT_FILE";
const CLIENT_KEY: &str = "CORE_PEER_TLS_CLIENTKEY_FILE";
/// The folder of `core.yaml`, to which relative paths in the others are relative.
const CONFIGURATION: &str = "FABRIC_CFG_PATH";

/// What the variables say.
#[derive(Debug)]
pub(super) struct Environment {
    pub(super) msp_id: String,
    pub(super) admin: PathBuf,
    pub(super) peer: PeerEntry,
    pub(super) tls_client: Option<TlsClient>,
}

/// Reads the variables as `peer` does, of which `variable` answers the values; an empty one is not set. Where
/// `CORE_PEER_TLS_ENABLED` is not set, TLS is spoken when the authority is.
///
/// # Errors
/// One is missing, or cannot mean anything.
pub(super) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Environment> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let needed = |name: &str| set(name).with_context(|| format!("the variable {name} is not set"));
    let folder = set(CONFIGURATION).unwrap_or_default();
    let path = |value: String| Path::new(&folder).join(value);
    let flag = |name: &str| set(name).map(|value| truth(name, &value)).transpose();
    let for_flag = |flag: &str, name: &str| {
        set(name).map(path).with_context(|| format!("{flag} is true, and the variable {name} is not set"))
    };
    let tls_ca = match flag(TLS)? {
        None => set(TLS_CA).map(path),
        Some(false) => None,
        Some(true) => Some(for_flag(TLS, TLS_CA)?),
    };
    let tls_client = match flag(CLIENT_AUTH)? {
        None | Some(false) => None,
        Some(true) => Some(TlsClient {
            certificate: for_flag(CLIENT_AUTH, CLIENT_CERTIFICATE)?,
            key: for_flag(CLIENT_AUTH, CLIENT_KEY)?,
        }),
    };
    let address = needed(ADDRESS)?.parse().with_context(|| format!("the variable {ADDRESS}"))?;
    let peer = PeerEntry { address, tls_ca, server_name: set(SERVER_NAME), operations: None };
    Ok(Environment { msp_id: needed(MSP_ID)?, admin: path(needed(ADMIN)?), peer, tls_client })
}

/// A truth value in one of the forms that Go takes.
fn truth(name: &str, value: &str) -> Result<bool> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => bail!("the variable {name} is neither true nor false"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SET: [(&str, &str); 3] = [(MSP_ID, "AMSP"), (ADMIN, "/admin"), (ADDRESS, "peer:7051")];

    fn with(changes: &[(&str, &str)]) -> Result<Environment> {
        let all = |name: &str| changes.iter().chain(&SET).find(|(known, _)| *known == name);
        read(|name| all(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn variables_mean_what_they_mean_to_peer() -> Result<()> {
        let plain = with(&[])?;
        assert_eq!((plain.msp_id.as_str(), plain.admin.as_path()), ("AMSP", Path::new("/admin")));
        assert_eq!((plain.peer.address.to_string().as_str(), &plain.peer.tls_ca), ("peer:7051", &None));
        let authority = |changes: &[(&str, &str)]| with(changes).map(|read| read.peer.tls_ca);
        for (flag, is_spoken) in [("", true), ("true", true), ("1", true), ("false", false), ("F", false)] {
            let expected = is_spoken.then(|| PathBuf::from("/ca.pem"));
            assert_eq!(authority(&[(TLS, flag), (TLS_CA, "/ca.pem")])?, expected, "{flag}");
        }
        assert_eq!(authority(&[(TLS, "false")])?, None);
        let named = with(&[(SERVER_NAME, "peer0.example.com"), (TLS_CA, "ca.pem"), (CONFIGURATION, "cfg")])?;
        assert_eq!(named.peer.server_name.as_deref(), Some("peer0.example.com"));
        assert_eq!(named.peer.tls_ca.as_deref(), Some(Path::new("cfg/ca.pem")));
        assert_eq!(with(&[(ADMIN, "msp"), (CONFIGURATION, "/cfg")])?.admin, Path::new("/cfg/msp"));
        let files = [(CLIENT_CERTIFICATE, "/c.crt"), (CLIENT_KEY, "c.key"), (CONFIGURATION, "/cfg")];
        assert!(with(&files)?.tls_client.is_none());
        let shown = with(&[&files[..], &[(CLIENT_AUTH, "true")]].concat())?.tls_client;
        let shown = shown.map(|files| (files.certificate, files.key));
        assert_eq!(shown, Some((PathBuf::from("/c.crt"), PathBuf::from("/cfg/c.key"))));
        Ok(())
    }

    #[test]
    fn a_variable_that_is_missing_or_means_nothing_is_named() {
        for (change, reason) in [
            ((MSP_ID, ""), "the variable CORE_PEER_LOCALMSPID is not set"),
            ((ADMIN, ""), "the variable CORE_PEER_MSPCONFIGPATH is not set"),
            ((ADDRESS, ""), "the variable CORE_PEER_ADDRESS is not set"),
            ((ADDRESS, "peer"), "the variable CORE_PEER_ADDRESS"),
            ((TLS, "true"), "CORE_PEER_TLS_ENABLED is true, and the variable CORE_PEER_TLS_ROOTCERT_FILE is not set"),
            ((TLS, "yes"), "the variable CORE_PEER_TLS_ENABLED is neither true nor false"),
            ((CLIENT_AUTH, "1"), "REQUIRED is true, and the variable CORE_PEER_TLS_CLIENTCERT_FILE is not set"),
        ] {
            let error = format!("{:#}", with(&[change]).expect_err(reason));
            assert!(error.contains(reason), "{reason}: {error}");
        }
    }
}
