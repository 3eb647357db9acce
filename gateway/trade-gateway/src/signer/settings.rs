//! What a signer is told before it starts.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use trade_claims::desk::Desk;
use trade_standards::identifier::MspId;

use crate::settings::{SettingsFileError, file};

/// Everything a signer is told before it starts. Relative paths are relative to the working directory.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignerSettings {
    /// Where it listens, a loopback address with port. Port 0 takes a free port.
    pub listen: String,
    /// The file with the secret that callers send as `Authorization: Bearer`: 32 to 512 visible ASCII characters.
    pub secret_file: PathBuf,
    /// The gateway that prepares and hands on.
    pub gateway: GatewaySettings,
    /// The channel for which it signs.
    pub channel: String,
    /// The chaincode for which it signs.
    pub chaincode: String,
    /// The organization.
    pub msp_id: String,
    /// The certificate of the identity that signs, PEM.
    pub certificate: PathBuf,
    /// Its key.
    pub key: KeySettings,
    /// Organizations that endorse, with their MSP directories: then each endorsement is verified before a transaction
    /// is signed. Default: endorsements are left for the ledger to judge.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endorsers: Vec<EndorserSettings>,
    /// The policy's file: what is signed.
    pub policy: PathBuf,
}

/// Where the gateway is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewaySettings {
    /// Its address, `host:port`.
    pub address: String,
    /// The name in its certificate. Default: the host of the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// The authority of its TLS certificate, PEM.
    pub tls_ca: PathBuf,
    /// Its issuer, as its settings have it (`oauth.issuer`). Needed with a key in a token: such a key cannot make TLS
    /// connections, so the signer gets access tokens by signed assertions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

/// Where the key is: in a file, or in a PKCS#11 token.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySettings {
    /// The file, PEM. The same key then opens the connection to the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// The token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pkcs11: Option<TokenSettings>,
}

/// A key in a PKCS#11 token.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSettings {
    /// The library that comes with the token.
    pub library: PathBuf,
    /// The token's label.
    pub token: String,
    /// The key's label.
    pub label: String,
    /// The file with the PIN.
    pub pin_file: PathBuf,
}

/// An organization whose endorsements are verified.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndorserSettings {
    /// Its MSP id.
    pub msp_id: String,
    /// Its verifying MSP: `cacerts`, `intermediatecerts`, `crls`, `config.yaml`.
    pub msp_dir: PathBuf,
}

/// Why a signer's settings are refused.
#[derive(Debug, thiserror::Error)]
pub enum SignerSettingsError {
    /// The file cannot be read, or is not of the expected form.
    #[error(transparent)]
    File(#[from] SettingsFileError),
    /// No key, or two.
    #[error("key needs either file or pkcs11")]
    Key,
    /// A key in a token without the gateway's issuer.
    #[error("with a key in a token, gateway.issuer is needed")]
    Issuer,
    /// An organization that no ledger knows.
    #[error("msp_id {0} is no MSP id: 1 to 64 letters, digits, dots and hyphens, the first no sign")]
    MspId(String),
    /// A gateway that is no address.
    #[error("gateway.address {0} is not host:port")]
    Address(String),
}

impl SignerSettings {
    /// Reads settings from a YAML file.
    ///
    /// # Errors
    /// The file cannot be read or does not hold usable settings.
    pub fn load(path: &Path) -> Result<Self, SignerSettingsError> {
        Self::parse(&file::read(path)?)
    }

    /// Parses settings from YAML.
    ///
    /// # Errors
    /// As [`SignerSettings::load`].
    pub fn parse(text: &str) -> Result<Self, SignerSettingsError> {
        let settings: Self = file::parse(text)?;
        settings.check()?;
        Ok(settings)
    }

    pub(super) fn check(&self) -> Result<(), SignerSettingsError> {
        let port =
            self.gateway.address.rsplit_once(':').map(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
        if port != Some(true) {
            return Err(SignerSettingsError::Address(self.gateway.address.clone()));
        }
        self.desk()?;
        match (&self.key.file, &self.key.pkcs11) {
            (Some(_), None) => Ok(()),
            (None, Some(_)) if self.gateway.issuer.is_some() => Ok(()),
            (None, Some(_)) => Err(SignerSettingsError::Issuer),
            _ => Err(SignerSettingsError::Key),
        }
    }

    /// Where commitments and proofs are made.
    pub(super) fn desk(&self) -> Result<Desk, SignerSettingsError> {
        let msp_id = MspId::parse(&self.msp_id).map_err(|_| SignerSettingsError::MspId(self.msp_id.clone()))?;
        Ok(Desk { channel: self.channel.clone(), chaincode: self.chaincode.clone(), msp_id: Some(msp_id) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signer::Policy;

    #[test]
    fn the_settings_in_the_readme_are_usable_and_wrong_ones_are_refused_by_cause() -> Result<(), SignerSettingsError> {
        let readme = include_str!("../../README.md");
        let example = readme.split("```yaml\nlisten: 127.0.0.1:8600 ").nth(1).and_then(|rest| rest.split("```").next());
        let example = format!("listen: 127.0.0.1:8600 {}", example.unwrap_or_default());
        assert_eq!(SignerSettings::parse(&example)?.msp_id, "ExporterMSP");
        let policy = readme.split("```yaml\nreads: true").nth(1).and_then(|rest| rest.split("```").next());
        assert!(Policy::parse(&format!("reads: true{}", policy.unwrap_or_default())).is_ok());
        let refuse = |from: &str, to: &str| {
            assert!(example.contains(from), "{from}");
            SignerSettings::parse(&example.replace(from, to)).err().map(|error| error.to_string()).unwrap_or_default()
        };
        assert!(refuse("key: { file: erp.key }", "key: {}").contains("either file or pkcs11"));
        let token = "key: { pkcs11: { library: l, token: t, label: k, pin_file: p } }";
        assert!(refuse("key: { file: erp.key }", token).contains("gateway.issuer is needed"));
        assert!(refuse("msp_id: ExporterMSP", "msp_id: 'the exporter'").contains("no MSP id"));
        assert!(refuse("gateway.example:8443", "gateway.example").contains("not host:port"));
        assert!(refuse("policy:", "politics:").contains("not valid"));
        Ok(())
    }
}
