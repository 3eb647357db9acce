//! The ledger that a proof is for.

use clap::Args;
use trade_claims::Deployment;

/// The chaincode on whose ledger a proof counts.
#[derive(Debug, Args)]
pub struct DeploymentOptions {
    /// The channel
    #[arg(long, default_value = "trade")]
    pub(super) channel: String,
    /// The chaincode
    #[arg(long, default_value = "entrepot")]
    pub(super) chaincode: String,
}

impl DeploymentOptions {
    /// As claims take it.
    pub(super) fn get(&self) -> Deployment<'_> {
        Deployment { channel: &self.channel, chaincode: &self.chaincode }
    }
}
