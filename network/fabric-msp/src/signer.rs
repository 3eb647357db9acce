//! Signing with an identity. A signer holds a private key, or stands for one that is kept elsewhere; it never shows it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use fabric_protos::msp::SerializedIdentity;
use openssl::pkey::{Id, PKey, Private};
use prost::Message;

use crate::{
    certificate::{Certificate, CertificateError},
    hash::Digest,
    private::{self, KeyFileError},
    signature::{self, PublicKey},
};

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The cryptographic library refused.
    #[error("the signature could not be made: {0}")]
    Crypto(openssl::error::ErrorStack),
    /// A signer outside this process did not answer as it should.
    #[error("the signer did not sign: {0}")]
    Remote(String),
}

impl From<openssl::error::ErrorStack> for SignError {
    fn from(error: openssl::error::ErrorStack) -> Self {
        Self::Crypto(error)
    }
}

/// Why an identity could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The certificate is unusable.
    #[error("the certificate of {msp_id} cannot be used: {cause}")]
    Certificate {
        /// The organization for which it was loaded.
        msp_id: String,
        /// What is wrong with it.
        cause: CertificateError,
    },
    /// The key is not an unencrypted private key in PEM.
    #[error("the private key is not an unencrypted PEM key")]
    Key,
    /// The key is of a kind that cannot sign for Fabric.
    #[error("a {0} key cannot sign; ECDSA P-256, P-384 or Ed25519 is needed")]
    KeyKind(String),
    /// Certificate and key do not belong together.
    #[error("the private key does not belong to the certificate of {0}")]
    KeyMismatch(String),
    /// A file or folder cannot be read.
    #[error("{}: {cause}", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A file of a private key cannot be taken.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// The folder holds no certificate.
    #[error("{} holds no certificate", .0.display())]
    NoCertificate(PathBuf),
    /// The folder holds no key for the certificate.
    #[error("{} holds no private key for the certificate", .0.display())]
    NoKey(PathBuf),
}

/// An identity that can sign.
pub trait Signer: Send + Sync {
    /// The organization's id.
    fn msp_id(&self) -> &str;

    /// The encoded `SerializedIdentity` that goes into headers.
    fn creator(&self) -> &[u8];

    /// The certificate that belongs to the key.
    fn certificate(&self) -> &Certificate;

    /// Signs SHA-256 of `message` (ECDSA, low-S, DER) or `message` itself (Ed25519).
    ///
    /// # Errors
    /// [`SignError`] when the key cannot be used.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// A certificate and its private key in this process.
#[derive(Clone)]
pub struct SigningIdentity {
    msp_id: String,
    creator: Vec<u8>,
    certificate: Certificate,
    key: PKey<Private>,
    digest: Digest,
}

impl SigningIdentity {
    /// Joins a certificate and a key, both PEM; the key may be PKCS#8 or SEC 1.
    ///
    /// # Errors
    /// [`SignerError`] when one of them is unusable or they do not belong together.
    pub fn from_pem(msp_id: &str, certificate_pem: &[u8], key_pem: &[u8]) -> Result<Self, SignerError> {
        let certificate = Certificate::from_pem(certificate_pem)
            .map_err(|cause| SignerError::Certificate { msp_id: msp_id.to_owned(), cause })?;
        let key = read_key(key_pem)?;
        if let PublicKey::Other(kind) = PublicKey::from_pkey(&key).map_err(|_| SignerError::Key)? {
            return Err(SignerError::KeyKind(kind));
        }
        let belongs = certificate.openssl_key().is_some_and(|public| key.public_eq(&public));
        if !belongs {
            return Err(SignerError::KeyMismatch(certificate.subject().to_string()));
        }
        let creator = creator(msp_id, &certificate);
        Ok(Self { msp_id: msp_id.to_owned(), creator, certificate, key, digest: Digest::default() })
    }

