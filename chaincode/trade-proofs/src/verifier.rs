//! Checks proofs. Runs inside the chaincode: same input, same verdict, no randomness from the system.

use crate::context::ProofContext;
use crate::error::VerifyError;
use crate::proof::Proof;
use crate::statement::Statement;
use crate::transcript;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sha2::{Digest, Sha512};

/// Checks proofs for one context.
#[derive(Debug, Clone, Copy)]
pub struct Verifier<'a> {
    context: &'a ProofContext,
}

impl<'a> Verifier<'a> {
    /// A verifier for `context`, which the caller builds from state and from the transaction, never from the proof.
    pub fn new(context: &'a ProofContext) -> Self {
        Self { context }
    }

    /// Whether `proof` proves `statement` in this context.
    ///
    /// # Errors
    /// [`VerifyError`]; [`VerifyError::Rejected`] for every failure of the mathematics.
    pub fn verify<S: Statement>(&self, statement: &S, proof: &Proof) -> Result<(), VerifyError> {
        if proof.kind() != S::KIND {
            return Err(VerifyError::StatementMismatch);
        }
        if proof.context_digest() != self.context.digest() {
            return Err(VerifyError::ContextMismatch);
        }
        let part = proof.only_part(S::PART)?;
        let mut transcript = transcript::start(self.context, statement);
        statement.verify(&mut transcript, part, &mut self.weights(statement, proof))
    }

    /// The scalars that combine a range proof's equations, drawn from a hash over everything: context, statement
    /// and the complete proof bytes. A generator seeded from the transcript would not be bound to the last
    /// prover message, which the backend does not absorb.
    fn weights<S: Statement>(&self, statement: &S, proof: &Proof) -> ChaCha20Rng {
        let mut hash = Sha512::new();
        let mut absorb = |part: &[u8]| {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        };
        absorb(b"tradezk/1 weights");
        absorb(&self.context.digest());
        absorb(&S::KIND.number().to_le_bytes());
        for (label, bytes) in statement.public_inputs() {
            absorb(label);
            absorb(&bytes);
        }
        absorb(proof.as_bytes());
        let mut seed = [0; 32];
        seed.copy_from_slice(&hash.finalize()[..32]);
        ChaCha20Rng::from_seed(seed)
    }
}
