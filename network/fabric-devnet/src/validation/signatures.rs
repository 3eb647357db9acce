//! Good signatures that have been checked before.
//!
//! One signature is checked by the orderer and again by the validator; checking is pure, so the second time can be
//! remembered. Bad signatures are never remembered.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Mutex, PoisonError},
};

use fabric_msp::{hash::sha256_parts, identity::Identity, msp::MspManager, policy::SignedData, signature::VerifyError};

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
        // The key's digest and the signature's length have fixed places, so no two inputs share a digest by their
        // joints.
        let length = (signature.len() as u64).to_be_bytes();
        let digest = sha256_parts(&[&identity.certificate().spki_sha256(), &length, signature, message]);
        if self.lock().digests.contains(&digest) {
            return Ok(());
        }
        identity.verify(message, signature)?;
        let mut known = self.lock();
        if known.digests.insert(digest) {
            known.order.push_back(digest);
            if known.order.len() > REMEMBERED_MAX
                && let Some(oldest) = known.order.pop_front()
            {
                known.digests.remove(&oldest);
            }
        }
        Ok(())
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
