//! Statements about committed amounts that no transaction of the ledger makes, for a record of the caller's choice. The
//! witness comes on standard input and never as an argument, which other users of the machine could see.

use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use trade_model::customs::least_width;
use trade_proofs::{Close, Commitment, Opening, OpeningText, Proof, ProofContext, Prover, Range, Verifier};

use super::deployment::DeploymentOptions;
use crate::commands::files::read_at_most;
use crate::demo::secrets::random;
use crate::output::print_json;

/// Longest witness that is read, in bytes.
const WITNESS_BYTES_MAX: u64 = 64 * 1024;

#[derive(Debug, Subcommand)]
pub enum ProveStatement {
    /// An amount lies between two bounds. Reads {"value": "…"} or {"value": "…", "blinding": "…"}
    Range {
        #[command(flatten)]
        bounds: Bounds,
        /// Prove it also when the bounds are so close together that they all but tell the amount
        #[arg(long)]
        tell: bool,
        #[command(flatten)]
        context: ContextOptions,
    },
    /// Invoice and payment differ by at most a tolerance. Reads {"invoice": {value, blinding}, "payment": {…}}
    Match {
        #[command(flatten)]
        tolerance: Tolerance,
        #[command(flatten)]
        context: ContextOptions,
    },
}

#[derive(Debug, Subcommand)]
pub enum VerifyStatement {
    /// An amount lies between two bounds
    Range {
        #[command(flatten)]
        bounds: Bounds,
        /// The commitment to the amount
        #[arg(long)]
        commitment: String,
        /// The proof
        #[arg(long)]
        proof: String,
        #[command(flatten)]
        context: ContextOptions,
    },
    /// Invoice and payment differ by at most a tolerance
    Match {
        #[command(flatten)]
        tolerance: Tolerance,
        /// The commitment to the invoice's total
        #[arg(long)]
        invoice: String,
        /// The commitment to the payment's amount
        #[arg(long)]
        payment: String,
        /// The proof
        #[arg(long)]
        proof: String,
        #[command(flatten)]
        context: ContextOptions,
    },
}

#[derive(Debug, Args)]
pub struct Bounds {
    /// The least amount, in minor units of the currency
    #[arg(long)]
    least: u64,
    /// The greatest amount, in minor units of the currency
    #[arg(long)]
    most: u64,
}

#[derive(Debug, Args)]
pub struct Tolerance {
    /// The greatest difference, in minor units of the currency
    #[arg(long)]
    tolerance: u64,
}

/// What the proof is for; it is worth nothing anywhere else.
#[derive(Debug, Args)]
pub struct ContextOptions {
    #[command(flatten)]
    deployment: DeploymentOptions,
    /// The kind of record
    #[arg(long)]
    record_type: String,
    /// The record's id
    #[arg(long)]
    record_id: String,
    /// The record's version
    #[arg(long, default_value_t = 1)]
    record_version: u64,
    /// The MSP id of the organization that shows the proof
    #[arg(long)]
    msp_id: String,
    /// What the proof is for
    #[arg(long)]
    purpose: String,
    /// The currency of the amounts
    #[arg(long)]
    currency: String,
    /// The private data collection of the opening; none when not given
    #[arg(long)]
    collection: Option<String>,
    /// SHA-256 of the public key that files the record, 64 hexadecimal digits
    #[arg(long)]
    public_key_sha256: Option<String>,
    /// SHA-256 of further public inputs of the record, 64 hexadecimal digits
    #[arg(long)]
    public_inputs_sha256: Option<String>,
}

/// A value and, when it was committed to before, its blinding factor.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Witness {
    value: String,
    blinding: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MatchWitness {
    invoice: OpeningText,
    payment: OpeningText,
}

#[derive(Serialize)]
struct Proved {
    commitment: String,
    /// Secret: belongs into the request's `private` object and into the enterprise's own files.
    opening: OpeningText,
    proof: String,
}

#[derive(Serialize)]
struct ProvedMatch {
    invoice: String,
    payment: String,
    proof: String,
}

/// Makes a proof and prints it as JSON.
///
/// # Errors
/// The witness is not usable, or the statement is not true.
pub fn prove(statement: &ProveStatement) -> Result<()> {
    match statement {
        ProveStatement::Range { bounds, tell, context } => {
            check_width(bounds, *tell)?;
            prove_range(bounds, &context.build()?)
        }
        ProveStatement::Match { tolerance, context } => prove_match(tolerance, &context.build()?),
    }
}

