//! a·v − b·w for public weights a and b and committed values v and w: a statement about the difference says how the two
//! values stand to each other, such as that a payment is at least 95 percent of an invoice.
//!
//! a·C₁ − b·C₂ = (a·v − b·w)G + (a·r₁ − b·r₂)H, so anybody makes the commitment to the difference from the two. Where
//! a·v and b·w are below 2⁶⁴ the difference cannot wrap modulo ℓ into the range of a proof.

use curve25519_dalek::scalar::Scalar;

use crate::commitment::Commitment;
use crate::error::{CommitmentError, OpeningError};
use crate::opening::Opening;

impl Commitment {
    /// The commitment to a·v − b·w.
    ///
    /// # Errors
    /// [`CommitmentError::Identity`] when it would hide nothing.
    pub fn weighted_difference(
        (a, minuend): (u64, &Self),
        (b, subtrahend): (u64, &Self),
    ) -> Result<Self, CommitmentError> {
        Self::from_point(&(minuend.point() * Scalar::from(a) - subtrahend.point() * Scalar::from(b)))
    }
}

impl Opening {
    /// The opening of [`Commitment::weighted_difference`].
    ///
    /// # Errors
    /// [`OpeningError::Overflow`] when the difference is negative or above 2^64 − 1; [`OpeningError::ZeroBlinding`].
    pub fn weighted_difference(
        (a, minuend): (u64, &Self),
        (b, subtrahend): (u64, &Self),
    ) -> Result<Self, OpeningError> {
        let product = |weight: u64, value: u64| u128::from(weight) * u128::from(value);
        let difference = product(a, minuend.value).checked_sub(product(b, subtrahend.value));
        let value = difference.and_then(|value| u64::try_from(value).ok()).ok_or(OpeningError::Overflow)?;
        Self::from_scalar(value, minuend.blinding * Scalar::from(a) - subtrahend.blinding * Scalar::from(b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    #[test]
    fn the_difference_of_openings_opens_the_difference_of_commitments() {
        let mut rng = ChaCha20Rng::from_seed([4; 32]);
        let [paid, total] = [9_500, 10_000].map(|value| Opening::random(value, &mut rng));
        let [paid_c, total_c] = [&paid, &total].map(Opening::commitment);
        let opening = Opening::weighted_difference((10_000, &paid), (9_500, &total)).expect("not negative");
        let commitment = Commitment::weighted_difference((10_000, &paid_c), (9_500, &total_c)).expect("hides");
        assert!(opening.value() == 0 && opening.opens(&commitment));
        let short = Opening::weighted_difference((10_000, &paid), (9_501, &total)).map(|opening| opening.value());
        assert_eq!(short, Err(OpeningError::Overflow));
        let most = Opening::random(u64::MAX, &mut rng);
        assert!(Opening::weighted_difference((2, &most), (1, &total)).is_err(), "no number of 64 bits");
        assert_eq!(
            Commitment::weighted_difference((1, &paid_c), (1, &paid_c)),
            Err(CommitmentError::Identity),
            "a commitment minus itself"
        );
    }
}
