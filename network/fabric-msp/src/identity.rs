//! An identity: the holder of a certificate that an MSP has recognised. Recognised is less than valid: whether the
//! identity has exactly one role and has not been revoked is for [`crate::msp::Msp::validate`] to say.

use std::sync::{Arc, OnceLock};

use crate::{
    certificate::Certificate,
    msp::{error::IdentityError, role::Role},
    signature::VerifyError,
};

/// A deserialised identity. Copies are cheap and share what has been found out about it.
#[derive(Clone)]
pub struct Identity(Arc<Inner>);

struct Inner {
    msp_id: String,
    certificate: Certificate,
    /// From the leaf to the root; empty when the chain has not been built.
    chain: Vec<Certificate>,
    /// The MSP object that made this identity, and its verdict.
    owner: u64,
    verdict: OnceLock<Result<Role, IdentityError>>,
}

impl Identity {
    pub(crate) fn new(msp_id: &str, certificate: Certificate, chain: Vec<Certificate>, owner: u64) -> Self {
        Self(Arc::new(Inner { msp_id: msp_id.to_owned(), certificate, chain, owner, verdict: OnceLock::new() }))
    }

    /// The organization's id.
    pub fn msp_id(&self) -> &str {
        &self.0.msp_id
    }

    /// The certificate, with its own signature made low-S.
    pub fn certificate(&self) -> &Certificate {
        &self.0.certificate
    }

    /// MSP id and SHA-256 of the normalised certificate: equal for two encodings of one certificate.
    pub fn key(&self) -> (&str, [u8; 32]) {
        (self.msp_id(), self.certificate().sha256())
    }

    /// Checks that this identity signed `message`.
    ///
    /// # Errors
    /// [`VerifyError`]; a signature with a high `s` is refused.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        self.certificate().public_key().verify(message, signature)
    }

    pub(crate) fn chain(&self) -> &[Certificate] {
        &self.0.chain
    }

    /// The verdict of the MSP object numbered `owner`, computed once for the one that made this identity.
    pub(crate) fn verdict(
        &self,
        owner: u64,
        decide: impl FnOnce() -> Result<Role, IdentityError>,
    ) -> Result<Role, IdentityError> {
        if owner == self.0.owner { self.0.verdict.get_or_init(decide).clone() } else { decide() }
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Identity({} {:?})", self.msp_id(), self.certificate())
    }
}
