//! What a chaincode works on, as far as the stream to it must know: who runs peers and checks access stands above.

use std::sync::MutexGuard;

use fabric_protos::protos::{ChaincodeInput, ChaincodeMessage, SignedProposal};

use crate::simulation::Simulator;

/// A transaction that is being simulated.
#[tonic::async_trait]
pub(crate) trait Invocation: Send + Sync {
    /// The channel's name.
    fn channel_id(&self) -> &str;

    /// The transaction's id.
    fn tx_id(&self) -> &str;

    /// The proposal, which chaincode gets as it was signed.
    fn proposal(&self) -> &SignedProposal;

    /// The simulation; held only while one question is answered.
    fn simulator(&self) -> MutexGuard<'_, Simulator>;

    /// Invokes another chaincode, `name` or `name/channel`. The answer is its last message; the error is a text for the
    /// chaincode that asked.
    async fn invoke(&self, target: &str, input: ChaincodeInput) -> Result<ChaincodeMessage, String>;
}
