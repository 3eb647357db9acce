//! Chaincode packages: a compressed archive of `metadata.json` and `code.tar.gz`, which again holds `connection.json`.
//!
//! Packages come from outside. Everything is bounded, nothing is ever written to a path that an archive names, and
//! entries that are not plain files at a relative path are refused.

use std::{
    io::Read,
    path::{Component, Path},
};

use fabric_msp::hash::sha256;
use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::Value;

use super::connection::{ConnectionError, ConnectionInfo};

/// The largest package that is read, in bytes (16 MiB). A package for an external chaincode is a few kilobytes.
pub(crate) const PACKAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The most bytes that any archive may unpack to (64 MiB).
const UNPACKED_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// The largest file that is kept, in bytes (1 MiB).
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// The most entries of one archive.
const ENTRIES_MAX: usize = 4096;
/// The longest label, so that it can be part of a file name.
const LABEL_BYTES_MAX: usize = 128;

const METADATA: &str = "metadata.json";
const CODE: &str = "code.tar.gz";
const CONNECTION: &str = "connection.json";
/// What a package must say it is, in any letter case: chaincode as a service.
pub(crate) const SERVICE_TYPE: &str = "ccaas";

/// Why a package cannot be installed.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// More bytes than any package needs.
    #[error("the package has {0} bytes, more than the {PACKAGE_BYTES_MAX} that are read")]
    TooLarge(usize),
    /// The package, or the code in it, is not a compressed archive.
    #[error("error reading as gzip stream: {0}")]
    Archive(std::io::Error),
    /// The archive unpacks to too much.
    #[error("the archive holds more than can be read")]
    TooMuch,
    /// The archive holds a link, a device or anything else than files and folders.
    #[error("tar entry {0} is not a regular file")]
    NotFile(String),
    /// The archive names a place outside itself.
    #[error("tar entry {0} does not stay inside the archive")]
    Outside(String),
    /// There is no code.
    #[error("did not find a code package inside the package")]
    NoCode,
    /// There is no metadata.
    #[error("did not find any package metadata (missing {METADATA})")]
    NoMetadata,
    /// The metadata is not the expected JSON.
    #[error("could not unmarshal {METADATA} as json: {0}")]
    Metadata(serde_json::Error),
    /// The label has letters that it must not have.
    #[error(
        "invalid label '{0}'. Label must be non-empty, can only consist of alphanumerics, symbols from '.+-_', and can only begin with alphanumerics"
    )]
    Label(String),
    /// Only external chaincode runs here.
    #[error("chaincode of type '{0}' cannot be built here; only chaincode as a service (type '{SERVICE_TYPE}') can")]
    Type(String),
    /// The code lacks the address of the chaincode.
    #[error("the code package holds no {CONNECTION}")]
    NoConnection,
    /// The address of the chaincode cannot be used.
    #[error("malformed chaincode info in {CONNECTION}: {0}")]
    Connection(ConnectionError),
}

impl From<ConnectionError> for PackageError {
    fn from(error: ConnectionError) -> Self {
        Self::Connection(error)
    }
}

/// A package that has been looked through.
#[derive(Clone, Debug)]
pub(crate) struct ChaincodePackage {
    /// `label:digest`, the same on every peer that installs the same bytes.
    pub(crate) id: String,
    /// The label.
    pub(crate) label: String,
    /// `connection.json` as it stands in the package.
    connection: Vec<u8>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    label: String,
    #[serde(default, rename = "type")]
    kind: String,
}

impl Metadata {
    /// Go takes any letter case of a field's name, an exact one before others.
    fn parse(bytes: &[u8]) -> Result<Self, PackageError> {
        let fields: serde_json::Map<String, Value> = serde_json::from_slice(bytes).map_err(PackageError::Metadata)?;
        let mut named: Vec<_> = fields.into_iter().map(|(key, value)| (key.to_lowercase(), key, value)).collect();
        // The last one counts, and small letters are the exact ones.
        named.sort_by(|(_, left, _), (_, right, _)| left.cmp(right));
        let fields = named.into_iter().filter(|(_, _, value)| !value.is_null());
        let fields = fields.map(|(name, _, value)| (name, value)).collect();
        serde_json::from_value(Value::Object(fields)).map_err(PackageError::Metadata)
    }

