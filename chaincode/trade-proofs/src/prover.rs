//! Makes proofs. Runs outside the chaincode; all randomness comes from the caller.

use crate::context::ProofContext;
use crate::error::ProveError;
use crate::opening::Opening;
use crate::proof::{PartKind, Proof};
use crate::statement::Statement;
use crate::{Equal, Match, Open, Range, Sum, transcript};
use merlin::Transcript;
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

    /// Proves that the value lies in the range.
    ///
    /// # Errors
    /// [`ProveError`] when the opening is not the commitment's or the value lies outside.
    pub fn range<R: RngCore + CryptoRng>(
        &self,
        statement: &Range,
        opening: &Opening,
        rng: &mut R,
    ) -> Result<Proof, ProveError> {
        self.prove((*statement).into(), |transcript| statement.prove(transcript, opening, rng))
    }

    /// Proves that invoice and payment agree within the tolerance.
    ///
    /// # Errors
    /// [`ProveError`] when an opening is not its commitment's or the amounts are further apart.
    pub fn matching<R: RngCore + CryptoRng>(
        &self,
        statement: &Match,
        invoice: &Opening,
        payment: &Opening,
        rng: &mut R,
    ) -> Result<Proof, ProveError> {
        self.prove((*statement).into(), |transcript| statement.prove(transcript, invoice, payment, rng))
    }

    /// Proves that two commitments hold one value.
    ///
    /// # Errors
    /// [`ProveError`] when an opening is not its commitment's or the values differ.
    pub fn equal<R: RngCore + CryptoRng>(
        &self,
        statement: &Equal,
        first: &Opening,
        second: &Opening,
        rng: &mut R,
    ) -> Result<Proof, ProveError> {
        self.prove((*statement).into(), |transcript| statement.prove(transcript, first, second, rng))
    }

    /// Proves that the lines add up to the total, whatever the total's blinding factor is.
    ///
    /// # Errors
    /// [`ProveError`] when an opening is not its commitment's or the sum is another one.
    pub fn sum<R: RngCore + CryptoRng>(
        &self,
        statement: &Sum,
        lines: &[Opening],
        total: &Opening,
        rng: &mut R,
    ) -> Result<Proof, ProveError> {
        self.prove(statement.clone().into(), |transcript| statement.prove(transcript, lines, total, rng))
    }

    /// Proves knowledge of an opening.
    ///
    /// # Errors
    /// [`ProveError`] when the opening is not the commitment's.
    pub fn open<R: RngCore + CryptoRng>(
        &self,
        statement: &Open,
        opening: &Opening,
        rng: &mut R,
    ) -> Result<Proof, ProveError> {
        self.prove((*statement).into(), |transcript| statement.prove(transcript, opening, rng))
    }

    fn prove(
        &self,
        statement: Statement,
        parts: impl FnOnce(&mut Transcript) -> Result<Vec<(PartKind, Vec<u8>)>, ProveError>,
    ) -> Result<Proof, ProveError> {
        let mut transcript = transcript::start(self.context, &statement);
        let parts = parts(&mut transcript)?;
        Ok(Proof::assemble(statement.kind(), &self.context.digest(), &parts))
    }
}
