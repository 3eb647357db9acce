//! Makes proofs. Runs outside the chaincode; all randomness comes from the caller.

use crate::context::ProofContext;
use crate::error::ProveError;
use crate::proof::Proof;
use crate::statement::Statement;
use crate::transcript;
use rand_core::{CryptoRng, RngCore};

/// Makes proofs for one context.
#[derive(Debug, Clone, Copy)]
pub struct Prover<'a> {
    context: &'a ProofContext,
}

impl<'a> Prover<'a> {
    /// A prover for `context`.
    pub fn new(context: &'a ProofContext) -> Self {
        Self { context }
    }

    /// Proves `statement` from the openings of its commitments: one opening for [`Range`](crate::Range) and
    /// [`Open`](crate::Open), two for [`Close`](crate::Close) and [`Equal`](crate::Equal), those of the lines and of
    /// the total for [`Sum`](crate::Sum).
    ///
    /// # Errors
    /// [`ProveError`] when an opening is not its commitment's or the values do not satisfy the statement.
    pub fn prove<S: Statement, R: RngCore + CryptoRng>(
        &self,
        statement: &S,
        openings: S::Openings<'_>,
        rng: &mut R,
    ) -> Result<Proof, ProveError> {
        let mut transcript = transcript::start(self.context, statement);
        let part = statement.prove(&mut transcript, openings, rng)?;
        Ok(Proof::assemble(S::KIND, &self.context.digest(), (S::PART, &part)))
    }
}