/// Refuses bounds that all but tell the amount, as tariffs do.
fn check_width(bounds: &Bounds, tell: bool) -> Result<()> {
    let (width, least) = (bounds.most.saturating_sub(bounds.least), least_width(bounds.most));
    ensure!(
        tell || bounds.most < bounds.least || width >= least,
        "a proof for bounds that are {width} apart all but tells the amount: at {} the least width is {least} minor units; \
         --tell makes the proof all the same",
        bounds.most
    );
    Ok(())
}

fn prove_range(bounds: &Bounds, context: &ProofContext) -> Result<()> {
    let witness: Witness =
        serde_json::from_slice(&read_witness()?).context("the witness is not of the expected form")?;
    let opening = witness.opening()?;
    let commitment = opening.commitment();
    let statement = Range::within(commitment, bounds.least, bounds.most)?;
    let proof = Prover::new(context).prove(&statement, &opening, &mut random()?)?;
    let opening = OpeningText::from(&opening);
    print_json(&Proved { commitment: commitment.to_hex(), opening, proof: proof.to_text() })
}

fn prove_match(tolerance: &Tolerance, context: &ProofContext) -> Result<()> {
    let witness: MatchWitness =
        serde_json::from_slice(&read_witness()?).context("the witness is not of the expected form")?;
    let (invoice, payment) = (witness.invoice.open()?, witness.payment.open()?);
    let statement = Close::new(invoice.commitment(), payment.commitment(), tolerance.tolerance)?;
    let proof = Prover::new(context).prove(&statement, (&invoice, &payment), &mut random()?)?;
    print_json(&ProvedMatch {
        invoice: invoice.commitment().to_hex(),
        payment: payment.commitment().to_hex(),
        proof: proof.to_text(),
    })
}

/// Verifies a proof.
///
/// # Errors
/// The proof does not show the statement in this context; the error says no more than that.
pub fn verify(statement: &VerifyStatement) -> Result<()> {
    match statement {
        VerifyStatement::Range { bounds, commitment, proof, context } => {
            verify_range(bounds, commitment, proof, &context.build()?)
        }
        VerifyStatement::Match { tolerance, invoice, payment, proof, context } => {
            verify_match(tolerance, invoice, payment, proof, &context.build()?)
        }
    }
}

fn verify_range(bounds: &Bounds, commitment: &str, proof: &str, context: &ProofContext) -> Result<()> {
    let statement = Range::within(Commitment::parse(commitment)?, bounds.least, bounds.most)?;
    Ok(Verifier::new(context).verify(&statement, &Proof::parse(proof)?)?)
}

fn verify_match(
    tolerance: &Tolerance,
    invoice: &str,
    payment: &str,
    proof: &str,
    context: &ProofContext,
) -> Result<()> {
    let statement = Close::new(Commitment::parse(invoice)?, Commitment::parse(payment)?, tolerance.tolerance)?;
    Ok(Verifier::new(context).verify(&statement, &Proof::parse(proof)?)?)
}

impl Witness {
    fn opening(self) -> Result<Opening> {
        match self.blinding {
            Some(blinding) => Ok(OpeningText { value: self.value, blinding }.open()?),
            None => {
                let value = self.value.parse().context("the value is not a whole number of minor units below 2^64")?;
                Ok(Opening::random(value, &mut random()?))
            }
        }
    }
}

impl ContextOptions {
    fn build(&self) -> Result<ProofContext> {
        let mut builder = ProofContext::builder()
            .channel(&self.deployment.channel)
            .chaincode(&self.deployment.chaincode)
            .record(&self.record_type, &self.record_id, self.record_version)
            .msp_id(&self.msp_id)
            .purpose(&self.purpose)
            .currency(&self.currency);
        builder = match &self.collection {
            Some(collection) => builder.collection(collection),
            None => builder.without_collection(),
        };
        if let Some(digest) = &self.public_key_sha256 {
            builder = builder.public_key_sha256(digest_of(digest)?);
        }
        if let Some(digest) = &self.public_inputs_sha256 {
            builder = builder.public_inputs_digest(digest_of(digest)?);
        }
        Ok(builder.build()?)
    }
}

fn digest_of(text: &str) -> Result<[u8; 32]> {
    let mut digest = [0; 32];
    hex::decode_to_slice(text, &mut digest).context("a digest is 64 hexadecimal digits")?;
    Ok(digest)
}

fn read_witness() -> Result<Vec<u8>> {
    read_at_most(std::io::stdin(), "the witness", WITNESS_BYTES_MAX)
}
