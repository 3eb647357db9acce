//! Good signatures that have been checked before.
//!
//! One signature is checked by the orderer and again by the validator; checking is pure, so the second time can be
//! remembered. What a node of this process signed itself is known to be good. Bad signatures are never remembered.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Mutex, PoisonError},
};

use fabric_msp::{
    certificate::Certificate,
    hash::sha256_parts,
    identity::Identity,
    msp::MspManager,
    policy::SignedData,
    signature::VerifyError,
    signer::{SignError, Signer},
};

/// Signatures that are remembered, 32 bytes each.
const REMEMBERED_MAX: usize = 16 * 1024;

/// A bounded memory of good signatures.
#[derive(Default)]
pub struct VerifiedSignatures {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    digests: BTreeSet<[u8; 32]>,
    order: VecDeque<[u8; 32]>,
}

impl VerifiedSignatures {
    /// Checks that the identity signed the message, unless that is already known.
    ///
    /// # Errors
    /// As [`Identity::verify`].
    pub fn verify(&self, identity: &Identity, message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        let digest = digest_of(identity.certificate(), message, signature);
        if self.lock().digests.contains(&digest) {
            return Ok(());
        }
        identity.verify(message, signature)?;
        self.remember(digest);
        Ok(())
    }

    /// Lets a node of this process sign. Its signature needs no checking afterwards: a signer is only made of a key and
    /// a certificate that belong together.
    ///
    /// # Errors
    /// As [`Signer::sign`].
    pub(crate) fn sign(&self, signer: &dyn Signer, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let signature = signer.sign(message)?;
        self.remember(digest_of(signer.certificate(), message, &signature));
        Ok(signature)
    }

    fn remember(&self, digest: [u8; 32]) {
        let mut known = self.lock();
        if known.digests.insert(digest) {
            known.order.push_back(digest);
            if known.order.len() > REMEMBERED_MAX
                && let Some(oldest) = known.order.pop_front()
            {
                known.digests.remove(&oldest);
            }
        }
    }

    /// The identities behind good signatures, each once, in order; the others are left out without a word.
    pub fn valid_identities(&self, signatures: &[SignedData], msps: &MspManager) -> Vec<Identity> {
        let mut found: Vec<Identity> = Vec::new();
        for signed in signatures {
            let Ok(identity) = msps.deserialize(&signed.identity) else { continue };
            if found.iter().any(|other| other.key() == identity.key()) {
                continue;
            }
            if self.verify(&identity, &signed.data, &signed.signature).is_ok() {
                found.push(identity);
            }
        }
        found
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What stands for a signature in the memory. The key's digest and the signature's length have fixed places, so no two
/// inputs share a digest by their joints.
fn digest_of(certificate: &Certificate, message: &[u8], signature: &[u8]) -> [u8; 32] {
    let length = (signature.len() as u64).to_be_bytes();
    sha256_parts(&[&certificate.spki_sha256(), &length, signature, message])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestLedger;

    #[test]
    fn what_was_signed_here_is_known_and_nothing_else() {
        let test = TestLedger::empty();
        let signer = test.channel.orderer.as_ref();
        let identity = test.ledger.channel().msps().deserialize(signer.creator()).expect("a member");
        let signatures = VerifiedSignatures::default();
        let signature = signatures.sign(signer, b"block").expect("signed");
        assert!(signatures.lock().digests.contains(&digest_of(identity.certificate(), b"block", &signature)));
        assert!(signatures.verify(&identity, b"block", &signature).is_ok());
        assert!(signatures.verify(&identity, b"another", &signature).is_err());
        assert_eq!(signatures.lock().order.len(), 1, "a bad signature is not remembered");
    }
}
