//! CLOSE: |v₁ − v₂| ≤ t for C₁ = v₁G + r₁H and C₂ = v₂G + r₂H.
//!
//! D = C₁ − C₂ commits to d = v₁ − v₂ under r₁ − r₂. RANGE on D with [−t, t]: D + tG and tG − D open to
//! x = d + t and y = t − d in [0, 2ⁿ), n the least width with 2ⁿ > 2t, and x + y = 2t < 2⁶⁴ over the integers.
//!
//! d is the difference modulo ℓ. It is the difference of amounts of money only when both commitments are
//! known to hold numbers below 2⁶⁴: because a range proof said so, or because an endorser saw the openings.

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

/// "These two values differ by at most this tolerance", in minor units: an invoiced and a paid amount, for example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Close {
    left: Commitment,
    right: Commitment,
    tolerance: u64,
}

impl Close {
    /// |v_left − v_right| ≤ tolerance.
    ///
    /// # Errors
    /// [`StatementError::ToleranceTooLarge`] from 2⁶³ on: 2t must stay below 2⁶⁴.
    pub fn new(left: Commitment, right: Commitment, tolerance: u64) -> Result<Self, StatementError> {
        if tolerance > u64::MAX / 2 {
            return Err(StatementError::ToleranceTooLarge);
        }
        Ok(Self { left, right, tolerance })
    }

    /// The commitment C₁.
    pub fn left(&self) -> &Commitment {
        &self.left
    }

    /// The commitment C₂.
    pub fn right(&self) -> &Commitment {
        &self.right
    }

    /// The tolerance in minor units.
    pub fn tolerance(&self) -> u64 {
        self.tolerance
    }

    /// x = d + t and y = t − d add up to twice the tolerance, which is below 2⁶⁴.
    fn window(&self) -> Window {
        Window::new(2 * self.tolerance)
    }
}

impl Sealed for Close {}

impl Statement for Close {
    const KIND: StatementKind = StatementKind::Close;
    const PART: PartKind = PartKind::RangeProof;
    type Openings<'a> = (&'a Opening, &'a Opening);

    fn public_inputs(&self) -> PublicInputs {
        vec![
            (b"t", self.tolerance.to_le_bytes().to_vec()),
            (b"C1", self.left.as_bytes().to_vec()),
            (b"C2", self.right.as_bytes().to_vec()),
        ]
    }

    fn prove<R: RngCore + CryptoRng>(
        &self,
        transcript: &mut Transcript,
        (left, right): (&Opening, &Opening),
        rng: &mut R,
    ) -> Result<Vec<u8>, ProveError> {
        if !left.opens(&self.left) {
            return Err(ProveError::OpeningMismatch { which: "the left commitment" });
        }
        if !right.opens(&self.right) {
            return Err(ProveError::OpeningMismatch { which: "the right commitment" });
        }
        if left.value.abs_diff(right.value) > self.tolerance {
            return Err(ProveError::Unsatisfied { constraint: "|left - right| <= tolerance" });
        }
        let difference = i128::from(left.value) - i128::from(right.value);
        let tolerance = i128::from(self.tolerance);
        let above = (tolerance + difference) as u64;
        let below = (tolerance - difference) as u64;
        self.window().prove(transcript, [above, below], left.blinding - right.blinding, rng)
    }

    fn verify<R: RngCore + CryptoRng>(
        &self,
        transcript: &mut Transcript,
        part: &[u8],
        weights: &mut R,
    ) -> Result<(), VerifyError> {
        let difference = self.left.point() - self.right.point();
        let tolerance = pedersen().B * Scalar::from(self.tolerance);
        self.window().verify(transcript, [difference + tolerance, tolerance - difference], part, weights)
    }
}
