//! Statements about committed amounts that no transaction of the ledger makes, for a record of the caller's choice. The
//! witness comes on standard input and never as an argument, which other users of the machine could see.

use std::io;

use anyhow::{Context, Result, anyhow};
use clap::{Args, Subcommand};
use serde::{Serialize, de::DeserializeOwned};
use trade_claims::desk::{self, MatchWitness, RangeWitness, RecordContext};
use trade_model::rejection;
use trade_proofs::ProofContext;

use super::deployment::DeploymentOptions;
use crate::commands::files::read_at_most;
use crate::demo::secrets::random;

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

/// Makes a proof and gives it back as JSON.
///
/// # Errors
/// The witness is not usable, or the statement is not true.
pub fn prove(statement: &ProveStatement) -> Result<String> {
    match statement {
        ProveStatement::Range { bounds, tell, context } => {
            let (witness, context) = (read_witness::<RangeWitness>()?, context.build()?);
            text(&bounds.get().prove(&witness, *tell, &context, &mut random()?)?)
        }
        ProveStatement::Match { tolerance, context } => {
            let (witness, context) = (read_witness::<MatchWitness>()?, context.build()?);
            text(&desk::prove_match(&witness, tolerance.tolerance, &context, &mut random()?)?)
        }
    }
}

fn text(proved: &impl Serialize) -> Result<String> {
    Ok(serde_json::to_string_pretty(proved)?)
}

/// Verifies a proof.
///
/// # Errors
/// The proof does not show the statement in this context; the error says no more than that.
pub fn verify(statement: &VerifyStatement) -> Result<()> {
    match statement {
        VerifyStatement::Range { bounds, commitment, proof, context } => {
            Ok(bounds.get().verify(commitment, proof, &context.build()?)?)
        }
        VerifyStatement::Match { tolerance, invoice, payment, proof, context } => {
            Ok(desk::verify_match(invoice, payment, proof, tolerance.tolerance, &context.build()?)?)
        }
    }
}

impl Bounds {
    fn get(&self) -> desk::Bounds {
        desk::Bounds { least: self.least, most: self.most }
    }
}

impl ContextOptions {
    fn build(&self) -> Result<ProofContext> {
        let record = RecordContext {
            record_type: self.record_type.clone(),
            record_id: self.record_id.clone(),
            record_version: self.record_version,
            purpose: self.purpose.clone(),
            currency: self.currency.clone(),
            collection: self.collection.clone(),
            public_key_sha256: self.public_key_sha256.clone(),
            public_inputs_sha256: self.public_inputs_sha256.clone(),
        };
        Ok(record.of(&self.msp_id, self.deployment.get())?)
    }
}

/// What is wrong in a witness is told by its place alone.
fn read_witness<T: DeserializeOwned>() -> Result<T> {
    let bytes = read_at_most(io::stdin(), "the witness", WITNESS_BYTES_MAX)?;
    let place = |rejection: rejection::RequestRejection| anyhow!("the fault is at «{}»", rejection.field());
    rejection::read(&bytes).map_err(place).context("the witness is not of the expected form")
}
