//! A parsed X.509 certificate: everything Fabric reads out of one, and nothing about whether to trust it.

use std::{collections::BTreeMap, fmt, sync::Arc};

use openssl::{
    pkey::{PKey, Public},
    x509::X509,
};
use x509_parser::{extensions::ParsedExtension, prelude::FromDer};

use crate::{
    attributes::{self, ATTRIBUTES_OID, AttributesError},
    der,
    distinguished_name::DistinguishedName,
    hash::sha256,
    pem,
    signature::{self, PublicKey},
};

/// The longest certificate that is read, in bytes of DER (64 KiB).
pub const CERTIFICATE_BYTES_MAX: usize = 64 * 1024;

/// Critical extensions that chain verification understands.
const UNDERSTOOD: [&str; 9] = [
    "2.5.29.14",
    "2.5.29.15",
    "2.5.29.17",
    "2.5.29.19",
    "2.5.29.30",
    "2.5.29.31",
    "2.5.29.32",
    "2.5.29.35",
    "2.5.29.37",
];

/// Why bytes are not a usable certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// There is no complete PEM block.
    #[error("could not decode the PEM structure")]
    NotPem,
    /// More than [`CERTIFICATE_BYTES_MAX`] bytes.
    #[error("the certificate has {0} bytes, more than the {CERTIFICATE_BYTES_MAX} that are read")]
    TooLong(usize),
    /// The block holds something else, or there is something after the certificate.
    #[error("parseCertificate failed: {0}")]
    NotX509(String),
    /// The subject's public key cannot be read.
    #[error("failed to import certificate's public key")]
    PublicKey,
}

/// One certificate. Copies are cheap.
#[derive(Clone)]
pub struct Certificate(Arc<Parsed>);

struct Parsed {
    der: Vec<u8>,
    pem: Vec<u8>,
    x509: X509,
    public_key: PublicKey,
    subject: DistinguishedName,
    subject_raw: Vec<u8>,
    issuer: DistinguishedName,
    issuer_raw: Vec<u8>,
    serial: Vec<u8>,
    not_before: i64,
    not_after: i64,
    spki: Vec<u8>,
    subject_key_id: Option<Vec<u8>>,
    authority_key_id: Option<Vec<u8>>,
    attributes: Result<BTreeMap<String, String>, AttributesError>,
    is_ca: bool,
    path_length_max: Option<u32>,
    may_sign_certificates: bool,
    allows_server_use: bool,
    has_name_constraints: bool,
    has_unknown_critical: bool,
    signature_algorithm: String,
}

impl Certificate {
    /// Reads the first PEM block of `text`. The block's label is not looked at, as in Fabric.
    ///
    /// # Errors
    /// [`CertificateError`] when there is no block or it holds no certificate.
    pub fn from_pem(text: &[u8]) -> Result<Self, CertificateError> {
        if text.len() > 4 * CERTIFICATE_BYTES_MAX {
            return Err(CertificateError::TooLong(text.len()));
        }
        let (der, _) = pem::first(text).ok_or(CertificateError::NotPem)?;
        Self::from_der(&der)
    }

