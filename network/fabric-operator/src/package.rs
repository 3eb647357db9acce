//! The chaincode package: a `.tar.gz` with the metadata and, inside a second one, where peers find the chaincode.
//!
//! The bytes are reproducible (fixed times, owners and order), because the package id is their hash: the same metadata
//! and connection always give the same id. Organizations that share one process of the chaincode share one package; in
//! an export each has its own, as its connection names its own process.

mod archive;

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, ensure};
use fabric_msp::words::fill;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::endpoint::Endpoint;

/// The largest package that is read, in bytes (16 MiB). One for an external chaincode is a few kilobytes.
const PACKAGE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// The longest label: it becomes part of file names.
const LABEL_BYTES_MAX: usize = 128;
/// The files of a package: what it is, and the archive that says where the chaincode listens.
const METADATA: &str = "metadata.json";
const CODE: &str = "code.tar.gz";
const CONNECTION: &str = "connection.json";

/// How peers reach an external chaincode. Field names and forms are those of Fabric's `connection.json`.
#[derive(Debug, Serialize)]
pub struct Connection {
    /// `host:port` that peers dial. The host must stand in the server certificate.
    pub address: String,
    /// A Go duration; always written, because builders exist that turn its absence into an error.
    pub dial_timeout: String,
    /// Whether peers dial with TLS.
    pub tls_required: bool,
    /// Whether peers show a client certificate.
    pub client_auth_required: bool,
    /// The peers' client key, PEM.
    pub client_key: String,
    /// The peers' client certificate, PEM.
    pub client_cert: String,
    /// The authority of the server certificate, PEM.
    pub root_cert: String,
}

impl Connection {
    /// Checks what peers would find out only when they first call the chaincode.
    ///
    /// In the address `{{.peername}}` and other such words stand for what a peer's operator sets in
    /// `CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG`, so that one package leads each peer to a chaincode of its own.
    ///
    /// # Errors
    /// The address is not `host:port`, TLS has no authority, or a client's certificate or key is missing.
    pub fn check(&self) -> Result<()> {
        let filled = fill(&self.address, |_| Some("1".to_owned())).with_context(|| self.address.clone())?;
        let legal = |letter: char| letter.is_ascii_alphanumeric() || "-._:".contains(letter);
        ensure!(filled.chars().all(legal), "{} is not host:port", self.address);
        filled.parse::<Endpoint>().with_context(|| format!("the chaincode's address {}", self.address))?;
        ensure!(
            !self.tls_required || !self.root_cert.is_empty(),
            "TLS without the authority of the chaincode's server"
        );
        let (certificate, key) = (self.client_cert.is_empty(), self.client_key.is_empty());
        ensure!(certificate == key, "a client's certificate and its key go together");
        ensure!(self.client_auth_required != certificate, "client_auth_required goes with a client's certificate");
        ensure!(self.tls_required || certificate, "a client's certificate is shown with TLS only");
        Ok(())
    }
}

/// Whether Fabric takes a text as a package's label.
#[must_use]
pub fn is_label(label: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_.+-".contains(&byte);
    let first = label.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
    first && label.len() <= LABEL_BYTES_MAX && label.bytes().all(legal)
}

/// A package and its id.
#[derive(Debug, Clone)]
pub struct Package {
    /// The bytes that peers install.
    pub bytes: Vec<u8>,
    /// `label:sha256`, which the chaincode registers under.
    pub id: String,
}

/// The package of each organization that endorses. They may differ, as a definition names none and each organization
/// approves its own.
#[derive(Debug, Default)]
pub struct Packages {
    of: BTreeMap<String, Package>,
}

