//! The beginning that every transcript shares: protocol, suite, parameters, context, statement, part — in this
//! order and before any challenge.

use crate::context::ProofContext;
use crate::parameters::{self, VERSION};
use crate::part::PartKind;
use crate::statement::Statement;
use curve25519_dalek::scalar::Scalar;
use merlin::{Transcript, TranscriptRng};
use rand_core::{CryptoRng, RngCore};

/// A transcript in which everything public has been absorbed.
pub(crate) fn start<S: Statement>(context: &ProofContext, statement: &S) -> Transcript {
    let mut transcript = Transcript::new(parameters::PROTOCOL.as_bytes());
    transcript.append_message(b"version", &[VERSION]);
    transcript.append_message(b"suite", &parameters::SUITE.to_le_bytes());
    transcript.append_message(b"parameters", parameters::digest());
    context.absorb(&mut transcript);
    transcript.append_message(b"statement", &S::KIND.number().to_le_bytes());
    for (label, bytes) in statement.public_inputs() {
        transcript.append_message(label, &bytes);
    }
    part(&mut transcript, 0, S::PART);
    transcript
}

/// Opens a part: its position and kind.
fn part(transcript: &mut Transcript, index: u8, kind: PartKind) {
    transcript.append_message(b"part", &[index, kind as u8]);
}

/// A challenge: 64 bytes, reduced, so that it is uniform up to 2^-250.
pub(crate) fn challenge(transcript: &mut Transcript, label: &'static [u8]) -> Scalar {
    let mut bytes = [0; 64];
    transcript.challenge_bytes(label, &mut bytes);
    Scalar::from_bytes_mod_order_wide(&bytes)
}

/// The prover's nonces: from the transcript, the witness and the caller's randomness together, so that a weak
/// generator alone does not leak the witness.
pub(crate) fn nonces<R: RngCore + CryptoRng>(
    transcript: &Transcript,
    witness: &[(u64, Scalar)],
    rng: &mut R,
) -> TranscriptRng {
    let mut builder = transcript.build_rng();
    for (value, blinding) in witness {
        builder = builder.rekey_with_witness_bytes(b"value", &value.to_le_bytes());
        builder = builder.rekey_with_witness_bytes(b"blinding", blinding.as_bytes());
    }
    builder.finalize(rng)
}
