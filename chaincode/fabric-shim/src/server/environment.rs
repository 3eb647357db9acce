//! Settings from the environment, under the names that Fabric's samples and its Go, Java and Node libraries use.
//!
//! Of several names for one thing the first that is set wins. Names that end in `_PATH` hold base64 of the PEM text
//! itself; all others name a PEM file.

use std::{fs, io, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use fabric_contract::Router;
use fabric_msp::{
    private::{self, KeyFileError},
    transport::ServerTls,
};

use super::builder::ChaincodeServerBuilder;

const PACKAGE_ID: [&str; 3] = ["CHAINCODE_ID", "CORE_CHAINCODE_ID_NAME", "CORE_CHAINCODE_ID"];
const ADDRESS: [&str; 2] = ["CHAINCODE_SERVER_ADDRESS", "CORE_CHAINCODE_ADDRESS"];
const TLS_DISABLED: &str = "CHAINCODE_TLS_DISABLED";
const TLS_ENABLED: &str = "CORE_PEER_TLS_ENABLED";
const KEY: [&str; 4] =
    ["CHAINCODE_TLS_KEY", "CORE_TLS_CLIENT_KEY_FILE", "CORE_CHAINCODE_TLS_KEY_FILE", "CORE_TLS_CLIENT_KEY_PATH"];
const CERTIFICATE: [&str; 4] =
    ["CHAINCODE_TLS_CERT", "CORE_TLS_CLIENT_CERT_FILE", "CORE_CHAINCODE_TLS_CERT_FILE", "CORE_TLS_CLIENT_CERT_PATH"];
const CLIENT_CA: [&str; 3] =
    ["CHAINCODE_CLIENT_CA_CERT", "CORE_PEER_TLS_ROOTCERT_FILE", "CORE_CHAINCODE_TLS_CLIENT_CACERT_FILE"];

/// Why the environment does not describe a server.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// None of the names is set.
    #[error("none of the environment variables {names} is set")]
    Missing {
        /// The names that would do.
        names: String,
    },
    /// A switch is neither true nor false.
    #[error("the environment variable {name} is neither true nor false")]
    Switch {
        /// The variable.
        name: &'static str,
    },
    /// The file that a variable names cannot be read.
    #[error("the file named by {name} cannot be read: {cause}")]
    File {
        /// The variable.
        name: &'static str,
        /// The system's reason.
        cause: io::Error,
    },
    /// The file of the private key that a variable names cannot be taken.
    #[error("the environment variable {name}: {cause}")]
    Key {
        /// The variable.
        name: &'static str,
        /// Why.
        cause: KeyFileError,
    },
    /// A variable should hold base64 and does not.
    #[error("the environment variable {name} is not base64")]
    Base64 {
        /// The variable.
        name: &'static str,
    },
}

impl ChaincodeServerBuilder {
    /// As [`ChaincodeServer::from_env`](crate::ChaincodeServer::from_env), with the variables that `variable` gives.
    ///
    /// # Errors
    /// [`EnvironmentError`] when a variable is missing or its file cannot be read.
    pub fn from_variables(router: Router, variable: impl Fn(&str) -> Option<String>) -> Result<Self, EnvironmentError> {
        let environment = Environment(variable);
        let package_id = environment.required(&PACKAGE_ID)?.1;
        let address = environment.required(&ADDRESS)?.1;
        let builder = Self::new(router).listen(address, package_id);
        Ok(match environment.tls()? {
            Some(tls) => builder.tls(tls),
            None => builder,
        })
    }
}

struct Environment<F>(F);

impl<F: Fn(&str) -> Option<String>> Environment<F> {
    fn tls(&self) -> Result<Option<ServerTls>, EnvironmentError> {
        let enabled = match self.switch(TLS_DISABLED)? {
            Some(disabled) => !disabled,
            None => self.switch(TLS_ENABLED)?.unwrap_or(false),
        };
        if !enabled {
            return Ok(None);
        }
        let (key, certificate) = (self.required(&KEY)?, self.required(&CERTIFICATE)?);
        let client_ca = self.first(&CLIENT_CA).map(pem).transpose()?;
        Ok(Some(ServerTls { cert_pem: pem(certificate)?, key_pem: key_pem(key)?, client_ca_pem: client_ca }))
    }