    fn check_type(&self) -> Result<(), PackageError> {
        match self.kind.eq_ignore_ascii_case(SERVICE_TYPE) {
            true => Ok(()),
            false => Err(PackageError::Type(self.kind.clone())),
        }
    }
}

/// Checks that a package's `metadata.json` says that it is for an external chaincode.
///
/// # Errors
/// [`PackageError::Metadata`], [`PackageError::Type`].
pub fn is_service(metadata: &[u8]) -> Result<(), PackageError> {
    Metadata::parse(metadata)?.check_type()
}

impl ChaincodePackage {
    /// Looks through a package.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, PackageError> {
        if bytes.len() > PACKAGE_BYTES_MAX {
            return Err(PackageError::TooLarge(bytes.len()));
        }
        let [metadata, code] = read_files(bytes, [METADATA, CODE], true)?;
        let code = code.ok_or(PackageError::NoCode)?;
        let metadata = metadata.ok_or(PackageError::NoMetadata)?;
        let metadata = Metadata::parse(&metadata)?;
        if !is_label(&metadata.label) {
            return Err(PackageError::Label(metadata.label));
        }
        metadata.check_type()?;
        let [connection] = read_files(&code, [CONNECTION], false)?;
        let connection = connection.ok_or(PackageError::NoConnection)?;
        let package = Self { id: package_id(&metadata.label, bytes), label: metadata.label, connection };
        package.connection("peer")?;
        Ok(package)
    }

    /// Where the chaincode listens, as the peer of this name is to find it.
    pub(crate) fn connection(&self, peer_name: &str) -> Result<ConnectionInfo, ConnectionError> {
        ConnectionInfo::parse(&self.connection, peer_name)
    }
}

/// The id of a package.
pub(crate) fn package_id(label: &str, bytes: &[u8]) -> String {
    format!("{label}:{}", hex::encode(sha256(bytes)))
}

fn is_label(label: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'+' | b'-');
    let first = label.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
    first && label.len() <= LABEL_BYTES_MAX && label.bytes().all(legal)
}

/// The named files at the top of a compressed archive. The rest is looked at only to refuse what must not be there.
fn read_files<const N: usize>(
    bytes: &[u8],
    names: [&str; N],
    files_only: bool,
) -> Result<[Option<Vec<u8>>; N], PackageError> {
    let mut found = [const { None }; N];
    let mut archive = tar::Archive::new(GzDecoder::new(bytes).take(UNPACKED_BYTES_MAX));
    let mut unpacked = 0u64;
    for (count, entry) in archive.entries().map_err(PackageError::Archive)?.enumerate() {
        let entry = entry.map_err(PackageError::Archive)?;
        unpacked = unpacked.saturating_add(entry.size());
        if count >= ENTRIES_MAX || unpacked > UNPACKED_BYTES_MAX {
            return Err(PackageError::TooMuch);
        }
        let kind = entry.header().entry_type();
        let path = entry.path().map_err(PackageError::Archive)?.into_owned();
        let shown: String = path.to_string_lossy().chars().take(200).collect();
        if kind.is_dir() && !files_only {
            continue;
        }
        if matches!(kind, tar::EntryType::XGlobalHeader | tar::EntryType::XHeader) {
            continue;
        }
        if !kind.is_file() {
            return Err(PackageError::NotFile(shown));
        }
        let Some(name) = relative(&path) else { return Err(PackageError::Outside(shown)) };
        let Some(index) = names.iter().position(|wanted| *wanted == name) else { continue };
        let limit = if names[index] == CODE { PACKAGE_BYTES_MAX as u64 } else { FILE_BYTES_MAX };
        if entry.size() > limit {
            return Err(PackageError::TooMuch);
        }
        let mut contents = Vec::new();
        entry.take(limit).read_to_end(&mut contents).map_err(PackageError::Archive)?;
        found[index] = Some(contents);
    }
    Ok(found)
}

