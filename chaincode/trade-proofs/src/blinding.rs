//! Blinding factors from one master key per organization, so that nothing but the key needs a back-up.
//!
//! r = wide-reduce(HKDF-SHA512(master key, info = name of the commitment ‖ v)). With the value in the info, two
//! values under one name never share a factor; were they to share one, C₁ − C₂ = (v₁ − v₂)G could be searched.

use crate::opening::Opening;
use curve25519_dalek::scalar::Scalar;
use hkdf::Hkdf;
use sha2::Sha512;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// An organization's secret of 32 bytes, wiped when dropped. It belongs into a key store.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// Wraps 32 bytes from a cryptographic random generator.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The opening for `value` (minor units) under `name`; the same input gives the same opening.
    pub fn opening(&self, name: &CommitmentName<'_>, value: u64) -> Opening {
        for attempt in 0u8..=u8::MAX {
            let mut okm = [0; 64];
            Hkdf::<Sha512>::new(Some(b"tradezk/1 blinding"), &self.0)
                .expand(&name.info(value, attempt), &mut okm)
                .expect("64 bytes are one block of HKDF-SHA512");
            let blinding = Scalar::from_bytes_mod_order_wide(&okm);
            okm.zeroize();
            if let Ok(opening) = Opening::from_scalar(value, blinding) {
                return opening;
            }
        }
        unreachable!("256 independent scalars are not all zero")
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("MasterKey(secret)")
    }
}

/// What a commitment is called: unique per organization for every number it ever commits to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommitmentName<'a> {
    /// The channel.
    pub channel: &'a str,
    /// The chaincode.
    pub chaincode: &'a str,
    /// The organization.
    pub msp_id: &'a str,
    /// The record's type, such as `invoice`.
    pub record_type: &'a str,
    /// The record's id.
    pub record_id: &'a str,
    /// The record's version.
    pub record_version: u64,
    /// The field, such as `total` or `line/3`.
    pub field: &'a str,
}

impl CommitmentName<'_> {
    fn info(&self, value: u64, attempt: u8) -> Vec<u8> {
        let mut info = Vec::new();
        let texts = [self.channel, self.chaincode, self.msp_id, self.record_type, self.record_id, self.field];
        for text in texts {
            info.extend_from_slice(&(text.len() as u32).to_le_bytes());
            info.extend_from_slice(text.as_bytes());
        }
        info.extend_from_slice(&self.record_version.to_le_bytes());
        info.extend_from_slice(&value.to_le_bytes());
        info.push(attempt);
        info
    }
}
