//! The digests that Fabric names. No streaming: everything hashed here is already in memory.

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