/// The path without a leading `./`; `None` when it is absolute or climbs.
fn relative(path: &Path) -> Option<String> {
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
pub(crate) mod tests {
    use flate2::{Compression, write::GzEncoder};

    use super::*;

    /// Writes an archive of plain files.
    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, contents) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(contents.len() as u64);
            header.set_mode(0o644);
            // Set by hand, because the builder itself refuses the names that the reader must refuse.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            builder.append(&header, *contents).expect("writing to memory");
        }
        builder.into_inner().and_then(GzEncoder::finish).expect("writing to memory")
    }

    pub(crate) fn package(metadata: &str, connection: &str) -> Vec<u8> {
        let code = archive(&[("connection.json", connection.as_bytes())]);
        archive(&[("metadata.json", metadata.as_bytes()), ("code.tar.gz", &code)])
    }

    pub(crate) const METADATA_JSON: &str = r#"{"type":"ccaas","label":"basic_1.0"}"#;
    pub(crate) const CONNECTION_JSON: &str = r#"{"address":"127.0.0.1:9999","dial_timeout":"3s","tls_required":false}"#;

    #[test]
    fn the_id_is_label_and_digest_of_the_bytes() -> Result<(), PackageError> {
        let bytes = package(METADATA_JSON, CONNECTION_JSON);
        let package = ChaincodePackage::parse(&bytes)?;
        assert_eq!(package.id, format!("basic_1.0:{}", hex::encode(sha256(&bytes))));
        assert_eq!(package.connection("peer0")?.address, "127.0.0.1:9999");
        Ok(())
    }

    #[test]
    fn any_letter_case_of_metadata_is_taken() {
        for metadata in [
            r#"{"type":"CCAAS","label":"a"}"#,
            r#"{"Type":"CcaaS","Label":"a","path":null}"#,
            r#"{"TYPE":"golang","type":"ccaas","LABEL":"b","label":"a"}"#,
        ] {
            let read = ChaincodePackage::parse(&package(metadata, CONNECTION_JSON)).map(|package| package.label);
            assert!(read.as_deref().is_ok_and(|label| label == "a"), "{metadata}: {read:?}");
        }
    }

    #[test]
    fn packages_without_the_two_files_are_refused() {
        let refused = |bytes: &[u8]| ChaincodePackage::parse(bytes).expect_err("refused").to_string();
        assert!(refused(b"nonsense").starts_with("error reading as gzip stream"));
        assert!(refused(&archive(&[])).contains("did not find a code package"));
        assert!(refused(&archive(&[("code.tar.gz", b"x")])).contains("missing metadata.json"));
        assert!(refused(&package(r#"{"type":"ccaas","label":"../etc"}"#, CONNECTION_JSON)).contains("invalid label"));
        assert!(refused(&package(r#"{"type":"golang","label":"a"}"#, CONNECTION_JSON)).contains("golang"));
        assert!(refused(&package(METADATA_JSON, "{}")).contains("address not provided"));
        let without = archive(&[("metadata.json", METADATA_JSON.as_bytes()), ("code.tar.gz", &archive(&[]))]);
        assert!(refused(&without).contains("no connection.json"));
    }

    #[test]
    fn entries_that_leave_the_archive_are_refused() {
        for name in ["/connection.json", "../connection.json", "a/../../connection.json"] {
            let code = archive(&[(name, CONNECTION_JSON.as_bytes())]);
            let bytes = archive(&[("metadata.json", METADATA_JSON.as_bytes()), ("code.tar.gz", &code)]);
            assert!(matches!(ChaincodePackage::parse(&bytes), Err(PackageError::Outside(_))), "{name}");
        }
    }

    #[test]
    fn links_are_refused() -> Result<(), std::io::Error> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        builder.append_link(&mut header, "connection.json", "/etc/passwd")?;
        let code = builder.into_inner()?.finish()?;
        let bytes = archive(&[("metadata.json", METADATA_JSON.as_bytes()), ("code.tar.gz", &code)]);
        assert!(matches!(ChaincodePackage::parse(&bytes), Err(PackageError::NotFile(_))));
        Ok(())
    }

    #[test]
    fn an_archive_that_unpacks_to_much_more_is_refused() -> Result<(), std::io::Error> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
        let mut header = tar::Header::new_gnu();
        header.set_size(UNPACKED_BYTES_MAX + 1);
        header.set_path("filler")?;
        header.set_cksum();
        builder.append(&header, std::io::repeat(0).take(UNPACKED_BYTES_MAX + 1))?;
        let bytes = builder.into_inner()?.finish()?;
        assert!(bytes.len() < PACKAGE_BYTES_MAX);
        assert!(matches!(ChaincodePackage::parse(&bytes), Err(PackageError::TooMuch)));
        Ok(())
    }
}
