//! Amounts that are committed to: opening, commitment and proofs, as an enterprise makes them on its own machine.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use trade_claims::{Claim, Deployment, SettlementPlace, SettlementShare};
use trade_model::common::SaltedDocument;
use trade_proofs::{ChaCha20Rng, Close, Opening, OpeningText, ProofContext, Prover, Range, rand_core::SeedableRng};

/// An amount in minor units under a fresh blinding factor.
pub struct Secret {
    opening: Opening,
}

impl Secret {
    /// Commits to an amount.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn new(minor: u64) -> Result<Self> {
        Ok(Self { opening: Opening::random(minor, &mut random()?) })
    }

    /// An amount that was opened to a party, as the gateway gives it.
    ///
    /// # Errors
    /// It is no opening.
    pub fn opened(opening: &Value) -> Result<Self> {
        let field = |name: &str| opening[name].as_str().map(str::to_owned).with_context(|| format!("no {name}"));
        let text = OpeningText { value: field("value_minor")?, blinding: field("blinding")? };
        Ok(Self { opening: text.open()? })
    }

    /// The amount in minor units.
    #[must_use]
    pub fn minor(&self) -> u64 {
        self.opening.value()
    }

    /// The blinding factor in the text form of openings.
    #[must_use]
    pub fn blinding(&self) -> String {
        OpeningText::from(&self.opening).blinding.clone()
    }

    /// The private input of a request: what opens the commitment.
    #[must_use]
    pub fn opening(&self) -> Value {
        json!({"value_minor": self.minor().to_string(), "blinding": self.blinding()})
    }

    /// The same with the document that the record names.
    #[must_use]
    pub fn opening_with(&self, document: &SaltedDocument) -> Value {
        let mut opening = self.opening();
        opening["document"] = json!(document);
        opening
    }

    /// The commitment in its text form.
    #[must_use]
    pub fn commitment(&self) -> String {
        self.opening.commitment().to_hex()
    }

    /// Proves in a context that the amount lies within these bounds, both included.
    ///
    /// # Errors
    /// It does not.
    pub fn prove_range(&self, context: &ProofContext, least: u64, most: u64) -> Result<String> {
        let statement = Range::within(self.opening.commitment(), least, most)?;
        let proof = Prover::new(context).prove(&statement, &self.opening, &mut random()?)?;
        Ok(proof.to_text())
    }

    /// Proves in a context that this amount and another differ by at most a tolerance.
    ///
    /// # Errors
    /// They do not.
    pub fn prove_match(&self, payment: &Self, context: &ProofContext, tolerance: u64) -> Result<String> {
        let statement = Close::new(self.opening.commitment(), payment.opening.commitment(), tolerance)?;
        let proof = Prover::new(context).prove(&statement, (&self.opening, &payment.opening), &mut random()?)?;
        Ok(proof.to_text())
    }

    /// Proves that a payment falls short of this total by at most the share of the claim.
    ///
    /// # Errors
    /// It falls short further.
    pub fn prove_share(&self, payment: &Self, claim: &SettlementShare, deployment: Deployment<'_>) -> Result<String> {
        let opening = claim.opening(&self.opening, &payment.opening)?;
        let context = claim.context(deployment)?;
        Ok(Prover::new(&context).prove(&claim.statement()?, &opening, &mut random()?)?.to_text())
    }

    /// The claim that a payment falls short of this total by at most so many hundredths of a percent.
    #[must_use]
    pub fn share_claim(&self, payment: &Self, of: SettlementPlace, basis_points: u32) -> SettlementShare {
        let (total, amount) = (self.opening.commitment().into(), payment.opening.commitment().into());
        SettlementShare { of, total, amount, basis_points }
    }
}

/// A document with a fresh salt.
///
/// # Errors
/// The system has no randomness.
pub fn salted(document: &[u8]) -> Result<SaltedDocument> {
    Ok(SaltedDocument::new(document, random_bytes()?))
}

/// Randomness for blinding factors and proofs, seeded by the system.
///
/// # Errors
/// The system has none.
pub fn random() -> Result<ChaCha20Rng> {
    Ok(ChaCha20Rng::from_seed(random_bytes()?))
}

/// Random bytes of the system.
///
/// # Errors
/// The system has none.
pub(super) fn random_bytes<const COUNT: usize>() -> Result<[u8; COUNT]> {
    let mut bytes = [0; COUNT];
    getrandom::fill(&mut bytes).ok().context("the system has no randomness")?;
    Ok(bytes)
}
