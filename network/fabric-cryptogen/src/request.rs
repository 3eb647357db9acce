//! What a certificate to be issued shall say.

use std::collections::BTreeMap;

use crate::validity::{VALIDITY_SECONDS, validity_start};

/// The kind of a new key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// ECDSA on P-256, Fabric's default.
    #[default]
    EcdsaP256,
    /// ECDSA on P-384.
    EcdsaP384,
    /// Ed25519, for channels with capability V3_0.
    Ed25519,
    /// RSA with 2048 bits. Fabric refuses such identities; tests want to see that.
    Rsa2048,
}

/// What a certificate may be used for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// Signing proposals, endorsements and blocks: no extended usage, as Fabric's tools leave it.
    #[default]
    Identity,
    /// TLS as server and as client.
    Tls,
    /// An authority that may have so many authorities below it; `None` for no limit.
    Authority(Option<u32>),
    /// Signing, but with TLS client as its only extended usage. Fabric refuses such identities.
    ClientOnly,
}

/// The parts of a subject beside common name and units. Empty parts are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// Two letters.
    pub country: String,
    /// State or province.
    pub province: String,
    /// Town.
    pub locality: String,
    /// Street and number.
    pub street_address: String,
    /// Postal code.
    pub postal_code: String,
    /// Organization.
    pub organization: String,
}

/// A certificate to be issued, with a new key.
#[derive(Clone, Debug)]
pub struct CertificateRequest {
    /// Common name.
    pub common_name: String,
    /// Organizational units; with NodeOUs exactly one of them is the role.
    pub units: Vec<String>,
    /// The rest of the subject.
    pub subject: Subject,
    /// Host names and IP addresses.
    pub alternative_names: Vec<String>,
    /// What it is for.
    pub purpose: Purpose,
    /// The first second of validity, since 1970 UTC.
    pub not_before: i64,
    /// The last second of validity, since 1970 UTC.
    pub not_after: i64,
    /// The kind of key.
    pub algorithm: KeyAlgorithm,
    /// Attributes that chaincode can read.
    pub attributes: BTreeMap<String, String>,
    /// Further extensions, not critical: DER contents by object identifier.
    pub extensions: BTreeMap<String, Vec<u8>>,
}

impl CertificateRequest {
    /// An identity with the usual validity.
    pub fn identity(common_name: &str, units: &[&str]) -> Self {
        let not_before = validity_start();
        Self {
            common_name: common_name.to_owned(),
            units: units.iter().map(|unit| (*unit).to_owned()).collect(),
            subject: Subject::default(),
            alternative_names: Vec::new(),
            purpose: Purpose::Identity,
            not_before,
            not_after: not_before + VALIDITY_SECONDS,
            algorithm: KeyAlgorithm::default(),
            attributes: BTreeMap::new(),
            extensions: BTreeMap::new(),
        }
    }

    /// A TLS certificate for these host names and addresses.
    pub fn tls(common_name: &str, alternative_names: &[&str]) -> Self {
        let alternative_names = alternative_names.iter().map(|name| (*name).to_owned()).collect();
        Self { alternative_names, purpose: Purpose::Tls, ..Self::identity(common_name, &[]) }
    }

    /// An authority.
    pub fn authority(common_name: &str, organization: &str) -> Self {
        let subject = Subject { organization: organization.to_owned(), ..Subject::default() };
        Self { subject, purpose: Purpose::Authority(None), ..Self::identity(common_name, &[]) }
    }
}
