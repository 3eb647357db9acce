//! What all claims have in common.

use trade_model::common::{Malformed, Proof};
use trade_model::rejection::{ProofRejection, Rejection, RequestRejection};
use trade_proofs::{ContextError, ProofContext, Statement, StatementError, Verifier, VerifyError};

/// The chaincode on whose ledger a proof counts.
#[derive(Debug, Clone, Copy)]
pub struct Deployment<'a> {
    /// The channel.
    pub channel: &'a str,
    /// The chaincode's name on the channel.
    pub chaincode: &'a str,
}

/// Something that a proof shows about committed values.
pub trait Claim {
    /// The field of the request in which the proof travels, a JSON pointer.
    const PROOF: &'static str;
    /// The statement of which the claim is an instance.
    type Statement: Statement;

    /// To what the proof is bound.
    ///
    /// # Errors
    /// When a part is longer than 256 bytes.
    fn context(&self, deployment: Deployment<'_>) -> Result<ProofContext, ContextError>;

    /// What is to be shown.
    ///
    /// # Errors
    /// When the bounds are out of order or out of range.
    fn statement(&self) -> Result<Self::Statement, StatementError>;

    /// Checks a proof of this claim.
    ///
    /// # Errors
    /// The rejection of a proof of something else or of a proof that does not hold.
    fn verify(&self, deployment: Deployment<'_>, proof: &Proof) -> Result<(), Rejection> {
        let field = Self::PROOF;
        // The context's parts are ids that were read; one that is too long names another record.
        let context = self.context(deployment).map_err(|_| ProofRejection::ProofOfAnother { field })?;
        let statement = self.statement().map_err(|error| {
            RequestRejection::of(field, &Malformed::new("request.number_malformed", error.to_string()))
        })?;
        Verifier::new(&context).verify(&statement, proof.get()).map_err(|error| match error {
            VerifyError::ContextMismatch | VerifyError::StatementMismatch => {
                ProofRejection::ProofOfAnother { field }.into()
            }
            VerifyError::Rejected => ProofRejection::ProofRejected { field }.into(),
            other => RequestRejection::of(field, &Malformed::new("proof.malformed", other.to_string())).into(),
        })
    }
}
