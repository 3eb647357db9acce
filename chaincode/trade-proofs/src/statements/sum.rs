//! SUM: v₁ + … + v_k = v_T for the lines of a document and its total.
//!
//! When the total's blinding factor is the sum of the lines' ([`Opening::sum`]), ΣCᵢ = C_T as points and no
//! proof is needed at all: [`Sum::holds_without_proof`]. Otherwise Schnorr's proof shows ΣCᵢ − C_T = δH.
//!
//! The equation holds modulo ℓ. It is a sum of amounts when each line is range-proved below 2⁶⁴:
//! k · 2⁶⁴ ≤ 2⁷² ≪ ℓ.

use crate::commitment::Commitment;
use crate::error::{ProveError, StatementError, VerifyError};
use crate::opening::Opening;
use crate::part::PartKind;
use crate::schnorr;
use crate::statement::{PublicInputs, Statement, StatementKind, sealed::Sealed};
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use merlin::Transcript;
use rand_core::{CryptoRng, RngCore};

/// Most lines of one sum.
pub const SUM_LINES_MAX: usize = 256;

/// "These lines add up to this total."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    lines: Vec<Commitment>,
    total: Commitment,
}

impl Sum {
    /// Σ v_line = v_total.
    ///
    /// # Errors
    /// [`StatementError::LineCount`] unless there are 1 to [`SUM_LINES_MAX`] lines.
    pub fn new(lines: Vec<Commitment>, total: Commitment) -> Result<Self, StatementError> {
        if lines.is_empty() || lines.len() > SUM_LINES_MAX {
            return Err(StatementError::LineCount);
        }
        Ok(Self { lines, total })
    }

    /// The lines in their order.
    pub fn lines(&self) -> &[Commitment] {
        &self.lines
    }

    /// The total.
    pub fn total(&self) -> &Commitment {
        &self.total
    }

    /// Whether ΣCᵢ = C_T as points, which is a proof by itself.
    pub fn holds_without_proof(&self) -> bool {
        self.lines_point() == self.total.point()
    }

    fn lines_point(&self) -> RistrettoPoint {
        self.lines.iter().map(Commitment::point).sum()
    }
}

impl Sealed for Sum {}

impl Statement for Sum {
    const KIND: StatementKind = StatementKind::Sum;
    const PART: PartKind = PartKind::SchnorrBlinding;
    type Openings<'a> = (&'a [Opening], &'a Opening);

    fn public_inputs(&self) -> PublicInputs {
        let mut inputs: PublicInputs = vec![(b"k", (self.lines.len() as u32).to_le_bytes().to_vec())];
        inputs.extend(self.lines.iter().map(|line| (b"Ci".as_slice(), line.as_bytes().to_vec())));
        inputs.push((b"CT", self.total.as_bytes().to_vec()));
        inputs
    }

    fn prove<R: RngCore + CryptoRng>(
        &self,
        transcript: &mut Transcript,
        (lines, total): (&[Opening], &Opening),
        rng: &mut R,
    ) -> Result<Vec<u8>, ProveError> {
        if lines.len() != self.lines.len() {
            return Err(ProveError::OpeningCount);
        }
        if !lines.iter().zip(&self.lines).all(|(opening, line)| opening.opens(line)) {
            return Err(ProveError::OpeningMismatch { which: "a line's commitment" });
        }
        if !total.opens(&self.total) {
            return Err(ProveError::OpeningMismatch { which: "the total's commitment" });
        }
        let sum: u128 = lines.iter().map(|line| u128::from(line.value)).sum();
        if sum != u128::from(total.value) {
            return Err(ProveError::Unsatisfied { constraint: "the lines add up to the total" });
        }
        let blinding: Scalar = lines.iter().map(|line| line.blinding).sum();
        Ok(schnorr::prove(transcript, blinding - total.blinding, rng))
    }

    fn verify<R: RngCore + CryptoRng>(
        &self,
        transcript: &mut Transcript,
        part: &[u8],
        _weights: &mut R,
    ) -> Result<(), VerifyError> {
        schnorr::verify(transcript, self.lines_point() - self.total.point(), part)
    }
}