impl Packages {
    /// The same package for all.
    pub fn shared<'m>(package: &Package, msp_ids: impl IntoIterator<Item = &'m str>) -> Self {
        Self { of: msp_ids.into_iter().map(|msp_id| (msp_id.to_owned(), package.clone())).collect() }
    }

    /// With the package of one more organization.
    #[must_use]
    pub fn with(mut self, msp_id: &str, package: Package) -> Self {
        self.of.insert(msp_id.to_owned(), package);
        self
    }

    /// The package of an organization.
    ///
    /// # Errors
    /// It has none.
    pub fn of(&self, msp_id: &str) -> Result<&Package> {
        self.of.get(msp_id).with_context(|| format!("there is no package of the chaincode for {msp_id}"))
    }

    /// The packages, in the order of the organizations' MSP ids.
    pub fn all(&self) -> impl Iterator<Item = &Package> {
        self.of.values()
    }

    /// The ids of the packages, each once.
    #[must_use]
    pub fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.of.values().map(|package| package.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

#[derive(Serialize, Deserialize)]
struct Metadata {
    #[serde(rename = "type")]
    kind: String,
    label: String,
}

impl Package {
    /// Builds the package of an external chaincode.
    ///
    /// # Errors
    /// The archive cannot be written, which only a lack of memory explains.
    pub fn new(label: &str, connection: &Connection) -> Result<Self> {
        let code = archive::write(&[(CONNECTION, serde_json::to_vec(connection)?)])?;
        let metadata = serde_json::to_vec(&Metadata { kind: "ccaas".to_owned(), label: label.to_owned() })?;
        let bytes = archive::write(&[(METADATA, metadata), (CODE, code)])?;
        Ok(Self::from_bytes(label, bytes))
    }

    /// A package that was built before, under the same label.
    #[must_use]
    pub fn from_bytes(label: &str, bytes: Vec<u8>) -> Self {
        let id = format!("{label}:{}", hex::encode(fabric_msp::hash::sha256(&bytes)));
        Self { bytes, id }
    }

    /// Whether it holds a private key, such as that with which peers show themselves to the chaincode (`client_key`),
    /// or could, because it holds more files than it needs: such a package is for the peers of one organization.
    ///
    /// # Errors
    /// It is no package, or not of an external chaincode.
    pub fn holds_private_key(&self) -> Result<bool> {
        let code = archive::read(&self.bytes, CODE)?;
        let connection = archive::read(&code, CONNECTION)?;
        let fields: Map<String, Value> = serde_json::from_slice(&connection).context(CONNECTION)?;
        // Peers take any letter case of a field's name, and pass over fields that they do not know.
        let is_key = |(name, value): (&String, &Value)| {
            let is_named = name.eq_ignore_ascii_case("client_key") && value.as_str() != Some("");
            is_named || value.to_string().contains("PRIVATE KEY")
        };
        let is_any = fields.iter().any(is_key);
        Ok(is_any
            || archive::holds_others(&self.bytes, &[METADATA, CODE])?
            || archive::holds_others(&code, &[CONNECTION])?)
    }

    /// Reads a package of any external chaincode.
    ///
    /// # Errors
    /// The file cannot be read, is larger than 16 MiB, is no package of the type `ccaas`, or holds one of its files
    /// twice.
    pub fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let size = fs::metadata(path).with_context(|| format!("cannot read {shown}"))?.len();
        ensure!(size <= PACKAGE_BYTES_MAX, "{shown} has {size} bytes, and no such package has more than 16 MiB");
        let bytes = fs::read(path).with_context(|| format!("cannot read {shown}"))?;
        let label = label_of(&bytes).with_context(|| format!("{shown} is no package of an external chaincode"))?;
        Ok(Self::from_bytes(&label, bytes))
    }
}

