//! The proposal in its original bytes, for the rare contract that looks at something that [`Context`](crate::Context)
//! does not name.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// Where the transaction comes from. The peer has checked signature and certificate before the contract runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin<'a> {
    /// The signed bytes: a `protos.Proposal`. Holds the transient inputs, so it must not be stored.
    pub proposal: &'a [u8],
    /// The client's signature of [`Origin::proposal`].
    pub signature: &'a [u8],
    /// Who signed: a `msp.SerializedIdentity`, in which the certificate lies as PEM.
    pub creator: &'a [u8],
    /// What makes the proposal differ from all others of its creator.
    pub nonce: &'a [u8],
    /// The epoch of the channel header; 0 on every Fabric network so far.
    pub epoch: u64,
    /// What the peer has added to the call. Peers differ in it unless their operators see to it that they do not.
    pub decorations: &'a BTreeMap<String, Vec<u8>>,
}

impl Origin<'_> {
    /// Ties other data to this proposal alone: SHA-256 of nonce, creator and epoch (8 bytes, the lowest first), as
    /// Fabric's Go, Java and Node libraries compute it.
    pub fn binding(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.nonce);
        digest.update(self.creator);
        digest.update(self.epoch.to_le_bytes());
        digest.finalize().into()
    }
}
