//! Proxies on whose word a client's certificate is taken.

use std::{collections::BTreeSet, path::PathBuf};

use serde::{Deserialize, Serialize};

/// Most proxies.
const PROXIES_MAX: usize = 16;

/// Longest name, in bytes.
const NAME_BYTES_MAX: usize = 32;

/// A proxy that ends clients' TLS connections and says in `Client-Cert` (RFC 9440) which certificate each has shown. It
/// is known by the client certificate of its own connection to this gateway: by its digest, or by subject and
/// authority. What it says is believed, so it must take the header out of what its clients send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProxySettings {
    /// What it is called in the audit log: 1 to 32 of `a-z`, `A-Z`, `0-9`, `-`, `_`, `.`.
    pub name: String,
    /// SHA-256 of its certificate (DER), hex. A renewed certificate is another entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_sha256: Option<String>,
    /// The subject of its certificates, as the log and `GET /v1/whoami` write subjects: `CN=edge,O=Example`. Needs
    /// `authority`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The authority that issues them, a PEM file. It should be none of an organization's: whom it certifies under that
    /// subject acts as anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<PathBuf>,
}

/// Why settings of proxies are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxySettingsError {
    /// More than a gateway has before it.
    #[error("at most {PROXIES_MAX} proxies can be listed, not {0}")]
    TooMany(usize),
    /// A name that would be ambiguous in the audit log.
    #[error(
        "the proxy name {0} is used twice, is empty, too long, or has other characters than letters, digits, - _ ."
    )]
    Name(String),
    /// Known by nothing, or by two things.
    #[error("proxy {0} needs either certificate_sha256, or subject and authority")]
    Unknown(String),
    /// No digest.
    #[error("certificate_sha256 of proxy {0} is not 64 hexadecimal digits")]
    Digest(String),
}

/// Checks a list of proxies.
pub(super) fn check(proxies: &[ProxySettings]) -> Result<(), ProxySettingsError> {
    if proxies.len() > PROXIES_MAX {
        return Err(ProxySettingsError::TooMany(proxies.len()));
    }
    let mut names = BTreeSet::new();
    for proxy in proxies {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_name = (1..=NAME_BYTES_MAX).contains(&proxy.name.len()) && proxy.name.bytes().all(fits);
        if !is_name || !names.insert(proxy.name.as_str()) {
            return Err(ProxySettingsError::Name(proxy.name.clone()));
        }
        match (&proxy.certificate_sha256, &proxy.subject, &proxy.authority) {
            (Some(digest), None, None) if digest_of(digest).is_none() => {
                return Err(ProxySettingsError::Digest(proxy.name.clone()));
            }
            (None, Some(subject), Some(_)) if subject.is_empty() => {
                return Err(ProxySettingsError::Unknown(proxy.name.clone()));
            }
            (Some(_), None, None) | (None, Some(_), Some(_)) => {}
            _ => return Err(ProxySettingsError::Unknown(proxy.name.clone())),
        }
    }
    Ok(())
}

/// The digest that is written so, with or without colons.
pub(crate) fn digest_of(text: &str) -> Option<[u8; 32]> {
    hex::decode(text.replace(':', "")).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_known_by_one_thing_under_a_name_of_its_own() {
        let digest = Some("00".repeat(32));
        let by_digest = |name: &str| ProxySettings {
            name: name.to_owned(),
            certificate_sha256: digest.clone(),
            subject: None,
            authority: None,
        };
        let named = |subject: Option<&str>, authority: Option<&str>| ProxySettings {
            certificate_sha256: None,
            subject: subject.map(str::to_owned),
            authority: authority.map(PathBuf::from),
            ..by_digest("edge")
        };
        assert_eq!(check(&[by_digest("edge"), by_digest("dmz")]), Ok(()));
        assert_eq!(check(&[named(Some("CN=edge"), Some("ca.pem"))]), Ok(()));
        assert!(matches!(check(&[by_digest("a"), by_digest("a")]), Err(ProxySettingsError::Name(_))));
        for name in ["", "a b", "a\n", &"x".repeat(33)] {
            assert!(matches!(check(&[by_digest(name)]), Err(ProxySettingsError::Name(_))), "{name:?}");
        }
        for incomplete in [
            named(Some(""), Some("ca.pem")),
            named(Some("CN=edge"), None),
            named(None, Some("ca.pem")),
            named(None, None),
        ] {
            assert!(matches!(check(&[incomplete]), Err(ProxySettingsError::Unknown(_))));
        }
        let both = ProxySettings { subject: Some("CN=edge".to_owned()), ..by_digest("edge") };
        assert!(matches!(check(&[both]), Err(ProxySettingsError::Unknown(_))));
        let cut = ProxySettings { certificate_sha256: Some("00".to_owned()), ..by_digest("edge") };
        assert!(matches!(check(&[cut]), Err(ProxySettingsError::Digest(_))));
        assert!(matches!(check(&vec![by_digest("a"); 17]), Err(ProxySettingsError::TooMany(17))));
    }
}
