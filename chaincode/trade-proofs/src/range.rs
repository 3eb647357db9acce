//! RANGE: a ≤ v ≤ b for C = vG + rH.
//!
//! With n the least of 8, 16, 32, 64 such that 2ⁿ > b − a, one aggregated proof shows that
//! C − aG and bG − C both open to values in [0, 2ⁿ). The two openings x = v − a and y = b − v satisfy
//! x + y ≡ b − a (mod ℓ); as 0 ≤ x + y < 2ⁿ⁺¹ ≤ 2⁶⁵ ≪ ℓ and b − a < 2⁶⁴, the sum holds over the integers, so
//! neither can have wrapped: a ≤ v ≤ b. When b − a + 1 = 2ⁿ the first half alone says it all.

use crate::commitment::Commitment;
use crate::error::{ProveError, StatementError, VerifyError};
use crate::opening::Opening;
use crate::parameters::{pedersen, vectors};
use crate::proof::{PartKind, Proof};
use crate::transcript;
use bulletproofs::{ProofError, RangeProof};
use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use merlin::Transcript;
use rand_core::{CryptoRng, RngCore};

/// "The value under this commitment lies between these bounds", both included, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    commitment: Commitment,
    lower: u64,
    upper: u64,
}

impl Range {
    /// lower ≤ v ≤ upper, such as a declared value inside a tariff band.
    ///
    /// # Errors
    /// [`StatementError::BoundsReversed`].
    pub fn within(commitment: Commitment, lower: u64, upper: u64) -> Result<Self, StatementError> {
        if lower > upper {
            return Err(StatementError::BoundsReversed);
        }
        Ok(Self { commitment, lower, upper })
    }

    /// v ≥ minimum, such as a price floor. The upper bound is 2⁶⁴ − 1, so that the value is a number of minor
    /// units and cannot wrap in any later equation.
    pub fn at_least(commitment: Commitment, minimum: u64) -> Self {
        Self { commitment, lower: minimum, upper: u64::MAX }
    }

    /// v ≤ maximum, such as a de-minimis threshold.
    pub fn at_most(commitment: Commitment, maximum: u64) -> Self {
        Self { commitment, lower: 0, upper: maximum }
    }

    /// The commitment.
    pub fn commitment(&self) -> &Commitment {
        &self.commitment
    }

    /// The lower bound, included.
    pub fn lower(&self) -> u64 {
        self.lower
    }

    /// The upper bound, included.
    pub fn upper(&self) -> u64 {
        self.upper
    }

    pub(crate) fn public_part(&self) -> Vec<(&'static [u8], Vec<u8>)> {
        vec![
            (b"a", self.lower.to_le_bytes().to_vec()),
            (b"b", self.upper.to_le_bytes().to_vec()),
            (b"C", self.commitment.as_bytes().to_vec()),
        ]
    }

    /// x = v − a and y = b − v add up to the width of the range.
    fn window(&self) -> Window {
        Window::new(self.upper - self.lower)
    }

    pub(crate) fn prove<R: RngCore + CryptoRng>(
        &self,
        transcript: &mut Transcript,
        opening: &Opening,
        rng: &mut R,
    ) -> Result<Vec<(PartKind, Vec<u8>)>, ProveError> {
        if !opening.opens(&self.commitment) {
            return Err(ProveError::OpeningMismatch { which: "the commitment" });
        }
        let unsatisfied = ProveError::Unsatisfied { constraint: "lower bound <= value <= upper bound" };
        let above = opening.value.checked_sub(self.lower).ok_or(unsatisfied)?;
        let below = self.upper.checked_sub(opening.value).ok_or(unsatisfied)?;
        self.window().prove(transcript, [above, below], opening.blinding, rng)
    }

    pub(crate) fn verify<R: RngCore + CryptoRng>(
        &self,
        transcript: &mut Transcript,
        proof: &Proof,
        rng: &mut R,
    ) -> Result<(), VerifyError> {
        let window = self.window();
        let bytes = window.part(proof)?;
        let base = pedersen().B;
        let point = self.commitment.point();
        let above = point - base * Scalar::from(self.lower);
        let below = base * Scalar::from(self.upper) - point;
        window.verify(transcript, [above, below], bytes, rng)
    }
}

/// Values x and y with x + y = width, both shown to be in [0, 2ⁿ); shared by RANGE and MATCH.
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

    /// The proof's bytes if they are of the one length this window has.
    pub(crate) fn part<'a>(&self, proof: &'a Proof) -> Result<&'a [u8], VerifyError> {
        let bytes = proof.only_part(PartKind::RangeProof)?;
        if bytes.len() == self.proof_bytes() { Ok(bytes) } else { Err(VerifyError::Malformed) }
    }

    /// Proves for x with blinding factor `blinding` and y with its negative.
    pub(crate) fn prove<R: RngCore + CryptoRng>(
        &self,
        transcript: &mut Transcript,
        values: [u64; 2],
        blinding: Scalar,
        rng: &mut R,
    ) -> Result<Vec<(PartKind, Vec<u8>)>, ProveError> {
        let blindings = [blinding, -blinding];
        transcript::part(transcript, 0, PartKind::RangeProof);
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
        Ok(vec![(PartKind::RangeProof, proof.to_bytes())])
    }

    /// Verifies for the commitments to x and y.
    pub(crate) fn verify<R: RngCore + CryptoRng>(
        &self,
        transcript: &mut Transcript,
        points: [RistrettoPoint; 2],
        bytes: &[u8],
        rng: &mut R,
    ) -> Result<(), VerifyError> {
        let proof = RangeProof::from_bytes(bytes).map_err(|_| VerifyError::NonCanonical)?;
        let commitments: Vec<CompressedRistretto> =
            points[..self.values].iter().map(RistrettoPoint::compress).collect();
        transcript::part(transcript, 0, PartKind::RangeProof);
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
