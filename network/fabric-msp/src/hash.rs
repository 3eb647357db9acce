//! The digests that Fabric names. No streaming: everything hashed here is already in memory.

use openssl::{
    error::ErrorStack,
    hash::{MessageDigest, hash},
};

/// A digest that a signer may be told to use. Peers and orderers check with SHA-256 whatever the curve of the key,
/// unless an MSP's cryptographic settings name the SHA-3 family, and then with SHA3-256; the longer ones serve other
/// verifiers. Ed25519 takes the message as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Digest {
    /// What Fabric checks with by default.
    #[default]
    Sha256,
    /// Not accepted by Fabric's peers, also not for keys on P-384.
    Sha384,
    /// For organizations whose MSP names the SHA-3 family.
    Sha3_256,
    /// Not accepted by Fabric's peers.
    Sha3_384,
}

impl Digest {
    /// The digest of `bytes`: 32 or 48 bytes.
    ///
    /// # Errors
    /// An OpenSSL that was built without this digest refuses.
    pub fn of(self, bytes: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let kind = match self {
            Self::Sha256 => return Ok(sha256(bytes).to_vec()),
            Self::Sha384 => MessageDigest::sha384(),
            Self::Sha3_256 => MessageDigest::sha3_256(),
            Self::Sha3_384 => MessageDigest::sha3_384(),
        };
        Ok(hash(kind, bytes)?.to_vec())
    }
}

/// SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    openssl::sha::sha256(bytes)
}

/// SHA-256 of several parts as if they stood one after another.
pub fn sha256_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = openssl::sha::Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_the_standards() -> Result<(), ErrorStack> {
        let rows = [
            (Digest::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                Digest::Sha384,
                "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
            ),
            (Digest::Sha3_256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
            (
                Digest::Sha3_384,
                "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25",
            ),
        ];
        for (digest, expected) in rows {
            assert_eq!(hex::encode(digest.of(b"abc")?), expected, "{digest:?}");
        }
        Ok(())
    }
}