fn label_of(package: &[u8]) -> Result<String> {
    let metadata: Metadata = serde_json::from_slice(&archive::read(package, METADATA)?).context(METADATA)?;
    ensure!(metadata.kind.eq_ignore_ascii_case("ccaas"), "its type is {:?}, not ccaas", metadata.kind);
    ensure!(is_label(&metadata.label), "its label {:?} is none that Fabric takes", metadata.label);
    archive::read(&archive::read(package, CODE)?, CONNECTION).context(CODE)?;
    Ok(metadata.label)
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA_A: &str = r#"{"type":"ccaas","label":"a"}"#;
    const METADATA_B: &str = r#"{"type":"ccaas","label":"b"}"#;

    fn connection() -> Connection {
        Connection {
            address: "127.0.0.1:9999".into(),
            dial_timeout: "3s".into(),
            tls_required: false,
            client_auth_required: false,
            client_key: String::new(),
            client_cert: String::new(),
            root_cert: String::new(),
        }
    }

    #[test]
    fn the_same_content_gives_the_same_bytes_and_id() -> Result<()> {
        let first = Package::new("entrepot", &connection())?;
        let second = Package::new("entrepot", &connection())?;
        assert_eq!(first.bytes, second.bytes);
        assert_eq!(first.id, second.id);
        assert!(first.id.starts_with("entrepot:") && first.id.len() == "entrepot:".len() + 64);
        let moved = Package::new("entrepot", &Connection { address: "127.0.0.1:9998".into(), ..connection() })?;
        assert_ne!(first.id, moved.id);
        Ok(())
    }

    #[test]
    fn a_package_is_read_back_with_its_id_and_other_files_are_refused() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("package.tar.gz");
        let made = Package::new("entrepot_1.0", &connection())?;
        fs::write(&path, &made.bytes)?;
        assert_eq!(Package::read(&path)?.id, made.id);
        let metadata = |text: &str| (METADATA, text.as_bytes().to_vec());
        let code = || Ok::<_, anyhow::Error>((CODE, archive::write(&[("connection.json", b"{}".to_vec())])?));
        let twice = archive::write(&[("./connection.json", b"{}".to_vec()), ("connection.json", b"{}".to_vec())])?;
        for (files, reason) in [
            (vec![code()?], "metadata.json"),
            (vec![metadata(r#"{"type":"golang","label":"a"}"#), code()?], "golang"),
            (vec![metadata(r#"{"type":"ccaas","label":"../a"}"#), code()?], "../a"),
            (vec![metadata(r#"{"type":"ccaas","label":"a"}"#)], "code.tar.gz"),
            (vec![metadata(r#"{"type":"ccaas","label":"a"}"#), (CODE, archive::write(&[])?)], "connection.json"),
            (vec![metadata(METADATA_A), metadata(METADATA_B), code()?], "it holds metadata.json twice"),
            (vec![metadata(METADATA_A), code()?, code()?], "it holds code.tar.gz twice"),
            (vec![metadata(METADATA_A), (CODE, twice)], "it holds connection.json twice"),
        ] {
            fs::write(&path, archive::write(&files)?)?;
            let error = format!("{:#}", Package::read(&path).expect_err(reason));
            assert!(error.contains("is no package of an external chaincode") && error.contains(reason), "{error}");
        }
        fs::write(&path, b"nonsense")?;
        assert!(Package::read(&path).is_err());
        Ok(())
    }

    #[test]
    fn a_package_tells_whether_it_holds_a_private_key() -> Result<()> {
        let holds = |code: &[(&str, Vec<u8>)], beside: &[(&str, Vec<u8>)]| -> Result<bool> {
            let package = [&[(CODE, archive::write(code)?)], beside].concat();
            Package::from_bytes("a", archive::write(&package)?).holds_private_key()
        };
        let package = |connection: &str| holds(&[(CONNECTION, connection.as_bytes().to_vec())], &[]);
        for (connection, expected) in [
            ("{}", false),
            (r#"{"client_key":""}"#, false),
            (r#"{"client_key":"k"}"#, true),
            (r#"{"Client_Key":"k","client_key":""}"#, true),
            (r#"{"root_cert":"-----BEGIN CERTIFICATE-----"}"#, false),
            (r#"{"client_cert":"-----BEGIN EC PRIVATE\u0020KEY-----"}"#, true),
            (r#"{"more":[{"pem":"-----BEGIN PRIVATE KEY-----"}]}"#, true),
        ] {
            assert_eq!(package(connection)?, expected, "{connection}");
        }
        assert!(package("no JSON").is_err());
        let (connection, file) = (|| (CONNECTION, b"{}".to_vec()), |name| (name, b"anything".to_vec()));
        assert!(!holds(&[connection()], &[file(METADATA)])?);
        assert!(holds(&[connection()], &[file("client.key")])?);
        assert!(holds(&[connection(), file("tls/client.key")], &[])?);
        Ok(())
    }

    #[test]
    fn an_address_may_name_the_peer_and_what_peers_cannot_use_is_refused() {
        let with = |address: &str| Connection { address: address.into(), ..connection() }.check();
        for address in ["cc:9999", "{{.peername}}_cc:9999", "cc.{{ .peername }}.svc:{{.port}}"] {
            assert!(with(address).is_ok(), "{address}");
        }
        for address in
            ["", "cc", ":9999", "{{peername}}:9", "{{.peername:9", "{{.a b}}:9", "https://cc:9", "a b:9", "a}}:9"]
        {
            assert!(with(address).is_err(), "{address}");
        }
        let tls = |root: &str, certificate: &str, key: &str| {
            let (root_cert, client_cert, client_key) = (root.into(), certificate.into(), key.into());
            let client_auth_required = !certificate.is_empty();
            Connection { tls_required: true, client_auth_required, root_cert, client_cert, client_key, ..connection() }
        };
        assert!(tls("r", "", "").check().is_ok() && tls("r", "c", "k").check().is_ok());
        assert!(tls("", "", "").check().is_err() && tls("r", "c", "").check().is_err());
        assert!(Connection { tls_required: false, ..tls("r", "c", "k") }.check().is_err());
    }
}