    /// Reads a DER encoding, which must be the whole of `der`.
    ///
    /// # Errors
    /// [`CertificateError`] when it is too long, malformed or followed by something.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > CERTIFICATE_BYTES_MAX {
            return Err(CertificateError::TooLong(der.len()));
        }
        let not_x509 = |cause: &dyn fmt::Display| CertificateError::NotX509(cause.to_string());
        let (rest, parsed) =
            x509_parser::certificate::X509Certificate::from_der(der).map_err(|error| not_x509(&error))?;
        if !rest.is_empty() {
            return Err(CertificateError::NotX509("trailing data".to_owned()));
        }
        if parsed.signature_algorithm != parsed.tbs_certificate.signature {
            return Err(CertificateError::NotX509("two different signature algorithms".to_owned()));
        }
        let x509 = X509::from_der(der).map_err(|error| not_x509(&error))?;
        let key = x509.public_key().map_err(|_| CertificateError::PublicKey)?;
        let public_key = PublicKey::from_pkey(&key).map_err(|_| CertificateError::PublicKey)?;
        let extensions = Extensions::read(&parsed).map_err(|error| not_x509(&error))?;
        Ok(Self(Arc::new(Parsed {
            pem: pem::encode(pem::CERTIFICATE, der),
            der: der.to_vec(),
            public_key,
            subject: DistinguishedName::from_x509(parsed.subject()),
            subject_raw: parsed.subject().as_raw().to_vec(),
            issuer: DistinguishedName::from_x509(parsed.issuer()),
            issuer_raw: parsed.issuer().as_raw().to_vec(),
            serial: without_leading_zeros(parsed.raw_serial()),
            not_before: parsed.validity().not_before.timestamp(),
            not_after: parsed.validity().not_after.timestamp(),
            spki: parsed.public_key().raw.to_vec(),
            subject_key_id: extensions.subject_key_id,
            authority_key_id: extensions.authority_key_id,
            attributes: extensions.attributes,
            is_ca: extensions.is_ca,
            path_length_max: extensions.path_length_max,
            may_sign_certificates: extensions.may_sign_certificates,
            allows_server_use: extensions.allows_server_use,
            has_name_constraints: extensions.has_name_constraints,
            has_unknown_critical: extensions.has_unknown_critical,
            signature_algorithm: parsed.signature_algorithm.algorithm.to_id_string(),
            x509,
        })))
    }

    /// PEM with lines of 64 characters, as Fabric's tools write it.
    pub fn pem(&self) -> &[u8] {
        &self.0.pem
    }

    /// The DER encoding.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// Whom the certificate names.
    pub fn subject(&self) -> &DistinguishedName {
        &self.0.subject
    }

    /// Who signed it, by its own account.
    pub fn issuer(&self) -> &DistinguishedName {
        &self.0.issuer
    }

    /// The organizational units of the subject; with NodeOUs one of them is the role.
    pub fn ous(&self) -> &[String] {
        self.subject().organizational_units()
    }

    /// The serial number, big-endian without leading zeros.
    pub fn serial(&self) -> &[u8] {
        &self.0.serial
    }

    /// The first second of validity, in seconds since 1970 UTC.
    pub fn not_before(&self) -> i64 {
        self.0.not_before
    }

    /// The last second of validity, in seconds since 1970 UTC.
    pub fn not_after(&self) -> i64 {
        self.0.not_after
    }

    /// Whether the last second of validity is over at `now` (seconds since 1970 UTC). MSP validation never asks this;
    /// the endorser's filter, the orderer's broadcast and the deliver service do.
    pub fn is_expired(&self, now: i64) -> bool {
        now > self.not_after()
    }

    /// Whether validity has not begun at `now` (seconds since 1970 UTC). No part of Fabric asks this.
    pub fn is_not_yet_valid(&self, now: i64) -> bool {
        now < self.not_before()
    }

    /// The public key.
    pub fn public_key(&self) -> &PublicKey {
        &self.0.public_key
    }

    /// SHA-256 of the DER encoding.
    pub fn sha256(&self) -> [u8; 32] {
        sha256(self.der())
    }

    /// SHA-256 of the subject's public key information, which outlives a renewal that keeps the key.
    pub fn spki_sha256(&self) -> [u8; 32] {
        sha256(&self.0.spki)
    }

    /// The subject's public key information, DER.
    pub fn spki(&self) -> &[u8] {
        &self.0.spki
    }

    /// The attributes that Fabric CA put in; none when the certificate has no such extension. A certificate whose
    /// extension cannot be read is a certificate all the same, for Fabric too, but nothing may be decided by it.
    ///
    /// # Errors
    /// [`AttributesError`] when the extension is not understood.
    pub fn attributes(&self) -> Result<&BTreeMap<String, String>, AttributesError> {
        self.0.attributes.as_ref().map_err(Clone::clone)
    }

    /// The identifier of this client in Go chaincode: base64 of `x509::subject::issuer`.
    pub fn client_id(&self) -> String {
        openssl::base64::encode_block(format!("x509::{}::{}", self.subject(), self.issuer()).as_bytes())
    }

    /// Whether this is the certificate of a certificate authority.
    pub fn is_ca(&self) -> bool {
        self.0.is_ca
    }

    /// The identifier of the subject's key, from the extension.
    pub fn subject_key_id(&self) -> Option<&[u8]> {
        self.0.subject_key_id.as_deref()
    }

    /// The identifier of the issuer's key, from the extension.
    pub fn authority_key_id(&self) -> Option<&[u8]> {
        self.0.authority_key_id.as_deref()
    }

    /// The certificate as OpenSSL holds it.
    pub fn x509(&self) -> &X509 {
        &self.0.x509
    }

    pub(crate) fn subject_raw(&self) -> &[u8] {
        &self.0.subject_raw
    }

    pub(crate) fn issuer_raw(&self) -> &[u8] {
        &self.0.issuer_raw
    }

    pub(crate) fn path_length_max(&self) -> Option<u32> {
        self.0.path_length_max
    }

    pub(crate) fn allows_server_use(&self) -> bool {
        self.0.allows_server_use
    }

    pub(crate) fn has_name_constraints(&self) -> bool {
        self.0.has_name_constraints
    }

    pub(crate) fn has_unknown_critical(&self) -> bool {
        self.0.has_unknown_critical
    }

    /// Whether `parent` may sign certificates and has signed this one with an algorithm that is still trusted.
    pub fn is_signed_by(&self, parent: &Certificate) -> bool {
        let may_sign = parent.is_ca() && parent.0.may_sign_certificates;
        may_sign
            && self.has_trusted_algorithm()
            && parent.openssl_key().is_some_and(|key| signature::holds(self.x509().verify(&key)))
    }

    /// The public key as OpenSSL holds it; `None` for a kind that it does not know.
    pub fn openssl_key(&self) -> Option<PKey<Public>> {
        self.x509().public_key().ok()
    }

    /// Whether the certificate carries an ECDSA signature, whose `s` may have to be made low.
    pub(crate) fn has_ecdsa_signature(&self) -> bool {
        self.0.signature_algorithm == "1.2.840.10045.4.1"
            || self.0.signature_algorithm.starts_with("1.2.840.10045.4.3.")
    }

    /// The same certificate with a low-S signature; itself when the signature is low already. `issuer_key` tells the
    /// curve. `None` when the signature does not fit that kind of key.
    pub fn with_low_s(&self, issuer_key: &PublicKey) -> Option<Certificate> {
        let (outer, _) = der::take(self.der())?;
        let (body, after_body) = der::take(outer.contents)?;
        let (algorithm, after_algorithm) = der::take(after_body)?;
        let (signature, _) = der::take(after_algorithm)?;
        if [outer.tag, body.tag, algorithm.tag, signature.tag]
            != [der::SEQUENCE, der::SEQUENCE, der::SEQUENCE, der::BIT_STRING]
        {
            return None;
        }
        let [0, bytes @ ..] = signature.contents else { return None };
        let low = issuer_key.normalise(bytes)?;
        if low == bytes {
            return Some(self.clone());
        }
        let bits = der::put(der::BIT_STRING, &[&[0], low.as_slice()].concat());
        Certificate::from_der(&der::put(der::SEQUENCE, &[body.whole, algorithm.whole, &bits].concat())).ok()
    }

    /// SHA-1 and MD5 signatures are refused as Go refuses them.
    fn has_trusted_algorithm(&self) -> bool {
        const WEAK: [&str; 5] = [
            "1.2.840.10045.4.1",
            "1.2.840.113549.1.1.2",
            "1.2.840.113549.1.1.4",
            "1.2.840.113549.1.1.5",
            "1.3.14.3.2.29",
        ];
        !WEAK.contains(&self.0.signature_algorithm.as_str())
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der() == other.der()
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "(certificate subject={} issuer={} serialnumber={})",
            self.subject(),
            self.issuer(),
            hex::encode(self.serial())
        )
    }
}

