//! MATCH: |v₁ − v₂| ≤ t for C₁ = v₁G + r₁H and C₂ = v₂G + r₂H.
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
use crate::proof::{PartKind, Proof};
use crate::range::Window;
use curve25519_dalek::scalar::Scalar;
use merlin::Transcript;
use rand_core::{CryptoRng, RngCore};

/// "Invoice and payment agree within this tolerance", in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    invoice: Commitment,
    payment: Commitment,
    tolerance: u64,
}

impl Match {
    /// |v_invoice − v_payment| ≤ tolerance.
    ///
    /// # Errors
    /// [`StatementError::ToleranceTooLarge`] from 2⁶³ on: 2t must stay below 2⁶⁴.
    pub fn new(invoice: Commitment, payment: Commitment, tolerance: u64) -> Result<Self, StatementError> {
        if tolerance > u64::MAX / 2 {
            return Err(StatementError::ToleranceTooLarge);
        }
        Ok(Self { invoice, payment, tolerance })
    }

    /// The commitment to the invoiced amount.
    pub fn invoice(&self) -> &Commitment {
        &self.invoice
    }

    /// The commitment to the paid amount.
    pub fn payment(&self) -> &Commitment {
        &self.payment
    }

    /// The tolerance in minor units.
    pub fn tolerance(&self) -> u64 {
        self.tolerance
    }

    pub(crate) fn public_part(&self) -> Vec<(&'static [u8], Vec<u8>)> {
        vec![
            (b"t", self.tolerance.to_le_bytes().to_vec()),
            (b"C1", self.invoice.as_bytes().to_vec()),
            (b"C2", self.payment.as_bytes().to_vec()),
        ]
    }

    /// x = d + t and y = t − d add up to twice the tolerance, which is below 2⁶⁴.
    fn window(&self) -> Window {
        Window::new(2 * self.tolerance)
    }

    pub(crate) fn prove<R: RngCore + CryptoRng>(
        &self,
        transcript: &mut Transcript,
        invoice: &Opening,
        payment: &Opening,
        rng: &mut R,
    ) -> Result<Vec<(PartKind, Vec<u8>)>, ProveError> {
        if !invoice.opens(&self.invoice) {
            return Err(ProveError::OpeningMismatch { which: "the invoice's commitment" });
        }
        if !payment.opens(&self.payment) {
            return Err(ProveError::OpeningMismatch { which: "the payment's commitment" });
        }
        if invoice.value.abs_diff(payment.value) > self.tolerance {
            return Err(ProveError::Unsatisfied { constraint: "|invoice - payment| <= tolerance" });
        }
        let difference = i128::from(invoice.value) - i128::from(payment.value);
        let tolerance = i128::from(self.tolerance);
        let above = (tolerance + difference) as u64;
        let below = (tolerance - difference) as u64;
        self.window().prove(transcript, [above, below], invoice.blinding - payment.blinding, rng)
    }

    pub(crate) fn verify<R: RngCore + CryptoRng>(
        &self,
        transcript: &mut Transcript,
        proof: &Proof,
        rng: &mut R,
    ) -> Result<(), VerifyError> {
        let window = self.window();
        let bytes = window.part(proof)?;
        let difference = self.invoice.point() - self.payment.point();
        let tolerance = pedersen().B * Scalar::from(self.tolerance);
        window.verify(transcript, [difference + tolerance, tolerance - difference], bytes, rng)
    }
}
