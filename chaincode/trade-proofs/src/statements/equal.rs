//! EQUAL: C₁ and C₂ hold the same value.
//!
//! v₁ = v₂ exactly when C₁ − C₂ = δH with δ = r₁ − r₂ (unless log_G H is known). Shown by Schnorr's proof
//! of knowledge of δ.

use crate::commitment::Commitment;
use crate::error::{ProveError, VerifyError};
use crate::opening::Opening;
use crate::part::PartKind;
use crate::schnorr;
use crate::statement::{PublicInputs, Statement, StatementKind, sealed::Sealed};
use merlin::Transcript;
use rand_core::{CryptoRng, RngCore};

/// "These two commitments, perhaps in two collections, hold one value."
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Equal {
    first: Commitment,
    second: Commitment,
}

impl Equal {
    /// v_first = v_second.
    pub fn new(first: Commitment, second: Commitment) -> Self {
        Self { first, second }
    }

    /// The first commitment.
    pub fn first(&self) -> &Commitment {
        &self.first
    }

    /// The second commitment.
    pub fn second(&self) -> &Commitment {
        &self.second
    }
}

impl Sealed for Equal {}

impl Statement for Equal {
    const KIND: StatementKind = StatementKind::Equal;
    const PART: PartKind = PartKind::SchnorrBlinding;
    type Openings<'a> = (&'a Opening, &'a Opening);

    fn public_inputs(&self) -> PublicInputs {
        vec![(b"C1", self.first.as_bytes().to_vec()), (b"C2", self.second.as_bytes().to_vec())]
    }

    fn prove<R: RngCore + CryptoRng>(
        &self,
        transcript: &mut Transcript,
        (first, second): (&Opening, &Opening),
        rng: &mut R,
    ) -> Result<Vec<u8>, ProveError> {
        if !first.opens(&self.first) {
            return Err(ProveError::OpeningMismatch { which: "the first commitment" });
        }
        if !second.opens(&self.second) {
            return Err(ProveError::OpeningMismatch { which: "the second commitment" });
        }
        if first.value != second.value {
            return Err(ProveError::Unsatisfied { constraint: "the two values are equal" });
        }
        Ok(schnorr::prove(transcript, first.blinding - second.blinding, rng))
    }

    fn verify<R: RngCore + CryptoRng>(
        &self,
        transcript: &mut Transcript,
        part: &[u8],
        _weights: &mut R,
    ) -> Result<(), VerifyError> {
        schnorr::verify(transcript, self.first.point() - self.second.point(), part)
    }
}