    /// With another digest below ECDSA signatures. Fabric's own nodes check with SHA-256, see [`Digest`]; Ed25519 has
    /// none.
    #[must_use]
    pub fn with_digest(self, digest: Digest) -> Self {
        Self { digest, ..self }
    }

    /// Reads `signcerts/` and the matching key of `keystore/` below `folder`, in the layout of Fabric's tools.
    ///
    /// # Errors
    /// [`SignerError`] when a folder is missing or holds nothing that fits.
    pub fn from_msp_directory(msp_id: &str, folder: &Path) -> Result<Self, SignerError> {
        let signcerts = folder.join("signcerts");
        let certificate = files(&signcerts, FILE_BYTES_MAX)?
            .into_iter()
            .find(|(_, contents)| Certificate::from_pem(contents).is_ok())
            .ok_or(SignerError::NoCertificate(signcerts))?;
        let keystore = folder.join("keystore");
        for path in file_paths(&keystore)? {
            let key = private::read_key(&path)?;
            match Self::from_pem(msp_id, &certificate.1, &key) {
                Err(SignerError::Key | SignerError::KeyKind(_) | SignerError::KeyMismatch(_)) => {}
                other => return other,
            }
        }
        Err(SignerError::NoKey(keystore))
    }
}

impl Signer for SigningIdentity {
    fn msp_id(&self) -> &str {
        &self.msp_id
    }

    fn creator(&self) -> &[u8] {
        &self.creator
    }

    fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        if self.digest == Digest::Sha256 || self.key.id() != Id::EC {
            return Ok(signature::sign(&self.key, message)?);
        }
        Ok(signature::sign_digest(&self.key, &self.digest.of(message)?)?)
    }
}

impl std::fmt::Debug for SigningIdentity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "SigningIdentity({} {:?})", self.msp_id, self.certificate)
    }
}

/// The encoded `SerializedIdentity` of a certificate: what stands in headers as the creator.
pub fn creator(msp_id: &str, certificate: &Certificate) -> Vec<u8> {
    SerializedIdentity { mspid: msp_id.to_owned(), id_bytes: certificate.pem().to_vec() }.encode_to_vec()
}

/// Reads a private key. The empty answer to the question for a passphrase keeps OpenSSL from asking at the terminal.
///
/// # Errors
/// [`SignerError::Key`] when the text holds no unencrypted key in PEM.
pub fn read_key(key_pem: &[u8]) -> Result<PKey<Private>, SignerError> {
    PKey::private_key_from_pem_callback(key_pem, |_| Ok(0)).map_err(|_| SignerError::Key)
}

/// The longest file of a certificate or a key, in bytes (1 MiB).
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The files of a folder by name. One of more than `bytes_max` bytes is an error: passed over, what stands in it would
/// not count, and nobody would know.
///
/// # Errors
/// [`SignerError::Read`] with the file or folder that cannot be read or is too long.
pub fn files(folder: &Path, bytes_max: u64) -> Result<Vec<(PathBuf, Vec<u8>)>, SignerError> {
    let mut found = Vec::new();
    for path in file_paths(folder)? {
        let length = fs::metadata(&path).map_err(|cause| failed(&path, cause))?.len();
        if length > bytes_max {
            return Err(failed(&path, io::Error::other(format!("longer than {bytes_max} bytes"))));
        }
        let contents = fs::read(&path).map_err(|cause| failed(&path, cause))?;
        found.push((path, contents));
    }
    Ok(found)
}

/// The names of a folder's files, in order. What is no file is passed over, such as the folder `..data` of a secret
/// that Kubernetes has mounted.
fn file_paths(folder: &Path) -> Result<Vec<PathBuf>, SignerError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(|cause| failed(folder, cause))? {
        let path = entry.map_err(|cause| failed(folder, cause))?.path();
        if fs::metadata(&path).map_err(|cause| failed(&path, cause))?.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn failed(path: &Path, cause: io::Error) -> SignerError {
    SignerError::Read { path: path.to_owned(), cause }
}
