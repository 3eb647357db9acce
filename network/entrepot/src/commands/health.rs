//! `health`: what a node or the chaincode says about itself, for people and for the probes of containers.

use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use fabric_client::Health;
use fabric_operator::endpoint::Endpoint;
use serde_json::json;

use crate::output::Form;

/// How long an answer may take; probes of containers are given longer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Who is asked.
#[derive(Debug, Args)]
pub struct Options {
    /// The operations endpoint of a peer, an orderer or the chaincode
    #[arg(value_name = "HOST:PORT")]
    operations: Endpoint,
}

/// Asks an operations endpoint.
///
/// # Errors
/// It does not answer, or says that it is not well.
pub fn run(options: &Options, form: Form) -> Result<()> {
    let address = options.operations.to_string();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match runtime.block_on(fabric_client::health(&address, PATIENCE))? {
        Health::Well => form.answer(format_args!("{address} is well."), &json!({"operations": address, "well": true})),
        Health::Unwell(failed) => bail!("{address} is not well: {}", in_words(&failed)),
    }
}

/// Which checks do not hold.
pub(super) fn in_words(failed: &[fabric_client::FailedCheck]) -> String {
    let checks = failed.iter().map(|check| format!("{}: {}", check.component, check.reason));
    checks.collect::<Vec<_>>().join("; ")
}
