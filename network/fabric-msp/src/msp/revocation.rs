//! Certificate revocation lists as an MSP uses them: who signed, and which serial numbers. Dates decide nothing,
//! because Fabric lets a revocation apply from the moment the channel knows of it; they are told to those who watch
//! over lists.

use openssl::x509::X509Crl;
use x509_parser::{extensions::ParsedExtension, prelude::FromDer, revocation_list::CertificateRevocationList};

use super::error::SetupError;
use crate::{certificate::Certificate, pem, signature};

/// The longest list that is read, in bytes (4 MiB, some hundred thousand entries).
pub(super) const LIST_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The label that lists carry.
const LABEL: &str = "X509 CRL";

/// How a PEM block begins.
const BEGIN: &[u8] = b"-----BEGIN ";

/// The lists of one file, each as one that [`RevocationList::parse`] and Fabric take: a list in DER, or all PEM blocks.
pub(super) fn lists(contents: &[u8]) -> Result<Vec<Vec<u8>>, SetupError> {
    let mut found = Vec::new();
    let mut rest = contents;
    while let Some((der, after)) = pem::first(rest) {
        found.push(pem::encode(LABEL, &der));
        rest = after;
    }
    if !found.is_empty() && rest.windows(BEGIN.len()).any(|window| window == BEGIN) {
        return Err(SetupError::RevocationList);
    }
    if found.len() < 2 {
        // Unchanged, so that a configuration made of it is byte for byte what Fabric's tools make.
        found = vec![contents.to_vec()];
    }
    for list in &found {
        RevocationList::parse(list)?;
    }
    Ok(found)
}

pub(super) struct RevocationList {
    signed: X509Crl,
    authority_key_id: Option<Vec<u8>>,
    /// Sorted, big-endian without leading zeros.
    serials: Vec<Vec<u8>>,
    dates: RevocationDates,
}

/// When a revocation list was issued, and by when its authority means to issue the next one; seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RevocationDates {
    /// `thisUpdate`.
    pub issued: i64,
    /// `nextUpdate`, which a list may leave out.
    pub next: Option<i64>,
}

impl RevocationList {
    /// Reads a list in PEM or DER.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, SetupError> {
        if bytes.len() > LIST_BYTES_MAX {
            return Err(SetupError::RevocationList);
        }
        let der = match pem::first(bytes) {
            Some((contents, _)) => contents,
            None => bytes.to_vec(),
        };
        let (_, parsed) = CertificateRevocationList::from_der(&der).map_err(|_| SetupError::RevocationList)?;
        let authority_key_id = parsed.extensions().iter().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                Some(id.key_identifier.as_ref().map(|id| id.0.to_vec()).unwrap_or_default())
            }
            _ => None,
        });
        let mut serials: Vec<Vec<u8>> =
            parsed.iter_revoked_certificates().map(|revoked| trim(revoked.raw_serial())).collect();
        serials.sort();
        let signed = X509Crl::from_der(&der).map_err(|_| SetupError::RevocationList)?;
        let next = parsed.next_update().map(|next| next.timestamp());
        let dates = RevocationDates { issued: parsed.last_update().timestamp(), next };
        Ok(Self { signed, authority_key_id, serials, dates })
    }

    pub(super) fn dates(&self) -> RevocationDates {
        self.dates
    }

    pub(super) fn authority_key_id(&self) -> Option<&[u8]> {
        self.authority_key_id.as_deref()
    }

    pub(super) fn names(&self, serial: &[u8]) -> bool {
        self.serials.binary_search_by(|known| known.as_slice().cmp(serial)).is_ok()
    }

    pub(super) fn is_signed_by(&self, issuer: &Certificate) -> bool {
        issuer.openssl_key().is_some_and(|key| signature::holds(self.signed.verify(&key)))
    }
}

fn trim(serial: &[u8]) -> Vec<u8> {
    let zeros = serial.iter().take_while(|byte| **byte == 0).count();
    serial[zeros..].to_vec()
}