    fn switch(&self, name: &'static str) -> Result<Option<bool>, EnvironmentError> {
        let Some((_, text)) = self.first(&[name]) else { return Ok(None) };
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "t" => Ok(Some(true)),
            "false" | "0" | "f" => Ok(Some(false)),
            _ => Err(EnvironmentError::Switch { name }),
        }
    }

    fn required(&self, names: &[&'static str]) -> Result<(&'static str, String), EnvironmentError> {
        self.first(names).ok_or_else(|| EnvironmentError::Missing { names: names.join(", ") })
    }

    fn first(&self, names: &[&'static str]) -> Option<(&'static str, String)> {
        let set = |name: &&'static str| self.0(name).filter(|value| !value.is_empty()).map(|value| (*name, value));
        names.iter().find_map(set)
    }
}

fn key_pem((name, value): (&'static str, String)) -> Result<Vec<u8>, EnvironmentError> {
    if name.ends_with("_PATH") {
        return pem((name, value));
    }
    private::read_key(Path::new(&value)).map_err(|cause| EnvironmentError::Key { name, cause })
}

fn pem((name, value): (&'static str, String)) -> Result<Vec<u8>, EnvironmentError> {
    if name.ends_with("_PATH") {
        return BASE64_STANDARD.decode(value.trim()).map_err(|_| EnvironmentError::Base64 { name });
    }
    fs::read(value).map_err(|cause| EnvironmentError::File { name, cause })
}

#[cfg(test)]
mod tests {
    use std::{error::Error, io::Write};

    use super::*;

    fn from(variables: &[(&str, &str)]) -> Result<ChaincodeServerBuilder, EnvironmentError> {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        ChaincodeServerBuilder::from_variables(Router::new("Test", "1"), lookup)
    }

    #[test]
    fn the_names_of_each_library_are_understood_and_the_first_wins() -> Result<(), EnvironmentError> {
        let rows = [
            [("CHAINCODE_ID", "p:1"), ("CHAINCODE_SERVER_ADDRESS", "0.0.0.0:1")],
            [("CORE_CHAINCODE_ID_NAME", "p:1"), ("CHAINCODE_SERVER_ADDRESS", "0.0.0.0:1")],
            [("CORE_CHAINCODE_ID", "p:1"), ("CORE_CHAINCODE_ADDRESS", "0.0.0.0:1")],
        ];
        for row in rows {
            let other = ("CORE_CHAINCODE_ID", "other:2");
            let builder = from(&[row[0], row[1], other])?;
            assert_eq!(builder.listeners(), [("0.0.0.0:1".to_owned(), "p:1".to_owned())]);
            assert!(builder.tls_settings().is_none(), "TLS is off unless it is switched on");
        }
        Ok(())
    }

    #[test]
    fn what_is_missing_is_named() {
        let missing = |variables: &[(&str, &str)]| match from(variables).err() {
            Some(EnvironmentError::Missing { names }) => names,
            other => format!("{other:?}"),
        };
        assert!(missing(&[]).starts_with("CHAINCODE_ID,"));
        assert!(missing(&[("CHAINCODE_ID", "p"), ("CHAINCODE_SERVER_ADDRESS", "")]).starts_with("CHAINCODE_SERVER_"));
        let base = [("CHAINCODE_ID", "p"), ("CHAINCODE_SERVER_ADDRESS", "a"), ("CHAINCODE_TLS_DISABLED", "false")];
        assert!(missing(&base).starts_with("CHAINCODE_TLS_KEY,"));
        let odd = [base[0], base[1], ("CHAINCODE_TLS_DISABLED", "perhaps")];
        assert!(matches!(from(&odd), Err(EnvironmentError::Switch { name: "CHAINCODE_TLS_DISABLED" })));
    }

    #[test]
    fn tls_material_comes_from_files_or_as_base64() -> Result<(), Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let path = |name: &str| folder.path().join(name).display().to_string();
        for name in ["key", "cert", "ca"] {
            private::create(&folder.path().join(name))?.write_all(name.as_bytes())?;
        }
        let base = [("CHAINCODE_ID", "p"), ("CHAINCODE_SERVER_ADDRESS", "a")];
        let samples = [
            base[0],
            base[1],
            ("CHAINCODE_TLS_DISABLED", "false"),
            ("CHAINCODE_TLS_KEY", &path("key")),
            ("CHAINCODE_TLS_CERT", &path("cert")),
            ("CHAINCODE_CLIENT_CA_CERT", &path("ca")),
        ];
        let libraries = [
            base[0],
            base[1],
            ("CORE_PEER_TLS_ENABLED", "true"),
            ("CORE_TLS_CLIENT_KEY_PATH", "a2V5"),
            ("CORE_TLS_CLIENT_CERT_PATH", "Y2VydA==\n"),
            ("CORE_PEER_TLS_ROOTCERT_FILE", &path("ca")),
        ];
        for variables in [&samples[..], &libraries] {
            let tls = from(variables)?.tls.ok_or("TLS is off")?;
            assert_eq!((tls.key_pem.as_slice(), tls.cert_pem.as_slice()), (&b"key"[..], &b"cert"[..]));
            assert_eq!(tls.client_ca_pem.as_deref(), Some(&b"ca"[..]));
        }
        let mut absent = samples;
        absent[3].1 = "/nowhere/at/all";
        assert!(matches!(from(&absent), Err(EnvironmentError::Key { name: "CHAINCODE_TLS_KEY", .. })));
        let mut garbled = libraries;
        garbled[3].1 = "%";
        assert!(matches!(from(&garbled), Err(EnvironmentError::Base64 { name: "CORE_TLS_CLIENT_KEY_PATH" })));
        Ok(())
    }
}
