//! Statements about committed amounts that no transaction of the ledger makes, for a record of the caller's choice.

use serde::{Deserialize, Serialize};
use trade_model::customs::least_width;
use trade_proofs::{
    ChaCha20Rng, Close, Commitment, Opening, OpeningText, Proof, ProofContext, Prover, Range, Verifier,
};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::{error::DeskError, minor::minor_units};

/// An amount lies between two bounds, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The least amount, in minor units of the currency.
    pub least: u64,
    /// The greatest amount, in minor units of the currency.
    pub most: u64,
}

/// What a range is proved from: a value and, when it was committed to before, its blinding factor.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub struct RangeWitness {
    value: String,
    #[serde(default)]
    blinding: Option<String>,
}

/// What a match is proved from: the openings of both commitments.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchWitness {
    invoice: OpeningText,
    payment: OpeningText,
}

/// A range with its proof.
#[derive(Serialize)]
pub struct ProvedRange {
    /// The commitment: public.
    pub commitment: Commitment,
    /// What opens it. Secret: belongs into the enterprise's own files.
    pub opening: OpeningText,
    /// The proof: public.
    pub proof: Proof,
}

/// A match with its proof, all of it public.
#[derive(Serialize)]
pub struct ProvedMatch {
    /// The commitment to the invoice's total.
    pub invoice: Commitment,
    /// The commitment to the payment's amount.
    pub payment: Commitment,
    /// The proof.
    pub proof: Proof,
}

impl RangeWitness {
    fn opening(&self, rng: &mut ChaCha20Rng) -> Result<Opening, DeskError> {
        match &self.blinding {
            Some(blinding) => Ok(OpeningText { value: self.value.clone(), blinding: blinding.clone() }.open()?),
            None => Ok(Opening::random(minor_units(&self.value).ok_or(DeskError::Amount)?, rng)),
        }
    }
}

impl Bounds {
    /// Proves that the amount lies between them. Bounds that all but tell it are refused, as tariffs refuse them,
    /// unless `tells`.
    ///
    /// # Errors
    /// [`DeskError`]: the witness is not usable, the bounds are too close together, or the statement is not true.
    pub fn prove(
        self,
        witness: &RangeWitness,
        tells: bool,
        context: &ProofContext,
        rng: &mut ChaCha20Rng,
    ) -> Result<ProvedRange, DeskError> {
        let (width, least) = (self.most.saturating_sub(self.least), least_width(self.most));
        if !tells && self.most >= least && width < least {
            return Err(DeskError::TooNarrow { width, most: self.most, least });
        }
        let opening = witness.opening(rng)?;
        let commitment = opening.commitment();
        let statement = Range::within(commitment, self.least, self.most)?;
        let proof = Prover::new(context).prove(&statement, &opening, rng)?;
        Ok(ProvedRange { commitment, opening: OpeningText::from(&opening), proof })
    }

    /// Verifies a proof that the committed amount lies between them.
    ///
    /// # Errors
    /// [`DeskError`]: it does not show that in this context; the error says no more than that.
    pub fn verify(self, commitment: &str, proof: &str, context: &ProofContext) -> Result<(), DeskError> {
        let statement = Range::within(Commitment::parse(commitment)?, self.least, self.most)?;
        Ok(Verifier::new(context).verify(&statement, &Proof::parse(proof)?)?)
    }
}

/// Proves that invoice and payment differ by at most so many minor units.
///
/// # Errors
/// [`DeskError`]: the witness is not usable, or the statement is not true.
pub fn prove_match(
    witness: &MatchWitness,
    tolerance: u64,
    context: &ProofContext,
    rng: &mut ChaCha20Rng,
) -> Result<ProvedMatch, DeskError> {
    let (total, amount) = (witness.invoice.open()?, witness.payment.open()?);
    let (invoice, payment) = (total.commitment(), amount.commitment());
    let statement = Close::new(invoice, payment, tolerance)?;
    let proof = Prover::new(context).prove(&statement, (&total, &amount), rng)?;
    Ok(ProvedMatch { invoice, payment, proof })
}

/// Verifies a proof that invoice and payment differ by at most so many minor units.
///
/// # Errors
/// [`DeskError`]: it does not show that in this context; the error says no more than that.
pub fn verify_match(
    invoice: &str,
    payment: &str,
    proof: &str,
    tolerance: u64,
    context: &ProofContext,
) -> Result<(), DeskError> {
    let statement = Close::new(Commitment::parse(invoice)?, Commitment::parse(payment)?, tolerance)?;
    Ok(Verifier::new(context).verify(&statement, &Proof::parse(proof)?)?)
}
