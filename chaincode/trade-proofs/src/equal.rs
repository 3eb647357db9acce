//! EQUAL: C₁ and C₂ hold the same value.
//!
//! v₁ = v₂ exactly when C₁ − C₂ = δH with δ = r₁ − r₂ (unless somebody knows log_G H). Shown by Schnorr's proof
//! of knowledge of δ.

use crate::commitment::Commitment;
use crate::error::{ProveError, VerifyError};
use crate::opening::Opening;
use crate::proof::{PartKind, Proof};
use crate::{schnorr, transcript};
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

    pub(crate) fn public_part(&self) -> Vec<(&'static [u8], Vec<u8>)> {
        vec![(b"C1", self.first.as_bytes().to_vec()), (b"C2", self.second.as_bytes().to_vec())]
    }

    pub(crate) fn prove<R: RngCore + CryptoRng>(
        &self,
        transcript: &mut Transcript,
        first: &Opening,
        second: &Opening,
        rng: &mut R,
    ) -> Result<Vec<(PartKind, Vec<u8>)>, ProveError> {
        if !first.opens(&self.first) {
            return Err(ProveError::OpeningMismatch { which: "the first commitment" });
        }
        if !second.opens(&self.second) {
            return Err(ProveError::OpeningMismatch { which: "the second commitment" });
        }
        if first.value != second.value {
            return Err(ProveError::Unsatisfied { constraint: "the two values are equal" });
        }
        transcript::part(transcript, 0, PartKind::SchnorrBlinding);
        let bytes = schnorr::prove(transcript, first.blinding - second.blinding, rng);
        Ok(vec![(PartKind::SchnorrBlinding, bytes)])
    }

    pub(crate) fn verify(&self, transcript: &mut Transcript, proof: &Proof) -> Result<(), VerifyError> {
        let bytes = proof.only_part(PartKind::SchnorrBlinding)?;
        transcript::part(transcript, 0, PartKind::SchnorrBlinding);
        schnorr::verify(transcript, self.first.point() - self.second.point(), bytes)
    }
}