struct Extensions {
    subject_key_id: Option<Vec<u8>>,
    authority_key_id: Option<Vec<u8>>,
    attributes: Result<BTreeMap<String, String>, AttributesError>,
    is_ca: bool,
    path_length_max: Option<u32>,
    may_sign_certificates: bool,
    allows_server_use: bool,
    has_name_constraints: bool,
    has_unknown_critical: bool,
}

impl Extensions {
    fn read(
        certificate: &x509_parser::certificate::X509Certificate<'_>,
    ) -> Result<Self, x509_parser::error::X509Error> {
        // Fails on an extension that appears twice, which Go refuses too.
        certificate.extensions_map()?;
        let mut found = Self {
            subject_key_id: None,
            authority_key_id: None,
            attributes: Ok(BTreeMap::new()),
            is_ca: false,
            path_length_max: None,
            may_sign_certificates: true,
            allows_server_use: true,
            has_name_constraints: false,
            has_unknown_critical: false,
        };
        for extension in certificate.extensions() {
            let oid = extension.oid.to_id_string();
            if extension.critical && !UNDERSTOOD.contains(&oid.as_str()) {
                found.has_unknown_critical = true;
            }
            if oid == ATTRIBUTES_OID {
                found.attributes = attributes::read(extension.value);
            }
            match extension.parsed_extension() {
                ParsedExtension::SubjectKeyIdentifier(id) => found.subject_key_id = Some(id.0.to_vec()),
                ParsedExtension::AuthorityKeyIdentifier(id) => {
                    found.authority_key_id = id.key_identifier.as_ref().map(|id| id.0.to_vec());
                }
                ParsedExtension::BasicConstraints(constraints) => {
                    found.is_ca = constraints.ca;
                    found.path_length_max = constraints.path_len_constraint;
                }
                ParsedExtension::KeyUsage(usage) => {
                    found.may_sign_certificates = usage.flags == 0 || usage.key_cert_sign()
                }
                ParsedExtension::ExtendedKeyUsage(usage) => found.allows_server_use = usage.any || usage.server_auth,
                ParsedExtension::NameConstraints(_) => found.has_name_constraints = true,
                ParsedExtension::ParseError { .. } => found.has_unknown_critical |= extension.critical,
                _ => {}
            }
        }
        Ok(found)
    }
}

fn without_leading_zeros(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes[zeros..].to_vec()
}
