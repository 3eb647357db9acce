//! The public parameters: which generators every commitment and proof uses, and their digest.
//!
//! Nobody chose these points: each is the output of a hash-to-group function on a fixed string, so nobody
//! knows a discrete logarithm between two of them.
//!
//! * G — the ristretto255 base point (RFC 9496 §4.2); carries the value.
//! * H — SHA3-512 hash-to-group of G's encoding; carries the blinding factor.
//! * **G**ᵢⱼ, **H**ᵢⱼ — SHAKE256 streams started from `GeneratorsChain` and a label of party j.

use bulletproofs::{BulletproofGens, PedersenGens};
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

/// The protocol label, first in every transcript.
pub const PROTOCOL: &str = "tradezk/1";

/// The version of envelopes and transcripts.
pub(crate) const VERSION: u8 = 1;

/// Suite 1: ristretto255, Bulletproofs range proofs, Merlin transcripts.
pub const SUITE: u16 = 1;

/// Widest range in bits.
pub(crate) const BITS_MAX: usize = 64;

/// Most values under one aggregated range proof.
pub(crate) const PARTIES_MAX: usize = 2;

/// G and H.
pub(crate) fn pedersen() -> &'static PedersenGens {
    static GENERATORS: OnceLock<PedersenGens> = OnceLock::new();
    GENERATORS.get_or_init(PedersenGens::default)
}

/// The vectors **G** and **H** for [`BITS_MAX`] bits and [`PARTIES_MAX`] values. Takes some milliseconds once.
pub(crate) fn vectors() -> &'static BulletproofGens {
    static GENERATORS: OnceLock<BulletproofGens> = OnceLock::new();
    GENERATORS.get_or_init(|| BulletproofGens::new(BITS_MAX, PARTIES_MAX))
}

/// SHA-256 over the suite, G, H and the way the vectors are derived; absorbed by every transcript.
pub fn digest() -> &'static [u8; 32] {
    static DIGEST: OnceLock<[u8; 32]> = OnceLock::new();
    DIGEST.get_or_init(|| {
        let generators = pedersen();
        let mut hash = Sha256::new();
        for part in [
            PROTOCOL.as_bytes(),
            &SUITE.to_le_bytes(),
            generators.B.compress().as_bytes(),
            generators.B_blinding.compress().as_bytes(),
            b"GeneratorsChain/SHAKE256/bulletproofs-5",
        ] {
            hash.update((part.len() as u32).to_le_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    })
}

/// The first eight bytes of [`digest`], as they stand in every proof.
pub fn id() -> [u8; 8] {
    let mut id = [0; 8];
    id.copy_from_slice(&digest()[..8]);
    id
}
