//! How the contracts are served: addresses, package ids and TLS files.
//!
//! The command line fills these in. [`ServeOptions::from_variables`] reads the names that Fabric's own chaincode
//! libraries use, so that the same container settings work.

use std::path::PathBuf;
use std::{fs, io};

use fabric_shim::{KeyFileError, ServerTls, read_key};

/// What `serve` needs to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServeOptions {
    /// Addresses (`host:port`; port 0 picks a free one), each with the package id that its peers launch.
    pub listeners: Vec<(String, String)>,
    /// TLS files; plain text without them.
    pub tls: Option<TlsFiles>,
    /// Where health and metrics are told over HTTP, `host:port`. Default: nowhere.
    pub operations: Option<String>,
    /// Most transactions at one time; the server's default when absent.
    pub max_in_flight: Option<usize>,
}

/// PEM files of the server's TLS identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificate chain.
    pub certificate: PathBuf,
    /// Private key.
    pub key: PathBuf,
    /// Authorities whose client certificates are required; any client is let in when absent.
    pub client_ca: Option<PathBuf>,
}

/// Why options cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// A variable is missing.
    #[error("the environment variable {name} is not set")]
    Missing {
        /// The variable.
        name: &'static str,
    },
    /// A TLS file cannot be read.
    #[error("{} cannot be read: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// The file of the private key cannot be taken.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
}

impl ServeOptions {
    /// Options from the environment of the process.
    ///
    /// # Errors
    /// [`OptionsError::Missing`].
    pub fn from_env() -> Result<Self, OptionsError> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// Options from `CHAINCODE_SERVER_ADDRESS`, `CHAINCODE_ID`, and, unless `CHAINCODE_TLS_DISABLED` is `true`,
    /// `CHAINCODE_TLS_CERT`, `CHAINCODE_TLS_KEY` and optionally `CHAINCODE_CLIENT_CA_CERT`. TLS is off when none of the
    /// TLS variables is set. `ENTREPOT_CHAINCODE_OPERATIONS` is where health and metrics are told; Fabric's libraries
    /// tell none.
    ///
    /// # Errors
    /// [`OptionsError::Missing`].
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, OptionsError> {
        let set = |name: &'static str| variable(name).filter(|value| !value.is_empty());
        let required = |name: &'static str| set(name).ok_or(OptionsError::Missing { name });
        let listeners = vec![(required("CHAINCODE_SERVER_ADDRESS")?, required("CHAINCODE_ID")?)];
        let disabled = set("CHAINCODE_TLS_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let mentioned = set("CHAINCODE_TLS_DISABLED").is_some()
            || set("CHAINCODE_TLS_CERT").is_some()
            || set("CHAINCODE_TLS_KEY").is_some();
        let tls = if disabled || !mentioned {
            None
        } else {
            Some(TlsFiles {
                certificate: required("CHAINCODE_TLS_CERT")?.into(),
                key: required("CHAINCODE_TLS_KEY")?.into(),
                client_ca: set("CHAINCODE_CLIENT_CA_CERT").map(PathBuf::from),
            })
        };
        Ok(Self { listeners, tls, operations: set("ENTREPOT_CHAINCODE_OPERATIONS"), max_in_flight: None })
    }
}

impl TlsFiles {
    pub(crate) fn read(&self) -> Result<ServerTls, OptionsError> {
        let client_ca_pem = self.client_ca.as_ref().map(read).transpose()?;
        Ok(ServerTls { cert_pem: read(&self.certificate)?, key_pem: read_key(&self.key)?, client_ca_pem })
    }
}

fn read(path: &PathBuf) -> Result<Vec<u8>, OptionsError> {
    fs::read(path).map_err(|cause| OptionsError::File { path: path.clone(), cause })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(variables: &[(&str, &str)]) -> Result<ServeOptions, OptionsError> {
        let lookup =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        ServeOptions::from_variables(lookup)
    }

    const PLAIN: [(&str, &str); 2] = [("CHAINCODE_SERVER_ADDRESS", "0.0.0.0:9999"), ("CHAINCODE_ID", "entrepot:4f")];

    #[test]
    fn address_and_package_id_are_enough() -> Result<(), OptionsError> {
        let options = options(&PLAIN)?;
        assert_eq!(options.listeners, [("0.0.0.0:9999".to_owned(), "entrepot:4f".to_owned())]);
        assert_eq!((options.tls, options.operations), (None, None));
        Ok(())
    }

    #[test]
    fn half_of_a_tls_identity_is_refused_by_name() {
        let mut variables = PLAIN.to_vec();
        variables.push(("CHAINCODE_TLS_CERT", "/tls/server.crt"));
        assert!(matches!(options(&variables), Err(OptionsError::Missing { name: "CHAINCODE_TLS_KEY" })));
        variables.push(("CHAINCODE_TLS_DISABLED", "true"));
        assert!(options(&variables).is_ok_and(|options| options.tls.is_none()));
    }

    #[test]
    fn a_missing_file_is_named() {
        let files = TlsFiles { certificate: "/no/such/file".into(), key: "/no/such/file".into(), client_ca: None };
        assert!(matches!(files.read(), Err(OptionsError::File { path, .. }) if path.ends_with("file")));
    }
}
