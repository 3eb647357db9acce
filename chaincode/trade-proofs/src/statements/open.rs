//! OPEN: the prover knows v and r with C = vG + rH.
//!
//! R = kG + lH, c = challenge(…, R), s = k + cv, t = l + cr; accepted when sG + tH = R + cC. Every range proof
//! implies it; alone it stops a member from filing a commitment it copied.

use crate::commitment::Commitment;
use crate::error::{ProveError, VerifyError};
use crate::opening::Opening;
use crate::parameters::pedersen;
use crate::part::PartKind;
use crate::schnorr::{announce, chunks, nonzero, point, scalar};
use crate::statement::{PublicInputs, Statement, StatementKind, sealed::Sealed};
use crate::transcript;
use curve25519_dalek::ristretto::CompressedRistretto;
use curve25519_dalek::scalar::Scalar;
use merlin::Transcript;
use rand_core::{CryptoRng, RngCore};

/// "I can open this commitment."
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    commitment: Commitment,
}

impl Open {
    /// Knowledge of an opening of `commitment`.
    pub fn new(commitment: Commitment) -> Self {
        Self { commitment }
    }

    /// The commitment.
    pub fn commitment(&self) -> &Commitment {
        &self.commitment
    }
}

impl Sealed for Open {}

impl Statement for Open {
    const KIND: StatementKind = StatementKind::Open;
    const PART: PartKind = PartKind::SchnorrOpening;
    type Openings<'a> = &'a Opening;

    fn public_inputs(&self) -> PublicInputs {
        vec![(b"C", self.commitment.as_bytes().to_vec())]
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
        let mut nonces = transcript::nonces(transcript, &[(opening.value, opening.blinding)], rng);
        let (k, l) = (nonzero(&mut nonces), nonzero(&mut nonces));
        let announcement = pedersen().commit(k, l).compress();
        let c = announce(transcript, &announcement);
        let s = k + c * Scalar::from(opening.value);
        let t = l + c * opening.blinding;
        Ok([announcement.to_bytes(), s.to_bytes(), t.to_bytes()].concat())
    }

    fn verify<R: RngCore + CryptoRng>(
        &self,
        transcript: &mut Transcript,
        part: &[u8],
        _weights: &mut R,
    ) -> Result<(), VerifyError> {
        let [announcement, s, t] = chunks(part)?;
        let (r, s, t) = (point(announcement)?, scalar(s)?, scalar(t)?);
        let c = announce(transcript, &CompressedRistretto(announcement));
        if pedersen().commit(s, t) == r + self.commitment.point() * c { Ok(()) } else { Err(VerifyError::Rejected) }
    }
}
