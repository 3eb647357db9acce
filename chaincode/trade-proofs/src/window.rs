//! Two values that add up to a public width, both shown to be in [0, 2ⁿ): what RANGE and CLOSE come down to.

use crate::error::{ProveError, VerifyError};
use crate::parameters::{pedersen, vectors};
use crate::transcript;
use bulletproofs::{ProofError, RangeProof};
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use merlin::Transcript;
use rand_core::{CryptoRng, RngCore};

/// Values x and y with x + y = width, both shown to be in [0, 2ⁿ); shared by RANGE and CLOSE.
pub(crate) struct Window {
    bits: usize,
    values: usize,
}

impl Window {
    /// For x + y = `width`.
    pub(crate) fn new(width: u64) -> Self {
        let bits = match width {
            0..=0xff => 8,
            0x100..=0xffff => 16,
            0x1_0000..=0xffff_ffff => 32,
            _ => 64,
        };
        let full = width == u64::MAX >> (64 - bits);
        Self { bits, values: if full { 1 } else { 2 } }
    }

    /// Four points and three scalars, two points per halving of the vectors, two scalars at the end.
    fn proof_bytes(&self) -> usize {
        let halvings = (self.bits * self.values).trailing_zeros() as usize;
        32 * (9 + 2 * halvings)
    }

    /// Whether the bytes are of the one length that this window has.
    fn measure(&self, bytes: &[u8]) -> Result<(), VerifyError> {
        if bytes.len() == self.proof_bytes() { Ok(()) } else { Err(VerifyError::Malformed) }
    }

    /// Proves for x with blinding factor `blinding` and y with its negative.
    pub(crate) fn prove<R: RngCore + CryptoRng>(
        &self,
        transcript: &mut Transcript,
        values: [u64; 2],
        blinding: Scalar,
        rng: &mut R,
    ) -> Result<Vec<u8>, ProveError> {
        let blindings = [blinding, -blinding];
        let mut nonces = transcript::nonces(transcript, &[(values[0], blindings[0]), (values[1], blindings[1])], rng);
        let (proof, _) = RangeProof::prove_multiple_with_rng(
            vectors(),
            pedersen(),
            transcript,
            &values[..self.values],
            &blindings[..self.values],
            self.bits,
            &mut nonces,
        )
        .map_err(|_| ProveError::Backend)?;
        Ok(proof.to_bytes())
    }

    /// Verifies for the commitments to x and y.
    pub(crate) fn verify<R: RngCore + CryptoRng>(
        &self,
        transcript: &mut Transcript,
        points: [RistrettoPoint; 2],
        bytes: &[u8],
        rng: &mut R,
    ) -> Result<(), VerifyError> {
        self.measure(bytes)?;
        let proof = RangeProof::from_bytes(bytes).map_err(|_| VerifyError::NonCanonical)?;
        let commitments: Vec<CompressedRistretto> =
            points[..self.values].iter().map(RistrettoPoint::compress).collect();
        proof.verify_multiple_with_rng(vectors(), pedersen(), transcript, &commitments, self.bits, rng).map_err(
            |error| match error {
                ProofError::FormatError => VerifyError::NonCanonical,
                _ => VerifyError::Rejected,
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Window;

    #[test]
    fn the_window_is_the_least_that_holds_the_width() {
        let table = [
            (0, 8, 2),
            (254, 8, 2),
            (255, 8, 1),
            (256, 16, 2),
            (65_534, 16, 2),
            (65_535, 16, 1),
            (65_536, 32, 2),
            (u64::from(u32::MAX), 32, 1),
            (u64::from(u32::MAX) + 1, 64, 2),
            (u64::MAX - 1, 64, 2),
            (u64::MAX, 64, 1),
        ];
        for (width, bits, values) in table {
            let window = Window::new(width);
            assert_eq!((window.bits, window.values), (bits, values), "{width}");
        }
    }
}
