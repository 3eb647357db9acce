//! Proofs of requests: the document that the gateway takes is the argument list.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use clap::Args;
use trade_claims::Facts;
use trade_model::{
    common::{DocumentedOpening, Opening},
    rejection,
};
use trade_standards::identifier::MspId;

use super::deployment::DeploymentOptions;
use crate::{
    commands::files::{read_bytes, read_json},
    demo::secrets::random,
};

/// Longest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// A request, and what its proof rests on.
#[derive(Debug, Args)]
pub struct RequestOptions {
    /// The request, as the gateway takes it in the body: a JSON file, or `-` for standard input
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// A record of the ledger that the request rests on, as the gateway answers it; may be given several times. For a
    /// declaration the tariff, for a settlement the invoice and the bank entry, for a credit note the invoice
    #[arg(long, value_name = "FILE")]
    record: Vec<PathBuf>,
    /// The MSP id of the organization that sends the request; needed for a declaration and for names without a party
    #[arg(long)]
    msp_id: Option<MspId>,
    #[command(flatten)]
    deployment: DeploymentOptions,
}

/// What `prove` needs of a request.
#[derive(Debug, Args)]
pub struct ProveRequest {
    #[command(flatten)]
    of: RequestOptions,
    /// An opening, as `private` takes it and as `entrepot commit` writes it; may be given several times, in any order.
    /// Where credit notes were accepted, what is open of an invoice takes that of the total and theirs
    #[arg(long, value_name = "FILE")]
    opening: Vec<PathBuf>,
}

/// The request with its proof, and with the commitment if it names none, as JSON.
pub(super) fn prove(options: &ProveRequest) -> Result<String> {
    let openings = options.opening.iter().map(|path| read_opening(path)).collect::<Result<Vec<Opening>>>()?;
    let (path, facts) = (options.of.path()?, options.of.facts()?);
    let document = read_json(path, FILE_BYTES_MAX)?;
    let deployment = options.of.deployment.get();
    let whole = trade_claims::complete(document, &facts, &openings, deployment, &mut random()?);
    let whole = whole.with_context(|| format!("{} cannot be proved", path.display()))?;
    Ok(serde_json::to_string_pretty(&whole)?)
}

/// Checks the proof of a request, or of the record that the ledger made of it.
pub(super) fn verify(options: &RequestOptions) -> Result<()> {
    let (path, facts) = (options.path()?, options.facts()?);
    let document = read_json(path, FILE_BYTES_MAX)?;
    let checked = trade_claims::check(document, &facts, options.deployment.get());
    checked.with_context(|| format!("{} is not proved", path.display()))
}

impl RequestOptions {
    /// The request's file. Clap cannot ask for it, since `prove` and `verify` have commands that take none.
    fn path(&self) -> Result<&Path> {
        self.request.as_deref().context("no request is named: --request FILE")
    }

    fn facts(&self) -> Result<Facts> {
        let records = self.record.iter().map(|path| read_json(path, FILE_BYTES_MAX)).collect::<Result<_>>()?;
        Ok(Facts { sender: self.msp_id.clone(), records })
    }
}

fn read_opening(path: &Path) -> Result<Opening> {
    let bytes = read_bytes(path, FILE_BYTES_MAX)?;
    let opening = rejection::read::<DocumentedOpening>(&bytes).map_err(|rejection| anyhow!("{}", rejection.detail()));
    Ok(opening.with_context(|| format!("{} is no opening", path.display()))?.opening)
}
