//! RANGE: a ≤ v ≤ b for C = vG + rH.
//!
//! With n the least of 8, 16, 32, 64 such that 2ⁿ > b − a, one aggregated proof shows that
//! C − aG and bG − C both open to values in [0, 2ⁿ). The two openings x = v − a and y = b − v satisfy
//! x + y ≡ b − a (mod ℓ); as 0 ≤ x + y < 2ⁿ⁺¹ ≤ 2⁶⁵ ≪ ℓ and b − a < 2⁶⁴, the sum holds over the integers, so
//! neither can have wrapped: a ≤ v ≤ b. When b − a + 1 = 2ⁿ the first half alone says it all.

use crate::commitment::Commitment;
use crate::error::{ProveError, StatementError, VerifyError};
use crate::opening::Opening;
use crate::parameters::pedersen;
use crate::part::PartKind;
use crate::statement::{PublicInputs, Statement, StatementKind, sealed::Sealed};
use crate::window::Window;
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

    /// x = v − a and y = b − v add up to the width of the range.
    fn window(&self) -> Window {
        Window::new(self.upper - self.lower)
    }
}

impl Sealed for Range {}

impl Statement for Range {
    const KIND: StatementKind = StatementKind::Range;
    const PART: PartKind = PartKind::RangeProof;
    type Openings<'a> = &'a Opening;

    fn public_inputs(&self) -> PublicInputs {
        vec![
            (b"a", self.lower.to_le_bytes().to_vec()),
            (b"b", self.upper.to_le_bytes().to_vec()),
            (b"C", self.commitment.as_bytes().to_vec()),
        ]
    }

    fn prove<R: RngCore + CryptoRng>(
        &self,
        transcript: &mut Transcript,
        opening: &Opening,
        rng: &mut R,
    ) -> Result<Vec<u8>, ProveError> {
        if !opening.opens(&self.commitment) {
            return Err(ProveError::OpeningMismatch { which: "the commitment" });
        }
        let unsatisfied = ProveError::Unsatisfied { constraint: "lower bound <= value <= upper bound" };
        let above = opening.value.checked_sub(self.lower).ok_or(unsatisfied)?;
        let below = self.upper.checked_sub(opening.value).ok_or(unsatisfied)?;
        self.window().prove(transcript, [above, below], opening.blinding, rng)
    }

    fn verify<R: RngCore + CryptoRng>(
        &self,
        transcript: &mut Transcript,
        part: &[u8],
        weights: &mut R,
    ) -> Result<(), VerifyError> {
        let base = pedersen().B;
        let point = self.commitment.point();
        let above = point - base * Scalar::from(self.lower);
        let below = base * Scalar::from(self.upper) - point;
        self.window().verify(transcript, [above, below], part, weights)
    }
}
