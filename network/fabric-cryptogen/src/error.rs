//! What can go wrong when keys and certificates are made.

use std::{io, path::PathBuf};

use fabric_msp::{
    attributes::AttributesError, certificate::CertificateError, private::KeyFileError, signer::SignerError,
};

/// Why nothing was generated, or not everything.
#[derive(Debug, thiserror::Error)]
pub enum CryptoError {
    /// There is key material already, and it was not said to replace it.
    #[error("{} holds key material already; it is not overwritten", .0.display())]
    Exists(PathBuf),
    /// The description cannot be read.
    #[error("the description of the organizations is invalid: {0}")]
    Configuration(String),
    /// A name would not make a sensible file name.
    #[error("'{0}' cannot be used as a name: letters, digits, dots, dashes, underscores and @ only")]
    Name(String),
    /// A name appears twice.
    #[error("'{0}' appears twice")]
    Repeated(String),
    /// Attributes are given for a user that is not to be made.
    #[error("attributes are given for {0}, which is not among the users")]
    UnknownUser(String),
    /// A text refers to something that is not there to be filled in.
    #[error("'{0}' holds a placeholder other than Prefix, Index, Hostname, Domain and CommonName")]
    Template(String),
    /// No key of this kind can be made.
    #[error("Unsupported key algorithm: {0}")]
    Algorithm(String),
    /// More than anybody needs.
    #[error("{what}: {count} is more than {max}")]
    TooMany {
        /// What there is too much of.
        what: String,
        /// How many were asked for.
        count: usize,
        /// How many are made at most.
        max: usize,
    },
    /// A file or folder cannot be read or written.
    #[error("{}: {cause}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The folder of an authority holds no certificate with its key.
    #[error("{} holds no certificate authority with its key", .0.display())]
    NoAuthority(PathBuf),
    /// A certificate of ours cannot be read back.
    #[error("the certificate cannot be read: {0}")]
    Certificate(CertificateError),
    /// The attributes of a certificate cannot be written.
    #[error(transparent)]
    Attributes(#[from] AttributesError),
    /// A file of a private key cannot be taken.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// A key cannot be read.
    #[error(transparent)]
    Key(#[from] SignerError),
    /// The cryptographic library refused.
    #[error("the cryptographic library refused: {0}")]
    Crypto(openssl::error::ErrorStack),
}

impl From<CertificateError> for CryptoError {
    fn from(error: CertificateError) -> Self {
        Self::Certificate(error)
    }
}

impl From<openssl::error::ErrorStack> for CryptoError {
    fn from(error: openssl::error::ErrorStack) -> Self {
        Self::Crypto(error)
    }
}
